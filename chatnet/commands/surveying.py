"""LIST as NickServ and ChanServ know it: what fits a mask among much, looked at in slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, TypeVar

from chatnet.commands.errand import Errand
from chatnet.session.scans import Scan
from chatnet.wire.masks import price_of, read_glob

T = TypeVar("T")
LISTED: Final = 100
"""What one LIST shows."""


def survey(
    errand: Errand,
    noun: str,
    found: Callable[[], Iterable[T]],
    names: Callable[[T], Sequence[str] | None],
    line: Callable[[T], str],
) -> None:
    """Say a `line` for each of what is `found` when the look begins that has a name which fits the mask.

    `names` are those of one, or None if it is no more; `noun` is one of them.
    """
    if errand.session.held:
        errand.end("Ask that in a message of its own.")
    errand.scan(partial(_survey, errand, noun, found, names, line))


async def _survey(
    errand: Errand,
    noun: str,
    found: Callable[[], Iterable[T]],
    names: Callable[[T], Sequence[str] | None],
    line: Callable[[T], str],
    scan: Scan,
) -> None:
    mask, count = errand.params[0], 0
    matches, price = read_glob(mask, errand.network.fold), price_of(mask)
    for each in list(found()):
        if scan.spend(1 + price * len(names(each) or ())):
            await scan.pause()
        those = names(each)  # it may be gone since
        if those is None or not any(map(matches, those)):
            continue
        if count == LISTED:
            errand.say("There are more. Ask for fewer, with another mask.")
            return
        count += 1
        errand.say(line(each))
    errand.say(f"{count or 'No'} {noun}{'' if count == 1 else 's'}.")
