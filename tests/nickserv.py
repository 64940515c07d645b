"""What NickServ says, and who hears of what is said to it."""

from __future__ import annotations

from collections.abc import Mapping

from conversation import Client, House

from chatnet.model.facts import Fact, Hearer, MessageSent


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
