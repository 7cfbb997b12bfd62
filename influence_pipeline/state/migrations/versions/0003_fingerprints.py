"""Fingerprints of source rows, so that a full compare computes only the records that moved."""

from alembic import op

revision = "0003"
down_revision = "0002"

# A point without `source_method` makes the next full compare compute every record, which fills the
# fingerprints in.
STATEMENTS = """
ALTER TABLE snapshot ADD COLUMN source_hash bigint,
                     ADD COLUMN source_rows integer NOT NULL DEFAULT 0;

CREATE TABLE left_out (
    source_hash bigint NOT NULL,
    entity      entity NOT NULL,
    source_rows integer NOT NULL,
    key         text COLLATE "C" NOT NULL,
    CONSTRAINT left_out_pkey PRIMARY KEY (entity, key)
);

ALTER TABLE capture_point ADD COLUMN store_clock timestamptz,
                          ADD COLUMN go_live timestamptz,
                          ADD COLUMN hash_expression text,
                          ADD COLUMN source_method text,
                          ADD COLUMN checked_at timestamptz,
                          ADD COLUMN check_seconds double precision,
                          ADD COLUMN compares integer NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
