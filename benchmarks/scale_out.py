"""The first import on several workers: one pace for all, workers killed, what more workers bring.

python -m benchmarks.scale_out [--only kills,default,limit,slow,fast] [--customers 200000]
                               [--rate 700]

Everything is started with the commands of deploy/compose.yaml (`composed.py`) and ended again. It
needs redis-server and nginx: apt-get install redis-server nginx-light libnginx-mod-http-echo
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from benchmarks import command
from benchmarks.backfilling import Backfill, Seen, partitions
from benchmarks.catalogue import named
from benchmarks.composed import Composed, composed
from benchmarks.processes import cpu_seconds_of
from benchmarks.rows import Section, at_most, just, section, told
from benchmarks.sandboxed import Sandboxed, Told, sandboxed
from benchmarks.shops import KEY, Shop, open_shop
from benchmarks.sink import Sink, sink

BENCHMARK = named("scale_out")
_QUICK = {"customers": 2000, "rate": 100.0, "scale": 0.05, "only": "kills"}
WORKERS = 4
# A month is a partition; six make a run. The import begins with the first of these months.
_MONTHS = 36
_PATIENCE = 900.0
# Over ten seconds: where the API's process has to wait for a core, calls reach it in bunches.
_BUNCHED = 1.05
# What a killed worker may have had unwritten, and in flight.
_UNWRITTEN = 500 + 64


def open_import_shop(stack: ExitStack, customers: int) -> Shop:
    """A store whose customers came within the months of the import."""
    return stack.enter_context(open_shop(customers, orders_per_customer=0, products=10))


def configure(shop: Shop, **delivery: int | float) -> None:
    """Write influence.toml with these keys of [delivery], and months that make whole runs."""
    shop.configure(**delivery)
    now = datetime.now(UTC)
    first = now.year * 12 + now.month - _MONTHS
    month = f"{first // 12}-{first % 12 + 1:02d}"
    with shop.config.open("a", encoding="utf-8") as config:
        config.write(f'\n[schedule]\nimport_from = "{month}"\n')


def variables(shop: Shop, api_url: str) -> dict[str, str]:
    """What stands in .env."""
    return {
        "INFLUENCE_STORE_URL": shop.store_url,
        "INFLUENCE_API_URL": api_url,
        "INFLUENCE_API_KEY": KEY,
        "INFLUENCE_WEBHOOK_TOKEN": "t" * 32,
    }


class Killer:
    """Kills two workers at work, at a quarter and at a half of the calls; each is started again
    three seconds later, as compose does it."""

    def __init__(self, services: Composed, api: Sandboxed, calls: int) -> None:
        self._services = services
        self._api = api
        self._at = [calls // 4, calls // 2]
        self._again: list[tuple[float, int]] = []
        self._victims: list[int] = []

    @property
    def killed(self) -> int:
        return len(self._victims)

    def __call__(self) -> None:
        while self._again and self._again[0][0] <= time.monotonic():
            self._services.start_worker(self._again.pop(0)[1])
        if self.killed < len(self._at) and self._api.count() >= self._at[self.killed]:
            # Another one than before.
            for number in self._services.busy_workers():
                if number not in self._victims:
                    self._services.kill_worker(number)
                    self._victims.append(number)
                    self._again.append((time.monotonic() + 3.0, number))
                    return


def imported(
    shop: Shop,
    *,
    rate: float,
    workers: int,
    kills: bool = False,
    module: str = "influence_pipeline.definitions",
    name: str = "composed",
) -> tuple[Told, Seen, int]:
    """Import the whole store through the sandbox, under one pace of `rate` calls a second.

    `workers`: Celery's; 0: Dagster's default launcher. Gives what the sandbox was told, what became
    of the backfill, and how many workers were killed.
    """
    configure(shop, calls_per_second=rate)
    with ExitStack() as stack:
        api = stack.enter_context(sandboxed(shop.config.parent.parent, KEY))
        services = stack.enter_context(
            composed(
                shop.config.parent.parent,
                shop.server,
                shop.config,
                variables(shop, api.url),
                workers=workers,
                name=name,
                module=module,
                backfill_runs=WORKERS,
            )
        )
        backfill = Backfill(services, partitions(services))
        killer = Killer(services, api, shop.customers)
        seen = backfill.wait(
            lambda seen: seen.marked_done, _PATIENCE, killer if kills else lambda: None
        )
        return api.told(), seen, killer.killed


def verdict(told: Told, seen: Seen, wanted: int, rate: float, *, killed: int = 0) -> list[str]:
    """Say what is wrong with an import: nothing, if all is well.

    A killed worker had at most 500 records or 50 ms unwritten, and what was in flight.
    """
    wrong = []
    if told.customers != wanted:
        wrong.append(f"{wanted - told.customers:,} customers are missing")
    if told.twice > killed * _UNWRITTEN:
        wrong.append(f"{told.twice:,} customers were sent twice")
    if told.most_in_ten > rate * 10 * _BUNCHED:
        wrong.append(f"{told.most_in_ten:,} calls within 10 s, {rate * 10:g} are allowed")
    if seen.status != "COMPLETED_SUCCESS":
        wrong.append(f"the backfill is {seen.status}")
    return wrong


def kills(given: argparse.Namespace) -> Section:
    """Everybody, on four Celery workers, two of which are killed."""
    return _to_the_sandbox(given.customers, given.rate, workers=WORKERS, kill=True)


def default(given: argparse.Namespace) -> Section:
    """A part of it with Dagster's default launcher."""
    return _to_the_sandbox(given.customers // 10, given.rate, workers=0)


def _to_the_sandbox(customers: int, rate: float, *, workers: int, kill: bool = False) -> Section:
    with ExitStack() as stack:
        shop = open_import_shop(stack, customers)
        said, seen, killed = imported(shop, rate=rate, workers=workers, kills=kill)
        wanted = shop.fresh_backlog()
    who = f"{workers} Celery workers" if workers else "Dagster's default launcher"
    title = f"{wanted:,} customers, {who}" + (f", {killed} of them killed" if killed else "")
    return section(
        title,
        [
            told(
                "customers missing",
                "0",
                f"{wanted - said.customers:,} of {wanted:,}",
                met=said.customers == wanted,
            ),
            at_most("told twice, by workers that were killed", said.twice, killed * _UNWRITTEN, "")
            if killed
            else told("told twice", "0", f"{said.twice:,}", met=said.twice == 0),
            told(
                f"the pace of all workers together, {rate:g} calls/s, in the fullest ten seconds",
                f"<= {rate * 10 * _BUNCHED:,.0f}",
                f"{said.most_in_ten:,}",
                met=said.most_in_ten <= rate * 10 * _BUNCHED,
            ),
            just(
                "the pace on the average, in the fullest second",
                f"{said.calls_per_second:,.0f}/s, {said.most_in_a_second:,}",
            ),
            just(
                "first to last call, at the pace alone",
                f"{said.seconds:,.0f} s, {wanted / rate:,.0f} s",
            ),
            just("runs", ", ".join(f"{count} {name}" for name, count in sorted(seen.runs.items()))),
            told(
                "the backfill",
                "COMPLETED_SUCCESS",
                seen.status,
                met=seen.status == "COMPLETED_SUCCESS",
            ),
        ],
        "Two busy workers are killed with their children (-9), at a quarter and at a half of the "
        "calls, and started again after 3 s."
        if killed
        else "Four runs at a time, nobody killed.",
        runs=1,
    )


# What four workers bring, by what is the limit: title, customers, milliseconds an answer, settings.
SPEED_UPS: dict[str, tuple[str, int, int, dict[str, int | float]]] = {
    "limit": (
        "Where the API is the limit (250 calls/s, 50 ms an answer)",
        20_000,
        50,
        {"calls_per_second": 250},
    ),
    "slow": (
        "Where waiting for answers is the limit (200 ms an answer, 16 calls in flight a worker)",
        20_000,
        200,
        {"in_flight": 16},
    ),
    "fast": ("Where the machine is the limit (the API answers at once)", 100_000, 0, {}),
}


def _speed_up(title: str, customers: int, ms: int, delivery: dict[str, int | float]) -> Section:
    """Months 2 to 13 on one worker, then the other 24 on four: equal months, whole runs."""
    with ExitStack() as stack:
        shop = open_import_shop(stack, customers)
        configure(shop, **delivery)
        api = stack.enter_context(sink(ms=ms))
        services = stack.enter_context(
            composed(
                shop.config.parent.parent,
                shop.server,
                shop.config,
                variables(shop, api.url),
                workers=1,
                backfill_runs=WORKERS,
            )
        )
        months = partitions(services)[-_MONTHS:]
        alone = _rate_of(services, api, months[:12], shop)
        for number in range(1, WORKERS):
            services.start_worker(number)
        together = _rate_of(services, api, months[12:], shop)
    rows = [
        just("1 worker, 12 months", alone[1]),
        just("4 workers, 24 months", together[1]),
        just("speed-up", f"{together[0] / alone[0]:.2f} x"),
    ]
    text = "From the first call to the last, as the API saw them; equal runs of six months."
    return section(title, rows, text, runs=1)


def _rate_of(services: Composed, api: Sink, months: list[str], shop: Shop) -> tuple[float, str]:
    api.forget()
    postgres = cpu_seconds_of(shop.server.pid)
    Backfill(services, months).wait(lambda seen: seen.runs_ended, _PATIENCE)
    postgres = cpu_seconds_of(shop.server.pid) - postgres
    calls = api.calls()
    seconds = max(call.ended for call in calls) - min(call.began for call in calls)
    rate = len(calls) / seconds
    return rate, (
        f"{rate:,.0f} calls/s ({len(calls):,} in {seconds:.1f} s); Postgres "
        f"{1000 * postgres / len(calls):.2f} ms CPU a call"
    )


def _scaled(name: str, given: argparse.Namespace) -> Section:
    title, customers, ms, delivery = SPEED_UPS[name]
    return _speed_up(title, round(customers * given.scale), ms, delivery)


JOBS: dict[str, Callable[[argparse.Namespace], Section]] = {
    "kills": kills,
    "default": default,
    **{name: partial(_scaled, name) for name in SPEED_UPS},
}


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--customers", type=int, default=200_000, help="of the part `kills`")
    parser.add_argument("--rate", type=float, default=700.0, help="calls a second, of all workers")
    parser.add_argument("--scale", type=float, default=1.0, help="size of limit, slow and fast")
    given = command.parse(parser, BENCHMARK, _QUICK)
    with command.recording(BENCHMARK, given) as record:
        for name, job in JOBS.items():
            record.measure(name, partial(job, given))


if __name__ == "__main__":
    main()
