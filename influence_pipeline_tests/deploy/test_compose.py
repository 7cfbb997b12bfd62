"""deploy/compose.yaml: what it names is there, and no more is asked for than .env.example says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.composed import DEPLOY, services
from influence_pipeline.settings.environment import Environment, variable
from influence_pipeline_tests.support.nginx import nginx_program
from influence_pipeline_tests.support.proxied import make_certificate

COMPOSE = DEPLOY / "compose.yaml"
GIVEN = {
    "POSTGRES_PASSWORD": "x",
    "CONFIG_FOLDER": "/config",
    "TLS_FOLDER": "/tls",
    "INFLUENCE_STORE_URL": "postgresql://store.example/shop",
    "INFLUENCE_API_KEY": "k",
    "INFLUENCE_WEBHOOK_TOKEN": "t" * 32,
}
OURS = ("code", "daemon", "webserver", "worker", "receiver")
# What Dagster and its libraries read themselves, from dagster.yaml.
OTHERS = {"DAGSTER_POSTGRES_URL", "DAGSTER_CELERY_BROKER_URL"}
KNOWN = {variable(name) for name in Environment.model_fields}


@pytest.fixture(scope="module")
def described() -> dict[str, dict[str, Any]]:
    return services(GIVEN)


def schema_says(file: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_fits_the_schema_of_compose_files(tmp_path: Path) -> None:
    """Control: a key that compose does not know does not."""
    assert schema_says(COMPOSE)[0] == 0, schema_says(COMPOSE)[1]
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("stop_grace_period:", "stop_period:"))
    code, words = schema_says(wrong)
    assert code == 1
    assert "stop_period" in words


def test_docker_compose_takes_it(tmp_path: Path) -> None:
    """Debian's version 1 does not know two of the keys; it is asked without them."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not here; apt-get install docker-compose")
    text = re.sub(r"(?m)^(name: |\s+start_interval: ).*\n", "", COMPOSE.read_text())
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / ".env").write_text("".join(f"{k}={v}\n" for k, v in GIVEN.items()))
    done = subprocess.run(
        [program, "-f", "compose.yaml", "config"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    theirs = yaml.safe_load(done.stdout)["services"]
    ours = services(GIVEN)
    assert set(theirs) == set(ours)
    for name in OURS:
        assert theirs[name]["command"] == ours[name]["command"]
        # What `composed` starts them with is what compose would.
        assert theirs[name]["environment"] == ours[name]["environment"]


def test_every_variable_is_one_that_somebody_reads(described: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        assert set(described[name]["environment"]) <= KNOWN | OTHERS, name
    # Who works on records or events gets all settings.
    for name in ("code", "worker", "receiver"):
        assert set(described[name]["environment"]) >= KNOWN, name
    # The webserver, which is looked at by many, gets none.
    for name in ("webserver", "daemon"):
        assert not set(described[name]["environment"]) & KNOWN, name


def test_the_example_holds_every_variable_and_no_secret() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))
    needed = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    given = dict(
        line.removeprefix("# ").split("=", 1) for line in lines if re.match(r"(# )?\w+=", line)
    )
    named = {line.split("=", 1)[0] for line in lines if re.match(r"\w+=", line)}
    # Compose itself reads COMPOSE_PROFILES.
    assert set(given) - {"COMPOSE_PROFILES"} == asked
    assert needed <= named
    for name in given:
        if re.search("PASSWORD|KEY|TOKEN|_URL", name):
            assert given[name] == "", name


def test_every_command_is_installed_and_takes_its_arguments(
    described: dict[str, dict[str, Any]],
) -> None:
    scripts = {script.name for script in entry_points(group="console_scripts")}
    for name in OURS:
        assert described[name]["command"][0] in scripts, name
    assert described["receiver"]["command"] == ["influence-pipeline", "receiver"]
    for module, words in (
        ("dagster", ["api", "grpc", "--help"]),
        ("dagster", ["api", "grpc-health-check", "--help"]),
        ("dagster._daemon", ["liveness-check", "--help"]),
    ):
        done = subprocess.run(
            [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        if "grpc" in words:
            assert all(flag in done.stdout for flag in ("-m,", "-h,", "-p,"))


def test_every_file_and_volume_is_there(described: dict[str, dict[str, Any]]) -> None:
    volumes = yaml.safe_load(COMPOSE.read_text())["volumes"]
    for name, service in described.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).is_file(), (name, source)
            elif not source.startswith("/"):
                assert source in volumes, (name, source)
        for other in service.get("depends_on", {}):
            assert other in described, (name, other)


def test_our_containers_may_do_as_little_as_they_need(described: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        service = described[name]
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert not service.get("privileged"), name
    published = {name: s["ports"] for name, s in described.items() if "ports" in s}
    assert published == {"webserver": ["127.0.0.1:3000:3000"], "nginx": ["443:443"]}
    # Nobody reaches the receiver but through nginx.
    assert described["receiver"]["network_mode"] == "service:nginx"


def test_the_workspace_names_the_code_service(described: dict[str, dict[str, Any]]) -> None:
    (place,) = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    command = described["code"]["command"]
    assert place["grpc_server"]["host"] in described
    assert str(place["grpc_server"]["port"]) == command[command.index("-p") + 1]
    root = yaml.safe_load((DEPLOY.parent / "workspace.yaml").read_text())["load_from"]
    names = {next(iter(one.values()))["location_name"] for one in root}
    assert names == {place["grpc_server"]["location_name"]}


def test_nginx_takes_the_main_file_of_the_containers(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    inner = (DEPLOY / "nginx.conf").read_text()
    for theirs, ours in {
        "/etc/nginx/tls/hooks.example.crt": str(certificate),
        "/etc/nginx/tls/hooks.example.key": str(key),
        "/var/log/nginx/": f"{tmp_path}/",
    }.items():
        inner = inner.replace(theirs, ours)
    (tmp_path / "influence.conf").write_text(inner)
    main = (DEPLOY / "nginx-main.conf").read_text()
    main = main.replace("/etc/nginx/conf.d/", f"{tmp_path}/")
    main = main.replace("/var/run/nginx.pid", f"{tmp_path}/pid")
    (tmp_path / "nginx.conf").write_text(main)
    command = [nginx_program(), "-t", "-q", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
