"""LINK: links by which people come into a channel, once or a few times, from a page or by JOIN."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.invites import Invite
from chatnet.records.invites import OPERATOR
from chatnet.rules.invites import Place, place_of
from chatnet.services.invites import MOST, Wish
from chatnet.settings.browsing import link_to
from chatnet.wire.names import is_channel
from chatnet.wire.server_time import DAY, minute
from chatnet.wire.text import cut, one_line, printable

LABEL: Final = 50
"""Bytes of what people call a link."""
SHOWN: Final = 6
"""Letters by which one is known."""
MOST_CHANNELS: Final = 10
"""Channels that one leads into."""


@CHANSERV.command("LINK ADD", min_params=1, penalty=3.0)
async def link_add(errand: Errand) -> None:
    """`LINK ADD <#channel> [+<n><s|m|h|d|w>] [MOST <n>] [VOICE] [ACCOUNTS] [<label>]`: a link into it, once.

    Who opens it, or says `JOIN #channel` with the letters in it as the key, comes in as if you had invited
    them: past a key, modes i, l, r and j, but no ban. It is good for a week and for fifty people, if you say
    nothing else. VOICE: who has an account gets the flag V; ACCOUNTS: nobody comes without one. It takes the
    flag i, or to be an operator there now, and is good as long as you may invite. Several channels have
    commas between. Operators of the network may for any channel, and with REGISTER let people make an account
    where nobody else may.
    """
    places = _places(errand)
    wish = _wish(errand, errand.params[1:])
    by = await _maker(errand, places, mighty=wish.register)
    invites = errand.chanserv.invites
    if wish.grants:
        invites.judge_grants(by, places, wish.grants)
    secret, invite = await invites.add(by, [each.word for each in places], wish)
    names = ",".join(each.name for each in places)
    page, said = link_to(errand.settings, secret), f"/join {names} {','.join([secret] * len(places))}"
    errand.say(f"The link, shown only now: {said if page is None else f'{page} or {said}'}")
    errand.say(
        f"{wish.most} may come by it until {minute(wish.until)}; "
        f"LINK DEL {places[0].name} {invite.id[1 : 1 + SHOWN]} takes it back."
    )


@CHANSERV.command("LINK LIST", min_params=1, penalty=2.0)
async def link_list(errand: Errand) -> None:
    """`LINK LIST <#channel>`: the links into a channel, who made them, how many came, and why nobody does."""
    errand.at_most(1)
    (place,) = places = _places(errand)[:1]
    await _maker(errand, places)
    invites = errand.chanserv.invites
    found = invites.into(place.folded, place.registration)
    for invite in found:
        if invite.said is not None:
            why = invites.why_ended(invite, place.folded, place.registration)
            errand.say(f"{_described(errand, invite)}{f' (closed: {why})' if why else ''}")
    errand.say(f"{len(found) or 'No'} link{'' if len(found) == 1 else 's'} to {place.name}.")


@CHANSERV.command("LINK DEL", min_params=2, penalty=2.0)
async def link_del(errand: Errand) -> None:
    """`LINK DEL <#channel> <id>`: have nobody come by a link any more; LINK LIST has the ids."""
    errand.at_most(2)
    (place,) = places = _places(errand)[:1]
    by = await _maker(errand, places)
    invites, word = errand.chanserv.invites, errand.params[1].lower()
    found = [
        each
        for each in invites.into(place.folded, place.registration)
        if len(word) >= SHOWN and each.id[1:].startswith(word) and each.closed is None
    ]
    if len(found) != 1:
        errand.end(f"There is no such link. LINK LIST {place.name} lists them.")
    await invites.close(found[0], invites.name_of(by))
    errand.say(f"Nobody comes by the link {found[0].id[1 : 1 + SHOWN]} any more.")


def _places(errand: Errand) -> list[Place]:
    """The channels that the first parameter names."""
    found = dict[str, Place]()
    for name in errand.params[0].split(","):
        if not is_channel(name, errand.settings.limits.channel):
            errand.end(f"{printable(name)} is no channel.")
        place = place_of(errand.network, name)
        found[place.folded] = place
    if len(found) > MOST_CHANNELS:
        errand.end(f"A link leads into {MOST_CHANNELS} channels at most.")
    return list(found.values())


async def _maker(errand: Errand, places: list[Place], *, mighty: bool = False) -> str:
    """Who invites into these, as records name them; what an operator does is noted."""
    by = errand.chanserv.invites.maker(errand.user, places, mighty=mighty)
    if by[:1] == OPERATOR:
        await errand.note(errand.row.verb, ",".join(each.name for each in places))
    return by


def _wish(errand: Errand, words: list[str]) -> Wish:
    """What the words behind the channel ask for."""
    settings, now = errand.settings.invites, int(errand.now)
    until, most, grants, guests, register = now + settings.days * DAY, settings.most, "", True, False
    rest = list(words)
    while rest:
        word = rest[0].upper()
        if word[:1] == "+":
            until = errand.until(word[1:].lower())
            if until > now + settings.days_most * DAY:
                errand.end(f"A link is good for {settings.days_most} days at most.")
        elif word == "MOST" and len(rest) > 1:
            rest.pop(0)
            if not (rest[0].isascii() and rest[0].isdecimal()) or not 1 <= int(rest[0][:9]) <= MOST:
                errand.end(f"MOST is a number from 1 to {MOST}.")
            most = int(rest[0])
        elif word == "VOICE":
            grants = "V"
        elif word == "ACCOUNTS":
            guests = False
        elif word == "REGISTER":
            register = True
        elif word == "MOST":
            errand.end(say_it(errand.row))
        else:
            break
        rest.pop(0)
    return Wish(until, most, register, guests, grants, cut(one_line(" ".join(rest)), LABEL))


def _described(errand: Errand, invite: Invite) -> str:
    said = invite.said
    assert said is not None  # it is asked for before
    invites = errand.chanserv.invites
    parts = [
        f"by {printable(invites.name_of(said.by))}",
        f"until {minute(said.until)}",
        f"{invites.uses(invite)} of {said.most} came",
    ]
    if said.grants:
        parts.append(f"+{said.grants}")
    if not said.guests:
        parts.append("accounts only")
    if said.register:
        parts.append("with registration")
    if len(said.channels) > 1:
        parts.append(f"into {','.join(printable(invites.name(word)) for word in said.channels)}")
    label = f" ({printable(said.label)})" if said.label else ""
    return f"{invite.id[1 : 1 + SHOWN]}{label} {', '.join(parts)}"
