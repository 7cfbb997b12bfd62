"""Trying a mapping on a store without reading a record: do its SELECTs and sources run there?"""

from __future__ import annotations

from influence_pipeline.errors import MappingError
from influence_pipeline.postgres import Postgres, driver_cursor
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.settings import Settings
from influence_pipeline.store.configured import configured_mapping
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.sources import probe_sources


def tried(
    store: Postgres, settings: Settings, *, schema: str | None = None
) -> dict[Entity, str | None]:
    """Say for each entity what the store refuses of its mapping; None: nothing.

    `schema`: where the tables lie, if the role does not find them there by itself.
    """
    return {entity: _tried(store, settings, entity, schema) for entity in STORE_ENTITIES}


def _tried(store: Postgres, settings: Settings, entity: Entity, schema: str | None) -> str | None:
    with store.transaction() as connection:
        if schema is not None:
            driver_cursor(connection).execute(
                "SELECT set_config('search_path', quote_ident(%s) || ', public', true)", (schema,)
            )
        try:
            with connection.begin_nested():
                mapping = configured_mapping(settings, entity)
                probe_sources(connection, describe(connection, mapping))
        except MappingError as error:
            return str(error)
    return None
