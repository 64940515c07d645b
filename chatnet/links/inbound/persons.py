"""People whom several servers claim: what neighbours say of claims."""

from __future__ import annotations

from chatnet.dispatch import Table
from chatnet.links.codecs.solanum.persons import WHY
from chatnet.links.exchange.persons import Persons
from chatnet.links.inbound import users
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.ids import UID
from chatnet.wire.names import is_nick


class PersonsIn:
    """Hears of users who come and go, and may be people that are known."""

    def __init__(self, persons: Persons) -> None:
        self._persons = persons

    def enter(self, verbs: Table) -> None:
        """Enter the verbs that need it; the others stand in ``LINK``."""
        verbs.command("EUID", min_params=11)(self.euid)
        verbs.command("QUIT")(self.quit)
        verbs.command("CNNICK", min_params=3)(self.cnnick)

    def euid(self, line: Line) -> None:
        """A user came, behind the source; with tags it is a claim that they are a person.

        # <- :1SO EUID alice 1 1795345575 +i ~alice 127.0.0.1 127.0.0.1 1SOAAAAAB * * :real alice
        """
        users.euid(line, self._persons.claimed)

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
        if (ts, line.network.fold(nick)) <= (user.nick_ts, user.folded):
            raise Ignored
        for link in line.links.seating(line.link):
            link.send(line.raw)
        self._persons.rename(user, nick, ts)
