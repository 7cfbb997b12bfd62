"""`python -m influence_pipeline.sandbox.platform SETTINGS.json`: a sandbox without the CLI.

For programs that start one, tests among them: the file holds `SandboxSettings` as JSON.
"""

from __future__ import annotations

import sys
from pathlib import Path

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.sandbox.platform.server import serve
from influence_pipeline.sandbox.platform.settings import SandboxSettings


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("Give one argument: a JSON file with the sandbox's settings.\n")
        return 2
    try:
        serve(SandboxSettings.model_validate_json(Path(sys.argv[1]).read_bytes()))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
