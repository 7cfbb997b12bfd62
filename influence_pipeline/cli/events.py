"""`influence-pipeline events list|show|replay`: the inbox."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from influence_pipeline.cli.output import print_json, print_table
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import inbox

_COLUMNS = ("id", "received_at", "topic", "state", "attempts", "reason")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    actions = {"list": _list, "show": _show, "replay": _replay}
    try:
        return actions[arguments.action](state, arguments)
    finally:
        state.close()


def _list(state: Postgres, arguments: argparse.Namespace) -> int:
    states = [InboxState(arguments.state)] if arguments.state else None
    events = [asdict(e) for e in inbox.list_events(state, states=states, limit=arguments.most)]
    if arguments.json:
        print_json(events)
    elif not events:
        print("No events" + (f" are {arguments.state}." if arguments.state else " are stored."))
    else:
        print_table(_COLUMNS, [[event[column] for column in _COLUMNS] for event in events])
    return 0


def _show(state: Postgres, arguments: argparse.Namespace) -> int:
    found = inbox.show_event(state, arguments.id, with_body=True)
    if found is None:
        return _unknown(arguments.id)
    detail = asdict(found)
    line = detail.pop("line")
    body = found.body or b""
    detail["body"] = body.decode("utf-8", errors="backslashreplace")
    for coupon in detail["coupons"]:
        coupon["value"] = None if coupon["value"] is None else str(coupon["value"])
    detail["coupons"] = list(detail["coupons"])
    if arguments.json:
        print_json({**line, **detail})
        return 0
    for name, value in {**line, **detail}.items():
        print(f"{name:<12} {'-' if value is None else value}")
    return 0


def _replay(state: Postgres, arguments: argparse.Namespace) -> int:
    states = (InboxState.PARKED, InboxState.QUARANTINED)
    if not inbox.replay(state, ids=[arguments.id], states=states):
        return _unknown(arguments.id, "is not parked or quarantined, or")
    print(f"Event {arguments.id} is new again; the sensor or the receiver works it off.")
    return 0


def _unknown(event_id: int, what: str = "") -> int:
    words = f"Event {event_id} {what} is not known".replace("  ", " ")
    print(f"{words}; `influence-pipeline events list` lists them.", file=sys.stderr)
    return 1
