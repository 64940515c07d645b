"""Recent messages, in memory: as many for each target, and for as long, as the settings allow.

A target is a channel, or two users who write to each other.  It is the object and not the name, so a channel
that is renamed keeps its messages, and one that was made anew has none; users are known by their UIDs.  Who
becomes the user of another claim keeps what was said.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    ChannelReset,
    Fact,
    Hearer,
    Kicked,
    MessageCopied,
    MessageRedacted,
    MessageSent,
    ModesChanged,
    NetSplit,
    Parted,
    SettingsChanged,
    Source,
    UserMoved,
    UserQuit,
)
from chatnet.model.ids import UID
from chatnet.model.network import Network
from chatnet.model.past import Key, Page, Record, Redaction, key_of, order
from chatnet.settings import HistorySettings, Settings

PLAIN: Final = 1024
"""Bytes that a message counts for, whatever its text; each of several lines as much; tags besides.  That one
was deleted counts for as many."""
SHELF: Final = 1024
"""Bytes that a target counts for before there is a message."""

FORGET: Final = 60.0
"""Seconds between two looks for what is too old."""

NOBODY: Final = UID("")
"""Stands for the UID of an author who is a server."""

Plain = tuple[str, float, str, bytes, UID, str]
"""The first fields of a Record whose others say nothing: how nearly all messages are kept.

