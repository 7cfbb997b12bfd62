"""All that a question works with: the wire, the records, the settings in force, what is known.

The calls here are the pipeline's own, with its bodies and its names. What may be written is asked
first: `ask` and `granted`; the questions' own requests are put by `runner`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from influence_pipeline.platform_api.calls import Call, path
from influence_pipeline.platform_api.payloads import (
    CustomerBody,
    Names,
    OrderBody,
    ProductBody,
    VariantBody,
    encode,
)
from influence_pipeline.platform_api.probe.consent import Consent, Decision, NotGranted, Request
from influence_pipeline.platform_api.probe.findings import Standing
from influence_pipeline.platform_api.probe.naming import fields_of
from influence_pipeline.platform_api.probe.records import Records
from influence_pipeline.platform_api.probe.wire import Heard, Sender, Wire
from influence_pipeline.settings import ApiNames, Config, Delivery

MODELS = ("customer", "product", "variant", "order", "line_item", "discount_code")
CUSTOMER = "customer-a"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Present:
    """The settings in force that a question may find wrong."""

    names: Mapping[str, Mapping[str, str]]
    variants_body: str
    order_not_found: str
    protocol: str
    guests: str

    @classmethod
    def of(cls, config: Config | None) -> Present:
        """Read influence.toml's; None: there is no file, so the defaults."""
        names = config.api_names if config else ApiNames()
        delivery = config.delivery if config else Delivery()
        return cls(
            names={model: dict(getattr(names, model)) for model in MODELS},
            variants_body=names.variants_body,
            order_not_found=delivery.order_not_found_pattern,
            protocol=config.orders.protocol if config else "two_step",
            guests=config.orders.guest_orders if config else "send_by_email",
        )


@dataclass
class Facts:
    """What earlier questions found and later ones need."""

    # The words with which a path that does not exist is refused: a gateway's.
    gateway_words: str | None = None
    # The API's words for an order that is not there, by the call that met them.
    order_words: dict[str, str] = field(default_factory=dict)
    customer: bool = False
    # Whether a customer is taken by an e-mail alone, so that fields can be tried one by one.
    email_alone: bool = True
    # What becomes of a field that no API has: "keep", "drop", "refuse".
    unknown_fields: str | None = None
    get_order: bool | None = None
    # The orders that are there, each with the status that it was last given.
    orders: dict[str, str] = field(default_factory=dict)
    # The order that most questions are about.
    order: str | None = None
    # Points for one paid order of the usual amount.
    award: Decimal | None = None
    # All that the order with most questions was given so far.
    given: Decimal = Decimal(0)
    # Whether a second POST was seen to be an order of its own.
    copies: bool = False
    # What the balance moved by while no question was waiting for it.
    late_points: list[Decimal] = field(default_factory=list)
    balance_name: str = "pointBalance"
    # The longest that points took to show, in seconds.
    slowest_points: float | None = None


@dataclass(frozen=True)
class Moved:
    """What a call did to the balance of customer A; None where it could not be read."""

    before: Decimal | None
    now: Decimal | None

    @property
    def by(self) -> Decimal | None:
        return None if self.before is None or self.now is None else self.now - self.before

    @property
    def words(self) -> str:
        if self.by is None:
            return "the balance could not be read"
        return "no points moved" if self.by == 0 else f"{self.by:+f} points"


