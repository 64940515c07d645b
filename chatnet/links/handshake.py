"""How two servers come to know each other: PASS, CAPAB, SERVER, SVINFO.

The one that dialled speaks first; the other judges it and answers, then both tell each other all they know.
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

import hmac

from chatnet.dispatch import Phase
from chatnet.links import agreement, burst
from chatnet.links import link as one
from chatnet.links.codecs.solanum import NEEDED, OURS, Solanum, encode
from chatnet.links.line import LINK, Ignored, Line, is_sid, tokens
from chatnet.model.facts import NetJoinBegan, ServerIntroduced
from chatnet.model.server import Server
from chatnet.settings import LinkSettings
from chatnet.wire.masks import is_loopback
from chatnet.wire.names import is_server_name

REFUSED = "Invalid credentials"
"""What everybody who may not link is told: it tells nothing of what is configured."""


def greet(link: one.Link) -> None:
    """``PASS <password> TS 6 :<sid>``, ``CAPAB :<tokens>``, ``SERVER <name> 1 :<description>``."""
    settings = link.settings
    assert settings is not None
    if (why := distrust(link, settings)) is not None:
        # Before the password is told.
        refuse(link, settings.name, why)
        return
    me = link.links.node.network.me
    secret = settings.password.get_secret_value() if settings.password is not None else "*"
    link.send(b"PASS %b TS 6 :%b" % (encode(secret), encode(me.sid)))
    link.send(b"CAPAB :%b" % " ".join([*OURS, *agreement.stated(link.links)]).encode())
    link.send(b"SERVER %b 1 :%b" % (me.source, encode(me.description or " ")))
    link.greeted = True


@LINK.command("PASS", min_params=1, phase=Phase.ANY)
def pass_(line: Line) -> None:
    """The password and the SID of the neighbour.

    # <- PASS linkpw TS 6 :1SO
    """
    link = line.link
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


@LINK.command("SERVER", min_params=3, phase=Phase.ANY)
def server(line: Line) -> None:
    """Who the neighbour is; it is judged here, and answered if it dialled.

    # <- SERVER so1.test 1 :solanum one
    """
    link = line.link
    if link.state is not one.State.GREETING:
        from_services(line)
        return
    settings, why = judge(link, line.params[0])
    if settings is None:
        refuse(link, line.params[0], why)
        return
    link.settings = settings
    link.exit.sendq = settings.sendq
    introduce(link, line.params[0], line.params[-1])


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
    links = link.links
    network = links.node.network
    settings = links.block(name)
    if settings is None:
        return None, "there is no such block"
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
        return None, f"its SID is {link.sid}"
    if missing := NEEDED - link.caps:
        return None, f"it lacks {' '.join(sorted(missing))}"
    if (case := agreement.differences(links, link.caps).get(agreement.CASE)) is not None:
        return None, case
    ghost = links.server(name)
    if ghost is not None and (old := links.routes.direct.get(ghost)) is not None and ghost.sid == link.sid:
        if crossed(link, old):
            return None, "it is linked already"
        # The same server, authenticated again: what is there is what it left behind.
        old.close("A new connection took its place")
    if links.server(name) is not None or link.sid in network.servers:
        return None, "its name or SID is on the network already"
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
    """Whether both servers dialled at the same moment, and `old` is the connection that stays.

    It is the one that the server with the lower SID dialled: both sides judge alike.
    """
    links = link.links
    assert link.sid is not None
    node = links.node
    recent = node.clock.monotonic() - old.since < node.settings.links.handshake_timeout
    return recent and old.dialled != link.dialled and old.dialled == (node.network.me.sid < link.sid)


def introduce(link: one.Link, name: str, description: str) -> None:
    """The neighbour is a server of the network from now on; answer it, and tell it all we know."""
    links = link.links
    node = links.node
    assert link.sid is not None and link.settings is not None
    if not link.greeted:
        greet(link)
    neighbour = Server(link.sid, name, description.removeprefix("(H) "), 1, node.network.me)
    neighbour.caps = link.caps
    link.server = neighbour
    link.step("SERVER")
    links.met(neighbour, link)
    now = node.clock.time()
    node.commit(ServerIntroduced(neighbour, now), link)
    node.commit(NetJoinBegan(node.network.me, neighbour, now), link)
    link.send(b"SVINFO 6 6 0 :%d" % int(now))
    links.tell(f"Linked to {name} ({link.identity.address})")
    for words in agreement.differences(links, link.caps).values():
        links.tell(f"{name} is not set up as this server is: {words}")
    burst.begin(link)


@LINK.command("SVINFO", min_params=4, phase=Phase.ANY)
def svinfo(line: Line) -> None:
    """Which versions of TS the neighbour speaks, and its clock.

    # <- SVINFO 6 6 0 :1795345579
    """
    link = line.link
    if int(line.number(0)) < 6:
        line.violate("It does not speak TS6")
    skew = abs(line.number(3) - int(line.now))
    most = line.node.settings.links.most_skew
    if skew > most:
        line.violate(f"Its clock is {skew} seconds off, more than {most:g}")
    if skew > 5 and "SVINFO" not in link.warned:
        link.warned.add("SVINFO")
        line.links.tell(f"The clock of {link.name} is {skew} seconds off")
