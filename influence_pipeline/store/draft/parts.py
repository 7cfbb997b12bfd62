"""Pieces of SQL that the three SELECTs share: keys, joins along links, sources along paths."""

from __future__ import annotations

from collections.abc import Sequence

from influence_pipeline.records import Entity
from influence_pipeline.store.catalog import Column, Link, Shape, Table
from influence_pipeline.store.draft.columns import (
    ANYTHING,
    DAYS,
    FLAGS,
    MOMENTS,
    TEXTS,
    Choice,
    Looked,
    like_moments,
    moment,
)
from influence_pipeline.store.draft.findings import Findings, Step, considered
from influence_pipeline.store.draft.links import key_column
from influence_pipeline.store.draft.select import Drafted

UNKNOWN_ZONE = "UTC"


def key_sql(table: Table, alias: str, columns: Sequence[str]) -> str:
    """The value of a key; one of several columns is written as one text."""
    parts = [table.columns[name].sql(alias) for name in columns]
    return parts[0] if len(parts) == 1 else f"concat_ws('-', {', '.join(parts)})"


def joined_on(table: Table, alias: str, link: Link, target: Table, target_alias: str) -> str:
    """The condition under which a row belongs to a row of the target."""
    pairs = zip(link.columns, link.target_columns, strict=True)
    return " AND ".join(
        f"{target.columns[theirs].sql(target_alias)} = {table.columns[ours].sql(alias)}"
        for ours, theirs in pairs
    )


def from_path(found: Findings, steps: Sequence[Step], aliases: Sequence[str]) -> str:
    """`child x JOIN between y ON …`: the tables of a path, without the last one's target."""
    text = f"{steps[0].table.quoted} {aliases[0]}"
    for place, step in enumerate(steps[:-1]):
        target = steps[place + 1].table
        on = joined_on(step.table, aliases[place], step.link, target, aliases[place + 1])
        text += f" JOIN {target.quoted} {aliases[place + 1]} ON {on}"
    return text


def add_source(
    drafted: Drafted,
    found: Findings,
    steps: Sequence[Step],
    aliases: Sequence[str],
    key: Sequence[str],
    why: str = "",
) -> None:
    """A source for the first table of a path to the entity's own table, whose id is `key`."""
    last = steps[-1]
    target = found.catalog[last.link.target]
    text = from_path(found, steps, aliases)
    if tuple(key) == last.link.target_columns and target.only is None:
        column = key_sql(last.table, aliases[len(steps) - 1], last.link.columns)
    else:
        on = joined_on(last.table, aliases[len(steps) - 1], last.link, target, "own")
        only = target.condition("own")
        text += f" JOIN {target.quoted} own ON {on}{f' AND {only}' if only else ''}"
        column = key_sql(target, "own", key)
    drafted.source(text, aliases[0], column, why)


def add_sources_beside(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, columns: Sequence[Column | None]
) -> None:
    """Sources for the tables of keys and values, or of words, that these columns are read from."""
    table = looked.table
    key = key_sql(table, alias, found.key(table))
    only = table.condition(alias)
    for column in columns:
        beside = looked.beside.get(column.name) if column is not None else None
        if beside is None:
            continue
        if beside.looked_up:
            on = joined_on(table, alias, beside.link, beside.table, "w")
            text = f"{table.quoted} {alias} JOIN {beside.table.quoted} w ON {on}"
            drafted.source(text, "w", key, "a change of a word here concerns every record with it")
        elif beside.link.target_columns == found.key(table) and not only:
            link = beside.link.columns
            drafted.source(f"{beside.table.quoted} m", "m", key_sql(beside.table, "m", link))
        else:
            on = joined_on(beside.table, "m", beside.link, table, alias)
            text = f"{beside.table.quoted} m JOIN {table.quoted} {alias} ON {on}"
            drafted.source(f"{text}{f' AND {only}' if only else ''}", "m", key)


def order_of(table: Table, alias: str) -> list[str]:
    """What rows are put in order by, so that the same rows give the same text."""
    names = table.identity or tuple(
        c.name for c in table.columns.values() if c.shape in ANYTHING and not c.of_key
    )
    return [table.columns[name].sql(alias) for name in names[:6]]


