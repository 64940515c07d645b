"""The composition root: every object of a node is made here and handed its collaborators by name."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from chatnet.commands import CLIENT, Request
from chatnet.commands.answering import answer_abroad
from chatnet.commands.orders import ORDERS
from chatnet.delivery.local import Delivery
from chatnet.delivery.metadata import Subscriptions
from chatnet.delivery.monitors import Monitors
from chatnet.history.archive import Archive
from chatnet.history.erasing import Erasures
from chatnet.history.gaps import Gaps
from chatnet.history.histserv import Exports, HistServ
from chatnet.history.kept import KeptPast
from chatnet.history.looking import Looking
from chatnet.history.marks import Marks
from chatnet.history.recorder import Recorder
from chatnet.history.ring import Ring
from chatnet.history.standing import Standing
from chatnet.history.stays import Stays
from chatnet.links import Links
from chatnet.links.dialling.attempts import Attempt, Connect
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.entities import User
from chatnet.model.ids import SID
from chatnet.model.network import Network
from chatnet.model.places import Places
from chatnet.model.server import Server
from chatnet.node import Clock, Log, Node
from chatnet.rules import stamps
from chatnet.rules.admission import Admission
from chatnet.rules.cloaks import Cloaks
from chatnet.rules.pool import Pool
from chatnet.rules.repeats import Repeats
from chatnet.rules.shields import shield_at
from chatnet.services.accounts import Accounts
from chatnet.services.auditing import Auditing
from chatnet.services.authentication import Authentication
from chatnet.services.banning import Banning
from chatnet.services.chanserv import ChanServ
from chatnet.services.filtering import Filtering
from chatnet.services.hashes import Hashes
from chatnet.services.keeping import Keeping
from chatnet.services.ledger import Ledger
from chatnet.services.mailing import Mailing, Send, Unsent
from chatnet.services.metadata import Describing
from chatnet.services.nickserv import NickServ
from chatnet.services.persons import Policy
from chatnet.services.presence import Presence
from chatnet.services.pseudo_users import seat, word
from chatnet.services.reports import Reports
from chatnet.services.roll import Roll
from chatnet.services.shielding import Shielding
from chatnet.services.timed_bans import TimedBans
from chatnet.session.alarm import Alarm
from chatnet.session.attendance import Attendance
from chatnet.session.authority import Authority
from chatnet.session.batches import References
from chatnet.session.blocklists import Ask as AskLists
from chatnet.session.blocklists import Replies
from chatnet.session.bygone import LINE
from chatnet.session.control import Control
from chatnet.session.errands import Errands
from chatnet.session.news import News
from chatnet.session.obeying import Obeying
from chatnet.session.opers import Opers
from chatnet.session.outlet import Turn
from chatnet.session.passwords import Ask
from chatnet.session.presence.claiming import Claiming
from chatnet.session.presence.moving import Moving
from chatnet.session.presence.securing import Securing
from chatnet.session.presence.staying import Staying
from chatnet.session.revoking import Revoking
from chatnet.session.sessions import Sessions
from chatnet.session.shadows import Shadows
from chatnet.session.visitor import answer
from chatnet.settings import Settings
from chatnet.settings.processes import Process
from chatnet.storage.interfaces import Store
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.persons.interfaces import Persons as KeptPersons
from chatnet.wire.casemap import folder
from chatnet.wiring.hooks import hooking_of


@dataclass(slots=True, frozen=True)
class Parts:
    """What the transports and the command line need of a node."""

    node: Node
    sessions: Sessions
    news: News
    delivery: Delivery
    history: Ring
    messages: MessageStore | None
    recorder: Recorder | None
    erasures: Erasures | None
    gaps: Gaps | None
    marks: Marks | None
    standing: Standing | None
    admission: Admission
    repeats: Repeats
    links: Links
    turn: Turn
    accounts: Accounts | None
    nickserv: NickServ | None
    chanserv: ChanServ | None
    pool: Pool


def unconnected(attempt: Attempt) -> None:
    """In the place of a transport that connects to other servers, where there is none."""
    attempt.failed("this process connects to nobody")


async def no_mail(to: str, message: str) -> None:
    """In the place of what hands mail to a relay, where there is none."""
    raise Unsent("this process sends no mail")


async def no_lists(name: str, seconds: float) -> Replies | None:
    """In the place of what asks block lists, where there is nothing."""
    return None


def build(
    settings: Settings,
    *,
    clock: Clock,
    log: Log,
    run: Callable[[Coroutine[Any, Any, None]], None],
    turn: Turn,
    cloak_key: bytes,
    passwords: Ask,
    host_of: Callable[[str, float], Coroutine[Any, Any, str | None]],
    lists: AskLists = no_lists,
    certified: Callable[[str], bool],
    control: Control | None = None,
    connect: Connect = unconnected,
    chance: Callable[[], float] = random.random,
    first_uid: int = 0,
    store: Store | None = None,
    messages: MessageStore | None = None,
    hashes: Hashes | None = None,
    send: Send = no_mail,
    exports: Exports | None = None,
    people: KeptPersons | None = None,
    process: Process | None = None,
) -> Parts:
    """Make a node that has no listeners yet.

    With a `store` and `hashes` it keeps accounts, unless services of another make do; `send` hands mail about
    them to a relay.  With `messages` it keeps what is said; `exports` writes files of it.
    In `people` it keeps who is always on.  `process` is what this one is of a server that has several: people
    know all of them by the name of the server, unless servers are not to be hidden.
    """
    name = settings.server.name if process is None else process.name
    me = Server(SID(settings.server.sid), name, settings.server.description)
    limits = settings.limits
    network = Network(
        me, folder(settings.server.casemapping), limits.whowas, limits.invites, limits.former_names
    )
    if process is not None:
        hidden = settings.server.hide_servers
        network.show_as({each: settings.server.name if hidden else each for each in process.names})
    node = Node(network, settings, clock, log, run, first_uid)
    if process is not None and process.began:
        node.up = process.began
    references = References()
    shadows = Shadows()
    monitors = Monitors(node, shadows)
    places = Places(network, settings)
    history = Ring(network, settings, beside=messages is not None)
    recorder: Recorder | None = None
    stays: Stays | None = None
    looking: Looking | None = None
    marks: Marks | None = None
    past: Ring | KeptPast = history
    erasures: Erasures | None = None
    archive: Archive | None = None
    gaps: Gaps | None = None
    standing: Standing | None = None
    stamped = stamps.Clock(me.sid)
    if messages is not None:
        recorder = Recorder(node, messages, places, history)
        stays = Stays(node, places, recorder)
        past = KeptPast(messages, recorder, places, history)
        erasures = Erasures(node, messages, recorder, history, lambda: stamped.next(clock.time()))
        marks = Marks(node, messages, places, recorder.put, recorder.flush)

        def flush(marks: Marks = marks, recorder: Recorder = recorder) -> None:
            marks.write()
            recorder.flush()

        archive = Archive(network, messages, places, erasures, marks, flush)
        standing = Standing(node, messages, recorder.put)
        gaps = Gaps(node, messages, recorder, places, archive, messages.heard)
        looking = Looking(
            node,
            messages,
            places,
            history,
            recorder.flush,
            stays.joined,
            gaps,
            lambda owner, messages: sessions.scans.room(owner, messages * LINE),
        )
    delivery = Delivery(node, turn, references, shadows, marks)
    admission = Admission(
        lambda: node.settings,
        clock.monotonic,
        lambda: shield_at(node.settings, node.network.shields.level).slower,
    )
    repeats = Repeats(clock.later, lambda: node.settings.flood)
    if not settings.keeps_accounts:
        store = None
    links = Links(
        node,
        past,
        stamped,
        connect,
        lambda: sessions.cloaks.digest,
        store,
        chance=chance,
        archive=archive,
        missed=gaps,
    )
    if gaps is not None:
        gaps.asking = links.inquiries
    accounts: Accounts | None = None
    nickserv: NickServ | None = None
    chanserv: ChanServ | None = None
    histserv: HistServ | None = None
    remembering = None if messages is None else word(node)

    def is_guest(nick: str) -> bool:
        return nickserv is not None and nickserv.protection.guests.includes(nick)

    def tell(by: User, user: User, text: str) -> None:
        for session in delivery.sessions_of(user):
            session.notice_by(by, text)
        if user.server is not me:
            links.gate.tell(by, user, text)

    authority: Authority = links.agents
    ledger: Ledger | None = None
    if store is not None and hashes is not None:
        ledger = Ledger(node, store, stamped)
        accounts = Accounts(
            node,
            ledger,
            Roll(node, ledger, lambda: links.feeds.learning, () if process is None else process.sids),
            hashes,
            lambda name: sessions.cloaks.secret_for(name),
            lambda name: sessions.network_bans.name(name) is not None or is_guest(name),
        )
        seated = seat(node, storing=messages is not None)
        remembering = seated.histserv
        mailing = Mailing(node, store, accounts.throttle, seated.nickserv.nick, send)
        nickserv = NickServ(node, seated.nickserv, accounts, mailing, tell, chance, links.gate)
        keeping = Keeping(node, ledger, seated.chanserv, stamped, links.noted, tell)
        links.marked = keeping.marked
        chanserv = ChanServ(node, seated.chanserv, accounts, keeping, tell, links.gate)
        chanserv.hooking = hooking_of(node, ledger, nickserv, chanserv, tell)
        links.feeds.disputed = nickserv.disputed
        authority = links.gate.applicants.examiner = Authentication(
            node, accounts, nickserv.tokens, links.elsewhere
        )
        links.gate.applicants.agent = seated.saslserv.uid
        links.gate.opened = (nickserv.protection.look_at, chanserv.access.look_at)
    describing = Describing(node, stamped, ledger)
    links.described = describing.heard
    timed_bans = TimedBans(node, links.set_at)
    banning = Banning(node, ledger)
    links.banned = banning.heard
    filtering = Filtering(node, ledger)
    shielding = Shielding(node, ledger)
    subscriptions = Subscriptions(node, delivery, monitors, shadows, describing)
    if messages is not None and recorder is not None and erasures is not None and remembering is not None:
        histserv = HistServ(node, remembering, messages, exports, recorder.flush, erasures.erase, tell)
    reports = Reports(node, None if ledger is None else ledger.store)
    sessions = Sessions(
        node=node,
        rows=CLIENT.rows,
        make_request=Request,
        local=delivery,
        monitors=monitors,
        references=references,
        history=past,
        past=past,
        looking=looking,
        marks=marks,
        recorder=recorder,
        places=places,
        shadows=shadows,
        cloaks=Cloaks(cloak_key, settings.cloak.suffix, settings.limits.host),
        passwords=passwords,
        host_of=host_of,
        lists=lists,
        certified=certified,
        admission=admission,
        links=links,
        authority=authority,
        accounts=accounts,
        nickserv=nickserv,
        chanserv=chanserv,
        histserv=histserv,
        repeats=repeats,
        describing=describing,
        banning=banning,
        filtering=filtering,
        shielding=shielding,
        auditing=Auditing(node, None if ledger is None else ledger.store),
        reports=reports,
        subscriptions=subscriptions,
        policy=Policy(node, places, accounts),
        control=control,
    )
    if people is not None:
        alive = None if messages is None else messages.heard
        sessions.staying = Staying(sessions, sessions.persons, people, links.noted, links.expect, alive)
    links.persons.sessions = lambda user: len(delivery.sessions_of(user))
    links.queries.answer = partial(answer, sessions)
    links.orders.obey = Obeying(sessions, ORDERS).obey
    errands = Errands(sessions, answer_abroad)
    links.gate.errand = errands.take
    news = News(sessions)
    if recorder is not None:
        recorder.health.post = news.post
    node.observe(
        [
            *(() if marks is None else (marks,)),
            delivery,
            monitors,
            *(() if recorder is None else (recorder,)),
            *(() if stays is None else (stays,)),
            subscriptions,
            *(() if erasures is None else (erasures,)),
            *(() if histserv is None else (histserv,)),
            *(() if gaps is None else (gaps,)),
            history,
            *(() if looking is None else (looking,)),
            sessions,
            sessions.persons,
            sessions.sitting,
            sessions.hosting,
            sessions.catching,
            sessions.persistence,
            Moving(sessions, sessions.persons),
            Claiming(sessions),
            Securing(sessions),
            *(() if sessions.staying is None else (sessions.staying,)),
            Opers(sessions),
            news,
            Attendance(sessions),
            errands,
            banning,
            filtering,
            shielding,
            Alarm(sessions),
            timed_bans,
            reports,
            Presence(node, TOLD, links.gate),
            *(() if nickserv is None else (Revoking(sessions),)),
            *(() if nickserv is None else nickserv.observers),
            *(() if chanserv is None else chanserv.observers),
            *links.observers,
        ]
    )
    pool = Pool()
    pool.add({"reports": reports})
    if accounts is not None:
        pool.add(accounts.throttle.limits)
    if nickserv is not None:
        pool.add(nickserv.mailing.limits)
    return Parts(
        node, sessions, news, delivery, history, messages, recorder, erasures, gaps, marks, standing,
        admission, repeats, links, turn, accounts, nickserv, chanserv, pool,
    )  # fmt: skip
