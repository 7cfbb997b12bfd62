"""One record on its way to the API: which call comes next, and what its answers make of it.

A job is made from a claim and the record's canonical row. It is a small state machine that knows no
clock, database or network: `deliver` makes the calls it asks for and hands back the outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.calls import Call, Reply, path
from influence_pipeline.platform_api.outcomes import Meaning, Outcome
from influence_pipeline.platform_api.payloads import Names, OrderBody
from influence_pipeline.records import FinancialStatus
from influence_pipeline.state.name_hashes import plain_email
from influence_pipeline.state.schema import Phase
from influence_pipeline.store.reader import CanonicalRow
from influence_pipeline.sync import orders
from influence_pipeline.sync.claims import Claim
from influence_pipeline.sync.orders import Known, Step


class Job:
    """A record on its way.

    `known`: the order protocol's state, idle for other records. `answered`: the same as the last
    answer left it, so without the intent of a call that never went out. `goes_on`: after an answer,
    whether the next call may follow at once. `held_until`: when the lease ends. `conflict`: why a
    person must decide, if so.
    """

    def __init__(self, claim: Claim, content_hash: int | None, known: Known) -> None:
        self.claim = claim
        self.content_hash = content_hash
        self.known = self.answered = known
        self.goes_on = True
        # By the caller's clock: until then nobody else sends the record.
        self.held_until = 0.0

    @property
    def conflict(self) -> str | None:
        return None

    @property
    def finished(self) -> bool:
        """Whether no call is left to make."""
        raise NotImplementedError

    def intent(self) -> Known | None:
        """Give what must be committed before the next call is made; None: nothing."""
        return None

    def begin(self, intended: Known | None) -> Call:
        """Give the next call; it goes out now, its intent is committed."""
        raise NotImplementedError

    def take(self, reply: Reply, outcome: Outcome) -> Outcome:
        """Take the answer to the call and give it back as this kind of record reads it."""
        raise NotImplementedError


def unprepared(claim: Claim) -> Job:
    """A claim of which nothing is known yet but what the state says; it can only be given back."""
    return Job(claim, None, Known(claim.phase, claim.status, claim.absent_answers))


def calls_if_accepted(job: Job) -> list[Call]:
    """Give the calls a job makes where each is accepted at once; it is used up by that.

    What the API would say where it is asked is not known: it counts as "has not happened".
    """
    calls = []
    while not job.finished:
        calls.append(job.begin(job.intent()))
        job.take(Reply(200), Outcome(Meaning.ACCEPTED))
    return calls


# Of everything but orders.
_NO_PROTOCOL = Known()


class CallList(Job):
    """A record that is told by a fixed list of calls, each of which may be repeated."""

    def __init__(self, claim: Claim, content_hash: int | None, calls: list[Call]) -> None:
        super().__init__(claim, content_hash, _NO_PROTOCOL)
        self._todo = calls

    @property
    def finished(self) -> bool:
        return not self._todo

    def begin(self, intended: Known | None) -> Call:
        return self._todo[0]

    def take(self, reply: Reply, outcome: Outcome) -> Outcome:
        self.goes_on = outcome.meaning is Meaning.ACCEPTED
        if self.goes_on:
            self._todo.pop(0)
        return outcome


class CustomerJob(CallList):
    """PUT the whole known record; that enrols or updates (contract: Customers).

    Raises RecordError if the record cannot be told.
    """

    def __init__(self, claim: Claim, row: CanonicalRow, names: Names) -> None:
        body = payloads.customer_body(row.values)
        self.email = body.email
        content = payloads.encode(names.dump(body))
        call = Call("PUT customer", "PUT", path("customers", claim.key), content)
        super().__init__(claim, row.hash, [call])


def product_job(claim: Claim, row: CanonicalRow, names: Names, *, wrap_variants: bool) -> Job:
    """PUT the product, then POST the whole list of its variants, never an empty one.

    Variants missing from the list are deleted there (contract: Products): the list replaces, so it
    may be sent again. Raises RecordError if the record cannot be told.
    """
    body = payloads.encode(names.dump(payloads.product_body(row.values)))
    calls = [Call("PUT product", "PUT", path("products", claim.key), body)]
    variants: Any = [names.dump(variant) for variant in payloads.variant_bodies(row.values)]
    if variants:
        content = payloads.encode({"variants": variants} if wrap_variants else variants)
        where = path("products", claim.key, "variants")
        calls.append(Call("POST variants", "POST", where, content))
    return CallList(claim, row.hash, calls)


_USED = re.compile(r"(?i)already[ _-]?(been )?used")


class RewardJob(CallList):
    """Tell that a coupon was used. "Already used" and the API's own 404 are final (contract:
    Rewards); another refusal is one."""

    def __init__(self, claim: Claim) -> None:
        body = payloads.encode({"couponCode": claim.key})
        where = path("rewards", claim.key, "use")
        super().__init__(claim, None, [Call("POST reward use", "POST", where, body)])

    def take(self, reply: Reply, outcome: Outcome) -> Outcome:
        if outcome.meaning is Meaning.REJECTED and (
            reply.status in {404, 409} or _USED.search(outcome.words)
        ):
            outcome = replace(outcome, meaning=Meaning.ACCEPTED)
        return super().take(reply, outcome)


# The call by which the API is asked what became of an order.
ASK_ORDER = "GET order"
# What an API that knows no GET of an order may answer to one, and a gateway at any time.
CANNOT_BE_ASKED = frozenset({403, 404, 405, 501})


class OrderJob(Job):
    """An order, by the order protocol (`sync.orders`). `two_step`: create it as pending first."""

    def __init__(
        self, claim: Claim, row: CanonicalRow, body: OrderBody, names: Names, *, two_step: bool
    ) -> None:
        known = orders.claimed(Known(claim.phase, claim.status, claim.absent_answers))
        super().__init__(claim, row.hash, known)
        self._body = body
        self._names = names
        self._two_step = two_step
        self._content_acknowledged = claim.synced_hash == row.hash and not claim.unsure
        self._unsure = claim.unsure
        self._step_under_way = Step.DONE
        # Whether the API is known to answer a GET of an order; set before an answer is taken.
        self.api_can_be_asked = False

    @property
    def wanted(self) -> FinancialStatus:
        return self._body.financialStatus

    @property
    def customer(self) -> str | None:
        """The customer it names; None: a guest's order."""
        return self._body.customerId

    @property
    def email(self) -> str | None:
        """The e-mail it carries, if any."""
        return self._body.email

    def leave_out_email(self, unwanted: Collection[str]) -> None:
        """Leave its e-mail out if it is one of these (as `plain_email` writes them)."""
        if self._body.email is not None and plain_email(self._body.email) in unwanted:
            self._body = self._body.model_copy(update={"email": None})

    @property
    def under_way(self) -> bool:
        """Whether the API may have it already: then it is no longer left out."""
        return self.known.phase is not Phase.IDLE or self.known.status is not None

    @property
    def may_take_points_back(self) -> bool:
        """Whether the call under way carries a status that may take points back."""
        return (
            self._step_under_way is Step.UPDATE and self.wanted in orders.MAY_TAKE_POINTS_BACK
        ) or self.known.phase is Phase.REFUNDING

    @property
    def asks(self) -> bool:
        """Whether the call under way is the question what became of an earlier one."""
        return self._step_under_way is Step.ASK

    def send_as_guest(self) -> bool:
        """Leave the customer out, so that it goes by its e-mail alone; False: it has none."""
        self._body = self._body.model_copy(update={"customerId": None})
        return self._body.email is not None

    @property
    def codes(self) -> list[str]:
        """The discount codes it carries."""
        return [discount.code for discount in self._body.discountCodes]

    @property
    def conflict(self) -> str | None:
        if self._step() is not Step.CONFLICT:
            return None
        return (
            f"the API has it as refunded and the store now says {self.wanted}; points that were "
            "taken back are not given again by an update. Settle it in the Influence dashboard; "
            "it is released when the order changes in the store"
        )

    @property
    def finished(self) -> bool:
        return self._step() in {Step.DONE, Step.CONFLICT}

    def intent(self) -> Known | None:
        intended = orders.intends(self.known, self._step(), self.wanted)
        return None if intended == self.known else intended

    def begin(self, intended: Known | None) -> Call:
        # The step is fixed before the intent counts: what is intended looks, to `_step`, like
        # something that may have been done already.
        step = self._step_under_way = self._step()
        self.known = intended or self.known
        if step is Step.CREATE:
            return Call("POST order", "POST", path("orders"), self._content(step), repeatable=False)
        where = path("orders", self.claim.key)
        if step is Step.ASK:
            return Call(ASK_ORDER, "GET", where)
        return Call("PATCH order", "PATCH", where, self._content(step))

    def take(self, reply: Reply, outcome: Outcome) -> Outcome:
        step = self._step_under_way
        if step is Step.ASK and reply.status in CANNOT_BE_ASKED and self.api_can_be_asked:
            # It has answered before: this is something on the way, unless it says so itself.
            if outcome.meaning is not Meaning.ABSENT:
                outcome = replace(outcome, meaning=Meaning.LATER)
        elif step is Step.ASK and reply.status in {405, 501}:
            # Reading an order is not documented: these say that it cannot be done.
            outcome = replace(outcome, meaning=Meaning.REJECTED)
        elif step is Step.ASK and reply.status in {403, 404}:
            # These may say the same, or be a gateway's passing answer.
            outcome = replace(outcome, meaning=Meaning.ABSENT)
        self.known, must_wait = orders.answered(
            self.known,
            step,
            outcome.meaning,
            self._sent_status(step),
            _told_status(outcome.body) if step is Step.ASK else None,
        )
        self.answered = self.known
        self.goes_on = not must_wait
        if outcome.meaning is Meaning.ACCEPTED and step is not Step.ASK:
            self._content_acknowledged = True
        if outcome.meaning is Meaning.ACCEPTED and step is Step.UPDATE:
            self._unsure = False
        if step is Step.ASK and self.goes_on:
            # As far as it can be known, the status is.
            self._unsure = False
        return outcome

    def _step(self) -> Step:
        return orders.next_step(
            self.known,
            self.wanted,
            content_acknowledged=self._content_acknowledged,
            unsure=self._unsure,
        )

    def _sent_status(self, step: Step) -> FinancialStatus:
        if step is Step.CREATE:
            return orders.created_as(self.wanted, two_step=self._two_step)
        return self.wanted

    def _content(self, step: Step) -> bytes:
        body = self._body.model_copy(update={"financialStatus": self._sent_status(step)})
        return payloads.encode(self._names.dump(body, _LEFT_OUT[step]))


_LEFT_OUT: dict[Step, frozenset[str]] = {
    Step.CREATE: frozenset(),
    Step.UPDATE: frozenset({"id", "createdAt"}),
    Step.CONTENT: frozenset({"id", "createdAt", "financialStatus"}),
}


def _told_status(body: Any) -> str | None:
    """Read the financial status from the reply to GET order; its shape is inferred."""
    order = body.get("order", body) if isinstance(body, dict) else None
    status = order.get("financialStatus") if isinstance(order, dict) else None
    return status if isinstance(status, str) else None
