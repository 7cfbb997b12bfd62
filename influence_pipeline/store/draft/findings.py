"""What was found of an unknown store: which table plays which part, and a look at each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from influence_pipeline.store.catalog import Catalog, Link, Table
from influence_pipeline.store.draft import structure
from influence_pipeline.store.draft.columns import TEXTS, Looked
from influence_pipeline.store.draft.key_values import split_kinds, with_columns_beside
from influence_pipeline.store.draft.links import holds, key_column, with_implied_links
from influence_pipeline.store.draft.roles import ROLES, Roles
from influence_pipeline.store.draft.samples import NOTHING, sample
from influence_pipeline.store.draft.words import concepts_of, is_noise, is_said, singular, tokens


@dataclass(frozen=True)
class Wishes:
    """What the catalog cannot say. `time_zone`: of timestamps without one; None: not known.
    `currency`: three capitals; None: not known."""

    time_zone: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Step:
    """From a row of `table` by `link` to the row that it belongs to."""

    table: Table
    link: Link


@dataclass
class Findings:
    """The tables by their part (names of roles), and how they hang together."""

    connection: sa.Connection
    catalog: Catalog
    wishes: Wishes
    roles: Roles
    tables: dict[str, Table] = field(default_factory=dict)
    # Tables with a title that what is sold leads up to: products, whatever they are called.
    titled: set[int] = field(default_factory=set)
    _looked: dict[int, Looked] = field(default_factory=dict)
    _held: dict[tuple[int, Link], bool] = field(default_factory=dict)

    def __getitem__(self, role: str) -> Table | None:
        return self.tables.get(role)

    def look(self, table: Table) -> Looked:
        """A table with its sample, looked at once."""
        if table.oid not in self._looked:
            whole, beside = with_columns_beside(self.connection, self.catalog, table)
            seen = sample(self.connection, whole) if whole.readable else NOTHING
            self._looked[table.oid] = Looked(whole, seen, beside)
        return self._looked[table.oid]

    def links(self, table: Table, target: Table, words: Collection[str] = ()) -> list[Link]:
        """Links from one table to another that hold, the likeliest first: a declared one, and one
        whose name says what it leads to."""
        found = [
            link
            for link in table.links
            if link.target == target.oid and table.oid != target.oid and self._holds(table, link)
        ]

        def likely(link: Link) -> tuple[bool, bool]:
            named = {token for column in link.columns for token in tokens(column)}
            says = any(is_said(token, word) for token in named for word in words)
            return (not says, not link.is_declared)

        return sorted(found, key=likely)

    def path(self, table: Table, target: Table) -> list[Step] | None:
        """The steps from a table's rows to the target's, at most two; None where there is none."""
        direct = self.links(table, target)
        if direct:
            return [Step(table, direct[0])]
        for link in table.links:
            between = self.catalog.get(link.target)
            if between is None or between.oid in (table.oid, target.oid) or not between.readable:
                continue
            further = self.links(between, target)
            if further and self._holds(table, link):
                return [Step(table, link), Step(between, further[0])]
        return None

    def key(self, table: Table) -> tuple[str, ...]:
        """The columns that are a table's id: those that others name it by, else its own key."""
        named = [
            link.target_columns
            for role in ("orders", "order lines", "variants", "payments", "codes of an order")
            if (other := self.tables.get(role)) is not None
            for link in self.links(other, table)
        ]
        if named:
            return named[0]
        column = key_column(table)
        if column is not None:
            return (column.name,)
        return table.primary or tuple(list(table.columns)[:1])

    def _holds(self, table: Table, link: Link) -> bool:
        if (table.oid, link) not in self._held:
            self._held[table.oid, link] = holds(self.connection, self.catalog, table, link)
        return self._held[table.oid, link]


