"""A live change while a large import runs: how long from its commit in the store to the API's
answer.

The import is `influence-pipeline import`, with the ceiling `calls_per_second`, against an API that
has just that limit. Beside it `influence-pipeline sync` starts each second, unless the last one is
still at work, as Dagster's schedule does.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from benchmarks.limited import LimitedApi, limited_api
from benchmarks.processes import child
from benchmarks.rows import Section, at_most, just, section, told
from benchmarks.shops import Shop
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sync.engine import Engine

_IMPORT = ("influence_pipeline.cli", "import", "--entity", "customers")
_SYNC = ("influence_pipeline.cli", "sync", "--entity", "customers")
_TICK_SECONDS = 1.0
_ANSWER_MS = 50
# After the last change, so long is waited for those that are still to come.
_GRACE_SECONDS = 20.0


def row(shop: Shop, *, calls_per_second: float, seconds: float) -> Section:
    """Change one customer each second for so many seconds."""
    shop.configure(calls_per_second=calls_per_second)
    shop.fresh_state()
    with limited_api("bucket", calls_per_second, ms=_ANSWER_MS) as api:
        shop.api_url = api.url
        with child(*_IMPORT, environment=shop.environment(), quiet=True) as importing:
            while not api.calls():
                _must_run(importing)
            # What the first sync after an import does once: compare all. It is not a tick.
            with Engine(shop.settings()) as engine:
                engine.capture(Entity.CUSTOMER)
            began = time.time()
            with _ticking(shop) as ticks:
                committed = _change(shop.store_url, seconds)
                _wait_for(api, committed)
            _must_run(importing)
        ended = time.time()
        calls = [call for call in api.calls() if began <= call.at < ended]
    # From the commit to the answer, for the first call that told of the change.
    waits: dict[str, float] = {}
    for call in calls:
        if call.passed and call.mark in committed:
            waits.setdefault(call.mark, call.at + _ANSWER_MS / 1000 - committed[call.mark])
    passed = sum(call.passed for call in calls)
    used = passed / (calls_per_second * (ended - began))
    missing = len(committed) - len(waits)
    # Those that never came count as the slowest.
    ordered = sorted(waits.values()) + [float("inf")] * missing
    p95 = ordered[max(round(len(ordered) * 0.95) - 1, 0)]
    return section(
        f"Live changes while an import of {shop.customers:,} runs at {calls_per_second:g}/s",
        [
            at_most("from commit to answer, p95", p95, 5, "s"),
            just("p50, most", f"{statistics.median(ordered):.2f} s, {ordered[-1]:.2f} s"),
            told(
                f"not told within {_GRACE_SECONDS:g} s of the last change",
                "0",
                f"{missing} of {len(committed)}",
                met=missing == 0,
            ),
            just("used of the limit", f"{used:.0%}"),
            just("calls answered 429", f"{len(calls) - passed} of {len(calls):,}"),
            just("ticks, with an error", f"{len(ticks)}, {sum(map(bool, ticks))}"),
        ],
        f"Beside `influence-pipeline import`, `influence-pipeline sync` starts each "
        f"{_TICK_SECONDS:g} s, unless the last one is at work; a customer is renamed each second.",
        runs=1,
    )


def _change(store_url: str, seconds: float) -> dict[str, float]:
    """Give another customer a new name each second; gives the moment of each commit by its mark."""
    committed = {}
    connection = psycopg2.connect(store_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers WHERE deleted_at IS NULL")
        keys = [key for (key,) in cursor.fetchall()]
    connection.close()
    for number, key in enumerate(random.sample(keys, int(seconds))):
        mark = f"change-{number}"
        sample_store.rename_customer(store_url, key, first_name=mark)
        committed[mark] = time.time()
        time.sleep(1.0)
    return committed


def _wait_for(api: LimitedApi, committed: dict[str, float]) -> None:
    until = time.time() + _GRACE_SECONDS
    while time.time() < until and not committed.keys() <= {
        call.mark for call in api.calls() if call.passed
    }:
        pass


def _must_run(importing: subprocess.Popen[bytes]) -> None:
    if importing.poll() is not None:
        raise RuntimeError("The import ended by itself; use more records or fewer seconds.")


@contextmanager
def _ticking(shop: Shop) -> Iterator[list[int]]:
    """Start a sync each second while none is at work; gives the exit codes of those that ended."""
    ended = threading.Event()
    exit_codes: list[int] = []

    def tick() -> None:
        next_at = time.monotonic()
        while not ended.is_set():
            with child(*_SYNC, environment=shop.environment(), quiet=True) as process:
                while process.poll() is None and not ended.wait(0.02):
                    pass
            if not ended.is_set():
                exit_codes.append(process.returncode)
            # A tick that was missed is not made up for.
            next_at = max(next_at + _TICK_SECONDS, time.monotonic())
            ended.wait(next_at - time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield exit_codes
    finally:
        ended.set()
        thread.join()
