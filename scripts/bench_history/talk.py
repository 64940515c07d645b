"""Messages as people might write them, made up: always the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from chatnet.storage.messages.rows import PRIVMSG, Place, Said

GROUP: Final = 300
CHANNELS: Final = 1000
PEOPLE: Final = 5_000
WORDS: Final = 50_000
SENTENCES: Final = 200_000
YEAR: Final = 365 * 86400.0
BEGAN: Final = 1_700_000_000.0
_LETTERS: Final = "etaoinshrdlucmfwypvbgk"


class Talk:
    """A year of talk in a thousand channels, of which a few have most, in words of which a few are most."""

    def __init__(self, messages: int) -> None:
        self.messages: Final = messages
        self._random: Final = random.Random(1)
        pick = self._random
        self.words: Final = self._made_up()
        weights = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self._sentences: Final = [
            " ".join(pick.choices(self.words, cum_weights=weights, k=pick.randint(2, 14)))
            for _ in range(min(SENTENCES, messages))
        ]
        self.places: Final = [
            Place("c", f"#channel{number}", "", 1_600_000_000) for number in range(CHANNELS)
        ]
        self._busy: Final = list(accumulate(1 / rank for rank in range(1, CHANNELS + 1)))

    def _made_up(self) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < WORDS:
            # The most frequent ones are short.
            length = 2 + min(8, len(found) // 60) + self._random.randint(0, 2)
            found["".join(self._random.choices(_LETTERS, k=length))] = None
        return list(found)

    def groups(self) -> Iterator[list[Said]]:
        """All of it, in groups."""
        pick, step = self._random, YEAR / self.messages
        for first in range(0, self.messages, GROUP):
            numbers = range(first, min(first + GROUP, self.messages))
            places = pick.choices(self.places, cum_weights=self._busy, k=len(numbers))
            texts = pick.choices(self._sentences, k=len(numbers))
            group: list[Said] = []
            for number, place, text in zip(numbers, places, texts, strict=True):
                at = BEGAN + number * step
                who = pick.randrange(PEOPLE)
                key = None if who % 5 == 0 else f"a{who:020}"
                msgid = f"1{int(at * 1000):013}{number % 1_000_000:06}0AAAAA{who % 1000:03}{place.name[1:]}"
                source = b"nick%d!~user@host%d.example.net" % (who, who)
                group.append((place, at, msgid, PRIVMSG, 0, key, source, text))
            yield group
