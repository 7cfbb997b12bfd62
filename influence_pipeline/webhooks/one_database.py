"""Where the store's coupons and the state are in one database: both in one transaction.

The state's connection does it, and for the merchant's own statements it takes the coupon role on
(`SET LOCAL ROLE`), with that role's search path, so that those can do no more than they could by
themselves. That needs a state role that may act as the coupon role (`GRANT coupons TO state`);
without it, or with two databases, coupons are made in two steps (`issue.issue`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from influence_pipeline.errors import StoreError, describe_database_error
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.coupons.interface import Coupon, CouponDesk, FoundCoupon
from influence_pipeline.store.coupons.sql import SqlCouponWriter
from influence_pipeline.store.coupons.table import TableCouponWriter

log = logging.getLogger(__name__)

_MAY_ASK = sa.text("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")
_PLACE = sa.text("""
    SELECT system_identifier || '/' || (SELECT oid FROM pg_database
                                        WHERE datname = current_database()) AS place,
           current_user AS role, current_setting('search_path') AS search_path
    FROM pg_control_system()
""")
_OWN_PATH = sa.text("SELECT current_setting('search_path')")
_BECOME = sa.text("SELECT set_config('role', :role, true), set_config('search_path', :path, true)")


class OneDatabase:
    """The coupon role inside transactions on the state."""

    def __init__(self, writer: SqlCouponWriter, role: str, search_path: str) -> None:
        self._writer = writer
        self._role = role
        self._search_path = search_path

    def desk(self, connection: sa.Connection, code: str) -> CouponDesk:
        """Hold a code to the end of the transaction; what the desk does, it does as the coupon
        role. Raises StoreError for what the role may not do or the database refuses as a whole."""
        return _DeskAsRole(self, connection, self._writer.desk_on(connection, code))

    @contextmanager
    def acting(self, connection: sa.Connection) -> Iterator[None]:
        """Be the coupon role. An error inside leaves the transaction to be rolled back, at least to
        its last savepoint, and with it the role."""
        own = connection.execute(_OWN_PATH).scalar_one()
        try:
            connection.execute(_BECOME, {"role": self._role, "path": self._search_path})
            yield
            connection.execute(_BECOME, {"role": "none", "path": own})
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                raise
            words = describe_database_error(error)
            raise StoreError(
                f"The coupon role {self._role} in the state database: {words}."
            ) from None


class _DeskAsRole:
    def __init__(self, place: OneDatabase, connection: sa.Connection, desk: CouponDesk) -> None:
        self._place = place
        self._connection = connection
        self._desk = desk

    def find(self) -> FoundCoupon | None:
        with self._place.acting(self._connection):
            return self._desk.find()

    def create(self, coupon: Coupon) -> None:
        with self._place.acting(self._connection):
            self._desk.create(coupon)


def one_database(state: Postgres, writer: object) -> OneDatabase | None:
    """Tell whether coupons and state share a database, and the roles allow one transaction.

    Raises StoreError or StateError if one of them cannot be reached.
    """
    if not isinstance(writer, SqlCouponWriter | TableCouponWriter):
        return None
    writer = writer.as_sql()
    there, here = _place(writer.database), _place(state)
    if there is None or here is None or here.place != there.place:
        return None
    found = OneDatabase(writer, there.role, there.search_path)
    try:
        with state.transaction() as connection, found.acting(connection):
            pass
    except StoreError:
        log.warning(
            "State and coupons share a database, but the state's role %s may not act as %s, so "
            "each coupon takes two transactions. `GRANT %s TO %s` makes it one.",
            here.role,
            there.role,
            there.role,
            here.role,
        )
        return None
    return found


def _place(database: Postgres) -> sa.Row[Any] | None:
    """Give which database on which server it is, and as whom; None if the role may not ask."""
    with database.transaction() as connection:
        if not connection.execute(_MAY_ASK).scalar_one():
            return None
        return connection.execute(_PLACE).one()
