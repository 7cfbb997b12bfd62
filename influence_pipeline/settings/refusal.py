"""What is said of settings that do not fit: what they are, what they may be. Never the value."""

from __future__ import annotations

import re
import typing
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from pydantic import BaseModel, ValidationError


def errors_of(error: ValidationError) -> list[Any]:
    """The single mistakes; with their values, which must not be shown."""
    return list(error.errors(include_url=False, include_input=True, include_context=True))


def dotted(loc: Sequence[str | int]) -> str:
    """A place as it is written in messages: orders.sources.0.key."""
    return ".".join(str(part) for part in loc) or "the file"


def words(error: Any, model: type[BaseModel]) -> str:
    """Say what is wrong with a key of `model`, as the rest of a sentence that begins with it."""
    kind = str(error["type"])
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"is not a known key ({_known(error['loc'], model)})"
    if kind == "literal_error":
        expected = re.sub(r"'([^']*)'", r'"\1"', str(error["ctx"]["expected"]))
        given = "" if isinstance(error["input"], str) else f"; it is {_kind(error['input'])}"
        return f"must be {expected}{given}"
    for part, expected in _EXPECTED.items():
        if kind.startswith(part):
            return f"must be {expected}; it is {_kind(error['input'])}"
    message = str(error["msg"]).removeprefix("Value error, ")
    message = re.sub(
        r"^(Input|String|List|Value|Decimal input|Dictionary) should ", "must ", message
    )
    return message.replace("must match pattern '", "must match the pattern '")


# By how pydantic's name of a mistake begins.
_EXPECTED = {
    "string_type": "a text, in quotes",
    "int_": "a whole number",
    "float_": "a number",
    "bool_": "true or false",
    "decimal_type": 'an amount, as in "5.00"',
    "decimal_parsing": 'an amount, as in "5.00"',
    "datetime_": "a moment with its time zone, as in 2026-11-01T00:00:00Z",
    "list_type": 'a list, as in ["…"]',
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "path_type": "a path",
}


def _kind(value: object) -> str:
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return "something else"


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a text"),
    (int, "a whole number"),
    (float, "a number with a decimal point"),
    (datetime, "a moment"),
    (date, "a date"),
    (time, "a time of day"),
    (list, "a list"),
    (dict, "a table"),
)


def _known(loc: Sequence[str | int], model: type[BaseModel]) -> str:
    """What the key may have been meant for."""
    import difflib  # Only where something is wrong.

    *around, key = loc
    here = _keys(_model_at(model, around))
    close = difflib.get_close_matches(str(key), here, n=2, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    elsewhere = [place for place, keys in _tables(model) if str(key) in keys]
    if len(elsewhere) == 1:
        return f"it belongs into [{elsewhere[0]}]"
    return f"known here: {', '.join(here)}"


def _keys(model: type[BaseModel] | None) -> list[str]:
    fields = model.model_fields if model is not None else {}
    return [field.alias or name for name, field in fields.items()]


def _tables(model: type[BaseModel]) -> list[tuple[str, list[str]]]:
    """The tables of the file that hold keys of their own, by name."""
    found = []
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            found.append((name, _keys(inner)))
    return found


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    through_names = False
    for part in loc:
        if isinstance(part, int) or through_names:
            # An item of a list; a name that the merchant chose, as of a reward.
            through_names = False
            continue
        fields = {
            field.alias or name: field for name, field in (found or model).model_fields.items()
        }
        if part not in fields:
            return None
        found = _model_in(fields[part].annotation)
        through_names = typing.get_origin(fields[part].annotation) is dict
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
