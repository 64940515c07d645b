"""What seats and hosts say to each other, see ``exchange/seats.py``.

Each line is for one server; those on the way pass it on as it is, and judge no more than that whoever says it
is behind the link.  The host asks whether the link may have seats behind it at all.
"""

from __future__ import annotations

from typing import Final

from chatnet.dispatch import Table
from chatnet.links.exchange.seats import WAIT, Answer, Host, Seats
from chatnet.links.inbound.addressed import is_for_me, is_odd, number_of, pass_on
from chatnet.links.neighbour.link import Link
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.entities import User
from chatnet.model.facts import UserModesChanged
from chatnet.model.ids import UID
from chatnet.model.modes import SNOMASKS
from chatnet.wire.text import byte_length, cut

ASKS: Final = frozenset({"CNSIT", "CNDO"})
"""What a seat waits for the answer of."""
LONGEST: Final = 510
"""Bytes of a command of a client, or of a line that it reads, without its tags."""
NOT_ALLOWED: Final = "{server} lets nobody be on {seat} as well"


class SittingIn:
    """Hears both sides, and hands what is for this server to `seats`, and to its host."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats

    def enter(self, verbs: Table) -> None:
        """Enter the verbs of neighbours."""
        verbs.command("CNSIT", min_params=3)(self.cnsit)
        verbs.command("CNRISE", min_params=1)(self.cnrise)
        verbs.command("CNAWAY", min_params=2)(self.cnaway)
        verbs.command("CNDO", min_params=3)(self.cndo)
        verbs.command("CNASK", min_params=4)(self.cnask)
        verbs.command("CNDONE", min_params=3)(self.cndone)
        verbs.command("CNSNO", min_params=3)(self.cnsno)

    # to a host

    def cnsit(self, line: Line) -> None:
        """A server asks for a seat, or is answered.

        # <- :0CA CNSIT 17 0AAAAAAAA abcdefghijklmnopqrst2 S
        # <- :0CA CNSIT 17 0AAAAAAAA abcdefghijklmnopqrst2 HA :gone for tea
        # <- :0AA CNSIT 17 0CA YES
        # <- :0AA CNSIT 17 0CA NO :You have 16 connections already, and may have no more
        """
        if len(line.params[1]) == 3:
            self._answer(line)
            return
        seat = line.by_server()
        user, host = self._asked_of(line, 1)
        if host is None:
            return
        number, key, flags = number_of(line), line.params[2], line.param(3)
        if not line.links.may_sit(line.link):
            server = line.network.me.name
            self._seats.decide(seat, number, NOT_ALLOWED.format(server=server, seat=seat.name))
            line.doubt("wants to have sessions of people of other servers, which is not allowed to")
        away = (cut(line.param(4), line.node.settings.limits.away) or "*") if "A" in flags else None
        host.asked(seat, number, user, key, secure="S" in flags, here="H" in flags, away=away)

    def cnrise(self, line: Line) -> None:
        """The last session of a user at the source is gone.

        Who has no seat may have heard that they do: what was said to a process of that server which is gone
        came to the next one, and to all on the way.  They are told so.

        # <- :0CA CNRISE 0AAAAAAAA :Quit: bye
        """
        seat = line.by_server()
        user, host = self._asked_of(line, 0)
        if host is None:
            return
        if seat in user.seats:
            reason = cut(line.param(1), line.node.settings.limits.kick)
            host.rose(seat, user, reason or "Connection closed")
        else:
            stamp = line.links.next_stamp().text
            line.link.send(line.link.codec.seat(user, seat, stamp, taken=False))

    def cnaway(self, line: Line) -> None:
        """What the sessions of a user at the source say together.

        # <- :0CA CNAWAY 0AAAAAAAA HERE
        # <- :0CA CNAWAY 0AAAAAAAA AWAY :gone for tea
        """
        seat, word = line.by_server(), line.params[1]
        user, host = self._asked_of(line, 0)
        if host is None or seat not in user.seats or word not in ("HERE", "AWAY"):
            return
        text = cut(line.param(2), line.node.settings.limits.away) or "*"
        host.voiced(seat, user, text if word == "AWAY" else None)

    def cndo(self, line: Line) -> None:
        """A session of a user at the source gives a command that only their own server carries out.

        # <- :0CA CNDO 18 0AAAAAAAA :NICK anna
        """
        seat, text = line.by_server(), line.params[2]
        user, host = self._asked_of(line, 1)
        if host is None:
            return
        number = number_of(line)
        if seat not in user.seats or byte_length(text) > LONGEST:
            # It has risen, or was lifted, meanwhile; nobody waits for an answer in vain.
            self._seats.reply(seat, number, None)
        else:
            host.told(seat, number, user, text)

    def cnask(self, line: Line) -> None:
        """A session of a user at the source asks a server something, as WHOIS does with the nick twice.

        # <- :0CA CNASK 19 0BA 0AAAAAAAA :WHOIS bob bob
        """
        seat, text, links = line.by_server(), line.params[3], line.links
        if not is_for_me(line, _knows):
            return
        user, number, host = line.network.users.get(UID(line.params[2])), number_of(line), self._seats.host
        settings, conduct, now = line.node.settings.links, line.link.conduct, line.node.clock.monotonic()
        if (
            user is None
            or host is None
            or seat not in links.claims.places(user)
            or byte_length(text) > LONGEST
            or conduct.too_many(conduct.asked, now, settings)
        ):
            self._seats.reply(seat, number, None)
        else:
            host.questioned(seat, number, user, text)

    def _asked_of(self, line: Line, index: int) -> tuple[User, Host | None]:
        """The user that a parameter means, and this server as their host; or pass it on: then there is none.

        Of users who are gone nobody here knows more than whoever asks will hear.
        """
        user = line.network.users.get(UID(line.params[index]))
        if user is None or user.orphan or not line.link.codec.seats:
            raise Ignored
        if user.server is not line.network.me:
            if pass_on(line, user.server, _knows) and line.row.verb in ASKS:
                self._seats.wait(line.by_server(), number_of(line))
            return user, None
        return user, self._seats.host

    # to a seat

    def _answer(self, line: Line) -> None:
        host, word = line.by_server(), line.params[2]
        if not is_for_me(line, _knows):
            return
        why = cut(line.param(3), LONGEST) or "Refused"
        answer = Answer(granted=True) if word == "YES" else Answer(granted=False, why=why)
        if word not in ("YES", "NO"):
            is_odd(line)
        self._seats.answered(host, number_of(line), answer)

    def cndone(self, line: Line) -> None:
        """What a session here reads of a command that it gave, or that it has read all, or has to wait.

        # <- :0AA CNDONE 18 0CA ::a.test 433 ann anna :This nickname is already in use
        # <- :0AA CNDONE 18 0CA END
        # <- :0BA CNDONE 18 0CA WAIT
        """
        host, text = line.by_server(), line.params[2]
        if not is_for_me(line, _knows):
            return
        number = number_of(line)
        if text == "END":
            self._seats.answered(host, number, Answer(granted=True))
        elif text == WAIT:
            self._seats.waits(number, line.link)
        elif byte_length(text) <= LONGEST:
            self._seats.read(host, number, text)

    def cnsno(self, line: Line) -> None:
        """Which server notices an operator of the source reads at their sessions here.

        # <- :0AA CNSNO 0AAAAAAAA 0CA ckx
        # <- :0AA CNSNO 0AAAAAAAA 0CA -
        """
        host, network = line.by_server(), line.network
        if not is_for_me(line, _knows):
            return
        user = network.users.get(UID(line.params[0]))
        if user is None or user.server is not host or network.me not in user.seats:
            raise Ignored
        letters = "".join(sorted(set(line.params[2]) & SNOMASKS.keys()))
        if letters != user.snomask:
            # No other server is told of the mode.
            added, removed = "s" if letters else "", "" if letters else "s"
            changed = bool(letters) is not ("s" in user.modes)
            line.commit(UserModesChanged(user, added * changed, removed * changed, letters, line.now))


def _knows(link: Link) -> bool:
    return link.codec.seats
