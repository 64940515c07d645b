"""A table of what people report."""

from alembic import op
from sqlalchemy import Column

from chatnet.storage.tables import TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make it; there is nothing in it."""
    op.create_table(
        "report",
        Column("key", TEXT, primary_key=True),
        Column("state", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
