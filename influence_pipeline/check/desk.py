"""What the checks look at, opened once and when first asked for: settings, databases, mappings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from influence_pipeline.check.samples import Sample, take
from influence_pipeline.errors import ConfigurationError, StoreError
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.settings import Config, Settings, place_of
from influence_pipeline.state.connection import connect
from influence_pipeline.store.configured import configured_mapping
from influence_pipeline.store.coupons.choice import coupon_writer
from influence_pipeline.store.coupons.interface import CouponWriter
from influence_pipeline.store.mapping import Described, Mapping, describe
from influence_pipeline.store.rights import Held, look
from influence_pipeline.store.sources import Probed, probe_sources
from influence_pipeline.webhooks.context import writing_statements

# A check answers while somebody waits for it.
STATEMENT_SECONDS = 10


class Desk:
    """One configuration. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._coupon_writer: CouponWriter | None = None

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        for name in ("store", "state", "coupons", "api"):
            opened = self.__dict__.get(name)
            if opened is not None:
                opened.close()
        if self._coupon_writer is not None:
            self._coupon_writer.close()

    @property
    def config(self) -> Config:
        """Raises ConfigurationError where the file cannot be read."""
        return self.settings.config

    @property
    def accepted(self) -> frozenset[str]:
        """Names of checks whose findings a person has accepted."""
        try:
            return frozenset(self.config.check.accept)
        except ConfigurationError:
            return frozenset()

    # -- places ------------------------------------------------------------------------------

    def place(self, *keys: str | int) -> str:
        """Give the place of a key of influence.toml for messages: "influence.toml, line 12"."""
        return place_in(self.settings.file, keys)

    def file_of(self, entity: Entity) -> str:
        """Give the file of an entity's SELECT, for messages."""
        return str(self.settings.folder / self.config.mapping(entity).query)

    # -- the store ---------------------------------------------------------------------------

    @cached_property
    def store(self) -> Postgres:
        return Postgres(
            self.settings.secret("store_url"),
            variable="INFLUENCE_STORE_URL",
            kind=StoreError,
            read_only=True,
            statement_timeout_seconds=STATEMENT_SECONDS,
        )

    @cached_property
    def coupons(self) -> Postgres:
        """The database of the coupon role."""
        given = self.settings.environment.coupon_url is not None
        return Postgres(
            self.settings.coupon_url,
            variable="INFLUENCE_COUPON_URL" if given else "INFLUENCE_STORE_URL",
            kind=StoreError,
            statement_timeout_seconds=STATEMENT_SECONDS,
        )

    @property
    def coupon_variable(self) -> str:
        given = self.settings.environment.coupon_url is not None
        return "INFLUENCE_COUPON_URL" if given else "INFLUENCE_STORE_URL"

    @property
    def coupon_writer(self) -> CouponWriter:
        """Raises ConfigurationError or MappingError where it cannot be put together."""
        if self._coupon_writer is None:
            self._coupon_writer = coupon_writer(self.settings)
        return self._coupon_writer

    @cached_property
    def mappings(self) -> dict[Entity, Mapping]:
        """Every mapping whose file can be read."""
        found = {}
        for entity in STORE_ENTITIES:
            try:
                found[entity] = self.mapping(entity)
            except ConfigurationError:
                continue
        return found

    def mapping(self, entity: Entity) -> Mapping:
        """Raises MappingError where its file cannot be read."""
        return configured_mapping(self.settings, entity)

    def described(self, entity: Entity) -> Described:
        """Raises MappingError where it does not fit the store."""
        if entity not in self._described:
            with self.store.transaction() as connection:
                self._described[entity] = describe(connection, self.mapping(entity))
        return self._described[entity]

    def probed(self, entity: Entity) -> Probed:
        """Raises MappingError where a source does not fit the store."""
        if entity not in self._probed:
            described = self.described(entity)
            with self.store.transaction() as connection:
                self._probed[entity] = probe_sources(connection, described)
        return self._probed[entity]

    def sample(self, entity: Entity) -> Sample:
        """Records taken at random. Raises MappingError or StoreError."""
        if entity not in self._samples:
            self._samples[entity] = take(self.store, self.described(entity))
        return self._samples[entity]

    @contextmanager
    def asking(self) -> Iterator[sa.Connection]:
        """Open a read-only transaction in the store."""
        with self.store.transaction() as connection:
            yield connection

    @cached_property
    def _described(self) -> dict[Entity, Described]:
        return {}

    @cached_property
    def _probed(self) -> dict[Entity, Probed]:
        return {}

    @cached_property
    def _samples(self) -> dict[Entity, Sample]:
        return {}

    # -- rights ------------------------------------------------------------------------------

    @cached_property
    def reader_rights(self) -> Held:
        """What the reader lacks for the mappings, and has beyond them."""
        with self.store.transaction() as connection:
            return look(connection, self.mappings)

    @cached_property
    def coupon_rights(self) -> Held:
        """The same of the coupon role and what it runs in the store."""
        statements = writing_statements(self.settings, self.coupons)
        with self.coupons.transaction() as connection:
            return look(connection, {}, statements)

    # -- the other ends ----------------------------------------------------------------------

    @cached_property
    def state(self) -> Postgres:
        """The state database; its schema is left as it is."""
        return connect(
            self.settings.secret("state_url"),
            schema=self.config.state_schema,
            statement_timeout_seconds=STATEMENT_SECONDS,
        )

    @cached_property
    def api(self) -> SingleCalls:
        return SingleCalls(self.settings.environment.api_url, self.settings.secret("api_key"))


def place_in(file: Path, keys: tuple[str | int, ...]) -> str:
    """Give file, line and key; of a key that is not there the line of the table it belongs to."""
    try:
        line = place_of(file.read_text(encoding="utf-8"), keys)
    except (OSError, UnicodeDecodeError):
        line = None
    return f"{file}{f', line {line}' if line else ''}, {'.'.join(map(str, keys))}"
