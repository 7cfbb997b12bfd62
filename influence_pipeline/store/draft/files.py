"""The files of a draft: three SELECTs and the influence.toml that names them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from influence_pipeline.store.catalog import Catalog
from influence_pipeline.store.draft.coupons import coupons
from influence_pipeline.store.draft.customers import customers
from influence_pipeline.store.draft.findings import Findings, Wishes, find
from influence_pipeline.store.draft.orders import orders
from influence_pipeline.store.draft.products import products
from influence_pipeline.store.draft.select import Drafted, SourceText


@dataclass(frozen=True)
class Draft:
    """`files`: content by name. `tables`: by part ("orders"), the table taken for it. `missing`:
    parts without one. `todos`: places where a person must decide; `needs_zone`, `needs_currency`:
    some of them are about that."""

    files: dict[str, str]
    tables: dict[str, str]
    missing: tuple[str, ...]
    todos: int
    needs_zone: bool
    needs_currency: bool


def draft(connection: sa.Connection, catalog: Catalog, wishes: Wishes) -> Draft:
    """Draft a mapping. Only reads; every statement is bounded."""
    found = find(connection, catalog, wishes)
    drafted = {
        "customers": customers(found),
        "products": products(found),
        "orders": orders(found),
    }
    for one in drafted.values():
        one.tried(connection)
    files = {f"{name}.sql": one.text() for name, one in drafted.items()}
    files["influence.toml"] = _toml(found, drafted)
    return Draft(
        files=files,
        tables={role: table.quoted for role, table in found.tables.items()},
        missing=tuple(name for name in drafted if found[name] is None),
        todos=sum(text.count("TODO:") for text in files.values()),
        needs_zone="in which time zone" in files["orders.sql"] + files["customers.sql"],
        needs_currency="is a guess; which currency" in " ".join(files["orders.sql"].split()),
    )


_HEAD = """\
# How this store is told to Influence: a starting point, made by `influence-pipeline init` from what
# stands in the catalog and a look at some rows. The SELECTs stand in the .sql files beside it; each
# says why it reads what it reads. Go through every TODO. `influence-pipeline check` says what does
# not fit, `influence-pipeline plan` shows what would be sent, and sends nothing.

version = 1
"""

_GO_LIVE = """\
# Orders placed before the go-live are never sent. Unset: the moment of the first sync.
# go_live = 2026-11-01T00:00:00Z
"""

_REWARDS = """\
# What each of Influence's redeem rules is worth here, by its id (ruleId in each webhook).
# [rewards."<rule id>"]
# kind = "fixed"
# value = "5.00"
# currency = "EUR"
# expires_days = 90
"""


def _toml(found: Findings, drafted: dict[str, Drafted]) -> str:
    parts = [_HEAD]
    for name, one in drafted.items():
        section = f'[{name}]\nquery = "{name}.sql"\n'
        if name == "orders":
            section += _GO_LIVE
        parts.append(section)
        parts += [_source(name, source) for source in one.sources]
    parts.append("\n".join(coupons(found, quoted)) + "\n")
    parts.append(_REWARDS)
    return "\n".join(parts)


def _source(name: str, source: SourceText) -> str:
    why = f"# {source.why}\n" if source.why else ""
    return (
        f"{why}[[{name}.sources]]\nfrom = {quoted(source.from_clause)}\n"
        f'rows = ["{source.row}"]\nkey = {quoted(source.key)}\n'
    )


def quoted(text: str) -> str:
    """A TOML string; a literal one where it holds quotes and so stays readable."""
    plain = text.isprintable()
    if plain and '"' not in text and "\\" not in text:
        return f'"{text}"'
    if plain and "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
