"""Events that come for people who were erased: nothing is done for them and nothing kept of them.

The receiver stores a delivery as it came, because it must answer at once. Whoever works it off asks
here first. An event of an erased member is emptied and done, without a coupon: its points belong to
nobody any more. Of a referral with somebody else the other side's part is worked off, and only that
is kept. What is quarantined is worked off by nobody, so it is swept; a person may still take the
other side's part of it.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.state import erased
from influence_pipeline.state.erased import Identities
from influence_pipeline.state.name_hashes import Keys
from influence_pipeline.webhooks import people
from influence_pipeline.webhooks.events import MONEY_TOPICS
from influence_pipeline.webhooks.inbox import Claimed
from influence_pipeline.webhooks.outcomes import Done, LostClaim

_SQL = load_queries(__file__, "forgotten.sql")
_DURABLY = sa.text("SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '10s'")
_AT_ONCE = 100


def erased_in(
    connection: sa.Connection, topic: str | None, body: bytes, keys: Keys | None = None
) -> Identities:
    """Give the names in a body that are of people who were erased. `keys`: of `state.erased`."""
    found = people.people_in(topic, body)
    names = erased.erased_among(connection, people.names_of(found), keys)
    # A name alone is not enough: it may stand beside the id of another account.
    return people.names_of(person for person in found if person.is_among(names))


def of_others(state: Postgres, claimed: Claimed) -> Claimed | tuple[Done | LostClaim, float | None]:
    """Give what is to be worked off of a claimed event: itself, or what it says of people who were
    not erased. Else its end, with the seconds since the delivery: it is emptied and done.

    Raises StateError.
    """
    with state.transaction() as connection:
        names = erased_in(connection, claimed.topic, claimed.body)
        if not names:
            return claimed
        connection.execute(_DURABLY)
        values = {"id": claimed.id, "fence": claimed.fence}
        body = people.rest_without(claimed.topic, claimed.body, names)
        if body is None:
            seconds = connection.execute(_SQL["empty"], values).scalar()
            return (LostClaim(), None) if seconds is None else (Done(), float(seconds))
        kept = connection.execute(_SQL["replace"], {**values, "body": body}).scalar()
        return (LostClaim(), None) if kept is None else replace(claimed, body=body)


def sweep(state: Postgres) -> int:
    """Take people who were erased out of what is quarantined; gives how many deliveries named any.
    Each is looked at once.

    Raises StateError.
    """
    taken_out = 0
    while True:
        with state.transaction() as connection:
            keys = erased.keys_of(connection)
            if keys is None:
                return taken_out
            after = connection.execute(_SQL["swept"]).scalar() or 0
            rows = connection.execute(_SQL["set_aside"], {"after": after, "most": _AT_ONCE}).all()
            for row in rows:
                names = erased_in(connection, row.topic, bytes(row.body), keys)
                if names:
                    _take_out(connection, row.id, row.topic, bytes(row.body), names)
                    taken_out += 1
            passed = [row.id for row in rows if row.passed]
            if passed:
                connection.execute(_SQL["note_swept"], {"upto": passed[-1]})
        if len(passed) < _AT_ONCE:
            return taken_out


def _take_out(
    connection: sa.Connection, event: int, topic: str | None, body: bytes, names: Identities
) -> None:
    """Take these people out of a quarantined event: it is done, unless there is somebody else whose
    coupon a person may find in it."""
    rest = people.rest_without(topic, body, names) if topic in set(MONEY_TOPICS) else None
    if rest is None:
        connection.execute(_SQL["empty_set_aside"], {"id": event})
    else:
        connection.execute(_SQL["replace_set_aside"], {"id": event, "body": rest})
