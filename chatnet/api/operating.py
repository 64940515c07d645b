"""What this server keeps for operators: figures, how these went, and what operators are told."""

from __future__ import annotations

from dataclasses import dataclass

from chatnet.api.figures import Figures
from chatnet.api.notices import Notices
from chatnet.api.series import Series


@dataclass(slots=True, frozen=True)
class Operating:
    """The three of them, of one server."""

    figures: Figures
    series: Series
    notices: Notices
