"""The sandbox answers the contract's calls in the contract's shapes, and refuses what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox, order, running


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("contract")) as started:
        yield started


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.good("POST", "/sandbox/reset")
    return process


CONTRACT_CALLS = [
    ("get", "/v1/customers"),
    ("get", "/v1/customers/{customerId}"),
    ("put", "/v1/customers/{customerId}"),
    ("post", "/v1/customers/{customerId}/points"),
    ("post", "/v1/customers/{customerId}/membership/enroll"),
    ("post", "/v1/customers/{customerId}/membership/remove"),
    ("post", "/v1/orders"),
    ("get", "/v1/orders/{orderId}"),
    ("patch", "/v1/orders/{orderId}"),
    ("put", "/v1/products/{productId}"),
    ("post", "/v1/products/{productId}/variants"),
    ("post", "/v1/rewards/{couponCode}/use"),
    ("get", "/v1/webhooks"),
    ("post", "/v1/webhooks"),
    ("get", "/v1/webhooks/{webhookId}"),
    ("put", "/v1/webhooks/{webhookId}"),
    ("delete", "/v1/webhooks/{webhookId}"),
]


# --- key and documents ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "", "wrong", "key-of-the-tests-012345678"])
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/customers/c-1"), ("GET", "/sandbox/ledger")]
)
def test_a_missing_or_wrong_key_is_forbidden(
    sandbox: Sandbox, key: str | None, method: str, path: str
) -> None:
    reply = sandbox.call(method, path, {"email": "a@example.org"}, headers={"x-api-key": key})
    assert (reply.status_code, reply.json()) == (403, {"message": "Forbidden"})
    assert sandbox.rows("SELECT * FROM customers") == []


def test_the_body_of_a_call_without_the_key_is_not_kept(sandbox: Sandbox) -> None:
    sandbox.call("PUT", "/v1/customers/c-1", {"email": "a@b.de"}, headers={"x-api-key": "wrong"})
    (call,) = sandbox.rows("SELECT status, body, body_sha256 FROM calls")
    assert tuple(call) == (403, None, None)


def test_openapi_describes_the_contract_and_the_controls(sandbox: Sandbox) -> None:
    document = sandbox.call("GET", "/openapi.json", headers={"x-api-key": None}).json()
    for method, path in CONTRACT_CALLS:
        assert document["paths"][path][method]["tags"][0] in {
            "Customers",
            "Orders",
            "Products",
            "Rewards",
            "Webhooks",
        }
    assert document["paths"]["/sandbox/switches"]["put"]["tags"] == ["Sandbox controls"]
    assert document["components"]["securitySchemes"]["apiKey"]["name"] == "x-api-key"
    assert "HTTPValidationError" not in str(document)
    assert "financialStatus" in document["components"]["schemas"]["OrderCreate"]["properties"]


def test_the_page_for_humans_shows_ids_and_no_personal_data(sandbox: Sandbox) -> None:
    sandbox.put_customer("<b>c&1</b>", firstName="Personal", email="personal@example.org")
    page = sandbox.call("GET", "/", headers={"x-api-key": None})
    assert page.status_code == 200
    assert "&lt;b&gt;c&amp;1&lt;/b&gt;" in page.text
    assert "personal" not in page.text.lower()
    assert "/redeem" in page.text


def test_an_unknown_path_gets_a_gateways_404(sandbox: Sandbox) -> None:
    assert sandbox.refused(404, "GET", "/v1/nothing") == "Not Found"
    assert sandbox.refused(404, "GET", "/v1/customers/") == "Not Found"


# --- customers -----------------------------------------------------------------------------------


def test_a_customer_comes_back_as_it_was_sent(sandbox: Sandbox) -> None:
    sent = {
        "email": "Ann@Example.org",
        "firstName": "Ann",
        "lastName": "Müller",
        "phone": "+49 30 123",
        "birthdayMonth": 12,
        "birthdayDay": 31,
    }
    customer = sandbox.good("PUT", "/v1/customers/c-1", sent)["customer"]
    assert sent.items() <= customer.items()
    assert customer["externalId"] == "c-1"
    assert customer["id"] != "c-1"
    assert customer["name"] == "Ann Müller"
    assert customer["pointBalance"] == 0
    assert sandbox.good("GET", "/v1/customers/c-1") == {"customer": customer}


def test_unknown_fields_are_kept_and_cannot_change_what_the_sandbox_owns(sandbox: Sandbox) -> None:
    customer = sandbox.put_customer("c-1", favourite="tea", pointBalance=999, id="mine")
    assert customer["favourite"] == "tea"
    assert customer["pointBalance"] == 0
    assert customer["id"] != "mine"


@pytest.mark.parametrize(("switch", "phone"), [("merge", "+49 30 1"), ("replace", None)])
def test_missing_fields_are_kept_or_cleared_as_the_switch_says(
    sandbox: Sandbox, switch: str, phone: str | None
) -> None:
    sandbox.set(put_customer=switch)
    sandbox.put_customer("c-1", phone="+49 30 1")
    assert sandbox.put_customer("c-1", firstName="Ann")["phone"] == phone


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-at-sign"),
        ("email", "a@b"),
        ("email", "a b@example.org"),
        ("email", ""),
        ("email", "  "),
        ("email", None),
        ("email", 5),
        ("firstName", ""),
        ("lastName", None),
        ("phone", 4930),
        ("birthdayMonth", 0),
        ("birthdayMonth", 13),
        ("birthdayMonth", "3"),
        ("birthdayDay", 32),
        ("birthdayDay", 1.5),
    ],
)
def test_a_wrong_customer_field_is_refused_by_name_and_never_repeated(
    sandbox: Sandbox, field: str, value: Any
) -> None:
    message = sandbox.refused(400, "PUT", "/v1/customers/c-1", {field: value})
    assert message.startswith(f"{field}: ")
    if isinstance(value, str) and value.strip():
        assert value not in message
    assert sandbox.refused(404, "GET", "/v1/customers/c-1") == "Customer not found"


def test_one_email_for_two_customers_is_taken_unless_the_switch_forbids_it(
    sandbox: Sandbox,
) -> None:
    sandbox.put_customer("c-1", email="same@example.org")
    sandbox.put_customer("c-2", email="Same@example.org")
    sandbox.set(unique_email=True)
    message = sandbox.refused(400, "PUT", "/v1/customers/c-3", {"email": "SAME@example.org"})
    assert message.startswith("email: ")
    sandbox.put_customer("c-2", email="other@example.org")


IDS = [
    "plain",
    "with space",
    "with/slash",
    "/leading",
    "a//b",
    "per%cent",
    "%2F",
    "plus+plus",
    "ünï—cødé",
    "日本語",
    "q?x=1#frag",
    "semi;colon,comma",
    "quote\"'\\",
    "..",
    "gid://shopify/Customer/1",
]


@pytest.mark.parametrize("record_id", IDS)
def test_any_id_can_stand_url_encoded_in_a_path(sandbox: Sandbox, record_id: str) -> None:
    # Dots are encoded as well: clients remove the path segment "..".
    encoded = quote(record_id, safe="").replace(".", "%2E")
    url = f"{sandbox.url}/v1/customers/"
    customer = _raw(sandbox, "PUT", url + encoded, {"email": "a@example.org"})["customer"]
    assert customer["externalId"] == record_id
    assert _raw(sandbox, "GET", url + encoded)["customer"]["externalId"] == record_id
    given = _raw(sandbox, "POST", f"{url}{encoded}/points", {"points": 5})
    assert given["customer"]["pointBalance"] == 5

    assert sandbox.post_order(record_id, customerId=record_id).status_code == 200
    order_url = f"{sandbox.url}/v1/orders/{encoded}"
    assert _raw(sandbox, "PATCH", order_url, {"email": "x@y.de"})["order"]["id"] == record_id
    (call,) = sandbox.rows("SELECT key FROM calls WHERE method = 'PATCH'")
    assert call["key"] == record_id


def _raw(sandbox: Sandbox, method: str, url: str, body: Any = None) -> Any:
    """Send the url byte for byte, as clients tidy paths up."""
    import requests

    request = requests.Request(method, sandbox.url, json=body)
    prepared = sandbox.session.prepare_request(request)
    prepared.url = url
    reply = sandbox.session.send(prepared, timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    ("encoded", "words"),
    [("%20", "blank"), ("%FF", "UTF-8"), ("a%00b", "control"), ("x" * 256, "255")],
)
def test_an_id_that_is_no_id_is_refused(sandbox: Sandbox, encoded: str, words: str) -> None:
    message = sandbox.refused(400, "PUT", f"/v1/customers/{encoded}", {"email": "a@example.org"})
    assert message.startswith("customerId: ")
    assert words in message


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b'{"email": NaN}', 400),
        (b'{"phone": "\\ud800"}', 400),
        (b'{"n": ' + b"9" * 5001 + b"}", 400),
        (b"[" * 5000 + b"]" * 5000, 400),
        (b'{"x":' + b"[" * 40 + b"]" * 40 + b"}", 400),
        ('{"phone": "ä"}'.encode("utf-16"), 400),
        (b'\xef\xbb\xbf{"phone": "1"}', 400),
        (b'{"phone": "' + b"1" * 7_000_000 + b'"}', 413),
        (b'{"phone": "a\\u0000b"}', 200),
        (b'{"phone": "\\ud83d\\ude00"}', 200),
    ],
    ids=lambda part: repr(part)[:30] if isinstance(part, bytes) else None,
)
def test_a_broken_body_is_refused_with_a_message(
    sandbox: Sandbox, body: bytes, status: int
) -> None:
    reply = sandbox.call(
        "PUT", "/v1/customers/c-1", data=body, headers={"content-type": "application/json"}
    )
    assert reply.status_code == status, reply.text
    if status != 200:
        assert reply.json()["message"]


def test_a_body_that_is_not_called_json_is_refused(sandbox: Sandbox) -> None:
    reply = sandbox.call("PUT", "/v1/customers/c-1", data=b'{"phone": "1"}')
    assert reply.status_code == 415


def test_paging_by_cursor_gives_every_customer_once_and_overrides_other_filters(
    sandbox: Sandbox,
) -> None:
    for number in range(230):
        sandbox.put_customer(f"c-{number}")
    seen: list[str] = []
    page = sandbox.good("GET", "/v1/customers?pointBalanceMax=10")
    pages = 1
    while True:
        seen += [customer["externalId"] for customer in page["customers"]]
        if page["cursor"] is None:
            break
        cursor = quote(page["cursor"], safe="")
        page = sandbox.good("GET", f"/v1/customers?cursor={cursor}&email=nobody@example.org")
        pages += 1
    assert pages == 3
    assert sorted(seen) == sorted(f"c-{number}" for number in range(230))


def test_customers_are_filtered_by_email_balance_and_time(sandbox: Sandbox) -> None:
    sandbox.put_customer("c-1", email="One@example.org")
    sandbox.put_customer("c-2")
    sandbox.good("POST", "/v1/customers/c-2/points", {"points": 50})

    def found(query: str) -> list[str]:
        page = sandbox.good("GET", f"/v1/customers?{query}")
        return [customer["externalId"] for customer in page["customers"]]

    assert found("email=one@EXAMPLE.org") == ["c-1"]
    assert found("pointBalanceMin=50") == ["c-2"]
    assert found("pointBalanceMax=49.5") == ["c-1"]
    assert found("createdAtMin=2000-01-01T00:00:00Z") == ["c-1", "c-2"]
    assert found("createdAtMax=2000-01-01T00:00:00%2B01:00") == []
    assert found("updatedAtMin=9000-01-01T00:00:00Z&lastSeenAtMin=2000-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query",
    ["cursor=nonsense", "cursor=W10=", "pointBalanceMin=-1", "pointBalanceMin=nan", "email=x",
     "createdAtMin=yesterday", "createdAtMin=2020-01-01T00:00:00"],
)  # fmt: skip
def test_a_wrong_filter_is_refused_by_name(sandbox: Sandbox, query: str) -> None:
    name = query.partition("=")[0]
    assert sandbox.refused(400, "GET", f"/v1/customers?{query}").startswith(f"{name}: ")


def test_points_are_given_by_number_or_by_rule(sandbox: Sandbox) -> None:
    sandbox.put_customer("c-1")
    sandbox.good("POST", "/v1/customers/c-1/points", {"points": 7, "action": "Gift"})
    sandbox.good("POST", "/v1/customers/c-1/points", {"earnRuleId": "rule-review"})
    sandbox.good("POST", "/v1/customers/c-1/points", {"earnRuleId": "rule-review", "points": 1})
    assert sandbox.movements("manual") == [7, 25, 1]
    for body in ({}, {"points": 0}, {"points": -1}, {"points": "5"}, {"points": 1.0}):
        assert sandbox.refused(400, "POST", "/v1/customers/c-1/points", body).startswith("points")
    unknown = {"earnRuleId": "rule-none"}
    assert "earnRuleId" in sandbox.refused(400, "POST", "/v1/customers/c-1/points", unknown)
    path = "/v1/customers/nobody/points"
    assert sandbox.refused(404, "POST", path, {"points": 1}) == "Customer not found"


def test_a_customer_is_put_into_a_membership_and_taken_out(sandbox: Sandbox) -> None:
    sandbox.put_customer("c-1")
    path = "/v1/customers/c-1/membership"
    enrolled = sandbox.good("POST", f"{path}/enroll", {"membershipId": "gold"})["customer"]
    assert (enrolled["customerType"], enrolled["membershipId"]) == ("Members", "gold")
    removed = sandbox.good("POST", f"{path}/remove")["customer"]
    assert (removed["customerType"], removed["membershipId"]) == ("Guests", None)
    assert sandbox.good("POST", f"{path}/enroll")["customer"]["customerType"] == "Members"
    message = sandbox.refused(404, "POST", "/v1/customers/nobody/membership/enroll")
    assert message == "Customer not found"


# --- orders --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", " "),
        ("id", 17),
        ("financialStatus", None),
        ("financialStatus", "payed"),
        ("currency", None),
        ("currency", "eur"),
        ("currency", "EURO"),
        ("totalPrice", None),
        ("totalPrice", 19.99),
        ("totalPrice", 20),
        ("totalPrice", "19,99"),
        ("totalPrice", "-1.00"),
        ("totalPrice", "NaN"),
        ("totalPrice", "1e3"),
        ("totalPrice", "١٢"),
        ("subtotalPrice", ""),
        ("email", "nobody"),
        ("createdAt", "today"),
        ("createdAt", "2024-01-01T00:00:00"),
        ("lineItems", {}),
        ("discountCodes", "SAVE"),
    ],
)
def test_a_wrong_order_field_is_refused_by_name(sandbox: Sandbox, field: str, value: Any) -> None:
    sandbox.put_customer("c-1")
    message = sandbox.refused(400, "POST", "/v1/orders", order(**{field: value}) if field != "id"
                              else {k: v for k, v in (order() | {"id": value}).items()
                                    if v is not None})  # fmt: skip
    assert message.startswith(f"{field}: ")
    assert sandbox.rows("SELECT * FROM orders") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"quantity": 0}, "lineItems.0.quantity"),
        ({"quantity": "1"}, "lineItems.0.quantity"),
        ({"price": 5}, "lineItems.0.price"),
        ({"title": ""}, "lineItems.0.title"),
        ({"variantId": None}, "variantId: must not be null"),
    ],
)
def test_a_wrong_line_is_refused_by_place(sandbox: Sandbox, line: Any, words: str) -> None:
    sandbox.put_customer("c-1")
    assert words in sandbox.refused(400, "POST", "/v1/orders", order(lineItems=[line]))


def test_an_order_for_a_customer_who_was_not_sent_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.refused(400, "POST", "/v1/orders", order()).startswith("Unknown customer")
    sandbox.put_customer("c-1")
    assert sandbox.post_order().status_code == 200
    reply = sandbox.patch_order(customerId="c-2")
    assert (reply.status_code, reply.json()["message"][:16]) == (400, "Unknown customer")


def test_a_guests_order_needs_an_email_and_earns_nothing(sandbox: Sandbox) -> None:
    assert sandbox.post_order("o-1", customerId=None).status_code == 200
    message = sandbox.refused(400, "POST", "/v1/orders", order("o-2", customerId=None, email=None))
    assert message.startswith("customerId: ")
    assert sandbox.movements() == []


def test_an_order_is_read_and_changed(sandbox: Sandbox) -> None:
    sandbox.put_customer("c-1")
    sandbox.post_order(financialStatus="pending", orderNumber="#1", note="kept")
    shown = sandbox.good("GET", "/v1/orders/o-1")["order"]
    assert (shown["financialStatus"], shown["orderNumber"], shown["note"]) == (
        "pending", "#1", "kept")  # fmt: skip
    lines = [{"productId": "p", "quantity": 1, "price": "5.00"}]
    assert sandbox.patch_order(financialStatus="paid", lineItems=lines).status_code == 200
    shown = sandbox.good("GET", "/v1/orders/o-1")["order"]
    assert (shown["financialStatus"], shown["orderNumber"], shown["lineItems"]) == (
        "paid", "#1", lines)  # fmt: skip
    assert sandbox.refused(400, "PATCH", "/v1/orders/o-1", {"id": "o-2"}).startswith("id: ")


def test_unknown_orders_are_not_found_in_the_apis_own_words(sandbox: Sandbox) -> None:
    assert sandbox.refused(404, "GET", "/v1/orders/none") == "Order not found"
    assert sandbox.refused(404, "PATCH", "/v1/orders/none", {}) == "Order not found"


def test_without_the_get_order_switch_a_gateway_answers(sandbox: Sandbox) -> None:
    sandbox.put_customer("c-1")
    sandbox.post_order()
    sandbox.set(get_order=False)
    assert sandbox.refused(404, "GET", "/v1/orders/o-1") == "Not Found"


# --- products ------------------------------------------------------------------------------------


def test_a_list_of_variants_replaces_the_whole_list(sandbox: Sandbox) -> None:
    sandbox.good("PUT", "/v1/products/p-1", {"title": "Tea", "status": "active"})
    path = "/v1/products/p-1/variants"
    red, blue = {"externalVariantId": "red", "title": "Red"}, {"externalVariantId": "blue"}
    sandbox.good("POST", path, {"variants": [red, blue]})
    assert sandbox.good("POST", path, [blue])["product"]["variants"] == [blue]
    product = sandbox.good("GET", "/v1/products/p-1")["product"]
    assert (product["title"], product["variants"]) == ("Tea", [blue])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "variants: must not be empty"),
        ({"variants": []}, "variants: must not be empty"),
        ({}, "variants: "),
        ([{"title": "no id"}], "0.externalVariantId"),
        ({"variants": [{"externalVariantId": "a", "title": " "}]}, "variants.0.title"),
        ([{"externalVariantId": "a"}, {"externalVariantId": "a"}], "twice"),
        ([{"externalVariantId": "a", "externalProductId": "p-2"}], "externalProductId"),
    ],
)
def test_an_empty_or_wrong_list_leaves_the_variants_alone(
    sandbox: Sandbox, body: Any, words: str
) -> None:
    sandbox.good("PUT", "/v1/products/p-1", {"title": "Tea"})
    sandbox.good("POST", "/v1/products/p-1/variants", [{"externalVariantId": "red"}])
    assert words in sandbox.refused(400, "POST", "/v1/products/p-1/variants", body)
    product = sandbox.good("GET", "/v1/products/p-1")["product"]
    assert product["variants"] == [{"externalVariantId": "red"}]


@pytest.mark.parametrize(("switch", "taken"), [("wrapped", 1), ("bare", 0), ("either", 2)])
def test_the_form_of_the_variants_is_as_the_switch_says(
    sandbox: Sandbox, switch: str, taken: int
) -> None:
    sandbox.set(variants_body=switch)
    sandbox.good("PUT", "/v1/products/p-1", {"title": "Tea"})
    variants = [{"externalVariantId": "a"}]
    bodies: list[Any] = [variants, {"variants": variants}]
    statuses = [
        sandbox.call("POST", "/v1/products/p-1/variants", body).status_code for body in bodies
    ]
    assert statuses == [[200, 400], [400, 200], [200, 200]][taken]


def test_variants_of_an_unknown_product_are_not_found(sandbox: Sandbox) -> None:
    variants = [{"externalVariantId": "a"}]
    assert sandbox.refused(404, "POST", "/v1/products/p/variants", variants) == "Product not found"


# --- rewards and subscriptions -------------------------------------------------------------------


def test_a_reward_is_used_once(sandbox: Sandbox) -> None:
    sandbox.put_customer("c-1")
    sandbox.good("POST", "/v1/customers/c-1/points", {"points": 100})
    redeemed = sandbox.good("POST", "/sandbox/customers/c-1/redeem", {"ruleId": "rule-5-off"})
    code = redeemed["reward"]["couponCode"]
    path = f"/v1/rewards/{code}/use"
    assert sandbox.refused(400, "POST", path, {"couponCode": "other"}).startswith("couponCode: ")
    assert sandbox.good("POST", path, {"couponCode": code})["reward"]["status"] == "used"
    assert sandbox.refused(409, "POST", path) == "Reward already used"
    assert sandbox.refused(404, "POST", "/v1/rewards/none/use") == "Reward not found"


def test_webhook_subscriptions_are_made_listed_changed_and_removed(sandbox: Sandbox) -> None:
    body = {"topic": "points/redeemed", "url": "http://127.0.0.1:9/hook/secret"}
    made = sandbox.good("POST", "/v1/webhooks", body)["webhook"]
    assert body.items() <= made.items()
    assert sandbox.good("GET", "/v1/webhooks") == {"webhooks": [made]}
    path = f"/v1/webhooks/{made['id']}"
    changed = sandbox.good("PUT", path, body | {"topic": "points/earned"})["webhook"]
    assert (changed["id"], changed["topic"]) == (made["id"], "points/earned")
    assert sandbox.good("GET", path)["webhook"] == changed
    sandbox.good("DELETE", path)
    for method in ("GET", "DELETE"):
        assert sandbox.refused(404, method, path) == "Webhook not found"
    for wrong in ({"topic": "points/lost"}, {"url": "ftp://x/y"}, {"url": "http://"}):
        field = next(iter(wrong))
        message = sandbox.refused(400, "POST", "/v1/webhooks", body | wrong)
        assert message.startswith(f"{field}: ")


def test_reset_empties_everything(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.put_customer("c-1")
    sandbox.post_order()
    sandbox.set(second_post="conflict")
    sandbox.fault("error_before", times=None)
    sandbox.good("POST", "/sandbox/reset")
    assert sandbox.good("GET", "/sandbox/ledger") == {
        "customers": [], "orders": [], "products": [], "rewards": [], "referrals": [],
        "movements": [],
    }  # fmt: skip
    assert sandbox.good("GET", "/sandbox/switches")["second_post"] == "upsert"
    assert sandbox.good("GET", "/sandbox/faults")["faults"] == []
    sandbox.put_customer("c-1")
    assert len(sandbox.rows("SELECT * FROM calls")) == 1
