"""Bans that came from other servers: STATS lists them, UNKLINE and its likes lift them."""

from __future__ import annotations

import pytest
from conversation import START, Client, House
from mesh import Mesh, block, stranger
from states import opered

NOW = int(START)
SET = {
    "k": (
        f"BAN K * bad.example {NOW} 60 600 oz :spam|seen in #x",
        "K bad.example * *",
        "UNKLINE bad.example",
    ),
    "d": ("ENCAP * DLINE 60 198.51.100.0/24 :spam", "D 198.51.100.0/24", "UNDLINE 198.51.100.0/24"),
    "x": (f"BAN X * *spam\\sbot* {NOW} 60 600 oz :no bots", "X 0 *spam\\sbot*", "UNXLINE *SPAM\\sbot*"),
    "q": (f"BAN R * Foo* {NOW} 60 600 oz :reserved", "Q 0 Foo*", "UNRESV foo*"),
}
KINDS = {"k": ("K", "K-Line"), "d": ("D", "D-Line"), "x": ("X", "X-Line"), "q": ("R", "RESV")}


class Net:
    """Two servers; a Solanum is linked to the first, where root is an operator."""

    def __init__(self) -> None:
        classes = [{"name": "staff", "privileges": ["see-all", "bans"]}]
        self.mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1")]}}, oper_class=classes)
        self.mesh.link("a", "b")
        self.mesh.settle()
        self.so1 = stranger(self.mesh["a"], "so1.test", "1SO")
        self.root = self.operator("a", "root")
        self.mesh.settle()
        self.so1.lines()

    def operator(self, house: str, nick: str) -> Client:
        client = self.mesh[house].client(nick)
        opered(client, "see-all", "bans", snomask="k")
        return client

    def sets(self, line: str) -> None:
        self.so1 >> f":1SO {line}"
        self.mesh.advance(1)
        self.root.lines()

    def says(self, who: Client, line: str) -> list[str]:
        who >> line
        self.mesh.settle()
        return [text.partition(" ")[2] for text in who.lines()]

    def holding(self, kind: str) -> list[bool]:
        """Whether each server has one ban of this kind that holds."""
        now = self.mesh.clock.time()
        return [any(ban.holds(now) for ban in house.node.network.bans[kind].values()) for house in self.mesh]


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.mark.parametrize("letter", SET)
def test_a_ban_is_listed_and_lifted(net: Net, letter: str) -> None:
    line, listed, command = SET[letter]
    kind, name = KINDS[letter]
    net.sets(line)
    shown, end = net.says(net.root, f"STATS {letter}")
    assert shown.startswith(
        f"2{ {'k': 16, 'd': 25, 'x': 47, 'q': 17}[letter] } root {listed[0].lower()}{listed[1:].rstrip('*')}"
    )
    where = "this server" if letter == "d" else "network"
    whole = "this server alone" if letter == "d" else "the network"
    by = "so1.test" if letter == "d" else "oz"
    reason = {"k": "spam|seen in #x", "d": "spam", "x": "no bots", "q": "reserved"}[letter]
    assert shown.endswith(f" :[{by}, 59 s left, {where}] {reason}")
    assert end == f"219 root {letter} :End of /STATS report"
    assert net.says(net.root, f"STATS {letter.upper()}")[0] == shown
    assert net.holding(kind) == [True, True]
    mask = {"k": "*@bad.example", "x": "*spam\\sbot*", "q": "Foo*"}.get(letter, command.split()[1])
    heard = net.says(net.root, command)
    assert heard == [
        f"NOTICE * :*** Notice -- root removed {name} of [{mask}]",
        f"NOTICE root :Removed {name} of [{mask}], for {whole}",
    ]
    assert net.holding(kind) == [False, letter == "d"]
    assert net.says(net.root, f"STATS {letter}") == [end]
    asked = {"k": mask}.get(letter, command.split()[1])
    assert net.says(net.root, command) == [f"NOTICE root :There is no {name} of [{asked}]"]
    told = [text for text in net.so1.lines() if " BAN " in text]
    if letter == "d":
        assert told == []
    else:
        assert told[0].startswith(f":0AAAAAAAA BAN {kind} * ") and f" {NOW + 1} 0 599 " in told[0]
    net.mesh.check()


def test_an_operator_elsewhere_lifts_it_here(net: Net) -> None:
    net.sets(SET["k"][0])
    other = net.operator("b", "other")
    net.mesh.settle()
    net.says(other, "UNKLINE *@bad.example")
    assert net.holding("K") == [False, False]
    assert any(
        ":*** Notice -- other!~other@192.0.2.1 removed K-Line of [*@bad.example]" in x
        for x in net.root.lines()
    )
    # What was told before does not bring it back.
    net.sets(SET["k"][0])
    assert net.holding("K") == [False, False]


def test_who_may_not(net: Net) -> None:
    ann = net.mesh["a"].client("ann")
    for line in ("STATS k", "STATS d", "STATS x", "STATS q"):
        assert net.says(ann, line)[0].startswith("481 ann ")
    for line in ("UNKLINE *@x", "UNDLINE 198.51.100.0/24", "UNXLINE x", "UNRESV x"):
        assert net.says(ann, line)[0].startswith("481 ann ")
    opered(ann, "kill")
    assert net.says(ann, "STATS k")[0].startswith("723 ann see-all ")
    assert net.says(ann, "UNKLINE *@x")[0].startswith("723 ann bans ")


def test_those_for_ever_and_those_that_ended(net: Net) -> None:
    net.sets("ENCAP * KLINE 0 ~x *.example :spam")
    net.sets("ENCAP * KLINE 5 * short.example :spam")
    net.mesh.advance(6)
    assert net.says(net.root, "STATS k")[:-1] == [
        "216 root K *.example * ~x :[so1.test, for ever, this server] spam"
    ]


def test_another_server_tells_its_own(net: Net) -> None:
    net.sets(SET["k"][0])
    assert net.says(net.root, "STATS k b.test")[0].startswith(
        "216 root k bad.example * * :[oz, 59 s left, network]"
    )


def test_many_are_shown_in_part() -> None:
    house = House(link=[block("so1")], limits={"stats_bans": 3})
    so1 = stranger(house, "so1.test", "1SO")
    root = house.client("root")
    opered(root, "see-all")
    for number in range(5):
        so1 >> f":1SO BAN K * {'x' * 250}{number} {NOW} 60 60 {'o' * 200} :{'r' * 390}"
    root.lines()
    root >> "STATS k"
    shown = root.lines()
    assert [line.split()[4][-1] for line in shown[:3]] == ["4", "3", "2"]
    assert all(len(line) <= 510 for line in shown)
    assert shown[3].startswith(":irc.test 416 root STATS ")
