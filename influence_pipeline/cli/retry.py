"""`influence-pipeline retry`."""

from __future__ import annotations

import argparse

from influence_pipeline.cli.output import entity_of
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    try:
        entity = entity_of(arguments.entity)
        released = status.retry(state, entity, arguments.key, arguments.reason)
    finally:
        state.close()
    if not released:
        print("Nothing parked fits that; `influence-pipeline parked` lists what is parked.")
        return 1
    print(f"{released:,} {arguments.entity} are due again; the next sync sends them.")
    return 0
