"""What a draft is made by: words, guesses, samples, links; and that it stays small and quick."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import pytest

from influence_pipeline.store.catalog import Catalog, Table, read_catalog
from influence_pipeline.store.draft import kinds, samples
from influence_pipeline.store.draft.statuses import guess
from influence_pipeline.store.draft.words import concepts_of, likeness, tokens
from influence_pipeline_tests.store.draft.conftest import Shop

Open = Callable[[str], Shop]


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("orderPlacedAt", ("order", "placed", "at")),
        ("HTMLBody", ("html", "body")),
        ("Kunden_Straße2", ("kunden", "strasse", "2")),
        ("prénom", ("prenom",)),
        ("order-item", ("order", "item")),
    ],
)
def test_a_name_is_cut_into_words(name: str, cut: tuple[str, ...]) -> None:
    assert tokens(name) == cut


@pytest.mark.parametrize(
    ("name", "concepts"),
    [
        ("sales_order_item", {"order", "line"}),
        ("Bestellpositionen", {"order", "line"}),
        ("ligne_de_commande", {"order", "line"}),
        ("customerGroups", {"customer"}),
        ("product_variants", {"product", "variant"}),
        ("gutscheine", {"coupon"}),
        ("carts", set()),
    ],
)
def test_a_tables_name_says_what_it_holds(name: str, concepts: set[str]) -> None:
    assert concepts_of(name) == concepts


@pytest.mark.parametrize(
    ("field", "better", "worse"),
    [
        ("email", "email", "customer_email"),
        ("email", "emailAddress", "email_confirmed_at"),
        ("total", "grand_total", "shipping_total_tax"),
        ("placed", "orderPlacedAt", "updated_at"),
        ("quantity", "menge", "lagerbestand"),
        ("unit_price", "unit_price_tax_incl", "unit_price_tax_excl"),
        ("number", "bestellnummer", "telefonnummer_id"),
    ],
)
def test_the_nearer_name_is_liked_better(field: str, better: str, worse: str) -> None:
    assert likeness(better, field) > likeness(worse, field)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("paid", "paid"), ("PAID", "paid"), ("bezahlt", "paid"), ("PaymentSettled", "paid"), ("payé", "paid"),
        ("captured", "paid"), ("unpaid", "pending"), ("not_paid", "pending"), ("unbezahlt", "pending"),
        ("partially_paid", "partially_paid"), ("teilbezahlt", "partially_paid"), ("partial", "partially_paid"),
        ("refunded", "refunded"), ("partially-refunded", "partially_refunded"), ("erstattet", "refunded"),
        ("teilweise erstattet", "partially_refunded"), ("canceled", "voided"), ("cancelled", "voided"),
        ("storniert", "voided"), ("annulée", "voided"), ("failed", "voided"), ("authorized", "authorized"),
        ("expired", "expired"), ("pending", "pending"), ("en attente", "pending"), ("on-hold", "pending"),
        ("draft", "not an order"), ("AddingItems", "not an order"), ("Warenkorb", "not an order"),
    ],
)  # fmt: skip
def test_a_word_for_an_orders_state_is_understood(value: str, status: str) -> None:
    assert guess(value) == (status, None)


@pytest.mark.parametrize("value", ["shipped", "completed", "partially fulfilled", "versendet"])
def test_a_word_about_the_goods_is_doubted(value: str) -> None:
    status, doubt = guess(value)
    assert (status, doubt) == ("paid", "it tells of the goods; is it paid by then?")


@pytest.mark.parametrize("value", ["7", "xyzzy", "archived"])
def test_a_word_that_is_not_known_gives_no_points(value: str) -> None:
    status, doubt = guess(value)
    assert (status, doubt is not None) == ("pending", True)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("capture", kinds.TAKEN), ("CAPTURED", kinds.TAKEN), ("payment", kinds.TAKEN), ("sale", kinds.TAKEN),
        ("Zahlung", kinds.TAKEN), ("refund", kinds.BACK), ("partial_refund", kinds.BACK),
        ("Rückzahlung", kinds.BACK), ("hold", kinds.RESERVED), ("auth", kinds.RESERVED),
        ("authorization", kinds.RESERVED), ("fee", kinds.LEFT_OUT), ("payment_fee", kinds.LEFT_OUT),
        ("refund_fee", kinds.LEFT_OUT), ("chargeback", kinds.LEFT_OUT), ("adjustment", kinds.LEFT_OUT),
        ("void_capture", kinds.LEFT_OUT), ("Auszahlung", kinds.LEFT_OUT), ("capture_failed", kinds.LEFT_OUT),
        ("goodwill", kinds.UNKNOWN), ("7", kinds.UNKNOWN), ("", kinds.UNKNOWN),
    ],
)  # fmt: skip
def test_a_kind_of_payments_counts_only_where_it_is_known(value: str, meaning: str) -> None:
    assert kinds.kind_of(value) == meaning


def paid(shop: Shop) -> int:
    orders = shop.records("orders").values()
    return sum(order["financial_status"] in ("paid", "partially_paid") for order in orders)


def test_a_ledger_of_kinds_that_nobody_knows_gives_no_points(open_shop: Open) -> None:
    shop = open_shop("editions")
    assert paid(shop) == 17
    shop.run("UPDATE trade.payment_ledger SET entry_type = 'k' || length(entry_type)")
    assert paid(shop) == 0


def test_a_column_that_tells_how_was_paid_tells_no_kinds(open_shop: Open) -> None:
    shop = open_shop("editions")
    shop.run("DELETE FROM trade.payment_ledger WHERE entry_type <> 'capture'")
    shop.run(
        "UPDATE trade.payment_ledger "
        "SET entry_type = CASE WHEN entry_id % 2 = 0 THEN 'card' ELSE 'bank_transfer' END"
    )
    assert paid(shop) == 18


def test_payments_in_states_that_nobody_knows_give_no_points(open_shop: Open) -> None:
    shop = open_shop("editions")
    shop.run("ALTER TABLE trade.payment_ledger ADD status text NOT NULL DEFAULT 'settled'")
    assert paid(shop) == 17
    shop.run("UPDATE trade.payment_ledger SET status = 'xyzzy'")
    assert paid(shop) == 0


def test_what_is_sold_and_who_buys_is_told_by_keys_whatever_it_is_called(open_shop: Open) -> None:
    shop = open_shop("second_hand")
    shop.run("""
        ALTER TABLE trade.work RENAME TO opus;
        ALTER TABLE trade.edition RENAME TO imprint;
        ALTER TABLE trade.imprint RENAME work_id TO opus_id;
        ALTER TABLE trade.purchase_line RENAME edition_id TO imprint_id;
        ALTER TABLE people.reader RENAME TO punter;
        ALTER TABLE trade.purchase RENAME reader_id TO punter_id;
    """)
    tables = shop.draft().tables
    assert (tables["products"], tables["variants"]) == ("trade.opus", "trade.imprint")
    assert (tables["customers"], tables["order lines"]) == ("people.punter", "trade.purchase_line")
    orders = shop.records("orders")
    assert (orders["10"]["customer_id"], orders["10"]["email"]) == (10, "r10@example.com")
    (line,) = orders["10"]["line_items"]
    assert (line["variant_id"], line["product_id"]) == (10, 2)


def test_entries_of_money_are_no_lines_though_they_are_called_so(open_shop: Open) -> None:
    """Amounts of both signs and kinds are a ledger's; lines lead to what is sold, and count it."""
    shop = open_shop("second_hand")
    shop.run("""
        ALTER TABLE trade.ledger_entry RENAME TO purchase_entry;
        ALTER TABLE trade.purchase_line RENAME TO purchase_copy;
    """)
    tables = shop.draft().tables
    assert (tables["order lines"], tables["payments"]) == (
        "trade.purchase_copy", "trade.purchase_entry",
    )  # fmt: skip
    orders = shop.records("orders")
    assert [orders[str(n)]["financial_status"] for n in (1, 3, 5)] == [
        "paid", "refunded", "authorized",
    ]  # fmt: skip


