"""The few settings that `why` needs, read without pydantic: it must answer at once, and importing
pydantic and building its models takes a third of a second.

The same variables, the same `.env`, the same file, and the same words about what is wrong: whatever
does not look as it should is left to `settings`. What is not needed here is not looked at, so that
`why` can be asked while some other part of influence.toml is being mended.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from influence_pipeline.records import STORE_ENTITIES, Entity

_PREFIX = "influence_"
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class QuickSettings:
    """`queries`: the file with each entity's SELECT; `transforms`: how its transform is named in
    `folder`, if it has one. `go_live`: the setting, not the fact."""

    state_url: str
    state_schema: str
    store_url: str | None
    folder: Path
    queries: dict[Entity, Path]
    transforms: dict[Entity, str | None]
    go_live: datetime | None

    def __repr__(self) -> str:
        return f"QuickSettings(state_schema={self.state_schema!r})"


class _NotAsExpected(Exception):  # noqa: N818  (no error, the way to the full settings)
    """Something is missing or of another form."""


def quick_settings() -> QuickSettings:
    """Read what is needed. Raises ConfigurationError, as `load_settings` does."""
    try:
        return _quick()
    except (_NotAsExpected, OSError, ValueError, ImportError):
        return _full()


def _quick() -> QuickSettings:
    environment = _environment()
    if "stores" in environment or "store" in environment:
        raise _NotAsExpected
    state_url = environment.get("state_url")
    if state_url is None:
        raise _NotAsExpected
    file = Path(environment.get("config", "influence.toml")).expanduser()
    content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    schema = content.get("state_schema", "influence")
    version = content.get("version")
    # True is 1 to Python.
    if type(version) is not int or version != 1 or not isinstance(schema, str):
        raise _NotAsExpected
    if not _SCHEMA.fullmatch(schema):
        raise _NotAsExpected
    folder = file.resolve().parent
    return QuickSettings(
        state_url=state_url,
        state_schema=schema,
        store_url=environment.get("store_url"),
        folder=folder,
        queries={entity: folder / _query(content, entity) for entity in STORE_ENTITIES},
        transforms={entity: _transform(content[entity.plural]) for entity in STORE_ENTITIES},
        go_live=_go_live(content["orders"].get("go_live")),
    )


def _environment() -> dict[str, str]:
    """Our variables without their prefix: those that are set and not empty."""
    given: dict[str, str | None] = {}
    if Path(".env").exists():
        from dotenv import dotenv_values

        given.update(_ours(dotenv_values(".env", encoding="utf-8")))
    given.update(_ours(os.environ))
    return {name: value for name, value in given.items() if value}


def _ours(variables: Any) -> dict[str, str | None]:
    lower = {name.lower(): value for name, value in variables.items() if value}
    return {
        name.removeprefix(_PREFIX): value
        for name, value in lower.items()
        if name.startswith(_PREFIX)
    }


def _query(content: dict[str, Any], entity: Entity) -> str:
    table = content.get(entity.plural)
    query = table.get("query") if isinstance(table, dict) else None
    if not isinstance(query, str) or not query:
        raise _NotAsExpected
    return query


def _transform(table: dict[str, Any]) -> str | None:
    given = table.get("transform")
    if given is not None and (not isinstance(given, str) or not given):
        raise _NotAsExpected
    return given


def _go_live(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _NotAsExpected
    return value


def _full() -> QuickSettings:
    from influence_pipeline.settings import load_settings

    settings = load_settings()
    settings.require("state_url")
    config = settings.config
    return QuickSettings(
        state_url=settings.secret("state_url"),
        state_schema=config.state_schema,
        store_url=settings.secret("store_url") if settings.environment.store_url else None,
        folder=settings.folder,
        queries={
            entity: settings.folder / config.mapping(entity).query for entity in STORE_ENTITIES
        },
        transforms={entity: config.mapping(entity).transform for entity in STORE_ENTITIES},
        go_live=config.orders.go_live,
    )
