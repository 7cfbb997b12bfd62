"""The worst the stand-in can be: each mode does what the proofs lean on when they choose it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from influence_pipeline.sandbox.platform.limits import RateLimit
from influence_pipeline.sandbox.platform.switches import Switches
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox, running, until


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.good("POST", "/sandbox/reset")
    process.put_customer()
    return process


def orders(sandbox: Sandbox) -> list[tuple[int, int, int]]:
    """Posts, copies and awards of each order."""
    rows = sandbox.rows("SELECT posts, copies, awards FROM orders")
    return [(row["posts"], row["copies"], row["awards"]) for row in rows]


@pytest.mark.parametrize(
    ("mode", "status", "counts", "points"),
    [
        ("award_again", 200, (2, 2, 2), [100, 100]),
        ("upsert", 200, (2, 1, 1), [100]),
        ("conflict", 409, (1, 1, 1), [100]),
    ],
)
def test_a_second_post_of_one_order_awards_again_or_changes_it_or_is_refused(
    sandbox: Sandbox, mode: str, status: int, counts: tuple[int, int, int], points: list[int]
) -> None:
    sandbox.set(second_post=mode)
    assert sandbox.post_order().status_code == 200
    assert sandbox.post_order().status_code == status
    assert orders(sandbox) == [counts]
    assert sandbox.movements("award") == points
    assert sandbox.balance() == sum(points)


def test_a_repeated_refund_deducts_again_where_the_switch_says_so(sandbox: Sandbox) -> None:
    sandbox.post_order()
    for mode, times in (("once", 1), ("once", 1), ("again", 2)):
        sandbox.set(refund_repeat=mode)
        sandbox.patch_order(financialStatus="refunded")
        assert sandbox.movements("deduction") == [-100] * times


def test_a_call_may_be_answered_504_and_worked_off_all_the_same(sandbox: Sandbox) -> None:
    sandbox.fault("error_after", method="POST", status=504)
    assert sandbox.post_order().status_code == 504
    assert orders(sandbox) == [(1, 1, 1)]


@pytest.mark.parametrize("close", [False, True])
def test_a_call_may_be_worked_off_long_after_its_caller_was_sent_away(
    sandbox: Sandbox, close: bool
) -> None:
    sandbox.fault("late", method="POST", ms=300, close=close)
    if close:
        with pytest.raises(OSError):
            sandbox.post_order()
    else:
        assert sandbox.post_order().status_code == 504
    assert orders(sandbox) == []
    until(lambda: orders(sandbox) == [(1, 1, 1)], "the late call")


def test_what_was_just_written_may_not_be_readable_yet(sandbox: Sandbox) -> None:
    sandbox.set(read_after_write_delay_ms=1500)
    assert sandbox.post_order().status_code == 200
    assert sandbox.call("GET", "/v1/orders/o-1").status_code == 404
    assert sandbox.patch_order(orderNumber="N").status_code == 404
    until(lambda: sandbox.call("GET", "/v1/orders/o-1").status_code == 200, "the order to be seen")
    sandbox.patch_order(orderNumber="M")
    assert "orderNumber" not in sandbox.good("GET", "/v1/orders/o-1")["order"]
    number = lambda: sandbox.good("GET", "/v1/orders/o-1")["order"].get("orderNumber")  # noqa: E731
    until(lambda: number() == "M", "the change to be seen")


# -- limits that change ----------------------------------------------------------------------------


def refused(sandbox: Sandbox, calls: int) -> int:
    statuses = [sandbox.call("GET", "/v1/customers/c-1").status_code for _ in range(calls)]
    assert set(statuses) <= {200, 429}
    return statuses.count(429)


def test_a_limit_set_tightened_and_lifted_while_calls_come_holds_at_once(sandbox: Sandbox) -> None:
    assert refused(sandbox, 20) == 0
    sandbox.set(rate_limit=0.01, rate_limit_burst=5)
    assert refused(sandbox, 20) == 15
    sandbox.set(rate_limit_burst=2)
    assert refused(sandbox, 20) == 18
    sandbox.set(rate_limit=None)
    assert refused(sandbox, 20) == 0


def test_a_limit_that_changes_by_itself_is_the_same_for_the_same_seed() -> None:
    def limits(seed: int) -> list[float | None]:
        limit = RateLimit()
        limit.change(
            Switches(
                rate_limit=100, rate_limit_lowest=0.1, rate_limit_every_ms=50, rate_limit_seed=seed
            )
        )
        return [limit.rate_at(period * 0.05 + 0.01) for period in range(200)]

    assert limits(1) == limits(1) != limits(2)
    drawn = [rate for rate in limits(1) if rate is not None]
    assert (min(drawn) >= 10, min(drawn) < 15, max(drawn) > 95, max(drawn) <= 100) == (True,) * 4


def test_a_limit_that_changes_lets_so_many_calls_through_as_it_is_at_that_moment() -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    limit.change(Switches(rate_limit=100, rate_limit_burst=1, rate_limit_lowest=0.1,
                          rate_limit_every_ms=10_000))  # fmt: skip
    for period in range(5):
        through = 0
        for step in range(10_000):
            now = period * 10 + step / 1000
            through += limit.take() == 0.0
        assert through == pytest.approx(10 * (limit.rate_at(period * 10) or 0), rel=0.1, abs=3)


def test_a_callers_too_many_follow_the_changing_limit(sandbox: Sandbox) -> None:
    sandbox.set(rate_limit=1000, rate_limit_burst=1, rate_limit_lowest=0.001,
                rate_limit_every_ms=20, rate_limit_seed=3)  # fmt: skip
    over, seen = time.monotonic() + 20, set()
    while len(seen) < 2 and time.monotonic() < over:
        seen.add(sandbox.call("GET", "/v1/customers/c-1").status_code)
    assert seen == {200, 429}
