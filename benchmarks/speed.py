"""How many customers a second one worker process delivers, at one latency of the API.

From the first call, as the sink saw it, to the last acknowledgement committed. Who else makes the
same calls in the same run: a bare loop over CurlMulti (the ceiling), and `requests` in threads.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

from benchmarks import beside
from benchmarks.processes import Ran, cpu_seconds_of, run_module
from benchmarks.rows import Row, Section, at_least, at_most, just, peer, section, told
from benchmarks.shops import Shop
from benchmarks.sink import Sink, sink

# Those who are slow are given fewer records: requests in threads, drt and dlt.
_THREADED = 4000
_SLOW, _SLOW_AT_ONCE = 200, 1000


@dataclass(frozen=True)
class Delivered:
    """One delivery of the whole backlog. `whole`: seconds with connecting and the first claim.

    CPU in seconds; the sink's stands apart, because it plays the API.
    """

    records: int
    calls: int
    seconds: float
    whole: float
    lost: int
    twice: int
    worker_cpu: float
    postgres_cpu: float
    sink_cpu: float
    most_memory_mb: float

    @property
    def per_second(self) -> float:
        return self.records / self.seconds

    @property
    def cpu_per_1000(self) -> float:
        return 1000 * (self.worker_cpu + self.postgres_cpu) / self.records


def deliver(shop: Shop, api: Sink) -> Delivered:
    """Let one worker process deliver all customers anew; check at the sink what it did."""
    records = shop.fresh_backlog()
    shop.api_url = api.url
    api.forget()
    postgres, nginx = cpu_seconds_of(shop.server.pid), cpu_seconds_of(api.pid)
    said = run_module("benchmarks.worker", environment=shop.environment()).said
    postgres = cpu_seconds_of(shop.server.pid) - postgres
    nginx = cpu_seconds_of(api.pid) - nginx
    calls = api.calls()
    accepted = api.accepted()
    return Delivered(
        records=records,
        calls=len(calls),
        seconds=said["ended"] - min(call.began for call in calls),
        whole=said["ended"] - said["began"],
        lost=records - len(accepted),
        twice=sum(accepted.values()) - len(accepted),
        worker_cpu=said["cpu_seconds"],
        postgres_cpu=postgres,
        sink_cpu=nginx,
        most_memory_mb=said["most_memory_mb"],
    )


def of_peer(module: str, api: Sink, records: int, in_flight: int) -> tuple[float, Ran]:
    """Let a peer make the same calls; give its records a second."""
    api.forget()
    ran = run_module(f"benchmarks.peers.{module}", api.url, records, in_flight)
    assert len(api.accepted()) == records
    return records / (ran.said["ended"] - ran.said["began"]), ran


def row(
    shop: Shop,
    *,
    ms: int,
    in_flight: int,
    bar_per_second: float,
    runs: int,
    alone: bool,
    bar_cpu_per_1000: float | None = None,
) -> Section:
    """Measure one latency and one number of calls in flight. `alone`: beside the ceiling only."""
    shop.configure(in_flight=in_flight)
    ours: list[Delivered] = []
    ceiling: list[float] = []
    ceiling_cpu: list[float] = []
    threads: list[float] = []
    with sink(ms=ms) as api:
        # In turn, so that whatever else the machine does meets all of them alike.
        for _ in range(runs):
            ours.append(deliver(shop, api))
            rate, ran = of_peer("curl_multi", api, ours[-1].records, in_flight)
            ceiling.append(rate)
            ceiling_cpu.append(1000 * ran.said["cpu_seconds"] / ours[-1].records)
            if not alone:
                few = min(ours[-1].records, _THREADED)
                threads.append(of_peer("requests_threads", api, few, in_flight)[0])
        others = [] if alone else list(beside.rates(shop, api, _SLOW if ms else _SLOW_AT_ONCE))
    rate = statistics.median(one.per_second for one in ours)
    cpu = f"; CPU {statistics.median(ceiling_cpu):.3f} s per 1,000"
    rows = [at_least("customers delivered", rate, bar_per_second, "/s"), *_costs(ours)]
    if bar_cpu_per_1000 is not None:
        used = statistics.median(one.cpu_per_1000 for one in ours)
        rows.insert(1, at_most("CPU of 1,000, with Postgres", used, bar_cpu_per_1000, "s"))
    if ms:
        rows.append(peer("connections / latency", in_flight * 1000 / ms, rate, "/s"))
    rows.append(peer("CurlMulti bare", statistics.median(ceiling), rate, "/s", cpu))
    if threads:
        name = f"requests in {in_flight} threads"
        rows.append(peer(name, statistics.median(threads), rate, "/s"))
    for name, theirs in others:
        failed = Row(name, "not all were sent within two minutes", runs=1)
        rows.append(failed if theirs is None else replace(peer(name, theirs, rate, "/s"), runs=1))
    return section(
        f"The API answers {f'in {ms} ms' if ms else 'at once'}, {in_flight} in flight",
        rows,
        f"{ours[0].records:,} customers: store read, payload, call, acknowledgement committed. "
        "From the first call, as nginx saw it, to the last commit.",
        runs=runs,
    )


def _costs(ours: list[Delivered]) -> list[Row]:
    def cpu(of: str) -> str:
        return f"{statistics.median(1000 * getattr(one, of) / one.records for one in ours):.3f} s"

    whole = statistics.median(one.records / one.whole for one in ours)
    lost, twice = sum(one.lost for one in ours), sum(one.twice for one in ours)
    return [
        told("lost, told twice", "0, 0", f"{lost}, {twice}", met=lost == twice == 0),
        just("with start and end", f"{whole:,.0f}/s"),
        just(
            "CPU of 1,000",
            f"worker {cpu('worker_cpu')}, Postgres {cpu('postgres_cpu')}; sink {cpu('sink_cpu')}",
        ),
        just("memory of the worker", f"{max(one.most_memory_mb for one in ours):.0f} MB"),
    ]
