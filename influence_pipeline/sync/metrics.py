"""Prometheus metrics, read from the state: so they cover every process that works on it.

Gauges say what is there now. Counters and the histogram are fed from the log of calls and begin at
zero when the process that serves them starts. No key, no payload, no personal data is in a label.
While the state cannot be read, `influence_up` is 0, the gauges are left out (old ones would say
something untrue) and the counters stay as they are.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.platform_api.outcomes import Meaning
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sync import status
from influence_pipeline.sync.call_feed import CallFeed, LoggedCall

# Upper bounds in seconds. A delivery waits 35 s for a reply, a gateway gives up after 29.
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
# A server that has gone silent is given up after this; Prometheus itself waits 10 s.
_STATE_SECONDS = 8.0
# Looking at the state takes no more than this share of the time, however large it is and however
# often somebody asks.
_SHARE = 0.25
_LONGEST_PAUSE_SECONDS = 30.0

# The calls there are and what may come of them: their counters begin at 0, because a counter that
# appears with a number is not counted as growth.
_KINDS = (
    (Entity.CUSTOMER, "PUT customer"),
    (Entity.PRODUCT, "PUT product"),
    (Entity.PRODUCT, "POST variants"),
    (Entity.ORDER, "POST order"),
    (Entity.ORDER, "PATCH order"),
    (Entity.ORDER, "GET order"),
    (Entity.REWARD, "POST reward use"),
)

_RECORD_STATES = {
    "in_store": "in_store",
    "synced": "synced",
    "gone": "gone",
    "ready": "due",
    "blocked": "blocked",
    "parked": "parked",
    "withheld": "withheld",
    "held": "held",
}


class StateMetrics(Collector):
    """What is served. `open_state` connects (and may fail: it is tried again at the next look);
    `now`: seconds of a monotonic clock; `said`: told, once, when the state goes away or is back."""

    def __init__(
        self,
        open_state: Callable[[], Postgres],
        *,
        now: Callable[[], float] = time.monotonic,
        said: Callable[[str], object] = lambda _words: None,
    ) -> None:
        self._open_state = open_state
        self._now = now
        self._said = said
        self._lock = threading.Lock()
        self._state: Postgres | None = None
        self._feed: CallFeed | None = None
        self._calls = _Calls()
        self._found: dict[str, Any] | None = None
        self._trouble: str | None = None
        self._next_look = float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Nothing: so that registering does not ask the state."""
        return ()

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            self._look()
            found, calls = self._found, list(self._calls.families())
        yield GaugeMetricFamily(
            "influence_up",
            "Whether the state database can be read.",
            value=float(found is not None),
        )
        yield from calls
        if found is not None:
            yield from _gauges(found)

    def look(self) -> None:
        """Look at the state now, if it may be looked at again. Never raises for trouble."""
        with self._lock:
            self._look()

    def close(self) -> None:
        with self._lock:
            if self._state is not None:
                self._state.close()

    def _look(self) -> None:
        if self._now() < self._next_look:
            return
        started = self._now()
        try:
            if self._state is None:
                self._state = self._open_state()
                self._feed = CallFeed(self._state)
                started = self._now()
            with self._state.within(_STATE_SECONDS):
                if self._feed is not None:
                    self._calls.add(self._feed.look())
                self._found = status.overview(self._state)
            trouble = None
        except InfluencePipelineError as error:
            self._found, trouble = None, str(error)
        self._tell(trouble)
        took = self._now() - started
        self._next_look = self._now() + min(took * (1 / _SHARE - 1), _LONGEST_PAUSE_SECONDS)

    def _tell(self, trouble: str | None) -> None:
        if trouble != self._trouble:
            self._said(trouble or "The state database can be read again.")
            self._trouble = trouble


def registry(metrics: StateMetrics) -> CollectorRegistry:
    """Give a registry with these metrics and nothing else."""
    made = CollectorRegistry(auto_describe=False)
    made.register(metrics)
    return made


