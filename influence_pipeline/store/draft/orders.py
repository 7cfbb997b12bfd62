"""The SELECT of the orders, with lines, codes and where the money is."""

from __future__ import annotations

from influence_pipeline.records import Entity
from influence_pipeline.store.catalog import Column, Shape, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.columns import (
    LABELS,
    NUMBERS,
    TEXTS,
    Choice,
    Looked,
    amount,
    count,
    in_cents,
    like_amounts,
    like_currencies,
    like_emails,
    like_numbers,
)
from influence_pipeline.store.draft.findings import Findings, Step
from influence_pipeline.store.draft.money import add_financial_status
from influence_pipeline.store.draft.select import Drafted, comment, json_list
from influence_pipeline.store.draft.words import CONCEPTS, concepts_of, tokens

UNKNOWN_CURRENCY = "EUR"


def orders(found: Findings) -> Drafted:
    table = found["orders"]
    if table is None:
        return parts.without(Entity.ORDER, found, "orders")
    looked, alias = found.look(table), "o"
    drafted = Drafted(Entity.ORDER, joins=[f"FROM {table.quoted} {alias}"])
    roles = ("orders", "order lines", "payments", "refunds", "codes of an order")
    parts.head(drafted, found, roles)
    key = found.key(table)
    taken = set(key)
    drafted.add(
        "id", parts.key_sql(table, alias, key), f"{', '.join(key)}: the key that others name"
    )
    drafted.source(f"{table.quoted} {alias}", alias, parts.key_sql(table, alias, key))
    number = looked.pick("number", {Shape.TEXT, Shape.INTEGER}, taken=taken, enough=36)
    if number is not None:
        drafted.add("number", number.column.sql(alias), number.why)
    chosen = [number, *_add_buyer(drafted, found, looked, alias, taken)]
    chosen.append(_add_currency(drafted, found, looked, alias, taken))
    total = looked.pick("total", NUMBERS, taken=taken, asks=like_amounts)
    chosen.append(total)
    _add_amounts(drafted, looked, alias, total, taken)
    columns = add_financial_status(drafted, found, looked, alias, total)
    created = parts.add_moment(drafted, found, looked, ("placed", "created"), alias, taken)
    if created is not None:
        chosen.append(created)
        _leave_out_not_placed(drafted, created, alias)
    parts.only_its_kind(drafted, table, alias)
    parts.leave_out_deleted(drafted, looked, alias)
    _add_lines(drafted, found, table, alias, total)
    chosen.append(_add_codes(drafted, found, looked, alias, total))
    columns += [choice.column for choice in chosen if choice is not None]
    parts.add_sources_beside(drafted, found, looked, alias, columns)
    return drafted


def _add_buyer(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, taken: set[str]
) -> list[Choice | None]:
    """customer_id and email; the customer's own e-mail where the order has none."""
    table, customers = looked.table, found["customers"]
    own = looked.pick("email", TEXTS, taken=taken, asks=like_emails)
    links = found.links(table, customers, CONCEPTS["customer"]) if customers is not None else []
    if customers is None or not links:
        column = _customer_column(looked) if customers is not None else None
        if column is not None:
            sql = column.sql(alias)
            drafted.add(
                "customer_id",
                f"nullif({sql}, '0')" if column.of_key else sql,
                column.name,
                "does it hold the customers' id?",
            )
        else:
            drafted.add(
                "customer_id",
                "NULL::text",
                todo="no column was found that leads to a customer: all orders are guests'",
            )
        if own is not None:
            drafted.add("email", own.column.sql(alias), own.why)
        return [own]
    link = links[0]
    why = f"{', '.join(link.columns)} leads to {customers.quoted} ({link.why})"
    key = found.key(customers)
    joined = False
    if link.target_columns == key:
        drafted.add("customer_id", parts.key_sql(table, alias, link.columns), why)
    else:
        drafted.add("customer_id", parts.key_sql(customers, "c", key), why)
        joined = True
    theirs = found.look(customers).pick("email", TEXTS, asks=like_emails)
    if own is not None and own.column.not_null and own.seen is not None and own.seen.filled == 1:
        drafted.add("email", own.column.sql(alias), own.why)
    elif theirs is not None:
        email = theirs.column.sql("c")
        if own is not None:
            drafted.add(
                "email",
                f"coalesce(nullif({own.column.sql(alias)}, ''), {email})",
                f"{own.why}. An order without one takes its customer's",
            )
        else:
            drafted.add("email", email, f"the customer's: {theirs.why}")
        joined = True
    elif own is not None:
        drafted.add("email", own.column.sql(alias), own.why)
    if joined:
        on = parts.joined_on(table, alias, link, customers, "c")
        only = customers.condition("c")
        on += f" AND {only}" if only else ""
        drafted.joins.append(f"LEFT JOIN {customers.quoted} c ON {on}")
        drafted.source(
            f"{table.quoted} {alias} JOIN {customers.quoted} c ON {on}",
            "c",
            parts.key_sql(table, alias, found.key(table)),
            "an order shows its customer's e-mail",
        )
    return [own]


