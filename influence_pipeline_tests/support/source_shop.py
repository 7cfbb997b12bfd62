"""A store of the test's own tables, and its sources read as the engine reads them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.store import fingerprints
from influence_pipeline.store.fingerprints import Fingerprinting, describe_sources
from influence_pipeline.store.mapping import Described, Mapping, SourceTables, describe

T = SourceTables("t", ("t",), "t.id")
SELECT = "SELECT id, 'a' AS title FROM t"

# Of each record: its fingerprint, and how many source rows it is of.
Prints = dict[str, tuple[int, int]]


class OwnTables:
    """A store of which a test makes the tables. `run` is the shop's own hand; `store` reads only.
    `seconds`: the longest statement."""

    def __init__(self, url: str, seconds: int = 0) -> None:
        self.url = url
        self.store = Postgres(
            url,
            variable="the store",
            kind=StoreError,
            read_only=True,
            statement_timeout_seconds=seconds,
        )
        self.connection = psycopg2.connect(url)
        self.connection.autocommit = True

    def close(self) -> None:
        self.store.close()
        self.connection.close()

    def run(self, *statements: str, values: Any = None) -> list[Any]:
        """Run statements, each committed; give the rows of the last one."""
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def table(self, columns: str, *rows: tuple[object, ...]) -> None:
        self.run("DROP TABLE IF EXISTS t CASCADE", f"CREATE TABLE t ({columns})")
        for row in rows:
            self.run("INSERT INTO t VALUES %s", values=(row,))


class SourceShop(OwnTables):
    """Its sources, read as the engine reads them. `native` False: as on a server that cannot hash
    records."""

    def __init__(self, url: str, seconds: int = 0) -> None:
        super().__init__(url, seconds)
        self.native = True

    @property
    def has_icu(self) -> bool:
        return self._can("SELECT 'a' < 'b' COLLATE unicode") or self._can(
            "SELECT 'a' < 'b' COLLATE \"und-x-icu\""
        )

    @property
    def has_xml(self) -> bool:
        return self._can("SELECT '<a/>'::xml")

    def _can(self, statement: str) -> bool:
        try:
            self.run(statement)
        except psycopg2.Error:
            return False
        return True

    def described(
        self, *sources: SourceTables, select: str = SELECT
    ) -> tuple[Described, Fingerprinting]:
        """Hold a mapping against the store."""
        mapping = Mapping(Entity.PRODUCT, Path("p.sql"), select, sources or (T,))
        with self.store.transaction() as connection:
            described = describe(connection, mapping)
            described = replace(described, native=described.native and self.native)
            return described, describe_sources(connection, described)

    def prints(self, *sources: SourceTables, select: str = SELECT) -> Fingerprinting:
        return self.described(*sources, select=select)[1]

    def streamed(
        self, prints: Fingerprinting, buckets: int = 1, only: Sequence[int] | None = None
    ) -> Prints:
        """All that is streamed, taken in by COPY and added up as the state does."""
        with self.connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS taken")
            cursor.execute("CREATE TEMP TABLE taken (key text, source_hash bigint, rows bigint)")

            def take(write: Any) -> None:
                part = io.BytesIO()
                write(part)
                part.seek(0)
                cursor.copy_expert("COPY taken FROM STDIN", part)

            fingerprints.copy_fingerprints(self.store, prints, take, buckets=buckets, only=only)
            cursor.execute(
                "SELECT key, (sum(source_hash) % 9223372036854775808)::bigint, sum(rows)::bigint "
                'FROM taken GROUP BY key COLLATE "C", key'
            )
            return {key: (print_, rows) for key, print_, rows in cursor.fetchall()}

    def of_keys(self, prints: Fingerprinting, keys: Sequence[str]) -> Prints:
        with self.store.transaction() as connection:
            found = list(fingerprints.fingerprints_of(connection, prints, keys))
        assert len({key for key, _, _ in found}) == len(found)
        return {key: (print_, rows) for key, print_, rows in found}

    def agreed(self, prints: Fingerprinting, buckets: int = 8) -> Prints:
        """All fingerprints. Streamed, asked for by key, by bucket and in sums they must be one."""
        streamed = self.streamed(prints)
        assert self.of_keys(prints, list(streamed)) == streamed
        in_buckets = [self.streamed(prints, buckets, [number]) for number in range(buckets)]
        assert sum(map(len, in_buckets)) == len(streamed)
        assert {key: found for some in in_buckets for key, found in some.items()} == streamed
        sums = [sum(found for found, _ in some.values()) % 2**63 for some in in_buckets]
        assert fingerprints.bucket_sums(self.store, prints, buckets) == sums
        with self.store.transaction() as connection:
            rows, _ = fingerprints.key_sums(connection, prints)
        assert rows == sum(count for _, count in streamed.values())
        return streamed

    def now(self, *sources: SourceTables, select: str = SELECT) -> Prints:
        """The fingerprints of all records, as a capture that begins now makes them."""
        return self.agreed(self.prints(*sources, select=select))
