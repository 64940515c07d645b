"""Channels, as neighbours tell of them.

What a server says of a channel is never held against ranks or modes: its own users were judged there.  Who
wins when two servers say different things is decided in ``rules/timestamps.py``.  Each verb is parsed here,
and means what the room of its link says: ``stamped`` if both sides stamp what they change, else ``plain``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from chatnet.links.inbound.channels import plain, stamped
from chatnet.links.speech.encap import ENCAPSULATED
from chatnet.links.speech.line import LINK, Line, is_behind
from chatnet.links.speech.outcome import Ignored
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Topic, User, split_forward
from chatnet.model.facts import (
    ChannelRenamed,
    Invited,
    Knocked,
    ModeChange,
)
from chatnet.model.ids import UID
from chatnet.model.modes import CHANNEL_MODES, RANKS
from chatnet.model.server import Server
from chatnet.rules import modes
from chatnet.rules.channels import invitation_opens
from chatnet.rules.messages import may_write
from chatnet.rules.timestamps import (
    is_current,
)
from chatnet.wire.modestring import Change
from chatnet.wire.names import is_channel, is_uid
from chatnet.wire.text import byte_length, cut, middle

LONGEST_NAME: Final = 200
LONGEST_KEY: Final = 64
LONGEST_MASK: Final = 200
LONGEST_TEXT: Final = 400
"""Bytes that some server of the network may allow, whatever we allow our own users."""

_TIME: Final = re.compile(r"[0-9]{1,15}")


class Room(Protocol):
    """What verbs mean; `line` is who says it, and each function states the facts that come of it."""

    def sjoin(self, line: Line, claim: SJoin, absent: Sequence[tuple[str, int]]) -> None: ...
    def join(self, line: Line, name: str, ts: int) -> None: ...
    def part(self, line: Line, names: Iterable[str], reason: str | None) -> None: ...
    def kick(self, line: Line, name: str, uid: str, reason: str) -> None: ...
    def tmode(self, line: Line, name: str, ts: int, changes: Sequence[ModeChange]) -> None: ...
    def enter(self, line: Line, name: str, ts: int, letter: str, entries: Sequence[ListEntry]) -> None: ...
    def lock(self, line: Line, name: str, ts: int, letters: str) -> None: ...
    def topic(self, line: Line, channel: Channel, text: str) -> None: ...
    def tb(self, line: Line, channel: Channel, new: Topic) -> None: ...
    def etb(self, line: Line, name: str, ts: int, new: Topic) -> None: ...
    def rename(self, line: Line, old: str, name: str, ts: int) -> Channel | None: ...
    def move(self, line: Line, channel: Channel, other: Channel, reason: str) -> None: ...
    def event(self, line: Line, channel: Channel) -> tuple[float, str]: ...


PLAIN: Final[Room] = plain
STAMPED: Final[Room] = stamped


def _room(line: Line) -> Room:
    return STAMPED if line.link.stamped else PLAIN


# members


@LINK.command("SJOIN", min_params=4)
def sjoin(line: Line) -> None:
    """A channel as a server knows it: its TS, its modes, and members behind the link with their ranks.

    Who has made it at a seat is one of them.

    # <- :1SO SJOIN 1795345576 #one +ntlkj 5 secret 3:10 :+1SOAAAAAC @1SOAAAAAB
    # <- :1SO SJOIN 1795345576 #one 0 :1SOAAAAAC
    """
    line.by_server()
    codec, network = line.link.codec, line.network
    flags: set[str] = set()
    values: dict[str, str] = {}
    for change in codec.read_modes(line.params[2], line.params[3:-1]):
        kind = CHANNEL_MODES[change.letter][0]
        if kind == "D" and change.adding:
            flags.add(change.letter)
        elif kind in "BC" and change.adding and (value := _value(change)) is not None:
            values[change.letter] = value
    members, absent = dict[User, int](), []
    users, behind = network.users, _Behind(line)
    # Somebody who is there made it: it goes on as it came, and nobody speaks for others.
    claims = line.links.claims
    knows = codec.seats and line.links.may_sit(line.link)  # of people who may be anywhere
    made, source = line.link.stamped and "chatnet/ts" in line.tags, line.server_of_source()
    for word in line.params[-1].split():
        ranks, uid = codec.read_prefixes(word)
        user = users.get(UID(uid)) or claims.meant(UID(uid))
        if made and user is not None and not any(is_behind(each, source) for each in claims.places(user)):
            continue
        if user is not None and (
            any(behind[each] for each in claims.places(user))
            or (knows and not made and user.person is not None)
        ):
            members[user] = members.get(user, 0) | ranks
        elif ranks and is_uid(uid):
            absent.append((uid, ranks))
    there, silent = tuple(members.items()), line.params[2] == "0"
    claim = SJoin(_name(line, 1), line.ts(0), frozenset(flags), values, there, silent)
    line.needs_memberships(network.channel_meant(claim.name), list(members))
    _room(line).sjoin(line, claim, absent)


class _Behind(dict[Server, bool]):
    """Whether a server is behind the link of a line; asked once for each server."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def __missing__(self, server: Server) -> bool:
        found = self[server] = self._line.links.way_to(server) is self._line.link
        return found


