"""Whatever one neighbour says, it costs us no other one: what goes on is as long as others read, and makes
sense to them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from mesh import SOLANUM, Mesh, Stranger, block, stranger

from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob

NOW = 1_700_000_000
LONGEST = 24_000
"""Characters that fit into one line of a neighbour."""


@pytest.fixture
def mesh() -> Mesh:
    """Two servers, and neighbours of the first that the test plays."""
    mesh = Mesh("a", "b", link=[block("bad"), block("so1")])
    mesh.link("a", "b")
    mesh.settle()
    return mesh


@pytest.fixture
def bad(mesh: Mesh) -> Stranger:
    bad = stranger(mesh["a"], "bad.test", "9BD", SOLANUM + " CN1")
    bad >> f":9BD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9BDAAAAAA * * :Eve"
    bad >> f":9BD SJOIN {NOW} #c +nt :@9BDAAAAAA"
    mesh.settle()
    bad.lines()
    return bad


@pytest.mark.parametrize(
    "line",
    [
        # A mask that leaves no room for the command.
        f":9BD ENCAP {'*' * LONGEST} SU 9BDAAAAAA :ann",
        f":9BDAAAAAA ENCAP * LOGIN eve {'X' * LONGEST} :x",
        # What is wrong in it is for each to find out.
        ":9BD ENCAP * KLINE never * bad.example :spam",
        ":9BD ENCAP * DLINE -1 192.0.2.0/24 :spam",
        # Who set it leaves no room for what was set.
        f":9BD ETB 0 #c {NOW} {'x' * LONGEST} :topic",
        f":9BD TB #c {NOW} {'x' * LONGEST} :topic",
        f":9BD EBMASK {NOW} #c b :*!*@bad {NOW} {'x' * LONGEST}",
        # The name of who asks leaves no room for who is asked; without a source it becomes even longer.
        f"PING {'x' * 24565} :0BA",
        f":9BD PONG {'x' * LONGEST} :0BA",
        f"ENCAP * GCAP :{' '.join(f'TOKEN{n}' for n in range(2400))}",
        f":9BD ENCAP * GCAP :{'X' * LONGEST}",
    ],
)
def test_a_long_or_odd_line_costs_no_other_link(mesh: Mesh, bad: Stranger, line: str) -> None:
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    bad >> line
    mesh.settle()
    assert bad.gone is None
    mesh.check()
    for text in so1.lines():
        body = text.partition(" ")[2] if text.startswith("@") else text
        assert len(body) <= 510 and len(text) < LONGEST
    one, other = (house.node.network.channel("#c") for house in mesh)
    assert one is not None and other is not None and one.topic == other.topic
    assert len({user.account for house in mesh for user in house.node.network.users.values()}) == 1
    mesh.cut("a", "b")
    mesh.link("b", "a")  # and it is in no burst either
    mesh.settle()
    mesh.check()


@pytest.mark.parametrize("whom", ["9BD", "a.test", "8FF"])
def test_the_reason_of_a_split_has_an_end(mesh: Mesh, bad: Stranger, whom: str) -> None:
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    bad >> ":9BD SID far.test 2 8FF :x"
    bad.lines()
    bad >> f":9BD SQUIT {whom} :{'é' * 9000}"
    mesh.settle()
    assert all(len(line.encode()) <= 510 for line in [*bad.lines(), *so1.lines(), *mesh["a"].log.lines])
    mesh.check()


def test_who_is_killed_for_no_text_at_all_reads_utf8(mesh: Mesh, bad: Stranger) -> None:
    ann = mesh["a"].client("ann")
    bad >> ":9BD KILL 0AAAAAAAA :bad.test (\udcff)"
    ann << ":bad.test KILL ann :\ufffd"
    ann << "ERROR :Closing Link: 192.0.2.1 (Killed (bad.test (\ufffd)))"


def test_who_set_something_elsewhere_is_one_word(mesh: Mesh, bad: Stranger) -> None:
    """A colon in front of it would take what follows for its own."""
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c"
    bad >> f":9BD EBMASK {NOW} #c b :*!*@bad {NOW} :eve" >> f":9BD TB #c {NOW} {'é' * 300} :topic"
    mesh.settle()
    ann.lines()
    ann >> "MODE #c b"
    ann << f":a.test 367 ann #c *!*@bad eve {NOW}"
    ann << ":a.test 368 *"
    ann >> "TOPIC #c"
    assert ann.until(":a.test 333 ann #c *").endswith(f"é {NOW}")


@pytest.mark.parametrize(
    "line",
    [
        ":9BD ENCAP %s TEST x",
        ":9BDAAAAAA PRIVMSG $$%s :everybody",
        ":9BDAAAAAA TIME :%s",
        ":9BDAAAAAA LINKS a.test :%s",
        ":9BD SID %s 2 8XX :x",
    ],
)
def test_no_mask_is_too_long_to_be_compiled(
    mesh: Mesh, bad: Stranger, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes time and memory, and what was compiled is kept."""
    compiled: list[str] = []

    def note(pattern: str, fold: Folder) -> Callable[[str], bool]:
        compiled.append(pattern)
        return compile_glob(pattern, fold)

    for name, module in list(sys.modules.items()):
        if name.startswith("chatnet.") and hasattr(module, "compile_glob"):
            monkeypatch.setattr(module, "compile_glob", note)
    bad >> line % ("?a*" * 8000)
    mesh.settle()
    assert max(map(len, compiled), default=0) <= 200


def test_who_is_not_known_yet_reaches_nobody(mesh: Mesh) -> None:
    ann = mesh["a"].client("ann")
    mesh.settle()
    mesh.said("a", "b")
    unknown = Stranger(mesh["a"], "bad.test", "9BD")
    for verb in ("PING", "PONG", "NOTICE"):
        unknown >> f"{verb} x :0AAAAAAAA" >> f"{verb} x :0BA" >> f":ann {verb} ann :0BA"
    assert unknown.gone is None
    unknown.silent()
    ann.silent()
    assert mesh.said("a", "b") == []


def test_only_three_digits_are_an_answer(mesh: Mesh, bad: Stranger) -> None:
    ann = mesh["a"].client("ann")
    bad >> ":9BD ²²² 0AAAAAAAA :squares" >> ":9BD ٣١١ 0AAAAAAAA :other digits"
    ann.silent()
    bad >> ":9BD 391 0AAAAAAAA bad.test :now"
    ann << ":bad.test 391 ann bad.test :now"


def test_an_operator_has_one_word_for_the_block_and_one_for_the_class(mesh: Mesh, bad: Stranger) -> None:
    bad >> ":9BDAAAAAA OPER god :admin of all"
    mesh.settle()
    opers = [user.oper for house in mesh for user in house.node.network.opers]
    assert [(oper.name, oper.oper_class) for oper in opers if oper is not None] == [("god", "admin")] * 2
