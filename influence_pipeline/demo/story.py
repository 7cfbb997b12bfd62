"""What happens in the demo, step by step. Each step is done by who does it in production: the shop
writes into its own tables, Dagster runs the pipeline, the customer redeems at Influence."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg2

from influence_pipeline.demo.processes import DemoError
from influence_pipeline.demo.stage import Stage
from influence_pipeline.postgres import Postgres
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.judge import Verdict, compare
from influence_pipeline.sql import load_queries
from influence_pipeline.state.database import open_state
from influence_pipeline.sync import status

_QUERIES = load_queries(__file__, "story.sql")
# Runs a job to its end and notes it in DAGSTER_HOME, where the UI shows it.
EXECUTE = ["-m", "dagster", "job", "execute", "-m", "influence_pipeline.definitions"]
DAEMON = ["-m", "dagster._daemon", "run"]
RULE = "rule-5-off"


@dataclass
class Journey:
    """One coupon's way, with the moments as each party noted them."""

    code: str = ""
    steps: list[tuple[str, datetime]] = field(default_factory=list)

    def add(self, what: str, at: datetime | None) -> None:
        if at is None:
            raise DemoError(f"The coupon's journey has no moment for: {what}.")
        self.steps.append((what, at.astimezone(UTC)))


@dataclass
class Told:
    """What the demo shows at its end."""

    entities: dict[str, dict[str, int]]
    journey: Journey
    verdict: Verdict
    seconds: float


def tell(stage: Stage, say: Callable[[str], None]) -> Told:
    """Play the whole story on the stage. Raises DemoError if a step does not come about."""
    started = time.monotonic()
    first_import(stage, say)
    say("in the shop: new customers, a changed name, orders, money that moves, a variant goes")
    buyer = a_day_in_the_shop(stage)
    state = open_state(stage.state_url)
    try:
        say("Dagster's daemon: waiting for the schedule's next tick (it ticks every minute here)")
        since = datetime.now(UTC)
        stage.processes.start("daemon", [*DAEMON, *stage.workspace], stage.environment)
        _wait(stage, 90, "a scheduled sync", lambda: _synced(state, since))
        say("the customer redeems points; Influence's webhook, the inbox, the sensor, the coupon")
        journey = redeem(stage, state, buyer)
        say("the customer's next order uses the coupon; one more sync")
        use_coupon(stage, state, buyer, journey)
        stage.processes.stop("daemon")
        say("comparing the store with the sandbox's own ledger")
        verdict = compare(stage.store_url, stage.ledger, go_live=stage.go_live)
        return Told(_counts(state), journey, verdict, time.monotonic() - started)
    finally:
        state.close()


def first_import(stage: Stage, say: Callable[[str], None]) -> None:
    """Import customers and products, all months in one run."""
    say("first import of customers and products, through Dagster")
    first = f"{stage.go_live.year - 4}-{stage.go_live.month:02d}-01"
    last = f"{stage.go_live.year}-{stage.go_live.month:02d}-01"
    stage.processes.run(
        "first_import",
        ["-m", "influence_pipeline.demo.import_run", first, last],
        stage.environment,
    )


def a_day_in_the_shop(stage: Stage) -> str:
    """Let the shop's data change as shops' data does; give a customer who will have points."""
    shop = stage.store_url
    sample_store.add_customers(shop, 25)
    buyer = sample_store.add_customers(shop, 1).customers[0]
    sample_store.rename_customer(shop, sample_store.add_customers(shop, 1).customers[0])
    sample_store.rename_customer(shop, _an_old_customer(shop))
    # Enough for a reward whatever the basket costs: one point for each unit of currency.
    for _ in range(8):
        sample_store.place_order(shop, buyer, paid=True)
    sample_store.place_order(shop, None, email="guest@example.com", paid=True)
    sample_store.place_order(shop, buyer, currency="JPY", paid=True)
    sample_store.place_order(shop, buyer, currency="KWD")
    captured, refunded, partly, cancelled = (
        sample_store.place_order(shop, buyer, authorized=True).orders[0] for _ in range(4)
    )
    for order in (captured, refunded, partly):
        sample_store.capture_payment(shop, order)
    sample_store.refund_order(shop, refunded)
    sample_store.refund_order(shop, partly, Decimal(1))
    sample_store.cancel_order(shop, cancelled)
    sample_store.remove_variant(shop)
    return buyer


