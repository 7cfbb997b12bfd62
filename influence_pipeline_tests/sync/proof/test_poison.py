"""T15: records that no pipeline can tell, among many good ones. The good ones are delivered once, the
bad ones are set aside with their reason, and the next run sends no more than these again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.payloads import OrderBody, RecordError
from influence_pipeline.records import Entity
from influence_pipeline_tests.support.order_lives import CUSTOMERS
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T15")

# What makes an order bad in the store, and words of the reason it is set aside with.
IN_THE_STORE = {
    "NaN": ("UPDATE orders SET total = 'NaN' WHERE {}", "column total: it is NaN or infinity"),
    "infinity date": ("UPDATE orders SET placed_at = 'infinity' WHERE {}", "column created_at"),
    "10 MB note": (
        "UPDATE orders SET note = repeat('x', 10 * 1024 * 1024) WHERE {}",
        "column number: it is longer than 100,000 characters",
    ),
    "unknown currency": ("UPDATE orders SET currency_code = 'xxx' WHERE {}", "ISO 4217"),
    "orphan": (
        "UPDATE orders SET customer_id = 'closed', email = ' ' WHERE {}",
        "neither a customer the store gives nor an e-mail",
    ),
    "too large for the API": (
        "INSERT INTO order_lines (order_id, title, quantity, unit_price)"
        " SELECT o.id, repeat('y', 99000), 1, 1 FROM orders o, generate_series(1, 70)"
        " WHERE o.{}",
        "HTTP 413",
    ),
}
AT_THE_API = {"400": "HTTP 400", "422": "HTTP 422"}
KINDS = (*IN_THE_STORE, *AT_THE_API)


@pytest.fixture
def shop(worst: World) -> World:
    """The corner shop, whose calls have time: one that is made twice must be the pipeline's doing."""
    worst.configure(("timeout_seconds = 2", "timeout_seconds = 60"))
    return worst


@pytest.fixture
def crowded(shop: World) -> Callable[[int, int], dict[str, str]]:
    """Fill the shop with `orders` paid orders of which `of_each` kind are bad; give what is bad."""

    def fill(orders: int, of_each: int) -> dict[str, str]:
        file = shop.config.parent / "orders.sql"
        text = file.read_text()
        assert "o.number," in text
        file.write_text(text.replace("o.number,", "coalesce(o.note, o.number) AS number,", 1))
        shop.shop("ALTER TABLE orders ADD note text")
        shop.shop(
            "INSERT INTO customers (id, email, deleted_at) VALUES ('closed', 'c@example.com', now())"
        )
        place_many(shop, orders)
        step = orders // (of_each * len(KINDS))
        bad = {
            str(1 + step * (kind + len(KINDS) * number)): name
            for number in range(of_each)
            for kind, name in enumerate(KINDS)
        }
        for name, (sql, _) in IN_THE_STORE.items():
            shop.shop(sql.format("id = ANY(%(ids)s::bigint[])"), ids=keys_of(bad, name))
        rejected = [{"entity": "order", "id": key} for key in keys_of(bad, "400")]
        shop.sandbox.set(reject=rejected)
        rules = [{"kind": "error_before", "status": 422, "key": key} for key in keys_of(bad, "422")]
        shop.sandbox.good("PUT", "/sandbox/faults", {"faults": rules})
        return bad

    return fill


def place_many(world: World, orders: int) -> None:
    world.shop(
        "INSERT INTO orders (id, number, customer_id, email, currency_code, status, subtotal, total,"
        " placed_at, updated_at)"
        " SELECT n, 'N' || n, (%(customers)s::text[])[1 + n %% 4], 'b' || n || '@example.com', 'eur',"
        " 'pending', 10, 10, now(), now() FROM generate_series(1, %(orders)s) n",
        orders=orders,
        customers=list(CUSTOMERS),
    )
    world.shop(
        "INSERT INTO payments (order_id, status, amount) SELECT id, 'captured', 10 FROM orders"
    )


def keys_of(bad: dict[str, str], kind: str) -> list[str]:
    return [key for key, name in bad.items() if name == kind]


def calls(world: World, entity: str) -> Counter[str]:
    """How many calls the API has met for each record."""
    found = world.sandbox.rows(
        "SELECT key, count(*) AS n FROM calls WHERE entity = ? GROUP BY key", entity
    )
    return Counter({row["key"]: row["n"] for row in found})


def resent(world: World, entity: Entity) -> Counter[str]:
    """What the next run sends, and the full compare after it."""
    before = calls(world, entity)
    with world.engine() as engine:
        engine.sync(entity)
        engine.sync(entity, full=True)
    return calls(world, entity) - before


