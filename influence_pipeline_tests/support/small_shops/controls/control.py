"""What a broken preset is, and what it does wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Control:
    """`old`, in `file` of the preset, is replaced by `new`; then just `wrong` differ from what they
    must be, or `write` changes nothing of `entity`."""

    rule: str
    file: str
    old: str
    new: str
    wrong: set[str] = field(default_factory=set)
    write: str = ""
    entity: str = "order"
