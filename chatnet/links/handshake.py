"""How two servers come to know each other: PASS, CAPAB, CNRES, SERVER, SVINFO.

The one that dialled speaks first; the other judges it and answers, then both tell each other all they know,
or go on where they were (:mod:`chatnet.links.resume`).
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

import hmac
from typing import Final

from chatnet.dispatch import Phase
from chatnet.links import agreement, burst
from chatnet.links import link as one
from chatnet.links.codecs.solanum import NEEDED, OURS, STAMPS, Solanum, encode
from chatnet.links.line import LINK, Ignored, Line, is_sid, tokens
from chatnet.links.resume import Decision, Offer, agree, decide, token
from chatnet.model.facts import NetJoinBegan, ServerIntroduced
from chatnet.model.server import Server
from chatnet.settings import LinkSettings
from chatnet.wire.masks import is_loopback
from chatnet.wire.names import is_server_name

REFUSED = "Invalid credentials"
"""What everybody who may not link is told: it tells nothing of what is configured."""
CROSSING: Final = 3.0
"""Seconds within which two connections, one dialled from each side, count as begun at the same moment."""


def call(link: one.Link) -> None:
    """Speak first, having dialled; offer to go on where we were, if we wait for that."""
    assert link.settings is not None
    old = link.links.neighbour(link.settings.name)
    offer = None
    if link.links.resumes:
        offer = old.streams.offer() if old is not None else link.streams.offer()
    greet(link, offer)


def greet(link: one.Link, offer: Offer | None) -> None:
    """PASS, CAPAB, CNRES, CNLEFT, SERVER.

    ``PASS <password> TS 6 :<sid>``, ``CAPAB :<tokens>``, ``SERVER <name> 1 :<description>``
    """
    settings = link.settings
    assert settings is not None
    if (why := distrust(link, settings)) is not None:
        # Before the password is told.
        refuse(link, settings.name, why)
        return
    me = link.links.node.network.me
    secret = settings.password.get_secret_value() if settings.password is not None else "*"
    link.utter(b"PASS %b TS 6 :%b" % (encode(secret), encode(me.sid)))
    if link.state is one.State.STANDBY:
        link.needed()  # CAPAB is said
    else:
        link.utter(offered(link))
    if offer is not None:
        link.utter(offer.line())
    for text in link.links.leaving.lines(settings.name):
        link.utter(text)
    link.utter(b"SERVER %b 1 :%b" % (me.source, encode(me.description or " ")))
    link.greeted = True
    link.offered = offer


def offered(link: one.Link) -> bytes:
    """``CAPAB :<tokens>``: what we know beyond the oldest protocol."""
    words = [word for word in OURS if word not in ("CNRES", "CNSTBY") or link.links.resumes]
    if link.links.node.settings.links.converge:
        words.append(STAMPS)
        link.stamped |= link.server is None  # what a link was made with holds when it goes on
    return b"CAPAB :%b" % " ".join([*words, *agreement.stated(link.links)]).encode()


@LINK.command("PASS", min_params=1, phase=Phase.ANY)
def pass_(line: Line) -> None:
    """The password and the SID of the neighbour.

    # <- PASS linkpw TS 6 :1SO
    """
    link = line.link
    if link.state is one.State.STANDBY:
        link.needed()
    if link.state is not one.State.GREETING or link.password is not None:
        line.violate("PASS twice")
    link.password = line.params[0]
    if len(line.params) >= 4 and line.params[1].upper() == "TS":
        link.sid = is_sid(line.params[3])


@LINK.command("CAPAB", min_params=1, phase=Phase.ANY)
def capab(line: Line) -> None:
    """What the neighbour knows beyond the oldest protocol.

    # <- CAPAB :BAN CHW ENCAP EUID EX IE QS SAVE TB
    """
    link = line.link
    if link.state is not one.State.GREETING or link.caps:
        line.violate("CAPAB twice")
    link.caps = tokens(line.params[-1])
    link.codec = Solanum(link.caps)


@LINK.command("CNRES", min_params=4, phase=Phase.ANY)
def cnres(line: Line) -> None:
    """What a chatnet server can go on with: its epoch, a session or ``*``, and how many lines it applied.

    # <- CNRES 1 MFRGGZDFMZTWQ2LKNNWG23TPOA OR2XE5TXPB4XUMBR 4711
    """
    link = line.link
    if link.state is not one.State.GREETING or link.offer is not None:
        line.violate("CNRES twice")
    link.offer = Offer.parse(line.params)


@LINK.command("SERVER", min_params=3, phase=Phase.ANY)
def server(line: Line) -> None:
    """Who the neighbour is; it is judged here, and answered if it dialled.

    # <- SERVER so1.test 1 :solanum one
    """
    link = line.link
    if link.state is not one.State.GREETING:
        from_services(line)
        return
    if link.waits is not None:
        line.violate("SERVER twice")
    settings, why = judge(link, line.params[0])
    if settings is None:
        refuse(link, line.params[0], why)
        return
    link.settings = settings
    meet(link, line.params[0], line.params[-1])


def meet(link: one.Link, name: str, description: str) -> None:
    """Who it is, is sure. If there is a link to it already, that goes on, or ends, or is the one to stay."""
    links = link.links
    old = links.neighbour(name)
    if old is not None and (old.server is None or old.server.sid != link.sid):
        old = None
    if stands_back(link) or (old is not None and crossed(link, old)):
        refuse(link, name, "it is linked already")
        return
    decision = judge_offer(link, old)
    if old is not None and decision is Decision.RESUME:
        resume(link, old)
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
    if there is not None and there.sid == link.sid and comes_from(link, there):
        link.waits = there, description
        return
    if links.server(name) is not None or link.sid in links.node.network.servers:
        refuse(link, name, "its name or SID is on the network already")
        return
    introduce(link, name, description)


def meet_again(link: one.Link) -> None:
    """Somebody who waits until another server lets it go may be free now."""
    if link.waits is None or link.gone:
        return
    there, description = link.waits
    way = link.links.way_to(there)
    if link.links.node.network.servers.get(there.sid) is there and way is not None and not way.suspended:
        return  # It is something else that has happened.
    link.waits = None
    meet(link, there.name, description)


def comes_from(link: one.Link, there: Server) -> bool:
    """Whether a server that is elsewhere in the network, and comes here, is to be let go there first."""
    links = link.links
    way = links.way_to(there)
    if way is None or way.server is there or there.uplink is None:
        return False
    if way.suspended and way.bursting is None:
        move(link, there, way)
        return False
    left = there.uplink.name
    if links.leaving.has_asked(link, there) or not links.leaving.ask(link, there):
        return False
    links.tell(f"{there.name} comes here: {left} is asked to let it go")
    if link.dialled:
        return False  # It takes us for linked as soon as it has answered; the next attempt finds it free.
    for other in list(links.all):
        if other.waits is not None and other.sid == link.sid:
            other.close("A new connection took its place")
    return True


def move(link: one.Link, there: Server, way: one.Link) -> None:
    """A server that is behind a suspended link, and comes here, lost its uplink as we did: it left that."""
    links = link.links
    network, reason = links.node.network, f"It has left {way.name}"
    before = set(network.servers)
    asked = links.leaving.ask(link, there)
    links.split(there, way, reason)
    if not asked:
        way.send(way.codec.split(network.me, there, reason))
    # What the neighbour says of them, before it reads that, is not so any more.
    known = {sid: line for sid, line in way.departed.items() if line > way.streams.base}
    way.departed = known | dict.fromkeys(before - network.servers.keys(), way.streams.sent)


def refuse(link: one.Link, name: str, why: str) -> None:
    """End a link that may not be; the operators read `why`, the other side does not."""
    text = f"Refused a link to {name[:63]!r} from {link.identity.address}: {why}"
    link.links.tell(text)
    link.close(REFUSED)


def from_services(line: Line) -> None:
    """A server without a SID: services make one to keep others from taking its name (a jupe)."""
    by, name = line.by_services(), line.params[0]
    if by is not line.source or not is_server_name(name):
        raise Ignored
    if not _gives_way(line, name):
        line.links.tell(f"{by.name} may not take the name of {name}")
        raise Ignored
    jupe = Server(line.links.make_sid(), name, line.params[-1], by.hops + 1, by)
    line.commit(ServerIntroduced(jupe, line.now))


def _gives_way(line: Line, name: str) -> bool:
    """Whether nobody has a server's name, or the link to who has it can be ended for it.

    Services end that link first, but a server further away is still here while that goes around.
    """
    holder, settings = line.links.server(name), line.link.settings
    if holder is None:
        return True
    assert settings is not None
    if holder is line.network.me or not settings.allow_squit_others or line.links.way_to(holder) is line.link:
        return False
    way = line.links.way_to(holder)
    if way is not None and way.server is holder:
        way.close("Its name is taken")
    else:
        line.links.split(holder, None, "Its name is taken")
    return True


def judge(link: one.Link, name: str) -> tuple[LinkSettings | None, str]:
    """The block of the neighbour that calls itself `name`, or None and why it may not link."""
    settings = link.links.block(name)
    if settings is None:
        return None, "there is no [[link]] of that name"
    if link.dialled and settings != link.settings:
        return None, "we dialled another server"
    if (why := distrust(link, settings)) is not None:
        return None, why
    if settings.password is not None:
        wanted = (settings.accept_password or settings.password).get_secret_value()
        given = link.password or ""
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape")):
            return None, "the password is wrong"
    elif not link.identity.secure:
        return None, "there is neither a certificate nor a password"
    if link.sid is None:
        return None, "it does not speak TS6"
    if settings.sid is not None and settings.sid != link.sid:
        return None, f"its SID is {link.sid}, not {settings.sid}"
    if missing := NEEDED - link.caps:
        return None, f"it lacks {' '.join(sorted(missing))}"
    if (case := agreement.differences(link.links, link.caps).get(agreement.CASE)) is not None:
        return None, case
    return settings, ""


def distrust(link: one.Link, settings: LinkSettings) -> str | None:
    """Why the other end of a connection is not taken for the server of a block, whatever it says; or None."""
    identity = link.identity
    if identity.secure:
        return None if identity.vouched(settings) else "its certificate is not the one of that server"
    if settings.insecure or is_loopback(identity.address):
        return None
    return "it comes without TLS"


def crossed(link: one.Link, old: one.Link) -> bool:
    """Whether the connection of `old` is the one that stays, although `link` leads to the same server.

    So it is if both servers dialled at the same moment and the one with the lower SID made it: both sides
    judge alike.  And so it is if the neighbour made both and this is the older one: it makes one at a time,
    so that it has given up this one.
    """
    links = link.links
    assert link.sid is not None
    node = links.node
    if link.dialled == old.dialled:
        return not link.dialled and link.connection.opened < old.connection.opened
    recent = node.clock.monotonic() - old.attached < CROSSING
    return recent and not old.suspended and old.dialled == (node.network.me.sid < link.sid)


def stands_back(link: one.Link) -> bool:
    """Whether `link`, which we accepted, goes for one that we dialled to the same server at the same moment.

    The one that the server with the lower SID dialled stays.
    """
    links = link.links
    assert link.settings is not None and link.sid is not None
    if link.dialled:
        return False
    for other in list(links.all):
        if (
            other.dialled
            and other.state is one.State.GREETING
            and other.settings is not None
            and other.settings.name == link.settings.name
        ):
            young = links.node.clock.monotonic() - other.opened < CROSSING
            if young and links.node.network.me.sid < link.sid:
                return True
            other.close("A connection from the other side took its place")
    return False


def judge_offer(link: one.Link, old: one.Link | None) -> Decision:
    """Whether `old` goes on, on the connection of `link`; whoever dialled hears that from the other side."""
    now = link.links.node.clock.monotonic()
    streams = old.streams if old is not None else None
    if link.offer is None or (link.dialled and link.offered is None) or not link.links.resumes:
        decision = Decision.NOTHING
    elif link.offered is not None:
        decision = agree(streams, link.offered, link.offer, now)
    else:
        decision = decide(streams, link.offer, now)
    changed = old is not None and agreement.speech(link.caps) != agreement.speech(old.caps)
    return Decision.CHANGED if changed and decision is Decision.RESUME else decision


def resume(link: one.Link, old: one.Link) -> None:
    """Go on with `old` on the connection of `link`: say again what the neighbour lacks, and nothing else."""
    links = link.links
    old.adopt(link)
    links.dialler.resumed(link)
    if not old.dialled:
        greet(old, old.streams.offer())
    tell_versions(old)
    lines = old.go_on()
    seconds = links.node.clock.monotonic() - old.lost
    links.tell(f"Link to {old.name} resumed after {seconds:.1f} s, {lines} lines replayed")
    if link.caps != old.caps:
        old.caps = link.caps
        tell_differences(old)
    burst.go_on(old)


def introduce(link: one.Link, name: str, description: str) -> None:
    """The neighbour is a server of the network from now on; answer it, and tell it all we know."""
    links = link.links
    node = links.node
    assert link.sid is not None and link.settings is not None
    numbered = link.offer if links.resumes and "CNRES" in link.caps else None
    if not link.greeted:
        greet(link, None if numbered is None else Offer(links.epoch, token(12), 0))
    tell_versions(link)
    neighbour = Server(link.sid, name, description.removeprefix("(H) "), 1, node.network.me)
    neighbour.caps = link.caps
    link.server = neighbour
    link.stamped &= STAMPS in link.caps and link.codec.core
    if link.stamped:
        links.stamp().neighbours.add(name)
    link.step("SERVER")
    if numbered is None or link.offered is None:
        link.streams.step("fresh")
        link.early = False
    else:
        session = numbered.session if link.dialled else link.offered.session
        link.streams.begin(session, numbered.epoch)
    link.bound()
    links.met(neighbour, link)
    now = node.clock.time()
    node.commit(ServerIntroduced(neighbour, now), link)
    node.commit(NetJoinBegan(node.network.me, neighbour, now), link)
    links.tell(f"Linked to {name} ({link.identity.address})")
    tell_differences(link)
    burst.begin(link)


def tell_differences(link: one.Link) -> None:
    """Tell operators what is not the same on both sides, but should be."""
    for words in agreement.differences(link.links, link.caps).values():
        link.links.tell(f"{link.name} is not set up as this server is: {words}")


def tell_versions(link: one.Link) -> None:
    """``SVINFO 6 6 0 :<now>``, which ends our side of the handshake."""
    link.utter(b"SVINFO 6 6 0 :%d" % int(link.links.node.clock.time()))


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
    skew = abs(line.number(3) - int(line.now))
    settings = line.node.settings.links
    if link.stamped and skew > settings.stamp_skew + 1:  # it is told in whole seconds
        line.violate(f"Its clock is {skew} seconds off, more than links.stamp_skew ({settings.stamp_skew:g})")
    if skew > settings.most_skew:
        line.violate(f"Its clock is {skew} seconds off, more than links.most_skew ({settings.most_skew:g})")
    if skew > 5 and "SVINFO" not in link.warned:
        link.warned.add("SVINFO")
        line.links.tell(f"The clock of {link.name} is {skew} seconds off")
