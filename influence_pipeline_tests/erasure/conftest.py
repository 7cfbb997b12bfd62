"""One customer with a canary in every personal value, beside others, through the whole loop."""

from __future__ import annotations

import base64
import io
import json
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2
import pytest

from influence_pipeline.cli import main
from influence_pipeline.definitions import build_definitions
from influence_pipeline.postgres import Postgres
from influence_pipeline.settings import Coupons
from influence_pipeline.state.database import open_state
from influence_pipeline.webhooks import gaps, inbox
from influence_pipeline.webhooks.context import HandlerContext
from influence_pipeline.webhooks.handlers import WorkedOff, work_off
from influence_pipeline_tests.dagster_face.conftest import AT_ONCE
from influence_pipeline_tests.support.world import World, sandbox_process, world
from influence_pipeline_tests.webhooks import builders
from influence_pipeline_tests.webhooks.conftest import Store, make_context, store

__all__ = ["sandbox_process", "store", "world"]

EMAIL = "Canáry.Mail@example.test"
PERSONAL = {
    "email": EMAIL,
    "firstName": "Canarygiven",
    "lastName": "Canaryfamily",
    "name": "Canarygiven Middle Canaryfamily",
    "phone": "+12025550147",
    "birthday": "1931-02-27",
    "address": "7 Canary Lane",
    "city": "Canaryville",
    "postcode": "CAN-4Ry",
    "company": "Canary & Søn",
    "note": "canary note ☂",
    "referralUrl": "https://shop.test/?ref=canary-referral",
    "vat": "CANARY-VAT-1",
    "ip": "203.0.113.77",
    "gender": "canary-gender",
    "card": "4111-canary-1111",
    "twitter": "@canarytweet",
    "device": "canary-device-id",
    "locale": "canary_LOCALE",
    "iban": "DE00CANARY0000",
}
CODES = ("CANARY-CODE-1", "CANARY-CODE-2", "CANARY-CODE-3", "CANARY-CODE-4", "CANARY-CODE-5")
# Influence's id of the customer.
MEMBER = "inf-canary"


def forms(value: str) -> set[bytes]:
    """How a value may stand in a dump, in lower case."""
    found: set[bytes] = set()
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, value)
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = text.encode(encoding)
            found |= {raw, raw.hex().encode(), raw.lower().hex().encode()}
        escaped = json.dumps(text)[1:-1].encode()
        found |= {escaped, escaped.hex().encode(), escaped.replace(b"\\", b"\\\\")}
        at = escaped.replace(b"@", b"\\u0040")
        found |= {at, at.hex().encode()}
        for shift in range(3):
            packed = base64.b64encode(b"x" * shift + text.encode())
            found.add(packed[4 if shift else 0 : -4])
    return {form.lower() for form in found if len(form) >= 5}


def hits(content: bytes, values: Iterable[str] = (*PERSONAL.values(), *CODES)) -> list[str]:
    """The values that stand in it, in whatever form."""
    lower = content.lower()
    return [value for value in values if any(form in lower for form in forms(value))]


def dump(url: str) -> bytes:
    """All rows of all tables of a database, as COPY writes them."""
    out = io.BytesIO()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            cursor.copy_expert(f"COPY {table} TO STDOUT", out)
    return out.getvalue()


