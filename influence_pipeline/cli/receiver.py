"""`influence-pipeline receiver`."""

from __future__ import annotations

import argparse
from pathlib import Path

from influence_pipeline.settings import load_settings
from influence_pipeline.webhooks.receiver import serve


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url", "webhook_token")
    port_file = Path(arguments.port_file) if arguments.port_file else None
    serve(
        settings,
        arguments.host,
        arguments.port,
        workers=arguments.workers,
        port_file=port_file,
    )
    return 0
