"""How far people have read, told to their other clients.  https://ircv3.net/specs/extensions/read-marker"""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.delivery.index import Index
from chatnet.history.marks import Marks
from chatnet.model.entities import Channel
from chatnet.model.facts import Fact, Hearer, MarkMoved
from chatnet.model.places import OF_DEVICE
from chatnet.node import Node
from chatnet.session.marking import show_mark, show_no_mark
from chatnet.session.session import Session
from chatnet.storage.interfaces import StoreError
from chatnet.wire.capabilities import READ_MARKER


class MarksHere:
    """Tells a mark to whoever is here of the person, and to nobody else; without `marks` there are none.

    "The read markers sent by a user MUST NOT be disclosed to other users".
    """

    def __init__(self, node: Node, index: Index, marks: Marks | None) -> None:
        self._node = node
        self._index = index
        self._marks = marks
        self._unread: dict[Session, list[Channel]] = {}
        """Who are told as soon as their marks are known, of what."""
        self.hears: Mapping[type[Fact], Hearer] = {MarkMoved: self._mark_moved}

    def show(self, session: Session, channel: Channel) -> None:
        """To somebody who came into a channel, "before the `RPL_ENDOFNAMES` reply".

        Who did not come by a command of this session (it was another session, or a pseudo-user) may be one of
        whom they are not known yet: they are told in a moment.
        """
        marks = self._marks
        if marks is None:
            return
        if marks.knows(session.user):
            show_mark(session, channel.name, marks.of(session.user, channel.folded))
        elif session in self._unread:
            self._unread[session].append(channel)
        else:
            self._unread[session] = [channel]
            self._node.run(self._show_later(marks, session))

    async def _show_later(self, marks: Marks, session: Session) -> None:
        try:
            await marks.fetch(session.user)
        except StoreError:
            pass  # they are told
        for channel in self._unread.pop(session):
            if session.closed or channel not in session.user.channels:
                continue
            if marks.knows(session.user):
                show_mark(session, channel.name, marks.of(session.user, channel.folded))
            else:
                show_no_mark(session, channel.name)

    def _mark_moved(self, fact: MarkMoved, origin: object) -> None:
        if self._marks is None or fact is not self._marks.news or fact.spot[0] == OF_DEVICE:
            return  # another server told what is known here, or what a device has heard
        names = None
        for user in self._marks.people(fact.person):
            for session in self._index.users.get(user, ()):
                # The one that moved it has its answer.
                if session.caps & READ_MARKER and session is not origin:
                    names = self._marks.names(fact.spot) if names is None else names
                    for name in names:
                        show_mark(session, name, fact.until)
