"""A look that finds a large part of the records changed or gone stops, until a person says that it is
meant: a restored backup, a migration or a broken mapping must not become a flood of calls."""

from __future__ import annotations

import pytest

from influence_pipeline.errors import MassChange
from influence_pipeline.records import Entity
from influence_pipeline.store.reader import EVERYTHING
from influence_pipeline.sync.plan import plan
from influence_pipeline_tests.support.world import World


def guard(world: World, *, rows: int, percent: float) -> None:
    world.configure(
        (
            "mass_change_rows = 1000000\n",
            f"mass_change_rows = {rows}\nmass_change_percent = {percent}\n",
        )
    )


def rename(world: World, customers: int) -> None:
    _change(world, "first_name = coalesce(first_name, '') || 'x'", "id", customers)


def delete(world: World, customers: int) -> None:
    """From the other end, so that nobody is renamed and deleted."""
    _change(world, "deleted_at = now()", "id DESC", customers)


def _change(world: World, change: str, order: str, customers: int) -> None:
    world.shop(
        f"UPDATE customers SET {change} WHERE id IN (SELECT id FROM customers "
        f"WHERE deleted_at IS NULL AND NOT is_guest ORDER BY {order} LIMIT %(n)s)",
        n=customers,
    )


def known(world: World) -> list[object]:
    """What the state holds of the customers: their hashes, and what is to be done."""
    return [
        *world.ask_state("SELECT key, store_hash, synced_hash FROM influence.snapshot ORDER BY 1"),
        *world.ask_state("SELECT key, state FROM influence.work ORDER BY 1"),
        *world.ask_state("SELECT entity, taken_at FROM influence.capture_point ORDER BY 1"),
    ]


def sync(world: World, *, full: bool = False, allow: bool = False) -> tuple[int, int]:
    with world.engine() as engine:
        report = engine.sync(Entity.CUSTOMER, full=full, allow_mass_change=allow)
    assert report.captured is not None
    return report.captured.changed, report.captured.deleted


@pytest.fixture(autouse=True)
def synced(world: World) -> None:
    guard(world, rows=5, percent=10)
    sync(world)


def test_the_first_sync_of_all_is_not_stopped(world: World) -> None:
    assert world.ask_state("SELECT count(*) FROM influence.snapshot") != [(0,)]


def test_more_changes_than_the_share_stop_the_sync_and_nothing_is_kept(world: World) -> None:
    rename(world, 7)
    before = known(world)
    with pytest.raises(MassChange) as stopped:
        sync(world)
    assert known(world) == before
    words = str(stopped.value)
    assert words.startswith("7 of the 58")
    assert "customers that were known have changed and 0 are gone" in words
    for mend in ("plan --entity customers", "--allow-mass-change", "mass_change_percent"):
        assert mend in words


def test_what_is_allowed_goes_on_and_the_next_is_stopped_again(world: World) -> None:
    rename(world, 30)
    assert sync(world, allow=True) == (30, 0)
    rename(world, 30)
    with pytest.raises(MassChange):
        sync(world)


@pytest.mark.parametrize(("rows", "percent"), [(5, 10), (50, 0.1), (1, 50)])
def test_up_to_so_many_rows_or_up_to_the_share_it_goes_on(
    world: World, rows: int, percent: float
) -> None:
    world.configure(
        ("mass_change_rows = 5\n", f"mass_change_rows = {rows}\n"),
        ("mass_change_percent = 10\n", f"mass_change_percent = {percent}\n"),
    )
    rename(world, 5)
    assert sync(world) == (5, 0)


def test_records_that_are_gone_count_too_and_both_together(world: World) -> None:
    delete(world, 4)
    rename(world, 4)
    with pytest.raises(MassChange, match=r"4 of the 58 customers .* changed and 4 are gone"):
        sync(world)
    assert sync(world, allow=True) == (4, 4)


def test_a_full_compare_is_guarded_and_an_import_is_not(world: World) -> None:
    rename(world, 30)
    with pytest.raises(MassChange):
        sync(world, full=True)
    with world.engine() as engine:
        assert engine.import_window(Entity.CUSTOMER, EVERYTHING).delivered.sent >= 30


def test_a_plan_shows_what_a_sync_would_stop_at(world: World) -> None:
    rename(world, 30)
    with world.engine() as engine:
        planned = plan(engine, [Entity.CUSTOMER])
    assert len(planned.records) == 30
    stop = planned.captured[Entity.CUSTOMER].mass_change
    assert stop is not None
    assert stop.startswith("30 of the 58")


def test_the_words_of_the_run_stay_in_the_status(world: World) -> None:
    rename(world, 30)
    with pytest.raises(MassChange) as stopped:
        sync(world)
    errors = world.ask_state("SELECT error FROM influence.sync_run ORDER BY id DESC LIMIT 1")
    assert errors == [(str(stopped.value),)]
