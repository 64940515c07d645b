"""What this node is, where people connect to it, and by which certificates."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field, field_validator

from chatnet.settings.base import (
    AddressRange,
    Agreement,
    FilePath,
    Line,
    Origin,
    Password,
    Section,
    ServerId,
    ServerName,
    host_and_port,
)
from chatnet.settings.endpoints import endpoint_in
from chatnet.settings.processes import MOST_PROCESSES
from chatnet.wire.capabilities import BY_NAME
from chatnet.wire.masks import parse_network
from chatnet.wire.names import is_domain


class ServerSettings(Section):
    """``[server]``: who this node is."""

    name: ServerName = "irc.localhost.local"
    """Name of this server as users see it; it has a dot. At most 63 bytes."""
    network: str = "chatnet"
    """Name of the whole network, without spaces."""
    icon: str = ""
    """Address (URL) of a square picture that stands for the network in clients; they may put a width in
    pixels in the place of ``{size}``. Empty = none."""
    description: Line = "A chatnet server"
    """A line about this server, shown in WHOIS and LINKS."""
    sid: ServerId = "0CN"
    """Server id, unique in the network: a digit, then two digits or capital letters."""
    processes: Annotated[int, Field(ge=1, le=MOST_PROCESSES)] = 1
    """Servers of one network that this one runs as, each a process for one core; they have all but their
    names, SIDs and folders in common. Linux only. Takes effect at a restart only, as the next does."""
    process_sids: tuple[ServerId, ...] = ()
    """Server ids of the second process and all others; empty = those that come after ``sid``."""
    process_retry: Annotated[float, Field(ge=0.1, le=3600)] = 0.5
    """Seconds until a process that has died is started again; each time within a minute doubles them."""
    process_retry_max: Annotated[float, Field(ge=0.1, le=86400)] = 30.0
    """The same, at most."""
    process_damping: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """Seconds for which people read nothing of others who are lost with a process that was the way to them:
    the processes that are left find each other meanwhile. 0 = they read of it at once."""
    process_stop: Annotated[float, Field(ge=1, le=3600)] = 15.0
    """Seconds that a process may take to stop before it is killed."""
    motd: FilePath = ""
    """Message of the day: the path of a text file, relative to the configuration; empty = a short welcome
    made of these settings. (A file without text: none.)"""
    data: FilePath = ""
    """Data folder (lock, keys, certificates); relative to the configuration; empty = the default place."""
    password: Password | None = None
    """Password everybody must give with PASS to connect: plain or an argon2 hash; absent = none."""
    admin: Annotated[tuple[Line, ...], Field(max_length=3)] = ()
    """Up to three lines for ADMIN: who runs this server, and an e-mail address."""
    greeting: Annotated[Line, Field(max_length=300)] = ""
    """What whoever connects reads at once, as a NOTICE, such as ``*** Welcome``; empty = nothing. Scanners
    for open proxies (HOPM) know this server by it, when they reach it through one."""
    help: Line = ""
    """Whom people may write to who are banned, such as an e-mail address; they read it with the reason."""
    casemapping: Literal["rfc1459", "ascii"] = "rfc1459"
    """Which names are the same. Must agree network-wide; takes effect at a restart only."""
    utf8_only: bool = True
    """Refuse lines that are not UTF-8 (ISUPPORT UTF8ONLY)."""
    hide_servers: bool = False
    """Show users one server only in LINKS and MAP, and no names of servers in netsplits. If nothing is said
    here, it is so with several ``processes``; these are called as the server is then, but to operators with
    the privilege ``see-all`` (a change of that takes effect at a restart)."""
    withheld_capabilities: tuple[str, ...] = ()
    """IRCv3 capabilities not to offer, for instance ``echo-message``; at a reload they are taken back. One
    that has two names goes by both."""

    @field_validator("network")
    @classmethod
    def _check_network(cls, value: str) -> str:
        if not value or any(c.isspace() or c == ":" for c in value) or len(value) > 63:
            raise ValueError("is not a network name: 1 to 63 characters without spaces or ':'")
        return value

    @field_validator("icon")
    @classmethod
    def _check_icon(cls, value: str) -> str:
        if value and (len(value) > 300 or re.fullmatch(r"https?://[!-~]+", value) is None):
            raise ValueError(
                "is not a web address such as https://example.org/icon.png, of at most 300 bytes"
            )
        return value

    @field_validator("withheld_capabilities")
    @classmethod
    def _check_withheld(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "cap-notify" in value:
            raise ValueError("has cap-notify, which CAP LS 302 brings with it")
        if unknown := sorted(set(value) - BY_NAME.keys()):
            raise ValueError(f"has unknown capabilities: {', '.join(unknown)}")
        return value


SERVED: Final = ("client", "socket", "api", "hooks", "feeds")
"""What a web listener serves, if nothing is said."""
Served = Literal["client", "socket", "api", "hooks", "feeds", "metrics", "logs", "redirect"]


def _for_websocket(key: str, kind: str, value: object) -> str | None:
    fits = kind in ("websocket", "web")
    return f'has {key} without kind = "websocket" or "web"' if value and not fits else None


def _for_web(key: str, kind: str, value: object) -> str | None:
    return f'has {key} without kind = "web"' if value != SERVED and kind != "web" else None


def _for_clients(key: str, kind: str, value: object) -> str | None:
    return f'has {key}, which is not for kind = "server"' if value and kind == "server" else None


def _for_people(key: str, kind: str, value: object) -> str | None:
    bad = value and kind in ("server", "line")
    return f'has {key}, which is not for kind = "{kind}"' if bad else None


class ListenSettings(Section):
    """``[[listen]]``: one place where clients may connect."""

    agreements: ClassVar[tuple[Agreement, ...]] = tuple(
        Agreement(("kind", key), partial(judge, key))
        for judge, keys in (
            (_for_websocket, ("forwarded_from", "origins", "compression")),
            (_for_clients, ("proxy_from",)),
            (_for_people, ("connection_class",)),
            (_for_web, ("serves",)),
        )
        for key in keys
    )

    endpoint: str
    """A Twisted server endpoint, for instance ``tcp:6667:interface=127.0.0.1`` or ``unix:chat.sock``."""
    kind: Literal["irc", "websocket", "web", "line", "server"] = "irc"
    """``irc``: lines over TCP; ``websocket``: lines over WebSocket, for clients in browsers; ``web``: all
    that browsers and programs ask by HTTP, WebSocket too (see ``[web]``); ``line``: a token, and then what
    boards and scripts say, a line each; ``server``: other servers (see ``[[link]]``), without TLS from this
    machine only, or with ``insecure``."""
    tls: bool = False
    """Speak TLS on it (chatnet's own; write no ``ssl:`` or ``tls:`` in the endpoint)."""
    proxy_from: tuple[AddressRange, ...] = ()
    """Addresses of proxies that send a PROXY v1 or v2 header here; everybody else is refused."""
    serves: tuple[Served, ...] = SERVED
    """(web) What is answered here: the chat ``client`` for browsers, the ``socket`` (WebSocket) that it and
    others speak by, the ``api`` for programs, their ``hooks``, ``feeds``; also public ``logs``, and
    ``metrics``. Or ``redirect`` alone, for port 80: browsers are sent to https."""
    forwarded_from: tuple[AddressRange, ...] = ()
    """(websocket, web) Addresses of proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are
    believed."""
    origins: tuple[Origin, ...] = ()
    """(websocket, web) Web pages that may connect, such as ``https://chat.example.org`` or
    ``https://*.example.org``; ``*`` = all; empty = those of the host name that is connected to, if that is
    ``server.name``, in a certificate or an ``[[sts]]``, an address, or ``localhost``."""
    compression: bool = False
    """(websocket, web) Compress for clients that can (permessage-deflate); some 300 kB of memory for each."""
    connection_class: str | None = None
    """Put everybody who connects here into this connection class."""

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        endpoint_in(value)
        return value

    @field_validator("serves")
    @classmethod
    def _check_serves(cls, value: tuple[Served, ...]) -> tuple[Served, ...]:
        if not value:
            raise ValueError("is empty, so nothing would be answered; leave it out for what is usual")
        if len(set(value)) < len(value):
            raise ValueError("has something twice")
        if "redirect" in value and len(value) > 1:
            raise ValueError("has redirect, which stands alone: whoever comes is sent elsewhere")
        return value


class WebSocketSettings(Section):
    """``[websocket]``: limits for listeners with ``kind = "websocket"`` or ``"web"``."""

    handshake_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds from the connection (under TLS, from its handshake) to the end of the HTTP request."""
    request_size: Annotated[int, Field(ge=1024, le=65536)] = 8192
    """Bytes of that request, or of another by HTTP, cookies and all."""
    message_size: Annotated[int, Field(ge=4608, le=16_777_216)] = 8192
    """Bytes of one message, uncompressed; a longer one ends the connection (1009)."""
    frames_per_read: Annotated[int, Field(ge=16, le=65536)] = 256
    """Fragments, pings and empty messages in one read of 16 KiB; more end the connection (1008)."""


class TLSSettings(Section):
    """``[tls]``: certificates for listeners with ``tls = true``."""

    certificates: FilePath = ""
    """Folder with one PEM per host name (``irc.example.org.pem``) or one folder per name with certbot's
    ``fullchain.pem`` and ``privkey.pem``; relative to the configuration; empty = ``certificates`` in the
    data folder."""
    default: FilePath = "default"
    """Which of them to show when the client names no host, or an unknown one."""
    warn_before_expiry: Annotated[int, Field(ge=0, le=365)] = 14
    """Days before a certificate's end from when on the log and the opers are warned."""
    reload_interval: Annotated[float, Field(ge=1, le=86400)] = 60.0
    """Seconds between two looks at the certificate files."""
    handshake_timeout: Annotated[float, Field(gt=0, le=600)] = 15.0
    """Seconds a TLS handshake may take."""
    handshakes_per_turn: Annotated[int, Field(ge=1, le=10000)] = 8
    """How many handshakes may begin in one turn of the reactor; the others wait for the next."""


class STSSettings(Section):
    """``[[sts]]``: a host name that clients shall reach by TLS only (strict transport security)."""

    hostname: str
    """The name that clients connect to, used once. It needs a certificate that was not made here."""
    duration: Annotated[int, Field(ge=0, le=315_360_000)] = 0
    """Seconds for which a client that came by TLS keeps to it; 0 takes an earlier promise back."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """TLS port for those who come without TLS; they do not say which name they mean, so the first block
    with a port counts for all of them. Absent: they are told nothing."""
    preload: bool = False
    """Agree to be in lists of such names that come with clients."""

    @field_validator("hostname")
    @classmethod
    def _check_hostname(cls, value: str) -> str:
        if not is_domain(value, 253):
            raise ValueError("is not a host name: letters, digits and '-', with dots between")
        return value.lower()


def _name_server(text: str) -> str:
    if parse_network(text) is not None and "/" not in text:
        return text
    try:
        host, port = host_and_port(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535 or parse_network(host) is None or "/" in host:
        raise ValueError("is not the address of a name server, such as 192.0.2.53 or [2001:db8::53]:53")
    return text


class LookupSettings(Section):
    """``[lookups]``: what is asked about a connecting address."""

    reverse_dns: bool = False
    """Look up the host name of an address, and that the name leads back to it."""
    timeout: Annotated[float, Field(gt=0, le=600)] = 4.0
    """Seconds a connection waits for it."""
    servers: tuple[Annotated[str, AfterValidator(_name_server)], ...] = ()
    """Name servers to ask, such as ``192.0.2.53`` or ``[2001:db8::53]:53``, for block lists as well, many of
    which do not answer servers that all the world asks; empty = those of the system."""
