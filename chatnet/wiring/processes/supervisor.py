"""The process that was started, of a server of several: it has the ports and the others, and no people."""

from __future__ import annotations

import atexit
import gc
import itertools
import os
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatnet.rules.admission import Admission
from chatnet.settings.processes import process_names
from chatnet.wiring.config import ConfigError, Loaded, load, os_reason, read_motd
from chatnet.wiring.datafolder import DataFolder, DataFolderError
from chatnet.wiring.listeners import ListenError, Listeners
from chatnet.wiring.logs import LogOutput
from chatnet.wiring.notify import READY, STOPPING, notify, reloading
from chatnet.wiring.processes.channel import Channel, Message, pair
from chatnet.wiring.processes.derived import SOCKETS, obstacles
from chatnet.wiring.processes.gathering import Gathering
from chatnet.wiring.processes.member import packed
from chatnet.wiring.processes.ports import Ports, Reserved
from chatnet.wiring.reload import Reloads, fixed
from chatnet.wiring.security import Security
from chatnet.wiring.system import again, allow_descriptors, stop

log = Logger(namespace="chatnet")

CHANNEL: Final = 3
"""The descriptor by which a process hears of the one that started it."""
LONG: Final = 60.0
"""Seconds for which a process has lived that is started again as if it had never died."""
_NOT_FOR_OTHERS: Final = ("NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_USEC")
"""Variables by which a service manager speaks to one process."""


class Worker(ProcessProtocol):
    """A process that was started; `over` fires when it has ended."""

    def __init__(self, number: int, name: str, since: float) -> None:
        self.number = number
        self.name = name
        self.since = since
        self.ready = False
        self.pid = 0
        self.over: Deferred[Worker] = Deferred()
        self.answer: Deferred[list[str]] | None = None
        """Of what it is asked to reload."""
        self.how = ""
        """Of what it has ended, or why it could not start."""
        self.counted: Counter[str] = Counter()
        """Its connections, by their addresses."""
        self.surplus: Counter[str] = Counter()
        """Those of them that are to end, since there are too many of all processes."""
        self._channel: Channel | None = None

    def attach(self, channel: Channel) -> None:
        """This is how it is told what there is."""
        self._channel = channel

    def say(self, message: Message, *descriptors: int) -> None:
        """Tell it something, as long as it lives."""
        if self._channel is not None:
            self._channel.say(message, *descriptors)

    def reload(self, loaded: Loaded) -> Deferred[list[str]]:
        """Have it go by a configuration; fires with what is wrong with that."""
        self.answer = Deferred()
        self.say({"do": "reload", "loaded": packed(loaded)})
        return self.answer

    def answered(self, problems: list[str]) -> None:
        """So it has."""
        answer, self.answer = self.answer, None
        if answer is not None:
            answer.callback(problems)

    def processEnded(self, reason: Failure) -> None:
        status: Any = reason.value
        if self._channel is not None and self._channel.fileno() >= 0:
            self._channel.doRead()  # its last words
        if status.signal is not None:
            self.how = signal.Signals(status.signal).name
        else:
            self.how = self.how or f"exit status {status.exitCode}"
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        self.answered([])
        self.over.callback(self)


