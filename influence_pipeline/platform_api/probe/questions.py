"""All questions in safe order: reading first, then what can award nothing, then customers, orders.

Within orders: what should award nothing before what does, a plain life before repetitions.
"""

from __future__ import annotations

from influence_pipeline.platform_api.probe import (
    access,
    awards,
    bodies,
    customers,
    limits,
    moves,
    orders,
    products,
    second_posts,
    subscriptions,
)

QUESTIONS = (
    *access.QUESTIONS,
    *products.QUESTIONS,
    *subscriptions.QUESTIONS,
    *customers.QUESTIONS,
    *orders.QUESTIONS,
    *bodies.QUESTIONS,
    *awards.QUESTIONS,
    *second_posts.QUESTIONS,
    *moves.QUESTIONS,
    *awards.LATE,
    *limits.QUESTIONS,
)
