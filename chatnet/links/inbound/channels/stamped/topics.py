"""The topic, and which modes are locked: TOPIC, TB, ETB and MLOCK."""

from __future__ import annotations

from chatnet.links.inbound.channels.stamped.ages import state
from chatnet.links.inbound.channels.stamped.companions import claimed, went
from chatnet.links.inbound.channels.stamped.known import event, registers_of
from chatnet.links.speech.line import Line
from chatnet.model.entities import Channel, Topic
from chatnet.model.facts import ModesLocked, TopicChanged
from chatnet.rules.stamps import NEVER, Mark, holds
from chatnet.rules.timestamps import resolve_tb


def lock(line: Line, name: str, ts: int, letters: str) -> None:
    """The modes that are locked."""
    channel, of, changed = claimed(line, name, ts)
    registers, stamp = registers_of(line), of("lock")
    known = registers.known(channel, "lock")
    if holds(stamp, known):
        registers.mark(channel, "lock", stamp, adding=bool(letters))
    elif stamp is not NEVER or known is not None or letters <= channel.locked:
        return
    marks = {"lock": Mark(stamp, bool(letters))} if stamp is not NEVER else {}
    went(line, channel, marks, changed, line.link.codec.locked(channel, line.server_of_source(), letters))
    if letters != channel.locked:
        state(line, ModesLocked(channel, letters, line.source, line.at), channel)


def topic(line: Line, channel: Channel, text: str) -> None:
    """A topic is set now, or cleared."""
    etb(line, channel.name, channel.ts, Topic(text, line.source.mask, int(line.at)))


def tb(line: Line, channel: Channel, new: Topic) -> None:
    """The topic that a server has in its burst."""
    etb(line, channel.name, channel.ts, new)


def etb(line: Line, name: str, ts: int, new: Topic) -> None:
    """The topic of a channel, which may be empty."""
    channel, of, changed = claimed(line, name, ts)
    registers, stamp = registers_of(line), of("topic")
    known, old = registers.known(channel, "topic"), channel.topic
    if holds(stamp, known):
        registers.mark(channel, "topic", stamp, adding=bool(new.text))
    elif stamp is not NEVER or known is not None or not resolve_tb(channel, new.at, new.text):
        return
    marks = {"topic": Mark(stamp, bool(new.text))} if stamp is not NEVER else {}
    went(line, channel, marks, changed, line.link.codec.topic_of(line.server_of_source(), channel, new))
    if old is None and not new.text:
        return
    same = old is not None and old.text == new.text
    at, msgid = event(line, channel)
    fact = TopicChanged(channel, new.text, line.source, at, new.by, new.at, same, channel.ts, msgid)
    state(line, fact, channel)
