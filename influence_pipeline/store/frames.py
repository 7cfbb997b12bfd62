"""Canonical rows through the merchant's transform: into a pandas DataFrame, and back.

Only the rows that are about to be told go through it, a batch at a time. Where it raises on a
batch, the batch is halved until the row stands alone that it cannot take; that row is set aside. A
result that is no answer to the question (rows gone or added, an amount as float) is a fault of the
code and not of a row, and stops the entity.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from influence_pipeline.errors import MappingError
from influence_pipeline.store.canonical import CANONICAL, Kind
from influence_pipeline.store.mapping import Mapping
from influence_pipeline.store.reader import CanonicalRow, PoisonRow
from influence_pipeline.store.transform import Transform, line_of

if TYPE_CHECKING:
    import pandas as pd

# The reason code of a record that the transform cannot take.
TRANSFORM = "transform"


def transformed(
    mapping: Mapping, rows: list[CanonicalRow], poison: list[PoisonRow]
) -> tuple[list[CanonicalRow], list[PoisonRow]]:
    """Put rows through the mapping's transform; without one they come back as they are.

    Rows keep their hashes: those are of what the store has, and of the code. Raises MappingError
    naming file and function.
    """
    if mapping.transform is None or not rows:
        return rows, poison
    return _Frames(mapping, mapping.transform).run(rows, poison)


class _Frames:
    def __init__(self, mapping: Mapping, transform: Transform) -> None:
        # Only who has a transform pays for it.
        import pandas

        self._pandas = pandas
        self._entity = mapping.entity
        self._transform = transform
        self._function = transform.load()
        self._kinds = {column.name: column.kind for column in CANONICAL[mapping.entity]}
        self._required = [c.name for c in CANONICAL[mapping.entity] if c.required]

    def run(
        self, rows: list[CanonicalRow], poison: list[PoisonRow]
    ) -> tuple[list[CanonicalRow], list[PoisonRow]]:
        done: dict[str, CanonicalRow] = {}
        refused = list(poison)
        todo = [rows]
        while todo:
            part = todo.pop()
            # Made anew for each try: the function may change what it is given, and then raise.
            given = self._given(part)
            try:
                result = self._function(self._frame(given))
            except (Exception, SystemExit) as error:
                if len(part) > 1:
                    middle = len(part) // 2
                    todo += [part[:middle], part[middle:]]
                else:
                    refused.append(PoisonRow(part[0].key, self._why(error), TRANSFORM))
            else:
                done.update(self._rows(part, given, result))
        return [done[row.key] for row in rows if row.key in done], refused

    def _why(self, error: BaseException) -> str:
        file = self._transform.file
        return (
            f"the transform cannot take it: {type(error).__name__} in {file.name}, line "
            f"{line_of(error, file)} ({self._transform.function})"
        )

    # -- in ------------------------------------------------------------------------------------

    def _given(self, rows: Sequence[CanonicalRow]) -> dict[str, list[Any]]:
        """Give the columns as the function gets them."""
        return {
            name: [row.key for row in rows]
            if name == "id"
            else [self._value(self._kinds[name], row.values[name]) for row in rows]
            for name in rows[0].values
            if name in self._kinds
        }

    def _frame(self, given: dict[str, list[Any]]) -> pd.DataFrame:
        series = self._pandas.Series
        columns = {name: series(values, dtype=object) for name, values in given.items()}
        frame: pd.DataFrame = self._pandas.DataFrame(columns)
        return frame

    def _value(self, kind: Kind, value: Any) -> Any:
        if value is None or (type(value) is str and kind is Kind.ANY):
            return value
        if kind is Kind.AMOUNT:
            return Decimal(value) if isinstance(value, int) else value
        if kind is Kind.MOMENT:
            return _moment(value)
        if kind is Kind.LIST:
            return _copy(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, int | Decimal) else _copy(value)

    # -- and back ------------------------------------------------------------------------------

    def _rows(
        self, part: Sequence[CanonicalRow], given: dict[str, list[Any]], result: Any
    ) -> dict[str, CanonicalRow]:
        if not isinstance(result, self._pandas.DataFrame):
            words = "; end it with `return df`" if result is None else ""
            self._fail(f"gave {type(result).__name__} and no DataFrame{words}")
        if not result.columns.is_unique:
            self._fail("gave a column twice")
        missing = [name for name in self._required if name not in result.columns]
        if missing:
            self._fail(f"took the column {missing[0]} away, without which nothing can be sent")
        # In the order in which they were given, what is new behind.
        ordered = dict.fromkeys([*part[0].values, *self._kinds])
        names = [n for n in ordered if n != "id" and n in self._kinds and n in result.columns]
        columns = [result[name].tolist() for name in names]
        keys = result["id"].tolist()
        self._same_rows([row.key for row in part], keys)
        places = {row.key: place for place, row in enumerate(part)}
        found: dict[str, CanonicalRow] = {}
        for back, key in enumerate(keys):
            place = places[key]
            before = part[place].values
            values: dict[str, Any] = {"id": before["id"]}
            for name, column in zip(names, columns, strict=True):
                value = column[back]
                if name in given and self._is_same(value, given[name][place], before[name]):
                    # To the letter what it was.
                    values[name] = before[name]
                else:
                    values[name] = self._taken(name, value)
            given_at = before.get("created_at")
            found[key] = part[place]._replace(values=values, created_at=given_at)
        return found

    @staticmethod
    def _is_same(value: Any, given: Any, before: Any) -> bool:
        """Tell whether a value came back as it was. A list may have been changed in place; what it
        was before is what the store gave."""
        if not isinstance(given, list | dict):
            return value is given or (type(value) is type(given) and bool(value == given))
        try:
            return type(value) is type(given) and bool(value == before)
        except (TypeError, ValueError):
            # pd.NA and arrays in it give no answer.
            return False

    def _same_rows(self, given: list[str], back: list[Any]) -> None:
        wanted = set(given)
        if any(not isinstance(key, str) or key not in wanted for key in back):
            self._fail("gave an id that it was not given; ids stay as they are, as text")
        if len(set(back)) < len(back):
            self._fail("gave a row twice")
        gone = len(given) - len(back)
        if gone:
            self._fail(
                f"left {gone} of {len(given)} rows out; leave records out in the SELECT's WHERE, "
                "so that it is known that they are gone"
            )

    def _taken(self, name: str, value: Any) -> Any:
        plain = self._plain(name, value)
        return plain.isoformat() if isinstance(plain, date) else plain

    def _plain(self, name: str, value: Any) -> Any:
        """Make a value of pandas' or numpy's one of Python's own."""
        pd = self._pandas
        if type(value) is str:
            return value
        if isinstance(value, list | tuple):
            return [self._plain(name, item) for item in value]
        if isinstance(value, dict):
            return {str(key): self._plain(name, item) for key, item in value.items()}
        if hasattr(value, "tolist"):
            # A scalar or an array of numpy's.
            return self._plain(name, value.tolist())
        if value is None or value is pd.NA or value is pd.NaT or value != value:
            return None
        kind = self._kinds[name]
        if isinstance(value, float):
            if kind in (Kind.AMOUNT, Kind.LIST):
                self._fail(
                    f"gave a float in the column {name}; an amount must be exact: make it "
                    "decimal.Decimal, of a text and not of a float"
                )
            return int(value) if value.is_integer() else Decimal(repr(value))
        if isinstance(value, pd.Timestamp):
            value = value.to_pydatetime(warn=False)
        if isinstance(value, datetime) and value.tzinfo is None and kind is Kind.MOMENT:
            self._fail(
                f"gave a moment without a time zone in the column {name}: use tz_localize, or "
                "replace(tzinfo=…)"
            )
        if not isinstance(value, str | bool | int | Decimal | date):
            self._fail(f"gave a value of type {type(value).__name__} in the column {name}")
        return value

    def _fail(self, what: str) -> NoReturn:
        raise MappingError(
            f"{self._transform.place}: it {what}. Nothing of {self._entity.plural} is sent until "
            "it is mended."
        )


def _moment(value: Any) -> Any:
    """Give a datetime; what Python has no datetime for (infinity, the year 10000) stays text."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
