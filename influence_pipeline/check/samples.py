"""Records of an entity taken at random, read and transformed as a delivery does it."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg2

from influence_pipeline.postgres import Postgres, run
from influence_pipeline.store.frames import transformed
from influence_pipeline.store.mapping import Described, canonical_rows
from influence_pipeline.store.reader import ROW_FAILURES, CanonicalRow, PoisonRow, rows_of

# So many keys are taken over all sources of an entity, and so many records are looked at: all of a
# small store, and of a large one enough to see what one in a hundred does.
KEYS = 300
RECORDS = 1000


@dataclass(frozen=True)
class Sample:
    """`rows`: by key. `poison`: records that cannot be read. `keys`: those that were asked for, per
    source; some may lead to no record. `untold`: of each source, why it gave none."""

    rows: dict[str, CanonicalRow]
    poison: tuple[PoisonRow, ...]
    keys: tuple[tuple[str, ...], ...]
    untold: tuple[str | None, ...]
    # As the store gives them, before a transform.
    raw: tuple[CanonicalRow, ...] = ()


def take(store: Postgres, described: Described, most: int = RECORDS) -> Sample:
    """Take records by the keys of every source's rows, spread over the tables; the same ones each
    time, so that a finding can be looked into.

    Raises MappingError where the mapping does not run, StoreError where the store is away.
    """
    sources = described.mapping.sources
    each = max(KEYS // len(sources), 20)
    keys: list[tuple[str, ...]] = []
    untold: list[str | None] = []
    more: tuple[str, ...] = ()
    for number in range(len(sources)):
        # The first source is most often the record itself: it fills up what the others leave.
        found, why = _keys(store, described, number, each if number else most)
        more = more if number else found
        keys.append(found[:each])
        untold.append(why)
    wanted = list(dict.fromkeys((*(key for found in keys for key in found), *more)))[:most]
    with store.transaction() as connection:
        if not wanted:
            # No source has rows: whatever the SELECT gives first.
            cursor = run(
                connection,
                f"SELECT canonical.id::text FROM {canonical_rows(described.mapping)} "
                f"WHERE canonical.id IS NOT NULL LIMIT {most}",
            )
            wanted = [key for (key,) in cursor]
        raw, unreadable = rows_of(connection, described, wanted)
    rows, poison = transformed(described.mapping, raw, unreadable)
    return Sample(
        {row.key: row for row in rows}, tuple(poison), tuple(keys), tuple(untold), tuple(raw)
    )


def _keys(
    store: Postgres, described: Described, number: int, most: int
) -> tuple[tuple[str, ...], str | None]:
    """Give keys of a source's rows, in the order of a hash, which is none of the store's own."""
    source = described.mapping.sources[number]
    key = f"({source.key}\n)::text"
    rows = f"SELECT {key} AS key FROM {source.from_clause}\n"
    questions = (
        # Rows of one key lie side by side; so more are taken than are wanted.
        f"SELECT key FROM ({rows}) q WHERE key IS NOT NULL "
        f"ORDER BY hashtext(key) LIMIT {most * 10}",
        # Where that takes too long: whatever lies first.
        f"SELECT key FROM ({rows}) q WHERE key IS NOT NULL LIMIT {most * 10}",
    )
    for question in questions:
        with store.transaction() as connection:
            try:
                found = [text for (text,) in run(connection, question)]
            except psycopg2.errors.QueryCanceled:
                continue
            except ROW_FAILURES:
                return (), "its key cannot be computed for every row"
        return tuple(dict.fromkeys(found))[:most], None
    return (), "its rows cannot be read in the time a check has"
