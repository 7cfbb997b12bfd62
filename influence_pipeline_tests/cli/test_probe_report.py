"""The report of `probe`: what it says, and what no report may hold."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from influence_pipeline.platform_api.probe import redaction
from influence_pipeline_tests.cli.probing import Prober, prober
from influence_pipeline_tests.sandbox.platform_fixtures import KEY
from influence_pipeline_tests.webhooks.builders import TOKEN

__all__ = ["prober"]

PERSON = {
    "email": "ada.lovelace@example.org",
    "firstName": "Augusta",
    "lastName": "Lovelace",
    "phone": "+44 20 7946 0123",
}


def assert_nothing_personal(text: str) -> None:
    for canary in (*PERSON.values(), "c-4711", KEY, TOKEN, "hook-secret"):
        assert canary not in text, canary


def test_no_value_of_a_customer_no_address_and_no_key_is_in_it(prober: Prober) -> None:
    prober.cli.set(WEBHOOK_TOKEN=TOKEN)
    prober.sandbox.put_customer("c-4711", **PERSON)
    prober.sandbox.good(
        "POST",
        "/v1/webhooks",
        {"topic": "points/earned", "url": f"https://shop.example/hook-secret/{TOKEN}"},
    )
    found = prober("--yes")
    assert '{"customers": [{"id": text, "externalId": text, "email": text' in found.report
    assert '{"webhooks": [{"id": text, "topic": text, "url": text' in found.report
    for text in (found.report, found.ran.out, found.ran.err):
        assert_nothing_personal(text)


def test_control_a_report_with_values_is_caught(
    prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_type_of_text", lambda text: text)
    prober.sandbox.put_customer("c-4711", **PERSON)
    with pytest.raises(AssertionError):
        assert_nothing_personal(prober("--only", "access").report)


class Hostile:
    """An API that says whatever `answer` makes up, to every call."""

    def __init__(self, answer: Callable[[str, str], tuple[int, Any]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                status, body = answer(self.command, self.path)
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("x-ratelimit-limit", f"<b>{KEY}</b>")
                self.send_header("x-ratelimit-scope", KEY)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_one  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


EVIL = f"```\n# pwned <script>alert(1)</script> \x1b[31m key {KEY} of ada.lovelace@example.org, call +44 20 7946 0123 | *x* 'Augusta Lovelace'"


@pytest.fixture(params=[200, 400, 404, 500])
def hostile(request: pytest.FixtureRequest) -> Iterator[Hostile]:
    """Repeats the key and somebody's data in every place a reply has, under keys too."""
    status = request.param
    person = {
        "ada.lovelace@example.org": EVIL,
        "c-4711-0123456789": EVIL,
        KEY: EVIL,
        "id": "c-4711",
        "pointBalance": 47110815,
        "cursor": EVIL,
        "name": [EVIL],
    }
    body = {
        "message": EVIL,
        "error": EVIL,
        "customer": person,
        "customers": [person],
        EVIL: EVIL,
        "errors": [{"path": [EVIL], "message": EVIL}, {"field": "Augusta Ada"}],
    }
    made = Hostile(lambda method, path: (200 if path == "/v1/customers" else status, body))
    yield made
    made.close()


def test_whatever_an_api_repeats_stays_out_of_it(prober: Prober, hostile: Hostile) -> None:
    prober.cli.set(API_URL=hostile.url)
    found = prober("--yes")
    for text in (found.report, found.ran.out, found.ran.err):
        assert_nothing_personal(text)
        assert "\x1b" not in text
    assert "<script>" not in outside_of_code(found.report)
    # Fences are the report's own: each is alone on its line, and they come in pairs.
    fences = [line for line in found.report.splitlines() if "```" in line]
    assert set(fences) <= {"```", "```text", "```toml"}
    assert len(fences) % 2 == 0
    assert not any(line.startswith("# pwned") for line in found.report.splitlines())


def outside_of_code(report: str) -> str:
    return "".join(report.split("```")[::2])


