"""The ledger: one SQLite file that holds all state of the sandbox, and its transactions.

A state change, its points movements, its webhooks and the call that caused it are one transaction;
the caller is answered after the commit. The bar is the kill of this process at any moment
(SQLite in WAL mode). What the tables mean is in `sql/schema.sql`; what is written into them is the
business of the modules named after the nouns.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.sandbox.platform.rules import Rules
from influence_pipeline.sandbox.platform.statements import DROP, SCHEMA, STATEMENTS
from influence_pipeline.sandbox.platform.switches import Switches

FORMAT = 1


@dataclass
class Call:
    """A call of the contract on its way through the sandbox, and the row it becomes."""

    method: str
    path: str
    entity: str | None
    key: str | None
    body: bytes | None
    at: str
    fault: str | None = None
    # What the caller is sent, if a fault decides it; `closes` when nothing is sent.
    fault_status: int | None = None
    closes: bool = False
    logged: bool = False

    def row(self, outcome: int | None) -> dict[str, Any]:
        """The row for the table `calls`; `outcome` is what the API itself came to."""
        sent = None if self.closes else (self.fault_status or outcome)
        return {
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "entity": self.entity,
            "key": self.key,
            "status": sent,
            "outcome": outcome,
            "fault": self.fault,
            "body_sha256": hashlib.sha256(self.body).hexdigest() if self.body else None,
            "body": self.body,
        }


@dataclass
class Change:
    """A transaction in progress: what may be written, and by which rules and switches."""

    db: sqlite3.Connection
    at: str
    call_id: int | None
    rules: Rules
    switches: Switches
    wakes_sender: bool = False

    def run(self, statement: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """Run a statement of `sql/queries.sql` by name."""
        return self.db.execute(STATEMENTS[statement], values)

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return found

    def later_than(self, moment: str) -> str:
        """This change's time, or a millisecond after `moment` when the clock has not moved on.

        So `updatedAt` of one record never repeats, and a receiver may drop what is older.
        """
        if self.at > moment:
            return self.at
        return in_words(datetime.fromisoformat(moment) + timedelta(milliseconds=1))


def in_words(moment: datetime) -> str:
    """A time as the API writes it: ISO 8601, milliseconds, UTC, `Z`."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


def now() -> str:
    return in_words(datetime.now(UTC))


class Ledger:
    """The open file. One process at a time; used from the event loop's thread only.

    Raises ConfigurationError when the file cannot be opened, is in use by another sandbox, or was
    written by another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.on_events: Callable[[], None] = lambda: None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"The sandbox cannot write its ledger {path}: {error.strerror}. Name a file in a "
                "folder that this user may write to."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ConfigurationError(
                f"The ledger {path} is in use by another sandbox. Stop that one, or name another "
                "ledger file."
            ) from None
        try:
            self.db = self._open()
        except sqlite3.Error as error:
            os.close(self._lock)
            raise ConfigurationError(
                f"The sandbox cannot use {path} as its ledger: {error}. Name a new file, or one "
                "that a sandbox has written."
            ) from None

    def _open(self) -> sqlite3.Connection:
        # It holds what the merchant's store sends: readable for its owner only.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA busy_timeout = 5000")
        if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            db.executescript(SCHEMA)
        version = db.execute("SELECT version FROM format").fetchone()[0]
        if version != FORMAT:
            db.close()
            raise sqlite3.DatabaseError(f"its layout is {version}, this version writes {FORMAT}")
        return db

    @contextmanager
    def change(self, call: Call | None, rules: Rules, switches: Switches) -> Iterator[Change]:
        """One transaction: committed at the end of the block, undone when the block raises.

        `call` is written with it, as answered 200 (contract: the only success there is).
        """
        self.db.execute("BEGIN IMMEDIATE")
        try:
            call_id = None
            if call is not None:
                call_id = self.db.execute(STATEMENTS["add_call"], call.row(200)).lastrowid
            change = Change(self.db, now(), call_id, rules, switches)
            yield change
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        if call is not None:
            call.logged = True
        if change.wakes_sender:
            self.on_events()

    def note(self, call: Call, outcome: int | None) -> None:
        """Log a call that changed nothing: a read, a refusal, or one that never got through."""
        self.db.execute(STATEMENTS["add_call"], call.row(outcome))
        call.logged = True

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return found

    def named(self, statement: str, values: Mapping[str, Any]) -> list[sqlite3.Row]:
        """The rows of a SELECT of `sql/queries.sql`."""
        return self.db.execute(STATEMENTS[statement], values).fetchall()

    def live_setting(self, name: str) -> str | None:
        row = self.row("SELECT value FROM live_settings WHERE name = ?", name)
        return None if row is None else str(row["value"])

    def keep_live_setting(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO live_settings VALUES (?, ?)", (name, value))

    def due(self, limit: int) -> list[sqlite3.Row]:
        """Deliveries whose time has come, oldest first."""
        return self.named("due_deliveries", {"now": time.time(), "limit": limit})

    def reset(self) -> None:
        """Empty the file, in one transaction."""
        self.db.executescript(SCHEMA.replace("BEGIN;", f"BEGIN;\n{DROP}", 1))

    def close(self) -> None:
        self.db.close()
        os.close(self._lock)
