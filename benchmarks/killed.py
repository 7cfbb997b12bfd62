"""kill -9 in the middle of a delivery, then start again: how much the API is told a second time."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from benchmarks import beside
from benchmarks.processes import child, run_module
from benchmarks.rows import Section, just, section, told
from benchmarks.shops import Shop
from benchmarks.sink import Sink, sink

# Shorter than the default, so that the leases of the killed process run out sooner; it changes
# nothing of what is sent again.
_TIMEOUT_SECONDS = 10
_WAIT_SECONDS = 60
_MOST_AGAIN, _TAIL_MS = 500, 50
# Records of the peers.
_SLOW, _SLOW_AT_ONCE = 400, 2000


@dataclass(frozen=True)
class Killed:
    """`again`: records that the API was told of before the kill and after it. `tail_seconds`: how
    long before the kill the oldest of them had been answered. `seconds`: of the second run, with
    its wait."""

    records: int
    again: int
    lost: int
    tail_seconds: float
    seconds: float


def run(shop: Shop, api: Sink, share: float) -> Killed:
    """Kill the worker when this share of the backlog has been answered; let another finish."""
    records = shop.fresh_backlog()
    shop.api_url = api.url
    api.forget()
    with child("benchmarks.worker", environment=shop.environment()) as worker:
        while api.count() < records * share and worker.poll() is None:
            time.sleep(0.02)
    killed_at = time.time()
    if worker.returncode == 0:
        raise RuntimeError("The worker was done before it could be killed; use more records.")
    before = len(api.calls())
    began = time.time()
    run_module("benchmarks.worker", "--wait", _WAIT_SECONDS, environment=shop.environment())
    seconds = time.time() - began
    calls = api.calls()
    first_answers: dict[str, float] = {}
    for call in calls[:before]:
        first_answers.setdefault(call.record, call.ended)
    again = {call.record for call in calls[before:]} & first_answers.keys()
    accepted = {call.record for call in calls if call.status == 200}
    return Killed(
        records=records,
        again=len(again),
        lost=records - len(accepted),
        tail_seconds=killed_at
        - min((first_answers[record] for record in again), default=killed_at),
        seconds=seconds,
    )


def row(shop: Shop, *, ms: int, in_flight: int, runs: int, alone: bool) -> Section:
    """Several kills, at different places."""
    shop.configure(in_flight=in_flight, timeout_seconds=_TIMEOUT_SECONDS)
    with sink(ms=ms) as api:
        all_runs = [run(shop, api, (number + 1) / (runs + 1)) for number in range(runs)]
    again = [one.again for one in all_runs]
    lost = sum(one.lost for one in all_runs)
    tail_ms = max(one.tail_seconds for one in all_runs) * 1000
    met = max(again) <= _MOST_AGAIN or tail_ms <= _TAIL_MS
    return section(
        f"kill -9 and start again, answers {f'in {ms} ms' if ms else 'at once'}",
        [
            told(
                "sent again, most",
                f"<= {_MOST_AGAIN}, or those of the last {_TAIL_MS} ms",
                f"{max(again):,}; the oldest answered {tail_ms:.0f} ms before the kill",
                met=met,
            ),
            told("lost", "0", f"{lost}", met=lost == 0),
            just("sent again, median", f"{statistics.median(again):,.0f}"),
            just(
                "the second run, most of it until the leases ran out",
                f"{max(one.seconds for one in all_runs):.0f} s",
            ),
            *([] if alone else beside.killed(shop, ms, _SLOW if ms else _SLOW_AT_ONCE)),
        ],
        f"{all_runs[0].records:,} customers, {in_flight} in flight, a kill a run, each at another "
        "place. Sent again: of which nginx saw more than one call, answered or not.",
        runs=runs,
    )
