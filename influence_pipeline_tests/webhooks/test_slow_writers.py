"""Coupons by an API: it has no lock and no transaction, and what it was sent may come about later."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from influence_pipeline.errors import StoreUncertain
from influence_pipeline.store.coupons.interface import Coupon, FoundCoupon
from influence_pipeline.webhooks.handlers import work_off
from influence_pipeline_tests.webhooks.builders import redemption
from influence_pipeline_tests.webhooks.conftest import ABLE, Desk, make_context
from influence_pipeline_tests.webhooks.test_handlers import reason


class ApiWriter:
    """A shop's API without any lock: looks, takes its time, writes. Safe only if called safely."""

    name = "the shop's API"
    abilities = ABLE
    holds_codes = False

    def __init__(self) -> None:
        self.made: list[str] = []
        self.inside = 0
        self.most_inside = 0
        self.uncertain = 0
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, code: str) -> Iterator[ApiWriter]:
        self._code = code
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        try:
            yield self
        finally:
            with self._lock:
                self.inside -= 1

    def find(self) -> FoundCoupon | None:
        time.sleep(0.1)
        return FoundCoupon() if self._code in self.made else None

    def create(self, coupon: Coupon) -> None:
        time.sleep(0.5)
        if self.uncertain:
            self.uncertain -= 1
            raise StoreUncertain("The shop's API did not answer in time.", quiet_seconds=45)
        self.made.append(coupon.code)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("held", [True, False])
def test_one_code_is_in_the_hands_of_one_worker_though_the_api_has_no_lock(
    desk: Desk, held: bool
) -> None:
    """With its control: a writer that says it holds codes and does not is met by two at once."""
    writer = ApiWriter()
    writer.holds_codes = not held
    desk.context = make_context(desk.store, terms={"writer": writer})
    desk.deliver("points/redeemed", redemption())

    def round_after_a_lost_lease(number: int) -> None:
        time.sleep(0.3 * number)  # the one before is writing by then
        desk.due_now()
        work_off(desk.state, desk.context)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(round_after_a_lost_lease, range(3)))
    assert (writer.made == ["LOYAL-0001"]) == held
    assert (writer.most_inside == 1) == held


def test_what_may_still_come_about_is_not_looked_for_too_soon(desk: Desk) -> None:
    writer = ApiWriter()
    writer.uncertain = 1
    desk.context = make_context(desk.store, terms={"writer": writer})
    stored = desk.deliver("points/redeemed", redemption())
    desk.work()
    assert reason(desk, stored) == ("new", "store_away")
    ((wait,),) = desk.rows("SELECT extract(epoch FROM next_at - now()) FROM inbox")
    assert 40 < float(wait) <= 45
    writer.made.append("LOYAL-0001")  # it came about after all
    desk.due_now()
    assert desk.work().coupons == 1
    assert writer.made == ["LOYAL-0001"]
