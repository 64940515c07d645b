"""What can happen on a network: facts, in past tense, complete and unconditional.

A fact was judged before it was made; ``Network.apply`` never refuses one.  Facts are as bulky as the wire:
one :class:`Joined` for a JOIN or for a burst of 300 members.  They are frozen to the type checker only,
because making a truly frozen dataclass costs four times as much.  `at` is Unix time in seconds.

`msgid` is the id of what clients read of it, the same on all servers.  Of an event (who comes and goes, what
becomes of names, topics and modes) it is empty until somebody reads it (``events.py``), and stays so for what
nobody did: that servers part and meet, and what comes of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chatnet.compiled import mypyc_attr
from chatnet.model.bans import NetworkBan
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Oper, Person, User
from chatnet.model.fact import fact
from chatnet.model.filters import Filter
from chatnet.model.ids import UID, AccountName, Folded
from chatnet.model.metadata import Target, Word
from chatnet.model.server import Server
from chatnet.model.shields import Shields
from chatnet.settings import Settings
from chatnet.storage.messages.rows import Place
from chatnet.storage.record import Record
from chatnet.wire.multiline import Part


class Source(Protocol):
    """Who did it: a user or a server."""

    source: bytes
    tagged: int

    @property
    def mask(self) -> str:
        """``nick!user@host``, or the server's name."""

    @property
    def shown(self) -> str:
        """What people know it as: a nick, or a server's name, which several processes may share."""


class Fact:
    """The common ground of all facts."""

    __slots__ = ()


@mypyc_attr(allow_interpreted_subclasses=True)
class Hearsay:
    """An origin of facts: another server has told it, or enough to make that of it.

    If it is an event, and has no id, it has none.
    """

    __slots__ = ()


Hearer = Callable[[Any, object], None]
"""What an observer does with one kind of fact: a function of the fact and its origin."""


@fact
class UserIntroduced(Fact):
    """A user registered; `user` is complete."""

    user: User
    at: float


@fact
class UserQuit(Fact):
    """A user left the network. `user.channels` still tells where they were, for the observers."""

    user: User
    reason: str
    at: float
    msgid: str = ""


@fact
class ServerIntroduced(Fact):
    """A server came to the network, behind its `uplink`."""

    server: Server
    at: float


@fact
class PseudoUsersIntroduced(Fact):
    """This server begins to play pseudo-users, on a virtual server.  No other server hears of them."""

    server: Server
    users: tuple[User, ...]


@fact
class CapabilitiesTold(Fact):
    """A server of the network says what it knows beyond the oldest protocol (``ENCAP * GCAP``)."""

    server: Server
    caps: frozenset[str]
    at: float


@fact
class SeatTaken(Fact):
    """A server has sessions of a `user` of another one, who is a person, and acts for them from now on.

    That is so since a `stamp`, which is later than all that was said of the user before.
    """

    user: User
    server: Server
    at: float
    stamp: str


@fact
class SeatLeft(Fact):
    """A server has none any more, since a `stamp`; or it is about to be lost."""

    user: User
    server: Server
    at: float
    stamp: str = ""


@fact
class UserMoved(Fact):
    """A person is the user of another claim from now on: `uid` on `server`, as `person` tells.

    That is no event.  Channels, ranks, nick and account stay, sessions and who talks with them need not know
    of it, and clients are told nothing.  Powers went before.  Where they come from (`address`, `real_host`,
    `certfp`, and `cloak` if that is known) is what the claim tells.  What they were is `old_uid`,
    `old_server` and `old_person`, of which the seats count no more.
    """

    user: User
    uid: UID
    server: Server
    person: Person
    at: float
    address: str
    real_host: str
    certfp: str | None
    cloak: str | None
    old_uid: UID
    old_server: Server
    old_person: Person


@fact
class ClaimKnown(Fact):
    """Another server claims a person as well, as the user `uid`, whose claim is not the one that holds."""

    user: User
    uid: UID


@fact
class PersonChanged(Fact):
    """A user is a `person` from now on, who was none or not this one (`old`), or none any more.

    It may be the same one, who stays without a session or does not.
    """

    user: User
    person: Person | None
    old: Person | None
    at: float


@fact
class UserOrphaned(Fact):
    """The server of a person is lost, or has given them up, and nobody knows yet whose user they are.

    They stay as they are, for all who see them; but no server is told of them.  If it is `told`, those who
    know nothing of such people read that they are gone; else they read of the lost server.
    """

    user: User
    at: float
    told: bool


def moved(
    user: User,
    uid: UID,
    server: Server,
    person: Person,
    at: float,
    newcomer: User | None = None,
    cloak: str | None = None,
) -> UserMoved:
    """That `user`, who is a person, is the user of another claim, and comes from where its `newcomer` does.

    Of nobody's own claim there is none: who is taken over comes from where they came from.
    """
    assert user.person is not None
    came = newcomer or user
    return UserMoved(
        user, uid, server, person, at, came.address, came.real_host, came.certfp, cloak,
        user.uid, user.server, user.person,
    )  # fmt: skip


