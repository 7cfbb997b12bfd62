"""Coupons and inbox in one database: one transaction makes the coupon and settles the event."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.state.database import open_state
from influence_pipeline.store.coupons.interface import Coupon
from influence_pipeline.webhooks import issue
from influence_pipeline.webhooks.context import nothing_happens
from influence_pipeline.webhooks.handlers import CLAIMED, SETTLED
from influence_pipeline.webhooks.one_database import OneDatabase
from influence_pipeline_tests.webhooks.builders import redemption, referral
from influence_pipeline_tests.webhooks.conftest import TABLE, Desk, Store, make_context
from influence_pipeline_tests.webhooks.conftest import writer as sql_writer
from influence_pipeline_tests.webhooks.test_crash import Killed, dying_at
from influence_pipeline_tests.webhooks.test_handlers import reason

PASSWORD = "not-a-secret-0123456789"


def _role_url(url: str, role: str) -> str:
    parts = psycopg2.extensions.parse_dsn(url)
    return psycopg2.extensions.make_dsn(**{**parts, "user": role, "password": PASSWORD})


def _administer(url: str, *statements: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        for statement in statements:
            connection.cursor().execute(statement)
    finally:
        connection.close()


@pytest.fixture
def roles(state_url: str) -> Iterator[tuple[str, str]]:
    """A role for the state, which may act as the other, the coupon role."""
    name = psycopg2.extensions.parse_dsn(state_url)["dbname"]
    owner, coupons = f"owner_{name}", f"coupons_{name}"
    _administer(
        state_url,
        f"CREATE ROLE {coupons} LOGIN PASSWORD '{PASSWORD}'",
        f"CREATE ROLE {owner} LOGIN PASSWORD '{PASSWORD}' IN ROLE {coupons}",
        f"ALTER ROLE {owner} NOINHERIT",
        f"GRANT USAGE ON SCHEMA influence TO {owner}",
        f"GRANT ALL ON ALL TABLES IN SCHEMA influence TO {owner}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA influence TO {owner}",
        TABLE,
        f"GRANT SELECT, INSERT ON discount_code TO {coupons}",
        f"GRANT USAGE ON SEQUENCE discount_code_id_seq TO {coupons}",
    )
    yield owner, coupons
    _administer(state_url, f"DROP OWNED BY {coupons}, {owner}", f"DROP ROLE {owner}, {coupons}")


@pytest.fixture
def shared(state_url: str, roles: tuple[str, str]) -> Iterator[Desk]:
    owner, coupons = roles
    state = open_state(_role_url(state_url, owner), pool_size=12)
    database = Postgres(
        _role_url(state_url, coupons), variable="INFLUENCE_COUPON_URL", kind=StoreError, pool_size=8
    )
    administrator = Postgres(state_url, variable="INFLUENCE_COUPON_URL", kind=StoreError)
    store = Store(state_url, administrator)
    context = make_context(store, terms={"writer": sql_writer(database)})
    assert context.together_with(state) is not None
    yield Desk(state, store, context)
    for opened in (state, database, administrator):
        opened.close()


def test_coupon_and_event_are_written_in_one_transaction(shared: Desk) -> None:
    stored = shared.deliver("points/redeemed", redemption())
    visible: list[object] = []

    def look_from_outside(point: str) -> None:
        if point == issue.WRITTEN:
            visible.extend([shared.store.codes(), shared.rows("SELECT code FROM coupon")])

    shared.context.at = look_from_outside
    assert shared.work().coupons == 1
    assert visible == [[], []], "nothing is there before all of it is"
    assert shared.store.codes() == ["LOYAL-0001"]
    assert shared.event(stored).line.state == "done"
    assert shared.rows("SELECT state FROM coupon") == [("issued",)]


def test_the_merchants_statements_run_with_the_coupon_role(shared: Desk) -> None:
    shared.store.run("ALTER TABLE discount_code ADD made_by text DEFAULT current_user")
    shared.deliver("points/redeemed", redemption())
    shared.work()
    ((made_by,),) = shared.store.run("SELECT made_by FROM discount_code")
    assert made_by.startswith("coupons_")


def test_what_the_coupon_role_may_not_do_is_trouble_and_changes_nothing(
    shared: Desk, roles: tuple[str, str]
) -> None:
    shared.store.run(f"REVOKE INSERT ON discount_code FROM {roles[1]}")
    stored = shared.deliver("points/redeemed", redemption())
    worked = shared.work()
    assert reason(shared, stored) == ("new", "store_away")
    assert "permission denied" in "".join(worked.troubles)
    assert shared.rows("SELECT 1 FROM coupon") == []
    shared.store.run(f"GRANT INSERT ON discount_code TO {roles[1]}")
    shared.due_now()
    assert shared.work().coupons == 1


@pytest.mark.parametrize("point", [CLAIMED, issue.WRITTEN, SETTLED])
def test_a_crash_at_any_point_leaves_all_or_nothing(shared: Desk, point: str) -> None:
    stored = shared.deliver("referrals/completed", referral())
    seen: list[str] = []
    shared.context.at = dying_at(point, seen)
    with pytest.raises(Killed):
        shared.work()
    assert point in seen
    written = sorted(shared.store.codes())
    assert written == (["FRIEND-1", "GIVER-1"] if point == SETTLED else [])
    shared.context.at = nothing_happens
    shared.due_now()
    shared.work()
    assert sorted(shared.store.codes()) == ["FRIEND-1", "GIVER-1"]
    assert shared.event(stored).line.state == "done"


def test_a_side_that_the_store_refuses_does_not_take_the_other_with_it(shared: Desk) -> None:
    shared.store.run("ALTER TABLE discount_code ADD CHECK (code NOT LIKE 'GIVER%')")
    stored = shared.deliver("referrals/completed", referral())
    shared.work()
    assert shared.store.codes() == ["FRIEND-1"]
    assert reason(shared, stored) == ("parked", "refused_by_store")
    assert shared.rows("SELECT code, state FROM coupon") == [("FRIEND-1", "issued")]


def test_a_code_of_the_stores_own_is_never_overwritten(shared: Desk) -> None:
    shared.store.run(
        "INSERT INTO discount_code (code, kind, usage_limit) VALUES ('LOYAL-0001', 'theirs', 9)"
    )
    stored = shared.deliver("points/redeemed", redemption())
    shared.work()
    assert reason(shared, stored) == ("parked", "code_taken")
    assert shared.store.run("SELECT kind FROM discount_code") == [("theirs",)]
    assert shared.rows("SELECT 1 FROM coupon") == []


def test_a_coupon_that_was_begun_in_two_databases_is_ended_in_one(shared: Desk) -> None:
    """A restart with other settings finds an intention, with or without its coupon."""
    for number in (1, 2):
        shared.deliver("points/redeemed", redemption(number))
    apart = replace(shared.context, at=dying_at(issue.INTENDED, []), _places={shared.state: None})
    shared.context, together = apart, shared.context
    with pytest.raises(Killed):
        shared.work()
    assert shared.rows("SELECT count(*) FROM coupon WHERE state = 'issuing'") != [(0,)]
    shared.context = together
    shared.due_now()
    shared.work()
    assert sorted(shared.store.codes()) == ["LOYAL-0001", "LOYAL-0002"]
    assert shared.rows("SELECT DISTINCT state FROM coupon") == [("issued",)]


def test_many_at_once_make_each_coupon_once(shared: Desk) -> None:
    for number in range(1, 41):
        shared.deliver("referrals/completed", referral(number))
    assert shared.work().count("done") == 40
    codes = shared.store.codes()
    assert len(codes) == len(set(codes)) == 80


def test_a_worker_has_one_connection_at_a_time(shared: Desk) -> None:
    """With two, workers stand still together where a pooler has no more connections than workers."""
    held, most = threading.local(), [0]

    def taken(*_: object) -> None:
        held.now = getattr(held, "now", 0) + 1
        most[0] = max(most[0], held.now)

    def given_back(*_: object) -> None:
        held.now -= 1

    sa.event.listen(shared.state.engine, "checkout", taken)
    sa.event.listen(shared.state.engine, "checkin", given_back)
    for number in range(1, 11):
        shared.deliver("referrals/completed", referral(number))
    assert shared.work().count("done") == 10
    assert most == [1]


def test_roles_that_may_not_act_for_each_other_take_two_transactions(
    shared: Desk, roles: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    owner, coupons = roles
    shared.store.run(f"REVOKE {coupons} FROM {owner}")
    shared.context = replace(shared.context, _places={})
    shared.deliver("points/redeemed", redemption())
    with caplog.at_level(logging.WARNING):
        assert shared.work().coupons == 1
    assert f"`GRANT {coupons} TO {owner}` makes it one." in caplog.text
    assert shared.context.together_with(shared.state) is None


def test_two_databases_are_told_apart(desk: Desk) -> None:
    assert desk.context.together_with(desk.state) is None


def test_who_may_not_ask_which_server_it_is_takes_two_transactions(shared: Desk) -> None:
    shared.store.run("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    context = replace(shared.context, _places={})
    assert context.together_with(shared.state) is None


def test_control_a_coupon_outside_of_the_events_transaction_is_doubled(
    shared: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The crash test can fail: this desk writes on a connection of its own and does not look."""

    class Careless:
        def __init__(self, code: str) -> None:
            self._code = code

        def find(self) -> None:
            return None

        def create(self, coupon: Coupon) -> None:
            insert = "INSERT INTO discount_code (code, kind, usage_limit) VALUES ('{}', 'x', 1)"
            shared.store.run(insert.format(self._code))

    monkeypatch.setattr(OneDatabase, "desk", lambda self, connection, code: Careless(code))
    shared.deliver("points/redeemed", redemption())
    shared.context.at = dying_at(issue.WRITTEN, [])
    with pytest.raises(Killed):
        shared.work()
    shared.context.at = nothing_happens
    shared.due_now()
    shared.work()
    assert shared.store.codes() == ["LOYAL-0001", "LOYAL-0001"]
