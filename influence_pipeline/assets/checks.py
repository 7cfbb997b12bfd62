"""Asset checks beside those of parked and missed records: nothing waits too long, the pace, counts
of store and snapshots, the reward table. What each looks at is in the engine; here are the words.

They are results of the asset's own step: a check of its own would cost a step each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from influence_pipeline.amounts import counted
from influence_pipeline.assets.links import Links
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.settings import Reward, Watch
from influence_pipeline.sync import health
from influence_pipeline.sync.engine import Engine, Report
from influence_pipeline.webhooks.rules import rules_without_entry

NOTHING_WAITS_LONG = "nothing_waits_long"
NOT_THROTTLED = "not_throttled_for_an_hour"
COUNTS_AGREE = "counts_agree"
REWARDS_LISTED = "reward_table_is_complete"

_WARN, _ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
_FEW = 5


def nothing_waits_long(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Give the check that every delivery of live changes carries."""
    return dg.AssetCheckSpec(
        NOTHING_WAITS_LONG,
        asset=asset,
        description=(
            "A live change that is not parked is sent within [watch] oldest_pending_minutes. What "
            "an import has still to send does not count. `influence-pipeline status` shows what "
            "waits, and at which pace it is sent."
        ),
    )


def check_waits(report: Report, watch: Watch, links: Links) -> dg.AssetCheckResult:
    """Check how long the oldest live change has waited."""
    oldest = report.remaining.oldest_live_seconds or 0.0
    passed = oldest <= 60 * watch.oldest_pending_minutes
    left = report.remaining
    words = f"The oldest of the {report.entity.plural} that wait has waited for {oldest:,.0f} s."
    if passed and not oldest:
        words = f"No {report.entity.plural} wait."
    elif not passed:
        words = (
            f"{words} Of these {left.waiting:,} wait for their time or for the API, "
            f"{left.blocked:,} for another record. What the API last said: `influence-pipeline "
            f"status`; of one record: `influence-pipeline why {report.entity.plural} KEY`. Orders "
            "that are blocked go on when their customers do."
        )
    metadata: dict[str, Any] = {
        "oldest_waiting_seconds": round(oldest, 1),
        "waiting": left.waiting,
        "blocked": left.blocked,
    }
    return dg.AssetCheckResult(
        check_name=NOTHING_WAITS_LONG,
        passed=passed,
        severity=_WARN if report.entity is Entity.REWARD else _ERROR,
        description=words,
        metadata=metadata | _advice(passed, links, "operations.md", "checks"),
    )


