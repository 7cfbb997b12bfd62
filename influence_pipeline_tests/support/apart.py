"""Processes apart, which may be killed: each a real one, forked from a server that has imported the
engine already, so that hundreds of them cost little."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PATIENCE_S = 90.0

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "influence_pipeline.sync.engine",
        "influence_pipeline.platform_api.curl",
        "influence_pipeline.webhooks.handlers",
        "influence_pipeline.webhooks.receiver",
    ]
)


class Apart:
    """One process that calls `work(*given)` with these environment variables, and its end."""

    def __init__(
        self, work: Callable[..., None], *given: Any, variables: dict[str, str], log: Path
    ) -> None:
        self._log = log
        log.unlink(missing_ok=True)
        self._process: BaseProcess = _CONTEXT.Process(
            target=_work, args=(work, given, variables, str(log)), daemon=True
        )
        self._process.start()

    def ended(self) -> int:
        """Wait for its end: 0, 1 for an exception (see `error`), or minus the signal's number."""
        self._process.join(PATIENCE_S)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
            raise AssertionError(f"a process was still at work after {PATIENCE_S:.0f} s")
        self._process.close()
        return code

    @property
    def lives(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.join()
        self._process.close()

    @property
    def error(self) -> str:
        """The exception it ended with, as text."""
        return self._log.read_text() if self._log.exists() else ""


def _work(
    work: Callable[..., None], given: tuple[Any, ...], variables: dict[str, str], log: str
) -> None:
    os.environ.update(variables)
    try:
        work(*given)
    except BaseException:
        Path(log).write_text(traceback.format_exc())
        os._exit(1)
