"""`influence-pipeline webhooks status|register`: subscriptions at the API."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from influence_pipeline.cli.output import print_json, print_table
from influence_pipeline.platform_api.single import SingleCalls
from influence_pipeline.settings import Settings, load_settings
from influence_pipeline.webhooks import subscriptions
from influence_pipeline.webhooks.subscriptions import PATH, Standing


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    settings.require("api_key")
    api = SingleCalls(settings.environment.api_url, settings.secret("api_key"))
    try:
        if arguments.action == "status":
            return _status(api, settings, arguments)
        token = settings.secret("webhook_token")
        return _register(api, arguments.url.rstrip("/") + PATH + token, arguments)
    finally:
        api.close()


def _status(api: SingleCalls, settings: Settings, arguments: argparse.Namespace) -> int:
    environment = settings.environment
    tokens = {
        secret.get_secret_value(): name
        for secret, name in (
            (environment.webhook_token_previous, "previous"),
            (environment.webhook_token, "present"),
        )
        if secret is not None
    }
    found = subscriptions.status(api, tokens=tokens)
    if arguments.json:
        print_json({**asdict(found), "subscriptions": [asdict(s) for s in found.subscriptions]})
        return 0
    if found.subscriptions:
        print_table(
            ("topic", "token", "address", "id"),
            [(s.topic, s.token, s.url, s.id) for s in found.subscriptions],
        )
    if found.missing:
        print(f"not subscribed: {', '.join(found.missing)}")
        print("next: influence-pipeline webhooks register --url https://your-host")
    return 0


def _register(api: SingleCalls, url: str, arguments: argparse.Namespace) -> int:
    results = subscriptions.register(api, url)
    if arguments.json:
        print_json([asdict(result) for result in results])
    else:
        print_table(("topic", "now", ""), [(r.topic, r.standing.value, r.words) for r in results])
    return 1 if any(result.standing is Standing.REFUSED for result in results) else 0