class Supervisor(Service):
    """Starts the processes of a server, and each again that dies.

    `command` starts one; the data folder is held, and the ports are open, as long as any of them lives.
    """

    def __init__(
        self, reactor: Any, loaded: Loaded, folder: DataFolder, output: LogOutput, command: Sequence[str]
    ) -> None:
        self._reactor = reactor
        self._loaded = loaded
        self._path = None if loaded.path is None else str(loaded.path.absolute())
        self._started_in = os.getcwd()
        self._folder = folder
        self._output = output
        self._command = list(command)
        self._began = time.monotonic()
        self._secret = secrets.token_urlsafe(32)
        self._count = loaded.settings.server.processes
        self._names = process_names(loaded.settings.server.name, self._count)
        self._ports = Ports(self._count)
        # Each process judges by what it has heard, and lets in too many who come to all at once: it is told.
        self._admission = Admission(lambda: self._loaded.settings, reactor.seconds, lambda: 1.0)
        self._listeners = Listeners(reactor, Reserved)
        self._listeners.sockets = self._ports
        self._security = Security(reactor, folder.path, loaded.base, lambda: self._loaded.settings)
        self._workers: dict[int, Worker] = {}
        self._failures: dict[int, int] = {}
        self._stand_ins: dict[int, Worker] = {}
        self._later: list[Any] = []
        self._numbers = itertools.count()
        self._gatherings: dict[int, Gathering] = {}
        self._up = False  # all were ready once
        self._ending = False
        self._restart = False
        self._reloads = Reloads()
        self._goodbye = "The server is shutting down"
        self._why = ""

    # start

    def privilegedStartService(self) -> None:
        signal.signal(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self._hangup))
        allow_descriptors()
        problems = obstacles(self._loaded.settings, self._folder.path)

        def refused(failure: Failure) -> None:
            failure.trap(ListenError)
            error: Any = failure.value
            problems.extend(error.problems)

        opening = self._listeners.reconcile(self._loaded.settings.listen)
        Deferred.fromCoroutine(opening).addErrback(refused)
        try:
            (self._folder.path / SOCKETS).mkdir(mode=0o700, exist_ok=True)
            # What all have in common is made by nobody else.
            self._folder.cloak_key(self._loaded.settings.cloak)
            self._security.prepare(self._loaded.settings)
        except OSError as error:
            problems.append(f"{self._folder.path / SOCKETS} cannot be used: {os_reason(error)}")
        except DataFolderError as error:
            problems.append(str(error))
        except ConfigError as error:
            problems.extend(error.problems)
        if problems:
            self._reactor.runUntilCurrent()
            sentence = "chatnet cannot start: " + "; ".join(problems) + "."
            log.critical("{sentence}", sentence=sentence)
            if self._output.in_file and sys.__stderr__ is not None:
                print(sentence, file=sys.__stderr__)  # twistd has put the log in the place of the other one
            raise SystemExit(1)

    def startService(self) -> None:
        super().startService()  # type: ignore[no-untyped-call]  # Twisted's services are not typed
        gc.enable()
        try:
            self._folder.sign()
        except OSError as error:
            log.warn("The data folder cannot be written to: {reason}", reason=os_reason(error))
        log.info("This server is {count} processes", count=self._count)
        self._reactor.callLater(0, self._name_signals)
        sweeping = LoopingCall(self._admission.sweep)
        sweeping.clock = self._reactor
        sweeping.start(60.0, now=False)
        settings = self._loaded.settings
        # Of those that have one database the first makes it.
        at_once = 1 if settings.storage.url or settings.messages_url else self._count
        for number in range(1, at_once + 1):
            self._reactor.callLater(0, self._start, number)

    def _start(self, number: int) -> None:
        """Start a process, with all it needs of this one."""
        if self._ending:
            return
        worker = Worker(number, self._names[number - 1], self._reactor.seconds())
        self._workers[number] = worker
        ours, theirs = pair()
        environment = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_OTHERS}
        with theirs:
            transport = self._reactor.spawnProcess(
                worker,
                self._command[0],
                [*self._command, "--process", str(CHANNEL)],
                environment,
                self._started_in,
                childFDs={0: 0, 1: 1, 2: 2, CHANNEL: theirs.fileno()},
            )
        worker.pid = transport.pid
        worker.over.addCallback(self._ended)
        worker.attach(Channel(self._reactor, ours, partial(self._heard, worker), lambda: None))
        self._hand_ports(worker)
        start = {"do": "start", "number": number, "secret": self._secret, "loaded": packed(self._loaded)}
        worker.say(start | {"began": self._began}, self._folder.lock)

    def _hand_ports(self, worker: Worker) -> None:
        for endpoint, listening in self._ports.of(worker.number):
            worker.say({"do": "port", "endpoint": endpoint}, listening.fileno())

    def _ready(self, worker: Worker) -> None:
        worker.ready = True
        for each in self._workers.values():
            if each is not worker and each.counted:
                counts = list(each.counted.items())
                worker.say({"do": "count", "for": each.number, "of": counts, "lately": False})
        if (other := self._stand_ins.pop(worker.number, None)) is not None:
            other.say({"do": "stand down", "for": worker.number})
        if self._up:
            self._tell(f"Process {worker.number} ({worker.name}) runs again, as {worker.pid}")
            here = {each.number for each in self._living()}
            for number in range(1, self._count + 1):
                if number not in here and number not in self._stand_ins:
                    self._have_stood_in(number)
        else:
            for number in range(1, self._count + 1):
                if number not in self._workers:
                    self._start(number)
        if not self._up and len(self._living()) == self._count:
            self._up = True
            pids = ", ".join(str(worker.pid) for worker in self._living())
            log.info("All {count} processes run: {pids}", count=self._count, pids=pids)
            notify(READY)

    def _living(self) -> list[Worker]:
        """Those that are ready, in their order."""
        return [worker for _, worker in sorted(self._workers.items()) if worker.ready]

    # what becomes of them

    def _ended(self, worker: Worker) -> Worker:
        number = worker.number
        if self._workers.get(number) is worker:
            del self._workers[number]
        for address, count in (worker.counted - worker.surplus).items():
            for _ in range(count):
                self._admission.release(address)
        for gathering in list(self._gatherings.values()):
            gathering.leave(number)
        for absent, other in list(self._stand_ins.items()):
            if other is worker:
                del self._stand_ins[absent]
                self._have_stood_in(absent)
        if self._ending:
            return worker
        if not self._up:
            text = f"chatnet cannot start: process {number} ({worker.name}) has ended ({worker.how})."
            log.critical("{text}", text=text)
            if self._output.in_file and sys.__stderr__ is not None:
                print(text, file=sys.__stderr__)
            atexit.register(os._exit, 1)
            self.die(f"process {number} cannot start")
            return worker
        settings = self._loaded.settings.server
        lived = self._reactor.seconds() - worker.since
        failures = self._failures[number] = 0 if lived >= LONG else self._failures.get(number, -1) + 1
        delay = min(settings.process_retry * 2 ** min(failures, 32), settings.process_retry_max)
        self._tell(
            f"Process {number} ({worker.name}) has ended ({worker.how}), and is started again in {delay:g} s"
        )
        self._tell_others(worker, {"do": "forget", "for": number})
        self._have_stood_in(number)
        self._later = [call for call in self._later if call.active()]
        self._later.append(self._reactor.callLater(delay, self._start, number))
        return worker

    def _have_stood_in(self, number: int) -> None:
        """Have another process let those in who come to the sockets of one that is away."""
        if (other := next(iter(self._living()), None)) is None:
            return
        self._stand_ins[number] = other
        for endpoint, listening in self._ports.alone(number):
            message = {"do": "stand in", "for": number, "endpoint": endpoint}
            other.say(message, listening.fileno())

    def _tell_others(self, worker: Worker, message: Message) -> None:
        for other in self._living():
            if other is not worker:
                other.say(message)

    def _tell(self, text: str) -> None:
        """Tell the log, and the operators of all processes."""
        log.warn("{text}", text=text)
        for worker in self._living():
            worker.say({"do": "tell", "text": text})

    def _heard(self, worker: Worker, message: Message, descriptors: Sequence[int]) -> None:
        match message["is"]:
            case "ready":
                self._ready(worker)
            case "failed":
                worker.how = " ".join(str(message["why"]).split())
            case "reloaded":
                worker.answered(list(message["problems"]))
            case "gather":
                self._gather(worker, str(message["accept"]))
            case "figures":
                if (gathering := self._gatherings.get(int(message["id"]))) is not None:
                    gathering.answer(worker.number, str(message["text"]))
            case "counted":
                for address, step in message["of"]:
                    self._count_one(worker, address, step)
                self._tell_others(
                    worker, {"do": "count", "for": worker.number, "of": message["of"], "lately": True}
                )
            case "spent":
                self._tell_others(worker, {"do": "spend", "of": message["of"]})
            case "noticed":
                self._tell_others(worker, {"do": "note", "for": worker.number, "of": message["of"]})
            case "rehash":
                _log(Deferred.fromCoroutine(self._rehash_for(worker)))
            case "die":
                self.die(str(message["reason"]))
            case "restart":
                self._restart = not self._ending or self._restart
                self.die(str(message["reason"]))

    def _count_one(self, worker: Worker, address: str, step: int) -> None:
        """A connection came to a process (1), or is gone (-1)."""
        worker.counted[address] += step
        if not worker.counted[address]:
            del worker.counted[address]
        if step > 0:
            if (why := self._admission.admit(address)) is not None:
                worker.surplus[address] += 1
                worker.say({"do": "dismiss", "address": address, "why": why})
        elif worker.surplus[address]:
            worker.surplus[address] -= 1
        else:
            del worker.surplus[address]
            self._admission.release(address)

    # on the way

    def _gather(self, asker: Worker, accept: str) -> None:
        """Ask all for their figures, on behalf of one."""
        number = next(self._numbers)

        def done(texts: dict[int, str]) -> None:
            self._gatherings.pop(number, None)
            asker.say({"do": "gathered", "texts": texts})

        asked = self._living()
        self._gatherings[number] = Gathering(self._reactor, (each.number for each in asked), done)
        for each in asked:
            each.say({"do": "figures", "accept": accept, "id": number})

    def _hangup(self) -> None:
        _log(Deferred.fromCoroutine(self._reload()))

    async def _reload(self) -> None:
        problems = await self.rehash()
        for problem in problems:
            self._tell(f"The old configuration stays (SIGHUP): {problem}")
        if not problems:
            for worker in self._living():
                worker.say({"do": "tell", "text": "The configuration was read again (SIGHUP)"})

    async def _rehash_for(self, worker: Worker) -> None:
        problems: list[str] = ["it could not be read, and the log says why"]
        try:
            problems = await self.rehash()
        finally:
            worker.say({"do": "rehashed", "problems": problems})

    async def rehash(self) -> list[str]:
        """Read the configuration again, for all, or not at all; returns what is wrong with it."""
        return await self._reloads.do(self._rehash)

    async def _rehash(self) -> list[str]:
        before = self._loaded
        try:
            loaded = replace(load(self._path, os.environ), base=before.base)
            read_motd(loaded)
            settings, notes = fixed(before.settings, loaded.settings)
            self._folder.cloak_key(settings.cloak)
            self._security.prepare(settings)
            # What is closed is closed at the end: it cannot be opened again as long as a process has it.
            leaving = self._listeners.beside(settings.listen)
            await self._listeners.reconcile((*settings.listen, *leaving))
        except (ConfigError, ListenError, DataFolderError) as error:
            return list(getattr(error, "problems", [str(error)]))
        self._loaded = replace(loaded, settings=settings, warnings=(*loaded.warnings, *notes))
        workers = list(self._workers.values())
        first, others = workers[:1], workers[1:]
        for some in (first, others):
            if problems := await self._reload_some(some):
                if some is first:  # the others have heard of nothing
                    self._loaded = before
                    await self._listeners.reconcile(before.settings.listen)
                return problems
        await self._listeners.reconcile(settings.listen)
        self._output.change(settings.log, loaded.base)
        return []

    async def _reload_some(self, workers: Sequence[Worker]) -> list[str]:
        """Have some go by the configuration; what they say to it, the same once."""
        asked = []
        for worker in workers:
            self._hand_ports(worker)
            asked.append(worker.reload(self._loaded))
        found: dict[str, None] = {}
        for answer in asked:
            found |= dict.fromkeys(await answer)
        return list(found)

    # the end

    def die(self, reason: str) -> None:
        """End all processes after telling everybody `reason`."""
        if not self._ending:
            self._goodbye = self._why = reason
            self._reactor.callLater(0, stop, self._reactor)

    def _name_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)
            if callable(before):
                signal.signal(number, partial(self._signalled, before))

    def _signalled(self, before: Any, number: int, frame: Any) -> None:
        self._why = self._why or signal.Signals(number).name
        before(number, frame)

    async def _stop(self) -> None:
        what = "Restarting" if self._restart else "Stopping"
        log.info("{what}: {why}", what=what, why=self._why or "the reactor was told to")
        notify(reloading() if self._restart else STOPPING)
        self._ending = True
        for call in self._later:
            if call.active():
                call.cancel()
        # The first is the last: it hears what the others say at their end, and has the people who stay.
        await self._stop_some([worker for number, worker in self._workers.items() if number > 1])
        await self._stop_some(list(self._workers.values()))
        await self._listeners.close()
        self._folder.close()
        log.info("The end of all processes")
        if self._restart:
            self._reactor.addSystemEventTrigger("after", "shutdown", again, self._started_in)

    async def _stop_some(self, workers: Sequence[Worker]) -> None:
        if not workers:
            return
        for worker in workers:
            if worker.ready:
                worker.say({"do": "stop", "reason": self._goodbye, "why": self._why or "the server stops"})
            else:  # it may not listen for long
                os.kill(worker.pid, signal.SIGTERM)
        late = self._reactor.callLater(self._loaded.settings.server.process_stop, self._kill, workers)
        await DeferredList([_when_over(worker) for worker in workers])
        if late.active():
            late.cancel()

    def _kill(self, workers: Sequence[Worker]) -> None:
        for worker in workers:
            if self._workers.get(worker.number) is worker:
                log.warn("Process {number} does not stop, and is killed", number=worker.number)
                os.kill(worker.pid, signal.SIGKILL)

    def stopService(self) -> Deferred[None]:
        super().stopService()  # type: ignore[no-untyped-call]  # as above
        return Deferred.fromCoroutine(self._stop())


def _when_over(worker: Worker) -> Deferred[Worker]:
    over: Deferred[Worker] = Deferred()

    def tell(result: Worker) -> Worker:
        over.callback(result)
        return result

    worker.over.addCallback(tell)
    return over


def _log(doing: Deferred[Any]) -> None:
    doing.addErrback(lambda failure: log.failure("A task failed", failure))


def command_of(twistd: Mapping[str, Any] | None, loaded: Loaded, output: LogOutput) -> list[str]:
    """What starts a process of this server, with what the command line of this one says of the log."""
    options = {} if twistd is None else twistd
    command = [
        sys.executable,
        "-c",
        "from twisted.scripts.twistd import run; run()",
        "--nodaemon",
        "--pidfile=",
    ]
    if options.get("syslog"):
        command += ["--syslog", "--prefix", str(options.get("prefix") or "twisted")]
    if options.get("logger"):
        command += ["--logger", str(options["logger"])]
    if (reactor := options.get("reactor")) is not None:
        command += ["--reactor", str(reactor)]
    if output.named is not None:
        command += ["--logfile", str(output.named)]
    command.append("chatnet")
    if loaded.path is not None:
        command += ["--config", str(loaded.path.absolute())]
    return command
