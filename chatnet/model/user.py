"""A user: an entity of the network, with any number of sessions, or none."""

from __future__ import annotations

from typing import Final

from chatnet.model import channel  # users and channels name each other, so each imports the module
from chatnet.model.ids import UID, AccountName, Folded
from chatnet.model.server import Server
from chatnet.wire.capabilities import ACCOUNT_TAG, MESSAGE_TAGS, OPER_TAG


class Oper:
    """What makes a user an IRC operator: the name of the oper block and what it grants."""

    __slots__ = ("name", "oper_class", "privileges", "title")

    def __init__(self, name: str, oper_class: str, privileges: frozenset[str], title: str) -> None:
        self.name = name
        self.oper_class = oper_class
        self.privileges = privileges
        self.title = title


NO_UID: Final = UID("")
NO_NICK: Final = Folded("*")
"""What a user has before it is known."""


class User:
    """Somebody on the network, or a connection that has not registered yet.

    `host` is what others see, `real_host` what was looked up, `address` the IP address.  `source` is
    ``nick!user@host`` as bytes, kept for the front of lines, and `tagged` the capabilities by which what the
    user says bears a tag about them.  `nick_ts` and `signon` are Unix times in seconds.  Only
    ``Network.apply`` changes a user that is on the network.
    """

    __slots__ = (
        "accepted_by",
        "accepts",
        "account",
        "address",
        "away",
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
        "real_host",
        "realname",
        "secure",
        "server",
        "signon",
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
        self.certfp: str | None = None
        self.secure = False
        self.server = server
        self.nick_ts = 0
        self.signon = 0.0
        self.modes: set[str] = set()
        self.snomask = ""
        self.away: str | None = None
        self.oper: Oper | None = None
        self.channels: dict[channel.Channel, int] = {}  # the same ranks as channel.members has
        self.accepts: dict[User, None] = {}  # who may write to a user with mode g
        self.accepted_by: dict[User, None] = {}  # the other way round
        self.lost: tuple[Folded, int] | None = None  # a nick that was taken from them, and its TS
        self.invites: dict[channel.Channel, float] = {}  # channel -> Unix time
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

    def may(self, privilege: str) -> bool:
        """True if this user is an oper whose class grants `privilege`."""
        return self.oper is not None and privilege in self.oper.privileges

    def __repr__(self) -> str:
        return f"<User {self.uid} {self.nick}>"
