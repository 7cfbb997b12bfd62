"""The secret in the webhooks' address: how strong it must be, and comparing it.

Deliveries carry no signature (contract: Webhook deliveries), so this is all that tells them from
anybody's. Two may be valid at once, so that the address can be changed without losing a delivery.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from influence_pipeline.errors import ConfigurationError
from influence_pipeline.settings import Settings

_LEAST_BITS = 128
_ADVICE = (
    'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))", and set the '
    "same in the webhooks' address at Influence."
)


class Tokens:
    """The valid tokens. Its repr shows none."""

    def __init__(self, *tokens: str) -> None:
        self._digests = [_digest(token) for token in tokens]

    def __repr__(self) -> str:
        return f"<Tokens {len(self._digests)}>"

    def match(self, given: str) -> bool:
        """Tell whether `given` is valid; takes the same time wherever it differs."""
        digest = _digest(given)
        # All are compared, and as digests, so that time tells neither which nor how long.
        return sum(hmac.compare_digest(digest, valid) for valid in self._digests) > 0


def tokens_from(settings: Settings) -> Tokens:
    """Give INFLUENCE_WEBHOOK_TOKEN and, where set, INFLUENCE_WEBHOOK_TOKEN_PREVIOUS.

    Raises ConfigurationError for a missing or weak one; its words do not hold it.
    """
    names = ["webhook_token"]
    if settings.environment.webhook_token_previous is not None:
        names.append("webhook_token_previous")
    tokens = [settings.secret(name) for name in names]
    for name, token in zip(names, tokens, strict=True):
        _check(f"INFLUENCE_{name.upper()}", token)
    return Tokens(*tokens)


def _check(variable: str, token: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", token):
        raise ConfigurationError(
            f"{variable} holds characters that change in a URL; letters, digits and - _ . ~ are "
            f"safe. {_ADVICE}"
        )
    if _bits(token) < _LEAST_BITS:
        raise ConfigurationError(
            f"{variable} is too easy to guess: it must have at least {_LEAST_BITS} random bits "
            f"(22 random characters, or 32 hex digits). {_ADVICE}"
        )


def _bits(token: str) -> float:
    """Estimate what a random text of this kind can hold; few different characters hold nothing."""
    significant = token.replace("-", "") if re.fullmatch(r"[0-9a-fA-F-]+", token) else token
    if len(set(significant)) < 8:
        return 0
    if significant.isdigit():
        return len(significant) * 3.32
    if re.fullmatch(r"[0-9a-fA-F]+", significant):
        return len(significant) * 4
    return len(significant) * 6


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
