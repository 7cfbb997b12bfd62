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
    full_at timestamp with time zone
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
    key text NOT NULL COLLATE pg_catalog."C"
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
    CONSTRAINT work_lane_check CHECK ((lane = ANY (ARRAY['live'::text, 'import'::text]))),
    CONSTRAINT work_phase_check CHECK ((phase = ANY (ARRAY['idle'::text, 'creating'::text, 'unknown'::text, 'refunding'::text]))),
    CONSTRAINT work_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'blocked'::text, 'parked'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-30 02:04:24.782751+00', -8109577624203760974, 'customer', 91, 200, '5000008', 'PUT customer', 'accepted', NULL),
	(2, '2026-11-30 02:04:24.782751+00', 7242783985846576593, 'customer', 27, 200, '5000022', 'PUT customer', 'accepted', NULL),
	(3, '2026-11-30 02:04:24.782751+00', -9041080486820344474, 'customer', 16, 200, '5000038', 'PUT customer', 'accepted', NULL),
	(4, '2026-11-30 02:04:24.782751+00', -9112483356925046425, 'customer', 49, 200, '5000058', 'PUT customer', 'accepted', NULL),
	(5, '2026-11-30 02:04:24.782751+00', -3811239268096728979, 'customer', 111, 200, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4', 'PUT customer', 'accepted', NULL),
	(6, '2026-11-30 02:04:24.782751+00', 2823247293581847863, 'customer', 62, 200, 'cus_000001', 'PUT customer', 'accepted', NULL),
	(7, '2026-11-30 02:04:24.782751+00', 5323945606130444406, 'customer', 19, 200, 'cus_000002', 'PUT customer', 'accepted', NULL),
	(8, '2026-11-30 02:04:24.782751+00', -5771450640357689836, 'customer', 47, 200, 'cus_000003', 'PUT customer', 'accepted', NULL),
	(9, '2026-11-30 02:04:24.782751+00', 9063341459305423041, 'customer', 41, 200, 'cus_000006', 'PUT customer', 'accepted', NULL),
	(10, '2026-11-30 02:04:24.782751+00', 1014309799502170939, 'customer', 75, 200, 'cus_000004', 'PUT customer', 'accepted', NULL),
	(11, '2026-11-30 02:04:24.782751+00', -821127294239884219, 'customer', 39, 200, 'cus_000010', 'PUT customer', 'accepted', NULL),
	(12, '2026-11-30 02:04:24.887069+00', 5862505106843645206, 'customer', 68, 200, 'cus_000007', 'PUT customer', 'accepted', NULL),
	(13, '2026-11-30 02:04:24.887069+00', 862058813290159186, 'customer', 41, 200, 'cus_000011', 'PUT customer', 'accepted', NULL),
	(14, '2026-11-30 02:04:24.887069+00', 4270804455296375641, 'customer', 55, 200, 'cus_000013', 'PUT customer', 'accepted', NULL),
	(15, '2026-11-30 02:04:24.887069+00', 7277074898292699720, 'customer', 119, 200, 'cus_000009', 'PUT customer', 'accepted', NULL),
	(16, '2026-11-30 02:04:24.887069+00', 7032034183416218088, 'customer', 40, 200, 'cus_000018', 'PUT customer', 'accepted', NULL),
	(17, '2026-11-30 02:04:25.018724+00', 2165484242292056110, 'customer', 53, 200, 'cus_000019', 'PUT customer', 'accepted', NULL),
	(18, '2026-11-30 02:04:25.018724+00', -3429109775488814537, 'customer', 115, 200, 'cus_000014', 'PUT customer', 'accepted', NULL),
	(19, '2026-11-30 02:04:25.018724+00', -1956854469490701740, 'customer', 149, 200, 'cus_000015', 'PUT customer', 'accepted', NULL),
	(20, '2026-11-30 02:04:25.018724+00', 6166400553054300023, 'customer', 214, 200, 'cus_000012', 'PUT customer', 'accepted', NULL),
	(21, '2026-11-30 02:04:25.018724+00', -354112430381723260, 'customer', 134, 200, 'cus_000021', 'PUT customer', 'accepted', NULL),
	(22, '2026-11-30 02:04:25.139558+00', 5161474156332553813, 'customer', 131, 200, 'cus_000024', 'PUT customer', 'accepted', NULL),
	(23, '2026-11-30 02:04:25.139558+00', 7082465892898090798, 'customer', 146, 200, 'cus_000025', 'PUT customer', 'accepted', NULL),
	(24, '2026-11-30 02:04:25.139558+00', -4762602197338081676, 'customer', 137, 200, 'cus_000027', 'PUT customer', 'accepted', NULL),
	(25, '2026-11-30 02:04:25.139558+00', 2401535830741313344, 'customer', 112, 200, 'cus_000028', 'PUT customer', 'accepted', NULL),
	(26, '2026-11-30 02:04:25.139558+00', 4824950236376186145, 'customer', 318, 200, 'cus_000017', 'PUT customer', 'accepted', NULL),
	(27, '2026-11-30 02:04:25.139558+00', 6291048460985434825, 'customer', 123, 200, 'cus_000030', 'PUT customer', 'accepted', NULL),
	(28, '2026-11-30 02:04:25.26973+00', -2927780896153282353, 'customer', 149, 200, 'cus_000031', 'PUT customer', 'accepted', NULL),
	(29, '2026-11-30 02:04:25.26973+00', 4362495015378929924, 'customer', 123, 200, 'cus_000032', 'PUT customer', 'accepted', NULL),
	(30, '2026-11-30 02:04:25.26973+00', -2000802968715277073, 'customer', 103, 200, 'cus_000034', 'PUT customer', 'accepted', NULL),
	(31, '2026-11-30 02:04:25.26973+00', 3249580801048061398, 'customer', 128, 200, 'cus_000035', 'PUT customer', 'accepted', NULL),
	(32, '2026-11-30 02:04:25.26973+00', 7246926350970680881, 'customer', 406, 200, 'cus_000020', 'PUT customer', 'accepted', NULL),
	(33, '2026-11-30 02:04:25.26973+00', -1780058992802390971, 'customer', 138, 200, 'cus_000037', 'PUT customer', 'accepted', NULL),
	(34, '2026-11-30 02:04:25.400798+00', -3467172902237378219, 'customer', 149, 200, 'cus_000039', 'PUT customer', 'accepted', NULL),
	(35, '2026-11-30 02:04:25.400798+00', -8808290980803239113, 'customer', 132, 200, 'cus_000041', 'PUT customer', 'accepted', NULL),
	(36, '2026-11-30 02:04:25.400798+00', -2605107605899699108, 'customer', 170, 200, 'cus_000040', 'PUT customer', 'accepted', NULL),
	(37, '2026-11-30 02:04:25.400798+00', 6827109088648169865, 'customer', 190, 200, 'cus_000044', 'PUT customer', 'accepted', NULL),
	(38, '2026-11-30 02:04:25.400798+00', 5779213502248042128, 'customer', 190, 200, 'cus_000046', 'PUT customer', 'accepted', NULL),
	(39, '2026-11-30 02:04:25.524883+00', -6848360022948799495, 'customer', 486, 200, 'cus_000026', 'PUT customer', 'accepted', NULL),
	(40, '2026-11-30 02:04:25.524883+00', 1601668338160577045, 'customer', 134, 200, 'cus_000050', 'PUT customer', 'accepted', NULL),
	(41, '2026-11-30 02:04:25.524883+00', -1671793456095051784, 'customer', 146, 200, 'cus_000052', 'PUT customer', 'accepted', NULL),
	(42, '2026-11-30 02:04:25.524883+00', -8611119599897294490, 'customer', 108, 200, 'cus_000055', 'PUT customer', 'accepted', NULL),
	(43, '2026-11-30 02:04:25.524883+00', -2091014958740273647, 'customer', 82, 200, 'cus_000056', 'PUT customer', 'accepted', NULL),
	(44, '2026-11-30 02:04:25.524883+00', 7053631774530041219, 'customer', 59, 200, 'cus_000057', 'PUT customer', 'accepted', NULL),
	(45, '2026-11-30 02:04:25.524883+00', -6867292117712408834, 'customer', 223, 200, 'cus_000047', 'PUT customer', 'accepted', NULL),
	(46, '2026-11-30 02:04:25.524883+00', -1343910420787323844, 'customer', 249, 200, 'cus_000048', 'PUT customer', 'accepted', NULL),
	(47, '2026-11-30 02:04:25.524883+00', 7160839958206683771, 'customer', 555, 200, 'cus_000029', 'PUT customer', 'accepted', NULL),
	(48, '2026-11-30 02:04:25.64639+00', 1453132332273443240, 'customer', 146, 200, 'eef37529-d004-3acf-11f8-b044b78f87b7', 'PUT customer', 'accepted', NULL),
	(49, '2026-11-30 02:04:25.64639+00', 3008526373457509034, 'customer', 170, 200, 'cus_000060', 'PUT customer', 'accepted', NULL),
	(50, '2026-11-30 02:04:25.64639+00', -8687160234889255820, 'customer', 535, 200, 'cus_000033', 'PUT customer', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(51, '2026-11-30 02:04:25.64639+00', -8293312659535768215, 'customer', 525, 200, 'cus_000036', 'PUT customer', 'accepted', NULL),
	(52, '2026-11-30 02:04:25.64639+00', -813613394418329881, 'customer', 455, 200, 'cus_000043', 'PUT customer', 'accepted', NULL),
	(53, '2026-11-30 02:04:25.71721+00', 1255709852169279797, 'customer', 474, 200, 'cus_000045', 'PUT customer', 'accepted', NULL),
	(54, '2026-11-30 02:04:25.71721+00', -6511391806760319527, 'customer', 408, 200, 'cus_000049', 'PUT customer', 'accepted', NULL),
	(55, '2026-11-30 02:04:25.71721+00', -3316638862683835285, 'customer', 369, 200, 'cus_000053', 'PUT customer', 'accepted', NULL),
	(56, '2026-11-30 02:04:25.71721+00', -2360302613729059131, 'customer', 307, 200, 'cus_000059', 'PUT customer', 'accepted', NULL),
	(57, '2026-11-30 02:04:25.71721+00', -7606685484147248915, 'customer', 300, 200, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4', 'PUT customer', 'accepted', NULL),
	(58, '2026-11-30 02:04:26.490828+00', 9071811918593951597, 'product', 60, 200, '1', 'PUT product', 'accepted', NULL),
	(59, '2026-11-30 02:04:26.490828+00', -9217259596658174563, 'product', 31, 200, '10', 'PUT product', 'accepted', NULL),
	(60, '2026-11-30 02:04:26.490828+00', 8670906409488452266, 'product', 33, 200, '19', 'PUT product', 'accepted', NULL),
	(61, '2026-11-30 02:04:26.610387+00', -7878952661471673596, 'product', 75, 200, '11', 'PUT product', 'accepted', NULL),
	(62, '2026-11-30 02:04:26.610387+00', 4957529882898650017, 'product', 111, 200, '12', 'PUT product', 'accepted', NULL),
	(63, '2026-11-30 02:04:26.610387+00', -7226324107000984050, 'product', 45, 200, '2', 'PUT product', 'accepted', NULL),
	(64, '2026-11-30 02:04:26.610387+00', -1781810876767443383, 'product', 66, 200, '3', 'PUT product', 'accepted', NULL),
	(65, '2026-11-30 02:04:26.703883+00', 326019868233203453, 'product', 153, 200, '13', 'PUT product', 'accepted', NULL),
	(66, '2026-11-30 02:04:26.703883+00', 4846400928647735669, 'product', 116, 200, '4', 'PUT product', 'accepted', NULL),
	(67, '2026-11-30 02:04:26.703883+00', -440291152644902612, 'product', 116, 200, '6', 'PUT product', 'accepted', NULL),
	(68, '2026-11-30 02:04:26.739764+00', -5223461084190259617, 'product', 266, 200, '14', 'PUT product', 'accepted', NULL),
	(69, '2026-11-30 02:04:26.739764+00', -9217259596658174563, 'product', 37, 200, '10', 'POST variants', 'accepted', NULL),
	(70, '2026-11-30 02:04:26.739764+00', 8670906409488452266, 'product', 61, 200, '19', 'POST variants', 'accepted', NULL),
	(71, '2026-11-30 02:04:26.808059+00', 1874787979393240476, 'product', 171, 200, '8', 'PUT product', 'accepted', NULL),
	(72, '2026-11-30 02:04:26.808059+00', -2746061599537482325, 'product', 339, 200, '15', 'PUT product', 'accepted', NULL),
	(73, '2026-11-30 02:04:26.808059+00', -7994606771309917093, 'product', 185, 200, '9', 'PUT product', 'accepted', NULL),
	(74, '2026-11-30 02:04:26.808059+00', 4957529882898650017, 'product', 87, 200, '12', 'POST variants', 'accepted', NULL),
	(75, '2026-11-30 02:04:26.852016+00', -1781810876767443383, 'product', 83, 200, '3', 'POST variants', 'accepted', NULL),
	(76, '2026-11-30 02:04:26.852016+00', 4846400928647735669, 'product', 74, 200, '4', 'POST variants', 'accepted', NULL),
	(77, '2026-11-30 02:04:26.852016+00', -7226324107000984050, 'product', 145, 200, '2', 'POST variants', 'accepted', NULL),
	(81, '2026-11-30 02:04:27.002761+00', -440291152644902612, 'product', 170, 200, '6', 'POST variants', 'accepted', NULL),
	(82, '2026-11-30 02:04:27.002761+00', -5223461084190259617, 'product', 201, 200, '14', 'POST variants', 'accepted', NULL),
	(83, '2026-11-30 02:04:27.002761+00', -5419417749241442133, 'product', 541, 200, '17', 'PUT product', 'accepted', NULL),
	(84, '2026-11-30 02:04:27.002761+00', 3865268284668090892, 'product', 127, 200, '16', 'POST variants', 'accepted', NULL),
	(91, '2026-11-30 02:04:27.188971+00', -560033044489171141, 'product', 31, 200, '7', 'POST variants', 'accepted', NULL),
	(92, '2026-11-30 02:04:27.188971+00', 9071811918593951597, 'product', 587, 200, '1', 'POST variants', 'accepted', NULL),
	(100, '2026-11-30 02:04:28.740549+00', -4688303415483359739, 'order', 174, 200, '101', 'POST order', 'accepted', NULL),
	(101, '2026-11-30 02:04:28.740549+00', 1337545211361741244, 'order', 144, 200, '110', 'POST order', 'accepted', NULL),
	(102, '2026-11-30 02:04:28.740549+00', 6509555773202531989, 'order', 103, 200, '112', 'POST order', 'accepted', NULL),
	(105, '2026-11-30 02:04:28.863838+00', -7102561856514514196, 'order', 62, 200, '116', 'POST order', 'accepted', NULL),
	(106, '2026-11-30 02:04:28.863838+00', -8791129036965312585, 'order', 98, 200, '117', 'POST order', 'accepted', NULL),
	(125, '2026-11-30 02:04:29.26652+00', 3585925927005839482, 'order', 163, 200, '29', 'POST order', 'accepted', NULL),
	(126, '2026-11-30 02:04:29.26652+00', 8384805652909309205, 'order', 211, 200, '30', 'POST order', 'accepted', NULL),
	(127, '2026-11-30 02:04:29.26652+00', 7141051795889094386, 'order', 196, 200, '31', 'POST order', 'accepted', NULL),
	(141, '2026-11-30 02:04:29.646579+00', -4858020169156258056, 'order', 125, 200, '46', 'POST order', 'accepted', NULL),
	(142, '2026-11-30 02:04:29.646579+00', -6511568825121868272, 'order', 176, 200, '47', 'POST order', 'accepted', NULL),
	(143, '2026-11-30 02:04:29.646579+00', -8646861191351339144, 'order', 181, 200, '49', 'POST order', 'accepted', NULL),
	(147, '2026-11-30 02:04:29.811845+00', -2014455261320117543, 'order', 301, 200, '53', 'POST order', 'accepted', NULL),
	(148, '2026-11-30 02:04:29.811845+00', 701927461612639425, 'order', 409, 200, '44', 'POST order', 'accepted', NULL),
	(149, '2026-11-30 02:04:29.811845+00', -4133162557875565153, 'order', 323, 200, '55', 'POST order', 'accepted', NULL),
	(165, '2026-11-30 02:04:30.08261+00', -3333500672946801109, 'order', 127, 200, '74', 'POST order', 'accepted', NULL),
	(166, '2026-11-30 02:04:30.08261+00', 6542745630242207516, 'order', 149, 200, '75', 'POST order', 'accepted', NULL),
	(167, '2026-11-30 02:04:30.08261+00', -8106100660221417191, 'order', 103, 200, '76', 'POST order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(168, '2026-11-30 02:04:30.08261+00', -4290352111807506892, 'order', 109, 200, '78', 'POST order', 'accepted', NULL),
	(173, '2026-11-30 02:04:30.252573+00', 7387490062567169593, 'order', 183, 200, '85', 'POST order', 'accepted', NULL),
	(174, '2026-11-30 02:04:30.252573+00', -1671778508459725808, 'order', 183, 200, '86', 'POST order', 'accepted', NULL),
	(175, '2026-11-30 02:04:30.252573+00', 1522544673379935281, 'order', 236, 200, '87', 'POST order', 'accepted', NULL),
	(182, '2026-11-30 02:04:30.550931+00', -824818191415781708, 'order', 473, 200, '81', 'POST order', 'accepted', NULL),
	(183, '2026-11-30 02:04:30.550931+00', 6773205468568954139, 'order', 1737, 200, '118', 'POST order', 'accepted', NULL),
	(184, '2026-11-30 02:04:30.550931+00', 5173889508487620787, 'order', 516, 200, '83', 'POST order', 'accepted', NULL),
	(199, '2026-11-30 02:04:30.991575+00', -7494850136237330472, 'order', 281, 200, '105', 'PATCH order', 'accepted', NULL),
	(200, '2026-11-30 02:04:30.991575+00', 7439577497866197672, 'order', 291, 200, '23', 'PATCH order', 'accepted', NULL),
	(201, '2026-11-30 02:04:30.991575+00', -758119919297230924, 'order', 2003, NULL, '17', 'POST order', 'uncertain', 'no reply in time'),
	(202, '2026-11-30 02:04:30.991575+00', -7752666208675590879, 'order', 298, 200, '24', 'PATCH order', 'accepted', NULL),
	(203, '2026-11-30 02:04:30.991575+00', -889029779460645344, 'order', 272, 200, '2', 'PATCH order', 'accepted', NULL),
	(204, '2026-11-30 02:04:30.991575+00', -3431546867009074774, 'order', 239, 200, '20', 'PATCH order', 'accepted', NULL),
	(205, '2026-11-30 02:04:30.991575+00', 1033205671184277080, 'order', 2011, NULL, '19', 'POST order', 'uncertain', 'no reply in time'),
	(206, '2026-11-30 02:04:30.991575+00', 1895074223393879860, 'order', 2013, NULL, '22', 'POST order', 'uncertain', 'no reply in time'),
	(212, '2026-11-30 02:04:31.162405+00', -5828224830765703057, 'order', 2009, NULL, '32', 'POST order', 'uncertain', 'no reply in time'),
	(213, '2026-11-30 02:04:31.162405+00', 8384805652909309205, 'order', 322, 200, '30', 'PATCH order', 'accepted', NULL),
	(214, '2026-11-30 02:04:31.162405+00', 7141051795889094386, 'order', 339, 200, '31', 'PATCH order', 'accepted', NULL),
	(215, '2026-11-30 02:04:31.162405+00', 8048966753561591836, 'order', 2003, NULL, '36', 'POST order', 'uncertain', 'no reply in time'),
	(239, '2026-11-30 02:04:31.899025+00', 701927461612639425, 'order', 684, 200, '44', 'PATCH order', 'accepted', NULL),
	(240, '2026-11-30 02:04:31.899025+00', -8398453497502155006, 'order', 2014, NULL, '70', 'POST order', 'uncertain', 'no reply in time'),
	(241, '2026-11-30 02:04:31.899025+00', 8233618597385067976, 'order', 660, 200, '62', 'PATCH order', 'accepted', NULL),
	(254, '2026-11-30 02:04:32.194106+00', -3985245385985745519, 'order', 504, 200, '69', 'PATCH order', 'accepted', NULL),
	(255, '2026-11-30 02:04:32.194106+00', -8106100660221417191, 'order', 504, 200, '76', 'PATCH order', 'accepted', NULL),
	(256, '2026-11-30 02:04:32.194106+00', -338387123162674968, 'order', 2000, NULL, '99', 'POST order', 'uncertain', 'no reply in time'),
	(257, '2026-11-30 02:04:32.194106+00', 7387490062567169593, 'order', 551, 200, '85', 'PATCH order', 'accepted', NULL),
	(258, '2026-11-30 02:04:32.194106+00', -8136189780582111024, 'order', 2010, NULL, '100', 'PATCH order', 'later', 'no reply in time'),
	(283, '2026-11-30 02:04:33.038063+00', -4858020169156258056, 'order', 2007, NULL, '46', 'PATCH order', 'later', 'no reply in time'),
	(284, '2026-11-30 02:04:33.038063+00', 4646854884473095653, 'order', 2004, NULL, '5', 'PATCH order', 'later', 'no reply in time'),
	(285, '2026-11-30 02:04:33.038063+00', -7887548197544030771, 'order', 2003, NULL, '52', 'PATCH order', 'later', 'no reply in time'),
	(292, '2026-11-30 02:04:33.422405+00', 90770823077359625, 'order', 2002, NULL, '7', 'PATCH order', 'later', 'no reply in time'),
	(300, '2026-11-30 02:04:33.637068+00', -1671778508459725808, 'order', 2000, NULL, '86', 'PATCH order', 'later', 'no reply in time'),
	(301, '2026-11-30 02:04:33.637068+00', 1522544673379935281, 'order', 2000, NULL, '87', 'PATCH order', 'later', 'no reply in time'),
	(302, '2026-11-30 02:04:34.175051+00', -8136189780582111024, 'order', 116, 200, '100', 'PATCH order', 'accepted', NULL),
	(303, '2026-11-30 02:04:34.175051+00', 6707290314263519440, 'order', 117, 200, '120', 'PATCH order', 'accepted', NULL),
	(304, '2026-11-30 02:04:34.175051+00', -758119919297230924, 'order', 152, 200, '17', 'PATCH order', 'accepted', NULL),
	(305, '2026-11-30 02:04:34.175051+00', 1033205671184277080, 'order', 178, 200, '19', 'PATCH order', 'accepted', NULL),
	(319, '2026-11-30 02:04:35.243881+00', -7102561856514514196, 'order', 357, 200, '116', 'GET order', 'accepted', NULL),
	(320, '2026-11-30 02:04:35.243881+00', -2477516951522296186, 'order', 425, 200, '119', 'PATCH order', 'accepted', NULL),
	(321, '2026-11-30 02:04:35.243881+00', -7145304527587536278, 'order', 476, 200, '14', 'GET order', 'accepted', NULL),
	(322, '2026-11-30 02:04:35.243881+00', -6039298927040059412, 'order', 476, 200, '16', 'PATCH order', 'accepted', NULL),
	(323, '2026-11-30 02:04:35.243881+00', 2572051121470690943, 'order', 476, 200, '25', 'PATCH order', 'accepted', NULL),
	(329, '2026-11-30 02:04:35.483276+00', 2642183318479899618, 'order', 701, 200, '77', 'PATCH order', 'accepted', NULL),
	(335, '2026-11-30 02:04:35.765112+00', -4133162557875565153, 'order', 490, 200, '55', 'PATCH order', 'accepted', NULL),
	(336, '2026-11-30 02:04:35.765112+00', 1335689846972503212, 'order', 533, 200, '57', 'PATCH order', 'accepted', NULL),
	(359, '2026-11-30 02:04:36.774357+00', 7276286769712907668, 'order', 1546, 200, '65', 'PATCH order', 'accepted', NULL),
	(360, '2026-11-30 02:04:36.774357+00', -956733631797318045, 'order', 78, 200, '63', 'PATCH order', 'accepted', NULL),
	(361, '2026-11-30 02:04:36.774357+00', -363725264090154518, 'order', 1575, 200, '66', 'GET order', 'accepted', NULL),
	(366, '2026-11-30 02:04:36.972377+00', 6542745630242207516, 'order', 1612, 200, '75', 'PATCH order', 'accepted', NULL),
	(367, '2026-11-30 02:04:36.972377+00', -1671778508459725808, 'order', 1583, 200, '86', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(368, '2026-11-30 02:04:37.20237+00', 1926680812137220384, 'order', 41, 200, '54', 'PATCH order', 'accepted', NULL),
	(369, '2026-11-30 02:04:37.20237+00', -7813613807615528371, 'order', 66, 200, '58', 'PATCH order', 'accepted', NULL),
	(373, '2026-11-30 02:04:37.39705+00', -8398453497502155006, 'order', 175, 200, '70', 'PATCH order', 'accepted', NULL),
	(374, '2026-11-30 02:04:37.39705+00', -7813613807615528371, 'order', 79, 200, '58', 'PATCH order', 'accepted', NULL),
	(78, '2026-11-30 02:04:26.938742+00', 3865268284668090892, 'product', 436, 200, '16', 'PUT product', 'accepted', NULL),
	(79, '2026-11-30 02:04:26.938742+00', -2746061599537482325, 'product', 112, 200, '15', 'POST variants', 'accepted', NULL),
	(80, '2026-11-30 02:04:26.938742+00', -7994606771309917093, 'product', 78, 200, '9', 'POST variants', 'accepted', NULL),
	(88, '2026-11-30 02:04:27.128321+00', -1096826213331955353, 'product', 42, 200, '18', 'POST variants', 'accepted', NULL),
	(89, '2026-11-30 02:04:27.128321+00', 2388144116902373498, 'product', 63, 200, '20', 'POST variants', 'accepted', NULL),
	(90, '2026-11-30 02:04:27.128321+00', -560033044489171141, 'product', 574, 200, '7', 'PUT product', 'accepted', NULL),
	(93, '2026-11-30 02:04:27.249983+00', -7878952661471673596, 'product', 537, 200, '11', 'POST variants', 'accepted', NULL),
	(94, '2026-11-30 02:04:27.249983+00', 326019868233203453, 'product', 484, 200, '13', 'POST variants', 'accepted', NULL),
	(95, '2026-11-30 02:04:27.249983+00', 1874787979393240476, 'product', 444, 200, '8', 'POST variants', 'accepted', NULL),
	(96, '2026-11-30 02:04:28.562254+00', 2388541143799373964, 'order', 47, 200, '1', 'POST order', 'accepted', NULL),
	(103, '2026-11-30 02:04:28.802158+00', -2809843903210820920, 'order', 244, 200, '102', 'POST order', 'accepted', NULL),
	(104, '2026-11-30 02:04:28.802158+00', -1371061867320104539, 'order', 35, 200, '115', 'POST order', 'accepted', NULL),
	(107, '2026-11-30 02:04:28.991763+00', -5621164995082017906, 'order', 198, 200, '113', 'POST order', 'accepted', NULL),
	(108, '2026-11-30 02:04:28.991763+00', -4317310060167082672, 'order', 398, 200, '103', 'POST order', 'accepted', NULL),
	(109, '2026-11-30 02:04:28.991763+00', -2477516951522296186, 'order', 119, 200, '119', 'POST order', 'accepted', NULL),
	(110, '2026-11-30 02:04:28.991763+00', 8290786554040007008, 'order', 128, 200, '12', 'POST order', 'accepted', NULL),
	(111, '2026-11-30 02:04:28.991763+00', -7182784553476958420, 'order', 463, 200, '104', 'POST order', 'accepted', NULL),
	(112, '2026-11-30 02:04:28.991763+00', 3286831890243636027, 'order', 120, 200, '13', 'POST order', 'accepted', NULL),
	(113, '2026-11-30 02:04:28.991763+00', -7145304527587536278, 'order', 90, 200, '14', 'POST order', 'accepted', NULL),
	(120, '2026-11-30 02:04:29.139679+00', -889029779460645344, 'order', 102, 200, '2', 'POST order', 'accepted', NULL),
	(121, '2026-11-30 02:04:29.139679+00', -3431546867009074774, 'order', 117, 200, '20', 'POST order', 'accepted', NULL),
	(122, '2026-11-30 02:04:29.139679+00', 6231877787744556431, 'order', 140, 200, '21', 'POST order', 'accepted', NULL),
	(123, '2026-11-30 02:04:29.139679+00', -2696958902570915030, 'order', 623, 200, '106', 'POST order', 'accepted', NULL),
	(128, '2026-11-30 02:04:29.349926+00', 5265577691616134365, 'order', 205, 200, '33', 'POST order', 'accepted', NULL),
	(129, '2026-11-30 02:04:29.349926+00', 2572051121470690943, 'order', 314, 200, '25', 'POST order', 'accepted', NULL),
	(132, '2026-11-30 02:04:29.491574+00', 1085248944641977820, 'order', 296, 200, '34', 'POST order', 'accepted', NULL),
	(133, '2026-11-30 02:04:29.491574+00', -4637146605061523380, 'order', 217, 200, '37', 'POST order', 'accepted', NULL),
	(134, '2026-11-30 02:04:29.491574+00', -6228268634553268170, 'order', 181, 200, '38', 'POST order', 'accepted', NULL),
	(135, '2026-11-30 02:04:29.491574+00', -4749451765324924306, 'order', 185, 200, '39', 'POST order', 'accepted', NULL),
	(136, '2026-11-30 02:04:29.491574+00', 5873087582183404852, 'order', 157, 200, '40', 'POST order', 'accepted', NULL),
	(137, '2026-11-30 02:04:29.491574+00', -1754101742971391719, 'order', 131, 200, '42', 'POST order', 'accepted', NULL),
	(138, '2026-11-30 02:04:29.491574+00', 7458870554621698052, 'order', 112, 200, '43', 'POST order', 'accepted', NULL),
	(150, '2026-11-30 02:04:29.88836+00', -552044673818790289, 'order', 1328, 200, '109', 'POST order', 'accepted', NULL),
	(151, '2026-11-30 02:04:29.88836+00', 1335689846972503212, 'order', 256, 200, '57', 'POST order', 'accepted', NULL),
	(152, '2026-11-30 02:04:29.88836+00', -1594507931741955730, 'order', 239, 200, '59', 'POST order', 'accepted', NULL),
	(153, '2026-11-30 02:04:29.88836+00', 4662233161978638074, 'order', 233, 200, '6', 'POST order', 'accepted', NULL),
	(158, '2026-11-30 02:04:29.995204+00', -363725264090154518, 'order', 141, 200, '66', 'POST order', 'accepted', NULL),
	(159, '2026-11-30 02:04:29.995204+00', -7931287418194303434, 'order', 141, 200, '67', 'POST order', 'accepted', NULL),
	(160, '2026-11-30 02:04:29.995204+00', 2380768980780586940, 'order', 431, 200, '56', 'POST order', 'accepted', NULL),
	(161, '2026-11-30 02:04:29.995204+00', 1311890126727157453, 'order', 1368, 200, '111', 'POST order', 'accepted', NULL),
	(162, '2026-11-30 02:04:29.995204+00', 90770823077359625, 'order', 156, 200, '7', 'POST order', 'accepted', NULL),
	(163, '2026-11-30 02:04:29.995204+00', -1800861695258570056, 'order', 139, 200, '71', 'POST order', 'accepted', NULL),
	(164, '2026-11-30 02:04:29.995204+00', 3830169698782037961, 'order', 120, 200, '72', 'POST order', 'accepted', NULL),
	(185, '2026-11-30 02:04:30.6594+00', 2388541143799373964, 'order', 374, 200, '1', 'PATCH order', 'accepted', NULL),
	(186, '2026-11-30 02:04:30.6594+00', 3990230069899166348, 'order', 400, 200, '10', 'PATCH order', 'accepted', NULL),
	(187, '2026-11-30 02:04:30.6594+00', -7390086385177444102, 'order', 370, 200, '11', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(193, '2026-11-30 02:04:30.880057+00', -4317310060167082672, 'order', 351, 200, '103', 'PATCH order', 'accepted', NULL),
	(194, '2026-11-30 02:04:30.880057+00', 8290786554040007008, 'order', 343, 200, '12', 'PATCH order', 'accepted', NULL),
	(195, '2026-11-30 02:04:30.880057+00', -1060423433058078149, 'order', 670, 200, '97', 'POST order', 'accepted', NULL),
	(196, '2026-11-30 02:04:30.880057+00', 7146625355605010729, 'order', 670, 200, '98', 'POST order', 'accepted', NULL),
	(197, '2026-11-30 02:04:30.880057+00', 6707290314263519440, 'order', 2004, NULL, '120', 'POST order', 'uncertain', 'no reply in time'),
	(198, '2026-11-30 02:04:30.880057+00', 3027480256700408892, 'order', 284, 200, '18', 'PATCH order', 'accepted', NULL),
	(207, '2026-11-30 02:04:31.052395+00', 6231877787744556431, 'order', 269, 200, '21', 'PATCH order', 'accepted', NULL),
	(208, '2026-11-30 02:04:31.052395+00', -6925885904458981901, 'order', 270, 200, '15', 'PATCH order', 'accepted', NULL),
	(209, '2026-11-30 02:04:31.052395+00', -1169513406234652618, 'order', 2008, NULL, '27', 'POST order', 'uncertain', 'no reply in time'),
	(210, '2026-11-30 02:04:31.052395+00', 5267847924439801694, 'order', 297, 200, '28', 'PATCH order', 'accepted', NULL),
	(211, '2026-11-30 02:04:31.052395+00', -3152907631006682082, 'order', 2007, NULL, '3', 'POST order', 'uncertain', 'no reply in time'),
	(216, '2026-11-30 02:04:31.399192+00', 5265577691616134365, 'order', 387, 200, '33', 'PATCH order', 'accepted', NULL),
	(217, '2026-11-30 02:04:31.399192+00', -7182784553476958420, 'order', 742, 200, '104', 'PATCH order', 'accepted', NULL),
	(218, '2026-11-30 02:04:31.399192+00', -7096524380785138143, 'order', 2002, NULL, '4', 'POST order', 'uncertain', 'no reply in time'),
	(219, '2026-11-30 02:04:31.399192+00', 8310183058818755663, 'order', 2005, NULL, '41', 'POST order', 'uncertain', 'no reply in time'),
	(220, '2026-11-30 02:04:31.399192+00', 3286831890243636027, 'order', 848, 200, '13', 'PATCH order', 'accepted', NULL),
	(228, '2026-11-30 02:04:31.690375+00', -7813613807615528371, 'order', 2001, NULL, '58', 'POST order', 'uncertain', 'no reply in time'),
	(229, '2026-11-30 02:04:31.690375+00', 2684891040464421118, 'order', 668, 200, '107', 'PATCH order', 'accepted', NULL),
	(230, '2026-11-30 02:04:31.690375+00', 7458870554621698052, 'order', 668, 200, '43', 'PATCH order', 'accepted', NULL),
	(231, '2026-11-30 02:04:31.690375+00', -1754101742971391719, 'order', 698, 200, '42', 'PATCH order', 'accepted', NULL),
	(232, '2026-11-30 02:04:31.690375+00', -4527562395907327385, 'order', 2001, NULL, '60', 'POST order', 'uncertain', 'no reply in time'),
	(248, '2026-11-30 02:04:32.101229+00', 3830169698782037961, 'order', 566, 200, '72', 'PATCH order', 'accepted', NULL),
	(249, '2026-11-30 02:04:32.101229+00', 2793936342636660099, 'order', 2018, NULL, '88', 'POST order', 'uncertain', 'no reply in time'),
	(250, '2026-11-30 02:04:32.101229+00', -3333500672946801109, 'order', 572, 200, '74', 'PATCH order', 'accepted', NULL),
	(251, '2026-11-30 02:04:32.101229+00', 7350805945977702893, 'order', 523, 200, '79', 'PATCH order', 'accepted', NULL),
	(252, '2026-11-30 02:04:32.101229+00', 7905453127306279144, 'order', 2011, NULL, '91', 'POST order', 'uncertain', 'no reply in time'),
	(253, '2026-11-30 02:04:32.101229+00', 9200634973651849237, 'order', 2038, NULL, '94', 'POST order', 'uncertain', 'no reply in time'),
	(259, '2026-11-30 02:04:32.355251+00', -2111582162222891826, 'order', 252, 200, '89', 'PATCH order', 'accepted', NULL),
	(260, '2026-11-30 02:04:32.355251+00', -2654088085737526830, 'order', 234, 200, '90', 'PATCH order', 'accepted', NULL),
	(261, '2026-11-30 02:04:32.355251+00', 6773205468568954139, 'order', 211, 200, '118', 'PATCH order', 'accepted', NULL),
	(262, '2026-11-30 02:04:32.355251+00', 1337545211361741244, 'order', 2006, NULL, '110', 'PATCH order', 'later', 'no reply in time'),
	(263, '2026-11-30 02:04:32.355251+00', 5173889508487620787, 'order', 287, 200, '83', 'PATCH order', 'accepted', NULL),
	(264, '2026-11-30 02:04:32.355251+00', 7146625355605010729, 'order', 205, 200, '98', 'PATCH order', 'accepted', NULL),
	(265, '2026-11-30 02:04:32.355251+00', -1371061867320104539, 'order', 2021, NULL, '115', 'PATCH order', 'later', 'no reply in time'),
	(85, '2026-11-30 02:04:27.074401+00', -1096826213331955353, 'product', 599, 200, '18', 'PUT product', 'accepted', NULL),
	(86, '2026-11-30 02:04:27.074401+00', -5419417749241442133, 'product', 57, 200, '17', 'POST variants', 'accepted', NULL),
	(87, '2026-11-30 02:04:27.074401+00', 2388144116902373498, 'product', 550, 200, '20', 'PUT product', 'accepted', NULL),
	(97, '2026-11-30 02:04:28.672034+00', 3990230069899166348, 'order', 48, 200, '10', 'POST order', 'accepted', NULL),
	(98, '2026-11-30 02:04:28.672034+00', -8136189780582111024, 'order', 96, 200, '100', 'POST order', 'accepted', NULL),
	(99, '2026-11-30 02:04:28.672034+00', -7390086385177444102, 'order', 97, 200, '11', 'POST order', 'accepted', NULL),
	(114, '2026-11-30 02:04:29.053749+00', -6925885904458981901, 'order', 89, 200, '15', 'POST order', 'accepted', NULL),
	(115, '2026-11-30 02:04:29.053749+00', 3027480256700408892, 'order', 71, 200, '18', 'POST order', 'accepted', NULL),
	(116, '2026-11-30 02:04:29.053749+00', -7494850136237330472, 'order', 525, 200, '105', 'POST order', 'accepted', NULL),
	(117, '2026-11-30 02:04:29.053749+00', -6039298927040059412, 'order', 126, 200, '16', 'POST order', 'accepted', NULL),
	(118, '2026-11-30 02:04:29.053749+00', 7439577497866197672, 'order', 62, 200, '23', 'POST order', 'accepted', NULL),
	(119, '2026-11-30 02:04:29.053749+00', -7752666208675590879, 'order', 49, 200, '24', 'POST order', 'accepted', NULL),
	(124, '2026-11-30 02:04:29.193605+00', 5267847924439801694, 'order', 89, 200, '28', 'POST order', 'accepted', NULL),
	(130, '2026-11-30 02:04:29.402461+00', -4308759595419569499, 'order', 334, 200, '26', 'POST order', 'accepted', NULL),
	(131, '2026-11-30 02:04:29.402461+00', 2684891040464421118, 'order', 904, 200, '107', 'POST order', 'accepted', NULL),
	(139, '2026-11-30 02:04:29.553288+00', -7028475495567881964, 'order', 344, 200, '35', 'POST order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(140, '2026-11-30 02:04:29.553288+00', -1575795196452421808, 'order', 1028, 200, '108', 'POST order', 'accepted', NULL),
	(144, '2026-11-30 02:04:29.746857+00', 4646854884473095653, 'order', 198, 200, '5', 'POST order', 'accepted', NULL),
	(145, '2026-11-30 02:04:29.746857+00', 4014918287500893893, 'order', 227, 200, '50', 'POST order', 'accepted', NULL),
	(146, '2026-11-30 02:04:29.746857+00', -7887548197544030771, 'order', 239, 200, '52', 'POST order', 'accepted', NULL),
	(154, '2026-11-30 02:04:29.960181+00', -5362066522535738209, 'order', 231, 200, '61', 'POST order', 'accepted', NULL),
	(155, '2026-11-30 02:04:29.960181+00', -956733631797318045, 'order', 181, 200, '63', 'POST order', 'accepted', NULL),
	(156, '2026-11-30 02:04:29.960181+00', 8233618597385067976, 'order', 202, 200, '62', 'POST order', 'accepted', NULL),
	(157, '2026-11-30 02:04:29.960181+00', 7276286769712907668, 'order', 173, 200, '65', 'POST order', 'accepted', NULL),
	(169, '2026-11-30 02:04:30.190082+00', 7350805945977702893, 'order', 126, 200, '79', 'POST order', 'accepted', NULL),
	(170, '2026-11-30 02:04:30.190082+00', 3318239174759469855, 'order', 153, 200, '8', 'POST order', 'accepted', NULL),
	(171, '2026-11-30 02:04:30.190082+00', 1628618005473696623, 'order', 1464, 200, '114', 'POST order', 'accepted', NULL),
	(172, '2026-11-30 02:04:30.190082+00', -3985245385985745519, 'order', 310, 200, '69', 'POST order', 'accepted', NULL),
	(176, '2026-11-30 02:04:30.413657+00', -2111582162222891826, 'order', 245, 200, '89', 'POST order', 'accepted', NULL),
	(177, '2026-11-30 02:04:30.413657+00', 4508680391365352879, 'order', 263, 200, '9', 'POST order', 'accepted', NULL),
	(178, '2026-11-30 02:04:30.413657+00', -2654088085737526830, 'order', 263, 200, '90', 'POST order', 'accepted', NULL),
	(179, '2026-11-30 02:04:30.413657+00', 1038831368794490222, 'order', 298, 200, '92', 'POST order', 'accepted', NULL),
	(180, '2026-11-30 02:04:30.413657+00', -5279744090025873054, 'order', 317, 200, '95', 'POST order', 'accepted', NULL),
	(181, '2026-11-30 02:04:30.413657+00', 9016605640126370428, 'order', 300, 200, '96', 'POST order', 'accepted', NULL),
	(188, '2026-11-30 02:04:30.750982+00', -4688303415483359739, 'order', 376, 200, '101', 'PATCH order', 'accepted', NULL),
	(189, '2026-11-30 02:04:30.750982+00', -2809843903210820920, 'order', 358, 200, '102', 'PATCH order', 'accepted', NULL),
	(190, '2026-11-30 02:04:30.750982+00', 6509555773202531989, 'order', 391, 200, '112', 'PATCH order', 'accepted', NULL),
	(191, '2026-11-30 02:04:30.750982+00', -8791129036965312585, 'order', 335, 200, '117', 'PATCH order', 'accepted', NULL),
	(192, '2026-11-30 02:04:30.750982+00', -5621164995082017906, 'order', 327, 200, '113', 'PATCH order', 'accepted', NULL),
	(221, '2026-11-30 02:04:31.553514+00', -7169096205097655508, 'order', 2004, NULL, '45', 'POST order', 'uncertain', 'no reply in time'),
	(222, '2026-11-30 02:04:31.553514+00', 1085248944641977820, 'order', 564, 200, '34', 'PATCH order', 'accepted', NULL),
	(223, '2026-11-30 02:04:31.553514+00', -4637146605061523380, 'order', 603, 200, '37', 'PATCH order', 'accepted', NULL),
	(224, '2026-11-30 02:04:31.553514+00', 6863382979184401595, 'order', 2031, NULL, '48', 'POST order', 'uncertain', 'no reply in time'),
	(225, '2026-11-30 02:04:31.553514+00', 5677115666392629077, 'order', 2005, NULL, '51', 'POST order', 'uncertain', 'no reply in time'),
	(226, '2026-11-30 02:04:31.553514+00', 1926680812137220384, 'order', 2001, NULL, '54', 'POST order', 'uncertain', 'no reply in time'),
	(227, '2026-11-30 02:04:31.553514+00', -4749451765324924306, 'order', 618, 200, '39', 'PATCH order', 'accepted', NULL),
	(233, '2026-11-30 02:04:31.812921+00', -6511568825121868272, 'order', 704, 200, '47', 'PATCH order', 'accepted', NULL),
	(234, '2026-11-30 02:04:31.812921+00', -782514091913684696, 'order', 2004, NULL, '64', 'POST order', 'uncertain', 'no reply in time'),
	(235, '2026-11-30 02:04:31.812921+00', 4014918287500893893, 'order', 733, 200, '50', 'PATCH order', 'accepted', NULL),
	(236, '2026-11-30 02:04:31.812921+00', -2014455261320117543, 'order', 695, 200, '53', 'PATCH order', 'accepted', NULL),
	(237, '2026-11-30 02:04:31.812921+00', -1594507931741955730, 'order', 712, 200, '59', 'PATCH order', 'accepted', NULL),
	(238, '2026-11-30 02:04:31.812921+00', 6813743388114747736, 'order', 2002, NULL, '68', 'POST order', 'uncertain', 'no reply in time'),
	(242, '2026-11-30 02:04:31.99778+00', -552044673818790289, 'order', 682, 200, '109', 'PATCH order', 'accepted', NULL),
	(243, '2026-11-30 02:04:31.99778+00', -3679202950999371005, 'order', 2030, NULL, '73', 'POST order', 'uncertain', 'no reply in time'),
	(244, '2026-11-30 02:04:31.99778+00', 2380768980780586940, 'order', 626, 200, '56', 'PATCH order', 'accepted', NULL),
	(245, '2026-11-30 02:04:31.99778+00', 2642183318479899618, 'order', 2000, NULL, '77', 'POST order', 'uncertain', 'no reply in time'),
	(246, '2026-11-30 02:04:31.99778+00', 1652378145402027256, 'order', 2027, NULL, '80', 'POST order', 'uncertain', 'no reply in time'),
	(247, '2026-11-30 02:04:31.99778+00', -4721264396046984572, 'order', 2020, NULL, '84', 'POST order', 'uncertain', 'no reply in time'),
	(266, '2026-11-30 02:04:32.455224+00', 1038831368794490222, 'order', 387, 200, '92', 'PATCH order', 'accepted', NULL),
	(267, '2026-11-30 02:04:32.455224+00', -5279744090025873054, 'order', 410, 200, '95', 'PATCH order', 'accepted', NULL),
	(268, '2026-11-30 02:04:32.455224+00', -2477516951522296186, 'order', 2016, NULL, '119', 'PATCH order', 'later', 'no reply in time'),
	(269, '2026-11-30 02:04:32.455224+00', 9016605640126370428, 'order', 369, 200, '96', 'PATCH order', 'accepted', NULL),
	(273, '2026-11-30 02:04:32.69724+00', -6039298927040059412, 'order', 2007, NULL, '16', 'PATCH order', 'later', 'no reply in time'),
	(274, '2026-11-30 02:04:32.69724+00', -7145304527587536278, 'order', 2024, NULL, '14', 'PATCH order', 'later', 'no reply in time'),
	(277, '2026-11-30 02:04:32.982407+00', 2572051121470690943, 'order', 2007, NULL, '25', 'PATCH order', 'later', 'no reply in time'),
	(278, '2026-11-30 02:04:32.982407+00', -4308759595419569499, 'order', 2004, NULL, '26', 'PATCH order', 'later', 'no reply in time');
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(279, '2026-11-30 02:04:32.982407+00', -6228268634553268170, 'order', 2006, NULL, '38', 'PATCH order', 'later', 'no reply in time'),
	(280, '2026-11-30 02:04:32.982407+00', 5873087582183404852, 'order', 2000, NULL, '40', 'PATCH order', 'later', 'no reply in time'),
	(281, '2026-11-30 02:04:32.982407+00', -7028475495567881964, 'order', 2006, NULL, '35', 'PATCH order', 'later', 'no reply in time'),
	(282, '2026-11-30 02:04:32.982407+00', -1575795196452421808, 'order', 2006, NULL, '108', 'PATCH order', 'later', 'no reply in time'),
	(290, '2026-11-30 02:04:33.320486+00', 7276286769712907668, 'order', 2012, NULL, '65', 'PATCH order', 'later', 'no reply in time'),
	(291, '2026-11-30 02:04:33.320486+00', -7931287418194303434, 'order', 2007, NULL, '67', 'PATCH order', 'later', 'no reply in time'),
	(298, '2026-11-30 02:04:33.601915+00', 3318239174759469855, 'order', 2014, NULL, '8', 'PATCH order', 'later', 'no reply in time'),
	(299, '2026-11-30 02:04:33.601915+00', 1628618005473696623, 'order', 2004, NULL, '114', 'PATCH order', 'later', 'no reply in time'),
	(307, '2026-11-30 02:04:34.503423+00', -1169513406234652618, 'order', 285, 200, '27', 'PATCH order', 'accepted', NULL),
	(308, '2026-11-30 02:04:34.503423+00', -3152907631006682082, 'order', 343, 200, '3', 'PATCH order', 'accepted', NULL),
	(309, '2026-11-30 02:04:34.503423+00', -5828224830765703057, 'order', 370, 200, '32', 'PATCH order', 'accepted', NULL),
	(310, '2026-11-30 02:04:34.503423+00', 8048966753561591836, 'order', 411, 200, '36', 'PATCH order', 'accepted', NULL),
	(311, '2026-11-30 02:04:34.503423+00', -7096524380785138143, 'order', 436, 200, '4', 'PATCH order', 'accepted', NULL),
	(270, '2026-11-30 02:04:32.550752+00', -7102561856514514196, 'order', 2004, NULL, '116', 'PATCH order', 'later', 'no reply in time'),
	(271, '2026-11-30 02:04:32.550752+00', -824818191415781708, 'order', 447, 200, '81', 'PATCH order', 'accepted', NULL),
	(272, '2026-11-30 02:04:32.550752+00', -1060423433058078149, 'order', 448, 200, '97', 'PATCH order', 'accepted', NULL),
	(275, '2026-11-30 02:04:32.816018+00', -2696958902570915030, 'order', 2001, NULL, '106', 'PATCH order', 'later', 'no reply in time'),
	(276, '2026-11-30 02:04:32.816018+00', 3585925927005839482, 'order', 2016, NULL, '29', 'PATCH order', 'later', 'no reply in time'),
	(286, '2026-11-30 02:04:33.196103+00', -4133162557875565153, 'order', 2019, NULL, '55', 'PATCH order', 'later', 'no reply in time'),
	(287, '2026-11-30 02:04:33.196103+00', 1335689846972503212, 'order', 2006, NULL, '57', 'PATCH order', 'later', 'no reply in time'),
	(288, '2026-11-30 02:04:33.196103+00', 4662233161978638074, 'order', 2000, NULL, '6', 'PATCH order', 'later', 'no reply in time'),
	(289, '2026-11-30 02:04:33.196103+00', -5362066522535738209, 'order', 2014, NULL, '61', 'PATCH order', 'later', 'no reply in time'),
	(293, '2026-11-30 02:04:33.517968+00', -1800861695258570056, 'order', 2007, NULL, '71', 'PATCH order', 'later', 'no reply in time'),
	(294, '2026-11-30 02:04:33.517968+00', -956733631797318045, 'order', 2000, NULL, '63', 'PATCH order', 'later', 'no reply in time'),
	(295, '2026-11-30 02:04:33.517968+00', 6542745630242207516, 'order', 2006, NULL, '75', 'PATCH order', 'later', 'no reply in time'),
	(296, '2026-11-30 02:04:33.517968+00', -4290352111807506892, 'order', 2006, NULL, '78', 'PATCH order', 'later', 'no reply in time'),
	(297, '2026-11-30 02:04:33.517968+00', -363725264090154518, 'order', 2005, NULL, '66', 'PATCH order', 'later', 'no reply in time'),
	(306, '2026-11-30 02:04:34.267678+00', 1895074223393879860, 'order', 225, 200, '22', 'PATCH order', 'accepted', NULL),
	(316, '2026-11-30 02:04:35.054506+00', -2696958902570915030, 'order', 186, 200, '106', 'PATCH order', 'accepted', NULL),
	(317, '2026-11-30 02:04:35.054506+00', 1337545211361741244, 'order', 225, 200, '110', 'PATCH order', 'accepted', NULL),
	(318, '2026-11-30 02:04:35.054506+00', -1371061867320104539, 'order', 315, 200, '115', 'PATCH order', 'accepted', NULL),
	(334, '2026-11-30 02:04:35.64503+00', -7887548197544030771, 'order', 428, 200, '52', 'PATCH order', 'accepted', NULL),
	(337, '2026-11-30 02:04:35.897103+00', 4662233161978638074, 'order', 553, 200, '6', 'PATCH order', 'accepted', NULL),
	(338, '2026-11-30 02:04:35.897103+00', -7931287418194303434, 'order', 544, 200, '67', 'PATCH order', 'accepted', NULL),
	(339, '2026-11-30 02:04:35.897103+00', 90770823077359625, 'order', 555, 200, '7', 'PATCH order', 'accepted', NULL),
	(349, '2026-11-30 02:04:36.102042+00', 1522544673379935281, 'order', 627, 200, '87', 'PATCH order', 'accepted', NULL),
	(353, '2026-11-30 02:04:36.554636+00', 7905453127306279144, 'order', 1751, 200, '91', 'PATCH order', 'accepted', NULL),
	(354, '2026-11-30 02:04:36.554636+00', 9200634973651849237, 'order', 1755, 200, '94', 'PATCH order', 'accepted', NULL),
	(355, '2026-11-30 02:04:36.554636+00', -338387123162674968, 'order', 1819, 200, '99', 'PATCH order', 'accepted', NULL),
	(362, '2026-11-30 02:04:36.842419+00', -363725264090154518, 'order', 41, 200, '66', 'PATCH order', 'accepted', NULL),
	(363, '2026-11-30 02:04:36.842419+00', -1575795196452421808, 'order', 1640, 200, '108', 'PATCH order', 'accepted', NULL),
	(370, '2026-11-30 02:04:37.306247+00', -4527562395907327385, 'order', 77, 200, '60', 'PATCH order', 'accepted', NULL),
	(371, '2026-11-30 02:04:37.306247+00', -782514091913684696, 'order', 111, 200, '64', 'PATCH order', 'accepted', NULL),
	(372, '2026-11-30 02:04:37.306247+00', 6813743388114747736, 'order', 143, 200, '68', 'PATCH order', 'accepted', NULL),
	(312, '2026-11-30 02:04:34.503423+00', 8310183058818755663, 'order', 470, 200, '41', 'PATCH order', 'accepted', NULL),
	(313, '2026-11-30 02:04:34.503423+00', -7169096205097655508, 'order', 491, 200, '45', 'PATCH order', 'accepted', NULL),
	(314, '2026-11-30 02:04:34.871508+00', 6863382979184401595, 'order', 623, 200, '48', 'PATCH order', 'accepted', NULL),
	(315, '2026-11-30 02:04:34.871508+00', 5677115666392629077, 'order', 724, 200, '51', 'PATCH order', 'accepted', NULL),
	(324, '2026-11-30 02:04:35.36054+00', -4308759595419569499, 'order', 605, 200, '26', 'PATCH order', 'accepted', NULL),
	(325, '2026-11-30 02:04:35.36054+00', 3585925927005839482, 'order', 645, 200, '29', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.attempt OVERRIDING SYSTEM VALUE VALUES
	(326, '2026-11-30 02:04:35.36054+00', -7028475495567881964, 'order', 645, 200, '35', 'PATCH order', 'accepted', NULL),
	(327, '2026-11-30 02:04:35.36054+00', -6228268634553268170, 'order', 678, 200, '38', 'PATCH order', 'accepted', NULL),
	(328, '2026-11-30 02:04:35.36054+00', -3679202950999371005, 'order', 622, 200, '73', 'PATCH order', 'accepted', NULL),
	(330, '2026-11-30 02:04:35.577979+00', -7102561856514514196, 'order', 463, 200, '116', 'PATCH order', 'accepted', NULL),
	(331, '2026-11-30 02:04:35.577979+00', -7145304527587536278, 'order', 344, 200, '14', 'PATCH order', 'accepted', NULL),
	(332, '2026-11-30 02:04:35.577979+00', -4858020169156258056, 'order', 335, 200, '46', 'PATCH order', 'accepted', NULL),
	(333, '2026-11-30 02:04:35.577979+00', 4646854884473095653, 'order', 388, 200, '5', 'PATCH order', 'accepted', NULL),
	(340, '2026-11-30 02:04:36.02345+00', -1800861695258570056, 'order', 595, 200, '71', 'PATCH order', 'accepted', NULL),
	(341, '2026-11-30 02:04:36.02345+00', -4290352111807506892, 'order', 667, 200, '78', 'PATCH order', 'accepted', NULL),
	(342, '2026-11-30 02:04:36.02345+00', 3318239174759469855, 'order', 653, 200, '8', 'PATCH order', 'accepted', NULL),
	(343, '2026-11-30 02:04:36.02345+00', 1926680812137220384, 'order', 2013, NULL, '54', 'PATCH order', 'later', 'no reply in time'),
	(344, '2026-11-30 02:04:36.02345+00', -7813613807615528371, 'order', 2013, NULL, '58', 'PATCH order', 'later', 'no reply in time'),
	(345, '2026-11-30 02:04:36.02345+00', -4527562395907327385, 'order', 2013, NULL, '60', 'PATCH order', 'later', 'no reply in time'),
	(346, '2026-11-30 02:04:36.02345+00', -782514091913684696, 'order', 2013, NULL, '64', 'PATCH order', 'later', 'no reply in time'),
	(347, '2026-11-30 02:04:36.02345+00', 6813743388114747736, 'order', 2013, NULL, '68', 'PATCH order', 'later', 'no reply in time'),
	(348, '2026-11-30 02:04:36.02345+00', -8398453497502155006, 'order', 2013, NULL, '70', 'PATCH order', 'later', 'no reply in time'),
	(350, '2026-11-30 02:04:36.476902+00', 1652378145402027256, 'order', 1671, 200, '80', 'PATCH order', 'accepted', NULL),
	(351, '2026-11-30 02:04:36.476902+00', -4721264396046984572, 'order', 1743, 200, '84', 'PATCH order', 'accepted', NULL),
	(352, '2026-11-30 02:04:36.476902+00', 2793936342636660099, 'order', 1743, 200, '88', 'PATCH order', 'accepted', NULL),
	(356, '2026-11-30 02:04:36.681566+00', -7169096205097655508, 'order', 1760, 200, '45', 'PATCH order', 'accepted', NULL),
	(357, '2026-11-30 02:04:36.681566+00', -5362066522535738209, 'order', 1464, 200, '61', 'PATCH order', 'accepted', NULL),
	(358, '2026-11-30 02:04:36.681566+00', -956733631797318045, 'order', 1464, 200, '63', 'GET order', 'accepted', NULL),
	(364, '2026-11-30 02:04:36.94377+00', 1628618005473696623, 'order', 1673, 200, '114', 'PATCH order', 'accepted', NULL),
	(365, '2026-11-30 02:04:36.94377+00', 5873087582183404852, 'order', 1718, 200, '40', 'PATCH order', 'accepted', NULL);
INSERT INTO influence.capture_point VALUES
	('customer', '2026-11-30 02:04:23.350845+00', 814, 814, '{}', '16974@7713779494430714156/1', '607b51d2c51cbd49', '15dee4378ee4039f', 'record/18/21/69f3d8f2', '2026-11-30 02:04:23.350845+00'),
	('product', '2026-11-30 02:04:25.916484+00', 836, 836, '{}', '16974@7713779494430714156/1', '4f8614c174cafa94', 'cf578556e789a92a', 'record/18/21/d0d355f0', '2026-11-30 02:04:25.916484+00'),
	('order', '2026-11-30 02:04:27.338515+00', 857, 857, '{}', '16974@7713779494430714156/1', '1be0208f10706536', '88548cde935a3a74', 'record/18/21/6d19505d', '2026-11-30 02:04:27.338515+00');
INSERT INTO influence.coupon VALUES
	('KEPT-1', 5, 'issued', '3', 'fixed', 5, 'EUR', NULL, '2026-11-30 02:04:37.974775+00', NULL, NULL, NULL),
	('KEPT-2', 5, 'issuing', '3', 'fixed', 5, 'EUR', NULL, NULL, NULL, NULL, NULL);
INSERT INTO influence.email_owner OVERRIDING SYSTEM VALUE VALUES
	('04884437-4238-b951-d60b-ad577826ecbf', 1, 'cus_000028'),
	('0b07befc-907d-7f93-4757-53299ee2ca54', 2, 'cus_000006'),
	('0b6b140f-0b44-b00d-1971-d16e9ed587d4', 3, 'cus_000035'),
	('0f58d3b2-5b61-7a30-775e-884d5e5e1921', 4, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4'),
	('0fec5012-d883-8dc7-f42f-6d447788df2f', 5, 'cus_000013'),
	('0ff18ab8-6b63-ac4d-825a-97ad05875e46', 6, '5000038'),
	('123d7359-509f-7f0e-521e-180cfd24d7df', 7, '5000008'),
	('25be06b8-4a7b-d6b8-e77f-d24a2f60deee', 8, 'cus_000026'),
	('2666f523-c201-6ebd-7743-daa7fb603972', 9, 'cus_000046'),
	('268339f3-8df1-a3a7-9d8c-24ee03a24baf', 10, 'cus_000004'),
	('2ea1bc73-4cd2-846a-dc71-df18fa593649', 11, 'cus_000017'),
	('319d124c-8121-a48e-b215-96d43c638ace', 12, 'cus_000055'),
	('35b27a62-9c65-64a7-8f58-3745578b6e55', 13, 'cus_000039'),
	('3c36d240-772e-3ae0-21c5-68b8515ae284', 14, 'cus_000014'),
	('41355621-26f5-47c3-70d1-50a8da2a2839', 15, '5000058'),
	('469a3b52-3b38-aef5-a049-a9d5b4081fce', 16, 'cus_000044'),
	('491b7871-4eaf-123b-0cfb-eb5286fbc9c5', 17, 'cus_000003'),
	('5c75d4a6-8559-83d1-2743-5ea8aaa1bd98', 18, 'cus_000040'),
	('61a47bdf-3c99-d94c-e288-436efbdfaa3d', 19, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4'),
	('645fb287-879f-2545-91fb-aa57729fe715', 20, 'cus_000045'),
	('69f0569d-179e-5d1b-df07-2621821862c2', 21, 'cus_000015'),
	('6dc1cc02-056a-42fb-1f0a-8d35b6442136', 22, 'cus_000025'),
	('726a84b0-27f1-5a9b-76b4-b00b0cb61d82', 23, 'cus_000048'),
	('83be6f7a-f168-c029-fc68-eab705dd4210', 24, 'cus_000032'),
	('85729a75-0e1b-a013-625e-1d1712eed22a', 25, 'cus_000049'),
	('86921b39-25b8-9f45-7909-4963393c6190', 26, 'cus_000056'),
	('86b1013d-4e02-a1aa-8250-702f71477e23', 27, 'cus_000034'),
	('89722eb8-b63b-44f4-f977-7aff98cdaf29', 28, 'cus_000050'),
	('91d5d7cf-7b06-bda3-735f-c84884cb6ebf', 29, 'cus_000057'),
	('9254823c-313f-c4ff-36e2-ce0fea6879e0', 30, 'cus_000043'),
	('94966a5c-2e5e-9c7d-bd12-b5e124a6e59d', 31, 'cus_000053'),
	('97f584f1-0c76-fedf-5bcb-dbe169a05dde', 32, 'cus_000020'),
	('9a1ede60-8794-cb38-073c-fa611651b5f7', 33, 'cus_000009'),
	('9ca031d7-f0ea-ceba-e595-14ad591f8318', 34, 'cus_000029'),
	('a464afcc-bbbe-52d1-788f-de94d8e76115', 35, 'cus_000002'),
	('a7974a78-8a4e-4c82-1b1a-437377f9a4f7', 36, 'cus_000018'),
	('a79e8393-f807-c8ab-1df1-c8b4972c721a', 37, 'cus_000052'),
	('ad6f3b19-a06e-ebf8-4a71-fc6ee698ace0', 38, 'cus_000024'),
	('b0eea976-5604-4b06-380e-a0cf899d3fa8', 39, 'cus_000010'),
	('b4004f9c-6ce1-68b6-c010-8f132f0319f7', 40, 'cus_000007'),
	('b4667c30-0f1e-1c55-289b-a2a3308245d7', 41, 'cus_000059'),
	('bb5a6793-3d3f-4a33-a6af-74bd36abd299', 42, 'cus_000019'),
	('bd8b2183-05e2-09b3-e803-04e8e3e6cddc', 43, 'cus_000027'),
	('c4c95759-3fd4-85e0-1de6-e3ac32e7da1b', 44, 'cus_000030'),
	('c9c40487-d971-20a5-d14f-8409a4b46db8', 45, 'cus_000012'),
	('ca7cf38d-4f3d-0194-3b47-23e5d398b70f', 46, 'cus_000033'),
	('cb76c671-d915-9321-6b29-2379d6ee53b9', 47, 'cus_000031'),
	('d653cf62-b464-e7d1-64c6-f726b4a5eec8', 48, '5000022'),
	('d8776fba-c9ba-2f32-094f-0b1ff5919220', 49, 'cus_000011'),
	('dd88958b-60d9-4382-83d8-f7f33c4448c1', 50, 'cus_000021');
INSERT INTO influence.email_owner OVERRIDING SYSTEM VALUE VALUES
	('e76a1871-d112-e4e9-3a41-a6d722c5db8d', 51, 'eef37529-d004-3acf-11f8-b044b78f87b7'),
	('ea40ed32-7659-52c9-b61e-b06e4dc3ec04', 52, 'cus_000001'),
	('ec4bbd99-b145-3101-75a4-62ddda3cc823', 53, 'cus_000037'),
	('eeaa08a7-1501-8478-191d-74c3aa2d0fc4', 54, 'cus_000047'),
	('f51bd2d8-f5b2-339f-9c0d-803407c9d037', 55, 'cus_000036'),
	('f83de02d-06f5-f1b8-ff4c-5411614846f0', 56, 'cus_000041'),
	('ff445140-f794-b9bb-3ab7-ff3cef41ec62', 57, 'cus_000060');
INSERT INTO influence.fact VALUES
	('email_salt', '"8d63cd73242ba84c704b72e9c13059a637a022c210fb5b58866f5eafe626944b"', '2026-11-30 02:04:23.917953+00');
INSERT INTO influence.inbox OVERRIDING SYSTEM VALUE VALUES
	(3, '2026-11-30 02:04:37.859971+00', 'points/earned', 'subscription-1', 'points/earned|earned-1', '\xa854cea5ecfb2db7e61a40c70a9b92562ece40d701cd51c22dc5807c31db8573', '\x7b226964223a20226561726e65642d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c2022706f696e7473223a2031307d', '{"date": "today"}', false, 1, 'new', 0, '2026-11-30 02:04:37.859971+00', NULL, NULL, NULL, NULL, NULL),
	(6, '2026-11-30 02:04:37.859971+00', 'customers/updated', 'subscription-1', 'sha256:f5596d11c11f364b60d7f1c529fe4f820cdaa0d3a182e859b7b395a058cd9b93', '\x29ecbeb830e3244605e5a88493e4088424a71780e5cf59bb3475f278f294335b', '\x6e6f204a534f4e', '{"date": "today"}', false, 1, 'quarantined', 0, '2026-11-30 02:04:37.859971+00', NULL, NULL, 'not_json', 'The body is not usable JSON: a syntax error at character 0.', NULL),
	(1, '2026-11-30 02:04:37.859971+00', 'customers/updated', 'subscription-1', 'customers/updated|inf-3|2026-05-01T10:00:00Z', '\x400179869e6718cca331b05592d93e723d1ef6c555c3313fd152bb364f2c0710', '\x7b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d', '{"date": "today"}', false, 1, 'done', 1, '2026-11-30 02:04:37.859971+00', NULL, NULL, NULL, NULL, '2026-11-30 02:04:37.974775+00'),
	(5, '2026-11-30 02:04:37.859971+00', 'referrals/completed', 'subscription-1', 'referrals/completed|ref-1', '\x0df7fb0882dec89015c7fccf335e5f7139e6383af1f9cfc4c2496fe0c61620f5', '\x7b226964223a20227265662d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d7d', '{"date": "today"}', false, 1, 'done', 1, '2026-11-30 02:04:37.859971+00', NULL, NULL, NULL, NULL, '2026-11-30 02:04:37.974775+00'),
	(4, '2026-11-30 02:04:37.859971+00', 'points/redeemed', 'subscription-1', 'points/redeemed|red-1', '\x0d5ec76df721c7e7d9a620b716ef4afa7ced94537daaf2bb22657e3ba9cdd84b', '\x7b226964223a20227265642d31222c2022637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c2022636f75706f6e436f6465223a202257414954532d31222c2022706f696e7473223a202d357d', '{"date": "today"}', false, 1, 'parked', 1, '2026-11-30 02:04:37.859971+00', NULL, NULL, 'no_worth', 'nobody knows what it is worth', NULL),
	(2, '2026-11-30 02:04:37.859971+00', 'customers/tier_changed', 'subscription-1', 'customers/tier_changed|inf-3|t2|2026-05-01T10:00:00Z', '\xc1c4c66b13dbf69a0684d9164a8f052ffc51c17d88cb04d8757637d47c15e308', '\x7b22637573746f6d6572223a207b226964223a2022696e662d33222c202265787465726e616c4964223a202233222c2022656d61696c223a2022706572736f6e33406578616d706c652e74657374222c2022706f696e7442616c616e6365223a203530302c2022757064617465644174223a2022323032362d30352d30315431303a30303a30305a227d2c20226e657754696572223a207b226964223a20227432222c20227469746c65223a202253696c766572227d7d', '{"date": "today"}', false, 1, 'new', 1, '2026-11-30 02:04:37.859971+00', '2026-11-30 02:05:37.974775+00', 15, NULL, NULL, NULL);
INSERT INTO influence.loyalty_member VALUES
	('inf-3', '3', 500, 't1', 'Bronze', NULL, '2026-11-30 02:04:37.974775+00', 1);
INSERT INTO influence.pace VALUES
	(1, '{"low": 0.0, "held": 0.0, "mode": "open", "rare": 0, "rate": null, "rest": 1.0, "epoch": 0, "piece": 7184017110, "since": 0.0, "slots": 0, "counts": [0, 9, 6, 0], "growth": 0.0, "passed": 293, "widest": 58, "doubted": false, "next_at": 0.0, "grown_at": 0.0, "patience": 1, "saves_up": false, "announced": 0.0, "opened_at": 1796004264.312502, "rare_from": 0.0, "rare_sent": 0.0, "widest_at": 1796004271.652877, "grows_from": 0.0, "held_until": 0.0, "hold_until": 0.0, "late_epoch": -1, "live_until": 0.0, "alone_until": 1796004278.523537, "chance_until": 0.0, "late_seconds": 0.0}', '2026-11-30 02:04:37.518962+00');
INSERT INTO influence.schema_version VALUES
	('0002');
INSERT INTO influence.snapshot VALUES
	(7059135712338435737, NULL, NULL, NULL, 'customer', NULL, '3840f88f-8687-59ac-fbde-e41c2da66f92'),
	(-8109577624203760974, -8109577624203760974, NULL, NULL, 'customer', NULL, '5000008'),
	(7242783985846576593, 7242783985846576593, NULL, NULL, 'customer', NULL, '5000022'),
	(-9041080486820344474, -9041080486820344474, NULL, NULL, 'customer', NULL, '5000038'),
	(-9112483356925046425, -9112483356925046425, NULL, NULL, 'customer', NULL, '5000058'),
	(-3811239268096728979, -3811239268096728979, NULL, NULL, 'customer', NULL, 'ab679f41-c178-8d92-5b1a-8eb40f94fec4'),
	(2823247293581847863, 2823247293581847863, NULL, NULL, 'customer', NULL, 'cus_000001'),
	(5323945606130444406, 5323945606130444406, NULL, NULL, 'customer', NULL, 'cus_000002'),
	(-5771450640357689836, -5771450640357689836, NULL, NULL, 'customer', NULL, 'cus_000003'),
	(1014309799502170939, 1014309799502170939, NULL, NULL, 'customer', NULL, 'cus_000004'),
	(9063341459305423041, 9063341459305423041, NULL, NULL, 'customer', NULL, 'cus_000006'),
	(-821127294239884219, -821127294239884219, NULL, NULL, 'customer', NULL, 'cus_000010'),
	(5862505106843645206, 5862505106843645206, NULL, NULL, 'customer', NULL, 'cus_000007'),
	(7277074898292699720, 7277074898292699720, NULL, NULL, 'customer', NULL, 'cus_000009'),
	(862058813290159186, 862058813290159186, NULL, NULL, 'customer', NULL, 'cus_000011'),
	(4270804455296375641, 4270804455296375641, NULL, NULL, 'customer', NULL, 'cus_000013'),
	(7032034183416218088, 7032034183416218088, NULL, NULL, 'customer', NULL, 'cus_000018'),
	(6166400553054300023, 6166400553054300023, NULL, NULL, 'customer', NULL, 'cus_000012'),
	(-3429109775488814537, -3429109775488814537, NULL, NULL, 'customer', NULL, 'cus_000014'),
	(-1956854469490701740, -1956854469490701740, NULL, NULL, 'customer', NULL, 'cus_000015'),
	(2165484242292056110, 2165484242292056110, NULL, NULL, 'customer', NULL, 'cus_000019'),
	(-354112430381723260, -354112430381723260, NULL, NULL, 'customer', NULL, 'cus_000021'),
	(4824950236376186145, 4824950236376186145, NULL, NULL, 'customer', NULL, 'cus_000017'),
	(5161474156332553813, 5161474156332553813, NULL, NULL, 'customer', NULL, 'cus_000024'),
	(7082465892898090798, 7082465892898090798, NULL, NULL, 'customer', NULL, 'cus_000025'),
	(-4762602197338081676, -4762602197338081676, NULL, NULL, 'customer', NULL, 'cus_000027'),
	(2401535830741313344, 2401535830741313344, NULL, NULL, 'customer', NULL, 'cus_000028'),
	(6291048460985434825, 6291048460985434825, NULL, NULL, 'customer', NULL, 'cus_000030'),
	(7246926350970680881, 7246926350970680881, NULL, NULL, 'customer', NULL, 'cus_000020'),
	(-2927780896153282353, -2927780896153282353, NULL, NULL, 'customer', NULL, 'cus_000031'),
	(4362495015378929924, 4362495015378929924, NULL, NULL, 'customer', NULL, 'cus_000032'),
	(-2000802968715277073, -2000802968715277073, NULL, NULL, 'customer', NULL, 'cus_000034'),
	(3249580801048061398, 3249580801048061398, NULL, NULL, 'customer', NULL, 'cus_000035'),
	(-1780058992802390971, -1780058992802390971, NULL, NULL, 'customer', NULL, 'cus_000037'),
	(-3467172902237378219, -3467172902237378219, NULL, NULL, 'customer', NULL, 'cus_000039'),
	(-2605107605899699108, -2605107605899699108, NULL, NULL, 'customer', NULL, 'cus_000040'),
	(-8808290980803239113, -8808290980803239113, NULL, NULL, 'customer', NULL, 'cus_000041'),
	(6827109088648169865, 6827109088648169865, NULL, NULL, 'customer', NULL, 'cus_000044'),
	(5779213502248042128, 5779213502248042128, NULL, NULL, 'customer', NULL, 'cus_000046'),
	(-6848360022948799495, -6848360022948799495, NULL, NULL, 'customer', NULL, 'cus_000026'),
	(7160839958206683771, 7160839958206683771, NULL, NULL, 'customer', NULL, 'cus_000029'),
	(-6867292117712408834, -6867292117712408834, NULL, NULL, 'customer', NULL, 'cus_000047'),
	(-1343910420787323844, -1343910420787323844, NULL, NULL, 'customer', NULL, 'cus_000048'),
	(1601668338160577045, 1601668338160577045, NULL, NULL, 'customer', NULL, 'cus_000050'),
	(-1671793456095051784, -1671793456095051784, NULL, NULL, 'customer', NULL, 'cus_000052'),
	(-8611119599897294490, -8611119599897294490, NULL, NULL, 'customer', NULL, 'cus_000055'),
	(-2091014958740273647, -2091014958740273647, NULL, NULL, 'customer', NULL, 'cus_000056'),
	(7053631774530041219, 7053631774530041219, NULL, NULL, 'customer', NULL, 'cus_000057'),
	(-8687160234889255820, -8687160234889255820, NULL, NULL, 'customer', NULL, 'cus_000033'),
	(-8293312659535768215, -8293312659535768215, NULL, NULL, 'customer', NULL, 'cus_000036');
INSERT INTO influence.snapshot VALUES
	(-813613394418329881, -813613394418329881, NULL, NULL, 'customer', NULL, 'cus_000043'),
	(3008526373457509034, 3008526373457509034, NULL, NULL, 'customer', NULL, 'cus_000060'),
	(1453132332273443240, 1453132332273443240, NULL, NULL, 'customer', NULL, 'eef37529-d004-3acf-11f8-b044b78f87b7'),
	(1255709852169279797, 1255709852169279797, NULL, NULL, 'customer', NULL, 'cus_000045'),
	(-6511391806760319527, -6511391806760319527, NULL, NULL, 'customer', NULL, 'cus_000049'),
	(-3316638862683835285, -3316638862683835285, NULL, NULL, 'customer', NULL, 'cus_000053'),
	(-2360302613729059131, -2360302613729059131, NULL, NULL, 'customer', NULL, 'cus_000059'),
	(-7606685484147248915, -7606685484147248915, NULL, NULL, 'customer', NULL, 'f6104675-4d00-6cd8-9926-28cdfaf22eb4'),
	(-7226324107000984050, -7226324107000984050, NULL, NULL, 'product', NULL, '2'),
	(-1781810876767443383, -1781810876767443383, NULL, NULL, 'product', NULL, '3'),
	(4846400928647735669, 4846400928647735669, NULL, NULL, 'product', NULL, '4'),
	(9071811918593951597, 9071811918593951597, NULL, NULL, 'product', NULL, '1'),
	(-9217259596658174563, -9217259596658174563, NULL, NULL, 'product', NULL, '10'),
	(8670906409488452266, 8670906409488452266, NULL, NULL, 'product', NULL, '19'),
	(4957529882898650017, 4957529882898650017, NULL, NULL, 'product', NULL, '12'),
	(-2746061599537482325, -2746061599537482325, NULL, NULL, 'product', NULL, '15'),
	(-7994606771309917093, -7994606771309917093, NULL, NULL, 'product', NULL, '9'),
	(-5223461084190259617, -5223461084190259617, NULL, NULL, 'product', NULL, '14'),
	(3865268284668090892, 3865268284668090892, NULL, NULL, 'product', NULL, '16'),
	(-440291152644902612, -440291152644902612, NULL, NULL, 'product', NULL, '6'),
	(-5419417749241442133, -5419417749241442133, NULL, NULL, 'product', NULL, '17'),
	(-1096826213331955353, -1096826213331955353, NULL, NULL, 'product', NULL, '18'),
	(2388144116902373498, 2388144116902373498, NULL, NULL, 'product', NULL, '20'),
	(-560033044489171141, -560033044489171141, NULL, NULL, 'product', NULL, '7'),
	(-7878952661471673596, -7878952661471673596, NULL, NULL, 'product', NULL, '11'),
	(326019868233203453, 326019868233203453, NULL, NULL, 'product', NULL, '13'),
	(1874787979393240476, 1874787979393240476, NULL, NULL, 'product', NULL, '8'),
	(5247336460244056921, NULL, NULL, NULL, 'order', NULL, '93'),
	(-7887548197544030771, -7887548197544030771, -7887548197544030771, NULL, 'order', 'voided', '52'),
	(-2477516951522296186, -2477516951522296186, -2477516951522296186, NULL, 'order', 'paid', '119'),
	(8384805652909309205, 8384805652909309205, NULL, NULL, 'order', 'paid', '30'),
	(-6511568825121868272, -6511568825121868272, NULL, NULL, 'order', 'authorized', '47'),
	(-8646861191351339144, -8646861191351339144, NULL, NULL, 'order', 'pending', '49'),
	(-552044673818790289, -552044673818790289, NULL, NULL, 'order', 'refunded', '109'),
	(3830169698782037961, 3830169698782037961, NULL, NULL, 'order', 'paid', '72'),
	(-1671778508459725808, -1671778508459725808, -1671778508459725808, NULL, 'order', 'paid', '86'),
	(1522544673379935281, 1522544673379935281, 1522544673379935281, NULL, 'order', 'paid', '87'),
	(1311890126727157453, 1311890126727157453, NULL, NULL, 'order', 'pending', '111'),
	(-6039298927040059412, -6039298927040059412, -6039298927040059412, NULL, 'order', 'paid', '16'),
	(-4133162557875565153, -4133162557875565153, -4133162557875565153, NULL, 'order', 'paid', '55'),
	(4508680391365352879, 4508680391365352879, NULL, NULL, 'order', 'pending', '9'),
	(3585925927005839482, 3585925927005839482, 3585925927005839482, NULL, 'order', 'paid', '29'),
	(2388541143799373964, 2388541143799373964, NULL, NULL, 'order', 'paid', '1'),
	(3990230069899166348, 3990230069899166348, NULL, NULL, 'order', 'paid', '10'),
	(-4688303415483359739, -4688303415483359739, NULL, NULL, 'order', 'paid', '101'),
	(-2809843903210820920, -2809843903210820920, NULL, NULL, 'order', 'paid', '102'),
	(6509555773202531989, 6509555773202531989, NULL, NULL, 'order', 'authorized', '112'),
	(-5621164995082017906, -5621164995082017906, NULL, NULL, 'order', 'paid', '113'),
	(-8791129036965312585, -8791129036965312585, NULL, NULL, 'order', 'paid', '117'),
	(-4317310060167082672, -4317310060167082672, NULL, NULL, 'order', 'voided', '103');
INSERT INTO influence.snapshot VALUES
	(1895074223393879860, 1895074223393879860, 1895074223393879860, NULL, 'order', 'paid', '22'),
	(3027480256700408892, 3027480256700408892, NULL, NULL, 'order', 'expired', '18'),
	(-7494850136237330472, -7494850136237330472, NULL, NULL, 'order', 'paid', '105'),
	(-956733631797318045, -956733631797318045, -956733631797318045, NULL, 'order', 'refunded', '63'),
	(-1169513406234652618, -1169513406234652618, -1169513406234652618, NULL, 'order', 'authorized', '27'),
	(-889029779460645344, -889029779460645344, NULL, NULL, 'order', 'paid', '2'),
	(-3431546867009074774, -3431546867009074774, NULL, NULL, 'order', 'paid', '20'),
	(-3152907631006682082, -3152907631006682082, -3152907631006682082, NULL, 'order', 'paid', '3'),
	(7439577497866197672, 7439577497866197672, NULL, NULL, 'order', 'paid', '23'),
	(-7752666208675590879, -7752666208675590879, NULL, NULL, 'order', 'paid', '24'),
	(-6925885904458981901, -6925885904458981901, NULL, NULL, 'order', 'refunded', '15'),
	(6231877787744556431, 6231877787744556431, NULL, NULL, 'order', 'paid', '21'),
	(6863382979184401595, 6863382979184401595, 6863382979184401595, NULL, 'order', 'paid', '48'),
	(5267847924439801694, 5267847924439801694, NULL, NULL, 'order', 'paid', '28'),
	(5677115666392629077, 5677115666392629077, 5677115666392629077, NULL, 'order', 'paid', '51'),
	(7141051795889094386, 7141051795889094386, NULL, NULL, 'order', 'paid', '31'),
	(-2696958902570915030, -2696958902570915030, -2696958902570915030, NULL, 'order', 'paid', '106'),
	(1337545211361741244, 1337545211361741244, 1337545211361741244, NULL, 'order', 'paid', '110'),
	(-7182784553476958420, -7182784553476958420, NULL, NULL, 'order', 'paid', '104'),
	(3286831890243636027, 3286831890243636027, NULL, NULL, 'order', 'paid', '13'),
	(5265577691616134365, 5265577691616134365, NULL, NULL, 'order', 'paid', '33'),
	(-1371061867320104539, -1371061867320104539, -1371061867320104539, NULL, 'order', 'paid', '115'),
	(-3679202950999371005, -3679202950999371005, -3679202950999371005, NULL, 'order', 'paid', '73'),
	(1085248944641977820, 1085248944641977820, NULL, NULL, 'order', 'paid', '34'),
	(-4637146605061523380, -4637146605061523380, NULL, NULL, 'order', 'paid', '37'),
	(-4749451765324924306, -4749451765324924306, NULL, NULL, 'order', 'paid', '39'),
	(2642183318479899618, 2642183318479899618, 2642183318479899618, NULL, 'order', 'paid', '77'),
	(-7102561856514514196, -7102561856514514196, -7102561856514514196, NULL, 'order', 'refunded', '116'),
	(-7145304527587536278, -7145304527587536278, -7145304527587536278, NULL, 'order', 'partially_refunded', '14'),
	(1652378145402027256, 1652378145402027256, 1652378145402027256, NULL, 'order', 'paid', '80'),
	(2684891040464421118, 2684891040464421118, NULL, NULL, 'order', 'refunded', '107'),
	(-1754101742971391719, -1754101742971391719, NULL, NULL, 'order', 'voided', '42'),
	(7458870554621698052, 7458870554621698052, NULL, NULL, 'order', 'paid', '43'),
	(-4721264396046984572, -4721264396046984572, -4721264396046984572, NULL, 'order', 'paid', '84'),
	(2793936342636660099, 2793936342636660099, 2793936342636660099, NULL, 'order', 'expired', '88'),
	(4014918287500893893, 4014918287500893893, NULL, NULL, 'order', 'paid', '50'),
	(-2014455261320117543, -2014455261320117543, NULL, NULL, 'order', 'paid', '53'),
	(-1594507931741955730, -1594507931741955730, NULL, NULL, 'order', 'paid', '59'),
	(7905453127306279144, 7905453127306279144, 7905453127306279144, NULL, 'order', 'paid', '91'),
	(9200634973651849237, 9200634973651849237, 9200634973651849237, NULL, 'order', 'paid', '94'),
	(701927461612639425, 701927461612639425, NULL, NULL, 'order', 'refunded', '44'),
	(8233618597385067976, 8233618597385067976, NULL, NULL, 'order', 'paid', '62'),
	(-338387123162674968, -338387123162674968, -338387123162674968, NULL, 'order', 'paid', '99'),
	(2380768980780586940, 2380768980780586940, NULL, NULL, 'order', 'expired', '56'),
	(-4858020169156258056, -4858020169156258056, -4858020169156258056, NULL, 'order', 'paid', '46'),
	(4646854884473095653, 4646854884473095653, 4646854884473095653, NULL, 'order', 'paid', '5'),
	(-7169096205097655508, -7169096205097655508, -7169096205097655508, NULL, 'order', 'refunded', '45'),
	(7276286769712907668, 7276286769712907668, 7276286769712907668, NULL, 'order', 'paid', '65'),
	(-3333500672946801109, -3333500672946801109, NULL, NULL, 'order', 'paid', '74'),
	(7350805945977702893, 7350805945977702893, NULL, NULL, 'order', 'paid', '79');
INSERT INTO influence.snapshot VALUES
	(-1575795196452421808, -1575795196452421808, -1575795196452421808, NULL, 'order', 'paid', '108'),
	(1628618005473696623, 1628618005473696623, 1628618005473696623, NULL, 'order', 'paid', '114'),
	(-7390086385177444102, NULL, NULL, NULL, 'order', NULL, '11'),
	(1335689846972503212, 1335689846972503212, 1335689846972503212, NULL, 'order', 'paid', '57'),
	(-3985245385985745519, -3985245385985745519, NULL, NULL, 'order', 'paid', '69'),
	(-8106100660221417191, -8106100660221417191, NULL, NULL, 'order', 'refunded', '76'),
	(7387490062567169593, 7387490062567169593, NULL, NULL, 'order', 'paid', '85'),
	(1926680812137220384, 1926680812137220384, 1926680812137220384, NULL, 'order', 'partially_paid', '54'),
	(4662233161978638074, 4662233161978638074, 4662233161978638074, NULL, 'order', 'paid', '6'),
	(6773205468568954139, 6773205468568954139, NULL, NULL, 'order', 'paid', '118'),
	(5173889508487620787, 5173889508487620787, NULL, NULL, 'order', 'authorized', '83'),
	(-2111582162222891826, -2111582162222891826, NULL, NULL, 'order', 'paid', '89'),
	(-2654088085737526830, -2654088085737526830, NULL, NULL, 'order', 'authorized', '90'),
	(7146625355605010729, 7146625355605010729, NULL, NULL, 'order', 'paid', '98'),
	(-7931287418194303434, -7931287418194303434, -7931287418194303434, NULL, 'order', 'paid', '67'),
	(1038831368794490222, 1038831368794490222, NULL, NULL, 'order', 'paid', '92'),
	(-5279744090025873054, -5279744090025873054, NULL, NULL, 'order', 'paid', '95'),
	(9016605640126370428, 9016605640126370428, NULL, NULL, 'order', 'refunded', '96'),
	(-824818191415781708, -824818191415781708, NULL, NULL, 'order', 'partially_refunded', '81'),
	(-1060423433058078149, -1060423433058078149, NULL, NULL, 'order', 'authorized', '97'),
	(90770823077359625, 90770823077359625, 90770823077359625, NULL, 'order', 'paid', '7'),
	(-4527562395907327385, -4527562395907327385, -4527562395907327385, NULL, 'order', 'paid', '60'),
	(-782514091913684696, -782514091913684696, -782514091913684696, NULL, 'order', 'paid', '64'),
	(6813743388114747736, 6813743388114747736, 6813743388114747736, NULL, 'order', 'paid', '68'),
	(-7813613807615528371, -7813613807615528371, -7813613807615528371, NULL, 'order', 'refunded', '58'),
	(-8398453497502155006, -8398453497502155006, -8398453497502155006, NULL, 'order', 'paid', '70'),
	(8290786554040007008, NULL, NULL, NULL, 'order', NULL, '12'),
	(-8136189780582111024, -8136189780582111024, -8136189780582111024, NULL, 'order', 'paid', '100'),
	(6707290314263519440, 6707290314263519440, 6707290314263519440, NULL, 'order', 'paid', '120'),
	(-5828224830765703057, -5828224830765703057, -5828224830765703057, NULL, 'order', 'paid', '32'),
	(8048966753561591836, 8048966753561591836, 8048966753561591836, NULL, 'order', 'paid', '36'),
	(-7096524380785138143, -7096524380785138143, -7096524380785138143, NULL, 'order', 'paid', '4'),
	(8310183058818755663, 8310183058818755663, 8310183058818755663, NULL, 'order', 'paid', '41'),
	(2572051121470690943, 2572051121470690943, 2572051121470690943, NULL, 'order', 'paid', '25'),
	(-4308759595419569499, -4308759595419569499, -4308759595419569499, NULL, 'order', 'paid', '26'),
	(-7028475495567881964, -7028475495567881964, -7028475495567881964, NULL, 'order', 'authorized', '35'),
	(-6228268634553268170, -6228268634553268170, -6228268634553268170, NULL, 'order', 'paid', '38'),
	(3318239174759469855, 3318239174759469855, 3318239174759469855, NULL, 'order', 'paid', '8'),
	(5873087582183404852, 5873087582183404852, 5873087582183404852, NULL, 'order', 'voided', '40'),
	(-758119919297230924, -758119919297230924, -758119919297230924, NULL, 'order', 'authorized', '17'),
	(1033205671184277080, 1033205671184277080, 1033205671184277080, NULL, 'order', 'paid', '19'),
	(-1800861695258570056, -1800861695258570056, -1800861695258570056, NULL, 'order', 'paid', '71'),
	(-4290352111807506892, -4290352111807506892, -4290352111807506892, NULL, 'order', 'paid', '78'),
	(-5362066522535738209, -5362066522535738209, -5362066522535738209, NULL, 'order', 'voided', '61'),
	(-363725264090154518, -363725264090154518, -363725264090154518, NULL, 'order', 'refunded', '66'),
	(6542745630242207516, 6542745630242207516, 6542745630242207516, NULL, 'order', 'authorized', '75');
INSERT INTO influence.sync_run OVERRIDING SYSTEM VALUE VALUES
	(1, 'customer', 'sync', '2026-11-30 02:04:23.199925+00', '2026-11-30 02:04:25.837541+00', NULL, '{"held": 0, "sent": 57, "calls": 57, "parked": 1, "blocked": 0, "changed": 0, "created": 58, "deleted": 0, "seconds": 2.638, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 58, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 21.6}'),
	(2, 'product', 'sync', '2026-11-30 02:04:25.92515+00', '2026-11-30 02:04:27.301251+00', NULL, '{"held": 0, "sent": 19, "calls": 38, "parked": 0, "blocked": 0, "changed": 0, "created": 19, "deleted": 0, "seconds": 1.376, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 19, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 27.6}'),
	(3, 'order', 'sync', '2026-11-30 02:04:27.330654+00', '2026-11-30 02:04:37.443052+00', NULL, '{"held": 0, "sent": 118, "calls": 279, "parked": 0, "blocked": 1, "changed": 0, "created": 119, "deleted": 0, "seconds": 10.112, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 119, "throttled": 0, "unchanged": 0, "full_compare": true, "before_go_live": 0, "calls_per_second": 27.6}'),
	(4, 'reward', 'deliver', '2026-11-30 02:04:37.499324+00', '2026-11-30 02:04:37.582806+00', NULL, '{"held": 0, "sent": 0, "calls": 0, "parked": 0, "blocked": 0, "changed": 0, "created": 0, "deleted": 0, "seconds": 0.083, "skipped": 0, "waiting": 0, "importing": 0, "looked_at": 0, "throttled": 0, "unchanged": 0, "full_compare": false, "before_go_live": 0, "calls_per_second": 0.0}');
INSERT INTO influence.work VALUES
	('customer', '3840f88f-8687-59ac-fbde-e41c2da66f92', 'parked', 'idle', 'live', 0, 0, 0, '2026-11-30 02:04:23.350845+00', '2026-11-30 02:04:24.595787+00', NULL, NULL, false, false, NULL, 'unmappable', 'column email: it is not an e-mail address'),
	('order', '93', 'blocked', 'idle', 'live', 0, 0, 0, '2026-11-30 02:04:27.338515+00', '2026-11-30 02:04:28.289974+00', NULL, NULL, false, false, 'customer:3840f88f-8687-59ac-fbde-e41c2da66f92', 'waits', 'waits until customer 3840f88f-8687-59ac-fbde-e41c2da66f92 is acknowledged'),
	('order', '11', 'ready', 'creating', 'live', 0, 0, 0, '2026-11-30 02:04:37.974775+00', '2026-11-30 02:04:37.974775+00', '2026-11-30 02:05:37.974775+00', 14, false, false, NULL, NULL, NULL),
	('order', '12', 'ready', 'unknown', 'live', 0, 0, 0, '2026-11-30 02:04:37.974775+00', '2026-11-30 02:04:37.974775+00', NULL, NULL, false, false, NULL, NULL, NULL),
	('order', '13', 'ready', 'refunding', 'live', 0, 0, 0, '2026-11-30 02:04:37.974775+00', '2026-11-30 02:04:37.974775+00', NULL, NULL, false, false, NULL, NULL, NULL),
	('order', '15', 'parked', 'idle', 'live', 0, 0, 0, '2026-11-30 02:04:37.974775+00', '2026-11-30 02:04:37.974775+00', NULL, NULL, false, false, NULL, 'deleted', 'a person must look');
SELECT pg_catalog.setval('influence.attempt_id_seq', 375, false);
SELECT pg_catalog.setval('influence.email_owner_number_seq', 58, false);
SELECT pg_catalog.setval('influence.fence_seq', 15, true);
SELECT pg_catalog.setval('influence.inbox_id_seq', 7, false);
SELECT pg_catalog.setval('influence.sync_run_id_seq', 5, false);
ALTER TABLE ONLY influence.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.capture_point
    ADD CONSTRAINT capture_point_pkey PRIMARY KEY (entity);
ALTER TABLE ONLY influence.coupon
    ADD CONSTRAINT coupon_pkey PRIMARY KEY (code);
ALTER TABLE ONLY influence.email_owner
    ADD CONSTRAINT email_owner_pkey PRIMARY KEY (email_hash);
ALTER TABLE ONLY influence.fact
    ADD CONSTRAINT fact_pkey PRIMARY KEY (name);
ALTER TABLE ONLY influence.inbox
    ADD CONSTRAINT inbox_dedupe_key_body_sha256_key UNIQUE (dedupe_key, body_sha256);
ALTER TABLE ONLY influence.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.loyalty_member
    ADD CONSTRAINT loyalty_member_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY influence.pace
    ADD CONSTRAINT pace_pkey PRIMARY KEY (account);
ALTER TABLE ONLY influence.schema_version
    ADD CONSTRAINT schema_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY influence.snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (entity, key);
ALTER TABLE ONLY influence.sync_run
    ADD CONSTRAINT sync_run_pkey PRIMARY KEY (id);
ALTER TABLE ONLY influence.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (entity, key);
CREATE INDEX attempt_entity_key_id_idx ON influence.attempt USING btree (entity, key, id);
CREATE INDEX email_owner_key_idx ON influence.email_owner USING btree (key);
CREATE UNIQUE INDEX inbox_dedupe_key_idx ON influence.inbox USING btree (dedupe_key) WHERE (conflicts IS FALSE);
CREATE INDEX inbox_new_idx ON influence.inbox USING btree (next_at) WHERE (state = 'new'::text);
CREATE INDEX inbox_parked_idx ON influence.inbox USING btree (reason_code) WHERE (state = 'parked'::text);
CREATE INDEX loyalty_member_external_id_idx ON influence.loyalty_member USING btree (external_id);
CREATE INDEX sync_run_entity_id_idx ON influence.sync_run USING btree (entity, id);
CREATE INDEX work_blocked_on_idx ON influence.work USING btree (blocked_on) WHERE (blocked_on IS NOT NULL);
CREATE INDEX work_ready_idx ON influence.work USING btree (entity, lane, next_at) WHERE (state = 'ready'::text);
ALTER TABLE ONLY influence.coupon
    ADD CONSTRAINT coupon_event_id_fkey FOREIGN KEY (event_id) REFERENCES influence.inbox(id) ON DELETE RESTRICT;
