"""The sample store as a whole: its tables, its content of any size, its two roles."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2.extensions import encrypt_password

from influence_pipeline.errors import describe_database_error
from influence_pipeline.sandbox.sample_store.statements import (
    SampleStoreError,
    statement,
    transaction,
)

READER = "store_reader"
COUPON_WRITER = "store_coupons"


@dataclass(frozen=True, repr=False)
class RoleUrls:
    """The store's URL for the role that reads it and for the one that writes coupons."""

    reader: str
    coupons: str


def create(url: str) -> None:
    """Make the tables, empty but for the currencies. Raises SampleStoreError if they are there."""
    with transaction(url) as cursor:
        cursor.execute("SELECT to_regclass('public.customers') IS NOT NULL")
        if _first(cursor.fetchone()):
            raise SampleStoreError("The database already has a table customers; use an empty one.")
        cursor.execute(statement("schema"))


def seed(
    url: str,
    *,
    customers: int = 2000,
    orders_per_customer: float = 1.0,
    products: int = 200,
    seed: int = 1,
    now: datetime | None = None,
) -> None:
    """Fill the empty store. The same arguments give the same rows.

    `now`: no row is newer (default: the present; the oldest are 36 months older). One million
    customers and as many orders take some 40 s on two cores.
    Raises SampleStoreError if the store has rows already.
    """
    orders = round(customers * orders_per_customer)
    if customers < 1 or products < 1 or orders < 0:
        raise SampleStoreError("The sample store needs at least one customer and one product.")
    parameters = {
        "customers": customers,
        "orders": orders,
        "products": products,
        "seed": seed,
        "now": now or datetime.now(UTC),
    }
    with transaction(url) as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM customers) OR EXISTS (SELECT FROM products)")
        if _first(cursor.fetchone()):
            raise SampleStoreError("The sample store has rows already; it is filled only once.")
        cursor.execute(statement("keys_off"))
        cursor.execute(statement("seed"), parameters)
        cursor.execute(statement("keys_on"))
    _vacuum(url)


def create_roles(url: str, reader_password: str, coupon_password: str) -> RoleUrls:
    """Make the roles store_reader (reads everything) and store_coupons (reads and adds codes).

    Roles belong to the server: where they are there already, they get these passwords. The server
    is told verifiers, never the passwords, so that no log can hold them.
    """
    with transaction(url) as cursor:
        verifiers = {
            name: encrypt_password(
                password, role, scope=cursor.connection, algorithm="scram-sha-256"
            )
            for name, role, password in (
                ("reader_password", READER, reader_password),
                ("coupon_password", COUPON_WRITER, coupon_password),
            )
        }
        cursor.execute(statement("roles"), verifiers)
    return RoleUrls(
        reader=_as_role(url, READER, reader_password),
        coupons=_as_role(url, COUPON_WRITER, coupon_password),
    )


def _vacuum(url: str) -> None:
    # What autovacuum would do soon: statistics for the planner, hint bits for the first reader.
    try:
        with closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")
    except psycopg2.Error as error:
        raise SampleStoreError(f"The sample store: {describe_database_error(error)}.") from None


def _as_role(url: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{place}"))


def _first(row: tuple[object, ...] | None) -> object:
    return row[0] if row else None
