"""One record's story, the whole state and its upkeep, with a long log of calls behind them.

python -m benchmarks.why [--attempts 10000000] [--records 1000000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2

from benchmarks.measure import KEY, machine, median_seconds, shop, table
from influence_pipeline.postgres import run
from influence_pipeline.settings import Retention, Settings
from influence_pipeline.state.database import open_state, upgrade
from influence_pipeline.sync import status
from influence_pipeline.sync.housekeeping import prune
from influence_pipeline.sync.metrics import StateMetrics

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=10_000_000)
    parser.add_argument("--records", type=int, default=1_000_000)
    given = parser.parse_args()
    print(machine())
    with shop(1000) as (settings, store_url):
        state_url = settings.secret("state_url")
        upgrade(state_url)
        fill(state_url, given.attempts, given.records)
        environment = variables(settings, store_url, state_url)

        def timed(*arguments: str) -> float:
            return median_seconds(
                lambda: subprocess.run(arguments, check=True, capture_output=True, env=environment),
                runs=11,
            )

        rows = {
            "why orders (store, state, 20 calls)": timed(COMMAND, "why", "orders", "302"),
            "why orders --json": timed(COMMAND, "why", "orders", "302", "--json"),
            "why of a record that is not known": timed(COMMAND, "why", "orders", "x"),
            "python alone": timed(sys.executable, "-c", "pass"),
            "import sqlalchemy": timed(sys.executable, "-c", "import sqlalchemy"),
            "status": timed(COMMAND, "status"),
        }
        table(
            f"{given.attempts:,} calls in the log, {given.records:,} records, whole commands, "
            "median of 11",
            "why orders (store, state, 20 calls)",
            rows,
        )
        upkeep(settings)


def upkeep(settings: Settings) -> None:
    """What looks at the log and prunes it, in one process."""
    state = open_state(settings.secret("state_url"))
    month, shorter = Retention(), Retention(attempts_days=20)
    metrics = StateMetrics(lambda: state)
    rows = {"status: the whole overview": median_seconds(lambda: status.overview(state))}
    rows["status: the pace"] = median_seconds(lambda: status.pace_now(state))
    rows["prune: nothing to do"] = median_seconds(lambda: prune(state, month, time.monotonic))
    began = time.perf_counter()
    deleted = prune(state, shorter, time.monotonic)
    rows[f"prune: {deleted:,} rows, the most of one run"] = time.perf_counter() - began
    began = time.perf_counter()
    rest = 0
    while more := prune(state, shorter, time.monotonic):
        rest += more
    rows[f"prune: the rest of ten days, {rest:,} rows"] = time.perf_counter() - began
    began = time.perf_counter()
    prune(state, shorter, time.monotonic)
    rows["prune: nothing to do, right after that"] = time.perf_counter() - began
    rows["metrics: the first look"] = seconds_of(lambda: list(metrics.collect()))
    with state.transaction() as connection:
        run(connection, ATTEMPTS, {"attempts": 15_000, "records": 15_000})
    time.sleep(30)
    rows["metrics: a look with 15,000 new calls"] = seconds_of(lambda: list(metrics.collect()))
    table("in one process", "status: the whole overview", rows)
    state.close()


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


def variables(settings: Settings, store_url: str, state_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "INFLUENCE_STORE_URL": store_url,
        "INFLUENCE_STATE_URL": state_url,
        "INFLUENCE_API_KEY": KEY,
        "INFLUENCE_CONFIG": str(settings.file),
    }


if __name__ == "__main__":
    main()
