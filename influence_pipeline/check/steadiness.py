"""The same rows must make the same record, however Postgres goes about it; and where a call stands
in a SELECT."""

from __future__ import annotations

import re

import psycopg2

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, warning
from influence_pipeline.check.selects import each
from influence_pipeline.postgres import run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.store.mapping import Described
from influence_pipeline.store.reader import hashes_of


def _steady(desk: Desk, entity: Entity) -> Findings:
    """The same rows must have the same hash, however Postgres goes about it."""
    described = desk.described(entity)
    file = desk.file_of(entity)
    keys = sorted(desk.sample(entity).rows)[:100]
    first = _hashes(desk, described, keys, "") or {}
    # In another transaction, so that now() differs. In another way, so that what depends on the way
    # shows; a large store may take too long for that, and is read again in the same way.
    second = _hashes(desk, described, keys, _OTHER_WAY)
    if second is None:
        second = _hashes(desk, described, keys, "") or {}
    moved = [key for key in first if first[key] != second.get(key)]
    if moved:
        yield error(
            f"{len(moved)} of {len(keys)} records differ when they are read twice, as "
            f"{entity.value} {moved[0]}",
            where=line_with(described, _UNSTEADY) or file,
            why="They would be sent again at every compare.",
            mend="Leave out now(), random() and the like, and order every aggregate: "
            "jsonb_agg(… ORDER BY id).",
        )
        return
    unordered = line_with(described, _AGGREGATE, without=r"(?i)\bORDER\s+BY\b")
    if unordered:
        yield warning(
            "an aggregate has no ORDER BY",
            where=unordered,
            why="Its items may come in another order next time, and the record then counts as "
            "changed.",
            mend="Write jsonb_agg(… ORDER BY id).",
        )


def _hashes(
    desk: Desk, described: Described, keys: list[str], settings: str
) -> dict[str, int] | None:
    """Hash records under these settings; None where that takes too long."""
    with desk.asking() as connection:
        try:
            with connection.begin_nested():
                if settings:
                    run(connection, settings)
                found, _ = hashes_of(connection, described, keys, None)
        except psycopg2.errors.QueryCanceled:
            return None
    return {one.key: one.hash for one in found}


_OTHER_WAY = (
    "SET LOCAL enable_hashagg = off; SET LOCAL enable_nestloop = off; "
    "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; "
    "SET LOCAL statement_timeout = '1s'"
)
_UNSTEADY = (
    r"(?i)\b(now|random|clock_timestamp|gen_random_uuid|timeofday)\s*\(|\bcurrent_(date|time)"
)
_AGGREGATE = r"(?i)\b(jsonb?_agg|array_agg|string_agg)\s*\("


def line_with(described: Described, pattern: str, without: str | None = None) -> str | None:
    """Give file and line where a call stands in the SELECT (without something in its brackets)."""
    select = re.sub(r"--[^\n]*", lambda found: " " * len(found[0]), described.mapping.select)
    for match in re.finditer(pattern, select):
        inside = _brackets(select, match.end()) if match[0].endswith("(") else ""
        if without is not None and (
            re.search(without, inside)
            or re.match(r"(?i)\s*DISTINCT\b", inside)
            # Its rows come from a sub-select that is ordered itself.
            or re.search(without, _brackets(select, match.end() + len(inside) + 1))
        ):
            continue
        try:
            text = described.mapping.file.read_text(encoding="utf-8")
        except OSError:
            text = ""
        above = text.partition(described.mapping.select)[0].count("\n")
        line = above + select.count("\n", 0, match.start()) + 1
        return f"{described.mapping.file}, line {line}"
    return None


def _brackets(text: str, start: int) -> str:
    depth = 1
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place]
    return text[start:]


CHECKS = tuple(
    Check(
        f"{entity.plural}.steady",
        "the same rows give the same record",
        each(_steady, entity),
        (f"{entity.plural}.transform",),
    )
    for entity in STORE_ENTITIES
)
