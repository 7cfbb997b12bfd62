"""The fault proxy of Postgres from the test's side: its process, its plan and its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg2.extensions

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.support.controlled import Control, controlled
from influence_pipeline_tests.support.postgres_proxy import Plan


class PostgresProxy:
    """A running proxy in front of one server."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def through(self, url: str) -> str:
        """The URL of the same database through the proxy."""
        given = psycopg2.extensions.parse_dsn(url)
        user = given["user"] + (f":{given['password']}" if "password" in given else "")
        return f"postgresql://{user}@127.0.0.1:{self._control.port}/{given['dbname']}"

    def follow(self, plan: Plan) -> None:
        self._control.ask({"plan": asdict(plan)})

    def quiet(self) -> dict[str, Any]:
        """Let nothing go wrong any more; gives the report of the plan that is over."""
        said = self.report()
        self.follow(Plan())
        return said

    def freeze(self, *, new_ones_too: bool = False) -> None:
        """Nothing comes any more on the connections that are open, and nobody hangs up."""
        self._control.ask({"freeze": new_ones_too})

    def report(self) -> dict[str, Any]:
        """What went wrong how often (`fired`), how much was `seen`, and what the server said to
        commits that nobody heard of (`unheard`)."""
        return self._control.ask({})


@contextmanager
def proxying_postgres(folder: Path, server: EmbeddedPostgres) -> Iterator[PostgresProxy]:
    """A proxy in front of a server, gone at the end of the block."""
    admin = server.url()
    given = psycopg2.extensions.parse_dsn(admin)
    settings = {"host": given["host"], "port": int(given["port"]), "admin": admin}
    module = "influence_pipeline_tests.support.postgres_proxy"
    with controlled(module, folder, settings) as control:
        yield PostgresProxy(control)


def name_of(url: str) -> str:
    """The name of a database, for `Plan.databases`."""
    return str(psycopg2.extensions.parse_dsn(url)["dbname"])
