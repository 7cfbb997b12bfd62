"""Claims on work and what came of them: leases, intents, acknowledgements. All through the state.

A claim holds a lease (nobody else sends the record) and a fence (the number of the claim; what an
older claim reports is not taken). Nothing here knows what a call looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres, copy_in
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.sql import load_queries
from influence_pipeline.state.erased import Identities, erased_among, marks_among
from influence_pipeline.state.name_hashes import Kind
from influence_pipeline.state.schema import Lane, Phase

_QUERIES = load_queries(__file__, "deliver.sql")
# In one round trip, because every write begins so.
_BEGIN_CHANGE = sa.text(f"{_QUERIES['go_by_index'].text};\n{_QUERIES['share_results'].text}")


class Claim(NamedTuple):
    """One record this worker may send. `age_seconds`: since it was queued.

    `unsure`: the API may have another content than the acknowledged one. For `late_seconds` a call
    with the content `late_hash` may still be worked off.
    """

    entity: Entity
    key: str
    fence: int
    phase: Phase
    status: FinancialStatus | None
    absent_answers: int
    attempts: int
    refusals: int
    age_seconds: float
    store_hash: int | None
    synced_hash: int | None
    unsure: bool = False
    late_hash: int | None = None
    late_seconds: float = 0.0
    # Whether it has a snapshot row; one that could not be read when it was captured has none.
    captured: bool = True

    def result(self, verdict: Verdict, **said: Any) -> Result:
        """Say what came of it; the fields of `Result` that are not said are as usual."""
        return Result(
            self.key, self.fence, verdict, self.store_hash, captured=self.captured, **said
        )


class Verdict(StrEnum):
    """What came of a claim. AGAIN: due after a delay. GONE: the store no longer has it. WITHHELD:
    its buyer was erased, and nothing is sent of it while they are."""

    SETTLED = "settled"
    AGAIN = "again"
    BLOCKED = "blocked"
    PARKED = "parked"
    GONE = "gone"
    WITHHELD = "withheld"


class Result(NamedTuple):
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
    captured: bool = True


class Attempt(NamedTuple):
    """One call for the attempt log. `error` holds no personal data."""

    key: str
    call: str
    outcome: str
    http_status: int | None
    ms: int
    content_hash: int | None
    error: str | None


class Intent(NamedTuple):
    """What is about to be called: the order protocol's phase, and the status as far as known."""

    key: str
    fence: int
    phase: Phase
    status: FinancialStatus | None


@dataclass
class Batch:
    """What one commit writes: intents, results, attempts, used codes (code, key of the order),
    orders (key, key of the customer) told a status that may take points back, and names of calls
    that the API has answered, so that it is known to have them."""

    intents: list[Intent] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    codes_used: list[tuple[str, str]] = field(default_factory=list)
    refunds: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)


# What a result says where nothing special is to be said; the statement `acknowledge` knows them.
_USUAL = Result("", 0, Verdict.SETTLED, None)
_PHASES = {str(phase): phase for phase in Phase}


def _key_of(result: Result) -> str:
    return result.key


# Whose work the results of an entity change, in the order of `Entity`: an acknowledged customer
# releases orders, and an order that waits makes its customer's turn come sooner.
_CHANGED_TOO = {
    Entity.CUSTOMER: (Entity.CUSTOMER, Entity.ORDER),
    Entity.PRODUCT: (Entity.PRODUCT,),
    Entity.ORDER: (Entity.CUSTOMER, Entity.ORDER),
    Entity.REWARD: (Entity.REWARD,),
}


