"""`financial_status`: where the money is, and where no money has moved, what the store calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.asking import ask
from influence_pipeline.store.draft.columns import (
    FLAGS,
    NUMBERS,
    Choice,
    Looked,
    amount,
    in_cents,
    like_amounts,
)
from influence_pipeline.store.draft.findings import Findings, Step
from influence_pipeline.store.draft.history import add_history
from influence_pipeline.store.draft.movements import conditions, is_set, labelled, listed
from influence_pipeline.store.draft.select import Drafted, comment
from influence_pipeline.store.draft.statuses import guess


@dataclass
class Money:
    """What is known of an order's money: SQL for the sums, and the columns that were read."""

    taken: str | None = None
    back: str | None = None
    authorized: str | None = None
    columns: list[Column] = field(default_factory=list)


def add_financial_status(
    drafted: Drafted, found: Findings, orders: Looked, alias: str, total: Choice | None
) -> list[Column]:
    """Add the column, and what it needs of other tables. Gives the columns of orders it reads."""
    cents = total is not None and in_cents(total) is not None
    sums = Money()
    if _is_told_of(drafted, found, orders, alias):
        _add_payments(drafted, found, orders.table, alias, sums)
    _add_refunds(drafted, found, orders.table, alias, sums)
    _take_own_sums(orders, alias, sums, cents, {total.column.name} if total is not None else set())
    total_sql = next((item.sql for item in drafted.items if item.name == "total"), None)
    lines = _by_money(sums, total_sql)
    lines += _by_label(drafted, found, orders, alias, sums)
    doubt = (
        "is this where the money is? Where no rule fits, an order is pending, which gives no points"
    )
    if any(line.startswith("WHEN") for line in lines):
        case = "\n".join(f"    {line}" for line in lines)
        drafted.add("financial_status", f"CASE\n{case}\n    ELSE 'pending'\nEND", "", doubt)
    else:
        said = ". ".join(line.removeprefix("-- ") for line in lines)
        drafted.add("financial_status", "'pending'::text", said, doubt)
    return sums.columns


def _is_told_of(drafted: Drafted, found: Findings, orders: Looked, alias: str) -> bool:
    """Whether the table of payments has rows for the orders that say themselves that they are paid.

    A table that most of them have no row in is not where the money is.
    """
    table = found["payments"]
    steps = found.path(table, orders.table) if table is not None else None
    if table is None or steps is None:
        return True
    for field_name in ("payment_status", "status"):
        label = labelled(found, orders, field_name, enough=30)
        seen = label.seen.labels if label is not None and label.seen is not None else None
        paid = [value for value, _ in seen or () if guess(value) == ("paid", None)]
        if label is None or not paid:
            continue
        last = steps[-1]
        on = parts.joined_on(last.table, ["m", "m2"][len(steps) - 1], last.link, orders.table, "s")
        told = ask(
            found.connection,
            f"SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM "
            f"{parts.from_path(found, steps, ['m', 'm2'])} WHERE {on})) FROM (SELECT * FROM "
            f"{orders.table.quoted} {alias} WHERE {label.column.sql(alias)}::text IN "
            f"({listed(paid)}) LIMIT 500) AS s",
        )
        if isinstance(told, str):
            continue
        ((asked, there),) = told
        if asked >= 5 and there * 2 < asked:
            drafted.head.append(
                f"TODO: payments: {table.quoted} is not asked, because it has a row for only "
                f"{there} of {asked} orders whose {label.column.name} says that they are paid. "
                "Where is their money?"
            )
            return False
    return True


def _by_money(sums: Money, total: str | None) -> list[str]:
    lines = []
    if sums.back:
        whole = sums.taken or total
        if whole:
            lines.append(f"WHEN {sums.back} > 0 AND {sums.back} >= {whole} THEN 'refunded'")
        lines.append(f"WHEN {sums.back} > 0 THEN 'partially_refunded'")
    if sums.taken:
        if total:
            lines.append(f"WHEN {sums.taken} > 0 AND {sums.taken} >= {total} THEN 'paid'")
            lines.append(f"WHEN {sums.taken} > 0 THEN 'partially_paid'")
        else:
            lines.append(f"WHEN {sums.taken} > 0 THEN 'paid'")
    return lines


