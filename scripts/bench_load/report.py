"""What the runs come to: medians in a table, as text or for a document, or everything as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product

from bench_load.scenarios import UNITS


@dataclass(frozen=True)
class Measured:
    """One run: which scenario, of which server, in which round, and what came of it."""

    scenario: str
    server: str
    round: int
    figures: dict[str, float]
    trouble: list[str]
    clients: int = 0
    """How many there were, where that was given."""


def short(value: float) -> str:
    """Three digits, or all that stand before the point."""
    return f"{value:.3g}" if value < 999 else f"{value:.0f}"


Form = Callable[[float], str]

# Figure: heading, unit (with {} for what the scenario counts), format.
COLUMNS: dict[str, tuple[str, str, Form]] = {
    "cpu": ("server CPU", "µs/{}", short),
    "database": ("CPU of the database", "µs/{}", short),
    "rate": ("throughput", "{}/s", "{:.0f}".format),
    "latency": ("latency", "ms", short),
    "latency99": ("latency of 99 %", "ms", short),
    "ping": ("a bystander's PING", "ms", short),
    "ping99": ("the same, 99 %", "ms", short),
    "spent99": ("the same, of server CPU", "ms", short),
    "memory": ("memory", "kB/connection", "{:.1f}".format),
    "startup": ("server CPU", "s to listening", "{:.2f}".format),
    "generator": ("load generator", "% of its CPU", "{:.0%}".format),
}
MORE_IS_BETTER = ("rate",)
OURS = ("generator",)
"""What tells nothing of the server."""
RATIO = (
    "ratio: how many times better the first server is, median of the rounds; above 1 it costs less, does more"
)

# Rows of the table for documents: label, scenario, figure, goal.
DOCUMENT = (
    ("burst, µs per delivery", "burst", "cpu", "ratio 2"),
    ("single, µs per delivery", "single", "cpu", "ratio 1"),
    ("channels, µs per delivery", "channels", "cpu", "ratio 1"),
    ("dm, µs per delivery", "dm", "cpu", "ratio 0.85"),
    ("churn, µs per connect-join-speak-quit", "churn", "cpu", "ratio 1.2"),
    ("connect, µs per registration", "connect", "cpu", ""),
    ("memory of an idle connection, kB", "connect", "memory", "at most 3"),
    ("single over TLS, µs per delivery", "single-tls", "cpu", "ratio 0.75"),
    ("burst over TLS, µs per delivery", "burst-tls", "cpu", "ratio 2"),
    ("connect over TLS, µs per handshake with registration", "connect-tls", "cpu", "ratio 0.8"),
    ("memory of an idle connection over TLS, kB", "connect-tls", "memory", "at most 18"),
    ("start to listening, plain and TLS, s", "start", "startup", "at most 0.8"),
    ("burst with another server that hears it, µs per delivery", "burst-linked", "cpu", "burst + 15 %"),
    ("single with another server that hears it, µs per delivery", "single-linked", "cpu", "single + 15 %"),
    ("relay, µs per message, with reading it from its client", "relay", "cpu", "10 to relay it"),
    ("link, µs per line of a burst", "link", "cpu", "16.7"),
)


def titled(scenario: str, clients: int) -> str:
    """A scenario as it is shown, with a number of clients if that was given."""
    return f"{scenario}, {clients} clients" if clients else scenario


def crowds(runs: Iterable[Measured]) -> list[int]:
    """The numbers of clients there were, from few to many; 0 is that which each scenario has."""
    return sorted({run.clients for run in runs})


def of(runs: list[Measured], scenario: str, clients: int, server: str, figure: str) -> dict[int, float]:
    """A figure's values in the rounds that went well."""
    return {
        run.round: run.figures[figure]
        for run in runs
        if not run.trouble
        and (run.scenario, run.clients, run.server) == (scenario, clients, server)
        and figure in run.figures
    }


