"""Every setting, its default and the reason for it: the environment and one influence.toml.

Where and who (URLs, keys) comes from the environment; how comes from the file. `load_settings`
reads both and connects to nothing. What each command needs is asked for with `require`, so that a
receiver runs without a store URL.
"""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.records import Entity

DEFAULT_FILE = "influence.toml"
PUBLIC_API = "https://platform.api.influence.io"
# What may stand in a header: visible ASCII, and spaces between.
_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")


class Environment(BaseSettings):
    """The environment variables `INFLUENCE_…` (or a `.env` file in the working folder)."""

    model_config = SettingsConfigDict(
        env_prefix="INFLUENCE_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    store_url: SecretStr | None = None
    state_url: SecretStr | None = None
    coupon_url: SecretStr | None = None
    api_url: str = PUBLIC_API
    api_key: SecretStr | None = None
    webhook_token: SecretStr | None = None
    # The token before this one: valid too, until the subscriptions have the new address.
    webhook_token_previous: SecretStr | None = None
    # The shop's own admin API, where coupons are made through it ([coupons] writer).
    shop_api_url: str | None = None
    shop_api_token: SecretStr | None = None
    # A chat's incoming webhook; whoever has the address can write there.
    alert_url: SecretStr | None = None
    config: Path | None = None
    # Whether Dagster's schedules and sensor start by themselves with the code location. Off, so
    # that a first start sends nothing before somebody has looked at `plan`; whoever switched them
    # in Dagster's UI is not overruled.
    automation: Literal["on", "off"] = "off"

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _HEADER.fullmatch(value.get_secret_value()):
            raise ValueError(
                "holds a character that no HTTP header can carry (a line break, a letter that is "
                "not ASCII, a space at its end); copy it anew from the Influence dashboard"
            )
        return value

    @field_validator("alert_url")
    @classmethod
    def _alert_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            cls._http_url(value.get_secret_value())
        return value

    @field_validator("api_url", "shop_api_url")
    @classmethod
    def _http_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not re.fullmatch(r"https?://[^/@\s]+(/\S*)?", value):
            raise ValueError("must be an http(s) URL without user and password")
        local = re.match(r"^http://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)", value)
        if value.startswith("http://") and not local:
            raise ValueError(
                "must be https (the API key would travel readable); http only to this machine"
            )
        return value.rstrip("/")


class _Section(BaseModel):
    """A table of influence.toml. Unknown keys are mistakes, so they are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Source(_Section):
    """Tables whose rows make a record up: where a change of the record can show."""

    from_: str = Field(alias="from", min_length=1)
    rows: list[Annotated[str, Field(pattern=r'^(\w+|"[^"]+")$')]] = Field(min_length=1)
    key: str = Field(min_length=1)
    # The moment of a row's last change, for a table too large to be scanned for its transaction
    # ids; it must move with every change, and have an index.
    changed_at: str | None = Field(default=None, min_length=1)
    # Of a changed_at without a zone of its own: where its clock stands.
    time_zone: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _zone_of_something(self) -> Self:
        if self.time_zone is not None and self.changed_at is None:
            raise ValueError("time_zone goes with changed_at only")
        return self


class EntityMapping(_Section):
    """How one entity is read: a SELECT with the canonical columns, and its sources."""

    query: str = Field(min_length=1)
    sources: list[Source] = Field(min_length=1)
    # A Python file, or file.py:function, with transform(df) -> df: what SQL cannot say, on the rows
    # that changed, before they are told.
    transform: str | None = Field(default=None, min_length=1)
    # What becomes of a record that was sent and that the store no longer gives: nothing, or it is
    # parked for a person to look at.
    deletes: Literal["ignore", "park"] = "ignore"

    @field_validator("deletes", mode="before")
    @classmethod
    def _has_a_call(cls, value: object) -> object:
        if value == "send":
            raise ValueError(
                'cannot be "send": the API documents no call that deletes a record; "ignore" it, '
                'or "park" it for a person'
            )
        return value


class OrderMapping(EntityMapping):
    """Orders also say how they are told to the API."""

    # Orders placed before this moment are never sent: any old order sent with an awarding status
    # must be assumed to award points. Unset: the moment of the first start, kept in the state.
    go_live: datetime | None = None
    # two_step: POST as pending, then PATCH to the real status, because only the PATCH is documented
    # not to award twice. direct: POST with the real status; for merchants who verified it.
    protocol: Literal["two_step", "direct"] = "two_step"
    # Orders without a customer row: sent with the e-mail alone (it completes referrals), or not.
    guest_orders: Literal["send_by_email", "skip"] = "send_by_email"

    @field_validator("go_live")
    @classmethod
    def _with_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs a time zone, as in 2026-11-01T00:00:00Z")
        return value


class Capture(_Section):
    """How changes are looked for, and how many may be found before somebody must say that they are
    meant."""

    # More than this share of an entity's known records changed or gone at once, and more than so
    # many: a restored backup, a migration or a broken mapping looks like that.
    mass_change_percent: float = Field(default=5.0, gt=0, le=100)
    mass_change_rows: int = Field(default=50, ge=1)
    # Rows that are deleted leave no trace in their table. What it takes to see that some are gone
    # is measured, and done as often as this share of the time allows; 0: by full compares only.
    delete_check_percent: float = Field(default=1.0, ge=0, le=100)
    # Fingerprints of source rows do not show what a function reads, or that a record comes and goes
    # with another record's rows. So each full compare computes one part in so many of all records,
    # in turn; 0: none.
    recheck_in_compares: int = Field(default=100, ge=0)
    # Sources with changed_at are read again from so long before the last look: longer than any
    # transaction of the store between writing a row and its commit.
    overlap_minutes: float = Field(default=15.0, ge=0)


class Delivery(_Section):
    """How calls are made."""

    # Calls under way at once. At 50 ms a reply 64 give 1,280 calls a second; more helps only an API
    # that is slower than that and allows it.
    in_flight: int = Field(default=64, ge=1, le=1024)
    # The merchant's own ceiling, where one is known. The contract names no limit.
    calls_per_second: float | None = Field(default=None, gt=0)
    # Longer than the 29 s after which the vendor's gateway gives up, so that its answer is heard.
    timeout_seconds: float = Field(default=35.0, gt=0, le=300)
    connect_timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    # How long an uncertain POST of an order is left alone: work behind a gateway's time-out may
    # still finish.
    quiet_window_seconds: float = Field(default=120.0, ge=0)
    # A record refused (4xx) this often with the same content is parked. Not at once: a refusal may
    # come from something just written that the API cannot read yet.
    park_after: int = Field(default=3, ge=1)
    # A record that gets no answer for this long, while others do, is parked.
    give_up_after_hours: float = Field(default=24.0, gt=0)
    # Waits between attempts: full jitter up to base * 2^n, capped; ten times as long after a
    # refusal. Short at first, because one failed answer among many is soon over; a budget keeps an
    # API that fails often from being asked often.
    backoff_base_seconds: float = Field(default=0.1, gt=0)
    backoff_cap_seconds: float = Field(default=300.0, gt=0)
    # A run waits for what becomes due within this time; the rest is the next run's.
    linger_seconds: float = Field(default=10.0, ge=0)
    # The API's own words for an order that it does not have. A gateway's generic 404 says nothing.
    order_not_found_pattern: str = r"(?i)\border\b.*\b(not found|unknown|does ?n.t exist)\b"

    @field_validator("order_not_found_pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        return value


CouponKind = Literal["percentage", "fixed", "free_shipping", "product"]


class Reward(_Section):
    """What one of Influence's redeem rules is worth in the store."""

    kind: CouponKind
    value: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False)
    # With kind = "fixed": `value` is for so many points; the coupon's value follows those spent.
    per_points: int | None = Field(default=None, ge=1)
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    minimum_spend: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)
    expires_days: int | None = Field(default=None, ge=1, le=36500)
    # With kind = "product": the store's own ids of the products that it is for; `value` is percent
    # off them, 100 (a gift) where it is not said.
    products: list[Annotated[str, Field(min_length=1)]] = []

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind in ("percentage", "fixed") and self.value is None:
            raise ValueError(f'kind = "{self.kind}" needs a value')
        if self.kind in ("percentage", "product") and self.value is not None and self.value > 100:
            raise ValueError("a percentage is at most 100")
        if (self.kind == "product") != bool(self.products):
            raise ValueError('kind = "product" and products = ["…"] go together')
        if self.kind == "fixed" and self.currency is None:
            raise ValueError('kind = "fixed" needs a currency, as in "EUR"')
        if self.per_points is not None and self.kind != "fixed":
            raise ValueError('per_points goes with kind = "fixed" only')
        return self


