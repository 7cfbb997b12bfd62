"""Reading the store: what a hash depends on and what it does not, keys of every kind, rows that cannot
be computed, and SELECTs as merchants write them. Both ways of hashing, by COPY and by key, must agree."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline import postgres as connections
from influence_pipeline.errors import MappingError, StoreError
from influence_pipeline.records import Entity
from influence_pipeline.store import reader
from influence_pipeline.store.mapping import Described, Mapping, SourceTables, describe, read_select
from influence_pipeline.store.reader import CanonicalRow, PoisonRow
from influence_pipeline_tests.support.source_shop import OwnTables


class Shop(OwnTables):
    """A store with one table `t`, and short ways to read it as the engine does."""

    def read(self, select: str, question: Any) -> Any:
        """Ask `question` with a connection and the mapping, as it fits the store."""
        mapping = Mapping(
            Entity.PRODUCT, Path("p.sql"), select, (SourceTables("t", ("t",), "t.id"),)
        )
        with self.store.transaction() as connection:
            return question(connection, describe(connection, mapping))

    def described(self, select: str) -> Described:
        found: Described = self.read(select, lambda _, described: described)
        return found

    def copied(self, select: str) -> dict[str | None, int]:
        """The hashes that a full compare streams, taken in by COPY as the state does."""
        sink = io.BytesIO()
        self.read(select, lambda c, d: reader.copy_hashes(c, d, sink))  # type: ignore[arg-type]
        sink.seek(0)
        with self.connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS staged")
            cursor.execute(
                "CREATE TEMP TABLE staged "
                "(key text, hash bigint, eligible boolean, former_hash bigint)"
            )
            cursor.copy_expert("COPY staged FROM STDIN", sink)
            cursor.execute("SELECT key, hash FROM staged")
            return dict(cursor.fetchall())

    def hashes(self, select: str = "SELECT * FROM t") -> dict[str, int]:
        """Every record's hash. All three ways of reading must give the same keys and hashes."""
        copied = self.copied(select)
        keys = [key for key in copied if key is not None]
        assert sorted(self.read(select, reader.all_keys)) == sorted(keys)
        hashed, poison = self.read(select, lambda c, d: reader.hashes_of(c, d, keys, None))
        assert {h.key: h.hash for h in hashed} == {key: copied[key] for key in keys}
        assert {r.key: r.hash for r in self.rows(select, keys).values()} == {
            key: copied[key] for key in keys
        }
        assert poison == []
        return {key: copied[key] for key in keys}

    def rows(self, select: str, keys: list[str]) -> dict[str, CanonicalRow]:
        rows, poison = self.read(select, lambda c, d: reader.rows_of(c, d, keys))
        assert poison == []
        return {row.key: row for row in rows}


@pytest.fixture
def shop(empty_database_url: str) -> Iterator[Shop]:
    opened = Shop(empty_database_url)
    yield opened
    opened.close()


# -- what a hash depends on ------------------------------------------------------------------------


def test_null_and_empty_and_the_word_null_are_three_different_values(shop: Shop) -> None:
    shop.table("id int, title text", (1, None), (2, ""), (3, "NULL"), (4, "\\N"))
    assert len(set(shop.hashes().values())) == 4


@pytest.mark.parametrize("kind", ["numeric", "float8", "int", "bigint", "bool"])
def test_no_number_hashes_as_another_or_as_null(shop: Shop, kind: str) -> None:
    values = {
        "numeric": ["0", "1", "-1", "NaN", "Infinity", "0.01"],
        "float8": ["0", "1", "-1", "NaN", "Infinity", "0.01"],
        "int": ["0", "1", "-1"],
        "bigint": ["0", "1", "-1"],
        "bool": ["false", "true"],
    }[kind]
    if kind == "numeric":
        # Postgres hashes what is no number alike; both are parked, with the same reason.
        values.remove("Infinity")
    rows = [(number, value) for number, value in enumerate([*values, None])]
    shop.table(f"id int, title {kind}", *rows)
    assert len(set(shop.hashes().values())) == len(rows)


