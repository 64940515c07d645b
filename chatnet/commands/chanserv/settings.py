"""SET and GET: who is founder and who follows, and what a channel shows."""

from __future__ import annotations

import re
from typing import Final

from chatnet.commands.chanserv.asking import account, may, registered
from chatnet.commands.chanserv.locking import lock_modes, lock_topic
from chatnet.commands.chanserv.publishing import set_feed, set_logs, told
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, on_or_off, say_it
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records import channels
from chatnet.records.accounts import State
from chatnet.records.channels import Access, Transfer
from chatnet.records.grammar import field
from chatnet.rules import locks
from chatnet.rules.access import founder_of, in_order, template, templates_of
from chatnet.rules.public import FEED, LOGS, Feed
from chatnet.services.accounts import Value
from chatnet.wire.text import cut, one_line, printable

TEXT: Final = 300
"""Bytes of what people read when they come in, and of an address."""
AGREED: Final = 86400
"""Seconds within which who is to become founder says so, too."""
_URL: Final = re.compile(r"https?://[!-~]+", re.IGNORECASE)


@CHANSERV.command("SET", min_params=2, penalty=2.0)
async def set_(errand: Errand) -> None:
    """`SET <#channel> FOUNDER|SUCCESSOR|MLOCK|TOPICLOCK|PRIVATE|NOSYNC|ENTRYMSG|URL|FEED|LOGS [...]`: choose.

    FOUNDER <account>: give the channel to somebody, who has to say the same within a day; you stay on its
    list as SOP. Until then FOUNDER and your own account takes that back. SUCCESSOR <account>: who is founder
    when your account is gone. MLOCK +nt-lk: modes that are so at once and that nobody changes (as MODE has
    them, with parameters behind). TOPICLOCK ON|OFF: nobody changes the topic but those with the flag t.
    PRIVATE ON|OFF: INFO tells nothing to who has no access. NOSYNC ON|OFF: changes of access leave the ranks
    of who is in alone. ENTRYMSG <text>: what everybody reads who comes in. URL <address>: where more is.
    FEED OFF|TOPIC|ANNOUNCE|ALL: a feed shows to everybody the topics, besides NOTICEs of operators, or all
    that is said. LOGS ON|OFF: web pages show to everybody all that is said. Without a value SUCCESSOR, MLOCK,
    ENTRYMSG and URL are taken away.
    """
    word, registration = errand.params[1].upper(), registered(errand)
    value = " ".join(errand.params[2:])
    on = on_or_off(value)
    if word == "FOUNDER" and len(errand.params) == 3:
        await _founder(errand, registration)
    elif word == "SUCCESSOR" and len(errand.params) <= 3:
        await _successor(errand, registration)
    elif word == "MLOCK":
        await lock_modes(errand, registration)
    elif word == "TOPICLOCK" and on is not None:
        await lock_topic(errand, registration, on=on)
    elif word in ("PRIVATE", "NOSYNC") and on is not None:
        await _choose(errand, registration, word.lower(), "on" if on else None)
    elif word == "FEED" and value.upper() in ("OFF", *(each.upper() for each in Feed)):
        await set_feed(errand, registration, value.lower())
    elif word == "LOGS" and on is not None:
        await set_logs(errand, registration, on=on)
    elif word == "ENTRYMSG":
        await _choose(errand, registration, "entrymsg", cut(one_line(value), TEXT) or None)
    elif word == "URL" and len(errand.params) <= 3:
        if value and (_URL.fullmatch(value) is None or len(value) > TEXT):
            errand.end("That is no address such as https://example.org.")
        await _choose(errand, registration, "url", value or None)
    else:
        errand.end(say_it(errand.row))


@CHANSERV.command("GET", min_params=1, penalty=2.0)
async def get(errand: Errand) -> None:
    """`GET <#channel>`: what was chosen with SET; a key that is locked with the flag i or s."""
    errand.at_most(1)
    registration = registered(errand)
    mine = await may(errand, registration, "A")
    if not registration.settings:
        errand.end(f"Nothing was chosen for {registration.name}.")
    for key, value in sorted(registration.settings.items()):
        if key == locks.MLOCK and mine.isdisjoint("is"):
            value = value.partition(" ")[0]
        elif key in (FEED, LOGS):
            value = told(value)
        errand.say(f"  {key}: {value}")


async def _choose(errand: Errand, registration: RegisteredChannel, key: str, value: str | None) -> None:
    await may(errand, registration, "s", f"{key} {value or ''}".rstrip())
    await errand.chanserv.change(registration, {field(values.SETTING, key): value})
    errand.say(f"{key} of {registration.name} is {value or 'not set'} now.")


def _named(errand: Errand, text: str) -> Account:
    found = account(errand, text)
    if found is None or found.status.state is not State.ACTIVE:
        errand.end(f"{printable(text)} is no account.")
    return found


def _is_founder(errand: Errand, registration: RegisteredChannel) -> bool:
    mine = errand.user.account_id
    return mine is not None and founder_of(errand.network.registry, registration) == mine


async def _successor(errand: Errand, registration: RegisteredChannel) -> None:
    chosen = _named(errand, errand.params[2]) if errand.param(2) else None
    if not _is_founder(errand, registration):
        await _as_operator(errand, registration, "SUCCESSOR")
    if chosen is not None and chosen.settings.get("never-op") == "on":
        errand.end(f"{chosen.shown} takes no access to channels.")
    value = None if chosen is None else chosen.id
    await errand.chanserv.change(registration, {channels.SUCCESSOR: value})
    errand.say(f"The successor in {registration.name} is {'nobody' if chosen is None else chosen.shown} now.")


async def _as_operator(errand: Errand, registration: RegisteredChannel, what: str) -> None:
    if not errand.user.may("accounts"):
        errand.end(f"You are not the founder of {registration.name}.")
    await errand.note(f"SET {what}", f"{registration.name} ({registration.id})", " ".join(errand.params[2:]))


async def _founder(errand: Errand, registration: RegisteredChannel) -> None:
    heir, name, now = _named(errand, errand.params[2]), registration.name, int(errand.now)
    founder = founder_of(errand.network.registry, registration)
    transfer = registration.transfer
    if heir.id == founder:
        if transfer is None or founder != errand.user.account_id:
            errand.end(f"{heir.shown} is the founder of {name}.")
        await errand.chanserv.change(registration, {channels.TRANSFER: None})
        errand.end(f"{heir.shown} stays the founder of {name}.")
    if _is_founder(errand, registration):
        offer = Transfer(heir.id, now, founder)
        await errand.chanserv.change(registration, {channels.TRANSFER: offer.text})
        bot = errand.bot.nick
        errand.say(
            f"{heir.shown} has to say the same within a day: /msg {bot} SET {name} FOUNDER {heir.shown}"
        )
        return
    if (
        heir.id != errand.user.account_id
        or transfer is None
        or transfer.to != heir.id
        or (transfer.at + AGREED <= now)
        or transfer.by not in ("", founder)  # it was made on the other side of a split
    ):
        await _as_operator(errand, registration, "FOUNDER")
    else:
        errand.chanserv.room(heir)
    given: dict[str, Value] = {channels.FOUNDER: heir.id, channels.TRANSFER: None}
    if founder:
        named = templates_of(errand.settings.channels.templates, registration)
        letters = in_order(template(named, "SOP") or ())
        given[field(channels.FLAGS, founder)] = Access(letters, now, heir.shown).text
    await errand.chanserv.change(registration, given)
    errand.say(f"{heir.shown} is the founder of {name} now.")
