"""Each entity's SELECT on the live store: it runs, gives what is needed, each record once, the same
each time, and one record without reading all."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Finding, Findings, error, note, ok, warning
from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.store.canonical import CANONICAL
from influence_pipeline.store.frames import TRANSFORM, transformed
from influence_pipeline.store.mapping import Described, canonical_rows
from influence_pipeline.store.reader import hashes_of
from influence_pipeline.store.sources import plan_nodes

# A read of one record that takes longer makes a delivery of thousands slow.
_SLOW_SECONDS_EACH = 0.02
# A table of fewer rows is read whole about as fast as by an index.
_LARGE_ROWS = 20_000


def each(look: Callable[[Desk, Entity], Findings], entity: Entity) -> Callable[[Desk], Findings]:
    """Make an entity's question out of one for any entity."""
    return lambda desk: look(desk, entity)


def _runs(desk: Desk, entity: Entity) -> Findings:
    try:
        described = desk.described(entity)
    except MappingError as failure:
        yield error(
            str(failure),
            where=_place_of(str(failure), desk.file_of(entity)),
            why=f"No {entity.value} can be read.",
            mend=_suggestion(desk, entity) or "Mend the SELECT; docs/mapping.md lists the columns.",
        )
        return
    yield ok(f"gives {', '.join(described.columns)}; the key is {described.key_type}")


def _place_of(words: str, file: str) -> str:
    match = re.match(re.escape(file) + r", line \d+", words)
    return match[0] if match else file


def _suggestion(desk: Desk, entity: Entity) -> str | None:
    """Say how to mend what the store refuses, where its catalog tells."""
    mapping = desk.mappings.get(entity)
    if mapping is None:
        return None
    with desk.asking() as connection:
        try:
            with connection.begin_nested():
                run(connection, f"SELECT canonical.* FROM {canonical_rows(mapping)} LIMIT 0")
        except psycopg2.errors.UndefinedTable as failure:
            return _elsewhere(connection, failure)
        except psycopg2.errors.InsufficientPrivilege:
            return (
                "Grant the role what it reads: `influence-pipeline roles --only reader` prints it."
            )
        except psycopg2.errors.ReadOnlySqlTransaction:
            return "A mapping only reads: write one SELECT without FOR UPDATE, INSERT or DELETE."
        except psycopg2.Error:
            return None
    return None


def _elsewhere(connection: sa.Connection, failure: psycopg2.Error) -> str | None:
    """Look for the missing table in other schemas."""
    named = re.search(r'relation "(?:[^".]+\.)?([^"]+)"', failure.diag.message_primary or "")
    if named is None:
        return None
    rows = run(
        connection,
        """
        SELECT format('%%I.%%I', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE lower(c.relname) = lower(%(name)s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        ORDER BY 1 LIMIT 3
        """,
        {"name": named[1]},
    ).fetchall()
    if not rows:
        return f'There is no table or view "{named[1]}" in this database. Is it the right one?'
    return (
        f"There is {' and '.join(name for (name,) in rows)}: write the name with its schema, or "
        "set the role's search_path."
    )


def _transforms(desk: Desk, entity: Entity) -> Findings:
    transform = desk.mapping(entity).transform
    if transform is None:
        yield ok("there is none")
        return
    where = desk.place(entity.plural, "transform")
    try:
        sample = desk.sample(entity)
    except MappingError as failure:
        yield error(
            str(failure),
            where=f"{where}; {transform.file}",
            why=f"No {entity.value} can be sent.",
            mend="docs/transform.md says what it gets and what it must give.",
        )
        return
    turned = [*sample.raw[1:], *sample.raw[:1]]
    again, _ = transformed(desk.mapping(entity), turned, [])
    other = [
        row.key
        for row in again
        if row.key in sample.rows and row.values != sample.rows[row.key].values
    ]
    if other:
        yield error(
            f"it gives {len(other):,} of {len(again):,} {entity.plural} otherwise the second time, "
            f"in another order, as {entity.value} {other[0]}",
            where=f"{where}; {transform.file}",
            why="Which records come together, and in which order, is chance: one could be told "
            "with another's values.",
            mend="Compute each row from itself alone, without random numbers or the time.",
        )
    refused = [one for one in sample.poison if one.code == TRANSFORM]
    if refused:
        yield warning(
            f"it cannot take {len(refused):,} of {len(sample.rows) + len(refused):,} "
            f"{entity.plural}, as {entity.value} {refused[0].key}: {refused[0].reason}",
            where=f"{where}; {transform.file}",
            why="Such a record is parked.",
            mend="Let it pass on what it does not understand.",
        )


