"""What a mapping's sources are in the store's catalog: rows without ids, other tables, hidden rows,
keys of the wrong kind. Each of these, unnoticed, would lose changes without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.errors import MappingError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.store import changes
from influence_pipeline.store.mapping import Mapping, SourceTables, describe
from influence_pipeline.store.sources import Probed, probe_sources


class Shop:
    """An empty store, and its sources as the engine looks at them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection = psycopg2.connect(url)
        self.connection.autocommit = True

    def run(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def probe(
        self,
        *sources: tuple[str, tuple[str, ...], str],
        select: str = "SELECT id, title FROM t",
        url: str | None = None,
    ) -> Probed:
        mapping = mapping_of(*sources, select=select)
        store = Postgres(url or self.url, variable="it", kind=StoreError, read_only=True)
        try:
            with store.transaction() as connection:
                return probe_sources(connection, describe(connection, mapping))
        finally:
            store.close()


def mapping_of(
    *sources: tuple[str, tuple[str, ...], str], select: str = "SELECT id, title FROM t"
) -> Mapping:
    return Mapping(
        Entity.PRODUCT, Path("p.sql"), select, tuple(SourceTables(*source) for source in sources)
    )


@pytest.fixture
def shop(empty_database_url: str) -> Iterator[Shop]:
    opened = Shop(empty_database_url)
    opened.run("CREATE TABLE t (id int PRIMARY KEY, title text)")
    yield opened
    opened.connection.close()


T = ("t", ("t",), "t.id")


def test_a_view_has_no_transaction_ids_and_a_table_beside_it_has(shop: Shop) -> None:
    shop.run("CREATE VIEW v AS SELECT * FROM t")
    assert shop.probe(("t JOIN v ON v.id = t.id", ("t", "v"), "t.id")).without_ids == ("v",)


def foreign(shop: Shop) -> None:
    """Make `f`, a foreign table on `t` in this same database."""
    own = psycopg2.extensions.parse_dsn(shop.url)
    shop.run(
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw "
        f"OPTIONS (host '127.0.0.1', port '{own['port']}', dbname '{own['dbname']}')",
        "CREATE USER MAPPING FOR postgres SERVER here "
        f"OPTIONS (user 'postgres', password '{own['password']}')",
        "CREATE FOREIGN TABLE f (id int, title text) SERVER here OPTIONS (table_name 't')",
    )


def test_a_foreign_table_has_none_though_it_gives_an_xmin(
    shop: Shop,
) -> None:
    foreign(shop)
    assert shop.probe(("f", ("f",), "f.id")).without_ids == ("f",)
    assert shop.probe(('f "Odd"', ('"Odd"',), '"Odd".id')).without_ids == ('"Odd"',)
    # Two of them are joined by the other server.
    both = ("f a JOIN f b ON a.id = b.id", ("a", "b"), "a.id")
    assert shop.probe(both).without_ids == ("a", "b")


def test_a_foreign_partition_takes_them_from_the_whole_table(
    shop: Shop,
) -> None:
    foreign(shop)
    shop.run(
        "CREATE TABLE parts (id int, title text) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100)",
        "CREATE FOREIGN TABLE high PARTITION OF parts FOR VALUES FROM (100) TO (200) "
        "SERVER here OPTIONS (table_name 't')",
    )
    assert shop.probe(("parts p", ("p",), "p.id")).without_ids == ("p",)


def test_control_the_xmin_of_a_foreign_table_never_counts_as_new(
    shop: Shop,
) -> None:
    foreign(shop)
    shop.run("INSERT INTO t VALUES (1, 'a')")
    mapping = mapping_of(("f", ("f",), "f.id"))
    store = Postgres(shop.url, variable="it", kind=StoreError, read_only=True)
    with store.transaction() as connection:
        point = changes.capture_point(connection, mapping, changes.present(connection))
    shop.run("UPDATE t SET title = 'b'")
    with store.transaction() as connection:
        now = changes.present(connection)
        assert changes.look(connection, mapping, point, now)[0] == []
    store.close()


def test_another_table_under_the_same_name_and_a_new_partition_are_noticed(shop: Shop) -> None:
    shop.run(
        "CREATE TABLE t2 (LIKE t INCLUDING ALL)",
        "CREATE TABLE parts (id int, title text) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100)",
        "CREATE TABLE high (id int, title text)",
    )
    first = shop.probe(T, ("parts p", ("p",), "p.id")).tables
    assert shop.probe(T, ("parts p", ("p",), "p.id")).tables == first
    shop.run("ALTER TABLE parts ATTACH PARTITION high FOR VALUES FROM (100) TO (200)")
    attached = shop.probe(T, ("parts p", ("p",), "p.id")).tables
    shop.run("ALTER TABLE t RENAME TO t_old", "ALTER TABLE t2 RENAME TO t")
    renamed = shop.probe(T, ("parts p", ("p",), "p.id")).tables
    assert len({first, attached, renamed}) == 3


def test_row_level_security_that_applies_to_the_role_is_named_wherever_it_is_read(
    shop: Shop,
) -> None:
    name = f"reader_{shop.url.rsplit('/', 1)[1]}"
    shop.run(
        "CREATE TABLE parts (id int, title text) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100)",
        "CREATE TABLE other (id int, title text)",
        f"CREATE ROLE {name} LOGIN PASSWORD 'reader'",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE parts ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE other ENABLE ROW LEVEL SECURITY",
    )
    own = psycopg2.extensions.parse_dsn(shop.url)
    url = f"postgresql://{name}:reader@127.0.0.1:{own['port']}/{own['dbname']}"
    try:
        found = shop.probe(
            T,
            ("parts p", ("p",), "p.id"),
            select="SELECT id, (SELECT o.title FROM other o WHERE o.id = t.id) AS title FROM t",
            url=url,
        )
        assert found.hidden == ("other", "parts", "t")
        # The owner sees all rows.
        assert shop.probe(T).hidden == ()
    finally:
        shop.run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_key_of_another_type_than_the_id_is_refused_with_the_mend(shop: Shop) -> None:
    with pytest.raises(MappingError) as caught:
        shop.probe(("t", ("t",), "t.title"))
    assert 'key = "t.title": it is text, and the id that the SELECT gives is integer' in str(
        caught.value
    )
    assert "(t.title)::integer" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "select"),
    [
        ("t.id", "SELECT id::text AS id, title FROM t"),
        ("t.id::bigint", "SELECT id, title FROM t"),
        ("t.id::numeric", "SELECT id, title FROM t"),
        ("t.id -- the record", "SELECT id, title FROM t -- all of them"),
    ],
)
def test_a_key_that_can_be_compared_with_the_id_is_taken(shop: Shop, key: str, select: str) -> None:
    assert shop.probe(("t -- the products", ("t",), key), select=select).without_ids == ()


