"""Coupons by the admin APIs of Medusa, Vendure and Saleor, over real HTTP against small servers that
answer as those shops do (`support.fake_shops` says what was compared with real ones)."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from influence_pipeline.errors import ConfigurationError, StoreError, StoreUncertain
from influence_pipeline.store.coupons.admin_api import AdminApi
from influence_pipeline.store.coupons.interface import (
    Coupon,
    CouponRefused,
    CouponWriter,
    FoundCoupon,
)
from influence_pipeline.store.coupons.medusa import MedusaCouponWriter
from influence_pipeline.store.coupons.saleor import SaleorCouponWriter
from influence_pipeline.store.coupons.vendure import VendureCouponWriter
from influence_pipeline_tests.support.fake_shops import (
    FakeMedusa,
    FakeSaleor,
    FakeShop,
    FakeVendure,
    attempt,
    vendure_error,
)

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
ANNA = Coupon("Anna-1", "1", "percentage", Decimal("12.5"), expires_at=UNTIL)


@dataclass
class Kind:
    """A shop and how it is written to. `writes`: its calls that write, in order; `made`: its
    coupons as it keeps them."""

    fake: type[FakeShop]
    writer: Callable[[str, str], CouponWriter]
    path: str
    writes: tuple[str, ...]
    coupons: str
    look: str = "query"


KINDS = {
    "medusa": Kind(
        FakeMedusa,
        MedusaCouponWriter,
        "",
        ("POST /admin/promotions",),
        "promotions",
        "GET /admin/promotions",
    ),
    "vendure": Kind(
        FakeVendure,
        VendureCouponWriter,
        "/admin-api",
        ("createCustomerGroup", "addCustomersToGroup", "createPromotion"),
        "promotions",
    ),
    "saleor": Kind(
        FakeSaleor,
        SaleorCouponWriter,
        "/graphql",
        ("voucherCreate", "voucherChannelListingUpdate"),
        "vouchers",
    ),
}
EVERY_WRITE = [(name, call) for name, kind in KINDS.items() for call in kind.writes]


@pytest.fixture
def started() -> Iterator[Callable[[str], Any]]:
    running: list[Any] = []

    def start(name: str) -> Any:
        running.append(KINDS[name].fake())
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def medusa(started: Callable[[str], Any]) -> FakeMedusa:
    return started("medusa")  # type: ignore[no-any-return]


@pytest.fixture
def vendure(started: Callable[[str], Any]) -> FakeVendure:
    return started("vendure")  # type: ignore[no-any-return]


@pytest.fixture
def saleor(started: Callable[[str], Any]) -> FakeSaleor:
    return started("saleor")  # type: ignore[no-any-return]


def writer_for(shop: Any, token: str | None = None, **more: Any) -> CouponWriter:
    (kind,) = (kind for kind in KINDS.values() if isinstance(shop, kind.fake))
    return kind.writer(shop.url + kind.path, shop.key if token is None else token, **more)


@pytest.mark.parametrize("name", KINDS)
def test_a_coupon_is_made_once_and_found_again(started: Callable[[str], Any], name: str) -> None:
    shop = started(name)
    writer = writer_for(shop)
    assert attempt(writer, ANNA)
    assert not attempt(writer_for(shop), ANNA)
    assert len(getattr(shop, KINDS[name].coupons)) == 1
    with writer.hold("Anna-1") as desk:
        owner = "1" if writer.abilities.lockable_to_customer else None
        assert desk.find() == FoundCoupon(owner)
    with writer.hold("anna-1") as desk:
        assert (desk.find() is None) is writer.abilities.case_sensitive
    assert writer.holds_codes is False
    writer.close()


@pytest.mark.parametrize(("name", "call"), EVERY_WRITE)
@pytest.mark.parametrize("fault", ["lost", "500", "502", "not json", "nothing done"])
def test_an_uncertain_write_says_so_and_the_next_attempt_makes_no_second_coupon(
    started: Callable[[str], Any], name: str, call: str, fault: str
) -> None:
    shop = started(name)
    if fault == "lost":
        shop.lose_the_reply_of(call)
    elif fault == "nothing done":
        shop.instead(call, 504, b"<html>gateway</html>")
    else:
        status = 200 if fault == "not json" else int(fault)
        shop.instead(call, status, b"<html>oops</html>")
    writer = writer_for(shop)
    with pytest.raises(StoreUncertain) as caught:
        attempt(writer, ANNA)
    assert caught.value.quiet_seconds > 60
    assert "is not known" in str(caught.value)
    # The retry, and the replay after it.
    attempt(writer, ANNA)
    assert not attempt(writer, ANNA)
    (made,) = getattr(shop, KINDS[name].coupons)
    assert made.get("enabled", True)
    assert made.get("channelListings", True)


@pytest.mark.parametrize("name", KINDS)
def test_a_coupon_that_lands_late_is_no_refusal_and_is_not_doubled(
    started: Callable[[str], Any], name: str
) -> None:
    """It comes between this attempt's look and its write."""
    shop = started(name)
    writer = writer_for(shop)
    with writer.hold("Anna-1") as desk:
        assert desk.find() is None
        assert attempt(writer_for(shop), ANNA)
        with pytest.raises(StoreError, match="has the coupon by now"):
            desk.create(ANNA)
    assert not attempt(writer, ANNA)
    assert len(getattr(shop, KINDS[name].coupons)) == 1


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("status", [301, 302, 401, 403, 429])
def test_what_is_answered_before_anything_is_done_is_trouble_and_certain(
    started: Callable[[str], Any], name: str, status: int
) -> None:
    shop = started(name)
    kind = KINDS[name]
    for call in (kind.look, kind.writes[0]):
        shop.instead(call, status, {"message": "no"})
        with pytest.raises(StoreError, match=f"HTTP {status}") as caught:
            attempt(writer_for(shop), ANNA)
        assert not isinstance(caught.value, StoreUncertain)
        assert "INFLUENCE_SHOP_API_" in str(caught.value)
    assert getattr(shop, kind.coupons) == []


