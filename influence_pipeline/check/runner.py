"""Runs the checks in their order and says what came of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from influence_pipeline.check import (
    alerts,
    api,
    configuration,
    coupons,
    items,
    members,
    money,
    orders,
    records,
    rewards,
    rights,
    schedule,
    selects,
    server,
    sources,
    state,
    steadiness,
    trial,
    variables,
    webhooks,
    wording,
)
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import (
    Check,
    Finding,
    Findings,
    Level,
    error,
    ok,
    warning,
)
from influence_pipeline.errors import InfluencePipelineError


def _accept(desk: Desk) -> Findings:
    known = {check.name for check in CHECKS}
    for name in desk.config.check.accept:
        if name not in known:
            yield warning(
                f'[check] accept names "{name}", and there is no such check',
                where=desk.place("check", "accept"),
                why="What was meant to pass does not.",
                mend="`influence-pipeline check --list` shows the names.",
            )


CHECKS: tuple[Check, ...] = (
    *(
        check
        for module in (
            variables,
            configuration,
            schedule,
            server,
            selects,
            steadiness,
            sources,
            wording,
            records,
            items,
            money,
            orders,
            state,
            api,
            webhooks,
            coupons,
            trial,
            rights,
            rewards,
            members,
            alerts,
        )
        for check in module.CHECKS
    ),
    Check("config.accept", "[check] accept names checks", _accept, ("config.file",)),
)


def run(desk: Desk) -> Iterator[Finding]:
    """Give the findings of every check, one by one as they are made; each check says something."""
    # Each check that found an error or could not look, with the one that is to be mended for it.
    failed: dict[str, str] = {}
    for check in CHECKS:
        waits_for = next((failed[name] for name in check.after if name in failed), None)
        if waits_for is not None:
            failed[check.name] = waits_for
            words = f"not looked at until {waits_for} is mended"
            yield Finding(Level.SKIPPED, words, check=check.name, waits_for=waits_for)
            continue
        found = [_accepted(desk, check, finding) for finding in _look(desk, check)]
        if any(finding.level is Level.ERROR for finding in found):
            failed[check.name] = check.name
        yield from found or [dataclasses.replace(ok(check.promise), check=check.name)]


def _look(desk: Desk, check: Check) -> Iterator[Finding]:
    try:
        yield from check.look(desk)
    except InfluencePipelineError as failure:
        yield error(
            str(failure),
            where=str(desk.settings.file),
            why="This question stays open.",
            mend="Mend what it names, and run the check again.",
        )
    except Exception as failure:
        # One question that cannot be asked must not silence the others. Its words may hold data.
        yield error(
            f"this check came to no end ({type(failure).__name__})",
            where=str(desk.settings.file),
            why="It is a defect of influence-pipeline, or of a server that answers oddly.",
            mend="Report it with the name of the check; the other checks are not touched by it.",
        )


def _accepted(desk: Desk, check: Check, finding: Finding) -> Finding:
    level = finding.level
    if level in {Level.WARNING, Level.ERROR} and check.name in desk.accepted:
        level = Level.ACCEPTED
    return dataclasses.replace(finding, level=level, check=check.name)
