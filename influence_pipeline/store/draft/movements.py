"""Which payments are money that came, went back, or is reserved: by their state, their kind, their
sign."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from influence_pipeline.store.catalog import Shape
from influence_pipeline.store.draft import kinds
from influence_pipeline.store.draft.columns import FLAGS, LABELS, Choice, Looked, like_labels
from influence_pipeline.store.draft.findings import Findings
from influence_pipeline.store.draft.samples import every_label
from influence_pipeline.store.draft.statuses import guess


def conditions(
    found: Findings, looked: Looked, choice: Choice, sql: str
) -> tuple[list[str], str | None, str | None, list[str]]:
    """Which payments are money that came, went back, or is reserved; and words about it."""
    taken: list[str] = []
    notes: list[str] = []
    back = reserved = None
    if choice.seen is not None and choice.seen.negative:
        taken.append(f"{sql} > 0")
        back = f"{sql} < 0"
        notes.append("Amounts below zero are taken for money that went back.")
    status = labelled(found, looked, "status", taken={choice.column.name}, enough=30)
    if status is not None and status.seen is not None and status.seen.labels:
        text = f"{status.column.sql('m')}::text"
        done = [value for value, _ in status.seen.labels if guess(value)[0] == "paid"]
        held = [value for value, _ in status.seen.labels if guess(value)[0] == "authorized"]
        gone = [value for value, _ in status.seen.labels if guess(value)[0] == "refunded"]
        known = ", ".join(value for value, _ in status.seen.labels)
        notes.append(f"TODO: {status.column.name} is one of {known}. Which is money that came?")
        if gone:
            notes.append(
                f"What is {listed(gone)} counts as money that came and went back; where the "
                "store writes a row of its own for what went back, take it out of `taken`."
            )
        if done or gone:
            taken.append(f"{text} IN ({listed([*done, *gone])})")
        else:
            taken.append("false")
            notes.append("None of them is known for money that came, so nothing counts yet.")
        if held:
            reserved = f"{text} IN ({listed(held)})"
        if gone and back is None:
            back = f"{text} IN ({listed(gone)})"
    else:
        flag = looked.pick("paid", FLAGS, enough=38)
        if flag is not None:
            taken.append(is_set(flag, "m"))
            notes.append(f"Only payments that have {flag.column.name} count.")
    kind = labelled(found, looked, "kind", taken={choice.column.name}, enough=36)
    if kind is not None and kind.seen is not None and kind.seen.labels:
        values = [value for value, _ in kind.seen.labels]
        if not kinds.are_methods(values):
            return _by_kind(found, looked, kind, sql, taken, back, reserved, notes)
        notes.append(f"{kind.column.name} tells how was paid: {', '.join(values)}. All count.")
    return taken, back, reserved, notes


def _by_kind(
    found: Findings,
    looked: Looked,
    kind: Choice,
    sql: str,
    taken: list[str],
    back: str | None,
    reserved: str | None,
    notes: list[str],
) -> tuple[list[str], str | None, str | None, list[str]]:
    """The same where a column tells what each payment did; what it does not tell is left out."""
    labels = (kind.seen.labels if kind.seen is not None else None) or ()
    rows = kind.seen.rows if kind.seen is not None else 0
    text = f"{kind.column.sql('m')}::text"
    by_meaning: dict[str, list[str]] = {}
    for value, _ in labels:
        by_meaning.setdefault(kinds.kind_of(value), []).append(value)
    came, gone = by_meaning.get(kinds.TAKEN), by_meaning.get(kinds.BACK)
    held = by_meaning.get(kinds.RESERVED)
    notes = [note for note in notes if not note.startswith("Amounts below zero")]
    notes.append(
        f"TODO: is each kind of {kind.column.name} right? Money that is counted gives points."
    )
    notes += kinds.told(
        labels, rows, kinds.signs(found.connection, looked.table, kind.column, "m", sql)
    )
    is_came = f"{text} IN ({listed(came)})" if came else "false"
    if gone:
        # What was taken and taken back under one kind adds up to what came.
        taken = [one for one in taken if one != f"{sql} > 0"]
        back = f"{text} IN ({listed(gone)})"
    elif back is not None and came:
        back = f"{back} AND {is_came}"
        notes.append("Of what came, amounts below zero are taken for money that went back.")
    if held:
        states = [one for one in taken if one != f"{sql} > 0"]
        of_kind = " AND ".join([f"{text} IN ({listed(held)})", *states])
        reserved = of_kind if reserved is None else f"({of_kind} OR {reserved})"
    return [*taken, is_came], back, reserved, notes


def labelled(
    found: Findings, looked: Looked, field: str, *, taken: Collection[str] = (), enough: int
) -> Choice | None:
    """A column of labels, with the rare ones too."""
    choice = looked.pick(field, LABELS, taken=taken, asks=like_labels, enough=enough)
    if choice is None or choice.seen is None:
        return choice
    seen = every_label(found.connection, looked.table, choice.column, choice.seen)
    return replace(choice, seen=seen)


def is_set(choice: Choice, alias: str) -> str:
    sql = choice.column.sql(alias)
    return sql if choice.column.shape is Shape.BOOLEAN else f"{sql} IS NOT NULL"


def listed(values: Sequence[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
