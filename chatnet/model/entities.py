"""Users and channels, which are one structure: who is where.

A channel holds its members, and each user the channels they are in; neither half means anything alone.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chatnet.compiled import mypyc_attr
from chatnet.model.ids import UID, AccountName, Folded
from chatnet.model.keep import Keep, read_keep
from chatnet.model.modes import NO_MODES
from chatnet.model.pace import Pace
from chatnet.model.server import Server
from chatnet.model.sparse import EMPTY
from chatnet.model.veil import Veil
from chatnet.wire.capabilities import ACCOUNT_TAG, MESSAGE_TAGS, OPER_TAG


class Oper:
    """What makes a user an IRC operator: the name of the oper block and what it grants."""

    __slots__ = ("name", "oper_class", "privileges", "title")

    def __init__(self, name: str, oper_class: str, privileges: frozenset[str], title: str) -> None:
        self.name = name
        self.oper_class = oper_class
        self.privileges = privileges
        self.title = title


class Person:
    """What makes a user a person: somebody with an account, who has sessions on several servers, or may.

    `key` is that of the account, `began` the stamp of the introduction as it stands on the wire, which is the
    claim to be this person; `stays` tells whether they are there without any session.  `seats` are the
    servers, beside their own, that have sessions of theirs.  Of an `orphan` the server is lost, and nobody
    knows yet whose user it is.  `former` are UIDs of other claims, the last of them at the end: what those
    have said is theirs.  Only ``Network.apply`` changes them.
    """

    __slots__ = ("began", "former", "key", "orphan", "seats", "stays")

    def __init__(self, key: str, began: str, *, stays: bool = False) -> None:
        self.key = key
        self.began = began
        self.stays = stays
        self.orphan = False
        self.seats: tuple[Server, ...] = ()
        self.former: tuple[UID, ...] = ()

    def remember(self, uids: Iterable[UID]) -> None:
        """What these UIDs have said is theirs, too; the oldest are forgotten."""
        self.former = tuple(dict.fromkeys([*self.former, *uids]))[-FORMER:]


FORMER: Final = 16
"""UIDs of other claims that are remembered of a person."""
NO_UID: Final = UID("")
NO_NICK: Final = Folded("*")
"""What a user has before it is known."""


class User:
    """Somebody on the network, or a connection that has not registered yet.

    `host` is what others see, `real_host` what was looked up, `address` the IP address.  `source` is
    ``nick!user@host`` as bytes, kept for the front of lines, and `tagged` the capabilities by which what the
    user says bears a tag about them.  `nick_ts` and `signon` are Unix times in seconds.  What users of this
    server say has ids greater than their `silent_until`.  Only ``Network.apply`` changes a user that is on
    the network.
    """

    __slots__ = (
        "accepted_by",
        "accepts",
        "account",
        "account_id",
        "account_since",
        "address",
        "away",
        "bounded",
        "certfp",
        "channels",
        "cloak",
        "folded",
        "host",
        "invites",
        "lost",
        "modes",
        "nick",
        "nick_ts",
        "oper",
        "person",
        "real_host",
        "realname",
        "secure",
        "server",
        "signon",
        "silent_until",
        "snomask",
        "source",
        "tagged",
        "uid",
        "username",
    )

    place: Final = ""
    """What message ids say of where a message to a user goes: nothing."""

    def __init__(self, server: Server, address: str, real_host: str) -> None:
        self.uid = NO_UID
        self.nick = "*"
        self.folded = NO_NICK
        self.username = ""
        self.host = real_host
        self.real_host = real_host
        self.address = address
        self.cloak: str | None = None  # the host that user mode x shows
        self.realname = ""
        self.account: AccountName | None = None
        self.account_id: str | None = None  # the same, if this network keeps it
        self.account_since: int | None = None  # when it was registered, in Unix seconds
        self.certfp: str | None = None
        self.secure = False
        self.server = server
        self.nick_ts = 0
        self.signon = 0.0
        self.silent_until = ""
        self.modes: frozenset[str] = NO_MODES
        self.snomask = ""
        self.away: str | None = None
        self.oper: Oper | None = None
        self.bounded = False  # who acts for them now may nothing of that
        self.person: Person | None = None
        self.channels: dict[Channel, int] = {}  # the same ranks as Channel.members has
        self.accepts: Mapping[User, None] = EMPTY  # who may write to a user with mode g
        self.accepted_by: Mapping[User, None] = EMPTY  # the other way round
        self.lost: tuple[Folded, int] | None = None  # a nick that was taken from them, and its TS
        self.invites: Mapping[Channel, float] = EMPTY  # channel -> Unix time
        self.source = b"*"
        self.tagged = 0

    @property
    def mask(self) -> str:
        """``nick!user@host`` as others see it."""
        return f"{self.nick}!{self.username}@{self.host}"

    @property
    def identity(self) -> str:
        """``nick (user@real.host) [address]``: who it is, for opers and the log."""
        return f"{self.nick} ({self.username}@{self.real_host}) [{self.address}]"

    def renew_source(self) -> None:
        """Make `source` anew after nick, user name or host changed."""
        # The text of `mask`, made here: each newcomer comes this way.
        self.source = f"{self.nick}!{self.username}@{self.host}".encode("utf-8", "surrogateescape")

    def renew_tagged(self) -> None:
        """Make `tagged` anew after account, oper or modes changed."""
        self.tagged = (
            (ACCOUNT_TAG if self.account is not None else 0)
            | (MESSAGE_TAGS if "B" in self.modes else 0)
            | (OPER_TAG if self.oper is not None else 0)
        )

    def meets(self, other: User) -> bool:
        """True if the two are in one channel."""
        return not self.channels.keys().isdisjoint(other.channels.keys())

    @property
    def seats(self) -> tuple[Server, ...]:
        """The servers, beside their own, that have sessions of theirs."""
        return () if self.person is None else self.person.seats

    @property
    def subject(self) -> str:
        """Whose it is since when they are where, and what they are there: a person's, by key, or a UID's."""
        return self.uid if self.person is None else self.person.key

    @property
    def uids(self) -> tuple[UID, ...]:
        """Those by which what they said is known: of a person also those of other claims."""
        return (self.uid,) if self.person is None else (self.uid, *self.person.former)

    @property
    def orphan(self) -> bool:
        """Whether their server is lost, and they are shown until somebody takes them over."""
        return self.person is not None and self.person.orphan

    @property
    def places(self) -> tuple[Server, ...]:
        """All servers that speak for them: their own, and the seats."""
        return (self.server, *self.seats)

    def is_at(self, server: Server) -> bool:
        """Whether `server` is their own, or has sessions of theirs."""
        return self.server is server or (self.person is not None and server in self.person.seats)

    @property
    def operates(self) -> bool:
        """Whether this user is an oper, and whatever acts for them now is for that."""
        return self.oper is not None and not self.bounded

    @property
    def withheld(self) -> bool:
        """Whether this user is an oper, and whatever acts for them now is not for that.

        Only their own server knows: another one would take them for an oper, whatever they ask of it.
        """
        return self.oper is not None and self.bounded

    def may(self, privilege: str) -> bool:
        """True if this user :attr:`operates`, and their class grants `privilege`."""
        return self.oper is not None and privilege in self.oper.privileges and not self.bounded

    @property
    def shown(self) -> str:
        """What people know them as: their nick."""
        return self.nick

    def name_of(self, server: Server) -> str:
        """What this user knows a server as: operators who see all know each process of a server."""
        return server.name if self.oper is not None and self.may("see-all") else server.shown

    def has(self, privilege: str) -> bool:
        """The same, whatever acts for them: so for what they are told, and did not ask for."""
        return self.oper is not None and privilege in self.oper.privileges

    def __repr__(self) -> str:
        return f"<User {self.uid} {self.nick}>"


@dataclass(slots=True)
class ListEntry:
    """An entry of a b, e or I list: the mask (a ``$forward`` cut off), who set it, and when (Unix time).

    With `until`, a Unix time, each server takes it away when that has come (``services/timed_bans.py``).
    Never changed.  It keeps the text and nothing that is made of it, which may be thirty times as much.
    """

    mask: str
    by: str
    at: int
    forward: str | None = None
    until: int | None = None

    @property
    def text(self) -> str:
        """The mask with its forward, as it was set."""
        return self.mask if self.forward is None else f"{self.mask}${self.forward}"


def split_forward(text: str) -> tuple[str, str | None]:
    """``mask$#channel`` → the mask, and where the banned are sent instead (Solanum's ban forwards)."""
    mask, mark, name = text.rpartition("$#")
    return (mask, "#" + name) if mark and mask else (text, None)


