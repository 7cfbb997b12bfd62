"""`influence-pipeline sync`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import entities, mask_quoted, print_json
from influence_pipeline.cli.progress import Progress
from influence_pipeline.errors import MassChange
from influence_pipeline.records import Entity
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.sync import status
from influence_pipeline.sync.captured import Captured
from influence_pipeline.sync.engine import Engine, Report
from influence_pipeline.sync.status import Remaining

EXIT_PARKED = 4


def run(arguments: argparse.Namespace) -> int:
    reports: list[Report] = []
    stopped: MassChange | None = None
    settings = load_settings()
    with (
        metrics_beside(settings, arguments.metrics_port),
        Engine(settings, wait_seconds=arguments.wait) as engine,
    ):
        for entity in entities(arguments.entity):
            try:
                with progress_of(engine, entity, entity.plural, quiet=arguments.quiet) as progress:
                    report = engine.sync(
                        entity,
                        full=arguments.full,
                        every_record=arguments.every_record,
                        allow_mass_change=arguments.allow_mass_change,
                        progress=progress,
                    )
            except MassChange as error:
                # The others need not wait until somebody has looked at this one.
                stopped = error
                print(f"error: {error}", file=sys.stderr)
                continue
            reports.append(report)
            print_warnings(report)
            if not arguments.json:
                print_report(report)
        if arguments.entity is None:
            rewards = Entity.REWARD
            with progress_of(engine, rewards, "used rewards", quiet=arguments.quiet) as progress:
                reports.append(engine.deliver(rewards, progress))
            if not arguments.json and reports[-1].delivered.calls:
                print_report(reports[-1])
    if arguments.json:
        print_json({report.entity.plural: as_values(report) for report in reports})
    return stopped.exit_code if stopped is not None else exit_code(reports)


@contextmanager
def metrics_beside(settings: Settings, port: int | None) -> Iterator[None]:
    """Serve Prometheus metrics on this machine while a command runs; None: not."""
    if port is None:
        yield
        return
    # Imported by who asks for it (0.1 s).
    from influence_pipeline.cli.metrics import LOCAL, serving, state_metrics

    with serving(state_metrics(settings), LOCAL, port):
        yield


def progress_of(engine: Engine, entity: Entity, words: str, *, quiet: bool) -> Progress:
    """Make what shows how far the delivery of an entity is."""
    return Progress(words, lambda: status.due(engine.state, entity), quiet=quiet)


def as_values(report: Report) -> dict[str, Any]:
    """Give what a machine gets of a run: its numbers and its warnings."""
    warnings = report.captured.warnings if report.captured else ()
    return {**report.counts(), "warnings": list(warnings)}


def print_warnings(report: Report) -> None:
    for line in report.captured.warnings if report.captured else ():
        print(f"warning: {line}", file=sys.stderr)


def exit_code(reports: list[Report]) -> int:
    """4 where records were parked in these runs, else 0."""
    newly = sum(
        report.delivered.parked + (report.captured.unreadable if report.captured else 0)
        for report in reports
    )
    return EXIT_PARKED if newly else 0


def print_report(report: Report, *, of_months: bool = False) -> None:
    """Say in two or three lines what a run did and what is left, with the next command.

    `of_months`: only the records of some months were looked at (an import).
    """
    found, sent, left = report.captured, report.delivered, report.remaining
    name, indent = f"{report.entity.plural:<10}", " " * 10
    if found is not None:
        how = "compared the records of these months" if of_months else _how(found)
        print(
            f"{name}{how}: {found.created:,} new, {found.changed:,} changed, "
            f"{found.deleted:,} gone{_GONE if found.deleted else ''}, {found.unchanged:,} unchanged"
            + (f", {found.before_go_live:,} before go-live" if found.before_go_live else "")
        )
        name = indent
        if found.without_key:
            rows = counted(found.without_key, "row without an id is", "rows without an id are")
            print(f"{name}{rows} left out; see the mapping")
    print(
        f"{name}sent {sent.sent:,} in {counted(sent.calls, 'call')}, {report.seconds:.1f} s"
        + (f"; {counted(sent.skipped, 'guest order')} skipped" if sent.skipped else "")
        + (f"; told to slow down {counted(sent.throttled, 'time')}" if sent.throttled else "")
    )
    left_over = [
        f"{left.parked:,} parked (influence-pipeline parked)" if left.parked else "",
        counted(left.blocked, "waits for its customer", "wait for their customers")
        if left.blocked
        else "",
        _later(left) if left.waiting else "",
        f"{left.importing:,} of an import, which `influence-pipeline import` sends"
        if left.importing
        else "",
    ]
    of_part = report.left
    if of_part is not None and of_part.taken:
        left_over.insert(0, f"{of_part.taken:,} of these taken over by another import")
    if of_part is not None and (of_part.waiting or of_part.blocked):
        left_over.insert(0, f"{of_part.waiting + of_part.blocked:,} of these; run it again")
    if any(left_over):
        print(f"{indent}left: " + "; ".join(part for part in left_over if part))
    if sent.last_trouble and (left.waiting or sent.parked):
        is_reward = report.entity is Entity.REWARD
        words = mask_quoted(sent.last_trouble) if is_reward else sent.last_trouble
        print(f"{indent}last trouble: {words}")


_GONE = " from the store (nothing is sent; Influence keeps it)"


def _how(found: Captured) -> str:
    how = "compared all" if found.full else "looked at what was written since the last sync"
    return f"{how} ({found.why_full})" if found.why_full else how


def _later(left: Remaining) -> str:
    seconds = left.next_seconds or 0.0
    due = f"in {seconds:,.0f} s" if seconds > 0 else "now"
    held = (
        f" ({left.held:,} of them held by another run; should it have died, "
        "its hold ends by itself)"
        if left.held
        else ""
    )
    return f"{left.waiting:,} to be sent later{held}, the first {due}"
