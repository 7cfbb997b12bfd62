"""A compare of every record: each is computed and hashed, which no table and no trace escapes.

The first time, after a change of the mapping, and wherever fingerprints of source rows cannot tell.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import psycopg2
import sqlalchemy as sa

from influence_pipeline.store import reader
from influence_pipeline.store.fingerprints import copy_fingerprints
from influence_pipeline.store.reader import EVERYTHING, KeyRange, Window
from influence_pipeline.store.slices import in_slices
from influence_pipeline.sync.staging import Reading, Staging


class _NotByRange(Exception):  # noqa: N818  (no error, the way to the other way)
    """Some row cannot be computed, and which keys there are neither."""


def stage(staging: Staging, reading: Reading, window: Window) -> bool:
    """Stage every record of the window, and the fingerprints of all source rows where the window is
    everything. Says whether those are complete."""
    fingerprinted = window == EVERYTHING and _stage_fingerprints(staging, reading)

    def take(out: sa.Connection, keys: KeyRange) -> None:
        _stage_slice(staging, reading, window, out, keys)

    try:
        in_slices(reading.store, reading.described, reading.prints, take, window.keys)
    except _NotByRange:
        staging.start_over()
        with reading.store.transaction() as out:
            keys = reader.source_keys(out, reading.described)
            staging.stage_keys(_hashes_only(reading), sorted(keys), out)
    return fingerprinted


def stage_older(staging: Staging, reading: Reading, began: datetime) -> None:
    """Note the records that were created before an import began, or have no date. Where a row
    cannot be computed, none of its slice."""

    def take(out: sa.Connection, keys: KeyRange) -> None:
        window = Window(before=began, and_undated=True)
        with suppress(*reader.ROW_FAILURES):
            staging.note_older(reader.all_keys(out, reading.described, window=window, keys=keys))

    in_slices(reading.store, reading.described, reading.prints, take)


def _stage_fingerprints(staging: Staging, reading: Reading) -> bool:
    """First, so that no fingerprint is newer than the hash beside it."""
    if reading.prints is None:
        return False
    try:
        copy_fingerprints(
            reading.store, reading.prints, lambda write: staging.take_in("printed", write)
        )
    except psycopg2.DataError:
        # The key of some source row cannot be computed.
        staging.forget_fingerprints()
        return False
    staging.add_up_fingerprints()
    return True


def _stage_slice(
    staging: Staging, reading: Reading, window: Window, out: sa.Connection, keys: KeyRange
) -> None:
    described = reading.described
    try:
        with out.begin_nested():
            staging.take_in(
                "staged (key, hash, eligible, former_hash)",
                lambda sink: reader.copy_hashes(
                    out,
                    described,
                    sink,
                    window=window,
                    keys=keys,
                    go_live=reading.go_live,
                    former=reading.former,
                ),
            )
    except reader.ROW_FAILURES:
        # Some row cannot be computed. Slower, but it finds which, and takes the rest.
        _stage_slice_by_keys(staging, reading, window, out, keys)


def _stage_slice_by_keys(
    staging: Staging, reading: Reading, window: Window, out: sa.Connection, keys: KeyRange
) -> None:
    described = reading.described
    try:
        found = reader.all_keys(out, described, window=window, keys=keys)
    except reader.ROW_FAILURES:
        if window != EVERYTHING:
            raise
        raise _NotByRange from None
    with staging.all_or_nothing():
        staging.stage_keys(_hashes_only(reading), sorted(set(found)), out)


def _hashes_only(reading: Reading) -> Reading:
    return replace(reading, prints=None)
