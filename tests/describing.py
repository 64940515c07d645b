"""Clients that know of metadata, and what they are told of it."""

from __future__ import annotations

from conversation import Client, House

from chatnet.delivery.metadata import Subscriptions

THREE = "batch draft/metadata-3"
TWO = "batch draft/metadata-2"


def knows(house: House, nick: str, *keys: str, caps: str = THREE, address: str = "192.0.2.1") -> Client:
    """Somebody who subscribes to these keys, and has read the answer."""
    client = house.client(nick, caps=caps, address=address)
    if keys:
        client >> f"METADATA * SUB {' '.join(keys)}"
    client.lines()
    return client


def told(client: Client) -> list[str]:
    """What a client reads when the turn is over, without the name of the server."""
    client.house.clock.advance(0)
    return [line.removeprefix(f":{client.house.node.network.me.name} ") for line in client.lines()]


def plain(client: Client) -> list[str]:
    """The same without batches: neither their lines nor their tags."""
    lines = [line.partition(" ")[2] if line.startswith("@batch=") else line for line in told(client)]
    head = f":{client.house.node.network.me.name} "
    return [text for line in lines if not (text := line.removeprefix(head)).startswith("BATCH ")]


def subscriptions(house: House) -> Subscriptions:
    """Who tells them."""
    found = house.parts.sessions.subscriptions
    assert isinstance(found, Subscriptions)
    return found
