"""Which table is that of the customers, of the orders, of their lines, …: scores with reasons.

A score adds what a table's name says (up to 40), its columns (up to 60) and its links (up to 30).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from influence_pipeline.store.catalog import Catalog, Link, Shape, Table
from influence_pipeline.store.draft.key_values import key_and_value
from influence_pipeline.store.draft.words import concepts_of, is_noise, likeness, tokens

_MONEY = frozenset({Shape.INTEGER, Shape.EXACT, Shape.FLOAT, Shape.MONEY})
_WHEN = frozenset({Shape.MOMENT, Shape.NAIVE, Shape.DATE})
_WORDS = frozenset({Shape.TEXT, Shape.ENUM})
_TEXT = frozenset({Shape.TEXT})
_ANY = frozenset(Shape)


@dataclass(frozen=True)
class Part:
    """A column that speaks for a role, and for how much; `without`: how much it speaks against a
    table that it has none."""

    field: str
    shapes: frozenset[Shape]
    points: int
    without: int = 0


@dataclass(frozen=True)
class Role:
    """`names`: what a table's name must say, and what else it may; several ways. `enough`: the
    score from which a table is taken."""

    name: str
    names: tuple[tuple[frozenset[str], frozenset[str]], ...]
    parts: tuple[Part, ...]
    belongs_to: tuple[tuple[str, int], ...] = ()
    owned_by: tuple[tuple[str, int], ...] = ()
    enough: int = 45


def _said(needed: str, allowed: str = "") -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(needed.split()), frozenset(allowed.split())


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(
            "customers",
            (_said("customer"),),
            (
                Part("email", _TEXT, 25, without=15),
                Part("first_name", _TEXT, 8),
                Part("last_name", _TEXT, 8),
                Part("full_name", _TEXT, 4),
                Part("phone", _TEXT, 4),
                Part("created", _WHEN, 3),
            ),
            owned_by=(("order", 15),),
        ),
        Role(
            "orders",
            (_said("order", "customer"),),
            (
                Part("total", _MONEY | _TEXT, 14),
                Part("placed", _WHEN, 6),
                Part("created", _WHEN, 4),
                Part("currency", _WORDS, 4),
                Part("status", _WORDS, 5),
                Part("email", _TEXT, 5),
                Part("number", _ANY, 3),
            ),
            belongs_to=(("customer", 12),),
            owned_by=(("line", 14), ("payment", 6)),
        ),
        Role(
            "order lines",
            (_said("line", "order product"), _said("order product", "variant")),
            (
                Part("quantity", _MONEY, 20),
                Part("unit_price", _MONEY, 8),
                Part("title", _TEXT, 3),
            ),
            belongs_to=(("order", 20), ("product", 5), ("variant", 5)),
        ),
        Role(
            "payments",
            (_said("payment", "order customer line"),),
            (Part("amount", _MONEY, 15), Part("status", _WORDS, 5), Part("kind", _WORDS, 3)),
            belongs_to=(("order", 20),),
        ),
        Role(
            "refunds",
            (_said("refund", "order payment"),),
            (Part("amount", _MONEY, 15),),
            belongs_to=(("order", 20), ("payment", 20)),
        ),
        Role(
            "codes of an order",
            (_said("discount", "order coupon"), _said("coupon", "order discount")),
            (Part("code", _TEXT, 15), Part("amount", _MONEY, 8)),
            belongs_to=(("order", 25),),
            enough=55,
        ),
        Role(
            "products",
            (_said("product"),),
            (
                Part("title", _TEXT, 12),
                Part("sku", _TEXT, 4),
                Part("unit_price", _MONEY, 3),
                Part("active", _ANY, 2),
                Part("url", _TEXT, 2),
                Part("image", _TEXT, 2),
            ),
            owned_by=(("variant", 10), ("line", 8)),
        ),
        Role(
            "variants",
            (_said("variant", "product"),),
            (
                Part("sku", _TEXT, 8),
                Part("size_title", _TEXT, 5),
                Part("unit_price", _MONEY, 4),
                Part("position", _MONEY, 2),
            ),
            belongs_to=(("product", 20),),
        ),
        Role(
            "coupons",
            (_said("coupon", "discount"), _said("discount", "coupon")),
            (
                Part("code", _TEXT, 20),
                Part("percent", _MONEY, 5),
                Part("amount", _MONEY, 8),
                Part("expires", _WHEN, 8),
                Part("usage_limit", _MONEY, 5),
            ),
            enough=55,
        ),
    )
}


@dataclass(frozen=True)
class Candidate:
    table: Table
    score: int
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table.schema}.{self.table.name} ({self.score}: {'; '.join(self.reasons)})"


class Roles:
    """The candidates of each role, the best first; made once for a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        # By table: the tables whose rows belong to its rows.
        self._children: dict[int, list[Table]] = defaultdict(list)
        for table in catalog:
            for link in table.links:
                if link.target != table.oid:
                    self._children[link.target].append(table)
        self._made: dict[str, list[Candidate]] = {}

    def __getitem__(self, name: str) -> list[Candidate]:
        if name not in self._made:
            role = ROLES[name]
            scored = [
                self._score(role, table)
                for table in self._catalog
                if (table.columns or not table.readable) and key_and_value(table) is None
            ]
            self._made[name] = _ranked(scored)
        return [one for one in self._made[name] if one.score >= 25]

    def every(self, name: str) -> list[Candidate]:
        """All tables, those too that hardly anything speaks for."""
        return self[name] + [one for one in self._made[name] if one.score < 25]

    def weigh(self, name: str, table: Table, points: int, reason: str) -> None:
        """Let what was found elsewhere speak for a table (or against it, with points below 0)."""
        self._made[name] = _ranked(
            [
                Candidate(one.table, one.score + points, (*one.reasons, reason))
                if one.table.oid == table.oid
                else one
                for one in self.every(name)
            ]
        )

    def best(
        self,
        name: str,
        fits: Callable[[Table], bool] = lambda _: True,
        *,
        bonus: frozenset[int] = frozenset(),
    ) -> Table | None:
        """The best table that fits; `bonus`: tables for which other findings speak."""
        role = ROLES[name]
        found = [
            (one.score + 30 * (one.table.oid in bonus), one.table)
            for one in self[name]
            if one.table.readable and fits(one.table)
        ]
        found.sort(key=lambda one: -one[0])
        return found[0][1] if found and found[0][0] >= role.enough else None

    def _score(self, role: Role, table: Table) -> Candidate:
        score, reasons = _by_name(role, table)
        for part in role.parts:
            column = _best_column(table, part)
            if column is not None:
                score += part.points
                reasons.append(f"{part.field}: {column}")
            elif part.without and table.columns:
                score -= part.without
                reasons.append(f"no {part.field}")
        for concept, points in role.belongs_to:
            link = self._link_to(table, concept)
            if link is not None:
                score += points
                reasons.append(
                    f"{'/'.join(link.columns)} leads to {self._catalog[link.target].name}"
                )
        counted: set[int] = set()
        for concept, points in role.owned_by:
            child = next(
                (
                    c
                    for c in self._children[table.oid]
                    if concept in concepts_of(c.name) and c.oid not in counted
                ),
                None,
            )
            if child is not None:
                counted.add(child.oid)
                score += points
                reasons.append(f"{child.name} belongs to it")
        return self._weighed(table, score, reasons)

    def _weighed(self, table: Table, score: int, reasons: list[str]) -> Candidate:
        if not table.readable:
            score -= 5
            reasons.append("the role may not read it")
        if _ASIDE & set(tokens(table.schema)):
            score -= 15
            reasons.append(f"in a schema called {table.schema}")
        if table.kind == "v":
            score -= 6
            reasons.append("a view")
        elif table.kind == "f":
            score -= 10
            reasons.append("a foreign table")
        elif table.rows is not None and table.rows > 0:
            reasons.append(f"about {table.rows:,} rows")
            # Of two that look the same, the one in use.
            score += 3 + len(str(table.rows)) // 2
        elif not table.filled and table.kind in "rm":
            score -= 8
            reasons.append("empty")
        return Candidate(table, score, tuple(reasons))

    def _link_to(self, table: Table, concept: str) -> Link | None:
        for link in table.links:
            target = self._catalog.get(link.target)
            if target is None or target.oid == table.oid or is_noise(target.name):
                continue
            if concept in concepts_of(target.name) and _is_only(concept, target.name):
                return link
        return None


