"""One pace for all workers; one id per e-mail; room in the pages of what is updated in place."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = """
CREATE TABLE pace (
    account    smallint NOT NULL DEFAULT 1,
    control    jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pace_pkey PRIMARY KEY (account),
    CONSTRAINT pace_account_check CHECK (account = 1)
);

CREATE TABLE email_owner (
    email_hash uuid NOT NULL,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    key        text COLLATE "C" NOT NULL,
    CONSTRAINT email_owner_pkey PRIMARY KEY (email_hash)
);
CREATE INDEX email_owner_key_idx ON email_owner (key);

ALTER TABLE work SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE snapshot SET (fillfactor = 85);
ALTER TABLE pace SET (fillfactor = 10);
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