def test_the_report_names_every_question_with_what_was_seen(prober: Prober) -> None:
    prober.sandbox.set(order_not_found="No such order")
    found = prober("--yes", "--only", "orders")
    for name, finding in found.findings.items():
        assert f"### {name}: {finding['title']}" in found.report
        assert f"| {name} | " in found.report
    assert "POST order …-order-b: pending, the same order again\n  -> HTTP 200" in found.report
    block = found.report.partition("## Settings that follow")[2].partition("```toml\n")[2]
    assert block.startswith(
        '[delivery]\norder_not_found_pattern = "(?i)No such order"  # order-not-found\n```'
    )


def test_what_it_leaves_behind_is_listed_with_how_to_be_rid_of_it(prober: Prober) -> None:
    found = prober("--yes")
    there = {
        row[0]
        for row in prober.sandbox.rows(
            "SELECT customer_id FROM customers UNION SELECT order_id FROM orders "
            "UNION SELECT product_id FROM products"
        )
    }
    assert {one["id"] for one in found.left} == there
    assert all(f"`{record}`" in found.report for record in there)
    assert "The API shows no call that deletes customers, orders or products." in found.report
    for row in prober.sandbox.rows("SELECT fields FROM customers"):
        fields = json.loads(row["fields"])
        assert fields["email"].endswith("@example.com")


def test_the_last_lines_say_what_to_do_next(prober: Prober) -> None:
    prober.sandbox.set(variants_body="bare")
    ran = prober.cli("probe", "--yes", "--only", "products", "--settle", "0.05")
    assert ran.out.splitlines() == [
        "Settings that follow, for influence.toml:",
        "",
        "[api_names]",
        'variants_body = "bare"  # variants-body',
        "",
        "1 throw-away record left behind; the report lists them.",
        f"9 questions: 9 answered. Report: {next(Path().glob('*.md'))}",
    ]


# --- with an influence.toml


CONFIG = """
version = 1
[customers]
query = "c.sql"
sources = [{ from = "c", rows = ["c"], key = "c.id" }]
[products]
query = "p.sql"
sources = [{ from = "p", rows = ["p"], key = "p.id" }]
[orders]
query = "o.sql"
sources = [{ from = "o", rows = ["o"], key = "o.id" }]
"""


def test_the_names_in_force_are_sent_and_are_no_news(prober: Prober) -> None:
    names = {"order": {"totalPrice": "total"}, "customer": {"firstName": "first_name"}}
    prober.sandbox.set(names=names, unknown_fields="refuse", variants_body="bare")
    Path("influence.toml").write_text(
        CONFIG
        + """protocol = "direct"
        [api_names]
        variants_body = "bare"
        order = { totalPrice = "total" }
        customer = { firstName = "first_name" }
        """
    )
    found = prober("--yes")
    assert (found.must, found.may) == ({}, {})
    assert found.values["order-create"] == "taken"
    assert "settings in force: influence.toml" in found.report


def test_settings_in_force_that_do_not_fit_are_to_be_changed(prober: Prober) -> None:
    prober.sandbox.set(second_post="award_again", unknown_fields="refuse")
    Path("influence.toml").write_text(
        CONFIG
        + """protocol = "direct"
        [delivery]
        order_not_found_pattern = "nothing like it"
        [api_names]
        customer = { lastName = "surname" }
        """
    )
    found = prober("--yes")
    assert found.must == {
        "orders": {"protocol": "two_step"},
        "delivery": {"order_not_found_pattern": "(?i)Order not found"},
        "api_names": {"customer": {}},
    }


def test_a_file_that_cannot_be_read_right_is_an_error_before_any_call(prober: Prober) -> None:
    for text, words in (
        ("version = 1", "influence.toml: customers is missing"),
        (CONFIG + "[api_names]\norder = { totlPrice = 'x' }", "api_names has order.totlPrice"),
    ):
        Path("influence.toml").write_text(text)
        ran = prober.cli("probe")
        assert ran.code == 3
        assert words in ran.error
    prober.cli.set(CONFIG="elsewhere.toml")
    assert "There is no elsewhere.toml" in prober.cli("probe").error
    assert prober.calls() == []
