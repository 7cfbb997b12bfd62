"""What is sent, as pydantic models with the contract's field names, and how a record becomes one.

Where the contract could not find a name, the working names of this project stand here; a merchant
who knows better overrides them in one place (`[api_names]` in influence.toml), see `Names`.
Unknown values are omitted and blanks are never sent, because merge or replace is not known
(contract: Customers). A record that cannot be mapped raises RecordError; it is parked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from influence_pipeline.platform_api.money import AmountError, format_amount
from influence_pipeline.records import FinancialStatus

_MAX_TEXT = 100_000
# More than any line of an order has; guards against numbers like 1e5000.
_MOST_PIECES = 10**9
_MOST_DIGITS = 1000
# NUL, which Postgres's json lets through and its text does not, and halves of surrogate pairs.
_UNSENDABLE = re.compile(r"[\x00\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")


class RecordError(Exception):
    """A record that cannot be told to the API: which column, and why. Holds no value of it."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"column {column}: {reason}")
        self.column = column


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True)


class CustomerBody(_Payload):
    """Body of PUT /v1/customers/{customerId}."""

    email: str
    name: str | None = None
    firstName: str | None = None  # noqa: N815  (the contract's names)
    lastName: str | None = None  # noqa: N815
    phone: str | None = None
    birthdayMonth: int | None = None  # noqa: N815
    birthdayDay: int | None = None  # noqa: N815


class VariantBody(_Payload):
    """One item of POST /v1/products/{productId}/variants."""

    externalVariantId: str  # noqa: N815
    externalProductId: str  # noqa: N815
    title: str | None = None
    imageUrl: str | None = None  # noqa: N815
    status: str | None = None
    position: int | None = None


class ProductBody(_Payload):
    """Body of PUT /v1/products/{productId}."""

    title: str
    imageUrl: str | None = None  # noqa: N815
    status: str | None = None
    externalUrlHandle: str | None = None  # noqa: N815


class LineItemBody(_Payload):
    productId: str | None = None  # noqa: N815
    variantId: str | None = None  # noqa: N815
    title: str | None = None
    quantity: int | float
    price: str | None = None


class DiscountCodeBody(_Payload):
    code: str
    amount: str | None = None


class OrderBody(_Payload):
    """Body of POST /v1/orders; PATCH sends the same without `id` and `createdAt`."""

    id: str
    orderNumber: str | None = None  # noqa: N815
    customerId: str | None = None  # noqa: N815
    email: str | None = None
    currency: str
    subtotalPrice: str | None = None  # noqa: N815
    totalPrice: str  # noqa: N815
    financialStatus: FinancialStatus  # noqa: N815
    createdAt: str  # noqa: N815
    lineItems: tuple[LineItemBody, ...] = ()  # noqa: N815
    discountCodes: tuple[DiscountCodeBody, ...] = ()  # noqa: N815


