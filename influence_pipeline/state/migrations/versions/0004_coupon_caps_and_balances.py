"""Caps on coupons, quarantined events by index."""

from alembic import op

revision = "0004"
down_revision = "0003"

# A coupon made by an earlier version counts as of the day it was issued.
STATEMENTS = """
ALTER TABLE inbox ADD COLUMN over_cap boolean NOT NULL DEFAULT false;
CREATE INDEX inbox_quarantined_idx ON inbox (id) WHERE state = 'quarantined';

ALTER TABLE coupon ADD COLUMN member_id text,
                   ADD COLUMN folded_code text COLLATE "C",
                   ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
UPDATE coupon SET created_at = issued_at WHERE issued_at IS NOT NULL;
CREATE INDEX coupon_created_at_idx ON coupon (created_at);
CREATE INDEX coupon_member_id_created_at_idx ON coupon (member_id, created_at);
CREATE INDEX coupon_folded_code_idx ON coupon (folded_code);
CREATE INDEX coupon_event_id_idx ON coupon (event_id);
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