def head(drafted: Drafted, found: Findings, roles: Sequence[str]) -> None:
    """The comment at the top: what this is, and why these tables."""
    drafted.head.append(
        "A starting point made by `influence-pipeline init` from what stands in the catalog and a "
        "look at some rows. It runs as it stands; whether it is right only you can say. Go through "
        "every TODO, and every reason."
    )
    for role in roles:
        for sentence in considered(found, role, found[role]):
            drafted.head.append(sentence)


def without(entity: Entity, found: Findings, role: str) -> Drafted:
    """A SELECT that gives nothing, because no table was found for it."""
    drafted = Drafted(entity)
    head(drafted, found, (role,))
    drafted.where.append(
        ("false", f"TODO: name the table of the {role}; until then nothing is read.")
    )
    for candidate in found.roles.every(role):
        table = candidate.table
        key = key_column(table)
        if key is None or key.of_key or not table.readable or table.kind not in "rpm":
            continue
        if table.only is None:
            # A table that there is, so that the file is read as it stands; its rows give nothing.
            drafted.joins.append(f"FROM {table.quoted} p")
            drafted.add("id", key.sql("p"))
            drafted.source(
                f"{table.quoted} p",
                "p",
                key.sql("p"),
                f"TODO: name the table of the {role}; this is the likeliest, and hardly that.",
            )
            return drafted
    drafted.source("(VALUES (NULL::text)) AS nothing (id)", "nothing", "nothing.id")
    return drafted


def add_text(
    drafted: Drafted, looked: Looked, name: str, field: str, alias: str, taken: set[str]
) -> Choice | None:
    """A column that is taken as it is."""
    choice = looked.pick(field, TEXTS, taken=taken)
    if choice is not None:
        drafted.add(name, choice.column.sql(alias), choice.why)
        taken.add(choice.column.name)
    return choice


def add_moment(
    drafted: Drafted,
    found: Findings,
    looked: Looked,
    fields: Sequence[str],
    alias: str,
    taken: set[str],
) -> Choice | None:
    """created_at, with its time zone."""
    for field in fields:
        choice = looked.pick(field, MOMENTS, taken=taken, asks=like_moments)
        if choice is None:
            continue
        zone = found.wishes.time_zone
        sql, why, needed = moment(choice, alias, zone or UNKNOWN_ZONE)
        todo = None
        if needed and zone is None:
            matters = (
                "; an hour's difference moves orders over the go-live"
                if drafted.entity is Entity.ORDER
                else ""
            )
            todo = (
                f"in which time zone does the store write {choice.column.name}? {UNKNOWN_ZONE} is "
                f"a guess{matters}"
            )
        drafted.add("created_at", sql, f"{choice.why}{f' ({why})' if why else ''}", todo)
        taken.add(choice.column.name)
        return choice
    return None


def add_birthday(drafted: Drafted, looked: Looked, alias: str, taken: set[str]) -> None:
    choice = looked.pick("birthday", DAYS, taken=taken)
    if choice is None:
        return
    sql = choice.column.sql(alias)
    if choice.column.shape in (Shape.MOMENT, Shape.NAIVE):
        sql = f"{sql}::date"
    elif choice.column.type not in ("date", "text") and not choice.column.of_key:
        sql = f"{sql}::text"
    drafted.add("birthday", sql, choice.why)
    taken.add(choice.column.name)


def leave_out_deleted(drafted: Drafted, looked: Looked, alias: str) -> None:
    """A condition for rows that the store keeps and takes for deleted."""
    choice = looked.pick("deleted", FLAGS, enough=32)
    if choice is None:
        return
    column = choice.column
    if column.shape is Shape.BOOLEAN:
        drafted.where.append(
            (
                f"{column.sql(alias)} IS NOT TRUE",
                f"Rows that are taken for deleted are left out: {choice.why}.",
            )
        )
    elif not column.not_null:
        drafted.where.append(
            (
                f"{column.sql(alias)} IS NULL",
                f"Rows that are taken for deleted are left out: {choice.why}.",
            )
        )


def only_its_kind(drafted: Drafted, table: Table, alias: str) -> None:
    condition = table.condition(alias)
    if condition is not None:
        drafted.where.append((condition, "The table holds other things too."))
