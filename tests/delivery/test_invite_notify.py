"""Who is told that somebody is invited.  https://ircv3.net/specs/extensions/invite-notify"""

from __future__ import annotations

from conversation import House
from states import set_modes


def test_those_who_may_invite_are_told(house: House) -> None:
    """A server may choose to only send the message [...] to clients that have the privilege to do an /INVITE
    on the channel themselves.

    "The message source, inviter, is the user doing the INVITE, target is the user being invited, channel is
    the channel where target is being invited."
    """
    ann, bob, cyd = (house.client(nick, caps="invite-notify") for nick in ("ann", "bob", "cyd"))
    dan, eve = house.client("dan"), house.client("eve", caps="invite-notify")
    for client in (ann, bob, cyd, dan):
        client >> "JOIN #c"
    set_modes(house, "#c", "+oo", "bob", "dan")
    for client in (ann, bob, cyd, dan):
        client.lines()
    ann >> "INVITE eve #c"
    told = ":ann!~ann@192.0.2.1 INVITE eve #c"
    bob << told
    eve << told
    for client in (bob, cyd, dan, eve):
        client.silent()
    # Who invites has the reply.
    assert ann.numerics() == ["341"]

    set_modes(house, "#c", "+g")
    for client in (bob, cyd, dan, eve):
        client.lines()
    bob >> "INVITE eve #c"
    ann << ":irc.test MODE #c +g" << ":bob!~bob@192.0.2.1 INVITE eve #c"
    cyd << ":bob!~bob@192.0.2.1 INVITE eve #c"
    dan.silent()


def test_who_is_invited_is_told_once_and_without_the_capability(house: House) -> None:
    ann, bob = house.client("ann", caps="invite-notify"), house.client("bob")
    ann >> "JOIN #c" >> "INVITE bob #c"
    bob << ":ann!~ann@192.0.2.1 INVITE bob #c"
    bob.silent()
