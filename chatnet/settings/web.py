"""What browsers and programs are answered by HTTP, and within which limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from chatnet.settings.base import AddressRange, FilePath, Line, Origin, Section
from chatnet.wire.names import is_domain


def _host(text: str) -> str:
    if not is_domain(text, 253):
        raise ValueError("is not a host name such as chat.example.org, without a port")
    return text.lower()


def _page(text: str) -> str:
    if "*" in text or text == "null":
        raise ValueError("is not one origin such as https://club.example.org")
    return text


Page = Annotated[Origin, AfterValidator(_page)]
"""The origin of one web site, without wildcards."""


class WebSettings(Section):
    """``[web]``: listeners with ``kind = "web"``, and the chat client that browsers get there."""

    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """Names by which browsers may reach this server; empty = ``server.name``, the names of ``[[sts]]``, and
    those in certificates. Its addresses, and ``localhost``, always do. All others are answered 421."""
    title: Annotated[Line, Field(max_length=100)] = ""
    """What the client calls this place; empty = the name of the network."""
    welcome: Annotated[Line, Field(max_length=500)] = ""
    """A sentence for those who come to the client and are not logged in; empty = none."""
    autojoin: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """Channels that newcomers are in at once, such as ``#lobby``."""
    guests: bool = True
    """Offer in the client to come without an account."""
    insecure_login: bool = False
    """Take passwords also from pages that came without TLS from other machines than this one: whoever is on
    the way reads them."""
    login_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days for which somebody stays logged in on a page that they do not use."""
    head_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds from the first byte of a request (or the connection) to the end of its headers."""
    body_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds from there to the end of its body."""
    idle_timeout: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds a connection is kept between two requests, or while its other end takes nothing of an
    answer."""
    answer_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds an answer may take to come to be; then it is 503."""
    body_size: Annotated[int, Field(ge=1024, le=16_777_216)] = 65_536
    """Bytes of what a request brings with it; more is answered 413."""
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """Connections at a time that speak HTTP (those that speak WebSocket count as all of people do)."""
    connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 32
    """The same from one address, or one IPv6 network as ``flood.address_ipv6`` says. Of this machine, and of
    proxies in ``forwarded_from``, there may be more."""
    cors: tuple[Page, ...] = ()
    """Origins of web sites whose pages may use ``/api``, with a token, such as ``https://club.example.org``."""
    frame_ancestors: tuple[Page, ...] = ()
    """Origins of web sites that may show the client within a page of theirs."""
    hsts: Annotated[int, Field(ge=0, le=315_360_000)] = 0
    """Seconds for which browsers that came over TLS shall come over nothing else (HSTS); 0 = not told."""
    metrics_from: tuple[AddressRange, ...] = ("127.0.0.0/8", "::1")
    """Addresses that are told figures about this server, and in ``/ready`` what is wrong."""
    feeds: bool = True
    """Give out feeds of those registered channels that want one (``SET FEED`` of ChanServ)."""
    logs: bool = False
    """Give out what was said in those that want that (``SET LOGS``), a page a day, to everybody."""
    index_logs: bool = False
    """Allow search engines to list these pages."""
    acme: FilePath = ""
    """Folder with what certbot puts there (``--webroot``'s ``.well-known/acme-challenge``), given out where
    a listener serves ``redirect``; relative to the configuration; empty = none."""
    access_log: bool = False
    """Write each request into the log: method, what kind of path, status, milliseconds, address."""
