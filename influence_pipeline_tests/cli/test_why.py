"""`why`: everything known of one record, at once."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import datetime

import psycopg2
import pytest

from influence_pipeline.cli.waiting import PHASES
from influence_pipeline.records import Entity
from influence_pipeline.sandbox import sample_store
from influence_pipeline.state.schema import Phase
from influence_pipeline_tests.cli.conftest import CommandLine, Trouble
from influence_pipeline_tests.support.world import World

AWAY = "postgresql://someone:canary-s3cret@127.0.0.1:9/shop"


def test_why_tells_the_reason_and_the_attempts_of_a_parked_record(
    cli: CommandLine, trouble: Trouble
) -> None:
    ran = cli("why", "customers", trouble.refused)
    assert (ran.code, ran.err) == (0, "")
    story, attempts = ran.out.split("\n\n")
    assert story.splitlines()[0] == f"customer {trouble.refused}: parked; a person must look"
    assert story.splitlines()[1].startswith("reason: PUT customer: HTTP 400: ")
    assert f"`influence-pipeline retry customers --key {trouble.refused}` once" in story
    assert len(attempts.splitlines()) == 1 + 3
    assert attempts.count("rejected") == 3


def test_why_follows_an_order_to_its_customer_who_is_parked(
    cli: CommandLine, trouble: Trouble
) -> None:
    first, second = cli("why", "orders", trouble.blocked).out.splitlines()[:2]
    assert first == f"order {trouble.blocked}: waits for customer:{trouble.refused}"
    assert second.startswith(
        f"customer {trouble.refused} is parked itself: PUT customer: HTTP 400: "
    )
    assert second.endswith(f"(influence-pipeline why customers {trouble.refused})")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE influence.work SET state = 'ready' WHERE entity = 'customer'", "is still to be sent"),
        ("DELETE FROM influence.work WHERE entity = 'customer'", "is not known to be due; "),
        (
            "WITH settled AS (DELETE FROM influence.work WHERE entity = 'customer' RETURNING key) "
            "UPDATE influence.snapshot p SET synced_hash = store_hash FROM settled s "
            "WHERE p.entity = 'customer' AND p.key = s.key",
            "is acknowledged now; the next delivery of orders goes on",
        ),
    ],
)  # fmt: skip
def test_why_says_what_the_customer_of_an_order_waits_for_in_turn(
    cli: CommandLine, world: World, trouble: Trouble, change: str, says: str
) -> None:
    world.ask_state(f"{change} RETURNING 1")
    line = cli("why", "orders", trouble.blocked).out.splitlines()[1]
    assert line.startswith(f"customer {trouble.refused} {says}")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("SELECT 1", "in sync: what the store has is what the API acknowledged"),
        ("UPDATE products SET title = 'Other' WHERE id = 3", "has changes that are not acknowledged yet"),
        ("DELETE FROM products WHERE id = 3", "was synced, and is gone from the store"),
    ],
)  # fmt: skip
def test_why_tells_how_a_record_stands(
    cli: CommandLine, world: World, change: str, says: str
) -> None:
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT, full=True)
    world.shop(change)
    with world.engine() as engine:
        engine.capture(Entity.PRODUCT, full=True)
    assert cli("why", "products", "3").out.splitlines()[0] == f"product 3: {says}"


def test_why_tells_the_status_that_was_acknowledged_of_an_order(
    cli: CommandLine, world: World
) -> None:
    order = sample_store.place_order(world.store_url, None, email="a@example.com", paid=True)
    world.sync()
    assert "last acknowledged financial status: paid\n" in cli("why", "orders", order.orders[0]).out


def test_why_says_that_a_record_was_never_seen(cli: CommandLine) -> None:
    assert cli("why", "orders", "no-such").out.splitlines() == [
        "order no-such: not known by this id (an order's number is not its id): "
        "neither the store nor the state has it",
        "in the store now: nothing; the mapping's SELECT gives no record with this id",
    ]
    cli.unset("STORE_URL")
    assert cli("why", "orders", "no-such").out.splitlines()[0] == (
        "order no-such: not known by this id (an order's number is not its id): "
        "never seen in the store, or left out (an order before the go-live)"
    )
    assert cli("why", "products", "x").out.splitlines() == [
        "product x: not known: never seen in the store",
        "in the store now: not known: INFLUENCE_STORE_URL is not set",
    ]


@pytest.mark.parametrize(
    ("phase", "says"),
    [
        ("creating", "a call that creates it is under way, or its run died: "),
        ("unknown", "whether Influence has it is not known "),
        ("refunding", "a call that moves it to refunded is under way, or had no clear answer; "),
    ],
)
def test_why_says_in_words_what_is_outstanding(
    cli: CommandLine, world: World, phase: str, says: str
) -> None:
    world.ask_state(
        "INSERT INTO influence.work (entity, key, phase, lease_until) "
        f"VALUES ('order', '7', '{phase}', now() + interval '1 min') RETURNING 1"
    )
    lines = cli("why", "orders", "7").out.splitlines()
    assert lines[0] == "order 7: has changes that are not acknowledged yet"
    assert lines[1].startswith(says)
    assert lines[2].startswith("held by a run until 20")


def test_why_says_of_a_customer_who_was_erased_since_when(cli: CommandLine, world: World) -> None:
    world.sync()
    assert cli("forget", "cus_000003", "--yes").code == 0
    told = cli("why", "customers", "cus_000003").out.splitlines()[0]
    assert re.fullmatch(
        r"customer cus_000003: erased on 20\d\d-\d\d-\d\d .*\+00:00 \(`influence-pipeline forget`\): "
        "never sent again, whatever the store has",
        told,
    )
    assert cli("why", "customers", "cus_000002").out.startswith("customer cus_000002: in sync")
    assert cli("forget", "cus_000003", "--undo").code == 0
    assert "erased" not in cli("why", "customers", "cus_000003").out


def test_why_tells_what_became_of_a_coupon(cli: CommandLine, world: World) -> None:
    def says() -> list[str]:
        return cli("why", "rewards", "LOYAL-1").out.splitlines()

    assert says() == ["reward LOYAL-1: not known: no coupon with this code was made here"]
    world.ask_state(
        "INSERT INTO influence.inbox (id, dedupe_key, body_sha256, body, headers) "
        "OVERRIDING SYSTEM VALUE VALUES (1, 'x', '', '', '{}') RETURNING 1"
    )
    world.ask_state(
        "INSERT INTO influence.coupon (code, event_id, kind) VALUES ('LOYAL-1', 1, 'fixed') RETURNING 1"
    )
    assert says() == ["reward LOYAL-1: about to be made in the store"]
    told = []
    for change, summary, line in (
        ("state = 'issued', issued_at = '2026-11-01Z'", "made, and not used yet by an order that was synced", "made on 2026-11-01 "),
        ("state = 'used', used_at = '2026-11-02Z', order_key = '77'", "used; Influence is still to be told", "used by order 77 on 2026-11-02 "),
        ("reward_used_at = '2026-11-03Z'", "used, and Influence knows", "told to Influence on 2026-11-03 "),
    ):  # fmt: skip
        world.ask_state(f"UPDATE influence.coupon SET {change} RETURNING 1")
        told.append(line)
        first, *lines = says()
        assert first == f"reward LOYAL-1: {summary}"
        assert [said.startswith(begins) for said, begins in zip(lines, told, strict=True)] == [
            True
        ] * len(told)
    assert cli("why", "rewards", "LOYAL-1", "--json").json["coupon"]["order_key"] == "77"


def test_why_as_json_has_the_whole_story(cli: CommandLine, trouble: Trouble) -> None:
    found = cli("why", "customers", trouble.refused, "--json").json
    assert (found["state"], found["synced_hash"]) == ("parked", None)
    assert [attempt["http_status"] for attempt in found["attempts_made"]] == [400, 400, 400]


# --- what the store has


def test_every_phase_of_the_order_protocol_has_its_words() -> None:
    assert set(PHASES) == set(Phase) - {Phase.IDLE}


def test_why_shows_what_the_store_has_now_and_who_it_is_about_only_when_asked(
    cli: CommandLine, world: World
) -> None:
    buyer = sample_store.add_customers(world.store_url).customers[0]
    order = sample_store.place_order(world.store_url, buyer, paid=True).orders[0]
    world.sync()
    ((email,),) = ask_store(world, "SELECT email FROM customers WHERE id = %(id)s", id=buyer)
    said = cli("why", "orders", order).out
    line = next(line for line in said.splitlines() if line.startswith("  id "))
    assert f"customer_id {buyer}, currency EUR, total " in line
    assert "financial_status paid" in line
    assert "  not shown without --show: email\n" in said
    for entity, key in (("customers", buyer), ("orders", order)):
        for form in ([], ["--json"], ["--live"], ["--live", "--json"]):
            assert email not in cli("why", entity, key, *form).out
    assert email in cli("why", "customers", buyer, "--show").out
    assert cli("why", "orders", order, "--show", "--json").json["store"]["values"]["email"] == email


def test_what_a_value_holds_does_not_move_the_cursor(cli: CommandLine, world: World) -> None:
    world.shop("UPDATE products SET title = E'a\\x1b[31mb\\nc' WHERE id = 3")
    said = cli("why", "products", "3").out
    assert ", title a\\x1b[31mb\\nc, " in said
    assert '"position"' in cli("why", "products", "3", "--show").out


def ask_store(world: World, sql: str, **values: str) -> list[tuple[str]]:
    with closing(psycopg2.connect(world.store_url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def test_why_says_whether_the_store_has_changed_since_the_last_look(
    cli: CommandLine, world: World
) -> None:
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
    same = cli("why", "products", "3")
    assert re.search(r"^in the store now: content [0-9a-f]{8}, as acknowledged$", same.out, re.M)
    acknowledged = re.search(
        r"^acknowledged by the API: content ([0-9a-f]{8}), on 20", same.out, re.M
    )
    world.shop("UPDATE products SET title = 'Other' WHERE id = 3")
    changed = cli("why", "products", "3").out
    assert ", changed since the last look (20" in changed
    assert (
        "product 3: was in sync at the last look, and has changed in the store since\n" in changed
    )
    assert acknowledged and acknowledged[0] in changed
    store = cli("why", "products", "3", "--json").json["store"]
    assert (store["as_last_seen"], store["as_acknowledged"]) == (False, False)
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
    store = cli("why", "products", "3", "--json").json["store"]
    assert (store["as_last_seen"], store["as_acknowledged"]) == (True, True)
    world.shop("DELETE FROM products WHERE id = 3")
    gone = cli("why", "products", "3").out
    assert "product 3: was in sync at the last look, and is gone from the store since\n" in gone


def test_why_says_nothing_of_a_change_when_hashes_cannot_be_compared(
    cli: CommandLine, world: World
) -> None:
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
    world.ask_state(
        "UPDATE influence.capture_point SET hash_method = 'other' WHERE entity = 'product' "
        "RETURNING 1"
    )
    world.shop("UPDATE products SET title = 'Other' WHERE id = 3")
    said = cli("why", "products", "3")
    assert "product 3: in sync: " in said.out
    assert re.search(r"^in the store now: content [0-9a-f]{8}$", said.out, re.M)


def test_why_says_of_an_order_before_the_go_live_that_it_is_never_sent(
    cli: CommandLine, world: World
) -> None:
    world.configure(("go_live = 2000-01-01", "go_live = 2030-01-01"))
    world.sync()
    first = cli("why", "orders", "1").out.splitlines()[0]
    assert re.fullmatch(
        r"order 1: left out: placed at 20\S+, before the go-live "
        r"\(2030-01-01T00:00:00\+00:00\); it is never sent",
        first,
    )
    world.configure(("go_live = 2030-01-01", "go_live = 2000-01-01"))
    first = cli("why", "orders", "1").out.splitlines()[0]
    assert first == "order 1: in the store, and not seen by a sync yet"


def test_why_tells_the_rest_when_the_store_is_away(cli: CommandLine, trouble: Trouble) -> None:
    cli.set(STORE_URL=AWAY)
    ran = cli("why", "customers", trouble.refused)
    assert (ran.code, "canary" in ran.out + ran.err) == (0, False)
    assert "parked; a person must look\n" in ran.out
    assert (
        "in the store now: not known: The database at 127.0.0.1:9/shop (INFLUENCE_STORE_URL): "
        "nothing listens at that host and port\n"
    ) in ran.out
    assert ran.out.count("PUT customer     400  rejected") == 3


def test_why_tells_the_rest_when_the_mapping_is_broken(cli: CommandLine, world: World) -> None:
    world.sync()
    (world.config.parent / "products.sql").write_text("SELECT 1 AS id")
    said = cli("why", "products", "3").out
    assert "product 3: in sync" in said
    assert "products.sql: the SELECT for products gives no column title." in said


def test_why_says_that_the_store_cannot_compute_a_row(cli: CommandLine, world: World) -> None:
    world.sync()
    file = world.config.parent / "products.sql"
    file.write_text(
        file.read_text().replace("SELECT", "SELECT 1 / (p.id - 3) AS url,", 1)
        if "AS url" not in file.read_text()
        else re.sub(r"\S+ AS url", "(1 / (p.id - 3))::text AS url", file.read_text())
    )
    said = cli("why", "products", "3").out
    assert "in the store now: its row cannot be read: a value could not be converted" in said


# --- every call


def test_why_shows_every_call_and_says_how_many_there_are_more(
    cli: CommandLine, world: World
) -> None:
    world.ask_state(
        "INSERT INTO influence.attempt (entity, key, call, outcome, http_status, ms, content_hash, "
        "error) SELECT 'customer', 'c', 'PUT customer', 'later', 503, n, 255, 'HTTP 503: busy' "
        "FROM generate_series(1, 30) n RETURNING 1"
    )
    shown = cli("why", "customers", "c", "--attempts", "2").out
    table = shown.split("\n\n")[1].splitlines()
    assert table[0].split() == ["at", "call", "status", "outcome", "ms", "payload", "error"]
    assert [line.split()[2:] for line in table[1:3]] == [
        ["PUT", "customer", "503", "later", "30", "000000ff", "HTTP", "503:", "busy"],
        ["PUT", "customer", "503", "later", "29", "000000ff", "HTTP", "503:", "busy"],
    ]  # fmt: skip
    assert table[3] == "… and 28 calls before; --attempts N shows more"
    assert "… and 10 calls before" in cli("why", "customers", "c").out
    whole = cli("why", "customers", "c", "--attempts", "30")
    assert "before; --attempts" not in whole.out
    found = cli("why", "customers", "c", "--attempts", "7", "--json").json
    assert (len(found["attempts_made"]), found["attempts_total"]) == (7, 30)
    assert found["attempts_made"][0]["content_hash"] == 255


def test_why_tells_when_a_record_was_acknowledged_last(cli: CommandLine, world: World) -> None:
    with world.engine() as engine:
        engine.sync(Entity.PRODUCT)
    (last,) = cli("why", "products", "3", "--attempts", "1", "--json").json["attempts_made"]
    # Neither a call that failed nor one with another content acknowledges this one.
    world.ask_state(
        "INSERT INTO influence.attempt (at, entity, key, call, outcome, content_hash) "
        f"VALUES (now() + interval '1 h', 'product', '3', 'x', 'later', {last['content_hash']}), "
        "(now() + interval '1 h', 'product', '3', 'x', 'accepted', 7) RETURNING 1"
    )
    assert cli("why", "products", "3", "--json").json["acknowledged_at"] == last["at"]


def test_why_says_that_the_log_does_not_know_when(cli: CommandLine, world: World) -> None:
    world.ask_state(
        "INSERT INTO influence.snapshot (entity, key, store_hash, synced_hash) "
        "VALUES ('product', '3', 255, 255) RETURNING 1"
    )
    assert (
        "acknowledged by the API: content 000000ff, when is not in the log of calls (any more)\n"
    ) in cli("why", "products", "3").out


def test_why_says_why_the_last_run_of_what_is_due_stopped(cli: CommandLine, world: World) -> None:
    with world.engine() as engine:
        engine.capture(Entity.PRODUCT)
    cli.set(API_KEY="wrong")
    error = cli("sync", "--entity", "products").error
    assert f"the last run of products stopped: {error}\n" in cli("why", "products", "3").out


# --- what the API says today


def test_why_compares_with_what_the_api_says_today(cli: CommandLine, world: World) -> None:
    world.sync()
    said = cli("why", "orders", "1", "--live").out
    assert re.search(r"^the API today: id 1, .*financialStatus paid", said, re.M)
    assert "  the same as in the store: financialStatus, totalPrice, " in said
    world.sandbox.patch_order("1", financialStatus="voided", totalPrice="1.00")
    said = cli("why", "orders", "1", "--live").out
    assert "  financialStatus differs: the store has paid, the API voided\n" in said
    assert re.search(r"^  totalPrice differs: the store has [\d.]+, the API 1.00$", said, re.M)
    differences = cli("why", "orders", "1", "--live", "--json").json["api"]["differences"]
    assert [d["field"] for d in differences] == ["financialStatus", "totalPrice"]


def test_why_says_which_of_a_customers_fields_differ_and_not_how(
    cli: CommandLine, world: World
) -> None:
    buyer = sample_store.add_customers(world.store_url).customers[0]
    world.sync()
    world.sandbox.put_customer(buyer, email="other@example.com", firstName="Canary")
    said = cli("why", "customers", buyer, "--live").out
    assert "  email differs (values with --show)\n" in said
    assert "  firstName differs (values with --show)\n" in said
    assert "pointBalance 0" in said
    hidden = cli("why", "customers", buyer, "--live", "--json")
    assert {"field": "email", "in_store": None, "at_api": None} in hidden.json["api"]["differences"]
    for text in (said, hidden.out):
        assert "Canary" not in text and "@example" not in text
    assert "the API other@example.com" in cli("why", "customers", buyer, "--live", "--show").out


@pytest.mark.parametrize(
    ("entity", "key", "says"),
    [
        ("orders", "no-such", "it has no such order (HTTP 404)"),
        ("products", "3", "not known: the API has no documented way to ask for a product"),
        ("rewards", "CODE", "not known: the API has no documented way to ask for a reward"),
    ],
)
def test_why_says_what_the_api_does_not_have_or_cannot_be_asked(
    cli: CommandLine, entity: str, key: str, says: str
) -> None:
    assert f"the API today: {says}\n" in cli("why", entity, key, "--live").out


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("API_URL", "http://127.0.0.1:9", "cannot be reached: nothing listens"),
        ("API_URL", "ftp://x", "INFLUENCE_API_URL must be an http(s) URL"),
        ("API_KEY", "wrong", "INFLUENCE_API_KEY is wrong, blocked"),
        ("API_KEY", "", "Not set: INFLUENCE_API_KEY."),
    ],
)
def test_why_tells_the_rest_when_the_api_is_away(
    cli: CommandLine, trouble: Trouble, variable: str, value: str, says: str
) -> None:
    cli.set(**{variable: value})
    ran = cli("why", "customers", trouble.refused, "--live")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("the API today: ")]
    assert (ran.code, line.startswith("the API today: not known: "), says in line) == (
        0,
        True,
        True,
    )
    assert "in the store now: content " in ran.out
    assert ran.out.count("rejected") == 3


def test_why_says_so_when_the_state_is_of_a_newer_version(cli: CommandLine, world: World) -> None:
    world.ask_state("UPDATE influence.schema_version SET version_num = '0999' RETURNING 1")
    ran = cli("why", "orders", "1")
    assert (ran.code, "Install the newer version; nothing was changed." in ran.error) == (1, True)


def test_why_makes_the_schema_of_an_empty_state(cli: CommandLine, empty_database_url: str) -> None:
    cli.set(STATE_URL=empty_database_url)
    assert cli("why", "orders", "1").out.splitlines()[0] == (
        "order 1: in the store, and not seen by a sync yet"
    )


def test_moments_are_moments_of_utc(cli: CommandLine, world: World) -> None:
    world.sync()
    moment = datetime.fromisoformat(cli("why", "products", "3", "--json").json["acknowledged_at"])
    assert str(moment.utcoffset()) == "0:00:00"


def test_why_shows_what_a_transform_makes_of_a_record(cli: CommandLine, world: World) -> None:
    (world.config.parent / "t.py").write_text(
        "def mine(df):\n    df['first_name'] = 'Mx ' + df['first_name']\n    return df\n"
    )
    world.configure(("[customers]\n", '[customers]\ntransform = "t.py:mine"\n'))
    with world.engine() as engine:
        engine.sync(Entity.CUSTOMER)
    found = cli("why", "customers", "cus_000001", "--show", "--json").json["store"]
    assert found["values"]["first_name"].startswith("Mx ")
    assert (found["as_last_seen"], found["as_acknowledged"]) == (True, True)
    # A code that cannot take it is said, and so is one that cannot be had.
    (world.config.parent / "t.py").write_text("def mine(df):\n    raise ValueError('canary')\n")
    found = cli("why", "customers", "cus_000001", "--json").json["store"]
    assert "ValueError in t.py, line 2" in found["unreadable"]
    (world.config.parent / "t.py").unlink()
    found = cli("why", "customers", "cus_000001", "--json").json["store"]
    assert "t.py; influence.toml names it as a transform" in found["trouble"]
