"""The real daemon and reports: kept over a kill."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from daemon_process import Daemon

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
CONFIGURATION = f"""
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[oper_class]]
name = "admin"
privileges = ["reports", "audit", "force"]
[[oper]]
name = "root"
class = "admin"
password = "{HASH}"
snomask = "p"
"""


def test_a_report_outlives_a_kill_and_is_closed_then(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    eve, bob = daemon.client("eve"), daemon.client("bob")
    bob.send("REPORT eve :spam")
    bob.until(r"Thank you\. Your report \S+ is with the operators of the network")
    daemon.restart(sudden=True)
    eve.close()
    root = daemon.client("root")
    root.send("OPER root sesame")
    root.until(r" 381 ")
    root.send("REPORTS LIST")
    assert "bob about eve: spam" in "".join(root.until("End of REPORTS: 1 open"))
    root.send("REPORTS CLOSE 0CN-1 :seen to", "REPORTS LIST")
    root.until("End of REPORTS: none open")
    root.send("SAJOIN root #c", "AUDIT")
    notes = "".join(root.until("End of AUDIT"))
    assert "REPORTS 0CN-1: CLOSE: seen to" in notes and "SAJOIN" in notes and "sesame" not in notes
