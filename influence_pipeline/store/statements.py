"""A merchant's SQL statement with `:names` for values: which names it binds, made safe to bind.

A colon inside a string, a quoted name or a dollar-quoted body is text, not a name; comments are
taken off, because a value bound inside one could end it. Runs nothing; `coupons` does.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import TextClause, text

from influence_pipeline.errors import MappingError

_QUOTED = r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<quoted>
        [eE]'(?:[^'\\]|\\.|'')*'
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"
      | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
    )
"""
_PARTS = re.compile(_QUOTED, re.VERBOSE | re.DOTALL)
_BARE_COLON = re.compile(r"(?<!\\):")
# SQLAlchemy takes no name right before a cast; with a space between them it does.
_CAST_NAME = re.compile(r"(?<![:\w\\]):(\w+)(?=::)")


def is_one(sql: str) -> bool:
    """Tell whether SQL is one statement: no `;` stands in it but in strings, names and comments."""
    return ";" not in _PARTS.sub("", sql)


class Statement:
    """One statement, ready to be executed. `names`: the values it asks for."""

    def __init__(self, file: Path, clause: TextClause, names: frozenset[str]) -> None:
        self.file = file
        self.clause = clause
        self.names = names


def read_statement(file: Path, allowed: Collection[str], required: str) -> Statement:
    """Read a statement whose `:names` are among `allowed`; only `required` must be there.

    A colon that is no name is written `\\:` (as in `ARRAY[1\\:2]`); casts (`:days::int`) stay as
    they are. Raises MappingError naming the file and the name.
    """
    try:
        source = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MappingError(
            f"There is no {file}; influence.toml names it. Paths are relative to influence.toml."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} cannot be read: {type(error).__name__}.") from None
    return parse_statement(source, allowed, required, file)


def parse_statement(source: str, allowed: Collection[str], required: str, file: Path) -> Statement:
    """Like `read_statement`, from the text itself; `file` is for messages."""

    def guarded(match: re.Match[str]) -> str:
        if match["comment"] is not None:
            return " "
        quoted = match[0]
        if quoted[1:-1].startswith(":") and quoted[2:-1] in allowed:
            raise MappingError(
                f"{file}: write {quoted[1:-1]} without quotes around it; the value is quoted "
                "when it is bound."
            )
        return _BARE_COLON.sub(r"\\:", quoted)

    statement = _PARTS.sub(guarded, source).strip().rstrip(";").rstrip()
    if not statement:
        raise MappingError(f"{file} is empty; it must hold one SQL statement.")
    clause = text(_CAST_NAME.sub(r":\1 ", statement))
    names = frozenset(str(name) for name in clause.compile().params)
    unknown = sorted(names - set(allowed))
    if unknown:
        raise MappingError(
            f"{file}: :{unknown[0]} is none of the values that are there "
            f"({', '.join(f':{name}' for name in sorted(allowed))}). "
            f"A colon that is meant as it stands is written \\:{unknown[0]}."
        )
    if required not in names:
        raise MappingError(f"{file} does not bind :{required}; without it, it means no record.")
    return Statement(file, clause, names)
