"""What would become of records, by the code of the sync, with every call taken as accepted.

For the plan of a sync and of an import: the records are read, sorted out and made into calls
(`prepare`, `jobs`), and nothing is sent or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from sys import intern
from typing import Any

from pydantic_core import from_json

from influence_pipeline.platform_api.calls import Call
from influence_pipeline.platform_api.payloads import Names, OrderBody, encode
from influence_pipeline.records import Entity
from influence_pipeline.state.schema import Lane, WorkState
from influence_pipeline.store.reader import KEYS_PER_STATEMENT
from influence_pipeline.sync.claims import Claim, Result, Verdict, claim_of
from influence_pipeline.sync.jobs import Job, OrderJob, calls_if_accepted
from influence_pipeline.sync.planned_customers import PlannedCustomers
from influence_pipeline.sync.prepare import Preparation

# Fields of a claim that the query `planned` gives first.
_OF_CLAIM = len(Claim._fields) - 2


class Planned(StrEnum):
    """What a sync would do with a record. `waiting`: nothing yet. `settled`: take it as done
    without a call. `ignored`: nothing, it is gone."""

    READY = "ready"
    WAITING = "waiting"
    BLOCKED = "blocked"
    PARKED = "parked"
    SETTLED = "settled"
    IGNORED = "ignored"


class PlannedRecords:
    """The plan's rows of one entity, made batch by batch; only a batch's records are held."""

    def __init__(
        self,
        preparation: Preparation,
        customers: PlannedCustomers,
        names: Names,
        linger_seconds: float,
        *,
        imports: bool = False,
    ) -> None:
        """`imports`: an import is planned, which sends what a sync leaves to it."""
        self._preparation = preparation
        self._customers = customers
        self._status_name = names.of(OrderBody, "financialStatus")
        self._linger_seconds = linger_seconds
        self._imports = imports
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
        if row.lane == Lane.IMPORT and not self._imports:
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
    Verdict.WITHHELD: Planned.SETTLED,
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
