"""The tables of the state database, as SQLAlchemy metadata. What is in a row and why; no queries.

`migrations/` creates them and a test holds the two against each other. All names live in one schema
(setting `state_schema`, default `influence`), which is put on the search path by `database`.
No table here holds a payload of the store: keys, hashes and states only. The one exception is the
inbox, which keeps the bytes Influence sent.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, JSONB

from influence_pipeline.records import Entity, FinancialStatus

# The newest migration. Kept here so that opening the state does not import Alembic (0.5-0.9 s).
HEAD_REVISION = "0007"


class WorkState(StrEnum):
    """Why a record is in `work`: it can be sent, waits for another, or a person must look.

    `withheld`: an order of somebody who was erased. Nothing is sent of it while they are.
    """

    READY = "ready"
    BLOCKED = "blocked"
    PARKED = "parked"
    WITHHELD = "withheld"


class Phase(StrEnum):
    """Which call of the order protocol may be outstanding (docs/order-protocol.md).

    `idle`: none. `creating`: a POST was intended; if nobody holds the lease, its outcome is not
    known. `unknown`: its outcome is not known and the quiet window runs. `refunding`: a PATCH to
    `refunded` was intended and may have been applied.
    """

    IDLE = "idle"
    CREATING = "creating"
    UNKNOWN = "unknown"
    REFUNDING = "refunding"


class Lane(StrEnum):
    """Live changes pass before an import."""

    LIVE = "live"
    IMPORT = "import"


class InboxState(StrEnum):
    """`new`: to be worked off. `parked`: a person must look. `quarantined`: not a usable event."""

    NEW = "new"
    DONE = "done"
    PARKED = "parked"
    QUARANTINED = "quarantined"


class CouponState(StrEnum):
    """`issuing`: about to be written to the store. `issued`: usable there. `used`: by an order."""

    ISSUING = "issuing"
    ISSUED = "issued"
    USED = "used"


class BalanceSource(StrEnum):
    """What a row of `balance_seen` goes by.

    `told`: an event that shows a member. `moved`: an event that points moved. `asked`: the API's
    own list. `created`: a new member, who has none yet. `settled`: everything before adds up, or
    was accepted by a person; the chain goes on from here.
    """

    TOLD = "told"
    MOVED = "moved"
    ASKED = "asked"
    CREATED = "created"
    SETTLED = "settled"


metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
    }
)

# Enums where rows are many (4 bytes, and readable in psql); CHECKed text where rows are few. ENUM
# quotes its values by `repr`, which of a StrEnum is not its text.
entity_type = ENUM(*map(str, Entity), name="entity", metadata=metadata)
financial_status_type = ENUM(*map(str, FinancialStatus), name="financial_status", metadata=metadata)

_now = sa.text("now()")


def _key() -> sa.Column[str]:
    """The store's own id as text. Collation C: the order is the same on every server."""
    return sa.Column("key", sa.Text(collation="C"), primary_key=True)


def _one_of(column: str, values: type[StrEnum]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


# One row per record ever seen. `store_hash`: what the store has (NULL: gone from the store).
# `synced_hash`: what the API acknowledged (NULL: nothing yet). `status`: the last acknowledged
# financial status of an order (NULL: the order is not known to exist at the API). Until
# `late_until` a call with the content `late_hash` may still be worked off, and would overtake
# another content. `source_hash`: the fingerprint of its source rows when `store_hash` was computed,
# or of a moment before (NULL: not known; 0: there are none); `source_rows`: their number.
snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("store_hash", sa.BigInteger),
    sa.Column("synced_hash", sa.BigInteger),
    sa.Column("late_hash", sa.BigInteger),
    sa.Column("late_until", sa.DateTime(timezone=True)),
    sa.Column("entity", entity_type, primary_key=True),
    sa.Column("status", financial_status_type),
    _key(),
    sa.Column("source_hash", sa.BigInteger),
    sa.Column("source_rows", sa.Integer, nullable=False, server_default="0"),
    # Room for the acknowledgement beside the row: no index needs to be touched then.
    postgresql_with={"fillfactor": 85},
)

# One row per key that the sources name and the mapping leaves out: carts, drafts, orders of before
# the cut-over, records that cannot be read. No records; but what is known of all source rows
# together tells whether one has gone without a trace.
left_out = sa.Table(
    "left_out",
    metadata,
    sa.Column("source_hash", sa.BigInteger, nullable=False),
    sa.Column("entity", entity_type, primary_key=True),
    sa.Column("source_rows", sa.Integer, nullable=False),
    _key(),
)

