"""The door to the engine: open it with settings, then capture, deliver, sync, import, plan.

Dagster's assets and the command line call the same methods. Connections and the transport are made
here and nowhere else; the clock, the transport and the crash points are seams for tests.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from influence_pipeline.errors import ConfigurationError, InfluencePipelineError, StoreError
from influence_pipeline.platform_api.calls import Transport
from influence_pipeline.platform_api.outcomes import Judge
from influence_pipeline.platform_api.payloads import Names
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.settings import Settings
from influence_pipeline.state.database import open_state
from influence_pipeline.state.schema import Lane
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import EVERYTHING, Window, count_rows
from influence_pipeline.sync import housekeeping, parts, status
from influence_pipeline.sync.capture import capture
from influence_pipeline.sync.captured import (
    NOTHING_CAPTURED,
    Captured,
    CaptureJob,
    Guard,
    added_up,
)
from influence_pipeline.sync.claims import Claims
from influence_pipeline.sync.deliver import (
    LEASE_MARGIN_SECONDS,
    Clock,
    Delivered,
    Delivery,
    Limits,
)
from influence_pipeline.sync.garbage import collected_seldom
from influence_pipeline.sync.pacing import Pace
from influence_pipeline.sync.parts import PartLeft, PartsWatch, all_left
from influence_pipeline.sync.prepare import Preparation, Rules
from influence_pipeline.sync.shared_pace import SharedPace
from influence_pipeline.sync.status import Remaining

GO_LIVE = "go_live"
EMAIL_SALT = "email_salt"


@dataclass(frozen=True)
class Report:
    """What one run did for one entity, and what is left."""

    entity: Entity
    captured: Captured | None
    delivered: Delivered
    remaining: Remaining
    seconds: float
    # Of parts of an import: what is left of them together.
    left: PartLeft | None = None

    def counts(self) -> dict[str, Any]:
        """Give the numbers a person or a plot wants, always under the same names."""
        return {
            **(self.captured or NOTHING_CAPTURED).counts(),
            "sent": self.delivered.sent,
            "skipped": self.delivered.skipped,
            "calls": self.delivered.calls,
            "throttled": self.delivered.throttled,
            "parked": self.remaining.parked,
            "blocked": self.remaining.blocked,
            "waiting": self.remaining.waiting,
            "importing": self.remaining.importing,
            "held": self.remaining.held,
            "seconds": round(self.seconds, 3),
            "calls_per_second": round(self.delivered.calls / max(self.seconds, 0.001), 1),
        }


def _lanes(*, imports: bool, first: int | None) -> tuple[Lane, ...]:
    """An import also sends what is live and due, unless it is to send a few of its own; a sync
    leaves an import to itself."""
    if not imports:
        return (Lane.LIVE,)
    return (Lane.LIVE, Lane.IMPORT) if first is None else (Lane.IMPORT,)


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _nothing(_point: object) -> None:
    """The default crash point and progress: nothing happens."""


def _nothing_of_two(_one: object, _other: object) -> None:
    """The same for what is told with two values."""


class Engine:
    """One store, one state, one account. Close it, or use it as a context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: Callable[[], Transport] | None = None,
        clock: Clock | None = None,
        at: Callable[[str], None] = _nothing,
        wait_seconds: float | None = None,
    ) -> None:
        """Connects to nothing yet. `wait_seconds`: how long a run waits for what becomes due, in
        place of the setting `linger_seconds`.

        Raises ConfigurationError if a setting is missing or wrong.
        """
        settings.require("store_url", "state_url")
        self._settings = settings
        self.config = settings.config
        self._make_transport = transport or self._curl
        self._clock = clock or SystemClock()
        self._at = at
        given = self.config.delivery
        self.linger_seconds = given.linger_seconds if wait_seconds is None else wait_seconds
        self._names = _names(settings)
        self.mappings = configured_mappings(settings)
        self.store = Postgres(
            settings.secret("store_url"),
            variable="INFLUENCE_STORE_URL",
            kind=StoreError,
            read_only=True,
            statement_timeout_seconds=self.config.store_statement_timeout_seconds,
        )
        self._state: Postgres | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()
        if self._state is not None:
            self._state.close()

    @property
    def state(self) -> Postgres:
        """The state, its schema brought up to this version when first used. Raises StateError."""
        if self._state is None:
            url = self._settings.secret("state_url")
            self._state = open_state(url, schema=self.config.state_schema)
        return self._state

    # -- the job -----------------------------------------------------------------------------

    def sync(
        self,
        entity: Entity,
        *,
        full: bool = False,
        every_record: bool = False,
        allow_mass_change: bool = False,
        first: int | None = None,
        progress: Callable[[Delivered], None] = _nothing,
    ) -> Report:
        """Capture and deliver one entity. `full`: compare everything; `every_record`: by computing
        each record, also where the fingerprints of its source rows are as they were; `first`: send
        no more than so many records, the rest is the next run's. Raises an
        InfluencePipelineError if the run must stop; MassChange, unless that is allowed, where too
        much has changed at once."""
        job = self.job(entity, full=full, guarded=not allow_mass_change)
        job = replace(job, every_record=every_record)
        kind = "full" if full or every_record else "sync"
        return self._run(kind, entity, job, progress, first=first)

    def import_window(
        self,
        entity: Entity,
        window: Window,
        progress: Callable[[Delivered], None] = _nothing,
        *,
        first: int | None = None,
    ) -> Report:
        """Import the records of a window, behind live changes. Sends only what is missing; `first`:
        no more than so many of that.

        Orders before the go-live stay out of an import as they stay out of everything, unless the
        setting `orders.import_before_go_live` says otherwise.
        """
        if window != EVERYTHING:
            return self.import_parts(entity, [window], progress=progress, first=first)
        job = self.import_job(entity, window)
        return self._run("import", entity, job, progress, first=first)

    def import_parts(
        self,
        entity: Entity,
        windows: Sequence[Window],
        *,
        begun: Callable[[list[Captured], list[int]], None] = _nothing_of_two,
        settled: Callable[[int, PartLeft], None] = _nothing_of_two,
        progress: Callable[[Delivered], None] = _nothing,
        first: int | None = None,
    ) -> Report:
        """Import several parts in one delivery, one after another, as `import_window` does one.

        `begun`: called before the first call, with what each part's capture found and its number.
        `settled`: called with the number of a part that is complete, as soon as it is. What is left
        of the others together is in the report.
        """
        self._settings.require("api_key")
        started = self._clock.monotonic()
        with self._noting_errors("import", entity, started):
            jobs = [self.numbered(self.import_job(entity, window)) for window in windows]
            captured = [self._capture(job) for job in jobs]
            numbers = [job.import_id for job in jobs if job.import_id is not None]
            begun(captured, numbers)
            watch = PartsWatch(self.state, numbers, settled, self._clock.monotonic)

            def go_on(done: Delivered) -> None:
                watch.look()
                progress(done)

            with collected_seldom():
                delivered = self._deliver(entity, go_on, jobs[0], numbers, first)
            left = watch.end()
        report = Report(
            entity,
            added_up(captured),
            delivered,
            status.remaining(self.state, entity),
            self._clock.monotonic() - started,
            all_left(list(left.values())),
        )
        self._note_run("import", entity, report.seconds, report.counts())
        return report

    def import_job(
        self, entity: Entity, window: Window, *, go_live: datetime | None = None
    ) -> CaptureJob:
        """Say what an import captures. `go_live`: as for `job`."""
        # Whoever imports means what is there.
        unguarded = self.job(entity, full=False, guarded=False, go_live=go_live)
        job = replace(unguarded, window=window, lane=Lane.IMPORT)
        if entity is Entity.ORDER and self.config.orders.import_before_go_live is not None:
            return replace(job, go_live=None)
        return job

    def numbered(self, job: CaptureJob) -> CaptureJob:
        """Give a run of a part its number. Raises StateError."""
        return replace(job, import_id=parts.begin(self.state, job.mapping.entity))

    def import_windows(self, entity: Entity) -> list[Window]:
        """Give the parts of an import by key ranges. Raises what reading the mapping raises."""
        with self.store.transaction() as connection:
            described = describe(connection, self.mappings[entity])
        many = self.config.mapping(entity).import_parts
        ranges = parts.key_ranges(self.state, self.store, described, many)
        # Undated, so that a part that holds every key is a part all the same, with a number, and
        # not what an import of everything is.
        return [Window(and_undated=True, keys=keys) for keys in ranges]

    def capture(
        self,
        entity: Entity,
        *,
        full: bool = False,
        every_record: bool = False,
        allow_mass_change: bool = False,
    ) -> Captured:
        """Find what differs and make it work to be done; send nothing. Raises as `sync` does."""
        started = self._clock.monotonic()
        with self._noting_errors("capture", entity, started):
            job = self.job(entity, full=full, guarded=not allow_mass_change)
            captured = self._capture(replace(job, every_record=every_record))
        seconds = self._clock.monotonic() - started
        counts = {**captured.counts(), "seconds": round(seconds, 3)}
        self._note_run("capture", entity, seconds, counts)
        return captured

    def deliver(self, entity: Entity, progress: Callable[[Delivered], None] = _nothing) -> Report:
        """Send what is due, without looking for changes first. The only way for rewards."""
        return self._run("deliver", entity, None, progress)

    def count_in_store(self, entity: Entity) -> int:
        """Count the records the mapping gives."""
        with self.store.transaction() as connection:
            return count_rows(connection, describe(connection, self.mappings[entity]))

    def go_live(self) -> datetime:
        """The cut-over of orders: the setting, else the moment of the first start, which is noted
        now (by the store's clock) if it has not been."""
        planned = self.planned_go_live()
        if self.config.orders.go_live is not None:
            return planned
        return datetime.fromisoformat(
            status.set_fact_once(self.state, GO_LIVE, planned.isoformat())
        )

    def planned_go_live(self) -> datetime:
        """The cut-over as it is or would be, noting nothing."""
        given = self.config.orders.go_live
        if given is not None:
            return given
        found = status.get_fact(self.state, GO_LIVE)
        return datetime.fromisoformat(found) if found else self.store_now()

    def store_now(self) -> datetime:
        """What the store's clock says."""
        with self.store.transaction() as connection:
            now: datetime = run(connection, "SELECT now()").fetchone()[0]
            return now

    def rules(self, *, go_live: datetime | None, email_salt: bytes) -> Rules:
        """How records become calls."""
        return Rules(
            self._names,
            wrap_variants=self.config.api_names.variants_body == "wrapped",
            two_step=self.config.orders.protocol == "two_step",
            guest_orders=self.config.orders.guest_orders,
            go_live=go_live,
            email_salt=email_salt,
        )

    # -- how ---------------------------------------------------------------------------------

    def job(
        self, entity: Entity, *, full: bool, guarded: bool, go_live: datetime | None = None
    ) -> CaptureJob:
        """Say what to capture, as the settings have it. `go_live`: the cut-over of orders; None:
        as it is noted, now if it has not been."""
        given = self.config.capture
        if entity is Entity.ORDER:
            go_live = go_live or self.go_live()
        return CaptureJob(
            self.mappings[entity],
            full=full,
            go_live=go_live if entity is Entity.ORDER else None,
            guard=Guard(given.mass_change_percent, given.mass_change_rows) if guarded else None,
            overlap=timedelta(minutes=given.overlap_minutes),
            check_percent=given.delete_check_percent,
            recheck_in_compares=given.recheck_in_compares,
            park_deleted=self.config.mapping(entity).deletes == "park",
        )

    def _capture(self, job: CaptureJob) -> Captured:
        return capture(self.state, self.store, job, self._at)

    def _run(
        self,
        kind: str,
        entity: Entity,
        job: CaptureJob | None,
        progress: Callable[[Delivered], None],
        *,
        first: int | None = None,
    ) -> Report:
        self._settings.require("api_key")
        started = self._clock.monotonic()
        with self._noting_errors(kind, entity, started):
            captured = self._capture(job) if job is not None else None
            with collected_seldom():
                delivered = self._deliver(entity, progress, job, (), first)
        report = Report(
            entity,
            captured,
            delivered,
            status.remaining(self.state, entity),
            self._clock.monotonic() - started,
        )
        self._note_run(kind, entity, report.seconds, report.counts())
        return report

    def _note_run(
        self,
        kind: str,
        entity: Entity,
        seconds: float,
        counts: dict[str, Any],
        error: str | None = None,
    ) -> None:
        """Write a run down, and prune what is too old while we are at it."""
        status.record_run(self.state, entity, kind, seconds, counts, error)
        # The run is over and well whatever becomes of this; the next one does it.
        with suppress(InfluencePipelineError):
            housekeeping.prune(self.state, self.config.retention, self._clock.monotonic)

    @contextmanager
    def _noting_errors(self, kind: str, entity: Entity, started: float) -> Iterator[None]:
        try:
            yield
        except InfluencePipelineError as error:
            seconds = self._clock.monotonic() - started
            # The state itself may be what is away; the error is raised in any case.
            with suppress(InfluencePipelineError):
                self._note_run(kind, entity, seconds, {}, str(error))
            raise

    def _deliver(
        self,
        entity: Entity,
        progress: Callable[[Delivered], None],
        job: CaptureJob | None,
        numbers: Sequence[int],
        first: int | None,
    ) -> Delivered:
        """Deliver what is due; `job`: what was captured before. `numbers`: of an import's parts."""
        given = self.config.delivery
        imports = job is not None and job.lane is Lane.IMPORT
        claims = Claims(
            self.state,
            entity,
            given.timeout_seconds + LEASE_MARGIN_SECONDS,
            _lanes(imports=imports, first=first),
            imports=numbers,
            first=first,
        )
        go_live = self.go_live() if entity is Entity.ORDER else None
        rules = self.rules(
            go_live=job.go_live if job and imports else go_live,
            email_salt=self._email_salt() if entity is Entity.CUSTOMER else b"",
        )
        linger_seconds = self.linger_seconds
        if imports:
            linger_seconds = max(linger_seconds, given.import_linger_seconds)
        transport = self._make_transport()
        # One thread each for reading, writing, leases and the pace.
        executor = ThreadPoolExecutor(4, thread_name_prefix=f"deliver-{entity}")
        try:
            return Delivery(
                entity=entity,
                claims=claims,
                preparation=Preparation(self.store, self.mappings, rules, entity, claims),
                transport=transport,
                judge=Judge(given.order_not_found_pattern),
                pace=Pace(
                    given.in_flight,
                    SharedPace(self.state, executor, given.calls_per_second),
                    live=not imports,
                ),
                limits=Limits(
                    timeout_seconds=given.timeout_seconds,
                    quiet_window_seconds=given.quiet_window_seconds,
                    park_after=given.park_after,
                    give_up_after_seconds=given.give_up_after_hours * 3600,
                    backoff_base_seconds=given.backoff_base_seconds,
                    backoff_cap_seconds=given.backoff_cap_seconds,
                    linger_seconds=linger_seconds,
                ),
                clock=self._clock,
                executor=executor,
                at=self._at,
                progress=progress,
            ).run()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
            transport.close()

    def _email_salt(self) -> bytes:
        """The state's own secret, made at the first start."""
        made = status.set_fact_once(self.state, EMAIL_SALT, secrets.token_hex(32))
        return bytes.fromhex(made)

    def _curl(self) -> Transport:
        # pycurl is only loaded by who sends.
        from influence_pipeline.platform_api.curl import CurlTransport

        given = self.config.delivery
        return CurlTransport(
            self._settings.environment.api_url,
            self._settings.secret("api_key"),
            in_flight=given.in_flight,
            timeout_seconds=given.timeout_seconds,
            connect_timeout_seconds=given.connect_timeout_seconds,
        )


def _names(settings: Settings) -> Names:
    given = settings.config.api_names.model_dump(exclude={"variants_body"})
    names = Names(given)
    unknown = names.unknown()
    if unknown:
        raise ConfigurationError(
            f"{settings.file}: api_names has {', '.join(unknown)}, which this pipeline never "
            "sends. The names on the left are listed in docs/settings.md."
        )
    return names
