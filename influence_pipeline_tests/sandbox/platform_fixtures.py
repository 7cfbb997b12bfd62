"""A sandbox as a real process, a caller for it, and a receiver for its webhooks.

Shared by the `test_platform_*` modules. Nothing here looks inside the sandbox's code but the
settings model it is started with.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

KEY = "key-of-the-tests-0123456789"
PATIENCE_S = 15.0


def until(condition: Callable[[], Any], what: str, patience: float = PATIENCE_S) -> Any:
    """Wait for something true, with a deadline."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {patience:.0f} s in vain for {what}")


class Sandbox:
    """One sandbox process over one ledger file; it may be killed and started again. `program`: what
    Python runs, for one that is broken in some way."""

    program: Sequence[str] = ("-m", "influence_pipeline.sandbox.platform")

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.sqlite3"
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["x-api-key"] = KEY

    # --- the process

    def start(self, patience: float = 180) -> Sandbox:
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        document = {
            "port": 0,
            "port_file": str(port_file),
            "ledger_path": str(self.ledger),
            "api_key": KEY,
        } | self.settings
        settings_file = self.folder / "settings.json"
        settings_file.write_text(json.dumps(document))
        with self.stdout.open("ab") as out, self.stderr.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, str(settings_file)],
                stdout=out,
                stderr=err,
            )
        process = self.process
        ready = port_file.exists
        until(lambda: ready() or process.poll() is not None, "the sandbox to be ready", patience)
        assert process.poll() is None, self.stderr.read_text()
        self.port = int(port_file.read_text())
        return self

    @property
    def stdout(self) -> Path:
        return self.folder / "stdout"

    @property
    def stderr(self) -> Path:
        return self.folder / "stderr"

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        self.process = None
        return code

    def close(self) -> None:
        self.session.close()
        if self.process is not None:
            self.kill()

    # --- calls

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        if body is not None:
            options["json"] = body
        options.setdefault("timeout", PATIENCE_S)
        return self.session.request(method, self.url + path, allow_redirects=False, **options)

    def good(self, method: str, path: str, body: Any = None) -> Any:
        """The document of a call that must succeed."""
        reply = self.call(method, path, body)
        assert reply.status_code == 200, (method, path, reply.status_code, reply.text)
        return reply.json()

    def refused(self, status: int, method: str, path: str, body: Any = None) -> str:
        """The message of a call that must be refused."""
        reply = self.call(method, path, body)
        assert reply.status_code == status, (reply.status_code, reply.text)
        assert list(reply.json()) == ["message"]
        return str(reply.json()["message"])

    def put_customer(self, customer_id: str = "c-1", **fields: Any) -> Any:
        body = {"email": f"{quote(customer_id, safe='')}@example.org"} | fields
        return self.good("PUT", f"/v1/customers/{quote(customer_id, safe='')}", body)["customer"]

    def post_order(self, order_id: str = "o-1", **fields: Any) -> requests.Response:
        return self.call("POST", "/v1/orders", order(order_id, **fields))

    def patch_order(self, order_id: str = "o-1", **fields: Any) -> requests.Response:
        return self.call("PATCH", f"/v1/orders/{quote(order_id, safe='')}", fields)

    def balance(self, customer_id: str = "c-1") -> int:
        path = f"/v1/customers/{quote(customer_id, safe='')}"
        return int(self.good("GET", path)["customer"]["pointBalance"])

    def set(self, **switches: Any) -> None:
        self.good("PUT", "/sandbox/switches", switches)

    def fault(self, kind: str, **rule: Any) -> None:
        """One fault, on the next matching call only unless told otherwise."""
        rules = [{"kind": kind, "times": 1} | rule]
        self.good("PUT", "/sandbox/faults", {"faults": rules})

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Read the ledger file as an independent judge does, while the sandbox runs or not."""
        with closing(sqlite3.connect(self.ledger)) as db:
            db.row_factory = sqlite3.Row
            return db.execute(sql, values).fetchall()

    def movements(self, kind: str | None = None) -> list[int]:
        rows = self.rows(
            "SELECT points FROM movements WHERE ?1 IS NULL OR kind = ?1 ORDER BY id", kind
        )
        return [row["points"] for row in rows]


def order(order_id: str = "o-1", **fields: Any) -> dict[str, Any]:
    """A create body; a field given as None is left out."""
    body = {
        "id": order_id,
        "customerId": "c-1",
        "email": "c-1@example.org",
        "currency": "EUR",
        "totalPrice": "100.00",
        "financialStatus": "paid",
    } | fields
    return {name: value for name, value in body.items() if value is not None}


@contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Sandbox]:
    """A started sandbox, gone at the end of the block."""
    sandbox = Sandbox(folder, **settings)
    try:
        yield sandbox.start()
    finally:
        sandbox.close()


# --- raw sockets ---------------------------------------------------------------------------------


def raw_call(port: int, method: str, path: str, body: Any = None) -> bytes:
    """Send one call over a socket of its own; all bytes that come back until it is closed."""
    payload = b"" if body is None else json.dumps(body).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as line:
        line.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: sandbox\r\nx-api-key: {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n".encode()
            + payload
        )
        received = b""
        while part := line.recv(65536):
            received += part
        return received


# --- a receiver of webhooks ----------------------------------------------------------------------


@dataclass
class Delivery:
    path: str
    topic: str
    webhook_id: str
    content_type: str
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    """Keeps what it is sent; answers `answers` one after the other, then 200."""

    port: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def url(self, path: str = "/hook/secret-path-token") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def subscribe(
        self, sandbox: Sandbox, *topics: str, path: str = "/hook/secret-path-token"
    ) -> None:
        for topic in topics:
            sandbox.good("POST", "/v1/webhooks", {"topic": topic, "url": self.url(path)})

    def of(self, topic: str) -> list[Any]:
        return [one.body for one in list(self.deliveries) if one.topic == topic]

    def wait_for(self, topic: str, count: int = 1) -> list[Any]:
        until(lambda: len(self.of(topic)) >= count, f"{count} webhooks {topic}")
        return self.of(topic)


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.deliveries.append(
                Delivery(
                    self.path,
                    self.headers["X-Webhook-Topic"],
                    self.headers["X-Webhook-Id"],
                    self.headers["Content-Type"],
                    raw,
                )
            )
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", port), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
