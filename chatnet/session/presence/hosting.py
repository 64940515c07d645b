"""People of this server who have sessions on others: who may have them there, and what those ask for.

state   what comes                                           next     what is said
-       CNSIT, and they may                                  SEATED   CNSEAT + to all, YES
-       CNSIT, and they may not                              -        NO
SEATED  CNSIT, since not all sessions there come by TLS      SEATED   YES, or NO to that one session
SEATED  CNAWAY                                               SEATED   AWAY, if the person is or was
SEATED  CNDO                                                 SEATED   CNDONE, and what comes of it
SEATED  CNRISE, or the seat is lost                          -        CNSEAT - to all; QUIT, unless they stay
SEATED  they may not have several sessions any more          -        CNSEAT - to all: the seat will ask again
any     QUIT, KILL                                           -        that, to all
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.links.exchange.queries import PLACES
from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    Hearer,
    MessageCopied,
    MessageSent,
    Opered,
    RecordsTaken,
    SeatLeft,
    SeatTaken,
    SettingsChanged,
    UserModesChanged,
    UserMoved,
    UserQuit,
)
from chatnet.model.server import Server
from chatnet.rules.opers import granted_elsewhere
from chatnet.session.presence.absence import latest, settle, voices_of
from chatnet.session.presence.clients import CLIENTS, describe, end_some
from chatnet.session.presence.deputy import ANSWERED_HERE, DONE_HERE, Deputy
from chatnet.session.presence.devices import HEARD, Heard, device_of, read_heard
from chatnet.session.presence.persons import Persons
from chatnet.session.seats import Seat
from chatnet.session.session import Home
from chatnet.session.shared import Shared
from chatnet.wire import numerics
from chatnet.wire.text import middle

LOST: Final = "Connection lost"
"""Why somebody has quit whose last sessions were on a server that is gone."""
NOT_YOURS: Final = "This nick is not of the account that you are logged in to"


class Hosting:
    """The host of ``links/exchange/seats.py``, and an observer of what becomes of seats."""

    def __init__(self, shared: Shared, home: Home, persons: Persons) -> None:
        self._shared = shared
        self._home = home
        self._persons = persons
        self._node = shared.node
        self._links = shared.links
        self._seats = shared.seats
        self._reason = LOST
        self._awaited: Final[dict[User, set[Server]]] = {}
        """By people who came from another server, where they had seats that have not asked here yet."""
        self._hears_always: Mapping[type[Fact], Hearer] = {
            SeatTaken: self._seat_taken,
            UserMoved: self._moved,
        }
        self._hears: Mapping[type[Fact], Hearer] = {
            **self._hears_always,
            SeatLeft: self._seat_left,
            UserQuit: self._quit,
            AccountChanged: self._account_changed,
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
            MessageSent: self._message_sent,
            MessageCopied: self._message_copied,
            UserModesChanged: self._modes_changed,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Little, while nobody has a seat."""
        return self._hears if self._seats else self._hears_always

    # what is asked

    def asked(
        self, seat: Server, number: int, user: User, key: str, *, secure: bool, here: bool, away: str | None
    ) -> None:
        """May a server have sessions of a user?  It is told; so are all others if it has some from now on."""
        why = self._refusal(user, seat, key, secure, here)
        if (awaited := self._awaited.get(user)) is not None:
            awaited.discard(seat)
        if why is None:
            known = self._seats.at(user, seat)
            if known is not None and seat in user.seats:
                known.secure = secure
                if here:  # what is known of it may be of before this server was the host
                    known.away = self._said(user, away)
            else:
                idle = self._persons.back(user)
                if away is None and idle is not None and not here:
                    away = idle.away
                known = Seat(seat, secure=secure, away=self._said(user, away))
                known.heard = None if idle is None else idle.heard
                self._seats.put(user, known)
                stamp = self._links.next_stamp().text
                self._node.commit(SeatTaken(user, seat, self._node.clock.time(), stamp))
            self._tell_snomask(user)
        if why is None or (awaited is not None and self._is_here(user)):
            self._settle(user)
        self._links.seats.decide(seat, number, why)

    def _refusal(self, user: User, seat: Server, key: str, secure: bool, here: bool) -> str | None:
        policy, person = self._shared.persistence.policy, user.person
        if policy.key(user) != key:
            return NOT_YOURS
        others = sum(each.server is not seat for each in self._seats.of(user))
        sessions = len(self._shared.local.sessions_of(user)) + others
        why = policy.refusal(user, sessions, secure, here=here)
        return NOT_YOURS if why is None and (person is None or person.key != key) else why

    def rose(self, seat: Server, user: User, reason: str) -> None:
        """A server has none any more."""
        self._reason = reason
        self._lift(user, seat)
        self._reason = LOST

    def _lift(self, user: User, seat: Server) -> None:
        stamp = self._links.next_stamp().text
        self._node.commit(SeatLeft(user, seat, self._node.clock.time(), stamp))

    def voiced(self, seat: Server, user: User, text: str | None) -> None:
        """The sessions there are away, all of them, or (None) are not."""
        voice = self._seats.at(user, seat)
        if voice is not None:
            voice.away = self._said(user, text)
            self._settle(user)

    def _said(self, user: User, text: str | None) -> tuple[int, str] | None:
        return None if text is None else (latest(voices_of(self._shared, user)), text)

    def told(self, seat: Server, number: int, user: User, line: str) -> None:
        """A session there gives a command."""
        known = self._seats.at(user, seat)
        if known is None:
            self._links.seats.reply(seat, number, None)
            return
        deputy = Deputy(self._home, self._links.seats, known, number, user)
        words = line.split(" ")
        if words[0] == "OPER" and len(words) == 3:
            self._oper(deputy, seat, *words[1:])
            self._links.seats.reply(seat, number, None)
        elif words[0] == HEARD:
            self._heard(known, number, user, words[1:])
        else:
            deputy.carry_out(line, DONE_HERE)

    def _heard(self, seat: Seat, number: int, user: User, words: list[str]) -> None:
        """Until when a device has heard all that its person hears: it is asked, or told."""
        key, device = self._shared.places.person(user), words[0] if words else ""
        name = "" if device == "*" else device_of(f"@{device}")
        if key is not None and len(words) == 1:
            idle, seat.heard = None if seat.heard is None else Heard(*seat.heard), None
            self._node.run(self._tell_heard(seat.server, number, user, name, idle))
            return
        if key is not None and (told := read_heard(words[1:])) is not None:
            self._persons.note_heard_until(user, key, name, told)
        self._links.seats.reply(seat.server, number, None)

    async def _tell_heard(self, seat: Server, number: int, user: User, name: str, idle: Heard | None) -> None:
        heard = await self._persons.heard(user, name, idle)
        if heard is not None:
            self._links.seats.reply(seat, number, "{} {}".format(*heard))
        self._links.seats.reply(seat, number, None)

    def questioned(self, seat: Server, number: int, user: User, line: str) -> None:
        """A session there asks this server something, as its users do who name it."""
        if line.split(" ")[0] == CLIENTS:
            self._clients(seat, number, user, line)
            return
        deputy = Deputy(self._home, self._links.seats, Seat(seat, secure=False), number, user)
        verb, *params = line.split(" ")
        place = PLACES.get(verb, (len(params), 0))[0]
        name = params[place].removeprefix(":") if place < len(params) else self._node.network.me.name
        whom = self._links.queries.meant(name)
        if whom is None or not self._links.queries.is_here(whom):
            deputy.numeric(numerics.ERR_NOSUCHSERVER, middle(name))
            self._links.seats.reply(seat, number, None)
        else:
            deputy.carry_out(line, ANSWERED_HERE)

    def _clients(self, seat: Server, number: int, user: User, line: str) -> None:
        """Tell of the sessions that somebody has here, or end some: they ask where they have others."""
        words = line.split(" ")
        if len(words) > 1:
            end_some(self._shared, user, words[1])
        else:
            for session in self._shared.local.sessions_of(user):
                self._links.seats.reply(seat, number, describe(self._shared, session))
        self._links.seats.reply(seat, number, None)

    def _oper(self, deputy: Deputy, seat: Server, name: str, oper_class: str) -> None:
        """Somebody has shown the password of an operator there, and it is believed of that server or not."""
        way, user = self._links.way_to(seat), deputy.user
        if user.oper is not None:
            deputy.numeric(numerics.RPL_YOUREOPER)
        elif way is None or way.settings is None or not way.settings.allow_opers:
            deputy.numeric(numerics.ERR_NOOPERHOST)
        else:
            oper = granted_elsewhere(self._node.settings, name, oper_class)
            self._seats.opers[user] = oper
            now = self._node.clock.time()
            self._node.commit(Opered(user, oper, now), deputy)
            self._node.commit(UserModesChanged(user, "o", "", user.snomask, now), deputy)
            deputy.numeric(numerics.RPL_YOUREOPER)

    def _settle(self, user: User) -> None:
        """Have them be secure and away as all of theirs are together."""
        self._persons.settle_secure(user, None)
        # Somebody may be there at a seat that is about to ask.
        if user.away is not None or not self._awaited.get(user):
            settle(self._shared, user, None)

    # what is heard

    def _seat_taken(self, fact: SeatTaken, origin: object) -> None:
        user = fact.user
        if user.server is self._node.network.me and self._seats.at(user, fact.server) is None:
            self._seats.put(user, Seat(fact.server, secure=user.secure))
        self._node.hearing_changed()

    def _seat_left(self, fact: SeatLeft, origin: object) -> None:
        user = fact.user
        if user.server is not self._node.network.me or self._seats.at(user, fact.server) is None:
            return
        self._seats.drop(user, fact.server)
        if not self._seats:
            self._node.hearing_changed()
        if user.seats or self._shared.local.sessions_of(user):
            self._settle(user)
        else:
            self._persons.emptied(user, self._reason)

    def _message_sent(self, fact: MessageSent, origin: object) -> None:
        by = fact.by
        if isinstance(by, User) and by in self._seats and fact.text:
            self._seats.spoke[by] = self._shared.monotonic()

    def _message_copied(self, fact: MessageCopied, origin: object) -> None:
        if isinstance(fact.message, MessageSent):
            self._message_sent(fact.message, origin)

    def _modes_changed(self, fact: UserModesChanged, origin: object) -> None:
        if fact.user in self._seats:
            self._tell_snomask(fact.user)

    def _tell_snomask(self, user: User) -> None:
        """Sessions at a seat read the notices of that server which their operator has asked for here."""
        for seat in self._seats.of(user):
            if seat.snomask != user.snomask:
                seat.snomask = user.snomask
                self._links.seats.tell_snomask(seat.server, user)

    def _quit(self, fact: UserQuit, origin: object) -> None:
        self._seats.forget(fact.user)

    def _moved(self, fact: UserMoved, origin: object) -> None:
        """Who has sessions elsewhere asks anew, where the person is now."""
        self._seats.forget(fact.user)
        self._awaited.pop(fact.user, None)
        user, me = fact.user, self._node.network.me
        if fact.server is me:
            # If they are away all of these are; else those that are say so when they ask.
            said = self._said(user, user.away)
            for seat in fact.person.seats:
                self._seats.put(user, Seat(seat, secure=user.secure, away=said))
            awaited = self._awaited[user] = {seat for seat in fact.old_person.seats if seat is not me}
            if self._is_here(user):
                self._settle(user)
            seconds = self._node.settings.bouncer.attach_timeout
            self._node.clock.later(seconds, lambda: self._wait_no_more(user, awaited))
        if me in (fact.server, fact.old_server):
            self._persons.moved(user)

    def _wait_no_more(self, user: User, awaited: set[Server]) -> None:
        if self._awaited.get(user) is awaited:
            del self._awaited[user]
            if awaited and self._is_here(user):
                self._settle(user)
        self._persons.goes_away(user)

    def _is_here(self, user: User) -> bool:
        return bool(self._shared.local.sessions_of(user) or user in self._seats)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        if fact.user in self._seats:
            self._look_at(fact.user)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for user in list(self._seats):
            if user.account_id in fact.touched:
                self._look_at(user)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        if fact.old.bouncer != fact.new.bouncer:
            for user in list(self._seats):
                self._look_at(user)

    def _look_at(self, user: User) -> None:
        """Take all seats from whom may not have several sessions now, or is logged in to no such account."""
        policy, person = self._shared.persistence.policy, user.person
        if person is None or policy.key(user) != person.key or not policy.attaches(user):
            for seat in user.seats:
                self._lift(user, seat)
