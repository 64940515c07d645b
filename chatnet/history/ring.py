"""Recent messages, in memory: as many for each target, and for as long, as the settings allow.

A target is a channel, or two users who write to each other.  It is the object and not the name, so a channel
that is renamed keeps its messages, and one that was made anew has none; users are known by their UIDs.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Final, NamedTuple

from chatnet.model.channel import Channel
from chatnet.model.facts import Fact, Hearer, MessageRedacted, MessageSent, SettingsChanged, Source
from chatnet.model.ids import UID
from chatnet.model.network import Network
from chatnet.model.user import User
from chatnet.settings import HistorySettings, Settings
from chatnet.wire.multiline import Part

PLAIN: Final = 1024
"""Bytes that a message counts for, whatever its text; each of several lines as much; tags besides."""
SHELF: Final = 1024
"""Bytes that a target counts for before there is a message."""

FORGET: Final = 60.0
"""Seconds between two looks for what is too old, or whose target is gone."""

Key = Channel | tuple[UID, UID]
"""A channel, or two users (the lower UID first) who write to each other."""


class Record(NamedTuple):
    """A message as it was sent; `source` and `uid` are its author's (no UID if it was a server).

    The other fields are those of ``MessageSent``.
    """

    msgid: str
    at: float
    command: str
    source: bytes
    uid: UID
    text: str
    tags: bytes
    ranks: int
    status: str
    parts: tuple[Part, ...]


Heard = tuple[MessageSent, bytes]
"""A message and its source: how it is kept while its author is there, since a Record takes longer to make.

