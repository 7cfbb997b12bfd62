"""The coupon writer: is there one, does it reach the shop, can it keep what the rewards promise."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from influence_pipeline.check import server
from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, Level, error, ok, warning
from influence_pipeline.check.records import found_keys
from influence_pipeline.errors import ConfigurationError, InfluencePipelineError
from influence_pipeline.records import Entity
from influence_pipeline.store.coupons.interface import COUPON_VALUES, Coupon, CouponRefused, lacking
from influence_pipeline.store.coupons.sql import SqlCouponWriter
from influence_pipeline.store.coupons.table import TableCouponWriter
from influence_pipeline.store.statements import read_statement


def _there(desk: Desk) -> Findings:
    if desk.config.coupons is None:
        yield warning(
            "there is no [coupons]",
            where=str(desk.settings.file),
            why="Redemptions are kept and parked: customers have spent their points and get no "
            "coupon.",
            mend="Add [coupons]; docs/mapping.md and docs/webhooks.md show the ways to make them.",
        )


def _built(desk: Desk) -> Findings:
    if desk.config.coupons is None:
        return
    place = desk.place("coupons", "writer")
    try:
        writer = desk.coupon_writer
        able = writer.abilities
    except ConfigurationError as failure:
        yield error(
            str(failure),
            where=_file_in(str(failure)) or place,
            why="No coupon can be made.",
            mend="docs/mapping.md#coupons lists the values that a statement may bind.",
        )
        return
    kept = [
        words
        for words, is_kept in (
            ("locked to its customer", able.lockable_to_customer),
            ("a minimum spend", able.minimum_spend),
            ("an expiry", able.expiry),
        )
        if is_kept
    ]
    yield ok(f"{writer.name} makes {', '.join(sorted(able.kinds))}; keeps {', '.join(kept) or '-'}")


def _file_in(words: str) -> str | None:
    first = words.split(" ", 1)[0].rstrip(":")
    return first if first.endswith(".sql") else None


def _database(desk: Desk) -> Findings:
    """The coupon role reaches the store's own database, and not another one."""
    if sql_writer(desk) is None:
        return
    reached = list(server.reached(desk.coupons, desk.coupon_variable))
    if any(one.level is Level.ERROR for one in reached):
        yield from reached
        return
    with desk.coupons.transaction() as connection:
        found = connection.exec_driver_sql(_WHERE).one()
    with desk.asking() as connection:
        store = connection.exec_driver_sql(_WHERE).one()
    if tuple(found)[:2] != tuple(store)[:2]:
        yield warning(
            f"coupons are written into another database ({found[0]}) than the store's ({store[0]})",
            where=desk.coupon_variable,
            why="The shop's checkout finds only what is in its own.",
            mend="Give the coupon role's URL the store's host and database.",
        )
    if found[2] or found[3] == "on":
        yield error(
            "coupons cannot be written there: "
            + ("it is a standby" if found[2] else "the role's transactions are read-only"),
            where=desk.coupon_variable,
            why="Every redemption would wait.",
            mend="Set INFLUENCE_COUPON_URL to the primary, with the role that `influence-pipeline "
            "roles --only coupons` prints.",
        )


_WHERE = (
    "SELECT current_database(), (SELECT oid FROM pg_database WHERE datname = current_database()), "
    "pg_is_in_recovery(), current_setting('default_transaction_read_only')"
)


def sql_writer(desk: Desk) -> SqlCouponWriter | None:
    """Give the statements that make coupons; None where they are made otherwise, or not at all."""
    if desk.config.coupons is None:
        return None
    writer = desk.coupon_writer
    if isinstance(writer, SqlCouponWriter | TableCouponWriter):
        return writer.as_sql()
    return None


def _reached(desk: Desk) -> Findings:
    """Of an admin API: it answers, and the token is let in."""
    if desk.config.coupons is None:
        return
    if sql_writer(desk) is not None:
        yield ok("coupons are written by SQL")
        return
    where = "INFLUENCE_SHOP_API_URL, INFLUENCE_SHOP_API_TOKEN"
    try:
        found = desk.coupon_writer.look(f"INF-CHECK-{secrets.token_hex(8).upper()}")
    except (InfluencePipelineError, CouponRefused) as failure:
        yield error(
            str(failure),
            where=where,
            why="No coupon can be made.",
            mend="Is it the admin API's address, and does the token have the rights that "
            "docs/webhooks.md names?",
        )
        return
    if found is not None:
        yield error(
            "it finds a code that nobody can have made",
            where=where,
            why="Every redemption would be taken for one whose coupon is there already.",
            mend="Report it with the shop's version.",
        )
    else:
        yield ok(f"{desk.coupon_writer.name} answers")


def _limits(desk: Desk) -> Findings:
    """Each reward's terms against what the writer can keep."""
    coupons = desk.config.coupons
    if coupons is None:
        return
    writer = desk.coupon_writer
    for rule, reward in desk.config.rewards.items():
        coupon = Coupon(
            "code",
            None,
            reward.kind,
            reward.value,
            minimum_spend=reward.minimum_spend,
            expires_at=datetime.now(UTC) if reward.expires_days else None,
        )
        lacks = lacking(writer, coupon, coupons.may_lack)
        if lacks is not None:
            yield error(
                f'reward "{rule}" cannot be made as promised: {lacks}',
                where=desk.place("rewards", rule),
                why="Its redemptions would be parked, with their points spent.",
                mend="Let the create statement bind it, or say under [coupons] what is to be done "
                "without (kinds, may_lack).",
            )
    if not writer.abilities.lockable_to_customer:
        yield warning(
            f"{writer.name} cannot lock a coupon to its customer",
            where=desk.place("coupons", "writer"),
            why="Whoever has the code can use it, once; it cannot be guessed."
            if coupons.unlockable == "issue"
            else 'Every redemption is parked, because unlockable is "park".',
            mend="Bind :customer_id in the create statement, if the shop knows owners of coupons. "
            'If it does not (Saleor), let it pass: [check] accept = ["coupons.limits"].',
        )


