"""What a sync would send, without sending it and without changing anything.

A capture runs as it would, inside a transaction that is rolled back, and the work it would leave is
read before that. Then the records are read, sorted out and made into calls by the code of the sync
(`prepare`, `jobs`), with every call taken as accepted. So the plan is made by the same code.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from sys import intern
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from influence_pipeline.platform_api.calls import Call
from influence_pipeline.platform_api.payloads import Names, OrderBody, encode
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.sql import load_queries
from influence_pipeline.state.schema import Lane, WorkState
from influence_pipeline.store.reader import KEYS_PER_STATEMENT
from influence_pipeline.sync import status
from influence_pipeline.sync.capture import capture_into
from influence_pipeline.sync.captured import Captured, CaptureJob
from influence_pipeline.sync.claims import Claim, Result, Verdict, claim_of, release
from influence_pipeline.sync.engine import EMAIL_SALT, Engine
from influence_pipeline.sync.jobs import Job, OrderJob, calls_if_accepted
from influence_pipeline.sync.planned_customers import PlannedCustomers
from influence_pipeline.sync.points import effect
from influence_pipeline.sync.prepare import Preparation

if TYPE_CHECKING:
    import pandas as pd

_QUERIES = load_queries(__file__, "plan.sql")
# Fields of a claim that the query `planned` gives first.
_OF_CLAIM = len(Claim._fields) - 2

COLUMNS = (
    *("entity", "key", "action", "state", "status_now", "status_next", "reason"),
    *("before", "after"),
)


class Planned(StrEnum):
    """What a sync would do with a record. `waiting`: nothing yet. `settled`: take it as done
    without a call. `ignored`: nothing, it is gone."""

    READY = "ready"
    WAITING = "waiting"
    BLOCKED = "blocked"
    PARKED = "parked"
    SETTLED = "settled"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Plan:
    """What a sync would do. `captured`: what its capture found, and leaves out.

    `records`: one row per record it would deal with. Columns: entity, key, action (create, update),
    state (see `Planned`), status_now and status_next (of orders: last acknowledged and wanted
    financial status), reason, before (JSON of what is known to have been acknowledged: an order's
    status), after (JSON of the fields that are sent; personal data). `calls`: how many that takes,
    if each is accepted; `calls_per_second`: the pace to be expected, None before the first calls.
    `go_live`: the cut-over of orders, as it is or would be.
    """

    records: pd.DataFrame
    captured: dict[Entity, Captured]
    go_live: datetime
    calls: int
    calls_per_second: float | None

    @property
    def seconds(self) -> float | None:
        """How long the calls take at that pace; None: not known."""
        if self.calls_per_second is None:
            return None
        return round(self.calls / self.calls_per_second, 1)

    @property
    def status_moves(self) -> list[dict[str, Any]]:
        """Moves of orders' financial status that would be sent, and what they do to points."""
        orders = self.records[
            (self.records["entity"] == Entity.ORDER) & (self.records["state"] == Planned.READY)
        ]
        moves: dict[tuple[str | None, str], int] = {}
        for move in zip(orders["status_now"], orders["status_next"], strict=True):
            if move[0] != move[1]:
                moves[move] = moves.get(move, 0) + 1
        return [
            {
                "status_now": now,
                "status_next": following,
                "orders": orders,
                "points": effect(
                    FinancialStatus(now) if now else None, FinancialStatus(following)
                ).value,
            }
            for (now, following), orders in sorted(moves.items(), key=lambda item: -item[1])
        ]


class _RollBack(Exception):  # noqa: N818  (it is no error, only the way out)
    """Ends the transaction in which a plan was made."""


