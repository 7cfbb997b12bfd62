"""A virtual environment for each peer, made once, outside of the project's own.

They lie in `.benchmarks/` in the project's folder, or where BENCHMARKS_CACHE says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_PACKAGES = {
    "drt": ["drt-core[postgres]==1.2.1"],
    "dlt": ["dlt==1.31.0", "sqlalchemy>=2", "psycopg2-binary>=2.9"],
    "msgspec": ["msgspec==0.22.0", "psycopg2-binary>=2.9"],
}
_PROJECT = Path(__file__).parents[2]


def program(peer: str, name: str) -> Path:
    """Give a program of a peer's environment, which is made if it is not there.

    Raises subprocess.CalledProcessError if pip cannot install it.
    """
    cache = Path(os.environ.get("BENCHMARKS_CACHE") or _PROJECT / ".benchmarks")
    folder = cache / "-".join([peer, *_PACKAGES[peer][0].split("==")[1:]])
    done = folder / "installed"
    if not done.exists():
        print(f"installing {', '.join(_PACKAGES[peer])} into {folder}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *_PACKAGES[peer]], check=True, stderr=subprocess.DEVNULL)
        done.touch()
    return folder / "bin" / name
