"""What each peer's script says of itself, as one line of JSON. Knows nothing of this project, so
that it runs in the peers' environments."""

import json
import time
from collections.abc import Callable
from pathlib import Path


def say(
    work: Callable[[], dict[str, int]], found: Callable[[], dict[str, int]] | None = None
) -> None:
    """Run it; print its seconds, the most memory of this process, and what it found.

    What is imported before is not counted in the seconds, nor is `found`, which looks afterwards.
    """
    began = time.perf_counter()
    result = work()
    said = {"seconds": time.perf_counter() - began, "memory_mb": _most_memory_mb(), **result}
    if found is not None:
        said.update(found())
    print()
    print(json.dumps(said))


def _most_memory_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
