"""Orders and what becomes of them in the shop, by chance: placed, paid, refunded, canceled, edited."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import psycopg2

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.sample_store.statements import SampleStoreError
from influence_pipeline_tests.support.world import World

CUSTOMERS = tuple(f"cus_{number:06}" for number in range(1, 5))


class OrderLives:
    """The orders of one world. `orders`: their ids, in the order in which they were placed."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.orders: list[str] = []

    def place(self, **how: bool) -> str:
        """Place an order of a customer or, one in four, of a guest; by chance paid or authorized."""
        guest = self._chance.random() < 0.25
        how = how or self._chance.choice([{"paid": True}, {"authorized": True}, {}])
        order = sample_store.place_order(
            self._world.place,
            None if guest else self._chance.choice(CUSTOMERS),
            email=f"guest{self._chance.randrange(10**6)}@example.com" if guest else None,
            **how,
        ).orders[0]
        self.orders.append(order)
        return order

    def move(
        self, order: str | None = None, how: Callable[[World, str], None] | None = None
    ) -> None:
        """Do something to an order, by chance what and to which. What the shop does not allow, it
        does not do."""
        order = order or self._chance.choice(self.orders)
        with suppress(SampleStoreError, psycopg2.Error):
            (how or self._chance.choice(MOVES))(self._world, order)

    def a_while(self, longest: int = 4) -> None:
        """Let a few things happen, at least one new order among them."""
        self.place()
        for _ in range(self._chance.randrange(longest)):
            self._chance.choice([self.place, self.move, self.move])()


def pay(world: World, order: str) -> None:
    sample_store.capture_payment(world.place, order)


def refund(world: World, order: str) -> None:
    sample_store.refund_order(world.place, order)


def refund_a_part(world: World, order: str) -> None:
    sample_store.refund_order(world.place, order, Decimal(1))


def cancel(world: World, order: str) -> None:
    sample_store.cancel_order(world.place, order)


def edit(world: World, order: str) -> None:
    """Change what an order is, and not where its money is."""
    world.shop(
        "INSERT INTO order_lines (order_id, title, quantity, unit_price)"
        " VALUES (%(order)s, 'one more', 1, 2)",
        order=order,
    )


MOVES: tuple[Callable[[World, str], None], ...] = (
    pay, pay, refund, refund, refund_a_part, cancel, edit,
)  # fmt: skip
