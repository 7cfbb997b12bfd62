"""`influence-pipeline import`: a range of creation months, behind live changes."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime

from influence_pipeline.cli.output import Progress, entities, print_json
from influence_pipeline.cli.sync import exit_code, print_report
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.store.reader import Window
from influence_pipeline.sync.engine import Engine


def run(arguments: argparse.Namespace) -> int:
    if arguments.entity == Entity.ORDER.plural:
        raise ConfigurationError(
            "Orders are not imported: an old order sent with an awarding status would award points "
            "at today's rule. Orders placed from the go-live on are sent by `sync`."
        )
    since = _month(arguments.since, "--from")
    last = _month(arguments.until, "--to")
    window = Window(since, _next_month(last) if last else None, and_undated=since is None)
    reports = []
    with Engine(load_settings()) as engine:
        for entity in entities(arguments.entity):
            if entity is Entity.ORDER:
                continue
            progress = Progress(f"import of {entity.plural}")
            reports.append(engine.import_window(entity, window, progress))
            progress.end()
            if not arguments.json:
                print_report(reports[-1])
    if arguments.json:
        print_json({report.entity.plural: report.counts() for report in reports})
    return exit_code(reports)


def _month(text: str | None, flag: str) -> datetime | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ConfigurationError(f"{flag} takes a month such as 2024-03.")
    return datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)


def _next_month(first: datetime) -> datetime:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
