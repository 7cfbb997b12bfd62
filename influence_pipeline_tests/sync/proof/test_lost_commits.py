"""T8, the order side: between the engine and its databases stands a proxy that breaks connections
off, before a statement, in the midst of a reply, and after a COMMIT of which nobody hears."""

from __future__ import annotations

import random
import time
from contextlib import closing, suppress
from typing import Any

import psycopg2
import pytest

from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.records import Entity
from influence_pipeline.sync.engine import Engine
from influence_pipeline_tests.support import variants
from influence_pipeline_tests.support.fault_proxy import Plan as ApiPlan
from influence_pipeline_tests.support.order_lives import OrderLives
from influence_pipeline_tests.support.postgres_proxy import COMMIT_MODES, MODES, Plan
from influence_pipeline_tests.support.proxied import FaultProxy
from influence_pipeline_tests.support.proxied_postgres import PostgresProxy, name_of
from influence_pipeline_tests.support.tally import Tally
from influence_pipeline_tests.support.world import World

pytestmark = pytest.mark.proves("T8")

# The share of statements and of commits that go wrong. A run has some hundred statements and a dozen
# commits, so that of these hardly one gets to its end.
SELDOM = {"rate": 1 / 100, "commit_rate": 1 / 10}
STATEMENTS = {"rate": 1 / 40, "commit_rate": 1 / 10}
COMMITS = {"rate": 1 / 100, "commit_rate": 1 / 3}
# By the clock, not by rounds: while the proxy refuses connections a round is over at once.
PATIENCE_SECONDS = 900


