"""`influence-pipeline why`: one record's story.

It must answer at once, so nothing here loads SQLAlchemy or pydantic; `--live` does, and waits for
the API in any case.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from influence_pipeline.amounts import counted
from influence_pipeline.cli.output import entity_of, given_key, print_json, print_table
from influence_pipeline.cli.waiting import summary, waiting
from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.quick_settings import QuickSettings, quick_settings
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.state.connection import connect, look
from influence_pipeline.sync import story
from influence_pipeline.sync.story import MOST_COUNTED, InStore, short_hash

if TYPE_CHECKING:
    from influence_pipeline.sync.today import Today


def run(arguments: argparse.Namespace) -> int:
    settings = quick_settings()
    entity, key = entity_of(arguments.entity), given_key(arguments.key)
    state = connect(settings.state_url, schema=settings.state_schema)
    with look(state, settings.state_url, schema=settings.state_schema) as connection:
        found = story.of_state(connection, entity, key, arguments.attempts)
    if settings.go_live is not None:
        found["go_live"] = settings.go_live.isoformat()
    store = _in_store(settings, entity, key)
    today = _today(entity, key, store, everything=arguments.show) if arguments.live else None
    if arguments.json:
        print_json(_as_values(entity, key, found, store, today, everything=arguments.show))
    else:
        _print(entity, key, found, store, today, everything=arguments.show)
    return 0


def _in_store(settings: QuickSettings, entity: Entity, key: str) -> InStore | None:
    """Look into the store. A reward is no record of the store's: None."""
    if entity not in STORE_ENTITIES:
        return None
    named = settings.transforms[entity]
    transform = None if named is None else (settings.folder, named)
    return story.in_store(settings.store_url, entity, settings.queries[entity], key, transform)


def _today(entity: Entity, key: str, store: InStore | None, *, everything: bool) -> Today:
    from influence_pipeline.platform_api.single import SingleCalls
    from influence_pipeline.settings import load_settings
    from influence_pipeline.sync import today

    try:
        settings = load_settings()
        api = SingleCalls(settings.environment.api_url, settings.secret("api_key"))
        names = settings.config.api_names.model_dump(exclude={"variants_body"})
    except InfluencePipelineError as error:
        return today.Today(None, str(error).rstrip("."))
    row = store.row.values if store is not None and store.row is not None else None
    try:
        return today.ask(api, entity, key, row, names, everything=everything)
    finally:
        api.close()


# -- for machines --------------------------------------------------------------------------------


def _as_values(
    entity: Entity,
    key: str,
    found: dict[str, Any],
    store: InStore | None,
    today: Today | None,
    *,
    everything: bool,
) -> dict[str, Any]:
    values = {name: value for name, value in found.items() if name not in _NOT_SAID}
    values["summary"] = summary(entity, found, store)
    values["waits_for"] = waiting(entity, key, found)
    values["store"] = None if store is None else _store_values(entity, found, store, everything)
    if today is not None:
        values["api"] = {
            **asdict(today),
            "differences": [
                {
                    "field": d.field,
                    "in_store": d.in_store if d.shown or everything else None,
                    "at_api": d.at_api if d.shown or everything else None,
                }
                for d in today.differences
            ],
        }
    return values


# Inner workings of the questions above.
_NOT_SAID = frozenset(
    {"hash_method", "is_held", "is_due", "late_until", "blocker_acknowledged", "last_run_error"}
)


def _store_values(
    entity: Entity, found: dict[str, Any], store: InStore, everything: bool
) -> dict[str, Any]:
    values = store.row.values if store.row else {}
    return {
        "has_it": None if store.trouble else store.row is not None or bool(store.unreadable),
        "hash": store.row.hash if store.row else None,
        "as_last_seen": store.as_last_seen(found),
        "as_acknowledged": store.as_acknowledged(found),
        "values": story.shown(entity, values, everything=everything),
        "withheld": [] if everything else story.withheld(entity, values),
        "unreadable": store.unreadable,
        "trouble": store.trouble,
    }


# -- for people ----------------------------------------------------------------------------------


