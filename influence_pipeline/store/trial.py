"""Trying a mapping on a store without reading a record: do its SELECTs and sources run there?"""

from __future__ import annotations

from pathlib import Path

from influence_pipeline.errors import MappingError
from influence_pipeline.postgres import Postgres, driver_cursor
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.settings import Config, EntityMapping
from influence_pipeline.store.mapping import Mapping, SourceTables, describe, read_select
from influence_pipeline.store.sources import probe_sources


def tried(
    store: Postgres, config: Config, folder: Path, *, schema: str | None = None
) -> dict[Entity, str | None]:
    """Say for each entity what the store refuses of its mapping; None: nothing.

    `schema`: where the tables lie, if the role does not find them there by itself.
    """
    return {
        entity: _tried(store, mapping_of(entity, config.mapping(entity), folder), schema)
        for entity in STORE_ENTITIES
    }


def _tried(store: Postgres, mapping: Mapping, schema: str | None) -> str | None:
    with store.transaction() as connection:
        if schema is not None:
            driver_cursor(connection).execute(
                "SELECT set_config('search_path', quote_ident(%s) || ', public', true)", (schema,)
            )
        try:
            with connection.begin_nested():
                probe_sources(connection, describe(connection, mapping))
        except MappingError as error:
            return str(error)
    return None


def mapping_of(entity: Entity, given: EntityMapping, folder: Path) -> Mapping:
    """An entity's mapping, with the SELECT read from its file. Raises MappingError."""
    file = folder / given.query
    return Mapping(
        entity=entity,
        file=file,
        select=read_select(file),
        sources=tuple(
            SourceTables(one.from_, tuple(one.rows), one.key, one.changed_at, one.time_zone)
            for one in given.sources
        ),
    )
