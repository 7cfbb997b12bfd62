"""`influence-pipeline …`: the engine on the command line, without Dagster.

This module knows the commands and their flags and loads a command's module when it is called, so
that `--help` answers at once. What a command does is in the module that its name leads to.

Exit codes: 0 done · 1 stopped by the store, the state or the API · 2 wrong usage
· 3 a setting or the mapping must be mended · 4 done, but records of this run were parked
· 5 so much has changed at once that the sync of an entity stopped · 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

from influence_pipeline import __version__
from influence_pipeline.errors import InfluencePipelineError

EXIT_CODES = (
    "exit codes: 0 done; 1 stopped by the store, the state or the API; 2 wrong usage; "
    "3 a setting or the mapping must be mended; 4 done, but records of this run were parked; "
    "5 so much has changed at once that the sync of an entity stopped; 130 interrupted"
)

_STORE = "INFLUENCE_STORE"
_ENTITIES = ("customers", "products", "orders")


def _seconds(text: str) -> float:
    seconds = -1.0
    with suppress(ValueError):
        seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of every command. Loads none of their modules."""
    parser = argparse.ArgumentParser(
        prog="influence-pipeline",
        description="Feed a Postgres store's customers, products and orders to Influence.io, and "
        "turn its webhooks into coupons.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument(
        "--store",
        metavar="NAME",
        help="which store, where INFLUENCE_STORES lists several; default: INFLUENCE_STORE",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, module: str, words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=words, epilog=EXIT_CODES)
        added.set_defaults(module=module)
        # The same after the command. No default, which would win over what was said before it.
        added.add_argument(
            "--store", metavar="NAME", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        return added

    def entity(added: argparse.ArgumentParser, words: str) -> None:
        added.add_argument("--entity", choices=_ENTITIES, help=words)

    def long_work(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--quiet", action="store_true", help="do not show how far it is on standard error"
        )
        added.add_argument(
            "--metrics-port",
            type=int,
            metavar="PORT",
            help="serve Prometheus metrics on 127.0.0.1 while it runs",
        )

    def as_json(added: argparse.ArgumentParser) -> None:
        added.add_argument("--json", action="store_true", help="print JSON")

    added = command("init", "init", "write a first influence.toml and its SQL files")
    added.add_argument(
        "--store-url", metavar="URL", help="the store's Postgres; default: INFLUENCE_STORE_URL"
    )
    added.add_argument(
        "--preset",
        default="auto",
        choices=["auto", "plain", "medusa", "vendure", "saleor", "unknown"],
        help="auto: recognise the store, plain where none is named; unknown: a draft from the "
        "store's own catalog; default: auto",
    )
    added.add_argument("--into", default=".", metavar="FOLDER", help="default: this folder")
    added.add_argument("--time-zone", metavar="ZONE", help="of timestamps that have none")
    added.add_argument("--currency", metavar="CODE", help="of amounts that say none")
    added.add_argument("--yes", action="store_true", help="ask nothing, take what is likely")
    as_json(added)

    command("schema", "schema", "print the JSON Schema of influence.toml, for editors")

    added = command("stores", "stores", "the list of stores (INFLUENCE_STORES): who is ready")
    as_json(added)

    added = command(
        "check", "check", "check the configuration against the live store, state and API"
    )
    added.description = (
        "Hold the environment, influence.toml and its SQL files against the live store, state and "
        "API. Reads only: nothing is sent, and the coupon that is made for a trial is taken back."
    )
    added.add_argument("--verbose", action="store_true", help="also what is well")
    added.add_argument("--strict", action="store_true", help="warnings fail too")
    added.add_argument("--list", action="store_true", help="name the checks and do nothing")
    as_json(added)

    added = command("roles", "roles", "print SQL for database roles with just the rights needed")
    added.add_argument(
        "--store-url",
        metavar="URL",
        help="of a role that may use the schemas that are read, for example an administrator's; "
        "default: INFLUENCE_STORE_URL",
    )
    for role in ("reader", "coupons", "state"):
        added.add_argument(
            f"--{role}", default=f"influence_{role}", metavar="NAME", help="default: %(default)s"
        )
    added.add_argument("--only", choices=["reader", "coupons", "state"], help="only this role")
    as_json(added)

    added = command(
        "plan", "plan", "show what a sync would send; changes nothing but an empty state's schema"
    )
    entity(added, "only this one; default: all three")
    added.add_argument("--full", action="store_true", help="compare everything")
    files = "holds what would be sent, so personal data"
    added.add_argument("--csv", metavar="FILE", help=f"write the plan to a CSV file too; {files}")
    added.add_argument(
        "--parquet", metavar="FILE", help=f"write it to a Parquet file too (needs pyarrow); {files}"
    )
    added.add_argument("--json", action="store_true", help=f"print JSON; {files}")

    added = command("sync", "sync", "send what changed since the last sync")
    entity(added, "only this one; default: customers, products, orders, used rewards")
    added.add_argument("--full", action="store_true", help="compare everything, find deletes")
    added.add_argument(
        "--every-record",
        action="store_true",
        help="compute every record anew, also where no source row of it has changed",
    )
    added.add_argument(
        "--allow-mass-change",
        action="store_true",
        help="go on where more than a share of the records has changed or is gone at once",
    )
    added.add_argument(
        "--wait",
        type=_seconds,
        metavar="SECONDS",
        help="go on until nothing is due, as long as all waits of one entity together fit into "
        "this time (each entity has its own); default: linger_seconds in influence.toml",
    )
    long_work(added)
    as_json(added)

    added = command("import", "imports", "the first import, or one of a range of months")
    entity(
        added,
        "customers or products; default: both; orders: only with orders.import_before_go_live",
    )
    added.add_argument("--from", dest="since", metavar="YYYY-MM", help="default: the oldest")
    added.add_argument("--to", dest="until", metavar="YYYY-MM", help="inclusive; default: now")
    added.add_argument("--plan", action="store_true", help="show what would be sent, send nothing")
    added.add_argument(
        "--first",
        type=_positive,
        metavar="N",
        help="send no more than N records of each kind, to look at before the rest",
    )
    added.add_argument(
        "--yes", action="store_true", help="do not ask; without a terminal nobody is asked anyway"
    )
    long_work(added)
    as_json(added)

    added = command("status", "status", "what is synced, waiting, parked; since when; go-live")
    as_json(added)

    added = command("parked", "parked", "list the parked records with their reasons")
    entity(added, "only this one")
    added.add_argument("--reason", metavar="CODE", help="only those parked for this reason")
    added.add_argument("--csv", metavar="FILE", help="write all of them to a CSV file")
    as_json(added)

    added = command("retry", "retry", "make parked records due again")
    added.add_argument(
        "entity", nargs="?", choices=[*_ENTITIES, "rewards"], help="default: all of them"
    )
    chosen = added.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--key", help="this record")
    chosen.add_argument("--reason", metavar="CODE", help="all parked for this reason")
    chosen.add_argument("--all", action="store_true", help="all parked ones")

    added = command(
        "why", "why", "everything known of one record: store, state, reasons, every call"
    )
    added.add_argument("entity", choices=[*_ENTITIES, "rewards"])
    added.add_argument("key")
    added.add_argument(
        "--attempts", type=_positive, default=20, metavar="N", help="calls shown; default: 20"
    )
    added.add_argument("--live", action="store_true", help="ask the API what it says today")
    added.add_argument(
        "--show", action="store_true", help="show every value, also names and e-mails"
    )
    as_json(added)

    added = command("metrics", "metrics", "serve Prometheus metrics of the whole pipeline")
    added.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    added.add_argument("--port", type=int, default=9464, help="0: any free one; default: 9464")
    added.add_argument("--port-file", metavar="FILE", help="write the port there when ready")
    added.add_argument("--once", action="store_true", help="print them once and serve nothing")

    added = command("receiver", "receiver", "receive Influence's webhooks (needs a token)")
    added.add_argument("--host", default="127.0.0.1")
    added.add_argument("--port", type=int, default=8090, help="0: any free one; default: 8090")
    added.add_argument(
        "--workers", type=_positive, default=1, metavar="N", help="processes; default: 1"
    )
    added.add_argument("--port-file", metavar="FILE", help="write the port there when ready")

    _add_events(command("events", "events", "stored webhook events: list, show, replay, settle"))

    _add_members(command("members", "members", "members' balances, and whether they add up"))

    added = command("webhooks", "webhooks", "webhook subscriptions at Influence")
    actions = added.add_subparsers(dest="action", metavar="ACTION", required=True)
    as_json(actions.add_parser("status", help="which topics are subscribed, and to where"))
    register = actions.add_parser("register", help="create the subscriptions that are missing")
    register.add_argument(
        "--url", required=True, help="the receiver's public address, without the token"
    )
    as_json(register)

    _add_probe(command("probe", "probe", "ask your account what the contract leaves open"))
    _add_forget(command("forget", "forget", "erase what is kept of one customer, for good"))

    added = command("sandbox", "sandbox", "run the stand-in Platform API")
    added.add_argument("--host", default="127.0.0.1")
    added.add_argument("--port", type=int, default=8099, help="0: any free one; default: 8099")
    added.add_argument("--ledger", default="sandbox.sqlite", metavar="FILE", help="its memory")
    added.add_argument("--port-file", metavar="FILE", help="write the port there when ready")
    added.add_argument("--switches", metavar="JSON", help="see docs/sandbox.md")

    added = command("demo", "demo", "the whole loop on an embedded Postgres and the sandbox")
    added.add_argument("--keep", action="store_true", help="leave everything up; for `make dev`")
    added.add_argument("--folder", default=".demo", help="where it keeps its things")
    added.add_argument("--customers", type=int, default=2000, help="size of the sample store")
    as_json(added)
    return parser


def _add_events(added: argparse.ArgumentParser) -> None:
    actions = added.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list events, newest first")
    listing.add_argument("--state", choices=["new", "done", "parked", "quarantined"])
    listing.add_argument("--topic", help="only this topic, for example points/redeemed")
    listing.add_argument("--reason", metavar="CODE", help="only those that wait for this reason")
    listing.add_argument("--most", type=_positive, default=50, help="default: 50")
    listing.add_argument(
        "--before", type=int, metavar="ID", help="only events before this one; for the next page"
    )
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = actions.add_parser("show", help="one event, its reason and its coupons")
    show.add_argument("id", type=int)
    show.add_argument(
        "--body", action="store_true", help="with what was sent: personal data and coupon codes"
    )
    show.add_argument("--json", action="store_true", help="print JSON")
    replay = actions.add_parser("replay", help="work parked or quarantined events off again")
    replay.add_argument("id", type=int, nargs="*")
    replay.add_argument("--reason", metavar="CODE", help="all that are parked for this reason")
    replay.add_argument(
        "--over-cap", action="store_true", help="make their coupons whatever the caps say"
    )
    settle = actions.add_parser(
        "settle", help="put a parked or quarantined event away: a person has seen to it"
    )
    settle.add_argument("id", type=int, nargs="+")
    settle.add_argument("--note", required=True, help="what was done; no personal data")


def _add_members(added: argparse.ArgumentParser) -> None:
    actions = added.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, words: str, *, most: int | None = None) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=words, description=words)
        if most is not None:
            made.add_argument("--most", type=_positive, default=most, help=f"default: {most}")
        if name != "accept":
            made.add_argument("--json", action="store_true", help="print JSON")
        return made

    reconcile = action("reconcile", "ask Influence for its members, look whether all adds up")
    reconcile.add_argument(
        "--everyone", action="store_true", help="list all, not only who changed since last time"
    )
    action("gaps", "customers whose balance does not add up", most=50)
    for name, words in (
        ("accept", "take a customer's balance as it is; closes the gaps"),
        ("show", "what was told of one customer's balance"),
    ):
        action(name, words).add_argument("customer", help="the store's id of the customer")
    action("list", "members, the last changed first", most=50)


