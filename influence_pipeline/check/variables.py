"""The environment by itself: variables that are missing, misspelt, or hold what another should."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, ok, warning
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.postgres import parse_url
from influence_pipeline.settings import PUBLIC_API, known_variables
from influence_pipeline.settings.environment import MEANING


def _environment(desk: Desk) -> Findings:
    """Variables that nobody reads: a misspelt one changes nothing, silently."""
    known = known_variables()
    given = [name.upper() for name in os.environ if name.upper().startswith("INFLUENCE_")]
    with suppress(OSError, UnicodeDecodeError):
        lines = Path(".env").read_text(encoding="utf-8").splitlines()
        given += [
            match[1].upper()
            for line in lines
            if (match := re.match(r"\s*(?:export\s+)?(INF\w*)\s*=", line, re.IGNORECASE))
        ]
    for name in sorted(set(given) - known):
        meant = get_close_matches(name, known, n=1, cutoff=0.7)
        yield warning(
            f"{name} is no variable of this program",
            where=name,
            why="It is not read, and what it should set has its default.",
            mend=f"Is {meant[0]} meant?" if meant else "docs/settings.md lists the variables.",
        )


def _certificates(desk: Desk) -> Findings:
    """The file of trusted certificates that a variable names."""
    for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        file = os.environ.get(name)
        if file and not Path(file).is_file():
            yield error(
                f"{name} names {file}, and there is no such file",
                where=name,
                why="No call to the API, or to a shop's, comes about.",
                mend="Name the file of trusted certificates, or unset the variable.",
            )


def _set(name: str, why: str) -> Callable[[Desk], Findings]:
    """Make the question whether a variable is set, and readable where it is a database's URL."""
    variable = f"INFLUENCE_{name.upper()}"

    def look(desk: Desk) -> Findings:
        value = getattr(desk.settings.environment, name)
        if value is None:
            yield error(
                f"{variable} is not set",
                where=variable,
                why=why,
                mend=f"Set the environment variable, or a line in .env here. {MEANING[name]}",
            )
        elif name.endswith("_url"):
            yield from _database_url(variable, value.get_secret_value())

    return look


def _database_url(variable: str, url: str) -> Findings:
    try:
        given = parse_url(url, variable)
    except ConfigurationError as failure:
        yield error(
            str(failure),
            where=variable,
            why="The database cannot be reached by it.",
            mend="Write it as postgresql://user:password@host:5432/database.",
        )
        return
    mode = given.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        meant = get_close_matches(mode, _SSL_MODES, n=1) or ["verify-full"]
        yield error(
            f"sslmode={mode} is none that Postgres knows",
            where=variable,
            why="No connection comes about.",
            mend=f"sslmode={meant[0]}",
        )
    if "dbname" not in given and "service" not in given:
        yield error(
            f"{variable} names no database",
            where=variable,
            why="Postgres takes the one that is called like the user then, which is hardly meant.",
            mend="Put the database's name at its end: …@host:5432/shop.",
        )


_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def _coupon_url(desk: Desk) -> Findings:
    value = desk.settings.environment.coupon_url
    if value is None:
        yield ok("not set: coupons, where they are written by SQL, go through INFLUENCE_STORE_URL")
        return
    yield from _database_url("INFLUENCE_COUPON_URL", value.get_secret_value())
    store = desk.settings.environment.store_url
    with suppress(ConfigurationError):
        users = {
            parse_url(url.get_secret_value(), "INFLUENCE_STORE_URL").get("user")
            for url in (value, store)
            if url is not None
        }
        if store is not None and len(users) == 1 and users != {None}:
            yield warning(
                "the store is read and coupons are written by the same role",
                where="INFLUENCE_STORE_URL, INFLUENCE_COUPON_URL",
                why="Whoever reads the store should not be able to write it.",
                mend="`influence-pipeline roles` prints the SQL for a role each.",
            )


def _secrets(desk: Desk) -> Findings:
    environment = desk.settings.environment
    by_value: dict[str, list[str]] = defaultdict(list)
    for name in ("api_key", "webhook_token", "webhook_token_previous", "shop_api_token"):
        value = getattr(environment, name)
        if value is not None:
            by_value[value.get_secret_value()].append(f"INFLUENCE_{name.upper()}")
    for names in by_value.values():
        if len(names) > 1:
            yield error(
                f"{' and '.join(names)} hold the same value",
                where=", ".join(names),
                why="One of the two was pasted into the wrong place, or a secret that is changed "
                "stays valid.",
                mend="Give each its own value; a token is made with "
                '`python -c "import secrets; print(secrets.token_urlsafe(32))"`.',
            )
    if environment.shop_api_url is not None and environment.shop_api_url == environment.api_url:
        yield error(
            "INFLUENCE_SHOP_API_URL and INFLUENCE_API_URL are the same address",
            where="INFLUENCE_SHOP_API_URL",
            why="One is the shop's own admin API, the other Influence's.",
            mend=f"Set INFLUENCE_API_URL to {PUBLIC_API}, and the other to your shop's API.",
        )


def _readable_secrets(desk: Desk) -> Findings:
    file = Path(".env")
    try:
        mode = file.stat().st_mode
    except OSError:
        yield ok("there is no .env here")
        return
    if mode & (stat.S_IRGRP | stat.S_IROTH):
        yield warning(
            ".env can be read by others on this machine",
            where=".env",
            why="It holds passwords and keys.",
            mend="chmod 600 .env",
        )


CHECKS = (
    Check("config.environment", "every variable that is set is one that is read", _environment),
    Check("config.certificates", "files of certificates are there", _certificates),
    Check(
        "config.store_url",
        "INFLUENCE_STORE_URL can be read",
        _set("store_url", "The store is read through it."),
    ),
    Check(
        "config.state_url",
        "INFLUENCE_STATE_URL can be read",
        _set("state_url", "What was sent, and which webhooks came, is kept there."),
    ),
    Check("config.coupon_url", "INFLUENCE_COUPON_URL can be read", _coupon_url),
    Check(
        "config.api_key",
        "INFLUENCE_API_KEY is set",
        _set("api_key", "Nothing can be sent without it."),
    ),
    Check(
        "config.webhook_token",
        "INFLUENCE_WEBHOOK_TOKEN is set",
        _set("webhook_token", "Without it no webhook is let in, and no redemption is a coupon."),
    ),
    Check("config.secrets", "each secret has a value of its own", _secrets),
    Check("config.env_file", ".env can be read by its owner only", _readable_secrets),
)
