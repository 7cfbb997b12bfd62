"""Mutants of the files of named queries: a term taken out of a WHERE, a lock, an ON CONFLICT.

A query is taken apart into words, keeping strings, comments and parameters whole, and each change
leaves a statement that Postgres accepts, with few exceptions: a statement that fails would be noticed by
any test that runs it, and say nothing about the tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from influence_pipeline.sql import read_queries
from influence_pipeline_tests.strength.mutant import Mutant, difference, keyed
from influence_pipeline_tests.strength.scope import ROOT

_WORD = re.compile(r"\s+|--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|::|<>|<=|>=|!=|\|\||:?\w+|.", re.DOTALL)
_FLIPPED = {
    "=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "+": "-", "-": "+",
    "AND": "OR", "OR": "AND", "min": "max", "max": "min", "greatest": "least",
    "least": "greatest", "DESC": "ASC", "true": "false", "false": "true",
}  # fmt: skip
_SWITCHED_OFF = (
    "FOR UPDATE SKIP LOCKED",
    "SKIP LOCKED",
    "FOR UPDATE",
    "ON CONFLICT DO NOTHING",
    "DISTINCT",
)
_CLAUSE_ENDS = frozenset(
    [
        "ORDER",
        "GROUP",
        "LIMIT",
        "RETURNING",
        "FOR",
        "UNION",
        "FROM",
        "HAVING",
        "ON",
        "WINDOW",
        "WHERE",
        "WHEN",
        "THEN",
        "SET",
    ]
)


def mutate(file: str) -> list[Mutant]:
    """Make the mutants of a file of queries. `file`: `influence_pipeline/sync/deliver.sql`."""
    made = []
    for name, query in read_queries(str(ROOT / file), (ROOT / file).name).items():
        lines = _where_used(file, name)
        for number, changed in enumerate(_changes(query)):
            diff = difference(query, changed)
            made.append(Mutant("", f"{file}:{name}:{number}", file, name, diff, lines))
    return keyed(made)


def changed_queries(file: str) -> dict[str, str]:
    """Give the text of each mutant's query, by what switches it on."""
    return {
        f"{file}:{name}:{number}": changed
        for name, query in read_queries(str(ROOT / file), (ROOT / file).name).items()
        for number, changed in enumerate(_changes(query))
    }


def _changes(query: str) -> Iterator[str]:
    words = _WORD.findall(query)
    seen = {query}
    for changed in _all_changes(words):
        text = "".join(changed)
        if text not in seen:
            seen.add(text)
            yield text


def _all_changes(words: list[str]) -> Iterator[list[str]]:
    meaning = [
        i for i, word in enumerate(words) if not word.isspace() and not word.startswith("--")
    ]
    settings = _assignments(words, meaning)
    for at, place in enumerate(meaning):
        word = words[place]
        before = [words[i] for i in meaning[max(0, at - 3) : at]]
        after = [words[i] for i in meaning[at + 1 : at + 5]]
        flipped = _FLIPPED.get(word)
        if word == "AND" and "BETWEEN" in before:
            flipped = None
        if word in "+-" and (not before or not re.match(r"[\w):]", before[-1])):
            flipped = None
        if word == "=" and (place in settings or after[:1] in (["ANY"], ["ALL"])):
            flipped = None
        if word == "IS" and after[:1] == ["NULL"]:
            flipped = "IS NOT"
        if word == "NOT" and (after[:1] == ["NULL"] or before[-1:] == ["IS"]):
            flipped = ""
        if word in ("EXISTS", "IN") and before[-1:] != ["NOT"]:
            flipped = f"NOT {word}"
        if word == "NOT" and after[:1] in (["EXISTS"], ["IN"]):
            flipped = ""
        if re.fullmatch(r"\d+", word) and before[-1:] not in (["BY"], [","], ["."]):
            flipped = str(int(word) + 1)
        if flipped is not None:
            yield [*words[:place], flipped, *words[place + 1 :]]
        for phrase in _SWITCHED_OFF:
            parts = phrase.split()
            if [word, *after][: len(parts)] == parts:
                last = meaning[at + len(parts) - 1]
                yield [*words[:place], *words[last + 1 :]]
    yield from _without_a_term(words, meaning)


def _assignments(words: list[str], meaning: list[int]) -> set[int]:
    """Where an `=` gives a value: in `SET a = 1, b = 2` and in a named argument."""
    found, depth, setting = set(), 0, None
    for place in meaning:
        word = words[place]
        depth += (word == "(") - (word == ")")
        if word == "SET":
            setting = depth
        elif setting is not None and (
            depth < setting or (depth == setting and word in ("WHERE", "FROM", "RETURNING", ";"))
        ):
            setting = None
        elif word == "=" and setting == depth and not _inside_case(words, meaning, place):
            found.add(place)
    return found


def _inside_case(words: list[str], meaning: list[int], place: int) -> bool:
    before = [words[i] for i in meaning if i < place]
    return before.count("CASE") > before.count("END")


def _without_a_term(words: list[str], meaning: list[int]) -> Iterator[list[str]]:
    """Each term of a WHERE, alone or between AND and OR, replaced by one that lets everything pass."""
    for at, place in enumerate(meaning):
        if words[place] != "WHERE":
            continue
        begin, depth, between = at + 1, 0, False
        for here in range(at + 1, len(meaning) + 1):
            word = words[meaning[here]] if here < len(meaning) else ";"
            if depth == 0 and word == "BETWEEN":
                between = True
            ends = depth == 0 and (word in _CLAUSE_ENDS or word in (")", ";"))
            # `IS DISTINCT FROM` is no clause.
            if ends and word == "FROM" and words[meaning[here - 1]] == "DISTINCT":
                ends = False
            if ends or (depth == 0 and word in ("AND", "OR") and not between):
                first, last = meaning[begin], meaning[here - 1]
                neutral = "true" if word != "OR" and words[meaning[begin - 1]] != "OR" else "false"
                yield [*words[:first], neutral, *words[last + 1 :]]
                begin = here + 1
            elif depth == 0 and word == "AND":
                between = False
            if ends:
                break
            if depth == 0 and word == "CASE":
                depth += 100
            if depth >= 100 and word == "END":
                depth -= 100
            depth += (word == "(") - (word == ")")


def _where_used(file: str, name: str) -> dict[str, tuple[int, ...]]:
    """The lines of the modules beside a file of queries that run the query `name`."""
    found = {}
    for module in sorted((ROOT / file).parent.glob("*.py")):
        source = module.read_text(encoding="utf-8")
        if f'"{(ROOT / file).name}"' not in source:
            continue
        lines: set[int] = set()
        for statement in ast.walk(ast.parse(source)):
            if not isinstance(statement, ast.stmt) or isinstance(
                statement, ast.FunctionDef | ast.ClassDef
            ):
                continue
            body = getattr(statement, "body", None)
            end = body[0].lineno - 1 if body else statement.end_lineno
            used = (
                isinstance(node, ast.Subscript)
                and isinstance(node.slice, ast.Constant)
                and node.slice.value == name
                and node.lineno <= max(statement.lineno, end or 0)
                for node in ast.walk(statement)
            )
            if any(used):
                lines |= set(range(statement.lineno, max(statement.lineno, end or 0) + 1))
        if lines:
            found[str(module.relative_to(ROOT))] = tuple(sorted(lines))
    return found
