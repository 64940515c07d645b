"""What a neighbour is told of what people and channels say of themselves.

A full neighbour has the records, and is told what stands in memory alone; every other one is told what is
shown, with the stamps that it bears here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chatnet.links.codecs.solanum.metadata import METADATA
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.metadata import Target, Word
from chatnet.model.network import Network
from chatnet.rules.metadata import recorded


def knows(link: Link) -> bool:
    """Whether a neighbour is told of metadata at all."""
    return link.codec.core and METADATA in link.caps


def is_here(links: Neighbours, target: Target) -> bool:
    """Whether a target is on the network still."""
    network = links.node.network
    if isinstance(target, User):
        return network.users.get(target.uid) is target
    return network.channels.get(target.folded) is target


def is_behind(links: Neighbours, link: Link, target: Target) -> bool:
    """Whether a user, or a member of a channel, is behind a link."""
    if isinstance(target, User):
        return links.way_to(target) is link
    return link in links.routes.behind(target)


def words_for(links: Neighbours, link: Link, target: Target) -> Mapping[str, Word]:
    """The words of a target, as far as they are told to a neighbour in this way."""
    network = links.node.network
    kept = None if links.full(link) else recorded(network, target)
    return network.metadata.words(target) if kept is None else kept.metadata


def whole(links: Neighbours, link: Link, target: Target) -> Iterator[bytes]:
    """All that there is of a target, in the place of what the neighbour knows."""
    me = links.node.network.me
    yield link.codec.anew(me, target)
    yield from each(links, link, target)


def each(links: Neighbours, link: Link, target: Target) -> Iterator[bytes]:
    """All that there is of a target, for who may know of later words.

    As it is at one moment: a burst goes on in later turns.
    """
    for key, word in list(words_for(links, link, target).items()):
        yield link.codec.word(links.node.network.me, target, key, word)


def all_words(links: Neighbours, link: Link) -> Iterator[bytes]:
    """The chapter of the burst: of everybody who is not behind the link, and of all channels."""
    if not knows(link):
        return iter(())
    targets: dict[Target, None] = dict.fromkeys(links.node.network.metadata)
    if not links.full(link):
        targets.update(dict.fromkeys(_recorded(links.node.network)))
    several = [one for one in targets if not isinstance(one, User) or links.way_to(one) is not link]

    def tell() -> Iterator[bytes]:
        for target in several:
            if is_here(links, target):
                yield from each(links, link, target)

    return tell()


def _recorded(network: Network) -> Iterator[Target]:
    """Those on the network of whom records say something."""
    for entity, users in network.logged_in.items():
        account = network.registry.account(entity)
        if account is not None and account.metadata:
            yield from users
    for registration in network.registry.channels.by_id.values():
        channel = network.channel(registration.name) if registration.metadata else None
        if channel is not None:
            yield channel
