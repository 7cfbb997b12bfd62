"""A virtual environment for each peer, made once, outside of the project's own.

They lie in `.benchmarks/` in the project's folder, or where BENCHMARKS_CACHE says.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

_PACKAGES = {
    "drt": ["drt-core[postgres]==1.2.1"],
    "dlt": ["dlt==1.31.0", "sqlalchemy>=2", "psycopg2-binary>=2.9"],
    "dlt-sql": [
        "dlt[postgres,sql_database]==1.31.0",
        "sqlalchemy==2.1.9",
        "psycopg2-binary==2.9.13",
        "pyarrow==26.0.1",
    ],
    "pandas": ["pandas==3.1.1", "sqlalchemy==2.1.9", "psycopg2-binary==2.9.13"],
    "reladiff": ["reladiff==0.6.0", "psycopg2-binary==2.9.13"],
    "msgspec": ["msgspec==0.22.0", "psycopg2-binary>=2.9"],
}
_PROJECT = Path(__file__).parents[2]


def program(peer: str, name: str) -> Path:
    """Give a program of a peer's environment, which is made if it is not there.

    Raises subprocess.CalledProcessError if pip cannot install it.
    """
    cache = Path(os.environ.get("BENCHMARKS_CACHE") or _PROJECT / ".benchmarks")
    # Other packages are another environment.
    digest = hashlib.sha256(repr(_PACKAGES[peer]).encode()).hexdigest()[:8]
    folder = cache / f"{peer}-{digest}"
    done = folder / "installed"
    if not done.exists():
        print(f"installing {', '.join(_PACKAGES[peer])} into {folder}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *_PACKAGES[peer]], check=True, stderr=subprocess.DEVNULL)
        done.touch()
    return folder / "bin" / name


def pins(peer: str) -> str:
    """Give the versions that a peer's environment is made with."""
    return ", ".join(_PACKAGES[peer])
