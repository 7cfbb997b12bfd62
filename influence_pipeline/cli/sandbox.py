"""`influence-pipeline sandbox`: the stand-in Platform API. Its key is INFLUENCE_API_KEY."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr, ValidationError

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import load_settings


def run(arguments: argparse.Namespace) -> int:
    if find_spec("fastapi") is None:
        raise ConfigurationError(
            "The sandbox needs packages that production does not; in the project's folder: "
            "pip install '.[sandbox]'."
        )
    from influence_pipeline.sandbox.platform.server import serve
    from influence_pipeline.sandbox.platform.settings import SandboxSettings
    from influence_pipeline.sandbox.platform.switches import Switches

    key = load_settings().secret("api_key")
    try:
        switches = Switches.model_validate_json(arguments.switches or "{}")
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            for e in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(f"--switches: {wrong}. docs/sandbox.md lists them.") from None
    serve(
        SandboxSettings(
            host=arguments.host,
            port=arguments.port,
            port_file=Path(arguments.port_file) if arguments.port_file else None,
            ledger_path=Path(arguments.ledger),
            api_key=SecretStr(key),
            switches=switches,
        )
    )
    return 0