@fact
class NetSplit(Fact):
    """The servers `near` and `far` lost each other, and with `far` all who are behind it.

    `servers` are `far` and those behind it, `users` everybody on them, whose `channels` still tell where they
    were, for the observers, and whose `seats` who had sessions of theirs.  None of `servers` has a seat any
    more.
    """

    near: Server
    far: Server
    servers: tuple[Server, ...]
    users: tuple[User, ...]
    at: float
    reason: str = ""


@fact
class NetJoinBegan(Fact):
    """The servers `near` and `far` found each other.

    Until :class:`NetJoinEnded`, or a split, each :class:`Joined` of users behind `far` is part of it.
    """

    near: Server
    far: Server
    at: float


@fact
class NetJoinEnded(Fact):
    """`far` has told everything that was behind it when it came."""

    far: Server
    at: float


@fact
class Killed(Fact):
    """Somebody was put off the network. Their sessions close on it, wherever they are; UserQuit follows, of
    which `msgid` is the id."""

    user: User
    by: Source
    reason: str
    at: float
    msgid: str = ""


@fact
class NickChanged(Fact):
    """A user took another nick; `old_source` is who they were.

    `ts` is the TS of the new nick as another server gives it; without one it becomes now, and always later
    than it was.  Of somebody who may not keep a nick, `lost` is that nick, folded, and its TS; `saved_by` is
    the server that took it from them, None if this one does not let them have it.
    """

    user: User
    nick: str
    folded: Folded
    at: float
    old_nick: str
    old_source: bytes
    ts: int | None = None
    lost: tuple[Folded, int] | None = None
    saved_by: Server | None = None
    msgid: str = ""


@fact
class NickDated(Fact):
    """A user has the nick that they have since another TS, as another of their servers knows."""

    user: User
    ts: int


@fact
class HostChanged(Fact):
    """User name or visible host of a user changed (CHGHOST, user mode x); `by` somebody else, as services."""

    user: User
    username: str
    host: str
    old_source: bytes
    at: float
    by: Source | None = None


@fact
class RealnameChanged(Fact):
    """A user changed their real name (SETNAME)."""

    user: User
    realname: str
    at: float


@fact
class AwayChanged(Fact):
    """A user went away with a text, or came back (None)."""

    user: User
    text: str | None
    at: float


@fact
class AccountChanged(Fact):
    """A user logged in to an account, or out (None), or their account is called otherwise.

    `account_id` is the account among those that this network keeps, if it is one of them; `old_id` is the
    one before in the same way.  Where the account is not known here, it was registered `since` then (Unix
    seconds), as other servers tell.
    """

    user: User
    account: AccountName | None
    at: float
    old_account: AccountName | None
    account_id: str | None = None
    old_id: str | None = None
    since: int | None = None


@fact
class MechanismsChanged(Fact):
    """Services tell by which mechanisms one can log in, the best first; none when they are gone."""

    mechanisms: tuple[str, ...]


@fact
class NickHeld(Fact):
    """Services keep a nick from everybody until a monotonic time, or (with one that is past) no more."""

    folded: Folded
    until: float


@fact
class CertfpChanged(Fact):
    """The server of a user told the fingerprint of their certificate."""

    user: User
    certfp: str


@fact
class RealHostChanged(Fact):
    """The server of a user told the host they come from, which it had not done before."""

    user: User
    real_host: str


@fact
class UserModesChanged(Fact):
    """User modes were set and unset; letters only. `snomask` is the new one."""

    user: User
    added: str
    removed: str
    snomask: str
    at: float


@fact
class Opered(Fact):
    """A user became an operator (with mode o), or stopped being one (None)."""

    user: User
    oper: Oper | None
    at: float


@fact
class AcceptsChanged(Fact):
    """A user's list of those who may write to them under caller id changed."""

    user: User
    added: tuple[User, ...]
    removed: tuple[User, ...]


@fact
class Joined(Fact):
    """Users, with their ranks, came into a channel; `created` if the channel came to be by it.

    A created channel bears its first modes already, which this server set, or the one that `merged` it: then
    this is a part of a :class:`ChannelMerged`.  `asked` tells that they came by JOIN, of their own will;
    those whom a server brings, after a split say, were in it before.  A created channel that was there
    `before` goes on as it was: with modes, lists and topic, and with their stamps.
    """

    channel: Channel
    members: tuple[tuple[User, int], ...]
    at: float
    created: bool = False
    merged: bool = False
    asked: bool = False
    before: bool = False
    msgid: str = ""


