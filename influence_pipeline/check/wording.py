"""What the words of a SELECT give away, where no row does yet: cents that are cut off, records that
go by the clock, codes in other capitals, people who have left."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg2

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, warning
from influence_pipeline.check.selects import each
from influence_pipeline.check.steadiness import line_with
from influence_pipeline.postgres import run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.store.mapping import canonical_rows
from influence_pipeline.store.sources import nodes_of, plan_nodes

_CLOCK = r"(?i)\b(now|clock_timestamp|statement_timestamp|random)\s*\(|\bcurrent_(date|timestamp)\b"
_GONE = re.compile(r"(?i)^_?(is_?)?(deleted|removed|archived|anonymi[sz]ed|erased)(_?at|_?on)?$")


def _clock(desk: Desk, entity: Entity) -> Findings:
    place = line_with(desk.described(entity), _CLOCK)
    if place is not None:
        yield warning(
            "the SELECT goes by the clock",
            where=place,
            why="A record that comes, goes or changes with time alone is written by nobody, so a "
            "sync does not see it, and a compare takes it for deleted or changed.",
            mend="Leave now() and the like out; orders from before the cut-over are left out by "
            "go_live.",
        )


def _moment(desk: Desk) -> Findings:
    place = line_with(
        desk.described(Entity.ORDER),
        r"(?i)\b\w*(updat|modif|chang)\w*\"?(\s+AT\s+TIME\s+ZONE\s+'[^']*')?\s+AS\s+\"?created_at\b",
    )
    if place is not None:
        yield error(
            "created_at is the moment of an order's last change",
            where=place,
            why="An old order that is touched would count as placed after the go-live, be sent, "
            "and earn points.",
            mend="Take the moment at which the order was placed.",
        )


def _cut_off(desk: Desk) -> Findings:
    """Cents divided as integers."""
    described = desk.described(Entity.ORDER)
    place = line_with(described, r"/\s*100\b(?!\s*\.|\.)")
    if place is None:
        return
    with desk.asking() as connection:
        found = run(
            connection,
            f"SELECT pg_typeof(total)::text FROM {canonical_rows(described.mapping)} LIMIT 1",
        ).fetchone()
    if found is not None and found[0] in {"smallint", "integer", "bigint"}:
        yield error(
            "cents are divided as whole numbers: 1995 / 100 is 19",
            where=place,
            why="The cents of every amount are cut off, and points with them.",
            mend="Divide by 100.0.",
        )


def _codes(desk: Desk) -> Findings:
    place = line_with(
        desk.described(Entity.ORDER), r"(?i)'code'\s*,\s*(lower|upper|md5|initcap)\s*\("
    )
    if place is not None:
        yield error(
            "discount codes are not told as they were issued",
            where=place,
            why="Referrals are completed, and rewards marked as used, by the exact code.",
            mend="Give the code as the shop keeps it.",
        )


def _left(desk: Desk, entity: Entity) -> Findings:
    """Tables that mark rows as deleted, in a SELECT that takes no notice of it."""
    described = desk.described(entity)
    for table, column in _marks(desk, entity):
        if re.search(rf"(?i)\b{re.escape(column)}\b", described.mapping.select):
            continue
        with desk.asking() as connection:
            try:
                with connection.begin_nested():
                    some = run(
                        connection,
                        f'SELECT EXISTS (SELECT FROM {table} t WHERE t."{column}"::text '
                        "NOT IN ('false', '0', ''))",
                    ).fetchone()[0]
            except psycopg2.Error:
                continue
        if some:
            yield warning(
                f"{table} has rows with {column}, and the SELECT takes no notice of it",
                where=desk.file_of(entity),
                why="Who or what was deleted would be told as if it were there.",
                mend=f"Leave them out: WHERE {column} IS NULL (or NOT {column}).",
            )


def _marks(desk: Desk, entity: Entity) -> Iterator[tuple[str, str]]:
    # Of the records' own table, which the first source names as a rule: an order of a customer who
    # has left, or of a variant that is gone, is an order all the same.
    source = desk.described(entity).mapping.sources[0]
    with desk.asking() as connection:
        nodes = plan_nodes(connection, f"SELECT ({source.key}\n) FROM {source.from_clause}\n")
        read = {
            (node["Schema"], node["Relation Name"])
            for node in nodes_of(nodes, source.aliases[0])
            if "Relation Name" in node
        }
        rows = run(
            connection,
            """
            SELECT format('%%I.%%I', n.nspname, c.relname), a.attname::text
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname::text, c.relname::text) IN (
                    SELECT * FROM unnest(%(schemas)s::text[], %(names)s::text[]))
              AND a.attnum > 0 AND NOT a.attisdropped
              AND has_column_privilege(c.oid, a.attnum, 'SELECT')
            ORDER BY 1, a.attnum
            """,
            {"schemas": [one for one, _ in read], "names": [two for _, two in read]},
        ).fetchall()
    for table, column in rows:
        if _GONE.match(column):
            yield table, column


def _whole(desk: Desk, entity: Entity) -> Findings:
    """No LIMIT is left from trying it out."""
    select = re.sub(
        r"--[^\n]*|/\*.*?\*/",
        lambda found: " " * len(found[0]),
        desk.mapping(entity).select,
        flags=re.S,
    )
    match = re.search(
        r"(?i)\b(LIMIT\s+\w+(\s+OFFSET\s+\w+)?|OFFSET\s+\w+(\s+LIMIT\s+\w+)?"
        r"|FETCH\s+(FIRST|NEXT)\s[\w\s]+)\s*\Z",
        select,
    )
    sampled = line_with(desk.described(entity), r"(?i)\bTABLESAMPLE\b")
    if sampled is not None:
        yield error(
            "the SELECT takes a sample of a table",
            where=sampled,
            why="Other records come and go each time it is read.",
            mend="Take TABLESAMPLE out.",
        )
    if match:
        yield error(
            f"the SELECT ends with {match[1]}",
            where=line_with(
                desk.described(entity), re.escape(match[1].split()[0]) + r"(?![\s\S]*\))"
            )
            or desk.file_of(entity),
            why=f"A {entity.value} beyond it is never sent, or counts as gone.",
            mend="Take it off.",
        )


CHECKS = (
    *(
        Check(f"{entity.plural}.{name}", promise, each(look, entity), (f"{entity.plural}.sources",))
        for entity in STORE_ENTITIES
        for name, promise, look in (
            ("all", "the SELECT gives all records", _whole),
            ("clock", "records do not go by the clock", _clock),
            ("deleted", "what is marked as deleted is left out", _left),
        )
    ),
    *(
        Check(name, promise, look, ("orders.select",))
        for name, promise, look in (
            ("orders.created_at", "created_at is when an order was placed", _moment),
            ("orders.cents", "cents are divided exactly", _cut_off),
            ("orders.exact_codes", "codes are told as they were issued", _codes),
        )
    ),
)
