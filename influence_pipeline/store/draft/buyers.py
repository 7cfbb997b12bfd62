"""Whose an order is, and by which e-mail address; where people's addresses stand beside them."""

from __future__ import annotations

from dataclasses import dataclass

from influence_pipeline.store.catalog import Column, Link, Shape, Table
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.columns import FLAGS, TEXTS, Choice, Looked, like_emails
from influence_pipeline.store.draft.findings import Findings
from influence_pipeline.store.draft.select import Drafted, comment
from influence_pipeline.store.draft.structure import email_beside, is_address
from influence_pipeline.store.draft.words import CONCEPTS, concepts_of, is_noise, is_said, tokens

_FIRST = ("main", "primary", "default", "preferred", "current", "haupt", "standard", "principal")


@dataclass(frozen=True)
class Contact:
    """A person's e-mail address (and phone) of a table whose rows belong to people."""

    table: Table
    link: Link
    email: Choice
    phone: Choice | None
    order: tuple[str, ...]

    def joined(self, condition: str, *, phone: bool = False) -> str:
        """A LATERAL of one row, called `mail`; with the phone number where that is asked for."""
        columns = [self.email.column]
        if phone and self.phone is not None:
            columns.append(self.phone.column)
        listed = ", ".join(column.sql("x") for column in columns)
        email = self.email.column.sql("x")
        said = comment(
            f"{self.email.why}. Of several rows the first in this order. "
            f"TODO: is that the address people are known by?",
            "    ",
        )
        return (
            "LEFT JOIN LATERAL (\n"
            + "\n".join(said)
            + f"\n    SELECT {listed}\n    FROM {self.table.quoted} x\n"
            f"    WHERE {condition} AND {email} <> ''\n"
            f"    ORDER BY {', '.join(self.order)}\n    LIMIT 1\n) AS mail ON true"
        )


def contact_of(found: Findings, people: Table) -> Contact | None:
    """Where the e-mail addresses of people stand who have none in their own table."""
    if found.look(people).pick("email", TEXTS, asks=like_emails) is not None:
        return None
    beside = email_beside(found, people)
    if beside is None:
        return None
    table, link = beside
    looked = found.look(table)
    email = looked.pick("email", TEXTS, asks=like_emails, enough=36)
    if email is None:
        return None
    order = [
        f"{column.sql('x')} DESC NULLS LAST"
        for column in table.columns.values()
        if column.shape is Shape.BOOLEAN
        and any(is_said(token, word) for token in tokens(column.name) for word in _FIRST)
    ]
    created = looked.pick("created", FLAGS - {Shape.BOOLEAN})
    if created is not None:
        order.append(created.column.sql("x"))
    order += parts.order_of(table, "x")
    return Contact(table, link, email, looked.pick("phone", TEXTS), tuple(dict.fromkeys(order)))


def add_buyer(
    drafted: Drafted, found: Findings, looked: Looked, alias: str, taken: set[str]
) -> list[Choice | None]:
    """customer_id and email; the customer's own e-mail where the order has none."""
    table, customers = looked.table, found["customers"]
    own = looked.pick("email", TEXTS, taken=taken, asks=like_emails)
    links = found.links(table, customers, CONCEPTS["customer"]) if customers is not None else []
    if customers is None or not links:
        _add_by_name(drafted, looked, alias, customers)
        if own is not None:
            drafted.add("email", own.column.sql(alias), own.why)
        return [own]
    link = links[0]
    why = f"{', '.join(link.columns)} leads to {customers.quoted} ({link.why})"
    others = _other_buyers(found, table, customers, link)
    todo = None
    if others:
        said = ", ".join(f"{', '.join(o.columns)} leads to {t.quoted}" for o, t in others)
        why += f"; or: {said}"
        todo = f"more than one column may lead to the buyer; is it {', '.join(link.columns)}?"
    key = found.key(customers)
    joined = False
    if link.target_columns == key:
        drafted.add("customer_id", parts.key_sql(table, alias, link.columns), why, todo)
    else:
        drafted.add("customer_id", parts.key_sql(customers, "c", key), why, todo)
        joined = True
    joined |= _add_email(drafted, found, looked, alias, own, link, others)
    if joined:
        on = parts.joined_on(table, alias, link, customers, "c")
        only = customers.condition("c")
        on += f" AND {only}" if only else ""
        drafted.joins.insert(1, f"LEFT JOIN {customers.quoted} c ON {on}")
        drafted.source(
            f"{table.quoted} {alias} JOIN {customers.quoted} c ON {on}",
            "c",
            parts.key_sql(table, alias, found.key(table)),
            "an order shows its customer's e-mail",
        )
    return [own]


