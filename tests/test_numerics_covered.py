"""Every numeric of the table was sent to somebody in some conversation, in its form.

conftest.py runs this after all others, and only when the whole of `tests/` runs.
"""

from __future__ import annotations

from conversation import missing_numerics


def test_every_numeric_was_produced_by_a_conversation() -> None:
    missing = sorted(missing_numerics)
    assert missing == [], "let a conversation produce these, or take them out of wire/numerics.py"
