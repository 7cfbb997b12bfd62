"""From nothing to a checked plan, by the command line alone, on databases that Medusa, Vendure and
Saleor made themselves. Where they come from: `support.real_stores`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import load_settings
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.coupons.choice import coupon_database, coupon_statements
from influence_pipeline_tests.cli.conftest import CommandLine, bare_cli
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox
from influence_pipeline_tests.support import databases, roles, store_presets
from influence_pipeline_tests.support.world import sandbox_process

__all__ = ["bare_cli", "sandbox_process"]

# The tests' own server runs without fsync, and the orders are of the past.
ACCEPTED = """
[check]
accept = ["state.durability", "config.go_live"]
"""
# What a person has to do yet, or has to know: Vendure's admin API has an address, and Saleor locks
# no coupon to a customer.
LEFT = {"medusa": set(), "vendure": {"coupons.writer"}, "saleor": {"coupons.limits"}}


@pytest.fixture(params=store_presets.STORES)
def store(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> Iterator[tuple[str, str]]:
    with databases.throw_away_database(postgres, real_store_template(request.param)) as url:
        yield request.param, url


def test_a_store_is_recognised_checked_and_planned(
    store: tuple[str, str],
    state_url: str,
    sandbox_process: Sandbox,
    bare_cli: CommandLine,
) -> None:
    name, url = store
    sandbox_process.good("POST", "/sandbox/reset")
    made = bare_cli("init", "--store-url", url, "--into", "shop", "--yes", "--json")
    assert (made.code, made.json["preset"]) == (0, name)
    config = Path("shop/influence.toml")
    text = config.read_text().replace("[orders]\n", "[orders]\ngo_live = 2000-01-01T00:00:00Z\n", 1)
    config.write_text(text + ACCEPTED)
    bare_cli.set(
        STORE_URL=url,
        STATE_URL=state_url,
        CONFIG=str(config),
        API_URL=sandbox_process.url,
        API_KEY=KEY,
        WEBHOOK_TOKEN="Vx3hQ7mK9pLw2Zr8Tn5Yb6Dc4Fj1Gs0A",
    )
    settings = load_settings()
    writes = settings.config.coupons is not None and settings.config.coupons.writer == "sql"
    statements = ()
    if writes:
        with closing(coupon_database(settings)) as database:
            statements = coupon_statements(settings, database)
    with (
        roles.reader(url, configured_mappings(settings)) as (reader_url, _),
        roles.writer(url, statements) if writes else nullcontext((None, None)) as (writer_url, _),
    ):
        bare_cli.set(STORE_URL=reader_url)
        if writer_url is not None:
            bare_cli.set(COUPON_URL=writer_url)
        found = bare_cli("check", "--json").json
        told = {one["check"] for one in found["findings"] if one["level"] in {"error", "warning"}}
        assert told == LEFT[name], found["findings"]
        plan = bare_cli("plan", "--json").json
    states = {record["state"] for record in plan["records"]}
    assert states <= {"ready", "blocked"} and len(plan["records"]) > 20
    assert sandbox_process.rows("SELECT * FROM calls WHERE method <> 'GET'") == []
