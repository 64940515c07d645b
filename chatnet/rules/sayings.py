"""How often the same is said, in how many channels, and how many are named: of texts nothing is kept.

What is the same is as for mode E of channels: see ``wire/likeness.py``.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from typing import Final

from chatnet.model.entities import Channel
from chatnet.settings import FiltersSettings
from chatnet.wire.casemap import Folder
from chatnet.wire.likeness import likeness

KNOWN: Final = 2000
"""Texts, and people, of which it is known how often, or where, lately."""
_WORD: Final = re.compile(r"[^\s,:;@]+")


class Sayings:
    """Counts what people say; a person is whoever is called so by who asks."""

    def __init__(self) -> None:
        self._texts: OrderedDict[bytes, deque[tuple[float, str]]] = OrderedDict()
        self._places: OrderedDict[str, dict[Channel, float]] = OrderedDict()

    def repeated(self, text: str, who: str, now: float, settings: FiltersSettings) -> bool:
        """Whether the same was said too often, by one person or by many, within some seconds."""
        if len(text.strip()) < settings.repeat_letters:
            return False
        key = likeness(text)
        said = self._texts.get(key)
        if said is None:
            said = self._texts[key] = deque(maxlen=max(settings.repeat_own, settings.repeat_many, 1) * 2)
            if len(self._texts) > KNOWN:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(key)
        said.append((now, who))
        while said[0][0] <= now - settings.repeat_time:
            said.popleft()
        own = sum(1 for _, by in said if by == who)
        many = len({by for _, by in said})
        return 0 < settings.repeat_own <= own or 0 < settings.repeat_many <= many

    def scattered(self, who: str, channel: Channel, now: float, settings: FiltersSettings) -> bool:
        """Whether somebody writes to too many channels within some seconds."""
        places = self._places.get(who)
        if places is None:
            places = self._places[who] = {}
            if len(self._places) > KNOWN:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(who)
        for other in [other for other, at in places.items() if at <= now - settings.channels_time]:
            del places[other]
        places[channel] = now
        return len(places) >= settings.channels

    def forget(self) -> None:
        """Begin anew."""
        self._texts.clear()
        self._places.clear()


def named(text: str, channel: Channel, fold: Folder, most: int) -> bool:
    """Whether a text names so many members of a channel."""
    found = _WORD.findall(text)
    if len(found) < most:
        return False
    words = set(map(fold, found))
    return sum(1 for user in channel.members if user.folded in words) >= most
