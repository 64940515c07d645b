"""What a client missed that cannot ask for it, told as it is attached to its person.

What is stored is read before it is attached, and what its person hears in the meantime is kept; both are told
in the turn in which it is attached, each message once.  So nothing comes twice, and nothing is left out,
wherever between two messages the client comes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from chatnet.history.looking import SPOKEN, Asked, Point, Seen, Unseen, Way
from chatnet.history.questions import Busy
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, MessageCopied, MessageRedacted, MessageSent
from chatnet.session import render
from chatnet.session.bygone import in_batch, tell
from chatnet.session.presence.devices import Heard
from chatnet.session.render import encode
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.rows import LAST, Place
from chatnet.wire.server_time import clock_time

MOST: Final = 500
"""Channels and talks that are told at once, those with the latest messages first."""
COMMANDS: Final = ("PRIVMSG", "NOTICE")
NAMED: Final = 5
"""Channels and talks that are named at most, of which something may be missing."""


class Missed(NamedTuple):
    """Pages of what was stored, and what was said while they were read; `unread`: there may be more pages.

    Of what a client is not shown there are the `names` of channels and talks alone.
    """

    pages: Sequence[Seen]
    said: Sequence[MessageSent]
    unread: bool
    names: Sequence[str] = ()


NOTHING: Final = Missed((), (), unread=False)


class _Ear:
    """What `person` hears in the meantime."""

    __slots__ = ("person", "redacted", "said")

    def __init__(self, person: User) -> None:
        self.person = person
        self.said: list[MessageSent] = []
        self.redacted: set[str] = set()

    def hears(self, fact: MessageSent) -> bool:
        """Whether they hear it."""
        target, person = fact.target, self.person
        if type(target) is not Channel:
            return person in (target, fact.by)
        ranks = person.channels.get(target)
        return ranks is not None and (not fact.ranks or bool(ranks & fact.ranks) or fact.by is person)


class Catching:
    """Reads what was missed: an observer, while somebody does."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._ears: dict[_Ear, None] = {}

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Nothing, while nobody reads."""
        if not self._ears:
            return {}
        return {
            MessageSent: self._message_sent,
            MessageRedacted: self._message_redacted,
            MessageCopied: self._message_copied,
        }

    def _message_sent(self, fact: MessageSent, origin: object) -> None:
        if fact.command not in COMMANDS:
            return
        for ear in self._ears:
            if ear.hears(fact):
                ear.said.append(fact)

    def _message_copied(self, fact: MessageCopied, origin: object) -> None:
        """Somebody who has sessions here, and is a user of another server, said or was told something."""
        message = fact.message
        if isinstance(message, MessageRedacted):
            self._message_redacted(message, origin)
        elif message.command in COMMANDS:
            for ear in self._ears:
                if ear.person is fact.user:
                    ear.said.append(message)

    def _message_redacted(self, fact: MessageRedacted, origin: object) -> None:
        for ear in self._ears:
            ear.redacted.add(fact.redacted)

    async def read(self, person: User, heard: Heard | None) -> Missed:
        """What `person` heard since a device had `heard` all; None: the last lines of each channel."""
        ear = _Ear(person)
        self._ears[ear] = None
        if len(self._ears) == 1:
            self._shared.node.hearing_changed()
        found: list[Seen] = []
        unread = False
        try:
            await self._read(person, heard, found)
        except (Busy, StoreError):
            unread = True
        finally:
            del self._ears[ear]
            if not self._ears:
                self._shared.node.hearing_changed()
        told = {row.msgid for page in found for row in page.found.rows}
        pages = [_without(page, ear.redacted) for page in found]
        gone = told | ear.redacted
        return Missed(pages, [fact for fact in ear.said if fact.msgid not in gone], unread)

    async def names(self, person: User, heard: Heard) -> Missed:
        """Where something was said that `person` may see, since a device had `heard` all."""
        found: list[Seen] = []
        try:
            await self._read(person, heard, found, 1)
        except (Busy, StoreError):
            return NOTHING._replace(unread=True)
        names = [page.sight.name for page in found if page.found.rows]
        silent = [page for page in found if not page.found.rows]
        return NOTHING._replace(pages=silent, names=names)

    async def _read(
        self, person: User, heard: Heard | None, found: list[Seen], most: int | None = None
    ) -> None:
        """Put what is `found` there, page by page, each of `most` messages; None: as the settings have it."""
        looking, history = self._shared.looking, self._shared.node.settings.history
        if looking is None:
            return
        clock = self._shared.node.clock
        # For all that others are asked, together: nobody waits longer for their welcome.
        until = clock.monotonic() + history.ask_timeout
        await looking.looked(person, history.ask_timeout)
        if heard is None:
            names = [channel.name for channel in person.channels][:MOST]
            asked = Asked(Way.LATEST, (), self._shared.persistence.policy.lines(person))
        else:
            # What was said where nobody of this server was is not listed.
            lacking = await looking.lacking(person, heard.ms, MOST)
            listed = await looking.latest(person, SPOKEN, LAST, heard.ms - 1, MOST)
            names = list(dict.fromkeys((*(name for name, _ in listed.names), *lacking)))
            asked = Asked(Way.BETWEEN, (Point(LAST), Point(heard.ms - 1)), most or history.replay)
        places: set[Place] = set()
        for name in names:
            try:
                page = await looking.look(person, name, asked, max(0.0, until - clock.monotonic()))
            except Unseen:
                continue
            place = page.sight.view.place
            if place in places:
                continue  # by a name that the other one had before, or has now
            places.add(place)
            found.append(page if heard is None else _after(page, heard))

    def tell(self, session: Session, missed: Missed) -> None:
        """Tell it to a client that was attached in this turn."""
        for page in missed.pages:
            if page.found.rows:
                tell(session, page)
                session.hand_over()
        said: dict[str, list[bytes]] = {}
        utf8_only = self._shared.node.settings.server.utf8_only
        for fact in missed.said:
            lines = render.message(fact, session.caps)
            said.setdefault(_name(session.user, fact), []).append(
                render.in_utf8(lines) if utf8_only else lines
            )
        for name, texts in said.items():
            in_batch(session, b"chathistory", texts, False, encode(name))
        if (text := _lacking(missed)) is not None:
            session.notice(text)
        if missed.names:
            session.notice(self._unshown(missed.names))

    def _unshown(self, names: Sequence[str]) -> str:
        histserv = self._shared.histserv
        told = "" if histserv is None else f", and /msg {histserv.user.nick} PLAY {names[0]} with times"
        return (
            f"While you were away something was said in {_some(names)}. Your client knows no server-time, so "
            f"it is not shown by itself: HISTORY {names[0]} shows it{told}"
        )


def _name(person: User, fact: MessageSent) -> str:
    """What a client calls where it was said."""
    if type(fact.target) is Channel:
        return fact.target.name
    if fact.by is person and isinstance(fact.target, User):
        return fact.target.nick
    return fact.by.shown


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")


def _lacking(missed: Missed) -> str | None:
    """In a sentence what is not known to be all of it, if there is anything."""
    if missed.unread:
        return "Not all of what was said while you were away could be read now"
    lacking = [page for page in missed.pages if page.found.gaps]
    if not lacking:
        return None
    gaps = [gap for page in lacking for gap in page.found.gaps]
    since, until = min(gap.since for gap in gaps), max(gap.until for gap in gaps)
    where = _some([page.sight.name for page in lacking])
    times = f"from {clock_time(since // 1000)} to {clock_time(until // 1000)}"
    return f"Something of {where} may be missing {times}: other servers may know more"


def _after(page: Seen, heard: Heard) -> Seen:
    rows = tuple(row for row in page.found.rows if heard.is_before(row.at, row.msgid))
    return page._replace(found=page.found._replace(rows=rows))


def _without(page: Seen, redacted: set[str]) -> Seen:
    if not redacted:
        return page
    rows = tuple(row for row in page.found.rows if row.msgid not in redacted)
    return page._replace(found=page.found._replace(rows=rows))
