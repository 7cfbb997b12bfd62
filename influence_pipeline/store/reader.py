"""Reading the store: which keys may have changed, how their canonical rows hash, the rows.

Only SELECTs, in read-only transactions that the caller opens. What the keys mean to the pipeline is
not known here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

import psycopg2

from influence_pipeline.errors import MappingError, describe_database_error
from influence_pipeline.postgres import Session, driver_cursor, literal, run
from influence_pipeline.store.mapping import REFUSED, Described, canonical_rows

# How many keys one statement asks for. Large enough that the round trip does not count, small
# enough that a statement stays well under a second.
KEYS_PER_STATEMENT = 5000


@dataclass(frozen=True)
class HashedKey:
    """A record's key, the hash of its canonical row, whether it is after the cut-over, and its hash
    by a former way of hashing, if one was asked for."""

    key: str
    hash: int
    eligible: bool
    former_hash: int | None = None


class CanonicalRow(NamedTuple):
    """A record as the mapping gives it: JSON values, numbers as Decimal, moments as ISO text."""

    key: str
    hash: int
    values: dict[str, Any]
    # As the store has it, where a transform may have changed it in `values`.
    created_at: str | None = None


@dataclass(frozen=True)
class PoisonRow:
    """A record whose canonical row the store cannot compute, or gives twice, or that the transform
    cannot take. No values in it. `code`: the reason code."""

    key: str
    reason: str
    code: str = "unreadable"


@dataclass(frozen=True)
class KeyRange:
    """Records by their keys, in the order of the id's own type: from (inclusive) to before. None:
    open; with `since` open, rows without an id belong to it too."""

    since: str | None = None
    before: str | None = None

    def condition(self, key_type: str) -> str:
        """Give a condition on `canonical.id` with placeholders of `parameters`."""
        parts = []
        if self.since is not None:
            parts.append(f"canonical.id >= %(key_since)s::{key_type}")
        if self.before is not None:
            parts.append(f"canonical.id < %(key_before)s::{key_type}")
        inside = " AND ".join(parts) or "true"
        open_below = self.since is None and self.before is not None
        return f"({inside} OR canonical.id IS NULL)" if open_below else f"({inside})"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"key_since": self.since, "key_before": self.before}


ALL_KEYS = KeyRange()


@dataclass(frozen=True)
class Window:
    """Which records: by their canonical created_at, from (inclusive) to before (exclusive), and by
    their keys.

    None: open. With `and_undated`, records without created_at belong to it too.
    """

    since: datetime | None = None
    before: datetime | None = None
    and_undated: bool = False
    keys: KeyRange = ALL_KEYS

    @property
    def by_time(self) -> bool:
        """Whether created_at decides at all."""
        return self.since is not None or self.before is not None

    def condition(self, column: str) -> str:
        """Give a condition with the placeholders `%(since)s` and `%(before)s` of `parameters`."""
        parts = []
        if self.since is not None:
            parts.append(f"{column} >= %(since)s")
        if self.before is not None:
            parts.append(f"{column} < %(before)s")
        inside = " AND ".join(parts) or "true"
        return f"({inside} OR {column} IS NULL)" if self.and_undated else f"({inside})"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"since": self.since, "before": self.before}


EVERYTHING = Window()

# What one bad row makes Postgres raise: a value that cannot be cast or calculated, a sub-select
# with two rows, a constraint or a function that refuses it. Everything else is the fault of the
# mapping or of the server.
ROW_FAILURES = (
    psycopg2.DataError,
    psycopg2.IntegrityError,  # the check of a domain
    psycopg2.errors.CardinalityViolation,
    psycopg2.errors.PlpgsqlError,  # a function of the store's own that raises
    psycopg2.errors.RaiseException,
    psycopg2.errors.AssertFailure,
)


def rows_of(
    connection: Session, described: Described, keys: Sequence[str]
) -> tuple[list[CanonicalRow], list[PoisonRow]]:
    """Read the canonical rows of these keys. Keys that the mapping does not give are left out.

    One row that cannot be computed does not stop the others: it is found by halving.
    Raises MappingError if the mapping itself does not run.
    """
    select = (
        f'SELECT wanted.key, q."id"::text, {described.hash_expression}, row_to_json(q)::text '
        f"FROM {_by_key(described)}"
    )
    found, poison = _halving(connection, described, select, keys)
    once, twice = _once_each(found)
    rows: list[CanonicalRow] = []
    for wanted, key, hashed, text in once:
        if wanted != key:
            # Equal to the store, and another record by its text: renamed (citext), or 1.0 and 1.00.
            continue
        try:
            values = _JSON.decode(text)
        except (RecursionError, ValueError):
            poison.append(PoisonRow(key, "a JSON value in it is nested too deeply to be read"))
        else:
            rows.append(CanonicalRow(key, hashed, values))
    return rows, poison + twice


def hashes_of(
    connection: Session,
    described: Described,
    keys: Sequence[str],
    go_live: datetime | None,
    former: str | None = None,
) -> tuple[list[HashedKey], list[PoisonRow]]:
    """Hash the canonical rows of these keys, as `rows_of` reads them.

    A key may be spelled otherwise than its record's id (by a source of another type); the record
    then comes under its own id, once. `former`: SQL that hashed rows before.
    """
    select = (
        f'SELECT wanted.key, q."id"::text, {described.hash_expression}, {_eligible(go_live)}, '
        f"{former or 'NULL::bigint'} FROM {_by_key(described)}"
    )
    found, poison = _halving(connection, described, select, keys, {"go_live": go_live})
    once, twice = _once_each(found)
    by_id = {key: HashedKey(key, *values) for _, key, *values in once}
    return list(by_id.values()), poison + twice


def can_hash(connection: Session, described: Described, former: str) -> bool:
    """Tell whether this store can still hash rows as `former` did."""
    try:
        with connection.begin_nested():
            run(connection, f"SELECT {former} FROM {_everything(described)} LIMIT 0", {})
    except REFUSED:
        return False
    return True


def copy_hashes(
    connection: Session,
    described: Described,
    sink: io.RawIOBase,
    *,
    window: Window = EVERYTHING,
    keys: KeyRange = ALL_KEYS,
    go_live: datetime | None = None,
    former: str | None = None,
) -> None:
    """Stream (key, hash, eligible, former hash) of every record in the window and range into
    `sink`, in COPY's text form.

    Raises one of ROW_FAILURES if a row cannot be computed; the caller then goes by `all_keys` and
    `hashes_of`.
    """
    cursor = driver_cursor(connection)
    inner = cursor.mogrify(
        f'SELECT q."id"::text, {described.hash_expression}, {_eligible(go_live)}, '
        f"{former or 'NULL::bigint'} FROM {_everything(described, window, keys)}",
        {"go_live": go_live, **window.parameters, **keys.parameters},
    ).decode()
    try:
        cursor.copy_expert(f"COPY ({inner}) TO STDOUT", sink)
    except ROW_FAILURES:
        raise
    except psycopg2.ProgrammingError as error:
        _mapping_fails(described, error)


def all_keys(
    connection: Session,
    described: Described,
    *,
    window: Window = EVERYTHING,
    keys: KeyRange = ALL_KEYS,
) -> list[str]:
    """Give the key of every record in the window and range, computing as little else as Postgres
    can.

    Raises one of ROW_FAILURES where that fails too: DISTINCT and UNION compute all columns.
    """
    try:
        with connection.begin_nested():
            cursor = run(
                connection,
                f"SELECT canonical.id::text FROM {literal(canonical_rows(described.mapping))} "
                f"WHERE canonical.id IS NOT NULL AND {_chosen(described, window, keys)}",
                {**window.parameters, **keys.parameters},
            )
    except ROW_FAILURES:
        raise
    except psycopg2.ProgrammingError as error:
        _mapping_fails(described, error)
    return [key for (key,) in cursor]


def source_keys(connection: Session, described: Described) -> list[str]:
    """Give the keys of all source rows, each once; some lead to no record, and `hashes_of` leaves
    them out. Raises psycopg2.DataError where one cannot be computed."""
    questions = [
        f"SELECT ({source.key}\n)::text AS key FROM {source.from_clause}\n"
        for source in described.mapping.sources
    ]
    cursor = run(
        connection, f"SELECT key FROM ({' UNION '.join(questions)}) q WHERE key IS NOT NULL"
    )
    return [key for (key,) in cursor]


def count_rows(connection: Session, described: Described) -> int:
    """Count the records the mapping gives."""
    cursor = run(connection, f"SELECT count(*) FROM {canonical_rows(described.mapping)}")
    return int(cursor.fetchone()[0])


def money_by_currency(
    connection: Session, described: Described, window: Window, statuses: Sequence[str]
) -> dict[str, tuple[int, Decimal]]:
    """Count the orders of a window that stand at one of these statuses, and add their totals up, by
    currency. Nothing where a row of it cannot be computed."""
    try:
        with connection.begin_nested():
            cursor = run(
                connection,
                "SELECT q.currency::text, count(*), sum(q.total::numeric) "
                f"FROM {_everything(described, window, window.keys)} "
                "WHERE q.financial_status::text = ANY(%(statuses)s) GROUP BY 1 ORDER BY 2 DESC",
                {"statuses": list(statuses), **window.parameters, **window.keys.parameters},
            )
            return {name or "?": (orders, total or Decimal()) for name, orders, total in cursor}
    except ROW_FAILURES:
        return {}


def count_eligible(
    connection: Session, described: Described, go_live: datetime | None
) -> tuple[int, int]:
    """Count the records with an id that the mapping gives, and how many of them are to be told."""
    cursor = run(
        connection,
        f'SELECT count(q."id"), count(q."id") FILTER (WHERE {_eligible(go_live)}) '
        f"FROM (SELECT * FROM {canonical_rows(described.mapping)}) q",
        {"go_live": go_live},
    )
    every, eligible = cursor.fetchone()
    return int(every), int(eligible)


def _whole(digits: str) -> int | Decimal:
    # Python refuses to read an int of more than 4,300 digits; a numeric column may hold one.
    return int(digits) if len(digits) < 100 else Decimal(digits)


_JSON = json.JSONDecoder(parse_float=Decimal, parse_int=_whole)


def _everything(
    described: Described, window: Window = EVERYTHING, keys: KeyRange = ALL_KEYS
) -> str:
    return (
        f"(SELECT {described.row_expression} FROM {literal(canonical_rows(described.mapping))} "
        f"WHERE {_chosen(described, window, keys)}) AS q"
    )


def _chosen(described: Described, window: Window, keys: KeyRange) -> str:
    """A condition on `canonical`, with the placeholders of window and range."""
    return f"{_in_window(described, window)} AND {keys.condition(described.key_type)}"


def _in_window(described: Described, window: Window) -> str:
    if not window.by_time:
        return "true"
    if not described.has_created_at:
        raise MappingError(
            f"{described.mapping.file}: an import by month needs a column created_at; add it to "
            f"the SELECT, or run `influence-pipeline sync`, which imports everything at once."
        )
    return window.condition("canonical.created_at")


def _by_key(described: Described) -> str:
    # One sub-select per key. OFFSET 0 keeps it apart, so that the key is a constant to the planner
    # inside it and goes down into grouped sub-selects, CTEs and joins of the merchant's SELECT;
    # `id = ANY(keys)` around it would compute those for the whole table.
    return (
        f"unnest(%(keys)s::text[]) AS wanted (key) CROSS JOIN LATERAL "
        f"(SELECT {described.row_expression} FROM {literal(canonical_rows(described.mapping))} "
        f"WHERE canonical.id = wanted.key::{described.key_type} OFFSET 0) AS q"
    )


def _eligible(go_live: datetime | None) -> str:
    return "true" if go_live is None else "coalesce(q.created_at >= %(go_live)s, true)"


def _once_each(rows: Iterable[Any]) -> tuple[list[Any], list[PoisonRow]]:
    """Part rows (wanted key, id, …) by whether their wanted key brought one row or several."""
    by_wanted: dict[str, list[Any]] = {}
    for row in rows:
        by_wanted.setdefault(row[0], []).append(row)
    once = [same[0] for same in by_wanted.values() if len(same) == 1]
    twice = {row[1] for same in by_wanted.values() if len(same) > 1 for row in same}
    return once, [PoisonRow(key, TWICE) for key in sorted(twice)]


TWICE = (
    "the mapping's SELECT gives more than one row for this key; a join in it multiplies rows, "
    "or the id is not unique"
)


def _halving(
    connection: Session,
    described: Described,
    select: str,
    keys: Sequence[str],
    parameters: dict[str, Any] | None = None,
) -> tuple[list[Any], list[PoisonRow]]:
    """Run `select` for the keys; where a row cannot be computed, halve until it stands alone."""
    rows: list[Any] = []
    poison: list[PoisonRow] = []
    todo = [list(keys[i : i + KEYS_PER_STATEMENT]) for i in range(0, len(keys), KEYS_PER_STATEMENT)]
    while todo:
        part = todo.pop()
        try:
            with connection.begin_nested():
                rows += run(connection, select, {**(parameters or {}), "keys": part}).fetchall()
        except ROW_FAILURES as error:
            if len(part) == 1:
                poison.append(PoisonRow(part[0], describe_database_error(error)))
            else:
                middle = len(part) // 2
                todo += [part[:middle], part[middle:]]
        except psycopg2.ProgrammingError as error:
            _mapping_fails(described, error)
    return rows, poison


def _mapping_fails(described: Described, error: psycopg2.Error) -> NoReturn:
    raise MappingError(
        f"{described.mapping.file}: the store refuses the SELECT: {describe_database_error(error)}."
    ) from None
