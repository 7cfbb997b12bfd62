"""A plan is held against the sync that follows it: the bodies, the calls, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.store.reader import EVERYTHING
from influence_pipeline.sync.plan import Plan, plan
from influence_pipeline_tests.support.world import World
from influence_pipeline_tests.sync.test_one_email import FIRST, second_with_the_email_of

Key = tuple[str, str]


def planned(world: World, *entities: Entity) -> Plan:
    with world.engine() as engine:
        return plan(engine, entities or STORE_ENTITIES)


def by_key(made: Plan) -> dict[Key, dict[Any, Any]]:
    return {(row["entity"], row["key"]): row for row in made.records.to_dict(orient="records")}


def ready(made: Plan) -> dict[Key, str]:
    """What would be sent, by record."""
    return {key: row["after"] for key, row in by_key(made).items() if row["state"] == "ready"}


def received(world: World, since: int = 0) -> list[dict[str, Any]]:
    """The API's calls after the first so many, oldest first."""
    calls = world.sandbox.good("GET", "/sandbox/calls?limit=100000")["calls"]
    return [call for call in reversed(calls) if call["path"].startswith("/v1/")][since:]


def together(calls: list[dict[str, Any]]) -> str:
    """The bodies of one record's calls as one text, put together as texts."""
    bodies = [call["body"] for call in calls]
    if len(bodies) == 1:
        return str(bodies[0])
    first, second = bodies
    if calls[0]["entity"] == "order":
        status = '"financialStatus":"'
        wanted = second.partition(status)[2].partition('"')[0]
        return str(first.replace(f'{status}pending"', f'{status}{wanted}"'))
    if second.startswith("["):
        return f'{first[:-1]},"variants":{second}}}'
    return f"{first[:-1]},{second[1:]}"


def as_received(calls: list[dict[str, Any]]) -> dict[Key, str]:
    of: dict[Key, list[dict[str, Any]]] = {}
    for call in calls:
        of.setdefault((call["entity"], call["key"]), []).append(call)
    return {key: together(calls) for key, calls in of.items()}


@pytest.mark.parametrize("protocol", ["two_step", "direct"])
@pytest.mark.parametrize("variants", ["wrapped", "bare"])
def test_what_is_planned_is_what_the_api_then_receives_byte_for_byte(
    world: World, protocol: str, variants: str
) -> None:
    world.configure(("[orders]\n", f'[orders]\nprotocol = "{protocol}"\n'))
    world.config.write_text(
        f'{world.config.read_text()}\n[api_names]\nvariants_body = "{variants}"\n'
    )
    creates = planned(world)
    world.sync()
    calls = received(world)
    assert as_received(calls) == ready(creates)
    assert len(calls) == creates.calls

    shop = world.store_url
    buyer = sample_store.add_customers(shop).customers[0]
    sample_store.rename_customer(shop, FIRST, first_name="Zoë “Z”", last_name="\\ and / \t")
    paid = sample_store.place_order(shop, buyer, paid=True).orders[0]
    sample_store.place_order(shop, FIRST)
    sample_store.remove_variant(shop)
    world.shop("UPDATE products SET title = 'New title' WHERE id = 1")
    (back,) = world.ask_store(
        "SELECT p.order_id FROM payments p JOIN orders o ON o.id = p.order_id"
        " WHERE p.status = 'captured' AND o.customer_id IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM refunds r WHERE r.payment_id = p.id)"
        " ORDER BY 1 LIMIT 1"
    )[0]
    sample_store.refund_order(shop, str(back))
    updates = planned(world)
    world.sync()
    later = received(world, len(calls))
    assert as_received(later) == ready(updates)
    assert len(later) == updates.calls
    rows = by_key(updates)
    assert (rows["customer", buyer]["action"], rows["order", paid]["action"]) == (
        "create",
        "create",
    )
    assert rows["order", str(back)]["before"] == '{"financialStatus":"paid"}'
    assert '"financialStatus":"refunded"' in rows["order", str(back)]["after"]
    assert planned(world).records.empty


def test_an_orders_before_has_the_accounts_own_name_of_the_status(world: World) -> None:
    world.config.write_text(
        f'{world.config.read_text()}\n[api_names.order]\nfinancialStatus = "state"\n'
    )
    order = sample_store.place_order(world.store_url, FIRST).orders[0]
    with world.engine() as engine:
        engine.capture(Entity.ORDER)
    world.ask_state(
        f"UPDATE influence.snapshot SET status = 'pending' WHERE key = '{order}' RETURNING 1"
    )
    assert by_key(planned(world))["order", order]["before"] == '{"state":"pending"}'


