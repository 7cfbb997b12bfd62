"""The sensor that tells a person that the list of stores (INFLUENCE_STORES) must be mended."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import dagster as dg

from influence_pipeline.alerts import Alerts
from influence_pipeline.assets.store_list import STORE_LIST
from influence_pipeline.automation.alerting import InDagster
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import read_shared

NAME = f"{STORE_LIST}_sensor"
_EVERY_SECONDS = 60


def make_list_sensor(problems: Sequence[str]) -> dg.SensorDefinition:
    """Make the sensor. It is there only while the list must be mended, and always switched on: it
    sends nothing but alerts, and the stores that are meant do not run."""
    words = " ".join(problems)

    @dg.sensor(
        name=NAME,
        # Starts no run; Dagster asks for something that it could.
        target=[dg.AssetKey(STORE_LIST)],
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Fails while the list of stores (INFLUENCE_STORES) must be mended, and tells it in the "
            "log, and at INFLUENCE_ALERT_URL where it is set. The same words once an hour."
        ),
    )
    def influence_stores_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        Alerts(_url(), InDagster(context.instance, None)).alert(
            NAME,
            f"The list of stores must be mended: {words} Stores that are missing in Dagster do not "
            "run. Look with `influence-pipeline stores`, then reload the code location.",
        )
        raise dg.Failure(description=words)

    return influence_stores_sensor


def _url() -> str | None:
    with suppress(ConfigurationError):
        secret = read_shared().alert_url
        return None if secret is None else secret.get_secret_value()
    return None