@dataclass(slots=True, frozen=True)
class Topic:
    """A topic: its text, who set it (``nick!user@host`` or a server), and when (Unix time)."""

    text: str
    by: str
    at: int


def place_of(name: bytes) -> str:
    """What message ids say of where a message to the channel of this name goes."""
    return b64encode(name).decode()


PARAMETERS: Final = "klfjHWE"
"""Modes that have a parameter, but for lists and ranks."""


@mypyc_attr(native_class=False)  # one that were native could not be referred to weakly
class Channel:
    """A channel of the network.  `ts` is the Unix time of its creation; members are users with rank bits.

    `source` is its name as bytes, for the lines of clients, `place` the same in base64, for message ids.
    `former` are names it had, folded, as long as ``Network.former`` remembers them.  `invited` are those who
    have it among their invites; `locked` are modes that services keep as they are.  `pace` is there with mode
    W or E, `veil` with x or D.

    `verdicts` remembers for members whether b and e forbid them to speak; whoever changes what a ban
    looks at drops them (``Network.apply`` does).
    """

    __slots__ = (
        "__weakref__",
        "flags",
        "folded",
        "former",
        "forward",
        "invited",
        "keep",
        "key",
        "limit",
        "lists",
        "locked",
        "members",
        "name",
        "pace",
        "place",
        "source",
        "throttle",
        "topic",
        "ts",
        "veil",
        "verdicts",
    )

    def __init__(self, name: str, folded: Folded, ts: int) -> None:
        self.rename(name, folded)
        self.former: dict[Folded, None] = {}
        self.ts = ts
        self.flags: set[str] = set()
        self.key: str | None = None
        self.limit: int | None = None
        self.forward: str | None = None
        self.throttle: tuple[int, int] | None = None  # joins, seconds
        self.keep: Keep | None = None
        self.pace: Pace | None = None
        self.veil: Veil[User] | None = None
        self.topic: Topic | None = None
        self.members: dict[User, int] = {}  # ranks as bits
        self.lists: dict[str, dict[Folded, ListEntry]] = {"b": {}, "e": {}, "I": {}}
        self.invited: dict[User, None] = {}
        self.locked = ""
        self.verdicts: dict[User, bool] = {}

    def rename(self, name: str, folded: Folded) -> None:
        """Give it this name; only ``Network.apply`` does so while it stands on the network."""
        self.name = name
        self.folded = folded
        self.source = name.encode("utf-8", "surrogateescape")
        self.place = place_of(self.source)

    def hides(self, user: User) -> bool:
        """Whether those without a rank do not see that `user` is, or was, in it (modes x and D)."""
        return self.veil is not None and user in self.veil.hidden

    def __repr__(self) -> str:
        return f"<Channel {self.name}>"


