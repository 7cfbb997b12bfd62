"""Small shops of the project's own that stand in for Medusa, Vendure and Saleor.

A folder each: the tables that the preset reads, with rows that cover what is hard about that store
(`schema.sql`, `data.sql`), and what the preset must make of every row, by hand (`expected.toml`).
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.state.database import open_state
from influence_pipeline.store.mapping import Mapping, describe
from influence_pipeline.store.reader import all_keys, rows_of
from influence_pipeline.sync.capture import Captured, CaptureJob, capture
from influence_pipeline_tests.support import store_presets

FOLDER = Path(__file__).parent
Table = dict[str, dict[str, str]]


def create(name: str, url: str) -> None:
    """Make a shop in an empty database."""
    for file in ("schema.sql", "data.sql"):
        write(url, (FOLDER / name / file).read_text(encoding="utf-8"))


def write(url: str, sql: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)


def expected(name: str) -> Table:
    return tomllib.loads((FOLDER / name / "expected.toml").read_text(encoding="utf-8"))


@dataclass
class SmallShop:
    """A shop, a copy of its preset that may be changed, and a state to capture into."""

    name: str
    url: str
    folder: Path
    store: Postgres
    state: Postgres | None = None
    expected: Table = field(init=False)

    def __post_init__(self) -> None:
        self.expected = expected(self.name)

    @property
    def mappings(self) -> dict[Entity, Mapping]:
        return store_presets.mappings(self.folder)

    def write(self, sql: str) -> None:
        write(self.url, sql)

    def change(self, file: str, *replacements: tuple[str, str]) -> None:
        store_presets.change(self.folder, file, *replacements)

    def tick(self) -> dict[Entity, Captured]:
        """Look for changes, as an incremental sync does; no search for deletes."""
        assert self.state is not None
        return {
            entity: capture(
                self.state, self.store, CaptureJob(mapping, check_percent=0.0), _nothing
            )
            for entity, mapping in self.mappings.items()
        }

    def table(self) -> Table:
        """Every canonical row, in the short words of `expected.toml`."""
        made: Table = {}
        with self.store.transaction() as connection:
            for entity in STORE_ENTITIES:
                described = describe(connection, self.mappings[entity])
                keys = list(all_keys(connection, described))
                rows, poison = rows_of(connection, described, keys)
                assert poison == []
                made[entity.plural] = {_short(row.key): _WORDS[entity](row.values) for row in rows}
        return made

    def differing(self) -> set[str]:
        """Say which records are not as expected."""
        found = self.table()
        return {
            key
            for entity, wanted in self.expected.items()
            for key in wanted.keys() | found[entity].keys()
            if wanted.get(key) != found[entity].get(key)
        }


@contextmanager
def opened(
    name: str, store_url: str, folder: Path, state_url: str | None = None
) -> Iterator[SmallShop]:
    """The small shop in this database, with its preset copied into a folder."""
    shutil.copytree(store_presets.PRESETS / name, folder)
    store = Postgres(store_url, variable="the store", kind=StoreError, read_only=True)
    state = open_state(state_url, schema="influence") if state_url else None
    try:
        yield SmallShop(name, store_url, folder, store, state)
    finally:
        store.close()
        if state is not None:
            state.close()


def _customer(row: dict[str, Any]) -> str:
    names = " ".join(filter(None, (row["first_name"], row["last_name"])))
    return _row(row["email"], names, row["phone"])


def _product(row: dict[str, Any]) -> str:
    variants = ", ".join(
        " ".join(str(v[name] or "-") for name in ("id", "sku", "title", "image_url"))
        for v in row["variants"]
    )
    assert all(variant["status"] == "active" for variant in row["variants"])
    return _row(row["title"], row["status"], row["image_url"], variants)


def _order(row: dict[str, Any]) -> str:
    codes = ", ".join(
        f"{code['code']} {_number(code['amount'])}".strip() for code in row["discount_codes"]
    )
    lines = ", ".join(
        f"{_number(line['quantity'])} x {line['product_id'] or '-'}/{line['variant_id'] or '-'}"
        f" @ {_number(line['unit_price'])}"
        for line in row["line_items"]
    )
    total = f"{_number(row['total'])} {row['currency']}"
    return _row(row["financial_status"], total, row["customer_id"], row["email"], codes, lines)


def _row(*values: Any) -> str:
    return " | ".join(str(value) if value not in (None, "") else "-" for value in values)


def _short(key: str) -> str:
    """Of the ids of Saleor's orders, their number."""
    return re.sub(r"^0{8}(-0{4}){3}-0+", "", key)


def _number(value: Any) -> str:
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"


_WORDS = {Entity.CUSTOMER: _customer, Entity.PRODUCT: _product, Entity.ORDER: _order}


def _nothing(_point: str) -> None:
    """No crash point."""
