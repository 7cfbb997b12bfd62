"""Many calls in flight from one thread: libcurl's multi interface behind the `Transport` door.

Measured against requests in threads, httpx and aiohttp it is the fastest and by far the cheapest
(docs/design.md). Every trap handled here has a test: libcurl's own silent repeat of a POST,
redirects that would carry the key to another host, and keys in error texts.
"""

from __future__ import annotations

import io
import os
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import certifi
import pycurl

from influence_pipeline.platform_api.calls import Call, Failure, Reply

# A reply is small; one that is not is not the API's.
_MAX_REPLY_BYTES = 4 * 1024 * 1024

# libcurl's codes for which no byte of the request can have reached the API.
_NEVER_SENT = {
    pycurl.E_URL_MALFORMAT: "the address is no URL",
    pycurl.E_COULDNT_RESOLVE_HOST: "the host name is not known",
    pycurl.E_COULDNT_RESOLVE_PROXY: "the proxy's host name is not known",
    pycurl.E_COULDNT_CONNECT: "connection refused",
    pycurl.E_SSL_CONNECT_ERROR: "the TLS connection could not be made",
    pycurl.E_PEER_FAILED_VERIFICATION: "the server's TLS certificate is not trusted",
    pycurl.E_SSL_CACERT_BADFILE: "the file of trusted TLS certificates cannot be read",
}

_NO_REPLY = {
    pycurl.E_OPERATION_TIMEDOUT: "no reply in time",
    pycurl.E_GOT_NOTHING: "the connection was closed without a reply",
    pycurl.E_RECV_ERROR: "the connection broke before the reply",
    pycurl.E_SEND_ERROR: "the connection broke while sending",
    pycurl.E_SEND_FAIL_REWIND: "the connection broke while sending",
    pycurl.E_PARTIAL_FILE: "the reply broke off",
    pycurl.E_WRITE_ERROR: "the reply is too large",
}


class CurlTransport:
    """Calls to one API. Connections are kept and reused; HTTP/1.1, TLS verified, no redirects."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        in_flight: int,
        timeout_seconds: float,
        connect_timeout_seconds: float,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = [
            f"x-api-key: {api_key}",
            "Content-Type: application/json",
            "Accept: application/json",
            "User-Agent: influence-pipeline",
            # libcurl would otherwise wait up to a second for a "100 Continue" on larger bodies.
            "Expect:",
        ]
        self._timeout_ms = int(timeout_seconds * 1000)
        self._connect_timeout_ms = int(connect_timeout_seconds * 1000)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, in_flight)
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_NOTHING)
        self._idle: deque[Any] = deque()
        self._busy: dict[Any, tuple[object, io.BytesIO, list[bytes], float]] = {}

    def submit(self, call: Call, token: object) -> None:
        handle = self._idle.pop() if self._idle else self._new_handle()
        body, head = io.BytesIO(), []  # type: tuple[io.BytesIO, list[bytes]]
        handle.setopt(pycurl.URL, self._base_url + call.path)
        handle.setopt(pycurl.CUSTOMREQUEST, call.method)
        handle.setopt(pycurl.WRITEFUNCTION, _bounded_writer(body))
        handle.setopt(pycurl.HEADERFUNCTION, head.append)
        if call.body is None:
            handle.setopt(pycurl.HTTPGET, 1)
            handle.setopt(pycurl.CUSTOMREQUEST, call.method)
        else:
            # A read function without a seek function: libcurl repeats a request by itself when a
            # kept connection dies without a byte of reply, even a POST that the API has worked off.
            # It cannot rewind this body, so it reports the failure to us instead.
            handle.setopt(pycurl.UPLOAD, 1)
            handle.setopt(pycurl.READFUNCTION, io.BytesIO(call.body).read)
            handle.setopt(pycurl.INFILESIZE, len(call.body))
        self._busy[handle] = (token, body, head, time.monotonic())
        self._multi.add_handle(handle)

    def poll(self, timeout: float) -> Sequence[tuple[object, Reply]]:
        self._perform()
        done = self._finished()
        if not done and self._busy and timeout > 0:
            self._multi.select(timeout)
            self._perform()
            done = self._finished()
        return done

    def close(self) -> None:
        for handle in self._busy:
            self._multi.remove_handle(handle)
            handle.close()
        self._busy.clear()
        while self._idle:
            self._idle.pop().close()
        self._multi.close()

    def _perform(self) -> None:
        while self._multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass

    def _finished(self) -> list[tuple[object, Reply]]:
        done: list[tuple[object, Reply]] = []
        queued = 1
        while queued:
            queued, succeeded, failed = self._multi.info_read()
            done.extend(self._reply(handle, None) for handle in succeeded)
            done.extend(self._reply(handle, code) for handle, code, _text in failed)
        return done

    def _reply(self, handle: Any, error: int | None) -> tuple[object, Reply]:
        token, body, head, started = self._busy.pop(handle)
        ms = int((time.monotonic() - started) * 1000)
        if error is None:
            reply = Reply(
                status=handle.getinfo(pycurl.RESPONSE_CODE),
                body=body.getvalue(),
                headers=_headers(head),
                ms=ms,
            )
        else:
            reply = _failed(handle, error, ms)
        self._multi.remove_handle(handle)
        self._idle.append(handle)
        return token, reply

    def _new_handle(self) -> Any:
        handle = pycurl.Curl()
        handle.setopt(pycurl.HTTPHEADER, self._headers)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.FOLLOWLOCATION, 0)
        handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        handle.setopt(pycurl.TIMEOUT_MS, self._timeout_ms)
        handle.setopt(pycurl.CONNECTTIMEOUT_MS, self._connect_timeout_ms)
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.TCP_NODELAY, 1)
        handle.setopt(pycurl.CAINFO, trusted_certificates())
        handle.setopt(pycurl.PATH_AS_IS, 1)
        return handle


def trusted_certificates() -> str:
    """Give the file of trusted certificates: the usual variables, else certifi's.

    The libcurl inside the wheel does not know where this system keeps its own.
    """
    for variable in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        if os.environ.get(variable):
            return os.environ[variable]
    return certifi.where()


def _bounded_writer(body: io.BytesIO) -> Any:
    def write(chunk: bytes) -> int:
        if body.tell() + len(chunk) > _MAX_REPLY_BYTES:
            return 0
        return body.write(chunk)

    return write


def _failed(handle: Any, error: int, ms: int) -> Reply:
    if error in _NEVER_SENT and handle.getinfo(pycurl.REQUEST_SIZE) == 0:
        return Reply(None, ms=ms, failure=Failure.NOT_SENT, detail=_NEVER_SENT[error])
    connecting = handle.getinfo(pycurl.REQUEST_SIZE) == 0 and error == pycurl.E_OPERATION_TIMEDOUT
    if connecting and handle.getinfo(pycurl.PRETRANSFER_TIME) == 0:
        return Reply(None, ms=ms, failure=Failure.NOT_SENT, detail="no connection in time")
    detail = _NO_REPLY.get(error, f"the call failed (curl {error})")
    return Reply(None, ms=ms, failure=Failure.NO_REPLY, detail=detail)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers
