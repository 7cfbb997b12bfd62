"""The three kinds of record as rows of data, from which every group makes its assets."""

from __future__ import annotations

from dataclasses import dataclass

from influence_pipeline.records import Entity


@dataclass(frozen=True)
class Kind:
    """One kind of record: the names of its assets, and what to say of it. `after`: what must be in
    Influence before."""

    entity: Entity
    what: str
    sent_by: str
    after: tuple[str, ...] = ()

    @property
    def in_store(self) -> str:
        return f"store_{self.entity.plural}"

    @property
    def changes(self) -> str:
        return f"{self.entity}_changes"

    @property
    def delivered(self) -> str:
        return self.entity.plural

    @property
    def import_name(self) -> str:
        return f"{self.entity.plural}_import"


KINDS = (
    Kind(
        Entity.CUSTOMER,
        "Customers: who can earn and spend points.",
        "One PUT per customer, which creates or updates and is safe to repeat.",
    ),
    Kind(
        Entity.PRODUCT,
        "Products with their variants: what points rules and rewards can name.",
        "One PUT per product, then one POST with the whole list of its variants.",
    ),
    Kind(
        Entity.ORDER,
        "Orders placed since the go-live: what points are earned with.",
        "Created as pending, then set to their real status, so that nothing is awarded twice; "
        "after their customers, which the API must know first.",
        after=(Entity.CUSTOMER.plural,),
    ),
)
