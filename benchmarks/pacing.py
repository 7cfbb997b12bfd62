"""The pace against limits, simulated.

python -m benchmarks.pacing [--seeds 6] [--limits 5,50,500]

Four workers with 64 calls in flight each, 50 to 65 ms a reply. The limit halves after a minute.
"""

from __future__ import annotations

import random
from statistics import mean

from benchmarks import command
from benchmarks.catalogue import named
from benchmarks.rows import Section, Table, section
from influence_pipeline_tests.support.limited_api import (
    FixedWindow,
    LimitedApi,
    SlidingLog,
    TokenBucket,
)

BENCHMARK = named("pacing")
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


def limits(rates: list[int], seeds: int) -> Section:
    rows = []
    for limit in rates:
        for name, kind in KINDS.items():
            for ceiling in (None, float(limit)):
                runs = [measure(kind, limit, ceiling, seed) for seed in range(1, 1 + seeds)]
                used, refused, used_then, refused_then, share, count = map(
                    mean, zip(*runs, strict=True)
                )
                row = (
                    str(limit),
                    name,
                    "the limit" if ceiling else "none",
                    f"{used:.1%} ({min(run[0] for run in runs):.1%})",
                    f"{refused:.2%}",
                    f"{used_then:.1%} ({min(run[2] for run in runs):.1%})",
                    f"{refused_then:.2%}",
                    f"{share:.2%} ({count:.0f})",
                )
                print(" | ".join(row), flush=True)
                rows.append(row)
    header = ("calls/s", "API counts by", "ceiling", "used", "429", "used, halved", "429")
    text = (
        "*Used* is the share of what is allowed from ten seconds after each change on, mean of "
        f"{seeds} seeds (and the worst); *429* the share of refused calls in the same time; the "
        "last column counts from the first call on. The database is not in it: an exchange takes "
        "3 ms and succeeds."
    )
    table = Table((*header, "429 in all"), tuple(rows))
    return section("Limits that halve after a minute", text=text, table=table)


def main() -> None:
    parser = command.parser(BENCHMARK, __doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--limits", default="5,50,500", help="calls a second")
    given = command.parse(parser, BENCHMARK, {"seeds": 1, "limits": "5"})
    rates = [int(limit) for limit in given.limits.split(",")]
    with command.recording(BENCHMARK, given) as record:
        record.measure("limits", lambda: limits(rates, given.seeds))


if __name__ == "__main__":
    main()
