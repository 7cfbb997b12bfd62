"""The judge of all proofs: each kind of difference is made once, and it must name it. A judge that
sees nothing would make every proof green."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from influence_pipeline.sandbox import judge as program
from influence_pipeline.sandbox import sample_store
from influence_pipeline.sandbox.postgres import EmbeddedPostgres
from influence_pipeline_tests.sandbox.judged_shop import GO_LIVE, ROWS, JudgedShop
from influence_pipeline_tests.sandbox.platform_fixtures import Sandbox, running
from influence_pipeline_tests.support import judging
from influence_pipeline_tests.support.databases import administer, throw_away_database

Told = Callable[[JudgedShop], object]


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), access_log=False) as started:
        yield started


@pytest.fixture(scope="module")
def template(postgres: EmbeddedPostgres) -> str:
    name = "template_judged_shop"
    url = postgres.create_database(name)
    sample_store.create(url)
    JudgedShop(url, None).run(ROWS)  # type: ignore[arg-type]
    return name


@pytest.fixture
def shop(postgres: EmbeddedPostgres, template: str, process: Sandbox) -> Iterator[JudgedShop]:
    process.good("POST", "/sandbox/reset")
    with throw_away_database(postgres, template) as url:
        yield JudgedShop(url, process)


def found(shop: JudgedShop) -> list[tuple[str, str, str]]:
    return [(d.kind, d.entity, d.key) for d in shop.judge().differences]


def words(shop: JudgedShop) -> set[str]:
    return {d.what for d in shop.judge().differences}


def test_where_the_truth_was_told_it_finds_nothing(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.make_coupon(shop.redeem())
    verdict = shop.judge()
    assert verdict.differences == ()
    assert verdict.compared == {"customers": 2, "products": 1, "orders": 4, "coupons": 1}
    assert (verdict.lost, verdict.doubled, verdict.wrong, verdict.forged) == (0, 0, 0, 0)


# -- customers and products ------------------------------------------------------------------------


@pytest.mark.parametrize(("entity", "key"), [("product", "7"), ("order", "2"), ("order", "4")])
def test_what_was_never_told_is_lost(shop: JudgedShop, entity: str, key: str) -> None:
    shop.tell_all(but=entity if entity == "product" else key)
    assert found(shop) == [("lost", entity, key)]


def test_a_customer_who_was_never_told_is_lost(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.run("INSERT INTO customers (id, email) VALUES ('c-3', 'cleo@example.org')")
    assert found(shop) == [("lost", "customer", "c-3")]


@pytest.mark.parametrize(
    "column", ["email = 'x@example.org'", "first_name = 'X'", "last_name = NULL", "phone = '1'",
               "birthday = '1990-12-11'"],
)  # fmt: skip
def test_a_customer_told_otherwise_than_the_store_has_it_is_wrong(
    shop: JudgedShop, column: str
) -> None:
    shop.tell_all()
    shop.run(f"UPDATE customers SET {column} WHERE id = 'c-1'")
    assert found(shop) == [("wrong", "customer", "c-1")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE products SET title = 'Mug'",
        "UPDATE product_variants SET title = 'green' WHERE id = 71",
        "DELETE FROM product_variants WHERE id = 72",
    ],
)
def test_a_product_told_otherwise_than_the_store_has_it_is_wrong(
    shop: JudgedShop, change: str
) -> None:
    shop.tell_all()
    shop.run(change)
    assert {kind for kind, entity, _ in found(shop) if entity == "product"} == {"wrong"}


def test_who_and_what_was_told_and_never_was_in_the_store_is_forged(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.tell_customer("c-9", email="nobody@example.org")
    shop.tell_product("9")
    assert found(shop) == [("forged", "customer", "c-9"), ("forged", "product", "9")]


def test_what_was_told_and_then_deleted_is_no_difference(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.run("INSERT INTO customers (id, email, deleted_at) VALUES ('c-9', 'x@example.org', now())")
    shop.tell_customer("c-9", email="old@example.org")
    shop.run("UPDATE products SET deleted_at = now(), title = 'gone'")
    assert found(shop) == []


# -- orders ----------------------------------------------------------------------------------------


def award_again(shop: JudgedShop) -> None:
    shop.sandbox.set(second_post="award_again")
    shop.tell_order("1", "paid")


def refund_again(shop: JudgedShop) -> None:
    shop.sandbox.set(refund_repeat="again")
    shop.tell_status("3", "refunded")


def award_by_other_rules(shop: JudgedShop) -> None:
    """Told in cents, or by whatever mistake of the amount."""
    shop.sandbox.good("PUT", "/sandbox/rules", {"pointsPerUnit": "100"})
    shop.tell_order("1", "paid")
    shop.sandbox.good("PUT", "/sandbox/rules", {"pointsPerUnit": "1"})


def pay_by_mistake(shop: JudgedShop) -> None:
    shop.tell_order("2", "paid", "pending")


def refund_by_mistake(shop: JudgedShop) -> None:
    shop.tell_order("1", "paid", "refunded", "paid")


ORDERS: dict[str, tuple[str, Told, set[tuple[str, str]], str]] = {
    # What it is: which order is left out of the truth, what is told of it, kinds and words.
    "posted twice": ("-", award_again, {("doubled", "1")}, "was created 2 times"),
    "awarded twice": ("-", award_again, {("doubled", "1")}, "was awarded 2 times"),
    "deducted twice": ("-", refund_again, {("doubled", "3")}, "was deducted 2 times"),
    "other status": ("1", lambda s: s.tell_order("1"), {("wrong", "1"), ("lost", "1")},
                     "is pending, must be paid"),
    "never awarded": ("1", lambda s: s.tell_order("1"), {("wrong", "1"), ("lost", "1")},
                      "is paid and was never awarded"),
    "other points": ("1", award_by_other_rules, {("wrong", "1")},
                     "was awarded 20550 points, must be 205"),
    "other total": ("1", lambda s: s.tell_order("1", "paid", totalPrice="205.49"), {("wrong", "1")},
                    "its total or currency differs"),
    "too high a total": ("1", lambda s: s.tell_order("1", "paid", totalPrice="20550.00"),
                         {("wrong", "1")}, "was awarded 20550 points, must be 205"),
    "other currency": ("1", lambda s: s.tell_order("1", "paid", currency="USD"), {("wrong", "1")},
                       "its total or currency differs"),
    "other subtotal": ("1", lambda s: s.tell_order("1", "paid", subtotalPrice="1"), {("wrong", "1")},
                       "its subtotal differs"),
    "other number": ("1", lambda s: s.tell_order("1", "paid", orderNumber="N2"), {("wrong", "1")},
                     "its number differs"),
    "other e-mail": ("1", lambda s: s.tell_order("1", "paid", email="x@example.org"),
                     {("wrong", "1")}, "its e-mail differs"),
    "other customer": ("1", lambda s: s.tell_order("1", "paid", customerId="c-2"), {("wrong", "1")},
                       "its customer differs"),
    "others' points": ("1", lambda s: s.tell_order("1", "paid", customerId="c-2"), {("wrong", "1")},
                       "its points went to another customer"),
    "other codes": ("1", lambda s: s.tell_order("1", "paid", discountCodes=[{"code": "spring"}]),
                    {("wrong", "1")}, "its discount codes differ"),
    "a line less": ("1", lambda s: s.tell_order("1", "paid", lineItems=[]), {("wrong", "1")},
                    "its line items differ"),
    "other line": ("2", lambda s: s.tell_order("2", lineItems=[]), {("wrong", "2")},
                   "its line items differ"),
    "awarded unpaid": ("2", pay_by_mistake, {("forged", "2")}, "was awarded and is not paid"),
    "deducted unrefunded": ("1", refund_by_mistake, {("forged", "1")},
                            "was deducted and not refunded"),
    "under another id": ("1", lambda s: s.tell_order("1", "paid", new="1-again"),
                         {("lost", "1"), ("forged", "1-again")},
                         "was placed before the go-live, or never, and was sent"),
    "never refunded": ("3", lambda s: s.tell_order("3", "paid"), {("wrong", "3"), ("lost", "3")},
                       "is refunded and was never deducted"),
}  # fmt: skip


@pytest.mark.parametrize("what", ORDERS)
def test_an_order_told_otherwise_than_the_store_has_it_is_named(
    shop: JudgedShop, what: str
) -> None:
    left_out, tell, expected, said = ORDERS[what]
    shop.tell_all(but=left_out)
    tell(shop)
    assert {(kind, key) for kind, _, key in found(shop)} == expected
    assert said in words(shop)


def test_an_order_that_the_store_rolled_back_is_forged(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.tell_order("2", new="5")
    assert found(shop) == [("forged", "order", "5")]


def test_an_order_of_before_the_go_live_is_forged(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.run("UPDATE orders SET placed_at = '2025-12-31' WHERE id = 2")
    assert found(shop) == [("forged", "order", "2")]


def test_a_refund_that_took_back_too_little_is_wrong(shop: JudgedShop) -> None:
    shop.tell_all(but="3")
    shop.tell_order("3", "paid")
    shop.doctor("UPDATE orders SET points_awarded = 299 WHERE order_id = '3'")
    shop.tell_status("3", "refunded")
    assert found(shop) == [("wrong", "order", "3")]
    assert words(shop) == {"299 of its 300 points were taken back, must be all"}


def test_an_order_that_changed_after_its_award_is_worth_what_it_was(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.run("UPDATE orders SET total = 100 WHERE id = 1")
    shop.tell_status("1", "paid", totalPrice="100.00")
    assert found(shop) == []


def test_points_given_by_a_call_are_forged(shop: JudgedShop) -> None:
    shop.tell_all()
    shop.sandbox.good("POST", "/v1/customers/c-2/points", {"points": 5})
    shop.sandbox.good("POST", "/sandbox/customers/c-1/points", {"points": 5})
    assert found(shop) == [("forged", "customer", "c-2")]


# -- coupons ---------------------------------------------------------------------------------------

COUPONS: dict[str, tuple[Callable[[JudgedShop, str], object], set[str], str]] = {
    "never made": (lambda s, c: None, {"lost"}, "was paid for with points and is not in the store"),
    "in another case": (lambda s, c: s.make_coupon(c.lower()), {"lost"},
                        "was paid for with points and is not in the store"),
    "twice": (lambda s, c: (s.make_coupon(c), s.make_coupon(c.lower())), {"doubled"},
              "is in the store 2 times"),
    "of the shop's own": (lambda s, c: (s.make_coupon(c), s.make_coupon(c.lower(), source="'shop'")),
                          {"doubled"}, "is in the store 2 times"),
    "of another customer": (lambda s, c: s.make_coupon(c, customer_id="'c-2'"), {"wrong"},
                            "belongs to another customer"),
    "for everybody": (lambda s, c: s.make_coupon(c, customer_id="NULL"), {"wrong"},
                      "belongs to another customer"),
    "of another kind": (lambda s, c: s.make_coupon(c, kind="'percentage'"), {"wrong"},
                        "takes off percentage, must be fixed"),
    "of another value": (lambda s, c: s.make_coupon(c, value="50"), {"wrong"},
                         "is worth 50, must be 5"),
    "without end": (lambda s, c: s.make_coupon(c, usage_limit="NULL"), {"wrong"},
                    "can be used more than once, or never"),
    "over already": (lambda s, c: s.make_coupon(c, expires_at="now() - interval '1 day'"), {"wrong"},
                     "can be used no more"),
    "used and not told": (lambda s, c: (s.make_coupon(c), s.run(
        f"INSERT INTO order_discounts VALUES (2, '{c}', 1)")), {"lost", "wrong"},
        "was used and is not told as used"),
    "told and not used": (lambda s, c: (s.make_coupon(c), s.sandbox.good(
        "POST", f"/v1/rewards/{c}/use", {})), {"forged"}, "is told as used and was not"),
    "and one that nobody redeemed": (lambda s, c: (s.make_coupon(c), s.make_coupon("INF-FORGED")),
                                     {"forged"}, "is in the store and nobody redeemed it"),
}  # fmt: skip


@pytest.mark.parametrize("what", COUPONS)
def test_a_coupon_that_is_not_as_it_was_redeemed_is_named(shop: JudgedShop, what: str) -> None:
    make, kinds, said = COUPONS[what]
    shop.tell_all()
    make(shop, shop.redeem())
    assert {kind for kind, _, _ in found(shop)} == kinds
    assert said in words(shop)


# -- the program -----------------------------------------------------------------------------------


def given(shop: JudgedShop) -> list[str]:
    ledger = str(shop.sandbox.ledger)
    return ["--store", shop.url, "--ledger", ledger, "--go-live", GO_LIVE.isoformat()]


def test_its_exit_status_and_its_words_say_what_it_found(shop: JudgedShop) -> None:
    shop.tell_all()
    done = judging.run(*given(shop))
    assert (done.returncode, done.stderr) == (program.AGREE, "")
    assert done.stdout == "0 differences (2 customers, 1 product, 4 orders, 0 coupons compared)\n"
    award_again(shop)
    done = judging.run(*given(shop))
    assert done.returncode == program.DIFFER
    assert "doubled: order 1: was awarded 2 times" in done.stdout.splitlines()
    done = judging.run(*given(shop), "--json")
    assert done.returncode == program.DIFFER
    said = json.loads(done.stdout)
    assert (said["lost"], said["doubled"], said["wrong"], said["forged"]) == (0, 1, 0, 0)


def test_what_it_cannot_read_is_no_verdict(shop: JudgedShop, tmp_path: Path) -> None:
    nothing = ["--store", "postgresql://u:se%cret@127.0.0.1:1/x"]
    done = judging.run(*nothing, "--ledger", str(shop.sandbox.ledger))
    assert (done.returncode, done.stdout) == (program.CANNOT_JUDGE, "")
    assert "the store cannot be read" in done.stderr
    assert "cret" not in done.stderr
    done = judging.run("--store", shop.url, "--ledger", str(tmp_path / "no ledger"))
    assert (done.returncode, done.stdout) == (program.CANNOT_JUDGE, "")
    assert "the ledger" in done.stderr
    with pytest.raises(AssertionError, match="the ledger"):
        judging.judge(shop.url, tmp_path / "no ledger", GO_LIVE)


def test_it_runs_without_any_of_the_pipelines_code(shop: JudgedShop) -> None:
    python, *others = judging.COMMAND
    done = judging.run(*given(shop), command=[python, "-X", "importtime", *others])
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "psycopg2" in loaded
    assert not [name for name in loaded if name.split(".")[0].startswith("influence_pipeline")]


def test_it_judges_where_the_pipelines_state_lets_nobody_in(
    shop: JudgedShop, postgres: EmbeddedPostgres, state_url: str
) -> None:
    """It could not look there if it wanted to: it knows one database, the store."""
    shop.tell_all(but="2")
    administer(postgres, f'ALTER DATABASE "{state_url.rpartition("/")[2]}" ALLOW_CONNECTIONS false')
    assert found(shop) == [("lost", "order", "2")]
