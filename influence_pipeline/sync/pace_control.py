"""The pace of one account, decided: what the answers of all workers make of the calls a second.

Pure: one value (`Control`) and what changes it. `pacing` keeps it in the state database, shared by
all workers, and asks it for slots. Times are seconds of that database's clock.

Three modes:

open    no limit is known: no rate, or the merchant's ceiling
search  the rate grows until the API refuses: fast after a cut, else slowly
hold    just under the limit, for a minute or two; then a slow search: is it still there?

At a refusal all rest for a second, so that what the API counts by the second runs out. What was
sent since such a rest tells the limit in two ways:

- An API that saves up calls for a burst (a token bucket) has let through a second's worth more than
  its limit: `sent / (seconds + 1)`. For any API the limit is at least that.
- One that counts in windows refuses soon after the rate passed the limit: what the rate was then.

Which it is shows at the next refusal: where the first formula gives the same again, it holds. A
refusal of a rate that was held for long says that the limit fell: the rate is halved, and searched
anew. A refusal of a call that went out before the last change says nothing new: each call carries
the number of the change it knew of (`epoch`).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

# A rate that is held is this share of the limit as it was found. Known ceilings too are kept a
# little below, because calls that leave evenly arrive a little less so.
KEPT = 0.98
BELOW_CEILING = 0.97
# What APIs count by, and so what they save up at most.
_COUNTED_SECONDS = 1.0
# Where nothing is let through after it, it is twice as long the next time, and the rate small.
_LONGEST_REST_SECONDS = 8.0
_ASKING = 1.0
# No slot is given out so far ahead.
_FURTHEST_SECONDS = 120.0
# Where the rate was hardly above it, a shorter rest does.
_SHORT_REST_SECONDS = 0.25
# A rate held for so long cannot have been too high by more than one part in so many.
_TRUSTED_SECONDS = 20.0
_HALVED = 0.5
# Two estimates within this of each other are the same.
_SAME = 0.03
_ENOUGH_CALLS = 5
_LATER, _LONGEST_LOOK_SECONDS = 1.25, 8.0
# What is left of a rate that was refused though it did not grow, where nothing tells it better.
_DOUBTED, _DOUBT_SECONDS = 0.95, 3.0
# The merchant knows the ceiling: if it is refused once, it is soon tried again.
_CEILING_DOUBTED_SECONDS = 5.0
# Growth a second: after a cut, where the limit is nearly known, and from a held rate. It doubles
# if it goes on for long.
_FAST, _FINE, _SLOW = 0.15, 0.02, 0.01
_GROWTH_DOUBLES_EVERY_SECONDS = 6.0
_MOST_GROWTH = 0.4
# A limit is held for so long, and so many times that where it is found unchanged.
_HOLD_SECONDS = 60.0
_MOST_PATIENCE = 2
# Never slower than a call in so many seconds: the API must be asked to be heard.
_SLOWEST = 0.2
# Refusals that come one in so many calls, again and again, while the rate falls to this share, do
# not come from the rate. They are taken for chance for so long.
_FEWEST_RARE, _MOST_RARE = 12, 60
_RARE_TIMES = 8
_UNMOVED_SHARE = 0.25
_CHANCE_SECONDS = 600.0
# Where a rate this high is reached, the limit is gone.
UNLIMITED = 50_000.0
# An import leaves calls to live changes that wait until so long after the first free slot.
LIVE_FIRST_SECONDS = 0.1
# The first calls of an account go out from one worker alone; another joins after so many seconds.
_FIRST_CALLS = 100
_ALONE_SECONDS = 1.0
# How long it is remembered how many calls in flight went well.
_REMEMBERED_SECONDS = 86_400.0
# While no limit is known, calls let through are counted in pieces of a second.
_PIECE_SECONDS = 0.25
_PIECES = 4


class Mode(StrEnum):
    """What the rate is doing; see the module's head."""

    OPEN = "open"
    SEARCH = "search"
    HOLD = "hold"


