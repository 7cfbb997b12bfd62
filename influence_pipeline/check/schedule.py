"""Dagster's schedules: lines that cannot be read, or that hardly anybody means."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, warning


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


CHECKS = (
    Check("config.import_from", "the import begins in the past", _import_from, ("config.file",)),
    Check("config.schedule", "the schedules can be read", _schedule, ("config.file",)),
)
