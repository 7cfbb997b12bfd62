"""The log of calls as a feed: every row once, however late its transaction commits."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import psycopg2.extensions
import pytest

from influence_pipeline.errors import StateError
from influence_pipeline.postgres import Postgres
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import call_feed
from influence_pipeline.sync.call_feed import CallFeed


class Writer:
    """A process that writes into the log, and commits when the test says so."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url)

    def write(self, *calls: str) -> Writer:
        with self._connection.cursor() as cursor:
            for call in calls:
                cursor.execute(
                    "INSERT INTO influence.attempt (entity, key, call, outcome, http_status, ms) "
                    "VALUES ('order', 'k', %s, 'accepted', 200, 12)",
                    (call,),
                )
        return self

    def commit(self) -> Writer:
        self._connection.commit()
        return self

    def rollback(self) -> Writer:
        self._connection.rollback()
        return self

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def state(state_url: str) -> Iterator[Postgres]:
    opened = open_state(state_url)
    yield opened
    opened.close()


@pytest.fixture
def writers(state_url: str) -> Iterator[list[Writer]]:
    made = [Writer(state_url) for _ in range(3)]
    yield made
    for writer in made:
        writer.close()


def seen(feed: CallFeed) -> list[str]:
    return [found.call for found in feed.look()]


def test_a_feed_begins_at_the_end_of_the_log(state: Postgres, writers: list[Writer]) -> None:
    writers[0].write("old").commit()
    feed = CallFeed(state)
    assert seen(feed) == []
    writers[0].write("a", "b").commit()
    (first, second) = feed.look()
    assert first == call_feed.LoggedCall("order", "a", "accepted", 200, 12)
    assert second.call == "b"
    assert seen(feed) == []


def test_a_row_whose_transaction_commits_late_is_given_once(
    state: Postgres, writers: list[Writer]
) -> None:
    late, early, other = writers
    feed = CallFeed(state)
    assert seen(feed) == []
    late.write("late 1", "late 2")
    early.write("early 1").commit()
    assert seen(feed) == ["early 1"]
    late.write("late 3")
    other.write("other").rollback()
    early.write("early 2").commit()
    assert seen(feed) == ["early 2"]
    assert seen(feed) == []
    late.commit()
    assert seen(feed) == ["late 1", "late 2", "late 3"]
    assert seen(feed) == []
    early.write("early 3").commit()
    assert seen(feed) == ["early 3"]
    assert feed._gaps == []


def test_control_a_feed_that_only_goes_forward_loses_it(
    state: Postgres, writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_feed, "_missing", lambda _after, _rows: [])
    late, early, _ = writers
    feed = CallFeed(state)
    feed.look()
    late.write("late")
    early.write("early").commit()
    assert seen(feed) == ["early"]
    late.commit()
    assert seen(feed) == []


def test_what_is_being_written_when_the_feed_begins_is_given_too(
    state: Postgres, writers: list[Writer]
) -> None:
    late, early, _ = writers
    late.write("late")
    early.write("before").commit()
    feed = CallFeed(state)
    assert seen(feed) == []
    late.commit()
    assert seen(feed) == ["late"]


def test_ids_that_never_come_are_waited_for_no_longer_than_somebody_could_hold_them(
    state: Postgres, writers: list[Writer]
) -> None:
    gone, long, early = writers
    feed = CallFeed(state)
    feed.look()
    gone.write("never")
    long.write("long")
    early.write("early").commit()
    assert seen(feed) == ["early"]
    gone.rollback()
    assert (seen(feed), len(feed._gaps)) == ([], 1)
    long.commit()
    assert (seen(feed), feed._gaps) == (["long"], [])
    # Who begins to write afterwards holds none of the ids before.
    gone.write("never again").rollback()
    long.write("holds on")
    early.write("next").commit()
    assert seen(feed) == ["next"]
    long.rollback()
    assert (seen(feed), feed._gaps) == ([], [])


