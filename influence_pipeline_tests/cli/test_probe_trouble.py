"""`probe` where the API misbehaves: what cannot be asked ends it in words, the rest is a finding.

And whatever happens, an order goes out once, and the report is there.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline_tests.cli.probing import Prober, prober, written
from influence_pipeline_tests.sandbox.platform_fixtures import (
    KEY,
    PATIENCE_S,
    Sandbox,
    running,
    until,
)

__all__ = ["prober"]


def faults(prober: Prober, *rules: dict[str, Any]) -> None:
    prober.sandbox.good("PUT", "/sandbox/faults", {"faults": list(rules)})


# --- nothing to ask


def test_an_api_that_is_not_there_is_an_error_and_leaves_no_report(prober: Prober) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    prober.cli.set(API_URL=f"http://127.0.0.1:{port}")
    ran = prober.cli("probe", "--yes")
    assert ran.code == 1
    assert ran.error.endswith("cannot be reached: nothing listens at that host and port.")
    assert list(Path().iterdir()) == []


def test_a_wrong_key_is_an_error_and_nothing_more_is_asked(prober: Prober) -> None:
    prober.cli.set(API_KEY="another-key")
    ran = prober.cli("probe", "--yes")
    assert ran.code == 1
    assert "INFLUENCE_API_KEY is wrong" in ran.error
    assert len(prober.calls()) == 2
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "redirect"}, "a redirect, which is never followed"),
        ({"kind": "error_before", "status": 503}, "gives no answer that could be the API's"),
    ],
)
def test_an_address_that_gives_nothing_usable_is_an_error_before_anything_is_written(
    prober: Prober, fault: dict[str, Any], words: str
) -> None:
    faults(prober, fault)
    ran = prober.cli("probe", "--yes")
    assert ran.code == 1
    assert words in ran.err.splitlines()[-1]
    assert "INFLUENCE_API_URL" in ran.err.splitlines()[-1]
    assert ("What was seen is in influence-probe-" in ran.err) is (len(list(Path().iterdir())) == 1)
    assert written(prober.sandbox) == {}


def test_settings_that_cannot_be_used_are_said_before_any_call(prober: Prober) -> None:
    for arguments, words in (
        (("--currency", "EURO"), "--amount or --currency: its currency is not a code of ISO 4217."),
        (("--amount", "ten"), "--amount is no number, such as 10.00."),
        (("--amount", "0"), "--amount must be above 0."),
        (("--amount", "NaN"), "--amount or --currency: it is not a number (NaN or infinity)."),
        (("--report", "no/such/folder.md"), "no/such/folder.md cannot be written: No such file"),
    ):
        ran = prober.cli("probe", *arguments)
        assert ran.code == 3
        assert ran.error.startswith(words)
    prober.cli.unset("API_KEY")
    assert prober.cli("probe").error.startswith("Not set: INFLUENCE_API_KEY.")
    assert prober.calls() == []


# --- single answers


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ({"kind": "error_before", "status": 500}, "HTTP 500"),
        ({"kind": "redirect", "status": 307}, "HTTP 307, a redirect, which is not followed"),
        ({"kind": "wrong_json"}, "HTTP 200, no JSON"),
        ({"kind": "drop_before"}, "no reply"),
        ({"kind": "half_reply"}, "no reply"),
    ],
)
def test_an_odd_answer_is_a_finding_and_the_questions_go_on(
    prober: Prober, fault: dict[str, Any], shown: str
) -> None:
    faults(prober, {**fault, "method": "GET", "path": "^/v1/customers$"})
    found = prober("--only", "access")
    assert found.ran.code == 0
    assert found.findings["list-customers"]["standing"] == "unclear"
    assert shown in found.findings["list-customers"]["answer"]
    assert found.findings["list-webhooks"]["standing"] == "answered"


def test_an_api_that_awards_nothing_for_lack_of_answers_is_not_understood_as_one_that_does(
    prober: Prober,
) -> None:
    faults(prober, {"kind": "error_before", "method": "PATCH"})
    found = prober("--yes", "--only", "orders")
    assert found.findings["award"]["standing"] == "unclear"
    assert found.values["award-again"] == "skipped"
    assert prober.sandbox.movements() == []


def test_a_rate_limit_is_waited_for_and_told(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("influence_pipeline.platform_api.probe.wire.time.sleep", slept.append)
    too_many = {"kind": "too_many", "ms": 7000, "path": "^/v1/webhooks$"}
    faults(prober, {**too_many, "times": 2})
    found = prober("--only", "access")
    assert found.values["list-webhooks"] == "listed"
    assert [wait for wait in slept if wait >= 1] == [7, 7]
    assert "HTTP 429 was met 2 times (Retry-After of 7 s)" in found.findings["rate-limit"]["answer"]


def test_a_rate_limit_that_asks_for_too_long_is_not_waited_for(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("influence_pipeline.platform_api.probe.wire.time.sleep", slept.append)
    faults(prober, {"kind": "too_many", "ms": 3_600_000, "path": "^/v1/webhooks$"})
    found = prober("--only", "access")
    assert found.findings["list-webhooks"]["standing"] == "unclear"
    assert "longer than the probe waits" in found.report
    assert [wait for wait in slept if wait >= 1] == []


# --- an order goes out once

LOST = [
    ("nothing landed, the connection broke", {"kind": "drop_before"}, 0),
    ("nothing landed, 503", {"kind": "error_before"}, 0),
    ("nothing landed, 429", {"kind": "too_many", "ms": 1}, 0),
    ("it landed, the connection broke", {"kind": "drop_after"}, 1),
    ("it landed, 502", {"kind": "error_after"}, 1),
    ("it landed, broken JSON", {"kind": "wrong_json"}, 1),
    ("it landed, half a reply", {"kind": "half_reply"}, 1),
]


@pytest.mark.parametrize(("fault", "landed"), [c[1:] for c in LOST], ids=[c[0] for c in LOST])
def test_an_order_whose_post_got_no_answer_is_looked_for_and_never_posted_again(
    prober: Prober, fault: dict[str, Any], landed: int
) -> None:
    prober.sandbox.set(second_post="award_again")
    faults(prober, {**fault, "method": "POST", "path": "^/v1/orders$", "times": 1})
    found = prober("--yes", "--only", "orders")
    posts = [
        body for method, path, body in prober.calls() if (method, path) == ("POST", "/v1/orders")
    ]
    first = [body for body in posts if body and '-order-a"' in body]
    assert len(first) == 1
    rows = prober.sandbox.rows("SELECT awards FROM orders WHERE order_id LIKE '%-order-a'")
    assert len(rows) == landed
    if landed:
        assert found.values["order-create"] == "taken"
        assert "it had landed" in found.findings["order-create"]["answer"]
        assert found.values["award"] == "awards"
    else:
        assert found.values["order-create"] == "uncertain"
        assert found.values["award"] == "skipped"
        (perhaps,) = [one for one in found.left if one["perhaps"]]
        assert perhaps["id"].endswith("-order-a")


def test_a_second_post_without_an_answer_is_not_a_third(prober: Prober) -> None:
    prober.sandbox.set(second_post="award_again")
    lost = {"kind": "drop_after", "method": "POST", "path": "^/v1/orders$", "key": None, "times": 1}
    # The fault counts POSTs: a, wrong, code, fraction, unknown, guest, b; then b again.
    faults(prober, {**lost, "skip": 7})
    found = prober("--yes", "--only", "orders")
    assert "no reply" in found.findings["second-post"]["answer"]
    assert found.values["second-post"] == "award_again"
    rows = prober.sandbox.rows("SELECT posts, awards FROM orders WHERE order_id LIKE '%-order-b'")
    assert [tuple(row) for row in rows] == [(2, 2)]


# --- it ends before its end


def test_an_api_that_goes_away_ends_the_run_with_what_was_found(prober: Prober) -> None:
    faults(prober, {"kind": "drop_before", "skip": 12})
    ran = prober.cli("probe", "--yes", "--settle", "0.05")
    assert ran.code == 1
    (file,) = Path().glob("influence-probe-*.md")
    assert f"What was found until then is in {file}." in ran.err
    report = file.read_text()
    assert "**it did not come to its end**: The Platform API has gone" in report
    assert "| order-not-found | GET of an order nobody has is answered HTTP 404" in report
    assert "-product` (perhaps" in report or "-product`" in report


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[tuple[Sandbox, subprocess.Popen[str]]]:
    """A run that has made an order and hangs in the call after it, in a folder of its own."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    with running(folder, access_log=False) as sandbox:
        sandbox.fault("slow", method="PATCH", ms=60_000)
        process = subprocess.Popen(
            [sys.executable, "-m", "influence_pipeline.cli", "probe", "--yes", "--settle", "0.05"],
            cwd=tmp_path,
            env={**os.environ, "INFLUENCE_API_URL": sandbox.url, "INFLUENCE_API_KEY": KEY},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until(
            lambda: sandbox.good("GET", "/sandbox/faults")["faults"][0]["fired"],
            "the call in which it hangs",
        )
        yield sandbox, process
        if process.poll() is None:
            process.kill()
            process.communicate()


def report_in(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.glob("influence-probe-*.md"))


def records_of(sandbox: Sandbox) -> list[str]:
    everything = "SELECT order_id FROM orders UNION SELECT customer_id FROM customers"
    return [row[0] for row in sandbox.rows(everything)]


def test_an_interrupted_run_keeps_what_was_found_and_lists_what_it_left(
    stuck: tuple[Sandbox, subprocess.Popen[str]], tmp_path: Path
) -> None:
    sandbox, process = stuck
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert "interrupted; what was found until then is in influence-probe-" in err
    assert "Report: influence-probe-" in out
    report = report_in(tmp_path)
    assert "it was interrupted (Ctrl-C)" in report
    assert "| patch-absent | Interrupted." in report
    assert len(records_of(sandbox)) >= 3
    for record in records_of(sandbox):
        assert f"`{record}`" in report


def test_a_run_that_is_killed_leaves_the_report_of_the_questions_before(
    stuck: tuple[Sandbox, subprocess.Popen[str]], tmp_path: Path
) -> None:
    sandbox, process = stuck
    process.kill()
    process.communicate()
    for record in records_of(sandbox):
        assert f"`{record}`" in report_in(tmp_path)


def test_a_report_is_never_written_over(prober: Prober) -> None:
    prober("--only", "access")
    (first,) = Path().glob("*.md")
    before = first.read_text()
    second = prober("--only", "access").ran.json["report"]
    assert second == f"{first.stem}-2.md"
    assert first.read_text() == before
    count = len(prober.calls())
    ran = prober.cli("probe", "--report", str(first))
    assert (ran.code, len(prober.calls())) == (3, count)
    assert ran.error.startswith(f"{first} is there already; nothing was asked.")
