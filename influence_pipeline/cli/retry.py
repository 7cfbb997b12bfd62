"""`influence-pipeline retry`."""

from __future__ import annotations

import argparse

from influence_pipeline.cli.output import counted, entity_of, given_key
from influence_pipeline.settings import load_settings
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("state_url")
    state = open_state(settings.secret("state_url"), schema=settings.config.state_schema)
    try:
        entity = entity_of(arguments.entity)
        key = None if arguments.key is None else given_key(arguments.key)
        reason = None if arguments.reason is None else given_key(arguments.reason)
        released = status.retry(state, entity, key, reason)
    finally:
        state.close()
    if not released:
        print("Nothing parked fits that; `influence-pipeline parked` lists what is parked.")
        return 1
    due = counted(released, f"{entity} is", f"{entity.plural} are")
    print(f"{due} due again; the next sync sends {'it' if released == 1 else 'them'}.")
    return 0
