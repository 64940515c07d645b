"""What a new file begins with: it is made whole, by the tables, so there is nothing to do."""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing."""
