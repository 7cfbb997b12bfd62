"""One run of the first import, as a backfill would start it: `python -m … FIRST LAST` (partitions).

A backfill is started by Dagster's daemon, which looks every 30 s; the demo has none, and no patience.
"""

from __future__ import annotations

import sys

import dagster as dg

from influence_pipeline.definitions import defs

ASSETS = ("customers_import", "products_import")


def main(first: str, last: str) -> int:
    """Materialize these partitions of both assets on the instance of DAGSTER_HOME."""
    months = {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }
    with dg.DagsterInstance.get() as instance:
        done = dg.materialize(
            list(defs.assets or ()),
            selection=list(ASSETS),
            resources=defs.resources,
            instance=instance,
            tags=months,
            raise_on_error=False,
        )
    return 0 if done.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
