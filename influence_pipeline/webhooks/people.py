"""Whom an event names: the ids and e-mails in a body, and the body without somebody.

Pure: no database. Used to erase people (`erasure`) and to keep them erased (`forgotten`). An
account decides before anything else: who is named with an id of the store is that customer, and
nobody else who has, or had, the same e-mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from influence_pipeline.platform_api.payloads import encode
from influence_pipeline.state.erased import NOBODY, Identities
from influence_pipeline.state.name_hashes import plain_email
from influence_pipeline.webhooks import events
from influence_pipeline.webhooks.events import Event, Topic


class Role(StrEnum):
    """Who somebody is in an event. `other`: named somewhere else in it, or in no event at all."""

    MEMBER = "member"
    FRIEND = "friend"
    OTHER = "other"


@dataclass(frozen=True)
class Person:
    """One place in a body that names somebody. `email` is as `plain_email` writes it."""

    role: Role
    external_id: str | None = None
    member_id: str | None = None
    email: str | None = None

    def names(self) -> Identities:
        """Give all the names that stand there."""
        return Identities(*(frozenset() if n is None else frozenset([n]) for n in self._named()))

    def is_among(self, known: Identities) -> bool:
        """Tell whether it is one of these people: by the store's id if there is one, else by
        Influence's, else by the e-mail."""
        if self.external_id is not None:
            return self.external_id in known.customers
        return self.member_id in known.members or self.email in known.emails

    def _named(self) -> tuple[str | None, str | None, str | None]:
        return self.external_id, self.member_id, self.email


def people_in(topic: str | None, body: bytes) -> list[Person]:
    """Give everybody whom a body names. Of what is no usable event, everybody it may name."""
    if not body:
        return []
    event = events.read(topic, body).event
    return list(_of_event(event)) if event is not None else _of_text(body)


def names_of(people: Iterable[Person]) -> Identities:
    """Give the names of all of them together."""
    found = NOBODY
    for person in people:
        found |= person.names()
    return found


# -- of an event -----------------------------------------------------------------------------------


_PLACES = {"customer": Role.MEMBER, "friendCustomer": Role.FRIEND}
# Under such a name stands a person, if an object stands there with an id of the store.
_OF_A_PERSON = re.compile(r"(?i)customer|friend|member|referr|user|person|recipient")


def _of_event(event: Event) -> Iterator[Person]:
    content = event.body
    if event.topic is Topic.CUSTOMER_UPDATED:
        yield _person(Role.MEMBER, content)
        return
    accounts: set[Role] = set()
    for name, role in _PLACES.items():
        value = content.get(name)
        if isinstance(value, dict):
            found = _person(role, value)
            if found.external_id is not None:
                accounts.add(role)
            yield found
    for name, value in content.items():
        if name not in _PLACES:
            role = _role_of(name)
            # Beside an account it is that account's.
            if role not in accounts:
                yield from _elsewhere(role, name, value)


def _role_of(name: str) -> Role:
    if name.casefold().startswith("friend"):
        return Role.FRIEND
    return Role.MEMBER if name.casefold().startswith("customer") else Role.OTHER


def _person(role: Role, value: Mapping[str, Any]) -> Person:
    email = value.get("email")
    return Person(
        role,
        events.identifier(value.get("externalId")),
        events.identifier(value.get("id")),
        plain_email(email) if isinstance(email, str) and "@" in email else None,
    )


def _elsewhere(role: Role, name: str, value: object) -> Iterator[Person]:
    """Find people at places that no handler reads. Never deep: what is usable is not nested so."""
    if isinstance(value, str):
        for email in _said_in(value):
            yield Person(role, email=email)
    elif isinstance(value, dict):
        if _is_person(name, value):
            yield _person(role, value)
        else:
            for inner, item in value.items():
                yield from _elsewhere(role, inner, item)
    elif isinstance(value, list):
        for item in value:
            yield from _elsewhere(role, name, item)


