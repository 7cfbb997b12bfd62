"""Who was erased: keyed hashes of the names somebody went by, and nothing else of them.

`influence-pipeline forget` writes them (`erasure`); captures, deliveries, events and the reconcile
of members ask. How names are hashed: `name_hashes`.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from influence_pipeline.sql import load_queries
from influence_pipeline.state.name_hashes import Keys, Kind, hashed

_SQL = load_queries(__file__, "erased.sql")
_BLOCK = 64


@dataclass(frozen=True)
class Identities:
    """What people go by: the store's ids, Influence's ids, e-mails as `plain_email` gives them."""

    customers: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.customers or self.members or self.emails)

    def __or__(self, other: Identities) -> Identities:
        return Identities(
            self.customers | other.customers,
            self.members | other.members,
            self.emails | other.emails,
        )


NOBODY = Identities()


def keys_of(connection: sa.Connection) -> Keys | None:
    """Give the keys of the hashes; None: nobody was ever erased."""
    found = connection.execute(_SQL["keys"]).first()
    return None if found is None else Keys(bytes.fromhex(found.key), bytes.fromhex(found.salt))


def make_keys(connection: sa.Connection) -> Keys:
    """Give the keys, made now if there are none; of two who make them the first one's count."""
    made = {"key": secrets.token_hex(32), "salt": secrets.token_hex(32)}
    connection.execute(_SQL["make_keys"], made)
    found = keys_of(connection)
    assert found is not None  # noqa: S101  (they were put there the line before)
    return found


def mark(connection: sa.Connection, keys: Keys, customer: str, names: Identities) -> int:
    """Note that these names, and the e-mails known to be sent, are of one customer who was erased;
    `customer`: the store's id. The e-mails belong to nobody from then on; gives how many did."""
    hashes = sorted(_hashes(keys, names | Identities(frozenset([customer]))))
    person = hashed(keys, Kind.CUSTOMER, customer)
    values = {"hashes": hashes, "person": person, "customer": customer}
    connection.execute(_SQL["mark"], values)
    return connection.execute(_SQL["disown"], {"customer": customer}).rowcount


def draw_fence(connection: sa.Connection, keys: Keys, customer: str) -> None:
    """Draw the number of the first claims of work that know of what was noted of the customer. In
    a transaction after the one that noted it."""
    person = hashed(keys, Kind.CUSTOMER, customer)
    connection.execute(_SQL["draw_fence"], {"person": person})


def unmark(connection: sa.Connection, customer: str) -> int:
    """Take back that a customer was erased; gives how many names they had."""
    keys = keys_of(connection)
    if keys is None:
        return 0
    person = hashed(keys, Kind.CUSTOMER, customer)
    return connection.execute(_SQL["unmark"], {"person": person}).rowcount


def erased_among(
    connection: sa.Connection, names: Identities, keys: Keys | None = None
) -> Identities:
    """Give those of these names that are of somebody erased, as `marks_among`."""
    return _named(marks_among(connection, names, keys))


def marks_among(
    connection: sa.Connection, names: Identities, keys: Keys | None = None
) -> dict[tuple[Kind, str], str]:
    """Give those of these names that are of somebody erased, with the hash by which each is known.
    An e-mail that a customer is sent with now is not: who came back under a new id is not kept out.
    `keys`: if they are known already."""
    keys = keys or (keys_of(connection) if names else None)
    if keys is None or not names:
        return {}
    hashes = _hashes(keys, names)
    rows = connection.execute(_SQL["marked"], {"hashes": list(hashes)}).all()
    owned = {hashes[row.hash] for row in rows if row.owned}
    return {
        hashes[row.hash]: row.hash for row in rows if row.marked and hashes[row.hash] not in owned
    }


def own_names(connection: sa.Connection, customer: str, names: Identities) -> Identities:
    """Give those of these names that are known to be this one customer's: noted when they were
    erased, or an e-mail that they were sent with."""
    keys = keys_of(connection)
    if keys is not None:
        hashes = _hashes(keys, names)
        person = hashed(keys, Kind.CUSTOMER, customer)
        values = {"hashes": list(hashes), "person": person, "customer": customer}
        return _named(
            hashes[row] for row in connection.execute(_SQL["marked_of"], values).scalars()
        )
    salt = connection.execute(_SQL["salt"]).scalar()
    if salt is None:
        return NOBODY
    emails = _hashes(Keys(b"", bytes.fromhex(salt)), Identities(emails=names.emails))
    values = {"hashes": list(emails), "customer": customer}
    return _named(emails[row] for row in connection.execute(_SQL["emails_of"], values).scalars())


def drop_customers(connection: sa.Connection) -> None:
    """Take customers who were erased out of what a capture has staged (sync.staging)."""
    keys = keys_of(connection)
    if keys is not None:
        connection.execute(_SQL["drop_customers"], _pads(keys))


def still_in_store(connection: sa.Connection) -> int:
    """Count the customers who were erased and whom the store still has, as far as captures note
    whom they leave out; where they cannot, all who were erased."""
    keys = keys_of(connection)
    if keys is None:
        return 0
    return int(connection.execute(_SQL["still_in_store"], _pads(keys)).scalar_one())


def _pads(keys: Keys) -> dict[str, bytes]:
    """The key as HMAC pads it, inside and outside."""
    padded = keys.key.ljust(_BLOCK, b"\0")
    return {
        "inner": bytes(byte ^ 0x36 for byte in padded),
        "outer": bytes(byte ^ 0x5C for byte in padded),
    }


def _hashes(keys: Keys, names: Identities) -> dict[str, tuple[Kind, str]]:
    found = {hashed(keys, Kind.CUSTOMER, n): (Kind.CUSTOMER, n) for n in names.customers}
    found |= {hashed(keys, Kind.MEMBER, n): (Kind.MEMBER, n) for n in names.members}
    for email in names.emails:
        # As it is compared, and as a store may have it that takes letters apart.
        for form in (email, unicodedata.normalize("NFD", email)):
            found[hashed(keys, Kind.EMAIL, form)] = (Kind.EMAIL, email)
    return found


def _named(found: Iterable[tuple[Kind, str]]) -> Identities:
    of: dict[Kind, set[str]] = {kind: set() for kind in Kind}
    for kind, name in found:
        of[kind].add(name)
    return Identities(*(frozenset(of[k]) for k in (Kind.CUSTOMER, Kind.MEMBER, Kind.EMAIL)))
