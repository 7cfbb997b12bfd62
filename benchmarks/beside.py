"""drt and dlt at the same jobs, in the same run, on fewer records: they are slow."""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.reverse_etl import Peer, dlt, drt, make_table
from benchmarks.rows import Row
from benchmarks.shops import Shop
from benchmarks.sink import Sink, sink

_PEERS: tuple[Callable[[str, str, Path], Peer], ...] = (drt, dlt)
# What they are given up after; drt waits a second and more for each answer that is no success.
_MOST_SECONDS = 120.0


def rates(shop: Shop, api: Sink, records: int) -> Iterator[tuple[str, float | None]]:
    """Give each peer's name and its records a second, from its first call to the end of its last:
    what it needs to start and to read is not counted. None: it did not send all of them in time."""
    for peer in _set_up(shop, api, records):
        seconds = _seconds(peer, api)
        if len(api.accepted()) == records:
            yield peer.name, records / seconds
        else:
            print(f"{peer.name} failed: {peer.output()[-2000:]}", flush=True)
            yield peer.name, None


def killed(shop: Shop, ms: int, records: int) -> list[Row]:
    """Say of each how much it sends again after kill -9 in the middle and another run."""
    said = []
    with sink(ms=ms) as api:
        for peer in _set_up(shop, api, records):
            api.forget()
            peer.run(until=lambda: api.count() >= records / 2)
            peer.run(until=lambda: False)
            times = Counter(call.record for call in api.calls())
            again = sum(count > 1 for count in times.values())
            words = f"{again:,} of {records:,} sent again, {records - len(times):,} lost"
            said.append(Row(peer.name, words, runs=1))
    return said


def troubled(shop: Shop, *, ms: int, percent: float, records: int) -> list[Row]:
    """Say of each how long the same records take when some of the answers are 500 or 429."""
    said = []
    with sink(ms=ms) as clean, sink(ms=ms, trouble_percent=percent) as api:
        before = [_seconds(peer, clean) for peer in _set_up(shop, clean, records)]
        for peer, clean_seconds in zip(_set_up(shop, api, records), before, strict=True):
            seconds = _seconds(peer, api)
            words = (
                f"{seconds / clean_seconds:.1f} x the clean time, {seconds:.1f} s for "
                f"{records:,}; {records - len(api.accepted()):,} lost{_how_it_ended(peer)}"
            )
            said.append(Row(peer.name, words, runs=1))
    return said


def _seconds(peer: Peer, api: Sink) -> float:
    """Run it; give the seconds from the first call to the end of the last; inf without calls."""
    api.forget()
    give_up_at = time.monotonic() + _MOST_SECONDS
    peer.run(until=lambda: time.monotonic() > give_up_at)
    calls = api.calls()
    if not calls:
        return math.inf
    return max(call.ended for call in calls) - min(call.began for call in calls)


def _how_it_ended(peer: Peer) -> str:
    # Its last word; a traceback ends with the exception.
    last = (peer.output().strip().splitlines() or [""])[-1]
    return f", ends with {last[:60]!r}" if "Error" in last or "Exception" in last else ""


def _set_up(shop: Shop, api: Sink, records: int) -> Iterator[Peer]:
    """Give each peer on a fresh small table, with a fresh folder."""
    make_table(shop.store_url, records)
    for make in _PEERS:
        with _folder() as folder:
            yield make(shop.store_url, api.url, folder / make.__name__)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="benchmark-peer-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
