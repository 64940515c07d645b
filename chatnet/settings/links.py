"""Links to other servers: ``[links]`` and ``[[link]]``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from chatnet.settings.base import (
    Agreement,
    Dialled,
    FilePath,
    Pin,
    SecretWord,
    Section,
    ServerId,
    ServerName,
    Word,
    host_and_port,
)
from chatnet.wire.networks import is_loopback


def _ordered(short: str, long: str, least: float, most: float) -> str | None:
    return f"has a {long} that is shorter than {short}" if most < least else None


def _pinged(interval: float, timeout: float) -> str | None:
    return "has a ping_timeout that is not longer than ping_interval" if timeout <= interval else None


class LinksSettings(Section):
    """``[links]``: what holds for all links to other servers."""

    agreements: ClassVar[tuple[Agreement, ...]] = (
        Agreement(("ping_interval", "ping_timeout"), _pinged),
        *(
            Agreement(keys, partial(_ordered, *keys))
            for keys in (("reconnect_min", "reconnect_max"), ("resume_retry", "resume_retry_max"))
        ),
    )

    certificate: FilePath = ""
    """Which of the certificates in ``tls.certificates`` to show other servers; empty = ``tls.default``.
    Choose one whose key stays when it is renewed, or what others pinned is no longer true."""
    connect_timeout: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """Seconds that connecting to one address may take."""
    handshake_timeout: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """Seconds from the connection (under TLS, from its handshake) until a server has said who it is."""
    unknown: Annotated[int, Field(ge=1, le=10000)] = 16
    """Connections at a time of which it is not known yet which server they are; for one more, one of the
    network with the most of them goes, or the oldest; last one from where a server of a ``[[link]]`` is."""
    burst_timeout: Annotated[float, Field(gt=0, le=2_592_000)] = 120.0
    """Seconds that a new neighbour may take to tell what is behind it."""
    burst_slice: Annotated[int, Field(ge=1, le=1_000_000)] = 250
    """Lines that a new neighbour is told in one turn; clients are served between two."""
    line_slice: Annotated[float, Field(gt=0, le=10)] = 0.02
    """Seconds for which the lines of one neighbour are taken in one turn; clients are served between two."""
    ping_interval: Annotated[float, Field(ge=1, le=2_592_000)] = 10.0
    """Seconds of silence after which a neighbour is sent PING."""
    ping_timeout: Annotated[float, Field(ge=2, le=2_592_000)] = 25.0
    """Seconds of silence after which a link is taken for dead."""
    send_timeout: Annotated[float, Field(ge=0, le=86400)] = 20.0
    """Seconds that what was sent may be on its way before the connection is taken for dead, where the system
    can tell (Linux); 0 = as long as the system thinks."""
    resume_grace: Annotated[float, Field(ge=0, le=86400)] = 30.0
    """Seconds that a link to another chatnet server waits for a new connection when it lost its own: until
    then nobody reads of it, and nothing is lost. 0 = it ends at once."""
    resume_buffer: Annotated[int, Field(ge=65536, le=4_294_967_296)] = 8_388_608
    """Bytes of memory for what a neighbour has not confirmed yet, for each link; while it waits for a
    connection, more ends it."""
    resume_lines: Annotated[int, Field(ge=100, le=100_000_000)] = 50_000
    """The same in lines."""
    resume_retry: Annotated[float, Field(ge=0.1, le=3600)] = 0.5
    """Seconds from the first attempt to connect again, at once, to the second; each failure doubles them."""
    resume_retry_max: Annotated[float, Field(ge=0.1, le=86400)] = 4.0
    """Seconds between two of those attempts, at most."""
    resume_stagger: Annotated[float, Field(ge=0.1, le=3600)] = 2.0
    """Seconds after which the next of several addresses is tried as well, if one has not answered; at most so
    many that all are tried in half of the time that the link waits."""
    standby_renew: Annotated[float, Field(ge=1, le=86400)] = 300.0
    """Seconds after which a standby connection (``standby`` of a ``[[link]]``) is made anew."""
    ack_lines: Annotated[int, Field(ge=1, le=1_000_000)] = 64
    """Lines after which a neighbour is told at once that they are applied."""
    ack_delay: Annotated[float, Field(gt=0, le=60)] = 0.2
    """Seconds after which it is told that fewer are."""
    drain_timeout: Annotated[float, Field(ge=0, le=600)] = 5.0
    """Seconds that a server which is told to stop waits until its neighbours have applied all it said."""
    reconnect_min: Annotated[float, Field(ge=0.1, le=86400)] = 5.0
    """Seconds to the first attempt to connect again (``autoconnect``); each failure doubles them."""
    reconnect_max: Annotated[float, Field(ge=1, le=86400)] = 300.0
    """Seconds between two attempts, at most."""
    uplinks: tuple[str, ...] = ()
    """Servers with a ``[[link]]`` of which one is to be linked, the best first: when it is lost the next is
    connected to, from the first on. Empty = each by itself."""
    failover_delay: Annotated[float, Field(ge=0, le=3600)] = 2.0
    """Seconds, at most, until another of ``uplinks`` is connected to; how many, chance says, so that not all
    servers come at once."""
    failover_after: Annotated[float, Field(ge=0, le=86400)] = 12.0
    """Seconds that the link to one of ``uplinks`` waits for a new connection, if another could take its place
    (and at most ``resume_grace``). If connections are refused there, it does not wait."""
    prefer_return: bool = False
    """Leave a later one of ``uplinks`` for the first when that can be reached again; else it is kept."""
    return_after: Annotated[float, Field(ge=1, le=2_592_000)] = 60.0
    """Seconds without a word over the link after which that is tried."""
    most_skew: Annotated[float, Field(ge=1, le=31_536_000)] = 600.0
    """Seconds that the clock of a server of another make may be off, or there is no link; what it says to be
    later than that happened now."""
    converge: bool = True
    """Stamp what is changed in channels, so that the latest change holds, with all neighbours that do so too:
    whatever is said at one moment, or on both sides of a lost link, all servers end in the same state."""
    stamp_skew: Annotated[float, Field(ge=0, le=86400)] = 5.0
    """Seconds that the clock of a neighbour may be off before operators are told."""
    stamp_horizon: Annotated[float, Field(ge=3600, le=31_536_000)] = 86400.0
    """Seconds that a stamp, or a time from another server, may be ahead of our clock; one that is further
    ends the link, for all servers take a stamp as it is, or not at all."""
    stamp_memory: Annotated[float, Field(ge=60, le=31_536_000)] = 900.0
    """Seconds that stamps, and channels that ended, are remembered; longer while such a neighbour is split
    away."""
    stamps: Annotated[int, Field(ge=1000, le=100_000_000)] = 500_000
    """Stamps that are remembered at most, and a tenth as many channels that ended; the oldest go first."""
    digest_delay: Annotated[float, Field(ge=1, le=86400)] = 30.0
    """Seconds after the burst of such a neighbour until both compare digests of all channels."""
    digest_interval: Annotated[float, Field(ge=10, le=2_592_000)] = 600.0
    """Seconds between two such comparisons."""
    digest_quiet: Annotated[float, Field(ge=1, le=86400)] = 60.0
    """Seconds that nothing must have happened in a channel which is compared."""
    bans: Annotated[int, Field(ge=0, le=10_000_000)] = 100_000
    """Bans from the network that are remembered; one more is ignored."""
    channels: Annotated[int, Field(ge=0, le=10_000_000)] = 200_000
    """Channels of the network; who brings one more loses its link."""
    list_entries: Annotated[int, Field(ge=0, le=10_000_000)] = 10_000
    """Entries of one list (bans, exceptions, invitations) of a channel; who brings more loses its link."""
    entries: Annotated[int, Field(ge=0, le=100_000_000)] = 1_000_000
    """The same of all lists of all channels together; each takes 300 bytes of memory, and twice its text."""
    logins: Annotated[int, Field(ge=100, le=10_000_000)] = 100_000
    """Logins given to people of servers that keep no accounts which are remembered while they connect, or
    their server is away; of more the oldest is forgotten."""
    login_memory: Annotated[float, Field(ge=60, le=2_592_000)] = 86400.0
    """Seconds that such a login is remembered."""
    services: tuple[Word, ...] = ()
    """Names of services that are linked to another server of the network, and believed here as well. Those
    behind a link of our own with ``role = "services"`` are in any case."""
    held_nicks: Annotated[int, Field(ge=0, le=10_000_000)] = 10_000
    """Nicks that services hold for a while; one more is not held."""
    strikes: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Mistakes (lines in the name of somebody else, lines that cannot be handled) within ``strike_period``
    that end a link."""
    strike_period: Annotated[float, Field(gt=0, le=2_592_000)] = 60.0
    """Seconds."""
    queries: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """Questions of users elsewhere (``WHOIS ann ann``, ``VERSION irc2.example.org``) that one link may bring
    within ``queries_period``; further ones are told to try again. As many channels may a chatnet server ask
    for, which it took for gone."""
    queries_period: Annotated[float, Field(gt=0, le=2_592_000)] = 10.0
    """Seconds."""
    backfill_messages: Annotated[int, Field(ge=0, le=10000)] = 500
    """Messages of one channel that another server is asked for when it is back, and told; 0 = none."""
    backfill_bytes: Annotated[int, Field(ge=4096, le=1_073_741_824)] = 1_048_576
    """Bytes of lines that tell them, for one channel; the oldest are left out."""
    backfill_duration: Annotated[float, Field(gt=0, le=31_536_000)] = 86400.0
    """Seconds that they may be old."""
    backfill_overlap: Annotated[float, Field(ge=0, le=86400)] = 120.0
    """Seconds before a split was noticed from which on to ask, for what was on its way then, and since clocks
    differ; never less than ``ping_timeout`` and ``resume_grace`` together. It is asked for so long after the
    question as well, for what is said until that is heard."""
    backfill_requests: Annotated[int, Field(ge=1, le=10000)] = 4
    """Channels that are asked about at a time (of what is stored: by each link), and those that each other
    server may ask about at a time."""
    backfill_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds without a line of an answer after which it is not waited for any more."""
    backfill_longest: Annotated[float, Field(gt=0, le=86400)] = 600.0
    """Seconds that one answer takes at most, however it goes on."""
    backfill_slice: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """Lines of answers that are sent in one turn; clients are served between two."""
    split_damping: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """Seconds for which people are shown who went with a lost link; if they are back in that time, nobody
    reads of it. 0 = a netsplit is told at once."""
    split_held: Annotated[int, Field(ge=0, le=100000)] = 32
    """Messages that wait for each of them meanwhile."""


def _known(password: object, pins: object, ca: object) -> str | None:
    return "needs spki_sha256, ca or a password" if password is None and not pins and not ca else None


def _answered(password: object, accept_password: object) -> str | None:
    wrong = accept_password is not None and password is None
    return "has accept_password without password" if wrong else None


def _dialled_by_tls(
    tls: bool, addresses: Sequence[str], password: object, pins: object, ca: object
) -> str | None:
    by_tcp = [address for address in addresses if not address.startswith("/")]
    if tls and by_tcp and not pins and not ca and password is not None:
        return f"cannot know {by_tcp[0]} by its certificate: it needs spki_sha256 or ca"
    return None


def _dialled_without(tls: bool, addresses: Sequence[str], insecure: bool) -> str | None:
    by_tcp = [address for address in addresses if not address.startswith("/")]
    far = [address for address in by_tcp if not is_loopback(host_and_port(address)[0])]
    if far and not tls and not insecure:
        return f"would connect to {far[0]} without TLS; insecure = true allows it"
    return None


def _alone(role: str, may_introduce: object) -> str | None:
    wrong = role == "leaf" and may_introduce
    return "has may_introduce, but a leaf introduces nobody" if wrong else None


class LinkSettings(Section):
    """``[[link]]``: another server that this one is linked to; see docs/federation.md.

    It is known by its certificate (``spki_sha256`` or ``ca``), and by the password in addition.
    """

    agreements: ClassVar[tuple[Agreement, ...]] = (
        Agreement(("password", "spki_sha256", "ca"), _known),
        Agreement(("password", "accept_password"), _answered),
        Agreement(("tls", "addresses", "password", "spki_sha256", "ca"), _dialled_by_tls),
        Agreement(("tls", "addresses", "insecure"), _dialled_without),
        Agreement(("role", "may_introduce"), _alone),
    )

    name: ServerName
    """The name of the other server, used once: its ``server.name``."""
    sid: ServerId | None = None
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
    ca: FilePath = ""
    """PEM file with authorities, relative to the configuration: a certificate signed by one of them that is
    for ``name`` is its own, too. Empty = the pins alone."""
    insecure: bool = False
    """Allow it to be linked without TLS from another machine: everybody on the way reads and writes along."""
    role: Literal["leaf", "hub", "services", "relay"] = "leaf"
    """``leaf``: no servers behind it; ``hub``: there may be; ``services``: it may do what services do (log
    people in, rename them), and have servers behind it; ``relay``: a bridge to another network."""
    accounts: Literal["none", "full"] = "none"
    """``full``: it keeps all accounts, and their passwords, as this server does; its own block for this
    server says so, too. ``none``: it is told who is logged in, and nothing else."""
    believe_accounts: bool = False
    """Whether it may say who is logged in to which account, though it keeps none. Else only those are whom
    this network's own NickServ or SASL has logged in."""
    believe_certificates: bool = False
    """Whether its people log in by the certificates that it says they have: who believes it lets it in to
    every account that has one."""
    dialect: Literal["solanum"] = "solanum"
    """What it speaks: TS6 as Solanum does, and so do chatnet, Atheme and PyLink."""
    may_introduce: tuple[Word, ...] = ()
    """Names of servers, with wildcards, that may be behind it; empty = any for a hub, services or relay, and
    none for a leaf."""
    max_servers: Annotated[int, Field(ge=0, le=100000)] = 100
    """Servers behind it."""
    max_users: Annotated[int, Field(ge=0, le=100_000_000)] = 200_000
    """Users on it and behind it."""
    max_memberships: Annotated[int, Field(ge=0, le=1_000_000_000)] = 1_000_000
    """Memberships of these users in channels, all together; each takes about 100 bytes of memory."""
    allow_kill: bool = True
    """Whether it may disconnect users who are not behind it."""
    allow_squit_others: bool = True
    """Whether it may end links that are not its own."""
    allow_bans: bool = True
    """Whether bans that it sets hold here."""
    allow_opers: bool = True
    """Whether its operators count as operators here."""
    allow_seats: bool | None = None
    """Whether servers behind it may have sessions of people who are on other servers, and speak for them:
    that they logged in is then its word. If nothing is said here, it may if it is believed of accounts."""
    allow_orders: bool | None = None
    """Whether operators of servers behind it may have this one do something: force people who are here
    (SAJOIN and so on), tell what was done (AUDIT) and what was reported. Their class, as it is configured
    here, has to grant it as well. If nothing is said, they may if it is believed of accounts."""
    sendq: Annotated[int, Field(ge=65536, le=4_294_967_296)] = 33_554_432
    """Bytes that may wait for it before the link is given up."""