def _customer_column(looked: Looked) -> Column | None:
    for column in looked.table.columns.values():
        seen = looked.sample.seen.get(column.name)
        if "customer" not in concepts_of(column.name):
            continue
        if column.of_key and seen is not None and seen.integers >= 0.95:
            return column
        if column.shape in (Shape.INTEGER, Shape.UUID) or column.name.lower().endswith(
            ("id", "_no", "_nr")
        ):
            return column
    return None


def _add_currency(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, taken: set[str]
) -> Choice | None:
    choice = looked.pick("currency", TEXTS, taken=taken, asks=like_currencies)
    if choice is not None:
        column = choice.column.sql(alias)
        text = column if choice.column.shape is Shape.TEXT else f"{column}::text"
        drafted.add("currency", f"upper({text})", choice.why)
        return choice
    known = found.wishes.currency
    drafted.add(
        "currency",
        f"'{known or UNKNOWN_CURRENCY}'",
        "no column of currencies was found",
        None if known else f"'{UNKNOWN_CURRENCY}' is a guess; which currency are the amounts in?",
    )
    return None


def _add_amounts(
    drafted: Drafted, looked: Looked, alias: str, total: Choice | None, taken: set[str]
) -> None:
    if total is None:
        return
    taken.add(total.column.name)
    cents = in_cents(total) is not None
    sql, why = amount(total, alias)
    todo = None
    if cents and "by its name" not in why:
        todo = "take `/ 100.0` off if amounts are in whole units"
    drafted.add("total", sql, f"{total.why}{f' ({why})' if why else ''}", todo)
    for name in ("subtotal", "discount_total"):
        choice = looked.pick(name, NUMBERS, taken=taken, asks=like_amounts, enough=36)
        if choice is not None:
            sql, why = amount(choice, alias, cents=cents)
            if choice.seen is not None and choice.seen.negative:
                sql, why = f"abs({sql})", "; ".join(filter(None, [why, "kept below zero"]))
            drafted.add(name, sql, f"{choice.why}{f' ({why})' if why else ''}")
            taken.add(choice.column.name)


def _leave_out_not_placed(drafted: Drafted, created: Choice, alias: str) -> None:
    """A moment of placing that some rows have not: carts and drafts share the table."""
    if created.column.not_null or created.seen is None or created.seen.filled == 1:
        return
    if created.seen.rows:
        drafted.where.append(
            (
                f"{created.column.sql(alias)} IS NOT NULL",
                f"TODO: rows without {created.column.name} are taken for carts or drafts.",
            )
        )


