"""What a first mapping is made of: a preset for a store that is recognised, else a draft from the
store's catalog. Decides and gives texts; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from influence_pipeline.postgres import Postgres
from influence_pipeline.settings.schema import DIRECTIVE, SCHEMA_FILE, shipped_schema
from influence_pipeline.store.catalog import Catalog, read_catalog
from influence_pipeline.store.draft import Draft, Wishes, draft
from influence_pipeline.store.presets import preset_files
from influence_pipeline.store.recognise import Recognised, recognise

UNKNOWN = "unknown"
# The most of a preset's tables and columns that may be missing for it to be a start nevertheless.
_MISSING_SHARE = 0.15
# As the presets write it; every amount without a currency of its own is in this one.
_CURRENCY = 'currency = "EUR"'


@dataclass(frozen=True)
class Look:
    """What a look at a store found. `found`: the stores that presets are for, the best first."""

    catalog: Catalog
    found: tuple[Recognised, ...]

    @property
    def best(self) -> Recognised | None:
        return self.found[0] if self.found else None

    @property
    def preset(self) -> str:
        """The preset to start from."""
        best = self.best
        return best.preset if best is not None and is_near(best) else UNKNOWN

    def of(self, preset: str) -> Recognised | None:
        return next((one for one in self.found if one.preset == preset), None)


def is_near(recognised: Recognised) -> bool:
    """Whether a store has enough of what its preset reads for the preset to be a start."""
    return recognised.missing_share <= _MISSING_SHARE


def look(store: Postgres) -> Look:
    """Read the catalog and recognise the store. Raises StoreError."""
    with store.transaction() as connection:
        catalog = read_catalog(connection)
        return Look(catalog, tuple(recognise(connection, catalog)))


def drafted(store: Postgres, catalog: Catalog, wishes: Wishes) -> Draft:
    """Draft a mapping from the catalog and a bounded look at rows. Raises StoreError."""
    with store.transaction() as connection:
        return draft(connection, catalog, wishes)


def preset_texts(name: str, currency: str | None) -> dict[str, str]:
    """The files of a preset, with this currency in place of EUR."""
    texts = preset_files(name)
    if currency is not None and "influence.toml" in texts:
        texts["influence.toml"] = texts["influence.toml"].replace(
            _CURRENCY, f'currency = "{currency}"'
        )
    return texts


def with_schema(texts: dict[str, str]) -> dict[str, str]:
    """Add the JSON Schema, and the line by which an editor finds it."""
    made = {**texts, SCHEMA_FILE: shipped_schema()}
    toml = texts.get("influence.toml")
    if toml is not None and not toml.startswith("#:schema"):
        made["influence.toml"] = f"{DIRECTIVE}\n\n{toml}"
    return made
