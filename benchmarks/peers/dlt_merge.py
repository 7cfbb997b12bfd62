"""dlt's documented way to take over what is new: `sql_table`, incremental by a cursor, merged into
another database.

Runs in an environment of its own. dlt_merge.py FOLDER, STORE_URL and TARGET_URL set

https://dlthub.com/docs/dlt-ecosystem/verified-sources/sql_database/usage
"""

import os
import sys

import dlt  # type: ignore[import-not-found]
from dlt.sources.sql_database import sql_table  # type: ignore[import-not-found]
from measured import say  # type: ignore[import-not-found]

store_url, target_url = os.environ["STORE_URL"], os.environ["TARGET_URL"]
folder = sys.argv[1]


def find() -> dict[str, int]:
    pipeline = dlt.pipeline(
        "orders",
        destination=dlt.destinations.postgres(target_url),
        dataset_name="of_dlt",
        pipelines_dir=folder,
    )
    orders = sql_table(
        store_url.replace("postgresql://", "postgresql+psycopg2://", 1),
        table="orders",
        schema="public",
        backend="pyarrow",
        incremental=dlt.sources.incremental("updated_at"),
    )
    orders.apply_hints(primary_key="id", write_disposition="merge")
    pipeline.run(orders)
    counts = pipeline.last_trace.last_normalize_info.row_counts
    return {"moved": counts.get("orders", 0)}


say(find)
