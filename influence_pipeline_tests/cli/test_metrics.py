"""Prometheus metrics: the state in numbers, every call counted once, nothing of anybody in them."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from influence_pipeline.cli.metrics import serving
from influence_pipeline.postgres import Postgres
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import metrics as module
from influence_pipeline.sync import status
from influence_pipeline.sync.metrics import StateMetrics
from influence_pipeline_tests.cli.conftest import CommandLine, Trouble
from influence_pipeline_tests.sandbox.platform_fixtures import until
from influence_pipeline_tests.support.world import World


class Watch:
    """A clock that stands, so that nothing is taken for slow, unless a test moves it."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class Exporter:
    """A served set of metrics, read as Prometheus does."""

    def __init__(self, port: int) -> None:
        self.port = port

    def scrape(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Values by name and the values of the labels, in the order of the labels' names."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as reply:
            return values(reply.read().decode())


def values(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for sample in samples(text):
        labels = tuple(value for _, value in sorted(sample.labels.items()))
        assert labels not in found.setdefault(sample.name, {})
        found[sample.name][labels] = sample.value
    return found


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


@pytest.fixture
def exporter(world: World) -> Iterator[Exporter]:
    metrics = StateMetrics(lambda: open_state(world.state_url, pool_size=1), now=Watch())
    with serving(metrics, "127.0.0.1", 0) as port:
        yield Exporter(port)


def calls_made(world: World) -> int:
    """What the sandbox itself has counted."""
    return int(world.sandbox.rows("SELECT count(*) AS n FROM calls")[0]["n"])


# --- counters


def test_every_call_is_counted_once_by_whomever_it_was_made(
    world: World, exporter: Exporter
) -> None:
    before = exporter.scrape()
    assert sum(before["influence_calls_total"].values()) == 0
    world.sync()
    sample_store.add_customers(world.store_url)
    worker = subprocess.run(
        [sys.executable, "-m", "influence_pipeline.cli", "sync", "--json"],
        env=world.environment(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert worker.returncode == 0
    for _ in range(2):
        after = exporter.scrape()
        assert sum(after["influence_calls_total"].values()) == calls_made(world)
        assert after["influence_calls_total"]["PUT customer", "customer", "accepted"] == 59
        assert after["influence_call_seconds_count"]["PUT customer", "customer"] == 59
        assert sum(after["influence_call_seconds_count"].values()) == calls_made(world)
    # Every kind of call had its counter from the beginning, so that its growth is seen.
    assert set(after["influence_calls_total"]) == set(before["influence_calls_total"])


def test_control_a_counter_that_adds_up_the_whole_log_each_time_is_caught(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(metrics: StateMetrics) -> None:
        assert metrics._feed is not None
        metrics._feed._top = 0

    metrics = StateMetrics(lambda: open_state(world.state_url, pool_size=1), now=Watch())
    with serving(metrics, "127.0.0.1", 0) as port:
        exporter = Exporter(port)
        exporter.scrape()
        world.sync()
        exporter.scrape()
        forgetful(metrics)
        doubled = exporter.scrape()
    assert sum(doubled["influence_calls_total"].values()) == 2 * calls_made(world)


def test_refusals_and_throttling_are_counted_apart(world: World, exporter: Exporter) -> None:
    exporter.scrape()
    world.sandbox.fault("too_many", method="PUT", times=2, retry_after="none")
    buyer = sample_store.add_customers(world.store_url).customers[0]
    world.sandbox.set(reject=[{"entity": "customer", "id": buyer}])
    world.sync()
    found = exporter.scrape()
    assert found["influence_throttled_total"][("customer",)] == 2
    assert found["influence_calls_total"]["PUT customer", "customer", "later"] == 2
    assert found["influence_calls_total"]["PUT customer", "customer", "rejected"] == 3


def test_the_histogram_puts_each_call_where_it_belongs(world: World, exporter: Exporter) -> None:
    exporter.scrape()
    world.ask_state(
        "INSERT INTO influence.attempt (entity, key, call, outcome, ms) SELECT 'order', 'k', "
        "'GET order', 'accepted', ms FROM unnest(ARRAY[0, 10, 11, 250, 61000, NULL]) ms RETURNING 1"
    )
    found = exporter.scrape()
    of_get = {
        labels[2]: count
        for labels, count in found["influence_call_seconds_bucket"].items()
        if labels[:2] == ("GET order", "order")
    }
    assert {bound: of_get[bound] for bound in ("0.01", "0.025", "0.1", "0.25", "60.0", "+Inf")} == {
        "0.01": 2, "0.025": 3, "0.1": 3, "0.25": 4, "60.0": 4, "+Inf": 5,
    }  # fmt: skip
    assert found["influence_call_seconds_count"]["GET order", "order"] == 5
    assert found["influence_call_seconds_sum"]["GET order", "order"] == pytest.approx(61.271)
    assert found["influence_calls_total"]["GET order", "order", "accepted"] == 6


def test_counters_begin_anew_with_the_exporter(world: World, exporter: Exporter) -> None:
    exporter.scrape()
    world.sync()
    assert sum(exporter.scrape()["influence_calls_total"].values()) > 0
    metrics = StateMetrics(lambda: open_state(world.state_url, pool_size=1), now=Watch())
    with serving(metrics, "127.0.0.1", 0) as port:
        assert sum(Exporter(port).scrape()["influence_calls_total"].values()) == 0


def test_counters_begin_with_the_exporter_and_not_with_the_first_question(
    world: World, exporter: Exporter
) -> None:
    world.sync()
    assert sum(exporter.scrape()["influence_calls_total"].values()) == calls_made(world)


# --- gauges


def test_the_gauges_say_what_status_says(
    cli: CommandLine, trouble: Trouble, exporter: Exporter
) -> None:
    found, said = exporter.scrape(), cli("status", "--json").json
    assert found["influence_up"] == {(): 1}
    for entity, facts in said["entities"].items():
        shown = {
            state: number
            for (labelled, state), number in found["influence_records"].items()
            if labelled == entity
        }
        assert shown == {
            "in_store": facts["in_store"],
            "synced": facts["synced"],
            "gone": facts["gone"],
            "due": facts["ready"],
            "blocked": facts["blocked"],
            "parked": facts["parked"],
            "withheld": facts["withheld"],
            "held": facts["held"],
        }
    assert found["influence_records"]["customer", "parked"] == 2
    assert found["influence_oldest_pending_seconds"][("order",)] > 0
    assert found["influence_oldest_pending_seconds"][("product",)] == 0
    assert found["influence_pace_calls_per_second"][()] > 0
    assert found["influence_last_run_failed"] == {
        ("customer",): 0, ("product",): 0, ("order",): 0, ("reward",): 0,
    }  # fmt: skip
    assert found["influence_coupons"] == {("made",): 0, ("used",): 0, ("told",): 0}


def test_a_run_that_stopped_the_inbox_and_coupons_are_told(
    cli: CommandLine, world: World, exporter: Exporter
) -> None:
    assert "influence_last_run_failed" not in exporter.scrape()
    cli.set(API_KEY="wrong")
    cli("sync", "--entity", "products")
    world.ask_state(
        "INSERT INTO influence.inbox (id, dedupe_key, body_sha256, body, headers, state, received_at) "
        "OVERRIDING SYSTEM VALUE SELECT n, n::text, '', '', '{}', state, now() - interval '1 min' * n "
        "FROM unnest(ARRAY['new', 'new', 'done', 'parked']) WITH ORDINALITY v (state, n) RETURNING 1"
    )
    world.ask_state(
        "INSERT INTO influence.coupon (code, event_id, kind, state, used_at) VALUES "
        "('A-CODE', 3, 'fixed', 'used', now()) RETURNING 1"
    )
    found = exporter.scrape()
    assert found["influence_last_run_failed"] == {("product",): 1}
    assert found["influence_inbox_events"] == {
        ("new",): 2, ("done",): 1, ("parked",): 1, ("quarantined",): 0,
    }  # fmt: skip
    assert found["influence_inbox_oldest_new_seconds"][()] == pytest.approx(120, abs=60)
    assert found["influence_coupons"] == {("made",): 1, ("used",): 1, ("told",): 0}


def test_no_key_and_nothing_personal_is_in_them(
    world: World, trouble: Trouble, exporter: Exporter
) -> None:
    exporter.scrape()
    world.sandbox.set(reject=[])
    sample_store.add_customers(world.store_url, 3)
    world.sync()
    url = f"http://127.0.0.1:{exporter.port}/metrics"
    with urllib.request.urlopen(url, timeout=30) as reply:
        text = reply.read().decode()
    allowed = {
        "entity": {"customer", "product", "order", "reward"},
        "call": {call for _, call in module._KINDS},
        "outcome": {meaning.value for meaning in module.Meaning},
        "state": {
            *module._RECORD_STATES.values(), "new", "done", "parked", "quarantined",
            "made", "used", "told",
        },
        "le": {*map(str, module._BUCKETS), "+Inf"},
    }  # fmt: skip
    for sample in samples(text):
        for label, value in sample.labels.items():
            assert value in allowed[label], sample


# --- trouble


def test_the_exporter_outlives_the_state_database(tmp_path: Path) -> None:
    said: list[str] = []
    with EmbeddedPostgres.start(tmp_path / "data", fast=True) as server:
        url, port = server.create_database("state"), server.port
        metrics = StateMetrics(lambda: open_state(url, pool_size=1), now=Watch(), said=said.append)
        with serving(metrics, "127.0.0.1", 0) as served:
            exporter = Exporter(served)
            assert exporter.scrape()["influence_up"] == {(): 1}
            log_a_call(url)
            assert (
                exporter.scrape()["influence_calls_total"]["PUT customer", "customer", "accepted"]
                == 1
            )
            server.stop()
            for _ in range(2):
                away = exporter.scrape()
                assert away["influence_up"] == {(): 0}
                assert "influence_records" not in away
                assert away["influence_calls_total"]["PUT customer", "customer", "accepted"] == 1
            with EmbeddedPostgres.start(tmp_path / "data", port=port, fast=True):
                log_a_call(url)
                back = exporter.scrape()
                assert back["influence_up"] == {(): 1}
                assert back["influence_calls_total"]["PUT customer", "customer", "accepted"] == 2
                assert "influence_records" in back
    # The line that broke and the server that is not there are two things to be told, once each.
    assert len(said) == len(set(said)) in (2, 3)
    assert "(INFLUENCE_STATE_URL)" in said[0]
    assert said[-1] == "The state database can be read again."


def log_a_call(url: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO influence.attempt (entity, key, call, outcome) "
            "VALUES ('customer', 'k', 'PUT customer', 'accepted')"
        )
        connection.commit()


def test_an_exporter_that_starts_before_the_state_is_there_serves(world: World) -> None:
    url = "postgresql://u:canary-s3cret@127.0.0.1:9/d"
    said: list[str] = []
    states = iter([url, url, world.state_url])
    metrics = StateMetrics(lambda: open_state(next(states)), now=Watch(), said=said.append)
    with serving(metrics, "127.0.0.1", 0) as port:
        assert Exporter(port).scrape()["influence_up"] == {(): 0}
        assert Exporter(port).scrape()["influence_up"] == {(): 1}
    assert len(said) == 2
    assert "canary" not in "".join(said)


def test_a_large_state_is_not_looked_at_more_often_than_it_can_bear(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, looks, overview = Watch(), [], status.overview

    def slow(state: Postgres) -> object:
        looks.append(watch.time)
        watch.time += 2
        return overview(state)

    monkeypatch.setattr(module.status, "overview", slow)
    metrics = StateMetrics(lambda: open_state(world.state_url, pool_size=1), now=watch)
    while watch.time < 25:
        assert {family.name for family in metrics.collect()} >= {
            "influence_up",
            "influence_records",
        }
        watch.time += 1
    metrics.close()
    # It took 2 s, so it is left alone for 6 s.
    assert looks == [0, 8, 16, 24]


# --- the command


def test_metrics_are_printed_once_when_asked(cli: CommandLine, trouble: Trouble) -> None:
    ran = cli("metrics", "--once")
    assert (ran.code, ran.err) == (0, "")
    assert values(ran.out)["influence_records"]["order", "synced"] == 119
    cli.set(STATE_URL="postgresql://u:canary-s3cret@127.0.0.1:9/d")
    ran = cli("metrics", "--once")
    assert values(ran.out)["influence_up"] == {(): 0}
    assert ran.err.startswith("metrics: The database at 127.0.0.1:9/d (INFLUENCE_STATE_URL): ")
    assert "canary" not in ran.out + ran.err


def test_the_command_serves_until_it_is_told_to_end(world: World, tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "influence_pipeline.cli", "metrics"),
            *("--port", "0", "--port-file", str(port_file)),
        ],
        env=world.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: port_file.exists() and port_file.read_text(), "the exporter answers")
        port = int(port_file.read_text())
        assert Exporter(port).scrape()["influence_up"] == {(): 1}
        with pytest.raises(OSError):
            # Nothing but the one address is listened on.
            socket.create_connection(("127.0.0.2", port), timeout=2)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == f"metrics on http://127.0.0.1:{port}/metrics\n"


def test_a_port_that_is_taken_is_one_line(cli: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in (["metrics", "--port", port], ["sync", "--metrics-port", port]):
            ran = cli(*command)
            assert (ran.code, f"on 127.0.0.1, port {port}: " in ran.error) == (3, True)
    assert cli("metrics", "--port", "70000").code == 3


def test_a_sync_serves_them_while_it_runs(world: World) -> None:
    world.sandbox.set(latency_ms=200)
    world.configure(("timeout_seconds = 2", "timeout_seconds = 2\nin_flight = 1"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "influence_pipeline.cli", "sync", "--entity", "customers"),
            *("--quiet", "--metrics-port", str(port)),
        ],
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def calls_counted() -> bool:
        try:
            found = Exporter(port).scrape()
        except OSError:
            return False
        return found["influence_calls_total"]["PUT customer", "customer", "accepted"] > 0

    until(calls_counted, "calls are counted while the sync runs")
    assert process.poll() is None
    world.sandbox.set(latency_ms=0)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert "sent 58 in 58 calls" in out
