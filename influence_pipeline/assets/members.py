"""Members of the loyalty program as Influence shows them, and whether their balances add up.

What a cycle does is in `webhooks.reconcile`, what a gap is in `webhooks.gaps`.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field

from influence_pipeline.assets.coupons import GROUP, INBOX
from influence_pipeline.assets.names import Names
from influence_pipeline.assets.reporting import MOST, Reported
from influence_pipeline.webhooks import gaps
from influence_pipeline.webhooks.gaps import Gap, GapCount
from influence_pipeline.webhooks.reconcile import Reconciled, pause_between_pages, reconcile

MEMBERS = "members"
BALANCES_ADD_UP = "balances_add_up"


class ReconcileConfig(dg.Config):
    """What may be chosen in the launchpad."""

    everyone: bool = Field(
        default=False, description="List all members, not only those that changed since last time."
    )


def member_asset(names: Names, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """Make the asset of members with its check."""

    @dg.asset(
        key=names.key(MEMBERS),
        deps=[names.key(INBOX)],
        group_name=names.name(GROUP),
        required_resource_keys={names.resource},
        kinds={"api", "postgres"},
        retry_policy=retry,
        check_specs=[
            dg.AssetCheckSpec(
                BALANCES_ADD_UP,
                asset=names.key(MEMBERS),
                description=(
                    "Every change of a member's balance was told by an event of points, or follows "
                    "from a refund that this pipeline sent. Points that are gone without one: a "
                    "redemption may never have been delivered, and somebody has no coupon."
                ),
            )
        ],
        description=(
            "The members of the loyalty program: balance, tier, referral link.\n\nAsks Influence "
            "for those that changed since the last run (once a day for all), keeps "
            "`loyalty_member` right, and looks whether all balances add up. Sends and changes "
            "nothing at Influence. Safe to run at any time."
        ),
    )
    def members(context: dg.AssetExecutionContext, config: ReconcileConfig) -> Reported:
        with names.engines(context).members() as (state, api, settings):
            done = reconcile(
                state,
                api,
                settings.members,
                everyone=config.everyone,
                pause_seconds=pause_between_pages(settings.delivery),
            )
            found = gaps.find(state, MOST)
            for note in done.notes:
                context.log.warning(note)
            check = _check(done.gaps, found)
            if done.trouble is not None:
                # What was found is kept; the check is told before the run fails.
                context.log_event(_evaluation(names, check))
                raise done.trouble
        return dg.MaterializeResult(metadata=_metadata(done), check_results=[check])

    return members


def _metadata(done: Reconciled) -> dict[str, Any]:
    return {
        "listed": done.listed,
        "pages": done.pages,
        "everyone": done.everyone,
        "untold_states": done.untold,
        "without_time": done.without_time,
        "waiting_events": done.waiting,
        "settled": done.judgement.settled,
        "explained_by_refunds": done.judgement.explained,
        "misread": done.judgement.misread,
        "not_judged": done.judgement.unreadable,
        **_counts(done.gaps),
        "seconds": round(done.seconds, 3),
        "judge_seconds": round(done.judge_seconds, 3),
    }


def _counts(count: GapCount) -> dict[str, int]:
    return {
        "members_missing_points": count.lost,
        "points_missing": count.points_lost,
        "members_with_untold_points": count.gained,
        "untold_points": count.points_gained,
    }


def _check(count: GapCount, found: Sequence[Gap]) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = _counts(count)
    if found:
        metadata["gaps, for example"] = dg.TableMetadataValue(
            records=[
                dg.TableRecord(
                    {
                        "customer": gap.external_id or "",
                        "points": gap.points,
                        "after": gap.since.isoformat(),
                        "by": gap.until.isoformat(),
                        "found": gap.found_at.isoformat(),
                    }
                )
                for gap in found
            ],
            schema=dg.TableSchema(
                columns=[
                    dg.TableColumn(name, "int" if name == "points" else "string")
                    for name in ("customer", "points", "after", "by", "found")
                ]
            ),
        )
    words = [_lost_words(count, found), _gained_words(count, found)]
    said = "\n".join(word for word in words if word)
    return dg.AssetCheckResult(
        check_name=BALANCES_ADD_UP,
        passed=not said,
        severity=dg.AssetCheckSeverity.ERROR if count.lost else dg.AssetCheckSeverity.WARN,
        description=said or "Every balance adds up.",
        metadata=metadata,
    )


def _evaluation(names: Names, check: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=names.key(MEMBERS),
        check_name=BALANCES_ADD_UP,
        passed=check.passed,
        severity=check.severity,
        description=check.description,
        metadata=check.metadata,
    )


def _lost_words(count: GapCount, found: Sequence[Gap]) -> str:
    if not count.lost or count.oldest is None:
        return ""
    lost = [gap for gap in found if gap.points < 0]
    has = "customer has" if count.lost == 1 else "customers have"
    first = lost[0].external_id or "CUSTOMER"
    return (
        f"{count.lost:,} {has} fewer points than the events tell ({count.points_lost:,} in all, "
        f"the first by {lost[0].until:%Y-%m-%d %H:%M} UTC): {_names(lost, count.lost)}. A "
        "redemption may never have been delivered: somebody spent points and has no coupon. Look "
        f"at `influence-pipeline members show {first}` and at the customer in the Influence "
        "dashboard. A redemption there without a coupon in the store: make it by hand, with the "
        f"same code. Then, or if points were taken by hand: `influence-pipeline members accept "
        f"{first}`. An event that comes late closes its gap by itself."
    )


def _gained_words(count: GapCount, found: Sequence[Gap]) -> str:
    if not count.gained:
        return ""
    gained = [gap for gap in found if gap.points > 0]
    has = "customer has" if count.gained == 1 else "customers have"
    named = f": {_names(gained, count.gained)}" if gained else ""
    first = (gained[0].external_id if gained else None) or "CUSTOMER"
    return (
        f"{count.gained:,} {has} more points than the events tell ({count.points_gained:,} in "
        f"all){named}. An event of points earned was lost, or points are given that no event tells "
        "of; nobody is without a coupon for it. `influence-pipeline members accept "
        f"{first}` takes the balance as it is."
    )


def _names(found: Sequence[Gap], total: int) -> str:
    names = list(
        dict.fromkeys(gap.external_id or f"(Influence's {gap.member_id})" for gap in found)
    )
    return ", ".join(names) + (" …" if total > len(names) else "")
