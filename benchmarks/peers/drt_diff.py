"""drt's own comparison with the last time (`incremental_strategy: diff`), as `drt run` does it.

Runs in an environment of its own, in a folder with a drt project. TARGET_URL is set.
"""

import os
import time
from contextlib import closing

import psycopg2
from drt.cli.main import app  # type: ignore[import-not-found]
from measured import say  # type: ignore[import-not-found]

target_url = os.environ["TARGET_URL"]
KINDS = ("changed", "new", "deleted")


def written() -> list[int]:
    """Count what has been written to the target until now; it is told a moment late."""
    time.sleep(1.5)
    with closing(psycopg2.connect(target_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT n_tup_upd, n_tup_ins, n_tup_del FROM pg_stat_all_tables"
            " WHERE relid = 'orders'::regclass"
        )
        return [int(count) for count in cursor.fetchone() or ()]


def run() -> dict[str, int]:
    try:
        app(["run"])
    except SystemExit as ended:
        if ended.code:
            raise
    return {}


before = written()
say(
    run,
    lambda: {k: n - b for k, n, b in zip(KINDS, written(), before, strict=True)},
)
