"""The jobs of a capture: a tick without and with changes, a full compare. Each gives a table.

Every capture runs in a process of its own, connected before the clock starts; the figure it is
compared with is taken in turn with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import psycopg2

from benchmarks.capture_shop import (
    Meter,
    Once,
    acknowledge,
    bare_scans,
    bytes_per_record,
    capture_once,
    floor_of_full_compare,
    median,
    staged,
)
from benchmarks.rows import Row, Section, at_most, just, ratio_at_most, section, told
from benchmarks.shop_changes import Round, mixed, small_commits
from benchmarks.shops import Shop

_COMMITS_MEANWHILE = 5_000


@dataclass(frozen=True)
class Ticks:
    """Ticks without a change. Memory in MB: the most of a process, and above what it had before."""

    seconds: float
    scan_seconds: float
    memory_mb: float
    added_memory_mb: float
    written: int
    temporary: int


def first_capture(shop: Shop, words: str) -> Section:
    """Capture all orders into an empty state; leave it as if all had been delivered."""
    meter = Meter(shop)
    once = capture_once(shop, full=True)
    written, temporary = meter.written()
    size, rows = bytes_per_record(shop)
    acknowledge(shop)
    return section(
        "First capture, into an empty state",
        [
            just("until staged", f"{once.seconds:.1f} s, {once.created:,} orders"),
            just("memory of the client", _memory([once])),
            just("written by the store's server", _written(written, temporary)),
            at_most(f"state: a snapshot with its indexes, of {rows:,}", size, 150, "bytes"),
        ],
        words,
        runs=1,
    )


def ticks(shop: Shop, runs: int) -> Ticks:
    """Measure ticks on a state that is up to date."""
    capture_once(shop)
    bare_scans(shop)
    taken, scans, written = [], [], []
    for _ in range(runs):
        scans.append(bare_scans(shop))
        meter = Meter(shop)
        taken.append(capture_once(shop))
        written.append(meter.written())
        _expect(taken[-1], changed=0, created=0)
    return Ticks(
        seconds=median([one.seconds for one in taken]),
        scan_seconds=median(scans),
        memory_mb=max(one.most_memory_mb for one in taken),
        added_memory_mb=max(one.added_memory_mb for one in taken),
        # What the server writes besides (a checkpoint, say) comes in some runs only.
        written=round(median([wal for wal, _ in written])),
        temporary=round(median([temporary for _, temporary in written])),
    )


def unchanged(shop: Shop, runs: int) -> tuple[Section, Ticks]:
    """A tick with nothing to find: alone, and while another transaction stays open."""
    alone = ticks(shop, runs)
    with closing(psycopg2.connect(shop.store_url)) as other:
        other.cursor().execute(
            "UPDATE orders SET status = status WHERE id = (SELECT min(id) FROM orders)"
        )
        commits = sum(1 for _ in small_commits(shop.store_url, _COMMITS_MEANWHILE))
        during = ticks(shop, runs)
    rows: list[Row] = []
    for name, one in (("", alone), (", another transaction open", during)):
        rows += [
            at_most(f"seconds{name}", one.seconds, 0.8, "s"),
            ratio_at_most(
                f"against the sum of the bare scans{name}", one.seconds, one.scan_seconds, 2, "s"
            ),
            at_most(
                f"memory of the client, added by the tick{name}", one.added_memory_mb, 64, "MB"
            ),
            just(f"memory of the whole process{name}", f"{one.memory_mb:.0f} MB"),
            told(
                f"written by the store's server{name}",
                "0 bytes",
                _written(one.written, one.temporary),
                met=one.written == one.temporary == 0,
            ),
        ]
    text = (
        "The bare scans: `SELECT count(*) FROM t WHERE age(xmin) BETWEEN 0 AND 3` over each source "
        f"table of the orders. The other transaction has changed an order; {commits:,} small "
        "changes were committed after it, and one tick has seen them. Memory is the most of all "
        "runs; written is the median, because the server itself writes now and then."
    )
    return section("Tick with no change", rows, text, runs=runs), alone


def changes(shop: Shop, rounds: Iterator[int], runs: int, orders: int) -> Section:
    """A tick with a thousand changes, until they are staged, and whether it staged just those."""
    amounts = mixed(orders)
    taken, wrong, counts = [], [], []
    for _ in range(runs):
        one = Round(shop.store_url, next(rounds), amounts)
        one.begin()
        # The look that the late commits must not slip past.
        capture_once(shop)
        found = one.finish()
        taken.append(capture_once(shop))
        counts.append(len(found.shown_by_rows))
        missing = len(found.shown_by_rows - staged(shop))
        surplus = len(staged(shop) - found.shown_by_rows)
        wrong.append((missing, surplus))
        acknowledge(shop)
    missing, surplus = sum(m for m, _ in wrong), sum(s for _, s in wrong)
    text = (
        f"{amounts.rows} order rows, {amounts.lines} lines without their order, "
        f"{amounts.payments} payments captured, {amounts.new} new orders, {amounts.late} committed "
        "late: written before the last tick, committed after it. Fresh ones in every run."
    )
    return section(
        f"Tick with {round(median(counts)):,} changes",
        [
            at_most("until staged", median([one.seconds for one in taken]), 1.2, "s"),
            told(
                f"exact, over {sum(counts):,} changes of all runs",
                "0 missing, 0 too many",
                f"{missing:,} missing, {surplus:,} too many",
                met=missing == surplus == 0,
            ),
            just("memory of the client", _memory(taken)),
        ],
        text,
        runs=runs,
    )


def full_compare(shop: Shop, runs: int) -> Section:
    """A compare of everything, nothing changed, in turn with the least that one must do."""
    floor_of_full_compare(shop)
    capture_once(shop, full=True)
    floors, taken = [], []
    for _ in range(runs):
        floors.append(floor_of_full_compare(shop))
        taken.append(capture_once(shop, full=True))
        _expect(taken[-1], changed=0, created=0)
    text = (
        "The floor: `COPY (SELECT key, bit_xor(hash_record_extended(row, seed)), count(*) FROM the "
        "source rows GROUP BY key) TO STDOUT`, thrown away by the client."
    )
    return section(
        "Full compare, nothing changed",
        [
            ratio_at_most(
                "against the floor",
                median([one.seconds for one in taken]),
                median(floors),
                1.3,
                "s",
            ),
            at_most(
                "memory of the client, added by the compare",
                max(one.added_memory_mb for one in taken),
                80,
                "MB",
            ),
            just(
                "memory of the whole process", f"{max(one.most_memory_mb for one in taken):.0f} MB"
            ),
        ],
        text,
        runs=runs,
    )


def growth(small: Ticks, large: Ticks, times: float, runs: int) -> Section:
    """A tick without a change, in a store with so many times the orders."""
    memory = large.memory_mb / small.memory_mb
    return section(
        f"Growth: {times:g} times the orders, lines and payments",
        [
            ratio_at_most("tick with no change", large.seconds, small.seconds, 6, "s"),
            told(
                "memory of the whole process",
                "the same, +-10 %",
                f"{large.memory_mb:.0f} MB against {small.memory_mb:.0f} MB",
                met=0.9 <= memory <= 1.1,
            ),
            just("the bare scans", f"{large.scan_seconds / small.scan_seconds:.2f} x"),
        ],
        runs=runs,
    )


def _expect(once: Once, *, changed: int, created: int) -> None:
    if (once.changed, once.created) != (changed, created):
        raise RuntimeError(f"Expected {changed} changed and {created} new, found {once}.")


def _memory(taken: list[Once]) -> str:
    added = max(one.added_memory_mb for one in taken)
    return f"{max(one.most_memory_mb for one in taken):.0f} MB, of which {added:.0f} MB added"


def _written(log: int, temporary: int) -> str:
    return f"{log:,} bytes of write-ahead log, {temporary:,} bytes of temporary files"