class Names:
    """Field names as the account at hand calls them: `overrides` maps ours to theirs, per model."""

    MODELS: Mapping[str, type[_Payload]] = {
        "customer": CustomerBody,
        "product": ProductBody,
        "variant": VariantBody,
        "order": OrderBody,
        "line_item": LineItemBody,
        "discount_code": DiscountCodeBody,
    }

    def __init__(self, overrides: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._overrides = {
            model: dict((overrides or {}).get(name, {})) for name, model in self.MODELS.items()
        }

    def unknown(self) -> list[str]:
        """Give overrides of names that no payload has, as "order.totlPrice"."""
        words = {model: word for word, model in self.MODELS.items()}
        return [
            f"{words[model]}.{ours}"
            for model, names in self._overrides.items()
            for ours in names
            if ours not in model.model_fields
        ]

    def of(self, model: type[_Payload], field: str) -> str:
        """Give the account's name of one of our fields."""
        return self._overrides[model].get(field, field)

    def dump(self, payload: _Payload, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Give the payload as JSON values under the account's names, unknown values omitted."""
        names = self._overrides[type(payload)]
        return {
            names.get(field, field): [self.dump(item) for item in value]
            if type(value) is tuple
            else value
            for field, value in payload.__dict__.items()
            if value is not None and field not in leave_out
        }


def encode(values: Any) -> bytes:
    """Write JSON values as the bytes that are sent: compact, UTF-8."""
    return to_json(values)


def customer_body(row: Mapping[str, Any]) -> CustomerBody:
    """Make a customer's body from canonical values. Raises RecordError."""
    first, last = _text(row, "first_name"), _text(row, "last_name")
    email = _email(row)
    if email is None:
        raise RecordError("email", "it is empty; a customer is enrolled by e-mail")
    birthday = _birthday(row)
    return CustomerBody(
        email=email,
        name=" ".join(part for part in (first, last) if part) or None,
        firstName=first,
        lastName=last,
        phone=_text(row, "phone"),
        birthdayMonth=birthday.month if birthday else None,
        birthdayDay=birthday.day if birthday else None,
    )


def product_body(row: Mapping[str, Any]) -> ProductBody:
    """Make a product's body from canonical values. Raises RecordError."""
    title = _text(row, "title")
    if title is None:
        raise RecordError("title", "it is empty")
    return ProductBody(
        title=title,
        imageUrl=_text(row, "image_url"),
        status=_text(row, "status"),
        externalUrlHandle=_text(row, "url"),
    )


def variant_bodies(row: Mapping[str, Any]) -> tuple[VariantBody, ...]:
    """Make the whole list of a product's variants. Raises RecordError."""
    product_id = str(row["id"])
    bodies = []
    for index, item in enumerate(_items(row, "variants")):
        variant_id = _text(item, "id", of="variants")
        if variant_id is None:
            raise RecordError("variants", "a variant has no id")
        bodies.append(
            VariantBody(
                externalVariantId=variant_id,
                externalProductId=product_id,
                title=_text(item, "title", of="variants"),
                imageUrl=_text(item, "image_url", of="variants"),
                status=_text(item, "status", of="variants"),
                position=_position(item, index),
            )
        )
    return tuple(bodies)


def order_body(row: Mapping[str, Any]) -> OrderBody:
    """Make an order's body, with its real financial status, from canonical values.

    Raises RecordError. Discount codes stay exactly as issued: referrals hang on them.
    """
    currency = (_text(row, "currency") or "").upper()
    total = _amount(row, "total", currency)
    if total is None:
        raise RecordError("total", "it is empty")
    status = _text(row, "financial_status")
    try:
        financial_status = FinancialStatus(status or "")
    except ValueError:
        raise RecordError(
            "financial_status", f"it is none of {', '.join(FinancialStatus)}"
        ) from None
    return OrderBody(
        id=str(row["id"]),
        orderNumber=_text(row, "number"),
        customerId=_text(row, "customer_id"),
        email=_email_of_order(row),
        currency=currency,
        subtotalPrice=_amount(row, "subtotal", currency),
        totalPrice=total,
        financialStatus=financial_status,
        createdAt=_moment(row, "created_at"),
        lineItems=tuple(_line_item(item, currency) for item in _items(row, "line_items")),
        discountCodes=tuple(_discount_code(i, currency) for i in _items(row, "discount_codes")),
    )


def _email_of_order(row: Mapping[str, Any]) -> str | None:
    """Read an order's e-mail; one that is none counts as unknown where the customer is known."""
    try:
        return _email(row)
    except RecordError:
        if _text(row, "customer_id") is None:
            raise
        return None


def _line_item(item: Any, currency: str) -> LineItemBody:
    quantity = _number(item, "quantity", of="line_items")
    if quantity is None or abs(quantity) >= _MOST_PIECES:
        raise RecordError("line_items", "a line's quantity is missing, or no quantity of anything")
    return LineItemBody(
        productId=_text(item, "product_id", of="line_items"),
        variantId=_text(item, "variant_id", of="line_items"),
        title=_text(item, "title", of="line_items"),
        # Goods by weight have a fraction; it is no money, so a float will do.
        quantity=int(quantity) if quantity == quantity.to_integral_value() else float(quantity),
        price=_amount(item, "unit_price", currency, of="line_items"),
    )


def _discount_code(item: Any, currency: str) -> DiscountCodeBody:
    if isinstance(item, str):
        item = {"code": item}
    code = item.get("code")
    if not isinstance(code, str) or not code:
        raise RecordError("discount_codes", "an entry has no code")
    if _UNSENDABLE.search(code):
        raise RecordError("discount_codes", "a code holds characters that no text may hold")
    return DiscountCodeBody(
        code=code, amount=_amount(item, "amount", currency, of="discount_codes")
    )


def _items(row: Mapping[str, Any], column: str) -> list[Any]:
    value = row.get(column)
    if value is None:
        return []
    texts = column == "discount_codes"
    if not isinstance(value, list) or not all(
        isinstance(item, dict) or (texts and isinstance(item, str)) for item in value
    ):
        what = "texts or objects" if texts else "objects"
        raise RecordError(column, f"it is not a JSON array of {what}")
    return value


def _text(row: Mapping[str, Any], column: str, of: str | None = None) -> str | None:
    value = row.get(column)
    if value is None:
        return None
    if type(value) is not str:
        value = _as_text(value, column, of)
    text: str = value.strip()
    if _UNSENDABLE.search(text):
        raise RecordError(
            of or column, f"{_named(column, of)} holds characters that no text may hold"
        )
    if len(text) > _MAX_TEXT:
        raise RecordError(
            of or column, f"{_named(column, of)} is longer than {_MAX_TEXT:,} characters"
        )
    return text or None


def _as_text(value: Any, column: str, of: str | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | Decimal):
        raise RecordError(of or column, f"{_named(column, of)} is not a text")
    if isinstance(value, Decimal) and not -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS:
        raise RecordError(of or column, f"{_named(column, of)} is no number of anything")
    return str(value)


def _named(column: str, of: str | None) -> str:
    """In a message that names a column already, "it"; inside a JSON array, the item's own key."""
    return column if of else "it"


def _email(row: Mapping[str, Any]) -> str | None:
    text = _text(row, "email")
    if text is None:
        return None
    # Lower-cased here and nowhere else (contract: Customers).
    text = text.lower()
    if not _EMAIL.fullmatch(text) or len(text) > 320:
        raise RecordError("email", "it is not an e-mail address")
    return text


def _number(row: Mapping[str, Any], column: str, of: str | None = None) -> Decimal | None:
    value = row.get(column)
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise RecordError(of or column, f"{_named(column, of)} is not a number") from None
    if not number.is_finite():
        raise RecordError(of or column, f"{_named(column, of)} is NaN or infinity")
    return number


def _amount(
    row: Mapping[str, Any], column: str, currency: str, of: str | None = None
) -> str | None:
    number = _number(row, column, of)
    if number is None:
        return None
    try:
        return format_amount(number, currency)
    except AmountError as error:
        where = "currency" if "currency" in str(error) else (of or column)
        raise RecordError(where, str(error)) from None


def _position(item: Mapping[str, Any], index: int) -> int:
    number = _number(item, "position", of="variants")
    return index if number is None or abs(number) >= _MOST_PIECES else int(number)


def _birthday(row: Mapping[str, Any]) -> date | None:
    """Read a birthday. One that is no date (free text, 29 February 1990) counts as unknown: no
    customer stays out of the program for it."""
    text = _text(row, "birthday")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _moment(row: Mapping[str, Any], column: str) -> str:
    text = _text(row, column)
    if text is None:
        raise RecordError(column, "it is empty")
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RecordError(column, "it is not a moment of the years 1 to 9999") from None
    return moment.isoformat().replace("+00:00", "Z")
