"""The result as a picture: how the servers' costs compare, or how they grow with the number of clients."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from html import escape

from bench_load.report import Measured, crowds, of, short
from bench_load.scenarios import UNITS

WIDTH, NAMES, ROW, EDGE = 720, 190, 26, 12
"""Pixels: of the whole, of the names at the left, of a bar with its place, of what stays free."""
HIGH = 300
"""Pixels of the field in which lines are drawn."""
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626")
STYLE = """\
text{font:13px system-ui,sans-serif;fill:#1f2328}.faint{stroke:#8c959f;stroke-width:1}.note{fill:#59636e}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}}"""


def drawn(runs: list[Measured], servers: Sequence[str]) -> str:
    """An SVG: lines where the number of clients varies, otherwise a bar for each scenario and peer."""
    return growth(runs, servers) if len(crowds(runs)) > 1 else bars(runs, servers)


def bars(runs: list[Measured], servers: Sequence[str]) -> str:
    """CPU of each other server by that of the first, in doublings; a line stands where they are even."""
    found = list(compared(runs, servers))
    reach = max([abs(math.log2(value)) for _, _, value in found], default=0.0) or 1.0
    half = (WIDTH - NAMES - 5 * EDGE) / 2
    even = NAMES + half
    parts = []
    top = 2 * ROW
    for scenario, peer, value in found:
        length = math.log2(value) / reach * half
        left, right = sorted((even, even + length))
        parts.append(written(EDGE, top + 13, scenario))
        parts.append(
            f'<rect x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="{ROW - 8}" '
            f'fill="{COLOURS[peer % len(COLOURS)]}"/>'
        )
        parts.append(written(right + 4, top + 13, f"{value:.2f}"))
        top += ROW
    parts.append(f'<line class="faint" x1="{even}" x2="{even}" y1="{2 * ROW - 4}" y2="{top}"/>')
    parts += legend(servers[1:], top + 8, 1)
    title = f"CPU for the same work, by that of {servers[0]}: to the right {servers[0]} is cheaper"
    return whole(title, top + 8 + ROW, parts)


def compared(runs: list[Measured], servers: Sequence[str]) -> Iterator[tuple[str, int, float]]:
    """Scenario, number of the other server, and its CPU by the first one's: the median of the rounds."""
    clients = crowds(runs)[0] if runs else 0
    for scenario in UNITS:
        ours = of(runs, scenario, clients, servers[0], "cpu")
        for number, server in enumerate(servers[1:], 1):
            theirs = of(runs, scenario, clients, server, "cpu")
            shared = [theirs[which] / ours[which] for which in ours if which in theirs and ours[which]]
            if shared and (value := statistics.median(shared)) > 0:
                yield scenario, number, value


def growth(runs: list[Measured], servers: Sequence[str]) -> str:
    """CPU for each unit of work by the number of clients, both in doublings; a line for each server."""
    lines = {
        (scenario, number): points
        for scenario in UNITS
        for number, server in enumerate(servers)
        if (points := grown(runs, scenario, server))
    }
    sizes = crowds(runs)
    values = [value for points in lines.values() for _, value in points] or [1.0]
    low, high = min(values), max(values)

    def across(clients: int) -> float:
        return NAMES / 2 + place(clients, sizes[0], sizes[-1]) * (WIDTH - 1.5 * NAMES)

    def down(value: float) -> float:
        return 2 * ROW + (1 - place(value, low, high)) * HIGH

    bottom = 2 * ROW + HIGH
    parts = [f'<line class="faint" x1="{NAMES / 2}" x2="{WIDTH - NAMES}" y1="{bottom}" y2="{bottom}"/>']
    parts += [written(across(size) - 10, bottom + 18, f"{size}") for size in sizes]
    parts += [written(EDGE, down(value) + 4, f"{short(value)} µs", "note") for value in sorted({low, high})]
    for (scenario, number), points in lines.items():
        path = " ".join(f"{across(clients):.1f},{down(value):.1f}" for clients, value in points)
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(written(across(points[-1][0]) + 6, down(points[-1][1]) + 4, scenario))
    parts += legend(servers, bottom + ROW, 0)
    return whole("CPU for each delivery or cycle, by the number of clients", bottom + 2 * ROW, parts)


def grown(runs: list[Measured], scenario: str, server: str) -> list[tuple[int, float]]:
    """Numbers of clients, and the median of the cost."""
    found = [(size, of(runs, scenario, size, server, "cpu").values()) for size in crowds(runs)]
    return [(size, statistics.median(values)) for size, values in found if values]


def place(value: float, low: float, high: float) -> float:
    """Where it lies between them, by doublings: 0 to 1."""
    return math.log(value / low) / math.log(high / low) if high > low else 0.5


def legend(servers: Sequence[str], top: float, first: int) -> Iterator[str]:
    """A square and a name for each; `first` is the number of the first one's colour."""
    for place_, server in enumerate(servers):
        left = EDGE + place_ * NAMES
        colour = COLOURS[(first + place_) % len(COLOURS)]
        yield f'<rect x="{left}" y="{top}" width="12" height="12" fill="{colour}"/>'
        yield written(left + 18, top + 11, server)


def written(left: float, top: float, text: str, kind: str = "") -> str:
    """Text whose line stands there."""
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text x="{left:.1f}" y="{top:.1f}"{of_kind}>{escape(text)}</text>'


def whole(title: str, height: float, parts: Sequence[str]) -> str:
    """The file."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
    named = f"<title>{escape(title)}</title><style>{STYLE}</style>{written(EDGE, 22, title)}"
    return "\n".join([head, named, *parts, "</svg>", ""])
