"""The process that starts the others, with others that a test plays: no process, no waiting."""

from __future__ import annotations

import io
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from daemon_process import free_port
from pump import able
from twisted.internet import reactor as real
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.interfaces import IReactorCore
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import alsoProvides

from chatnet.settings.logs import LogSettings
from chatnet.wiring.config import load
from chatnet.wiring.datafolder import DataFolder, locate
from chatnet.wiring.logs import LogOutput
from chatnet.wiring.processes.channel import Channel, Reading, pieces_of
from chatnet.wiring.processes.supervisor import CHANNEL, Supervisor, Worker, command_of


class Played:
    """A process as it was started, of which a test says what it says, and when it ends."""

    def __init__(self, worker: Worker, descriptor: int) -> None:
        self.worker = worker
        self.socket = socket.socket(fileno=os.dup(descriptor))
        self.socket.setblocking(False)
        self._reading = Reading(self.socket)
        self.ports: dict[str, tuple[int, ...]] = {}

    def heard(self) -> list[dict[str, Any]]:
        """What it was told since; ports are noted by where they are."""
        found: list[dict[str, Any]] = []
        while True:
            try:
                told = self._reading.next()
            except BlockingIOError:
                return found
            if told is None:
                return found
            message, descriptors = told
            if message["do"] in ("port", "stand in"):
                with socket.socket(fileno=descriptors[0]) as listening:
                    self.ports[message["endpoint"]] = (os.fstat(listening.fileno()).st_ino,)
            else:
                for descriptor in descriptors:
                    os.close(descriptor)
            found.append(dict(message))

    def say(self, **message: Any) -> None:
        for piece in pieces_of(message):
            self.socket.send(piece)

    def end(self, by: int | None = None) -> None:
        """It ends, or is killed."""
        self.socket.close()
        error = ProcessDone(0) if by is None else ProcessTerminated(None, by)
        self.worker.processEnded(Failure(error))


class Stage(Clock):
    """A reactor whose processes are played; its time is set."""

    def __init__(self) -> None:
        super().__init__()
        alsoProvides(self, IReactorCore)
        self.played: list[Played] = []
        self.readers: list[Any] = []
        self.stopped = 0
        self.triggers: list[Any] = []
        self.listenTCP = real.listenTCP

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers = [each for each in self.readers if each is not reader]

    def addWriter(self, writer: Any) -> None:
        raise AssertionError("what is said is said at once")

    def removeWriter(self, writer: Any) -> None:
        pass

    def stop(self) -> None:
        self.stopped += 1

    def addSystemEventTrigger(self, *trigger: Any) -> None:
        self.triggers.append(trigger)

    def spawnProcess(self, worker: Worker, *command: Any, childFDs: dict[int, int]) -> Any:
        self.played.append(Played(worker, childFDs[CHANNEL]))
        return SimpleNamespace(pid=900_000_000 + len(self.played))

    def turn(self) -> None:
        """Hear what the others said."""
        for reader in list(self.readers):
            while able([reader])[0] and reader in self.readers:
                reader.doRead()


