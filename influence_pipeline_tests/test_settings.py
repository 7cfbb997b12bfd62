"""Settings: what is read from where, and what a person is told when something must be mended.

Whatever is wrong, the message names the variable, or the file and the key, and shows no value.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.records import Entity
from influence_pipeline.settings import Config, Settings, load_settings
from influence_pipeline_tests.support import preset

CANARY = "canary-s3cret"
SECRETS = {
    "INFLUENCE_STORE_URL": f"postgresql://reader:{CANARY}@db.example/shop",
    "INFLUENCE_STATE_URL": f"postgresql://writer:{CANARY}@db.example/state",
    "INFLUENCE_COUPON_URL": f"postgresql://coupons:{CANARY}@db.example/shop",
    "INFLUENCE_API_KEY": f"{CANARY}-key",
    "INFLUENCE_WEBHOOK_TOKEN": f"{CANARY}-token",
    "INFLUENCE_WEBHOOK_TOKEN_PREVIOUS": f"{CANARY}-old-token",
}
PLAIN = (preset.FOLDER / "influence.toml").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and none of our variables set."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(settings: Settings | None = None, *required: str) -> str:
    """What is said of settings that cannot be used: by loading, by asking, or by the file."""
    with pytest.raises(ConfigurationError) as caught:
        (settings or load_settings()).require(*required)
        _ = load_settings().config
    return str(caught.value)


def config(text: str) -> Config:
    """What an influence.toml in the working folder gives."""
    Path("influence.toml").write_text(text, encoding="utf-8")
    return load_settings().config


def refused(text: str) -> str:
    """What is said of an influence.toml that is refused."""
    with pytest.raises(ConfigurationError) as caught:
        config(text)
    return str(caught.value)


def plain(old: str, new: str) -> str:
    """The plain preset's influence.toml with one thing changed."""
    assert old in PLAIN
    return PLAIN.replace(old, new, 1)


# --- the environment


def test_a_missing_variable_is_named_with_its_meaning() -> None:
    assert refusal(None, "store_url") == (
        "Not set: INFLUENCE_STORE_URL. Set the environment variable (or a line in .env here); "
        "INFLUENCE_STORE_URL is the Postgres URL of the store (a read-only role)."
    )


def test_all_missing_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_STATE_URL", "postgresql://db.example/state")
    said = refusal(None, "store_url", "state_url", "api_key", "webhook_token")
    assert said.startswith(
        "Not set: INFLUENCE_STORE_URL, INFLUENCE_API_KEY, INFLUENCE_WEBHOOK_TOKEN. "
    )
    assert "INFLUENCE_STATE_URL" not in said


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_STORE_URL", "")
    monkeypatch.setenv("INFLUENCE_API_URL", "")
    assert "Not set: INFLUENCE_STORE_URL." in refusal(None, "store_url")
    assert load_settings().environment.api_url == "https://platform.api.influence.io"


def test_a_line_in_a_dot_env_file_counts_and_the_environment_comes_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("INFLUENCE_STORE_URL=postgresql://a/b\nINFLUENCE_API_KEY='from file'\n")
    monkeypatch.setenv("INFLUENCE_API_KEY", "from the environment")
    settings = load_settings()
    assert settings.secret("store_url") == "postgresql://a/b"
    assert settings.secret("api_key") == "from the environment"


