"""Caps on coupons, quarantined events by index, balances of members as they were told."""

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

CREATE TABLE balance_seen (
    at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    event_id bigint NOT NULL,
    balance bigint,
    moved bigint,
    source text NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    CONSTRAINT balance_seen_pkey PRIMARY KEY (member_id, at, source, event_id),
    CONSTRAINT balance_seen_source_check
        CHECK (source IN ('told', 'moved', 'asked', 'created', 'settled'))
) WITH (autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE balance_gap (
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    points bigint NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    CONSTRAINT balance_gap_pkey PRIMARY KEY (member_id, until)
);

CREATE TABLE refund_told (
    order_key text COLLATE "C" NOT NULL,
    customer_key text COLLATE "C" NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refund_told_pkey PRIMARY KEY (order_key)
);
CREATE INDEX refund_told_customer_key_idx ON refund_told (customer_key);
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