def _ranked(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda one: (-one.score, one.table.schema, one.table.name))


# Schemas with copies of what matters.
_ASIDE = frozenset(
    {"backup", "backups", "old", "archive", "audit", "history", "staging", "stage", "stg", "test"}
    | {"tmp", "temp", "dev", "raw", "import", "imports", "export", "log", "logs", "legacy"}
)
# Of a name that says two things, the one that a row is: an order_item is an item.
_WINS = {"line": {"order", "product", "variant"}, "variant": {"product"}, "order": {"customer"}}


def _is_only(concept: str, name: str) -> bool:
    rest = concepts_of(name) - {concept} - _WINS.get(concept, set())
    return not rest


def _by_name(role: Role, table: Table) -> tuple[int, list[str]]:
    concepts = concepts_of(table.name)
    noise = is_noise(table.name)
    for needed, allowed in role.names:
        if needed <= concepts:
            spare = concepts - needed - allowed
            words = len(tokens(table.name))
            points = 40 - 18 * len(spare) - 20 * noise - 2 * max(words - 2, 0)
            return max(points, 0), [f'its name says "{" ".join(sorted(needed))}"']
    return (-15 if concepts or noise else 0), []


def _best_column(table: Table, part: Part) -> str | None:
    best: tuple[int, str] | None = None
    for column in table.columns.values():
        if column.shape in part.shapes:
            like = likeness(column.name, part.field)
            if like >= 26 and (best is None or like > best[0]):
                best = (like, column.name)
    return best[1] if best else None