def test_lines_that_lead_to_seats_of_events(open_shop: Open) -> None:
    shop = open_shop("no_shop")
    shop.run("""
        CREATE TABLE event (event_id integer PRIMARY KEY, title text NOT NULL, starts_at timestamptz);
        CREATE TABLE seat (
            seat_id integer PRIMARY KEY, event_id integer NOT NULL REFERENCES event, row_no integer
        );
        CREATE TABLE orders (
            order_id integer PRIMARY KEY, email text, total numeric, status text, created_at timestamptz
        );
        CREATE TABLE order_entry (
            entry_id integer PRIMARY KEY, order_id integer NOT NULL REFERENCES orders,
            seat_id integer NOT NULL REFERENCES seat, tickets integer NOT NULL, price numeric
        );
        INSERT INTO event SELECT n, 'Evening ' || n, now() FROM generate_series(1, 4) n;
        INSERT INTO seat SELECT n, (n - 1) % 4 + 1, n FROM generate_series(1, 20) n;
        INSERT INTO orders SELECT n, 'a@example.com', 9, 'paid', now() FROM generate_series(1, 20) n;
        INSERT INTO order_entry SELECT n, n, n, 1, 9 FROM generate_series(1, 20) n;
        ANALYZE
    """)
    (line,) = shop.records("orders")["7"]["line_items"]
    assert (line["variant_id"], line["product_id"], line["quantity"]) == (7, 3, 1)
    assert shop.records("products")["3"]["title"] == "Evening 3"


