"""The real daemon and ChanServ: what is registered is so after a restart."""

from __future__ import annotations

import pytest
from daemon_process import Client, Daemon

pytestmark = pytest.mark.daemon

PASSWORD = "planted-secret-one"
CONFIGURATION = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
"""


def asked(client: Client, text: str, answer: str) -> None:
    """Say something to ChanServ until it answers so."""
    client.send(f"CS {text}")
    client.until(rf"^:ChanServ!\S+ NOTICE \S+ :{answer}")


def test_a_channel_is_somebody_s_after_a_restart(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    ann = daemon.client("ann")
    ann.send(f"NS REGISTER {PASSWORD}")
    ann.until("The account ann is yours")
    ann.send("JOIN #c")
    asked(ann, "REGISTER #c", "#c belongs to ann now")
    asked(ann, "VOP #c ADD bob!*@*", r"bob!\*@\* has VOP in #c now")
    asked(ann, "AKICK #c ADD eve!*@* +1d too loud", r"eve!\*@\* is kept out of #c until ")
    asked(ann, "SET #c URL https://example.org", "url of #c is ")
    daemon.stop()
    daemon.start()
    bob, eve = daemon.client("bob"), daemon.client("eve")
    bob.send("JOIN #c")
    bob.until(r" 353 bob . #c :\+bob")
    eve.send("JOIN #c")
    eve.until(" 474 eve #c ")
    ann = daemon.connect()
    ann.send("NICK ann", "USER ann 0 * :Ann")
    ann.until(r"NOTICE Guest\d{5} :ann belongs to an account")
    ann.send("JOIN #c", f"NS IDENTIFY {PASSWORD}")
    ann.until(r"^:ChanServ!\S+ MODE #c \+qo ann ann")
    code = "To give up #c: /msg ChanServ (DROP #c [a-z0-9]+)"
    ann.send("CS DROP #c")
    line = ann.until(code)[-1]
    asked(ann, line.rsplit("/msg ChanServ ", 1)[1], "#c is dropped. Within 7 days you get it back")
    asked(ann, "INFO #c", "#c was dropped")
    daemon.stop()
    daemon.start()
    ann = daemon.connect()
    ann.send(f"PASS ann:{PASSWORD}", "NICK ann", "USER ann 0 * :Ann")
    ann.until(" 001 ann ")
    asked(ann, "UNDROP #c", "#c belongs to ann again")
    ann.send("JOIN #c")
    ann.until(r" 353 ann . #c :~ann")
