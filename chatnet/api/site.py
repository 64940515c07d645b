"""Who answers what is asked over HTTP: finds the place, and holds to what is the same for all of them.

https://www.rfc-editor.org/rfc/rfc9110
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from chatnet.api.headers import CROSS_HEADERS, CROSS_METHODS, PREFLIGHT, Headers
from chatnet.api.problems import Problem
from chatnet.node import Node
from chatnet.settings import WebSettings
from chatnet.web.exchange import Ask, Place, Reply, sentence

API: Final = "/api/"
SOCKETS: Final = ("/socket", "/", "/irc")
"""Paths by which WebSockets are opened; the others are those that other clients have by default."""
METHODS: Final = frozenset({"api", "hooks"})
"""What is served by other methods than GET and HEAD, which it judges itself."""
KINDS_OF_STATUS: Final = {413: "too-large", 503: "unavailable"}
"""Problems that programs meet before anything looks at what they ask."""
REFUSED: Final = "refused"
"""The row of what no place was asked about."""

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{0,5})?")
"""https://www.rfc-editor.org/rfc/rfc9110#section-7.2"""

Heard = Callable[[str, str, int, float], object]
"""Told of each answer: method, row, status, and the seconds that it took."""


class Site:
    """All places of this server; `known` tells whether a host is one that the server goes by anyway."""

    def __init__(self, node: Node, known: Callable[[str], bool], places: Sequence[Place] = ()) -> None:
        self._node = node
        self._known = known
        self._made = Headers(node.settings.web)
        self._faults = 0
        self._maps: dict[tuple[str, ...], Map] = {}
        self.places = list(places)
        self.heard: list[Heard] = []

    # what transports ask

    def is_ours(self, host: str) -> bool:
        """Whether browsers may reach this server by that name.

        Who owns another name can let it lead here while a page of theirs is open (DNS rebinding); an address
        nobody can.
        """
        if host == "localhost" or _is_address(host):
            return True
        hosts = self._web.hosts
        return host in hosts if hosts else self._known(host)

    def opens(self, ask: Ask, serves: Sequence[str]) -> bool:
        """Whether a WebSocket may be opened by this request, as far as its address tells."""
        return "socket" in serves and ask.path in SOCKETS and self._is_here(ask)

    async def answer(self, ask: Ask, serves: Sequence[str]) -> Reply:
        """The whole answer to a request at a listener that `serves` these; nothing is raised."""
        begun = self._node.clock.monotonic()
        place = self._map(serves).find(ask.path)
        if (reply := self._refusal(ask, place)) is not None:
            row = REFUSED
        else:
            assert place is not None
            reply = await self._asked(ask, place)
            row = reply.row or place.path
        if reply.status == HTTPStatus.OK and _is_known(ask, reply):
            reply = replace(reply, status=int(HTTPStatus.NOT_MODIFIED), body=b"")
        reply = replace(reply, headers=self._headers.of(ask, reply))
        seconds = self._node.clock.monotonic() - begun
        for heard in self.heard:
            heard(ask.method, row, reply.status, seconds)
        if self._web.access_log:
            milliseconds = round(seconds * 1000)
            who = ask.address if self._node.settings.log.addresses else "-"
            self._node.log.often(f"{who} {ask.method} {row} {reply.status} {milliseconds} ms")
        return reply

    def refused(self, ask: Ask, status: int, words: str) -> Reply:
        """What somebody is answered whose request cannot be taken, as far as it was read."""
        kind = KINDS_OF_STATUS.get(status) if ask.path.startswith(API) else None
        reply = sentence(status, words) if kind is None else Problem(kind, words).reply()
        return replace(reply, headers=self._headers.of(ask, reply))

    # on the way

    @property
    def _web(self) -> WebSettings:
        return self._node.settings.web

    @property
    def _headers(self) -> Headers:
        if self._made.web is not self._web:
            self._made = Headers(self._web)
        return self._made

    def _map(self, serves: Sequence[str]) -> Map:
        key = tuple(serves)
        if (found := self._maps.get(key)) is None or found.count != len(self.places):
            self._maps[key] = found = Map(self.places, key)
        return found

    def _is_here(self, ask: Ask) -> bool:
        """Whether the host that is asked for is ours.  (Only HTTP/1.0 names none; no browser speaks that.)"""
        asked = ask.headers.get("host")
        return asked is None or ((host := host_in(asked)) is not None and self.is_ours(host))

    def _refusal(self, ask: Ask, place: Place | None) -> Reply | None:
        """The answer, if the request goes to no place."""
        if not self._is_here(ask) and (place is None or not place.anywhere):
            words = "This server is not reached by that name. Who runs it can add one: web.hosts."
            return sentence(HTTPStatus.MISDIRECTED_REQUEST, words)
        if place is None or "websocket" in ask.headers.get("upgrade", "").lower():
            if ask.path.startswith(API):
                return Problem("no-such-path").reply()
            return sentence(HTTPStatus.NOT_FOUND, "There is nothing here.")
        if ask.path.startswith(API) and self._is_foreign(ask):
            return Problem("cross-site").reply()
        if ask.method == "OPTIONS" and "access-control-request-method" in ask.headers:
            return Reply(HTTPStatus.NO_CONTENT, headers=self._preflight(ask))
        if place.serves not in METHODS and ask.method not in ("GET", "HEAD"):
            return sentence(HTTPStatus.METHOD_NOT_ALLOWED, "This can only be read.", ("Allow", "GET, HEAD"))
        return None

    def _preflight(self, ask: Ask) -> tuple[tuple[str, str], ...]:
        if not ask.path.startswith(API) or self._headers.crosses(ask) is None:
            return ()
        return (
            ("Access-Control-Allow-Methods", CROSS_METHODS),
            ("Access-Control-Allow-Headers", CROSS_HEADERS),
            ("Access-Control-Max-Age", PREFLIGHT),
        )

    def _is_foreign(self, ask: Ask) -> bool:
        """Whether a page of another site asks, that may not.

        To follow a link is no such thing: nothing goes with it that would tell who asks.
        """
        origin = ask.headers.get("origin")
        if origin is not None and origin.lower() in self._web.cors:
            return False
        where = ask.headers.get("sec-fetch-site")
        if where is not None:
            follows = ask.headers.get("sec-fetch-mode") == "navigate" and ask.method in ("GET", "HEAD")
            return where in ("cross-site", "same-site") and not follows
        return origin is not None and _host_of(origin) != host_in(ask.headers.get("host", ""))

    async def _asked(self, ask: Ask, place: Place) -> Reply:
        if ask.method == "HEAD":
            ask = replace(ask, method="GET")
        try:
            return await place.answer(ask)
        except Exception:
            self._faults += 1
            number = f"{int(self._node.clock.time())}-{self._faults}"
            self._node.log.failure(f"A request of {place.path} failed: number {number}")
            detail = f"It is in the server's log, as number {number}."
            return Problem("fault", detail).reply()


