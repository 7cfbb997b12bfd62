"""The mappings as influence.toml has them. Reads the files that it names; connects to nothing."""

from __future__ import annotations

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.settings import Settings
from influence_pipeline.store.mapping import Mapping, SourceTables, read_select
from influence_pipeline.store.transform import read_transform


def configured_mappings(settings: Settings) -> dict[Entity, Mapping]:
    """Give the mapping of each entity. Raises ConfigurationError, MappingError naming the file."""
    return {entity: configured_mapping(settings, entity) for entity in STORE_ENTITIES}


def configured_mapping(settings: Settings, entity: Entity) -> Mapping:
    """Give the mapping of one entity. Raises as `configured_mappings` does."""
    given = settings.config.mapping(entity)
    file = settings.folder / given.query
    return Mapping(
        entity=entity,
        file=file,
        select=read_select(file),
        sources=tuple(
            SourceTables(
                source.from_, tuple(source.rows), source.key, source.changed_at, source.time_zone
            )
            for source in given.sources
        ),
        transform=(
            None if given.transform is None else read_transform(settings.folder, given.transform)
        ),
    )
