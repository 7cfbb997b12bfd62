"""The sources: can a change be seen where it happens, at once, and for the right record."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import psycopg2
import sqlalchemy as sa

from influence_pipeline.check.belonging import Stray, tried
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Finding, Findings, error, note, ok, warning
from influence_pipeline.check.selects import each
from influence_pipeline.errors import MappingError
from influence_pipeline.postgres import run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.store.mapping import SourceTables
from influence_pipeline.store.sources import nodes_of, plan_nodes

# A scan takes about 0.1 s for a million rows (docs/mapping.md).
_SCANNED_EASILY = 20_000_000
_LARGE_ROWS = 50_000
# So many keys tell something, and so small a share of them should lead to records.
_ENOUGH = 20
_FEW_LEAD = 0.05
_HARDLY_ANY = 2
_MONEY = re.compile(r"(?i)pay|refund|transaction|capture|ledger|money")
# A join gives so many times the rows of its largest table only where it lacks its condition.
_FAN_OUT = 10


def _fit(desk: Desk, entity: Entity) -> Findings:
    try:
        probed = desk.probed(entity)
    except MappingError as failure:
        yield error(
            str(failure),
            where=_place_of(desk, entity, str(failure)),
            why="Changes in this source cannot be looked for.",
            mend="Mend the source; docs/mapping.md has examples.",
        )
        return
    if probed.without_ids:
        yield warning(
            f"rows of {', '.join(probed.without_ids)} carry no transaction id (a view or a foreign "
            "table)",
            where=desk.place(entity.plural, "sources"),
            why="Every sync then compares the fingerprints of all source rows.",
            mend="Name the tables behind the view as sources, or follow it by changed_at.",
        )


def _place_of(desk: Desk, entity: Entity, words: str) -> str:
    """Find the source that a message speaks of by the text that it quotes."""
    for number, source in enumerate(desk.config.mapping(entity).sources):
        for key, text in (
            ("from", source.from_),
            ("key", source.key),
            ("changed_at", source.changed_at),
            ("rows", '["' + '"]["'.join(source.rows) + '"]'),
        ):
            if text is not None and f'{key} = "{text}"' in words:
                return desk.place(entity.plural, "sources", number, key)
        if any(f'rows = ["{alias}"]' in words for alias in source.rows):
            return desk.place(entity.plural, "sources", number, "rows")
    return desk.place(entity.plural, "sources")


def _cover(desk: Desk, entity: Entity) -> Findings:
    uncovered = desk.probed(entity).uncovered
    if uncovered:
        yield error(
            f"the SELECT reads {', '.join(uncovered)}, and no source names "
            f"{'it' if len(uncovered) == 1 else 'them'}",
            where=desk.place(entity.plural, "sources"),
            why="A change there shows only at the next full compare, and is then reported as "
            "missed.",
            mend=f"Add [[{entity.plural}.sources]] with from, rows and key for "
            f"{'it' if len(uncovered) == 1 else 'each of them'}.",
        )


def _hidden(desk: Desk, entity: Entity) -> Findings:
    hidden = desk.probed(entity).hidden
    if hidden:
        yield error(
            f"row-level security may hide rows of {', '.join(hidden)} from this role",
            where="INFLUENCE_STORE_URL",
            why="A record whose row is hidden counts as gone.",
            mend="ALTER ROLE … BYPASSRLS; or a policy that shows this role all rows.",
        )


def _keys(desk: Desk, entity: Entity) -> Findings:
    """A source's key must lead to records of the SELECT, and to those that its rows make up."""
    described = desk.described(entity)
    sample = desk.sample(entity)
    if not sample.rows and not sample.poison:
        if any(sample.keys):
            yield error(
                f"the SELECT gives none of the {entity.plural} that its sources name",
                where=desk.file_of(entity),
                why="Nothing would be sent.",
                mend="Look at the SELECT's WHERE and JOINs; if there are none yet (carts only, "
                f'say), let it pass: [check] accept = ["{entity.plural}.keys"].',
            )
        return
    for number, source in enumerate(described.mapping.sources):
        where = desk.place(entity.plural, "sources", number, "key")
        if sample.untold[number]:
            yield warning(
                f"the keys of {_named(source)} could not be looked at: {sample.untold[number]}",
                where=where,
                why="Whether they lead to records is not known.",
                mend=f"Run SELECT {source.key} FROM {source.from_clause} by hand; guard its casts.",
            )
            continue
        keys = sample.keys[number]
        there = {poison.key for poison in sample.poison} | set(sample.rows)
        found = sum(key in there for key in keys)
        if keys and not found:
            yield error(
                f'key = "{source.key}": none of {len(keys)} keys of {_named(source)} leads to '
                f"{'an' if entity is Entity.ORDER else 'a'} {entity.value}",
                where=where,
                why="A change there would be looked for at records that are not there, and missed.",
                mend=f"Name the column that holds the {entity.value}'s id.",
            )
            continue
        if len(keys) >= _ENOUGH and found / len(keys) < _FEW_LEAD:
            # Most rows of a table of carts are no orders; one order among them all is odd.
            say = warning if found <= _HARDLY_ANY else note
            yield say(
                f'key = "{source.key}": {found} of {len(keys)} keys of {_named(source)} lead to '
                f"{'an' if entity is Entity.ORDER else 'a'} {entity.value}",
                where=where,
                why=f"Most of these rows make up no {entity.value}: the key is another column's, "
                "or the SELECT leaves out almost all.",
                mend="Compare the key with the SELECT's id, and look at the SELECT's WHERE.",
            )
        with desk.asking() as connection:
            found_out = list(tried(connection, described, number, tuple(sample.rows)))
        for one in found_out:
            if one.stray is not None:
                yield _stray(entity, source, one.table, one.stray, where)
            elif one.idle and _MONEY.search(one.table) and entity is Entity.ORDER:
                yield warning(
                    f"{one.rows} rows of {one.table} were tried, and not one makes a difference to "
                    "an order",
                    where=desk.file_of(entity),
                    why="If the status does not follow payments and refunds, points are given for "
                    "what was not paid, or kept for what was given back.",
                    mend="Let financial_status follow the money in that table (docs/mapping.md has "
                    "an example); or take the source out, if it is no order's money.",
                )


