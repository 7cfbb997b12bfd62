"""The pace of one account, decided: what the answers of all workers make of the calls a second.

Pure: one value (`Control`) and what changes it. `pacing` keeps it in the state database, shared by
all workers, and asks it for slots. Times are seconds of that database's clock.

No limit is known at first (`rate` None), and the workers' windows open by themselves. Where the API
says "too many", the rate becomes a little less than what it let through, and goes through modes:

coarse  the rate grows fast from well below, until the API refuses
fine    the same, slowly from just below, which tells the limit to a few per cent
hold    just under the limit, for so long that the next refusal is one in some hundred calls
probe   the rate grows slowly from what was held: is the limit still there?

A refusal while a rate is held that has held for a while says that the limit has fallen: the rate is
halved, and it begins anew. A refusal of a call that went out before the last change says nothing
new: each call carries the number of the change it knew of (`epoch`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

# Answers are counted in pieces of this length, so many of them.
_PIECE_SECONDS = 0.25
_PIECES = 16
# A held rate is this share of the limit as it was found. Known ceilings too are kept a little
# below, because calls that leave evenly arrive a little less so.
_KEPT = 0.97
BELOW_CEILING = 0.97
# What is cut when a trusted rate is refused, and when what it was cut to is refused at once.
_HALVED = 0.5
_AGAIN = 0.6
_AT_ONCE_SECONDS = 1.0
# After a refusal nothing goes out for a moment, so that what the API counts runs out: a whole
# window of a second at first, a piece of it later.
_FIRST_REST_SECONDS = 1.0
_REST_SECONDS = 0.2
# A held rate is trusted after so many calls and seconds without a refusal. An estimate that is
# refused before is made anew so many times.
_TRUSTED_CALLS = 20
_TRUSTED_SECONDS = 4.0
_MOST_DOUBTS = 2
# A limit found again within this of the held rate is the same one.
_SAME = 1.25
# Growth a second, by mode. A probe's doubles, and a fast one's too if it goes on for long.
_COARSE, _FINE, _PROBE = 0.10, 0.02, 0.01
_GROWTH_DOUBLES_EVERY_SECONDS = 6.0
_MOST_GROWTH = 0.4
_LONG_SEARCH_SECONDS = 15.0
# A limit is held for so many calls to each refusal (0.4 %), within these bounds of seconds, and
# twice as long each time that it is found unchanged.
_CALLS_PER_REFUSAL = 250
_SHORTEST_HOLD_SECONDS = 8.0
_LONGEST_HOLD_SECONDS = 60.0
_MOST_PATIENCE = 4
# Never slower than a call in two seconds: the API must be asked to be heard.
_SLOWEST = 0.5
# Refusals that come one in so many calls, again and again, while the rate falls to this share, do
# not come from the rate.
_RARE_CALLS = 8
_RARE_TIMES = 6
_UNMOVED_SHARE = 0.5
# Where a rate this high is reached, the limit is gone.
UNLIMITED = 50_000.0
# Seconds for which an import leaves the calls to live changes that wait.
LIVE_FIRST_SECONDS = 0.5


class Mode(StrEnum):
    """What the rate is doing; see the module's head."""

    COARSE = "coarse"
    FINE = "fine"
    HOLD = "hold"
    PROBE = "probe"


@dataclass
class Control:
    """What is known of an account's pace. `rate`: calls a second, None where no limit is known.

    `next_at`: the first slot that is free. `held_until`: the API asked to be left alone. `trusted`:
    the rate that was last held with success. `passed`: calls let through since the last change;
    `passed_before`: since the one before it, at `changed_before`. `rare`: refusals in a row that
    were one in many, and the rate when they began. `counts`: calls let through in the last seconds,
    by pieces, the newest last (number `piece`).
    """

    rate: float | None = None
    epoch: int = 0
    mode: Mode = Mode.COARSE
    growth: float = _COARSE
    trusted: float | None = None
    doubts: int = 0
    patience: int = 1
    changed_at: float = 0.0
    changed_before: float = 0.0
    passed: int = 0
    passed_before: int = 0
    grown_at: float = 0.0
    hold_until: float = 0.0
    next_at: float = 0.0
    held_until: float = 0.0
    live_until: float = 0.0
    rare: int = 0
    rare_from: float = 0.0
    piece: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * _PIECES)


