"""Customers told to the sandbox: the engine's delivery beside plain `requests`.

python -m benchmarks.delivery [--customers 5000] [--latency-ms 50]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from benchmarks.measure import KEY, machine, shop, table
from influence_pipeline.records import Entity
from influence_pipeline.sync.engine import Engine

ONE_BY_ONE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--latency-ms", type=int, default=50)
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        api = subprocess.Popen(
            [
                *(sys.executable, "-m", "influence_pipeline.cli", "sandbox", "--port", "0"),
                *("--port-file", str(port_file), "--ledger", f"{folder}/ledger.sqlite"),
                *("--switches", f'{{"latency_ms": {given.latency_ms}}}'),
            ],
            env={**os.environ, "INFLUENCE_API_KEY": KEY},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            while not (port_file.exists() and port_file.read_text()):
                time.sleep(0.05)
            url = f"http://127.0.0.1:{port_file.read_text().strip()}"
            with shop(given.customers, api_url=url) as (settings, _), Engine(settings) as engine:
                report = engine.sync(Entity.CUSTOMER)
            rows = {
                "requests, one session, one by one": one_by_one(url),
                "influence_pipeline": report.delivered.calls / report.seconds,
            }
            title = f"{given.latency_ms} ms a reply, {report.delivered.sent:,} customers"
            table(title, "requests, one session, one by one", rows, unit="calls/s")
        finally:
            api.terminate()
            api.wait()


def one_by_one(url: str) -> float:
    with requests.Session() as session:
        session.headers["x-api-key"] = KEY
        began = time.perf_counter()
        for number in range(ONE_BY_ONE):
            session.put(
                f"{url}/v1/customers/single-{number}",
                json={"email": f"s{number}@example.org"},
                timeout=30,
            ).raise_for_status()
        return ONE_BY_ONE / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
