"""One cycle of the reconcile: ask the API for its members, and find what was never delivered.

The list catches what no later event would show: a last event that was lost. `loyalty_member` is
kept right by it too. Pages may repeat or skip members (contract: Customers), so ids count once and
absence says nothing. What is known is judged even where the list breaks off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from influence_pipeline.errors import ApiError, ApiKeyRejected
from influence_pipeline.platform_api import pages
from influence_pipeline.platform_api.single import Answer
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Delivery, Members
from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks import balances, events, gaps
from influence_pipeline.webhooks.balances import Listed
from influence_pipeline.webhooks.gaps import GapCount, Judgement

_SQL = load_queries(__file__, "balances.sql")
# A page that the API has trouble with is asked for again after these waits, in seconds.
_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
# So many pages in a row without anybody new: a list that goes in circles.
_STALE_PAGES = 50
# Between our clock and the API's, and for what it shows late: changes of so long before the last
# cycle are asked for again.
_OVERLAP = timedelta(minutes=30)


def pause_between_pages(delivery: Delivery) -> float:
    """Seconds between two pages, by the merchant's own ceiling of calls where one is set."""
    return 1 / delivery.calls_per_second if delivery.calls_per_second else 0.0


class MemberList(Protocol):
    """Where members are listed; the API's single calls in production."""

    def list_customers(
        self, cursor: str | None = None, *, updated_since: datetime | None = None
    ) -> Answer:
        """Give one page. Raises ApiError if the API could not be asked."""


@dataclass(frozen=True)
class Reconciled:
    """What a cycle did. `everyone`: all members were asked for, not only those that changed since
    the last cycle. `untold`: states that no event had told. `without_time`: members whose state the
    list gives without an updatedAt. `waiting`: events that are here and not done. `trouble`: why
    the list broke off, if it did; the next cycle asks anew."""

    listed: int
    pages: int
    everyone: bool
    untold: int
    without_time: int
    waiting: int
    judgement: Judgement
    gaps: GapCount
    seconds: float
    judge_seconds: float
    notes: tuple[str, ...] = ()
    trouble: ApiError | None = None


