"""The sandbox as a process, with its ledger, and what the ledger says of an import."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Told:
    """What an API was told of customers, from its own ledger.

    `twice`: records that it took more than once. `most_in_a_second`, `most_in_ten`: calls within
    whatever second, whatever ten.
    """

    calls: int
    refused: int
    customers: int
    twice: int
    most_in_a_second: int
    most_in_ten: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def calls_per_second(self) -> float:
        return self.calls / max(self.seconds, 0.001)


class Sandboxed:
    """A running sandbox."""

    def __init__(self, url: str, ledger: Path) -> None:
        self.url = url
        self._ledger = ledger

    def count(self) -> int:
        """How many calls there were until now."""
        return int(self._rows("SELECT count(*) FROM calls")[0][0])

    def told(self) -> Told:
        """Read the ledger. There must have been a call."""
        at = [
            datetime.fromisoformat(moment).timestamp()
            for (moment,) in self._rows("SELECT at FROM calls ORDER BY at")
        ]
        times = self._rows(
            "SELECT count(*) FROM calls WHERE method = 'PUT' AND outcome BETWEEN 200 AND 299 "
            "GROUP BY key"
        )
        return Told(
            calls=len(at),
            refused=int(self._rows("SELECT count(*) FROM calls WHERE status = 429")[0][0]),
            customers=len(times),
            twice=sum(count > 1 for (count,) in times),
            most_in_a_second=most_within(1.0, at),
            most_in_ten=most_within(10.0, at),
            began=at[0],
            ended=at[-1],
        )

    def _rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self._ledger}?mode=ro", uri=True)) as ledger:
            return ledger.execute(sql).fetchall()


def most_within(seconds: float, moments: Sequence[float]) -> int:
    """Give the largest number of moments, which are in order, within any so many seconds."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@contextmanager
def sandboxed(folder: Path, key: str, **switches: object) -> Iterator[Sandboxed]:
    """Run one beside the block, with these switches. Raises RuntimeError if it ends at once."""
    port_file, ledger = folder / "sandbox.port", folder / "sandbox.sqlite"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "influence_pipeline.cli", "sandbox", "--port", "0"),
            *("--port-file", str(port_file), "--ledger", str(ledger)),
            *("--switches", json.dumps(switches)),
        ],
        env={**os.environ, "INFLUENCE_API_KEY": key},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (port_file.exists() and port_file.read_text().strip()):
            if process.poll() is not None:
                raise RuntimeError("the sandbox ended at its start")
            time.sleep(0.05)
        yield Sandboxed(f"http://127.0.0.1:{port_file.read_text().strip()}", ledger)
    finally:
        process.terminate()
        process.wait()
