"""What working events off needs, put together from the settings: the coupon writer, the reward
table, the API. Made once per process or sensor tick; connects when first used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Settings, Webhooks
from influence_pipeline.store.coupons.choice import (
    coupon_database,
    coupon_statements,
    coupon_writer,
)
from influence_pipeline.store.coupons.interface import CouponWriter
from influence_pipeline.store.statements import Statement, read_statement
from influence_pipeline.webhooks.caps import DayCount
from influence_pipeline.webhooks.grants import Terms
from influence_pipeline.webhooks.members import MEMBER_VALUES, MemberWriter
from influence_pipeline.webhooks.one_database import OneDatabase, one_database
from influence_pipeline.webhooks.verify import CustomerDirectory


def nothing_happens(point: str) -> None:
    """What a crash point does outside of tests."""


@dataclass
class HandlerContext:
    """How events are worked off. `api` None: redemptions are not verified, by the merchant's word.

    `member_writer` None: the store is not told of its members. `notes`: what is off and why, to be
    said once at start. `at` is called at each crash point. `hopeless`: parked events that these
    settings do not mend, so that they are read once only; `looked_for_mended`: when they last were.
    `swept`: when what is quarantined was last looked through for people who were erased.
    """

    terms: Terms
    webhooks: Webhooks = field(default_factory=Webhooks)
    api: CustomerDirectory | None = None
    member_writer: MemberWriter | None = None
    notes: tuple[str, ...] = ()
    at: Callable[[str], None] = nothing_happens
    on_close: tuple[Callable[[], None], ...] = ()
    hopeless: set[int] = field(default_factory=set)
    looked_for_mended: float = float("-inf")
    swept: float = float("-inf")
    day: DayCount = field(default_factory=DayCount)
    _places: dict[Postgres, OneDatabase | None] = field(default_factory=dict)
    _place_lock: threading.Lock = field(default_factory=threading.Lock)

    def together_with(self, state: Postgres) -> OneDatabase | None:
        """Give the place where coupons and this state can be written in one transaction, or None.
        Found out once. Raises StoreError or StateError if one of the two cannot be reached."""
        with self._place_lock:
            if state not in self._places:
                self._places[state] = one_database(state, self.terms.writer)
            return self._places[state]

    def close(self) -> None:
        """Close what was opened for this context."""
        for close in self.on_close:
            close()


def handler_context(settings: Settings) -> HandlerContext:
    """Build the context that the environment and influence.toml describe.

    Raises ConfigurationError (MappingError for a coupon statement) naming the mend.
    """
    config = settings.config
    notes: list[str] = []
    closing: list[Callable[[], None]] = []
    writer: CouponWriter | None = None
    api: SingleCalls | None = None
    member_writer = _member_writer(settings)
    if member_writer is not None:
        closing.append(member_writer.close)
    if config.coupons is None:
        notes.append(
            f"No coupons are made: {settings.file} has no [coupons]. Redemptions are parked until "
            "it has."
        )
    else:
        writer = coupon_writer(settings)
        closing.append(writer.close)
        api = _api(settings, config.webhooks, notes)
    if api is not None:
        closing.append(api.close)
    return HandlerContext(
        terms=Terms(config.rewards, config.coupons, writer),
        webhooks=config.webhooks,
        api=api,
        member_writer=member_writer,
        notes=tuple(notes),
        on_close=tuple(closing),
    )


def _member_writer(settings: Settings) -> MemberWriter | None:
    statement = member_statement(settings)
    return None if statement is None else MemberWriter(coupon_database(settings), statement)


def member_statement(settings: Settings) -> Statement | None:
    """Give the statement that tells the store of a member, if any. Raises MappingError."""
    file = settings.config.members.write
    if file is None:
        return None
    return read_statement(settings.folder / file, MEMBER_VALUES, required="customer_id")


def writing_statements(settings: Settings, database: Postgres) -> tuple[Statement, ...]:
    """Give all that the coupon role runs in the store; `database` as `coupon_statements` has it.
    Raises ConfigurationError, MappingError."""
    members = member_statement(settings)
    return coupon_statements(settings, database) + ((members,) if members is not None else ())


def _api(settings: Settings, webhooks: Webhooks, notes: list[str]) -> SingleCalls | None:
    if not webhooks.verify_redemptions:
        notes.append(
            "Coupons are made without asking the Platform API for their customer: "
            "verify_redemptions is off in influence.toml. Whoever learns the webhooks' address can "
            "mint coupons."
        )
        return None
    if settings.environment.api_key is None:
        raise ConfigurationError(
            "INFLUENCE_API_KEY is not set, so that the Platform API cannot be asked whether the "
            "customers of redemptions are real, and no coupon is made. Set it; or set "
            "verify_redemptions = false under [webhooks] in influence.toml, and whoever learns "
            "the webhooks' address can mint coupons."
        )
    return SingleCalls(settings.environment.api_url, settings.secret("api_key"))
