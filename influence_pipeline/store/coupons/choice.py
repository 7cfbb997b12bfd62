"""Which writer the settings ask for, put together. Connects to nothing."""

from __future__ import annotations

from influence_pipeline.errors import ConfigurationError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Coupons, Settings
from influence_pipeline.store.coupons.interface import COUPON_VALUES, CouponWriter
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.coupons.table import TableCouponWriter
from influence_pipeline.store.statements import Statement, read_statement

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
        return _table_writer(coupon_database(settings), coupons)
    return _admin_writer(settings, coupons)


def coupon_statements(settings: Settings, database: Postgres) -> tuple[Statement, ...]:
    """Give the statements that coupons are made with; none where the shop's admin API makes them,
    or nobody does. A table's columns are looked up in `database`. Raises as `coupon_writer` does.
    """
    coupons = settings.config.coupons
    if coupons is None or coupons.writer not in ("sql", "table"):
        return ()
    if coupons.writer == "table":
        return _table_writer(database, coupons).as_sql().statements
    return _read(settings, coupons)


def _table_writer(database: Postgres, coupons: Coupons) -> TableCouponWriter:
    return TableCouponWriter(
        database,
        table=str(coupons.table),
        columns=coupons.columns,
        kinds=coupons.kinds,
        case_sensitive=coupons.case_sensitive,
    )


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
    lookup, create = _read(settings, coupons)
    return SqlCouponWriter(
        coupon_database(settings),
        lookup=lookup,
        create=create,
        kinds=coupons.kinds,
        case_sensitive=coupons.case_sensitive,
    )


def _read(settings: Settings, coupons: Coupons) -> tuple[Statement, Statement]:
    folder = settings.folder
    return (
        read_statement(folder / str(coupons.lookup), LOOKUP_VALUES, required="code"),
        read_statement(folder / str(coupons.create), COUPON_VALUES, required="code"),
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
