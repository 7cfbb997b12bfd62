"""An import that is killed, cancelled or interrupted, and begun again: each customer once, and sent
again at most what was under way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from influence_pipeline.records import Entity
from influence_pipeline.store.reader import Window
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.world import World

CUSTOMERS = 1000
IN_FLIGHT = 8
LATENCY_MS = 25
# What was answered and not written: two flushes of 40 ms, and what goes out meanwhile.
UNWRITTEN = IN_FLIGHT * 2 * (40 // LATENCY_MS + 2)

EVERYBODY = Window(and_undated=True)


@pytest.fixture
def slow(world: World) -> World:
    """A store of some size, and an API that takes a moment for each call."""
    world.shop("DELETE FROM orders")
    world.shop("DELETE FROM customers")
    world.shop("DELETE FROM products")
    world.shop(
        "INSERT INTO customers (id, email, created_at) SELECT 'c-' || n, 'c' || n || '@example.org', "
        f"'2026-01-01'::timestamptz + n * interval '12 hours' FROM generate_series(1, {CUSTOMERS}) n"
    )
    # A lease of a worker that died is over soon.
    world.configure(
        ("timeout_seconds = 2\n", f"timeout_seconds = 2\nin_flight = {IN_FLIGHT}\n"),
        ("import_linger_seconds = 4\n", "import_linger_seconds = 60\n"),
    )
    world.sandbox.set(latency_ms=LATENCY_MS)
    return world


def _puts(world: World) -> list[str]:
    rows = world.sandbox.rows(
        "SELECT path FROM calls WHERE method = 'PUT' AND path LIKE '/v1/customers/%'"
    )
    return [str(row["path"]) for row in rows]


def _interrupted(world: World, how: signal.Signals) -> None:
    """Begin an import by months, and end it in the middle."""
    process = subprocess.Popen(
        [sys.executable, "-m", "influence_pipeline.cli", "import", "--entity", "customers"],
        env=world.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: len(_puts(world)) > CUSTOMERS // 4, 60)
        process.send_signal(how)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    assert len(_puts(world)) < CUSTOMERS, "the control: it was in the middle"


@pytest.mark.proves("T1")
@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_an_import_that_ends_early_goes_on_where_it_stopped(
    slow: World, how: signal.Signals
) -> None:
    _interrupted(slow, how)
    with slow.engine() as engine:
        report = engine.import_window(Entity.CUSTOMER, EVERYBODY)
    assert report.left is not None
    assert report.left.complete, report.left
    puts = _puts(slow)
    assert len({*puts}) == CUSTOMERS
    assert len(puts) - CUSTOMERS <= IN_FLIGHT + UNWRITTEN
    assert not slow.judge().differences


def test_an_import_of_a_part_that_ends_early_is_taken_over_by_the_next_run_of_it(
    slow: World,
) -> None:
    with slow.engine() as engine:
        job = engine.numbered(engine.import_job(Entity.CUSTOMER, EVERYBODY))
        engine._capture(job)  # and then it is killed
        report = engine.import_window(Entity.CUSTOMER, EVERYBODY)
    assert report.delivered.sent == CUSTOMERS
    assert len(_puts(slow)) == CUSTOMERS


def test_live_changes_and_the_import_go_on_side_by_side(slow: World) -> None:
    """Syncs that run all the while: what changes meanwhile arrives, nothing is sent twice."""
    process = subprocess.Popen(
        [sys.executable, "-m", "influence_pipeline.cli", "import", "--entity", "customers"],
        env=slow.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    changed = 0
    try:
        with slow.engine() as engine:
            until(lambda: len(_puts(slow)) > 10, 60)
            while process.poll() is None:
                changed += 1
                slow.shop(
                    f"UPDATE customers SET first_name = 'N{changed}' WHERE id = 'c-{changed}'"
                )
                engine.sync(Entity.CUSTOMER)
                time.sleep(0.1)
            engine.sync(Entity.CUSTOMER)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert changed > 2
    puts = _puts(slow)
    assert len({*puts}) == CUSTOMERS
    assert len(puts) <= CUSTOMERS + changed
    assert not slow.judge().differences
