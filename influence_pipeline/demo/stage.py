"""What the story is played on: Postgres with a store and a state, the sandbox, the receiver,
Dagster's home, and the configuration a merchant would have."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import psycopg2
import requests

from influence_pipeline.demo.processes import DemoError, Processes
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.store.presets import copy_preset
from influence_pipeline.webhooks.subscriptions import PATH, register

CLI = ["-m", "influence_pipeline.cli"]


_WORKSPACE = """\
load_from:
  - python_module:
      module_name: influence_pipeline.definitions
      location_name: influence_pipeline
"""


@dataclass(frozen=True)
class Stage:
    """Everything that runs. `store_url` may write (it plays the shop); the pipeline's may not."""

    folder: Path
    processes: Processes
    store_url: str
    state_url: str
    api_url: str
    api_key: str
    ledger: Path
    go_live: datetime
    environment: dict[str, str]

    def __repr__(self) -> str:
        # Three URLs with passwords and a key are in it.
        return f"Stage({str(self.folder)!r})"

    @property
    def workspace(self) -> list[str]:
        """How Dagster's programs are told of the code location."""
        return ["-w", f"{self.environment['DAGSTER_HOME']}/workspace.yaml"]

    def api(self, method: str, path: str, **arguments: object) -> requests.Response:
        """Call the sandbox as its own controls want it. Raises requests' errors."""
        reply = requests.request(
            method,
            self.api_url + path,
            headers={"x-api-key": self.api_key},
            timeout=10,
            allow_redirects=False,
            **arguments,  # type: ignore[arg-type]
        )
        reply.raise_for_status()
        return reply


@contextmanager
def set_up(folder: Path, customers: int) -> Iterator[Stage]:
    """Start everything but Dagster; end it all again, whatever happens in between."""
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(folder)
    processes.end_leftovers()
    _tidy(folder)
    with ExitStack() as undo:
        postgres = EmbeddedPostgres.start(folder / "postgres")
        undo.callback(postgres.stop)
        undo.callback(processes.stop)
        store_url, state_url = _databases(postgres)
        sample_store.create(store_url)
        sample_store.seed(store_url, customers=customers, products=max(customers // 10, 10))
        roles = sample_store.create_roles(
            store_url, secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        )
        go_live = _now(store_url)
        home = _dagster_home(folder)
        environment = {
            **os.environ,
            "INFLUENCE_STORE_URL": roles.reader,
            "INFLUENCE_COUPON_URL": roles.coupons,
            "INFLUENCE_STATE_URL": state_url,
            "INFLUENCE_API_KEY": secrets.token_urlsafe(24),
            "INFLUENCE_WEBHOOK_TOKEN": secrets.token_urlsafe(32),
            "INFLUENCE_CONFIG": str(_configuration(folder, go_live)),
            "INFLUENCE_AUTOMATION": "on",
            "DAGSTER_HOME": str(home),
            # Dagster's classic commands announce their successors at every call.
            "PYTHONWARNINGS": "ignore::FutureWarning",
            "PYTHONUNBUFFERED": "1",
        }
        ledger = folder / "ledger.sqlite"
        api_url = _sandbox(processes, folder, ledger, environment)
        environment["INFLUENCE_API_URL"] = api_url
        receiver_url = _receiver(processes, folder, environment)
        stage = Stage(
            folder=folder,
            processes=processes,
            store_url=store_url,
            state_url=state_url,
            api_url=api_url,
            api_key=environment["INFLUENCE_API_KEY"],
            ledger=ledger,
            go_live=go_live,
            environment=environment,
        )
        _subscribe(stage, receiver_url)
        yield stage


def _tidy(folder: Path) -> None:
    """Each demo tells its own story from the start."""
    data = folder / "postgres"
    if (data / "postmaster.pid").exists():
        # An earlier demo was killed; its Postgres may still run, and is ended as it should be.
        EmbeddedPostgres.start(data).stop("immediate")
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
    (folder / "logs").mkdir()


def _databases(postgres: EmbeddedPostgres) -> tuple[str, str]:
    for name in ("store", "state"):
        postgres.create_database(name)
    return postgres.url("store"), postgres.url("state")


def _now(url: str) -> datetime:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            row = cursor.fetchone()
    finally:
        connection.close()
    if row is None:
        raise DemoError("The store's database does not tell the time.")
    moment: datetime = row[0]
    return moment.astimezone(UTC)


def _dagster_home(folder: Path) -> Path:
    home = folder / "dagster_home"
    home.mkdir()
    shipped = files("influence_pipeline.demo").joinpath("dagster.yaml").read_text(encoding="utf-8")
    (home / "dagster.yaml").write_text(shipped, encoding="utf-8")
    # The project's own workspace.yaml is not there where only the package is installed.
    (home / "workspace.yaml").write_text(_WORKSPACE, encoding="utf-8")
    return home.resolve()


def _configuration(folder: Path, go_live: datetime) -> Path:
    """The plain preset as `init` writes it, with what a merchant would set, and a quicker clock."""
    into = folder / "config"
    copy_preset("plain", into)
    file = into / "influence.toml"
    text = file.read_text(encoding="utf-8")
    orders = "[orders]\n"
    if orders not in text:
        raise DemoError(f"{file} has no table [orders] any more; the demo sets go_live in it.")
    text = text.replace(orders, f"{orders}go_live = {go_live.isoformat()}\n", 1)
    months = f"{go_live.year - 4}-{go_live.month:02d}"
    text += (
        "\n# The demo's own: a schedule that does not keep its audience waiting, and coupons made "
        "by the\n# sensor alone, so that it is seen at work, in ticks short enough to end "
        "soon after Ctrl-C,\n# and each reported at once.\n"
        f'[schedule]\nsync = "* * * * *"\nimport_from = "{months}"\n\n'
        "[webhooks]\nfast_path = false\nsensor_deadline_seconds = 4\n\n"
        "[dagster]\nreport_minutes = 0\n"
    )
    file.write_text(text, encoding="utf-8")
    return file.resolve()


def _sandbox(processes: Processes, folder: Path, ledger: Path, environment: dict[str, str]) -> str:
    port_file = folder / "sandbox.port"
    processes.start(
        "sandbox",
        [*CLI, "sandbox", "--port", "0", "--port-file", str(port_file), "--ledger", str(ledger)],
        environment,
    )
    return f"http://127.0.0.1:{processes.port('sandbox', port_file)}"


def _receiver(processes: Processes, folder: Path, environment: dict[str, str]) -> str:
    port_file = folder / "receiver.port"
    processes.start(
        "receiver",
        [*CLI, "receiver", "--port", "0", "--port-file", str(port_file)],
        environment,
    )
    return f"http://127.0.0.1:{processes.port('receiver', port_file)}"


def _subscribe(stage: Stage, receiver_url: str) -> None:
    api = SingleCalls(stage.api_url, stage.api_key)
    try:
        register(api, receiver_url + PATH + stage.environment["INFLUENCE_WEBHOOK_TOKEN"])
    finally:
        api.close()
