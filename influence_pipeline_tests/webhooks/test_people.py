"""Whom a body names, in whatever form, and what is left of it without them."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from influence_pipeline.state.erased import Identities
from influence_pipeline.state.name_hashes import plain_email
from influence_pipeline.webhooks import events
from influence_pipeline.webhooks.people import people_in, rest_without
from influence_pipeline_tests.webhooks.builders import customer, encoded, redemption, referral

EMAIL = "Ädä.Example@example.test"
GONE = Identities(frozenset(["1"]), frozenset(["inf-1"]), frozenset([plain_email(EMAIL)]))


def named(topic: str | None, body: Any) -> bool:
    raw = body if isinstance(body, bytes) else encoded(body)
    return any(person.is_among(GONE) for person in people_in(topic, raw))


NOBODY = referral(2, friendCustomer=None)


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("customers/updated", customer(1)),
        ("customers/updated", customer(1, externalId=None)),
        ("customers/updated", customer(7, externalId=None, email=EMAIL)),
        ("points/redeemed", redemption(1)),
        ("referrals/started", {**NOBODY, "friendEmail": EMAIL}),
        ("referrals/started", {**NOBODY, "friendEmail": unicodedata.normalize("NFD", EMAIL.upper())}),
        ("referrals/started", {**NOBODY, "friend": {"contact": [f" {EMAIL} "]}}),
        ("referrals/started", {**NOBODY, "referrer": {"externalId": "1"}}),
        ("points/earned", {"id": "e", "customer": customer(2), "note": f"A gift for {EMAIL}, 7 May"}),
        ("points/earned", {"id": "e", "customer": customer(2), "given": {"email": EMAIL, "id": 9}}),
        ("points/earned", encoded({"email": EMAIL})[:-1]),
        ("points/earned", json.dumps({"email": EMAIL}, ensure_ascii=False).encode("utf-16")),
        ("points/earned", json.dumps({"email": EMAIL}, ensure_ascii=False).encode("utf-16-be")),
        ("points/earned", json.dumps({"email": EMAIL}, ensure_ascii=False).encode("latin-1")),
        ("points/earned", b'{"email": "\\u00c4d\\u00e4.example\\u0040example.test", '),
        ("unknown", b"email=%C3%84d%C3%A4.example%40example.test&x=1"),
        (None, b'[{"externalId" : 1}]'),
        (None, b'[{"id": "inf-1"}]'),
    ],
)  # fmt: skip
def test_a_person_is_found_however_they_are_named(topic: str | None, body: Any) -> None:
    assert named(topic, body)


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("customers/updated", customer(2)),
        # An account decides: this one has, or had, the same e-mail.
        ("customers/updated", customer(2, email=EMAIL)),
        ("customers/updated", customer(2, id="inf-1")),
        ("referrals/completed", referral(2, friendEmail=EMAIL)),
        # An order's number is no customer's.
        ("points/earned", {"id": "e", "customer": customer(2), "order": {"externalId": "1"}}),
        ("points/earned", b""),
    ],
)
def test_somebody_else_is_not_taken_for_them(topic: str, body: Any) -> None:
    assert not named(topic, body)


def test_a_long_text_without_any_border_is_read_at_once() -> None:
    assert not named(None, b"a" * 200_000)
    assert not named(None, b"@" * 200_000)


def test_without_the_friend_the_referrers_coupon_is_left() -> None:
    body = referral(2, friendCustomer=customer(1), friendName="Ada Example", about=EMAIL)
    left = rest_without("referrals/completed", encoded(body), GONE)
    assert left is not None
    event = events.read("referrals/completed", left).event
    assert event is not None
    assert event.id == "ref-2"
    assert event.friend is None
    assert event.member == events.read("referrals/completed", encoded(body)).event.member  # type: ignore[union-attr]
    assert events.coupon_codes(event) == {"GIVER-2"}
    assert b"Ada Example" not in left.replace(encoded(customer(2)["name"]), b"")


def test_without_the_referrer_the_friends_coupon_is_left() -> None:
    body = referral(1, friendCustomer=customer(2))
    left = rest_without("referrals/completed", encoded(body), GONE)
    assert left is not None
    event = events.read("referrals/completed", left).event
    assert event is not None
    assert event.member is None
    assert events.coupon_codes(event) == {"FRIEND-1"}


def test_of_an_event_of_their_own_nothing_is_left() -> None:
    assert rest_without("points/redeemed", encoded(redemption(1)), GONE) is None
    assert rest_without("customers/updated", encoded(customer(1)), GONE) is None


def test_an_email_in_somebody_elses_redemption_is_taken_out_and_the_worth_stays() -> None:
    body = {
        **redemption(2),
        "gift": {"to": EMAIL},
        "points": -500.5,
        "redeemRule": {"discountValue": 5.25},
    }
    left = rest_without("points/redeemed", encoded(body), GONE)
    assert left is not None
    content = events.read("points/redeemed", left).event.body  # type: ignore[union-attr]
    assert content["gift"] == {"to": None}
    assert events.decimal_number(content["redeemRule"]["discountValue"]) == events.decimal_number(
        "5.25"
    )
    assert content["couponCode"] == body["couponCode"]
