"""All records in slices by key: each in exactly one, whatever the order of its key's type and collation,
and slices as large as their time allows."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Session, run
from influence_pipeline.store import reader, slices
from influence_pipeline.store.mapping import SourceTables
from influence_pipeline.store.reader import KeyRange
from influence_pipeline_tests.support.source_shop import SELECT, SourceShop


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of one page is large, every key a mark, and a slice goes to the next mark."""
    monkeypatch.setattr(slices, "PAGES_OF_ONE_SLICE", 0)
    monkeypatch.setattr(slices, "_ROWS_PER_PAGE", 1)
    monkeypatch.setattr(slices, "TARGET_SECONDS", 0.0)


def sliced(
    shop: SourceShop, *sources: SourceTables, select: str = SELECT
) -> list[list[str | None]]:
    """The keys of all records, by the slices in which they came."""
    described, prints = shop.described(*sources, select=select)
    found: list[list[str | None]] = []

    def take(connection: Any, keys: KeyRange) -> None:
        sink = io.BytesIO()
        reader.copy_hashes(connection, described, sink, keys=keys)  # type: ignore[arg-type]
        lines = sink.getvalue().decode().splitlines()
        found.append([None if line.startswith("\\N\t") else line.split("\t")[0] for line in lines])

    slices.in_slices(shop.store, described, prints, take)
    return found


def parts_of(
    shop: SourceShop, parts: int, *sources: SourceTables, select: str = SELECT
) -> tuple[list[str], list[list[str]]]:
    """Where all records are cut into so many ranges, and the keys in each range, sliced."""
    described, prints = shop.described(*sources, select=select)
    ends: list[str | None] = [*slices.ends_of_parts(shop.store, described, parts)]
    found: list[list[str]] = []
    for since, before in zip([None, *ends], [*ends, None], strict=True):
        inside: list[str] = []

        def take(connection: Any, keys: KeyRange, inside: list[str] = inside) -> None:
            inside += reader.all_keys(connection, described, keys=keys)

        slices.in_slices(shop.store, described, prints, take, KeyRange(since, before))
        found.append(inside)
    return [str(end) for end in ends], found


def flat(found: list[list[str | None]]) -> list[str]:
    return sorted(str(key) for keys in found for key in keys)


def fill(shop: SourceShop, kind: str, keys: list[str]) -> None:
    shop.run("DROP TABLE IF EXISTS t", f"CREATE TABLE t (id {kind}, title text)")
    shop.run(
        "INSERT INTO t SELECT unnest(%s::text[])::" + kind.split(" COLLATE")[0], values=(keys,)
    )


INTEGERS = [str(n) for n in (*range(-12, 130), 999, 1000, 2**31 - 1, -(2**31))]
WORDS = ["", " ", "a", "A", "aa", "Ab", "ab", "B", "ä", "Ä", "z", "Z", "é", "e\u0301", "_", "-", "10", "9", "日本", "%s"]  # fmt: skip

KEYS = {
    "int": INTEGERS,
    "bigint": [*INTEGERS, str(2**63 - 1), str(-(2**63))],
    "smallint": [str(n) for n in (-32768, -9, 9, 10, 32767)],
    "number": INTEGERS,
    "numeric": ["-10", "-9.5", "0", "0.10", "9", "10", "1000000000000000000000.5", "NaN"],
    "float8": ["-1e+300", "-0.1", "0.30000000000000004", "0.3", "1e-300", "NaN", "Infinity"],
    "uuid": [f"{n:02x}890a5d-ac96-774b-bcce-b302099a8057" for n in range(0, 256, 7)],
    "date": ["-infinity", "0044-03-15 BC", "2026-01-02", "12026-01-01", "infinity"],
    "mood": ["sad", "glad", "angry"],
    "text": WORDS,
    'text COLLATE "C"': WORDS,
    "varchar(20)": WORDS,
    "char(9)": ["a", "A", "aa", "b", "10", "9"],
    "citext": ["", "a", "B", "c", "D", "10", "9"],
}


def make_types(shop: SourceShop) -> None:
    shop.run(
        "CREATE EXTENSION citext",
        "CREATE DOMAIN number AS int",
        "CREATE TYPE mood AS ENUM ('sad', 'glad', 'angry')",
    )


