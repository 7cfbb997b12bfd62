"""reladiff: the store's table against a copy of it as it was last time, in another database.

Runs in an environment of its own. reladiff_find.py COLUMNS, STORE_URL and TARGET_URL set
"""

import os
import sys
from collections import Counter

from measured import say  # type: ignore[import-not-found]
from reladiff import (  # type: ignore[import-not-found]
    connect_to_table,
    diff_tables,
)

store_url, copy_url = os.environ["STORE_URL"], os.environ["TARGET_URL"]
columns = sys.argv[1]


def find() -> dict[str, int]:
    before, now = (
        connect_to_table(url, "orders", "id", extra_columns=tuple(columns.split(",")))
        for url in (copy_url, store_url)
    )
    signs: Counter[str] = Counter()
    by_key: dict[str, str] = {}
    for sign, row in diff_tables(before, now):
        by_key[row[0]] = by_key.get(row[0], "") + sign
    for seen in by_key.values():
        signs[seen if len(seen) == 1 else "both"] += 1
    return {"changed": signs["both"], "new": signs["+"], "deleted": signs["-"]}


say(find)