class Claims:
    """The claims of one worker on one entity."""

    def __init__(
        self,
        state: Postgres,
        entity: Entity,
        lease_seconds: float,
        lanes: Sequence[Lane] = tuple(Lane),
        *,
        imports: Sequence[int] = (),
        first: int | None = None,
    ) -> None:
        """`imports`: of the lane of imports, only what these have found, one after another; none:
        all of it. `first`: no more than so many records in all."""
        self._state = state
        self._entity = entity
        self._lease_seconds = lease_seconds
        self._lanes = lanes
        self._imports = imports
        self._left = first

    def claim(self, most: int) -> list[Claim]:
        """Take up to `most` due records, lane by lane. An empty list: none is due, or as many as
        were asked for have been taken."""
        if self._left is not None:
            most = min(most, self._left)
            if most == 0:
                return []
        with self._state.transaction() as connection:
            connection.execute(_QUERIES["go_by_index"])
            fence = connection.execute(_QUERIES["next_fence"]).scalar_one()
            rows: list[sa.Row[Any]] = []
            for lane, import_id in self._queues():
                if len(rows) < most:
                    rows += connection.execute(
                        _QUERIES["claim"],
                        {
                            "entity": self._entity,
                            "lane": lane,
                            "import_id": import_id,
                            "most": most - len(rows),
                            "lease_seconds": self._lease_seconds,
                            "fence": fence,
                        },
                    ).all()
        if self._left is not None:
            self._left -= len(rows)
        return [claim_of(self._entity, fence, row) for row in rows]

    def _queues(self) -> Iterator[tuple[Lane, int | None]]:
        for lane in self._lanes:
            if lane is Lane.IMPORT and self._imports:
                yield from ((lane, number) for number in self._imports)
            else:
                yield lane, None

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

    def write(self, batch: Batch, quiet_seconds: float) -> set[tuple[int, str]]:
        """Write all of a batch in one commit; what is intended is committed with it.

        Gives (fence, key) of the intents that are still held: only they may be called. An intent
        carries `quiet_seconds`: should this process die, nobody asks what became of it before.
        """
        ordered = sorted(batch.results, key=_key_of)
        with self._changing_work() as connection:
            if batch.attempts:
                _append(connection, self._entity, batch.attempts)
            for call in sorted(batch.answered):
                connection.execute(_QUERIES["note_answered"], {"name": _answered(call)})
            held = self._intend(connection, batch.intents, quiet_seconds)
            if ordered:
                self._acknowledge(connection, ordered)
            if batch.codes_used:
                connection.execute(
                    _QUERIES["coupons_used"],
                    {
                        "codes": [code for code, _ in batch.codes_used],
                        "orders": [order for _, order in batch.codes_used],
                    },
                )
            if batch.refunds:
                self._note_refunds(connection, batch.refunds)
        return held

    def _note_refunds(self, connection: sa.Connection, refunds: Mapping[str, str]) -> None:
        """Note them, but for customers who were erased while the call was under way."""
        names = Identities(customers=frozenset(refunds.values()))
        gone = erased_among(connection, names).customers
        told = {order: customer for order, customer in refunds.items() if customer not in gone}
        connection.execute(
            _QUERIES["refunds_told"],
            {"orders": list(told), "customers": list(told.values())},
        )

    def _intend(
        self, connection: sa.Connection, intents: Sequence[Intent], quiet_seconds: float
    ) -> set[tuple[int, str]]:
        if not intents:
            return set()
        rows = connection.execute(
            _QUERIES["intend"],
            {
                "entity": self._entity,
                "keys": [intent.key for intent in intents],
                "fences": [intent.fence for intent in intents],
                "phases": [intent.phase for intent in intents],
                "statuses": [intent.status for intent in intents],
                "quiet_seconds": quiet_seconds,
            },
        )
        return {(row.fence, row.key) for row in rows}

    def _acknowledge(self, connection: sa.Connection, results: Sequence[Result]) -> None:
        unknown = [
            r.key
            for r in results
            if not r.captured and (r.synced_hash is not None or r.status is not None)
        ]
        if unknown:
            connection.execute(_QUERIES["make_known"], {"entity": self._entity, "keys": unknown})
        columns = {
            # What all have alike goes as an empty array, which UNNEST fills up with NULL.
            name: [] if all(value == usual for value in column) else list(column)
            for name, usual, column in zip(
                Result._fields, _USUAL, zip(*results, strict=True), strict=True
            )
        }
        del columns["captured"]
        connection.execute(_QUERIES["acknowledge"], {"entity": self._entity, **columns})
        self._consequences(connection, results)

    @contextmanager
    def _changing_work(self) -> Iterator[sa.Connection]:
        """Open a transaction beside which no capture merges; see `share_results`."""
        with self._state.transaction() as connection:
            connection.execute(_BEGIN_CHANGE, {"entities": list(_CHANGED_TOO[self._entity])})
            yield connection

    def _consequences(self, connection: sa.Connection, results: Sequence[Result]) -> None:
        settled = [r.key for r in results if r.verdict is Verdict.SETTLED]
        waits_for = [r.blocked_on for r in results if r.verdict is Verdict.BLOCKED]
        if settled and self._entity is Entity.CUSTOMER:
            connection.execute(_QUERIES["customers_acknowledged"], {"keys": settled})
        if waits_for and self._entity is Entity.ORDER:
            keys = [name.removeprefix("customer:") for name in waits_for if name]
            connection.execute(_QUERIES["hurry_customers"], {"keys": keys})
        if settled and self._entity is Entity.REWARD:
            connection.execute(_QUERIES["rewards_told"], {"codes": settled})

    def release(self) -> None:
        """Make everything due whose reason to wait is gone: orders whose customer has been
        acknowledged or is erased no more, customers whose e-mail is another one's no more."""
        if self._entity in _RELEASES:
            with self._changing_work() as connection:
                release(connection, self._entity)

    def acknowledged_customers(self, keys: Sequence[str]) -> set[str]:
        """Tell which of these customers the API has."""
        with self._state.transaction() as connection:
            rows = connection.execute(_QUERIES["acknowledged_customers"], {"keys": list(keys)})
            return {row.key for row in rows}

    def has_been_answered(self, call: str) -> bool:
        """Tell whether the API has ever accepted a call of this name. For good: the log of calls,
        which is pruned, need not hold it any more."""
        with self._state.transaction() as connection:
            given = {"entity": self._entity, "call": call, "name": _answered(call)}
            return bool(connection.execute(_QUERIES["has_been_answered"], given).scalar_one())

    def erased(self, names: Identities) -> dict[tuple[Kind, str], str]:
        """Tell who of these was erased, with the hash by which each name is known."""
        with self._state.transaction() as connection:
            return marks_among(connection, names)

    def own_emails(self, hashes: dict[str, str]) -> dict[str, str]:
        """Note which customer (key) each e-mail belongs to; give those that belong to another one:
        key and owner. The constraint decides, also between two workers."""
        if not hashes:
            return {}
        with self._state.transaction() as connection:
            connection.execute(_QUERIES["go_by_index"])
            made = connection.execute(_QUERIES["own_emails"], _keys_and_hashes(hashes)).scalars()
            newly_owned = set(made)
            known = {key: value for key, value in hashes.items() if key not in newly_owned}
            if not known:
                return {}
            rows = connection.execute(_QUERIES["owned_by_others"], _keys_and_hashes(known))
            return {row.key: row.owner for row in rows}

    def next_due(self) -> float | None:
        """Seconds until a record is due and free (0 or less: now); None: there is none for us. Of
        an import, only what it found itself is waited for."""
        if self._left == 0:
            return None
        values = {
            "entity": self._entity,
            "lanes": list(self._lanes),
            "imports": list(self._imports) or None,
        }
        with self._state.transaction() as connection:
            seconds: float | None = connection.execute(_QUERIES["next_due"], values).scalar()
            return seconds


def _answered(call: str) -> str:
    """Name the fact that the API has answered such a call."""
    return f"answered: {call}"


def claim_of(entity: Entity, fence: int, row: Sequence[Any]) -> Claim:
    """Make a claim of a row that has its fields, but entity and fence, in their order."""
    key, phase, status, *others = row
    known = FinancialStatus(status) if status else None
    return Claim(entity, key, fence, _PHASES[phase], known, *others)


_RELEASES = {
    Entity.ORDER: ("release_acknowledged", "release_withheld"),
    Entity.CUSTOMER: ("release_same_email",),
}


def release(connection: sa.Connection, entity: Entity) -> None:
    """Do what `Claims.release` does, in a transaction of the caller's."""
    for query in _RELEASES.get(entity, ()):
        connection.execute(_QUERIES[query])


def _keys_and_hashes(hashes: dict[str, str]) -> dict[str, list[str]]:
    return {"keys": list(hashes), "hashes": list(hashes.values())}


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
