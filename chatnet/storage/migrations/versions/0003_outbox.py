"""A table of what hooks are to be told."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, SmallInteger

from chatnet.storage.tables import TEXT

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it; there is nothing in it."""
    op.create_table(
        "outbox",
        Column("id", Integer, primary_key=True),
        Column("hook", TEXT, nullable=False),
        Column("event", TEXT, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("due", BigInteger, nullable=False),
        Column("tries", SmallInteger, nullable=False),
        Column("body", TEXT, nullable=False),
    )
    op.create_index("outbox_hook", "outbox", ["hook", "due"])
