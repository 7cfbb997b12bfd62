"""A Postgres that lives in a folder: made, started, attached to and stopped. For demo, development
and tests only; production brings its own server.

What the databases in it hold is not known here. Which programs run, and as whom, is decided in
`postgres_programs`; how its folder is made, in `postgres_folder`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from influence_pipeline.errors import describe_database_error
from influence_pipeline.sandbox.postgres_folder import (
    SUPERUSER,
    as_the_server_sees,
    beside,
    lock_file,
    make,
    one_at_a_time,
    password_of,
    process_exists,
    process_options,
    serves,
)
from influence_pipeline.sandbox.postgres_programs import (
    Account,
    EmbeddedPostgresError,
    account_for,
    programs_for,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "StopMode"]

StopMode = Literal["smart", "fast", "immediate"]

_HOST = "127.0.0.1"
# The recovery of a large store after a crash takes its time.
_START_SECONDS = 180.0
# How long the memory of a server that was killed may stay in use by its last processes.
_LEFTOVER_SECONDS = 10.0
_PORT_ATTEMPTS = 10
_STOP_SIGNALS: Mapping[StopMode, tuple[signal.Signals, float]] = {
    "smart": (signal.SIGTERM, 10.0),
    "fast": (signal.SIGINT, 60.0),
    "immediate": (signal.SIGQUIT, 15.0),
}

# Reached on loopback with a password only; nothing of the rows' content goes into the log.
_SETTINGS = {
    "listen_addresses": _HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

# For tests: a power cut may lose everything, kill -9 nothing. synchronous_commit stays on.
_FAST_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
}

# Ends a test's server when the tests are gone, however they went: their end of the pipe closes.
# The pid must still be the one in the server's own lock file, in the folder this runs in.
_WATCH = """
read -r ignored
[ "$(head -n 1 postmaster.pid 2>/dev/null)" = "$1" ] && kill -QUIT "$1"
"""


class EmbeddedPostgres:
    """A running server on a data folder. Make one with `start`; use it in a `with` statement.

    Leaving the `with` statement stops the server only if this object started it.
    """

    def __init__(self, data_dir: Path, password: str, account: Account | None) -> None:
        self.data_dir = data_dir
        self.started_here = False
        self._password = password
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        port: int | None = None,
        password: str | None = None,
        fast: bool = False,
    ) -> Self:
        """Start a server on `data_dir`, make the folder first where there is none, or attach.

        `port`: default a free one. `password`: of the superuser `postgres`, default a random one,
        kept beside the folder for the next start. `fast`: for tests; no fsync, and the server ends
        when this process ends. As root the server runs as another user (see `account_for`).

        A server that already runs on the folder is used as it is. Raises EmbeddedPostgresError with
        the last lines of the server's log.
        """
        data_dir = Path(data_dir).resolve()
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(beside(data_dir, "lock")):
            account = account_for(data_dir)
            password = password_of(data_dir, password)
            if not (data_dir / "PG_VERSION").exists():
                make(data_dir, password, account, fast=fast)
            server = cls(data_dir, password, account)
            if not server._attach(port):
                server._launch(port, fast=fast)
        return server

    @property
    def pid(self) -> int:
        """The process id of the server. Raises EmbeddedPostgresError if it does not run."""
        return self._running()[0]

    @property
    def port(self) -> int:
        """The port on 127.0.0.1. Raises EmbeddedPostgresError if the server does not run."""
        return self._running()[1]

    def url(self, database: str = SUPERUSER) -> str:
        """Give the superuser's URL of a database, password included."""
        return (
            f"postgresql://{SUPERUSER}:{quote(self._password, safe='')}@{_HOST}:{self.port}"
            f"/{quote(database, safe='')}"
        )

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or as a copy of `template`, and give its URL.

        Nobody may be connected to the template. Raises EmbeddedPostgresError.
        """
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            # Measured on a small sample store: 19 ms by file, 38 ms through the log.
            statement += sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
        self._administer(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and end the connections to it; one that is not there is no error."""
        self._administer(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server, whoever started it, and wait until it has gone.

        `smart` waits for the clients to leave, `fast` ends their transactions, `immediate` leaves
        the rest to the recovery of the next start. What does not end in time is stopped by the next
        stronger mode. Stopping a stopped server does nothing.
        """
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        modes = list(_STOP_SIGNALS)
        for signal_number, seconds in map(_STOP_SIGNALS.__getitem__, modes[modes.index(mode) :]):
            pid = self._living_pid()
            if pid is None:
                break
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
            if self._wait_for_end(seconds):
                break
        else:
            raise EmbeddedPostgresError(f"Postgres on {self.data_dir} does not stop.")
        self._process = None
        self.started_here = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.started_here:
            self.stop()

    def __repr__(self) -> str:
        return f"<EmbeddedPostgres {self.data_dir}>"

    def _running(self) -> tuple[int, int]:
        found = lock_file(self.data_dir)
        if found is None or not serves(found[0], self.data_dir):
            raise EmbeddedPostgresError(f"No Postgres runs on {self.data_dir}; start it first.")
        return found[0], found[1]

    def _attach(self, port: int | None) -> bool:
        """Use the server that runs on the folder; False if none does."""
        deadline = time.monotonic() + _START_SECONDS
        while (found := lock_file(self.data_dir)) is not None and process_exists(found[0]):
            if not serves(found[0], self.data_dir):
                # A killed server that its parent has not collected, or its number belongs to
                # another process now (after a reboot, in a container): Postgres would take either
                # for itself. Its own check of the shared memory still stands.
                (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
                return False
            if port not in (None, found[1]):
                raise EmbeddedPostgresError(
                    f"Postgres already runs on {self.data_dir}, at port {found[1]}, not {port}. "
                    "Stop it, or leave the port to it."
                )
            # One that was killed a moment ago still looks alive, so it must also answer.
            if found[2] == "ready" and self._answers(found[1]):
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Postgres runs on {self.data_dir} (pid {found[0]}) but does not get ready."
                )
            time.sleep(0.02)
        return False

    def _answers(self, port: int) -> bool:
        try:
            psycopg2.connect(
                host=_HOST, port=port, user=SUPERUSER, password=self._password, dbname=SUPERUSER
            ).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise EmbeddedPostgresError(
                    f"The password in {beside(self.data_dir, 'password')} is not that of the "
                    f"server on {self.data_dir}. Give the right one."
                ) from None
            return False
        return True

    def _launch(self, port: int | None, *, fast: bool) -> None:
        try:
            self._process = self._run_until_ready(port, fast=fast)
            if fast:
                self._watcher = subprocess.Popen(
                    ["/bin/sh", "-c", _WATCH, "watch", str(self._process.pid)],
                    stdin=subprocess.PIPE,
                    **process_options(self.data_dir, self._account),
                )
        except BaseException:  # Ctrl-C too: nothing is left running that nobody knows of
            self.stop("immediate")
            raise
        self.started_here = True

    def _run_until_ready(self, port: int | None, *, fast: bool) -> subprocess.Popen[bytes]:
        """Try other ports when one is taken, and again while leftovers of a killed server end."""
        log = beside(self.data_dir, "log")
        leftovers_until = time.monotonic() + _LEFTOVER_SECONDS
        clashes = 0
        while True:
            begin = log.stat().st_size if log.exists() else 0
            self._process = self._spawn(port or _free_port(), log, fast=fast)
            if self._wait_until_ready(self._process):
                return self._process
            words = _tail(log, begin)
            if port is None and "Address already in use" in words and clashes < _PORT_ATTEMPTS:
                clashes += 1
            elif (
                "pre-existing shared memory block" in words or 'lock file "postmaster.pid"' in words
            ) and time.monotonic() < leftovers_until:
                time.sleep(0.1)
            else:
                raise EmbeddedPostgresError(
                    f"Postgres did not start on {self.data_dir}. Its log, {log}, ends with:\n"
                    f"{words}"
                )

    def _spawn(self, port: int, log: Path, *, fast: bool) -> subprocess.Popen[bytes]:
        settings = {**_SETTINGS, **(_FAST_SETTINGS if fast else {}), "port": str(port)}
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        program = programs_for(self._account) / "postgres"
        with log.open("ab") as output:
            return subprocess.Popen(
                [program, "-D", as_the_server_sees(self.data_dir, self._account), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **process_options(self.data_dir, self._account),
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None:
            found = lock_file(self.data_dir)
            if found is not None and found[0] == process.pid and found[2] == "ready":
                return True
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGQUIT)
                process.wait()
            else:
                time.sleep(0.01)
        return False

    def _living_pid(self) -> int | None:
        # A child of this process is collected by poll(), so that it does not stay as a zombie.
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        found = lock_file(self.data_dir)
        return found[0] if found is not None and serves(found[0], self.data_dir) else None

    def _wait_for_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._living_pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _administer(self, statement: sql.Composable) -> None:
        try:
            with closing(psycopg2.connect(self.url())) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(statement)
        except psycopg2.Error as error:
            raise EmbeddedPostgresError(
                f"Postgres on {self.data_dir}: {describe_database_error(error)}."
            ) from None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        return int(listener.getsockname()[1])


def _tail(log: Path, begin: int) -> str:
    with log.open("rb") as stream:
        stream.seek(begin)
        return "\n".join(stream.read().decode("utf-8", "replace").splitlines()[-15:])
