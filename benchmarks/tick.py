"""One look at the store for changes (a tick), beside the ways it replaces.

python -m benchmarks.tick [--orders 1000000]
"""

from __future__ import annotations

import argparse

import pandas as pd
import psycopg2
import sqlalchemy as sa

from benchmarks.measure import machine, median_seconds, table
from benchmarks.shops import open_shop
from influence_pipeline.records import Entity
from influence_pipeline.sync.engine import Engine

CHANGED = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    orders = parser.parse_args().orders
    print(machine())
    with open_shop(orders) as shop, Engine(shop.settings()) as engine:
        url = shop.store_url
        first = median_seconds(lambda: engine.capture(Entity.ORDER, full=True), runs=1)
        change(url)
        rows = {
            "tick, nothing changed": median_seconds(lambda: engine.capture(Entity.ORDER)),
            f"tick, {CHANGED} payments captured": median_seconds(
                lambda: (change(url), engine.capture(Entity.ORDER))
            ),
            "full compare": first,
            "pandas: read all canonical rows and merge": median_seconds(
                lambda: with_pandas(engine, url), runs=1
            ),
        }
        table(f"{orders:,} orders, median", "tick, nothing changed", rows)


def change(url: str) -> None:
    """Move money as a shop does: in payments, without touching the order."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments SET amount = amount WHERE id IN "
            "(SELECT id FROM payments ORDER BY random() LIMIT %s)",
            (CHANGED,),
        )
    connection.close()


def with_pandas(engine: Engine, url: str) -> int:
    """What a script does: read everything, compare with the last time's frame."""
    made = sa.create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(url))
    select = engine.mappings[Entity.ORDER].select
    with made.connect() as connection:
        now = pd.read_sql_query(sa.text(select), connection)
    made.dispose()
    before = now.copy()
    merged = now.astype(str).merge(before.astype(str), how="outer", indicator=True)
    return int((merged["_merge"] != "both").sum())


if __name__ == "__main__":
    main()