def _stray(entity: Entity, source: SourceTables, table: str, stray: Stray, where: str) -> Finding:
    mend = (
        f'key = "{stray.better}"'
        if stray.better
        else "Correct the key, the join in from, or a condition of the SELECT that binds such rows."
    )
    return error(
        f'key = "{source.key}" leads a row of {table} to {entity.value} {stray.key}, and the row '
        f"makes up {entity.value} {stray.owner}",
        where=where,
        why="When such a row changes, the wrong record is looked at, and the change is missed.",
        mend=mend,
    )


def _named(source: SourceTables) -> str:
    return f'from = "{source.from_clause}"'


def _size(desk: Desk, entity: Entity) -> Findings:
    """A source is scanned at each sync, or followed by an index on its timestamp."""
    described = desk.described(entity)
    largest = 0.0
    with desk.asking() as connection:
        for number, source in enumerate(described.mapping.sources):
            where = desk.place(entity.plural, "sources", number, "from")
            for table, rows, scanned in _tables(connection, source):
                largest = max(largest, rows)
                if source.changed_at is None and rows > _SCANNED_EASILY:
                    yield warning(
                        f"{table} has about {rows:,.0f} rows, which every sync scans",
                        where=where,
                        why="That takes about 0.1 s for each million.",
                        mend='Follow it by a timestamp that has an index: changed_at = "…".',
                    )
                elif source.changed_at is not None and scanned and rows > _LARGE_ROWS:
                    yield error(
                        f'changed_at = "{source.changed_at}" of {table} (about {rows:,.0f} rows) '
                        "has no index that a look can use",
                        where=desk.place(entity.plural, "sources", number, "changed_at"),
                        why="Every sync would read the whole table, slower than by ids.",
                        mend=f"CREATE INDEX CONCURRENTLY ON {table} "
                        f"({source.changed_at.rpartition('.')[2]}); or leave changed_at out.",
                    )
            yield from _fan_out(connection, source, where)
    yield ok(f"its largest table has about {largest:,.0f} rows")


