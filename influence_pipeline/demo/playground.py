"""`make dev`: the demo's stage with its first import done, Dagster's UI on it, until Ctrl-C."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import requests

from influence_pipeline.demo import story
from influence_pipeline.demo.processes import DemoError
from influence_pipeline.demo.stage import Stage

_PREFERRED_PORT = 3000


def play(stage: Stage, say: Callable[[str], None]) -> None:
    """Import, let a day pass in the shop, start `dagster dev`, and stay. Raises DemoError."""
    story.first_import(stage, say)
    buyer = story.a_day_in_the_shop(stage)
    say("starting Dagster")
    url = start_dagster(stage)
    print(
        f"\nDagster:       {url}\n"
        f"sandbox API:   {stage.api_url}  (what it has: /sandbox/summary, its API: /openapi.json)\n"
        f"API key:       {stage.environment['INFLUENCE_API_KEY']}  (of this sandbox only)\n"
        f"store:         psql '{stage.store_url}'\n\n"
        "The schedule ticks every minute. After the next sync redeem points, and watch the "
        "coupon_sensor make the coupon:\n"
        f"  curl -X POST -H 'x-api-key: {stage.environment['INFLUENCE_API_KEY']}' "
        "-H 'content-type: application/json' \\\n"
        f'    -d \'{{"ruleId": "{story.RULE}"}}\' '
        f"{stage.api_url}/sandbox/customers/{buyer}/redeem\n\n"
        "Ctrl-C ends everything.",
        flush=True,
    )
    while True:
        stage.processes.check()
        time.sleep(1)


def start_dagster(stage: Stage) -> str:
    """Start `dagster dev`, wait until its UI answers, and give its URL. Raises DemoError."""
    port = _free_port()
    stage.processes.start(
        "dagster",
        ["-m", "dagster", "dev", *stage.workspace, "-p", str(port)],
        stage.environment,
    )
    url = f"http://127.0.0.1:{port}"
    _wait_for(stage, url)
    return url


def _free_port() -> int:
    for wanted in (_PREFERRED_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise DemoError("No port is free for Dagster's UI.")


def _wait_for(stage: Stage, url: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        stage.processes.check()
        try:
            if requests.get(f"{url}/server_info", timeout=2, allow_redirects=False).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise DemoError(f"Dagster did not answer in time; read {stage.folder}/logs/dagster.log.")
