"""What people and channels say of themselves, as neighbours tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatnet.dispatch import Table
from chatnet.links.codecs.solanum.metadata import EVERYTHING
from chatnet.links.exchange.metadata import is_behind, is_here, whole
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.entities import User
from chatnet.model.facts import MetadataChanged
from chatnet.model.ids import UID
from chatnet.model.metadata import MOST_WORDS, Target, Word
from chatnet.records.grammar import fixed
from chatnet.records.metadata import is_key, is_value
from chatnet.rules.metadata import known, recorded
from chatnet.rules.stamps import Clock, read, too_far

Heard = Callable[[Target, Mapping[str, Word]], object]
"""What is done with words of a target that has records here."""
AHEAD: Final = 2
"""How many times ``links.stamp_horizon`` a stamp may be ahead, as those of channels may."""


class MetadataIn:
    """Hears CNMETA; stamps are noted by the `clock` that makes ours."""

    def __init__(self, clock: Clock, heard: Heard) -> None:
        self._clock = clock
        self._heard = heard

    def enter(self, verbs: Table) -> None:
        """Enter the verb of neighbours."""
        verbs.command("CNMETA", min_params=4)(self.cnmeta)

    def cnmeta(self, line: Line) -> None:
        """A key of a user or channel is a value, or (without one) not set; ``* *``: what was known is over.

        The later stamp holds; who tells an older word is told the later one.

        # <- :0BA CNMETA 0BAAAAAAB 1795345576 pronouns mi5ab2f.0.0BA :she/her
        # <- :0BA CNMETA #one 1795345576 url mi5ab2f.0.0BA
        # <- :0BA CNMETA 0BAAAAAAB 1795345576 * *
        """
        line.by_server()
        if not line.link.codec.core:
            raise Ignored
        target = _target(line)
        if target is None:
            return
        full = line.links.full(line.link)
        kept = not full and recorded(line.network, target) is not None
        if line.params[2] == EVERYTHING:
            if not kept:
                _begin_anew(line, target)
            return
        key, word = line.params[2], self._word(line)
        if word is None or not is_key(key):
            if line.source is line.link.server:
                line.link.strike("CNMETA that says nothing")
        elif not kept:
            _take(line, target, key, word)
        elif known(line.network, target).get(key) != word:
            self._hear_recorded(line, target, key, word)

    def _hear_recorded(self, line: Line, target: Target, key: str, word: Word) -> None:
        """Of accounts and registered channels others say something of their own people, and no more."""
        if not is_behind(line.links, line.link, target):
            for text in whole(line.links, line.link, target):
                line.link.send(text)
        elif _is_news(line, target, key, word, known(line.network, target)):
            self._heard(target, {key: word})

    def _word(self, line: Line) -> Word | None:
        """What it says, and when; None if that is no value, or no stamp."""
        stamp, value = read(line.params[3]), line.param(4) or None
        if stamp is None or (value is not None and not is_value(value)):
            return None
        if ahead := too_far(stamp, line.now, AHEAD * line.node.settings.links.stamp_horizon):
            line.violate(
                f"The clock of {stamp.sid} is {ahead:.0f} seconds ahead, more than links.stamp_horizon"
            )
        self._clock.observe(stamp)
        return Word(fixed(stamp.text), value)


def _target(line: Line) -> Target | None:
    """Whom it is about, of the TS that it says; None if there is nobody, or somebody else by now."""
    name, ts = line.params[0], line.number(1)
    if name[:1] == "#":
        channel = line.network.channel_meant(name)
        return channel if channel is not None and channel.ts == ts and is_here(line.links, channel) else None
    user = line.network.users.get(UID(name))
    return user if isinstance(user, User) and user.nick_ts == ts else None


def _begin_anew(line: Line, target: Target) -> None:
    """Forget what was known; but where records are kept, others say so of nobody but who is behind them."""
    if line.links.keeps_records and not is_behind(line.links, line.link, target):
        return
    if gone := tuple(line.network.metadata.words(target)):
        line.commit(MetadataChanged(target, {}, line.now, gone))


def _is_news(line: Line, target: Target, key: str, word: Word, words: Mapping[str, Word]) -> bool:
    """Whether it holds, and there is room; who tells an older word is told the later one."""
    before = words.get(key)
    if word.beats(before):
        return before is not None or len(words) < MOST_WORDS or word.value is not None
    if before is not None and before != word:
        line.link.send(line.link.codec.word(line.network.me, target, key, before))
    return False


def _take(line: Line, target: Target, key: str, word: Word) -> None:
    """Take a word that stands in memory only.

    Who is no full neighbour hears its own words again: it may have read meanwhile that all is anew.
    """
    register = line.network.metadata
    words = register.words(target)
    if not _is_news(line, target, key, word, words):
        return
    if key not in words and register.size >= line.node.settings.metadata.register_words:
        line.violate("Too many words of metadata (metadata.register_words)")
    line.commit(MetadataChanged(target, {key: word}, line.now))
    if not line.links.full(line.link):
        line.link.send(line.link.codec.word(line.network.me, target, key, word))
