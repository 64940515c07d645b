"""Who is logged in to which account, as services say.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#su
"""

from __future__ import annotations

from chatnet.links.inbound import services
from chatnet.links.inbound.users import (
    account_name,
    account_of,
    host_name,
    log_in,
    registered_of,
    told_id,
    user_name,
)
from chatnet.links.logins.agents import Agents
from chatnet.links.logins.gate import Gate
from chatnet.links.logins.remembered import Logins
from chatnet.links.speech.encap import Commands
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.facts import HostChanged
from chatnet.model.ids import SID, UID
from chatnet.wire.names import is_nick
from chatnet.wire.text import cut


class AccountsIn:
    """Hears who is logged in; `agents` and `logins` keep what is told.

    Where accounts are kept here people at servers that keep none talk by way of the `gate`.
    """

    def __init__(self, agents: Agents, logins: Logins, gate: Gate) -> None:
        self._agents = agents
        self._logins = logins
        self._gate = gate

    def enter(self, encapsulated: Commands) -> None:
        """Enter the commands that come in ENCAP."""
        encapsulated.believed("SU", self._su_told, 1)(self.su)
        encapsulated.believed("SVSLOGIN", _by_the_authority, 5)(self.svslogin)
        encapsulated.believed("MECHLIST", self._mechlist_told, 1)(self.mechlist)
        encapsulated.believed("SASL", _of_talks, 4)(self.sasl)
        encapsulated.kept["SASL"] = self._sasl_for_us
        encapsulated.kept["SVSLOGIN"] = self._login_lent
        encapsulated.kept["LOGIN"] = self._login_told
        encapsulated.kept["SU"] = self._su_believed

    def _sasl_for_us(self, line: Line) -> bool:
        """Somebody who connects to a server behind the link, or is a user there, talks to our agent.

        With ``*`` any agent is meant: ours, where there is one.

        # <- :1SO ENCAP services.chatnet SASL 1SOAAAAAB 00SAAAAAC H host.example.org 192.0.2.7 S
        # <- :1SO ENCAP services.chatnet SASL 1SOAAAAAB 00SAAAAAC S PLAIN
        # <- :1SO ENCAP services.chatnet SASL 1SOAAAAAB 00SAAAAAC C AGFubgBzZWNyZXQ=
        # <- :1SO ENCAP * SASL 1SOAAAAAB * D A
        """
        virtual = line.network.virtual
        uid, agent, letter, *words = line.params
        if line.links.keeps_records and self._agents.applicant(UID(agent), line.server_of_source()):
            self.sasl(line)  # a full neighbour looks at it, for this server is still told the accounts
            return True
        if virtual is None or not line.links.keeps_records or agent[:3] not in ("*", virtual.sid):
            return False
        if self._gate.is_open(line.link) or line.links.full(line.link):
            self._gate.applicants.hear(line.link, line.server_of_source(), uid, letter, words)
        return True

    def _login_lent(self, line: Line) -> bool:
        """A full neighbour has looked at what somebody said here, whose account is not known here yet."""
        uid = UID(line.params[0])
        applicant = self._agents.applicant(uid, line.server_of_source()) if line.links.keeps_records else None
        if applicant is None:
            return False
        account, entity = account_of(line, applicant.user, line.params[4])
        if entity is None:
            raise Ignored
        host = host_name(line.params[3])
        if applicant.user.uid in line.network.users:
            user = applicant.user
            log_in(line, user, account, None, entity)
            if host is not None and host != user.host:
                line.node.commit(HostChanged(user, user.username, host, user.source, line.at))
        else:
            applicant.logged_in(None, None, host, account)
            applicant.user.account_id = entity
        return True

    def _login_told(self, line: Line) -> bool:
        """Where accounts are kept here others are told of a login in another way: by which account it is."""
        if not line.links.keeps_records or line.links.full(line.link):
            return False
        user = line.by_user()
        name, entity = account_of(line, user, line.params[0])
        log_in(line, user, name, line.link, entity)
        return True

    def _su_believed(self, line: Line) -> bool:
        """The same of a login that is not by us, but of which a server is believed (``believe_accounts``)."""
        user, settings = line.user(0), line.link.settings
        assert settings is not None
        if not line.links.keeps_records or not settings.believe_accounts:
            return False
        if line.links.way_to(user) is not line.link:
            raise Ignored
        name, entity = account_of(line, user, line.param(1))
        log_in(line, user, name, line.link, entity)
        return True

    def su(self, line: Line) -> None:
        """A user is logged in, or (without an account) out.

        # <- :00A ENCAP * SU 1SOAAAAAB ann
        # <- :00A ENCAP * SU 1SOAAAAAB
        """
        name = account_name(line.param(1))
        log_in(line, line.user(0), name, TOLD, told_id(line, name))

    def _su_told(self, line: Line) -> None:
        """Remember it of others than services as well, who may be taken for services after a reload."""
        _not_kept_here(line)
        server, user = line.server_of_source(), line.network.users.get(UID(line.params[0]))
        if user is not None and not line.links.serves(server, line.link):
            self._logins.tells(server, user, account_name(line.param(1)))
        line.by_services()

    def svslogin(self, line: Line) -> None:
        """A user of this server, or a connection that is none yet, is logged in, and looks otherwise by it.

        ``*`` in the place of nick, user name, host or account: it stays; the account ``0``: they are logged
        out.

        # <- :00A ENCAP irc.example.org SVSLOGIN 0AAAAAAAB * * vhost.example.org ann
        """
        agent = line.by_services()
        uid = UID(line.params[0])
        limits = line.node.settings.limits
        nick = line.params[1] if is_nick(line.params[1], limits.nick) else None
        username = user_name(cut(line.params[2], limits.user))
        host = host_name(line.params[3])
        user = line.network.users.get(uid)
        if user is None:
            applicant = self._agents.applicant(uid, agent)
            if applicant is None:
                raise Ignored
            if nick is not None:
                services.release(line, nick)
            same = line.params[4] == "*"
            account = applicant.user.account if same else account_name(line.params[4])
            applicant.logged_in(nick, username, host, account)
            if not same:
                applicant.user.account_id = told_id(line, account)
                applicant.user.account_since = registered_of(line, applicant.user.account_id)
            return
        if user.server is not line.network.me:
            raise Ignored
        if nick is not None and nick != user.nick:
            services.rename(line, user, nick, int(line.now))
        look = username or user.username, host or user.host
        if look != (user.username, user.host):
            line.node.commit(HostChanged(user, *look, user.source, line.at))
        if line.params[4] != "*":
            name = account_name(line.params[4])
            log_in(line, user, name, None, told_id(line, name))

    def mechlist(self, line: Line) -> None:
        """By which mechanisms services let people log in.

        # <- :00A ENCAP * MECHLIST :PLAIN,EXTERNAL
        """
        self._agents.tells(line.server_of_source(), line.params[0])

    def _mechlist_told(self, line: Line) -> None:
        """Remember it of others than services as well, who may be taken for services after a reload."""
        _not_kept_here(line)
        server = line.server_of_source()
        if not line.links.serves(server, line.link):
            self._agents.tells(server, line.params[0])
        line.by_services()

    def sasl(self, line: Line) -> None:
        """An agent talks to a connection of this server that logs in; others talk to agents, past us.

        # <- :00AAAAAAE ENCAP irc.example.org SASL 00AAAAAAE 0AAAAAAAB C :+
        # <- :00AAAAAAE ENCAP irc.example.org SASL 00AAAAAAE 0AAAAAAAB D :S
        """
        applicant = self._agents.applicant(UID(line.params[1]), line.server_of_source())
        if applicant is None:
            raise Ignored
        self._agents.answered(applicant, line.params[2], line.params[3])


def _of_talks(line: Line) -> None:
    """Of services; of others what goes to services."""
    agent = line.network.servers.get(SID(line.params[1][:3]))
    way = None if agent is None else line.links.way_to(agent)
    if line.params[1] != "*" and (agent is None or way is None or not line.links.serves(agent, way)):
        line.by_services()


def _not_kept_here(line: Line) -> None:
    """Two who say who is logged in are one too many: services are ignored where accounts are kept here."""
    if line.links.keeps_records:
        line.doubt("logs people in, but accounts are kept here (accounts.authority)")


def _by_the_authority(line: Line) -> None:
    """Of services, where they say who is logged in."""
    _not_kept_here(line)
    line.by_services()
