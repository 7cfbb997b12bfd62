"""Asking the Platform API whether it knows a customer, before a coupon is made for them.

Webhooks carry no signature (contract: Webhook deliveries): whoever learns the address can send
one. What they cannot do is put a customer with the same two ids into the merchant's account. Only
an answer that is plainly about this customer counts, for or against; anything else is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from influence_pipeline.errors import ApiError
from influence_pipeline.platform_api.single import Answer, can_be_asked_for
from influence_pipeline.webhooks.events import Member, identifier, moment, whole_number
from influence_pipeline.webhooks.members import Known
from influence_pipeline.webhooks.outcomes import Park, Why


class CustomerDirectory(Protocol):
    """Where customers are looked up; the API's single calls in production."""

    def get_customer(self, key: str) -> Answer:
        """Ask for a customer by the store's id. Raises ApiError if it could not be asked."""


@dataclass(frozen=True)
class Unconfirmed:
    """The API has no such customer, or does not know that they spent anything. It may say so of
    what was just written (contract: Everywhere), so that once is not enough; `park` is what it
    comes to in the end."""

    park: Park


def verify(
    directory: CustomerDirectory,
    member: Member | None,
    before: Callable[[Member], Known | None] | None = None,
) -> Park | Unconfirmed | None:
    """Give None if the API knows this member under both ids, else why there is no coupon.

    `before` gives what is known of the member from before the event spent their points, if it did.
    An API that still says just that, of just that time, knows nothing of the event.

    Raises ApiError if the API could not be asked or gave no answer to the question; then nobody may
    be believed or turned away.
    """
    if member is None or member.external_id is None or member.id is None:
        return _park(
            "The event does not give both of its customer's ids (customer.id and "
            "customer.externalId), so the Platform API cannot be asked whether the customer is "
            "real."
        )
    if not can_be_asked_for(member.external_id):
        return _park("The event's customer.externalId is an id that no customer can have.")
    answer = directory.get_customer(member.external_id)
    if answer.status == 404 and CUSTOMER_NOT_FOUND.search(answer.words):
        return Unconfirmed(_park("The Platform API does not know the event's customer (HTTP 404)."))
    if not answer.found:
        raise ApiError(
            f"The Platform API answers HTTP {answer.status} where a customer was asked for, which "
            "does not say whether it knows the customer; it is asked again later."
        )
    customer = _customer_of(answer)
    known, theirs = identifier(customer.get("id")), identifier(customer.get("externalId"))
    if known is None or theirs not in (None, member.external_id):
        raise ApiError(
            "The Platform API answers with something that is not the customer who was asked for; "
            "it is asked again later."
        )
    if known != member.id:
        return _park(
            "The Platform API knows the customer with the event's externalId under another id than "
            "the event says."
        )
    if before is not None and _older(customer, member) and _unchanged(customer, before(member)):
        return Unconfirmed(
            _park(
                "By the Platform API the customer has as many points as before the event, and "
                "nothing about them has changed since."
            )
        )
    return None


def _older(customer: dict[str, object], member: Member) -> bool:
    """Tell whether the API's customer is from before what the event tells of."""
    updated_at = moment(customer.get("updatedAt"))
    if updated_at is None or member.updated_at is None:
        return False
    return updated_at < member.updated_at


def _unchanged(customer: dict[str, object], before: Known | None) -> bool:
    """Tell whether the API's customer is the one that was known before: same balance, not younger.
    An API that does not give both says nothing."""
    balance = whole_number(customer.get("pointBalance"))
    updated_at = moment(customer.get("updatedAt"))
    if before is None or balance is None or updated_at is None:
        return False
    return balance == before.point_balance and updated_at <= before.updated_at


# The API's own words. A gateway's generic 404 says nothing about a customer.
CUSTOMER_NOT_FOUND = re.compile(
    r"(?i)\bcustomer\b.*\b(not found|not exist|unknown|does ?n.t exist)\b"
    r"|\b(no such|unknown|no|could ?n.t find|can ?not find)\b.*\bcustomer\b"
)


def _customer_of(answer: Answer) -> dict[str, object]:
    """The reply is {"customer": {...}} in public client code; a bare object is taken as well."""
    body = answer.body if isinstance(answer.body, dict) else {}
    inner = body.get("customer")
    return inner if isinstance(inner, dict) else body


def _park(words: str) -> Park:
    return Park(Why.NOT_VERIFIED, f"{words} {_ADVICE}")


_ADVICE = (
    "If the redemption stands in the Influence dashboard, replay the event (influence-pipeline "
    "events replay); if not, it was forged: change INFLUENCE_WEBHOOK_TOKEN."
)