def test_a_picture_beside_what_is_sold_is_no_product(open_shop: Open) -> None:
    shop = open_shop("editions")
    shop.run("""
        CREATE TABLE trade.plate (plate_id integer PRIMARY KEY, title text NOT NULL, width integer);
        INSERT INTO trade.plate VALUES (1, 'Front', 100);
        ALTER TABLE trade.order_item ADD plate_id integer REFERENCES trade.plate;
        UPDATE trade.order_item SET plate_id = 1
    """)
    tables = shop.draft().tables
    assert (tables["products"], tables["variants"]) == ("trade.book", "trade.book_edition")


def test_a_category_is_no_product_of_which_products_are_variants(open_shop: Open) -> None:
    shop = open_shop("editions")
    shop.run("""
        CREATE TABLE trade.book_category (category_id integer PRIMARY KEY, title text, slug text);
        INSERT INTO trade.book_category VALUES (1, 'Novels', 'novels');
        ALTER TABLE trade.book ADD category_id integer REFERENCES trade.book_category;
        UPDATE trade.book SET category_id = 1;
        ALTER TABLE trade.order_item ADD book_id integer REFERENCES trade.book;
        UPDATE trade.order_item SET book_id = 1
    """)
    assert shop.draft().tables["products"] == "trade.book"


def test_a_history_is_asked_only_where_the_order_keeps_no_state(open_shop: Open) -> None:
    shop = open_shop("editions")
    assert "trade.order_status_history" in shop.draft().files["influence.toml"]
    shop.run("ALTER TABLE trade.shop_order ADD status text NOT NULL DEFAULT 'placed'")
    assert "trade.order_status_history" not in shop.draft().files["influence.toml"]


def test_the_last_state_is_the_one_of_the_latest_moment(open_shop: Open) -> None:
    shop = open_shop("editions")
    shop.run("DELETE FROM trade.payment_ledger WHERE order_id = 4")
    assert shop.records("orders")["4"]["financial_status"] == "voided"
    shop.run("""
        INSERT INTO trade.order_status_history (order_id, status, happened_at)
        VALUES (4, 'placed', '2026-05-03T00:00:00Z')
    """)
    assert shop.records("orders")["4"]["financial_status"] == "pending"


