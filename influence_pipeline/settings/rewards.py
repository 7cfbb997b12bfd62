"""[coupons], [rewards]: how coupons are made in the store, and what each is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from influence_pipeline.settings.section import Section

CouponKind = Literal["percentage", "fixed", "free_shipping", "product"]


class Reward(Section):
    """What one of Influence's redeem rules is worth in the store."""

    kind: CouponKind
    """The kind of coupon."""
    value: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Percent (at most 100), or an amount in `currency`. A string ("5.00"), so that no cent is
    lost."""
    per_points: int | None = Field(default=None, ge=1)
    """With kind = "fixed": `value` is for so many points; the coupon's value follows those
    spent."""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """With kind = "fixed": the currency of `value`, three capitals."""
    minimum_spend: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)
    """The least an order must be worth. Used where the event gives none."""
    expires_days: int | None = Field(default=None, ge=1, le=36500)
    """Days from the moment the event was stored; without it the coupon does not expire."""
    products: list[Annotated[str, Field(min_length=1)]] = []
    """With kind = "product": the store's own ids of the products that it is for; `value` is percent
    off them, 100 (a gift) where it is not said."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind in ("percentage", "fixed") and self.value is None:
            raise ValueError(f'kind = "{self.kind}" needs a value')
        if self.kind in ("percentage", "product") and self.value is not None and self.value > 100:
            raise ValueError("a percentage is at most 100")
        if (self.kind == "product") != bool(self.products):
            raise ValueError('kind = "product" and products = ["…"] go together')
        if self.kind == "fixed" and self.currency is None:
            raise ValueError('kind = "fixed" needs a currency, as in "EUR"')
        if self.per_points is not None and self.kind != "fixed":
            raise ValueError('per_points goes with kind = "fixed" only')
        return self


class Caps(Section):
    """How many coupons may be made, and how large, before a person must look. The last thing that
    stands between a token that leaked and the till."""

    per_customer_per_day: int = Field(default=20, ge=0)
    """Coupons for one member in 24 hours."""
    per_day: int = Field(default=10_000, ge=0)
    """Coupons for all in 24 hours."""
    largest_amount: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Of one coupon of kind "fixed", in its own currency."""
    largest_percentage: Decimal | None = Field(default=None, gt=0, le=100, allow_inf_nan=False)
    """Of one coupon of kind "percentage"."""


_WRITERS: dict[str, tuple[set[str], set[str]]] = {
    # What each way of making coupons needs, and what it may have.
    "sql": ({"lookup", "create"}, {"kinds", "case_sensitive"}),
    "table": ({"table"}, {"columns", "kinds", "case_sensitive"}),
    "medusa": (set(), set()),
    "saleor": (set(), {"channels"}),
    "vendure": (set(), {"channels"}),
}


class Coupons(Section):
    """How a coupon is written into the store (see store.coupons)."""

    writer: Literal["sql", "table", "medusa", "saleor", "vendure"] = "sql"
    """sql: two files with statements. table: a plain table of codes. medusa, saleor, vendure: the
    shop's admin API (INFLUENCE_SHOP_API_URL, INFLUENCE_SHOP_API_TOKEN)."""
    lookup: str | None = None
    """With writer = "sql": file with the statement that finds a coupon by :code."""
    create: str | None = None
    """With writer = "sql": file with the statement that makes one."""
    table: str | None = Field(default=None, min_length=1)
    """With writer = "table": the name of the table of codes, as in SQL; a schema before it is
    allowed."""
    columns: dict[str, str] = {}
    """With writer = "table": its columns where they are called otherwise than the values."""
    channels: list[Annotated[str, Field(min_length=1)]] = []
    """The shop's channels where a coupon is valid, by their tokens or slugs; none: all of them."""
    kinds: list[CouponKind] = ["percentage", "fixed", "free_shipping", "product"]
    """What `create` or the table can make; another kind is parked, not made as something else."""
    case_sensitive: bool = True
    """Whether the store takes two codes that differ in case for two codes."""
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    """Influence's events carry amounts without a currency: they are in this one (three
    capitals)."""
    without_customer: Literal["park", "issue"] = "park"
    """A coupon for somebody who has no id in the store (a referred friend without an account),
    where the writer locks coupons to customers: parked, or made for anyone who has the code."""
    unlockable: Literal["issue", "park"] = "issue"
    """Where the store cannot lock a coupon to its customer: made for anyone who has the code (it is
    good for one use and cannot be guessed), or parked."""
    may_lack: list[Literal["expiry", "minimum_spend"]] = []
    """Limits that a coupon may go without where the store has no such thing; else it is parked."""
    listed_rules_only: bool = False
    """Only rewards of rules that are listed under [rewards], and not worth more than listed there;
    otherwise what an event says itself is believed."""
    caps: Caps = Caps()
    """How many coupons may be made, and how large, before a person must look."""

    @model_validator(mode="after")
    def _fits_the_writer(self) -> Self:
        needed, optional = _WRITERS[self.writer]
        missing = sorted(name for name in needed if getattr(self, name) is None)
        if missing:
            raise ValueError(f'writer = "{self.writer}" needs {" and ".join(missing)}')
        every = set().union(*(one | other for one, other in _WRITERS.values()))
        stray = sorted((every - needed - optional) & self.model_fields_set)
        if stray:
            raise ValueError(f'writer = "{self.writer}" takes no {", ".join(stray)}')
        return self
