"""How much a test may try: as much as one waits for, or as much as a night allows.

``HYPOTHESIS_PROFILE=nightly scripts/test tests/links/test_resume_random.py`` takes the larger numbers.
"""

from __future__ import annotations

import os
from typing import Final

NIGHTLY: Final = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


def runs(ordinary: int, nightly: int) -> int:
    """How many runs, or steps of one."""
    return nightly if NIGHTLY else ordinary
