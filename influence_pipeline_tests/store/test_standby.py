"""A physical standby as the store: it lists no running transactions in its snapshots, and what was
committed there is what has been replayed. Looks find every change once there, too."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.store.test_changes import (
    SMALL_STORE,
    BySnapshot,
    Look,
    add,
    add_now,
    execute,
    shop,
    transaction,
)


class Pair(NamedTuple):
    primary: str
    standby: str


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """A store, and a standby of it."""
    first, second = tmp_path / "primary" / "data", tmp_path / "standby" / "data"
    with ExitStack() as servers:
        primary = EmbeddedPostgres.start(first, password="same")
        servers.callback(primary.stop)
        shop(primary.url(), SMALL_STORE)
        primary.stop()
        second.parent.mkdir()
        shutil.copytree(first, second)
        owner = first.stat()
        primary = EmbeddedPostgres.start(first)
        servers.callback(primary.stop)
        (second / "standby.signal").touch()
        with (second / "postgresql.auto.conf").open("a") as settings:
            settings.write(
                f"primary_conninfo = 'host=127.0.0.1 port={primary.port} user=postgres "
                "password=same'\n"
            )
        for entry in [second, *second.rglob("*")]:
            os.chown(entry, owner.st_uid, owner.st_gid)
        standby = EmbeddedPostgres.start(second, password="same")
        servers.callback(standby.stop)
        yield Pair(primary.url(), standby.url())


def replayed(pair: Pair) -> None:
    """Wait until the standby has everything that is committed."""
    with transaction(pair.primary) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()")
        (until,) = cursor.fetchone() or (None,)
    with transaction(pair.standby) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for _ in range(400):
            cursor.execute("SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= %s", (until,))
            row = cursor.fetchone()
            assert row is not None
            assert row[0]
            if row[1]:
                return
            time.sleep(0.05)
    raise AssertionError("The standby does not follow.")


def late_inside_a_savepoint(pair: Pair, method: type[Look]) -> set[str]:
    """What a look finds of a row written inside a savepoint and committed after the look before."""
    with transaction(pair.primary) as slow:
        execute(slow, "SAVEPOINT inner_one")
        add(slow, "late")
        execute(slow, "RELEASE SAVEPOINT inner_one")
        add_now(pair.primary, "early")
        replayed(pair)
        look = method(pair.standby)
        slow.commit()
        replayed(pair)
        return look()


def test_a_late_commit_is_found_on_a_standby(pair: Pair) -> None:
    assert late_inside_a_savepoint(pair, Look) == {"late"}
    look = Look(pair.standby)
    add_now(pair.primary, "new")
    replayed(pair)
    assert look() == {"new"}
    assert look() == set()


def test_control_the_saved_snapshot_misses_it_there(pair: Pair) -> None:
    assert late_inside_a_savepoint(pair, BySnapshot) == set()


def test_every_row_is_found_once_on_a_standby_whatever_the_order_of_commits(pair: Pair) -> None:
    chance = random.Random(5)
    look = Look(pair.standby)
    found: list[str] = []
    committed: set[str] = set()
    with ExitStack() as stack:
        slots = [stack.enter_context(transaction(pair.primary)) for _ in range(6)]
        written: list[set[str]] = [set() for _ in slots]
        for number in range(120):
            slot = chance.randrange(len(slots))
            if not written[slot] or chance.random() < 0.5:
                # Many savepoints, so that a transaction has more than a snapshot holds of them.
                execute(slots[slot], f"SAVEPOINT s{number}")
                add(slots[slot], f"n{number}")
                execute(slots[slot], f"RELEASE SAVEPOINT s{number}")
                written[slot].add(f"n{number}")
            elif chance.random() < 0.8:
                slots[slot].commit()
                committed |= written[slot]
                written[slot] = set()
            else:
                slots[slot].rollback()
                written[slot] = set()
            if number % 10 == 9:
                replayed(pair)
                found += look()
        for slot, connection in enumerate(slots):
            connection.commit()
            committed |= written[slot]
    replayed(pair)
    found += look()
    assert sorted(found) == sorted(committed)
