"""What the state holds of one customer: by the store's id, by Influence's, and by e-mail.

The inbox is read as a stream, however large it is. Each body is parsed: an e-mail may stand there
in any case, escaped or in another encoding. What an event tells of the customer's other names leads
to more events, so it is read until nothing new is learned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.state import erased
from influence_pipeline.state.erased import Identities
from influence_pipeline.state.name_hashes import plain_email
from influence_pipeline.state.schema import InboxState
from influence_pipeline.webhooks import events, people
from influence_pipeline.webhooks.events import MONEY_TOPICS, Topic
from influence_pipeline.webhooks.outcomes import Why
from influence_pipeline.webhooks.people import Person, Role

_SQL = load_queries(__file__, "erasure.sql")
# So many bodies are in memory at once, of 256 KiB at most.
_EVENTS_AT_ONCE = 100
_REFERRALS = (Topic.REFERRAL_STARTED, Topic.REFERRAL_COMPLETED)


@dataclass(frozen=True)
class Event:
    """A stored event that names the customer. `roles`: as whom. `codes`: of the customer's own
    coupons. `waits`: it asks for one and is not settled. `held`: a worker has it now."""

    id: int
    topic: str | None
    state: InboxState
    reason_code: str | None
    held: bool
    body: bytes = field(repr=False)
    codes: frozenset[str] = field(repr=False)
    waits: bool


@dataclass
class Found:
    """What there is of a customer. `names` holds e-mails: never to be shown. `tables`: rows of each
    table but the inbox; `topics`: events of each topic. `waiting`: events that ask for a coupon of
    the customer's and are not settled. `of_another`: events that name an e-mail of the customer's
    beside another id of the store, which are that other customer's."""

    customer: str
    names: Identities
    tables: dict[str, int] = field(default_factory=dict)
    topics: Counter[str] = field(default_factory=Counter)
    waiting: list[Event] = field(default_factory=list)
    of_another: int = 0

    @property
    def events(self) -> int:
        return sum(self.topics.values())

    @property
    def nothing(self) -> bool:
        return not self.events and not any(self.tables.values())


def find(state: Postgres, customer: str, emails: Sequence[str] = ()) -> Found:
    """Look everywhere, change nothing. `emails`: those a person knows of. Raises StateError."""
    names = known_names(state, customer, emails)
    while True:
        found = Found(customer, names)
        reading = Reading(state, customer, names)
        codes: set[str] = set()
        for batch in reading.batches():
            for event in batch:
                found.topics[event.topic or "-"] += 1
                codes |= event.codes
                if event.waits:
                    found.waiting.append(event)
        if reading.names == names:
            break
        names = reading.names
    found.of_another = reading.of_another
    with state.transaction() as connection:
        codes |= set(connection.execute(_SQL["coupons_of"], {"customer": customer}).scalars())
        values = {"customer": customer, "codes": list(codes), "members": list(names.members)}
        found.tables = {
            row.table_name: row.rows for row in connection.execute(_SQL["count"], values)
        }
    return found


def known_names(state: Postgres, customer: str, emails: Sequence[str]) -> Identities:
    """Give the names that are known without reading an event."""
    with state.transaction() as connection:
        members = connection.execute(_SQL["members_of"], {"customer": customer}).scalars().all()
    plain = frozenset(plain_email(email) for email in emails)
    return Identities(frozenset([customer]), frozenset(members), plain)


class Reading:
    """One pass through the inbox. `names` grows with what the events tell."""

    def __init__(self, state: Postgres, customer: str, names: Identities) -> None:
        self._state = state
        self._customer = customer
        self.names = names
        self.of_another = 0

    def batches(self, only: Sequence[int] | None = None) -> Iterator[list[Event]]:
        """Give the events that name the customer, a few at a time; `only`: of those ids."""
        after = 0
        while True:
            with self._state.transaction() as connection:
                query = "events" if only is None else "these_events"
                values = {"after": after, "most": _EVENTS_AT_ONCE, "ids": list(only or ())}
                rows = connection.execute(_SQL[query], values).all()
                named = [people.people_in(row.topic, bytes(row.body)) for row in rows]
                # What an earlier, broken off erasure had learned, it has noted; and of an e-mail
                # that was sent the hash is known.
                told = people.names_of(person for found in named for person in found)
                self.names |= erased.own_names(connection, self._customer, told)
            found = [self._event(row, named_) for row, named_ in zip(rows, named, strict=True)]
            yield [event for event in found if event is not None]
            if only is not None or len(rows) < _EVENTS_AT_ONCE:
                return
            after = rows[-1].id

    def _event(self, row: Any, named: Sequence[Person]) -> Event | None:
        his = [person for person in named if person.is_among(self.names)]
        if not his:
            self.of_another += any(person.email in self.names.emails for person in named)
            return None
        state = InboxState(row.state)
        if state is not InboxState.QUARANTINED and row.reason_code != Why.NOT_VERIFIED:
            for person in his:
                self.names |= _without_other_accounts(person, self._customer)
        body = bytes(row.body)
        codes, asks = _own_coupons(row.topic, body, {person.role for person in his})
        waits = asks and state in (InboxState.NEW, InboxState.PARKED)
        return Event(row.id, row.topic, state, row.reason_code, bool(row.held), body, codes, waits)


def _without_other_accounts(person: Person, customer: str) -> Identities:
    known = person.names()
    return Identities(known.customers & {customer}, known.members, known.emails)


def _own_coupons(topic: str | None, body: bytes, roles: set[Role]) -> tuple[frozenset[str], bool]:
    """Give the codes of the coupons that an event asks for on behalf of these roles, and whether it
    asks for any: one may be of a shape that is not known."""
    event = events.read(topic, body).event
    if event is None or event.topic not in MONEY_TOPICS:
        return frozenset(), False
    if event.topic not in _REFERRALS:
        own = Role.MEMBER in roles
        return (events.coupon_codes(event) if own else frozenset()), own
    holders = {Role.MEMBER: "customerReward", Role.FRIEND: "friendReward"}
    own_rewards = [event.body.get(holders[role]) for role in roles if role in holders]
    codes = {
        code
        for reward in own_rewards
        if isinstance(reward, dict) and (code := events.coupon_code(reward)) is not None
    }
    return frozenset(codes), any(own_rewards)
