"""The gate every call goes through: key, limits, faults, and the log of calls.

It is the only place that knows about faults: the endpoints behind it do their work as if nothing
could go wrong, and the gate loses, delays or spoils what they answer. What a call is about is told
by `address`, which fault fires by `faults`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from influence_pipeline.sandbox.platform import address, dialect
from influence_pipeline.sandbox.platform.connection import close_connection
from influence_pipeline.sandbox.platform.desk import Desk
from influence_pipeline.sandbox.platform.faults import NOT_APPLIED, FaultRule
from influence_pipeline.sandbox.platform.ledger import Call, now
from influence_pipeline.sandbox.platform.limits import Headers, retry_after_headers
from influence_pipeline.sandbox.platform.refusal import Refused

log = logging.getLogger("influence_pipeline.sandbox")

# Nothing secret or personal is behind these; a human or a health check reads them.
OPEN_PATHS = frozenset({"/", "/healthz", "/openapi.json"})
_JSON: Headers = [("content-type", "application/json")]


@dataclass
class Reply:
    status: int
    body: bytes
    headers: Headers = field(default_factory=lambda: list(_JSON))


def message_reply(status: int, message: str) -> Reply:
    """An error in the contract's shape."""
    return Reply(status, json.dumps({"message": message}).encode())


class LateWork:
    """Calls whose work is done after the caller was answered; a stop does the rest at once."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[None], asyncio.Event] = {}

    def add(self, delay_s: float, work: Callable[[], Awaitable[None]]) -> None:
        at_once = asyncio.Event()

        async def run() -> None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(at_once.wait(), delay_s)
            await work()

        task = asyncio.get_running_loop().create_task(run())
        self._waiting[task] = at_once
        task.add_done_callback(self._waiting.pop)

    async def finish(self) -> None:
        tasks = list(self._waiting)
        for at_once in self._waiting.values():
            at_once.set()
        await asyncio.gather(*tasks)


class Gate:
    """ASGI middleware around the application's router."""

    def __init__(self, app: ASGIApp, desk: Desk, late: LateWork) -> None:
        self.app = app
        self.desk = desk
        self.late = late
        self._key = desk.settings.api_key.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Routes are matched on the path as it travelled, so that an encoded slash in an id is not
        # one of the path's; `fields.PathId` decodes.
        scope["path"] = scope["raw_path"].decode("ascii")
        started = time.perf_counter()
        body = await self._read_body(receive)
        if body is None:
            return
        is_contract = scope["path"].startswith("/v1/")
        if is_contract:
            status, fault = await self._contract_call(scope, body, receive, send)
        else:
            status, fault = await self._other_call(scope, body, send), None
        if self.desk.settings.access_log:
            log.info(
                "%s %s %s %.1f ms%s",
                scope["method"],
                address.shown_path(scope["path"]),
                status or "closed",
                (time.perf_counter() - started) * 1000,
                f" fault={fault}" if fault else "",
            )

    async def _other_call(self, scope: Scope, body: bytes, send: Send) -> int:
        """A control endpoint or the page: no faults, no limits, no row in `calls`."""
        if len(body) > self.desk.settings.max_body_bytes:
            reply = message_reply(413, "Request Entity Too Large")
        elif scope["path"] not in OPEN_PATHS and not self._has_key(scope):
            reply = message_reply(403, "Forbidden")
        elif (refused := _bad_body(scope, body)) is not None:
            reply = message_reply(refused.status, refused.message)
        else:
            reply = await self._apply(scope, body)
        await _answer(send, reply)
        return reply.status

    async def _contract_call(
        self, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> tuple[int | None, str | None]:
        """Returns the status sent (None: closed without one) and the fault, for the log line."""
        method, path = scope["method"], scope["path"]
        call = Call(method, path, None, None, body or None, now())
        refusal, fault = self._refuse(scope, call, body)
        if refusal is not None:
            self.desk.ledger.note(call, None if call.fault else refusal.status)
            await _answer(send, self._with_limit_headers(refusal))
            return refusal.status, call.fault
        if self.desk.switches.latency_ms:
            await asyncio.sleep(self.desk.switches.latency_ms / 1000)
        if fault is None:
            reply = await self._apply(scope, body, call)
            await _answer(send, self._with_limit_headers(reply))
            return reply.status, None
        return await self._faulty_call(scope, body, call, fault, receive, send), fault.kind

    def _refuse(
        self, scope: Scope, call: Call, body: bytes
    ) -> tuple[Reply | None, FaultRule | None]:
        """Answer a call that does not get through, or draw the fault it meets."""
        desk = self.desk
        if not self._has_key(scope):
            call.body = None  # of no account of ours, so nothing of it is kept
            return message_reply(403, "Forbidden"), None
        if len(body) > desk.settings.max_body_bytes:
            call.body = None
            return message_reply(413, "Request Entity Too Large"), None
        wait_s = desk.rate_limit.take()
        if wait_s:
            call.fault, call.fault_status = "rate_limit", 429
            return self._too_many(retry_after_headers(desk.switches.retry_after, wait_s)), None
        if (refused := _bad_body(scope, body)) is not None:
            return message_reply(refused.status, refused.message), None
        call.entity, call.key = address.of_call(call.method, call.path, body)
        if any((k.entity, k.id) == (call.entity, call.key) for k in desk.switches.reject):
            call.fault, call.fault_status = "reject", 400
            return message_reply(400, f"This {call.entity} is on the sandbox's reject list"), None
        fault = desk.faults.draw(call.method, call.path, call.key)
        if fault is not None:
            call.fault = fault.kind
        return None, fault

    async def _faulty_call(
        self,
        scope: Scope,
        body: bytes,
        call: Call,
        fault: FaultRule,
        receive: Receive,
        send: Send,
    ) -> int | None:
        kind = fault.kind
        if kind in NOT_APPLIED:
            return await self._lose_call(scope, call, fault, receive, send)
        if kind == "late":
            return await self._apply_late(scope, body, call, fault, receive, send)
        if kind == "slow":
            await asyncio.sleep(fault.ms / 1000)
        elif kind == "error_after":
            call.fault_status = fault.reply_status
        elif kind == "drop_after":
            call.closes = True
        reply = await self._apply(scope, body, call)
        if kind == "drop_after":
            await close_connection(scope, receive, reset=fault.reset)
            return None
        if kind == "half_reply":
            await _answer(send, reply, only_half=True)
            await close_connection(scope, receive, reset=fault.reset)
            return reply.status
        if kind == "error_after":
            reply = message_reply(fault.reply_status, "Bad Gateway")
        elif kind == "wrong_json":
            reply = Reply(reply.status, b'{"customer": {"id": <html>upstream</html>')
        await _answer(send, self._with_limit_headers(reply))
        return reply.status

    async def _lose_call(
        self, scope: Scope, call: Call, fault: FaultRule, receive: Receive, send: Send
    ) -> int | None:
        """A call that never reaches the API."""
        if fault.kind == "drop_before":
            call.closes = True
            self.desk.ledger.note(call, None)
            await close_connection(scope, receive, reset=fault.reset)
            return None
        call.fault_status = fault.reply_status
        self.desk.ledger.note(call, None)
        if fault.kind == "too_many":
            reply = self._too_many(retry_after_headers(fault.retry_after, fault.ms / 1000))
        elif fault.kind == "gateway_404":
            reply = message_reply(404, "Not Found")
        elif fault.kind == "redirect":
            reply = Reply(fault.reply_status, b"", [("location", fault.location)])
        else:
            reply = message_reply(fault.reply_status, "Service Unavailable")
        reply.status = fault.reply_status
        await _answer(send, reply)
        return reply.status

    async def _apply_late(
        self,
        scope: Scope,
        body: bytes,
        call: Call,
        fault: FaultRule,
        receive: Receive,
        send: Send,
    ) -> int | None:
        """Answer now, do the work later. The row in `calls` is written when the work is done."""
        call.closes = fault.close
        call.fault_status = fault.reply_status

        async def work() -> None:
            await self._apply(scope, body, call)

        self.late.add(fault.ms / 1000, work)
        if fault.close:
            await close_connection(scope, receive, reset=fault.reset)
            return None
        await _answer(send, message_reply(fault.reply_status, "Endpoint request timed out"))
        return fault.reply_status

    async def _apply(self, scope: Scope, body: bytes, call: Call | None = None) -> Reply:
        """Let the application do the call; its row is in the ledger when this returns."""
        if call is None or dialect.is_plain(self.desk.switches):
            return await self._do(scope, body, call)
        try:
            body = dialect.taken_in(self.desk.switches, call.method, call.path, body)
        except Refused as refused:
            self.desk.ledger.note(call, refused.status)
            return message_reply(refused.status, refused.message)
        reply = await self._do(scope, body, call)
        reply.body = dialect.given_out(self.desk.switches, reply.status, reply.body)
        return reply

    async def _do(self, scope: Scope, body: bytes, call: Call | None) -> Reply:
        scope.setdefault("state", {})["call"] = call
        reply = Reply(500, b"", [])
        sent_request = False

        async def receive() -> Message:
            nonlocal sent_request
            if sent_request:
                return {"type": "http.disconnect"}
            sent_request = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in message.get("headers", [])
                    if name != b"content-length"
                ]
            elif message["type"] == "http.response.body":
                reply.body += message.get("body", b"")

        try:
            await self.app(scope, receive, send)
        except Exception as error:
            # The message may hold what the caller sent, so only the place is logged.
            place = "".join(traceback.format_tb(error.__traceback__)[-3:])
            log.error("unexpected %s in the sandbox:\n%s", type(error).__name__, place)  # noqa: TRY400
            reply = message_reply(500, "Internal Server Error")
        if call is not None and not call.logged:
            self.desk.ledger.note(call, reply.status)
        return reply

    async def _read_body(self, receive: Receive) -> bytes | None:
        """The whole body, or one byte more than allowed; None when the caller has gone away."""
        limit = self.desk.settings.max_body_bytes
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            if len(body) <= limit:
                body += message.get("body", b"")
            if not message.get("more_body", False):
                return body[: limit + 1]

    def _has_key(self, scope: Scope) -> bool:
        sent = next((value for name, value in scope["headers"] if name == b"x-api-key"), b"")
        return hmac.compare_digest(sent, self._key)

    def _too_many(self, headers: Headers) -> Reply:
        reply = message_reply(429, "Too Many Requests")
        reply.headers += headers
        return reply

    def _with_limit_headers(self, reply: Reply) -> Reply:
        if self.desk.switches.rate_limit_headers:
            reply.headers += self.desk.rate_limit.headers()
        return reply


def _bad_body(scope: Scope, body: bytes) -> Refused | None:
    """Why a body is not taken at all (contract: JSON both ways), or None."""
    if not body:
        return None
    sent = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if sent.partition(b";")[0].strip().lower() != b"application/json":
        return Refused(415, "Content-Type must be application/json")
    try:
        address.parse(body)
    except Refused as refused:
        return refused
    return None


async def _answer(send: Send, reply: Reply, *, only_half: bool = False) -> None:
    """Send a reply, or its headers and half of its body."""
    headers = [*reply.headers, ("content-length", str(len(reply.body)))]
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }
    )
    body = reply.body[: len(reply.body) // 2] if only_half else reply.body
    await send({"type": "http.response.body", "body": body, "more_body": only_half})
