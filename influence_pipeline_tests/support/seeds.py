"""Seeds of random tests: a few in the ordinary tests, many in the slow tier, one by `--seed`.

A test that takes `seed` says how many it wants: `@pytest.mark.seeds(3, slow=25)`. The seed is part
of the test's name, so that a failure says how to get it again: `--seed 1017` runs each such test
with that seed alone, and Hypothesis with it too. `--seed 17,18` runs it with each of the two, and
Hypothesis with the first.

A test that takes `seeds` runs all of a tier one after another, in one world, because making a world
costs more than a seed does; each seed's part stands `with named(seed)`, and a failure says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Seeds of the slow tier are others than those of the ordinary tests.
_FIRST_SLOW = 1000


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed",
        type=lambda given: [int(seed) for seed in given.split(",")],
        metavar="N[,N...]",
        help="run each seeded test with this seed, as its name says, or with each of these",
    )


def give_to_hypothesis(config: pytest.Config) -> None:
    seeds = config.getoption("--seed")
    if seeds is not None and not config.getoption("hypothesis_seed", None):
        config.option.hypothesis_seed = seeds[0]


def parametrize(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("seeds")
    if marker is None:
        return
    chosen = metafunc.config.getoption("--seed")
    if "seeds" in metafunc.fixturenames:
        _parametrize_together(metafunc, marker, chosen)
        return
    if chosen is not None:
        seeds = [pytest.param(seed) for seed in chosen]
    else:
        seeds = [pytest.param(seed) for seed in range(marker.args[0] if marker.args else 0)]
        seeds += [
            pytest.param(seed, marks=pytest.mark.slow)
            for seed in range(_FIRST_SLOW, _FIRST_SLOW + marker.kwargs.get("slow", 0))
        ]
    metafunc.parametrize("seed", seeds, ids=lambda seed: f"seed={seed}")


def _parametrize_together(
    metafunc: pytest.Metafunc, marker: pytest.Mark, chosen: list[int] | None
) -> None:
    if chosen is not None:
        metafunc.parametrize("seeds", [(seed,) for seed in chosen], ids=lambda s: f"seed={s[0]}")
        return
    ordinary, slow = marker.args[0] if marker.args else 0, marker.kwargs.get("slow", 0)
    tiers = [
        pytest.param(seeds, marks=marks)
        for seeds, marks in (
            (range(ordinary), ()),
            (range(_FIRST_SLOW, _FIRST_SLOW + slow), pytest.mark.slow),
        )
        if seeds
    ]
    metafunc.parametrize("seeds", tiers, ids=lambda s: f"seeds={s[0]}-{s[-1]}")


@contextmanager
def named(seed: int) -> Iterator[None]:
    """Say in a failure which of several seeds it was."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"It was seed {seed}; again with --seed {seed}")
        raise
