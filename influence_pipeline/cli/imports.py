"""`influence-pipeline import`: a range of creation months, behind live changes."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from influence_pipeline.cli.output import entities, print_json
from influence_pipeline.cli.sync import (
    as_values,
    exit_code,
    metrics_beside,
    print_report,
    print_warnings,
    progress_of,
)
from influence_pipeline.errors import ConfigurationError, MappingError
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import Window
from influence_pipeline.sync.engine import Engine, Report


def run(arguments: argparse.Namespace) -> int:
    if arguments.entity == Entity.ORDER.plural:
        raise ConfigurationError(
            "Orders are not imported: an old order sent with an awarding status would award points "
            "at today's rule. Orders placed from the go-live on are sent by `sync`."
        )
    window = _window(arguments.since, arguments.until)
    of_months = window.since is not None or window.before is not None
    chosen = [e for e in entities(arguments.entity) if e is not Entity.ORDER]
    reports: list[Report] = []
    settings = load_settings()
    with metrics_beside(settings, arguments.metrics_port), Engine(settings) as engine:
        _check(engine, chosen)
        if Entity.CUSTOMER in chosen:
            print(_SIGN_UP_POINTS, file=sys.stderr)
        for entity in chosen:
            words = f"import of {entity.plural}"
            with progress_of(engine, entity, words, quiet=arguments.quiet) as progress:
                reports.append(engine.import_window(entity, window, progress))
            print_warnings(reports[-1])
            if not arguments.json:
                print_report(reports[-1], of_months=of_months)
    if arguments.json:
        print_json({report.entity.plural: as_values(report) for report in reports})
    return exit_code(reports)


_SIGN_UP_POINTS = (
    "warning: Influence may give sign-up points to imported customers "
    "(docs/contract.md, Customers). `influence-pipeline import --from 2024-03 --to 2024-03` "
    "(one month) makes a small first batch to look at."
)


def _check(engine: Engine, chosen: Sequence[Entity]) -> None:
    """Look at every mapping before anything is sent. Raises MappingError."""
    with engine.store.transaction() as connection:
        for entity in chosen:
            mapping = engine.mappings[entity]
            if not describe(connection, mapping).has_created_at:
                raise MappingError(
                    f"{mapping.file}: an import by month needs a column created_at; add it to the "
                    "SELECT, or run `influence-pipeline sync`, which imports everything at once. "
                    "Nothing was imported."
                )


def _window(since: str | None, until: str | None) -> Window:
    first, last = _month(since, "--from"), _month(until, "--to")
    if first and last and first > last:
        raise ConfigurationError(f"--from {since} comes after --to {until}; no month lies between.")
    return Window(first, _next_month(last) if last else None, and_undated=first is None)


def _month(text: str | None, flag: str) -> datetime | None:
    if text is None:
        return None
    # The years that a date can hold, and one more month after them.
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or not 1 <= int(text[:4]) <= 9998:
        raise ConfigurationError(f"{flag} takes a month such as 2024-03.")
    return datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)


def _next_month(first: datetime) -> datetime:
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
