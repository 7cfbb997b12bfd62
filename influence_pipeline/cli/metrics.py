"""`influence-pipeline metrics`: Prometheus metrics; and the same beside a long command."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import generate_latest, start_http_server

from influence_pipeline.cli.output import writing
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync.metrics import StateMetrics, registry

LOCAL = "127.0.0.1"


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    metrics = state_metrics(settings)
    if arguments.once:
        try:
            print(generate_latest(registry(metrics)).decode(), end="")
        finally:
            metrics.close()
        return 0
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with serving(metrics, arguments.host, arguments.port) as port:
        if arguments.port_file:
            with writing(arguments.port_file):
                Path(arguments.port_file).write_text(str(port), encoding="utf-8")
        print(f"metrics on http://{arguments.host}:{port}/metrics", file=sys.stderr, flush=True)
        stopped.wait()
    return 0


def state_metrics(settings: Settings) -> StateMetrics:
    """Make the metrics of the state that the settings name. Connects to nothing yet."""
    url, schema = settings.secret("state_url"), settings.config.state_schema
    return StateMetrics(
        lambda: open_state(url, schema=schema, pool_size=1),
        said=lambda words: print(f"metrics: {words}", file=sys.stderr, flush=True),
    )


@contextmanager
def serving(metrics: StateMetrics, host: str, port: int) -> Iterator[int]:
    """Serve the metrics from threads of this process while the block runs; give the port.

    Raises ConfigurationError if that port cannot be had.
    """
    try:
        server, thread = start_http_server(port, addr=host, registry=registry(metrics))
    except (OSError, OverflowError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"Metrics cannot be served on {host}, port {port}: {words}. Is another exporter "
            "running there? Choose another port."
        ) from None
    try:
        # The counters begin now, not when somebody asks for the first time.
        metrics.look()
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        metrics.close()
