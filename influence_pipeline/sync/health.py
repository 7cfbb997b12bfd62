"""Whether things are as they should be, asked of state and store: for Dagster's asset checks.

Each question is cheap enough for every run, or says when it is to be asked. Nothing is sent.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state.erased import still_in_store
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import count_eligible
from influence_pipeline.sync import status
from influence_pipeline.sync.engine import Engine

_QUERIES = load_queries(__file__, "health.sql")

# The last hour in parts of ten minutes.
PARTS = 6
# So many of the latest calls of each part are looked at.
_CALLS = 2000


@dataclass(frozen=True)
class Throttled:
    """In how many parts of the last hour calls were answered 429; how many of those looked at."""

    parts: int
    throttled: int
    looked_at: int

    @property
    def all_the_hour(self) -> bool:
        return self.parts == PARTS


def throttled(state: Postgres) -> Throttled:
    """Look at the last hour of the log of calls. Raises StateError."""
    with state.transaction() as connection:
        row = connection.execute(_QUERIES["throttled_parts"], {"most": _CALLS}).one()
    return Throttled(row.parts, row.throttled, row.looked_at)


@dataclass(frozen=True)
class Counted:
    """What a count of the store said beside what is known of it.

    `in_store`: records with an id that the mapping gives; `to_tell`: those that are to be told
    (not placed before the go-live). `known`: what captures know; `unreadable`: what is parked as
    such beside it; `erased`: customers who were erased, whom the store still has. `moving`: the
    numbers differ by what the shop did while it was counted. `trouble`: why nothing could be
    counted.
    """

    at: str
    in_store: int = 0
    to_tell: int = 0
    known: int = 0
    unreadable: int = 0
    erased: int = 0
    moving: bool = False
    trouble: str | None = None

    @property
    def missing(self) -> int:
        """How many records the store gives and nobody knows."""
        return max(self.to_tell - self.known - self.unreadable - self.erased, 0)

    @property
    def too_many(self) -> int:
        """How many records are known and the store does not give."""
        return max(self.known + self.unreadable - self.in_store, 0)

    @property
    def agree(self) -> bool:
        same = not self.missing and not self.too_many
        return self.trouble is None and (same or self.moving)


def count(engine: Engine, entity: Entity) -> Counted:
    """Count an entity in the store and keep the result; to be asked after a full compare.

    The shop goes on meanwhile. So where the numbers differ, a look takes in what has changed, and
    they must differ in the same direction before and after it. Raises an InfluencePipelineError as
    a capture does; a store that cannot count is said in the result.
    """
    counted = _count(engine, entity)
    if counted.trouble is None and not counted.agree:
        engine.capture(entity)
        later = _beside(engine, entity, counted)
        stays = (counted.missing and later.missing) or (counted.too_many and later.too_many)
        counted = replace(later, moving=not stays)
    with engine.state.transaction() as connection:
        value = json.dumps(asdict(counted))
        connection.execute(_QUERIES["keep_fact"], {"name": _fact(entity), "value": value})
    return counted


def last_counted(state: Postgres, entity: Entity) -> Counted | None:
    """Give what the last count said; None: there was none. Raises StateError."""
    kept = status.get_fact(state, _fact(entity))
    return None if kept is None else Counted(**kept)


def _count(engine: Engine, entity: Entity) -> Counted:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    go_live = engine.go_live() if entity is Entity.ORDER else None
    try:
        with engine.store.transaction() as connection:
            described = describe(connection, engine.mappings[entity])
            in_store, to_tell = count_eligible(connection, described, go_live)
    except StoreError as error:
        return Counted(at, trouble=str(error))
    return _beside(engine, entity, Counted(at, in_store, to_tell))


def _beside(engine: Engine, entity: Entity, counted: Counted) -> Counted:
    with engine.state.transaction() as connection:
        row = connection.execute(_QUERIES["known"], {"entity": entity}).one()
        erased = still_in_store(connection) if entity is Entity.CUSTOMER else 0
    return replace(counted, known=row.records, unreadable=row.unreadable, erased=erased)


def _fact(entity: Entity) -> str:
    return f"counted_{entity.plural}"