def plan(engine: Engine, entities: Sequence[Entity], *, full: bool = False) -> Plan:
    """Plan a sync of these entities. Raises what a sync's capture raises."""
    # pandas costs a second to import, so only who plans pays for it.
    import pandas as pd

    go_live = engine.planned_go_live()
    # Where there is no salt yet there are no owners of e-mails, and any salt will do.
    salt = status.get_fact(engine.state, EMAIL_SALT) or secrets.token_hex(32)
    rules = engine.rules(go_live=go_live, email_salt=bytes.fromhex(salt))
    customers = PlannedCustomers(engine.state)
    captured: dict[Entity, Captured] = {}
    rows: list[tuple[Any, ...]] = []
    calls = 0
    for entity in entities:
        job = engine.job(entity, full=full, guarded=True, go_live=go_live)
        captured[entity], work = _capture(engine, job, customers)
        preparation = Preparation(engine.store, engine.mappings, rules, entity, customers)
        records = _Records(preparation, customers, rules.names, engine.linger_seconds)
        records.add(work)
        records.add_gone(captured[entity].gone)
        rows.extend(records.rows())
        calls += records.calls
    given = engine.config.delivery
    return Plan(
        pd.DataFrame(rows, columns=list(COLUMNS), dtype=object),
        captured,
        go_live,
        calls,
        status.expected_pace(engine.state, given.in_flight, given.calls_per_second),
    )


def _capture(
    engine: Engine, job: CaptureJob, customers: PlannedCustomers
) -> tuple[Captured, Sequence[Any]]:
    """Capture, read the work that a delivery would then find, and take it all back."""
    entity = job.mapping.entity
    try:
        with engine.state.transaction() as into:
            captured = capture_into(into, engine.store, job, lambda _point: None)
            release(into, entity)
            work = into.execute(_QUERIES["planned"], {"entity": entity}).all()
            if entity is Entity.CUSTOMER:
                customers.gone.update(into.execute(_QUERIES["gone_customers"]).scalars())
            raise _RollBack  # noqa: TRY301  (leaving the block is what rolls back)
    except _RollBack:
        return captured, work