def files(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@dataclass
class Loop:
    """A world in which the customer has bought, earned, redeemed and referred."""

    world: World
    store: Store
    state: Postgres
    context: HandlerContext
    folder: Path
    customer: str
    orders: list[str]
    living: str
    sent: list[tuple[str | None, Any]] = field(default_factory=list)

    def person(self, **changes: Any) -> dict[str, Any]:
        return builders.customer(
            1, **{**PERSONAL, "id": MEMBER, "externalId": self.customer, **changes}
        )

    def other(self, **changes: Any) -> dict[str, Any]:
        return builders.customer(2, **{"externalId": self.living, **changes})

    def deliver(self, topic: str | None, body: Any) -> inbox.Stored:
        with self.state.transaction() as connection:
            stored = inbox.store(connection, builders.delivery(topic, body))
        self.sent.append((topic, body))
        return stored

    def work(self) -> WorkedOff:
        self.context.swept = self.context.looked_for_mended = float("-inf")
        return work_off(self.state, self.context)

    def events(self, number: int) -> None:
        """All seven topics, with ids of their own by `number`."""
        later = f"2026-05-0{number}T10:00:00Z"
        person = self.person(updatedAt=later)
        redeemed = {"ruleId": "rule-5-euro", "points": -500, "customer": person}
        self.deliver("customers/updated", person)
        self.deliver(
            "customers/tier_changed", {"customer": person, "newTier": {"id": f"t{number}"}}
        )
        self.deliver("points/earned", {"id": f"earned-{number}", "customer": person, "points": 5})
        code = CODES[0] if number == 1 else f"{CODES[0]}-{number}"
        self.deliver("points/redeemed", {"id": f"red-{number}", "couponCode": code, **redeemed})
        self.deliver(
            "customers/tier_entry_reward_earned",
            {"id": f"tier-{number}", "couponCode": f"{CODES[1]}-{number}", **redeemed},
        )
        # The customer is the friend here, and known by nothing but an e-mail, typed otherwise.
        started = builders.referral(
            number,
            customer=self.other(),
            friendCustomer=None,
            friendEmail=unicodedata.normalize("NFD", EMAIL.upper()),
            friendName=PERSONAL["name"],
        )
        started["friendReward"] = None
        self.deliver("referrals/started", {**started, "id": f"started-{number}"})
        completed = builders.referral(number + 50, customer=person, friendCustomer=self.other())
        self.deliver("referrals/completed", {**completed, "id": f"completed-{number}"})

    def unusable(self, number: int) -> None:
        """What is no event: another encoding, escapes, a broken body, an unknown topic."""
        self.deliver("customers/updated", json.dumps(self.person(n=number)).encode("utf-16"))
        self.deliver("shop/unknown", {"n": number, "to": [self.person()]})
        escaped = json.dumps(self.person(n=number)).replace("@", "\\u0040")
        self.deliver("points/earned", b"\xef\xbb\xbf" + escaped.encode()[:-3])

    def sync(self, **how: Any) -> None:
        self.world.sync(**how)

    def calls(self) -> int:
        return int(self.world.sandbox.rows("SELECT coalesce(max(id), 0) AS n FROM calls")[0]["n"])

    def told_since(self, call: int) -> list[str]:
        """What the API was told of the customer and their orders after that call."""
        theirs = {("customer", self.customer), *(("order", key) for key in self.orders)}
        rows = self.world.sandbox.rows(
            f"SELECT method, entity, key, body FROM calls WHERE id > {call}"
        )
        return [
            f"{row['method']} {row['key']}"
            for row in rows
            if (row["entity"], row["key"]) in theirs or hits(row["body"] or b"", [EMAIL])
        ]

    def in_dagster(self, *jobs: str) -> None:
        """Run jobs in a Dagster with its storage in files."""
        home = self.folder / "dagster"
        home.mkdir(exist_ok=True)
        with dg.DagsterInstance.local_temp(str(home)) as instance:
            defs = build_definitions(settings=self.world.settings(), retry=AT_ONCE)
            for job in jobs:
                defs.resolve_job_def(job).execute_in_process(
                    instance=instance, raise_on_error=False
                )

    def kept(self) -> list[str]:
        """The values that the state still holds."""
        return hits(dump(self.world.state_url))

    def ask(self, sql: str) -> list[Any]:
        return self.world.ask_state(sql)


@pytest.fixture
def loop(
    world: World,
    store: Store,
    tmp_path: Path,
    bare_environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Loop]:
    for name, value in world.variables().items():
        monkeypatch.setenv(name, value)
    found = world.ask_store(
        "SELECT o.customer_id, array_agg(o.id::text) FROM orders o JOIN customers c ON c.id = "
        "o.customer_id WHERE NOT c.is_guest AND c.deleted_at IS NULL AND o.placed_at IS NOT NULL "
        "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 2"
    )
    (customer, orders), (living, _) = found
    world.shop(
        "UPDATE customers SET email = %(email)s, first_name = %(first)s, last_name = %(last)s, "
        "phone = %(phone)s, birthday = %(birthday)s WHERE id = %(id)s",
        email=EMAIL, first=PERSONAL["firstName"], last=PERSONAL["lastName"],
        phone=PERSONAL["phone"], birthday=PERSONAL["birthday"], id=customer,
    )  # fmt: skip
    world.shop("UPDATE orders SET email = %(e)s WHERE customer_id = %(id)s", e=EMAIL, id=customer)
    store.run("ALTER TABLE discount_code ALTER customer_id TYPE text")
    coupons = Coupons(
        lookup="lookup.sql", create="create.sql", currency="EUR", without_customer="issue"
    )
    with closing(open_state(world.state_url)) as state:
        context = make_context(store, terms={"coupons": coupons})
        made = Loop(world, store, state, context, tmp_path, customer, list(orders), living)
        yield made


@pytest.fixture
def lived(loop: Loop) -> Loop:
    """The loop after a sync, events of each topic, some of them parked or unusable, and one new."""
    loop.sync()
    gaps.begin(loop.state)
    loop.events(1)
    loop.deliver("customers/updated", loop.other())
    loop.unusable(1)
    loop.deliver(
        "points/redeemed",
        {
            "id": "parked-1",
            "couponCode": CODES[2],
            "ruleId": "nobody-knows",
            "customer": loop.person(),
        },
    )
    # The same key with another body.
    loop.deliver("points/earned", {"id": "earned-1", "customer": loop.person(n=2), "points": 6})
    loop.work()
    loop.deliver("customers/updated", loop.person(updatedAt="2026-06-01T10:00:00Z"))
    return loop


def forget(*arguments: str) -> int:
    return main(["forget", *arguments])
