"""`influence-pipeline init`: a first influence.toml with its SQL files; never overwrites."""

from __future__ import annotations

import argparse
import re
import sys
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from influence_pipeline.cli.asking import Asker
from influence_pipeline.cli.output import print_json, writing
from influence_pipeline.errors import ConfigurationError, StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import load_settings
from influence_pipeline.settings.schema import SCHEMA_FILE
from influence_pipeline.store.draft import Draft, Wishes
from influence_pipeline.store.presets import NAMES, put, refuse_to_overwrite
from influence_pipeline.store.recognise import Recognised
from influence_pipeline.store.starting import (
    UNKNOWN,
    Look,
    drafted,
    is_near,
    look,
    preset_texts,
    with_schema,
)
from influence_pipeline.store.trial import tried

# What every set holds: looked for before anything is asked of a store.
_ALWAYS = ("influence.toml", "customers.sql", "products.sql", "orders.sql", SCHEMA_FILE)
_VARIABLE = "INFLUENCE_STORE_URL"


@dataclass
class _Begun:
    """What was decided and found, for the report. `refused`: by entity, what the store does not
    run; None where nothing was tried. `trouble`: why the store could not be asked."""

    preset: str
    look: Look | None = None
    draft: Draft | None = None
    refused: dict[str, str | None] | None = None
    trouble: str | None = None

    @property
    def store(self) -> Recognised | None:
        """The store that was recognised, if it concerns the preset that was taken."""
        if self.look is None:
            return None
        return self.look.best if self.preset == UNKNOWN else self.look.of(self.preset)


def run(arguments: argparse.Namespace) -> int:
    into = Path(arguments.into)
    wishes = Wishes(_zone(arguments.time_zone), _currency(arguments.currency))
    refuse_to_overwrite(_ALWAYS, into)
    asker = Asker(sys.stdin, sys.stderr, silent=arguments.yes or arguments.json)
    store = _store(arguments.store_url)
    try:
        begun, texts = _begin(arguments.preset, store, wishes, asker)
        texts = with_schema(texts)
        with writing(into):
            put(texts, into)
        if store is not None and begun.trouble is None:
            try:
                begun.refused = _tried(begun, store, into)
            except StoreError as error:
                begun.trouble = str(error)
    finally:
        if store is not None:
            store.close()
    if arguments.json:
        print_json(_as_values(begun, into, sorted(texts)))
    else:
        _print(begun, into, sorted(texts))
    return 0


def _begin(
    preset: str, store: Postgres | None, wishes: Wishes, asker: Asker
) -> tuple[_Begun, dict[str, str]]:
    """Decide what to start from, and make the texts."""
    if store is None:
        if preset == UNKNOWN:
            raise ConfigurationError(
                f"--preset {UNKNOWN} makes a mapping from your store's catalog: say where the "
                f"store is, with --store-url or {_VARIABLE}."
            )
        name = "plain" if preset == "auto" else preset
        return _Begun(name), preset_texts(name, wishes.currency)
    try:
        seen = look(store)
    except StoreError as error:
        if preset in ("auto", UNKNOWN):
            raise
        # What was asked for can be written all the same.
        return _Begun(preset, trouble=str(error)), preset_texts(preset, wishes.currency)
    name = preset
    if preset == "auto":
        name = asker.choose("Which preset?", [*NAMES, UNKNOWN], seen.preset, _recognised(seen))
    begun = _Begun(name, seen)
    if name != UNKNOWN:
        texts = preset_texts(name, wishes.currency)
        if wishes.currency is None and 'currency = "EUR"' in texts.get("influence.toml", ""):
            texts = preset_texts(name, asker.ask(_ASK_CURRENCY, "EUR", _currency))
        return begun, texts
    begun.draft = drafted(store, seen.catalog, wishes)
    answers = Wishes(
        asker.ask(_ASK_ZONE, wishes.time_zone or "", _zone, only=begun.draft.needs_zone),
        asker.ask(_ASK_CURRENCY, wishes.currency or "", _currency, only=begun.draft.needs_currency),
    )
    if answers != wishes:
        begun.draft = drafted(store, seen.catalog, answers)
    return begun, begun.draft.files


_ASK_CURRENCY = "Which currency are amounts in that say none (three letters)?"
_ASK_ZONE = "In which time zone does the store write its timestamps (as in Europe/Vienna)?"


def _store(url: str | None) -> Postgres | None:
    given, variable = url, "--store-url"
    if given is None:
        settings = load_settings()
        if settings.environment.store_url is None:
            return None
        given, variable = settings.secret("store_url"), _VARIABLE
    return Postgres(
        given,
        variable=variable,
        kind=StoreError,
        read_only=True,
        pool_size=1,
        statement_timeout_seconds=5,
    )


def _zone(name: str | None) -> str | None:
    if not name:
        return None
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"{name} is no time zone; write it as in Europe/Vienna, or UTC."
        ) from None
    return name


def _currency(code: str | None) -> str | None:
    if not code:
        return None
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise ConfigurationError(f"{code} is no currency; write three letters, as in EUR.")
    return code.upper()


