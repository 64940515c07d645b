"""Stories over whole nodes that keep accounts: whatever happens to them, they come to the same in the end.

Nodes are linked and cut off, lose connections in the middle of a page, start anew, or from a copy of their
file, and cannot write for a while; people register, log in, change what they have, and go.
"""

from __future__ import annotations

from itertools import combinations
from random import Random
from typing import Final
from unittest.mock import patch

import pytest
from clubs import Clubs, FullClub
from conversation import Client
from profiles import runs

from chatnet.links.exchange.feeds import AGAIN
from chatnet.links.neighbour.link import State
from chatnet.model.registry import Account
from chatnet.records.accounts import Named
from chatnet.records.grammar import field
from chatnet.storage.memory import MemoryStore

STEPS: Final = 50
NAMES: Final = ("ann", "bob", "cat", "a[b", "A{B")
WORDS: Final = ("correct-horse", "battery-staple", "another-horse")


class Story:
    """What happens by chance, the same for each seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.names = "abcd"[: self.random.choice([2, 3, 4])]
        clocks = {name: self.random.choice([0.0, 0.0, 0.005, -0.005, 3.0]) for name in self.names}
        self.mesh = Clubs(*self.names, clocks=clocks)
        self.copies: dict[str, MemoryStore] = {}
        self.people: list[Client] = []
        self.proved: dict[str, set[str]] = {}  # by UID: the ids whose password they gave
        self.numbers = 0

    def entity(self, kind: str) -> str:
        """An id; many begin alike, so that marks have to be longer."""
        choices = self.random.choices
        return kind + "".join(choices("ab", k=6)) + "".join(choices("abcdefghijklmnopqrstuvwxyz234567", k=14))

    # nodes

    def joined(self, one: str, other: str) -> bool:
        seen = todo = {one}
        while todo:
            todo = {end for wire in self.mesh.wires if todo & set(wire.ends) for end in wire.ends} - seen
            seen = seen | todo
        return other in seen

    def anew(self, name: str, store: MemoryStore) -> None:
        """Another process with this store, which nobody is linked to yet."""
        for wire in [wire for wire in self.mesh.wires if name in wire.ends]:
            self.mesh.cut(*wire.ends)
        old = self.mesh[name]
        self.people = [each for each in self.people if each.house is not old]
        store.taken, store.held, store.broken = (lambda records: None), False, False
        sections = old.settings.model_dump(by_alias=True)
        self.mesh.houses[name] = FullClub(store, clock=self.mesh.clocks[name], **sections)

    # what happens

    def step(self) -> None:
        random, mesh = self.random, self.mesh
        self.bury()
        mesh.clock.advance(random.choice([0.0, 0.001, 0.001, 0.05]))
        name = random.choice(self.names)
        club, what = mesh[name], random.random()
        if what < 0.15:
            self.register(club)
        elif what < 0.45:
            self.change(club, random.random())
        elif what < 0.52:
            self.log_in(club)
        elif what < 0.62:
            one, other = random.sample(self.names, 2)
            if not self.joined(one, other):
                mesh.link(one, other)
        elif what < 0.68 and mesh.wires:
            wire = random.choice(mesh.wires)
            if random.random() < 0.5:
                mesh.cut(*wire.ends)
            else:
                one, other = wire.ends
                mesh.reset(one, other, **{end: random.randrange(200) for end in wire.ends})
                mesh.link(*wire.ends)
        elif what < 0.71:
            self.copies[name] = club.store.saved()(club.node.network.me.sid)
        elif what < 0.73 and name in self.copies:
            self.anew(name, self.copies.pop(name))
        elif what < 0.75:
            store = club.store
            self.anew(name, store)
            store.start()
        elif what < 0.78:
            club.store.broken = not club.store.broken
        else:
            for _ in range(random.randrange(40)):
                mesh.deliver_one(random.randrange(100))

    @staticmethod
    def free(club: FullClub, name: str) -> bool:
        """Whether the name may be given to somebody there."""
        network = club.node.network
        if club.parts.links.feeds.learning or network.user(name) is not None:
            return False
        return network.registry.owner(network.fold(name)) is None

    def register(self, club: FullClub) -> None:
        name = self.random.choice(NAMES)
        if not club.store.broken and self.free(club, name):
            club.account(name, self.random.choice(WORDS))

    def some_account(self, club: FullClub) -> Account | None:
        accounts = sorted(club.node.network.registry.accounts.values(), key=lambda each: each.id)
        found = self.random.choice(accounts) if accounts else None
        return found if found is not None and found.name else None

    def change(self, club: FullClub, what: float) -> None:
        account, random = self.some_account(club), self.random
        if account is None or club.store.broken:
            return
        name = random.choice(NAMES)
        folded = club.node.network.fold(name)
        free = self.free(club, name)
        if what < 0.3:
            club.done(club.accounts.set_password(account, random.choice(WORDS)))
        elif what < 0.5 and free:
            self.give(club, account, field("nick", folded), name)
        elif what < 0.6:
            self.give(club, account, field("nick", folded), None)
        elif what < 0.7 and free:
            self.give(club, account, "name", name)
        else:
            states = ["active", "active", "dropped", "suspended 0 root :spam", "erased"]
            club.change(account, status=random.choice(states))

    @staticmethod
    def give(club: FullClub, account: Account, what: str, name: str | None) -> None:
        value = None if name is None else (lambda stamp: Named(stamp, name).text)
        club.done(club.accounts.change(account, {what: value}))

    def log_in(self, club: FullClub) -> None:
        account = self.some_account(club)
        if account is None or account.lost or self.random.random() < 0.2:
            return
        self.numbers += 1
        client = club.client(f"p{self.numbers}")
        self.people.append(client)
        client >> f"NS IDENTIFY {account.name} {self.random.choice(WORDS)}"
        if client.user.account_id is not None:
            self.proved.setdefault(client.user.uid, set()).add(client.user.account_id)

    def bury(self) -> None:
        """Forget connections whose link has ended: two were made in a circle, say."""
        for wire in list(self.mesh.wires):
            if any(link.state is State.GONE for link in wire.links.values()):
                self.mesh.wires.remove(wire)
                wire.lose({})

    # the end

    def end(self) -> None:
        """Link all of them in some tree, and let them come to rest."""
        mesh = self.mesh
        for name in self.names:
            mesh[name].store.broken = False
        mesh.settle()
        for one, other in [*combinations(self.names, 2)] * 3:
            self.bury()
            if not self.joined(one, other):
                mesh.link(one, other)
                mesh.settle()
        # Somebody may wait for a server to be back behind another link, and let nobody link to it meanwhile.
        mesh.advance(mesh[self.names[0]].settings.links.resume_grace)
        for _ in range(4):
            mesh.settle()
            mesh.advance(AGAIN)
        mesh.agree()
        self.check()
        mesh.check()

    def check(self) -> None:
        for name in self.names:
            network = self.mesh[name].node.network
            shown = [each.shown for each in network.registry.accounts.values() if each.name]
            assert len(set(shown)) == len(shown)
            for user in network.users.values():
                if user.account_id is not None:
                    account = network.registry.accounts[user.account_id]
                    assert user.account == account.shown
                    assert user.account_id in self.proved[user.uid]
                else:
                    assert user.account is None


def told(seed: int) -> Story:
    story = Story(seed)
    with patch("chatnet.services.accounts.new_entity", story.entity):
        for _ in range(STEPS):
            story.step()
    return story


@pytest.mark.parametrize("part", range(4))
def test_all_stories_end_the_same(part: int) -> None:
    for seed in range(part, runs(28, 20_000), 4):
        story = told(seed)
        try:
            story.end()
        except AssertionError as error:
            raise AssertionError(f"the story of {seed}: {error}") from error
