"""All that runs in a soak, each part a process that may be killed and comes back at its place: a
Postgres of the store and one of the state, the sandbox behind the fault proxy, the receiver, a code
server and the daemon with the coupon sensor, and a sync by the command line every few seconds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg2

from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state import database
from influence_pipeline.webhooks.subscriptions import PATH
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, Sandbox
from influence_pipeline_tests.soak.until_stopped import UntilStopped
from influence_pipeline_tests.support.databases import STORE_NOW
from influence_pipeline_tests.support.proxied import FaultProxy, proxying
from influence_pipeline_tests.support.real_dagster import RealDagster, real_dagster
from influence_pipeline_tests.support.world import LONG_AGO, PRESET
from influence_pipeline_tests.webhooks.builders import TOKEN
from influence_pipeline_tests.webhooks.receiving import Receiver

CUSTOMERS = 300
SYNC_EVERY_SECONDS = 15.0
# A sync that makes no call for so long hangs: longer than an outage and all that it may wait for. How
# long it takes in all depends on the machine and on what has piled up.
_STANDS_STILL_SECONDS = 150.0
_LOOKS_EVERY_SECONDS = 5.0
# A machine that has other work to do is no fault of ours.
_STARTS_WITHIN_SECONDS = 300.0
_COMMAND = ("-m", "influence_pipeline.cli")
# Of the sandbox: the platform as bad as the documents allow.
WORST = {"second_post": "award_again", "refund_repeat": "again", "retry_after": "seconds"}
# Patience of the sender of webhooks: through any restart, and without long waits after it.
SENDER = {"max_attempts": 10_000, "backoff_max_ms": 2_000, "timeout_ms": 10_000}
# Less patience than in production, so that it settles within minutes. An order may meet a gateway's
# 404 many times in a soak, which is no refusal of it. The schedules of the daemon rest: syncs are
# run here, more often than cron can.
_SETTINGS = """
[capture]
mass_change_rows = 1000000

[delivery]
timeout_seconds = 5
quiet_window_seconds = 30
backoff_cap_seconds = 5
linger_seconds = 5
park_after = 1000

