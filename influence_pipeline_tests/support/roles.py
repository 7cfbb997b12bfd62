"""Roles made by the SQL that `influence-pipeline roles` prints, for a test, and taken away after it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from influence_pipeline.errors import StoreError
from influence_pipeline.postgres import Postgres
from influence_pipeline.records import Entity
from influence_pipeline.store.mapping import Mapping as EntityMapping
from influence_pipeline.store.rights import (
    Needs,
    Right,
    reader_needs,
    writer_needs,
    written_out,
)
from influence_pipeline.store.rights.script import RoleScript, coupons_script, reader_script
from influence_pipeline.store.statements import Statement

PASSWORD = "it's narrow"
_numbers = itertools.count(1)


def new_name(words: str = "narrow") -> str:
    """A role's name that no other test of this server has: roles belong to the server."""
    return f"{words} {next(_numbers)}"


def as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = f"{quote(role, safe='')}:{quote(PASSWORD, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{who}@{place}"))


def administer(url: str, *statements: Any) -> None:
    """Run statements as the administrator, each committed."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@contextmanager
def made(url: str, script: RoleScript) -> Iterator[str]:
    """Run a script's statements; give the URL of its role, and drop the role afterwards."""
    me = sql.Identifier(script.role)
    administer(
        url,
        *script.statements,
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(me, sql.Literal(PASSWORD)),
    )
    try:
        yield as_role(url, script.role)
    finally:
        administer(
            url,
            sql.SQL("DROP OWNED BY {}").format(me),
            sql.SQL("DROP ROLE {}").format(me),
        )


def opened(url: str, *, read_only: bool = True) -> Postgres:
    return Postgres(url, variable="the store", kind=StoreError, read_only=read_only)


def needs_of_reader(
    url: str, mappings: Mapping[Entity, EntityMapping], role: str = "reader"
) -> Needs:
    with closing(opened(url)) as store, store.transaction() as connection:
        return reader_needs(connection, mappings, role=role)


def needs_of_writer(url: str, statements: Sequence[Statement], role: str = "coupons") -> Needs:
    with closing(opened(url)) as store, store.transaction() as connection:
        return writer_needs(connection, written_out(connection, statements), role=role)


def script_of_reader(url: str, role: str, needs: Needs) -> RoleScript:
    with closing(opened(url)) as store, store.transaction() as connection:
        return reader_script(connection, role, needs, connections=20, statement_seconds=30)


def script_of_writer(url: str, role: str, needs: Needs) -> RoleScript:
    with closing(opened(url)) as store, store.transaction() as connection:
        return coupons_script(connection, role, needs, connections=16)


@contextmanager
def reader(
    url: str, mappings: Mapping[Entity, EntityMapping], role: str | None = None
) -> Iterator[tuple[str, Needs]]:
    """Make the role that these mappings need; give its URL and what it was granted."""
    role = role or new_name("reader")
    needs = needs_of_reader(url, mappings, role)
    with made(url, script_of_reader(url, role, needs)) as role_url:
        yield role_url, needs


@contextmanager
def writer(
    url: str, statements: Sequence[Statement], role: str | None = None
) -> Iterator[tuple[str, Needs]]:
    role = role or new_name("coupons")
    needs = needs_of_writer(url, statements, role)
    with made(url, script_of_writer(url, role, needs)) as role_url:
        yield role_url, needs


def single_rights(needs: Needs) -> list[Right]:
    """The same rights, each column one of its own."""
    return [
        Right(right.kind, right.object, right.privilege, (column,), right.oid, (number,))
        if column is not None
        else right
        for right in needs.rights
        for column, number in (zip(right.columns, right.numbers, strict=True) if right.columns else [(None, 0)])
    ]  # fmt: skip


@contextmanager
def without(url: str, role_url: str, right: Right) -> Iterator[None]:
    """Take one right away for a while."""
    who = _quoted(role_url)
    administer(url, right.revoke(who))
    try:
        yield
    finally:
        administer(url, right.grant(who))


def _quoted(role_url: str) -> str:
    with closing(psycopg2.connect(role_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        row = cursor.fetchone()
        assert row is not None
        return str(row[0])


def may(role_url: str, statement: str) -> bool:
    """Whether a role may run a statement in a transaction that may write; nothing of it is kept."""
    with closing(psycopg2.connect(role_url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ WRITE")
            try:
                cursor.execute(statement)
            except psycopg2.errors.InsufficientPrivilege:
                return False
            finally:
                connection.rollback()
    return True


def columns(url: str) -> list[tuple[str, str]]:
    """Every table and view of the store with its columns, as SQL writes them."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', n.nspname, c.relname), quote_ident(a.attname) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_'"
            " AND n.nspname <> 'information_schema' AND a.attnum > 0 AND NOT a.attisdropped"
            " ORDER BY 1, a.attnum"
        )
        return [(table, column) for table, column in cursor]
