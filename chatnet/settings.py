"""Everything an operator can set: frozen, typed, each with its unit.

One :class:`Settings` is one whole, valid configuration.  It is replaced by assignment at a reload and
never changed in place, so code reads ``node.settings`` at the moment of use.  Where the values come from
(TOML, environment) is the business of ``wiring/config.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from chatnet.wire.capabilities import BY_NAME
from chatnet.wire.masks import is_loopback, parse_network
from chatnet.wire.names import is_domain, is_server_name, is_sid, is_tag_name


def _one_line(text: str) -> str:
    if any(c in text for c in "\0\r\n"):
        raise ValueError("is more than one line")
    return text


def _word(text: str) -> str:
    if not text or text[0] == ":" or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError("is not one word: no spaces, and no ':' at its beginning")
    return text


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("is empty; leave it out for no password")
    return secret


def _network(text: str) -> str:
    if parse_network(text) is None:
        raise ValueError("is neither an address nor a network such as 192.0.2.0/24")
    return text


def _origin(text: str) -> str:
    plain = text.lower()
    if plain in ("*", "null"):
        return plain
    scheme, separator, host = plain.partition("://")
    if not separator or not scheme or not host or any(c in "/?#@" or c.isspace() for c in host):
        raise ValueError("is not an origin such as https://chat.example.org")
    return plain


def _fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if len(plain) != 64 or any(c not in "0123456789abcdef" for c in plain):
        raise ValueError("is not a SHA-256 fingerprint of 64 hex digits")
    return plain


def _pin(text: str) -> str:
    plain = text.upper().removeprefix("SPKI:SHA2-256:").replace(":", "").lower()
    if len(plain) != 64 or any(c not in "0123456789abcdef" for c in plain):
        raise ValueError("is not the SHA-256 of a public key, as `chatnet fingerprint` prints it")
    return plain


def _secret_word(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not 1 <= len(text.encode()) <= 128 or text[0] == ":" or any(not "!" <= c <= "~" for c in text):
        raise ValueError("is not one word of 1 to 128 ASCII characters without ':' at its beginning")
    return secret


def _dialled(text: str) -> str:
    if text.startswith("/"):
        if "\0" in text or len(text.encode()) > 107:
            raise ValueError("is not the path of a UNIX socket, which has at most 107 bytes")
        return text
    try:
        host, port = host_and_port(text)
    except ValueError:
        raise ValueError(
            "is neither HOST:PORT, as in irc2.example.org:6900, nor the path of a socket"
        ) from None
    if not 1 <= port <= 65535:
        raise ValueError("has a port that is not between 1 and 65535")
    if not is_domain(host, 253) and parse_network(host) is None:
        raise ValueError("has neither a host name nor an address before its port")
    return text


def host_and_port(text: str) -> tuple[str, int]:
    """``irc2.example.org:6900`` or ``[2001:db8::1]:6900`` in its two parts; ValueError if it is neither."""
    host, _, port = text.rpartition(":")
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    elif ":" in host or not host:
        raise ValueError(text)
    if not (port.isascii() and port.isdigit()) or len(port) > 5:
        raise ValueError(text)
    return host, int(port)


Line = Annotated[str, AfterValidator(_one_line)]
"""Text that is shown to people in one line."""
Word = Annotated[str, AfterValidator(_word)]
"""A name that may stand anywhere in a reply."""
Password = Annotated[SecretStr, AfterValidator(_not_empty)]
Fingerprint = Annotated[str, AfterValidator(_fingerprint)]
"""The SHA-256 fingerprint of a certificate, in hex, with or without colons."""
Pin = Annotated[str, AfterValidator(_pin)]
"""The SHA-256 of a public key (SPKI) in hex, also as ``SPKI:SHA2-256:...``."""
SecretWord = Annotated[SecretStr, AfterValidator(_secret_word)]
"""A secret that is sent as one parameter."""
Dialled = Annotated[str, AfterValidator(_dialled)]
"""Where to connect to: ``HOST:PORT``, ``[IPv6]:PORT``, or the path of a UNIX socket, beginning with ``/``."""
AddressRange = Annotated[str, AfterValidator(_network)]
"""An address or a network in CIDR form, for instance ``192.0.2.0/24`` or ``2001:db8::/32``."""
Origin = Annotated[str, AfterValidator(_origin)]
"""Where a web page comes from: scheme, host and perhaps port, with ``*`` as a wildcard; or ``null``."""


class Section(BaseModel):
    """The common ground of all sections: frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


S = TypeVar("S", bound=Section)