def _by_label(
    drafted: Drafted, found: Findings, orders: Looked, alias: str, sums: Money
) -> list[str]:
    """Rules by what the order itself says; `paid` is believed only where no payments are known."""
    lines: list[str] = []
    late: list[str] = []
    taken: set[str] = set()
    payment = labelled(found, orders, "payment_status", enough=36)
    if payment is not None:
        taken.add(payment.column.name)
        lines += _labels(drafted, payment, alias, lambda status: not sums.taken or status != "paid")
        sums.columns.append(payment.column)
    flag = orders.pick("paid", FLAGS, taken=taken, enough=38)
    if flag is not None and not sums.taken:
        lines.append(f"-- {flag.column.name}: {', '.join(flag.reasons)}")
        late.append(f"WHEN {is_set(flag, alias)} THEN 'paid'")
        sums.columns.append(flag.column)
    cancelled = orders.pick("cancelled", FLAGS, taken=taken, enough=36)
    if cancelled is not None:
        # Money that was kept is told above.
        lines.append(f"WHEN {is_set(cancelled, alias)} THEN 'voided'")
        sums.columns.append(cancelled.column)
    lines += late
    status = labelled(found, orders, "status", taken=taken, enough=30)
    if status is not None:
        sure = bool(sums.taken) or payment is not None or flag is not None
        # Paid orders are known better from elsewhere; the rest of the words still counts.
        lines += _labels(drafted, status, alias, lambda guessed: not sure or guessed != "paid")
        sums.columns.append(status.column)
    elif payment is None and (past := add_history(drafted, found, orders.table, alias)) is not None:
        seen = labelled(found, found.look(past.table), "status", enough=30) or past.state
        sure = bool(sums.taken) or flag is not None
        lines += _labels(drafted, seen, "ev", lambda guessed: not sure or guessed != "paid")
    if sums.authorized:
        lines.append(f"WHEN {sums.authorized} > 0 THEN 'authorized'")
    return lines


def _labels(
    drafted: Drafted, choice: Choice, alias: str, believed: Callable[[str], bool]
) -> list[str]:
    """A rule for each value that was seen; a condition for those that are no orders."""
    column = choice.column
    sql = column.sql(alias) if column.of_key else f"{column.sql(alias)}::text"
    labels = choice.seen.labels if choice.seen is not None else None
    if not labels and column.labels:
        labels = tuple((label, 0) for label in column.labels)
    lines = [f"-- {column.name}: {', '.join(choice.reasons)}"]
    if not labels:
        lines.append(
            f"-- TODO: no value of {column.name} was seen; a line each: WHEN {sql} = '…' THEN '…'"
        )
        return lines
    carts: list[str] = []
    rows = choice.seen.rows if choice.seen is not None else 0
    for value, number in labels:
        status, doubt = guess(value)
        quoted = value.replace("'", "''")
        seen = f"{number:,} of {rows:,} rows" if number else "not seen in the sample"
        if status == "not an order":
            carts.append(f"'{quoted}'")
            continue
        note = f"  -- {seen}" + (f"; TODO: {doubt}" if doubt else "")
        if status == "pending":
            lines.append(f"-- '{value}' is left pending: {note.removeprefix('  -- ')}")
        elif believed(status):
            lines.append(f"WHEN {sql} = '{quoted}' THEN '{status}'{note}")
        else:
            lines.append(f"-- '{value}' ({seen}) may mean {status}; the money above decides")
    if carts:
        drafted.where.append(
            (
                f"coalesce({sql}, '') NOT IN ({', '.join(carts)})",
                f"TODO: are these of {column.name} no orders?",
            )
        )
    return lines


def _take_own_sums(orders: Looked, alias: str, sums: Money, cents: bool, taken: set[str]) -> None:
    """Sums that the order itself has, beside its total."""
    shapes = NUMBERS - {Shape.TEXT}
    for name, field_name in (("taken", "paid_amount"), ("back", "refunded_amount")):
        if getattr(sums, name) is not None:
            continue
        choice = orders.pick(field_name, shapes, taken=taken, asks=like_amounts, enough=36)
        if choice is not None:
            setattr(sums, name, f"coalesce({amount(choice, alias, cents=cents)[0]}, 0)")
            sums.columns.append(choice.column)


