"""What came back: Influence's stored webhooks, and the coupons they became in the store.

The run and the sensor report the same way. How an event is worked off is in `webhooks.handlers`;
the inbox alone decides what is to be done, so a run, the sensor and the receiver may all be at it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from influence_pipeline.assets import checks
from influence_pipeline.assets.links import Links, links_of
from influence_pipeline.assets.names import Names
from influence_pipeline.assets.reporting import MOST, Reported
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Reward
from influence_pipeline.sql import load_queries
from influence_pipeline.webhooks.attempts import MEMBER_TOPICS
from influence_pipeline.webhooks.events import MONEY_TOPICS
from influence_pipeline.webhooks.handlers import WorkedOff, work_off

GROUP = "loyalty"
INBOX = "webhook_inbox"
COUPONS = "coupons"
ALL_HAVE_COUPONS = "all_redemptions_have_coupons"

_SQL = load_queries(__file__, "coupons.sql")
# So many open events a report remembers by their ids; among so many of the newest ids it looks for
# those whose transactions have not committed yet.
_MOST_OPEN = 1000
_NEWEST = 10_000


def inbox_asset(names: Names) -> dg.AssetSpec:
    """Make the external asset of stored events."""
    return dg.AssetSpec(
        names.key(INBOX),
        group_name=names.name(GROUP),
        kinds={"postgres"},
        description=(
            "Every webhook of Influence's that the receiver answered with 2xx, once, as it came."
            "\n\nWritten by `influence-pipeline receiver`. Look into it with `influence-pipeline "
            "events list`; bodies hold personal data and are never shown here."
        ),
    )


@dataclass(frozen=True)
class Bookmark:
    """How far the inbox was reported: every event up to the id `after` but for those in `open`."""

    after: int = 0
    open: tuple[int, ...] = ()


@dataclass(frozen=True)
class Arrived:
    """What was settled since a report, by whomever; `bookmark` is where the next one goes on."""

    events: int
    by_others: int
    coupons_by_others: int
    median_seconds: float | None
    p99_seconds: float | None
    longest_seconds: float | None
    bookmark: Bookmark


def arrived(state: Postgres, before: Bookmark, own: Collection[int] = ()) -> Arrived:
    """Look at what was settled since `before`; `own` events were by the caller. Raises StateError.

    Each event counts once: when it first is settled. A replay is no arrival.
    """
    values = {
        "after": before.after,
        "open": list(before.open),
        "own": list(own),
        "most": _MOST_OPEN,
        "newest": _NEWEST,
    }
    with state.transaction() as connection:
        row = connection.execute(_SQL["arrived"], values).one()
    return Arrived(
        row.events,
        row.by_others,
        row.coupons_by_others,
        row.median_seconds,
        row.p99_seconds,
        row.longest_seconds,
        Bookmark(row.after, tuple(row.open)),
    )


@dataclass(frozen=True)
class Waits:
    """Events that ask for a coupon and wait. `in_trouble`: those that were attempted in vain.

    `too_long`: those that came too long ago; `since`, `oldest_id`, `reason`: of the oldest of them.
    """

    in_trouble: int
    too_long: int
    since: datetime | None
    oldest_id: int | None
    reason: str | None


def waits(state: Postgres, minutes: float) -> Waits:
    """Look at what waits, and what of it for more than so many minutes. Raises StateError."""
    values = {"seconds": 60 * minutes, "topics": [str(topic) for topic in MONEY_TOPICS]}
    with state.transaction() as connection:
        return Waits(*connection.execute(_SQL["waits"], values).one())


def count_due(state: Postgres, most: int) -> int:
    """Count the events that could be worked off now, up to `most`. Raises StateError."""
    with state.transaction() as connection:
        return int(connection.execute(_SQL["due"], {"most": most}).scalar_one())


@dataclass(frozen=True)
class Result:
    """What a round is reported as, by a run or by the sensor."""

    metadata: dict[str, Any]
    checks: tuple[dg.AssetCheckResult, ...]

    @property
    def passed(self) -> dict[str, bool]:
        """Which checks pass."""
        return {str(check.check_name): check.passed for check in self.checks}

    def events(self, asset: dg.AssetKey) -> list[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
        """Give it as what is reported outside of a run."""
        return [
            dg.AssetMaterialization(asset, metadata=self.metadata),
            *(checks.evaluation(asset, check) for check in self.checks),
        ]


def result_of(
    state: Postgres,
    done: WorkedOff,
    new: Arrived | None = None,
    rewards: Mapping[str, Reward] | None = None,
    links: Links | None = None,
    by_others: int = 0,
) -> Result:
    """Put together what a round is reported as. `by_others`: events that came and were settled
    elsewhere meanwhile. Raises StateError."""
    links = links or Links()
    with state.transaction() as connection:
        left = connection.execute(_SQL["open"]).one()
        parked = connection.execute(_SQL["parked"], {"most": MOST}).all() if left.parked else []
        quarantined = connection.execute(
            _SQL["quarantined"], {"harmless": [str(t) for t in MEMBER_TOPICS], "most": MOST}
        ).all()
    unread = quarantined[0].total if quarantined else 0
    metadata: dict[str, Any] = {
        "coupons_made": done.coupons,
        "events_done": done.count("done"),
        "events_by_others": by_others,
        "events_parked": done.count("parked"),
        "events_quarantined": done.count("quarantined"),
        "events_to_retry": done.count("retried"),
        "waiting": left.waiting,
        "parked": left.parked,
        "quarantined": unread,
        **_latency(done, new),
    }
    if new is not None:
        metadata["events_arrived"] = new.events
    if done.troubles:
        metadata["trouble"] = "; ".join(sorted(done.troubles))
    metadata["summary"] = dg.MetadataValue.md(_summary(metadata))
    check_metadata: dict[str, Any] = {"parked": left.parked, "quarantined": unread}
    for name, rows in (("parked", parked), ("quarantined", quarantined)):
        if rows:
            check_metadata[f"{name}, for example"] = dg.MetadataValue.md(
                "\n".join(f"- event {row.id} ({row.topic}): {row.reason}" for row in rows)
            )
            check_metadata["what to do"] = links.page(
                "webhooks.md", "parked-events-and-their-mends"
            )
    words = [
        _parked_words(left.parked, [row.id for row in parked]),
        _quarantined_words(unread, [row.id for row in quarantined]),
    ]
    said = "\n".join(word for word in words if word)
    have_coupons = dg.AssetCheckResult(
        check_name=ALL_HAVE_COUPONS,
        passed=not said,
        description=said or "No event is parked or unreadable.",
        metadata=check_metadata,
    )
    return Result(metadata, (have_coupons, checks.check_rewards(state, rewards or {}, links)))


def all_have_coupons(state: Postgres) -> bool:
    """Say whether no event is parked or may be one and cannot be read. Raises StateError."""
    harmless = [str(topic) for topic in MEMBER_TOPICS]
    with state.transaction() as connection:
        parked = connection.execute(_SQL["open"]).one().parked
        unread = connection.execute(_SQL["quarantined"], {"harmless": harmless, "most": 1}).all()
    return not parked and not unread


def _summary(metadata: Mapping[str, Any]) -> str:
    made = metadata["coupons_made"]
    left = [f"{metadata[name]:,} {name}" for name in ("waiting", "parked", "quarantined")]
    return (
        f"**{made:,} coupon{'' if made == 1 else 's'} made.** Events: {metadata['events_done']:,} "
        f"done here, {metadata['events_by_others']:,} elsewhere, "
        f"{metadata['events_parked']:,} parked, {metadata['events_to_retry']:,} to be tried "
        f"again.\n\nIn the inbox: {', '.join(left)}."
    )


def _latency(done: WorkedOff, new: Arrived | None) -> dict[str, float]:
    """Seconds from a delivery to done: of what is reported as settled, else of what was done."""
    found = done.latency(0.5), done.latency(0.99), done.latency(1.0)
    if new is not None and new.median_seconds is not None:
        found = new.median_seconds, new.p99_seconds, new.longest_seconds
    names = ("seconds_median", "seconds_p99", "seconds_longest")
    return {
        name: round(float(seconds), 3)
        for name, seconds in zip(names, found, strict=True)
        if seconds is not None
    }


def _listed(total: int, ids: list[int]) -> str:
    return ", ".join(str(event) for event in ids) + (" …" if total > len(ids) else "")


def _quarantined_words(total: int, ids: list[int]) -> str:
    if not total:
        return ""
    deliveries = "delivery is" if total == 1 else "deliveries are"
    return (
        f"{total:,} {deliveries} quarantined that may be redemptions (of an unknown topic, not "
        f"readable, or with a key that came before with other coupons): {_listed(total, ids)}. "
        f"Look at each: `influence-pipeline events show {ids[0]}`. Where somebody spent points and "
        "has no coupon, make it by hand from the Influence dashboard; what this version can use "
        f"after all goes on with `influence-pipeline events replay {ids[0]}`."
    )


def _parked_words(parked: int, ids: list[int]) -> str:
    if not parked:
        return ""
    listed = _listed(parked, ids)
    events = "event is" if parked == 1 else "events are"
    return (
        f"{parked:,} {events} parked, so somebody may have spent points and have no coupon: "
        f"{listed}. Why: `influence-pipeline events show {ids[0]}`. When mended: "
        f"`influence-pipeline events replay {ids[0]}`; one whose rule is put into influence.toml "
        "goes on by itself."
    )


def coupon_asset(names: Names, retry: dg.RetryPolicy) -> dg.AssetsDefinition:
    """Make the asset that works the inbox off."""

    @dg.asset(
        key=names.key(COUPONS),
        deps=[names.key(INBOX)],
        group_name=names.name(GROUP),
        required_resource_keys={names.resource},
        kinds={"postgres"},
        retry_policy=retry,
        check_specs=[
            dg.AssetCheckSpec(
                ALL_HAVE_COUPONS,
                asset=names.key(COUPONS),
                description=(
                    "Every stored event that asks for a coupon has it. One that could not be made "
                    "is parked with its reason: an unknown rule, a code that is taken, a customer "
                    "whom the API does not know. A delivery that may be such an event and cannot "
                    "be read is quarantined, and fails the check too."
                ),
            ),
            checks.rewards_listed(names.key(COUPONS)),
        ],
        description=(
            "Coupons in the store, made of what customers redeemed.\n\nUsually made by the "
            "receiver or by `coupon_sensor` within a second and only reported here; a run works "
            "off whatever waits. Safe to run at any time: a coupon that is there is found, not "
            "made again."
        ),
    )
    def coupons(context: dg.AssetExecutionContext) -> Reported:
        done = WorkedOff()
        with names.engines(context).inbox() as (state, handlers):
            for note in handlers.notes:
                context.log.warning(note)
            while not done.broken_off:
                round_ = work_off(state, handlers)
                done.add(round_)
                if not round_.settled:
                    break
            links = links_of(names.engines(context).settings().config.dagster)
            result = result_of(state, done, rewards=handlers.terms.rewards, links=links)
        fail_if_nothing_went(done)
        return dg.MaterializeResult(metadata=result.metadata, check_results=list(result.checks))

    return coupons


def fail_if_nothing_went(done: WorkedOff) -> None:
    """Fail in one line where the store or the API was away and nothing could be settled."""
    if done.troubles and not done.settled:
        raise dg.Failure(
            description=(
                f"Nothing could be worked off: {'; '.join(sorted(done.troubles))} "
                "The events wait and are tried again."
            )
        )
