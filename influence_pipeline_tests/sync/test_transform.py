"""A transform from the store to the API: what it makes arrives, a record that it cannot take costs
only itself, another code sends everything again and awards nothing twice."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from influence_pipeline.errors import MappingError, MassChange
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.store import mapping as mapping_module
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline.store.mapping import Mapping, SourceTables, describe
from influence_pipeline.store.reader import EVERYTHING
from influence_pipeline.sync import story
from influence_pipeline.sync.plan import plan
from influence_pipeline_tests.support.world import LONG_AGO, World

PHONES = """
    def transform(df):
        df["phone"] = df["phone"].str.replace(r"[^+0-9]", "", regex=True)
        return df
"""


def write(world: World, code: str, name: str = "transform.py") -> None:
    (world.config.parent / name).write_text(dedent(code))


def give(world: World, entity: str, code: str) -> None:
    """Give an entity a transform."""
    write(world, code)
    world.configure((f"[{entity}]\n", f'[{entity}]\ntransform = "transform.py"\n'))


def bodies(world: World, entity: str, key: str) -> list[dict[str, Any]]:
    """What was told of a record, in this order."""
    calls = world.sandbox.rows(
        "SELECT path, body FROM calls WHERE path LIKE '/v1/%' ORDER BY rowid"
    )
    return [
        json.loads(call["body"])
        for call in calls
        if call["body"] and (call["path"].endswith(f"/{key}") or f'"id":"{key}"' in str(call["body"]))
    ]  # fmt: skip


def sync(world: World, entity: Entity, **how: Any) -> Any:
    with world.engine() as engine:
        return engine.sync(entity, **how)


@pytest.fixture
def ada(world: World) -> str:
    """A customer whose phone is written as people write it."""
    (customer,) = sample_store.add_customers(world.store_url).customers
    world.shop("UPDATE customers SET phone = '+43 (0)1 / 234-56' WHERE id = %(id)s", id=customer)
    return customer


def test_what_it_makes_of_a_value_arrives(world: World, ada: str) -> None:
    give(world, "customers", PHONES)
    sync(world, Entity.CUSTOMER)
    assert [body["phone"] for body in bodies(world, "customer", ada)] == ["+430123456"]
    assert sync(world, Entity.CUSTOMER).delivered.calls == 0


def test_without_it_the_value_arrives_as_it_is(world: World, ada: str) -> None:
    """The control."""
    sync(world, Entity.CUSTOMER)
    assert [body["phone"] for body in bodies(world, "customer", ada)] == ["+43 (0)1 / 234-56"]


def test_a_plan_and_why_show_what_it_makes(world: World, ada: str) -> None:
    give(world, "customers", PHONES)
    with world.engine() as engine:
        records = plan(engine, [Entity.CUSTOMER]).records
        file = engine.mappings[Entity.CUSTOMER].file
    (after,) = records[records["key"] == ada]["after"]
    assert json.loads(after)["phone"] == "+430123456"
    given = (world.config.parent, "transform.py")
    found = story.in_store(world.store_url, Entity.CUSTOMER, file, ada, given)
    assert found.row is not None
    assert found.row.values["phone"] == "+430123456"
    # It is known to be as it was sent: `why` hashes as the sync does.
    sync(world, Entity.CUSTOMER)
    found = story.in_store(world.store_url, Entity.CUSTOMER, file, ada, given)
    ((synced, method),) = world.ask_state(
        "SELECT s.synced_hash, c.hash_method FROM influence.snapshot s"
        " JOIN influence.capture_point c USING (entity)"
        f" WHERE entity = 'customer' AND key = '{ada}'"
    )
    assert found.row is not None
    assert (found.row.hash, found.hash_method) == (synced, method)


def test_a_record_that_it_cannot_take_is_parked_alone(world: World, ada: str) -> None:
    give(
        world,
        "customers",
        """
        def transform(df):
            for phone in df["phone"]:
                if phone and "(0)" in phone:
                    raise ValueError(phone)
            return df
        """,
    )
    report = sync(world, Entity.CUSTOMER)
    assert (report.remaining.parked, report.delivered.sent) == (1, report.captured.created - 1)
    assert world.ask_state("SELECT key, reason_code, reason FROM influence.work") == [
        (ada, "transform", "the transform cannot take it: ValueError in transform.py, line 5 (transform)")
    ]  # fmt: skip
    # Nothing happens to it until something changes: not at the next sync, nor at a compare.
    sync(world, Entity.CUSTOMER, full=True)
    assert world.ask_state("SELECT key, state FROM influence.work") == [(ada, "parked")]
    world.shop("UPDATE customers SET phone = '1' WHERE id = %(id)s", id=ada)
    assert sync(world, Entity.CUSTOMER).remaining.parked == 0
    assert bodies(world, "customer", ada)[-1]["phone"] == "1"


def test_a_mended_code_releases_what_it_could_not_take(world: World, ada: str) -> None:
    give(world, "customers", "def transform(df): return 1 / 0 if '(0)' in str(df.phone) else df")
    assert sync(world, Entity.CUSTOMER).remaining.parked == 1
    write(world, PHONES)
    assert sync(world, Entity.CUSTOMER).remaining.parked == 0
    assert [body["phone"] for body in bodies(world, "customer", ada)] == ["+430123456"]


def test_leaving_a_row_out_stops_the_entity_and_sends_nothing(world: World) -> None:
    give(world, "customers", "def transform(df): return df.iloc[1:]")
    with pytest.raises(MappingError, match=r"rows out; leave records out in the SELECT's WHERE"):
        sync(world, Entity.CUSTOMER)
    assert world.sandbox.rows("SELECT path FROM calls WHERE path LIKE '/v1/%'") == []
    sync(world, Entity.PRODUCT)


def test_an_import_goes_through_it_too(world: World, ada: str) -> None:
    give(world, "customers", PHONES)
    with world.engine() as engine:
        engine.import_window(Entity.CUSTOMER, EVERYTHING)
        assert engine.sync(Entity.CUSTOMER).delivered.calls == 0
    assert [body["phone"] for body in bodies(world, "customer", ada)] == ["+430123456"]


def test_orders_ask_of_their_customers_only_whether_they_are_there(world: World) -> None:
    """So a transform of customers that fails holds back no guest's order."""
    give(world, "customers", "def transform(df): return None")
    world.shop("UPDATE orders SET customer_id = NULL")
    assert sync(world, Entity.ORDER).delivered.sent > 0
    (buyer,) = sample_store.add_customers(world.store_url).customers
    sample_store.place_order(world.store_url, buyer, paid=True)
    assert sync(world, Entity.ORDER).remaining.blocked == 1


