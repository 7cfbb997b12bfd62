"""The words around the tables of docs/benchmarks.md: the machine, the versions, how to repeat."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg2

from benchmarks.peers.venvs import pins

_PROJECT = Path(__file__).parents[1]
_PEERS = ("pandas", "drt", "dlt-sql", "reladiff")


def introduction(rows: Mapping[str, int]) -> str:
    """Say what the page is and what was measured on."""
    counted = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in rows.items())
    return (
        "# Benchmarks of capture\n\n"
        "How fast changes are found, and what that costs. `benchmarks/capture.py` measures and "
        "writes this page; it is not edited by hand. Seconds are medians and hold for the machine "
        "below. Ratios are taken in one run, and say more. The other benchmarks are in "
        "[benchmarks/](../benchmarks/README.md).\n\n"
        f"The store: {counted}. It and the pipeline's state are in two Postgres servers on the "
        "machine, with Postgres's default settings.\n"
    )


def versions(store_url: str, load: float) -> str:
    """Say on what it was measured, and when. `load`: the machine's, before anything was made."""
    with closing(psycopg2.connect(store_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
    postgres = str(row[0]) if row else "?"
    ours = ", ".join(f"{name} {version(name)}" for name in ("psycopg2-binary", "sqlalchemy"))
    theirs = ", ".join(pins(peer) for peer in _PEERS)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        f"| machine | {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB of memory; "
        f"load {load:.1f} at the start |",
        f"| Postgres | {postgres} |",
        f"| Python | {platform.python_version()}, {ours} |",
        f"| peers | {theirs} |",
        f"| date | {datetime.now(UTC):%Y-%m-%d} |",
        f"| commit | {commit()} |",
    ]
    return "\n".join(["| measured | on |", "|---|---|", *lines, ""])


def repeat() -> str:
    """Say how the page is made anew."""
    return (
        "## How to repeat\n\n"
        "From the project's folder, after `make install`:\n\n"
        "```\n"
        ".venv/bin/python -m benchmarks.capture --growth --write     # this page\n"
        ".venv/bin/python -m benchmarks.capture --orders 100000 --runs 3 --alone\n"
        "```\n\n"
        "Each capture runs in a process of its own, on Linux: memory is read from `/proc`. "
        "The peers are installed from PyPI by the program, each into an environment of its own.\n"
    )


def commit() -> str:
    """Give the commit that is measured, and whether something is changed on top of it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=_PROJECT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return git("rev-parse", "--short", "HEAD") + (", with changes on top" if changed else "")