def parameters(channel: Channel) -> dict[str, str]:
    """The modes k, l, f, j, H, W and E that are set, with their parameters as a MODE line has them."""
    found: dict[str, str] = {}
    if channel.key is not None:
        found["k"] = channel.key
    if channel.limit is not None:
        found["l"] = str(channel.limit)
    if channel.forward is not None:
        found["f"] = channel.forward
    if channel.throttle is not None:
        found["j"] = f"{channel.throttle[0]}:{channel.throttle[1]}"
    if channel.keep is not None:
        found["H"] = channel.keep.text
    pace = channel.pace
    if pace is not None:
        if pace.slow:
            found["W"] = str(pace.slow)
        if pace.times:
            found["E"] = f"{pace.times}:{pace.seconds}"
    return found


def set_parameter(channel: Channel, letter: str, text: str | None) -> None:
    """Set k, l, f, j, H, W or E to the parameter of a MODE line, or unset it; ``Network.apply`` does."""
    if letter == "k":
        channel.key = text
    elif letter == "l":
        channel.limit = int(text) if text else None
    elif letter == "f":
        channel.forward = text
    elif letter == "H":
        channel.keep = read_keep(text) if text else None
    elif letter in "WE":
        pace = channel.pace or Pace()
        pace.set(letter, text)
        channel.pace = pace if pace else None
    else:
        joins, _, seconds = (text or "").partition(":")
        channel.throttle = (int(joins), int(seconds)) if seconds else None


def mode_text(channel: Channel, *, show_key: bool) -> str:
    """The modes that hold, but for lists and ranks: ``+ntkl key 5``; the key is ``*`` without `show_key`."""
    values = parameters(channel)
    letters = "+" + "".join(sorted(channel.flags)) + "".join(values)
    if "k" in values and not show_key:
        values["k"] = "*"
    return " ".join([letters, *values.values()])
