"""Labels of questions that other servers answer.  https://ircv3.net/specs/extensions/labeled-response

"For any message received from a client that includes this tag, the server MUST include the same tag and value
in any response produced from this message, in the absence of exceptional conditions that prevent it from
doing so. Servers MUST include the tag in exactly one logical message."
"""

from __future__ import annotations

from typing import Any

from conversation import Client
from mesh import Mesh, block, stranger

CAPS = "batch labeled-response"


def three(**more: Any) -> tuple[Mesh, Client]:
    mesh = Mesh("a", "b", "c", **more)
    mesh.link("a", "b")
    mesh.link("b", "c")
    ann = mesh["a"].client("ann", caps=CAPS)
    mesh["c"].client("carl")
    mesh.settle()
    ann.lines()
    return mesh, ann


def test_the_answer_of_another_server_bears_the_label() -> None:
    mesh, ann = three()
    ann >> "@label=one WHOIS carl carl"
    ann.silent()  # not even ACK
    mesh.settle()
    ann << "@label=one :a.test BATCH +* labeled-response"
    ann << "@batch=* :c.test 311 ann carl *"
    ann.until("@batch=* :c.test 317 ann carl *")
    ann << "@batch=* :c.test 318 ann carl *"
    ann << ":a.test BATCH -*"
    ann.silent()
    mesh.check()


def test_what_is_said_here_first_belongs_to_it() -> None:
    mesh, ann = three()
    ann >> "@label=one TRACE c.test"
    mesh.settle()
    ann << "@label=one :a.test BATCH +* labeled-response" << "@batch=* :a.test 200 *"
    ann << "@batch=* :c.test 262 *" << ":a.test BATCH -*"
    ann.silent()


def test_other_commands_go_on_meanwhile_under_their_own_labels() -> None:
    mesh, ann = three()
    ann >> "@label=one TIME c.test" >> "@label=two TIME b.test" >> "TIME c.test" >> "@label=three TIME c.test"
    ann >> "@label=four TIME" >> "PING x c.test" >> "@label=five PING x c.test" >> "@label=six PING y b.test"
    ann << "@label=four :a.test 391 *"
    ann.silent()
    mesh.deliver("a", "b", 10)
    mesh.deliver("b", "a", 2)
    two = "@label=two :a.test BATCH +* labeled-response"
    ann << two << "@batch=* :b.test 391 *" << ":a.test BATCH -*"
    mesh.settle()
    lines = ann.lines()
    assert [line for line in lines if "label=six" in line] == ["@label=six :b.test PONG b.test :ann"]
    rest = [line for line in lines if "label=six" not in line]
    assert rest[0].startswith("@label=one :a.test BATCH +")
    assert rest[1].startswith("@batch=") and " :c.test 391 " in rest[1]
    assert rest[2].startswith(":a.test BATCH -")
    assert rest[3].startswith(":c.test 391 ")
    assert rest[4].startswith("@label=three :a.test BATCH +")
    assert rest[5].startswith("@batch=") and " :c.test 391 " in rest[5]
    assert rest[6].startswith(":a.test BATCH -")
    assert rest[7:] == [":c.test PONG c.test :ann", "@label=five :c.test PONG c.test :ann"]
    assert ann.session.asked is None
    mesh.check()


def test_an_answer_is_told_as_the_client_wishes_by_then() -> None:
    mesh, ann = three()
    ann >> "CAP REQ :server-time" >> "@label=one TRACE c.test" >> "CAP REQ :-server-time"
    ann >> "@label=two TIME c.test"
    mesh.settle()
    ann << ":a.test CAP ann ACK :server-time"
    ann << "@label=one;time=* :a.test BATCH +* labeled-response" << "@batch=*;time=* :a.test 200 *"
    ann << "*:a.test CAP ann ACK :-server-time"
    ann << "@batch=* :c.test 262 *" << ":a.test BATCH -*"
    ann << "@label=two :a.test BATCH +* labeled-response" << "@batch=* :c.test 391 *" << ":a.test BATCH -*"
    ann.silent()


def test_a_server_that_is_lost_has_said_all() -> None:
    """If it "is unavailable", the local server "sends a labeled `ACK`"; if it "has already begun responding
    when the netsplit occurs, … the batched response ends early"."""
    mesh, ann = three()
    ann >> "@label=one TIME c.test" >> "@label=two TRACE c.test" >> "TIME c.test"
    mesh.cut("b", "c")
    mesh.settle()
    ann << "@label=two :a.test BATCH +* labeled-response" << "@batch=* :a.test 200 *"
    ann << "@label=one :a.test ACK" << ":a.test BATCH -*"
    for _ in range(3):  # what was on its way found nobody
        ann << ":b.test 402 ann 0CA :No such server"
    ann.silent()
    assert ann.session.asked is None
    mesh.check()


def test_so_many_questions_wait_and_no_more() -> None:
    mesh, ann = three()
    for _ in range(16):
        ann >> "@label=x TIME c.test"
    ann >> "@label=y TIME c.test"
    ann << "@label=y :a.test 263 ann TIME :*"
    ann >> "@label=z PING x c.test"
    ann << "@label=z :a.test 263 ann PING :*"
    mesh.settle()
    assert sum("label=x" in line for line in ann.lines()) == 16


def test_another_make_of_server_answers_without_a_label() -> None:
    mesh = Mesh("a", "b", link=(block("so1"),))
    mesh.link("a", "b")
    mesh.settle()
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    ann = mesh["a"].client("ann", caps=CAPS)
    so1.lines()
    ann >> "@label=one TIME so1.test"
    ann << "@label=one :a.test ACK"
    so1 << f":{ann.user.uid} TIME :1SO"
    so1.silent()
    so1 >> f":1SO 391 {ann.user.uid} so1.test :now"
    ann << ":so1.test 391 ann so1.test :now"


def test_who_leaves_waits_no_more() -> None:
    mesh, ann = three()
    ann >> "@label=one WHOIS carl carl" >> "QUIT"
    mesh.settle()
    assert not any("batch" in line for line in ann.lines())
    mesh.check()
