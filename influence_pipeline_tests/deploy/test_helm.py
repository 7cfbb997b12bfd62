"""deploy/helm: values that Dagster's chart knows, and manifests that Kubernetes knows.

The chart is not here and is not copied here. Which values of it there are was read from its schema
and templates (dagster-io/dagster, helm/dagster, 1.13); what it does with `config` and the instance's
configuration is checked by Dagster's own classes, and Kubernetes' objects by its Python client's
models, which are made from its API's description.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.instance.config import dagster_instance_config_schema
from dagster_k8s import K8sRunLauncher
from kubernetes import client

from benchmarks.composed import DEPLOY
from influence_pipeline.automation.celery_runs import WatchedCeleryRunLauncher
from influence_pipeline.settings.environment import Environment, variable

HELM = DEPLOY / "helm"
KNOWN = {variable(name) for name in Environment.model_fields}
# Of each part of the chart's values: what it knows. None: free, or checked elsewhere in here.
_IMAGE = {"repository": None, "tag": None, "pullPolicy": None}
_POD: dict[str, Any] = {
    "image": _IMAGE,
    "env": None,
    "envSecrets": None,
    "podSecurityContext": None,
    "securityContext": None,
    "resources": None,
    "volumes": None,
    "volumeMounts": None,
}
_THREADS = {"useThreads": None, "numWorkers": None}
_PURGE = {"purgeAfterDays": {"skipped": None, "failure": None, "success": None, "started": None}}
CHART: dict[str, Any] = {
    "global": {"postgresqlSecretName": None},
    "generatePostgresqlPasswordSecret": None,
    "postgresql": {
        "enabled": None,
        "postgresqlHost": None,
        "postgresqlUsername": None,
        "postgresqlDatabase": None,
        "postgresqlScheme": None,
        "service": {"port": None},
    },
    "rabbitmq": {"enabled": None},
    "redis": {"enabled": None},
    "flower": {"enabled": None},
    "telemetry": {"enabled": None},
    "dagsterWebserver": _POD,
    "dagsterDaemon": {
        **_POD,
        "runCoordinator": {
            "enabled": None,
            "type": None,
            "config": {"queuedRunCoordinator": {"dequeueIntervalSeconds": None}},
        },
        "runMonitoring": {
            "enabled": None,
            "startTimeoutSeconds": None,
            "pollIntervalSeconds": None,
            "freeSlotsAfterRunEndSeconds": None,
            "maxResumeRunAttempts": None,
        },
        "runRetries": {"enabled": None, "maxRetries": None, "retryOnAssetOrOpFailure": None},
        "sensors": _THREADS,
        "schedules": _THREADS,
    },
    "dagster-user-deployments": {
        "enabled": None,
        "enableSubchart": None,
        "deployments": [
            {
                **_POD,
                "name": None,
                "port": None,
                "dagsterApiGrpcArgs": None,
                "includeConfigInLaunchedRuns": {"enabled": None},
            }
        ],
    },
    "runLauncher": {
        "type": None,
        "config": {
            "k8sRunLauncher": {
                "imagePullPolicy": None,
                "loadInclusterConfig": None,
                "resources": None,
                "runK8sConfig": {"podSpecConfig": None, "jobSpecConfig": None},
            },
            "customRunLauncher": {"module": None, "class": None, "config": None},
        },
    },
    "retention": {"enabled": None, "schedule": _PURGE, "sensor": _PURGE},
    "additionalInstanceConfig": None,
}
FILES = ["values.yaml", "values-celery.yaml"]
MANIFESTS = ["receiver.yaml", "workers.yaml"]


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HELM / name).read_text())
    return found


def over(below: Any, above: Any) -> Any:
    """Lay values over values as helm does: maps into one another, all else in place."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: over(below.get(key), value) for key, value in above.items()}
    return above


def unknown(values: Any, known: Any, place: str = "") -> list[str]:
    """Give the places of values that the chart does not know."""
    if known is None:
        return []
    if isinstance(known, list):
        return [one for value in values for one in unknown(value, known[0], f"{place}[]")]
    found = []
    for key, value in values.items():
        if key not in known:
            found.append(f"{place}.{key}")
        else:
            found += unknown(value, known[key], f"{place}.{key}")
    return found


