"""``/stats.xml``: who is where, for programs that read the statistics of InspIRCd.

It has the elements that those look for, as ``m_httpd_stats`` makes them, and nobody's nick: general numbers,
the servers, and the channels that everybody may see.  https://docs.inspircd.org/3/modules/httpd_stats/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final
from xml.etree.ElementTree import Element, tostring

from chatnet import __version__
from chatnet.api.figures import SLICE, Figures
from chatnet.api.turns import next_turn
from chatnet.model.entities import Channel
from chatnet.web.exchange import Ask, Reply, sentence
from chatnet.web.xml import add

KEPT: Final = 10.0
"""Seconds for which an answer is given again."""
SECRET: Final = frozenset("ps")
"""Modes of channels that are not told."""


class Statistics:
    """Answers who `may` read the figures."""

    def __init__(self, figures: Figures, may: Callable[[Ask], Awaitable[bool]]) -> None:
        self._figures = figures
        self._may = may
        self._kept = b""
        self._until = 0.0

    async def answer(self, ask: Ask) -> Reply:
        """The document, not older than :data:`KEPT`."""
        if not await self._may(ask):
            words = "Statistics are for the addresses of web.metrics_from, and for tokens with metrics."
            return sentence(403, words)
        clock = self._figures.node.clock
        if not self._kept or clock.monotonic() >= self._until:
            self._kept = await self._made()
            self._until = clock.monotonic() + KEPT
        kind = ("Content-Type", "application/xml; charset=utf-8")
        return Reply(200, self._kept, (kind, ("Cache-Control", "no-store")))

    async def _made(self) -> bytes:
        figures, node = self._figures, self._figures.node
        network, now = node.network, node.clock.time()
        root = Element("inspircdstats")
        me = add(root, "server")
        add(me, "name", network.me.name)
        add(me, "description", network.me.description)
        add(me, "version", f"chatnet {__version__}")
        general = add(root, "general")
        add(general, "usercount", str(len(network.users)))
        add(general, "localusercount", str(figures.sessions.people()))
        add(general, "channelcount", str(len(network.channels)))
        add(general, "opercount", str(len(network.opers)))
        add(general, "socketcount", str(len(figures.sessions.all) + len(figures.sessions.links.all)))
        add(general, "socketmax", str(figures.sessions.most))
        uptime = add(general, "uptime")
        add(uptime, "boot_time_t", str(int(node.started)))
        add(uptime, "uptime", str(int(now - node.started)))
        await self._channels(add(root, "channellist"))
        await self._servers(add(root, "serverlist"))
        written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return written

    async def _channels(self, parent: Element) -> None:
        network = self._figures.node.network
        for number, channel in enumerate(list(network.channels.values()), 1):
            if network.channels.get(channel.folded) is channel and SECRET.isdisjoint(channel.flags):
                _channel(parent, channel)
            if number % SLICE == 0:
                await next_turn(self._figures.node.clock)

    async def _servers(self, parent: Element) -> None:
        network = self._figures.node.network
        opers = Counter(user.server for user in network.opers)
        lags = {link.server: link.pulse.lag for link in self._figures.sessions.links.all}
        for server in list(network.servers.values()):
            each = add(parent, "server")
            add(each, "servername", server.name)
            add(each, "parentname", (server.uplink or network.me).name)
            add(each, "description", server.description)
            add(each, "usercount", str(server.users))
            add(each, "opercount", str(opers[server]))
            lag = lags.get(server)
            add(each, "lagmillisecs", str(0 if lag is None else int(lag * 1000)))


def _channel(parent: Element, channel: Channel) -> None:
    each = add(parent, "channel")
    add(each, "usercount", str(len(channel.members)))
    add(each, "channelname", channel.name)
    topic = add(each, "channeltopic")
    if channel.topic is not None:
        add(topic, "topictext", channel.topic.text)
        add(topic, "setby", channel.topic.by)
        add(topic, "settime", str(int(channel.topic.at)))
    add(each, "channelmodes", "+" + "".join(sorted(channel.flags)))
