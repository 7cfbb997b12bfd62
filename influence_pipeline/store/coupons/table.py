"""Coupons in a plain table of codes, without a merchant's SQL: one row a coupon.

The table's columns are read from the catalog when a coupon is first asked for, and decide what the
writer can promise: a column that is not there is a limit that the table cannot keep. The two
statements that this makes are run by `SqlCouponWriter`.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from influence_pipeline.errors import MappingError
from influence_pipeline.postgres import Postgres
from influence_pipeline.store.coupons.interface import (
    COUPON_VALUES,
    Abilities,
    CouponDesk,
    FoundCoupon,
)
from influence_pipeline.store.coupons.sql import LOOKUP_VALUES, SqlCouponWriter
from influence_pipeline.store.statements import parse_statement

# What a table needs for its coupons to mean what was promised.
_NEEDED = ("code", "kind", "value")
# to_regclass reads the name as SQL does, so that a quoted one and a schema are understood; the
# oid's own text, quoted where that is needed, is what goes into the statements.
_COLUMNS = sa.text("""
    SELECT c.oid::regclass::text AS table_name, a.attname AS name,
           format_type(a.atttypid, a.atttypmod) AS type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.oid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped
""")


class TableCouponWriter:
    """Writes coupons into a table. Raises StoreError while the store is away, and MappingError for
    a table or column that is not there, when it is first used.

    `table`: its name, with a schema or not, as in SQL. `columns`: our names of values (see
    `Coupon`) to the table's; a value that is not named goes into a column of its own name, if there
    is one. `case_sensitive`: whether the shop tells codes apart by their case.
    """

    holds_codes = True

    def __init__(
        self,
        database: Postgres,
        *,
        table: str,
        columns: Mapping[str, str],
        kinds: Collection[str],
        case_sensitive: bool = True,
    ) -> None:
        unknown = sorted(set(columns) - set(COUPON_VALUES))
        if unknown:
            raise MappingError(
                f"influence.toml: columns under [coupons] has {unknown[0]}, which is no value of a "
                f"coupon ({', '.join(COUPON_VALUES)})."
            )
        self.database = database
        self.name = f"the table {table}"
        self._table = table
        self._columns = columns
        self._kinds = kinds
        self._case_sensitive = case_sensitive
        self._made: SqlCouponWriter | None = None
        self._lock = threading.Lock()

    @property
    def abilities(self) -> Abilities:
        return self.as_sql().abilities

    def look(self, code: str) -> FoundCoupon | None:
        return self.as_sql().look(code)

    @contextmanager
    def hold(self, code: str) -> Iterator[CouponDesk]:
        with self.as_sql().hold(code) as desk:
            yield desk

    def close(self) -> None:
        self.database.close()

    def as_sql(self) -> SqlCouponWriter:
        """Give the statements that the table's columns make. Raises StoreError, MappingError."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> SqlCouponWriter:
        with self.database.transaction() as connection:
            rows = connection.execute(_COLUMNS, {"table": self._table}).all()
        if not rows:
            raise MappingError(
                f"There is no table {self._table} that the coupon role can see; influence.toml "
                "names it under [coupons]."
            )
        types = {row.name: row.type for row in rows}
        columns = self._mapped(types)
        table = _as_it_stands(rows[0].table_name)
        code = _quoted(columns["code"])
        same = f"{code} = :code" if self._case_sensitive else f"lower({code}) = lower(:code)"
        owner = columns.get("customer_id")
        shown = "1" if owner is None else f"{_quoted(owner)} AS customer_id"
        names = ", ".join(_quoted(column) for column in columns.values())
        values = ", ".join(
            _list_as(types[column]) if name == "product_ids" else f":{name}"
            for name, column in columns.items()
        )
        file = Path(self.name)
        # The names are quoted, the table's by the database itself; the values are bound.
        lookup = f"SELECT {shown} FROM {table} WHERE {same}"  # noqa: S608
        create = f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608
        return SqlCouponWriter(
            self.database,
            lookup=parse_statement(lookup, LOOKUP_VALUES, "code", file),
            create=parse_statement(create, COUPON_VALUES, "code", file),
            kinds=self._kinds,
            case_sensitive=self._case_sensitive,
        )

    def _mapped(self, types: Mapping[str, str]) -> dict[str, str]:
        missing = sorted(column for column in self._columns.values() if column not in types)
        if missing:
            raise MappingError(
                f"{self.name} has no column {missing[0]}, which columns under [coupons] names "
                f"(it has {', '.join(sorted(types))})."
            )
        named = {name: self._columns.get(name, name) for name in COUPON_VALUES}
        columns = {name: column for name, column in named.items() if column in types}
        lacking = [name for name in _NEEDED if name not in columns]
        if lacking:
            raise MappingError(
                f"{self.name} has no column {lacking[0]}; name the one that stands for it with "
                f'columns = {{ {lacking[0]} = "…" }} under [coupons].'
            )
        return columns


def _list_as(type_: str) -> str:
    """Give the list of products as a value of the column's type; one that is empty has none of its
    own."""
    if type_ in ("json", "jsonb"):
        return f"CAST(array_to_json(CAST(:product_ids AS text[])) AS {type_})"
    return f"CAST(:product_ids AS {type_})"


def _quoted(name: str) -> str:
    """Give a name as SQL's own, whatever is in it; a colon is kept from looking like a value."""
    return _as_it_stands('"' + name.replace('"', '""') + '"')


def _as_it_stands(quoted: str) -> str:
    # Where a statement is read, `\:` is a colon that is no value; here it is both signs.
    return quoted.replace("\\:", "\\\\:")
