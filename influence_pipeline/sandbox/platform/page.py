"""The sandbox's page for humans at `/`: plain HTML, nothing loaded from elsewhere.

It needs no key, so it shows ids and numbers only: no names, e-mails, coupon codes or urls.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from influence_pipeline.sandbox.platform import address, views
from influence_pipeline.sandbox.platform.ledger import Ledger
from influence_pipeline.sandbox.platform.rules import Rules

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left}"
    "pre{background:#f3f3f3;padding:.8rem;overflow:auto}"
)


def render(ledger: Ledger, rules: Rules, address_of_sandbox: str) -> str:
    """The whole page. `address_of_sandbox`: scheme, host and port, for the curl lines."""
    counts = views.summary(ledger)
    numbers = [(name, count) for name, count in counts.items() if isinstance(count, int)]
    customers = ledger.rows(
        "SELECT customer_id, point_balance, tier_id FROM customers "
        "ORDER BY updated_at DESC LIMIT 20"
    )
    last_calls = ledger.rows(
        "SELECT at, method, path, coalesce(status, 'closed') AS status, coalesce(fault, '') "
        "AS fault FROM calls ORDER BY id DESC LIMIT 20"
    )
    someone = customers[0]["customer_id"] if customers else "YOUR-CUSTOMER-ID"
    rule = next((rule.id for rule in rules.redeem_rules if rule.status == "active"), "RULE-ID")
    curl = (
        f"curl -X POST {address_of_sandbox}/sandbox/customers/{quote(someone, safe='')}/redeem \\\n"
        '  -H "x-api-key: $KEY" -H "content-type: application/json" \\\n'
        f'  -d \'{{"ruleId": "{rule}"}}\''
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox Platform API</title>"
        f"<style>{_STYLE}</style><h1>Sandbox Platform API</h1>"
        "<p>A stand-in for the loyalty vendor's API. Nothing here is real. "
        'All endpoints: <a href="/openapi.json">/openapi.json</a>.</p>'
        f"<h2>Counts</h2>{_table(('what', 'how many'), numbers)}"
        "<h2>Customers, latest first</h2>"
        f"{_table(('id', 'points', 'tier'), map(tuple, customers))}"
        f"<h2>Redeem points</h2><pre>{html.escape(curl)}</pre>"
        "<h2>Last calls</h2>"
        + _table(
            ("at", "method", "path", "status", "fault"),
            (
                (call["at"], call["method"], address.shown_path(call["path"]), *tuple(call)[3:])
                for call in last_calls
            ),
        )
        + "</html>"
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    top = "".join(f"<th>{html.escape(name)}" for name in head)
    lines = (
        "<tr>" + "".join(f"<td>{html.escape('' if cell is None else str(cell))}" for cell in row)
        for row in rows
    )
    return f"<table><tr>{top}{''.join(lines)}</table>"