@dataclass
class Room:
    """One run of the probe. `customer_not_found`: how the webhooks read the 404 of a customer.
    `wrong_key`: sends with a key that is none."""

    wire: Wire
    records: Records
    present: Present
    consent: Consent
    customer_not_found: re.Pattern[str]
    wrong_key: Sender
    facts: Facts = field(default_factory=Facts)
    # Our fields as this account calls them, as far as is known by now; None: left out.
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    # The balance when it was last seen to rest.
    _rested_at: Decimal | None = None

    def __post_init__(self) -> None:
        self.names = {model: dict(self.present.names.get(model, {})) for model in MODELS}
        self.left_out = {model: set() for model in MODELS}

    # --- consent

    def ask(self, request: Request) -> None:
        """Have a call allowed. Raises NotGranted if it is not, Stop if nothing more is wanted."""
        decision = self.consent(request)
        if decision is not Decision.YES:
            raise NotGranted(Standing.DECLINED if decision is Decision.NO else Standing.NOT_ASKED)

    def granted(self, request: Request) -> bool:
        """Have a further call of a question allowed; note it where it is not."""
        try:
            self.ask(request)
        except NotGranted as refused:
            self.wire.note(request.calls[0], f"not made: {refused.standing}")
            return False
        return True

    # --- calls

    def get(self, what: str, *parts: str, query: dict[str, str] | None = None) -> Heard:
        return self.wire.say(Call(f"GET {parts[0]}", "GET", path(*parts)), f"GET {what}", query)

    def get_customer(self, what: str) -> Heard:
        return self.get(f"customer …-{what}", "customers", self.records.id(what))

    def put_customer(self, what: str, body: Mapping[str, Any], words: str) -> Heard:
        where = path("customers", self.records.id(what))
        call = Call("PUT customer", "PUT", where, encode(body))
        self.records.expect("customer", self.records.id(what))
        heard = self.wire.say(call, f"PUT customer …-{what}: {words}")
        if heard.accepted:
            self.records.leave("customer", self.records.id(what), self.records.email(what))
        elif heard.refused and not (what == CUSTOMER and self.facts.customer):
            self.records.gone("customer", self.records.id(what))
        return heard

    def post_order(self, body: OrderBody, words: str) -> Heard:
        """POST an order, once. Whether one with an uncertain outcome is there, see `look_for`."""
        what = self.label(body.id)
        call = Call("POST order", "POST", path("orders"), self.content(body), repeatable=False)
        self.records.expect("order", body.id)
        heard = self.wire.say(call, f"POST order …-{what}: {words}")
        if heard.accepted:
            self._has(body)
        elif heard.refused and what not in self.facts.orders:
            self.records.gone("order", body.id)
        return heard

    def patch_order(self, what: str, body: Mapping[str, Any], words: str) -> Heard:
        where = path("orders", self.records.id(what))
        call = Call("PATCH order", "PATCH", where, encode(body))
        return self.wire.say(call, f"PATCH order …-{what}: {words}")

    def move_order(self, body: OrderBody, *, without: frozenset[str] = frozenset()) -> Heard:
        """PATCH an order as the pipeline does: everything but `id` and `createdAt`."""
        what = self.label(body.id)
        status = "no status" if "financialStatus" in without else body.financialStatus.value
        sent = self.order_values(body, without | {"id", "createdAt"})
        heard = self.patch_order(what, sent, f"all but id and createdAt, {status}")
        if heard.accepted and not without:
            self._has(body)
        return heard

    def get_order(self, what: str) -> Heard:
        return self.get(f"order …-{what}", "orders", self.records.id(what))

    def look_for(self, body: OrderBody) -> bool:
        """After a POST without a plain answer: tell whether the order is there, without POSTing it
        again. It waits first; then GET, and a PATCH to the status that was POSTed."""
        self.wire.sleep(self.wire.patience.settle)
        what = self.label(body.id)
        there = self.get_order(what).accepted or self.move_order(body).accepted
        if there:
            self._has(body)
        return there

    def _has(self, body: OrderBody) -> None:
        status = body.financialStatus.value
        self.facts.orders[self.label(body.id)] = status
        self.records.leave("order", body.id, f"{status}, {body.totalPrice} {body.currency}")

    def label(self, record_id: str) -> str:
        """Give the last part of a record's name, which tells it from the others of this run."""
        return record_id.removeprefix(f"{self.records.stem}-")

    def until(self, look: Callable[[], Found | None]) -> Found | None:
        """Look until there is something to be seen, as long as what was written may take to show;
        None: there was nothing. Only the last look is noted."""
        patience = self.wire.patience
        waited = 0.0
        seen = self.wire.seen
        first = len(seen)
        while True:
            found = look()
            del seen[first:-1]
            if found is not None or waited >= patience.settle:
                return found
            pause = min(patience.pause, patience.settle / 4)
            self.wire.sleep(pause)
            waited += pause

    def until_there(self, read: Callable[[], Heard]) -> Heard:
        """Read what was written until it is there; give the last answer if it never is."""
        last: list[Heard] = []

        def look() -> Heard | None:
            last[:] = [read()]
            return last[0] if last[0].accepted else None

        return self.until(look) or last[0]

    # --- bodies in the account's names

    def name(self, model: str, ours: str) -> str:
        return self.names[model].get(ours, ours)

    def rename(self, model: str, ours: str, name: str | None) -> None:
        """Call a field otherwise from now on; None: leave it out."""
        self.names[model].pop(ours, None)
        if name is None:
            self.left_out[model].add(ours)
        elif name != ours:
            self.names[model][ours] = name

    def order_values(
        self, body: OrderBody, leave_out: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        for listed, model in (("lineItems", "line_item"), ("discountCodes", "discount_code")):
            empty = dict.fromkeys(self.left_out[model])
            items = tuple(item.model_copy(update=empty) for item in getattr(body, listed))
            body = body.model_copy(update={listed: items})
        without = leave_out | self.left_out["order"]
        if not body.discountCodes:
            without |= {"discountCodes"}
        return Names(self.names).dump(body, frozenset(without))

    def content(self, body: OrderBody) -> bytes:
        return encode(self.order_values(body))

    def values(self, model: str, body: CustomerBody | ProductBody | VariantBody) -> dict[str, Any]:
        return Names(self.names).dump(body, frozenset(self.left_out[model]))

    # --- points

    def balance(self) -> Decimal | None:
        """Read customer A's points; None: the reply shows none."""
        where = path("customers", self.records.id(CUSTOMER))
        heard = self.wire.say(Call("GET customer", "GET", where), None)
        record = fields_of(heard.body, "customer") if heard.accepted else {}
        value = record.get(self.facts.balance_name)
        if not isinstance(value, Decimal):
            name, value = _balance_in(record)
            self.facts.balance_name = name or self.facts.balance_name
        return value if isinstance(value, Decimal) else None

    def start_of_points(self) -> Decimal | None:
        """Read the balance before a call that may move it; note what moved since the last wait."""
        balance = self.balance()
        if balance is not None and self._rested_at is not None and balance != self._rested_at:
            self.facts.late_points.append(balance - self._rested_at)
            self.wire.note("customer A's points", "moved since the question before was over")
            # Points come later than they did at first, so every wait is a long one from now on.
            self.facts.slowest_points = self.wire.patience.settle
        self._rested_at = balance
        return balance

    def points_after(self, before: Decimal | None) -> Moved:
        """Wait until the points have moved and rest again, or long enough to say that they do not.

        Points may be given by work behind the reply, so one look says nothing.
        """
        if before is None:
            return Moved(None, None)
        patience = self.wire.patience
        longest = patience.settle
        if self.facts.slowest_points is not None:
            # Points have been seen to move; no need to wait for them so much longer than then.
            longest = min(longest, max(3 * self.facts.slowest_points + 1, longest / 5))
        pause = min(patience.pause, longest / 4)
        started = rested_since = time.monotonic()
        now = before
        while True:
            seen = self.balance()
            moment = time.monotonic()
            if seen is not None and seen != now:
                now, rested_since = seen, moment
                slowest = self.facts.slowest_points or 0.0
                self.facts.slowest_points = max(slowest, moment - started)
            if moment - rested_since >= (longest if now == before else longest / 2):
                break
            self.wire.sleep(pause)
        if seen is None:
            return Moved(before, None)
        self._rested_at = now
        moved = Moved(before, now)
        self.wire.note("customer A's points", f"{before:f} before, {moved.words} after")
        return moved


def _balance_in(record: Mapping[str, Any]) -> tuple[str | None, Decimal | None]:
    """Find a balance under another name."""
    for name, value in record.items():
        if isinstance(value, Decimal) and re.search(r"(?i)point.*balance|balance|^points$", name):
            return name, value
    return None, None
