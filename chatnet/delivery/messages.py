"""Messages, notices and answers, told to the local clients whom they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.delivery.audience import DEAF, key_of
from chatnet.delivery.index import Index, Render
from chatnet.delivery.veils import Veils
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, Hearsay
from chatnet.model.modes import PRIVILEGED
from chatnet.node import Node
from chatnet.rules.messages import is_service
from chatnet.session import asked, batches, render
from chatnet.session.batches import References
from chatnet.session.rates import note
from chatnet.session.session import Session
from chatnet.wire import capabilities as cap
from chatnet.wire.masks import compile_glob

NEEDED: Final = {"TAGMSG": cap.MESSAGE_TAGS, "REDACT": cap.MESSAGE_REDACTION}
"""What one must have to hear a message of this command: "Servers MUST NOT deliver TAGMSG to clients that
haven't negotiated the message tags capability."  "MUST not forward this REDACT to target recipients that have
not negotiated this capability".

https://ircv3.net/specs/extensions/message-tags#the-tagmsg-tag-only-message
https://ircv3.net/specs/extensions/message-redaction#command
"""

Said = facts.MessageSent | facts.MessageRedacted

OF_MESSAGES: Final = cap.SERVER_TIME | cap.MESSAGE_TAGS
"""What makes a difference to every message."""
OF_PARTS: Final = OF_MESSAGES | batches.MULTILINE
"""What does to a message of several lines."""


class MessagesHere:
    """Tells what users and servers say."""

    def __init__(self, node: Node, index: Index, references: References, veils: Veils) -> None:
        self._node = node
        self._index = index
        self._references = references
        self._veils = veils
        self._counts = node.counts
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.MessageSent: self._message_sent,
            facts.MessageRedacted: self._message_redacted,
            facts.MessageCopied: self._message_copied,
            facts.BroadcastSent: self._broadcast_sent,
            facts.WallopsSent: self._wallops_sent,
            facts.ServerNotice: self._server_notice,
            facts.NumericSent: self._numeric_sent,
            facts.PongSent: self._pong_sent,
        }

    def _message_sent(self, fact: Said, origin: object, make: Render = render.message) -> None:
        target = fact.target
        if fact.parts:
            make = self._of_parts()
        if type(target) is Channel:
            self._counts.channel += 1
            if fact.ranks:
                self._status_message(target, make, fact, origin)
                return
            groups = self._index.channels.get(target)
            if target.veil is not None:
                groups = self._veils.speaks(target, fact)
            need = NEEDED.get(fact.command, 0)
            if groups is not None:
                mask = (OF_PARTS if fact.parts else OF_MESSAGES) | fact.by.tagged
                self._index.fan(groups, mask, make, fact, DEAF, need)
            if type(origin) is not Session:
                self._counts.channel_linked += isinstance(origin, Hearsay)
                return
            if origin.caps & need != need:
                return
            # The sender is in the groups as well: taking the line back is cheaper than a test for everybody.
            key = key_of(origin)
            heard = groups is not None and not key & DEAF and origin.outlet in groups.get(key, ())
            if origin.caps & cap.ECHO_MESSAGE:
                if not heard:
                    self._index.tell_one(origin, make, fact)
            elif heard:
                origin.outlet.out.pop()
        else:
            assert isinstance(target, User)
            self._counts.user += 1
            self._private_message(target, make, fact, origin)

    def _of_parts(self) -> Render:
        """Makes the lines of a message of several lines, under one reference for everybody who gets them."""
        reference = self._references.take()

        def make(fact: facts.MessageSent, key: int) -> bytes:
            return batches.multiline(fact, key, reference)

        return make

    def _private_message(self, target: User, make: Render, fact: Said, origin: object) -> None:
        need, by, index = NEEDED.get(fact.command, 0), fact.by, self._index
        users = index.users
        from_here = type(origin) is Session
        if target.server.uplink is None or by is target:  # else their own server judges, and tells by a copy
            for session in users.get(target, ()):
                if session.caps & need == need:
                    index.tell_one(session, make, fact)
                    if from_here:
                        if session is origin and session.labelled is not None:
                            session.labelled.leave_out()  # the label is for the echo
                    elif isinstance(by, User):
                        note(session, "target " + by.uid)  # so that answers to other servers are free
        if not from_here and (isinstance(origin, Hearsay) or not isinstance(by, User)):
            # It was said elsewhere: as above.
            self._counts.user_linked += isinstance(origin, Hearsay)
            return
        if fact.parts and by is target:
            make = self._of_parts()  # who hears both hears two batches
        sessions = users.get(by, ())  # type: ignore[call-overload]  # what comes from here is a user's
        # Their other sessions would not know of it otherwise; there may be a password for services in it.
        quiet = len(sessions) > 1 and is_service(target, self._node.settings.service_names)
        for session in sessions:
            if session is origin:
                echoed = session.caps & cap.ECHO_MESSAGE
            else:
                echoed = not (quiet or by is target)
            if echoed and session.caps & need == need:
                index.tell_one(session, make, fact)

    def _status_message(self, channel: Channel, make: Render, fact: Said, origin: object) -> None:
        need = NEEDED.get(fact.command, 0)
        self._counts.channel_linked += isinstance(origin, Hearsay)
        told = [
            session
            for user, ranks in self._index.inside(channel)
            if (ranks & fact.ranks and "D" not in user.modes) or user is fact.by
            for session in self._index.users[user]
            if session is not origin or session.caps & cap.ECHO_MESSAGE
        ]
        if type(origin) is Session and origin.caps & cap.ECHO_MESSAGE and fact.by not in channel.members:
            told.append(origin)
        self._index.tell([session for session in told if session.caps & need == need], make, fact)

    def _message_redacted(self, fact: facts.MessageRedacted, origin: object) -> None:
        # "in the same way as PRIVMSG messages"
        self._message_sent(fact, origin, render.redacted)

    def _message_copied(self, fact: facts.MessageCopied, origin: object) -> None:
        """They read it as one's other sessions do what one says."""
        message = fact.message
        if isinstance(message, facts.MessageRedacted):
            make: Render = render.redacted
        else:
            make = self._of_parts() if message.parts else render.message
        need = NEEDED.get(message.command, 0)
        told = [session for session in self._index.users.get(fact.user, ()) if session.caps & need == need]
        self._index.tell(told, make, message)
        if isinstance(message.by, User) and message.by is not fact.user:
            for session in told:
                note(session, "target " + message.by.uid)

    def _broadcast_sent(self, fact: facts.BroadcastSent, origin: object) -> None:
        need = NEEDED.get(fact.command, 0)
        told = [session for session in self._meant(fact.mask) if session.caps & need == need]
        self._index.tell(told, render.broadcast, fact)
        labelled = origin.labelled if type(origin) is Session else None
        if labelled is not None and not labelled.caps & cap.ECHO_MESSAGE:
            labelled.leave_out()  # no echo, but what everybody gets

    def _meant(self, mask: str) -> list[Session]:
        """Whom ``$$<mask of servers>`` or ``$#<mask of hosts>`` means."""
        matches = compile_glob(mask[2:] if mask[:2] in ("$$", "$#") else mask[1:], self._node.network.fold)
        if mask.startswith("$#"):
            return [session for session in self._index.everybody() if matches(session.user.host)]
        return self._index.everybody() if self._node.network.me.is_called(matches) else []

    def _wallops_sent(self, fact: facts.WallopsSent, origin: object) -> None:
        mode = "z" if fact.for_opers else "w"
        self._index.tell([s for s in self._index.everybody() if mode in s.user.modes], render.wallops, fact)

    def _server_notice(self, fact: facts.ServerNotice, origin: object) -> None:
        by = fact.by or self._node.network.me
        privilege = PRIVILEGED.get(fact.letter)
        for user in self._node.network.opers:
            if privilege is not None and not user.has(privilege):
                continue
            if "s" in user.modes and fact.letter in user.snomask:
                text = fact.text if fact.public is None or user.has("see-all") else fact.public
                for session in self._index.users.get(user, ()):
                    session.outlet.send(
                        self._index.fit(render.server_notice(by, text, fact.at, session.caps))
                    )

    def _numeric_sent(self, fact: facts.NumericSent, origin: object) -> None:
        for session in self._index.users.get(fact.user, ()):
            asked.answer(session, fact.by, self._index.fit(render.numeric(fact, session.caps)))

    def _pong_sent(self, fact: facts.PongSent, origin: object) -> None:
        for session in self._index.users.get(fact.user, ()):
            asked.pong(session, fact.by, render.pong(fact, session.caps))
