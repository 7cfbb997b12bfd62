"""The contract's endpoints: customers, orders, products, rewards (platform-api.openapi.yaml).

Thin: a path, the models, one transaction, the record as it is afterwards. What a call does is told
by the modules named after the records; subscriptions are in `webhooks_api`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response

from influence_pipeline.sandbox.platform import customers, enrolment, models, orders, products
from influence_pipeline.sandbox.platform import rewards as reward_book
from influence_pipeline.sandbox.platform.desk import Desk
from influence_pipeline.sandbox.platform.fields import Email, Moment, PathId
from influence_pipeline.sandbox.platform.ledger import Call, Change, in_words
from influence_pipeline.sandbox.platform.recent import Read, Record
from influence_pipeline.sandbox.platform.refusal import Refused, not_found

router = APIRouter()

_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": models.Error, "description": "A field is wrong; the message names it"},
    403: {"model": models.Error, "description": "The key is missing or wrong"},
    429: {"model": models.Error, "description": "Too many calls"},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": models.Error, "description": "No record has that id"}
}

CustomerId = Annotated[
    PathId, Path(alias="customerId", description="Your own customer id, URL-encoded.")
]
OrderId = Annotated[PathId, Path(alias="orderId", description="Your own order id, URL-encoded.")]
ProductId = Annotated[
    PathId, Path(alias="productId", description="Your own product id, URL-encoded.")
]
CouponCode = Annotated[
    PathId, Path(alias="couponCode", description="The code exactly as received, URL-encoded.")
]


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def call_of(request: Request) -> Call:
    """The call as the gate has taken it in."""
    call: Call = request.scope["state"]["call"]
    return call


def answer(shown: models.Answer) -> Response:
    return Response(shown.to_json(), media_type="application/json")


@contextmanager
def _writing(request: Request, read: Read[Record], key: str) -> Iterator[Change]:
    """One transaction that writes a record, together with the call's row in the ledger."""
    desk = desk_of(request)
    with desk.recent.writing(read, key, desk.switches.read_after_write_delay_ms):
        with desk.change(call_of(request)) as change:
            yield change


def _customer_result(request: Request, customer_id: str) -> Response:
    customer = customers.read(desk_of(request).ledger, customer_id)
    if customer is None:
        raise not_found("Customer")
    return answer(models.CustomerResult(customer=customer))


# --- customers -----------------------------------------------------------------------------------


@router.get(
    "/v1/customers",
    tags=["Customers"],
    operation_id="listCustomers",
    summary="List customers, one page at a time",
    response_model=models.CustomerPage,
    responses=_REFUSALS,
)
async def list_customers(
    request: Request,
    email: Annotated[Email | None, Query()] = None,
    cursor: Annotated[str | None, Query(description="From the page before.")] = None,
    point_balance_min: Annotated[models.Balance | None, Query(alias="pointBalanceMin")] = None,
    point_balance_max: Annotated[models.Balance | None, Query(alias="pointBalanceMax")] = None,
    created_at_min: Annotated[Moment | None, Query(alias="createdAtMin")] = None,
    created_at_max: Annotated[Moment | None, Query(alias="createdAtMax")] = None,
    updated_at_min: Annotated[Moment | None, Query(alias="updatedAtMin")] = None,
    updated_at_max: Annotated[Moment | None, Query(alias="updatedAtMax")] = None,
    last_seen_at_min: Annotated[Moment | None, Query(alias="lastSeenAtMin")] = None,
    last_seen_at_max: Annotated[Moment | None, Query(alias="lastSeenAtMax")] = None,
) -> Response:
    """A sent cursor overrides every other parameter. Filters compare exactly and inclusively."""
    filters = {
        "email": customers.lower(email),
        "balance_min": point_balance_min,
        "balance_max": point_balance_max,
        "created_min": _moment(created_at_min),
        "created_max": _moment(created_at_max),
        "updated_min": _moment(updated_at_min),
        "updated_max": _moment(updated_at_max),
        "seen_min": _moment(last_seen_at_min),
        "seen_max": _moment(last_seen_at_max),
    }
    desk = desk_of(request)
    found, next_cursor = customers.page(desk.ledger, desk.switches, filters, cursor)
    page = {"customers": found, desk.switches.cursor_name: next_cursor}
    return answer(models.CustomerPage.model_validate(page))


