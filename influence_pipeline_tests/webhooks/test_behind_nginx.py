"""The shipped nginx configuration before a real receiver: what senders get, and what logs hold."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks.intake import LARGEST_BODY, create_app
from influence_pipeline_tests.support import nginx as support
from influence_pipeline_tests.support.nginx import (
    SHIPPED,
    Nginx,
    nginx,
    nginx_program,
    write_configuration,
)
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.receiving import all_of
from influence_pipeline_tests.webhooks.test_receiver import running, settings, stored

PAGE = SHIPPED.parents[1] / "docs" / "webhooks.md"


@pytest.fixture
def proxy(
    state: Postgres, state_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Nginx]:
    monkeypatch.chdir(tmp_path)
    with running(create_app(settings(state_url), state)) as url:
        with nginx(tmp_path / "nginx", int(url.rpartition(":")[2])) as started:
            yield started


def post(proxy: Nginx, body: bytes, path: str = f"/webhooks/influence/{TOKEN}") -> int:
    headers = {"x-webhook-topic": "points/redeemed"}
    reply = requests.post(
        proxy.url + path, data=body, headers=headers, timeout=20, verify=str(proxy.certificate)
    )
    return reply.status_code


def raw(proxy: Nginx, sent: bytes) -> tuple[bytes, float]:
    """Send bytes over TLS, and wait: give what came until it hung up, and after how many seconds."""
    context = ssl.create_default_context(cafile=str(proxy.certificate))
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            connection.sendall(sent)
            try:
                came = all_of(connection)
            except (ConnectionResetError, ssl.SSLEOFError):
                came = b""
    return came, time.monotonic() - began


def test_nginx_takes_the_shipped_file(tmp_path: Path) -> None:
    main = write_configuration(tmp_path, 8443, 8090)
    command = [nginx_program(), "-t", "-q", "-c", str(main), "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_documents_lead_to_the_shipped_file_and_hold_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "(../deploy/nginx.conf)" in text
    for page in PAGE.parent.glob("*.md"):
        assert "proxy_pass" not in page.read_text(encoding="utf-8"), page.name


def test_deliveries_pass_through_and_no_log_holds_the_token(proxy: Nginx, state: Postgres) -> None:
    body = encoded(redemption())
    assert post(proxy, body) == 200
    assert post(proxy, b"x" * LARGEST_BODY) == 200
    assert post(proxy, b"x" * (LARGEST_BODY + 1)) == 413
    assert post(proxy, body, f"/webhooks/influence/{TOKEN}x") == 404
    for path in ("/", "/healthz", "/readyz", f"/{TOKEN}", f"/webhooks/{TOKEN}"):
        assert post(proxy, body, path) == 404, path
    hostile = f"POST /webhooks/influence/{TOKEN} HTTP/9.9\r\n\r\n".encode()
    assert b" 505 " in raw(proxy, hostile)[0] or b" 400 " in raw(proxy, hostile)[0]
    assert {bytes(row.body) for row in stored(state)} == {body, b"x" * LARGEST_BODY}
    assert "POST 200" in proxy.logs()
    assert TOKEN not in proxy.logs()


def test_who_stops_half_way_is_hung_up_on_and_the_receiver_never_asked(
    proxy: Nginx, state: Postgres
) -> None:
    head = f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\n"
    for sent in (head, f"{head}Content-Length: 1000\r\n\r\n{{"):
        came, seconds = raw(proxy, sent.encode())
        assert b" 200 " not in came
        assert 4 < seconds < 9
    assert stored(state) == []
    # Neither an answer nor a time of the receiver's.
    assert all(line.endswith(" -") for line in proxy.logs().splitlines() if " 408 " in line)
    assert TOKEN not in proxy.logs()


def test_without_a_receiver_the_answer_is_502_and_no_log_holds_the_token(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with nginx(tmp_path / "nginx", nobody.getsockname()[1]) as proxy:
            assert post(proxy, b"{}") == 502
            assert TOKEN not in proxy.logs()


@pytest.mark.parametrize("level", ["emerg", "crit"])
def test_a_proxy_that_cannot_write_its_files_prints_no_token(
    tmp_path: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or broken disk, with a body too large for memory. Control: `crit` prints it."""
    shipped = tmp_path / "shipped.conf"
    shipped.write_text(SHIPPED.read_text().replace("error.log emerg;", f"error.log {level};"))
    monkeypatch.setattr(support, "SHIPPED", shipped)
    with nginx(tmp_path / "nginx", 9) as proxy:
        bodies = tmp_path / "nginx" / "body"
        bodies.rmdir()
        bodies.touch()
        assert post(proxy, b"x" * 200_000) == 500
        assert (TOKEN in proxy.logs()) == (level == "crit")
