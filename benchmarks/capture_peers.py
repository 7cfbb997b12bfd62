"""The same changes for everybody: which of the orders changed since last time, and how fast it is
found. Ours beside pandas, drt, dlt and reladiff, round by round on one store."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.capture_shop import Once, acknowledge, capture_once, median, state_copy
from benchmarks.peers.finders import Finder, finders
from benchmarks.rows import Section, Table, section
from benchmarks.shop_changes import Amounts, Found, Round, in_one_table
from benchmarks.shops import Shop
from influence_pipeline.records import Entity
from influence_pipeline.sync.engine import Engine

_TROUBLE = (RuntimeError, TimeoutError, OSError, subprocess.CalledProcessError)
# (A look that takes longer than so many seconds, is taken so often at most.)
_FEWER_RUNS = ((60.0, 1), (20.0, 3))


@dataclass
class Looks:
    """What one system did. `found`: in the first round, which all of them see."""

    name: str
    how: str
    idle: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    memory_mb: float = 0.0
    found: str = ""
    failed: str = ""

    def take(self, seconds: float, memory_mb: float, into: list[float]) -> None:
        into.append(seconds)
        self.memory_mb = max(self.memory_mb, memory_mb)


def found_changes(
    shop: Shop, rounds: Iterator[int], runs: int, orders: int, *, alone: bool
) -> Section:
    """Let everybody look: first with nothing changed, then round after round of changes."""
    amounts = in_one_table(orders)
    tick = Looks("a tick", "orders with lines and payments")
    full = Looks("a full compare", "orders with lines and payments")
    folder = Path(tempfile.mkdtemp(prefix="benchmark-peers-"))
    try:
        upcoming = Round(shop.store_url, next(rounds), amounts)
        upcoming.begin()
        # Something newer than the late rows, for everybody's first look.
        Round(shop.store_url, next(rounds), Amounts(rows=1, late=0, new=0)).finish()
        capture_once(shop)
        acknowledge(shop)
        peers = [] if alone else list(_made(shop, folder))
        for _ in range(runs):
            _ours(tick, tick.idle, capture_once(shop))
            _ours(full, full.idle, capture_once(shop, full=True))
        for looks, finder in peers:
            _idle(looks, finder, runs)
        expected: Found | None = None
        for number in range(runs):
            current, upcoming = upcoming, Round(shop.store_url, next(rounds), amounts)
            if number < runs - 1:
                # Its late rows are older than this round's, and committed after them.
                upcoming.begin()
            found = current.finish()
            expected = expected or found
            with state_copy(shop):
                _ours(tick, tick.changed, capture_once(shop))
            _ours(full, full.changed, capture_once(shop, full=True))
            acknowledge(shop)
            for looks, finder in peers:
                if not looks.failed and number < _most(looks.idle[-1], runs):
                    _look(looks, finder, looks.changed)
        assert expected is not None
        return _section([tick, full, *(looks for looks, _ in peers)], expected)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(shop: Shop, folder: Path) -> Iterator[tuple[Looks, Finder | None]]:
    """Make each peer and let it see the store for the first time."""
    with Engine(shop.settings()) as engine:
        select = engine.mappings[Entity.ORDER].select
    for name, make in finders(shop, folder, select):
        looks = Looks(name, "")
        finder = None
        try:
            finder = make()
            looks.name, looks.how = finder.name, finder.how
            said = finder.run()
            print(f"{name}, first look: {said}", flush=True)
        except _TROUBLE as error:
            looks.failed = _words(error)
            print(f"{name} failed: {error}", flush=True)
        yield looks, finder


def _idle(looks: Looks, finder: Finder | None, runs: int) -> None:
    while not looks.failed and len(looks.idle) < (_most(looks.idle[-1], runs) if looks.idle else 1):
        _look(looks, finder, looks.idle)


def _look(looks: Looks, finder: Finder | None, into: list[float]) -> None:
    if finder is None:
        return
    try:
        said = finder.run()
    except _TROUBLE as error:
        looks.failed = _words(error)
        print(f"{looks.name} failed: {error}", flush=True)
        return
    print(f"{looks.name}: {said}", flush=True)
    looks.take(said["seconds"], said["memory_mb"], into)
    if into is looks.changed and not looks.found:
        looks.found = _found(said)


def _ours(looks: Looks, into: list[float], once: Once) -> None:
    print(f"{looks.name}: {once}", flush=True)
    looks.take(once.seconds, once.most_memory_mb, into)
    if into is looks.changed and not looks.found:
        looks.found = _found(
            {"changed": once.changed, "new": once.created, "deleted": once.deleted}
        )


def _found(said: dict[str, Any]) -> str:
    if "moved" in said:
        return f"{said['moved']:,} changed or new"
    return f"{said['changed']:,} / {said['new']:,} / {said['deleted']:,}"


def _most(seconds: float, runs: int) -> int:
    return next((min(most, runs) for limit, most in _FEWER_RUNS if seconds > limit), runs)


def _words(error: Exception) -> str:
    """Say in a line what went wrong, for the table: the end of it, without the folders."""
    if isinstance(error, subprocess.CalledProcessError):
        return "it could not be installed"
    if isinstance(error, TimeoutError):
        return "given up after 15 minutes"
    return str(error).strip().splitlines()[-1][:120]


def _section(all_looks: list[Looks], expected: Found) -> Section:
    rows: list[tuple[str, ...]] = []
    ours = median(all_looks[0].changed)
    for looks in all_looks:
        if looks.failed and not looks.changed:
            rows.append((looks.name, looks.how, "", "", "", "", f"failed: {looks.failed}", ""))
            continue
        changed = median(looks.changed)
        rows.append(
            (
                looks.name,
                looks.how,
                f"{median(looks.idle):.2f} s",
                f"{changed:.2f} s",
                f"{changed / ours:.1f} x",
                f"{looks.memory_mb:,.0f} MB",
                looks.found,
                f"{len(looks.idle)} and {len(looks.changed)}",
            )
        )
    header = (
        *("who", "what it looks at, and how", "nothing changed", "changed", "to a tick"),
        "memory of the process",
        "found: changed / new / gone",
        "runs",
    )
    text = (
        f"In each round {len(expected.changed):,} orders change, five of them in a transaction "
        "that began before the last round's and ended after everybody had looked at those; "
        f"{len(expected.new):,} are new and {len(expected.deleted):,} deleted; "
        f"{len(expected.shown_by_rows):,} are changed or new. All of it is in the table `orders` "
        "and moves its updated_at, for those who look at that table alone. Found: in the first "
        "round. "
        "Seconds without imports; medians of the runs given, fewer where a look takes more than "
        "20 s."
    )
    table = Table(header, tuple(rows))
    return section("Beside others: which orders changed?", text=text, table=table)
