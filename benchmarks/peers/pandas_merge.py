"""What most scripts do: read everything, merge with the last time's frame, keep it for next time.

Runs in an environment of its own. pandas_merge.py FOLDER SQL, STORE_URL set
"""

import os
import sys
from pathlib import Path

import pandas as pd
import sqlalchemy as sa
from measured import say  # type: ignore[import-not-found]

store_url = os.environ["STORE_URL"]
folder, select = sys.argv[1:3]
kept = Path(folder) / "last.pickle"


def find() -> dict[str, int]:
    engine = sa.create_engine(store_url.replace("postgresql://", "postgresql+psycopg2://", 1))
    with engine.connect() as connection:
        now = pd.read_sql(sa.text(select), connection)
    engine.dispose()
    found = {"changed": 0, "new": len(now), "deleted": 0}
    if kept.exists():
        before = pd.read_pickle(kept)  # noqa: S301
        merged = before.merge(
            now, on="id", how="outer", suffixes=("_before", ""), indicator="where"
        )
        both = merged[merged["where"] == "both"]
        changed = pd.Series(False, index=both.index)
        for column in now.columns.drop("id"):
            old, new = both[f"{column}_before"], both[column]
            changed |= (old != new) & ~(old.isna() & new.isna())
        found = {
            "changed": int(changed.sum()),
            "new": int((merged["where"] == "right_only").sum()),
            "deleted": int((merged["where"] == "left_only").sum()),
        }
    now.to_pickle(kept)
    return found


say(find)
