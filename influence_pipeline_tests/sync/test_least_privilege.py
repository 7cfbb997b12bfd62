"""The whole job with no more rights than `influence-pipeline roles` gives, on the sample store: it
runs, each single right is needed for it, and nothing else can be done with the roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import psycopg2
import pytest

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.postgres import run
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.store import changes
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.coupons.choice import coupon_statements
from influence_pipeline.store.coupons.interface import Coupon
from influence_pipeline.store.coupons.sql import SqlCouponWriter
from influence_pipeline.store.fingerprints import describe_sources, fingerprints_of, key_sums
from influence_pipeline.store.mapping import Mapping, describe
from influence_pipeline.store.reader import rows_of
from influence_pipeline.store.rights import Needs, Right, look
from influence_pipeline.store.sources import probe_sources
from influence_pipeline.store.statements import Statement
from influence_pipeline_tests.support import roles
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T18")


@pytest.fixture
def mappings(world: World) -> dict[Entity, Mapping]:
    return configured_mappings(world.settings())


@pytest.fixture
def no_temporary_tables(world: World) -> None:
    """As the script advises: a default of Postgres lets everybody make them."""
    roles.administer(
        world.store_url, f"REVOKE TEMPORARY ON DATABASE {_database(world)} FROM PUBLIC"
    )


@pytest.fixture
def reader(world: World, mappings: dict[Entity, Mapping]) -> Iterator[tuple[str, Needs]]:
    with roles.reader(world.store_url, mappings) as made:
        yield made


def _database(world: World) -> str:
    return world.store_url.rpartition("/")[2]


def test_a_whole_sync_and_a_full_compare_run_as_the_reader(
    world: World, reader: tuple[str, Needs]
) -> None:
    narrow = replace(world, store_url=reader[0])
    narrow.sync()
    assert world.judge().differences == ()
    order = sample_store.place_order(world.store_url, "cus_000001", paid=True).orders[0]
    sample_store.refund_order(world.store_url, order)
    sample_store.rename_customer(world.store_url, "cus_000002")
    world.shop("DELETE FROM order_lines WHERE id = (SELECT max(id) FROM order_lines)")
    reports = narrow.sync(full=True)
    assert world.judge().differences == ()
    for entity in STORE_ENTITIES:
        captured = reports[entity].captured
        assert captured is not None
        # By fingerprints, not by computing every record: they can be had of these columns.
        assert (captured.full, captured.why_full, captured.missed) == (True, None, 0)
        assert captured.warnings == ()


def test_a_column_that_the_mapping_does_not_read_may_come_and_change(
    world: World, reader: tuple[str, Needs]
) -> None:
    """Fingerprints are of the columns that the role may read: with these rights, of what the mapping
    reads."""
    narrow = replace(world, store_url=reader[0])
    narrow.sync()
    world.shop("ALTER TABLE customers ADD COLUMN notes text; UPDATE customers SET notes = 'x'")
    captured = narrow.sync(full=True)[Entity.CUSTOMER].captured
    assert captured is not None
    assert (captured.full, captured.why_full, captured.changed) == (True, None, 0)
    # A role that may read the whole table hashes the new column too, and begins anew.
    with world.engine() as engine:
        again = engine.capture(Entity.CUSTOMER, full=True)
        with engine.state.transaction() as connection:
            state = run(
                connection, "SELECT source_method FROM capture_point WHERE entity = 'customer'"
            )
            wide = state.fetchone()[0]
    with narrow.engine() as engine, engine.store.transaction() as connection:
        described = describe(connection, engine.mappings[Entity.CUSTOMER])
        assert describe_sources(connection, described).method != wide
    assert again.changed == 0


# -- what the role may not do ----------------------------------------------------------------------


def test_every_other_column_is_refused(world: World, reader: tuple[str, Needs]) -> None:
    url, needs = reader
    granted = {(right.object, column) for right in needs.rights for column in right.columns}
    everything = roles.columns(world.store_url)
    may = {
        pair for pair in everything if roles.may(url, f"SELECT {pair[1]} FROM {pair[0]} LIMIT 1")
    }
    assert may == granted & set(everything)
    assert len(everything) > len(may) > 40


@pytest.mark.usefixtures("no_temporary_tables")
def test_the_reader_writes_nothing_also_where_a_transaction_may(
    world: World, reader: tuple[str, Needs]
) -> None:
    tables = sorted({table for table, _ in roles.columns(world.store_url)})
    tried = [
        *(f"DELETE FROM {table}" for table in tables),
        *(f"TRUNCATE {table} CASCADE" for table in tables),
        *(
            f"UPDATE {table} SET {column} = NULL"
            for table, column in roles.columns(world.store_url)
        ),
        *(f"INSERT INTO {table} DEFAULT VALUES" for table in tables),
        *(f"LOCK TABLE {table} IN SHARE MODE" for table in tables),
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE SCHEMA mine",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "SET ROLE postgres",
        "COPY customers (id) TO PROGRAM 'cat'",
    ]
    assert [statement for statement in tried if roles.may(reader[0], statement)] == []


def test_the_reader_cannot_write_by_mistake(world: World, reader: tuple[str, Needs]) -> None:
    with closing(psycopg2.connect(reader[0])) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            cursor.execute("CREATE TEMPORARY TABLE mine (id integer)")


def test_temporary_tables_are_everybodys_unless_the_advice_is_taken(
    world: World, reader: tuple[str, Needs], mappings: dict[Entity, Mapping]
) -> None:
    assert roles.may(reader[0], "CREATE TEMPORARY TABLE mine (id integer)")
    with closing(roles.opened(reader[0])) as store, store.transaction() as connection:
        (found,) = look(connection, mappings).excess
    assert (found.object, found.privilege, found.for_all) == (
        f"DATABASE {_database(world)}", "TEMPORARY", True,
    )  # fmt: skip
    script = roles.script_of_reader(world.store_url, "r", reader[1]).render()
    assert f"-- {found.mend}" in script
    roles.administer(world.store_url, found.mend)
    assert not roles.may(reader[0], "CREATE TEMPORARY TABLE mine (id integer)")


# -- exactly ---------------------------------------------------------------------------------------


def job(url: str, mappings: dict[Entity, Mapping]) -> list[str | None]:
    """All kinds of questions that the engine asks of the store; gives what may be read in parts."""
    parted: list[str | None] = []
    with closing(roles.opened(url)) as store, store.transaction() as connection:
        for mapping in mappings.values():
            described = describe(connection, mapping)
            probe_sources(connection, described)
            prints = describe_sources(connection, described)
            parted += [source.sliced_by for source in prints.sources]
            now = changes.present(connection)
            keys, _ = changes.look(connection, mapping, changes.StorePoint("", 0, 0, ()), now)
            rows_of(connection, described, keys[:20])
            list(fingerprints_of(connection, prints, keys[:20]))
            key_sums(connection, prints)
    return parted


def breaks(work: Callable[[], object], as_usual: object) -> bool:
    try:
        return work() != as_usual
    except InfluencePipelineError:
        return True


def test_without_any_single_right_the_job_breaks(
    world: World, reader: tuple[str, Needs], mappings: dict[Entity, Mapping]
) -> None:
    url, needs = reader
    as_usual = job(url, mappings)
    single = roles.single_rights(needs)
    not_missed = []
    for right in single:
        with roles.without(world.store_url, url, right):
            if not breaks(lambda: job(url, mappings), as_usual):
                not_missed.append(right.what)
    assert not_missed == []
    assert len(single) > 60
    assert job(url, mappings) == as_usual


def test_a_right_that_nobody_needs_would_be_found(
    world: World, reader: tuple[str, Needs], mappings: dict[Entity, Mapping]
) -> None:
    """The control of the test above."""
    url, _ = reader
    more = Right("TABLE", "public.customers", "SELECT", ("tax_id",))
    roles.administer(world.store_url, "ALTER TABLE customers ADD COLUMN tax_id text")
    as_usual = job(url, mappings)
    with roles.without(world.store_url, url, more):
        assert not breaks(lambda: job(url, mappings), as_usual)
    with closing(roles.opened(url)) as store, store.transaction() as connection:
        found = [e.object for e in look(connection, mappings).excess if not e.for_all]
    assert found == ["public.customers (tax_id)"]


# -- coupons ---------------------------------------------------------------------------------------

COUPON = Coupon(
    "NARROW-1", "cus_000001", "percentage", Decimal(15), "EUR", Decimal(5), datetime(2027, 1, 1, tzinfo=UTC)
)  # fmt: skip


@pytest.fixture
def statements(world: World) -> tuple[Statement, ...]:
    with closing(roles.opened(world.store_url)) as store:
        return coupon_statements(world.settings(), store)


@pytest.fixture
def coupons(world: World, statements: tuple[Statement, ...]) -> Iterator[tuple[str, Needs]]:
    with roles.writer(world.store_url, statements) as made:
        yield made


def make(url: str, statements: tuple[Statement, ...], code: str = COUPON.code) -> None:
    lookup, create = statements
    with closing(roles.opened(url, read_only=False)) as database:
        writer = SqlCouponWriter(database, lookup=lookup, create=create)
        with writer.hold(code) as desk:
            assert desk.find() is None
            desk.create(replace(COUPON, code=code))
        found = writer.look(code)
        assert found is not None
        assert found.customer_id == COUPON.customer_id


def test_a_coupon_is_made_with_its_rights_and_nothing_else_can_be_done(
    world: World, coupons: tuple[str, Needs], statements: tuple[Statement, ...]
) -> None:
    url, needs = coupons
    make(url, statements)
    read = {(r.object, c) for r in needs.rights if r.privilege == "SELECT" for c in r.columns}
    everything = roles.columns(world.store_url)
    may = {
        pair for pair in everything if roles.may(url, f"SELECT {pair[1]} FROM {pair[0]} LIMIT 1")
    }
    assert (
        may == read == {("public.discount_codes", "code"), ("public.discount_codes", "customer_id")}
    )
    tables = sorted({table for table, _ in everything})
    tried = [
        *(f"DELETE FROM {table}" for table in tables),
        *(f"TRUNCATE {table} CASCADE" for table in tables),
        *(f"UPDATE {table} SET {column} = NULL" for table, column in everything),
        *(
            f"INSERT INTO {table} DEFAULT VALUES"
            for table in tables
            if table != "public.discount_codes"
        ),
        "CREATE TABLE mine (id integer)",
        "CREATE SCHEMA mine",
    ]
    assert [statement for statement in tried if roles.may(url, statement)] == []


def test_without_any_single_right_no_coupon_is_made(
    world: World, coupons: tuple[str, Needs], statements: tuple[Statement, ...]
) -> None:
    url, needs = coupons
    single = roles.single_rights(needs)
    for number, right in enumerate(single):
        with roles.without(world.store_url, url, right):
            with pytest.raises(InfluencePipelineError):
                make(url, statements, f"NARROW-{number}")
        make(url, statements, f"NARROW-{number}")
    assert len(single) == 12


def test_a_table_of_codes_needs_its_own_rights(world: World) -> None:
    world.shop(
        "CREATE TABLE codes (id serial PRIMARY KEY, code text, kind text, value numeric, other text)"
    )
    world.configure((
        world.config.read_text().partition("[coupons]")[2].partition("\n\n")[0],
        '\nwriter = "table"\ntable = "codes"',
    ))  # fmt: skip
    with closing(roles.opened(world.store_url)) as store:
        made = coupon_statements(world.settings(), store)
    with roles.writer(world.store_url, made) as (url, needs):
        assert [right.what for right in needs.rights] == [
            "INSERT (code, kind, value) ON TABLE public.codes",
            "SELECT (code) ON TABLE public.codes",
            "USAGE ON SEQUENCE public.codes_id_seq",
        ]
        lookup, create = made
        with closing(roles.opened(url, read_only=False)) as database:
            writer = SqlCouponWriter(database, lookup=lookup, create=create)
            with writer.hold("T-1") as desk:
                desk.create(Coupon("T-1", None, "percentage", Decimal(5)))
