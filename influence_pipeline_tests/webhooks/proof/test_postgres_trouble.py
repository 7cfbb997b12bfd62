"""T8: trouble in Postgres under senders that repeat. 503 with Retry-After while it lasts, never 200;
nothing is lost, and ten seconds after it is over all is well."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
import requests

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state import database
from influence_pipeline_tests.support.proxied_postgres import PostgresProxy
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.receiving import receiver, variant
from influence_pipeline_tests.webhooks.senders import Senders, judge
from influence_pipeline_tests.webhooks.silence import line_to
from influence_pipeline_tests.webhooks.test_receiver import post, until
from influence_pipeline_tests.webhooks.test_receiver_in_trouble import read_only

pytestmark = [pytest.mark.slow, pytest.mark.proves("T8")]

RECOVERY_SECONDS = 10.0
TROUBLE_SECONDS = 8.0


@contextmanager
def senders_at(port: int) -> Iterator[Senders]:
    made = Senders(port, pause=0.02)
    made.start()
    try:
        made.a_few_more()
        yield made
    finally:
        made.stop()


def run(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


def refused_while(url: str, seconds: float, padding: bytes = b"") -> None:
    """See that a new delivery is told to come again, for so long."""
    over = time.monotonic() + seconds
    number = 900_000
    while time.monotonic() < over:
        number += 1
        reply = requests.post(
            f"{url}/webhooks/influence/{TOKEN}",
            data=encoded(redemption(number)) + padding,
            headers={"x-webhook-topic": "points/redeemed"},
            timeout=30,  # it gives up by itself after 20 s
        )
        assert reply.status_code == 503
        assert int(reply.headers["retry-after"]) > 0


def well_again(url: str, senders: Senders) -> None:
    until(lambda: post(url, redemption(999_999)).status_code == 200, seconds=RECOVERY_SECONDS)
    senders.until(len(senders.answered) + 50, RECOVERY_SECONDS)
    assert requests.get(f"{url}/readyz", timeout=10).status_code == 200


def nothing_lost(url: str, senders: Senders, log: str, tally: Tally) -> None:
    verdict = judge(url, senders.answered)
    tally(
        len(senders.answered),
        "deliveries",
        lost=len(verdict.lost),
        doubled=len(verdict.doubled),
    )
    assert (verdict.lost, verdict.doubled) == ([], [])
    assert set(senders.statuses) <= {200, 503}, senders.statuses
    assert "Traceback" not in log


def test_backends_that_are_terminated_again_and_again_lose_nothing(
    tmp_path: Path, state_url: str, tally: Tally
) -> None:
    terminate = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with receiver(tmp_path, state_url) as one, senders_at(one.port) as senders:
        for _ in range(30):
            run(state_url, terminate)
            senders.a_few_more(20)
        well_again(one.url, senders)
    nothing_lost(state_url, senders, one.log, tally)


def test_while_the_inbox_is_locked_deliveries_are_told_to_come_again(
    tmp_path: Path, state_url: str, tally: Tally
) -> None:
    """A lock that somebody forgot: our own time-out of ten seconds ends each attempt."""
    with receiver(tmp_path, state_url) as one, senders_at(one.port) as senders:
        with closing(psycopg2.connect(state_url)) as other:
            other.cursor().execute("LOCK TABLE influence.inbox IN EXCLUSIVE MODE")
            refused_while(one.url, 12)
            other.rollback()
        well_again(one.url, senders)
    nothing_lost(state_url, senders, one.log, tally)


def test_a_database_that_takes_minutes_for_a_row_is_not_waited_for(
    tmp_path: Path, state_url: str, tally: Tally
) -> None:
    slow = (
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(120); RETURN new; END $$; "
        "CREATE TRIGGER slow BEFORE INSERT ON influence.inbox "
        "FOR EACH ROW EXECUTE FUNCTION slow()"
    )
    with receiver(tmp_path, state_url) as one, senders_at(one.port) as senders:
        run(state_url, slow)
        refused_while(one.url, 12)
        run(state_url, "DROP FUNCTION slow CASCADE")
        well_again(one.url, senders)
    nothing_lost(state_url, senders, one.log, tally)


def test_a_read_only_database_is_no_place_to_store(
    tmp_path: Path, state_url: str, tally: Tally
) -> None:
    with receiver(tmp_path, state_url) as one, senders_at(one.port) as senders:
        read_only(state_url, True)
        refused_while(one.url, TROUBLE_SECONDS)
        read_only(state_url, False)
        well_again(one.url, senders)
    nothing_lost(state_url, senders, one.log, tally)


def test_connections_that_have_gone_silent_are_given_up_on(
    tmp_path: Path, state_url: str, postgres_proxy: PostgresProxy, tally: Tally
) -> None:
    """Half-open: the host behind them lost its power. New connections are answered."""
    with line_to(state_url, postgres_proxy) as line, receiver(tmp_path, line.url) as one:
        with senders_at(one.port) as senders:
            line.freeze()
            # Two rounds of 20 s at most: each worker cuts its own.
            senders.until(len(senders.answered) + 200, 45)
            well_again(one.url, senders)
    nothing_lost(state_url, senders, one.log, tally)


# -- a full disk -----------------------------------------------------------------------------------


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own in memory, with so much room, that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


def fill(folder: Path) -> Path:
    """Use up all room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


@contextmanager
def state_on(disk: Path, folder: Path) -> Iterator[str]:
    """A server whose inbox lies on that disk. Its log does not, so that it lives on."""
    data = folder / "postgres" / "data"
    with EmbeddedPostgres.start(data, fast=True) as server:
        url = server.create_database("state")
        database.upgrade(url)
        place = disk / "tables"
        place.mkdir()
        owner = (data / "PG_VERSION").stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        run(url, f"CREATE TABLESPACE small LOCATION '{place}'")
        run(url, "ALTER TABLE influence.inbox SET TABLESPACE small")
        yield url


def test_a_full_disk_is_told_as_503_and_the_receiver_goes_on_when_there_is_room(
    tmp_path: Path, tally: Tally
) -> None:
    with small_disk(64) as disk, state_on(disk, tmp_path) as url:
        with receiver(tmp_path, url, workers=1) as one, senders_at(one.port) as senders:
            filler = fill(disk)
            # A small row may still find a place in a page; this one cannot.
            refused_while(one.url, TROUBLE_SECONDS, padding=os.urandom(200_000))
            filler.unlink()
            well_again(one.url, senders)
        nothing_lost(url, senders, one.log, tally)


# -- control ---------------------------------------------------------------------------------------

TAKES_ANYTHING = variant(
    "from influence_pipeline.webhooks import intake\n"
    "from starlette.responses import PlainTextResponse\n"
    "intake._busy = lambda words, seconds: PlainTextResponse('stored\\n')\n"
)


def test_control_a_receiver_that_answers_200_whatever_happens_is_caught(
    tmp_path: Path, state_url: str
) -> None:
    with receiver(tmp_path, state_url, workers=1, program=TAKES_ANYTHING) as one:
        with senders_at(one.port) as senders:
            read_only(state_url, True)
            with pytest.raises(AssertionError):
                refused_while(one.url, 2)
            read_only(state_url, False)
    assert judge(state_url, senders.answered).lost != []