def _each_once(desk: Desk, entity: Entity) -> Findings:
    described = desk.described(entity)
    file = desk.file_of(entity)
    rows = canonical_rows(described.mapping)
    with desk.asking() as connection:
        try:
            with connection.begin_nested():
                total, keys, different = run(
                    connection,
                    "SELECT count(*), count(canonical.id), count(DISTINCT canonical.id::text) "
                    f"FROM {rows}",
                ).fetchone()
        except psycopg2.errors.QueryCanceled:
            yield from _sampled_once(desk, entity)
            return
        except psycopg2.Error as failure:
            yield _cannot_compute(desk, entity, failure)
            return
        if keys < total:
            yield error(
                f"{total - keys:,} of {total:,} rows have no id",
                where=file,
                why="A row without an id is left out.",
                mend="Take another column AS id, or leave these rows out with a WHERE.",
            )
        if different < keys:
            twice = run(
                connection,
                f"SELECT canonical.id::text, count(*) FROM {rows} WHERE canonical.id IS NOT NULL "
                "GROUP BY 1 HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 1",
            ).fetchone()
            yield _twice(entity, file, f"{keys - different:,} of {keys:,} rows", twice)
    if total == 0:
        yield warning(
            f"the SELECT gives no {entity.value}",
            where=file,
            why="Nothing will be sent, and nothing more can be checked of it.",
            mend="Is a condition of its WHERE too narrow, or the database an empty one?",
        )
    elif keys == total == different:
        yield ok(f"{total:,} records, each with an id of its own")


def _sampled_once(desk: Desk, entity: Entity) -> Findings:
    sample = desk.sample(entity)
    for poison in sample.poison:
        if "more than one row" in poison.reason:
            words = f"some rows of {len(sample.rows):,} looked at"
            yield _twice(entity, desk.file_of(entity), words, (poison.key, 2))
            return
    yield ok(f"each id once among {len(sample.rows):,} taken at random (too many to look at all)")


def _twice(entity: Entity, file: str, how_many: str, example: Any) -> Finding:
    return error(
        f"{how_many} repeat an id that another row has (id {example[0]} comes {example[1]} times)",
        where=file,
        why=f"A {entity.value} that comes twice is parked, not sent.",
        mend="A join multiplies rows: put child rows into CROSS JOIN LATERAL (SELECT jsonb_agg(…) "
        "…), or take another column AS id.",
    )


def _cannot_compute(desk: Desk, entity: Entity, failure: psycopg2.Error) -> Finding:
    return warning(
        f"some row cannot be computed: {describe_database_error(failure)}",
        where=desk.file_of(entity),
        why="Such a record is parked as unreadable; the others go.",
        mend="`influence-pipeline plan` names its key; guard the cast or the division in the "
        "SELECT.",
    )


def _by_key(desk: Desk, entity: Entity) -> Findings:
    """A delivery reads by key: that must not read whole tables."""
    described = desk.described(entity)
    file = desk.file_of(entity)
    keys = sorted(desk.sample(entity).rows)[:50]
    if not keys:
        yield note("there are no records to read", where=file)
        return
    with desk.asking() as connection:
        started = time.monotonic()
        hashes_of(connection, described, keys, None)
        seconds = time.monotonic() - started
        scans = list(_scans(connection, described, keys[0]))
    if seconds / len(keys) > _SLOW_SECONDS_EACH:
        words = f"reading {len(keys)} records by key takes {seconds:.1f} s"
        tables = ", ".join(f"{table} ({rows:,.0f} rows)" for table, rows, _ in scans)
        yield warning(
            f"{words}; each reads the whole of {tables}" if scans else words,
            where=file,
            why="A delivery reads a few hundred records at a time.",
            mend=" ".join(index for _, _, index in scans)
            or "Take child rows through CROSS JOIN LATERAL (… WHERE child.order_id = o.id) instead "
            "of a GROUP BY over the whole table.",
        )
    elif scans:
        yield note(
            f"each record reads the whole of {', '.join(table for table, _, _ in scans)}",
            where=file,
            why="It is fast enough now, and slower with every row.",
            mend=" ".join(index for _, _, index in scans),
        )
    else:
        yield ok(f"one record is read in {seconds / len(keys) * 1000:.1f} ms")


