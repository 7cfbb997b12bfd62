"""dlt's documented way to an API: `sql_table` into a custom destination that calls with dlt's own
`requests`, which retries. Runs in dlt's environment, knows nothing of this project.

dlt_pipeline.py STORE_URL API_URL FOLDER [SCHEMA]

https://dlthub.com/docs/dlt-ecosystem/destinations/destination
"""

import json
import sys
from typing import Any

import dlt  # type: ignore[import-not-found]
from dlt.sources.helpers import requests  # type: ignore[import-not-found]
from dlt.sources.sql_database import sql_table  # type: ignore[import-not-found]

store_url, api_url, folder, schema = sys.argv[1:5]


@dlt.destination(name="loyalty")  # type: ignore[untyped-decorator]
def loyalty(items: Any, table: Any) -> None:
    for item in items:
        requests.put(
            f"{api_url}/v1/customers/{item['id']}",
            data=json.dumps(item, default=str),
            headers={"x-api-key": "benchmark-key", "content-type": "application/json"},
        ).raise_for_status()


pipeline = dlt.pipeline("customers", destination=loyalty, pipelines_dir=folder)
pipeline.run(
    sql_table(
        store_url,
        table="customers",
        schema=schema,
        incremental=dlt.sources.incremental("created_at"),
    )
)
