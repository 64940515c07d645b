"""One person in irssi and in WeeChat, who stays when both are closed, and comes back by nc."""

from __future__ import annotations

from pathlib import Path

import pytest
from logins import WORD, registered
from programs import Irssi, WeeChat, configured

pytestmark = [pytest.mark.client, pytest.mark.daemon]


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
        irssi.enter("/set sasl_disconnect_on_failure on")
        irssi.enter(
            f"/network add -sasl_username ann@laptop -sasl_password {WORD} -sasl_mechanism PLAIN club"
        )
        irssi.enter(f"/server add -notls -network club 127.0.0.1 {daemon.port}")
        irssi.enter("/connect club")
        irssi.sees("SASL authentication succe", r"\(001\) Welcome .* ann$")
        irssi.enter("/msg NickServ SET ALWAYS-ON ON")
        irssi.sees("always-on is on now")
        irssi.enter("/join #den")
        irssi.sees("Join to #den was synced")
        bob.send("JOIN #den")
        irssi.sees("bob .* has joined #den")

        core = "core.weechat"
        weechat.enter(
            f"/server add net 127.0.0.1/{daemon.port} -no{weechat.tls} -nicks=ann -username=ann", core
        )
        weechat.enter("/set irc.server.net.sasl_username ann@tablet", core)
        weechat.enter(f"/set irc.server.net.sasl_password {WORD}", core)
        weechat.enter("/connect net", core)
        weechat.sees("SASL authentication successful", "has joined #den")
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

        weechat.enter("/disconnect net", core)
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
