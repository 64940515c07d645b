"""What the runs come to: medians in a table, or everything as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass

from bench_load.scenarios import UNITS


@dataclass(frozen=True)
class Measured:
    """One run: which scenario, of which server, in which round, and what came of it."""

    scenario: str
    server: str
    round: int
    figures: dict[str, float]
    trouble: list[str]


# Figure: heading, unit (with {} for what the scenario counts), format.
COLUMNS = {
    "cpu": ("server CPU", "µs/{}", "{:.3g}"),
    "rate": ("throughput", "{}/s", "{:.0f}"),
    "memory": ("memory", "kB/connection", "{:.2f}"),
    "startup": ("server CPU", "s to listening", "{:.2f}"),
}
MORE_IS_BETTER = ("rate",)
RATIO = "ratio: how many times the first is better than the last, median of the rounds; above 1 it costs less"

Round = tuple[str, int]
"""The scenario, and which time it was."""


def of(runs: list[Measured], scenario: str | None, server: str, figure: str) -> dict[Round, float]:
    """A figure's values in the rounds that went well; scenario None: in all scenarios."""
    return {
        (run.scenario, run.round): run.figures[figure]
        for run in runs
        if not run.trouble
        and scenario in (None, run.scenario)
        and run.server == server
        and figure in run.figures
    }


def median(values: Collection[float], form: str) -> str:
    """The median with the lowest and the highest, in that format."""
    if not values:
        return "-"
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(statistics.median(values))} ({low} to {high})"


def ratio(figure: str, first: dict[Round, float], last: dict[Round, float]) -> str:
    """How many times better the first is, round by round: a round's two runs met the same other work."""
    pairs = [(first[which], last[which]) for which in first if which in last]
    if figure in MORE_IS_BETTER:
        pairs = [(b, a) for a, b in pairs]
    return median([b / a for a, b in pairs if a], "{:.2f}")


def rows(runs: list[Measured], servers: list[str]) -> Iterator[list[str]]:
    """Lines of the table: scenario, figure, unit; median and range for each server; last the ratio."""
    scenarios = [name for name in UNITS if any(run.scenario == name for run in runs)]
    wanted = [(name, name, figure) for name in scenarios for figure in ("cpu", "rate", "memory")]
    for label, scenario, figure in [*wanted, ("startup", None, "startup")]:
        values = [of(runs, scenario, server, figure) for server in servers]
        if not any(values):
            continue
        heading, unit, form = COLUMNS[figure]
        cells = [label, heading, unit.format(UNITS.get(label, ""))]
        cells += [median(of_server.values(), form) for of_server in values]
        if len(servers) > 1:
            cells.append(ratio(figure, values[0], values[-1]))
        yield cells


def table(runs: list[Measured], servers: list[str]) -> str:
    head = ["scenario", "figure", "unit", *servers]
    if len(servers) > 1:
        head.append("ratio")
    lines = [head, *rows(runs, servers)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    if len(servers) > 1:
        text += f"\n\n{RATIO}"
    for run in runs:
        for trouble in dict.fromkeys(run.trouble[:5]):
            text += f"\nnot ok: {run.scenario}, {run.server}, round {run.round}: {trouble}"
    return text


def as_json(about: dict[str, object], runs: list[Measured]) -> str:
    return json.dumps({**about, "runs": [{**asdict(run), "ok": not run.trouble} for run in runs]}, indent=1)
