"""The first import on several workers: one pace for all, workers killed, what more workers bring.

python -m benchmarks.scale_out [--only kills,default,limit,slow,fast] [--customers 200000]
                               [--rate 700] [--write]

Everything is started with the commands of deploy/compose.yaml (`composed.py`) and ended again. It
needs redis-server and nginx: apt-get install redis-server nginx-light libnginx-mod-http-echo
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.backfilling import Backfill, Seen, partitions
from benchmarks.composed import Composed, composed
from benchmarks.measure import machine
from benchmarks.page import Section, markdown
from benchmarks.processes import cpu_seconds_of
from benchmarks.sandboxed import Sandboxed, Told, sandboxed
from benchmarks.shops import KEY, Shop, open_shop
from benchmarks.sink import Sink, sink

WORKERS = 4
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks-scale-out.md"
# A month is a partition; six make a run. The import begins with the first of these months.
_MONTHS = 36
_PATIENCE = 900.0
_HEADER = ("what", "measured")


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
    if told.twice > killed * (500 + 64):
        wrong.append(f"{told.twice:,} customers were sent twice")
    # Over ten seconds: where the API's process has to wait for a core, calls reach it in bunches.
    if told.most_in_ten > rate * 10 * 1.05:
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
        told, seen, killed = imported(shop, rate=rate, workers=workers, kills=kill)
        wanted = shop.fresh_backlog()
    wrong = verdict(told, seen, wanted, rate, killed=killed)
    who = f"{workers} Celery workers" if workers else "Dagster's default launcher"
    title = f"{wanted:,} customers, {who}" + (f", {killed} of them killed" if killed else "")
    rows = [
        ("result", "; ".join(wrong) or "nobody is missing, the pace was held"),
        ("customers told", f"{told.customers:,} of {wanted:,}"),
        ("told twice", f"{told.twice:,} (what a killed worker had in flight or not written yet)"),
        (
            "pace, of all workers together",
            f"{rate:g} calls/s allowed; {told.calls_per_second:,.0f}/s on the average, "
            f"{told.most_in_a_second:,} in the fullest second, {told.most_in_ten:,} in the fullest "
            "ten",
        ),
        ("first to last call", f"{told.seconds:,.0f} s; at the pace alone {wanted / rate:,.0f} s"),
        ("runs", ", ".join(f"{count} {status}" for status, count in sorted(seen.runs.items()))),
        ("the backfill", seen.status),
    ]
    return Section(title, _HEADER, rows)


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
        ("1 worker, 12 months", alone[1]),
        ("4 workers, 24 months", together[1]),
        ("speed-up", f"{together[0] / alone[0]:.2f} x"),
    ]
    return Section(title, _HEADER, rows)


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


JOBS: dict[str, Callable[[argparse.Namespace], Section]] = {
    "kills": kills,
    "default": default,
    **{name: lambda _given, row=row: _speed_up(*row) for name, row in SPEED_UPS.items()},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(JOBS), help="names, with commas between")
    parser.add_argument("--customers", type=int, default=200_000, help="of the row `kills`")
    parser.add_argument("--rate", type=float, default=700.0, help="calls a second, of all workers")
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    given = parser.parse_args()
    # An end from outside ends what was started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}"
    print(when, flush=True)
    sections = []
    for name in given.only.split(","):
        sections.append(JOBS[name](given))
        print(markdown(sections[-1:]), flush=True)
    if given.write:
        PAGE.write_text(_page(when, sections), encoding="utf-8")


def _page(when: str, sections: list[Section]) -> str:
    return (
        "# Scale-out, measured\n\n"
        "This page answers: does the first import stay right on several workers, two of which are "
        "killed, and what do more workers bring? It is written by `python -m benchmarks.scale_out "
        "--write`.\n\n"
        f"Measured {when}. Workers, Dagster, two databases and the API share these cores.\n\n"
        f"{markdown(sections)}"
    )


if __name__ == "__main__":
    main()