def _add_payments(
    drafted: Drafted, found: Findings, orders: Table, alias: str, sums: Money
) -> None:
    table = found["payments"]
    if table is None:
        return
    looked = found.look(table)
    choice = looked.pick("amount", NUMBERS, asks=like_amounts)
    steps = found.path(table, orders)
    if choice is None or steps is None or (looked.sample.rows == 0 and not looked.sample.trouble):
        drafted.head.append(f"payments: {table.quoted} is empty or has no amount, and is not used.")
        return
    sql, why = amount(choice, "m")
    taken, back, reserved, notes = conditions(found, looked, choice, sql)
    lines = comment(f"Payments: {choice.why}{f' ({why})' if why else ''}.", "    ")
    for note in notes:
        lines += comment(note, "    ")
    outputs = [f"coalesce(sum({sql}){_filter(taken)}, 0) AS taken"]
    sums.taken = "money.taken"
    own = looked.pick(
        "refunded_amount", NUMBERS, taken={choice.column.name}, asks=like_amounts, enough=36
    )
    if own is not None and back is None:
        lines += comment(f"What went back: {own.why}.", "    ")
        outputs.append(f"coalesce(sum({amount(own, 'm')[0]}), 0) AS back")
        sums.back = "money.back"
    if back:
        outputs.append(f"coalesce(sum(abs({sql})) FILTER (WHERE {back}), 0) AS back")
        sums.back = "money.back"
    if reserved:
        outputs.append(f"coalesce(sum({sql}) FILTER (WHERE {reserved}), 0) AS reserved")
        sums.authorized = "money.reserved"
    _join(drafted, found, "money", lines, outputs, steps, ["m", "m2"], orders, alias)
    parts.add_source(drafted, found, steps, ["m", "m2"], found.key(orders))


def _add_refunds(drafted: Drafted, found: Findings, orders: Table, alias: str, sums: Money) -> None:
    table = found["refunds"]
    if table is None:
        return
    looked = found.look(table)
    choice = looked.pick("amount", NUMBERS, asks=like_amounts)
    steps = found.path(table, orders)
    if choice is None or steps is None:
        return
    sql, why = amount(choice, "r")
    lines = comment(f"Refunds: {choice.why}{f' ({why})' if why else ''}.", "    ")
    done: list[str] = []
    status = labelled(found, looked, "status", taken={choice.column.name}, enough=30)
    if status is not None and status.seen is not None and status.seen.labels:
        known = [value for value, _ in status.seen.labels]
        good = [value for value in known if guess(value)[0] in ("paid", "refunded")]
        if good:
            done = [f"{status.column.sql('r')}::text IN ({listed(good)})"]
            lines += comment(
                f"TODO: {status.column.name} is one of {', '.join(known)}. Which is done?", "    "
            )
    outputs = [f"coalesce(sum(abs({sql})){_filter(done)}, 0) AS amount"]
    _join(drafted, found, "refund", lines, outputs, steps, ["r", "r2"], orders, alias)
    # The same money may stand in both.
    sums.back = "refund.amount" if sums.back is None else f"greatest({sums.back}, refund.amount)"
    parts.add_source(drafted, found, steps, ["r", "r2"], found.key(orders))
    if len(steps) == 2 and steps[1].table is not found["payments"]:
        parts.add_source(drafted, found, steps[1:], ["r2"], found.key(orders))


def _join(
    drafted: Drafted,
    found: Findings,
    name: str,
    lines: Sequence[str],
    outputs: Sequence[str],
    steps: Sequence[Step],
    aliases: Sequence[str],
    orders: Table,
    alias: str,
) -> None:
    last = steps[-1]
    on = parts.joined_on(last.table, aliases[len(steps) - 1], last.link, orders, alias)
    body = ",\n           ".join(outputs)
    drafted.joins.append(
        "CROSS JOIN LATERAL (\n"
        + "\n".join(lines)
        + f"\n    SELECT {body}\n    FROM {parts.from_path(found, steps, aliases)}\n"
        f"    WHERE {on}\n) AS {name}"
    )


def _filter(conditions: Sequence[str]) -> str:
    return f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
