"""The reward table: worth what was meant, and complete for the rules that events have named."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.check.records import FEW, values
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.platform_api.money import DIGITS
from influence_pipeline.records import Entity
from influence_pipeline.state.connection import newest_revision
from influence_pipeline.state.database import revision_of
from influence_pipeline.webhooks.events import MONEY_TOPICS, read
from influence_pipeline.webhooks.grants import Terms, grants_of
from influence_pipeline.webhooks.outcomes import MENDED_BY_SETTINGS, Park, Why

# Events that are looked at, the newest first.
_EVENTS = 2000
# What the plain preset gives as an example.
_EXAMPLES = {"rule-5-off", "rule-10-percent", "rule-free-shipping", "rule-steps"}


def _worth(desk: Desk) -> Findings:
    rewards = desk.config.rewards
    for rule, reward in rewards.items():
        where = desk.place("rewards", rule, "value")
        value = reward.value
        if re.search(r"[<>\s]", rule):
            yield error(
                f'"{rule}" is no id of a rule',
                where=desk.place("rewards", rule),
                why="A reward is found by its ruleId; this one never is.",
                mend="Write the id that stands in the rule's address in the dashboard.",
            )
        if reward.per_points is not None and value is not None and value / reward.per_points > 1:
            yield warning(
                f'reward "{rule}" gives {value} {reward.currency} for {reward.per_points} points',
                where=where,
                why="A point would be worth more than one in money.",
                mend="per_points is how many points `value` is for.",
            )
        if value is None:
            continue
        if reward.kind in {"percentage", "product"} and value < 1:
            yield error(
                f'reward "{rule}" is worth {value} percent',
                where=where,
                why="A share written as a fraction: 0.1 is a tenth of a percent here.",
                mend=f'value = "{(value * 100).normalize():f}"',
            )
        elif reward.kind == "percentage" and value == 100:
            yield warning(
                f'reward "{rule}" makes everything free',
                where=where,
                why="100 percent of an order of any size.",
                mend="Is it meant? Else write the percent off.",
            )


def _listed_only(desk: Desk) -> Findings:
    coupons = desk.config.coupons
    if coupons is not None and coupons.listed_rules_only and not desk.config.rewards:
        yield error(
            "listed_rules_only is on, and [rewards] lists nothing",
            where=desk.place("coupons", "listed_rules_only"),
            why="Every redemption is parked.",
            mend="List your redeem rules under [rewards], or take listed_rules_only out.",
        )


def _against_orders(desk: Desk) -> Findings:
    """Fixed amounts against what orders come to."""
    totals = sorted(
        Decimal(str(row["total"]))
        for row in values(desk, Entity.ORDER)
        if isinstance(row.get("total"), int | Decimal) and row["total"] > 0
    )
    currencies = Counter(str(row.get("currency")).upper() for row in values(desk, Entity.ORDER))
    for rule, reward in desk.config.rewards.items():
        if len(totals) >= FEW and reward.minimum_spend and reward.minimum_spend > totals[-1]:
            yield warning(
                f'reward "{rule}" asks for {reward.minimum_spend}, more than any order looked at '
                f"comes to ({totals[-1]})",
                where=desk.place("rewards", rule, "minimum_spend"),
                why="Nobody could use its coupons.",
                mend="minimum_spend is in major units of its currency.",
            )
        if reward.kind != "fixed" or reward.value is None:
            continue
        currencies = Counter({name: n for name, n in currencies.items() if name in DIGITS})
        if currencies.total() >= FEW and reward.currency not in currencies:
            yield error(
                f'reward "{rule}" is in {reward.currency}, and orders are in '
                f"{', '.join(currencies)}",
                where=desk.place("rewards", rule, "currency"),
                why="Its coupon would be in a money in which nobody buys.",
                mend=f'currency = "{currencies.most_common(1)[0][0]}"',
            )
        elif len(totals) >= FEW and reward.per_points is None and reward.value > median(totals):
            yield error(
                f'reward "{rule}" is worth {reward.value} {reward.currency}, more than half of all '
                f"orders come to ({median(totals):.2f})",
                where=desk.place("rewards", rule, "value"),
                why="Amounts are in major units: 500 is five hundred, not 5.00.",
                mend="Write the amount in major units; a large one that is meant passes with "
                '[check] accept = ["rewards.orders"].',
            )


def _complete(desk: Desk) -> Findings:
    if revision_of(desk.state, desk.config.state_schema) != newest_revision():
        yield note("no webhook has been stored yet", where=str(desk.settings.file))
        return
    with desk.state.transaction() as connection:
        rows = connection.exec_driver_sql(
            "SELECT id, topic, body, received_at FROM inbox WHERE topic = ANY(%(topics)s) "
            "AND state <> 'quarantined' ORDER BY id DESC LIMIT %(most)s",
            {"topics": [str(topic) for topic in MONEY_TOPICS], "most": _EVENTS},
        ).all()
    try:
        writer = desk.coupon_writer if desk.config.coupons is not None else None
    except ConfigurationError:
        writer = None
    terms = Terms(desk.config.rewards, desk.config.coupons, writer)
    seen = 0
    lacking: dict[str, tuple[Why, int]] = {}
    for number, topic, body, received_at in rows:
        event = read(topic, bytes(body)).event
        if event is None:
            continue
        for grant in grants_of(event, terms, received_at or datetime.now(UTC)):
            seen += 1
            if isinstance(grant, Park) and grant.why in {*MENDED_BY_SETTINGS, Why.NO_WORTH}:
                # Words of a park name the rule, no person.
                lacking.setdefault(grant.reason, (grant.why, number))
    for reason, (why, number) in lacking.items():
        yield error(
            reason.partition("\n")[0],
            where=desk.place("rewards"),
            why=f"Event {number} and its like are parked as {why}; their points are spent.",
            mend=reason.partition("\n")[2].replace("\n", "; ") or "See the sentence before.",
        )
    if not lacking:
        yield ok(f"every one of {seen:,} rewards in stored events can be told")


def _examples(desk: Desk) -> Findings:
    left = sorted(_EXAMPLES & set(desk.config.rewards))
    if set(left) == _EXAMPLES:
        yield note(
            f"[rewards] holds examples of the preset: {', '.join(left)}",
            where=desk.place("rewards", left[0]),
            why="No rule of yours has such an id, so they do nothing.",
            mend="Replace them by the ids of your redeem rules (in the dashboard's addresses).",
        )
    elif not desk.config.rewards and desk.config.coupons is not None:
        yield note(
            "[rewards] is empty",
            where=str(desk.settings.file),
            why="What a reward is worth must then stand in each event; where it does not, the "
            "redemption is parked.",
        )


CHECKS = (
    Check("rewards.worth", "rewards are worth what can be meant", _worth, ("config.file",)),
    Check("rewards.listed", "listed_rules_only has a list", _listed_only, ("config.file",)),
    Check("rewards.examples", "no example is left", _examples, ("config.file",)),
    Check("rewards.orders", "rewards fit the orders", _against_orders, ("orders.transform",)),
    Check("rewards.events", "rules in events are listed", _complete, ("state.connection",)),
)
