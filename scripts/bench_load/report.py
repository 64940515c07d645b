"""What the runs come to: medians in a table, or everything as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
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
    "cpu": ("server CPU", "µs/{}", "{:.2f}"),
    "rate": ("throughput", "{}/s", "{:.0f}"),
    "memory": ("memory", "kB/connection", "{:.2f}"),
    "startup": ("server CPU", "s to listening", "{:.2f}"),
}


def of(runs: list[Measured], scenario: str | None, server: str, figure: str) -> list[float]:
    """A figure's values in the rounds that went well; scenario None: in all scenarios."""
    return [
        run.figures[figure]
        for run in runs
        if not run.trouble
        and scenario in (None, run.scenario)
        and run.server == server
        and figure in run.figures
    ]


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
        for of_server in values:
            if of_server:
                low, high = form.format(min(of_server)), form.format(max(of_server))
                cells.append(f"{form.format(statistics.median(of_server))} ({low} to {high})")
            else:
                cells.append("-")
        if len(servers) > 1:
            first, last = values[0], values[-1]
            both = bool(first and last and statistics.median(first))
            cells.append(f"{statistics.median(last) / statistics.median(first):.2f}" if both else "-")
        yield cells


def table(runs: list[Measured], servers: list[str]) -> str:
    head = ["scenario", "figure", "unit", *servers]
    if len(servers) > 1:
        head.append("last / first")
    lines = [head, *rows(runs, servers)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    for run in runs:
        for trouble in dict.fromkeys(run.trouble[:5]):
            text += f"\nnot ok: {run.scenario}, {run.server}, round {run.round}: {trouble}"
    return text


def as_json(about: dict[str, object], runs: list[Measured]) -> str:
    return json.dumps({**about, "runs": [{**asdict(run), "ok": not run.trouble} for run in runs]}, indent=1)