@dataclass(frozen=True)
class Report:
    """What a worker's answers said since its last report, and what it asks for.

    `limited`: its refusals were so many in a row that they show a limit. `used`: it had calls
    waiting for their slots, so the rate is what holds it back. `wanted`: calls that are ready.
    """

    epoch: int = 0
    accepted: int = 0
    refused: int = 0
    limited: bool = False
    used: bool = False
    retry_after: float | None = None
    wanted: int = 0
    live: bool = True


@dataclass(frozen=True)
class Grant:
    """The slots a worker may use: `count` of them, `gap` seconds apart, the first in `first_in`.

    `rate` None: no slots are needed. `held`: seconds for which nothing may be sent.
    """

    epoch: int
    rate: float | None
    held: float = 0.0
    first_in: float = 0.0
    gap: float = 0.0
    count: int = 0


def exchange(
    control: Control, report: Report, now: float, *, ceiling: float | None, most_seconds: float
) -> Grant:
    """Take a worker's report into `control` and give it slots for at most `most_seconds`."""
    learn(control, report, now, ceiling)
    rate = rate_now(control, ceiling)
    held = max(control.held_until - now, 0.0)
    if rate is None:
        return Grant(control.epoch, None, held)
    count = min(report.wanted, max(round(rate * most_seconds), 1))
    if report.live and report.wanted:
        control.live_until = now + LIVE_FIRST_SECONDS
    elif not report.live and now < control.live_until:
        count = 0
    gap = 1.0 / rate
    first = max(control.next_at, now, control.held_until)
    if count:
        control.next_at = first + count * gap
    return Grant(control.epoch, rate, held, first - now, gap, count)


def rate_now(control: Control, ceiling: float | None) -> float | None:
    """Calls a second that may go out, None: no bound is known. `ceiling`: the merchant's own."""
    if ceiling is None:
        return control.rate
    return min(ceiling * BELOW_CEILING, control.rate or float("inf"))


def learn(control: Control, report: Report, now: float, ceiling: float | None = None) -> None:
    """Take in what a worker's answers said."""
    _turn_to(control, now)
    control.counts[-1] += report.accepted
    control.passed += report.accepted
    if report.retry_after is not None:
        control.held_until = max(control.held_until, now + report.retry_after)
    if report.refused and report.epoch == control.epoch:
        if control.rate is not None:
            _refused(control, control.rate, now)
        elif ceiling is not None:
            # Under a ceiling the rate is known, and the ceiling was taken for the limit.
            _drop(control, ceiling * BELOW_CEILING * _HALVED, now)
        elif report.limited:
            # What was let through may have been a burst that was saved up over a second.
            passed, seconds = _passed(control, 1.0)
            _drop(control, _KEPT * passed / (1.0 + min(seconds, 1.0)), now, _FIRST_REST_SECONDS)
    elif report.used:
        _grow(control, now)
        if ceiling is not None and control.rate is not None and control.rate > ceiling:
            control.rate = None


def _refused(control: Control, rate: float, now: float) -> None:
    since = now - control.changed_at
    # What the rate was a second ago: a limit by the second shows that late.
    reached = _KEPT * rate / (1.0 + control.growth)
    if _is_unrelated(control, rate):
        _forget_limit(control, now)
    elif control.mode is Mode.HOLD:
        _refused_while_held(control, rate, since, now)
    elif control.mode is Mode.PROBE:
        if control.trusted is not None and rate < control.trusted * _SAME:
            control.patience = min(control.patience * 2, _MOST_PATIENCE)
            _hold(control, control.trusted, now)
        else:
            control.patience, control.trusted, control.doubts = 1, None, 0
            _hold(control, reached, now)
    elif since < _AT_ONCE_SECONDS:
        _drop(control, rate * _AGAIN, now)
    elif control.mode is Mode.COARSE:
        _change(control, reached, now)
        control.mode, control.growth = Mode.FINE, _FINE
    else:
        control.doubts = 0
        _hold(control, reached, now)


