"""The last state of an order, of a table with a row for each state that it came to."""

from __future__ import annotations

from dataclasses import dataclass

from influence_pipeline.store.catalog import Shape, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.columns import (
    FLAGS,
    LABELS,
    Choice,
    like_labels,
)
from influence_pipeline.store.draft.findings import Findings, Step
from influence_pipeline.store.draft.select import Drafted, comment
from influence_pipeline.store.draft.words import likeness, tokens, word_list

_SAYS_SO = frozenset(
    word_list(
        "history event events log status state states transition transitions change "
        "changes tracking verlauf protokoll historique historial timeline step steps"
    )
)


@dataclass(frozen=True)
class History:
    """A table of states of orders: its state, its moment."""

    table: Table
    step: Step
    state: Choice
    moment: Choice


def find_history(found: Findings, orders: Table) -> History | None:
    """The table that tells best what states an order went through."""
    used = {table.oid for table in found.tables.values()}
    best: tuple[int, History] | None = None
    for table in found.catalog:
        if table.oid in used or not table.readable or table.kind not in "rpm":
            continue
        named = len(_SAYS_SO & set(tokens(table.name)))
        if not named or not any(link.target == orders.oid for link in table.links):
            continue
        links = found.links(table, orders)
        if not links:
            continue
        looked = found.look(table)
        state = looked.pick("status", LABELS, asks=like_labels, enough=30)
        moments = [
            column
            for column in table.columns.values()
            if column.shape in FLAGS - {Shape.BOOLEAN} and column.name != "updated_at"
        ]
        if state is None or not moments or looked.sample.rows == 0:
            continue
        moments.sort(key=lambda c: (-likeness(c.name, "created"), c.shape is not Shape.MOMENT))
        when = moments[0]
        moment = Choice(when, 0, (), tuple(c.name for c in moments[1:3]))
        score = state.score + 10 * named
        if best is None or score > best[0]:
            best = (score, History(table, Step(table, links[0]), state, moment))
    return best[1] if best is not None else None


def add_history(drafted: Drafted, found: Findings, orders: Table, alias: str) -> History | None:
    """Join the last state of each order as `ev`. The SELECT may then read it."""
    history = find_history(found, orders)
    if history is None:
        return None
    table = history.table
    state, moment = history.state.column.sql("x"), history.moment.column.sql("x")
    order = [f"{moment} DESC NULLS LAST"]
    order += [f"{column} DESC" for column in parts.order_of(table, "x") if column != moment]
    on = parts.joined_on(table, "x", history.step.link, orders, alias)
    said = [
        *comment(f"The last state: rows of {table.quoted} by {history.moment.why}.", "    "),
        *comment(
            "TODO: the order itself keeps no state; is the last one here the state it is in?",
            "    ",
        ),
    ]
    drafted.joins.append(
        "LEFT JOIN LATERAL (\n"
        + "\n".join(said)
        + f"\n    SELECT {state}\n    FROM {table.quoted} x\n    WHERE {on}\n"
        f"    ORDER BY {', '.join(order)}\n    LIMIT 1\n) AS ev ON true"
    )
    parts.add_source(drafted, found, [history.step], ["x"], found.key(orders))
    return history
