"""Hooks: what programs elsewhere may say in channels, and be told: ``[hooks]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chatnet.settings.base import AddressRange, Section


class HooksSettings(Section):
    """``[hooks]``: programs elsewhere that say something in channels, or are told what is said there."""

    per_channel: Annotated[int, Field(ge=0, le=100)] = 10
    """Hooks that a channel may have; 0 = none can be made."""
    burst: Annotated[int, Field(ge=1, le=1000)] = 10
    """Messages that one hook may say at once."""
    period: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """Seconds in which it may say so many; beyond, it is told to try again (429)."""
    private_networks: tuple[AddressRange, ...] = ()
    """Addresses that are not of the public internet and may be told events, also without TLS, such as
    ``127.0.0.0/8`` for programs on this machine. Whoever makes a hook can have this server connect there."""
    timeout: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Seconds that a program may take to answer."""
    at_once: Annotated[int, Field(ge=1, le=100)] = 8
    """How many hooks are told something at the same time."""
    waiting: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Events that may wait for one hook; of more the first ones are lost."""
    event_size: Annotated[int, Field(ge=1024, le=1_048_576)] = 65536
    """Bytes of one event; a larger one is not told."""
