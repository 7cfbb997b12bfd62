"""The presets on databases that Medusa, Vendure and Saleor made themselves, all the way to the API.

What the sandbox's ledger must hold was written by hand, from the notes and the raw tables
(`expected/*.toml`). Then the shop's own writes that no `updated_at` shows arrive within one tick,
and a coupon is made. `test_coupon_presets` has the coupons' terms, kind by kind.
Where the databases come from: `support.real_stores`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.coupons.choice import coupon_writer
from influence_pipeline.store.coupons.interface import Coupon
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support import databases, store_presets
from influence_pipeline_tests.support.real_writes import WRITES, Write
from influence_pipeline_tests.support.told import Told, differences, told
from influence_pipeline_tests.support.world import World, sandbox_process

__all__ = ["sandbox_process"]

EXPECTED = Path(__file__).parent / "expected"


@dataclass
class Real:
    """A restored store, its preset, and the API's ledger."""

    name: str
    world: World
    expected: Told

    def sync(self) -> dict[Entity, Any]:
        return self.world.sync()

    def differences(self) -> list[str]:
        return differences(self.expected, told(self.world.sandbox))

    def order(self, number: str) -> dict[str, Any]:
        (found,) = (o for o in self.expected["orders"].values() if o["number"] == number)
        return dict(found)


@pytest.fixture(params=store_presets.STORES)
def real(
    postgres: EmbeddedPostgres,
    real_store_template: Callable[[str], str],
    state_url: str,
    sandbox_process: Sandbox,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Real]:
    name = request.param
    expected = tomllib.loads((EXPECTED / f"{name}.toml").read_text(encoding="utf-8"))
    with databases.throw_away_database(postgres, real_store_template(name)) as url:
        world = store_presets.world_of(name, url, state_url, sandbox_process, tmp_path / name)
        yield Real(name, world, expected)


def test_the_ledger_holds_what_a_person_reads_in_the_raw_tables(real: Real) -> None:
    reports = real.sync()
    for entity in STORE_ENTITIES:
        captured = reports[entity].captured
        assert (captured.warnings, captured.unreadable, captured.without_key) == ((), 0, 0)
        assert reports[entity].remaining.parked == reports[entity].remaining.waiting == 0
    assert real.world.parked() == {}
    assert real.differences() == []


def test_what_is_told_is_not_told_again(real: Real) -> None:
    real.sync()
    calls = real.world.sandbox.rows("SELECT count(*) FROM calls")[0][0]
    real.sync()
    full = real.world.sync(full=True)
    assert real.world.sandbox.rows("SELECT count(*) FROM calls")[0][0] == calls
    assert [full[entity].captured.missed for entity in STORE_ENTITIES] == [0, 0, 0]


def test_each_write_of_the_shop_arrives_at_the_ledger_within_one_tick(real: Real) -> None:
    real.sync()
    for write in WRITES[real.name]:
        write.run(real.world)
        reports = real.sync()
        assert not any(reports[entity].captured.full for entity in STORE_ENTITIES), write.what
        expect(real.expected, write)
        assert real.differences() == [], write.what
    assert real.world.sync(full=True)[Entity.ORDER].captured.missed == 0


def expect(expected: Told, write: Write) -> None:
    for entity, key, changes in write.then:
        if isinstance(changes, dict):
            expected[entity].setdefault(key, {}).update(changes)
        else:
            expected[entity][key] = changes


# What each shop asks when a code is typed into a cart, as its notes describe; 1 row: it counts.
COUNTS = {
    "medusa": """
        SELECT 1 FROM promotion p
        JOIN promotion_application_method m ON m.promotion_id = p.id
        JOIN promotion_promotion_rule pr ON pr.promotion_id = p.id
        JOIN promotion_rule r ON r.id = pr.promotion_rule_id AND r.deleted_at IS NULL
        JOIN promotion_rule_value v ON v.promotion_rule_id = r.id AND v.deleted_at IS NULL
        WHERE p.code = %(code)s AND p.deleted_at IS NULL AND p.status = 'active'
          AND (p."limit" IS NULL OR p.used < p."limit")
          AND r.attribute = 'customer.id' AND r.operator = 'eq' AND v.value = %(customer)s
    """,
    "vendure": """
        SELECT 1 FROM promotion p
        WHERE lower(p."couponCode") = lower(%(code)s) AND p.enabled AND p."deletedAt" IS NULL
          AND (p."endsAt" IS NULL OR p."endsAt" > now()) AND p."usageLimit" = 1
          AND EXISTS (SELECT FROM promotion_channels_channel c
                      JOIN channel ch ON ch.id = c."channelId"
                      WHERE c."promotionId" = p.id AND ch.code = '__default_channel__')
    """,
    "saleor": """
        SELECT 1 FROM discount_vouchercode c JOIN discount_voucher v ON v.id = c.voucher_id
        WHERE c.code = %(code)s AND c.is_active AND v.start_date <= now()
          AND (v.end_date IS NULL OR v.end_date > now()) AND c.used < v.usage_limit
          AND NOT EXISTS (SELECT FROM channel_channel ch WHERE ch.is_active AND NOT EXISTS (
              SELECT FROM discount_voucherchannellisting l
              WHERE l.channel_id = ch.id AND l.voucher_id = v.id))
    """,
}
ALICE = {"medusa": "cus_01M8294HTQ94AW36ES1MQQ0CYE", "vendure": "1", "saleor": "46"}


def test_a_coupon_by_the_preset_s_own_statements_counts_by_the_store_s_rules(real: Real) -> None:
    if real.name == "vendure":
        store_presets.take_sql_coupons(real.world.config)
    writer = coupon_writer(real.world.settings(coupon_url=real.world.store_url))
    coupon = Coupon("POINTS-7Q2", ALICE[real.name], "percentage", Decimal(15))
    with writer.hold(coupon.code) as desk:
        assert desk.find() is None
        desk.create(coupon)
    with writer.hold(coupon.code) as desk:
        assert desk.find() is not None
    asked = {"code": coupon.code, "customer": ALICE[real.name]}
    assert rows(real, asked) == [(1,)]
    # Another case of the code: only Vendure takes it.
    assert rows(real, {**asked, "code": "points-7q2"}) == ([(1,)] if real.name == "vendure" else [])
    # Another customer: only Medusa refuses.
    other = rows(real, {**asked, "customer": "another"})
    assert other == ([] if real.name == "medusa" else [(1,)])


def rows(real: Real, values: dict[str, str]) -> list[Any]:
    with closing(psycopg2.connect(real.world.store_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(COUNTS[real.name], values)
        return list(cursor.fetchall())
