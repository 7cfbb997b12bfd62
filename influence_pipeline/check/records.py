"""Records taken at random and made into what would be sent: what cannot be told, and what looks as
if another column had been meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from influence_pipeline.check.desk import Desk
from influence_pipeline.check.finding import Check, Findings, error, note, ok, warning
from influence_pipeline.check.samples import Sample
from influence_pipeline.check.selects import each
from influence_pipeline.errors import InfluencePipelineError
from influence_pipeline.platform_api import payloads
from influence_pipeline.platform_api.payloads import RecordError
from influence_pipeline.records import STORE_ENTITIES, Entity
from influence_pipeline.store.frames import TRANSFORM
from influence_pipeline.store.reader import TWICE, rows_of

Row = dict[str, Any]

_MAKE: dict[Entity, Callable[[Row], object]] = {
    Entity.CUSTOMER: payloads.customer_body,
    Entity.PRODUCT: lambda row: (payloads.product_body(row), payloads.variant_bodies(row)),
    Entity.ORDER: payloads.order_body,
}
# Of this share of the records on, it is no odd record any more but the mapping.
_MANY = 0.2
_SOME = 0.05
# Columns that are made by the mapping, not typed by people: there a few wrong ones are its fault.
_MADE = {"financial_status", "currency", "line_items", "discount_codes", "variants", "created_at"}
# Below so many records nothing is said about what is usual.
FEW = 3
_ENOUGH = 10


def _told(desk: Desk, entity: Entity) -> Findings:
    sample = desk.sample(entity)
    seen = len(sample.rows) + len(sample.poison)
    if not seen:
        yield note(f"there is no {entity.value} to look at", where=desk.file_of(entity))
        return
    failed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for poison in sample.poison:
        if poison.code == TRANSFORM or poison.reason == TWICE:
            # `….transform` and `….ids` say it.
            continue
        failed["id", f"it cannot be read: {poison.reason}"].append(poison.key)
    for key, row in sample.rows.items():
        try:
            _MAKE[entity](row.values)
        except RecordError as failure:
            failed[failure.column, str(failure)].append(key)
        except (ValueError, OverflowError, RecursionError) as failure:
            failed["", f"a value in it cannot be told ({type(failure).__name__})"].append(key)
    for (column, words), keys in failed.items():
        share = len(keys) / seen
        # One alone may be odd in a small shop; what the mapping itself makes may not be.
        serious = (share >= _SOME if column in _MADE else share >= _MANY and len(keys) > 1) or (
            column == "financial_status" and len(keys) > 1
        )
        say = error if serious else warning
        yield say(
            f"{len(keys):,} of {seen:,} {entity.plural} cannot be told: {words}; for example "
            f"{entity.value} {keys[0]}",
            where=column_place(desk, entity, column),
            why="Such a record is parked, and the rest goes on.",
            mend=_MEND.get(column, "Mend the column in the SELECT, or the records in the store.")
            + _seen_values(sample, column, keys),
        )
    if not failed:
        yield ok(f"{seen:,} taken at random can be told")


_MEND = {
    "financial_status": "Make each of the store's own words one of authorized, pending, paid, "
    "partially_paid, refunded, partially_refunded, voided, expired, by a CASE.",
    "currency": "Give a code of ISO 4217, as EUR.",
    "email": "Is it the e-mail's column? Customers without an address cannot be enrolled: leave "
    "them out with a WHERE.",
    "line_items": "Build it with jsonb_agg(jsonb_build_object('product_id', …, 'variant_id', …, "
    "'title', …, 'quantity', …, 'unit_price', …) ORDER BY …).",
    "discount_codes": "Build it with jsonb_agg(jsonb_build_object('code', …, 'amount', …) ORDER BY "
    "…); a text of codes is parted with to_jsonb(string_to_array(…, ',')).",
    "variants": "Build it with jsonb_agg(jsonb_build_object('id', …, 'sku', …, 'title', …) ORDER "
    "BY …).",
    "id": "`influence-pipeline plan` lists them; guard the cast or the division in the SELECT.",
}


def _seen_values(sample: Sample, column: str, keys: list[str]) -> str:
    """Name the values of a column of few words; none of a column with personal data."""
    if column not in {"financial_status", "currency"}:
        return ""
    values = {str(sample.rows[key].values.get(column))[:30] for key in keys}
    return f" Seen: {', '.join(sorted(values)[:8])}."


def column_place(desk: Desk, entity: Entity, column: str) -> str:
    """Give the file of a SELECT, and the line where it names a column."""
    file = desk.file_of(entity)
    try:
        lines = desk.mapping(entity).file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return file
    wanted = re.compile(rf'(?i)(\bAS\s+"?{re.escape(column)}"?|[.\s]{re.escape(column)}\s*),?\s*$')
    for number, line in enumerate(lines, start=1):
        code = line.partition("--")[0].rstrip()
        if column and wanted.search(code):
            return f"{file}, line {number}"
    return file


def _emails(desk: Desk, entity: Entity) -> Findings:
    rows = values(desk, entity)
    emails = [str(row["email"]).strip().lower() for row in rows if row.get("email")]
    if len(emails) < FEW:
        return
    twice = Counter(emails)
    shared = sum(count for count in twice.values() if count > 1)
    if len(twice) == 1:
        yield error(
            f"all of {len(emails):,} customers have the same e-mail",
            where=column_place(desk, entity, "email"),
            why="Only the first of customers with one e-mail is sent.",
            mend="Is it a constant, or another table's column?",
        )
    elif shared / len(emails) > _SOME:
        yield warning(
            f"{shared:,} of {len(emails):,} customers share an e-mail with another one",
            where=column_place(desk, entity, "email"),
            why="Of customers with one e-mail only the first is sent; the others are parked as "
            "same_email.",
            mend="Leave out guests who have an account too (docs/stores/plain.md shows how), or "
            "merge them.",
        )
    if all(row.get("first_name") and "@" in str(row["first_name"]) for row in rows):
        yield error(
            "first_name holds e-mail addresses",
            where=column_place(desk, entity, "first_name"),
            why="Messages of the program would greet by it.",
            mend="Name the column of the first name.",
        )


def _birthdays(desk: Desk, entity: Entity) -> Findings:
    texts = [str(row["birthday"]) for row in values(desk, entity) if row.get("birthday")]
    wrong = [text for text in texts if not _is_date(text)]
    if len(texts) >= FEW and len(wrong) / len(texts) > _MANY:
        yield error(
            f"{len(wrong):,} of {len(texts):,} birthdays are no ISO date, and count as unknown",
            where=column_place(desk, entity, "birthday"),
            why="These customers get no birthday reward.",
            mend="Make it a date: to_date(…, 'DD.MM.YYYY'), or whatever it is written in.",
        )

    young = [
        text for text in texts if _is_date(text) and text[:4] >= str(datetime.now(UTC).year - 5)
    ]
    if len(texts) >= FEW and len(young) / len(texts) > 0.5:
        yield warning(
            f"{len(young):,} of {len(texts):,} birthdays are of the last five years",
            where=column_place(desk, entity, "birthday"),
            why="Is it the birthday, or the day on which the row was made?",
            mend="Name the column of the birthday, or leave birthday out.",
        )
    for column in ("first_name", "last_name", "phone"):
        same = Counter(str(row[column]) for row in values(desk, entity) if row.get(column))
        if same.total() >= _ENOUGH and len(same) == 1:
            yield warning(
                f"all of {same.total():,} customers have the same {column}",
                where=column_place(desk, entity, column),
                why="It is a constant, or another table's column.",
                mend=f"Name the column of {column}, or leave it out.",
            )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _phones(desk: Desk, entity: Entity) -> Findings:
    texts = [str(row["phone"]) for row in values(desk, entity) if row.get("phone")]
    odd = [text for text in texts if sum(map(str.isdigit, text)) < 5]
    if len(texts) >= FEW and len(odd) / len(texts) > 0.5:
        yield warning(
            f"{len(odd):,} of {len(texts):,} phones have hardly a digit",
            where=column_place(desk, entity, "phone"),
            why="Is another column meant?",
            mend="Name the column of the phone number, or leave phone out.",
        )


def _variants(desk: Desk, entity: Entity) -> Findings:
    rows = values(desk, entity)
    without = sum(not row.get("variants") for row in rows)
    if rows and without == len(rows) and rows[0].get("variants", 0) != 0:
        yield warning(
            "no product has a variant",
            where=column_place(desk, entity, "variants"),
            why="Product rules go by variants.",
            mend="Is the join to the variants' table right?",
        )
    owners: dict[str, set[str]] = defaultdict(set)
    repeated = 0
    for row in rows:
        ids = [
            str(item["id"])
            for item in row.get("variants") or ()
            if isinstance(item, dict) and item.get("id") is not None
        ]
        repeated += len(ids) != len(set(ids))
        for one in ids:
            owners[one].add(str(row["id"]))
    if repeated:
        yield error(
            f"{repeated:,} of {len(rows):,} products name a variant twice",
            where=column_place(desk, entity, "variants"),
            why="The API gets the list as it is, and its last entry may win.",
            mend="A join multiplies rows: take the variants alone in the sub-select.",
        )
    shared = [one for one, products in owners.items() if len(products) > 1]
    if shared:
        yield error(
            f"{len(shared):,} variants stand at several products, as variant {shared[0]}",
            where=column_place(desk, entity, "variants"),
            why="Each product's list replaces the other's.",
            mend="Is the sub-select bound to its product (WHERE v.product_id = p.id)?",
        )


def _titles(desk: Desk, entity: Entity) -> Findings:
    titles = [str(row["title"]).strip() for row in values(desk, entity) if row.get("title")]
    if len(titles) >= FEW and all(
        re.fullmatch(r"[\d\W]+|[0-9a-f-]{32,36}", text) for text in titles
    ):
        yield warning(
            "titles of products hold no words",
            where=column_place(desk, entity, "title"),
            why="Customers would see them.",
            mend="Name the column of the product's name.",
        )
    elif len(titles) >= FEW and len(set(titles)) == 1:
        yield warning(
            f"all of {len(titles):,} products have the same title",
            where=column_place(desk, entity, "title"),
            why="Customers could not tell them apart.",
            mend="Name the column of the product's name.",
        )


def _links(desk: Desk, entity: Entity) -> Findings:
    for column in ("image_url",):
        given = [str(row[column]) for row in values(desk, entity) if row.get(column)]
        relative = [text for text in given if not re.match(r"(?i)https?://", text)]
        if relative:
            yield note(
                f"{len(relative):,} of {len(given):,} of {column} are no whole address",
                where=column_place(desk, entity, column),
                why="Influence's pages cannot show them.",
                mend=f"Put your shop's address before it: 'https://shop…/' || … AS {column}.",
            )


def values(desk: Desk, entity: Entity) -> list[Row]:
    """Give the canonical values of the sampled records."""
    return [row.values for row in desk.sample(entity).rows.values()]


def found_keys(desk: Desk, entity: Entity, keys: set[str]) -> set[str] | None:
    """Give those keys that lead to records; None where that cannot be asked."""
    try:
        described = desk.described(entity)
        with desk.asking() as connection:
            rows, poison = rows_of(connection, described, sorted(keys)[:500])
    except InfluencePipelineError:
        return None
    return {row.key for row in rows} | {
        one.key for one in poison if "more than one row" in one.reason
    }


CHECKS = (
    *(
        Check(
            f"{entity.plural}.records",
            "records taken at random can be told",
            each(_told, entity),
            (f"{entity.plural}.transform",),
        )
        for entity in STORE_ENTITIES
    ),
    *(
        Check(name, promise, each(look, Entity.CUSTOMER), ("customers.transform",))
        for name, promise, look in (
            ("customers.emails", "each customer has an e-mail of its own", _emails),
            ("customers.birthdays", "birthdays and names are what they say", _birthdays),
            ("customers.phones", "phones are numbers", _phones),
        )
    ),
    *(
        Check(name, promise, each(look, Entity.PRODUCT), ("products.transform",))
        for name, promise, look in (
            ("products.variants", "each variant stands once, at one product", _variants),
            ("products.titles", "titles are words", _titles),
            ("products.images", "addresses of images are whole", _links),
        )
    ),
)
