"""`influence-pipeline stores`: the list of stores, and what must be mended in it."""

from __future__ import annotations

import argparse

from influence_pipeline.cli.output import print_json, print_table
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import load_settings, read_stores


def run(arguments: argparse.Namespace) -> int:
    stores = read_stores()
    if stores is None:
        raise ConfigurationError(
            "INFLUENCE_STORES is not set: there is a single store, with the variables INFLUENCE_… "
            "as they are. It names the list of stores, where there are several."
        )
    rows = [(one.name, one.config, _problem(one.name)) for one in stores.stores]
    if arguments.json:
        print_json(
            {
                "file": str(stores.file),
                "stores": [
                    {
                        "name": name,
                        "config": None if config is None else str(config),
                        "problem": problem,
                    }
                    for name, config, problem in rows
                ],
                "problems": list(stores.problems),
            }
        )
    else:
        print_table(
            ("store", "influence.toml", "settings"),
            [(name, config, "to mend" if problem else "ready") for name, config, problem in rows],
        )
        mend = [f"{name}: {problem}" for name, _, problem in rows if problem]
        for words in [*mend, *stores.problems]:
            print(words)
    mended = not stores.problems and not any(problem for _, _, problem in rows)
    return 0 if mended else ConfigurationError.exit_code


def _problem(name: str) -> str | None:
    """Say what keeps a store from running, as far as it can be told without a connection."""
    try:
        settings = load_settings(name)
        settings.require("store_url", "state_url", "api_key")
        _ = settings.config
    except ConfigurationError as error:
        return str(error)
    return None
