"""Many calls in flight from one thread: libcurl's multi interface behind the `Transport` door.

Measured against requests in threads, httpx and aiohttp it is the fastest and by far the cheapest
(docs/design.md). Every trap handled here has a test: libcurl's own silent repeat of a POST,
redirects that would carry the key to another host, and keys in error texts.
"""

from __future__ import annotations

import io
import os
import re
import time
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
    pycurl.E_FILESIZE_EXCEEDED: "the reply is too large",
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
        self._idle: list[_Line] = []
        self._busy: dict[Any, _Line] = {}

    def submit(self, call: Call, token: object) -> None:
        line = self._idle.pop() if self._idle else _Line(self._new_handle())
        line.start(self._base_url + call.path, call, token)
        self._busy[line.handle] = line
        self._multi.add_handle(line.handle)

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
            self._idle.pop().handle.close()
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
        line = self._busy.pop(handle)
        ms = int((time.monotonic() - line.started_at) * 1000)
        if error is None:
            status = handle.getinfo(pycurl.RESPONSE_CODE)
            reply = Reply(status, line.reply_body(), _headers(line.head), ms)
        else:
            reply = _failed(handle, error, ms)
        self._multi.remove_handle(handle)
        self._idle.append(line)
        return line.token, reply

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
        handle.setopt(pycurl.MAXFILESIZE, _MAX_REPLY_BYTES)
        return handle


def trusted_certificates() -> str:
    """Give the file of trusted certificates: the usual variables, else certifi's.

    The libcurl inside the wheel does not know where this system keeps its own.
    """
    for variable in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        if os.environ.get(variable):
            return os.environ[variable]
    return certifi.where()


class _Line:
    """A handle with what belongs to its present call. Used again and again: making a handle and
    telling it where to write costs more than the call.

    libcurl hands each header and the body straight to the lists: a function of Python's own for
    each would have to wait for its turn among the threads, ten times a call.
    """

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.token: object = None
        self.head: list[bytes] = []
        self.started_at = 0.0
        self._chunks: list[bytes] = []
        self._method = ""
        handle.setopt(pycurl.WRITEFUNCTION, self._chunks.append)
        handle.setopt(pycurl.HEADERFUNCTION, self.head.append)

    def start(self, url: str, call: Call, token: object) -> None:
        self.token = token
        self.head.clear()
        self._chunks.clear()
        handle = self.handle
        handle.setopt(pycurl.URL, url)
        if call.body is None:
            handle.setopt(pycurl.HTTPGET, 1)
            handle.setopt(pycurl.CUSTOMREQUEST, call.method)
            self._method = ""
        else:
            if call.method != self._method:
                handle.setopt(pycurl.UPLOAD, 1)
                handle.setopt(pycurl.CUSTOMREQUEST, call.method)
                self._method = call.method
            # A read function without a seek function: libcurl repeats a request by itself when a
            # kept connection dies without a byte of reply, even a POST that the API has worked off.
            # It cannot rewind this body, so it reports the failure to us instead.
            handle.setopt(pycurl.READFUNCTION, io.BytesIO(call.body).read)
            handle.setopt(pycurl.INFILESIZE, len(call.body))
        self.started_at = time.monotonic()

    def reply_body(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)


def _failed(handle: Any, error: int, ms: int) -> Reply:
    if error in _NEVER_SENT and handle.getinfo(pycurl.REQUEST_SIZE) == 0:
        return Reply(None, ms=ms, failure=Failure.NOT_SENT, detail=_NEVER_SENT[error])
    connecting = handle.getinfo(pycurl.REQUEST_SIZE) == 0 and error == pycurl.E_OPERATION_TIMEDOUT
    if connecting and handle.getinfo(pycurl.PRETRANSFER_TIME) == 0:
        return Reply(None, ms=ms, failure=Failure.NOT_SENT, detail="no connection in time")
    detail = _NO_REPLY.get(error, f"the call failed (curl {error})")
    return Reply(None, ms=ms, failure=Failure.NO_REPLY, detail=detail)


# The first letters of the headers that anybody asks for; a reply has a dozen others.
_ASKED_FOR = re.compile(rb"(?i)(retry-after|(?:x-)?rate-?limit[a-z-]*)\s*:(.*)", re.DOTALL)


def _headers(lines: list[bytes]) -> dict[str, str]:
    """Give the headers that say something of the pace, by their names in lower case."""
    headers: dict[str, str] = {}
    for line in lines:
        if line[:1] in b"rRxX" and (found := _ASKED_FOR.match(line)):
            name, value = found.groups()
            headers[name.decode("ascii").lower()] = value.decode("latin-1").strip()
    return headers
