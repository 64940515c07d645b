"""Tells those who share channels with the users of other servers when these part and meet.

https://ircv3.net/specs/batches/netsplit  A split can take thousands of users from thousands of readers, so
each line is rendered once for each format, and readers who are in the same channels are appended one text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from itertools import chain
from typing import Final

from chatnet.delivery.audience import Group, Groups, key_of, merge, select
from chatnet.delivery.index import Index
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.session import netsplits, render
from chatnet.session.batches import References, closing, opening
from chatnet.session.outlet import Outlet
from chatnet.session.session import Session
from chatnet.wire import capabilities as cap

_OF_QUITS: Final = cap.SERVER_TIME | cap.BATCH | cap.ACCOUNT_TAG | cap.MESSAGE_TAGS | cap.OPER_TAG
"""What makes a difference to the lines of a split."""


class NetJoin:
    """A batch that stays open until all of a burst was told; `opened` are those who know of it already."""

    __slots__ = ("near", "opened", "reference")

    def __init__(self, near: Server, reference: bytes) -> None:
        self.near = near
        self.reference = reference
        self.opened: set[Outlet] = set()


class NetSplits:
    """A part of delivery. `joins` are the open batches, by the server that came."""

    def __init__(self, node: Node, references: References, index: Index) -> None:
        self._node = node
        self._references = references
        self._index = index
        self.joins: dict[Server, NetJoin] = {}

    # splits

    def split(self, fact: facts.NetSplit, damped: Callable[[facts.NetSplit], facts.NetSplit]) -> None:
        """Tell of what is left of a split when it is `damped`; operators are told at once."""
        for server in [server for server in self.joins if server in fact.servers]:
            self._end(server, fact.at)
        self.quit(damped(fact))
        near, far = fact.near.name, fact.far.name
        gone = f"{len(fact.servers)} servers, {len(fact.users)} users"
        reason = f": {fact.reason}" if fact.reason else ""
        self._node.notice("x", f"Netsplit {near} {far} ({gone}){reason}", common=True)

    def quit(self, fact: facts.NetSplit) -> None:
        """One batch with the QUITs of those whom a session shared a channel with, each once."""
        seen: list[User] = []
        places: dict[Channel, list[int]] = {}  # channel -> the places in `seen` of those who were in it
        known = self._index.channels.keys()
        veiled = [channel for channel in known if channel.veil is not None]
        for user in fact.users:
            channels = known & user.channels.keys()
            if veiled and (hiding := {each for each in veiled if each in channels and each.hides(user)}):
                channels = channels - hiding
                self._quit_alone(fact, user, channels, hiding)
            if channels:
                for channel in channels:
                    places.setdefault(channel, []).append(len(seen))
                seen.append(user)
        if seen:
            self._tell_split(fact, seen, places)

    def _quit_alone(
        self, fact: facts.NetSplit, user: User, channels: Set[Channel], hiding: Set[Channel]
    ) -> None:
        """Tell those of somebody's QUIT who saw them, as few do, in channels that hide them."""
        elsewhere = merge([self._index.channels[channel] for channel in channels])
        told = [outlet for group in elsewhere.values() for outlet in group]
        groups = select(merge([self._index.seeing(channel, user) for channel in hiding]), but=set(told))
        pair = b" ".join(self._names(fact.near, fact.far, "split")).decode("utf-8", "surrogateescape")
        quitted = facts.UserQuit(user, pair, fact.at)
        self._index.fan(groups, cap.SERVER_TIME | user.tagged, render.quitted, quitted)

    def _tell_split(
        self, fact: facts.NetSplit, users: list[User], places: Mapping[Channel, list[int]]
    ) -> None:
        source, reference = self._node.network.me.source, self._references.take()
        pair = self._names(fact.near, fact.far, "split")
        formats: dict[int, list[bytes]] = {}  # the lines of all
        for key, readers in self._readers(places).items():
            lines = formats.get(key & _OF_QUITS)
            if lines is None:
                lines = netsplits.quits(users, b" ".join(pair), fact.at, key, reference)
                if self._node.settings.server.utf8_only:
                    lines = [line if line.isascii() else render.in_utf8(line) for line in lines]
                formats[key & _OF_QUITS] = lines
            begin, end = b"", b""
            if key & cap.BATCH:
                begin = opening(source, reference, b"netsplit", *pair, at=fact.at, key=key)
                end = closing(source, reference, fact.at, key)
            for channels, outlets in readers.items():
                whose = dict.fromkeys(chain.from_iterable([places[channel] for channel in channels]))
                text = b"".join([begin, *map(lines.__getitem__, whose), end])
                for outlet in outlets:
                    outlet.send(text)

    def _readers(self, channels: Iterable[Channel]) -> dict[int, dict[tuple[Channel, ...], list[Outlet]]]:
        """Who is in some of `channels`: by their capabilities, and by which of them they are in."""
        inside: dict[int, dict[Outlet, list[Channel]]] = {}
        for channel in channels:
            for key, group in self._index.channels[channel].items():
                there = inside.setdefault(key, {})
                for outlet in group:
                    there.setdefault(outlet, []).append(channel)
        readers: dict[int, dict[tuple[Channel, ...], list[Outlet]]] = {}
        for key, there in inside.items():
            alike = readers[key] = {}
            for outlet, theirs in there.items():
                alike.setdefault(tuple(theirs), []).append(outlet)
        return readers

    # joins

    def begin(self, fact: facts.NetJoinBegan, origin: object) -> None:
        """From now on what users behind that server join is told in a batch."""
        self._end(fact.far, fact.at)
        self.joins[fact.far] = NetJoin(fact.near, self._references.take())

    def tells(self, fact: facts.Joined) -> bool:
        """Tell `fact` in the batch it belongs to; False if it is no part of one."""
        far: Server | None = fact.members[0][0].server
        while far is not None and far not in self.joins:
            far = far.uplink
        if far is None:
            return False
        groups = self._index.channels.get(fact.channel)
        if groups is not None:
            self._tell_join(fact, groups, far, self.joins[far])
        return True

    def _tell_join(self, fact: facts.Joined, groups: Groups, far: Server, join: NetJoin) -> None:
        fresh = {
            key: Group(outlets)
            for key, group in groups.items()
            if key & cap.BATCH and (outlets := group.keys() - join.opened)
        }
        pair = self._names(join.near, far, "join")
        self._open(fresh, join.reference, b"netjoin", pair, fact.at)
        for group in fresh.values():
            join.opened.update(group)
        me, most = self._node.network.me, self._node.settings.limits.modes
        users = [user for user, _ in fact.members]

        def make(fact: facts.Joined, key: int) -> bytes:
            return netsplits.joins(
                fact.channel, fact.members, me, fact.at, key, most, join.reference, fact.msgid
            )

        mask = cap.SERVER_TIME | cap.BATCH | cap.EXTENDED_JOIN | _tagged(users)
        if fact.msgid:
            mask |= cap.MESSAGE_TAGS
        if any(user.away is not None for user in users):
            mask |= cap.AWAY_NOTIFY
        self._index.fan(groups, mask, make, fact)

    def end(self, fact: facts.NetJoinEnded, origin: object) -> None:
        """End the batch of everybody who was sent its beginning."""
        join = self.joins.get(fact.far)
        if join is not None:
            self._end(fact.far, fact.at)
            self._node.notice("x", f"Netjoin {join.near.name} {fact.far.name}", common=True)

    def _end(self, far: Server, at: float) -> None:
        join = self.joins.pop(far, None)
        if join is None:
            return
        told: Groups = {}
        for session in self._index.everybody():
            if session.outlet in join.opened:
                told.setdefault(key_of(session), Group())[session.outlet] = session.outlet.out
        self._close(told, join.reference, at)

    def forget(self, session: Session, *, ending: bool = False) -> None:
        """`session` is told no more of any batch; if `ending`, after the ends of those it knows of.

        A label is for the answer to CAP, of which these are no part.
        "For every started batch, server MUST end that batch."  https://ircv3.net/specs/extensions/batch
        """
        for join in self.joins.values():
            if session.outlet in join.opened:
                join.opened.discard(session.outlet)
                if ending:
                    source, at = self._node.network.me.source, self._node.clock.time()
                    session.outlet.send(closing(source, join.reference, at, session.caps))
                    if session.labelled is not None:
                        session.labelled.leave_out()

    # both

    def _names(self, near: Server, far: Server, ending: str) -> tuple[bytes, bytes]:
        hidden = self._node.settings.server.hide_servers
        return netsplits.names(near.shown, far.shown, ending, hidden=hidden)

    def _open(
        self, groups: Groups, reference: bytes, kind: bytes, names: tuple[bytes, bytes], at: float
    ) -> None:
        def make(fact: None, key: int) -> bytes:
            return opening(self._node.network.me.source, reference, kind, *names, at=at, key=key)

        self._index.fan(groups, cap.SERVER_TIME, make, None, need=cap.BATCH)

    def _close(self, groups: Groups, reference: bytes, at: float) -> None:
        def make(fact: None, key: int) -> bytes:
            return closing(self._node.network.me.source, reference, at, key)

        self._index.fan(groups, cap.SERVER_TIME, make, None, need=cap.BATCH)


def _tagged(users: list[User]) -> int:
    """The capabilities by which something that any of these says bears a tag."""
    tagged = 0
    for user in users:
        tagged |= user.tagged
    return tagged
