"""The figures of several processes put together, in both formats."""

from __future__ import annotations

from chatnet.api.exposition import merged

ONE = """\
# HELP up Whether it runs.
# TYPE up gauge
up 1.0
# HELP lines_total Lines.
# TYPE lines_total counter
lines_total{kind="a {b"} 3.0
lines_total{} 4.0 1700000000
"""


def test_each_family_stands_there_once_with_the_samples_of_all() -> None:
    two = ONE.replace("3.0", "5.0") + "# TYPE new gauge\nnew 7\n"
    assert merged({2: two, 1: ONE}).splitlines() == [
        "# HELP up Whether it runs.",
        "# TYPE up gauge",
        'up{process="1"} 1.0',
        'up{process="2"} 1.0',
        "# HELP lines_total Lines.",
        "# TYPE lines_total counter",
        'lines_total{process="1",kind="a {b"} 3.0',
        'lines_total{process="1"} 4.0 1700000000',
        'lines_total{process="2",kind="a {b"} 5.0',
        'lines_total{process="2"} 4.0 1700000000',
        "# TYPE new gauge",
        'new{process="2"} 7',
    ]


def test_the_end_of_openmetrics_is_told_once() -> None:
    assert merged({1: "# TYPE up gauge\nup 1\n# EOF\n", 2: "# TYPE up gauge\nup 1\n# EOF\n"}).splitlines()[
        2:
    ] == [
        'up{process="2"} 1',
        "# EOF",
    ]
    assert merged({}) == ""
