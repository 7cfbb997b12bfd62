"""`influence-pipeline schema`: print the JSON Schema of influence.toml."""

from __future__ import annotations

import argparse

from influence_pipeline.settings.schema import schema_text


def run(arguments: argparse.Namespace) -> int:
    print(schema_text(), end="")
    return 0
