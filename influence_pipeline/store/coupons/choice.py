"""Which writer the settings ask for, put together. Connects to nothing."""

from __future__ import annotations

from influence_pipeline.errors import ConfigurationError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Coupons, Settings
from influence_pipeline.store.coupons.interface import COUPON_VALUES, CouponWriter
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.coupons.table import TableCouponWriter
from influence_pipeline.store.statements import read_statement

# So long a statement in the store may run; _LONGEST_HOLD_SECONDS of `sql` is longer.
_STATEMENT_SECONDS = 10


def coupon_writer(settings: Settings) -> CouponWriter:
    """Build the writer that [coupons] in influence.toml names.

    Raises ConfigurationError naming the variable that is not set, MappingError for a statement.
    """
    coupons = settings.config.coupons
    if coupons is None:
        raise ConfigurationError(f"{settings.file} has no [coupons].")
    if coupons.writer == "sql":
        return _sql_writer(settings, coupons)
    if coupons.writer == "table":
        return TableCouponWriter(
            coupon_database(settings),
            table=str(coupons.table),
            columns=coupons.columns,
            kinds=coupons.kinds,
            case_sensitive=coupons.case_sensitive,
        )
    return _admin_writer(settings, coupons)


def _admin_writer(settings: Settings, coupons: Coupons) -> CouponWriter:
    # Imported here: requests takes its time, and only these need it.
    from influence_pipeline.store.coupons.medusa import MedusaCouponWriter
    from influence_pipeline.store.coupons.saleor import SaleorCouponWriter
    from influence_pipeline.store.coupons.vendure import VendureCouponWriter

    settings.require("shop_api_url", "shop_api_token")
    url = str(settings.environment.shop_api_url)
    token = settings.secret("shop_api_token")
    if coupons.writer == "medusa":
        return MedusaCouponWriter(url, token)
    if coupons.writer == "saleor":
        return SaleorCouponWriter(url, token, coupons.channels)
    return VendureCouponWriter(url, token, coupons.channels)


def _sql_writer(settings: Settings, coupons: Coupons) -> SqlCouponWriter:
    folder = settings.folder
    return SqlCouponWriter(
        coupon_database(settings),
        lookup=read_statement(folder / str(coupons.lookup), LOOKUP_VALUES, required="code"),
        create=read_statement(folder / str(coupons.create), COUPON_VALUES, required="code"),
        kinds=coupons.kinds,
        case_sensitive=coupons.case_sensitive,
    )


def coupon_database(settings: Settings) -> Postgres:
    """Give the database that the coupon role writes into. Raises ConfigurationError."""
    given = settings.environment.coupon_url is not None
    return Postgres(
        settings.coupon_url,
        variable="INFLUENCE_COUPON_URL" if given else "INFLUENCE_STORE_URL",
        kind=StoreError,
        pool_size=settings.config.webhooks.workers,
        statement_timeout_seconds=_STATEMENT_SECONDS,
    )