def _add_forget(added: argparse.ArgumentParser) -> None:
    added.description = (
        "Show what the state holds of one customer, ask, and erase it. From then on nothing of the "
        "customer is sent or kept, also while the store still has them."
    )
    added.add_argument("customer", help="the store's id of the customer")
    added.add_argument(
        "--email",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="an e-mail of the customer's, for what names them by nothing else (may be given "
        "again); those that were sent to Influence or stand in events are known",
    )
    chosen = added.add_mutually_exclusive_group()
    chosen.add_argument(
        "--dry-run", "--plan", action="store_true", help="show what there is and change nothing"
    )
    chosen.add_argument("--yes", action="store_true", help="do not ask")
    chosen.add_argument(
        "--undo", action="store_true", help="let an erased customer in again; brings nothing back"
    )
    added.add_argument(
        "--without-coupons",
        action="store_true",
        help="also where events still ask for a coupon of the customer's; it is not made then",
    )
    added.add_argument("--json", action="store_true", help="print JSON")


def _add_probe(added: argparse.ArgumentParser) -> None:
    added.description = (
        "Ask your account what the contract leaves open, with throw-away records, and write a "
        "report with the settings that follow. Every call that writes is shown and asked for "
        "first; without a terminal and without --yes only what reads is asked."
    )
    chosen = added.add_mutually_exclusive_group()
    chosen.add_argument("--yes", action="store_true", help="allow every call, ask nothing")
    chosen.add_argument("--read-only", action="store_true", help="write nothing, ask nothing")
    added.add_argument(
        "--only",
        action="append",
        choices=["access", "products", "webhooks", "customers", "orders"],
        help="only these questions (may be given again); access only reads and is always asked",
    )
    added.add_argument(
        "--report", metavar="FILE", help="a new file; default: influence-probe-<date>.md"
    )
    added.add_argument("--currency", default="EUR", help="of the orders; default: EUR")
    added.add_argument(
        "--amount", default="10.00", help="of one order, so that points show; default: 10.00"
    )
    added.add_argument(
        "--settle",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long points may take to show; default: 10",
    )
    added.add_argument("--json", action="store_true", help="print JSON")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    try:
        try:
            return _run(arguments)
        finally:
            # Here, where it can be dealt with, and not when the interpreter ends.
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; that is no error of ours.
        _drop_output()
        return 0


def _run(arguments: Sequence[str] | None) -> int:
    parsed = build_parser().parse_args(arguments)
    try:
        with _chosen(parsed.store):
            try:
                module = import_module(f"influence_pipeline.cli.{parsed.module}")
                return int(module.run(parsed))
            except InfluencePipelineError as error:
                print(f"error: {_of_its_store(error)}", file=sys.stderr)
                return error.exit_code
    except KeyboardInterrupt:
        print("interrupted; the next run goes on where this one stopped", file=sys.stderr)
        return 130


@contextmanager
def _chosen(store: str | None) -> Iterator[None]:
    """Make a store the one that is meant, for this process and those that it starts."""
    before = os.environ.get(_STORE)
    if store is not None:
        os.environ[_STORE] = store
    try:
        yield
    finally:
        if store is not None:
            del os.environ[_STORE]
            if before is not None:
                os.environ[_STORE] = before


def _of_its_store(error: InfluencePipelineError) -> str:
    """Name the variables and commands of the store, where it is one of several."""
    # Only here, where something is wrong: it loads pydantic.
    from influence_pipeline.settings import chosen_store, said

    return said(str(error), chosen_store())


def _drop_output() -> None:
    """Let what is still to be written go nowhere, so that the interpreter's end meets no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
