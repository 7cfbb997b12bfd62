"""`influence-pipeline check`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import print_json, print_table
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import load_settings, said

if TYPE_CHECKING:
    from influence_pipeline.check.finding import Finding

# What is said of a setting that must be mended.
_FAILED = ConfigurationError.exit_code
_WIDTH = 100


def run(arguments: argparse.Namespace) -> int:
    from influence_pipeline.check.finding import Level
    from influence_pipeline.check.runner import CHECKS

    if arguments.list:
        print_table(("check", "what it promises"), [(one.name, one.promise) for one in CHECKS])
        return 0
    found: list[Finding] = []
    for finding in _findings():
        found.append(finding)
        quiet = finding.level is Level.OK or finding.waits_for
        if not arguments.json and (arguments.verbose or not quiet):
            _print(finding)
    counts = Counter(finding.level for finding in found)
    failed = counts[Level.ERROR] or (arguments.strict and counts[Level.WARNING])
    if arguments.json:
        print_json(
            {
                "ok": not failed,
                "counts": {level.value: counts[level] for level in Level},
                "findings": [asdict(finding) for finding in found],
            }
        )
    else:
        if not arguments.verbose:
            waiting = Counter(one.what for one in found if one.waits_for)
            for words, number in waiting.items():
                print(f"{number} checks {words}.")
        print(_summary(counts, len(CHECKS)))
    return _FAILED if failed else 0


def _findings() -> Iterator[Finding]:
    from influence_pipeline.check.desk import Desk
    from influence_pipeline.check.finding import Finding, Level
    from influence_pipeline.check.runner import run

    try:
        settings = load_settings()
    except ConfigurationError as failure:
        yield Finding(
            Level.ERROR,
            str(failure),
            where=str(failure).partition(" ")[0],
            why="Nothing can be looked at with such a variable.",
            mend="Correct the environment variable, or its line in .env.",
            check="config.environment",
        )
        return
    with Desk(settings) as desk:
        for finding in run(desk):
            yield _of_store(finding, settings.store)


def _of_store(finding: Finding, store: str | None) -> Finding:
    """Name the store's variables and commands, where it is one of several."""
    if finding.check == "config.environment":
        # Which names variables as they were found.
        return finding
    return replace(
        finding,
        what=said(finding.what, store),
        where=said(finding.where, store),
        why=said(finding.why, store),
        mend=said(finding.mend, store),
    )


def _print(finding: Finding) -> None:
    print(f"{finding.level.upper():<8} {finding.check}")
    for name in ("what", "where", "why", "mend"):
        words = getattr(finding, name)
        if words:
            head = f"  {name:<6} "
            for line in words.splitlines():
                print(
                    textwrap.fill(
                        line,
                        _WIDTH,
                        initial_indent=head,
                        subsequent_indent=" " * len(head),
                        break_long_words=False,
                        break_on_hyphens=False,
                    )
                )
                head = " " * len(head)
    sys.stdout.flush()


def _summary(counts: Mapping[Any, int], checks: int) -> str:
    parts = [
        words
        for words in (
            f"{counts['error']} to mend",
            counted(counts["warning"], "warning"),
            f"{counts['accepted']} accepted",
            counted(counts["note"], "note"),
            f"{counts['skipped']} not looked at",
            f"{counts['ok']} ok",
        )
        if not words.startswith("0 ")
    ]
    words = f"{checks} checks: {', '.join(parts)}."
    if counts["error"]:
        return f"{words} Nothing was sent. Mend what is an ERROR first; then run it again."
    return f"{words} Nothing was sent. Next: influence-pipeline plan"
