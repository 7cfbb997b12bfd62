"""The canonical columns: what a mapping's SELECT must give for each entity, and of what types.

A mapping may leave optional columns out and may give more; more is ignored. Which type a column
really has is asked of the store's catalog by `reader`, and held against this table once per run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from influence_pipeline.records import Entity


class Kind(Enum):
    """What a column must hold; the value lists the Postgres types that do, `()`: any type."""

    ANY = ()
    AMOUNT = ("numeric", "smallint", "integer", "bigint")
    # A birthday often lives in free text; one that is no date counts as unknown.
    DATE = ("date", "text", "character varying")
    MOMENT = ("timestamp with time zone",)
    LIST = ("json", "jsonb")


@dataclass(frozen=True)
class Column:
    name: str
    kind: Kind
    required: bool = False


def _columns(*, required: dict[str, Kind], optional: dict[str, Kind]) -> tuple[Column, ...]:
    return tuple(Column(n, k, True) for n, k in required.items()) + tuple(
        Column(n, k) for n, k in optional.items()
    )


CANONICAL: dict[Entity, tuple[Column, ...]] = {
    Entity.CUSTOMER: _columns(
        required={"id": Kind.ANY, "email": Kind.ANY},
        optional={
            "first_name": Kind.ANY,
            "last_name": Kind.ANY,
            "phone": Kind.ANY,
            "birthday": Kind.DATE,
            "created_at": Kind.MOMENT,
        },
    ),
    Entity.PRODUCT: _columns(
        required={"id": Kind.ANY, "title": Kind.ANY},
        optional={
            "sku": Kind.ANY,
            "status": Kind.ANY,
            "url": Kind.ANY,
            "image_url": Kind.ANY,
            "variants": Kind.LIST,
            "created_at": Kind.MOMENT,
        },
    ),
    Entity.ORDER: _columns(
        required={
            "id": Kind.ANY,
            "customer_id": Kind.ANY,
            "email": Kind.ANY,
            "currency": Kind.ANY,
            "total": Kind.AMOUNT,
            "financial_status": Kind.ANY,
            "created_at": Kind.MOMENT,
        },
        optional={
            "number": Kind.ANY,
            "subtotal": Kind.AMOUNT,
            "discount_total": Kind.AMOUNT,
            "line_items": Kind.LIST,
            "discount_codes": Kind.LIST,
        },
    ),
}
