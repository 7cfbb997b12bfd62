SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA influence;
CREATE TYPE influence.entity AS ENUM (
    'customer',
    'product',
    'order',
    'reward'
);
CREATE TYPE influence.financial_status AS ENUM (
    'authorized',
    'pending',
    'paid',
    'partially_paid',
    'refunded',
    'partially_refunded',
    'voided',
    'expired'
);
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE influence.attempt (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    content_hash bigint,
    entity influence.entity NOT NULL,
    ms integer,
    http_status smallint,
    key text NOT NULL COLLATE pg_catalog."C",
    call text NOT NULL,
    outcome text NOT NULL,
    error text
);
ALTER TABLE influence.attempt ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME influence.attempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE influence.balance_gap (
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    found_at timestamp with time zone DEFAULT now() NOT NULL,
    points bigint NOT NULL,
    member_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE influence.balance_seen (
    at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    event_id bigint NOT NULL,
    balance bigint,
    moved bigint,
    source text NOT NULL,
    member_id text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT balance_seen_source_check CHECK ((source = ANY (ARRAY['told'::text, 'moved'::text, 'asked'::text, 'created'::text, 'settled'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.05');
CREATE TABLE influence.capture_point (
    entity influence.entity NOT NULL,
    taken_at timestamp with time zone,
    horizon bigint,
    next_xid bigint,
    seen_xids bigint[],
    server_identity text,
    mapping_hash text,
    source_tables text,
    hash_method text,
    full_at timestamp with time zone,
    store_clock timestamp with time zone,
    go_live timestamp with time zone,
    hash_expression text,
    source_method text,
    checked_at timestamp with time zone,
    check_seconds double precision,
    compares integer DEFAULT 0 NOT NULL
);
CREATE TABLE influence.coupon (
    code text NOT NULL COLLATE pg_catalog."C",
    event_id bigint NOT NULL,
    state text DEFAULT 'issuing'::text NOT NULL,
    customer_key text,
    kind text NOT NULL,
    value numeric,
    currency text,
    expires_at timestamp with time zone,
    issued_at timestamp with time zone,
    order_key text COLLATE pg_catalog."C",
    used_at timestamp with time zone,
    reward_used_at timestamp with time zone,
    member_id text,
    folded_code text COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT coupon_state_check CHECK ((state = ANY (ARRAY['issuing'::text, 'issued'::text, 'used'::text])))
);
CREATE TABLE influence.email_owner (
    email_hash uuid NOT NULL,
    number bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C"
);
ALTER TABLE influence.email_owner ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME influence.email_owner_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE influence.erased (
    hash uuid NOT NULL,
    person uuid NOT NULL,
    erased_at timestamp with time zone DEFAULT now() NOT NULL,
    fence bigint
);
CREATE TABLE influence.fact (
    name text NOT NULL,
    value jsonb NOT NULL,
    set_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE influence.fence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE influence.import_run (
    id bigint NOT NULL,
    entity influence.entity NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    taken bigint DEFAULT 0 NOT NULL
);
ALTER TABLE influence.import_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME influence.import_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE influence.inbox (
    id bigint NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    topic text,
    webhook_id text,
    dedupe_key text NOT NULL,
    body_sha256 bytea NOT NULL,
    body bytea NOT NULL,
    headers jsonb NOT NULL,
    conflicts boolean DEFAULT false NOT NULL,
    deliveries integer DEFAULT 1 NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    fence bigint,
    reason_code text,
    reason text,
    done_at timestamp with time zone,
    over_cap boolean DEFAULT false NOT NULL,
    CONSTRAINT inbox_state_check CHECK ((state = ANY (ARRAY['new'::text, 'done'::text, 'parked'::text, 'quarantined'::text])))
);
ALTER TABLE influence.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME influence.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE influence.left_out (
    source_hash bigint NOT NULL,
    entity influence.entity NOT NULL,
    source_rows integer NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE influence.loyalty_member (
    customer_id text NOT NULL,
    external_id text COLLATE pg_catalog."C",
    point_balance bigint,
    tier_id text,
    tier_title text,
    referral_url text,
    updated_at timestamp with time zone,
    event_id bigint NOT NULL
);
CREATE TABLE influence.pace (
    account smallint DEFAULT 1 NOT NULL,
    control jsonb NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pace_account_check CHECK ((account = 1))
)
WITH (fillfactor='10');
CREATE TABLE influence.refund_told (
    order_key text NOT NULL COLLATE pg_catalog."C",
    customer_key text NOT NULL COLLATE pg_catalog."C",
    first_at timestamp with time zone DEFAULT now() NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE influence.schema_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE influence.snapshot (
    store_hash bigint,
    synced_hash bigint,
    late_hash bigint,
    late_until timestamp with time zone,
    entity influence.entity NOT NULL,
    status influence.financial_status,
    key text NOT NULL COLLATE pg_catalog."C",
    source_hash bigint,
    source_rows integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='85');
CREATE TABLE influence.sync_run (
    id bigint NOT NULL,
    entity influence.entity NOT NULL,
    kind text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone DEFAULT now() NOT NULL,
    error text,
    counts jsonb NOT NULL
);
ALTER TABLE influence.sync_run ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME influence.sync_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE influence.work (
    entity influence.entity NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    state text DEFAULT 'ready'::text NOT NULL,
    phase text DEFAULT 'idle'::text NOT NULL,
    lane text DEFAULT 'live'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    refusals integer DEFAULT 0 NOT NULL,
    absent_answers integer DEFAULT 0 NOT NULL,
    queued_at timestamp with time zone DEFAULT now() NOT NULL,
    next_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    fence bigint,
    seen_again boolean DEFAULT false NOT NULL,
    unsure boolean DEFAULT false NOT NULL,
    blocked_on text,
    reason_code text,
    reason text,
    import_id bigint,
    CONSTRAINT work_lane_check CHECK ((lane = ANY (ARRAY['live'::text, 'import'::text]))),
    CONSTRAINT work_phase_check CHECK ((phase = ANY (ARRAY['idle'::text, 'creating'::text, 'unknown'::text, 'refunding'::text]))),
    CONSTRAINT work_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'blocked'::text, 'parked'::text, 'withheld'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-30 19:26:17.538923+00', -8109577624203760974, 'customer', 11, 200, '5000008', 'PUT customer', 'accepted', NULL),
	(2, '2026-11-30 19:26:17.538923+00', 7242783985846576593, 'customer', 12, 200, '5000022', 'PUT customer', 'accepted', NULL),
	(3, '2026-11-30 19:26:17.538923+00', -9041080486820344474, 'customer', 1, 200, '5000038', 'PUT customer', 'accepted', NULL),
	(4, '2026-11-30 19:26:17.538923+00', -9112483356925046425, 'customer', 3, 200, '5000058', 'PUT customer', 'accepted', NULL),
	(5, '2026-11-30 19:26:17.538923+00', -3811239268096728979, 'customer', 3, 200, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4', 'PUT customer', 'accepted', NULL),
	(6, '2026-11-30 19:26:17.538923+00', 2823247293581847863, 'customer', 3, 200, 'cus_000001', 'PUT customer', 'accepted', NULL),
	(7, '2026-11-30 19:26:17.538923+00', 5323945606130444406, 'customer', 3, 200, 'cus_000002', 'PUT customer', 'accepted', NULL),
	(8, '2026-11-30 19:26:17.538923+00', -5771450640357689836, 'customer', 7, 200, 'cus_000003', 'PUT customer', 'accepted', NULL),
	(9, '2026-11-30 19:26:17.538923+00', 1014309799502170939, 'customer', 3, 200, 'cus_000004', 'PUT customer', 'accepted', NULL),
	(10, '2026-11-30 19:26:17.538923+00', 9063341459305423041, 'customer', 10, 200, 'cus_000006', 'PUT customer', 'accepted', NULL),
	(11, '2026-11-30 19:26:17.538923+00', 5862505106843645206, 'customer', 6, 200, 'cus_000007', 'PUT customer', 'accepted', NULL),
	(12, '2026-11-30 19:26:17.538923+00', 7277074898292699720, 'customer', 6, 200, 'cus_000009', 'PUT customer', 'accepted', NULL),
	(13, '2026-11-30 19:26:17.538923+00', -821127294239884219, 'customer', 6, 200, 'cus_000010', 'PUT customer', 'accepted', NULL),
	(14, '2026-11-30 19:26:17.590523+00', 862058813290159186, 'customer', 8, 200, 'cus_000011', 'PUT customer', 'accepted', NULL),
	(15, '2026-11-30 19:26:17.590523+00', 6166400553054300023, 'customer', 12, 200, 'cus_000012', 'PUT customer', 'accepted', NULL),
	(16, '2026-11-30 19:26:17.590523+00', 4270804455296375641, 'customer', 13, 200, 'cus_000013', 'PUT customer', 'accepted', NULL),
	(17, '2026-11-30 19:26:17.590523+00', -3429109775488814537, 'customer', 17, 200, 'cus_000014', 'PUT customer', 'accepted', NULL),
	(18, '2026-11-30 19:26:17.590523+00', 7032034183416218088, 'customer', 8, 200, 'cus_000018', 'PUT customer', 'accepted', NULL),
	(19, '2026-11-30 19:26:17.590523+00', -1956854469490701740, 'customer', 22, 200, 'cus_000015', 'PUT customer', 'accepted', NULL),
	(20, '2026-11-30 19:26:17.590523+00', 2165484242292056110, 'customer', 10, 200, 'cus_000019', 'PUT customer', 'accepted', NULL),
	(21, '2026-11-30 19:26:17.590523+00', -354112430381723260, 'customer', 8, 200, 'cus_000021', 'PUT customer', 'accepted', NULL),
	(22, '2026-11-30 19:26:17.590523+00', 5161474156332553813, 'customer', 5, 200, 'cus_000024', 'PUT customer', 'accepted', NULL),
	(23, '2026-11-30 19:26:17.590523+00', 7082465892898090798, 'customer', 6, 200, 'cus_000025', 'PUT customer', 'accepted', NULL),
	(24, '2026-11-30 19:26:17.590523+00', 4824950236376186145, 'customer', 23, 200, 'cus_000017', 'PUT customer', 'accepted', NULL),
	(25, '2026-11-30 19:26:17.590523+00', -4762602197338081676, 'customer', 10, 200, 'cus_000027', 'PUT customer', 'accepted', NULL),
	(26, '2026-11-30 19:26:17.590523+00', 2401535830741313344, 'customer', 10, 200, 'cus_000028', 'PUT customer', 'accepted', NULL),
	(27, '2026-11-30 19:26:17.590523+00', 4362495015378929924, 'customer', 9, 200, 'cus_000032', 'PUT customer', 'accepted', NULL),
	(28, '2026-11-30 19:26:17.590523+00', 7160839958206683771, 'customer', 18, 200, 'cus_000029', 'PUT customer', 'accepted', NULL),
	(29, '2026-11-30 19:26:17.590523+00', 7246926350970680881, 'customer', 33, 200, 'cus_000020', 'PUT customer', 'accepted', NULL),
	(30, '2026-11-30 19:26:17.590523+00', 6291048460985434825, 'customer', 22, 200, 'cus_000030', 'PUT customer', 'accepted', NULL),
	(31, '2026-11-30 19:26:17.590523+00', -2000802968715277073, 'customer', 27, 200, 'cus_000034', 'PUT customer', 'accepted', NULL),
	(32, '2026-11-30 19:26:17.590523+00', 3249580801048061398, 'customer', 18, 200, 'cus_000035', 'PUT customer', 'accepted', NULL),
	(33, '2026-11-30 19:26:17.590523+00', -8293312659535768215, 'customer', 18, 200, 'cus_000036', 'PUT customer', 'accepted', NULL),
	(34, '2026-11-30 19:26:17.590523+00', -1780058992802390971, 'customer', 18, 200, 'cus_000037', 'PUT customer', 'accepted', NULL),
	(35, '2026-11-30 19:26:17.590523+00', -2605107605899699108, 'customer', 10, 200, 'cus_000040', 'PUT customer', 'accepted', NULL),
	(36, '2026-11-30 19:26:17.652497+00', -6848360022948799495, 'customer', 42, 200, 'cus_000026', 'PUT customer', 'accepted', NULL),
	(37, '2026-11-30 19:26:17.652497+00', 5779213502248042128, 'customer', 7, 200, 'cus_000046', 'PUT customer', 'accepted', NULL),
	(38, '2026-11-30 19:26:17.652497+00', -6867292117712408834, 'customer', 10, 200, 'cus_000047', 'PUT customer', 'accepted', NULL),
	(39, '2026-11-30 19:26:17.652497+00', -6511391806760319527, 'customer', 10, 200, 'cus_000049', 'PUT customer', 'accepted', NULL),
	(40, '2026-11-30 19:26:17.652497+00', -813613394418329881, 'customer', 23, 200, 'cus_000043', 'PUT customer', 'accepted', NULL),
	(41, '2026-11-30 19:26:17.652497+00', -1343910420787323844, 'customer', 17, 200, 'cus_000048', 'PUT customer', 'accepted', NULL),
	(42, '2026-11-30 19:26:17.652497+00', 1601668338160577045, 'customer', 17, 200, 'cus_000050', 'PUT customer', 'accepted', NULL),
	(43, '2026-11-30 19:26:17.652497+00', 6827109088648169865, 'customer', 26, 200, 'cus_000044', 'PUT customer', 'accepted', NULL),
	(44, '2026-11-30 19:26:17.652497+00', -2927780896153282353, 'customer', 54, 200, 'cus_000031', 'PUT customer', 'accepted', NULL),
	(45, '2026-11-30 19:26:17.652497+00', -8611119599897294490, 'customer', 17, 200, 'cus_000055', 'PUT customer', 'accepted', NULL),
	(46, '2026-11-30 19:26:17.652497+00', 7053631774530041219, 'customer', 14, 200, 'cus_000057', 'PUT customer', 'accepted', NULL),
	(47, '2026-11-30 19:26:17.652497+00', -2360302613729059131, 'customer', 14, 200, 'cus_000059', 'PUT customer', 'accepted', NULL),
	(48, '2026-11-30 19:26:17.652497+00', 1453132332273443240, 'customer', 7, 200, 'eef37529-d004-3acf-11f8-b044b78f87b7', 'PUT customer', 'accepted', NULL),
	(49, '2026-11-30 19:26:17.652497+00', -7606685484147248915, 'customer', 7, 200, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4', 'PUT customer', 'accepted', NULL),
	(50, '2026-11-30 19:26:17.652497+00', -2091014958740273647, 'customer', 28, 200, 'cus_000056', 'PUT customer', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(51, '2026-11-30 19:26:17.652497+00', -8687160234889255820, 'customer', 66, 200, 'cus_000033', 'PUT customer', 'accepted', NULL),
	(52, '2026-11-30 19:26:17.652497+00', -3467172902237378219, 'customer', 58, 200, 'cus_000039', 'PUT customer', 'accepted', NULL),
	(53, '2026-11-30 19:26:17.652497+00', -8808290980803239113, 'customer', 54, 200, 'cus_000041', 'PUT customer', 'accepted', NULL),
	(54, '2026-11-30 19:26:17.652497+00', 1255709852169279797, 'customer', 51, 200, 'cus_000045', 'PUT customer', 'accepted', NULL),
	(55, '2026-11-30 19:26:17.652497+00', -1671793456095051784, 'customer', 47, 200, 'cus_000052', 'PUT customer', 'accepted', NULL),
	(56, '2026-11-30 19:26:17.652497+00', -3316638862683835285, 'customer', 47, 200, 'cus_000053', 'PUT customer', 'accepted', NULL),
	(57, '2026-11-30 19:26:17.687534+00', 3008526373457509034, 'customer', 37, 200, 'cus_000060', 'PUT customer', 'accepted', NULL),
	(58, '2026-11-30 19:26:18.525256+00', 9071811918593951597, 'product', 3, 200, '1', 'PUT product', 'accepted', NULL),
	(59, '2026-11-30 19:26:18.525256+00', -9217259596658174563, 'product', 4, 200, '10', 'PUT product', 'accepted', NULL),
	(60, '2026-11-30 19:26:18.525256+00', -7878952661471673596, 'product', 1, 200, '11', 'PUT product', 'accepted', NULL),
	(61, '2026-11-30 19:26:18.525256+00', 4957529882898650017, 'product', 1, 200, '12', 'PUT product', 'accepted', NULL),
	(62, '2026-11-30 19:26:18.525256+00', -5223461084190259617, 'product', 0, 200, '14', 'PUT product', 'accepted', NULL),
	(63, '2026-11-30 19:26:18.525256+00', 326019868233203453, 'product', 3, 200, '13', 'PUT product', 'accepted', NULL),
	(64, '2026-11-30 19:26:18.525256+00', -2746061599537482325, 'product', 2, 200, '15', 'PUT product', 'accepted', NULL),
	(65, '2026-11-30 19:26:18.525256+00', 3865268284668090892, 'product', 4, 200, '16', 'PUT product', 'accepted', NULL),
	(66, '2026-11-30 19:26:18.525256+00', -5419417749241442133, 'product', 3, 200, '17', 'PUT product', 'accepted', NULL),
	(67, '2026-11-30 19:26:18.525256+00', -1096826213331955353, 'product', 2, 200, '18', 'PUT product', 'accepted', NULL),
	(68, '2026-11-30 19:26:18.525256+00', 8670906409488452266, 'product', 1, 200, '19', 'PUT product', 'accepted', NULL),
	(69, '2026-11-30 19:26:18.525256+00', -7226324107000984050, 'product', 2, 200, '2', 'PUT product', 'accepted', NULL),
	(70, '2026-11-30 19:26:18.525256+00', 2388144116902373498, 'product', 3, 200, '20', 'PUT product', 'accepted', NULL),
	(71, '2026-11-30 19:26:18.525256+00', -440291152644902612, 'product', 3, 200, '6', 'PUT product', 'accepted', NULL),
	(72, '2026-11-30 19:26:18.525256+00', -560033044489171141, 'product', 3, 200, '7', 'PUT product', 'accepted', NULL),
	(73, '2026-11-30 19:26:18.525256+00', 1874787979393240476, 'product', 3, 200, '8', 'PUT product', 'accepted', NULL),
	(74, '2026-11-30 19:26:18.525256+00', -1781810876767443383, 'product', 9, 200, '3', 'PUT product', 'accepted', NULL),
	(75, '2026-11-30 19:26:18.525256+00', 9071811918593951597, 'product', 5, 200, '1', 'POST variants', 'accepted', NULL),
	(76, '2026-11-30 19:26:18.525256+00', -9217259596658174563, 'product', 5, 200, '10', 'POST variants', 'accepted', NULL),
	(77, '2026-11-30 19:26:18.525256+00', 4957529882898650017, 'product', 5, 200, '12', 'POST variants', 'accepted', NULL),
	(78, '2026-11-30 19:26:18.525256+00', 4846400928647735669, 'product', 17, 200, '4', 'PUT product', 'accepted', NULL),
	(79, '2026-11-30 19:26:18.525256+00', -7994606771309917093, 'product', 14, 200, '9', 'PUT product', 'accepted', NULL),
	(80, '2026-11-30 19:26:18.525256+00', -5223461084190259617, 'product', 7, 200, '14', 'POST variants', 'accepted', NULL),
	(81, '2026-11-30 19:26:18.525256+00', 326019868233203453, 'product', 7, 200, '13', 'POST variants', 'accepted', NULL),
	(82, '2026-11-30 19:26:18.525256+00', 3865268284668090892, 'product', 5, 200, '16', 'POST variants', 'accepted', NULL),
	(83, '2026-11-30 19:26:18.525256+00', -5419417749241442133, 'product', 4, 200, '17', 'POST variants', 'accepted', NULL),
	(84, '2026-11-30 19:26:18.525256+00', -7878952661471673596, 'product', 13, 200, '11', 'POST variants', 'accepted', NULL),
	(85, '2026-11-30 19:26:18.525256+00', -7994606771309917093, 'product', 1, 200, '9', 'POST variants', 'accepted', NULL),
	(86, '2026-11-30 19:26:18.525256+00', 8670906409488452266, 'product', 3, 200, '19', 'POST variants', 'accepted', NULL),
	(87, '2026-11-30 19:26:18.525256+00', -7226324107000984050, 'product', 5, 200, '2', 'POST variants', 'accepted', NULL),
	(88, '2026-11-30 19:26:18.525256+00', 2388144116902373498, 'product', 7, 200, '20', 'POST variants', 'accepted', NULL),
	(96, '2026-11-30 19:26:19.519252+00', 2388541143799373964, 'order', 4, 200, '1', 'POST order', 'accepted', NULL),
	(97, '2026-11-30 19:26:19.519252+00', 3990230069899166348, 'order', 1, 200, '10', 'POST order', 'accepted', NULL),
	(98, '2026-11-30 19:26:19.519252+00', -8136189780582111024, 'order', 1, 200, '100', 'POST order', 'accepted', NULL),
	(99, '2026-11-30 19:26:19.519252+00', -4688303415483359739, 'order', 1, 200, '101', 'POST order', 'accepted', NULL),
	(100, '2026-11-30 19:26:19.519252+00', -4317310060167082672, 'order', 1, 200, '103', 'POST order', 'accepted', NULL),
	(101, '2026-11-30 19:26:19.519252+00', -2809843903210820920, 'order', 7, 200, '102', 'POST order', 'accepted', NULL),
	(102, '2026-11-30 19:26:19.519252+00', -7182784553476958420, 'order', 7, 200, '104', 'POST order', 'accepted', NULL),
	(103, '2026-11-30 19:26:19.519252+00', -2696958902570915030, 'order', 7, 200, '106', 'POST order', 'accepted', NULL),
	(104, '2026-11-30 19:26:19.519252+00', -7494850136237330472, 'order', 13, 200, '105', 'POST order', 'accepted', NULL),
	(105, '2026-11-30 19:26:19.519252+00', 2684891040464421118, 'order', 7, 200, '107', 'POST order', 'accepted', NULL),
	(106, '2026-11-30 19:26:19.519252+00', -1575795196452421808, 'order', 4, 200, '108', 'POST order', 'accepted', NULL),
	(126, '2026-11-30 19:26:19.572559+00', -7752666208675590879, 'order', 14, 200, '24', 'POST order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(127, '2026-11-30 19:26:19.572559+00', -3431546867009074774, 'order', 22, 200, '20', 'POST order', 'accepted', NULL),
	(128, '2026-11-30 19:26:19.572559+00', 2572051121470690943, 'order', 13, 200, '25', 'POST order', 'accepted', NULL),
	(129, '2026-11-30 19:26:19.572559+00', 6231877787744556431, 'order', 22, 200, '21', 'POST order', 'accepted', NULL),
	(130, '2026-11-30 19:26:19.572559+00', 1895074223393879860, 'order', 25, 200, '22', 'POST order', 'accepted', NULL),
	(131, '2026-11-30 19:26:19.572559+00', -6925885904458981901, 'order', 40, 200, '15', 'POST order', 'accepted', NULL),
	(169, '2026-11-30 19:26:19.657099+00', 90770823077359625, 'order', 20, 200, '7', 'POST order', 'accepted', NULL),
	(170, '2026-11-30 19:26:19.657099+00', -8398453497502155006, 'order', 20, 200, '70', 'POST order', 'accepted', NULL),
	(171, '2026-11-30 19:26:19.657099+00', 3830169698782037961, 'order', 20, 200, '72', 'POST order', 'accepted', NULL),
	(172, '2026-11-30 19:26:19.657099+00', -3679202950999371005, 'order', 19, 200, '73', 'POST order', 'accepted', NULL),
	(173, '2026-11-30 19:26:19.657099+00', -8106100660221417191, 'order', 21, 200, '76', 'POST order', 'accepted', NULL),
	(192, '2026-11-30 19:26:19.722381+00', -338387123162674968, 'order', 19, 200, '99', 'POST order', 'accepted', NULL),
	(193, '2026-11-30 19:26:19.722381+00', 2388541143799373964, 'order', 24, 200, '1', 'PATCH order', 'accepted', NULL),
	(194, '2026-11-30 19:26:19.722381+00', 3990230069899166348, 'order', 26, 200, '10', 'PATCH order', 'accepted', NULL),
	(195, '2026-11-30 19:26:19.722381+00', -8136189780582111024, 'order', 29, 200, '100', 'PATCH order', 'accepted', NULL),
	(196, '2026-11-30 19:26:19.722381+00', -4688303415483359739, 'order', 32, 200, '101', 'PATCH order', 'accepted', NULL),
	(197, '2026-11-30 19:26:19.722381+00', -2696958902570915030, 'order', 30, 200, '106', 'PATCH order', 'accepted', NULL),
	(198, '2026-11-30 19:26:19.722381+00', -7182784553476958420, 'order', 33, 200, '104', 'PATCH order', 'accepted', NULL),
	(199, '2026-11-30 19:26:19.722381+00', -1575795196452421808, 'order', 37, 200, '108', 'PATCH order', 'accepted', NULL),
	(200, '2026-11-30 19:26:19.722381+00', -7390086385177444102, 'order', 36, 200, '11', 'PATCH order', 'accepted', NULL),
	(201, '2026-11-30 19:26:19.722381+00', -7028475495567881964, 'order', 136, 200, '35', 'POST order', 'accepted', NULL),
	(202, '2026-11-30 19:26:19.722381+00', -5279744090025873054, 'order', 46, 200, '95', 'POST order', 'accepted', NULL),
	(203, '2026-11-30 19:26:19.722381+00', -5621164995082017906, 'order', 33, 200, '113', 'PATCH order', 'accepted', NULL),
	(204, '2026-11-30 19:26:19.722381+00', 1337545211361741244, 'order', 34, 200, '110', 'PATCH order', 'accepted', NULL),
	(205, '2026-11-30 19:26:19.722381+00', -8791129036965312585, 'order', 32, 200, '117', 'PATCH order', 'accepted', NULL),
	(206, '2026-11-30 19:26:19.722381+00', 6773205468568954139, 'order', 29, 200, '118', 'PATCH order', 'accepted', NULL),
	(207, '2026-11-30 19:26:19.722381+00', 8290786554040007008, 'order', 28, 200, '12', 'PATCH order', 'accepted', NULL),
	(208, '2026-11-30 19:26:19.722381+00', 6707290314263519440, 'order', 25, 200, '120', 'PATCH order', 'accepted', NULL),
	(209, '2026-11-30 19:26:19.722381+00', 3286831890243636027, 'order', 22, 200, '13', 'PATCH order', 'accepted', NULL),
	(239, '2026-11-30 19:26:19.869157+00', -5362066522535738209, 'order', 63, 200, '61', 'PATCH order', 'accepted', NULL),
	(240, '2026-11-30 19:26:19.869157+00', -4308759595419569499, 'order', 67, 200, '26', 'PATCH order', 'accepted', NULL),
	(241, '2026-11-30 19:26:19.869157+00', 1926680812137220384, 'order', 65, 200, '54', 'PATCH order', 'accepted', NULL),
	(242, '2026-11-30 19:26:19.869157+00', -782514091913684696, 'order', 64, 200, '64', 'PATCH order', 'accepted', NULL),
	(243, '2026-11-30 19:26:19.869157+00', 8048966753561591836, 'order', 88, 200, '36', 'PATCH order', 'accepted', NULL),
	(244, '2026-11-30 19:26:19.869157+00', -889029779460645344, 'order', 88, 200, '2', 'PATCH order', 'accepted', NULL),
	(245, '2026-11-30 19:26:19.869157+00', -6511568825121868272, 'order', 250, 200, '47', 'POST order', 'accepted', NULL),
	(246, '2026-11-30 19:26:19.869157+00', 90770823077359625, 'order', 63, 200, '7', 'PATCH order', 'accepted', NULL),
	(247, '2026-11-30 19:26:19.869157+00', -8398453497502155006, 'order', 61, 200, '70', 'PATCH order', 'accepted', NULL),
	(248, '2026-11-30 19:26:19.869157+00', -3679202950999371005, 'order', 57, 200, '73', 'PATCH order', 'accepted', NULL),
	(249, '2026-11-30 19:26:19.869157+00', -956733631797318045, 'order', 58, 200, '63', 'PATCH order', 'accepted', NULL),
	(250, '2026-11-30 19:26:19.869157+00', -7931287418194303434, 'order', 58, 200, '67', 'PATCH order', 'accepted', NULL),
	(251, '2026-11-30 19:26:19.869157+00', 3585925927005839482, 'order', 65, 200, '29', 'PATCH order', 'accepted', NULL),
	(252, '2026-11-30 19:26:19.869157+00', -4290352111807506892, 'order', 64, 200, '78', 'PATCH order', 'accepted', NULL),
	(253, '2026-11-30 19:26:19.869157+00', -1671778508459725808, 'order', 59, 200, '86', 'PATCH order', 'accepted', NULL),
	(254, '2026-11-30 19:26:19.869157+00', 1522544673379935281, 'order', 40, 200, '87', 'PATCH order', 'accepted', NULL),
	(255, '2026-11-30 19:26:19.869157+00', -2654088085737526830, 'order', 32, 200, '90', 'PATCH order', 'accepted', NULL),
	(256, '2026-11-30 19:26:19.869157+00', 7350805945977702893, 'order', 28, 200, '79', 'PATCH order', 'accepted', NULL),
	(257, '2026-11-30 19:26:19.869157+00', 1038831368794490222, 'order', 30, 200, '92', 'PATCH order', 'accepted', NULL),
	(258, '2026-11-30 19:26:19.869157+00', 3318239174759469855, 'order', 29, 200, '8', 'PATCH order', 'accepted', NULL),
	(259, '2026-11-30 19:26:19.869157+00', 1652378145402027256, 'order', 27, 200, '80', 'PATCH order', 'accepted', NULL),
	(275, '2026-11-30 19:26:19.933774+00', 7276286769712907668, 'order', 297, 200, '65', 'POST order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(276, '2026-11-30 19:26:19.933774+00', -363725264090154518, 'order', 297, 200, '66', 'POST order', 'accepted', NULL),
	(277, '2026-11-30 19:26:19.933774+00', 6813743388114747736, 'order', 295, 200, '68', 'POST order', 'accepted', NULL),
	(278, '2026-11-30 19:26:19.933774+00', -1800861695258570056, 'order', 291, 200, '71', 'POST order', 'accepted', NULL),
	(279, '2026-11-30 19:26:19.933774+00', -4133162557875565153, 'order', 19, 200, '55', 'PATCH order', 'accepted', NULL),
	(280, '2026-11-30 19:26:19.933774+00', -3333500672946801109, 'order', 294, 200, '74', 'POST order', 'accepted', NULL),
	(281, '2026-11-30 19:26:19.933774+00', 2642183318479899618, 'order', 296, 200, '77', 'POST order', 'accepted', NULL),
	(282, '2026-11-30 19:26:19.933774+00', 7276286769712907668, 'order', 7, 200, '65', 'PATCH order', 'accepted', NULL),
	(89, '2026-11-30 19:26:18.533074+00', -440291152644902612, 'product', 9, 200, '6', 'POST variants', 'accepted', NULL),
	(90, '2026-11-30 19:26:18.533074+00', -560033044489171141, 'product', 11, 200, '7', 'POST variants', 'accepted', NULL),
	(91, '2026-11-30 19:26:18.533074+00', -2746061599537482325, 'product', 21, 200, '15', 'POST variants', 'accepted', NULL),
	(92, '2026-11-30 19:26:18.533074+00', -1096826213331955353, 'product', 19, 200, '18', 'POST variants', 'accepted', NULL),
	(93, '2026-11-30 19:26:18.533074+00', 1874787979393240476, 'product', 14, 200, '8', 'POST variants', 'accepted', NULL),
	(94, '2026-11-30 19:26:18.533074+00', -1781810876767443383, 'product', 15, 200, '3', 'POST variants', 'accepted', NULL),
	(95, '2026-11-30 19:26:18.533074+00', 4846400928647735669, 'product', 16, 200, '4', 'POST variants', 'accepted', NULL),
	(107, '2026-11-30 19:26:19.534919+00', -7390086385177444102, 'order', 7, 200, '11', 'POST order', 'accepted', NULL),
	(108, '2026-11-30 19:26:19.534919+00', -552044673818790289, 'order', 11, 200, '109', 'POST order', 'accepted', NULL),
	(109, '2026-11-30 19:26:19.534919+00', -5621164995082017906, 'order', 3, 200, '113', 'POST order', 'accepted', NULL),
	(110, '2026-11-30 19:26:19.534919+00', 1337545211361741244, 'order', 12, 200, '110', 'POST order', 'accepted', NULL),
	(111, '2026-11-30 19:26:19.534919+00', 1311890126727157453, 'order', 12, 200, '111', 'POST order', 'accepted', NULL),
	(112, '2026-11-30 19:26:19.534919+00', 6509555773202531989, 'order', 12, 200, '112', 'POST order', 'accepted', NULL),
	(113, '2026-11-30 19:26:19.534919+00', 1628618005473696623, 'order', 5, 200, '114', 'POST order', 'accepted', NULL),
	(114, '2026-11-30 19:26:19.534919+00', -1371061867320104539, 'order', 5, 200, '115', 'POST order', 'accepted', NULL),
	(115, '2026-11-30 19:26:19.534919+00', -7102561856514514196, 'order', 5, 200, '116', 'POST order', 'accepted', NULL),
	(116, '2026-11-30 19:26:19.559741+00', -8791129036965312585, 'order', 2, 200, '117', 'POST order', 'accepted', NULL),
	(117, '2026-11-30 19:26:19.559741+00', 6773205468568954139, 'order', 6, 200, '118', 'POST order', 'accepted', NULL),
	(118, '2026-11-30 19:26:19.559741+00', -2477516951522296186, 'order', 6, 200, '119', 'POST order', 'accepted', NULL),
	(119, '2026-11-30 19:26:19.559741+00', 8290786554040007008, 'order', 12, 200, '12', 'POST order', 'accepted', NULL),
	(120, '2026-11-30 19:26:19.559741+00', 6707290314263519440, 'order', 12, 200, '120', 'POST order', 'accepted', NULL),
	(121, '2026-11-30 19:26:19.559741+00', 3286831890243636027, 'order', 12, 200, '13', 'POST order', 'accepted', NULL),
	(122, '2026-11-30 19:26:19.559741+00', -758119919297230924, 'order', 16, 200, '17', 'POST order', 'accepted', NULL),
	(123, '2026-11-30 19:26:19.559741+00', 3027480256700408892, 'order', 14, 200, '18', 'POST order', 'accepted', NULL),
	(124, '2026-11-30 19:26:19.559741+00', 1033205671184277080, 'order', 17, 200, '19', 'POST order', 'accepted', NULL),
	(125, '2026-11-30 19:26:19.559741+00', -7145304527587536278, 'order', 27, 200, '14', 'POST order', 'accepted', NULL),
	(132, '2026-11-30 19:26:19.622997+00', -3152907631006682082, 'order', 13, 200, '3', 'POST order', 'accepted', NULL),
	(133, '2026-11-30 19:26:19.622997+00', 8384805652909309205, 'order', 11, 200, '30', 'POST order', 'accepted', NULL),
	(134, '2026-11-30 19:26:19.622997+00', 7141051795889094386, 'order', 13, 200, '31', 'POST order', 'accepted', NULL),
	(135, '2026-11-30 19:26:19.622997+00', -5828224830765703057, 'order', 16, 200, '32', 'POST order', 'accepted', NULL),
	(136, '2026-11-30 19:26:19.622997+00', 1085248944641977820, 'order', 15, 200, '34', 'POST order', 'accepted', NULL),
	(137, '2026-11-30 19:26:19.622997+00', -6039298927040059412, 'order', 58, 200, '16', 'POST order', 'accepted', NULL),
	(138, '2026-11-30 19:26:19.622997+00', -1169513406234652618, 'order', 31, 200, '27', 'POST order', 'accepted', NULL),
	(139, '2026-11-30 19:26:19.622997+00', 5267847924439801694, 'order', 30, 200, '28', 'POST order', 'accepted', NULL),
	(140, '2026-11-30 19:26:19.622997+00', -4637146605061523380, 'order', 11, 200, '37', 'POST order', 'accepted', NULL),
	(141, '2026-11-30 19:26:19.622997+00', -6228268634553268170, 'order', 11, 200, '38', 'POST order', 'accepted', NULL),
	(142, '2026-11-30 19:26:19.622997+00', -7096524380785138143, 'order', 12, 200, '4', 'POST order', 'accepted', NULL),
	(143, '2026-11-30 19:26:19.622997+00', 5873087582183404852, 'order', 9, 200, '40', 'POST order', 'accepted', NULL),
	(144, '2026-11-30 19:26:19.622997+00', -1754101742971391719, 'order', 10, 200, '42', 'POST order', 'accepted', NULL),
	(145, '2026-11-30 19:26:19.622997+00', 8048966753561591836, 'order', 26, 200, '36', 'POST order', 'accepted', NULL),
	(146, '2026-11-30 19:26:19.622997+00', -889029779460645344, 'order', 63, 200, '2', 'POST order', 'accepted', NULL),
	(147, '2026-11-30 19:26:19.622997+00', 7458870554621698052, 'order', 22, 200, '43', 'POST order', 'accepted', NULL),
	(148, '2026-11-30 19:26:19.622997+00', -8646861191351339144, 'order', 22, 200, '49', 'POST order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(149, '2026-11-30 19:26:19.622997+00', 4646854884473095653, 'order', 22, 200, '5', 'POST order', 'accepted', NULL),
	(150, '2026-11-30 19:26:19.622997+00', 701927461612639425, 'order', 29, 200, '44', 'POST order', 'accepted', NULL),
	(151, '2026-11-30 19:26:19.622997+00', -7169096205097655508, 'order', 29, 200, '45', 'POST order', 'accepted', NULL),
	(152, '2026-11-30 19:26:19.622997+00', -4858020169156258056, 'order', 29, 200, '46', 'POST order', 'accepted', NULL),
	(153, '2026-11-30 19:26:19.622997+00', 4014918287500893893, 'order', 26, 200, '50', 'POST order', 'accepted', NULL),
	(154, '2026-11-30 19:26:19.622997+00', -7887548197544030771, 'order', 22, 200, '52', 'POST order', 'accepted', NULL),
	(155, '2026-11-30 19:26:19.622997+00', -2014455261320117543, 'order', 21, 200, '53', 'POST order', 'accepted', NULL),
	(156, '2026-11-30 19:26:19.641132+00', 7439577497866197672, 'order', 77, 200, '23', 'POST order', 'accepted', NULL),
	(157, '2026-11-30 19:26:19.641132+00', 2380768980780586940, 'order', 12, 200, '56', 'POST order', 'accepted', NULL),
	(158, '2026-11-30 19:26:19.641132+00', 1335689846972503212, 'order', 11, 200, '57', 'POST order', 'accepted', NULL),
	(159, '2026-11-30 19:26:19.641132+00', 4662233161978638074, 'order', 5, 200, '6', 'POST order', 'accepted', NULL),
	(160, '2026-11-30 19:26:19.641132+00', -4527562395907327385, 'order', 5, 200, '60', 'POST order', 'accepted', NULL),
	(161, '2026-11-30 19:26:19.641132+00', -5362066522535738209, 'order', 6, 200, '61', 'POST order', 'accepted', NULL),
	(162, '2026-11-30 19:26:19.641132+00', -956733631797318045, 'order', 11, 200, '63', 'POST order', 'accepted', NULL),
	(163, '2026-11-30 19:26:19.641132+00', -1594507931741955730, 'order', 12, 200, '59', 'POST order', 'accepted', NULL),
	(164, '2026-11-30 19:26:19.641132+00', -4308759595419569499, 'order', 86, 200, '26', 'POST order', 'accepted', NULL),
	(165, '2026-11-30 19:26:19.641132+00', 1926680812137220384, 'order', 36, 200, '54', 'POST order', 'accepted', NULL),
	(166, '2026-11-30 19:26:19.641132+00', 8233618597385067976, 'order', 19, 200, '62', 'POST order', 'accepted', NULL),
	(167, '2026-11-30 19:26:19.641132+00', -782514091913684696, 'order', 19, 200, '64', 'POST order', 'accepted', NULL),
	(168, '2026-11-30 19:26:19.641132+00', -3985245385985745519, 'order', 13, 200, '69', 'POST order', 'accepted', NULL),
	(174, '2026-11-30 19:26:19.677336+00', 6542745630242207516, 'order', 24, 200, '75', 'POST order', 'accepted', NULL),
	(175, '2026-11-30 19:26:19.677336+00', -7931287418194303434, 'order', 35, 200, '67', 'POST order', 'accepted', NULL),
	(176, '2026-11-30 19:26:19.677336+00', 3585925927005839482, 'order', 99, 200, '29', 'POST order', 'accepted', NULL),
	(177, '2026-11-30 19:26:19.677336+00', -4290352111807506892, 'order', 20, 200, '78', 'POST order', 'accepted', NULL),
	(178, '2026-11-30 19:26:19.677336+00', 7387490062567169593, 'order', 13, 200, '85', 'POST order', 'accepted', NULL),
	(179, '2026-11-30 19:26:19.677336+00', -1671778508459725808, 'order', 14, 200, '86', 'POST order', 'accepted', NULL),
	(180, '2026-11-30 19:26:19.677336+00', 1522544673379935281, 'order', 17, 200, '87', 'POST order', 'accepted', NULL),
	(181, '2026-11-30 19:26:19.677336+00', 2793936342636660099, 'order', 17, 200, '88', 'POST order', 'accepted', NULL),
	(182, '2026-11-30 19:26:19.677336+00', -2654088085737526830, 'order', 8, 200, '90', 'POST order', 'accepted', NULL),
	(183, '2026-11-30 19:26:19.677336+00', 4508680391365352879, 'order', 8, 200, '9', 'POST order', 'accepted', NULL),
	(184, '2026-11-30 19:26:19.677336+00', 7350805945977702893, 'order', 27, 200, '79', 'POST order', 'accepted', NULL),
	(185, '2026-11-30 19:26:19.677336+00', 1038831368794490222, 'order', 9, 200, '92', 'POST order', 'accepted', NULL),
	(186, '2026-11-30 19:26:19.677336+00', 3318239174759469855, 'order', 29, 200, '8', 'POST order', 'accepted', NULL),
	(187, '2026-11-30 19:26:19.677336+00', 1652378145402027256, 'order', 29, 200, '80', 'POST order', 'accepted', NULL),
	(188, '2026-11-30 19:26:19.677336+00', 5265577691616134365, 'order', 108, 200, '33', 'POST order', 'accepted', NULL),
	(189, '2026-11-30 19:26:19.677336+00', -824818191415781708, 'order', 35, 200, '81', 'POST order', 'accepted', NULL),
	(190, '2026-11-30 19:26:19.677336+00', 9200634973651849237, 'order', 15, 200, '94', 'POST order', 'accepted', NULL),
	(191, '2026-11-30 19:26:19.677336+00', 9016605640126370428, 'order', 14, 200, '96', 'POST order', 'accepted', NULL),
	(210, '2026-11-30 19:26:19.768413+00', 3027480256700408892, 'order', 28, 200, '18', 'PATCH order', 'accepted', NULL),
	(211, '2026-11-30 19:26:19.768413+00', 6509555773202531989, 'order', 56, 200, '112', 'PATCH order', 'accepted', NULL),
	(212, '2026-11-30 19:26:19.768413+00', 1033205671184277080, 'order', 31, 200, '19', 'PATCH order', 'accepted', NULL),
	(213, '2026-11-30 19:26:19.768413+00', 1628618005473696623, 'order', 58, 200, '114', 'PATCH order', 'accepted', NULL),
	(214, '2026-11-30 19:26:19.768413+00', 6231877787744556431, 'order', 40, 200, '21', 'PATCH order', 'accepted', NULL),
	(215, '2026-11-30 19:26:19.768413+00', -3152907631006682082, 'order', 39, 200, '3', 'PATCH order', 'accepted', NULL),
	(216, '2026-11-30 19:26:19.768413+00', -4749451765324924306, 'order', 171, 200, '39', 'POST order', 'accepted', NULL),
	(217, '2026-11-30 19:26:19.768413+00', 8384805652909309205, 'order', 37, 200, '30', 'PATCH order', 'accepted', NULL),
	(218, '2026-11-30 19:26:19.768413+00', 7141051795889094386, 'order', 35, 200, '31', 'PATCH order', 'accepted', NULL),
	(219, '2026-11-30 19:26:19.768413+00', -5828224830765703057, 'order', 35, 200, '32', 'PATCH order', 'accepted', NULL),
	(220, '2026-11-30 19:26:19.768413+00', 1085248944641977820, 'order', 37, 200, '34', 'PATCH order', 'accepted', NULL),
	(221, '2026-11-30 19:26:19.768413+00', -6925885904458981901, 'order', 38, 200, '15', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(222, '2026-11-30 19:26:19.768413+00', 5267847924439801694, 'order', 36, 200, '28', 'PATCH order', 'accepted', NULL),
	(223, '2026-11-30 19:26:19.768413+00', -4637146605061523380, 'order', 30, 200, '37', 'PATCH order', 'accepted', NULL),
	(224, '2026-11-30 19:26:19.768413+00', -6228268634553268170, 'order', 30, 200, '38', 'PATCH order', 'accepted', NULL),
	(225, '2026-11-30 19:26:19.768413+00', -7102561856514514196, 'order', 57, 200, '116', 'PATCH order', 'accepted', NULL),
	(226, '2026-11-30 19:26:19.768413+00', -7752666208675590879, 'order', 60, 200, '24', 'PATCH order', 'accepted', NULL),
	(286, '2026-11-30 19:26:19.996689+00', 5173889508487620787, 'order', 312, 200, '83', 'POST order', 'accepted', NULL),
	(287, '2026-11-30 19:26:19.996689+00', 2642183318479899618, 'order', 33, 200, '77', 'PATCH order', 'accepted', NULL),
	(288, '2026-11-30 19:26:19.996689+00', -7813613807615528371, 'order', 29, 200, '58', 'PATCH order', 'accepted', NULL),
	(289, '2026-11-30 19:26:19.996689+00', -4721264396046984572, 'order', 326, 200, '84', 'POST order', 'accepted', NULL),
	(290, '2026-11-30 19:26:19.996689+00', 5173889508487620787, 'order', 21, 200, '83', 'PATCH order', 'accepted', NULL),
	(291, '2026-11-30 19:26:19.996689+00', -363725264090154518, 'order', 23, 200, '66', 'PATCH order', 'accepted', NULL),
	(292, '2026-11-30 19:26:19.996689+00', -2111582162222891826, 'order', 343, 200, '89', 'POST order', 'accepted', NULL),
	(293, '2026-11-30 19:26:19.996689+00', 7905453127306279144, 'order', 333, 200, '91', 'POST order', 'accepted', NULL),
	(294, '2026-11-30 19:26:19.996689+00', -4721264396046984572, 'order', 21, 200, '84', 'PATCH order', 'accepted', NULL),
	(295, '2026-11-30 19:26:19.996689+00', -1060423433058078149, 'order', 334, 200, '97', 'POST order', 'accepted', NULL),
	(227, '2026-11-30 19:26:19.819285+00', -3431546867009074774, 'order', 64, 200, '20', 'PATCH order', 'accepted', NULL),
	(228, '2026-11-30 19:26:19.819285+00', 2572051121470690943, 'order', 71, 200, '25', 'PATCH order', 'accepted', NULL),
	(229, '2026-11-30 19:26:19.819285+00', 8310183058818755663, 'order', 194, 200, '41', 'POST order', 'accepted', NULL),
	(230, '2026-11-30 19:26:19.819285+00', 5873087582183404852, 'order', 34, 200, '40', 'PATCH order', 'accepted', NULL),
	(231, '2026-11-30 19:26:19.819285+00', -1754101742971391719, 'order', 35, 200, '42', 'PATCH order', 'accepted', NULL),
	(232, '2026-11-30 19:26:19.819285+00', -4858020169156258056, 'order', 37, 200, '46', 'PATCH order', 'accepted', NULL),
	(233, '2026-11-30 19:26:19.819285+00', 4014918287500893893, 'order', 35, 200, '50', 'PATCH order', 'accepted', NULL),
	(234, '2026-11-30 19:26:19.819285+00', -7887548197544030771, 'order', 38, 200, '52', 'PATCH order', 'accepted', NULL),
	(235, '2026-11-30 19:26:19.819285+00', 7439577497866197672, 'order', 36, 200, '23', 'PATCH order', 'accepted', NULL),
	(236, '2026-11-30 19:26:19.819285+00', 2380768980780586940, 'order', 36, 200, '56', 'PATCH order', 'accepted', NULL),
	(237, '2026-11-30 19:26:19.819285+00', -4527562395907327385, 'order', 35, 200, '60', 'PATCH order', 'accepted', NULL),
	(238, '2026-11-30 19:26:19.819285+00', 4662233161978638074, 'order', 53, 200, '6', 'PATCH order', 'accepted', NULL),
	(260, '2026-11-30 19:26:19.90782+00', 5265577691616134365, 'order', 29, 200, '33', 'PATCH order', 'accepted', NULL),
	(261, '2026-11-30 19:26:19.90782+00', -338387123162674968, 'order', 31, 200, '99', 'PATCH order', 'accepted', NULL),
	(262, '2026-11-30 19:26:19.90782+00', -3985245385985745519, 'order', 96, 200, '69', 'PATCH order', 'accepted', NULL),
	(263, '2026-11-30 19:26:19.90782+00', 701927461612639425, 'order', 98, 200, '44', 'PATCH order', 'accepted', NULL),
	(264, '2026-11-30 19:26:19.90782+00', 6863382979184401595, 'order', 287, 200, '48', 'POST order', 'accepted', NULL),
	(265, '2026-11-30 19:26:19.90782+00', -824818191415781708, 'order', 33, 200, '81', 'PATCH order', 'accepted', NULL),
	(266, '2026-11-30 19:26:19.90782+00', 9016605640126370428, 'order', 35, 200, '96', 'PATCH order', 'accepted', NULL),
	(267, '2026-11-30 19:26:19.90782+00', -7028475495567881964, 'order', 36, 200, '35', 'PATCH order', 'accepted', NULL),
	(268, '2026-11-30 19:26:19.90782+00', 8310183058818755663, 'order', 35, 200, '41', 'PATCH order', 'accepted', NULL),
	(269, '2026-11-30 19:26:19.90782+00', -6511568825121868272, 'order', 35, 200, '47', 'PATCH order', 'accepted', NULL),
	(270, '2026-11-30 19:26:19.90782+00', 6863382979184401595, 'order', 11, 200, '48', 'PATCH order', 'accepted', NULL),
	(271, '2026-11-30 19:26:19.90782+00', 5677115666392629077, 'order', 299, 200, '51', 'POST order', 'accepted', NULL),
	(272, '2026-11-30 19:26:19.90782+00', -4133162557875565153, 'order', 294, 200, '55', 'POST order', 'accepted', NULL),
	(273, '2026-11-30 19:26:19.90782+00', 5677115666392629077, 'order', 11, 200, '51', 'PATCH order', 'accepted', NULL),
	(274, '2026-11-30 19:26:19.90782+00', -7813613807615528371, 'order', 291, 200, '58', 'POST order', 'accepted', NULL),
	(296, '2026-11-30 19:26:20.046595+00', -2111582162222891826, 'order', 12, 200, '89', 'PATCH order', 'accepted', NULL),
	(297, '2026-11-30 19:26:20.046595+00', 7905453127306279144, 'order', 18, 200, '91', 'PATCH order', 'accepted', NULL),
	(298, '2026-11-30 19:26:20.046595+00', 7146625355605010729, 'order', 354, 200, '98', 'POST order', 'accepted', NULL),
	(299, '2026-11-30 19:26:20.046595+00', -4317310060167082672, 'order', 350, 200, '103', 'PATCH order', 'accepted', NULL),
	(300, '2026-11-30 19:26:20.046595+00', -1060423433058078149, 'order', 19, 200, '97', 'PATCH order', 'accepted', NULL),
	(301, '2026-11-30 19:26:20.046595+00', -2809843903210820920, 'order', 356, 200, '102', 'PATCH order', 'accepted', NULL),
	(302, '2026-11-30 19:26:20.046595+00', 7146625355605010729, 'order', 14, 200, '98', 'PATCH order', 'accepted', NULL),
	(303, '2026-11-30 19:26:20.046595+00', -7494850136237330472, 'order', 364, 200, '105', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(304, '2026-11-30 19:26:20.046595+00', -1371061867320104539, 'order', 367, 200, '115', 'PATCH order', 'accepted', NULL),
	(305, '2026-11-30 19:26:20.046595+00', 2684891040464421118, 'order', 367, 200, '107', 'PATCH order', 'accepted', NULL),
	(306, '2026-11-30 19:26:20.046595+00', -2477516951522296186, 'order', 353, 200, '119', 'PATCH order', 'accepted', NULL),
	(307, '2026-11-30 19:26:20.046595+00', -758119919297230924, 'order', 346, 200, '17', 'PATCH order', 'accepted', NULL),
	(316, '2026-11-30 19:26:20.139452+00', -2014455261320117543, 'order', 339, 200, '53', 'PATCH order', 'accepted', NULL),
	(317, '2026-11-30 19:26:20.139452+00', 1335689846972503212, 'order', 336, 200, '57', 'PATCH order', 'accepted', NULL),
	(318, '2026-11-30 19:26:20.139452+00', -1594507931741955730, 'order', 347, 200, '59', 'PATCH order', 'accepted', NULL),
	(319, '2026-11-30 19:26:20.139452+00', 8233618597385067976, 'order', 367, 200, '62', 'PATCH order', 'accepted', NULL),
	(320, '2026-11-30 19:26:20.139452+00', -7169096205097655508, 'order', 360, 200, '45', 'PATCH order', 'accepted', NULL),
	(321, '2026-11-30 19:26:20.139452+00', 3830169698782037961, 'order', 353, 200, '72', 'PATCH order', 'accepted', NULL),
	(283, '2026-11-30 19:26:19.933774+00', 6813743388114747736, 'order', 7, 200, '68', 'PATCH order', 'accepted', NULL),
	(284, '2026-11-30 19:26:19.933774+00', -1800861695258570056, 'order', 7, 200, '71', 'PATCH order', 'accepted', NULL),
	(285, '2026-11-30 19:26:19.933774+00', -3333500672946801109, 'order', 9, 200, '74', 'PATCH order', 'accepted', NULL),
	(308, '2026-11-30 19:26:20.096268+00', -552044673818790289, 'order', 348, 200, '109', 'PATCH order', 'accepted', NULL),
	(309, '2026-11-30 19:26:20.096268+00', -7145304527587536278, 'order', 345, 200, '14', 'PATCH order', 'accepted', NULL),
	(310, '2026-11-30 19:26:20.096268+00', 1895074223393879860, 'order', 347, 200, '22', 'PATCH order', 'accepted', NULL),
	(311, '2026-11-30 19:26:20.096268+00', -6039298927040059412, 'order', 363, 200, '16', 'PATCH order', 'accepted', NULL),
	(312, '2026-11-30 19:26:20.096268+00', -1169513406234652618, 'order', 363, 200, '27', 'PATCH order', 'accepted', NULL),
	(313, '2026-11-30 19:26:20.096268+00', -7096524380785138143, 'order', 350, 200, '4', 'PATCH order', 'accepted', NULL),
	(314, '2026-11-30 19:26:20.096268+00', 7458870554621698052, 'order', 332, 200, '43', 'PATCH order', 'accepted', NULL),
	(315, '2026-11-30 19:26:20.096268+00', 4646854884473095653, 'order', 338, 200, '5', 'PATCH order', 'accepted', NULL),
	(322, '2026-11-30 19:26:20.17476+00', 6542745630242207516, 'order', 350, 200, '75', 'PATCH order', 'accepted', NULL),
	(323, '2026-11-30 19:26:20.17476+00', 7387490062567169593, 'order', 350, 200, '85', 'PATCH order', 'accepted', NULL),
	(324, '2026-11-30 19:26:20.17476+00', 2793936342636660099, 'order', 328, 200, '88', 'PATCH order', 'accepted', NULL),
	(325, '2026-11-30 19:26:20.17476+00', -8106100660221417191, 'order', 317, 200, '76', 'PATCH order', 'accepted', NULL),
	(326, '2026-11-30 19:26:20.17476+00', 9200634973651849237, 'order', 316, 200, '94', 'PATCH order', 'accepted', NULL),
	(327, '2026-11-30 19:26:20.17476+00', -5279744090025873054, 'order', 319, 200, '95', 'PATCH order', 'accepted', NULL),
	(328, '2026-11-30 19:26:20.17476+00', -4749451765324924306, 'order', 323, 200, '39', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.capture_point VALUES
	('customer', '2026-11-30 19:26:17.323747+00', 814, 814, '{}', '17068@7714048054200005118/1', '607b51d2c51cbd49', '15dee4378ee4039f', 'record/18/21/69f3d8f2', '2026-11-30 19:26:17.323747+00', '2026-11-30 19:26:17.371818+00', NULL, 'pg_catalog.hash_record_extended(ROW(q."id" COLLATE "C", q."email" COLLATE "C", q."first_name" COLLATE "C", q."last_name" COLLATE "C", q."phone" COLLATE "C", q."birthday", q."created_at"), 7091213550649177021)', '3d607956b13b1b9d', NULL, NULL, 1),
	('product', '2026-11-30 19:26:17.730085+00', 827, 827, '{}', '17068@7714048054200005118/1', '4f8614c174cafa94', 'cf578556e789a92a', 'record/18/21/d0d355f0', '2026-11-30 19:26:17.730085+00', '2026-11-30 19:26:17.768048+00', NULL, 'pg_catalog.hash_record_extended(ROW(q."id", q."title" COLLATE "C", q."sku" COLLATE "C", q."status" COLLATE "C", q."url" COLLATE "C", q."image_url" COLLATE "C", q."variants", q."created_at"), 7091213550649177021)', '00de25e5166a02b1', NULL, NULL, 1),
	('order', '2026-11-30 19:26:18.573599+00', 859, 859, '{}', '17068@7714048054200005118/1', '1be0208f10706536', '88548cde935a3a74', 'record/18/21/6d19505d', '2026-11-30 19:26:18.573599+00', '2026-11-30 19:26:18.588501+00', '2000-01-01 00:00:00+00', 'pg_catalog.hash_record_extended(ROW(q."id", q."customer_id" COLLATE "C", q."email" COLLATE "C", q."currency" COLLATE "C", q."total", q."financial_status" COLLATE "C", q."created_at", q."number" COLLATE "C", q."subtotal", q."discount_total", q."line_items", q."discount_codes"), 7091213550649177021)', 'f469ae4d6ba2c0c1', NULL, NULL, 1);
INSERT INTO influence.coupon VALUES
	('KEPT-1', 5, 'issued', '3', 'fixed', 5, 'EUR', NULL, '2026-11-30 19:26:20.392156+00', NULL, NULL, NULL, NULL, NULL, '2026-11-30 19:26:20.392156+00'),
	('KEPT-2', 5, 'issuing', '3', 'fixed', 5, 'EUR', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 19:26:20.392156+00');
INSERT INTO influence.email_owner OVERRIDING SYSTEM VALUE VALUES
	('0cde14df-3ba2-a0f3-d0ed-9cd172169867', 1, 'cus_000041'),
	('0d8d43c5-5bf2-32f5-522e-529896218aa2', 2, 'cus_000015'),
	('11b24b7a-9527-f838-b660-bc4525aa6b5f', 3, 'cus_000043'),
	('127915dd-bfe0-2b96-e921-6f8ac73836c8', 4, 'cus_000006'),
	('1af96417-7467-025d-aa64-2b3715f826ab', 5, '5000022'),
	('1c34d1f2-6631-0944-97fb-dfa2908f455d', 6, 'cus_000037'),
	('1f61943b-0aa7-7a59-401e-2b80e9e70df9', 7, 'cus_000034'),
	('24208f54-15e9-1713-0b68-401d3a931524', 8, 'cus_000004'),
	('2a489418-03d6-22eb-3a79-088d5d48c4be', 9, 'cus_000057'),
	('3546e793-b293-7a60-5a48-295e4b03711e', 10, 'cus_000021'),
	('3766f67f-99ad-1e33-0af6-c878dcd12bb3', 11, 'cus_000052'),
	('3aaaa85e-39c8-ac00-5b74-51086fdb9bfe', 12, 'cus_000012'),
	('3cc54f23-c478-70ba-fe10-2f2946adb0b9', 13, 'cus_000028'),
	('44461e68-05ab-9b8b-b438-5b1dd09532d3', 14, 'cus_000009'),
	('474b5929-8336-8a25-35f4-475ac0969eca', 15, 'cus_000047'),
	('47858134-69b3-09b7-7502-f3914fa973f0', 16, '5000058'),
	('4b152def-4633-dab0-526e-91d2c07932f9', 17, 'eef37529-d004-3acf-11f8-b044b78f87b7'),
	('4e4aff47-9c67-abea-21fc-d23e2bf3474b', 18, 'cus_000010'),
	('560b3561-f7c2-2bb7-10da-34d65ae1304e', 19, '5000008'),
	('590cb1dc-c927-789f-b48e-b622c722e10e', 20, 'cus_000040'),
	('5ceaff01-c2a8-4f66-b146-9202a4c4672a', 21, 'cus_000031'),
	('6667660c-46d8-cb26-190c-9588ac7ee3ea', 22, 'cus_000050'),
	('6904febc-ed74-98cf-3a6c-61d427179561', 23, 'cus_000029'),
	('6ae97473-2af7-6540-b812-490be877071f', 24, 'cus_000027'),
	('8009ad2a-fb38-d17f-4f22-c509b0c2cc59', 25, 'cus_000060'),
	('821a1252-d2b9-7395-64c3-3efb7b511eea', 26, 'cus_000049'),
	('8b218067-af33-1a79-ef0a-b8d91fafb405', 27, 'cus_000003'),
	('8f1664d9-b7f0-f81b-93f4-66fee935b4aa', 28, 'cus_000026'),
	('97cebfcf-d739-8420-5b25-077dfac70b15', 29, 'cus_000024'),
	('98b86c91-ecb2-6f89-4f9e-e94c94dcba39', 30, 'cus_000032'),
	('98f34ee4-aa29-4b14-ba68-0a42163ed0de', 31, 'cus_000045'),
	('9c578750-54a9-6236-8561-0c0754315496', 32, 'cus_000059'),
	('a40d31bc-8be0-8443-a46b-32f746a9ce6e', 33, 'cus_000033'),
	('b08394b2-573a-9639-1ad7-6506bb5b1a38', 34, 'cus_000036'),
	('b36f7198-f269-55d8-3c75-afb2b623f620', 35, 'cus_000007'),
	('b41c192d-29d4-da9a-e1de-fed13625256c', 36, 'cus_000035'),
	('b8597efb-b009-d0da-8104-b363720ea8f8', 37, 'cus_000018'),
	('bd979188-543a-fd22-1ad2-55c25712bf72', 38, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4'),
	('c307a4c2-f9a4-8af2-af56-81858330dbc8', 39, 'cus_000002'),
	('ca70e80f-cca2-2d1b-1485-18451af99f20', 40, 'cus_000055'),
	('cb52755b-2ac4-c543-5c11-94bfb45183f8', 41, 'cus_000017'),
	('ce18052e-1462-792d-394f-18708c7e00c6', 42, 'cus_000019'),
	('d2b4bc39-e703-9acc-8370-804a6faf3daf', 43, 'cus_000046'),
	('da2098ae-08c3-7001-d4f2-45e49be4bb46', 44, 'cus_000048'),
	('dc8c92cd-2cea-1d5b-e4c3-c31c75e02796', 45, 'cus_000025'),
	('e0d2aaf2-19f5-27b5-3d7e-da45664efbdd', 46, 'cus_000020'),
	('e20a3070-8184-e276-1241-7519ee90009e', 47, 'cus_000053'),
	('e6bf0e68-ac95-d595-21c1-c9aba09718ab', 48, 'cus_000044'),
	('ea5b4953-482e-9e77-3f8e-c2cc3169b1f4', 49, 'cus_000014'),
	('ed34ed91-65e6-e03b-fed9-d9a31d21b859', 50, 'cus_000013');
INSERT INTO influence.email_owner OVERRIDING SYSTEM VALUE VALUES
	('f2af13f5-477c-a1a4-3759-588ede2b6d70', 51, 'cus_000001'),
	('f731372d-1254-1f39-6671-53b3298d7616', 52, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4'),
	('f73edb60-50b5-b83f-0abd-e90d12416f66', 53, 'cus_000039'),
	('fc911429-c6b2-fc57-f3da-d7fc606cc1d0', 54, 'cus_000011'),
	('fd4fdaa6-07d0-48f0-9a5a-cab1a15e2212', 55, '5000038'),
	('fdc9146e-f677-6c70-fc94-b3dcb87088eb', 56, 'cus_000030'),
	('ff366e2e-52b7-2db4-832e-ef0e884d98b5', 57, 'cus_000056');
INSERT INTO influence.fact VALUES
	('email_salt', '"85ba790467d31ea2735ce4e9d5bdf124a017d3f143a180474ae7a95020d41057"', '2026-11-30 19:26:17.434064+00');
INSERT INTO influence.inbox OVERRIDING SYSTEM VALUE VALUES
	(3, '2026-11-30 19:26:20.364261+00', 'points/earned', 'subscription-1', 'points/earned|earned-1', '\xa854cea5ecfb2db7e61a40c70a9b92562ece40d701cd51c22dc5807c31db8573', '\x7b226964223a20226561726e65642d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c2022706f696e7473223a2031307d', '{"date": "today"}', false, 1, 'new', 0, '2026-11-30 19:26:20.364261+00', NULL, NULL, NULL, NULL, NULL, false),
	(6, '2026-11-30 19:26:20.364261+00', 'customers/updated', 'subscription-1', 'sha256:f5596d11c11f364b60d7f1c529fe4f820cdaa0d3a182e859b7b395a058cd9b93', '\x29ecbeb830e3244605e5a88493e4088424a71780e5cf59bb3475f278f294335b', '\x6e6f204a534f4e', '{"date": "today"}', false, 1, 'quarantined', 0, '2026-11-30 19:26:20.364261+00', NULL, NULL, 'not_json', 'The body is not usable JSON: a syntax error at character 0.', NULL, false),
	(1, '2026-11-30 19:26:20.364261+00', 'customers/updated', 'subscription-1', 'customers/updated|inf-3|2026-05-01T10:00:00Z', '\x400179869e6718cca331b05592d93e723d1ef6c555c3313fd152bb364f2c0710', '\x7b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d', '{"date": "today"}', false, 1, 'done', 1, '2026-11-30 19:26:20.364261+00', NULL, NULL, NULL, NULL, '2026-11-30 19:26:20.392156+00', false),
	(5, '2026-11-30 19:26:20.364261+00', 'referrals/completed', 'subscription-1', 'referrals/completed|ref-1', '\x0df7fb0882dec89015c7fccf335e5f7139e6383af1f9cfc4c2496fe0c61620f5', '\x7b226964223a20227265662d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d7d', '{"date": "today"}', false, 1, 'done', 1, '2026-11-30 19:26:20.364261+00', NULL, NULL, NULL, NULL, '2026-11-30 19:26:20.392156+00', false),
	(4, '2026-11-30 19:26:20.364261+00', 'points/redeemed', 'subscription-1', 'points/redeemed|red-1', '\x0d5ec76df721c7e7d9a620b716ef4afa7ced94537daaf2bb22657e3ba9cdd84b', '\x7b226964223a20227265642d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c2022636f75706f6e436f6465223a202257414954532d31222c2022706f696e7473223a202d357d', '{"date": "today"}', false, 1, 'parked', 1, '2026-11-30 19:26:20.364261+00', NULL, NULL, 'no_worth', 'nobody knows what it is worth', NULL, false),
	(2, '2026-11-30 19:26:20.364261+00', 'customers/tier_changed', 'subscription-1', 'customers/tier_changed|inf-3|t2|2026-05-01T10:00:00Z', '\xc1c4c66b13dbf69a0684d9164a8f052ffc51c17d88cb04d8757637d47c15e308', '\x7b22637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c20226e657754696572223a207b226964223a20227432222c20227469746c65223a202253696c766572227d7d', '{"date": "today"}', false, 1, 'new', 1, '2026-11-30 19:26:20.364261+00', '2026-11-30 19:27:20.392156+00', 9, NULL, NULL, NULL, false);
INSERT INTO influence.left_out VALUES
	(4251377484196701193, 'customer', 1, 'cus_000054'),
	(2594565555784737865, 'customer', 1, 'cus_000051'),
	(6756783889246325764, 'product', 5, '5'),
	(2871127657914462957, 'order', 3, '82');
INSERT INTO influence.loyalty_member VALUES
	('inf-3', '3', 500, 't1', 'Bronze', NULL, '2026-11-30 19:26:20.392156+00', 1);
INSERT INTO influence.pace VALUES
	(1, '{"low": 0.0, "held": 0.0, "mode": "open", "rare": 0, "rate": null, "rest": 1.0, "epoch": 0, "piece": 7184267120, "since": 0.0, "slots": 0, "counts": [0, 98, 79, 45], "growth": 0.0, "passed": 222, "widest": 64, "doubted": false, "next_at": 0.0, "grown_at": 0.0, "patience": 1, "saves_up": false, "announced": 0.0, "opened_at": 1796066779.482112, "rare_from": 0.0, "rare_sent": 0.0, "widest_at": 1796066780.127267, "grows_from": 0.0, "held_until": 0.0, "hold_until": 0.0, "late_epoch": -1, "live_until": 0.0, "alone_until": 1796066781.232187, "chance_until": 0.0, "late_seconds": 0.0}', '2026-11-30 19:26:20.228144+00');
INSERT INTO influence.refund_told VALUES
	('116', '5000058', '2026-11-30 19:26:19.534919+00', '2026-11-30 19:26:19.768413+00'),
	('15', 'cus_000010', '2026-11-30 19:26:19.572559+00', '2026-11-30 19:26:19.768413+00'),
	('40', 'cus_000015', '2026-11-30 19:26:19.819285+00', '2026-11-30 19:26:19.819285+00'),
	('42', 'cus_000001', '2026-11-30 19:26:19.819285+00', '2026-11-30 19:26:19.819285+00'),
	('52', 'cus_000040', '2026-11-30 19:26:19.819285+00', '2026-11-30 19:26:19.819285+00'),
	('61', 'cus_000017', '2026-11-30 19:26:19.869157+00', '2026-11-30 19:26:19.869157+00'),
	('63', 'cus_000037', '2026-11-30 19:26:19.641132+00', '2026-11-30 19:26:19.869157+00'),
	('44', 'cus_000030', '2026-11-30 19:26:19.622997+00', '2026-11-30 19:26:19.90782+00'),
	('81', 'cus_000009', '2026-11-30 19:26:19.677336+00', '2026-11-30 19:26:19.90782+00'),
	('58', 'cus_000034', '2026-11-30 19:26:19.90782+00', '2026-11-30 19:26:19.996689+00'),
	('66', 'cus_000031', '2026-11-30 19:26:19.933774+00', '2026-11-30 19:26:19.996689+00'),
	('103', 'cus_000041', '2026-11-30 19:26:20.046595+00', '2026-11-30 19:26:20.046595+00'),
	('107', 'cus_000057', '2026-11-30 19:26:19.519252+00', '2026-11-30 19:26:20.046595+00'),
	('109', 'cus_000057', '2026-11-30 19:26:19.534919+00', '2026-11-30 19:26:20.096268+00'),
	('14', 'cus_000011', '2026-11-30 19:26:19.559741+00', '2026-11-30 19:26:20.096268+00'),
	('45', 'cus_000012', '2026-11-30 19:26:19.622997+00', '2026-11-30 19:26:20.139452+00'),
	('76', '5000038', '2026-11-30 19:26:19.657099+00', '2026-11-30 19:26:20.17476+00');
INSERT INTO influence.schema_version VALUES
	('0007');
INSERT INTO influence.snapshot VALUES
	(7059135712338435737, NULL, NULL, NULL, 'customer', NULL, '3840f88f-8687-59ac-fbde-e41c2da66f92', 2757716719597052596, 1),
	(-8109577624203760974, -8109577624203760974, NULL, NULL, 'customer', NULL, '5000008', 8455311340594857990, 1),
	(7242783985846576593, 7242783985846576593, NULL, NULL, 'customer', NULL, '5000022', 5147447351104372956, 1),
	(-9041080486820344474, -9041080486820344474, NULL, NULL, 'customer', NULL, '5000038', 6356402105503396294, 1),
	(-9112483356925046425, -9112483356925046425, NULL, NULL, 'customer', NULL, '5000058', 1189050848823656639, 1),
	(-3811239268096728979, -3811239268096728979, NULL, NULL, 'customer', NULL, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4', 7706233809935435005, 1),
	(2823247293581847863, 2823247293581847863, NULL, NULL, 'customer', NULL, 'cus_000001', 4645114587272596321, 1),
	(5323945606130444406, 5323945606130444406, NULL, NULL, 'customer', NULL, 'cus_000002', 1895947040996565297, 1),
	(-5771450640357689836, -5771450640357689836, NULL, NULL, 'customer', NULL, 'cus_000003', 3208009151002949637, 1),
	(1014309799502170939, 1014309799502170939, NULL, NULL, 'customer', NULL, 'cus_000004', 1160437453018718209, 1),
	(9063341459305423041, 9063341459305423041, NULL, NULL, 'customer', NULL, 'cus_000006', 2681173336377283129, 1),
	(5862505106843645206, 5862505106843645206, NULL, NULL, 'customer', NULL, 'cus_000007', 1326847766223730700, 1),
	(7277074898292699720, 7277074898292699720, NULL, NULL, 'customer', NULL, 'cus_000009', 5799731184276892777, 1),
	(-821127294239884219, -821127294239884219, NULL, NULL, 'customer', NULL, 'cus_000010', 3332045788522766713, 1),
	(862058813290159186, 862058813290159186, NULL, NULL, 'customer', NULL, 'cus_000011', 4388494853642715886, 1),
	(6166400553054300023, 6166400553054300023, NULL, NULL, 'customer', NULL, 'cus_000012', 5341125940655518668, 1),
	(4270804455296375641, 4270804455296375641, NULL, NULL, 'customer', NULL, 'cus_000013', 6300510415371673126, 1),
	(-3429109775488814537, -3429109775488814537, NULL, NULL, 'customer', NULL, 'cus_000014', 6234618362796942085, 1),
	(-1956854469490701740, -1956854469490701740, NULL, NULL, 'customer', NULL, 'cus_000015', 1090064298472899596, 1),
	(4824950236376186145, 4824950236376186145, NULL, NULL, 'customer', NULL, 'cus_000017', 3139861431807462320, 1),
	(7032034183416218088, 7032034183416218088, NULL, NULL, 'customer', NULL, 'cus_000018', 5504011394776361002, 1),
	(2165484242292056110, 2165484242292056110, NULL, NULL, 'customer', NULL, 'cus_000019', 1190711044984233443, 1),
	(7246926350970680881, 7246926350970680881, NULL, NULL, 'customer', NULL, 'cus_000020', 513306926393794762, 1),
	(-354112430381723260, -354112430381723260, NULL, NULL, 'customer', NULL, 'cus_000021', 1383742315751009436, 1),
	(5161474156332553813, 5161474156332553813, NULL, NULL, 'customer', NULL, 'cus_000024', 229370676130094785, 1),
	(7082465892898090798, 7082465892898090798, NULL, NULL, 'customer', NULL, 'cus_000025', 3399244881604452709, 1),
	(-4762602197338081676, -4762602197338081676, NULL, NULL, 'customer', NULL, 'cus_000027', 5412304860922517737, 1),
	(2401535830741313344, 2401535830741313344, NULL, NULL, 'customer', NULL, 'cus_000028', 184403267124873948, 1),
	(7160839958206683771, 7160839958206683771, NULL, NULL, 'customer', NULL, 'cus_000029', 6999843455562787014, 1),
	(6291048460985434825, 6291048460985434825, NULL, NULL, 'customer', NULL, 'cus_000030', 4718788047828256754, 1),
	(4362495015378929924, 4362495015378929924, NULL, NULL, 'customer', NULL, 'cus_000032', 8486738318684897974, 1),
	(-2000802968715277073, -2000802968715277073, NULL, NULL, 'customer', NULL, 'cus_000034', 6147494856840735228, 1),
	(3249580801048061398, 3249580801048061398, NULL, NULL, 'customer', NULL, 'cus_000035', 7725410096915813660, 1),
	(-8293312659535768215, -8293312659535768215, NULL, NULL, 'customer', NULL, 'cus_000036', 9015617751732892167, 1),
	(-1780058992802390971, -1780058992802390971, NULL, NULL, 'customer', NULL, 'cus_000037', 913894864651266553, 1),
	(-2605107605899699108, -2605107605899699108, NULL, NULL, 'customer', NULL, 'cus_000040', 4464693747712546313, 1),
	(-6848360022948799495, -6848360022948799495, NULL, NULL, 'customer', NULL, 'cus_000026', 3821295033034984179, 1),
	(-2927780896153282353, -2927780896153282353, NULL, NULL, 'customer', NULL, 'cus_000031', 5854653090845289757, 1),
	(-8687160234889255820, -8687160234889255820, NULL, NULL, 'customer', NULL, 'cus_000033', 7025246394192070463, 1),
	(-3467172902237378219, -3467172902237378219, NULL, NULL, 'customer', NULL, 'cus_000039', 2235785431570282462, 1),
	(-8808290980803239113, -8808290980803239113, NULL, NULL, 'customer', NULL, 'cus_000041', 1502044136786875672, 1),
	(-813613394418329881, -813613394418329881, NULL, NULL, 'customer', NULL, 'cus_000043', 300271208602253007, 1),
	(6827109088648169865, 6827109088648169865, NULL, NULL, 'customer', NULL, 'cus_000044', 6008362094970401128, 1),
	(1255709852169279797, 1255709852169279797, NULL, NULL, 'customer', NULL, 'cus_000045', 6829759820323920238, 1),
	(5779213502248042128, 5779213502248042128, NULL, NULL, 'customer', NULL, 'cus_000046', 3067393898482010383, 1),
	(-6867292117712408834, -6867292117712408834, NULL, NULL, 'customer', NULL, 'cus_000047', 3103916088676036529, 1),
	(-1343910420787323844, -1343910420787323844, NULL, NULL, 'customer', NULL, 'cus_000048', 578323969941602326, 1),
	(-6511391806760319527, -6511391806760319527, NULL, NULL, 'customer', NULL, 'cus_000049', 7206473966709828517, 1),
	(1601668338160577045, 1601668338160577045, NULL, NULL, 'customer', NULL, 'cus_000050', 2058374712050060399, 1),
	(-1671793456095051784, -1671793456095051784, NULL, NULL, 'customer', NULL, 'cus_000052', 4274364421450073611, 1);
INSERT INTO influence.snapshot VALUES
	(-3316638862683835285, -3316638862683835285, NULL, NULL, 'customer', NULL, 'cus_000053', 7600095702057856370, 1),
	(-8611119599897294490, -8611119599897294490, NULL, NULL, 'customer', NULL, 'cus_000055', 3250579746703540475, 1),
	(-2091014958740273647, -2091014958740273647, NULL, NULL, 'customer', NULL, 'cus_000056', 1399054265293425389, 1),
	(7053631774530041219, 7053631774530041219, NULL, NULL, 'customer', NULL, 'cus_000057', 677552949025521988, 1),
	(-2360302613729059131, -2360302613729059131, NULL, NULL, 'customer', NULL, 'cus_000059', 6631144267957021149, 1),
	(1453132332273443240, 1453132332273443240, NULL, NULL, 'customer', NULL, 'eef37529-d004-3acf-11f8-b044b78f87b7', 4534590667718338596, 1),
	(-7606685484147248915, -7606685484147248915, NULL, NULL, 'customer', NULL, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4', 4611628327134575716, 1),
	(3008526373457509034, 3008526373457509034, NULL, NULL, 'customer', NULL, 'cus_000060', 3254090898244700455, 1),
	(326019868233203453, 326019868233203453, NULL, NULL, 'product', NULL, '13', 8717368512653442178, 4),
	(9071811918593951597, 9071811918593951597, NULL, NULL, 'product', NULL, '1', 7979539386793362576, 5),
	(-9217259596658174563, -9217259596658174563, NULL, NULL, 'product', NULL, '10', 1073163772144977291, 2),
	(-7878952661471673596, -7878952661471673596, NULL, NULL, 'product', NULL, '11', 4868014390828004742, 3),
	(4957529882898650017, 4957529882898650017, NULL, NULL, 'product', NULL, '12', 971839095331570845, 5),
	(-5223461084190259617, -5223461084190259617, NULL, NULL, 'product', NULL, '14', 4752005536134540895, 2),
	(3865268284668090892, 3865268284668090892, NULL, NULL, 'product', NULL, '16', 3234137651343160402, 2),
	(-5419417749241442133, -5419417749241442133, NULL, NULL, 'product', NULL, '17', 980891629115335517, 3),
	(8670906409488452266, 8670906409488452266, NULL, NULL, 'product', NULL, '19', 7889909239192343097, 4),
	(-7226324107000984050, -7226324107000984050, NULL, NULL, 'product', NULL, '2', 8492256920049274498, 4),
	(2388144116902373498, 2388144116902373498, NULL, NULL, 'product', NULL, '20', 7964605097180901426, 4),
	(-7994606771309917093, -7994606771309917093, NULL, NULL, 'product', NULL, '9', 4416432115300055922, 4),
	(-2746061599537482325, -2746061599537482325, NULL, NULL, 'product', NULL, '15', 6582150845049127985, 4),
	(-1096826213331955353, -1096826213331955353, NULL, NULL, 'product', NULL, '18', 2252607813007459842, 3),
	(-1781810876767443383, -1781810876767443383, NULL, NULL, 'product', NULL, '3', 8643084788544772374, 3),
	(4846400928647735669, 4846400928647735669, NULL, NULL, 'product', NULL, '4', 8725428399344996526, 2),
	(-440291152644902612, -440291152644902612, NULL, NULL, 'product', NULL, '6', 1523347211677209154, 5),
	(-560033044489171141, -560033044489171141, NULL, NULL, 'product', NULL, '7', 8742111763630186351, 2),
	(1874787979393240476, 1874787979393240476, NULL, NULL, 'product', NULL, '8', 6248686503577229808, 3),
	(-7169096205097655508, -7169096205097655508, NULL, NULL, 'order', 'refunded', '45', 6469406798446484583, 4),
	(-3431546867009074774, -3431546867009074774, NULL, NULL, 'order', 'paid', '20', 8272084741928913568, 3),
	(-4133162557875565153, -4133162557875565153, NULL, NULL, 'order', 'paid', '55', 4190016611773473116, 3),
	(-4749451765324924306, -4749451765324924306, NULL, NULL, 'order', 'paid', '39', 6246094412427897019, 6),
	(-8646861191351339144, -8646861191351339144, NULL, NULL, 'order', 'pending', '49', 3502047129923510793, 6),
	(-7145304527587536278, -7145304527587536278, NULL, NULL, 'order', 'partially_refunded', '14', 8641386409981861837, 6),
	(4508680391365352879, 4508680391365352879, NULL, NULL, 'order', 'pending', '9', 7086472186517326145, 5),
	(2388541143799373964, 2388541143799373964, NULL, NULL, 'order', 'paid', '1', 8350954801915386017, 3),
	(3990230069899166348, 3990230069899166348, NULL, NULL, 'order', 'paid', '10', 4520200860438929467, 4),
	(3286831890243636027, 3286831890243636027, NULL, NULL, 'order', 'paid', '13', 1267448312619954700, 4),
	(-6925885904458981901, -6925885904458981901, NULL, NULL, 'order', 'refunded', '15', 6762863667950876050, 4),
	(3027480256700408892, 3027480256700408892, NULL, NULL, 'order', 'expired', '18', 6896077613123154272, 2),
	(1033205671184277080, 1033205671184277080, NULL, NULL, 'order', 'paid', '19', 7405551494332529269, 6),
	(6231877787744556431, 6231877787744556431, NULL, NULL, 'order', 'paid', '21', 2077370780810214238, 4),
	(-7752666208675590879, -7752666208675590879, NULL, NULL, 'order', 'paid', '24', 1085686144215822880, 5),
	(5267847924439801694, 5267847924439801694, NULL, NULL, 'order', 'paid', '28', 8073037823644354433, 3),
	(-3152907631006682082, -3152907631006682082, NULL, NULL, 'order', 'paid', '3', 6893070770907225241, 3),
	(8384805652909309205, 8384805652909309205, NULL, NULL, 'order', 'paid', '30', 7982541822422328078, 6),
	(7141051795889094386, 7141051795889094386, NULL, NULL, 'order', 'paid', '31', 7642814619151040185, 5),
	(-5828224830765703057, -5828224830765703057, NULL, NULL, 'order', 'paid', '32', 6277339287646839050, 4),
	(1085248944641977820, 1085248944641977820, NULL, NULL, 'order', 'paid', '34', 4338900370303137337, 4),
	(-4637146605061523380, -4637146605061523380, NULL, NULL, 'order', 'paid', '37', 5762819454606981521, 3),
	(-6228268634553268170, -6228268634553268170, NULL, NULL, 'order', 'paid', '38', 3394160071918124866, 5);
INSERT INTO influence.snapshot VALUES
	(7439577497866197672, 7439577497866197672, NULL, NULL, 'order', 'paid', '23', 8376617048738028266, 4),
	(2572051121470690943, 2572051121470690943, NULL, NULL, 'order', 'paid', '25', 7195443050594489107, 5),
	(5873087582183404852, 5873087582183404852, NULL, NULL, 'order', 'voided', '40', 815330221270533870, 5),
	(-1754101742971391719, -1754101742971391719, NULL, NULL, 'order', 'voided', '42', 7849992860465341036, 4),
	(-4858020169156258056, -4858020169156258056, NULL, NULL, 'order', 'paid', '46', 899759774629112877, 3),
	(4014918287500893893, 4014918287500893893, NULL, NULL, 'order', 'paid', '50', 7794967928586521703, 4),
	(-7887548197544030771, -7887548197544030771, NULL, NULL, 'order', 'voided', '52', 8161368981043695578, 3),
	(2380768980780586940, 2380768980780586940, NULL, NULL, 'order', 'expired', '56', 4536432105412423081, 2),
	(4662233161978638074, 4662233161978638074, NULL, NULL, 'order', 'paid', '6', 925663155226076280, 5),
	(-4527562395907327385, -4527562395907327385, NULL, NULL, 'order', 'paid', '60', 5817396057441674277, 3),
	(-889029779460645344, -889029779460645344, NULL, NULL, 'order', 'paid', '2', 4090258795696129585, 5),
	(-4308759595419569499, -4308759595419569499, NULL, NULL, 'order', 'paid', '26', 8877375057079567451, 4),
	(3585925927005839482, 3585925927005839482, NULL, NULL, 'order', 'paid', '29', 2681479977877645706, 3),
	(8048966753561591836, 8048966753561591836, NULL, NULL, 'order', 'paid', '36', 1533449598685703355, 3),
	(1926680812137220384, 1926680812137220384, NULL, NULL, 'order', 'partially_paid', '54', 3915178307797186045, 3),
	(-5362066522535738209, -5362066522535738209, NULL, NULL, 'order', 'voided', '61', 3593784026825030874, 4),
	(-956733631797318045, -956733631797318045, NULL, NULL, 'order', 'refunded', '63', 8583961322212519723, 5),
	(90770823077359625, 90770823077359625, NULL, NULL, 'order', 'paid', '7', 6850792526325692745, 3),
	(3318239174759469855, 3318239174759469855, NULL, NULL, 'order', 'paid', '8', 2194352277050061393, 4),
	(5265577691616134365, 5265577691616134365, NULL, NULL, 'order', 'paid', '33', 6347419499232420101, 4),
	(-7028475495567881964, -7028475495567881964, NULL, NULL, 'order', 'authorized', '35', 7157551796310885302, 4),
	(8310183058818755663, 8310183058818755663, NULL, NULL, 'order', 'paid', '41', 1295431069457406124, 6),
	(701927461612639425, 701927461612639425, NULL, NULL, 'order', 'refunded', '44', 3733589996417551980, 4),
	(-6511568825121868272, -6511568825121868272, NULL, NULL, 'order', 'authorized', '47', 3397743242728044725, 5),
	(6863382979184401595, 6863382979184401595, NULL, NULL, 'order', 'paid', '48', 7637597006686282388, 5),
	(5677115666392629077, 5677115666392629077, NULL, NULL, 'order', 'paid', '51', 8223584129627048804, 4),
	(-7813613807615528371, -7813613807615528371, NULL, NULL, 'order', 'refunded', '58', 7151837786350822974, 5),
	(-758119919297230924, -758119919297230924, NULL, NULL, 'order', 'authorized', '17', 7875883343773067810, 4),
	(-6039298927040059412, -6039298927040059412, NULL, NULL, 'order', 'paid', '16', 8111431151776627625, 3),
	(1895074223393879860, 1895074223393879860, NULL, NULL, 'order', 'paid', '22', 3329262137842382265, 4),
	(-1169513406234652618, -1169513406234652618, NULL, NULL, 'order', 'authorized', '27', 8467827600928336734, 3),
	(-7096524380785138143, -7096524380785138143, NULL, NULL, 'order', 'paid', '4', 4186402610094075127, 5),
	(7458870554621698052, 7458870554621698052, NULL, NULL, 'order', 'paid', '43', 6721673579715044675, 5),
	(4646854884473095653, 4646854884473095653, NULL, NULL, 'order', 'paid', '5', 8342974291940713838, 4),
	(-2014455261320117543, -2014455261320117543, NULL, NULL, 'order', 'paid', '53', 1603519284594588748, 3),
	(1335689846972503212, 1335689846972503212, NULL, NULL, 'order', 'paid', '57', 2603756399522573339, 4),
	(-1594507931741955730, -1594507931741955730, NULL, NULL, 'order', 'paid', '59', 6534272065579390042, 6),
	(8233618597385067976, 8233618597385067976, NULL, NULL, 'order', 'paid', '62', 1559570677114587541, 4),
	(-7390086385177444102, NULL, NULL, NULL, 'order', NULL, '11', 6448052295046359236, 4),
	(8290786554040007008, NULL, NULL, NULL, 'order', NULL, '12', 6078329763636128659, 4),
	(5247336460244056921, NULL, NULL, NULL, 'order', NULL, '93', 2124233127880098091, 3),
	(-363725264090154518, -363725264090154518, NULL, NULL, 'order', 'refunded', '66', 3779811588835959653, 6),
	(1311890126727157453, 1311890126727157453, NULL, NULL, 'order', 'pending', '111', 4329272495129509792, 3),
	(2642183318479899618, 2642183318479899618, NULL, NULL, 'order', 'paid', '77', 3603000679632801983, 5),
	(5173889508487620787, 5173889508487620787, NULL, NULL, 'order', 'authorized', '83', 3377870029277993595, 3),
	(-8136189780582111024, -8136189780582111024, NULL, NULL, 'order', 'paid', '100', 4620806484903960324, 5),
	(-4688303415483359739, -4688303415483359739, NULL, NULL, 'order', 'paid', '101', 3408133732510884731, 6),
	(-7182784553476958420, -7182784553476958420, NULL, NULL, 'order', 'paid', '104', 8153644315129532655, 4),
	(-2696958902570915030, -2696958902570915030, NULL, NULL, 'order', 'paid', '106', 2662325898369239475, 3),
	(-1575795196452421808, -1575795196452421808, NULL, NULL, 'order', 'paid', '108', 4279558393450287283, 4);
INSERT INTO influence.snapshot VALUES
	(1337545211361741244, 1337545211361741244, NULL, NULL, 'order', 'paid', '110', 4956475491940049924, 3),
	(-5621164995082017906, -5621164995082017906, NULL, NULL, 'order', 'paid', '113', 2614116247968403795, 3),
	(-8791129036965312585, -8791129036965312585, NULL, NULL, 'order', 'paid', '117', 7142339156173577162, 5),
	(6773205468568954139, 6773205468568954139, NULL, NULL, 'order', 'paid', '118', 7711801037526054480, 4),
	(6707290314263519440, 6707290314263519440, NULL, NULL, 'order', 'paid', '120', 675386084347654200, 3),
	(6509555773202531989, 6509555773202531989, NULL, NULL, 'order', 'authorized', '112', 4325031278501561859, 5),
	(1628618005473696623, 1628618005473696623, NULL, NULL, 'order', 'paid', '114', 6300470427001901374, 4),
	(-7102561856514514196, -7102561856514514196, NULL, NULL, 'order', 'refunded', '116', 4740392694777061788, 4),
	(-782514091913684696, -782514091913684696, NULL, NULL, 'order', 'paid', '64', 4335050056636633981, 3),
	(-7931287418194303434, -7931287418194303434, NULL, NULL, 'order', 'paid', '67', 587534335316321936, 4),
	(-8398453497502155006, -8398453497502155006, NULL, NULL, 'order', 'paid', '70', 2241968996523245480, 5),
	(-3679202950999371005, -3679202950999371005, NULL, NULL, 'order', 'paid', '73', 181897029368165674, 3),
	(-4290352111807506892, -4290352111807506892, NULL, NULL, 'order', 'paid', '78', 1509845254900393988, 6),
	(7350805945977702893, 7350805945977702893, NULL, NULL, 'order', 'paid', '79', 9181813280238385066, 3),
	(1652378145402027256, 1652378145402027256, NULL, NULL, 'order', 'paid', '80', 5151636302040097087, 4),
	(-1671778508459725808, -1671778508459725808, NULL, NULL, 'order', 'paid', '86', 6364331091068723956, 6),
	(1522544673379935281, 1522544673379935281, NULL, NULL, 'order', 'paid', '87', 6688657887400084746, 7),
	(-2654088085737526830, -2654088085737526830, NULL, NULL, 'order', 'authorized', '90', 4939928386454206002, 5),
	(1038831368794490222, 1038831368794490222, NULL, NULL, 'order', 'paid', '92', 7895573074957986114, 3),
	(-3985245385985745519, -3985245385985745519, NULL, NULL, 'order', 'paid', '69', 4230415080561695440, 3),
	(-824818191415781708, -824818191415781708, NULL, NULL, 'order', 'partially_refunded', '81', 5528482786368027589, 6),
	(9016605640126370428, 9016605640126370428, NULL, NULL, 'order', 'refunded', '96', 7997344994835057628, 5),
	(-338387123162674968, -338387123162674968, NULL, NULL, 'order', 'paid', '99', 7466045278885395656, 4),
	(7276286769712907668, 7276286769712907668, NULL, NULL, 'order', 'paid', '65', 934107607733476269, 6),
	(6813743388114747736, 6813743388114747736, NULL, NULL, 'order', 'paid', '68', 7383353692956607180, 3),
	(-1800861695258570056, -1800861695258570056, NULL, NULL, 'order', 'paid', '71', 980053389112960710, 5),
	(-3333500672946801109, -3333500672946801109, NULL, NULL, 'order', 'paid', '74', 335714497301563920, 6),
	(-4721264396046984572, -4721264396046984572, NULL, NULL, 'order', 'paid', '84', 3226094784521387514, 3),
	(-2809843903210820920, -2809843903210820920, NULL, NULL, 'order', 'paid', '102', 3884326755775112832, 5),
	(-4317310060167082672, -4317310060167082672, NULL, NULL, 'order', 'voided', '103', 8062166016693324231, 3),
	(-7494850136237330472, -7494850136237330472, NULL, NULL, 'order', 'paid', '105', 2942651053621511514, 3),
	(2684891040464421118, 2684891040464421118, NULL, NULL, 'order', 'refunded', '107', 6110729060478772164, 7),
	(-1371061867320104539, -1371061867320104539, NULL, NULL, 'order', 'paid', '115', 3531950487487510877, 7),
	(-2477516951522296186, -2477516951522296186, NULL, NULL, 'order', 'paid', '119', 5069696932508707828, 4),
	(-2111582162222891826, -2111582162222891826, NULL, NULL, 'order', 'paid', '89', 6086256703742335851, 5),
	(7905453127306279144, 7905453127306279144, NULL, NULL, 'order', 'paid', '91', 7745642946883570073, 3),
	(-1060423433058078149, -1060423433058078149, NULL, NULL, 'order', 'authorized', '97', 1536409559067224541, 5),
	(7146625355605010729, 7146625355605010729, NULL, NULL, 'order', 'paid', '98', 5918976831244461725, 4),
	(-552044673818790289, -552044673818790289, NULL, NULL, 'order', 'refunded', '109', 920260349906309864, 4),
	(3830169698782037961, 3830169698782037961, NULL, NULL, 'order', 'paid', '72', 6959887879514467065, 4),
	(6542745630242207516, 6542745630242207516, NULL, NULL, 'order', 'authorized', '75', 1341584738522078991, 4),
	(-8106100660221417191, -8106100660221417191, NULL, NULL, 'order', 'refunded', '76', 1537961262385699362, 4),
	(7387490062567169593, 7387490062567169593, NULL, NULL, 'order', 'paid', '85', 2675337385930049201, 3),
	(2793936342636660099, 2793936342636660099, NULL, NULL, 'order', 'expired', '88', 8751666555443109305, 2),
	(9200634973651849237, 9200634973651849237, NULL, NULL, 'order', 'paid', '94', 6687738328167636255, 3),
	(-5279744090025873054, -5279744090025873054, NULL, NULL, 'order', 'paid', '95', 8306703088874795581, 5);
INSERT INTO influence.sync_run OVERRIDING SYSTEM VALUE VALUES
	(1, 'customer', 'sync', '2026-11-30 19:26:17.293639+00', '2026-11-30 19:26:17.709959+00', NULL, '{"held": 0, "sent": 57, "calls": 57, "missed": 0, "parked": 1, "blocked": 0, "changed": 0, "created": 58, "deleted": 0, "seconds": 0.416, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 58, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 136.9}'),
	(2, 'product', 'sync', '2026-11-30 19:26:17.730206+00', '2026-11-30 19:26:18.544969+00', NULL, '{"held": 0, "sent": 19, "calls": 38, "missed": 0, "parked": 0, "blocked": 0, "changed": 0, "created": 19, "deleted": 0, "seconds": 0.815, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 19, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 46.6}'),
	(3, 'order', 'sync', '2026-11-30 19:26:18.573684+00', '2026-11-30 19:26:20.201822+00', NULL, '{"held": 0, "sent": 118, "calls": 233, "missed": 0, "parked": 0, "blocked": 1, "changed": 0, "created": 119, "deleted": 0, "seconds": 1.628, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 119, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 143.1}'),
	(4, 'reward', 'deliver', '2026-11-30 19:26:20.222395+00', '2026-11-30 19:26:20.242002+00', NULL, '{"held": 0, "sent": 0, "calls": 0, "missed": 0, "parked": 0, "blocked": 0, "changed": 0, "created": 0, "deleted": 0, "seconds": 0.02, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 0, "throttled": 0, "unchanged": 0, "full_compare": false, "before_go_live": 0, "calls_per_second": 0.0}');
INSERT INTO influence.work VALUES
	('customer', '3840f88f-8687-59ac-fbde-e41c2da66f92', 'parked', 'idle', 'live', 0, 0, 0, '2026-11-30 19:26:17.323747+00', '2026-11-30 19:26:17.538923+00', NULL, NULL, false, false, NULL, 'unmappable', 'column email: it is not an e-mail address', NULL),
	('order', '93', 'blocked', 'idle', 'live', 0, 0, 0, '2026-11-30 19:26:18.573599+00', '2026-11-30 19:26:18.888706+00', NULL, NULL, false, false, 'customer:3840f88f-8687-59ac-fbde-e41c2da66f92', 'waits', 'waits until customer 3840f88f-8687-59ac-fbde-e41c2da66f92 is acknowledged', NULL),
	('order', '11', 'ready', 'creating', 'live', 0, 0, 0, '2026-11-30 19:26:20.392156+00', '2026-11-30 19:26:20.392156+00', '2026-11-30 19:27:20.392156+00', 8, false, false, NULL, NULL, NULL, NULL),
	('order', '12', 'ready', 'unknown', 'live', 0, 0, 0, '2026-11-30 19:26:20.392156+00', '2026-11-30 19:26:20.392156+00', NULL, NULL, false, false, NULL, NULL, NULL, NULL),
	('order', '13', 'ready', 'refunding', 'live', 0, 0, 0, '2026-11-30 19:26:20.392156+00', '2026-11-30 19:26:20.392156+00', NULL, NULL, false, false, NULL, NULL, NULL, NULL),
	('order', '15', 'parked', 'idle', 'live', 0, 0, 0, '2026-11-30 19:26:20.392156+00', '2026-11-30 19:26:20.392156+00', NULL, NULL, false, false, NULL, 'deleted', 'a person must look', NULL);
SELECT pg_catalog.setval('influence.attempt_id_seq', 329, false);
SELECT pg_catalog.setval('influence.email_owner_number_seq', 58, false);
SELECT pg_catalog.setval('influence.fence_seq', 9, true);
SELECT pg_catalog.setval('influence.import_run_id_seq', 1, false);
SELECT pg_catalog.setval('influence.inbox_id_seq', 7, false);
SELECT pg_catalog.setval('influence.sync_run_id_seq', 5, false);
ALTER TABLE ONLY influence.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.balance_gap
    ADD CONSTRAINT balance_gap_pkey PRIMARY KEY (member_id, until);
ALTER TABLE ONLY influence.balance_seen
    ADD CONSTRAINT balance_seen_pkey PRIMARY KEY (member_id, at, source, event_id);
ALTER TABLE ONLY influence.capture_point
    ADD CONSTRAINT capture_point_pkey PRIMARY KEY (entity);
ALTER TABLE ONLY influence.coupon
    ADD CONSTRAINT coupon_pkey PRIMARY KEY (code);
ALTER TABLE ONLY influence.email_owner
    ADD CONSTRAINT email_owner_pkey PRIMARY KEY (email_hash);
ALTER TABLE ONLY influence.erased
    ADD CONSTRAINT erased_pkey PRIMARY KEY (hash, person);
ALTER TABLE ONLY influence.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (name);
ALTER TABLE ONLY influence.import_run
    ADD CONSTRAINT import_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.inbox
    ADD CONSTRAINT inbox_dedupe_key_body_sha256_key UNIQUE (dedupe_key, body_sha256);
ALTER TABLE ONLY influence.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.left_out
    ADD CONSTRAINT left_out_pkey PRIMARY KEY (entity, key);
ALTER TABLE ONLY influence.loyalty_member
    ADD CONSTRAINT loyalty_member_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY influence.pace
    ADD CONSTRAINT pace_pkey PRIMARY KEY (account);
ALTER TABLE ONLY influence.refund_told
    ADD CONSTRAINT refund_told_pkey PRIMARY KEY (order_key);
ALTER TABLE ONLY influence.schema_version
    ADD CONSTRAINT schema_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY influence.snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (entity, key);
ALTER TABLE ONLY influence.sync_run
    ADD CONSTRAINT sync_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (entity, key);
CREATE INDEX attempt_entity_key_id_idx ON influence.attempt USING btree (entity, key, id);
CREATE INDEX coupon_created_at_idx ON influence.coupon USING btree (created_at);
CREATE INDEX coupon_event_id_idx ON influence.coupon USING btree (event_id);
CREATE INDEX coupon_folded_code_idx ON influence.coupon USING btree (folded_code);
CREATE INDEX coupon_member_id_created_at_idx ON influence.coupon USING btree (member_id, created_at);
CREATE INDEX email_owner_key_idx ON influence.email_owner USING btree (key);
CREATE INDEX erased_person_idx ON influence.erased USING btree (person);
CREATE UNIQUE INDEX inbox_dedupe_key_idx ON influence.inbox USING btree (dedupe_key) WHERE (conflicts IS FALSE);
CREATE INDEX inbox_filled_idx ON influence.inbox USING btree (done_at) WHERE ((state = 'done'::text) AND (octet_length(body) > 0));
CREATE INDEX inbox_new_idx ON influence.inbox USING btree (next_at) WHERE (state = 'new'::text);
CREATE INDEX inbox_parked_idx ON influence.inbox USING btree (reason_code) WHERE (state = 'parked'::text);
CREATE INDEX inbox_quarantined_idx ON influence.inbox USING btree (id) WHERE (state = 'quarantined'::text);
CREATE INDEX loyalty_member_external_id_idx ON influence.loyalty_member USING btree (external_id);
CREATE INDEX refund_told_customer_key_idx ON influence.refund_told USING btree (customer_key);
CREATE INDEX sync_run_entity_id_idx ON influence.sync_run USING btree (entity, id);
CREATE INDEX work_blocked_on_idx ON influence.work USING btree (blocked_on) WHERE (blocked_on IS NOT NULL);
CREATE INDEX work_import_id_idx ON influence.work USING btree (import_id, next_at) WHERE (import_id IS NOT NULL);
CREATE INDEX work_ready_idx ON influence.work USING btree (entity, lane, next_at) WHERE (state = 'ready'::text);
ALTER TABLE ONLY influence.coupon
    ADD CONSTRAINT coupon_event_id_fkey FOREIGN KEY (event_id) REFERENCES influence.inbox(id) ON DELETE RESTRICT;
