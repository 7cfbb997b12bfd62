"""`influence-pipeline events list|show|replay|settle`: the inbox."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
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
    actions = {"list": _list, "show": _show, "replay": _replay, "settle": _settle}
    try:
        return actions[arguments.action](state, arguments)
    finally:
        state.close()


def _list(state: Postgres, arguments: argparse.Namespace) -> int:
    found = inbox.list_events(
        state,
        states=[InboxState(arguments.state)] if arguments.state else None,
        topic=arguments.topic,
        reason_code=arguments.reason,
        before_id=arguments.before,
        limit=arguments.most,
    )
    events = [asdict(event) for event in found]
    if arguments.json:
        print_json(events)
    elif not events:
        print(f"No events {_which(arguments)}.")
    else:
        print_table(_COLUMNS, [[event[column] for column in _COLUMNS] for event in events])
    return 0


def _which(arguments: argparse.Namespace) -> str:
    if arguments.topic or arguments.reason or arguments.before:
        return "are stored that fit"
    return f"are {arguments.state}" if arguments.state else "are stored"


def _show(state: Postgres, arguments: argparse.Namespace) -> int:
    found = inbox.show_event(state, arguments.id, with_body=arguments.body)
    if found is None:
        return _unknown(arguments.id)
    detail = asdict(found)
    line = detail.pop("line")
    body = detail.pop("body")
    if body is not None:
        detail["body"] = body.decode("utf-8", errors="backslashreplace")
    for coupon in detail["coupons"]:
        coupon["value"] = None if coupon["value"] is None else str(coupon["value"])
    detail["coupons"] = list(detail["coupons"])
    if arguments.json:
        print_json({**line, **detail})
        return 0
    for name, value in {**line, **detail}.items():
        print(f"{name:<12} {'-' if value is None else value}")
    if body is None:
        print("What was sent is not shown; it holds personal data and coupon codes: --body.")
    return 0


_SET_ASIDE = (InboxState.PARKED, InboxState.QUARANTINED)


def _replay(state: Postgres, arguments: argparse.Namespace) -> int:
    if bool(arguments.id) == bool(arguments.reason):
        print("Say which events: their ids, or --reason CODE.", file=sys.stderr)
        return 2
    again = inbox.replay(
        state,
        ids=arguments.id or None,
        reason_code=arguments.reason,
        states=_SET_ASIDE if arguments.id else (InboxState.PARKED,),
        over_cap=arguments.over_cap,
    )
    if again:
        events = _events(again)
        print(f"{events} new again; the sensor or the receiver works {_them(again)} off.")
    elif arguments.reason:
        print(f"No event is parked for {arguments.reason}.", file=sys.stderr)
    return _said_of_the_others(arguments.id, again) if arguments.id else (0 if again else 1)


def _settle(state: Postgres, arguments: argparse.Namespace) -> int:
    settled = inbox.settle_by_hand(state, arguments.id, arguments.note)
    if settled:
        print(f"{_events(settled)} put away as done by hand.")
    return _said_of_the_others(arguments.id, settled)


def _said_of_the_others(asked: Sequence[int], done: Sequence[int]) -> int:
    others = sorted(set(asked) - set(done))
    for event_id in others:
        _unknown(event_id, "is not parked or quarantined, or")
    return 1 if others else 0


def _events(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return f"Event {ids[0]} is"
    listed = ", ".join(map(str, ids[:10])) + (" …" if len(ids) > 10 else "")
    return f"{len(ids)} events ({listed}) are"


def _them(ids: Sequence[int]) -> str:
    return "it" if len(ids) == 1 else "them"


def _unknown(event_id: int, what: str = "") -> int:
    words = f"Event {event_id} {what} is not known".replace("  ", " ")
    print(f"{words}; `influence-pipeline events list` lists them.", file=sys.stderr)
    return 1
