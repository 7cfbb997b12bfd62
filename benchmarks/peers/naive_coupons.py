"""A handler as one would write it first: threads take stored events, ask for the customer, write
the coupon, mark the event. No lease, no intention, no lock: two of them, or one that was killed
between its two commits, stumble over their own coupons. The upper bound of what plain psycopg2 and
requests do on this machine.

python -m benchmarks.peers.naive_coupons
(settings from the INFLUENCE_ variables; prints one line of JSON)
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any

import psycopg2
import requests

_THREADS = 4
_CREATE = """
INSERT INTO discount_codes (code, customer_id, kind, value, currency, usage_limit, source)
VALUES (%s, %s, 'fixed', 5.00, 'eur', 1, 'influence')
"""
_DONE = """
UPDATE influence.inbox SET state = 'done', done_at = clock_timestamp() WHERE id = %s
"""


def work(events: Iterator[tuple[int, bytes]], most: int | None = None) -> int:
    """Make coupons of events until there are no more; gives how many."""
    made = 0
    with (
        closing(psycopg2.connect(os.environ["INFLUENCE_STORE_URL"])) as store,
        closing(psycopg2.connect(os.environ["INFLUENCE_STATE_URL"])) as state,
        requests.Session() as api,
    ):
        api.trust_env = False
        api.headers["x-api-key"] = os.environ["INFLUENCE_API_KEY"]
        for event_id, raw in islice(events, most):
            body: dict[str, Any] = json.loads(raw)
            customer = body["customer"]["externalId"]
            url = f"{os.environ['INFLUENCE_API_URL']}/v1/customers/{customer}"
            found = api.get(url, timeout=10).json()["customer"]
            if found["id"] != body["customer"]["id"]:
                continue
            with store, store.cursor() as cursor:
                cursor.execute(_CREATE, (body["couponCode"], customer))
            with state, state.cursor() as cursor:
                cursor.execute(_DONE, (event_id,))
            made += 1
    return made


def _backlog() -> list[tuple[int, bytes]]:
    with closing(psycopg2.connect(os.environ["INFLUENCE_STATE_URL"])) as state:
        with state.cursor() as cursor:
            cursor.execute("SELECT id, body FROM influence.inbox WHERE state = 'new' ORDER BY id")
            return [(event_id, bytes(body)) for event_id, body in cursor]


def main() -> None:
    began, cpu = time.time(), time.process_time()
    events = _backlog()
    parts = [iter(events[first::_THREADS]) for first in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        made = sum(pool.map(work, parts))
    said = {
        "seconds": time.time() - began,
        "cpu_seconds": time.process_time() - cpu,
        "coupons": made,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
