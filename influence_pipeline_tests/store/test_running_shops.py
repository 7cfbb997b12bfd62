"""Coupons in real shops that run: Medusa 2.21.2 and Vendure 3.7.3 from npm, on databases that they
made themselves. Skipped, with the reason, where there is no node, no npm registry or no such
database. Saleor cannot be had this way; its writer was never tried on a running one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from influence_pipeline.errors import StoreError, StoreUncertain
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.coupons.interface import (
    Coupon,
    CouponRefused,
    CouponWriter,
    FoundCoupon,
)
from influence_pipeline.store.coupons.medusa import MedusaCouponWriter
from influence_pipeline.store.coupons.vendure import VendureCouponWriter
from influence_pipeline_tests.support import databases
from influence_pipeline_tests.support.fake_shops import FakeGraphQL, FakeShop, attempt
from influence_pipeline_tests.support.running_shops import (
    RunningMedusa,
    RunningShop,
    RunningVendure,
)

pytestmark = pytest.mark.slow

WRITERS: dict[type[RunningShop], Callable[[str, str], CouponWriter]] = {
    RunningMedusa: MedusaCouponWriter,
    RunningVendure: VendureCouponWriter,
}


@pytest.fixture(scope="module", params=WRITERS, ids=lambda kind: kind.__name__)
def shop(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Any]:
    name = request.param.__name__.removeprefix("Running").lower()
    template = real_store_template(name)
    with databases.throw_away_database(postgres, template) as url:
        running = request.param(tmp_path_factory.mktemp(name), url)
        running.install()
        with running.running():
            yield running


def standing_between(shop: Any) -> Any:
    """Start what stands between a writer and the shop: it hands calls on, but may lose a reply, or
    keep a call back until `land`, when its caller has given up."""
    base: type[FakeShop] = FakeGraphQL if isinstance(shop, RunningVendure) else FakeShop

    class Forwarding(base):  # type: ignore[misc, valid-type]
        late: tuple[str, ...] = ()
        kept: tuple[Any, ...] = ()
        token: str | None = None

        def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Any:
            if self.name_of(method, path, body) in self.late:
                self.kept = (method, path, headers, body)
                return 504, b"gateway"
            reply = self._send(method, path, headers, body)
            self.token = reply.headers.get("vendure-auth-token")
            return reply.status_code, reply.content

        def land(self) -> None:
            self._send(*self.kept)

        def _send(self, method: str, path: str, headers: dict[str, str], body: Any) -> Any:
            kept = {n: v for n, v in headers.items() if n in ("authorization", "content-type")}
            url = shop.url + path
            return requests.request(method, url, json=body, headers=kept, timeout=60)

        def reply_headers(self, content: Any) -> dict[str, str]:
            return {"vendure-auth-token": self.token} if self.token else {}

    return Forwarding()


@pytest.fixture
def between(shop: Any) -> Iterator[Any]:
    made = standing_between(shop)
    yield made
    made.close()


def writer_for(shop: Any, url: str | None = None) -> CouponWriter:
    return WRITERS[type(shop)]((url or shop.url) + shop.admin_path, shop.token)


def coupon_for(shop: Any, code: str) -> Coupon:
    until = datetime.now(UTC) + timedelta(days=30)
    return Coupon(code, shop.alice, "percentage", Decimal(15), expires_at=until)


def test_a_coupon_is_good_for_its_customer_once_and_for_nobody_else(shop: Any) -> None:
    assert attempt(writer_for(shop), coupon_for(shop, "First"))
    everybody = ("alice@example.com", "bob@example.com", None)
    saved = [shop.saved(email, "First") for email in everybody]
    assert saved[0] > 0
    assert saved[1:] == [0, 0]
    # The server knows the customer's groups by now; a new coupon is worth something all the same.
    assert attempt(writer_for(shop), coupon_for(shop, "Second"))
    assert shop.saved("alice@example.com", "Second", order=True) == saved[0]
    assert shop.saved("alice@example.com", "Second") in (0, "COUPON_CODE_LIMIT_ERROR")
    assert not attempt(writer_for(shop), coupon_for(shop, "Second"))
    assert shop.coupons("Second") == 1


def test_a_coupon_that_has_ended_is_worth_nothing(shop: Any) -> None:
    ended = replace(coupon_for(shop, "Ended"), expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    attempt(writer_for(shop), ended)
    assert shop.saved("alice@example.com", "Ended") in (0, "COUPON_CODE_EXPIRED_ERROR")


def test_what_is_found_is_what_was_made_in_the_shops_own_case(shop: Any) -> None:
    writer = writer_for(shop)
    attempt(writer, coupon_for(shop, "Mixed-Case"))
    with writer.hold("mixed-case") as desk:
        found = desk.find()
    assert found == (None if writer.abilities.case_sensitive else FoundCoupon(shop.alice))


def test_a_refusal_leaves_nothing(shop: Any) -> None:
    wrong = replace(coupon_for(shop, "Wrong"), customer_id="99999", value=Decimal(150))
    with pytest.raises(CouponRefused):
        attempt(writer_for(shop), wrong)
    assert shop.coupons("Wrong") == 0


# Vendure's database has two channels, so that its coupons take all of these.
WRITES = {
    RunningMedusa: ("POST /admin/promotions",),
    RunningVendure: (
        "createCustomerGroup",
        "addCustomersToGroup",
        "createPromotion",
        "assignPromotionsToChannel",
        "updatePromotion",
    ),
}
CREATE = {RunningMedusa: "POST /admin/promotions", RunningVendure: "createPromotion"}


def test_a_lost_reply_makes_no_second_coupon(shop: Any, between: Any) -> None:
    for call in WRITES[type(shop)]:
        coupon = coupon_for(shop, f"Lost {call}")
        between.lose_the_reply_of(call)
        with pytest.raises(StoreUncertain):
            attempt(writer_for(shop, between.url), coupon)
        # It is found or completed, and found from then on.
        attempt(writer_for(shop, between.url), coupon)
        assert not attempt(writer_for(shop, between.url), coupon)
        assert shop.coupons(coupon.code) == 1
        assert shop.saved("alice@example.com", coupon.code) > 0


def test_a_write_that_lands_late_is_waited_for(shop: Any, between: Any) -> None:
    between.late = (CREATE[type(shop)],)
    with pytest.raises(StoreUncertain):
        attempt(writer_for(shop, between.url), coupon_for(shop, "Late"))
    between.land()
    attempt(writer_for(shop), coupon_for(shop, "Late"))
    assert not attempt(writer_for(shop), coupon_for(shop, "Late"))
    assert shop.coupons("Late") == 1
    # Control: who does not wait gets two in Vendure, which has no unique index, and is told so.
    with pytest.raises(StoreUncertain):
        attempt(writer_for(shop, between.url), coupon_for(shop, "Early"))
    assert attempt(writer_for(shop), coupon_for(shop, "Early"))
    between.land()
    if isinstance(shop, RunningVendure):
        assert shop.coupons("Early") == 2
        with pytest.raises(CouponRefused, match="2 promotions"):
            attempt(writer_for(shop), coupon_for(shop, "Early"))
    else:
        assert shop.coupons("Early") == 1


def test_a_wrong_token_is_trouble(shop: Any) -> None:
    writer = WRITERS[type(shop)](shop.url + shop.admin_path, "sk_wrong")
    with pytest.raises(StoreError, match="INFLUENCE_SHOP_API_TOKEN"):
        attempt(writer, coupon_for(shop, "Never"))
