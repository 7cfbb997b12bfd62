"""The services of deploy/compose.yaml as processes of this machine, with their own commands and
environment: only hosts, ports and folders are others.

What a container adds (its network, its user, its read-only disk) is not shown by it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import requests
import yaml
from celery import Celery

from influence_pipeline.demo.processes import Processes
from influence_pipeline.sandbox.postgres import EmbeddedPostgres

DEPLOY = Path(__file__).parents[1] / "deploy"
_ROLE, _PASSWORD = "influence", "composed"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
# The image's commands, as this Python has them.
_MODULES = {
    "celery": "celery",
    "dagster": "dagster",
    "dagster-daemon": "dagster._daemon",
    "dagster-webserver": "dagster_webserver",
    "influence-pipeline": "influence_pipeline.cli",
}
_STARTS_WITHIN_SECONDS = 300.0


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in as compose does. Raises KeyError for one that is asked for and not given."""

    def value(found: re.Match[str]) -> str:
        name, kind, otherwise = found.groups()
        if variables.get(name):
            return variables[name]
        if kind == "?":
            raise KeyError(f"{name}: {otherwise}")
        return otherwise or ""

    return _VARIABLE.sub(value, text)


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Give the services of the compose file, with these variables put in."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    # Variables after YAML, as compose does it: `off` in one of them is a word, not false.
    found: dict[str, dict[str, Any]] = _filled(yaml.safe_load(text)["services"], variables)
    return found


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolated(value, variables)
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, variables) for key, item in value.items()}
    return value