def test_where_no_table_is_found_the_likeliest_are_named_with_their_points(open_shop: Open) -> None:
    shop = open_shop("editions")
    shop.run("ALTER TABLE trade.book RENAME TO heap; ALTER TABLE trade.heap DROP title CASCADE")
    shop.run("ALTER TABLE trade.order_item DROP edition_id; DROP TABLE trade.book_edition")
    draft = shop.draft()
    assert "products" in draft.missing
    assert "not taken: trade." in draft.files["products.sql"]
    assert "nothing.id" not in draft.files["influence.toml"]
    assert shop.records("products") == {}


def look_at(shop: Shop, name: str) -> samples.Sample:
    with closing(shop.store()) as store, store.transaction() as connection:
        (table,) = read_catalog(connection).named(name)
        return samples.sample(connection, table)


def test_labels_are_few_short_and_nobodys(open_shop: Open) -> None:
    shop = open_shop("no_shop")
    shop.run("""
        CREATE TABLE mixed AS
        SELECT n, (ARRAY['new', 'done'])[n % 2 + 1] AS state, 'Person ' || n AS name,
               (ARRAY['a@example.com', 'b@example.com'])[n % 2 + 1] AS mail,
               CASE WHEN n % 2 = 0 THEN '' END AS nothing
        FROM generate_series(1, 100) n
    """)
    seen = look_at(shop, "mixed").seen
    assert seen["state"].labels == (("done", 50), ("new", 50))
    assert seen["name"].labels is None
    assert seen["mail"].labels is None
    assert seen["mail"].emails == 1
    assert seen["nothing"].is_empty


def test_a_sample_is_bounded(open_shop: Open) -> None:
    shop = open_shop("no_shop")
    shop.run("CREATE TABLE large AS SELECT n FROM generate_series(1, 200000) n; ANALYZE large")
    sample = look_at(shop, "large")
    assert sample.rows <= samples.ROWS
    # From all over the table, not its first rows.
    assert sample.seen["n"].median is not None
    assert sample.seen["n"].median > 10_000


def test_a_link_that_only_a_name_implies_must_hold(open_shop: Open) -> None:
    """ps_orders.id_customer is named after ps_customer; here it numbers something else."""
    shop = open_shop("looked_up")
    text = shop.draft().files["orders.sql"]
    assert "id_customer leads to public.ps_customer (named after ps_customer)" in text
    shop.run("UPDATE ps_orders SET id_customer = id_customer + 1000000")
    text = shop.draft().files["orders.sql"]
    assert "leads to public.ps_customer (named" not in text


def test_payments_that_most_paid_orders_have_none_of_are_not_where_the_money_is(
    open_shop: Open,
) -> None:
    shop = open_shop("german")
    assert "money.taken" in shop.draft().files["orders.sql"]
    shop.run("DELETE FROM laden.zahlungen WHERE bestellung_id > 5")
    text = " ".join(shop.draft().files["orders.sql"].replace("-- ", "").split())
    assert "laden.zahlungen is not asked, because it has a row for only 1 of 8 orders" in text
    assert "money.taken" not in text
    assert "WHEN o.status::text = 'bezahlt' THEN 'paid'" in text


def test_a_state_that_is_too_rare_for_a_sample_has_its_line(open_shop: Open) -> None:
    shop = open_shop("german")
    shop.run("""
        INSERT INTO laden.bestellungen (bestellnummer, status, gesamtbetrag, waehrung, bestelldatum)
        SELECT 'X' || n, CASE n WHEN 3000 THEN 'Entwurf' ELSE 'offen' END, 1990, 'EUR', now()
        FROM generate_series(1, 3000) n
    """)
    assert "NOT IN ('Warenkorb', 'Entwurf')" in shop.draft().files["orders.sql"]


