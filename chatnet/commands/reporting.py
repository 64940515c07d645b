"""REPORT and REPORTS: telling the operators of a channel, or of the network, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.history.looking import Asked, Point, Unseen, Untold, Way
from chatnet.history.questions import Busy
from chatnet.links.exchange.orders import Outcome, Words
from chatnet.model.entities import Channel, User
from chatnet.model.ids import SID
from chatnet.model.modes import OP
from chatnet.rules.visibility import may_see_channel
from chatnet.services.reports import Line, Report
from chatnet.session.obeying import Disobeyed, Obeyed, Order
from chatnet.session.rates import exempt
from chatnet.session.sessions import Sessions
from chatnet.storage.interfaces import StoreError
from chatnet.storage.promise import Promise
from chatnet.wire import numerics
from chatnet.wire.names import is_channel
from chatnet.wire.server_time import clock_time, minute
from chatnet.wire.text import byte_length, cut, middle, one_line, printable

REASON: Final = 300
"""Bytes of why something is reported, and of what whoever closes it says."""
TEXT: Final = 400
"""Bytes that are kept of a message."""
TOLD: Final = 20
"""Operators of a channel who are told of a report."""
LISTED: Final = 50
"""Reports that one server lists."""
MINUTE: Final = len("2026-11-29 20:14")
"""Letters of a listed report that tell when it was made; each server lists its own in their order."""
LONGEST: Final = 460
"""Bytes of a line that another server tells."""
PRIVILEGE: Final = "reports"
FORM: Final = "REPORTS LIST [<channel>], REPORTS SHOW <id>, REPORTS CLOSE <id> :<word>; see HELP REPORTS"
Reader = Callable[[Words], None]


# to report


@CLIENT.command("REPORT", min_params=2, penalty=5.0)
async def report(request: Request) -> None:
    """`REPORT <nick, channel or msgid> [<channel>] :<reason>`: tell operators of somebody, or of something.

    `REPORT eve spam in #lobby` goes to the operators of #lobby who are there, and to those of the network if
    there are none. They read the messages around it that you can read yourself: of a channel if you name
    one, else what eve and you said to each other. You read what became of it, also later if you are logged
    in. Who has left may be reported, too. Refuses with 461, FAIL REPORT INVALID_TARGET (there is no such
    message, or nobody of that name), TOO_MANY_REPORTS.
    """
    session, sessions, user = request.session, request.sessions, request.user
    name, words = request.params[0], request.params[1:]
    channel = _channel_meant(request, [name, *words])
    about = request.network.user(name)
    is_message = about is None and name[:1] != "#" and (name[:1].isdigit() or "=" in name)
    left = about is None and bool(request.network.whowas.find(request.network.fold(name), 1))
    is_somebody = about is not None or left or is_message
    if channel is None if name[:1] == "#" else not is_somebody:
        session.fail("REPORT", "INVALID_TARGET", "There is nobody and nothing of that name", middle(name))
        return
    if about is not None and (about is user or about.server.virtual):
        session.fail("REPORT", "INVALID_TARGET", "That is nobody to report", about.nick)
        return
    if len(words) > 1 and channel is not None and request.network.fold(words[0]) == channel.folded:
        words = words[1:]  # where it was, and not why
    reason = cut(one_line(" ".join(words)).strip(), REASON)
    if not reason:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "REPORT")
    owner = sessions.owner(session.peer.address)
    owners = (owner,) if user.account_id is None else (owner, user.account_id)
    if not exempt(session) and (seconds := sessions.reports.too_many(owners)):
        session.fail("REPORT", "TOO_MANY_REPORTS", f"Try again in {seconds} seconds", str(seconds))
        return
    await sessions.reports.load()
    lines = await _lines(request, about, channel, name if is_message else "")
    if is_message and not any(each[0] == name for each in lines):
        session.fail("REPORT", "INVALID_TARGET", "You can read no such message there", middle(name))
        return
    if session.closed:
        return
    author = next((each[1] for each in lines if each[0] == name), None)
    nick = about.nick if about is not None else author.nick if author is not None else name
    person = about.account_id if about is not None else author.person if author is not None else None
    kept = await sessions.reports.add(
        Report(
            "", request.now, user.nick, user.account_id, nick, person,
            "" if channel is None else channel.name, reason, tuple(each[1] for each in lines),
            ts=0 if channel is None else channel.ts,
        ),
        owner,
        user.uid,
    )  # fmt: skip
    _told(request, kept, about, channel)


def _channel_meant(request: Request, words: Sequence[str]) -> Channel | None:
    """The first channel that is named, of those whom the reporter may know of."""
    for word in words:
        for each in word.split(" "):
            found = request.network.channel(each.rstrip(".,:;!?)")) if each[:1] == "#" else None
            if found is not None and may_see_channel(request.user, found):
                return found
    return None


async def _lines(
    request: Request, about: User | None, channel: Channel | None, msgid: str
) -> list[tuple[str, Line]]:
    """Messages that the reporter may read, each with its id: what CHATHISTORY would tell them."""
    looking, most = request.sessions.looking, request.settings.reports.messages
    name = channel.name if channel is not None else about.nick if about is not None else ""
    if looking is None or not name or not most:
        return []
    # An operator who may read everything reports as anybody does: with what a member reads.
    if channel is not None and request.user not in channel.members:
        return []
    if msgid:
        asked = Asked(Way.AROUND, (Point(0, msgid),), most)
    else:
        asked = Asked(Way.LATEST, (), most)
    try:
        seen = await looking.look(request.user, name, asked)
    except (Unseen, Untold, Busy, StoreError):
        return []
    return [
        (row.msgid, Line(row.at, row.source.partition("!")[0], row.person, cut(one_line(row.text), TEXT)))
        for row in seen.found.rows
    ]


def _told(request: Request, kept: Report, about: User | None, channel: Channel | None) -> None:
    """Tell operators, and the reporter whom that was."""
    where = f" in {kept.channel}" if kept.channel not in ("", kept.about) else ""
    text = f"{kept.by} reports {kept.about}{where}: {printable(kept.reason)} (/REPORTS SHOW {kept.id})"
    there = [] if channel is None or channel.name == kept.about else _operators(request, channel, about)
    for each in there:
        request.sessions.node.say(each, text)
    if not there:
        # Who has many of it told, or from many places, has a number told.
        request.sessions.notice("p", request.session.peer.address, text)
    who = f"the operators of {kept.channel}" if there else "the operators of the network"
    request.session.notice(f"Thank you. Your report {kept.id} is with {who}")


def _operators(request: Request, channel: Channel, about: User | None) -> list[User]:
    """Operators of a channel who are there, without the two whom it is about."""
    found = [
        user
        for user, ranks in channel.members.items()
        if ranks >= OP and user not in (request.user, about) and not user.server.virtual
    ]
    return found[:TOLD]


# what becomes of it


@CLIENT.command("REPORTS", penalty=2.0)
async def reports(request: Request) -> None:
    """`REPORTS LIST [<channel>]`, `REPORTS SHOW <id>`, `REPORTS CLOSE <id> :<word>`: what people reported.

    LIST shows what is open, of all servers; SHOW one with its messages; CLOSE ends one, and its reporter
    reads the word. For operators with the privilege reports, and for those of a channel what was reported
    there. Refuses with 481, 723, FAIL REPORTS INVALID_PARAMS, NO_SUCH_REPORT, TEMPORARILY_UNAVAILABLE
    (another server does not answer).
    """
    session, verb = request.session, request.param(0).upper()
    if verb == "LIST":
        await _list(request)
    elif verb not in ("SHOW", "CLOSE") or not request.param(1):
        session.fail("REPORTS", "INVALID_PARAMS", FORM, middle(verb[:20]) or "*")
    elif verb == "CLOSE" and not request.param(2):
        session.fail("REPORTS", "INVALID_PARAMS", "Say what became of it: REPORTS CLOSE <id> :<word>", verb)
    else:
        await _of_one(request, verb, request.params[1].upper(), " ".join(request.params[2:]))


async def _list(request: Request) -> None:
    name, session = request.param(1), request.session
    channel = request.network.channel(name) if name else None
    if not name and not request.user.operates:
        session.fail(
            "REPORTS", "INVALID_PARAMS", "Which channel? REPORTS LIST <channel>, if you are its operator", "*"
        )
        return
    if not request.user.may(PRIVILEGE) and (channel is None or channel.members.get(request.user, 0) < OP):
        request.need(PRIVILEGE)
    orders, me, found = request.sessions.links.orders, request.network.me, list[str]()
    asked: list[tuple[str, Promise[Outcome]]] = []
    for server in list(request.network.servers.values()):
        if server is not me and orders.reaches(server):
            asked.append(
                (server.name, orders.give(server, request.user, ["REPORTS", "LIST", name], _into(found)))
            )
    mine = await _listed(request.sessions, request.user, name)
    found += mine[:LISTED]
    silent = [(there, (await outcome).why) for there, outcome in asked]
    if mine[LISTED:]:
        silent.append((request.network.me.name, _more(mine)))
    if session.closed:
        return
    for text in sorted(found, key=lambda each: each[:MINUTE], reverse=True):
        session.notice(text)
    for there, why in silent:
        if why:
            session.notice(f"Nothing, or not all, from {there}: {printable(why)}")
    session.notice(f"End of REPORTS: {len(found) or 'none'} open")


async def _of_one(request: Request, verb: str, key: str, word: str) -> None:
    session, sessions = request.session, request.sessions
    server = request.network.servers.get(SID(key.partition("-")[0]))
    found: list[str] = []
    if server is None or server is request.network.me:
        try:
            found += await _done(sessions, request.user, verb, key, word)
        except Disobeyed as disobeyed:
            session.fail("REPORTS", "NO_SUCH_REPORT", str(disobeyed), middle(key))
            return
    elif not sessions.links.orders.reaches(server):
        why = f"{server.name} cannot be asked"
        session.fail("REPORTS", "TEMPORARILY_UNAVAILABLE", why, middle(key))
        return
    else:
        words = ["REPORTS", verb, key, word]
        outcome = await sessions.links.orders.give(server, request.user, words, _into(found))
        if not outcome.done:
            code = "NO_SUCH_REPORT" if outcome.why == NO_SUCH else "TEMPORARILY_UNAVAILABLE"
            session.fail("REPORTS", code, printable(outcome.why), middle(key))
            return
    if request.user.operates:
        request.note_down(key, _noted(verb, word))
    if not session.closed:
        for text in found:
            session.notice(text)


def _noted(verb: str, word: str) -> str:
    return f"{verb}: {cut(one_line(word), REASON)}" if word else verb


def _into(found: list[str]) -> Reader:
    """What takes lines of another server."""

    def read(words: Words) -> None:
        if len(found) < 10 * LISTED:
            found.append(printable(cut(one_line(str(words[0])), LONGEST)))

    return read


NO_SUCH: Final = "There is no such report"


def _more(found: list[str]) -> str:
    return f"it has {len(found)} open, and shows the newest {LISTED}"


async def _listed(sessions: Sessions, user: User, name: str) -> list[str]:
    """What is open here, and may be read by `user`: of a channel, or of all."""
    await sessions.reports.load()
    fold = sessions.network.fold
    return [
        _head(each)
        for each in sessions.reports.all()
        if each.word is None and (not name or fold(each.channel) == fold(name)) and _may(sessions, user, each)
    ]


def _head(report: Report) -> str:
    where = f" in {report.channel}" if report.channel not in ("", report.about) else ""
    what = f"{report.by} about {report.about}{where}: {printable(report.reason)}"
    return cut(f"{minute(report.at)} {report.id} {what}", LONGEST)


def _may(sessions: Sessions, user: User, report: Report) -> bool:
    """Whether it is theirs to see to: by privilege, or as an operator of the channel whom it is not about."""
    if user.may(PRIVILEGE):
        return True
    channel = sessions.network.channel(report.channel) if report.channel else None
    # One that was begun later by somebody else is another channel.
    mine = channel is not None and channel.ts <= report.ts and channel.members.get(user, 0) >= OP
    fold = sessions.network.fold
    about_me = fold(report.about) == user.folded or (
        report.about_person is not None and report.about_person == user.account_id
    )
    return mine and not about_me and not is_channel(report.about, byte_length(report.about))


async def _done(sessions: Sessions, user: User, verb: str, key: str, word: str) -> list[str]:
    """Show or close a report of this server; Disobeyed if there is none that is theirs to see to."""
    await sessions.reports.load()
    report = sessions.reports.get(key)
    if report is None or not _may(sessions, user, report):
        raise Disobeyed(NO_SUCH)
    if verb == "CLOSE":
        if report.word is not None:
            raise Disobeyed(f"{report.closed_by} has closed it: {report.word}")
        sessions.reports.close(report, user.nick, cut(one_line(word), REASON))
        return [f"{report.id} is closed"]
    closed = "open" if report.word is None else f"closed by {report.closed_by}: {report.word}"
    number = len(report.lines)
    lines = [_head(report), f"{report.id} is {closed}; {number or 'no'} message{'' if number == 1 else 's'}"]
    lines += (
        f"[{clock_time(each.at // 1000)}] <{each.nick}> {printable(each.text)}" for each in report.lines
    )
    return [cut(line, LONGEST) for line in lines]


async def _ordered(order: Order) -> None:
    """What an operator at another server asks of the reports that are kept here."""
    verb, key = order.word(0), order.word(1)
    if verb == "LIST":
        found = await _listed(order.sessions, order.user, key)
    elif verb in ("SHOW", "CLOSE"):
        found = await _done(order.sessions, order.user, verb, key, order.word(2))
        if order.user.oper is not None:  # their own server notes it as well, if it is honest
            detail = f"{_noted(verb, order.word(2))} (by order of {order.server.name})"
            order.sessions.auditing.note(order.user, "REPORTS", key, detail)
    else:
        raise Disobeyed("It cannot be understood")
    for text in found[: LISTED if verb == "LIST" else None]:
        await order.say(text)
    if verb == "LIST" and found[LISTED:]:
        raise Disobeyed(_more(found))


ORDERS: Final = {"REPORTS": Obeyed("", _ordered)}
"""What people of other servers may order; which of them may, each report tells."""
