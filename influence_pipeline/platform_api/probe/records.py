"""The throw-away records: names by which a person knows them, what is sent of them, what is left.

Every id begins with `influence-pipeline-probe-<date>-<random>`, every title says what it is.
E-mails are under example.com, where nobody reads mail (RFC 2606), the telephone number is one of
those kept for fiction.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.platform_api.money import AmountError, format_amount
from influence_pipeline.platform_api.payloads import (
    CustomerBody,
    DiscountCodeBody,
    LineItemBody,
    OrderBody,
    ProductBody,
    VariantBody,
)
from influence_pipeline.records import FinancialStatus

TITLE = "Probe record, may be deleted"
# No letters or digits that are taken for one another when somebody types them off.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz"


def new_stem(today: date) -> str:
    """Give the beginning of all names of one run."""
    return f"influence-pipeline-probe-{today:%Y%m%d}-" + "".join(
        secrets.choice(_ALPHABET) for _ in range(6)
    )


@dataclass
class Left:
    """A record that the account may have now. `perhaps`: whether it was made is not known."""

    kind: str
    id: str
    note: str = ""
    perhaps: bool = False


@dataclass
class Records:
    """The records of one run. `amount` is what an order is worth, in `currency`.

    Raises ConfigurationError if the currency has no such amount.
    """

    stem: str
    currency: str = "EUR"
    amount: Decimal = Decimal(10)
    left: list[Left] = field(default_factory=list)

    def __post_init__(self) -> None:
        try:
            self.total = format_amount(self.amount, self.currency)
            # Less than the total, so that the points tell which of the two earns.
            self.subtotal = format_amount(self.amount * Decimal("0.8"), self.currency)
        except AmountError as error:
            raise ConfigurationError(f"--amount or --currency: {error}.") from None
        if Decimal(self.total) <= 0:
            raise ConfigurationError("--amount must be above 0.")

    def id(self, what: str) -> str:
        return f"{self.stem}-{what}"

    def email(self, what: str) -> str:
        return f"{self.stem}-{what}@example.com"

    def leave(self, kind: str, what: str, note: str = "", *, perhaps: bool = False) -> None:
        """Note that the account may have this record from now on; a later word wins."""
        self.left = [one for one in self.left if (one.kind, one.id) != (kind, what)]
        self.left.append(Left(kind, what, note, perhaps))

    def expect(self, kind: str, what: str) -> None:
        """Note that a call may make this record, unless it is noted already."""
        if not any((one.kind, one.id) == (kind, what) for one in self.left):
            self.leave(kind, what, perhaps=True)

    def gone(self, kind: str, what: str) -> None:
        self.left = [one for one in self.left if (one.kind, one.id) != (kind, what)]

    # --- what is sent; every value tells its field from the others

    def customer(self, what: str) -> CustomerBody:
        return CustomerBody(
            email=self.email(what),
            name=TITLE,
            firstName="Probe record",
            lastName="may be deleted",
            phone="+12025550123",
            # Far from today: an account may give points on a birthday.
            birthdayMonth=(datetime.now(UTC).month + 5) % 12 + 1,
            birthdayDay=23,
        )

    def product(self) -> ProductBody:
        return ProductBody(
            title=TITLE,
            imageUrl="https://example.com/influence-pipeline-probe.png",
            status="active",
            externalUrlHandle=self.id("handle"),
        )

    def variant(self, what: str, position: int) -> VariantBody:
        return VariantBody(
            externalVariantId=self.id(what),
            externalProductId=self.id("product"),
            title=f"{TITLE} ({what})",
            status="active",
            position=position,
        )

    def order(
        self,
        what: str,
        status: FinancialStatus = FinancialStatus.PENDING,
        *,
        customer: str | None = "customer-a",
        quantity: int | float = 1,
        code: bool = False,
    ) -> OrderBody:
        """Give an order of the customer `customer`; None: a guest's, by an e-mail of its own."""
        codes = (DiscountCodeBody(code=self.id("code"), amount=self._rest),) if code else ()
        return OrderBody(
            id=self.id(what),
            orderNumber=f"PROBE-{what}",
            customerId=self.id(customer) if customer else None,
            email=self.email(customer or "guest"),
            currency=self.currency,
            subtotalPrice=self.subtotal,
            totalPrice=self.total,
            financialStatus=status,
            createdAt=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            lineItems=(
                LineItemBody(
                    productId=self.id("product"),
                    variantId=self.id("variant"),
                    title=TITLE,
                    quantity=quantity,
                    price=self.subtotal,
                ),
            ),
            discountCodes=codes,
        )

    @property
    def _rest(self) -> str:
        return format_amount(Decimal(self.total) - Decimal(self.subtotal), self.currency)
