"""How a connection becomes a user: what it still needs, the last checks, and the welcome."""

from __future__ import annotations

import hmac
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final

from chatnet.model.bans import LOGIN, NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import UserIntroduced
from chatnet.model.ids import Folded
from chatnet.model.modes import mode_set
from chatnet.node import Timer
from chatnet.rules import shields
from chatnet.rules.banned_words import told
from chatnet.rules.logins import BOT
from chatnet.rules.refusal import Refusal
from chatnet.rules.visibility import public_identity
from chatnet.session.identifying import by_certificate, by_password, lacks_account, login_in, look_again
from chatnet.session.isupport import in_batches, show_isupport
from chatnet.session.listed import give_cloak, listed_as, tell_listed
from chatnet.session.metadata import Batch, aware
from chatnet.session.passwords import Queue, Verdict
from chatnet.session.presence.catching import NOTHING, Catching, Missed
from chatnet.session.presence.devices import Heard
from chatnet.session.presence.persons import Persons
from chatnet.session.presence.sitting import Sitting
from chatnet.session.render import in_utf8
from chatnet.session.replaying import is_shown, is_told
from chatnet.session.session import Needs, Session
from chatnet.session.shared import Shared
from chatnet.session.welcome import NICK
from chatnet.storage.interfaces import StoreError
from chatnet.wire import numerics
from chatnet.wire.capabilities import READ_MARKER, SERVER_TIME
from chatnet.wire.text import printable

LATE: Final = 0.5
"""Seconds behind ``bouncer.attach_timeout``: who waits still is told that a link is waited for."""


