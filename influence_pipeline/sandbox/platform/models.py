"""The contract's objects as pydantic models: what a call may send, what an answer holds.

Names are the contract's (working names where it has none). Objects are open: unknown fields are
taken, kept and shown again. Bodies are checked strictly (a number is not a string, null is not
"unknown"), as a careful vendor would. Bodies of webhooks are in `events`, of controls in
`control_models`.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic import model_validator as check
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from influence_pipeline.sandbox.platform.fields import (
    Currency,
    Email,
    FinancialStatus,
    HttpUrl,
    Id,
    Moment,
    Money,
    Text,
    Topic,
    refuse_nulls,
)
from influence_pipeline.sandbox.platform.rules import MAX_POINTS


class Sent(BaseModel):
    """What a caller sends. `sent_fields` is the object as sent, unknown fields included."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="allow", strict=True, hide_input_in_errors=True
    )

    @check(mode="before")
    @classmethod
    def _no_nulls(cls, value: Any) -> Any:
        return refuse_nulls(value)

    def sent_fields(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_unset=True)


class Answer(BaseModel):
    """What the sandbox answers."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow")

    def to_json(self) -> bytes:
        return self.model_dump_json(by_alias=True).encode()


class Error(Answer):
    message: str


class Nothing(Answer):
    """An empty object."""


# --- customers -----------------------------------------------------------------------------------


class CustomerInput(Sent):
    """Body of PUT customer (contract: Customers; all fields optional)."""

    email: Email | None = None
    name: Text | None = None
    phone: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    birthday_month: int | None = Field(None, ge=1, le=12)
    birthday_day: int | None = Field(None, ge=1, le=31)


class AwardPoints(Sent):
    """Body of POST points (contract: AwardPoints). `points` overrides the rule's amount."""

    points: int | None = Field(None, gt=0, le=MAX_POINTS)
    action: Text | None = None
    earn_rule_id: Id | None = None

    @check(mode="after")
    def _one_of_them(self) -> Self:
        if self.points is None and self.earn_rule_id is None:
            raise PydanticCustomError("sandbox", "points: give points or earnRuleId")
        return self


class Membership(Sent):
    membership_id: Id | None = None


class Customer(Answer):
    """A customer (contract: Customer). `externalId` is the merchant's id, `id` the vendor's."""

    id: str
    external_id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    name: str | None
    phone: str | None
    customer_type: str
    membership_id: str | None
    point_balance: int
    referral_link: str
    referrals_completed: int
    share_facebook: bool = False
    share_twitter: bool = False
    like_facebook: bool = False
    follow_twitter: bool = False
    follow_tik_tok: bool = False
    follow_instagram: bool = False
    birthday_month: int | None
    birthday_day: int | None
    current_loyalty_tier_progress: int = Field(description="Lifetime points, less refunds.")
    current_loyalty_tier_id: str | None
    lifetime_stamps_earned: int = 0
    last_seen_at: str | None
    external_created_at: str | None = None
    total_orders: int
    average_order_value: float | None = Field(description="Plain mean, whatever the currencies.")
    created_at: str
    updated_at: str


class CustomerResult(Answer):
    customer: Customer


class CustomerPage(Answer):
    """A page; its cursor is called as the switch `cursor_name` says."""

    customers: list[Customer]


# --- orders --------------------------------------------------------------------------------------


class LineItem(Sent):
    product_id: Id | None = None
    variant_id: Id | None = None
    title: Text | None = None
    quantity: int | None = Field(None, ge=1)
    price: Money | None = None


class DiscountCode(Sent):
    code: Text
    amount: Money | None = None


class OrderUpdate(Sent):
    """Body of PATCH order (contract: OrderUpdate, with the working names)."""

    financial_status: FinancialStatus | None = None
    order_number: Text | None = None
    customer_id: Id | None = None
    email: Email | None = None
    currency: Currency | None = None
    subtotal_price: Money | None = None
    total_price: Money | None = None
    refunded_amount: Money | None = Field(
        None, description="Not in the contract; read only when rules.partialRefund is `share`."
    )
    line_items: list[LineItem] | None = None
    discount_codes: list[DiscountCode] | None = None


class OrderCreate(OrderUpdate):
    """Body of POST order: the update plus the order's id; what an award needs is required."""

    id: Id
    financial_status: FinancialStatus
    currency: Currency
    total_price: Money
    created_at: Moment | None = None

    @check(mode="after")
    def _some_buyer(self) -> Self:
        if self.customer_id is None and self.email is None:
            raise PydanticCustomError("sandbox", "customerId: give customerId or email")
        return self


class Order(Answer):
    """An order as last sent, with the flags the docs speak of (their names are a guess)."""

    id: str
    financial_status: FinancialStatus
    points_awarded: bool
    points_refunded: bool
    points: int = Field(description="Points the order has earned, less those taken back.")
    updated_at: str


class OrderResult(Answer):
    order: Order


# --- products ------------------------------------------------------------------------------------


class ProductInput(Sent):
    """Body of PUT product (contract: ProductInput)."""

    title: Text | None = None
    image_url: HttpUrl | None = None
    status: Text | None = None
    external_url_handle: Text | None = None


class VariantInput(Sent):
    """One variant (contract: VariantInput). The sandbox needs its id to tell variants apart."""

    external_variant_id: Id
    external_product_id: Id | None = None
    title: Text | None = None
    image_url: HttpUrl | None = None
    status: Text | None = None
    position: int | None = None


class WrappedVariants(Sent):
    variants: list[VariantInput]


def _which_form(value: Any) -> str:
    return "bare" if isinstance(value, list) else "wrapped"


VariantsBody = Annotated[
    Annotated[list[VariantInput], Tag("bare")] | Annotated[WrappedVariants, Tag("wrapped")],
    Discriminator(_which_form),
]


class Variant(Answer):
    external_variant_id: str


class Product(Answer):
    id: str
    variants: list[Variant]
    created_at: str
    updated_at: str


class ProductResult(Answer):
    product: Product


# --- rewards -------------------------------------------------------------------------------------


class UseReward(Sent):
    coupon_code: Text | None = None


class Reward(Answer):
    """An issued coupon. `source`: redemption, tier_entry, referral_customer, referral_friend."""

    id: str
    coupon_code: str
    status: str
    source: str
    reward_type: str
    discount_value: float | None
    rule_id: str | None
    points: int
    issued_at: str
    used_at: str | None


class RewardResult(Answer):
    reward: Reward


# --- webhook subscriptions -----------------------------------------------------------------------


class WebhookInput(Sent):
    """Body of POST and PUT webhook (contract: WebhookInput)."""

    topic: Topic
    url: HttpUrl


class Webhook(Answer):
    id: str
    topic: Topic
    url: str
    created_at: str
    updated_at: str


class WebhookResult(Answer):
    webhook: Webhook


class WebhookList(Answer):
    webhooks: list[Webhook]


# --- query parameters ----------------------------------------------------------------------------


def _number(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise PydanticCustomError("sandbox", "must not be blank")
    return value


Balance = Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