def test_an_enum_made_anew_changes_no_hash(shop: Shop) -> None:
    shop.run("CREATE TYPE mood AS ENUM ('glad', 'sad')")
    shop.table("id int, title mood", (1, "glad"), (2, "sad"))
    before = shop.hashes()
    shop.run(
        "ALTER TYPE mood RENAME TO mood_old",
        "CREATE TYPE mood AS ENUM ('sad', 'glad', 'new')",
        "ALTER TABLE t ALTER title TYPE mood USING title::text::mood",
    )
    assert shop.hashes() == before


def test_a_value_that_moves_to_the_next_column_is_a_change(shop: Shop) -> None:
    shop.table("id int, title text, sku text", (1, "ab", "c"), (2, "a", "bc"), (3, "c", "ab"))
    select = "SELECT 1 AS id, title, sku FROM t WHERE id = "
    assert len({shop.hashes(f"{select}{n}")["1"] for n in (1, 2, 3)}) == 3


def test_the_order_of_columns_in_the_select_is_no_change_and_extra_columns_do_not_count(
    shop: Shop,
) -> None:
    shop.table("id int, title text, sku text, stock int", (1, "a", "b", 5))
    plain = shop.hashes("SELECT id, title, sku FROM t")
    assert shop.hashes("SELECT stock, sku, title, id FROM t") == plain


WIDER = (
    ("varchar(20)", "text"),
    ("char(3)", "varchar(20)"),
    ("int", "bigint"),
    ("smallint", "int"),
    ("numeric(9, 2)", "numeric(20, 4)"),
)


def test_a_wider_type_for_the_same_values_is_no_change(shop: Shop) -> None:
    for before, after in WIDER:
        shop.table(f"id int, title {before}", (1, "123"))
        hashes = shop.hashes()
        shop.run(f"ALTER TABLE t ALTER title TYPE {after}")
        assert shop.hashes() == hashes, before


def test_a_type_that_is_hashed_in_another_way_shows_in_the_method(shop: Shop) -> None:
    shop.table("id int, title text, variants json", (1, "a", '[{"id": 1}]'))
    before = shop.described("SELECT * FROM t")
    shop.run("ALTER TABLE t ALTER variants TYPE jsonb")
    assert shop.described("SELECT * FROM t").hash_method != before.hash_method


VALUES = {
    "json": ('{"a": 1}', '{"a": 2}', "null"),
    "jsonb": ('{"a": 1}', '{"a": 2}', "null"),
    "point": ("(1,2)", "(1,3)"),
    "money": ("1.00", "1.01"),
    "json[]": ('{"{}"}', '{"[]"}'),
    "text[]": ("{a,b}", '{"a,b"}', "{}"),
    "bytea": (r"\x00", r"\x01"),
    "interval": ("1 day", "2 days"),
    "pair": ("(1,a)", "(1,b)"),
    "short": ("a", "b"),
    "mood": ("glad", "sad"),
    "numeric": ("NaN", "0", "0.1", "0.10000000000000000000001"),
    "timestamptz": ("infinity", "-infinity", "2026-01-01Z"),
}


def test_a_change_is_seen_in_a_column_of_any_type(shop: Shop) -> None:
    shop.run(
        "CREATE TYPE pair AS (n int, word text)",
        "CREATE DOMAIN short AS text",
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    )
    shop.table("id int", (1,))
    for kind, values in VALUES.items():
        seen = {shop.hashes(f"SELECT id, '{v}'::{kind} AS title FROM t")["1"] for v in values}
        assert len(seen) == len(values), kind


def test_types_without_a_hash_of_their_own_are_hashed_as_text(shop: Shop) -> None:
    shop.table("id int", (1,))
    for kind in ("json", "xml", "point", "money", "json[]", "tsquery"):
        described = shop.described(f"SELECT id, NULL::{kind} AS title FROM t")
        assert 'q."title"::text' in described.hash_expression, kind


