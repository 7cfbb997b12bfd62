"""Roles for databases that Medusa, Vendure and Saleor made themselves: a capture runs as the reader,
a coupon is made as the writer, and each right is needed. Where they come from: `support.real_stores`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import psycopg2
import pytest

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.records import Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.database import open_state
from influence_pipeline.store import changes
from influence_pipeline.store.coupons.interface import COUPON_VALUES, Coupon
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.fingerprints import describe_sources, fingerprints_of
from influence_pipeline.store.mapping import Mapping, describe
from influence_pipeline.store.reader import rows_of
from influence_pipeline.store.rights import Needs, look
from influence_pipeline.store.sources import probe_sources
from influence_pipeline.store.statements import Statement, read_statement
from influence_pipeline.sync.capture import CaptureJob, capture
from influence_pipeline_tests.support import databases, roles, store_presets
from influence_pipeline_tests.support.store_presets import PRESETS

pytestmark = pytest.mark.proves("T18")

CURRENCIES = {"medusa": "EUR", "vendure": "EUR", "saleor": "USD"}
CUSTOMERS = {"medusa": "SELECT min(id) FROM customer", "vendure": "SELECT min(id)::text FROM customer", "saleor": "SELECT min(id)::text FROM account_user"}  # fmt: skip


@dataclass
class Shop:
    name: str
    url: str
    mappings: dict[Entity, Mapping]
    statements: tuple[Statement, Statement]


@pytest.fixture(params=store_presets.STORES)
def shop(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    request: pytest.FixtureRequest,
) -> Iterator[Shop]:
    name = request.param
    template = real_store_template(name)
    mappings = store_presets.mappings(PRESETS / name)
    statements = (
        read_statement(PRESETS / name / "coupon_lookup.sql", LOOKUP_VALUES, "code"),
        read_statement(PRESETS / name / "coupon_create.sql", COUPON_VALUES, "code"),
    )
    with databases.throw_away_database(postgres, template) as url:
        roles.administer(url, f"REVOKE TEMPORARY ON DATABASE {url.rpartition('/')[2]} FROM PUBLIC")
        yield Shop(name, url, mappings, statements)


@pytest.fixture
def reader(shop: Shop) -> Iterator[tuple[str, Needs]]:
    with roles.reader(shop.url, shop.mappings) as made:
        yield made


def test_a_capture_runs_as_the_reader(
    shop: Shop, reader: tuple[str, Needs], state_url: str
) -> None:
    with closing(roles.opened(reader[0])) as store, closing(open_state(state_url)) as state:
        for mapping in shop.mappings.values():
            found = capture(state, store, CaptureJob(mapping), lambda _: None)
            assert found.created > 0
            again = capture(state, store, CaptureJob(mapping, full=True), lambda _: None)
            assert (again.full, again.why_full, again.changed, again.warnings) == (
                True,
                None,
                0,
                (),
            )
        with store.transaction() as connection:
            held = look(connection, shop.mappings)
    assert (held.lacking, held.excess) == ([], [])


def test_every_other_column_is_refused(shop: Shop, reader: tuple[str, Needs]) -> None:
    url, needs = reader
    granted = {(right.object, column) for right in needs.rights for column in right.columns}
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        may = set()
        for table, column in roles.columns(shop.url):
            cursor.execute("SAVEPOINT one")
            try:
                cursor.execute(f"SELECT {column} FROM {table} LIMIT 0")
            except psycopg2.errors.InsufficientPrivilege:
                cursor.execute("ROLLBACK TO one")
            else:
                may.add((table, column))
    assert may == {pair for pair in granted if pair[1] not in ("ctid", "xmin", "tableoid")}


def job(url: str, mappings: dict[Entity, Mapping]) -> list[str | None]:
    parted: list[str | None] = []
    with closing(roles.opened(url)) as store, store.transaction() as connection:
        for mapping in mappings.values():
            described = describe(connection, mapping)
            probe_sources(connection, described)
            prints = describe_sources(connection, described)
            parted += [source.sliced_by for source in prints.sources]
            now = changes.present(connection)
            keys, _ = changes.look(connection, mapping, changes.StorePoint("", 0, 0, ()), now)
            rows_of(connection, described, keys[:1])
            list(fingerprints_of(connection, prints, keys[:1]))
    return parted


@pytest.mark.slow
def test_without_any_single_right_the_job_breaks(shop: Shop, reader: tuple[str, Needs]) -> None:
    url, needs = reader
    as_usual = job(url, shop.mappings)
    not_missed = []
    for right in roles.single_rights(needs):
        with roles.without(shop.url, url, right):
            try:
                if job(url, shop.mappings) == as_usual:
                    not_missed.append(right.what)
            except InfluencePipelineError:
                pass
    assert not_missed == []


def make(shop: Shop, url: str, code: str, customer: str) -> None:
    lookup, create = shop.statements
    coupon = Coupon(
        code, customer, "percentage", Decimal(15), CURRENCIES[shop.name], Decimal(5), datetime(2027, 1, 1, tzinfo=UTC)
    )  # fmt: skip
    with closing(roles.opened(url, read_only=False)) as database:
        with SqlCouponWriter(database, lookup=lookup, create=create).hold(code) as desk:
            desk.create(coupon)


def test_a_coupon_is_made_with_exactly_these_rights(shop: Shop) -> None:
    with closing(psycopg2.connect(shop.url)) as connection, connection.cursor() as cursor:
        cursor.execute(CUSTOMERS[shop.name])
        (customer,) = cursor.fetchone() or ("",)
    if shop.name == "vendure":
        # A minimum spend is made where every channel sells in its currency alone.
        alone = (
            "UPDATE channel SET \"defaultCurrencyCode\" = 'EUR', \"availableCurrencyCodes\" = 'EUR'"
        )
        roles.administer(shop.url, alone)
    with roles.writer(shop.url, shop.statements) as (url, needs):
        make(shop, url, "NARROW", customer)
        not_missed = []
        for number, right in enumerate(roles.single_rights(needs)):
            with roles.without(shop.url, url, right):
                try:
                    make(shop, url, f"NARROW-{number}", customer)
                except InfluencePipelineError:
                    continue
                not_missed.append(right.what)
        assert not_missed == []
        with closing(roles.opened(url)) as store, store.transaction() as connection:
            held = look(connection, {}, shop.statements)
        assert (held.lacking, held.excess) == ([], [])
