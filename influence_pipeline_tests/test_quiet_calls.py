"""What the HTTP library logs of a call: its whole address, which may hold a coupon's code or be a
secret itself (a chat's webhook). Of our calls nothing of it comes into any log, at any level."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from influence_pipeline.alerts import Alerts, InThisProcess
from influence_pipeline.http import HttpCaller, NoReply

pytestmark = pytest.mark.proves("T11")

# One line of its head is none, of which the library warns with the address.
BROKEN = b"HTTP/1.1 200 OK\r\nthis is no header\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture
def broken_server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    with line:
                        line.recv(65536)
                        line.sendall(BROKEN)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Also where another test of this process has made the library's own loggers quiet."""
    for name in ("", "urllib3", "urllib3.connectionpool", "urllib3.connection"):
        caplog.set_level(logging.DEBUG, logger=name)


def test_no_log_holds_the_address_of_a_call(
    broken_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caller = HttpCaller(broken_server, {}, (5.0, 5.0))
    with contextlib.suppress(NoReply):
        caller.send("GET", "/promotions-canary", query={"code": "CANARY-1"})
    caller.close()
    with contextlib.suppress(NoReply):
        HttpCaller("http://127.0.0.1:9", {}, (5.0, 5.0)).send("GET", "/canary")
    Alerts(f"{broken_server}/canary-chat", InThisProcess()).alert("store", "It is away.")
    assert "It is away." in caplog.text
    assert "canary" not in caplog.text.lower()


def test_control_other_calls_are_logged_as_ever(
    broken_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    requests.get(f"{broken_server}/canary", timeout=5)
    said = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert {level for level, words in said if "/canary" in words} == {
        logging.DEBUG,
        logging.WARNING,
    }