def test_a_comment_in_a_from_clause_stays_a_comment(shop: Shop) -> None:
    shop.run("INSERT INTO t VALUES (1, 'a')")
    mapping = mapping_of(("t -- the products", ("t",), "t.id -- theirs"))
    store = Postgres(shop.url, variable="it", kind=StoreError, read_only=True)
    with store.transaction() as connection:
        now = changes.present(connection)
        point = changes.capture_point(connection, mapping, now)
    shop.run("INSERT INTO t VALUES (2, 'b')")
    with store.transaction() as connection:
        now = changes.present(connection)
        assert changes.look(connection, mapping, point, now)[0] == ["2"]
    store.close()


def test_a_role_that_may_not_read_xmin_is_told_what_to_grant(shop: Shop) -> None:
    name = f"narrow_{shop.url.rsplit('/', 1)[1]}"
    shop.run(
        f"CREATE ROLE {name} LOGIN PASSWORD 'narrow'", f"GRANT SELECT (id, title) ON t TO {name}"
    )
    own = psycopg2.extensions.parse_dsn(shop.url)
    url = f"postgresql://{name}:narrow@127.0.0.1:{own['port']}/{own['dbname']}"
    try:
        with pytest.raises(MappingError, match=r"GRANT SELECT \(xmin, tableoid\)"):
            shop.probe(T, url=url)
        shop.run(f"GRANT SELECT (xmin, tableoid) ON t TO {name}")
        assert shop.probe(T, url=url).without_ids == ()
    finally:
        shop.run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