def reconcile(
    state: Postgres,
    api: MemberList,
    settings: Members,
    *,
    everyone: bool = False,
    pause_seconds: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Reconciled:
    """Run one cycle. Safe to repeat and to run beside another. `everyone`: list all members, which
    is also done by itself every so often. `pause_seconds`: between two pages.

    Raises StateError; ApiKeyRejected where the key is refused.
    """
    started = time.monotonic()
    listing = _Listing(state, api, settings, everyone=everyone, sleep=sleep, pause=pause_seconds)
    try:
        listing.run()
    except ApiKeyRejected:
        raise
    except ApiError as error:
        listing.trouble = error
    waiting = balances.observe_unsettled(state)
    judging = time.monotonic()
    judgement = gaps.judge(
        state, grace_seconds=settings.grace_minutes * 60, past=listing.past_refunds
    )
    judge_seconds = time.monotonic() - judging
    if listing.trouble is None:
        listing.remember()
    return Reconciled(
        listed=len(listing.seen),
        pages=listing.pages,
        everyone=listing.everyone,
        untold=listing.untold,
        without_time=listing.without_time,
        waiting=waiting,
        judgement=judgement,
        gaps=gaps.count(state),
        seconds=time.monotonic() - started,
        judge_seconds=judge_seconds,
        notes=tuple(listing.notes),
        trouble=listing.trouble,
    )


class _Listing:
    """Lists members page by page and writes down each page in a transaction of its own."""

    def __init__(
        self,
        state: Postgres,
        api: MemberList,
        settings: Members,
        *,
        everyone: bool,
        sleep: Callable[[float], None],
        pause: float,
    ) -> None:
        self._pause = pause
        self._state = state
        self._api = api
        self._sleep = sleep
        fact = gaps.begin(state)
        with state.transaction() as connection:
            self._started: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()
            rows = connection.execute(_SQL["tier_titles"]).all()
        self._titles = {row.tier_id: row.tier_title for row in rows}
        self._since = gaps.moment(fact, "since")
        last, everyone_at = gaps.moment(fact, "cycle_at"), gaps.moment(fact, "everyone_at")
        due = everyone_at is None or self._started - everyone_at >= timedelta(
            hours=settings.list_everyone_hours
        )
        self.everyone = everyone or due or last is None
        self._changed_since = None if self.everyone or last is None else last - _OVERLAP
        # What an earlier cycle has looked at, with all that was then due.
        self.past_refunds = (
            None if last is None else last - timedelta(minutes=settings.grace_minutes)
        )
        self.seen: set[str] = set()
        self.pages = 0
        self.untold = 0
        self.without_time = 0
        self.notes: list[str] = []
        self.trouble: ApiError | None = None

    def run(self) -> None:
        """List everyone, or who changed since the last cycle. Raises ApiError where it ends."""
        stale = 0
        for body in self._bodies():
            found = {m.id: m for m in map(self._member, pages.records(body, "customers")) if m}
            new = [m for id_, m in found.items() if id_ not in self.seen]
            stale = 0 if new else stale + 1
            self.seen.update(found)
            self.pages += 1
            self.without_time += sum(m.updated_at is None for m in new)
            if found:
                # Also who was listed before: the later page may show something newer.
                with self._state.transaction() as connection:
                    self.untold += balances.observe_listed(
                        connection, list(found.values()), since=self._since
                    )
            if stale >= _STALE_PAGES:
                self.notes.append(
                    f"The list of customers gave nobody new on {stale} pages in a row and was "
                    "taken for ended."
                )
                return

    def _bodies(self) -> Iterator[Any]:
        cursor: str | None = None
        cursors: set[str] = set()
        while True:
            body = self._page(cursor)
            yield body
            cursor = pages.next_cursor(body)
            if cursor is None:
                self._note_unknown_cursor(body)
                return
            if cursor in cursors:
                return
            cursors.add(cursor)
            if self._pause:
                self._sleep(self._pause)

    def _note_unknown_cursor(self, body: Any) -> None:
        """A first page without a cursor may be all there is, or call it otherwise."""
        if self.pages > 1 or not isinstance(body, dict):
            return
        others = sorted(
            events.clean_text(name, limit=40) or "?"
            for name, value in body.items()
            if isinstance(value, str | dict) and value and name not in pages.CURSORS
        )
        if others:
            self.notes.append(
                "The list of customers has one page, without a cursor that this version knows "
                f"({', '.join(pages.CURSORS)}), but with {', '.join(others)}. If there are more "
                "customers than were listed, please report the name."
            )

    def _page(self, cursor: str | None) -> Any:
        for wait in (*_WAITS, None):
            try:
                answer = self._api.list_customers(cursor, updated_since=self._changed_since)
            except ApiKeyRejected:
                raise
            except ApiError as error:
                if wait is None:
                    raise ApiError(
                        f"The list of customers broke off after {self.pages:,} pages and "
                        f"{len(self.seen):,} customers: {error} The next cycle lists anew."
                    ) from None
                self._sleep(wait)
                continue
            if answer.found:
                return answer.body
            if self._changed_since is not None and cursor is None:
                # The filter's name is a guess. Without it everybody is listed.
                self._changed_since, self.everyone = None, True
                return self._page(None)
            said = f": {answer.words}" if answer.words else ""
            raise ApiError(
                f"The Platform API does not list its customers (HTTP {answer.status}{said}). "
                "Without the list a lost last event of a customer is not seen; gaps between "
                "events are."
            )
        raise AssertionError("unreachable")

    def _member(self, value: dict[str, Any]) -> Listed | None:
        """Read a customer object of the list (contract: Customers). Personal fields stay out."""
        id_ = events.identifier(value.get("id"))
        if id_ is None:
            return None
        tier = events.identifier(value.get("currentLoyaltyTierId"))
        link = events.clean_text(value.get("referralLink"))
        return Listed(
            id=id_,
            external_id=events.identifier(value.get("externalId")),
            balance=balances.points(value.get("pointBalance")),
            tier_known="currentLoyaltyTierId" in value,
            tier_id=tier,
            tier_title=None if tier is None else self._titles.get(tier),
            # It may be the last part of the address only, which is no address.
            referral_url=link if link and link.startswith(("https://", "http://")) else None,
            created_at=events.moment(value.get("createdAt")),
            updated_at=balances.possible_time(events.moment(value.get("updatedAt")), self._started),
        )

    def remember(self) -> None:
        """The cycle is complete: the next one asks for what changed since its start."""
        at = self._started.astimezone(UTC).isoformat()
        values = {"cycle_at": at}
        if self.everyone:
            values["everyone_at"] = at
            if self._since is None:
                values["since"] = at
        with self._state.transaction() as connection:
            gaps.write_fact(connection, values)
