"""The sandbox's working parts in one place: ledger, rules, switches, faults, limit, recent writes.

One `Desk` per application. It holds what is in force now; the endpoints and the gate read it.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from typing import Any

from pydantic import ValidationError

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.sandbox.platform.faults import FaultPlan, FaultRule
from influence_pipeline.sandbox.platform.ledger import Call, Change, Ledger
from influence_pipeline.sandbox.platform.limits import RateLimit
from influence_pipeline.sandbox.platform.recent import RecentWrites
from influence_pipeline.sandbox.platform.rules import Rules
from influence_pipeline.sandbox.platform.settings import SandboxSettings
from influence_pipeline.sandbox.platform.switches import Switches


class Desk:
    """Everything an endpoint needs. Raises ConfigurationError when the ledger cannot be used."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.ledger = Ledger(settings.ledger_path)
        self.recent = RecentWrites(self.ledger)
        self.rate_limit = RateLimit()
        try:
            self.switches = self._stored_switches()
            self.rules = settings.rules or self._stored_rules()
        except ValidationError:
            self.ledger.close()
            raise ConfigurationError(
                f"The ledger {settings.ledger_path} holds switches or rules that this version does "
                "not know. Name a new ledger file."
            ) from None
        self.rate_limit.change(self.switches)
        self.faults = FaultPlan(settings.faults, settings.fault_seed)

    def _stored_switches(self) -> Switches:
        stored = json.loads(self.ledger.live_setting("switches") or "{}")
        given = self.settings.switches.model_dump(exclude_unset=True)
        return Switches.model_validate(merged(stored, given))

    def _stored_rules(self) -> Rules:
        return Rules.model_validate_json(self.ledger.live_setting("rules") or "{}")

    def change(self, call: Call | None) -> AbstractContextManager[Change]:
        """A transaction under the rules and switches in force."""
        return self.ledger.change(call, self.rules, self.switches)

    def set_switches(self, switches: Switches) -> None:
        self.ledger.keep_live_setting("switches", switches.model_dump_json(exclude_unset=True))
        self.switches = switches
        self.rate_limit.change(switches)

    def set_rules(self, rules: Rules) -> None:
        self.ledger.keep_live_setting(
            "rules", rules.model_dump_json(by_alias=True, exclude_unset=True)
        )
        self.rules = rules

    def set_faults(self, rules: list[FaultRule], seed: int) -> None:
        self.faults = FaultPlan(rules, seed)

    def reset(self) -> None:
        """Everything as at a first start: empty ledger, start settings."""
        self.ledger.reset()
        self.recent.forget()
        self.switches = self._stored_switches()
        self.rules = self.settings.rules or Rules()
        self.rate_limit.change(self.switches)
        self.faults = FaultPlan(self.settings.faults, self.settings.fault_seed)


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`below` changed by what `above` names, tables inside tables likewise."""
    result = dict(below)
    for name, value in above.items():
        lower = result.get(name)
        both = isinstance(lower, dict) and isinstance(value, dict)
        result[name] = merged(lower, value) if both and isinstance(lower, dict) else value
    return result