@pytest.mark.parametrize("share", [1000, 0.2])
def test_every_record_is_in_exactly_one_slice_whatever_the_type_of_its_id(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(slices, "MARKS", share)
    make_types(tables)
    for kind, keys in KEYS.items():
        fill(tables, kind, keys)
        found = sliced(tables)
        assert flat(found) == sorted(keys), kind
        if share > 1:
            assert len(found) >= len(keys), kind


def ordered_by(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    def ask(connection: Session, sql: str, values: dict[str, Any] | None = None) -> Any:
        return run(connection, sql.replace("ORDER BY mark.id", f"ORDER BY {order}"), values)

    monkeypatch.setattr(slices, "run", ask)


def test_control_marks_in_the_order_of_their_text_give_numbers_twice_or_never(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered_by(monkeypatch, "mark.id::text")
    fill(tables, "int", INTEGERS)
    assert flat(sliced(tables)) != sorted(INTEGERS)


COLLATIONS = ('"C"', '"en-x-icu"', '"sv-x-icu"', '"da-x-icu"', "any_case")


def test_every_record_is_in_exactly_one_slice_whatever_the_collation_of_its_id(
    old: SourceShop,
) -> None:
    old.run(
        "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    for collation in COLLATIONS:
        fill(old, f"text COLLATE {collation}", WORDS)
        assert flat(sliced(old)) == sorted(WORDS), collation
        # The first source's key is of another collation than the id.
        old.run('CREATE TABLE lines AS SELECT id COLLATE "C" AS t_id FROM t')
        found = sliced(old, SourceTables("lines l", ("l",), "l.t_id"))
        assert (flat(found), len(found) > 10) == (sorted(WORDS), True), collation
        old.run("DROP TABLE lines")


def test_an_id_of_no_collation_of_its_own_is_sliced_as_it_is_compared(old: SourceShop) -> None:
    old.run('CREATE TABLE t (a text COLLATE "en-x-icu", b text COLLATE "C")')
    old.run("INSERT INTO t SELECT NULL, unnest(%s)", values=(WORDS,))
    select = "SELECT coalesce(a, b) AS id, 'a' AS title FROM t"
    for key in ("t.b", 't.b COLLATE "en-x-icu"', "coalesce(t.a, t.b)"):
        assert flat(sliced(old, SourceTables("t", ("t",), key), select=select)) == sorted(WORDS)


def test_control_marks_in_another_collation_than_the_ids_lose_records(
    old: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered_by(monkeypatch, 'mark.id COLLATE "C"')
    fill(old, 'text COLLATE "en-x-icu"', WORDS)
    assert flat(sliced(old)) != sorted(WORDS)


def test_records_without_an_id_come_once(tables: SourceShop) -> None:
    fill(tables, "int", INTEGERS[:20])
    tables.run("INSERT INTO t VALUES (NULL, 'a'), (NULL, 'b')")
    found = sliced(tables)
    assert len(found) > 20
    assert [keys.count(None) for keys in found] == [2] + [0] * (len(found) - 1)


def test_records_that_the_first_source_does_not_name_come_too(tables: SourceShop) -> None:
    fill(tables, "int", INTEGERS)
    tables.run("CREATE TABLE lines AS SELECT id AS t_id FROM t WHERE id BETWEEN 5 AND 9")
    assert flat(sliced(tables, SourceTables("lines", ("lines",), "lines.t_id"))) == sorted(INTEGERS)


def test_a_small_store_is_one_slice(tables: SourceShop, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tables, "int", INTEGERS)
    monkeypatch.setattr(slices, "PAGES_OF_ONE_SLICE", 512)
    assert [len(keys) for keys in sliced(tables)] == [len(INTEGERS)]


@pytest.mark.parametrize("key", ["10 / (t.id - 3)", "coalesce(nullif(t.id, 3), NULL)::strict"])
def test_with_a_key_that_cannot_be_computed_all_is_one_slice(tables: SourceShop, key: str) -> None:
    tables.run("CREATE DOMAIN strict AS int NOT NULL")
    fill(tables, "int", INTEGERS)
    found = sliced(tables, SourceTables("t", ("t",), key))
    assert [len(keys) for keys in found] == [len(INTEGERS)]


# -- how large -------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


def sizes(
    shop: SourceShop, monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float]
) -> list[int]:
    """How many records each slice has that was taken, where so many records take so long, and a
    statement may take thirty seconds."""
    clock = Clock()
    monkeypatch.setattr(slices, "time", clock)
    monkeypatch.setattr(slices, "TARGET_SECONDS", 8.0)
    described, prints = shop.described()
    taken: list[int] = []

    def take(connection: Any, keys: KeyRange) -> None:
        records = len(reader.all_keys(connection, described, keys=keys))
        needed = seconds(records)
        clock.now += min(needed, 30)
        if needed > 30:
            raise psycopg2.errors.QueryCanceled
        taken.append(records)

    slices.in_slices(shop.store, described, prints, take)
    return taken


def test_slices_grow_while_they_are_quick_and_settle_at_what_they_should_take(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tables, "int", [str(n) for n in range(1000)])
    quick = sizes(tables, monkeypatch, lambda records: records * 0.00001)
    assert sum(quick) == 1000
    # Never by more than four times at once: one quick slice says little of the next.
    assert quick[0] in {19, 20}
    assert [n / quick[0] > 3 for n in quick[1:3]] == [True, True]
    assert len(quick) == 4
    steady = sizes(tables, monkeypatch, lambda records: records * 0.1)
    assert sum(steady) == 1000
    assert set(steady[2:-2]) <= set(range(76, 84))


def test_slices_shrink_where_a_statement_takes_too_long_and_none_is_lost(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tables, "int", [str(n) for n in range(300)])
    tried: list[int] = []

    def seconds(records: int) -> float:
        tried.append(records)
        return records * (12.0 if len(tried) > 3 else 0.01)

    taken = sizes(tables, monkeypatch, seconds)
    assert sum(taken) == 300
    assert max(tried) > 30
    assert set(taken[4:]) <= {1, 2}


def test_one_mark_that_takes_too_long_is_an_error_of_the_store(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tables, "int", INTEGERS)
    with pytest.raises(StoreError, match="the store"):
        sizes(tables, monkeypatch, lambda records: 31)


def slow_shop(shop: SourceShop) -> list[str]:
    """Sixty records that take longer together than a second."""
    keys = [str(n) for n in range(60)]
    fill(shop, "int", keys)
    shop.run(
        "CREATE FUNCTION slow(id int) RETURNS text LANGUAGE plpgsql AS "
        "$$BEGIN PERFORM pg_sleep(0.03); RETURN id; END$$",
        "CREATE VIEW v AS SELECT * FROM t",
    )
    return keys


SLOW = "SELECT id, slow(id) AS title FROM t"


def test_a_real_time_out_makes_a_slice_smaller(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = slow_shop(tables)
    # More than a statement may take: slices grow until one is stopped.
    monkeypatch.setattr(slices, "TARGET_SECONDS", 30.0)
    with closing(SourceShop(tables.url, seconds=1)) as hurried:
        with pytest.raises(StoreError, match="timeout"), hurried.store.transaction() as connection:
            run(connection, "SELECT slow(id) FROM t")
        found = sliced(hurried, select=SLOW)
    assert flat(found) == sorted(keys)
    assert max(map(len, found)) < 34


@pytest.mark.parametrize("table", ["t", "v"])
def test_a_small_table_or_a_view_whose_records_take_long_is_sliced_all_the_same(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    keys = slow_shop(tables)
    monkeypatch.setattr(slices, "PAGES_OF_ONE_SLICE", 512)
    monkeypatch.setattr(slices, "TARGET_SECONDS", 0.5)
    source = SourceTables(table, (table,), f"{table}.id")
    with closing(SourceShop(tables.url, seconds=1)) as hurried:
        found = sliced(hurried, source, select=SLOW)
    assert flat(found) == sorted(keys)


@pytest.mark.parametrize("kind", KEYS)
def test_every_record_is_in_exactly_one_part_whatever_the_type_of_its_id(
    tables: SourceShop, kind: str
) -> None:
    make_types(tables)
    fill(tables, kind, KEYS[kind])
    ends, found = parts_of(
        tables, 4, SourceTables("t", ("t",), "t.id"), select="SELECT id, title FROM t"
    )
    assert len(found) == len(ends) + 1 <= 4
    with tables.store.transaction() as connection:
        keys = [key for (key,) in run(connection, "SELECT id::text FROM t").fetchall()]
    assert sorted(key for part in found for key in part) == sorted(keys)


def test_parts_are_of_about_the_same_size(tables: SourceShop) -> None:
    fill(tables, "bigint", [str(n * n) for n in range(1000)])
    _, found = parts_of(
        tables, 5, SourceTables("t", ("t",), "t.id"), select="SELECT id, title FROM t"
    )
    assert [len(part) for part in found] == [200] * 5