def _add_lines(
    drafted: Drafted, found: Findings, table: Table, alias: str, total: Choice | None
) -> None:
    lines = found["order lines"]
    steps = found.path(lines, table) if lines is not None else None
    if lines is None or steps is None:
        return
    looked = found.look(lines)
    cents = total is not None and in_cents(total) is not None
    taken = {column for step in steps[:1] for column in step.link.columns} | set(lines.primary)
    reasons = [f"Lines: rows of {lines.quoted}, {steps[0].link.why}."]
    pairs: list[tuple[str, str]] = []
    joins: list[str] = []
    columns: list[Column] = []
    _add_sold(drafted, found, lines, steps, pairs, joins, taken)
    quantity = looked.pick("quantity", NUMBERS, taken=taken, asks=like_numbers)
    if quantity is not None:
        pairs.append(("quantity", count(quantity, "l")))
        reasons.append(f"quantity: {quantity.why}.")
        columns.append(quantity.column)
        taken.add(quantity.column.name)
    else:
        pairs.append(("quantity", "1"))
        reasons.append("TODO: no column was found for quantity; 1 is a guess.")
    title = looked.pick("title", TEXTS, taken=taken)
    if title is not None:
        pairs.append(("title", title.column.sql("l")))
        reasons.append(f"title: {title.why}.")
        columns.append(title.column)
    price = looked.pick("unit_price", NUMBERS, taken=taken, asks=like_amounts)
    if price is not None:
        sql, why = amount(price, "l", cents=cents)
        pairs.append(("unit_price", sql))
        reasons.append(f"unit_price: {price.why}{f' ({why})' if why else ''}.")
        columns.append(price.column)
    aliases = ["l", "l2"]
    on = parts.joined_on(steps[-1].table, aliases[len(steps) - 1], steps[-1].link, table, alias)
    if lines.only:
        on += f" AND {lines.condition('l')}"
    text = [line for reason in reasons for line in comment(reason, "    ")]
    body = json_list(pairs, parts.order_of(lines, "l"), "    ")
    drafted.joins.append(
        "CROSS JOIN LATERAL (\n"
        + "\n".join(text)
        + f"\n    SELECT {body} AS list\n    FROM {parts.from_path(found, steps, aliases)}\n"
        + "".join(f"    {join}\n" for join in joins)
        + f"    WHERE {on}\n) AS lines"
    )
    drafted.add("line_items", "lines.list")
    parts.add_source(drafted, found, steps, aliases, found.key(table))
    for column in columns:
        beside = looked.beside.get(column.name)
        if beside is not None and not beside.looked_up:
            further = [Step(beside.table, beside.link), *steps]
            parts.add_source(drafted, found, further, ["m", *aliases], found.key(table))


def _add_sold(
    drafted: Drafted,
    found: Findings,
    lines: Table,
    steps: list[Step],
    pairs: list[tuple[str, str]],
    joins: list[str],
    taken: set[str],
) -> None:
    """product_id and variant_id of a line; the product through the variant where need be."""
    products, variants = found["products"], found["variants"]
    to_product = found.links(lines, products, CONCEPTS["product"]) if products else []
    to_variant = found.links(lines, variants, CONCEPTS["variant"]) if variants else []
    if to_product and products is not None and to_product[0].target_columns == found.key(products):
        pairs.append(("product_id", parts.key_sql(lines, "l", to_product[0].columns)))
        taken.update(to_product[0].columns)
    elif to_variant and variants is not None and products is not None:
        up = found.links(variants, products)
        if up and up[0].target_columns == found.key(products):
            on = parts.joined_on(lines, "l", to_variant[0], variants, "v")
            joins.append(f"LEFT JOIN {variants.quoted} v ON {on}")
            pairs.append(("product_id", parts.key_sql(variants, "v", up[0].columns)))
            last = steps[-1]
            if len(steps) == 1 and last.link.target_columns == found.key(
                found.catalog[last.link.target]
            ):
                drafted.source(
                    f"{lines.quoted} l JOIN {variants.quoted} v ON {on}",
                    "v",
                    parts.key_sql(lines, "l", last.link.columns),
                    "a line shows the product of its variant",
                )
    if not any(name == "product_id" for name, _ in pairs):
        # A value under a key, as in a table of keys and values.
        for column in found.look(lines).table.columns.values():
            if column.of_key and {"product", "id"} <= set(tokens(column.name)):
                pairs.append(("product_id", column.sql("l")))
                taken.add(column.name)
                break
    if to_variant and variants is not None and to_variant[0].target_columns == found.key(variants):
        pairs.append(("variant_id", parts.key_sql(lines, "l", to_variant[0].columns)))
        taken.update(to_variant[0].columns)


