"""What people may do: limits, rates, connection classes, logins, operators and cloaks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field, SecretStr, field_validator

from chatnet.settings.base import (
    PROVEN,
    AddressRange,
    Agreement,
    Fingerprint,
    Line,
    Password,
    Section,
    Word,
)
from chatnet.wire.names import is_domain, is_tag_name


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
    key: Annotated[int, Field(ge=1, le=64)] = 23
    """Length of a channel's key (mode k). 23 at most count while a server of another make is linked."""
    mask_list: Annotated[int, Field(ge=1, le=10000)] = 100
    """Entries of b, e and I together in one channel."""
    large_mask_list: Annotated[int, Field(ge=1, le=100000)] = 1000
    """The same in a channel with mode +L."""
    mask_bytes: Annotated[int, Field(ge=160, le=100_000_000)] = 8192
    """Bytes of these entries in one channel, which each JOIN takes the longer for."""
    large_mask_bytes: Annotated[int, Field(ge=160, le=100_000_000)] = 81920
    """The same in a channel with mode +L."""
    user_mask_bytes: Annotated[int, Field(ge=160, le=100_000_000)] = 131072
    """Bytes of these entries in all channels together in which one user may set some."""
    modes: Annotated[int, Field(ge=1, le=20)] = 4
    """Changes with a parameter in one MODE command."""
    channels: Annotated[int, Field(ge=1, le=100000)] = 120
    """Channels one user may be in."""
    paced: Annotated[int, Field(ge=10, le=1_000_000)] = 2000
    """People of whom it is known what they said lately in one channel with slow mode or repeat filter (modes
    W and E); who spoke first is forgotten."""
    targets: Annotated[int, Field(ge=1, le=1000)] = 4
    """Targets of one PRIVMSG, NOTICE or TAGMSG (TARGMAX)."""
    monitor: Annotated[int, Field(ge=0, le=100000)] = 100
    """Names one session may MONITOR."""
    accept: Annotated[int, Field(ge=0, le=100000)] = 100
    """Entries of one user's ACCEPT list."""
    invites: Annotated[int, Field(ge=1, le=10000)] = 50
    """Invitations one user may hold; the oldest is forgotten."""
    former_names: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    """Names that channels had before they were renamed which are remembered; the oldest is forgotten."""
    former_name_time: Annotated[float, Field(ge=0, le=31_536_000)] = 86400.0
    """Seconds for which who joins by such a name is led to the channel, and nobody else takes the name."""
    rename_members: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    """Members up to which a channel may be renamed: clients that cannot follow are told who is there anew."""
    whowas: Annotated[int, Field(ge=0, le=1_000_000)] = 5000
    """Departed users that WHOWAS remembers."""
    who: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """Replies to one WHO with a mask (416 after them)."""
    list_replies: Annotated[int, Field(ge=1, le=1_000_000)] = 20000
    """Replies to one LIST (416 after them)."""
    scan_slice: Annotated[int, Field(ge=100, le=10_000_000)] = 5000
    """Microseconds that LIST, WHO and other looks at the whole network may take in one turn, together and as
    estimated by what they look at; then everybody else is served."""
    stats_bans: Annotated[int, Field(ge=1, le=10000)] = 500
    """Bans of the network that one STATS shows, the newest first (416 after them)."""
    users: Annotated[int, Field(ge=1, le=1_000_000)] = 20000
    """Sessions on this server."""
    spare_descriptors: Annotated[int, Field(ge=0, le=100_000)] = 64
    """File descriptors that are kept for links, the log and reloads: when no others are left (``ulimit -n``),
    no more clients are let in. At most half of all."""
    tags: Annotated[int, Field(ge=510, le=4094)] = 4094
    """Bytes of tags a client may send with a line."""
    client_tags_denied: tuple[str, ...] = ()
    """Client-only tags that are not relayed, without their ``+``, for instance ``"typing"``; or ``"*"`` first
    for all, and ``"-draft/reply"`` for one that is relayed nevertheless (CLIENTTAGDENY)."""
    multiline_bytes: Annotated[int, Field(ge=512, le=1_048_576)] = 12288
    """Bytes of one message of several lines (``max-bytes`` of ``draft/multiline``)."""
    multiline_lines: Annotated[int, Field(ge=2, le=10000)] = 32
    """Lines of one message of several lines (``max-lines``). Each costs as much as a message, so what is
    beyond ``burst`` waits, and beyond ``excess`` of the connection class is too much to be sent at once."""
    batch_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds that may pass between two lines of a message of several lines."""
    registration_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
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


class FloodSettings(Section):
    """``[flood]``: rates. Commands cost penalty seconds as their rows say; see docs/operators.md."""

    enabled: bool = True
    """False switches off penalties, rates and limits per address (for tests on a trusted machine)."""
    penalty_scale: Annotated[float, Field(ge=0, le=1000)] = 1.0
    """Multiplies the cost of every command."""
    connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 16
    """Connections at a time from one address."""
    connections_per_network: Annotated[int, Field(ge=1, le=1_000_000)] = 64
    """Connections at a time from one network (as wide as ``network_ipv4`` and ``network_ipv6`` say)."""
    network_ipv4: Annotated[int, Field(ge=8, le=32)] = 24
    """Prefix length in bits of what counts as one IPv4 network."""
    network_ipv6: Annotated[int, Field(ge=16, le=128)] = 56
    """Prefix length in bits of what counts as one IPv6 network."""
    address_ipv6: Annotated[int, Field(ge=16, le=128)] = 64
    """Prefix length in bits of what counts as one IPv6 address."""
    connection_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """New connections from one address within ``connection_period``."""
    connection_period: Annotated[float, Field(gt=0, le=2_592_000)] = 60.0
    """Seconds."""
    notices: Annotated[int, Field(ge=1, le=1_000_000)] = 30
    """Addresses of which operators and the log are told within ``notice_period`` that something of theirs was
    refused or cut off, each once; beyond, only how often."""
    notice_period: Annotated[float, Field(gt=0, le=2_592_000)] = 60.0
    """Seconds."""
    exempt: tuple[AddressRange, ...] = ("127.0.0.0/8", "::1")
    """Addresses that the limits per address, per network and the connection rate do not count."""
    join_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 30
    """Channels one user may join within ``join_period`` (beyond: 263)."""
    join_period: Annotated[float, Field(gt=0, le=2_592_000)] = 30.0
    """Seconds."""
    target_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Different new users one user may write to within ``target_period`` (beyond: 707)."""
    target_period: Annotated[float, Field(gt=0, le=2_592_000)] = 60.0
    """Seconds."""
    nick_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    """Nick changes within ``nick_period`` (beyond: 438)."""
    nick_period: Annotated[float, Field(gt=0, le=2_592_000)] = 20.0
    """Seconds."""
    knock_period: Annotated[float, Field(ge=0, le=2_592_000)] = 60.0
    """Seconds between two KNOCKs on one channel (712)."""
    rename_period: Annotated[float, Field(ge=0, le=2_592_000)] = 60.0
    """Seconds between two RENAMEs of one channel."""
    invite_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """Invitations one user may send within 60 seconds (beyond: 263)."""
    oper_attempts: Annotated[int, Field(ge=1, le=1000)] = 3
    """Wrong OPER passwords before the session is closed."""
    passwords: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Passwords that may wait to be held against a hash: so many of people who connect, as many of gateways,
    and of operators. Addresses take turns; of more, the last of who has most is told to try again."""


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
    require_login: bool = False
    """Let in only who is logged in to an account, by SASL, PASS or a certificate."""
    lines_per_second: Annotated[float, Field(ge=0.01, le=1_000_000)] = 2.0
    """How fast penalty seconds are worked off: this many of cost 1.0 in a second."""
    burst: Annotated[float, Field(gt=0, le=1_000_000)] = 20.0
    """Penalty seconds a session may run up before its lines are delayed."""
    excess: Annotated[int, Field(ge=1, le=1_000_000)] = 200
    """Delayed lines beyond which the session is closed (Excess Flood)."""
    bytes_per_second: Annotated[int, Field(ge=64, le=1_073_741_824)] = 4096
    """Bytes per second that cost no penalty beyond their command's."""
    sendq: Annotated[int, Field(ge=4096, le=1_073_741_824)] = 1_048_576
    """Bytes that may wait for a slow reader before it is cut off."""
    recvq: Annotated[int, Field(ge=4608, le=1_073_741_824)] = 16384
    """Bytes of delayed lines that may wait before reading stops."""
    ping_interval: Annotated[float, Field(ge=1, le=86400)] = 120.0
    """Seconds of silence after which PING is sent."""
    ping_timeout: Annotated[float, Field(ge=1, le=86400)] = 60.0
    """Seconds after the PING until the session is closed."""
    max_sessions: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Sessions this class may have at a time; absent: no limit of its own."""
    flood_exempt: bool = False
    """No penalties and no rates for this class. (Limits per address are looked at before the class is known:
    see ``flood.exempt``.)"""


PRIVILEGES: Final[dict[str, str]] = {
    "kill": "KILL",
    "rehash": "REHASH",
    "restart": "RESTART",
    "die": "DIE",
    "audit": "AUDIT: to read what operators did",
    "bans": "UBAN, KLINE, DLINE, XLINE, RESV and what undoes them: bans of the network",
    "filters": "FILTER: filters of what people say, which do not mean those who have this",
    "shields": "SHIELDS: to close the doors further while the network is attacked, and to open them",
    "force": "SAJOIN, SAPART, SANICK, SAMODE, SATOPIC, OJOIN: have people and channels be as one wants",
    "reports": "REPORTS: to read what people report, with the messages around it, and to close it",
    "routing": "CONNECT and SQUIT, which make and end links between servers",
    "wallops": "WALLOPS",
    "operwall": "OPERWALL",
    "broadcast": "PRIVMSG and NOTICE to everybody: `$$*.example.org`",
    "see-all": "real hosts and addresses, secret channels, invisible users, all of STATS, TRACE and notices",
    "channels": "to enter and change any channel; other operators are told. Mode `S` holds for them too",
    "accounts": "NickServ and ChanServ for what is others', and all that is known of it; it is noted",
    "history": "to read what was said in channels that one is not in; other operators are told",
    "flood-exempt": "no costs and no rates",
}
"""What an ``[[oper_class]]`` may grant, and what each privilege allows."""


class SASLSettings(Section):
    """``[sasl]``: logging in with AUTHENTICATE, while services are there that look at passwords."""

    tls_only: bool = False
    """Offer it to clients under TLS only."""
    plaintext_links: bool = False
    """Ask services even if the link towards them has no TLS and leads to another machine."""
    timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds that one attempt may take."""
    response_bytes: Annotated[int, Field(ge=400, le=1_048_576)] = 8192
    """Bytes (in Base64) of one response of a client."""
    attempts: Annotated[int, Field(ge=1, le=1000)] = 5
    """Failed attempts that a connection has; after the last one it is closed."""
    talks: Annotated[int, Field(ge=10, le=1_000_000)] = 1000
    """Attempts that may be under way at once behind one link to a server that keeps no accounts; for one more
    the oldest fails."""


class WebIRCSettings(Section):
    """``[[webirc]]``: a gateway that brings people from the web, and tells their addresses (WEBIRC)."""

    agreements: ClassVar[tuple[Agreement, ...]] = (PROVEN,)

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

    agreements: ClassVar[tuple[Agreement, ...]] = (PROVEN,)

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
    snomask: str = "acfgkmoprx"
    """Letters of the server notices shown at OPER."""

    @field_validator("password")
    @classmethod
    def _check_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith("$argon2"):
            raise ValueError("is not an argon2 hash: make one with `chatnet hash-password`")
        return value


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


HIDDEN = 36
"""Bytes of a cloaked address before its suffix."""