def in_snake_case(values: dict[str, Any]) -> dict[str, Any]:
    """The chart's templates give these names to Dagster."""
    return {re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", k): v for k, v in values.items()}


@pytest.mark.parametrize("name", FILES)
def test_the_chart_knows_every_value(name: str) -> None:
    assert unknown(read(name), CHART) == []


def test_control_a_value_that_the_chart_does_not_know_is_found() -> None:
    values = over(read("values.yaml"), {"dagsterDaemon": {"runRetry": {"enabled": True}}})
    assert unknown(values, CHART) == [".dagsterDaemon.runRetry"]


@pytest.mark.parametrize("files", [FILES[:1], FILES], ids=["kubernetes", "celery"])
def test_dagster_takes_the_instance_that_the_chart_writes(files: list[str]) -> None:
    values: Any = {}
    for name in files:
        values = over(values, read(name))
    daemon = values["dagsterDaemon"]
    retries = in_snake_case(daemon["runRetries"])
    written = {
        "run_monitoring": in_snake_case(daemon["runMonitoring"]),
        "run_retries": retries,
        "sensors": in_snake_case(daemon["sensors"]),
        "schedules": in_snake_case(daemon["schedules"]),
        "retention": {
            kind: {"purge_after_days": values["retention"][kind]["purgeAfterDays"]}
            for kind in ("schedule", "sensor")
        },
        "telemetry": values["telemetry"],
        **values["additionalInstanceConfig"],
    }
    taken = process_config(resolve_to_config_type(dagster_instance_config_schema()), written)
    assert taken.success, taken.errors


def test_dagster_takes_both_launchers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_CELERY_BROKER_URL", "redis://redis.example:6379/0")
    given = read("values.yaml")["runLauncher"]["config"]["k8sRunLauncher"]
    job = in_snake_case({k: v for k, v in given.items() if k != "runK8sConfig"})
    job |= {
        "run_k8s_config": in_snake_case(given["runK8sConfig"]),
        # What the chart adds by itself.
        "job_namespace": "default",
        "service_account_name": "dagster",
        "dagster_home": "/opt/dagster/dagster_home",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": "influence-dagster-postgresql",
    }
    taken = process_config(resolve_to_config_type(K8sRunLauncher.config_type()), job)
    assert taken.success, taken.errors
    custom = read("values-celery.yaml")["runLauncher"]["config"]["customRunLauncher"]
    assert custom["module"] == WatchedCeleryRunLauncher.__module__
    taken = process_config(
        resolve_to_config_type(WatchedCeleryRunLauncher.config_type()), custom["config"]
    )
    assert taken.success, taken.errors


def test_the_files_name_the_locked_dagster() -> None:
    for name in FILES:
        (named,) = set(re.findall(r"--version (\S+)", (HELM / name).read_text()))
        assert named == version("dagster")


def test_no_secret_stands_in_any_file_and_every_variable_is_known() -> None:
    for file in HELM.glob("*.yaml"):
        text = file.read_text()
        assert set(re.findall(r"INFLUENCE_[A-Z_]*[A-Z]", text)) <= KNOWN, file.name
        assert not re.search(r"(?i)password: *\S", text), file.name


# --- Kubernetes' own objects

_KINDS = {"Deployment": client.V1Deployment, "Service": client.V1Service}


def misfits(value: Any, kind: str, place: str) -> list[str]:
    """Give the places of what Kubernetes' models do not know, or want and do not have."""
    if listed := re.fullmatch(r"list\[(.+)\]", kind):
        items = enumerate(value)
        return [one for at, item in items for one in misfits(item, listed[1], f"{place}[{at}]")]
    model = getattr(client, kind, None)
    if model is None:
        return []
    names = {theirs: ours for ours, theirs in model.attribute_map.items()}
    found = [f"{place}.{key}" for key in value if key not in names]
    for key in set(value) & set(names):
        found += misfits(value[key], model.openapi_types[names[key]], f"{place}.{key}")
    filled = {names[key]: item for key, item in value.items() if key in names}
    try:
        model(**filled)  # raises where a required one is missing
    except ValueError as error:
        found.append(f"{place}: {error}")
    return found


@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_knows_the_manifests(name: str) -> None:
    for document in yaml.safe_load_all((HELM / name).read_text()):
        assert misfits(document, _KINDS[document["kind"]].__name__, name) == []


def test_control_a_field_in_the_wrong_place_is_found() -> None:
    document = read("workers.yaml")
    document["spec"]["template"]["spec"]["containers"][0]["replica"] = 2
    del document["spec"]["selector"]
    found = "; ".join(misfits(document, "V1Deployment", ""))
    assert ".spec.template.spec.containers[0].replica" in found
    assert "selector" in found


def test_the_pods_parts_of_the_values_are_kubernetes_own() -> None:
    values = read("values.yaml")
    (code,) = values["dagster-user-deployments"]["deployments"]
    job = values["runLauncher"]["config"]["k8sRunLauncher"]
    found = [
        *misfits(code["volumes"], "list[V1Volume]", "volumes"),
        *misfits(code["volumeMounts"], "list[V1VolumeMount]", "volumeMounts"),
        *misfits(code["resources"], "V1ResourceRequirements", "resources"),
        *misfits(code["securityContext"], "V1SecurityContext", "securityContext"),
        *misfits(code["podSecurityContext"], "V1PodSecurityContext", "podSecurityContext"),
        *misfits(job["resources"], "V1ResourceRequirements", "resources"),
    ]
    assert found == []


def test_workers_and_receiver_are_those_of_the_compose_file() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    worker = read("workers.yaml")["spec"]
    assert worker["template"]["spec"]["containers"][0]["command"] == services["worker"]["command"]
    assert worker["replicas"] == services["worker"]["scale"]
    deployment, _ = yaml.safe_load_all((HELM / "receiver.yaml").read_text())
    receiver, nginx = deployment["spec"]["template"]["spec"]["containers"]
    assert receiver["command"] == services["receiver"]["command"]
    assert nginx["command"] == services["nginx"]["command"]
    assert nginx["image"] == services["nginx"]["image"]
