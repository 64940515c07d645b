"""How two servers come to know each other: PASS, CAPAB, CNRES, SERVER, SVINFO.

The one that dialled speaks first; the other judges it and answers, then both tell each other all they know,
or go on where they were (``neighbour/resume.py``).
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from chatnet.dispatch import Phase, Table
from chatnet.links.codecs.solanum import HOSTS, NEEDED, OURS, PAST, RECORDS, SEATS, STAMPS, Solanum, encode
from chatnet.links.exchange.burst import Burst
from chatnet.links.meeting import agreement, clocks
from chatnet.links.meeting.leaving import Leaving
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity, distrust
from chatnet.links.neighbour.link import Link, State
from chatnet.links.neighbour.resume import Decision, Offer, agree, decide, token
from chatnet.links.speech.line import LINK, Line, is_sid, tokens
from chatnet.links.speech.outcome import Ignored, Violation
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.facts import Fact, Hearer, NetJoinBegan, NetSplit, ServerIntroduced
from chatnet.model.ids import SID
from chatnet.model.server import Server
from chatnet.settings import LinkSettings, Settings
from chatnet.wire.names import is_server_name

CROSSING: Final = 3.0
"""Seconds within which two connections, one dialled from each side, count as begun at the same moment."""
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Handshake(Follower):
    """Judges who comes, and introduces them; `cloak_digest` gives the digest of the key of our cloaks."""

    def __init__(
        self, links: Neighbours, leaving: Leaving, burst: Burst, cloak_digest: Callable[[], str]
    ) -> None:
        self._links = links
        self._node = links.node
        self._leaving = leaving
        self._burst = burst
        self._cloak_digest = cloak_digest
        self.hears: Mapping[type[Fact], Hearer] = {NetSplit: self._split}

    def enter(self, verbs: Table) -> None:
        """Enter the verb that is judged here; the others stand in ``LINK``."""
        verbs.command("SERVER", min_params=3, phase=Phase.ANY)(self.server)

    # what we say

    def open(self, exit_: Exit, identity: Identity, settings: LinkSettings) -> Link:
        """A connection that we made: speak first."""
        link = self._links.make(exit_, identity, settings)
        self.call(link)
        return link

    def call(self, link: Link) -> None:
        """Speak first, having dialled; offer to go on where we were, if we wait for that."""
        assert link.settings is not None
        old = self._links.neighbour(link.settings.name)
        self.greet(link, (link if old is None or not self._links.resumes else old).streams.offer())

    def greet(self, link: Link, offer: Offer | None) -> None:
        """PASS, CAPAB, CNRES, CNLEFT, SERVER.

        ``PASS <password> TS 6 :<sid>``, ``CAPAB :<tokens>``, ``SERVER <name> 1 :<description>``
        """
        settings = link.settings
        assert settings is not None
        if (why := distrust(link.identity, settings)) is not None:
            # Before the password is told.
            self._links.refuse(link, settings.name, why)
            return
        me = self._node.network.me
        secret = settings.password.get_secret_value() if settings.password is not None else "*"
        link.utter(b"PASS %b TS 6 :%b" % (encode(secret), encode(me.sid)))
        if link.state is State.STANDBY:
            link.needed()  # CAPAB is said
        else:
            link.utter(self.offered(link))
        if offer is not None:
            link.utter(offer.line())
        for text in self._leaving.lines(settings.name):
            link.utter(text)
        link.utter(b"SERVER %b 1 :%b" % (encode(me.name), encode(me.description or " ")))
        link.greeting.greeted = True
        link.greeting.offered = offer

    def offered(self, link: Link) -> bytes:
        """``CAPAB :<tokens>``: what we know beyond the oldest protocol."""
        words = [word for word in OURS if word not in ("CNRES", "CNSTBY") or self._links.resumes]
        if not may_claim(link, self._node.settings):
            words = [word for word in words if word != SEATS]
        if self._node.settings.links.converge:
            words.append(STAMPS)
            link.stamped |= link.server is None  # what a link was made with holds when it goes on
        if self._links.keeps_records:
            words.append(RECORDS)
        if self._links.keeps_past:
            words.append(PAST)
        if self._links.hosts:
            words.append(HOSTS)
        words += agreement.stated(self._node.settings, self._cloak_digest())
        return b"CAPAB :%b" % " ".join(words).encode()

    def server(self, line: Line) -> None:
        """Who the neighbour is; it is judged here, and answered if it dialled.

        # <- SERVER so1.test 1 :solanum one
        """
        link = line.link
        if link.state is not State.GREETING:
            self.from_services(line)
            return
        if link.greeting.waits is not None:
            line.violate("SERVER twice")
        settings, why = self.judge(link, line.params[0])
        if settings is None:
            self._links.refuse(link, line.params[0], why)
            return
        link.settings = settings
        self.meet(link, line.params[0], line.params[-1])

    def meet(self, link: Link, name: str, description: str) -> None:
        """Who it is, is sure. A link to it that is there already goes on, or ends, or is the one to stay."""
        links = self._links
        old = links.neighbour(name)
        if old is not None and (old.server is None or old.server.sid != link.sid):
            old = None
        if self.stands_back(link) or (old is not None and self.crossed(link, old)):
            self._links.refuse(link, name, "it is linked already")
            return
        decision = self.judge_offer(link, old)
        if old is not None and decision is Decision.RESUME:
            self.resume(link, old)
            return
        if decision is Decision.STALE:
            link.drop("It said what is not so any more")
            return
        if old is not None:
            if old.suspended:
                links.tell(f"Link to {old.name} begins anew: {decision.value}")
            # The same server, authenticated again: what is there is what it left behind.
            old.close("A new connection took its place")
        if link.dialled and decision is not Decision.NOTHING:
            # It goes on with what is over here: the next connection is fresh on both sides.
            link.close("There is nothing to go on with")
            return
        there = links.server(name)
        if there is not None and there.sid == link.sid and self.comes_from(link, there):
            link.greeting.waits = there, description
            return
        if links.is_taken(name, link.sid):
            self._links.refuse(link, name, "its name or SID is on the network already")
            return
        self.introduce(link, name, description)

    def meet_again(self, link: Link) -> None:
        """Somebody who waits until another server lets it go may be free now."""
        if link.greeting.waits is None or link.gone:
            return
        there, description = link.greeting.waits
        way = self._links.way_to(there)
        if self._node.network.servers.get(there.sid) is there and way is not None and not way.suspended:
            return  # It is something else that has happened.
        link.greeting.waits = None
        self.meet(link, there.name, description)

    def comes_from(self, link: Link, there: Server) -> bool:
        """Whether a server that is elsewhere in the network, and comes here, is to be let go there first."""
        links = self._links
        way = links.way_to(there)
        if way is None or way.server is there or there.uplink is None:
            return False
        if way.suspended and way.bursting is None:
            self.move(link, there, way)
            return False
        left = there.uplink.name
        if self._leaving.has_asked(link, there) or not self._leaving.ask(link, there):
            return False
        links.tell(f"{there.name} comes here: {left} is asked to let it go")
        if link.dialled:
            return False  # It takes us for linked as soon as it has answered; the next attempt finds it free.
        for other in list(links.all):
            if other.greeting.waits is not None and other.sid == link.sid:
                other.close("A new connection took its place")
        return True

    def move(self, link: Link, there: Server, way: Link) -> None:
        """A server behind a suspended link that comes here lost its uplink as we did: it left that."""
        links = self._links
        network, reason = self._node.network, f"It has left {way.name}"
        before = set(network.servers)
        asked = self._leaving.ask(link, there)
        links.split(there, way, reason)
        if not asked:
            way.send(way.codec.split(network.me, there, reason))
        # What the neighbour says of them, before it reads that, is not so any more.
        known = {sid: line for sid, line in way.recovery.departed.items() if line > way.streams.base}
        way.recovery.departed = known | dict.fromkeys(before - network.servers.keys(), way.streams.sent)

    def from_services(self, line: Line) -> None:
        """A server without a SID: services make one to keep others from taking its name (a jupe)."""
        by, name = line.by_services(), line.params[0]
        if by is not line.source or not is_server_name(name):
            raise Ignored
        if not self._gives_way(line, name):
            line.links.tell(f"{by.name} may not take the name of {name}")
            raise Ignored
        jupe = Server(self._make_sid(), name, line.params[-1], by.hops + 1, by)
        line.commit(ServerIntroduced(jupe, line.now))

    def _gives_way(self, line: Line, name: str) -> bool:
        """Whether nobody has a server's name, or the link to who has it can be ended for it.

        Services end that link first, but a server further away is still here while that goes around.
        """
        holder, settings = line.links.server(name), line.link.settings
        if holder is None:
            return not line.links.is_taken(name, None)
        assert settings is not None
        if (
            holder is line.network.me
            or not settings.allow_squit_others
            or line.links.way_to(holder) is line.link
        ):
            return False
        way = line.links.way_to(holder)
        if way is not None and way.server is holder:
            way.close("Its name is taken")
        else:
            line.links.split(holder, None, "Its name is taken")
        return True

    def judge(self, link: Link, name: str) -> tuple[LinkSettings | None, str]:
        """The block of the neighbour that calls itself `name`, or None and why it may not link."""
        settings = self._links.block(name)
        if settings is None:
            return None, "there is no [[link]] of that name"
        if link.dialled and settings != link.settings:
            return None, "we dialled another server"
        if (why := distrust(link.identity, settings)) is not None:
            return None, why
        if settings.password is not None:
            wanted = (settings.accept_password or settings.password).get_secret_value()
            given = link.greeting.password or ""
            if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape")):
                return None, "the password is wrong"
        elif not link.identity.secure:
            return None, "there is neither a certificate nor a password"
        if link.sid is None:
            return None, "it does not speak our dialect (TS6, as Solanum does)"
        if settings.sid is not None and settings.sid != link.sid:
            return None, f"its SID is {link.sid}, not {settings.sid}"
        if missing := NEEDED - link.caps:
            return None, f"it lacks {' '.join(sorted(missing))}"
        if (why := self._links.barred.why(settings)) is not None:
            return None, why
        if (case := self._differences(link).get(agreement.CASE)) is not None:
            return None, case
        return settings, ""

    def crossed(self, link: Link, old: Link) -> bool:
        """Whether the connection of `old` is the one that stays, although `link` leads to the same server.

        So it is if both servers dialled at the same moment and the one with the lower SID made it: both
        sides judge alike.  And so it is if the neighbour made both and this is the older one: it makes one at
        a time, so that it has given up this one.
        """
        assert link.sid is not None
        node = self._node
        if link.dialled == old.dialled:
            return not link.dialled and link.connection.opened < old.connection.opened
        recent = node.clock.monotonic() - old.pulse.attached < CROSSING
        return recent and not old.suspended and old.dialled == (node.network.me.sid < link.sid)

    def stands_back(self, link: Link) -> bool:
        """Whether `link`, which we accepted, goes for one that we dialled to its server at the same moment.

        The one that the server with the lower SID dialled stays.
        """
        links = self._links
        assert link.settings is not None and link.sid is not None
        if link.dialled:
            return False
        for other in list(links.all):
            if (
                other.dialled
                and other.state is State.GREETING
                and other.settings is not None
                and other.settings.name == link.settings.name
            ):
                young = self._node.clock.monotonic() - other.pulse.opened < CROSSING
                if young and self._node.network.me.sid < link.sid:
                    return True
                other.close("A connection from the other side took its place")
        return False

    def judge_offer(self, link: Link, old: Link | None) -> Decision:
        """Whether `old` goes on, on the connection of `link`; who dialled hears that from the other side."""
        now = self._node.clock.monotonic()
        streams = old.streams if old is not None else None
        said = link.greeting
        if said.offer is None or (link.dialled and said.offered is None) or not self._links.resumes:
            decision = Decision.NOTHING
        elif said.offered is not None:
            decision = agree(streams, said.offered, said.offer, now)
        else:
            decision = decide(streams, said.offer, now)
        changed = old is not None and agreement.speech(link.caps) != agreement.speech(old.caps)
        return Decision.CHANGED if changed and decision is Decision.RESUME else decision

    def resume(self, link: Link, old: Link) -> None:
        """Go on with `old` on the connection of `link`: say again what the neighbour lacks, no more."""
        links = self._links
        old.adopt(link)
        links.resumed(old, link)
        if not old.dialled:
            self.greet(old, old.streams.offer())
        tell_versions(old)
        lines = old.go_on()
        old.pour()
        seconds = self._node.clock.monotonic() - old.recovery.lost
        links.tell(f"Link to {old.name} resumed after {seconds:.1f} s, {lines} lines replayed")
        if link.caps != old.caps:
            old.caps = link.caps
            self.tell_differences(old)
        self._burst.go_on(old)

    def introduce(self, link: Link, name: str, description: str) -> None:
        """The neighbour is a server of the network from now on; answer it, and tell it all we know."""
        links = self._links
        node = self._node
        assert link.sid is not None and link.settings is not None
        # Without resuming, too: what is confirmed is known to have arrived.
        numbered = link.greeting.offer if link.caps & {"CNACK", "CNRES"} else None
        if not link.greeting.greeted:
            self.greet(link, None if numbered is None else Offer(links.epoch, token(12), 0))
        tell_versions(link)
        neighbour = Server(link.sid, name, description.removeprefix("(H) "), 1, node.network.me)
        neighbour.caps = link.caps
        link.server = neighbour
        link.resumable = links.resumes and "CNRES" in link.caps
        link.stamped &= STAMPS in link.caps and link.codec.core
        link.codec.seats &= may_claim(link, self._node.settings)
        if link.stamped:
            links.stamp().neighbours.add(name)
        link.step("SERVER")
        if numbered is None or link.greeting.offered is None:
            link.streams.step("fresh")
            link.early = False
        else:
            session = numbered.session if link.dialled else link.greeting.offered.session
            link.streams.begin(session, numbered.epoch)
        link.bound()
        links.met(neighbour, link)
        now = node.clock.time()
        node.commit(ServerIntroduced(neighbour, now), link)
        node.commit(NetJoinBegan(node.network.me, neighbour, now), link)
        links.tell(f"Linked to {name} ({link.identity.address})", f"Linked to {name}")
        self.tell_differences(link)
        self._burst.begin(link)

    def tell_differences(self, link: Link) -> None:
        """Tell operators what is not the same on both sides, but should be."""
        for words in self._differences(link).values():
            self._links.tell(f"{link.name} is not set up as this server is: {words}")

    def _differences(self, link: Link) -> dict[str, str]:
        return agreement.differences(self._node.settings, self._cloak_digest(), link.caps)

    # who waits

    def suspended(self, link: Link) -> None:
        """Who waits for the server of a link may come in now."""
        self._look_again()

    def _split(self, fact: NetSplit, origin: object) -> None:
        self._look_again()

    def _look_again(self) -> None:
        """Whether those who wait until another server lets them go can come in now."""
        for link in self._links.all:
            if link.greeting.waits is not None:
                # In a moment: what comes along may tell that they are there again.
                self._node.clock.later(0.0, partial(self.meet_again, link))

    def _make_sid(self) -> SID:
        """A SID nobody has, for a server that was introduced without one: not like those of real ones."""
        for number in reversed(range(36 * 36)):
            sid = SID("9" + _ALPHABET[number // 36] + _ALPHABET[number % 36])
            if not self._links.is_taken("", sid):
                return sid
        raise Violation("no SID is left")


def tell_versions(link: Link) -> None:
    """``SVINFO 6 6 0 :<now>``, which ends our side of the handshake."""
    link.utter(b"SVINFO 6 6 0 :%d" % int(link.node.clock.time()))


@LINK.command("PASS", min_params=1, phase=Phase.ANY)
def pass_(line: Line) -> None:
    """The password and the SID of the neighbour.

    # <- PASS linkpw TS 6 :1SO
    """
    link = line.link
    if link.state is State.STANDBY:
        link.needed()
    if link.state is not State.GREETING or link.greeting.password is not None:
        line.violate("PASS twice")
    link.greeting.password = line.params[0]
    if len(line.params) >= 4 and line.params[1].upper() == "TS":
        link.sid = is_sid(line.params[3])


@LINK.command("CAPAB", min_params=1, phase=Phase.ANY)
def capab(line: Line) -> None:
    """What the neighbour knows beyond the oldest protocol.

    # <- CAPAB :BAN CHW ENCAP EUID EX IE QS SAVE TB
    """
    link = line.link
    if link.state is not State.GREETING or link.caps:
        line.violate("CAPAB twice")
    link.caps = tokens(line.params[-1])
    link.codec = Solanum(link.caps)


@LINK.command("CNRES", min_params=4, phase=Phase.ANY)
def cnres(line: Line) -> None:
    """What a chatnet server can go on with: its epoch, a session or ``*``, and how many lines it applied.

    # <- CNRES 1 MFRGGZDFMZTWQ2LKNNWG23TPOA OR2XE5TXPB4XUMBR 4711
    """
    link = line.link
    if link.state is not State.GREETING or link.greeting.offer is not None:
        line.violate("CNRES twice")
    link.greeting.offer = Offer.parse(line.params)


@LINK.command("SVINFO", min_params=4, phase=Phase.ANY)
def svinfo(line: Line) -> None:
    """Which versions of TS the neighbour speaks, and its clock.

    # <- SVINFO 6 6 0 :1795345579
    """
    link = line.link
    if link.server is None:
        line.violate("SVINFO before SERVER")  # what comes after it counts as said by who is known
    if link.early:
        link.early = False
        link.streams.applied -= 1  # it is not numbered
    if int(line.number(0)) < 6:
        line.violate("It does not speak TS6")
    ahead = line.number(3) - int(line.now)
    settings = line.node.settings.links
    name, most = (
        ("stamp_horizon", settings.stamp_horizon) if link.stamped else ("most_skew", settings.most_skew)
    )
    if abs(ahead) > most:
        line.violate(f"Its clock is {abs(ahead)} seconds off, more than links.{name} ({most:g})")
    clocks.compared(link, ahead)


def may_claim(link: Link, settings: Settings) -> bool:
    """Whether a neighbour is told of people who have sessions on several servers: else nick rules apply.

    At an edge, whose accounts another server keeps, one has sessions of that server only.
    """
    if settings.accounts.authority == "remote":
        return False
    return link.settings is None or link.settings.allow_seats is not False
