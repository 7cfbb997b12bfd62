"""The report of a run: Markdown for people, values for machines. No value of a record is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from influence_pipeline.platform_api.probe.findings import Finding, Standing
from influence_pipeline.platform_api.probe.runner import Probed
from influence_pipeline.platform_api.probe.toml import lines_of

# A reply longer than this is shown once.
_LONG = 120


@dataclass(frozen=True)
class Circumstances:
    """When, against what and how the probe ran. `api`: the host. `consent`: who allowed what."""

    at: datetime
    api: str
    version: str
    config: str | None
    consent: str


def as_values(probed: Probed, about: Circumstances) -> dict[str, Any]:
    """Give everything as values for JSON."""
    return {
        "at": about.at.isoformat(timespec="seconds"),
        "api": about.api,
        "version": about.version,
        "config": about.config,
        "calls": probed.room.wire.calls,
        "interrupted": probed.interrupted,
        "stopped": probed.stopped,
        "settings": {
            "must": "\n".join(lines_of(probed.findings, must=True)),
            "may": "\n".join(lines_of(probed.findings, must=False)),
        },
        "findings": [finding.as_values() for finding in probed.findings],
        "left_behind": [asdict(one) for one in probed.room.records.left],
    }


def markdown(probed: Probed, about: Circumstances) -> str:
    """Give the report as Markdown."""
    parts = [
        _head(probed, about),
        _settings(probed.findings),
        _attention(probed.findings),
        _table(probed.findings),
        _left(probed),
        _details(probed.findings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(probed: Probed, about: Circumstances) -> str:
    lines = [
        f"# Probe of the Platform API, {about.at:%Y-%m-%d}",
        "",
        f"- API: {about.api}",
        f"- when: {about.at.isoformat(timespec='seconds')}, {probed.room.wire.calls} calls",
        f"- by: influence-pipeline {about.version}",
        f"- settings in force: {about.config or 'the defaults (there is no influence.toml)'}",
        f"- consent: {about.consent}",
        f"- records: their names begin with `{probed.room.records.stem}`",
    ]
    if probed.stopped:
        lines.append(f"- **it did not come to its end**: {_text(probed.stopped)}")
    lines += [
        "",
        "Replies are shown as names and types of their fields. No key and no value of a record is "
        "in this file.",
    ]
    return "\n".join(lines)


def _settings(findings: Sequence[Finding]) -> str:
    must, may = lines_of(findings, must=True), lines_of(findings, must=False)
    text = "## Settings that follow\n\n"
    if must:
        text += "Put these into `influence.toml`, into the tables that are there already:\n\n"
        text += _block(must)
    else:
        text += "None: nothing was found that the settings in force do not fit."
    if may:
        text += "\n\nPossible, and a choice:\n\n" + _block(may)
    return text


def _block(lines: Sequence[str]) -> str:
    return "\n".join(["```toml", *lines, "```"])


def _attention(findings: Sequence[Finding]) -> str:
    wanted = [one for one in findings if one.answer.attention]
    if not wanted:
        return ""
    lines = [f"- **{one.id}**: {_text(f'{one.answer.words} {one.answer.means}')}" for one in wanted]
    return "## To look at before the go-live\n\n" + "\n".join(lines)


def _table(findings: Sequence[Finding]) -> str:
    rows = ["## Answers", "", "| question | answer | sure |", "|---|---|---|"]
    rows += [f"| {one.id} | {_cell(one.answer.words)} | {_sure(one)} |" for one in findings]
    return "\n".join(rows)


def _sure(finding: Finding) -> str:
    answered = finding.answer.standing is Standing.ANSWERED
    return (finding.answer.confidence if answered else finding.answer.standing).value


def _left(probed: Probed) -> str:
    left = probed.room.records.left
    if not left:
        return "## Left behind\n\nNothing: no record was written, or each was removed again."
    lines = [
        f"- {one.kind} `{one.id}`"
        + (" (perhaps: its call got no plain answer)" if one.perhaps else "")
        + (f": {_text(one.note)}" if one.note else "")
        for one in left
    ]
    return (
        "## Left behind\n\n"
        + "\n".join(lines)
        + "\n\nThe API shows no call that deletes customers, orders or products. Find them in the "
        f"Influence dashboard by `{probed.room.records.stem}` and delete them there, or ask "
        "Influence's support to. They belong to nobody and can stay."
    )


def _details(findings: Sequence[Finding]) -> str:
    shown: dict[str, str] = {}
    return "## In detail\n\n" + "\n\n".join(_detail(one, shown) for one in findings)


def _detail(finding: Finding, shown: dict[str, str]) -> str:
    """Give one question. `shown`: replies that stand above, with the question they stand in."""
    answer = finding.answer
    lines = [f"### {finding.id}: {finding.title}", "", _text(answer.words)]
    if answer.means:
        lines += ["", _text(answer.means)]
    own = [*lines_of([finding], must=True), *lines_of([finding], must=False)]
    if own:
        lines += ["", _block(own)]
    if finding.seen:
        lines += ["", "```text"]
        for seen in finding.seen:
            first = shown.setdefault(seen.result, finding.id)
            result = seen.result
            if len(result) > _LONG and first != finding.id:
                result = f"{result.partition(' {')[0]}, fields as in {first} above"
            took = f" ({seen.ms:,} ms)" if seen.ms else ""
            lines.append(f"{seen.call}\n  -> {result}{took}")
        lines.append("```")
    return "\n".join(lines)


def _text(words: str) -> str:
    """Make words safe as Markdown: no HTML, no emphasis by accident, one line."""
    words = words.replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")
    return re.sub(r"([*\[\]])", r"\\\1", words)


def _cell(words: str) -> str:
    return _text(words).replace("|", "\\|")
