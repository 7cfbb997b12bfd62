"""Make the dump of a revision: `python -m influence_pipeline_tests.state.released.make COMMIT`.

COMMIT is the last one whose state schema has the revision (HEAD for the newest). Its source is
unpacked into a folder of its own, its own program plays `story.py` there, and pg_dump writes what
it left. It needs Debian's Postgres 15 (postgresql-15), so that a dump fits servers from 15 on.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2

from influence_pipeline_tests.support import old_postgres

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
_UPGRADE = (
    "import sys; from influence_pipeline.state import database; database.upgrade(sys.argv[1])"
)
# Others refer to them.
_FIRST = ("inbox", "capture_point")


def main(commit: str) -> None:
    with tempfile.TemporaryDirectory() as made:
        tree, data = Path(made, "tree"), Path(made, "data")
        data.mkdir()
        archive = subprocess.run(
            ["git", "archive", commit], cwd=ROOT, check=True, capture_output=True
        )
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
            packed.extractall(tree, filter="data")
        _play(tree, data)
        with old_postgres.running() as server:
            url = server.create_database("released")
            _run(tree, "-c", _UPGRADE, url)
            _load(url, data)
            dump = _dump(url)
    revision = re.search(r"schema_version VALUES\s+\('(\d+)'\)", dump)
    assert revision is not None
    file = HERE / f"{revision[1]}.sql"
    file.write_text(dump)
    sys.stdout.write(f"{file.name}: {len(dump):,} characters\n")


def _run(tree: Path, *arguments: str, **variables: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(tree), **variables}
    subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, check=True)


def _play(tree: Path, data: Path) -> None:
    story = tree / "influence_pipeline_tests" / "sync" / "test_told_for_a_dump.py"
    shutil.copy(HERE / "story.py", story)
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", str(story))
    _run(tree, *arguments, STATE_DUMP_FOLDER=str(data))


def _load(url: str, data: Path) -> None:
    files = sorted(data.glob("*.copy"), key=lambda file: (file.stem not in _FIRST, file.stem))
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SET search_path = influence")
        for file in files:
            cursor.execute(f"DELETE FROM {file.stem}")
        for file in files:
            with file.open(encoding="utf-8") as rows:
                cursor.copy_expert(f"COPY {file.stem} FROM STDIN", rows)
        cursor.execute(f"SELECT setval('fence_seq', {int((data / 'fence').read_text())})")
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE is_identity = 'YES' AND table_schema = 'influence'"
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "
                f"coalesce(max({column}), 0) + 1, false) FROM {table}"
            )


def _dump(url: str) -> str:
    command = [
        str(old_postgres.PROGRAMS / "pg_dump"),
        *("--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=50"),
        *("--schema=influence", f"--dbname={url}"),
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Comments, and commands of psql's that no server knows.
    lines = [line for line in text.splitlines() if line and not line.startswith(("--", "\\"))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1])