@dataclass
class Control:
    """What is known of an account's pace. `rate`: calls a second, None where no limit is known.

    `growth`: the share by which it grows a second, from `grows_from` on. `since`, `slots`: when the
    last rest (of `rest` seconds) was over, and the slots given since. `next_at`: the first slot
    that is free. `low`: what the limit is at least, as of the last refusal; `saves_up`: the API is
    one for which it is just that. `doubted`: a rate that did not grow was refused. `held`: what was
    held before this search. `held_until`: the API asked to be left alone. `live_until`: live
    changes wait. `announced`: what headers named. `rare`: refusals in a row, each one in many, the
    rate when they began and the calls; `chance_until`: until then single ones say nothing.
    `passed`: calls let through in the account's life, and `counts` in the last second, by pieces,
    the newest last (number `piece`). `alone_until`: one worker finds out. `opened_at`: when sending
    without a rate began; `late_epoch`, `late_seconds`: reports of that time are still awaited.
    `widest`: the calls in flight of one worker that went well.
    """

    rate: float | None = None
    epoch: int = 0
    mode: Mode = Mode.OPEN
    growth: float = 0.0
    grown_at: float = 0.0
    since: float = 0.0
    slots: int = 0
    next_at: float = 0.0
    low: float = 0.0
    saves_up: bool = False
    doubted: bool = False
    grows_from: float = 0.0
    rest: float = _COUNTED_SECONDS
    held: float = 0.0
    hold_until: float = 0.0
    patience: int = 1
    held_until: float = 0.0
    live_until: float = 0.0
    announced: float = 0.0
    rare: int = 0
    rare_from: float = 0.0
    rare_sent: float = 0.0
    chance_until: float = 0.0
    passed: int = 0
    alone_until: float = 0.0
    widest: int = 0
    widest_at: float = 0.0
    opened_at: float = 0.0
    late_epoch: int = -1
    late_seconds: float = 0.0
    piece: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * _PIECES)


def written(control: Control) -> str:
    """Give it as JSON, for `read`."""
    return json.dumps(asdict(control))


def read(values: dict[str, Any]) -> Control:
    """Make it anew of what `written` gave. What another version knew of is left; what it did not
    know has its default."""
    known = {name: value for name, value in values.items() if name in _FIELDS}
    if "mode" in known:
        # Modes are compared as members: as the text that JSON makes of it a mode would be none.
        known["mode"] = Mode(known["mode"])
    return Control(**known)


_FIELDS = frozenset(one.name for one in fields(Control))


@dataclass(frozen=True)
class Report:
    """What a worker's answers said since its last report, and what it asks for.

    `refused`: calls refused that went out under `epoch`, the first of them `refused_ago` seconds
    ago. `limited`: they were so many in a row that they show a limit. `used_up`: the headers of a
    call, as long ago, said that none remains; `announced`: calls a second that they name. `used`:
    it had calls waiting for slots, so the rate is what holds it back. `window`: its calls in flight
    while no rate is known. `wanted`: calls that are ready.
    """

    epoch: int = 0
    accepted: int = 0
    refused: int = 0
    refused_ago: float = 0.0
    limited: bool = False
    used_up: bool = False
    announced: float | None = None
    used: bool = False
    retry_after: float | None = None
    window: int = 0
    wanted: int = 0
    live: bool = True


@dataclass(frozen=True)
class Grant:
    """The slots a worker may use: `count` of them, `gap` seconds apart, the first in `first_in`.

    `rate` None: no slots are needed. `held`: seconds for which nothing may be sent. `chance`:
    single refusals say nothing. `start`: calls in flight to begin with after the first good reply.
    """

    epoch: int
    rate: float | None
    held: float = 0.0
    first_in: float = 0.0
    gap: float = 0.0
    count: int = 0
    chance: bool = False
    start: int = 1


def exchange(
    control: Control, report: Report, now: float, *, ceiling: float | None, most_seconds: float
) -> Grant:
    """Take a worker's report into `control` and give it slots of the next `most_seconds`."""
    learn(control, report, now, ceiling)
    held = max(control.held_until - now, 0.0)
    rate = rate_now(control, ceiling)
    if rate is None:
        if _may_start(control, report, now):
            start = control.widest // 2 if now - control.widest_at < _REMEMBERED_SECONDS else 1
            return Grant(control.epoch, None, held, chance=True, start=max(start, 1))
        return Grant(control.epoch, 1.0, held, first_in=_ALONE_SECONDS / 10)
    if control.next_at > now + _FURTHEST_SECONDS:
        # The clock was set back.
        control.next_at = now
    first = max(control.next_at, now, control.held_until)
    count = 0
    if first - now < most_seconds:
        count = min(report.wanted, max(math.floor(rate * most_seconds), 1))
    if report.live and report.wanted > count:
        control.live_until = first + LIVE_FIRST_SECONDS
    elif not report.live and now < control.live_until:
        count = 0
    if count:
        if first - control.next_at > _COUNTED_SECONDS:
            # Nobody sent for a while: what the API counts has run out, as after a rest.
            control.since, control.slots = first, 0
        control.slots += count
        control.next_at = first + count / rate
    chance = now < control.chance_until
    return Grant(control.epoch, rate, held, first - now, 1.0 / rate, count, chance)


def rate_now(control: Control, ceiling: float | None) -> float | None:
    """Calls a second that may go out, None: no bound is known. `ceiling`: the merchant's own."""
    if ceiling is None:
        return control.rate
    return min(ceiling * BELOW_CEILING, control.rate or float("inf"))


