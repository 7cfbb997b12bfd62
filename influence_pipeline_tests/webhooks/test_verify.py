"""Nobody gets a coupon whom the API does not know, and nobody is turned away by a wrong answer."""

from __future__ import annotations

from typing import Any

import pytest

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.settings import Coupons, load_settings
from influence_pipeline.webhooks.context import handler_context
from influence_pipeline_tests.webhooks.builders import customer, redemption, referral
from influence_pipeline_tests.webhooks.conftest import (
    TOML,
    UNVERIFIED,
    Desk,
    Directory,
    make_context,
)
from influence_pipeline_tests.webhooks.test_handlers import reason


def verified(desk: Desk, api: SingleCalls) -> None:
    desk.context = make_context(desk.store, api=api)


def test_a_customer_that_the_api_knows_gets_the_coupon(
    desk: Desk, directory: Directory, api: SingleCalls
) -> None:
    directory.customers["1"] = "inf-1"
    verified(desk, api)
    desk.deliver("points/redeemed", redemption())
    assert desk.work().coupons == 1
    assert [call[:2] for call in directory.requests] == [("GET", "/v1/customers/1")]


@pytest.mark.parametrize(
    ("known", "forged", "why"),
    [
        pytest.param({}, customer(), "does not know the event's customer", id="unknown customer"),
        pytest.param({"1": "inf-2"}, customer(), "under another id than", id="another's id"),
        pytest.param(
            {"1": "inf-1"}, customer(externalId=None), "both of its customer's", id="no external id"
        ),
        pytest.param(
            {"1": "inf-1"}, {"externalId": "1"}, "both of its customer's", id="no id of Influence's"
        ),
        pytest.param({"1": "inf-1"}, None, "both of its customer's ids", id="no customer"),
        pytest.param({"1": "inf-1"}, customer(externalId=".."), "no customer can have", id="dots"),
        pytest.param(
            {"1": "inf-1"}, customer(externalId="../orders/1"), "does not know", id="a path"
        ),
    ],
)
def test_a_forged_redemption_gets_no_coupon_and_the_reason_says_what_to_do(
    desk: Desk,
    directory: Directory,
    api: SingleCalls,
    known: dict[str, str],
    forged: Any,
    why: str,
) -> None:
    directory.customers = known
    unlocked = Coupons(lookup="l", create="c", without_customer="issue")
    desk.context = make_context(desk.store, api=api, terms={"coupons": unlocked})
    stored = desk.deliver("points/redeemed", redemption(customer=forged))
    for _ in range(3):
        desk.work()
        desk.due_now()
    assert reason(desk, stored) == ("parked", "not_verified")
    said = str(desk.event(stored).line.reason)
    assert why in said
    assert "change INFLUENCE_WEBHOOK_TOKEN" in said
    assert desk.store.codes() == []
    assert desk.rows("SELECT 1 FROM coupon") == []


def test_control_without_verification_the_forged_redemption_is_paid(desk: Desk) -> None:
    desk.deliver("points/redeemed", redemption())
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


def test_a_forged_referral_gets_no_coupon_either(
    desk: Desk, directory: Directory, api: SingleCalls
) -> None:
    unlocked = Coupons(lookup="l", create="c", without_customer="issue")
    desk.context = make_context(desk.store, api=api, terms={"coupons": unlocked})
    desk.deliver("referrals/started", referral(friendCustomer=None))
    desk.work()
    assert desk.store.codes() == []


@pytest.mark.parametrize("status", [500, 503, 429, 401, 302])
def test_an_api_that_cannot_be_asked_is_waited_for_and_nobody_believed_meanwhile(
    desk: Desk, directory: Directory, api: SingleCalls, status: int
) -> None:
    directory.answer = lambda method, path, body: (status, {"message": "later"})
    verified(desk, api)
    stored = desk.deliver("points/redeemed", redemption())
    worked = desk.work()
    assert worked.count("retried") == 1
    assert worked.troubles
    assert reason(desk, stored) == ("new", "api_away")
    assert desk.store.codes() == []
    directory.answer = lambda method, path, body: (200, {"customer": {"id": "inf-1"}})
    desk.due_now()
    desk.work()
    assert desk.store.codes() == ["LOYAL-0001"]