A bare tuple is made in a fifth of the time, and one of atoms is nothing the garbage collector need look at
again.  The fact is not kept, since all that hangs on its author would be.
"""
Kept = Plain | Record


class Shelf:
    """The messages of one target, oldest first, and the bytes they count for.

    `between` are the users whose messages these are, if it is not a channel's.  `redactions` are those of a
    channel, by the id of what was deleted.  `full` says that there are as many messages as may be, all of
    them plain: one comes, one goes.  Up to the Unix time `closed` nothing is for other servers.
    """

    __slots__ = ("between", "bytes", "closed", "full", "key", "records", "redactions")

    def __init__(self, key: Key, between: tuple[User, ...]) -> None:
        self.key = key
        self.between = between
        self.records: deque[Kept] = deque()
        self.redactions: dict[str, Redaction] = {}
        self.bytes = SHELF
        self.closed = 0.0
        self.full = False


NO_SHELVES: Final[Mapping[User, Shelf]] = {}


def size_of(message: MessageSent | Record) -> int:
    """The bytes that a message counts for."""
    return PLAIN * (1 + len(message.parts)) + len(message.tags)


class Ring:
    """An observer of messages, and what is asked about them.  `bytes` is what all of them count for.

    When everything together is too much, each target in turn gives up its oldest message.  Where the settings
    allow no messages the ring does not even hear of them.  One that is `beside` a store hears of messages by
    :meth:`heard` and :meth:`redacted` only: of those that are not stored.
    """

    def __init__(self, network: Network, settings: Settings, *, beside: bool = False) -> None:
        self._network = network
        self._beside = beside
        self._shelves: OrderedDict[Key, Shelf] = OrderedDict()
        self._between: dict[Source, dict[User, Shelf]] = {}
        """Of each of two users who write to each other, the shelf of each other one."""
        self.bytes = 0
        self._use(settings.history)

    def _use(self, limits: HistorySettings) -> None:
        self._most_bytes = limits.target_bytes
        self._most = min(limits.messages, (limits.target_bytes - SHELF) // PLAIN)
        self._total_bytes = limits.total_bytes
        self._seconds = limits.duration
        self.hears: Mapping[type[Fact], Hearer] = {SettingsChanged: self._settings_changed}
        if self._most:
            if not self._beside:
                self.hears = {
                    **self.hears,
                    MessageSent: self.heard,
                    MessageRedacted: self._message_redacted,
                    MessageCopied: self._message_copied,
                }
            self.hears = {
                **self.hears,
                UserMoved: self._user_moved,
                UserQuit: self._user_quit,
                NetSplit: self._net_split,
                Parted: self._channel_changed,
                Kicked: self._channel_changed,
                ModesChanged: self._channel_changed,
                ChannelReset: self._channel_reset,
            }

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._use(fact.new.history)
        for shelf in list(self._shelves.values()):
            shelf.full = False
            self._trim(shelf)
        self._trim_all()

    # in

    def redacted(self, fact: MessageRedacted) -> None:
        """Forget a message, for it was deleted."""
        if self._most:
            self._message_redacted(fact, None)

    def heard(self, fact: MessageSent, origin: object = None) -> None:
        """Remember a message."""
        # On the path of every message: what comes most is put away here and now.
        if not self._most:
            return
        by, target = fact.by, fact.target
        if isinstance(target, Channel):
            shelf = self._shelves.get(target)
        else:
            shelf = self._between.get(by, NO_SHELVES).get(target)
        if shelf is None or fact.tags or fact.ranks or fact.parts:
            self._put_other(fact)
            return
        uid = by.uid if type(by) is User else NOBODY
        plain = (fact.msgid, fact.at, fact.command, by.source, uid, fact.text)
        if shelf.full:
            shelf.records.append(plain)
            shelf.records.popleft()
        else:
            self._put(shelf, plain, PLAIN)

    def has(self, fact: MessageSent) -> bool:
        """Whether it is remembered."""
        key = key_of(fact.by, fact.target)
        return key is not None and self.known(key, fact.msgid) is not None

    def _message_copied(self, fact: MessageCopied, origin: object) -> None:
        message = fact.message
        if isinstance(message, MessageRedacted):
            self._message_redacted(message, origin)
        elif not self.has(message):
            self.heard(message)

    def _put_other(self, fact: MessageSent) -> None:
        # What is not plain, or the first of its target, or for nobody to ask for.
        by, target = fact.by, fact.target
        key = key_of(by, target)
        if key is None or (fact.command == "TAGMSG" and is_fleeting(fact.tags)):
            return
        if isinstance(target, User) and ("S" in target.modes or (isinstance(by, User) and "S" in by.modes)):
            return  # what services are told may be a password, and what they answer, a token
        shelf = self._shelves.get(key) or self._shelve(key, by, target)
        uid = by.uid if isinstance(by, User) else NOBODY
        plain = (fact.msgid, fact.at, fact.command, by.source, uid, fact.text)
        if fact.tags or fact.ranks or fact.parts:
            record = Record(*plain, fact.tags, fact.ranks, fact.status, fact.parts)
            self._put(shelf, record, size_of(record))
        else:
            self._put(shelf, plain, PLAIN)

    def _put(self, shelf: Shelf, kept: Kept, size: int) -> None:
        shelf.records.append(kept)
        shelf.bytes += size
        self.bytes += size
        if len(shelf.records) >= self._most or shelf.bytes > self._most_bytes:
            self._trim(shelf)
            most = self._most
            shelf.full = len(shelf.records) == most and shelf.bytes == SHELF + most * PLAIN
        if self.bytes > self._total_bytes:
            self._trim_all()

    def _shelve(self, key: Key, by: Source | None = None, target: Channel | User | None = None) -> Shelf:
        between: tuple[User, ...] = ()
        if isinstance(by, User) and isinstance(target, User):
            between = by, target
        shelf = self._shelves[key] = Shelf(key, between)
        self.bytes += SHELF
        for user, other in zip(between, reversed(between), strict=True):
            self._between.setdefault(user, {})[other] = shelf
        return shelf

    def _message_redacted(self, fact: MessageRedacted, origin: object) -> None:
        key = key_of(fact.by, fact.target)
        if key is None:
            return
        if isinstance(key, Channel):
            # Two users hear of it as long as they are there, and so does whoever may tell the message.
            uid = fact.by.uid if isinstance(fact.by, User) else NOBODY
            gone = Redaction(fact.redacted, fact.at, fact.msgid, fact.by.source, uid, fact.reason)
            self.remember(key, Page((), (gone,)))
        self.redact(key, fact.redacted)

    def _user_moved(self, fact: UserMoved, origin: object) -> None:
        for other, shelf in self._between.get(fact.user, NO_SHELVES).items():
            key = key_of(fact.user, other)
            if key is not None and key != shelf.key:
                del self._shelves[shelf.key]
                shelf.key = key
                self._shelves[key] = shelf

    # what ends

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        user = fact.user
        for channel in user.channels:
            if not channel.members:
                self._drop_if_gone(channel)
        if user in self._between:
            self._forget_talks(user)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        self._forget_channels(set(chain.from_iterable([user.channels for user in fact.users])))
        if self._between:
            for user in fact.users:
                self._forget_talks(user)

    def _forget_channels(self, left: Iterable[Channel]) -> None:
        for channel in left:
            if not channel.members:
                self._drop_if_gone(channel)

    def _forget_talks(self, user: User) -> None:
        """What the two wrote to each other: nobody can ask for it any more."""
        for shelf in tuple(self._between.get(user, NO_SHELVES).values()):
            self._drop(shelf.key)

    def _channel_changed(self, fact: Parted | Kicked | ModesChanged, origin: object) -> None:
        if not fact.channel.members:
            self._drop_if_gone(fact.channel)

    def _channel_reset(self, fact: ChannelReset, origin: object) -> None:
        """What was said behind closed doors (modes i, k, s) stays with those who were there.

        An older channel of the name wins, and who is in that never was to hear it.
        """
        shelf = self._shelves.get(fact.channel)
        if shelf is not None and any(change.letter in "iks" for change in fact.removed):
            shelf.closed = max(fact.at, *(kept[1] for kept in shelf.records), shelf.closed)

    def _drop_if_gone(self, key: Key) -> None:
        if key in self._shelves and self._is_gone(key):
            self._drop(key)

    # out

    async def find(self, by: Source, target: Channel | User, msgid: str) -> Record | None:
        """The message of that id, if it was said between these and is remembered."""
        key = key_of(by, target)
        return None if key is None else self.known(key, msgid)

    def known(self, key: Key, msgid: str) -> Record | None:
        """The message of that id, if it was sent to this target and is remembered."""
        shelf = self._shelves.get(key)
        if shelf is None or (index := _index(shelf.records, msgid)) is None:
            return None
        return Record(*shelf.records[index])

    def since(self, key: Key, at: float) -> list[Record]:
        """The messages of a target from the Unix time `at` on, in the order in which they came.

        What other servers told later stands where its time puts it.
        """
        shelf = self._shelves.get(key)
        if shelf is None:
            return []
        return [Record(*kept) for kept in shelf.records if kept[1] >= at]

    async def page(self, channel: Channel, since: float, most: int) -> Page:
        """What other servers may know of a channel; see :class:`~chatnet.model.past.Past`."""
        shelf = self._shelves.get(channel)
        if shelf is None or most <= 0:
            return Page()
        closed = shelf.closed
        kept = [kept for kept in shelf.records if kept[1] >= since and kept[1] > closed]
        gone = [gone for gone in shelf.redactions.values() if gone.at >= since and gone.at > closed]
        return Page([Record(*each) for each in sorted(kept, key=_order)[-most:]], gone[-most:])

    def talk(self, user: User, other: User) -> Sequence[Record]:
        """What two users wrote to each other, in the order of :meth:`page`."""
        shelf = self._between.get(user, NO_SHELVES).get(other)
        return [] if shelf is None else [Record(*each) for each in sorted(shelf.records, key=_order)]

    def talkers(self, user: User) -> Sequence[User]:
        """With whom `user` has written."""
        return list(self._between.get(user, NO_SHELVES))

    # what others told

    async def take_in(self, channel: Channel, page: Page) -> int:
        """Remember what others told; see :class:`~chatnet.model.past.Past`."""
        return self.remember(channel, page)

    def remember(self, channel: Channel, page: Page) -> int:
        """The same, at once."""
        if not self._most or self._is_gone(channel):
            return 0
        shelf = self._shelves.get(channel) or self._shelve(channel)
        fresh_redactions = {
            gone.redacted: gone for gone in page.redactions if gone.redacted not in shelf.redactions
        }
        if fresh_redactions:
            both = [*shelf.redactions.values(), *fresh_redactions.values()]
            shelf.redactions = {gone.redacted: gone for gone in sorted(both, key=lambda gone: gone.at)}
            self._weigh(shelf, PLAIN * len(fresh_redactions))
            for index in [i for i, kept in enumerate(shelf.records) if kept[0] in fresh_redactions][::-1]:
                self._lose(shelf, index)
        known = {kept[0] for kept in shelf.records}
        fresh = {
            record.msgid: record
            for record in page.records
            if record.msgid not in known and record.msgid not in shelf.redactions
        }
        if fresh:
            more = [_plain(record) for record in fresh.values()]
            shelf.records = deque(sorted([*shelf.records, *more], key=_order))
            shelf.full = False
            self._weigh(shelf, sum(map(size_of, fresh.values())))
        self._trim(shelf)
        self._trim_all()
        return len(fresh)

    def redact(self, key: Key, msgid: str) -> bool:
        """Forget the message of that id; True if it was remembered."""
        shelf = self._shelves.get(key)
        if shelf is None or (index := _index(shelf.records, msgid)) is None:
            return False
        self._lose(shelf, index)
        self._drop_if_empty(shelf)
        return True

    def erase(self, uids: Collection[UID], until: int) -> None:
        """Forget what these users said up to a time, in Unix milliseconds."""
        for shelf in list(self._shelves.values()) if uids else ():
            those = [
                i for i, kept in enumerate(shelf.records) if kept[4] in uids and int(kept[1] * 1000) <= until
            ]
            for index in reversed(those):
                self._lose(shelf, index)
            if those:
                self._drop_if_empty(shelf)

    def sweep(self, now: float) -> None:
        """Forget what is older than allowed, or was told of after its target ended.

        Call it every FORGET seconds.
        """
        before = now - self._seconds
        for key, shelf in list(self._shelves.items()):
            records, redactions = shelf.records, shelf.redactions
            while records and records[0][1] < before:
                self._lose(shelf, 0)
            while redactions and next(iter(redactions.values())).at < before:
                self._lose_redaction(shelf)
            if not (records or redactions) or self._is_gone(key):
                self._drop(key)

    # bounds

    def _is_gone(self, key: Key) -> bool:
        network = self._network
        if isinstance(key, Channel):
            return network.channels.get(key.folded) is not key
        return not all(uid in network.users for uid in key)

    def _trim(self, shelf: Shelf) -> None:
        while len(shelf.records) > self._most:
            self._lose(shelf, 0)
        while len(shelf.redactions) > self._most:
            self._lose_redaction(shelf)
        while shelf.bytes > self._most_bytes and (shelf.records or shelf.redactions):
            self._lose_oldest(shelf)
        self._drop_if_empty(shelf)

    def _trim_all(self) -> None:
        while self.bytes > self._total_bytes:
            key, shelf = next(iter(self._shelves.items()))
            self._lose_oldest(shelf)
            self._shelves.move_to_end(key)
            self._drop_if_empty(shelf)

    def _lose_oldest(self, shelf: Shelf) -> None:
        gone = next(iter(shelf.redactions.values()), None)
        if gone is not None and (not shelf.records or gone.at <= shelf.records[0][1]):
            self._lose_redaction(shelf)
        else:
            self._lose(shelf, 0)

    def _lose(self, shelf: Shelf, index: int) -> None:
        kept = shelf.records[index]
        size = size_of(kept) if isinstance(kept, Record) else PLAIN
        del shelf.records[index]
        self._weigh(shelf, -size)
        shelf.full = False

    def _lose_redaction(self, shelf: Shelf) -> None:
        del shelf.redactions[next(iter(shelf.redactions))]
        self._weigh(shelf, -PLAIN)

    def _weigh(self, shelf: Shelf, size: int) -> None:
        shelf.bytes += size
        self.bytes += size

    def _drop_if_empty(self, shelf: Shelf) -> None:
        if not (shelf.records or shelf.redactions):
            self._drop(shelf.key)

    def _drop(self, key: Key) -> None:
        shelf = self._shelves.pop(key)
        self.bytes -= shelf.bytes
        for user, other in {*zip(shelf.between, reversed(shelf.between), strict=True)}:
            shelves = self._between[user]
            del shelves[other]
            if not shelves:
                del self._between[user]


def _index(records: deque[Kept], msgid: str) -> int | None:
    """Where the message of that id is; looked for from the newest on."""
    for back, kept in enumerate(reversed(records), 1):
        if kept[0] == msgid:
            return len(records) - back
    return None


def _order(kept: Kept) -> tuple[int, str]:
    return order(kept[0], kept[1])


def _plain(record: Record) -> Kept:
    """A record as it is kept."""
    return record if record[6:10] != (b"", 0, "", ()) else record[:6]


def is_fleeting(tags: bytes) -> bool:
    """Whether a TAGMSG with these tags says nothing that lasts: that somebody types."""
    return b";" not in tags and tags.startswith((b"+typing=", b"+draft/typing="))
