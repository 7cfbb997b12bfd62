"""The JSON Schema of influence.toml, made from the models: what editors complete and check it with.

A copy lies beside this module (`influence.schema.json`) and is shipped; `influence-pipeline schema`
prints it anew. Draft 7, with every table written out where it stands: that is what editors of TOML
understand (in draft 7 a `$ref` would hide the description beside it).
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from influence_pipeline.settings.file import Config
from influence_pipeline.settings.versions import CURRENT

SCHEMA_FILE = "influence.schema.json"
# The first line of an influence.toml: editors with taplo (Even Better TOML, Helix, Zed) follow it.
DIRECTIVE = f"#:schema ./{SCHEMA_FILE}"

_DRAFT = "http://json-schema.org/draft-07/schema#"


def shipped_schema() -> str:
    """The copy in the package."""
    return files("influence_pipeline.settings").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Make the schema from the models. Needs their source, which holds the descriptions."""
    made = Config.model_json_schema(by_alias=True, mode="validation")
    for name, model in _models(Config).items():
        _describe(made if model is Config else made["$defs"][name], model)
    definitions = made.pop("$defs")
    return {
        "$schema": _DRAFT,
        **_written_out(made, definitions),
        "title": f"influence.toml, version {CURRENT}",
    }


def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            found.update(_models(inner))
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return [model for argument in inner for model in _models_in(argument)]


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    texts: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one.__module__.startswith("influence_pipeline."):
            texts.update(_field_texts(one))
    for name, field in model.model_fields.items():
        key = field.alias or name
        schema["properties"][key]["description"] = texts[name]
    if model.__doc__:
        schema["description"] = " ".join(inspect.cleandoc(model.__doc__).split())


def _field_texts(model: type[BaseModel]) -> dict[str, str]:
    """The text under each field of a class, as one line."""
    tree = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    (found,) = [
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__
    ]
    texts = {}
    for field, below in zip(found.body, found.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            texts[field.target.id] = " ".join(below.value.value.split())
    return texts


def _written_out(part: Any, definitions: dict[str, Any]) -> Any:
    """Put the definition in place of each reference; what stands beside the reference wins."""
    if isinstance(part, list):
        return [_written_out(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    beside = {
        key: _written_out(value, definitions)
        for key, value in part.items()
        # Titles that pydantic makes from names say nothing more than the names.
        if key != "$ref" and not (key == "title" and isinstance(value, str))
    }
    if "$ref" not in part:
        return _without_null(beside)
    name = part["$ref"].rsplit("/", 1)[1]
    return {**_written_out(definitions[name], definitions), **beside}


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: a key is there or it is not."""
    if part.get("default", ...) is None:
        part = {key: value for key, value in part.items() if key != "default"}
    choices = part.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return part
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    return {**left[0], **rest} if len(left) == 1 else {"anyOf": left, **rest}
