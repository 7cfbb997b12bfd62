"""Which writer the settings ask for, and what is said where one cannot be put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.store.coupons.choice import coupon_writer
from influence_pipeline.store.coupons.medusa import MedusaCouponWriter
from influence_pipeline.store.coupons.saleor import SaleorCouponWriter
from influence_pipeline.store.coupons.sql import SqlCouponWriter
from influence_pipeline.store.coupons.table import TableCouponWriter
from influence_pipeline.store.coupons.vendure import VendureCouponWriter

pytestmark = pytest.mark.usefixtures("bare_environment")

ENTITIES = "".join(
    f'[{name}]\nquery = "q.sql"\nsources = [{{ from = "t", rows = ["t"], key = "t.id" }}]\n'
    for name in ("customers", "products", "orders")
)
STORE = {"store_url": "postgresql://reader:pw@127.0.0.1:1/shop"}
SHOP = {"shop_api_url": "https://shop.example/api/", "shop_api_token": "canary-token"}


def settings(folder: Path, coupons: str, **environment: str) -> Settings:
    (folder / "influence.toml").write_text(f"version = 1\n{ENTITIES}[coupons]\n{coupons}\n")
    (folder / "find.sql").write_text("SELECT 1 FROM code WHERE code = :code")
    (folder / "make.sql").write_text("INSERT INTO code (code) VALUES (:code)")
    return load_settings(config=folder / "influence.toml", **environment)


SQL = 'lookup = "find.sql"\ncreate = "make.sql"'
EVERY = {
    SQL: (SqlCouponWriter, STORE),
    'writer = "table"\ntable = "discount_codes"': (TableCouponWriter, STORE),
    'writer = "medusa"': (MedusaCouponWriter, SHOP),
    'writer = "vendure"\nchannels = ["eu"]': (VendureCouponWriter, SHOP),
    'writer = "saleor"\nchannels = ["eu"]': (SaleorCouponWriter, SHOP),
}


@pytest.mark.parametrize("coupons", EVERY)
def test_each_writer_is_put_together_without_asking_anybody(tmp_path: Path, coupons: str) -> None:
    kind, environment = EVERY[coupons]
    writer = coupon_writer(settings(tmp_path, coupons, **environment))
    assert type(writer) is kind
    assert "canary-token" not in repr(writer)
    writer.close()


@pytest.mark.parametrize("coupons", EVERY)
def test_the_variable_that_is_not_set_is_named(tmp_path: Path, coupons: str) -> None:
    _, environment = EVERY[coupons]
    for missing in environment:
        given = {name: value for name, value in environment.items() if name != missing}
        with pytest.raises(ConfigurationError, match=f"Not set: INFLUENCE_{missing.upper()}"):
            coupon_writer(settings(tmp_path, coupons, **given))


def test_an_address_of_the_shop_that_would_carry_the_token_readable_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="INFLUENCE_SHOP_API_URL must be https"):
        load_settings(shop_api_url="http://shop.example/admin-api")


def test_a_writer_of_which_a_part_is_missing_or_strange_is_refused(tmp_path: Path) -> None:
    for coupons, words in (
        ('writer = "table"', "needs table"),
        (f'writer = "vendure"\n{SQL}', "takes no create, lookup"),
        (f'{SQL}\nchannels = ["eu"]', "takes no channels"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            coupon_writer(settings(tmp_path, coupons, **STORE, **SHOP))