def _add_email(
    drafted: Drafted,
    found: Findings,
    looked: Looked,
    alias: str,
    own: Choice | None,
    link: Link,
    others: list[tuple[Link, Table]],
) -> bool:
    """Add the e-mail address of an order. Gives whether it reads the customer's row, `c`."""
    if own is not None and own.column.not_null and own.seen is not None and own.seen.filled == 1:
        drafted.add("email", own.column.sql(alias), own.why)
        return False
    table, customers = looked.table, found.catalog[link.target]
    said: list[str] = []
    emails: list[str] = []
    todo = None
    if own is not None:
        emails.append(own.column.sql(alias))
        said.append(own.why)
    theirs = found.look(customers).pick("email", TEXTS, asks=like_emails)
    if theirs is not None:
        emails.append(theirs.column.sql("c"))
        said.append(
            "An order without one takes its customer's" if own else f"the customer's: {theirs.why}"
        )
    else:
        contact = contact_of(found, customers)
        if contact is not None and contact.link.target_columns == link.target_columns:
            on = " AND ".join(
                f"{contact.table.columns[theirs_].sql('x')} = {table.columns[ours].sql(alias)}"
                for theirs_, ours in zip(contact.link.columns, link.columns, strict=True)
            )
            drafted.joins.append(contact.joined(on))
            _add_source(drafted, found, table, alias, contact.table, "x", on)
            emails.append(contact.email.column.sql("mail"))
            said.append(f"the customer's, of {contact.table.quoted}")
        for other, place in others:
            guest = found.look(place).pick("email", TEXTS, asks=like_emails, enough=36)
            if guest is None or not is_address(place):
                continue
            on = parts.joined_on(table, alias, other, place, "s")
            drafted.joins.append(f"LEFT JOIN {place.quoted} s ON {on}")
            _add_source(drafted, found, table, alias, place, "s", on)
            emails.append(guest.column.sql("s"))
            said.append(f"without one: that of {place.quoted} by {', '.join(other.columns)}")
            todo = (
                f"is {guest.column.name} of {place.quoted} the buyer's own, and not a receiver's?"
            )
            break
    if emails:
        most = [f"nullif({email}, '')" for email in emails[:-1]]
        sql = f"coalesce({', '.join([*most, emails[-1]])})" if most else emails[0]
        drafted.add("email", sql, ". ".join(said), todo)
    return theirs is not None


def _add_source(
    drafted: Drafted, found: Findings, orders: Table, alias: str, table: Table, row: str, on: str
) -> None:
    drafted.source(
        f"{orders.quoted} {alias} JOIN {table.quoted} {row} ON {on}",
        row,
        parts.key_sql(orders, alias, found.key(orders)),
        "an order shows the e-mail that stands there",
    )


def _other_buyers(
    found: Findings, orders: Table, customers: Table, taken: Link
) -> list[tuple[Link, Table]]:
    """Other links from orders to somebody, or to an address with an e-mail."""
    others: list[tuple[Link, Table]] = []
    for link in orders.links:
        table = found.catalog.get(link.target)
        if table is None or link.columns == taken.columns or table.oid == orders.oid:
            continue
        if not table.readable or link not in found.links(orders, table):
            continue
        place, noise = is_address(table), is_noise(table.name)
        mail = found.look(table).pick("email", TEXTS, asks=like_emails, enough=36)
        somebody = (
            table.oid == customers.oid
            or ("customer" in concepts_of(table.name) and not (place or noise))
            or (mail is not None and (place or not noise))
        )
        if somebody and all(one.columns != link.columns for one, _ in others):
            others.append((link, table))
    return others[:3]


def _add_by_name(drafted: Drafted, looked: Looked, alias: str, customers: Table | None) -> None:
    """customer_id by its name, where nothing leads to a table of customers."""
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
