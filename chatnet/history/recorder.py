"""Puts what is said into the store: an observer.

On the path of every message nothing is done but to append a tuple to a list; a moment later the store gets
the whole list, as one group.  All else that it has to know stands in the same list, so that the order is
kept: what was deleted, and (``stays.py``) who came and went, and where a channel began.  Names are looked up
when something is heard, never later, for users and channels change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast

from chatnet.history.events import flags_of
from chatnet.history.extra import Extra, written
from chatnet.history.health import Health
from chatnet.history.kinds import KINDS
from chatnet.history.ring import Ring, is_fleeting
from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    Fact,
    Hearer,
    MessageCopied,
    MessageRedacted,
    MessageSent,
    NickChanged,
    RecordsTaken,
    SettingsChanged,
    Source,
)
from chatnet.model.ids import SID
from chatnet.model.keep import Keep
from chatnet.model.places import Places
from chatnet.node import Node, Timer
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field
from chatnet.rules.messages import is_service
from chatnet.rules.past import DM_HISTORY, stores_talk
from chatnet.settings import HistorySettings
from chatnet.storage.messages import rows
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import (
    Began,
    Entry,
    Place,
    Redacted,
    Row,
)
from chatnet.storage.promise import Promise
from chatnet.wire.capabilities import MESSAGE_TAGS, OPER_TAG
from chatnet.wire.message import unescape_tag_value

CLOSING: Final = frozenset("iks")
"""Modes of a channel behind whose doors something is said."""
REACTIONS: Final = frozenset({"+draft/react", "+draft/unreact", "+react", "+unreact"})
"""Client-only tags of a TAGMSG that is a reaction."""
TALKS: Final = 10_000
"""Places of talks that are remembered, so that they need not be made for each message."""

WANTED: Final = field(SETTING, DM_HISTORY)
"""The field of an account that says whether its private messages are stored."""

_FLAGGED: Final = MESSAGE_TAGS | OPER_TAG


class Heard:
    """A channel that somebody of this server is in.

    Rows get its `place` and `flags`, if it is `stored`.  `here` are its members of this server, and since
    when they are in it, in milliseconds.  `people` are keys of accounts, and how many of the members are
    logged in to each.  `away` are those that a netsplit took: at what time, and with which server.  It is
    `registered` if it was the registered one of its name when its TS was that of the registration: another
    one of the name may come to have that.
    """

    __slots__ = ("away", "flags", "here", "kept", "people", "place", "registered", "stored")

    def __init__(self, place: Place, channel: Channel) -> None:
        self.place = place
        self.stored = True
        self.registered = False
        self.kept: Keep | None = None
        self.flags = 0
        self.here: dict[User, int] = {}
        self.people: dict[str, int] = {}
        self.away: dict[str, tuple[int, SID]] = {}
        self.look_at(channel)

    def look_at(self, channel: Channel) -> None:
        """See whether its doors are closed."""
        closed = channel.key is not None or not CLOSING.isdisjoint(channel.flags)
        self.flags = rows.CLOSED if closed else 0


class Recorder:
    """An observer of messages.

    What the store does not keep, the `ring` remembers: what guests say to each other, say.
    """

    def __init__(self, node: Node, store: MessageStore, places: Places, ring: Ring) -> None:
        self._node = node
        self._store = store
        self._places = places
        self._ring = ring
        self.health = Health(node, store)
        self._by_name = places.by_name
        self.channels: dict[Channel, Heard] = {}
        """Those that are heard here; ``stays.py`` sees to them."""
        self._talks: dict[tuple[str, str], Place] = {}
        self._called: dict[Place, str] = {}
        """By which nicks the two of a talk were told to the store last."""
        self._list: list[Entry] = []
        self._timer: Timer | None = None
        self._promise: Promise[None] | None = None
        """For who waits until what is in the list is stored."""
        self._last: tuple[Promise[None], Entry] | None = None
        """The same of the last group that the store got, and what that ended with."""
        self._services: frozenset[str] = frozenset()
        self.hears: Mapping[type[Fact], Hearer] = {
            MessageSent: self._message_sent,
            MessageRedacted: self._message_redacted,
            MessageCopied: self._message_copied,
            NickChanged: self._nick_changed,
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }
        self._use(node.settings.history)

    def _use(self, settings: HistorySettings) -> None:
        self._most = settings.group_most
        self._interval = settings.commit_interval
        self._soon = settings.durable_interval
        self._durable = settings.durable_echo
        self._direct = settings.direct
        self._services = self._node.settings.service_names

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._use(fact.new.history)

    # the list

    def _arm(self) -> None:
        """Something was put into the list: it goes to the store in a moment, or at once."""
        if len(self._list) >= self._most:
            self.flush()
        elif self._timer is None:
            self._timer = self._node.clock.later(self._interval, self.flush)

    def flush(self) -> None:
        """Give the store all there is: whatever it is asked from now on, it answers with that."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._list:
            return
        entries, self._list = self._list, []
        self.health.wrote(len(entries))
        written = self._store.put(entries)
        if self._durable:
            self._last = self._promise or Promise(), entries[-1]
            self._promise = None
            self._last[0].keep_with(written)

    def promised(self, msgid: str) -> Promise[None] | None:
        """That the message which was said just now will be on the disk; None if it is not stored."""
        if self._list:
            if not _is_of(self._list[-1], msgid):
                return None
            if self._promise is None:
                self._promise = Promise()
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self._node.clock.later(self._soon, self.flush)
            return self._promise
        if self._last is None or not _is_of(self._last[1], msgid):
            return None
        return self._last[0]

    def put(self, entries: Iterable[Entry]) -> None:
        """Have something else be stored, in order."""
        self._list += entries
        if self._list:
            self._arm()

    # what is said

    def _message_sent(self, fact: MessageSent, origin: object) -> None:
        # On the path of every message: what comes most is put away here and now.
        by, target = fact.by, fact.target
        if type(by) is User and not (
            fact.tags or fact.ranks or fact.parts or by.tagged & _FLAGGED or self._by_name
        ):
            person = by.account_id
            if type(target) is Channel:
                heard = self.channels.get(target)
                if heard is not None and heard.stored:
                    self._list.append(
                        (
                            heard.place, fact.at, fact.msgid, KINDS[fact.command], heard.flags, person,
                            by.source, fact.text,
                        )
                    )  # fmt: skip
                    if self._timer is None or len(self._list) >= self._most:
                        self._arm()
                    return
            elif person is None and type(target) is User and target.account_id is None and not self._services:
                self._ring.heard(fact)  # two guests; services it leaves out itself
                return
            elif (
                type(target) is User
                and person is not None
                and target.account_id is not None
                and "S" not in target.modes
            ):
                place = self._talks.get((person, target.account_id))
                if place is not None and self._direct:
                    self._list.append(
                        (
                            place, fact.at, fact.msgid, KINDS[fact.command], 0, person, by.source, fact.text,
                        )
                    )  # fmt: skip
                    if self._timer is None or len(self._list) >= self._most:
                        self._arm()
                    return
        self._put_other(fact, origin)

    def _message_copied(self, fact: MessageCopied, origin: object) -> None:
        """Perhaps it was heard before: the other one of the two may be here, or have sessions here as well.

        The store knows what it has by its id.
        """
        message = fact.message
        if isinstance(message, MessageRedacted):
            self._message_redacted(message, origin)
        elif not self._ring.has(message):
            self._message_sent(message, origin)

    def _put_other(self, fact: MessageSent, origin: object) -> None:
        """What is not plain, or the first of its talk, or nothing for the store."""
        by, target = fact.by, fact.target
        if fact.command == "TAGMSG" and is_fleeting(fact.tags):
            return
        if isinstance(target, Channel):
            heard = self.channels.get(target)
            if heard is None or not heard.stored:
                self._ring.heard(fact)
                return
            place, flags = heard.place, heard.flags
        else:
            found = None if self._is_unwanted(by, target) else self._talk(by, target)
            if found is None:
                if not self._is_service(by) and not self._is_service(target):
                    self._ring.heard(fact)
                return
            place, flags = found, 0
            if place.kind == "g":
                self._ring.heard(fact)  # where the guest finds it
        self._list.append(self._row(fact, place, flags))
        self._arm()

    def _talk(self, by: Source, target: User) -> Place | None:
        """The place of what one says to the other, if it is stored."""
        if not isinstance(by, User) or not self._direct or self._is_service(by) or self._is_service(target):
            return None
        place = self._places.between(by, target)
        if place is not None and by.account_id is not None and target.account_id is not None:
            if len(self._talks) >= TALKS:
                self._talks.clear()
            if not self._is_unwanted(by, target):
                self._talks[by.account_id, target.account_id] = place
        if place is not None:
            self._call(place, by, target)
        return place

    def _is_unwanted(self, by: Source, target: User) -> bool:
        """Whether one of two accounts does not want what they say to each other to be stored."""
        account = self._node.network.registry.account
        return isinstance(by, User) and not stores_talk((account(by.account_id), account(target.account_id)))

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        if any(record.field == WANTED for record in fact.records):
            self._talks.clear()

    def _call(self, place: Place, user: User, other: User) -> None:
        """Note by which nicks two people talk: one of them may be looked for by that nick later."""
        shown = self._places.shown(place, user, other)
        if self._called.get(place) != shown:
            if len(self._called) >= TALKS:
                self._called.clear()
            self._called[place] = shown
            self._list.append(Began(place, shown, int(self._node.clock.time() * 1000)))

    def _nick_changed(self, fact: NickChanged, origin: object) -> None:
        if self._places.person(fact.user) is not None:
            self._talks.clear()  # each is called otherwise, perhaps

    def _is_service(self, user: Source) -> bool:
        """What is said to services, and by them, is kept nowhere."""
        return isinstance(user, User) and is_service(user, self._services)

    def _row(self, fact: MessageSent, place: Place, flags: int) -> Row:
        by = fact.by
        person = self._places.person(by) if isinstance(by, User) else None
        flags |= flags_of(by) | fact.ranks << rows.RANKS
        extra = written(
            Extra(
                fact.tags,
                fact.parts,
                fact.status,
                hidden_uid(by.uid if isinstance(by, User) else "", fact.msgid),
            )
        )
        if extra is not None:
            flags |= rows.EXTRA
        source = by.source.decode("utf-8", "replace")
        refers = reacted_to(fact.tags) if fact.command == "TAGMSG" else None
        return Row(
            place, int(fact.at * 1000), fact.msgid, KINDS[fact.command], flags, person, source, fact.text,
            refers, extra,
        )  # fmt: skip

    def _message_redacted(self, fact: MessageRedacted, origin: object) -> None:
        target = fact.target
        place: Place | None
        flags = fact.ranks << rows.RANKS
        if isinstance(target, Channel):
            heard = self.channels.get(target)
            place = None if heard is None else heard.place
            stored = heard is not None and heard.stored
            flags |= 0 if heard is None else heard.flags
        else:
            by, place = fact.by, None
            if isinstance(by, User) and not (self._is_service(by) or self._is_service(target)):
                place = self._places.between(by, target)
            stored = place is not None and place.kind != "g" and self._direct
        if not stored:
            self._ring.redacted(fact)
        if place is None:
            return
        at = int(fact.at * 1000)
        gone = Redacted(place, fact.redacted, at, fact.msgid, None, "", "", flags)
        if stored or (place.kind == "g" and self._direct):
            person = self._places.person(fact.by) if isinstance(fact.by, User) else None
            source = fact.by.source.decode("utf-8", "replace")
            gone = gone._replace(person=person, source=source, reason=fact.reason)
        # Where nothing is stored any more, what was is there still, and may be shown again.
        self.put([gone])

    def place(self, channel: Channel) -> Place | None:
        """The place of a channel that is heard here, and stored."""
        heard = self.heard_of(channel)
        return None if heard is None else heard.place

    def heard_of(self, channel: Channel) -> Heard | None:
        """What is known of a channel that is heard here, and stored."""
        heard = self.channels.get(channel)
        return heard if heard is not None and heard.stored else None


def _is_of(entry: Entry, msgid: str) -> bool:
    """Whether an entry is the message of that id."""
    return type(entry) in (tuple, Row) and cast(Row, entry)[2] == msgid


def hidden_uid(uid: str, msgid: str) -> str:
    """The UID of the author, where the id of the message does not tell it; ``*`` if they have none."""
    return "" if uid_in(msgid) == uid else uid or "*"


def uid_in(msgid: str) -> str:
    """The UID that an id of Solanum's form has in it; empty if it is none.  See ``model/ids.py``."""
    return msgid[20:29] if len(msgid) >= 29 and msgid[:20].isdecimal() else ""


def reacted_to(tags: bytes) -> str | None:
    """The id of the message that a TAGMSG is a reaction to, if it is one.

    https://ircv3.net/specs/client-tags/react
    """
    found = dict(tag.partition("=")[::2] for tag in tags.decode("utf-8", "replace").split(";"))
    if not found.keys() & REACTIONS:
        return None
    return unescape_tag_value(found.get("+reply") or found.get("+draft/reply") or "") or None
