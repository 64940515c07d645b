"""What is written down, and where."""

from __future__ import annotations

from typing import Literal

from chatnet.settings.base import FilePath, Section


class LogSettings(Section):
    """``[log]``: what is written, and where."""

    level: Literal["debug", "info", "warn", "error"] = "info"
    """The least important level that is written."""
    format: Literal["text", "json"] = "text"
    """``text``: a line for people; ``json``: one JSON object per line."""
    people: bool = True
    """Write, at level info, who came and who left, and why; never what they wrote."""
    addresses: bool = True
    """Write the addresses and host names of people; false: their cloaks instead."""
    file: FilePath = ""
    """Path, relative to the configuration; empty = standard output (twistd's own ``--logfile`` rules)."""
