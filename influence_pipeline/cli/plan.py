"""`influence-pipeline plan`."""

from __future__ import annotations

import argparse
import json

from influence_pipeline.cli.output import entities, print_json, print_table
from influence_pipeline.settings import load_settings
from influence_pipeline.sync.engine import Engine

_SHOWN = 20


def run(arguments: argparse.Namespace) -> int:
    # Loads pandas; see `sync.plan`.
    from influence_pipeline.sync.plan import COLUMNS, calls_of, plan

    with Engine(load_settings()) as engine:
        frame = plan(engine, list(entities(arguments.entity)), full=arguments.full)
        go_live = engine.planned_go_live()
    if arguments.csv:
        frame.to_csv(arguments.csv, index=False)
    counts = frame.groupby(["entity", "action", "state"]).size()
    if arguments.json:
        print_json(
            {
                "calls": calls_of(frame),
                "go_live": go_live,
                "records": json.loads(frame.to_json(orient="records")),
            }
        )
        return 0
    if frame.empty:
        print("Nothing to send: the store and what the API acknowledged agree.")
        return 0
    rows = [(*index, int(count)) for index, count in counts.items()]  # type: ignore[misc]
    print_table(("entity", "action", "state", "records"), rows)
    print()
    head = frame.head(_SHOWN).astype(object).where(frame.head(_SHOWN).notna(), None)
    print_table(COLUMNS, head.values.tolist())
    if len(frame) > _SHOWN:
        print(f"… and {len(frame) - _SHOWN:,} more; --csv FILE or --json gives all")
    print(f"\nAbout {calls_of(frame):,} calls. Orders placed before {go_live} are never sent.")
    return 0
