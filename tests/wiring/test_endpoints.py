"""Endpoints that cannot be opened are told before anything is, each with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import _parse

from chatnet.settings import ListenSettings
from chatnet.settings.endpoints import ARGUMENTS, endpoint_in
from chatnet.wiring.config import ConfigError, load
from chatnet.wiring.endpoints import endpoint_problems


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not an endpoint such as tcp:6667:interface=127.0.0.1"),
        ("tcp", "is not an endpoint such as tcp:6667:interface=127.0.0.1"),
        ("6667", "is not an endpoint: write tcp:6667"),
        ("0.0.0.0:6667", "is an address and a port, but no endpoint: write tcp:6667"),
        (":6667", "is an address and a port, but no endpoint: write tcp:6667"),
        ("*:6667", "is an address and a port, but no endpoint: write tcp:6667"),
        ("irc.example.org:6667", "is an address and a port, but no endpoint: write tcp:6667"),
        ("192.0.2.1:6667", "is an address and a port, but no endpoint: write tcp:6667:interface=192.0.2.1"),
        ("[::]:6667", "is an address and a port, but no endpoint: write tcp6:6667"),
        ("[::1]:6667", r"is an address and a port, but no endpoint: write tcp6:6667:interface=\:\:1"),
        ("ssl:6697", "has TLS in the endpoint: write tcp:… and tls = true"),
        ("haproxy:tcp:6667", "has the PROXY protocol in the endpoint: write tcp:… and proxy_from"),
        ("stdio:", "is no place where people could connect: write tcp:6667"),
        ("unix:chat.sock\\", "ends with a backslash, which is for a ':' or '=' behind it"),
        ("tcp:99999", "has the port '99999': ports are numbers from 1 to 65535"),
        ("tcp:80x:interface=127.0.0.1", "has the port '80x': ports are numbers from 1 to 65535"),
        ("tcp://0.0.0.0:6667", "has the port '//0.0.0.0': ports are numbers from 1 to 65535"),
        ("tcp:interface=127.0.0.1", "has no port: write tcp:6667"),
        ("tcp6:interface=\\:\\:1", "has no port: write tcp6:6667"),
        ("tcp:6667:iface=127.0.0.1", "has 'iface', which tcp does not take: write interface, backlog"),
        (
            "tcp:6667:interface=eth0",
            "has the interface 'eth0': write an address of this machine, or leave it out for all",
        ),
        ("tcp:6667:backlog=many", "has the backlog 'many': write a number of connections, at most 65535"),
        ("unix:mode=600", "has no path: write unix:chat.sock"),
        ("unix:a:mode=rw", "has the mode 'rw': write three octal digits, such as 660"),
        ("unix:a:lockfile=no", "has lockfile=no: write 0 or 1"),
        ("unix:" + "a" * 108, "has a path that no UNIX socket may have: at most 107 bytes"),
        ("systemd:index=0", "has no domain: write systemd:domain=INET6:index=0"),
        ("systemd:domain=inet:index=0", "has the domain 'inet': write INET, INET6 or UNIX"),
        ("systemd:domain=INET", "needs either an index or a name, as in systemd:domain=INET6:index=0"),
        (
            "systemd:domain=INET:index=-1",
            "has the index '-1': write the place of the socket in its unit, from 0 on",
        ),
    ],
)
def test_what_is_no_endpoint(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        endpoint_in(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "text", ["tcp:6667:", "tcp:6667:interface=", "tcp6:6667:interface=::1", "tcp:6667:127.0.0.1:9:9", "tcp::"]
)
def test_an_address_with_colons_that_are_not_escaped(text: str) -> None:
    with pytest.raises(ValueError, match=r"has an empty or a spare part .* as in 'tcp6:6667:interface="):
        endpoint_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp:6667",
        "tcp:port=6667:interface=127.0.0.1:backlog=64",
        "tcp:6667:127.0.0.1",
        r"tcp6:6697:interface=2001\:db8\:\:1",
        "unix:/run/chatnet/links.sock:mode=600",
        "unix:chat.sock:mode=0660:lockfile=0",
        "systemd:domain=INET6:index=1",
        "systemd:domain=UNIX:name=chat",
        "onion:80",
    ],
)
def test_what_is_one(text: str) -> None:
    assert ListenSettings(endpoint=text).endpoint == text


PIECES = st.text("ab:=\\01.", max_size=6)


@given(st.sampled_from(sorted(ARGUMENTS)), st.lists(PIECES, max_size=4).map(":".join))
def test_it_is_read_as_twisted_reads_it(kind: str, rest: str) -> None:
    try:
        found = endpoint_in(f"{kind}:{rest}")
    except ValueError:
        return
    places, named = _parse(f"{kind}:{rest}")
    assert found.arguments == dict(zip(ARGUMENTS[kind], places[1:], strict=False)) | named


def told(*endpoints: str) -> list[str]:
    listeners = tuple({"endpoint": ListenSettings(endpoint=endpoint).endpoint} for endpoint in endpoints)
    return [f"{place[1]}: {reason}" for place, reason in endpoint_problems({"listen": listeners})]


def test_kinds_that_only_twisted_can_know() -> None:
    assert told("tcp:1", "foo:bar") == [
        "1: is of a kind that there is not: foo; write tcp, tcp6, unix or systemd"
    ]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("tcp:6667", "tcp6:6667", "tcp6:6667 is for IPv4 as well, so leave the other out"),
        ("tcp6:6667", "tcp:6667:interface=127.0.0.1", "leave the other out"),
        ("tcp:6667", "tcp:6667:interface=127.0.0.1", "give each an address of its own"),
        ("tcp:6667", "tcp:port=6667:interface=0.0.0.0", "is the place of tcp:6667: leave one of the two out"),
        (r"tcp6:1:interface=\:\:1", r"tcp:1:interface=0\:0\:\:1", "leave one of the two out"),
        ("tcp:1:interface=127.0.0.1", r"tcp6:1:interface=\:\:ffff\:127.0.0.1", "leave one of the two out"),
        ("tcp:1", r"tcp6:1:interface=\:\:ffff\:127.0.0.1", "give each an address of its own"),
        (
            "tcp:1:interface=127.0.0.1",
            r"tcp6:1:interface=\:\:ffff\:0.0.0.0",
            "give each an address of its own",
        ),
        ("unix:a", "unix:a:mode=600", "is the place of unix:a: leave one of the two out"),
        ("unix:a", "unix:./a", "is the place of unix:a: leave one of the two out"),
        ("unix:/run/a", "unix:/run/./a", "is the place of unix:/run/a: leave one of the two out"),
        ("systemd:domain=INET:index=0", "systemd:domain=INET6:index=0", "leave one of the two out"),
    ],
)
def test_two_that_cannot_be_open_together(one: str, other: str, reason: str) -> None:
    (problem,) = told(one, other)
    assert problem.startswith("1: ") and one in problem and problem.endswith(reason)


@pytest.mark.parametrize(
    "endpoints",
    [
        ("tcp:6667", "tcp6:6697"),
        ("tcp:0", "tcp:0:interface=127.0.0.1"),
        ("tcp:6667:interface=127.0.0.1", "tcp:6667:interface=127.0.0.2", r"tcp6:6667:interface=\:\:1"),
        ("unix:a", "unix:b", "unix:a/b"),
        (r"tcp6:1:interface=\:\:ffff\:127.0.0.2", "tcp:1:interface=127.0.0.1"),
        ("systemd:domain=INET:name=a", "systemd:domain=INET:name=b", "systemd:domain=INET:index=0"),
    ],
)
def test_those_that_can(endpoints: tuple[str, ...]) -> None:
    assert told(*endpoints) == []


def test_a_folder_in_two_spellings(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var").symlink_to("run")
    one, other = f"unix:{tmp_path}/run/a", f"unix:{tmp_path}/var/a"
    assert told(one, other) == [f"1: is the place of {one}: leave one of the two out"]


def test_where_ipv6_is_alone_both_have_the_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bindv6only").write_text("1\n")
    monkeypatch.setattr("chatnet.wiring.endpoints._IPV6_ALONE", tmp_path / "bindv6only")
    assert told("tcp:6667", "tcp6:6667", r"tcp6:6667:interface=\:\:ffff\:127.0.0.1") == [
        "2: wants port 6667 as tcp:6667 does: leave one of the two out, or give each an address of its own"
    ]


@pytest.mark.parametrize(
    ("listen", "reason"),
    [
        ('[[listen]]\nendpoint = "tcp:1"\n' * 2, "listen.1.endpoint: tcp:1 is listed twice"),
        (
            "listen = []\n",
            "listen: is empty, so nobody could connect; leave it out for the defaults, on this",
        ),
        (
            '[[listen]]\nendpoint = "tcp:1"\n[[listen]]\nendpoint = "tcp6:1"\n',
            "listen.1.endpoint: wants port 1 as tcp:1 does",
        ),
    ],
)
def test_a_configuration_tells_them_with_their_places(tmp_path: Path, listen: str, reason: str) -> None:
    path = tmp_path / "chatnet.toml"
    path.write_text(listen)
    with pytest.raises(ConfigError) as refused:
        load(str(path), {})
    (problem,) = refused.value.problems
    assert problem.startswith(f"{path}: {reason}")


def test_listeners_for_servers_alone_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "chatnet.toml"
    path.write_text('[[listen]]\nkind = "server"\nendpoint = "tcp:6900"\ntls = true\n')
    assert load(str(path), {}).warnings == (
        f'{path}: listen: is for servers alone, so nobody can chat here: add one without kind = "server"',
    )
