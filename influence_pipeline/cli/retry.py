"""`influence-pipeline retry`."""

from __future__ import annotations

import argparse

from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import entity_of, given_key
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    try:
        entity = entity_of(arguments.entity) if arguments.entity else None
        key = None if arguments.key is None else given_key(arguments.key)
        reason = None if arguments.reason is None else given_key(arguments.reason)
        released = status.release(state, entity, key, reason)
    finally:
        state.close()
    if not released:
        print("Nothing parked fits that; `influence-pipeline parked` lists what is parked.")
        return 1
    for row in released:
        found = Entity(row["entity"])
        due = counted(row["records"], f"{found} is", f"{found.plural} are")
        it = "it" if row["records"] == 1 else "them"
        print(f"{due} due again; the next sync sends {it}.{_following(row['holds_up'], it)}")
    return 0


def _following(orders: int, it: str) -> str:
    if not orders:
        return ""
    waiting = counted(orders, "order that waits", "orders that wait")
    return (
        f" {waiting} for {it} {'goes' if orders == 1 else 'go'} once {it} {_IS[it]} acknowledged."
    )


_IS = {"it": "is", "them": "are"}
