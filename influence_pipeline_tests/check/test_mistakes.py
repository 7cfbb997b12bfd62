"""Mistakes that people make in a configuration: `check` finds each before any call, and says where
it stands and how to mend it. The control is the configuration without a mistake."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from influence_pipeline.check.finding import Level
from influence_pipeline_tests.check.conftest import Place

# A mistake, the check that must name it, and the world it is made in.
MISTAKES: dict[str, tuple[Callable[[Place], None], str, str]] = {}


def mistake(
    check: str, *, world: str = "shared_world"
) -> Callable[[Callable[[Place], None]], Callable[[Place], None]]:
    def note(make: Callable[[Place], None]) -> Callable[[Place], None]:
        MISTAKES[make.__name__] = (make, check, world)
        return make

    return note


# -- variables ---------------------------------------------------------------------------------


@mistake("config.store_url")
def no_store_url(place: Place) -> None:
    place.set(STORE_URL=None)


@mistake("config.store_url")
def a_web_address_for_the_store(place: Place) -> None:
    place.set(STORE_URL="https://shop.example/")


@mistake("config.store_url")
def a_store_url_without_a_database(place: Place) -> None:
    url = place.variables["INFLUENCE_STORE_URL"] or ""
    place.set(STORE_URL=url.rpartition("/")[0] + "/")


@mistake("config.state_url")
def no_state_url(place: Place) -> None:
    place.set(STATE_URL=None)


@mistake("config.api_key")
def no_api_key(place: Place) -> None:
    place.set(API_KEY=None)


@mistake("config.webhook_token")
def no_token(place: Place) -> None:
    place.set(WEBHOOK_TOKEN=None)


@mistake("webhooks.token")
def a_short_token(place: Place) -> None:
    place.set(WEBHOOK_TOKEN="s3cret-token")


@mistake("webhooks.token")
def a_token_of_one_letter(place: Place) -> None:
    place.set(WEBHOOK_TOKEN="a" * 40)


@mistake("webhooks.token")
def a_token_that_changes_in_a_url(place: Place) -> None:
    place.set(WEBHOOK_TOKEN="Zm9vYmFy/Zm9vYmFyZm9vYmFyZm9vYmFy+A==")


@mistake("config.secrets")
def the_key_as_the_token(place: Place) -> None:
    place.set(WEBHOOK_TOKEN=place.variables["INFLUENCE_API_KEY"])


@mistake("config.secrets")
def the_old_token_is_the_new_one(place: Place) -> None:
    place.set(WEBHOOK_TOKEN_PREVIOUS=place.variables["INFLUENCE_WEBHOOK_TOKEN"])


@mistake("config.coupon_url")
def one_role_for_reading_and_for_coupons(place: Place) -> None:
    place.set(COUPON_URL=place.variables["INFLUENCE_STORE_URL"])


@mistake("alerts.told")
def addresses_without_a_mail_server(place: Place) -> None:
    place.set(ALERT_EMAIL="ops@shop.example")


@mistake("alerts.mail")
def a_mail_server_that_is_not_there(place: Place) -> None:
    place.set(ALERT_EMAIL="ops@shop.example", SMTP_URL="smtp://127.0.0.1:9")


@mistake("alerts.mail")
def a_mail_server_at_the_port_of_tls(place: Place) -> None:
    place.set(ALERT_EMAIL="ops@shop.example", SMTP_URL="smtp://127.0.0.1:465")


@mistake("store.database")
def store_and_state_are_swapped(place: Place) -> None:
    place.set(STORE_URL=place.world.state_url, STATE_URL=place.world.store_url)


@mistake("store.connection")
def a_wrong_password(place: Place) -> None:
    url = place.variables["INFLUENCE_STORE_URL"] or ""
    place.set(STORE_URL=url.replace("a%20reader%27s", "another"))


@mistake("store.connection")
def a_wrong_port(place: Place) -> None:
    url = place.variables["INFLUENCE_STORE_URL"] or ""
    place.set(STORE_URL=re.sub(r":\d+/", ":1/", url))


@mistake("store.connection")
def a_database_that_is_not_there(place: Place) -> None:
    url = place.variables["INFLUENCE_STORE_URL"] or ""
    place.set(STORE_URL=url.rpartition("/")[0] + "/shop_of_somebody_else")


@mistake("state.connection")
def a_state_that_nobody_serves(place: Place) -> None:
    place.set(STATE_URL="postgresql://me:pw@127.0.0.1:1/state")


@mistake("api.key")
def a_wrong_api_key(place: Place) -> None:
    place.set(API_KEY="inf_live_not_the_one")


@mistake("api.address")
def the_dashboard_for_the_api(place: Place) -> None:
    place.set(API_URL="https://influence.io.example/dashboard")


@mistake("api.address")
def the_api_with_its_version(place: Place) -> None:
    place.set(API_URL="https://platform.api.influence.io/v1")


@mistake("api.key")
def an_api_that_is_not_up(place: Place) -> None:
    place.set(API_URL="http://127.0.0.1:1")


@mistake("config.file")
def a_file_that_is_not_there(place: Place) -> None:
    place.set(CONFIG=str(place.folder / "influenza.toml"))


# -- influence.toml ----------------------------------------------------------------------------


@mistake("config.file")
def no_version(place: Place) -> None:
    place.toml("version = 1\n", "")


@mistake("config.file")
def a_newer_version(place: Place) -> None:
    place.toml("version = 1", "version = 9")


@mistake("config.file")
def a_misspelt_key(place: Place) -> None:
    place.toml('query = "orders.sql"', 'querry = "orders.sql"')


@mistake("config.file")
def a_bracket_that_is_not_closed(place: Place) -> None:
    place.toml("[orders]", "[orders")


@mistake("config.file")
def a_reward_without_its_currency(place: Place) -> None:
    place.toml('value = "5.00"\ncurrency = "EUR"', 'value = "5.00"')


@mistake("config.file")
def a_go_live_without_a_zone(place: Place) -> None:
    place.toml("go_live = 2000-01-01T00:00:00+00:00", "go_live = 2026-11-01T00:00:00")


@mistake("config.go_live")
def a_go_live_of_next_year(place: Place) -> None:
    place.toml('accept = ["state.durability", "config.go_live"]', 'accept = ["state.durability"]')
    place.toml("go_live = 2000-01-01T00:00:00+00:00", "go_live = 2036-01-01T00:00:00Z")


@mistake("config.files")
def a_file_under_another_name(place: Place) -> None:
    place.toml('query = "orders.sql"', 'query = "order.sql"')


@mistake("config.files")
def one_file_for_two_entities(place: Place) -> None:
    place.toml('query = "products.sql"', 'query = "customers.sql"')


@mistake("config.files")
def look_up_and_create_are_one_file(place: Place) -> None:
    place.toml('create = "coupon_create.sql"', 'create = "coupon_lookup.sql"')


@mistake("coupons.writer")
def look_up_and_create_are_swapped(place: Place) -> None:
    place.toml('lookup = "coupon_lookup.sql"', 'lookup = "x.sql"')
    place.toml('create = "coupon_create.sql"', 'create = "coupon_lookup.sql"')
    place.toml('lookup = "x.sql"', 'lookup = "coupon_create.sql"')


@mistake("config.schedule")
def a_cron_line_of_four_fields(place: Place) -> None:
    place.add('[schedule]\nsync = "*/5 * * *"')


@mistake("config.schedule")
def a_zone_that_is_none(place: Place) -> None:
    place.add('[schedule]\ntimezone = "Europe/Wien"')


@mistake("config.protocol")
def the_protocol_that_nobody_verified(place: Place) -> None:
    place.toml("[orders]\n", '[orders]\nprotocol = "direct"\n')


@mistake("config.delivery")
def a_short_time_out(place: Place) -> None:
    place.add("[delivery]\ntimeout_seconds = 5")


@mistake("config.api_names")
def a_name_that_is_never_sent(place: Place) -> None:
    place.add('[api_names]\norder = { totlPrice = "amount" }')


@mistake("webhooks.verification")
def verification_is_off(place: Place) -> None:
    place.add("[webhooks]\nverify_redemptions = false")


# -- SELECTs -----------------------------------------------------------------------------------


@mistake("customers.select")
def a_wrong_column(place: Place) -> None:
    place.edit("customers.sql", "c.phone", "c.telephone")


@mistake("orders.select")
def a_wrong_table(place: Place) -> None:
    place.edit("orders.sql", "FROM orders o", "FROM order_headers o")


@mistake("orders.select")
def a_column_that_is_missing(place: Place) -> None:
    place.edit("orders.sql", "       upper(o.currency_code) AS currency,\n", "")


@mistake("orders.columns")
def a_column_under_another_name(place: Place) -> None:
    place.edit("orders.sql", "AS line_items", "AS lineitems")


@mistake("orders.select")
def a_comma_too_many(place: Place) -> None:
    place.edit("orders.sql", "o.placed_at AS created_at\n", "o.placed_at AS created_at,\n")


@mistake("orders.select")
def a_float_for_an_amount(place: Place) -> None:
    place.edit("orders.sql", "       o.total,\n", "       o.total::float AS total,\n")


@mistake("orders.select")
def a_naive_timestamp(place: Place) -> None:
    place.edit("orders.sql", "o.placed_at AS created_at", "o.placed_at::timestamp AS created_at")


@mistake("orders.select")
def a_text_for_the_lines(place: Place) -> None:
    place.edit("orders.sql", "lines.list AS line_items", "lines.list::text AS line_items")


@mistake("customers.select")
def a_statement_that_writes(place: Place) -> None:
    place.write("customers.sql", "DELETE FROM customers RETURNING id, email")


@mistake("products.select")
def two_statements(place: Place) -> None:
    place.edit("products.sql", "SELECT p.id", "SELECT 1; SELECT p.id")


@mistake("products.select")
def an_empty_file(place: Place) -> None:
    place.write("products.sql", "  \n")


@mistake("customers.ids")
def two_rows_a_key(place: Place) -> None:
    place.edit(
        "customers.sql",
        "FROM customers c\n",
        "FROM customers c\nJOIN orders o ON o.customer_id = c.id\n",
    )


@mistake("products.ids")
def a_key_that_may_be_empty(place: Place) -> None:
    place.edit("products.sql", "SELECT p.id,", "SELECT nullif(p.id, 1) AS id,")


@mistake("customers.ids")
def a_key_that_is_no_key(place: Place) -> None:
    place.edit("customers.sql", "SELECT c.id,", "SELECT c.last_name AS id,")


@mistake("customers.steady")
def now_in_a_record(place: Place) -> None:
    place.edit("customers.sql", "c.phone,", "clock_timestamp()::text AS phone,")


@mistake("products.steady")
def items_in_any_order(place: Place) -> None:
    place.edit("products.sql", " ORDER BY v.position, v.id", "")


@mistake("customers.records")
def another_column_for_the_email(place: Place) -> None:
    place.edit("customers.sql", "       c.email,\n", "       c.last_name AS email,\n")


@mistake("customers.emails")
def one_email_for_all(place: Place) -> None:
    place.edit("customers.sql", "       c.email,\n", "       'info@shop.example' AS email,\n")


@mistake("customers.birthdays")
def birthdays_as_people_write_them(place: Place) -> None:
    place.edit("customers.sql", "c.birthday,", "to_char(c.birthday, 'DD.MM.YYYY') AS birthday,")


@mistake("products.variants")
def every_variant_at_every_product(place: Place) -> None:
    place.edit("products.sql", "WHERE v.product_id = p.id", "WHERE true")


@mistake("orders.minor_units")
def cents_for_euros(place: Place) -> None:
    place.edit("orders.sql", "       o.total,\n", "       (o.total * 100)::bigint AS total,\n")


@mistake("orders.totals")
def cents_for_the_total_only(place: Place) -> None:
    place.edit("orders.sql", "       o.total,\n", "       o.total * 100 AS total,\n")


@mistake("orders.totals")
def cents_for_the_lines_only(place: Place) -> None:
    place.edit("orders.sql", "'unit_price', l.unit_price", "'unit_price', l.unit_price * 100")


@mistake("orders.amounts")
def what_is_still_open_for_the_total(place: Place) -> None:
    place.edit("orders.sql", "       o.total,\n", "       o.total - o.total AS total,\n")


@mistake("orders.records")
def a_sign_for_a_currency(place: Place) -> None:
    place.edit("orders.sql", "upper(o.currency_code) AS currency", "'€' AS currency")


@mistake("orders.records")
def the_label_for_the_status(place: Place) -> None:
    place.edit(
        "orders.sql", "END AS financial_status", "END || 'x' AS old, o.status AS financial_status"
    )


@mistake("orders.statuses")
def a_status_that_never_moves(place: Place) -> None:
    place.edit("orders.sql", "END AS financial_status", "END AS old, 'pending' AS financial_status")


@mistake("orders.placed")
def a_zone_that_is_not_the_column_s(place: Place) -> None:
    place.edit(
        "orders.sql", "o.placed_at AS created_at", "o.placed_at + interval '60 days' AS created_at"
    )


@mistake("orders.customers")
def another_id_for_the_customer(place: Place) -> None:
    place.edit("orders.sql", "       o.customer_id,\n", "       o.id + 100000 AS customer_id,\n")


@mistake("orders.emails")
def the_neighbour_as_the_customer(place: Place) -> None:
    place.edit(
        "orders.sql",
        "       o.customer_id,\n",
        "       (SELECT min(c.id) FROM customers c WHERE c.id > o.customer_id) AS customer_id,\n",
    )


@mistake("orders.products")
def skus_for_product_ids(place: Place) -> None:
    place.edit("orders.sql", "'product_id', l.product_id", "'product_id', 'P-' || l.product_id")


@mistake("orders.codes")
def several_codes_in_one_text(place: Place) -> None:
    place.edit(
        "orders.sql",
        "discounts.list AS discount_codes",
        "'[\"SUMMER,WELCOME\"]'::jsonb AS discount_codes",
    )


# -- what words and lists give away ------------------------------------------------------------


@mistake("orders.clock")
def orders_of_the_last_days_only(place: Place) -> None:
    place.edit(
        "orders.sql",
        "WHERE o.placed_at IS NOT NULL",
        "WHERE o.placed_at > now() - interval '900 days'",
    )


@mistake("orders.created_at")
def the_last_change_as_the_moment_of_placing(place: Place) -> None:
    place.edit("orders.sql", "o.placed_at AS created_at", "o.updated_at AS created_at")


@mistake("orders.cents")
def cents_divided_as_whole_numbers(place: Place) -> None:
    place.edit(
        "orders.sql", "       o.total,\n", "       (o.total * 100)::bigint / 100 AS total,\n"
    )


@mistake("orders.exact_codes")
def codes_in_small_letters(place: Place) -> None:
    place.edit("orders.sql", "'code', d.code", "'code', lower(d.code)")


@mistake("customers.deleted")
def people_who_have_left(place: Place) -> None:
    place.edit("customers.sql", "WHERE c.deleted_at IS NULL AND account", "WHERE account")
    place.edit("customers.sql", " AND a.deleted_at IS NULL", "")


@mistake("orders.names")
def keys_as_javascript_writes_them(place: Place) -> None:
    place.edit("orders.sql", "'product_id', l.product_id", "'productId', l.product_id")


@mistake("products.names")
def a_name_for_a_title(place: Place) -> None:
    place.edit("products.sql", "'title', v.title", "'name', v.title")


@mistake("orders.bound")
def every_code_at_every_order(place: Place) -> None:
    place.edit("orders.sql", "WHERE d.order_id = o.id", "WHERE true")


@mistake("orders.codes")
def what_codes_took_off_with_the_wrong_sign(place: Place) -> None:
    place.edit("orders.sql", "'amount', d.amount", "'amount', -d.amount")


@mistake("orders.placed")
def the_day_for_the_moment(place: Place) -> None:
    place.edit(
        "orders.sql", "o.placed_at AS created_at", "date_trunc('day', o.placed_at) AS created_at"
    )


@mistake("orders.changed_at", world="world")
def a_stamp_that_never_moves(place: Place) -> None:
    place.shop("ALTER TABLE payments ADD touched timestamptz DEFAULT '2026-01-01Z'")
    place.toml('key = "p.order_id"\n', 'key = "p.order_id"\nchanged_at = "p.touched"\n')


@mistake("orders.variants")
def product_and_variant_exchanged(place: Place) -> None:
    place.edit("orders.sql", "'product_id', l.product_id", "'product_id', l.product_id + 1")


@mistake("orders.keys")
def a_status_that_payments_do_not_move(place: Place) -> None:
    text = (place.folder / "orders.sql").read_text()
    start, end = text.index("       CASE\n"), text.index("       lines.list AS line_items")
    label = "CASE o.status WHEN 'completed' THEN 'paid' WHEN 'canceled' THEN 'voided' ELSE 'pending' END"
    place.write("orders.sql", f"{text[:start]}       {label} AS financial_status,\n{text[end:]}")


@mistake("orders.customers")
def one_customer_for_all_guests(place: Place) -> None:
    place.edit("orders.sql", "       o.customer_id,\n", "       '0' AS customer_id,\n")


@mistake("orders.sources")
def a_condition_behind_the_tables(place: Place) -> None:
    place.toml('from = "payments p"', "from = \"payments p WHERE p.status = 'captured'\"")


@mistake("rights.read")
def a_select_that_locks(place: Place) -> None:
    place.write("customers.sql", "SELECT c.id, c.email FROM customers c FOR UPDATE")


@mistake("config.environment")
def a_misspelt_variable(place: Place) -> None:
    place.set(COUPONS_URL=place.variables["INFLUENCE_COUPON_URL"])


@mistake("config.certificates")
def certificates_that_are_not_there(place: Place) -> None:
    place.variables["CURL_CA_BUNDLE"] = str(place.folder / "ca.pem")


@mistake("config.guards")
def a_second_for_each_statement(place: Place) -> None:
    place.toml("version = 1\n", "version = 1\nstore_statement_timeout_seconds = 1\n")


@mistake("customers.all")
def a_sample_from_trying(place: Place) -> None:
    place.edit("customers.sql", "FROM customers c\n", "FROM customers c TABLESAMPLE SYSTEM (90)\n")


@mistake("config.store_url")
def a_misspelt_sslmode(place: Place) -> None:
    place.set(STORE_URL=f"{place.variables['INFLUENCE_STORE_URL']}?sslmode=verify_full")


@mistake("webhooks.token")
def a_token_in_words(place: Place) -> None:
    place.set(WEBHOOK_TOKEN="change-me-to-a-long-random-secret")


@mistake("config.api_names")
def two_fields_under_one_name(place: Place) -> None:
    place.add('[api_names]\norder = { totalPrice = "amount", subtotalPrice = "amount" }')


@mistake("config.schedule")
def a_day_that_never_comes(place: Place) -> None:
    place.add('[schedule]\nfull_compare = "0 0 31 2 *"')


@mistake("config.schedule")
def the_schedules_are_swapped(place: Place) -> None:
    place.add('[schedule]\nsync = "17 3 * * *"\nfull_compare = "*/5 * * * *"')


@mistake("config.delivery")
def a_pattern_that_fits_everything(place: Place) -> None:
    place.add('[delivery]\norder_not_found_pattern = ".*"')


@mistake("config.guards")
def tables_among_the_shops(place: Place) -> None:
    place.toml("version = 1\n", 'version = 1\nstate_schema = "public"\n')


@mistake("coupons.values")
def a_coupon_of_another_is_overwritten(place: Place) -> None:
    path = place.folder / "coupon_create.sql"
    path.write_text(
        path.read_text() + "\nON CONFLICT (code) DO UPDATE SET value = excluded.value\n"
    )


@mistake("coupons.values")
def only_coupons_that_can_be_used(place: Place) -> None:
    place.edit("coupon_lookup.sql", "WHERE code = :code", "WHERE code = :code AND times_used = 0")


@mistake("coupons.trial")
def the_beginning_of_a_code_will_do(place: Place) -> None:
    place.edit("coupon_lookup.sql", "WHERE code = :code", "WHERE code LIKE :code || '%'")


@mistake("members.write", world="world")
def every_row_for_each_member(place: Place) -> None:
    place.shop(
        "ALTER TABLE customers ADD points integer; GRANT UPDATE (points), SELECT ON customers TO store_coupons"
    )
    place.write(
        "member.sql", "UPDATE customers SET points = :point_balance WHERE :customer_id IS NOT NULL"
    )
    place.add('[members]\nwrite = "member.sql"')


@mistake("rewards.worth")
def a_place_holder_for_a_rule(place: Place) -> None:
    place.add('[rewards."<your rule id>"]\nkind = "free_shipping"')


@mistake("rewards.listed")
def a_list_that_lists_nothing(place: Place) -> None:
    text = place.world.config.read_text()
    start, end = text.index("[rewards."), text.index("[check]")
    place.world.config.write_text(text[:start] + text[end:])
    place.toml(
        'currency = "EUR"\n# How many coupons',
        'currency = "EUR"\nlisted_rules_only = true\n# How many coupons',
    )


# -- transforms --------------------------------------------------------------------------------


def with_transform(place: Place, text: str) -> None:
    place.toml("[customers]\n", '[customers]\ntransform = "hooks.py"\n')
    place.write("hooks.py", text)


@mistake("customers.select")
def a_transform_that_is_no_python(place: Place) -> None:
    with_transform(place, "def transform(df)\n    return df\n")


@mistake("customers.transform")
def a_transform_under_another_name(place: Place) -> None:
    with_transform(place, "def clean(df):\n    return df\n")


@mistake("customers.transform")
def a_transform_that_leaves_rows_out(place: Place) -> None:
    with_transform(place, "def transform(df):\n    return df.head(1)\n")


@mistake("customers.transform")
def a_transform_that_some_rows_break(place: Place) -> None:
    with_transform(
        place,
        "def transform(df):\n    df['phone'] = [len(p) and p for p in df['phone']]\n    return df\n",
    )


@mistake("customers.transform")
def a_transform_that_mixes_rows(place: Place) -> None:
    with_transform(
        place, "def transform(df):\n    df['phone'] = df['phone'].tolist()[::-1]\n    return df\n"
    )


# -- sources -----------------------------------------------------------------------------------


@mistake("orders.keys")
def a_key_that_names_the_wrong_column(place: Place) -> None:
    place.toml(
        'from = "payments p"\nrows = ["p"]\nkey = "p.order_id"',
        'from = "payments p"\nrows = ["p"]\nkey = "p.id"',
    )


@mistake("orders.keys")
def a_wrong_column_behind_a_join(place: Place) -> None:
    place.toml(
        'from = "refunds r JOIN payments p ON p.id = r.payment_id"\nrows = ["r"]\nkey = "p.order_id"',
        'from = "refunds r JOIN payments p ON p.id = r.payment_id"\nrows = ["r"]\nkey = "r.payment_id"',
    )


@mistake("products.keys")
def the_variant_for_the_product(place: Place) -> None:
    place.toml('key = "v.product_id"', 'key = "v.id"')


@mistake("products.sources")
def a_key_of_another_type(place: Place) -> None:
    place.toml('key = "v.product_id"', 'key = "v.sku"')


@mistake("orders.sources")
def an_alias_that_is_not_there(place: Place) -> None:
    place.toml('from = "order_lines l"\nrows = ["l"]', 'from = "order_lines l"\nrows = ["lines"]')


@mistake("orders.sources")
def a_table_that_is_not_there(place: Place) -> None:
    place.toml('from = "order_discounts d"', 'from = "order_coupons d"')


@mistake("orders.coverage")
def a_table_that_no_source_names(place: Place) -> None:
    place.toml('[[orders.sources]]\nfrom = "payments p"\nrows = ["p"]\nkey = "p.order_id"\n', "")
    place.toml(
        '[[orders.sources]]\nfrom = "refunds r JOIN payments p ON p.id = r.payment_id"\nrows = ["r"]\nkey = "p.order_id"\n',
        "",
    )


@mistake("orders.sources", world="world")
def a_stamp_without_its_zone(place: Place) -> None:
    place.shop("ALTER TABLE payments ADD touched timestamp DEFAULT now()")
    place.toml('key = "p.order_id"\n', 'key = "p.order_id"\nchanged_at = "p.touched"\n')


@mistake("orders.changed_at", world="world")
def a_stamp_that_is_empty(place: Place) -> None:
    place.shop("ALTER TABLE payments ADD touched timestamptz")
    place.toml('key = "p.order_id"\n', 'key = "p.order_id"\nchanged_at = "p.touched"\n')


@mistake("orders.changed_at", world="world")
def a_stamp_in_another_zone(place: Place) -> None:
    place.shop("ALTER TABLE payments ADD touched timestamp DEFAULT (now() AT TIME ZONE 'UTC')")
    place.toml(
        'key = "p.order_id"\n',
        'key = "p.order_id"\nchanged_at = "p.touched"\ntime_zone = "America/Los_Angeles"\n',
    )


@mistake("orders.size", world="world")
def a_stamp_without_an_index(place: Place) -> None:
    place.shop(
        "CREATE TABLE moves AS SELECT g AS order_id, now() AS at FROM generate_series(1, 80000) g"
    )
    place.shop("GRANT SELECT ON moves TO store_reader; ANALYZE moves")
    place.add(
        '[[orders.sources]]\nfrom = "moves m"\nrows = ["m"]\nkey = "m.order_id::bigint"\nchanged_at = "m.at"'
    )


@mistake("orders.changed_at")
def the_moment_of_creation_as_that_of_a_change(place: Place) -> None:
    place.toml('key = "p.order_id"\n', 'key = "p.order_id"\nchanged_at = "p.created_at"\n')


@mistake("orders.size")
def a_join_without_its_condition(place: Place) -> None:
    place.toml(
        'from = "refunds r JOIN payments p ON p.id = r.payment_id"',
        'from = "refunds r CROSS JOIN payments p CROSS JOIN order_lines l"',
    )


@mistake("orders.keys")
def the_number_for_the_id(place: Place) -> None:
    place.edit("orders.sql", "SELECT o.id,\n       o.number,", "SELECT o.number AS id,")


# -- rights ------------------------------------------------------------------------------------


@mistake("orders.select", world="world")
def a_grant_that_is_missing(place: Place) -> None:
    place.shop("REVOKE SELECT ON payments FROM store_reader")


@mistake("orders.sources", world="world")
def a_grant_without_the_system_columns(place: Place) -> None:
    place.shop("REVOKE SELECT ON refunds FROM store_reader")
    place.shop("GRANT SELECT (payment_id, amount) ON refunds TO store_reader")


@mistake("orders.hidden_rows", world="world")
def rows_that_are_hidden(place: Place) -> None:
    place.shop("ALTER TABLE refunds ENABLE ROW LEVEL SECURITY")


@mistake("rights.reader", world="world")
def a_reader_who_may_write(place: Place) -> None:
    place.shop("GRANT UPDATE ON orders TO store_reader")


@mistake("rights.reader")
def the_owner_as_the_reader(place: Place) -> None:
    place.set(STORE_URL=place.world.store_url)


@mistake("rights.coupons", world="world")
def coupons_by_somebody_who_may_do_more(place: Place) -> None:
    place.shop("GRANT UPDATE ON customers TO store_coupons")


@mistake("coupons.trial", world="world")
def coupons_by_somebody_who_may_not(place: Place) -> None:
    place.shop("REVOKE INSERT ON discount_codes FROM store_coupons")


@mistake("coupons.database")
def no_role_for_coupons(place: Place) -> None:
    place.set(COUPON_URL=None)


@mistake("coupons.database")
def coupons_into_another_database(place: Place) -> None:
    place.set(COUPON_URL=place.world.state_url)


@mistake("customers.all")
def a_limit_from_trying(place: Place) -> None:
    text = (place.folder / "customers.sql").read_text()
    place.write("customers.sql", text.rstrip() + "\nLIMIT 100 -- try\n")


@mistake("customers.keys")
def a_condition_that_leaves_almost_all_out(place: Place) -> None:
    place.edit(
        "customers.sql",
        "WHERE c.deleted_at IS NULL",
        "WHERE c.id = (SELECT min(id) FROM customers) AND c.deleted_at IS NULL",
    )


@mistake("products.titles")
def the_number_for_the_title(place: Place) -> None:
    place.edit("products.sql", "p.title,", "p.id::text AS title,")


@mistake("config.guards")
def the_guard_is_off(place: Place) -> None:
    place.add("[capture]\nmass_change_percent = 100")


@mistake("config.import_from")
def an_import_from_the_future(place: Place) -> None:
    place.add('[schedule]\nimport_from = "2062-01"')


# -- coupons and rewards -----------------------------------------------------------------------


@mistake("coupons.writer")
def a_value_that_is_not_there(place: Place) -> None:
    place.edit("coupon_create.sql", ":code, :customer_id", ":coupon, :customer_id")


@mistake("coupons.writer")
def quotes_around_a_value(place: Place) -> None:
    place.edit("coupon_lookup.sql", ":code", "':code'")


@mistake("coupons.trial")
def a_column_of_coupons_that_is_not_there(place: Place) -> None:
    place.edit("coupon_create.sql", "usage_limit,\n", "uses_left,\n")


@mistake("coupons.trial")
def a_look_up_that_finds_everything(place: Place) -> None:
    place.edit("coupon_lookup.sql", "WHERE code = :code", "WHERE code = :code OR true LIMIT 1")


@mistake("coupons.trial")
def a_look_up_that_takes_no_notice_of_case(place: Place) -> None:
    place.edit("coupon_lookup.sql", "WHERE code = :code", "WHERE lower(code) = lower(:code)")


@mistake("coupons.trial")
def a_coupon_in_capitals_only(place: Place) -> None:
    place.edit("coupon_create.sql", "    :code,", "    upper(:code),")


@mistake("coupons.limits")
def an_expiry_that_is_not_kept(place: Place) -> None:
    place.edit("coupon_create.sql", ":expires_at", "NULL")


@mistake("coupons.section")
def no_way_to_make_coupons(place: Place) -> None:
    text = place.world.config.read_text()
    start, end = text.index("[coupons]"), text.index("[check]")
    place.world.config.write_text(text[:start] + text[end:])


@mistake("coupons.values")
def a_worth_that_is_always_the_same(place: Place) -> None:
    place.edit("coupon_create.sql", ":kind, :value", ":kind, 5")


@mistake("coupons.values")
def a_coupon_for_any_number_of_orders(place: Place) -> None:
    place.edit("coupon_create.sql", ":usage_limit", "NULL")


@mistake("coupons.caps")
def a_cap_below_the_rewards(place: Place) -> None:
    place.add('[coupons.caps]\nlargest_amount = "2"')


@mistake("coupons.currency")
def no_currency_for_coupons(place: Place) -> None:
    place.toml('currency = "EUR"\n# How many coupons', "# How many coupons")


@mistake("coupons.writer")
def an_admin_api_without_its_address(place: Place) -> None:
    place.toml(
        'writer = "sql"\nlookup = "coupon_lookup.sql"\ncreate = "coupon_create.sql"',
        'writer = "medusa"',
    )


@mistake("coupons.writer")
def a_table_of_codes_that_is_not_there(place: Place) -> None:
    place.toml(
        'writer = "sql"\nlookup = "coupon_lookup.sql"\ncreate = "coupon_create.sql"',
        'writer = "table"\ntable = "vouchers"',
    )


@mistake("webhooks.addresses", world="world")
def a_subscription_with_another_token(place: Place) -> None:
    place.world.sandbox.good(
        "POST",
        "/v1/webhooks",
        {"topic": "points/redeemed", "url": "https://shop.example/webhooks/influence/old"},
    )


@mistake("rewards.orders")
def a_reward_in_a_money_of_nobody(place: Place) -> None:
    place.toml('value = "5.00"\ncurrency = "EUR"', 'value = "5.00"\ncurrency = "CHF"')


@mistake("rewards.orders")
def a_reward_in_cents(place: Place) -> None:
    place.toml('value = "5.00"\ncurrency = "EUR"', 'value = "500"\ncurrency = "EUR"')


@mistake("rewards.worth")
def a_share_for_percent(place: Place) -> None:
    place.toml('value = "10"', 'value = "0.10"')


@mistake("orders.currency")
def coupons_in_another_money(place: Place) -> None:
    place.toml('currency = "EUR"\n# How many coupons', 'currency = "SEK"\n# How many coupons')


@mistake("coupons.products")
def a_gift_that_is_not_in_the_shop(place: Place) -> None:
    place.add('[rewards."gift"]\nkind = "product"\nproducts = ["9999999"]')


@mistake("state.schema", world="world")
def a_schema_of_a_newer_program(place: Place) -> None:
    import psycopg2

    with psycopg2.connect(place.world.state_url) as connection:
        connection.cursor().execute("UPDATE influence.schema_version SET version_num = '9999'")
    connection.close()


def test_where_nothing_is_wrong_nothing_is_said(place: Place) -> None:
    found = place.check()
    said = [one for one in found if one.level not in {Level.OK, Level.NOTE, Level.ACCEPTED}]
    # Only who may see other sessions can tell.
    assert [one.check for one in said] == ["store.long_transactions"], said
    assert len({one.check for one in found}) >= 40
    assert place.calls() == []


def test_there_are_enough_mistakes_to_mean_something() -> None:
    assert len(MISTAKES) >= 60


@pytest.mark.parametrize(
    ("place", "name"), [(MISTAKES[name][2], name) for name in MISTAKES], indirect=["place"]
)
def test_a_mistake_is_named_with_its_place_and_its_mend(place: Place, name: str) -> None:
    make, check, _ = MISTAKES[name]
    make(place)
    before = place.calls()
    found = place.trouble()
    assert check in found, {one: [two.what for two in found[one]] for one in found}
    for one in found[check]:
        assert one.what and one.mend, one
        assert re.search(r"\.(sql|toml)|INFLUENCE_|CA_BUNDLE", one.where), one
    assert place.calls() == before


def test_a_name_that_is_no_check_cannot_be_let_pass(place: Place) -> None:
    place.toml(
        'accept = ["state.durability", ', 'accept = ["state.durabilty", "state.durability", '
    )
    (told,) = place.trouble()["config.accept"]
    assert "state.durabilty" in told.what
