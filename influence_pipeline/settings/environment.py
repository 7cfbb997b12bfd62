"""The environment variables `INFLUENCE_…`: where and who (URLs, keys)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings.refusal import errors_of, words

PUBLIC_API = "https://platform.api.influence.io"
# What may stand in a header: visible ASCII, and spaces between.
_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")


_MODEL = SettingsConfigDict(
    env_prefix="INFLUENCE_",
    env_file=".env",
    env_ignore_empty=True,
    extra="ignore",
    frozen=True,
    hide_input_in_errors=True,
)


class Choice(BaseSettings):
    """Which store is meant, where there are several."""

    model_config = _MODEL

    # The list of stores; not set where there is one.
    stores: Path | None = None
    # One of its names, for commands.
    store: str | None = None


class Shared(BaseSettings):
    """What one of several stores takes from the variable without its name, where its own is not
    set. Nothing else is: another shop's key or database must never be used by default."""

    model_config = _MODEL

    api_url: str = PUBLIC_API
    # A chat's incoming webhook; whoever has the address can write there.
    alert_url: SecretStr | None = None
    # Who is written to, with commas between, and the server that takes the mail.
    alert_email: str | None = None
    smtp_url: SecretStr | None = None
    # Whether Dagster's schedules and sensor start by themselves with the code location. Off, so
    # that a first start sends nothing before somebody has looked at `plan`; whoever switched them
    # in Dagster's UI is not overruled.
    automation: Literal["on", "off"] = "off"

    @field_validator("alert_url")
    @classmethod
    def _alert_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _http_url(value.get_secret_value())
        return value

    @field_validator("alert_email")
    @classmethod
    def _addresses(cls, value: str | None) -> str | None:
        for address in (value or "").split(","):
            if value is not None and not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+", address.strip()):
                raise ValueError("must be an e-mail address, or several with commas between")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: SecretStr | None) -> SecretStr | None:
        form = r"smtps?://([^@/\s]*@)?[^@/?\s]+/?(\?from=[^@\s]+@[^@\s]+)?"
        if value is not None and not re.fullmatch(form, value.get_secret_value()):
            raise ValueError(
                "must be smtp://user:password@host:port or smtps://…, with %40 for an @ in the "
                "user or password; ?from=address at its end says who it is from"
            )
        return value

    @field_validator("api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        return _http_url(value)


class Environment(Shared):
    """The environment variables `INFLUENCE_…` (or a `.env` file in the working folder)."""

    store_url: SecretStr | None = None
    state_url: SecretStr | None = None
    coupon_url: SecretStr | None = None
    api_key: SecretStr | None = None
    webhook_token: SecretStr | None = None
    # The token before this one: valid too, until the subscriptions have the new address.
    webhook_token_previous: SecretStr | None = None
    # The shop's own admin API, where coupons are made through it ([coupons] writer).
    shop_api_url: str | None = None
    shop_api_token: SecretStr | None = None
    config: Path | None = None

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _HEADER.fullmatch(value.get_secret_value()):
            raise ValueError(
                "holds a character that no HTTP header can carry (a line break, a letter that is "
                "not ASCII, a space at its end); copy it anew from the Influence dashboard"
            )
        return value

    @field_validator("shop_api_url")
    @classmethod
    def _shop_api_url(cls, value: str | None) -> str | None:
        return None if value is None else _http_url(value)


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^/@\s]+(/\S*)?", value):
        raise ValueError("must be an http(s) URL without user and password")
    local = re.match(r"^http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)", value)
    if value.startswith("http://") and not local:
        raise ValueError(
            "must be https (the API key would travel readable); http only to this machine"
        )
    return value.rstrip("/")


MEANING = {
    "store_url": "INFLUENCE_STORE_URL is the Postgres URL of the store (a read-only role).",
    "state_url": "INFLUENCE_STATE_URL is the Postgres URL where the pipeline keeps its own tables.",
    "api_key": "INFLUENCE_API_KEY is the Platform API key from the Influence dashboard.",
    "webhook_token": "INFLUENCE_WEBHOOK_TOKEN is the secret part of the webhook address.",
    "shop_api_url": "INFLUENCE_SHOP_API_URL is where the shop's admin API answers.",
    "shop_api_token": "INFLUENCE_SHOP_API_TOKEN is a key of the shop's admin API.",
}


def variable(name: str, store: str | None = None) -> str:
    """The environment variable of one of Environment's fields, of one of several stores too."""
    return f"{_prefix(store)}{name}".upper()


def _prefix(store: str | None) -> str:
    return "INFLUENCE_" if store is None else f"INFLUENCE_{store}_"


def read_choice() -> Choice:
    """Read which store is meant. Raises ConfigurationError naming the variable."""
    return _read(Choice, None, {})


def read_environment(store: str | None = None, **overrides: Any) -> Environment:
    """Read the variables of the single store, or of one of several. `overrides` win.

    Raises ConfigurationError naming the variable.
    """
    own = _read(Environment, store, overrides)
    missing = set(Shared.model_fields) - own.model_fields_set
    if store is None or not missing:
        return own
    shared = _read(Shared, None, {})
    return own.model_copy(update={name: getattr(shared, name) for name in missing})


def read_shared() -> Shared:
    """Read what all stores have in common. Raises ConfigurationError naming the variable."""
    return _read(Shared, None, {})


_Read = TypeVar("_Read", bound=BaseSettings)


def _read(model: type[_Read], store: str | None, overrides: dict[str, Any]) -> _Read:
    try:
        return model(_env_prefix=_prefix(store), **overrides)
    except ValidationError as error:
        lines = [f"{variable(str(e['loc'][0]), store)} {words(e, model)}" for e in errors_of(error)]
        raise ConfigurationError("; ".join(lines) + ".") from None
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f".env cannot be read: {error.strerror}.") from None
