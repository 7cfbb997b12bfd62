"""Questions about pending orders with something odd in them: a code, a fraction, no known buyer."""

from __future__ import annotations

from influence_pipeline.platform_api.probe.consent import Request
from influence_pipeline.platform_api.probe.findings import Answer, Setting, unclear
from influence_pipeline.platform_api.probe.orders import (
    ORDERS,
    needs_order,
    order_settings,
    post_request,
    until_taken,
)
from influence_pipeline.platform_api.probe.question import Question
from influence_pipeline.platform_api.probe.room import Room


def _unknown_customer_request(room: Room) -> Request:
    return post_request(room, "order-unknown", "pending, of a customer that was never sent")


def _unknown_customer(room: Room) -> Answer:
    body = room.records.order("order-unknown", customer="customer-never")
    heard = room.post_order(body, "pending, a customer that was never sent")
    if heard.refused:
        return Answer(
            "refused",
            f"An order of an unknown customer is refused (HTTP {heard.status}).",
            "The pipeline sends the customer first, and waits for the answer.",
        )
    if not heard.accepted:
        return unclear(f"An order of an unknown customer is answered: {heard.brief}.")
    made = room.get_customer("customer-never").accepted
    if made:
        room.records.leave("customer", room.records.id("customer-never"), "made by an order")
    return Answer(
        "taken",
        "An order of an unknown customer is taken"
        + (", and makes the customer." if made else "; the customer is not made by it."),
        "The pipeline sends the customer first all the same.",
    )


def _guest_request(room: Room) -> Request:
    return post_request(room, "order-guest", "pending, of a guest: an e-mail and no customer")


def _guest(room: Room) -> Answer:
    body = room.records.order("order-guest", customer=None)
    heard = room.post_order(body, "pending, an e-mail and no customer")
    if heard.accepted:
        return Answer(
            "taken",
            "An order with an e-mail and no customer is taken.",
            'orders.guest_orders = "send_by_email" works: it completes referrals.',
        )
    if not heard.refused:
        return unclear(f"An order with an e-mail and no customer is answered: {heard.brief}.")
    skip = Setting("orders", "guest_orders", "skip")
    return Answer(
        "refused",
        f"An order with an e-mail and no customer is refused (HTTP {heard.status}).",
        "Without the setting every guest's order is parked.",
        settings=(skip,) if room.present.guests != "skip" else (),
    )


def _fraction_request(room: Room) -> Request:
    return post_request(room, "order-fraction", "pending, with a quantity of 0.5")


def _fraction(room: Room) -> Answer:
    body = room.records.order("order-fraction", quantity=0.5)
    heard = room.post_order(body, "pending, a quantity of 0.5")
    if heard.accepted:
        return Answer("taken", "A quantity of 0.5 is taken.", "Goods by weight can be sent.")
    if not heard.refused:
        return unclear(f"A quantity of 0.5 is answered: {heard.brief}.")
    return Answer(
        "refused",
        f"A quantity of 0.5 is refused (HTTP {heard.status}).",
        "Do you sell by weight? Such orders are parked: round the quantity in orders.sql.",
        attention=True,
    )


def _code_request(room: Room) -> Request:
    return post_request(room, "order-code", "pending, with a discount code that nobody issued")


def _code(room: Room) -> Answer:
    _, heard = until_taken(room, "order-code", code=True)
    if heard.accepted:
        return Answer(
            "taken",
            "An order with a discount code that Influence did not issue is taken.",
            "The store's own codes may be sent along.",
            settings=order_settings(room),
        )
    if not heard.refused:
        return unclear(f"An order with a discount code is answered: {heard.brief}.")
    return Answer(
        "refused",
        f"An order with a discount code is refused (HTTP {heard.status}).",
        "Orders with the store's own codes are parked. The reply says why.",
        attention=True,
        settings=order_settings(room),
    )


QUESTIONS = (
    Question(
        "discount-code",
        ORDERS,
        "Is a foreign discount code taken?",
        _code,
        _code_request,
        needs_order,
    ),
    Question(
        "fraction",
        ORDERS,
        "Is a quantity with a fraction taken?",
        _fraction,
        _fraction_request,
        needs_order,
    ),
    Question(
        "unknown-customer",
        ORDERS,
        "Is an order of an unknown customer taken?",
        _unknown_customer,
        _unknown_customer_request,
        needs_order,
    ),
    Question(
        "guest-order", ORDERS, "Is an order of a guest taken?", _guest, _guest_request, needs_order
    ),
)
