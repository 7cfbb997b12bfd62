"""Commands that are planned and not built yet. They say so and do nothing."""

from __future__ import annotations

import argparse
import sys

_INSTEAD = {
    "forget": "docs/operations.md has the SQL that erases a customer by hand",
}


def run(arguments: argparse.Namespace) -> int:
    name = arguments.command
    print(f"`{name}` is not built yet; {_INSTEAD[name]}.", file=sys.stderr)
    return 2
