"""The filters that stand in the configuration, and those that are built in, as all others."""

from __future__ import annotations

from typing import Final

from chatnet.model.filters import TEXTS, Filter, filter_entity, read_pattern
from chatnet.rules.configured_bans import BY
from chatnet.settings import FiltersSettings, Settings
from chatnet.wire.casemap import Folder

REPEAT: Final = "repeat"
MENTIONS: Final = "mentions"
CHANNELS: Final = "channels"


def configured_filters(settings: Settings, fold: Folder) -> list[Filter]:
    """What ``[[filter]]`` says."""
    found = []
    for each in settings.filter:
        kind, pattern = read_pattern(each.pattern)
        found.append(
            Filter(
                filter_entity(kind, pattern),
                kind,
                pattern,
                each.action,
                frozenset(each.where),
                each.strangers,
                each.dry,
                each.quiet,
                each.seconds,
                frozenset(map(fold, each.exempt_channels)),
                each.reason,
                BY,
                fixed=True,
            )
        )
    return found


def built_in(settings: FiltersSettings) -> dict[str, Filter]:
    """Those that count, as far as they are on, by their names."""
    on = {
        REPEAT: settings.repeat_own or settings.repeat_many,
        MENTIONS: settings.mentions,
        CHANNELS: settings.channels,
    }
    reasons = {
        REPEAT: "the same was said too often",
        MENTIONS: "it names too many people",
        CHANNELS: "you write to too many channels at once",
    }
    return {
        name: Filter(
            f"_{name}",
            name,
            "",
            settings.builtin_action,
            frozenset(TEXTS),
            settings.builtin_strangers,
            settings.builtin_dry,
            reason=reasons[name],
            by=BY,
            fixed=True,
        )
        for name, number in on.items()
        if number
    }
