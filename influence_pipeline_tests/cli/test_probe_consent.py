"""`probe` writes nothing that nobody allowed; what may award points is asked for call by call."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline.cli import probe as command
from influence_pipeline.platform_api.probe.consent import Decision, Request
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline_tests.cli.probing import Prober, prober, written
from influence_pipeline_tests.sandbox.platform_fixtures import KEY, PATIENCE_S, Sandbox

__all__ = ["prober"]

# Everything that gives points gives them, and whatever can be done twice counts twice.
WORST: dict[str, Any] = {
    "second_post": "award_again",
    "award_repeat": "again",
    "patch_unknown_order": "create",
}
WORST_RULES = {
    "signUpPoints": 50,
    "awardingStatuses": ["pending", "authorized", "paid", "partially_paid"],
}


@pytest.fixture(autouse=True)
def worst_case(prober: Prober) -> None:
    prober.sandbox.set(**WORST)
    prober.sandbox.good("PUT", "/sandbox/rules", WORST_RULES)


def assert_nothing_was_written(sandbox: Sandbox) -> None:
    assert written(sandbox) == {}


@pytest.mark.parametrize("arguments", [(), ("--read-only",), ("--only", "orders")])
def test_without_a_yes_nothing_is_written_and_nothing_awarded(
    prober: Prober, arguments: tuple[str, ...]
) -> None:
    found = prober(*arguments)
    assert_nothing_was_written(prober.sandbox)
    assert found.ran.code == 0
    asked = {"key", "unknown-path", "customer-not-found", "order-not-found", "list-customers",
             "list-webhooks", "rate-limit"}  # fmt: skip
    answered = {name for name, one in found.findings.items() if one["standing"] == "answered"}
    assert answered == asked
    assert {one["standing"] for name, one in found.findings.items() if name not in asked} == {
        "not asked",
        "skipped",
    }
    assert found.left == []
    assert "no record was written" in found.report


def test_control_with_yes_the_same_look_at_the_ledger_finds_what_was_written(
    prober: Prober,
) -> None:
    prober("--yes")
    with pytest.raises(AssertionError):
        assert_nothing_was_written(prober.sandbox)
    assert {"customers", "orders", "products", "movements"} <= set(written(prober.sandbox))


def test_control_a_probe_that_takes_silence_for_a_yes_is_caught(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "never", command.always)
    prober("--read-only")
    with pytest.raises(AssertionError):
        assert_nothing_was_written(prober.sandbox)


def test_what_is_said_to_award_nothing_awards_nothing(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    def harmless(request: Request) -> Decision:
        return Decision.NO if request.awards else Decision.YES

    monkeypatch.setattr(command, "never", harmless)
    found = prober()
    there = written(prober.sandbox)
    assert {"customers", "movements"} & set(there) == set()
    assert there["products"] == 1
    # A wrong body may leave an order of nobody; the sandbox refuses it.
    assert "orders" not in there
    assert found.values["order-errors"] == "told"


def calls_beyond_what_was_shown(prober: Prober, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Ask about orders; give the calls that can award and were not shown, each for itself."""
    shown: list[str] = []

    def note(request: Request) -> Decision:
        shown.extend(request.calls if request.awards else ())
        return Decision.YES

    monkeypatch.setattr(command, "always", note)
    prober("--yes", "--only", "orders")
    made: Counter[str] = Counter()
    for method, path, body in prober.calls():
        if method == "POST" and path == "/v1/orders" and "customerId" in json.loads(body or ""):
            made[f"POST order {json.loads(body or '')['id']}"] += 1
        elif method in {"PATCH", "PUT"}:
            kind = "order" if method == "PATCH" else "customer"
            made[f"{method} {kind} {path.rpartition('/')[2]}"] += 1
    assert len(made) > 10
    return made - Counter(" ".join(re.split("[ :]+", call)[:3]) for call in shown)


