"""Somebody says something in a channel, for what is no request of theirs: hooks, inlets, plugins."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.api.client import Client
from chatnet.api.clients import Clients
from chatnet.api.identities import Identity
from chatnet.api.problems import Problem
from chatnet.api.saying import say
from chatnet.api.told import Object
from chatnet.node import Node
from chatnet.wire.names import is_channel


class Speaking:
    """Has identities speak, and be in channels."""

    def __init__(self, node: Node, clients: Clients) -> None:
        self._node = node
        self._clients = clients

    async def say(
        self,
        identity: Identity,
        channel: str,
        text: str,
        *,
        notice: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> Object:
        """Say something, in the channel; the message as it was sent.  Raises Problem if it cannot be said."""
        client = await self._clients.of(identity)
        with client.used():
            name = await self._enter(client, channel)
            said = await say(client, "NOTICE" if notice else "PRIVMSG", name, text, tags or {})
            return said or {"type": "message", "target": name, "text": text}

    async def enter(self, identity: Identity, channel: str) -> tuple[Client, str]:
        """Be in a channel; who is, and by which name it is called.  Raises Problem if they may not."""
        client = await self._clients.of(identity)
        with client.used():
            return client, await self._enter(client, channel)

    async def _enter(self, client: Client, name: str) -> str:
        channel = self._node.network.channel(name)
        if channel is None and not is_channel(name, self._node.settings.limits.channel):
            raise Problem("no-such-channel", f"{name} is not the name of a channel")
        if channel is None or client.user not in channel.members:
            before = set(client.user.channels)
            await client.ask("JOIN", [name])
            # It may have led to another one (mode f).
            channel = next((each for each in client.user.channels if each not in before), None)
            if channel is None:
                raise Problem("cannot-join")
        return channel.name
