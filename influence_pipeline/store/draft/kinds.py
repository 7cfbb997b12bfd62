"""What a store's words for the kind of a payment may mean: a guess each, and always to check.

Only kinds that are known for money that came count as taken. A kind that is not known is left out,
because money that is counted gives points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from influence_pipeline.store.catalog import Column, Table
from influence_pipeline.store.draft.asking import ask
from influence_pipeline.store.draft.samples import MANY
from influence_pipeline.store.draft.words import is_said, tokens, word_list

TAKEN, BACK, RESERVED, LEFT_OUT, UNKNOWN = "taken", "back", "reserved", "left out", "unknown"

# In this order: "refund_fee" is a fee, "void_capture" no capture.
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (LEFT_OUT, ("fee", "commission", "provision", "gebuehr", "frais", "comision", "chargeback",
                "dispute", "adjust", "adjustment", "korrektur", "payout", "transfer", "tip", "void",
                "cancel", "fail", "failed", "interest", "tax", "release",
                "writeoff", "write+off", "credit", "points", "gift", "auszahlung", "unpaid",
                "uncaptured", "pending")),
    (BACK, ("refund", "erstattung", "rembours", "reembols", "rimbors", "terugbetal", "rueckzahlung",
            "repayment", "reversal", "return", "retour", "gutschrift")),
    (RESERVED, ("hold", "auth", "authori", "authorization", "authorisation", "preauth", "reserve",
                "reserv", "reservation", "reservierung", "autoris", "autoriz")),
    (TAKEN, ("capture", "captured", "payment", "paid", "sale", "charge", "settlement", "purchase",
             "zahlung", "bezahlung", "paiement", "pago", "pagamento", "betaling", "einzug",
             "deposit")),
)  # fmt: skip
# A column of these tells how was paid, and not what the money did.
_METHODS = frozenset(
    word_list(
        "card cash paypal bank transfer sepa invoice visa mastercard amex klarna stripe "
        "credit debit creditcard giropay ideal sofort bar karte rechnung lastschrift "
        "ueberweisung check cheque apple google pay wire direct on delivery cod"
    )
)


def kind_of(value: str) -> str:
    """Give what a kind of payments may mean: TAKEN, BACK, RESERVED, LEFT_OUT or UNKNOWN."""
    words = tokens(value)
    for meaning, patterns in _KINDS:
        for pattern in patterns:
            if all(any(is_said(word, part) for word in words) for part in pattern.split("+")):
                return meaning
    return UNKNOWN


def are_methods(values: Sequence[str]) -> bool:
    """Whether all of these say how was paid."""
    return all(tokens(value) and set(tokens(value)) <= _METHODS for value in values)


@dataclass(frozen=True)
class Signs:
    """Of one kind: how many rows, and how many of them with amounts above and below zero."""

    rows: int
    above: int
    below: int

    @property
    def said(self) -> str:
        if not self.below:
            return "all above zero" if self.above == self.rows else "none below zero"
        if not self.above:
            return "all below zero" if self.below == self.rows else "none above zero"
        return f"{self.above:,} above zero, {self.below:,} below"


def signs(
    connection: sa.Connection, table: Table, kind: Column, alias: str, amount: str
) -> dict[str, Signs]:
    """Count the kinds with their signs in up to MANY rows; nothing where that takes too long.
    `amount`: SQL over `alias`."""
    condition = table.condition(alias)
    rows = ask(
        connection,
        f"SELECT k, count(*), count(*) FILTER (WHERE a > 0), count(*) FILTER (WHERE a < 0) "
        f"FROM (SELECT {kind.sql(alias)}::text AS k, {amount} AS a FROM {table.quoted} AS {alias} "
        f"{f'WHERE {condition} ' if condition else ''}LIMIT {MANY}) AS few GROUP BY k",
    )
    if isinstance(rows, str):
        return {}
    return {str(k): Signs(int(n), int(above), int(below)) for k, n, above, below in rows}


def told(values: Sequence[tuple[str, int]], rows: int, counted: dict[str, Signs]) -> list[str]:
    """A sentence for each kind: its share, its sign, and what it is taken for."""
    words = {
        TAKEN: "counts as money that came",
        BACK: "counts as money that went back",
        RESERVED: "counts as reserved only",
        LEFT_OUT: "is left out",
        UNKNOWN: "is not a word that is known here, and is left out",
    }
    said = []
    for value, number in values:
        share = f"{number:,} of {rows:,} rows" if number else "not seen"
        sign = f", {counted[value].said}" if value in counted else ""
        said.append(f"'{value}' ({share}{sign}) {words[kind_of(value)]}.")
    return said
