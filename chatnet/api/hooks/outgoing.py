"""What hooks tell: the bot of each is in its channel, and what it hears there is told.

Each event is told by one server: the one that has the bot as its user; as long as it is nobody's, the one
that made the hook.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Final

from chatnet.api.client import Client, State
from chatnet.api.hooks.bots import Bots
from chatnet.api.hooks.deliveries import Deliveries
from chatnet.api.hooks.matching import MARK, Match, is_told
from chatnet.api.hooks.posted import plain, shortened
from chatnet.api.problems import Problem
from chatnet.api.reading import Heard
from chatnet.api.speaking import Speaking
from chatnet.api.told import REPLY, event
from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.model.hooks import Hook
from chatnet.node import Node
from chatnet.records.grammar import HOOK
from chatnet.services.hooks import Hooking
from chatnet.storage.interfaces import Store
from chatnet.web.telling import Tell

LOOK: Final = 30.0
"""Seconds between two looks which bots have to be where."""
OTHER: Final = "evt_"
"""What the id of an event begins with that is no message."""


class Outgoing:
    """Has bots hear, and hooks tell; an observer.  Call :meth:`look` every `LOOK` seconds."""

    def __init__(
        self, node: Node, store: Store, hooking: Hooking, bots: Bots, speaking: Speaking, tell: Tell
    ) -> None:
        self.deliveries: Final = Deliveries(node, store, hooking, tell, self._answered)
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}
        self._node = node
        self._known = hooking.known
        self._bots = bots
        self._speaking = speaking
        self._clients: dict[str, Client] = {}
        self._entering: set[str] = set()
        self._trouble: dict[str, str] = {}

    def begin(self) -> None:
        """Tell what waits, and what happens from now on."""
        self._node.run(self.deliveries.begin())
        self.look()

    def look(self) -> None:
        """Have bots be in the channels of their hooks, and those that have none any more be left alone."""
        mine = [
            hook for hook in self._known.by_id.values() if hook.tells and hook.works and self._is_ours(hook)
        ]
        bots = {hook.bot for hook in mine}
        for bot in self._clients.keys() - bots:
            self._leave(bot)
        for hook in mine:
            if hook.id not in self._entering and not self._is_there(hook):
                self._entering.add(hook.id)
                self._node.run(self._enter(hook))

    def _is_ours(self, hook: Hook) -> bool:
        person = self._node.network.persons.get(hook.bot)
        me = self._node.network.me
        return hook.sid == me.sid if person is None else person.server is me

    def _is_there(self, hook: Hook) -> bool:
        client, name = self._clients.get(hook.bot), self._channel(hook)
        if client is None or client.state is not State.LIVE:
            return False
        channel = None if name is None else self._node.network.channel(name)
        return channel is not None and client.user in channel.members

    def _channel(self, hook: Hook) -> str | None:
        """The name of the channel of a hook, if it is anybody's."""
        found = self._node.network.registry.channels.by_id.get(hook.channel)
        now = self._node.clock.time()
        return None if found is None or not found.holds or found.suspended(now) else found.name

    async def _enter(self, hook: Hook) -> None:
        name = self._channel(hook)
        try:
            if name is not None:
                client, _ = await self._speaking.enter(self._bots.identity(hook), name)
                self._keep(hook.bot, client)
                self._trouble.pop(hook.id, None)
        except Problem as why:
            self._complain(hook, str(why.body["detail"]))
        finally:
            self._entering.discard(hook.id)

    def _complain(self, hook: Hook, why: str) -> None:
        """Once, until it is there again."""
        if self._trouble.get(hook.id) != why:
            self._trouble[hook.id] = why
            self._node.log.info(f"The hook {hook.id} hears nothing: {why}")

    def _keep(self, bot: str, client: Client) -> None:
        if self._clients.get(bot) is not client:
            self._leave(bot)
            self._clients[bot] = client
            client.hold()
            client.listener = partial(self._hear, bot, client)

    def _leave(self, bot: str) -> None:
        client = self._clients.pop(bot, None)
        if client is not None:
            client.listener = None
            client.release()

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        if any(entity[0] == HOOK for entity in fact.touched):
            # Not at once: what a bot says while others hear a fact comes true only after that.
            self._node.clock.later(0, self.look)

    def test(self, hook: Hook) -> None:
        """Have a hook tell something now."""
        self.deliveries.put(hook, "test", f"{OTHER}{secrets.token_hex(12)}", {"text": "This is a test"})

    # what is heard

    def _hear(self, bot: str, client: Client, heard: Heard) -> None:
        found = event(heard)
        if found is None or found["type"] == "line" or "label" in heard.tags:
            return
        fold, nick = self._node.network.fold, client.user.nick
        target = fold(str(found.get("target", "")).lstrip("~&@%+"))
        for hook in list(self._known.by_id.values()):
            if hook.bot != bot or not hook.tells or not hook.works or not self._is_ours(hook):
                continue
            name = self._channel(hook)
            if (
                name is None
                or fold(name) != target
                or not is_told(found, hook.types, _match(hook), nick, fold)
            ):
                continue
            identity = found.get("id") or f"{OTHER}{secrets.token_hex(12)}"
            self.deliveries.put(hook, found["type"], identity, found)

    async def _answered(self, hook: Hook, told: str, text: str) -> None:
        """Have what a program answered with be said, as a reply to what it was told of."""
        limits, name = self._node.settings.limits, self._channel(hook)
        said = shortened(plain(text), limits.multiline_lines, limits.multiline_bytes)
        if name is None or not said.strip():
            return
        tags = {MARK: hook.name}
        if not told.startswith(OTHER):
            tags[REPLY] = told
        try:
            await self._speaking.say(self._bots.identity(hook), name, said, tags=tags)
        except Problem as why:
            self._complain(hook, str(why.body["detail"]))


def _match(hook: Hook) -> Match:
    """What a hook asks for; of what makes no sense nothing fits."""
    try:
        return Match.read(hook.match)
    except ValueError:
        return Match(prefix="\0")