@LINK.command("JOIN", min_params=1)
def join(line: Line) -> None:
    """A user comes into a channel of that TS; ``0`` leaves all.

    # <- :1SOAAAAAB JOIN 1795345576 #one +
    # <- :1SOAAAAAB JOIN 0
    """
    user = line.by_user()
    if len(line.params) == 1:
        if line.params[0] == "0":
            _room(line).part(line, [channel.name for channel in user.channels], None)
        return
    name, ts = _name(line, 1), line.ts(0)
    line.needs_memberships(line.network.channel_meant(name), (user,))
    _room(line).join(line, name, ts)


@LINK.command("PART", min_params=1)
def part(line: Line) -> None:
    """A user leaves channels.

    # <- :1SOAAAAAB PART #one :bye
    """
    line.by_user()
    reason = cut(line.params[1], LONGEST_TEXT) if len(line.params) > 1 else None
    _room(line).part(line, line.params[0].split(","), reason)


@LINK.command("KICK", min_params=2)
def kick(line: Line) -> None:
    """Somebody is put out of a channel.

    # <- :1SOAAAAAB KICK #one 0AAAAAAAB :out
    """
    _room(line).kick(line, _name(line, 0), line.params[1], cut(line.param(2), LONGEST_TEXT))


# modes


@LINK.command("TMODE", min_params=3)
def tmode(line: Line) -> None:
    """Modes, lists and ranks change in the channel that has this TS, or was made later.

    One that stays (P) from now on may be gone here, if its last member was killed or kicked meanwhile.

    # <- :1SOAAAAAB TMODE 1795345576 #one +bo-l *!*@bad 0AAAAAAAB
    """
    found = _changes(line, line.params[2], line.params[3:])
    _room(line).tmode(line, _name(line, 1), line.ts(0), found)


def mode(line: Line) -> None:
    """The same without a TS: the channel as it is here is meant.  So some services speak.

    # <- :00AAAAAAB MODE #one +bo *!*@bad 0AAAAAAAB
    """
    channel = line.channel(0)
    found = _changes(line, line.params[1], line.params[2:])
    _room(line).tmode(line, channel.name, channel.ts, found)


def _changes(line: Line, text: str, params: Sequence[str]) -> list[ModeChange]:
    """Those that are well-formed."""
    network, found, until = line.network, list[ModeChange](), line.until
    for change in line.link.codec.read_modes(text, params):
        letter, parameter = change.letter, change.parameter
        kind = CHANNEL_MODES[letter][0]
        if kind == "D":
            found.append(ModeChange(change.adding, letter))
        elif letter in RANKS:
            uid = UID(parameter or "")
            user = network.users.get(uid) or network.user(uid) or line.links.claims.meant(uid)
            if user is not None:
                found.append(ModeChange(change.adding, letter, None, user))
            elif line.link.stamped and is_uid(parameter or ""):
                found.append(ModeChange(change.adding, letter, parameter))  # they may come back
        elif kind == "A":
            if change.adding and until is not None and until <= line.now:
                continue  # it is over
            if _is_mask(parameter or ""):
                found.append(
                    ModeChange(change.adding, letter, parameter, until=until if change.adding else None)
                )
        elif not change.adding:
            found.append(ModeChange(False, letter, "*" if letter == "k" else None))
        elif (value := _value(change)) is not None:
            found.append(ModeChange(True, letter, value))
    return found


