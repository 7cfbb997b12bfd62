"""Finding out which fields a PUT takes: each name on its own, then what the record shows.

The same for customers and products: both are created or changed by a PUT on their own id, which may
be repeated. What is "known" is what is shown again, by an API that does not show just anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from influence_pipeline.platform_api.probe.findings import Setting
from influence_pipeline.platform_api.probe.naming import CANDIDATES, fields_of, shown_as
from influence_pipeline.platform_api.probe.room import Room
from influence_pipeline.platform_api.probe.wire import Heard

# A field that no API has: what becomes of it tells how much it says that one is shown.
NONSENSE = "influencePipelineProbe"


@dataclass
class Fields:
    """What became of each of our fields.

    `called`: the name it has there, where it is known; `how`: "known", "shown" (as anything would
    be), "taken" (2xx, not shown), "refused", "unclear".
    """

    called: dict[str, str] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    unknown: str = "unclear"

    def words(self) -> str:
        """Say it in a sentence, field by field."""
        said = []
        for how, what in _WORDS.items():
            names = [
                ours if self.called.get(ours, ours) == ours else f"{ours} (as {self.called[ours]})"
                for ours, found in self.how.items()
                if found == how
            ]
            if names:
                said.append(f"{what}: {', '.join(names)}")
        words = "; ".join(said) + "."
        return words[:1].upper() + words[1:]


_WORDS = {
    "known": "known",
    "shown": "taken and shown, as any name is",
    "taken": "taken but not shown",
    "refused": "refused",
    "unclear": "without a plain answer",
}
UNKNOWN_WORDS = {
    "keep": "Unknown fields are kept and shown again, so that a field is shown proves little.",
    "drop": "Unknown fields are taken and not shown.",
    "refuse": "Unknown fields are refused.",
    "unclear": "What becomes of unknown fields is not clear.",
}


@dataclass(frozen=True)
class Try:
    """How a record is written and read: `put` sends these fields beside the needed ones."""

    model: str
    container: str
    values: Mapping[str, Any]
    put: Callable[[Mapping[str, Any], str], Heard]
    read: Callable[[], Heard]


def learn(room: Room, attempt: Try, before: Mapping[str, Any]) -> Fields:
    """Try each of `attempt.values` (ours, with its value) by itself, and others of its names.

    `before`: the record as it was shown without any of them. Notes the names in `room`.
    """
    found = Fields(unknown=_nonsense(room, attempt))
    for ours, value in attempt.values.items():
        how, name, shown = _best(room, attempt, ours, value, before)
        if how == "known" and found.unknown == "keep" and name not in before:
            how = "shown"
        found.how[ours] = how
        if how == "refused":
            room.rename(attempt.model, ours, None)
        elif how != "unclear":
            # What is sent is the name that was taken, whatever the reply calls it.
            found.called[ours] = shown or name
            room.rename(attempt.model, ours, name)
    return found


def _best(
    room: Room, attempt: Try, ours: str, value: Any, before: Mapping[str, Any]
) -> tuple[str, str, str | None]:
    """Try the names of a field until one is shown; else give the first that was taken."""
    best: tuple[str, str, str | None] | None = None
    for name in _names_to_try(room, attempt, ours, before):
        how, shown = _one(room, attempt, name, value)
        if how == "known":
            return how, name, shown
        if best is None or _ORDER.index(how) < _ORDER.index(best[0]):
            best = how, name, shown
    return best or ("unclear", ours, None)


_ORDER = ("taken", "unclear", "refused")


def settings_for(room: Room, model: str) -> tuple[Setting, ...]:
    """Give the line of [api_names] for a model where the names in force are others."""
    wanted = {ours: name for ours, name in room.names[model].items() if name != ours}
    present = room.present.names.get(model, {})
    changed = {
        ours: name
        for ours in wanted.keys() | present.keys()
        if (name := wanted.get(ours, ours)) != present.get(ours, ours)
    }
    return (Setting("api_names", model, wanted),) if changed else ()


def _names_to_try(room: Room, attempt: Try, ours: str, before: Mapping[str, Any]) -> list[str]:
    """Give the names, first the one in force. A record that lists another one of them, empty, and
    not that, is asked by that other one first."""
    names = [room.name(attempt.model, ours), ours, *CANDIDATES[attempt.model].get(ours, ())]
    ordered = list(dict.fromkeys(names))
    listed = [name for name in ordered if name in before]
    if ordered[0] not in before and listed:
        ordered = [*listed, *(name for name in ordered if name not in listed)]
    return ordered


def _one(room: Room, attempt: Try, name: str, value: Any) -> tuple[str, str | None]:
    heard = attempt.put({name: value}, name)
    if heard.refused:
        return "refused", None
    if not heard.accepted:
        return "unclear", None
    shown = _shown_after(room, attempt, heard, name, value)
    return ("taken", None) if shown is None else ("known", shown)


def _shown_after(room: Room, attempt: Try, heard: Heard, name: str, value: Any) -> str | None:
    """Give the name under which a value is shown: in the reply, or where that shows no record, when
    it is read; what was just written may not be readable for a moment."""
    record = fields_of(heard.body, attempt.container)
    if record:
        return shown_as(value, name, record)

    def shown() -> str | None:
        read = attempt.read()
        record = fields_of(read.body, attempt.container) if read.accepted else {}
        return shown_as(value, name, record)

    return room.until(shown)


def _nonsense(room: Room, attempt: Try) -> str:
    heard = attempt.put({NONSENSE: "nonsense"}, f"{NONSENSE}, a field that no API has")
    if heard.refused:
        return "refuse"
    if not heard.accepted:
        return "unclear"
    shown = _shown_after(room, attempt, heard, NONSENSE, "nonsense")
    return "drop" if shown is None else "keep"