def _fan_out(connection: sa.Connection, source: SourceTables, where: str) -> Findings:
    """A join without its condition leads every changed row to every record."""
    nodes = plan_nodes(connection, f"SELECT ({source.key}\n) FROM {source.from_clause}\n")
    tables = {
        f'"{node["Schema"]}"."{node["Relation Name"]}"' for node in nodes if "Relation Name" in node
    }
    if len(tables) < 2:
        return
    try:
        with connection.begin_nested():
            joined = run(connection, f"SELECT count(*) FROM {source.from_clause}\n").fetchone()[0]
            largest = max(
                run(connection, f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
            )
    except psycopg2.Error:
        return
    if joined > 1000 and joined > _FAN_OUT * largest:
        yield warning(
            f"{_named(source)} gives {joined:,} rows of tables that have {largest:,} at most",
            where=where,
            why="A join without its condition leads each change to every record, and every sync "
            "computes all of them.",
            mend="Join ON the column that names the other row.",
        )


def _tables(connection: sa.Connection, source: SourceTables) -> list[tuple[str, float, bool]]:
    """Give the tables behind a source's aliases: name, rows, and whether a look by changed_at
    reads it whole."""
    select = f"SELECT ({source.key}\n) FROM {source.from_clause}\n"
    if source.changed_at is not None:
        stamp = f"({source.changed_at}\n)"
        moment = "now()" if source.time_zone is None else "localtimestamp"
        select += f" WHERE {stamp} >= {moment} - interval '15 minutes' ORDER BY {stamp} LIMIT 10000"
    nodes = plan_nodes(connection, select)
    found: dict[str, tuple[float, bool]] = {}
    for alias in source.aliases:
        for node in nodes_of(nodes, alias):
            if "Relation Name" not in node:
                continue
            name = f"{node['Schema']}.{node['Relation Name']}"
            rows = run(
                connection,
                "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = to_regclass("
                "format('%%I.%%I', %(schema)s::text, %(table)s::text))",
                {"schema": node["Schema"], "table": node["Relation Name"]},
            ).fetchone()
            found[name] = (rows[0] if rows else 0.0, node["Node Type"] == "Seq Scan")
    return [(name, rows, scanned) for name, (rows, scanned) in found.items()]


def _stamps(desk: Desk, entity: Entity) -> Findings:
    """A timestamp that is followed must not lie ahead: then its zone is wrong, or it is no stamp of
    a change."""
    described = desk.described(entity)
    followed = False
    for number, source in enumerate(described.mapping.sources):
        if source.changed_at is None:
            continue
        followed = True
        if re.search(r"(?i)creat|insert|placed", source.changed_at):
            yield warning(
                f'changed_at = "{source.changed_at}" sounds like when a row was made',
                where=desk.place(entity.plural, "sources", number, "changed_at"),
                why="It must move with every change; what it does not show is missed until the "
                "next full compare.",
                mend="Name the column of the last change, or leave changed_at out.",
            )
        zone = "" if source.time_zone is None else " AT TIME ZONE %(zone)s"
        with desk.asking() as connection:
            stamp = f"({source.changed_at}\n)".replace("%", "%%")
            total, empty, newest, oldest = run(
                connection,
                f"SELECT count(*), count(*) FILTER (WHERE {stamp} IS NULL), max({stamp}{zone}), "
                f"min({stamp}{zone}) "
                f"FROM {source.from_clause.replace('%', '%%')}\n"
                f" WHERE {stamp} IS NULL OR isfinite({stamp})",
                {"zone": source.time_zone},
            ).fetchone()
        where = desk.place(entity.plural, "sources", number, "changed_at")
        if total and empty / total > 0.01:
            yield error(
                f'changed_at = "{source.changed_at}" is empty in {empty:,} of {total:,} rows',
                where=where,
                why="A change of such a row is missed until the next full compare.",
                mend="Leave changed_at out (rows are then followed by transaction ids), or name a "
                "column that is always set.",
            )
        if total >= _ENOUGH and newest is not None and newest == oldest:
            yield warning(
                f'changed_at = "{source.changed_at}" is the same in all of {total:,} rows',
                where=where,
                why="If it does not move with a change, every change is missed until the next full "
                "compare.",
                mend="Change a row in the shop and look whether it moves, or leave changed_at out.",
            )
        if newest is not None and (newest - datetime.now(UTC)).total_seconds() > 300:
            yield error(
                f'changed_at = "{source.changed_at}" lies ahead of now',
                where=where,
                why="Its zone is wrong, or it is no moment of a change; rows ahead are read again "
                "at every sync.",
                mend="Set time_zone to the zone in which the column is written.",
            )
    if not followed:
        yield ok("followed by transaction ids, which move with every change")


CHECKS = tuple(
    check
    for entity in STORE_ENTITIES
    for check in (
        Check(
            f"{entity.plural}.sources",
            "every source fits the store",
            each(_fit, entity),
            (f"{entity.plural}.select",),
        ),
        Check(
            f"{entity.plural}.coverage",
            "every table that the SELECT reads is followed",
            each(_cover, entity),
            (f"{entity.plural}.sources",),
        ),
        Check(
            f"{entity.plural}.hidden_rows",
            "no row is hidden from the role",
            each(_hidden, entity),
            (f"{entity.plural}.sources",),
        ),
        Check(
            f"{entity.plural}.keys",
            "the sources' keys lead to the records that their rows make up",
            each(_keys, entity),
            (f"{entity.plural}.sources", f"{entity.plural}.transform"),
        ),
        Check(
            f"{entity.plural}.size",
            "the sources are small enough to be scanned, or indexed",
            each(_size, entity),
            (f"{entity.plural}.sources",),
        ),
        Check(
            f"{entity.plural}.changed_at",
            "timestamps that are followed are moments of a change",
            each(_stamps, entity),
            (f"{entity.plural}.sources",),
        ),
    )
)
