"""Several stores in one code location: databases, a state with a schema for each, accounts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2
import pytest

from influence_pipeline.definitions import build_definitions
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.dagster_face.conftest import AT_ONCE, PRESET, QUICK
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox, running
from influence_pipeline_tests.support import databases

STORES = ("berlin", "paris")


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Sandbox]]:
    """An Influence account for each store: a process, a ledger and a key of its own."""
    berlin, paris = (tmp_path_factory.mktemp(name) for name in STORES)
    with (
        running(berlin, access_log=False, api_key=key_of("berlin")) as one,
        running(paris, access_log=False, api_key=key_of("paris")) as other,
    ):
        for sandbox, name in ((one, "berlin"), (other, "paris")):
            sandbox.session.headers["x-api-key"] = key_of(name)
        yield {"berlin": one, "paris": other}


def key_of(store: str) -> str:
    return f"key-of-{store}-0123456789"


@dataclass
class Shop:
    """One store, from its database to its account."""

    name: str
    store_url: str
    state_url: str
    schema: str
    sandbox: Sandbox

    def accounts_emails(self) -> set[str]:
        """The e-mails of all customers that the account was ever sent."""
        return {row["email"] for row in self.sandbox.rows("SELECT email FROM customers")}

    def ask(self, statement: str) -> list[Any]:
        """Run a statement in the store's database."""
        return _ask(self.store_url, statement)

    def of_state(self, statement: str) -> list[Any]:
        """Run a statement in the store's part of the state."""
        return _ask(self.state_url, f'SET search_path = "{self.schema}"; {statement}')


def _ask(url: str, statement: str) -> list[Any]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@dataclass
class Street:
    """Two shops that run, a third that cannot, and the Dagster that has all three."""

    shops: dict[str, Shop]
    instance: dg.DagsterInstance
    variables: dict[str, str]

    def defs(self) -> dg.Definitions:
        return build_definitions(retry=AT_ONCE)

    def job(self, name: str) -> dg.ExecuteInProcessResult:
        return (
            self.defs()
            .resolve_job_def(name)
            .execute_in_process(instance=self.instance, raise_on_error=False)
        )

    def tick(self, sensor: str) -> dg.SensorResult:
        (found,) = [one for one in self.defs().sensors or () if one.name == sensor]
        result = found(dg.build_sensor_context(instance=self.instance))
        assert isinstance(result, dg.SensorResult)
        return result


@pytest.fixture
def street(
    tmp_path: Path,
    postgres: EmbeddedPostgres,
    store_template: str,
    empty_database_url: str,
    sandboxes: dict[str, Sandbox],
    bare_environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Street]:
    """Two stores' databases, one state database with a schema for each, two accounts."""
    monkeypatch.chdir(tmp_path)
    entries = [
        f'[[store]]\nname = "{n}"\nconfig = "{n}/influence.toml"\n' for n in (*STORES, "rome")
    ]
    Path("stores.toml").write_text("\n".join(entries))
    monkeypatch.setenv("INFLUENCE_STORES", "stores.toml")
    shops: dict[str, Shop] = {}
    variables: dict[str, str] = {}
    with (
        databases.throw_away_database(postgres, store_template) as berlin,
        databases.throw_away_database(postgres, store_template) as paris,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        for name, url in zip(STORES, (berlin, paris), strict=True):
            sandboxes[name].good("POST", "/sandbox/reset")
            shutil.copytree(PRESET, name)
            file = Path(name, "influence.toml")
            file.write_text(f'state_schema = "of_{name}"\n' + file.read_text() + QUICK)
            own = {
                "STORE_URL": url,
                "STATE_URL": empty_database_url,
                "API_URL": sandboxes[name].url,
                "API_KEY": key_of(name),
            }
            for variable, value in own.items():
                variables[f"INFLUENCE_{name.upper()}_{variable}"] = value
            shops[name] = Shop(name, url, empty_database_url, f"of_{name}", sandboxes[name])
            shops[name].ask(f"UPDATE customers SET email = '{name}-' || email")
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        yield Street(shops, instance, variables)


def nothing_crosses_over(street: Street) -> None:
    """Each account has all customers of its store, and no other."""
    for name, shop in street.shops.items():
        in_store = {
            email
            for (email,) in shop.ask(
                "SELECT lower(email) FROM customers WHERE deleted_at IS NULL AND email IS NOT NULL"
            )
        }
        assert all(email.startswith(f"{name}-") for email in in_store)
        assert shop.accounts_emails() == in_store, name
        (count,) = shop.of_state("SELECT count(*) FROM snapshot WHERE entity = 'customer'")
        assert count == (len(in_store),)
