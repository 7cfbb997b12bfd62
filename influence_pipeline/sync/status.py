"""What the state says of the pipeline: for `status`, `parked` and the reports. Only reads, but for
the facts and `retry`. One record's story is in `story`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.sync.shared_pace import pace_found

_QUERIES = load_queries(__file__, "status.sql")
_DELIVERY = load_queries(__file__, "deliver.sql")


@dataclass(frozen=True)
class Remaining:
    """What an entity has left: due or waiting for its time, left to an import, blocked, parked.

    `held`: those of `waiting` that another run holds, or held when it died. `next_seconds`: until
    the first of `waiting` is due and free. `oldest_live_seconds`: of what is left to no import.
    """

    waiting: int
    importing: int
    held: int
    blocked: int
    parked: int
    oldest_seconds: float | None
    oldest_live_seconds: float | None
    next_seconds: float | None


def remaining(state: Postgres, entity: Entity) -> Remaining:
    return Remaining(**_rows(state, "remaining", entity=entity)[0])


def due(state: Postgres, entity: Entity) -> int:
    """Count the records of an entity that are to be sent, also those a run holds."""
    return int(_rows(state, "due", entity=entity)[0]["records"])


def overview(state: Postgres) -> dict[str, Any]:
    """Give everything `status` shows, as plain values: moments are datetimes."""
    entities: dict[str, dict[str, Any]] = {
        entity: dict.fromkeys(
            ("in_store", "synced", "gone", "ready", "blocked", "parked", "withheld", "held"), 0
        )
        for entity in Entity
    }
    with state.transaction() as connection:
        for row in connection.execute(_QUERIES["snapshots"]):
            entities[row.entity] |= {
                "in_store": row.in_store,
                "synced": row.synced,
                "gone": row.gone,
            }
        for row in connection.execute(_QUERIES["pending"]):
            entities[row.entity][row.state] = row.records
            entities[row.entity]["held"] += row.under_way
            if row.state in {"ready", "blocked"}:
                _note_oldest(entities[row.entity], row.oldest, row.oldest_seconds)
        for row in connection.execute(_QUERIES["last_runs"]):
            entities[row.entity] |= {
                "last_run": row.ended_at,
                "last_run_age_seconds": row.age_seconds,
                "last_run_seconds": row.seconds,
                "last_error": row.error,
            }
        for row in connection.execute(_QUERIES["captured"]):
            entities[row.entity] |= {
                "captured_at": row.taken_at,
                "full_compare_at": row.full_at,
            }
        inbox = {
            row.state: {
                "events": row.events,
                "oldest": row.oldest,
                "oldest_seconds": row.oldest_seconds,
            }
            for row in connection.execute(_QUERIES["inbox"])
        }
        coupons = connection.execute(_QUERIES["coupons"]).mappings().one()
    pace = pace_now(state)
    return {
        "entities": entities,
        "inbox": inbox,
        "coupons": dict(coupons),
        "go_live": get_fact(state, "go_live"),
        "pace": pace,
        "limit": pace_found(state),
        "eta_seconds": _eta(sum(facts["ready"] for facts in entities.values()), pace),
    }


def _note_oldest(facts: dict[str, Any], since: datetime, seconds: float) -> None:
    """Keep the oldest record that is due or blocked."""
    if since < facts.get("oldest_pending", since) or "oldest_pending" not in facts:
        facts |= {"oldest_pending": since, "oldest_pending_seconds": seconds}


def pace_now(state: Postgres) -> dict[str, Any] | None:
    """Give the pace of all processes over the last minute, by the log of calls; None: no calls.

    `calls_per_second`; `records_per_second`, acknowledged; `throttled`: how many answers were 429.
    """
    found = _rows(state, "pace", most=_PACE_CALLS)[0]
    if not found["calls"]:
        return None
    return {
        "calls_per_second": round(found["calls"] / found["seconds"], 2),
        "records_per_second": round(found["records"] / found["seconds"], 2),
        "throttled": found["throttled"],
    }


# So many of the latest calls tell the pace.
_PACE_CALLS = 20_000


def expected_pace(state: Postgres, in_flight: int, ceiling: float | None) -> float | None:
    """Give how many calls a second the API lets through, as far as calls have shown it: the limit
    that was found, else what so many in flight make of the usual time of a reply. None: no call was
    answered yet. `ceiling`: the merchant's own."""
    limit = pace_found(state)
    rate: float | None = None if limit is None else limit["calls_per_second"]
    if rate is None:
        usual = _rows(state, "usual_ms", most=_USUAL_CALLS)[0]["ms"]
        if usual is None:
            return None
        rate = in_flight * 1000 / max(usual, 1.0)
    return round(rate if ceiling is None else min(rate, ceiling), 2)


