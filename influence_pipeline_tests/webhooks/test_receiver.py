"""The receiver over real HTTP: durable before 200, closed to everybody without the token."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.intake import BODY_READ, LARGEST_BODY
from influence_pipeline.webhooks.receiver import create_app, serve
from influence_pipeline_tests.webhooks.builders import TOKEN, customer, encoded, redemption
from influence_pipeline_tests.webhooks.conftest import TOML, UNVERIFIED, Store, reopen, shut
from influence_pipeline_tests.webhooks.test_events import HOSTILE

OLD_TOKEN = "Pd7Lq2Vn9Xs4Wb6Tk1Rm8Zc3Yf5Hg0Ja"


@contextlib.contextmanager
def running(app: Starlette) -> Iterator[str]:
    """Serve an app on a free port, in a thread, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Poll until `condition` gives something true, or fail."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def settings(state_url: str, **changes: Any) -> Settings:
    fields = {"state_url": state_url, "webhook_token": TOKEN, **changes}
    return load_settings(**fields)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without influence.toml and .env."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def url(state: Postgres, state_url: str, nowhere: None) -> Iterator[str]:
    chosen = settings(state_url, webhook_token_previous=OLD_TOKEN)
    with running(create_app(chosen, state)) as address:
        yield address


def post(
    url: str,
    body: Any,
    *,
    topic: str | None = "points/redeemed",
    token: str = TOKEN,
    **headers: str,
) -> requests.Response:
    raw = body if isinstance(body, bytes) else encoded(body)
    named = {"x-webhook-topic": topic} if topic is not None else {}
    return requests.post(
        f"{url}/webhooks/influence/{token}",
        data=raw,
        headers={"content-type": "application/json", **named, **headers},
        timeout=20,
    )


def stored(state: Postgres) -> list[Any]:
    with state.transaction() as connection:
        return list(connection.execute(sa.text("SELECT * FROM inbox ORDER BY id")).all())


def test_a_delivery_is_stored_as_it_came(url: str, state: Postgres) -> None:
    body = encoded(redemption())
    reply = post(url, body, **{"x-webhook-id": "w-1", "user-agent": "influence", "cookie": "c=1"})
    assert (reply.status_code, reply.text) == (200, "stored\n")
    (row,) = stored(state)
    assert (bytes(row.body), row.topic, row.webhook_id) == (body, "points/redeemed", "w-1")
    assert row.headers["user-agent"] == "influence"
    assert "cookie" not in row.headers


def test_all_hostile_bodies_are_answered_200_and_kept_byte_for_byte(
    url: str, state: Postgres
) -> None:
    for name, (body, _) in HOSTILE.items():
        assert post(url, body).status_code == 200, name
    rows = {bytes(row.body): row for row in stored(state)}
    assert set(rows) == {body for body, _ in HOSTILE.values()}
    assert {row.state for row in rows.values()} == {"quarantined"}


@pytest.mark.parametrize("topic", [None, "", "orders/created", "é\x80", "x" * 3000])
def test_an_unknown_topic_is_kept_and_visible(url: str, state: Postgres, topic: str | None) -> None:
    raw = topic.encode("latin-1") if topic is not None else None
    assert post(url, b"{}", topic=raw).status_code == 200  # type: ignore[arg-type]
    (line,) = inbox.list_events(state)
    assert line.state == "quarantined"


def test_the_previous_token_is_good_during_the_change(url: str, state: Postgres) -> None:
    assert post(url, redemption(1), token=OLD_TOKEN).status_code == 200
    assert len(stored(state)) == 1


PATH_TRICKS = [
    "/",
    "/webhooks/influence",
    "/webhooks/influence/",
    "/webhooks/influence/wrong",
    f"/webhooks/influence/{TOKEN[:-1]}",
    f"/webhooks/influence/{TOKEN}x",
    f"/webhooks/influence/{TOKEN.swapcase()}",
    f"/webhooks/influence/{TOKEN}/",
    f"/webhooks/influence/{TOKEN}%00",
    f"/webhooks/influence/{TOKEN}%2F",
    f"/webhooks/influence/{TOKEN}%20",
    f"/webhooks/influence/%ED%A0%80{TOKEN}",
    f"/webhooks//influence/{TOKEN}",
    f"//webhooks/influence/{TOKEN}",
    f"/webhooks/influence/x/../{TOKEN}",
    f"/webhooks/influence/x%2F..%2F{TOKEN}",
    f"/Webhooks/Influence/{TOKEN}",
    f"/webhooks/influence/?token={TOKEN}",
    f"/webhooks/influence/wrong?token={TOKEN}",
    f"/webhooks/influence/;{TOKEN}",
    f"/webhooks/influence/{TOKEN};x=1",
]


