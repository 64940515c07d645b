"""What the processes of a server go by, tell each other, and have of its ports; people on all of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mesh import block
from pump import able
from pydantic import ValidationError
from several import Processes
from twisted.internet.protocol import ServerFactory

from chatnet.settings import ListenSettings, Settings
from chatnet.settings.processes import Process, process_names, process_sids
from chatnet.transports.handed import Handed
from chatnet.wiring.config import Loaded
from chatnet.wiring.datafolder import DataFolder, DataFolderError, is_held
from chatnet.wiring.listeners import Entrance
from chatnet.wiring.processes.channel import PIECE, Channel, pair
from chatnet.wiring.processes.derived import derived, folder_of, loaded_for, obstacles, socket_path
from chatnet.wiring.processes.member import Member, packed
from chatnet.wiring.processes.ports import Ports, Reserved

SECRET = "a-secret-for-one-run-of-a-server"
DATA = Path("/data")


def settings(processes: int = 3, **sections: Any) -> Settings:
    server = {"name": "irc.test", "processes": processes} | sections.pop("server", {})
    return Settings.model_validate({"server": server, **sections})


# names


def test_names_and_sids_are_those_of_the_server_and_what_comes_after() -> None:
    assert process_names("irc.test", 3) == (
        "irc.test",
        "irc-2.test",
        "irc-3.test",
    )
    assert process_sids("0CN", 3) == ("0CN", "0CO", "0CP")
    assert process_sids("0CZ", 2) == ("0CZ", "0D0")
    assert process_sids("1ZZ", 2) == ("1ZZ", "100")
    assert process_sids("0CN", 3, ("7AA", "7AB")) == ("0CN", "7AA", "7AB")


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"link": [block("x", sid="0CO")]}, "server.process_sids: is to be set, with an id for each process"),
        ({"services": {"sid": "0CP"}}, "0CP is another server's"),
        ({"link": [block("IRC-2", sid="9XX")]}, "needs the name irc-2.test, which another"),
        ({"server": {"process_sids": ["0CN", "0CO"]}}, "has a server id twice, or that of the server"),
        ({"server": {"process_sids": ["0AA"]}}, "has 1, and processes beside the first there are 2"),
        ({"server": {"process_sids": ["0AA", "0AB"]}, "link": [block("x", sid="0AB")]}, "has 0AB, which"),
        ({"server": {"name": f"{'i' * 59}.org"}}, "is too long for several processes"),
        ({"server": {"processes": 17}}, "less than or equal to 16"),
    ],
)
def test_what_is_taken_is_refused_in_words(sections: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**sections)
    fine = {key: value for key, value in sections.items() if key != "server"}
    assert settings(1, **fine).server.processes == 1


def test_a_folder_that_no_socket_has_room_in_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    far = Path("/" + "d" * 100)
    assert obstacles(settings(1), far) == obstacles(settings(2), DATA) == []
    (text,) = obstacles(settings(2), far)
    assert text.startswith("server.data: is too long for the sockets of several processes")
    monkeypatch.delattr("select.epoll")
    assert obstacles(settings(2), DATA) == ["server.processes: needs Linux"]


# what each goes by


def test_each_connects_to_those_before_it() -> None:
    first, second, third = (derived(settings(), number, DATA, SECRET) for number in (1, 2, 3))
    assert [each.server.name for each in (first, second, third)] == ["irc.test"] * 3  # as people see it
    assert [each.server.sid for each in (first, second, third)] == ["0CN", "0CO", "0CP"]
    addresses = [[block.addresses for block in each.link] for each in (first, second, third)]
    one, two = ((str(socket_path(DATA, number)),) for number in (1, 2))
    assert addresses == [[(), ()], [one, ()], [one, two]]
    assert [each.links.uplinks for each in (first, second, third)] == [
        (), (), ("irc.test", "irc-2.test"),
    ]  # fmt: skip
    listens = [
        [listen.endpoint for listen in each.listen if listen.kind == "server"] for each in (first, second)
    ]
    assert listens == [[f"unix:{one[0]}:mode=600"], [f"unix:{two[0]}:mode=600"]]
    assert all(listen.kind != "server" for listen in third.listen)
    for each in (first, second, third):
        assert each.server.hide_servers


def test_what_the_network_sees_is_the_first() -> None:
    whole = settings(
        2,
        server={"hide_servers": False},
        link=[block("x"), block("svc", role="services")],
        listen=[{"endpoint": "tcp:6667"}, {"endpoint": "tcp:6900", "kind": "server"}],
        links={"uplinks": [], "resume_grace": 30},
    )
    first, second = (derived(whole, number, DATA, SECRET) for number in (1, 2))
    assert [each.name for each in first.link] == ["x.test", "svc.test", "irc-2.test"]
    assert [each.name for each in second.link] == ["irc.test"]
    assert [each.endpoint for each in second.listen] == ["tcp:6667"]
    assert (first.links.resume_grace, second.links.resume_grace) == (30, 0)
    # Who believes services that are linked to the first.
    assert second.links.services == ("svc.test",)
    assert first.keeps_accounts is second.keeps_accounts is False
    assert not (first.server.hide_servers or second.server.hide_servers)


def test_people_on_all_processes_talk_and_see_one_server() -> None:
    mesh = Processes(3)
    ann, bob, cat = (
        mesh[name].client(nick) for name, nick in zip(mesh.houses, ("ann", "bob", "cat"), strict=True)
    )
    for client in (ann, bob, cat):
        client >> "JOIN #c"
        mesh.settle()
    bob.lines()
    ann >> "PRIVMSG #c :to all"
    mesh.settle()
    for client in (bob, cat):
        assert client.lines()[-1] == ":ann!~ann@192.0.2.1 PRIVMSG #c :to all"
    # The first is lost, and the third goes to the second.
    mesh.cut("irc", "irc-2")
    mesh.cut("irc", "irc-3")
    mesh.link("irc-3", "irc-2")
    mesh.settle()
    for client in (bob, cat):
        client.lines()
    bob >> "PRIVMSG #c :still here"
    mesh.settle()
    assert cat.lines()[-1].endswith(" PRIVMSG #c :still here")
    # It is back, and the second comes to it with who is behind.
    mesh.link("irc-2", "irc")
    mesh.settle()
    ann.lines()
    cat >> "PRIVMSG #c :all here"
    mesh.settle()
    assert ann.lines()[-1].endswith(" PRIVMSG #c :all here")


# folders


def test_the_first_has_the_folder_of_the_server_and_all_keep_it_held(tmp_path: Path) -> None:
    data = tmp_path / "data"
    whole = DataFolder(data)
    first = DataFolder(data, lock=os.dup(whole.lock))
    second = DataFolder(folder_of(data, 2), common=data)
    key = first.cloak_key(settings().cloak)
    assert second.cloak_key(settings().cloak) == key
    assert not (folder_of(data, 2) / "cloak.key").exists()
    assert (data / "lock").read_text() == f"{os.getpid()}\n"
    whole.close()
    # The process that was started is gone, the first is not yet.
    assert is_held(data)
    with pytest.raises(DataFolderError, match="is running with the data folder"):
        DataFolder(data)
    first.close()
    assert not is_held(data)
    assert is_held(folder_of(data, 2))
    second.close()


# what they tell each other


class Turning:
    """As much of a reactor as a channel needs."""

    def __init__(self) -> None:
        self.readers: list[Any] = []
        self.writers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        self.readers = [each for each in self.readers if each is not reader]

    def addWriter(self, writer: Any) -> None:
        self.writers.append(writer)

    def removeWriter(self, writer: Any) -> None:
        self.writers = [each for each in self.writers if each is not writer]

    def turn(self) -> None:
        for reader in list(self.readers):
            if able([reader])[0]:
                reader.doRead()
        for writer in list(self.writers):
            writer.doWrite()


@pytest.fixture
def turning() -> Iterator[Turning]:
    turning = Turning()
    yield turning
    for reader in list(turning.readers):
        reader.close()


def test_long_messages_and_descriptors_arrive_whole_and_in_order(turning: Turning) -> None:
    one, other = pair()
    heard: list[tuple[Any, list[int]]] = []
    lost: list[bool] = []
    here = Channel(turning, one, lambda message, descriptors: None, lambda: None)
    Channel(turning, other, lambda *told: heard.append((told[0], list(told[1]))), lambda: lost.append(True))
    texts = ["\udc80 ä" * number for number in (1, PIECE, 40 * PIECE)]
    with socket.socket() as given:
        for text in texts:
            here.say({"text": text}, given.fileno())
    while len(heard) < 3:
        turning.turn()
    assert [message["text"] for message, _ in heard] == texts
    for _, descriptors in heard:
        (descriptor,) = descriptors
        assert not os.get_inheritable(descriptor)
        os.close(descriptor)
    here.close()
    turning.turn()
    assert lost == [True]
    here.say({"nobody": "hears"})


def test_a_process_is_told_all_it_needs_before_it_begins(tmp_path: Path) -> None:
    loaded = Loaded(
        settings(2, server={"data": str(tmp_path), "password": "hush"}), tmp_path, None, ("warned",)
    )
    turning = Turning()
    ours, theirs = pair()
    channel = Channel(turning, ours, lambda message, descriptors: None, lambda: None)
    with socket.socket() as port, open(tmp_path / "lock", "w") as lock:
        channel.say({"do": "port", "endpoint": "tcp:6667"}, port.fileno())
        start = {"do": "start", "number": 2, "secret": SECRET, "loaded": packed(loaded), "began": 7.5}
        channel.say(start, lock.fileno())
        member = Member(theirs)
        assert os.path.sameopenfile(member.handed["tcp:6667"].fileno(), port.fileno()) or (
            os.fstat(member.handed["tcp:6667"].fileno()).st_ino == os.fstat(port.fileno()).st_ino
        )
    assert member.process == Process(2, ("irc.test", "irc-2.test"), ("0CN", "0CO"), 7.5)
    assert member.loaded == loaded_for(loaded, 2, tmp_path, SECRET)
    assert member.loaded.settings.server.password == loaded.settings.server.password
    assert (loaded_for(loaded, 1, tmp_path, SECRET).warnings, member.loaded.warnings) == (("warned",), ())
    assert member.folder().path == tmp_path / "process-2"
    member.handed["tcp:6667"].close()
    channel.close()
    theirs.close()


def test_nobody_who_started_it_is_told(turning: Turning) -> None:
    one, other = pair()
    one.close()
    with other, pytest.raises(EOFError):
        Member(other)


# ports


class TwistedPort:
    """A listening port that nobody reads."""

    def __init__(self, listening: socket.socket) -> None:
        self.socket = listening

    def stopReading(self) -> None:
        pass


def entrance(endpoint: str, kind: str = "irc") -> Entrance:
    return Entrance(
        Reserved(ListenSettings.model_validate({"endpoint": endpoint, "kind": kind})), kind == "server"
    )


def test_a_port_for_servers_and_what_is_no_tcp_is_one_socket() -> None:
    ports = Ports(3)
    with socket.socket() as first, socket.socket() as second:
        ports.accept_from(TwistedPort(first), entrance("unix:chat.sock"))
        ports.accept_from(TwistedPort(second), entrance("tcp:6900", "server"))
        assert [dict(ports.of(number)) for number in (1, 2)] == [
            {"unix:chat.sock": first, "tcp:6900": second},
            {"unix:chat.sock": first},
        ]
        assert list(ports.alone(2)) == []


def test_what_is_handed_is_closed_here_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        handed = Handed(listening.dup())
        assert isinstance(entrance("tcp:1").inner, ServerFactory)
        handed.stopListening()
        with socket.create_connection(listening.getsockname()):
            pass
