"""The list of stores, where there are several: the TOML file that INFLUENCE_STORES names.

    [[store]]
    name = "berlin"
    config = "berlin/influence.toml"

A store's variables are those of a single one with its name in them: INFLUENCE_BERLIN_STORE_URL. A
mistake in one entry concerns that store only. Whether stores are apart is looked at in `apart`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings.environment import (
    Choice,
    Environment,
    Shared,
    read_choice,
    variable,
)
from influence_pipeline.settings.refusal import errors_of, words
from influence_pipeline.settings.section import Section
from influence_pipeline.settings.toml_file import line_of, read_toml

# What Dagster takes in a name, and variables of the environment too.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,39}")


class _Entry(Section):
    """One [[store]]."""

    name: str
    config: Path


class _File(Section):
    """The file, as far as it must be right for any store."""

    store: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True)
class Store:
    """One store of the list. `refusal`: why nothing may be done with it until the list is mended.

    `config` is its influence.toml, None where the entry names none.
    """

    name: str
    config: Path | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class Stores:
    """The list. `problems`: what is wrong with entries that cannot even be named."""

    file: Path
    stores: tuple[Store, ...]
    problems: tuple[str, ...] = ()

    def find(self, name: str) -> Store:
        """Give the store of this name. Raises ConfigurationError that lists the names."""
        for store in self.stores:
            if store.name == name:
                return store
        raise ConfigurationError(f"There is no store {name} in {self.file}. {self._names()}")

    def choose(self, name: str | None) -> Store:
        """Give the store that is meant; without a name, the only one. Raises ConfigurationError."""
        if name is not None:
            return self.find(name)
        if len(self.stores) == 1 and not self.problems:
            return self.stores[0]
        raise ConfigurationError(
            f"{self.file} (INFLUENCE_STORES) lists several stores. Say which is meant: "
            f"`influence-pipeline --store NAME …`, or INFLUENCE_STORE=NAME. {self._names()}"
        )

    def _names(self) -> str:
        return f"Its stores: {', '.join(store.name for store in self.stores) or 'none'}."


def read_stores(choice: Choice | None = None) -> Stores | None:
    """Read the list; None where INFLUENCE_STORES is not set, as there is a single store then.

    Raises ConfigurationError where the file as a whole cannot be used.
    """
    named = (choice or read_choice()).stores
    if named is None:
        return None
    file = named.expanduser()
    text, content = read_toml(file, "INFLUENCE_STORES must name the list of your stores.")
    try:
        entries = _File.model_validate(content).store
    except ValidationError as error:
        lines = [_of_file(text, one) for one in errors_of(error)]
        raise ConfigurationError(f"{file} (INFLUENCE_STORES): {'; '.join(lines)}.") from None
    stores: list[Store] = []
    problems: list[str] = []
    for number, entry in enumerate(entries):
        # Looked for only where something is wrong: it reads the whole text.
        place = partial(_place, file, text, number)
        found = _store(entry, file, place)
        if isinstance(found, Store):
            stores.append(found)
        else:
            problems.append(found)
    return Stores(file, _named_once(file, stores), tuple(problems))


def _of_file(text: str, error: Any) -> str:
    loc = error["loc"]
    if loc == ("store",) and error["type"] in {"missing", "too_short"}:
        return "it lists no store; write a [[store]] with name and config for each"
    return f"{line_of(text, loc)}{'.'.join(map(str, loc))} {words(error, _File)}"


def _place(file: Path, text: str, number: int) -> str:
    return f"{file}: {line_of(text, ('store', number))}"


def _store(entry: dict[str, Any], file: Path, place: Callable[[], str]) -> Store | str:
    """Read one entry; give what is wrong with it where it has no name that can be used."""
    name = entry.get("name")
    if not isinstance(name, str):
        return f"{place()}a [[store]] has no name, which is a text in quotes. It is left out."
    if not _NAME.fullmatch(name):
        return (
            f"{place()}{name!r} is no name for a store. Dagster and variables take letters, digits "
            "and underscores, with no underscore first, 40 at most. It is left out."
        )
    try:
        read = _Entry.model_validate(entry)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))} {words(e, _Entry)}" for e in errors_of(error)]
        return Store(name, refusal=f"{place()}{'; '.join(lines)}.")
    shared = sorted(_variables(name) & _COMMON)
    if shared:
        return Store(
            name,
            refusal=f"{place()}A store cannot be called {name}: its variable {shared[0]} has a "
            "meaning already. Choose another name.",
        )
    return Store(name, file.resolve().parent / read.config.expanduser())


def _variables(name: str) -> set[str]:
    return {variable(field, name) for field in Environment.model_fields}


# What `roles` has psql read.
_PASSWORDS = {f"INFLUENCE_{role}_PASSWORD" for role in ("READER", "COUPONS", "STATE")}
_COMMON = _PASSWORDS | {
    variable(field) for model in (Environment, Choice) for field in model.model_fields
}


def known_variables() -> set[str]:
    """Give every variable that somebody reads, of the single store or of those in the list.

    Raises ConfigurationError where the list cannot be used.
    """
    stores = read_stores()
    if stores is None:
        return _COMMON
    known = _PASSWORDS | {
        variable(field) for model in (Shared, Choice) for field in model.model_fields
    }
    # The list names its influence.toml.
    return known.union(
        *(_variables(one.name) - {variable("config", one.name)} for one in stores.stores)
    )


def _named_once(file: Path, stores: list[Store]) -> tuple[Store, ...]:
    """Refuse stores that would share variables: those of one name, however it is written."""
    counts = Counter(one for store in stores for one in _variables(store.name))
    result: dict[str, Store] = {}
    for store in stores:
        shared = sorted(one for one in _variables(store.name) if counts[one] > 1)
        if not shared:
            result[store.name] = store
            continue
        names = [other.name for other in stores if shared[0] in _variables(other.name)]
        refusal = (
            f"{file}: more than one store ({', '.join(names)}) would read {shared[0]}. Give each a "
            "name of its own; until then none of them runs."
        )
        result.setdefault(store.name, replace(store, refusal=refusal))
    return tuple(result.values())


def said(text: str, store: str | None) -> str:
    """Put words about a single store's variables and commands as they are for one of several."""
    if store is None:
        return text
    text = _OWN.sub(lambda found: variable(found[1], store), text)
    text = _EITHER.sub(lambda found: f"{variable(found[1], store)} or {found[0]}", text)
    return _COMMAND.sub(f"influence-pipeline --store {store} ", text)


def _names_of(fields: set[str]) -> str:
    # The longest first: one may be the beginning of another.
    return "|".join(sorted(map(str.upper, fields), key=len, reverse=True))


_OWN_FIELDS = set(Environment.model_fields) - set(Shared.model_fields) - {"config"}
_OWN = re.compile(rf"\bINFLUENCE_({_names_of(_OWN_FIELDS)})\b")
# Not again where it was said so before.
_EITHER = re.compile(rf"(?<!\bor )\bINFLUENCE_({_names_of(set(Shared.model_fields))})\b")
_COMMAND = re.compile(r"\binfluence-pipeline (?=[a-z])")