def check_orders(world: World, bad: dict[str, str], tally: Tally | None = None) -> None:
    """The bar of T15."""
    with world.engine() as engine:
        report = engine.sync(Entity.ORDER)
    if tally is not None:
        met = calls(world, Entity.ORDER)
        tally(
            len(world.ask_store("SELECT id FROM orders")),
            "orders",
            lost=len({d.key for d in world.judge().differences} - set(bad)),
            doubled=sum(n > 2 for key, n in met.items() if key not in bad),
            parked=len(world.parked()),
        )
    # Nothing waits, nothing blocks.
    assert (report.remaining.waiting, report.remaining.blocked) == (0, 0)
    # Each good one went out once: its creation, and the update that awards it.
    assert {d.key for d in world.judge().differences} == set(bad)
    met = calls(world, Entity.ORDER)
    assert {met[key] for key in met if key not in bad} == {2}
    assert report.delivered.sent == len(set(met) - set(bad))
    # Each bad one is set aside, with its reason.
    parked = world.parked()
    reasons = {name: words for name, (_, words) in IN_THE_STORE.items()} | AT_THE_API
    assert {
        key: reasons[name] in parked.get(key, "") for key, name in bad.items()
    } == dict.fromkeys(bad, True)
    assert set(parked) == set(bad)
    again = resent(world, Entity.ORDER)
    assert set(again) <= set(bad)
    assert again.total() <= len(bad)


def test_one_bad_order_in_a_hundred_keeps_no_other_waiting(
    shop: World, crowded: Callable[[int, int], dict[str, str]], tally: Tally
) -> None:
    check_orders(shop, crowded(800, 1), tally)


@pytest.mark.slow
def test_two_hundred_bad_orders_of_twenty_thousand_keep_no_other_waiting(
    shop: World, crowded: Callable[[int, int], dict[str, str]], tally: Tally
) -> None:
    check_orders(shop, crowded(20_000, 25), tally)


# -- one in a hundred thousand ---------------------------------------------------------------------


def cannot_be_told(world: World, key: str) -> None:
    world.shop("UPDATE customers SET email = 'none' WHERE id = %(key)s", key=key)


def cannot_be_computed(world: World, key: str) -> None:
    """A row at which the mapping's own SELECT fails, and with it every statement that reads it."""
    file = world.config.parent / "customers.sql"
    text = file.read_text()
    assert "c.phone," in text
    file.write_text(text.replace("c.phone,", "(c.phone::bigint)::text AS phone,", 1))
    world.shop("UPDATE customers SET phone = '1'")
    world.shop("UPDATE customers SET phone = 'none' WHERE id = %(key)s", key=key)


def check_customers(world: World, count: int, spoil: Callable[[World, str], None]) -> None:
    world.shop(
        "INSERT INTO customers (id, email, first_name)"
        " SELECT 'm' || n, 'm' || n || '@example.com', 'M' FROM generate_series(1, %(count)s) n",
        count=count,
    )
    bad = f"m{count // 2}"
    spoil(world, bad)
    before = calls(world, Entity.CUSTOMER)
    with world.engine() as engine:
        report = engine.sync(Entity.CUSTOMER)
    assert report.remaining.waiting == 0
    assert set(world.parked()) == {bad}
    met = calls(world, Entity.CUSTOMER) - before
    sent = Counter({key: n for key, n in met.items() if key.startswith("m")})
    assert (len(sent), set(sent.values()), bad in sent) == (count - 1, {1}, False)
    assert [d for d in world.judge().differences if d.key != bad] == []
    assert resent(world, Entity.CUSTOMER).total() <= 1


@pytest.mark.parametrize("spoil", [cannot_be_told, cannot_be_computed])
@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_one_bad_record_among_very_many_is_set_aside_alone_and_not_sent_again(
    shop: World, count: int, spoil: Callable[[World, str], None]
) -> None:
    check_customers(shop, count, spoil)


# -- controls --------------------------------------------------------------------------------------


def test_control_a_pipeline_in_which_a_bad_record_stops_the_rest_is_caught(
    shop: World,
    crowded: Callable[[int, int], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = payloads.order_body

    def fails_as_a_whole(row: dict[str, object]) -> OrderBody:
        try:
            return real(row)
        except RecordError as error:
            raise RuntimeError from error

    bad = crowded(80, 1)
    monkeypatch.setattr(payloads, "order_body", fails_as_a_whole)
    with pytest.raises(RuntimeError):
        check_orders(shop, bad)
    assert len(shop.sandbox.rows("SELECT * FROM orders")) < 80 - len(bad)


def test_control_a_pipeline_that_takes_a_batch_with_a_failure_for_unsent_is_caught(
    shop: World, crowded: Callable[[int, int], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = crowded(80, 1)
    with shop.engine() as engine:
        engine.sync(Entity.ORDER)
    shop.ask_state(
        "UPDATE influence.snapshot SET synced_hash = NULL, store_hash = NULL, source_hash = NULL"
        " WHERE entity = 'order' RETURNING 1"
    )
    again = resent(shop, Entity.ORDER)
    assert not set(again) <= set(bad)
