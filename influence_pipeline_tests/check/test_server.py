"""How the servers are reached: encryption by where they are, durability, roles of a server."""

from __future__ import annotations

import re

from influence_pipeline.check.finding import Level
from influence_pipeline.check.server import is_near
from influence_pipeline_tests.check.conftest import Place


def test_a_line_that_is_not_encrypted_is_named_unless_it_stays_on_this_machine(
    place: Place,
) -> None:
    assert "store.tls" not in place.trouble()
    url = place.variables["INFLUENCE_STORE_URL"] or ""
    # Another machine by its name, though the line leads to this one.
    place.set(STORE_URL=re.sub(r"@127\.0\.0\.1:", "@db.example:", url) + "?hostaddr=127.0.0.1")
    (told,) = place.trouble()["store.tls"]
    assert (told.level, told.what) == (Level.WARNING, "the connection is not encrypted")


def test_what_counts_as_this_machine() -> None:
    assert all(map(is_near, ("", "localhost", "127.0.0.1", "::1", "/run/postgresql", "@abstract")))
    assert not any(map(is_near, ("db", "10.0.0.5", "shop.example", "localhost,shop.example")))


def test_a_state_that_a_power_cut_can_destroy_is_named(place: Place) -> None:
    place.toml('accept = ["state.durability", "config.go_live"]', 'accept = ["config.go_live"]')
    told = [one.what for one in place.trouble()["state.durability"]]
    assert told == ["fsync is off", "full_page_writes is off"]
