"""Claims on work and what came of them: leases, intents, acknowledgements. All through the state.

A claim holds a lease (nobody else sends the record) and a fence (the number of the claim; what an
older claim reports is not taken). Nothing here knows what a call looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from enum import StrEnum

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres, copy_in
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import Lane, Phase

_QUERIES = load_queries(__file__, "deliver.sql")


@dataclass(frozen=True)
class Claim:
    """One record this worker may send. `age_seconds`: since it was queued.

    `unsure`: the API may have another content than the acknowledged one. For `late_seconds` a call
    with the content `late_hash` may still be worked off.
    """

    entity: Entity
    key: str
    fence: int
    phase: Phase
    absent_answers: int
    attempts: int
    refusals: int
    age_seconds: float
    status: FinancialStatus | None
    store_hash: int | None
    synced_hash: int | None
    unsure: bool = False
    late_hash: int | None = None
    late_seconds: float = 0.0


class Verdict(StrEnum):
    """What came of a claim. AGAIN: due after a delay. GONE: the store no longer has it."""

    SETTLED = "settled"
    AGAIN = "again"
    BLOCKED = "blocked"
    PARKED = "parked"
    GONE = "gone"


@dataclass(frozen=True)
class Result:
    """What is written back for a claim. `synced_hash`: what the API acknowledged, if it did."""

    key: str
    fence: int
    verdict: Verdict
    claimed_hash: int | None
    synced_hash: int | None = None
    status: FinancialStatus | None = None
    phase: Phase = Phase.IDLE
    absent_answers: int = 0
    attempts: int = 0
    refusals: int = 0
    delay: float = 0.0
    blocked_on: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    unsure: bool = False
    late_hash: int | None = None
    late_seconds: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """One call for the attempt log. `error` holds no personal data."""

    key: str
    call: str
    outcome: str
    http_status: int | None
    ms: int
    content_hash: int | None
    error: str | None


# Whose work the results of an entity change, its own first, in the order of `Entity`: an
# acknowledged customer releases orders.
_CHANGED_TOO = {
    Entity.CUSTOMER: (Entity.CUSTOMER, Entity.ORDER),
    Entity.PRODUCT: (Entity.PRODUCT,),
    Entity.ORDER: (Entity.ORDER,),
    Entity.REWARD: (Entity.REWARD,),
}


class Claims:
    """The claims of one worker on one entity."""

    def __init__(self, state: Postgres, entity: Entity, lease_seconds: float) -> None:
        self._state = state
        self._entity = entity
        self._lease_seconds = lease_seconds

    def claim(self, most: int) -> list[Claim]:
        """Take up to `most` due records, live changes before an import. An empty list: none due."""
        with self._state.transaction() as connection:
            fence = connection.execute(_QUERIES["next_fence"]).scalar_one()
            rows: list[sa.Row[tuple[object, ...]]] = []
            for lane in (Lane.LIVE, Lane.IMPORT):
                if len(rows) < most:
                    rows += connection.execute(
                        _QUERIES["claim"],
                        {
                            "entity": self._entity,
                            "lane": lane,
                            "most": most - len(rows),
                            "lease_seconds": self._lease_seconds,
                            "fence": fence,
                        },
                    ).all()
        return [
            Claim(
                entity=self._entity,
                key=row.key,
                fence=fence,
                phase=Phase(row.phase),
                absent_answers=row.absent_answers,
                attempts=row.attempts,
                refusals=row.refusals,
                age_seconds=row.age_seconds,
                status=FinancialStatus(row.status) if row.status else None,
                store_hash=row.store_hash,
                synced_hash=row.synced_hash,
                unsure=row.unsure,
                late_hash=row.late_hash,
                late_seconds=row.late_seconds or 0.0,
            )
            for row in rows
        ]

    def intend(
        self,
        fence: int,
        intents: dict[str, tuple[Phase, FinancialStatus | None]],
        quiet_seconds: float,
    ) -> set[str]:
        """Commit what is about to be called, and each order's status as far as it is known.

        Gives the keys still held: only they may be called.
        """
        with self._changing_work() as connection:
            rows = connection.execute(
                _QUERIES["intend"],
                {
                    "entity": self._entity,
                    "fence": fence,
                    "keys": list(intents),
                    "phases": [phase for phase, _ in intents.values()],
                    "statuses": [status for _, status in intents.values()],
                    "quiet_seconds": quiet_seconds,
                },
            )
            return {row.key for row in rows}

    def renew(self, keys_by_fence: dict[int, list[str]]) -> set[str]:
        """Hold on to these for another lease. Gives those still held."""
        held: set[str] = set()
        with self._changing_work() as connection:
            for fence, keys in keys_by_fence.items():
                rows = connection.execute(
                    _QUERIES["renew"],
                    {
                        "entity": self._entity,
                        "fence": fence,
                        "keys": keys,
                        "lease_seconds": self._lease_seconds,
                    },
                )
                held |= {row.key for row in rows}
        return held

    def write(
        self,
        results: Sequence[Result],
        attempts: Sequence[Attempt],
        codes_used: Sequence[tuple[str, str]],
    ) -> None:
        """Write results, the attempt log and used coupon codes (code, order key) in one commit."""
        ordered = sorted(results, key=lambda result: result.key)
        with self._changing_work() as connection:
            if attempts:
                _append(connection, self._entity, attempts)
            if ordered:
                known = [
                    r.key for r in ordered if r.synced_hash is not None or r.status is not None
                ]
                if known:
                    connection.execute(
                        _QUERIES["make_known"], {"entity": self._entity, "keys": known}
                    )
                columns = {f.name: [getattr(r, f.name) for r in ordered] for f in fields(Result)}
                connection.execute(_QUERIES["acknowledge"], {"entity": self._entity, **columns})
                self._consequences(connection, ordered)
            if codes_used:
                connection.execute(
                    _QUERIES["coupons_used"],
                    {
                        "codes": [code for code, _ in codes_used],
                        "orders": [order for _, order in codes_used],
                    },
                )

    @contextmanager
    def _changing_work(self) -> Iterator[sa.Connection]:
        """Open a transaction beside which no capture merges; see `share_results`."""
        with self._state.transaction() as connection:
            for entity in _CHANGED_TOO[self._entity]:
                connection.execute(_QUERIES["share_results"], {"entity": entity})
            yield connection

    def _consequences(self, connection: sa.Connection, results: Sequence[Result]) -> None:
        settled = [r.key for r in results if r.verdict is Verdict.SETTLED]
        if settled and self._entity is Entity.CUSTOMER:
            connection.execute(
                _QUERIES["release_waiting"], {"names": [f"customer:{key}" for key in settled]}
            )
        if settled and self._entity is Entity.REWARD:
            connection.execute(_QUERIES["rewards_told"], {"codes": settled})

    def release_acknowledged(self) -> None:
        """Make everything due that waits for a customer who has been acknowledged."""
        with self._changing_work() as connection:
            connection.execute(_QUERIES["release_acknowledged"])

    def acknowledged_customers(self, keys: Sequence[str]) -> set[str]:
        """Tell which of these customers the API has."""
        with self._state.transaction() as connection:
            rows = connection.execute(_QUERIES["acknowledged_customers"], {"keys": list(keys)})
            return {row.key for row in rows}

    def next_due(self) -> float | None:
        """Seconds until a record is due and free (0 or less: now); None: there is none."""
        with self._state.transaction() as connection:
            seconds: float | None = connection.execute(
                _QUERIES["next_due"], {"entity": self._entity}
            ).scalar()
            return seconds


def exclude_results(connection: sa.Connection, entity: Entity) -> None:
    """Keep results of this entity out until the transaction ends; a capture's merge does so."""
    connection.execute(_QUERIES["exclude_results"], {"entity": entity})


_ATTEMPT_COLUMNS = "entity, key, call, outcome, http_status, ms, content_hash, error"


def _append(connection: sa.Connection, entity: Entity, attempts: Sequence[Attempt]) -> None:
    copy_in(
        connection,
        f"attempt ({_ATTEMPT_COLUMNS})",
        (
            (entity, a.key, a.call, a.outcome, a.http_status, a.ms, a.content_hash, a.error)
            for a in attempts
        ),
    )
