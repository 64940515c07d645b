"""What people and channels say of themselves: ``[metadata]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.settings.base import Section


class MetadataSettings(Section):
    """``[metadata]``: avatars, pronouns, homepages and so on (METADATA), of people and channels."""

    enabled: bool = True
    """Whether METADATA is offered to clients. What other servers tell is kept in any case."""
    before_connect: bool = True
    """Whether clients may use it before they are registered."""
    keys: Annotated[int, Field(ge=0, le=50)] = 20
    """Keys that may be set of one user, account or channel."""
    value_bytes: Annotated[int, Field(ge=16, le=400)] = 300
    """Bytes of a value. With its key, a long channel's name and a nick it has to fit into one line."""
    subscriptions: Annotated[int, Field(ge=1, le=200)] = 50
    """Keys of which one client may be told."""
    set_rate: Annotated[int, Field(ge=1, le=10_000)] = 30
    """Changes by one client within ``set_period``; beyond, it reads how long to wait."""
    set_period: Annotated[float, Field(ge=1, le=86_400)] = 60.0
    """Seconds."""
    sync_members: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Members of a channel up to which who comes in is told at once what is set of them; of a larger one
    clients ask (SYNC), which is answered in slices."""
    sync_wait: Annotated[int, Field(ge=0, le=3600)] = 2
    """Seconds after which a client is to ask that was not told at once."""
    sync_rate: Annotated[int, Field(ge=1, le=10_000)] = 10
    """SYNCs of one client within ``sync_period``; beyond, it reads how long to wait."""
    sync_period: Annotated[float, Field(ge=1, le=86_400)] = 30.0
    """Seconds."""
    register_words: Annotated[int, Field(ge=1000, le=100_000_000)] = 500_000
    """Values of guests and of channels that are not registered, of the whole network, that are kept in
    memory, with those that were removed; about 0.5 kB each. A link that brings more ends."""
