"""What a look for changed rows cannot see: rows gone without a trace, changes behind its back, another
way of hashing, keys that are left out. A compare finds each once, and asks for no more records than
moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from influence_pipeline.errors import ConfigurationError, MassChange, StoreError
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.store import mapping as mapping_module
from influence_pipeline.store import reader
from influence_pipeline.sync import capture as capture_module
from influence_pipeline.sync import compare, prepare, status, survey
from influence_pipeline.sync.captured import Captured
from influence_pipeline_tests.support.world import World

OFTEN = "delete_check_percent = 100"
NEVER = "delete_check_percent = 0"


def check(world: World, how: str) -> None:
    """Search for rows gone without a trace at each look, or at none."""
    world.configure(("[capture]", f"[capture]\n{how}"))


def captured(world: World, entity: Entity = Entity.ORDER, **how: bool) -> Captured:
    with world.engine() as engine:
        return engine.capture(entity, **how)


def found(capture: Captured) -> tuple[int, int, int]:
    return capture.created, capture.changed, capture.deleted


def work(world: World) -> set[str]:
    return {key for (key,) in world.ask_state("SELECT key FROM influence.work")}


def due_check(world: World) -> None:
    """Let so much time have passed that the next look searches for rows that are gone."""
    world.ask_state(
        "UPDATE influence.capture_point SET checked_at = now() - interval '1 day' RETURNING 1"
    )


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of records that were computed and hashed one by one."""
    keys: list[str] = []
    hashes_of = reader.hashes_of

    def noting(connection: Any, described: Any, asked: Any, *more: Any) -> Any:
        keys.extend(asked)
        return hashes_of(connection, described, asked, *more)

    monkeypatch.setattr(reader, "hashes_of", noting)
    return keys


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Each stream of hashes of many records."""
    streams: list[Any] = []
    copy_hashes = reader.copy_hashes

    def noting(connection: Any, described: Any, sink: Any, **more: Any) -> None:
        streams.append(more)
        copy_hashes(connection, described, sink, **more)

    monkeypatch.setattr(reader, "copy_hashes", noting)
    return streams


# -- rows gone without a trace ---------------------------------------------------------------------

LINE = "DELETE FROM order_lines WHERE id = (SELECT max(id) FROM order_lines WHERE order_id = 7)"


def test_a_line_deleted_by_hand_is_found_by_the_next_look_and_only_once(
    world: World, hashed: list[str]
) -> None:
    check(world, OFTEN)
    world.sync()
    world.shop(LINE)
    hashed.clear()
    first = captured(world)
    assert (found(first), first.full, first.missed) == ((0, 1, 0), True, 0)
    assert first.why_full == "source rows are gone that left no trace"
    assert hashed == ["7"]
    assert work(world) == {"7"}
    again = captured(world)
    assert (found(again), again.full) == ((0, 0, 0), False)


def test_control_without_the_check_it_is_found_by_the_next_full_compare(world: World) -> None:
    check(world, NEVER)
    world.sync()
    world.shop(LINE)
    assert found(captured(world)) == (0, 0, 0)
    assert found(captured(world, full=True)) == (0, 1, 0)


def test_a_line_moved_to_another_order_changes_both(world: World) -> None:
    check(world, OFTEN)
    world.sync()
    world.shop("UPDATE order_lines SET order_id = 9 WHERE order_id = 7")
    assert found(captured(world)) == (0, 2, 0)
    assert work(world) == {"7", "9"}


def test_as_many_rows_gone_as_have_come_are_found_too(world: World) -> None:
    check(world, OFTEN)
    world.sync()
    world.shop(
        "WITH gone AS (DELETE FROM order_lines WHERE order_id = 7 RETURNING *) "
        "INSERT INTO order_lines (order_id, title, quantity, unit_price) "
        "SELECT 9, title, quantity, unit_price FROM gone"
    )
    assert found(captured(world)) == (0, 2, 0)


def test_a_record_deleted_with_all_its_rows_is_gone(world: World) -> None:
    check(world, OFTEN)
    world.sync()
    world.shop("DELETE FROM orders WHERE id = 7")
    assert found(captured(world)) == (0, 0, 1)
    assert found(captured(world)) == (0, 0, 0)


def test_the_search_waits_until_it_takes_no_more_than_its_share_of_the_time(world: World) -> None:
    world.sync()
    # The first look measures what the search takes.
    captured(world)
    world.ask_state("UPDATE influence.capture_point SET check_seconds = 3 RETURNING 1")
    world.shop(LINE)
    assert found(captured(world)) == (0, 0, 0)
    world.ask_state(
        "UPDATE influence.capture_point SET checked_at = now() - interval '299 s' RETURNING 1"
    )
    assert found(captured(world)) == (0, 0, 0)
    world.ask_state(
        "UPDATE influence.capture_point SET checked_at = now() - interval '301 s' RETURNING 1"
    )
    assert found(captured(world)) == (0, 1, 0)


def test_drafts_come_change_and_go_without_a_compare_each_time(world: World) -> None:
    check(world, OFTEN)
    world.sync()
    draft = (
        "INSERT INTO orders (id, email, currency_code, status, subtotal, total, updated_at) "
        "VALUES (9000, 'a@example.com', 'eur', 'draft', 1, 1, now())"
    )
    world.shop(draft)
    looks = [captured(world)]
    world.shop("UPDATE orders SET total = 2 WHERE id = 9000")
    looks.append(captured(world))
    assert [look.full for look in looks] == [False, False]
    world.shop("DELETE FROM orders WHERE id = 9000")
    # What is gone is found out, and not again.
    assert [captured(world).full, captured(world).full] == [True, False]
    assert world.ask_state("SELECT * FROM influence.left_out WHERE key = '9000'") == []


def test_orders_of_before_the_go_live_are_known_and_cost_no_further_compare(
    world: World, hashed: list[str]
) -> None:
    check(world, OFTEN)
    world.configure(("go_live = 2000-01-01T00:00:00+00:00", "go_live = 2099-01-01T00:00:00+00:00"))
    assert captured(world).created == 0
    assert (captured(world).full, captured(world, full=True).created) == (False, 0)
    assert hashed == []


def test_a_go_live_moved_back_brings_the_orders_since_then_if_that_is_meant(world: World) -> None:
    world.configure(("go_live = 2000-01-01T00:00:00+00:00", "go_live = 2099-01-01T00:00:00+00:00"))
    captured(world)
    world.configure(("go_live = 2099-01-01T00:00:00+00:00", "go_live = 2000-01-01T00:00:00+00:00"))
    with pytest.raises(MassChange, match="The go-live of orders has moved back from 2099-01-01"):
        captured(world)
    assert work(world) == set()
    again = captured(world, allow_mass_change=True)
    assert again.why_full == "the go-live of orders has changed"
    assert again.created == world.ask_store("SELECT count(placed_at) FROM orders")[0][0]


# -- what becomes of deleted records ---------------------------------------------------------------


def deleted(world: World, policy: str) -> None:
    check(world, OFTEN)
    world.configure(("[orders]\n", f'[orders]\ndeletes = "{policy}"\n'))
    world.sync()
    world.shop("DELETE FROM orders WHERE id = 7")
    assert captured(world).deleted == 1


def test_a_deleted_record_is_ignored_unless_it_is_said_otherwise(world: World) -> None:
    deleted(world, "ignore")
    assert work(world) == set()


def test_a_deleted_record_is_parked_where_that_is_said_until_somebody_has_seen_to_it(
    world: World,
) -> None:
    deleted(world, "park")
    (reason,) = world.parked().values()
    assert "the store has deleted it" in reason
    captured(world)
    assert set(world.parked()) == {"7"}
    with world.engine() as engine:
        status.retry(engine.state, Entity.ORDER, "7")
        engine.deliver(Entity.ORDER)
    assert work(world) == set()


def test_a_deleted_record_that_comes_back_is_no_longer_parked(world: World) -> None:
    check(world, OFTEN)
    world.configure(("[customers]\n", '[customers]\ndeletes = "park"\n'))
    world.sync()
    gone = "UPDATE customers SET deleted_at = {} WHERE id = 'cus_000001'"
    world.shop(gone.format("now()"))
    assert captured(world, Entity.CUSTOMER).deleted == 1
    assert set(world.parked()) == {"cus_000001"}
    world.shop(gone.format("NULL"))
    captured(world, Entity.CUSTOMER)
    assert work(world) == set()


def test_a_record_that_was_never_sent_is_not_parked_when_it_goes(world: World) -> None:
    world.configure(("[customers]\n", '[customers]\ndeletes = "park"\n'))
    captured(world, Entity.CUSTOMER)
    world.shop("UPDATE customers SET deleted_at = now() WHERE id = 'cus_000001'")
    captured(world, Entity.CUSTOMER)
    assert "cus_000001" not in work(world)


def test_deletes_cannot_be_sent_because_the_api_has_no_call_for_them(world: World) -> None:
    world.configure(("[orders]\n", '[orders]\ndeletes = "send"\n'))
    with pytest.raises(ConfigurationError, match="the API documents no call that deletes"):
        _ = load_settings(config=world.config).config


# -- misses ----------------------------------------------------------------------------------------


@pytest.fixture
def followed_by_stamp(world: World) -> World:
    """Customers are followed by updated_at, which some changes of this shop leave alone."""
    check(world, NEVER)
    world.configure(
        (
            'rows = ["c"]\nkey = "c.id"\n',
            'rows = ["c"]\nkey = "c.id"\nchanged_at = "c.updated_at"\n',
        )
    )
    world.sync()
    return world


RENAME = "UPDATE customers SET first_name = 'New'{} WHERE id = 'cus_000001'"


def test_a_change_that_moves_the_stamp_is_found_by_a_look(followed_by_stamp: World) -> None:
    world = followed_by_stamp
    world.shop(RENAME.format(", updated_at = now()"))
    assert found(captured(world, Entity.CUSTOMER)) == (0, 1, 0)
    full = captured(world, Entity.CUSTOMER, full=True)
    assert (found(full), full.missed) == ((0, 0, 0), 0)


@pytest.mark.parametrize("how", ["full", "every_record"])
def test_what_only_a_compare_finds_is_counted_as_missed_and_sent(
    followed_by_stamp: World, how: str
) -> None:
    world = followed_by_stamp
    world.shop(RENAME.format(""))
    assert found(captured(world, Entity.CUSTOMER)) == (0, 0, 0)
    full = captured(world, Entity.CUSTOMER, **{how: True})
    assert (found(full), full.missed, full.misses) == ((0, 1, 0), 1, ("cus_000001",))
    assert "1 customer has changed and no look for changed rows had found it" in full.warnings[-1]
    assert work(world) == {"cus_000001"}
    with world.engine() as engine:
        kept = status.last_compare(engine.state, Entity.CUSTOMER)
    assert kept is not None
    assert (kept.missed, kept.misses) == (1, ["cus_000001"])
    assert captured(world, Entity.CUSTOMER, **{how: True}).missed == 0


@pytest.mark.parametrize("how", ["full", "every_record"])
def test_a_change_during_a_compare_is_no_miss(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    world.sync()
    step = capture_module._every_record if how == "every_record" else capture_module._compare_step
    name = step.__name__

    def late(into: Any, *more: Any) -> Any:
        world.shop("UPDATE payments SET amount = amount + 1 WHERE order_id = 7")
        return step(into, *more)

    monkeypatch.setattr(capture_module, name, late)
    assert captured(world, **{how: True}).missed == 0


def test_records_deleted_by_hand_are_no_misses(world: World) -> None:
    check(world, NEVER)
    world.sync()
    world.shop("DELETE FROM orders WHERE id = 7")
    world.shop(LINE.replace("7", "9"))
    full = captured(world, full=True)
    assert (full.deleted, full.changed, full.missed) == (1, 1, 0)


# -- how much is computed --------------------------------------------------------------------------


def test_a_full_compare_computes_only_what_moved(
    world: World, hashed: list[str], streamed: list[Any]
) -> None:
    check(world, NEVER)
    world.sync()
    hashed.clear()
    streamed.clear()
    world.shop(LINE)
    assert captured(world, full=True).unchanged > 50
    assert (hashed, streamed) == (["7"], [])


def test_a_table_that_no_source_names_makes_a_full_compare_compute_every_record(
    world: World, streamed: list[Any]
) -> None:
    text = world.config.read_text()
    start = text.index('[[orders.sources]]\nfrom = "payments p"')
    world.config.write_text(text[:start] + text[text.index("[[orders.sources]]", start + 5) :])
    world.sync()
    streamed.clear()
    world.shop("UPDATE payments SET amount = amount / 2 WHERE order_id = 7")
    assert captured(world).looked_at == 0
    full = captured(world, full=True)
    assert (full.changed, full.missed, len(streamed)) == (1, 1, 1)


def test_every_record_is_computed_once_in_so_many_compares(world: World, hashed: list[str]) -> None:
    # A guest's row shows when the account with the same e-mail is gone, and no row of its own says so.
    world.configure(("recheck_in_compares = 0", "recheck_in_compares = 4"))
    world.shop(
        "INSERT INTO customers (id, email, is_guest) "
        "VALUES ('guest', 'both@example.com', true), ('account', 'both@example.com', false)"
    )
    world.sync()
    world.shop("DELETE FROM customers WHERE id = 'account'")
    captured(world, Entity.CUSTOMER)
    hashed.clear()
    compares = [captured(world, Entity.CUSTOMER, full=True) for _ in range(4)]
    assert sum(compare.created for compare in compares) == 1
    assert [compare.missed for compare in compares] == [0, 0, 0, 0]
    in_store = {key for (key,) in world.ask_store("SELECT id FROM customers")}
    assert (set(hashed), len(hashed)) == (in_store | {"account"}, len(in_store) + 1)


def test_a_view_is_compared_by_the_fingerprints_of_its_rows(
    world: World, hashed: list[str], streamed: list[Any]
) -> None:
    world.shop("CREATE VIEW people AS SELECT * FROM customers")
    world.configure(('from = "customers c"', 'from = "people c"'))
    world.sync()
    hashed.clear()
    streamed.clear()
    world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")
    seen = captured(world, Entity.CUSTOMER)
    assert (found(seen), seen.full, seen.missed) == ((0, 1, 0), True, 0)
    assert (hashed, streamed) == (["cus_000001"], [])


def test_what_was_acknowledged_between_is_asked_for_once_more_and_then_known(
    world: World, hashed: list[str]
) -> None:
    world.sync()
    world.shop("UPDATE order_lines SET quantity = quantity + 1 WHERE order_id = 7")
    with world.engine() as engine:
        engine.capture(Entity.ORDER)
        # It changes once more before it is read to be sent, so what is sent is newer than the look.
        world.shop("UPDATE order_lines SET quantity = quantity + 1 WHERE order_id = 7")
        engine.deliver(Entity.ORDER)
    assert world.ask_state("SELECT count(*) FROM influence.snapshot WHERE source_hash IS NULL") == [
        (1,)
    ]
    hashed.clear()
    full = captured(world, full=True)
    assert (found(full), full.missed) == ((0, 0, 0), 0)
    hashed.clear()
    captured(world, full=True)
    assert hashed == []


def test_all_ways_agree_in_parts_of_a_page_and_slices_of_a_mark(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("influence_pipeline.store.fingerprints.PAGES_PER_PART", 1)
    monkeypatch.setattr("influence_pipeline.store.slices.PAGES_OF_ONE_SLICE", 0)
    monkeypatch.setattr(compare, "_RECORDS_PER_BUCKET", 1)
    world.sync()
    kept = "SELECT key, store_hash, source_hash, source_rows FROM influence.snapshot ORDER BY 1"
    before = world.ask_state(kept)
    monkeypatch.undo()
    for how in ("full", "every_record"):
        assert [
            found(captured(world, entity, **{how: True})) for entity in Entity if entity != "reward"
        ] == [(0, 0, 0)] * 3
        assert world.ask_state(kept) == before


# -- another way of hashing ------------------------------------------------------------------------


@pytest.fixture
def as_before_postgres_14(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Rows are hashed by their text, until this is called."""
    by_record = mapping_module.record_hash
    monkeypatch.setattr(
        mapping_module,
        "record_hash",
        lambda values, seed, native: by_record(values, seed, native=False),
    )
    monkeypatch.setattr(mapping_module, "_hash_method", lambda *_: "as before")
    yield monkeypatch.undo


