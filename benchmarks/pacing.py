"""The pace against limits, simulated: the table of docs/pacing.md. Run from the project's folder:

    python -m benchmarks.pacing [seeds]

Four workers with 64 calls in flight each, 50 to 65 ms a reply. The limit halves after a minute.
"""

from __future__ import annotations

import random
import sys
from statistics import mean

from influence_pipeline_tests.support.limited_api import (
    FixedWindow,
    LimitedApi,
    SlidingLog,
    TokenBucket,
)

HALF = 60.0
KINDS = {"token bucket": TokenBucket, "fixed window": FixedWindow, "sliding window": SlidingLog}


def measure(kind: type, limit: float, ceiling: float | None, seed: int) -> tuple[float, ...]:
    """Give the shares used and refused in both settled spans, and what was refused in all."""
    random.seed(seed)
    limiter = kind(limit)
    api = LimitedApi(limiter, ceiling=ceiling)
    api.run(HALF)
    limiter.change(limit / 2)
    api.run(2 * HALF)
    # A window lets whole calls pass: two of 2.5.
    then = limit / 2 if kind is TokenBucket else limit // 2
    found: list[float] = []
    for start, end, allowed in ((10.0, HALF, limit), (HALF + 10.0, 2 * HALF, then)):
        found.append(api.passed(start, end) / (end - start) / allowed)
        found.append(api.share_refused(start, end))
    return (*found, api.share_refused(0.0, 2 * HALF), api.refused(0.0, 2 * HALF))


def main() -> None:
    seeds = range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 5))
    print("| calls/s | API counts by | ceiling | used | 429 | used, halved | 429 | 429 in all |")
    print("|---|---|---|---|---|---|---|---|")
    for limit in (5, 50, 500):
        for name, kind in KINDS.items():
            for ceiling in (None, float(limit)):
                runs = [measure(kind, limit, ceiling, seed) for seed in seeds]
                used, refused, used_then, refused_then, share, count = map(
                    mean, zip(*runs, strict=True)
                )
                known = "the limit" if ceiling else "none"
                print(
                    f"| {limit} | {name} | {known} "
                    f"| {used:.1%} ({min(run[0] for run in runs):.1%}) | {refused:.2%} "
                    f"| {used_then:.1%} ({min(run[2] for run in runs):.1%}) | {refused_then:.2%} "
                    f"| {share:.2%} ({count:.0f}) |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
