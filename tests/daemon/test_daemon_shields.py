"""The real daemon and its shields: they outlive a kill, and who is in stays in."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from daemon_process import Daemon

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
CONFIGURATION = f"""
[server]
help = "help@example.org"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[shield]]
level = 1
notice = "Bots have come"
require_login_from = ["127.0.0.0/8"]
[[exempt]]
target = "*root@*"
[[oper_class]]
name = "helper"
privileges = ["shields", "audit"]
[[oper]]
name = "root"
class = "helper"
password = "{HASH}"
"""


def test_shields_outlive_a_kill_and_are_opened_again(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    ann, root = daemon.client("ann"), daemon.client("root")
    root.send("OPER root sesame", "SHIELDS 1 1d :bots")
    root.until("The shields are at level 1 for 1d, on all servers")
    ann.until("NOTICE ann :Bots have come")
    daemon.restart(sudden=True)
    bob = daemon.connect()
    bob.send("NICK bob", "USER bob 0 * :Bob")
    assert "FAIL * ACCOUNT_REQUIRED :For a while new people have to log in" in bob.until("^ERROR ")[-2]
    root = daemon.client("root")  # who is exempt
    root.send("OPER root sesame", "AUDIT SHIELDS", "SHIELDS 0")
    root.until(r"root \(root\) SHIELDS 1: for 1d: bots")
    root.until("The shields are at level 0, on all servers")
    daemon.client("bob")
