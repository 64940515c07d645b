"""A node as a service: it opens its listeners, keeps its clocks going, reloads, and says goodbye."""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from zope.interface import providedBy

from chatnet.compiled import version
from chatnet.history.ring import FORGET
from chatnet.history.standing import SWEEP as STANDING_SWEEP
from chatnet.links.lifetimes import SWEEP as LINK_SWEEP
from chatnet.rules.banned_words import told
from chatnet.rules.cloaks import Cloaks
from chatnet.services.mailing import LOOK as MAIL_LOOK
from chatnet.services.sweeping import SWEEP as ACCOUNTS_SWEEP
from chatnet.session.presence.staying import Staying
from chatnet.session.sessions import SWEEP
from chatnet.settings import ListenSettings, Settings
from chatnet.settings.browsing import addresses
from chatnet.storage.interfaces import WATCH, Running, StoreError
from chatnet.storage.messages.interfaces import RunningMessages
from chatnet.storage.persons.interfaces import RunningPersons, Stayed
from chatnet.transports.client import ClientFactory
from chatnet.transports.nameservers import NameServers
from chatnet.transports.outlets import ClientTurn
from chatnet.transports.sockets import Sockets
from chatnet.wire.server_time import DAY
from chatnet.wiring.announcing import kept_from_now, kind_of, plain_port
from chatnet.wiring.build import build
from chatnet.wiring.clock import ReactorClock, TwistedLog
from chatnet.wiring.config import ConfigError, Loaded, load, os_reason, read_motd
from chatnet.wiring.datafolder import DataFolder, DataFolderError
from chatnet.wiring.exporting import ExportFolder
from chatnet.wiring.linking import Linking
from chatnet.wiring.listeners import ListenError, Listeners
from chatnet.wiring.logs import LogOutput
from chatnet.wiring.mail import Post
from chatnet.wiring.notify import READY, STOPPING, notify, reloading
from chatnet.wiring.passwords import AccountHashes, Passwords, most_waiting
from chatnet.wiring.plugin_error import PluginError
from chatnet.wiring.processes.here import Here
from chatnet.wiring.processes.member import Member
from chatnet.wiring.processes.notices import Telling
from chatnet.wiring.reload import Reloads, fixed
from chatnet.wiring.security import Security
from chatnet.wiring.system import again, allow_descriptors, stop
from chatnet.wiring.turns import Turns, at_a_time, processors

log = Logger(namespace="chatnet")

