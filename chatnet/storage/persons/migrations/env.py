"""What Alembic runs: all steps that are missing, on the connection and by the table it was handed."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["table"],
)
context.run_migrations()