# -- orders and their customers --------------------------------------------------------------------


def test_an_order_follows_its_new_customer_where_both_are_planned(world: World) -> None:
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    row = by_key(planned(world))["order", order]
    assert (row["state"], row["reason"]) == ("ready", f"after customer {buyer}")
    alone = planned(world, Entity.ORDER)
    row = by_key(alone)["order", order]
    waits = f"waits until customer {buyer} is acknowledged"
    assert (row["state"], row["reason"], row["after"]) == ("blocked", waits, None)
    assert alone.calls == 0
    # So it comes, and so it is shown when it has come so.
    with world.engine() as engine:
        report = engine.sync(Entity.ORDER)
    assert (report.delivered.calls, report.remaining.blocked) == (0, 1)
    assert by_key(planned(world, Entity.ORDER))["order", order]["state"] == "blocked"
    both = planned(world)
    assert by_key(both)["order", order]["state"] == "ready"
    before = len(received(world))
    world.sync()
    assert len(received(world, before)) == both.calls == 3


def test_an_order_of_a_customer_who_cannot_be_told_is_blocked(world: World) -> None:
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    world.shop("UPDATE customers SET email = 'none' WHERE id = %(buyer)s", buyer=buyer)
    rows = by_key(planned(world))
    assert (rows["customer", buyer]["state"], rows["order", order]["state"]) == (
        "parked",
        "blocked",
    )
    assert rows["order", order]["status_next"] == "paid"


def test_an_order_that_waits_for_a_customer_who_is_gone_goes_as_a_guests(world: World) -> None:
    world.sync()
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    with world.engine() as engine:
        engine.capture(Entity.CUSTOMER)
        engine.sync(Entity.ORDER)
    sample_store.soft_delete_customer(world.store_url, buyer)
    made = planned(world)
    assert list(ready(made)) == [("order", order)]
    before = len(received(world))
    world.sync()
    assert as_received(received(world, before)) == ready(made)


def test_an_order_whose_customer_came_meanwhile_waits_no_more(world: World) -> None:
    world.sync()
    order = sample_store.place_order(world.store_url, FIRST, paid=True).orders[0]
    with world.engine() as engine:
        engine.capture(Entity.ORDER)
    world.ask_state(
        f"UPDATE influence.work SET state = 'blocked', blocked_on = 'customer:{FIRST}' RETURNING 1"
    )
    row = by_key(planned(world, Entity.ORDER))["order", order]
    assert (row["state"], row["reason"]) == ("ready", None)
    with world.engine() as engine:
        assert engine.sync(Entity.ORDER).delivered.sent == 1


def test_guest_orders_show_what_becomes_of_them(world: World) -> None:
    world.sync()
    guest = sample_store.place_order(world.store_url, None, email="g@example.com").orders[0]
    nobody = sample_store.place_order(world.store_url, None, email="n@example.com").orders[0]
    world.shop("UPDATE orders SET email = ' ' WHERE id = %(nobody)s", nobody=nobody)
    rows = by_key(planned(world))
    assert rows["order", guest]["state"] == "ready"
    assert rows["order", nobody]["state"] == "parked"
    assert "so nobody can be credited" in rows["order", nobody]["reason"]
    world.configure(("[orders]\n", '[orders]\nguest_orders = "skip"\n'))
    made = planned(world)
    row = by_key(made)["order", guest]
    assert (row["state"], made.calls) == ("settled", 0)
    assert row["reason"] == "a guest's order; they are skipped (orders.guest_orders)"
    assert world.sync()[Entity.ORDER].delivered.skipped == 2


def test_an_order_that_comes_back_from_refunded_is_parked_in_the_plan_too(world: World) -> None:
    order = sample_store.place_order(world.store_url, FIRST, paid=True).orders[0]
    world.sync()
    sample_store.refund_order(world.store_url, order)
    world.sync()
    world.shop(
        "DELETE FROM refunds WHERE payment_id IN (SELECT id FROM payments WHERE order_id = %(o)s)",
        o=order,
    )
    world.shop("UPDATE orders SET number = number WHERE id = %(o)s", o=order)
    row = by_key(planned(world))["order", order]
    assert row["state"] == "parked"
    world.sync()
    assert world.parked() == {order: row["reason"]}


