"""A database that goes silent without hanging up, as a host does that lost its power or network."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2


class Line:
    """A relay to a Postgres. `url` leads through it; `freeze` makes it silent and keeps it open."""

    def __init__(self, url: str) -> None:
        given = psycopg2.extensions.parse_dsn(url)
        self._target = (given["host"], int(given["port"]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._frozen: set[socket.socket] = set()
        self._new_are_frozen = False
        port = self._listener.getsockname()[1]
        user = f"{given['user']}:{given['password']}"
        self.url = f"postgresql://{user}@127.0.0.1:{port}/{given['dbname']}"
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self, *, new_ones_too: bool = False) -> None:
        """Nothing comes any more on the connections that are open."""
        self._frozen |= set(self._open)
        self._new_are_frozen = new_ones_too

    def close(self) -> None:
        self._listener.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            if self._new_are_frozen:
                self._frozen.add(client)
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with socket.create_connection(self._target) as server:
            try:
                while True:
                    if client in self._frozen:
                        time.sleep(0.05)
                        continue
                    ready, _, _ = select.select([client, server], [], [], 0.05)
                    for one in ready if client not in self._frozen else ():
                        content = one.recv(65536)
                        if not content:
                            return
                        (server if one is client else client).sendall(content)
            except (OSError, ValueError):
                return
            finally:
                client.close()


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    made = Line(url)
    try:
        yield made
    finally:
        made.close()