# One row per record with something to do or to look at; gone as soon as it is settled.
# `fence`: number of the claim that holds the lease; results of an older claim are not taken.
# `attempts`: calls in a row that did not do it; `refusals`: those of them that were refused.
# `absent_answers`: how often the API said "no such order" since the outcome became unknown.
# `seen_again`: a capture has looked at the record since it was claimed, so what it noted is newer
# than what the claim's worker has read. `unsure`: a call may have been worked off without our
# knowing, so the API may have another content than the acknowledged one. `import_id`: the import
# that found it last, by its number in `import_run` (NULL: none, or one of everything).
work = sa.Table(
    "work",
    metadata,
    sa.Column("entity", entity_type, primary_key=True),
    _key(),
    sa.Column("state", sa.Text, nullable=False, server_default=WorkState.READY),
    sa.Column("phase", sa.Text, nullable=False, server_default=Phase.IDLE),
    sa.Column("lane", sa.Text, nullable=False, server_default=Lane.LIVE),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("refusals", sa.Integer, nullable=False, server_default="0"),
    sa.Column("absent_answers", sa.Integer, nullable=False, server_default="0"),
    sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("lease_until", sa.DateTime(timezone=True)),
    sa.Column("fence", sa.BigInteger),
    sa.Column("seen_again", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("unsure", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("blocked_on", sa.Text),
    sa.Column("reason_code", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("import_id", sa.BigInteger),
    _one_of("state", WorkState),
    _one_of("phase", Phase),
    _one_of("lane", Lane),
    postgresql_with={"fillfactor": 50, "autovacuum_vacuum_scale_factor": 0.02},
)
sa.Index(
    "work_ready_idx",
    work.c.entity,
    work.c.lane,
    work.c.next_at,
    postgresql_where=work.c.state == "ready",
)
sa.Index(
    "work_import_id_idx",
    work.c.import_id,
    work.c.next_at,
    postgresql_where=work.c.import_id.isnot(None),
)
sa.Index("work_blocked_on_idx", work.c.blocked_on, postgresql_where=work.c.blocked_on.isnot(None))

# Which customer an e-mail belongs to at the API: two ids with one e-mail are not sent.
# `email_hash`: keyed with the fact `email_salt`; the address itself is not kept. `number` grows: of
# two rows of one key the newer is its address now, the older what the API has until that is
# acknowledged.
email_owner = sa.Table(
    "email_owner",
    metadata,
    sa.Column("email_hash", sa.Uuid, primary_key=True),
    sa.Column("number", sa.BigInteger, sa.Identity(always=True)),
    sa.Column("key", sa.Text(collation="C"), nullable=False),
)
sa.Index("email_owner_key_idx", email_owner.c.key)

# The pace of all workers: the values of `pace_control.Control`, in one row.
pace = sa.Table(
    "pace",
    metadata,
    sa.Column(
        "account",
        sa.SmallInteger,
        primary_key=True,
        autoincrement=False,
        server_default=sa.text("1"),
    ),
    sa.Column("control", JSONB, nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.CheckConstraint("account = 1", name="account"),
    postgresql_with={"fillfactor": 10},
)

fence_sequence = sa.Sequence("fence_seq", metadata=metadata)

# The history of calls, append-only; what `why` shows. `ms`: from sending to the whole reply.
attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("content_hash", sa.BigInteger),
    sa.Column("entity", entity_type, nullable=False),
    sa.Column("ms", sa.Integer),
    sa.Column("http_status", sa.SmallInteger),
    sa.Column("key", sa.Text(collation="C"), nullable=False),
    sa.Column("call", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("error", sa.Text),
)
sa.Index("attempt_entity_key_id_idx", attempt.c.entity, attempt.c.key, attempt.c.id)

# Up to where each entity has been captured. `horizon`, `next_xid`: xmin and xmax of the store's
# snapshot then (full 64-bit ids); `seen_xids`: the transactions between them that it could see.
# `store_clock`: the store's own time then, for sources that are followed by a timestamp.
# `source_tables`: changes when other tables stand behind the mapping's sources. `hash_method`,
# `hash_expression`: how records are hashed; `source_method`: how their source rows are (NULL: they
# could not be). `checked_at`, `check_seconds`: when source rows that are gone without a trace were
# last looked for, and what that took. `compares`: how often everything was compared.
capture_point = sa.Table(
    "capture_point",
    metadata,
    sa.Column("entity", entity_type, primary_key=True),
    sa.Column("taken_at", sa.DateTime(timezone=True)),
    sa.Column("horizon", sa.BigInteger),
    sa.Column("next_xid", sa.BigInteger),
    sa.Column("seen_xids", ARRAY(sa.BigInteger)),
    sa.Column("server_identity", sa.Text),
    sa.Column("mapping_hash", sa.Text),
    sa.Column("source_tables", sa.Text),
    sa.Column("hash_method", sa.Text),
    sa.Column("full_at", sa.DateTime(timezone=True)),
    sa.Column("store_clock", sa.DateTime(timezone=True)),
    sa.Column("go_live", sa.DateTime(timezone=True)),
    sa.Column("hash_expression", sa.Text),
    sa.Column("source_method", sa.Text),
    sa.Column("checked_at", sa.DateTime(timezone=True)),
    sa.Column("check_seconds", sa.Double),
    sa.Column("compares", sa.Integer, nullable=False, server_default="0"),
)

# Facts about the pipeline itself, by name. `go_live`: the cut-over of orders.
# `answered: GET order`: the API has answered such a call.
fact = sa.Table(
    "fact",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", JSONB, nullable=False),
    sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
)

# One row per run of a sync, an import or a full compare of one entity; what `status` shows.
sync_run = sa.Table(
    "sync_run",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("entity", entity_type, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("error", sa.Text),
    sa.Column("counts", JSONB, nullable=False),
)
sa.Index("sync_run_entity_id_idx", sync_run.c.entity, sync_run.c.id)

# One row per run of an import of some records (a month, a range of keys); its number stands in
# `work.import_id` of what it found to be done. `taken`: how many of those a later import of the
# same records took over.
import_run = sa.Table(
    "import_run",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("entity", entity_type, nullable=False),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("taken", sa.BigInteger, nullable=False, server_default=sa.text("0")),
)

# Every webhook that was answered 2xx, as it came. `dedupe_key`: the contract's key for the topic.
# The same key with another body is kept beside the first one, with `conflicts` set. `over_cap`: a
# person said that its coupons are made whatever the caps say.
inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("topic", sa.Text),
    sa.Column("webhook_id", sa.Text),
    sa.Column("dedupe_key", sa.Text, nullable=False),
    sa.Column("body_sha256", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("headers", JSONB, nullable=False),
    sa.Column("conflicts", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("deliveries", sa.Integer, nullable=False, server_default="1"),
    sa.Column("state", sa.Text, nullable=False, server_default=InboxState.NEW),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("lease_until", sa.DateTime(timezone=True)),
    sa.Column("fence", sa.BigInteger),
    sa.Column("reason_code", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("done_at", sa.DateTime(timezone=True)),
    sa.Column("over_cap", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("dedupe_key", "body_sha256"),
    _one_of("state", InboxState),
)
sa.Index(
    "inbox_dedupe_key_idx",
    inbox.c.dedupe_key,
    unique=True,
    postgresql_where=inbox.c.conflicts.is_(sa.false()),
)
sa.Index("inbox_new_idx", inbox.c.next_at, postgresql_where=inbox.c.state == "new")
sa.Index("inbox_parked_idx", inbox.c.reason_code, postgresql_where=inbox.c.state == "parked")
sa.Index("inbox_quarantined_idx", inbox.c.id, postgresql_where=inbox.c.state == "quarantined")
# Those that retention has to empty, the oldest first.
sa.Index(
    "inbox_filled_idx",
    inbox.c.done_at,
    postgresql_where=sa.text("state = 'done' AND octet_length(body) > 0"),
)

# Every coupon this pipeline made, or is about to make, in the store. The primary key decides that
# a code belongs to one redemption only. `member_id`: Influence's id of the member it counts for,
# towards the caps from `created_at` on (of a friend without an account: who referred them).
# `folded_code`: the code in lower case, where the store takes it in any case.
coupon = sa.Table(
    "coupon",
    metadata,
    sa.Column("code", sa.Text(collation="C"), primary_key=True),
    sa.Column(
        "event_id",
        sa.BigInteger,
        sa.ForeignKey("inbox.id", ondelete="RESTRICT"),
        nullable=False,
    ),
    sa.Column("state", sa.Text, nullable=False, server_default=CouponState.ISSUING),
    sa.Column("customer_key", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", sa.Numeric),
    sa.Column("currency", sa.Text),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("issued_at", sa.DateTime(timezone=True)),
    sa.Column("order_key", sa.Text(collation="C")),
    sa.Column("used_at", sa.DateTime(timezone=True)),
    sa.Column("reward_used_at", sa.DateTime(timezone=True)),
    sa.Column("member_id", sa.Text),
    sa.Column("folded_code", sa.Text(collation="C")),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    _one_of("state", CouponState),
)
sa.Index("coupon_created_at_idx", coupon.c.created_at)
sa.Index("coupon_member_id_created_at_idx", coupon.c.member_id, coupon.c.created_at)
sa.Index("coupon_folded_code_idx", coupon.c.folded_code)
# For the inbox's foreign key, and for what `events show` asks.
sa.Index("coupon_event_id_idx", coupon.c.event_id)

# What Influence last said of a member. `customer_id` is Influence's, `external_id` the store's.
# `event_id`: the event that said it; 0: the API's own list.
loyalty_member = sa.Table(
    "loyalty_member",
    metadata,
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text(collation="C")),
    sa.Column("point_balance", sa.BigInteger),
    sa.Column("tier_id", sa.Text),
    sa.Column("tier_title", sa.Text),
    sa.Column("referral_url", sa.Text),
    sa.Column("updated_at", sa.DateTime(timezone=True)),
    sa.Column("event_id", sa.BigInteger, nullable=False),
)
sa.Index("loyalty_member_external_id_idx", loyalty_member.c.external_id)

# Balances of members as they were told, since the last state up to which everything adds up; what
# gaps are found by (webhooks.gaps). `at`: the member's `updatedAt`. `moved`: points of an event,
# signed (NULL in one: how many, or when, could not be read). `event_id`: in the inbox; 0: none.
# `member_id` is Influence's.
balance_seen = sa.Table(
    "balance_seen",
    metadata,
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("event_id", sa.BigInteger, nullable=False),
    sa.Column("balance", sa.BigInteger),
    sa.Column("moved", sa.BigInteger),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("member_id", sa.Text(collation="C"), nullable=False),
    sa.PrimaryKeyConstraint("member_id", "at", "source", "event_id"),
    _one_of("source", BalanceSource),
    postgresql_with={"autovacuum_vacuum_scale_factor": 0.05},
)

# Steps of a member's balance that nothing explains: between the states of `since` and `until` it
# changed by `points` more than was told. Below 0: points were spent and no event told of it.
balance_gap = sa.Table(
    "balance_gap",
    metadata,
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("found_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("points", sa.BigInteger, nullable=False),
    sa.Column("member_id", sa.Text(collation="C"), nullable=False),
    sa.PrimaryKeyConstraint("member_id", "until"),
)

# Orders that we told the API a status of that may take points back, for which it sends no event of
# its own: what explains that a balance went down. Gone once it has explained something, or could
# not any more. `first_at`: before the first such call; `last_at`: after the last one.
refund_told = sa.Table(
    "refund_told",
    metadata,
    sa.Column("order_key", sa.Text(collation="C"), primary_key=True),
    sa.Column("customer_key", sa.Text(collation="C"), nullable=False),
    sa.Column("first_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
)
sa.Index("refund_told_customer_key_idx", refund_told.c.customer_key)

# Whom a person had erased (`influence-pipeline forget`), so that nothing brings them back: keyed
# hashes (state.erased) of the store's id, of Influence's ids and of e-mails, and of none of them
# anything else. `person`: the hash of the store's id, the same in all rows of one customer.
# `fence`: claims of work with this number and later ones have asked who is erased when it was noted
# already (NULL: not drawn yet).
erased = sa.Table(
    "erased",
    metadata,
    sa.Column("hash", sa.Uuid, nullable=False),
    sa.Column("person", sa.Uuid, nullable=False),
    sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False, server_default=_now),
    sa.Column("fence", sa.BigInteger),
    sa.PrimaryKeyConstraint("hash", "person"),
)
sa.Index("erased_person_idx", erased.c.person)
