"""`influence-pipeline why`: one record's story."""

from __future__ import annotations

import argparse

from influence_pipeline.cli.output import entity_of, print_json, print_table
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    try:
        found = status.record(state, entity_of(arguments.entity), arguments.key)
    finally:
        state.close()
    if arguments.json:
        print_json(found)
        return 0
    print(f"{entity_of(arguments.entity)} {arguments.key}: {_summary(found)}")
    if found["status"]:
        print(f"last acknowledged financial status: {found['status']}")
    if found["reason"]:
        print(f"reason: {found['reason']}")
    if found["state"] == "ready" and found["next_at"]:
        print(f"next attempt: {found['next_at']}")
    attempts = found["attempts_made"]
    if attempts:
        print()
        columns = ("at", "call", "outcome", "http_status", "ms", "error")
        print_table(columns, [[attempt[column] for column in columns] for attempt in attempts])
    return 0


def _summary(found: dict[str, object]) -> str:
    if found["state"] == "parked":
        return "parked; a person must look"
    if found["state"] == "blocked":
        return f"waits for {found['blocked_on']}"
    if found["state"] == "ready":
        return "has changes that are not acknowledged yet"
    if found["synced_hash"] is None:
        return "not known: never seen in the store, or left out (an order before the go-live)"
    if found["store_hash"] is None:
        return "was synced, and is gone from the store"
    return "in sync: what the store has is what the API acknowledged"
