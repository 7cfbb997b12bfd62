"""What a proof has counted, for the table that `make proof` writes.

A test that belongs to one of the proofs T1 to T21 is marked with it, `@pytest.mark.proves("T2")`, and
says through the fixture `tally` how much it took and what was found before it asserts that it is
nothing: `tally(3000, "orders", lost=0, doubled=0, parked=0)`. A marked test whose name begins with
`test_control_` is a control: it passes where the broken variant was caught.
"""

from __future__ import annotations

import pytest

PROPERTY = "tally"


class Tally:
    """Writes counts down in the report of the test that has this fixture."""

    def __init__(self, properties: list[tuple[str, object]]) -> None:
        self._properties = properties

    def __call__(
        self,
        count: int,
        unit: str,
        *,
        lost: int | None = None,
        doubled: int | None = None,
        parked: int | None = None,
    ) -> None:
        """Note `count` records or cases of a `unit` (plural: "orders", "deliveries", "cases"), and
        how many of them were lost, doubled or parked; None where the test has no such notion."""
        said = {"count": count, "unit": unit, "lost": lost, "doubled": doubled, "parked": parked}
        self._properties.append((PROPERTY, said))


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Where a proof says how much it took and what it found."""
    return Tally(request.node.user_properties)
