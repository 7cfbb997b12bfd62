"""What a field may be called: the names to try, and what a refusal says about names.

Validators write a field's name in quotes, before a colon, or under a key of its own; a bare word in
a sentence may be English and counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

# Names that this project would try in turn, most likely first, by model and by our own name.
CANDIDATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "customer": {
        "email": ("emailAddress", "email_address"),
        "name": ("fullName", "full_name", "displayName"),
        "firstName": ("first_name", "firstname", "givenName"),
        "lastName": ("last_name", "lastname", "familyName"),
        "phone": ("phoneNumber", "phone_number"),
        "birthdayMonth": ("birthday_month", "birthMonth"),
        "birthdayDay": ("birthday_day", "birthDay"),
    },
    "product": {
        "title": ("name", "productTitle"),
        "imageUrl": ("image_url", "image", "imageURL"),
        "status": ("state",),
        "externalUrlHandle": ("handle", "url", "urlHandle", "external_url_handle"),
    },
    "variant": {
        "externalVariantId": ("id", "variantId", "externalId", "external_variant_id"),
        "externalProductId": ("productId", "external_product_id"),
        "title": ("name",),
        "imageUrl": ("image_url", "image"),
        "status": ("state",),
        "position": ("index",),
    },
    "order": {
        "id": ("externalId", "orderId", "externalOrderId", "external_id", "order_id"),
        "orderNumber": ("number", "orderName", "name", "order_number"),
        "customerId": ("externalCustomerId", "customer_id", "customerExternalId"),
        "email": ("customerEmail", "customer_email"),
        "currency": ("currencyCode", "currency_code"),
        "subtotalPrice": ("subtotal", "subTotal", "subtotal_price", "subtotalAmount"),
        "totalPrice": ("total", "totalAmount", "total_price", "amount", "orderTotal"),
        "financialStatus": ("financial_status", "status", "paymentStatus"),
        "createdAt": ("created_at", "orderDate", "placedAt", "externalCreatedAt"),
        "lineItems": ("items", "line_items", "products"),
        "discountCodes": ("discount_codes", "coupons", "couponCodes"),
    },
    "line_item": {
        "productId": ("externalProductId", "product_id"),
        "variantId": ("externalVariantId", "variant_id"),
        "title": ("name",),
        "quantity": ("qty",),
        "price": ("unitPrice", "unit_price", "amount"),
    },
    "discount_code": {
        "code": ("couponCode", "discountCode"),
        "amount": ("value", "discountAmount"),
    },
}
# Fields without which a record says nothing; they are renamed, never left out.
NEEDED: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"email"}),
    "product": frozenset({"title"}),
    "variant": frozenset({"externalVariantId"}),
    "order": frozenset({"id", "customerId", "currency", "totalPrice", "financialStatus"}),
    "line_item": frozenset({"quantity"}),
    "discount_code": frozenset({"code"}),
}

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,39}"
_PATH = rf"{_NAME}(?:(?:\.|\[)\w{{1,30}}\]?){{0,4}}"
_QUOTED = re.compile(rf"[\"'`]({_PATH})[\"'`]", re.ASCII)
_BEFORE_COLON = re.compile(rf"(?:^|[;,.|]\s*|body\.)({_PATH})\s*:", re.ASCII)
_AFTER_FIELD = re.compile(rf"(?i:\b(?:field|property|parameter|attribute))\s+({_PATH})", re.ASCII)
# Keys under which validators put a field's name.
_KEYS = frozenset(
    {"field", "fields", "path", "param", "property", "propertyname", "key", "keys", "loc", "name"}
    | {"target", "pointer", "instancepath", "missingproperty", "additionalproperty"}
)
# Keys whose objects are named after fields.
_BY_FIELD = frozenset({"errors", "fielderrors", "details", "validation", "fields"})
_DEEPEST = 6
# Steps of a path that name the body or the record, not a field.
_AROUND = frozenset({"body", "data", "order", "customer", "product", "requestbody", "input"})
# Words that stand where a name could: "field required", "property is missing".
_ENGLISH = frozenset({"required", "is", "must", "missing", "not", "invalid", "should", "of", "was"})
_UNKNOWN = re.compile(
    r"(?i)unknown|unexpected|unrecogni[sz]ed|not (a )?(known|allowed|permitted)|additional|extra"
)


Path = tuple[str, ...]


def names_in(body: Any) -> list[Path]:
    """Give the fields a refusal speaks of, in its order, as paths: ("lineItems", "price")."""
    found: dict[Path, None] = {}
    for path in _paths(body, 0):
        steps = tuple(s for s in re.split(r"[./\[\]]+", path) if s and not s.isdecimal())
        while steps and steps[0].lower() in _AROUND:
            steps = steps[1:]
        if (
            steps
            and steps[-1].lower() not in _ENGLISH
            and all(re.fullmatch(_NAME, step, re.ASCII) for step in steps)
        ):
            found.setdefault(steps)
    return list(found)


def _paths(value: Any, depth: int, key: str = "") -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if key in _KEYS:
            yield value
        else:
            for pattern in (_QUOTED, _BEFORE_COLON, _AFTER_FIELD):
                yield from (match[1] for match in pattern.finditer(value[:4000]))
    elif isinstance(value, list):
        steps = key in {"path", "loc"} and all(
            isinstance(one, str | int | Decimal) for one in value
        )
        if steps:
            yield ".".join(str(one) for one in value)
        else:
            for one in value[:50]:
                yield from _paths(one, depth + 1, key if isinstance(one, str) else "")
    elif isinstance(value, dict):
        for name, part in list(value.items())[:50]:
            if key in _BY_FIELD and not isinstance(part, Mapping):
                yield str(name)
            yield from _paths(part, depth + 1, str(name).lower().replace("_", ""))


def _text(value: Any, depth: int = 0) -> str:
    """All words of a body, to be searched."""
    if isinstance(value, str):
        return value[:4000]
    if depth > _DEEPEST:
        return ""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return " ".join(_text(part, depth + 1) for part in list(parts)[:50])


def renamed(
    model: str,
    body: Any,
    names: Mapping[str, str],
    tried: Mapping[str, set[str]],
    inside: str | None = None,
) -> dict[str, str | None]:
    """Tell from a refusal which fields of `model` to call otherwise; None: to leave it out.

    `names`: what each of our fields is called now. `tried`: what was refused before. `inside`: the
    list whose items these are; a name without a path counts for them if no order has it. A
    complaint about a value renames nothing.
    """
    told = [path[-1] for path in names_in(body) if _is_about(path, inside)]
    unknown = _UNKNOWN.search(_text(body)) is not None
    in_use = set(names.values())
    result: dict[str, str | None] = {}
    for ours, others in CANDIDATES[model].items():
        now = names.get(ours)
        if now is None:
            continue
        fresh = [
            one for one in (ours, *others) if one not in in_use and one not in tried.get(ours, ())
        ]
        asked_for = next((one for one in told if one in fresh), None)
        if asked_for is not None:
            result[ours] = asked_for
            in_use.add(asked_for)
        elif unknown and now in told:
            result[ours] = fresh[0] if fresh else None
            in_use |= set(fresh[:1])
    needed = NEEDED[model]
    return {ours: to for ours, to in result.items() if to is not None or ours not in needed}


def _is_about(path: Path, inside: str | None) -> bool:
    if len(path) > 1:
        return inside is not None and path[-2] == inside
    return inside is None or path[0] not in _OF_ORDERS


_OF_ORDERS = frozenset(CANDIDATES["order"]).union(*CANDIDATES["order"].values())


def same(sent: Any, shown: Any) -> bool:
    """Tell whether a value came back: amounts and telephone numbers may be written otherwise."""
    if isinstance(sent, bool) or isinstance(shown, bool) or shown is None:
        return sent is shown
    if sent == shown:
        return True
    try:
        return Decimal(str(sent)) == Decimal(str(shown))
    except InvalidOperation:
        return str(sent).strip().lower() == str(shown).strip().lower()


def fields_of(body: Any, *containers: str) -> dict[str, Any]:
    """Give the record in a reply: under one of these names, or the body itself if it looks like a
    record and not like a mere "done"."""
    if not isinstance(body, dict):
        return {}
    for name in containers:
        if isinstance(body.get(name), dict):
            return dict(body[name])
    return dict(body) if _OF_RECORDS & set(body) else {}


_OF_RECORDS = frozenset({"id", "externalId", "external_id", "email", "title", "financialStatus"})


def shown_as(sent: Any, name: str, record: Mapping[str, Any]) -> str | None:
    """Give the name under which a value came back, by preference its own; None: it did not."""
    if name in record and same(sent, record[name]):
        return name
    if isinstance(sent, int | float) or len(str(sent)) < 4:
        return None  # too short a value to be known again
    return next((str(key) for key, value in record.items() if same(sent, value)), None)
