"""The settings by themselves: what is missing, what contradicts itself, what was hardly meant.
Nothing is connected to here."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.errors import ConfigurationError
from influence_pipeline.records import STORE_ENTITIES

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
    if desk.config.store_statement_timeout_seconds < 5:
        yield warning(
            f"store_statement_timeout_seconds is {desk.config.store_statement_timeout_seconds}",
            where=desk.place("store_statement_timeout_seconds"),
            why="What takes longer in the store is cut into parts, and at last given up.",
            mend="store_statement_timeout_seconds = 30",
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


_READ = ("config.file",)
CHECKS = (
    Check("config.file", "influence.toml can be read", _file),
    Check("config.files", "every file that is named is there", _files, _READ),
    Check("config.api_names", "api_names holds names that are sent", _api_names, _READ),
    Check("config.go_live", "go_live is a moment that can be meant", _go_live, _READ),
    Check("config.protocol", "orders go in two steps", _protocol, _READ),
    Check("config.delivery", "waits fit the API's own", _delivery, _READ),
    Check("config.guards", "guards are on", _guards, _READ),
)
