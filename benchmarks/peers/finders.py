"""The peers that find changes, each made ready on the same store: what to run, and in which order.

All but pandas look at one flat table, `orders`: they compare tables, not what a SELECT with lines
and payments gives. Each script runs in its peer's own environment and says what it found.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2

from benchmarks.peers.reverse_etl import DRT_PROFILES, DRT_PROJECT
from benchmarks.peers.venvs import program
from benchmarks.processes import run_program
from benchmarks.shops import Shop

# A run that takes longer is given up.
_MOST_SECONDS = 900.0


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Finder:
    """One peer. `how`: what it does here, for the table."""

    name: str
    how: str
    command: list[str]
    folder: Path
    environment: Mapping[str, str]
    # What brings its own copy of the last time up to date, if a run does not.
    keep_up: Callable[[], None] = _nothing

    def run(self) -> dict[str, Any]:
        """Look once; give what the script says. Raises RuntimeError or TimeoutError."""
        said = run_program(
            self.command,
            {**self.environment, "HOME": str(self.folder)},
            _MOST_SECONDS,
            folder=self.folder,
        ).said
        self.keep_up()
        return said


def finders(shop: Shop, folder: Path, select: str) -> Iterator[tuple[str, Callable[[], Finder]]]:
    """Give each peer's name and how to make it; making it may raise. `select`: of the mapping."""
    yield "pandas, all of it", lambda: _pandas(shop, folder / "pandas", select, whole=True)
    flat = "SELECT * FROM orders"
    yield "pandas, flat", lambda: _pandas(shop, folder / "flat", flat, whole=False)
    yield "drt", lambda: _drt(shop, folder / "drt")
    yield "dlt", lambda: _dlt(shop, folder / "dlt")
    yield "reladiff", lambda: _reladiff(shop, folder / "reladiff")


def _script(name: str) -> str:
    return str(Path(__file__).with_name(name))


def _pandas(shop: Shop, folder: Path, select: str, *, whole: bool) -> Finder:
    folder.mkdir()
    return Finder(
        "pandas 3.1.1",
        ("orders with lines and payments, by the same SELECT" if whole else "flat table")
        + ": read_sql, merge, last time's frame in a pickle",
        [str(program("pandas", "python")), _script("pandas_merge.py"), str(folder), select],
        folder,
        {**os.environ, "STORE_URL": shop.store_url},
    )


def _drt(shop: Shop, folder: Path) -> Finder:
    target = shop.state_server.create_database("of_drt")
    _make_target(shop.store_url, target)
    store = urlsplit(shop.store_url)
    (folder / ".drt").mkdir(parents=True)
    (folder / "syncs").mkdir()
    (folder / "drt_project.yml").write_text(DRT_PROJECT)
    (folder / ".drt" / "profiles.yml").write_text(
        DRT_PROFILES.format(
            host=store.hostname, port=store.port, database=store.path[1:], user=store.username
        )
    )
    (folder / "syncs" / "orders.yml").write_text(_DRT_SYNC)
    environment = {
        **os.environ,
        "SHOP_PASSWORD": unquote(store.password or ""),
        "TARGET_URL": target,
        "DRT_TELEMETRY": "false",
    }
    command = [str(program("drt", "python")), _script("drt_diff.py")]
    return Finder(
        "drt-core 1.2.1",
        "flat table: incremental_strategy diff (writes its copy of the table into the store), "
        "changes mirrored into a table of another Postgres",
        command,
        folder,
        environment,
    )


def _dlt(shop: Shop, folder: Path) -> Finder:
    folder.mkdir()
    target = shop.state_server.create_database("of_dlt")
    environment = {
        **os.environ,
        "STORE_URL": shop.store_url,
        "TARGET_URL": target,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
    }
    command = [str(program("dlt-sql", "python")), _script("dlt_merge.py"), str(folder)]
    return Finder(
        "dlt 1.31.0",
        "flat table: sql_table, pyarrow, incremental by updated_at, merged into another Postgres; "
        "does not tell new from changed, and cannot see deletes",
        command,
        folder,
        environment,
    )


def _reladiff(shop: Shop, folder: Path) -> Finder:
    folder.mkdir()
    copy = shop.state_server.create_database("of_reladiff")
    _make_target(shop.store_url, copy)
    columns = (
        "number,customer_id,email,currency_code,status,subtotal,shipping,total,placed_at,updated_at"
    )
    command = [str(program("reladiff", "python")), _script("reladiff_find.py"), columns]
    _copy_orders(shop.store_url, copy)
    return Finder(
        "reladiff 0.6.0",
        "flat table against its copy of the last time in another Postgres (making the copy is not "
        "counted)",
        command,
        folder,
        {**os.environ, "STORE_URL": shop.store_url, "TARGET_URL": copy},
        keep_up=lambda: _copy_orders(shop.store_url, copy),
    )


def _make_target(store_url: str, target_url: str) -> None:
    """Make an empty table `orders` with the store's columns and their key."""
    with closing(psycopg2.connect(store_url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', '"
            " ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = 'public.orders'::regclass AND attnum > 0 AND NOT attisdropped"
        )
        row = cursor.fetchone()
    columns = row[0] if row else ""
    with psycopg2.connect(target_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE orders ({columns}, PRIMARY KEY (id))")
    connection.close()


def _copy_orders(store_url: str, target_url: str) -> None:
    with (
        tempfile.TemporaryFile() as file,
        closing(psycopg2.connect(store_url)) as store,
        closing(psycopg2.connect(target_url)) as target,
    ):
        store.cursor().copy_expert("COPY orders TO STDOUT", file)
        file.seek(0)
        cursor = target.cursor()
        cursor.execute("TRUNCATE orders")
        cursor.copy_expert("COPY orders FROM STDIN", file)
        target.commit()
        target.autocommit = True
        cursor.execute("VACUUM (ANALYZE) orders")


_DRT_SYNC = """
name: orders
model: SELECT * FROM public.orders
destination:
  type: postgres
  connection_string_env: TARGET_URL
  table: orders
  upsert_key: [id]
sync:
  mode: mirror
  incremental_strategy: diff
  mirror:
    strategy: diff
  batch_size: 5000
  rate_limit:
    requests_per_second: 0
"""
