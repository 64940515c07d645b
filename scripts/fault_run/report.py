"""The result of a run, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field

from fault_run.checker import Count
from fault_run.faults import KINDS, Struck


@dataclass
class Result:
    """One fault: what it was, what became of messages, and which promises were broken."""

    number: int
    kind: str
    struck: Struck = field(default_factory=Struck)
    count: Count = field(default_factory=Count)
    splits: int = 0
    connections: int = 0
    filled: int = 0  # messages that servers remember over splits
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)
    crowded: bool = False  # whether the machine was too crowded for any promise about time
    whole: bool = True  # whether everybody heard everybody in the end

    def __str__(self) -> str:
        words = [f"{self.number:4} {self.kind}, {self.struck.where}"]
        if self.struck.how:
            words.append(f", {self.struck.how}")
        words.append(f": {self.seconds:.1f} s")
        if self.crowded:
            words.append(", crowded")
        if self.splits:
            words.append(f", splits {self.splits}")
        return "".join([*words, *(f"\n     BROKEN: {text}" for text in self.broken)])


HEAD = (
    "fault",
    "outage",
    "count",
    "lost",
    "doubled",
    "reordered",
    "splits",
    "connections",
    "left out",
    "filled in",
    "broken",
)


def table(results: list[Result]) -> str:
    """A row for each kind of fault, and their sum."""
    rows: list[tuple[str, ...]] = [HEAD]
    for name, kind in KINDS.items():
        some = [result for result in results if result.kind == name]
        if some:
            rows.append(row(name, kind.outage.value, some))
    rows.append(row("all", "", results))
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    lines = []
    for cells in rows:
        padded = [
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append("| " + " | ".join(padded) + " |")
    rule = (
        "| "
        + " | ".join("-" * width if at < 2 else "-" * (width - 1) + ":" for at, width in enumerate(widths))
        + " |"
    )
    return "\n".join([lines[0], rule, *lines[1:]])


def row(name: str, outage: str, results: list[Result]) -> tuple[str, ...]:
    total = sum((result.count for result in results), Count())
    numbers = (
        len(results),
        total.lost,
        total.doubled,
        total.reordered,
        sum(result.splits for result in results),
        sum(result.connections for result in results),
        total.missed,
        sum(result.filled for result in results),
        sum(bool(result.broken) for result in results),
    )
    return (name, outage, *map(str, numbers))
