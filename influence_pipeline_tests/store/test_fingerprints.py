"""Fingerprints of source rows: any change of any row shows and nothing else does; all ways of asking
for them, by key, in a stream, by bucket, in parts, and the state's own sums, give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest

from influence_pipeline import postgres as connections
from influence_pipeline.errors import MappingError, StoreError
from influence_pipeline.postgres import Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.sql import load_queries
from influence_pipeline.state.database import open_state
from influence_pipeline.store import fingerprints, reader
from influence_pipeline.store.fingerprints import Fingerprinting
from influence_pipeline.store.mapping import ColumnType, SourceTables, hashed_value
from influence_pipeline.sync import capture
from influence_pipeline_tests.support.source_shop import Prints, SourceShop, T

LINES = SourceTables("lines l", ("l",), "l.t_id")
BOTH = SourceTables("t JOIN lines l ON l.t_id = t.id", ("l", "t"), "t.id")


@pytest.fixture(params=[True, False], ids=["record", "text"])
def both_ways(request: pytest.FixtureRequest, tables: SourceShop) -> SourceShop:
    """A shop that hashes records, and one on a server that cannot (before Postgres 14)."""
    tables.native = request.param
    return tables


# -- what a fingerprint depends on -----------------------------------------------------------------

# A collation that calls texts equal that are not; only servers built with ICU have such.
ANY_CASE = "COLLATE any_case"
# Each value is another than the one before it, though the store may call some of them equal.
VALUES: dict[str, tuple[str | None, ...]] = {
    "int": ("0", "1", "-1", None),
    "bigint": ("9223372036854775807", "-9223372036854775808"),
    "numeric": ("0", "0.1", "0.10000000000000000000001", "NaN"),
    "float8": ("0.1", "0.10000000000000002", "NaN", "Infinity"),
    "bool": ("true", "false", None),
    "text": (None, "", " ", "NULL", "\\N"),
    "varchar(9)": ("a", "A", ""),
    f"text {ANY_CASE}": ("a", "A", "á"),
    "citext": ("a", "A"),
    "char(3)": ("a", "b", None),
    "json": ('{"a":1}', '{"a": 1}', "null", None),
    "jsonb": ('{"a": 1}', '{"a": "1"}', "null", None),
    "xml": ("<a/>", "<a></a>", None),
    "point": ("(1,2)", "(1,2.0000000000000004)"),
    "mood": ("glad", "sad", None),
    "pair": ("(1,a)", "(1,)", "(,a)", None),
    "short": ("a", "", None),
    "text[]": ("{a,b}", '{"a,b"}', "{{a},{b}}", "{a,NULL,b}", "{}", None),
    "int[]": ("{1,2,3,4}", "{{1,2},{3,4}}", "[0:3]={1,2,3,4}"),
    "json[]": ('{"{}"}', '{"[]"}'),
    "mood[]": ("{glad}", "{sad}"),
    "bytea": ("\\x", "\\x00", None),
    "date": ("2026-01-01", "infinity"),
    "timestamptz": ("infinity", "-infinity", "2026-01-01Z", "2026-01-01 00:00:00.000001Z"),
    "interval": ("30 days", "1 mon", "720 hours"),
    "money": ("1.00", "1.01"),
    "int4range": ("[1,3)", "[1,4)", "empty", None),
    "tsvector": ("a", "b"),
    "inet": ("10.0.0.1", "10.0.0.1/31"),
    "bit varying(4)": ("1", "10"),
    "uuid": ("01890a5d-ac96-774b-bcce-b302099a8057", None),
}


def make_types(shop: SourceShop) -> None:
    shop.run(
        "CREATE EXTENSION citext",
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
        "CREATE TYPE pair AS (n int, word text)",
        "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9)",
        "CREATE DOMAIN number AS int CHECK (VALUE <> 0)",
        "CREATE DOMAIN sku AS varchar(9) CHECK (VALUE ~ '^[a-z]+-[0-9]+$')",
    )
    if shop.has_icu:
        shop.run(
            "CREATE COLLATION any_case "
            "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )


def known_to(shop: SourceShop, by_type: dict[str, Any]) -> dict[str, Any]:
    """Those types that this server was built with."""
    lacks = {kind for kind, has in ((ANY_CASE, shop.has_icu), ("xml", shop.has_xml)) if not has}
    return {kind: found for kind, found in by_type.items() if not lacks & {kind, kind[5:]}}


def unseen_changes(shop: SourceShop) -> set[str]:
    """Change one column after the other; name the types of which a change did not show."""
    make_types(shop)
    types = known_to(shop, VALUES)
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(types))
    shop.table(f"id int, {columns}", *[(n, *(v[0] for v in types.values())) for n in (1, 2)])
    prints = shop.prints()
    first = shop.streamed(prints)
    unseen = set()
    for n, (kind, values) in enumerate(types.items()):
        seen = {first["1"]}
        for value in values[1:]:
            shop.run(f"UPDATE t SET c{n} = %s WHERE id = 1", values=(value,))
            found = shop.streamed(prints)
            assert found["2"] == first["2"]
            seen.add(found["1"])
        if len(seen) < len(values):
            unseen.add(kind)
        shop.run(f"UPDATE t SET c{n} = %s WHERE id = 1", values=(values[0],))
        assert shop.streamed(prints) == first, kind
    assert shop.agreed(prints) == first
    return unseen


def test_a_change_of_any_column_shows_and_is_gone_when_it_is_undone(both_ways: SourceShop) -> None:
    assert unseen_changes(both_ways) == set()


def test_a_change_shows_where_the_collation_calls_both_equal(old: SourceShop) -> None:
    assert unseen_changes(old) == set()


def hashed_as_it_is(alias: str, name: str, found: ColumnType) -> str:
    own = found.collatable or found.name in {"text[]", "integer[]", "interval"}
    return f'{alias}."{name}"' if own else hashed_value(alias, name, found)


def test_control_hashes_of_postgres_alone_do_not_tell_all_that_it_calls_equal(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "hashed_value", hashed_as_it_is)
    assert {"interval", "int[]"} <= unseen_changes(tables)


def test_control_the_columns_own_collation_hides_a_change(
    old: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "hashed_value", hashed_as_it_is)
    assert f"text {ANY_CASE}" in unseen_changes(old)


def small_shop(shop: SourceShop) -> None:
    shop.table("id int PRIMARY KEY, title text", (1, "a"), (2, "b"), (3, "c"))
    shop.run(
        "DROP TABLE IF EXISTS lines",
        "CREATE TABLE lines (t_id int, item text, price numeric)",
        "INSERT INTO lines VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 1), (2, 'x', 1)",
    )


def changed_by(shop: SourceShop, statement: str) -> set[str]:
    """Say which records have another fingerprint afterwards."""
    before = shop.now(T, LINES)
    shop.run(statement)
    after = shop.now(T, LINES)
    return {
        key
        for key in before | after
        if before.get(key, (None, 0))[0] != after.get(key, (None, 0))[0]
    }


CHANGES = {
    "INSERT INTO lines VALUES (3, 'x', 1)": {"3"},
    "INSERT INTO lines VALUES (4, 'x', 1)": {"4"},
    "INSERT INTO lines VALUES (3, 'z', 1), (3, 'z', 1)": {"3"},
    "INSERT INTO lines VALUES (NULL, 'x', 1)": set(),
    "DELETE FROM lines WHERE item = 'y'": {"1"},
    "DELETE FROM lines WHERE t_id = 2": {"2"},
    "DELETE FROM t WHERE id = 1": {"1"},
    "UPDATE lines SET t_id = 3 WHERE item = 'y'": {"1", "3"},
    "UPDATE lines SET item = 'y' WHERE ctid = (SELECT max(ctid) FROM lines WHERE t_id = 2)": {"2"},
    "UPDATE t SET title = NULL WHERE id = 1": {"1"},
    "UPDATE t SET title = title": set(),
}


@pytest.mark.parametrize("statement", CHANGES)
def test_a_row_that_comes_goes_or_moves_changes_its_records_and_no_other(
    tables: SourceShop, statement: str
) -> None:
    small_shop(tables)
    assert changed_by(tables, statement) == CHANGES[statement]


def test_control_an_exclusive_or_of_the_hashes_does_not_see_two_equal_rows(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_shop(tables)
    monkeypatch.setattr(
        fingerprints,
        "_grouped",
        lambda selects: (
            "SELECT key::text, bit_xor(hash), count(*) FROM "
            f"({' UNION ALL '.join(selects)}) AS q WHERE key IS NOT NULL GROUP BY key"
        ),
    )
    before = tables.streamed(tables.prints(LINES))
    tables.run("INSERT INTO lines VALUES (1, 'z', 1), (1, 'z', 1)")
    assert tables.streamed(tables.prints(LINES))["1"][0] == before["1"][0]


REWRITES = {
    "vacuum full": ("VACUUM FULL lines", "VACUUM FULL t"),
    "frozen": ("VACUUM (FREEZE) lines",),
    "another order": (
        "CREATE TABLE other AS SELECT * FROM lines ORDER BY price DESC, item DESC",
        "TRUNCATE lines",
        "INSERT INTO lines SELECT * FROM other",
    ),
    "another name for the same types": (
        "ALTER TABLE lines ALTER item TYPE varchar",
        "ALTER TABLE t ALTER title TYPE varchar(20)",
    ),
    "a column gone and come again": (
        "ALTER TABLE lines ADD spare int",
        "ALTER TABLE lines DROP spare",
    ),
}


@pytest.mark.parametrize("statements", REWRITES.values(), ids=REWRITES)
def test_where_and_how_rows_are_kept_does_not_count(
    both_ways: SourceShop, statements: tuple[str, ...]
) -> None:
    small_shop(both_ways)
    before = both_ways.now(T, LINES, BOTH)
    both_ways.run(*statements)
    assert both_ways.now(T, LINES, BOTH) == before


def test_an_enum_made_anew_changes_no_fingerprint(both_ways: SourceShop) -> None:
    both_ways.run("CREATE TYPE mood AS ENUM ('glad', 'sad')")
    both_ways.table("id int, mood mood, moods mood[]", (1, "glad", "{sad}"), (2, "sad", "{glad}"))
    before = both_ways.now()
    both_ways.run(
        "ALTER TYPE mood RENAME TO mood_old",
        "CREATE TYPE mood AS ENUM ('sad', 'glad', 'new')",
        "ALTER TABLE t ALTER mood TYPE mood USING mood::text::mood",
        "ALTER TABLE t ALTER moods TYPE mood[] USING moods::text::mood[]",
    )
    assert both_ways.now() == before


def test_a_column_added_shows_in_the_method(tables: SourceShop) -> None:
    small_shop(tables)
    before = tables.prints(T, LINES).method
    assert tables.prints(T, LINES).method == before
    tables.run("ALTER TABLE lines ADD spare int")
    assert tables.prints(T, LINES).method != before


SETTINGS = {
    "timezone": "'Pacific/Auckland'",
    "datestyle": "'SQL, DMY'",
    "intervalstyle": "'iso_8601'",
    "extra_float_digits": "-15",
    "bytea_output": "'escape'",
}


def touchy(shop: SourceShop) -> None:
    """A record whose columns are written otherwise under each of the settings."""
    shop.run("CREATE TYPE bag AS (b bytea, i interval)")
    shop.table(
        "id int, at timestamptz[], days daterange, span interval, spot point, bag bag",
        (1, "{2026-03-01 12:00+00}", "[2026-02-01,2026-03-04)", "1 day 2:00", "(0.30000000000000004,1)", "(\\\\x00ff,1 day)"),
    )  # fmt: skip


def set_for_all(shop: SourceShop, whose: str, *names: str) -> None:
    database = shop.url.rsplit("/", 1)[1]
    target = (
        f"DATABASE {database}" if whose == "DATABASE" else f"ROLE postgres IN DATABASE {database}"
    )
    for name in names:
        shop.run(f"ALTER {target} SET {name} = {SETTINGS[name]}")
    shop.store.close()  # the next transaction is a new session


@pytest.mark.parametrize("whose", ["DATABASE", "ROLE"])
def test_no_setting_of_the_database_or_the_role_changes_a_fingerprint(
    both_ways: SourceShop, whose: str
) -> None:
    touchy(both_ways)
    before = both_ways.now()
    set_for_all(both_ways, whose, *SETTINGS)
    assert both_ways.now() == before


def test_control_without_the_prelude_each_setting_changes_the_fingerprint(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_prelude", lambda *_: ["SELECT 1"])
    touchy(tables)
    with closing(SourceShop(tables.url)) as bare:
        seen = [bare.streamed(bare.prints())["1"]]
        # The driver sets the style of dates itself.
        for setting in SETTINGS.keys() - {"datestyle"}:
            set_for_all(bare, "DATABASE", setting)
            seen.append(bare.streamed(bare.prints())["1"])
    assert len(set(seen)) == len(SETTINGS)


# -- all ways agree --------------------------------------------------------------------------------

KEYS = {
    "int": ["1", "-7", "0", "2147483647", "-2147483648"],
    "bigint": ["9223372036854775807", "-9223372036854775808", "-1"],
    "smallint": ["-32768", "32767"],
    "number": ["1", "-2", "30"],
    "text": ["", " ", "a\tb", "line\nbreak", "\\", "\\N", "it's", "%s", "{a}", "NULL", "Ü", "日本"],
    'text COLLATE "C"': ["a", "B", "Ä"],
    f"text {ANY_CASE}": ["a", "b", "ß"],
    "varchar(9)": ["abc", "ABC"],
    "citext": ["Anna", "berta"],
    "char(10)": ["abc", "abd"],
    "sku": ["ab-1", "ab-2"],
    "uuid": ["01890a5d-ac96-774b-bcce-b302099a8057", "f1890a5d-ac96-774b-bcce-b302099a8057"],
    "numeric": ["1", "1.50", "-0.10", "12345678901234567890.123"],
    "date": ["2026-02-28", "infinity"],
    "timestamptz": ["2026-02-28 12:00:00.000001+00"],
    "mood": ["glad", "sad"],
    "bytea": ["\\x00ff", "\\x"],
    "bit varying(8)": ["1010", "10100"],
}


def wide_shop(shop: SourceShop, kind: str, keys: list[str]) -> None:
    """Records of two pages or so, with five lines each; a line of nobody; a record without lines."""
    shop.run("DROP TABLE IF EXISTS t, lines CASCADE")
    shop.run(
        f"CREATE TABLE t (id {kind} PRIMARY KEY, pad text)",
        f"CREATE TABLE lines (t_id {kind}, item int, pad text)",
        *(f"ALTER TABLE {table} ALTER pad SET STORAGE PLAIN" for table in ("t", "lines")),
    )
    for key in keys:
        shop.run("INSERT INTO t VALUES (%s, repeat('x', 3000))", values=(key,))
    for key in keys[1:]:
        shop.run(
            "INSERT INTO lines SELECT %s, n, repeat('y', 2500) FROM generate_series(1, 5) n",
            values=(key,),
        )
    shop.run("INSERT INTO lines VALUES (NULL, 0, '')")


def test_all_ways_agree_whatever_the_type_of_the_key(
    both_ways: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_types(both_ways)
    for kind, keys in known_to(both_ways, KEYS).items():
        wide_shop(both_ways, kind, keys)
        prints = both_ways.prints(T, LINES, BOTH)
        in_one = both_ways.agreed(prints)
        assert {key: rows for key, (_, rows) in in_one.items()} == {
            key: 1 if key == keys[0] else 11 for key in keys
        }, kind
        with monkeypatch.context() as patched:
            patched.setattr(fingerprints, "PAGES_PER_PART", 1)
            assert both_ways.agreed(prints) == in_one, kind


def test_all_ways_agree_under_a_collation_that_calls_keys_equal(old: SourceShop) -> None:
    make_types(old)
    wide_shop(old, f"text {ANY_CASE}", ["Anna", "berta"])
    prints = old.prints(T, LINES)
    assert set(old.agreed(prints)) == {"Anna", "berta"}
    assert set(old.of_keys(prints, ["anna", "berta"])) == {"berta"}


def test_a_key_asked_for_in_another_spelling_is_another_key(tables: SourceShop) -> None:
    make_types(tables)
    for kind, own, other in (("citext", "Abc", "abc"), ("numeric", "1.0", "1.00")):
        wide_shop(tables, kind, [own])
        prints = tables.prints()
        assert set(tables.of_keys(prints, [other])) == set(), kind
        assert set(tables.of_keys(prints, [own, other])) == {own}, kind


def test_sources_may_have_the_key_in_another_type(tables: SourceShop) -> None:
    tables.table("id text, title text", ("1", "a"), ("007", "b"), ("x", "c"))
    tables.run(
        "CREATE TABLE lines (t_id int, item text)", "INSERT INTO lines VALUES (1, 'a'), (7, 'b')"
    )
    found = tables.now(T, LINES)
    assert {key: rows for key, (_, rows) in found.items()} == {"1": 2, "007": 1, "x": 1, "7": 1}
    tables.run("ALTER TABLE t ALTER id TYPE int USING (CASE id WHEN 'x' THEN '9' ELSE id END)::int")
    for kind in ("numeric", "bigint", "smallint"):
        tables.run(f"ALTER TABLE lines ALTER t_id TYPE {kind}")
        found = tables.now(T, LINES)
        assert {key: rows for key, (_, rows) in found.items()} == {"1": 2, "7": 2, "9": 1}, kind


def test_a_key_that_cannot_be_computed_is_told_as_such(tables: SourceShop) -> None:
    small_shop(tables)
    bad = SourceTables(
        "lines l", ("l",), "(l.t_id / nullif(l.price - 2, 0) + 1 / (l.price - 2))::int"
    )
    prints = tables.prints(bad)
    for ask in (
        lambda: tables.streamed(prints),
        lambda: fingerprints.bucket_sums(tables.store, prints, 4),
    ):
        with pytest.raises(psycopg2.DataError):
            ask()


def asked_by_index(shop: SourceShop, kind: str) -> bool:
    shop.run(
        "DROP TABLE IF EXISTS t",
        f"CREATE TABLE t (id {kind} PRIMARY KEY, title text)",
        f"INSERT INTO t SELECT {'md5(n::text)::uuid' if kind == 'uuid' else 'n'}, 'a' FROM generate_series(1, 20000) n",
        "ANALYZE t",
    )
    prints = shop.prints()
    (key,) = shop.run("SELECT id::text FROM t LIMIT 1")
    asked: list[str] = []
    real = fingerprints._ask

    def noted(connection: Any, prints: Fingerprinting, sql: str, values: dict[str, object]) -> Any:
        plan = run(connection, f"EXPLAIN {sql}", values).fetchall()
        asked.append("\n".join(line for (line,) in plan))
        return real(connection, prints, sql, values)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fingerprints, "_ask", noted)
        assert set(shop.of_keys(prints, list(key))) == set(key)
    return "Seq Scan on t" not in asked[0] and "t_pkey" in asked[0]


def test_a_few_keys_are_asked_for_by_the_index(tables: SourceShop) -> None:
    for kind in ("int", "bigint", "text", 'text COLLATE "C"', "varchar(20)", "uuid", "numeric"):
        assert asked_by_index(tables, kind), kind


def test_control_a_key_compared_as_text_reads_the_whole_table(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fingerprints._of_batch
    monkeypatch.setattr(
        fingerprints, "_of_batch", lambda c, p, keys, *, own_type: real(c, p, keys, own_type=False)
    )
    assert not asked_by_index(tables, "int")


# -- parts -----------------------------------------------------------------------------------------


def parts_of(prints: Fingerprinting) -> int:
    return len(fingerprints._parts(prints.sources))


def test_a_table_is_read_in_parts_that_hold_every_row_once(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide_shop(tables, "int", [str(n) for n in range(1, 8)])
    prints = tables.prints(T, LINES, BOTH)
    whole = tables.agreed(prints)
    assert parts_of(prints) == 1
    for pages in (1, 2, 3):
        monkeypatch.setattr(fingerprints, "PAGES_PER_PART", pages)
        assert parts_of(prints) > 10 / pages
        assert tables.agreed(prints) == whole
    # What is written to the end of the table after its size was asked for is in the last part.
    tables.run("INSERT INTO lines SELECT 1, n, repeat('z', 2500) FROM generate_series(1, 9) n")
    assert tables.agreed(prints)["1"][1] == 1 + 9 + 9


def test_partitions_are_read_in_parts_too(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.run(
        "CREATE TABLE t (id int, pad text STORAGE PLAIN) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (1000)",
        "CREATE TABLE rest PARTITION OF t DEFAULT",
        "INSERT INTO t SELECT n, repeat('x', 3000) FROM generate_series(-2, 30) n",
    )
    prints = tables.prints()
    whole = tables.agreed(prints)
    assert len(whole) == 33
    monkeypatch.setattr(fingerprints, "PAGES_PER_PART", 1)
    assert parts_of(prints) > 5
    assert tables.agreed(prints) == whole


OUTER = [
    SourceTables("t LEFT JOIN lines l ON l.t_id = t.id", ("l", "t"), "t.id"),
    SourceTables("lines l RIGHT JOIN t ON l.t_id = t.id", ("l",), "t.id"),
    SourceTables("lines l FULL JOIN t ON l.t_id = t.id", ("l",), "coalesce(t.id, l.t_id)"),
    SourceTables("t LEFT JOIN lines l ON l.t_id = t.id", ("t",), "t.id"),
]


@pytest.mark.parametrize("source", OUTER, ids=lambda s: f"{s.from_clause}, {s.aliases[0]}")
def test_no_row_of_an_outer_join_is_lost_between_parts(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, source: SourceTables
) -> None:
    wide_shop(tables, "int", [str(n) for n in range(1, 8)])
    prints = tables.prints(source)
    whole = tables.agreed(prints)
    assert len(whole) == 7
    monkeypatch.setattr(fingerprints, "PAGES_PER_PART", 1)
    assert tables.agreed(prints) == whole


def test_control_an_outer_join_in_parts_loses_rows_that_lie_nowhere(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide_shop(tables, "int", [str(n) for n in range(1, 8)])
    monkeypatch.setattr(fingerprints, "_pages", lambda _, source: (source.aliases[0], 20))
    monkeypatch.setattr(fingerprints, "PAGES_PER_PART", 1)
    assert len(tables.streamed(tables.prints(OUTER[0]))) == 6


def test_a_view_is_fingerprinted_in_one(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide_shop(tables, "int", [str(n) for n in range(1, 8)])
    tables.run("CREATE VIEW v AS SELECT t_id, count(*) AS items FROM lines GROUP BY t_id")
    monkeypatch.setattr(fingerprints, "PAGES_PER_PART", 1)
    prints = tables.prints(SourceTables("v", ("v",), "v.t_id"))
    before = tables.agreed(prints)
    assert (len(before), parts_of(prints)) == (6, 1)
    tables.run("DELETE FROM lines WHERE t_id = 3 AND item = 5")
    assert {key for key, found in tables.agreed(prints).items() if found != before[key]} == {"3"}


# Sleeps for every row, so that many take longer than a statement may.
SLOW = """
    CREATE FUNCTION slow(id int) RETURNS int LANGUAGE plpgsql AS
    $$BEGIN PERFORM pg_sleep(0.03); RETURN id; END$$
