"""`influence-pipeline status`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from influence_pipeline.amounts import counted, duration
from influence_pipeline.cli.output import print_json, print_table
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
    if found["limit"] is not None:
        found["limit"]["ceiling"] = settings.config.delivery.calls_per_second
    if arguments.json:
        print_json(found)
        return 0
    _print(found)
    return 0


def _print(found: dict[str, Any]) -> None:
    columns = ("in_store", "synced", "ready", "blocked", "parked", "gone")
    rows = [
        (entity.plural, *(found["entities"][entity][column] for column in columns))
        for entity in Entity
    ]
    print_table(("", "in store", "synced", "due", "blocked", "parked", "gone"), rows)
    print()
    for entity in Entity:
        for line in _lines(found["entities"][entity]):
            print(f"{entity.plural}: {line}")
    print(_pace(found))
    if found["limit"] is not None:
        print(_limit(found["limit"]))
    runs = [
        f"{entity.plural} {duration(age)} ago"
        for entity in Entity
        if (age := found["entities"][entity].get("last_run_age_seconds")) is not None
    ]
    print(f"last runs: {', '.join(runs) or 'none yet'}")
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


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    if facts["held"]:
        held = counted(facts["held"], "record is", "records are")
        yield f"{held} held by a run; should it have died, its hold ends by itself"
    if facts["withheld"]:
        held_back = counted(facts["withheld"], "record is", "records are")
        yield f"{held_back} held back, because the customer was erased (influence-pipeline forget)"
    if facts.get("oldest_pending"):
        age = duration(facts["oldest_pending_seconds"])
        yield f"the oldest due record waits since {facts['oldest_pending']} ({age})"
    if facts.get("last_error"):
        yield f"the last run stopped: {facts['last_error']}"


def _pace(found: dict[str, Any]) -> str:
    """Say how fast calls are made, and when what is due will be sent at that pace."""
    pace = found["pace"]
    if pace is None:
        return "pace: no call was made in the last minute"
    said = (
        f"pace: {pace['calls_per_second']:,.1f} calls/s, "
        f"{pace['records_per_second']:,.1f} records/s over the last minute"
    )
    if pace["throttled"]:
        said += f"; told to slow down {counted(pace['throttled'], 'time')}"
    if found["eta_seconds"] is not None:
        said += f"; what is due takes about {duration(found['eta_seconds'])} more"
    return said


def _limit(limit: dict[str, Any]) -> str:
    """Say what is known of the API's limit, and by what the pace is bound."""
    rate = limit["calls_per_second"]
    if rate is None:
        said = "limit of the API: none met"
    elif limit["mode"] == "hold":
        said = f"limit of the API: calls are kept just under it, at {rate:,.1f}/s"
    else:
        said = f"limit of the API: being looked for, now at {rate:,.1f} calls/s"
    if limit["ceiling"] is not None:
        said += f"; never more than {limit['ceiling']:g}/s (delivery.calls_per_second)"
    if limit["held_seconds"] > 0:
        waits = duration(limit["held_seconds"])
        said += f"; the API asked to be left alone for {waits} more (Retry-After)"
    return said
