"""The whole way with the stand-in Platform API as its own process: subscribe, redeem, coupon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.events import Topic
from influence_pipeline.webhooks.receiver import create_app
from influence_pipeline.webhooks.subscriptions import Standing, register, status
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox, order
from influence_pipeline_tests.sandbox.platform_fixtures import running as sandbox_running
from influence_pipeline_tests.webhooks.builders import TOKEN, redemption
from influence_pipeline_tests.webhooks.conftest import TOML, Store
from influence_pipeline_tests.webhooks.test_receiver import post, running, settings, until


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with sandbox_running(folder) as started:
        yield started


def test_points_redeemed_at_influence_are_a_coupon_in_the_store(
    sandbox: Sandbox, state: Postgres, state_url: str, store: Store, toml: Path
) -> None:
    toml.write_text(TOML.replace("rule-5-euro", "rule-5-off"))
    store.run("ALTER TABLE discount_code ALTER customer_id TYPE text")
    chosen = settings(
        state_url, config=toml, coupon_url=store.url, api_url=sandbox.url, api_key=KEY
    )
    api = SingleCalls(sandbox.url, KEY)
    with running(create_app(chosen, state)) as url:
        address = f"{url}/webhooks/influence/{TOKEN}"
        assert {one.standing for one in register(api, address)} == {Standing.CREATED}
        assert {one.standing for one in register(api, address)} == {Standing.PRESENT}
        assert status(api).missing == ()
        assert len(status(api).subscriptions) == len(Topic)

        sandbox.put_customer("c-1")
        assert sandbox.call("POST", "/v1/orders", order("o-1", totalPrice="500.00")).ok
        redeemed = sandbox.good("POST", "/sandbox/customers/c-1/redeem", {"ruleId": "rule-5-off"})
        code = redeemed["reward"]["couponCode"]
        until(lambda: store.codes() == [code])
        until(lambda: inbox.list_events(state, topic="points/redeemed")[0].state == "done")
        until(lambda: {line.state for line in inbox.list_events(state)} == {"done"})
    (row,) = store.run("SELECT customer_id, kind, value, currency FROM discount_code")
    assert tuple(row)[:2] == ("c-1", "fixed")
    with state.transaction() as connection:
        member = connection.execute(sa.text("SELECT external_id FROM loyalty_member")).scalar()
    assert member == "c-1"
    api.close()


def test_a_redemption_that_influence_does_not_know_is_not_paid(
    sandbox: Sandbox, state: Postgres, state_url: str, store: Store, toml: Path
) -> None:
    chosen = settings(
        state_url, config=toml, coupon_url=store.url, api_url=sandbox.url, api_key=KEY
    )
    with running(create_app(chosen, state)) as url:
        assert post(url, redemption()).status_code == 200
        until(lambda: inbox.list_events(state)[0].reason_code == "not_verified")
    assert store.codes() == []
