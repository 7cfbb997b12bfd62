"""Numbers and lengths of time in words, the same wherever a person reads them."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """Give "1 call", "2,000 calls"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Give a length of time in words, roughly: "5 s", "7 min", "2 h 5 min", "3 days 4 h"."""
    whole = max(int(seconds), 0)
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if days:
        return counted(days, "day") + (f" {hours} h" if hours and days < 10 else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else f"{whole} s"