def _tried(begun: _Begun, store: Postgres, into: Path) -> dict[str, str | None] | None:
    """Run what was written on the store, without reading a record."""
    if not (into / "influence.toml").exists():
        return None
    settings = load_settings(config=into / "influence.toml")
    found = begun.store
    schema = found.schema if found is not None and not found.on_path else None
    refused = tried(store, settings, schema=None if begun.preset == UNKNOWN else schema)
    return {entity.plural: words for entity, words in refused.items()}


def _recognised(seen: Look) -> str:
    best = seen.best
    if best is None:
        return f"No store that a preset is for was recognised in {len(seen.catalog)} tables."
    return f"This looks like {_named(best)}."


def _named(store: Recognised) -> str:
    version = f" {store.version}" if store.preset != "plain" else ""
    return f"{store.name}{version}, in schema {store.schema}"


def _about(begun: _Begun) -> list[str]:
    """What was found and why, in a few lines."""
    if begun.look is None and begun.trouble is not None:
        return [f"The preset {begun.preset} as it is; the store was not looked at."]
    if begun.look is None:
        return [
            f"No store was looked at ({_VARIABLE} is not set): the preset {begun.preset} as it is."
        ]
    lines = [_recognised(begun.look)]
    store = begun.store
    if store is not None:
        lines[0] = f"This looks like {_named(store)}: it has {'; '.join(store.reasons)}."
        if store.missing:
            few = ", ".join(store.missing[:6]) + (", …" if len(store.missing) > 6 else "")
            lines.append(
                f"It is not the version that the preset was tried with ({store.tried}). "
                f"Missing: {few}."
            )
            if begun.preset == UNKNOWN and not is_near(store):
                lines.append("That is too much for the preset, so a draft was made instead.")
        if not store.on_path and begun.preset != UNKNOWN:
            lines.append(f"Before anything else: {store.search_path_mend}.")
        others = [one for one in begun.look.found if one is not store]
        if others:
            lines.append(f"Also there: {'; '.join(_named(one) for one in others[:3])}.")
    elif begun.preset != UNKNOWN:
        lines.append(f"The preset {begun.preset} was asked for, and written.")
    closed = [table.name for table in begun.look.catalog if not table.readable]
    if closed:
        few = ", ".join(closed[:5]) + (", …" if len(closed) > 5 else "")
        lines.append(f"The role may not read {len(closed)} of the tables: {few}.")
    if begun.draft is not None:
        lines += _about_draft(begun.draft)
    return lines


def _about_draft(draft: Draft) -> list[str]:
    tables = ", ".join(f"{role}: {table}" for role, table in draft.tables.items())
    lines = [f"A draft from the catalog. {tables or 'No table of a shop was found'}."]
    if draft.missing:
        lines.append(
            f"Found nothing for: {', '.join(draft.missing)}. Their files say what was looked at."
        )
    return lines


def _print(begun: _Begun, into: Path, names: list[str]) -> None:
    for line in _about(begun):
        print(line)
    print(f"wrote into {into}: {', '.join(names)}")
    if begun.trouble is not None:
        print(f"not tried: {begun.trouble}")
    if begun.refused is not None:
        refused = [words for words in begun.refused.values() if words is not None]
        print("\n".join(f"to mend: {words}" for words in refused) or "All three SELECTs run there.")
    print("Next:")
    for number, step in enumerate(_next(begun, into), 1):
        print(f"  {number}. {step}")


def _next(begun: _Begun, into: Path) -> list[str]:
    steps = [
        f"Set {_VARIABLE}, INFLUENCE_STATE_URL and INFLUENCE_CONFIG={into / 'influence.toml'} "
        "(all variables: docs/settings.md)."
    ]
    if begun.draft is not None:
        todos = begun.draft.todos
        steps.append(
            f"Go through the {todos} places marked TODO, and the reasons above the columns."
        )
    elif begun.preset == "plain" and (begun.look is None or begun.store is None):
        steps.append("Make the SELECTs and sources fit your tables (docs/mapping.md).")
    elif begun.preset == "plain":
        steps.append("It is made for these tables; what can be changed: docs/mapping.md.")
    else:
        steps.append(f"Read what the preset does and leaves out: docs/stores/{begun.preset}.md.")
    steps.append("`influence-pipeline check` says what does not fit yet.")
    steps.append("`influence-pipeline plan` shows what would be sent, and sends nothing.")
    return steps


def _as_values(begun: _Begun, into: Path, names: list[str]) -> dict[str, Any]:
    store = begun.store
    return {
        "preset": begun.preset,
        "store": None
        if store is None
        else {
            "name": store.name,
            "version": store.version,
            "tried_with": store.tried,
            "schema": store.schema,
            "on_search_path": store.on_path,
            "reasons": list(store.reasons),
            "missing": list(store.missing),
        },
        "draft": None
        if begun.draft is None
        else {
            "tables": begun.draft.tables,
            "missing": list(begun.draft.missing),
            "todos": begun.draft.todos,
        },
        "refused": begun.refused,
        "not_tried": begun.trouble,
        "written": [str(into / name) for name in names],
        "next": _next(begun, into),
    }
