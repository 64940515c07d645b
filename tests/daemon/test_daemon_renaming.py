"""RENAME over sockets, to clients that know it and to those that do not."""

from __future__ import annotations

import pytest
from daemon_process import Daemon

pytestmark = pytest.mark.daemon


def test_two_clients_and_one_who_comes_later(daemon: Daemon) -> None:
    """https://ircv3.net/specs/extensions/channel-rename"""
    with daemon, daemon.connect() as ann, daemon.client("bob") as bob:
        ann.send("CAP REQ draft/channel-rename", "NICK ann", "USER ann 0 * :Ann", "CAP END", "JOIN #foo")
        ann.until(" 366 ann #foo ")
        bob.send("JOIN #foo")
        bob.until(" 366 bob #foo ")
        ann.until(":bob!.* JOIN #foo")
        ann.send("TOPIC #foo :Chess", "RENAME #foo #bar :Another game", "RENAME #bar #bar2")
        told = [line.partition(" ")[2] for line in ann.sync()[:-1]]
        assert told == [
            "TOPIC #foo :Chess",
            "RENAME #foo #bar :Another game",
            "FAIL RENAME CANNOT_RENAME #bar #bar2 :This channel has been renamed recently",
        ]
        told = [line.partition(" ")[2] for line in bob.sync()[:-1]]
        assert told[:4] == [
            "TOPIC #foo :Chess",
            "PART #foo :Another game",
            "JOIN #bar",
            "332 bob #bar :Chess",
        ]
        assert told[4].startswith("333 bob #bar ann!~ann@")
        assert told[5:] == ["353 bob = #bar :@ann bob", "366 bob #bar :End of /NAMES list"]
        bob.send("PRIVMSG #bar :your move")
        ann.until(":bob!.* PRIVMSG #bar :your move")
        with daemon.client("eve") as eve:
            eve.send("JOIN #foo")
            told = [line.partition(" ")[2] for line in eve.sync()[:-1]]
            assert told[:2] == ["470 eve #foo #bar :The channel has been renamed", "JOIN #bar"]
        daemon.stop()
    assert "Traceback" not in daemon.output()
