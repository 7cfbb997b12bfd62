"""One soak: traffic and faults for so many seconds, then quiet until all is settled, then the verdict."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from influence_pipeline_tests.soak import faults
from influence_pipeline_tests.soak.memory import Sampler, growth
from influence_pipeline_tests.soak.site import Site, site
from influence_pipeline_tests.soak.traffic import Paced, Redeemer, Sender, Shop
from influence_pipeline_tests.soak.verdict import Verdict, judge

ORDERS_PER_SECOND = 20.0
CHANGES_PER_SECOND = 8.0
EDITS_PER_SECOND = 1.0
REDEMPTIONS_PER_SECOND = 1.0
EVENTS_PER_SECOND = 50.0
POINTS_AT_FIRST = 5_000
PAUSE_SECONDS = (5.0, 40.0)
# From this length on memory is measured. Nothing long-lived of ours is killed in the second half
# then: it lives on through all other faults, and a process that has just begun fills its caches.
MEASURED_FROM_SECONDS = 600.0
SPARED_FROM = 0.5
_WARM_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 5.0
# A quiet machine needs one or two.
_SETTLES_WITHIN_SECONDS = 900.0


@dataclass
class Soaked:
    """What a soak was, and what came of it. `growth`: MB a minute of each role; of a short soak no
    measure of anything."""

    seconds: float
    verdict: Verdict
    growth: dict[str, float]
    faults: dict[str, int]
    shop: dict[str, int]
    redeemed: int
    statuses: dict[int, int]
    syncs: dict[int, int]
    hung: int
    settled_after: float

    def __str__(self) -> str:
        told = asdict(self)
        for name, value in told["verdict"].items():
            if isinstance(value, list):
                told["verdict"][name] = [len(value), *value[:5]]
        return json.dumps(told, indent=1)


@dataclass(frozen=True)
class Plan:
    """`kinds` of faults, one each `pause` seconds; `program` starts the syncs, as in `Site`; `share`
    of the rates."""

    seconds: float
    seed: int
    kinds: Sequence[faults.Fault] = faults.ALL
    pause: tuple[float, float] = PAUSE_SECONDS
    program: Sequence[str] = ()
    share: float = 1.0
    sync_every_seconds: float = 15.0
    settles_within_seconds: float = _SETTLES_WITHIN_SECONDS


def soak(folder: Path, plan: Plan) -> Soaked:
    """Run one. Raises AssertionError where something could not go on; the verdict is the caller's."""
    chance = random.Random(plan.seed)
    with site(folder, plan.program) as running:
        shop = Shop(running.store_url, random.Random(chance.random()))
        sender = Sender(running.receiver_port, random.Random(chance.random()))
        redeemer = Redeemer(running, random.Random(chance.random()))
        going_wrong = faults.Faults(running, plan.kinds, random.Random(chance.random()), plan.pause)
        sampler = Sampler(running.processes)
        running.syncs.every_seconds = plan.sync_every_seconds
        # Customers and products are there when the first of them buys.
        running.syncs.once()
        redeemer.give_points(POINTS_AT_FIRST)
        traffic = [
            Paced(plan.share * ORDERS_PER_SECOND / 2, shop.place),
            Paced(plan.share * ORDERS_PER_SECOND / 2, shop.place),
            Paced(plan.share * CHANGES_PER_SECOND, shop.move),
            Paced(plan.share * EDITS_PER_SECOND, shop.edit),
            Paced(plan.share * REDEMPTIONS_PER_SECOND, redeemer.redeem),
            own_events := Paced(plan.share * EVENTS_PER_SECOND / 2, sender.send),
        ]
        began = time.monotonic()
        try:
            with _started(traffic, going_wrong, sampler, running):
                _let_time_pass(running, own_events, going_wrong, began, plan)
        finally:
            redeemer.close()
        lasted = time.monotonic() - began
        sender.finish()
        quiet = time.monotonic()
        verdict = _settle(running, sender, plan.settles_within_seconds)
        after = lasted * SPARED_FROM + _WARM_SECONDS
        return Soaked(
            seconds=round(lasted, 1),
            verdict=verdict,
            growth={
                role: round(mb, 2) for role, mb in growth(sampler.series(), after=after).items()
            },
            faults=dict(going_wrong.done),
            shop=dict(shop.done),
            redeemed=redeemer.redeemed,
            statuses=dict(sender.statuses),
            syncs=dict(running.syncs.ended),
            hung=running.syncs.hung,
            settled_after=round(time.monotonic() - quiet, 1),
        )


@contextmanager
def _started(
    traffic: Sequence[Paced], going_wrong: faults.Faults, sampler: Sampler, running: Site
) -> Iterator[None]:
    """Start them all; at the end the faults stop first, so that the rest can."""
    with ExitStack() as undo:
        undo.callback(sampler.stop)
        undo.callback(running.syncs.stop)
        for one in traffic:
            undo.callback(one.stop)
        undo.callback(going_wrong.stop)
        sampler.start()
        running.syncs.start()
        for one in traffic:
            one.start()
        going_wrong.start()
        yield


def _let_time_pass(
    running: Site, own_events: Paced, going_wrong: faults.Faults, began: float, plan: Plan
) -> None:
    """Wait; meanwhile the second sender fills up what the sandbox sends to the wanted rate."""
    last, before = time.monotonic(), 0
    while (now := time.monotonic()) < began + plan.seconds:
        time.sleep(min(_LOOK_EVERY_SECONDS, began + plan.seconds - now))
        assert going_wrong.failure is None, repr(going_wrong.failure)
        spares = plan.seconds >= MEASURED_FROM_SECONDS
        if spares and now > began + plan.seconds * SPARED_FROM:
            ours = faults.OF_OUR_PROCESSES
            going_wrong.kinds = [one for one in going_wrong.kinds if one not in ours]
        ((told,),) = running.sandbox.rows("SELECT coalesce(max(id), 0) FROM deliveries")
        rate = (told - before) / max(time.monotonic() - last, 0.1)
        last, before = time.monotonic(), told
        own_events.per_second = max(plan.share * EVENTS_PER_SECOND - rate, 1.0)


def _settle(running: Site, sender: Sender, within: float) -> Verdict:
    """Sync until nothing is left to do, or time is up."""
    deadline = time.monotonic() + within
    while True:
        running.syncs.once()
        verdict = judge(running, sender)
        if verdict.settled or time.monotonic() > deadline:
            return verdict
        time.sleep(1)


def say(soaked: Soaked) -> None:
    """For who runs it with -s."""
    sys.stdout.write(f"{soaked}\n")
