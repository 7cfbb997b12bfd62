"""Which of Influence's redeem rules stored events name, and which of them have no entry.

The contract has no call that lists rules, so what is known of them is what redemptions named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks.events import MONEY_TOPICS, read
from influence_pipeline.webhooks.grants import rules_of
from influence_pipeline.webhooks.outcomes import Why

_QUERIES = load_queries(__file__, "rules.sql")

# So many of the newest events are read, and of those that are parked for it.
_EVENTS = 200
# An event is parked so where the table could have told what its reward is worth.
_FOR_THE_TABLE = (Why.UNKNOWN_RULE, Why.NOT_LISTED, Why.NO_WORTH)


@dataclass(frozen=True)
class Rules:
    """Rules that events named and the table does not list: `parked`, with an event that is parked
    for it; `told`, whose events say themselves what they are worth. `seen`: all of them."""

    seen: frozenset[str]
    parked: dict[str, int]
    told: frozenset[str]


def rules_without_entry(state: Postgres, listed: Collection[str]) -> Rules:
    """Look at the newest events. Raises StateError."""
    values = {
        "topics": [str(topic) for topic in MONEY_TOPICS],
        "codes": [str(why) for why in _FOR_THE_TABLE],
        "most": _EVENTS,
    }
    with state.transaction() as connection:
        parked = connection.execute(_QUERIES["parked_for_the_table"], values).all()
        newest = connection.execute(_QUERIES["newest"], values).all()
    waiting = {rule: row.id for row in parked for rule in _rules(row) if rule not in listed}
    seen = {rule for row in (*parked, *newest) for rule in _rules(row)}
    return Rules(frozenset(seen), waiting, frozenset(seen - set(listed) - set(waiting)))


def _rules(row: Any) -> frozenset[str]:
    event = read(row.topic, bytes(row.body)).event
    if event is None:
        return frozenset()
    return rules_of(event)
