"""Puts the sandbox together: routers, gate, errors in the contract's shape, OpenAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from influence_pipeline.sandbox.platform import contract_api, control_api, page, webhooks_api
from influence_pipeline.sandbox.platform.desk import Desk
from influence_pipeline.sandbox.platform.fields import describe_errors
from influence_pipeline.sandbox.platform.gate import OPEN_PATHS, Gate, LateWork
from influence_pipeline.sandbox.platform.refusal import Refused
from influence_pipeline.sandbox.platform.settings import SandboxSettings
from influence_pipeline.sandbox.platform.webhook_sender import WebhookSender


def create_app(settings: SandboxSettings) -> FastAPI:
    """The sandbox as an ASGI application; opens the ledger, which its lifespan closes.

    Faults that close connections work only under `server.serve`. Raises ConfigurationError when the
    ledger cannot be used.
    """
    desk = Desk(settings)
    late = LateWork()
    sender = WebhookSender(desk.ledger, lambda: desk.switches.webhooks, settings.webhook_workers)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sender.start()
        desk.ledger.on_events = sender.wake
        yield
        await late.finish()
        await sender.stop()
        desk.ledger.close()

    app = FastAPI(
        title="Sandbox Platform API",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = desk
    app.include_router(contract_api.router)
    app.include_router(webhooks_api.router)
    app.include_router(control_api.router)
    app.add_middleware(Gate, desk=desk, late=late)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_error)

    @app.get("/", include_in_schema=False)
    async def human_page(request: Request) -> HTMLResponse:
        here = str(request.base_url).rstrip("/")
        return HTMLResponse(page.render(desk.ledger, desk.rules, here))

    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refused):
        raise error
    return JSONResponse({"message": error.message}, error.status)


async def _not_valid(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI would answer 422 and repeat the values; the contract's errors have a message."""
    if not isinstance(error, RequestValidationError):
        raise error
    return JSONResponse({"message": describe_errors(error.errors())}, 400)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    """No such path or method: what a gateway says, without a word about records."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"message": error.detail}, error.status_code)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the key in it and without the 422 that the sandbox never sends."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version="1",
            summary="A stand-in for Influence.io's Platform API",
            description=(
                "Built to the project's reconstruction of the contract; not the vendor's service. "
                "Objects are open. Endpoints tagged `Sandbox controls` exist only here."
            ),
            routes=app.routes,
            tags=[
                {"name": "Customers"},
                {"name": "Orders"},
                {"name": "Products"},
                {"name": "Rewards"},
                {"name": "Webhooks"},
                {"name": "Sandbox controls", "description": "The sandbox's own; no vendor's."},
            ],
        )
        document["components"]["securitySchemes"] = {
            "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"}
        }
        document["security"] = [{"apiKey": []}]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                if path in OPEN_PATHS:
                    operation["security"] = []
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema
