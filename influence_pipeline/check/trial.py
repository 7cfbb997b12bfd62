"""A coupon of each kind, made and taken back before it is committed: the only proof that the role,
the statements and the shop's own constraints fit. What an admin API makes stays, so with one of
those nothing is tried."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from influence_pipeline.check.coupons import sql_writer
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Finding, Findings, error, note, ok
from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.settings import Coupons, Reward
from influence_pipeline.store.coupons.interface import Coupon, CouponRefused
from influence_pipeline.store.coupons.sql import SqlCouponWriter


@contextmanager
def taken_back(database: Postgres) -> Iterator[sa.Connection]:
    """Open a transaction that is rolled back at its end, whatever comes."""
    with database.transaction() as connection:
        yield connection
        begun = connection.get_transaction()
        if begun is not None:
            begun.rollback()


def _trial(desk: Desk) -> Findings:
    writer, coupons = sql_writer(desk), desk.config.coupons
    if writer is None or coupons is None:
        yield ok("coupons are not made by SQL; nothing is tried")
        return
    wanted = list(_wanted(desk, coupons))
    found = [
        (coupon, finding) for coupon in wanted for finding in _try(desk, coupons, writer, coupon)
    ]
    # What is wrong with one kind is wrong with the others too, as a rule: it is said once.
    yield from {
        finding.what.replace(f"kind {coupon.kind} ", ""): finding
        for coupon, finding in reversed(found)
    }.values()
    if not found:
        kinds = ", ".join(dict.fromkeys(coupon.kind for coupon in wanted))
        yield ok(f"made, found and taken back: {kinds}")


def _wanted(desk: Desk, coupons: Coupons) -> Iterator[Coupon]:
    """Give a coupon for each shape of reward, with the limits that the writer keeps."""
    able = desk.coupon_writer.abilities
    customer = next(iter(desk.sample(Entity.CUSTOMER).rows), None)
    # Of kinds that no reward names yet too: an event may say by itself what it is worth.
    rewards = [
        Reward(kind="fixed", value=Decimal(5), currency=coupons.currency or "EUR"),
        Reward(kind="percentage", value=Decimal(10)),
        Reward(kind="free_shipping"),
    ]
    listed = desk.config.rewards.values()
    named = {one.kind for one in listed}
    rewards = [*listed, *(one for one in rewards if one.kind not in named)]
    shapes = {
        (one.kind, one.currency, one.minimum_spend is None, one.expires_days is None): one
        for one in rewards
        if one.kind in able.kinds
    }
    for reward in shapes.values():
        value = Decimal(100) if reward.kind == "product" and not reward.value else reward.value
        expires = datetime.now(UTC) + timedelta(days=reward.expires_days or 0)
        yield Coupon(
            # Letters of both cases, so that a look-up in the other one is another code.
            code=f"INF-check-{secrets.token_hex(8)}",
            customer_id=customer if able.lockable_to_customer else None,
            kind=reward.kind,
            value=None if reward.kind == "free_shipping" else value,
            currency=reward.currency or coupons.currency,
            minimum_spend=reward.minimum_spend if able.minimum_spend else None,
            expires_at=expires if reward.expires_days and able.expiry else None,
            product_ids=tuple(reward.products),
        )


def _try(
    desk: Desk, coupons: Coupons, writer: SqlCouponWriter, coupon: Coupon
) -> Iterator[Finding]:
    create, lookup = (_file(desk, name, coupons) for name in ("create", "lookup"))
    try:
        with taken_back(writer.database) as connection:
            at = writer.desk_on(connection, coupon.code)
            if at.find() is not None:
                yield error(
                    "the look-up finds a code that nobody can have made",
                    where=lookup,
                    why="Every redemption would be taken for one whose coupon is there already, "
                    "and no coupon would be made.",
                    mend="Let it select by the code: WHERE code = :code.",
                )
                return
            at.create(coupon)
            made = at.find()
            if made is not None:
                yield from _owner(made.customer_id, coupon, lookup)
            if writer.desk_on(connection, coupon.code[:-1]).find() is not None:
                yield error(
                    "the look-up finds a code by its beginning alone",
                    where=lookup,
                    why="Another customer's code would be taken for this one.",
                    mend="Compare the whole code: WHERE code = :code.",
                )
            other = writer.desk_on(connection, coupon.code.swapcase()).find()
            yield from _case(desk, writer, lookup, other_found=other is not None)
    except CouponRefused as failure:
        gone = "does not find the code" in str(failure)
        yield error(
            f"a coupon of kind {coupon.kind} was refused: {failure}",
            where=f"{create}; {lookup}" if gone else create,
            why="Such a redemption would be parked, with its points spent.",
            mend="Did it insert a row at all, and with the code as it is (no trigger that changes "
            "it)? Does the look-up read the same table?"
            if gone
            else "Mend the statement; or leave the kind out: kinds = […] under [coupons].",
        )
    except InfluencePipelineError as failure:
        yield error(
            f"a coupon of kind {coupon.kind} cannot be made: {failure}",
            where=f"{create}; {desk.coupon_variable}",
            why="Every such redemption would wait.",
            mend="If a right is missing: `influence-pipeline roles --only coupons` prints what the "
            "role needs. Else mend the statement.",
        )


def _file(desk: Desk, name: str, coupons: Coupons) -> str:
    given = getattr(coupons, name)
    return str(desk.settings.folder / given) if given else desk.place("coupons", "table")


def _owner(told: str | None, coupon: Coupon, lookup: str) -> Iterator[Finding]:
    if told is not None and told != coupon.customer_id:
        yield error(
            "the coupon that was made is told as another customer's",
            where=lookup,
            why="Each redemption would be parked: its code looks taken.",
            mend="Let customer_id of the look-up be the id that the customers' SELECT gives.",
        )
    elif told is None and coupon.customer_id is not None:
        yield note(
            "the look-up does not tell whose a coupon is",
            where=lookup,
            why="A code that another customer has could not be told from this one's.",
            mend="Add the owner: SELECT …, … AS customer_id.",
        )


def _case(
    desk: Desk, writer: SqlCouponWriter, lookup: str, *, other_found: bool
) -> Iterator[Finding]:
    """Hold the look-up's way with capitals against `case_sensitive`."""
    where = f"{lookup}; {desk.place('coupons', 'case_sensitive')}"
    if other_found and writer.abilities.case_sensitive:
        yield error(
            "the look-up finds a code in other capitals, and case_sensitive is true",
            where=where,
            why="A code of another customer that differs in capitals would be taken for this one.",
            mend="case_sensitive = false, if the shop takes them for one; else compare with =.",
        )
    elif not other_found and not writer.abilities.case_sensitive:
        yield error(
            "the look-up does not find a code in other capitals, and case_sensitive is false",
            where=where,
            why="A coupon that the shop has in other capitals would be made a second time.",
            mend="WHERE lower(code) = lower(:code), or case_sensitive = true.",
        )


CHECKS = (
    Check(
        "coupons.trial",
        "a coupon of each kind can be made and found",
        _trial,
        ("coupons.database", "customers.transform"),
    ),
)
