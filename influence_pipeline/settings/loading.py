"""Reading the environment and influence.toml. Connects to nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings.environment import MEANING, Environment, variable
from influence_pipeline.settings.file import Config
from influence_pipeline.settings.places import place_of
from influence_pipeline.settings.refusal import dotted, errors_of, words
from influence_pipeline.settings.versions import brought_up

DEFAULT_FILE = "influence.toml"


class Settings:
    """The environment and, where there is one, the file. Its repr shows no secret.

    `config` is read when first asked for, so that a command that needs no mapping runs without one.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.file = Path(environment.config or DEFAULT_FILE).expanduser()
        self._config: Config | None = None

    def __repr__(self) -> str:
        return f"Settings(file={str(self.file)!r})"

    @property
    def config(self) -> Config:
        """The content of influence.toml. Raises ConfigurationError naming the line, the key and
        the mend."""
        if self._config is None:
            self._config = _read_config(self.file, named=self.environment.config is not None)
        return self._config

    @property
    def folder(self) -> Path:
        """Where the mapping's SQL files lie: beside influence.toml."""
        return self.file.resolve().parent

    def require(self, *names: str) -> None:
        """Make sure these are set, or raise one ConfigurationError that names every missing one."""
        missing = [name for name in names if getattr(self.environment, name) is None]
        if missing:
            variables = ", ".join(variable(name) for name in missing)
            raise ConfigurationError(
                f"Not set: {variables}. Set the environment variable"
                f"{'s' if len(missing) > 1 else ''} (or a line in .env here); "
                + " ".join(MEANING[name] for name in missing)
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


def load_settings(**overrides: Any) -> Settings:
    """Read the environment. `overrides` (names of Environment's fields) win; tests use them.

    Raises ConfigurationError naming the variable.
    """
    try:
        environment = Environment(**overrides)
    except ValidationError as error:
        lines = [f"{variable(str(e['loc'][0]))} {words(e, Environment)}" for e in errors_of(error)]
        raise ConfigurationError("; ".join(lines) + ".") from None
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f".env cannot be read: {error.strerror}.") from None
    return Settings(environment)


def _read_config(file: Path, *, named: bool) -> Config:
    try:
        text = file.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no {file}. "
            + (
                "INFLUENCE_CONFIG must name your influence.toml."
                if named
                else "Set INFLUENCE_CONFIG to the path of your influence.toml, or make one with "
                "`influence-pipeline init`."
            )
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}.") from None

    def place(key: str) -> str:
        return f"{file}: {_line(text, (key,))}{key}"

    try:
        return Config.model_validate(brought_up(content, place))
    except ValidationError as error:
        lines = [
            f"{_line(text, e['loc'])}{dotted(e['loc'])} {words(e, Config)}"
            for e in errors_of(error)
        ]
        raise ConfigurationError(f"{file}: " + "; ".join(lines) + ".") from None


def _line(text: str, loc: tuple[str | int, ...]) -> str:
    line = place_of(text, loc)
    return "" if line is None else f"line {line}: "
