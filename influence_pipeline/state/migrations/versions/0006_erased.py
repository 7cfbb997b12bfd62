"""Who was erased, as keyed hashes; events to be emptied by index."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
CREATE TABLE erased (
    hash uuid NOT NULL,
    person uuid NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT erased_pkey PRIMARY KEY (hash, person)
);
CREATE INDEX erased_person_idx ON erased (person);

CREATE INDEX inbox_filled_idx ON inbox (done_at)
    WHERE state = 'done' AND octet_length(body) > 0;
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