def test_without_the_exact_token_there_is_a_plain_404_and_nothing_is_stored(
    url: str, state: Postgres
) -> None:
    host, port = url.removeprefix("http://").split(":")
    body = encoded(redemption())
    for path in PATH_TRICKS:
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            # By hand: a client would tidy up the path first.
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Token: {TOKEN}\r\n"
                f"X-Webhook-Topic: points/redeemed\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            reply = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b" 404 " in reply.split(b"\r\n")[0], path
    assert stored(state) == []


def test_other_methods_tell_nothing_even_with_the_token(url: str, state: Postgres) -> None:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        reply = requests.request(
            method,
            f"{url}/webhooks/influence/{TOKEN}",
            data=b"{}",
            headers={"x-http-method-override": "POST"},
            timeout=10,
        )
        assert reply.status_code == 404, method
    assert stored(state) == []


def test_the_size_limit_is_exact_and_nothing_is_cut_off(url: str, state: Postgres) -> None:
    assert post(url, b"x" * LARGEST_BODY).status_code == 200
    assert post(url, b"x" * (LARGEST_BODY + 1)).status_code == 413
    (row,) = stored(state)
    assert len(row.body) == LARGEST_BODY


def test_a_body_in_chunks_is_counted_while_it_comes(url: str, state: Postgres) -> None:
    def chunks(times: int) -> Iterator[bytes]:
        for _ in range(times):
            yield b"x" * 65536

    address = f"{url}/webhooks/influence/{TOKEN}"
    assert requests.post(address, data=chunks(4), timeout=10).status_code == 200
    with contextlib.suppress(requests.ConnectionError):  # it may hang up while we still send
        assert requests.post(address, data=chunks(64), timeout=10).status_code == 413
    assert len(stored(state)) == 1


def test_a_compressed_body_is_refused(url: str, state: Postgres) -> None:
    for encoding in ("gzip", "br", "deflate", "gzip, identity", "x"):
        assert post(url, b"{}", **{"content-encoding": encoding}).status_code == 415, encoding
    assert stored(state) == []


def test_a_body_that_breaks_off_is_not_stored(url: str, state: Postgres) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\n"
            f'Content-Length: 1000\r\n\r\n{{"id": "a"'.encode()
        )
    assert post(url, redemption()).status_code == 200
    assert len(stored(state)) == 1


def test_many_senders_of_the_same_events_leave_each_once(url: str, state: Postgres) -> None:
    def send(number: int) -> int:
        return post(url, redemption(number % 40)).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(320))) == {200}
    rows = stored(state)
    assert (len(rows), sum(row.deliveries for row in rows)) == (40, 320)


def test_while_the_database_is_away_nothing_is_acknowledged(
    url: str, state: Postgres, state_url: str
) -> None:
    assert requests.get(f"{url}/readyz", timeout=10).status_code == 200
    shut(state_url)
    try:
        reply = post(url, redemption())
        assert reply.status_code == 503
        assert int(reply.headers["retry-after"]) > 0
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
        ready = requests.get(f"{url}/readyz", timeout=10)
        assert ready.status_code == 503
        assert ready.text == "not ready: state database\n"
    finally:
        reopen(state_url)
    until(lambda: post(url, redemption()).status_code == 200, seconds=10)
    assert len(stored(state)) == 1


def test_a_database_that_is_away_at_the_start_is_waited_for(
    state_url: str, nowhere: None, caplog: pytest.LogCaptureFixture
) -> None:
    shut(state_url)
    try:
        with running(create_app(settings(state_url))) as url:
            assert post(url, redemption()).status_code == 503
            reopen(state_url)
            until(lambda: post(url, redemption()).status_code == 200, seconds=10)
    finally:
        reopen(state_url)
    assert "answered 503 until" in caplog.text


