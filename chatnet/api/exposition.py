"""The figures of several processes of one server as those of one, in the text formats of Prometheus.

Each sample gets a label ``process``, so that a sum, or one process, can be asked for.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

END: Final = "# EOF"
"""The last line of OpenMetrics."""


def merged(texts: Mapping[int, str]) -> str:
    """The texts of processes, by their numbers, as one: each family once, with the samples of all."""
    heads: dict[str, dict[str, None]] = {}
    samples: dict[str, list[str]] = {}
    ends = False
    for process, text in sorted(texts.items()):
        family = ""
        for line in text.splitlines():
            if line == END:
                ends = True
            elif line.startswith("#"):
                family = line.split(" ", 3)[2]
                heads.setdefault(family, {})[line] = None
            elif line:
                samples.setdefault(family, []).append(_labelled(line, process))
    return "".join(f"{line}\n" for line in _lines(heads, samples, ends))


def _lines(
    heads: Mapping[str, Mapping[str, None]], samples: Mapping[str, list[str]], ends: bool
) -> Iterator[str]:
    for family in heads:
        yield from heads[family]
        yield from samples.get(family, ())
    if ends:
        yield END


def _labelled(line: str, process: int) -> str:
    """A sample, ``name 1`` or ``name{label="x"} 1``, with one label more."""
    name, brace, rest = line.partition("{")
    if brace and " " not in name:
        comma = "" if rest.startswith("}") else ","
        return f'{name}{{process="{process}"{comma}{rest}'
    name, _, rest = line.partition(" ")
    return f'{name}{{process="{process}"}} {rest}'