def _value(change: Change) -> str | None:
    """The parameter of k, l, f, j, H, W or E, if it is well-formed."""
    text = change.parameter or ""
    if change.letter == "k":
        return modes.key(text, LONGEST_KEY)
    if (read := modes.READERS.get(change.letter)) is not None:
        return read(text)
    return text if is_channel(text, LONGEST_NAME) else None


@LINK.command("BMASK", min_params=4)
def bmask(line: Line) -> None:
    """Entries of a list; who set them is the source.

    # <- :1SO BMASK 1795345576 #one b :*!*@bad *!*@worse
    """
    by, at = line.by_server().mask, int(line.at)
    _enter(line, [(mask, by, at) for mask in line.params[3].split()])


@LINK.command("EBMASK", min_params=4)
def ebmask(line: Line) -> None:
    """Entries of a list, each with when it was set, and by whom.

    # <- :1SO EBMASK 1795345576 #one b :*!*@bad 1795345576 alice!~alice@127.0.0.1
    """
    line.by_server()
    words = line.params[3].split()
    triples = zip(words[::3], words[1::3], words[2::3], strict=False)
    now, most = int(line.now), int(line.now + line.links.ahead(line.link))
    times = [(mask, _setter(by), int(at)) for mask, at, by in triples if _TIME.fullmatch(at)]
    _enter(line, [(mask, by, at if at <= most else now) for mask, by, at in times])


def _enter(line: Line, found: Sequence[tuple[str, str, int]]) -> None:
    codec = line.link.codec
    letter = codec.read_entry(line.params[2], "")[0]
    until = line.until
    if letter not in ("b", "e", "I") or (until is not None and until <= line.now):
        raise Ignored
    entries = []
    for text, by, at in found:
        if _is_mask(text):
            mask, forward = split_forward(codec.read_entry(line.params[2], text)[1])
            entries.append(ListEntry(mask, by, at, forward, until))
    _room(line).enter(line, _name(line, 1), line.ts(0), letter, entries)


def _setter(text: str) -> str:
    """Who set something elsewhere, as a word."""
    return cut(middle(text), LONGEST_MASK)


def _is_mask(text: str) -> bool:
    return 0 < byte_length(text) <= LONGEST_MASK and not text.startswith(":") and " " not in text


@LINK.command("MLOCK", min_params=3)
def mlock(line: Line) -> None:
    """Modes that only servers and services may change from now on.

    # <- :1SO MLOCK 1795345576 #one :nt
    """
    letters = "".join(letter for letter in dict.fromkeys(line.params[2]) if letter in CHANNEL_MODES)
    _room(line).lock(line, _name(line, 1), line.ts(0), letters)


# topics


@LINK.command("TOPIC", min_params=2)
def topic(line: Line) -> None:
    """A topic is set now, or cleared.  A server may say whose it is, and since when.

    # <- :1SOAAAAAB TOPIC #one :hello
    # <- :1SO TOPIC #one alice!~alice@127.0.0.1 1795345576 :hello
    """
    channel, text = line.channel(0), cut(line.params[-1], LONGEST_TEXT)
    if isinstance(line.source, Server) and len(line.params) > 3 and not line.link.stamped:
        new = Topic(text, _setter(line.params[1]), line.ts(2))
        _room(line).etb(line, channel.name, 0, new)
    else:
        _room(line).topic(line, channel, cut(line.params[1], LONGEST_TEXT))


@LINK.command("TB", min_params=3)
def tb(line: Line) -> None:
    """The topic that a server has in its burst; the older one holds.

    # <- :1SO TB #one 1795345576 alice!~alice@127.0.0.1 :hello topic
    # <- :1SO TB #one 1795345576 :hello topic
    """
    by, channel, ts = line.by_server(), line.channel(0), line.ts(1)
    text = cut(line.params[-1], LONGEST_TEXT)
    setter = _setter(line.params[2]) if len(line.params) > 3 else by.mask
    _room(line).tb(line, channel, Topic(text, setter, ts))


