"""`influence-pipeline parked`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from influence_pipeline.cli.output import entity_of, print_json, print_table
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status

_COLUMNS = ("entity", "key", "reason_code", "reason", "attempts", "queued_at")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    try:
        entity = entity_of(arguments.entity) if arguments.entity else None
        rows = status.parked(state, entity, most=1_000_000 if arguments.csv else 1000)
    finally:
        state.close()
    if arguments.csv:
        with Path(arguments.csv).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        print(f"{len(rows):,} parked records written to {arguments.csv}")
    elif arguments.json:
        print_json(rows)
    elif not rows:
        print("Nothing is parked.")
    else:
        print_table(_COLUMNS[:4], [[row[column] for column in _COLUMNS[:4]] for row in rows])
        print(
            "\nA record is released when it changes in the store, or by "
            "`influence-pipeline retry ENTITY --key KEY` once the cause is mended."
        )
    return 0
