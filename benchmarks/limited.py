"""Starts `limited_api`, changes its limit, reads its log."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests


@dataclass(frozen=True)
class Judged:
    """One call as the API judged it when it came. `at`: seconds since 1970.

    `mark`: "change-" and its number where the body has that, else "-".
    """

    at: float
    status: int
    path: str
    mark: str

    @property
    def passed(self) -> bool:
        return self.status == 200


class LimitedApi:
    """A running one."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def set_rate(self, rate: float) -> None:
        requests.post(f"{self.url}/control", params={"rate": str(rate)}, timeout=5)

    def calls(self) -> list[Judged]:
        """Give every call until now, oldest first."""
        # Longer than the API keeps its lines in memory.
        time.sleep(0.4)
        with self._log.open(encoding="utf-8") as lines:
            return [_judged(line) for line in lines]


def _judged(line: str) -> Judged:
    at, status, path, mark = line.rstrip("\n").split(" ", 3)
    return Judged(float(at), int(status), path, mark)


@contextmanager
def limited_api(
    kind: str, rate: float, *, ms: int = 50, retry_after: bool = False, headers: bool = False
) -> Iterator[LimitedApi]:
    """Run one. Raises RuntimeError if it ends at once."""
    with tempfile.TemporaryDirectory(prefix="benchmark-limited-") as folder:
        port_file, log = Path(folder) / "port", Path(folder) / "calls"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.limited_api", "--kind", kind),
                *("--rate", str(rate), "--ms", str(ms)),
                *(["--retry-after"] if retry_after else []),
                *(["--headers"] if headers else []),
                *("--port-file", str(port_file), "--log", str(log)),
            ]
        )
        try:
            while not port_file.exists():
                if process.poll() is not None:
                    raise RuntimeError("limited_api ended at its start")
                time.sleep(0.02)
            yield LimitedApi(f"http://127.0.0.1:{port_file.read_text()}", log)
        finally:
            process.terminate()
            process.wait()