class Scene:
    """A supervisor of three."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "chatnet.toml"
        self.endpoint = f"tcp:{free_port()}:interface=127.0.0.1"
        self.write()
        self.stage = Stage()
        loaded = load(str(self.file), {})
        self.folder = DataFolder(locate(loaded))
        output = LogOutput(loaded.settings.log, loaded.base, stream=io.StringIO())
        self.supervisor = Supervisor(self.stage, loaded, self.folder, output, ["python"])
        self.supervisor.privilegedStartService()
        self.supervisor.startService()
        self.stage.advance(0)

    def write(self, more: str = "", nick: int = 30) -> None:
        self.file.write_text(
            '[server]\nname = "irc.test"\nprocesses = 3\n'
            f'[[listen]]\nendpoint = "{self.endpoint}"\n{more}[limits]\nnick = {nick}\n'
        )

    @property
    def played(self) -> list[Played]:
        return self.stage.played

    def ready(self, *played: Played) -> None:
        for each in played:
            each.say(**{"is": "ready"})
        self.stage.turn()

    def up(self) -> list[Played]:
        """All three, ready."""
        self.ready(*self.played)
        for each in self.played:
            each.heard()
        return list(self.played)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    before = signal.getsignal(signal.SIGHUP)
    scene = Scene(tmp_path)
    yield scene
    signal.signal(signal.SIGHUP, before)
    for reader in list(scene.stage.readers):
        reader.close()
    for played in scene.played:
        played.socket.close()
    scene.folder.close()
    scene.supervisor._listeners._begin_close(scene.supervisor._listeners.open)


def test_each_is_told_its_port_its_number_and_the_configuration(scene: Scene) -> None:
    told = [each.heard() for each in scene.played]
    assert [[message["do"] for message in each] for each in told] == [["port", "start"]] * 3
    assert [each[-1]["number"] for each in told] == [1, 2, 3]
    assert len({each[-1]["secret"] for each in told}) == 1
    # One port, a socket for each.
    assert len({each.ports[scene.endpoint] for each in scene.played}) == 3


def test_one_that_dies_is_started_again_ever_later_and_another_stands_in(scene: Scene) -> None:
    first, second, third = scene.up()
    second.say(**{"is": "counted", "of": [["192.0.2.1", 1], ["192.0.2.1", 1], ["192.0.2.2", 1]]})
    scene.stage.turn()
    counted = {"do": "count", "for": 2, "lately": True}
    assert (
        first.heard()
        == third.heard()
        == [counted | {"of": [["192.0.2.1", 1], ["192.0.2.1", 1], ["192.0.2.2", 1]]}]
    )
    own = second.ports[scene.endpoint]
    second.end(signal.SIGKILL)
    text = "Process 2 (irc-2.test) has ended (SIGKILL), and is started again in 0.5 s"
    tell, forget = {"do": "tell", "text": text}, {"do": "forget", "for": 2}
    assert third.heard() == [tell, forget]
    assert first.heard() == [tell, forget, {"do": "stand in", "for": 2, "endpoint": scene.endpoint}]
    assert first.ports[scene.endpoint] == own
    scene.stage.advance(0.4)
    assert len(scene.played) == 3
    scene.stage.advance(0.2)
    again = scene.played[3]
    assert again.worker.number == 2
    # It dies before it is ready, and has to wait for twice as long.
    again.end(signal.SIGKILL)
    assert first.heard()[0]["text"].endswith("started again in 1 s")
    scene.stage.advance(1)
    # The one that stands in dies as well: the third does so.
    first.end()
    assert {"do": "stand in", "for": 2, "endpoint": scene.endpoint} in third.heard()
    third.say(**{"is": "counted", "of": [["192.0.2.3", 1]]})
    scene.stage.turn()
    third.heard()
    scene.ready(scene.played[4])
    assert third.heard()[0] == {"do": "stand down", "for": 2}
    assert {"do": "count", "for": 3, "of": [["192.0.2.3", 1]], "lately": False} in scene.played[4].heard()
    # One that has lived for long is started again as if it were the first time.
    scene.stage.advance(100)
    third.end(signal.SIGSEGV)
    assert scene.played[4].heard()[-3]["text"].endswith("(SIGSEGV), and is started again in 0.5 s")


def test_who_comes_to_all_processes_at_once_is_as_many_as_one_lets_in(scene: Scene) -> None:
    scene.write("[flood]\nconnections_per_address = 3\n")
    played = scene.up()
    scene.supervisor._loaded = load(str(scene.file), {})
    # Each has let in as many as there may be, before it heard of the others.
    for each in played:
        each.say(**{"is": "counted", "of": [["198.51.100.1", 1]] * 3})
    scene.stage.turn()
    dismissed = [[told for told in each.heard() if told["do"] == "dismiss"] for each in played]
    why = "Too many connections from your address"
    one_too_many = {"do": "dismiss", "address": "198.51.100.1", "why": why}
    assert sum(map(len, dismissed)) == 6
    assert all(told == one_too_many for each in dismissed for told in each)
    # They are sent away, and one of those who stay goes: there is room for one.
    for each, told in zip(played, dismissed, strict=True):
        each.say(**{"is": "counted", "of": [["198.51.100.1", -1]] * len(told)})
    scene.stage.turn()
    (staying,) = [each for each, told in zip(played, dismissed, strict=True) if not told]
    staying.say(**{"is": "counted", "of": [["198.51.100.1", -1], ["198.51.100.1", 1], ["198.51.100.1", 1]]})
    scene.stage.turn()
    assert staying.heard()[-1] == one_too_many
    # So there is when their process has died.
    staying.end(signal.SIGKILL)
    (other, *_) = [each for each in played if each is not staying]
    other.heard()
    other.say(**{"is": "counted", "of": [["198.51.100.1", 1]] * 4})
    scene.stage.turn()
    assert [told for told in other.heard() if told["do"] == "dismiss"] == [one_too_many]


def test_what_somebody_has_done_in_one_process_the_others_hear(scene: Scene) -> None:
    first, second, third = scene.up()
    spent = [["failures of an address", "192.0.2.1", 1], ["accounts", "", -1]]
    second.say(**{"is": "spent", "of": spent})
    scene.stage.turn()
    assert first.heard() == third.heard() == [{"do": "spend", "of": spent}]
    assert second.heard() == []
    # What its operators were told, too.
    told = [["c", "Client connecting: ann", None, 7.5]]
    second.say(**{"is": "noticed", "of": told})
    scene.stage.turn()
    assert first.heard() == third.heard() == [{"do": "note", "for": 2, "of": told}]
    assert second.heard() == []


def test_a_start_fails_when_one_of_them_cannot_start(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[Any] = []
    monkeypatch.setattr("atexit.register", lambda *call: ends.append(call))
    scene.ready(scene.played[0])
    scene.played[1].end(signal.SIGTERM)
    scene.stage.advance(0)
    assert scene.stage.stopped == 1
    assert ends == [(os._exit, 1)]


def test_a_reload_is_for_all_or_for_none(scene: Scene) -> None:
    first, second, third = scene.up()

    def ask() -> None:
        third.say(**{"is": "rehash"})
        scene.stage.turn()

    def said(played: Played, problems: list[str]) -> list[str]:
        found = [each["do"] for each in played.heard()]
        played.say(**{"is": "reloaded", "problems": problems})
        scene.stage.turn()
        return found

    another = f"tcp:{free_port()}:interface=127.0.0.1"
    scene.write(f'[[listen]]\nendpoint = "{another}"\n', nick=20)
    ask()
    assert third.heard() == []
    assert said(first, []) == ["port", "port", "reload"]
    assert said(second, []) == ["port", "port", "reload"]
    assert said(third, []) == ["port", "port", "reload"]
    assert third.heard() == [{"do": "rehashed", "problems": []}]
    assert {another, scene.endpoint} == set(second.ports)
    # What is wrong in the file nobody hears of but who asked.
    scene.write(nick=0)
    ask()
    (answer,) = third.heard()
    assert len(answer["problems"]) == 1 and "limits.nick" in answer["problems"][0]
    assert first.heard() == second.heard() == []
    # What the first cannot have, the others do not hear of.
    scene.write(nick=9)
    ask()
    said(first, ["the motd is gone"])
    assert third.heard() == [{"do": "rehashed", "problems": ["the motd is gone"]}]
    assert second.heard() == []
    assert scene.supervisor._loaded.settings.limits.nick == 20
    assert [each.settings.endpoint for each in scene.supervisor._listeners.open] == [scene.endpoint, another]
    # The number of processes waits for a restart, and so the warning is the first's to tell.
    scene.file.write_text(scene.file.read_text().replace("processes = 3", "processes = 2"))
    ask()
    said(first, [])
    assert scene.supervisor._loaded.settings.server.processes == 3
    assert "server.processes changes at the next restart only" in scene.supervisor._loaded.warnings


def test_the_first_is_the_last_to_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = scene.up()
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append((pid, number)))
    second.say(**{"is": "die", "reason": "Back in an hour"})
    scene.stage.turn()
    scene.stage.advance(0)
    assert scene.stage.stopped == 1
    over: list[Any] = []
    scene.supervisor.stopService().addCallback(over.append)
    stop = {"do": "stop", "reason": "Back in an hour", "why": "Back in an hour"}
    assert (first.heard(), second.heard(), third.heard()) == ([], [stop], [stop])
    second.end()
    # One does not, and is killed.
    scene.stage.advance(scene.supervisor._loaded.settings.server.process_stop)
    assert killed == [(third.worker.pid, signal.SIGKILL)]
    third.end(signal.SIGKILL)
    assert first.heard() == [stop]
    assert len(scene.played) == 3 and not over
    first.end()
    real.runUntilCurrent()  # type: ignore[attr-defined]  # the port closes
    assert over == [None]
    assert not scene.stage.triggers
    assert (scene.folder.path / "lock").read_text() == ""


def test_figures_are_asked_of_all_and_who_ends_is_not_waited_for(scene: Scene) -> None:
    first, second, third = scene.up()
    second.say(**{"is": "gather", "accept": "text/plain"})
    scene.stage.turn()
    (asked,) = first.heard()
    assert asked == third.heard()[0] == {"do": "figures", "accept": "text/plain", "id": asked["id"]}
    second.heard()
    for played in (first, second):
        played.say(**{"is": "figures", "id": asked["id"], "text": f"up {played.worker.number}\n"})
    scene.stage.turn()
    assert second.heard() == []
    third.end()
    assert {"do": "gathered", "texts": {"1": "up 1\n", "2": "up 2\n"}} in second.heard()
    # Who does not answer is waited for no longer than some seconds.
    first.say(**{"is": "gather", "accept": ""})
    scene.stage.turn()
    first.heard()
    scene.stage.advance(5)
    assert {"do": "gathered", "texts": {}} in first.heard()


def test_the_command_line_says_what_that_of_the_first_process_said_of_the_log(scene: Scene) -> None:
    log = scene.file.with_name("chat.log")
    output = LogOutput(LogSettings(), scene.file.parent, stream=io.StringIO(), path=log)
    options = {"syslog": None, "logger": "a.b", "reactor": None, "prefix": "twisted"}
    command = command_of(options, scene.supervisor._loaded, output)
    assert command[3:] == [
        "--nodaemon", "--pidfile=", "--logger", "a.b", "--logfile", str(log),
        "chatnet", "--config", str(scene.file),
    ]  # fmt: skip
    assert isinstance(scene.stage.readers[0], Channel)
