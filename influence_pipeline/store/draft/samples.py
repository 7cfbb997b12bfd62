"""Looking at a few rows of a table: how often a value looks like an e-mail address, like cents, …

What is kept are counts. Values leave this module only where they are labels (statuses, kinds,
currencies): few, short, and each of many rows.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa

from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft.asking import ask

# Rows of one table that are looked at, and how many labels of one column are told.
ROWS = 1000
MOST_LABELS = 30
# Rows that are counted for the labels of one column: some two seconds.
MANY = 3_000_000

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_URL = re.compile(r"(https?:)?//\S+|/?\S+\.(jpe?g|png|webp|gif|avif)", re.IGNORECASE)
_INTEGER = re.compile(r"-?\d{1,18}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}.*)?")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_LABEL = re.compile(r"[\w .:/+-]{1,40}")


@dataclass(frozen=True)
class Seen:
    """What a column's values looked like. Shares are of the values that are there (0 to 1).

    `labels`: values with their counts where they are labels, the most frequent first.
    """

    rows: int
    filled: float
    distinct: int
    emails: float
    urls: float
    numbers: float
    integers: float
    moments: float
    currencies: float
    negative: bool
    median: Decimal | None
    odd_cents: float
    decimals: int
    labels: tuple[tuple[str, int], ...] | None

    @property
    def is_empty(self) -> bool:
        return self.filled == 0


@dataclass(frozen=True)
class Sample:
    """The columns of a table that were seen, or why they were not."""

    rows: int
    seen: dict[str, Seen]
    trouble: str | None = None


NOTHING = Sample(0, {})


def sample(connection: sa.Connection, table: Table) -> Sample:
    """Look at up to ROWS rows, from all over a large table. Never raises for what a role may not
    do, or for what takes too long."""
    columns = [c for c in table.columns.values() if c.shape is not Shape.OTHER]
    if not columns or not table.readable:
        return Sample(0, {}, "the role may not read it")
    values = ", ".join(f"left(({column.sql('s')})::text, 200)" for column in columns)
    condition = table.condition("s")
    spread = _spread(table)
    # Pages come in their order, and a limit alone would take the first of them.
    mixed = " ORDER BY random()" if spread else ""
    statement = (
        f"SELECT {values} FROM {table.quoted} AS s {spread}"
        f"{f' WHERE {condition}' if condition else ''}{mixed} LIMIT {ROWS}"
    )
    rows = ask(connection, statement)
    if isinstance(rows, str):
        return Sample(0, {}, rows)
    return Sample(
        len(rows),
        {
            column.name: _seen(column, [row[place] for row in rows])
            for place, column in enumerate(columns)
        },
    )


def every_label(connection: sa.Connection, table: Table, column: Column, seen: Seen) -> Seen:
    """Look for labels that are too rare for a sample, in up to MANY rows; what was seen as it is
    where that takes too long, or where they are too many."""
    if column.of_key is not None or seen.labels is None:
        return seen
    condition = table.condition("s")
    rows = ask(
        connection,
        f"SELECT v, count(*) FROM (SELECT {column.sql('s')}::text AS v FROM {table.quoted} AS s "
        f"{f'WHERE {condition} ' if condition else ''}LIMIT {MANY}) AS few "
        f"WHERE v <> '' GROUP BY v ORDER BY count(*) DESC, v LIMIT {MOST_LABELS + 1}",
    )
    if isinstance(rows, str) or len(rows) > MOST_LABELS:
        return seen
    counts = Counter({str(value): int(number) for value, number in rows})
    if not all(_LABEL.fullmatch(value) and "@" not in value for value in counts):
        return seen
    unused = [(label, 0) for label in column.labels if label not in counts]
    return replace(seen, labels=(*counts.most_common(), *unused)[:MOST_LABELS], rows=counts.total())


def _spread(table: Table) -> str:
    """The first rows of a large table are its oldest; a sample is of all times."""
    if table.kind not in "rpm" or table.only or (table.rows or 0) < 50 * ROWS:
        return ""
    percent = max(100 * 3 * ROWS / (table.rows or 1), 0.001)
    return f"TABLESAMPLE SYSTEM ({percent:.4f})"


def _seen(column: Column, values: Sequence[str | None]) -> Seen:
    there = [value for value in values if value is not None and value != ""]
    counts = Counter(there)
    numbers = [number for number in map(_number, there) if number is not None]
    whole = [int(value) for value in there if _INTEGER.fullmatch(value)]
    total = max(len(there), 1)
    return Seen(
        rows=len(values),
        filled=len(there) / max(len(values), 1),
        distinct=len(counts),
        emails=_share(_EMAIL, there),
        urls=_share(_URL, there),
        numbers=len(numbers) / total,
        integers=len(whole) / total,
        moments=_share(_MOMENT, there),
        currencies=_share(_CURRENCY, there),
        negative=any(number < 0 for number in numbers),
        median=Decimal(statistics.median(numbers)) if numbers else None,
        odd_cents=sum(number % 100 != 0 for number in whole) / max(len(whole), 1),
        decimals=max((_decimals(number) for number in numbers), default=0),
        labels=_labels(column, counts, len(there)),
    )


def _share(pattern: re.Pattern[str], values: list[str]) -> float:
    return sum(pattern.fullmatch(value) is not None for value in values) / max(len(values), 1)


def _number(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _labels(column: Column, counts: Counter[str], there: int) -> tuple[tuple[str, int], ...] | None:
    if column.labels:
        return tuple((label, counts[label]) for label in column.labels[:MOST_LABELS])
    if column.shape not in (Shape.TEXT, Shape.INTEGER, Shape.BOOLEAN, Shape.ENUM):
        return None
    few = len(counts) <= MOST_LABELS and (len(counts) <= 3 or len(counts) * 3 <= there)
    if not few or not all(_LABEL.fullmatch(value) and "@" not in value for value in counts):
        return None
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
