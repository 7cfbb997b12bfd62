"""For each seeded mistake of `mutants` a life that it does not survive: found by chance or by thinking,
and written down, so that catching it costs a second and not an hour. Each step is a rule of the
machine; what happens at the end of a life is the machine's own."""

from __future__ import annotations

from collections.abc import Callable

from influence_pipeline.records import Entity
from influence_pipeline.webhooks import issue
from influence_pipeline_tests.loop.house import House
from influence_pipeline_tests.loop.machine import RULES, Loop
from influence_pipeline_tests.loop.shop import AT_ONCE, Shop

Step = Callable[[Loop], object]


def live(house: House, life: list[Step]) -> None:
    """Live one life, with what must hold after each step and at its end."""
    loop = type("Loop", (Loop,), {"house": house, "steps": 0})()
    loop.a_life_begins(synced=False)
    for step in life:
        step(loop)
        loop.no_order_is_created_awarded_or_deducted_twice()
        loop.no_coupon_is_there_twice_or_without_its_redemption()
    loop.teardown()


# -- steps

SYNC: Step = Loop.everything_is_synced
WORK: Step = Loop.events_are_worked_off
TIME: Step = Loop.time_passes


def order(payment: str, *, with_code: bool = False) -> Step:
    return lambda life: life.an_order_is_placed(AT_ONCE, 0, payment, with_code)


def change(move: Callable[[Shop, int, str], None], place: int = AT_ONCE) -> Step:
    return lambda life: life.orders_change(place, [(0, move)])


def fails(method: str, fate: str) -> Step:
    return lambda life: life.calls_will_go_wrong([(method, fate)])


def sync_of(entity: Entity) -> Step:
    return lambda life: life.one_entity_is_synced(entity, full=False)


def killed(point: str) -> Step:
    return lambda life: life.a_sync_is_killed(point, 1, Entity.ORDER)


def meanwhile(point: str, *moves: Callable[[Shop, int, str], None]) -> Step:
    """Another worker works while one is there, its lease in force; the orders change before."""
    changes = [(0, move) for move in moves]
    return lambda life: life.another_works_while_a_worker_sleeps(
        point, Entity.ORDER, past_its_lease=False, changes=changes
    )


def rename(life: Loop) -> None:
    life.a_customer_is_renamed(AT_ONCE, 0)


def redeem(life: Loop) -> None:
    life.a_customer_spends_points(0, RULES[0])


def all_arrive(life: Loop) -> None:
    life.all_webhooks_arrive(newest_first=False)


def redeemed_arrives_twice_at_once(life: Loop) -> None:
    life.a_webhook_arrives_twice_at_once(-1)


def never_told(life: Loop) -> None:
    life.a_redemption_is_never_told_of(0)


def forged(life: Loop) -> None:
    life.somebody_forges_a_redemption(1, with_token=True)


def maker_killed(point: str) -> Step:
    return lambda life: life.who_makes_coupons_is_killed(point)


def commit(life: Loop) -> None:
    life.a_transaction_ends(1, "commit")


LIVES: dict[str, list[Step]] = {
    "a capture takes the next transaction for seen": [
        order("authorized"), SYNC, change(Shop.pay, 1), rename, SYNC, commit,
    ],
    "a capture looks at the first table only": [order("paid"), SYNC, change(Shop.refund)],
    "no intent is committed": [order("paid"), sync_of(Entity.CUSTOMER), killed("deliver: replied")],
    "no refund is committed": [
        order("paid"), SYNC, change(Shop.refund), killed("deliver: replied"),
    ],
    "a POST is repeated after silence": [
        SYNC, order("paid"), fails("POST", "dropped_reply"), sync_of(Entity.ORDER),
    ],
    "a lost call is made again": [
        SYNC, order("paid"), fails("POST", "dropped_reply"), sync_of(Entity.ORDER),
    ],
    "a refund without an answer is forgotten": [
        order("paid"), SYNC, change(Shop.refund), fails("PATCH", "dropped_reply"), SYNC,
    ],
    "what is newer than what was sent is acknowledged": [
        order("authorized"), SYNC, change(Shop.pay), meanwhile("deliver: replied", Shop.refund),
    ],
    "a late call is not waited for": [
        SYNC, rename, fails("PUT", "held_back"), sync_of(Entity.CUSTOMER), rename,
        sync_of(Entity.CUSTOMER),
    ],
    "an order goes before its customer": [order("paid"), sync_of(Entity.ORDER)],
    "a delivery is looked for before it is stored": [SYNC, redeem, redeemed_arrives_twice_at_once],
    "a coupon is written without looking": [
        SYNC, redeem, all_arrive, maker_killed(issue.COMMITTED), TIME, WORK,
    ],
    "an event is done before its coupon is written": [
        SYNC, redeem, all_arrive, maker_killed(issue.INTENDED),
    ],
    "every event is believed": [SYNC, forged, WORK],
    "no gap is flagged": [SYNC, redeem, never_told],
    "no used code is told": [SYNC, redeem, all_arrive, WORK, order("paid", with_code=True), SYNC],
}  # fmt: skip
