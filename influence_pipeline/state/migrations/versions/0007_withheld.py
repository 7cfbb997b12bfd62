"""Orders of erased customers are held back, not settled; claims from before are waited for."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = """
ALTER TABLE work DROP CONSTRAINT work_state_check;
ALTER TABLE work ADD CONSTRAINT work_state_check
    CHECK (state IN ('ready', 'blocked', 'parked', 'withheld'));
ALTER TABLE erased ADD COLUMN fence bigint;

-- The next delivery of orders holds them back.
UPDATE work SET state = 'ready', reason_code = NULL, reason = NULL
WHERE state = 'parked' AND reason_code = 'erased';
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
