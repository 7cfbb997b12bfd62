"""What a tick with nothing to do costs beyond Dagster's own.

A run of incremental_sync on a store in which nothing has changed, beside a job of as many no-op
assets with the same checks and metadata of the same names (`tick_peer.py`), each in a fresh process
on a real Dagster instance, in turn. CPU is that of the process and its children; rows and bytes are
those written to Dagster's storage and to the pipeline's state.

python -m benchmarks.tick [--runs 7] [--customers 2000] [--only files,postgres]
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2

import influence_pipeline.demo as demo
from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.processes import run_program
from benchmarks.rows import Row, Section, at_most, section
from benchmarks.shops import Shop, open_shop
from influence_pipeline.records import STORE_ENTITIES
from influence_pipeline.sync.engine import Engine

BENCHMARK = named("tick")
_BAR_SECONDS = 1.0
_QUICK = {"runs": 1, "customers": 200, "only": "postgres"}
OURS, PEER = "influence_pipeline.definitions", "benchmarks.tick_peer"
JOB = "incremental_sync"


@dataclass(frozen=True)
class Written:
    """How much lies in a storage: rows, and bytes on disk (of SQLite: of the rows' files)."""

    rows: int
    size: int

    def since(self, before: Written) -> Written:
        return Written(self.rows - before.rows, self.size - before.size)


@dataclass(frozen=True)
class Tick:
    cpu: float
    wall: float
    dagster: Written
    state: Written


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--runs", type=int, default=7, help="of which the median is taken")
    parser.add_argument("--customers", type=int, default=2000, help="and as many orders")
    given = command.parse(parser, BENCHMARK, _QUICK)
    with command.recording(BENCHMARK, given) as record, open_shop(given.customers) as opened:
        _settle(opened)
        record.measure("files", lambda: measured(opened, given.runs, postgres=False))
        record.measure("postgres", lambda: measured(opened, given.runs, postgres=True))


def measured(opened: Shop, runs: int, *, postgres: bool) -> Section:
    """Ours and the peer's in turn, with Dagster's storage in files or in Postgres."""
    with tempfile.TemporaryDirectory() as folder:
        ours = _home(opened, Path(folder) / "ours", OURS, postgres=postgres)
        peer = _home(opened, Path(folder) / "peer", PEER, postgres=postgres)
        # The first run migrates Dagster's storage; those that follow are the ones that count.
        for home in (ours, peer):
            home.tick()
            home.tick()
        ticks = [(ours.tick(), peer.tick()) for _ in range(runs)]
    where = "Postgres, as in production" if postgres else "files"
    return section(
        f"A tick with nothing to do, Dagster's storage in {where}", _rows(ticks), runs=runs
    )


def _settle(opened: Shop) -> None:
    """Capture everything, and take all of it for acknowledged: no call is ever made here."""
    with Engine(opened.settings()) as engine:
        for entity in STORE_ENTITIES:
            engine.capture(entity)
        with engine.state.transaction() as connection:
            connection.exec_driver_sql("UPDATE snapshot SET synced_hash = store_hash")
            connection.exec_driver_sql("DELETE FROM work")


class _Home:
    """A Dagster instance, and the code location that runs on it."""

    def __init__(self, opened: Shop, folder: Path, module: str, dagster_url: str | None) -> None:
        self._module = module
        self._folder = folder
        self._dagster_url = dagster_url
        self._state_url = opened.state_url
        self._environment = {
            **opened.environment(),
            "DAGSTER_HOME": str(folder),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONWARNINGS": "ignore",
            **({"DAGSTER_POSTGRES_URL": dagster_url} if dagster_url else {}),
        }

    def tick(self) -> Tick:
        before = self._dagster(), self._state()
        command = [sys.executable, "-m", "benchmarks.tick_once", self._module, JOB]
        ran = run_program(command, self._environment)
        return Tick(
            ran.cpu_seconds,
            float(ran.said["seconds"]),
            self._dagster().since(before[0]),
            self._state().since(before[1]),
        )

    def _dagster(self) -> Written:
        if self._dagster_url is not None:
            return _in_postgres(self._dagster_url, "public")
        return _in_files(self._folder)

    def _state(self) -> Written:
        return _in_postgres(self._state_url, "influence")


def _home(opened: Shop, folder: Path, module: str, *, postgres: bool) -> _Home:
    folder.mkdir()
    text = (Path(demo.__file__).parent / "dagster.yaml").read_text()
    url = None
    if postgres:
        url = opened.server.create_database(f"dagster_{folder.name}")
        url = url.replace("postgresql://", "postgresql+psycopg2://")
        text += "\nstorage: {postgres: {postgres_url: {env: DAGSTER_POSTGRES_URL}}}\n"
    (folder / "dagster.yaml").write_text(text)
    return _Home(opened, folder, module, url)


def _in_postgres(url: str, schema: str) -> Written:
    """Count rows, and the bytes that its rows take (not its pages: a tick fills no page)."""
    url = url.replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
            (schema,),
        )
        rows = size = 0
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*), coalesce(sum(pg_column_size(t.*)), 0) FROM {schema}."{table}" t'
            )
            counted = cursor.fetchone()
            assert counted is not None
            rows, size = rows + counted[0], size + int(counted[1])
        return Written(rows, size)


def _in_files(folder: Path) -> Written:
    rows = 0
    files = [file for file in folder.rglob("*") if file.is_file()]
    for file in files:
        if file.suffix != ".db":
            continue
        with closing(sqlite3.connect(file)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in names.fetchall():
                rows += connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    return Written(rows, sum(file.stat().st_size for file in files))


def _rows(ticks: list[tuple[Tick, Tick]]) -> list[Row]:
    """Give medians of ours and of the no-op job."""
    figures: dict[str, Callable[[Tick], float]] = {
        "CPU, s": lambda tick: tick.cpu,
        "from start to end, s": lambda tick: tick.wall,
        "rows in Dagster's storage": lambda tick: tick.dagster.rows,
        "kB in Dagster's storage": lambda tick: tick.dagster.size / 1024,
        "rows in our state": lambda tick: tick.state.rows,
        "kB in our state": lambda tick: tick.state.size / 1024,
    }
    rows = []
    for name, of in figures.items():
        ours = statistics.median(of(one) for one, _ in ticks)
        peer = statistics.median(of(one) for _, one in ticks)
        ratio = f"{ours / peer:.2f} x" if peer else ""
        rows.append(Row(name, f"{ours:,.2f}, no-op {peer:,.2f}", ratio=ratio))
        if not rows[1:]:
            extra = ours - peer
            rows.insert(0, at_most("CPU beyond Dagster's own", extra, _BAR_SECONDS, "s"))
    return rows


if __name__ == "__main__":
    main()
