"""`influence-pipeline parked`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import (
    entity_of,
    given_key,
    masked,
    print_json,
    print_table,
    writing,
)
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status

_COLUMNS = ("entity", "key", "reason_code", "reason", "attempts", "queued_at", "holds_up")
# So many are listed for people; CSV and JSON have all.
_MOST = 1000
# More than a screen of them is counted by reason first.
_MANY = 20
_MOST_REASONS = 20
_TIMES = "×"  # noqa: RUF001  (the sign is meant)


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    for_people = not arguments.csv and not arguments.json
    try:
        entity = entity_of(arguments.entity) if arguments.entity else None
        code = None if arguments.reason is None else given_key(arguments.reason)
        most = _MOST if for_people else None
        rows = [_shown(row) for row in status.parked(state, entity, most, code)]
        many = for_people and len(rows) > _MANY
        reasons = status.parked_summary(state, entity, code) if many else []
    finally:
        state.close()
    if arguments.csv:
        with (
            writing(arguments.csv),
            Path(arguments.csv).open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    if arguments.json:
        print_json(rows)
    elif arguments.csv:
        print(f"{counted(len(rows), 'parked record')} written to {arguments.csv}")
    elif not rows:
        narrowed = arguments.entity or arguments.reason
        print("Nothing that fits is parked." if narrowed else "Nothing is parked.")
    else:
        _print(rows, reasons)
    return 0


def _print(rows: list[dict[str, Any]], reasons: list[dict[str, Any]]) -> None:
    if reasons:
        _summary(reasons)
        print()
    columns: tuple[str, ...] = _COLUMNS[:4]
    if any(row["holds_up"] for row in rows):
        columns = ("entity", "key", "reason_code", "holds_up", "reason")
    print_table(columns, [[row[column] for column in columns] for row in rows])
    more = sum(reason["records"] for reason in reasons) - len(rows)
    if more > 0:
        print(f"… and {more:,} more; --csv FILE or --json gives all")
    print(
        "\nA record is released when it changes in the store, or once the cause is mended by "
        "`influence-pipeline retry ENTITY --key KEY`, `retry --reason CODE` or `retry --all`."
    )
    if any(row["holds_up"] for row in rows):
        print("holds_up: orders that wait for this customer; they follow by themselves.")
    if any(row["entity"] == Entity.REWARD for row in rows):
        print("Coupon codes are masked; `retry rewards --all` or `--reason CODE` needs none.")


def _summary(reasons: list[dict[str, Any]]) -> None:
    """Count by reason. The reason of a reward may name its coupon, so rewards are one line."""
    rewards = sum(r["records"] for r in reasons if r["entity"] == Entity.REWARD)
    others = [r for r in reasons if r["entity"] != Entity.REWARD]
    for found in others[:_MOST_REASONS]:
        print(f"{found['records']:,} {_TIMES} {found['entity']}: {found['reason'] or '-'}")
    rest = others[_MOST_REASONS:]
    if rest:
        print(f"{sum(r['records'] for r in rest):,} {_TIMES} other reasons")
    if rewards:
        print(f"{rewards:,} {_TIMES} {Entity.REWARD}")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Mask the key of a reward: it is a coupon's code, and who has it can use it."""
    if row["entity"] != Entity.REWARD:
        return row
    code = str(row["key"])
    reason = row["reason"] and str(row["reason"]).replace(code, masked(code))
    return {**row, "key": masked(code), "reason": reason}
