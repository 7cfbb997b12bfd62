"""Capture: all of it is kept or nothing; captures, results and imports at once lose and double nothing;
what is sent is only what differs from what the API has."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
import sqlalchemy as sa

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.state.schema import Phase
from influence_pipeline.store.reader import Window
from influence_pipeline.sync import capture as capture_module
from influence_pipeline.sync import claims as claims_module
from influence_pipeline.sync.claims import Batch, Claims, Intent, Result, Verdict
from influence_pipeline.sync.staging import Merged, Staging
from influence_pipeline_tests.support import databases

if TYPE_CHECKING:
    from influence_pipeline.sandbox.postgres import EmbeddedPostgres
    from influence_pipeline.sync.captured import Captured
    from influence_pipeline_tests.support.world import World


class Crash(Exception):  # noqa: N818  (it is a crash, not an error of ours)
    """What a test throws at a named point."""


def captured(world: World, entity: Entity = Entity.CUSTOMER, *, full: bool = False) -> Captured:
    with world.engine() as engine:
        return engine.capture(entity, full=full)


def sent(world: World, entity: Entity = Entity.CUSTOMER) -> int:
    """Sync one entity and say how many records were told to the API."""
    with world.engine() as engine:
        return engine.sync(entity).delivered.sent


def crash_at(point: str) -> Any:
    def at(here: str) -> None:
        if here == point:
            raise Crash

    return at


def state(world: World) -> list[Any]:
    """Everything a capture writes."""
    return [
        world.ask_state(f"SELECT t::text FROM influence.{table} t ORDER BY 1")
        for table in ("snapshot", "work", "capture_point")
    ]


def work(world: World) -> set[str]:
    return {key for (key,) in world.ask_state("SELECT key FROM influence.work")}


# -- all or nothing --------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["capture: store read", "capture: before commit"])
def test_a_capture_that_fails_in_the_middle_keeps_nothing_and_the_next_finds_all(
    world: World, point: str
) -> None:
    sent(world)
    world.shop("UPDATE customers SET first_name = 'New' WHERE id IN ('cus_000001', 'cus_000002')")
    before = state(world)
    with world.engine(at=crash_at(point)) as engine, pytest.raises(Crash):
        engine.capture(Entity.CUSTOMER)
    assert state(world) == before
    assert captured(world).changed == 2
    assert work(world) == {"cus_000001", "cus_000002"}


def test_a_capture_that_fails_after_its_commit_is_kept_whole(world: World) -> None:
    with world.engine(at=crash_at("capture: committed")) as engine, pytest.raises(Crash):
        engine.capture(Entity.CUSTOMER)
    again = captured(world)
    assert (again.full, again.looked_at) == (False, 0)
    assert len(work(world)) == world.ask_state("SELECT count(*) FROM influence.snapshot")[0][0] > 0


def test_control_a_point_saved_before_its_snapshots_loses_the_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(world)
    world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")
    merge = Staging.merge

    def too_early(staging: Staging, *args: Any, **more: Any) -> Merged:
        with staging._into.begin_nested() as undone:
            found = merge(staging, *args, **more)
            undone.rollback()
        return found

    monkeypatch.setattr(Staging, "merge", too_early)
    captured(world)
    monkeypatch.undo()
    assert captured(world).changed == 0
    assert work(world) == set()


# -- what is compared, and what is sent ------------------------------------------------------------


def test_a_changed_mapping_compares_all_once_and_sends_only_what_really_changed(
    world: World,
) -> None:
    sent(world)
    everybody = world.ask_state("SELECT count(*) FROM influence.snapshot")[0][0]
    file = world.config.parent / "customers.sql"
    file.write_text(
        file.read_text().replace(
            "c.first_name,",
            "CASE c.id WHEN 'cus_000001' THEN 'Renamed' ELSE c.first_name END AS first_name,",
        )
    )
    found = captured(world)
    assert found.why_full == "the mapping has changed"
    assert (found.looked_at, found.changed) == (everybody, 1)
    assert sent(world) == 1
    again = captured(world)
    assert (again.full, again.looked_at) == (False, 0)


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_a_view_as_source_is_compared_in_full_and_one_with_rows_of_its_own_is_not(
    world: World, kind: str
) -> None:
    world.shop(f"CREATE {kind} people AS SELECT * FROM customers")
    world.configure(('from = "customers c"', 'from = "people c"'))
    sent(world)
    found = captured(world)
    assert found.full is (kind == "VIEW")
    assert found.why_full == (
        "rows of c carry no transaction id (a view or a foreign table)" if found.full else None
    )


def test_another_database_is_compared_in_full_and_nothing_is_sent_again(
    world: World, postgres: EmbeddedPostgres
) -> None:
    sent(world)
    with databases.throw_away_database(postgres, world.store_url.rsplit("/", 1)[1]) as copy_url:
        world.store_url = copy_url
        found = captured(world)
    assert found.full
    assert "another server, timeline or database" in (found.why_full or "")
    assert found.changed == 0
    assert work(world) == set()


def test_a_record_changed_and_changed_back_before_it_is_sent_is_not_sent(world: World) -> None:
    sent(world)
    name = "first_name = first_name || 'x'"
    world.shop(f"UPDATE customers SET {name} WHERE id IN ('cus_000001', 'cus_000002')")
    captured(world)
    world.shop("UPDATE customers SET first_name = rtrim(first_name, 'x') WHERE id = 'cus_000001'")
    assert captured(world).changed == 1
    assert work(world) == {"cus_000002"}
    assert sent(world) == 1


def test_a_record_that_was_gone_and_is_back_is_sent_only_if_it_differs(world: World) -> None:
    sent(world)
    gone = "'cus_000001', 'cus_000002'"
    world.shop(f"UPDATE customers SET deleted_at = now() WHERE id IN ({gone})")
    assert captured(world).deleted == 2
    world.shop(f"UPDATE customers SET deleted_at = NULL WHERE id IN ({gone})")
    world.shop("UPDATE customers SET first_name = 'Other' WHERE id = 'cus_000002'")
    assert captured(world).changed == 2
    assert work(world) == {"cus_000002"}


def test_a_record_gone_before_it_was_sent_leaves_no_work(world: World) -> None:
    sent(world)
    buyer = sample_store.add_customers(world.store_url).customers[0]
    captured(world)
    assert work(world) == {buyer}
    sample_store.soft_delete_customer(world.store_url, buyer)
    captured(world)
    assert work(world) == set()


def test_an_order_of_before_the_go_live_stays_out_and_one_of_the_same_moment_is_in(
    world: World,
) -> None:
    world.configure(("go_live = 2000-01-01T00:00:00+00:00", "go_live = 2026-10-01T00:00:00+00:00"))
    world.shop("DELETE FROM orders")
    for number, moment in (("1", "2026-09-30 23:59:59.999999Z"), ("2", "2026-10-01Z")):
        world.shop(
            "INSERT INTO orders (id, number, email, currency_code, status, subtotal, total,"
            " placed_at, updated_at) VALUES (%(number)s::int, %(number)s, 'a@example.com', 'eur',"
            " 'pending', 1, 1, %(moment)s, now())",
            number=number,
            moment=moment,
        )
    found = captured(world, Entity.ORDER)
    assert (found.created, found.before_go_live) == (1, 1)
    assert work(world) == {"2"}
    world.shop("UPDATE orders SET total = 2")
    found = captured(world, Entity.ORDER)
    assert (found.created, found.changed, found.before_go_live) == (0, 1, 1)
    assert work(world) == {"2"}


# -- at once ---------------------------------------------------------------------------------------


def found_by_two_captures_at_once(world: World) -> list[int]:
    """A customer changes; while a capture has read that but not kept it, it changes again and a
    second capture starts. Gives what each found, and what a third one finds after them."""
    sent(world)
    change = "UPDATE customers SET first_name = 'First' WHERE id = 'cus_000001'"
    world.shop(change)
    with world.engine() as first, world.engine() as second, ThreadPoolExecutor(1) as pool:
        started: list[Future[Captured]] = []

        def at(point: str) -> None:
            if point == "capture: store read":
                world.shop(change.replace("First", "Second"))
                started.append(pool.submit(second.capture, Entity.CUSTOMER))
                waits_for_a_lock_or_ends(world, started[0])

        first._at = at
        found = [first.capture(Entity.CUSTOMER).changed, started[0].result().changed]
    return [*found, captured(world).changed]


def test_captures_at_once_wait_for_each_other_and_find_each_change_once(world: World) -> None:
    assert found_by_two_captures_at_once(world) == [1, 1, 0]
    assert work(world) == {"cus_000001"}


def test_control_captures_that_do_not_wait_keep_an_old_view(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_lock = sa.text(
        "SELECT *, false AS check_is_due FROM capture_point WHERE entity = CAST(:entity AS entity)"
    )
    with world.engine() as engine:
        engine.capture(Entity.CUSTOMER)
    monkeypatch.setitem(capture_module._QUERIES._made, "lock_capture", no_lock)
    assert found_by_two_captures_at_once(world) == [1, 1, 1]


def test_a_commit_during_a_capture_is_found_by_the_next(world: World) -> None:
    sent(world)

    def at(point: str) -> None:
        if point == "capture: store read":
            world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")

    with world.engine(at=at) as engine:
        assert engine.capture(Entity.CUSTOMER).looked_at == 0
    assert captured(world).changed == 1


def results_written_during_a_merge(world: World) -> list[Any]:
    """A worker has sent a customer; it changes, and the result comes while a capture merges that.

    Gives the snapshot (whether store and API agree) and the work that is left of the customer.
    """
    sent(world)
    one = "UPDATE customers SET first_name = 'First' WHERE id = 'cus_000001'"
    world.shop(one)
    captured(world)
    with world.engine() as engine, world.engine() as worker, ThreadPoolExecutor(1) as pool:
        claims = Claims(worker.state, Entity.CUSTOMER, 60)
        (claim,) = claims.claim(10)
        result = claim.result(Verdict.SETTLED, synced_hash=claim.store_hash)
        world.shop(one.replace("First", "Second"))
        written: list[Future[set[tuple[int, str]]]] = []

        def at(point: str) -> None:
            # Merged, not yet committed: the result must wait for it.
            if point == "capture: before commit":
                written.append(pool.submit(claims.write, Batch(results=[result]), 0.0))
                waits_for_a_lock_or_ends(world, written[0])

        engine._at = at
        engine.capture(Entity.CUSTOMER)
        written[0].result()
    return world.ask_state(
        "SELECT p.store_hash = p.synced_hash, w.state, w.lease_until FROM influence.snapshot p"
        " LEFT JOIN influence.work w USING (entity, key) WHERE p.key = 'cus_000001'"
    )


def waits_for_a_lock_or_ends(world: World, other: Future[Any]) -> None:
    with closing(psycopg2.connect(world.state_url)) as watcher, watcher.cursor() as cursor:
        watcher.autocommit = True
        while not other.done():
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            if cursor.fetchone() != (0,):
                return


def test_a_result_written_while_a_capture_merges_loses_neither(world: World) -> None:
    assert results_written_during_a_merge(world) == [(False, "ready", None)]
    assert sent(world) == 1
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
        engine.sync(Entity.ORDER)
    assert world.judge().differences == ()


def test_control_a_result_that_settles_without_looking_loses_the_newer_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = str(claims_module._QUERIES["acknowledge"])
    blind = sql.replace("coalesce(r.store_after = r.synced_after, true)", "true")
    assert blind != sql
    monkeypatch.setitem(claims_module._QUERIES._made, "acknowledge", sa.text(blind))
    assert results_written_during_a_merge(world) == [(False, None, None)]


def test_a_result_committed_while_a_capture_reads_the_store_loses_neither(world: World) -> None:
    sent(world)
    world.shop("UPDATE customers SET first_name = 'First' WHERE id = 'cus_000001'")
    captured(world)
    with world.engine() as worker:
        claims = Claims(worker.state, Entity.CUSTOMER, 60)
        (claim,) = claims.claim(10)
        world.shop("UPDATE customers SET first_name = 'Second' WHERE id = 'cus_000001'")

        def at(point: str) -> None:
            if point == "capture: store read":
                told = claim.result(Verdict.SETTLED, synced_hash=claim.store_hash)
                claims.write(Batch(results=[told]), 0.0)

        with world.engine(at=at) as engine:
            engine.capture(Entity.CUSTOMER)
    assert work(world) == {"cus_000001"}
    assert sent(world) == 1


# -- imports ---------------------------------------------------------------------------------------


def test_imports_by_window_and_the_incremental_capture_together_send_each_order_once(
    world: World,
) -> None:
    sent(world)
    middle = datetime(2026, 9, 1, tzinfo=UTC)
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
        early = engine.import_window(Entity.ORDER, Window(before=middle))
        new = sample_store.place_order(world.store_url, None, email="n@example.com", paid=True)
        live = engine.capture(Entity.ORDER)
        assert live.why_full == "it has not been compared before"
        lanes = world.ask_state("SELECT DISTINCT lane FROM influence.work")
        late = engine.import_window(Entity.ORDER, Window(since=middle, and_undated=True))
        again = engine.import_window(Entity.ORDER, Window())
    assert lanes == [("live",)]
    assert new.orders[0] not in work(world)
    assert (late.captured.created, again.delivered.sent) == (0, 0)  # type: ignore[union-attr]
    assert early.delivered.sent + late.delivered.sent == count(world, "orders")
    assert world.judge().differences == ()


def test_an_import_never_takes_what_is_outside_its_window_for_gone(world: World) -> None:
    sent(world)
    with world.engine() as engine:
        report = engine.import_window(
            Entity.CUSTOMER,
            Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)),
        )
    assert report.captured is not None
    assert (report.captured.deleted, report.captured.changed, report.delivered.sent) == (0, 0, 0)
    assert world.ask_state("SELECT 1 FROM influence.snapshot WHERE store_hash IS NULL") == []


def test_an_import_leaves_the_point_of_the_incremental_capture_alone(world: World) -> None:
    sent(world)
    point = world.ask_state("SELECT next_xid, taken_at FROM influence.capture_point")
    world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")
    with world.engine() as engine:
        engine.import_window(Entity.CUSTOMER, Window(before=datetime(2000, 1, 1, tzinfo=UTC)))
    assert world.ask_state("SELECT next_xid, taken_at FROM influence.capture_point") == point
    assert captured(world).changed == 1


def count(world: World, table: str) -> int:
    return int(world.sandbox.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])


# -- a worker and a capture at the same record -----------------------------------------------------


def claimed(world: World, entity: Entity = Entity.CUSTOMER) -> tuple[Claims, Any]:
    """The claim of the one record with work, held by a worker."""
    engine = world.engine()
    claims = Claims(engine.state, entity, 60)
    (claim,) = claims.claim(10)
    return claims, claim


def result(claim: Any, synced_hash: int | None, verdict: Verdict = Verdict.SETTLED) -> Result:
    return Result(claim.key, claim.fence, verdict, claim.store_hash, synced_hash=synced_hash)


def snapshot(world: World, key: str) -> Any:
    return world.ask_state(
        f"SELECT store_hash, synced_hash FROM influence.snapshot WHERE key = '{key}'"
    )[0]


def test_a_record_changed_back_while_it_was_sent_is_sent_again(world: World) -> None:
    sent(world)
    rename = "UPDATE customers SET first_name = '{}' WHERE id = 'cus_000001'"
    world.shop(rename.format("One"))
    captured(world)
    claims, claim = claimed(world)
    world.shop(rename.format("Two"))  # this the worker reads and sends
    world.shop(rename.format("One"))  # ... and the shop takes it back, which a capture compares
    assert (captured(world).looked_at, captured(world).changed) == (1, 0)
    claims.write(Batch(results=[result(claim, synced_hash=-2)]), 0.0)
    assert work(world) == {"cus_000001"}
    assert sent(world) == 1
    assert snapshot(world, "cus_000001")[0] == snapshot(world, "cus_000001")[1]


def test_what_was_read_newer_than_the_capture_knows_needs_no_second_call(world: World) -> None:
    sent(world)
    world.shop("UPDATE customers SET first_name = 'One' WHERE id = 'cus_000001'")
    captured(world)
    claims, claim = claimed(world)
    claims.write(Batch(results=[result(claim, synced_hash=-2)]), 0.0)
    assert work(world) == set()
    assert snapshot(world, "cus_000001") == (-2, -2)


def test_what_a_worker_says_after_it_lost_its_claim_is_not_taken(world: World) -> None:
    sent(world)
    world.shop("UPDATE customers SET first_name = 'One' WHERE id = 'cus_000001'")
    captured(world)
    late, lost = claimed(world)
    world.ask_state("UPDATE influence.work SET lease_until = now() - interval '1s' RETURNING 1")
    claims, claim = claimed(world)
    claims.write(Batch(results=[result(claim, synced_hash=claim.store_hash)]), 0.0)
    late.write(Batch(results=[result(lost, synced_hash=-3)]), 0.0)
    assert snapshot(world, "cus_000001") == (claim.store_hash, claim.store_hash)


def test_a_record_found_unreadable_while_it_was_sent_stays_parked(world: World) -> None:
    world.configure(('query = "products.sql"', 'query = "divided.sql"'))
    select = (world.config.parent / "products.sql").read_text().strip().rstrip(";")
    (world.config.parent / "divided.sql").write_text(
        f"SELECT q.id, (1 / length(q.title))::text || q.title AS title FROM (\n{select}\n) q"
    )
    sent(world, Entity.PRODUCT)
    world.shop("UPDATE products SET title = 'Other' WHERE id = 3")
    captured(world, Entity.PRODUCT)
    claims, claim = claimed(world, Entity.PRODUCT)
    world.shop("UPDATE products SET title = '' WHERE id = 3")
    assert captured(world, Entity.PRODUCT).unreadable == 1
    claims.write(Batch(results=[result(claim, synced_hash=claim.store_hash)]), 0.0)
    assert set(world.parked()) == {"3"}
    world.shop("UPDATE products SET title = 'Good' WHERE id = 3")
    assert sent(world, Entity.PRODUCT) == 1
    assert world.parked() == {}


def test_a_refusal_of_what_is_no_longer_the_newest_parks_nothing(world: World) -> None:
    sent(world)
    world.shop("UPDATE customers SET first_name = 'One' WHERE id = 'cus_000001'")
    captured(world)
    claims, claim = claimed(world)
    world.shop("UPDATE customers SET first_name = 'Two' WHERE id = 'cus_000001'")
    captured(world)
    claims.write(Batch(results=[result(claim, None, Verdict.PARKED)]), 0.0)
    assert world.parked() == {}
    assert sent(world) == 1


def test_an_order_back_in_the_store_is_asked_for_if_its_call_was_outstanding(world: World) -> None:
    with world.engine() as engine:
        for entity in (Entity.CUSTOMER, Entity.ORDER):
            engine.sync(entity)
    hide = "UPDATE orders SET placed_at = placed_at {} '100 years'::interval WHERE id = '1'"
    orders = world.config.parent / "orders.sql"
    orders.write_text(orders.read_text() + " AND o.placed_at > '1970-01-01Z'")
    world.shop(hide.format("-"))
    world.ask_state(
        "INSERT INTO influence.work (entity, key, phase) VALUES ('order', '1', 'refunding') RETURNING 1"
    )
    assert captured(world, Entity.ORDER, full=True).deleted == 1
    assert set(world.parked()) == {"1"}
    world.shop(hide.format("+"))
    captured(world, Entity.ORDER)
    assert (work(world), world.parked()) == ({"1"}, {})


def captures_and_workers(world: World, rounds: int) -> list[str]:
    """So many captures that change every record while a worker intends and renews them, up to the
    first error; the errors."""
    world.shop(
        "INSERT INTO customers (id, email) SELECT 'many-' || n, n || '@example.org' "
        "FROM generate_series(1, 1500) n"
    )
    captured(world)
    errors: list[str] = []
    with world.engine() as engine:
        claims = Claims(engine.state, Entity.CUSTOMER, 60)
        taken = claims.claim(5000)
        keys = [claim.key for claim in taken]
        ended = threading.Event()

        def worker() -> None:
            chance = random.Random(1)
            while not ended.is_set():
                chance.shuffle(keys)
                try:
                    intents = [Intent(key, taken[0].fence, Phase.IDLE, None) for key in keys]
                    claims.write(Batch(intents=intents), 1)
                    claims.renew({taken[0].fence: keys})
                except InfluencePipelineError as error:
                    errors.append(str(error))

        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(worker)
            try:
                for number in range(rounds):
                    if errors:
                        break
                    world.shop(f"UPDATE customers SET first_name = 'n{number}'")
                    captured(world)
            except InfluencePipelineError as error:
                errors.append(str(error))
            ended.set()
            working.result()
    return errors


def test_captures_and_workers_on_the_same_records_never_deadlock(world: World) -> None:
    assert captures_and_workers(world, rounds=8) == []


def test_control_without_the_lock_between_them_they_deadlock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(claims_module._CHANGED_TOO, Entity.CUSTOMER, ())
    assert "deadlock" in " ".join(captures_and_workers(world, rounds=100))


def test_another_table_under_the_same_name_is_compared_in_full(world: World) -> None:
    sent(world)
    world.shop(
        "CREATE TABLE other (LIKE customers INCLUDING ALL);"
        "INSERT INTO other SELECT * FROM customers;"
        "UPDATE other SET first_name = 'Swapped' WHERE id = 'cus_000001'"
    )
    captured(world)
    world.shop("ALTER TABLE customers RENAME TO old; ALTER TABLE other RENAME TO customers")
    found = captured(world)
    assert (found.full, found.changed) == (True, 1)
    assert "other tables stand behind its sources" in str(found.why_full)
