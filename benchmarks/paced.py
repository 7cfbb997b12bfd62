"""Four worker processes on one backlog, under a limit that halves midway: how much of what is
allowed is used, how much is refused, how soon it has settled after the change.

All from the log of the API. The first ten seconds after the start and after the change are for
finding the limit; refusals count from the very first call.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.limited import Judged, LimitedApi, limited_api
from benchmarks.processes import child
from benchmarks.rows import Section, just, section, told
from benchmarks.shops import Shop

SETTLE_SECONDS = 10.0
_PROCESSES = 4
# Settled: in the ten seconds from then on, this share of what is allowed passes, and of the calls
# at most this share (or one call) is refused.
_USED = 0.95
_REFUSED = 0.005


@dataclass(frozen=True)
class Paced:
    """Shares of what was allowed, before and after the change; of all calls refused; seconds to
    settle, None: not within the run."""

    used_before: float
    used_after: float
    calls: int
    refused: int
    refused_later: int
    settled_at_start: float | None
    settled_after_change: float | None


def run(
    shop: Shop, *, rate: float, known: bool, kind: str, seconds: float, **switches: bool
) -> Paced:
    """Let four processes deliver for twice `seconds`; the limit halves in between."""
    shop.configure(**({"calls_per_second": rate} if known else {}))
    shop.fresh_backlog()
    with limited_api(kind, rate, **switches) as api:
        shop.api_url = api.url
        with workers(shop, _PROCESSES):
            began = _first_call(api)
            time.sleep(max(began + seconds - time.time(), 0.0))
            changed = time.time()
            api.set_rate(rate / 2)
            time.sleep(seconds)
            ended = time.time()
        calls = [call for call in api.calls() if call.at < ended]
    return measure(calls, rate, began, changed, ended)


@contextmanager
def workers(shop: Shop, count: int) -> Iterator[None]:
    """So many processes that deliver one run after another. Raises RuntimeError if one ended."""
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                child("benchmarks.worker", "--forever", environment=shop.environment())
            )
            for _ in range(count)
        ]
        yield
        if any(worker.poll() is not None for worker in running):
            raise RuntimeError("a worker ended by itself")


def _first_call(api: LimitedApi) -> float:
    while not (calls := api.calls()):
        pass
    return calls[0].at


def measure(calls: list[Judged], rate: float, began: float, changed: float, ended: float) -> Paced:
    """Read a run from its calls, oldest first; `rate`: the limit until the change."""
    after = changed + SETTLE_SECONDS
    return Paced(
        used_before=_used(calls, began + SETTLE_SECONDS, changed, rate),
        used_after=_used(calls, after, ended, rate / 2),
        calls=len(calls),
        refused=sum(not call.passed for call in calls),
        refused_later=sum(
            not call.passed
            for call in calls
            if began + SETTLE_SECONDS <= call.at < changed or call.at >= after
        ),
        settled_at_start=_settled(calls, began, changed, rate),
        settled_after_change=_settled(calls, changed, ended, rate / 2),
    )


def _used(calls: list[Judged], since: float, until: float, rate: float) -> float:
    passed = sum(call.passed for call in calls if since <= call.at < until)
    return passed / (rate * (until - since))


def _settled(calls: list[Judged], since: float, until: float, rate: float) -> float | None:
    """Give the seconds after `since` from which on ten seconds went as they should."""
    start = since
    while start + SETTLE_SECONDS <= until:
        ten = [call for call in calls if start <= call.at < start + SETTLE_SECONDS]
        refused = sum(not call.passed for call in ten)
        # One call more or less in ten seconds is no share of a slow rate.
        enough = _USED * rate * SETTLE_SECONDS - 1
        if len(ten) - refused >= enough and refused <= max(1, _REFUSED * len(ten)):
            return start - since
        start += 0.5
    return None


def row(shop: Shop, *, rate: float, known: bool, kind: str, seconds: float, **api: bool) -> Section:
    """One limit, one kind of limiter."""
    one = run(shop, rate=rate, known=known, kind=kind, seconds=seconds, **api)
    with_headers = "".join(f", {name.replace('_', '-')}" for name, on in api.items() if on)
    used = (one.used_before, one.used_after)
    settled = (one.settled_at_start, one.settled_after_change)
    share = one.refused / one.calls
    return section(
        f"A limit of {rate:g}, then {rate / 2:g} calls/s, {'known' if known else 'unknown'} "
        f"({kind}{with_headers})",
        [
            told(
                "used of what is allowed, before and after the change",
                f">= {_USED:.0%}",
                f"{used[0]:.1%} and {used[1]:.1%}",
                met=min(used) >= _USED,
            ),
            told(
                "answered 429, from the first call on",
                f"<= {_REFUSED:.1%}",
                f"{share:.2%} ({one.refused:,} of {one.calls:,})",
                met=share <= _REFUSED,
            ),
            told(
                "settled after the start and after the change",
                f"<= {SETTLE_SECONDS:g} s",
                f"{_said(settled[0])} and {_said(settled[1])}",
                met=all(one is not None and one <= SETTLE_SECONDS for one in settled),
            ),
            just("429 not in the 10 s after the start or the change", f"{one.refused_later:,}"),
        ],
        f"{_PROCESSES} processes, {seconds:g} s under each limit.",
        runs=1,
    )


def _said(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
