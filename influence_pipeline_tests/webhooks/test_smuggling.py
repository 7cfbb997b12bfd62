"""What a proxy and the receiver could read differently: nothing gets in by it, and no delivery of
anybody else is lost, changed or answered with another's answer (reliability.md, T10)."""

from __future__ import annotations

import hmac
import inspect
import re
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import tokens
from influence_pipeline.webhooks.intake import create_app
from influence_pipeline.webhooks.tokens import Tokens
from influence_pipeline_tests.support.nginx import Nginx, nginx
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption
from influence_pipeline_tests.webhooks.test_receiver import running, settings, stored

pytestmark = pytest.mark.proves("T10")

WRONG = "/webhooks/influence/wrong"
# What somebody who does not know the token would like to have in front of another's delivery.
SMUGGLED = b"POST " + WRONG.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"
_HEAD = f"POST {WRONG} HTTP/1.1\r\nHost: hooks.example\r\n".encode()
_CHUNKED = b"Transfer-Encoding: chunked\r\n"


def _length(content: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(content)


_END = b"0\r\n\r\n" + SMUGGLED
TRICKS = {
    "a length, and chunks": _HEAD + _length(_END) + _CHUNKED + b"\r\n" + _END,
    "chunks, and a length": _HEAD + _CHUNKED + b"Content-Length: 4\r\n\r\n5c\r\n" + _END,
    **{
        f"chunked, written {name}": _HEAD + _length(_END) + line + b"\r\n" + _END
        for name, line in {
            "with a space before the colon": b"Transfer-Encoding : chunked\r\n",
            "with a tab": b"Transfer-Encoding:\tchunked\r\n",
            "after a folded line": b"X: y\r\n Transfer-Encoding: chunked\r\n",
            "on a folded line": b"Transfer-Encoding:\r\n chunked\r\n",
            "with a vertical tab": b"Transfer-Encoding: \x0bchunked\r\n",
            "in quotes": b'Transfer-Encoding: "chunked"\r\n',
            "as x-chunked": b"Transfer-Encoding: xchunked\r\n",
            "in capitals": b"TRANSFER-ENCODING: CHUNKED\r\n",
            "beside identity": b"Transfer-Encoding: chunked, identity\r\n",
            "twice": _CHUNKED + b"Transfer-Encoding: x\r\n",
            "with a NUL": b"Transfer-Encoding: chunked\x00\r\n",
            "with an underscore": b"Transfer_Encoding: chunked\r\n",
            "after a bare CR": b"X: y\rTransfer-Encoding: chunked\r\n",
            "after a bare LF": b"X: y\nTransfer-Encoding: chunked\r\n",
        }.items()
    },
    **{
        f"a length, written {name}": _HEAD + line + b"\r\n" + SMUGGLED
        for name, line in {
            "twice, differing": b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(SMUGGLED),
            "twice, with a comma": b"Content-Length: 0, %d\r\n" % len(SMUGGLED),
            "with a plus": b"Content-Length: +0\r\n",
            "with a minus": b"Content-Length: -0\r\n",
            "in hexadecimal": b"Content-Length: 0x0\r\n",
            "with a space before the colon": b"Content-Length : 0\r\n",
            "folded": b"Content-Length:\r\n 0\r\n",
            "with an underscore": b"Content_Length: 0\r\n",
            "as nothing": b"Content-Length:\r\n",
        }.items()
    },
    **{
        f"a chunk {name}": _HEAD + _CHUNKED + b"\r\n" + chunk + SMUGGLED
        for name, chunk in {
            "with an extension of lines": b"1;a=\r\nb\r\nx\r\n0\r\n\r\n",
            "whose size wraps around": b"10000000000000001\r\nx\r\n0\r\n\r\n",
            "ended by LF": b"1\nx\n0\n\n",
            "with trailers": b"0\r\nContent-Length: 900\r\n\r\n",
            "of a signed size": b"+1\r\nx\r\n0\r\n\r\n",
        }.items()
    },
    "two in one go": _HEAD + b"Content-Length: 0\r\n\r\n" + SMUGGLED,
    "a GET with a body": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + _length(SMUGGLED) + b"\r\n" + SMUGGLED,
    "HTTP/1.0 that stays": f"POST {WRONG} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode() + SMUGGLED,
    "HTTP/0.9": f"GET {WRONG}\r\n".encode() + SMUGGLED,
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 40,
    "an upgrade to HTTP/2": _HEAD + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "an upgrade to a socket": _HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "a tunnel": b"CONNECT 127.0.0.1:8090 HTTP/1.1\r\nHost: x\r\n\r\n" + SMUGGLED,
    "another machine's address": f"POST http://127.0.0.1:8090{WRONG} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode() + SMUGGLED,
    "a line break in the path": f"POST {WRONG}%0d%0aX: y HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode() + SMUGGLED,
    "a raw line break in the path": f"POST {WRONG}\r\nX: y HTTP/1.1\r\nHost: x\r\n\r\n".encode() + SMUGGLED,
    "two hosts": _HEAD + b"Host: other\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "expecting 100": _HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n" + SMUGGLED,
    "hop by hop": _HEAD + b"Connection: Content-Length, X-Webhook-Topic\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
}  # fmt: skip
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@pytest.fixture
def receiver(
    state: Postgres, state_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    with running(create_app(settings(state_url), state)) as url:
        yield url


@pytest.fixture
def proxy(receiver: str, tmp_path: Path) -> Iterator[Nginx]:
    with nginx(tmp_path / "nginx", int(receiver.rpartition(":")[2])) as started:
        yield started


# The last call on each connection, for the other side to hang up after it.
LAST = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def statuses(line: socket.socket, sent: bytes, silence: float = 20) -> list[int]:
    """Send, and give the status of each answer that comes until the other side hangs up, or says
    nothing for so many seconds: it may be waiting for the rest of a call."""
    line.settimeout(silence)
    came = b""
    try:
        line.sendall(sent)
        while part := line.recv(4096):
            came += part
    except (TimeoutError, ConnectionResetError, BrokenPipeError, ssl.SSLError):
        pass
    return [int(status) for status in STATUS.findall(came)]


def through(proxy: Nginx, sent: bytes) -> list[int]:
    context = ssl.create_default_context(cafile=str(proxy.certificate))
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as line:
            return statuses(line, sent)


def straight(url: str, sent: bytes, silence: float = 20) -> list[int]:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        return statuses(line, sent + b"x" * 900 + LAST, silence)


def good(url: str, number: int, verify: str | None = None) -> bytes:
    """Deliver, as the platform does, and give what was sent."""
    body = encoded(redemption(number))
    headers = {"x-webhook-topic": "points/redeemed"}
    address = f"{url}/webhooks/influence/{TOKEN}"
    reply = requests.post(address, data=body, headers=headers, timeout=20, verify=verify or True)
    assert (reply.status_code, reply.text) == (200, "stored\n")
    return body


def test_no_trick_at_the_proxy_gets_in_or_into_the_way_of_a_delivery(
    proxy: Nginx, state: Postgres, tally: Tally
) -> None:
    let_in, sent = {}, []
    for number, (name, trick) in enumerate(TRICKS.items()):
        # The proxy keeps its connections to the receiver; so this goes where the next one goes.
        answered = through(proxy, trick + b"x" * 900 + LAST)
        let_in[name] = [status for status in answered if 200 <= status < 400]
        sent.append(good(proxy.url, number, str(proxy.certificate)))
    tally(len(TRICKS), "tricks at the proxy")
    assert {name: found for name, found in let_in.items() if found} == {}
    assert [bytes(row.body) for row in stored(state)] == sent
    assert TOKEN not in proxy.logs()


def test_no_trick_at_the_receiver_itself_gets_in(
    receiver: str, state: Postgres, tally: Tally
) -> None:
    let_in = {
        name: [status for status in straight(receiver, trick, 1) if 200 <= status < 400]
        for name, trick in TRICKS.items()
    }
    let_in.pop("a GET with a body")  # `/healthz` answers everybody, behind the proxy nobody
    tally(len(TRICKS), "tricks at the receiver")
    assert {name: found for name, found in let_in.items() if found} == {}
    assert stored(state) == []


@pytest.mark.parametrize("way", ["with the good one first", "with the good one last"])
def test_of_a_good_and_a_bad_call_on_one_connection_the_good_one_alone_is_stored(
    proxy: Nginx, state: Postgres, way: str
) -> None:
    body = encoded(redemption())
    right = f"POST /webhooks/influence/{TOKEN} HTTP/1.1\r\nHost: x\r\n".encode() + _length(body)
    wrong = _HEAD + _length(body)
    close = b"Connection: close\r\n"
    pair = [right, wrong] if way.endswith("first") else [wrong, right]
    sent = pair[0] + b"\r\n" + body + pair[1] + close + b"\r\n" + body
    assert through(proxy, sent) == ([200, 404] if way.endswith("first") else [404, 200])
    assert [bytes(row.body) for row in stored(state)] == [body]


def test_control_what_is_smuggled_would_be_stored_if_its_token_were_right(
    receiver: str, state: Postgres
) -> None:
    """The tests above can fail: two in one go are two calls, and both are looked at."""
    trick = TRICKS["two in one go"].replace(WRONG.encode(), f"/webhooks/influence/{TOKEN}".encode())
    assert straight(receiver, trick) == [200, 200, 404]
    assert len(stored(state)) == 2


def test_tokens_are_compared_in_a_time_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is done, not by the clock: each valid token is compared whole, always with digests of
    one length, whether the first one fits or none."""
    compared: list[tuple[int, int]] = []
    digest = hmac.compare_digest

    def counted(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return digest(a, b)

    monkeypatch.setattr(tokens.hmac, "compare_digest", counted)
    both = Tokens(TOKEN, "Other" + TOKEN)
    for given, fits in ((TOKEN, True), ("Other" + TOKEN, True), ("x", False), ("", False), ("A" * 60_000, False)):  # fmt: skip
        compared.clear()
        assert both.match(given) is fits
        assert compared == [(32, 32)] * 2
    assert "==" not in inspect.getsource(Tokens.match)
