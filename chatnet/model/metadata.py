"""What users without an account, and channels that are not registered, say of themselves.

It ends with them.  Of accounts and registered channels it stands in records.  ``Network.apply`` is the only
writer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from chatnet.model.entities import Channel, User

Target = User | Channel
"""Of whom something is said."""
MOST_WORDS: Final = 100
"""Words that are remembered of one target, with those that say that a key is not set any more."""


class Word(NamedTuple):
    """What a key is, or none, since a stamp of fixed width; the greater word is the later one."""

    stamp: str
    value: str | None

    def beats(self, known: Word | None) -> bool:
        """Whether it holds against what is `known`; of equal stamps the greater value does, none is least."""
        if known is None:
            return True
        mine = self.stamp, self.value is not None, self.value or ""
        return mine > (known.stamp, known.value is not None, known.value or "")


NO_WORDS: Final[Mapping[str, Word]] = {}
"""What most have: it is shared, and never changed."""


def with_word(words: Mapping[str, Word], key: str, word: Word) -> Mapping[str, Word]:
    """Words in which that of `key`, the last of them, is this one."""
    changed = {name: each for name, each in words.items() if name != key}
    changed[key] = word
    return changed


def values_of(words: Mapping[str, Word]) -> dict[str, str]:
    """What is set, by key."""
    return {key: word.value for key, word in words.items() if word.value is not None}


class Metadata:
    """Words by target and key; `size` is how many there are of all."""

    def __init__(self) -> None:
        self.size = 0
        self._words: dict[Target, dict[str, Word]] = {}

    def __bool__(self) -> bool:
        return bool(self._words)

    def __iter__(self) -> Iterator[Target]:
        return iter(self._words)

    def words(self, target: Target) -> Mapping[str, Word]:
        """All that was said of a target, also that a key is not set any more."""
        return self._words.get(target, NO_WORDS)

    def take(self, target: Target, words: Mapping[str, Word], gone: Collection[str]) -> None:
        """Take what holds from now on; of `gone` nothing is known any more."""
        known = self._words.setdefault(target, {})
        self.size -= len(known)
        for key in gone:
            known.pop(key, None)
        for key, word in words.items():
            known.pop(key, None)
            known[key] = word
        if len(known) > MOST_WORDS:
            unset = sorted((word.stamp, key) for key, word in known.items() if word.value is None)
            for _, key in unset[: len(known) - MOST_WORDS]:
                del known[key]
        self.size += len(known)
        if not known:
            del self._words[target]

    def forget(self, target: Target) -> None:
        """A target is gone, or another one."""
        self.size -= len(self._words.pop(target, ()))
