"""No key, token, password, code or personal value in any log, run, metric or message (T11).

A receiver process that logs everything it can, a real store and state, a real Dagster instance on
disk: events with canaries in every field go through every way they can go, the broken ones too.
Then all that was written anywhere, but for the inbox's bodies and the coupon's own row, is searched.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import psycopg2
import pytest

from influence_pipeline import cli
from influence_pipeline.definitions import build_definitions
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import load_settings
from influence_pipeline_tests.dagster_face.conftest import AT_ONCE, assets_of
from influence_pipeline_tests.webhooks.builders import customer, redemption, referral
from influence_pipeline_tests.webhooks.conftest import (
    TOML,
    Directory,
    Store,
    directory,
    reopen,
    shut,
    state,
    store,
    toml,
)
from influence_pipeline_tests.webhooks.test_receiver import post, until

pytestmark = pytest.mark.proves("T11")

__all__ = ["directory", "state", "store", "toml"]

TOKEN = "CanaryTokenAbCdEf0123456789GhIjKl"
OLD_TOKEN = "CanaryOldTokenAbCdEf0123456789MnO"
KEY = "canary-api-key-0123456789"
PASSWORD = "canary-password-0123"
SECRETS = [TOKEN, OLD_TOKEN, KEY, PASSWORD]
PERSONAL = {
    "email": "canary.mail@example.test",
    "name": "Canaryfirst Canarylast",
    "firstName": "Canarygiven",
    "lastName": "Canaryfamily",
    "phone": "+1 202 555 0147",
    "address": "7 Canary Lane",
    "city": "Canaryville",
    "company": "Canary & Co",
    "note": "canary-note",
    "referralUrl": "https://shop.test/?ref=canary-referral",
    "vat": "CANARY-VAT-1",
    "ip": "203.0.113.77",
    "birthday": "canary-1990-02-28",
    "gender": "canary-gender",
    "password": "canary-customer-password",
    "card": "4111-canary-1111",
    "twitter": "@canarytweet",
}
FRIEND = "canary.friend@example.test"
CODES = ["CANARY-CODE-1", "CANARY-CODE-2", "CANARY-CODE-3", "CANARY-CODE-4"]
CANARIES = [*SECRETS, *PERSONAL.values(), FRIEND, *CODES]


def _person(number: int, **changes: Any) -> dict[str, Any]:
    return customer(number, **PERSONAL, **changes)


def _redeemed(number: int, code: str, **changes: Any) -> dict[str, Any]:
    return redemption(number, customer=_person(number), couponCode=code, **changes)


RECEIVER = """
import logging, sys
from pathlib import Path
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from influence_pipeline.settings import load_settings
from influence_pipeline.webhooks.receiver import serve
{leak}
serve(load_settings(), port=0, port_file=Path(sys.argv[1]))
"""


@dataclass
class House:
    """Everything that may write something down, and where it did."""

    folder: Path
    environment: dict[str, str]
    store: Store
    state: Postgres
    directory: Directory
    written: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def receiver(self, leak: str = "") -> Iterator[str]:
        port_file, log = self.folder / "port", self.folder / "receiver.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, "-c", RECEIVER.format(leak=leak), str(port_file)],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdout=stream,
                stderr=stream,
            )
        try:
            until(lambda: port_file.exists() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield f"http://127.0.0.1:{port_file.read_text().strip()}"
        finally:
            process.terminate()
            process.wait(20)
            port_file.unlink(missing_ok=True)
            self.written["the receiver's log"] = log.read_text()

    def command(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main(arguments)
        self.written[f"influence-pipeline {' '.join(arguments)}"] = out.getvalue() + err.getvalue()

    def found(self) -> dict[str, list[str]]:
        """Where which canaries stand."""
        hits = {}
        for place, text in self.written.items():
            present = [one for one in CANARIES if one in text or quote(one) in text]
            if present:
                hits[place] = present
        return hits

    def read_files(self, folder: Path) -> None:
        for file in folder.rglob("*"):
            if file.is_file():
                # Also what a database keeps beside its text: nothing of it is compressed.
                self.written[str(file.relative_to(folder))] = file.read_bytes().decode("latin-1")

    def read_state(self) -> None:
        """What the state keeps, without the two places where it belongs."""
        with psycopg2.connect(self.environment["INFLUENCE_STATE_URL"]) as connection:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT table_name, string_agg(format('%I::text', column_name), "
                    "' || ' ORDER BY 1) FROM information_schema.columns "
                    "WHERE table_schema = 'influence' AND (table_name, column_name) NOT IN "
                    "(('inbox', 'body'), ('coupon', 'code'), ('loyalty_member', 'referral_url')) "
                    "GROUP BY table_name"
                )
                for table, columns in cursor.fetchall():
                    parts = columns.replace(" || ", ", ")
                    cursor.execute(f"SELECT concat_ws(' ', {parts}) FROM influence.{table}")
                    self.written[f"table {table}"] = "\n".join(row[0] for row in cursor.fetchall())
        connection.close()


@pytest.fixture
def house(
    tmp_path: Path,
    toml: Path,
    state: Postgres,
    state_url: str,
    store: Store,
    directory: Directory,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    name = psycopg2.extensions.parse_dsn(store.url)["dbname"]
    role = f"canary_{name}"
    store.run(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    store.run("ALTER TABLE discount_code ADD CHECK (code <> 'CANARY-CODE-3')")
    toml.write_text(TOML + "[webhooks]\nretry_base_seconds = 0.05\nretry_cap_seconds = 0.1\n")

    def as_canary(url: str) -> str:
        parts = psycopg2.extensions.parse_dsn(url)
        return f"postgresql://{role}:{PASSWORD}@{parts['host']}:{parts['port']}/{parts['dbname']}"

    environment = {
        "INFLUENCE_STATE_URL": as_canary(state_url),
        "INFLUENCE_STORE_URL": as_canary(store.url),
        "INFLUENCE_COUPON_URL": as_canary(store.url),
        "INFLUENCE_API_URL": directory.url,
        "INFLUENCE_API_KEY": KEY,
        "INFLUENCE_WEBHOOK_TOKEN": TOKEN,
        "INFLUENCE_WEBHOOK_TOKEN_PREVIOUS": OLD_TOKEN,
        "INFLUENCE_CONFIG": str(toml),
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    directory.customers = {str(number): f"inf-{number}" for number in range(1, 20)}
    return House(tmp_path, environment, store, state, directory)


def _play(house: House, url: str) -> None:
    """Let events go every way they can go."""
    post(url, _redeemed(1, CODES[0]), token=TOKEN)
    post(url, _redeemed(1, CODES[0]), token=OLD_TOKEN)  # again
    post(url, _redeemed(1, CODES[0], points=-1), token=TOKEN)  # the same key, another body
    post(url, _redeemed(2, CODES[1], ruleId="unknown"), token=TOKEN)
    post(url, _redeemed(3, CODES[2]), token=TOKEN)  # the store's constraint says no
    post(url, _redeemed(99, CODES[3]), token=TOKEN)  # a customer nobody knows
    post(url, _person(4), topic="customers/updated", token=TOKEN)
    with_friend = referral(5, customer=_person(5), friendCustomer=_person(6), friendEmail=FRIEND)
    post(url, with_friend, topic="referrals/completed", token=TOKEN)
    post(url, json.dumps(_redeemed(7, CODES[3])).encode() + b"}", token=TOKEN)  # no JSON
    post(url, _redeemed(8, CODES[3]), topic="un/known", token=TOKEN)
    post(url, json.dumps(_redeemed(9, CODES[3])).encode("utf-16"), token=TOKEN)
    post(url, _redeemed(9, CODES[3]), token=TOKEN + "x")
    post(url, b"x" * 300_000, token=TOKEN)
    until(lambda: _states(house).get("parked", 0) >= 3, 40)
    shut(house.store.url)
    try:
        post(url, _redeemed(10, CODES[3] + "-10"), token=TOKEN)
        until(lambda: _reasons(house).get("store_away"), 40)
    finally:
        reopen(house.store.url)
    house.directory.answer = lambda method, path, body: (500, {"message": PERSONAL["email"]})
    post(url, _redeemed(11, CODES[3] + "-11"), token=TOKEN)
    until(lambda: _reasons(house).get("api_away"), 40)
    house.directory.answer = lambda method, path, body: (401, {"message": f"bad key {KEY}"})
    post(url, _redeemed(12, CODES[3] + "-12"), token=TOKEN)


def _states(house: House) -> dict[str, int]:
    return _counted(house, "state")


def _reasons(house: House) -> dict[str, int]:
    return _counted(house, "reason_code")


def _counted(house: House, column: str) -> dict[str, int]:
    with house.state.transaction() as connection:
        rows = connection.exec_driver_sql(f"SELECT {column}, count(*) FROM inbox GROUP BY 1")
        return dict(map(tuple, rows))


def _dagster(house: House) -> None:
    """A tick of the sensor and two runs of the asset, one of them failing, on an instance on disk."""
    home = house.folder / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        defs = build_definitions(settings=load_settings(), retry=AT_ONCE)
        for answers in (True, False):
            if answers:
                house.directory.answer = house.directory._customer
            else:
                shut(house.store.url)
                with house.state.transaction() as connection:
                    connection.exec_driver_sql("UPDATE inbox SET state = 'new', next_at = now()")
            dg.materialize(
                assets_of(defs),
                selection=["coupons"],
                instance=instance,
                resources=defs.resources,
                raise_on_error=False,
            )
        reopen(house.store.url)
        for sensor in defs.sensors or ():
            if sensor.name == "coupon_sensor":
                context = dg.build_sensor_context(instance=instance)
                house.written["the sensor's tick"] = repr(sensor(context))
    house.read_files(home)


def test_no_canary_is_found_anywhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with house.receiver() as url:
        _play(house, url)
    _dagster(house)
    for arguments in (
        ("events", "list"),
        ("events", "list", "--json"),
        *(("events", "show", str(number)) for number in range(1, 8)),
        ("events", "replay", "--reason", "unknown_rule"),
        ("events", "settle", "3", "--note", "seen to"),
        ("status",),
        ("status", "--json"),
        ("metrics", "--once"),
        ("webhooks", "status"),
    ):
        house.command(*arguments)
    house.read_state()
    # The client of this test says what it sent; nobody runs that in production.
    lines = [line for line in caplog.text.splitlines() if '"POST /webhooks/influence/' not in line]
    house.written["this process's log"] = "\n".join(lines)
    assert len(house.written) > 20
    assert "not_verified" in house.written["table inbox"], "the search reads what is there"
    assert house.found() == {}


LEAKS = {
    "uvicorn's access log": "import uvicorn; uvicorn.Config.__init__.__kwdefaults__ or None\n"
    "from influence_pipeline.webhooks import receiver\n"
    "original = uvicorn.Config\n"
    "receiver.uvicorn.Config = lambda app, **given: original(app, **{**given, 'access_log': True})\n"
    "create = receiver.create_app\n"
    "def leaky(settings):\n"
    "    app = create(settings)\n"
    "    logging.getLogger('uvicorn.access').disabled = False\n"
    "    return app\n"
    "receiver.create_app = leaky",
    "the driver's own words": "from influence_pipeline.store.coupons import sql\n"
    "sql.describe_database_error = lambda error: str(error)",
    "the settings, shown": "print(dict(__import__('os').environ), file=sys.stderr)",
    "a body, logged": "from influence_pipeline.webhooks import events\n"
    "read = events.read\n"
    "def leaky(topic, body):\n"
    "    logging.info('%r', body)\n"
    "    return read(topic, body)\n"
    "events.read = leaky",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_control_a_leak_is_found(house: House, leak: str) -> None:
    with house.receiver(LEAKS[leak]) as url:
        post(url, _redeemed(1, CODES[0]), token=TOKEN)
        post(url, _redeemed(3, CODES[2]), token=TOKEN)
        until(lambda: _reasons(house).get("refused_by_store"), 40)
    house.read_state()
    assert house.found() != {}
