"""Leases are renewed while what came of other calls is written; the two share a worker's records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2

from influence_pipeline.records import Entity
from influence_pipeline.sync.claims import Claims
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.world import World

_LOCKED = "SELECT 1 FROM influence.work WHERE entity = 'product' AND key = %s FOR UPDATE"
_WAITS = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND backend_type = 'client backend'
"""


def test_a_run_is_not_broken_off_when_it_renews_its_leases_while_it_writes_results(
    world: World,
) -> None:
    """The writer has one record, the renewal another, and each wants the other's next: Postgres would
    end one of the two, and with it the run."""
    with (
        world.engine() as engine,
        closing(psycopg2.connect(world.state_url)) as writer,
        ThreadPoolExecutor(1) as beside,
    ):
        engine.capture(Entity.PRODUCT)
        claims = Claims(engine.state, Entity.PRODUCT, 60.0)
        taken = claims.claim(20)
        fence, keys = taken[0].fence, sorted(claim.key for claim in taken)
        cursor = writer.cursor()
        # Wherever the renewal begins, it has some records by now and comes to this one.
        cursor.execute(_LOCKED, (keys[len(keys) // 2],))
        renewing = beside.submit(claims.renew, {fence: keys})
        until(lambda: renewing.done() or _somebody_waits(world), "it to come there", 60)
        for key in keys:
            cursor.execute(_LOCKED, (key,))
        writer.commit()
        assert renewing.result(60) <= set(keys)
        # Nobody has lost a lease by it.
        assert claims.renew({fence: keys}) == set(keys)


def _somebody_waits(world: World) -> bool:
    with closing(psycopg2.connect(world.state_url)) as other, other.cursor() as cursor:
        cursor.execute(_WAITS)
        return cursor.fetchone() is not None
