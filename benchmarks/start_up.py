"""How long a command takes to start, beside what its parts would cost.

python -m benchmarks.start_up
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.measure import beside_first, median_seconds
from benchmarks.rows import Section, at_most, section

BENCHMARK = named("start_up")
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
_BAR_SECONDS = 0.4


def commands(runs: int) -> Section:
    taken = {
        name: median_seconds(
            lambda a=arguments: subprocess.run(  # type: ignore[misc]
                [sys.executable, *a], check=True, capture_output=True
            ),
            runs,
        )
        for name, arguments in COMMANDS.items()
    }
    first = next(iter(taken))
    rows = [at_most(first, taken[first], _BAR_SECONDS, "s"), *beside_first(taken, "s")[1:]]
    return section("Start of a process", rows, runs=runs)


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--runs", type=int, default=5, help="of which the median is taken")
    given = command.parse(parser, BENCHMARK, {"runs": 1})
    with command.recording(BENCHMARK, given) as record:
        record.measure("commands", lambda: commands(given.runs))


if __name__ == "__main__":
    main()
