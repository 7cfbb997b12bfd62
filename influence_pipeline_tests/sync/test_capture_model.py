"""Capture against any history of a small store: after each tick, and after each full compare, the state
is what the store is. See `support.small_store` for what happens and what is held against what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Stage

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store import changes
from influence_pipeline.store.changes import Moment, StorePoint
from influence_pipeline.sync import claims, staging
from influence_pipeline_tests.support import databases
from influence_pipeline_tests.support.small_store import (
    CUT_OVER,
    EVERYTHING_ONCE,
    KEYS,
    MAPPING,
    History,
    SmallStore,
    Step,
    steps,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server where transactions can be prepared."""
    folder = tmp_path_factory.mktemp("prepares")
    with databases.throw_away_server(folder) as first:
        databases.administer(first, "ALTER SYSTEM SET max_prepared_transactions = 8")
        first.stop()
        with EmbeddedPostgres.start(folder / "data", fast=True) as server:
            yield server


@pytest.fixture(scope="module")
def state_template(server: EmbeddedPostgres) -> str:
    return databases.make_state_template(server)


@contextmanager
def small_store(server: EmbeddedPostgres, state_template: str, key: str) -> Iterator[SmallStore]:
    with (
        databases.throw_away_database(server) as store_url,
        databases.throw_away_database(server, state_template) as state_url,
        closing(SmallStore(store_url, state_url, key)) as made,
    ):
        yield made


@pytest.fixture(scope="module", params=["integer", "text"])
def small(
    server: EmbeddedPostgres, state_template: str, request: pytest.FixtureRequest
) -> Iterator[SmallStore]:
    """A small store of one type of key."""
    with small_store(server, state_template, request.param) as made:
        yield made


def holds(examples: int, small: SmallStore, *more: str, **how: Any) -> None:
    """Try so many histories; the shortest that fails is shown."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps(*more))
    def one(history: list[Step]) -> None:
        History(small, **how).run(history)

    one()


MANY = [15, pytest.param(1500, marks=pytest.mark.slow)]
FEW = [5, pytest.param(700, marks=pytest.mark.slow)]


@pytest.mark.parametrize("examples", MANY)
def test_one_tick_finds_whatever_happened_where_each_searches_for_what_is_gone(
    small: SmallStore, examples: int
) -> None:
    holds(examples, small, always_checked=True)


@pytest.mark.parametrize("examples", MANY)
def test_one_tick_finds_what_left_a_trace_and_one_full_compare_the_rest(
    small: SmallStore, examples: int
) -> None:
    holds(examples, small, always_checked=False)


@pytest.mark.parametrize("always", [True, False])
@pytest.mark.parametrize("examples", FEW)
def test_so_they_do_with_imports_of_windows_in_between(
    small: SmallStore, examples: int, always: bool
) -> None:
    holds(examples, small, "import", "import", "import", always_checked=always)


@pytest.mark.parametrize("always", [True, False])
@pytest.mark.parametrize("examples", FEW)
def test_so_they_do_where_some_orders_are_of_before_the_cut_over(
    small: SmallStore, examples: int, always: bool
) -> None:
    holds(examples, small, "import", always_checked=always, go_live=CUT_OVER)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, marks=[] if key in {"uuid", "numeric"} else pytest.mark.slow)
        for key in KEYS
    ],
)
def test_keys_of_any_type_are_followed(
    server: EmbeddedPostgres, state_template: str, key: str
) -> None:
    history = [Step(what, 0, number % 2, number % 3) for number, what in enumerate(EVERYTHING_ONCE)]
    with small_store(server, state_template, key) as small:
        History(small, always_checked=True).run(history)


# -- histories that once went wrong ----------------------------------------------------------------

LINE_READ_BY_A_WORKER = [
    Step("edit", n=1), Step("tick"), Step("line"), Step("claim"), Step("report"), Step("line gone"),
]  # fmt: skip
WENT_WRONG = {
    "a worker read a line that no capture has seen, and that is gone before one looks":
        LINE_READ_BY_A_WORKER,
    "an import read an order that is gone before a capture looks": [
        Step("order", key=3), Step("import", n=2), Step("order gone", key=3),
    ],
    "an import read a line that is gone before a capture looks": [
        Step("line"), Step("import", n=2), Step("line gone"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("always", [True, False])
@pytest.mark.parametrize("history", WENT_WRONG.values(), ids=WENT_WRONG)
def test_what_once_went_wrong(small: SmallStore, history: list[Step], always: bool) -> None:
    History(small, always_checked=always).run(history)


# -- controls --------------------------------------------------------------------------------------


def only_the_orders_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that asks the table of orders alone."""
    recent = changes._recent
    orders_only = replace(MAPPING, sources=MAPPING.sources[:1])
    monkeypatch.setattr(changes, "_recent", lambda _, now, **how: recent(orders_only, now, **how))


def next_transaction_as_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """What began before the last look counts as seen, committed or not."""

    def point(now: Moment, _: object) -> StorePoint:
        return StorePoint(now.server_identity, now.next_xid, now.next_xid, (), now.clock)

    monkeypatch.setattr(changes, "_point", point)


