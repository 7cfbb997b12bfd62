"""From what the store says to the snapshots: temporary tables, and the one merge that decides.

A look for changed rows, a compare of fingerprints and a compare of every record all end here. What
is staged is of the caller's state transaction, and gone with it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.postgres import Postgres, copy_in, driver_cursor
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state import erased
from influence_pipeline.state.schema import Lane
from influence_pipeline.store import reader
from influence_pipeline.store.fingerprints import Fingerprinting, fingerprints_of
from influence_pipeline.store.mapping import Described
from influence_pipeline.sync.claims import exclude_results

_QUERIES = load_queries(__file__, "staging.sql")

# Records are read in batches, and after so long in another transaction of the store.
_SECONDS_PER_TRANSACTION = 10.0
# So many records are looked up one by one; more, in one go through whole tables.
_FEW = 50_000
# So many misses are named, and so many records that are gone.
MISSES_NAMED = 10
GONE_NAMED = 1_000

_DELETED = (
    "the store has deleted it, and the API documents no call for that; delete it in the Influence "
    "dashboard if it must go there too, then `influence-pipeline retry` takes it off this list"
)


@dataclass(frozen=True)
class Reading:
    """How the records are read. `prints` None: without fingerprints. `former`: SQL that hashed rows
    before, where the way has changed."""

    store: Postgres
    described: Described
    prints: Fingerprinting | None
    go_live: datetime | None
    former: str | None = None


@dataclass(frozen=True)
class Merged:
    """What a merge found. `missed`: records that a look should have named; `misses`: some of
    them."""

    looked_at: int = 0
    created: int = 0
    changed: int = 0
    deleted: int = 0
    unreadable: int = 0
    before_go_live: int = 0
    without_key: int = 0
    missed: int = 0
    misses: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class Staging:
    """The temporary tables of one look or compare, inside a transaction of the state."""

    def __init__(self, into: sa.Connection, entity: Entity) -> None:
        self._into = into
        self._entity = entity
        self._by_keys = False
        # Whether some fingerprint that was asked for could not be had.
        self._unprinted = False

    def __enter__(self) -> Staging:
        self._into.execute(_QUERIES["open"])
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # After an error the transaction is over, and they with it.
        if kind is None:
            self._into.execute(_QUERIES["close"])

    def start_over(self) -> None:
        """Forget hashes, poison and candidates; not fingerprints."""
        self._by_keys = False
        self._into.execute(_QUERIES["start_over"])

    def take_in(self, table: str, write: Callable[[Any], None]) -> None:
        """COPY what `write` writes into a table; nothing of it is kept if that fails."""
        with self._into.begin_nested():
            _pipe(
                write,
                lambda pipe: driver_cursor(self._into).copy_expert(
                    f"COPY {table} FROM STDIN", pipe
                ),
            )

    def forget_fingerprints(self) -> None:
        self._into.execute(_QUERIES["forget_fingerprints"])

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Keep nothing of what is staged inside if an exception ends it."""
        with self._into.begin_nested():
            yield

    def add_up_fingerprints(self) -> None:
        """Make one row of each record, of which every part of the store gave one."""
        self._into.execute(_QUERIES["add_up"])

    def stage_keys(
        self, reading: Reading, keys: Sequence[str], out: sa.Connection | None = None
    ) -> None:
        """Read, hash and fingerprint these records, each once; in `out` as far as its time allows,
        then in further transactions of the store. Raises what reading raises."""
        copy_in(self._into, "candidate (key)", ((key,) for key in keys))
        self.stage_candidates(reading, keys, out)

    def stage_candidates(
        self, reading: Reading, keys: Sequence[str], out: sa.Connection | None = None
    ) -> None:
        """The same for keys that stand among the candidates already."""
        self._by_keys = True
        done = 0
        if out is not None:
            done = self._stage_batches(reading, out, keys)
        while done < len(keys):
            with reading.store.transaction() as another:
                done += self._stage_batches(reading, another, keys[done:])

    def _stage_batches(self, reading: Reading, out: sa.Connection, keys: Sequence[str]) -> int:
        until = time.monotonic() + _SECONDS_PER_TRANSACTION
        done = 0
        while done < len(keys) and time.monotonic() < until:
            batch = keys[done : done + reader.KEYS_PER_STATEMENT]
            # Fingerprints first, or of the same moment: never newer than the hash beside them.
            if reading.prints is not None:
                self._stage_fingerprints(out, reading.prints, batch)
            hashed, poison = reader.hashes_of(
                out, reading.described, batch, reading.go_live, reading.former
            )
            copy_in(
                self._into,
                "staged (key, hash, eligible, former_hash)",
                ((h.key, h.hash, h.eligible, h.former_hash) for h in hashed),
            )
            copy_in(self._into, "poison (key, reason)", ((p.key, p.reason) for p in poison))
            done += len(batch)
        return done

    def _stage_fingerprints(
        self, out: sa.Connection, prints: Fingerprinting, keys: Sequence[str]
    ) -> None:
        try:
            with out.begin_nested():
                found = list(fingerprints_of(out, prints, keys))
        except psycopg2.DataError:
            # The key of some other source row cannot be computed.
            self._unprinted = True
        else:
            copy_in(self._into, "printed (key, source_hash, source_rows)", found)

    def note_looked(self, keys: Sequence[str]) -> None:
        """Add what a look has named to the candidates; it is no miss."""
        copy_in(self._into, "candidate (key)", ((key,) for key in keys))

    def note_silent(self) -> None:
        """After a compare of every record: note what a look should have named."""
        self._into.execute(_QUERIES["go_by_hashes"])
        self._into.execute(_QUERIES["note_silent"], {"entity": self._entity})

    def note_older(self, keys: Sequence[str]) -> None:
        """Note records that are an import's, if it has to be; `leave_to_import` then does it."""
        copy_in(self._into, "older (key)", ((key,) for key in keys))

    def leave_to_import(self) -> int:
        """After a merge: leave those to the import; give how many they are."""
        return self._into.execute(_QUERIES["leave_to_import"], {"entity": self._entity}).rowcount

    def note_import(self, import_id: int) -> None:
        """After a merge: note which import found what is staged and not settled."""
        self._into.execute(
            _QUERIES["note_import"], {"entity": self._entity, "import_id": import_id}
        )

    def merge(
        self,
        lane: Lane,
        *,
        everything: bool,
        fingerprinted: bool,
        park_deleted: bool,
        adopt: bool = False,
    ) -> Merged:
        """Decide. `everything`: what is staged is the whole store. `fingerprinted`: so are the
        fingerprints, of the whole store or the candidates. `adopt`: former hashes were staged."""
        into, entity = self._into, self._entity
        staged = into.execute(_QUERIES["staged"]).one()
        if not everything and staged.candidates == staged.records == 0:
            return Merged()
        fingerprinted = fingerprinted and not self._unprinted
        values = {
            "entity": entity,
            "lane": lane,
            "fingerprinted": fingerprinted,
            "park": park_deleted,
            "deleted": _DELETED,
        }
        into.execute(_QUERIES["analyze"])
        if everything:
            into.execute(_QUERIES["go_by_hashes"])
        elif max(staged.candidates, staged.records) <= _FEW:
            into.execute(_QUERIES["go_by_index"])
        # Deliveries wait from here on, so nothing here reads the store.
        exclude_results(into, entity)
        if self._by_keys:
            into.execute(_QUERIES["keep_one"])
        without_key = into.execute(
            _QUERIES["set_aside_unusable"], {"twice": reader.TWICE, "entity": entity}
        ).scalar_one()
        if entity is Entity.CUSTOMER:
            erased.drop_customers(into)
        looked_at = into.execute(sa.text("SELECT count(*) FROM staged")).scalar_one()
        missed = into.execute(_QUERIES["missed"], {"entity": entity, "most": MISSES_NAMED}).one()
        if adopt:
            into.execute(_QUERIES["adopt"], values)
        merged = into.execute(_QUERIES["merge_staged"], values).one()
        scope = "everything" if everything else "candidates"
        if fingerprinted:
            into.execute(_QUERIES["note_fingerprints"], values)
            into.execute(_QUERIES[f"note_rows_gone_of_{scope}"], values)
            into.execute(_QUERIES["note_left_out"], values)
            into.execute(_QUERIES[f"forget_left_out_of_{scope}"], values)
        into.execute(_QUERIES["no_longer_left_out"], values)
        into.execute(_QUERIES[f"mark_seen_again_of_{scope}"], values)
        into.execute(_QUERIES[f"find_gone_of_{scope}"], values)
        gone = into.execute(_QUERIES["mark_gone"], {**values, "most": GONE_NAMED}).one()
        into.execute(_QUERIES[f"forget_poison_of_{scope}"], values)
        unreadable = into.execute(_QUERIES["park_poison"], values).rowcount
        into.execute(_QUERIES["go_as_usual"])
        return Merged(
            looked_at=looked_at,
            created=merged.created,
            changed=merged.changed,
            deleted=gone.records,
            gone=tuple(gone.keys),
            unreadable=unreadable,
            before_go_live=merged.before_go_live,
            without_key=int(without_key),
            missed=missed.records,
            misses=tuple(missed.keys),
        )


def known_records(into: sa.Connection, entity: Entity) -> int:
    """Count the records that the store gives, as far as captures have seen."""
    return int(into.execute(_QUERIES["known"], {"entity": entity}).scalar_one())


def _pipe(write: Callable[[Any], None], read: Callable[[Any], None]) -> None:
    """Run a COPY OUT and a COPY IN at once, joined by a pipe: memory stays the same at any size.

    An error of the writer wins: the reader then only sees its end of the pipe closed.
    """
    source, sink = os.pipe()
    failed: list[BaseException] = []

    def writer() -> None:
        try:
            with os.fdopen(sink, "wb") as file:
                write(file)
        except BrokenPipeError:
            pass  # the reader failed, and its error is raised below
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=writer, name="copy-out", daemon=True)
    thread.start()
    try:
        with os.fdopen(source, "rb") as file:
            read(file)
    finally:
        thread.join()
        if failed:
            raise failed[0]
