"""Measures what filters cost for each message, in CPU time; nothing of it needs a socket.

scripts/bench-filters [--filters 200] [--messages 5000]
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Callable, Sequence
from time import process_time

from chatnet.model.entities import Channel, User
from chatnet.model.filters import CHANNEL, EXPRESSION, GLOB, Filter, filter_entity
from chatnet.model.ids import SID, Folded
from chatnet.model.server import Server
from chatnet.rules import expressions
from chatnet.rules.filters import Matching, as_read, is_stranger
from chatnet.rules.sayings import Sayings, named
from chatnet.settings import FiltersSettings
from chatnet.wire.casemap import folder

NOW = 1_790_000_000.0
LETTERS = "aaaabcdeeeeefghiiijklllmmnnnnoooprrrsssttuuvwxyz"
MOST = FiltersSettings(most=10_000, expressions=1_000_000)
TIMES = 5


def word(chance: random.Random) -> str:
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(5, 9)))


def said(chance: random.Random) -> str:
    """A message as people write them: 70 letters on average."""
    return " ".join(word(chance) for _ in range(chance.randint(2, 16)))


def filters(count: int, chance: random.Random) -> list[Filter]:
    """Half of them patterns, half expressions, of which each sixth has no letters that a text must have."""
    found = []
    for number in range(count):
        one, other, third = word(chance), word(chance), word(chance)
        kind, pattern = GLOB, chance.choice((f"*{one}*{other}*", f"*{one} {other}*", f"*{one}?{other}*"))
        if number % 2:
            kind = EXPRESSION
            pattern = (
                rf"{one}\s+{other}",
                rf"https?://[a-z0-9.-]*{one}\.(com|net)",
                rf"({one}|{other}|{third})+ {one}",
                rf"^!{one}",
                rf"{one}.*{other}",
                rf"[{one}]{{8,}}\d{{3}}",
            )[number // 2 % 6]
        found.append(Filter(filter_entity(kind, pattern), kind, pattern))
    return found


def each(texts: Sequence[str], do: Callable[[str], object]) -> float:
    """Microseconds for each text, the least of some runs."""
    took = []
    for _ in range(TIMES):
        begin = process_time()
        for text in texts:
            do(text)
        took.append((process_time() - begin) / len(texts) * 1e6)
    return min(took)


def matching(several: list[Filter], texts: Sequence[str], what: str) -> None:
    user = User(Server(SID("0AA"), "a.test", ""), "192.0.2.1", "192.0.2.1")
    user.signon = NOW - 60
    begin = process_time()
    found = Matching(several, MOST)
    found.of_text("x", CHANNEL, stranger=True)
    made = (process_time() - begin) * 1000

    def judge(text: str) -> None:
        found.of_text(as_read(text), CHANNEL, stranger=is_stranger(user, MOST, NOW))

    took = each(texts, judge)
    print(f"{len(found.usable)} filters {what}: {took:.1f} µs for each message; made in {made:.0f} ms")


def counting(texts: Sequence[str]) -> None:
    settings = FiltersSettings(repeat_own=4, repeat_many=8, mentions=8, channels=6)
    fold = folder("rfc1459")
    channel, sayings = Channel("#c", Folded("#c"), int(NOW)), Sayings()
    print(f"repeat: {each(texts, lambda text: sayings.repeated(text, 'ann', NOW, settings)):.1f} µs")
    print(f"mentions: {each(texts, lambda text: named(text, channel, fold, settings.mentions)):.1f} µs")
    print(f"channels: {each(texts, lambda text: sayings.scattered('ann', channel, NOW, settings)):.1f} µs")


def worst(letters: int) -> None:
    """All room for expressions is taken by those that RE2 has most to do with."""
    settings = FiltersSettings()
    several = []
    for place in range(200):
        pattern = f"[a-z].{{0,30}}[{chr(0xC0 + place)}-{chr(0xD0 + place)}]"
        several.append(Filter(filter_entity(EXPRESSION, pattern), EXPRESSION, pattern))
    found = Matching(several, settings)
    chance = random.Random(2)
    text = "".join(chance.choice("abcxyz ") for _ in range(letters))
    took = each([text], lambda text: found.of_text(text, CHANNEL, stranger=True))
    print(f"{len(found.usable)} of the worst expressions: {took / 1000:.1f} ms for {letters} letters")


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filters", type=int, default=200)
    parser.add_argument("--messages", type=int, default=5000)
    options = parser.parse_args(words)
    print(f"load average {os.getloadavg()[0]:.1f}")
    chance = random.Random(1)
    texts = [said(chance) for _ in range(options.messages)]
    several = filters(options.filters, chance)
    matching(several, texts, "of both kinds")
    matching([each for each in several if each.kind == GLOB], texts, "with wildcards alone")
    if expressions.re2 is not None:
        kept, expressions.re2 = expressions.re2, None
        matching([each for each in several if each.kind == GLOB], texts, "the same without RE2")
        expressions.re2 = kept
        worst(500)
    counting(texts)


if __name__ == "__main__":
    main()