@fact
class ChannelReset(Fact):
    """Another server knows a channel for longer: its TS is lowered from `old_ts` to `ts`, and what was set
    here meanwhile is lost.

    `removed` are the modes, ranks and list entries that go; all invitations and the lock on its modes go
    with them, and it is spelled `name`.  A TS of 0 is lower than all, but takes nothing away: `keeping`.
    """

    channel: Channel
    ts: int
    old_ts: int
    name: str
    removed: tuple[ModeChange, ...]
    by: Source
    at: float
    keeping: bool = False


@fact
class ChannelMerged(Fact):
    """What a server says of a channel was taken in, by the facts before this one; only servers hear of it.

    `told` is what they are told in its name: the channel's TS, and as much of modes and ranks as counts.
    """

    channel: Channel
    by: Server
    told: SJoin
    at: float


@fact
class ChannelRenamed(Fact):
    """A channel got another name, `old` being the one it had; all else of it stays. `reason` may be empty."""

    channel: Channel
    name: str
    folded: Folded
    by: Source
    reason: str
    at: float
    old: str
    msgid: str = ""


@fact
class ChannelSpelled(Fact):
    """Of two spellings that servers gave the name of a channel at one moment, this one holds."""

    channel: Channel
    name: str


@fact
class NameRemembered(Fact):
    """A name that nobody has leads to a channel, which had it, or nearly did, until `at`."""

    channel: Channel
    folded: Folded
    at: float


@fact
class EndedKept(Fact):
    """Channels that end are kept from now on: neighbours may be about to join one."""


@fact
class ChannelKept(Fact):
    """A channel that ended elsewhere, or that nobody here is in, is kept as it is."""

    channel: Channel


@fact
class ChannelForgotten(Fact):
    """A channel that ended is kept no more."""

    channel: Channel


@fact
class EndedRenamed(Fact):
    """A channel that ended has another name."""

    channel: Channel
    name: str
    folded: Folded


@fact
class ChannelsBeaten(Fact):
    """Channels of a name that are younger than the one of `ts`, up to that of `youngest`, became that one."""

    folded: Folded
    ts: int
    youngest: int


@fact
class AgesForgotten(Fact):
    """Which channels of a name became older ones is not remembered any more."""

    folded: Folded


@fact
class MemberSpoke(Fact):
    """A member of a channel with delayed joins (mode D) said something: they are seen from now on."""

    channel: Channel
    user: User


@fact
class Parted(Fact):
    """A user left a channel."""

    channel: Channel
    user: User
    reason: str | None
    at: float
    msgid: str = ""


@fact
class Kicked(Fact):
    """A user was put out of a channel."""

    channel: Channel
    user: User
    by: Source
    reason: str
    at: float
    msgid: str = ""


@fact
class TopicChanged(Fact):
    """A channel's topic was set, or cleared (empty).

    A topic that was set elsewhere before comes with the mask of its `setter` and its `ts`, the Unix time of
    then.  `same` tells that the text is as it was, and nothing but these is new.  With the TS of its channel,
    `channel_ts`, the newest topic holds, without it the oldest.
    """

    channel: Channel
    text: str
    by: Source
    at: float
    setter: str | None = None
    ts: int | None = None
    same: bool = False
    channel_ts: int | None = None
    msgid: str = ""


@dataclass(slots=True, frozen=True)
class ModeChange:
    """One change: a flag (no parameter), a parameter, a list mask, or a member's rank (`user`).

    What is entered in a list may be there `until` a Unix time: it is the same one for all entries of a fact.
    """

    adding: bool
    letter: str
    parameter: str | None = None
    user: User | None = None
    until: int | None = None


@fact
class ModesChanged(Fact):
    """Modes of a channel were changed; each change is effective (nothing was so before).

    `merged` tells that this is a part of a :class:`ChannelMerged`.
    """

    channel: Channel
    changes: tuple[ModeChange, ...]
    by: Source
    at: float
    merged: bool = False
    msgid: str = ""


@fact
class EntriesAdded(Fact):
    """Entries that another server has in a list (b, e or I) came into ours, with who set them and when."""

    channel: Channel
    letter: str
    entries: tuple[ListEntry, ...]
    by: Source
    at: float
    msgid: str = ""


@fact
class ModesLocked(Fact):
    """Services locked modes of a channel: nobody but servers may change these `letters` (MLOCK)."""

    channel: Channel
    letters: str
    by: Source
    at: float


@fact
class MessageSent(Fact):
    """A PRIVMSG, a NOTICE or a TAGMSG (without text) to a channel or to a user.

    `msgid` is its id, the same for everybody, and `tags` what the sender's client added for other clients,
    as it stands on the wire (``+a=b;+c``).  `ranks` limits it to members who have one of these rank bits
    (STATUSMSG; 0 = everybody), and `status` is the prefix that was written before the channel's name then.
    A text of several lines (with ``\\n`` between them) comes with the `parts` that it travels in.
    """

    command: str
    by: Source
    target: Channel | User
    text: str
    at: float
    msgid: str
    tags: bytes = b""
    ranks: int = 0
    status: str = ""
    parts: tuple[Part, ...] = ()