def learn(control: Control, report: Report, now: float, ceiling: float | None = None) -> None:
    """Take in what a worker's answers said."""
    _count(control, report, now)
    if report.retry_after is not None:
        control.held_until = max(control.held_until, now + report.retry_after)
    if report.announced and report.announced != control.announced:
        _announced(control, report.announced, now)
    rate = rate_now(control, ceiling)
    if report.used_up and not report.refused and report.epoch == control.epoch:
        if rate is None:
            _limit_shows(control, report, now)
        elif control.mode is Mode.SEARCH and now - report.refused_ago >= control.grows_from:
            _refused(control, rate, report, now)
    elif report.refused and report.epoch == control.epoch:
        if rate is None:
            # Nothing passed, and the API said how long to wait: that tells no rate.
            if report.limited and (any(control.counts) or report.retry_after is None):
                _limit_shows(control, report, now)
        elif report.limited or now >= control.chance_until:
            _refused(control, rate, report, now)
    elif report.epoch == control.late_epoch and now < control.since:
        # Let through while no limit was known, and told late.
        _add_passed(control, report.accepted)
    elif report.used and control.rate is not None and now >= control.held_until:
        _grow(control, control.rate, now)
        if ceiling is not None and control.rate > ceiling:
            _forget_limit(control, now)


def _may_start(control: Control, report: Report, now: float) -> bool:
    """Whether a worker may send while nothing is known: at first one alone finds out."""
    if control.passed >= _FIRST_CALLS or report.window or now >= control.alone_until:
        if not report.window:
            control.alone_until = now + _ALONE_SECONDS
            if not any(control.counts):
                control.opened_at = now
        return True
    return False


def _count(control: Control, report: Report, now: float) -> None:
    piece = math.floor(now / _PIECE_SECONDS)
    steps = min(max(piece - control.piece, 0), _PIECES)
    if steps:
        control.counts = control.counts[steps:] + [0] * steps
        control.piece = piece
    control.counts[-1] += report.accepted
    control.passed += report.accepted
    if control.rate is None and report.window >= control.widest:
        control.widest, control.widest_at = report.window, now


def _limit_shows(control: Control, report: Report, now: float) -> None:
    """No limit was known, and now there is one: about what was let through in the last second."""
    control.widest = 0
    control.late_epoch, control.late_seconds = control.epoch, min(now - control.opened_at, 1.0)
    control.low = 0.0
    _search(control, 0.0, _FINE, report, now)
    control.rate = 0.0
    _add_passed(control, max(sum(control.counts), 1))


def _announced(control: Control, per_second: float, now: float) -> None:
    """The API names its limit: it is taken at its word once, and later searched like any other."""
    control.announced = per_second
    if control.rate is None:
        _hold(control, per_second * KEPT, Report(), now, 0.0)


def _add_passed(control: Control, passed: int) -> None:
    control.rate = (control.rate or 0.0) + passed * KEPT
    # A second's worth of that may have been saved up.
    control.low += passed / (_COUNTED_SECONDS + control.late_seconds)
    _look_first(control, control.rate)


def _refused(control: Control, rate: float, report: Report, now: float) -> None:
    at = now - report.refused_ago
    seconds = max(at - control.since, 0.0)
    sent = max(control.slots - max(control.next_at - at, 0.0) * rate, 0.0)
    if sent < 1:
        _used_up(control, rate, report, now)
        return
    # Half a call more: the refused one was short of a whole one by half of it, on the average.
    before, control.low = control.low, (sent + 0.5) / (seconds + _COUNTED_SECONDS)
    low = max(control.low, rate * _HALVED) * KEPT
    # What the rate was a second before the refused call went out, if it grew.
    reached = rate / (1 + control.growth) ** (_COUNTED_SECONDS + report.refused_ago) * KEPT
    grew = control.mode is Mode.SEARCH and at >= control.grows_from
    few = max(_SAME * before, min(1 / (seconds + 1), 3 * _SAME * before))
    if not grew and sent >= _ENOUGH_CALLS and abs(control.low - before) <= few:
        control.saves_up = True
    if _is_rare(control, rate, sent):
        if rate <= _UNMOVED_SHARE * control.rare_from:
            control.chance_until = now + _CHANCE_SECONDS
            _forget_limit(control, now)
        else:
            _hold(control, control.rare_from * _UNMOVED_SHARE / 2, report, now)
            control.hold_until = now + _TRUSTED_SECONDS
    elif control.mode is not Mode.SEARCH and seconds >= _TRUSTED_SECONDS:
        control.saves_up, control.rare = False, 0
        _search(control, rate * _HALVED, _FAST, report, now)
    elif control.saves_up:
        _hold(control, max(low, control.held), report, now)
    elif grew and control.growth > 2 * _FINE:
        _search(control, max(reached, low), _FINE, report, now)
    elif grew:
        # One that saves up would have refused before, so its formula tells nothing.
        control.low = 0.0
        _hold(control, max(reached, low, control.held), report, now, _SHORT_REST_SECONDS)
    elif control.growth < _FAST and (not control.doubted or seconds > _DOUBT_SECONDS):
        under_ceiling = control.mode is Mode.OPEN
        control.doubted = True
        _hold(control, rate * _DOUBTED, report, now)
        if under_ceiling:
            control.hold_until = now + _CEILING_DOUBTED_SECONDS
    else:
        _search(control, low, _FAST, report, now)


