"""Which row belongs to which: foreign keys, and without them what names and values say."""

from __future__ import annotations

from collections import Counter, defaultdict

import sqlalchemy as sa

from influence_pipeline.store.catalog import Catalog, Column, Link, Shape, Table
from influence_pipeline.store.draft.asking import ask
from influence_pipeline.store.draft.words import ID_WORDS, concepts_of, is_noise, singular, tokens

_KEY_SHAPES = frozenset({Shape.INTEGER, Shape.TEXT, Shape.UUID})
# A key of this name says nothing of whose it is.
_BARE = frozenset({"id", "uuid", "guid", "code", "name", "key", "no", "nr", "number", "entity_id"})


def with_implied_links(catalog: Catalog) -> Catalog:
    """Add the links that names imply, for columns that no foreign key names."""
    bare = _bare_names(catalog)
    by_name: dict[tuple[str, ...], list[Table]] = defaultdict(list)
    by_key: dict[str, list[Table]] = defaultdict(list)
    by_concept: dict[str, list[Table]] = defaultdict(list)
    for table in catalog:
        key = key_column(table)
        if key is None or not table.readable:
            continue
        by_name[bare[table.oid]].append(table)
        if key.name.lower() not in _BARE:
            by_key[key.name].append(table)
        concepts = concepts_of("_".join(bare[table.oid]))
        if (
            len(concepts) == 1
            and len(table.columns) > 4
            and not is_noise("_".join(bare[table.oid]))
        ):
            by_concept[next(iter(concepts))].append(table)
    links: dict[int, list[Link]] = defaultdict(list)
    for table in catalog:
        linked = {column for link in table.links for column in link.columns}
        for column in table.columns.values():
            if column.name in linked or column.shape not in _KEY_SHAPES or column.of_key:
                continue
            found = _targets(table, column, by_name, by_key, by_concept)
            links[table.oid] += found
    return catalog.with_links(links)


def key_column(table: Table) -> Column | None:
    """The one column that tells a table's rows apart: by the catalog, else by its name."""
    identity = table.identity
    if len(identity) == 1:
        return table.columns.get(identity[0])
    if table.primary:
        return None
    names = ["id", "ID", "Id", *(f"{singular(token)}_id" for token in tokens(table.name)), "uuid"]
    for name in names:
        if name in table.columns and table.columns[name].shape in _KEY_SHAPES:
            return table.columns[name]
    return None


def _bare_names(catalog: Catalog) -> dict[int, tuple[str, ...]]:
    """Names of tables in singular tokens, without a prefix that half of a schema's tables have."""
    first = Counter((t.schema, tokens(t.name)[:1]) for t in catalog)
    number = Counter(t.schema for t in catalog)
    names = {}
    for table in catalog:
        parts = tokens(table.name)
        common = first[table.schema, parts[:1]]
        if len(parts) > 1 and (
            (common >= 4 and common * 2 >= number[table.schema])
            or parts[0] in {"tbl", "t", "tab", "wp", "dim", "fact", "v", "vw"}
        ):
            parts = parts[1:]
        names[table.oid] = tuple(singular(part) for part in parts)
    return names


def _targets(
    table: Table,
    column: Column,
    by_name: dict[tuple[str, ...], list[Table]],
    by_key: dict[str, list[Table]],
    by_concept: dict[str, list[Table]],
) -> list[Link]:
    own = key_column(table)
    is_own_key = own is not None and own.name == column.name
    if is_own_key and column.name.lower() in _BARE:
        return []
    words = tokens(column.name)
    rest = tuple(singular(word) for word in words if word not in ID_WORDS)
    says_id = len(rest) < len(words)
    found: list[tuple[Table, str]] = []
    if says_id and rest:
        found += [(t, f"named after {t.name}") for t in by_name.get(rest, ())]
        concepts = concepts_of("_".join(rest))
        if not found and len(concepts) == 1 and not is_own_key:
            tables = by_concept.get(next(iter(concepts)), [])
            found += [(t, f"its name speaks of {t.name}") for t in tables[:3]]
    if not found and not is_own_key:
        found = [(t, f"named as the key of {t.name}") for t in by_key.get(column.name, ())]
    near = [one for one in found if one[0].schema == table.schema] or found
    links = []
    for target, why in near[:4]:
        key = key_column(target)
        if target.oid == table.oid or key is None or key.shape is not column.shape:
            continue
        links.append(Link((column.name,), target.oid, (key.name,), why))
    return links


def holds(connection: sa.Connection, catalog: Catalog, table: Table, link: Link) -> bool:
    """Whether an implied link's values are keys of the table it leads to, as far as 200 tell."""
    if link.is_declared:
        return True
    target = catalog[link.target]
    column = table.columns[link.columns[0]].sql("s")
    key = target.columns[link.target_columns[0]].sql("t")
    only = table.condition("s")
    statement = (
        f"SELECT count(*), count(f.there) FROM (SELECT DISTINCT {column} AS key "
        f"FROM (SELECT * FROM {table.quoted} AS s "
        f"WHERE {column} IS NOT NULL{f' AND {only}' if only else ''} LIMIT 5000) AS s LIMIT 200) "
        f"AS k LEFT JOIN LATERAL (SELECT 1 AS there FROM {target.quoted} AS t "
        f"WHERE {key} = k.key LIMIT 1) AS f ON true"
    )
    rows = ask(connection, statement)
    if isinstance(rows, str):
        return True
    ((asked, found),) = rows
    return bool(asked == 0 or found * 2 >= asked)
