"""`influence-pipeline members reconcile|gaps|accept|list|show`: members and their balances."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import asdict

from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import given_key, print_json, print_table
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import gaps
from influence_pipeline.webhooks.gaps import GapCount
from influence_pipeline.webhooks.reconcile import pause_between_pages, reconcile


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url", *(["api_key"] if arguments.action == "reconcile" else []))
    schema = settings.config.state_schema
    with closing(open_state(settings.secret("state_url"), schema=schema)) as state:
        if arguments.action == "reconcile":
            return _reconcile(state, settings, arguments)
        actions = {"gaps": _gaps, "accept": _accept, "list": _list, "show": _show}
        return actions[arguments.action](state, arguments)


def _reconcile(state: Postgres, settings: Settings, arguments: argparse.Namespace) -> int:
    with closing(SingleCalls(settings.environment.api_url, settings.secret("api_key"))) as api:
        done = reconcile(
            state,
            api,
            settings.config.members,
            everyone=arguments.everyone,
            pause_seconds=pause_between_pages(settings.config.delivery),
        )
    for note in done.notes:
        print(f"note: {note}", file=sys.stderr)
    if arguments.json:
        shown = asdict(done)
        shown["trouble"] = None if done.trouble is None else str(done.trouble)
        shown["notes"] = list(done.notes)
        print_json(shown)
    else:
        who = "everyone" if done.everyone else "who changed since the last time"
        print(
            f"listed {counted(done.listed, 'customer')} ({who}), "
            f"{counted(done.untold, 'state')} that no event had told"
        )
        print(_words(done.gaps))
        if done.gaps.lost or done.gaps.gained:
            print("next: influence-pipeline members gaps")
    if done.trouble is not None:
        raise done.trouble
    return 0


def _words(count: GapCount) -> str:
    if not count.lost and not count.gained:
        return "every balance adds up"
    parts = []
    if count.lost:
        parts.append(
            f"{counted(count.lost, 'customer')} with {count.points_lost:,} points fewer than the "
            "events tell: a redemption may never have been delivered"
        )
    if count.gained:
        parts.append(
            f"{counted(count.gained, 'customer')} with {count.points_gained:,} points more than "
            "the events tell"
        )
    return "; ".join(parts)


def _gaps(state: Postgres, arguments: argparse.Namespace) -> int:
    found = gaps.find(state, arguments.most)
    if arguments.json:
        print_json([asdict(gap) for gap in found])
    elif not found:
        print("No gaps: every balance adds up, as of the last reconcile.")
    else:
        print_table(
            ("customer", "points", "after", "by", "found"),
            [(g.external_id, g.points, g.since, g.until, g.found_at) for g in found],
        )
        print(
            "next: influence-pipeline members show CUSTOMER, and the customer in the Influence "
            "dashboard; when settled: influence-pipeline members accept CUSTOMER"
        )
    return 0


def _accept(state: Postgres, arguments: argparse.Namespace) -> int:
    balance = gaps.accept(state, given_key(arguments.customer))
    if balance is None:
        return _unknown(arguments.customer)
    print(
        f"The balance of customer {arguments.customer} is taken as it is: {balance:,} points. What "
        "changes from here on must add up again."
    )
    return 0


def _list(state: Postgres, arguments: argparse.Namespace) -> int:
    found = [asdict(member) for member in gaps.members(state, arguments.most)]
    if arguments.json:
        print_json(found)
    elif not found:
        print("No members are known yet. Next: influence-pipeline members reconcile")
    else:
        columns = ("external_id", "point_balance", "tier_title", "updated_at")
        print_table(
            ("customer", "points", "tier", "changed"),
            [[member[column] for column in columns] for member in found],
        )
    return 0


def _show(state: Postgres, arguments: argparse.Namespace) -> int:
    found = gaps.history(state, given_key(arguments.customer))
    if not found:
        return _unknown(arguments.customer)
    if arguments.json:
        print_json([{**asdict(line), "told": [asdict(t) for t in told]} for line, told in found])
        return 0
    for line, told in found:
        for name, value in asdict(line).items():
            print(f"{name:<14} {'-' if value is None else value}")
        print("what was told of the balance since it last added up:")
        print_table(
            ("at", "by", "balance", "moved", "event"),
            [(t.at, t.source, t.balance, t.moved, t.event_id) for t in told],
        )
    return 0


def _unknown(customer: str) -> int:
    print(
        f"error: No balance is known of customer {customer} (the store's id). Who is known: "
        "influence-pipeline members list; who is not was neither in an event nor in the list of "
        "the last reconcile.",
        file=sys.stderr,
    )
    return 1