@pytest.mark.parametrize("name", KINDS)
def test_a_wrong_token_is_trouble_that_names_the_variable_and_never_the_token(
    started: Callable[[str], Any], name: str
) -> None:
    writer = writer_for(started(name), token="wrong-secret-token")
    with pytest.raises(StoreError, match="INFLUENCE_SHOP_API_TOKEN") as caught:
        attempt(writer, ANNA)
    for shown in (str(caught.value), repr(writer), repr(vars(writer))):
        assert "wrong-secret-token" not in shown


@pytest.mark.parametrize("name", KINDS)
def test_a_shop_where_nothing_listens_is_trouble_and_certain(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    writer = KINDS[name].writer(url, "token")
    with pytest.raises(StoreError, match="nothing listens") as caught, writer.hold("A") as desk:
        desk.create(ANNA)
    assert not isinstance(caught.value, StoreUncertain)


def test_a_call_that_takes_too_long_is_uncertain_only_if_it_writes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        api = AdminApi("Medusa", url, {}, timeout=(1.0, 0.2))
        for writes in (True, False):
            with pytest.raises(StoreError, match="did not reply in time") as caught:
                api.rest("POST", "/admin/promotions", body={}, writes=writes)
            assert isinstance(caught.value, StoreUncertain) is writes
        api.close()


def test_a_token_that_no_header_can_carry_is_a_setting_to_mend() -> None:
    with pytest.raises(ConfigurationError, match="INFLUENCE_SHOP_API_TOKEN") as caught:
        SaleorCouponWriter("http://127.0.0.1:1", "secret\ntoken")
    assert "secret" not in str(caught.value).lower().replace("influence_shop_api_token", "")


def test_a_refusal_is_the_apis_own_word_without_values(medusa: FakeMedusa) -> None:
    with pytest.raises(CouponRefused, match="percentage number between 0 and 100"):
        attempt(writer_for(medusa), replace(ANNA, value=Decimal(150)))
    said = "Customer cus_7 of Anna-1 <anna@example.com> not found"
    medusa.instead("POST /admin/promotions", 404, {"message": said})
    with pytest.raises(CouponRefused) as caught:
        attempt(writer_for(medusa), replace(ANNA, customer_id="cus_7"))
    assert not re.search("cus_7|Anna|anna", str(caught.value))
    assert medusa.promotions == []


@pytest.mark.proves("T11")
@pytest.mark.parametrize(
    ("name", "call"), [*((name, kind.look) for name, kind in KINDS.items()), *EVERY_WRITE]
)
def test_a_shop_that_says_the_code_back_puts_none_into_a_message(
    started: Callable[[str], Any], name: str, call: str
) -> None:
    """A code is money, in whatever letters, at whatever call."""
    shop = started(name)
    said = f"Variable $input got {{code: {ANNA.code}}} or {ANNA.code.upper()}: no"
    content = {"message": said, "errors": [{"message": said, "extensions": {"code": "INVALID"}}]}
    for status in (200, 400) if name != "medusa" else (400,):
        shop.instead(call, status, content)
        with pytest.raises((CouponRefused, StoreError)) as caught:
            attempt(writer_for(shop), ANNA)
        text = f"{caught.value} {caught.value!r}"
        assert "Variable" in text, "the shop's own words"
        assert not re.search("(?i)anna-1", text)


def test_a_lookup_that_is_refused_is_trouble(medusa: FakeMedusa) -> None:
    medusa.instead("GET /admin/promotions", 400, {"message": "Unrecognized fields"})
    with pytest.raises(StoreError, match="Unrecognized fields"):
        attempt(writer_for(medusa), ANNA)
    medusa.instead("GET /admin/promotions", 200, {"something": "else"})
    with pytest.raises(StoreError, match="list of promotions"):
        attempt(writer_for(medusa), ANNA)


def test_medusa_gets_one_promotion_of_each_kind_with_its_limits(medusa: FakeMedusa) -> None:
    writer = writer_for(medusa)
    minimum = {"minimum_spend": Decimal("20.50"), "currency": "EUR"}
    attempt(writer, replace(ANNA, code="M", **minimum))
    attempt(writer, Coupon("F", None, "fixed", Decimal("5.50"), currency="EUR"))
    attempt(writer, Coupon("S", None, "free_shipping", None, currency="EUR"))
    attempt(writer, Coupon("P", None, "product", Decimal(100), product_ids=("prod_1", "prod_2")))
    made = {each["code"]: each for each in medusa.promotions}
    assert made["M"]["limit"] == 1
    assert made["M"]["campaign"] == {
        "name": "Coupon M",
        "campaign_identifier": "coupon-M",
        "ends_at": "2027-01-01T00:00:00+00:00",
    }
    assert [
        (rule["attribute"], rule["operator"], [v["value"] for v in rule["values"]])
        for rule in made["M"]["rules"]
    ] == [
        ("customer.id", "eq", ["1"]),
        ("original_item_total", "gte", ["20.50"]),
        ("currency_code", "eq", ["eur"]),
    ]
    shown = ("type", "target_type", "allocation", "value", "max_quantity", "currency_code")
    methods = {code: each["application_method"] for code, each in made.items()}
    assert {c: tuple(m.get(name) for name in shown) for c, m in methods.items()} == {
        "M": ("percentage", "order", "across", 12.5, None, None),
        "F": ("fixed", "order", "across", 5.5, None, "eur"),
        "S": ("percentage", "shipping_methods", "across", 100, None, None),
        "P": ("percentage", "items", "once", 100, 1, None),
    }
    assert methods["P"]["target_rules"] == [
        {"attribute": "items.product.id", "operator": "in", "values": ["prod_1", "prod_2"]}
    ]


def test_vendure_knows_the_customer_even_if_it_remembered_their_groups(
    vendure: FakeVendure,
) -> None:
    writer = writer_for(vendure)
    attempt(writer, ANNA)
    assert vendure.discounts("Anna-1", "1")
    # From here on the server keeps customer 1's groups in memory.
    attempt(writer, replace(ANNA, code="Anna-2"))
    assert vendure.discounts("Anna-2", "1")
    assert not vendure.discounts("Anna-2", "2")
    assert not vendure.discounts("Anna-2", None)
    # Control: a group written past the API is worth nothing, as in a real shop.
    vendure.groups["9"] = {"name": "by hand", "members": ["1"]}
    vendure.promotions[0]["conditions"][0]["args"][0]["value"] = "9"
    assert not vendure.discounts("Anna-1", "1")


def test_vendure_gets_one_promotion_of_each_kind_with_its_limits(vendure: FakeVendure) -> None:
    writer = writer_for(vendure)
    minimum = {"minimum_spend": Decimal("20.50"), "currency": "EUR"}
    attempt(writer, replace(ANNA, code="M", **minimum))
    attempt(writer, Coupon("F", None, "fixed", Decimal("5.509"), currency="EUR"))
    attempt(writer, Coupon("S", None, "free_shipping", None))
    attempt(writer, Coupon("P", None, "product", Decimal(50), product_ids=("11", "12")))
    made = {each["couponCode"]: each for each in vendure.promotions}
    first = made["M"]
    assert (first["usageLimit"], first["perCustomerUsageLimit"], first["enabled"]) == (1, 1, True)
    assert first["endsAt"] == "2027-01-01T00:00:00+00:00"

    def said(operations: list[Any]) -> list[Any]:
        return [(op["code"], {a["name"]: a["value"] for a in op["args"]}) for op in operations]

    assert said(first["conditions"]) == [
        ("minimum_order_amount", {"amount": "2050", "taxInclusive": "true"}),
        ("customer_group", {"customerGroupId": "1"}),
    ]
    assert [said(made[code]["actions"])[0] for code in "MFSP"] == [
        ("order_percentage_discount", {"discount": "12.5"}),
        # Cut, never rounded up.
        ("order_fixed_discount", {"discount": "550"}),
        ("free_shipping", {}),
        (
            "products_percentage_discount",
            {"discount": "50", "productVariantIds": '["111", "112", "121"]'},
        ),
    ]
    assert made["F"]["conditions"] == []


@pytest.mark.parametrize("fault", ["assignPromotionsToChannel", "updatePromotion"])
@pytest.mark.parametrize("how", ["lost", "not done"])
def test_a_promotion_that_stayed_half_way_is_worth_nothing_and_is_completed(
    vendure: FakeVendure, fault: str, how: str
) -> None:
    vendure.channels += [vendure.channel("2", "eu", "EUR"), vendure.channel("3", "us", "USD")]
    if how == "lost":
        vendure.lose_the_reply_of(fault)
    else:
        vendure.instead(fault, 502, b"")
    writer = writer_for(vendure)
    product = replace(ANNA, kind="product", value=Decimal(50), product_ids=("11",))
    with pytest.raises(StoreUncertain):
        attempt(writer, product)
    done = (fault, how) == ("updatePromotion", "lost")
    assert vendure.discounts("Anna-1", "1", channel="2") is done
    assert attempt(writer, product) is not done
    (promotion,) = vendure.promotions
    assert set(promotion["channels"]) == {"1", "2", "3"}
    assert vendure.discounts("Anna-1", "1", channel="2")
    assert len(vendure.groups) == 1


def test_a_disabled_promotion_of_the_merchant_is_left_as_it_is(vendure: FakeVendure) -> None:
    writer = writer_for(vendure)
    attempt(writer, ANNA)
    vendure.promotions[0]["enabled"] = False
    with pytest.raises(CouponRefused, match="other terms"):
        attempt(writer, replace(ANNA, value=Decimal(99)))
    vendure.promotions[0]["name"] = "Spring sale"
    assert not attempt(writer, ANNA)
    assert vendure.promotions[0]["enabled"] is False


def test_two_promotions_with_one_code_need_a_person(vendure: FakeVendure) -> None:
    attempt(writer_for(vendure), ANNA)
    vendure.promotions.append({**vendure.promotions[0], "couponCode": "ANNA-1"})
    with pytest.raises(CouponRefused, match="2 promotions with this code"):
        attempt(writer_for(vendure), ANNA)


@pytest.mark.parametrize(
    ("promised", "words"),
    [
        (replace(ANNA, code="a,b"), "commas"),
        (replace(ANNA, customer_id="99"), "no such customer"),
        (replace(ANNA, kind="product", value=Decimal(100), product_ids=("11",)), "every unit"),
        (replace(ANNA, kind="product", value=Decimal(9), product_ids=("11", "99")), "products"),
        (replace(ANNA, kind="fixed", value=Decimal(5), currency="USD"), "default channel"),
        (replace(ANNA, value=Decimal(666)), "Vendure says: No such"),
    ],
)
def test_what_vendure_cannot_keep_is_refused_and_nothing_is_left(
    vendure: FakeVendure, promised: Coupon, words: str
) -> None:
    with pytest.raises(CouponRefused, match=words) as caught:
        attempt(writer_for(vendure), promised)
    assert not re.search("Anna|anna@", str(caught.value))
    assert vendure.promotions == []


def test_an_amount_is_valid_only_where_it_is_one_of_the_channels_currency(
    vendure: FakeVendure,
) -> None:
    vendure.channels = [
        vendure.channel("1", "__default_channel__", "USD", "EUR"),
        vendure.channel("2", "eu", "EUR"),
        vendure.channel("3", "us", "USD"),
    ]
    euros = replace(ANNA, kind="fixed", value=Decimal(5), currency="EUR")
    with pytest.raises(CouponRefused, match="Name the channels"):
        attempt(writer_for(vendure), euros)
    assert attempt(writer_for(vendure, channels=["eu", "token-3"]), euros)
    assert vendure.promotions[0]["channels"] == ["1", "2"]


def test_a_channel_that_is_not_there_is_named(vendure: FakeVendure, saleor: FakeSaleor) -> None:
    for shop in (vendure, saleor):
        with pytest.raises(StoreError, match="moon"):
            attempt(writer_for(shop, channels=["moon"]), ANNA)


def test_a_session_that_has_ended_is_opened_anew_once(vendure: FakeVendure) -> None:
    writer = writer_for(vendure, token="coupons:pass:word")
    attempt(writer, ANNA)
    vendure.sessions = []
    assert attempt(writer, replace(ANNA, code="Anna-2"))
    assert vendure.calls.count("login") == 2
    # Control: one that never holds is trouble, not a loop.
    vendure.instead("query", 200, vendure_error("no", "FORBIDDEN"))
    vendure.instead("query", 200, vendure_error("no", "FORBIDDEN"))
    with pytest.raises(StoreError, match="lacks rights"):
        attempt(writer, replace(ANNA, code="Anna-3"))
    assert vendure.calls.count("login") == 3


@pytest.mark.parametrize(
    ("code", "status", "uncertain"),
    [
        ("INTERNAL_SERVER_ERROR", 200, True),
        ("GRAPHQL_VALIDATION_FAILED", 400, False),
        ("CHANNEL_NOT_FOUND", 200, True),
    ],
)
def test_an_error_that_is_not_about_the_coupon_is_trouble(
    vendure: FakeVendure, code: str, status: int, uncertain: bool
) -> None:
    vendure.instead("createPromotion", status, vendure_error("who knows", code))
    with pytest.raises(StoreError, match=code) as caught:
        attempt(writer_for(vendure), ANNA)
    assert isinstance(caught.value, StoreUncertain) is uncertain


def test_saleor_gets_one_voucher_of_each_kind_with_its_limits(saleor: FakeSaleor) -> None:
    writer = writer_for(saleor)
    attempt(writer, ANNA)
    attempt(writer, Coupon("F", None, "fixed", Decimal("5.50"), currency="PLN"))
    attempt(writer, Coupon("M", None, "percentage", Decimal(10), "USD", Decimal("20.00")))
    attempt(writer, Coupon("S", None, "free_shipping", None))
    attempt(writer, Coupon("P", None, "product", Decimal(100), product_ids=("7", "UHJvZHVjdDo4")))
    made = {each["name"]: each for each in saleor.vouchers}
    for each in made.values():
        assert (each["usageLimit"], each["singleUse"]) == (1, True)
    assert made["Anna-1"]["endDate"] == "2027-01-01T00:00:00+00:00"
    shown = ("type", "discountValueType", "applyOncePerOrder")
    assert {name: tuple(v[field] for field in shown) for name, v in made.items()} == {
        "Anna-1": ("ENTIRE_ORDER", "PERCENTAGE", False),
        "F": ("ENTIRE_ORDER", "FIXED", False),
        "M": ("ENTIRE_ORDER", "PERCENTAGE", False),
        "S": ("SHIPPING", "PERCENTAGE", False),
        "P": ("SPECIFIC_PRODUCT", "PERCENTAGE", True),
    }
    us, pl = "Q2hhbm5lbDox", "Q2hhbm5lbDoy"
    assert {name: v["channelListings"] for name, v in made.items()} == {
        "Anna-1": [{"channelId": c, "discountValue": 12.5} for c in (us, pl)],
        "F": [{"channelId": pl, "discountValue": 5.5}],
        "M": [{"channelId": us, "discountValue": 10.0, "minAmountSpent": 20.0}],
        "S": [{"channelId": c, "discountValue": 100} for c in (us, pl)],
        "P": [{"channelId": c, "discountValue": 100.0} for c in (us, pl)],
    }
    assert made["P"]["products"] == ["UHJvZHVjdDo3", "UHJvZHVjdDo4"]


def test_a_voucher_without_channels_is_found_when_it_has_them(saleor: FakeSaleor) -> None:
    saleor.instead("voucherChannelListingUpdate", 502, b"")
    with suppress(StoreUncertain):
        attempt(writer_for(saleor), ANNA)
    assert saleor.vouchers[0]["channelListings"] == []
    with writer_for(saleor).hold("Anna-1") as desk:
        assert desk.find() is None
    with pytest.raises(CouponRefused, match="other terms"):
        attempt(writer_for(saleor), replace(ANNA, kind="fixed", currency="USD"))
    assert attempt(writer_for(saleor), ANNA)
    assert len(saleor.vouchers[0]["channelListings"]) == 2
    # Control: a merchant's own voucher that is listed nowhere is not completed.
    saleor.vouchers[0].update(channelListings=[], name="Spring sale")
    assert not attempt(writer_for(saleor), ANNA)


def test_a_code_of_a_gift_card_is_refused_by_saleor(saleor: FakeSaleor) -> None:
    error = {"field": "codes", "code": "ALREADY_EXISTS", "message": "Promo code already exists."}
    saleor.instead(
        "voucherCreate", 200, {"data": {"voucherCreate": {"voucher": None, "errors": [error]}}}
    )
    with pytest.raises(CouponRefused, match=r"Saleor says: codes: Promo code already exists\."):
        attempt(writer_for(saleor), ANNA)


@pytest.mark.parametrize(
    ("promised", "words"),
    [
        (replace(ANNA, code=" Anna"), "spaces"),
        (replace(ANNA, kind="fixed", currency="CHF"), "no active channel"),
    ],
)
def test_what_saleor_cannot_keep_is_refused(
    saleor: FakeSaleor, promised: Coupon, words: str
) -> None:
    with pytest.raises(CouponRefused, match=words):
        attempt(writer_for(saleor), promised)
    assert saleor.vouchers == []
