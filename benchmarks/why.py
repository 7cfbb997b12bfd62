"""One record's story, the whole state and its upkeep, with a long log of calls behind them.

python -m benchmarks.why [--attempts 10000000] [--records 1000000]
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.measure import beside_first, median_seconds
from benchmarks.rows import Section, at_most, figure, just, section
from benchmarks.shops import Shop, open_shop
from influence_pipeline.postgres import run
from influence_pipeline.settings import Retention
from influence_pipeline.state.database import open_state, upgrade
from influence_pipeline.sync import status
from influence_pipeline.sync.housekeeping import prune
from influence_pipeline.sync.metrics import StateMetrics

BENCHMARK = named("why")
_BAR_SECONDS = 0.3
COMMAND = str(Path(sys.executable).with_name("influence-pipeline"))

SNAPSHOTS = """
INSERT INTO influence.snapshot (entity, key, store_hash, synced_hash, status)
SELECT (ARRAY['customer', 'product', 'order']::influence.entity[])[1 + n %% 3], n::text, n, n,
       CASE WHEN n %% 3 = 2 THEN 'paid'::influence.financial_status END
FROM generate_series(1, %(records)s) n
"""
# A month of calls, evenly; each record has attempts / records of them.
ATTEMPTS = """
INSERT INTO influence.attempt (at, content_hash, entity, ms, http_status, key, call, outcome, error)
SELECT now() - interval '30 days' * (1 - n::float8 / %(attempts)s), key,
       (ARRAY['customer', 'product', 'order']::influence.entity[])[1 + key %% 3], 40 + n %% 90,
       CASE WHEN n %% 50 = 0 THEN 503 ELSE 200 END, key::text,
       (ARRAY['PUT customer', 'PUT product', 'PATCH order'])[1 + key %% 3],
       CASE WHEN n %% 50 = 0 THEN 'later' ELSE 'accepted' END,
       CASE WHEN n %% 50 = 0 THEN 'HTTP 503: Service Unavailable' END
FROM generate_series(1, %(attempts)s) n
CROSS JOIN LATERAL (SELECT 1 + (n::bigint * 7919) %% %(records)s AS key) k
"""
WORK = """
INSERT INTO influence.work (entity, key, state, reason_code, reason)
SELECT (ARRAY['customer', 'product', 'order']::influence.entity[])[1 + n %% 3], n::text,
       CASE WHEN n %% 10 = 0 THEN 'parked' ELSE 'ready' END,
       CASE WHEN n %% 10 = 0 THEN 'refused' END, CASE WHEN n %% 10 = 0 THEN 'HTTP 400' END
FROM generate_series(1, 50000) n
"""


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--attempts", type=int, default=10_000_000, help="calls in the log")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=11, help="of which the median is taken")
    given = command.parse(parser, BENCHMARK, {"attempts": 20_000, "records": 2_000, "runs": 1})
    with command.recording(BENCHMARK, given) as record, open_shop(1000) as shop:
        upgrade(shop.state_url)
        fill(shop.state_url, given.attempts, given.records)
        words = f"{given.attempts:,} calls in the log, {given.records:,} records"
        record.measure("commands", lambda: commands(shop, words, given.runs))
        record.measure("upkeep", lambda: upkeep(shop.state_url, words))


def commands(shop: Shop, words: str, runs: int) -> Section:
    def timed(*arguments: str) -> float:
        return median_seconds(
            lambda: subprocess.run(
                arguments, check=True, capture_output=True, env=shop.environment()
            ),
            runs=runs,
        )

    first = "why orders (store, state, its calls)"
    taken = {
        first: timed(COMMAND, "why", "orders", "302"),
        "why orders --json": timed(COMMAND, "why", "orders", "302", "--json"),
        "why of a record that is not known": timed(COMMAND, "why", "orders", "x"),
        "python alone": timed(sys.executable, "-c", "pass"),
        "import sqlalchemy": timed(sys.executable, "-c", "import sqlalchemy"),
        "status": timed(COMMAND, "status"),
    }
    rows = [at_most(first, taken[first], _BAR_SECONDS, "s"), *beside_first(taken, "s")[1:]]
    return section("Whole commands", rows, f"{words}.", runs=runs)


def upkeep(state_url: str, words: str) -> Section:
    """What looks at the log and prunes it, in one process."""
    state = open_state(state_url)
    month, shorter = Retention(), Retention(attempts_days=20)
    metrics = StateMetrics(lambda: state)
    taken = {"status: the whole overview": median_seconds(lambda: status.overview(state))}
    taken["status: the pace"] = median_seconds(lambda: status.pace_now(state))
    taken["prune: nothing to do"] = median_seconds(lambda: prune(state, month, time.monotonic))
    began = time.perf_counter()
    deleted = prune(state, shorter, time.monotonic)
    taken[f"prune: {deleted:,} rows, the most of one run"] = time.perf_counter() - began
    began = time.perf_counter()
    rest = 0
    while more := prune(state, shorter, time.monotonic):
        rest += more
    taken[f"prune: the rest of ten days, {rest:,} rows"] = time.perf_counter() - began
    began = time.perf_counter()
    prune(state, shorter, time.monotonic)
    taken["prune: nothing to do, right after that"] = time.perf_counter() - began
    taken["metrics: the first look"] = seconds_of(lambda: list(metrics.collect()))
    with state.transaction() as connection:
        run(connection, ATTEMPTS, {"attempts": 15_000, "records": 15_000})
    time.sleep(30)
    taken["metrics: a look with 15,000 new calls"] = seconds_of(lambda: list(metrics.collect()))
    state.close()
    rows = [just(name, figure(seconds, "s")) for name, seconds in taken.items()]
    return section("Upkeep, in one process", rows, f"{words}. The first three are medians of 5.")


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def fill(state_url: str, attempts: int, records: int) -> None:
    began = time.perf_counter()
    connection = psycopg2.connect(state_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOTS, {"records": records})
        cursor.execute(WORK, {})
        cursor.execute(ATTEMPTS, {"attempts": attempts, "records": records})
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    print(f"{attempts:,} calls written in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