# -- two customers with one e-mail -----------------------------------------------------------------


@pytest.mark.parametrize("batch", [5000, 1])
def test_the_second_of_two_customers_with_one_email_is_planned_as_parked(
    world: World, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("influence_pipeline.sync.planned_records.KEYS_PER_STATEMENT", batch)
    second = second_with_the_email_of(world, FIRST)
    made = planned(world, Entity.CUSTOMER)
    rows = by_key(made)
    assert (rows["customer", FIRST]["state"], rows["customer", second]["state"]) == (
        "ready",
        "parked",
    )
    assert world.ask_state("SELECT * FROM influence.email_owner") == []
    assert world.ask_state("SELECT * FROM influence.fact") == []
    with world.engine() as engine:
        assert engine.sync(Entity.CUSTOMER).delivered.calls == made.calls
    assert world.parked() == {second: rows["customer", second]["reason"]}
    # And so it stays.
    assert by_key(planned(world))["customer", second] == rows["customer", second]


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE customers SET email = 'moved@example.com'", f"after customer {FIRST}"),
        ("UPDATE customers SET deleted_at = now()", None),
    ],
)
def test_an_email_that_its_owner_gives_up_is_planned_for_the_next_one(
    world: World, change: str, reason: str | None, seen: bool
) -> None:
    world.sync()
    second = second_with_the_email_of(world, FIRST)
    if seen:
        world.sync()
        assert list(world.parked()) == [second]
    world.shop(f"{change} WHERE id = '{FIRST}'")
    made = planned(world, Entity.CUSTOMER)
    row = by_key(made)["customer", second]
    assert (row["state"], row["reason"]) == ("ready", reason)
    before = len(received(world))
    with world.engine() as engine:
        engine.sync(Entity.CUSTOMER)
    assert as_received(received(world, before)) == ready(made)
    assert len(received(world, before)) == made.calls


# -- what has to wait ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("lease_until = now() + interval '1 minute', fence = 1", "another run holds it"),
        ("lane = 'import'", "an import sends it"),
        ("next_at = now() + interval '90 s', reason = 'HTTP 503'", "not due for 90 s yet: HTTP"),
    ],
)
def test_what_a_sync_would_leave_for_later_is_shown_as_waiting(
    world: World, why: str, says: str
) -> None:
    world.sync()
    sample_store.rename_customer(world.store_url, FIRST, first_name="New", last_name="Name")
    with world.engine() as engine:
        engine.capture(Entity.CUSTOMER)
    assert planned(world).calls == 1
    world.ask_state(f"UPDATE influence.work SET {why} RETURNING 1")
    made = planned(world)
    row = by_key(made)["customer", FIRST]
    assert (row["state"], row["after"], made.calls) == ("waiting", None, 0)
    assert row["reason"].startswith(says)
    assert world.sync()[Entity.CUSTOMER].delivered.calls == 0


def test_newer_content_that_waits_for_a_late_call_is_shown_as_waiting(world: World) -> None:
    world.sync()
    sample_store.rename_customer(world.store_url, FIRST, first_name="New", last_name="Name")
    world.ask_state(
        "UPDATE influence.snapshot SET late_hash = 1, late_until = now() + interval '1 minute'"
        f" WHERE key = '{FIRST}' RETURNING 1"
    )
    row = by_key(planned(world))["customer", FIRST]
    assert (row["state"], row["reason"]) == (
        "waiting",
        "an earlier call had no answer and may still be worked off; newer content waits",
    )
    assert world.sync()[Entity.CUSTOMER].delivered.calls == 0


def test_a_record_that_is_found_gone_is_ignored(world: World) -> None:
    with world.engine() as engine:
        engine.import_window(Entity.CUSTOMER, EVERYTHING)
    world.ask_state("INSERT INTO influence.work (entity, key) VALUES ('product', '0') RETURNING 1")
    row = by_key(planned(world, Entity.PRODUCT))["product", "0"]
    assert (row["action"], row["state"], row["after"]) == ("gone", "ignored", None)
    assert world.sync()[Entity.PRODUCT].delivered.parked == 0


def test_a_record_that_is_parked_because_it_was_deleted_shows_as_gone(world: World) -> None:
    world.configure(("[customers]\n", '[customers]\ndeletes = "park"\n'))
    world.sync()
    world.shop("UPDATE customers SET deleted_at = now() WHERE id = 'cus_000001'")
    row = by_key(planned(world, Entity.CUSTOMER))["customer", "cus_000001"]
    assert (row["action"], row["state"]) == ("gone", "parked")
    assert row["reason"].startswith("the store has deleted it")


