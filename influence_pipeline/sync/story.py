"""One record's story, for `why`: what the state knows of it, every call, what the store has now.

Everything here is read without SQLAlchemy and pydantic (see `Postgres.direct`), because whoever
asks why wants the answer at once. What the API says of the record is in `today`.
"""

from __future__ import annotations

from collections.abc import Mapping as Values
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2

from influence_pipeline.errors import InfluencePipelineError, StoreError
from influence_pipeline.postgres import Direct, Postgres, run
from influence_pipeline.records import Entity
from influence_pipeline.sql import read_queries
from influence_pipeline.state import name_hashes
from influence_pipeline.state.name_hashes import Keys, Kind, hashed
from influence_pipeline.store.frames import transformed
from influence_pipeline.store.mapping import Described, Mapping, describe, read_select
from influence_pipeline.store.reader import CanonicalRow, PoisonRow, rows_of
from influence_pipeline.store.transform import read_transform

_QUERIES = read_queries(__file__, "story.sql")
_ERASED = read_queries(name_hashes.__file__, "erased.sql")

# Calls beyond this are not counted one by one; nobody reads so many.
MOST_COUNTED = 10_000
# How long a look at the store may take: `why` says the rest without it.
_STORE_SECONDS = 5
_CONNECT_SECONDS = 3

# What may be shown of a record without being asked for: nothing that says who somebody is or that
# is worth money (the codes of coupons). Lists are counted.
_SHOWN = {
    Entity.CUSTOMER: frozenset({"id", "created_at"}),
    Entity.PRODUCT: frozenset({"id", "title", "sku", "status", "url", "image_url", "created_at"}),
    Entity.ORDER: frozenset(
        {
            "id",
            "number",
            "customer_id",
            "currency",
            "subtotal",
            "total",
            "discount_total",
            "financial_status",
            "created_at",
        }
    ),
}
_COUNTED = frozenset({"variants", "line_items", "discount_codes"})


def of_state(connection: Direct, entity: Entity, key: str, most: int) -> dict[str, Any]:
    """Give what the state knows of one record and its latest `most` calls, as plain values.

    `attempts_total` counts all calls in the log, up to MOST_COUNTED. Of a reward also its `coupon`,
    or None; of a customer `erased_at`, when a person had them erased, or None.
    """
    given = {"entity": entity, "key": key}
    (found,) = connection.ask(_QUERIES["record"], **given, most_counted=MOST_COUNTED)
    if entity is Entity.REWARD:
        found["coupon"] = next(iter(connection.ask(_QUERIES["coupon"], code=key)), None)
    if entity is Entity.CUSTOMER:
        found["erased_at"] = _erased_at(connection, key)
    found["attempts_made"] = connection.ask(_QUERIES["attempts"], **given, most=most)
    return found


def _erased_at(connection: Direct, customer: str) -> datetime | None:
    for secret in connection.ask(_ERASED["keys"]):
        keys = Keys(bytes.fromhex(secret["key"]), bytes.fromhex(secret["salt"]))
        person = hashed(keys, Kind.CUSTOMER, customer)
        for mark in connection.ask(_QUERIES["erased_at"], hash=person):
            at: datetime = mark["at"]
            return at
    return None


@dataclass(frozen=True)
class InStore:
    """What the store has of a record now.

    `row`: its canonical row; None: the mapping gives none, it cannot be computed (`unreadable`), or
    the store could not be asked (`trouble`). `hash_method`: how `row.hash` was made.
    """

    row: CanonicalRow | None = None
    unreadable: str | None = None
    trouble: str | None = None
    hash_method: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the store could be asked and said clearly what it has."""
        return self.trouble is None and self.unreadable is None

    def as_last_seen(self, found: dict[str, Any]) -> bool | None:
        """Whether it is what the last capture saw; None: that cannot be told."""
        return self._is(found, "store_hash")

    def as_acknowledged(self, found: dict[str, Any]) -> bool | None:
        """Whether it is what the API acknowledged; None: that cannot be told."""
        return self._is(found, "synced_hash")

    def _is(self, found: dict[str, Any], name: str) -> bool | None:
        if not self.is_known:
            return None
        if self.row is None:
            return found[name] is None
        if self.hash_method != found["hash_method"]:
            # Other columns or another server: the next capture compares everything.
            return None
        return bool(self.row.hash == found[name])


def in_store(
    url: str | None,
    entity: Entity,
    file: Path,
    key: str,
    transform: tuple[Path, str] | None = None,
) -> InStore:
    """Read the record's canonical row by the SELECT in `file`, as its transform makes it (its
    folder, and how it is named there). Never raises for trouble: it is said in the result."""
    if url is None:
        return InStore(trouble="INFLUENCE_STORE_URL is not set")
    try:
        # The sources tell where a change can show; one row is read without them.
        code = None if transform is None else read_transform(*transform)
        mapping = Mapping(entity, file, read_select(file), sources=(), transform=code)
        store = Postgres(
            url,
            variable="INFLUENCE_STORE_URL",
            kind=StoreError,
            read_only=True,
            statement_timeout_seconds=_STORE_SECONDS,
            connect_timeout_seconds=_CONNECT_SECONDS,
        )
        with store.within(2 * _STORE_SECONDS), store.direct() as connection:
            described = describe(connection, mapping)
            rows, poison = rows_of(connection, described, [key])
            if poison and not _can_be_an_id(connection, described, key):
                poison = []
        rows, poison = transformed(mapping, rows, poison)
    except InfluencePipelineError as error:
        return InStore(trouble=str(error).rstrip("."))
    return InStore(next(iter(rows), None), _why_unreadable(poison), None, described.hash_method)


def _can_be_an_id(connection: Direct, described: Described, key: str) -> bool:
    """Tell whether the key is of the type of the store's ids; a word is no number."""
    try:
        with connection.begin_nested():
            run(connection, f"SELECT %(key)s::{described.key_type}", {"key": key})
    except psycopg2.DataError:
        return False
    return True


def _why_unreadable(poison: list[PoisonRow]) -> str | None:
    return poison[0].reason if poison else None


def shown(entity: Entity, values: Values[str, Any], *, everything: bool) -> dict[str, Any]:
    """Give the values of a canonical row that may be shown, numbers as text; lists as their length.

    With `everything` all of them as they are, personal ones too.
    """
    if everything:
        return {name: _plain(value) for name, value in values.items()}
    result: dict[str, Any] = {}
    for name, value in values.items():
        if name in _SHOWN[entity]:
            result[name] = _plain(value)
        elif name in _COUNTED:
            result[name] = len(value) if isinstance(value, list) else None
    return result


def withheld(entity: Entity, values: Values[str, Any]) -> list[str]:
    """Name the fields that have a value and are not shown unless asked for."""
    return [
        name
        for name, value in values.items()
        if value is not None and name not in _SHOWN[entity] and name not in _COUNTED
    ]


def _plain(value: Any) -> Any:
    """Make values that JSON has; an exact number stays exact as a text."""
    if isinstance(value, Decimal):
        text = str(value)
        return text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def short_hash(content_hash: int | None) -> str | None:
    """Show a content's hash enough to be told from another: its last eight hexadecimal digits."""
    return None if content_hash is None else f"{content_hash & 0xFFFF_FFFF:08x}"
