"""Sends the deliveries in the ledger until they are answered 2xx.

One asyncio task takes what is due and hands it to a few daemon threads that speak HTTP; results
come back to the event loop, where the ledger lives. What was under way when the process ended is
pending in the ledger and is sent again. Urls are never logged: their path is the receiver's secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from influence_pipeline.sandbox.platform.ledger import Ledger, now
from influence_pipeline.sandbox.platform.switches import WebhookSwitches

# Looks at the clock this often when nothing wakes it; only deliveries that wait are late by it.
_IDLE_S = 0.2


@dataclass(frozen=True)
class _Job:
    row: sqlite3.Row
    timeout_s: float


class WebhookSender:
    """Start and stop it inside the event loop. `wake` says that something new is due."""

    def __init__(
        self, ledger: Ledger, switches: Callable[[], WebhookSwitches], workers: int
    ) -> None:
        self._ledger = ledger
        self._switches = switches
        self._workers = workers
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._under_way: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._awake = asyncio.Event()
        for number in range(self._workers):
            name = f"sandbox-webhooks-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Start nothing more. What is under way is left to its thread and stays pending."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        for _ in range(self._workers):
            self._jobs.put(None)

    def wake(self) -> None:
        self._awake.set()

    async def _run(self) -> None:
        while True:
            self._hand_out()
            self._awake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _IDLE_S)

    def _hand_out(self) -> None:
        free = self._workers - len(self._under_way)
        if free <= 0:
            return
        # What is under way is still pending, so as many more are asked for.
        for row in self._ledger.due(free + len(self._under_way)):
            mark = _mark(row)
            if mark in self._under_way or len(self._under_way) >= self._workers:
                continue
            self._under_way.add(mark)
            self._jobs.put(_Job(row, self._switches().timeout_ms / 1000))

    def _work(self) -> None:
        """A thread: send what comes, hand back how it went."""
        with requests.Session() as session:
            session.trust_env = False
            while (job := self._jobs.get()) is not None:
                status, error = _send(session, job)
                try:
                    self._loop.call_soon_threadsafe(self._settle, job.row, status, error)
                except RuntimeError:  # the loop is closed: the sandbox has stopped
                    return

    def _settle(self, row: sqlite3.Row, status: int | None, error: str | None) -> None:
        self._under_way.discard(_mark(row))
        if self._task is None:
            return
        switches = self._switches()
        attempts = row["attempts"] + 1
        delivered = status is not None and 200 <= status < 300
        if delivered:
            state = "delivered"
        else:
            state = "pending" if attempts < switches.max_attempts else "failed"
        wait_ms = min(switches.backoff_ms * 2 ** min(attempts - 1, 30), switches.backoff_max_ms)
        self._ledger.named(
            "settle_delivery",
            {
                "id": row["id"],
                "event_id": row["event_id"],
                "state": state,
                "due_at": time.time() + wait_ms / 1000,
                "last_status": status,
                "last_error": error,
                "delivered_at": now() if delivered else None,
            },
        )
        self._awake.set()


def _mark(row: sqlite3.Row) -> str:
    return f"{row['id']} {row['event_id']}"


def _send(session: requests.Session, job: _Job) -> tuple[int | None, str | None]:
    """One attempt: the status, or the kind of failure (never its text, which holds the url)."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "influence-sandbox",
        "X-Webhook-Topic": job.row["topic"],
        # The subscription's id, equal on every delivery: the contract warns of just that.
        "X-Webhook-Id": job.row["subscription_id"],
    }
    try:
        with session.post(
            job.row["url"],
            data=job.row["body"],
            headers=headers,
            timeout=job.timeout_s,
            allow_redirects=False,
        ) as reply:
            return reply.status_code, None
    except (requests.RequestException, ValueError, OSError) as error:
        return None, type(error).__name__
