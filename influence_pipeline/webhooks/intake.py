"""The receiver's ASGI app: every delivery is stored durably before it is answered 200.

    POST /webhooks/influence/<token>   200 stored · 404 wrong token · 413 · 415 · 503 not stored
    GET  /healthz                      the process answers
    GET  /readyz                       the state database is there and its schema is this version's

It decides nothing about an event; `inbox` stores, `fast_path` works off. It never answers 500 and
never 200 for what is not on disk. `receiver` runs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from influence_pipeline.errors import (
    ConfigurationError,
    InfluencePipelineError,
    StateError,
)
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Config, Settings, Webhooks
from influence_pipeline.state.database import DEFAULT_SCHEMA, open_state, revision_of
from influence_pipeline.state.schema import HEAD_REVISION
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.context import HandlerContext, handler_context, nothing_happens
from influence_pipeline.webhooks.fast_path import FastPath
from influence_pipeline.webhooks.inbox import Delivery, Stored
from influence_pipeline.webhooks.tokens import Tokens, tokens_from

log = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024
# Kept beside the body, for a person who wonders where a delivery came from. Nothing else is.
KEPT_HEADERS = (
    "content-type",
    "user-agent",
    "x-webhook-topic",
    "x-webhook-id",
    "x-request-id",
    "date",
)
# Blocking work with the database; as many connections as threads.
_THREADS = 8
# Bodies that wait for a thread, all together; more is refused with 503 and comes again.
_MOST_WAITING_BYTES = 64 * 1024 * 1024
_BODY_SECONDS = 15.0
_STORE_SECONDS = 20.0
_STOP_SECONDS = 5.0

_Result = TypeVar("_Result")

# Where a test may stop the process.
BODY_READ = "receiver.body_read"
BEFORE_COMMIT = "receiver.before_commit"
AFTER_COMMIT = "receiver.after_commit"


def create_app(
    settings: Settings,
    state: Postgres | None = None,
    *,
    at: Callable[[str], None] = nothing_happens,
) -> Starlette:
    """Build the app. Connects when it is started, not here; a database that is away is no reason
    not to start. `state`: an opened state database, for tests; else INFLUENCE_STATE_URL.

    Raises ConfigurationError for a missing or weak token, a missing URL, a broken influence.toml.
    """
    tokens = tokens_from(settings)
    config = _config(settings)
    if state is None:
        settings.require("state_url")
    schema = config.state_schema if config is not None else DEFAULT_SCHEMA
    context = _fast_path_context(settings, config)
    opened = _LazyState(settings, schema, state, (context.webhooks if context else Webhooks()))
    receiver = _Receiver(tokens, opened, schema, context, at)
    app = Starlette(
        routes=[
            Route("/healthz", receiver.healthz),
            Route("/readyz", receiver.readyz),
            Route("/webhooks/influence/{token}", _AnyMethod(receiver.receive)),
        ],
        lifespan=receiver.lifespan,
    )
    # uvicorn's own access log prints whole paths, and with them the token.
    logging.getLogger("uvicorn.access").disabled = True
    # A redirect would tell that the path exists, and carry the token into another log.
    app.router.redirect_slashes = False
    app.add_middleware(_AccessLog)
    return app


def _config(settings: Settings) -> Config | None:
    """influence.toml, or None where none was meant: the receiver runs without one."""
    if settings.environment.config is None and not settings.file.exists():
        return None
    return settings.config


def _fast_path_context(settings: Settings, config: Config | None) -> HandlerContext | None:
    reason = None
    if config is None:
        reason = f"there is no {settings.file}"
    elif not config.webhooks.fast_path:
        reason = "fast_path is off in influence.toml"
    elif config.coupons is None:
        reason = f"{settings.file} has no [coupons]"
    else:
        try:
            context = handler_context(settings)
        except ConfigurationError as error:
            reason = str(error).rstrip(".")
        else:
            for note in context.notes:
                log.warning("%s", note)
            return context
    log.warning("Events are only stored here, the sensor works them off: %s.", reason)
    return None


class _LazyState:
    """The state database, opened when first needed and brought up to this version then."""

    def __init__(
        self, settings: Settings, schema: str, given: Postgres | None, webhooks: Webhooks
    ) -> None:
        self._settings = settings
        self._schema = schema
        self._state = given
        self._own = given is None
        self._pool_size = _THREADS + webhooks.workers
        self._lock = threading.Lock()
        self._failure: tuple[float, StateError] | None = None

    def get(self) -> Postgres:
        """Give it. Raises StateError; right after a failure without trying, so that the requests
        that come in meanwhile do not queue up behind a connection that hangs."""
        if self._state is not None:
            return self._state
        with self._lock:
            if self._state is not None:
                return self._state
            if self._failure is not None and time.monotonic() - self._failure[0] < 1.0:
                raise StateError(str(self._failure[1]))
            try:
                self._state = open_state(
                    self._settings.secret("state_url"),
                    schema=self._schema,
                    pool_size=self._pool_size,
                )
            except StateError as error:
                self._failure = (time.monotonic(), error)
                raise
            return self._state

    def close(self) -> None:
        if self._own and self._state is not None:
            self._state.close()


class _Receiver:
    def __init__(
        self,
        tokens: Tokens,
        state: _LazyState,
        schema: str,
        context: HandlerContext | None,
        at: Callable[[str], None],
    ) -> None:
        self._tokens = tokens
        self._state = state
        self._schema = schema
        self._context = context
        self._at = at
        self._fast_path: FastPath | None = None
        self._waiting_bytes = 0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._state.get)
        except StateError as error:
            log.warning("Deliveries are answered 503 until this passes: %s", error)
        if self._context is not None:
            self._fast_path = FastPath(self._state.get, self._context)
            self._fast_path.start()
        yield
        if self._fast_path is not None:
            await asyncio.to_thread(self._fast_path.stop, _STOP_SECONDS)
        # Every request has its answer by now; what still hangs in a thread was answered 503.
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._state.close()

    async def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        try:
            found = await self._in_thread(lambda: revision_of(self._state.get(), self._schema))
        except (InfluencePipelineError, TimeoutError) as error:
            words = str(error) or "the state database does not answer in time"
            return PlainTextResponse(f"not ready: {words}\n", 503)
        if found != HEAD_REVISION:
            words = f"the state's schema has revision {found}, this version needs {HEAD_REVISION}"
            return PlainTextResponse(f"not ready: {words}\n", 503)
        return PlainTextResponse("ready\n")

    async def receive(self, request: Request) -> Response:
        """Store one delivery. Who has no valid token learns nothing, and nothing is read of it."""
        valid = self._tokens.match(request.path_params["token"])
        if request.method != "POST" or not valid:
            return PlainTextResponse("Not Found", 404)
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            return PlainTextResponse("send the body uncompressed\n", 415)
        if _declared_length(request) > LARGEST_BODY:
            return _too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    self._waiting_bytes += len(chunk)
                    # Counted, because the length that was declared may be a lie, or none.
                    if len(body) > LARGEST_BODY:
                        return _too_large()
                    if self._waiting_bytes > _MOST_WAITING_BYTES:
                        return _busy("too much at once", seconds=1)
            self._at(BODY_READ)
            return await self._store(request, bytes(body))
        except TimeoutError:
            return PlainTextResponse("the body did not come in time\n", 408)
        except ClientDisconnect:
            return PlainTextResponse("the body broke off\n", 400)
        finally:
            self._waiting_bytes -= len(body)

    async def _store(self, request: Request, body: bytes) -> Response:
        headers = request.headers
        delivery = Delivery(
            body=body,
            topic=headers.get("x-webhook-topic"),
            webhook_id=headers.get("x-webhook-id"),
            headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        )
        try:
            stored = await self._in_thread(lambda: self._commit(delivery))
        except TimeoutError:
            return _busy("the state database does not answer in time", seconds=5)
        except InfluencePipelineError as error:
            return _busy(str(error), seconds=5)
        except Exception as error:  # an answer of 500 might not be tried again
            return _busy(f"{type(error).__name__} while storing", seconds=5)
        request.scope["influence.note"] = stored.state.value
        wake = self._fast_path.wake if self._fast_path is not None else None
        return PlainTextResponse(
            "stored\n", background=BackgroundTask(wake) if wake is not None else None
        )

    def _commit(self, delivery: Delivery) -> Stored:
        with self._state.get().transaction() as connection:
            stored = inbox.store(connection, delivery)
            self._at(BEFORE_COMMIT)
        self._at(AFTER_COMMIT)
        return stored

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_STORE_SECONDS):
            return await loop.run_in_executor(self._threads, work)


def _declared_length(request: Request) -> int:
    text = request.headers.get("content-length", "")
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


def _too_large() -> Response:
    return PlainTextResponse(f"more than {LARGEST_BODY} bytes\n", 413)


def _busy(words: str, *, seconds: int) -> Response:
    """Not stored: the sender must come again."""
    log.warning("A delivery was answered 503, not stored: %s", words)
    return PlainTextResponse("not stored, try again\n", 503, headers={"retry-after": str(seconds)})


class _AnyMethod:
    """Answers every method by one function, so that a GET tells no more than a wrong token."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _AccessLog:
    """One line per request, with the template of its path: the path itself holds the token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ms = (time.perf_counter() - began) * 1000
                note = scope.get("influence.note", "")
                method = scope["method"] if scope["method"] in _METHODS else "(other)"
                level = logging.DEBUG if scope["path"] in _QUIET else logging.INFO
                log.log(level, "%s %s %d %.1f ms %s", method, _template(scope), status, ms, note)
            await send(message)

        await self._app(scope, receive, watched)


_QUIET = frozenset({"/healthz", "/readyz"})


def _template(scope: Scope) -> str:
    path = scope["path"]
    if path in _QUIET:
        return str(path)
    return "/webhooks/influence/{token}" if "token" in scope.get("path_params", {}) else "(other)"