@fact
class MessageRedacted(Fact):
    """A message to a channel or to a user was deleted: by its author, or by an operator of the channel.

    `redacted` is its id and `msgid` that of this; `reason` may be empty.  `ranks` and `status` are those of
    the message.
    """

    by: Source
    target: Channel | User
    redacted: str
    reason: str
    at: float
    msgid: str
    ranks: int = 0
    status: str = ""

    @property
    def command(self) -> str:
        """As that of a message."""
        return "REDACT"

    @property
    def parts(self) -> tuple[Part, ...]:
        """There are none."""
        return ()


@fact
class MessageCopied(Fact):
    """What `user`, a person, said or was told by a message that another server judged: for those of their
    sessions which are here, and for the store.

    `teller`, one of the servers of the person, tells it; `said_at` is the one at which they said it, None if
    somebody else did.
    """

    message: MessageSent | MessageRedacted
    user: User
    teller: Server
    said_at: Server | None
    at: float


@fact
class BroadcastSent(Fact):
    """An oper's PRIVMSG, NOTICE or TAGMSG to everybody on the servers that match ``$$mask``."""

    command: str
    by: Source
    mask: str
    text: str
    at: float
    msgid: str
    tags: bytes = b""


@fact
class WallopsSent(Fact):
    """A WALLOPS, for users with mode w, or an OPERWALL, for opers with mode z."""

    by: Source
    text: str
    at: float
    for_opers: bool = False


@fact
class ServerNotice(Fact):
    """Something opers want to know of, for those whose snomask has `letter`.

    `by` is the server that says it, None if it is this one.  `public` is what those read who may not see the
    addresses that are in `text`, and all other servers; None if there are none in it.  What is `common` all
    processes of this server tell, each by itself.
    """

    letter: str
    text: str
    at: float
    by: Server | None = None
    public: str | None = None
    common: bool = False


@fact
class NumericSent(Fact):
    """A server answered a question of a user of another server.

    `code` are the three digits, `text` is what follows the user on the wire: parameters, the last after a
    colon.
    """

    by: Server
    user: User
    code: str
    text: str
    at: float


@fact
class PongSent(Fact):
    """A server answered the PING of a user of another server."""

    by: Server
    user: User
    at: float


@fact
class Invited(Fact):
    """A user was invited to a channel.  If it `opens`, they may come in in spite of modes that forbid it."""

    user: User
    channel: Channel
    by: User
    at: float
    opens: bool = True


@fact
class Knocked(Fact):
    """A user asked to be invited to a channel."""

    channel: Channel
    user: User
    at: float


@fact
class NetworkBanned(Fact):
    """Somebody was banned from the network or from this server, or a name reserved, or such a ban changed.

    One that holds no longer was taken back.
    """

    ban: NetworkBan
    by: Source
    at: float


@fact
class FilterSet(Fact):
    """A filter was set, on the network or here alone, or changed; one that does not hold was taken back."""

    filter: Filter
    by: Source
    at: float


@fact
class ShieldsChanged(Fact):
    """The shields are at another level, or hold until another time."""

    shields: Shields
    at: float


@fact
class CallerBlocked(Fact):
    """A message to a user with caller id was withheld; `user` is told who wanted to write (718)."""

    user: User
    by: User
    letter: str
    at: float


@fact
class RecordsTaken(Fact):
    """Records of accounts and registered channels that are news, and stored.

    `touched` are the entities that are not what they were: those of the records, and those whose name is lost
    or won by them.
    """

    records: tuple[Record, ...]
    touched: frozenset[str]
    at: float


@fact
class PastErased(Fact):
    """What an account said up to a time, and what was said between it and others, is to be gone for ever.

    `person` is its key (``model/places.py``), `until` Unix time in milliseconds.  With a `place` only there.
    `stamp` tells when that was decided.
    """

    person: str
    until: int
    stamp: str
    place: Place | None
    at: float


@fact
class MarkMoved(Fact):
    """Somebody, by the key of an account, has read as far as `until` (Unix milliseconds) in a spot.

    Spots are those of ``storage/messages/rows.py``.
    """

    person: str
    spot: str
    until: int
    at: float


@fact
class MetadataChanged(Fact):
    """Something was said of a user or channel whose metadata stand in no record: `words` by key.

    What was known of the keys that are `gone` counts no more, whatever its stamp.
    """

    target: Target
    words: Mapping[str, Word]
    at: float
    gone: tuple[str, ...] = ()


@fact
class SettingsChanged(Fact):
    """A reload replaced the settings."""

    old: Settings
    new: Settings
