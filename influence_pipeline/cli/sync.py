"""`influence-pipeline sync`."""

from __future__ import annotations

import argparse

from influence_pipeline.cli.output import Progress, entities, print_json
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine, Report
from influence_pipeline.sync.status import Remaining

EXIT_PARKED = 4


def run(arguments: argparse.Namespace) -> int:
    reports: list[Report] = []
    with Engine(load_settings(), wait_seconds=arguments.wait) as engine:
        for entity in entities(arguments.entity):
            progress = Progress(entity.plural)
            report = engine.sync(entity, full=arguments.full, progress=progress)
            progress.end()
            reports.append(report)
            if not arguments.json:
                print_report(report)
        if arguments.entity is None:
            reports.append(engine.deliver(Entity.REWARD))
            if not arguments.json and reports[-1].delivered.calls:
                print_report(reports[-1])
    if arguments.json:
        print_json({report.entity.plural: report.counts() for report in reports})
    return exit_code(reports)


def exit_code(reports: list[Report]) -> int:
    """4 where records were parked in these runs, else 0."""
    newly = sum(
        report.delivered.parked + (report.captured.unreadable if report.captured else 0)
        for report in reports
    )
    return EXIT_PARKED if newly else 0


def print_report(report: Report) -> None:
    """Say in two or three lines what a run did and what is left, with the next command."""
    name = f"{report.entity.plural:<10}"
    found, sent, left = report.captured, report.delivered, report.remaining
    if found is not None:
        how = "compared all" if found.full else "looked at what was written since the last sync"
        why = f" ({found.why_full})" if found.why_full else ""
        print(
            f"{name}{how}{why}: {found.created:,} new, {found.changed:,} changed, "
            f"{found.deleted:,} gone, {found.unchanged:,} unchanged"
            + (f", {found.before_go_live:,} before go-live" if found.before_go_live else "")
        )
        name = " " * 10
        if found.without_key:
            print(f"{name}{found.without_key:,} rows without an id are left out; see the mapping")
    print(
        f"{name}sent {sent.sent:,} in {sent.calls:,} calls, {report.seconds:.1f} s"
        + (f"; {sent.skipped:,} guest orders skipped" if sent.skipped else "")
        + (f"; told to slow down {sent.throttled:,} times" if sent.throttled else "")
    )
    left_over = [
        f"{left.parked:,} parked (influence-pipeline parked)" if left.parked else "",
        f"{left.blocked:,} wait for their customer" if left.blocked else "",
        _later(left) if left.waiting else "",
    ]
    if any(left_over):
        print(" " * 10 + "left: " + "; ".join(part for part in left_over if part))
    if sent.last_trouble and (left.waiting or sent.parked):
        print(" " * 10 + f"last trouble: {sent.last_trouble}")


def _later(left: Remaining) -> str:
    due = f"in {left.next_seconds:,.0f} s" if left.next_seconds and left.next_seconds > 0 else "now"
    held = (
        f" ({left.held:,} of them held by another run; should it have died, its hold ends by itself)"
        if left.held
        else ""
    )
    return f"{left.waiting:,} to be sent later{held}, the first {due}"
