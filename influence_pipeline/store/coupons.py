"""Coupons in the store: look one up by its code, create it. The only door through which the
pipeline writes into a store, with its own role and URL (INFLUENCE_COUPON_URL).

When a coupon is made, for whom and what it is worth is decided in `webhooks`. Here it is written by
the merchant's two statements, `lookup` and `create` under [coupons] in influence.toml.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import psycopg2
import sqlalchemy as sa

from influence_pipeline.errors import describe_database_error
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.statements import Statement


@dataclass(frozen=True)
class Coupon:
    """What is to be made; each field is a `:name` of the create statement.

    `kind`: percentage (`value` in percent), fixed (`value` in major units of `currency`) or
    free_shipping (`value` None). `customer_id`: the store's own id, as text; an integer column
    takes it as it is in VALUES, and as CAST(:customer_id AS integer) in a SELECT.
    """

    code: str
    customer_id: str | None
    kind: str
    value: Decimal | None
    currency: str | None = None
    minimum_spend: Decimal | None = None
    expires_at: datetime | None = None
    usage_limit: int = 1


COUPON_VALUES = tuple(field.name for field in fields(Coupon))
LOOKUP_VALUES = ("code",)


@dataclass(frozen=True)
class FoundCoupon:
    """A coupon that the store has. `customer_id` where the lookup gives such a column."""

    customer_id: str | None = None


class CouponRefused(Exception):  # noqa: N818  (an outcome of one coupon, not a fault of ours)
    """The store does not take this coupon, and nothing of it was written. Holds no value of it."""


class CouponDesk(Protocol):
    """One code, held so that nobody else of the pipeline works on it meanwhile."""

    def find(self) -> FoundCoupon | None:
        """Give the coupon with this code, or None."""

    def create(self, coupon: Coupon) -> None:
        """Make it. Raises CouponRefused with the store's reason."""


class CouponWriter(Protocol):
    """A way to put coupons into a store."""

    @property
    def names_customer(self) -> bool:
        """Whether the store locks a coupon to its customer, so that one must be named."""

    def cannot(self, coupon: Coupon) -> str | None:
        """Say which of the coupon's terms this writer would leave out, or None."""

    def hold(self, code: str) -> AbstractContextManager[CouponDesk]:
        """Hold a code; what was created is there for good when the context ends without error.

        Raises StoreError when the store cannot be reached, does not answer in time or the end is
        not certain, and lets CouponRefused through; nothing was written then.
        """


# Terms that a coupon must not lose on its way: a statement that does not take them would make a
# coupon that is worth more than what was promised.
_LIMITING_TERMS = ("minimum_spend", "expires_at")

# The store's answer to this one coupon: bad data, constraints, its own triggers (SQLSTATE classes).
# Anything else is trouble that passes or is mended elsewhere (rights, a column that is missing).
_ABOUT_THE_COUPON = frozenset({"21", "22", "23", "44", "P0"})


class SqlCouponWriter:
    """Writes coupons with the merchant's statements, in one transaction on the coupon role.

    `lookup` gives at least one row if the code exists, compared as the store compares codes (mind
    the case); a column `customer_id` is compared with the coupon's owner. `create` makes the coupon
    with exactly `:code`. Both bind values, never paste them; see `Coupon` for the names. `kinds`:
    what `create` can make; other coupons are not attempted.
    """

    def __init__(
        self,
        database: Postgres,
        *,
        lookup: Statement,
        create: Statement,
        kinds: Collection[str] = ("percentage", "fixed", "free_shipping"),
    ) -> None:
        self.database = database
        self._lookup = lookup
        self._create = create
        self._kinds = frozenset(kinds)

    @property
    def names_customer(self) -> bool:
        return "customer_id" in self._create.names

    def cannot(self, coupon: Coupon) -> str | None:
        if coupon.kind not in self._kinds:
            return f'it makes no coupon of kind "{coupon.kind}" ([coupons] kinds)'
        for term in _LIMITING_TERMS:
            if getattr(coupon, term) is not None and term not in self._create.names:
                return f"{self._create.file.name} does not take :{term}, which this coupon has"
        return None

    @contextmanager
    def hold(self, code: str) -> Iterator[CouponDesk]:
        with (
            self.database.within(_LONGEST_HOLD_SECONDS),
            self.database.transaction() as connection,
        ):
            connection.execute(_HOLD, {"lock": _lock_of(code)})
            yield _Desk(connection, code, self._lookup, self._create)


# Longer than the server lets a statement run; a server that is still silent then is not there.
_LONGEST_HOLD_SECONDS = 20.0

# A coupon that was acknowledged must survive the store's crash too. The lock ends with the
# transaction, so it works behind pgbouncer.
_HOLD = sa.text("SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock(:lock)")


_CHECK_NOW = sa.text("SET CONSTRAINTS ALL IMMEDIATE")


def _lock_of(code: str) -> int:
    """Give the code's lock. Codes that differ in case share it: some stores take them as one."""
    digest = hashlib.sha256(f"influence coupon {code.casefold()}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class _Desk:
    def __init__(
        self, connection: sa.Connection, code: str, lookup: Statement, create: Statement
    ) -> None:
        self._connection = connection
        self._code = code
        self._lookup = lookup
        self._create = create

    def find(self) -> FoundCoupon | None:
        row = self._run(self._lookup, code=self._code).mappings().first()
        if row is None:
            return None
        customer = row.get("customer_id")
        return FoundCoupon(None if customer is None else str(customer))

    def create(self, coupon: Coupon) -> None:
        self._run(self._create, **asdict(coupon))
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


@contextmanager
def _refusals(statement: Statement) -> Iterator[None]:
    """Tell the store's answer to this one coupon from trouble with the store."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if not _is_about_the_coupon(error):
            raise
        words = describe_database_error(error)
        raise CouponRefused(f"{statement.file.name}: {words}") from None


def _is_about_the_coupon(error: sa.exc.DBAPIError) -> bool:
    original = error.orig
    code = original.pgcode if isinstance(original, psycopg2.Error) else None
    return code is not None and code[:2] in _ABOUT_THE_COUPON
