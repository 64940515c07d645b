"""Datagrams that somebody says in a channel: what machines log, or whatever is told with a secret."""

from __future__ import annotations

import hmac
from collections import deque
from typing import Final

from chatnet.api.hooks.posted import plain
from chatnet.api.identities import Identity
from chatnet.api.inlets.metering import Meter
from chatnet.api.inlets.syslog import SEVERITIES, read
from chatnet.api.problems import Problem
from chatnet.api.speaking import Speaking
from chatnet.node import Node
from chatnet.settings import InletSettings
from chatnet.web.scopes import Scope
from chatnet.wire.text import cut

WAITING: Final = 100
"""Messages that may wait to be said; what is beyond counts as what comes too often."""
SIZE: Final = 1000
"""Bytes of a text that are said."""


class Inlet:
    """One of the configuration; :meth:`take` hears what comes."""

    def __init__(self, node: Node, speaking: Speaking, settings: InletSettings) -> None:
        self.settings = settings
        self.identity = Identity(
            f"inlet {settings.endpoint}",
            settings.nick,
            Scope(frozenset({"send"}), (settings.channel,)),
        )
        self._node = node
        self._speaking = speaking
        self._meter = Meter(node.clock, lambda: settings.rate, lambda: settings.burst, self._sum)
        self._names = dict(text.split(" ", 1) for text in settings.names)
        self._waiting: deque[str] = deque()
        self._working = False
        self._trouble = ""

    def take(self, data: bytes, address: str) -> None:
        """A datagram from an address that may send some."""
        text = self._syslog(data, address) if self.settings.kind == "syslog" else self._told(data, address)
        if text and self._meter.lets():
            self._say(text)

    def _syslog(self, data: bytes, address: str) -> str:
        told = read(data)
        if told.severity > SEVERITIES.index(self.settings.severity):
            return ""
        text = cut(" ".join(plain(told.text).split()), SIZE)
        host = self._names.get(address) or told.host or address
        where = " ".join(plain(f"{host} {told.app}").split())
        return f"[{SEVERITIES[told.severity]}] {where}: {text}" if text else ""

    def _told(self, data: bytes, address: str) -> str:
        secret = self.settings.secret
        given, _, rest = data.partition(b" ")
        if secret is None or not hmac.compare_digest(given, secret.get_secret_value().encode()):
            return ""
        text = cut(plain(rest.decode("utf-8", "replace")).strip("\n "), SIZE)
        name = self._names.get(address)
        return f"{name}: {text}" if name and text else text

    def _sum(self, missed: int) -> None:
        self._say(f"… and {missed} more")

    def _say(self, text: str) -> None:
        if len(self._waiting) >= WAITING:
            self._meter.miss()
            return
        self._waiting.append(text)
        if not self._working:
            self._working = True
            self._node.run(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                text = self._waiting.popleft()
                try:
                    settings = self.settings
                    await self._speaking.say(self.identity, settings.channel, text, notice=settings.quiet)
                    self._trouble = ""
                except Problem as why:
                    self._complain(str(why.body["detail"]))
        finally:
            self._working = False

    def _complain(self, why: str) -> None:
        """Once, until something can be said again."""
        if self._trouble != why:
            self._trouble = why
            where = f"{self.settings.kind} {self.settings.endpoint}"
            self._node.log.warn(f"What comes to {where} cannot be said in {self.settings.channel}: {why}")
