"""One small change to the code: where it is, how it looks, and by which name it is switched on."""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

# The variable that switches one mutant on, in this process and in those it starts; mutmut's own name.
SWITCH = "MUTANT_UNDER_TEST"


@dataclass(frozen=True)
class Mutant:
    """A change to one function or query.

    `key`: stays the same as long as the function's place and the change do; results and reasons are
    kept by it. `switch`: the value of `MUTANT_UNDER_TEST` that switches it on. `lines`: tests that
    run one of these lines of `lines_in` may notice it (for SQL the lines that run the query).
    """

    key: str
    switch: str
    file: str
    function: str
    diff: str
    lines: dict[str, tuple[int, ...]]


def difference(before: str, after: str) -> str:
    """The changed lines, with one line around them, without numbers that would move."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def keyed(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Give each mutant its key; the same change made twice in one function gets two."""
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for mutant in mutants:
        identity = (mutant.file, mutant.function, mutant.diff)
        seen[identity] += 1
        digest = hashlib.sha256("\0".join([*identity, str(seen[identity])]).encode())
        made.append(replace(mutant, key=digest.hexdigest()[:12]))
    return made
