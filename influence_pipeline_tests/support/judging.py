"""The independent judge from a test's side: a program that is run by its path, in a process that
knows nothing of the pipeline: none of its code, none of its variables."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from influence_pipeline.sandbox import judge as program
from influence_pipeline.sandbox.judge import Difference, Verdict

# -I: neither the folder it lies in nor this one is looked into for modules.
COMMAND = (sys.executable, "-I", "-W", "error", program.__file__)


def run(*given: str, command: Sequence[str] = COMMAND) -> subprocess.CompletedProcess[str]:
    """Run the program once, with an empty environment; gives its exit status and what it said."""
    return subprocess.run(
        [*command, *given], capture_output=True, text=True, env={}, timeout=120, check=False
    )


class _Judge:
    """One process for all that a test process has judged: starting one costs more than judging."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, **question: str) -> dict[str, Any]:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [*COMMAND, "--requests"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={},
                )
                atexit.register(self.close)
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """It ends when there is nothing more to read."""
        if self._process is not None:
            self._process.communicate()


_JUDGE = _Judge()


def judge(store_url: str, ledger: Path, go_live: datetime) -> Verdict:
    """Compare a sample store with a ledger, see `sandbox.judge`."""
    said = _JUDGE.ask(store=store_url, ledger=str(ledger), go_live=go_live.isoformat())
    assert "error" not in said, said["error"]
    return Verdict(
        tuple(Difference(**difference) for difference in said["differences"]), said["compared"]
    )
