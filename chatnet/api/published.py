"""What registered channels show to everybody: who finds it, and what is left out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple

from chatnet.api.kept import Kept
from chatnet.history.questions import Questions
from chatnet.model.entities import Channel
from chatnet.model.facts import (
    ChannelRenamed,
    Fact,
    Hearer,
    MessageRedacted,
    ModesChanged,
    PastErased,
    RecordsTaken,
    SettingsChanged,
)
from chatnet.model.registered import RegisteredChannel
from chatnet.rules.public import NO_LOG, Public, public
from chatnet.session.sessions import Sessions
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.rows import OURS, Position, Row, View, Wanted

KEPT: Final = 60.0
"""Seconds for which an answer is given again, and readers may keep it."""
BYTES: Final = 16_777_216
"""Bytes of all answers that are kept."""
ABREAST: Final = 2
"""Questions to the store at a time: those who chat come first."""
TRIES: Final = 3
"""How often an answer is made anew that something was taken out of meanwhile."""


class Shown(NamedTuple):
    """A channel that shows something."""

    registration: RegisteredChannel
    channel: Channel
    public: Public


class Page(NamedTuple):
    """An answer: its bytes, and when what is in it was last changed (Unix time)."""

    body: bytes
    modified: float


class Said(NamedTuple):
    """Messages in order; there are more `behind` that one, if there is one."""

    rows: Sequence[Row]
    behind: Position | None


class Published:
    """An observer: what was kept of an answer is forgotten when something may not be shown any more.

    `store` has what was said, None: nobody has; `flush` gives it what was heard just now.
    """

    def __init__(self, sessions: Sessions, store: MessageStore | None, flush: Callable[[], object]) -> None:
        self.sessions = sessions
        self.node = sessions.node
        self._store = store
        self._flush = flush
        self._kept: Kept[Page] = Kept(self.node.clock, KEPT, BYTES)
        self._questions = Questions(self.node, lambda: ABREAST)
        self._version = 0
        kinds = (ChannelRenamed, MessageRedacted, ModesChanged, PastErased, RecordsTaken, SettingsChanged)
        self.hears: Mapping[type[Fact], Hearer] = dict.fromkeys(kinds, self._changed)

    def _changed(self, fact: Fact, origin: object) -> None:
        self._version += 1
        self._kept.clear()

    def find(self, name: str) -> Shown | None:
        """The channel of that name, with or without its ``#``, if it may show anything."""
        chanserv, network = self.sessions.chanserv, self.node.network
        registration = network.registry.channels.at(network.fold(name if name[:1] == "#" else f"#{name}"))
        if chanserv is None or registration is None or self._store is None:
            return None
        channel = chanserv.keeping.state(registration)
        return Shown(registration, channel, public(registration, channel, self.node.clock.time()))

    async def page(self, key: tuple[str, ...], make: Callable[[], Awaitable[Page]]) -> Page:
        """What is kept of a key, or else what `make` makes: anew if it may be too old when it is there."""
        if (found := self._kept.get(key)) is not None:
            return found
        for _ in range(TRIES):
            version = self._version
            found = await make()
            if version == self._version:
                self._kept.put(key, found, len(found.body))
                break
        assert found is not None
        return found

    async def said(self, shown: Shown, since: int, wanted: Wanted, owner: str) -> Said:
        """What everybody may see of that; times are in milliseconds.

        What was said behind closed doors is not, nor what was for some of the ranks, nor what those have
        said who do not want that.  Raises Busy, StoreError.
        """
        assert self._store is not None
        await self._questions.turn(owner)
        try:
            self._flush()
            found = await self._store.page(self._view(shown.channel, since), wanted)
        finally:
            self._questions.done()
        last = found.rows[-1] if found.rows and found.more else None
        told = [row for row in found.rows if not self._is_left_out(row)]
        return Said(told, None if last is None else Position(last.at, last.msgid))

    def oldest(self, channel: Channel) -> int:
        """Since when, in milliseconds, something may be known of a channel."""
        settings, keep = self.node.settings.history, channel.keep
        span = settings.channels_keep * DAY if keep is None else min(keep.span, settings.channels_most * DAY)
        return max(int(self.node.clock.time() * 1000) - span, channel.ts * 1000)

    def _view(self, channel: Channel, since: int) -> View:
        place = self.sessions.places.channel(channel)
        return View(place, max(since, self.oldest(channel)), hidden=OURS)

    def _is_left_out(self, row: Row) -> bool:
        account = self.node.network.registry.account(row.person)
        return account is not None and account.settings.get(NO_LOG) == "on"
