"""A reload: one at a time, and which settings hold for the life of the process, whatever a new file says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from chatnet.settings import Settings
from chatnet.wiring.notify import READY, notify, reloading

OF_HISTORY = ("store", "sync", "readers", "search")
"""Of ``[history]``: files and threads that are opened once."""
FOR_LIFE = ("name", "sid", "casemapping", "data", "processes", "process_sids")
"""Of ``[server]``: other servers, clients and the lock of the data folder rely on them."""


class Reloads:
    """One reload at a time, of each of which the service manager is told."""

    def __init__(self) -> None:
        self._under_way = False

    async def do(self, reload: Callable[[], Awaitable[list[str]]]) -> list[str]:
        """Do it, unless there is one; returns what is wrong with the configuration."""
        if self._under_way:
            return ["a reload is under way already"]
        self._under_way = True
        notify(reloading())
        try:
            return await reload()
        finally:
            self._under_way = False
            notify(READY)


def _authority(settings: Settings) -> Literal["here", "remote", "external"]:
    """Who looks at passwords, whether it is written or not."""
    return settings.accounts.authority or ("here" if settings.keeps_accounts else "external")


def fixed(old: Settings, new: Settings) -> tuple[Settings, list[str]]:
    """`new` with what cannot change kept from `old`, and a note for each change that waits for a restart."""
    notes: list[str] = []
    kept = {key: getattr(old.server, key) for key in FOR_LIFE}
    if changed := [key for key, value in kept.items() if getattr(new.server, key) != value]:
        server = new.server.model_copy(update={key: kept[key] for key in changed})
        notes = [f"server.{key} changes at the next restart only" for key in changed]
        new = new.model_copy(update={"server": server})
    if new.services != old.services:
        notes.append("[services] changes at the next restart only")
        new = new.model_copy(update={"services": old.services})
    if new.storage.url != old.storage.url:
        notes.append("storage.url changes at the next restart only")
        new = new.model_copy(update={"storage": new.storage.model_copy(update={"url": old.storage.url})})
    history = {key: getattr(old.history, key) for key in OF_HISTORY}
    if changed := [key for key, value in history.items() if getattr(new.history, key) != value]:
        notes += [f"history.{key} changes at the next restart only" for key in changed]
        new = new.model_copy(update={"history": new.history.model_copy(update=history)})
    if new.bouncer.host is not old.bouncer.host:  # other servers were told at the handshake
        notes.append("bouncer.host changes at the next restart only")
        new = new.model_copy(update={"bouncer": new.bouncer.model_copy(update={"host": old.bouncer.host})})
    if new.keeps_accounts is not old.keeps_accounts:
        then, now = _authority(new), _authority(old)
        notes.append(f"accounts.authority is {now} until the next restart, and {then} from then on")
        accounts = new.accounts.model_copy(update={"authority": now})
        new = new.model_copy(update={"accounts": accounts})
    return new, notes
