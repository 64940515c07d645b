"""Labels and the real daemon: passwords verified in threads, answers longer than a flush, the last words."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from daemon_process import Daemon
from labelled import LABELS, Answers

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
CONFIGURATION = f"""
[server]
password = "{HASH}"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[connection_class]]
name = "free"
flood_exempt = true
[[oper_class]]
name = "admin"
privileges = ["rehash"]
[[oper]]
name = "ann"
class = "admin"
password = "{HASH}"
"""


def test_each_command_has_its_answer(tmp_path: Path) -> None:
    """https://ircv3.net/specs/extensions/labeled-response"""
    daemon = Daemon(tmp_path)
    daemon.configure(CONFIGURATION)
    with daemon, daemon.connect() as bob, daemon.connect() as ann:
        bob.send("PASS sesame")
        bob.register("bob")
        ann.nick = "ann"
        ann.send(
            f"CAP REQ :{LABELS} echo-message server-time", "PASS sesame", "NICK ann", "USER ann 0 * :Ann"
        )
        ann.send("@label=in CAP END", "@label=up OPER ann sesame", "@label=no OPER ann wrong")
        ann.send("@label=re REHASH")
        bob.send(*(f"PRIVMSG ann :{number}" for number in range(300)))
        ann.send(*(f"@label=n{number} HELP" for number in range(200)), "@label=q QUIT :bye")
        lines = ann.rest()
        answers = Answers(lines[1:])
    assert " ACK :" in lines[0]
    found = {label: [m.command for m in messages] for label, messages in answers.by_label.items()}
    assert found["in"][:2] == ["001", "002"] and found["in"][-1] == "MODE"
    assert "381" in found["up"] and found["no"] == ["381"] and found["q"] == ["ERROR"]
    assert found["re"][0] == "382" and "NOTICE" in found["re"]
    assert len(found) == 205 and all(found[f"n{number}"] == found["n0"] != [] for number in range(200))
    # What bob says, and what the server tells operators, came between and is in no answer.
    assert {(m.source.partition("!")[0], m.command) for m in answers.others} <= {
        ("bob", "PRIVMSG"),
        ("chatnet.invalid", "NOTICE"),
    }
    assert "Traceback" not in daemon.output()
