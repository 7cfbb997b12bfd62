"""The first schema. Plain SQL, so that what was released stays readable and never moves again."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = """
CREATE TYPE entity AS ENUM ('customer', 'product', 'order', 'reward');

CREATE TYPE financial_status AS ENUM ('authorized', 'pending', 'paid', 'partially_paid',
                                      'refunded', 'partially_refunded', 'voided', 'expired');

CREATE TABLE snapshot (
    store_hash  bigint,
    synced_hash bigint,
    late_hash   bigint,
    late_until  timestamptz,
    entity      entity NOT NULL,
    status      financial_status,
    key         text COLLATE "C" NOT NULL,
    CONSTRAINT snapshot_pkey PRIMARY KEY (entity, key)
);

CREATE SEQUENCE fence_seq;

CREATE TABLE work (
    entity         entity NOT NULL,
    key            text COLLATE "C" NOT NULL,
    state          text NOT NULL DEFAULT 'ready',
    phase          text NOT NULL DEFAULT 'idle',
    lane           text NOT NULL DEFAULT 'live',
    attempts       integer NOT NULL DEFAULT 0,
    refusals       integer NOT NULL DEFAULT 0,
    absent_answers integer NOT NULL DEFAULT 0,
    queued_at      timestamptz NOT NULL DEFAULT now(),
    next_at        timestamptz NOT NULL DEFAULT now(),
    lease_until    timestamptz,
    fence          bigint,
    seen_again     boolean NOT NULL DEFAULT false,
    unsure         boolean NOT NULL DEFAULT false,
    blocked_on     text,
    reason_code    text,
    reason         text,
    CONSTRAINT work_pkey PRIMARY KEY (entity, key),
    CONSTRAINT work_state_check CHECK (state IN ('ready', 'blocked', 'parked')),
    CONSTRAINT work_phase_check CHECK (phase IN ('idle', 'creating', 'unknown', 'refunding')),
    CONSTRAINT work_lane_check CHECK (lane IN ('live', 'import'))
);
CREATE INDEX work_ready_idx ON work (entity, lane, next_at) WHERE state = 'ready';
CREATE INDEX work_blocked_on_idx ON work (blocked_on) WHERE blocked_on IS NOT NULL;

CREATE TABLE attempt (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT now(),
    content_hash bigint,
    entity       entity NOT NULL,
    ms           integer,
    http_status  smallint,
    key          text COLLATE "C" NOT NULL,
    call         text NOT NULL,
    outcome      text NOT NULL,
    error        text,
    CONSTRAINT attempt_pkey PRIMARY KEY (id)
);
CREATE INDEX attempt_entity_key_id_idx ON attempt (entity, key, id);

CREATE TABLE capture_point (
    entity          entity NOT NULL,
    taken_at        timestamptz,
    horizon         bigint,
    next_xid        bigint,
    seen_xids       bigint[],
    server_identity text,
    mapping_hash    text,
    source_tables   text,
    hash_method     text,
    full_at         timestamptz,
    CONSTRAINT capture_point_pkey PRIMARY KEY (entity)
);

CREATE TABLE fact (
    name   text NOT NULL,
    value  jsonb NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fact_pkey PRIMARY KEY (name)
);

CREATE TABLE sync_run (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    entity     entity NOT NULL,
    kind       text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL DEFAULT now(),
    error      text,
    counts     jsonb NOT NULL,
    CONSTRAINT sync_run_pkey PRIMARY KEY (id)
);
CREATE INDEX sync_run_entity_id_idx ON sync_run (entity, id);

CREATE TABLE inbox (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    received_at timestamptz NOT NULL DEFAULT now(),
    topic       text,
    webhook_id  text,
    dedupe_key  text NOT NULL,
    body_sha256 bytea NOT NULL,
    body        bytea NOT NULL,
    headers     jsonb NOT NULL,
    conflicts   boolean NOT NULL DEFAULT false,
    deliveries  integer NOT NULL DEFAULT 1,
    state       text NOT NULL DEFAULT 'new',
    attempts    integer NOT NULL DEFAULT 0,
    next_at     timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    fence       bigint,
    reason_code text,
    reason      text,
    done_at     timestamptz,
    CONSTRAINT inbox_pkey PRIMARY KEY (id),
    CONSTRAINT inbox_dedupe_key_body_sha256_key UNIQUE (dedupe_key, body_sha256),
    CONSTRAINT inbox_state_check CHECK (state IN ('new', 'done', 'parked', 'quarantined'))
);
CREATE UNIQUE INDEX inbox_dedupe_key_idx ON inbox (dedupe_key) WHERE conflicts IS false;
CREATE INDEX inbox_new_idx ON inbox (next_at) WHERE state = 'new';
CREATE INDEX inbox_parked_idx ON inbox (reason_code) WHERE state = 'parked';

CREATE TABLE coupon (
    code           text COLLATE "C" NOT NULL,
    event_id       bigint NOT NULL,
    state          text NOT NULL DEFAULT 'issuing',
    customer_key   text,
    kind           text NOT NULL,
    value          numeric,
    currency       text,
    expires_at     timestamptz,
    issued_at      timestamptz,
    order_key      text COLLATE "C",
    used_at        timestamptz,
    reward_used_at timestamptz,
    CONSTRAINT coupon_pkey PRIMARY KEY (code),
    CONSTRAINT coupon_event_id_fkey FOREIGN KEY (event_id) REFERENCES inbox (id) ON DELETE RESTRICT,
    CONSTRAINT coupon_state_check CHECK (state IN ('issuing', 'issued', 'used'))
);

CREATE TABLE loyalty_member (
    customer_id   text NOT NULL,
    external_id   text COLLATE "C",
    point_balance bigint,
    tier_id       text,
    tier_title    text,
    referral_url  text,
    updated_at    timestamptz,
    event_id      bigint NOT NULL,
    CONSTRAINT loyalty_member_pkey PRIMARY KEY (customer_id)
);
CREATE INDEX loyalty_member_external_id_idx ON loyalty_member (external_id);
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
