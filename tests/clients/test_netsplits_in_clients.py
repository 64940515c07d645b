"""A netsplit and its end, as irssi and WeeChat show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from daemon_network import Network
from daemon_process import Client, Daemon
from programs import Irssi, WeeChat

pytestmark = [pytest.mark.client, pytest.mark.daemon]


@contextmanager
def linked(folder: Path) -> Iterator[tuple[Daemon, Client]]:
    """a, an operator of it, who alone has it connect to b, and bob of b, who is in #den."""
    network = Network(folder)
    for name in "ab":
        network.add(name)
    password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
    oper = (
        f'[[oper_class]]\nname = "admin"\nprivileges = ["routing"]\n'
        f'[[oper]]\nname = "ann"\nclass = "admin"\npassword = "{password}"\n'
    )
    network.configure("a", oper, network.to("b", True, autoconnect="false"))
    network.configure("b", network.to("a"))
    with ExitStack() as stack:
        a, b = (stack.enter_context(network.daemons[name]) for name in "ab")
        ann, bob = (stack.enter_context(server.connect()) for server in (a, b))
        ann.register("ann")
        ann.send("OPER ann secret", "CONNECT b.test")
        network.linked("a")
        bob.register("bob")
        bob.send("JOIN #den")
        bob.until(" 366 ")
        yield a, ann


def test_in_irssi(tmp_path: Path) -> None:
    with Irssi(tmp_path / "irssi", "iris") as irssi, linked(tmp_path) as (server, ann):
        irssi.enter(f"/connect -notls 127.0.0.1 {server.port}")
        irssi.sees("Mode change")
        irssi.enter("/join #den")
        irssi.sees("Join to #den was synced")
        ann.send("SQUIT b.test :because")
        irssi.sees(r"Netsplit a\.test <-> b\.test quits: @?bob$")
        ann.send("CONNECT b.test")
        irssi.sees("Netsplit over, joins: @?bob$")
        assert irssi.not_understood() == []


def test_in_weechat(tmp_path: Path) -> None:
    with WeeChat(tmp_path / "weechat") as weechat, linked(tmp_path) as (server, ann):
        weechat.enter(f"/server add net 127.0.0.1/{server.port} -notls", "core.weechat")
        weechat.enter("/connect net", "core.weechat")
        weechat.sees("User mode")
        weechat.enter("/join #den")
        weechat.sees("has joined #den")
        ann.send("SQUIT b.test :because")
        weechat.sees(r"bob \(~bob@\S+\) has quit \(a\.test b\.test\)")
        ann.send("CONNECT b.test")
        weechat.sees(r"bob \(bob\) \(~bob@\S+\) has joined #den", r"Mode #den \[\+o bob\] by a\.test")
        assert weechat.complaints() == []
