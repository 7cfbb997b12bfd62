"""Seeds of random tests: a few in the ordinary tests, many in the slow tier, one by `--seed`.

A test that takes `seed` says how many it wants: `@pytest.mark.seeds(3, slow=25)`. The seed is part
of the test's name, so that a failure says how to get it again: `--seed 1017` runs each such test
with that seed alone, and Hypothesis with it too.
"""

from __future__ import annotations

import pytest

# Seeds of the slow tier are others than those of the ordinary tests.
_FIRST_SLOW = 1000


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed",
        type=int,
        metavar="N",
        help="run each seeded test with this seed, as its name says",
    )


def give_to_hypothesis(config: pytest.Config) -> None:
    seed = config.getoption("--seed")
    if seed is not None and not config.getoption("hypothesis_seed", None):
        config.option.hypothesis_seed = seed


def parametrize(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("seeds")
    if marker is None:
        return
    chosen = metafunc.config.getoption("--seed")
    if chosen is not None:
        seeds = [pytest.param(chosen)]
    else:
        seeds = [pytest.param(seed) for seed in range(marker.args[0] if marker.args else 0)]
        seeds += [
            pytest.param(seed, marks=pytest.mark.slow)
            for seed in range(_FIRST_SLOW, _FIRST_SLOW + marker.kwargs.get("slow", 0))
        ]
    metafunc.parametrize("seed", seeds, ids=lambda seed: f"seed={seed}")