# -- another code ----------------------------------------------------------------------------------


def test_without_a_transform_hashes_are_what_they_were(world: World) -> None:
    mappings = configured_mappings(world.settings())
    with world.engine() as engine, engine.store.transaction() as connection:
        described = describe(connection, mappings[Entity.CUSTOMER])
    assert described.hash_expression.endswith(", 7091213550649177021)")
    assert described.hash_method.split("/")[2:3] == ["21"]
    assert described.hash_method.count("/") == 3
    # And what is kept of the mapping's text: an upgrade of the pipeline changes nothing.
    source = SourceTables("t", ("t",), "t.id", "t.at")
    assert (
        Mapping(Entity.ORDER, Path("o.sql"), "SELECT 1", (source,)).fingerprint
        == "262d880cf97c29ad"
    )


def test_another_code_sends_all_again_once_somebody_says_that_it_is_meant(
    world: World, ada: str
) -> None:
    world.configure(("mass_change_rows = 1000000\n", "mass_change_rows = 5\n"))
    give(world, "customers", PHONES)
    everybody = sync(world, Entity.CUSTOMER).delivered.sent
    write(world, "# The same, said otherwise.\n" + dedent(PHONES))
    assert sync(world, Entity.CUSTOMER).delivered.sent == 0
    write(world, PHONES.replace('""', '"-"'))
    with pytest.raises(MassChange, match=f"{everybody} of the {everybody} customers"):
        sync(world, Entity.CUSTOMER)
    assert len(bodies(world, "customer", ada)) == 1
    report = sync(world, Entity.CUSTOMER, allow_mass_change=True)
    assert (report.captured.changed, report.delivered.sent) == (everybody, everybody)
    assert "-" in bodies(world, "customer", ada)[-1]["phone"]
    assert sync(world, Entity.CUSTOMER, full=True).delivered.sent == 0