def limit_found(state: Postgres) -> bool:
    """Say whether the API has shown a limit. Raises StateError."""
    limit = pace_found(state)
    return limit is not None and limit["calls_per_second"] is not None


# So many of the latest calls tell how long a reply takes.
_USUAL_CALLS = 1000


def _eta(due: int, pace: dict[str, Any] | None) -> float | None:
    """Seconds until what is due is sent, at the pace of the last minute; None: it says nothing."""
    if not due or pace is None or not pace["records_per_second"]:
        return None
    return round(due / float(pace["records_per_second"]), 1)


def parked(
    state: Postgres,
    entity: Entity | None = None,
    most: int | None = 1000,
    reason_code: str | None = None,
) -> list[dict[str, Any]]:
    """Give the parked records with their reasons, oldest first; `most` None: all of them."""
    return _rows(state, "parked", entity=entity, reason_code=reason_code, most=most)


def parked_summary(
    state: Postgres, entity: Entity | None = None, reason_code: str | None = None
) -> list[dict[str, Any]]:
    """Count the parked records by entity and reason, the most frequent first."""
    return _rows(state, "parked_summary", entity=entity, reason_code=reason_code)


def changed(state: Postgres, entity: Entity, most: int) -> list[dict[str, Any]]:
    """Give a few records with something to do: key, action, state, reason."""
    return _rows(state, "changed_keys", entity=entity, most=most)


def retry(
    state: Postgres,
    entity: Entity | None,
    key: str | None = None,
    reason_code: str | None = None,
) -> int:
    """Make parked records due again; give how many."""
    return sum(row["records"] for row in release(state, entity, key, reason_code))


def release(
    state: Postgres,
    entity: Entity | None,
    key: str | None = None,
    reason_code: str | None = None,
) -> list[dict[str, Any]]:
    """Make parked records due again, of one entity or of all (None).

    Gives a row for each entity concerned: `entity`, `records`, and `holds_up`, the orders that wait
    for these records.
    """
    values = {"entity": entity, "key": key, "reason_code": reason_code}
    with state.transaction() as connection:
        # As everybody who changes work; see the query.
        connection.execute(_DELIVERY["share_results"], {"entities": list(Entity)})
        return [dict(row) for row in connection.execute(_QUERIES["retry"], values).mappings()]


@dataclass(frozen=True)
class Compared:
    """What a full compare found that no look for changed rows had: how many, and some keys."""

    at: datetime
    missed: int
    misses: list[str]


def last_compare(state: Postgres, entity: Entity) -> Compared | None:
    """Give what the last full compare said; None: there was none."""
    rows = _rows(state, "last_compare", entity=entity)
    return Compared(**rows[0]) if rows else None


def record_run(
    state: Postgres,
    entity: Entity,
    kind: str,
    seconds: float,
    counts: dict[str, Any],
    error: str | None,
) -> None:
    """Note a run for `status`."""
    with state.transaction() as connection:
        connection.execute(
            _QUERIES["record_run"],
            {
                "entity": entity,
                "kind": kind,
                "seconds": seconds,
                "counts": json.dumps(counts),
                "error": error,
            },
        )


def get_fact(state: Postgres, name: str) -> Any:
    """Give a fact's value, or None."""
    rows = _rows(state, "get_fact", name=name)
    return rows[0]["value"] if rows else None


def set_fact_once(state: Postgres, name: str, value: Any) -> Any:
    """Set a fact if it is not set; give what it is now."""
    return _rows(state, "set_fact_once", name=name, value=json.dumps(value))[0]["value"]


def as_json(value: Any) -> Any:
    """Make plain values of what the functions above give: moments become RFC 3339 texts."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _rows(state: Postgres, query: str, **values: Any) -> list[dict[str, Any]]:
    with state.transaction() as connection:
        return [dict(row) for row in connection.execute(_QUERIES[query], values).mappings()]