def _add_codes(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, total: Choice | None
) -> Choice | None:
    """discount_codes: of a table of an order's codes, or of a column."""
    table = found["codes of an order"]
    if table is not None and _add_code_rows(drafted, found, looked.table, alias, table, total):
        return None

    def speaks_of_coupons(column: Column, _: object) -> tuple[int, str | None] | None:
        return (0, None) if {"coupon", "discount"} & concepts_of(column.name) else None

    choice = looked.pick(
        "code", LABELS | {Shape.ARRAY} - {Shape.INTEGER}, asks=speaks_of_coupons, enough=30
    )
    if choice is None or choice.column.shape is Shape.INTEGER:
        return None
    sql = choice.column.sql(alias)
    if choice.column.shape is Shape.ARRAY:
        drafted.add("discount_codes", f"coalesce(to_jsonb({sql}), '[]')", choice.why)
    else:
        drafted.add(
            "discount_codes",
            f"CASE WHEN btrim({sql}::text) <> '' THEN jsonb_build_array({sql}::text) ELSE '[]' END",
            choice.why,
            "is it one code, or a list with commas?",
        )
    return choice


def _add_code_rows(
    drafted: Drafted,
    found: Findings,
    orders: Table,
    alias: str,
    table: Table,
    total: Choice | None,
) -> bool:
    steps = found.path(table, orders)
    if steps is None:
        return False
    looked = found.look(table)
    cents = total is not None and in_cents(total) is not None
    taken = set(steps[0].link.columns)
    join = ""
    code = looked.pick("code", TEXTS, taken=taken, enough=30)
    if code is not None:
        code_sql, order = code.column.sql("d"), code.column.sql("d")
        why = code.why
    else:
        named = _code_of_another(found, looked, taken)
        if named is None:
            return False
        code_sql, join, why = named
        order = code_sql
    pairs = [("code", code_sql)]
    value = looked.pick("amount", NUMBERS, taken=taken, asks=like_amounts, enough=32)
    if value is not None:
        pairs.append(("amount", amount(value, "d", cents=cents)[0]))
    aliases = ["d", "d2"]
    on = parts.joined_on(steps[-1].table, aliases[len(steps) - 1], steps[-1].link, orders, alias)
    body = json_list(pairs, dict.fromkeys([order, *parts.order_of(table, "d")]), "    ")
    drafted.joins.append(
        "CROSS JOIN LATERAL (\n"
        + "\n".join(comment(f"Codes: {why}.", "    "))
        + f"\n    SELECT {body} AS list\n"
        f"    FROM {parts.from_path(found, steps, aliases)}\n{join}"
        f"    WHERE {on} AND {code_sql} IS NOT NULL\n) AS codes"
    )
    drafted.add("discount_codes", "codes.list")
    parts.add_source(drafted, found, steps, aliases, found.key(orders))
    if join and len(steps) == 1:
        drafted.source(
            f"{table.quoted} d {' '.join(join.split())}",
            "k",
            parts.key_sql(table, "d", steps[0].link.columns),
            "the code stands there",
        )
    return True


def _code_of_another(
    found: Findings, looked: Looked, taken: set[str]
) -> tuple[str, str, str] | None:
    """The code of a coupon that a row of this table leads to, how to join it, and why."""
    for link in looked.table.links:
        target = found.catalog.get(link.target)
        if target is None or set(link.columns) & taken or not target.readable:
            continue
        code = found.look(target).pick("code", TEXTS, enough=36)
        if code is not None:
            on = parts.joined_on(looked.table, "d", link, target, "k")
            return code.column.sql("k"), f"    JOIN {target.quoted} k ON {on}\n", code.why
    return None
