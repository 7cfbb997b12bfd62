"""How long the pause between two runs of a schedule may be, and from when on an asset is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, islice, pairwise
from zoneinfo import ZoneInfo

import dagster as dg

# Dagster's own reading of cron lines, by which its daemon starts runs; it has no public name.
from dagster._utils.schedules import cron_string_iterator, is_valid_cron_string

from influence_pipeline.settings import Watch

# So many pauses of a schedule are looked at where every hour of every day is like the other.
_PAUSES = 12
# Else a week of them, with its nights and its weekend; of a line that comes seldom, 12 too.
_WEEK = timedelta(days=8)
_MOST_PAUSES = 2000


def why_unreadable(cron: str, timezone: str) -> str | None:
    """Say why Dagster could not load a schedule with these; None: it can."""
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        return f'timezone = "{timezone}" is no time zone of the IANA list, as in "Europe/Vienna"'
    if not is_valid_cron_string(cron):
        return f'"{cron}" is no cron line of five fields, as in "*/5 * * * *"'
    return None


def longest_pause(cron: str, timezone: str) -> timedelta | None:
    """Give the longest pause between two of the next ticks; None: the line cannot be read."""
    if why_unreadable(cron, timezone) is not None:
        return None
    ticks = cron_string_iterator(datetime.now(UTC).timestamp(), cron, timezone)
    first = next(ticks)
    longest, hourly = timedelta(0), cron.split()[1:] == ["*"] * 4
    pauses = pairwise(chain([first], islice(ticks, _MOST_PAUSES)))
    for seen, (before, after) in enumerate(pauses, start=1):
        longest = max(longest, after - before)
        if seen >= _PAUSES and (hourly or after - first >= _WEEK):
            break
    return longest


def freshness(cron: str, timezone: str, watch: Watch) -> dg.FreshnessPolicy | None:
    """Give the policy of what a schedule materializes; None: it has none.

    Dagster judges only what has been materialized once: on a fresh install the UI shows "Unknown",
    not "late".
    """
    if watch.fresh_minutes is not None:
        if watch.fresh_minutes == 0:
            return None
        fail = timedelta(minutes=max(watch.fresh_minutes, 2.0))
        return dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=fail / 2)
    pause = longest_pause(cron, timezone)
    if pause is None:
        return None
    return dg.FreshnessPolicy.time_window(
        fail_window=3 * pause + timedelta(minutes=30),
        warn_window=2 * pause + timedelta(minutes=10),
    )