def _used_up(control: Control, rate: float, report: Report, now: float) -> None:
    """Not even one call was let through after a rest: ask rarely until one is."""
    rest = min(control.rest * 2, _LONGEST_REST_SECONDS)
    _search(control, max(rate * _HALVED, min(rate, _ASKING)), _FAST, report, now, rest)


def _is_rare(control: Control, rate: float, sent: float) -> bool:
    """Whether refusals come again and again, each one in many: if they still do at a much lower
    rate, they do not come from the rate."""
    if not control.rare or rate > control.rare_from or control.mode is Mode.OPEN:
        control.rare, control.rare_sent, control.rare_from = 0, 0.0, rate
    control.rare += 1
    control.rare_sent += sent
    calls = control.rare_sent / control.rare
    return control.rare >= _RARE_TIMES and _FEWEST_RARE <= calls <= _MOST_RARE


def _forget_limit(control: Control, now: float) -> None:
    control.rate, control.mode, control.growth = None, Mode.OPEN, 0.0
    control.epoch += 1
    control.rare, control.low, control.held = 0, 0.0, 0.0
    control.saves_up, control.patience = False, 1
    control.since, control.slots, control.next_at, control.opened_at = now, 0, now, now


def _search(
    control: Control,
    rate: float,
    growth: float,
    report: Report,
    now: float,
    rest: float = _COUNTED_SECONDS,
) -> None:
    control.mode, control.growth, control.held, control.patience = Mode.SEARCH, growth, 0.0, 1
    control.doubted = False
    _rest(control, rate, report, now, rest)
    control.grows_from = control.grown_at = control.since + _COUNTED_SECONDS
    if growth == _FINE:
        _look_first(control, rate)


def _look_first(control: Control, rate: float) -> None:
    """Let the rate grow only when an API that saves up, as `low` says, would have refused it."""
    seconds = _COUNTED_SECONDS
    if rate > control.low:
        seconds += min(_LATER * control.low / (rate - control.low), _LONGEST_LOOK_SECONDS)
    control.grows_from = control.grown_at = control.since + seconds


def _hold(
    control: Control, rate: float, report: Report, now: float, rest: float = _COUNTED_SECONDS
) -> None:
    found_again = abs(rate - control.held) <= 2 * _SAME * rate
    control.patience = min(control.patience * 2, _MOST_PATIENCE) if found_again else 1
    control.mode, control.growth, control.held = Mode.HOLD, 0.0, 0.0
    control.hold_until = now + _HOLD_SECONDS * control.patience
    _rest(control, rate, report, now, rest)


def _rest(
    control: Control, rate: float, report: Report, now: float, seconds: float = _COUNTED_SECONDS
) -> None:
    control.rate, control.rest = max(rate, _SLOWEST), seconds
    control.epoch += 1
    # Slots that were given out at the old rate are void: their holders see the new epoch. They and
    # the calls under way take as long to come to an end as the refused one took.
    over = now + seconds + report.refused_ago
    control.since = control.next_at = max(over, control.held_until)
    control.slots = 0


def _grow(control: Control, rate: float, now: float) -> None:
    if control.mode is Mode.HOLD:
        if now < control.hold_until:
            return
        control.mode, control.growth, control.held = Mode.SEARCH, _SLOW, rate
        control.since, control.slots = control.next_at, 0
        control.grows_from = control.grown_at = now
    passed = min(now - control.grown_at, 1.0)
    if passed <= 0:
        return
    control.grown_at = now
    control.rate = rate * (1.0 + control.growth * passed)
    if now - control.grows_from > _GROWTH_DOUBLES_EVERY_SECONDS:
        faster = control.growth * 2.0 ** (passed / _GROWTH_DOUBLES_EVERY_SECONDS)
        control.growth = min(faster, _MOST_GROWTH)
    if control.rate >= UNLIMITED:
        _forget_limit(control, now)
