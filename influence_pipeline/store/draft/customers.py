"""The SELECT of the customers."""

from __future__ import annotations

from influence_pipeline.records import Entity
from influence_pipeline.store.catalog import Shape
from influence_pipeline.store.draft import parts
from influence_pipeline.store.draft.buyers import contact_of
from influence_pipeline.store.draft.columns import FLAGS, TEXTS, like_emails
from influence_pipeline.store.draft.findings import Findings, Step
from influence_pipeline.store.draft.select import Drafted


def customers(found: Findings) -> Drafted:
    table = found["customers"]
    if table is None:
        return parts.without(Entity.CUSTOMER, found, "customers")
    looked, alias = found.look(table), "c"
    drafted = Drafted(Entity.CUSTOMER, joins=[f"FROM {table.quoted} {alias}"])
    parts.head(drafted, found, ("customers",))
    key = found.key(table)
    taken = set(key)
    drafted.add(
        "id", parts.key_sql(table, alias, key), f"{', '.join(key)}: the key that others name"
    )
    email = looked.pick("email", TEXTS, taken=taken, asks=like_emails)
    if email is not None:
        drafted.add("email", email.column.sql(alias), email.why)
        taken.add(email.column.name)
    contact = contact_of(found, table)
    if contact is not None:
        on = parts.joined_on(contact.table, "x", contact.link, table, alias)
        drafted.joins.append(contact.joined(on, phone=True))
        drafted.add("email", contact.email.column.sql("mail"), f"of {contact.table.quoted}")
    first = parts.add_text(drafted, looked, "first_name", "first_name", alias, taken)
    last = parts.add_text(drafted, looked, "last_name", "last_name", alias, taken)
    whole = None
    if first is None and last is None:
        whole = looked.pick("full_name", TEXTS, taken=taken)
        if whole is not None:
            drafted.add(
                "first_name",
                whole.column.sql(alias),
                whole.why,
                "this seems to be the whole name; split it if the store keeps the parts elsewhere",
            )
    phone = parts.add_text(drafted, looked, "phone", "phone", alias, taken)
    if phone is None and contact is not None and contact.phone is not None:
        drafted.add("phone", contact.phone.column.sql("mail"), f"of {contact.table.quoted}")
    parts.add_birthday(drafted, looked, alias, taken)
    created = parts.add_moment(drafted, found, looked, ("created",), alias, taken)
    parts.only_its_kind(drafted, table, alias)
    parts.leave_out_deleted(drafted, looked, alias)
    for field, words in (("guest", "guests"), ("staff", "the shop's own people")):
        flag = looked.pick(field, FLAGS - {Shape.DATE}, enough=38)
        if flag is not None and flag.column.shape is Shape.BOOLEAN:
            drafted.head.append(
                f"TODO: {flag.column.name} seems to tell {words}. To leave them out, add "
                f"`{flag.column.sql(alias)} IS NOT TRUE` to the conditions below."
            )
    drafted.source(f"{table.quoted} {alias}", alias, parts.key_sql(table, alias, key))
    if contact is not None:
        step = Step(contact.table, contact.link)
        parts.add_source(drafted, found, [step], ["x"], key, "the e-mail stands there")
    chosen = [one.column for one in (email, first, last, whole, phone, created) if one is not None]
    parts.add_sources_beside(drafted, found, looked, alias, chosen)
    return drafted