def _bound(desk: Desk) -> Findings:
    """What a create statement leaves out is the same for every coupon."""
    coupons = desk.config.coupons
    if coupons is None or coupons.create is None:
        return
    file = desk.settings.folder / coupons.create
    names = read_statement(file, COUPON_VALUES, required="code").names
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    if re.search(r"(?i)\bDO\s+UPDATE\b", text):
        yield warning(
            "the create statement overwrites a coupon that is there (ON CONFLICT … DO UPDATE)",
            where=str(file),
            why="A code that somebody else has would become this customer's.",
            mend="Leave ON CONFLICT out: a code that is taken is parked for a person.",
        )
    lookup = desk.settings.folder / str(coupons.lookup)
    if re.search(
        r"(?i)\b(used|uses_left|times_used|expire\w*|valid_until|active|enabled)\b[^,]*$",
        re.sub(r"--[^\n]*", " ", lookup.read_text(encoding="utf-8")).partition("WHERE")[2],
    ):
        yield warning(
            "the look-up finds only coupons that can still be used",
            where=str(lookup),
            why="A coupon that was used or has expired would be made a second time.",
            mend="Look for the code alone: WHERE code = :code.",
        )
    if "value" not in names:
        yield error(
            "the create statement does not bind :value",
            where=str(file),
            why="Every coupon would be worth the same, whatever the reward.",
            mend="Write :value (percent, or an amount in :currency) into the column of the worth.",
        )
    if "kind" not in names and len(desk.coupon_writer.abilities.kinds) > 1:
        yield error(
            "the create statement does not bind :kind, and may make several kinds",
            where=f"{file}; {desk.place('coupons', 'kinds')}",
            why="A percentage would be made as an amount, or the other way round.",
            mend='Bind :kind, or name the one kind it makes: kinds = ["fixed"].',
        )
    if "usage_limit" not in names and not re.search(r"\b1\b", text):
        yield warning(
            "the create statement does not bind :usage_limit",
            where=str(file),
            why="The coupon may be good for any number of orders.",
            mend="Write :usage_limit (always 1) into the column of uses.",
        )


def _money(desk: Desk) -> Findings:
    coupons = desk.config.coupons
    if coupons is not None and coupons.currency is None:
        yield warning(
            "[coupons] has no currency",
            where=desk.place("coupons", "currency"),
            why="Events carry amounts without one; a reward of an amount is parked unless its rule "
            "is listed with a currency.",
            mend='currency = "EUR", or what the shop sells in.',
        )


def _caps(desk: Desk) -> Findings:
    """Caps that every coupon runs into."""
    coupons = desk.config.coupons
    if coupons is None:
        return
    caps = coupons.caps
    for name in ("per_customer_per_day", "per_day"):
        if getattr(caps, name) == 0:
            yield error(
                f"{name} is 0",
                where=desk.place("coupons", "caps", name),
                why="Every redemption is parked.",
                mend=f"{name} = {type(caps).model_fields[name].default}",
            )
    for rule, reward in desk.config.rewards.items():
        name, cap = {
            "fixed": ("largest_amount", caps.largest_amount),
            "percentage": ("largest_percentage", caps.largest_percentage),
        }.get(reward.kind, ("", None))
        if cap is not None and reward.value is not None and reward.value > cap:
            yield error(
                f'reward "{rule}" is worth {reward.value}, and {name} is {cap}',
                where=desk.place("coupons", "caps", name),
                why="Every redemption of it is parked.",
                mend=f'{name} = "{reward.value}", or a smaller reward.',
            )


def _products(desk: Desk) -> Findings:
    """Products that rewards name are ones that the shop has."""
    wanted = {product for reward in desk.config.rewards.values() for product in reward.products}
    if not wanted:
        return
    found = found_keys(desk, Entity.PRODUCT, wanted)
    missing = sorted(wanted - (found or set()))
    if found is not None and missing:
        yield error(
            f"rewards name products that are not there: {', '.join(missing[:5])}",
            where=desk.place("rewards"),
            why="Their coupons would be good for nothing.",
            mend="Name them by the id that the products' SELECT gives.",
        )


_FILE = ("config.file", "config.files")
CHECKS = (
    Check("coupons.section", "there is a way to make coupons", _there, ("config.file",)),
    Check("coupons.writer", "the coupon writer can be put together", _built, _FILE),
    Check("coupons.api", "the shop's admin API answers", _reached, ("coupons.writer",)),
    Check(
        "coupons.database",
        "coupons go into the store's database",
        _database,
        ("coupons.writer", "store.connection", "config.coupon_url"),
    ),
    Check("coupons.values", "a coupon's worth and uses are bound", _bound, ("coupons.writer",)),
    Check("coupons.currency", "amounts have a currency", _money, ("config.file",)),
    Check("coupons.caps", "rewards fit under the caps", _caps, ("config.file",)),
    Check("coupons.limits", "each reward's terms can be kept", _limits, ("coupons.writer",)),
    Check("coupons.products", "rewards name products of the shop", _products, ("products.select",)),
)