class Registration:
    """Lets sessions in, as users or as one more of their `persons`, and sends away whom a ban means."""

    __slots__ = ("_catching", "_persons", "_shared", "_sitting")

    def __init__(self, shared: Shared, persons: Persons, catching: Catching, sitting: Sitting) -> None:
        self._shared = shared
        self._persons = persons
        self._catching = catching
        self._sitting = sitting

    def advance(self, session: Session) -> None:
        """Register `session` if it needs nothing more."""
        if session.needs or session.registered or session.closed:
            return
        if session.login is not None:
            # "If the client completes registration … while the SASL authentication is still in progress, the
            # server SHOULD abort it and send a 906 numeric, then register the client without authentication."
            # https://ircv3.net/specs/extensions/sasl-3.1#the-authenticate-command
            session.login.give_up(numerics.ERR_SASLABORTED)
        wanted = None if session.peer.inside else session.connection_class.password or self._shared.password
        secret = None if wanted is None else wanted.get_secret_value()
        words = session.passwords
        hashed = secret is not None and secret.startswith("$argon2")
        if secret is not None and not hashed:
            rest = tuple(given for given in words if not _same(secret, given))
            if rest == words:
                self._refuse(session)
                return
            words = rest
        if hashed and words:
            session.needs |= Needs.CHECK
            session.wait_for(self._verify(session, secret or "", words))
        elif hashed:
            self._refuse(session)
        elif words and login_in(self._shared, session, words) is not None:
            session.needs |= Needs.LOGIN
            session.wait_for(self._log_in(session, words))
        elif (waiting := self._admit(session)) is not None:
            session.needs |= Needs.LOGIN
            session.wait_for(waiting)

    async def _verify(self, session: Session, secret: str, words: tuple[str, ...]) -> None:
        """Find the server's password among those that were given; another may be that of an account."""
        for given in words:
            verdict = await self._shared.check(session, Queue.CONNECT, secret, given)
            if session.closed:
                return
            if verdict is Verdict.BUSY:
                session.needs &= ~Needs.CHECK
                session.numeric(numerics.RPL_TRYAGAIN, "PASS")
                session.close("Too many passwords wait to be checked")
                return
            if verdict is Verdict.RIGHT:
                session.needs = session.needs & ~Needs.CHECK | Needs.LOGIN
                await self._log_in(session, tuple(word for word in words if word is not given))
                return
        session.needs &= ~Needs.CHECK
        self._refuse(session)

    async def _log_in(self, session: Session, words: tuple[str, ...]) -> None:
        accounts, login = self._shared.accounts, login_in(self._shared, session, words)
        nickserv = self._shared.nickserv
        if accounts is not None and nickserv is not None and login is not None:
            await by_password(accounts, nickserv.tokens, session, *login)
        if not session.closed and (waiting := self._admit(session)) is not None:
            await waiting
        session.needs &= ~Needs.LOGIN

    def _refuse(self, session: Session) -> None:
        session.numeric(numerics.ERR_PASSWDMISMATCH)
        self._shared.tell_refused("Bad password from ", session.peer.address, reason="password")
        session.close("Bad password")

    def _admit(
        self, session: Session, known: tuple[User, Missed] | None = None
    ) -> Coroutine[Any, Any, None] | None:
        """The last checks; what has to be awaited before they are in.

        `known` is what somebody missed, if that was read already.
        """
        shared, user = self._shared, session.user
        if user.account is not None:
            look_again(shared, session)
        if user.certfp is not None:
            by_certificate(shared, session)
        if text := lacks_account(shared, session):
            # https://ircv3.net/specs/extensions/account-registration
            session.fail("*", "ACCOUNT_REQUIRED", text)
            session.close(text)
            return None
        if session.listed and self._is_listed(session):
            return None
        if user.account is None:
            self._introduce(session)
            return None
        person = self._persons.of(session)
        if person is None:
            there = self._persons.elsewhere(session)
            if there is None:
                self._introduce(session)
            elif not self._is_banned(session):
                return self._sit(session, there)
        elif not self._is_banned(session):
            if known is not None and known[0] is person:
                self._attach(session, person)
                self._catching.tell(session, known[1])
            elif self._catches_up(session, person) or self._has_unknown_marks(session, person):
                return self._attach_later(session, person)
            else:
                self._attach(session, person)
        return None

    # one more session of somebody

    def _catches_up(self, session: Session, person: User) -> bool:
        """Whether a client is told what it missed, or where it did, which takes a while."""
        return (is_shown(session) or is_told(session)) and self._persons.replays(person)

    def _has_unknown_marks(self, session: Session, person: User) -> bool:
        """Whether a client wants to be told how far its person has read, which is to be looked for."""
        marks = self._shared.marks
        return marks is not None and bool(session.caps & READ_MARKER) and not marks.knows(person)

    async def _know_marks(self, session: Session, person: User) -> None:
        """A client reads them of each channel, "before the `RPL_ENDOFNAMES` reply"."""
        marks = self._shared.marks
        if marks is not None and self._has_unknown_marks(session, person):
            with suppress(StoreError):  # they are told
                await marks.fetch(person)

    async def _attach_later(self, session: Session, person: User) -> None:
        await self._know_marks(session, person)
        missed = await self._missed_here(session, person)
        session.needs &= ~Needs.LOGIN
        if session.closed:
            return
        # Their account, a ban, or who bears the nick may be another one than when this began.
        waiting = self._admit(session, (person, missed))
        if waiting is not None:
            session.needs |= Needs.LOGIN
            await waiting

    async def _missed_here(self, session: Session, person: User) -> Missed:
        """What a client is told that it missed, of somebody of this server."""
        if not self._catches_up(session, person):
            return NOTHING
        heard = await self._persons.heard(person, session.device, self._persons.idle_since(person))
        return await self._read(session, person, heard)

    async def _read(self, session: Session, person: User, heard: Heard | None) -> Missed:
        if is_told(session):
            return NOTHING if heard is None else await self._catching.names(person, heard)
        if heard is None and self._shared.persistence.policy.lines(person) == 0:
            return NOTHING
        return await self._catching.read(person, heard)

    async def _sit(self, session: Session, person: User) -> None:
        """Be one more session of somebody of another server, if that lets it."""
        with self._sitting.coming(person):
            node = self._shared.node
            seconds = node.settings.bouncer.attach_timeout + LATE
            late = node.clock.later(seconds, lambda: self._tell_late(session, person))
            answer, missed = await self._sitting.sit(person, session.peer.secure, session.user.away), None
            if answer is not None and answer.granted:
                await self._know_marks(session, person)
                missed = await self._missed(session, person, late)
            late.cancel()
            session.needs &= ~Needs.LOGIN
            if session.closed:
                return
            if answer is None:
                server = session.user.name_of(person.server)
                session.close(f"Your other sessions are on {server}, which cannot be reached now")
            elif answer.why:
                session.notice(answer.why)
                self._introduce(session)
            elif (
                self._sitting.sits(person, session.peer.secure) and self._persons.elsewhere(session) is person
            ):
                self._attach(session, person)
                if missed is not None:
                    self._catching.tell(session, missed)
            # What they log in to, or where the person is, may be something else than when this began.
            elif (waiting := self._admit(session)) is not None:
                session.needs |= Needs.LOGIN
                await waiting

    def _tell_late(self, session: Session, person: User) -> None:
        """Nobody likes to wait in silence: their server may have died just now, and nobody know it yet."""
        if not session.closed:
            server = session.user.name_of(person.server)
            session.notice(
                f"Your other sessions are on {server}, which does not answer just now. You are let in when "
                "it does, or when it is known to be lost, which may take a minute"
            )

    async def _missed(self, session: Session, person: User, late: Timer) -> Missed | None:
        """What a client is told that it missed: the server of its person knows what it has heard.

        All that is `late` is its answer.
        """
        if session.closed or not self._catches_up(session, person):
            return None
        heard = await self._sitting.heard(person, session.device)
        late.cancel()
        if heard is None:  # that server has not known the device, or cannot be asked any more
            heard = await self._persons.heard(person, session.device, None)
        return None if session.closed else await self._read(session, person, heard)

    def _attach(self, session: Session, person: User) -> None:
        shared, node = self._shared, self._shared.node
        session.passwords = ()
        self._persons.attach(session, person)
        self._welcome(session)
        shared.local.show_channels(session)
        if session.away is not None:
            session.numeric(numerics.RPL_NOWAWAY)
        if node.tells_opers:
            address = session.peer.address
            what = "Client attached:"
            shown = f"{what} {public_identity(person)}"
            node.notice("c", f"{what} {person.identity} from {address}", shown)
            if session.listed:
                tell_listed(shared, session)

    # users

    def _is_listed(self, session: Session) -> bool:
        """Whether a block list keeps somebody out who comes in; then they are sent away."""
        ban = listed_as(self._shared, session)
        if ban is None:
            return False
        self.send_away(session, ban)
        return True

    def _is_banned(self, session: Session) -> bool:
        """Whether a ban of the network means somebody who comes in; then they are sent away."""
        user, shared = session.user, self._shared
        give_cloak(shared, user)
        if (ban := shared.network_bans.user(user)) is None:
            return self._is_filtered(session)
        why = f": {printable(ban.reason)}" if ban.reason else ""
        public = f"Refused {public_identity(user)}: banned{why}"  # the mask may be the address
        shared.notice(
            "r", session.peer.address, f"Refused {user.identity}: banned as {ban.mask}{why}", public
        )
        self.send_away(session, ban)
        return True

    def _is_filtered(self, session: Session) -> bool:
        """The same of a filter that looks at who somebody is."""
        filters = self._shared.filters
        if not filters.on or (ban := filters.came(session)) is None:
            return False
        self.send_away(session, ban)
        return True

    def _introduce(self, session: Session) -> None:
        shared = self._shared
        node = shared.node
        user = session.user
        holder = node.network.nicks.get(user.folded)
        if holder is not None:  # somebody else was quicker, or this is a device that has not logged in
            if user.account is None and shared.nickserv is not None and self._persons.may_be_joined(holder):
                session.notice(shared.nickserv.protection.refused_early(user.nick, user.secure))
            self._want_another_nick(session)
            return
        wanted = user.nick
        if shared.nickserv is not None:
            entry = shared.nickserv.protection.entering(user)
            if isinstance(entry, Refusal):
                session.notice(shared.nickserv.protection.refused_early(wanted, user.secure))
                self._want_another_nick(session)
                return
            if entry is not None:
                user.nick, user.folded = entry, node.network.fold(entry)
        session.passwords = ()
        now = node.clock.time()
        user.signon = now
        user.nick_ts = int(now)
        modes = "iZ" if user.secure else "i"
        user.cloak = shared.cloaks.of(user.real_host, user.address)
        if shared.cloaking:
            modes += "x"
            user.host = user.cloak
        account = node.network.registry.account(user.account_id)
        if account is not None and account.owner:
            modes += BOT
        user.modes = mode_set(modes)
        username, host = session.granted
        user.username, user.host = username or user.username, host or user.host
        user.renew_source()
        if self._is_banned(session):
            return
        if user.account is not None:
            if (
                user.account == user.nick
            ):  # nearly always: one text for both, of somebody who may stay for years
                user.nick = str(user.account)
                user.folded = Folded(user.nick) if str(user.folded) == user.nick else user.folded
            self._persons.claim(user)
        session.registered = True
        shared.registered += 1
        shared.local.attach(session)
        if (people := shared.people()) > shared.most_people:
            shared.most_people = people
        node.commit(UserIntroduced(user, now), session)
        self._welcome(session)
        if shared.nickserv is not None:
            shared.nickserv.protection.entered(user, wanted)
        if shared.chanserv is not None:
            shared.chanserv.waiting.entered(user)
        if node.tells_opers:  # else the text is not worth making
            what = "Client connecting:"
            # As Solanum and hybrid have it: scanners for open proxies read it.
            more = f"{{{session.connection_class.name}}} [{printable(user.realname)}]"
            public = f"{what} {public_identity(user)} {more}"
            node.notice("c", f"{what} {user.identity} {more}", public)
            if session.listed:
                tell_listed(shared, session)

    @staticmethod
    def _want_another_nick(session: Session) -> None:
        user = session.user
        session.numeric(numerics.ERR_NICKNAMEINUSE, user.nick)
        session.needs |= Needs.NICK
        user.nick, user.folded = "*", Folded("*")

    def send_away(self, session: Session, ban: NetworkBan) -> None:
        """Close the session of somebody who is banned: 465, the reason, until when, and whom to write to.

        https://modern.ircdocs.horse/#erryourebannedcreep-465
        """
        settings = self._shared.node.settings
        words = told(ban, settings)
        self._shared.node.counts.refused["banned"] += 1
        if ban.action == LOGIN:
            # https://ircv3.net/specs/extensions/account-registration
            session.fail("*", "ACCOUNT_REQUIRED", words)
        session.numeric(numerics.ERR_YOUREBANNEDCREEP, words)
        session.close(f"Banned: {words}" if words else "Banned")

    def _welcome(self, session: Session) -> None:
        """001 to 005, LUSERS, MOTD, and the modes.  https://modern.ircdocs.horse/#connection-registration"""
        user, shared = session.user, self._shared
        welcome = shared.welcome
        metadata = shared.subscriptions.registered(session)
        # Some clients look up the host they read here, and a cloak cannot be.
        name = user.source if user.host == user.real_host else NICK
        letters = "".join(sorted(user.modes)).encode()
        begin = welcome.greeting, name, b"\r\n", welcome.about
        stays = shared.persistence.greeting(session)
        end = stays, counts(shared), welcome.motd, b":%b MODE %b :+%b\r\n" % (user.source, NICK, letters)
        if in_batches(session) or aware(session):
            say(session, b"".join(begin))
            show_isupport(session, shared.isupport)
            if aware(session):
                _show_metadata(session, metadata)
            say(session, b"".join(end))
        else:
            say(session, b"".join((*begin, welcome.features, *end)))
        if shared.shield.level and shared.shield.tell:
            session.notice(shields.told(shared.network.shields, shared.shield))


