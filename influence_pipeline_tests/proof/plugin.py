"""The part of `make proof` that runs inside pytest: which tests belong to a proof, and what came out.

Loaded by name (`-p influence_pipeline_tests.proof.plugin`); without its options it does nothing.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline_tests.proof.outcome import Outcome
from influence_pipeline_tests.support.tally import PROPERTY

# One seed, or those that a test takes one after another.
_SEED = re.compile(r"seeds?=(\d+)(?:-(\d+))?(?=[-\]])-?")
_LINES_OF_A_FAILURE = 40
_FAILED_AT = re.compile(r"It was seed (\d+);")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("proof")
    group.addoption("--proof", metavar="T1,T2", help="run the tests of these proofs, and no others")
    group.addoption(
        "--proof-alone",
        choices=["only", "never"],
        help="of them only those that need the machine to themselves, or never those",
    )
    group.addoption(
        "--proof-slice",
        action="store_true",
        help="only what `make test` does not run: slow tests, and random ones, in an order by seed",
    )
    group.addoption("--proof-results", type=Path, metavar="FILE", help="write what came out there")
    group.addoption(
        "--proof-until",
        type=datetime.fromisoformat,
        metavar="TIME",
        help="begin no test that would not have ended by then",
    )
    group.addoption(
        "--proof-seconds", type=Path, metavar="FILE", help="how long each test took another time"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--proof"):
        return
    wanted = config.getoption("--proof").split(",")
    alone = config.getoption("--proof-alone")
    large = {_function(item) for item in items if _is_slow(item)}
    kept, left = [], []
    for item in items:
        number = _number(item)
        fits = number in wanted and not _is_small(item, large)
        if alone is not None:
            fits = fits and (alone == "only") == _needs_the_machine(item)
        if config.getoption("--proof-slice"):
            fits = fits and (_is_slow(item) or bool(_seeds(item.nodeid)))
        (kept if fits else left).append(item)
        item.user_properties.append(("proof", number))
    config.hook.pytest_deselected(items=left)
    items[:] = (
        _by_rounds(kept)
        if config.getoption("--proof-slice")
        else _longest_first(kept, _seconds_before(config))
    )


def _number(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("proves")
    return str(marker.args[0]) if marker else None


def _function(item: pytest.Item) -> str:
    """A test without its seed: the same test at any seed."""
    return _SEED.sub("", item.nodeid)


def _is_small(item: pytest.Item, large: set[str]) -> bool:
    """A seed of the ordinary tier, where the test has seeds for this one."""
    return not _is_slow(item) and _function(item) in large


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


def _needs_the_machine(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


def _by_rounds(items: list[pytest.Item]) -> list[pytest.Item]:
    """All tests with the first seed, then all with the second, and so on; each time in an order
    that the first seed draws, so that another day begins with others."""
    drawn = list(items)
    random.Random(min((_first_seed(item.nodeid) for item in items), default=0)).shuffle(drawn)
    return sorted(drawn, key=lambda item: _first_seed(item.nodeid))


def _longest_first(items: list[pytest.Item], seconds: dict[str, float]) -> list[pytest.Item]:
    """So that at the end no worker is left alone with a long one."""
    return sorted(items, key=lambda item: _expected(item, seconds), reverse=True)


def _seeds(nodeid: str) -> list[int]:
    found = _SEED.search(nodeid)
    return list(range(int(found[1]), int(found[2] or found[1]) + 1)) if found else []


def _first_seed(nodeid: str) -> int:
    return next(iter(_seeds(nodeid)), 0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    until = item.config.getoption("--proof-until")
    if until is None:
        return
    if time.time() + _expected(item, _seconds_before(item.config)) > until.timestamp():
        pytest.skip(Outcome.LEFT)


def _expected(item: pytest.Item, seconds: dict[str, float]) -> float:
    """Seconds that a test will take. A slow one that was never timed may take half an hour."""
    return seconds.get(_function(item), float("inf") if _is_slow(item) else 0.0)


def _seconds_before(config: pytest.Config) -> dict[str, float]:
    file = config.getoption("--proof-seconds")
    if file is None or not file.exists():
        return {}
    found: dict[str, float] = json.loads(file.read_text())
    return found


class _Results:
    """Gathers the reports of all workers, and tells of a failure at once: the end may be an hour
    away."""

    def __init__(self, config: pytest.Config, file: Path) -> None:
        self._config = config
        self._file = file
        self._outcomes: dict[str, Outcome] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known = dict(report.user_properties)
        if "proof" not in known:
            return
        outcome = self._outcomes.setdefault(
            report.nodeid,
            Outcome(
                proof=str(known["proof"]),
                test=report.nodeid,
                function=_SEED.sub("", report.nodeid),
                seeds=_seeds(report.nodeid),
            ),
        )
        outcome.seconds += report.duration
        if report.failed:
            outcome.result = "failed"
            outcome.why = str(report.longrepr).strip().splitlines()[-1:]
            at = _FAILED_AT.search(str(report.longrepr))
            outcome.again = int(at[1]) if at else next(iter(outcome.seeds), None)
            # Not known yet when this plugin is configured.
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            if terminal is not None:
                said = str(report.longrepr).strip().splitlines()[-_LINES_OF_A_FAILURE:]
                terminal.write_line("\n".join(["", f"failed: {report.nodeid}", *said]))
                terminal.flush()
        elif report.skipped and outcome.result != "failed":
            outcome.result = "skipped"
            outcome.why = [_reason(report)]
        if report.when == "teardown":
            outcome.tallies = list(_tallies(report))

    def pytest_sessionfinish(self) -> None:
        self._file.write_text(json.dumps([vars(one) for one in self._outcomes.values()]))


def _reason(report: pytest.TestReport) -> str:
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return words.removeprefix("Skipped: ")


def _tallies(report: pytest.TestReport) -> Iterator[Any]:
    return (said for name, said in report.user_properties if name == PROPERTY)


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--proof-results")
    if file is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Results(config, file), "proof results")
