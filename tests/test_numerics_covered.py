"""Every numeric of the table was sent to somebody in some conversation, in its form.

conftest.py runs this after all others, and only when the whole of `tests/` runs.
"""

from __future__ import annotations

import pytest
from conversation import missing_numerics


def test_every_numeric_was_produced_by_a_conversation() -> None:
    if missing_numerics:
        missing = ", ".join(sorted(missing_numerics))
        pytest.fail(f"no conversation produces these numerics of wire/numerics.py: {missing}", pytrace=False)
