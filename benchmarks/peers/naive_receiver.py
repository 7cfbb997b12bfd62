"""A webhook receiver as it is written first: a transaction a delivery, in the event loop's threads.

    DATABASE_URL=… uvicorn benchmarks.peers.naive_receiver:app

It looks at no token, reads the body whole, however large, and keeps it as text. COMMIT=off answers
before the disk has it.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading

import psycopg2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

TABLE = "CREATE TABLE IF NOT EXISTS naive (id text PRIMARY KEY, topic text, body text)"
_INSERT = "INSERT INTO naive VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_COMMIT = os.environ.get("COMMIT", "on")

_own = threading.local()


def _store(topic: str, body: bytes) -> None:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        _own.connection.cursor().execute(f"SET synchronous_commit = {_COMMIT}")
    with _own.connection, _own.connection.cursor() as cursor:
        cursor.execute(_INSERT, (json.loads(body)["id"], topic, body.decode()))


async def receive(request: Request) -> Response:
    body = await request.body()
    topic = request.headers["x-webhook-topic"]
    await asyncio.get_running_loop().run_in_executor(None, _store, topic, body)
    return PlainTextResponse("stored\n")


app = Starlette(routes=[Route("/webhooks/influence/{token}", receive, methods=["POST"])])
