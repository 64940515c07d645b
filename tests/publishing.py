"""Channels that show what is said in them, and who answers for them."""

from __future__ import annotations

from archive import Archive
from chanserv import ask
from conversation import Client

from chatnet.api.feeds import Feeds
from chatnet.api.logs import Logs
from chatnet.api.published import Published


def founded_in(archive: Archive, nick: str = "ann", channel: str = "#c") -> Client:
    """The founder of a registered channel, who is in it."""
    client = archive.member(nick, caps="")
    client >> f"JOIN {channel}"
    assert ask(client, f"REGISTER {channel}") == [f"{channel} belongs to {nick} now."]
    client.lines()
    return client


def published_of(archive: Archive) -> Published:
    """What an archive shows; it hears from now on what is not to be shown any more."""
    recorder = archive.parts.recorder
    assert recorder is not None
    found = Published(archive.parts.sessions, archive.messages, recorder.flush)
    archive.node.observe([*archive.node._observers, found])
    return found


def feeds_of(archive: Archive) -> Feeds:
    """Its feeds."""
    return Feeds(published_of(archive))


def logs_of(archive: Archive) -> Logs:
    """Its logs."""
    return Logs(published_of(archive))
