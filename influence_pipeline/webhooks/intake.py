"""The receiver's ASGI app: every delivery is stored durably before it is answered 200.

    POST /webhooks/influence/<token>   200 stored · 404 wrong token · 413 · 415 · 503 not stored
    GET  /healthz                      the process answers
    GET  /readyz                       the state database is there and its schema is this version's
                                       (why it is not is in the log; anybody may ask)

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
from concurrent.futures import Future
from typing import TypeVar

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from influence_pipeline.errors import (
    ConfigurationError,
    InfluencePipelineError,
    StateError,
)
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Config, Settings, Webhooks
from influence_pipeline.state.connection import DEFAULT_SCHEMA
from influence_pipeline.state.database import open_state, revision_of
from influence_pipeline.state.schema import HEAD_REVISION
from influence_pipeline.webhooks.access_log import NOTE, AccessLog
from influence_pipeline.webhooks.context import HandlerContext, handler_context, nothing_happens
from influence_pipeline.webhooks.fast_path import FastPath
from influence_pipeline.webhooks.inbox import Delivery
from influence_pipeline.webhooks.storing import CONNECTIONS, GroupedStore
from influence_pipeline.webhooks.threads import ByteCount, DaemonThreads, Share
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
# For all that waits for the state database but deliveries: opening it, and who asks for `/readyz`.
_THREADS = 2
# Bodies in memory, all together, until their thread is through with them or has thrown them away;
# more is refused with 503 and comes again.
_MOST_WAITING_BYTES = 64 * 1024 * 1024
_BODY_SECONDS = 15.0
_STORE_SECONDS = 20.0
# How long the fast path may take to finish what it has begun.
STOP_SECONDS = 5.0
# How long one who needs the state waits for another who is opening it.
_OPEN_SECONDS = 5.0
# Requests that time out together cut the connections once, not those of the requests after them.
_CUT_EVERY_SECONDS = 1.0

_Result = TypeVar("_Result")

# Where a test may stop the process.
BODY_READ = "receiver.body_read"


def create_app(
    settings: Settings,
    state: Postgres | None = None,
    *,
    notes: bool = True,
    at: Callable[[str], None] = nothing_happens,
) -> Starlette:
    """Build the app. Connects when it is started, not here; a database that is away is no reason
    not to start. `state`: an opened state database, for tests; else INFLUENCE_STATE_URL. `notes`:
    whether to log what is off; of several workers one word is enough.

    Raises ConfigurationError for a missing or weak token, a missing URL, a broken influence.toml.
    """
    tokens = tokens_from(settings)
    config = _config(settings)
    if state is None:
        settings.require("state_url")
    schema = config.state_schema if config is not None else DEFAULT_SCHEMA
    context = _fast_path_context(settings, config, log.warning if notes else _unsaid)
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
    app.add_middleware(AccessLog)
    return app


def _config(settings: Settings) -> Config | None:
    """influence.toml, or None where none was meant: the receiver runs without one."""
    if settings.environment.config is None and not settings.file.exists():
        return None
    return settings.config


def _unsaid(words: str, *values: object) -> None:
    """Where a note goes that another worker says."""


def _fast_path_context(
    settings: Settings, config: Config | None, say: Callable[..., None]
) -> HandlerContext | None:
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
                say("%s", note)
            return context
    say("Events are only stored here, the sensor works them off: %s.", reason)
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
        self._pool_size = _THREADS + CONNECTIONS + webhooks.workers
        self._lock = threading.Lock()
        self._failure: tuple[float, StateError] | None = None

    def get(self) -> Postgres:
        """Give it. Raises StateError; right after a failure without trying, so that the requests
        that come in meanwhile do not queue up behind a connection that hangs."""
        if self._state is not None:
            return self._state
        if not self._lock.acquire(timeout=_OPEN_SECONDS):
            raise StateError("The state database (INFLUENCE_STATE_URL) does not answer in time.")
        try:
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
        finally:
            self._lock.release()

    def cut(self) -> None:
        """Break off what waits for a silent database."""
        if self._state is not None:
            self._state.cut()

    def close(self) -> None:
        if self._own and self._state is not None:
            # What still hangs in a thread was answered 503.
            self._state.cut()


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
        self._bodies = ByteCount()
        self._threads = DaemonThreads(_THREADS, "state")
        self._store_in = GroupedStore(state.get, at)
        self._cut_at = 0.0
        self._not_ready: str | None = None

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        try:
            await self._in_thread(self._state.get)
        except (StateError, TimeoutError) as error:
            log.warning("Deliveries are answered 503 until this passes: %s", error or _SILENT)
        if self._context is not None:
            self._fast_path = FastPath(self._state.get, self._context)
            self._fast_path.start()
        yield
        if self._fast_path is not None:
            await asyncio.to_thread(self._fast_path.stop, STOP_SECONDS)
        # Every request has its answer by now.
        self._threads.shutdown()
        self._store_in.shutdown()
        self._state.close()

    async def healthz(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        try:
            found = await self._in_thread(lambda: revision_of(self._state.get(), self._schema))
        except (InfluencePipelineError, TimeoutError) as error:
            return self._unready("state database", str(error) or _SILENT)
        if found != HEAD_REVISION:
            words = f"the state's schema has revision {found}, this version needs {HEAD_REVISION}"
            return self._unready("schema", words)
        self._not_ready = None
        return PlainTextResponse("ready\n")

    def _unready(self, what: str, words: str) -> Response:
        """Tell the asker what is not ready, and the log why: once, however often it is asked."""
        if words != self._not_ready:
            log.warning("Not ready: %s", words)
            self._not_ready = words
        return PlainTextResponse(f"not ready: {what}\n", 503)

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
        share = Share(self._bodies)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    share.grow(len(chunk))
                    # Counted, because the length that was declared may be a lie, or none.
                    if len(body) > LARGEST_BODY:
                        return _too_large()
                    if self._bodies.total > _MOST_WAITING_BYTES:
                        return _busy("too much at once", seconds=1)
            self._at(BODY_READ)
            return await self._store(request, bytes(body), share)
        except TimeoutError:
            return PlainTextResponse("the body did not come in time\n", 408)
        except ClientDisconnect:
            return PlainTextResponse("the body broke off\n", 400)
        except asyncio.CancelledError:
            # The process ends before this is done. uvicorn would answer 500, which might not be
            # tried again; nothing waits for this task any more, so that it may end well.
            return _busy("the receiver is stopped", seconds=5)
        finally:
            share.request_ended()

    async def _store(self, request: Request, body: bytes, share: Share) -> Response:
        headers = request.headers
        delivery = Delivery(
            body=body,
            topic=headers.get("x-webhook-topic"),
            webhook_id=headers.get("x-webhook-id"),
            headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        )
        try:
            stored = await self._in_time(self._store_in.submit(delivery, share.hand_over()))
        except TimeoutError:
            return _busy(_SILENT, seconds=5)
        except InfluencePipelineError as error:
            return _busy(str(error), seconds=5)
        except Exception as error:  # an answer of 500 might not be tried again
            return _busy(f"{type(error).__name__} while storing", seconds=5)
        request.scope[NOTE] = stored.state.value
        wake = self._fast_path.wake if self._fast_path is not None else None
        return PlainTextResponse(
            "stored\n", background=BackgroundTask(wake) if wake is not None else None
        )

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await self._in_time(self._threads.submit(work))

    async def _in_time(self, future: Future[_Result]) -> _Result:
        """Wait for blocking work. Raises TimeoutError, and frees the threads of connections on
        which nothing comes any more."""
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if time.monotonic() - self._cut_at > _CUT_EVERY_SECONDS:
                self._cut_at = time.monotonic()
                self._state.cut()
            raise


_SILENT = "the state database does not answer in time"


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
