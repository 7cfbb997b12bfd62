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
    erased_at timestamp with time zone DEFAULT now() NOT NULL
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
    CONSTRAINT work_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'blocked'::text, 'parked'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-30 02:12:54.8729+00', -8109577624203760974, 'customer', 144, 200, '5000008', 'PUT customer', 'accepted', NULL),
	(2, '2026-11-30 02:12:54.8729+00', 7242783985846576593, 'customer', 105, 200, '5000022', 'PUT customer', 'accepted', NULL),
	(3, '2026-11-30 02:12:55.159537+00', -9041080486820344474, 'customer', 77, 200, '5000038', 'PUT customer', 'accepted', NULL),
	(4, '2026-11-30 02:12:55.159537+00', -9112483356925046425, 'customer', 100, 200, '5000058', 'PUT customer', 'accepted', NULL),
	(5, '2026-11-30 02:12:55.159537+00', -3811239268096728979, 'customer', 144, 200, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4', 'PUT customer', 'accepted', NULL),
	(6, '2026-11-30 02:12:55.159537+00', 5323945606130444406, 'customer', 73, 200, 'cus_000002', 'PUT customer', 'accepted', NULL),
	(7, '2026-11-30 02:12:55.410905+00', 2823247293581847863, 'customer', 165, 200, 'cus_000001', 'PUT customer', 'accepted', NULL),
	(8, '2026-11-30 02:12:55.410905+00', 1014309799502170939, 'customer', 123, 200, 'cus_000004', 'PUT customer', 'accepted', NULL),
	(9, '2026-11-30 02:12:55.410905+00', -5771450640357689836, 'customer', 260, 200, 'cus_000003', 'PUT customer', 'accepted', NULL),
	(10, '2026-11-30 02:12:55.410905+00', 5862505106843645206, 'customer', 116, 200, 'cus_000007', 'PUT customer', 'accepted', NULL),
	(11, '2026-11-30 02:12:55.702057+00', -821127294239884219, 'customer', 118, 200, 'cus_000010', 'PUT customer', 'accepted', NULL),
	(12, '2026-11-30 02:12:55.702057+00', 9063341459305423041, 'customer', 301, 200, 'cus_000006', 'PUT customer', 'accepted', NULL),
	(13, '2026-11-30 02:12:55.702057+00', 862058813290159186, 'customer', 177, 200, 'cus_000011', 'PUT customer', 'accepted', NULL),
	(14, '2026-11-30 02:12:55.702057+00', 4270804455296375641, 'customer', 160, 200, 'cus_000013', 'PUT customer', 'accepted', NULL),
	(15, '2026-11-30 02:12:55.702057+00', -3429109775488814537, 'customer', 188, 200, 'cus_000014', 'PUT customer', 'accepted', NULL),
	(16, '2026-11-30 02:12:55.893387+00', 7277074898292699720, 'customer', 502, 200, 'cus_000009', 'PUT customer', 'accepted', NULL),
	(17, '2026-11-30 02:12:55.893387+00', -1956854469490701740, 'customer', 287, 200, 'cus_000015', 'PUT customer', 'accepted', NULL),
	(18, '2026-11-30 02:12:55.893387+00', 7032034183416218088, 'customer', 238, 200, 'cus_000018', 'PUT customer', 'accepted', NULL),
	(19, '2026-11-30 02:12:55.893387+00', 2165484242292056110, 'customer', 194, 200, 'cus_000019', 'PUT customer', 'accepted', NULL),
	(20, '2026-11-30 02:12:56.088985+00', 6166400553054300023, 'customer', 561, 200, 'cus_000012', 'PUT customer', 'accepted', NULL),
	(21, '2026-11-30 02:12:56.088985+00', 5161474156332553813, 'customer', 211, 200, 'cus_000024', 'PUT customer', 'accepted', NULL),
	(22, '2026-11-30 02:12:56.291951+00', 7082465892898090798, 'customer', 339, 200, 'cus_000025', 'PUT customer', 'accepted', NULL),
	(23, '2026-11-30 02:12:56.291951+00', -4762602197338081676, 'customer', 283, 200, 'cus_000027', 'PUT customer', 'accepted', NULL),
	(24, '2026-11-30 02:12:56.291951+00', 2401535830741313344, 'customer', 302, 200, 'cus_000028', 'PUT customer', 'accepted', NULL),
	(25, '2026-11-30 02:12:56.291951+00', -354112430381723260, 'customer', 524, 200, 'cus_000021', 'PUT customer', 'accepted', NULL),
	(26, '2026-11-30 02:12:56.580579+00', 4824950236376186145, 'customer', 789, 200, 'cus_000017', 'PUT customer', 'accepted', NULL),
	(27, '2026-11-30 02:12:56.580579+00', 6291048460985434825, 'customer', 401, 200, 'cus_000030', 'PUT customer', 'accepted', NULL),
	(28, '2026-11-30 02:12:56.580579+00', 4362495015378929924, 'customer', 351, 200, 'cus_000032', 'PUT customer', 'accepted', NULL),
	(29, '2026-11-30 02:12:56.580579+00', -2927780896153282353, 'customer', 428, 200, 'cus_000031', 'PUT customer', 'accepted', NULL),
	(30, '2026-11-30 02:12:56.580579+00', -2000802968715277073, 'customer', 368, 200, 'cus_000034', 'PUT customer', 'accepted', NULL),
	(31, '2026-11-30 02:12:56.580579+00', 3249580801048061398, 'customer', 323, 200, 'cus_000035', 'PUT customer', 'accepted', NULL),
	(32, '2026-11-30 02:12:56.765843+00', -1780058992802390971, 'customer', 311, 200, 'cus_000037', 'PUT customer', 'accepted', NULL),
	(33, '2026-11-30 02:12:56.765843+00', 7246926350970680881, 'customer', 1046, 200, 'cus_000020', 'PUT customer', 'accepted', NULL),
	(34, '2026-11-30 02:12:56.765843+00', -3467172902237378219, 'customer', 350, 200, 'cus_000039', 'PUT customer', 'accepted', NULL),
	(35, '2026-11-30 02:12:56.966762+00', -2605107605899699108, 'customer', 334, 200, 'cus_000040', 'PUT customer', 'accepted', NULL),
	(36, '2026-11-30 02:12:56.966762+00', -813613394418329881, 'customer', 322, 200, 'cus_000043', 'PUT customer', 'accepted', NULL),
	(37, '2026-11-30 02:12:56.966762+00', 1255709852169279797, 'customer', 370, 200, 'cus_000045', 'PUT customer', 'accepted', NULL),
	(38, '2026-11-30 02:12:57.17406+00', 6827109088648169865, 'customer', 447, 200, 'cus_000044', 'PUT customer', 'accepted', NULL),
	(39, '2026-11-30 02:12:57.17406+00', -6867292117712408834, 'customer', 473, 200, 'cus_000047', 'PUT customer', 'accepted', NULL),
	(40, '2026-11-30 02:12:57.17406+00', -1343910420787323844, 'customer', 428, 200, 'cus_000048', 'PUT customer', 'accepted', NULL),
	(41, '2026-11-30 02:12:57.410409+00', -6848360022948799495, 'customer', 1368, 200, 'cus_000026', 'PUT customer', 'accepted', NULL),
	(42, '2026-11-30 02:12:57.410409+00', 1601668338160577045, 'customer', 593, 200, 'cus_000050', 'PUT customer', 'accepted', NULL),
	(43, '2026-11-30 02:12:57.410409+00', -1671793456095051784, 'customer', 531, 200, 'cus_000052', 'PUT customer', 'accepted', NULL),
	(44, '2026-11-30 02:12:57.691302+00', -8611119599897294490, 'customer', 655, 200, 'cus_000055', 'PUT customer', 'accepted', NULL),
	(45, '2026-11-30 02:12:57.691302+00', -2091014958740273647, 'customer', 608, 200, 'cus_000056', 'PUT customer', 'accepted', NULL),
	(46, '2026-11-30 02:12:57.691302+00', 7053631774530041219, 'customer', 602, 200, 'cus_000057', 'PUT customer', 'accepted', NULL),
	(47, '2026-11-30 02:12:57.932096+00', 3008526373457509034, 'customer', 709, 200, 'cus_000060', 'PUT customer', 'accepted', NULL),
	(48, '2026-11-30 02:12:57.932096+00', 7160839958206683771, 'customer', 1975, 200, 'cus_000029', 'PUT customer', 'accepted', NULL),
	(49, '2026-11-30 02:12:57.932096+00', 1453132332273443240, 'customer', 724, 200, 'eef37529-d004-3acf-11f8-b044b78f87b7', 'PUT customer', 'accepted', NULL),
	(50, '2026-11-30 02:12:57.932096+00', -7606685484147248915, 'customer', 767, 200, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4', 'PUT customer', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(51, '2026-11-30 02:12:58.103054+00', -8687160234889255820, 'customer', 1877, 200, 'cus_000033', 'PUT customer', 'accepted', NULL),
	(52, '2026-11-30 02:12:58.103054+00', -8293312659535768215, 'customer', 1820, 200, 'cus_000036', 'PUT customer', 'accepted', NULL),
	(53, '2026-11-30 02:12:58.323439+00', -8808290980803239113, 'customer', 1672, 200, 'cus_000041', 'PUT customer', 'accepted', NULL),
	(54, '2026-11-30 02:12:58.323439+00', 5779213502248042128, 'customer', 1663, 200, 'cus_000046', 'PUT customer', 'accepted', NULL),
	(55, '2026-11-30 02:12:58.323439+00', -6511391806760319527, 'customer', 1593, 200, 'cus_000049', 'PUT customer', 'accepted', NULL),
	(56, '2026-11-30 02:12:58.323439+00', -3316638862683835285, 'customer', 1498, 200, 'cus_000053', 'PUT customer', 'accepted', NULL),
	(57, '2026-11-30 02:12:58.449448+00', -2360302613729059131, 'customer', 1381, 200, 'cus_000059', 'PUT customer', 'accepted', NULL),
	(58, '2026-11-30 02:13:00.595523+00', 9071811918593951597, 'product', 122, 200, '1', 'PUT product', 'accepted', NULL),
	(59, '2026-11-30 02:13:00.723071+00', -9217259596658174563, 'product', 88, 200, '10', 'PUT product', 'accepted', NULL),
	(60, '2026-11-30 02:13:00.818409+00', -7878952661471673596, 'product', 189, 200, '11', 'PUT product', 'accepted', NULL),
	(61, '2026-11-30 02:13:00.964083+00', -7226324107000984050, 'product', 111, 200, '2', 'PUT product', 'accepted', NULL),
	(62, '2026-11-30 02:13:00.964083+00', 8670906409488452266, 'product', 270, 200, '19', 'PUT product', 'accepted', NULL),
	(63, '2026-11-30 02:13:00.964083+00', 4957529882898650017, 'product', 421, 200, '12', 'PUT product', 'accepted', NULL),
	(64, '2026-11-30 02:13:01.102619+00', -1781810876767443383, 'product', 168, 200, '3', 'PUT product', 'accepted', NULL),
	(65, '2026-11-30 02:13:01.102619+00', 4846400928647735669, 'product', 180, 200, '4', 'PUT product', 'accepted', NULL),
	(66, '2026-11-30 02:13:01.317691+00', 326019868233203453, 'product', 626, 200, '13', 'PUT product', 'accepted', NULL),
	(67, '2026-11-30 02:13:01.317691+00', 1874787979393240476, 'product', 218, 200, '8', 'PUT product', 'accepted', NULL),
	(68, '2026-11-30 02:13:01.317691+00', -7994606771309917093, 'product', 148, 200, '9', 'PUT product', 'accepted', NULL),
	(69, '2026-11-30 02:13:01.57308+00', -560033044489171141, 'product', 351, 200, '7', 'PUT product', 'accepted', NULL),
	(70, '2026-11-30 02:13:01.57308+00', -5223461084190259617, 'product', 833, 200, '14', 'PUT product', 'accepted', NULL),
	(71, '2026-11-30 02:13:01.57308+00', -7878952661471673596, 'product', 268, 200, '11', 'POST variants', 'accepted', NULL),
	(72, '2026-11-30 02:13:01.57308+00', -7226324107000984050, 'product', 268, 200, '2', 'POST variants', 'accepted', NULL),
	(73, '2026-11-30 02:13:01.57308+00', -9217259596658174563, 'product', 403, 200, '10', 'POST variants', 'accepted', NULL),
	(74, '2026-11-30 02:13:01.57308+00', 4957529882898650017, 'product', 257, 200, '12', 'POST variants', 'accepted', NULL),
	(75, '2026-11-30 02:13:01.783771+00', -2746061599537482325, 'product', 1123, 200, '15', 'PUT product', 'accepted', NULL),
	(76, '2026-11-30 02:13:01.783771+00', 1874787979393240476, 'product', 249, 200, '8', 'POST variants', 'accepted', NULL),
	(77, '2026-11-30 02:13:01.871266+00', 326019868233203453, 'product', 290, 200, '13', 'POST variants', 'accepted', NULL),
	(78, '2026-11-30 02:13:01.871266+00', -560033044489171141, 'product', 284, 200, '7', 'POST variants', 'accepted', NULL),
	(79, '2026-11-30 02:13:02.018713+00', -5223461084190259617, 'product', 379, 200, '14', 'POST variants', 'accepted', NULL),
	(85, '2026-11-30 02:13:02.499728+00', -1096826213331955353, 'product', 1840, 200, '18', 'PUT product', 'accepted', NULL),
	(86, '2026-11-30 02:13:02.499728+00', -5419417749241442133, 'product', 216, 200, '17', 'POST variants', 'accepted', NULL),
	(89, '2026-11-30 02:13:02.877037+00', -440291152644902612, 'product', 1856, 200, '6', 'PUT product', 'accepted', NULL),
	(90, '2026-11-30 02:13:02.877037+00', -1096826213331955353, 'product', 375, 200, '18', 'POST variants', 'accepted', NULL),
	(91, '2026-11-30 02:13:02.877037+00', 9071811918593951597, 'product', 1725, 200, '1', 'POST variants', 'accepted', NULL),
	(92, '2026-11-30 02:13:03.077488+00', -440291152644902612, 'product', 187, 200, '6', 'POST variants', 'accepted', NULL),
	(93, '2026-11-30 02:13:03.077488+00', 8670906409488452266, 'product', 1792, 200, '19', 'POST variants', 'accepted', NULL),
	(95, '2026-11-30 02:13:03.289445+00', -7994606771309917093, 'product', 1717, 200, '9', 'POST variants', 'accepted', NULL),
	(96, '2026-11-30 02:13:07.00391+00', 2388541143799373964, 'order', 83, 200, '1', 'POST order', 'accepted', NULL),
	(105, '2026-11-30 02:13:07.747867+00', 1628618005473696623, 'order', 165, 200, '114', 'POST order', 'accepted', NULL),
	(106, '2026-11-30 02:13:07.747867+00', 1311890126727157453, 'order', 334, 200, '111', 'POST order', 'accepted', NULL),
	(116, '2026-11-30 02:13:08.423442+00', 3027480256700408892, 'order', 422, 200, '18', 'POST order', 'accepted', NULL),
	(119, '2026-11-30 02:13:08.642056+00', -889029779460645344, 'order', 437, 200, '2', 'POST order', 'accepted', NULL),
	(120, '2026-11-30 02:13:08.642056+00', -3431546867009074774, 'order', 488, 200, '20', 'POST order', 'accepted', NULL),
	(123, '2026-11-30 02:13:08.914209+00', 2572051121470690943, 'order', 354, 200, '25', 'POST order', 'accepted', NULL),
	(124, '2026-11-30 02:13:08.914209+00', -4308759595419569499, 'order', 372, 200, '26', 'POST order', 'accepted', NULL),
	(125, '2026-11-30 02:13:08.914209+00', 1033205671184277080, 'order', 859, 200, '19', 'POST order', 'accepted', NULL),
	(128, '2026-11-30 02:13:09.228202+00', 5267847924439801694, 'order', 465, 200, '28', 'POST order', 'accepted', NULL),
	(129, '2026-11-30 02:13:09.228202+00', 3585925927005839482, 'order', 487, 200, '29', 'POST order', 'accepted', NULL),
	(130, '2026-11-30 02:13:09.228202+00', -7390086385177444102, 'order', 2006, NULL, '11', 'POST order', 'uncertain', 'no reply in time'),
	(131, '2026-11-30 02:13:09.228202+00', -3152907631006682082, 'order', 491, 200, '3', 'POST order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(138, '2026-11-30 02:13:09.611121+00', -2477516951522296186, 'order', 2046, NULL, '119', 'POST order', 'uncertain', 'no reply in time'),
	(141, '2026-11-30 02:13:09.994897+00', 8310183058818755663, 'order', 543, 200, '41', 'POST order', 'accepted', NULL),
	(142, '2026-11-30 02:13:09.994897+00', -7145304527587536278, 'order', 2016, NULL, '14', 'POST order', 'uncertain', 'no reply in time'),
	(143, '2026-11-30 02:13:09.994897+00', 7458870554621698052, 'order', 596, 200, '43', 'POST order', 'accepted', NULL),
	(144, '2026-11-30 02:13:09.994897+00', -7169096205097655508, 'order', 552, 200, '45', 'POST order', 'accepted', NULL),
	(145, '2026-11-30 02:13:09.994897+00', -758119919297230924, 'order', 2047, NULL, '17', 'POST order', 'uncertain', 'no reply in time'),
	(146, '2026-11-30 02:13:09.994897+00', -4858020169156258056, 'order', 620, 200, '46', 'POST order', 'accepted', NULL),
	(153, '2026-11-30 02:13:10.631065+00', -4133162557875565153, 'order', 586, 200, '55', 'POST order', 'accepted', NULL),
	(154, '2026-11-30 02:13:10.631065+00', -1169513406234652618, 'order', 2048, NULL, '27', 'POST order', 'uncertain', 'no reply in time'),
	(155, '2026-11-30 02:13:10.631065+00', 1335689846972503212, 'order', 680, 200, '57', 'POST order', 'accepted', NULL),
	(160, '2026-11-30 02:13:11.022487+00', 8233618597385067976, 'order', 677, 200, '62', 'POST order', 'accepted', NULL),
	(161, '2026-11-30 02:13:11.022487+00', -956733631797318045, 'order', 657, 200, '63', 'POST order', 'accepted', NULL),
	(162, '2026-11-30 02:13:11.022487+00', 7276286769712907668, 'order', 593, 200, '65', 'POST order', 'accepted', NULL),
	(163, '2026-11-30 02:13:11.022487+00', -7931287418194303434, 'order', 551, 200, '67', 'POST order', 'accepted', NULL),
	(164, '2026-11-30 02:13:11.022487+00', 90770823077359625, 'order', 356, 200, '7', 'POST order', 'accepted', NULL),
	(165, '2026-11-30 02:13:11.022487+00', 8048966753561591836, 'order', 2044, NULL, '36', 'POST order', 'uncertain', 'no reply in time'),
	(166, '2026-11-30 02:13:11.022487+00', -4637146605061523380, 'order', 2044, NULL, '37', 'POST order', 'uncertain', 'no reply in time'),
	(177, '2026-11-30 02:13:11.738682+00', -6511568825121868272, 'order', 2031, NULL, '47', 'POST order', 'uncertain', 'no reply in time'),
	(178, '2026-11-30 02:13:11.738682+00', 2642183318479899618, 'order', 320, 200, '77', 'POST order', 'accepted', NULL),
	(179, '2026-11-30 02:13:11.738682+00', -4290352111807506892, 'order', 459, 200, '78', 'POST order', 'accepted', NULL),
	(180, '2026-11-30 02:13:11.738682+00', -8646861191351339144, 'order', 2082, NULL, '49', 'POST order', 'uncertain', 'no reply in time'),
	(181, '2026-11-30 02:13:11.738682+00', 4646854884473095653, 'order', 2014, NULL, '5', 'POST order', 'uncertain', 'no reply in time'),
	(182, '2026-11-30 02:13:11.738682+00', 7350805945977702893, 'order', 541, 200, '79', 'POST order', 'accepted', NULL),
	(183, '2026-11-30 02:13:11.738682+00', 5677115666392629077, 'order', 2021, NULL, '51', 'POST order', 'uncertain', 'no reply in time'),
	(195, '2026-11-30 02:13:12.460388+00', -5362066522535738209, 'order', 2003, NULL, '61', 'POST order', 'uncertain', 'no reply in time'),
	(196, '2026-11-30 02:13:12.460388+00', -1060423433058078149, 'order', 483, 200, '97', 'POST order', 'accepted', NULL),
	(197, '2026-11-30 02:13:12.460388+00', 7146625355605010729, 'order', 540, 200, '98', 'POST order', 'accepted', NULL),
	(198, '2026-11-30 02:13:12.460388+00', -782514091913684696, 'order', 2022, NULL, '64', 'POST order', 'uncertain', 'no reply in time'),
	(199, '2026-11-30 02:13:12.460388+00', -363725264090154518, 'order', 2011, NULL, '66', 'POST order', 'uncertain', 'no reply in time'),
	(200, '2026-11-30 02:13:12.460388+00', -338387123162674968, 'order', 582, 200, '99', 'POST order', 'accepted', NULL),
	(206, '2026-11-30 02:13:13.006219+00', -552044673818790289, 'order', 592, 200, '109', 'PATCH order', 'accepted', NULL),
	(207, '2026-11-30 02:13:13.006219+00', 1628618005473696623, 'order', 702, 200, '114', 'PATCH order', 'accepted', NULL),
	(208, '2026-11-30 02:13:13.006219+00', -1371061867320104539, 'order', 605, 200, '115', 'PATCH order', 'accepted', NULL),
	(209, '2026-11-30 02:13:13.006219+00', 8290786554040007008, 'order', 667, 200, '12', 'PATCH order', 'accepted', NULL),
	(210, '2026-11-30 02:13:13.006219+00', -6039298927040059412, 'order', 535, 200, '16', 'PATCH order', 'accepted', NULL),
	(247, '2026-11-30 02:13:15.062744+00', -889029779460645344, 'order', 2012, NULL, '2', 'PATCH order', 'later', 'no reply in time'),
	(248, '2026-11-30 02:13:15.062744+00', 1895074223393879860, 'order', 2011, NULL, '22', 'PATCH order', 'later', 'no reply in time'),
	(249, '2026-11-30 02:13:15.062744+00', -4308759595419569499, 'order', 2108, NULL, '26', 'PATCH order', 'later', 'no reply in time'),
	(273, '2026-11-30 02:13:16.961799+00', -4290352111807506892, 'order', 542, 200, '78', 'PATCH order', 'accepted', NULL),
	(274, '2026-11-30 02:13:16.961799+00', -3333500672946801109, 'order', 897, 200, '74', 'PATCH order', 'accepted', NULL),
	(275, '2026-11-30 02:13:16.961799+00', 2642183318479899618, 'order', 736, 200, '77', 'PATCH order', 'accepted', NULL),
	(281, '2026-11-30 02:13:17.548764+00', -2654088085737526830, 'order', 572, 200, '90', 'PATCH order', 'accepted', NULL),
	(282, '2026-11-30 02:13:17.548764+00', 9200634973651849237, 'order', 608, 200, '94', 'PATCH order', 'accepted', NULL),
	(287, '2026-11-30 02:13:18.906567+00', -1060423433058078149, 'order', 2093, NULL, '97', 'PATCH order', 'later', 'no reply in time'),
	(288, '2026-11-30 02:13:20.03148+00', -2696958902570915030, 'order', 102, 200, '106', 'PATCH order', 'accepted', NULL),
	(289, '2026-11-30 02:13:20.03148+00', 2684891040464421118, 'order', 102, 200, '107', 'PATCH order', 'accepted', NULL),
	(296, '2026-11-30 02:13:20.897217+00', 7439577497866197672, 'order', 693, 200, '23', 'PATCH order', 'accepted', NULL),
	(297, '2026-11-30 02:13:20.897217+00', 8384805652909309205, 'order', 699, 200, '30', 'PATCH order', 'accepted', NULL),
	(298, '2026-11-30 02:13:20.897217+00', 5265577691616134365, 'order', 785, 200, '33', 'PATCH order', 'accepted', NULL),
	(305, '2026-11-30 02:13:21.904735+00', -8646861191351339144, 'order', 632, 200, '49', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(306, '2026-11-30 02:13:21.904735+00', 5677115666392629077, 'order', 614, 200, '51', 'PATCH order', 'accepted', NULL),
	(307, '2026-11-30 02:13:21.904735+00', 2380768980780586940, 'order', 269, 200, '56', 'PATCH order', 'accepted', NULL),
	(308, '2026-11-30 02:13:21.904735+00', -7813613807615528371, 'order', 328, 200, '58', 'PATCH order', 'accepted', NULL),
	(309, '2026-11-30 02:13:21.904735+00', 4662233161978638074, 'order', 259, 200, '6', 'PATCH order', 'accepted', NULL),
	(310, '2026-11-30 02:13:21.904735+00', -758119919297230924, 'order', 2050, NULL, '17', 'PATCH order', 'later', 'no reply in time'),
	(80, '2026-11-30 02:13:02.196591+00', 3865268284668090892, 'product', 1490, 200, '16', 'PUT product', 'accepted', NULL),
	(81, '2026-11-30 02:13:02.196591+00', -1781810876767443383, 'product', 656, 200, '3', 'POST variants', 'accepted', NULL),
	(82, '2026-11-30 02:13:02.196591+00', -2746061599537482325, 'product', 474, 200, '15', 'POST variants', 'accepted', NULL),
	(83, '2026-11-30 02:13:02.355013+00', -5419417749241442133, 'product', 1712, 200, '17', 'PUT product', 'accepted', NULL),
	(84, '2026-11-30 02:13:02.355013+00', 3865268284668090892, 'product', 279, 200, '16', 'POST variants', 'accepted', NULL),
	(87, '2026-11-30 02:13:02.647279+00', 2388144116902373498, 'product', 1832, 200, '20', 'PUT product', 'accepted', NULL),
	(88, '2026-11-30 02:13:02.647279+00', 2388144116902373498, 'product', 65, 200, '20', 'POST variants', 'accepted', NULL),
	(94, '2026-11-30 02:13:03.197806+00', 4846400928647735669, 'product', 1774, 200, '4', 'POST variants', 'accepted', NULL),
	(97, '2026-11-30 02:13:07.115236+00', 3990230069899166348, 'order', 90, 200, '10', 'POST order', 'accepted', NULL),
	(98, '2026-11-30 02:13:07.115236+00', -8136189780582111024, 'order', 156, 200, '100', 'POST order', 'accepted', NULL),
	(99, '2026-11-30 02:13:07.273297+00', -1575795196452421808, 'order', 121, 200, '108', 'POST order', 'accepted', NULL),
	(100, '2026-11-30 02:13:07.273297+00', -4688303415483359739, 'order', 293, 200, '101', 'POST order', 'accepted', NULL),
	(101, '2026-11-30 02:13:07.456232+00', 1337545211361741244, 'order', 125, 200, '110', 'POST order', 'accepted', NULL),
	(102, '2026-11-30 02:13:07.456232+00', -552044673818790289, 'order', 247, 200, '109', 'POST order', 'accepted', NULL),
	(103, '2026-11-30 02:13:07.456232+00', -2809843903210820920, 'order', 503, 200, '102', 'POST order', 'accepted', NULL),
	(104, '2026-11-30 02:13:07.456232+00', -5621164995082017906, 'order', 163, 200, '113', 'POST order', 'accepted', NULL),
	(107, '2026-11-30 02:13:07.899607+00', -4317310060167082672, 'order', 788, 200, '103', 'POST order', 'accepted', NULL),
	(108, '2026-11-30 02:13:07.899607+00', -1371061867320104539, 'order', 284, 200, '115', 'POST order', 'accepted', NULL),
	(109, '2026-11-30 02:13:07.899607+00', 6773205468568954139, 'order', 281, 200, '118', 'POST order', 'accepted', NULL),
	(110, '2026-11-30 02:13:07.899607+00', 8290786554040007008, 'order', 292, 200, '12', 'POST order', 'accepted', NULL),
	(111, '2026-11-30 02:13:08.125208+00', -7102561856514514196, 'order', 509, 200, '116', 'POST order', 'accepted', NULL),
	(112, '2026-11-30 02:13:08.125208+00', -7182784553476958420, 'order', 1093, 200, '104', 'POST order', 'accepted', NULL),
	(113, '2026-11-30 02:13:08.258521+00', 6707290314263519440, 'order', 402, 200, '120', 'POST order', 'accepted', NULL),
	(114, '2026-11-30 02:13:08.258521+00', -6925885904458981901, 'order', 329, 200, '15', 'POST order', 'accepted', NULL),
	(115, '2026-11-30 02:13:08.258521+00', -6039298927040059412, 'order', 402, 200, '16', 'POST order', 'accepted', NULL),
	(117, '2026-11-30 02:13:08.510392+00', 3286831890243636027, 'order', 692, 200, '13', 'POST order', 'accepted', NULL),
	(118, '2026-11-30 02:13:08.510392+00', -7494850136237330472, 'order', 1531, 200, '105', 'POST order', 'accepted', NULL),
	(121, '2026-11-30 02:13:08.783279+00', 1895074223393879860, 'order', 429, 200, '22', 'POST order', 'accepted', NULL),
	(122, '2026-11-30 02:13:08.783279+00', -7752666208675590879, 'order', 340, 200, '24', 'POST order', 'accepted', NULL),
	(126, '2026-11-30 02:13:09.038461+00', -2696958902570915030, 'order', 2004, NULL, '106', 'POST order', 'uncertain', 'no reply in time'),
	(127, '2026-11-30 02:13:09.038461+00', 2684891040464421118, 'order', 2004, NULL, '107', 'POST order', 'uncertain', 'no reply in time'),
	(132, '2026-11-30 02:13:09.467497+00', 6509555773202531989, 'order', 2000, NULL, '112', 'POST order', 'uncertain', 'no reply in time'),
	(133, '2026-11-30 02:13:09.467497+00', 7141051795889094386, 'order', 534, 200, '31', 'POST order', 'accepted', NULL),
	(134, '2026-11-30 02:13:09.467497+00', -5828224830765703057, 'order', 576, 200, '32', 'POST order', 'accepted', NULL),
	(135, '2026-11-30 02:13:09.467497+00', 1085248944641977820, 'order', 510, 200, '34', 'POST order', 'accepted', NULL),
	(136, '2026-11-30 02:13:09.467497+00', -7028475495567881964, 'order', 541, 200, '35', 'POST order', 'accepted', NULL),
	(137, '2026-11-30 02:13:09.467497+00', -8791129036965312585, 'order', 2010, NULL, '117', 'POST order', 'uncertain', 'no reply in time'),
	(139, '2026-11-30 02:13:09.774472+00', -6228268634553268170, 'order', 605, 200, '38', 'POST order', 'accepted', NULL),
	(140, '2026-11-30 02:13:09.774472+00', -7096524380785138143, 'order', 616, 200, '4', 'POST order', 'accepted', NULL),
	(147, '2026-11-30 02:13:10.36276+00', 6863382979184401595, 'order', 537, 200, '48', 'POST order', 'accepted', NULL),
	(148, '2026-11-30 02:13:10.36276+00', 6231877787744556431, 'order', 2021, NULL, '21', 'POST order', 'uncertain', 'no reply in time'),
	(149, '2026-11-30 02:13:10.36276+00', 4014918287500893893, 'order', 569, 200, '50', 'POST order', 'accepted', NULL),
	(150, '2026-11-30 02:13:10.36276+00', -7887548197544030771, 'order', 538, 200, '52', 'POST order', 'accepted', NULL),
	(151, '2026-11-30 02:13:10.36276+00', -2014455261320117543, 'order', 575, 200, '53', 'POST order', 'accepted', NULL),
	(152, '2026-11-30 02:13:10.36276+00', 7439577497866197672, 'order', 2070, NULL, '23', 'POST order', 'uncertain', 'no reply in time');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(156, '2026-11-30 02:13:10.806385+00', -1594507931741955730, 'order', 709, 200, '59', 'POST order', 'accepted', NULL),
	(157, '2026-11-30 02:13:10.806385+00', 8384805652909309205, 'order', 2009, NULL, '30', 'POST order', 'uncertain', 'no reply in time'),
	(158, '2026-11-30 02:13:10.806385+00', -4527562395907327385, 'order', 761, 200, '60', 'POST order', 'accepted', NULL),
	(159, '2026-11-30 02:13:10.806385+00', 5265577691616134365, 'order', 2022, NULL, '33', 'POST order', 'uncertain', 'no reply in time'),
	(167, '2026-11-30 02:13:11.289741+00', -8398453497502155006, 'order', 319, 200, '70', 'POST order', 'accepted', NULL),
	(168, '2026-11-30 02:13:11.289741+00', 3830169698782037961, 'order', 131, 200, '72', 'POST order', 'accepted', NULL),
	(169, '2026-11-30 02:13:11.289741+00', -3679202950999371005, 'order', 131, 200, '73', 'POST order', 'accepted', NULL),
	(170, '2026-11-30 02:13:11.289741+00', -3333500672946801109, 'order', 131, 200, '74', 'POST order', 'accepted', NULL),
	(171, '2026-11-30 02:13:11.289741+00', -4749451765324924306, 'order', 2081, NULL, '39', 'POST order', 'uncertain', 'no reply in time'),
	(172, '2026-11-30 02:13:11.289741+00', 5873087582183404852, 'order', 2007, NULL, '40', 'POST order', 'uncertain', 'no reply in time'),
	(173, '2026-11-30 02:13:11.289741+00', 6542745630242207516, 'order', 223, 200, '75', 'POST order', 'accepted', NULL),
	(174, '2026-11-30 02:13:11.289741+00', -8106100660221417191, 'order', 252, 200, '76', 'POST order', 'accepted', NULL),
	(175, '2026-11-30 02:13:11.289741+00', -1754101742971391719, 'order', 2054, NULL, '42', 'POST order', 'uncertain', 'no reply in time'),
	(176, '2026-11-30 02:13:11.289741+00', 701927461612639425, 'order', 2023, NULL, '44', 'POST order', 'uncertain', 'no reply in time'),
	(184, '2026-11-30 02:13:12.10808+00', -4721264396046984572, 'order', 537, 200, '84', 'POST order', 'accepted', NULL),
	(185, '2026-11-30 02:13:12.10808+00', 7387490062567169593, 'order', 454, 200, '85', 'POST order', 'accepted', NULL),
	(186, '2026-11-30 02:13:12.10808+00', 3318239174759469855, 'order', 670, 200, '8', 'POST order', 'accepted', NULL),
	(187, '2026-11-30 02:13:12.10808+00', 1926680812137220384, 'order', 2026, NULL, '54', 'POST order', 'uncertain', 'no reply in time'),
	(188, '2026-11-30 02:13:12.10808+00', 1652378145402027256, 'order', 746, 200, '80', 'POST order', 'accepted', NULL),
	(189, '2026-11-30 02:13:12.10808+00', 2380768980780586940, 'order', 2019, NULL, '56', 'POST order', 'uncertain', 'no reply in time'),
	(190, '2026-11-30 02:13:12.10808+00', -7813613807615528371, 'order', 2047, NULL, '58', 'POST order', 'uncertain', 'no reply in time'),
	(191, '2026-11-30 02:13:12.10808+00', -2111582162222891826, 'order', 607, 200, '89', 'POST order', 'accepted', NULL),
	(192, '2026-11-30 02:13:12.10808+00', 4662233161978638074, 'order', 2056, NULL, '6', 'POST order', 'uncertain', 'no reply in time'),
	(193, '2026-11-30 02:13:12.10808+00', -2654088085737526830, 'order', 529, 200, '90', 'POST order', 'accepted', NULL),
	(194, '2026-11-30 02:13:12.10808+00', 9200634973651849237, 'order', 443, 200, '94', 'POST order', 'accepted', NULL),
	(201, '2026-11-30 02:13:12.752393+00', 6813743388114747736, 'order', 2029, NULL, '68', 'POST order', 'uncertain', 'no reply in time'),
	(202, '2026-11-30 02:13:12.752393+00', -8136189780582111024, 'order', 660, 200, '100', 'PATCH order', 'accepted', NULL),
	(203, '2026-11-30 02:13:12.752393+00', -3985245385985745519, 'order', 2022, NULL, '69', 'POST order', 'uncertain', 'no reply in time'),
	(204, '2026-11-30 02:13:12.752393+00', 1337545211361741244, 'order', 607, 200, '110', 'PATCH order', 'accepted', NULL),
	(205, '2026-11-30 02:13:12.752393+00', -1800861695258570056, 'order', 2024, NULL, '71', 'POST order', 'uncertain', 'no reply in time'),
	(211, '2026-11-30 02:13:13.30875+00', -6925885904458981901, 'order', 494, 200, '15', 'PATCH order', 'accepted', NULL),
	(212, '2026-11-30 02:13:13.30875+00', -824818191415781708, 'order', 2021, NULL, '81', 'POST order', 'uncertain', 'no reply in time'),
	(213, '2026-11-30 02:13:13.30875+00', 5173889508487620787, 'order', 2021, NULL, '83', 'POST order', 'uncertain', 'no reply in time'),
	(214, '2026-11-30 02:13:13.30875+00', -7494850136237330472, 'order', 561, 200, '105', 'PATCH order', 'accepted', NULL),
	(215, '2026-11-30 02:13:13.30875+00', -3431546867009074774, 'order', 555, 200, '20', 'PATCH order', 'accepted', NULL),
	(227, '2026-11-30 02:13:14.024057+00', 5267847924439801694, 'order', 801, 200, '28', 'PATCH order', 'accepted', NULL),
	(228, '2026-11-30 02:13:14.024057+00', 2388541143799373964, 'order', 2033, NULL, '1', 'PATCH order', 'later', 'no reply in time'),
	(229, '2026-11-30 02:13:14.024057+00', 3990230069899166348, 'order', 2033, NULL, '10', 'PATCH order', 'later', 'no reply in time'),
	(230, '2026-11-30 02:13:14.024057+00', 3585925927005839482, 'order', 840, 200, '29', 'PATCH order', 'accepted', NULL),
	(231, '2026-11-30 02:13:14.024057+00', 1085248944641977820, 'order', 738, 200, '34', 'PATCH order', 'accepted', NULL),
	(232, '2026-11-30 02:13:14.024057+00', -1575795196452421808, 'order', 2078, NULL, '108', 'PATCH order', 'later', 'no reply in time'),
	(233, '2026-11-30 02:13:14.024057+00', -4688303415483359739, 'order', 2003, NULL, '101', 'PATCH order', 'later', 'no reply in time'),
	(241, '2026-11-30 02:13:14.666892+00', -7887548197544030771, 'order', 740, 200, '52', 'PATCH order', 'accepted', NULL),
	(242, '2026-11-30 02:13:14.666892+00', -7182784553476958420, 'order', 2034, NULL, '104', 'PATCH order', 'later', 'no reply in time'),
	(243, '2026-11-30 02:13:14.666892+00', 6707290314263519440, 'order', 2091, NULL, '120', 'PATCH order', 'later', 'no reply in time'),
	(244, '2026-11-30 02:13:14.666892+00', -7102561856514514196, 'order', 2013, NULL, '116', 'PATCH order', 'later', 'no reply in time'),
	(245, '2026-11-30 02:13:14.666892+00', 3027480256700408892, 'order', 2036, NULL, '18', 'PATCH order', 'later', 'no reply in time'),
	(246, '2026-11-30 02:13:14.666892+00', 3286831890243636027, 'order', 2031, NULL, '13', 'PATCH order', 'later', 'no reply in time'),
	(256, '2026-11-30 02:13:15.627003+00', -4858020169156258056, 'order', 2014, NULL, '46', 'PATCH order', 'later', 'no reply in time'),
	(257, '2026-11-30 02:13:15.627003+00', 4014918287500893893, 'order', 2029, NULL, '50', 'PATCH order', 'later', 'no reply in time');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(258, '2026-11-30 02:13:15.627003+00', -2014455261320117543, 'order', 2016, NULL, '53', 'PATCH order', 'later', 'no reply in time'),
	(264, '2026-11-30 02:13:16.149012+00', 90770823077359625, 'order', 105, 200, '7', 'PATCH order', 'accepted', NULL),
	(265, '2026-11-30 02:13:16.149012+00', 8233618597385067976, 'order', 377, 200, '62', 'PATCH order', 'accepted', NULL),
	(266, '2026-11-30 02:13:16.149012+00', 7276286769712907668, 'order', 408, 200, '65', 'PATCH order', 'accepted', NULL),
	(267, '2026-11-30 02:13:16.149012+00', -7931287418194303434, 'order', 393, 200, '67', 'PATCH order', 'accepted', NULL),
	(268, '2026-11-30 02:13:16.149012+00', -8398453497502155006, 'order', 417, 200, '70', 'PATCH order', 'accepted', NULL),
	(270, '2026-11-30 02:13:16.652963+00', -3679202950999371005, 'order', 520, 200, '73', 'PATCH order', 'accepted', NULL),
	(271, '2026-11-30 02:13:16.652963+00', 6542745630242207516, 'order', 517, 200, '75', 'PATCH order', 'accepted', NULL),
	(272, '2026-11-30 02:13:16.652963+00', -956733631797318045, 'order', 467, 200, '63', 'PATCH order', 'accepted', NULL),
	(276, '2026-11-30 02:13:17.261657+00', 7350805945977702893, 'order', 662, 200, '79', 'PATCH order', 'accepted', NULL),
	(277, '2026-11-30 02:13:17.261657+00', -8106100660221417191, 'order', 655, 200, '76', 'PATCH order', 'accepted', NULL),
	(278, '2026-11-30 02:13:17.261657+00', 7387490062567169593, 'order', 636, 200, '85', 'PATCH order', 'accepted', NULL),
	(279, '2026-11-30 02:13:17.261657+00', 3318239174759469855, 'order', 651, 200, '8', 'PATCH order', 'accepted', NULL),
	(280, '2026-11-30 02:13:17.261657+00', -2111582162222891826, 'order', 550, 200, '89', 'PATCH order', 'accepted', NULL),
	(283, '2026-11-30 02:13:17.708028+00', 7146625355605010729, 'order', 563, 200, '98', 'PATCH order', 'accepted', NULL),
	(285, '2026-11-30 02:13:18.499161+00', -4721264396046984572, 'order', 2005, NULL, '84', 'PATCH order', 'later', 'no reply in time'),
	(301, '2026-11-30 02:13:21.263536+00', 5873087582183404852, 'order', 835, 200, '40', 'PATCH order', 'accepted', NULL),
	(350, '2026-11-30 02:13:24.604898+00', -363725264090154518, 'order', 375, 200, '66', 'PATCH order', 'accepted', NULL),
	(364, '2026-11-30 02:13:25.604013+00', 1652378145402027256, 'order', 590, 200, '80', 'PATCH order', 'accepted', NULL),
	(365, '2026-11-30 02:13:25.604013+00', -5828224830765703057, 'order', 2041, NULL, '32', 'PATCH order', 'later', 'no reply in time'),
	(366, '2026-11-30 02:13:25.604013+00', -4721264396046984572, 'order', 611, 200, '84', 'PATCH order', 'accepted', NULL),
	(367, '2026-11-30 02:13:25.604013+00', 9016605640126370428, 'order', 651, 200, '96', 'PATCH order', 'accepted', NULL),
	(370, '2026-11-30 02:13:26.092951+00', -1575795196452421808, 'order', 740, 200, '108', 'PATCH order', 'accepted', NULL),
	(373, '2026-11-30 02:13:26.409307+00', -889029779460645344, 'order', 326, 200, '2', 'PATCH order', 'accepted', NULL),
	(374, '2026-11-30 02:13:26.409307+00', -4308759595419569499, 'order', 347, 200, '26', 'PATCH order', 'accepted', NULL),
	(383, '2026-11-30 02:13:26.743788+00', -4133162557875565153, 'order', 2048, NULL, '55', 'PATCH order', 'later', 'no reply in time'),
	(384, '2026-11-30 02:13:26.743788+00', 1335689846972503212, 'order', 2048, NULL, '57', 'PATCH order', 'later', 'no reply in time'),
	(385, '2026-11-30 02:13:26.743788+00', -1594507931741955730, 'order', 2009, NULL, '59', 'PATCH order', 'later', 'no reply in time'),
	(387, '2026-11-30 02:13:27.294408+00', 701927461612639425, 'order', 2014, NULL, '44', 'GET order', 'later', 'no reply in time'),
	(388, '2026-11-30 02:13:27.294408+00', 1926680812137220384, 'order', 2014, NULL, '54', 'PATCH order', 'later', 'no reply in time'),
	(389, '2026-11-30 02:13:27.294408+00', 1522544673379935281, 'order', 2014, NULL, '87', 'PATCH order', 'later', 'no reply in time'),
	(216, '2026-11-30 02:13:13.710415+00', -1671778508459725808, 'order', 2014, NULL, '86', 'POST order', 'uncertain', 'no reply in time'),
	(217, '2026-11-30 02:13:13.710415+00', 1522544673379935281, 'order', 2009, NULL, '87', 'POST order', 'uncertain', 'no reply in time'),
	(218, '2026-11-30 02:13:13.710415+00', -7752666208675590879, 'order', 564, 200, '24', 'PATCH order', 'accepted', NULL),
	(219, '2026-11-30 02:13:13.710415+00', 2793936342636660099, 'order', 2049, NULL, '88', 'POST order', 'uncertain', 'no reply in time'),
	(220, '2026-11-30 02:13:13.710415+00', 2572051121470690943, 'order', 663, 200, '25', 'PATCH order', 'accepted', NULL),
	(221, '2026-11-30 02:13:13.710415+00', 4508680391365352879, 'order', 2061, NULL, '9', 'POST order', 'uncertain', 'no reply in time'),
	(222, '2026-11-30 02:13:13.710415+00', 1033205671184277080, 'order', 593, 200, '19', 'PATCH order', 'accepted', NULL),
	(223, '2026-11-30 02:13:13.710415+00', 7905453127306279144, 'order', 2046, NULL, '91', 'POST order', 'uncertain', 'no reply in time'),
	(224, '2026-11-30 02:13:13.710415+00', 1038831368794490222, 'order', 2111, NULL, '92', 'POST order', 'uncertain', 'no reply in time'),
	(225, '2026-11-30 02:13:13.710415+00', -5279744090025873054, 'order', 2025, NULL, '95', 'POST order', 'uncertain', 'no reply in time'),
	(226, '2026-11-30 02:13:13.710415+00', 9016605640126370428, 'order', 2025, NULL, '96', 'POST order', 'uncertain', 'no reply in time'),
	(234, '2026-11-30 02:13:14.262406+00', -2809843903210820920, 'order', 2006, NULL, '102', 'PATCH order', 'later', 'no reply in time'),
	(235, '2026-11-30 02:13:14.262406+00', -5621164995082017906, 'order', 2006, NULL, '113', 'PATCH order', 'later', 'no reply in time'),
	(236, '2026-11-30 02:13:14.262406+00', -7028475495567881964, 'order', 800, 200, '35', 'PATCH order', 'accepted', NULL),
	(237, '2026-11-30 02:13:14.262406+00', 7458870554621698052, 'order', 791, 200, '43', 'PATCH order', 'accepted', NULL),
	(238, '2026-11-30 02:13:14.262406+00', 6863382979184401595, 'order', 751, 200, '48', 'PATCH order', 'accepted', NULL),
	(239, '2026-11-30 02:13:14.262406+00', -4317310060167082672, 'order', 2082, NULL, '103', 'PATCH order', 'later', 'no reply in time'),
	(240, '2026-11-30 02:13:14.262406+00', 6773205468568954139, 'order', 2021, NULL, '118', 'PATCH order', 'later', 'no reply in time'),
	(250, '2026-11-30 02:13:15.384442+00', -3152907631006682082, 'order', 2030, NULL, '3', 'PATCH order', 'later', 'no reply in time');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(251, '2026-11-30 02:13:15.384442+00', 7141051795889094386, 'order', 2040, NULL, '31', 'PATCH order', 'later', 'no reply in time'),
	(252, '2026-11-30 02:13:15.384442+00', -5828224830765703057, 'order', 2040, NULL, '32', 'PATCH order', 'later', 'no reply in time'),
	(253, '2026-11-30 02:13:15.384442+00', -6228268634553268170, 'order', 2017, NULL, '38', 'PATCH order', 'later', 'no reply in time'),
	(254, '2026-11-30 02:13:15.384442+00', -7096524380785138143, 'order', 2016, NULL, '4', 'PATCH order', 'later', 'no reply in time'),
	(255, '2026-11-30 02:13:15.384442+00', 8310183058818755663, 'order', 2016, NULL, '41', 'PATCH order', 'later', 'no reply in time'),
	(259, '2026-11-30 02:13:15.836287+00', -7169096205097655508, 'order', 2050, NULL, '45', 'PATCH order', 'later', 'no reply in time'),
	(260, '2026-11-30 02:13:15.836287+00', -4527562395907327385, 'order', 282, 200, '60', 'PATCH order', 'accepted', NULL),
	(261, '2026-11-30 02:13:15.836287+00', -4133162557875565153, 'order', 2039, NULL, '55', 'PATCH order', 'later', 'no reply in time'),
	(262, '2026-11-30 02:13:15.836287+00', 1335689846972503212, 'order', 2039, NULL, '57', 'PATCH order', 'later', 'no reply in time'),
	(263, '2026-11-30 02:13:15.836287+00', -1594507931741955730, 'order', 2039, NULL, '59', 'PATCH order', 'later', 'no reply in time'),
	(269, '2026-11-30 02:13:16.43977+00', 3830169698782037961, 'order', 508, 200, '72', 'PATCH order', 'accepted', NULL),
	(284, '2026-11-30 02:13:17.846353+00', -338387123162674968, 'order', 584, 200, '99', 'PATCH order', 'accepted', NULL),
	(286, '2026-11-30 02:13:18.627486+00', 1652378145402027256, 'order', 2002, NULL, '80', 'PATCH order', 'later', 'no reply in time'),
	(290, '2026-11-30 02:13:20.299993+00', -7390086385177444102, 'order', 183, 200, '11', 'PATCH order', 'accepted', NULL),
	(291, '2026-11-30 02:13:20.299993+00', 6509555773202531989, 'order', 263, 200, '112', 'PATCH order', 'accepted', NULL),
	(292, '2026-11-30 02:13:20.299993+00', -8791129036965312585, 'order', 263, 200, '117', 'PATCH order', 'accepted', NULL),
	(293, '2026-11-30 02:13:20.299993+00', -2477516951522296186, 'order', 379, 200, '119', 'PATCH order', 'accepted', NULL),
	(294, '2026-11-30 02:13:20.595185+00', -7145304527587536278, 'order', 485, 200, '14', 'PATCH order', 'accepted', NULL),
	(295, '2026-11-30 02:13:20.595185+00', 6231877787744556431, 'order', 642, 200, '21', 'PATCH order', 'accepted', NULL),
	(299, '2026-11-30 02:13:21.108398+00', 8048966753561591836, 'order', 886, 200, '36', 'PATCH order', 'accepted', NULL),
	(300, '2026-11-30 02:13:21.108398+00', -4749451765324924306, 'order', 849, 200, '39', 'PATCH order', 'accepted', NULL),
	(302, '2026-11-30 02:13:21.525397+00', 701927461612639425, 'order', 704, 200, '44', 'PATCH order', 'accepted', NULL),
	(303, '2026-11-30 02:13:21.525397+00', 4646854884473095653, 'order', 765, 200, '5', 'PATCH order', 'accepted', NULL),
	(304, '2026-11-30 02:13:21.525397+00', -6511568825121868272, 'order', 669, 200, '47', 'PATCH order', 'accepted', NULL),
	(320, '2026-11-30 02:13:22.726494+00', -1754101742971391719, 'order', 2014, NULL, '42', 'PATCH order', 'later', 'no reply in time'),
	(321, '2026-11-30 02:13:22.726494+00', 2793936342636660099, 'order', 272, 200, '88', 'PATCH order', 'accepted', NULL),
	(322, '2026-11-30 02:13:22.726494+00', 4508680391365352879, 'order', 196, 200, '9', 'PATCH order', 'accepted', NULL),
	(323, '2026-11-30 02:13:22.726494+00', 7905453127306279144, 'order', 196, 200, '91', 'PATCH order', 'accepted', NULL),
	(324, '2026-11-30 02:13:22.726494+00', -1800861695258570056, 'order', 654, 200, '71', 'PATCH order', 'accepted', NULL),
	(325, '2026-11-30 02:13:22.726494+00', 2684891040464421118, 'order', 2005, NULL, '107', 'PATCH order', 'later', 'no reply in time'),
	(326, '2026-11-30 02:13:22.726494+00', 5173889508487620787, 'order', 686, 200, '83', 'PATCH order', 'accepted', NULL),
	(329, '2026-11-30 02:13:23.258015+00', 3990230069899166348, 'order', 626, 200, '10', 'PATCH order', 'accepted', NULL),
	(330, '2026-11-30 02:13:23.258015+00', 1926680812137220384, 'order', 2038, NULL, '54', 'PATCH order', 'later', 'no reply in time'),
	(331, '2026-11-30 02:13:23.258015+00', -4688303415483359739, 'order', 757, 200, '101', 'PATCH order', 'accepted', NULL),
	(334, '2026-11-30 02:13:23.645855+00', 6773205468568954139, 'order', 876, 200, '118', 'PATCH order', 'accepted', NULL),
	(337, '2026-11-30 02:13:24.136797+00', 1895074223393879860, 'order', 846, 200, '22', 'PATCH order', 'accepted', NULL),
	(338, '2026-11-30 02:13:24.136797+00', -3152907631006682082, 'order', 818, 200, '3', 'PATCH order', 'accepted', NULL),
	(339, '2026-11-30 02:13:24.136797+00', 1522544673379935281, 'order', 2036, NULL, '87', 'PATCH order', 'later', 'no reply in time'),
	(340, '2026-11-30 02:13:24.136797+00', -6228268634553268170, 'order', 690, 200, '38', 'PATCH order', 'accepted', NULL),
	(351, '2026-11-30 02:13:24.846385+00', -824818191415781708, 'order', 395, 200, '81', 'PATCH order', 'accepted', NULL),
	(352, '2026-11-30 02:13:24.846385+00', -1169513406234652618, 'order', 293, 200, '27', 'PATCH order', 'accepted', NULL),
	(353, '2026-11-30 02:13:24.846385+00', -7102561856514514196, 'order', 2014, NULL, '116', 'GET order', 'later', 'no reply in time'),
	(354, '2026-11-30 02:13:24.846385+00', 6707290314263519440, 'order', 2013, NULL, '120', 'PATCH order', 'later', 'no reply in time'),
	(355, '2026-11-30 02:13:24.846385+00', 7141051795889094386, 'order', 352, 200, '31', 'PATCH order', 'accepted', NULL),
	(356, '2026-11-30 02:13:25.318409+00', 2684891040464421118, 'order', 530, 200, '107', 'GET order', 'accepted', NULL),
	(357, '2026-11-30 02:13:25.318409+00', -758119919297230924, 'order', 589, 200, '17', 'PATCH order', 'accepted', NULL),
	(358, '2026-11-30 02:13:25.318409+00', -4637146605061523380, 'order', 573, 200, '37', 'PATCH order', 'accepted', NULL),
	(359, '2026-11-30 02:13:25.318409+00', -889029779460645344, 'order', 2007, NULL, '2', 'PATCH order', 'later', 'no reply in time'),
	(360, '2026-11-30 02:13:25.318409+00', -4308759595419569499, 'order', 2015, NULL, '26', 'PATCH order', 'later', 'no reply in time'),
	(361, '2026-11-30 02:13:25.318409+00', -4858020169156258056, 'order', 542, 200, '46', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(362, '2026-11-30 02:13:25.318409+00', 4014918287500893893, 'order', 518, 200, '50', 'PATCH order', 'accepted', NULL),
	(363, '2026-11-30 02:13:25.318409+00', -2014455261320117543, 'order', 577, 200, '53', 'PATCH order', 'accepted', NULL),
	(371, '2026-11-30 02:13:26.19515+00', 2684891040464421118, 'order', 519, 200, '107', 'PATCH order', 'accepted', NULL),
	(372, '2026-11-30 02:13:26.19515+00', -7145304527587536278, 'order', 907, 200, '14', 'GET order', 'accepted', NULL),
	(375, '2026-11-30 02:13:26.580835+00', 8310183058818755663, 'order', 2013, NULL, '41', 'PATCH order', 'later', 'no reply in time'),
	(376, '2026-11-30 02:13:26.580835+00', -1754101742971391719, 'order', 2001, NULL, '42', 'PATCH order', 'later', 'no reply in time'),
	(377, '2026-11-30 02:13:26.580835+00', -7169096205097655508, 'order', 2000, NULL, '45', 'GET order', 'later', 'no reply in time'),
	(378, '2026-11-30 02:13:26.580835+00', -5828224830765703057, 'order', 424, 200, '32', 'PATCH order', 'accepted', NULL),
	(379, '2026-11-30 02:13:26.580835+00', -7102561856514514196, 'order', 778, 200, '116', 'GET order', 'accepted', NULL),
	(311, '2026-11-30 02:13:22.333384+00', -782514091913684696, 'order', 272, 200, '64', 'PATCH order', 'accepted', NULL),
	(312, '2026-11-30 02:13:22.333384+00', -1169513406234652618, 'order', 2013, NULL, '27', 'PATCH order', 'later', 'no reply in time'),
	(313, '2026-11-30 02:13:22.333384+00', -363725264090154518, 'order', 228, 200, '66', 'PATCH order', 'accepted', NULL),
	(314, '2026-11-30 02:13:22.333384+00', 6813743388114747736, 'order', 307, 200, '68', 'PATCH order', 'accepted', NULL),
	(315, '2026-11-30 02:13:22.333384+00', -5362066522535738209, 'order', 598, 200, '61', 'PATCH order', 'accepted', NULL),
	(316, '2026-11-30 02:13:22.333384+00', -3985245385985745519, 'order', 422, 200, '69', 'PATCH order', 'accepted', NULL),
	(317, '2026-11-30 02:13:22.333384+00', -4637146605061523380, 'order', 2101, NULL, '37', 'PATCH order', 'later', 'no reply in time'),
	(318, '2026-11-30 02:13:22.333384+00', -824818191415781708, 'order', 353, 200, '81', 'PATCH order', 'accepted', NULL),
	(319, '2026-11-30 02:13:22.333384+00', -1671778508459725808, 'order', 298, 200, '86', 'PATCH order', 'accepted', NULL),
	(327, '2026-11-30 02:13:22.999546+00', -7813613807615528371, 'order', 546, 200, '58', 'PATCH order', 'accepted', NULL),
	(328, '2026-11-30 02:13:22.999546+00', 2388541143799373964, 'order', 578, 200, '1', 'PATCH order', 'accepted', NULL),
	(332, '2026-11-30 02:13:23.496808+00', -2809843903210820920, 'order', 918, 200, '102', 'PATCH order', 'accepted', NULL),
	(333, '2026-11-30 02:13:23.496808+00', -5621164995082017906, 'order', 911, 200, '113', 'PATCH order', 'accepted', NULL),
	(335, '2026-11-30 02:13:23.909096+00', 3286831890243636027, 'order', 824, 200, '13', 'PATCH order', 'accepted', NULL),
	(336, '2026-11-30 02:13:23.909096+00', 3027480256700408892, 'order', 838, 200, '18', 'PATCH order', 'accepted', NULL),
	(341, '2026-11-30 02:13:24.418956+00', -7096524380785138143, 'order', 297, 200, '4', 'PATCH order', 'accepted', NULL),
	(342, '2026-11-30 02:13:24.418956+00', 1038831368794490222, 'order', 280, 200, '92', 'PATCH order', 'accepted', NULL),
	(343, '2026-11-30 02:13:24.418956+00', -7145304527587536278, 'order', 2053, NULL, '14', 'PATCH order', 'later', 'no reply in time'),
	(344, '2026-11-30 02:13:24.418956+00', 701927461612639425, 'order', 2053, NULL, '44', 'PATCH order', 'later', 'no reply in time'),
	(345, '2026-11-30 02:13:24.418956+00', -5279744090025873054, 'order', 314, 200, '95', 'PATCH order', 'accepted', NULL),
	(346, '2026-11-30 02:13:24.418956+00', 9016605640126370428, 'order', 329, 200, '96', 'PATCH order', 'accepted', NULL),
	(347, '2026-11-30 02:13:24.418956+00', -4317310060167082672, 'order', 2021, NULL, '103', 'PATCH order', 'later', 'no reply in time'),
	(348, '2026-11-30 02:13:24.418956+00', -7182784553476958420, 'order', 2021, NULL, '104', 'PATCH order', 'later', 'no reply in time'),
	(349, '2026-11-30 02:13:24.418956+00', -1575795196452421808, 'order', 2021, NULL, '108', 'PATCH order', 'later', 'no reply in time'),
	(368, '2026-11-30 02:13:25.783105+00', -4317310060167082672, 'order', 471, 200, '103', 'PATCH order', 'accepted', NULL),
	(369, '2026-11-30 02:13:25.977944+00', -7182784553476958420, 'order', 646, 200, '104', 'PATCH order', 'accepted', NULL),
	(386, '2026-11-30 02:13:26.848664+00', -1060423433058078149, 'order', 2000, NULL, '97', 'PATCH order', 'later', 'no reply in time'),
	(391, '2026-11-30 02:13:28.241517+00', -1754101742971391719, 'order', 148, 200, '42', 'PATCH order', 'accepted', NULL),
	(396, '2026-11-30 02:13:28.653367+00', 1335689846972503212, 'order', 592, 200, '57', 'PATCH order', 'accepted', NULL),
	(397, '2026-11-30 02:13:28.653367+00', 701927461612639425, 'order', 326, 200, '44', 'PATCH order', 'accepted', NULL),
	(401, '2026-11-30 02:13:28.898856+00', -1060423433058078149, 'order', 882, 200, '97', 'PATCH order', 'accepted', NULL),
	(380, '2026-11-30 02:13:26.580835+00', 6707290314263519440, 'order', 801, 200, '120', 'PATCH order', 'accepted', NULL),
	(381, '2026-11-30 02:13:26.580835+00', -7145304527587536278, 'order', 214, 200, '14', 'PATCH order', 'accepted', NULL),
	(382, '2026-11-30 02:13:26.580835+00', -7102561856514514196, 'order', 108, 200, '116', 'PATCH order', 'accepted', NULL),
	(390, '2026-11-30 02:13:28.118697+00', 8310183058818755663, 'order', 81, 200, '41', 'PATCH order', 'accepted', NULL),
	(392, '2026-11-30 02:13:28.428021+00', 701927461612639425, 'order', 300, 200, '44', 'GET order', 'accepted', NULL),
	(393, '2026-11-30 02:13:28.428021+00', -7169096205097655508, 'order', 361, 200, '45', 'GET order', 'accepted', NULL),
	(394, '2026-11-30 02:13:28.428021+00', 1926680812137220384, 'order', 402, 200, '54', 'PATCH order', 'accepted', NULL),
	(395, '2026-11-30 02:13:28.428021+00', -4133162557875565153, 'order', 439, 200, '55', 'PATCH order', 'accepted', NULL),
	(398, '2026-11-30 02:13:28.788204+00', -7169096205097655508, 'order', 324, 200, '45', 'PATCH order', 'accepted', NULL),
	(399, '2026-11-30 02:13:28.788204+00', -1594507931741955730, 'order', 704, 200, '59', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(400, '2026-11-30 02:13:28.788204+00', 1522544673379935281, 'order', 787, 200, '87', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.capture_point VALUES
	('customer', '2026-11-30 02:12:52.484844+00', 814, 814, '{}', '17067@7713781662459951244/1', '607b51d2c51cbd49', '15dee4378ee4039f', 'record/18/21/69f3d8f2', '2026-11-30 02:12:52.484844+00', '2026-11-30 02:12:52.770912+00', NULL, 'hash_record_extended(ROW(q."id" COLLATE "C", q."email" COLLATE "C", q."first_name" COLLATE "C", q."last_name" COLLATE "C", q."phone" COLLATE "C", q."birthday", q."created_at"), 7091213550649177021)', '4d5cf129ac73e4f6', NULL, NULL, 1),
	('product', '2026-11-30 02:12:58.914236+00', 850, 850, '{}', '17067@7713781662459951244/1', '4f8614c174cafa94', 'cf578556e789a92a', 'record/18/21/d0d355f0', '2026-11-30 02:12:58.914236+00', '2026-11-30 02:12:59.021672+00', NULL, 'hash_record_extended(ROW(q."id", q."title" COLLATE "C", q."sku" COLLATE "C", q."status" COLLATE "C", q."url" COLLATE "C", q."image_url" COLLATE "C", q."variants", q."created_at"), 7091213550649177021)', '12e899d3f17b82e0', NULL, NULL, 1),
	('order', '2026-11-30 02:13:03.604838+00', 882, 882, '{}', '17067@7713781662459951244/1', '1be0208f10706536', '88548cde935a3a74', 'record/18/21/6d19505d', '2026-11-30 02:13:03.604838+00', '2026-11-30 02:13:03.768866+00', '2000-01-01 00:00:00+00', 'hash_record_extended(ROW(q."id", q."customer_id" COLLATE "C", q."email" COLLATE "C", q."currency" COLLATE "C", q."total", q."financial_status" COLLATE "C", q."created_at", q."number" COLLATE "C", q."subtotal", q."discount_total", q."line_items", q."discount_codes"), 7091213550649177021)', 'bb6bbc5a1d8c6b87', NULL, NULL, 1);
INSERT INTO influence.coupon VALUES
	('KEPT-1', 5, 'issued', '3', 'fixed', 5, 'EUR', NULL, '2026-11-30 02:13:30.678397+00', NULL, NULL, NULL, NULL, NULL, '2026-11-30 02:13:30.678397+00'),
	('KEPT-2', 5, 'issuing', '3', 'fixed', 5, 'EUR', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-30 02:13:30.678397+00');
INSERT INTO influence.email_owner OVERRIDING SYSTEM VALUE VALUES
	('003863c1-4245-aa19-451f-e2e44a9a5b62', 1, 'cus_000045'),
	('06f7f8fe-4190-6fe1-027f-ebffbb5d8f0b', 2, 'cus_000041'),
	('0a7b7156-24e8-8934-516b-7e70c031f3e0', 3, 'cus_000025'),
	('0bd96398-5d9a-2a10-4c91-effb661fdb5b', 4, 'cus_000020'),
	('0f25258d-f6e8-04c9-8e24-78736203f10e', 5, 'cus_000032'),
	('124ed1ac-1ce9-4205-648e-f17aa53003b0', 6, 'cus_000040'),
	('148f3e7c-1480-252f-3cd8-4d945f4c122c', 7, 'cus_000049'),
	('1ed1a0c3-538d-cdc4-52ba-69efe182e7e7', 8, 'cus_000012'),
	('2349bf6f-348a-38bc-cbdf-a42eaeb8728f', 9, '5000058'),
	('2b512623-d321-7fcd-3752-c8b96d50fd63', 10, 'cus_000031'),
	('2c016a39-6f1c-77c1-581e-b33fe031e95a', 11, 'cus_000059'),
	('30d70b70-9e12-00c4-21a7-a18f293baa2a', 12, 'cus_000014'),
	('325c4c88-2010-9c99-1206-c1b407b970f8', 13, 'cus_000021'),
	('32a315fb-c438-a043-b576-a253226f3f18', 14, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4'),
	('35b7e5a1-2bf1-2327-bfcc-ea4854bea79e', 15, '5000022'),
	('3a612fec-4eba-8b8a-9e53-67b3e888911c', 16, 'cus_000055'),
	('3b1bdce4-5dbb-11b9-bc67-1da86fb16ba8', 17, 'cus_000024'),
	('45ab235c-c9b2-f976-a441-f80b9a29574c', 18, 'cus_000050'),
	('4e6abc4c-1cc0-1fff-1651-2d8b34f7094c', 19, 'cus_000002'),
	('555f716d-f466-3090-8f38-d75215af358d', 20, 'cus_000013'),
	('57624749-2446-a6ae-17da-69ee5de64eac', 21, 'cus_000048'),
	('58c3ad30-9361-207d-9e94-b7898c4b3d0d', 22, 'cus_000027'),
	('58c5fd42-2b34-1cc8-3154-9b66ff82f741', 23, 'cus_000010'),
	('58e74379-9c8d-3df2-c7f5-74abd747fdf5', 24, 'eef37529-d004-3acf-11f8-b044b78f87b7'),
	('63132ad2-63ea-b221-0cb1-ba987f3d2023', 25, 'cus_000036'),
	('6695dcf9-1a8a-9851-d183-211640199b9b', 26, 'cus_000035'),
	('681e8876-ad88-0593-f7ca-47757dce1bd7', 27, 'cus_000047'),
	('7547757d-2162-361d-1a84-3d2cc662a0f8', 28, 'cus_000037'),
	('77986c9f-0619-7f63-4738-8f5aea333d11', 29, 'cus_000009'),
	('799591d0-9eee-1f69-7b7e-f70662b4a5c9', 30, 'cus_000046'),
	('7c0b3d09-8f02-1d8a-d81b-d4a170484b2f', 31, 'cus_000057'),
	('7d5b0549-be4c-774c-c262-fa446ce5df03', 32, 'cus_000004'),
	('82127a19-15fd-c5ad-81ae-b3ccde955ee1', 33, 'cus_000034'),
	('82738cd8-6fb5-12d1-8a3d-f0ea754111d1', 34, 'cus_000006'),
	('8abb9f35-1028-a35c-1e02-e2ed3fce1aee', 35, 'cus_000001'),
	('8fb082ea-d0da-c851-b447-fc1a5e474f4f', 36, 'cus_000053'),
	('99adebcf-47ed-525a-3cc2-346e127ede58', 37, 'cus_000033'),
	('9c10b5f3-ff78-66a9-341a-bd1afb2c0945', 38, 'cus_000039'),
	('9cb6fd2e-1ba9-88a9-c804-2284d214e0ec', 39, 'cus_000044'),
	('a33a09e6-b536-37e0-2daf-27cfb4cd06b8', 40, 'cus_000043'),
	('a6931869-6952-7195-bf13-18700da27f68', 41, 'cus_000019'),
	('bba65392-6181-8fa5-2dea-b6eb1a53fe3c', 42, 'cus_000029'),
	('bbcff8bc-0fe1-3360-8b3c-adc55eef9241', 43, 'cus_000007'),
	('bf055b7a-571c-8ad3-1c51-0a98ce51d511', 44, 'cus_000056'),
	('c1c11b25-88f6-e80d-4e59-fe1c5411fd09', 45, 'cus_000060'),
	('c2a20c6e-49b9-f17f-0b64-5fbc96f52f88', 46, 'cus_000011'),
	('cf2e1df0-b066-5136-2a04-acac24b9899b', 47, '5000008'),
	('d088dc87-6644-20ea-e9eb-4b1fe8edd359', 48, 'cus_000003'),
	('e2e2c255-d969-e720-9631-6cf7fa99ac61', 49, '5000038'),
	('e4d6e25b-497b-6192-f948-7c1d4df1437e', 50, 'cus_000017');
INSERT INTO influence.email_owner OVERRIDING SYSTEM VALUE VALUES
	('ecfc2e31-874c-1061-9923-71635e623c01', 51, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4'),
	('ef07397c-833a-7ab8-cc73-c8ecec6af046', 52, 'cus_000052'),
	('f55871ab-b813-98e9-23a8-3b5595bcce1d', 53, 'cus_000026'),
	('f5ed8f86-6665-597d-4512-8b25a26c6135', 54, 'cus_000028'),
	('f931e637-fbe0-0a79-6a0d-19df543c14f7', 55, 'cus_000030'),
	('fa1c6750-fe73-ca46-94c2-4e87d30d6793', 56, 'cus_000018'),
	('ffaba6eb-5f62-db52-b3f0-445836538810', 57, 'cus_000015');
INSERT INTO influence.fact VALUES
	('email_salt', '"8b052e78ce6dbb7db65e4bd77da5578d374ac8d52398bcece3df49706456cf98"', '2026-11-30 02:12:53.686839+00');
INSERT INTO influence.inbox OVERRIDING SYSTEM VALUE VALUES
	(3, '2026-11-30 02:13:30.492863+00', 'points/earned', 'subscription-1', 'points/earned|earned-1', '\xa854cea5ecfb2db7e61a40c70a9b92562ece40d701cd51c22dc5807c31db8573', '\x7b226964223a20226561726e65642d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c2022706f696e7473223a2031307d', '{"date": "today"}', false, 1, 'new', 0, '2026-11-30 02:13:30.492863+00', NULL, NULL, NULL, NULL, NULL, false),
	(6, '2026-11-30 02:13:30.492863+00', 'customers/updated', 'subscription-1', 'sha256:f5596d11c11f364b60d7f1c529fe4f820cdaa0d3a182e859b7b395a058cd9b93', '\x29ecbeb830e3244605e5a88493e4088424a71780e5cf59bb3475f278f294335b', '\x6e6f204a534f4e', '{"date": "today"}', false, 1, 'quarantined', 0, '2026-11-30 02:13:30.492863+00', NULL, NULL, 'not_json', 'The body is not usable JSON: a syntax error at character 0.', NULL, false),
	(1, '2026-11-30 02:13:30.492863+00', 'customers/updated', 'subscription-1', 'customers/updated|inf-3|2026-05-01T10:00:00Z', '\x400179869e6718cca331b05592d93e723d1ef6c555c3313fd152bb364f2c0710', '\x7b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d', '{"date": "today"}', false, 1, 'done', 1, '2026-11-30 02:13:30.492863+00', NULL, NULL, NULL, NULL, '2026-11-30 02:13:30.678397+00', false),
	(5, '2026-11-30 02:13:30.492863+00', 'referrals/completed', 'subscription-1', 'referrals/completed|ref-1', '\x0df7fb0882dec89015c7fccf335e5f7139e6383af1f9cfc4c2496fe0c61620f5', '\x7b226964223a20227265662d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d7d', '{"date": "today"}', false, 1, 'done', 1, '2026-11-30 02:13:30.492863+00', NULL, NULL, NULL, NULL, '2026-11-30 02:13:30.678397+00', false),
	(4, '2026-11-30 02:13:30.492863+00', 'points/redeemed', 'subscription-1', 'points/redeemed|red-1', '\x0d5ec76df721c7e7d9a620b716ef4afa7ced94537daaf2bb22657e3ba9cdd84b', '\x7b226964223a20227265642d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c2022636f75706f6e436f6465223a202257414954532d31222c2022706f696e7473223a202d357d', '{"date": "today"}', false, 1, 'parked', 1, '2026-11-30 02:13:30.492863+00', NULL, NULL, 'no_worth', 'nobody knows what it is worth', NULL, false),
	(2, '2026-11-30 02:13:30.492863+00', 'customers/tier_changed', 'subscription-1', 'customers/tier_changed|inf-3|t2|2026-05-01T10:00:00Z', '\xc1c4c66b13dbf69a0684d9164a8f052ffc51c17d88cb04d8757637d47c15e308', '\x7b22637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c20226e657754696572223a207b226964223a20227432222c20227469746c65223a202253696c766572227d7d', '{"date": "today"}', false, 1, 'new', 1, '2026-11-30 02:13:30.492863+00', '2026-11-30 02:14:30.678397+00', 19, NULL, NULL, NULL, false);
INSERT INTO influence.left_out VALUES
	(4251377484196701193, 'customer', 1, 'cus_000054'),
	(2594565555784737865, 'customer', 1, 'cus_000051'),
	(6756783889246325764, 'product', 5, '5'),
	(2871127657914462957, 'order', 3, '82');
INSERT INTO influence.loyalty_member VALUES
	('inf-3', '3', 500, 't1', 'Bronze', NULL, '2026-11-30 02:13:30.678397+00', 1);
INSERT INTO influence.pace VALUES
	(1, '{"low": 0.0, "held": 0.0, "mode": "open", "rare": 0, "rate": null, "rest": 1.0, "epoch": 0, "piece": 7184019237, "since": 0.0, "slots": 0, "counts": [0, 4, 0, 0], "growth": 0.0, "passed": 288, "widest": 35, "doubted": false, "next_at": 0.0, "grown_at": 0.0, "patience": 1, "saves_up": false, "announced": 0.0, "opened_at": 1796004785.649436, "rare_from": 0.0, "rare_sent": 0.0, "widest_at": 1796004793.649217, "grows_from": 0.0, "held_until": 0.0, "hold_until": 0.0, "late_epoch": -1, "live_until": 0.0, "alone_until": 1796004810.364107, "chance_until": 0.0, "late_seconds": 0.0}', '2026-11-30 02:13:29.325128+00');
INSERT INTO influence.refund_told VALUES
	('109', 'cus_000057', '2026-11-30 02:13:07.456232+00', '2026-11-30 02:13:13.006219+00'),
	('15', 'cus_000010', '2026-11-30 02:13:08.258521+00', '2026-11-30 02:13:13.30875+00'),
	('52', 'cus_000040', '2026-11-30 02:13:14.666892+00', '2026-11-30 02:13:14.666892+00'),
	('63', 'cus_000037', '2026-11-30 02:13:11.022487+00', '2026-11-30 02:13:16.652963+00'),
	('76', '5000038', '2026-11-30 02:13:11.289741+00', '2026-11-30 02:13:17.261657+00'),
	('40', 'cus_000015', '2026-11-30 02:13:21.263536+00', '2026-11-30 02:13:21.263536+00'),
	('61', 'cus_000017', '2026-11-30 02:13:22.333384+00', '2026-11-30 02:13:22.333384+00'),
	('58', 'cus_000034', '2026-11-30 02:13:21.904735+00', '2026-11-30 02:13:22.999546+00'),
	('66', 'cus_000031', '2026-11-30 02:13:22.333384+00', '2026-11-30 02:13:24.604898+00'),
	('81', 'cus_000009', '2026-11-30 02:13:22.333384+00', '2026-11-30 02:13:24.846385+00'),
	('103', 'cus_000041', '2026-11-30 02:13:14.262406+00', '2026-11-30 02:13:25.783105+00'),
	('107', 'cus_000057', '2026-11-30 02:13:20.03148+00', '2026-11-30 02:13:26.19515+00'),
	('116', '5000058', '2026-11-30 02:13:08.125208+00', '2026-11-30 02:13:26.580835+00'),
	('14', 'cus_000011', '2026-11-30 02:13:20.595185+00', '2026-11-30 02:13:26.580835+00'),
	('42', 'cus_000001', '2026-11-30 02:13:22.726494+00', '2026-11-30 02:13:28.241517+00'),
	('44', 'cus_000030', '2026-11-30 02:13:21.525397+00', '2026-11-30 02:13:28.428021+00'),
	('45', 'cus_000012', '2026-11-30 02:13:09.994897+00', '2026-11-30 02:13:28.428021+00');
INSERT INTO influence.schema_version VALUES
	('0006');
INSERT INTO influence.snapshot VALUES
	(7059135712338435737, NULL, NULL, NULL, 'customer', NULL, '3840f88f-8687-59ac-fbde-e41c2da66f92', 2757716719597052596, 1),
	(-8109577624203760974, -8109577624203760974, NULL, NULL, 'customer', NULL, '5000008', 8455311340594857990, 1),
	(7242783985846576593, 7242783985846576593, NULL, NULL, 'customer', NULL, '5000022', 5147447351104372956, 1),
	(-9041080486820344474, -9041080486820344474, NULL, NULL, 'customer', NULL, '5000038', 6356402105503396294, 1),
	(-9112483356925046425, -9112483356925046425, NULL, NULL, 'customer', NULL, '5000058', 1189050848823656639, 1),
	(-3811239268096728979, -3811239268096728979, NULL, NULL, 'customer', NULL, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4', 7706233809935435005, 1),
	(5323945606130444406, 5323945606130444406, NULL, NULL, 'customer', NULL, 'cus_000002', 1895947040996565297, 1),
	(2823247293581847863, 2823247293581847863, NULL, NULL, 'customer', NULL, 'cus_000001', 4645114587272596321, 1),
	(-5771450640357689836, -5771450640357689836, NULL, NULL, 'customer', NULL, 'cus_000003', 3208009151002949637, 1),
	(1014309799502170939, 1014309799502170939, NULL, NULL, 'customer', NULL, 'cus_000004', 1160437453018718209, 1),
	(5862505106843645206, 5862505106843645206, NULL, NULL, 'customer', NULL, 'cus_000007', 1326847766223730700, 1),
	(9063341459305423041, 9063341459305423041, NULL, NULL, 'customer', NULL, 'cus_000006', 2681173336377283129, 1),
	(-821127294239884219, -821127294239884219, NULL, NULL, 'customer', NULL, 'cus_000010', 3332045788522766713, 1),
	(862058813290159186, 862058813290159186, NULL, NULL, 'customer', NULL, 'cus_000011', 4388494853642715886, 1),
	(4270804455296375641, 4270804455296375641, NULL, NULL, 'customer', NULL, 'cus_000013', 6300510415371673126, 1),
	(-3429109775488814537, -3429109775488814537, NULL, NULL, 'customer', NULL, 'cus_000014', 6234618362796942085, 1),
	(7277074898292699720, 7277074898292699720, NULL, NULL, 'customer', NULL, 'cus_000009', 5799731184276892777, 1),
	(-1956854469490701740, -1956854469490701740, NULL, NULL, 'customer', NULL, 'cus_000015', 1090064298472899596, 1),
	(7032034183416218088, 7032034183416218088, NULL, NULL, 'customer', NULL, 'cus_000018', 5504011394776361002, 1),
	(2165484242292056110, 2165484242292056110, NULL, NULL, 'customer', NULL, 'cus_000019', 1190711044984233443, 1),
	(6166400553054300023, 6166400553054300023, NULL, NULL, 'customer', NULL, 'cus_000012', 5341125940655518668, 1),
	(5161474156332553813, 5161474156332553813, NULL, NULL, 'customer', NULL, 'cus_000024', 229370676130094785, 1),
	(-354112430381723260, -354112430381723260, NULL, NULL, 'customer', NULL, 'cus_000021', 1383742315751009436, 1),
	(7082465892898090798, 7082465892898090798, NULL, NULL, 'customer', NULL, 'cus_000025', 3399244881604452709, 1),
	(-4762602197338081676, -4762602197338081676, NULL, NULL, 'customer', NULL, 'cus_000027', 5412304860922517737, 1),
	(2401535830741313344, 2401535830741313344, NULL, NULL, 'customer', NULL, 'cus_000028', 184403267124873948, 1),
	(4824950236376186145, 4824950236376186145, NULL, NULL, 'customer', NULL, 'cus_000017', 3139861431807462320, 1),
	(6291048460985434825, 6291048460985434825, NULL, NULL, 'customer', NULL, 'cus_000030', 4718788047828256754, 1),
	(-2927780896153282353, -2927780896153282353, NULL, NULL, 'customer', NULL, 'cus_000031', 5854653090845289757, 1),
	(4362495015378929924, 4362495015378929924, NULL, NULL, 'customer', NULL, 'cus_000032', 8486738318684897974, 1),
	(-2000802968715277073, -2000802968715277073, NULL, NULL, 'customer', NULL, 'cus_000034', 6147494856840735228, 1),
	(3249580801048061398, 3249580801048061398, NULL, NULL, 'customer', NULL, 'cus_000035', 7725410096915813660, 1),
	(7246926350970680881, 7246926350970680881, NULL, NULL, 'customer', NULL, 'cus_000020', 513306926393794762, 1),
	(-1780058992802390971, -1780058992802390971, NULL, NULL, 'customer', NULL, 'cus_000037', 913894864651266553, 1),
	(-3467172902237378219, -3467172902237378219, NULL, NULL, 'customer', NULL, 'cus_000039', 2235785431570282462, 1),
	(-2605107605899699108, -2605107605899699108, NULL, NULL, 'customer', NULL, 'cus_000040', 4464693747712546313, 1),
	(-813613394418329881, -813613394418329881, NULL, NULL, 'customer', NULL, 'cus_000043', 300271208602253007, 1),
	(1255709852169279797, 1255709852169279797, NULL, NULL, 'customer', NULL, 'cus_000045', 6829759820323920238, 1),
	(6827109088648169865, 6827109088648169865, NULL, NULL, 'customer', NULL, 'cus_000044', 6008362094970401128, 1),
	(-6867292117712408834, -6867292117712408834, NULL, NULL, 'customer', NULL, 'cus_000047', 3103916088676036529, 1),
	(-1343910420787323844, -1343910420787323844, NULL, NULL, 'customer', NULL, 'cus_000048', 578323969941602326, 1),
	(-6848360022948799495, -6848360022948799495, NULL, NULL, 'customer', NULL, 'cus_000026', 3821295033034984179, 1),
	(1601668338160577045, 1601668338160577045, NULL, NULL, 'customer', NULL, 'cus_000050', 2058374712050060399, 1),
	(-1671793456095051784, -1671793456095051784, NULL, NULL, 'customer', NULL, 'cus_000052', 4274364421450073611, 1),
	(-8611119599897294490, -8611119599897294490, NULL, NULL, 'customer', NULL, 'cus_000055', 3250579746703540475, 1),
	(-2091014958740273647, -2091014958740273647, NULL, NULL, 'customer', NULL, 'cus_000056', 1399054265293425389, 1),
	(7053631774530041219, 7053631774530041219, NULL, NULL, 'customer', NULL, 'cus_000057', 677552949025521988, 1),
	(7160839958206683771, 7160839958206683771, NULL, NULL, 'customer', NULL, 'cus_000029', 6999843455562787014, 1),
	(3008526373457509034, 3008526373457509034, NULL, NULL, 'customer', NULL, 'cus_000060', 3254090898244700455, 1),
	(1453132332273443240, 1453132332273443240, NULL, NULL, 'customer', NULL, 'eef37529-d004-3acf-11f8-b044b78f87b7', 4534590667718338596, 1);
INSERT INTO influence.snapshot VALUES
	(-7606685484147248915, -7606685484147248915, NULL, NULL, 'customer', NULL, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4', 4611628327134575716, 1),
	(-8687160234889255820, -8687160234889255820, NULL, NULL, 'customer', NULL, 'cus_000033', 7025246394192070463, 1),
	(-8293312659535768215, -8293312659535768215, NULL, NULL, 'customer', NULL, 'cus_000036', 9015617751732892167, 1),
	(-8808290980803239113, -8808290980803239113, NULL, NULL, 'customer', NULL, 'cus_000041', 1502044136786875672, 1),
	(5779213502248042128, 5779213502248042128, NULL, NULL, 'customer', NULL, 'cus_000046', 3067393898482010383, 1),
	(-6511391806760319527, -6511391806760319527, NULL, NULL, 'customer', NULL, 'cus_000049', 7206473966709828517, 1),
	(-3316638862683835285, -3316638862683835285, NULL, NULL, 'customer', NULL, 'cus_000053', 7600095702057856370, 1),
	(-2360302613729059131, -2360302613729059131, NULL, NULL, 'customer', NULL, 'cus_000059', 6631144267957021149, 1),
	(-9217259596658174563, -9217259596658174563, NULL, NULL, 'product', NULL, '10', 1073163772144977291, 2),
	(-7878952661471673596, -7878952661471673596, NULL, NULL, 'product', NULL, '11', 4868014390828004742, 3),
	(4957529882898650017, 4957529882898650017, NULL, NULL, 'product', NULL, '12', 971839095331570845, 5),
	(-7226324107000984050, -7226324107000984050, NULL, NULL, 'product', NULL, '2', 8492256920049274498, 4),
	(1874787979393240476, 1874787979393240476, NULL, NULL, 'product', NULL, '8', 6248686503577229808, 3),
	(326019868233203453, 326019868233203453, NULL, NULL, 'product', NULL, '13', 8717368512653442178, 4),
	(-560033044489171141, -560033044489171141, NULL, NULL, 'product', NULL, '7', 8742111763630186351, 2),
	(-5223461084190259617, -5223461084190259617, NULL, NULL, 'product', NULL, '14', 4752005536134540895, 2),
	(-2746061599537482325, -2746061599537482325, NULL, NULL, 'product', NULL, '15', 6582150845049127985, 4),
	(-1781810876767443383, -1781810876767443383, NULL, NULL, 'product', NULL, '3', 8643084788544772374, 3),
	(3865268284668090892, 3865268284668090892, NULL, NULL, 'product', NULL, '16', 3234137651343160402, 2),
	(-5419417749241442133, -5419417749241442133, NULL, NULL, 'product', NULL, '17', 980891629115335517, 3),
	(2388144116902373498, 2388144116902373498, NULL, NULL, 'product', NULL, '20', 7964605097180901426, 4),
	(9071811918593951597, 9071811918593951597, NULL, NULL, 'product', NULL, '1', 7979539386793362576, 5),
	(-1096826213331955353, -1096826213331955353, NULL, NULL, 'product', NULL, '18', 2252607813007459842, 3),
	(8670906409488452266, 8670906409488452266, NULL, NULL, 'product', NULL, '19', 7889909239192343097, 4),
	(-440291152644902612, -440291152644902612, NULL, NULL, 'product', NULL, '6', 1523347211677209154, 5),
	(4846400928647735669, 4846400928647735669, NULL, NULL, 'product', NULL, '4', 8725428399344996526, 2),
	(-7994606771309917093, -7994606771309917093, NULL, NULL, 'product', NULL, '9', 4416432115300055922, 4),
	(5247336460244056921, NULL, NULL, NULL, 'order', NULL, '93', 2124233127880098091, 3),
	(1033205671184277080, 1033205671184277080, NULL, NULL, 'order', 'paid', '19', 7405551494332529269, 6),
	(-363725264090154518, -363725264090154518, -363725264090154518, NULL, 'order', 'refunded', '66', 3779811588835959653, 6),
	(8233618597385067976, 8233618597385067976, NULL, NULL, 'order', 'paid', '62', 1559570677114587541, 4),
	(7439577497866197672, 7439577497866197672, 7439577497866197672, NULL, 'order', 'paid', '23', 8376617048738028266, 4),
	(-1169513406234652618, -1169513406234652618, -1169513406234652618, NULL, 'order', 'authorized', '27', 8467827600928336734, 3),
	(8048966753561591836, 8048966753561591836, 8048966753561591836, NULL, 'order', 'paid', '36', 1533449598685703355, 3),
	(-4749451765324924306, -4749451765324924306, -4749451765324924306, NULL, 'order', 'paid', '39', 6246094412427897019, 6),
	(701927461612639425, 701927461612639425, 701927461612639425, NULL, 'order', 'refunded', '44', 3733589996417551980, 4),
	(5873087582183404852, 5873087582183404852, 5873087582183404852, NULL, 'order', 'voided', '40', 815330221270533870, 5),
	(7141051795889094386, 7141051795889094386, 7141051795889094386, NULL, 'order', 'paid', '31', 7642814619151040185, 5),
	(-3333500672946801109, -3333500672946801109, NULL, NULL, 'order', 'paid', '74', 335714497301563920, 6),
	(-6511568825121868272, -6511568825121868272, -6511568825121868272, NULL, 'order', 'authorized', '47', 3397743242728044725, 5),
	(-1800861695258570056, -1800861695258570056, -1800861695258570056, NULL, 'order', 'paid', '71', 980053389112960710, 5),
	(-2654088085737526830, -2654088085737526830, NULL, NULL, 'order', 'authorized', '90', 4939928386454206002, 5),
	(4646854884473095653, 4646854884473095653, 4646854884473095653, NULL, 'order', 'paid', '5', 8342974291940713838, 4),
	(3990230069899166348, 3990230069899166348, 3990230069899166348, NULL, 'order', 'paid', '10', 4520200860438929467, 4),
	(2388541143799373964, 2388541143799373964, 2388541143799373964, NULL, 'order', 'paid', '1', 8350954801915386017, 3),
	(-7169096205097655508, -7169096205097655508, -7169096205097655508, NULL, 'order', 'refunded', '45', 6469406798446484583, 4),
	(-8646861191351339144, -8646861191351339144, -8646861191351339144, NULL, 'order', 'pending', '49', 3502047129923510793, 6),
	(-758119919297230924, -758119919297230924, -758119919297230924, NULL, 'order', 'authorized', '17', 7875883343773067810, 4),
	(-7145304527587536278, -7145304527587536278, -7145304527587536278, NULL, 'order', 'partially_refunded', '14', 8641386409981861837, 6),
	(1652378145402027256, 1652378145402027256, 1652378145402027256, NULL, 'order', 'paid', '80', 5151636302040097087, 4);
INSERT INTO influence.snapshot VALUES
	(-2809843903210820920, -2809843903210820920, -2809843903210820920, NULL, 'order', 'paid', '102', 3884326755775112832, 5),
	(-5362066522535738209, -5362066522535738209, -5362066522535738209, NULL, 'order', 'voided', '61', 3593784026825030874, 4),
	(5173889508487620787, 5173889508487620787, 5173889508487620787, NULL, 'order', 'authorized', '83', 3377870029277993595, 3),
	(-7813613807615528371, -7813613807615528371, -7813613807615528371, NULL, 'order', 'refunded', '58', 7151837786350822974, 5),
	(-4688303415483359739, -4688303415483359739, -4688303415483359739, NULL, 'order', 'paid', '101', 3408133732510884731, 6),
	(-1754101742971391719, -1754101742971391719, -1754101742971391719, NULL, 'order', 'voided', '42', 7849992860465341036, 4),
	(3286831890243636027, 3286831890243636027, 3286831890243636027, NULL, 'order', 'paid', '13', 1267448312619954700, 4),
	(-8136189780582111024, -8136189780582111024, NULL, NULL, 'order', 'paid', '100', 4620806484903960324, 5),
	(3027480256700408892, 3027480256700408892, 3027480256700408892, NULL, 'order', 'expired', '18', 6896077613123154272, 2),
	(1895074223393879860, 1895074223393879860, 1895074223393879860, NULL, 'order', 'paid', '22', 3329262137842382265, 4),
	(-3152907631006682082, -3152907631006682082, -3152907631006682082, NULL, 'order', 'paid', '3', 6893070770907225241, 3),
	(-6039298927040059412, -6039298927040059412, NULL, NULL, 'order', 'paid', '16', 8111431151776627625, 3),
	(-6925885904458981901, -6925885904458981901, NULL, NULL, 'order', 'refunded', '15', 6762863667950876050, 4),
	(-3431546867009074774, -3431546867009074774, NULL, NULL, 'order', 'paid', '20', 8272084741928913568, 3),
	(1926680812137220384, 1926680812137220384, 1926680812137220384, NULL, 'order', 'partially_paid', '54', 3915178307797186045, 3),
	(-1060423433058078149, -1060423433058078149, -1060423433058078149, NULL, 'order', 'authorized', '97', 1536409559067224541, 5),
	(-7752666208675590879, -7752666208675590879, NULL, NULL, 'order', 'paid', '24', 1085686144215822880, 5),
	(2572051121470690943, 2572051121470690943, NULL, NULL, 'order', 'paid', '25', 7195443050594489107, 5),
	(-889029779460645344, -889029779460645344, -889029779460645344, NULL, 'order', 'paid', '2', 4090258795696129585, 5),
	(-4133162557875565153, -4133162557875565153, -4133162557875565153, NULL, 'order', 'paid', '55', 4190016611773473116, 3),
	(-824818191415781708, -824818191415781708, -824818191415781708, NULL, 'order', 'partially_refunded', '81', 5528482786368027589, 6),
	(-5828224830765703057, -5828224830765703057, -5828224830765703057, NULL, 'order', 'paid', '32', 6277339287646839050, 4),
	(-4637146605061523380, -4637146605061523380, -4637146605061523380, NULL, 'order', 'paid', '37', 5762819454606981521, 3),
	(5267847924439801694, 5267847924439801694, NULL, NULL, 'order', 'paid', '28', 8073037823644354433, 3),
	(3585925927005839482, 3585925927005839482, NULL, NULL, 'order', 'paid', '29', 2681479977877645706, 3),
	(1085248944641977820, 1085248944641977820, NULL, NULL, 'order', 'paid', '34', 4338900370303137337, 4),
	(-4858020169156258056, -4858020169156258056, -4858020169156258056, NULL, 'order', 'paid', '46', 899759774629112877, 3),
	(4014918287500893893, 4014918287500893893, 4014918287500893893, NULL, 'order', 'paid', '50', 7794967928586521703, 4),
	(-7028475495567881964, -7028475495567881964, NULL, NULL, 'order', 'authorized', '35', 7157551796310885302, 4),
	(7458870554621698052, 7458870554621698052, NULL, NULL, 'order', 'paid', '43', 6721673579715044675, 5),
	(6863382979184401595, 6863382979184401595, NULL, NULL, 'order', 'paid', '48', 7637597006686282388, 5),
	(-2014455261320117543, -2014455261320117543, -2014455261320117543, NULL, 'order', 'paid', '53', 1603519284594588748, 3),
	(-4721264396046984572, -4721264396046984572, -4721264396046984572, NULL, 'order', 'paid', '84', 3226094784521387514, 3),
	(-7887548197544030771, -7887548197544030771, NULL, NULL, 'order', 'voided', '52', 8161368981043695578, 3),
	(-4317310060167082672, -4317310060167082672, -4317310060167082672, NULL, 'order', 'voided', '103', 8062166016693324231, 3),
	(-4308759595419569499, -4308759595419569499, -4308759595419569499, NULL, 'order', 'paid', '26', 8877375057079567451, 4),
	(1335689846972503212, 1335689846972503212, 1335689846972503212, NULL, 'order', 'paid', '57', 2603756399522573339, 4),
	(-7390086385177444102, NULL, -7390086385177444102, NULL, 'order', NULL, '11', 6448052295046359236, 4),
	(8290786554040007008, NULL, NULL, NULL, 'order', NULL, '12', 6078329763636128659, 4),
	(-1594507931741955730, -1594507931741955730, -1594507931741955730, NULL, 'order', 'paid', '59', 6534272065579390042, 6),
	(1522544673379935281, 1522544673379935281, 1522544673379935281, NULL, 'order', 'paid', '87', 6688657887400084746, 7),
	(7276286769712907668, 7276286769712907668, NULL, NULL, 'order', 'paid', '65', 934107607733476269, 6),
	(-7931287418194303434, -7931287418194303434, NULL, NULL, 'order', 'paid', '67', 587534335316321936, 4),
	(90770823077359625, 90770823077359625, NULL, NULL, 'order', 'paid', '7', 6850792526325692745, 3),
	(3830169698782037961, 3830169698782037961, NULL, NULL, 'order', 'paid', '72', 6959887879514467065, 4),
	(-956733631797318045, -956733631797318045, NULL, NULL, 'order', 'refunded', '63', 8583961322212519723, 5),
	(-3679202950999371005, -3679202950999371005, NULL, NULL, 'order', 'paid', '73', 181897029368165674, 3),
	(6542745630242207516, 6542745630242207516, NULL, NULL, 'order', 'authorized', '75', 1341584738522078991, 4),
	(2642183318479899618, 2642183318479899618, NULL, NULL, 'order', 'paid', '77', 3603000679632801983, 5),
	(-4290352111807506892, -4290352111807506892, NULL, NULL, 'order', 'paid', '78', 1509845254900393988, 6);
INSERT INTO influence.snapshot VALUES
	(-8106100660221417191, -8106100660221417191, NULL, NULL, 'order', 'refunded', '76', 1537961262385699362, 4),
	(7350805945977702893, 7350805945977702893, NULL, NULL, 'order', 'paid', '79', 9181813280238385066, 3),
	(9200634973651849237, 9200634973651849237, NULL, NULL, 'order', 'paid', '94', 6687738328167636255, 3),
	(7146625355605010729, 7146625355605010729, NULL, NULL, 'order', 'paid', '98', 5918976831244461725, 4),
	(-338387123162674968, -338387123162674968, NULL, NULL, 'order', 'paid', '99', 7466045278885395656, 4),
	(6231877787744556431, 6231877787744556431, 6231877787744556431, NULL, 'order', 'paid', '21', 2077370780810214238, 4),
	(2684891040464421118, 2684891040464421118, 2684891040464421118, NULL, 'order', 'refunded', '107', 6110729060478772164, 7),
	(1311890126727157453, 1311890126727157453, NULL, NULL, 'order', 'pending', '111', 4329272495129509792, 3),
	(-7102561856514514196, -7102561856514514196, -7102561856514514196, NULL, 'order', 'refunded', '116', 4740392694777061788, 4),
	(6707290314263519440, 6707290314263519440, 6707290314263519440, NULL, 'order', 'paid', '120', 675386084347654200, 3),
	(8310183058818755663, 8310183058818755663, 8310183058818755663, NULL, 'order', 'paid', '41', 1295431069457406124, 6),
	(1337545211361741244, 1337545211361741244, NULL, NULL, 'order', 'paid', '110', 4956475491940049924, 3),
	(-552044673818790289, -552044673818790289, NULL, NULL, 'order', 'refunded', '109', 920260349906309864, 4),
	(1628618005473696623, 1628618005473696623, NULL, NULL, 'order', 'paid', '114', 6300470427001901374, 4),
	(-1371061867320104539, -1371061867320104539, NULL, NULL, 'order', 'paid', '115', 3531950487487510877, 7),
	(-7494850136237330472, -7494850136237330472, NULL, NULL, 'order', 'paid', '105', 2942651053621511514, 3),
	(-4527562395907327385, -4527562395907327385, NULL, NULL, 'order', 'paid', '60', 5817396057441674277, 3),
	(-8398453497502155006, -8398453497502155006, NULL, NULL, 'order', 'paid', '70', 2241968996523245480, 5),
	(3318239174759469855, 3318239174759469855, NULL, NULL, 'order', 'paid', '8', 2194352277050061393, 4),
	(7387490062567169593, 7387490062567169593, NULL, NULL, 'order', 'paid', '85', 2675337385930049201, 3),
	(-2111582162222891826, -2111582162222891826, NULL, NULL, 'order', 'paid', '89', 6086256703742335851, 5),
	(-2696958902570915030, -2696958902570915030, -2696958902570915030, NULL, 'order', 'paid', '106', 2662325898369239475, 3),
	(6509555773202531989, 6509555773202531989, 6509555773202531989, NULL, 'order', 'authorized', '112', 4325031278501561859, 5),
	(-8791129036965312585, -8791129036965312585, -8791129036965312585, NULL, 'order', 'paid', '117', 7142339156173577162, 5),
	(-2477516951522296186, -2477516951522296186, -2477516951522296186, NULL, 'order', 'paid', '119', 5069696932508707828, 4),
	(8384805652909309205, 8384805652909309205, 8384805652909309205, NULL, 'order', 'paid', '30', 7982541822422328078, 6),
	(5265577691616134365, 5265577691616134365, 5265577691616134365, NULL, 'order', 'paid', '33', 6347419499232420101, 4),
	(5677115666392629077, 5677115666392629077, 5677115666392629077, NULL, 'order', 'paid', '51', 8223584129627048804, 4),
	(2380768980780586940, 2380768980780586940, 2380768980780586940, NULL, 'order', 'expired', '56', 4536432105412423081, 2),
	(4662233161978638074, 4662233161978638074, 4662233161978638074, NULL, 'order', 'paid', '6', 925663155226076280, 5),
	(-782514091913684696, -782514091913684696, -782514091913684696, NULL, 'order', 'paid', '64', 4335050056636633981, 3),
	(6813743388114747736, 6813743388114747736, 6813743388114747736, NULL, 'order', 'paid', '68', 7383353692956607180, 3),
	(-3985245385985745519, -3985245385985745519, -3985245385985745519, NULL, 'order', 'paid', '69', 4230415080561695440, 3),
	(-1671778508459725808, -1671778508459725808, -1671778508459725808, NULL, 'order', 'paid', '86', 6364331091068723956, 6),
	(2793936342636660099, 2793936342636660099, 2793936342636660099, NULL, 'order', 'expired', '88', 8751666555443109305, 2),
	(4508680391365352879, 4508680391365352879, 4508680391365352879, NULL, 'order', 'pending', '9', 7086472186517326145, 5),
	(7905453127306279144, 7905453127306279144, 7905453127306279144, NULL, 'order', 'paid', '91', 7745642946883570073, 3),
	(-5621164995082017906, -5621164995082017906, -5621164995082017906, NULL, 'order', 'paid', '113', 2614116247968403795, 3),
	(6773205468568954139, 6773205468568954139, 6773205468568954139, NULL, 'order', 'paid', '118', 7711801037526054480, 4),
	(-6228268634553268170, -6228268634553268170, -6228268634553268170, NULL, 'order', 'paid', '38', 3394160071918124866, 5),
	(-7096524380785138143, -7096524380785138143, -7096524380785138143, NULL, 'order', 'paid', '4', 4186402610094075127, 5),
	(1038831368794490222, 1038831368794490222, 1038831368794490222, NULL, 'order', 'paid', '92', 7895573074957986114, 3),
	(-5279744090025873054, -5279744090025873054, -5279744090025873054, NULL, 'order', 'paid', '95', 8306703088874795581, 5),
	(9016605640126370428, 9016605640126370428, 9016605640126370428, NULL, 'order', 'refunded', '96', 7997344994835057628, 5),
	(-7182784553476958420, -7182784553476958420, -7182784553476958420, NULL, 'order', 'paid', '104', 8153644315129532655, 4),
	(-1575795196452421808, -1575795196452421808, -1575795196452421808, NULL, 'order', 'paid', '108', 4279558393450287283, 4);
INSERT INTO influence.sync_run OVERRIDING SYSTEM VALUE VALUES
	(1, 'customer', 'sync', '2026-11-30 02:12:52.203908+00', '2026-11-30 02:12:58.671546+00', NULL, '{"held": 0, "sent": 57, "calls": 57, "missed": 0, "parked": 1, "blocked": 0, "changed": 0, "created": 58, "deleted": 0, "seconds": 6.468, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 58, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 8.8}'),
	(2, 'product', 'sync', '2026-11-30 02:12:58.916824+00', '2026-11-30 02:13:03.45026+00', NULL, '{"held": 0, "sent": 19, "calls": 38, "missed": 0, "parked": 0, "blocked": 0, "changed": 0, "created": 19, "deleted": 0, "seconds": 4.533, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 19, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 8.4}'),
	(3, 'order', 'sync', '2026-11-30 02:13:03.599996+00', '2026-11-30 02:13:29.10024+00', NULL, '{"held": 0, "sent": 118, "calls": 306, "missed": 0, "parked": 0, "blocked": 1, "changed": 0, "created": 119, "deleted": 0, "seconds": 25.5, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 119, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 12.0}'),
	(4, 'reward', 'deliver', '2026-11-30 02:13:29.300805+00', '2026-11-30 02:13:29.543476+00', NULL, '{"held": 0, "sent": 0, "calls": 0, "missed": 0, "parked": 0, "blocked": 0, "changed": 0, "created": 0, "deleted": 0, "seconds": 0.243, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 0, "throttled": 0, "unchanged": 0, "full_compare": false, "before_go_live": 0, "calls_per_second": 0.0}');
INSERT INTO influence.work VALUES
	('customer', '3840f88f-8687-59ac-fbde-e41c2da66f92', 'parked', 'idle', 'live', 0, 0, 0, '2026-11-30 02:12:52.484844+00', '2026-11-30 02:12:54.679901+00', NULL, NULL, false, false, NULL, 'unmappable', 'column email: it is not an e-mail address', NULL),
	('order', '11', 'ready', 'creating', 'live', 0, 0, 0, '2026-11-30 02:13:30.678397+00', '2026-11-30 02:13:30.678397+00', '2026-11-30 02:14:30.678397+00', 18, false, false, NULL, NULL, NULL, NULL),
	('order', '12', 'ready', 'unknown', 'live', 0, 0, 0, '2026-11-30 02:13:30.678397+00', '2026-11-30 02:13:30.678397+00', NULL, NULL, false, false, NULL, NULL, NULL, NULL),
	('order', '13', 'ready', 'refunding', 'live', 0, 0, 0, '2026-11-30 02:13:30.678397+00', '2026-11-30 02:13:30.678397+00', NULL, NULL, false, false, NULL, NULL, NULL, NULL),
	('order', '15', 'parked', 'idle', 'live', 0, 0, 0, '2026-11-30 02:13:30.678397+00', '2026-11-30 02:13:30.678397+00', NULL, NULL, false, false, NULL, 'deleted', 'a person must look', NULL),
	('order', '93', 'blocked', 'idle', 'live', 0, 0, 0, '2026-11-30 02:13:03.604838+00', '2026-11-30 02:13:06.577353+00', NULL, NULL, false, false, 'customer:3840f88f-8687-59ac-fbde-e41c2da66f92', 'waits', 'waits until customer 3840f88f-8687-59ac-fbde-e41c2da66f92 is acknowledged', NULL);
SELECT pg_catalog.setval('influence.attempt_id_seq', 402, false);
SELECT pg_catalog.setval('influence.email_owner_number_seq', 58, false);
SELECT pg_catalog.setval('influence.fence_seq', 19, true);
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
