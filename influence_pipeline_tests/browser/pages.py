"""Dagster's pages, by what a person finds and does on them. Nothing is asserted here.

A locator that is given back has not been waited for; the tests do that with Playwright's `expect`.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from influence_pipeline_tests.browser.watch import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_LOCATION = "/locations/influence_pipeline"
# A run starts a process, the backfill daemon looks every 30 s, a machine may be busy.
PATIENCE_MS = 180_000


@dataclass
class Ui:
    """A browser's page on a running Dagster, and the folders for pictures of it."""

    page: Page
    url: str
    watch: Watch
    pictures: Path
    docs: Path

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def picture(self, name: str) -> None:
        """Keep a picture of the page as it is, and look what is wrong on it."""
        self._settle()
        self.page.screenshot(path=self.pictures / f"{name}.png", animations="disabled")
        self.watch.look()

    def docs_picture(self, name: str) -> Path:
        """Make one of the README's pictures."""
        self._settle()
        file = self.docs / f"{name}.png"
        self.page.screenshot(path=file, animations="disabled")
        return file

    def _settle(self) -> None:
        """Wait until nothing is being fetched: states of assets come after their names."""
        self.page.wait_for_load_state("networkidle")

    def button(self, name: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def text(self, words: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        return self.page.get_by_text(words, exact=exact).first

    def resize(self, width: int, height: int) -> None:
        """Look through a window of another size, with Dagster's menu put away."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.button("Hide navigation").click()


class Graph:
    """The global asset lineage."""

    def __init__(self, ui: Ui) -> None:
        self.ui = ui

    def open(self) -> Graph:
        """Show it with every group opened, as Alt+E does."""
        self.ui.open("/asset-groups")
        self.group("store").wait_for()
        self.ui.page.keyboard.press("Alt+e")
        self.node("store_customers").wait_for()
        # Drawn anew with all groups open, all of it is in the window.
        self.ui.page.reload()
        self.node("store_customers").wait_for()
        return self

    def group(self, name: str) -> Locator:
        return self.ui.text(name, exact=True)

    def node(self, asset: str) -> Locator:
        return self.ui.page.locator("svg").get_by_text(asset, exact=True).first

    def put_the_list_away(self) -> None:
        self.ui.button("panel_show_right", exact=True).click()


class Asset:
    """The page of one asset."""

    def __init__(self, ui: Ui, name: str) -> None:
        self.ui = ui
        self.name = name

    def open(self, view: str = "overview") -> Asset:
        self.ui.open(f"/assets/{self.name}?view={view}")
        return self

    def value(self, key: str) -> Locator:
        """The latest value of one metadata key."""
        row = self.ui.page.get_by_role("row").filter(
            has=self.ui.page.get_by_role("cell", name=key, exact=True)
        )
        return row.get_by_role("cell").last

    def show_plots(self) -> None:
        self.ui.button("Plots").click()

    def plots(self) -> Locator:
        return self.ui.page.locator("canvas")

    def partitions(self, state: str) -> Locator:
        """How many partitions are in a state, on the page's tab of partitions."""
        return self.ui.text(re.compile(rf"^{state} \([\d,]+\)$"))

    def launch_backfill(self, choice: str) -> Backfill:
        """Materialize the partitions of a choice ("All", "Failed and missing")."""
        self.open()
        self.ui.button("Materialize…").click()
        dialog = self.ui.page.get_by_role("dialog")
        # Dagster offers the last 90 days; the older months are one click away.
        dialog.get_by_role("button", name="Show all partitions").click()
        dialog.get_by_role("button", name=choice, exact=True).click()
        self.ui.picture(f"{self.name}_materialize_{choice.lower().replace(' ', '_')}")
        dialog.get_by_role("button", name="Launch backfill").click()
        toast = self.ui.page.locator("[data-sonner-toast]")
        toast.get_by_text("Created backfill").wait_for()
        toast.get_by_role("button", name="View").or_(
            toast.get_by_role("link", name="View")
        ).first.click()
        return Backfill(self.ui)


class Backfill:
    """The page of one backfill."""

    def __init__(self, ui: Ui) -> None:
        self.ui = ui

    def status(self, name: str) -> Locator:
        """What the whole of it is; columns of the table below have the same names, as links."""
        no_column = self.ui.page.locator(":not(a):not(a *)")
        return self.ui.page.get_by_text(name, exact=True).and_(no_column).first

    def completed(self) -> Locator:
        """ "75% completed"."""
        return self.ui.text(re.compile(r"^\d+% completed$"))

    def cancel(self) -> None:
        self.ui.button("expand_more").click()
        self.ui.page.get_by_role("menuitem", name="Cancel backfill").click()
        self.ui.page.get_by_role("dialog").get_by_role("button", name="Cancel backfill").click()


class Launchpad:
    """Where a run of a job is configured and launched."""

    def __init__(self, ui: Ui, job: str) -> None:
        self.ui = ui
        self.job = job

    def open(self) -> Launchpad:
        self.ui.open(f"{_LOCATION}/jobs/{self.job}/playground")
        self.editor().wait_for()
        return self

    def editor(self) -> Locator:
        return self.ui.page.locator(".CodeMirror").filter(has_text="ops:")

    def explanation(self) -> Locator:
        """The panel beside the editor: what may be said where the cursor stands."""
        return self.ui.page.locator("code").filter(has_text="{").first

    def stand_on(self, key: str) -> None:
        self.editor().get_by_text(key, exact=True).first.click()

    def launch(self) -> Run:
        self.ui.button("Launch Run").click()
        self.ui.page.wait_for_url("**/runs/*")
        return Run(self.ui)


class Run:
    """The page of one run."""

    def __init__(self, ui: Ui) -> None:
        self.ui = ui

    def ended(self) -> Locator:
        """What became of it, as soon as that is said."""
        self.ui.button("Terminate").wait_for()
        self.ui.button("Terminate").wait_for(state="hidden", timeout=PATIENCE_MS)
        return self.ui.text(re.compile("^(Success|Failure|Canceled)$"))


class Automation:
    """The page of schedules and sensors."""

    def __init__(self, ui: Ui) -> None:
        self.ui = ui

    def open(self) -> Automation:
        self.ui.open("/automation")
        return self

    def link(self, name: str) -> Locator:
        return self.ui.page.get_by_role("link", name=name)

    def switch(self, name: str) -> Locator:
        """The switch at the end of a line; the box at its start only selects the line."""
        line = self.link(name).locator(
            "xpath=ancestor::div[count(.//input[@type='checkbox'])=2][1]"
        )
        return line.get_by_role("checkbox").last

    def turn_on(self, name: str) -> None:
        # The box itself is drawn over, by what a person clicks on.
        self.switch(name).locator("xpath=..").click()


class Sensor:
    """The page of one sensor with its ticks."""

    def __init__(self, ui: Ui, name: str) -> None:
        self.ui = ui
        self.name = name

    def open(self) -> Sensor:
        self.ui.open(f"{_LOCATION}/sensors/{self.name}")
        return self

    def open_tick(self, words: str | re.Pattern[str]) -> Locator:
        """Look through the ticks, newest first, for one that says this; leave its dialog open."""
        ended = self.ui.page.get_by_role("row").filter(has_not_text="Evaluating")
        ticks = ended.get_by_role("button", name="0 runs requested")
        dialog = self.ui.page.get_by_role("dialog")
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            self.open()
            ticks.first.wait_for(timeout=PATIENCE_MS)
            for number in range(ticks.count()):
                ticks.nth(number).click()
                dialog.get_by_text("Skip reason:").wait_for()
                if re.search(words, dialog.inner_text()):
                    return dialog
                dialog.get_by_role("button", name="Close").click()
                dialog.wait_for(state="hidden")
        raise AssertionError(f"no tick of {self.name} says: {words}")
