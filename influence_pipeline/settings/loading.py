"""Reading the environment and influence.toml. Connects to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings.apart import refuse_unless_apart
from influence_pipeline.settings.environment import (
    MEANING,
    Environment,
    read_choice,
    read_environment,
    variable,
)
from influence_pipeline.settings.file import Config
from influence_pipeline.settings.refusal import dotted, errors_of, words
from influence_pipeline.settings.stores import read_stores, said
from influence_pipeline.settings.toml_file import line_of, read_toml
from influence_pipeline.settings.versions import brought_up

DEFAULT_FILE = "influence.toml"


class Settings:
    """The environment and, where there is one, the file. Its repr shows no secret.

    `config` is read when first asked for, so that a command that needs no mapping runs without one.
    `store`: its name, where it is one of several.
    """

    def __init__(self, environment: Environment, *, store: str | None = None) -> None:
        self.environment = environment
        self.store = store
        self.file = Path(environment.config or DEFAULT_FILE).expanduser()
        self._config: Config | None = None

    def __repr__(self) -> str:
        return f"Settings(file={str(self.file)!r})"

    @property
    def config(self) -> Config:
        """The content of influence.toml. Raises ConfigurationError naming the line, the key and
        the mend."""
        if self._config is None:
            named = self.environment.config is not None
            self._config = _read_config(self.file, named=named, store=self.store)
        return self._config

    @property
    def folder(self) -> Path:
        """Where the mapping's SQL files lie: beside influence.toml."""
        return self.file.resolve().parent

    def require(self, *names: str) -> None:
        """Make sure these are set, or raise one ConfigurationError that names every missing one."""
        missing = [name for name in names if getattr(self.environment, name) is None]
        if missing:
            variables = ", ".join(variable(name, self.store) for name in missing)
            meanings = said(" ".join(MEANING[name] for name in missing), self.store)
            raise ConfigurationError(
                f"Not set: {variables}. Set the environment variable"
                f"{'s' if len(missing) > 1 else ''} (or a line in .env here); {meanings}"
            )

    def secret(self, name: str) -> str:
        """Give a secret's value. Raises ConfigurationError if it is not set."""
        self.require(name)
        value: SecretStr = getattr(self.environment, name)
        return value.get_secret_value()

    @property
    def coupon_url(self) -> str:
        """Where coupons are written: INFLUENCE_COUPON_URL, else the store's own URL."""
        return self.secret("coupon_url" if self.environment.coupon_url else "store_url")


def load_settings(store: str | None = None, **overrides: Any) -> Settings:
    """Read the environment. `overrides` (names of Environment's fields) win; tests use them.

    `store`: one of the list that INFLUENCE_STORES names; by default the one that INFLUENCE_STORE
    names, which `influence-pipeline --store` sets. Raises ConfigurationError naming the variable,
    or the place in the list.
    """
    choice = read_choice()
    stores = read_stores(choice)
    if stores is None:
        if store or choice.store:
            raise ConfigurationError(
                f"Store {store or choice.store} was asked for (--store or INFLUENCE_STORE), and "
                "INFLUENCE_STORES is not set: it names the list of stores, where there are several."
            )
        return Settings(read_environment(**overrides))
    chosen = stores.choose(store or choice.store)
    if chosen.refusal is not None:
        raise ConfigurationError(chosen.refusal)
    environment = read_environment(chosen.name, **{"config": chosen.config, **overrides})
    refuse_unless_apart(stores, chosen, environment)
    return Settings(environment, store=chosen.name)


def chosen_store() -> str | None:
    """Give the name of the store that commands are for, where there are several; never raises."""
    try:
        choice = read_choice()
        stores = read_stores(choice)
        return None if stores is None else stores.choose(choice.store).name
    except ConfigurationError:
        return None


def _read_config(file: Path, *, named: bool, store: str | None) -> Config:
    if store is not None:
        absent = f"The list of stores must name the influence.toml of {store} (config)."
    elif named:
        absent = "INFLUENCE_CONFIG must name your influence.toml."
    else:
        absent = (
            "Set INFLUENCE_CONFIG to the path of your influence.toml, or make one with "
            "`influence-pipeline init`."
        )
    text, content = read_toml(file, absent)

    def place(key: str) -> str:
        return f"{file}: {line_of(text, (key,))}{key}"

    try:
        return Config.model_validate(brought_up(content, place))
    except ValidationError as error:
        lines = [
            f"{line_of(text, e['loc'])}{dotted(e['loc'])} {words(e, Config)}"
            for e in errors_of(error)
        ]
        raise ConfigurationError(f"{file}: " + "; ".join(lines) + ".") from None
