"""What people and channels say of themselves, told to neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from chatnet.links.exchange.metadata import each, knows, whole
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model import facts
from chatnet.model.entities import Channel
from chatnet.model.facts import Fact, Hearer
from chatnet.model.metadata import Target, Word
from chatnet.records.accounts import NAME
from chatnet.records.grammar import CHANNEL, STATUS, split
from chatnet.records.metadata import META, is_key
from chatnet.rules.metadata import recorded


class MetadataOut:
    """Tells CNMETA: to full neighbours what no record says, to others what is shown."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._network = links.node.network
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.MetadataChanged: self._changed,
            facts.RecordsTaken: self._records_taken,
            facts.AccountChanged: self._account_changed,
            facts.UserIntroduced: self._introduced,
            facts.UserMoved: self._moved,
            facts.Joined: self._joined,
        }

    def _others(self, origin: object = None) -> Iterator[Link]:
        return (link for link in self._links.others(origin) if knows(link))

    def _not_full(self) -> list[Link]:
        return [link for link in self._others() if not self._links.full(link)]

    def _changed(self, fact: facts.MetadataChanged, origin: object) -> None:
        me, hidden = self._network.me, recorded(self._network, fact.target) is not None
        for link in self._others(origin):
            if hidden and not self._links.full(link):
                continue
            if fact.gone:
                link.send(link.codec.anew(me, fact.target))
            for key, word in fact.words.items():
                link.send(link.codec.word(me, fact.target, key, word))

    def _records_taken(self, fact: facts.RecordsTaken, origin: object) -> None:
        links = self._not_full()
        if not links:
            return
        changed: set[str] = set()
        for record in fact.records:
            name, key = split(record.field)
            if name == META and is_key(key):
                word = Word(record.stamp, record.value)
                for target in self._targets(record.entity):
                    for link in links:
                        link.send(link.codec.word(self._network.me, target, key, word))
            elif record.entity[0] == CHANNEL and name in (NAME, STATUS):
                changed |= fact.touched
        for entity in changed:
            self._tell_channels(entity, links)

    def _targets(self, entity: str) -> Iterator[Target]:
        """Those on the network who show what the records of an entity say."""
        yield from self._network.logged_in.get(entity, ())
        for channel in self._channels(entity):
            if recorded(self._network, channel) is self._network.registry.channels.by_id[entity]:
                yield channel

    def _channels(self, entity: str) -> Iterator[Channel]:
        """The channels on the network that have the name of a registration, or had it."""
        registration = self._network.registry.channels.by_id.get(entity)
        if registration is not None:
            for name in dict.fromkeys((registration.name, registration.former)):
                if name and (channel := self._network.channel(name)) is not None:
                    yield channel

    def _tell_channels(self, entity: str, links: Iterable[Link]) -> None:
        """A channel is registered now, or no more, and shows something else."""
        for channel in self._channels(entity):
            kept = recorded(self._network, channel)
            if self._network.metadata.words(channel) or (kept is not None and kept.metadata):
                self._tell_whole(channel, links)

    def _tell_whole(self, target: Target, links: Iterable[Link]) -> None:
        for link in links:
            for text in whole(self._links, link, target):
                link.send(text)

    def _account_changed(self, fact: facts.AccountChanged, origin: object) -> None:
        """Somebody shows what another account has now, or what they have said without one."""
        kept = recorded(self._network, fact.user)
        hides = kept is not None and (kept.metadata or self._network.metadata.words(fact.user))
        if hides or fact.old_id not in (None, fact.account_id):
            self._tell_whole(fact.user, self._not_full())

    def _introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        self._tell_each(fact.user)

    def _moved(self, fact: facts.UserMoved, origin: object) -> None:
        """To who knows of no claims a user has left, and another one has come."""
        for link in self._others():
            if not link.codec.seats:
                for text in each(self._links, link, fact.user):
                    link.send(text)

    def _tell_each(self, target: Target) -> None:
        """Nobody need forget anything, for the target is new."""
        if recorded(self._network, target) is not None:
            for link in self._not_full():
                for text in each(self._links, link, target):
                    link.send(text)

    def _joined(self, fact: facts.Joined, origin: object) -> None:
        """A registered channel that ended is there again."""
        if fact.created:
            self._tell_each(fact.channel)