def test_a_customer_that_is_not_found_is_asked_for_again_before_the_event_is_parked(
    desk: Desk, directory: Directory, api: SingleCalls
) -> None:
    verified(desk, api)
    stored = desk.deliver("points/redeemed", redemption())
    worked = desk.work()
    assert (reason(desk, stored), worked.troubles) == (("new", "not_verified"), set())
    ((wait,),) = desk.rows("SELECT extract(epoch FROM next_at - now()) FROM inbox")
    assert float(wait) > 1.5
    directory.customers["1"] = "inf-1"
    desk.due_now()
    assert desk.work().coupons == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((404, b"<html>no route</html>"), id="a gateway's 404"),
        pytest.param((404, {"message": "Not Found"}), id="a 404 about nothing"),
        pytest.param((400, {"message": "Bad request"}), id="400"),
        pytest.param((422, {"message": "unprocessable"}), id="422"),
        pytest.param((204, b""), id="204"),
        pytest.param((200, b""), id="an empty reply"),
        pytest.param((200, {}), id="an empty object"),
        pytest.param((200, []), id="a list"),
        pytest.param((200, {"customer": None}), id="no customer in it"),
        pytest.param((200, {"message": "not found"}), id="a message"),
        pytest.param(
            (200, {"customer": {"id": "inf-1", "externalId": "2"}}), id="another customer"
        ),
    ],
)
def test_what_is_no_answer_about_the_customer_neither_proves_nor_parks(
    desk: Desk, directory: Directory, api: SingleCalls, answer: tuple[int, Any]
) -> None:
    verified(desk, api)
    stored = desk.deliver("points/redeemed", redemption())
    directory.answer = lambda method, path, body: answer
    for _ in range(4):
        desk.work()
        assert reason(desk, stored) == ("new", "api_away")
        desk.due_now()
    assert desk.store.codes() == []
    directory.answer = directory._customer
    directory.customers["1"] = "inf-1"
    assert desk.work().coupons == 1


def test_no_reason_names_the_customer(desk: Desk, directory: Directory, api: SingleCalls) -> None:
    verified(desk, api)
    unknown = redemption(1, customer=customer(externalId="ada@example.test"))
    other = redemption(2, customer=customer(externalId="bob@example.test"))
    directory.customers["bob%40example.test"] = "inf-9"
    stored = [desk.deliver("points/redeemed", body) for body in (unknown, other)]
    for _ in range(3):
        desk.work()
        desk.due_now()
    for one in stored:
        line = desk.event(one).line
        assert (line.state, line.reason_code) == ("parked", "not_verified")
        assert "example.test" not in str(line.reason)


def test_without_an_api_key_no_coupon_is_made_unless_the_merchant_says_so(
    state_url: str, toml: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = {"state_url": state_url, "coupon_url": state_url, "config": toml}
    with pytest.raises(ConfigurationError, match="INFLUENCE_API_KEY"):
        handler_context(load_settings(**chosen))
    toml.write_text(UNVERIFIED)
    context = handler_context(load_settings(**chosen))
    assert (context.api, "can mint coupons" in " ".join(context.notes)) == (None, True)
    context.close()
    toml.write_text(TOML.replace("[coupons]", "[webhooks]").split("lookup =")[0])
    handler_context(load_settings(**chosen)).close()


def known_before(desk: Desk, **changes: Any) -> None:
    """An earlier event told of the member."""
    desk.deliver("customers/updated", customer(updatedAt="2026-04-30T00:00:00Z", **changes))
    assert desk.work().count("done") == 1


@pytest.mark.parametrize(
    ("api_says", "paid"),
    [
        pytest.param({"pointBalance": 900, "updatedAt": "2026-04-30T00:00:00Z"}, False, id="same"),
        pytest.param({"pointBalance": 400, "updatedAt": "2026-04-30T00:00:00Z"}, True, id="less"),
        pytest.param({"pointBalance": 900, "updatedAt": "2026-05-02T00:00:00Z"}, True, id="later"),
        pytest.param({"pointBalance": 900}, True, id="no time"),
        pytest.param({"updatedAt": "2026-04-30T00:00:00Z"}, True, id="no balance"),
        pytest.param({}, True, id="neither"),
    ],
)
def test_a_redemption_of_which_the_api_shows_no_trace_is_not_paid(
    desk: Desk, directory: Directory, api: SingleCalls, api_says: dict[str, Any], paid: bool
) -> None:
    verified(desk, api)
    known_before(desk, pointBalance=900)
    directory.answer = lambda method, path, body: (200, {"customer": {"id": "inf-1", **api_says}})
    stored = desk.deliver("points/redeemed", redemption())
    for _ in range(3):
        desk.work()
        desk.due_now()
    expected = ("done", None) if paid else ("parked", "not_verified")
    assert reason(desk, stored) == expected
    assert paid or "as many points as before the event" in str(desk.event(stored).line.reason)
    assert desk.store.codes() == (["LOYAL-0001"] if paid else [])


def test_points_that_the_api_shows_a_moment_later_are_believed_then(
    desk: Desk, directory: Directory, api: SingleCalls
) -> None:
    verified(desk, api)
    known_before(desk, pointBalance=900)
    shown = {"id": "inf-1", "pointBalance": 900, "updatedAt": "2026-04-30T00:00:00Z"}
    directory.answer = lambda method, path, body: (200, {"customer": shown})
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    assert reason(desk, stored) == ("new", "not_verified")
    shown["pointBalance"] = 400
    desk.due_now()
    assert desk.work().coupons == 1


def test_what_an_event_of_the_same_moment_told_is_no_state_from_before(
    desk: Desk, directory: Directory, api: SingleCalls
) -> None:
    """customers/updated of the same change may come first, with the balance after it."""
    verified(desk, api)
    at = redemption()["customer"]["updatedAt"]
    desk.deliver("customers/updated", customer(pointBalance=400, updatedAt=at))
    desk.work()
    shown = {"id": "inf-1", "pointBalance": 400, "updatedAt": at}
    directory.answer = lambda method, path, body: (200, {"customer": shown})
    desk.deliver("points/redeemed", redemption())
    assert desk.work().coupons == 1
