"""The table of ChanServ."""

from __future__ import annotations

from typing import Final

from chatnet.dispatch import Table

CHANSERV: Final = Table()
"""Every command of ChanServ; the modules of this package enter theirs when they are imported."""
