"""A compare of fingerprints: which records' source rows are not as they are known.

The store adds up the fingerprints of all its source rows by bucket; what is known adds up the same.
Only of the buckets that differ the fingerprints of the single records are asked for. What differs
is a candidate; the hash of its canonical row decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import sqlalchemy as sa

from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.store.fingerprints import (
    Fingerprinting,
    bucket_sums,
    copy_fingerprints,
)
from influence_pipeline.store.reader import KEYS_PER_STATEMENT
from influence_pipeline.sync.staging import Reading, Staging

_QUERIES = load_queries(__file__, "capture.sql")

# So many records share a sum: few enough that one change makes few fingerprints be asked for, many
# enough that the sums of a million records fit a processor's cache.
_RECORDS_PER_BUCKET = 250
_MOST_BUCKETS = 65_536
# From this share of differing buckets on, all fingerprints are asked for at once.
_NEARLY_ALL = 0.5


def stage_moved(
    into: sa.Connection,
    store: Postgres,
    prints: Fingerprinting,
    staging: Staging,
    entity: Entity,
) -> bool:
    """Make every record a candidate whose source rows are not as they are known. False: that cannot
    be told, because the key of some source row cannot be computed."""
    try:
        _stage_moved(into, store, prints, staging, entity)
    except psycopg2.DataError:
        return False
    return True


def _stage_moved(
    into: sa.Connection,
    store: Postgres,
    prints: Fingerprinting,
    staging: Staging,
    entity: Entity,
) -> None:
    known = into.execute(_QUERIES["known_keys"], {"entity": entity}).scalar_one()
    buckets = _buckets(known)
    values = {"entity": entity, "integer_keys": prints.integer_keys, "mask": buckets - 1}
    with ThreadPoolExecutor(1, thread_name_prefix="known-sums") as beside:
        # What is known is added up while the store adds up.
        expected = beside.submit(_known_sums, into, values, buckets)
        sums = bucket_sums(store, prints, buckets)
        differing = [
            bucket
            for bucket, (here, there) in enumerate(zip(expected.result(), sums, strict=True))
            if here != there
        ]
    if not differing:
        return
    nearly_all = len(differing) > buckets * _NEARLY_ALL
    asked_for = list(range(buckets)) if nearly_all else differing
    copy_fingerprints(
        store,
        prints,
        lambda write: staging.take_in("printed", write),
        buckets=buckets,
        only=None if nearly_all else differing,
    )
    staging.add_up_fingerprints()
    into.execute(_QUERIES["note_moved"], {**values, "buckets": asked_for})
    staging.forget_fingerprints()


def _buckets(records: int) -> int:
    """Give a power of two."""
    wanted = max(records // _RECORDS_PER_BUCKET, 1)
    return min(1 << (wanted - 1).bit_length(), _MOST_BUCKETS)


def _known_sums(into: sa.Connection, values: dict[str, object], buckets: int) -> list[int | None]:
    """Give the sum of each bucket; None: that of some record in it is not known."""
    sums: list[int | None] = [0] * buckets
    for bucket, total in into.execute(_QUERIES["bucket_sums"], values):
        sums[bucket] = total
    return sums


def stage_candidates(
    into: sa.Connection, staging: Staging, reading: Reading, out: sa.Connection, entity: Entity
) -> None:
    """Read every candidate, and every record that could not be read before: whether it can be now
    need not show in a row of its own."""
    unreadable = into.execute(_QUERIES["unreadable"], {"entity": entity}).scalars().all()
    staging.note_looked(unreadable)
    first: sa.Connection | None = out
    for keys in _batches(into):
        staging.stage_candidates(reading, keys, first)
        first = None


def note_turn(into: sa.Connection, entity: Entity, turns: int, compares: int) -> None:
    """Make candidates of those records whose turn it is to be computed whatever their fingerprints
    say: each once in so many turns."""
    values = {"entity": entity, "turns": turns, "turn": compares % turns}
    into.execute(_QUERIES["note_turn"], values)


def _batches(into: sa.Connection) -> Iterator[list[str]]:
    after: str | None = None
    while True:
        asked = {"after": after, "most": 10 * KEYS_PER_STATEMENT}
        keys = into.execute(_QUERIES["candidates_after"], asked).scalars().all()
        if not keys:
            return
        yield list(keys)
        after = keys[-1]