def _show_metadata(session: Session, metadata: Mapping[str, str]) -> None:
    """What the user shows, whatever the client subscribes to: "clients receive their current metadata […] in
    a `metadata` batch with their own nick as target as part of the registration burst".

    https://ircv3.net/specs/extensions/metadata#notifications
    """
    nick = session.user.nick
    with Batch(session, "metadata", nick) as batch:
        for key, value in metadata.items():
            batch.tell(nick, key, value)


def _same(secret: str, given: str) -> bool:
    return hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))


def say(session: Session, lines: bytes) -> None:
    """Send whole lines to one client, with its nick in them, and tagged as it wishes."""
    lines = lines.replace(NICK, session.user.nick.encode())
    if session.caps & SERVER_TIME:
        for body in lines.split(b"\r\n")[:-1]:
            session.send(body)
    elif not lines.isascii() and session.sessions.node.settings.server.utf8_only:
        session.outlet.send(in_utf8(lines))
    else:
        session.outlet.send(lines)


def counts(shared: Shared) -> bytes:
    """251 to 255, 265, 266 and 250; a count of none is left out.  https://modern.ircdocs.horse/#lusers-message

    Everybody who registers reads this, so it is one form for all the lines, filled in once; of bytes, since
    numbers are put into text more slowly.
    """
    network, local, most = shared.node.network, shared.people(), shared.most_people
    everybody, invisible, servers = len(network.users), network.invisible, len(network.servers)
    opers, unknown, channels = len(network.opers), len(shared.all) - shared.registered, len(network.channels)
    links, highest = len(shared.links.routes.direct), shared.most
    if network.several:  # they are one
        here = network.here()
        servers = len({server.shown for server in network.servers.values()})
        links -= sum(server in shared.links.routes.direct for server in here)
        local = sum(server.users for server in here)
        most, highest = max(most, local), max(highest, local)
    form = shared.welcome.counts[bool(opers), bool(unknown), bool(channels)]
    optional = filter(None, (opers, unknown, channels))
    return form % (
        everybody - invisible, invisible, servers, *optional, local, links,
        local, most, local, most, everybody, network.most_users, everybody, network.most_users,
        highest, most, shared.opened,
    )  # fmt: skip
