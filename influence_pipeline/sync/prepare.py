"""From claims to jobs: read the records as they are now, and sort out what cannot or need not go.

What goes comes back as jobs; what does not (gone, unreadable, unmappable, waiting for its customer,
unchanged meanwhile) comes back as results, with its reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.payloads import Names, RecordError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.state.erased import Identities
from influence_pipeline.state.name_hashes import Kind, email_hash, plain_email
from influence_pipeline.state.schema import Phase
from influence_pipeline.store.frames import transformed
from influence_pipeline.store.mapping import Mapping, describe
from influence_pipeline.store.reader import CanonicalRow, PoisonRow, rows_of
from influence_pipeline.sync.claims import Claim, Result, Verdict
from influence_pipeline.sync.jobs import CustomerJob, Job, OrderJob, RewardJob, product_job


@dataclass(frozen=True)
class Rules:
    """How records become calls: names, and the settings of orders and variants."""

    names: Names
    wrap_variants: bool = True
    two_step: bool = True
    guest_orders: Literal["send_by_email", "skip"] = "send_by_email"
    go_live: datetime | None = None
    # Keys the hashes by which customers with one e-mail are found.
    email_salt: bytes = b""


@dataclass
class Prepared:
    """Jobs to run, and results of records that need no call."""

    jobs: list[Job]
    results: list[Result]
    skipped: int = 0


class Customers(Protocol):
    """What is known of customers: by `Claims`, or by a plan, which writes nothing."""

    def acknowledged_customers(self, keys: Sequence[str]) -> set[str]: ...
    def erased(self, names: Identities) -> dict[tuple[Kind, str], str]: ...
    def own_emails(self, hashes: dict[str, str]) -> dict[str, str]: ...


class Preparation:
    """Prepares claims of one entity."""

    def __init__(
        self,
        store: Postgres,
        mappings: dict[Entity, Mapping],
        rules: Rules,
        entity: Entity,
        customers: Customers,
    ) -> None:
        self._store = store
        self._mappings = mappings
        self._rules = rules
        self.entity = entity
        self._customers = customers

    def prepare(self, claims: list[Claim]) -> Prepared:
        """Raises MappingError, StoreError or StateError; the claims then run out by themselves."""
        if self.entity is Entity.REWARD:
            return Prepared([RewardJob(claim) for claim in claims], [])
        return self.sort(claims, *self.read([claim.key for claim in claims]))

    def read(self, keys: list[str]) -> tuple[list[CanonicalRow], list[PoisonRow]]:
        """Read the records as they are now. Raises MappingError or StoreError."""
        return self._read(self.entity, keys)

    def sort(
        self, claims: list[Claim], rows: list[CanonicalRow], unreadable: list[PoisonRow]
    ) -> Prepared:
        """Sort claims by what was read of just these. Raises as `prepare`."""
        prepared = Prepared([], [])
        by_key = {claim.key: claim for claim in claims}
        for poison in unreadable:
            claim = by_key.pop(poison.key, None)
            if claim is None:
                continue
            prepared.results.append(parked(claim, poison.code, poison.reason))
        jobs: list[Job] = []
        for row in rows:
            claim = by_key.pop(row.key)
            if row.hash == claim.synced_hash and claim.phase is Phase.IDLE and not claim.unsure:
                prepared.results.append(settled(claim, row.hash))
            elif claim.late_seconds > 0 and row.hash != claim.late_hash:
                prepared.results.append(_late(claim))
            elif self._is_before_go_live(claim, row):
                prepared.results.append(_gone(claim))
            else:
                try:
                    jobs.append(self._job(claim, row))
                except RecordError as error:
                    prepared.results.append(parked(claim, "unmappable", str(error)))
                except (ValueError, OverflowError, RecursionError) as error:
                    # A value nobody thought of. Its words may hold it, so only its kind is said.
                    words = f"a value in it cannot be told ({type(error).__name__})"
                    prepared.results.append(parked(claim, "unmappable", words))
        prepared.results += [_gone(claim) for claim in by_key.values()]
        if self.entity is Entity.CUSTOMER:
            prepared.jobs = self._one_id_per_email(self._not_erased(jobs, prepared), prepared)
        else:
            prepared.jobs = self._customers_first(jobs, prepared)
        return prepared

    def _read(self, entity: Entity, keys: list[str]) -> tuple[list[CanonicalRow], list[PoisonRow]]:
        return transformed(self._mappings[entity], *self._in_store(entity, keys))

    def _in_store(
        self, entity: Entity, keys: list[str]
    ) -> tuple[list[CanonicalRow], list[PoisonRow]]:
        with self._store.transaction() as connection:
            return rows_of(connection, describe(connection, self._mappings[entity]), keys)

    def _job(self, claim: Claim, row: CanonicalRow) -> Job:
        rules = self._rules
        if self.entity is Entity.CUSTOMER:
            return CustomerJob(claim, row, rules.names)
        if self.entity is Entity.PRODUCT:
            return product_job(claim, row, rules.names, wrap_variants=rules.wrap_variants)
        body = payloads.order_body(row.values)
        return OrderJob(claim, row, body, rules.names, two_step=rules.two_step)

    def _is_before_go_live(self, claim: Claim, row: CanonicalRow) -> bool:
        """Tell whether it is an order that a capture would have left out, could it have read it."""
        go_live = self._rules.go_live if self.entity is Entity.ORDER else None
        never_told = claim.status is None and claim.synced_hash is None
        if go_live is None or not never_told or claim.phase is not Phase.IDLE:
            return False
        # A transform may change what is told, not what is before the go-live.
        told = row.values.get("created_at")
        return _is_before(told, go_live) or _is_before(row.created_at, go_live)

    def _not_erased(self, jobs: list[Job], prepared: Prepared) -> list[Job]:
        """Leave out customers who were erased since they became due."""
        keys = frozenset(job.claim.key for job in jobs)
        gone = {name for _, name in self._customers.erased(Identities(customers=keys))}
        prepared.results += [
            job.claim.result(Verdict.GONE) for job in jobs if job.claim.key in gone
        ]
        return [job for job in jobs if job.claim.key not in gone]

    def _one_id_per_email(self, jobs: list[Job], prepared: Prepared) -> list[Job]:
        """Park the second of two customers with one e-mail (contract: Customers): what the API
        makes of it is not known, and points could go to the wrong one."""
        customers = [job for job in jobs if isinstance(job, CustomerJob)]
        hashes = {job.claim.key: self._email_hash(job.email) for job in customers}
        owners = self._customers.own_emails(hashes)
        for key, owner in owners.items():
            claim = next(job.claim for job in customers if job.claim.key == key)
            prepared.results.append(_same_email(claim, owner, hashes[key]))
        return [job for job in jobs if job.claim.key not in owners]

    def _email_hash(self, email: str) -> str:
        return email_hash(plain_email(email), self._rules.email_salt)

    def _customers_first(self, jobs: list[Job], prepared: Prepared) -> list[Job]:
        """Hold back orders whose customer the API does not have yet (contract: Customers).

        An order whose customer the store does not give at all (deleted, or filtered out by the
        mapping) is a guest's order.
        """
        orders = [job for job in jobs if isinstance(job, OrderJob)]
        named = {job.customer for job in orders if job.customer is not None}
        if not orders:
            return jobs
        erased = self._erased_buyers(orders)
        emails = {name for kind, name in erased if kind is Kind.EMAIL}
        there = self._customers.acknowledged_customers(sorted(named)) if named else set()
        missing = sorted(c for c in named - there if (Kind.CUSTOMER, c) not in erased)
        in_store: set[str] = set()
        if missing:
            # Whether they are there is all that is asked, so no transform is.
            rows, unreadable = self._in_store(Entity.CUSTOMER, missing)
            in_store = {row.key for row in rows} | {row.key for row in unreadable}
        ready: list[Job] = []
        for job in orders:
            if (mark := erased.get((Kind.CUSTOMER, job.customer or ""))) is not None:
                prepared.results.append(_withheld(job, mark))
            elif job.customer in there:
                job.leave_out_email(emails)
                ready.append(job)
            elif job.customer in in_store:
                prepared.results.append(_blocked(job, f"customer:{job.customer}"))
            elif (mark := erased.get((Kind.EMAIL, plain_email(job.email or "")))) is not None:
                prepared.results.append(_withheld(job, mark))
            elif self._rules.guest_orders == "skip" and not job.under_way:
                prepared.results.append(settled(job.claim, job.content_hash))
                prepared.skipped += 1
            elif job.send_as_guest():
                ready.append(job)
            else:
                reason = (
                    "it has neither a customer the store gives nor an e-mail, so nobody can be "
                    "credited; give the order an e-mail, or skip guest orders (orders.guest_orders)"
                )
                prepared.results.append(parked(job.claim, "nobody", reason))
        return ready

    def _erased_buyers(self, orders: Sequence[OrderJob]) -> dict[tuple[Kind, str], str]:
        customers = frozenset(job.customer for job in orders if job.customer is not None)
        emails = frozenset(plain_email(job.email) for job in orders if job.email is not None)
        return self._customers.erased(Identities(customers, emails=emails))


def _is_before(moment: object, go_live: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(moment)) < go_live
    except (ValueError, TypeError):
        return False


def settled(claim: Claim, content_hash: int | None) -> Result:
    return claim.result(Verdict.SETTLED, synced_hash=content_hash)


def parked(claim: Claim, code: str, reason: str) -> Result:
    return _unsent(claim, Verdict.PARKED, reason_code=code, reason=reason)


def _gone(claim: Claim) -> Result:
    if claim.phase is not Phase.IDLE:
        return parked(
            claim, "gone", "it is gone from the store while the outcome of a call is not known"
        )
    return claim.result(Verdict.GONE)


def _same_email(claim: Claim, owner: str, email_hash: str) -> Result:
    reason = (
        f"it has the same e-mail as customer {owner}, which was sent first, and what the API makes "
        "of two customers with one e-mail is not known; merge the two in the store, or give one "
        "another e-mail: it is released when either changes"
    )
    return _unsent(
        claim,
        Verdict.PARKED,
        reason_code="same_email",
        reason=reason,
        blocked_on=f"email:{uuid.UUID(email_hash)}",
    )


def _late(claim: Claim) -> Result:
    """Wait until a call whose answer never came cannot overtake the newer content any more."""
    return _unsent(
        claim,
        Verdict.AGAIN,
        delay=claim.late_seconds,
        reason_code="late",
        reason="an earlier call had no answer and may still be worked off; newer content waits",
    )


def _blocked(job: Job, waits_for: str) -> Result:
    return _unsent(
        job.claim,
        Verdict.BLOCKED,
        blocked_on=waits_for,
        reason_code="waits",
        reason=f"waits until {waits_for.replace(':', ' ')} is acknowledged",
    )


def _withheld(job: Job, mark: str) -> Result:
    """Tell nothing more of an order whose buyer was erased: it would bring them back. What is known
    of it stays, should they be let in again. `mark`: the hash by which they are known."""
    return _unsent(
        job.claim,
        Verdict.WITHHELD,
        blocked_on=f"erased:{uuid.UUID(mark)}",
        reason_code="erased",
        reason="its customer was erased (influence-pipeline forget), so nothing is sent of it",
    )


def _unsent(claim: Claim, verdict: Verdict, **said: Any) -> Result:
    """Set a record aside with all that is known of it as it was: no call was made."""
    return claim.result(
        verdict,
        phase=claim.phase,
        absent_answers=claim.absent_answers,
        attempts=claim.attempts,
        refusals=claim.refusals,
        unsure=claim.unsure,
        **said,
    )