class Site:
    """A world whose databases are reached through the proxy. The test itself asks them directly."""

    def __init__(self, world: World, api: FaultProxy, databases: PostgresProxy) -> None:
        self.world = world
        self._api = api
        self._databases = databases
        self._state_url = world.state_url
        self._store_url = world.store_url

    def plan(self, where: str, seed: int, **rates: Any) -> Plan:
        names = {"state": [name_of(self._state_url)], "store": [name_of(self._store_url)]}
        return Plan(databases=names.get(where, []), seed=seed, **rates)

    def live_through(self, plan: Plan, orders: int) -> dict[str, dict[str, int]]:
        """Orders are placed and moved while syncs run, until all is delivered; gives what the proxy
        says that went wrong."""
        chance = random.Random(plan.seed)
        lives = OrderLives(self.world, chance)
        through = self._databases.through
        self.world.state_url, store = through(self._state_url), through(self._store_url)
        self._databases.follow(plan)
        for _ in range(3):
            for _ in range(orders // 3):
                lives.place()
                lives.move()
            self.sync(store)
        end = time.monotonic() + PATIENCE_SECONDS
        while self.left():
            assert time.monotonic() < end, "work was left"
            self.sync(store)
        said = self._databases.quiet()
        self.world.state_url = self._state_url
        return said

    def sync(self, store_url: str) -> None:
        """What a schedule does: run, fail, run again; then the quiet window passes. What was found
        is sent also where the look for more comes to nothing."""
        settings = self.world.settings(store_url=store_url)
        with Engine(settings, wait_seconds=0) as engine:
            with suppress(InfluencePipelineError):
                engine.capture(Entity.ORDER)
            with suppress(InfluencePipelineError):
                engine.deliver(Entity.ORDER)
        self._api.all_has_arrived()
        self.ask("UPDATE influence.snapshot SET late_until = now()")
        self.ask("UPDATE influence.work SET next_at = now(), lease_until = now()")

    def left(self) -> int:
        """Orders that are not captured, or not delivered, as they are in the store."""
        rows = self.ask(
            "SELECT count(*) FROM influence.work WHERE entity = 'order' AND state <> 'parked'"
        )
        if rows[0][0]:
            return int(rows[0][0])
        return sum(d.entity == "order" and d.kind == "lost" for d in self.world.judge().differences)

    def ask(self, sql: str) -> list[tuple[int, ...]]:
        with closing(psycopg2.connect(self._state_url)) as connection, connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def site(troubled: World, proxy: FaultProxy, postgres_proxy: PostgresProxy) -> Site:
    return Site(troubled, proxy, postgres_proxy)


def well(site: Site, orders: int, tally: Tally) -> None:
    verdict, parked = site.world.judge(), site.world.parked()
    tally(orders, "orders", lost=verdict.lost, doubled=verdict.doubled, parked=len(parked))
    assert ([str(d) for d in verdict.differences], parked) == ([], {})


@pytest.mark.seeds(0, slow=1)
@pytest.mark.parametrize("where", ["state", "store"])
def test_no_order_is_lost_or_doubled_whatever_becomes_of_statements_and_commits(
    site: Site, where: str, seed: int, tally: Tally
) -> None:
    said = site.live_through(site.plan(where, seed, **SELDOM), 9)
    well(site, 9, tally)
    assert said["fired"]
    if where == "state":
        assert said["unheard"]["COMMIT"] > 0


@pytest.mark.slow
@pytest.mark.seeds(0, slow=1)
@pytest.mark.parametrize("where", ["state", "store"])
@pytest.mark.parametrize("how", [STATEMENTS, COMMITS], ids=["1/40 statements", "1/3 commits"])
def test_so_it_is_where_hardly_a_run_gets_to_its_end(
    site: Site, where: str, how: dict[str, float], seed: int, tally: Tally
) -> None:
    said = site.live_through(site.plan(where, seed, **how), 9)
    well(site, 9, tally)
    assert said["fired"]
    if where == "state":
        # Of the store a sync only reads, in a few statements.
        assert set(said["fired"]) >= {"applied_unheard", "dropped_before"}


@pytest.mark.slow
@pytest.mark.seeds(0, slow=1)
def test_of_ninety_orders_none_is_lost_or_doubled_where_both_databases_and_the_api_break(
    site: Site, proxy: FaultProxy, seed: int, tally: Tally
) -> None:
    site.world.configure(("timeout_seconds = 10", "timeout_seconds = 0.5\npark_after = 50"))
    proxy.follow(ApiPlan(rate=0.1, seed=seed))
    said = site.live_through(site.plan("both", seed, **SELDOM), 90)
    well(site, 90, tally)
    assert set(said["fired"]) == {*MODES, *COMMIT_MODES}


# Which commit is lost depends on the seed and on how far a run got, so a control has some lives.
CONTROL_LIVES = 8


def doubles_in_time(site: Site, **plan: Any) -> bool:
    """Whether one of a few lives ends with an order doubled."""
    for seed in range(CONTROL_LIVES):
        site.live_through(site.plan("state", seed, rate=0, **plan), 6)
        if site.world.judge().doubled:
            return True
    return False


@pytest.mark.slow
def test_control_a_pipeline_that_takes_lost_commits_as_done_doubles_orders(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply("takes lost commits as done", monkeypatch)
    assert doubles_in_time(site, commit_rate=0.5, commit_modes=["dropped_before"])


@pytest.mark.slow
def test_control_a_pipeline_that_posts_again_after_a_lost_commit_doubles_orders(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants.apply("posts again on restart", monkeypatch)
    assert doubles_in_time(site, commit_rate=0.4)


# -- the proxy itself ------------------------------------------------------------------------------


def connected(through: PostgresProxy, url: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(through.through(url))


def rows(url: str) -> int:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM t")
        return int(cursor.fetchone()[0])  # type: ignore[index]


@pytest.fixture
def table(empty_database_url: str) -> str:
    """A database with an empty table t."""
    with closing(psycopg2.connect(empty_database_url)) as connection, connection:
        connection.cursor().execute("CREATE TABLE t (n int)")
    return empty_database_url


@pytest.mark.parametrize(
    ("mode", "kept"),
    [("applied_unheard", 1), ("half_reply", 1), ("delay", 1), ("dropped_before", 0), ("refused", 0),
     ("terminated", 0), ("silence", 0)],
)  # fmt: skip
def test_the_proxy_makes_of_a_commit_what_the_mode_says(
    postgres_proxy: PostgresProxy, table: str, mode: str, kept: int
) -> None:
    postgres_proxy.follow(Plan(script=[("COMMIT", mode)], databases=[name_of(table)]))
    connection = connected(postgres_proxy, table)
    connection.cursor().execute("INSERT INTO t VALUES (1)")
    started = time.monotonic()
    if mode == "delay":
        connection.commit()
    else:
        with pytest.raises(psycopg2.OperationalError):
            connection.commit()
    assert mode not in {"delay", "silence"} or time.monotonic() - started >= 0.09
    connection.close()
    said = postgres_proxy.quiet()
    assert (said["fired"], rows(table)) == ({mode: 1}, kept)
    assert said["unheard"] == ({"COMMIT": 1} if mode == "applied_unheard" else {})


@pytest.mark.parametrize(("mode", "kept"), [("applied_unheard", 1), ("dropped_before", 0)])
def test_a_statement_that_is_a_transaction_of_its_own_counts_as_a_commit(
    postgres_proxy: PostgresProxy, table: str, mode: str, kept: int
) -> None:
    postgres_proxy.follow(Plan(commit_rate=1, commit_modes=[mode], databases=[name_of(table)]))
    connection = connected(postgres_proxy, table)
    connection.autocommit = True
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("SET LOCAL jit = off; INSERT INTO t VALUES (1)")
    connection.close()
    postgres_proxy.quiet()
    assert rows(table) == kept


def test_the_same_seed_gives_the_same_faults_and_others_are_left_alone(
    postgres_proxy: PostgresProxy, table: str
) -> None:
    def lived(seed: int) -> list[bool]:
        postgres_proxy.follow(Plan(rate=0.5, match="INSERT", modes=["dropped_before"], seed=seed))
        found = []
        for _ in range(20):
            with closing(connected(postgres_proxy, table)) as connection:
                connection.cursor().execute("SELECT count(*) FROM t")
                try:
                    connection.cursor().execute("INSERT INTO t VALUES (1)")
                    found.append(True)
                except psycopg2.OperationalError:
                    found.append(False)
        postgres_proxy.quiet()
        return found

    assert lived(1) == lived(1) != lived(2)
    postgres_proxy.follow(Plan(rate=1, databases=["another"]))
    with closing(connected(postgres_proxy, table)) as connection:
        connection.cursor().execute("SELECT count(*) FROM t")
    postgres_proxy.quiet()
