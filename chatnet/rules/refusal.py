"""Why something may not be done: a numeric and its parameters."""

from __future__ import annotations

from chatnet.wire.numerics import Numeric


class Refusal:
    """What the asker is told. Rules return one, or None for "she may"."""

    __slots__ = ("args", "numeric")

    def __init__(self, numeric: Numeric, *args: object) -> None:
        self.numeric = numeric
        self.args = args

    def __repr__(self) -> str:
        return f"<Refusal {self.numeric.name} {self.args}>"
