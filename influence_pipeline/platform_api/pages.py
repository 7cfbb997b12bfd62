"""Lists that come in pages: the records of a page, and the cursor of the next one.

The contract gives neither the cursor's name in a reply nor every list's shape, so both are read
leniently (contract: Customers, Webhook subscriptions).
"""

from __future__ import annotations

from typing import Any

CURSORS = ("cursor", "nextCursor", "nextToken")


def records(body: Any, name: str) -> list[dict[str, Any]]:
    """Give the objects of a page: under `name`, else of its first list, else of the bare list."""
    if isinstance(body, dict):
        lists = (value for value in body.values() if isinstance(value, list))
        body = body[name] if isinstance(body.get(name), list) else next(lists, [])
    return [item for item in body if isinstance(item, dict)] if isinstance(body, list) else []


def next_cursor(body: Any) -> str | None:
    """Give the cursor of the page after this one; None where there is none, or an empty one."""
    if not isinstance(body, dict):
        return None
    return next((str(body[n]) for n in CURSORS if isinstance(body.get(n), str) and body[n]), None)
