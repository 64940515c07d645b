"""One person in irssi and in WeeChat, by one server or two, who stays when both are closed."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import daemon_network
import pytest
from daemon_network import Network
from daemon_process import wait_for
from logins import WORD, registered
from programs import Irssi, WeeChat, configured

pytestmark = [pytest.mark.client, pytest.mark.daemon]

CORE = "core.weechat"


def comes_by_irssi(irssi: Irssi, port: int) -> None:
    """ann logs in with her laptop; irssi does not connect by itself to where it was."""
    irssi.enter("/set sasl_disconnect_on_failure on")
    irssi.enter("/set server_reconnect_time -1")
    irssi.enter(f"/network add -sasl_username ann@laptop -sasl_password {WORD} -sasl_mechanism PLAIN club")
    irssi.enter(f"/connect -notls -network club 127.0.0.1 {port}")
    irssi.sees("SASL authentication succe", r"\(001\) Welcome .* ann$")


def comes_by_weechat(weechat: WeeChat, port: int) -> None:
    """She logs in with her tablet."""
    weechat.enter(f"/server add net 127.0.0.1/{port} -no{weechat.tls} -nicks=ann -username=ann", CORE)
    weechat.enter("/set irc.server.net.sasl_username ann@tablet", CORE)
    weechat.enter(f"/set irc.server.net.sasl_password {WORD}", CORE)
    weechat.enter("/connect net", CORE)
    weechat.sees("SASL authentication successful")


def test_irssi_and_weechat_are_one_person(tmp_path: Path) -> None:
    """Own messages stand in the right window of the other program; what was missed is shown once."""
    with (
        Irssi(tmp_path / "irssi", "ann") as irssi,
        WeeChat(tmp_path / "weechat") as weechat,
        configured(tmp_path) as daemon,
    ):
        registered(daemon, "ann")
        bob = daemon.connect()
        bob.send("CAP REQ :away-notify", "CAP END")
        bob.register("bob")
        comes_by_irssi(irssi, daemon.port)
        irssi.enter("/msg NickServ SET ALWAYS-ON ON")
        irssi.sees("always-on is on now")
        irssi.enter("/join #den")
        irssi.sees("Join to #den was synced")
        bob.send("JOIN #den")
        irssi.sees("bob .* has joined #den")

        comes_by_weechat(weechat, daemon.port)
        weechat.sees("has joined #den")
        bob.send("PRIVMSG #den :hello both", "PRIVMSG ann :a word")
        irssi.sees("<.bob> hello both", "<bob> a word")
        weechat.sees(r"\tbob\thello both$", r"\tbob\ta word$")
        irssi.enter("/msg bob from irssi")
        weechat.sees(r"\tann\tfrom irssi$")
        weechat.enter("from weechat", "irc.net.#den")
        bob.until(r"^:ann!\S+ PRIVMSG #den :from weechat$")
        irssi.sees("ann> from weechat")
        bob.send("NAMES #den")
        assert bob.until(" 366 ")[0].rpartition(":")[2].split() == ["@ann", "bob"]

        weechat.enter("/disconnect net", CORE)
        weechat.sees("disconnected")
        irssi.enter("/quit")
        bob.until(r"^:ann!\S+ AWAY :Nobody is connected$")
        bob.send("PRIVMSG ann :are you there?")
        bob.until(" 301 bob ann :")
        with daemon.connect() as phone:
            phone.send("CAP REQ :server-time message-tags batch sasl", f"PASS ann@laptop:{WORD}")
            phone.send("NICK whatever", "USER x 0 * :x", "CAP END")
            phone.until(" 001 ann ")
            phone.until(r" :ann!\S+ JOIN #den$")
            said = phone.until(r" PRIVMSG ann :are you there\?$")
            assert not [line for line in said if "hello both" in line or "from weechat" in line]


def test_the_server_of_irssi_is_killed_and_weechat_goes_on(tmp_path: Path) -> None:
    """ann, who is a user of that server, stays in the channel; then irssi comes by the other one."""
    network = Network(tmp_path)
    first, second = network.add("a"), network.add("b")
    full = {"accounts": '"full"'}
    network.configure("a", network.to("b", True, **full), grace=0.2)
    network.configure("b", network.to("a", **full), grace=0.2)
    with Irssi(tmp_path / "irssi", "ann") as irssi, WeeChat(tmp_path / "weechat") as weechat, first, second:
        network.linked("a")
        network.linked("b")
        with first.client("ann") as phone:
            daemon_network.registered(phone, WORD)
        bob = second.client("bob")
        comes_by_irssi(irssi, first.port)
        irssi.enter("/join #den")
        irssi.sees("Join to #den was synced")
        bob.send("JOIN #den")
        irssi.sees("bob .* has joined #den")
        comes_by_weechat(weechat, second.port)
        weechat.sees("has joined #den")
        irssi.enter("/msg #den by a")
        irssi.enter("/msg bob from a")
        weechat.sees(r"\t@ann\tby a$", r"\tann\tfrom a$")
        bob.until(r" PRIVMSG bob :from a$")

        first.signal(signal.SIGKILL)
        irssi.sees("Connection lost to")
        weechat.enter("by b", "irc.net.#den")
        seen = bob.until(r"^:ann!\S+ PRIVMSG #den :by b$")
        bob.send("PRIVMSG #den :you are here")
        weechat.sees(r"\tbob\tyou are here$")
        wait_for(lambda: "The link to a.test ended" in second.output(), "the end of a")
        bob.send("PRIVMSG ann :a word")
        weechat.sees(r"\tbob\ta word$")
        comes_by_irssi(irssi, second.port)
        irssi.sees("Join to #den was synced")
        weechat.enter("to both", "irc.net.#den")
        irssi.sees("ann> to both")
        bob.send("NAMES #den", "PRIVMSG #den :see you")
        seen += bob.until(" 366 ")
        assert seen[-2].rpartition(":")[2].split() == ["@ann", "bob"]
        assert not [line for line in seen if re.search(r"^:ann!\S+ (QUIT|JOIN|PART)|^ERROR", line)]
        weechat.sees(r"\tbob\tsee you$")
        den = [line.split("\t", 1)[1] for line in weechat.shown() if line.count("\t") > 1]
        for once in ("ann\tby a", "ann\tby b", "bob\tyou are here", "bob\ta word", "ann\tto both"):
            assert [line.lstrip("@ ") for line in den].count(once) == 1, once
        assert weechat.complaints() == []
