"""Deliver: send what is due, many calls at once, and write down what each answer means.

One thread: claim, prepare, commit intents, send, take answers, write results in batches. What the
calls of a record are is in `jobs`, what claims and results are in `claims`, how fast in `pacing`.
A process that dies anywhere in here loses nothing: leases run out, intents are in the state, and
what was sent but not written is asked for or sent again as the order protocol allows.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from influence_pipeline.errors import ApiError, ApiKeyRejected, ApiUnreachable
from influence_pipeline.platform_api.calls import Call, Reply, Transport, path
from influence_pipeline.platform_api.outcomes import Judge, Meaning, Outcome
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.state.schema import Phase
from influence_pipeline.sync.claims import Attempt, Claims, Result, Verdict
from influence_pipeline.sync.jobs import Job, OrderJob, unprepared
from influence_pipeline.sync.orders import Known
from influence_pipeline.sync.outbox import FLUSH_SECONDS, Outbox
from influence_pipeline.sync.pacing import Pace
from influence_pipeline.sync.prepare import Preparation, parked

# Claimed at once: enough to keep calls in flight while the next are read.
BATCH = 500
# Calls in a row that never reached the API, after which the run stops: at the start, and later.
_UNREACHABLE_AT_START = 3
_UNREACHABLE_IN_A_ROW = 20
# Failed calls in a row (no reply, 5xx) after which the API as a whole is taken to be down: where no
# call of the run was answered well, and where some were.
_FAILURES_FROM_THE_START = 30
_FAILURES_IN_A_ROW = 300
_KEY_STATUSES = frozenset({401, 403})
# Records refused for the key one after another, after which it is the key and not the records.
_KEY_REFUSALS = 3
_KEY_CHECK = Call("GET customer", "GET", path("customers", "influence-pipeline-key-check"))
# An order that came to nothing has not consumed its coupons.
_COUPON_NOT_CONSUMED = frozenset({FinancialStatus.VOIDED, FinancialStatus.EXPIRED})
# How much longer than one call a lease lasts.
LEASE_MARGIN_SECONDS = 25.0


class Clock(Protocol):
    """Time as a seam: tests hold it."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class Limits:
    """The settings of a delivery; see `settings.Delivery` for their meanings and reasons."""

    timeout_seconds: float
    quiet_window_seconds: float
    park_after: int
    give_up_after_seconds: float
    backoff_base_seconds: float
    backoff_cap_seconds: float
    linger_seconds: float


@dataclass
class Delivered:
    """What a delivery did. `sent`: records acknowledged by calls; `unchanged`: found the same."""

    sent: int = 0
    unchanged: int = 0
    parked: int = 0
    skipped: int = 0
    calls: int = 0
    throttled: int = 0
    last_trouble: str | None = None


