"""Which column of a table holds what: by its name, its type, and a look at some rows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal

from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft.key_values import Beside
from influence_pipeline.store.draft.samples import Sample, Seen
from influence_pipeline.store.draft.words import FIELDS, is_gross, likeness, tokens

TEXTS = frozenset({Shape.TEXT, Shape.ENUM})
NUMBERS = frozenset({Shape.INTEGER, Shape.EXACT, Shape.FLOAT, Shape.MONEY, Shape.TEXT})
MOMENTS = frozenset({Shape.MOMENT, Shape.NAIVE, Shape.DATE, Shape.INTEGER, Shape.TEXT})
DAYS = frozenset({Shape.DATE, Shape.TEXT, Shape.NAIVE, Shape.MOMENT})
LABELS = frozenset({Shape.TEXT, Shape.ENUM, Shape.INTEGER})
FLAGS = frozenset({Shape.BOOLEAN, Shape.MOMENT, Shape.NAIVE, Shape.DATE})
ANYTHING = frozenset(Shape) - {Shape.OTHER, Shape.JSON, Shape.ARRAY}

# Names that are about something beside an amount, a moment, or a person's own value.
_ASIDE = {
    "shipping", "tax", "vat", "mwst", "weight", "delivery", "billing", "fee", "count", "items",
    "points", "rate", "cost", "versand", "steuer", "fulfilled", "shipped", "raw", "original", "old",
    "net", "min", "max", "company", "discount", "discounts", "rabatt", "bank", "iban", "ship",
    "sub", "subtotal", "coupon", "voucher", "base", "password", "token", "locale",
}  # fmt: skip


def _stems(field: str) -> set[str]:
    """The words that a field is called by itself."""
    return {stem for pattern in FIELDS[field] for stem in pattern.split("+")}


@dataclass(frozen=True)
class Choice:
    """A column for a canonical one, with what speaks for it and what else there was."""

    column: Column
    score: int
    reasons: tuple[str, ...]
    others: tuple[str, ...] = ()
    seen: Seen | None = None

    @property
    def why(self) -> str:
        said = f"{self.column.name}, {self.column.type}"
        if self.column.of_key is not None:
            said = self.column.of_key[1]
        text = f"{said}: {'; '.join(self.reasons)}" if self.reasons else said
        return text + (f". Or: {', '.join(self.others)}" if self.others else "")


@dataclass(frozen=True)
class Looked:
    """A table with a sample of its rows. `beside`: of columns that are read from other tables."""

    table: Table
    sample: Sample
    beside: dict[str, Beside] = field(default_factory=dict)

    def pick(
        self,
        field: str,
        shapes: Collection[Shape],
        *,
        taken: Collection[str] = (),
        enough: int = 26,
        asks: Callable[[Column, Seen | None], tuple[int, str | None] | None] | None = None,
    ) -> Choice | None:
        """Give the best column for a field, None where none is good enough.

        `asks` judges a column by what was seen: points and a reason, or None to rule it out.
        """
        found: list[Choice] = []
        for column in self.table.columns.values():
            if column.name in taken or column.shape not in shapes or self._leads_on(column, field):
                continue
            seen = self.sample.seen.get(column.name)
            score = likeness(column.name, field)
            reasons = ["its name"] if score else []
            aside = (_ASIDE - _stems(field)) & set(tokens(column.name))
            if is_gross(column.name):
                aside -= {"tax", "vat", "mwst"}
            score -= 20 * len(aside) if score else 0
            if asks is not None:
                judged = asks(column, seen)
                if judged is None:
                    continue
                score += judged[0]
                reasons += [judged[1]] if judged[1] else []
            if seen is not None and seen.rows >= 20 and seen.is_empty:
                score -= 12
                reasons.append("empty in every row looked at")
            if score >= enough:
                found.append(Choice(column, score, tuple(reasons), seen=seen))
        found.sort(key=lambda choice: -choice.score)
        if not found:
            return None
        others = tuple(choice.column.name for choice in found[1:4])
        return Choice(found[0].column, found[0].score, found[0].reasons, others, found[0].seen)

    def _leads_on(self, column: Column, field: str) -> bool:
        """A foreign key's column is a number of something else, whatever it is called."""
        if column.of_key is not None or field in ("sku", "number"):
            return False
        declared = {c for link in self.table.links if link.is_declared for c in link.columns}
        return column.name in declared


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def like_emails(column: Column, seen: Seen | None) -> tuple[int, str | None] | None:
    if seen is None or seen.is_empty:
        return 0, None
    if seen.emails >= 0.8:
        return 30, f"{percent(seen.emails)} look like e-mail addresses"
    return (-10, f"only {percent(seen.emails)} look like e-mail addresses") if seen.emails else None


def like_amounts(column: Column, seen: Seen | None) -> tuple[int, str | None] | None:
    if column.shape is Shape.TEXT:
        if seen is None or seen.is_empty or seen.numbers < 0.95:
            return None
        return -4, "texts that are numbers"
    if set(tokens(column.name)) & {"id", "count", "percent", "rate"}:
        return None
    return 0, None


