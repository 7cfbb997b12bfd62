"""Opening the state database: connect, bring the schema up to this version, refuse a newer one."""

from __future__ import annotations

import sqlalchemy as sa

from influence_pipeline.errors import StateError
from influence_pipeline.postgres import Postgres
from influence_pipeline.state.connection import DEFAULT_SCHEMA, MIGRATIONS, VARIABLE, connect
from influence_pipeline.state.schema import HEAD_REVISION

# "influence" in ASCII; one migration at a time per database, held to the end of its transaction.
_MIGRATION_LOCK = 0x696E666C75656E63
_HAS_SCHEMA = sa.text("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = :schema)")


def open_state(url: str, *, schema: str = DEFAULT_SCHEMA, pool_size: int = 5) -> Postgres:
    """Connect and make sure the schema is this version's; an empty or older one is upgraded.

    Raises StateError if the database cannot be reached or its schema is newer than this program.
    """
    state = connect(url, schema=schema, pool_size=pool_size)
    if _revision(state, schema) != HEAD_REVISION:
        _migrate(state, schema)
    return state


def upgrade(url: str, *, schema: str = DEFAULT_SCHEMA) -> None:
    """Bring the schema of the database at `url` up to this version."""
    open_state(url, schema=schema).close()


def revision_of(state: Postgres, schema: str = DEFAULT_SCHEMA) -> str | None:
    """Give the schema's revision, or None where it has never been made. Raises StateError."""
    return _revision(state, schema)


def _revision(state: Postgres, schema: str) -> str | None:
    with state.transaction() as connection:
        return _revision_seen(connection, schema)


def _revision_seen(connection: sa.Connection, schema: str) -> str | None:
    table = connection.execute(
        sa.text("SELECT to_regclass(format('%I.schema_version', CAST(:schema AS text)))"),
        {"schema": schema},
    ).scalar()
    if table is None:
        return None
    return connection.execute(sa.text("SELECT version_num FROM schema_version")).scalar()


def _migrate(state: Postgres, schema: str) -> None:
    # Alembic costs half a second to import, so only who migrates pays for it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with state.transaction() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:id)"), {"id": _MIGRATION_LOCK})
        # Looked at again under the lock: another process may have migrated meanwhile. By the
        # connection that holds it: those who wait for it may have taken all others of a pooler.
        found = _revision_seen(connection, schema)
        if found == HEAD_REVISION:
            return
        if found is not None and found not in known:
            raise StateError(
                f'The schema "{schema}" in the state database ({VARIABLE}) has revision {found}, '
                f"made by a newer influence_pipeline; this one knows up to {HEAD_REVISION}. "
                "Install the newer version; nothing was changed."
            )
        if not connection.execute(_HAS_SCHEMA, {"schema": schema}).scalar_one():
            # IF NOT EXISTS would ask for CREATE on the database also where there is nothing to do;
            # a role that was given its schema needs none.
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        config.attributes.update(connection=connection, schema=schema)
        command.upgrade(config, "head")
