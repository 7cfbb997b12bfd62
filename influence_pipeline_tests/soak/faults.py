"""What goes wrong in a soak, one thing after the other, by a seed.

What is killed is started again at once, as systemd would. The kinds are dealt like cards, so that a
short soak meets as many of them as it can.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import requests

from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.soak.site import SENDER, Site
from influence_pipeline_tests.soak.until_stopped import UntilStopped
from influence_pipeline_tests.support.fault_proxy import MODES, Plan

_ORDERS_POSTED = "SELECT coalesce(max(id), 0) FROM calls WHERE method = 'POST' AND entity = 'order'"

Fault = Callable[[Site, random.Random], None]


def kill_a_receiver_worker(site: Site, chance: random.Random) -> None:
    workers = until(lambda: sorted(site.receiver.workers()), "a worker", 120)
    with suppress(ProcessLookupError):
        os.kill(chance.choice(workers), signal.SIGKILL)


def kill_the_receiver(site: Site, chance: random.Random) -> None:
    site.receiver.end()
    site.start_receiver()


def kill_the_sync(site: Site, chance: random.Random) -> None:
    """kill -9 it while it works; waits for one to begin, and for a moment in it by chance."""
    time.sleep(chance.uniform(0, 3))
    with suppress(AssertionError):
        until(site.syncs.kill, "a sync at work", 30)


def kill_the_sync_while_it_sends(site: Site, chance: random.Random) -> None:
    """kill -9 it with calls under way: as soon as an order arrives that was not there before."""
    site.sandbox.set(latency_ms=300)
    ((before,),) = site.sandbox.rows(_ORDERS_POSTED)

    def one_arrived() -> bool:
        ((now,),) = site.sandbox.rows(_ORDERS_POSTED)
        return bool(now > before)

    with suppress(AssertionError):
        until(one_arrived, "an order to arrive", 120)
        site.syncs.kill()
    site.sandbox.set(latency_ms=0)


def kill_the_daemon(site: Site, chance: random.Random) -> None:
    site.dagster.kill_daemon()


def kill_the_sandbox(site: Site, chance: random.Random) -> None:
    site.kill_sandbox()


def kill_the_states_postgres(site: Site, chance: random.Random) -> None:
    site.kill_postgres("state")


def kill_the_stores_postgres(site: Site, chance: random.Random) -> None:
    site.kill_postgres("store")


def cut_the_states_connections(site: Site, chance: random.Random) -> None:
    site.cut_connections("state")


def cut_the_stores_connections(site: Site, chance: random.Random) -> None:
    site.cut_connections("store")


def calls_go_wrong(site: Site, chance: random.Random) -> None:
    """The proxy does to a part of the calls whatever can be done to them."""
    site.proxy.follow(Plan(chance.choice([0.1, 0.3, 0.6]), list(MODES), chance.randrange(10**6)))
    time.sleep(chance.uniform(5, 15))
    site.proxy.follow(Plan())


def the_api_says_503(site: Site, chance: random.Random) -> None:
    rules = [{"kind": "error_before", "status": chance.choice([500, 502, 503])}]
    site.sandbox.good("PUT", "/sandbox/faults", {"faults": rules})
    time.sleep(chance.uniform(3, 10))
    site.sandbox.good("PUT", "/sandbox/faults", {"faults": []})


def the_limit_changes(site: Site, chance: random.Random) -> None:
    site.sandbox.set(
        rate_limit=chance.choice([20, 50, 100, None]),
        retry_after=chance.choice(["seconds", "date", "none"]),
    )


def the_api_is_slow(site: Site, chance: random.Random) -> None:
    site.sandbox.set(latency_ms=chance.choice([200, 500, 1000]))
    time.sleep(chance.uniform(3, 10))
    site.sandbox.set(latency_ms=0)


def webhooks_come_twice_and_in_disorder(site: Site, chance: random.Random) -> None:
    site.sandbox.set(
        webhooks={
            **SENDER,
            "duplicate": chance.uniform(0, 0.3),
            "reorder": chance.uniform(0, 0.3),
            "reorder_ms": chance.randrange(100, 3000),
        }
    )


# Those that end a long-lived process of ours.
OF_OUR_PROCESSES: tuple[Fault, ...] = (kill_a_receiver_worker, kill_the_receiver, kill_the_daemon)
ALL: tuple[Fault, ...] = (
    *OF_OUR_PROCESSES,
    kill_the_sync,
    kill_the_sync_while_it_sends,
    kill_the_sandbox,
    kill_the_states_postgres,
    kill_the_stores_postgres,
    cut_the_states_connections,
    cut_the_stores_connections,
    calls_go_wrong,
    the_api_says_503,
    the_limit_changes,
    the_api_is_slow,
    webhooks_come_twice_and_in_disorder,
)


class Faults(UntilStopped):
    """Does one of them every `pause` seconds (a range)."""

    def __init__(
        self, site: Site, kinds: Sequence[Fault], chance: random.Random, pause: tuple[float, float]
    ) -> None:
        super().__init__()
        self._site = site
        self.kinds = kinds
        self._chance = chance
        self._pause = pause
        self._cards: list[Fault] = []
        self.done: Counter[str] = Counter()

    def stop(self) -> None:
        """No more of them; and everything that was set is as it should be again."""
        super().stop()
        self._site.proxy.follow(Plan())
        self._site.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
        self._site.sandbox.set(rate_limit=None, latency_ms=0, webhooks=SENDER)

    def go_on(self) -> None:
        while not self.stopping.wait(self._chance.uniform(*self._pause)):
            fault = self._next()
            with suppress(requests.RequestException):
                fault(self._site, self._chance)
            self.done[fault.__name__] += 1

    def _next(self) -> Fault:
        self._cards = [card for card in self._cards if card in self.kinds]
        if not self._cards:
            self._cards = self._chance.sample(self.kinds, len(self.kinds))
        return self._cards.pop()