def _scans(
    connection: sa.Connection, described: Described, key: str
) -> Iterator[tuple[str, float, str]]:
    """Give each large table that is read whole for one record: its name, rows, and an index."""
    cursor = connection.connection.cursor()
    wanted = cursor.mogrify("%s", (key,)).decode()
    nodes = plan_nodes(
        connection,
        f"SELECT * FROM {canonical_rows(described.mapping)} "
        f"WHERE canonical.id = {wanted}::{described.key_type}",
    )
    for node in nodes:
        if node["Node Type"] != "Seq Scan":
            continue
        name = f"{node['Schema']}.{node['Relation Name']}"
        rows = run(
            connection,
            "SELECT reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE (n.nspname, c.relname) = (%(schema)s, %(table)s)",
            {"schema": node["Schema"], "table": node["Relation Name"]},
        ).fetchone()
        if rows is None or rows[0] < _LARGE_ROWS:
            continue
        columns = re.findall(rf"\(?{re.escape(node['Alias'])}\.(\"[^\"]+\"|\w+)\s*=", _filter(node))
        index = f"CREATE INDEX CONCURRENTLY ON {name} ({columns[0]});" if columns else ""
        yield name, rows[0], index


def _filter(node: dict[str, Any]) -> str:
    return str(node.get("Filter", ""))


def _columns(desk: Desk, entity: Entity) -> Findings:
    """What is usually there and not given."""
    described = desk.described(entity)
    missing = [name for name in _WORTH_HAVING[entity] if name not in described.columns]
    if desk.config.mapping(entity).import_by == "key":
        missing = [name for name in missing if name != "created_at"]
    known = {column.name for column in CANONICAL[entity]}
    with desk.asking() as connection:
        given = run(
            connection, f"SELECT canonical.* FROM {canonical_rows(described.mapping)} LIMIT 0"
        )
        ignored = [column.name for column in given.description if column.name not in known]
    for name in missing:
        why = _WORTH_HAVING[entity][name]
        yield note(f"the SELECT gives no {name}", where=desk.file_of(entity), why=why)
    for name in ignored:
        meant = get_close_matches(name.lower(), known, n=1, cutoff=0.85)
        if meant and meant[0] not in described.columns:
            yield error(
                f'the column "{name}" is not read: it is written otherwise',
                where=desk.file_of(entity),
                why="A column that is not known is ignored.",
                mend=f"Call it {meant[0]}.",
            )


_NO_MONTHS = 'An import by month needs it; without it choose import_by = "key".'

_WORTH_HAVING = {
    Entity.CUSTOMER: {
        "first_name": "Messages of the program greet nobody by name.",
        "created_at": _NO_MONTHS,
    },
    Entity.PRODUCT: {
        "variants": "Product rules go by variants.",
        "created_at": _NO_MONTHS,
    },
    Entity.ORDER: {
        "line_items": "Product rules go by them.",
        "discount_codes": "A referral is completed by the code that its order used, and a reward "
        "is marked as used by it.",
    },
}

CHECKS = tuple(
    check
    for entity in STORE_ENTITIES
    for check in (
        Check(
            f"{entity.plural}.select",
            "the SELECT runs and gives the columns",
            each(_runs, entity),
            ("store.connection", "config.files"),
        ),
        Check(
            f"{entity.plural}.transform",
            "the transform takes the records",
            each(_transforms, entity),
            (f"{entity.plural}.select",),
        ),
        Check(
            f"{entity.plural}.columns",
            "the columns that are worth having are there",
            each(_columns, entity),
            (f"{entity.plural}.select",),
        ),
        Check(
            f"{entity.plural}.ids",
            "each record has an id of its own",
            each(_each_once, entity),
            (f"{entity.plural}.transform",),
        ),
        Check(
            f"{entity.plural}.by_key",
            "one record is read without reading all",
            each(_by_key, entity),
            (f"{entity.plural}.transform",),
        ),
    )
)