def seen_by_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts as seen is asked of the snapshot, which knows no savepoints."""
    ask = changes.look

    def look(connection: Any, *how: Any) -> tuple[list[str], StorePoint]:
        keys, point = ask(connection, *how)
        running = {
            int(xid)
            for (xid,) in connection.exec_driver_sql(
                "SELECT pg_snapshot_xip(pg_current_snapshot())::text"
            )
        }
        between = range(point.horizon, point.next_xid)
        return keys, replace(point, seen_xids=tuple(x for x in between if x not in running))

    monkeypatch.setattr(changes, "look", look)


def query(
    module: Any, name: str, *replaced: tuple[str, str]
) -> Callable[[pytest.MonkeyPatch], None]:
    def broken(monkeypatch: pytest.MonkeyPatch) -> None:
        sql = str(module._QUERIES[name])
        for old, new in replaced:
            assert old in sql
            sql = sql.replace(old, new)
        monkeypatch.setitem(module._QUERIES._made, name, sa.text(sql))

    return broken


NO_MORE = ("WHERE", "WHERE false AND")
# Each with whether ticks search for what is gone: some are mended by that.
BROKEN: dict[str, tuple[bool, Callable[[pytest.MonkeyPatch], None]]] = {
    "a look asks the orders table only": (True, only_the_orders_table),
    "the next transaction id is the cursor": (True, next_transaction_as_cursor),
    "ticks leave fingerprints as they are": (
        False,
        query(staging, "note_fingerprints", ("x.source_hash, source_rows", "p.source_hash, source_rows")),
    ),
    "the number of rows is not kept": (
        False,
        query(staging, "note_fingerprints", (", source_rows = x.source_rows", "")),
    ),
    "what is left out is not noted": (False, query(staging, "note_left_out", NO_MORE)),
    "what is left out no more is kept": (False, query(staging, "forget_left_out_of_candidates", NO_MORE)),
    "records whose rows are gone keep them": (False, query(staging, "note_rows_gone_of_candidates", NO_MORE)),
}  # fmt: skip


SAVEPOINT = [
    # The older one keeps the horizon back; what the other writes inside its savepoint is not seen yet,
    # and a third that ends puts it below the next transaction.
    Step("line", 2, 1), Step("line", 1, 2), Step("savepoint", 1), Step("line edit", 1, 0, 1),
    Step("customer", n=3), Step("tick"), Step("release", 1), Step("commit", 1), Step("tick"),
]  # fmt: skip


def test_a_row_of_a_savepoint_is_found_when_its_transaction_is_over(small: SmallStore) -> None:
    History(small, always_checked=False).run(SAVEPOINT)


def test_control_the_saved_snapshot_knows_no_savepoints(
    small: SmallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_by_snapshot(monkeypatch)
    with pytest.raises(AssertionError, match="not as in the store"):
        History(small, always_checked=False).run(SAVEPOINT)


CHANGED_BACK = [
    Step("edit", n=1), Step("tick"), Step("edit", n=1), Step("claim"),
    Step("edit", n=2), Step("tick"), Step("report"), Step("tick"),
]  # fmt: skip
# What chance finds too seldom.
SELDOM = {
    "what changed back stays to be done": (
        False,
        [Step("edit", n=1), Step("tick"), Step("edit", n=2), Step("tick")],
        query(
            staging,
            "merge_staged",
            (
                "DELETE FROM work w USING merged m\n    WHERE",
                "DELETE FROM work w USING merged m\n    WHERE false AND",
            ),
        ),
    ),
    "a capture says no worker that it has looked": (
        False,
        CHANGED_BACK,
        query(staging, "mark_seen_again_of_candidates", NO_MORE),
    ),
    "an acknowledgement leaves the fingerprint as it is": (
        True,
        LINE_READ_BY_A_WORKER,
        query(
            claims,
            "acknowledge",
            ("THEN p.source_hash END", "THEN p.source_hash ELSE p.source_hash END"),
        ),
    ),
}


def test_a_record_changed_back_while_it_is_sent_is_sent_again(small: SmallStore) -> None:
    History(small, always_checked=False).run(CHANGED_BACK)


@pytest.mark.parametrize("broken", SELDOM)
def test_control_what_is_seldom_is_caught(
    small: SmallStore, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    always, history, breaks = SELDOM[broken]
    breaks(monkeypatch)
    with pytest.raises(AssertionError):
        History(small, always_checked=always).run(history)


CHANCE_TAKES_LONG = {"what is left out no more is kept", "records whose rows are gone keep them"}


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(name, marks=pytest.mark.slow if name in CHANCE_TAKES_LONG else [])
        for name in BROKEN
    ],
)
def test_control_a_broken_capture_is_caught(
    small: SmallStore, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    always, breaks = BROKEN[broken]
    breaks(monkeypatch)

    @settings(
        max_examples=300,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=[Stage.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(steps())
    def one(history: list[Step]) -> None:
        History(small, always_checked=always).run(history)

    with pytest.raises(AssertionError):
        one()
