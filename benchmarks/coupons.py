"""Webhooks in, coupons out: how soon a coupon can be used, and how fast a backlog is worked off.

python -m benchmarks.coupons [--only fast-path,sensor,drain] [--seconds 60] [--rate 50]
                             [--events 10000] [--runs 3] [--workers 4] [--alone] [--profile FILE]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.coupon_shop import CouponShop, gaps_between_ticks, open_coupon_shop
from benchmarks.processes import cpu_seconds_of, run_module
from benchmarks.redeeming import Redeemed, redeem, until_one_comes
from benchmarks.rows import Row, Section, at_most, just, section

BENCHMARK = named("coupons")
_QUICK = {"seconds": 5.0, "events": 200, "runs": 1, "rate": 20.0}
# A run a redemption: more than one in a few seconds, and they queue up.
_PEER_RATE = 0.2
_DRAIN_BAR_SECONDS = 60.0
_HOW = (
    "From the moment a delivery was to be sent to the moment its coupon can be seen in the store, "
    "by the store's clock; redemptions come at their own pace, whatever becomes of those before."
)


def fast_path(shop: CouponShop, given: argparse.Namespace) -> Section:
    """From a delivery to its coupon, by the receiver's process alone."""
    shop.fresh(fast_path=True, workers=given.workers)
    with shop.receiver() as port:
        alive = shop.processes.check
        until_one_comes(shop, port, alive)
        found, cpu = _measured(shop, port, given.rate, given.seconds, ("receiver",))
    return section(
        f"From a delivery to its coupon, fast path, {given.rate:g}/s for {given.seconds:g} s",
        [*_quantiles(found, 0.3, 1.5), just("CPU", cpu)],
        _HOW,
        runs=1,
    )


def sensor(shop: CouponShop, given: argparse.Namespace) -> Section:
    """The same by the sensor alone, under `dagster dev`."""
    shop.fresh(fast_path=False, workers=given.workers)
    with shop.receiver() as port, shop.dagster_dev("influence_pipeline.definitions") as home:
        until_one_comes(shop, port, shop.processes.check)
        found, cpu = _measured(shop, port, given.rate, given.seconds, ("receiver", "dagster"))
        gaps = ", ".join(f"{gap:.1f}" for gap in gaps_between_ticks(home, "coupon_sensor"))
    rows = [
        *_quantiles(found, 0.5, 2.0),
        just("seconds between ticks", gaps),
        just("CPU", cpu),
    ]
    if not given.alone:
        shop.fresh(fast_path=False)
        with shop.receiver() as port, shop.dagster_dev("benchmarks.peers.run_per_event"):
            until_one_comes(shop, port, shop.processes.check)
            theirs = redeem(shop, port, rate=_PEER_RATE, seconds=max(given.seconds, 10.0))
        rows.append(just(f"a run for each event, {_PEER_RATE:g}/s", theirs.words()))
    return section(
        f"The same by the sensor, under dagster dev, {given.rate:g}/s for {given.seconds:g} s",
        rows,
        f"{_HOW} The fast path is off.",
        runs=1,
    )


def drain(shop: CouponShop, given: argparse.Namespace) -> Section:
    """A backlog, by one worker process."""
    ours, naive = [], []
    for run in range(given.runs):
        ours.append(_drained(shop, given, "benchmarks.coupon_worker", first=run == 0))
        if not given.alone:
            naive.append(_drained(shop, given, "benchmarks.peers.naive_coupons"))
    seconds = _median(ours, "seconds")
    scaled = seconds * 10_000 / given.events
    rows = [
        at_most("seconds for 10,000", scaled, _DRAIN_BAR_SECONDS, "s"),
        just("one worker process", _drain_words(ours, given.events)),
    ]
    if naive:
        ratio = f"{seconds / _median(naive, 'seconds'):.2f} x"
        rows.append(Row("naive handler", _drain_words(naive, given.events), ratio=ratio))
    return section(
        f"{given.events:,} stored events, drained by one process",
        rows,
        f"{given.workers} threads, until nothing is left; connecting is not counted.",
        runs=given.runs,
    )


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
    seconds = _median(runs, "seconds")
    return (
        f"{seconds:.1f} s, {events / seconds:,.0f}/s; CPU ms an event: worker "
        f"{1000 * _median(runs, 'cpu_seconds') / events:.1f}, Postgres "
        f"{1000 * _median(runs, 'postgres') / events:.1f}"
    )


def _median(runs: list[dict[str, float]], of: str) -> float:
    return statistics.median(one[of] for one in runs)


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


def _quantiles(found: Redeemed, p50: float, p99: float) -> list[Row]:
    return [
        at_most("p50", found.quantile(0.5), p50, "s"),
        at_most("p99", found.quantile(0.99), p99, "s"),
        just("all", found.words()),
    ]


JOBS: dict[str, Callable[[CouponShop, argparse.Namespace], Section]] = {
    "fast-path": fast_path,
    "sensor": sensor,
    "drain": drain,
}


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the latency parts")
    parser.add_argument("--rate", type=float, default=50.0, help="redemptions a second")
    parser.add_argument("--events", type=int, default=10_000, help="of the drain")
    parser.add_argument("--runs", type=int, default=3, help="of the drain")
    parser.add_argument("--workers", type=int, default=4, help="as [webhooks] workers")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--profile", help="of the first drain: files by thread, for pstats")
    given = command.parse(parser, BENCHMARK, _QUICK)
    with command.recording(BENCHMARK, given) as record, open_coupon_shop() as shop:
        for name, job in JOBS.items():
            record.measure(name, partial(job, shop, given))


if __name__ == "__main__":
    main()