def _moment(value: str | None) -> str | None:
    """A time in the form the ledger keeps, so that text compares as time."""
    if value is None:
        return None
    try:
        return in_words(datetime.fromisoformat(value))
    except OverflowError:
        raise Refused(400, "the time is out of range") from None


@router.get(
    "/v1/customers/{customerId}",
    tags=["Customers"],
    operation_id="getCustomer",
    summary="Read one customer by your own id",
    response_model=models.CustomerResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def get_customer(request: Request, customer_id: CustomerId) -> Response:
    desk = desk_of(request)
    customer = desk.recent.read(customers.read, customer_id)
    if customer is None:
        raise not_found("Customer")
    if desk.switches.balance_delay_ms:
        before = customers.balance_before(
            desk.ledger, customer_id, desk.switches.balance_delay_ms / 1000
        )
        customer = customer.model_copy(update={"point_balance": before})
    return answer(models.CustomerResult(customer=customer))


@router.put(
    "/v1/customers/{customerId}",
    tags=["Customers"],
    operation_id="upsertCustomer",
    summary="Create or update a customer under your own id",
    response_model=models.CustomerResult,
    responses=_REFUSALS,
)
async def put_customer(
    request: Request, customer_id: CustomerId, sent: models.CustomerInput
) -> Response:
    """Missing fields are kept or cleared (switch `put_customer`); unknown ones are kept."""
    with _writing(request, customers.read, customer_id) as change:
        enrolment.put(change, customer_id, sent)
    return _customer_result(request, customer_id)


@router.post(
    "/v1/customers/{customerId}/points",
    tags=["Customers"],
    operation_id="awardPoints",
    summary="Give points to a customer",
    response_model=models.CustomerResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def award_points(
    request: Request, customer_id: CustomerId, sent: models.AwardPoints
) -> Response:
    """Not idempotent: two calls are two awards."""
    with _writing(request, customers.read, customer_id) as change:
        enrolment.give_points(change, customer_id, sent.points, sent.earn_rule_id, sent.action)
    return _customer_result(request, customer_id)


@router.post(
    "/v1/customers/{customerId}/membership/enroll",
    tags=["Customers"],
    operation_id="enrollMembership",
    summary="Put a customer into a membership",
    response_model=models.CustomerResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def enroll(
    request: Request, customer_id: CustomerId, sent: models.Membership | None = None
) -> Response:
    with _writing(request, customers.read, customer_id) as change:
        membership_id = sent.membership_id if sent else None
        enrolment.set_membership(change, customer_id, "Members", membership_id)
    return _customer_result(request, customer_id)


@router.post(
    "/v1/customers/{customerId}/membership/remove",
    tags=["Customers"],
    operation_id="removeMembership",
    summary="Take a customer out of their membership",
    response_model=models.CustomerResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def remove(request: Request, customer_id: CustomerId) -> Response:
    with _writing(request, customers.read, customer_id) as change:
        enrolment.set_membership(change, customer_id, "Guests", None)
    return _customer_result(request, customer_id)


# --- orders --------------------------------------------------------------------------------------


def _order_result(request: Request, order_id: str) -> Response:
    desk = desk_of(request)
    order = orders.read(desk.ledger, order_id)
    if order is None:
        raise orders.order_not_found(desk.switches)
    if desk.switches.order_reply == "empty":
        return answer(models.Nothing())
    return answer(models.OrderResult(order=order))


@router.post(
    "/v1/orders",
    tags=["Orders"],
    operation_id="createOrder",
    summary="Create an order",
    response_model=models.OrderResult,
    responses=_REFUSALS | {409: {"model": models.Error, "description": "The order exists"}},
)
async def create_order(request: Request, sent: models.OrderCreate) -> Response:
    """The customer must be there first. A second POST of one id: switch `second_post`."""
    with _writing(request, orders.read, sent.id) as change:
        orders.create(change, sent, call_of(request).body or b"")
    return _order_result(request, sent.id)


@router.get(
    "/v1/orders/{orderId}",
    tags=["Orders"],
    operation_id="getOrder",
    summary="Read one order by your own id",
    response_model=models.OrderResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def get_order(request: Request, order_id: OrderId) -> Response:
    """With switch `get_order` off there is no such endpoint: a gateway's 404."""
    desk = desk_of(request)
    if not desk.switches.get_order:
        raise Refused(404, "Not Found")
    order = desk.recent.read(orders.read, order_id)
    if order is None:
        raise orders.order_not_found(desk.switches)
    return answer(models.OrderResult(order=order))


@router.patch(
    "/v1/orders/{orderId}",
    tags=["Orders"],
    operation_id="updateOrder",
    summary="Change an order",
    response_model=models.OrderResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def update_order(request: Request, order_id: OrderId, sent: models.OrderUpdate) -> Response:
    """Awards once, `refunded` takes back once; or as `award_repeat` and `refund_repeat` say."""
    desk = desk_of(request)
    absent = desk.recent.read(orders.read, order_id) is None
    if absent and desk.switches.patch_unknown_order == "refuse":
        raise orders.order_not_found(desk.switches)
    with _writing(request, orders.read, order_id) as change:
        orders.update(change, order_id, sent, call_of(request).body or b"")
    return _order_result(request, order_id)


# --- products ------------------------------------------------------------------------------------


def _product_result(request: Request, product_id: str) -> Response:
    product = products.read(desk_of(request).ledger, product_id)
    if product is None:
        raise not_found("Product")
    return answer(models.ProductResult(product=product))


@router.put(
    "/v1/products/{productId}",
    tags=["Products"],
    operation_id="upsertProduct",
    summary="Create or update a product",
    response_model=models.ProductResult,
    responses=_REFUSALS,
)
async def put_product(
    request: Request, product_id: ProductId, sent: models.ProductInput
) -> Response:
    with _writing(request, products.read, product_id) as change:
        products.put(change, product_id, sent)
    return _product_result(request, product_id)


@router.get(
    "/v1/products/{productId}",
    tags=["Products"],
    operation_id="getProduct",
    summary="Read one product with its variants (not in the contract)",
    response_model=models.ProductResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def get_product(request: Request, product_id: ProductId) -> Response:
    """For comparing; the vendor's pages show no such endpoint."""
    product = desk_of(request).recent.read(products.read, product_id)
    if product is None:
        raise not_found("Product")
    return answer(models.ProductResult(product=product))


@router.post(
    "/v1/products/{productId}/variants",
    tags=["Products"],
    operation_id="replaceVariants",
    summary="Set the whole list of a product's variants",
    response_model=models.ProductResult,
    responses=_REFUSALS | _NOT_FOUND,
)
async def replace_variants(
    request: Request,
    product_id: ProductId,
    sent: Annotated[models.VariantsBody, Body()],
) -> Response:
    """Variants missing from the list are deleted. Its form: switch `variants_body`."""
    form = "bare" if isinstance(sent, list) else "wrapped"
    wanted = desk_of(request).switches.variants_body
    if wanted not in (form, "either"):
        shape = "a list of variants" if wanted == "bare" else 'an object {"variants": [...]}'
        raise Refused(400, f"variants: the body must be {shape}")
    variants = sent if isinstance(sent, list) else sent.variants
    with _writing(request, products.read, product_id) as change:
        products.replace_variants(change, product_id, variants)
    return _product_result(request, product_id)


# --- rewards -------------------------------------------------------------------------------------


@router.post(
    "/v1/rewards/{couponCode}/use",
    tags=["Rewards"],
    operation_id="markRewardUsed",
    summary="Mark an issued reward as used",
    response_model=models.RewardResult,
    responses=_REFUSALS
    | _NOT_FOUND
    | {409: {"model": models.Error, "description": "The reward was used before"}},
)
async def use_reward(
    request: Request, coupon_code: CouponCode, sent: models.UseReward | None = None
) -> Response:
    with desk_of(request).change(call_of(request)) as change:
        reward = reward_book.use(change, coupon_code, sent.coupon_code if sent else None)
    return answer(models.RewardResult(reward=reward))