def test_another_way_of_hashing_is_adopted_and_only_what_has_changed_is_sent(
    world: World, as_before_postgres_14: Callable[[], None]
) -> None:
    world.sync()
    before = world.ask_state("SELECT key, store_hash FROM influence.snapshot ORDER BY 1")
    world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")
    as_before_postgres_14()
    world.configure(("mass_change_rows = 1000000", "mass_change_rows = 1"))
    seen = captured(world, Entity.CUSTOMER)
    assert "the way rows are hashed has changed" in (seen.why_full or "")
    assert found(seen) == (0, 1, 0)
    assert work(world) == {"cus_000001"}
    assert world.ask_state("SELECT key, store_hash FROM influence.snapshot ORDER BY 1") != before
    assert captured(world, Entity.CUSTOMER).full is False


def test_a_state_of_a_former_version_is_adopted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it was: only the columns that the SELECT gives were hashed, and how was not kept.
    file = world.config.parent / "customers.sql"
    file.write_text(file.read_text().replace("       c.birthday,\n", ""))
    describe = mapping_module.describe

    def as_it_was(connection: Any, mapping: Any) -> Any:
        described = describe(connection, mapping)
        return replace(described, hash_expression=described.first_expression)

    with monkeypatch.context() as before:
        for module in (survey, prepare):
            before.setattr(module, "describe", as_it_was)
        world.sync()
    world.ask_state(
        "UPDATE influence.capture_point SET hash_method = 'record/18/977/0', go_live = NULL, "
        "hash_expression = NULL, source_method = NULL RETURNING 1"
    )
    world.configure(("mass_change_rows = 1000000", "mass_change_rows = 1"))
    world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")
    assert found(captured(world, Entity.CUSTOMER)) == (0, 1, 0)
    assert work(world) == {"cus_000001"}


