"""All benchmarks, in the order in which the page shows them: what each measures, its parts, what it
needs. Names only: nothing that is measured is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Benchmark:
    """A script. `text`: what it measures and how, for the page.

    `minutes`: of all its parts on two quiet cores, where no file says it more exactly. `needs`:
    programs that it starts. `packages`, `peers`: whose versions the page names; peers are
    environments of peers/venvs.py.
    """

    name: str
    title: str
    text: str
    parts: tuple[str, ...]
    minutes: float
    needs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    module: str = ""

    @property
    def runs(self) -> str:
        """What `python -m` is given."""
        return self.module or f"benchmarks.{self.name}"


BENCHMARKS = (
    Benchmark(
        "start_up",
        "Start of a command",
        "Whole processes, from their start to their end, beside bare imports. One run to warm up.",
        ("commands",),
        0.5,
    ),
    Benchmark(
        "capture",
        "Capture",
        "How fast changes of a million orders are found, with 2.5 million lines and a million "
        "payments. Each capture runs in a process of its own, connected before the clock starts; "
        "what it is compared with is measured in turn with it. Store and state are in two Postgres "
        "servers on the machine, so that what the store's server writes is what the capture made "
        "it write.",
        ("first", "tick", "changes", "full", "peers", "growth"),
        45,
        packages=("psycopg2-binary", "sqlalchemy"),
        peers=("pandas", "drt", "dlt-sql", "reladiff"),
    ),
    Benchmark(
        "delivery",
        "Delivery",
        "How fast one worker process delivers customers, what it does under limits, among failing "
        "answers and when it is killed. nginx plays the API, or a process that limits calls; their "
        "logs are compared with the backlog. drt sends by its `rest_api` destination, incremental, "
        "its own limit of 10 calls a second off; dlt by a custom destination that calls with "
        "`dlt.sources.helpers.requests`. Both get fewer records, and their start is not counted.",
        (
            *("at-50ms-64", "at-50ms-256", "at-100ms-256", "at-once"),
            *("trouble-50ms", "trouble-0ms"),
            *("limit-5-unknown", "limit-5-known", "limit-50-unknown", "limit-50-known"),
            *("limit-500-unknown", "limit-500-known"),
            *("limit-50-window", "limit-50-spacing", "limit-50-sliding", "limit-50-retry-after"),
            *("kill-50ms", "kill-0ms", "memory", "live"),
        ),
        100,
        needs=("nginx",),
        packages=("pycurl", "psycopg2-binary", "requests"),
        peers=("drt", "dlt"),
    ),
    Benchmark(
        "pacing",
        "The pace, simulated",
        "Four workers with 64 calls in flight each, 50 to 65 ms a reply, a minute under a limit "
        "and a minute under half of it, in simulated time: the machine has no part in it. What it "
        "shows is in [pacing.md](pacing.md#measured).",
        ("limits",),
        5,
    ),
    Benchmark(
        "parts",
        "Parts of a delivery",
        "Making bodies from rows, and writing acknowledgements down, each alone.",
        ("bodies", "acknowledgements"),
        2,
        packages=("psycopg2-binary", "pydantic"),
        peers=("msgspec",),
    ),
    Benchmark(
        "why",
        "One record's story",
        "`why`, `status` and the upkeep of the state with a month of ten million calls in the log.",
        ("commands", "upkeep"),
        7,
        packages=("psycopg2-binary", "sqlalchemy"),
    ),
    Benchmark(
        "receiver",
        "Receiver",
        "How many webhooks the receiver takes. Sender, receiver and Postgres (fsync on) share the "
        "machine; each run has an empty database, whose rows are compared with the answers. The "
        "sender gives each delivery its moment and counts from there. The peer is "
        "[naive_receiver.py](../benchmarks/peers/naive_receiver.py): Starlette, and a transaction "
        "a delivery in the event loop's threads; it checks no token, keeps no headers, and "
        "de-duplicates by `id` alone.",
        ("saturation", "burst", "steady"),
        15,
        packages=("uvicorn", "starlette", "uvloop", "psycopg2-binary"),
    ),
    Benchmark(
        "coupons",
        "Coupons",
        "From a webhook to a coupon in the store, on one Postgres (fsync on), with an API that "
        "answers in 5 ms. Sender, Postgres and API share the machine. *A run for each event* is a "
        "Dagster project whose sensor asks for a run for each stored event, at one in 5 s, because "
        "runs queue up above that; the *naive handler* is what psycopg2 and requests do at most, "
        "without lease, intention or lock.",
        ("fast-path", "sensor", "drain"),
        12,
        packages=("dagster", "psycopg2-binary", "requests"),
    ),
    Benchmark(
        "balances",
        "Balances",
        "A look at the balances of all members for movements that are missing, beside pandas; and "
        "what it costs an event to write its balance down.",
        ("look", "events"),
        5,
        packages=("pandas", "psycopg2-binary"),
    ),
    Benchmark(
        "tick",
        "A tick in Dagster",
        "A run of `incremental_sync` on a store in which nothing has changed, beside a job of as "
        "many no-op assets with the same checks and numbers. Both run in turn, each in a fresh "
        "process on an instance of its own; CPU is that of the process from its start to its end, "
        "rows and bytes are what is there after a run and was not before. In files, SQLite makes a "
        "database for each run, which is most of the bytes.",
        ("files", "postgres"),
        5,
        packages=("dagster", "dagster-postgres", "sqlalchemy"),
    ),
    Benchmark(
        "scale_out",
        "Scale-out",
        "The first import on several workers, two of which are killed, and what more workers "
        "bring. The services of deploy/compose.yaml run as processes, with their own commands. "
        "Workers, Dagster, two databases and the API share the machine.",
        ("kills", "default", "limit", "slow", "fast"),
        14,
        needs=("nginx", "redis-server"),
        packages=("dagster", "dagster-celery", "celery"),
    ),
    Benchmark(
        "backfill",
        "The size of an import's runs",
        "36 months of a small store by how many partitions a run has; the API answers at once, so "
        "that what is left is what Dagster and the import's parts cost. Dagster's daemon looks at "
        "backfills each 30 s.",
        ("default", "celery"),
        14,
        needs=("nginx", "redis-server"),
        packages=("dagster", "dagster-celery", "celery"),
    ),
)


def named(name: str) -> Benchmark:
    """Raises KeyError."""
    return {one.name: one for one in BENCHMARKS}[name]


def chosen(only: str | None, names: Sequence[str]) -> list[str]:
    """Choose by names, or how they begin (`limit` is all `limit-…`), with commas between.

    Raises ValueError for what none is called.
    """
    if not only:
        return list(names)
    wanted = only.split(",")
    for one in wanted:
        if not any(_is(name, one) for name in names):
            raise ValueError(f"There is no {one}; there are {', '.join(names)}.")
    return [name for name in names if any(_is(name, one) for one in wanted)]


def _is(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}-")
