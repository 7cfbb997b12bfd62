"""The way back: a token nobody guesses, subscriptions, and settings of the worker."""

from __future__ import annotations

import re

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.webhooks import subscriptions
from influence_pipeline.webhooks.tokens import tokens_from

# Words of five letters or more come up in no random text of this length.
_WORDS = re.compile(
    r"(?i)change|secret|token|webhook|password|influence|loyalty|example|coupon|abcdef|12345|qwert"
)
_TOKEN = "INFLUENCE_WEBHOOK_TOKEN"  # noqa: S105  (a variable's name)


def _token(desk: Desk) -> Findings:
    try:
        tokens_from(desk.settings)
    except ConfigurationError as failure:
        words, _, mend = str(failure).partition(" Make one")
        yield error(
            words,
            where=words.partition(" ")[0],
            why="Deliveries carry no signature: whoever knows or guesses it can mint coupons.",
            mend=f"Make one{mend}",
        )
        return
    if _WORDS.search(desk.settings.secret("webhook_token")):
        yield error(
            f"{_TOKEN} looks like something that was made up, not drawn at random",
            where=_TOKEN,
            why="Whoever guesses it can mint coupons.",
            mend='Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))".',
        )
    if desk.settings.environment.webhook_token_previous is not None:
        yield note(
            "the token before this one is valid too",
            where=f"{_TOKEN}_PREVIOUS",
            why="Both addresses are let in until it is unset.",
            mend="Unset it once the subscriptions at Influence have the new address.",
        )


def _subscribed(desk: Desk) -> Findings:
    found = subscriptions.status(desk.api)
    if found.missing:
        yield note(
            f"not subscribed at Influence: {', '.join(found.missing)}",
            where=_TOKEN,
            why="These events do not come; without points/redeemed no redemption becomes a coupon.",
            mend="Once the receiver is up: influence-pipeline webhooks register --url "
            "https://your.host",
        )
    insecure = [one.url for one in found.subscriptions if one.url.startswith("http://")]
    if insecure:
        yield warning(
            f"a subscription goes to {insecure[0]}, which is not encrypted",
            where=_TOKEN,
            why="The token in the address travels readable.",
            mend="Register an https address, and change the token.",
        )
    if not found.missing and not insecure:
        yield ok(f"{len(found.subscriptions)} subscriptions")


def _current(desk: Desk) -> Findings:
    tokens = tokens_from(desk.settings)
    stale = subscriptions.with_another_token(desk.api, tokens.match)
    if stale:
        yield error(
            f"{len(stale)} subscriptions lead to {stale[0]} with a token that is not valid",
            where=_TOKEN,
            why="The receiver lets their deliveries in no more: redemptions are lost.",
            mend=f"Set {_TOKEN}_PREVIOUS to the token before, register the new address "
            "(influence-pipeline webhooks register), then delete the old subscriptions in the "
            "dashboard.",
        )


def _verified(desk: Desk) -> Findings:
    if desk.config.coupons is not None and not desk.config.webhooks.verify_redemptions:
        yield warning(
            "verify_redemptions is off",
            where=desk.place("webhooks", "verify_redemptions"),
            why="Whoever learns the webhooks' address can mint coupons for customers that do not "
            "exist.",
            mend="verify_redemptions = true",
        )


def _worker(desk: Desk) -> Findings:
    given = desk.config.webhooks
    if given.retry_cap_seconds < given.retry_base_seconds:
        yield warning(
            "retry_cap_seconds is below retry_base_seconds",
            where=desk.place("webhooks", "retry_cap_seconds"),
            why="Waits do not grow while the store or the API is away.",
            mend="retry_cap_seconds = 30",
        )
    if given.lease_seconds < 15:
        yield warning(
            f"lease_seconds is {given.lease_seconds:g}, less than one coupon may take",
            where=desk.place("webhooks", "lease_seconds"),
            why="Events are worked on twice at once; nothing is doubled, and time is lost.",
            mend="lease_seconds = 30",
        )


CHECKS = (
    Check("webhooks.token", "the token is long enough", _token, ("config.webhook_token",)),
    Check("webhooks.subscriptions", "all topics are subscribed", _subscribed, ("api.key",)),
    Check(
        "webhooks.addresses",
        "subscriptions have a token that is valid",
        _current,
        ("api.key", "webhooks.token"),
    ),
    Check("webhooks.verification", "redemptions are verified", _verified, ("config.file",)),
    Check("webhooks.worker", "its waits fit each other", _worker, ("config.file",)),
)