def median(values: Collection[float], form: Form) -> str:
    """The median with the lowest and the highest, in that format."""
    if not values:
        return "-"
    return f"{form(statistics.median(values))} ({form(min(values))} to {form(max(values))})"


def ratio(figure: str, first: dict[int, float], other: dict[int, float]) -> str:
    """How many times better the first is, round by round: a round's two runs met the same other work."""
    pairs = [(first[which], other[which]) for which in first if which in other]
    if figure in MORE_IS_BETTER:
        pairs = [(b, a) for a, b in pairs]
    return "-" if figure in OURS else median([b / a for a, b in pairs if a], "{:.2f}".format)


def ratio_heads(servers: Sequence[str]) -> list[str]:
    """A column for each server but the first."""
    return ["ratio"] if len(servers) == 2 else [f"ratio, {name}" for name in servers[1:]]


def rows(runs: list[Measured], servers: Sequence[str]) -> Iterator[list[str]]:
    """Lines of the table: scenario, figure, unit; median and range for each server; the ratios."""
    for scenario, clients, figure in product(UNITS, crowds(runs), COLUMNS):
        values = [of(runs, scenario, clients, server, figure) for server in servers]
        if not any(values):
            continue
        heading, unit, form = COLUMNS[figure]
        cells = [titled(scenario, clients), heading, unit.format(UNITS[scenario])]
        cells += [median(of_server.values(), form) for of_server in values]
        yield cells + [ratio(figure, values[0], other) for other in values[1:]]


def table(runs: list[Measured], servers: Sequence[str]) -> str:
    """All figures, for the eye."""
    lines = [["scenario", "figure", "unit", *servers, *ratio_heads(servers)], *rows(runs, servers)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return text + (f"\n\n{RATIO}" if len(servers) > 1 else "") + complaints(runs)


def markdown(runs: list[Measured], servers: Sequence[str]) -> str:
    """The table of `docs/performance.md`: latency and the generator's share beside the cost."""
    latencies = [f"latency, {name}" for name in servers]
    lines = [["Scenario", *servers, *ratio_heads(servers), "goal", *latencies, "load generator"]]
    lines.append(["---"] * len(lines[0]))
    for (label, scenario, figure, goal), clients in product(DOCUMENT, crowds(runs)):
        values = [of(runs, scenario, clients, server, figure) for server in servers]
        if not any(values):
            continue
        cells = [
            titled(label, clients),
            *(median(of_server.values(), COLUMNS[figure][2]) for of_server in values),
        ]
        cells += [ratio(figure, values[0], other) for other in values[1:]]
        cells.append(goal)
        if figure == "cpu":
            cells += [latency(runs, scenario, clients, server) for server in servers]
            shares = [of(runs, scenario, clients, server, "generator").values() for server in servers]
            cells.append(", ".join(f"{statistics.median(share):.0%}" if share else "-" for share in shares))
        lines.append(cells + [""] * (len(lines[0]) - len(cells)))
    text = "\n".join("".join(f"| {cell} " if cell else "| " for cell in cells) + "|" for cells in lines)
    return text + complaints(runs)


def latency(runs: list[Measured], scenario: str, clients: int, server: str) -> str:
    """The usual one, and that of all but one in a hundred."""
    usual, worst = (
        of(runs, scenario, clients, server, figure).values() for figure in ("latency", "latency99")
    )
    if not usual:
        return ""
    return f"{short(statistics.median(usual))} ms, 99 %: {short(statistics.median(worst))}"


def complaints(runs: list[Measured]) -> str:
    """What went wrong, a line for each."""
    return "".join(
        f"\nnot ok: {titled(run.scenario, run.clients)}, {run.server}, round {run.round}: {trouble}"
        for run in runs
        for trouble in dict.fromkeys(run.trouble[:5])
    )


def as_json(about: dict[str, object], runs: list[Measured]) -> str:
    """Every run."""
    return json.dumps({**about, "runs": [{**asdict(run), "ok": not run.trouble} for run in runs]}, indent=1)
