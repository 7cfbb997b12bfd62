"""Each key of a preset's sources, exchanged for every other column of the same type: `check` says so
for all but those whose rows make no difference to any record of that store."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from influence_pipeline.check import sources
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Level
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import load_settings
from influence_pipeline_tests.support import databases, store_presets

pytestmark = pytest.mark.slow

# How many of the exchanges may go unseen.
UNSEEN = {"plain": 0, "medusa": 0, "vendure": 3, "saleor": 2}


@pytest.fixture(params=UNSEEN)
def store(
    postgres: EmbeddedPostgres,
    store_template: str,
    real_store_template: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> Iterator[tuple[str, str]]:
    name = request.param
    template = store_template if name == "plain" else real_store_template(name)
    with databases.throw_away_database(postgres, template) as url:
        yield name, url


def exchanges(url: str, config: dict[str, Any]) -> Iterator[tuple[Entity, int, str]]:
    """Give every other key of the same type that has other values: entity, source, key."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for entity in STORE_ENTITIES:
            for number, source in enumerate(config[entity.plural]["sources"]):
                key, tables = source["key"], source["from"]
                for alias in source["rows"]:
                    cursor.execute(
                        f"SELECT {alias}.tableoid::regclass::text, pg_typeof({key})::text FROM {tables} LIMIT 1"
                    )
                    row = cursor.fetchone()
                    if row is None:
                        continue
                    cursor.execute(
                        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass"
                        " AND attnum > 0 AND NOT attisdropped AND atttypid = %s::regtype",
                        row,
                    )
                    for (column,) in cursor.fetchall():
                        other = f"{alias}.{column}"
                        cursor.execute(
                            f"SELECT EXISTS (SELECT FROM {tables} WHERE {other} IS NOT NULL"
                            f" AND {other} IS DISTINCT FROM {key})"
                        )
                        if other != key and cursor.fetchone() == (True,):
                            yield entity, number, other


def exchanged(text: str, entity: Entity, number: int, key: str) -> str:
    """Write another key into one source."""
    lines, at, inside = [], -1, False
    for line in text.splitlines():
        if line.startswith("["):
            inside = line == f"[[{entity.plural}.sources]]"
            at += inside
        is_it = inside and at == number and line.startswith("key =")
        lines.append(f"key = '{key}'" if is_it else line)
    return "\n".join(lines)


def is_seen(url: str, config: Path, entity: Entity) -> bool:
    with Desk(load_settings(store_url=url, config=config)) as desk:
        return any(
            finding.level in {Level.ERROR, Level.WARNING}
            for look in (sources._fit, sources._cover, sources._keys)
            for finding in look(desk, entity)
        )


def test_a_key_that_is_another_column_is_seen(
    store: tuple[str, str], bare_environment: None, tmp_path: Path
) -> None:
    name, url = store
    folder = tmp_path / name
    shutil.copytree(store_presets.PRESETS / name, folder)
    config = folder / "influence.toml"
    text = config.read_text()
    assert not any(is_seen(url, config, entity) for entity in STORE_ENTITIES)
    unseen, tried = [], 0
    for entity, number, key in exchanges(url, tomllib.loads(text)):
        config.write_text(exchanged(text, entity, number, key))
        tried += 1
        if not is_seen(url, config, entity):
            unseen.append((entity, number, key))
    assert tried >= 9
    assert len(unseen) <= UNSEEN[name], unseen