def test_what_was_waiting_to_be_sent_still_is_after_the_hash_was_adopted(
    world: World, as_before_postgres_14: Callable[[], None]
) -> None:
    world.sync()
    world.shop("UPDATE customers SET first_name = 'New' WHERE id = 'cus_000001'")
    captured(world, Entity.CUSTOMER)
    as_before_postgres_14()
    assert found(captured(world, Entity.CUSTOMER)) == (0, 0, 0)
    with world.engine() as engine:
        assert engine.deliver(Entity.CUSTOMER).delivered.sent == 1


def test_control_a_hash_that_is_not_adopted_is_a_flood(
    world: World,
    as_before_postgres_14: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.sync()
    as_before_postgres_14()
    monkeypatch.setattr(survey, "can_hash", lambda *_: False)
    assert captured(world, Entity.CUSTOMER).changed > 50


def test_a_column_added_to_the_select_sends_only_those_who_have_something_in_it(
    world: World,
) -> None:
    file = world.config.parent / "customers.sql"
    text = file.read_text()
    file.write_text(text.replace("       c.phone,\n", ""))
    world.shop("UPDATE customers SET phone = CASE WHEN id = 'cus_000001' THEN '123' END")
    world.sync()
    file.write_text(text)
    seen = captured(world, Entity.CUSTOMER)
    assert seen.why_full == "the mapping has changed"
    assert found(seen) == (0, 1, 0)


# -- a long transaction ----------------------------------------------------------------------------


def test_a_transaction_longer_than_the_overlap_is_warned_of(followed_by_stamp: World) -> None:
    world = followed_by_stamp
    world.configure(("[capture]", "[capture]\noverlap_minutes = 0"))
    with world.engine() as engine, engine.store.engine.connect() as shop:
        shop.exec_driver_sql("SELECT pg_current_xact_id()")
        (warning,) = captured(world, Entity.CUSTOMER).warnings
    assert warning.startswith("A transaction has been open for 0 minutes in the store")
    assert captured(world, Entity.CUSTOMER).warnings == ()
    assert captured(world, Entity.ORDER).warnings == ()


def test_what_commits_within_the_overlap_is_found(followed_by_stamp: World) -> None:
    world = followed_by_stamp
    early = (datetime.now(UTC) - timedelta(minutes=14)).isoformat()
    world.shop(RENAME.format(f", updated_at = '{early}'"))
    assert found(captured(world, Entity.CUSTOMER)) == (0, 1, 0)


def test_a_key_that_cannot_be_computed_any_more_makes_a_compare_compute_every_record(
    world: World, streamed: list[Any]
) -> None:
    world.configure(
        ('key = "l.order_id"', "key = \"(l.order_id / (1 - (l.title = 'bad')::int))::bigint\"")
    )
    world.sync()
    streamed.clear()
    world.shop("UPDATE order_lines SET title = 'bad' WHERE id = (SELECT max(id) FROM order_lines)")
    look = captured(world)
    assert (look.why_full, len(streamed)) == (
        "the key of some source row could not be computed",
        1,
    )
    full = captured(world, full=True)
    assert (found(full), len(streamed)) == ((0, 0, 0), 2)
    world.shop("UPDATE order_lines SET title = 'good' WHERE title = 'bad'")
    assert found(captured(world, full=True)) == (0, 1, 0)
    assert found(captured(world, full=True)) == (0, 0, 0)


def test_a_store_that_keeps_its_tables_locked_is_no_fault_of_the_mapping(world: World) -> None:
    world.config.write_text("store_statement_timeout_seconds = 1\n" + world.config.read_text())
    with closing(psycopg2.connect(world.store_url)) as migration, migration.cursor() as cursor:
        cursor.execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError, match="statement timeout"):
            captured(world, Entity.CUSTOMER)
    assert captured(world, Entity.CUSTOMER).created > 50