GOODBYE = 3.0
"""Seconds that the last lines may take to leave when the process ends."""
GATHERED = 0.1
"""Seconds for which lines of the log that tell of normal life wait for others."""
UP_LOOK = 0.1
"""Seconds between two looks whether the links are up that those who stay wait for."""
SWITCH = 0.001
"""Seconds after which a thread that works gives way to one that waits for it.

Python's own 5 ms are what a busy reactor takes of each statement of who writes to a disk.
"""
_TOLD = 10
"""Problems of a configuration that operators are told of, each in a notice."""


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Drive `coroutine`; what escapes from it is logged."""
    Deferred.fromCoroutine(coroutine).addErrback(lambda failure: log.failure("A task failed", failure))


class ChatService(Service):
    """One node, from the configuration it was given to its last line.

    ``privilegedStartService`` opens the listeners, so that a port below 1024 works before privileges are
    dropped, and so that a port in use ends the start with one sentence.
    """

    def __init__(
        self,
        reactor: Any,
        loaded: Loaded,
        folder: DataFolder,
        output: LogOutput,
        member: Member | None = None,
    ) -> None:
        self._reactor = reactor
        self._member = member  # of the processes of one server
        self._loaded = loaded
        # twistd may go to another folder (--rundir) after this.
        self._path = None if loaded.path is None else str(loaded.path.absolute())
        self._started_in = os.getcwd()
        self._folder = folder
        self._output = output
        self._connections = 0
        self._emptied: Deferred[None] | None = None
        self._restart = False
        self._ending = False
        self._goodbye = "The server is shutting down"
        self._why = ""  # it ends, for the log
        self._reloads = Reloads()
        settings = loaded.settings
        clock = ReactorClock(reactor)
        turns = Turns(lambda queue: most_waiting(self._settings(), queue), at_a_time(processors()))
        self._store: Running | None = None
        if settings.keeps_accounts:
            from chatnet.wiring.store import store_in  # SQLAlchemy takes a fifth of a second, and 13 MiB

            self._store = store_in(folder.path, settings, self._settings, clock, reactor)
        self._messages: RunningMessages | None = None
        self._begins_history = False
        if settings.history.stores:
            from chatnet.wiring.store import messages_in  # as above

            self._messages, self._begins_history = messages_in(
                folder.path, settings, self._settings, clock, reactor
            )
        self._people: RunningPersons | None = None
        if settings.keeps_accounts or settings.bouncer.always_on != "off":
            from chatnet.wiring.store import people_in  # as above

            self._people = people_in(folder.path, self._settings, clock, reactor)
        names = NameServers(reactor, lambda: self._settings().lookups.servers)
        self._turn = ClientTurn(reactor)
        self._parts = build(
            settings,
            clock=clock,
            log=TwistedLog(),
            run=run,
            turn=self._turn,
            cloak_key=folder.cloak_key(settings.cloak),
            passwords=Passwords(turns),
            host_of=names.host_of,
            lists=names.listed,
            certified=lambda hostname: self._security.certified(hostname),
            control=self,
            connect=lambda attempt: self._linking.connect(attempt),
            # Milliseconds: nobody connects more often for long, so that no UID is used soon again.
            first_uid=int(time.time() * 1000),
            store=self._store,
            messages=self._messages,
            hashes=AccountHashes(turns, self._settings),
            send=Post(reactor, loaded.base, self._settings),
            exports=None
            if self._messages is None
            else ExportFolder(folder.path, self._messages.gathering, settings),
            people=self._people,
            process=None if member is None else member.process,
        )
        if self._messages is not None and self._parts.recorder is not None:
            self._messages.troubled = self._parts.recorder.health.troubled
            self._messages.pressed = self._pressed
            self._messages.took = self._parts.node.counts.writing.note
        self._parts.sessions.motd = read_motd(loaded)
        if member is not None:
            self._parts.admission.told = member.counted
            self._parts.pool.told = member.spent
            self._parts.node.observe_too(Telling(member))
        self._security = Security(reactor, folder.common, loaded.base, self._settings)
        self._linking = Linking(reactor, self._parts, self._security, self._entered, self._left)
        self._listeners = Listeners(reactor, self._make_factory)
        self._sockets: Sockets | None = None
        if member is not None:
            self._listeners.handed = member.handed
        self._web: Any = None
        self._programs: Any = None
        self._loops: list[LoopingCall] = []
        self._certificate_clock: LoopingCall | None = None

    def _settings(self) -> Settings:
        """Those in force."""
        return self._parts.node.settings

    def _pressed(self, pressed: bool) -> None:
        """More is said than can be stored, or not any more."""
        if self._sockets is not None:
            self._sockets.press(pressed)

    # start

    def privilegedStartService(self) -> None:
        settings = self._loaded.settings
        # From here on a reload waits until the reactor runs, instead of ending the process.
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._hangup))
        problems: list[str] = []

        def refused(failure: Any) -> None:
            failure.trap(ListenError)
            problems.extend(failure.value.problems)

        allow_descriptors()
        try:
            if hasattr(select, "epoll") and IReactorFDSet in providedBy(self._reactor):
                self._sockets = self._listeners.sockets = Sockets(
                    self._reactor, self._room, self._full, turn=self._turn
                )
            self._security.prepare(settings)
        except ConfigError as error:
            problems.extend(error.problems)
        else:
            Deferred.fromCoroutine(self._listeners.reconcile(settings.listen)).addErrback(refused)
            if settings.inlet and not problems:
                opening = self._make_programs().inlets.reconcile(settings.inlet)
                Deferred.fromCoroutine(opening).addCallback(problems.extend)
        if problems:
            # What was opened closes in the next turn. There will be none, and files of sockets would stay.
            self._reactor.runUntilCurrent()
            if self._member is not None:
                self._member.failed("; ".join(problems))
                raise SystemExit(1)
            sentence = "chatnet cannot start: " + "; ".join(problems) + "."
            log.critical("{sentence}", sentence=sentence)
            if self._output.in_file and sys.__stderr__ is not None:
                print(sentence, file=sys.__stderr__)  # twistd has put the log in the place of the other one
            raise SystemExit(1)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]  # Twisted's services are not typed
        settings = self._loaded.settings
        try:
            self._folder.sign()
        except OSError as error:
            log.warn("The data folder cannot be written to: {reason}", reason=os_reason(error))
        if self._store is not None:
            self._store.start()
            self._every(WATCH, self._store.watch)
        if self._messages is not None:
            if settings.history.search != "off" and not self._messages.searches:
                log.warn("history.search is off: this library of SQLite has no FTS5")
            self._messages.start()
            self._every(WATCH, self._messages.watch)
            if self._parts.erasures is not None:
                run(self._parts.erasures.load())
            if self._parts.standing is not None:
                self._every(STANDING_SWEEP, self._parts.standing.sweep)
        if self._people is not None:
            self._begin_people(self._people)
        if self._parts.nickserv is not None:
            self._every(ACCOUNTS_SWEEP, self._parts.nickserv.sweeping.sweep)
            self._reactor.callLater(0, self._parts.nickserv.sweeping.sweep)
            self._every(MAIL_LOOK, self._parts.nickserv.mailing.send)
            self._reactor.callLater(0, self._parts.nickserv.mailing.send)
        if self._parts.chanserv is not None:
            self._every(ACCOUNTS_SWEEP, self._parts.chanserv.sweeping.sweep)
        if self._programs is not None or self._needs_programs():
            self._begin_programs()
        self._announce()
        sessions = self._parts.sessions
        self._every(SWEEP, sessions.sweep)
        self._every(LINK_SWEEP, self._linking.sweep)
        self._reactor.callLater(0, self._linking.sweep)
        self._every(60.0, self._parts.admission.sweep)
        history, clock = self._parts.history, self._parts.node.clock
        self._every(FORGET, lambda: history.sweep(clock.time()))
        self._certificate_clock = self._every(settings.tls.reload_interval, self._look_at_certificates)
        self._every(DAY, self._warn_of_expiry)
        # Later, for the reactor has not set its own handlers yet.
        self._reactor.callLater(0, self._name_signals)
        sys.setswitchinterval(SWITCH)
        # What exists now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.enable()
        # Sessions make few cycles: young objects need not be looked through every 700 allocations.
        gc.set_threshold(20_000, 20, 50)
        self._output.gather(lambda flush: self._reactor.callLater(GATHERED, flush))
        notify(READY)
        if self._member is not None:
            parts, process = self._parts, self._member.process
            here = Here(parts, self._listeners, self._rehash_here, self.end, self._figures, process)
            self._member.begin(self._reactor, here)

    def _begin_people(self, people: RunningPersons) -> None:
        """Have those who are always on come back: at once, or when other servers may be linked."""
        staying = self._parts.sessions.staying
        assert staying is not None
        try:
            stayed = people.load()
        except StoreError as error:
            log.error("Who stays cannot be read: {reason}", reason=error.reason or str(error))
            people.start()  # whoever stays from now on is written all the same
            return
        people.start()
        end = self._reactor.seconds() + self._loaded.settings.bouncer.revive_delay
        self._revive(staying, stayed, end)

    def _revive(self, staying: Staying, stayed: Stayed, end: float) -> None:
        """Have people come back when all links are up, or at a time of the reactor: others may be them."""
        if self._reactor.seconds() >= end or self._parts.links.dialler.all_up():
            staying.revive(stayed)
        else:
            self._reactor.callLater(UP_LOOK, self._revive, staying, stayed, end)

    def _every(self, seconds: float, function: Any) -> LoopingCall:
        def tick() -> None:
            try:
                function()
            except Exception:
                # A LoopingCall whose function raises never calls it again.
                log.failure("A regular task failed")

        loop = LoopingCall(tick)
        loop.clock = self._reactor
        loop.start(seconds, now=False)
        self._loops.append(loop)
        return loop

    def _announce(self) -> None:
        settings = self._loaded.settings
        log.info(
            "chatnet {version}: {name} of the network {network}",
            version=version(),
            name=self._parts.node.network.me.name,
            network=settings.server.network,
        )
        for warning in self._loaded.warnings:
            log.warn("{warning}", warning=warning)
        for listen in settings.listen:
            log.info(
                "Listening on {endpoint} ({kind})",
                endpoint=listen.endpoint,
                kind=kind_of(listen),
            )
        for line in self._security.describe():
            log.info("{line}", line=line)
        for sentence in [*self._security.unpromised(), *self._exposed()]:
            log.warn("{sentence}", sentence=sentence)
        log.info("Data folder: {path}", path=str(self._folder.path.absolute()))
        if self._loaded.path is None and (place := plain_port(settings)):
            log.info("Try it: nc {place}, then type HELP", place=place)
        for address in addresses(settings):
            log.info("Chat in the browser: {address}", address=address)
        if self._begins_history:
            sentence = kept_from_now(settings)
            log.info("{sentence}", sentence=sentence)
            self._parts.news.post(sentence)
        self._look_at_certificates(anew=True)
        self._warn_of_expiry()

    def _make_factory(self, listen: ListenSettings) -> ClientFactory:
        parts = self._parts
        if listen.kind == "server":
            return self._linking.factory(listen, self._admit, self._release)
        options: dict[str, Any] = {
            "turn": parts.turn,
            "open_session": parts.sessions.open,
            "admit": self._admit_client,
            "release": self._release,
            "repeats": parts.repeats,
            "clock": self._reactor,
        }
        if listen.kind == "irc":
            return ClientFactory(listen, tls=self._security.protocol, **options)
        if listen.kind == "line":
            options["open_session"] = self._make_programs().lines.open
            return ClientFactory(listen, tls=self._security.protocol, **options)
        if listen.kind == "web":
            # Whom a ban of an address means is told by the session, in a way that the page understands.
            options["admit"] = self._admit
            factory: ClientFactory = self._make_web().factory(listen, options)
            return factory
        from chatnet.transports.websocket import WebSocketFactory  # an extra that not everybody has

        return WebSocketFactory(
            listen,
            settings=lambda: parts.node.settings.websocket,
            going_away=lambda: not self.running,
            is_ours=self._security.is_ours,
            tls=self._security.websocket,
            **options,
        )

    def _make_web(self) -> Any:
        """What web listeners have in common, and nobody else needs."""
        if self._web is None:
            from chatnet.wiring.web import Web

            self._web = Web(
                self._reactor,
                self._parts,
                self._security,
                self._loaded.base,
                self._folder.path,
                lambda: bool(self.running),
                self._entered,
                self._left,
                self._make_programs(),
                None if self._member is None else self._member.gather,
            )
        return self._web

    async def _figures(self, accept: str) -> str:
        """Those of this process, for whom another one is asked for all."""
        text: str = await self._make_web().figures(accept)
        return text

    def _make_programs(self) -> Any:
        """What programs are answered by, which not every server has."""
        if self._programs is None:
            from chatnet.wiring.programs import Programs

            self._programs = Programs(self._reactor, self._parts, self._store)
            if self.running:  # a reload has brought the first
                self._begin_programs()
        return self._programs

    def _begin_programs(self) -> None:
        """Have programs be told, and plugins begin, once all else works."""
        try:
            self._make_programs().start(self._every)
        except PluginError as error:
            log.critical("chatnet cannot start: {reason}.", reason=str(error))
            self.die(str(error))

    def _needs_programs(self) -> bool:
        """Whether there is anything for programs, beside listeners."""
        settings = self._parts.node.settings
        return bool(settings.inlet or settings.plugin or self._parts.node.network.registry.hooks.by_id)

    def _admit_client(self, address: str) -> str | None:
        """The same, for whom no ban of an address means: that is looked at before there is TLS."""
        sessions = self._parts.sessions
        ban = sessions.network_bans.address(address)
        if ban is None:
            return self._admit(address)
        sessions.tell_refused("Refused ", address, ": banned", reason="banned")
        words = told(ban, self._parts.node.settings)
        return f"Banned: {words}" if words else "Banned"

    def _admit(self, address: str) -> str | None:
        refusal = self._parts.admission.admit(address)
        if refusal is not None:
            self._parts.sessions.tell_refused("Refused ", address, f": {refusal}", reason="throttled")
            return refusal
        self._entered()
        return None

    def _release(self, address: str) -> None:
        self._parts.admission.release(address)
        self._left()

    def _room(self) -> int:
        """Descriptors that may be in use before clients are let in no more."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if limit == resource.RLIM_INFINITY:
            return sys.maxsize
        return max(limit - self._parts.node.settings.limits.spare_descriptors, limit // 2)

    def _full(self, text: str) -> None:
        """Somebody was not let in for want of descriptors: it is told once a minute."""
        self._parts.repeats.say("descriptors", "", text, self._tell_full)

    def _tell_full(self, text: str) -> None:
        text += ". A higher limit (ulimit -n, or LimitNOFILE of systemd) lets more in."
        log.warn("{text}", text=text)
        self._parts.node.notice("g", text)

    def _entered(self) -> None:
        self._connections += 1

    def _left(self) -> None:
        self._connections -= 1
        if not self._connections and self._emptied is not None:
            self._emptied.callback(None)
            self._emptied = None

    # on the way

    def _hangup(self) -> None:
        run(self._reload())

    async def _reload(self) -> None:
        """Read the configuration again for SIGHUP: operators are told what came of it, as the log is."""
        tell = partial(self._parts.node.notice, "g")
        problems = await self.rehash()
        for problem in problems:
            log.error("The old configuration stays: {problem}", problem=problem)
        for problem in problems[:_TOLD]:
            tell(f"The old configuration stays (SIGHUP): {problem}")
        if len(problems) > _TOLD:
            tell(f"The log has {len(problems) - _TOLD} further problem(s) of the configuration")
        if not problems:
            tell("The configuration was read again (SIGHUP)")

    @property
    def configuration(self) -> str:
        """The name of the configuration file, or ``*``."""
        path = self._loaded.path
        return "*" if path is None else path.name.replace(" ", "_")

    async def rehash(self) -> list[str]:
        """Read the configuration again, and use it whole, or not at all; returns what is wrong with it."""
        return await (self._rehash_here() if self._member is None else self._member.rehash())

    async def _rehash_here(self) -> list[str]:
        """The same, in this process alone."""
        return await self._reloads.do(self._rehash)

    async def _rehash(self) -> list[str]:
        old = self._parts.node.settings
        stores = self._security.stores
        try:
            if self._member is None:
                loaded = replace(load(self._path, os.environ), base=self._loaded.base)
            else:
                loaded = self._member.loaded
            motd = read_motd(loaded)
            cloak_key = self._folder.cloak_key(loaded.settings.cloak)
            new, notes = fixed(old, loaded.settings)
            self._security.prepare(new)
            await self._listeners.reconcile(new.listen)
            if new.inlet or old.inlet:
                problems = await self._make_programs().inlets.reconcile(new.inlet)
                if problems:
                    await self._listeners.reconcile(old.listen)
                    raise ListenError(problems)
        except (ConfigError, ListenError) as error:
            self._security.stores = stores
            return list(error.problems)
        except DataFolderError as error:
            return [str(error)]
        self._loaded = loaded
        for note in [*loaded.warnings, *notes]:
            log.warn("{note}", note=note)
            self._parts.node.notice("g", note, common=True)
        self._output.change(new.log, loaded.base)
        if (new.cloak, new.limits.host) != (old.cloak, old.limits.host):
            self._parts.sessions.cloaks = Cloaks(cloak_key, new.cloak.suffix, new.limits.host)
        self._parts.node.change_settings(new)
        self._parts.sessions.motd = motd
        if new.tls.reload_interval != old.tls.reload_interval and self._certificate_clock is not None:
            self._certificate_clock.stop()
            self._loops.remove(self._certificate_clock)
            self._certificate_clock = self._every(new.tls.reload_interval, self._look_at_certificates)
        self._look_at_certificates(anew=True)
        for sentence in [*self._security.unpromised(), *self._exposed()]:
            log.warn("{sentence}", sentence=sentence)
            self._parts.node.notice("g", sentence, common=True)
        log.info("The configuration was read again")
        return []

    def _exposed(self) -> list[str]:
        """A sentence for each secret key that others may read or change."""
        return [*self._folder.exposed(self._parts.node.settings.cloak), *self._security.exposed()]

    def _look_at_certificates(self, *, anew: bool = False) -> None:
        problems, news = self._security.refresh(anew=anew)
        for problem in problems:
            log.warn("{problem}", problem=problem)
            self._parts.node.notice("g", f"Certificate: {problem}", common=True)
        for sentence in news:
            log.info("{sentence}", sentence=sentence)
            self._parts.node.notice("g", f"Certificate: {sentence}", common=True)

    def _warn_of_expiry(self) -> None:
        for sentence in self._security.expiring(datetime.now(UTC)):
            log.warn("{sentence}", sentence=sentence)
            self._parts.node.notice("g", sentence, common=True)

    # the end

    def die(self, reason: str) -> None:
        """End the server after telling everybody `reason`."""
        if self._member is None:
            self.end(reason, reason)
        else:
            self._member.die(reason)

    def restart(self, reason: str) -> None:
        """End the server and start it anew with the same arguments."""
        if self._member is None:
            self._restart = not self._ending or self._restart
            self.end(reason, reason)
        else:
            self._member.die(reason, restart=True)

    def end(self, reason: str, why: str) -> None:
        """End this process after telling everybody `reason`; the log is told `why`."""
        if not self._ending:
            self._ending = True
            self._goodbye, self._why = reason, why
            self._reactor.callLater(0, stop, self._reactor)

    def _name_signals(self) -> None:
        """Have the log tell which signal ended the process; what it does is the reactor's business."""
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)
            if callable(before):
                signal.signal(number, partial(self._signalled, before))

    def _signalled(self, before: Callable[[int, Any], Any], number: int, frame: Any) -> None:
        self._why = self._why or signal.Signals(number).name
        before(number, frame)

    async def _stop(self) -> None:
        what = "Restarting" if self._restart else "Stopping"
        log.info("{what}: {why}", what=what, why=self._why or "the reactor was told to")
        # A manager that reads that we stop would wait for our end, and not for the new process.
        notify(reloading() if self._restart else STOPPING)
        await self._linking.drain()
        await self._listeners.close()
        if self._web is not None:
            self._web.close()
        if self._programs is not None:
            for closing in self._programs.close(self._goodbye):
                await closing
        self._linking.close(self._goodbye)
        self._parts.sessions.close_all(self._goodbye)
        self._parts.turn.flush()
        if self._connections:
            self._emptied = Deferred()
            self._emptied.addTimeout(GOODBYE, self._reactor, onTimeoutCancel=lambda result, timeout: None)
            await self._emptied
            self._emptied = None
        if self._store is not None:
            if self._parts.chanserv is not None:
                await self._parts.chanserv.keeping.write()
            await self._store.close()
        if self._messages is not None and self._parts.recorder is not None:
            if self._parts.marks is not None:
                self._parts.marks.write()
            self._parts.recorder.flush()
            await self._messages.close()
        if self._people is not None:
            await self._people.close()
        self._folder.close()
        if self._member is not None:
            self._member.close()
        log.info(
            "The end" if not self._connections else "The end; {left} did not close", left=self._connections
        )
        if self._restart:
            self._reactor.addSystemEventTrigger("after", "shutdown", again, self._started_in)

    def stopService(self) -> Deferred[None]:
        super().stopService()  # type: ignore[no-untyped-call]  # as above
        for loop in self._loops:
            if loop.running:
                loop.stop()
        self._output.gather(None)
        return Deferred.fromCoroutine(self._stop())
