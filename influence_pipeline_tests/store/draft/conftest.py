"""Invented shops of very different style, a database for each, and the draft that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.store.draft import Draft, Wishes
from influence_pipeline.store.presets import put
from influence_pipeline.store.starting import drafted, look
from influence_pipeline_tests.support.databases import throw_away_database

SHOPS = Path(__file__).parent / "shops"


@dataclass(frozen=True)
class Shop:
    """A shop's database, and what a draft of it gives."""

    url: str
    folder: Path

    def run(self, sql: str) -> None:
        with (
            closing(psycopg2.connect(self.url)) as connection,
            connection,
            connection.cursor() as c,
        ):
            c.execute(sql)

    def store(self) -> Postgres:
        return Postgres(
            self.url,
            variable="the shop",
            kind=StoreError,
            read_only=True,
            statement_timeout_seconds=5,
        )

    def draft(self, **wishes: str) -> Draft:
        with closing(self.store()) as store:
            return drafted(store, look(store).catalog, Wishes(**wishes))

    def written(self, **wishes: str) -> Settings:
        """Write a draft into `folder`, and load it."""
        put(self.draft(**wishes).files, self.folder)
        return load_settings(config=self.folder / "influence.toml")

    def records(self, entity: str, **wishes: str) -> dict[str, dict[str, Any]]:
        """What the drafted SELECT gives, by id."""
        select = self.draft(**wishes).files[f"{entity}.sql"]
        with closing(psycopg2.connect(self.url)) as connection:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute("SET timezone = 'UTC'")
                cursor.execute(select)
                found = [dict(row) for row in cursor]
        assert len({str(row["id"]) for row in found}) == len(found)
        return {str(row["id"]): row for row in found}


@pytest.fixture
def open_shop(
    postgres: EmbeddedPostgres, tmp_path: Path, bare_environment: None
) -> Iterator[Callable[[str], Shop]]:
    """Open a shop by the name of its file."""
    with ExitStack() as stack:

        def opened(name: str) -> Shop:
            url = stack.enter_context(throw_away_database(postgres))
            shop = Shop(url, tmp_path / name)
            shop.run((SHOPS / f"{name}.sql").read_text(encoding="utf-8"))
            shop.run("ANALYZE")
            return shop

        yield opened


def money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
