"""What a plan knows of customers: what the state says, and what the plan itself would change.

It answers what `Claims` answers to a preparation, by the same rules, and writes nothing. A sync
sends customers first, so whom the plan sends counts as acknowledged to what comes after.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from influence_pipeline.postgres import Postgres
from influence_pipeline.sql import load_queries
from influence_pipeline.state.erased import Identities, marks_among
from influence_pipeline.state.name_hashes import Kind

_QUERIES = load_queries(__file__, "plan.sql")
_DELIVERY = load_queries(__file__, "deliver.sql")


class PlannedCustomers:
    """Customers as they will be. `sent`: those the plan sends. `gone`: those that no longer are in
    the store, with nothing to be sent."""

    def __init__(self, state: Postgres) -> None:
        self._state = state
        self.sent: set[str] = set()
        self.gone: set[str] = set()
        # Of those asked for: who is acknowledged only when the plan is carried out.
        self._new: set[str] = set()
        # By the hash of an e-mail its owner; by customer the hash of the e-mail that is sent.
        self._owners: dict[str, str | None] = {}
        self._emails: dict[str, str] = {}
        self._owned_before: dict[str, str] = {}

    def acknowledged_customers(self, keys: Sequence[str]) -> set[str]:
        """As `Claims.acknowledged_customers`, and those that the plan sends."""
        with self._state.transaction() as connection:
            rows = connection.execute(_DELIVERY["acknowledged_customers"], {"keys": list(keys)})
            there = {row.key for row in rows}
        new = self.sent.intersection(keys) - there
        self._new |= new
        return there | new

    def erased(self, names: Identities) -> dict[tuple[Kind, str], str]:
        """As `Claims.erased`."""
        with self._state.transaction() as connection:
            return marks_among(connection, names)

    def own_emails(self, hashes: dict[str, str]) -> dict[str, str]:
        """As `Claims.own_emails`: who has it already goes first, then the first by key."""
        self._look_up(hashes.values())
        taken: dict[str, str] = {}
        for key in sorted(hashes, key=lambda key: (self._owners[hashes[key]] != key, key)):
            email = hashes[key]
            owner = self._owners[email]
            if owner is not None and owner != key:
                if not self._gives_up(owner, email):
                    taken[key] = owner
                    continue
                if owner not in self.gone:
                    self._owned_before[key] = owner
            self._owners[email] = key
            self._emails[key] = email
        return taken

    def becomes_free(self, names: Iterable[str]) -> set[str]:
        """Tell which of these e-mails (as `email:` and a uuid) their owners give up."""
        by_name = {name: uuid.UUID(name.removeprefix("email:")).hex for name in names}
        self._look_up(by_name.values())
        return {
            name
            for name, email in by_name.items()
            if (owner := self._owners[email]) is None or self._gives_up(owner, email)
        }

    def first(self, customer: str | None) -> str | None:
        """Give the customer if the API must be told of them before."""
        return customer if customer in self._new else None

    def email_from(self, key: str) -> str | None:
        """Give the customer whose e-mail this one has when that one has another."""
        return self._owned_before.get(key)

    def _gives_up(self, owner: str, email: str) -> bool:
        return owner in self.gone or self._emails.get(owner, email) != email

    def _look_up(self, hashes: Iterable[str]) -> None:
        unknown = sorted(set(hashes) - self._owners.keys())
        if not unknown:
            return
        self._owners |= dict.fromkeys(unknown)
        with self._state.transaction() as connection:
            for row in connection.execute(_QUERIES["email_owners"], {"hashes": unknown}):
                self._owners[row.hash] = row.key
