"""The folder an embedded Postgres lives in: made by initdb, with its password and lock file.

The server itself is run by `postgres`. Beside a data folder `x` lie `x.password` (mode 0600),
`x.log` (the server's) and `x.lock` (held while somebody makes or starts it).
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from influence_pipeline.sandbox.postgres_programs import (
    Account,
    EmbeddedPostgresError,
    first_closed_folder,
    programs_for,
    shared_folder,
)

SUPERUSER = "postgres"


def beside(data_dir: Path, what: str) -> Path:
    """Give the path of a companion of the data folder: `password`, `log`, `lock` or `new`."""
    return data_dir.with_name(f"{data_dir.name}.{what}")


@contextmanager
def one_at_a_time(file: Path) -> Iterator[None]:
    """Hold a lock among processes; it ends with the process that holds it."""
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def password_of(data_dir: Path, given: str | None) -> str:
    """Give the password that belongs to the folder; make one for a new folder."""
    file = beside(data_dir, "password")
    exists = (data_dir / "PG_VERSION").exists()
    kept = file.read_text(encoding="utf-8") if exists and file.exists() else None
    if given is not None and kept is not None and given != kept:
        raise EmbeddedPostgresError(
            f"{data_dir} was made with another password; it is kept in {file}."
        )
    if given is None and kept is None and exists:
        raise EmbeddedPostgresError(
            f"{file} is missing, so nobody can log in to {data_dir}. Give the password, or remove "
            "the folder to begin anew."
        )
    password = given or kept or secrets.token_urlsafe(24)
    if kept is None:
        file.unlink(missing_ok=True)
        _write_secret(file, password)
    return password


def _write_secret(file: Path, content: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)


def make(data_dir: Path, password: str, account: Account | None, *, fast: bool) -> None:
    """Run initdb in a folder beside `data_dir` and move it there, so that it is whole or absent."""
    if data_dir.exists() and any(data_dir.iterdir()):
        raise EmbeddedPostgresError(
            f"{data_dir} is not empty and holds no Postgres data. Choose another folder."
        )
    uid = os.geteuid() if account is None else account.uid
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"initdb runs only as a user that has a name, and uid {uid} has none in the user "
            "database (/etc/passwd). Run as a user that has one; in a container, root will do."
        ) from None
    new = beside(data_dir, "new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if account is not None:
        os.chown(new, account.uid, account.gid)
    base = shared_folder() if account is not None else None
    with tempfile.TemporaryDirectory(prefix="influence-pipeline-", dir=base) as folder:
        secret = Path(folder, "password")
        _write_secret(secret, password)
        if account is not None:
            os.chown(secret, account.uid, account.gid)
            os.chown(folder, account.uid, account.gid)
        command: list[str | Path] = [
            programs_for(account) / "initdb",
            *("-D", as_the_server_sees(new, account)),
            *("--username", SUPERUSER, "--auth=scram-sha-256", "--pwfile", secret),
            # C.UTF-8 of Postgres itself is the same on every machine, whatever locales it has.
            *("--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--no-instructions",
        ]
        if fast:
            command += ["--no-sync", "--no-data-checksums"]
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **process_options(new, account),
        )
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        lines = (done.stdout + done.stderr).splitlines()[-10:]
        raise EmbeddedPostgresError("initdb failed. It said:\n" + "\n".join(lines))
    new.rename(data_dir)


def as_the_server_sees(data_dir: Path, account: Account | None) -> Path:
    """Give the name by which the server opens its folder.

    A server that runs as another user may not be allowed through the folders above (/root). It is
    started inside its folder, and on Linux it can call that folder /proc/self/cwd; no folder's mode
    is changed. Raises EmbeddedPostgresError where there is no such way.
    """
    if account is None:
        return data_dir
    own_view = Path("/proc/self/cwd")
    if own_view.exists():
        return own_view
    closed = first_closed_folder(data_dir.parent)
    if closed is not None:
        raise EmbeddedPostgresError(
            f"Postgres does not run as root, and other users cannot enter {closed}. Choose a data "
            "folder elsewhere, or run as an ordinary user."
        )
    return data_dir


def process_options(folder: Path, account: Account | None) -> dict[str, Any]:
    """Give how each program is started: in its folder, in its own session (Ctrl-C does not reach
    it), with nothing of the caller's environment (PG…, LD_LIBRARY_PATH, locales)."""
    options: dict[str, Any] = {
        "cwd": folder,
        "env": {"LC_ALL": "C", "PATH": os.defpath},
        "start_new_session": True,
    }
    if account is not None:
        options.update(user=account.uid, group=account.gid, extra_groups=[])
    return options


def lock_file(data_dir: Path) -> tuple[int, int, str] | None:
    """Read the server's own lock file: its pid, port and status; None if there is none, or half."""
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        return int(lines[0]), int(lines[3]), lines[7].strip()
    except (FileNotFoundError, IndexError, ValueError):
        return None


def process_exists(pid: int) -> bool:
    """Does a process have this number, living or not yet collected by its parent?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def serves(pid: int, data_dir: Path) -> bool:
    """Is `pid` a living server on the folder? A server works inside its data folder."""
    if not process_exists(pid):
        return False
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cwd").samefile(data_dir)
        except OSError:
            return False  # ended but not yet collected by its parent, or another user's
    found = subprocess.run(
        ["ps", "-o", "stat=,comm=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout.strip()
    return "postgres" in found and not found.startswith("Z")