def test_foreign_variables_are_no_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_SOMETHING_ELSE", "x")
    Path(".env").write_text("DJANGO_SECRET_KEY=x\nINFLUENCE_ANOTHER=y\n")
    load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "https://platform.api.influence.io",
        "https://platform.api.influence.io:8443/base",
        "http://localhost:8099",
        "http://127.0.0.1:8099",
        "http://[::1]:8099",
    ],
)
def test_the_api_may_be_any_https_address_or_this_machine(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_API_URL", url + "/")
    assert load_settings().environment.api_url == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:1\n", "https://a b", "ftp://a", "https://u@a"])
def test_an_address_that_is_no_url_is_refused_before_anything_is_sent(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_API_URL", url)
    with pytest.raises(ConfigurationError, match="INFLUENCE_API_URL must be an http"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "http://localhost.example",
        "http://127.0.0.1.example:80/",
        "http://10.0.0.5",
    ],
)
def test_plain_http_to_another_machine_is_refused_because_of_the_key(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_API_URL", url)
    assert refusal() == (
        "INFLUENCE_API_URL must be https (the API key would travel readable); "
        "http only to this machine."
    )


@pytest.mark.parametrize("key", ["€", "é", "\nx", "\n", " ", "\x00"])
def test_an_api_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(api_key=CANARY + key)
    assert str(caught.value).startswith("INFLUENCE_API_KEY holds a character that no HTTP header ")
    assert CANARY not in str(caught.value)


def test_a_dot_env_that_is_not_utf_8_is_said_to_be_so() -> None:
    Path(".env").write_bytes(f"INFLUENCE_API_KEY={CANARY}\xff\n".encode("latin-1"))
    assert refusal() == ".env is not UTF-8 text; save it as UTF-8."


@pytest.mark.parametrize(
    "url",
    [
        "platform.api.influence.io",
        "ftp://api.example",
        f"https://me:{CANARY}@api.example",
        "https://",
        "https://a b",
    ],
)
def test_what_is_no_address_of_an_api_is_refused_without_being_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_API_URL", url)
    assert refusal() == "INFLUENCE_API_URL must be an http(s) URL without user and password."


def test_all_wrong_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_API_URL", "nonsense")
    monkeypatch.setenv("INFLUENCE_AUTOMATION", f"maybe-{CANARY}")
    said = refusal()
    assert "INFLUENCE_API_URL must be" in said
    assert 'INFLUENCE_AUTOMATION must be "on" or "off"' in said
    assert CANARY not in said


def test_coupons_are_written_to_the_store_unless_they_have_a_url_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INFLUENCE_STORE_URL", "postgresql://reader@db.example/shop")
    assert load_settings().coupon_url == "postgresql://reader@db.example/shop"
    monkeypatch.setenv("INFLUENCE_COUPON_URL", "postgresql://coupons@db.example/shop")
    assert load_settings().coupon_url == "postgresql://coupons@db.example/shop"


def test_without_any_url_for_coupons_the_stores_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"^Not set: INFLUENCE_STORE_URL\."):
        _ = load_settings().coupon_url


def test_no_secret_shows_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.secret("api_key") == SECRETS["INFLUENCE_API_KEY"]
    shown = f"{settings!r} {settings} {settings.environment!r} {settings.environment}"
    assert CANARY not in shown + repr(vars(settings)) + str(settings.environment.model_dump())
    assert CANARY not in settings.environment.model_dump_json()


def test_no_secret_shows_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("INFLUENCE_AUTOMATION", "maybe")
    assert CANARY not in refusal()
    monkeypatch.delenv("INFLUENCE_AUTOMATION")
    monkeypatch.delenv("INFLUENCE_STORE_URL")
    settings = load_settings()
    assert CANARY not in refusal(settings, "store_url", "api_key")
    assert CANARY not in refused("version = 1\n")


# --- which file


def test_without_a_file_a_person_is_told_how_to_make_one() -> None:
    assert refusal() == (
        "There is no influence.toml. Set INFLUENCE_CONFIG to the path of your influence.toml, "
        "or make one with `influence-pipeline init`."
    )


def test_a_named_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_CONFIG", "conf/shop.toml")
    assert refusal() == (
        "There is no conf/shop.toml. INFLUENCE_CONFIG must name your influence.toml."
    )


def test_a_file_named_in_dot_env_is_named_too() -> None:
    Path(".env").write_text("INFLUENCE_CONFIG=nowhere.toml\n")
    assert refusal() == "There is no nowhere.toml. INFLUENCE_CONFIG must name your influence.toml."


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_CONFIG", "")
    assert "`influence-pipeline init`" in refusal()


def test_a_folder_in_place_of_the_file_is_said_to_be_unreadable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_CONFIG", str(folder))
    assert refusal() == f"{folder} cannot be read: Is a directory."


def test_the_file_lies_where_the_variable_says_and_its_queries_beside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "shop.toml").write_text(PLAIN)
    monkeypatch.setenv("INFLUENCE_CONFIG", "conf/shop.toml")
    settings = load_settings()
    assert settings.config.mapping(Entity.ORDER).query == "orders.sql"
    assert settings.folder == (folder / "conf").resolve()


def test_a_command_that_needs_no_file_runs_without_one() -> None:
    load_settings(store_url="postgresql://db.example/shop").require("store_url")


@pytest.mark.parametrize(
    "content", [b"version = \n", b"[[orders]\n", b"version = 1\nversion = 1\n", b"x = '\xff'\n"]
)
def test_broken_toml_is_refused_naming_the_file(content: bytes) -> None:
    Path("influence.toml").write_bytes(content)
    assert refusal().startswith("influence.toml is not valid TOML: ")


def test_broken_toml_is_refused_naming_the_line() -> None:
    assert "line 2" in refused("version = 1\nstate_schema = \n")


