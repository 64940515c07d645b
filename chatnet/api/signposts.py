"""Answers that lead elsewhere: to https, to a WebSocket, and robots away from what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Final
from urllib.parse import urlencode

from chatnet.api.site import SOCKETS, host_in
from chatnet.web.exchange import TEXT, Ask, Place, Reply, sentence

CHALLENGES: Final = "/.well-known/acme-challenge/"
"""https://www.rfc-editor.org/rfc/rfc8555#section-8.3"""
ROBOTS: Final = b"User-agent: *\nDisallow: /api/\nDisallow: /hooks/\nDisallow: /join/\nDisallow: /socket\n"

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")

ReadChallenge = Callable[[str], Awaitable[bytes | None]]
"""Gives what answers a challenge, by the name of its file; None: there is none."""


def signposts(challenge: ReadChallenge) -> Iterator[Place]:
    """Those of every listener, as far as it serves what they lead to."""

    async def answered(ask: Ask) -> Reply:
        token = ask.path.removeprefix(CHALLENGES)
        found = await challenge(token) if _TOKEN.fullmatch(token) else None
        if found is None:
            return sentence(404, "There is no such challenge.")
        return Reply(200, found, (("Content-Type", "application/octet-stream"),))

    yield Place("/robots.txt", "", robots)
    for path in SOCKETS:
        yield Place(path, "socket", only_websocket)
    # A certificate is asked for by its name before there is one.
    yield Place(CHALLENGES, "redirect", answered, anywhere=True)
    yield Place("", "redirect", to_https)


async def robots(ask: Ask) -> Reply:
    """https://www.rfc-editor.org/rfc/rfc9309"""
    return Reply(200, ROBOTS, (("Content-Type", TEXT), ("Cache-Control", "no-cache")))


async def only_websocket(ask: Ask) -> Reply:
    """https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22"""
    words = "This is an IRC server for WebSocket clients: connect with one that speaks text.ircv3.net."
    return sentence(426, words, ("Upgrade", "websocket"), ("Connection", "upgrade"))


async def to_https(ask: Ask) -> Reply:
    """The same address, by https.  https://www.rfc-editor.org/rfc/rfc9110#section-15.4.9"""
    host = host_in(ask.headers.get("host", ""))
    if host is None:
        return sentence(400, "There has to be a Host header.")
    name = f"[{host}]" if ":" in host else host
    query = f"?{urlencode(ask.query)}" if ask.query else ""
    address = f"https://{name}{ask.path}{query}"
    return sentence(308, f"This is to be found at {address}", ("Location", address))
