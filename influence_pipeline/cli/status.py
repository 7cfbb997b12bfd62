"""`influence-pipeline status`."""

from __future__ import annotations

import argparse

from influence_pipeline.cli.output import counted, print_json, print_table
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    try:
        found = status.overview(state)
    finally:
        state.close()
    given = settings.config.orders.go_live
    found["go_live"] = given.isoformat() if given else found["go_live"]
    if arguments.json:
        print_json(found)
        return 0
    columns = ("in_store", "synced", "ready", "blocked", "parked", "gone")
    rows = [
        (entity.plural, *(found["entities"][entity][column] for column in columns))
        for entity in Entity
    ]
    print_table(("", "in store", "synced", "due", "blocked", "parked", "gone"), rows)
    print()
    for entity in Entity:
        facts = found["entities"][entity]
        if facts["held"]:
            held = counted(facts["held"], "record is", "records are")
            print(
                f"{entity.plural}: {held} held by a run; should it have died, "
                "its hold ends by itself"
            )
        if facts.get("oldest_pending"):
            print(f"{entity.plural}: the oldest due record waits since {facts['oldest_pending']}")
        if facts.get("last_error"):
            print(f"{entity.plural}: the last run stopped: {facts['last_error']}")
    print(f"go-live of orders: {found['go_live'] or 'not yet set; the first sync sets it'}")
    for state_name, inbox in found["inbox"].items():
        print(f"webhook events {state_name}: {inbox['events']:,}, oldest {inbox['oldest']}")
    coupons = found["coupons"]
    print(
        f"coupons made: {coupons['made']:,}, used: {coupons['used']:,}, "
        f"told to Influence: {coupons['told']:,}"
    )
    if any(found["entities"][entity]["parked"] for entity in Entity):
        print("Parked records wait for a person: influence-pipeline parked")
    return 0