"""
SLOWLY = SourceTables("t", ("t",), "slow(t.id)")


def test_a_part_that_takes_longer_than_a_statement_may_is_halved(tables: SourceShop) -> None:
    wide_shop(tables, "int", [str(n) for n in range(1, 49)])
    tables.run(SLOW)
    whole = tables.now()
    with closing(SourceShop(tables.url, seconds=1)) as hurried:
        prints = hurried.prints(SLOWLY)
        with pytest.raises(StoreError, match="statement timeout"), hurried.store.transaction() as c:
            fingerprints.key_sums(c, prints)
        assert hurried.streamed(prints).keys() == whole.keys()


# As if a statement with more than so many rows took too long.
IMPATIENT = """
    CREATE FUNCTION few(id int) RETURNS int LANGUAGE plpgsql AS $$
    DECLARE rows int := coalesce(nullif(current_setting('shop.rows', true), ''), '0')::int + 1;
    BEGIN
        PERFORM set_config('shop.rows', rows::text, true);
        IF rows > 6 THEN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END IF;
        RETURN id;
    END$$
"""


def test_sources_asked_together_are_parted_and_then_halved(tables: SourceShop) -> None:
    wide_shop(tables, "int", [str(n) for n in range(1, 10)])
    tables.run(IMPATIENT)
    few = SourceTables("t", ("t",), "few(t.id)")
    prints = tables.prints(few, few, T)
    assert parts_of(prints) == 1
    streamed = tables.streamed(prints)
    assert {rows for _, rows in streamed.values()} == {3}
    assert len(streamed) == 9
    sums = fingerprints.bucket_sums(tables.store, prints, 1)
    assert sums == [sum(found for found, _ in streamed.values()) % 2**63]


def test_what_cannot_be_halved_any_more_is_an_error_of_the_store(tables: SourceShop) -> None:
    tables.table("id int, title text", *((n, "a") for n in range(9)))
    tables.run(IMPATIENT, "CREATE VIEW v AS SELECT * FROM t")
    for source in (
        SourceTables("t", ("t",), "few(t.id)"),
        SourceTables("v", ("v",), "few(v.id)"),
    ):
        with pytest.raises(StoreError, match="57014"):
            tables.streamed(tables.prints(source))


# -- what the state adds up ------------------------------------------------------------------------


@pytest.fixture
def state(state_url: str) -> Iterator[Postgres]:
    opened = open_state(state_url)
    yield opened
    opened.close()


_QUERIES = load_queries(capture.__file__, "capture.sql")


def added_up_by_the_state(
    state: Postgres, prints: Fingerprinting, known: Prints, buckets: int
) -> tuple[tuple[int, int], list[int]]:
    """Keep the fingerprints as a capture does, half as records and half as left out; give what
    `key_sums` and `bucket_sums` of the store should give."""
    values = {"entity": Entity.PRODUCT, "integer_keys": prints.integer_keys, "mask": buckets - 1}
    with state.transaction() as connection:
        for number, (key, (print_, rows)) in enumerate(known.items()):
            table, more = (("snapshot", ", store_hash"), ("left_out", ""))[number % 2]
            run(
                connection,
                f"INSERT INTO {table} (entity, key, source_hash, source_rows{more}) "
                f"VALUES ('product', %(key)s, %(print)s, %(rows)s{', 1' if more else ''})",
                {"key": key, "print": print_, "rows": rows},
            )
        totals = connection.execute(_QUERIES["key_sums"], values).one()
        sums = [0] * buckets
        for bucket, total in connection.execute(_QUERIES["bucket_sums"], values):
            sums[bucket] = total
        run(connection, "DELETE FROM snapshot")
        run(connection, "DELETE FROM left_out")
    return (int(totals.source_rows), int(totals.weight)), sums


def test_the_state_adds_up_what_the_store_adds_up(tables: SourceShop, state: Postgres) -> None:
    make_types(tables)
    for kind, keys in known_to(tables, KEYS).items():
        wide_shop(tables, kind, keys)
        prints = tables.prints(T, LINES)
        totals, sums = added_up_by_the_state(state, prints, tables.streamed(prints), 4)
        with tables.store.transaction() as connection:
            assert fingerprints.key_sums(connection, prints) == totals, kind
        assert fingerprints.bucket_sums(tables.store, prints, 4) == sums, kind


def test_control_a_row_gone_without_a_trace_shows_in_both(
    tables: SourceShop, state: Postgres
) -> None:
    wide_shop(tables, "int", ["1", "2", "3"])
    prints = tables.prints(T, LINES)
    totals, sums = added_up_by_the_state(state, prints, tables.streamed(prints), 4)
    # One line moves to another order: as many rows as before.
    tables.run("UPDATE lines SET t_id = 2 WHERE t_id = 3 AND item = 1")
    with tables.store.transaction() as connection:
        rows, weight = fingerprints.key_sums(connection, prints)
    assert (rows, weight != totals[1]) == (totals[0], True)
    now = fingerprints.bucket_sums(tables.store, prints, 4)
    assert [here != there for here, there in zip(now, sums, strict=True)] == [
        False, False, True, True,
    ]  # fmt: skip


# -- what the role may read ------------------------------------------------------------------------


@contextmanager
def read_by(shop: SourceShop, *grants: str) -> Iterator[SourceShop]:
    """The same store, read by a role that may do no more than this."""
    name = f"narrow_{shop.url.rsplit('/', 1)[1]}"
    shop.run(f"CREATE ROLE {name} LOGIN PASSWORD 'narrow'")
    try:
        shop.run(*(f"{grant} TO {name}" for grant in grants))
        place = shop.url.rsplit("@", 1)[1]
        with closing(SourceShop(f"postgresql://{name}:narrow@{place}")) as narrow:
            yield narrow
    finally:
        shop.run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


ODD = '"a ""quoted"" 100% name"'


def test_columns_that_the_role_may_not_read_are_left_out(tables: SourceShop) -> None:
    tables.run(f"CREATE TABLE t (id int, secret text, {ODD} text, gone int)")
    tables.run("ALTER TABLE t DROP gone", "INSERT INTO t VALUES (1, 'a', 'b')")
    with read_by(tables, f"GRANT SELECT (id, {ODD}, xmin, tableoid) ON t") as narrow:
        prints = narrow.prints()
        before = narrow.agreed(prints)
        tables.run("UPDATE t SET secret = 'other'")
        assert narrow.agreed(prints) == before
        tables.run(f"UPDATE t SET {ODD} = 'other'")
        assert narrow.agreed(prints) != before
        assert narrow.prints().method != tables.prints().method


def test_columns_granted_on_a_partitioned_table_are_found_at_its_head(tables: SourceShop) -> None:
    tables.run(
        "CREATE TABLE t (id int, secret text, title text) PARTITION BY RANGE (id)",
        "CREATE TABLE low (secret text, title text, id int)",
        "ALTER TABLE t ATTACH PARTITION low FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20)",
        "INSERT INTO t VALUES (1, 'a', 'b'), (11, 'a', 'b')",
    )
    with read_by(tables, "GRANT SELECT (id, title, xmin, tableoid) ON t") as narrow:
        prints = narrow.prints()
        before = narrow.agreed(prints)
        tables.run("UPDATE t SET secret = 'other'")
        assert narrow.agreed(prints) == before
        tables.run("UPDATE t SET title = 'other'")
        assert {key for key, found in narrow.agreed(prints).items() if found != before[key]} == {
            "1",
            "11",
        }


def test_a_role_that_may_read_no_column_is_told_what_to_grant(tables: SourceShop) -> None:
    small_shop(tables)
    mend = r'rows = \["t"\]: the role may read none of its columns; grant it SELECT'
    grants = ("GRANT SELECT ON lines", "GRANT SELECT (xmin, tableoid) ON t")
    with read_by(tables, *grants) as narrow, pytest.raises(MappingError, match=mend):
        narrow.prints(
            SourceTables("t", ("t",), "1"), select="SELECT t_id AS id, '' AS title FROM lines"
        )


# -- servers of other versions ---------------------------------------------------------------------

COLUMNS = {
    kind: values for kind, values in VALUES.items() if kind != "xml" and ANY_CASE not in kind
}
FEW_KEYS = {kind: keys for kind, keys in KEYS.items() if ANY_CASE not in kind}


def all_numbers(shop: SourceShop) -> Any:
    """Fingerprints and record hashes over values of all types, and buckets of keys of all types."""
    numbers: list[Any] = []
    for kind, values in COLUMNS.items():
        shop.table(f"id int, title {kind}", *enumerate(values))
        select = "SELECT id, title FROM t"
        described, prints = shop.described(select=select)
        with shop.store.transaction() as connection:
            keys = [str(n) for n in range(len(values))]
            hashes, poison = reader.hashes_of(connection, described, keys, None)
        numbers += [kind, shop.streamed(prints), {h.key: h.hash for h in hashes}, poison]
    for kind, keys in FEW_KEYS.items():
        shop.table(f"id {kind}, title text", *((key, "a") for key in keys))
        prints = shop.prints()
        with shop.store.transaction() as connection:
            sums = fingerprints.key_sums(connection, prints)
        numbers += [kind, sums, fingerprints.bucket_sums(shop.store, prints, 64)]
    return numbers


def test_postgres_15_and_18_give_the_same_numbers(tables: SourceShop, old: SourceShop) -> None:
    versions = [int(shop.run("SHOW server_version_num")[0][0]) // 10000 for shop in (old, tables)]
    assert versions == [15, 18]
    for shop in (old, tables):
        make_types(shop)
    native = all_numbers(old)
    assert all_numbers(tables) == native
    old.native = tables.native = False
    as_text = all_numbers(old)
    assert all_numbers(tables) == as_text
    # Control: another way of hashing gives other numbers.
    assert as_text != native
