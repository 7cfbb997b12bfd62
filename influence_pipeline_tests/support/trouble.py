"""Trouble for a sync, and its end: killed processes, something in the middle of a run, lost leases.

What goes wrong at the API is the sandbox's (`Sandbox.fault`).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from influence_pipeline.errors import ApiError
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sync.engine import Report
from influence_pipeline_tests.support.apart import Apart
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.sync.killed import sync_until

POINTS = (
    "capture: store read",
    "capture: before commit",
    "capture: committed",
    "deliver: claimed",
    "deliver: store read",
    "deliver: before intent",
    "deliver: intent committed",
    "deliver: sent",
    "deliver: replied",
    "deliver: before acknowledgement",
    "deliver: acknowledged",
)


def settle(world: World, seconds: float = 60) -> None:
    """Sync until nothing is left to do: what production's schedule does. Quiet windows are waited
    out; leases of killed processes need not be."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        reports = world.sync()
        if all(r.remaining.waiting + r.remaining.blocked == 0 for r in reports.values()):
            return
        leases_run_out(world)
    raise AssertionError("work was left after a minute")


def settle_in_time(world: World, seconds: float = 90) -> None:
    """The same where runs may stop for trouble, with one engine and without rewards."""
    deadline = time.monotonic() + seconds
    with world.engine() as engine:
        while time.monotonic() < deadline:
            left = 0
            for entity in STORE_ENTITIES:
                with suppress(ApiError):
                    left += _left(engine.sync(entity))
                    continue
                left += 1
            if not left:
                return
            leases_run_out(world)
    raise AssertionError(f"work was left after {seconds:.0f} s")


def _left(report: Report) -> int:
    return report.remaining.waiting + report.remaining.blocked


def leases_run_out(world: World) -> None:
    """As if whoever holds records had been silent for longer than a lease."""
    world.ask_state("UPDATE influence.work SET lease_until = now() - interval '1s' RETURNING 1")


def calls_are_worked_off(world: World) -> None:
    """Wait until the API has worked off what a dead process had sent, as it has when a quiet window
    is over: tests shorten the window, and a busy machine lets calls lie for a while."""
    before, now = -1, 0
    while before != now:
        time.sleep(0.2)
        before, now = now, len(world.sandbox.rows("SELECT id FROM calls"))


def once_at(point: str, happens: Callable[[], object], number: int = 1) -> Callable[[str], None]:
    """Give an `at` for an engine: something happens the n-th time that the point is passed."""
    passed = 0

    def at(here: str) -> None:
        nonlocal passed
        passed += here == point
        if here == point and passed == number:
            happens()

    return at


def killed(
    world: World,
    point: str,
    number: int,
    *,
    entities: Sequence[Entity] = STORE_ENTITIES,
    variant: str | None = None,
    may_stop: bool = False,
) -> bool:
    """Run a sync in a process that kills itself at a point or moment; tell whether it got there.

    `variant`: a broken pipeline (`variants`). `may_stop`: the run may end with an error before, as
    it does when the API is away. The dead process's leases then run out, which a test need not
    wait for.
    """
    log = world.config.parent / "killed.log"
    process = Apart(
        sync_until, point, number, entities, variant, variables=world.variables(), log=log
    )
    code = process.ended()
    assert code in {0, -signal.SIGKILL, int(may_stop)}, process.error[-2000:]
    calls_are_worked_off(world)
    leases_run_out(world)
    return code == -signal.SIGKILL