def redeem(stage: Stage, state: Postgres, buyer: str) -> Journey:
    """Spend points at Influence and wait for the coupon to stand in the shop."""
    journey = Journey()
    redeemed_at = datetime.now(UTC)
    reply = stage.api("POST", f"/sandbox/customers/{buyer}/redeem", json={"ruleId": RULE}).json()
    journey.code = str(reply["reward"]["couponCode"])
    journey.add("points spent at Influence", redeemed_at)
    _wait(stage, 30, "the coupon", lambda: _code_in_shop(stage.store_url, journey.code))
    seen_at = datetime.now(UTC)
    made = _row(state, "coupon", code=journey.code)
    journey.add("its webhook stored", made.received_at)
    journey.add("seen in the shop, usable", seen_at)
    return journey


def use_coupon(stage: Stage, state: Postgres, buyer: str, journey: Journey) -> None:
    """Order with the code, sync, and see the reward marked as used."""
    placed_at = datetime.now(UTC)
    order = sample_store.place_order_with_code(stage.store_url, buyer, journey.code, paid=True)
    journey.add("used by an order in the shop", placed_at)
    stage.processes.run(
        "incremental_sync",
        [*EXECUTE, "-j", "incremental_sync"],
        stage.environment,
    )
    code = journey.code
    _wait(stage, 60, "the reward's use", lambda: _row(state, "coupon", code=code).reward_used_at)
    told = _row(state, "coupon", code=journey.code)
    key = order.orders[0]
    journey.add("the order acknowledged", _row(state, "order_acknowledged", key=key).at)
    journey.add("the reward marked as used at Influence", told.reward_used_at)


def _counts(state: Postgres) -> dict[str, dict[str, int]]:
    books = status.overview(state)["entities"]
    with state.transaction() as connection:
        runs = {row.entity: row for row in connection.execute(_QUERIES["runs"])}
    result = {}
    for entity in ("customer", "product", "order"):
        run = runs[entity]
        in_store = books[entity]["in_store"]
        result[f"{entity}s"] = {
            "in_store": in_store,
            "sent": int(run.sent),
            "new": int(run.created),
            "changed": int(run.changed),
            "unchanged": max(in_store - int(run.created) - int(run.changed), 0),
            "parked": books[entity]["parked"],
            "calls": int(run.calls),
        }
    return result


def _synced(state: Postgres, since: datetime) -> bool:
    return bool(_row(state, "delivered_since", since=since).count)


def _row(state: Postgres, query: str, **values: Any) -> Any:
    with state.transaction() as connection:
        return connection.execute(_QUERIES[query], values).one()


def _ask_shop(url: str, query: str, values: tuple[object, ...] = ()) -> Any:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchone()
    finally:
        connection.close()


def _code_in_shop(url: str, code: str) -> bool:
    return _ask_shop(url, "SELECT 1 FROM discount_codes WHERE code = %s", (code,)) is not None


def _an_old_customer(url: str) -> str:
    found = _ask_shop(
        url,
        "SELECT id FROM customers WHERE deleted_at IS NULL AND NOT is_guest "
        "ORDER BY created_at LIMIT 1",
    )
    return str(found[0])


def _wait(stage: Stage, seconds: float, what: str, there: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        stage.processes.check()
        if time.monotonic() > deadline:
            raise DemoError(
                f"{what} did not come within {seconds:.0f} s; read the logs in {stage.folder}/logs."
            )
        time.sleep(0.05)
