"""The presets on small shops of the project's own that stand in for Medusa, Vendure and Saleor: what
they make of every row, what a tick finds, and controls: broken presets that these tests catch."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from influence_pipeline.records import Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.mapping import describe
from influence_pipeline.store.reader import rows_of
from influence_pipeline.store.sources import probe_sources
from influence_pipeline_tests.support import databases, small_shops, store_presets
from influence_pipeline_tests.support.small_shops import SmallShop, controls, writes


@pytest.fixture(scope="module")
def made(postgres: EmbeddedPostgres) -> Callable[[str], str]:
    """Gives the name of a database with a small shop, to be read or copied."""

    @functools.cache
    def make(name: str) -> str:
        small_shops.create(name, postgres.create_database(f"small_{name}"))
        return f"small_{name}"

    return make


@pytest.fixture
def shop(
    postgres: EmbeddedPostgres,
    made: Callable[[str], str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[SmallShop]:
    """A shop that is only read, so that all tests may share it."""
    name = request.param
    with small_shops.opened(name, postgres.url(made(name)), tmp_path / name) as opened:
        yield opened


@pytest.fixture
def busy(
    postgres: EmbeddedPostgres,
    made: Callable[[str], str],
    state_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[SmallShop]:
    """A shop of the test's own, and a state."""
    name = request.param
    with (
        databases.throw_away_database(postgres, made(name)) as url,
        small_shops.opened(name, url, tmp_path / name, state_url) as opened,
    ):
        yield opened


each_shop = pytest.mark.parametrize("shop", store_presets.STORES, indirect=True)


@each_shop
def test_every_row_is_told_as_a_person_reads_it(shop: SmallShop) -> None:
    assert shop.table() == shop.expected


@pytest.mark.parametrize(
    ("shop", "control"),
    [pytest.param(store, each, id=f"{store}: {each.rule}") for store, each in controls.ALL],
    indirect=["shop"],
)
def test_control_a_preset_without_this_rule_is_caught(
    shop: SmallShop, control: controls.Control
) -> None:
    shop.change(control.file, (control.old, control.new))
    assert control.wrong
    assert shop.differing() == control.wrong


@pytest.mark.parametrize(
    ("busy", "write"),
    [pytest.param(store, each, id=f"{store}: {each.what}") for store, each in writes.ALL],
    indirect=["busy"],
)
def test_a_write_of_the_shop_is_found_by_one_tick(busy: SmallShop, write: writes.Write) -> None:
    busy.tick()
    busy.write(write.sql)
    found = busy.tick()
    assert not any(each.full for each in found.values())
    moved = Counter(
        f"{kind} {entity.plural}"
        for entity, each in found.items()
        for kind, count in (
            ("new", each.created),
            ("changed", each.changed),
            ("gone", each.deleted),
        )
        for _ in range(count)
    )
    assert moved == Counter(where for where, _, _ in write.then)
    for where, key, words in write.then:
        entity = where.split()[1]
        if words is None:
            del busy.expected[entity][key]
        else:
            busy.expected[entity][key] = words
    assert busy.table() == busy.expected


@pytest.mark.parametrize(
    ("busy", "control"),
    [pytest.param(store, each, id=f"{store}: {each.rule}") for store, each in controls.SOURCES],
    indirect=["busy"],
)
def test_control_sources_without_this_table_miss_the_write(
    busy: SmallShop, control: controls.Control
) -> None:
    (write,) = (w for store, w in writes.ALL if store == busy.name and w.what == control.write)
    busy.change(control.file, (control.old, control.new))
    busy.tick()
    busy.write(write.sql)
    assert busy.tick()[Entity(control.entity)].changed == 0
    assert busy.differing()


@each_shop
def test_a_preset_reads_nothing_but_what_its_sources_name(shop: SmallShop) -> None:
    with shop.store.transaction() as connection:
        for mapping in shop.mappings.values():
            assert probe_sources(connection, describe(connection, mapping)).uncovered == ()


@pytest.mark.parametrize("shop", ["vendure"], indirect=True)
def test_the_zone_of_placed_orders_is_named_in_one_place(shop: SmallShop) -> None:
    zone = """o."orderPlacedAt" AT TIME ZONE 'UTC'"""
    assert placed(shop) == "2026-01-02T03:04:05+00:00"
    shop.change("orders.sql", (zone, zone.replace("UTC", "America/New_York")))
    assert placed(shop) == "2026-01-02T08:04:05+00:00"


@pytest.mark.parametrize(
    ("shop", "found"),
    [
        ("vendure", "https://shop.example/preview/ab/laptop.jpg"),
        ("saleor", "https://shop.example/products/shirt.png"),
    ],
    indirect=["shop"],
)
def test_the_address_of_images_is_named_in_one_place(shop: SmallShop, found: str) -> None:
    shop.change("products.sql", ("(VALUES (''))", "(VALUES ('https://shop.example/'))"))
    products = shop.table()["products"]
    assert products["1"].split(" | ")[2] == found
    # Also of the variant with the same picture; whole addresses stay as they are.
    assert products["1"].count(found) == 2
    assert "https://shop.example/https" not in "".join(products.values())


@pytest.mark.parametrize("shop", ["medusa", "saleor"], indirect=True)
def test_birthdays_in_the_metadata_are_one_comment_away(shop: SmallShop) -> None:
    line = ".metadata ->> 'birthday' AS birthday,"
    alias = "c" if shop.name == "medusa" else "u"
    shop.change("customers.sql", (f"-- {alias}{line}", f"{alias}{line}"))
    with shop.store.transaction() as connection:
        described = describe(connection, shop.mappings[Entity.CUSTOMER])
        (row,), _ = rows_of(connection, described, ["ann" if shop.name == "medusa" else "1"])
    assert row.values["birthday"] == "1990-05-04"


def placed(shop: SmallShop) -> str:
    with shop.store.transaction() as connection:
        described = describe(connection, shop.mappings[Entity.ORDER])
        ((row,), _) = rows_of(connection, described, ["1"])
    return str(row.values["created_at"])
