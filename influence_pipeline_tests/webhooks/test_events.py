"""Reading a delivery: the contract's de-duplication keys, and bodies nobody should ever send."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influence_pipeline.webhooks.events import Topic, Unusable, identifier, moment, read
from influence_pipeline_tests.webhooks.builders import customer, encoded, redemption, referral


def key(topic: str, body: Any) -> str:
    return read(topic, encoded(body)).key


@pytest.mark.parametrize(
    ("topic", "body", "expected"),
    [
        ("customers/updated", customer(), "customers/updated|inf-1|2026-05-01T10:00:00Z"),
        (
            "customers/tier_changed",
            {"customer": customer(), "newTier": {"id": "gold", "title": "Gold"}},
            "customers/tier_changed|inf-1|gold|2026-05-01T10:00:00Z",
        ),
        ("points/earned", {"id": "e1", "customer": customer()}, "points/earned|e1"),
        ("points/redeemed", redemption(), "points/redeemed|red-1"),
        ("referrals/started", referral(), "referrals/started|ref-1"),
        ("referrals/completed", referral(), "referrals/completed|ref-1"),
        (
            "customers/tier_entry_reward_earned",
            {"id": "r1", "couponCode": "A"},
            "customers/tier_entry_reward_earned|r1",
        ),
    ],
)
def test_the_key_is_the_one_of_the_contract(topic: str, body: Any, expected: str) -> None:
    reading = read(topic, encoded(body))
    assert reading.key == expected
    assert reading.event is not None


def test_a_tier_reward_without_an_id_is_known_by_its_code_which_the_key_does_not_show() -> None:
    topic = "customers/tier_entry_reward_earned"
    one = key(topic, {"couponCode": "SECRET-1", "x": 1})
    assert one == key(topic, {"couponCode": "SECRET-1", "x": 2})
    assert one != key(topic, {"couponCode": "SECRET-2", "x": 1})
    assert "SECRET" not in one
    assert key(topic, {"x": 1}) != key(topic, {"x": 2})


def test_two_ids_never_run_together_into_the_key_of_another_pair() -> None:
    def tier(customer_id: str, tier_id: str) -> str:
        body = {"customer": customer(id=customer_id), "newTier": {"id": tier_id}}
        return key("customers/tier_changed", body)

    assert tier("a|b", "c") != tier("a", "b|c")


def test_a_customer_without_a_time_is_told_apart_by_the_whole_body() -> None:
    one = customer(updatedAt=None)
    assert key("customers/updated", one) != key("customers/updated", one | {"pointBalance": 1})


def test_two_changes_on_one_day_are_two_events_where_the_time_is_only_a_date() -> None:
    one = customer(updatedAt="2026-05-01")
    assert key("customers/updated", one) != key("customers/updated", one | {"pointBalance": 1})
    assert key("customers/updated", one) == key("customers/updated", one)


def test_numbers_are_exact_and_ids_may_be_numbers() -> None:
    reading = read("points/earned", b'{"id": 12, "points": 0.1, "customer": {"id": 7.0}}')
    assert reading.key == "points/earned|12"
    assert reading.event is not None
    assert reading.event.body["points"] == Decimal("0.1")
    assert reading.event.member is not None
    assert reading.event.member.id == "7"


def test_no_personal_field_leaves_the_body() -> None:
    event = read("points/redeemed", encoded(redemption())).event
    assert event is not None
    assert "Ada" not in repr(event.member)
    assert "@" not in repr(event.member)


def test_the_new_tier_of_the_event_wins_over_the_tier_beside_it() -> None:
    body = {"customer": customer(), "oldTier": None, "newTier": {"id": "gold", "title": "Gold"}}
    event = read("customers/tier_changed", encoded(body)).event
    assert event is not None
    assert event.member is not None
    assert (event.member.tier_id, event.member.tier_title) == ("gold", "Gold")


# Bodies that no JSON parser of the world agrees about, or that break a naive one.
HOSTILE: dict[str, tuple[bytes, Unusable]] = {
    "empty": (b"", Unusable.NOT_JSON),
    "blank": (b" \n\t", Unusable.NOT_JSON),
    "not JSON": (b"id=1&topic=x", Unusable.NOT_JSON),
    "broken off": (b'{"id": "a', Unusable.NOT_JSON),
    "two objects": (b'{"id":"a"}{"id":"b"}', Unusable.NOT_JSON),
    "NaN": (b'{"id":"a","points":NaN}', Unusable.NOT_JSON),
    "infinity": (b'{"id":"a","points":-Infinity}', Unusable.NOT_JSON),
    "a name twice": (b'{"id":"a","id":"b"}', Unusable.NOT_JSON),
    "a name twice, deep": (b'{"id":"a","c":[{"x":1,"x":2}]}', Unusable.NOT_JSON),
    "200,000 brackets": (b"[" * 200_000, Unusable.NOT_JSON),
    "100,000 objects": (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, Unusable.NOT_JSON),
    "UTF-16": ('{"id":"a"}'.encode("utf-16"), Unusable.NOT_JSON),
    "UTF-16 without BOM": ('{"id":"a"}'.encode("utf-16-le"), Unusable.NOT_JSON),
    "UTF-32": ('{"id":"a"}'.encode("utf-32"), Unusable.NOT_JSON),
    "Latin-1": ('{"id":"é"}'.encode("latin-1"), Unusable.NOT_JSON),
    "raw NUL": (b'{"id":"a\x00"}', Unusable.NOT_JSON),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", Unusable.NOT_JSON),
    "a list": (b'[{"id":"a"}]', Unusable.NOT_AN_OBJECT),
    "a string": (b'"a"', Unusable.NOT_AN_OBJECT),
    "null": (b"null", Unusable.NOT_AN_OBJECT),
    "neither id nor code": (b'{"points":1}', Unusable.NO_ID),
    "absurd exponent in the id": (b'{"id":1e999999999999}', Unusable.NO_ID),
    "no id and a code too long": (b'{"couponCode":"' + b"A" * 5000 + b'"}', Unusable.NO_ID),
    "id null": (b'{"id":null}', Unusable.NO_ID),
    "id empty": (b'{"id":""}', Unusable.NO_ID),
    "id blank": (b'{"id":"  "}', Unusable.NO_ID),
    "id true": (b'{"id":true}', Unusable.NO_ID),
    "id a list": (b'{"id":["a"]}', Unusable.NO_ID),
    "id a fraction": (b'{"id":1.5}', Unusable.NO_ID),
    "id too long": (b'{"id":"' + b"a" * 5000 + b'"}', Unusable.NO_ID),
    "NUL in the id": (b'{"id":"a\\u0000b"}', Unusable.NO_ID),
    "lone surrogate in the id": (b'{"id":"a\\ud800"}', Unusable.NO_ID),
    "newline in the id": (b'{"id":"a\\nb"}', Unusable.NO_ID),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_quarantined_with_a_reason(name: str) -> None:
    body, expected = HOSTILE[name]
    reading = read("points/redeemed", body)
    assert reading.event is None
    assert reading.unusable is expected
    assert reading.reason
    assert reading.key.startswith("sha256:")


@pytest.mark.parametrize(
    "number", ["1.7976931348623157e308", "5e-324", "9" * 5001, "1e5000", "-1e999999999999"]
)
def test_an_absurd_number_that_nobody_reads_costs_nothing(number: str) -> None:
    body = encoded(redemption())[:-1] + f', "extra": {number}}}'.encode()
    reading = read("points/redeemed", body)
    assert reading.event is not None
    assert reading.key == "points/redeemed|red-1"


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("points/redeemed", redemption(id=None)),
        ("referrals/started", referral(id=None)),
        ("referrals/completed", referral(id=None, customerReward=None)),
    ],
)
def test_money_without_an_id_is_known_by_its_codes_which_the_key_does_not_show(
    topic: str, body: Any
) -> None:
    reading = read(topic, encoded(body))
    assert reading.event is not None
    assert reading.key == read(topic, encoded(body | {"extra": 1})).key
    for code in ("LOYAL", "FRIEND", "GIVER"):
        assert code not in reading.key


def test_one_body_under_two_unknown_topics_is_two_deliveries() -> None:
    assert key("customers/created", customer()) != key("customers/deleted", customer())
    assert key("customers/created", customer()) == key("customers/created", customer())


def test_a_byte_order_mark_is_ignored() -> None:
    assert read("points/redeemed", b"\xef\xbb\xbf" + encoded(redemption())).event is not None


@pytest.mark.parametrize("topic", [None, "", "  ", "orders/created", "points/redeemed\x00x", "é"])
def test_a_topic_that_is_not_known_is_quarantined(topic: str | None) -> None:
    reading = read(topic, encoded(redemption()))
    assert reading.event is None
    assert reading.unusable in (Unusable.NO_TOPIC, Unusable.UNKNOWN_TOPIC)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELDS = ["id", "customer", "updatedAt", "externalId", "newTier", "couponCode", "pointBalance"]


@settings(max_examples=300, deadline=None)
@given(
    topic=st.sampled_from([*Topic, None]) | st.text(max_size=20),
    body=st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), ANY_JSON).map(
        lambda value: json.dumps(value).encode("utf-8", "surrogatepass")
    )
    | st.fixed_dictionaries(
        {"id": ANY_JSON, "customer": st.dictionaries(st.sampled_from(FIELDS), ANY_JSON)}
    ).map(lambda value: json.dumps(value).encode()),
)
def test_reading_never_raises_and_its_key_always_fits_the_database(
    topic: str | None, body: bytes
) -> None:
    reading = read(topic, body)
    stored = reading.key.encode("utf-8")
    assert b"\x00" not in stored
    assert len(stored) < 2600
    assert (reading.event is None) == (reading.reason is not None)
    if reading.topic is not None:
        assert "\x00" not in reading.topic
        reading.topic.encode("utf-8")


def test_the_longest_possible_key_fits_an_index_entry() -> None:
    widest = "\U0001f600" * 200
    body = {"customer": customer(id=widest, updatedAt=widest), "newTier": {"id": widest}}
    reading = read("customers/tier_changed", encoded(body))
    assert reading.event is not None
    assert len(reading.key.encode()) < 2600


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00+00:00"),
        ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00+00:00"),
        ("2026-05-01T10:00:00", "2026-05-01T10:00:00+00:00"),
        (Decimal(1777629600), "2026-05-01T10:00:00+00:00"),
        (Decimal(1777629600000), "2026-05-01T10:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", None),
        (Decimal("1e99"), None),
        ("yesterday", None),
        (True, None),
        (None, None),
    ],
)
def test_times_are_read_in_utc_and_nonsense_is_no_time(value: Any, expected: str | None) -> None:
    found = moment(value)
    assert (found.isoformat() if found else None) == expected


def test_an_id_is_kept_exactly() -> None:
    assert identifier(" Größe/é ") == " Größe/é "