class _Plain:
    """An object that has but attributes."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.__dict__.update(values)


def at_hand(section: S) -> S:
    """The values of `section` as plain attributes, for what is read with each line.

    To look into a model takes ten times as long, for pydantic looks for other things there.
    """
    return cast(S, _Plain(dict(section)))


class ServerSettings(Section):
    """``[server]``: who this node is."""

    name: str = "irc.localhost.local"
    """Name of this server as users see it; it has a dot. At most 63 bytes."""
    network: str = "chatnet"
    """Name of the whole network, without spaces."""
    icon: str = ""
    """Address (URL) of a square picture that stands for the network in clients; they may put a width in
    pixels in the place of ``{size}``. Empty = none."""
    description: Line = "A chatnet server"
    """A line about this server, shown in WHOIS and LINKS."""
    sid: str = "0CN"
    """Server id, unique in the network: a digit, then two digits or capital letters."""
    motd: str = ""
    """Message of the day: the path of a text file, relative to the configuration; empty = none."""
    data: str = ""
    """Data folder (lock, keys, certificates); relative to the configuration; empty = the default place."""
    password: Password | None = None
    """Password everybody must give with PASS to connect: plain or an argon2 hash; absent = none."""
    admin: Annotated[tuple[Line, ...], Field(max_length=3)] = ()
    """Up to three lines for ADMIN: who runs this server, and an e-mail address."""
    casemapping: Literal["rfc1459", "ascii"] = "rfc1459"
    """Which names are the same. Must agree network-wide; takes effect at a restart only."""
    utf8_only: bool = True
    """Refuse lines that are not UTF-8 (ISUPPORT UTF8ONLY)."""
    hide_servers: bool = False
    """Show users one server only in LINKS and MAP."""
    withheld_capabilities: tuple[str, ...] = ()
    """IRCv3 capabilities not to offer, for instance ``echo-message``; at a reload they are taken back. One
    that has two names goes by both."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not is_server_name(value):
            raise ValueError("is not a server name: letters, digits and '-', with a '.', at most 63 bytes")
        return value

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

    @field_validator("sid")
    @classmethod
    def _check_sid(cls, value: str) -> str:
        if not is_sid(value):
            raise ValueError("is not a server id: a digit, then two digits or capital letters")
        return value


class ListenSettings(Section):
    """``[[listen]]``: one place where clients may connect."""

    endpoint: str
    """A Twisted server endpoint, for instance ``tcp:6667:interface=127.0.0.1`` or ``unix:chat.sock``."""
    kind: Literal["irc", "websocket", "server"] = "irc"
    """``irc``: lines over TCP; ``websocket``: lines over WebSocket, for clients in browsers; ``server``:
    other servers (see ``[[link]]``), without TLS from this machine only, or with ``insecure``."""
    tls: bool = False
    """Speak TLS on it (chatnet's own; write no ``ssl:`` or ``tls:`` in the endpoint)."""
    proxy_from: tuple[AddressRange, ...] = ()
    """Addresses of proxies that send a PROXY v1 or v2 header here; everybody else is refused."""
    forwarded_from: tuple[AddressRange, ...] = ()
    """(websocket) Addresses of proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    origins: tuple[Origin, ...] = ()
    """(websocket) Web pages that may connect, such as ``https://chat.example.org`` or
    ``https://*.example.org``; ``*`` = all; empty = those of the host name that is connected to."""
    compression: bool = False
    """(websocket) Compress for clients that can (permessage-deflate); some 300 kB of memory for each."""
    connection_class: str | None = None
    """Put everybody who connects here into this connection class."""

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        kind = value.partition(":")[0]
        if kind in ("ssl", "tls"):
            raise ValueError("has TLS in the endpoint: write tcp:… and tls = true")
        if not kind or ":" not in value:
            raise ValueError("is not an endpoint such as tcp:6667:interface=127.0.0.1")
        return value

    @model_validator(mode="after")
    def _check_kind(self) -> ListenSettings:
        if self.kind != "websocket":
            for key in ("forwarded_from", "origins", "compression"):
                if getattr(self, key):
                    raise ValueError(f'has {key} without kind = "websocket"')
        if self.kind == "server":
            for key in ("proxy_from", "connection_class"):
                if getattr(self, key):
                    raise ValueError(f'has {key}, which is not for kind = "server"')
        return self


class WebSocketSettings(Section):
    """``[websocket]``: limits for listeners with ``kind = "websocket"``."""

    handshake_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds from the connection (under TLS, from its handshake) to the end of the HTTP request."""
    request_size: Annotated[int, Field(ge=1024, le=65536)] = 8192
    """Bytes of that request, cookies and all."""
    message_size: Annotated[int, Field(ge=4608)] = 8192
    """Bytes of one message, uncompressed; a longer one ends the connection (1009)."""
    frames_per_read: Annotated[int, Field(ge=16)] = 256
    """Fragments, pings and empty messages in one read of 16 KiB; more end the connection (1008)."""


class TLSSettings(Section):
    """``[tls]``: certificates for listeners with ``tls = true``."""

    certificates: str = ""
    """Folder with one PEM per host name (``irc.example.org.pem``) or one folder per name with certbot's
    ``fullchain.pem`` and ``privkey.pem``; relative to the configuration; empty = ``certificates`` in the
    data folder."""
    default: str = "default"
    """Which of them to show when the client names no host, or an unknown one."""
    warn_before_expiry: Annotated[int, Field(ge=0)] = 14
    """Days before a certificate's end from when on the log and the opers are warned."""
    reload_interval: Annotated[float, Field(ge=1)] = 60.0
    """Seconds between two looks at the certificate files."""
    handshake_timeout: Annotated[float, Field(gt=0)] = 15.0
    """Seconds a TLS handshake may take."""
    handshakes_per_turn: Annotated[int, Field(ge=1)] = 8
    """How many handshakes may begin in one turn of the reactor; the others wait for the next."""


class STSSettings(Section):
    """``[[sts]]``: a host name that clients shall reach by TLS only (strict transport security)."""

    hostname: str
    """The name that clients connect to, used once. It needs a certificate that was not made here."""
    duration: Annotated[int, Field(ge=0)] = 0
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


