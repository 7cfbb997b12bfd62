"""The lines for influence.toml that follow from the findings. tomllib reads and does not write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from influence_pipeline.platform_api.probe.findings import Finding, Setting


def lines_of(findings: Iterable[Finding], *, must: bool) -> list[str]:
    """Give what must be set, or what may be, as lines of TOML with the question behind each.

    The later of two values for one key wins; what must be set wins over what may be.
    """
    chosen: dict[tuple[str, str], tuple[Setting, str]] = {}
    for finding in findings:
        for setting in finding.answer.settings:
            before = chosen.get((setting.table, setting.key))
            same = before is not None and before[0] == setting
            if not same and (before is None or setting.must or not before[0].must):
                chosen[setting.table, setting.key] = setting, finding.id
    lines: list[str] = []
    for table in dict.fromkeys(table for table, _ in chosen):
        of_table = [
            f"{setting.key} = {_value(setting.value)}  # {question}"
            for (here, _), (setting, question) in chosen.items()
            if here == table and setting.must is must
        ]
        if of_table:
            lines += [*([""] if lines else []), f"[{table}]", *of_table]
    return lines


def _value(value: str | float | Mapping[str, str]) -> str:
    if isinstance(value, str):
        # A literal string needs no escapes, which reads better where backslashes are.
        literal = "\\" in value and "'" not in value
        return f"'{value}'" if literal else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{name} = {json.dumps(to)}" for name, to in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return f"{value:g}"
