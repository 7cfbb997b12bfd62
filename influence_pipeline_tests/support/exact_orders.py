"""Orders whose money, moment and e-mail are made from what must arrive: whole numbers of the smallest
unit, an instant shown in a zone of the world near a change of its clock, and an address of lower-case
letters that somebody typed otherwise. So the expectation owes nothing to the code that is tested."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from influence_pipeline.platform_api.money import DIGITS

# A moment within each zone's clock change: forward and back, by an hour and by half of one; zones of
# quarters of an hour; a day that a zone left out.
CLOCK_CHANGES = (
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("America/St_Johns", datetime(2026, 11, 1, 4, 30, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2026, 4, 4, 14, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 1, 1, tzinfo=UTC)),
    ("UTC", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
)
# Of letters that have a composed and a decomposed form, and of such that have one only.
_LETTERS = "abcxyz019.-+_äöüéèñçåőşžαβγήώабвйё東京が"


@dataclass(frozen=True)
class Exact:
    """One order as a store holds it, and what must arrive of it."""

    currency: str
    total: Decimal
    price: Decimal
    placed_at: str
    email: str
    # As it must be written in the body.
    expected_total: str
    expected_price: str
    expected_placed_at: str
    expected_email: str

    def in_body(self) -> tuple[bytes, ...]:
        """Parts of the body, to the byte."""
        return (
            f'"currency":"{self.currency}"'.encode(),
            f'"totalPrice":"{self.expected_total}"'.encode(),
            f'"price":"{self.expected_price}"'.encode(),
            f'"createdAt":"{self.expected_placed_at}"'.encode(),
            f'"email":"{self.expected_email}"'.encode(),
        )


def written(smallest_units: int, digits: int) -> str:
    """How a whole number of smallest units is written: 1990 with two digits is 19.90."""
    text = f"{smallest_units:0{digits + 1}d}"
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text


def exact_order(chance: random.Random, number: int) -> Exact:
    """Make the order of this number; each currency and each clock change comes in turn."""
    currency = sorted(DIGITS)[number % len(DIGITS)]
    total, price = (
        written(chance.randrange(10 ** chance.randrange(1, 19)), DIGITS[currency]) for _ in "12"
    )
    shown, instant = _moment(chance, number)
    email = _email(chance)
    return Exact(
        currency=currency,
        total=Decimal(total),
        price=Decimal(price),
        placed_at=shown,
        email=_as_typed(email, chance),
        expected_total=total,
        expected_price=price,
        expected_placed_at=instant,
        expected_email=email,
    )


def _moment(chance: random.Random, number: int) -> tuple[str, str]:
    """A moment within three hours of a clock change: as the zone shows it, and in UTC. Microseconds
    are written where there are any."""
    zone, change = CLOCK_CHANGES[number % len(CLOCK_CHANGES)]
    micro = chance.choice([0, 0, 1, 500_000, 999_999, chance.randrange(10**6)])
    seconds = chance.randrange(-3 * 3600, 3 * 3600)
    instant = change + timedelta(seconds=seconds, microseconds=micro)
    fraction = f".{instant.microsecond:06}" if instant.microsecond else ""
    return (
        instant.astimezone(ZoneInfo(zone)).isoformat(),
        f"{instant:%Y-%m-%dT%H:%M:%S}{fraction}Z",
    )


def _email(chance: random.Random) -> str:
    name = "".join(chance.choices(_LETTERS, k=chance.randrange(1, 30)))
    form = chance.choice(["NFC", "NFD"])
    return unicodedata.normalize(form, f"{name}@{chance.choice(['example.com', 'müller.example'])}")


def _as_typed(email: str, chance: random.Random) -> str:
    """Some letters in upper case, of those that come back from it; sometimes with blanks around."""
    typed = "".join(
        big
        if chance.random() < 0.3 and len(big := one.upper()) == 1 and big.lower() == one
        else one
        for one in email
    )
    return f"  {typed} " if chance.random() < 0.1 else typed
