"""People whom several servers claim: what neighbours say of claims."""

from __future__ import annotations

from chatnet.dispatch import Table
from chatnet.links.codecs.solanum.persons import FOLLOWS, KNOWN, PERSON, WHY
from chatnet.links.exchange.known import ASKED, SAID
from chatnet.links.exchange.persons import Persons
from chatnet.links.inbound import users
from chatnet.links.inbound.collisions import defeat, save_newcomer
from chatnet.links.inbound.seats import claimed_person, pass_on
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.ids import UID
from chatnet.rules.timestamps import Loser, resolve_nick
from chatnet.wire.names import is_nick, is_uid


class PersonsIn:
    """Hears of users who come and go, and may be people that are known."""

    def __init__(self, persons: Persons, links: Neighbours) -> None:
        self._persons = persons
        self._links = links
        persons.contend = self._contend

    def enter(self, verbs: Table) -> None:
        """Enter the verbs that need it; the others stand in ``LINK``."""
        verbs.command("EUID", min_params=11)(self.euid)
        verbs.command("QUIT")(self.quit)
        verbs.command("CNNICK", min_params=3)(self.cnnick)
        verbs.command("CNPERSON", min_params=4)(self.cnperson)
        verbs.command("CNKNOW", min_params=3)(self.cnknow)

    def euid(self, line: Line) -> None:
        """A user came, behind the source; with tags it is a claim that they are a person.

        # <- :1SO EUID alice 1 1795345575 +i ~alice 127.0.0.1 127.0.0.1 1SOAAAAAB * * :real alice
        """
        key, digest = line.tags.get(PERSON), line.tags.get(KNOWN, "")
        if key is None:
            users.euid(line)
            return
        before = line.network.persons.get(key)
        users.euid(line, self._persons.claimed)
        user = line.links.claims.meant(UID(line.params[7]))
        if user is None or user.person is None or user.person.key != key:
            return  # who they are was not believed, or they had to go
        # Of whom nothing was known here all comes in a burst, or as it is heard there.
        if before is user or (digest and not digest.startswith(FOLLOWS)):
            self._persons.known.compare(line.link, user, digest.removeprefix(FOLLOWS))

    def quit(self, line: Line) -> None:
        """A user left, or their server takes the claim back that they are a person.

        # <- :1SOAAAAAB QUIT :Quit: bye
        # <- @chatnet/why=moved :0AAAAAAAB QUIT :Moved
        """
        user = line.by_user()
        if not self._persons.left(line.link, user, line.raw, line.tags.get(WHY, "")):
            users.quit_(line)

    def cnnick(self, line: Line) -> None:
        """Somebody knows a person under this nick, which they have since that TS: the later one holds.

        # <- :0BA CNNICK 0AAAAAAAB ann_ 1795345580
        """
        line.by_server()
        if not line.link.codec.seats or not line.links.may_sit(line.link):
            raise Ignored
        user, nick, ts = line.network.users.get(UID(line.params[0])), line.params[1], line.ts(2)
        if user is None or user.person is None or not is_nick(nick, line.node.settings.limits.nick):
            raise Ignored
        folded = line.network.fold(nick)
        if (ts, folded) <= (user.nick_ts, user.folded):
            raise Ignored
        if user.lost == (folded, ts):  # who says so had not heard of the SAVE, or has it by one who had not
            if save_newcomer(line.link, user, ts) and not is_uid(user.nick):
                # What they had before is gone there with the one that they lost.
                line.link.send(line.link.codec.nick_known(line.network.me, user))
            raise Ignored
        pass_on(line)
        saved = is_uid(user.nick)
        # A SAVE takes the time with the nick: who said this may have heard of it since, and then has to hear
        # what became of it here.
        if not self._persons.rename(user, nick, ts) or saved:
            line.link.send(line.link.codec.nick_known(line.network.me, user))

    def cnknow(self, line: Line) -> None:
        """The neighbour knows a person as that digest says; who knows otherwise tells so.

        # <- :0BA CNKNOW 0AAAAAAAB 9f86d081884c7d65 ASKED
        """
        line.by_server()
        if not line.link.codec.seats or not line.links.may_sit(line.link):
            raise Ignored
        uid, digest, word = line.params[:3]
        user = line.links.claims.meant(UID(uid))
        if user is None or user.person is None or word not in (ASKED, SAID):
            raise Ignored
        self._persons.known.compare(line.link, user, digest, answered=word == SAID)

    def _contend(self, user: User, nick: str, ts: int) -> bool:
        existing = self._links.node.network.user(nick)
        if existing is None or existing is user:
            return True
        if existing.server.virtual:
            return False
        loser = resolve_nick(existing, ts, user.username, user.host, user)
        if loser & Loser.EXISTING:
            defeat(self._links, existing)
        return not loser & Loser.NEWCOMER

    def cnperson(self, line: Line) -> None:
        """A user of the source is a person from now on, or is none any more; or they stay, or do not.

        # <- :0AA CNPERSON 0AAAAAAAA abcdefghijklmnopqrst2 mfg2k1c7.0.0AA S
        # <- :0AA CNPERSON 0AAAAAAAA * * -
        """
        host, user = line.by_server(), line.network.users.get(UID(line.params[0]))
        if not line.link.codec.seats or user is None or user.server is not host or user.orphan:
            raise Ignored
        key, began, flags = line.params[1:4]
        person = None if key == "*" else claimed_person(line, user, key, began, stays="S" in flags)
        if (person is None) is (key != "*") or (person is None and user.person is None):
            raise Ignored
        self._persons.became(line.link, user, person, line.raw)
