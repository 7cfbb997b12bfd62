"""One record's story, the whole state and its upkeep, with a long log of calls behind them.

python -m benchmarks.why [--attempts 10000000] [--records 1000000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

from benchmarks.measure import KEY, machine, median_seconds, shop, table
from influence_pipeline.settings import Settings
from influence_pipeline.state.database import upgrade

COMMAND = str(Path(sys.executable).with_name("influence-pipeline"))

SNAPSHOTS = """
INSERT INTO influence.snapshot (entity, key, store_hash, synced_hash, status)
SELECT (ARRAY['customer', 'product', 'order']::influence.entity[])[1 + n % 3], n::text, n, n,
       CASE WHEN n % 3 = 2 THEN 'paid'::influence.financial_status END
FROM generate_series(1, %(records)s) n
"""
# A month of calls, evenly; each record has attempts / records of them.
ATTEMPTS = """
INSERT INTO influence.attempt (at, content_hash, entity, ms, http_status, key, call, outcome, error)
SELECT now() - interval '30 days' * (1 - n::float8 / %(attempts)s), key,
       (ARRAY['customer', 'product', 'order']::influence.entity[])[1 + key % 3], 40 + n % 90,
       CASE WHEN n % 50 = 0 THEN 503 ELSE 200 END, key::text,
       (ARRAY['PUT customer', 'PUT product', 'PATCH order'])[1 + key % 3],
       CASE WHEN n % 50 = 0 THEN 'later' ELSE 'accepted' END,
       CASE WHEN n % 50 = 0 THEN 'HTTP 503: Service Unavailable' END
FROM generate_series(1, %(attempts)s) n
CROSS JOIN LATERAL (SELECT 1 + (n::bigint * 7919) %% %(records)s AS key) k
"""
WORK = """
INSERT INTO influence.work (entity, key, state, reason_code, reason)
SELECT (ARRAY['customer', 'product', 'order']::influence.entity[])[1 + n % 3], n::text,
       CASE WHEN n % 10 = 0 THEN 'parked' ELSE 'ready' END,
       CASE WHEN n % 10 = 0 THEN 'refused' END, CASE WHEN n % 10 = 0 THEN 'HTTP 400' END
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


def fill(state_url: str, attempts: int, records: int) -> None:
    began = time.perf_counter()
    connection = psycopg2.connect(state_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOTS.replace("n % ", "n %% "), {"records": records})
        cursor.execute(WORK)
        cursor.execute(
            ATTEMPTS.replace("n % ", "n %% ").replace("key % ", "key %% "),
            {"attempts": attempts, "records": records},
        )
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
