"""Asking the Platform API whether it knows a customer, before a coupon is made for them.

Webhooks carry no signature (contract: Webhook deliveries): whoever learns the address can send
one. What they cannot do is put a customer with the same two ids into the merchant's account.
"""

from __future__ import annotations

from typing import Protocol

from influence_pipeline.platform_api.single import Answer
from influence_pipeline.webhooks.events import Member, identifier
from influence_pipeline.webhooks.outcomes import Park, Why


class CustomerDirectory(Protocol):
    """Where customers are looked up; the API's single calls in production."""

    def get_customer(self, key: str) -> Answer:
        """Ask for a customer by the store's id. Raises ApiError if it could not be asked."""


def verify(directory: CustomerDirectory, member: Member | None) -> Park | None:
    """Give None if the API knows this member under both ids, else the reason to park.

    Raises ApiError if the API could not be asked; then nobody may be believed or turned away.
    """
    if member is None or member.external_id is None:
        return Park(
            Why.NOT_VERIFIED,
            "The event gives no externalId, so the Platform API cannot be asked whether the "
            f"customer is real. {_ADVICE}",
        )
    answer = directory.get_customer(member.external_id)
    if not answer.found:
        return Park(
            Why.NOT_VERIFIED,
            f"The Platform API does not know the customer {member.external_id!r} "
            f"(HTTP {answer.status}). {_ADVICE}",
        )
    known = identifier(_customer_of(answer).get("id"))
    if known is not None and member.id is not None and known != member.id:
        return Park(
            Why.NOT_VERIFIED,
            f"The Platform API knows the customer {member.external_id!r} under another id than the "
            f"event says. {_ADVICE}",
        )
    return None


def _customer_of(answer: Answer) -> dict[str, object]:
    """The reply is {"customer": {...}} in public client code; a bare object is taken as well."""
    body = answer.body if isinstance(answer.body, dict) else {}
    inner = body.get("customer")
    return inner if isinstance(inner, dict) else body


_ADVICE = (
    "If the redemption stands in the Influence dashboard, replay the event (influence-pipeline "
    "events replay); if not, it was forged: change INFLUENCE_WEBHOOK_TOKEN."
)