class Delivery:
    """Delivers one entity until nothing is due. Not shared between threads."""

    def __init__(
        self,
        *,
        entity: Entity,
        claims: Claims,
        preparation: Preparation,
        transport: Transport,
        judge: Judge,
        pace: Pace,
        limits: Limits,
        clock: Clock,
        at: Callable[[str], None],
        progress: Callable[[Delivered], None],
    ) -> None:
        self._entity = entity
        self._claims = claims
        self._preparation = preparation
        self._transport = transport
        self._judge = judge
        self._pace = pace
        self._limits = limits
        self._clock = clock
        self._at = at
        self._progress = progress
        self._lease_seconds = limits.timeout_seconds + LEASE_MARGIN_SECONDS
        self._ready: deque[tuple[Job, Call]] = deque()
        self._unintended: list[tuple[Job, Known]] = []
        self._under_way: dict[int, tuple[Job, Call]] = {}
        self._jobs: dict[str, Job] = {}
        self._outbox = Outbox(claims, at)
        self._done = Delivered()
        self._answered = False
        self._unreachable = 0
        self._worked = False
        self._failures = 0
        self._renew_at = 0.0
        self._key_refused: list[tuple[Job, Call, Outcome]] = []
        self._stop: ApiError | None = None
        self._resting = False

    def run(self) -> Delivered:
        """Deliver until nothing is due or will be soon.

        Raises ApiKeyRejected or ApiUnreachable when the API as a whole cannot be used; what was
        acknowledged until then is written, the rest stays due.
        """
        try:
            return self._run()
        except BaseException:
            # Cancelled, or a database is gone: give back what waits for its next call, so that the
            # next run need not wait for the leases to run out. If that fails too, they do. What is
            # under way, or was just answered, is left to its lease: its intent must stand.
            with suppress(Exception):
                self._release([job for job, _ in (*self._ready, *self._unintended)])
            raise

    def _run(self) -> Delivered:
        if self._entity is Entity.ORDER:
            self._claims.release_acknowledged()
        exhausted = False
        lingered = 0.0
        while True:
            # Before more is claimed: a record whose lease ran out must not be claimed twice.
            self._renew_leases()
            if self._goes_on and not exhausted and len(self._jobs) < BATCH:
                exhausted = not self._claim_more()
            self._commit_intents()
            self._rest_if_asked_to()
            self._send()
            self._take_answers()
            self._outbox.flush(self._clock.monotonic())
            if self._jobs and (self._goes_on or self._under_way):
                continue
            self._outbox.flush(self._clock.monotonic(), everything=True)
            if self._stop is not None:
                raise self._stop
            if self._resting:
                self._release(list(self._jobs.values()))
                return self._done
            if not exhausted:
                continue
            if self._key_refused:
                if self._api_refuses_the_key():
                    raise self._key_error()
                self._key_is_good()
                continue
            pause = self._pause(lingered)
            if pause is None:
                if self._unreachable and not self._answered:
                    raise self._unreachable_error()
                return self._done
            self._clock.sleep(pause)
            lingered += pause
            exhausted = False

    @property
    def _goes_on(self) -> bool:
        return self._stop is None and not self._resting

    # -- taking work -------------------------------------------------------------------------

    def _claim_more(self) -> bool:
        """Claim and prepare a batch; False: nothing is due."""
        asked_at = self._clock.monotonic()
        claims = self._claims.claim(BATCH)
        if not claims:
            return False
        self._at("deliver: claimed")
        try:
            prepared = self._preparation.prepare(claims)
        except BaseException:
            # The store is away, or the mapping wrong: the next run need not wait for the leases.
            with suppress(Exception):
                self._release([unprepared(claim) for claim in claims])
            raise
        self._at("deliver: store read")
        for job in prepared.jobs:
            self._jobs[job.claim.key] = job
            job.held_until = asked_at + self._lease_seconds
            self._next(job)
        self._done.skipped += prepared.skipped
        for result in prepared.results:
            if result.verdict is Verdict.SETTLED:
                self._done.unchanged += 1
            self._write(result)
        self._done.unchanged -= prepared.skipped
        return True

    def _pause(self, lingered: float) -> float | None:
        """Seconds to wait for what becomes due soon; None: the run is over."""
        due = self._claims.next_due()
        if due is None:
            return None
        if due <= 0:
            return 0.01 if lingered < self._limits.linger_seconds else None
        return due if lingered + due <= self._limits.linger_seconds else None

    # -- sending -----------------------------------------------------------------------------

    def _next(self, job: Job) -> None:
        """Line up a job's next call, or finish the job."""
        if job.finished:
            self._finish(job)
            return
        intended = job.intent()
        if intended is None:
            self._ready.append((job, job.begin(None)))
        else:
            self._unintended.append((job, intended))

    def _commit_intents(self) -> None:
        """Commit, in one transaction per claim, what is about to be called."""
        if not self._unintended:
            return
        by_fence: dict[int, list[tuple[Job, Known]]] = {}
        for job, intended in self._unintended:
            by_fence.setdefault(job.claim.fence, []).append((job, intended))
        self._unintended = []
        self._at("deliver: before intent")
        for fence, intents in by_fence.items():
            held = self._claims.intend(
                fence,
                {job.claim.key: (intended.phase, intended.status) for job, intended in intents},
                self._limits.quiet_window_seconds,
            )
            for job, intended in intents:
                if job.claim.key in held:
                    self._ready.append((job, job.begin(intended)))
                else:
                    self._forget(job)
        self._at("deliver: intent committed")

    def _rest_if_asked_to(self) -> None:
        """End the run where the API asks for a longer wait than a run waits: the next goes on."""
        asked = self._pace.held(self._clock.monotonic())
        if not self._goes_on or asked <= self._limits.linger_seconds:
            return
        self._resting = True
        self._done.last_trouble = (
            f"the API asks to be left alone for {asked:,.0f} s (Retry-After); the next run goes on"
        )

    def _send(self) -> None:
        while self._ready and self._goes_on and len(self._under_way) < self._pace.window:
            now = self._clock.monotonic()
            if self._pace.wait(now) > 0:
                return
            job, call = self._ready.popleft()
            if now + self._limits.timeout_seconds > job.held_until:
                # Another worker may take it before an answer could be here.
                self._forget(job)
                continue
            self._under_way[id(job)] = (job, call)
            self._transport.submit(call, id(job))
            self._pace.went_out(now)
            self._done.calls += 1
            self._at("deliver: sent")

    # -- answers -----------------------------------------------------------------------------

    def _take_answers(self) -> None:
        pause = self._pace.wait(self._clock.monotonic())
        if not self._under_way:
            if self._ready and self._goes_on:
                self._clock.sleep(min(pause, 1.0))
            return
        room = self._ready and self._goes_on and len(self._under_way) < self._pace.window
        wait = min(pause, FLUSH_SECONDS) if room else FLUSH_SECONDS
        for token, reply in self._transport.poll(wait):
            job, call = self._under_way.pop(int(str(token)))
            self._at("deliver: replied")
            self._take(job, call, reply)
        self._progress(self._done)

    def _take(self, job: Job, call: Call, reply: Reply) -> None:
        outcome = job.take(reply, self._judge.judge(call, reply))
        self._log(job, call, reply, outcome)
        self._learn_pace(outcome, reply)
        if outcome.meaning is Meaning.KEY_REJECTED:
            self._take_key_refusal(job, call, outcome)
            return
        if _is_answer_to_the_key(reply) and not outcome.throttled:
            self._key_is_good()
        if job.goes_on:
            self._next(job)
        else:
            self._come_back(job, call, outcome)

    def _take_key_refusal(self, job: Job, call: Call, outcome: Outcome) -> None:
        """Stop where one record after another is refused for the key; a single one among others
        is that record's trouble (a gateway that dislikes its content says 403 too)."""
        self._forget(job)
        self._key_refused.append((job, call, outcome))
        if len(self._key_refused) >= _KEY_REFUSALS:
            self._stop = self._key_error()

    def _api_refuses_the_key(self) -> bool:
        """Ask for a customer that nobody has: is it the key, or the few records that were due?"""
        self._transport.submit(_KEY_CHECK, 0)
        deadline = self._clock.monotonic() + self._limits.timeout_seconds
        while self._clock.monotonic() < deadline:
            for _, reply in self._transport.poll(FLUSH_SECONDS):
                self._done.calls += 1
                return self._judge.judge(_KEY_CHECK, reply).meaning is Meaning.KEY_REJECTED
        return True

    def _key_is_good(self) -> None:
        """Another record was taken: those refused before it are refused for themselves."""
        for job, call, outcome in self._key_refused:
            self._come_back(job, call, replace(outcome, meaning=Meaning.REJECTED))
        self._key_refused = []

    def _key_error(self) -> ApiKeyRejected:
        """Give the refused records back as they were, and say what is wrong."""
        _, call, outcome = self._key_refused[0]
        self._release([job for job, _, _ in self._key_refused])
        self._key_refused = []
        return ApiKeyRejected(
            f"The API refuses the key: {call.name} was answered {outcome.words}. Nothing more is "
            "sent. Check INFLUENCE_API_KEY in the Influence dashboard; the next run goes on where "
            "this one stopped."
        )

    def _learn_pace(self, outcome: Outcome, reply: Reply) -> None:
        if outcome.meaning is Meaning.UNREACHABLE:
            self._unreachable += 1
            self._done.last_trouble = outcome.words
            most = _UNREACHABLE_IN_A_ROW if self._answered else _UNREACHABLE_AT_START
            if self._unreachable >= most:
                self._stop = self._stop or self._unreachable_error()
            return
        self._answered = True
        self._unreachable = 0
        now = self._clock.monotonic()
        if reply.status in _KEY_STATUSES:
            # It says nothing of the pace; the window stays as small as it is.
            return
        if reply.status is not None and reply.status < 500 and not outcome.throttled:
            self._pace.good(now)
            self._worked = True
            self._failures = 0
        else:
            self._pace.refused(now, outcome.retry_after, throttled=outcome.throttled)
            self._failures += not outcome.throttled
        if outcome.throttled:
            self._done.throttled += 1
        if self._failures >= (_FAILURES_IN_A_ROW if self._worked else _FAILURES_FROM_THE_START):
            self._stop = self._stop or ApiUnreachable(
                f"The API fails call after call (the last: {outcome.words}). Nothing more is sent; "
                "nothing is lost. The next run goes on where this one stopped."
            )

    def _unreachable_error(self) -> ApiUnreachable:
        return ApiUnreachable(
            f"The API cannot be reached ({self._done.last_trouble}). Nothing more is sent; nothing "
            "is lost. Check INFLUENCE_API_URL and the network; the next run goes on where this one "
            "stopped."
        )

    def _log(self, job: Job, call: Call, reply: Reply, outcome: Outcome) -> None:
        self._outbox.attempt(
            Attempt(
                key=job.claim.key,
                call=call.name,
                outcome=outcome.meaning,
                http_status=reply.status,
                ms=reply.ms,
                content_hash=job.content_hash,
                error=outcome.words or None,
            ),
            self._clock.monotonic(),
        )

    # -- results -----------------------------------------------------------------------------

    def _finish(self, job: Job) -> None:
        claim = job.claim
        conflict = job.conflict
        if conflict is not None:
            self._write(parked(claim, "after_refund", conflict), job)
            return
        if isinstance(job, OrderJob) and job.wanted not in _COUPON_NOT_CONSUMED:
            self._outbox.codes_used(job.codes, claim.key)
        self._done.sent += 1
        self._write(
            Result(
                claim.key,
                claim.fence,
                Verdict.SETTLED,
                claim.store_hash,
                synced_hash=job.content_hash,
                status=job.known.status,
            ),
            job,
        )

    def _come_back(self, job: Job, call: Call, outcome: Outcome) -> None:
        """Write down a call that did not do it: to be tried again, or parked."""
        claim = job.claim
        asking = job.known.phase is not Phase.IDLE
        refused = outcome.meaning is Meaning.REJECTED or (
            outcome.meaning is Meaning.ABSENT and not asking
        )
        refusals = claim.refusals + refused
        unreachable = outcome.meaning is Meaning.UNREACHABLE
        attempts = claim.attempts + (0 if unreachable or outcome.throttled else 1)
        self._done.last_trouble = f"{call.name} {claim.key!r}: {outcome.words}"
        given_up = (
            claim.age_seconds > self._limits.give_up_after_seconds
            and not unreachable
            and not outcome.throttled
            and self._done.sent > 0
        )
        park = (refused and refusals >= self._limits.park_after) or given_up
        tried = f"{attempts} {'time' if attempts == 1 else 'times'}"
        reason = f"{call.name}: {outcome.words} (tried {tried})"
        self._write(
            Result(
                claim.key,
                claim.fence,
                Verdict.PARKED if park else Verdict.AGAIN,
                claim.store_hash,
                status=job.known.status,
                phase=job.known.phase,
                absent_answers=job.known.absent_answers,
                attempts=attempts,
                refusals=refusals,
                delay=self._delay(attempts, outcome, asking=asking),
                unsure=claim.unsure or _may_be_late(outcome),
                late_hash=job.content_hash,
                late_seconds=(self._limits.quiet_window_seconds if _may_be_late(outcome) else 0.0),
                reason_code="refused" if refused else "no_answer",
                reason=reason,
            ),
            job,
        )

    def _delay(self, attempts: int, outcome: Outcome, *, asking: bool) -> float:
        """Full jitter (uniform in 0..base * 2^n); a quiet window where an outcome is not known."""
        if asking:
            return max(self._limits.quiet_window_seconds, outcome.retry_after or 0.0)
        limits = self._limits
        grown = limits.backoff_base_seconds * 2.0 ** min(attempts, 30)
        most = min(grown, limits.backoff_cap_seconds)
        return max(random.uniform(0, most), outcome.retry_after or 0.0)  # noqa: S311 (no secret)

    def _release(self, jobs: list[Job]) -> None:
        """Give claims back as they are, to be due at once for the next run."""
        quiet = self._limits.quiet_window_seconds
        for job in jobs:
            claim = job.claim
            self._write(
                Result(
                    claim.key,
                    claim.fence,
                    Verdict.AGAIN,
                    claim.store_hash,
                    status=job.answered.status,
                    phase=job.answered.phase,
                    absent_answers=job.answered.absent_answers,
                    attempts=claim.attempts,
                    refusals=claim.refusals,
                    delay=0.0 if job.answered.phase is Phase.IDLE else quiet,
                    unsure=claim.unsure,
                ),
                job,
            )
        self._outbox.flush(self._clock.monotonic(), everything=True)

    def _forget(self, job: Job) -> None:
        """Leave a record to whoever holds it now, or to its lease's end."""
        if self._jobs.get(job.claim.key) is job:
            del self._jobs[job.claim.key]

    def _write(self, result: Result, job: Job | None = None) -> None:
        self._done.parked += result.verdict is Verdict.PARKED
        self._outbox.result(result, self._clock.monotonic())
        if job is not None:
            self._forget(job)

    def _renew_leases(self) -> None:
        now = self._clock.monotonic()
        if now < self._renew_at or not self._jobs:
            return
        self._renew_at = now + LEASE_MARGIN_SECONDS / 3
        by_fence: dict[int, list[str]] = {}
        for job in self._jobs.values():
            by_fence.setdefault(job.claim.fence, []).append(job.claim.key)
        for key in self._claims.renew(by_fence):
            self._jobs[key].held_until = now + self._lease_seconds


def _is_answer_to_the_key(reply: Reply) -> bool:
    return reply.status is not None and reply.status < 500 and reply.status not in _KEY_STATUSES


def _may_be_late(outcome: Outcome) -> bool:
    """Whether the call may be worked off yet, or was without our knowing."""
    return outcome.meaning in {Meaning.LATER, Meaning.UNCERTAIN} and not outcome.throttled
