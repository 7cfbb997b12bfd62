"""The switches: how the sandbox behaves where the contract leaves the API's behaviour open.

Given at start (`SandboxSettings.switches`) and changed live with `PUT /sandbox/switches`. What goes
wrong on single calls is in `faults`; what points are worth is in `rules`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from influence_pipeline.sandbox.platform.fields import Id, Text, Topic

RetryAfter = Literal["seconds", "date", "none"]
Named = Literal["customer", "product", "variant", "order", "line_item", "discount_code"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,39}$")]


class _Switches(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Key(_Switches):
    """One record by the merchant's own id; a reward by its coupon code."""

    entity: Literal["customer", "order", "product", "reward"]
    id: Id


class WebhookSwitches(_Switches):
    """What the sender of webhooks does wrong, and how it tries again. Drawn from `seed`."""

    drop: float = Field(0.0, ge=0, le=1, description="Share of deliveries never sent.")
    drop_by_topic: dict[Topic, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict,
        description='Other shares for single topics, as {"points/redeemed": 0.01}.',
    )
    duplicate: float = Field(0.0, ge=0, le=1, description="Share of deliveries sent twice.")
    reorder: float = Field(
        0.0, ge=0, le=1, description="Share of deliveries held back so that later ones overtake."
    )
    reorder_ms: int = Field(300, ge=0, description="How long a reordered delivery is held back.")
    delay_ms: int = Field(0, ge=0, description="How long every delivery waits before it is sent.")
    seed: int = Field(1, description="Start of the draw for drop, duplicate and reorder.")
    max_attempts: int = Field(12, ge=1, description="After so many answers other than 2xx: failed.")
    backoff_ms: int = Field(
        200, ge=1, description="Wait before the second attempt; doubles with each further one."
    )
    backoff_max_ms: int = Field(30_000, ge=1, description="Longest wait between two attempts.")
    timeout_ms: int = Field(10_000, ge=1, description="How long an answer is waited for.")


class Switches(_Switches):
    """All switches. The defaults are what the contract takes to be most likely, and no trouble."""

    second_post: Literal["upsert", "conflict", "award_again"] = Field(
        "upsert",
        description=(
            "A second POST of one order id. upsert: treated as an update. conflict: 409. "
            "award_again: each POST is one more copy of the order, and each copy is awarded."
        ),
    )
    refund_repeat: Literal["once", "again"] = Field(
        "once", description="A second change to refunded: deducts nothing, or deducts again."
    )
    award_repeat: Literal["once", "after_refund", "again"] = Field(
        "once",
        description=(
            "A change to an awarding status of an order that was awarded: gives nothing, gives "
            "again after a refund, or gives each time."
        ),
    )
    get_order: bool = Field(
        True, description="Whether GET of an order exists; false answers a gateway's generic 404."
    )
    patch_unknown_order: Literal["refuse", "create"] = Field(
        "refuse", description="A PATCH of an order that is not there: 404, or the order is made."
    )
    order_not_found: Text = Field(
        "Order not found", description="The words of the 404 for an order that is not there."
    )
    order_reply: Literal["order", "empty"] = Field(
        "order",
        description="Whether POST and PATCH of an order show the order, or an empty object.",
    )
    guest_orders: bool = Field(
        True, description="Whether an order without customerId is taken; false answers 400."
    )
    put_customer: Literal["merge", "replace"] = Field(
        "merge", description="Whether fields missing from a PUT customer are kept or cleared."
    )
    variants_body: Literal["wrapped", "bare", "either"] = Field(
        "either", description='Whether variants come as {"variants": [...]}, as a list, or both.'
    )
    names: dict[Named, dict[Name, Name]] = Field(
        default_factory=dict,
        description=(
            "Fields that are called otherwise than the contract guesses, as "
            '{"order": {"totalPrice": "total"}}, in what is sent and in what is answered.'
        ),
    )
    unknown_fields: Literal["keep", "drop", "refuse"] = Field(
        "keep", description="Fields that are not known: kept and shown again, left out, or 400."
    )
    cursor_name: Name = Field(
        "cursor", description="What the cursor is called in a page of customers."
    )
    page_size: int = Field(100, ge=1, le=1000, description="Customers on a page of the list.")
    page_repeats: int = Field(
        0, ge=0, description="How many customers of a page stand on the next one once more."
    )
    page_skips: float = Field(
        0.0, ge=0, le=1, description="Share of customers left out of a page, others each time."
    )
    balance_delay_ms: int = Field(
        0, ge=0, description="How long after a movement of points a GET shows the balance before."
    )
    unique_email: bool = Field(
        False, description="Refuse (400) a customer whose e-mail another customer has."
    )
    redeem_rule_in_event: bool = Field(
        True,
        description=(
            "Whether points/redeemed carries redeemRule. The documented body does not, so its "
            "receiver must know the discount by itself."
        ),
    )
    latency_ms: int = Field(0, ge=0, description="How long every call takes before it is applied.")
    rate_limit: float | None = Field(
        None, gt=0, description="Calls per second let through; the rest get 429. null: no limit."
    )
    rate_limit_burst: int | None = Field(
        None, ge=1, description="Calls let through at once; null: one second's worth."
    )
    rate_limit_lowest: float = Field(
        1.0,
        gt=0,
        le=1,
        description="The limit changes by chance between this share of rate_limit and all of it.",
    )
    rate_limit_every_ms: int = Field(
        1000, ge=1, description="How long one such limit holds before the next is drawn."
    )
    rate_limit_seed: int = Field(1, description="Start of the draw for limits that change.")
    retry_after: RetryAfter = Field(
        "seconds", description="Form of the Retry-After header of a 429."
    )
    rate_limit_headers: bool = Field(
        False, description="Send X-RateLimit-Limit, -Remaining and -Reset with every reply."
    )
    read_after_write_delay_ms: int = Field(
        0,
        ge=0,
        description=(
            "How long a GET (and a PATCH of a new order) still sees the record as it was before "
            "the last write that addressed it."
        ),
    )
    reject: list[Key] = Field(
        default_factory=list, description="Records whose calls are answered 400, applied never."
    )
    webhooks: WebhookSwitches = WebhookSwitches()
