"""What somebody says reads the same on another server, tags and all, however often the connection is lost.

The echo that the sender gets is what everybody is to read: the same lines, in the same order, with the same
ids and times.  https://ircv3.net/specs/extensions/echo-message
"""

from __future__ import annotations

import re
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import Mesh
from profiles import runs

CAPS = (
    "batch server-time message-tags account-tag echo-message draft/multiline draft/message-redaction "
    "labeled-response draft/channel-rename"
)


class Talk:
    """ann of a says things of all kinds to #c and to bob of b, who read them."""

    def __init__(self) -> None:
        self.mesh = Mesh("a", "b", links={"ack_lines": 3}, flood={"enabled": False})
        self.mesh.link("a", "b")
        self.ann, self.bob = self.mesh["a"].client("ann", caps=CAPS), self.mesh["b"].client("bob", caps=CAPS)
        for client in (self.ann, self.bob):
            client >> "JOIN #c"
            self.mesh.settle()
        self.mesh.advance(1)
        self.echoes: list[str] = []
        self.numbers = count(1)
        for client in (self.ann, self.bob):
            client.lines()

    def say(self, kind: str, target: str) -> None:
        number = next(self.numbers)
        if kind == "PRIVMSG":
            self.ann >> f"@label=l{number};+x={number} PRIVMSG {target} :{number} \x02é"
        elif kind == "NOTICE":
            self.ann >> f"NOTICE {target} :{number}"
        elif kind == "TAGMSG":
            self.ann >> f"@+typing=active;+n={number} TAGMSG {target}"
        elif kind == "lines":
            self.ann >> f"@+y={number} BATCH +{number} draft/multiline {target}"
            for tags, text in (("", "one"), (";draft/multiline-concat", " and"), ("", ""), ("", "two")):
                self.ann >> f"@batch={number}{tags} PRIVMSG {target} :{text} {number}".rstrip()
            self.ann >> f"BATCH -{number}"
        elif said := [line for line in self.echoes if f" PRIVMSG {target} :" in line and "msgid=" in line]:
            (msgid,) = re.findall("msgid=([^; ]+)", said[-1])
            self.ann >> f"REDACT {target} {msgid} :{number}"
        self.echoes += self.ann.lines()

    def lose(self, arrived: int) -> None:
        if self.mesh.wires:
            self.mesh.reset("a", "b", a=arrived, b=arrived // 3)

    def heal(self) -> None:
        if not self.mesh.wires:
            self.mesh.link("a", "b")

    def deliver(self, lines: int) -> None:
        for number in range(lines):
            self.mesh.deliver_one(number)


def read(lines: list[str]) -> list[str]:
    """Without the labels, which are for who set them, and with the same references of batches."""
    references: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return found[1] + references.setdefault(found[2], f"r{len(references)}")

    told = [re.sub("^@label=[^; ]+(;| )", "@", line) for line in lines if " FAIL REDACT " not in line]
    return [re.sub(r"^(@batch=|.* BATCH [+-])([0-9a-z]+)", number, line) for line in told]


STEPS = st.one_of(
    st.tuples(
        st.just("say"),
        st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG", "lines", "REDACT"]),
        st.sampled_from(["#c", "bob"]),
    ),
    st.tuples(st.just("lose"), st.integers(0, 2000)),
    st.tuples(st.just("heal")),
    st.tuples(st.just("deliver"), st.integers(0, 9)),
)


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=runs(30, 5000), deadline=None)
def test_everybody_reads_what_the_sender_reads(steps: list[tuple[str, *tuple[object, ...]]]) -> None:
    talk = Talk()
    for name, *values in steps:
        getattr(talk, name)(*values)
    talk.say("PRIVMSG", "#c")
    talk.heal()
    talk.mesh.settle()
    assert read(talk.bob.lines()) == read(talk.echoes)
    talk.mesh.check()


def test_the_comparison_sees_what_differs() -> None:
    """A split in the midst of it is no resume."""
    talk = Talk()
    talk.say("PRIVMSG", "#c")
    talk.mesh.cut("a", "b")
    talk.heal()
    talk.mesh.settle()
    assert read(talk.bob.lines()) != read(talk.echoes)