def test_what_a_capture_finds_gone_is_listed(world: World) -> None:
    world.sync()
    world.shop("UPDATE customers SET deleted_at = now() WHERE id = 'cus_000001'")
    row = by_key(planned(world, Entity.CUSTOMER))["customer", "cus_000001"]
    assert (row["action"], row["state"], row["after"]) == ("gone", "ignored", None)
    assert row["reason"].startswith("the store gives it no more")
    assert world.sync()[Entity.CUSTOMER].delivered.calls == 0


# -- how long --------------------------------------------------------------------------------------


def found_limit(world: World, rate: float) -> None:
    world.ask_state(
        "INSERT INTO influence.pace (control) VALUES"
        f""" ('{{"mode": "hold", "rate": {rate}}}') ON CONFLICT (account) DO UPDATE"""
        " SET control = EXCLUDED.control RETURNING 1"
    )


def test_the_time_is_not_known_before_the_first_calls(world: World) -> None:
    made = planned(world)
    assert (made.calls, made.calls_per_second, made.seconds) == (331, None, None)


def test_the_time_is_told_by_the_limit_that_was_found(world: World) -> None:
    found_limit(world, 20.0)
    made = planned(world)
    assert (made.calls_per_second, made.seconds) == (20.0, 16.6)


def test_without_a_limit_the_time_is_told_by_how_long_replies_take(world: World) -> None:
    world.ask_state(
        "INSERT INTO influence.attempt (entity, key, call, outcome, http_status, ms) VALUES"
        " ('customer', '1', 'PUT customer', 'accepted', 200, 100),"
        " ('customer', '1', 'PUT customer', 'accepted', 200, 200),"
        " ('customer', '1', 'PUT customer', 'accepted', 200, 9000),"
        " ('customer', '1', 'PUT customer', 'later', 429, 1),"
        " ('customer', '1', 'PUT customer', 'later', NULL, 35000) RETURNING 1"
    )
    # 64 in flight, 200 ms each.
    assert planned(world).calls_per_second == 320.0
    world.configure(("[delivery]\n", "[delivery]\ncalls_per_second = 10\n"))
    assert planned(world).seconds == 33.1


# -- points ----------------------------------------------------------------------------------------


def test_status_moves_are_counted_with_what_they_do_to_points(world: World) -> None:
    first = sample_store.place_order(world.store_url, FIRST, paid=True).orders[0]
    second = sample_store.place_order(world.store_url, FIRST).orders[0]
    world.sync()
    assert planned(world).status_moves == []
    sample_store.refund_order(world.store_url, first)
    sample_store.capture_payment(world.store_url, second)
    for _ in range(2):
        sample_store.place_order(world.store_url, FIRST, paid=True)
    sample_store.place_order(world.store_url, FIRST)
    moves = planned(world).status_moves
    assert {(m["orders"], m["status_now"], m["status_next"], m["points"]) for m in moves[1:]} == {
        (1, None, "pending", "neither"),
        (1, "paid", "refunded", "takes back"),
        (1, "pending", "paid", "gives"),
    }
    assert moves[0] == {"status_now": None, "status_next": "paid", "orders": 2, "points": "gives"}
    before = world.sandbox.movements()
    world.sync()
    kinds = [row["kind"] for row in world.sandbox.rows("SELECT kind FROM movements ORDER BY id")]
    assert sorted(kinds[len(before) :]) == ["award"] * 3 + ["deduction"]


def test_only_orders_have_a_go_live(world: World) -> None:
    """Customers and products from before it are planned, and sent, as all others are."""
    assert world.go_live is not None
    world.configure((world.go_live.isoformat(), "2099-01-01T00:00:00Z"))
    made = planned(world)
    counts = {
        entity: sum(row["entity"] == entity for row in by_key(made).values())
        for entity in STORE_ENTITIES
    }
    with world.engine() as engine:
        there = {entity: engine.count_in_store(entity) for entity in STORE_ENTITIES}
    assert counts == {**there, Entity.ORDER: 0}
    assert {row["state"] for row in by_key(made).values()} == {"ready"}
    world.sync()
    assert ready(made).keys() == as_received(received(world)).keys()
