"""Balances of members: one look at all of them, beside pandas; and what writing them down costs an
event.

python -m benchmarks.balances [--members 100000] [--each 10] [--events 2000] [--runs 3]
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd
import psycopg2
import sqlalchemy as sa

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.rows import Section, just, peer, section
from influence_pipeline.postgres import Postgres
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import balances, gaps, inbox
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.grants import Terms
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline.webhooks.inbox import Delivery

BENCHMARK = named("balances")
# `each` rows of every member: states and movements in turn. Of one member in a hundred one movement
# is missing.
_FILL = """
INSERT INTO balance_seen (member_id, at, seen_at, source, event_id, balance, moved)
SELECT 'member-' || md5(m::text),
       timestamptz '2026-11-01' + make_interval(secs => n * 3600 + m % 3000),
       timestamptz '2026-11-02', source, m::bigint * 1000 + n, n * 10,
       CASE source WHEN 'moved' THEN 10 END
FROM generate_series(1, :members) AS m, generate_series(0, :each / 2) AS n,
     (VALUES ('told'), ('moved')) AS kind (source)
WHERE (source = 'told' OR n > 0) AND NOT (m % 100 = 0 AND n = 2 AND source = 'moved')
"""
_MEMBERS = """
INSERT INTO loyalty_member (customer_id, external_id, event_id)
SELECT 'member-' || md5(m::text), m::text, 0 FROM generate_series(1, :members) AS m
"""
_QUICK = {"members": 1_000, "runs": 1, "events": 200}


@contextmanager
def _state() -> Iterator[tuple[Postgres, str]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres.start(Path(folder) / "data") as server,
    ):
        url = server.create_database("state")
        with closing(open_state(url)) as state:
            yield state, url


def _fill(state: Postgres, members: int, each: int) -> int:
    with state.transaction() as connection:
        connection.execute(sa.text("TRUNCATE balance_seen, balance_gap, loyalty_member, fact"))
        connection.execute(sa.text(_MEMBERS), {"members": members})
        return connection.execute(sa.text(_FILL), {"members": members, "each": each}).rowcount


def _judge(state: Postgres) -> float:
    started = time.monotonic()
    gaps.judge(state, grace_seconds=900)
    return time.monotonic() - started


def _pandas(url: str) -> tuple[float, int]:
    """The same question asked of a frame: read everything, sort, take differences."""
    started = time.monotonic()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT member_id, at, source, balance, moved FROM influence.balance_seen")
        names = ["member", "at", "source", "balance", "moved"]
        seen = pd.DataFrame(cursor.fetchall(), columns=names)
    states = seen[seen["source"] == "told"].groupby(["member", "at"])["balance"].max()
    moved = seen.groupby(["member", "at"])["moved"].sum()
    steps = states.groupby(level=0).diff().dropna()
    wrong = steps[steps != moved.reindex(steps.index).fillna(0)]
    return time.monotonic() - started, len(wrong)


def _work_off(state: Postgres, round_: int, count: int) -> float:
    """Seconds for events that each show a member, from stored to done, by one worker."""
    with state.transaction() as connection:
        for number in range(count):
            body = {
                "id": f"m-{number}",
                "pointBalance": round_,
                "updatedAt": f"2026-11-02T00:00:{round_:02}Z",
            }
            inbox.store(connection, Delivery(json.dumps(body).encode(), "customers/updated"))
    context = HandlerContext(Terms({}, None, None))
    context.webhooks = context.webhooks.model_copy(update={"workers": 1})
    started = time.monotonic()
    done = work_off(state, context, limit=count)
    assert done.count("done") == count
    return time.monotonic() - started


def look(state: Postgres, url: str, members: int, each: int, runs: int) -> Section:
    first, again, frame = [], [], []
    for _ in range(runs):
        rows = _fill(state, members, each)
        seconds, wrong = _pandas(url)
        frame.append(seconds)
        first.append(_judge(state))
        again.append(_judge(state))
        found = gaps.count(state)
        if found.lost + found.gained != wrong:
            raise RuntimeError(f"Found {found}, and pandas {wrong}.")
    ours = statistics.median(first)
    return section(
        f"One look at the balances of {members:,} members",
        [
            just("all rows new", f"{ours:.2f} s"),
            just("nothing new", f"{statistics.median(again):.2f} s"),
            peer("pandas, each time anew", statistics.median(frame), ours, "s"),
        ],
        f"{rows:,} rows, {wrong:,} gaps: both find the same.",
        runs=runs,
    )


def events(state: Postgres, count: int, runs: int) -> Section:
    with_it, without = [], []
    observe = balances.observe
    for round_ in range(0, 2 * runs, 2):
        with_it.append(_work_off(state, round_, count))
        balances.observe = lambda *_: None  # type: ignore[assignment]
        try:
            without.append(_work_off(state, round_ + 1, count))
        finally:
            balances.observe = observe
    cost = (statistics.median(with_it) - statistics.median(without)) / count * 1e6
    pace = count / statistics.median(with_it)
    return section(
        "Events that show a member",
        [
            just("worked off, by one worker", f"{pace:,.0f}/s"),
            just("what its balance costs an event", f"{cost:,.0f} us"),
        ],
        f"{count:,} events, with and without writing the balance down, in turn.",
        runs=runs,
    )


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=10, help="rows of each member")
    parser.add_argument("--events", type=int, default=2_000, help="that each show a member")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    given = command.parse(parser, BENCHMARK, _QUICK)
    with command.recording(BENCHMARK, given) as record, _state() as (state, url):
        record.measure("look", lambda: look(state, url, given.members, given.each, given.runs))
        record.measure("events", lambda: events(state, given.events, given.runs))


if __name__ == "__main__":
    main()
