"""The JSON Schema of influence.toml: current, shipped, valid, and of one mind with the program."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import load_settings
from influence_pipeline.settings.schema import schema_text, shipped_schema
from influence_pipeline_tests.cli.conftest import CommandLine, bare_cli
from influence_pipeline_tests.support import preset

__all__ = ["bare_cli"]

SCHEMA: dict[str, Any] = json.loads(shipped_schema())
PLAIN = (preset.FOLDER / "influence.toml").read_text(encoding="utf-8")
PRESETS = [
    folder.name
    for folder in files("influence_pipeline.store.presets").iterdir()
    if folder.is_dir() and folder.joinpath("influence.toml").is_file()
]


def _as_json(value: Any) -> Any:
    """A TOML value as an editor holds it against a schema."""
    if isinstance(value, dict):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime | date) else value


def complaints(text: str) -> list[str]:
    content = _as_json(tomllib.loads(text))
    return [error.message for error in Draft7Validator(SCHEMA).iter_errors(content)]


def test_the_shipped_schema_is_that_of_the_models() -> None:
    assert shipped_schema() == schema_text(), "make schema"


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert "$ref" not in shipped_schema()


def test_the_command_prints_it(bare_cli: CommandLine) -> None:
    ran = bare_cli("schema")
    assert (ran.code, ran.out) == (0, shipped_schema())


def _fields(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{place}{name}", field
        yield from _fields(field, f"{place}{name}.")
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from _fields(inner, place)


def test_every_key_has_a_description() -> None:
    without = [name for name, field in _fields(SCHEMA) if not field.get("description")]
    assert without == []
    names = {name for name, _ in _fields(SCHEMA)}
    assert {
        "orders.sources.from",
        "orders.go_live",
        "rewards.kind",
        "coupons.caps.per_day",
    } <= names


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_fits_the_schema(name: str) -> None:
    text = files("influence_pipeline.store.presets").joinpath(name, "influence.toml").read_text()
    assert complaints(text) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1\n", "version = 2\n"),
        ("version = 1\n", 'version = "1"\n'),
        ("version = 1\n", "version = 1\ncolour = 1\n"),
        ('key = "c.id"\n', ""),
        ('rows = ["c"]', "rows = []"),
        ('rows = ["c"]', 'rows = ["c d"]'),
        ("[orders]\n", '[orders]\ngo_live = 5\n'),
        ("[orders]\n", '[orders]\nprotocol = "three_step"\n'),
        ('currency = "EUR"\n# How', 'currency = "euro"\n# How'),
        ("[coupons]\n", "[delivery]\nin_flight = 0\n[coupons]\n"),
        ('kind = "percentage"\n', 'kind = "points"\n'),
    ],
)  # fmt: skip
def test_what_the_schema_marks_the_program_refuses_too(
    old: str, new: str, bare_cli: CommandLine
) -> None:
    assert old in PLAIN
    text = PLAIN.replace(old, new, 1)
    assert complaints(text) != []
    Path("influence.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError):
        _ = load_settings().config


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[orders]\n", "[orders]\ngo_live = 2026-11-01T00:00:00Z\n"),
        ("[orders]\n", '[orders]\ntransform = "orders.py"\n'),
        ('value = "5.00"', "value = 5"),
        ('value = "5.00"', "value = 4.99"),
        ("[coupons]\n", '[check]\naccept = ["fsync"]\n[coupons]\n'),
        ("# [coupons.caps]\n", '[coupons.caps]\nlargest_amount = "100"\n'),
    ],
)  # fmt: skip
def test_what_the_program_takes_the_schema_does_not_mark(old: str, new: str) -> None:
    assert old in PLAIN
    assert complaints(PLAIN.replace(old, new, 1)) == []