class Map:
    """Places by path, as a listener has them; of two for one path the first counts."""

    def __init__(self, places: Sequence[Place], serves: Sequence[str]) -> None:
        self.count = len(places)
        here = [place for place in places if not place.serves or place.serves in serves]
        begun = [place for place in here if place.path != "/" and place.path[-1:] in ("/", "")]
        self._exact = {place.path: place for place in reversed(here) if place not in begun}
        self._begun = sorted(begun, key=lambda place: -len(place.path))

    def find(self, path: str) -> Place | None:
        """Who answers for a path."""
        if (found := self._exact.get(path)) is not None:
            return found
        return next((place for place in self._begun if path.startswith(place.path)), None)


def host_in(header: str) -> str | None:
    """The name or address in a Host header, in lower case, without its port; None if it is none."""
    found = _HOST.fullmatch(header)
    return None if found is None else (found[1] or found[2]).lower().removesuffix(".")


def _is_address(host: str) -> bool:
    if ":" not in host and not host[-1:].isdigit():
        return False  # as nearly all names do
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _host_of(origin: str) -> str | None:
    try:
        host = urlsplit(origin.lower()).hostname
    except ValueError:
        return None
    return None if host is None else host.removesuffix(".")


def _is_known(ask: Ask, reply: Reply) -> bool:
    """Whether who asks has that answer already.  https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2"""
    told = ask.headers.get("if-none-match")
    if told is None or ask.method not in ("GET", "HEAD"):
        return False
    own: Mapping[str, str] = dict(reply.headers)
    tag = own.get("ETag")
    if tag is None:
        return False
    return told.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in told.split(",")]
