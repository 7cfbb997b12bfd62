"""`influence-pipeline forget`: show what is kept of one customer, ask, and erase it."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

from influence_pipeline.amounts import counted
from influence_pipeline.cli.asking import Asker
from influence_pipeline.cli.output import given_key, print_json, print_table
from influence_pipeline.erasure.erasing import Erased, forget, undo
from influence_pipeline.erasure.finding import Event, Found, find
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state

# So many waiting events are listed for people; JSON has all.
_MOST = 20


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    customer = given_key(arguments.customer)
    emails = [_email(text) for text in arguments.email]
    schema = settings.config.state_schema
    with closing(open_state(settings.secret("state_url"), schema=schema)) as state:
        if arguments.undo:
            return _undo(state, customer, json=arguments.json)
        return _forget(state, customer, emails, arguments)


def _email(text: str) -> str:
    if "@" not in given_key(text):
        raise ConfigurationError("--email takes an e-mail address.")
    return text


def _forget(
    state: Postgres, customer: str, emails: list[str], arguments: argparse.Namespace
) -> int:
    found = find(state, customer, emails)
    out = sys.stderr if arguments.json else sys.stdout
    if not arguments.json:
        _show(found)
    code: int | None = None
    if arguments.dry_run:
        code = 0
    elif found.waiting and not arguments.without_coupons:
        _say_what_waits(found.waiting)
        code = 1
    elif not arguments.yes and not _agreed(found):
        code = 2 if Asker(sys.stdin, sys.stderr).silent else 0
        words = "say --yes, for there is no terminal to ask on" if code else "as you say"
        print(f"Nothing was erased: {words}.", file=sys.stderr)
    elif not arguments.yes and not arguments.without_coupons:
        # The question may have stood for a while.
        found = find(state, customer, emails)
        if found.waiting:
            _say_what_waits(found.waiting)
            code = 1
    if code is not None:
        if arguments.json:
            print_json(_values(found, None))
        return code
    done = forget(state, found)
    if arguments.json:
        print_json(_values(found, done))
    else:
        _say_what_was_done(done)
    if done.under_way:
        still = counted(done.under_way, "call or event is", "calls and events are")
        print(
            f"error: {still} still under way that may be the customer's (of orders: all that a run "
            "held when the customer was noted), and what they write is not erased. Nothing new "
            "begins. Run the same command again in a minute.",
            file=sys.stderr,
        )
        return 1
    print(_LEFT_TO_DO, file=out)
    return 0


def _show(found: Found) -> None:
    if found.nothing:
        print(f"Nothing is kept of customer {found.customer}.")
    else:
        print(f"Of customer {found.customer} the state holds:")
        rows: list[tuple[str, int]] = [
            (f"inbox: {topic}", number) for topic, number in sorted(found.topics.items())
        ]
        rows += [(name, number) for name, number in found.tables.items() if number]
        print_table(("what", "rows"), rows)
    if found.of_another:
        events = counted(found.of_another, "event names", "events name")
        print(
            f"{events} an e-mail of theirs beside another id of the store. That customer is not "
            "erased; if it is the same person, forget that id too."
        )


def _say_what_waits(waiting: list[Event]) -> None:
    shown = waiting[:_MOST]
    print_table(
        ("event", "topic", "state", "reason"),
        [(event.id, event.topic, str(event.state), event.reason_code) for event in shown],
    )
    if len(waiting) > len(shown):
        print(f"… and {len(waiting) - len(shown):,} more")
    events = counted(len(waiting), "event asks", "events ask")
    print(
        f"error: {events} for a coupon that the customer has paid for with points, and it is not "
        "made yet. Nothing was erased. Let new ones be worked off and see to parked ones "
        "(influence-pipeline events replay or settle); or say --without-coupons, and they are put "
        "away without.",
        file=sys.stderr,
    )


def _agreed(found: Found) -> bool:
    asker = Asker(sys.stdin, sys.stderr)
    question = (
        f"Note customer {found.customer} as erased, so that nothing comes? yes or no"
        if found.nothing
        else f"Erase all this of customer {found.customer}? It cannot be brought back. yes or no"
    )
    return not asker.silent and asker.ask(question, "no", _judge_answer) == "yes"


def _judge_answer(answer: str | None) -> str:
    """Give "yes" or "no". Raises ConfigurationError."""
    if answer in {"yes", "y"}:
        return "yes"
    if answer in {None, "no", "n"}:
        return "no"
    raise ConfigurationError("Answer yes or no.")


def _say_what_was_done(done: Erased) -> None:
    events = counted(done.events, "event was emptied", "events were emptied")
    rows = counted(done.rows, "row of other tables was erased", "rows of other tables were erased")
    print(f"{events}, {rows}.")
    if done.without_coupon:
        ids = ", ".join(map(str, done.without_coupon))
        print(f"Put away without the coupon that they asked for: events {ids}.")


_LEFT_TO_DO = """\
Nothing of this customer is sent or kept from here on, even while the store has them.
What is left to you:
- Erase the customer in the store. Until then the store's id, and no value, stays in left_out.
- Have Influence erase the customer: the API documents no call for that.
- What the state held may still be in backups and in its server's WAL, and in logs that show
  statements; ids of customers may stand in Dagster's runs. docs/operations.md says how long."""


def _undo(state: Postgres, customer: str, *, json: bool) -> int:
    was = undo(state, customer)
    if json:
        print_json({"customer": customer, "undone": was})
    elif was:
        print(
            f"Customer {customer} is let in again. `influence-pipeline sync --full` sends them, if "
            "the store has them, and then their orders of meanwhile; what was erased stays erased."
        )
    if not was:
        print(
            f"error: Customer {customer} was not erased, so there is nothing to undo. Is it the "
            "store's id, as `forget` was given it?",
            file=sys.stderr,
        )
    return 0 if was else 1


def _values(found: Found, done: Erased | None) -> dict[str, Any]:
    return {
        "customer": found.customer,
        "found": {
            "events": dict(found.topics),
            "tables": found.tables,
            "waiting": [
                {"id": e.id, "topic": e.topic, "state": str(e.state), "reason_code": e.reason_code}
                for e in found.waiting
            ],
            "events_of_another_customer": found.of_another,
        },
        "erased": None
        if done is None
        else {
            "events": done.events,
            "rows": done.rows,
            "under_way": done.under_way,
            "without_coupon": done.without_coupon,
        },
    }
