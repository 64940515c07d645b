"""One person with many devices: who may have several sessions, and who stays without any."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from chatnet.settings.base import Agreement, Section

Word = Literal["off", "opt-in", "opt-out", "all"]
"""Who has something: nobody, those who asked for it, all but those who declined, or everybody."""


def _come_back(sessions: str, always_on: str) -> str | None:
    wrong = sessions == "off" and always_on in ("opt-out", "all")
    return (
        f"has always_on = {always_on}, but with sessions = off nobody who stays could come back"
        if wrong
        else None
    )


class BouncerSettings(Section):
    """``[bouncer]``: one person on many devices, who stays when all of them sleep.

    Who logs in to an account that somebody on the network is logged in to already, and asks for that nick, is
    the same person on another device: both read the same, and others see one user. This is so unless people
    or these lines say otherwise. People may also stay on the network while none of their devices is
    connected, if they ask for it (PERSISTENCE, or SET ALWAYS-ON of NickServ). Where a line here says opt-in
    or opt-out, each account may choose.
    """

    agreements: ClassVar[tuple[Agreement, ...]] = (Agreement(("sessions", "always_on"), _come_back),)

    sessions: Word = "opt-out"
    """Who may be on several devices as one user: nobody (``off``), those who ask for it (``opt-in``), all but
    those who decline (``opt-out``), everybody (``all``)."""
    always_on: Word = "opt-in"
    """In the same way: who stays on the network, in their channels, when none of their devices is connected.
    It is for nobody who may not be on several devices, since they could not come back."""
    auto_away: Word = "opt-out"
    """In the same way: who of these is shown as away meanwhile."""
    sessions_most: Annotated[int, Field(ge=1, le=1000)] = 16
    """Sessions that one person may have at the same time."""
    devices: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Devices that one person may have given names to (``account@phone``)."""
    persons: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """People whom this server keeps on the network while they have no session."""
    expire: Annotated[int, Field(ge=1, le=36500)] = 90
    """Days without a session after which somebody stays no longer."""
    secure_only: bool = False
    """Whether a person whose sessions are all encrypted gets no further one that is not."""
    replay_missed: bool = True
    """Whether people are shown what they missed when they come back, if they did not choose and their client
    does not ask for it."""
    heard_interval: Annotated[float, Field(ge=1, le=86400)] = 60.0
    """Seconds between two times that other servers are told what a device of somebody who stays has heard: if
    this one is lost, it is told anew elsewhere what it has heard since."""
    host: bool = True
    """Whether this server takes over people whose server is lost. A change takes effect at a restart only."""
    orphan_time: Annotated[float, Field(ge=1, le=3600)] = 10.0
    """Seconds for which people whose server is lost are shown as if nothing had happened, until one that is
    left takes them over."""
    revive_delay: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """Seconds after the start of the server, if its links are not up before, until those who stay are on the
    network again."""
    attach_timeout: Annotated[float, Field(ge=0.1, le=3600)] = 5.0
    """Seconds for which the server is waited for on which the other sessions of a person are."""
    command_timeout: Annotated[float, Field(ge=0.1, le=3600)] = 10.0
    """Seconds for which that server is waited for when it has to carry out a command, such as NICK."""