def _print(
    entity: Entity,
    key: str,
    found: dict[str, Any],
    store: InStore | None,
    today: Today | None,
    *,
    everything: bool,
) -> None:
    print(f"{entity} {key}: {summary(entity, found, store)}")
    for line in waiting(entity, key, found):
        print(line)
    for line in _coupon_lines(found.get("coupon")):
        print(line)
    if store is not None:
        for line in _store_lines(entity, found, store, everything=everything):
            print(line)
    for line in _acknowledged_lines(found):
        print(line)
    if today is not None:
        for line in _today_lines(entity, today, everything=everything):
            print(line)
    _print_attempts(found)


def _store_lines(
    entity: Entity, found: dict[str, Any], store: InStore, *, everything: bool
) -> Iterator[str]:
    if store.trouble:
        yield f"in the store now: not known: {store.trouble}"
        return
    if store.unreadable:
        yield f"in the store now: its row cannot be read: {store.unreadable}"
        return
    if store.row is None:
        yield "in the store now: nothing; the mapping's SELECT gives no record with this id"
        return
    yield f"in the store now: content {short_hash(store.row.hash)}{_compared(found, store)}"
    yield "  " + _listed(story.shown(entity, store.row.values, everything=everything))
    hidden = story.withheld(entity, store.row.values)
    if hidden and not everything:
        yield f"  not shown without --show: {', '.join(hidden)}"


def _compared(found: dict[str, Any], store: InStore) -> str:
    if store.as_acknowledged(found):
        return ", as acknowledged"
    if found["store_hash"] is not None and store.as_last_seen(found) is False:
        return f", changed since the last look ({found['captured_at']}); the next sync finds it"
    return ""


def _acknowledged_lines(found: dict[str, Any]) -> Iterator[str]:
    if found["synced_hash"] is not None:
        when = f"on {found['acknowledged_at']}" if found["acknowledged_at"] else _LONG_AGO
        yield f"acknowledged by the API: content {short_hash(found['synced_hash'])}, {when}"
    if found["status"]:
        yield f"last acknowledged financial status: {found['status']}"


_LONG_AGO = "when is not in the log of calls (any more)"


def _today_lines(entity: Entity, today: Today, *, everything: bool) -> Iterator[str]:
    if today.known is None:
        yield f"the API today: not known: {today.words}"
        return
    if not today.known:
        yield f"the API today: it has no such {entity} (HTTP {today.http_status})"
        return
    yield "the API today: " + _listed(today.values)
    for found in today.differences:
        if found.shown or everything:
            yield (
                f"  {found.field} differs: the store has {_cell(found.in_store)}, "
                f"the API {_cell(found.at_api)}"
            )
        else:
            yield f"  {found.field} differs (values with --show)"
    if today.same:
        yield f"  the same as in the store: {', '.join(today.same)}"


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_cell(value)}" for name, value in values.items()) or "-"


def _cell(value: Any) -> str:
    """Show a value; what would move the cursor or colour the terminal is written out."""
    if value is None or value == "":
        return "-"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _print_attempts(found: dict[str, Any]) -> None:
    attempts, total = found["attempts_made"], found["attempts_total"]
    if not attempts:
        return
    print()
    columns = ("at", "call", "status", "outcome", "ms", "payload", "error")
    print_table(
        columns,
        [
            (
                a["at"],
                a["call"],
                a["http_status"],
                a["outcome"],
                a["ms"],
                short_hash(a["content_hash"]),
                a["error"],
            )
            for a in attempts
        ],
    )
    if total > len(attempts):
        print(f"… and {_calls(total - len(attempts), total)} before; --attempts N shows more")


def _calls(number: int, total: int | None = None) -> str:
    more = "more than " if (total or number) >= MOST_COUNTED else ""
    return more + counted(number, "call")


def _coupon_lines(coupon: dict[str, Any] | None) -> list[str]:
    if coupon is None:
        return []
    told = {
        f"made on {coupon['issued_at']}": coupon["issued_at"],
        f"used by order {coupon['order_key']} on {coupon['used_at']}": coupon["used_at"],
        f"told to Influence on {coupon['reward_used_at']}": coupon["reward_used_at"],
    }
    return [line for line, happened in told.items() if happened]
