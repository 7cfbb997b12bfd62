"""Broken variants of the pipeline: each has one safeguard taken out, which a proof must notice.

They are applied by name, so that a process apart can be one of them, and by the seams of the engine
or by functions that `sync.orders` is known for, so that they stay broken however the rest is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from influence_pipeline.platform_api import outcomes
from influence_pipeline.platform_api.calls import Call, Reply
from influence_pipeline.platform_api.outcomes import Meaning, Outcome
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import FinancialStatus
from influence_pipeline.state.schema import Phase
from influence_pipeline.store.coupons import sql
from influence_pipeline.sync import claims, orders
from influence_pipeline.sync.orders import Known, Step

# Put in where the transport is made (`killed`).
ACKNOWLEDGES_FIRST = "acknowledges before it sends"
CLAIMS_WITHOUT_A_LEASE = "claims without a lease"
WRITES_WITHOUT_LOOKING = "writes coupons without looking"

_REFUNDS = {FinancialStatus.REFUNDED, FinancialStatus.PARTIALLY_REFUNDED}
_next_step, _intends, _answered = orders.next_step, orders.intends, orders.answered
_judge = outcomes.Judge.judge


def _posts_again_on_restart(known: Known) -> Known:
    return Known(status=known.status) if known.phase is Phase.CREATING else known


def _notes_no_intent(known: Known, step: Step, wanted: FinancialStatus) -> Known:
    return known


def _notes_no_refund(known: Known, step: Step, wanted: FinancialStatus) -> Known:
    return _intends(known, step, wanted) if step is Step.CREATE else known


def _posts_again_after_silence(
    known: Known, step: Step, meaning: Meaning, *said: Any
) -> tuple[Known, bool]:
    if step is Step.CREATE and meaning is Meaning.UNCERTAIN:
        return Known(), True
    return _answered(known, step, meaning, *said)


def _does_not_believe_the_question(
    known: Known, step: Step, meaning: Meaning, sent: FinancialStatus, told: str | None = None
) -> tuple[Known, bool]:
    return _answered(known, step, meaning, sent, None if step is Step.ASK else told)


def _takes_content_for_the_status(
    known: Known, step: Step, meaning: Meaning, sent: FinancialStatus, told: str | None = None
) -> tuple[Known, bool]:
    if step is Step.CONTENT and meaning is Meaning.ACCEPTED:
        return Known(Phase.IDLE, sent), False
    return _answered(known, step, meaning, sent, told)


def _never_counts_absence(
    known: Known, step: Step, meaning: Meaning, *said: Any
) -> tuple[Known, bool]:
    after, waits = _answered(known, step, meaning, *said)
    if meaning is Meaning.ABSENT and known.phase is Phase.UNKNOWN:
        return Known(Phase.UNKNOWN), True
    return after, waits


def _forgets_a_refund_without_an_answer(
    known: Known, step: Step, meaning: Meaning, *said: Any
) -> tuple[Known, bool]:
    if known.phase is Phase.REFUNDING and meaning is Meaning.LATER:
        return Known(Phase.IDLE, known.status), True
    return _answered(known, step, meaning, *said)


def _asks_with_a_refund(known: Known, wanted: FinancialStatus, **said: bool) -> Step:
    step = _next_step(known, wanted, **said)
    return Step.UPDATE if known.phase is Phase.UNKNOWN else step


def _says_refunds_again(known: Known, wanted: FinancialStatus, **said: bool) -> Step:
    step = _next_step(known, wanted, **said)
    again = said.get("unsure") and step in {Step.CONTENT, Step.DONE} and known.phase is Phase.IDLE
    return Step.UPDATE if again else step


def _pays_after_a_refund(known: Known, wanted: FinancialStatus, **said: bool) -> Step:
    step = _next_step(known, wanted, **said)
    return Step.UPDATE if step is Step.CONFLICT else step


def _repeats_lost_calls(judge: outcomes.Judge, call: Call, reply: Reply, **more: Any) -> Outcome:
    outcome = _judge(judge, call, reply, **more)
    if outcome.meaning is Meaning.UNCERTAIN:
        return Outcome(Meaning.UNREACHABLE, outcome.words)
    return outcome


def _believes_any_404(judge: outcomes.Judge, call: Call, reply: Reply, **more: Any) -> Outcome:
    outcome = _judge(judge, call, reply, **more)
    if reply.status == 404 and call.method == "PATCH":
        return Outcome(Meaning.ABSENT, outcome.words)
    return outcome


@contextmanager
def _takes_lost_commits_as_done(database: Postgres) -> Iterator[sa.Connection]:
    """A transaction whose COMMIT was not answered is taken as committed."""
    with database._failing():
        connection = database.engine.connect()
        try:
            for statement in database._prelude:
                connection.exec_driver_sql(statement)
            yield connection
            with suppress(DBAPIError):
                connection.commit()
        finally:
            connection.close()


def _writes_without_looking(desk: Any, coupon: Any) -> None:
    desk._run(desk._create, **{**asdict(coupon), "product_ids": list(coupon.product_ids)})


def _nothing_is_there(*_: Any) -> None:
    """What a look finds that does not look."""


_PATCHES: dict[str, tuple[object, str, object]] = {
    "posts again on restart": (orders, "claimed", _posts_again_on_restart),
    "posts again after silence": (orders, "answered", _posts_again_after_silence),
    "posts again after one absent answer": (orders, "_ABSENT_ANSWERS_NEEDED", 1),
    "never counts absence": (orders, "answered", _never_counts_absence),
    "commits no intent": (orders, "intends", _notes_no_intent),
    "commits no refund": (orders, "intends", _notes_no_refund),
    "forgets a refund without an answer": (
        orders, "answered", _forgets_a_refund_without_an_answer
    ),
    "asks with a refund": (orders, "next_step", _asks_with_a_refund),
    "does not believe the question": (orders, "answered", _does_not_believe_the_question),
    "takes content for the status": (orders, "answered", _takes_content_for_the_status),
    "says refunds again": (orders, "next_step", _says_refunds_again),
    "pays after a refund": (orders, "next_step", _pays_after_a_refund),
    "repeats lost calls": (outcomes.Judge, "judge", _repeats_lost_calls),
    "believes any 404": (outcomes.Judge, "judge", _believes_any_404),
    "takes lost commits as done": (Postgres, "transaction", _takes_lost_commits_as_done),
}  # fmt: skip

OF_THE_PROTOCOL = tuple(name for name, (where, _, _) in _PATCHES.items() if where is orders)


def apply(name: str, patch: pytest.MonkeyPatch) -> None:
    """Break the pipeline of this process in the way that `name` says."""
    if name == CLAIMS_WITHOUT_A_LEASE:
        patch.setattr(claims, "_QUERIES", {**claims._QUERIES, "claim": _claim_without_a_lease()})
    elif name == WRITES_WITHOUT_LOOKING:
        patch.setattr(sql.SqlCouponWriter, "look", _nothing_is_there)
        patch.setattr(sql._Desk, "find", _nothing_is_there)
        patch.setattr(sql._Desk, "create", _writes_without_looking)
    elif name != ACKNOWLEDGES_FIRST:
        patch.setattr(*_PATCHES[name])


def _claim_without_a_lease() -> sa.TextClause:
    """The statement that takes records up, with neither row locks nor a look at leases of others."""
    text = str(claims._QUERIES["claim"])
    for safeguard in ("FOR UPDATE SKIP LOCKED", "AND (lease_until IS NULL OR lease_until < now())"):
        assert safeguard in text, f"the statement no longer says {safeguard!r}; adapt this variant"
        text = text.replace(safeguard, "")
    return sa.text(text)
