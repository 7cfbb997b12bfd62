"""How long a command takes to start, beside what its parts would cost.

python -m benchmarks.start_up
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import machine, median_seconds, table

COMMANDS = {
    "influence-pipeline --version": ["-m", "influence_pipeline.cli", "--version"],
    "influence-pipeline sync (its imports)": [
        "-c",
        "import influence_pipeline.cli.sync, influence_pipeline.platform_api.curl",
    ],
    "python alone": ["-c", "pass"],
    "import dagster": ["-c", "import dagster"],
    "import pandas": ["-c", "import pandas"],
}


def main() -> None:
    print(machine())
    rows = {
        name: median_seconds(
            lambda a=arguments: subprocess.run(
                [sys.executable, *a], check=True, capture_output=True
            )
        )
        for name, arguments in COMMANDS.items()
    }
    table("start of a process, median of 5", "influence-pipeline --version", rows)


if __name__ == "__main__":
    main()
