"""`influence-pipeline why`: one record's story."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from influence_pipeline.cli.output import entity_of, given_key, print_json, print_table
from influence_pipeline.records import Entity
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.state.schema import Phase
from influence_pipeline.sync import status


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    entity = entity_of(arguments.entity)
    try:
        found = status.record(state, entity, given_key(arguments.key))
    finally:
        state.close()
    if arguments.json:
        print_json(found)
        return 0
    print(f"{entity} {arguments.key}: {_summary(entity, found)}")
    for line in _coupon_lines(found.get("coupon")):
        print(line)
    if found["status"]:
        print(f"last acknowledged financial status: {found['status']}")
    if found["phase"] in _PHASES:
        print(_PHASES[found["phase"]])
    if found["lease_until"] and found["lease_until"] > datetime.now(UTC):
        print(f"held by a run until {found['lease_until']}")
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


# What the order protocol has outstanding (docs/order-protocol.md).
_PHASES = {
    Phase.CREATING: "a call that creates it is under way, or its run died: whether Influence has "
    "it is then not known, and is asked for",
    Phase.UNKNOWN: "whether Influence has it is not known (a call had no clear answer); after the "
    "quiet window it is asked for, not created again",
    Phase.REFUNDING: "a call that moves it to refunded is under way, or had no clear answer; "
    "Influence is asked before points could be taken back twice",
}


def _summary(entity: Entity, found: dict[str, Any]) -> str:
    if found["state"] == "parked":
        return "parked; a person must look"
    if found["state"] == "blocked":
        return f"waits for {found['blocked_on']}"
    if entity is Entity.REWARD:
        return _reward_summary(found)
    if found["state"] == "ready":
        return "has changes that are not acknowledged yet"
    if found["synced_hash"] is None:
        return _unknown(entity)
    if found["store_hash"] is None:
        return "was synced, and is gone from the store"
    return "in sync: what the store has is what the API acknowledged"


def _unknown(entity: Entity) -> str:
    if entity is Entity.ORDER:
        return (
            "not known by this id (an order's number is not its id): never seen in the store, or "
            "left out (an order before the go-live)"
        )
    return "not known: never seen in the store"


def _reward_summary(found: dict[str, Any]) -> str:
    coupon = found["coupon"]
    if coupon is None:
        return "not known: no coupon with this code was made here"
    if coupon["reward_used_at"]:
        return "used, and Influence knows"
    if found["state"] == "ready" or coupon["used_at"]:
        return "used; Influence is still to be told"
    if coupon["issued_at"]:
        return "made, and not used yet by an order that was synced"
    return "about to be made in the store"


def _coupon_lines(coupon: dict[str, Any] | None) -> list[str]:
    if coupon is None:
        return []
    told = {
        f"made on {coupon['issued_at']}": coupon["issued_at"],
        f"used by order {coupon['order_key']} on {coupon['used_at']}": coupon["used_at"],
        f"told to Influence on {coupon['reward_used_at']}": coupon["reward_used_at"],
    }
    return [line for line, happened in told.items() if happened]
