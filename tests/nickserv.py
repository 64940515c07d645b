"""What people say to NickServ, what it says, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping

from conversation import Client, House

from chatnet.model.facts import Fact, Hearer, MessageSent


def ask(client: Client, text: str) -> list[str]:
    """What NickServ answers; what else the client reads of it stays to be read."""
    client.lines()
    client >> f"PRIVMSG NickServ :{text}"
    return answers(client)


def answers(client: Client) -> list[str]:
    """What NickServ has said; all else stays to be read."""
    client.house.settle()
    lines = client.outlet.lines
    head = f":NickServ!NickServ@services.chatnet NOTICE {client.user.nick} :"
    client.outlet.lines = [line for line in lines if not line.startswith(":NickServ!")]
    return [line.removeprefix(head) for line in lines if line.startswith(":NickServ!")]


def notices(client: Client) -> list[str]:
    """What NickServ said since the last look."""
    return [
        line.split(" :", 1)[1]
        for line in client.lines()
        if line.startswith(":NickServ!NickServ@services.chatnet NOTICE ")
    ]


class Heard:
    """An observer who takes down what is told."""

    def __init__(self, house: House) -> None:
        self.facts: list[MessageSent] = []
        self.hears: Mapping[type[Fact], Hearer] = {MessageSent: lambda fact, _: self.facts.append(fact)}
        node = house.node
        node.observe([*node._observers, self])
