"""What a reward is worth: from the event, else from the merchant's table, else not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from influence_pipeline.settings import Reward
from influence_pipeline.webhooks.outcomes import Park, Why
from influence_pipeline.webhooks.worth import Offer, Worth, worth_of

FIVE_EURO = Reward(kind="fixed", value=Decimal(5), currency="EUR", expires_days=30)


def offer(**fields: object) -> Offer:
    return Offer(**{"kind": None, "amount": None, "rule_id": None, **fields})  # type: ignore[arg-type]


def worth(found: Worth | Park) -> Worth:
    assert isinstance(found, Worth), found
    return found


def test_the_value_in_the_event_comes_before_the_table() -> None:
    given = offer(kind="fixedamountdiscount", amount=Decimal(7), rule_id="r")
    found = worth(worth_of(given, {"r": FIVE_EURO}, None))
    assert (found.value, found.currency, found.expires_days) == (Decimal(7), "EUR", 30)


def test_the_table_tells_what_the_event_does_not() -> None:
    found = worth(worth_of(offer(kind="amountdiscount", rule_id="r"), {"r": FIVE_EURO}, None))
    assert (found.kind, found.value, found.currency) == ("fixed", Decimal(5), "EUR")


@pytest.mark.parametrize(
    ("points", "cost", "amount", "currency", "expected"),
    [
        ("500", "100", "5", "EUR", "25.00"),
        ("1000", "300", "1", "EUR", "3.33"),
        ("1000", "300", "100", "JPY", "333"),
        ("1000", "300", "1", "KWD", "3.333"),
        ("300", "100", "0.333", "EUR", "0.99"),
        ("3", "9", "3", "EUR", "1.00"),
    ],
)
def test_increments_follow_the_points_spent_and_are_never_rounded_up(
    points: str, cost: str, amount: str, currency: str, expected: str
) -> None:
    given = offer(
        kind="amountdiscount",
        amount=Decimal(amount),
        points=Decimal(points),
        point_cost=Decimal(cost),
    )
    assert str(worth(worth_of(given, {}, currency)).value) == expected


def test_points_without_their_cost_are_not_guessed_at() -> None:
    given = offer(kind="amountdiscount", amount=Decimal(5), points=Decimal(500), rule_id="r")
    found = worth_of(given, {}, "EUR")
    assert isinstance(found, Park)
    assert found.why is Why.UNKNOWN_RULE


def test_an_unknown_rule_says_which_and_shows_the_lines_to_add() -> None:
    found = worth_of(offer(rule_id='rule "9"'), {}, "EUR")
    assert isinstance(found, Park)
    assert found.why is Why.UNKNOWN_RULE
    assert '[rewards."rule \\"9\\""]' in found.reason


def test_the_lines_to_add_are_valid_toml() -> None:
    import tomllib

    found = worth_of(offer(rule_id='a "b" \\ é'), {}, "EUR")
    assert isinstance(found, Park)
    lines = "\n".join(found.reason.splitlines()[1:])
    (rule,) = tomllib.loads(lines)["rewards"].items()
    assert rule[0] == 'a "b" \\ é'
    Reward.model_validate(rule[1])


def test_an_amount_without_a_currency_anywhere_is_not_made_into_money() -> None:
    found = worth_of(offer(kind="fixedamountdiscount", amount=Decimal(5)), {}, None)
    assert isinstance(found, Park)
    assert found.why is Why.NO_CURRENCY
    assert 'currency = "EUR"' in found.reason


@pytest.mark.parametrize("kind", ["percentageoff", "percentage", "PERCENTAGE_OFF"])
def test_a_percentage_is_taken_as_it_is(kind: str) -> None:
    found = worth(worth_of(offer(kind=kind, amount=Decimal("12.5")), {}, None))
    assert (found.kind, found.value) == ("percentage", Decimal("12.5"))


@pytest.mark.parametrize("amount", [Decimal(101), Decimal(0), Decimal(-5), Decimal("1e30"), None])
def test_impossible_amounts_make_no_coupon(amount: Decimal | None) -> None:
    for kind in ("percentageoff", "fixedamountdiscount"):
        if kind == "fixedamountdiscount" and amount == 101:
            continue
        found = worth_of(offer(kind=kind, amount=amount, rule_id="r"), {}, "EUR")
        assert isinstance(found, Park)


def test_free_shipping_needs_no_value() -> None:
    found = worth(worth_of(offer(kind="freeshipping", minimum_spend=Decimal(20)), {}, None))
    assert (found.kind, found.value, found.minimum_spend) == ("free_shipping", None, Decimal(20))


@pytest.mark.parametrize("kind", ["giftcard", "pointdonation", "productdiscount", "pos_percentage"])
def test_kinds_that_are_no_plain_discount_need_the_table(kind: str) -> None:
    found = worth_of(offer(kind=kind, amount=Decimal(5), rule_id="r"), {}, "EUR")
    assert isinstance(found, Park)
    assert worth(worth_of(offer(kind=kind, rule_id="r"), {"r": FIVE_EURO}, None)).kind == "fixed"


def test_a_rule_by_points_follows_the_points_spent() -> None:
    rule = Reward(kind="fixed", value=Decimal(1), currency="EUR", per_points=100)
    found = worth(worth_of(offer(rule_id="r", points=Decimal(250)), {"r": rule}, None))
    assert found.value == Decimal("2.50")
    missing = worth_of(offer(rule_id="r"), {"r": rule}, None)
    assert isinstance(missing, Park)
    assert missing.why is Why.NO_WORTH


def test_a_product_is_given_away_unless_the_table_says_less() -> None:
    gift = Reward(kind="product", products=["11", "12"])
    found = worth(worth_of(offer(kind="productdiscount", rule_id="r"), {"r": gift}, None))
    assert (found.kind, found.value, found.product_ids) == ("product", Decimal(100), ("11", "12"))
    half = Reward(kind="product", products=["11"], value=Decimal(50))
    found = worth(worth_of(offer(kind="productdiscount", rule_id="r"), {"r": half}, None))
    assert found.value == Decimal(50)


@pytest.mark.parametrize(
    ("kind", "amount", "believed"),
    [
        ("fixedamountdiscount", 5, True),
        ("fixedamountdiscount", 4, True),
        ("fixedamountdiscount", 6, False),
        ("fixedamountdiscount", 10**9, False),
        ("percentageoff", 5, False),
        ("freeshipping", None, False),
    ],
)
def test_where_only_listed_rules_count_no_event_makes_itself_worth_more(
    kind: str, amount: int | None, believed: bool
) -> None:
    said = offer(kind=kind, amount=None if amount is None else Decimal(amount), rule_id="r")
    found = worth_of(said, {"r": FIVE_EURO}, "EUR", listed_only=True)
    if believed:
        assert worth(found).value == amount
    else:
        assert isinstance(found, Park)
        assert found.why is Why.NOT_LISTED


def test_where_only_listed_rules_count_another_rule_is_unknown() -> None:
    said = offer(kind="percentageoff", amount=Decimal(90), rule_id="mine")
    for table in ({}, {"r": FIVE_EURO}):
        found = worth_of(said, table, "EUR", listed_only=True)
        assert isinstance(found, Park)
        assert found.why is Why.UNKNOWN_RULE
    nameless = offer(kind="percentageoff", amount=Decimal(90))
    found = worth_of(nameless, {"r": FIVE_EURO}, "EUR", listed_only=True)
    assert isinstance(found, Park)
    assert found.why is Why.NO_WORTH
