"""What moves of orders' status do to points: docs/commands.md and the code say the same of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from influence_pipeline.records import FinancialStatus
from influence_pipeline.sync.points import Effect, effect

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
MOVES = [
    (now, following)
    for now in (None, *FinancialStatus)
    for following in FinancialStatus
    if now is not following
]


def lines() -> Iterator[tuple[str, str, str]]:
    """The lines of the page's table: from, to, points."""
    table = PAGE.read_text().partition("| from | to | points |\n|---|---|---|\n")[2]
    for line in table.partition("\n\n")[0].splitlines():
        _, now, following, points, _ = line.split("|")
        yield now.strip(), following.strip(), points.strip()


def on_the_page(now: FinancialStatus | None, following: FinancialStatus) -> str:
    for before, after, points in lines():
        fits = before == "any" or (now or "none") in before.replace("`", "").split(", ")
        if fits and after in {"any", f"`{following}`"}:
            return points
    raise AssertionError(f"the page does not say it of {now} to {following}")


@pytest.mark.parametrize(("now", "following"), MOVES)
def test_the_page_says_what_a_move_does_to_points(
    now: FinancialStatus | None, following: FinancialStatus
) -> None:
    assert on_the_page(now, following) == effect(now, following)


def test_points_are_given_by_paid_and_taken_back_by_refunded_and_by_nothing_else() -> None:
    by_effect = {
        what: {following for now, following in MOVES if effect(now, following) is what}
        for what in (Effect.GIVES, Effect.TAKES_BACK)
    }
    assert by_effect == {
        Effect.GIVES: {FinancialStatus.PAID},
        Effect.TAKES_BACK: {FinancialStatus.REFUNDED},
    }