def _refused_while_held(control: Control, rate: float, since: float, now: float) -> None:
    held = since >= _TRUSTED_SECONDS and control.passed >= _TRUSTED_CALLS
    if held or control.trusted is not None or control.doubts >= _MOST_DOUBTS:
        _drop(control, rate * _HALVED, now)
        return
    # Found too high: what was let through since the change before it tells it better, because
    # whatever the API had saved up for a burst was used up at both.
    seconds = max(now - control.changed_before, _PIECE_SECONDS)
    told = _KEPT * (control.passed + control.passed_before) / seconds
    control.doubts += 1
    _hold(control, max(min(told, rate * _KEPT), rate * _AGAIN), now)


def _is_unrelated(control: Control, rate: float) -> bool:
    """Whether refusals stay as rare as they are while the rate falls: then it is no limit."""
    if control.passed < _RARE_CALLS:
        control.rare = 0
        return False
    if not control.rare or rate > control.rare_from:
        control.rare, control.rare_from = 0, rate
    control.rare += 1
    return control.rare >= _RARE_TIMES and rate <= _UNMOVED_SHARE * control.rare_from


def _forget_limit(control: Control, now: float) -> None:
    _change(control, None, now)
    control.rare, control.trusted = 0, None


def _drop(control: Control, rate: float, now: float, rest: float = _REST_SECONDS) -> None:
    _change(control, rate, now, rest)
    control.mode, control.growth = Mode.COARSE, _COARSE
    control.trusted, control.doubts, control.patience = None, 0, 1


def _hold(control: Control, rate: float, now: float) -> None:
    _change(control, rate, now)
    control.mode, control.growth = Mode.HOLD, 0.0
    seconds = max(_CALLS_PER_REFUSAL / max(rate, _SLOWEST), _SHORTEST_HOLD_SECONDS)
    control.hold_until = now + min(seconds, _LONGEST_HOLD_SECONDS) * control.patience


def _change(
    control: Control, rate: float | None, now: float, rest: float = _REST_SECONDS
) -> None:
    control.rate = None if rate is None else max(rate, _SLOWEST)
    control.epoch += 1
    control.changed_before, control.changed_at = control.changed_at, now
    control.passed_before, control.passed = control.passed, 0
    control.grown_at = now
    # Slots that were given out at the old rate are void: their holders see the new epoch.
    control.next_at = now if control.rate is None else now + max(rest, 1.0 / control.rate)


def _grow(control: Control, now: float) -> None:
    if control.rate is None or now < control.held_until:
        return
    if control.mode is Mode.HOLD:
        if now < control.hold_until:
            return
        control.mode, control.growth, control.trusted = Mode.PROBE, _PROBE, control.rate
        control.grown_at = now
    passed = min(now - control.grown_at, 1.0)
    control.grown_at = now
    control.rate *= 1.0 + control.growth * passed
    if control.mode is Mode.PROBE or now - control.changed_at > _LONG_SEARCH_SECONDS:
        faster = control.growth * 2.0 ** (passed / _GROWTH_DOUBLES_EVERY_SECONDS)
        control.growth = min(faster, _MOST_GROWTH)
    if control.rate >= UNLIMITED:
        _forget_limit(control, now)


def _turn_to(control: Control, now: float) -> None:
    piece = math.floor(now / _PIECE_SECONDS)
    steps = min(max(piece - control.piece, 0), _PIECES)
    if steps:
        control.counts = control.counts[steps:] + [0] * steps
        control.piece = piece


def _passed(control: Control, seconds: float) -> tuple[int, float]:
    """How many were let through in about the last `seconds`, and in how many seconds really."""
    pieces = min(max(round(seconds / _PIECE_SECONDS), 1), _PIECES)
    found = control.counts[-pieces:]
    # Only since the first of them: before it nobody asked.
    first = next((number for number, count in enumerate(found) if count), pieces - 1)
    return sum(found[first:]), (pieces - first) * _PIECE_SECONDS
