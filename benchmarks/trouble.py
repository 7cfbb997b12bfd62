"""A small share of the answers is 500 or 429: how much longer the same backlog takes, and whether
every record got there."""

from __future__ import annotations

import statistics
import time
from contextlib import suppress
from dataclasses import dataclass

from benchmarks import beside
from benchmarks.processes import run_module
from benchmarks.rows import Section, just, ratio_at_most, section, told
from benchmarks.shops import Shop
from benchmarks.sink import sink

# A delivery that takes so many times the clean time, and at least so many seconds, is given up.
_PATIENCE = 3
_LEAST_PATIENCE_SECONDS = 30.0
# Records of the peers.
_OF_PEERS = 400


@dataclass(frozen=True)
class Delivery:
    """From the first call to the last acknowledgement. `runs`: how often the worker was started.

    `done`: nothing was left, and it was not given up.
    """

    records: int
    seconds: float
    runs: int
    done: bool
    refused: int
    missing: int
    twice: int


def deliver(shop: Shop, *, ms: int, percent: float, most_seconds: float) -> Delivery:
    """Deliver the whole backlog, starting the worker again until nothing is left."""
    records = shop.fresh_backlog()
    runs, done, until = 0, False, time.time() + most_seconds
    with sink(ms=ms, trouble_percent=percent) as api:
        shop.api_url = api.url
        while not done and time.time() < until:
            runs += 1
            with suppress(TimeoutError):
                ran = run_module(
                    "benchmarks.worker",
                    environment=shop.environment(),
                    most_seconds=max(until - time.time(), 1.0),
                )
                done = not ran.said["waiting"]
        ended = time.time()
        calls = api.calls()
        accepted = api.accepted()
    return Delivery(
        records=records,
        seconds=ended - min(call.began for call in calls),
        runs=runs,
        done=done,
        refused=sum(call.status != 200 for call in calls),
        missing=records - len(accepted),
        twice=sum(accepted.values()) - len(accepted),
    )


def row(shop: Shop, *, ms: int, in_flight: int, percent: float, runs: int, alone: bool) -> Section:
    """Clean and troubled in turn."""
    shop.configure(in_flight=in_flight)
    clean, troubled = [], []
    for _ in range(runs):
        clean.append(deliver(shop, ms=ms, percent=0, most_seconds=600.0))
        patience = max(_PATIENCE * clean[-1].seconds, _LEAST_PATIENCE_SECONDS)
        troubled.append(deliver(shop, ms=ms, percent=percent, most_seconds=patience))
    done = all(one.done for one in troubled)
    clean_seconds = statistics.median(one.seconds for one in clean)
    seconds = statistics.median(one.seconds for one in troubled)
    missing = sum(one.missing for one in troubled)
    twice = sum(one.twice for one in troubled)
    lost = f"{missing:,}" if done else f"{missing:,} still to be told: given up before the end"
    return section(
        f"{percent:g} % of answers 500 or 429, {f'in {ms} ms' if ms else 'at once'}",
        [
            ratio_at_most("seconds, against the clean time", seconds, clean_seconds, 1.5, "s"),
            told("lost", "0", lost, met=done and missing == 0),
            just("accepted twice", f"{twice}"),
            just("calls refused, in the first run", f"{troubled[0].refused:,}"),
            just("the worker was started, at most", f"{max(one.runs for one in troubled)} x"),
            *([] if alone else beside.troubled(shop, ms=ms, percent=percent, records=_OF_PEERS)),
        ],
        f"{clean[0].records:,} customers, {in_flight} in flight, clean and troubled in turn.",
        runs=runs,
    )
