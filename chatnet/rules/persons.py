"""May she be here on several devices, and stay without any? One person with several sessions, or none."""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.model.entities import Channel, User
from chatnet.settings import BouncerSettings, Settings

ALWAYS_ON: Final = "always-on"
"""The setting of an account by which its person stays on the network without a session, or does not."""
MULTICLIENT: Final = "multiclient"
"""That by which it may have several sessions as one user."""
AUTO_AWAY: Final = "auto-away"
"""That by which it is away while there is none."""
AUTOREPLAY_MISSED: Final = "autoreplay-missed"
"""That by which it is shown what it missed."""
ON: Final = "on"
OFF: Final = "off"


class Own(NamedTuple):
    """What somebody has chosen for their account; None: nothing, it is as by default."""

    always_on: bool | None = None
    multiclient: bool | None = None
    auto_away: bool | None = None
    autoreplay_missed: bool | None = None


NOTHING_CHOSEN: Final = Own()


def chosen(text: str | None) -> bool | None:
    """What the text of such a setting says; a word of a later version says nothing."""
    return True if text == ON else False if text == OFF else None


def effective(policy: str, own: bool | None) -> bool:
    """What holds where the server has a `policy` (off, opt-in, opt-out, all) and an account its own word."""
    if policy in ("off", "all"):
        return policy == "all"
    return policy == "opt-out" if own is None else own


def attaches(settings: BouncerSettings, own: Own) -> bool:
    """Whether somebody may have several sessions as one user."""
    return effective(settings.sessions, own.multiclient)


def stays(settings: BouncerSettings, own: Own) -> bool:
    """Whether somebody stays without a session: nobody does who could not be attached again."""
    return attaches(settings, own) and effective(settings.always_on, own.always_on)


def goes_away(settings: BouncerSettings, own: Own) -> bool:
    """Whether somebody who stays is away meanwhile."""
    return effective(settings.auto_away, own.auto_away)


def replays(settings: BouncerSettings, own: Own) -> bool:
    """Whether somebody is shown what they missed."""
    return settings.replay_missed if own.autoreplay_missed is None else own.autoreplay_missed


def may_attach(
    settings: Settings, own: Own, user: User, sessions: int, secure: bool, *, here: bool = False
) -> str | None:
    """Whether one more session may be attached to `user`, who has so many; if not, why, as a sentence.

    `secure` tells whether it comes by TLS, and ``User.secure`` whether all others do, or did when they went.
    One that is `here` already, as theirs, may have been in a channel before that became one for TLS, and its
    own server sees to that (:func:`reserved`).
    """
    bouncer = settings.bouncer
    if not attaches(bouncer, own):
        if bouncer.sessions == "off" or not settings.keeps_accounts:
            return _NOBODY[MULTICLIENT]
        nickserv = settings.services.nickserv
        return f"This nick is for one connection at a time: SET MULTICLIENT ON of {nickserv} changes that"
    if sessions >= bouncer.sessions_most:
        return f"You have {sessions} connections already, and may have no more"
    if not secure:
        for channel in () if here else user.channels:
            if "S" in channel.flags:
                return reserved(channel)
        if bouncer.secure_only and user.secure:
            return "All your other devices are connected by TLS, and this one has to be, too"
    return None


def reserved(channel: Channel) -> str:
    """Why a session without TLS is not one of somebody who is in a `channel` of mode S."""
    return f"You are in {channel.name}, which is for those who connect by TLS"


def elsewhere(nick: str, account: str) -> str:
    """What somebody reads who logged in too late to be `nick`, whom other devices of theirs are."""
    return (
        f"{nick} is you on your other devices. To be {nick} here as well, connect again and log in by SASL, "
        f"a certificate, or PASS {account}:<password>."
    )


_NOBODY: Final = {
    ALWAYS_ON: "On this server nobody stays without a connection",
    MULTICLIENT: "On this server a nick is for one connection at a time",
    AUTO_AWAY: "On this server nobody is away only because no device is connected",
}
"""What the policy ``off`` means."""
_EVERYBODY: Final = {
    ALWAYS_ON: "On this server everybody stays who has an account",
    MULTICLIENT: "On this server everybody may be on several devices",
    AUTO_AWAY: "On this server everybody is away while no device is connected",
}
"""What the policy ``all`` means."""


def overruled(settings: BouncerSettings, setting: str, own: Own) -> str | None:
    """Why it is not as somebody chose by a `setting`, as a sentence; None: it is, or they chose nothing."""
    policy, word, holds = {
        ALWAYS_ON: (settings.always_on, own.always_on, stays),
        MULTICLIENT: (settings.sessions, own.multiclient, attaches),
        AUTO_AWAY: (settings.auto_away, own.auto_away, goes_away),
    }[setting]
    if word is None or holds(settings, own) is word:
        return None
    if policy == "off":
        return _NOBODY[setting]
    if not word:
        return _EVERYBODY[setting]
    if settings.sessions == "off":  # who is always on, and alone
        return f"{_NOBODY[MULTICLIENT]}, so that nobody could come back to it"
    return "You may not be on several devices (MULTICLIENT), and so could not come back"