class _Records:
    """The plan's rows of one entity, made batch by batch; only a batch's records are held."""

    def __init__(
        self,
        preparation: Preparation,
        customers: PlannedCustomers,
        names: Names,
        linger_seconds: float,
    ) -> None:
        self._preparation = preparation
        self._customers = customers
        self._status_name = names.of(OrderBody, "financialStatus")
        self._linger_seconds = linger_seconds
        self._rows: dict[str, tuple[Any, ...]] = {}
        # Parked for another's e-mail: the work, and which e-mail it is.
        self._same_email: dict[str, tuple[Any, str]] = {}
        self.calls = 0

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Give them in the order of their keys."""
        for key in sorted(self._rows):
            yield self._rows[key]

    def add(self, work: Sequence[Any]) -> None:
        """Plan this work, in the order in which it is sent."""
        for first in range(0, len(work), KEYS_PER_STATEMENT):
            self._batch(work[first : first + KEYS_PER_STATEMENT])
        # A sync makes them due when it has told the API of their e-mails' owners.
        while free := self._customers.becomes_free(mail for _, mail in self._same_email.values()):
            again = [row for row, mail in self._same_email.values() if mail in free]
            for row in again:
                del self._same_email[row.key]
            self._batch(again, freed=True)

    def add_gone(self, keys: Sequence[str]) -> None:
        """Add records that the store gives no more; of some there is work left, for a person."""
        entity = self._preparation.entity.value
        for key in keys:
            gone = (entity, key, "gone", Planned.IGNORED.value, None, None, _NO_CALL, None, None)
            planned = self._rows.get(key, gone)
            self._rows[key] = (*planned[:2], "gone", *planned[3:])

    def _batch(self, work: Sequence[Any], *, freed: bool = False) -> None:
        found, unreadable = self._preparation.read([row.key for row in work])
        statuses: dict[str, Any] = {
            row.key: row.values.get("financial_status")
            for row in found
            if row.values.get("financial_status") is not None
        }
        by_key = {row.key: row for row in work}
        claims: dict[str, Claim] = {}
        for row in work:
            if not freed:
                self._note_email(row, row.state, row.blocked_on)
            state, reason = (Planned.READY, None) if freed else self._stands(row)
            if state is Planned.READY:
                claims[row.key] = self._claim(row)
            else:
                self._put(row, state, reason, statuses.get(row.key))
        prepared = self._preparation.sort(
            list(claims.values()),
            [row for row in found if row.key in claims],
            [row for row in unreadable if row.key in claims],
        )
        for result in prepared.results:
            row = by_key[result.key]
            state, reason = _came_to(result, claims[result.key])
            self._note_email(row, state, result.blocked_on)
            self._put(row, state, reason, statuses.get(row.key))
        for job in prepared.jobs:
            self._job(by_key[job.claim.key], job)

    def _stands(self, row: Any) -> tuple[Planned, str | None]:
        """Say how work stands before anybody claims it: ready to be claimed, or why not."""
        waits_for = (row.blocked_on or "").removeprefix("customer:")
        if row.state == WorkState.BLOCKED:
            if waits_for in self._customers.sent or waits_for in self._customers.gone:
                return Planned.READY, None
            return Planned.BLOCKED, row.reason
        if row.state == WorkState.PARKED:
            return Planned.PARKED, row.reason
        if row.held:
            return Planned.WAITING, "another run holds it"
        if row.lane == Lane.IMPORT:
            return Planned.WAITING, "an import sends it"
        if row.due_in > self._linger_seconds:
            words = f"not due for {row.due_in:,.0f} s yet"
            return Planned.WAITING, f"{words}: {row.reason}" if row.reason else words
        return Planned.READY, None

    def _claim(self, row: Any) -> Claim:
        claim = claim_of(self._preparation.entity, 0, tuple(row)[:_OF_CLAIM])
        # A run waits for so long itself.
        late = claim.late_seconds if claim.late_seconds > self._linger_seconds else 0.0
        return claim._replace(late_seconds=late)

    def _note_email(self, row: Any, state: str, blocked_on: str | None) -> None:
        if state == Planned.PARKED and (blocked_on or "").startswith("email:"):
            self._same_email[row.key] = (row, str(blocked_on))

    def _job(self, row: Any, job: Job) -> None:
        wanted = job.wanted.value if isinstance(job, OrderJob) else None
        if job.conflict is not None:
            self._put(row, Planned.PARKED, job.conflict, wanted)
            return
        first = (
            self._customers.first(job.customer)
            if isinstance(job, OrderJob)
            else self._customers.email_from(row.key)
        )
        calls = calls_if_accepted(job)
        if not calls:
            self._put(row, Planned.SETTLED, _AS_ACKNOWLEDGED, wanted)
            return
        self.calls += len(calls)
        if self._preparation.entity is Entity.CUSTOMER:
            self._customers.sent.add(row.key)
        self._put(row, Planned.READY, first and f"after customer {first}", wanted, _told(calls))

    def _put(
        self,
        row: Any,
        state: Planned,
        reason: str | None,
        wanted: Any,
        after: str | None = None,
    ) -> None:
        now = row.status and intern(row.status)
        self._rows[row.key] = (
            self._preparation.entity.value,
            row.key,
            "gone" if state is Planned.IGNORED else intern(row.action),
            state.value,
            now,
            None if wanted is None else intern(str(wanted)),
            reason,
            now and intern(encode({self._status_name: now}).decode()),
            after,
        )


_NO_CALL = "the store gives it no more; nothing is sent, the API has no call for that"
_AS_ACKNOWLEDGED = "it is as the API acknowledged it"


def _came_to(result: Result, claim: Claim) -> tuple[Planned, str | None]:
    """Say what a result that needs no call makes of a record."""
    if result.verdict is Verdict.SETTLED:
        if result.synced_hash == claim.synced_hash:
            return Planned.SETTLED, _AS_ACKNOWLEDGED
        return Planned.SETTLED, "a guest's order; they are skipped (orders.guest_orders)"
    if result.verdict is Verdict.GONE:
        return Planned.IGNORED, "it is gone from the store, or was placed before the go-live"
    return _STATES[result.verdict], result.reason


_STATES = {
    Verdict.AGAIN: Planned.WAITING,
    Verdict.BLOCKED: Planned.BLOCKED,
    Verdict.PARKED: Planned.PARKED,
}


def _told(calls: Sequence[Call]) -> str | None:
    """Give the fields that calls tell together, as JSON: of a single call its body, as it is."""
    bodies = [call.body for call in calls if call.body is not None]
    if len(bodies) == 1:
        return bodies[0].decode()
    fields: dict[str, Any] = {}
    for body in bodies:
        told = from_json(body)
        # A bare list is a product's variants.
        fields |= told if isinstance(told, dict) else {"variants": told}
    return encode(fields).decode()
