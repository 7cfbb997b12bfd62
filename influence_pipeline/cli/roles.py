"""`influence-pipeline roles`: SQL for roles that may do what this configuration needs, no more."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import Any

from influence_pipeline.cli.output import print_json
from influence_pipeline.errors import ConfigurationError, StoreError
from influence_pipeline.postgres import Postgres, Session, parse_url
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.rights import Needs, reader_needs, writer_needs, written_out
from influence_pipeline.store.rights.script import (
    HEADER,
    RoleScript,
    coupons_script,
    reader_script,
    state_script,
)
from influence_pipeline.webhooks.context import writing_statements

READER, COUPONS, STATE = "influence_reader", "influence_coupons", "influence_state"
# One engine has up to ten connections to the store (two pools of five, used in turn by its
# threads); beside it `why`, `plan` and a second run of Dagster's.
_READER_CONNECTIONS = 20
# The receiver's process and Dagster's code server work events off, each with so many workers; twice
# that, because a worker that gave up may leave one behind until the server notices.
_PROCESSES = 4
_NOT_YET = "No role for coupons yet:"


def run(arguments: argparse.Namespace) -> int:
    given = {} if arguments.store_url is None else {"store_url": arguments.store_url}
    settings = load_settings(**given)
    settings.require("store_url")
    store = Postgres(
        settings.secret("store_url"),
        variable="--store-url" if given else "INFLUENCE_STORE_URL",
        kind=StoreError,
        read_only=True,
        statement_timeout_seconds=settings.config.store_statement_timeout_seconds,
    )
    try:
        scripts = _scripts(settings, store, arguments)
    finally:
        store.close()
    if arguments.json:
        print_json({name: _as_values(*made) for name, made in scripts.items()})
    else:
        _print(scripts)
    refused = [why for _, _, why in scripts.values() if why and why.startswith(_NOT_YET)]
    for why in refused:
        print(f"error: {why}", file=sys.stderr)
    return ConfigurationError.exit_code if refused else 0


_Made = tuple[RoleScript | None, Needs | None, str | None]


def _scripts(
    settings: Settings, store: Postgres, arguments: argparse.Namespace
) -> dict[str, _Made]:
    """Make what was asked for: script, needs, and why there is no script."""
    wanted = ("reader", "coupons", "state") if arguments.only is None else (arguments.only,)
    made: dict[str, _Made] = {}
    statements: Any = ()
    refused: str | None = None
    if "coupons" in wanted:
        # Before the transaction: a table of codes is looked up in one of its own.
        try:
            statements = writing_statements(settings, store)
        except ConfigurationError as error:
            refused = str(error)
    with store.transaction() as connection:
        if "reader" in wanted:
            needs = reader_needs(connection, configured_mappings(settings), role=arguments.reader)
            script = reader_script(
                connection,
                arguments.reader,
                needs,
                connections=_READER_CONNECTIONS,
                statement_seconds=settings.config.store_statement_timeout_seconds,
            )
            made["reader"] = (script, needs, None)
        if "coupons" in wanted and refused is None:
            try:
                made["coupons"] = _coupons(connection, settings, statements, arguments.coupons)
            except ConfigurationError as error:
                refused = str(error)
        if refused is not None:
            # The other roles are made all the same.
            made["coupons"] = (None, None, f"{_NOT_YET} {refused}")
        if "state" in wanted:
            there = made.get("coupons", (None, None, None))[0]
            made["state"] = (
                state_script(
                    connection,
                    arguments.state,
                    schema=settings.config.state_schema,
                    database=_state_database(settings),
                    coupons=None if there is None else arguments.coupons,
                ),
                None,
                None,
            )
    return made


def _coupons(connection: Session, settings: Settings, statements: Any, role: str) -> _Made:
    if not statements:
        coupons = settings.config.coupons
        why = (
            f"{settings.file} has no [coupons], so none are made."
            if coupons is None
            else f'The admin API of the shop makes coupons (writer = "{coupons.writer}"), so '
            "nothing is written into its database."
        )
        return None, None, f"No role for coupons: {why}"
    needs = writer_needs(connection, written_out(connection, statements), role=role)
    workers = settings.config.webhooks.workers
    script = coupons_script(connection, role, needs, connections=_PROCESSES * workers)
    return script, needs, None


def _state_database(settings: Settings) -> str | None:
    """Give the name of the state's own database; None: it is the store's."""
    if settings.environment.state_url is None:
        return STATE
    state = parse_url(settings.secret("state_url"), "INFLUENCE_STATE_URL")
    store = parse_url(settings.secret("store_url"), "INFLUENCE_STORE_URL")

    def place(url: dict[str, str]) -> tuple[str | None, ...]:
        return url.get("host"), url.get("port", "5432"), url.get("dbname")

    return None if place(state) == place(store) else state.get("dbname") or STATE


def _as_values(script: RoleScript | None, needs: Needs | None, why_not: str | None) -> Any:
    if script is None:
        return {"role": None, "why_not": why_not}
    values: dict[str, Any] = {"role": script.role, "sql": script.render()}
    if needs is not None:
        rights = [asdict(right) for right in needs.rights]
        values["needs"] = [
            {name: right[name] for name in ("kind", "object", "privilege", "columns")}
            for right in rights
        ]
        values["search_path"] = needs.path
        values["row_level_security"] = needs.filtered
        values["notes"] = needs.notes
    return values


def _print(scripts: dict[str, _Made]) -> None:
    roles = [script.role for script, _, _ in scripts.values() if script is not None]
    print(HEADER.format(role=" ".join((roles or [READER])[0].split())))
    for script, _, why_not in scripts.values():
        print(script.render() if script is not None else f"-- {why_not}\n")