class _Calls:
    """What the log of calls added up to since the start."""

    def __init__(self) -> None:
        self._outcomes: Counter[tuple[str, str, str]] = Counter(
            {
                (entity.value, call, meaning.value): 0
                for entity, call in _KINDS
                for meaning in Meaning
            }
        )
        self._throttled: Counter[str] = Counter()
        self._buckets: dict[tuple[str, str], list[int]] = defaultdict(
            lambda: [0] * (len(_BUCKETS) + 1)
        )
        self._seconds: dict[tuple[str, str], float] = defaultdict(float)
        for entity, call in _KINDS:
            _ = self._buckets[entity.value, call]

    def add(self, calls: Iterable[LoggedCall]) -> None:
        for made in calls:
            self._outcomes[made.entity, made.call, made.outcome] += 1
            self._throttled[made.entity] += made.http_status == 429
            if made.ms is not None:
                seconds = made.ms / 1000
                kind = (made.entity, made.call)
                self._buckets[kind][bisect.bisect_left(_BUCKETS, seconds)] += 1
                self._seconds[kind] += seconds

    def families(self) -> Iterator[Metric]:
        outcomes = CounterMetricFamily(
            "influence_calls",
            "Calls to the Platform API since this exporter started, by what came of them.",
            labels=["entity", "call", "outcome"],
        )
        for labels, number in sorted(self._outcomes.items()):
            outcomes.add_metric(labels, number)
        yield outcomes
        throttled = CounterMetricFamily(
            "influence_throttled",
            "Calls answered 429 since this exporter started.",
            labels=["entity"],
        )
        for entity in Entity:
            throttled.add_metric([entity.value], self._throttled[entity.value])
        yield throttled
        latency = HistogramMetricFamily(
            "influence_call_seconds",
            "From sending a call to its whole reply.",
            labels=["entity", "call"],
        )
        for kind, counts in sorted(self._buckets.items()):
            latency.add_metric(kind, _cumulative(counts), self._seconds[kind])
        yield latency


def _cumulative(counts: list[int]) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, number in zip([*map(str, _BUCKETS), "+Inf"], counts, strict=True):
        total += number
        buckets.append((bound, total))
    return buckets


def _gauges(found: dict[str, Any]) -> Iterator[Metric]:
    entities = found["entities"]
    records = GaugeMetricFamily(
        "influence_records", "Records by how they stand.", labels=["entity", "state"]
    )
    for entity in Entity:
        for name, state in _RECORD_STATES.items():
            records.add_metric([entity.value, state], entities[entity][name])
    yield records
    for name, words, key, otherwise in _BY_ENTITY:
        family = GaugeMetricFamily(name, words, labels=["entity"])
        for entity in Entity:
            value = entities[entity].get(key, otherwise)
            if value is not None:
                family.add_metric([entity.value], value)
        yield family
    failed = GaugeMetricFamily(
        "influence_last_run_failed", "Whether the last run stopped.", labels=["entity"]
    )
    for entity in Entity:
        if "last_run" in entities[entity]:
            stopped = entities[entity]["last_error"] is not None
            failed.add_metric([entity.value], float(stopped))
    yield failed
    yield from _loyalty(found)
    pace = found["pace"] or {"calls_per_second": 0.0, "records_per_second": 0.0}
    yield GaugeMetricFamily(
        "influence_pace_calls_per_second",
        "Calls a second over the last minute, of all processes.",
        value=pace["calls_per_second"],
    )
    yield GaugeMetricFamily(
        "influence_pace_records_per_second",
        "Records acknowledged a second over the last minute, of all processes.",
        value=pace["records_per_second"],
    )


# Name, words, where it is in the overview, and what is said where it is not there; None: nothing.
_BY_ENTITY = (
    (
        "influence_oldest_pending_seconds",
        "Since when the oldest record waits that is due or blocked; 0: none does.",
        "oldest_pending_seconds",
        0.0,
    ),
    (
        "influence_last_run_age_seconds",
        "Since the last run ended.",
        "last_run_age_seconds",
        None,
    ),
    ("influence_last_run_seconds", "How long the last run took.", "last_run_seconds", None),
)


def _loyalty(found: dict[str, Any]) -> Iterator[Metric]:
    events = GaugeMetricFamily(
        "influence_inbox_events", "Stored webhook events by state.", labels=["state"]
    )
    for state in ("new", "done", "parked", "quarantined"):
        events.add_metric([state], found["inbox"].get(state, {}).get("events", 0))
    yield events
    yield GaugeMetricFamily(
        "influence_inbox_oldest_new_seconds",
        "Since when the oldest webhook event waits to be worked off; 0: none does.",
        value=found["inbox"].get("new", {}).get("oldest_seconds", 0.0),
    )
    coupons = GaugeMetricFamily(
        "influence_coupons",
        "Coupons: made in the store, used by an order, told to Influence.",
        labels=["state"],
    )
    for state, number in found["coupons"].items():
        coupons.add_metric([state], number)
    yield coupons