class Caps(_Section):
    """How many coupons may be made, and how large, before a person must look. The last thing that
    stands between a token that leaked and the till."""

    per_customer_per_day: int = Field(default=20, ge=0)
    per_day: int = Field(default=10_000, ge=0)
    # Of one coupon of kind "fixed", in its own currency; of kind "percentage" in percent.
    largest_amount: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False)
    largest_percentage: Decimal | None = Field(default=None, gt=0, le=100, allow_inf_nan=False)


_WRITERS: dict[str, tuple[set[str], set[str]]] = {
    # What each way of making coupons needs, and what it may have.
    "sql": ({"lookup", "create"}, {"kinds", "case_sensitive"}),
    "table": ({"table"}, {"columns", "kinds", "case_sensitive"}),
    "medusa": (set(), set()),
    "saleor": (set(), {"channels"}),
    "vendure": (set(), {"channels"}),
}


class Coupons(_Section):
    """How a coupon is written into the store (see store.coupons)."""

    # sql: two files with statements. table: a plain table of codes. medusa, saleor, vendure: the
    # shop's admin API (INFLUENCE_SHOP_API_URL, INFLUENCE_SHOP_API_TOKEN).
    writer: Literal["sql", "table", "medusa", "saleor", "vendure"] = "sql"
    lookup: str | None = None
    create: str | None = None
    # The table's name, and its columns where they are called otherwise than the values.
    table: str | None = Field(default=None, min_length=1)
    columns: dict[str, str] = {}
    # The shop's channels where a coupon is valid, by their tokens or slugs; none: all of them.
    channels: list[Annotated[str, Field(min_length=1)]] = []
    # What `create` or the table can make; another kind is parked, not made as something else.
    kinds: list[CouponKind] = ["percentage", "fixed", "free_shipping", "product"]
    # Whether the store takes two codes that differ in case for two codes.
    case_sensitive: bool = True
    # Influence's events carry amounts without a currency: they are in this one.
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    # A coupon for somebody who has no id in the store (a referred friend without an account), where
    # the writer locks coupons to customers: parked, or made for anyone who has the code.
    without_customer: Literal["park", "issue"] = "park"
    # Where the store cannot lock a coupon to its customer: made for anyone who has the code (it is
    # good for one use and cannot be guessed), or parked.
    unlockable: Literal["issue", "park"] = "issue"
    # Limits that a coupon may go without where the store has no such thing; else it is parked.
    may_lack: list[Literal["expiry", "minimum_spend"]] = []
    # Only rewards of rules that are listed under [rewards], and not worth more than listed there;
    # otherwise what an event says itself is believed.
    listed_rules_only: bool = False
    caps: Caps = Caps()

    @model_validator(mode="after")
    def _fits_the_writer(self) -> Self:
        needed, optional = _WRITERS[self.writer]
        missing = sorted(name for name in needed if getattr(self, name) is None)
        if missing:
            raise ValueError(f'writer = "{self.writer}" needs {" and ".join(missing)}')
        every = set().union(*(one | other for one, other in _WRITERS.values()))
        stray = sorted((every - needed - optional) & self.model_fields_set)
        if stray:
            raise ValueError(f'writer = "{self.writer}" takes no {", ".join(stray)}')
        return self