def test_a_schema_of_another_version_is_not_ready(
    url: str, state: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with state.transaction() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version_num = '9999'"))
    reply = requests.get(f"{url}/readyz", timeout=10)
    assert (reply.status_code, reply.text) == (503, "not ready: schema\n")
    assert "9999" in caplog.text


def test_an_unforeseen_error_while_storing_is_503_and_shows_no_data(
    url: str, state: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with state.transaction() as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'row of ada@example.test'; END $$; "
                "CREATE TRIGGER no BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION no()"
            )
        )
    reply = post(url, redemption())
    assert reply.status_code == 503
    assert "example.test" not in caplog.text + reply.text


def test_a_crash_before_the_commit_is_no_200(
    state: Postgres, state_url: str, nowhere: None
) -> None:
    def at(point: str) -> None:
        if point == "receiver.before_commit":
            raise RuntimeError("the process is gone")

    with running(create_app(settings(state_url), state, at=at)) as url:
        assert post(url, redemption()).status_code == 503
    assert stored(state) == []


def test_the_log_shows_the_template_of_the_path_never_the_token(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    post(url, redemption())
    post(url, redemption(), token="wrong-" + TOKEN)
    requests.get(f"{url}/{TOKEN}", timeout=10)
    text = caplog.text
    assert "POST /webhooks/influence/{token} 200" in text
    assert "POST /webhooks/influence/{token} 404" in text
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("influence")
    )
    assert TOKEN not in ours
    uvicorns = [r.getMessage() for r in caplog.records if r.name.startswith("uvicorn")]
    assert TOKEN not in "\n".join(uvicorns)


@pytest.mark.parametrize("token", ["short", "a" * 64, "0123456789" * 3, "abcdef01" * 3, "x/y" * 20])
def test_a_weak_token_is_refused_at_the_start_with_the_mend(state_url: str, token: str) -> None:
    for changes in ({"webhook_token": token}, {"webhook_token_previous": token}):
        with pytest.raises(ConfigurationError) as caught:
            create_app(settings(state_url, **changes))
        assert "secrets.token_urlsafe(32)" in str(caught.value)
        assert token not in str(caught.value)


@pytest.mark.parametrize(
    "token",
    [TOKEN, "5f2c9a7be01d48c3a6e4f07b915d82ce", "5f2c9a7b-e01d-48c3-a6e4-f07b915d82ce"],
)
def test_a_strong_token_is_taken(state_url: str, nowhere: None, token: str) -> None:
    create_app(settings(state_url, webhook_token=token))


def test_without_a_token_or_a_database_the_receiver_does_not_start(nowhere: None) -> None:
    with pytest.raises(ConfigurationError, match="INFLUENCE_WEBHOOK_TOKEN"):
        create_app(load_settings(state_url="postgresql://x"))
    with pytest.raises(ConfigurationError, match="INFLUENCE_STATE_URL"):
        create_app(load_settings(webhook_token=TOKEN))


def test_a_redemption_is_a_coupon_in_the_store_a_moment_after_its_delivery(
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    toml.write_text(UNVERIFIED)
    chosen = settings(state_url, config=toml, coupon_url=store.url)
    with running(create_app(chosen, state)) as url:
        assert post(url, redemption()).status_code == 200
        until(lambda: inbox.list_events(state)[0].state == "done", seconds=10)
    assert store.codes() == ["LOYAL-0001"]
    assert "verify_redemptions is off" in caplog.text
    assert "LOYAL-0001" not in caplog.text


def test_the_fast_path_outlives_a_store_that_is_away(
    state: Postgres, state_url: str, store: Store, toml: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.shut()
    toml.write_text(UNVERIFIED)
    chosen = settings(state_url, config=toml, coupon_url=store.url)
    try:
        with running(create_app(chosen, state)) as url:
            assert post(url, redemption()).status_code == 200
            until(lambda: inbox.list_events(state)[0].reason_code == "store_away")
            store.open()
            until(lambda: inbox.list_events(state)[0].state == "done")
    finally:
        store.open()
    assert store.codes() == ["LOYAL-0001"]
    assert "Events wait" in caplog.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fast_path": "[webhooks]\nfast_path = false"}, "fast_path is off"),
        ({"url": None}, "INFLUENCE_STORE_URL"),
        ({"create": "SELECT 1"}, "create.sql"),
    ],
)
def test_where_coupons_cannot_be_made_it_only_stores_and_says_so(
    state: Postgres,
    state_url: str,
    store: Store,
    toml: Path,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    words: str,
) -> None:
    toml.write_text(TOML + changes.get("fast_path", ""))
    if "create" in changes:
        toml.with_name("create.sql").write_text(changes["create"])
    chosen = settings(state_url, config=toml, coupon_url=changes.get("url", store.url))
    with running(create_app(chosen, state)) as url:
        assert post(url, redemption()).status_code == 200
    assert [line.state for line in inbox.list_events(state)] == ["new"]
    assert "only stored here" in caplog.text
    assert words in caplog.text