def test_of_a_gap_a_part_may_come_before_the_rest(state: Postgres, writers: list[Writer]) -> None:
    first, second, third = writers
    feed = CallFeed(state)
    feed.look()
    first.write("1")
    second.write("2")
    first.write("3")
    third.write("4").commit()
    assert seen(feed) == ["4"]
    second.commit()
    assert seen(feed) == ["2"]
    first.commit()
    assert seen(feed) == ["1", "3"]
    assert feed._gaps == []


def test_rows_written_between_two_looks_are_all_given_however_many(
    state: Postgres, writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_feed, "_ROWS_AT_ONCE", 3)
    monkeypatch.setattr(call_feed, "_MOST_ROWS", 6)
    feed = CallFeed(state)
    feed.look()
    writers[0].write(*"abcdefgh").commit()
    assert [seen(feed), seen(feed), seen(feed)] == [list("abcdef"), list("gh"), []]


def test_what_was_not_read_because_the_state_was_away_comes_with_the_next_look(
    state: Postgres, writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = CallFeed(state)
    feed.look()
    writers[0].write("a").commit()
    with monkeypatch.context() as broken:
        # The connection breaks after the rows were read.
        broken.setattr(call_feed, "_missing", lambda *_: state.fail(psycopg2.OperationalError()))
        with pytest.raises(StateError):
            feed.look()
    assert seen(feed) == ["a"]


def test_a_state_that_was_restored_from_a_backup_is_followed_on(
    state: Postgres, writers: list[Writer], state_url: str
) -> None:
    feed = CallFeed(state)
    writers[0].write("a", "b", "c").commit()
    feed.look()
    with closing(psycopg2.connect(state_url)) as admin, admin.cursor() as cursor:
        cursor.execute("DELETE FROM influence.attempt WHERE id > 1")
        cursor.execute("ALTER TABLE influence.attempt ALTER COLUMN id RESTART WITH 2")
        admin.commit()
    assert seen(feed) == []
    writers[0].write("new").commit()
    assert seen(feed) == ["new"]


def test_a_log_that_was_pruned_to_nothing_is_followed_on(
    state: Postgres, writers: list[Writer], state_url: str
) -> None:
    feed = CallFeed(state)
    writers[0].write("a").commit()
    feed.look()
    with closing(psycopg2.connect(state_url)) as admin, admin.cursor() as cursor:
        cursor.execute("DELETE FROM influence.attempt")
        admin.commit()
    assert seen(feed) == []
    writers[0].write("b").commit()
    assert seen(feed) == ["b"]


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_busy_writers_and_a_reader_lose_and_double_nothing(
    state: Postgres, state_url: str, isolation: str
) -> None:
    with closing(psycopg2.connect(state_url)) as admin:
        admin.autocommit = True
        database = admin.info.dbname
        admin.cursor().execute(
            f"ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'"
        )
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  (shown when the test fails)
    feed = CallFeed(state)
    feed.look()
    committed: Counter[str] = Counter()
    threads = [
        threading.Thread(target=write_for_a_while, args=(state_url, number, seed, committed))
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    got: Counter[str] = Counter()
    while any(thread.is_alive() for thread in threads):
        got.update(seen(feed))
    for _ in range(2):
        got.update(seen(feed))
    assert sum(committed.values()) > 300
    assert got == committed
    assert feed._gaps == []


def write_for_a_while(url: str, number: int, seed: int, committed: Counter[str]) -> None:
    """Write in transactions of several rows that idle in between; some are rolled back."""
    chance = random.Random(f"{seed} {number}")
    writer = Writer(url)
    for turn in range(40):
        calls = [f"{number}/{turn}/{row}" for row in range(chance.randrange(1, 6))]
        for call in calls:
            writer.write(call)
            time.sleep(chance.choice([0, 0, 0.002, 0.01]))
        if chance.random() < 0.2:
            writer.rollback()
        else:
            writer.commit()
            committed.update(calls)
    writer.close()


def test_control_without_waiting_for_writers_the_busy_reader_loses_rows(
    state: Postgres, state_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_feed, "_writers", lambda _connection: frozenset())
    with pytest.raises(AssertionError):
        test_busy_writers_and_a_reader_lose_and_double_nothing(state, state_url, "read committed")
