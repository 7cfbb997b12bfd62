"""Databases that Medusa, Vendure and Saleor made themselves, restored for a test.

They lie beside the project where there are any (`../shared/stores`), are not shipped with it, and
the tests say so where they are missing.
"""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from influence_pipeline.sandbox.postgres import EmbeddedPostgres

STORES = Path(__file__).parents[2].parent / "shared" / "stores"


def restore(postgres: EmbeddedPostgres, store: str) -> str:
    """Restore a store into a database to copy from, once per server, and give its name. Skips the
    test where the store or psql is not there."""
    folder = STORES / store
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}: this store is not here")
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("there is no psql to restore the store with")
    name = f"template_{store}"
    url = postgres.create_database(name)
    for sql in (
        (folder / "schema.sql").read_bytes(),
        b"SET session_replication_role = replica;"
        + gzip.decompress((folder / "data.sql.gz").read_bytes()),
    ):
        # Errors are passed over: of the extensions one (pgcrypto) is not embedded, and not needed.
        subprocess.run([psql, "--quiet", "--no-psqlrc", url], input=sql, capture_output=True, check=True)  # fmt: skip
    return name
