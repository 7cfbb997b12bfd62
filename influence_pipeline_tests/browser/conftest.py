"""The demo's stage under `dagster dev`, once for these tests, and a fresh page for each of them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from influence_pipeline.demo import story
from influence_pipeline.demo.playground import start_dagster
from influence_pipeline.demo.stage import Stage, set_up
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.judge import Verdict, compare
from influence_pipeline_tests.browser import chromium
from influence_pipeline_tests.browser.pages import PATIENCE_MS, Asset, Launchpad, Ui
from influence_pipeline_tests.browser.watch import Watch
from influence_pipeline_tests.support import pictures

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CUSTOMERS = 600
IMPORT = "customers_import"
_WINDOW = {"width": 1600, "height": 1000}
_PATIENCE_MS = 30_000


@dataclass
class House:
    """What runs: the shop, the sandbox, the receiver and Dagster, which does nothing by itself."""

    stage: Stage
    url: str

    def slow_down(self, milliseconds: int) -> None:
        """Have the sandbox take so long for each call."""
        self.stage.api("PUT", "/sandbox/switches", json={"latency_ms": milliseconds})

    def puts(self) -> dict[str, int]:
        """How often the sandbox has taken each customer, by its own ledger."""
        with closing(sqlite3.connect(f"file:{self.stage.ledger}?mode=ro", uri=True)) as ledger:
            return dict(ledger.execute("SELECT customer_id, puts FROM customers"))

    def verdict(self) -> Verdict:
        """What the independent judge says of the shop and that ledger."""
        return compare(self.stage.store_url, self.stage.ledger, go_live=self.stage.go_live)


# Not of the session: while Playwright is open its event loop runs in this thread, and other rooms'
# tests start loops of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    reason = chromium.why_not()
    if reason:
        pytest.skip(reason)
    with chromium.browser() as started:
        yield started


@pytest.fixture(scope="package")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The stage and `dagster dev`; schedules and sensors come switched off, as in production."""
    with set_up(tmp_path_factory.mktemp("stage"), CUSTOMERS) as stage:
        stage.environment["INFLUENCE_AUTOMATION"] = "off"
        yield House(stage, start_dagster(stage))


@pytest.fixture
def usual_speed(house: House) -> Iterator[None]:
    """Whatever the test makes of the sandbox's speed, the next one finds it as it was."""
    yield
    house.slow_down(0)


@pytest.fixture(scope="package")
def expect() -> Callable[..., Any]:
    """Playwright's `expect`, with patience for a busy machine. Only here is it known to be there."""
    from playwright.sync_api import expect as given

    given.set_options(timeout=_PATIENCE_MS)
    return given


@pytest.fixture(scope="package")
def open_page(
    browser: Browser, house: House, pytestconfig: pytest.Config
) -> Iterator[Callable[[], Ui]]:
    """Opens a page in a browser that knows nothing of earlier ones."""
    contexts = []

    def opened() -> Ui:
        context = browser.new_context(
            viewport=_WINDOW,
            color_scheme="light",
            locale="en-US",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        return Ui(
            page,
            house.url,
            Watch(page),
            pictures.folder(pytestconfig),
            pictures.of_docs(pytestconfig),
        )

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def ui(open_page: Callable[[], Ui], request: pytest.FixtureRequest) -> Iterator[Ui]:
    """The test's page. After the test: nothing went wrong on it that the test did not see."""
    made = open_page()
    yield made
    name = re.sub(r"\W+", "_", request.node.name)
    made.picture(f"end_of_{name}")
    made.page.close()
    assert made.watch.heard() == []


@pytest.fixture(scope="package")
def imported(house: House, open_page: Callable[[], Ui]) -> None:
    """The first import is done: by the test of it, or here where another test runs alone."""
    if not house.puts():
        ui = open_page()
        done = Asset(ui, IMPORT).launch_backfill("All").status("Succeeded")
        done.wait_for(timeout=PATIENCE_MS)
        ui.page.close()


@pytest.fixture(scope="package")
def synced(house: House, imported: None, open_page: Callable[[], Ui]) -> str:
    """Three syncs launched in the launchpad, each with something to send; gives a buyer's id."""
    ui = open_page()
    buyer = story.a_day_in_the_shop(house.stage)
    for new in (0, 12, 7):
        if new:
            sample_store.add_customers(house.stage.store_url, new)
        said = Launchpad(ui, "incremental_sync").open().launch().ended()
        assert said.inner_text() == "Success"
    ui.page.close()
    assert ui.watch.heard() == []
    return buyer


@pytest.fixture(scope="package")
def redeem(house: House, synced: str) -> Callable[[], str]:
    """Spends the buyer's points at Influence, and gives the coupon's code."""

    def spend() -> str:
        reply = house.stage.api(
            "POST", f"/sandbox/customers/{synced}/redeem", json={"ruleId": story.RULE}
        )
        return str(reply.json()["reward"]["couponCode"])

    return spend
