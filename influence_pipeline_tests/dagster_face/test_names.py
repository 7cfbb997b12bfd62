"""Names for one store are plain; those for one of several are nobody else's."""

from __future__ import annotations

import dagster as dg
import pytest

from influence_pipeline.assets.names import ONE_STORE, Names

BERLIN, PARIS = Names("berlin"), Names("paris")


def _all(names: Names) -> dict[str, object]:
    return {
        "key": names.key("customers").to_user_string(),
        "step": names.step("customers"),
        "job": names.name("full_compare"),
        "pool": names.pool,
        "lane": names.live["influence/lane"],
        "resource": names.resource,
    }


def test_a_single_store_has_plain_names() -> None:
    assert _all(ONE_STORE) == {
        "key": "customers",
        "step": "customers",
        "job": "full_compare",
        "pool": "influence_api",
        "lane": "live",
        "resource": "engines",
    }
    assert ONE_STORE.tags == {}


def test_one_of_several_has_its_own() -> None:
    assert _all(BERLIN) == {
        "key": "berlin/customers",
        "step": "berlin__customers",
        "job": "berlin_full_compare",
        "pool": "influence_api_berlin",
        "lane": "live_berlin",
        "resource": "engines_berlin",
    }
    assert BERLIN.tags == {"influence/store": "berlin"}


def test_no_two_stores_share_a_name() -> None:
    names = [name for one in (ONE_STORE, BERLIN, PARIS) for name in _all(one).values()]
    # A plain name serves twice: the asset and its step.
    assert len(set(names)) == len(names) - 1


@pytest.mark.parametrize(
    ("step", "theirs"),
    [
        ("berlin__customers", True),
        ("paris__customers", False),
        ("customers", False),
        ("berlin2__customers", False),
        ("berlin__east__customers", False),
    ],
)
def test_a_store_knows_its_steps(step: str, theirs: bool) -> None:
    assert BERLIN.has(step) is theirs
    assert ONE_STORE.has(step)


def test_dagster_names_the_step_so() -> None:
    @dg.asset(key=BERLIN.key("customers"))
    def customers() -> None:
        """One of Berlin's."""

    assert customers.op.name == BERLIN.step("customers")
