"""Imports by number: whose records are whose, so that a part of an import knows when it is done."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = """
ALTER TABLE work ADD COLUMN import_id bigint;
CREATE INDEX work_import_id_idx ON work (import_id, next_at) WHERE import_id IS NOT NULL;

CREATE TABLE import_run (
    id bigint GENERATED ALWAYS AS IDENTITY,
    entity entity NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    taken bigint NOT NULL DEFAULT 0,
    CONSTRAINT import_run_pkey PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
