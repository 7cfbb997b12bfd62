"""Deliver: send what is due, many calls at once, and write down what each answer means.

One thread sends and takes answers; claiming and reading (`feed`), writing (`outbox`) and asking for
slots (`shared_pace`) go on beside it, so that calls never wait for a database. What the calls of a
record are is in `jobs`, how fast in `pacing`, what is the API's trouble and not a record's in
`trouble`. A process that dies anywhere in here loses nothing: leases run out, intents are in the
state, and what was sent but not written is asked for or sent again as the order protocol allows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from influence_pipeline.errors import ApiKeyRejected
from influence_pipeline.platform_api.calls import Call, Reply, Transport, path
from influence_pipeline.platform_api.outcomes import Judge, Meaning, Outcome
from influence_pipeline.platform_api.rate_headers import read_rate_headers
from influence_pipeline.records import Entity, FinancialStatus
from influence_pipeline.state.schema import Phase
from influence_pipeline.sync.claims import Attempt, Claims, Intent, Result, Verdict
from influence_pipeline.sync.feed import Fed, Feed
from influence_pipeline.sync.jobs import ASK_ORDER, CANNOT_BE_ASKED, Job, OrderJob, unprepared
from influence_pipeline.sync.orders import Known
from influence_pipeline.sync.outbox import FLUSH_SECONDS, Outbox
from influence_pipeline.sync.pacing import Pace, Ticket
from influence_pipeline.sync.prepare import Preparation, parked
from influence_pipeline.sync.retries import Backoff
from influence_pipeline.sync.trouble import Health, is_about_the_key, keeps_up

# Claimed at once: what goes out in about `_AHEAD_SECONDS`, within these bounds. Enough to keep
# calls in flight while the next are read; few where the pace is slow, so that live changes need not
# wait behind them, nor others for the leases of a process that dies.
BATCH = 1000
_SMALLEST_BATCH = 20
_FIRST_BATCH = 200
_AHEAD_SECONDS = 2.0
# Records refused for the key one after another, after which it is the key and not the records.
_KEY_REFUSALS = 3
_KEY_CHECK = Call("GET customer", "GET", path("customers", "influence-pipeline-key-check"))
# An order that came to nothing has not consumed its coupons.
_COUPON_NOT_CONSUMED = frozenset({FinancialStatus.VOIDED, FinancialStatus.EXPIRED})
# How much longer than one call a lease lasts.
LEASE_MARGIN_SECONDS = 25.0
# How long to wait for replies while something in the background may let the next call go.
_GLANCE_SECONDS = 0.002


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
        executor: Executor,
        at: Callable[[str], None],
        progress: Callable[[Delivered], None],
    ) -> None:
        self._entity = entity
        self._claims = claims
        self._transport = transport
        self._judge = judge
        self._pace = pace
        self._limits = limits
        self._clock = clock
        self._executor = executor
        self._at = at
        self._progress = progress
        self._lease_seconds = limits.timeout_seconds + LEASE_MARGIN_SECONDS
        self._feed = Feed(claims, preparation, executor, self._lease_seconds, clock.monotonic, at)
        self._outbox = Outbox(claims, limits.quiet_window_seconds, executor, at)
        self._backoff = Backoff(limits.backoff_base_seconds, limits.backoff_cap_seconds)
        self._health = Health()
        self._ready: deque[tuple[Job, Call]] = deque()
        self._intending: dict[tuple[int, str], tuple[Job, Known]] = {}
        self._under_way: dict[int, tuple[Job, Call, Ticket]] = {}
        self._jobs: dict[str, Job] = {}
        self._done = Delivered()
        self._exhausted = False
        self._rate = _Rate()
        self._renew_at = 0.0
        self._renewed_until = 0.0
        self._renewing: Future[set[str]] | None = None
        self._key_refused: list[tuple[Job, Call, Outcome]] = []
        self._resting = False
        self._can_be_asked: bool | None = None

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
                claimed = [unprepared(claim) for claim in self._feed.abandoned()]
                self._take_intents(self._outbox.drain())
                waiting = [job for job, _ in (*self._ready, *self._intending.values())]
                self._release([*waiting, *claimed])
            raise
        finally:
            with suppress(Exception):
                self._pace.close(self._clock.monotonic())

    def _run(self) -> Delivered:
        self._claims.release()
        lingered = 0.0
        while True:
            self._turn()
            if self._jobs and (self._goes_on or self._under_way):
                continue
            self._settle_background()
            if self._jobs and self._goes_on:
                continue
            if self._stop is not None:
                raise self._stop
            if self._resting:
                self._release(list(self._jobs.values()))
                return self._done
            if not self._exhausted:
                continue
            if self._key_refused:
                if self._api_refuses_the_key():
                    raise self._key_error()
                self._key_is_good()
                continue
            pause = self._pause(lingered)
            if pause is None:
                if (error := self._health.never_answered) is not None:
                    raise error
                return self._done
            self._clock.sleep(pause)
            lingered += pause
            self._exhausted = False

    def _turn(self) -> None:
        """Do once round what can be done now, and wait a moment for replies."""
        self._renew_leases()
        self._take_fed(self._feed.take())
        if self._goes_on and not self._exhausted and len(self._jobs) < self._batch():
            self._feed.ask(self._batch())
        self._take_intents(self._outbox.step(self._clock.monotonic()))
        self._rest_if_asked_to()
        self._pace.step(self._clock.monotonic(), len(self._ready))
        self._send()
        self._take_answers()

    def _settle_background(self) -> None:
        """Wait for what is read and written in the background: nothing is left to be sent."""
        self._take_intents(self._outbox.drain())
        self._take_fed(self._feed.take(wait=True))
        if self._stop is not None or self._resting:
            self._release(list(self._jobs.values()))

    @property
    def _stop(self) -> Exception | None:
        return self._health.stop

    @property
    def _goes_on(self) -> bool:
        return self._stop is None and not self._resting

    # -- taking work -------------------------------------------------------------------------

    def _batch(self) -> int:
        ahead = int(self._rate.per_second(self._clock.monotonic()) * _AHEAD_SECONDS)
        fewest = _SMALLEST_BATCH if self._done.calls else _FIRST_BATCH
        return min(max(ahead, fewest), BATCH)

    def _take_fed(self, fed: Fed | None) -> None:
        if fed is None:
            return
        if not fed.claims:
            self._exhausted = True
            return
        for job in fed.prepared.jobs:
            self._jobs[job.claim.key] = job
            job.held_until = fed.held_until
            self._next(job)
        self._done.skipped += fed.prepared.skipped
        for result in fed.prepared.results:
            if result.verdict is Verdict.SETTLED:
                self._done.unchanged += 1
            self._done.skipped += result.verdict is Verdict.WITHHELD
            self._write(result)
        self._done.unchanged -= fed.prepared.skipped

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
            return
        claim = job.claim
        if isinstance(job, OrderJob) and intended.phase is Phase.REFUNDING:
            self._note_refund(job)
        self._intending[claim.fence, claim.key] = (job, intended)
        self._outbox.intend(
            Intent(claim.key, claim.fence, intended.phase, intended.status),
            self._clock.monotonic(),
        )

    def _take_intents(self, committed: list[tuple[Intent, bool]]) -> None:
        """Line up the calls whose intents are committed, if their claims are still held."""
        for intent, held in committed:
            job, intended = self._intending.pop((intent.fence, intent.key))
            if held:
                self._ready.append((job, job.begin(intended)))
            else:
                self._forget(job)

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
            if self._outbox.is_full or self._pace.wait(now) > 0:
                return
            job, call = self._ready.popleft()
            if now + self._limits.timeout_seconds > job.held_until:
                # Another worker may take it before an answer could be here.
                self._forget(job)
                continue
            self._under_way[id(job)] = (job, call, self._pace.went_out())
            self._transport.submit(call, id(job))
            self._done.calls += 1
            self._at("deliver: sent")

    # -- answers -----------------------------------------------------------------------------

    def _take_answers(self) -> None:
        pause = self._wait_at_most()
        if self._outbox.is_full:
            self._wait_for_background(FLUSH_SECONDS)
        elif self._under_way:
            for token, reply in self._transport.poll(pause):
                job, call, ticket = self._under_way.pop(int(str(token)))
                self._at("deliver: replied")
                self._take(job, call, ticket, reply)
        elif not self._wait_for_background(pause) and self._ready and self._goes_on:
            self._clock.sleep(pause)
        self._progress(self._done)

    def _wait_at_most(self) -> float:
        """Seconds for which nothing but a reply can let anything go on."""
        if not self._goes_on or len(self._under_way) >= self._pace.window:
            return FLUSH_SECONDS
        if self._ready:
            return min(self._pace.wait(self._clock.monotonic()), FLUSH_SECONDS)
        return _GLANCE_SECONDS if self._background() else FLUSH_SECONDS

    def _background(self) -> list[Future[Any]]:
        return [future for future in (self._feed.fetching, self._outbox.writing) if future]

    def _wait_for_background(self, seconds: float) -> bool:
        """Wait until a read or a write has ended, or for so long; False: none is under way."""
        under_way = self._background()
        if under_way:
            wait(under_way, timeout=seconds, return_when=FIRST_COMPLETED)
        return bool(under_way)

    def _take(self, job: Job, call: Call, ticket: Ticket, reply: Reply) -> None:
        now = self._clock.monotonic()
        if isinstance(job, OrderJob) and job.may_take_points_back:
            self._note_refund(job)
        outcome = self._judge.judge(call, reply)
        if isinstance(job, OrderJob) and job.asks:
            job.api_can_be_asked = self._api_can_be_asked(outcome, reply)
        outcome = job.take(reply, outcome)
        self._log(job, call, reply, outcome, now)
        self._learn(outcome, reply, ticket, now)
        if outcome.meaning is Meaning.KEY_REJECTED:
            self._take_key_refusal(job, call, outcome)
            return
        if self._key_refused and keeps_up(outcome, reply) and not is_about_the_key(reply):
            self._key_is_good()
        if job.goes_on:
            self._next(job)
        else:
            self._come_back(job, call, outcome)

    def _api_can_be_asked(self, outcome: Outcome, reply: Reply) -> bool:
        """Say whether the API has answered a GET of an order, now or before. It is looked up once
        a run, and only where it makes a difference: an answer that may mean that it cannot."""
        if outcome.meaning is Meaning.ACCEPTED:
            if not self._can_be_asked:
                self._outbox.answered(ASK_ORDER)
            self._can_be_asked = True
        elif reply.status in CANNOT_BE_ASKED and self._can_be_asked is None:
            self._can_be_asked = self._claims.has_been_answered(ASK_ORDER)
        return bool(self._can_be_asked)

    def _note_refund(self, job: OrderJob) -> None:
        """It goes with the commit of the intent, or of the answer. A guest has no balance."""
        if job.customer is not None:
            self._outbox.refund(job.claim.key, job.customer)

    def _learn(self, outcome: Outcome, reply: Reply, ticket: Ticket, now: float) -> None:
        self._health.learn(outcome, reply)
        if outcome.meaning is Meaning.UNREACHABLE:
            self._done.last_trouble = outcome.words
            self._pace.over()
        elif outcome.throttled:
            self._done.throttled += 1
            self._pace.refused(ticket, now, outcome.retry_after)
        elif is_about_the_key(reply):
            # The window stays as small as it is.
            self._pace.over()
        elif keeps_up(outcome, reply):
            self._rate.add(now)
            self._backoff.good()
            said = read_rate_headers(reply.headers) if reply.headers else None
            self._pace.good(ticket, now, reply.ms / 1000, said)
        else:
            self._pace.failed(now, outcome.retry_after)

    def _take_key_refusal(self, job: Job, call: Call, outcome: Outcome) -> None:
        """Stop where one record after another is refused for the key; a single one among others
        is that record's trouble (a gateway that dislikes its content says 403 too)."""
        self._forget(job)
        self._key_refused.append((job, call, outcome))
        if len(self._key_refused) >= _KEY_REFUSALS:
            self._health.stop = self._key_error()

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

    def _log(self, job: Job, call: Call, reply: Reply, outcome: Outcome, now: float) -> None:
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
            now,
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
            claim.result(Verdict.SETTLED, synced_hash=job.content_hash, status=job.known.status),
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
            claim.result(
                Verdict.PARKED if park else Verdict.AGAIN,
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
        """Seconds until the next attempt; a quiet window where an outcome is not known."""
        asked = outcome.retry_after or 0.0
        if asking:
            return max(self._limits.quiet_window_seconds, asked)
        refused = outcome.meaning in {Meaning.REJECTED, Meaning.ABSENT}
        wait = self._backoff.seconds(attempts, free=outcome.throttled, refused=refused)
        return max(wait, asked)

    def _release(self, jobs: list[Job]) -> None:
        """Give claims back as they are, to be due at once for the next run."""
        quiet = self._limits.quiet_window_seconds
        for job in jobs:
            claim = job.claim
            self._write(
                claim.result(
                    Verdict.AGAIN,
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
        self._take_intents(self._outbox.drain())

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
        if self._renewing is not None and self._renewing.done():
            renewed, self._renewing = self._renewing.result(), None
            for key in renewed:
                if key in self._jobs:
                    self._jobs[key].held_until = self._renewed_until
        if now < self._renew_at or not self._jobs or self._renewing is not None:
            return
        self._renew_at = now + LEASE_MARGIN_SECONDS / 3
        self._renewed_until = now + self._lease_seconds
        by_fence: dict[int, list[str]] = {}
        for job in self._jobs.values():
            by_fence.setdefault(job.claim.fence, []).append(job.claim.key)
        self._renewing = self._executor.submit(self._claims.renew, by_fence)


class _Rate:
    """Good answers a second, over the last one to two seconds."""

    def __init__(self) -> None:
        self._since = self._half = float("-inf")
        self._before = self._now = 0

    def add(self, now: float) -> None:
        if now - self._half >= 1.0:
            recent = now - self._half < 2.0
            self._since = self._half if recent else now
            self._before = self._now if recent else 0
            self._half, self._now = now, 0
        self._now += 1

    def per_second(self, now: float) -> float:
        if now - self._half >= 2.0:
            return 0.0
        return (self._before + self._now) / max(now - self._since, 0.25)


def _may_be_late(outcome: Outcome) -> bool:
    """Whether the call may be worked off yet, or was without our knowing."""
    return outcome.meaning in {Meaning.LATER, Meaning.UNCERTAIN} and not outcome.throttled
