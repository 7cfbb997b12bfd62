"""What a mapping and a coupon writer need of the store: told by Postgres' own reading of the names,
and nothing more and nothing less than that."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from influence_pipeline.errors import MappingError, StoreError
from influence_pipeline.records import Entity
from influence_pipeline.store.fingerprints import describe_sources, fingerprints_of
from influence_pipeline.store.mapping import Mapping, SourceTables, describe
from influence_pipeline.store.reader import rows_of, source_keys
from influence_pipeline.store.rights import (
    Needs,
    Right,
    excess_rights,
    lacking_rights,
    look,
    parse_tree,
    reads,
)
from influence_pipeline.store.rights.script import RoleScript, reader_script
from influence_pipeline.store.sources import probe_sources
from influence_pipeline.store.statements import Statement, parse_statement
from influence_pipeline_tests.support import roles
from influence_pipeline_tests.support.source_shop import OwnTables, SourceShop

pytestmark = pytest.mark.proves("T18")

VALUES = ("code", "customer_id", "kind", "value", "expires_at", "product_ids")


@pytest.fixture(params=["tables", "old"])
def shop(request: pytest.FixtureRequest) -> SourceShop:
    """A shop on this Postgres, and on version 15, whose parse trees have another form."""
    found: SourceShop = request.getfixturevalue(request.param)
    return found


def mapping(select: str, *sources: SourceTables) -> dict[Entity, Mapping]:
    return {Entity.PRODUCT: Mapping(Entity.PRODUCT, Path("p.sql"), select, sources)}


def source(from_clause: str, rows: str, key: str) -> SourceTables:
    return SourceTables(from_clause, tuple(rows.split()), key)


def statement(sql: str) -> Statement:
    return parse_statement(sql, VALUES, "code", Path("create.sql"))


def needs(shop: OwnTables, mappings: dict[Entity, Mapping]) -> Needs:
    return roles.needs_of_reader(shop.url, mappings)


def written(shop: OwnTables, *statements: str) -> list[str]:
    found = roles.needs_of_writer(shop.url, [statement(sql) for sql in statements])
    return [right.what for right in found.rights]


SHOP = (
    "CREATE SCHEMA shop",
    "CREATE TABLE shop.t (id integer PRIMARY KEY, title text, secret text, parent integer, price numeric)",
    "CREATE TABLE shop.u (uid integer PRIMARY KEY, t_id integer, note text)",
)
T_AND_U = mapping(
    "SELECT t.id, t.title, (SELECT max(u.uid)::text FROM shop.u u WHERE u.t_id = t.id) AS sku"
    " FROM shop.t AS t WHERE t.parent IS NULL",
    source("shop.t t", "t", "t.id"),
    source("shop.t t JOIN shop.u u ON u.t_id = t.id", "u", "t.id"),
)


def test_only_the_columns_that_are_named_anywhere_are_read(shop: SourceShop) -> None:
    shop.run(*SHOP)
    with shop.store.transaction() as connection:
        found = reads(connection, T_AND_U)
    assert found == {
        ("shop", "t"): ("id", "title", "parent", "ctid", "xmin", "tableoid"),
        ("shop", "u"): ("uid", "t_id", "ctid", "xmin", "tableoid"),
    }
    assert [right.what for right in needs(shop, T_AND_U).rights] == [
        "USAGE ON SCHEMA shop",
        "SELECT (id, title, parent, ctid, xmin, tableoid) ON TABLE shop.t",
        "SELECT (uid, t_id, ctid, xmin, tableoid) ON TABLE shop.u",
    ]


@pytest.mark.parametrize(
    ("select", "of_t"),
    [
        ("SELECT id, title FROM shop.t", "(id, title, {})"),
        ("SELECT t.id, t.title FROM shop.t WHERE t.secret IS NULL ORDER BY t.price", "(id, title, secret, price, {})"),
        ("WITH x AS (SELECT * FROM shop.t) SELECT id, title FROM x", "(id, title, secret, parent, price, {})"),
        ("SELECT id, to_jsonb(t)->>'title' AS title FROM shop.t AS t", ""),
        ("SELECT id, 'a' AS title FROM shop.t JOIN (SELECT id AS other FROM shop.t AS b WHERE b.price > 1) c ON other = id", "(id, price, {})"),
        ("SELECT id, title FROM shop.t NATURAL JOIN (SELECT 1 AS parent) p", "(id, title, parent, {})"),
        ("SELECT id, (SELECT count(*) FROM shop.t)::text AS title FROM shop.t", "(id, {})"),
        ("SELECT id, title FROM (TABLE shop.t) s (id, title)", "(id, title, secret, parent, price, {})"),
        ("SELECT id, title FROM shop.t UNION ALL SELECT uid, note FROM shop.u", "(id, title, {})"),
        ("SELECT id, 'SELECT secret FROM shop.t -- ' AS title FROM shop.t /* secret */", "(id, {})"),
    ],
)  # fmt: skip
def test_names_mean_what_they_mean_to_postgres(shop: SourceShop, select: str, of_t: str) -> None:
    shop.run(*SHOP)
    found = needs(shop, mapping(select, source("shop.t t", "t", "t.id")))
    asked = [r.what for r in found.rights if r.object == "shop.t"]
    columns = of_t.format("ctid, xmin, tableoid")
    assert asked == [f"SELECT {columns} ON TABLE shop.t".replace("  ", " ")]


def test_a_table_of_which_only_the_rows_count_needs_one_column(shop: SourceShop) -> None:
    shop.run(*SHOP, "CREATE TABLE shop.flags (word text, bit boolean)")
    found = needs(
        shop,
        mapping(
            "SELECT id, title FROM shop.t",
            source("shop.t t", "t", "t.id"),
            source("shop.t t CROSS JOIN shop.flags f", "f", "t.id"),
        ),
    )
    (asked,) = [r.what for r in found.rights if r.object == "shop.flags"]
    assert asked == "SELECT (word, ctid, xmin, tableoid) ON TABLE shop.flags"


def test_a_view_is_granted_and_the_tables_behind_it_are_not(shop: SourceShop) -> None:
    shop.run(
        *SHOP,
        "CREATE FUNCTION shop.trimmed(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT trim($1)'",
        "REVOKE EXECUTE ON FUNCTION shop.trimmed FROM PUBLIC",
        "CREATE VIEW shop.v AS SELECT id, shop.trimmed(title) AS title, secret FROM shop.t",
    )
    found = needs(shop, mapping("SELECT id, title FROM shop.v", source("shop.v v", "v", "v.id")))
    # Its rows carry no transaction ids, so every column of it is compared; functions in a view are
    # called by whoever reads it.
    assert [right.what for right in found.rights] == [
        "USAGE ON SCHEMA shop",
        "SELECT ON TABLE shop.v",
        "EXECUTE ON FUNCTION shop.trimmed(text)",
    ]
    assert any("shop.trimmed(text) runs with the caller's rights" in note for note in found.notes)


def test_a_view_with_its_readers_rights_needs_its_tables_too(shop: SourceShop) -> None:
    shop.run(
        *SHOP,
        "CREATE VIEW shop.inner_one WITH (security_invoker) AS SELECT id, title FROM shop.t WHERE price > 0",
        "CREATE VIEW shop.v WITH (security_invoker = true) AS SELECT id, title FROM shop.inner_one",
    )
    found = needs(shop, mapping("SELECT id, title FROM shop.v", source("shop.v v", "v", "v.id")))
    assert [right.what for right in found.rights if right.kind == "TABLE"] == [
        "SELECT (id, title) ON TABLE shop.inner_one",
        "SELECT (id, title, price) ON TABLE shop.t",
        "SELECT ON TABLE shop.v",
    ]


def test_a_function_that_everybody_may_call_is_not_granted(shop: SourceShop) -> None:
    shop.run(
        *SHOP,
        "CREATE SCHEMA tools",
        "CREATE FUNCTION tools.mine(integer) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::text'",
        "CREATE FUNCTION tools.ours(integer, text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::text'",
        "REVOKE EXECUTE ON FUNCTION tools.mine FROM PUBLIC",
    )
    found = needs(
        shop,
        mapping("SELECT id, tools.mine(id) || tools.ours(id, '') AS title FROM shop.t", source("shop.t t", "t", "t.id")),
    )  # fmt: skip
    rights = [right.what for right in found.rights if right.kind != "TABLE"]
    assert rights == [
        "USAGE ON SCHEMA shop",
        "USAGE ON SCHEMA tools",
        "EXECUTE ON FUNCTION tools.mine(integer)",
    ]
    # What they do is done with their owner's rights.
    assert found.notes == []


def test_types_and_operators_need_their_schemas(shop: SourceShop) -> None:
    shop.run(
        *SHOP,
        "CREATE SCHEMA kinds",
        "CREATE TYPE kinds.kind AS ENUM ('a', 'b')",
        "CREATE SCHEMA ops",
        "CREATE FUNCTION ops.same(integer, integer) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS 'SELECT true'",
        "CREATE OPERATOR ops.=== (FUNCTION = ops.same, LEFTARG = integer, RIGHTARG = integer)",
    )
    found = needs(
        shop,
        mapping(
            "SELECT id, title::kinds.kind::text AS title FROM shop.t WHERE id OPERATOR(ops.===) 1",
            source("shop.t t", "t", "t.id"),
        ),
    )
    schemas = [right.object for right in found.rights if right.kind == "SCHEMA"]
    assert schemas == ["kinds", "ops", "shop"]


# -- coupons ---------------------------------------------------------------------------------------


def test_a_coupon_needs_the_columns_it_writes_and_the_sequence_behind_its_id(
    shop: SourceShop,
) -> None:
    shop.run(
        *SHOP,
        "CREATE TABLE shop.voucher (id serial PRIMARY KEY, code text UNIQUE, person text, percent numeric)",
    )
    assert written(
        shop,
        "SELECT person AS customer_id FROM shop.voucher WHERE code = :code",
        "INSERT INTO shop.voucher (code, percent) VALUES (:code, :value)",
    ) == [
        "USAGE ON SCHEMA shop",
        "INSERT (code, percent) ON TABLE shop.voucher",
        "SELECT (code, person) ON TABLE shop.voucher",
        "USAGE ON SEQUENCE shop.voucher_id_seq",
    ]


@pytest.mark.parametrize(
    ("create", "rights"),
    [
        ("INSERT INTO shop.voucher (id, code) VALUES (7, :code)", ["INSERT (id, code)"]),
        ("INSERT INTO shop.voucher (id, code) VALUES (DEFAULT, :code)", ["INSERT (id, code)", "USAGE"]),
        ("INSERT INTO shop.voucher (id, code) VALUES (nextval('shop.voucher_id_seq'), :code)", ["INSERT (id, code)", "USAGE"]),
        ("INSERT INTO shop.voucher (code) VALUES (:code) RETURNING id", ["INSERT (code)", "SELECT (id)", "USAGE"]),
        ("INSERT INTO shop.voucher (code) VALUES (:code) ON CONFLICT (code) DO UPDATE SET percent = EXCLUDED.percent + voucher.percent",
         ["INSERT (code)", "SELECT (code, percent)", "UPDATE (percent)", "USAGE"]),
        ("UPDATE shop.voucher SET person = CAST(:customer_id AS text) WHERE code = :code", ["SELECT (code)", "UPDATE (person)"]),
        ("WITH one AS (INSERT INTO shop.voucher (id, code) VALUES (1, :code) RETURNING id) DELETE FROM shop.voucher WHERE id = 0",
         ["DELETE", "INSERT (id, code)", "SELECT (id)"]),
        ("SELECT 1 FROM shop.voucher WHERE code = :code FOR UPDATE", ["SELECT (code)", "UPDATE (id)"]),
        ("SELECT setval('shop.voucher_id_seq', 5) WHERE 'a' = :code", ["UPDATE", "USAGE"]),
        # An identity's sequence is nobody's business.
        ("INSERT INTO shop.other (code) VALUES (:code)", ["INSERT (code)"]),
    ],
)  # fmt: skip
def test_each_way_to_write_needs_its_own(shop: SourceShop, create: str, rights: list[str]) -> None:
    shop.run(
        *SHOP,
        "CREATE TABLE shop.voucher (id serial PRIMARY KEY, code text UNIQUE, person text, percent numeric)",
        "CREATE TABLE shop.other (id integer GENERATED ALWAYS AS IDENTITY, code text)",
    )
    found = [right for right in written(shop, create) if "SCHEMA" not in right]
    assert [right.split(" ON ")[0] for right in found] == rights


@pytest.mark.parametrize(
    "customer", [":customer_id", ":customer_id::uuid", "CAST(:customer_id AS uuid)"]
)
def test_a_coupon_may_have_ids_and_kinds_of_the_shops_own_types(
    shop: SourceShop, customer: str
) -> None:
    shop.run(
        *SHOP,
        "CREATE TYPE shop.sort AS ENUM ('money', 'percent')",
        "CREATE TABLE shop.voucher (code text, person uuid, sort shop.sort, products uuid[])",
    )
    found = written(
        shop,
        "INSERT INTO shop.voucher (code, person, sort, products) "
        f"VALUES (:code, {customer}, CAST(:kind AS shop.sort), CAST(:product_ids AS uuid[]))",
    )
    assert "INSERT (code, person, sort, products) ON TABLE shop.voucher" in found


def test_defaults_and_checks_of_a_table_may_call_functions(shop: SourceShop) -> None:
    shop.run(
        *SHOP,
        "CREATE FUNCTION shop.token() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$SELECT 'x'$$",
        "CREATE FUNCTION shop.fits(text) RETURNS boolean LANGUAGE sql SECURITY DEFINER AS 'SELECT true'",
        "REVOKE EXECUTE ON FUNCTION shop.token, shop.fits FROM PUBLIC",
        "CREATE TABLE shop.voucher (code text CHECK (shop.fits(code)), token text DEFAULT shop.token())",
    )
    assert written(shop, "INSERT INTO shop.voucher (code) VALUES (:code)")[-2:] == [
        "EXECUTE ON FUNCTION shop.fits(text)",
        "EXECUTE ON FUNCTION shop.token()",
    ]


def test_what_cannot_be_seen_is_said(shop: SourceShop) -> None:
    shop.run(
        *SHOP,
        "CREATE TABLE shop.voucher (id integer, code text)",
        "CREATE FUNCTION shop.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER notes BEFORE INSERT ON shop.voucher FOR EACH ROW EXECUTE FUNCTION shop.noted()",
    )
    found = roles.needs_of_writer(
        shop.url,
        [
            statement(
                "INSERT INTO shop.voucher (id, code)"
                " VALUES (nextval(pg_get_serial_sequence('shop.u', 'uid')), :code)"
            )
        ],
    )
    assert "The trigger notes of shop.voucher runs with the writer's rights" in found.notes[0]
    assert "a sequence whose name is only known when it runs" in found.notes[1]


def test_who_prints_needs_no_right_on_the_tables(shop: SourceShop) -> None:
    shop.run(*SHOP)
    everything = needs(shop, T_AND_U)
    name = roles.new_name("asks")
    nothing = roles.script_of_reader(shop.url, name, Needs(rights=everything.rights[:1]))
    with roles.made(shop.url, nothing) as url:
        assert roles.needs_of_reader(url, T_AND_U).rights == everything.rights


def test_nothing_is_run_and_nothing_is_written(shop: SourceShop) -> None:
    shop.run(*SHOP, "CREATE TABLE shop.voucher (id serial, code text)")
    written(
        shop, "INSERT INTO shop.voucher (code) VALUES (:code)", "SELECT 1 / 0 WHERE 'a' = :code"
    )
    assert shop.run("SELECT count(*) FROM shop.voucher") == [(0,)]
    assert shop.run("SELECT last_value, is_called FROM shop.voucher_id_seq") == [(1, False)]


# -- how names are found ---------------------------------------------------------------------------


def test_names_without_a_schema_give_the_role_a_search_path(shop: SourceShop) -> None:
    shop.run(*SHOP, "CREATE SCHEMA aside", "CREATE TABLE aside.t (id integer, title text)")
    mappings = mapping("SELECT id, title FROM t", source("t", "t", "t.id"))
    me = shop.run("SELECT quote_ident(current_user)")[0][0]
    shop.run(f"ALTER ROLE {me} SET search_path = nowhere, aside, shop, public")
    try:
        found = needs(shop, mappings)
        assert found.path == ("aside",)
        assert [right.object for right in found.rights] == ["aside", "aside.t"]
    finally:
        shop.run(f"ALTER ROLE {me} RESET search_path")


def test_a_path_that_every_role_of_the_database_has_is_not_set_again(shop: SourceShop) -> None:
    shop.run(*SHOP)
    name = shop.run("SELECT quote_ident(current_database())")[0][0]
    shop.run(f"ALTER DATABASE {name} SET search_path = shop, public")
    mappings = mapping("SELECT id, title FROM t", source("t", "t", "t.id"))
    assert needs(shop, mappings).path is None


def test_names_with_their_schema_need_no_search_path(shop: SourceShop) -> None:
    shop.run(*SHOP)
    assert needs(shop, T_AND_U).path is None


def test_the_schema_of_the_new_roles_own_name_is_on_its_path(shop: SourceShop) -> None:
    shop.run("CREATE SCHEMA reader", "CREATE TABLE reader.t (id integer, title text)",
             "CREATE TABLE public.t (id integer, title text)")  # fmt: skip
    mappings = mapping("SELECT id, title FROM t", source("t", "t", "t.id"))
    # A role called `reader` would find another table t than the administrator.
    assert needs(shop, mappings).path == ("public",)
    assert roles.needs_of_reader(shop.url, mappings, "other").path is None


def test_tables_with_row_level_security_are_named(shop: SourceShop) -> None:
    shop.run(*SHOP, "ALTER TABLE shop.t ENABLE ROW LEVEL SECURITY")
    found = needs(shop, T_AND_U)
    assert found.filtered == ["shop.t"]
    text = roles.script_of_reader(shop.url, "r", found).render()
    assert "-- CREATE POLICY influence ON shop.t FOR SELECT TO r USING (true);" in text
    assert "-- ALTER ROLE r BYPASSRLS;" in text


def test_a_statement_that_the_store_refuses_is_named_with_its_file(shop: SourceShop) -> None:
    shop.run(*SHOP)
    with pytest.raises(MappingError, match=r"p\.sql: .*column t\.nothing does not exist"):
        needs(shop, mapping("SELECT t.nothing AS id FROM shop.t", source("shop.t t", "t", "t.id")))
    with pytest.raises(MappingError, match=r'from = "shop\.t t": .*column t\.nothing'):
        needs(
            shop,
            mapping("SELECT id, title FROM shop.t", source("shop.t t", "t", "t.nothing")),
        )


@pytest.mark.parametrize(
    "more",
    ["; DELETE FROM shop.u", "; COMMIT; DELETE FROM shop.u; BEGIN", "\n;/* ; */DELETE FROM shop.u"],
)
def test_a_second_statement_is_refused_and_not_run(tables: SourceShop, more: str) -> None:
    tables.run(*SHOP, "INSERT INTO shop.u VALUES (1)")
    with pytest.raises(MappingError, match="one statement is all it may hold"):
        needs(tables, mapping("SELECT id, title FROM shop.t", source(f"shop.t t{more}", "t", "t.id")))  # fmt: skip
    with pytest.raises(MappingError, match="one statement is all it may hold"):
        written(tables, f"INSERT INTO shop.t (title) VALUES (:code){more}")
    assert tables.run("SELECT count(*) FROM shop.u") == [(1,)]


def test_a_semicolon_in_a_text_is_no_second_statement(tables: SourceShop) -> None:
    tables.run(*SHOP)
    select = "SELECT id, title || ';' AS title FROM shop.t -- ; a remark"
    assert needs(tables, mapping(select, source("shop.t t -- ;\n", "t", "t.id"))).rights


def test_a_server_that_sends_no_tree_is_no_proof_that_nothing_is_needed(
    tables: SourceShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.run(*SHOP)
    monkeypatch.setattr(parse_tree, "begin", lambda connection: None)
    with pytest.raises(StoreError, match="sends no parse tree"):
        needs(tables, T_AND_U)


# -- a role held against it ------------------------------------------------------------------------


@pytest.fixture
def narrow(tables: SourceShop) -> Iterator[tuple[str, Needs]]:
    tables.run(
        *SHOP,
        "CREATE TABLE shop.w (wid integer)",
        "CREATE SEQUENCE shop.s",
        "CREATE FUNCTION shop.f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "REVOKE EXECUTE ON FUNCTION shop.f FROM PUBLIC",
    )
    name = tables.run("SELECT quote_ident(current_database())")[0][0]
    tables.run(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
    with roles.reader(tables.url, T_AND_U) as made:
        yield made


def lacks(role_url: str) -> list[tuple[str, str, str]]:
    with closing(roles.opened(role_url)) as store, store.transaction() as connection:
        return [
            (found.object, found.privilege, found.grant)
            for found in lacking_rights(connection, T_AND_U)
        ]


def exceeds(role_url: str) -> list[tuple[str, str]]:
    with closing(roles.opened(role_url)) as store, store.transaction() as connection:
        return [(found.object, found.privilege) for found in excess_rights(connection, T_AND_U)]


def test_a_role_made_by_the_script_lacks_nothing_and_has_nothing_more(
    narrow: tuple[str, Needs],
) -> None:
    assert (lacks(narrow[0]), exceeds(narrow[0])) == ([], [])


def test_each_right_that_is_gone_is_named_and_its_grant_mends_it(
    tables: SourceShop, narrow: tuple[str, Needs]
) -> None:
    url, needs = narrow
    tried = 0
    for right in roles.single_rights(needs):
        with roles.without(tables.url, url, right):
            found = lacks(url)
            assert [(what, privilege) for what, privilege, _ in found] == [
                (right.object, right.privilege)
            ]
            roles.administer(tables.url, found[0][2])
            assert lacks(url) == []
            tried += 1
    assert tried == 12


def test_a_schema_that_may_not_be_used_is_named(
    tables: SourceShop, narrow: tuple[str, Needs]
) -> None:
    """Named in the statement it is refused; on the search path it is passed over without a word."""
    with closing(psycopg2.connect(narrow[0])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        (me,) = cursor.fetchone() or ("",)
    tables.run(f"REVOKE USAGE ON SCHEMA shop FROM {me}")
    expected = ("shop", "USAGE", f"GRANT USAGE ON SCHEMA shop TO {me};")
    assert lacks(narrow[0]) == [expected]
    tables.run(f"ALTER ROLE {me} SET search_path = shop, public")
    mappings = mapping("SELECT id, title FROM t", source("t", "t", "t.id"))
    with closing(roles.opened(narrow[0])) as store, store.transaction() as connection:
        held = look(connection, mappings)
    assert [(x.object, x.privilege, x.grant) for x in held.lacking] == [expected]
    assert held.refused == []


def test_a_statement_that_is_wrong_is_told_from_a_right_that_lacks(
    narrow: tuple[str, Needs],
) -> None:
    mappings = mapping("SELECT id, x AS title FROM shop.t", source("shop.t t", "t", "t.id"))
    with closing(roles.opened(narrow[0])) as store, store.transaction() as connection:
        held = look(connection, mappings)
    assert held.lacking == []
    (refused,) = held.refused
    assert 'column "x" does not exist' in refused


@pytest.mark.parametrize(
    ("grant", "found"),
    [
        ("GRANT SELECT (secret) ON shop.t TO {}", ("shop.t (secret)", "SELECT")),
        ("GRANT SELECT ON shop.u TO {}", ("shop.u (note)", "SELECT")),
        ("GRANT SELECT ON shop.w TO PUBLIC", ("shop.w (wid)", "SELECT")),
        ("GRANT UPDATE (note) ON shop.u TO {}", ("shop.u (note)", "UPDATE")),
        ("GRANT DELETE ON shop.u TO {}", ("shop.u", "DELETE")),
        ("GRANT TRUNCATE ON shop.u TO {}", ("shop.u", "TRUNCATE")),
        ("GRANT USAGE ON SEQUENCE shop.s TO {}", ("shop.s", "USAGE")),
        ("GRANT EXECUTE ON FUNCTION shop.f TO {}", ("shop.f(integer)", "EXECUTE")),
        ("GRANT CREATE ON SCHEMA shop TO {}", ("SCHEMA shop", "CREATE")),
        ("ALTER ROLE {} CREATEROLE", ("the role itself", "CREATEROLE")),
        ("GRANT pg_write_all_data TO {}", ("ROLE pg_write_all_data", "MEMBER")),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT INSERT ON TABLES TO {}", ("TABLES that postgres makes later in schema shop", "INSERT")),
        ("ALTER TABLE shop.w OWNER TO {}", ("TABLE shop.w", "OWNER")),
        ("ALTER ROLE {} SUPERUSER", ("the role itself", "SUPERUSER")),
    ],
)  # fmt: skip
def test_each_right_too_many_is_named(
    tables: SourceShop, narrow: tuple[str, Needs], grant: str, found: tuple[str, str]
) -> None:
    with closing(psycopg2.connect(narrow[0])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        (me,) = cursor.fetchone() or ("",)
    tables.run(grant.format(me))
    assert found in exceeds(narrow[0])
    with closing(roles.opened(narrow[0])) as store, store.transaction() as connection:
        (mend,) = [e.mend for e in look(connection, T_AND_U).excess if (e.object, e.privilege) == found]  # fmt: skip
    if "…" in mend:
        mend = mend.replace("…", "CURRENT_USER")
    tables.run(mend)
    assert found not in exceeds(narrow[0])
    assert lacks(narrow[0]) == []


def test_a_script_that_is_run_again_takes_away_what_is_not_needed_any_more(
    tables: SourceShop, narrow: tuple[str, Needs]
) -> None:
    with closing(psycopg2.connect(narrow[0])) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, quote_ident(current_user)")
        name, me = cursor.fetchone() or ("", "")
    tables.run(f"GRANT ALL ON ALL TABLES IN SCHEMA shop TO {me}", f"GRANT CREATE ON SCHEMA shop TO {me}")  # fmt: skip
    assert exceeds(narrow[0])
    script = roles.script_of_reader(tables.url, name, narrow[1])
    roles.administer(tables.url, *script.statements)
    assert (lacks(narrow[0]), exceeds(narrow[0])) == ([], [])


def test_an_administrators_role_is_left_alone(tables: SourceShop) -> None:
    tables.run(*SHOP)
    admin = tables.run("SELECT current_user")[0][0]
    script = roles.script_of_reader(tables.url, admin, needs(tables, T_AND_U))
    with pytest.raises(psycopg2.errors.RaiseException, match="is an administrator's"):
        roles.administer(tables.url, *script.statements)


# -- names as they come ----------------------------------------------------------------------------

_BITS = (
    '"', "'", " ", "a", "Z", "ä", "ß", "漢", "$influence$", "$$", ";", "--", "/*", "\\", "%s", "%", "{", "}", "(",
    ")", ":relid", " :relid 1 ", ":'role'", ':"role"', "DROP TABLE x", "select", "1", ".", "\n", "\t", "🙂",
)  # fmt: skip


def hostile(chance: random.Random) -> str:
    while True:
        name = "".join(chance.choice(_BITS) for _ in range(chance.randint(1, 9)))
        if 0 < len(name.encode()) < 56:
            return name


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_a_hundred_names_of_any_kind_are_quoted(shop: SourceShop) -> None:
    chance = random.Random(6)
    schema = _identifier(hostile(chance))
    tables: set[str] = set()
    while len(tables) < 100:
        tables.add(hostile(chance))
    make, sources = [f"CREATE SCHEMA {schema}"], []
    for table in sorted(tables):
        key, other = _identifier(hostile(chance) + "k"), _identifier(hostile(chance) + "o")
        made = f"{schema}.{_identifier(table)}"
        make.append(f"CREATE TABLE {made} ({key} integer, {other} text)")
        sources.append(source(f"{made} AS x", "x", f"x.{key}"))
    shop.run("; ".join(make))
    first = sources[0]
    mappings = mapping(f"SELECT {first.key} AS id, 'a' AS title FROM {first.from_clause}", *sources)
    role = hostile(chance) + "r"
    with roles.reader(shop.url, mappings, role) as (url, found):
        assert len([right for right in found.rights if right.kind == "TABLE"]) == 100
        with closing(roles.opened(url)) as store, store.transaction() as connection:
            held = look(connection, mappings)
    assert held.lacking == []
    assert [e.object for e in held.excess if e.privilege == "SELECT"] == []


def test_a_hundred_names_of_roles_are_quoted(tables: SourceShop) -> None:
    chance = random.Random(7)
    tables.run(*SHOP)
    found = needs(tables, T_AND_U)
    names = [hostile(chance) + str(number) for number in range(100)]
    with closing(tables.store) as store, store.transaction() as connection:
        scripts = [
            reader_script(connection, name, found, connections=20, statement_seconds=30)
            for name in names
        ]
    tables.connection.autocommit = False
    for script in scripts:
        tables.run(*script.statements)
    might = "SELECT has_column_privilege(%s, 'shop.t', 'title', 'SELECT'), has_column_privilege(%s, 'shop.t', 'secret', 'SELECT')"
    assert [tables.run(might, values=(name, name)) for name in names] == [[(True, False)]] * 100
    before = tables.run("SELECT count(*) FROM pg_roles")
    # Nothing else came of it, and once is as good as twice.
    for script in scripts:
        tables.run(*script.statements)
    assert tables.run("SELECT count(*) FROM pg_roles") == before
    tables.connection.rollback()


def test_rights_are_compared_by_what_they_are() -> None:
    assert Right("TABLE", "a.b", "SELECT", ("c",), 1, (2,)) == Right(
        "TABLE", "a.b", "SELECT", ("c",)
    )


# -- shapes of tables ------------------------------------------------------------------------------


def job(url: str, mappings: dict[Entity, Mapping]) -> dict[str, int]:
    """Ask all that the engine asks of the store; give the fingerprinted rows of each record."""
    with closing(roles.opened(url)) as store, store.transaction() as connection:
        (one,) = mappings.values()
        described = describe(connection, one)
        probe_sources(connection, described)
        prints = describe_sources(connection, described)
        keys = source_keys(connection, described)
        rows, poison = rows_of(connection, described, keys)
        assert (sorted(row.key for row in rows), poison) == (sorted(keys), [])
        return {key: count for key, _, count in fingerprints_of(connection, prints, keys)}


@pytest.mark.parametrize(
    ("make", "select", "sources"),
    [
        # Partitions: what is granted is the whole.
        (("CREATE TABLE s.p (id integer, title text, other text) PARTITION BY RANGE (id)",
          "CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES FROM (0) TO (10)",
          "CREATE TABLE s.p2 PARTITION OF s.p FOR VALUES FROM (10) TO (20)",
          "INSERT INTO s.p VALUES (1, 'a', 'b'), (11, 'c', 'd')"),
         "SELECT id, title FROM s.p", [("s.p p", "p", "p.id")]),
        (("CREATE TABLE s.p (id integer, title text, other text)", "CREATE TABLE s.p1 () INHERITS (s.p)",
          "INSERT INTO s.p VALUES (1, 'a', 'b')", "INSERT INTO s.p1 VALUES (2, 'a', 'b')"),
         "SELECT id, title FROM s.p", [("s.p p", "p", "p.id")]),
        # Keys and values of types that live in a schema.
        (("CREATE DOMAIN s.key AS text", "CREATE TYPE s.kind AS ENUM ('a')",
          "CREATE TABLE s.t (id s.key, kind s.kind, other text)", "INSERT INTO s.t VALUES ('1', 'a', 'b')"),
         "SELECT id, kind AS title FROM s.t WHERE kind = 'a'", [("s.t t", "t", "t.id")]),
        (("CREATE TABLE s.t (id integer, title text, other text)", "INSERT INTO s.t VALUES (1, 'a', 'b')",
          "CREATE VIEW s.v AS SELECT id, title FROM s.t"),
         "SELECT id, title FROM s.v", [("s.v v", "v", "v.id")]),
        (("CREATE TABLE s.t (id integer, title text, other text)", "INSERT INTO s.t VALUES (1, 'a', 'b')",
          "CREATE MATERIALIZED VIEW s.v AS SELECT id, title, other FROM s.t"),
         "SELECT id, title FROM s.v", [("s.v v", "v", "v.id")]),
        (("CREATE TABLE s.t (id integer, title text, other text)", "INSERT INTO s.t VALUES (1, 'a', 'b')"),
         "SELECT id, title FROM s.t", [("(SELECT id, title FROM s.t) t", "t", "t.id")]),
        (("CREATE TABLE s.t (id integer, title text, other text, at timestamptz DEFAULT now())",
          "INSERT INTO s.t VALUES (1, 'a', 'b')"),
         "SELECT id, title FROM s.t", [("s.t t", "t", "t.id", "t.at")]),
        # One that may have no row of its own.
        (("CREATE TABLE s.t (id integer, title text, other text)", "INSERT INTO s.t VALUES (1, 'a', 'b')",
          "CREATE TABLE s.u (t integer, word text, other text)"),
         "SELECT t.id, coalesce(u.word, title) AS title FROM s.t LEFT JOIN s.u ON u.t = t.id",
         [("s.t t LEFT JOIN s.u u ON u.t = t.id", "t u", "t.id")]),
        (("CREATE TABLE s.t (id integer, title text, \"Other One\" text)", "INSERT INTO s.t VALUES (1, 'a', 'b')"),
         "SELECT id, \"Other One\" AS title FROM s.t", [("s.t AS \"T T\"", "\"T-T\"", "id")]),
    ],
)  # fmt: skip
def test_the_job_runs_with_exactly_the_rights_on_every_shape_of_table(
    shop: SourceShop, make: tuple[str, ...], select: str, sources: list[tuple[str, ...]]
) -> None:
    shop.run("CREATE SCHEMA s", *make)
    made = [
        SourceTables(given[0].replace("T T", "T-T"), tuple(given[1].split()), *given[2:])
        for given in sources
    ]
    mappings = mapping(select, *made)
    with roles.reader(shop.url, mappings) as (url, _):
        assert job(url, mappings) == job(shop.url, mappings) != {}
        with closing(roles.opened(url)) as store, store.transaction() as connection:
            held = look(connection, mappings)
    assert held.lacking == []
    assert [e for e in held.excess if not e.for_all] == []


def advice(script: RoleScript) -> list[str]:
    return [statement for part in script.parts for statement in part.advice]


def test_the_policy_that_is_advised_shows_all_rows(shop: SourceShop) -> None:
    shop.run(
        *SHOP, "ALTER TABLE shop.t ENABLE ROW LEVEL SECURITY", "INSERT INTO shop.t VALUES (1, 'a')"
    )
    with roles.reader(shop.url, T_AND_U) as (url, found):
        assert job(url, T_AND_U) == {}
        role = shop.run("SELECT rolname FROM pg_roles WHERE rolname LIKE 'reader %'")[0][0]
        policy = advice(roles.script_of_reader(shop.url, role, found))[0]
        shop.run(policy)
        assert job(url, T_AND_U) == {"1": 1}


def test_a_reader_that_follows_timestamps_may_be_let_see_open_transactions(
    shop: SourceShop,
) -> None:
    shop.run(*SHOP, "ALTER TABLE shop.t ADD COLUMN at timestamptz")
    by_time = mapping(
        "SELECT id, title FROM shop.t", SourceTables("shop.t t", ("t",), "t.id", "t.at")
    )
    other = shop.run("SELECT pg_backend_pid()")[0][0]
    seen = f"SELECT 1 / (count(*) FILTER (WHERE query <> '<insufficient privilege>' AND pid = {other}))::int FROM pg_stat_activity"
    with roles.reader(shop.url, by_time) as (url, found):
        role = shop.run("SELECT rolname FROM pg_roles WHERE rolname LIKE 'reader %'")[0][0]
        advised = [
            s
            for s in advice(roles.script_of_reader(shop.url, role, found))
            if "DATABASE" not in s and "SCHEMA" not in s
        ]
        assert advised[-1].startswith("GRANT pg_read_all_stats TO")
        with pytest.raises(psycopg2.errors.DivisionByZero):
            roles.may(url, seen)
        shop.run(*advised)
        assert roles.may(url, seen)
        with closing(roles.opened(url)) as store, store.transaction() as connection:
            assert [e for e in look(connection, by_time).excess if not e.for_all] == []
    with roles.reader(shop.url, T_AND_U) as (_, found):
        assert not any(
            "pg_read_all_stats" in s for s in advice(roles.script_of_reader(shop.url, "r", found))
        )
