"""The transport against a real server on loopback, with the traps that libcurl holds."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pycurl
import pytest

from influence_pipeline.platform_api.calls import Call, Failure, Reply, path
from influence_pipeline.platform_api.curl import CurlTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers each request with what `answer(n, request)` gives; None: close without a reply."""

    def __init__(self, answer: Callable[[int, bytes], bytes | None]) -> None:
        self.requests: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # Wakes the accepting thread too; closing alone would leave it waiting.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        received = b""
        with connection:
            while chunk := connection.recv(65536):
                received += chunk
                head, end, body = received.partition(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                if not end or len(body) < length:
                    continue
                self.requests.append(received)
                received = b""
                reply = self._answer(len(self.requests), self.requests[-1])
                if reply is None:
                    return
                try:
                    connection.sendall(reply)
                except OSError:  # the client has left
                    return


@contextmanager
def serving(answer: Callable[[int, bytes], bytes | None]) -> Iterator[Server]:
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def transport(url: str, timeout_seconds: float = 5) -> Iterator[CurlTransport]:
    made = CurlTransport(
        url,
        "key-canary",
        in_flight=4,
        timeout_seconds=timeout_seconds,
        connect_timeout_seconds=2,
    )
    try:
        yield made
    finally:
        made.close()


def call(curl: CurlTransport, made: Call) -> Reply:
    curl.submit(made, "token")
    while True:
        for token, reply in curl.poll(1):
            assert token == "token"
            return reply


POST = Call("POST order", "POST", path("orders"), b'{"id":"1"}', repeatable=False)


def test_a_post_whose_answer_is_lost_is_sent_once_and_reported() -> None:
    # libcurl repeats a request by itself when a kept connection dies before any reply.
    with serving(lambda n, _: OK if n == 1 else None) as server, transport(server.url) as curl:
        assert call(curl, POST).status == 200
        reply = call(curl, POST)
        assert reply.failure is Failure.NO_REPLY
        assert len(server.requests) == 2


def test_control_plain_libcurl_sends_that_post_twice() -> None:
    with serving(lambda n, _: OK if n == 1 else None) as server:
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, server.url)
        handle.setopt(pycurl.WRITEFUNCTION, lambda _: None)
        for _ in range(2):
            handle.setopt(pycurl.POSTFIELDS, '{"id":"1"}')
            with suppress(pycurl.error):
                handle.perform()
        handle.close()
        assert len(server.requests) == 3


def test_an_address_that_is_no_url_counts_as_never_sent() -> None:
    with transport("http://127.0.0.1:1\n") as curl:
        reply = call(curl, POST)
    assert (reply.status, reply.failure) == (None, Failure.NOT_SENT)


def test_an_address_where_nothing_listens_counts_as_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with transport(url) as curl:
        reply = call(curl, POST)
    assert (reply.status, reply.failure) == (None, Failure.NOT_SENT)
    assert reply.detail == "connection refused"


def test_a_call_without_an_answer_in_time_counts_as_perhaps_done() -> None:
    release = threading.Event()

    def never(_n: int, _request: bytes) -> None:
        release.wait(10)

    with serving(never) as server, transport(server.url, timeout_seconds=0.2) as curl:
        reply = call(curl, POST)
        release.set()
    assert (reply.status, reply.failure) == (None, Failure.NO_REPLY)
    assert reply.detail == "no reply in time"


def test_half_an_answer_counts_as_perhaps_done() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"

    def answer(n: int, _request: bytes) -> bytes | None:
        return half if n == 1 else None

    with serving(answer) as server, transport(server.url, timeout_seconds=0.5) as curl:
        reply = call(curl, POST)
    assert reply.failure is Failure.NO_REPLY


BODY_TOO_LARGE = b" " * (4 * 1024 * 1024 + 1)


@pytest.mark.parametrize(
    "head_and_body",
    [
        b"Content-Length: %d\r\n\r\n%s" % (len(BODY_TOO_LARGE), BODY_TOO_LARGE),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        % (len(BODY_TOO_LARGE), BODY_TOO_LARGE),
        b"Connection: close\r\n\r\n" + BODY_TOO_LARGE,
    ],
    ids=["announced", "chunked", "until the end"],
)
def test_an_answer_too_large_to_be_the_apis_is_left_and_counts_as_perhaps_done(
    head_and_body: bytes,
) -> None:
    def answer(_n: int, _request: bytes) -> bytes | None:
        return b"HTTP/1.1 200 OK\r\n" + head_and_body

    with serving(answer) as server, transport(server.url) as curl:
        reply = call(curl, POST)
    assert (reply.failure, reply.detail) == (Failure.NO_REPLY, "the reply is too large")


def test_a_redirect_is_not_followed_so_the_key_stays_here() -> None:
    with serving(lambda *_: OK) as elsewhere:
        away = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}/v1/orders\r\nContent-Length: 0\r\n\r\n"
        with serving(lambda *_: away.encode()) as server, transport(server.url) as curl:
            assert call(curl, POST).status == 302
        assert elsewhere.requests == []


def test_each_call_carries_the_key_json_and_its_path_as_it_is() -> None:
    made = Call("PUT customer", "PUT", path("customers", "a/b ü+%?.."), b"{}")
    with serving(lambda *_: OK) as server, transport(server.url) as curl:
        call(curl, made)
        call(curl, Call("GET order", "GET", path("orders", "..")))
        put, get = server.requests
    assert put.startswith(b"PUT /v1/customers/a%2Fb%20%C3%BC%2B%25%3F.. HTTP/1.1\r\n")
    assert b"\r\nx-api-key: key-canary\r\n" in put
    assert put.endswith(b"\r\n\r\n{}")
    assert get.startswith(b"GET /v1/orders/%2E%2E HTTP/1.1\r\n")


def test_many_calls_are_under_way_at_once_over_kept_connections() -> None:
    with serving(lambda *_: OK) as server, transport(server.url) as curl:
        for number in range(40):
            curl.submit(Call("PUT customer", "PUT", path("customers", str(number)), b"{}"), number)
        seen: set[object] = set()
        while len(seen) < 40:
            seen |= {token for token, reply in curl.poll(1) if reply.status == 200}
    assert seen == set(range(40))
