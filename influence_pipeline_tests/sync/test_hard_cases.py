"""The hard cases of a sync: outcomes that are not known, calls that come late, leases that ran out,
records that would stop everything, orders of before the go-live. The API doubles all it can."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from influence_pipeline.errors import ApiKeyRejected
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sync import deliver, orders, status
from influence_pipeline.sync.deliver import Delivery
from influence_pipeline.sync.orders import Known
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.trouble import leases_run_out, once_at, settle
from influence_pipeline_tests.support.world import World

BUYER = "cus_000001"


@pytest.fixture
def shop(worst: World) -> World:
    """A shop with no orders but those of the test, whose runs wait for nothing."""
    worst.configure(("linger_seconds = 4", "linger_seconds = 0"))
    worst.shop("DELETE FROM orders")
    worst.sync()
    return worst


def placed(world: World, **how: Any) -> str:
    """An order of a customer who is at the API."""
    return sample_store.place_order(world.store_url, BUYER, **how).orders[0]


def told(world: World, **how: Any) -> str:
    """The same, at the API already."""
    order = placed(world, **how)
    settle(world)
    return order


def sync_orders(world: World, **seams: Any) -> None:
    with world.engine(**seams) as engine:
        engine.sync(Entity.ORDER)


def created(world: World, order: str) -> int:
    """How often the API made the order."""
    found = world.sandbox.rows(
        "SELECT * FROM calls WHERE method = 'POST' AND path = '/v1/orders' AND key = ?"
        " AND outcome BETWEEN 200 AND 299",
        order,
    )
    return len(found)


def points(world: World, order: str) -> dict[str, int]:
    """How often the order moved points, by kind."""
    found = world.sandbox.rows("SELECT kind FROM movements WHERE order_id = ?", order)
    return Counter(row["kind"] for row in found)


def differences(world: World) -> list[str]:
    return [str(difference) for difference in world.judge().differences]


def retried(world: World) -> int:
    """A person has the parked orders tried again; how many there were."""
    with world.engine() as engine:
        return status.retry(engine.state, Entity.ORDER)


def remap(world: World, name: str, *replacements: tuple[str, str]) -> None:
    """Change the SELECT of an entity."""
    file = world.config.parent / name
    text = file.read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text)


def rename(world: World, name: str) -> None:
    sample_store.rename_customer(world.store_url, BUYER, first_name=name, last_name="Doe")


# -- outcomes that are not known -------------------------------------------------------------------


def interrupt(world: World) -> str:
    """Place an order, stop the run right after the reply to its creation, and settle."""

    def stop() -> None:
        raise KeyboardInterrupt

    order = placed(world, paid=True)
    with pytest.raises(KeyboardInterrupt):
        sync_orders(world, at=once_at("deliver: replied", stop))
    settle(world)
    return order


def test_an_order_is_not_created_again_when_the_run_is_interrupted_right_after_the_reply(
    shop: World,
) -> None:
    order = interrupt(shop)
    assert created(shop, order) == 1
    assert points(shop, order) == {"award": 1}


def test_control_a_pipeline_that_forgets_what_it_intended_creates_it_again(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "claimed", lambda known: Known(status=known.status))
    assert created(shop, interrupt(shop)) == 2


def sync_without_a_reply(world: World, method: str, key: str) -> None:
    """One run whose first call for a record is worked off, and that hears nothing of it."""
    lost = {"kind": "drop_after", "times": 1, "method": method, "key": key}
    others = {"kind": "drop_before", "times": None, "method": method, "key": key}
    faults(world, lost, others)
    world.sync()
    faults(world)


def faults(world: World, *rules: dict[str, Any]) -> None:
    world.sandbox.good("PUT", "/sandbox/faults", {"faults": list(rules)})


def customer_changed_back_after_a_lost_reply(world: World) -> None:
    rename(world, "First")
    settle(world)
    rename(world, "Wrong")
    sync_without_a_reply(world, "PUT", BUYER)
    rename(world, "First")
    settle(world)


def test_a_change_whose_reply_was_lost_is_taken_back_at_the_api_when_the_shop_takes_it_back(
    shop: World,
) -> None:
    customer_changed_back_after_a_lost_reply(shop)
    assert differences(shop) == []


def test_control_a_pipeline_that_trusts_its_last_acknowledgement_leaves_the_wrong_name(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "_may_be_late", lambda outcome: False)
    customer_changed_back_after_a_lost_reply(shop)
    assert differences(shop) != []


def test_a_payment_whose_reply_was_lost_is_taken_back_at_the_api_when_the_shop_takes_it_back(
    shop: World,
) -> None:
    order = told(shop, authorized=True)
    pay = "UPDATE payments SET status = %(now)s WHERE order_id = %(order)s"
    shop.shop(pay, now="captured", order=order)
    sync_without_a_reply(shop, "PATCH", order)
    shop.shop(pay, now="authorized", order=order)
    settle(shop)
    # Only a refund takes points back at the API.
    assert differences(shop) == [f"order {order}: was awarded and is not paid"]


@pytest.mark.parametrize(
    "answer", [{"kind": "gateway_404"}, {"kind": "error_before", "status": 401}]
)
def test_a_refund_is_deducted_once_when_the_question_after_its_lost_reply_is_not_answered_either(
    shop: World, answer: dict[str, Any]
) -> None:
    order = told(shop, paid=True)
    sample_store.refund_order(shop.store_url, order)
    lost = {"kind": "drop_after", "times": 1, "method": "PATCH", "key": order}
    question = {**answer, "times": 1, "method": "GET", "key": order}
    faults(shop, lost, question)
    with suppress(ApiKeyRejected):
        settle(shop)
    settle(shop)
    assert points(shop, order) == {"award": 1, "deduction": 1}


def test_an_order_refunded_twice_with_a_payment_between_has_its_points_taken_back_once(
    shop: World,
) -> None:
    order = told(shop, paid=True)
    sample_store.refund_order(shop.store_url, order)
    settle(shop)
    shop.shop(
        "INSERT INTO payments (order_id, status, amount) VALUES (%(o)s, 'captured', 5)", o=order
    )
    settle(shop)
    sample_store.refund_order(shop.store_url, order)
    settle(shop)
    assert points(shop, order) == {"award": 1, "deduction": 1}


def test_an_order_hidden_for_a_while_after_its_creation_lost_its_reply_is_not_created_again(
    shop: World,
) -> None:
    shop.configure(("quiet_window_seconds = 0.3", "quiet_window_seconds = 60"))
    read_note_as_number(shop)
    order = placed(shop, paid=True)
    shop.sandbox.fault("drop_after", method="POST", path="^/v1/orders$")
    shop.sync()
    for hidden in ("note = 'no number'", "placed_at = NULL"):
        shop.shop(f"UPDATE orders SET {hidden} WHERE id = %(o)s", o=order)
        shop.sync()
        assert set(shop.parked()) == {order}
    shop.shop("UPDATE orders SET placed_at = now(), note = NULL WHERE id = %(o)s", o=order)
    quiet_window_is_over(shop)
    settle(shop)
    assert (created(shop, order), shop.parked()) == (1, {})


def read_note_as_number(world: World) -> None:
    """A mapping that cannot read every order: a new column of text, taken for a number."""
    world.shop("ALTER TABLE orders ADD note text")
    remap(world, "orders.sql", ("o.number,", "o.note::int AS number,"))


def quiet_window_is_over(world: World) -> None:
    world.ask_state("UPDATE influence.snapshot SET late_until = now() RETURNING 1")
    world.ask_state("UPDATE influence.work SET next_at = now() RETURNING 1")


# -- calls that come late --------------------------------------------------------------------------


def refund_overtaken_by_a_payment(world: World) -> None:
    """The call that says `paid` gets no answer, and is worked off when the refund is in the store."""
    world.configure(("quiet_window_seconds = 0.3", "quiet_window_seconds = 4"))
    order = told(world, authorized=True)
    sample_store.capture_payment(world.store_url, order)
    world.sandbox.fault("late", method="PATCH", key=order, ms=3000)
    sync_orders(world)
    sample_store.refund_order(world.store_url, order)
    sync_orders(world)
    all_late_calls_are_in(world)
    settle(world)


def all_late_calls_are_in(world: World) -> None:
    until(
        lambda: world.sandbox.rows("SELECT * FROM calls WHERE fault = 'late'"),
        "the late call to be worked off",
    )


def test_a_payment_worked_off_late_does_not_undo_the_refund_that_followed(shop: World) -> None:
    refund_overtaken_by_a_payment(shop)
    assert differences(shop) == []


def test_control_a_pipeline_that_does_not_wait_for_late_calls_is_caught(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "_may_be_late", lambda outcome: False)
    refund_overtaken_by_a_payment(shop)
    assert differences(shop) != []


def test_a_name_worked_off_late_does_not_undo_the_one_that_followed(shop: World) -> None:
    shop.configure(("quiet_window_seconds = 0.3", "quiet_window_seconds = 1"))
    rename(shop, "One")
    shop.sandbox.fault("late", method="PUT", key=BUYER, ms=700)
    shop.sync()
    rename(shop, "Two")
    shop.sync()
    all_late_calls_are_in(shop)
    settle(shop)
    assert differences(shop) == []


# -- leases that ran out ---------------------------------------------------------------------------


def test_a_refund_counts_once_when_a_worker_stalls_past_its_lease_with_an_older_answer(
    shop: World,
) -> None:
    order = told(shop, authorized=True)
    sample_store.capture_payment(shop.store_url, order)

    def another_worker_refunds() -> None:
        leases_run_out(shop)
        sample_store.refund_order(shop.store_url, order)
        shop.sync()

    # The first has been told that the order is paid, and has not written it down yet.
    sync_orders(shop, at=once_at("deliver: before acknowledgement", another_worker_refunds))
    settle(shop)
    shop.shop("UPDATE orders SET email = 'other@example.com' WHERE id = %(o)s", o=order)
    settle(shop)
    assert points(shop, order) == {"award": 1, "deduction": 1}


def stall(world: World, monkeypatch: pytest.MonkeyPatch, point: str, number: int = 1) -> None:
    """Leases run out while the worker that holds them goes on, and claims more."""
    # Fewer than there are customers, so that it claims again with most of its calls yet to make.
    monkeypatch.setattr(deliver, "BATCH", 50)
    world.sandbox.set(latency_ms=30)
    with world.engine(at=once_at(point, lambda: leases_run_out(world), number)) as engine:
        engine.sync(Entity.CUSTOMER)


@pytest.mark.parametrize(("point", "number"), [("deliver: sent", 1), ("deliver: claimed", 2)])
def test_a_worker_that_slept_past_its_own_leases_goes_on_and_leaves_nothing_undone(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str, number: int
) -> None:
    stall(world, monkeypatch, point, number)
    settle(world)
    assert differences(world) == []


def test_control_a_worker_that_takes_its_records_for_unique_trips_over_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget(delivery: Delivery, job: Any) -> None:
        del delivery._jobs[job.claim.key]

    monkeypatch.setattr(Delivery, "_forget", forget)
    with pytest.raises(KeyError):
        stall(world, monkeypatch, "deliver: claimed", 2)


# -- records that would stop everything ------------------------------------------------------------


def refuse_one_customer(world: World) -> None:
    world.sandbox.fault("error_before", status=403, times=None, method="PUT", key=BUYER)


def test_a_customer_the_api_always_refuses_with_403_keeps_nobody_else_waiting(
    world: World,
) -> None:
    refuse_one_customer(world)
    world.sync()
    there = world.sandbox.rows("SELECT count(*) AS n FROM customers")[0]["n"]
    assert (
        there
        == world.ask_state("SELECT count(*) FROM influence.snapshot WHERE entity = 'customer'")[0][
            0
        ]
        - 1
    )
    assert world.sandbox.rows("SELECT * FROM orders") != []


def test_control_a_pipeline_that_stops_at_the_first_403_is_caught(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "_KEY_REFUSALS", 1)
    refuse_one_customer(world)
    with pytest.raises(ApiKeyRejected):
        world.sync()


def test_an_order_whose_customer_closed_the_account_before_the_api_took_it_does_not_wait_for_ever(
    shop: World,
) -> None:
    buyer = sample_store.add_customers(shop.store_url).customers[0]
    order = sample_store.place_order(shop.store_url, buyer, paid=True).orders[0]
    shop.sandbox.set(reject=[{"entity": "customer", "id": buyer}])
    shop.sync()
    assert shop.ask_state("SELECT key FROM influence.work WHERE state = 'blocked'") == [(order,)]
    sample_store.soft_delete_customer(shop.store_url, buyer)
    shop.sandbox.set(reject=[])
    settle(shop)
    assert created(shop, order) == 1


# What JSON of a merchant can hold, by the column it is in.
STRANGE = {
    "discount_codes": [
        r"""'[{"code": "A\u0000B"}]'""",
        r"""'[{"code": "A\ud800B"}]'""",
    ],
    "line_items": [
        "'[' || repeat('[', 3000) || repeat(']', 3000) || ']'",
        """'[{"quantity": 1e5000}]'""",
    ],
}  # fmt: skip


@pytest.mark.parametrize("column", STRANGE)
def test_an_order_with_a_value_nobody_thought_of_is_parked_and_all_others_go_out(
    shop: World, column: str
) -> None:
    strange = {placed(shop, paid=True): value for value in STRANGE[column]}
    good = placed(shop, paid=True)
    cases = " ".join(f"WHEN {order} THEN ({value})" for order, value in strange.items())
    given = {"discount_codes": "discounts.list", "line_items": "lines.list"}[column]
    remap(
        shop,
        "orders.sql",
        (f"{given} AS {column}", f"(CASE o.id {cases} ELSE {given}::text END)::json AS {column}"),
    )
    sync_orders(shop)
    assert created(shop, good) == 1
    assert set(shop.parked()) == set(strange)


def test_one_row_that_a_distinct_mapping_cannot_compute_is_parked_alone(world: World) -> None:
    file = world.config.parent / "products.sql"
    select = f"SELECT DISTINCT q.id, q.title, (1 / (q.id - 7))::text AS sku FROM (\n{file.read_text()}\n) q"
    file.write_text(select)
    with world.engine() as engine:
        report = engine.sync(Entity.PRODUCT)
    assert set(world.parked()) == {"7"}
    assert report.delivered.sent > 10


def test_a_source_row_whose_key_cannot_be_computed_hides_no_other_change(world: World) -> None:
    world.shop("CREATE TABLE metas (id int, ref text); INSERT INTO metas VALUES (1, '1')")
    one_more = '[[products.sources]]\nfrom = "metas m"\nrows = ["m"]\nkey = "m.ref::int"\n\n'
    world.configure(("[[products.sources]]", one_more + "[[products.sources]]"))
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
        world.shop("INSERT INTO metas VALUES (2, 'no number')")
        world.shop("UPDATE products SET title = 'Changed' WHERE id = 3")
        report = engine.sync(Entity.PRODUCT)
    assert report.delivered.sent == 1


# -- orders that could not be read at first, and the go-live ---------------------------------------


def test_an_order_that_was_unreadable_and_is_tried_again_is_created_once(shop: World) -> None:
    shop.shop("CREATE TABLE notes (order_id bigint, v text)")
    # No source names this table, so nothing shows that it was mended but the retry.
    remap(
        shop,
        "orders.sql",
        ("o.number,", "(SELECT n.v::int FROM notes n WHERE n.order_id = o.id) AS number,"),
    )
    order = placed(shop, paid=True)
    shop.shop("INSERT INTO notes VALUES (%(o)s, 'no number')", o=order)
    shop.sync()
    shop.shop("UPDATE notes SET v = '1'")
    assert retried(shop) == 1
    shop.sync()
    shop.sync(full=True)
    assert created(shop, order) == 1
    assert points(shop, order) == {"award": 1}


def test_an_order_mended_between_the_compare_and_its_sending_is_created_once(shop: World) -> None:
    read_note_as_number(shop)
    order = placed(shop, paid=True)
    note = "UPDATE orders SET note = %(note)s WHERE id = %(order)s"
    shop.shop(note, note="no number", order=order)
    shop.sync()
    assert retried(shop) == 1

    def mend() -> None:
        shop.shop(note, note="7", order=order)

    sync_orders(shop, at=once_at("capture: committed", mend))
    settle(shop)
    assert created(shop, order) == 1
    assert points(shop, order) == {"award": 1}


def test_orders_of_before_the_go_live_stay_out_after_a_mapping_mistake_was_mended_and_retried(
    world: World,
) -> None:
    with world.engine() as engine:
        now = engine.store_now().isoformat()
    world.configure(("go_live = 2000-01-01T00:00:00+00:00", f"go_live = {now}"))
    file = world.config.parent / "orders.sql"
    good = file.read_text()
    # A join that doubles orders with two or more lines.
    file.write_text(f"SELECT q.* FROM (\n{good}\n) q JOIN order_lines l ON l.order_id = q.id")
    world.sync()
    file.write_text(good)
    retried(world)
    world.sync()
    assert world.sandbox.rows("SELECT * FROM orders") == []
    assert world.sandbox.movements("award") == []
    assert world.parked() == {}
