"""The judge of the inbox names what is lost or doubled; one that sees nothing would make every proof
of the receiver green."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline_tests.sandbox.platform_fixtures import order, running, until
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.receiving import receiver
from influence_pipeline_tests.webhooks.senders import Verdict, ask_judge, judge

ANSWERED = {"a": b'{"id": "a"}', "b": b'{"id": "b"}'}


def store(url: str, key: str, body: bytes, sha: bytes | None = None) -> None:
    with closing(psycopg2.connect(url)) as connection, connection:
        connection.cursor().execute(
            "INSERT INTO influence.inbox (topic, dedupe_key, body, body_sha256, headers, state)"
            " VALUES ('points/redeemed', %s, %s, %s, '{}', 'new')",
            (key, body, sha or hashlib.sha256(body).digest()),
        )


def test_what_was_answered_and_is_there_once_is_well(state_url: str) -> None:
    for key, body in ANSWERED.items():
        store(state_url, key, body)
    store(state_url, "c", b"not answered, and stored all the same")
    assert judge(state_url, ANSWERED) == Verdict(lost=[], doubled=[], stored=3)


def test_what_was_answered_and_is_not_there_as_it_was_sent_is_lost(state_url: str) -> None:
    store(state_url, "a", ANSWERED["a"])
    store(state_url, "b", b'{"id":"b"}')
    assert judge(state_url, ANSWERED) == Verdict(lost=["b"], doubled=[], stored=2)


def test_a_body_that_is_there_twice_is_doubled(state_url: str) -> None:
    for key in ("a", "another key", "b"):
        store(state_url, key, ANSWERED["a" if key != "b" else "b"])
    assert judge(state_url, ANSWERED) == Verdict(lost=[], doubled=["a"], stored=3)


def test_a_body_that_is_not_what_its_hash_says_is_no_verdict(state_url: str) -> None:
    store(state_url, "a", ANSWERED["a"], hashlib.sha256(b"other").digest())
    with pytest.raises(AssertionError):
        judge(state_url, {})


def test_what_the_stand_in_says_was_answered_is_in_the_inbox(
    tmp_path: Path, state_url: str
) -> None:
    """Its own record against the inbox, duplicates and another order included."""
    folder = tmp_path / "receiver"
    folder.mkdir()
    switches = {"webhooks": {"duplicate": 0.5, "reorder": 0.3, "backoff_ms": 20}}
    with (
        running(tmp_path, access_log=False, switches=switches) as sandbox,
        receiver(folder, state_url, workers=1) as one,
    ):
        hook = f"{one.url}/webhooks/influence/{TOKEN}"
        for topic in ("points/earned", "customers/updated"):
            sandbox.good("POST", "/v1/webhooks", {"topic": topic, "url": hook})
        sandbox.put_customer()
        for number in range(20):
            sandbox.good("POST", "/v1/orders", order(f"o-{number}"))
        waiting = "SELECT 1 FROM deliveries WHERE state <> 'delivered'"
        until(lambda: not sandbox.rows(waiting), "all deliveries to be answered", 60)
        ledger = str(sandbox.ledger)
        verdict = ask_judge(state_url, "--ledger", ledger)
        assert (verdict.lost, verdict.doubled) == ([], [])
        assert verdict.stored >= 20
        with closing(psycopg2.connect(state_url)) as connection, connection:
            connection.cursor().execute(
                "DELETE FROM influence.inbox WHERE id = (SELECT min(id) FROM influence.inbox)"
            )
        assert len(ask_judge(state_url, "--ledger", ledger).lost) == 1
