"""Which figures there are: a table, of which ``/metrics`` and the one in docs/monitoring.md are made.

No nick, channel or address is a label: there are never more lines than links, commands and routes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from chatnet import __version__
from chatnet.api.figures import Family, Figures, Sample
from chatnet.links.neighbour.link import Link
from chatnet.model.histogram import Histogram

FAMILIES: Final[dict[str, Family]] = {}
"""By name, in the order in which they are told."""
GAUGE: Final = "gauge"
COUNTER: Final = "counter"
HISTOGRAM: Final = "histogram"
MESSAGE: Final = 1024
"""Bytes that a message counts for which waits to be written."""

_NAME: Final = re.compile("[a-z][a-z0-9_]{0,63}", re.ASCII)

Read = Callable[[Figures], Iterable[Sample]]


def family(name: str, kind: str, help: str, *labels: str) -> Callable[[Read], Read]:
    """Enter what the decorated function reads."""

    def enter(read: Read) -> Read:
        FAMILIES[name] = Family(name, kind, labels, help, read)
        return read

    return enter


def one(name: str, kind: str, help: str, read: Callable[[Figures], float | Histogram | None]) -> None:
    """Enter a number without labels; None: there is none."""

    def samples(figures: Figures) -> Iterable[Sample]:
        number = read(figures)
        return [] if number is None else [((), number)]

    family(name, kind, help)(samples)


def all_of(figures: Figures) -> Iterator[Family]:
    """All of them, and those of plugins."""
    yield from FAMILIES.values()
    for name, number in figures.outside.gauges().items():
        if _NAME.fullmatch(name):
            yield Family(f"plugin_{name}", GAUGE, (), "Of a plugin.", partial(_alone, number))


def _alone(number: float, figures: Figures) -> Iterable[Sample]:
    return [((), number)]


def number(figures: Figures, name: str, *labels: str) -> float:
    """One number as it is now, without `labels` the sum of all; 0 where there is none."""
    total = 0.0
    for values, found in FAMILIES[name].read(figures):
        if not labels or values == labels:
            total += found.total if isinstance(found, Histogram) else found
    return total


def is_true(value: bool) -> str:
    """As labels have it."""
    return "true" if value else "false"


# the server


@family("build_info", GAUGE, "Always 1; the labels tell what runs.", "version", "python", "twisted")
def _build(figures: Figures) -> Iterable[Sample]:
    return [((__version__, *figures.outside.versions()), 1)]


one("start_time_seconds", GAUGE, "When the server started, in Unix time.", lambda f: f.node.started)


@family("users", GAUGE, "Users.", "scope")
def _users(figures: Figures) -> Iterable[Sample]:
    return [(("local",), figures.sessions.people()), (("network",), len(figures.node.network.users))]


one("users_max", GAUGE, "Most users of this server at one time.", lambda f: f.sessions.most_people)
one("operators", GAUGE, "IRC operators on the network.", lambda f: len(f.node.network.opers))
one("channels", GAUGE, "Channels that somebody is in.", lambda f: len(f.node.network.channels))
one("servers", GAUGE, "Servers of the network.", lambda f: len(f.node.network.servers))


def _accounts(figures: Figures) -> float | None:
    accounts = figures.sessions.accounts
    return None if accounts is None else len(accounts.registry.accounts)


one("accounts", GAUGE, "Accounts, those that were dropped too; only where they are kept.", _accounts)


# connections


@family("connections", GAUGE, "Open connections.", "kind", "tls")
def _connections(figures: Figures) -> Iterable[Sample]:
    return [((kind, is_true(tls)), count) for (kind, tls), count in sorted(figures.connected.items())]


@family("connections_opened_total", COUNTER, "Connections that were opened.", "kind")
def _opened(figures: Figures) -> Iterable[Sample]:
    opened = figures.counts.opened + Counter(http=figures.outside.opened())
    return [((kind,), count) for kind, count in sorted(opened.items())]


@family("connections_refused_total", COUNTER, "Connections that were refused.", "reason")
def _refused(figures: Figures) -> Iterable[Sample]:
    refused = figures.counts.refused + Counter(web=figures.outside.refused())
    return [((reason,), count) for reason, count in sorted(refused.items())]


one("sendq_bytes", GAUGE, "Bytes that clients have not taken yet.", lambda f: f.sendq)
one(
    "sendq_exceeded_total",
    COUNTER,
    "Clients that were closed for not reading (SendQ exceeded).",
    lambda f: f.counts.overflowed,
)
one(
    "flood_exceeded_total",
    COUNTER,
    "Clients that were closed for sending too much (Excess Flood).",
    lambda f: f.counts.flooded,
)
one("backlog_sessions", GAUGE, "Clients whose lines wait to be looked at.", lambda f: f.backlogged)
one("turn_delay_seconds", HISTOGRAM, "How late a timer of one second is.", lambda f: f.lateness.seconds)


# what is said


@family("commands_total", COUNTER, "Commands of clients; names that nobody knows are not counted.", "command")
def _commands(figures: Figures) -> Iterable[Sample]:
    return [((verb,), row.count) for verb, row in sorted(figures.sessions.rows.items()) if row.count]


@family("command_bytes_total", COUNTER, "Bytes of these commands.", "command")
def _bytes(figures: Figures) -> Iterable[Sample]:
    return [((verb,), row.bytes) for verb, row in sorted(figures.sessions.rows.items()) if row.count]


@family(
    "messages_total", COUNTER, "Messages, and deletions of some, by where they came from.", "target", "origin"
)
def _messages(figures: Figures) -> Iterable[Sample]:
    counts = figures.counts
    return [
        (("channel", "local"), counts.channel - counts.channel_linked),
        (("channel", "link"), counts.channel_linked),
        (("user", "local"), counts.user - counts.user_linked),
        (("user", "link"), counts.user_linked),
    ]


# links


def _links(figures: Figures) -> Iterator[tuple[str, Link]]:
    """The links to servers that were introduced, by the names of these."""
    for link in figures.sessions.links.all:
        if link.server is not None:
            yield link.server.name, link


@family("link_up", GAUGE, "Whether there is a link to a server, of the configuration or another.", "peer")
def _link_up(figures: Figures) -> Iterable[Sample]:
    up = {block.name: 0 for block in figures.node.settings.link}
    up |= {name: int(not link.suspended) for name, link in _links(figures)}
    return [((name,), state) for name, state in up.items()]


@family("link_lag_seconds", GAUGE, "How long the last answer to a PING took.", "peer")
def _lag(figures: Figures) -> Iterable[Sample]:
    return [((name,), link.pulse.lag) for name, link in _links(figures) if link.pulse.lag is not None]


@family("link_clock_offset_seconds", GAUGE, "By how much its clock is ahead of ours, at least.", "peer")
def _offset(figures: Figures) -> Iterable[Sample]:
    return [((name,), link.pulse.ahead) for name, link in _links(figures) if link.pulse.ahead is not None]


@family("link_queue_bytes", GAUGE, "Bytes that wait for a neighbour.", "peer")
def _queue(figures: Figures) -> Iterable[Sample]:
    return [
        ((name,), link.streams.size if link.suspended else link.exit.waiting)
        for name, link in _links(figures)
    ]


@family("link_unconfirmed_lines", GAUGE, "Lines that a neighbour has not confirmed.", "peer")
def _unconfirmed(figures: Figures) -> Iterable[Sample]:
    return [((name,), link.streams.waiting) for name, link in _links(figures)]


@family("link_lines_total", COUNTER, "Lines of a link, since there is it.", "peer", "direction")
def _link_lines(figures: Figures) -> Iterable[Sample]:
    for name, link in _links(figures):
        yield (name, "in"), link.lines_in
        yield (name, "out"), link.lines_out


@family("link_bytes_total", COUNTER, "Bytes of a link, since there is it.", "peer", "direction")
def _link_bytes(figures: Figures) -> Iterable[Sample]:
    for name, link in _links(figures):
        yield (name, "in"), link.bytes_in
        yield (name, "out"), link.bytes_out


@family("link_resumes_total", COUNTER, "How often a link went on with another connection.", "peer")
def _resumes(figures: Figures) -> Iterable[Sample]:
    return [((name,), count) for name, count in sorted(figures.counts.resumed.items())]


one("netsplits_total", COUNTER, "Netsplits that this server has seen.", lambda f: f.counts.netsplits)


# what is stored


def _of_store(pick: Callable[[Figures], float]) -> Callable[[Figures], float | None]:
    return lambda figures: None if figures.sessions.health is None else pick(figures)


def _figure(attribute: str, divisor: int = 1) -> Callable[[Figures], float | None]:
    """One of those that the store was asked for."""

    def read(figures: Figures) -> float | None:
        health = figures.sessions.health
        if health is None or health.figures is None:
            return None
        return int(getattr(health.figures, attribute)) // divisor

    return read


one("history_rows", GAUGE, "Messages that are stored.", _figure("messages"))
one("history_bytes", GAUGE, "Bytes of the database of messages.", _figure("bytes"))
one("history_queue_messages", GAUGE, "Messages that wait to be written, about.", _figure("waiting", MESSAGE))
one("history_gaps", GAUGE, "Times of which messages may be missing here.", _figure("gaps"))
one(
    "history_groups_total",
    COUNTER,
    "Groups of messages that were handed to the store.",
    _of_store(lambda f: f.counts.groups),
)


@family("history_group_seconds", HISTOGRAM, "How long it takes until a group is on the disk.")
def _writing(figures: Figures) -> Iterable[Sample]:
    return [] if figures.sessions.health is None else [((), figures.counts.writing)]


one(
    "history_errors_total",
    COUNTER,
    "How often the store could not write as it should.",
    _of_store(lambda f: f.counts.unstored),
)


# people


@family("logins_total", COUNTER, "Logins to accounts, and attempts that failed.", "mechanism", "result")
def _logins(figures: Figures) -> Iterable[Sample]:
    return [
        ((mechanism, "success" if good else "failure"), count)
        for (mechanism, good), count in sorted(figures.counts.logins.items())
    ]


one("registrations_total", COUNTER, "Accounts that were registered here.", lambda f: f.counts.registered)


# HTTP


@family(
    "http_requests_total", COUNTER, "Requests, by the pattern of their route.", "route", "method", "status"
)
def _requests(figures: Figures) -> Iterable[Sample]:
    return [
        ((route, method, str(status)), count)
        for (route, method, status), count in sorted(figures.traffic.answered.items())
    ]


@family("http_request_seconds", HISTOGRAM, "How long it took to answer.", "route")
def _request_seconds(figures: Figures) -> Iterable[Sample]:
    return [((route,), histogram) for route, histogram in sorted(figures.traffic.seconds.items())]


one("event_streams", GAUGE, "Streams of events that programs read.", lambda f: f.outside.streams())
one("api_clients", GAUGE, "Users and sessions that stand for programs.", lambda f: f.outside.clients())


@family("hook_deliveries_total", COUNTER, "What became of events that hooks were to tell.", "result")
def _delivered(figures: Figures) -> Iterable[Sample]:
    return [((result,), count) for result, count in sorted(figures.outside.delivered().items())]


one(
    "hook_queue_events",
    GAUGE,
    "Events that hooks are to tell; only where there are hooks.",
    lambda f: f.outside.queued(),
)


# around it


@family("certificate_expiry_timestamp_seconds", GAUGE, "When a certificate ends, in Unix time.", "name")
def _certificates(figures: Figures) -> Iterable[Sample]:
    return [((name,), end) for name, end in sorted(figures.outside.certificates().items())]


one("data_free_bytes", GAUGE, "Bytes that are free where the data folder is.", lambda f: f.outside.free())
