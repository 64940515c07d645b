"""REDACT over sockets: to clients that know it and to those that do not, and at a reload that forgets all."""

from __future__ import annotations

import re

import pytest
from daemon_process import Client, Daemon

pytestmark = pytest.mark.daemon

LISTEN = '[[listen]]\nendpoint = "tcp:PORT:interface=127.0.0.1"\n'
FREE = '[[connection_class]]\nname = "free"\nflood_exempt = true\n'
CAPS = "message-tags draft/message-redaction echo-message cap-notify"


def joined(client: Client, nick: str, caps: str) -> Client:
    if caps:
        client.send(f"CAP REQ :{caps}", "CAP END")
    client.register(nick).send("JOIN #c")
    client.until(f" 366 {nick} #c ")
    return client


def ids(lines: list[str]) -> list[str]:
    return re.findall(r"@msgid=(\S+) :\S+ PRIVMSG", "\n".join(lines))


def test_two_clients_and_one_who_does_not_know_it(daemon: Daemon) -> None:
    """https://ircv3.net/specs/extensions/message-redaction"""
    with daemon, daemon.connect() as ann, daemon.connect_tls() as bob, daemon.connect() as cyd:
        joined(ann, "ann", CAPS), joined(bob, "bob", CAPS), joined(cyd, "cyd", "")
        bob.send("PRIVMSG #c :an example", "PRIVMSG ann :another")
        in_channel, private = ids(bob.sync())
        cyd.until(" PRIVMSG #c :an example")
        ann.send(f"REDACT #c {in_channel} :bad example", f"REDACT bob {private}", f"REDACT #c {in_channel}")
        told = [line.split(" ", 1)[1] for line in ann.sync() if "REDACT" in line]
        assert re.fullmatch(rf":ann!\S+ REDACT #c {in_channel} :bad example", told[0])
        assert told[1:] == [
            f"FAIL REDACT REDACT_FORBIDDEN bob {private} :You are not authorised to delete this message",
            f"FAIL REDACT UNKNOWN_MSGID #c {in_channel} :This message does not exist or is too old",
        ]
        bob.until(rf"^@msgid=\S+ :ann!\S+ REDACT #c {in_channel} :bad example$")
        bob.send(f"REDACT ann {private}")
        bob.until(rf"^@msgid=\S+ :bob!\S+ REDACT ann {private}$")
        ann.until(rf"^@msgid=\S+ :bob!\S+ REDACT ann {private}$")
        assert not [line for line in cyd.sync() if "REDACT" in line]
        daemon.stop()
    assert "Traceback" not in daemon.output()


def test_a_reload_that_remembers_nothing(daemon: Daemon) -> None:
    daemon.configure(LISTEN + FREE + '[history]\nstore = "off"\n')
    with daemon, daemon.connect() as ann:
        joined(ann, "ann", CAPS)
        for number in range(1200):  # more than are remembered
            ann.send(f"PRIVMSG #c :{number}")
        said = ids(ann.sync())
        ann.send(f"REDACT #c {said[0]}", f"REDACT #c {said[-500]}", f"REDACT #c {said[-1]}")
        told = [line for line in ann.sync() if "REDACT" in line]
        assert "UNKNOWN_MSGID" in told[0]
        assert f" REDACT #c {said[-500]}" in told[1] and "FAIL" not in told[1]
        assert f" REDACT #c {said[-1]}" in told[2] and "FAIL" not in told[2]
        daemon.configure(LISTEN + FREE + '[history]\nstore = "off"\nmessages = 0\n')
        daemon.reload()
        ann.until(" CAP ann DEL :draft/message-redaction$")
        ann.send("PRIVMSG #c :still here", f"REDACT #c {said[-2]}")
        ann.until(" 421 ann REDACT ")
        daemon.configure(LISTEN + FREE)
        daemon.reload()
        ann.until(" CAP ann NEW :draft/message-redaction$")
        ann.send("CAP REQ draft/message-redaction", f"REDACT #c {said[-2]}")
        ann.until(f" FAIL REDACT UNKNOWN_MSGID #c {said[-2]} :")
        daemon.stop()
    assert "Traceback" not in daemon.output()