@LINK.command("ETB", min_params=5)
def etb(line: Line) -> None:
    """A topic with the TS of its channel; the newer one holds, and with a TS of 0 this one.

    # <- :00AAAAAAB ETB 0 #one 1795345580 ChanServ :set by services
    """
    text = cut(line.params[-1], LONGEST_TEXT)
    new = Topic(text, _setter(line.params[3]), line.ts(2))
    _room(line).etb(line, _name(line, 1), line.ts(0), new)


# asking in, and to be let in


@LINK.command("INVITE", min_params=2)
def invite(line: Line) -> None:
    """A user is asked into a channel.  Who takes nothing from the one who asks, here, is not told.

    # <- :1SOAAAAAB INVITE 0AAAAAAAB #one 1795345576
    """
    by, user, channel = line.by_user(), line.user(0), line.channel(1)
    if len(line.params) > 2 and not is_current(channel, line.ts(2)):
        raise Ignored
    way = line.links.way_to(user)
    if user in channel.members or way is line.link:
        raise Ignored
    refusal = may_write(by, user, "") if way is None else None
    if refusal is not None:
        line.refuse(by, refusal)
    else:
        line.commit(Invited(user, channel, by, line.at, invitation_opens(by, channel)))


def _of_the_invited(line: Line) -> None:
    line.about(line.user(1))


@ENCAPSULATED.believed("INVITED", _of_the_invited, 3)
def invited(line: Line) -> None:
    """Somebody was invited elsewhere, as the server of the invited one tells.

    # <- :1SO ENCAP * INVITED 1SOAAAAAB 1SOAAAAAC #one
    """
    by, user, channel = line.user(0), line.user(1), line.channel(2)
    # Who is on the way from the one to the other has seen the INVITE itself.
    aside = line.links.way_to(by) is line.link and line.links.way_to(user) is line.link
    if aside and user not in channel.members:
        line.commit(Invited(user, channel, by, line.at, invitation_opens(by, channel)))


@LINK.command("KNOCK", min_params=1)
def knock(line: Line) -> None:
    """A user asks to be invited.

    # <- :1SOAAAAAB KNOCK #one
    """
    line.commit(Knocked(line.channel(0), line.by_user(), line.at))


# names


@LINK.command("RENAME", min_params=3)
def rename(line: Line) -> None:
    """A channel has another name; between chatnet servers only.

    # <- :0AAAAAAAB RENAME 1795345576 #one #two :a reason
    """
    room, name = _room(line), _name(line, 2)
    channel = room.rename(line, _name(line, 1), name, line.ts(0))
    if channel is None or not line.link.codec.core or not is_current(channel, line.ts(0)):
        raise Ignored
    folded = line.network.fold(name)
    reason = cut(line.param(3), LONGEST_TEXT)
    other = line.network.channels.get(folded)
    at, msgid = room.event(line, channel)
    if other is None or other is channel:
        renamed = ChannelRenamed(channel, name, folded, line.source, reason, at, channel.name, msgid)
        line.commit(renamed)
        return
    moved = list(channel.members)
    room.move(line, channel, other, reason)
    renamed = ChannelRenamed(other, other.name, other.folded, line.source, reason, at, channel.name, msgid)
    _pass_on(line, renamed, [user for user in moved if user in other.members])


def _pass_on(line: Line, fact: ChannelRenamed, moved: Sequence[User]) -> None:
    """Tell the other neighbours who were `moved` into a channel, and since when that one is there."""
    me, channel = line.network.me, fact.channel
    for link in line.links.others(line.link):
        if link.stamped and line.link.stamped:
            continue  # it has read what we did
        members = [(user, channel.members[user]) for user in moved if line.links.way_to(user) is not link]
        for text in link.codec.renamed(me, fact, members):
            link.send(text)
        for text in link.codec.sjoin(me, SJoin(channel.name, channel.ts, frozenset(), {}, (), silent=True)):
            link.send(text)


# all


def _name(line: Line, index: int) -> str:
    """A well-formed name of a channel; the line is ignored otherwise."""
    name = line.params[index]
    if not is_channel(name, LONGEST_NAME):
        raise Ignored
    return name
