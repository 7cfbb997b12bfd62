"""Whole syncs: real store, real state, the sandbox as its own process, judged independently."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from influence_pipeline.errors import ApiKeyRejected, ApiUnreachable, MappingError, StoreError
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store import poison
from influence_pipeline.sync import status
from influence_pipeline.sync.engine import Engine
from influence_pipeline.sync.plan import plan
from influence_pipeline_tests.support.world import World


def test_the_first_sync_tells_everything_once_and_the_second_nothing(world: World) -> None:
    first = world.sync()
    assert first[Entity.CUSTOMER].delivered.sent > 50
    assert first[Entity.ORDER].delivered.sent > 100
    assert world.judge().differences == ()
    again = world.sync()
    assert [report.delivered.calls for report in again.values()] == [0, 0, 0, 0]
    assert not again[Entity.ORDER].captured.full  # type: ignore[union-attr]


def test_every_change_in_the_shop_arrives_with_the_next_sync(world: World) -> None:
    world.sync()
    shop = world.store_url
    buyer = sample_store.add_customers(shop).customers[0]
    paid, captured, refunded, partly, cancelled, carried = (
        sample_store.place_order(shop, buyer, paid=n == 0, authorized=n > 0).orders[0]
        for n in range(6)
    )
    world.sync()
    assert world.judge().differences == ()
    for order in (captured, refunded, partly):
        sample_store.capture_payment(shop, order)
    sample_store.refund_order(shop, refunded)
    sample_store.refund_order(shop, partly, Decimal(1))
    sample_store.cancel_order(shop, cancelled)
    sample_store.rename_customer(shop, buyer)
    sample_store.remove_variant(shop)
    world.shop(
        "INSERT INTO order_discounts (order_id, code, amount) VALUES (%(order)s, 'LATE', 1)",
        order=carried,
    )
    reports = world.sync()
    assert world.judge().differences == ()
    assert reports[Entity.CUSTOMER].delivered.sent == 1
    assert reports[Entity.PRODUCT].delivered.sent == 1
    # Five of this test, and the old orders that lost the id of a removed variant.
    assert reports[Entity.ORDER].delivered.sent >= 5
    assert paid not in {row[0] for row in world.ask_state("SELECT key FROM influence.work")}


def test_an_order_that_comes_refunded_arrives_refunded(world: World) -> None:
    shop = world.store_url
    order = sample_store.place_order(shop, None, email="a@example.com", paid=True).orders[0]
    sample_store.refund_order(shop, order)
    world.sync()
    assert world.judge().differences == ()


def test_orders_before_the_go_live_are_never_sent_not_even_when_they_change(world: World) -> None:
    with world.engine() as engine:
        now = engine.store_now()
    world.configure((world.go_live.isoformat(), now.isoformat()))  # type: ignore[union-attr]
    world.go_live = now
    old = world.sync()[Entity.ORDER]
    assert (old.delivered.sent, old.captured.before_go_live > 100) == (0, True)  # type: ignore[union-attr]
    world.shop("UPDATE orders SET updated_at = now()")
    world.sync()
    world.sync(full=True)
    assert world.judge().differences == ()
    assert world.sandbox.rows("SELECT * FROM orders") == []


def test_the_go_live_is_the_moment_of_the_first_start_and_stays(world: World) -> None:
    world.configure((f"go_live = {world.go_live.isoformat()}\n", ""))  # type: ignore[union-attr]
    with world.engine() as engine:
        before = engine.store_now()
        first = engine.go_live()
        assert before <= first <= engine.store_now()
    with world.engine() as engine:
        assert engine.go_live() == first
        assert datetime.fromisoformat(status.get_fact(engine.state, "go_live")) == first


def test_an_order_waits_for_its_customer_and_then_goes_by_itself(world: World) -> None:
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    world.sandbox.set(reject=[{"entity": "customer", "id": buyer}])
    blocked = world.sync()[Entity.ORDER]
    assert (blocked.delivered.sent, blocked.remaining.blocked) == (0, 1)
    assert world.sandbox.rows("SELECT * FROM orders WHERE order_id = ?", order) == []
    assert "refused" in {
        row[0] for row in world.ask_state("SELECT reason_code FROM influence.work")
    }
    world.sandbox.set(reject=[])
    with world.engine() as engine:
        assert status.retry(engine.state, Entity.CUSTOMER, buyer) == 1
    world.sync()
    assert world.judge().differences == ()


def test_guest_orders_go_by_their_email_or_are_skipped_and_counted(world: World) -> None:
    world.sync()
    sample_store.place_order(world.store_url, None, email="guest@example.com", paid=True)
    world.sync()
    assert world.judge().differences == ()
    world.configure(("[orders]\n", '[orders]\nguest_orders = "skip"\n'))
    skipped = sample_store.place_order(world.store_url, None, email="g2@example.com").orders[0]
    report = world.sync()[Entity.ORDER]
    assert (report.delivered.sent, report.delivered.skipped) == (0, 1)
    assert [str(d) for d in world.judge().differences] == [
        f"order {skipped}: is in the store and not in the ledger"
    ]


def test_poison_is_parked_with_its_reason_and_the_rest_goes_on(world: World) -> None:
    shop = world.store_url
    bad = [
        *poison.order_with_nan_amount(shop).orders,
        *poison.order_in_unknown_currency(shop).orders,
        *poison.customer_with_invalid_email(shop).customers,
    ]
    good = sample_store.place_order(shop, None, email="fine@example.com").orders[0]
    reports = world.sync()
    parked = world.parked()
    assert set(parked) == set(bad)
    assert "column total: it is NaN or infinity" in parked[bad[0]]
    assert "column currency" in parked[bad[1]]
    assert "column email" in parked[bad[2]]
    assert world.sandbox.rows("SELECT * FROM orders WHERE order_id = ?", good)
    assert reports[Entity.ORDER].delivered.parked == 2
    assert world.sync()[Entity.ORDER].delivered.calls == 0
    world.shop("UPDATE orders SET currency_code = 'eur' WHERE currency_code = 'xxx'")
    world.sync()
    assert set(world.parked()) == {bad[0], bad[2]}


def test_a_row_the_store_cannot_compute_costs_only_itself(world: World) -> None:
    world.configure(('query = "products.sql"', 'query = "divided.sql"'))
    select = (world.config.parent / "products.sql").read_text().strip().rstrip(";")
    (world.config.parent / "divided.sql").write_text(
        f"SELECT q.*, (1 / (q.id - 7))::text AS sku FROM (SELECT * FROM (\n{select}\n) x) q"
        if "sku" not in select
        else f"SELECT q.id, q.title, (1 / (q.id - 7))::text AS sku FROM (\n{select}\n) q"
    )
    report = world.sync()[Entity.PRODUCT]
    assert world.parked() == {"7": "a value could not be converted or calculated (SQLSTATE 22012)"}
    assert report.delivered.sent == report.captured.looked_at > 10  # type: ignore[union-attr]


def test_a_mapping_that_multiplies_rows_parks_them_and_says_so(world: World) -> None:
    select = (world.config.parent / "products.sql").read_text().strip().rstrip(";")
    (world.config.parent / "products.sql").write_text(
        f"SELECT q.* FROM (\n{select}\n) q JOIN generate_series(1, 2) n ON q.id = 7 OR n = 1"
    )
    world.sync()
    assert set(world.parked()) == {"7"}
    assert "more than one row" in world.parked()["7"]


def test_a_wrong_key_stops_the_run_with_one_clear_line_and_changes_nothing(world: World) -> None:
    with Engine(world.settings(api_key="wrong")) as engine, pytest.raises(ApiKeyRejected) as caught:
        engine.sync(Entity.CUSTOMER)
    assert "INFLUENCE_API_KEY" in str(caught.value)
    assert "wrong" not in str(caught.value)
    calls = world.sandbox.rows("SELECT count(*) AS n FROM calls WHERE path LIKE '/v1/customers/%'")
    # One might be a record that a gateway dislikes; three in a row are the key.
    assert calls[0]["n"] == 3
    assert world.ask_state("SELECT sum(attempts), count(lease_until) FROM influence.work") == [
        (0, 0)
    ]
    world.sync()
    assert world.judge().differences == ()


def test_an_api_that_is_away_stops_the_run_and_the_next_goes_on(world: World) -> None:
    away = world.settings(api_url="http://127.0.0.1:9")
    with Engine(away) as engine, pytest.raises(ApiUnreachable, match="INFLUENCE_API_URL"):
        engine.sync(Entity.CUSTOMER)
    world.sync()
    assert world.judge().differences == ()


def test_an_api_that_fails_every_call_ends_the_run_and_nothing_is_lost(world: World) -> None:
    world.sandbox.fault("error_before", method="PUT", times=None)
    with world.engine() as engine, pytest.raises(ApiUnreachable, match="call after call"):
        engine.sync(Entity.CUSTOMER)
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": []})
    world.sync()
    assert world.judge().differences == ()
    assert world.parked() == {}


def test_a_store_that_is_away_stops_the_run_without_showing_its_password(world: World) -> None:
    url = "postgresql://someone:canary-password@127.0.0.1:9/store"
    with Engine(world.settings(store_url=url)) as engine, pytest.raises(StoreError) as caught:
        engine.sync(Entity.CUSTOMER)
    assert "INFLUENCE_STORE_URL" in str(caught.value)
    assert "nothing listens" in str(caught.value)
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("email", "emial", "emial"),
        ("first_name", "frist_name", "frist_name"),
    ],
)
def test_a_wrong_column_stops_the_run_naming_the_file(
    world: World, old: str, new: str, says: str
) -> None:
    file = world.config.parent / "customers.sql"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(MappingError) as caught:
        world.sync()
    assert "customers.sql" in str(caught.value)
    assert says in str(caught.value)
    assert world.ask_state("SELECT count(*) FROM influence.snapshot") == [(0,)]


def test_plan_says_what_a_sync_sends_and_changes_nothing(world: World) -> None:
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    counts = (
        "SELECT (SELECT count(*) FROM influence.snapshot), (SELECT count(*) FROM influence.work)"
    )
    before = world.ask_state(counts)
    with world.engine() as engine:
        records = plan(engine, [Entity.CUSTOMER, Entity.PRODUCT, Entity.ORDER]).records
    assert world.ask_state(counts) == before
    assert records[["entity", "key", "action", "status_next"]].values.tolist() == [
        ["customer", buyer, "create", None],
        ["order", order, "create", "paid"],
    ]
    reports = world.sync()
    assert [r.delivered.sent for r in reports.values()] == [1, 0, 1, 0]


def test_a_full_compare_finds_what_is_gone_and_says_how_many(world: World) -> None:
    # Only full compares look for rows that are gone.
    world.configure(("[capture]", "[capture]\ndelete_check_percent = 0"))
    world.sync()
    world.shop("DELETE FROM products WHERE id = 3")
    assert world.sync()[Entity.PRODUCT].captured.deleted == 0  # type: ignore[union-attr]
    assert world.sync(full=True)[Entity.PRODUCT].captured.deleted == 1  # type: ignore[union-attr]
    assert world.sync(full=True)[Entity.PRODUCT].captured.deleted == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("any_case", [False, True])
def test_a_used_coupon_is_told_once(world: World, any_case: bool) -> None:
    """Also where the store takes a code in any case, and the order has it as it was typed."""
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    sample_store.place_order(world.store_url, buyer, paid=True)
    world.sync()
    world.sandbox.good("POST", f"/sandbox/customers/{buyer}/points", {"points": 500})
    redeemed = world.sandbox.good(
        "POST", f"/sandbox/customers/{buyer}/redeem", {"ruleId": "rule-5-off"}
    )
    code = redeemed["reward"]["couponCode"]
    world.shop(
        "INSERT INTO discount_codes (code, kind, value, currency, customer_id, usage_limit, source)"
        " VALUES (%(code)s, 'fixed', 5, 'eur', %(buyer)s, 1, 'influence')",
        code=code,
        buyer=buyer,
    )
    with world.engine() as engine, engine.state.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO inbox (dedupe_key, body_sha256, body, headers) VALUES ('k', '', '', '{}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO coupon (code, event_id, kind, state, folded_code) "
            "SELECT %s, id, 'fixed', 'issued', CASE WHEN %s THEN lower(%s) END FROM inbox",
            (code, any_case, code),
        )
    sample_store.place_order_with_code(world.store_url, buyer, code, paid=True)
    if any_case:
        world.shop("UPDATE order_discounts SET code = lower(code) WHERE code = %(code)s", code=code)
    world.sync()
    world.sync()
    if not any_case:
        assert world.judge().differences == ()
    uses = world.sandbox.rows("SELECT * FROM calls WHERE entity = 'reward'")
    assert len(uses) == 1


def test_no_personal_data_is_kept_in_the_state(world: World) -> None:
    world.shop(
        "INSERT INTO customers (id, email, first_name, last_name, phone) VALUES "
        "('cus_canary', 'canary.mail@example.com', 'Canaryfirst', 'Canarylast', '+1 202 555 0147')"
    )
    world.shop(
        "INSERT INTO customers (id, email, first_name) VALUES ('cus_bad', 'canary@', 'Canarybad')"
    )
    world.sandbox.set(reject=[{"entity": "customer", "id": "cus_canary"}])
    world.sync()
    tables = world.ask_state("SELECT tablename FROM pg_tables WHERE schemaname = 'influence'")
    for (table,) in tables:
        text = str(world.ask_state(f"SELECT t::text FROM influence.{table} t")).lower()
        for canary in ("canary.mail", "canaryfirst", "canarylast", "canarybad", "555 0147"):
            assert canary not in text, table