class Members(_Section):
    """Members: when a balance that does not add up is flagged, and what the store is told of them
    (balance, tier, referral link), beside what the state database keeps."""

    # A statement that the coupon role runs for each change; without it nothing is written.
    write: str | None = None
    # A balance that does not add up is flagged when nothing more was told of it for so long: events
    # come late and out of order.
    grace_minutes: float = Field(default=15.0, ge=0)
    # A cycle asks for the members that changed since the last one; as often as this, for all.
    list_everyone_hours: float = Field(default=24.0, ge=0)


class Webhooks(_Section):
    """How stored events are worked off."""

    # A wait that ends inside Dagster's 5 s loop, so that the next tick follows at once.
    sensor_deadline_seconds: float = Field(default=19.0, gt=0, le=50)
    poll_seconds: float = Field(default=0.25, gt=0)
    # Between two ticks a thread of Dagster's code server goes on, at most so long: a look that was
    # just missed comes again 5 s later. 0: nobody does.
    between_ticks_seconds: float = Field(default=8.0, ge=0, le=60)
    # Somebody has spent points and stands at the checkout: after so long a person is told.
    alert_after_minutes: float = Field(default=10.0, gt=0)
    # The receiver's process works an event off right after its reply; the sensor is the safety net.
    fast_path: bool = True
    # Before a coupon is made, the API must know its customer: a URL with a secret is all that tells
    # Influence's webhooks from forged ones (contract: Webhook deliveries, no signature).
    verify_redemptions: bool = True
    # Events worked off at once by one process. Most of the time goes into waiting for databases.
    workers: int = Field(default=4, ge=1, le=32)
    # After so long an event is free for another worker; the fence keeps a slow one from harm.
    lease_seconds: float = Field(default=30.0, ge=5, le=600)
    # An event that cannot be worked off for this long, while later ones are, is parked.
    give_up_after_hours: float = Field(default=24.0, gt=0)
    # Waits between attempts while the store's database or the API is away: double, up to the cap.
    retry_base_seconds: float = Field(default=1.0, gt=0)
    retry_cap_seconds: float = Field(default=30.0, gt=0)