# --- what the file says


def test_the_plain_preset_is_accepted_as_it_is() -> None:
    assert config(PLAIN).orders.protocol == "two_step"


def test_all_that_is_missing_in_the_file_is_named_at_once() -> None:
    assert refused("version = 1\n") == (
        "influence.toml: customers is missing; products is missing; orders is missing."
    )


@pytest.mark.parametrize(
    ("old", "new", "key", "meant"),
    [
        ("version = 1\n", "version = 1\nstate_shema = 1\n", "state_shema", "did you mean state_schema?"),
        ("version = 1\n", 'version = 1\nprotocol = "direct"\n', "protocol", "it belongs into [orders]"),
        ("[orders]\n", '[orders]\nprotocoll = "direct"\n', "orders.protocoll", "did you mean protocol?"),
        ("[coupons]\n", "[retention]\ncalls = 9\n\n[coupons]\n", "retention.calls", "known here: attempts_days, events_days, runs_days, dagster_runs_days"),
        ('key = "c.id"\n', 'key = "c.id"\nkeys = "c.id"\n', "customers.sources.0.keys", "did you mean key?"),
        ('kind = "percentage"\n', 'kind = "percentage"\nvaleu = 1\n', "rewards.rule-10-percent.valeu", "did you mean value?"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_named_with_its_line_and_what_may_be_meant(
    old: str, new: str, key: str, meant: str
) -> None:
    text = plain(old, new)
    (line,) = [
        number
        for number, written in enumerate(text.splitlines(), 1)
        if written.startswith(f"{key.rsplit('.', 1)[-1]} =") and written not in PLAIN.splitlines()
    ]
    said = refused(text)
    assert said == f"influence.toml: line {line}: {key} is not a known key ({meant})."


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("version = 1\n", 'version = 1\nstate_schema = "My Schema"\n', "state_schema"),
        ("version = 1\n", "version = 1\nstore_statement_timeout_seconds = 0\n", "store_statement_timeout_seconds"),
        ('query = "customers.sql"', "query = 5", "customers.query"),
        ('rows = ["c"]', 'rows = "c"', "customers.sources.0.rows"),
        ('rows = ["c"]', 'rows = ["c.id; drop"]', "customers.sources.0.rows.0"),
        ('rows = ["c"]', "rows = []", "customers.sources.0.rows"),
        ("[orders]\n", '[orders]\nguest_orders = "some"\n', "orders.guest_orders"),
        ("[orders]\n", '[orders]\ngo_live = "soon"\n', "orders.go_live"),
        ("[coupons]\n", "[delivery]\nin_flight = 0\n[coupons]\n", "delivery.in_flight"),
        ("[coupons]\n", '[delivery]\ntimeout_seconds = "long"\n[coupons]\n', "delivery.timeout_seconds"),
        ("[coupons]\n", "[delivery]\ntimeout_seconds = nan\n[coupons]\n", "delivery.timeout_seconds"),
        ("[coupons]\n", '[delivery]\norder_not_found_pattern = "("\n[coupons]\n', "delivery.order_not_found_pattern"),
        ("[coupons]\n", "[webhooks]\nworkers = 99\n[coupons]\n", "webhooks.workers"),
        ("[coupons]\n", '[webhooks]\nfast_path = "perhaps"\n[coupons]\n', "webhooks.fast_path"),
        ("[coupons]\n", "[retention]\nattempts_days = 0\n[coupons]\n", "retention.attempts_days"),
        ("[coupons]\n", '[schedule]\nimport_from = "2015-13"\n[coupons]\n', "schedule.import_from"),
        ("[coupons]\n", '[api_names]\nvariants_body = "both"\n[coupons]\n', "api_names.variants_body"),
        ('writer = "sql"', 'writer = "http"', "coupons.writer"),
        ('lookup = "coupon_lookup.sql"\n', "", 'coupons writer = "sql" needs lookup'),
        ('writer = "sql"\n', 'writer = "table"\n', 'coupons writer = "table" needs table'),
        ('writer = "sql"\n', 'writer = "vendure"\n', 'coupons writer = "vendure" takes no create, lookup'),
        ('writer = "sql"\n', 'writer = "sql"\nchannels = ["default"]\n', 'coupons writer = "sql" takes no channels'),
        ('currency = "EUR"\n# How', 'currency = "euro"\n# How', "coupons.currency"),
        ("# [coupons.caps]\n", "[coupons.caps]\nper_day = -1\n", "coupons.caps.per_day"),
        ("# [coupons.caps]\n", '[coupons.caps]\nlargest_percentage = "101"\n', "coupons.caps.largest_percentage"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_naming_file_and_key(old: str, new: str, key: str) -> None:
    said = refused(plain(old, new))
    _, line, rest = said.split(": ", 2)
    assert rest.startswith(key)
    assert line.startswith("line ")
    assert said.endswith(".")


def test_a_wrong_value_is_not_shown() -> None:
    assert CANARY not in refused(plain("[orders]\n", f'[orders]\nguest_orders = "{CANARY}"\n'))


def test_all_mistakes_in_the_file_are_named_at_once() -> None:
    text = plain("version = 1\n", 'version = 1\nstate_schema = "My"\ncolour = 1\n')
    line = text[: text.index("state_schema")].count("\n") + 1
    said = refused(text)
    assert f"line {line}: state_schema must match the pattern" in said
    assert f"line {line + 1}: colour is not a known key" in said


def test_a_go_live_needs_a_time_zone() -> None:
    said = refused(plain("[orders]\n", "[orders]\ngo_live = 2026-11-01T00:00:00\n"))
    assert said.endswith(": orders.go_live needs a time zone, as in 2026-11-01T00:00:00Z.")


@pytest.mark.parametrize("moment", ["20261101", '"20261101"', "1793491200.0", '"soon"', "true"])
def test_a_go_live_that_is_no_moment_is_not_taken_for_seconds_since_1970(moment: str) -> None:
    said = refused(plain("[orders]\n", f"[orders]\ngo_live = {moment}\n"))
    assert ": orders.go_live must be a moment with its time zone, as in 2026-" in said


@pytest.mark.parametrize("moment", ["2026-11-01T00:00:00Z", "2026-11-01T01:00:00+01:00"])
def test_a_go_live_with_a_time_zone_is_that_moment(moment: str) -> None:
    given = config(plain("[orders]\n", f"[orders]\ngo_live = {moment}\n")).orders.go_live
    assert given is not None
    assert given.timestamp() == 1793491200


def reward(lines: str) -> str:
    return f'{PLAIN}\n[rewards."r"]\n{lines}\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('value = "5"', "rewards.r.kind is missing"),
        ('kind = "points"', "rewards.r.kind must be \"percentage\", \"fixed\", \"free_shipping\" or \"product\""),
        ('kind = "percentage"', 'rewards.r kind = "percentage" needs a value'),
        ('kind = "fixed"\ncurrency = "EUR"', 'rewards.r kind = "fixed" needs a value'),
        ('kind = "product"', 'rewards.r kind = "product" and products = ["…"] go together'),
        ('kind = "free_shipping"\nproducts = ["1"]', 'rewards.r kind = "product" and products = ["…"] go together'),
        ('kind = "product"\nproducts = ["1"]\nvalue = 101', "rewards.r a percentage is at most 100"),
        ('kind = "fixed"\nvalue = "5"', 'rewards.r kind = "fixed" needs a currency, as in "EUR"'),
        ('kind = "percentage"\nvalue = "101"', "rewards.r a percentage is at most 100"),
        ('kind = "percentage"\nvalue = "10"\nper_points = 5', 'rewards.r per_points goes with kind = "fixed" only'),
        ('kind = "percentage"\nvalue = "0"', "rewards.r.value must be greater than 0"),
        ('kind = "percentage"\nvalue = "nan"', "rewards.r.value must be a finite number"),
        ('kind = "fixed"\nvalue = "5"\ncurrency = "eur"', "rewards.r.currency must match the pattern '^[A-Z]{3}$'"),
        ('kind = "free_shipping"\nexpires_days = 0', "rewards.r.expires_days must be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_a_reward_that_does_not_fit_is_refused_naming_it(lines: str, says: str) -> None:
    assert refused(reward(lines)).lower().split(": ", 2)[2] == f"{says}.".lower()


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ('kind = "free_shipping"', None),
        ('kind = "percentage"\nvalue = "100"', Decimal(100)),
        ('kind = "fixed"\nvalue = "0.01"\ncurrency = "EUR"\nper_points = 20', Decimal("0.01")),
        ('kind = "fixed"\nvalue = 4.99\ncurrency = "EUR"\nminimum_spend = 0', Decimal("4.99")),
    ],
)
def test_a_reward_that_fits_is_taken_to_the_cent(lines: str, value: Decimal | None) -> None:
    assert config(reward(lines)).rewards["r"].value == value


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    read = config(PLAIN)
    with pytest.raises(ValueError, match="frozen"):
        read.version = 1