SETTINGS = {
    "timezone": "'Pacific/Auckland'",
    "datestyle": "'ISO, DMY'",
    "intervalstyle": "'iso_8601'",
    "extra_float_digits": "-15",
    "bytea_output": "'escape'",
}
# Each in a type that is hashed as its text, so that the setting could show.
TOUCHY = """
    SELECT id, json_build_object(
        'moment', now_, 'interval', '1 day 2 hours'::interval, 'float', 0.1::float8 + 0.2::float8,
        'bytes', '\\x00ff'::bytea, 'date', (slashes || '')::date, 'text', now_::text || ' ' || ('1.5'::float8 / 7)::text
    ) AS title, (point(0.1 + 0.2, 1.0 / 3))::text AS sku
    FROM (SELECT id, '01/02/03' AS slashes, '2026-03-01 12:00+00'::timestamptz AS now_ FROM t) q
"""


@pytest.mark.parametrize("whose", ["DATABASE", "ROLE"])
def test_hashes_and_rows_are_the_same_whatever_is_set_for_the_database_or_the_role(
    shop: Shop, whose: str
) -> None:
    shop.table("id int", (1,))
    plain, rows = shop.hashes(TOUCHY), shop.rows(TOUCHY, ["1"])
    set_for_all(shop, whose)
    assert shop.hashes(TOUCHY) == plain
    assert shop.rows(TOUCHY, ["1"]) == rows


