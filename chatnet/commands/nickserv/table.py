"""The table of NickServ."""

from __future__ import annotations

from typing import Final

from chatnet.dispatch import Table

NICKSERV: Final = Table()
"""Every command of NickServ; the modules of this package enter theirs when they are imported.

A verb is one word, or two: ``SET PASSWORD``.
"""
