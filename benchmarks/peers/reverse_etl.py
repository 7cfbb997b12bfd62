"""drt and dlt, each set up by its own documents, on a small table of the same store.

What they send is the table as it is; each record can be told from the others at the sink (dlt by
the address, drt, whose addresses are fixed, by its idempotency header).
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from benchmarks.peers.venvs import program

SCHEMA = "peers"

DRT_PROJECT = """
name: loyalty
version: "0.1"
profile: shop
"""
DRT_PROFILES = """
shop:
  type: postgres
  host: {host}
  port: {port}
  dbname: {database}
  user: {user}
  password_env: SHOP_PASSWORD
"""
# `requests_per_second: 0` turns its limiter off; left alone it makes 10 calls a second.
_DRT_SYNC = """
name: customers
model: SELECT * FROM {schema}.customers
destination:
  type: rest_api
  url: "{api_url}/v1/customers/of-drt"
  method: PUT
  headers:
    Content-Type: "application/json"
    x-api-key: "benchmark-key"
  body_template: |
    {{{{ row | tojson_safe }}}}
  native_idempotency_key: "{{{{ row.id }}}}"
sync:
  mode: incremental
  cursor_field: created_at
  batch_size: 100
  rate_limit:
    requests_per_second: 0
  on_error: skip
"""


@dataclass(frozen=True)
class Peer:
    """A program that sends the small table; running it again goes on where it stands."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    folder: Path

    def run(self, until: Callable[[], bool]) -> int:
        """Run it to its end, or kill it as soon as `until` is true; give its exit code."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "output").open("ab") as output:
            process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            while process.poll() is None and not until():
                time.sleep(0.01)
        finally:
            process.kill()
        return process.wait()

    def output(self) -> str:
        return (self.folder / "output").read_text(errors="replace")


def make_table(store_url: str, records: int) -> None:
    """Make the small table anew: customers of the store, one moment for each, as a cursor needs."""
    with psycopg2.connect(store_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA};"
            f"CREATE TABLE {SCHEMA}.customers AS"
            " SELECT id, email, first_name, last_name, phone, birthday,"
            "        timestamptz '2024-01-01Z' + row_number() OVER (ORDER BY id) * interval '1 min'"
            "        AS created_at"
            " FROM public.customers WHERE deleted_at IS NULL ORDER BY id LIMIT %s",
            (records,),
        )
    connection.close()


def drt(store_url: str, api_url: str, folder: Path) -> Peer:
    """Set up a drt project in `folder`: https://github.com/drt-hub/drt."""
    store = urlsplit(store_url)
    (folder / ".drt").mkdir(parents=True)
    (folder / "syncs").mkdir()
    (folder / "drt_project.yml").write_text(DRT_PROJECT)
    (folder / ".drt" / "profiles.yml").write_text(
        DRT_PROFILES.format(
            host=store.hostname, port=store.port, database=store.path[1:], user=store.username
        )
    )
    (folder / "syncs" / "customers.yml").write_text(
        _DRT_SYNC.format(schema=SCHEMA, api_url=api_url)
    )
    environment = {
        **os.environ,
        # It looks for its profiles in the home folder.
        "HOME": str(folder),
        "SHOP_PASSWORD": unquote(store.password or ""),
        "DRT_TELEMETRY": "false",
    }
    return Peer("drt-core 1.2.1", [str(program("drt", "drt")), "run"], environment, folder)


def dlt(store_url: str, api_url: str, folder: Path) -> Peer:
    """Set up dlt's pipeline, whose own files go into `folder`."""
    script = Path(__file__).with_name("dlt_pipeline.py")
    url = store_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    command = [str(program("dlt", "python")), str(script), url, api_url, str(folder), SCHEMA]
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
    }
    return Peer("dlt 1.31.0", command, environment, folder)
