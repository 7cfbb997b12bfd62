"""The store's side of the canaries (T11): a secret in every setting and a personal value in every
field of customers and orders, through every command, alerts, mails and runs of a Dagster with its
storage on disk, and through each kind of failure. Then all that was written anywhere is searched, in
the encodings that Dagster, JSON, URLs and databases use."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import os
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import dagster as dg
import psycopg2
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster._serdes import serialize_value

from influence_pipeline import cli
from influence_pipeline.automation import alerting, sensors
from influence_pipeline.definitions import build_definitions
from influence_pipeline.platform_api import outcomes
from influence_pipeline.settings import load_settings
from influence_pipeline.store.configured import configured_mappings
from influence_pipeline_tests.dagster_face.conftest import AT_ONCE, assets_of
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox
from influence_pipeline_tests.support import mail_server, roles
from influence_pipeline_tests.support.chat import Chat
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.webhooks.conftest import Directory, directory

__all__ = ["directory"]

pytestmark = pytest.mark.proves("T11")

KEY = "canary-api-key-9876543210"
PASSWORD = "canary-store-password-77"
TOKEN = "CanaryTokenZyXwVu0123456789TsRqPo"
SECRETS = [
    KEY, PASSWORD, TOKEN, "canary-mail-password-5", "canary-alert-path-6", "canary-proxy-password-8", "canary-dsn-password-9",
]  # fmt: skip
PERSONAL = {
    "email": "canary.person@example.test",
    "first_name": "Canarygiven",
    "last_name": "Canaryfamily",
    "phone": "+1 202 555 0199",
}
GUEST = "canary.guest@example.test"
CANARIES = [*SECRETS, *PERSONAL.values(), GUEST]
TRANSFORM = (
    "def transform(df):\n    raise ValueError(df['email'].iloc[0] + df['first_name'].iloc[0])\n"
)


def forms(canary: str) -> list[str]:
    """The ways in which a value may stand in a file."""
    raw = canary.encode()
    return [
        canary,
        quote(canary, safe=""),
        quote_plus(canary),
        json.dumps(canary)[1:-1],
        raw.hex(),
        # Wherever it begins in what is encoded, its middle looks like one of these.
        *(base64.b64encode(b"\0" * shift + raw).decode()[4:-4] for shift in range(3)),
        raw.decode().encode("utf-16-le").decode("latin-1"),
    ]


@dataclass
class Place:
    folder: Path
    config: Path
    directory: Directory
    chat: Chat
    store_url: str
    written: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(arguments)
        name = f"{len(self.written)}: influence-pipeline {' '.join(arguments)}"
        self.written[name] = out.getvalue() + err.getvalue()
        return code

    def found(self) -> dict[str, list[str]]:
        hits = {}
        for place, text in self.written.items():
            present = [one for one in CANARIES if any(form in text for form in forms(one))]
            if present:
                hits[place] = present
        return hits

    def change_customer(self) -> None:
        roles.administer(self.store_url, "UPDATE customers SET birthday = coalesce(birthday, '1990-01-01') + 1 WHERE id = 'cus_000001'")  # fmt: skip

    def read_state(self) -> None:
        with psycopg2.connect(os.environ["INFLUENCE_STATE_URL"]) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'influence'")  # fmt: skip
            for (table,) in cursor.fetchall():
                cursor.execute(f"SELECT t::text FROM influence.{table} t")
                self.written[f"table {table}"] = "\n".join(row[0] for row in cursor.fetchall())
        connection.close()

    def materialize(self, instance: dg.DagsterInstance, *names: str) -> None:
        defs = build_definitions(settings=load_settings(), retry=AT_ONCE)
        for name in names:
            dg.materialize(
                assets_of(defs), selection=[name], instance=instance, resources=defs.resources, raise_on_error=False
            )  # fmt: skip


@pytest.fixture
def place(
    tmp_path: Path,
    config_file: Path,
    store_url: str,
    state_url: str,
    sandbox: Sandbox,
    directory: Directory,
    chat: Chat,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    columns = ", ".join(f"{name} = '{value}'" for name, value in PERSONAL.items())
    role = roles.new_name("canary")
    roles.administer(
        store_url,
        f"UPDATE customers SET {columns} WHERE id = 'cus_000001'",
        f"CREATE ROLE \"{role}\" SUPERUSER LOGIN PASSWORD '{PASSWORD}'",
    )

    def as_canary(url: str) -> str:
        parts = psycopg2.extensions.parse_dsn(url)
        return f"postgresql://{quote(role)}:{PASSWORD}@{parts['host']}:{parts['port']}/{parts['dbname']}"

    variables = {
        "STORE_URL": as_canary(store_url),
        "STATE_URL": as_canary(state_url),
        "COUPON_URL": as_canary(store_url),
        "API_URL": directory.url,
        "API_KEY": KEY,
        "WEBHOOK_TOKEN": TOKEN,
        "ALERT_URL": f"{chat.url}/canary-alert-path-6",
        "ALERT_EMAIL": "ops@example.test",
        "SMTP_URL": "smtp://ops:canary-mail-password-5@127.0.0.1:9",
        "CONFIG": str(config_file),
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"INFLUENCE_{name}", value)
    monkeypatch.setenv("HTTPS_PROXY", "http://who:canary-proxy-password-8@127.0.0.1:9")
    text = config_file.read_text()
    config_file.write_text(
        text.replace("[orders]\n", "[orders]\ngo_live = 2000-01-01T00:00:00Z\n", 1)
        + "\n[capture]\nmass_change_percent = 100\n"
    )
    yield Place(tmp_path, config_file, directory, chat, store_url)
    roles.administer(store_url, f'DROP ROLE IF EXISTS "{role}"')


def _echo(status: int) -> Callable[[str, str, bytes], tuple[int, Any]]:
    """An API that says back what it was sent, in its message."""

    def answer(method: str, path: str, body: bytes) -> tuple[int, Any]:
        said = " ".join(_leaves(json.loads(body))) if body else path
        return status, {"message": f"cannot take {said} with key {KEY}"}

    return answer


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [str(value)]


def _fine(method: str, path: str, body: bytes) -> tuple[int, Any]:
    return 200, {"ok": True}


def _commands(place: Place) -> None:
    for arguments in (
        ("import", "--plan"),
        ("import", "--yes"),
        ("sync",),
        ("plan",),
        ("plan", "--json"),
        ("why", "customers", "cus_000001"),
        ("status",),
        ("status", "--json"),
        ("parked",),
        ("metrics", "--once"),
        ("check",),
        ("roles",),
        ("stores",),
        ("init", "--yes", "--into", str(place.folder / "first")),
        ("init", "--yes", "--preset", "unknown", "--into", str(place.folder / "draft")),
        ("schema",),
        ("events", "list"),
        ("members", "list"),
        ("members", "gaps"),
        ("members", "show", "cus_000001"),
        ("forget", "cus_000001", "--dry-run"),
    ):
        place.command(*arguments)
    for folder in ("first", "draft"):
        for file in sorted((place.folder / folder).rglob("*")):
            place.written[f"init: {folder}/{file.name}"] = file.read_text()


def _fail_in_every_way(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for status in (400, 401, 422, 429, 500):
        place.directory.answer = _echo(status)
        place.command("sync")
        place.command("why", "customers", "cus_000001")
        if status >= 429:  # is asked again and again
            continue
        place.command("retry", "--all")
        place.command("import", "--yes", "--quiet")
        place.command("members", "reconcile")
        place.command("webhooks", "status")
        place.command("webhooks", "register", "--url", "https://shop.example.test")
    # One that asks again and again after each 429 and 500 would take a quarter of an hour.
    place.directory.answer = _echo(422)
    report = place.folder / "probe.md"
    place.command("probe", "--yes", "--settle", "0", "--report", str(report))
    place.written["the probe's report"] = report.read_text()
    place.directory.answer = _fine
    # The store: a value that cannot be computed, SQL that is refused, a constraint that says a row.
    select = place.config.parent / "customers.sql"
    whole = select.read_text()
    for broken in (
        whole.replace("c.email,", "(c.email::integer)::text AS email,", 1),
        whole.replace("c.email,", "c.nothing AS email,", 1),
        whole.replace("SELECT", "SELEKT", 1),
    ):
        assert broken != whole
        select.write_text(broken)
        place.command("sync")
        place.command("check")
    select.write_text(whole)
    # The merchant's own code.
    text = place.config.read_text()
    (place.config.parent / "transform.py").write_text(TRANSFORM)
    place.config.write_text(
        text.replace("[customers]\n", '[customers]\ntransform = "transform.py"\n', 1)
    )
    place.command("sync")
    place.command("plan")
    place.config.write_text(text)
    # Connections: a password that is wrong, a URL that is none, TLS where there is none.
    url = os.environ["INFLUENCE_STORE_URL"]
    for wrong in (
        url.replace(PASSWORD, "canary-dsn-password-9"),
        url.replace(PASSWORD, "canary-dsn-password-9@/?#"),
        "host=127.0.0.1 password=canary-dsn-password-9 port=x user",
        f"{url}?sslmode=require",
    ):
        for variable in ("INFLUENCE_STORE_URL", "INFLUENCE_COUPON_URL"):
            monkeypatch.setenv(variable, wrong)
        place.command("sync")
        place.command("check")
    for variable in ("INFLUENCE_STORE_URL", "INFLUENCE_COUPON_URL"):
        monkeypatch.setenv(variable, url)
    # Away, behind a proxy that is not there.
    monkeypatch.setenv("INFLUENCE_API_URL", "https://platform.example.test")
    place.command("check")
    monkeypatch.setenv("INFLUENCE_API_URL", place.directory.url)


def _dagster(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    home = place.folder / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance, mail_server.serving() as mails:
        _alerts(place, instance)
        monkeypatch.setenv("INFLUENCE_SMTP_URL", f"smtp://{mails.host}:{mails.port}")
        # Who was told an hour ago is not told the same again; this Dagster told nobody anything.
        with dg.DagsterInstance.ephemeral() as other:
            _alerts(place, other)
        assert mails.got
        assert place.chat.said
        place.written["mails"] = "\n".join(str(mail) for mail in mails.got)
        place.written["alerts"] = "\n".join(place.chat.said)
        for status in (200, 422, 500, 401):
            place.directory.answer = _fine if status == 200 else _echo(status)
            place.change_customer()
            place.materialize(instance, "customers", "orders")
        text = place.config.read_text()
        (place.config.parent / "transform.py").write_text(TRANSFORM)
        place.config.write_text(
            text.replace("[customers]\n", '[customers]\ntransform = "transform.py"\n', 1)
        )
        place.materialize(instance, "customers")
        place.config.write_text(text)
    for file in home.rglob("*"):
        if file.is_file():
            place.written[f"dagster/{file.relative_to(home)}"] = file.read_bytes().decode("latin-1")


def _alerts(place: Place, instance: dg.DagsterInstance) -> None:
    """A run that fails by the API's words, and a tick of the sensor that does, are told of."""
    place.directory.answer = _echo(401)
    place.change_customer()
    defs = build_definitions(settings=load_settings(), retry=AT_ONCE)
    named = {sensor.name: sensor for sensor in defs.sensors or ()}
    result = defs.resolve_job_def("incremental_sync").execute_in_process(
        instance=instance, raise_on_error=False
    )
    assert not result.success
    context = dg.build_run_status_sensor_context(
        sensor_name=alerting.FAILED_RUNS,
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    named[alerting.FAILED_RUNS](context)
    with contextlib.suppress(dg.Failure):
        tick = named[sensors.NAME](dg.build_sensor_context(instance=instance))
        place.written[f"{len(place.written)}: a tick"] = repr(tick)
    # All that the UI and GraphQL know of the code.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Dagster's own calls
        known = serialize_value(RepositorySnap.from_def(defs.get_repository_def()))
    place.written[f"{len(place.written)}: the code location"] = known


@pytest.mark.slow
def test_no_canary_of_the_store_or_the_settings_is_found_anywhere(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tally: Tally
) -> None:
    caplog.set_level(logging.DEBUG)
    place.directory.answer = _fine
    _commands(place)
    _fail_in_every_way(place, monkeypatch)
    _dagster(place, monkeypatch)
    place.read_state()
    place.written["this process's log"] = caplog.text
    place.written["ps"] = subprocess.run(
        ["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True
    ).stdout
    settings = load_settings()
    shown = [settings, settings.environment, settings.config, configured_mappings(settings)]
    place.written["settings, shown"] = " ".join(f"{one!r} {one}" for one in shown)
    assert len(place.written) > 100
    whole = "\n".join(place.written.values())
    signs = ("cus_000001", "cannot take", "transform.py", "SQLSTATE", "incremental_sync failed")
    for sign in signs:
        assert sign in whole, f"the search reads what is there: {sign}"
    sent = b"".join(body for *_, body in place.directory.requests)
    assert PERSONAL["email"].encode() in sent, "the canaries were on their way"
    hits = place.found()
    tally(len(place.written), "texts searched")
    assert hits == {}


def test_a_sync_whose_api_says_everything_back_leaves_no_canary(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """The short form of the test above, for every change."""
    caplog.set_level(logging.DEBUG)
    place.directory.answer = _echo(422)
    place.command("sync")
    place.command("why", "customers", "cus_000001")
    place.command(
        "parked",
    )
    place.read_state()
    place.written["this process's log"] = caplog.text
    assert "cannot take" in "\n".join(place.written.values())
    assert place.found() == {}


def test_control_words_of_the_api_that_are_not_struck_through_are_found(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "redact", lambda text, *_, **__: text)
    place.directory.answer = _echo(422)
    place.command("sync")
    place.read_state()
    found = {canary for hits in place.found().values() for canary in hits}
    assert {PERSONAL["email"], PERSONAL["first_name"], KEY} <= found


@pytest.mark.parametrize("form", range(9))
def test_control_a_canary_is_found_in_every_form(place: Place, form: int) -> None:
    text = f"before {forms(PERSONAL['email'])[form]} after"
    place.written["planted"] = text
    assert place.found() == {"planted": [PERSONAL["email"]]}