def not_throttled(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Give the check of the account's pace; one asset carries it for all."""
    return dg.AssetCheckSpec(
        NOT_THROTTLED,
        asset=asset,
        description=(
            "The API answered calls of this account with 429 in every ten minutes of the last "
            "hour: there is more to send than it lets through. Told from the log of calls, of all "
            "processes and entities."
        ),
    )


def check_pace(state: Postgres, links: Links) -> dg.AssetCheckResult:
    """Check that the last hour was not throttled throughout. Raises StateError."""
    found = health.throttled(state)
    passed = not found.all_the_hour
    words = (
        f"Calls were answered 429 in {found.parts} of the last hour's {health.PARTS} parts of ten "
        "minutes."
    )
    if not passed:
        words += (
            " Nothing is lost, and the pace follows by itself; but what changes waits. Does an "
            "import run, or does another program use the key? `influence-pipeline status` shows "
            "the pace and what waits. If it stays: set delivery.calls_per_second below the limit, "
            "or ask Influence for a higher one."
        )
    return dg.AssetCheckResult(
        check_name=NOT_THROTTLED,
        passed=passed,
        severity=_WARN,
        description=words,
        metadata={
            "throttled_parts": found.parts,
            "throttled": found.throttled,
            "calls_looked_at": found.looked_at,
        }
        | _advice(passed, links, "pacing.md"),
    )


def counts_agree(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Give the check that every capture carries."""
    return dg.AssetCheckSpec(
        COUNTS_AGREE,
        asset=asset,
        description=(
            "The store gives as many records as are known, counted after each full compare. The "
            "check tells what the last count said, until the next one."
        ),
    )


def check_counts(
    engine: Engine, entity: Entity, links: Links, *, compared: bool
) -> dg.AssetCheckResult:
    """Count where everything was compared, else tell the last count. Raises as a capture does."""
    found = health.count(engine, entity) if compared else health.last_counted(engine.state, entity)
    if found is None:
        return dg.AssetCheckResult(
            check_name=COUNTS_AGREE,
            passed=True,
            severity=_WARN,
            description="Not counted yet; the next full compare does.",
            metadata={"in_store": 0, "to_tell": 0, "known": 0, "unreadable": 0},
        )
    numbers: dict[str, Any] = {
        "in_store": found.in_store,
        "to_tell": found.to_tell,
        "known": found.known,
        "unreadable": found.unreadable,
        "erased": found.erased,
        "counted at": found.at,
    }
    return dg.AssetCheckResult(
        check_name=COUNTS_AGREE,
        passed=found.agree,
        severity=_WARN if found.trouble is not None else _ERROR,
        description=_count_words(entity, found),
        metadata=numbers | _advice(found.agree, links, "mapping.md", "the-full-compare"),
    )


def _count_words(entity: Entity, found: health.Counted) -> str:
    name = entity.plural
    if found.trouble is not None:
        return (
            f"The {name} could not be counted in the store: {found.trouble} Does it take too long? "
            "Raise store_statement_timeout_seconds. Nothing else hangs on this count."
        )
    beside = f"{found.known:,} are known and {found.unreadable:,} parked as unreadable"
    if found.erased:
        beside += f", {counted(found.erased, 'was', 'were')} erased"
    if found.moving:
        return f"The store gives {found.in_store:,} {name}; {beside}; the shop went on meanwhile."
    then = (
        "`influence-pipeline check`; then "
        f"`influence-pipeline sync --entity {name} --every-record`."
    )
    if found.missing:
        return (
            f"The store gives {found.to_tell:,} {name} that are to be told, and {beside}: "
            f"{found.missing:,} are missing. Does the SELECT give an id twice, or other rows each "
            f"time? {then}"
        )
    if found.too_many:
        return (
            f"The store gives {found.in_store:,} {name}, and {beside}: {found.too_many:,} are "
            "known that it does not give. Were rows hidden from the reader's role (row-level "
            f"security), or does the SELECT give other rows each time? {then}"
        )
    return f"The store gives {found.in_store:,} {name}; {beside}."


def rewards_listed(asset: dg.AssetKey) -> dg.AssetCheckSpec:
    """Give the check that the asset of coupons carries."""
    return dg.AssetCheckSpec(
        REWARDS_LISTED,
        asset=asset,
        description=(
            "Every redeem rule that stored events name has an entry in [rewards], or its events "
            "say themselves what they are worth. The API has no documented list of rules, so a "
            "rule is known once somebody has redeemed by it."
        ),
    )


def check_rewards(
    state: Postgres, rewards: Mapping[str, Reward], links: Links
) -> dg.AssetCheckResult:
    """Check that the reward table has what stored events name. Raises StateError.

    An error where events are parked for it; a warning where a table is kept and a rule is not in
    it, whose events were believed so far.
    """
    found = rules_without_entry(state, rewards)
    words = [f"All of the {len(found.seen)} rules in the newest events can be told."]
    if found.parked:
        rule, event = next(iter(sorted(found.parked.items())))
        words = [
            f"{_listed(found.parked)}: no entry in [rewards], and events are parked for it: points "
            f'are spent and there is no coupon. Add [rewards."{rule}"] to influence.toml; its '
            f"events then go on by themselves. What they are: `influence-pipeline events show "
            f"{event}`."
        ]
    kept = bool(rewards) and bool(found.told)
    if kept:
        words.append(
            f"{_listed(found.told)}: no entry in [rewards]; the events' own amounts are taken. Add "
            "them, so that a change of the events' form costs nobody a coupon."
        )
    passed = not found.parked and not kept
    return dg.AssetCheckResult(
        check_name=REWARDS_LISTED,
        passed=passed,
        severity=_ERROR if found.parked else _WARN,
        description="\n".join(words if passed or found.parked else words[1:]),
        metadata={
            "rules_seen": len(found.seen),
            "rules_parked": len(found.parked),
            "rules_not_listed": len(found.told),
        }
        | _advice(passed, links, "webhooks.md", "what-a-reward-is-worth"),
    )


def evaluation(asset: dg.AssetKey, check: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """Give a check's result as what is reported outside of a step of its asset."""
    return dg.AssetCheckEvaluation(
        asset_key=asset,
        check_name=str(check.check_name),
        passed=check.passed,
        severity=check.severity,
        description=check.description,
        metadata=check.metadata,
    )


def _listed(rules: Any) -> str:
    names = sorted(rules)
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    what = "Rule" if len(names) == 1 else "Rules"
    return f"{what} {', '.join(names[:_FEW])}{more}"


def _advice(passed: bool, links: Links, page: str, anchor: str = "") -> dict[str, Any]:
    return {} if passed else {"what to do": links.page(page, anchor)}