After that the fact would keep the user in memory, and all that hangs on them.
"""


class Shelf:
    """The messages of one target, oldest first, and the bytes they count for."""

    __slots__ = ("bytes", "records")

    def __init__(self) -> None:
        self.records: deque[Heard | Record] = deque()
        self.bytes = SHELF


def key_of(by: Source, target: Channel | User) -> Key | None:
    """Under which key a message from `by` to `target` is kept; None for what a server tells a user."""
    if isinstance(target, Channel):
        return target
    if not isinstance(by, User):
        return None
    mine, other = by.uid, target.uid
    return (mine, other) if mine < other else (other, mine)


def size_of(message: MessageSent | Record) -> int:
    """The bytes that a message counts for."""
    return PLAIN * (1 + len(message.parts)) + len(message.tags)


class Ring:
    """An observer of messages, and what is asked about them.  `bytes` is what all of them count for.

    When everything together is too much, each target in turn gives up its oldest message.  Where the settings
    allow no messages the ring does not even hear of them.
    """

    def __init__(self, network: Network, settings: Settings) -> None:
        self._network = network
        self._shelves: OrderedDict[Key, Shelf] = OrderedDict()
        self._full: dict[Key | User, deque[Heard | Record]] = {}
        """Of targets that have as many messages as they may, all plain ones: one comes, one goes."""
        self.bytes = 0
        self._use(settings.history)

    def _use(self, limits: HistorySettings) -> None:
        self._most_bytes = limits.target_bytes
        self._most = min(limits.messages, (limits.target_bytes - SHELF) // PLAIN)
        self._total_bytes = limits.total_bytes
        self._seconds = limits.duration
        self.hears: Mapping[type[Fact], Hearer] = {SettingsChanged: self._settings_changed}
        if self._most:
            self.hears = {
                **self.hears,
                MessageSent: self._message_sent,
                MessageRedacted: self._message_redacted,
            }

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._use(fact.new.history)
        self._full.clear()
        for key, shelf in list(self._shelves.items()):
            self._trim(key, shelf)
        self._trim_all()

    # in

    def _message_sent(self, fact: MessageSent, origin: object) -> None:
        # On the path of every message: what a busy channel is told most is done here and now.
        records = self._full.get(fact.target)
        if records is None or fact.tags or fact.parts:
            key = key_of(fact.by, fact.target)
            if key is not None and not (fact.command == "TAGMSG" and _is_fleeting(fact.tags)):
                self._remember(key, fact)
        else:
            records.append((fact, fact.by.source))
            records.popleft()

    def _remember(self, key: Key, fact: MessageSent) -> None:
        records = self._full.get(key)
        if records is not None and not fact.tags and not fact.parts:
            records.append((fact, fact.by.source))
            records.popleft()
            return
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = Shelf()
            self.bytes += SHELF
        size = size_of(fact)
        shelf.records.append((fact, fact.by.source))
        shelf.bytes += size
        self.bytes += size
        most = self._most
        if len(shelf.records) > most or shelf.bytes > self._most_bytes:
            self._trim(key, shelf)
        if self.bytes > self._total_bytes:
            self._trim_all()
        if len(shelf.records) == most and shelf.bytes == SHELF + most * PLAIN:
            self._full[key] = shelf.records

    def _message_redacted(self, fact: MessageRedacted, origin: object) -> None:
        key = key_of(fact.by, fact.target)
        if key is not None:
            self.redact(key, fact.redacted)

    # out

    def find(self, key: Key, msgid: str) -> Record | None:
        """The message of that id, if it was sent to this target and is remembered."""
        shelf = self._shelves.get(key)
        if shelf is None or (index := _index(shelf.records, msgid)) is None:
            return None
        return _read(shelf.records[index])

    def since(self, key: Key, at: float) -> list[Record]:
        """The messages of a target from the Unix time `at` on, in the order in which they came."""
        shelf = self._shelves.get(key)
        if shelf is None:
            return []
        return [record for record in map(_read, shelf.records) if record.at >= at]

    def redact(self, key: Key, msgid: str) -> bool:
        """Forget the message of that id; True if it was remembered."""
        shelf = self._shelves.get(key)
        if shelf is None or (index := _index(shelf.records, msgid)) is None:
            return False
        self._lose(key, shelf, index)
        if not shelf.records:
            self._drop(key)
        return True

    def sweep(self, now: float) -> None:
        """Forget what is older than allowed, and targets that are gone.  Call it every FORGET seconds."""
        before = now - self._seconds
        for key, shelf in list(self._shelves.items()):
            records = shelf.records
            while records and _message(records[0]).at < before:
                self._lose(key, shelf, 0)
            if not records or self._is_gone(key):
                self._drop(key)
            else:
                self._let_go(records)

    def _let_go(self, records: deque[Heard | Record]) -> None:
        users = self._network.users
        for index, record in enumerate(records):
            if not isinstance(record, Record):
                by = record[0].by
                if isinstance(by, User) and users.get(by.uid) is not by:
                    records[index] = _read(record)

    # bounds

    def _is_gone(self, key: Key) -> bool:
        network = self._network
        if isinstance(key, Channel):
            return network.channels.get(key.folded) is not key
        return not all(uid in network.users for uid in key)

    def _trim(self, key: Key, shelf: Shelf) -> None:
        while shelf.records and (len(shelf.records) > self._most or shelf.bytes > self._most_bytes):
            self._lose(key, shelf, 0)
        if not shelf.records:
            self._drop(key)

    def _trim_all(self) -> None:
        while self.bytes > self._total_bytes:
            key, shelf = next(iter(self._shelves.items()))
            self._lose(key, shelf, 0)
            if shelf.records:
                self._shelves.move_to_end(key)
            else:
                self._drop(key)

    def _lose(self, key: Key, shelf: Shelf, index: int) -> None:
        size = size_of(_message(shelf.records[index]))
        del shelf.records[index]
        shelf.bytes -= size
        self.bytes -= size
        self._full.pop(key, None)

    def _drop(self, key: Key) -> None:
        self.bytes -= self._shelves.pop(key).bytes
        self._full.pop(key, None)


def _index(records: deque[Heard | Record], msgid: str) -> int | None:
    """Where the message of that id is; looked for from the newest on."""
    for back, record in enumerate(reversed(records), 1):
        if _message(record).msgid == msgid:
            return len(records) - back
    return None


def _message(record: Heard | Record) -> MessageSent | Record:
    return record if isinstance(record, Record) else record[0]


def _read(record: Heard | Record) -> Record:
    if isinstance(record, Record):
        return record
    fact, source = record
    uid = fact.by.uid if isinstance(fact.by, User) else UID("")
    return Record(
        fact.msgid,
        fact.at,
        fact.command,
        source,
        uid,
        fact.text,
        fact.tags,
        fact.ranks,
        fact.status,
        fact.parts,
    )


def _is_fleeting(tags: bytes) -> bool:
    """Whether a TAGMSG with these tags says nothing that lasts: that somebody types."""
    return b";" not in tags and tags.startswith((b"+typing=", b"+draft/typing="))
