"""Alembic's entry: runs the migrations on the connection that `state.database` hands over."""

from alembic import context

from influence_pipeline.state.schema import metadata

connection = context.config.attributes["connection"]
schema = context.config.attributes["schema"]

context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table="schema_version",
    version_table_schema=schema,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
