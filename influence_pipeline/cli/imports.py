"""`influence-pipeline import`: the first import, behind live changes; its plan before its calls."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TextIO

from influence_pipeline.amounts import counted
from influence_pipeline.cli.asking import Asker
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
from influence_pipeline.sync.import_plan import ImportPlan, plan_import, plan_words


def run(arguments: argparse.Namespace) -> int:
    window = _window(arguments.since, arguments.until)
    settings = load_settings()
    with metrics_beside(settings, arguments.metrics_port), Engine(settings) as engine:
        chosen = _chosen(engine, arguments.entity)
        _check(engine, chosen, window)
        plans = {entity: plan_import(engine, entity, window) for entity in chosen}
        if arguments.plan:
            _show(plans, json=arguments.json)
            return 0
        first = _agreed(plans, arguments)
        if first is not None and first <= 0:
            print("Nothing was sent.", file=sys.stderr)
            return 0
        reports: list[Report] = []
        for entity in chosen:
            words = f"import of {entity.plural}"
            with progress_of(engine, entity, words, quiet=arguments.quiet) as progress:
                reports.append(engine.import_window(entity, window, progress, first=first))
            print_warnings(reports[-1])
            if not arguments.json:
                print_report(reports[-1], of_months=window.by_time)
    if first is not None:
        print(_AFTER_A_FIRST_BATCH, file=sys.stderr)
    if arguments.json:
        print_json({report.entity.plural: _as_values(report) for report in reports})
    return exit_code(reports)


def _as_values(report: Report) -> dict[str, Any]:
    """Give what a machine gets: as of a sync, and what is left of just these records."""
    return {**as_values(report), "left": None if report.left is None else asdict(report.left)}


_AFTER_A_FIRST_BATCH = (
    "Look at these records in the Influence dashboard: names, e-mails, points. The same command "
    "without --first sends the rest, and these not again."
)


def _chosen(engine: Engine, name: str | None) -> list[Entity]:
    """Give what is to be imported. Raises ConfigurationError for orders that no setting lets in."""
    lifted = engine.config.orders.import_before_go_live is not None
    if name == Entity.ORDER.plural and not lifted:
        raise ConfigurationError(
            "Orders are not imported: an old order sent with an awarding status would award points "
            "at today's rule. Orders placed from the go-live on are sent by `sync`. To import old "
            "ones all the same, set orders.import_before_go_live in influence.toml "
            "(docs/settings.md)."
        )
    return [e for e in entities(name) if e is not Entity.ORDER or name is not None]


def _check(engine: Engine, chosen: Sequence[Entity], window: Window) -> None:
    """Look at every mapping before anything is sent. Raises MappingError."""
    with engine.store.transaction() as connection:
        for entity in chosen:
            mapping = engine.mappings[entity]
            if not describe(connection, mapping).has_created_at and window.by_time:
                raise MappingError(
                    f"{mapping.file}: an import by month needs a column created_at; add it to the "
                    "SELECT, or leave --from and --to out, which imports everything at once. "
                    "Nothing was imported."
                )


def _show(plans: Mapping[Entity, ImportPlan], *, json: bool) -> None:
    if json:
        print_json({entity.plural: plan.values() for entity, plan in plans.items()})
        return
    for plan in plans.values():
        _say(plan, sys.stdout)


def _say(plan: ImportPlan, out: TextIO | None) -> None:
    """Say what is planned on `out` (None: nowhere), and a warning where points may be given."""
    if out is not None:
        print(f"plan: {plan_words(plan)}", file=out)
    if plan.awards is not None:
        print(f"warning: {plan.awards}", file=sys.stderr)


def _agreed(plans: Mapping[Entity, ImportPlan], arguments: argparse.Namespace) -> int | None:
    """Show the plan and ask a person whether it is meant, where there is one. Gives how many
    records of each kind may go: None: all; 0: none."""
    for plan in plans.values():
        _say(plan, None if arguments.quiet else sys.stderr)
    due = sum(plan.due for plan in plans.values())
    if not due or arguments.yes or arguments.first is not None:
        return arguments.first  # type: ignore[no-any-return]
    asker = Asker(sys.stdin, sys.stderr)
    if asker.silent:
        return None
    question = f"Send {counted(due, 'record')}? yes, no, or a number for a first batch to look at"
    answer = asker.ask(question, "no", _judge_answer)
    return None if answer == "yes" else int(answer or 0)


def _judge_answer(answer: str | None) -> str:
    """Give "yes", or a number. Raises ConfigurationError."""
    if answer in {"yes", "y"}:
        return "yes"
    if answer in {None, "no", "n"}:
        return "0"
    if re.fullmatch(r"[0-9]{1,9}", answer or ""):
        return str(answer)
    raise ConfigurationError("Answer yes, no, or a number such as 10.")


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
