"""Housekeeping: history goes when it is old, a little at a time, and nothing else ever does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import text

from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.settings import Retention
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import housekeeping
from influence_pipeline.sync.housekeeping import prune
from influence_pipeline.webhooks import inbox
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import delivery, redemption

MONTH = Retention(attempts_days=30, runs_days=90)


@pytest.fixture
def state(state_url: str) -> Iterator[Postgres]:
    opened = open_state(state_url)
    yield opened
    opened.close()


def calls(state: Postgres, *, age: str, number: int = 1) -> None:
    """Calls in the log that were made so long ago."""
    with state.transaction() as connection:
        run(
            connection,
            "INSERT INTO attempt (at, entity, key, call, outcome) SELECT now() - %(age)s::interval, "
            "'customer', %(age)s, 'PUT customer', 'accepted' FROM generate_series(1, %(number)s)",
            {"age": age, "number": number},
        )


def left(state: Postgres) -> dict[str, int]:
    """How many calls are in the log, by their age."""
    with state.transaction() as connection:
        rows = run(connection, "SELECT key, count(*) FROM attempt GROUP BY key").fetchall()
    return dict(rows)


def test_old_calls_go_and_young_ones_stay(state: Postgres) -> None:
    calls(state, age="400 days", number=3)
    calls(state, age="31 days", number=2)
    calls(state, age="29 days", number=4)
    assert prune(state, MONTH, time.monotonic) == 5
    assert left(state) == {"29 days": 4}
    assert prune(state, MONTH, time.monotonic) == 0


def test_control_a_prune_that_does_not_look_at_the_age_is_caught(
    state: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    ageless = "DELETE FROM attempt WHERE make_interval(days => :days) IS NOT NULL AND :rows > 0"
    monkeypatch.setattr(
        housekeeping, "_QUERIES", {**housekeeping._QUERIES, "prune_attempts": text(ageless)}
    )
    calls(state, age="31 days")
    calls(state, age="29 days")
    prune(state, MONTH, time.monotonic)
    assert left(state) != {"29 days": 1}


def test_an_old_call_that_was_written_late_goes_too(state: Postgres) -> None:
    # Ids are given out when a row is written, the moment is that of its transaction's begin.
    calls(state, age="31 days")
    calls(state, age="29 days")
    calls(state, age="32 days")
    assert prune(state, MONTH, time.monotonic) == 2
    assert left(state) == {"29 days": 1}


def test_it_is_done_at_most_once_an_hour(state: Postgres) -> None:
    calls(state, age="30 days 59 minutes")
    assert prune(state, MONTH, time.monotonic) == 0
    calls(state, age="30 days 1 minute")
    with state.transaction() as connection:
        run(connection, "UPDATE attempt SET at = at - interval '2 minutes' WHERE id = 1")
    assert prune(state, MONTH, time.monotonic) == 2


def test_one_run_deletes_no_more_than_its_share(
    state: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(housekeeping, "MOST_ROWS", 30)
    calls(state, age="31 days", number=45)
    assert [prune(state, MONTH, time.monotonic) for _ in range(3)] == [30, 15, 0]


def test_one_run_takes_no_longer_than_its_share(
    state: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 10)
    ticks = iter(range(0, 100, 2))
    calls(state, age="31 days", number=45)
    # The clock says 0 at the start, and 2, 4 and 6 s later it is looked at again.
    assert prune(state, MONTH, lambda: float(next(ticks))) == 20


def test_each_batch_is_a_transaction_of_its_own(
    state: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 10)
    calls(state, age="31 days", number=45)
    with state.transaction() as connection:
        run(connection, "CREATE TABLE deleted (xid xid8, id bigint)")
        run(
            connection,
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN INSERT INTO deleted VALUES (pg_current_xact_id(), OLD.id); RETURN OLD; END'",
        )
        run(
            connection,
            "CREATE TRIGGER note BEFORE DELETE ON attempt FOR EACH ROW EXECUTE FUNCTION note()",
        )
    prune(state, MONTH, time.monotonic)
    with state.transaction() as connection:
        sizes = run(connection, "SELECT count(*) FROM deleted GROUP BY xid ORDER BY min(id)")
        assert [number for (number,) in sizes] == [10, 10, 10, 10, 5]


def test_who_comes_second_leaves_it_to_the_first(state: Postgres, state_url: str) -> None:
    calls(state, age="31 days")
    with closing(psycopg2.connect(state_url)) as first, first.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('influence_pipeline.housekeeping'), "
            "hashtext('influence'))"
        )
        assert prune(state, MONTH, time.monotonic) == 0
        assert left(state) == {"31 days": 1}
        first.rollback()
        assert prune(state, MONTH, time.monotonic) == 1


def test_old_runs_go_and_the_last_one_of_each_entity_stays(state: Postgres) -> None:
    with state.transaction() as connection:
        run(
            connection,
            "INSERT INTO sync_run (entity, kind, started_at, ended_at, counts) "
            "SELECT entity::entity, 'sync', now(), now() - make_interval(days => days), '{}' "
            "FROM (VALUES ('order', 200), ('customer', 150), ('customer', 100), ('order', 99), "
            "('customer', 89)) v (entity, days)",
        )
    prune(state, MONTH, time.monotonic)
    with state.transaction() as connection:
        rows = run(
            connection,
            "SELECT entity::text, now()::date - ended_at::date FROM sync_run ORDER BY id",
        ).fetchall()
    assert rows == [("order", 99), ("customer", 89)]


def test_a_run_prunes_by_itself_and_touches_nothing_but_history(world: World) -> None:
    world.config.write_text(world.config.read_text() + "\n[retention]\nattempts_days = 10\n")
    world.sync()
    world.ask_state("INSERT INTO influence.fact (name, value) VALUES ('x', '1') RETURNING 1")
    kept = {name: rows(world, name) for name in ("snapshot", "work", "fact", "capture_point")}
    assert kept["snapshot"]
    assert kept["fact"]
    world.ask_state("UPDATE influence.attempt SET at = at - interval '11 days' RETURNING 1")
    with world.engine() as engine:
        engine.deliver(Entity.REWARD)
    assert rows(world, "attempt") == []
    assert {name: rows(world, name) for name in kept} == kept


def rows(world: World, table: str) -> list[object]:
    return sorted(world.ask_state(f"SELECT {table}::text FROM influence.{table}"))


def test_a_run_that_stops_prunes_too(world: World) -> None:
    world.ask_state(
        "INSERT INTO influence.attempt (at, entity, key, call, outcome) VALUES "
        "(now() - interval '31 days', 'customer', '1', 'x', 'later') RETURNING 1"
    )
    world.configure(('from = "products p"', 'from = "nowhere p"'))
    with world.engine() as engine, pytest.raises(Exception, match="nowhere"):
        engine.sync(Entity.PRODUCT)
    assert rows(world, "attempt") == []


def test_a_run_is_well_although_nothing_can_be_deleted(world: World) -> None:
    world.sync()
    world.ask_state(
        "CREATE FUNCTION influence.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE ''no''; END'; "
        "CREATE TRIGGER refuse BEFORE DELETE ON influence.attempt FOR EACH ROW "
        "EXECUTE FUNCTION influence.refuse(); "
        "UPDATE influence.attempt SET at = at - interval '31 days' RETURNING 1"
    )
    before = len(rows(world, "attempt"))
    world.sync()
    assert len(rows(world, "attempt")) == before > 0
    ((error,),) = world.ask_state("SELECT error FROM influence.sync_run ORDER BY id DESC LIMIT 1")
    assert error is None


def test_numbers_of_old_imports_go_when_no_record_carries_them(state: Postgres) -> None:
    with state.transaction() as connection:
        run(
            connection,
            "INSERT INTO import_run (entity, started_at) SELECT 'customer', now() - age::interval "
            "FROM unnest(ARRAY['200 days', '100 days', '1 day']) AS given (age)",
        )
        run(connection, "INSERT INTO work (entity, key, import_id) VALUES ('customer', 'c', 2)")
    prune(state, MONTH, time.monotonic)
    with state.transaction() as connection:
        rows = run(connection, "SELECT id FROM import_run ORDER BY id").fetchall()
    assert [number for (number,) in rows] == [2, 3]


def events(state: Postgres, *, age: str, what: str, number: int = 1) -> None:
    """Stored events that were done so long ago, or wait since then."""
    with state.transaction() as connection:
        run(
            connection,
            "INSERT INTO inbox (topic, dedupe_key, body_sha256, body, headers, state, received_at, done_at) "
            "SELECT 'points/earned', %(age)s || %(what)s || n, sha256('x'), 'x', '{\"date\": \"x\"}', "
            "%(what)s, now() - %(age)s::interval, "
            "CASE WHEN %(what)s = 'done' THEN now() - %(age)s::interval END "
            "FROM generate_series(1, %(number)s) n",
            {"age": age, "what": what, "number": number},
        )


def filled(state: Postgres) -> list[str]:
    with state.transaction() as connection:
        query = "SELECT dedupe_key FROM inbox WHERE body <> '' AND headers <> '{}' ORDER BY 1"
        return [key for (key,) in run(connection, query).fetchall()]


def test_events_done_long_ago_are_emptied_and_those_a_person_must_see_are_not(
    state: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "EVENTS_AT_ONCE", 2)
    events(state, age="91 days", what="done", number=5)
    events(state, age="89 days", what="done")
    for waiting in ("new", "parked", "quarantined"):
        events(state, age="400 days", what=waiting)
    prune(state, MONTH, time.monotonic)
    kept = ["400 daysnew1", "400 daysparked1", "400 daysquarantined1", "89 daysdone1"]
    assert filled(state) == kept


def test_a_delivery_that_asked_for_the_same_coupons_again_is_emptied_too(state: Postgres) -> None:
    events(state, age="91 days", what="quarantined", number=3)
    events(state, age="89 days", what="quarantined")
    with state.transaction() as connection:
        run(connection, "UPDATE inbox SET reason_code = 'changed'")
        run(connection, "UPDATE inbox SET reason_code = 'conflict' WHERE id = 1")
    prune(state, MONTH, time.monotonic)
    # Of a conflict a person decides.
    assert filled(state) == ["89 daysquarantined1", "91 daysquarantined1"]
    with state.transaction() as connection:
        settled = run(connection, "SELECT id FROM inbox WHERE state = 'done' ORDER BY 1").fetchall()
    assert settled == [(2,), (3,)]


def test_events_are_kept_for_ever_where_the_setting_says_so(state: Postgres) -> None:
    events(state, age="4000 days", what="done")
    prune(state, Retention(events_days=0), time.monotonic)
    assert filled(state) == ["4000 daysdone1"]


def test_a_delivery_that_comes_again_after_its_event_was_emptied_is_known(state: Postgres) -> None:
    came = delivery("points/redeemed", redemption(1))
    with state.transaction() as connection:
        first = inbox.store(connection, came)
    with state.transaction() as connection:
        run(connection, "UPDATE inbox SET state = 'done', done_at = now() - interval '1 year'")
    prune(state, MONTH, time.monotonic)
    assert filled(state) == []
    with state.transaction() as connection:
        assert inbox.store(connection, came) == inbox.Stored(first.id, inbox.Result.DUPLICATE)
        other = inbox.store(connection, delivery("points/redeemed", redemption(1, points=-1)))
    # Another body of it is set aside, and never taken in the place of what was done.
    assert other.state is inbox.Result.CONFLICT
