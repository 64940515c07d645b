from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from daemon_process import free_port
from pump import Pump
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.tcp import Port
from twisted.internet.testing import MemoryReactorClock
from twisted.internet.unix import Port as UNIXPort

from chatnet.settings import ListenSettings
from chatnet.wiring.listeners import ListenError, Listeners, with_backlog


class NamedFactory(ServerFactory):
    """A factory that can be told from others."""

    noisy = False
    protocol = Protocol

    def __init__(self, settings: ListenSettings) -> None:
        self.settings = settings


class SocketReactor(Pump):
    """Opens real ports, without a reactor that runs."""

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Port:
        listening = Port(port, factory, backlog, interface, self)
        listening.startListening()
        return listening

    def listenUNIX(
        self, address: str, factory: Any, backlog: int = 50, mode: int = 0o666, wantPID: int = 0
    ) -> UNIXPort:
        listening = UNIXPort(os.fsencode(address), factory, backlog, mode, self, wantPID)
        listening.startListening()
        return listening


def listen(endpoint: str, **settings: Any) -> ListenSettings:
    return ListenSettings(endpoint=endpoint, **settings)


def run(coroutine: Coroutine[Any, Any, None], reactor: Any = None) -> None:
    """Drive `coroutine` to its end; what it raises is raised."""
    done: list[object] = []
    Deferred.fromCoroutine(coroutine).addBoth(done.append)
    for _ in range(100):
        if done:
            break
        reactor.turn()
    if (error := getattr(done[0], "value", None)) is not None:
        raise error


def endpoints(listeners: Listeners) -> list[str]:
    return sorted(listener.settings.endpoint for listener in listeners.open)


def test_opens_and_closes() -> None:
    reactor = MemoryReactorClock()
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile([listen("tcp:6667:interface=127.0.0.1"), listen("tcp:6697", tls=True)]))
    assert [(port, backlog, host) for port, _, backlog, host in reactor.tcpServers] == [
        (6667, 1024, "127.0.0.1"),
        (6697, 1024, ""),
    ]
    run(listeners.reconcile([listen("tcp:6697", tls=True), listen("tcp:7000")]))
    assert endpoints(listeners) == ["tcp:6697", "tcp:7000"]
    run(listeners.close())
    assert endpoints(listeners) == []


def test_other_settings_change_without_closing() -> None:
    reactor = MemoryReactorClock()
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile([listen("tcp:6667")]))
    (before,) = listeners.open
    port = before.port
    run(listeners.reconcile([listen("tcp:6667", tls=True)]))
    (after,) = listeners.open
    assert after.port is port and len(reactor.tcpServers) == 1
    assert isinstance(after.entrance.inner, NamedFactory) and after.entrance.inner.settings.tls
    protocol = after.entrance.buildProtocol(None)
    assert getattr(protocol, "factory", None) is after.entrance.inner


def test_failure_leaves_everything_as_it_was() -> None:
    reactor = SocketReactor()
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile([listen("tcp:0:interface=127.0.0.1")]), reactor)
    (first,) = listeners.open
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        wanted = [
            listen("tcp:0:interface=127.0.0.2"),
            listen(f"tcp:{number}:interface=127.0.0.1"),
            listen("carrier-pigeon:coop"),
            listen("tcp:0:interface=192.0.2.1"),
            listen("tcp:0:interface=127.0.0.2"),
            listen("systemd:domain=INET:index=7"),
            listen("systemd:domain=INET:name=chat"),
            # As a plugin of somebody's might do.
            ListenSettings.model_construct(endpoint="tcp:0:wings=2"),
        ]
        with pytest.raises(ListenError) as caught:
            run(listeners.reconcile(wanted), reactor)
    assert [p.replace(str(number), "N") for p in caught.value.problems] == [
        "the endpoint tcp:0:interface=127.0.0.2 is listed twice",
        "port N on 127.0.0.1 is in use",
        "carrier-pigeon:coop cannot be opened: Unknown endpoint type: 'carrier-pigeon'",
        "port 0 on 192.0.2.1 cannot be opened: this machine does not have that address",
        "systemd:domain=INET:index=7 cannot be opened: systemd has handed over no such socket"
        " (is chatnet.socket enabled?)",
        "systemd:domain=INET:name=chat cannot be opened: systemd has handed over no such socket"
        " (is chatnet.socket enabled?)",
        "tcp:0:wings=2 is not a complete endpoint (TypeError: _parseTCP() got an unexpected keyword argument"
        " 'wings')",
    ]
    assert listeners.open == [first]
    assert [reader for reader in reactor.readers if isinstance(reader, Port)] == [first.port]
    run(listeners.close(), reactor)
    assert reactor.readers == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "port 80 on all addresses may not be opened by this user"),
        (errno.ENOBUFS, "port 80 on all addresses cannot be opened: No buffer space available"),
    ],
)
def test_words_for_what_the_system_says(code: int, words: str) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise CannotListenError("", 80, OSError(code, os.strerror(code)))

    reactor = SocketReactor()
    reactor.listenTCP = refuse  # type: ignore[method-assign]  # what the system says differs by user
    with pytest.raises(ListenError) as caught:
        run(Listeners(reactor, NamedFactory).reconcile([listen("tcp:80")]), reactor)
    assert caught.value.problems == [words]


def test_a_factory_that_cannot_be_made_is_a_problem_too() -> None:
    def fail(settings: ListenSettings) -> IProtocolFactory:
        raise ValueError(f"{settings.endpoint}: TLS is not available")

    with pytest.raises(ListenError, match=r"^tcp:6697: TLS is not available$"):
        run(Listeners(MemoryReactorClock(), fail).reconcile([listen("tcp:6697", tls=True)]))