class LimitSettings(Section):
    """``[limits]``: sizes and counts. Lengths are in UTF-8 bytes."""

    nick: Annotated[int, Field(ge=1, le=64)] = 30
    """Length of a nick."""
    user: Annotated[int, Field(ge=2, le=32)] = 10
    """Length of a user name, its ``~`` included."""
    host: Annotated[int, Field(ge=45, le=63)] = 63
    """Length of a host; instead of a longer host name the address is shown. A cloak must have room in it."""
    realname: Annotated[int, Field(ge=1, le=255)] = 150
    """Length of a real name."""
    channel: Annotated[int, Field(ge=2, le=200)] = 50
    """Length of a channel's name."""
    topic: Annotated[int, Field(ge=1, le=400)] = 390
    """Length of a topic."""
    away: Annotated[int, Field(ge=1, le=400)] = 390
    """Length of an away message."""
    kick: Annotated[int, Field(ge=1, le=400)] = 260
    """Length of the reason of a KICK."""
    redaction: Annotated[int, Field(ge=1, le=400)] = 260
    """Length of the reason of a REDACT."""
    key: Annotated[int, Field(ge=1, le=64)] = 24
    """Length of a channel's key (mode k)."""
    mask_list: Annotated[int, Field(ge=1)] = 100
    """Entries of b, e and I together in one channel."""
    large_mask_list: Annotated[int, Field(ge=1)] = 1000
    """The same in a channel with mode +L."""
    modes: Annotated[int, Field(ge=1, le=20)] = 4
    """Changes with a parameter in one MODE command."""
    channels: Annotated[int, Field(ge=1)] = 120
    """Channels one user may be in."""
    targets: Annotated[int, Field(ge=1)] = 4
    """Targets of one PRIVMSG, NOTICE or TAGMSG (TARGMAX)."""
    monitor: Annotated[int, Field(ge=0)] = 100
    """Names one session may MONITOR."""
    accept: Annotated[int, Field(ge=0)] = 100
    """Entries of one user's ACCEPT list."""
    invites: Annotated[int, Field(ge=1)] = 50
    """Invitations one user may hold; the oldest is forgotten."""
    former_names: Annotated[int, Field(ge=0)] = 1000
    """Names that channels had before they were renamed which are remembered; the oldest is forgotten."""
    former_name_time: Annotated[float, Field(ge=0)] = 86400.0
    """Seconds for which who joins by such a name is led to the channel, and nobody else takes the name."""
    rename_members: Annotated[int, Field(ge=0)] = 1000
    """Members up to which a channel may be renamed: clients that cannot follow are told who is there anew."""
    whowas: Annotated[int, Field(ge=0)] = 5000
    """Departed users that WHOWAS remembers."""
    who: Annotated[int, Field(ge=1)] = 500
    """Replies to one WHO with a mask (416 after them)."""
    list_replies: Annotated[int, Field(ge=1)] = 20000
    """Replies to one LIST (416 after them)."""
    users: Annotated[int, Field(ge=1)] = 20000
    """Sessions on this server."""
    tags: Annotated[int, Field(ge=510, le=4094)] = 4094
    """Bytes of tags a client may send with a line."""
    client_tags_denied: tuple[str, ...] = ()
    """Client-only tags that are not relayed, without their ``+``, for instance ``"typing"``; or ``"*"`` first
    for all, and ``"-draft/reply"`` for one that is relayed nevertheless (CLIENTTAGDENY)."""
    multiline_bytes: Annotated[int, Field(ge=512)] = 12288
    """Bytes of one message of several lines (``max-bytes`` of ``draft/multiline``)."""
    multiline_lines: Annotated[int, Field(ge=2)] = 32
    """Lines of one message of several lines (``max-lines``). Each costs as much as a message, so what is
    beyond ``burst`` waits, and beyond ``excess`` of the connection class is too much to be sent at once."""
    batch_timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds that may pass between two lines of a message of several lines."""
    registration_timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds a connection may take to register."""

    @field_validator("client_tags_denied")
    @classmethod
    def _check_client_tags_denied(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in value[1:]:
            raise ValueError("has '*' in another place than the first")
        for tag in value[value[:1] == ("*",) :]:
            if tag[:1] == "-" and "*" not in value:
                raise ValueError(f"has {tag!r} without a '*' at its beginning, so it is allowed anyhow")
            if not is_tag_name(tag.removeprefix("-")):
                raise ValueError(f"has {tag!r}, which is not the name of a tag without its '+'")
        return value


class HistorySettings(Section):
    """``[history]``: recent messages that are remembered, in memory only, so that they can be redacted."""

    messages: Annotated[int, Field(ge=0, le=10000)] = 500
    """Messages of one channel, or between two users; 0 = nothing is remembered."""
    target_bytes: Annotated[int, Field(ge=4096)] = 1_048_576
    """Bytes of memory that they may take."""
    total_bytes: Annotated[int, Field(ge=65536)] = 67_108_864
    """Bytes of memory that all remembered messages may take."""
    duration: Annotated[float, Field(gt=0)] = 86400.0
    """Seconds after which a message is forgotten."""
    redaction_window: Annotated[int, Field(ge=0)] = 0
    """Seconds for which authors may redact their messages; 0 = as long as these are remembered. Operators of
    a channel are not bound by it."""


class FloodSettings(Section):
    """``[flood]``: rates. Commands cost penalty seconds as their rows say; see docs/operators.md."""

    enabled: bool = True
    """False switches off penalties, rates and limits per address (for tests on a trusted machine)."""
    penalty_scale: Annotated[float, Field(ge=0)] = 1.0
    """Multiplies the cost of every command."""
    connections_per_address: Annotated[int, Field(ge=1)] = 16
    """Connections at a time from one address."""
    connections_per_network: Annotated[int, Field(ge=1)] = 64
    """Connections at a time from one network (as wide as ``network_ipv4`` and ``network_ipv6`` say)."""
    network_ipv4: Annotated[int, Field(ge=8, le=32)] = 24
    """Prefix length in bits of what counts as one IPv4 network."""
    network_ipv6: Annotated[int, Field(ge=16, le=128)] = 56
    """Prefix length in bits of what counts as one IPv6 network."""
    address_ipv6: Annotated[int, Field(ge=16, le=128)] = 64
    """Prefix length in bits of what counts as one IPv6 address."""
    connection_rate: Annotated[int, Field(ge=1)] = 20
    """New connections from one address within ``connection_period``."""
    connection_period: Annotated[float, Field(gt=0)] = 60.0
    """Seconds."""
    exempt: tuple[AddressRange, ...] = ("127.0.0.0/8", "::1")
    """Addresses that the limits per address, per network and the connection rate do not count."""
    join_rate: Annotated[int, Field(ge=1)] = 30
    """Channels one user may join within ``join_period`` (beyond: 263)."""
    join_period: Annotated[float, Field(gt=0)] = 30.0
    """Seconds."""
    target_rate: Annotated[int, Field(ge=1)] = 20
    """Different new users one user may write to within ``target_period`` (beyond: 707)."""
    target_period: Annotated[float, Field(gt=0)] = 60.0
    """Seconds."""
    nick_rate: Annotated[int, Field(ge=1)] = 5
    """Nick changes within ``nick_period`` (beyond: 438)."""
    nick_period: Annotated[float, Field(gt=0)] = 20.0
    """Seconds."""
    knock_period: Annotated[float, Field(ge=0)] = 60.0
    """Seconds between two KNOCKs on one channel (712)."""
    rename_period: Annotated[float, Field(ge=0)] = 60.0
    """Seconds between two RENAMEs of one channel."""
    invite_rate: Annotated[int, Field(ge=1)] = 10
    """Invitations one user may send within 60 seconds (beyond: 263)."""
    oper_attempts: Annotated[int, Field(ge=1)] = 3
    """Wrong OPER passwords before the session is closed."""


class ConnectionClassSettings(Section):
    """``[[connection_class]]``: what a group of connections may use; the first that matches counts."""

    name: Word
    """Name of the class, used once: one word."""
    match: tuple[AddressRange, ...] = ()
    """Addresses this class is for; empty = everybody."""
    tls: bool | None = None
    """True: only over TLS; False: only without; absent: both."""
    password: Password | None = None
    """Password for this class (PASS), plain or an argon2 hash."""
    lines_per_second: Annotated[float, Field(gt=0)] = 2.0
    """How fast penalty seconds are worked off: this many of cost 1.0 in a second."""
    burst: Annotated[float, Field(gt=0)] = 20.0
    """Penalty seconds a session may run up before its lines are delayed."""
    excess: Annotated[int, Field(ge=1)] = 200
    """Delayed lines beyond which the session is closed (Excess Flood)."""
    bytes_per_second: Annotated[int, Field(ge=64)] = 4096
    """Bytes per second that cost no penalty beyond their command's."""
    sendq: Annotated[int, Field(ge=4096)] = 1_048_576
    """Bytes that may wait for a slow reader before it is cut off."""
    recvq: Annotated[int, Field(ge=4608)] = 16384
    """Bytes of delayed lines that may wait before reading stops."""
    ping_interval: Annotated[float, Field(ge=1)] = 120.0
    """Seconds of silence after which PING is sent."""
    ping_timeout: Annotated[float, Field(ge=1)] = 60.0
    """Seconds after the PING until the session is closed."""
    max_sessions: Annotated[int, Field(ge=1)] | None = None
    """Sessions this class may have at a time; absent: no limit of its own."""
    flood_exempt: bool = False
    """No penalties and no rates for this class. (Limits per address are looked at before the class is known:
    see ``flood.exempt``.)"""


class LinksSettings(Section):
    """``[links]``: what holds for all links to other servers."""

    certificate: str = ""
    """Which of the certificates in ``tls.certificates`` to show other servers; empty = ``tls.default``.
    Choose one whose key stays when it is renewed, or what others pinned is no longer true."""
    connect_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds that connecting to one address may take."""
    handshake_timeout: Annotated[float, Field(gt=0)] = 10.0
    """Seconds from the connection (under TLS, from its handshake) until a server has said who it is."""
    unknown: Annotated[int, Field(ge=1)] = 16
    """Connections at a time of which it is not known yet which server they are."""
    burst_timeout: Annotated[float, Field(gt=0)] = 120.0
    """Seconds that a new neighbour may take to tell what is behind it."""
    burst_slice: Annotated[int, Field(ge=1)] = 250
    """Lines that a new neighbour is told in one turn; clients are served between two."""
    line_slice: Annotated[float, Field(gt=0)] = 0.02
    """Seconds for which the lines of one neighbour are taken in one turn; clients are served between two."""
    ping_interval: Annotated[float, Field(ge=1)] = 10.0
    """Seconds of silence after which a neighbour is sent PING."""
    ping_timeout: Annotated[float, Field(ge=2)] = 25.0
    """Seconds of silence after which a link is taken for dead."""
    send_timeout: Annotated[float, Field(ge=0)] = 20.0
    """Seconds that what was sent may be on its way before the connection is taken for dead, where the system
    can tell (Linux); 0 = as long as the system thinks."""
    resume_grace: Annotated[float, Field(ge=0)] = 30.0
    """Seconds that a link to another chatnet server waits for a new connection when it lost its own: until
    then nobody reads of it, and nothing is lost. 0 = it ends at once."""
    resume_buffer: Annotated[int, Field(ge=65536)] = 8_388_608
    """Bytes of memory for what a neighbour has not confirmed yet, for each link; while it waits for a
    connection, more ends it."""
    resume_lines: Annotated[int, Field(ge=100)] = 50_000
    """The same in lines."""
    resume_retry: Annotated[float, Field(ge=0.1)] = 0.5
    """Seconds from the first attempt to connect again, at once, to the second; each failure doubles them."""
    resume_retry_max: Annotated[float, Field(ge=0.1)] = 4.0
    """Seconds between two of those attempts, at most."""
    resume_stagger: Annotated[float, Field(ge=0.1)] = 2.0
    """Seconds after which the next of several addresses is tried as well, if one has not answered; at most so
    many that all are tried in half of the time that the link waits."""
    standby_renew: Annotated[float, Field(ge=1)] = 300.0
    """Seconds after which a standby connection (``standby`` of a ``[[link]]``) is made anew."""
    ack_lines: Annotated[int, Field(ge=1)] = 64
    """Lines after which a neighbour is told at once that they are applied."""
    ack_delay: Annotated[float, Field(gt=0)] = 0.2
    """Seconds after which it is told that fewer are."""
    drain_timeout: Annotated[float, Field(ge=0)] = 5.0
    """Seconds that a server which is told to stop waits until its neighbours have applied all it said."""
    reconnect_min: Annotated[float, Field(ge=0.1)] = 5.0
    """Seconds to the first attempt to connect again (``autoconnect``); each failure doubles them."""
    reconnect_max: Annotated[float, Field(ge=1)] = 300.0
    """Seconds between two attempts, at most."""
    uplinks: tuple[str, ...] = ()
    """Servers with a ``[[link]]`` of which one is to be linked, the best first: when it is lost the next is
    connected to, from the first on. Empty = each by itself."""
    failover_delay: Annotated[float, Field(ge=0)] = 2.0
    """Seconds, at most, until another of ``uplinks`` is connected to; how many, chance says, so that not all
    servers come at once."""
    failover_after: Annotated[float, Field(ge=0)] = 12.0
    """Seconds that the link to one of ``uplinks`` waits for a new connection, if another could take its place
    (and at most ``resume_grace``). If connections are refused there, it does not wait."""
    prefer_return: bool = False
    """Leave a later one of ``uplinks`` for the first when that can be reached again; else it is kept."""
    return_after: Annotated[float, Field(ge=1)] = 60.0
    """Seconds without a word over the link after which that is tried."""
    most_skew: Annotated[float, Field(ge=1)] = 600.0
    """Seconds that the clock of a neighbour may be off; so far in the future timestamps are believed."""
    converge: bool = True
    """Stamp what is changed in channels, so that the latest change holds, with all neighbours that do so too:
    whatever is said at one moment, or on both sides of a lost link, all servers end in the same state."""
    stamp_skew: Annotated[float, Field(ge=0)] = 5.0
    """Seconds that the clock of such a neighbour may be off, or there is no link; a stamp that is further in
    the future, by so many seconds for each server of the network, counts as of then."""
    stamp_memory: Annotated[float, Field(ge=60)] = 900.0
    """Seconds that stamps, and channels that ended, are remembered; longer while such a neighbour is split
    away."""
    stamps: Annotated[int, Field(ge=1000)] = 500_000
    """Stamps that are remembered at most, and a tenth as many channels that ended; the oldest go first."""
    digest_delay: Annotated[float, Field(ge=1)] = 30.0
    """Seconds after the burst of such a neighbour until both compare digests of all channels."""
    digest_interval: Annotated[float, Field(ge=10)] = 600.0
    """Seconds between two such comparisons."""
    digest_quiet: Annotated[float, Field(ge=1)] = 60.0
    """Seconds that nothing must have happened in a channel which is compared."""
    bans: Annotated[int, Field(ge=0)] = 100_000
    """Bans from the network that are remembered; one more is ignored."""
    channels: Annotated[int, Field(ge=0)] = 200_000
    """Channels of the network; who brings one more loses its link."""
    list_entries: Annotated[int, Field(ge=0)] = 10_000
    """Entries of one list (bans, exceptions, invitations) of a channel; who brings more loses its link."""
    entries: Annotated[int, Field(ge=0)] = 1_000_000
    """The same of all lists of all channels together; each takes about 400 bytes of memory."""
    services: tuple[Word, ...] = ()
    """Names of services that are linked to another server of the network, and believed here as well. Those
    behind a link of our own with ``role = "services"`` are in any case."""
    held_nicks: Annotated[int, Field(ge=0)] = 10_000
    """Nicks that services hold for a while; one more is not held."""
    strikes: Annotated[int, Field(ge=1)] = 20
    """Mistakes (lines in the name of somebody else, lines that cannot be handled) within ``strike_period``
    that end a link."""
    strike_period: Annotated[float, Field(gt=0)] = 60.0
    """Seconds."""
    queries: Annotated[int, Field(ge=1)] = 100
    """Questions of users elsewhere (``WHOIS ann ann``, ``VERSION irc2.example.org``) that one link may bring
    within ``queries_period``; further ones are told to try again. As many channels may a chatnet server ask
    for, which it took for gone."""
    queries_period: Annotated[float, Field(gt=0)] = 10.0
    """Seconds."""
    backfill_messages: Annotated[int, Field(ge=0, le=10000)] = 500
    """Messages of one channel that another server is asked for when it is back, and told; 0 = none."""
    backfill_bytes: Annotated[int, Field(ge=4096)] = 1_048_576
    """Bytes of lines that tell them, for one channel; the oldest are left out."""
    backfill_duration: Annotated[float, Field(gt=0)] = 86400.0
    """Seconds that they may be old."""
    backfill_overlap: Annotated[float, Field(ge=0)] = 120.0
    """Seconds before a split was noticed from which on to ask, for what was on its way then, and since clocks
    differ; never less than ``ping_timeout`` and ``resume_grace`` together."""
    backfill_requests: Annotated[int, Field(ge=1)] = 4
    """Channels that are asked about at a time, and those that each other server may ask about at a time."""
    backfill_timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds without a line of an answer after which it is not waited for any more."""
    backfill_slice: Annotated[int, Field(ge=1)] = 100
    """Lines of answers that are sent in one turn; clients are served between two."""
    split_damping: Annotated[float, Field(ge=0)] = 0.0
    """Seconds for which people are shown who went with a lost link; if they are back in that time, nobody
    reads of it. 0 = a netsplit is told at once."""
    split_held: Annotated[int, Field(ge=0)] = 32
    """Messages that wait for each of them meanwhile."""

    @model_validator(mode="after")
    def _check_order(self) -> LinksSettings:
        if self.ping_timeout <= self.ping_interval:
            raise ValueError("has a ping_timeout that is not longer than ping_interval")
        if self.reconnect_max < self.reconnect_min:
            raise ValueError("has a reconnect_max that is shorter than reconnect_min")
        if self.resume_retry_max < self.resume_retry:
            raise ValueError("has a resume_retry_max that is shorter than resume_retry")
        return self


class LinkSettings(Section):
    """``[[link]]``: another server that this one is linked to; see docs/federation.md.

    It is known by its certificate (``spki_sha256`` or ``ca``), and by the password in addition.
    """

    name: str
    """The name of the other server, used once: its ``server.name``."""
    sid: str | None = None
    """Its server id (``server.sid``); absent: whatever it says."""
    addresses: tuple[Dialled, ...] = ()
    """Where to connect to, one after the other: ``irc2.example.org:6900``, ``[2001:db8::1]:6900``, or the
    path of a UNIX socket; empty = it connects to us."""
    autoconnect: bool = True
    """Connect by ourselves, and again whenever the link is gone; false = with CONNECT only."""
    tls: bool = True
    """Speak TLS when we connect. (A UNIX socket has none.)"""
    standby: bool = False
    """Keep a second connection ready, to another of ``addresses`` if there is one, to go on with at once when
    the first is lost. Over TLS, and between chatnet servers only."""
    password: SecretWord | None = None
    """The password that both sides give; plain, since it is sent."""
    accept_password: SecretWord | None = None
    """The password that the other side gives, if it is not the same."""
    spki_sha256: tuple[Pin, ...] = ()
    """SHA-256 of its public key, as ``chatnet fingerprint`` prints it there; while it changes, the old and
    the new one."""
    ca: str = ""
    """PEM file with authorities, relative to the configuration: a certificate signed by one of them that is
    for ``name`` is its own, too. Empty = the pins alone."""
    insecure: bool = False
    """Allow it to be linked without TLS from another machine: everybody on the way reads and writes along."""
    role: Literal["leaf", "hub", "services", "relay"] = "leaf"
    """``leaf``: no servers behind it; ``hub``: there may be; ``services``: it may do what services do (log
    people in, rename them), and have servers behind it; ``relay``: a bridge to another network."""
    dialect: Literal["solanum"] = "solanum"
    """What it speaks: TS6 as Solanum does, and so do chatnet, Atheme and PyLink."""
    may_introduce: tuple[Word, ...] = ()
    """Names of servers, with wildcards, that may be behind it; empty = any for a hub, services or relay, and
    none for a leaf."""
    max_servers: Annotated[int, Field(ge=0)] = 100
    """Servers behind it."""
    max_users: Annotated[int, Field(ge=0)] = 200_000
    """Users on it and behind it."""
    max_memberships: Annotated[int, Field(ge=0)] = 1_000_000
    """Memberships of these users in channels, all together; each takes about 100 bytes of memory."""
    allow_kill: bool = True
    """Whether it may disconnect users who are not behind it."""
    allow_squit_others: bool = True
    """Whether it may end links that are not its own."""
    allow_bans: bool = True
    """Whether bans that it sets hold here."""
    allow_opers: bool = True
    """Whether its operators count as operators here."""
    sendq: Annotated[int, Field(ge=65536)] = 33_554_432
    """Bytes that may wait for it before the link is given up."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not is_server_name(value):
            raise ValueError("is not a server name: letters, digits and '-', with a '.', at most 63 bytes")
        return value

    @field_validator("sid")
    @classmethod
    def _check_sid(cls, value: str | None) -> str | None:
        if value is not None and not is_sid(value):
            raise ValueError("is not a server id: a digit, then two digits or capital letters")
        return value

    @model_validator(mode="after")
    def _check_proof(self) -> LinkSettings:
        if self.password is None and not self.spki_sha256 and not self.ca:
            raise ValueError("needs spki_sha256, ca or a password")
        if self.accept_password is not None and self.password is None:
            raise ValueError("has accept_password without password")
        by_tcp = [address for address in self.addresses if not address.startswith("/")]
        if self.tls:
            if by_tcp and not self.spki_sha256 and not self.ca:
                raise ValueError(f"cannot know {by_tcp[0]} by its certificate: it needs spki_sha256 or ca")
        elif not self.insecure:
            for address in by_tcp:
                if not is_loopback(host_and_port(address)[0]):
                    raise ValueError(f"would connect to {address} without TLS; insecure = true allows it")
        if self.role == "leaf" and self.may_introduce:
            raise ValueError("has may_introduce, but a leaf introduces nobody")
        return self


PRIVILEGES: Final[dict[str, str]] = {
    "kill": "KILL",
    "rehash": "REHASH",
    "restart": "RESTART",
    "die": "DIE",
    "routing": "CONNECT and SQUIT, which make and end links between servers",
    "wallops": "WALLOPS",
    "operwall": "OPERWALL",
    "broadcast": "PRIVMSG and NOTICE to everybody: `$$*.example.org`",
    "see-all": "real hosts and addresses, secret channels, invisible users, everybody in STATS and TRACE",
    "channels": "to enter and change any channel; other operators are told. Mode `S` holds for them too",
    "flood-exempt": "no costs and no rates",
}
"""What an ``[[oper_class]]`` may grant, and what each privilege allows."""


class SASLSettings(Section):
    """``[sasl]``: logging in with AUTHENTICATE, while services are there that look at passwords."""

    tls_only: bool = False
    """Offer it to clients under TLS only."""
    plaintext_links: bool = False
    """Ask services even if the link towards them has no TLS and leads to another machine."""
    timeout: Annotated[float, Field(gt=0)] = 30.0
    """Seconds that one attempt may take."""
    response_bytes: Annotated[int, Field(ge=400)] = 8192
    """Bytes (in Base64) of one response of a client."""
    attempts: Annotated[int, Field(ge=1)] = 5
    """Failed attempts that a connection has; after the last one it is closed."""


class WebIRCSettings(Section):
    """``[[webirc]]``: a gateway that brings people from the web, and tells their addresses (WEBIRC)."""

    name: Word
    """Name of the gateway, used once: one word. WHOIS shows it."""
    addresses: tuple[AddressRange, ...]
    """Where it connects from. Limits per address do not count these, but those of its users."""
    password: Password | None = None
    """The password it gives, plain or an argon2 hash."""
    certfp: Fingerprint | None = None
    """SHA-256 fingerprint (hex) of the client certificate it must show; enough without a password."""

    @field_validator("addresses")
    @classmethod
    def _check_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty: name the addresses of the gateway")
        return value

    @model_validator(mode="after")
    def _check_proof(self) -> WebIRCSettings:
        if self.password is None and self.certfp is None:
            raise ValueError("needs a password or a certfp")
        return self


class OperClassSettings(Section):
    """``[[oper_class]]``: a named set of privileges."""

    name: Word
    """Name of the class, used once: one word."""
    extends: str | None = None
    """Name of a class whose privileges this one has too."""
    privileges: tuple[str, ...] = ()
    """What its opers may do."""
    title: Line = "is an IRC Operator"
    """What WHOIS says of its opers (313)."""

    @field_validator("privileges")
    @classmethod
    def _check_privileges(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(value) - PRIVILEGES.keys()):
            known = ", ".join(sorted(PRIVILEGES))
            raise ValueError(f"has unknown privileges: {', '.join(unknown)} (known: {known})")
        return value


class OperSettings(Section):
    """``[[oper]]``: one operator."""

    name: Word
    """The name given to OPER, used once: one word."""
    password: SecretStr | None = None
    """An argon2 hash, made by ``chatnet hash-password``."""
    oper_class: str = Field(alias="class")
    """Name of the ``[[oper_class]]`` that says what this oper may do."""
    hosts: tuple[str, ...] = ()
    """``user@host`` masks (real host or address, CIDR allowed) from where; empty = anywhere."""
    certfp: Fingerprint | None = None
    """SHA-256 fingerprint (hex) of the client certificate needed; ``chatnet fingerprint`` prints it."""
    modes: str = "swz"
    """User modes set at OPER."""
    snomask: str = "cfgkorx"
    """Letters of the server notices shown at OPER."""

    @field_validator("password")
    @classmethod
    def _check_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith("$argon2"):
            raise ValueError("is not an argon2 hash: make one with `chatnet hash-password`")
        return value

    @model_validator(mode="after")
    def _check_proof(self) -> OperSettings:
        if self.password is None and self.certfp is None:
            raise ValueError("needs a password or a certfp")
        return self


class CloakSettings(Section):
    """``[cloak]``: hide users' hosts behind a keyed hash."""

    enabled: bool = True
    """Set user mode +x when a user registers."""
    key: SecretStr | None = None
    """The secret: 32 characters or more, one for all nodes; absent: made once, kept in the data folder."""
    suffix: str = "cloak"
    """How a cloaked address ends, as in ``y35hy5gf.datqtlio.lcdxny6g.o5dhijjw.cloak``; at most 27 bytes."""

    @field_validator("key")
    @classmethod
    def _check_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("is shorter than 32 characters")
        return value

    @field_validator("suffix")
    @classmethod
    def _check_suffix(cls, value: str) -> str:
        if not is_domain(value, 27):
            raise ValueError("is not the end of a host name: letters, digits and '-', with dots between")
        return value


class LookupSettings(Section):
    """``[lookups]``: what is asked about a connecting address."""

    reverse_dns: bool = False
    """Look up the host name of an address, and that the name leads back to it."""
    timeout: Annotated[float, Field(gt=0)] = 4.0
    """Seconds a connection waits for it."""


class LogSettings(Section):
    """``[log]``: what is written, and where."""

    level: Literal["debug", "info", "warn", "error"] = "info"
    """The least important level that is written."""
    format: Literal["text", "json"] = "text"
    """``text``: a line for people; ``json``: one JSON object per line."""
    file: str = ""
    """Path, relative to the configuration; empty = standard output (twistd's own ``--logfile`` rules)."""


def _default_listeners() -> tuple[ListenSettings, ...]:
    return (
        ListenSettings(endpoint="tcp:6667:interface=127.0.0.1"),
        ListenSettings(endpoint="tcp:6697:interface=127.0.0.1", tls=True),
    )


class Settings(Section):
    """A whole configuration."""

    server: ServerSettings = ServerSettings()
    listen: tuple[ListenSettings, ...] = Field(default_factory=_default_listeners)
    websocket: WebSocketSettings = WebSocketSettings()
    tls: TLSSettings = TLSSettings()
    sts: tuple[STSSettings, ...] = ()
    limits: LimitSettings = LimitSettings()
    history: HistorySettings = HistorySettings()
    flood: FloodSettings = FloodSettings()
    cloak: CloakSettings = CloakSettings()
    lookups: LookupSettings = LookupSettings()
    log: LogSettings = LogSettings()
    connection_class: tuple[ConnectionClassSettings, ...] = (ConnectionClassSettings(name="default"),)
    sasl: SASLSettings = SASLSettings()
    webirc: tuple[WebIRCSettings, ...] = ()
    oper_class: tuple[OperClassSettings, ...] = ()
    oper: tuple[OperSettings, ...] = ()
    links: LinksSettings = LinksSettings()
    link: tuple[LinkSettings, ...] = ()

    @model_validator(mode="after")
    def _check_references(self) -> Settings:
        problems = reference_problems(self.model_dump(by_alias=True))
        if problems:
            raise ValueError("; ".join(f"{'.'.join(map(str, at))}: {reason}" for at, reason in problems))
        return self

    def privileges(self, oper_class: str) -> frozenset[str]:
        """All privileges of the class of that name, inherited ones included; empty if there is none."""
        by_name = {c.name: c for c in self.oper_class}
        found: set[str] = set()
        current = by_name.get(oper_class)
        while current is not None:
            found.update(current.privileges)
            current = by_name.get(current.extends) if current.extends else None
        return frozenset(found)


def reference_problems(tree: Mapping[str, object]) -> list[tuple[tuple[str | int, ...], str]]:
    """Places in a configuration's plain form with a name used twice, or standing for nothing, and the reason.

    A tree with other mistakes will do (what is malformed is overlooked), so that all can be told together.
    """
    problems: list[tuple[tuple[str | int, ...], str]] = []
    lists = ("listen", "sts", "connection_class", "webirc", "oper_class", "oper", "link")
    sections = {key: _items(tree.get(key)) for key in lists}
    names: dict[str, list[object]] = {}
    for section, key in (
        ("connection_class", "name"),
        ("webirc", "name"),
        ("oper_class", "name"),
        ("oper", "name"),
        ("sts", "hostname"),
        ("link", "name"),
    ):
        names[section] = [item.get(key) for item in sections[section]]
        if section == "link":  # the names of servers, in whatever case
            names[section] = [name.lower() if isinstance(name, str) else name for name in names[section]]
        for index, name in enumerate(names[section]):
            if isinstance(name, str) and name in names[section][:index]:
                problems.append(((section, index, key), f"the name {name!r} is used twice"))
    for key in ("name", "sid"):
        own = _within(tree, "server", key)
        for index, item in enumerate(sections["link"]):
            if isinstance(own, str) and str(item.get(key)).lower() == own.lower():
                text = f"is this server's own: one of the two needs another server.{key}"
                problems.append((("link", index, key), text))
    if not names["connection_class"] and isinstance(tree.get("connection_class"), (list, tuple)):
        problems.append((("connection_class",), "there must be at least one"))
    uplinks = _within(tree, "links", "uplinks")
    for index, name in enumerate(uplinks if isinstance(uplinks, (list, tuple)) else ()):
        block = next((item for item in sections["link"] if item.get("name") == name), None)
        if block is None:
            problems.append((("links", "uplinks", index), f"there is no link {name!r}"))
        elif not block.get("addresses"):
            problems.append((("links", "uplinks", index), f"the link {name!r} has no addresses"))
    for section, key, target in (
        ("listen", "connection_class", "connection_class"),
        ("oper_class", "extends", "oper_class"),
        ("oper", "class", "oper_class"),
    ):
        if not all(isinstance(name, str) for name in names[target]):
            continue
        for index, item in enumerate(sections[section]):
            name = item.get(key)
            if isinstance(name, str) and name not in names[target]:
                problems.append(((section, index, key), f"there is no {target} {name!r}"))
    suffix, longest = _within(tree, "cloak", "suffix"), _within(tree, "limits", "host")
    if isinstance(suffix, str) and isinstance(longest, int) and HIDDEN + len(suffix) > longest:
        problems.append(
            (("cloak", "suffix"), f"makes cloaks that are longer than limits.host, {longest} bytes")
        )
    above: dict[str, object] = {}
    for item in sections["oper_class"]:
        name = item.get("name")
        if isinstance(name, str):
            above.setdefault(name, item.get("extends"))
    for index, name in enumerate(names["oper_class"]):
        current = name
        for _ in above:
            current = above.get(current) if isinstance(current, str) else None
            if current == name and current is not None:
                problems.append((("oper_class", index, "extends"), "leads back to this class"))
                break
    return problems


HIDDEN = 36
"""Bytes of a cloaked address before its suffix."""


def _within(tree: Mapping[str, object], section: str, key: str) -> object:
    """A value of a configuration's plain form, or else the default."""
    inner = tree.get(section)
    if isinstance(inner, Mapping) and key in inner:
        return inner[key]
    default: object = getattr(Settings.model_fields[section].default, key)
    return default


def _items(value: object) -> list[Mapping[str, object]]:
    items = value if isinstance(value, (list, tuple)) else ()
    return [item if isinstance(item, Mapping) else {} for item in items]