def find(connection: sa.Connection, catalog: Catalog, wishes: Wishes) -> Findings:
    """Decide which table plays which part. Reads the catalog and bounded samples."""
    catalog = with_implied_links(catalog)
    split = split_kinds(connection, catalog)
    if split is not catalog:
        catalog = with_implied_links(split)
    found = Findings(connection, catalog, wishes, Roles(catalog))
    roles, tables = found.roles, found.tables

    def take(role: str, table: Table | None) -> Table | None:
        if table is not None:
            tables[role] = table
        return table

    orders = take("orders", roles.best("orders"))
    linked: set[int] = set()
    if orders is not None:
        linked = {link.target for link in orders.links}
        structure.weigh_lines(found, orders)
        for role in ("order lines", "codes of an order", "payments", "refunds"):
            used = {table.oid for table in tables.values()}
            take(
                role,
                roles.best(
                    role,
                    lambda t, used=used: t.oid not in used and found.path(t, orders) is not None,  # type: ignore[misc]
                    bonus=frozenset(
                        t.oid for t in catalog if any(link.target == orders.oid for link in t.links)
                    ),
                ),
            )
    used = {table.oid for table in tables.values()}
    if orders is not None:
        structure.weigh_customers(found, orders)
    take("customers", roles.best("customers", lambda t: t.oid not in used, bonus=frozenset(linked)))
    structure.weigh_products(found)
    _take_products(found)
    used = {table.oid for table in tables.values()}
    take("coupons", roles.best("coupons", lambda t: t.oid not in used))
    return found


def _take_products(found: Findings) -> None:
    lines = found["order lines"]
    sold = {link.target for link in lines.links} if lines is not None else set()
    used = {table.oid for table in found.tables.values()}
    owners = {
        link.target
        for candidate in found.roles["variants"][:10]
        for link in candidate.table.links
        if candidate.table.oid in sold or not sold
    }
    products = found.roles.best(
        "products", lambda t: t.oid not in used, bonus=frozenset(sold | owners)
    )
    if products is None:
        return
    whole = _template_of(found, products, sold)
    if whole is not None:
        found.tables.update(products=whole, variants=products)
        return
    found.tables["products"] = products
    variants = found.roles.best(
        "variants",
        lambda t: t.oid not in used and bool(found.links(t, products)),
        bonus=frozenset(sold),
    )
    if variants is not None and variants.oid != products.oid:
        found.tables["variants"] = variants


def _template_of(found: Findings, table: Table, sold: set[int]) -> Table | None:
    """The table of products of which this one, whose rows are sold, holds the variants."""
    if table.oid not in sold or table.oid in found.titled:
        return None
    for link in table.links:
        target = found.catalog.get(link.target)
        if target is None or target.oid == table.oid or not target.readable:
            continue
        # Products are of a template, and not of a category.
        rest = "_".join(token for token in tokens(target.name) if singular(token) != "template")
        if is_noise(rest) and target.oid not in found.titled:
            continue
        is_one = bool(found.links(table, target)) and (
            concepts_of(target.name) == {"product"} or target.oid in found.titled
        )
        if is_one and found.look(target).pick("title", TEXTS) is not None:
            return target
    return None


def considered(found: Findings, role: str, taken: Table | None) -> list[str]:
    """Sentences about which table was taken for a role, and which else could be meant."""
    is_missed = taken is None and role in ("customers", "products", "orders")
    every = found.roles.every(role) if is_missed else found.roles[role]
    candidates = [c for c in every if c.score > 0][:5]
    said = []
    if taken is None:
        said.append(f"{role}: no table was found for them")
    said += [f"{role}: {c}" for c in candidates if taken is not None and c.table.oid == taken.oid]
    rest = [c for c in candidates if taken is None or c.table.oid != taken.oid]
    others = [str(c) for c in rest if taken is None or c.score >= 40][:3]
    if others:
        said.append(f"{'not taken' if taken is None else 'or'}: {', '.join(others)}")
    enough = ROLES[role].enough
    if taken is None and others:
        said.append(f"(a table is taken from {enough} points on, and if it belongs to the orders)")
    return said
