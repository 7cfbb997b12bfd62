"""A sender of webhooks that does not wait: deliveries at a rate, whatever the receiver does.

    python -m benchmarks.webhook_load --port N --token T --rate 500 --seconds 120
    python -m benchmarks.webhook_load --port N --token T --seconds 20   # saturation

With `--rate` each delivery has its moment, and its latency counts from there, not from when it was
written: a receiver that stands still makes all those late that should have been sent meanwhile (no
coordinated omission). Without, so many connections send one after the other. Raw sockets in one
process; the last line is the result as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter, deque
from typing import Any

# What the platform's redemptions weigh; the number stands in the id, the code and the customer.
_BODY_BYTES = 1100
_NUMBER = b"%010d"
_END_OF_HEAD = b"\r\n\r\n"


class Deliveries:
    """Requests of equal length, each another event. `first`: the number of the first one."""

    def __init__(self, host: str, token: str, first: int = 0) -> None:
        mark = "0123456789"
        body = {
            "id": f"red-{mark}",
            "customer": {"id": f"inf-{mark}", "externalId": mark, "email": None, "name": None},
            "action": "redeem",
            "points": -500,
            "type": "redeem",
            "ruleId": "rule-5-euro",
            "couponCode": f"LOYAL-{mark}",
            "rewardType": "amountdiscount",
            "redeemRule": {"pointCost": 500, "discountValue": 5, "title": ""},
        }
        missing = _BODY_BYTES - len(json.dumps(body))
        body["redeemRule"] = {"pointCost": 500, "discountValue": 5, "title": "x" * missing}
        raw = json.dumps(body).encode()
        head = (
            f"POST /webhooks/influence/{token} HTTP/1.1\r\nHost: {host}\r\n"
            "Content-Type: application/json\r\nX-Webhook-Topic: points/redeemed\r\n"
            f"X-Webhook-Id: subscription-1\r\nContent-Length: {len(raw)}\r\n\r\n"
        ).encode()
        self._parts = (head + raw).split(mark.encode())
        self._next = first

    def next(self) -> bytes:
        self._next += 1
        return (_NUMBER % self._next).join(self._parts)


class Connection(asyncio.Protocol):
    """One keep-alive connection; `answered(connection, status)` is called for each reply, with
    status 0 if it broke."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._came = b""
        self.due = 0.0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, raw: bytes, due: float) -> None:
        assert self._transport is not None
        self.due, self.busy = due, True
        self._transport.write(raw)

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(_END_OF_HEAD)
        if not end or len(body) < _length(head):
            return
        self._came = b""
        self.busy = False
        self._load.answered(self, int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        self._load.gone(self)
        if self.busy:
            self.busy = False
            self._load.answered(self, 0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class Load:
    def __init__(self, host: str, port: int, deliveries: Deliveries, most: int) -> None:
        self._host, self._port, self._most = host, port, most
        self._deliveries = deliveries
        self._idle: deque[Connection] = deque()
        self._alive: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._endless_until = 0.0
        self.sent = 0
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.last = 0.0
        self.done = asyncio.Event()

    async def at_rate(self, rate: float, count: int) -> None:
        """Send `count` deliveries, each at its moment, and wait for all replies."""
        began = time.perf_counter() + 0.1
        for number in range(count):
            due = began + number / rate
            # Waits of less than a tick are not worth a sleep; the latency counts from `due` anyway.
            while (left := due - time.perf_counter()) > 0.0005:
                await asyncio.sleep(left)
            self._waiting.append(due)
            self._send_waiting()
            if number % 50 == 0:
                await asyncio.sleep(0)
        while sum(self.statuses.values()) < count:
            self.done.clear()
            await self.done.wait()

    async def saturated(self, connections: int, seconds: float) -> None:
        """Send on so many connections, each its next delivery when the last one is answered."""
        self._endless_until = time.perf_counter() + seconds
        for _ in range(connections):
            self._waiting.append(time.perf_counter())
            self._send_waiting()
        await asyncio.sleep(seconds)
        while sum(self.statuses.values()) < self.sent or self._waiting:
            self.done.clear()
            await self.done.wait()

    def answered(self, connection: Connection, status: int) -> None:
        now = time.perf_counter()
        self.last = now
        self.statuses[status] += 1
        self.latencies.append(now - connection.due)
        if connection in self._alive:
            self._idle.append(connection)
        if now < self._endless_until:
            self._waiting.append(now)
        self._send_waiting()
        self.done.set()

    def gone(self, connection: Connection) -> None:
        self._alive.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _send_waiting(self) -> None:
        while self._waiting and self._idle:
            self._idle.popleft().send(self._deliveries.next(), self._waiting.popleft())
            self.sent += 1
        for _ in range(min(len(self._waiting), self._most - len(self._alive)) - self._opening):
            self._opening += 1
            task = asyncio.create_task(self._open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(lambda: Connection(self), self._host, self._port)
        except OSError:
            # Counted as a delivery that was not taken.
            if self._waiting:
                self.latencies.append(time.perf_counter() - self._waiting.popleft())
                self.statuses[0] += 1
                self.sent += 1
                self.done.set()
            return
        finally:
            self._opening -= 1
        self._alive.add(made)
        self._idle.append(made)
        self._send_waiting()

    def close(self) -> None:
        for one in list(self._alive):
            one.close()


def percentile(values: list[float], share: float) -> float:
    """Give the value below which that share lies; `values` sorted."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


async def run(given: argparse.Namespace) -> dict[str, Any]:
    load = Load(
        given.host, given.port, Deliveries(given.host, given.token, given.first), given.connections
    )
    began = time.perf_counter()
    if given.rate:
        await load.at_rate(given.rate, round(given.rate * given.seconds))
    else:
        await load.saturated(given.connections, given.seconds)
    took = load.last - began
    load.close()
    latencies = sorted(load.latencies)
    answered = load.statuses.total()
    return {
        "sent": load.sent,
        "statuses": {str(status): count for status, count in sorted(load.statuses.items())},
        "seconds": took,
        "per_second": answered / took,
        "p50_ms": percentile(latencies, 0.5) * 1000,
        "p99_ms": percentile(latencies, 0.99) * 1000,
        "most_ms": latencies[-1] * 1000 if latencies else 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="a second; 0: as fast as it goes")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=64, help="at most")
    parser.add_argument("--first", type=int, default=0, help="the number of the first event")
    print(json.dumps(asyncio.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
