"""The programs that some proofs need from Debian: installed where that can be done unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# Program -> package.
PACKAGES = {
    "nginx": "nginx-light",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "slowhttptest": "slowhttptest",
    "faketime": "faketime",
}
# nginx plays an API in the proof of several workers; the module has no program of its own.
_ECHO = Path("/usr/share/nginx/modules-available/mod-http-echo.conf")
_SECONDS = 300


def missing() -> list[str]:
    """Name the packages that are not here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    found = [name for program, name in PACKAGES.items() if not shutil.which(program, path=path)]
    return found if _ECHO.exists() else [*found, "libnginx-mod-http-echo"]


def install() -> list[str]:
    """Install what is missing, as root and with apt-get; name what is still missing afterwards.

    No service is started by it (RUNLEVEL), and none that runs already is touched.
    """
    wanted = missing()
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {', '.join(wanted)}", flush=True)
        if not _apt_get("install", "-y", "--no-install-recommends", *wanted):
            _apt_get("update")
            _apt_get("install", "-y", "--no-install-recommends", *wanted)
    return missing()


def _apt_get(*arguments: str) -> bool:
    surroundings = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            ["apt-get", *arguments],
            env=surroundings,
            timeout=_SECONDS,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