class Retention(_Section):
    """How many days history is kept; the pipeline prunes it by itself (`sync.housekeeping`)."""

    # The log of calls, which `why` shows: long enough to look into last month's complaint.
    attempts_days: int = Field(default=30, ge=1, le=36500)
    # The runs. The last one of each entity always stays.
    runs_days: int = Field(default=90, ge=1, le=36500)


class Check(_Section):
    """What `influence-pipeline check` lets pass."""

    # Names of checks whose findings a person has looked at and takes as they are.
    accept: list[Annotated[str, Field(min_length=1)]] = []


class Schedule(_Section):
    """When Dagster starts what, as cron lines in `timezone`."""

    sync: str = "*/5 * * * *"
    full_compare: str = "17 3 * * *"
    # The reconcile of members' balances.
    members: str = "7 * * * *"
    timezone: str = "UTC"
    # Where the partitions of the first import begin: a month, before the store's oldest record.
    import_from: str = Field(default="2015-01", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")


class ApiNames(_Section):
    """Names the contract could not find, as this project guesses them; change one here if it is
    called otherwise in your account. Written as `<entity> = { our_name = "theirName" }`."""

    customer: dict[str, str] = {}
    product: dict[str, str] = {}
    variant: dict[str, str] = {}
    order: dict[str, str] = {}
    line_item: dict[str, str] = {}
    discount_code: dict[str, str] = {}
    # The list of variants: under the key `variants` (default), or the bare list.
    variants_body: Literal["wrapped", "bare"] = "wrapped"


class Config(_Section):
    """The whole of influence.toml."""

    version: Literal[1]
    state_schema: str = Field(default="influence", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    # One statement in the store never runs longer than this; what would is asked for in parts.
    store_statement_timeout_seconds: int = Field(default=30, ge=1)
    customers: EntityMapping
    products: EntityMapping
    orders: OrderMapping
    capture: Capture = Capture()
    delivery: Delivery = Delivery()
    coupons: Coupons | None = None
    members: Members = Members()
    rewards: dict[str, Reward] = {}
    webhooks: Webhooks = Webhooks()
    retention: Retention = Retention()
    check: Check = Check()
    schedule: Schedule = Schedule()
    api_names: ApiNames = ApiNames()

    def mapping(self, entity: Entity) -> EntityMapping:
        return {
            Entity.CUSTOMER: self.customers,
            Entity.PRODUCT: self.products,
            Entity.ORDER: self.orders,
        }[entity]


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
        """The content of influence.toml. Raises ConfigurationError naming the key and the mend."""
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
            variables = ", ".join(_variable(name) for name in missing)
            raise ConfigurationError(
                f"Not set: {variables}. Set the environment variable"
                f"{'s' if len(missing) > 1 else ''} (or a line in .env here); "
                + " ".join(_MEANING[name] for name in missing)
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


_MEANING = {
    "store_url": "INFLUENCE_STORE_URL is the Postgres URL of the store (a read-only role).",
    "state_url": "INFLUENCE_STATE_URL is the Postgres URL where the pipeline keeps its own tables.",
    "api_key": "INFLUENCE_API_KEY is the Platform API key from the Influence dashboard.",
    "webhook_token": "INFLUENCE_WEBHOOK_TOKEN is the secret part of the webhook address.",
    "shop_api_url": "INFLUENCE_SHOP_API_URL is where the shop's admin API answers.",
    "shop_api_token": "INFLUENCE_SHOP_API_TOKEN is a key of the shop's admin API.",
}


def meaning(name: str) -> str:
    """Say what a variable is for, by its field's name."""
    return _MEANING[name]


def load_settings(**overrides: Any) -> Settings:
    """Read the environment. `overrides` (names of Environment's fields) win; tests use them.

    Raises ConfigurationError naming the variable.
    """
    try:
        environment = Environment(**overrides)
    except ValidationError as error:
        lines = [f"{_variable(str(e['loc'][0]))} {_words(e)}" for e in _errors(error)]
        raise ConfigurationError("; ".join(lines) + ".") from None
    except UnicodeDecodeError:
        raise ConfigurationError(".env is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigurationError(f".env cannot be read: {error.strerror}.") from None
    return Settings(environment)


def _variable(name: str) -> str:
    return f"INFLUENCE_{name.upper()}"


def _read_config(file: Path, *, named: bool) -> Config:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
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
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        lines = [f"{_place(e)} {_words(e)}" for e in _errors(error)]
        raise ConfigurationError(f"{file}: " + "; ".join(lines) + ".") from None


def _errors(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_input=False, include_context=False))


def _place(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"]) or "the file"


def _words(error: Any) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        return "is not a known key (is it misspelt?)"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:] if message.startswith("Input") else message
