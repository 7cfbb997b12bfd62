"""Members written to the store: by the merchant's statement, in order, and without a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from influence_pipeline.store.statements import parse_statement
from influence_pipeline.webhooks.members import MEMBER_VALUES, MemberWriter
from influence_pipeline_tests.webhooks.builders import customer
from influence_pipeline_tests.webhooks.conftest import Desk, make_context
from influence_pipeline_tests.webhooks.test_handlers import reason

WRITE = """
INSERT INTO member (customer_id, balance, tier, link, at)
VALUES (:customer_id, :point_balance, :tier_title, :referral_url, :updated_at)
ON CONFLICT (customer_id) DO UPDATE
SET balance = EXCLUDED.balance, tier = EXCLUDED.tier, link = EXCLUDED.link, at = EXCLUDED.at
"""


@pytest.fixture
def telling(desk: Desk) -> Desk:
    desk.store.run(
        "CREATE TABLE member (customer_id text PRIMARY KEY, balance bigint, tier text, link text, "
        "at timestamptz)"
    )
    statement = parse_statement(WRITE, MEMBER_VALUES, "customer_id", Path("member.sql"))
    writer = MemberWriter(desk.store.database, statement)
    desk.context = make_context(desk.store, member_writer=writer)
    return desk


def told(desk: Desk) -> list[Any]:
    return [tuple(row) for row in desk.store.run("SELECT customer_id, balance, tier FROM member")]


def test_the_store_is_told_of_balance_and_tier(telling: Desk) -> None:
    telling.deliver("customers/updated", customer(pointBalance=70))
    assert telling.work().count("done") == 1
    assert told(telling) == [("1", 70, "Bronze")]


def test_an_older_event_never_overwrites_a_newer_one_in_the_store(telling: Desk) -> None:
    for balance, at in ((70, "2026-05-02T00:00:00Z"), (90, "2026-05-01T00:00:00Z")):
        telling.deliver("customers/updated", customer(pointBalance=balance, updatedAt=at))
        telling.work()
    assert told(telling) == [("1", 70, "Bronze")]


def test_forty_changes_at_once_end_with_the_newest(telling: Desk) -> None:
    for number in range(40):
        moment = f"2026-05-01T00:00:{number:02d}Z"
        telling.deliver("customers/updated", customer(pointBalance=number, updatedAt=moment))
    telling.work()
    assert told(telling) == [("1", 39, "Bronze")]


def test_a_store_that_is_away_is_waited_for_and_nothing_is_kept_before_it_knows(
    telling: Desk,
) -> None:
    telling.store.run("ALTER TABLE member RENAME TO gone")
    stored = telling.deliver("customers/updated", customer())
    telling.work()
    assert reason(telling, stored) == ("new", "store_away")
    assert telling.rows("SELECT 1 FROM loyalty_member") == []
    telling.store.run("ALTER TABLE gone RENAME TO member")
    telling.due_now()
    assert telling.work().count("done") == 1
    assert told(telling) == [("1", 500, "Bronze")]


def test_a_member_without_an_id_in_the_store_is_kept_here_alone(telling: Desk) -> None:
    telling.deliver("customers/updated", customer(externalId=None))
    assert telling.work().count("done") == 1
    assert told(telling) == []
    assert telling.rows("SELECT count(*) FROM loyalty_member") == [(1,)]
