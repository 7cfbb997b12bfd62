"""Senders that repeat a delivery until it is answered 200, as a platform with patience does, and
the way to the judge who compares what was answered with what is in the inbox."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from influence_pipeline_tests.webhooks.builders import TOKEN, encoded, redemption

_PATIENCE_SECONDS = 120.0
_JUDGE = Path(__file__).with_name("inbox_judge.py")


class Connection:
    """One keep-alive connection to a receiver, made anew when it breaks."""

    def __init__(self, port: int, timeout: float = 30.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def post(self, body: bytes, topic: str = "points/redeemed") -> int:
        """Deliver once. Gives the status, 0 if the connection broke."""
        headers = {"x-webhook-topic": topic, "content-type": "application/json"}
        try:
            self._connection.request("POST", f"/webhooks/influence/{TOKEN}", body, headers)
            reply = self._connection.getresponse()
            reply.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0
        return reply.status

    def close(self) -> None:
        self._connection.close()


@dataclass
class Senders:
    """`count` clients, each with a new event after the other, until they are stopped. `pause`:
    seconds between two of one client."""

    port: int
    count: int = 16
    pause: float = 0.0
    answered: dict[str, bytes] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(self.count)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish its event, whatever it takes."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def until(self, events: int, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until so many events have been answered 200."""
        deadline = time.monotonic() + seconds
        while len(self.answered) < events:
            assert time.monotonic() < deadline, f"{len(self.answered)} of {events}"
            time.sleep(0.02)

    def a_few_more(self, events: int = 100) -> None:
        self.until(len(self.answered) + events)

    def _send(self) -> None:
        connection = Connection(self.port)
        while not self._stopping.is_set():
            number = next(self._numbers)
            body = encoded(redemption(number, note="x" * 700))
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while (status := connection.post(body)) != 200 and time.monotonic() < deadline:
                with self._lock:
                    self.statuses[status] += 1
                time.sleep(0.05)
            with self._lock:
                self.statuses[status] += 1
                if status == 200:
                    self.answered[f"points/redeemed|red-{number}"] = body
            time.sleep(self.pause)
        connection.close()


def send_each(posts: Iterable[Callable[[bytes], int]], bodies: Iterable[bytes]) -> Counter[int]:
    """Deliver each of the bodies, by as many clients at once as there are `posts`."""
    left = iter(bodies)
    lock = threading.Lock()
    statuses: Counter[int] = Counter()

    def work(post: Callable[[bytes], int]) -> None:
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                return
            status = post(body)
            with lock:
                statuses[status] += 1

    threads = [threading.Thread(target=work, args=(post,)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


@dataclass(frozen=True)
class Verdict:
    """`lost`: answered 200 and not in the inbox as it was sent. `doubled`: there more than once.
    `stored`: rows."""

    lost: list[str]
    doubled: list[str]
    stored: int


def judge(state_url: str, answered: dict[str, bytes]) -> Verdict:
    """What the inbox's judge, a process of its own, says of what was answered 200 (bodies by any
    names)."""
    lines = (
        json.dumps({"key": key, "body": base64.b64encode(body).decode()})
        for key, body in answered.items()
    )
    return ask_judge(state_url, noted="\n".join(lines))


def ask_judge(state_url: str, *more: str, noted: str = "") -> Verdict:
    """Run `inbox_judge`; gives what it says."""
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", str(_JUDGE), "--state", state_url, *more],
        input=noted,
        capture_output=True,
        text=True,
        env={},
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    said = json.loads(done.stdout)
    assert said["spoiled"] == []
    return Verdict(said["lost"], said["doubled"], said["stored"])
