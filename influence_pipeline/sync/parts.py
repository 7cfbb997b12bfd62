"""Parts of a first import: which records a part holds, and what it has left to do.

A part is a window of creation times or a range of keys. Each run of one has a number; what its
capture finds to be done carries it, so that the run sends its own part and knows when that is done,
whoever else is at work. Ranges of keys are cut once and kept, so that every record is in one part
whenever each of them is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from influence_pipeline.errors import ConfigurationError, InfluencePipelineError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.store.mapping import Described
from influence_pipeline.store.reader import KeyRange
from influence_pipeline.store.slices import ends_of_parts
from influence_pipeline.sync import status

_QUERIES = load_queries(__file__, "deliver.sql")

# How often it is looked whether a part is complete.
LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class PartLeft:
    """What a part of an import found and has not settled. `held`: those of `waiting` that another
    run holds, or held when it died. `taken`: what a later import of the same records took over."""

    waiting: int
    held: int
    blocked: int
    parked: int
    taken: int

    @property
    def complete(self) -> bool:
        """Whether all of it is settled, but for what is parked and waits for a person."""
        return not (self.waiting or self.blocked or self.taken)


def begin(state: Postgres, entity: Entity) -> int:
    """Give a run of a part its number. Raises StateError."""
    with state.transaction() as connection:
        return begin_in(connection, entity)


def begin_in(connection: sa.Connection, entity: Entity) -> int:
    """The same inside a transaction; a plan takes it back."""
    return int(connection.execute(_QUERIES["begin_import"], {"entity": entity}).scalar_one())


def left(state: Postgres, numbers: Sequence[int]) -> dict[int, PartLeft]:
    """Give what each of these has left. Raises StateError."""
    with state.transaction() as connection:
        rows = connection.execute(_QUERIES["import_left"], {"imports": list(numbers)}).all()
    return {number: PartLeft(*values) for number, *values in rows}


def last_trouble(state: Postgres, number: int) -> str | None:
    """Give the last call in vain for what a part has left, of this run or an earlier one; None
    where none is known. Raises StateError."""
    with state.transaction() as connection:
        found = connection.execute(_QUERIES["import_trouble"], {"import": number}).first()
    return None if found is None else f"{found.call} {found.key!r}: {found.error}"


def all_left(several: Sequence[PartLeft]) -> PartLeft:
    """Add up what several have left."""
    return PartLeft(
        waiting=sum(one.waiting for one in several),
        held=sum(one.held for one in several),
        blocked=sum(one.blocked for one in several),
        parked=sum(one.parked for one in several),
        taken=sum(one.taken for one in several),
    )


class PartsWatch:
    """Tells of each part as soon as it is complete, while they are being sent.

    `told`: called with the part's number and what is left of it, once each; again where it raised a
    StateError. `now`: seconds of a monotonic clock.
    """

    def __init__(
        self,
        state: Postgres,
        numbers: Sequence[int],
        told: Callable[[int, PartLeft], None],
        now: Callable[[], float],
    ) -> None:
        self._state = state
        self._open = list(numbers)
        self._told = told
        self._now = now
        self._look_at = now()

    def look(self) -> None:
        """Look, unless that was a moment ago. The state may be away; the next look tells then."""
        if self._open and self._now() >= self._look_at:
            self._look_at = self._now() + LOOK_SECONDS
            with suppress(InfluencePipelineError):
                self._tell(self._settled())

    def end(self) -> dict[int, PartLeft]:
        """Tell of those that are complete by now; give what is left of the others. Raises
        StateError."""
        self._tell(self._open)
        return left(self._state, self._open) if self._open else {}

    def _settled(self) -> list[int]:
        with self._state.transaction() as connection:
            values = {"imports": self._open}
            return list(connection.execute(_QUERIES["import_settled"], values).scalars())

    def _tell(self, numbers: Sequence[int]) -> None:
        if not numbers:
            return
        for number, found in sorted(left(self._state, numbers).items()):
            if found.complete:
                # Only then: who was to be told may have needed the state, and is told again.
                self._told(number, found)
                self._open.remove(number)


def key_ranges(
    state: Postgres, store: Postgres, described: Described, parts: int
) -> list[KeyRange]:
    """Cut the records into so many ranges of keys, the first time; give the same ones ever after.

    A small store has fewer: the last ones hold nothing then. What is added later falls into the
    range of its key. Raises StoreError, StateError, and ConfigurationError if the ids have another
    type than when they were cut.
    """
    entity = described.mapping.entity
    name = f"import_ends.{entity}.{parts}"
    kept = status.get_fact(state, name)
    if kept is None:
        cut = {"type": described.key_type, "ends": ends_of_parts(store, described, parts)}
        kept = status.set_fact_once(state, name, cut)
    if kept["type"] != described.key_type:
        raise ConfigurationError(
            f"The {parts} parts of the import of {entity.plural} were cut when ids were "
            f"{kept['type']}; they are {described.key_type} now. Choose another number of parts: "
            f"{entity.plural}.import_parts in influence.toml."
        )
    ends: list[str | None] = list(kept["ends"])
    return [KeyRange(*bounds) for bounds in zip([None, *ends], [*ends, None], strict=True)]