def test_a_broken_influence_toml_stops_the_start_for_it_names_the_schema(
    state_url: str, toml: Path
) -> None:
    toml.write_text("version = 1\nstate_schema = 5")
    with pytest.raises(ConfigurationError, match="state_schema"):
        create_app(settings(state_url, config=toml))


RECEIVER = """
from pathlib import Path
import sys
from influence_pipeline.settings import load_settings
from influence_pipeline.webhooks.receiver import serve
serve(load_settings(), port=0, port_file=Path(sys.argv[1]))
"""


@contextlib.contextmanager
def process(tmp_path: Path, state_url: str, **environment: str) -> Iterator[Any]:
    port_file = tmp_path / "port"
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", RECEIVER, str(port_file)],
        cwd=tmp_path,
        env={
            **os.environ,
            "INFLUENCE_STATE_URL": state_url,
            "INFLUENCE_WEBHOOK_TOKEN": TOKEN,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: port_file.exists() or started.poll() is not None)
        assert port_file.exists(), started.communicate()[1]
        yield started, f"http://127.0.0.1:{port_file.read_text().strip()}"
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def test_the_process_says_where_it_listens_and_ends_well_on_sigterm(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    with process(tmp_path, state_url) as (receiver, url):
        assert post(url, redemption()).status_code == 200
        assert post(url, redemption(), token="wrong").status_code == 404
        receiver.send_signal(signal.SIGTERM)
        out, err = receiver.communicate(timeout=20)
    assert out == f"receiver listening on {url}\n"
    assert receiver.returncode == 0
    assert TOKEN not in err
    assert "POST /webhooks/influence/{token} 200" in err
    assert "only stored here" in err
    assert len(stored(state)) == 1


def test_what_was_accepted_before_sigterm_is_finished(
    tmp_path: Path, state: Postgres, state_url: str
) -> None:
    body = encoded(redemption())
    with process(tmp_path, state_url) as (receiver, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = (
                f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                f"X-Webhook-Topic: points/redeemed\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body[:10])
            # Once another request is answered, this one has been accepted too.
            assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
            receiver.send_signal(signal.SIGTERM)
            until(lambda: not _listens(host, int(port)))
            connection.sendall(body[10:])
            reply = b"".join(iter(lambda: connection.recv(4096), b""))
        receiver.communicate(timeout=20)
    assert b" 200 " in reply.split(b"\r\n")[0]
    assert [bytes(row.body) for row in stored(state)] == [body]


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("after", [True, False])
def test_kill_9_loses_nothing_that_was_answered_200(
    tmp_path: Path, state: Postgres, state_url: str, after: bool
) -> None:
    with process(tmp_path, state_url) as (receiver, url):
        answered = []
        with ThreadPoolExecutor(4) as pool:

            def send(number: int) -> None:
                # Killed in the middle of a reply, it is no answer either.
                with contextlib.suppress(requests.RequestException):
                    if post(url, customer(number), topic="customers/updated").ok:
                        answered.append(number)
                if number == (60 if after else 20):
                    receiver.kill()

            list(pool.map(send, range(80)))
    kept = {bytes(row.body) for row in stored(state)}
    assert answered
    assert {encoded(customer(number)) for number in answered} <= kept


def test_a_port_that_is_taken_is_said_so(state_url: str, nowhere: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(ConfigurationError, match="cannot listen"):
            serve(settings(state_url), port=taken.getsockname()[1])


def test_a_body_is_read_before_anything_is_stored(
    state: Postgres, state_url: str, nowhere: None
) -> None:
    seen: list[str] = []
    with running(create_app(settings(state_url), state, at=seen.append)) as url:
        post(url, redemption())
    assert seen == [BODY_READ, "receiver.before_commit", "receiver.after_commit"]