class Composed:
    """A Dagster with Postgres storage, and what is started on it. `workers`: Celery's, 0: none.

    `variables` are what stands in .env. `module` takes the place of the project's definitions.
    """

    def __init__(
        self,
        folder: Path,
        server: EmbeddedPostgres,
        config: Path,
        variables: Mapping[str, str],
        *,
        name: str = "composed",
        celery: bool = False,
        module: str = "influence_pipeline.definitions",
        backfill_runs: int | None = None,
    ) -> None:
        self._folder = folder / name
        self._folder.mkdir()
        self.home = self._folder / "dagster"
        self.home.mkdir()
        self.celery = celery
        self._module = module
        self._databases(server, name)
        self.state_url = f"postgresql://{_ROLE}:{_PASSWORD}@127.0.0.1:{server.port}/{name}_state"
        self._ports = {service: _free_port() for service in ("code", "webserver", "redis")}
        self._places = {
            "postgres:5432/dagster": f"127.0.0.1:{server.port}/{name}_dagster",
            "postgres:5432/influence": f"127.0.0.1:{server.port}/{name}_state",
            "redis:6379": f"127.0.0.1:{self._ports['redis']}",
            "/opt/dagster": str(self.home),
            "/etc/influence": str(config.parent),
            "0.0.0.0": "127.0.0.1",  # noqa: S104  (nothing is bound to it here)
        }
        self._services = services(
            {
                **variables,
                "POSTGRES_PASSWORD": _PASSWORD,
                "CONFIG_FOLDER": str(config.parent),
                "TLS_FOLDER": str(self._folder),
            }
        )
        self._write_home(backfill_runs)
        self.processes = Processes(self._folder)
        self._redis: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the webserver answers."""
        return f"http://127.0.0.1:{self._ports['webserver']}"

    @property
    def logs(self) -> Path:
        return self._folder / "logs"

    def start(self, *, workers: int = 0) -> None:
        """Start code location, daemon, webserver, and so many Celery workers with a broker."""
        if self.celery:
            self._start_redis()
        self._start("code", self._ports["code"], module=self._module)
        self._wait("code", self._listens(self._ports["code"]))
        self._start("webserver", self._ports["webserver"])
        self._start("daemon")
        for number in range(workers):
            self.start_worker(number)
        self._wait("webserver", self._loaded)

    def start_worker(self, number: int) -> None:
        """Start Celery worker `number`, with one place, so that workers and runs count the same."""
        extra = ["--concurrency=1", f"--hostname=worker-{number}@%h"]
        self._start("worker", name=f"worker-{number}", extra=extra)

    def busy_workers(self) -> list[int]:
        """Give the numbers of those that work on a run now."""
        broker = Celery(broker=f"redis://127.0.0.1:{self._ports['redis']}/0")
        active = broker.control.inspect(timeout=1.0).active() or {}
        broker.close()
        return sorted(
            int(name.partition("@")[0].removeprefix("worker-"))
            for name, tasks in active.items()
            if tasks
        )

    def kill_worker(self, number: int) -> None:
        """kill -9 a worker and its child, as when its machine is gone."""
        os.killpg(self.processes.pid(f"worker-{number}"), signal.SIGKILL)
        self.processes.stop(f"worker-{number}")

    def kill_child_of_worker(self, number: int) -> None:
        """kill -9 the child that does the work, as a system out of memory does."""
        for child in _children(self.processes.pid(f"worker-{number}")):
            os.kill(child, signal.SIGKILL)

    def start_receiver(self, port_file: Path) -> None:
        extra = ["--port", "0", "--port-file", str(port_file)]
        self._start("receiver", extra=extra)

    def ask(self, query: str, **variables: Any) -> Any:
        """Ask the webserver by GraphQL, as the UI does."""
        try:
            reply = requests.post(
                f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60
            )
        except requests.ConnectionError:
            # Says so, if it has ended, and where its log is.
            self.processes.check("webserver")
            raise
        reply.raise_for_status()
        said = reply.json()
        if said.get("errors"):
            raise RuntimeError(str(said["errors"])[:2000])
        return said["data"]

    def _databases(self, server: EmbeddedPostgres, name: str) -> None:
        with closing(psycopg2.connect(server.url())) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (_ROLE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{_PASSWORD}'")
            for database in (f"{name}_dagster", f"{name}_state"):
                cursor.execute(f"CREATE DATABASE {database} OWNER {_ROLE}")

    def _write_home(self, backfill_runs: int | None) -> None:
        shipped = DEPLOY / ("dagster-celery.yaml" if self.celery else "dagster.yaml")
        text = shipped.read_text(encoding="utf-8")
        text = text.replace("influence_pipeline.definitions", self._module)
        if backfill_runs is not None:
            text, changed = re.subn(
                r"(key: dagster/backfill, limit: )\d+", rf"\g<1>{backfill_runs}", text
            )
            assert changed == 1
        (self.home / "dagster.yaml").write_text(text, encoding="utf-8")
        workspace = (DEPLOY / "workspace.yaml").read_text(encoding="utf-8")
        workspace = workspace.replace("host: code", "host: 127.0.0.1")
        workspace = workspace.replace("port: 4000", f"port: {self._ports['code']}")
        (self.home / "workspace.yaml").write_text(workspace, encoding="utf-8")

    def _start(
        self,
        service: str,
        port: int | None = None,
        *,
        name: str | None = None,
        module: str | None = None,
        extra: list[str] | None = None,
    ) -> None:
        described = self._services[service]
        program, *arguments = (self._here(word) for word in described["command"])
        if port is not None:
            arguments[arguments.index("-p") + 1] = str(port)
        if module is not None:
            arguments[arguments.index("-m") + 1] = module
        given = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("INFLUENCE_", "DAGSTER_"))},
            **{key: self._here(str(value)) for key, value in described["environment"].items()},
            # What deploy/Dockerfile sets.
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self.processes.start(
            name or service, ["-m", _MODULES[program], *arguments, *(extra or [])], given
        )

    def _here(self, text: str) -> str:
        for theirs, ours in self._places.items():
            text = text.replace(theirs, ours)
        return text

    def _start_redis(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("Celery's broker is Redis: apt-get install redis-server")
        _, *arguments = self._services["redis"]["command"]
        place = ["--port", str(self._ports["redis"]), "--bind", "127.0.0.1"]
        log = (self._folder / "redis.log").open("ab")
        self._redis = subprocess.Popen(
            [program, *arguments, *place, "--dir", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()

    def _loaded(self) -> bool:
        with suppress(requests.RequestException, KeyError):
            said = self.ask(
                "{ repositoriesOrError { ... on RepositoryConnection {nodes {name}} } }"
            )
            return bool(said["repositoriesOrError"].get("nodes"))
        return False

    def _listens(self, port: int) -> Callable[[], bool]:
        def listens() -> bool:
            with socket.socket() as line:
                return line.connect_ex(("127.0.0.1", port)) == 0

        return listens

    def _wait(self, name: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while not condition():
            self.processes.check(name)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} did not start: {self.tail(name)}")
            time.sleep(0.1)

    def tail(self, name: str) -> str:
        """The last of what a service has written."""
        log = self.logs / f"{name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def close(self) -> None:
        """End everything."""
        self.processes.stop()
        if self._redis is not None:
            self._redis.terminate()
            self._redis.wait()


@contextmanager
def composed(
    folder: Path,
    server: EmbeddedPostgres,
    config: Path,
    variables: Mapping[str, str],
    *,
    workers: int = 0,
    **more: Any,
) -> Iterator[Composed]:
    """Run the services beside the block; Celery's too, if there are workers."""
    with ExitStack() as stack:
        services = Composed(folder, server, config, variables, celery=workers > 0, **more)
        stack.callback(services.close)
        services.start(workers=workers)
        yield services


def _children(pid: int) -> list[int]:
    # A child belongs to the thread that started it.
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text(encoding="ascii").split()]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
