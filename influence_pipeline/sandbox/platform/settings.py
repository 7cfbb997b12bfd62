"""What a sandbox is started with. Nothing is read from the environment here: the caller decides."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from influence_pipeline.sandbox.platform.faults import FaultRule
from influence_pipeline.sandbox.platform.rules import Rules
from influence_pipeline.sandbox.platform.switches import Switches


class SandboxSettings(BaseModel):
    """Start settings. Only `ledger_path` and `api_key` have no default.

    Switches and rules that were changed live are kept in the ledger file and come back at the next
    start; those named here win over them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless told.")
    port: int = Field(8787, ge=0, le=65535, description="0: any free port; see the ready line.")
    port_file: Path | None = Field(None, description="Written with the real port once ready.")
    ledger_path: Path = Field(description="The SQLite file; made when missing, continued if not.")
    api_key: SecretStr = Field(min_length=1, description="What callers send as x-api-key.")
    switches: Switches = Switches()
    rules: Rules | None = None
    faults: list[FaultRule] = Field(default_factory=list)
    fault_seed: int = 1
    max_body_bytes: int = Field(6 * 1024 * 1024, ge=1, description="Larger bodies get 413.")
    webhook_workers: int = Field(4, ge=1, le=64, description="Webhooks sent at the same time.")
    access_log: bool = Field(True, description="One line per call to stderr, without secrets.")
