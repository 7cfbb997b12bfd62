"""Coupons by the merchant's own two statements, `lookup` and `create` under [coupons] in
influence.toml, run with the coupon role (INFLUENCE_COUPON_URL).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import describe_database_error
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.coupons.interface import (
    FIXED,
    FREE_SHIPPING,
    PERCENTAGE,
    PRODUCT,
    Abilities,
    Coupon,
    CouponDesk,
    CouponRefused,
    FoundCoupon,
    lock_of,
)
from influence_pipeline.store.statements import Statement

LOOKUP_VALUES = ("code",)

# The store's answer to this one coupon: bad data, constraints, its own triggers (SQLSTATE classes).
# Anything else is trouble that passes or is mended elsewhere (rights, a column that is missing).
_ABOUT_THE_COUPON = frozenset({"21", "22", "23", "44", "P0"})


class SqlCouponWriter:
    """Writes coupons with the merchant's statements, in one transaction on the coupon role.

    `lookup` gives at least one row if the code exists, compared as the store compares codes (mind
    the case); a column `customer_id` is compared with the coupon's owner. `create` makes the coupon
    with exactly `:code`. Both bind values, never paste them; see `Coupon` for the names. `kinds`:
    what `create` can make; product only where it binds `:product_ids`. The other abilities follow
    from the names that it binds.
    """

    holds_codes = True

    def __init__(
        self,
        database: Postgres,
        *,
        lookup: Statement,
        create: Statement,
        kinds: Collection[str] = (PERCENTAGE, FIXED, FREE_SHIPPING, PRODUCT),
        case_sensitive: bool = True,
    ) -> None:
        self.database = database
        self._lookup = lookup
        self._create = create
        self.name = create.file.name
        able = set(kinds)
        if "product_ids" not in create.names:
            able.discard(PRODUCT)
        self.abilities = Abilities(
            kinds=frozenset(able),
            lockable_to_customer="customer_id" in create.names,
            minimum_spend="minimum_spend" in create.names,
            expiry="expires_at" in create.names,
            case_sensitive=case_sensitive,
        )

    @property
    def statements(self) -> tuple[Statement, Statement]:
        """What it runs: to look a code up, and to make one."""
        return self._lookup, self._create

    def look(self, code: str) -> FoundCoupon | None:
        with self.database.within(_LONGEST_HOLD_SECONDS):
            rows = self.database.once(self._lookup.clause, {"code": code}, self._refused)
        return _found(rows[0]) if rows else None

    def _refused(self, error: psycopg2.Error) -> CouponRefused | None:
        return _refusal(self._lookup, error) if _is_about_the_coupon(error) else None

    @contextmanager
    def hold(self, code: str) -> Iterator[CouponDesk]:
        with (
            self.database.within(_LONGEST_HOLD_SECONDS),
            self.database.transaction() as connection,
        ):
            connection.execute(_HOLD_DURABLY, {"lock": lock_of(code)})
            yield _Desk(connection, code, self._lookup, self._create)

    def as_sql(self) -> SqlCouponWriter:
        """Give the statements, for who runs them in a transaction of their own."""
        return self

    def desk_on(self, connection: sa.Connection, code: str) -> CouponDesk:
        """Hold a code to the end of a transaction that somebody else opened on this database."""
        connection.execute(_HOLD, {"lock": lock_of(code)})
        return _Desk(connection, code, self._lookup, self._create)

    def close(self) -> None:
        self.database.close()


# Longer than the server lets a statement run; a server that is still silent then is not there.
_LONGEST_HOLD_SECONDS = 20.0

# The lock ends with the transaction, so it works behind pgbouncer.
_HOLD = sa.text("SELECT pg_advisory_xact_lock(:lock)")
# A coupon that was acknowledged must survive the store's crash too.
_HOLD_DURABLY = sa.text("SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock(:lock)")
_CHECK_NOW = sa.text("SET CONSTRAINTS ALL IMMEDIATE")


class _Desk:
    def __init__(
        self, connection: sa.Connection, code: str, lookup: Statement, create: Statement
    ) -> None:
        self._connection = connection
        self._code = code
        self._lookup = lookup
        self._create = create

    def find(self) -> FoundCoupon | None:
        row = self._run(self._lookup, code=self._code).first()
        return None if row is None else _found(dict(row._mapping))

    def create(self, coupon: Coupon) -> None:
        # A list, because the driver makes an ARRAY of it and a row of a tuple.
        values = {**asdict(coupon), "product_ids": list(coupon.product_ids)}
        self._run(self._create, **values)
        # Constraints that would only speak at the commit speak now.
        with _refusals(self._create):
            self._connection.execute(_CHECK_NOW)
        if self.find() is None:
            raise CouponRefused(
                f"{self._create.file.name} ran, but {self._lookup.file.name} does not find the "
                "code afterwards"
            )

    def _run(self, statement: Statement, **values: Any) -> sa.CursorResult[Any]:
        bound = {name: values[name] for name in statement.names}
        with _refusals(statement):
            return self._connection.execute(statement.clause, bound)


def _found(row: Mapping[str, Any]) -> FoundCoupon:
    customer = row.get("customer_id")
    return FoundCoupon(None if customer is None else str(customer))


@contextmanager
def _refusals(statement: Statement) -> Iterator[None]:
    """Tell the store's answer to this one coupon from trouble with the store."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if not _is_about_the_coupon(error.orig):
            raise
        raise _refusal(statement, error) from None


def _refusal(statement: Statement, error: BaseException) -> CouponRefused:
    return CouponRefused(f"{statement.file.name}: {describe_database_error(error)}")


def _is_about_the_coupon(error: BaseException | None) -> bool:
    code = error.pgcode if isinstance(error, psycopg2.Error) else None
    return code is not None and code[:2] in _ABOUT_THE_COUPON
