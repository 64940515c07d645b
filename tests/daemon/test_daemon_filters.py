"""The real daemon and filters: kept over a kill, and those in the configuration over a reload."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from daemon_process import Client, Daemon

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
CONFIGURATION = f"""
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[oper_class]]
name = "admin"
privileges = ["filters", "rehash"]
[[oper]]
name = "root"
class = "admin"
password = "{HASH}"
"""


def opered(daemon: Daemon) -> Client:
    root = daemon.client("root")
    root.send("OPER root sesame")
    root.until(r" 381 ")
    return root


def test_filters_outlive_a_kill_and_a_reload_brings_others(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    root = opered(daemon)
    root.send(r"FILTER ADD block live /free\s+money/ -- no adverts")
    root.until(r"Done, on all servers\. To undo: /FILTER DEL ")
    daemon.restart(sudden=True)
    vic = daemon.client("vic")
    vic.send("PRIVMSG vic :get FREE  money", "PRIVMSG vic :gold")
    assert vic.until(r":vic!\S+ PRIVMSG vic :gold")[0].endswith(
        " 492 vic :Cannot send to user vic (no adverts)"
    )
    daemon.configure(CONFIGURATION + '[[filter]]\npattern = "*gold*"\naction = "kill"\ndry = false\n')
    root = opered(daemon)
    root.send("REHASH")
    root.until("rehash|Rehash|382")
    root.send("FILTER LIST")
    root.until("2 filters")
    vic.send("PRIVMSG vic :gold")
    vic.until("ERROR :Closing Link: .*Killed")