def _said_in(text: str) -> set[str]:
    """The e-mails that a text is, or has in it, as `plain_email` writes them."""
    if "@" not in text:
        return set()
    return {plain_email(text), *map(plain_email, _emails(text))}


def _is_person(name: str, value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("email"), str) or (
        "externalId" in value and _OF_A_PERSON.search(name) is not None
    )


# -- of anything else ------------------------------------------------------------------------------


_EXTERNAL_ID = re.compile(r'"externalId"\s*:\s*"?([^",}\s]{1,200})')
_ID = re.compile(r'"id"\s*:\s*"?([^",}\s]{1,200})')
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_BORDER = re.compile(r"""[\s"'<>,;:()\[\]{}\\=&|]""")
_LONGEST_PART = 255


def _of_text(body: bytes) -> list[Person]:
    found: dict[Person, None] = {}
    for text in _texts(body):
        for match in _EXTERNAL_ID.finditer(text):
            found[Person(Role.OTHER, external_id=match[1])] = None
        for match in _ID.finditer(text):
            found[Person(Role.OTHER, member_id=match[1])] = None
        for email in _emails(text):
            found[Person(Role.OTHER, email=plain_email(email))] = None
    return list(found)


def _texts(body: bytes) -> Iterator[str]:
    """Read bytes in each way that may be meant, escapes resolved."""
    encodings = ["utf-8-sig"]
    if b"\0" in body or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings += ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
    try:
        body.decode("utf-8-sig")
    except UnicodeDecodeError:
        encodings.append("latin-1")
    for encoding in encodings:
        text = ""
        with suppress(UnicodeError):
            text = body.decode(encoding, "replace")
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).replace("\\/", "/")
        # Two escapes may have been one character.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        yield text
        if "%40" in text:
            yield unquote(text)


def _emails(text: str) -> Iterator[str]:
    """Give what stands around each @, up to the next border."""
    at = text.find("@")
    while at >= 0:
        before = _BORDER.split(text[max(at - _LONGEST_PART, 0) : at])[-1]
        after = _BORDER.split(text[at + 1 : at + 1 + _LONGEST_PART])[0]
        if before and after:
            yield f"{before}@{after}"
        at = text.find("@", at + 1)


# -- a body without somebody -----------------------------------------------------------------------


_SHARED = ("id", "type", "status", "createdAt", "updatedAt")


def rest_without(topic: str | None, body: bytes, erased: Identities) -> bytes | None:
    """Give what an event still has to say of others when these people are taken out of it.

    None: of nobody else, or it is no usable event, so that nothing of it need be kept.
    """
    event = events.read(topic, body).event
    if event is None or event.topic is Topic.CUSTOMER_UPDATED:
        return None
    gone = {person.role for person in _of_event(event) if person.is_among(erased)}
    content: Mapping[str, Any] = event.body
    referral = event.topic in (Topic.REFERRAL_STARTED, Topic.REFERRAL_COMPLETED)
    if Role.MEMBER in gone and (Role.FRIEND in gone or not referral):
        return None
    for role, word in ((Role.MEMBER, "friend"), (Role.FRIEND, "customer")):
        if role in gone:
            # Only what is known to be the other side's: the rest may tell of either.
            content = {n: v for n, v in content.items() if n in _SHARED or n.startswith(word)}
    return encode(_cleaned(content, erased))


def _cleaned(value: Any, erased: Identities, name: str = "") -> Any:
    """Copy JSON values; in the place of a person or an e-mail that is erased stands null, and so it
    does for a number that nobody could read."""
    if isinstance(value, dict):
        if name and _is_person(name, value) and _person(Role.OTHER, value).is_among(erased):
            return None
        return {inner: _cleaned(item, erased, inner) for inner, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, erased, name) for item in value]
    if isinstance(value, str):
        return None if _said_in(value) & erased.emails else value
    if value is None or isinstance(value, bool | int | Decimal):
        return _as_number(value)
    return None


def _as_number(value: Any) -> Any:
    """A whole number as JSON has it; another one stays a decimal, which is written as a text that
    reads as the same number."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
