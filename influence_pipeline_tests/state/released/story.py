"""What happens before a state is dumped, told to the program of any released revision.

Copied into the tests of that program's own source and run there (`make.py`), so it uses what all of
them have. Where a moment cannot be waited for (a lease, a call whose outcome is not known) it is
written down as that program would have it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from influence_pipeline.postgres import driver_cursor, run
from influence_pipeline.webhooks import inbox
from influence_pipeline.webhooks.inbox import Delivery
from influence_pipeline_tests.support.world import World

# A parked customer; orders that wait, are unknown, or are held.
_BEFORE = "UPDATE customers SET email = 'no address' WHERE id = (SELECT min(id) FROM customers WHERE NOT is_guest)"
_AFTER = "UPDATE orders SET updated_at = updated_at WHERE id IN (11, 12, 13, 14)"
_PHASES = """
INSERT INTO work (entity, key, state, phase, lane, next_at, lease_until, fence)
VALUES ('order', '11', 'ready', 'creating', 'live', now(), now() + interval '1 minute', nextval('fence_seq')),
       ('order', '12', 'ready', 'unknown', 'live', now(), NULL, NULL),
       ('order', '13', 'ready', 'refunding', 'live', now(), NULL, NULL)
ON CONFLICT (entity, key) DO UPDATE
SET state = EXCLUDED.state, phase = EXCLUDED.phase, lease_until = EXCLUDED.lease_until,
    fence = EXCLUDED.fence;
UPDATE snapshot SET status = NULL, synced_hash = NULL WHERE entity = 'order' AND key IN ('11', '12');
INSERT INTO work (entity, key, state, reason_code, reason)
VALUES ('order', '15', 'parked', 'deleted', 'a person must look') ON CONFLICT DO NOTHING
"""
_EVENTS = """
UPDATE inbox SET state = 'done', done_at = now(), attempts = 1
WHERE topic IN ('customers/updated', 'referrals/completed') AND state = 'new';
UPDATE inbox SET state = 'parked', reason_code = 'no_worth', reason = 'nobody knows what it is worth',
                 attempts = 1 WHERE topic = 'points/redeemed';
UPDATE inbox SET attempts = 1, lease_until = now() + interval '1 minute', fence = nextval('fence_seq')
WHERE topic = 'customers/tier_changed';
INSERT INTO coupon (code, event_id, state, customer_key, kind, value, currency, issued_at)
SELECT c.code, i.id, c.state, '3', 'fixed', 5, 'EUR', c.issued
FROM inbox i, (VALUES ('KEPT-1', 'issued', now()), ('KEPT-2', 'issuing', NULL)) AS c (code, state, issued)
WHERE i.topic = 'referrals/completed';
INSERT INTO loyalty_member (customer_id, external_id, point_balance, tier_id, tier_title, updated_at,
                            event_id)
SELECT 'inf-3', '3', 500, 't1', 'Bronze', now(), id FROM inbox WHERE dedupe_key LIKE 'customers/updated|%'
"""
_CUSTOMER = {
    "id": "inf-3",
    "externalId": "3",
    "email": "person3@example.test",
    "pointBalance": 500,
    "updatedAt": "2026-05-01T10:00:00Z",
}
_DELIVERIES: tuple[tuple[str, Any], ...] = (
    ("customers/updated", _CUSTOMER),
    ("customers/tier_changed", {"customer": _CUSTOMER, "newTier": {"id": "t2", "title": "Silver"}}),
    ("points/earned", {"id": "earned-1", "customer": _CUSTOMER, "points": 10}),
    (
        "points/redeemed",
        {"id": "red-1", "customer": _CUSTOMER, "couponCode": "WAITS-1", "points": -5},
    ),
    ("referrals/completed", {"id": "ref-1", "customer": _CUSTOMER}),
    ("customers/updated", "no JSON"),
)
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'influence'::regnamespace ORDER BY relname"


def test_the_state_is_written(world: World) -> None:
    folder = Path(os.environ["STATE_DUMP_FOLDER"])
    world.shop(_BEFORE)
    world.sync()
    world.shop(_AFTER)
    with world.engine() as engine:
        with engine.state.transaction() as connection:
            for topic, body in _DELIVERIES:
                raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                inbox.store(connection, Delivery(raw, topic, "subscription-1", {"date": "today"}))
        with engine.state.transaction() as connection:
            for statement in (*_PHASES.split(";\n"), *_EVENTS.split(";\n")):
                run(connection, statement)
        with engine.state.transaction() as connection:
            names = [row[0] for row in run(connection, _TABLES).fetchall()]
            for name in names:
                with (folder / f"{name}.copy").open("w", encoding="utf-8") as file:
                    driver_cursor(connection).copy_expert(f"COPY {name} TO STDOUT", file)
            fence = run(connection, "SELECT last_value FROM fence_seq").fetchall()[0][0]
            (folder / "fence").write_text(str(fence))
