"""Where a benchmark runs: an embedded Postgres with a sample store, states, and an influence.toml.

Postgres runs as in production (fsync on). A state in which everything has been captured is made
once and copied for each run, so that every run delivers the same backlog.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.store.presets import copy_preset
from influence_pipeline.sync.engine import Engine

KEY = "benchmark-key"
NOWHERE = "http://127.0.0.1:9"
_CAPTURED = "state_captured"


class Shop:
    """One store, and a state that can be had anew. `customers`: how many the store was given.

    `state_server`: where the states are, if not beside the store.
    """

    def __init__(
        self,
        server: EmbeddedPostgres,
        folder: Path,
        customers: int,
        state_server: EmbeddedPostgres | None = None,
    ) -> None:
        self.server = server
        self.state_server = state_server or server
        self.customers = customers
        self.store_url = server.create_database("store")
        self.state_url = self.state_server.create_database("state_0")
        self.api_url = NOWHERE
        copy_preset("plain", folder / "config")
        self.config = folder / "config" / "influence.toml"
        self._plain_config = self.config.read_text(encoding="utf-8").replace(
            "[orders]\n", "[orders]\ngo_live = 2000-01-01T00:00:00Z\n", 1
        )
        self._backlog: int | None = None
        self._states = 0
        self.configure()

    def configure(self, **delivery: int | float) -> None:
        """Write influence.toml with these keys of [delivery], all others at their defaults."""
        lines = [f"{name} = {value}" for name, value in delivery.items()]
        text = "\n".join([self._plain_config, "[delivery]", *lines, ""])
        self.config.write_text(text, encoding="utf-8")

    def settings(self) -> Settings:
        values: dict[str, Any] = {
            "store_url": self.store_url,
            "state_url": self.state_url,
            "api_url": self.api_url,
            "api_key": KEY,
            "config": self.config,
        }
        return load_settings(**values)

    def environment(self) -> dict[str, str]:
        """The whole environment of a process that works here."""
        return {
            **os.environ,
            "INFLUENCE_STORE_URL": self.store_url,
            "INFLUENCE_STATE_URL": self.state_url,
            "INFLUENCE_API_URL": self.api_url,
            "INFLUENCE_API_KEY": KEY,
            "INFLUENCE_CONFIG": str(self.config),
        }

    def fresh_state(self) -> None:
        """Give the next processes an empty state."""
        self.state_url = self._next_state()

    def fresh_backlog(self) -> int:
        """Give the next processes a state in which every customer is captured and none is sent.

        Gives their number.
        """
        if self._backlog is None:
            self.state_url = self.state_server.create_database(_CAPTURED)
            with Engine(self.settings()) as engine:
                engine.capture(Entity.CUSTOMER)
                self._backlog = engine.count_in_store(Entity.CUSTOMER)
        self.state_url = self._next_state(template=_CAPTURED)
        return self._backlog

    def _next_state(self, template: str | None = None) -> str:
        """Make a state in place of the last one."""
        self.state_server.drop_database(f"state_{self._states}")
        self._states += 1
        return self.state_server.create_database(f"state_{self._states}", template=template)


@contextmanager
def open_shop(
    customers: int,
    *,
    orders_per_customer: float = 1.0,
    products: int = 200,
    state_apart: bool = False,
) -> Iterator[Shop]:
    """A sample store of this size, an empty state, the plain preset; all orders count.

    `state_apart`: the state is in a server of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    # As root the server runs as `nobody`, who must get in.
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(EmbeddedPostgres.start(folder / "data"))
        other = None
        if state_apart:
            other = stack.enter_context(EmbeddedPostgres.start(folder / "state"))
        shop = Shop(server, folder, customers, other)
        sample_store.create(shop.store_url)
        began = time.perf_counter()
        sample_store.seed(
            shop.store_url,
            customers=customers,
            orders_per_customer=orders_per_customer,
            products=products,
        )
        print(f"{customers:,} customers made in {time.perf_counter() - began:.1f} s", flush=True)
        yield shop