def like_moments(column: Column, seen: Seen | None) -> tuple[int, str | None] | None:
    if column.shape is Shape.INTEGER:
        return (0, None) if seen is not None and _epoch(seen) else None
    if column.shape is Shape.TEXT:
        if seen is None or seen.is_empty or seen.moments < 0.95:
            return None
        return -4, "texts that are moments"
    if column.shape is Shape.DATE:
        return -4, "a day without a time"
    if says_utc(column.name):
        return 20, "UTC by its name"
    return 0, None


def says_utc(name: str) -> bool:
    return bool({"utc", "gmt"} & set(tokens(name)))


def like_currencies(column: Column, seen: Seen | None) -> tuple[int, str | None] | None:
    if seen is None or seen.is_empty:
        return 0, None
    if seen.currencies < 0.95 or seen.distinct > 40:
        return None
    labels = ", ".join(label for label, _ in (seen.labels or ())[:5])
    return 15, f"three letters{f' ({labels})' if labels else ''}"


def like_labels(column: Column, seen: Seen | None) -> tuple[int, str | None] | None:
    if seen is None or seen.is_empty:
        return (0, None) if column.shape is not Shape.INTEGER else None
    if seen.labels is None:
        return None
    if len(seen.labels) == 1:
        return 0, "one value in every row looked at"
    return 10, f"{len(seen.labels)} different values"


def like_numbers(column: Column, seen: Seen | None) -> tuple[int, str | None] | None:
    if column.shape is Shape.TEXT and (seen is None or seen.is_empty or seen.numbers < 0.95):
        return None
    return 0, None


def amount(choice: Choice, alias: str, *, cents: bool | None = None) -> tuple[str, str]:
    """Give an amount in major units as numeric, and why it is written so.

    `cents`: what is known of the table's other amounts; None: told from this column.
    """
    column = choice.column
    sql = column.sql(alias)
    if column.shape is Shape.TEXT:
        sql = f"substring({sql} FROM '^-?[0-9]+[.]?[0-9]*$')::numeric"
    elif column.shape in (Shape.FLOAT, Shape.MONEY):
        sql = f"{sql}::numeric"
    said = in_cents(choice)
    if said is None and cents and column.shape is Shape.INTEGER:
        said = "whole numbers, as the total, which looks like cents"
    if said is not None:
        return f"{sql} / 100.0", f"{said}: / 100.0"
    if column.shape in (Shape.FLOAT, Shape.MONEY):
        return sql, f"{column.type} is not exact: cast to numeric"
    return sql, ""


def in_cents(choice: Choice) -> str | None:
    """Why an amount seems to be in cents, None where it seems to be in major units."""
    column, seen = choice.column, choice.seen
    words = set(tokens(column.name))
    if words & {"cent", "cents", "minor", "pence", "penny", "ore", "pfennig", "ct", "rappen"}:
        return "cents by its name"
    whole = column.shape is Shape.INTEGER or column.scale == 0
    if not whole or seen is None or seen.is_empty or seen.median is None:
        return None
    if abs(seen.median) >= 300 and seen.odd_cents >= 0.1:
        return f"whole numbers, median {_shown(seen.median)}: looks like cents"
    return None


def _shown(number: Decimal) -> str:
    return f"{int(number):,}"


def moment(choice: Choice, alias: str, zone: str) -> tuple[str, str, bool]:
    """Give a moment with its zone, why it is written so, and whether the zone was needed."""
    column = choice.column
    sql = column.sql(alias)
    known = says_utc(column.name)
    quoted = "UTC" if known else zone.replace("'", "''")
    if column.shape is Shape.MOMENT:
        return sql, "", False
    if column.shape is Shape.INTEGER:
        if choice.seen is not None and choice.seen.median and choice.seen.median > 10**11:
            return f"to_timestamp({sql} / 1000.0)", "milliseconds since 1970", False
        return f"to_timestamp({sql})", "seconds since 1970", False
    if column.shape is Shape.TEXT:
        sql = f"substring({sql} FROM '^[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}.*$')::timestamp"
        return f"{sql} AT TIME ZONE '{quoted}'", "a text", not known
    if column.shape is Shape.DATE:
        return f"{sql}::timestamp AT TIME ZONE '{quoted}'", "a day", not known
    return f"{sql} AT TIME ZONE '{quoted}'", "", not known


def _epoch(seen: Seen) -> bool:
    if seen.median is None or seen.is_empty:
        return False
    return 9 * 10**8 < seen.median < 3 * 10**9 or 9 * 10**11 < seen.median < 3 * 10**12


def count(choice: Choice, alias: str) -> str:
    """Give a quantity."""
    sql = choice.column.sql(alias)
    if choice.column.shape is Shape.TEXT:
        return f"substring({sql} FROM '^-?[0-9]+[.]?[0-9]*$')::numeric"
    return f"{sql}::numeric" if choice.column.shape is Shape.MONEY else sql