def test_each_call_that_can_award_is_shown_by_itself_before_it_is_made(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calls_beyond_what_was_shown(prober, monkeypatch) == Counter()


def test_control_a_call_that_was_not_shown_is_counted(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Room, "granted", lambda *_: True)
    assert any("order-b" in call for call in calls_beyond_what_was_shown(prober, monkeypatch))


def test_a_second_post_that_is_not_allowed_is_not_made(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_only(request: Request) -> Decision:
        again = "again" in request.calls[0] and "POST" in request.calls[0]
        mentions_allowance = "if you allow" in request.calls[0]
        return Decision.NO if again and not mentions_allowance else Decision.YES

    monkeypatch.setattr(command, "always", first_only)
    found = prober("--yes", "--only", "orders")
    assert found.values["second-post"] == "not_allowed"
    posts = prober.sandbox.rows("SELECT order_id, posts FROM orders WHERE posts > 1")
    assert [tuple(row) for row in posts] == []
    assert "not made: declined" in found.report


# --- on a terminal


class Terminal:
    """The command on a terminal of its own, as a person meets it."""

    def __init__(self, folder: Path, sandbox: Sandbox, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        self._line = ours
        self.shown = ""
        environment = {n: v for n, v in os.environ.items() if not n.startswith("INFLUENCE_")}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "influence_pipeline.cli",
                "probe",
                "--settle",
                "0.05",
                *arguments,
            ],
            cwd=folder,
            env=environment | {"INFLUENCE_API_URL": sandbox.url, "INFLUENCE_API_KEY": KEY},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def until(self, words: str) -> str:
        """Read until these words are shown, or the process has ended; give what came new."""
        before = len(self.shown)
        deadline = time.monotonic() + 4 * PATIENCE_S
        while words not in self.shown[before:]:
            assert time.monotonic() < deadline, self.shown
            if not select.select([self._line], [], [], 0.1)[0]:
                continue
            try:
                content = os.read(self._line, 65536)
            except OSError:  # the other side is closed
                break
            if not content:
                break
            self.shown += content.decode()
        return self.shown[before:]

    def answer(self, words: str) -> None:
        os.write(self._line, f"{words}\n".encode())

    def answer_all(self, words: str) -> int:
        """Give the same answer to every question; how many there were."""
        count = 0
        while QUESTION in self.until(QUESTION):
            self.answer(words)
            count += 1
        return count

    def end(self) -> int:
        self.until("a text that never comes")
        os.close(self._line)
        return self.process.wait(PATIENCE_S)


QUESTION = "Do it? [y/N"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "desk"
    made.mkdir()
    return made


def report_of(folder: Path) -> str:
    (file,) = folder.glob("influence-probe-*.md")
    return file.read_text()


@pytest.mark.parametrize("word", ["n", "", "no", "what?", "yep"])
def test_on_a_terminal_only_a_plain_yes_is_one(prober: Prober, folder: Path, word: str) -> None:
    terminal = Terminal(folder, prober.sandbox)
    assert terminal.answer_all(word) >= 4
    assert terminal.end() == 0
    assert_nothing_was_written(prober.sandbox)
    assert "| declined |" in report_of(folder)


def test_a_question_shows_the_call_its_record_and_its_cost(prober: Prober, folder: Path) -> None:
    terminal = Terminal(folder, prober.sandbox, "--only", "customers")
    shown = terminal.until(QUESTION)
    assert re.search(r"PUT customer influence-pipeline-probe-\d{8}-[a-z]{6}-customer-a", shown)
    assert "may cost: enrols a customer" in shown
    assert "sign-up points if your account gives them" in shown
    assert_nothing_was_written(prober.sandbox)
    terminal.answer("q")
    assert terminal.end() == 0
    assert_nothing_was_written(prober.sandbox)
    assert "it was stopped by the person who was asked" in report_of(folder)


def test_a_yes_counts_for_one_question_only(prober: Prober, folder: Path) -> None:
    terminal = Terminal(folder, prober.sandbox, "--only", "customers")
    terminal.until(QUESTION)
    terminal.answer("y")
    terminal.answer_all("n")
    assert terminal.end() == 0
    assert written(prober.sandbox) == {"customers": 1, "movements": 1, "calls that write": 1}


def test_yes_to_all_is_asked_no_more_and_still_shows_every_call(
    prober: Prober, folder: Path
) -> None:
    terminal = Terminal(folder, prober.sandbox, "--only", "customers")
    terminal.until(QUESTION)
    terminal.answer("a")
    assert terminal.answer_all("n") == 0
    assert terminal.end() == 0
    assert written(prober.sandbox)["customers"] == 2
    assert "Enrol a second throw-away customer" in terminal.shown


def test_read_only_asks_nothing_on_a_terminal(prober: Prober, folder: Path) -> None:
    terminal = Terminal(folder, prober.sandbox, "--read-only")
    assert terminal.answer_all("y") == 0
    assert terminal.end() == 0
    assert_nothing_was_written(prober.sandbox)


def test_ctrl_c_at_a_question_keeps_the_report(prober: Prober, folder: Path) -> None:
    terminal = Terminal(folder, prober.sandbox)
    terminal.until(QUESTION)
    terminal.process.send_signal(2)
    assert terminal.end() == 130
    assert "interrupted; what was found until then is in influence-probe-" in terminal.shown
    assert "**it did not come to its end**: it was interrupted (Ctrl-C)" in report_of(folder)
    assert_nothing_was_written(prober.sandbox)


def test_names_that_a_refusal_asks_for_and_nobody_let_try_are_proposed_as_such(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    prober.sandbox.set(names={"order": {"totalPrice": "total"}})

    def once(request: Request) -> Decision:
        return Decision.NO if "other names" in request.title else Decision.YES

    monkeypatch.setattr(command, "always", once)
    found = prober("--yes", "--only", "orders")
    assert found.values["order-create"] == "refused"
    assert found.findings["order-create"]["confidence"] == "low"
    assert "no order was taken yet" in found.findings["order-create"]["means"]
    assert found.must == {"api_names": {"order": {"totalPrice": "total"}}}
    assert not prober.sandbox.rows("SELECT 1 FROM orders WHERE order_id LIKE '%order-a%'")
