"""Parts of a first import: which records a part holds, and what it has left to do.

A part is a window of creation times or a range of keys. Each run of one has a number; what its
capture finds to be done carries it, so that the run sends its own part and knows when that is done,
whoever else is at work. Ranges of keys are cut once and kept, so that every record is in one part
whenever each of them is run.
"""

from __future__ import annotations

from dataclasses import dataclass

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.store.mapping import Described
from influence_pipeline.store.reader import KeyRange
from influence_pipeline.store.slices import ends_of_parts
from influence_pipeline.sync import status

_QUERIES = load_queries(__file__, "deliver.sql")


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
    """Give a run its number. Raises StateError."""
    with state.transaction() as connection:
        return int(connection.execute(_QUERIES["begin_import"], {"entity": entity}).scalar_one())


def left(state: Postgres, import_id: int) -> PartLeft:
    """Give what a run has left. Raises StateError."""
    with state.transaction() as connection:
        row = connection.execute(_QUERIES["import_left"], {"import_id": import_id}).one()
    return PartLeft(**row._mapping)


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