def test_control_without_the_prelude_each_setting_changes_the_hash(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_prelude", lambda *_: ["SELECT 1"])
    shop = Shop(shop.url)
    shop.table("id int", (1,))
    hashes = [shop.hashes(TOUCHY)]
    for setting in SETTINGS:
        set_for_all(shop, "DATABASE", setting)
        hashes.append(shop.hashes(TOUCHY))
    shop.close()
    assert len({tuple(h.values()) for h in hashes}) == len(hashes)


def set_for_all(shop: Shop, whose: str, *names: str) -> None:
    """Set for this database, or for the user in this database; gone with the database."""
    database = shop.url.rsplit("/", 1)[1]
    target = (
        f"DATABASE {database}" if whose == "DATABASE" else f"ROLE postgres IN DATABASE {database}"
    )
    for name in names or SETTINGS:
        shop.run(f"ALTER {target} SET {name} = {SETTINGS[name]}")
    shop.store.close()  # the next transaction is a new session


# -- keys ------------------------------------------------------------------------------------------

STRANGE_KEYS = [
    "", " ", "two words", " padded ", "it's", '"quoted"', "a,b", "{a}", "\\", "\\N", "\\.", "a\\tb",
    "tab\there", "line\nbreak", "return\rhere", "both\r\n", "%", "%s", "%(keys)s", "100%%", ":x", "$1",
    "NULL", "null", "Ünïcödé", "日本", "🛒", "e\u0301", "\u200b", "\x01", "\x08", "\x7f", "a;b", "--",
    "/* */", "'; DROP TABLE t; --", "x" * 2000,
]  # fmt: skip


def test_keys_with_any_character_are_found_again(shop: Shop) -> None:
    shop.table("id text, title text", *((key, "a") for key in STRANGE_KEYS))
    assert sorted(shop.hashes()) == sorted(STRANGE_KEYS)


KEYS = {
    "int": ["1", "-7", "2147483647"],
    "bigint": ["9223372036854775807", "0"],
    "numeric": ["1", "1.50", "12345678901234567890.123"],
    "uuid": ["01890a5d-ac96-774b-bcce-b302099a8057"],
    "varchar(8)": ["abc", "abcdefgh", "ABC"],
    "sku_code": ["ab-1", "ab-2"],
    "mood": ["glad", "sad"],
    "date": ["2026-02-28"],
    "timestamptz": ["2026-02-28 12:00:00.000001+00"],
    "bytea": ["\\x00ff"],
    "citext": ["Anna", "berta"],
    "char(10)": ["abc", "abd"],
    "short_code": ["abc", "abd"],
    "bit(8)": ["10101010", "10101011"],
    "bit varying(8)": ["1010", "10100"],
}


def test_keys_of_any_type_are_found_again(shop: Shop) -> None:
    shop.run(
        "CREATE EXTENSION citext",
        "CREATE DOMAIN sku_code AS varchar(20) CHECK (VALUE ~ '^[a-z]+-[0-9]+$')",
        "CREATE DOMAIN short_code AS char(10)",
        "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    )
    for kind, values in KEYS.items():
        shop.table(f"id {kind} PRIMARY KEY, title text", *((value, "a") for value in values))
        assert sorted(shop.hashes()) == sorted(values), kind


def test_keys_spelled_otherwise_than_the_id_lead_to_the_record_once(shop: Shop) -> None:
    shop.run("CREATE EXTENSION citext")
    for kind, own, other in (("citext", "Abc", "abc"), ("numeric", "1.0", "1.00")):
        shop.table(f"id {kind}, title text", (own, "a"))
        keys = [own, other]
        found, poison = shop.read(
            "SELECT * FROM t", lambda c, d, keys=keys: reader.hashes_of(c, d, keys, None)
        )
        assert ([row.key for row in found], poison) == ([own], [])
        # What is sent under a key is the record with just this key.
        assert set(shop.rows("SELECT * FROM t", keys)) == {own}


def test_a_quoted_column_and_table_can_be_read(shop: Shop) -> None:
    shop.run('CREATE TABLE "Odd ""Table%" ("Id %s" int, "Ti:tle" text)')
    shop.run("""INSERT INTO "Odd ""Table%" VALUES (1, '100% :x')""")
    select = 'SELECT "Id %s" AS id, "Ti:tle" AS title FROM "Odd ""Table%"'
    shop.hashes(select)
    assert shop.rows(select, ["1"])["1"].values["title"] == "100% :x"


def test_a_key_given_twice_is_told_and_the_others_are_read(shop: Shop) -> None:
    shop.table("id int, title text", (1, "a"), (2, "b"), (2, "b"), (3, "c"))
    select = "SELECT * FROM t"
    for read in (
        lambda c, d: reader.hashes_of(c, d, ["1", "2", "3"], None),
        lambda c, d: reader.rows_of(c, d, ["1", "2", "3"]),
    ):
        rows, poison = shop.read(select, read)
        assert {row.key for row in rows} == {"1", "3"}
        assert poison == [PoisonRow("2", reader.TWICE)]


def test_rows_without_a_key_are_streamed_to_be_counted_and_never_listed(shop: Shop) -> None:
    shop.table("id int, title text", (1, "a"), (None, "b"))
    assert set(shop.copied("SELECT * FROM t")) == {"1", None}
    assert shop.read("SELECT * FROM t", reader.all_keys) == ["1"]


def test_keys_that_are_gone_are_left_out(shop: Shop) -> None:
    shop.table("id int, title text", (1, "a"))
    assert set(shop.rows("SELECT * FROM t", ["1", "2"])) == {"1"}


# -- rows that cannot be computed ------------------------------------------------------------------

MANY = 5_000
POISON = {
    "division by zero": "(10 / (id - 77))::text",
    "no number": "(CASE id WHEN 77 THEN 'x' ELSE '1' END)::int::text",
    "a sub-select with two rows": "(SELECT 'a' FROM generate_series(1, CASE id WHEN 77 THEN 2 ELSE 1 END))",
    "a date that does not exist": "('2026-02-' || CASE id WHEN 77 THEN 31 ELSE 1 END)::date::text",
    "a number too large": "(CASE id WHEN 77 THEN 1e30 ELSE 1 END)::bigint::text",
    "a year too large": "('2026-01-01'::date + CASE id WHEN 77 THEN 2147483000 ELSE 1 END)::text",
    "no json": "(CASE id WHEN 77 THEN '{' ELSE '{}' END)::json::text",
}


def test_one_row_among_thousands_that_cannot_be_computed_costs_only_itself(shop: Shop) -> None:
    shop.run(f"CREATE TABLE t AS SELECT id FROM generate_series(1, {MANY}) id")
    shop.run("CREATE UNIQUE INDEX ON t (id)")
    for name, expression in POISON.items():
        select = f"SELECT id, {expression} AS title FROM t"
        keys = shop.read(select, reader.all_keys)
        hashed, poison = shop.read(
            select, lambda c, d, keys=keys: reader.hashes_of(c, d, keys, None)
        )
        assert {h.key for h in hashed} == {str(n) for n in range(1, MANY + 1)} - {"77"}, name
        assert [row.key for row in poison] == ["77"], name
        assert "SQLSTATE 2" in poison[0].reason, name


def test_control_one_statement_for_all_gives_nothing_when_one_row_fails(shop: Shop) -> None:
    shop.run("CREATE TABLE t AS SELECT id FROM generate_series(1, 100) id")
    for expression in POISON.values():
        with pytest.raises(StoreError):
            shop.copied(f"SELECT id, {expression} AS title FROM t")


def test_a_row_that_the_stores_own_rules_refuse_costs_only_itself(shop: Shop) -> None:
    shop.run(
        "CREATE DOMAIN mail AS text CHECK (VALUE LIKE '%@%')",
        """CREATE FUNCTION strict(t text) RETURNS text LANGUAGE plpgsql AS
           $$BEGIN IF t = 'bad' THEN RAISE EXCEPTION 'not %', t; END IF; RETURN t; END$$""",
        "CREATE TABLE t AS SELECT id, 'a@b' AS title FROM generate_series(1, 20) id",
        "UPDATE t SET title = 'bad' WHERE id = 7",
    )
    for expression in ("title::mail", "strict(title)"):
        select = f"SELECT id, {expression} AS title FROM t"
        keys = [str(n) for n in range(1, 21)]
        rows, poison = shop.read(select, lambda c, d, keys=keys: reader.rows_of(c, d, keys))
        assert {row.key for row in rows} == set(keys) - {"7"}
        assert [row.key for row in poison] == ["7"]
        assert "bad" not in poison[0].reason


def test_json_too_deep_to_read_costs_only_its_own_record(shop: Shop) -> None:
    shop.table("id int, title text, variants json", (1, "a", "[]"), (2, "b", "[]"))
    deep = "[" * 3000 + "]" * 3000
    shop.run("UPDATE t SET variants = %s WHERE id = 2", values=(deep,))
    rows, poison = shop.read("SELECT * FROM t", lambda c, d: reader.rows_of(c, d, ["1", "2"]))
    assert [row.key for row in rows] == ["1"]
    assert [(row.key, "deeply" in row.reason) for row in poison] == [("2", True)]


BEYOND_PYTHON = {
    "'NaN'::numeric": "NaN",
    "'-Infinity'::numeric": "-Infinity",
    "'NaN'::float8": "NaN",
    "'infinity'::date": "infinity",
    "'-infinity'::timestamptz": "-infinity",
    "'12026-01-01'::date": "12026-01-01",
    "'0044-03-15 BC'::date": "0044-03-15 BC",
    "'294276-12-31 23:59Z'::timestamptz": "294276-12-31T23:59:00+00:00",
}


def test_values_that_python_has_no_word_for_are_read_as_their_text(shop: Shop) -> None:
    shop.table("id int", (1,), (2,))
    for expression, text in BEYOND_PYTHON.items():
        select = f"SELECT id, CASE id WHEN 1 THEN {expression} END AS title FROM t"
        shop.hashes(select)
        values = shop.rows(select, ["1", "2"])
        assert (values["1"].values["title"], values["2"].values["title"]) == (text, None)


def test_numbers_come_exact_and_of_any_length(shop: Shop) -> None:
    shop.table("id int, title numeric, sku numeric", (1, "0.1000000000000000055", "9" * 5001))
    values = shop.rows("SELECT * FROM t", ["1"])["1"].values
    assert values["title"] == Decimal("0.1000000000000000055")
    assert values["sku"] == Decimal("9" * 5001)


# -- SELECTs as they are written -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, title FROM t;",
        "SELECT id, title FROM t ; \n\n",
        "SELECT id, title FROM t -- the end",
        "SELECT id, title FROM t; -- the end\n-- and one more",
        "SELECT id, title FROM t -- a; b;",
        "-- first\nSELECT id, title FROM t /* ; */",
        "WITH q AS (SELECT * FROM t) SELECT id, title FROM q ORDER BY id",
        "SELECT id, title FROM t WHERE title LIKE '%a%' OR id % 2 = 1",
        "SELECT id, title FROM t WHERE title <> ':x' AND title <> '%(keys)s' AND title <> '%s'",
        "SELECT id, title::varchar(20) FROM t",
        "TABLE t",
    ],
)
def test_a_select_is_taken_as_the_merchant_wrote_it(shop: Shop, tmp_path: Path, text: str) -> None:
    shop.table("id int, title text", (1, "a"), (3, "100% :x"))
    file = tmp_path / "p.sql"
    file.write_text(text, encoding="utf-8")
    assert set(shop.hashes(read_select(file))) == {"1", "3"}


