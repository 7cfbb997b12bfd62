"""`influence-pipeline forget`: nothing personal is left, nothing comes back, nothing is done twice
(T19)."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from influence_pipeline.erasure import erasing
from influence_pipeline.erasure.finding import find
from influence_pipeline.errors import StateError
from influence_pipeline.records import Entity
from influence_pipeline.state import database, erased
from influence_pipeline.store.reader import EVERYTHING
from influence_pipeline.sync import status
from influence_pipeline.webhooks import balances
from influence_pipeline.webhooks.balances import Listed
from influence_pipeline.webhooks.inbox import Result
from influence_pipeline_tests.erasure.conftest import (
    CODES,
    MEMBER,
    PERSONAL,
    Loop,
    files,
    forget,
    hits,
)
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks import builders

pytestmark = pytest.mark.proves("T19")

OTHERS = (
    "SELECT s.* FROM snapshot s WHERE NOT (entity = 'customer' AND key = '{}') ORDER BY entity, key"
)


def erase(loop: Loop, **seams: Any) -> erasing.Erased:
    return erasing.forget(loop.state, find(loop.state, loop.customer), **seams)


def come_back(loop: Loop) -> None:
    """All by which the customer could come back while the store still has them."""
    for topic, body in list(loop.sent):
        loop.deliver(topic, body)
    loop.events(2)
    loop.unusable(2)
    loop.deliver("points/earned", {"id": "earned-1", "customer": loop.person(n=3), "points": 7})
    loop.work()
    loop.world.shop(f"UPDATE customers SET phone = '+12025550147 ' WHERE id = '{loop.customer}'")
    loop.world.shop(
        f"UPDATE orders SET updated_at = now(), subtotal = subtotal + 1, total = total + 1 WHERE id = {loop.orders[0]}"
    )
    status.retry(loop.state, None)
    loop.sync()
    loop.sync(full=True)
    with loop.world.engine() as engine:
        for entity in (Entity.CUSTOMER, Entity.ORDER):
            engine.sync(entity, every_record=True)
        engine.import_window(Entity.CUSTOMER, EVERYTHING)
    listed = Listed(
        MEMBER, loop.customer, 7, False, None, None, PERSONAL["referralUrl"], None, None
    )
    with loop.state.transaction() as connection:
        balances.observe_listed(connection, [listed], since=None)


@pytest.mark.slow
def test_after_forget_no_value_of_the_customer_is_left_and_nothing_brings_them_back(
    lived: Loop, capsys: pytest.CaptureFixture[str], tally: Tally
) -> None:
    lived.in_dagster("incremental_sync", "work_off_webhooks")
    before = set(lived.kept())
    assert before >= set(PERSONAL.values())
    others = lived.ask(OTHERS.format(lived.customer))
    referred = lived.ask("SELECT body FROM inbox WHERE dedupe_key LIKE 'customers/updated|inf-2|%'")
    events = lived.ask("SELECT count(*) FROM inbox")

    # A redemption waits: nothing is done without a word.
    assert forget(lived.customer, "--yes") == 1
    assert "--without-coupons" in capsys.readouterr().err
    assert set(lived.kept()) == before
    # Nobody is there to be asked.
    assert forget(lived.customer, "--without-coupons") == 2
    assert set(lived.kept()) == before
    call = lived.calls()
    assert forget(lived.customer, "--without-coupons", "--yes") == 0
    shown = capsys.readouterr()
    assert "erased" in shown.out
    assert not hits((shown.out + shown.err).encode())
    assert lived.kept() == []
    assert hits(files(lived.folder / "dagster")) == []
    assert lived.ask(OTHERS.format(lived.customer)) == others
    assert (
        lived.ask("SELECT body FROM inbox WHERE dedupe_key LIKE 'customers/updated|inf-2|%'")
        == referred
    )
    assert lived.ask("SELECT count(*) FROM inbox") == events
    coupons = lived.store.codes()

    come_back(lived)
    lived.in_dagster("incremental_sync", "work_off_webhooks")
    told, kept = lived.told_since(call), lived.kept()
    tally(len(PERSONAL) + len(CODES), "values", lost=len(kept), doubled=len(told))
    assert kept == []
    assert hits(files(lived.folder / "dagster")) == []
    assert told == []
    # Only the living referrers' coupons are new.
    assert not hits(" ".join(set(lived.store.codes()) - set(coupons)).encode(), CODES)
    assert lived.ask(f"SELECT * FROM loyalty_member WHERE customer_id = '{MEMBER}'") == []
    assert lived.ask(f"SELECT * FROM balance_seen WHERE member_id = '{MEMBER}'") == []
    assert lived.ask("SELECT * FROM inbox WHERE state = 'new'") == []

    # Again, and nothing is left to do; then the merchant was wrong.
    assert forget(lived.customer, "--yes") == 0
    assert lived.told_since(call) == []
    assert forget(lived.customer, "--undo") == 0
    lived.sync(full=True)
    assert f"PUT {lived.customer}" in lived.told_since(call)


def test_a_repeated_delivery_of_an_erased_event_is_known(lived: Loop) -> None:
    erase(lived)
    rows = lived.ask("SELECT count(*) FROM inbox")
    for topic, body in list(lived.sent)[:7]:
        assert lived.deliver(topic, body).state is Result.DUPLICATE
    assert lived.ask("SELECT count(*) FROM inbox") == rows


KILLED = """
import os, signal, sys
from influence_pipeline.erasure import erasing
from influence_pipeline.erasure.finding import find
from influence_pipeline.state.database import open_state

