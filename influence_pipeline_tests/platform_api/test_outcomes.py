"""What each kind of reply means, for calls that may be repeated and for the one that may not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from influence_pipeline.platform_api.calls import Call, Failure, Reply
from influence_pipeline.platform_api.outcomes import Judge, Meaning
from influence_pipeline.settings import Delivery
from influence_pipeline.words import redact

JUDGE = Judge(Delivery().order_not_found_pattern)
PUT = Call("PUT customer", "PUT", "/v1/customers/1", b"{}")
POST = Call("POST order", "POST", "/v1/orders", b"{}", repeatable=False)
PATCH = Call("PATCH order", "PATCH", "/v1/orders/1", b"{}")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def reply(status: int, body: str = "", **headers: str) -> Reply:
    return Reply(status, body.encode(), {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_is_done(status: int) -> None:
    assert JUDGE.judge(PUT, reply(status, '{"customer": {}}')).meaning is Meaning.ACCEPTED
    assert JUDGE.judge(PUT, reply(status)).meaning is Meaning.ACCEPTED


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599, 301, 302, 307])
def test_what_passes_is_tried_again_but_leaves_a_post_uncertain(status: int) -> None:
    assert JUDGE.judge(PUT, reply(status)).meaning is Meaning.LATER
    assert JUDGE.judge(POST, reply(status)).meaning is Meaning.UNCERTAIN


def test_a_2xx_that_is_not_json_is_not_believed() -> None:
    page = reply(200, "<html>please log in</html>")
    assert JUDGE.judge(PUT, page).meaning is Meaning.LATER
    assert JUDGE.judge(POST, page).meaning is Meaning.UNCERTAIN


@pytest.mark.parametrize("status", [400, 405, 413, 415, 422])
def test_other_4xx_refuse_the_record(status: int) -> None:
    outcome = JUDGE.judge(POST, reply(status, '{"message": "totalPrice is missing"}'))
    assert outcome.meaning is Meaning.REJECTED
    assert outcome.words == f"HTTP {status}: totalPrice is missing"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart_from_a_refused_record(status: int) -> None:
    assert (
        JUDGE.judge(PUT, reply(status, '{"message":"Forbidden"}')).meaning is Meaning.KEY_REJECTED
    )


@pytest.mark.parametrize(
    "found", [reply(409), reply(400, '{"error": "Order already exists"}'), reply(422, '{"message":"duplicate id"}')]
)  # fmt: skip
def test_a_post_of_what_is_there_already_has_landed(found: Reply) -> None:
    assert JUDGE.judge(POST, found).meaning is Meaning.EXISTS
    assert JUDGE.judge(PUT, found).meaning is Meaning.REJECTED


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ('{"message": "Order not found"}', Meaning.ABSENT),
        ('{"error": "order 17 does not exist"}', Meaning.ABSENT),
        ('{"message": "Not Found"}', Meaning.LATER),
        ("<html>404</html>", Meaning.LATER),
        ("", Meaning.LATER),
    ],
)
def test_only_the_api_itself_can_say_that_an_order_is_not_there(
    body: str, meaning: Meaning
) -> None:
    assert JUDGE.judge(PATCH, reply(404, body)).meaning is meaning


def test_no_reply_and_never_sent_are_two_things() -> None:
    lost = Reply(None, failure=Failure.NO_REPLY)
    never = Reply(None, failure=Failure.NOT_SENT)
    assert JUDGE.judge(PUT, lost).meaning is Meaning.LATER
    assert JUDGE.judge(POST, lost).meaning is Meaning.UNCERTAIN
    assert JUDGE.judge(POST, never).meaning is Meaning.UNREACHABLE


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("999999", 3600.0),
        ("soon", None),
        ("-3", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(value: str, seconds: float | None) -> None:
    outcome = JUDGE.judge(PUT, reply(429, retry_after=value), now=NOW)
    assert outcome.throttled
    assert outcome.retry_after == seconds


def test_what_the_api_says_reaches_nobody_with_personal_data_in_it() -> None:
    said = 'email "zoë@example.com" of Zoë taken, call +49 (170) 1234567, api_key: abc123'
    assert redact(said) == "email <value> of Zoë taken, call <number>, api_key <secret>"
    assert redact("bob@example.com is taken") == "<e-mail> is taken"
    assert redact("x" * 5000) == "…"


def test_what_is_cut_off_leaves_no_half_of_a_word() -> None:
    """Half a code or a name would not be struck out."""
    for room in range(150, 201):
        cut = redact("x" * room + " LOYAL-1234 " + "y " * 200)
        assert len(cut) <= 200
        assert set(cut.rstrip("…").split()) <= {"x" * room, "LOYAL-1234", "y"}
    # What is struck out makes a long text short.
    whole = " ".join(["someone@example.test"] * 47) + " Anna" + "z" * 40
    assert redact(whole) == " ".join(["<e-mail>"] * 22) + "…"


@pytest.mark.proves("T11")
@pytest.mark.parametrize("status", [400, 409, 422, 429, 500, 503])
def test_an_api_that_says_the_customer_back_in_its_refusal_puts_no_name_into_the_log(
    status: int,
) -> None:
    """What is logged, parked and shown by `why` are these words."""
    sent = '{"email": "Canary@Example.test", "firstName": "Canaryfirst", "lastName": "O\'Canary", "phone": "+1 555", "currency": "EUR", "customer": {"name": "Canary Inner"}, "tags": ["EUR"]}'
    call = Call("PUT customer", "PUT", "/v1/customers/1", sent.encode())
    said = "CANARYFIRST O'Canary (canary@example.test, +1 555; Canary Inner) cannot have EUR"
    outcome = JUDGE.judge(call, reply(status, f'{{"message": "{said}"}}'))
    assert "cannot have EUR" in outcome.words
    for personal in ("canaryfirst", "canary", "+1 555", "inner"):
        assert personal not in outcome.words.lower()


def test_a_short_name_is_struck_out_as_a_word_and_leaves_the_others_readable() -> None:
    call = Call("PUT customer", "PUT", "/v1/customers/1", b'{"firstName": "Al", "lastName": "Id"}')
    outcome = JUDGE.judge(call, reply(422, '{"message": "AL id: value is invalid"}'))
    assert outcome.words.endswith(": <value> <value>: value is invalid")


@pytest.mark.proves("T11")
@pytest.mark.parametrize("status", [401, 403])
def test_an_api_that_says_the_key_back_puts_no_key_into_the_log(status: int) -> None:
    outcome = JUDGE.judge(PUT, reply(status, '{"message": "no account for canary-0123456789"}'))
    assert outcome.words == f"HTTP {status}: no account for <value>"


@pytest.mark.proves("T11")
@pytest.mark.parametrize("status", [401, 403])
def test_an_api_that_refuses_the_key_with_the_customers_name_puts_no_name_into_alerts(
    status: int,
) -> None:
    call = Call("PUT customer", "PUT", "/v1/customers/1", b'{"firstName": "Zo\xc3\xab"}')
    outcome = JUDGE.judge(call, reply(status, '{"message": "Zo\u00eb may not be written"}'))
    assert outcome.words == f"HTTP {status}: <value> may not be written"
