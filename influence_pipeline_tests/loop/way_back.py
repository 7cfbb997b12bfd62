"""The way back with real processes: the sandbox sends its webhooks to a receiver at a port that stays,
again and again until each is answered 200; somebody makes coupons of them."""

from __future__ import annotations

import random
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

from influence_pipeline.postgres import Postgres, run
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks.context import HandlerContext, handler_context
from influence_pipeline.webhooks.events import Topic
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.loop.killed import MID_BODY, make_coupons_until, receive_until
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.apart import Apart
from influence_pipeline_tests.support.order_lives import CUSTOMERS
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.receiving import half_sent

_RULES = ("rule-5-off", "rule-10-percent", "rule-free-shipping")
# What a doomed process is given to do, until it gets to where it dies.
_MOST_TRIES = 25


class WayBack:
    """The receiver of one world, and what customers do to be told of. `redeemed`: how often."""

    def __init__(self, world: World, state: Postgres, context: HandlerContext) -> None:
        self._world = world
        self._state = state
        self._context = context
        self._receiver: Apart | None = None
        self._port = _free_port()
        self.redeemed = 0
        world.sandbox.set(
            webhooks={"backoff_ms": 20, "backoff_max_ms": 100, "max_attempts": 10_000}
        )
        url = f"http://127.0.0.1:{self._port}/webhooks/influence/{TOKEN}"
        for topic in Topic:
            world.sandbox.good("POST", "/v1/webhooks", {"topic": topic, "url": url})

    def close(self) -> None:
        if self._receiver is not None:
            self._receiver.kill()
            self._receiver = None

    # -- what happens

    def redeem(self, chance: random.Random) -> None:
        """A customer spends points; where the sender may send twice, it does at times."""
        customer, rule = chance.choice(CUSTOMERS), chance.choice(_RULES)
        self._world.sandbox.good(
            "POST", f"/sandbox/customers/{customer}/points", {"points": 200, "action": "present"}
        )
        self._world.sandbox.good("POST", f"/sandbox/customers/{customer}/redeem", {"ruleId": rule})
        self.redeemed += 1

    def receiver_killed_at(
        self, point: str, chance: random.Random, *, broken: bool = False
    ) -> None:
        """Kill the receiver at a point; what comes meanwhile finds another one, or nobody. `broken`:
        see `killed`."""
        self.close()
        number = chance.choice([1, 1, 2, 3]) if point != MID_BODY else 1
        doomed = self._start(point, number, broken)
        if point == MID_BODY:
            with half_sent(self._port, encoded(redemption())):
                assert doomed.ended() == -signal.SIGKILL, doomed.error
        else:
            for _ in range(_MOST_TRIES):
                self.redeem(chance)
                if not doomed.lives:
                    break
            assert doomed.ended() == -signal.SIGKILL, doomed.error
        for _ in range(chance.randrange(point == MID_BODY, 3)):
            self.redeem(chance)

    def maker_killed_at(self, point: str, chance: random.Random) -> None:
        """Kill who makes coupons at a point, once or twice in a row."""
        for _ in range(chance.choice([1, 2])):
            many = chance.randrange(1, 5)
            for _ in range(many):
                self.redeem(chance)
            self.all_has_come()
            number = chance.randrange(1, many + 1)
            log = self._world.config.parent / "maker.log"
            maker = Apart(make_coupons_until, point, number, variables=self._variables(), log=log)
            assert maker.ended() == -signal.SIGKILL, f"nobody passes {point!r}: {maker.error}"
            self._leases_run_out()

    def all_has_come(self) -> None:
        """Let the sender send until nothing is under way."""
        if self._receiver is None or not self._receiver.lives:
            self.close()
            self._receiver = self._start(None, 0)
        until(self._nothing_under_way, "every webhook to be answered 200", 60)

    def settle(self) -> None:
        """Let everything come, and make all coupons."""
        self.all_has_come()
        self._leases_run_out()
        while work_off(self._state, self._context).attempted:
            self._leases_run_out()

    def wrong(self) -> list[str]:
        """What is in the inbox that should not be, and what is not there."""
        with self._state.transaction() as connection:
            rows = run(connection, "SELECT topic, body, state FROM inbox").fetchall()
        stored = Counter((topic, bytes(body)) for topic, body, _ in rows)
        sent = {
            (row["topic"], row["body"])
            for row in self._world.sandbox.rows("SELECT topic, body FROM deliveries")
        }
        codes = self._world.ask_store(
            "SELECT code, count(*) FROM discount_codes WHERE source = 'influence'"
            " GROUP BY code HAVING count(*) > 1"
        )
        return [
            *(f"an event of {topic} is not in the inbox" for topic, _ in sent - {*stored}),
            *(f"an event of {topic} was never sent" for topic, _ in {*stored} - sent),
            *(f"{topic} was stored {n} times" for (topic, _), n in stored.items() if n > 1),
            *(f"an event of {topic} is {state}" for topic, _, state in rows if state != "done"),
            *(f"coupon {code} was made {times} times" for code, times in codes),
        ]

    # -- how

    def _start(self, point: str | None, number: int, broken: bool = False) -> Apart:
        folder = self._world.config.parent
        port_file = folder / "port"
        port_file.unlink(missing_ok=True)
        started = Apart(
            receive_until, point, number, self._port, str(port_file), broken,
            variables=self._variables(), log=folder / "receiver.log",
        )  # fmt: skip
        # One that has mail waiting may be dead before it is seen alive.
        until(lambda: port_file.exists() or not started.lives, "the receiver to answer", 60)
        return started

    def _variables(self) -> dict[str, str]:
        return {**self._world.variables(), "INFLUENCE_WEBHOOK_TOKEN": TOKEN}

    def _nothing_under_way(self) -> bool:
        return not self._world.sandbox.rows("SELECT 1 FROM deliveries WHERE state = 'pending'")

    def _leases_run_out(self) -> None:
        with self._state.transaction() as connection:
            run(
                connection,
                "UPDATE inbox SET next_at = now(), lease_until = NULL WHERE state = 'new'",
            )


@contextmanager
def way_back_of(world: World) -> Iterator[WayBack]:
    """The way back of a world whose settings are complete."""
    with (
        closing(open_state(world.state_url)) as state,
        closing(handler_context(world.settings())) as context,
        closing(WayBack(world, state, context)) as made,
    ):
        yield made


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