url, customer, point = sys.argv[1:]
state = open_state(url)
erasing.forget(
    state, find(state, customer), at=lambda at: at == point and os.kill(os.getpid(), signal.SIGKILL)
)
"""


@pytest.mark.parametrize("point", erasing.CRASH_POINTS)
def test_an_erasure_that_is_killed_is_finished_by_the_next_one(lived: Loop, point: str) -> None:
    arguments = [sys.executable, "-c", KILLED, lived.world.state_url, lived.customer, point]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert lived.ask(f"SELECT * FROM snapshot WHERE key = '{lived.customer}'") != []
    erase(lived)
    assert lived.kept() == []
    assert lived.ask(f"SELECT * FROM snapshot WHERE key = '{lived.customer}'") == []


def test_the_state_of_another_store_in_the_same_database_keeps_its_customer_of_that_name(
    lived: Loop,
) -> None:
    database.upgrade(lived.world.state_url, schema="second")
    tables = [
        name
        for (name,) in lived.ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'influence' "
            "AND table_type = 'BASE TABLE'"
        )
    ]

    def rows(schema: str) -> dict[str, int]:
        counts = {table: lived.ask(f"SELECT count(*) FROM {schema}.{table}") for table in tables}
        return {table: count for table, ((count,),) in counts.items()}

    with closing(psycopg2.connect(lived.world.state_url)) as place, place.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in tables:
            copied = io.BytesIO()
            cursor.copy_expert(f"COPY influence.{table} TO STDOUT", copied)
            copied.seek(0)
            cursor.execute(f"DELETE FROM second.{table}")
            cursor.copy_expert(f"COPY second.{table} FROM STDIN", copied)
        place.commit()
    before = rows("second")
    assert before == rows("influence")
    assert before["inbox"] > 0
    erase(lived)
    assert rows("influence") != before
    assert rows("second") == before
    assert lived.ask("SELECT 1 FROM second.erased") == []


def test_who_comes_back_under_a_new_id_is_sent_and_their_guest_orders_too(lived: Loop) -> None:
    erase(lived)
    lived.world.shop(
        f"UPDATE orders SET customer_id = NULL WHERE customer_id = '{lived.customer}'; "
        f"UPDATE customers SET id = 'new-account' WHERE id = '{lived.customer}'"
    )
    call = lived.calls()
    lived.sync(full=True)
    assert "PUT new-account" in lived.told_since(call)


def test_what_an_erased_friend_leaves_of_a_referral_still_makes_the_referrers_coupon(
    loop: Loop,
) -> None:
    loop.sync()
    erase(loop)
    loop.events(1)
    loop.work()
    assert "GIVER-1" in loop.store.codes()
    assert not set(CODES) & set(loop.store.codes())
    assert loop.kept() == []


@pytest.mark.parametrize("erased_first", [False, True])
def test_somebody_elses_coupon_that_a_person_must_decide_on_is_kept_without_the_erased_friend(
    loop: Loop, erased_first: bool
) -> None:
    loop.sync()
    if erased_first:
        erase(loop)
    giver = builders.referral(7, customer=loop.other(), friendCustomer=loop.person())
    loop.deliver("referrals/completed", {**giver, "id": "completed-7"})
    loop.work()
    # The same referral, and now it names another coupon for the one who is not erased.
    other = {**giver["customerReward"], "couponCode": "GIVER-OTHER"}
    loop.deliver("referrals/completed", {**giver, "id": "completed-7", "customerReward": other})
    if not erased_first:
        erase(loop)
    loop.work()
    assert loop.kept() == []
    ((state, reason, body),) = loop.ask(
        "SELECT state, reason_code, convert_from(body, 'UTF8') FROM inbox WHERE state <> 'done'"
    )
    assert (state, reason) == ("quarantined", "conflict")
    assert "GIVER-OTHER" in body


def test_a_member_who_is_known_by_an_event_alone_is_erased_even_if_that_is_broken_off(
    loop: Loop,
) -> None:
    """Influence knows no id of the store for them; that it is the customer shows by the e-mail."""
    loop.sync()
    loop.deliver("customers/updated", loop.person(externalId=None))
    loop.work()
    assert loop.ask(f"SELECT external_id FROM loyalty_member WHERE customer_id = '{MEMBER}'") != []

    class BrokenOffError(Exception):
        pass

    def stop(at: str) -> None:
        if at == erasing.EVENTS_EMPTIED:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        erase(loop, at=stop)
    erase(loop)
    assert loop.ask(f"SELECT * FROM loyalty_member WHERE customer_id = '{MEMBER}'") == []
    assert loop.kept() == []


def test_who_lists_members_just_now_is_waited_for(loop: Loop) -> None:
    loop.sync()
    found = find(loop.state, loop.customer)
    with loop.state.transaction() as connection:
        balances.observe_listed(connection, [], since=None)
        with pytest.raises(StateError, match="run it again"):
            erasing.forget(loop.state, found, wait_seconds=0)
    assert erase(loop, wait_seconds=0).under_way == 0


def test_a_worker_that_has_an_event_of_the_customer_loses_it(lived: Loop) -> None:
    from influence_pipeline.webhooks import inbox

    (claimed,) = inbox.claim(lived.state, 10, 60)
    erase(lived, wait_seconds=0)
    with lived.state.transaction() as connection:
        assert inbox.finish(connection, claimed) is None
    assert lived.kept() == []


def test_a_redemption_that_a_worker_is_at_is_waited_for(loop: Loop) -> None:
    from influence_pipeline.webhooks import inbox

    loop.events(1)
    claimed = inbox.claim(loop.state, 10, 60)
    done = erase(loop, wait_seconds=0)
    # Both referrals wait for the coupon of the other side too.
    assert done.under_way == 4
    inbox.release(loop.state, claimed)
    assert erase(loop, wait_seconds=0).under_way == 0
    assert loop.kept() == []


def test_control_an_erasure_that_leaves_the_events_is_caught(
    lived: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing._Erasure, "_empty_events", lambda self, only=None: [])
    erase(lived)
    assert set(lived.kept()) >= set(PERSONAL.values())


@pytest.mark.slow
def test_control_an_erasure_that_notes_nobody_is_caught(
    lived: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erased, "mark", lambda *_: 0)
    call = lived.calls()
    erase(lived)
    come_back(lived)
    assert lived.kept() != []
    assert f"PUT {lived.customer}" in lived.told_since(call)


@pytest.mark.parametrize("form", ["utf-16-be", "utf-8"])
def test_control_a_value_is_found_in_whatever_form_it_stands(form: str) -> None:
    for value in PERSONAL.values():
        assert hits(b"\\\\x00" + value.encode(form).hex().encode()) != []
