"""Which settings hold for the life of the process, whatever a new configuration says."""

from __future__ import annotations

from chatnet.settings import Settings

FOR_LIFE = ("name", "sid", "casemapping", "data")
"""Of ``[server]``: other servers, clients and the lock of the data folder rely on them."""


def fixed(old: Settings, new: Settings) -> tuple[Settings, list[str]]:
    """`new` with what cannot change kept from `old`, and a note for each change that waits for a restart."""
    kept = {key: getattr(old.server, key) for key in FOR_LIFE}
    changed = [key for key, value in kept.items() if getattr(new.server, key) != value]
    if not changed:
        return new, []
    server = new.server.model_copy(update={key: kept[key] for key in changed})
    notes = [f"server.{key} changes at the next restart only" for key in changed]
    return new.model_copy(update={"server": server}), notes
