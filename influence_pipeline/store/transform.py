"""The merchant's own `transform(df)`: found, read, and made ready to be called. What goes in and
comes out is `frames`.

It is code of the merchant's, and runs with all the rights of the pipeline's process. It is loaded
from the very text whose digest is kept, in a module of its own; nothing is written beside it.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from influence_pipeline.errors import MappingError

DEFAULT_FUNCTION = "transform"
# Whose modules may be imported in this process, which may work for several stores.
_folders: set[Path] = set()
_GIVEN = re.compile(r"(?P<file>.+?)(?::(?P<function>[^\W\d]\w*))?", re.DOTALL)


@dataclass(frozen=True)
class Transform:
    """A function in a Python file. `digest`: changes when the code in the file does; comments,
    docstrings and layout are no code, and what it imports is not looked at."""

    file: Path
    function: str
    digest: str
    text: str = field(repr=False, compare=False)
    _made: list[Callable[[Any], Any]] = field(default_factory=list, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.file}, {self.function}"

    def load(self) -> Callable[[Any], Any]:
        """Run the file, once, and give the function. Raises MappingError naming file and line."""
        with self._lock:
            if not self._made:
                self._made.append(self._load())
            return self._made[0]

    def _load(self) -> Callable[[Any], Any]:
        name = f"influence_transform_{self.digest}_{abs(hash(self.file)):x}"
        module = ModuleType(name)
        module.__file__ = str(self.file)
        # Modules beside influence.toml can be imported. Last, so that none stands in the way of
        # what is installed.
        folder = str(self.file.parent)
        if folder not in sys.path:
            sys.path.append(folder)
        _refuse_anothers(self.file, self.text)
        # Where some decorators look for the module of a class.
        sys.modules[name] = module
        try:
            exec(compile(self.text, str(self.file), "exec"), module.__dict__)  # noqa: S102
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            why = type(error).__name__
            if isinstance(error, ImportError) and error.name:
                why += f" ({error.name})"
            raise MappingError(
                f"{self.file}, line {line_of(error, self.file)}: it cannot be loaded: {why}."
            ) from None
        found = module.__dict__.get(self.function)
        if not callable(found):
            raise MappingError(
                f"{self.file} has no function {self.function}; influence.toml names it. Define "
                f"`def {self.function}(df): … return df`, or name another one: transform = "
                f'"{self.file.name}:other_function".'
            )
        made: Callable[[Any], Any] = found
        return made


def read_transform(folder: Path, given: str) -> Transform:
    """Read `file.py` or `file.py:function`, relative to a folder. Runs nothing of it.

    Raises MappingError if the file is missing or is no Python.
    """
    parts = _GIVEN.fullmatch(given)
    assert parts is not None  # noqa: S101  (anything fits)
    file, function = folder / parts["file"], parts["function"] or DEFAULT_FUNCTION
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MappingError(
            f"There is no {file}; influence.toml names it as a transform. Paths are relative to "
            "influence.toml."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} cannot be read: {type(error).__name__}.") from None
    try:
        tree = ast.parse(text, str(file))
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None) or 1
        raise MappingError(
            f"{file}, line {line}: it is not valid Python ({type(error).__name__})."
        ) from None
    shape = repr((function, _shape(tree)))
    return Transform(file, function, hashlib.sha256(shape.encode()).hexdigest()[:16], text)


def line_of(error: BaseException, file: Path) -> int:
    """Give the last line of a file that an exception passed through; 1 where it passed none."""
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _shape(node: object) -> object:
    """Give what a syntax tree says, whichever Python version reads it: versions add fields, empty
    where nothing of theirs is used."""
    if isinstance(node, list):
        return [_shape(each) for each in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        given = value
        if name == "body" and isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, False):
            given = value[1:]
        elif isinstance(node, ast.JoinedStr):
            # Some versions have empty texts between the parts of an f-string.
            given = [part for part in value if getattr(part, "value", None) != ""]
        if given is not None and given != []:
            fields.append((name, _shape(given)))
    return (type(node).__name__, fields)


_WITH_DOCSTRING = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _refuse_anothers(file: Path, text: str) -> None:
    """Raise MappingError where an import would find a module of another store's folder instead of
    the one beside this file: Python has one module of a name in a process."""
    _folders.add(file.parent)
    for name in _imported(text):
        beside = {file.parent / f"{name}.py", file.parent / name / "__init__.py"}
        if not any(one.is_file() for one in beside):
            continue
        found = importlib.util.find_spec(name)
        origin = Path(found.origin) if found is not None and found.origin else None
        if origin is None or origin in beside:
            continue
        if any(origin.is_relative_to(folder) for folder in _folders):
            raise MappingError(
                f"{file} imports {name}, and in this process that is {origin}, another store's. "
                "Give the module beside it a name that no other store has."
            )


def _imported(text: str) -> set[str]:
    """Give the first part of the name of every module that a text imports."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        # Said when it is run.
        return set()
    names = [one.name for node in nodes if isinstance(node, ast.Import) for one in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names if name}
