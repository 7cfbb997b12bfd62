"""The sensor that tells a person that the list of stores (INFLUENCE_STORES) must be mended."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from influence_pipeline.assets.store_list import STORE_LIST
from influence_pipeline.automation.alerting import alerts_of_all

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
            "log, and where INFLUENCE_ALERT_URL or INFLUENCE_ALERT_EMAIL say. The same words once "
            "an hour."
        ),
    )
    def influence_stores_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        alerts_of_all(context.instance).alert(
            NAME,
            f"The list of stores must be mended: {words} Stores that are missing in Dagster do not "
            "run. Look with `influence-pipeline stores`, then reload the code location.",
        )
        raise dg.Failure(description=words)

    return influence_stores_sensor
