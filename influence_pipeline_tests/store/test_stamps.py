"""Sources that are followed by a timestamp: pages, overlap, time zones and their clock changes, what is
refused and in which words, and that a look goes by the index."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from influence_pipeline.errors import MappingError
from influence_pipeline.postgres import run
from influence_pipeline.records import Entity
from influence_pipeline.store import changes, stamps
from influence_pipeline.store.changes import StorePoint
from influence_pipeline.store.mapping import Mapping, SourceTables
from influence_pipeline_tests.support.source_shop import SELECT, SourceShop

BY_STAMP = SourceTables("t", ("t",), "t.id", changed_at="t.at")
IN_BERLIN = replace(BY_STAMP, time_zone="Europe/Berlin")


def mapping_of(source: SourceTables) -> Mapping:
    return Mapping(Entity.PRODUCT, Path("p.sql"), SELECT, (source,))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def changed(
    shop: SourceShop, since: str = "2026-06-01 12:00", source: SourceTables = BY_STAMP
) -> list[str]:
    """The keys of the rows changed since, in the order and as often as they come."""
    with shop.store.transaction() as connection:
        return list(stamps.changed_keys(connection, mapping_of(source), source, moment(since)))


def stamped(shop: SourceShop, *rows: tuple[object, object], kind: str = "timestamptz") -> None:
    shop.table(f"id text, at {kind}", *rows)


# -- which rows ------------------------------------------------------------------------------------


def test_rows_since_the_moment_are_changed_it_included(tables: SourceShop) -> None:
    stamped(
        tables,
        ("before", "2026-06-01 11:59:59.999999Z"),
        ("at it", "2026-06-01 12:00Z"),
        ("after", "2026-06-01 14:00:00.000001+02"),
        ("in the future", "12026-01-01Z"),
        ("never", None),
        (None, "2026-06-02Z"),
        ("since ever", "-infinity"),
        ("for ever", "infinity"),
    )
    assert sorted(changed(tables)) == ["after", "at it", "for ever", "in the future"]


EQUAL = [(f"{n:02}", "2026-06-01 12:00Z") for n in range(25)]
LATER = [(f"later {n}", f"2026-06-01 12:00:0{n}Z") for n in range(1, 8)]


@pytest.mark.proves("T3")
@pytest.mark.parametrize("rows", [1, 3, 5, 7, 25, 32, 33])
def test_rows_of_one_moment_are_parted_between_pages_without_one_missed(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    stamped(tables, *EQUAL, *LATER)
    monkeypatch.setattr(stamps, "ROWS_PER_PAGE", rows)
    assert changed(tables) == [key for key, _ in [*EQUAL, *LATER]]


@pytest.mark.proves("T3")
def test_control_paged_by_the_timestamp_alone_rows_of_one_moment_are_missed(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run

    def by_stamp_alone(connection: Any, sql: str, values: Any = None) -> Any:
        beginning, _, rest = sql.partition(" AND ((t.at\n), ")
        return real(
            connection,
            f"{beginning} AND (t.at) > %(stamp)s::timestamptz AND{rest.partition('AND')[2]}"
            if rest
            else sql,
            values,
        )

    stamped(tables, *EQUAL, *LATER)
    monkeypatch.setattr(stamps, "ROWS_PER_PAGE", 7)
    monkeypatch.setattr(stamps, "run", by_stamp_alone)
    assert set(changed(tables)) < {key for key, _ in [*EQUAL, *LATER]}


def test_more_rows_of_one_record_and_moment_than_a_page_holds_hide_no_other(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamped(tables, *[("a", "2026-06-01 12:00Z")] * 9, ("b", "2026-06-01 12:00Z"))
    monkeypatch.setattr(stamps, "ROWS_PER_PAGE", 4)
    assert set(changed(tables)) == {"a", "b"}


@pytest.mark.parametrize("kind", ["int", "uuid", "numeric", "text", "date"])
def test_pages_turn_whatever_the_type_of_the_key(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    keys = {
        "uuid": [f"{n:02x}890a5d-ac96-774b-bcce-b302099a8057" for n in range(20)],
        "date": [f"2026-01-{n + 1:02}" for n in range(20)],
    }.get(kind, [str(n) for n in range(20)])
    tables.table(f"id {kind}, at timestamptz", *((key, "2026-06-01 12:00Z") for key in keys))
    monkeypatch.setattr(stamps, "ROWS_PER_PAGE", 3)
    assert sorted(changed(tables)) == sorted(keys)


@pytest.mark.parametrize("stamp", ["infinity", "0044-03-15 BC", "12026-01-01", None])
def test_a_page_may_end_at_any_timestamp(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, stamp: str | None
) -> None:
    stamped(tables, *((f"{n}", stamp) for n in range(7)))
    monkeypatch.setattr(stamps, "ROWS_PER_PAGE", 2)
    with tables.store.transaction() as connection:
        found = list(
            stamps.changed_keys(
                connection, mapping_of(BY_STAMP), BY_STAMP, datetime(1, 1, 2, tzinfo=UTC)
            )
        )
    assert len(found) == (7 if stamp in {"infinity", "12026-01-01"} else 0)


def test_the_latest_of_several_timestamps_can_be_followed(tables: SourceShop) -> None:
    tables.table(
        "id int, at timestamptz, paid_at timestamptz",
        (1, "2026-06-01 11:00Z", "2026-06-01 13:00Z"),
        (2, "2026-06-01 11:00Z", None),
        (3, "2026-06-01 13:00Z", None),
    )
    latest = replace(BY_STAMP, changed_at="greatest(t.at, t.paid_at) -- whichever")
    assert changed(tables, source=latest) == ["1", "3"]


# -- time zones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "local"),
    [
        # In summer two hours ahead, in winter one.
        ("2026-06-01 12:00", "2026-06-01 14:00"),
        ("2026-01-01 12:00", "2026-01-01 13:00"),
    ],
)
def test_a_timestamp_without_a_zone_is_read_in_the_one_that_is_said(
    tables: SourceShop, since: str, local: str
) -> None:
    stamped(
        tables,
        ("at it", local),
        ("a day later", moment(since) + timedelta(days=1)),
        ("before", moment(local) - timedelta(seconds=1)),
        kind="timestamp",
    )
    assert changed(tables, since, IN_BERLIN) == ["at it", "a day later"]


# Every ten minutes through the night in which the clock is put back, and that in which it is put
# forward; in Apia one day never was.
NIGHTS = {
    "Europe/Berlin": ("2026-10-24 22:00", "2026-03-28 22:00"),
    "America/New_York": ("2026-11-01 03:00", "2026-03-08 04:00"),
    "Australia/Lord_Howe": ("2026-04-04 12:00", "2026-10-03 12:00"),
    "America/St_Johns": ("2026-11-01 02:00",),
    "Pacific/Kwajalein": ("1969-09-30 06:00",),
    "UTC": ("2026-10-24 22:00",),
}


def missed_in_one_night(shop: SourceShop, zone: str, evening: str) -> int:
    """Write a row every ten minutes and look every twenty, each from the last look on; count rows
    that no look gives."""
    begin = moment(evening)
    source = replace(BY_STAMP, time_zone=zone)
    missed = 0
    for look in range(36):
        since = begin + timedelta(minutes=20 * look)
        stamped(shop, kind="timestamp")
        shop.run(
            "INSERT INTO t SELECT n, (%s + n * interval '10 min') AT TIME ZONE %s "
            "FROM generate_series(0, 2) n",
            values=(since, zone),
        )
        missed += 3 - len(changed(shop, since.replace(tzinfo=None).isoformat(), source))
    return missed


@pytest.mark.parametrize("zone", NIGHTS)
def test_no_row_is_missed_in_the_night_in_which_the_clock_is_changed(
    tables: SourceShop, zone: str
) -> None:
    for evening in NIGHTS[zone]:
        assert missed_in_one_night(tables, zone, evening) == 0, evening


def test_control_the_moment_in_local_time_alone_misses_rows_when_the_clock_is_put_back(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "_LOCAL", "(%(since)s::timestamptz AT TIME ZONE %(zone)s)")
    autumn, spring = NIGHTS["Europe/Berlin"]
    assert missed_in_one_night(tables, "Europe/Berlin", spring) == 0
    assert missed_in_one_night(tables, "Europe/Berlin", autumn) > 0


# -- what is refused -------------------------------------------------------------------------------

REFUSED = [
    ("t.id", None, "it is no timestamp; name the column of the last change."),
    ("t.day", None, "it is no timestamp; name the column of the last change."),
    ("t.at::text", None, "it is no timestamp; name the column of the last change."),
    (
        "t.local",
        None,
        'it has no time zone; say in which it is written: time_zone = "UTC".',
    ),
    ("t.at", "UTC", "it has a time zone of its own; take time_zone away."),
    ("t.local", "Europe/Berlun", "the store knows no time zone Europe/Berlun."),
    ("t.local", "'; DROP TABLE t; --", "the store knows no time zone '; DROP TABLE t; --."),
]


def check(shop: SourceShop, changed_at: str, zone: str | None) -> None:
    source = replace(BY_STAMP, changed_at=changed_at, time_zone=zone)
    with shop.store.transaction() as connection:
        stamps.check_stamps(connection, mapping_of(source))
        # The transaction is as good as before.
        run(connection, "SELECT 1")


@pytest.mark.parametrize(("changed_at", "zone", "words"), REFUSED)
def test_what_cannot_be_followed_is_refused_with_the_mend(
    tables: SourceShop, changed_at: str, zone: str | None, words: str
) -> None:
    tables.table("id int, at timestamptz, local timestamp, day date")
    with pytest.raises(MappingError) as caught:
        check(tables, changed_at, zone)
    place = f'./influence.toml, products.sources, changed_at = "{changed_at}": '
    assert str(caught.value) == place + words


def test_a_column_that_is_not_there_is_refused_in_the_stores_words(tables: SourceShop) -> None:
    tables.table("id int, at timestamptz")
    with pytest.raises(MappingError, match=r'changed_at = "t\.changed": .*42703'):
        check(tables, "t.changed", None)


@pytest.mark.parametrize(
    ("changed_at", "zone"), [("t.at", None), ("t.local", "UTC"), ("t.local", "Europe/Berlin")]
)
def test_what_can_be_followed_is_taken(
    tables: SourceShop, changed_at: str, zone: str | None
) -> None:
    tables.table("id int, at timestamptz, local timestamp, day date")
    check(tables, changed_at, zone)


# -- by the index ----------------------------------------------------------------------------------


def plans(shop: SourceShop, monkeypatch: pytest.MonkeyPatch, source: SourceTables) -> list[str]:
    """How Postgres reads each page."""
    read: list[str] = []

    def noted(connection: Any, sql: str, values: Any = None) -> Any:
        lines = run(connection, f"EXPLAIN {sql}", values).fetchall()
        read.append("\n".join(line for (line,) in lines))
        return run(connection, sql, values)

    monkeypatch.setattr(stamps, "run", noted)
    monkeypatch.setattr(stamps, "ROWS_PER_PAGE", 20)
    assert len(changed(shop, source=source)) == 50
    return read


def large_table(shop: SourceShop, kind: str) -> None:
    stamped(shop, kind=kind)
    shop.run(
        "INSERT INTO t SELECT n, '2026-06-01 12:00:49'::timestamp - make_interval(secs => n) "
        "FROM generate_series(0, 30000) n",
        "ANALYZE t",
    )


@pytest.mark.parametrize(
    ("kind", "source"),
    [("timestamptz", BY_STAMP), ("timestamp", replace(BY_STAMP, time_zone="Africa/Abidjan"))],
)
def test_every_page_is_read_by_the_index(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch, kind: str, source: SourceTables
) -> None:
    large_table(tables, kind)
    tables.run("CREATE INDEX ON t (at)", "ANALYZE t")
    read = plans(tables, monkeypatch, source)
    assert len(read) == 3
    assert ["Seq Scan" in plan or "t_at_idx" not in plan for plan in read] == [False] * 3


def test_control_without_an_index_every_page_reads_the_table(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    large_table(tables, "timestamptz")
    assert ["Seq Scan" in plan for plan in plans(tables, monkeypatch, BY_STAMP)] == [True] * 3


# -- the overlap -----------------------------------------------------------------------------------


def found_when_committed_late(shop: SourceShop, overlap: timedelta) -> list[str]:
    """A transaction has written its row ten minutes ago, and commits after the look."""
    mapping = mapping_of(BY_STAMP)
    with closing(psycopg2.connect(shop.url)) as late, late.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES ('late', now() - interval '10 min')")
        with shop.store.transaction() as connection:
            now = changes.present(connection)
            _, point = changes.look(connection, mapping, any_point(now), now, overlap)
        late.commit()
    with shop.store.transaction() as connection:
        now = changes.present(connection)
        return changes.look(connection, mapping, point, now, overlap)[0]


def any_point(now: changes.Moment) -> StorePoint:
    return StorePoint(now.server_identity, now.horizon, now.next_xid, (), now.clock)


def test_what_commits_later_than_it_was_written_is_found_within_the_overlap(
    tables: SourceShop,
) -> None:
    stamped(tables, ("old", "2020-01-01Z"))
    assert found_when_committed_late(tables, timedelta(minutes=15)) == ["late"]


def test_control_beyond_the_overlap_it_is_missed(tables: SourceShop) -> None:
    stamped(tables, ("old", "2020-01-01Z"))
    assert found_when_committed_late(tables, timedelta(minutes=5)) == []


def test_sources_followed_by_stamps_and_by_transactions_are_looked_at_together(
    tables: SourceShop,
) -> None:
    stamped(tables, ("1", "2020-01-01Z"), ("2", "2020-01-01Z"), ("3", "2020-01-01Z"))
    tables.run("CREATE TABLE lines (t_id int)", "INSERT INTO lines VALUES (1), (2), (3)")
    by_id = SourceTables("lines l", ("l",), "l.t_id")
    mapping = Mapping(Entity.PRODUCT, Path("p.sql"), SELECT, (BY_STAMP, by_id))
    with tables.store.transaction() as connection:
        now = changes.present(connection)
        point = changes.capture_point(connection, mapping, now)
    tables.run(
        "UPDATE t SET at = now() WHERE id IN ('1', '2')",
        "UPDATE lines SET t_id = t_id WHERE t_id IN (2, 3)",
    )
    with tables.store.transaction() as connection:
        now = changes.present(connection)
        found, then = changes.look(connection, mapping, point, now)
        assert then == changes.capture_point(connection, mapping, now)
    assert found == ["1", "2", "3"]


# -- what is under way longer ----------------------------------------------------------------------


def age(shop: SourceShop, overlap: timedelta) -> timedelta | None:
    with shop.store.transaction() as connection:
        return stamps.longer_than(connection, overlap)


MOMENT = timedelta(milliseconds=100)


def test_a_transaction_open_for_longer_than_the_overlap_is_named_with_its_age(
    tables: SourceShop,
) -> None:
    stamped(tables)
    with closing(psycopg2.connect(tables.url)) as shop, shop.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES ('open', now())")
        cursor.execute("SELECT pg_sleep(0.15)")
        found = age(tables, MOMENT)
        assert found is not None
        assert timedelta(seconds=0.15) <= found < timedelta(minutes=1)
        assert age(tables, timedelta(minutes=15)) is None
        shop.rollback()
        assert age(tables, MOMENT) is None


def test_a_transaction_that_has_written_nothing_can_commit_nothing_late(
    tables: SourceShop,
) -> None:
    stamped(tables)
    with closing(psycopg2.connect(tables.url)) as shop, shop.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.15)")
        assert age(tables, MOMENT) is None


def test_a_prepared_transaction_is_under_way_until_it_is_committed(old: SourceShop) -> None:
    stamped(old)
    with closing(psycopg2.connect(old.url)) as shop, shop.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES ('prepared', now())")
        cursor.execute("PREPARE TRANSACTION 'one'")
        shop.commit()
    old.run("SELECT pg_sleep(0.15)")
    assert age(old, MOMENT) is not None
    old.run("COMMIT PREPARED 'one'")
    assert age(old, MOMENT) is None


def test_a_transaction_in_another_database_does_not_matter(
    tables: SourceShop, store_url: str
) -> None:
    with closing(psycopg2.connect(store_url)) as other, other.cursor() as cursor:
        cursor.execute("UPDATE customers SET first_name = first_name")
        cursor.execute("SELECT pg_sleep(0.15)")
        assert age(tables, MOMENT) is None
