"""How the names of people are hashed: with keys that are the state's own secrets.

A name is the store's id of a customer, Influence's id of a member, or an e-mail. Without the keys
nobody can tell whether a person is among the hashes; with them, only who knows the name already.
E-mails are hashed as `email_owner` has them, so that an erasure knows those that were sent without
their being told. Loads no SQLAlchemy, for `why`.
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b


class Kind(StrEnum):
    """What a name is: the store's id, Influence's id, or an e-mail."""

    CUSTOMER = "customer"
    MEMBER = "member"
    EMAIL = "email"
    # Not a person's name: stands in the place of a coupon's code.
    CODE = "code"


@dataclass(frozen=True)
class Keys:
    """What names are hashed with; `salt`: e-mails."""

    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)


def plain_email(text: str) -> str:
    """Write an e-mail in the one form in which two are compared: without spaces around it, composed
    (NFC), in no case."""
    folded = unicodedata.normalize("NFC", text.strip()).casefold()
    return unicodedata.normalize("NFC", folded)


def hashed(keys: Keys, kind: Kind, name: str) -> str:
    """Hash a name to the 16 bytes of a uuid, in hexadecimal."""
    if kind is Kind.EMAIL:
        return email_hash(name, keys.salt)
    text = f"{kind}:{name}".encode("utf-8", "replace")
    return hmac.digest(keys.key, text, "sha256")[:16].hex()


def email_hash(email: str, salt: bytes) -> str:
    """Hash an e-mail as `email_owner` holds it: the 16 bytes of a uuid, in hexadecimal."""
    return blake2b(email.encode("utf-8", "replace"), digest_size=16, key=salt).hexdigest()