def test_a_listener_takes_the_place_of_one_that_stands_in_its_way(tmp_path: Path) -> None:
    reactor, number, path = SocketReactor(), free_port(), tmp_path / "chat.sock"
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile([listen(f"tcp:{number}"), listen(f"unix:{path}:mode=600")]), reactor)
    wanted = [f"tcp:{number}:interface=127.0.0.1:backlog=7", f"unix:{path}:mode=660"]
    run(listeners.reconcile([listen(each) for each in wanted]), reactor)
    assert endpoints(listeners) == wanted
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    with socket.socket() as client:
        client.connect(("127.0.0.1", number))
    run(listeners.close(), reactor)
    assert not [reader for reader in reactor.readers if isinstance(reader, Port)]


def test_one_that_stood_in_the_way_is_opened_again_if_another_fails() -> None:
    reactor, number = SocketReactor(), free_port()
    listeners = Listeners(reactor, NamedFactory)
    before = listen(f"tcp:{number}:interface=127.0.0.1")
    run(listeners.reconcile([before]), reactor)
    with socket.socket() as other:
        other.bind(("127.0.0.2", number))
        other.listen()
        wanted = [
            listen(f"tcp:{number}:interface=127.0.0.1:backlog=7"),
            listen(f"tcp:{number}:interface=127.0.0.2"),
        ]
        for order in (wanted, wanted[::-1], [listen(f"tcp:{number}")]):
            with pytest.raises(ListenError, match=f"^port {number} on .* is in use$"):
                run(listeners.reconcile(order), reactor)
            assert [listener.settings for listener in listeners.open] == [before]
            with socket.socket() as client:
                client.connect(("127.0.0.1", number))
    run(listeners.close(), reactor)


def test_unix_sockets(tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    wanted = [listen(f"unix:{path}:mode=660")]
    reactor = SocketReactor()
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile(wanted), reactor)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    with pytest.raises(ListenError, match=f"^the socket {path} is in use$"):
        run(Listeners(reactor, NamedFactory).reconcile(wanted), reactor)
    run(listeners.close(), reactor)
    assert not path.exists()


def test_a_unix_socket_left_by_a_crash_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    os.symlink("999999999", f"{path}.lock")
    reactor = SocketReactor()
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile([listen(f"unix:{path}")]), reactor)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    run(listeners.close(), reactor)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", "is there, and is no socket: name a file that is not there yet"),
        ("folder", "is a folder: name a file in it that is not there yet"),
        ("link", "is there, and is no socket: name a file that is not there yet"),
        ("nowhere", "is there, and is no socket: name a file that is not there yet"),
    ],
)
def test_what_is_no_socket_is_left_alone(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("gone")
    before = sorted(tmp_path.iterdir())
    path = tmp_path / name
    with pytest.raises(ListenError) as caught:
        run(Listeners(SocketReactor(), NamedFactory).reconcile([listen(f"unix:{path}")]))
    assert caught.value.problems == [f"unix:{path} cannot be opened: {path} {reason}"]
    assert sorted(tmp_path.iterdir()) == before and (tmp_path / "file").read_text() == "precious"


def test_a_socket_of_somebody_else_gets_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        with pytest.raises(ListenError, match=f"^the socket {path} is in use$"):
            run(Listeners(SocketReactor(), NamedFactory).reconcile([listen(f"unix:{path}")]))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tcp:6667", "tcp:port=6667:interface=0.0.0.0"),
        (r"tcp6:6667:interface=2001\:db8\:\:1", r"tcp6:6667:interface=2001\:DB8\:0\:\:1"),
        ("unix:chat.sock:660", "unix:./chat.sock:mode=0660"),
    ],
)
def test_another_spelling_is_the_same_listener(before: str, after: str) -> None:
    reactor = MemoryReactorClock()
    listeners = Listeners(reactor, NamedFactory)
    run(listeners.reconcile([listen(before)]))
    (first,) = listeners.open
    run(listeners.reconcile([listen(after, tls=True)]))
    assert listeners.open == [first] and first.settings == listen(after, tls=True)
    assert len(reactor.tcpServers) + len(reactor.unixServers) == 1
    with pytest.raises(ListenError, match=r"is listed twice$"):
        run(listeners.reconcile([listen(after), listen(before)]))


def test_a_unix_socket_in_no_folder(tmp_path: Path) -> None:
    reactor = SocketReactor()
    endpoint = f"unix:{tmp_path}/none/chat.sock"
    with pytest.raises(ListenError) as caught:
        run(Listeners(reactor, NamedFactory).reconcile([listen(endpoint)]), reactor)
    assert caught.value.problems == [f"{endpoint} cannot be opened: No such file or directory"]


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("tcp:6667", "tcp:6667:backlog=1024"),
        (r"tcp:6667:interface=\:\:1", r"tcp:6667:interface=\:\:1:backlog=1024"),
        ("tcp:6667:backlog=5", "tcp:6667:backlog=5"),
        ("tcp:6667:127.0.0.1:5", "tcp:6667:127.0.0.1:5"),
        ("unix:chat.sock:mode=660", "unix:chat.sock:mode=660:backlog=1024"),
        ("systemd:domain=INET:index=0", "systemd:domain=INET:index=0"),
    ],
)
def test_backlog(endpoint: str, expected: str) -> None:
    assert with_backlog(endpoint) == expected