@pytest.mark.parametrize("broken", ["the seed", "the mapping's fingerprint"])
def test_a_pipeline_that_forgot_the_code_would_send_nothing_again(
    world: World, ada: str, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The controls: without the code in the hash nothing has changed, and without it in the
    mapping's fingerprint the new hash is adopted as another way of hashing the same."""
    give(world, "customers", PHONES)
    sync(world, Entity.CUSTOMER)
    write(world, PHONES.replace('""', '"-"'))
    if broken == "the seed":
        monkeypatch.setattr(mapping_module, "_seed", lambda _: 1)
        sync(world, Entity.CUSTOMER, allow_mass_change=True)
        write(world, PHONES.replace('""', '"."'))
    else:
        kept = world.ask_state(
            "SELECT mapping_hash FROM influence.capture_point WHERE entity = 'customer'"
        )
        monkeypatch.setattr(Mapping, "fingerprint", kept[0][0])
    report = sync(world, Entity.CUSTOMER)
    assert (report.captured.changed, report.delivered.sent) == (0, 0)


def test_taking_it_away_sends_all_again_too(world: World) -> None:
    give(world, "customers", PHONES)
    everybody = sync(world, Entity.CUSTOMER).delivered.sent
    world.configure(('transform = "transform.py"\n', ""))
    assert sync(world, Entity.CUSTOMER).delivered.sent == everybody


def test_orders_that_are_sent_again_award_nothing_twice(world: World) -> None:
    world.sandbox.set(second_post="award_again", refund_repeat="again")
    world.sync()
    before = world.sandbox.rows("SELECT * FROM movements")
    assert before
    give(
        world,
        "orders",
        """
        def transform(df):
            df["number"] = "A-" + df["number"]
            return df
        """,
    )
    report = sync(world, Entity.ORDER)
    assert report.delivered.sent == report.captured.changed > 50
    assert world.sandbox.rows("SELECT * FROM movements") == before
    # And each was POSTed once.
    posts = world.sandbox.rows(
        "SELECT body FROM calls WHERE method = 'POST' AND path = '/v1/orders'"
    )
    assert len(posts) == report.captured.changed


def test_a_transform_cannot_bring_an_old_order_behind_the_go_live(world: World) -> None:
    placed = sample_store.place_order(world.store_url, "cus_000001", paid=True).orders[0]
    # Not readable at the capture, so that the go-live is left to the delivery.
    world.configure((f"go_live = {LONG_AGO.isoformat()}\n", "go_live = 2030-01-01T00:00:00Z\n"))
    give(
        world,
        "orders",
        """
        from datetime import timedelta

        def transform(df):
            df["created_at"] = df["created_at"] + timedelta(days=3650)
            return df
        """,
    )
    report = sync(world, Entity.ORDER)
    assert (report.captured.created, report.delivered.sent) == (0, 0)
    assert bodies(world, "order", placed) == []


# -- views -----------------------------------------------------------------------------------------


def of_a_view(world: World, source: str) -> None:
    """Customers by a view of the merchant's."""
    world.shop(
        "CREATE VIEW people AS SELECT id AS person, lower(email) AS mail, deleted_at FROM customers"
    )
    (world.config.parent / "customers.sql").write_text(
        "SELECT person AS id, mail AS email FROM people WHERE deleted_at IS NULL"
    )
    head, _, tail = world.config.read_text().partition("[[customers.sources]]")
    rest = tail.partition("\n[products]")[2]
    world.config.write_text(f"{head}[[customers.sources]]\n{source}\n\n[products]{rest}")


def test_a_mapping_may_read_a_view(world: World) -> None:
    of_a_view(world, 'from = "people v"\nrows = ["v"]\nkey = "v.person"')
    assert sync(world, Entity.CUSTOMER).delivered.sent > 50
    sample_store.rename_customer(world.store_url, "cus_000002")
    world.shop("UPDATE customers SET email = 'new@example.com' WHERE id = 'cus_000003'")
    report = sync(world, Entity.CUSTOMER)
    # Its rows carry no transaction ids: every sync compares their fingerprints, and says so.
    assert "rows of v carry no transaction id" in report.captured.why_full
    assert (report.captured.changed, report.delivered.sent) == (1, 1)
    world.shop("UPDATE customers SET deleted_at = now() WHERE id = 'cus_000004'")
    assert sync(world, Entity.CUSTOMER).captured.deleted == 1


def test_better_its_tables_are_named_as_sources(world: World) -> None:
    of_a_view(world, 'from = "customers c"\nrows = ["c"]\nkey = "c.id"')
    sync(world, Entity.CUSTOMER)
    world.shop("UPDATE customers SET email = 'new@example.com' WHERE id = 'cus_000003'")
    report = sync(world, Entity.CUSTOMER)
    assert (report.captured.full, report.captured.changed, report.captured.looked_at) == (False, 1, 1)  # fmt: skip
    full = sync(world, Entity.CUSTOMER, full=True)
    assert (full.captured.why_full, full.captured.missed) == (None, 0)
