"""People who have sessions on several servers: what neighbours say of them."""

from __future__ import annotations

from chatnet.links.codecs.solanum.persons import BEGAN, PERSON, STAYS
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.claims import Alias
from chatnet.model.entities import Person, User
from chatnet.model.facts import SeatLeft, SeatTaken
from chatnet.model.ids import SID, UID
from chatnet.model.places import BY_NAME, is_key
from chatnet.model.server import Server
from chatnet.rules.stamps import Stamp, read, too_far


@LINK.command("CNSEAT", min_params=4)
def cnseat(line: Line) -> None:
    """A server has sessions of a user who is on the source, or none any more.

    It speaks for that user from now on, see ``speech/reading.py``; the stamp is later than all that was said
    of the user by then.  Who may not sit down is no seat here.

    # <- :0AA CNSEAT 0AAAAAAAA 0CA + mfg2k1c7.0.0AA
    # <- :0AA CNSEAT 0AAAAAAAA 0CA - mfg2k1d9.0.0AA
    """
    host, links, network = line.by_server(), line.links, line.network
    uid, sid, sign, text = line.params[:4]
    user, server, stamp = network.users.get(UID(uid)), network.servers.get(SID(sid)), read(text)
    if not line.link.codec.seats or sign not in ("+", "-") or stamp is None:
        raise Ignored
    _judge(line, stamp)
    if user is None and (alias := links.claims.aliases.get(UID(uid))) is not None:
        _of_alias(line, alias, server, taken=sign == "+")
        return
    if user is None or user.server is not host or server is None or server is host:
        raise Ignored  # one of them is lost, as somebody will say
    taken, way = sign == "+", links.way_to(server)
    if user.person is not None and not taken and server not in user.seats:
        # It was lost for us in between; those behind us may know of the seat by what was said before.
        pass_on(line)
        return
    if user.person is None or (server in user.seats) is taken:
        raise Ignored
    if taken and way is not None and not links.may_sit(way):
        line.doubt(f"says that {server.name} has sessions of its people, which is not allowed to")
    links.observe(stamp)
    line.commit((SeatTaken if taken else SeatLeft)(user, server, line.now, text))


def _of_alias(line: Line, alias: Alias, server: Server | None, *, taken: bool) -> None:
    """A server has sessions of a user who is not the one that a person is; or none any more."""
    if alias.user.server is not line.source or server is None or server is line.source:
        raise Ignored
    seats = tuple(seat for seat in alias.person.seats if seat is not server)
    alias.person.seats = (*seats, server) if taken else seats
    pass_on(line)


def pass_on(line: Line) -> None:
    """Send a line on as it came, to all others who know of people with sessions on several servers."""
    for link in line.links.seating(line.link):
        link.send(line.raw)


def person_of(line: Line, user: User) -> Person | None:
    """Which person a user is who is introduced, as the tags say; None: they are nobody else than this user.

    Those are believed who may have sessions of people of other servers, of the account that they are
    believed of.
    """
    key = line.tags.get(PERSON)
    if key is None:
        return None
    return claimed_person(line, user, key, line.tags.get(BEGAN, ""), stays=line.tags.get(STAYS) == "1")


def claimed_person(line: Line, user: User, key: str, text: str, *, stays: bool) -> Person | None:
    """The person of that key, as whom `user` has been since the stamp that is `text`; as above."""
    links, known, began = line.links, user.account_id, read(text)
    if not line.link.codec.seats or not links.may_sit(line.link):
        return None
    if known is None and user.account is not None and not line.node.settings.keeps_accounts:
        known = BY_NAME + line.network.fold(user.account)
    if began is None or not is_key(key) or key != known:
        return None
    _judge(line, began)
    links.observe(began)
    return Person(key, began.text, stays=stays)


def _judge(line: Line, stamp: Stamp) -> None:
    """A stamp is taken as it is, or ends the link: all servers have to see the same one."""
    horizon = 2 * line.node.settings.links.stamp_horizon
    if too_far(stamp, line.now, horizon):
        line.violate(f"{line.row.verb}: {stamp.text} is of the future, more than links.stamp_horizon")
