"""Labels: a client marks a command, and the answer to it bears the same mark, once.

https://ircv3.net/specs/extensions/labeled-response

While a labelled command is executed, :attr:`Session.labelled` is its :class:`Labelled`, which remembers where
in the outlet's ``out`` the answer began.  All that is appended until the end of the command is its answer: so
nobody who says something needs to know of labels, and a command without one costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Iterator, Mapping
from contextlib import contextmanager
from types import coroutine
from typing import Any, Final

from chatnet.session import session as one  # the two know each other
from chatnet.session.batches import closing, inside, is_whole, opening, tagged
from chatnet.session.render import encode, line
from chatnet.wire.capabilities import BATCH, LABELED_RESPONSE
from chatnet.wire.message import escape_tag_value, parse_tags

LABEL: Final = 64
"""Bytes that a label may have, as it goes over the wire; the specification's."""

_NEEDED: Final = BATCH | LABELED_RESPONSE


def begin(session: one.Session, tags: Mapping[str, str]) -> None:
    """What `session` is told from now on is the answer to a command with these tags.

    Nothing happens without a label, if the client did not ask for labels *and* batches, or if the label is
    empty or too long: such a command is answered as one without.
    """
    label = tags.get("label", "")
    if label and session.caps & _NEEDED == _NEEDED and len(value := encode(escape_tag_value(label))) <= LABEL:
        session.labelled = Labelled(session, b"label=" + value)


def begin_refused(session: one.Session, raw: bytes, most: int) -> None:
    """The same for a line that is refused as it is, without being parsed: too long, or not UTF-8.

    Its label is honoured if its tags are UTF-8 and have at most `most` bytes.  Of a line that is too long for
    the buffer nothing is known any more, so the answer to it has no label.
    """
    head = raw.partition(b" ")[0]
    if head[:1] == b"@" and len(head) - 1 <= most:
        try:
            begin(session, parse_tags(head[1:].decode()))
        except UnicodeDecodeError:
            pass


@contextmanager
def answering(session: one.Session, earlier: Labelled | None) -> Iterator[None]:
    """What is said within is the answer, and all of it, to an `earlier` command that was set aside.

    The command that is being executed goes on with its own answer behind it.  Without an earlier one with a
    label it is just that command's answer.
    """
    if earlier is None:
        yield
        return
    current = session.labelled
    executing = current if current is not None and not current.paused else None
    if executing is not None:
        executing.pause()
    session.labelled = earlier
    earlier.resume()
    try:
        yield
    finally:
        if not session.closed:
            earlier.end()
            session.labelled = current
            if executing is not None:
                executing.resume()


@contextmanager
def continuing(session: one.Session, earlier: Labelled) -> Iterator[None]:
    """What is said within is a part of the answer to an `earlier` command, in a batch; more may come."""
    current = session.labelled
    executing = current if current is not None and not current.paused else None
    if executing is not None:
        executing.pause()
    session.labelled = earlier
    earlier.resume()
    try:
        yield
    finally:
        earlier.pause()
        session.labelled = current
        if executing is not None:
            executing.resume()


class Labelled:
    """A labelled command that is being executed; `tag` is its label as it goes over the wire.

    The answer gets the label when it is complete.  One that takes long is a batch that was opened before.
    """

    __slots__ = ("_reference", "_start", "paused", "session", "tag")

    def __init__(self, session: one.Session, tag: bytes) -> None:
        self.session = session
        self.tag = tag
        self.paused = False  # True: the command waits for something, and what is said now is not its answer
        self._start = len(session.outlet.out)
        self._reference: bytes | None = None

    def leave_out(self) -> None:
        """What was said last is no answer: a message that one sent to oneself and now gets from oneself.

        https://ircv3.net/specs/extensions/labeled-response (“When a client sends a message to itself, the
        server MUST NOT include the label tag”)
        """
        out = self.session.outlet.out
        out.insert(self._start, out.pop())
        self._start += 1

    def hand_over(self) -> None:
        """Flush what was said so far, in a batch that stays open."""
        self._seal()
        outlet = self.session.outlet
        outlet.flush()
        self._start = len(outlet.out)

    def _seal(self) -> None:
        said = self._said()
        if said:
            self._replace([*self._opened(), *self._inside(said)])

    def end(self) -> None:
        """Complete the answer: a line with the label, a batch, or ACK if there was none."""
        session = self.session
        session.labelled = None
        if self.paused:
            self.resume()
        said = self._said()
        source, at, caps = self._source, session.sessions.node.clock.time(), session.caps
        if self._reference is not None:
            said = [*self._inside(said), closing(source, self._reference, at, caps)]
        elif not said:
            said = [tagged(line(b":%b ACK" % source, at, caps), self.tag)]
        elif len(said) == 1 or is_whole(said):
            said[0] = tagged(said[0], self.tag)
        else:
            opened = self._opened()
            assert self._reference is not None
            said = [*opened, *self._inside(said), closing(source, self._reference, at, caps)]
        self._replace(said)

    def pause(self) -> None:
        """The command waits; others may speak meanwhile."""
        self._seal()
        self.paused = True

    def resume(self) -> None:
        """What is said from now on is the answer again."""
        self.paused = False
        self._start = len(self.session.outlet.out)

    @coroutine
    def in_steps(self, waiting: Awaitable[None]) -> Generator[Any, Any, None]:
        """Await `waiting`, whose every step says a part of the answer, and complete the answer."""
        steps = waiting.__await__()
        value: Any = None
        error: BaseException | None = None
        try:
            while True:
                try:
                    wish = steps.send(value) if error is None else steps.throw(error)
                except StopIteration:
                    return
                self.pause()
                value = error = None
                try:
                    value = yield wish
                except Exception as thrown:
                    error = thrown
                self.resume()
        finally:
            if self.session.labelled is self:  # or the session was closed, and the answer with it
                self.end()

    @property
    def _source(self) -> bytes:
        return self.session.sessions.node.network.me.source

    def _said(self) -> list[bytes]:
        """The lines of the answer that have not been handed out; what is queued may be several lines each."""
        return b"".join(self.session.outlet.out[self._start :]).splitlines(True)

    def _opened(self) -> list[bytes]:
        """The line that opens the batch of this answer, unless it was opened before."""
        if self._reference is not None:
            return []
        session = self.session
        self._reference = reference = session.sessions.references.take()
        at = session.sessions.node.clock.time()
        body = opening(self._source, reference, b"labeled-response", at=at, key=session.caps)
        return [tagged(body, self.tag)]

    def _inside(self, said: list[bytes]) -> list[bytes]:
        assert self._reference is not None
        return [inside(text, self._reference) for text in said]

    def _replace(self, lines: list[bytes]) -> None:
        """Put finished lines in the place of those of the answer; the list stays the same one."""
        outlet = self.session.outlet
        if not outlet.out:
            outlet.turn.mark(outlet)
        outlet.out[self._start :] = lines
        self._start = len(outlet.out)
