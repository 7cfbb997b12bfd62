"""pgbouncer in transaction mode in front of a Postgres of the tests.

Each transaction of a client may get another backend, and each backend serves many clients: whatever
is kept in a session is lost, or found by somebody else. Backends are few, so that it happens. Roles
log in with their own passwords; pgbouncer asks the server for what to compare them with.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import psycopg2.extras
import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.sandbox.postgres_folder import process_options
from influence_pipeline.sandbox.postgres_programs import account_for
from influence_pipeline_tests.sandbox.platform_fixtures import until

OPTION = "--through-pgbouncer"
# For each database and role.
POOL_SIZE = 4
_PACKAGE = "pgbouncer"
_CONFIGURATION = """\
[databases]
* = host=127.0.0.1 port={server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {pool_size}
{more}
max_client_conn = 2000
auth_type = scram-sha-256
auth_file = users
auth_user = {user}
admin_users = {user}
server_reset_query =
query_wait_timeout = 60
server_login_retry = 0.1
server_check_query =
log_connections = 0
log_disconnections = 0
"""
# Ends pgbouncer when the tests are gone, however they went: their end of the pipe closes.
_WATCH = """
read -r ignored
[ "$(cat "/proc/$1/comm" 2>/dev/null)" = pgbouncer ] && kill "$1"
"""
# pgbouncer knows prepared statements from this version on, if it is told to; here it is told not to.
_WITH_PREPARED_STATEMENTS = (1, 21)


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION,
        action="store_true",
        help="give the tests their databases through pgbouncer in transaction mode",
    )


class Pgbouncer:
    """A running pgbouncer."""

    def __init__(self, port: int, user: str, password: str, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process
        self._account = (user, password)

    def through(self, url: str) -> str:
        """The same database of the same role, through pgbouncer."""
        parts = urlsplit(url)
        account, _, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{self.port}"))

    def show(self, what: str) -> list[dict[str, Any]]:
        """The rows of pgbouncer's own `SHOW …`."""
        user, password = self._account
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, dbname="pgbouncer"
        )
        connection.autocommit = True
        with (
            closing(connection),
            connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor,
        ):
            cursor.execute(f"SHOW {what}")
            return [dict(row) for row in cursor]

    def transactions(self, database: str) -> int:
        """How many it has passed on to a database."""
        rows = {row["database"]: row for row in self.show("STATS")}
        return int(rows[database]["total_xact_count"]) if database in rows else 0

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def program() -> str:
    """Give the program; where it is missing, the test is skipped."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"pgbouncer is not here; apt-get install {_PACKAGE}")
    return found


@contextmanager
def pooling(
    server: EmbeddedPostgres, folder: Path, *, pool_size: int = POOL_SIZE
) -> Iterator[Pgbouncer]:
    """Run one in front of this server, with all its databases and roles, until the block ends."""
    found = program()
    # It refuses to run as root, as Postgres does.
    account = account_for(server.data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    parts = urlsplit(server.url())
    user, password = str(parts.username), str(parts.password)
    assert '"' not in password and "%" not in password
    prepared = _version(found) >= _WITH_PREPARED_STATEMENTS
    port = _free_port()
    (folder / "pgbouncer.ini").write_text(
        _CONFIGURATION.format(
            server=server.port,
            port=port,
            pool_size=pool_size,
            user=user,
            more="max_prepared_statements = 0" if prepared else "",
        )
    )
    (folder / "users").write_text(f'"{user}" "{password}"\n')
    if account is not None:
        for file in (folder, folder / "pgbouncer.ini", folder / "users"):
            os.chown(file, account.uid, account.gid)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [found, "pgbouncer.ini"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            **process_options(folder, account),
        )
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", _WATCH, "watch", str(process.pid)],
        stdin=subprocess.PIPE,
        **process_options(folder, account),
    )
    bouncer = Pgbouncer(port, user, password, process)
    try:
        until(lambda: process.poll() is not None or _listens(port), "pgbouncer to listen")
        assert process.poll() is None, log.read_text()
        yield bouncer
    finally:
        watcher.kill()
        watcher.communicate()
        bouncer.close()


def _version(found: str) -> tuple[int, ...]:
    said = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(int(number) for number in said.split()[1].split(".")[:2])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
