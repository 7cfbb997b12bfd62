"""A chat's incoming webhook, over real HTTP: what it was told, and how it answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Chat:
    """A chat's webhook; answers `status`, after `seconds`."""

    url: str = ""
    status: int = 200
    seconds: float = 0.0
    said: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def chatting() -> Iterator[Chat]:
    found = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.paths.append(self.path)
            found.said.append(json.loads(body)["text"])
            time.sleep(found.seconds)
            self.send_response(found.status)
            self.send_header("location", f"{found.url}elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/services/secret-canary/"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
