"""What the store is told of its members ([members] write), tried and taken back."""

from __future__ import annotations

from datetime import UTC, datetime

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, ok, warning
from influence_pipeline.check.trial import taken_back
from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.records import Entity
from influence_pipeline.store.statements import read_statement
from influence_pipeline.webhooks.members import MEMBER_VALUES


def _written(desk: Desk) -> Findings:
    name = desk.config.members.write
    if name is None:
        yield ok("the store is told nothing of its members")
        return
    file = desk.settings.folder / name
    try:
        statement = read_statement(file, MEMBER_VALUES, required="customer_id")
        customer = next(iter(desk.sample(Entity.CUSTOMER).rows), "0")
        tried = {
            "customer_id": customer,
            "influence_id": "check",
            "point_balance": 0,
            "tier_id": None,
            "tier_title": None,
            "referral_url": None,
            "updated_at": datetime.now(UTC),
        }
        with taken_back(desk.coupons) as connection:
            done = connection.execute(
                statement.clause, {key: tried[key] for key in statement.names}
            )
            rows = done.rowcount
    except InfluencePipelineError as failure:
        yield error(
            str(failure),
            where=str(file),
            why="The store would not learn of balances and tiers, and events about them wait.",
            mend="Mend the statement; `influence-pipeline roles --only coupons` prints the rights "
            "it needs.",
        )
        return
    if rows > 1:
        yield error(
            f"{name} changed {rows:,} rows for one member",
            where=str(file),
            why="Each event of one member would overwrite others.",
            mend="Bind the row to its customer: WHERE id = :customer_id.",
        )
    elif rows == 0:
        yield warning(
            f"{name} changed no row for customer {customer}",
            where=str(file),
            why="The store would learn nothing of its members.",
            mend="Is :customer_id compared with the id that the customers' SELECT gives?",
        )
    else:
        yield ok(f"{name} ran, and was taken back")


CHECKS = (
    Check(
        "members.write",
        "the store can be told of its members",
        _written,
        ("config.files", "customers.transform", "config.coupon_url"),
    ),
)