[schedule]
sync = "0 0 1 1 *"
full_compare = "0 0 1 1 *"
"""


class Site:
    """`store_url` is the shop's own; the pipeline has roles of its own there. `program`: how the
    syncs are started, a broken variant in controls."""

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self._undo = ExitStack()
        self.folder = folder
        self._program = program
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        # fsync is off: what a kill loses does not depend on it, only what a power cut does.
        self._servers = {
            name: EmbeddedPostgres.start(self.folder / name / "data", fast=True)
            for name in ("store", "state")
        }
        self._ports = {name: server.port for name, server in self._servers.items()}
        self._undo.callback(self._stop_servers)
        self.store_url = self._servers["store"].create_database("store")
        self.state_url = self._servers["state"].create_database("state")
        sample_store.create(self.store_url)
        sample_store.seed(
            self.store_url, customers=CUSTOMERS, orders_per_customer=0, products=20, now=STORE_NOW
        )
        roles = sample_store.create_roles(self.store_url, "reader-of-the-soak", "coupons-of-it")
        database.upgrade(self.state_url)
        self.sandbox = self._sandbox()
        self.proxy = self._proxy()
        certificate = str(self.proxy.certificate)
        self.variables = {
            "INFLUENCE_STORE_URL": roles.reader,
            "INFLUENCE_COUPON_URL": roles.coupons,
            "INFLUENCE_STATE_URL": self.state_url,
            "INFLUENCE_API_URL": self.proxy.url,
            "INFLUENCE_API_KEY": KEY,
            "INFLUENCE_WEBHOOK_TOKEN": TOKEN,
            "INFLUENCE_CONFIG": str(self._configuration()),
            "INFLUENCE_AUTOMATION": "on",
            "CURL_CA_BUNDLE": certificate,
            "REQUESTS_CA_BUNDLE": certificate,
        }
        self._port = 0
        self.start_receiver()
        self._port = self.receiver.port
        self._undo.callback(self._end_receiver)
        self._subscribe()
        self.dagster: RealDagster = self._undo.enter_context(
            real_dagster(self._own("dagster"), "influence_pipeline.definitions", self.variables)
        )
        self.syncs = Syncs(self)
        self._undo.callback(self.syncs.stop)

    def close(self) -> None:
        self._undo.close()

    # -- parts

    def start_receiver(self) -> None:
        folder = self._own("receiver")
        self.receiver = Receiver(folder, self.state_url, self.variables, workers=2, port=self._port)
        self.receiver.wait_until_it_answers()

    @property
    def receiver_port(self) -> int:
        return self._port

    def kill_postgres(self, name: str) -> None:
        """Stop the server of "store" or "state" at once, with nothing written out, and start it."""
        self._servers[name].stop("immediate")
        self._servers[name] = EmbeddedPostgres.start(
            self.folder / name / "data", port=self._ports[name], fast=True
        )

    def cut_connections(self, name: str) -> None:
        """End every backend of "store" or "state"."""
        with closing(psycopg2.connect(self._servers[name].url())) as connection:
            connection.autocommit = True
            connection.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def kill_sandbox(self) -> None:
        self.sandbox.kill()
        self.sandbox.start(_STARTS_WITHIN_SECONDS)

    def processes(self) -> dict[str, list[int]]:
        """The long-lived processes of ours, by what they are."""
        receiver = self.receiver
        workers: list[int] = []
        with suppress(OSError):  # it is being killed
            workers = receiver.workers()
        return {
            "receiver": [receiver.process.pid],
            "receiver worker": workers,
            "daemon": [self.dagster.daemon_pid],
            "code server": [self.dagster.server_pid],
        }

    # -- making them

    def _own(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _end_receiver(self) -> None:
        self.receiver.end()

    def _stop_servers(self) -> None:
        for server in self._servers.values():
            server.stop("immediate")

    def _sandbox(self) -> Sandbox:
        sandbox = Sandbox(self._own("sandbox"), access_log=False, switches=WORST)
        self._undo.callback(sandbox.close)
        sandbox.start()
        sandbox.settings["port"] = sandbox.port
        return sandbox

    def _proxy(self) -> FaultProxy:
        return self._undo.enter_context(proxying(self._own("proxy"), self.sandbox.port))

    def _configuration(self) -> Path:
        folder = self.folder / "preset"
        shutil.copytree(PRESET, folder)
        config = folder / "influence.toml"
        text = config.read_text()
        assert "[orders]\n" in text
        text = text.replace("[orders]\n", f"[orders]\ngo_live = {LONG_AGO.isoformat()}\n", 1)
        config.write_text(text + _SETTINGS)
        return config

    def _subscribe(self) -> None:
        url = f"http://127.0.0.1:{self._port}{PATH}{TOKEN}"
        for topic in ("points/redeemed", "points/earned", "customers/updated"):
            self.sandbox.good("POST", "/v1/webhooks", {"topic": topic, "url": url})
        self.sandbox.set(webhooks=SENDER)

    def last_call_of_a_sync(self) -> int:
        """The number of the last call that only a sync makes: who makes coupons asks for customers
        all the time. The API's ledger is there while it is away, too."""
        sql = (
            "SELECT coalesce(max(id), 0) AS n FROM calls WHERE method <> 'GET' OR entity = 'order'"
        )
        return int(self.sandbox.rows(sql)[0]["n"])

    def command(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `influence-pipeline …` as a process of its own."""
        with (self.folder / "sync.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *(self._program or _COMMAND), *arguments],
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


class Syncs(UntilStopped):
    """Runs a sync every few seconds, as cron would. `ended`: how often with which exit
    code; `hung`: how many had to be ended."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site
        self.ended: Counter[int] = Counter()
        self.hung = 0
        self.every_seconds = SYNC_EVERY_SECONDS
        self._process: subprocess.Popen[bytes] | None = None

    def kill(self) -> bool:
        """kill -9 the sync that is at work; tells whether one was."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        return True

    def go_on(self) -> None:
        while not self.stopping.is_set():
            begun = time.monotonic()
            self.once()
            self.stopping.wait(max(begun + self.every_seconds - time.monotonic(), 0))

    def once(self) -> int:
        """One sync; gives its exit code."""
        self._process = process = self._site.command("sync", "--quiet")
        calls, moved_at = -1, time.monotonic()
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOKS_EVERY_SECONDS)
            made = self._site.last_call_of_a_sync()
            if made != calls:
                calls, moved_at = made, time.monotonic()
            elif time.monotonic() - moved_at > _STANDS_STILL_SECONDS:
                self.hung += 1
                process.kill()
        code = process.wait()
        self.ended[code] += 1
        return code


@contextmanager
def site(folder: Path, program: Sequence[str] = ()) -> Iterator[Site]:
    made = Site(folder, program)
    try:
        yield made
    finally:
        made.close()
