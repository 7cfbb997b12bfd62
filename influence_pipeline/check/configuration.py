"""The settings by themselves: what is missing, what contradicts itself, what was hardly meant.
Nothing is connected to here."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.postgres import parse_url
from influence_pipeline.records import STORE_ENTITIES
from influence_pipeline.settings import PUBLIC_API, Environment
from influence_pipeline.settings.environment import MEANING

# The vendor's gateway gives up after this long (contract: Limits and errors).
_GATEWAY_SECONDS = 29


def _file(desk: Desk) -> Findings:
    try:
        version = desk.config.version
    except ConfigurationError as failure:
        line = re.search(r"\bline (\d+)", str(failure))
        yield error(
            str(failure),
            where=f"{desk.settings.file}, line {line[1]}" if line else str(desk.settings.file),
            why="Without it nothing can be read from the store.",
            mend="Mend the line; docs/settings.md lists every key. `influence-pipeline init` "
            "writes a first file.",
        )
        return
    yield ok(f"{desk.settings.file} can be read (version {version})")


def _environment(desk: Desk) -> Findings:
    """Variables that nobody reads: a misspelt one changes nothing, silently."""
    known = {f"INFLUENCE_{name.upper()}" for name in Environment.model_fields}
    # What `roles` has psql read.
    known |= {f"INFLUENCE_{role}_PASSWORD" for role in ("READER", "COUPONS", "STATE")}
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


def _files(desk: Desk) -> Findings:
    """Each question has a file of its own, and all are there."""
    named: dict[str, list[str]] = defaultdict(list)
    config = desk.config
    for entity in STORE_ENTITIES:
        named[config.mapping(entity).query].append(f"{entity.plural}.query")
    if config.coupons is not None:
        for key in ("lookup", "create"):
            value = getattr(config.coupons, key)
            if value is not None:
                named[value].append(f"coupons.{key}")
    if config.members.write is not None:
        named[config.members.write].append("members.write")
    for name, keys in named.items():
        first = tuple(keys[0].split("."))
        if len(keys) > 1:
            yield error(
                f"{' and '.join(keys)} name the same file, {name}",
                where=desk.place(*keys[1].split(".")),
                why="Each needs a statement of its own.",
                mend="Name another file for one of them.",
            )
        if not (desk.settings.folder / name).is_file():
            yield error(
                f"there is no {desk.settings.folder / name}",
                where=desk.place(*first),
                why=f"{keys[0]} names it.",
                mend="Paths are relative to influence.toml. Correct the name, or make the file.",
            )


def _api_names(desk: Desk) -> Findings:
    from influence_pipeline.platform_api.payloads import Names

    given = desk.config.api_names.model_dump(exclude={"variants_body"})
    names = Names(given)
    for model, renamed in given.items():
        theirs = Counter(renamed.values())
        for ours, name in renamed.items():
            if not name.strip() or theirs[name] > 1:
                yield error(
                    f'api_names.{model} calls {ours} "{name}", which is '
                    + ("empty" if not name.strip() else "another one's name too"),
                    where=desk.place("api_names", model, ours),
                    why="One of the values would be lost in each call.",
                    mend="Give each field of a call a name of its own.",
                )
    for name in names.unknown():
        yield error(
            f"api_names has {name}, which this pipeline never sends",
            where=desk.place("api_names", *name.split(".")),
            why="The name on the left is ours; a misspelt one changes nothing, so it is refused.",
            mend="docs/settings.md lists the names on the left.",
        )


def _go_live(desk: Desk) -> Findings:
    moment = desk.config.orders.go_live
    now = datetime.now(UTC)
    where = desk.place("orders", "go_live")
    if moment is None:
        yield note(
            "no go_live: it will be the moment of the first sync of orders",
            where=where,
            why="Orders placed before it are never sent.",
            mend="Set it to fix the moment: go_live = "
            f"{now.replace(microsecond=0).isoformat().replace('+00:00', 'Z')}",
        )
    elif moment > now + timedelta(days=31):
        yield error(
            f"go_live is {moment:%Y-%m-%d}, more than a month ahead",
            where=where,
            why="Until then no order is sent, and nobody earns points.",
            mend="Is the year right? Set it to the day on which the program opens.",
        )
    elif moment < now - timedelta(days=31):
        yield warning(
            f"go_live is {moment:%Y-%m-%d}, more than a month ago",
            where=where,
            why="Every paid order since then is sent and earns points at today's rule.",
            mend="Look at what `influence-pipeline plan` would send; set a later moment if that is "
            "too much.",
        )


def _protocol(desk: Desk) -> Findings:
    if desk.config.orders.protocol == "direct":
        yield warning(
            'orders.protocol is "direct"',
            where=desk.place("orders", "protocol"),
            why="It is only safe where the account was seen not to award twice for two POSTs of "
            "one order.",
            mend='Run `influence-pipeline probe`; unless it says so, use protocol = "two_step".',
        )


def _delivery(desk: Desk) -> Findings:
    given = desk.config.delivery
    if given.timeout_seconds <= _GATEWAY_SECONDS:
        yield warning(
            f"timeout_seconds is {given.timeout_seconds:g}, not longer than the API's own gateway "
            f"waits ({_GATEWAY_SECONDS} s)",
            where=desk.place("delivery", "timeout_seconds"),
            why="The gateway's answer would not be heard, and more calls end without a known "
            "outcome.",
            mend="timeout_seconds = 35",
        )
    pattern = given.order_not_found_pattern
    if re.search(pattern, "") or re.search(pattern, "Not Found"):
        yield error(
            "order_not_found_pattern fits a gateway's own 404",
            where=desk.place("delivery", "order_not_found_pattern"),
            why="An order that the API has would be taken for missing and posted again.",
            mend="Let it fit the API's own words for an order that it does not have.",
        )
    if given.backoff_cap_seconds < given.backoff_base_seconds:
        yield warning(
            "backoff_cap_seconds is below backoff_base_seconds",
            where=desk.place("delivery", "backoff_cap_seconds"),
            why="Waits do not grow while the API fails.",
            mend="backoff_cap_seconds = 300",
        )
    if given.give_up_after_hours < 1:
        yield warning(
            f"give_up_after_hours is {given.give_up_after_hours:g}",
            where=desk.place("delivery", "give_up_after_hours"),
            why="Records are parked for a person while the API is only slow.",
            mend="give_up_after_hours = 24",
        )
    if given.quiet_window_seconds < given.timeout_seconds:
        yield warning(
            f"quiet_window_seconds is {given.quiet_window_seconds:g}, shorter than a call may take",
            where=desk.place("delivery", "quiet_window_seconds"),
            why="An order whose POST got no answer may be posted again while the first is still "
            "worked off.",
            mend="quiet_window_seconds = 120",
        )


def _guards(desk: Desk) -> Findings:
    given = desk.config.capture
    if given.mass_change_percent >= 50:
        yield warning(
            f"mass_change_percent is {given.mass_change_percent:g}",
            where=desk.place("capture", "mass_change_percent"),
            why="A restored backup or a broken mapping would be sent before anybody looks.",
            mend="mass_change_percent = 5; `sync --allow-mass-change` lets a change pass that is "
            "meant.",
        )
    if given.mass_change_rows > 1_000_000:
        yield warning(
            f"mass_change_rows is {given.mass_change_rows:,}: so many may always change",
            where=desk.place("capture", "mass_change_rows"),
            why="A restored backup or a broken mapping would be sent before anybody looks.",
            mend="mass_change_rows = 50",
        )
    if desk.config.state_schema in {"public", "information_schema"}:
        yield error(
            f'state_schema is "{desk.config.state_schema}"',
            where=desk.place("state_schema"),
            why="The pipeline's tables would lie among others.",
            mend='state_schema = "influence"',
        )
    pace = desk.config.delivery.calls_per_second
    if pace is not None and pace < 1:
        yield warning(
            f"calls_per_second is {pace:g}: {pace * 86400:,.0f} calls a day",
            where=desk.place("delivery", "calls_per_second"),
            why="An order takes two calls; redemptions and used rewards share the pace.",
            mend="Leave it out (the limit is found), or set what your account allows.",
        )


def _schedule(desk: Desk) -> Findings:
    given = desk.config.schedule
    for key in ("sync", "full_compare", "members"):
        line = getattr(given, key)
        why = _wrong_cron(line)
        if why:
            yield error(
                f'schedule.{key} = "{line}" is no cron line: {why}',
                where=desk.place("schedule", key),
                why="Dagster cannot load the schedule.",
                mend='Five fields: minute hour day month weekday, as in "*/5 * * * *".',
            )
    if _minutes_between(given.sync) >= _DAY:
        yield warning(
            f'schedule.sync = "{given.sync}" runs once a day or less',
            where=desk.place("schedule", "sync"),
            why="So long points for an order, and the end of a referral, are waited for.",
            mend='sync = "*/5 * * * *"',
        )
    if _minutes_between(given.full_compare) < _HOUR:
        yield warning(
            f'schedule.full_compare = "{given.full_compare}" runs more than once an hour',
            where=desk.place("schedule", "full_compare"),
            why="Each reads all source tables of the store.",
            mend='full_compare = "17 3 * * *"; is it the line of sync?',
        )
    try:
        ZoneInfo(given.timezone)
    except (KeyError, ValueError, OSError):
        yield error(
            f'schedule.timezone = "{given.timezone}" is no time zone',
            where=desk.place("schedule", "timezone"),
            why="Dagster cannot load the schedules.",
            mend='Use a name of the IANA list, as in "Europe/Vienna" or "UTC".',
        )


# In minutes.
_HOUR, _DAY = 60.0, 24 * 60.0


def _minutes_between(line: str) -> float:
    """Say how often a cron line runs, roughly: the time between two runs by its minutes and hours;
    a day where other fields say less."""
    parts = line.split()
    if len(parts) != len(_FIELDS):
        return _HOUR if line == "@hourly" else _DAY
    minute, hour, *days = parts
    if any(part != "*" for part in days):
        return _DAY
    for part, unit, whole in ((minute, 1.0, _HOUR), (hour, _HOUR, _DAY)):
        step = re.fullmatch(r"(?:\*|\d+-\d+)/(\d+)", part)
        if step:
            return float(step[1]) * unit
        if part == "*":
            return unit
        if "," in part or "-" in part:
            return whole / max(part.count(",") + 1, 2)
    return _DAY


_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAMES = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
    "sun",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
]


def _wrong_cron(line: str) -> str | None:
    """Say what is wrong with a cron line, or nothing."""
    if line in {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}:
        return None
    parts = line.split()
    if len(parts) != len(_FIELDS):
        return f"it has {len(parts)} fields"
    for part, (name, least, most) in zip(parts, _FIELDS, strict=True):
        for item in part.split(","):
            match = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", item)
            if match is None:
                return f"its {name} cannot be read"
            for number in match.group(1, 2):
                if number in {None, "*"} or number.lower() in _NAMES or number.lower() == "l":
                    continue
                if not number.isdigit() or not least <= int(number) <= most:
                    return f"its {name} is outside {least} to {most}"
            first, last = match[1], match[2] or ""
            if first.isdigit() and last.isdigit() and int(first) > int(last):
                return f"its {name} runs backwards ({item})"
            if match[3] is not None and not 1 <= int(match[3]) <= most:
                return f"its {name} has a step of {match[3]}"
    day, month = parts[2], parts[3]
    if day.isdigit() and month.isdigit() and int(day) > _DAYS[int(month) - 1]:
        return f"month {month} has no day {day}"
    return None


def _import_from(desk: Desk) -> Findings:
    given = desk.config.schedule.import_from
    if given > f"{datetime.now(UTC):%Y-%m}":
        yield error(
            f"schedule.import_from is {given}, which is still to come",
            where=desk.place("schedule", "import_from"),
            why="Dagster would have no month to import.",
            mend="Set it to the month of the store's oldest customer or product.",
        )


def _accepted(desk: Desk) -> Findings:
    from influence_pipeline.check.runner import CHECKS

    known = {check.name for check in CHECKS}
    for name in desk.config.check.accept:
        if name not in known:
            yield warning(
                f'[check] accept names "{name}", and there is no such check',
                where=desk.place("check", "accept"),
                why="What was meant to pass does not.",
                mend="`influence-pipeline check --list` shows the names.",
            )


_READ = ("config.file",)
CHECKS = (
    Check("config.environment", "every variable that is set is one that is read", _environment),
    Check("config.file", "influence.toml can be read", _file),
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
    Check("config.files", "every file that is named is there", _files, _READ),
    Check("config.api_names", "api_names holds names that are sent", _api_names, _READ),
    Check("config.go_live", "go_live is a moment that can be meant", _go_live, _READ),
    Check("config.protocol", "orders go in two steps", _protocol, _READ),
    Check("config.delivery", "waits fit the API's own", _delivery, _READ),
    Check("config.guards", "guards are on", _guards, _READ),
    Check("config.import_from", "the import begins in the past", _import_from, _READ),
    Check("config.schedule", "the schedules can be read", _schedule, _READ),
    Check("config.accept", "[check] accept names checks", _accepted, _READ),
)
