"""Where coupons are measured: an embedded Postgres (fsync on) with a sample store and a state, an
API that knows every customer, and the processes that receive, work off and watch.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2

from benchmarks.customer_api import influence_id
from influence_pipeline.demo.processes import Processes
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.database import open_state
from influence_pipeline.store.presets import copy_preset
from influence_pipeline.webhooks import inbox

API_MS = 5.0
_CUSTOMERS = 1000
_TOPIC = "points/redeemed"
# Only what is measured is at work.
_NEVER = "0 0 1 1 *"
_WORKSPACE = """\
load_from:
  - python_module: {{module_name: {module}, location_name: measured}}
"""


class CouponShop:
    """A store, a state that can be had anew, and what is started on them."""

    def __init__(self, server: EmbeddedPostgres, folder: Path, processes: Processes) -> None:
        self.server = server
        self.processes = processes
        self.token = secrets.token_urlsafe(32)
        self.store_url = server.create_database("store")
        self.state_url = ""
        self.api_url = ""
        self._folder = folder
        self._states = 0
        self._codes = 0
        copy_preset("plain", folder / "config")
        self._config = folder / "config" / "influence.toml"
        self._plain = self._config.read_text(encoding="utf-8")
        sample_store.create(self.store_url)
        sample_store.seed(self.store_url, customers=_CUSTOMERS, orders_per_customer=0, products=10)
        self._customers = [
            row[0] for row in self._ask("SELECT id FROM customers WHERE deleted_at IS NULL")
        ]
        port_file = folder / "api.port"
        processes.start(
            "api",
            ["-m", "benchmarks.customer_api", "--port-file", str(port_file), "--ms", str(API_MS)],
            os.environ,
        )
        self.api_url = f"http://127.0.0.1:{processes.port('api', port_file)}"

    def fresh(self, **webhooks: object) -> None:
        """Give the next processes an empty state, a store without coupons, and these settings."""
        self._states += 1
        self.state_url = self.server.create_database(f"state_{self._states}")
        open_state(self.state_url).close()
        self._ask("DELETE FROM discount_codes WHERE source = 'influence' RETURNING code")
        lines = [f"{name} = {json.dumps(value)}" for name, value in webhooks.items()]
        # More coupons for each customer than any would redeem in a day.
        caps = ["per_customer_per_day = 100000", "per_day = 1000000"]
        schedule = [f'sync = "{_NEVER}"', f'full_compare = "{_NEVER}"', 'import_from = "2026-01"']
        self._config.write_text(
            "\n".join(
                [
                    self._plain,
                    *("[coupons.caps]", *caps),
                    *("[schedule]", *schedule),
                    *("[webhooks]", *lines),
                    "",
                ]
            ),
            encoding="utf-8",
        )

    def environment(self) -> dict[str, str]:
        """The whole environment of a process that works here."""
        return {
            **os.environ,
            "INFLUENCE_STORE_URL": self.store_url,
            "INFLUENCE_STATE_URL": self.state_url,
            "INFLUENCE_API_URL": self.api_url,
            "INFLUENCE_API_KEY": "benchmark-key",
            "INFLUENCE_WEBHOOK_TOKEN": self.token,
            "INFLUENCE_CONFIG": str(self._config),
            "INFLUENCE_AUTOMATION": "on",
            "PYTHONWARNINGS": "ignore::FutureWarning",
            "PYTHONUNBUFFERED": "1",
        }

    def redemption(self) -> tuple[str, bytes]:
        """Make up a redemption by one of the store's customers: its code, and the body."""
        self._codes += 1
        number, customer = self._codes, self._customers[self._codes % len(self._customers)]
        code = f"BENCH-{number:07d}"
        body: dict[str, Any] = {
            "id": f"redemption-{number}",
            "customer": {
                "id": influence_id(customer),
                "externalId": customer,
                "email": f"somebody-{number}@example.test",
                "name": "Ada Example",
                "pointBalance": 500,
                "referralUrl": f"https://shop.test/?ref={number}",
                "currentLoyaltyTier": {"id": "t1", "title": "Bronze"},
                "createdAt": "2026-01-01T00:00:00Z",
                "updatedAt": "2026-05-01T10:00:00Z",
            },
            "action": "redeem",
            "points": -500,
            "type": "redeem",
            "ruleId": "rule-5-off",
            "couponCode": code,
            "rewardType": "amountdiscount",
        }
        return code, json.dumps(body).encode()

    def store_events(self, number: int) -> None:
        """Put so many redemptions into the inbox, as the receiver does, but all at once."""
        with closing(open_state(self.state_url)) as state, state.transaction() as connection:
            for _ in range(number):
                _, body = self.redemption()
                inbox.store(connection, inbox.Delivery(body, _TOPIC, webhook_id="subscription-1"))

    @contextmanager
    def receiver(self) -> Iterator[int]:
        """Run the receiver beside the block; gives its port."""
        port_file = self._folder / f"receiver-{self._states}.port"
        arguments = ["receiver", "--port", "0", "--port-file", str(port_file)]
        self.processes.start(
            "receiver", ["-m", "influence_pipeline.cli", *arguments], self.environment()
        )
        try:
            yield self.processes.port("receiver", port_file)
        finally:
            self.processes.stop("receiver")

    @contextmanager
    def dagster_dev(self, module: str) -> Iterator[Path]:
        """Run `dagster dev` with a module's definitions beside the block, with the shipped
        dagster.yaml; gives its home. It may not tick yet when the block begins."""
        home = self._folder / f"dagster-{self._states}"
        home.mkdir()
        shipped = files("influence_pipeline.demo").joinpath("dagster.yaml")
        (home / "dagster.yaml").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
        workspace = home / "workspace.yaml"
        workspace.write_text(_WORKSPACE.format(module=module), encoding="utf-8")
        self.processes.start(
            "dagster",
            ["-m", "dagster", "dev", "-w", str(workspace), "-p", "0"],
            {**self.environment(), "DAGSTER_HOME": str(home)},
        )
        try:
            yield home
        finally:
            self.processes.stop("dagster")

    def coupons(self) -> int:
        return int(
            self._ask("SELECT count(*) FROM discount_codes WHERE source = 'influence'")[0][0]
        )

    def _ask(self, sql: str, *values: object) -> list[Any]:
        with closing(psycopg2.connect(self.store_url)) as connection, connection:
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall()


@contextmanager
def open_coupon_shop() -> Iterator[CouponShop]:
    """Start everything that all rows need; end it all again. The logs go with it."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    # As root the server runs as `nobody`, who must get in.
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(EmbeddedPostgres.start(folder / "data"))
        processes = Processes(folder)
        stack.callback(processes.stop)
        began = time.perf_counter()
        shop = CouponShop(server, folder, processes)
        print(f"store, state and API in {time.perf_counter() - began:.1f} s", flush=True)
        yield shop


def gaps_between_ticks(home: Path, sensor: str) -> list[float]:
    """Give the seconds in which no tick of a sensor was at work, from one's end to the next."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (found,) = [one for one in instance.all_instigator_state() if one.name == sensor]
        ticks = instance.get_ticks(found.instigator_origin_id, found.selector_id)
    ended = sorted((t.timestamp, t.end_timestamp) for t in ticks if t.end_timestamp)
    return [after[0] - before[1] for before, after in pairwise(ended)]