@pytest.mark.parametrize("text", ["", ";", "  \n;\n", "; -- nothing"])
def test_a_file_without_a_select_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.sql"
    file.write_text(text)
    with pytest.raises(MappingError, match=r"p\.sql is empty"):
        read_select(file)


@pytest.mark.parametrize("text", ["SELECT 1; SELECT 2", "SELECT id, title FROM t) x; DROP TABLE t"])
def test_two_statements_are_refused_and_not_run(shop: Shop, text: str) -> None:
    shop.table("id int, title text", (1, "a"))
    with pytest.raises(MappingError, match="the store refuses the SELECT"):
        shop.described(text)
    assert shop.run("SELECT count(*) FROM t") == [(1,)]


def test_the_store_is_only_read_even_by_a_select_that_writes(shop: Shop) -> None:
    shop.table("id int, title text", (1, "a"))
    shop.run(
        "CREATE FUNCTION spoil() RETURNS text LANGUAGE sql AS $$DELETE FROM t RETURNING title$$"
    )
    select = "SELECT id, spoil() AS title FROM t"
    with pytest.raises((MappingError, StoreError), match="read-only"):
        shop.hashes(select)
    assert shop.run("SELECT count(*) FROM t") == [(1,)]


# -- windows ---------------------------------------------------------------------------------------


def test_a_window_takes_its_start_and_leaves_its_end_and_may_take_the_undated(shop: Shop) -> None:
    shop.table(
        "id text, title text, created_at timestamptz",
        ("before", "", "2026-01-31 23:59:59.999999Z"),
        ("start", "", "2026-02-01Z"),
        ("end", "", "2026-03-01Z"),
        ("undated", "", None),
        ("never", "", "infinity"),
    )
    february = {
        "since": datetime(2026, 2, 1, tzinfo=UTC),
        "before": datetime(2026, 3, 1, tzinfo=UTC),
    }
    select = "SELECT * FROM t WHERE title LIKE '%'"
    for window, keys in (
        (reader.Window(**february), {"start"}),
        (reader.Window(**february, and_undated=True), {"start", "undated"}),
        (reader.Window(since=february["before"]), {"end", "never"}),
    ):
        found = shop.read(select, lambda c, d, w=window: reader.all_keys(c, d, window=w))
        assert set(found) == keys
