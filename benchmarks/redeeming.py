"""Redemptions that come at their own pace, whatever becomes of the ones before, and how long each
takes from the moment it was to be sent to the moment its coupon can be seen in the store.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import psycopg2

from benchmarks.coupon_shop import CouponShop

_SENDERS = 8
# How often the store is asked for the codes that are still missing: the error of each figure.
_LOOK_SECONDS = 0.01
_GRACE_SECONDS = 30.0
# For `dagster dev` to start, also where other work goes on.
_STARTS_WITHIN_SECONDS = 600.0
_SEEN = (
    "SELECT array_agg(code), extract(epoch FROM clock_timestamp()) FROM discount_codes "
    "WHERE code = ANY(%s)"
)


@dataclass
class Redeemed:
    """`seconds`: from the planned sending to the coupon, in the order of arrival. `late`: the most
    that a sending was late by itself."""

    sent: int
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    late: float = 0.0

    @property
    def missing(self) -> int:
        return self.sent - len(self.seconds)

    def quantile(self, share: float) -> float:
        """Those that never came count as the slowest."""
        ordered = sorted(self.seconds) + [float("inf")] * self.missing
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def words(self) -> str:
        return (
            f"p50 {self.quantile(0.5):.2f} s, p99 {self.quantile(0.99):.2f} s, most "
            f"{self.quantile(1.0):.2f} s; {self.sent:,} sent, {self.missing} without a coupon "
            f"{_GRACE_SECONDS:g} s later, {self.refused} not answered 200"
        )


def redeem(shop: CouponShop, port: int, *, rate: float, seconds: float) -> Redeemed:
    """Send so many redemptions a second to the receiver, and wait for their coupons."""
    events = [shop.redemption() for _ in range(int(rate * seconds))]
    found = Redeemed(len(events))
    begins = time.time() + 0.5
    due = {code: begins + number / rate for number, (code, _) in enumerate(events)}
    path = f"/webhooks/influence/{shop.token}"

    def send(first: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            for code, body in events[first::_SENDERS]:
                time.sleep(max(due[code] - time.time(), 0.0))
                found.late = max(found.late, time.time() - due[code])
                connection.request("POST", path, body, _HEADERS)
                reply = connection.getresponse()
                reply.read()
                found.refused += reply.status != 200

    senders = [threading.Thread(target=send, args=(first,)) for first in range(_SENDERS)]
    for sender in senders:
        sender.start()
    _watch(shop, due, found, until=begins + seconds + _GRACE_SECONDS)
    for sender in senders:
        sender.join()
    return found


_HEADERS = {
    "content-type": "application/json",
    "x-webhook-topic": "points/redeemed",
    "x-webhook-id": "subscription-1",
}


def _watch(shop: CouponShop, due: dict[str, float], found: Redeemed, *, until: float) -> None:
    """Ask the store for what was sent and not seen: by primary key, on one connection."""
    missing = dict(due)
    with closing(psycopg2.connect(shop.store_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            while missing and time.time() < until:
                now = time.time()
                sent = [code for code, at in missing.items() if at <= now]
                if sent:
                    cursor.execute(_SEEN, (sent,))
                    codes, clock = cursor.fetchone() or (None, 0)
                    for code in codes or ():
                        found.seconds.append(float(clock) - missing.pop(code))
                time.sleep(_LOOK_SECONDS)


def until_one_comes(shop: CouponShop, port: int, alive: Callable[[], None]) -> None:
    """Wait until a redemption becomes a coupon, so that whoever makes them is at work."""
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        alive()
        if not redeem(shop, port, rate=1, seconds=1).missing:
            return
    raise RuntimeError("No coupon is made; look at the logs.")
