"""A server of Debian's Postgres 15, beside the embedded one, where its programs are installed. It takes
prepared transactions, and has ICU's collations."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from influence_pipeline.sandbox import postgres as embedded
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.sandbox.postgres_folder import (
    SUPERUSER,
    as_the_server_sees,
    beside,
    process_options,
)
from influence_pipeline.sandbox.postgres_programs import account_for, shared_folder

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def running() -> Iterator[EmbeddedPostgres]:
    """Run one in a folder of its own; skips the test where it is not installed."""
    if not (PROGRAMS / "postgres").exists():
        pytest.skip(f"Debian's Postgres 15 is not installed (no {PROGRAMS})")
    # Up to version 15 the way to the folder must be open to the user it runs as.
    with tempfile.TemporaryDirectory(prefix="old-postgres-", dir=shared_folder()) as made:
        folder = Path(made)
        folder.chmod(0o755)
        _make(folder / "data")
        # Only for its start: other servers of these tests are of the embedded programs.
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(embedded, "programs_for", lambda _: PROGRAMS)
            started = EmbeddedPostgres.start(folder / "data", fast=True)
        with started as server:
            yield server


def _make(data: Path) -> None:
    data.mkdir(mode=0o700, parents=True)
    account = account_for(data)
    if account is not None:
        os.chown(data, account.uid, account.gid)
    subprocess.run(
        [
            *(PROGRAMS / "initdb", "-D", as_the_server_sees(data, account)),
            *("--username", SUPERUSER, "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        check=True,
        capture_output=True,
        **process_options(data, account),
    )
    with (data / "postgresql.conf").open("a") as settings:
        settings.write("max_prepared_transactions = 4\n")
    # It lets in whoever comes from this machine; the driver gives a password all the same.
    beside(data, "password").write_text("unused", encoding="utf-8")
