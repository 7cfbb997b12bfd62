"""Silent and read-only databases, and being stopped: never a false 200, never 500, and it goes on."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.coupons import sql as coupons
from influence_pipeline.webhooks import inbox, intake
from influence_pipeline.webhooks.receiver import create_app
from influence_pipeline_tests.support.proxied_postgres import PostgresProxy
from influence_pipeline_tests.webhooks.builders import TOKEN, redemption
from influence_pipeline_tests.webhooks.conftest import (
    UNVERIFIED,
    Desk,
    Store,
    _administer,
    make_context,
    writer,
)
from influence_pipeline_tests.webhooks.silence import Line, line_to
from influence_pipeline_tests.webhooks.test_receiver import (
    post,
    process,
    running,
    settings,
    until,
)

pytestmark = pytest.mark.proves("T8")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def line(state: Postgres, state_url: str, postgres_proxy: PostgresProxy) -> Iterator[Line]:
    with line_to(state_url, postgres_proxy) as made:
        yield made


def read_only(url: str, on: bool) -> None:
    """Make a database read-only, or writable, for sessions that begin from now on."""
    name = psycopg2.extensions.parse_dsn(url)["dbname"]
    change = "SET default_transaction_read_only = on" if on else "RESET ALL"
    _administer(url, f'ALTER DATABASE "{name}" {change}')
    if on:
        _administer(
            url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )


def answers(url: str, numbers: range) -> set[int]:
    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(lambda n: post(url, redemption(n)).status_code, numbers))


def test_a_state_that_was_read_only_for_a_while_is_written_to_again(state_url: str) -> None:
    with running(create_app(settings(state_url))) as url:
        read_only(state_url, True)
        assert answers(url, range(16)) == {503}
        read_only(state_url, False)
        until(lambda: answers(url, range(16)) == {200}, seconds=10)


def test_a_store_that_was_read_only_for_a_while_gets_its_coupons(desk: Desk) -> None:
    read_only(desk.store.url, True)
    for number in range(1, 9):
        desk.deliver("points/redeemed", redemption(number))
    assert desk.work().count("retried") == 8
    read_only(desk.store.url, False)
    desk.due_now()
    assert desk.work().count("done") == 8


def test_connections_that_have_gone_silent_are_replaced(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_STORE_SECONDS", 1.0)
    with running(create_app(settings(line.url))) as url:
        assert answers(url, range(24)) == {200}
        line.freeze()
        assert 503 in answers(url, range(100, 108))
        until(lambda: answers(url, range(200, 208)) == {200}, seconds=10)


def test_bodies_that_wait_for_a_silent_state_are_bounded(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_STORE_SECONDS", 0.5)
    monkeypatch.setattr(intake, "_MOST_WAITING_BYTES", 2_000_000)
    # Nothing frees the threads here, so that all that is held stays held.
    monkeypatch.setattr(Postgres, "cut", lambda self: None)
    made: list[Any] = []
    original = intake._Receiver.__init__

    def noted(self: Any, *arguments: Any) -> None:
        made.append(self)
        original(self, *arguments)

    monkeypatch.setattr(intake._Receiver, "__init__", noted)
    with running(create_app(settings(line.url))) as url:
        assert answers(url, range(16)) == {200}
        line.freeze(new_ones_too=True)
        with ThreadPoolExecutor(8) as pool:
            bodies = [b"x" * 200_000 + str(number).encode() for number in range(60)]
            assert set(pool.map(lambda body: post(url, body).status_code, bodies)) == {503}
        assert made[0]._store_in.waiting() <= 10
        assert 0 < made[0]._bodies.total <= 2_300_000
        line.close()
        until(lambda: made[0]._bodies.total == 0)


def test_a_delivery_that_is_under_way_when_the_receiver_is_stopped_is_told_to_come_again(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    with process(tmp_path, state_url) as (receiver, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(
                f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\n"
                "X-Webhook-Topic: points/redeemed\r\nContent-Length: 500\r\n\r\n{".encode()
            )
            assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
            receiver.send_signal(signal.SIGTERM)
            answer = connection.recv(4096)
        _, err = receiver.communicate(timeout=30)
    assert b" 503 " in answer.split(b"\r\n")[0]
    assert "Traceback" not in err
    assert receiver.returncode == 0


def test_a_silent_state_does_not_keep_the_receiver_from_ending(tmp_path: Path, line: Line) -> None:
    with process(tmp_path, line.url) as (receiver, url):
        assert post(url, redemption(1)).status_code == 200
        line.freeze(new_ones_too=True)
        got: list[int] = []
        sender = threading.Thread(target=lambda: got.append(post(url, redemption(2)).status_code))
        sender.start()
        time.sleep(0.5)
        receiver.send_signal(signal.SIGTERM)
        receiver.wait(15)
        sender.join()
    assert got == [503]


def test_a_silent_store_does_not_keep_the_receiver_from_ending(
    tmp_path: Path,
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    postgres_proxy: PostgresProxy,
) -> None:
    toml.write_text(UNVERIFIED)
    with line_to(store.url, postgres_proxy) as way:
        environment = {"INFLUENCE_CONFIG": str(toml), "INFLUENCE_COUPON_URL": way.url}
        with process(tmp_path, state_url, **environment) as (receiver, url):
            assert post(url, redemption(1)).status_code == 200
            until(lambda: store.codes() == ["LOYAL-0001"])
            way.freeze()
            for number in range(2, 6):
                assert post(url, redemption(number)).status_code == 200
            time.sleep(1)
            receiver.send_signal(signal.SIGTERM)
            receiver.wait(15)


def test_the_fast_path_goes_on_with_new_connections_when_the_stores_have_gone_silent(
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    postgres_proxy: PostgresProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coupons, "_LONGEST_HOLD_SECONDS", 1.0)
    toml.write_text(UNVERIFIED)
    with line_to(store.url, postgres_proxy) as way:
        chosen = settings(state_url, config=toml, coupon_url=way.url)
        with running(create_app(chosen, state)) as url:
            assert post(url, redemption(1)).status_code == 200
            until(lambda: store.codes() == ["LOYAL-0001"])
            way.freeze()
            assert answers(url, range(2, 8)) == {200}
            until(lambda: len(store.codes()) == 7)
    assert len(set(store.codes())) == 7


def test_a_round_goes_on_when_the_store_has_gone_silent(
    desk: Desk, postgres_proxy: PostgresProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coupons, "_LONGEST_HOLD_SECONDS", 1.0)
    with line_to(desk.store.url, postgres_proxy) as way:
        database = Postgres(way.url, variable="INFLUENCE_COUPON_URL", kind=StoreError)
        desk.context = make_context(desk.store, terms={"writer": writer(database)})
        first = desk.deliver("points/redeemed", redemption(1))
        desk.work()
        way.freeze()
        second = desk.deliver("points/redeemed", redemption(2))
        desk.work()
        desk.due_now()
        desk.work()
        assert [desk.event(one).line.state for one in (first, second)] == ["done", "done"]
        database.close()


def test_who_asks_whether_it_is_ready_learns_no_more_than_that(
    state: Postgres, state_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = psycopg2.extensions.parse_dsn(state_url)["dbname"]
    with running(create_app(settings(state_url), state)) as url:
        _administer(state_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        state.cut()
        try:
            replies = [requests.get(f"{url}/readyz", timeout=10) for _ in range(3)]
        finally:
            _administer(state_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert {(one.status_code, one.text) for one in replies} == {
        (503, "not ready: state database\n")
    }
    assert caplog.text.count("Not ready: ") == 1
    assert "INFLUENCE_STATE_URL" in caplog.text


def test_without_an_api_key_it_only_stores_and_says_so_in_one_line(
    state: Postgres, state_url: str, store: Store, toml: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = settings(state_url, config=toml, coupon_url=store.url)
    with running(create_app(chosen, state)) as url:
        assert post(url, redemption()).status_code == 200
    assert [one.state for one in inbox.list_events(state)] == ["new"]
    (said,) = [r.getMessage() for r in caplog.records if "only stored here" in r.getMessage()]
    assert "INFLUENCE_API_KEY" in said
    assert "\n" not in said
