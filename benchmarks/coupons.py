"""Webhooks in, coupons out: how soon a coupon can be used, and how fast a backlog is worked off.

python -m benchmarks.coupons [--only fast-path,sensor,drain] [--seconds 60] [--rate 50]
                             [--events 10000] [--runs 3] [--workers 4] [--alone] [--profile FILE]
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks.coupon_shop import API_MS, CouponShop, gaps_between_ticks, open_coupon_shop
from benchmarks.measure import machine
from benchmarks.processes import cpu_seconds_of, run_module
from benchmarks.redeeming import Redeemed, redeem, until_one_comes
from benchmarks.report import Row, show, table

# A run a redemption: more than one in a few seconds, and they queue up.
_PEER_RATE = 0.2
_DRAIN_BAR_SECONDS = 60.0


def fast_path(shop: CouponShop, given: argparse.Namespace) -> Row:
    """From a delivery to its coupon, by the receiver's process alone."""
    shop.fresh(fast_path=True, workers=given.workers)
    with shop.receiver() as port:
        alive = shop.processes.check
        until_one_comes(shop, port, alive)
        found, cpu = _measured(shop, port, given.rate, given.seconds, ("receiver",))
    return Row(
        f"delivery -> coupon usable, fast path, {given.rate:g}/s for {given.seconds:g} s",
        "p50 <= 0.3 s, p99 <= 1.5 s",
        f"{_met(found, 0.3, 1.5)}: {found.words()}; CPU {cpu}",
    )


def sensor(shop: CouponShop, given: argparse.Namespace) -> Row:
    """The same by the sensor alone, under `dagster dev`."""
    shop.fresh(fast_path=False, workers=given.workers)
    with shop.receiver() as port, shop.dagster_dev("influence_pipeline.definitions") as home:
        until_one_comes(shop, port, shop.processes.check)
        found, cpu = _measured(shop, port, given.rate, given.seconds, ("receiver", "dagster"))
        gaps = ", ".join(f"{gap:.1f}" for gap in gaps_between_ticks(home, "coupon_sensor"))
    row = Row(
        f"delivery -> coupon usable, sensor under dagster dev, {given.rate:g}/s for "
        f"{given.seconds:g} s",
        "p50 <= 0.5 s, p99 <= 2 s",
        f"{_met(found, 0.5, 2.0)}: {found.words()}; seconds between ticks: {gaps}; CPU {cpu}",
    )
    if not given.alone:
        shop.fresh(fast_path=False)
        with shop.receiver() as port, shop.dagster_dev("benchmarks.peers.run_per_event"):
            until_one_comes(shop, port, shop.processes.check)
            theirs = redeem(shop, port, rate=_PEER_RATE, seconds=given.seconds)
        row.beside.append(f"a run for each event, {_PEER_RATE:g}/s: {theirs.words()}")
    return row


def drain(shop: CouponShop, given: argparse.Namespace) -> Row:
    """A backlog, by one worker process."""
    ours, naive = [], []
    for run in range(given.runs):
        ours.append(_drained(shop, given, "benchmarks.coupon_worker", first=run == 0))
        if not given.alone:
            naive.append(_drained(shop, given, "benchmarks.peers.naive_coupons"))
    seconds = statistics.median(one["seconds"] for one in ours)
    scaled = seconds * 10_000 / given.events
    met = "yes" if scaled <= _DRAIN_BAR_SECONDS else "no"
    row = Row(
        f"{given.events:,} stored events drained by one process, {given.workers} threads, median "
        f"of {given.runs}",
        f"10,000 in <= {_DRAIN_BAR_SECONDS:g} s",
        f"{met}: {_drain_words(ours, given.events)}",
    )
    if naive:
        row.beside.append(
            "naive handler (no lease, no intention, no lock; the upper bound): "
            f"{_drain_words(naive, given.events)}"
        )
    return row


def _drained(
    shop: CouponShop, given: argparse.Namespace, module: str, *, first: bool = False
) -> dict[str, float]:
    shop.fresh(workers=given.workers)
    shop.store_events(given.events)
    profile = ("--profile", given.profile) if given.profile and first else ()
    postgres = cpu_seconds_of(shop.server.pid)
    said = run_module(module, *profile, environment=shop.environment()).said
    assert said["coupons"] == shop.coupons() == given.events
    return {**said, "postgres": cpu_seconds_of(shop.server.pid) - postgres}


def _drain_words(runs: list[dict[str, float]], events: int) -> str:
    def median(of: str) -> float:
        return statistics.median(one[of] for one in runs)

    return (
        f"{median('seconds'):.1f} s, {events / median('seconds'):,.0f}/s; CPU ms an event: worker "
        f"{1000 * median('cpu_seconds') / events:.1f}, Postgres "
        f"{1000 * median('postgres') / events:.1f}"
    )


def _measured(
    shop: CouponShop, port: int, rate: float, seconds: float, names: tuple[str, ...]
) -> tuple[Redeemed, str]:
    pids = {name: shop.processes.pid(name) for name in (*names, "api")}
    pids["Postgres"] = shop.server.pid
    before = {name: cpu_seconds_of(pid) for name, pid in pids.items()}
    found = redeem(shop, port, rate=rate, seconds=seconds)
    used = {name: cpu_seconds_of(pid) - before[name] for name, pid in pids.items()}
    words = ", ".join(f"{name} {1000 * cpu / found.sent:.1f}" for name, cpu in used.items())
    return found, f"ms an event: {words}; sent at most {1000 * found.late:.0f} ms late"


def _met(found: Redeemed, p50: float, p99: float) -> str:
    return "yes" if found.quantile(0.5) <= p50 and found.quantile(0.99) <= p99 else "no"


JOBS: dict[str, Callable[[CouponShop, argparse.Namespace], Row]] = {
    "fast-path": fast_path,
    "sensor": sensor,
    "drain": drain,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(JOBS), help="names, with commas between")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the latency rows")
    parser.add_argument("--rate", type=float, default=50.0, help="redemptions a second")
    parser.add_argument("--events", type=int, default=10_000, help="of the drain row")
    parser.add_argument("--runs", type=int, default=3, help="of the drain row")
    parser.add_argument("--workers", type=int, default=4, help="as [webhooks] workers")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--profile", help="of the first drain: files by thread, for pstats")
    given = parser.parse_args()
    # An end from outside ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}; the API answers in {API_MS:g} ms")
    rows = []
    with open_coupon_shop() as shop:
        for name in given.only.split(","):
            rows.append(JOBS[name](shop, given))
            show(rows[-1])
    table(rows)


if __name__ == "__main__":
    main()