def test_a_copy_in_a_schema_of_backups_is_not_taken(open_shop: Open) -> None:
    shop = open_shop("till")
    shop.run("""
        CREATE SCHEMA backup;
        CREATE TABLE backup.receipt (LIKE shop.receipt INCLUDING ALL);
        INSERT INTO backup.receipt OVERRIDING SYSTEM VALUE SELECT * FROM shop.receipt;
        ANALYZE
    """)
    assert shop.draft().tables["orders"] == "shop.receipt"


def test_the_pipelines_own_tables_are_no_part_of_the_store(state_url: str, open_shop: Open) -> None:
    with closing(Shop(state_url, open_shop("till").folder).store()) as store:
        with store.transaction() as connection:
            catalog = read_catalog(connection)
    assert [table.name for table in catalog if table.schema == "influence"] == []


def test_a_column_that_the_store_cannot_compute_gives_way_to_a_null(open_shop: Open) -> None:
    """A view's own fault: reading one of its columns fails."""
    shop = open_shop("till")
    shop.run("""
        ALTER TABLE shop.receipt RENAME TO receipt_base;
        CREATE VIEW shop.receipt AS
        SELECT receipt_no, person_no, mail, cents, cancelled,
               (CASE WHEN receipt_no > 0 THEN 'soon' END)::timestamp AS bought
        FROM shop.receipt_base
    """)
    shop.run("DROP TABLE shop.money CASCADE")
    draft = shop.draft()
    text = " ".join(draft.files["orders.sql"].replace("-- ", "").split())
    if draft.tables["orders"] == "shop.receipt":
        assert "TODO: the store refused" in text
    assert shop.records("orders")


def test_keys_of_several_columns_are_written_as_one(open_shop: Open) -> None:
    shop = open_shop("no_shop")
    shop.run("""
        CREATE TABLE orders (
            branch integer, number integer, email text, total numeric, status text,
            created_at timestamptz, PRIMARY KEY (branch, number)
        );
        CREATE TABLE order_items (
            branch integer, number integer, line integer, title text, quantity integer, price numeric,
            PRIMARY KEY (branch, number, line), FOREIGN KEY (branch, number) REFERENCES orders
        );
        INSERT INTO orders VALUES (1, 7, 'a@example.com', 5, 'paid', now()), (2, 7, 'b@example.com', 6, 'paid', now());
        INSERT INTO order_items VALUES (1, 7, 1, 'Thing', 2, 2.5);
        ANALYZE
    """)
    orders = shop.records("orders")
    assert set(orders) == {"1-7", "2-7"}
    assert [line["title"] for line in orders["1-7"]["line_items"]] == ["Thing"]
    toml = shop.draft().files["influence.toml"]
    assert "key = \"concat_ws('-', l.branch, l.number)\"" in toml


def test_hundreds_of_tables_in_several_schemas_take_seconds(open_shop: Open) -> None:
    shop = open_shop("german")
    for schema in ("crm", "wms", "erp"):
        shop.run(f"CREATE SCHEMA {schema}")
        for kind in ("order_log", "customer_tag", "product_import", "payment_event", "thing"):
            shop.run("".join(
                f"CREATE TABLE {schema}.{kind}_{n} (id integer PRIMARY KEY, order_id integer, "
                "customer_id integer, email text, status text, total numeric, created_at timestamptz);"
                for n in range(50)
            ))  # fmt: skip
    began = time.monotonic()
    draft = shop.draft()
    assert time.monotonic() - began < 10
    assert draft.tables["orders"] == "laden.bestellungen"
    assert draft.tables["customers"] == "laden.kunden"


def test_a_catalog_of_nothing_is_no_trouble() -> None:
    assert list(Catalog([])) == []
    assert Table(1, "s", "t", "r", "s.t", None, False, True, True).identity == ()
