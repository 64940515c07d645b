"""SET and GET: what the owner of an account chooses for it."""

from __future__ import annotations

import re
from typing import Final

from chatnet.commands.errand import Errand, on_or_off
from chatnet.commands.nickserv.identifying import counted, users_of
from chatnet.commands.nickserv.naming import rename
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.records import accounts as values
from chatnet.records.grammar import field
from chatnet.rules.nicks import PROTECT, Protection
from chatnet.rules.past import AUTOREPLAY, DM_HISTORY
from chatnet.rules.persons import ALWAYS_ON, AUTO_AWAY, AUTOREPLAY_MISSED, MULTICLIENT, attaches, overruled
from chatnet.rules.public import NO_LOG
from chatnet.services.persons import own_of
from chatnet.wire.text import printable

_LANGUAGE: Final = re.compile("[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
_LINES: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
SETTINGS: Final = (
    *(PROTECT, "hide-email", "never-op", "language", DM_HISTORY, AUTOREPLAY, AUTOREPLAY_MISSED),
    *(ALWAYS_ON, MULTICLIENT, AUTO_AWAY, NO_LOG),
)
"""The settings that people choose, as records name them."""


@NICKSERV.command("PASSWD", min_params=1, penalty=3.0, trailing=True)
@NICKSERV.command("SET PASSWORD", min_params=1, penalty=3.0, trailing=True)
async def set_password(errand: Errand) -> None:
    """`SET PASSWORD <old> <new>`: have another password; PASSWD is the same.

    Without one so far, since you log in by certificate: SET PASSWORD <new>.
    """
    errand.at_most(2)
    account, accounts, address = errand.in_person(), errand.accounts, errand.session.peer.address
    owner = errand.sessions.owner(address)
    if len(errand.params) == 1:
        if await accounts.has_password(account):
            errand.end("Say the old one as well: SET PASSWORD <old> <new>")
    elif await accounts.check(account.shown, errand.params[0], address=address, owner=owner) is not account:
        errand.end("The old password is incorrect.")
    accounts.acceptable_password(errand.params[-1], account.shown)
    await accounts.set_password(account, errand.params[-1], owner=owner)
    errand.say(_changed(errand))
    others = len(users_of(errand, account)) - (errand.user.account_id == account.id)
    if others > 0:
        errand.say(f"{counted(others, 'other session')} of yours: LOGOUT ALL ends them.")


def _changed(errand: Errand) -> str:
    """Where the new password holds, and where the old one does."""
    roll = errand.accounts.roll
    links, servers = errand.sessions.links.routes, errand.network.servers
    others: list[str] = []
    late: list[str] = []
    away = [each.name for each in roll.away()]
    for each in roll.others():
        link = links.way_to(servers[each.sid])
        (late if link is not None and link.suspended else others).append(each.name)
    if not others and not late and not away:
        return "Your password is changed."
    text = f"Your password is changed on {errand.network.me.name}."
    if others:
        text += f" {_listed(others)} {'hears' if len(others) == 1 else 'hear'} of it now."
    if late:
        hear, take, know = ("hears", "takes", "it knows") if len(late) == 1 else ("hear", "take", "they know")
        text += f" {_listed(late)} {hear} of it later, and {take} the old one until {know}."
    if away:
        are, take, they = ("is", "takes", "it is") if len(away) == 1 else ("are", "take", "they are")
        text += f" {_listed(away)} {are} away and {take} the old one until {they} back."
    return text


def _listed(names: list[str]) -> str:
    """``irc1, irc2 and irc3``"""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


@NICKSERV.command("ACCOUNTNAME", min_params=1, penalty=3.0)
@NICKSERV.command("SET NAME", min_params=1, penalty=3.0)
async def set_name(errand: Errand) -> None:
    """`SET NAME <nick>`: have your account called otherwise; ACCOUNTNAME is the same.

    You have to bear that nick, or have grouped it. The old name stays a nick of yours, if there is room for
    it.
    """
    errand.at_most(1)
    account, user = errand.own, errand.user
    folded = errand.network.fold(errand.params[0])
    if folded != user.folded and errand.network.registry.owner(folded) is not account:
        errand.end(f"Bear the nick first: /nick {printable(errand.params[0])}")
    await rename(errand, account, errand.params[0], user)
    errand.say(f"Your account is called {account.shown} now.")


@NICKSERV.command("SET PROTECT", min_params=1, penalty=2.0)
async def set_protect(errand: Errand) -> None:
    """`SET PROTECT GUEST|STRICT|GRACE|OFF|DEFAULT`: how your nicks are kept from others.

    GUEST: who comes with one is a guest until they log in; STRICT: they are refused; GRACE: they may bear it
    for a while; OFF: they may; DEFAULT: as this server has it.
    """
    word = errand.params[0].lower()
    if word != "default" and word not in [each.value for each in Protection]:
        errand.end("Choose one of GUEST, STRICT, GRACE, OFF and DEFAULT.")
    await _choose(errand, PROTECT, None if word == "default" else word)


@NICKSERV.command("SET HIDEMAIL", min_params=1, penalty=2.0)
async def set_hidemail(errand: Errand) -> None:
    """`SET HIDEMAIL ON|OFF`: whether INFO shows your e-mail address to nobody but you (ON, if not chosen)."""
    await _choose(errand, "hide-email", _on_or_off(errand))


@NICKSERV.command("SET NEVEROP", min_params=1, penalty=2.0)
async def set_neverop(errand: Errand) -> None:
    """`SET NEVEROP ON|OFF`: whether nobody can give you access to a registered channel."""
    await _choose(errand, "never-op", _on_or_off(errand))


@NICKSERV.command("SET LANGUAGE", min_params=1, penalty=2.0)
async def set_language(errand: Errand) -> None:
    """`SET LANGUAGE <code>|DEFAULT`: the language you like best, such as de or pt-br.

    It is noted for programs that ask; NickServ itself speaks English.
    """
    word = errand.params[0].lower()
    if word == "default":
        await _choose(errand, "language", None)
    elif _LANGUAGE.fullmatch(word):
        await _choose(errand, "language", word)
    else:
        errand.end("That is no code of a language, such as de or pt-br.")


@NICKSERV.command("SET DM-HISTORY", min_params=1, penalty=2.0)
async def set_dm_history(errand: Errand) -> None:
    """`SET DM-HISTORY ON|OFF`: whether what you and others say to each other is stored (ON, if not chosen).

    With OFF it is not for either of you, from now on. FORGET ALL of HistServ deletes what is stored already.
    """
    await _choose(errand, DM_HISTORY, _on_or_off(errand))


@NICKSERV.command("SET AUTOREPLAY-LINES", min_params=1, penalty=2.0)
async def set_autoreplay_lines(errand: Errand) -> None:
    """`SET AUTOREPLAY-LINES <number>|DEFAULT`: how many messages you are shown when you join a channel.

    They are the last before you came. It is for clients that do not ask for them, but know server-time. 0:
    none; DEFAULT: as this server has it.
    """
    word, most = errand.params[0].lower(), errand.settings.history.replay
    if word == "default":
        await _choose(errand, AUTOREPLAY, None)
    elif _LINES.fullmatch(word) and int(word) <= most:
        await _choose(errand, AUTOREPLAY, str(int(word)))
    else:
        errand.end(f"Say a number of at most {most}, or DEFAULT.")


@NICKSERV.command("SET AUTOREPLAY-MISSED", min_params=1, penalty=2.0)
async def set_autoreplay_missed(errand: Errand) -> None:
    """`SET AUTOREPLAY-MISSED ON|OFF|DEFAULT`: whether you are shown what was said while you were away.

    It is for who is always on, and for clients that do not ask for it, but know server-time. DEFAULT: as this
    server has it.
    """
    await _choose(errand, AUTOREPLAY_MISSED, _word(errand))


@NICKSERV.command("SET ALWAYS-ON", min_params=1, penalty=2.0)
async def set_always_on(errand: Errand) -> None:
    """`SET ALWAYS-ON ON|OFF|DEFAULT`: whether you stay in your channels when none of your devices is there.

    You keep your nick, others read that you are away, and who comes back is you again: log in with SASL.
    DEFAULT: as this server has it.
    """
    await _choose(errand, ALWAYS_ON, _word(errand))
    _tell_overruled(errand, ALWAYS_ON)


@NICKSERV.command("SET MULTICLIENT", min_params=1, penalty=2.0)
async def set_multiclient(errand: Errand) -> None:
    """`SET MULTICLIENT ON|OFF|DEFAULT`: whether you can be on several devices at once, as one user.

    Who logs in with SASL and asks for a nick that you bear already is you there, too. DEFAULT: as this server
    has it.
    """
    await _choose(errand, MULTICLIENT, _word(errand))
    _tell_overruled(errand, MULTICLIENT)
    own = own_of(errand.own)
    if own.always_on and not attaches(errand.settings.bouncer, own):
        errand.say(f"But {ALWAYS_ON} has no effect then. You could not come back.")


@NICKSERV.command("SET AUTO-AWAY", min_params=1, penalty=2.0)
async def set_auto_away(errand: Errand) -> None:
    """`SET AUTO-AWAY ON|OFF|DEFAULT`: whether you are away while none of your devices is there.

    It is for who is always on. DEFAULT: as this server has it.
    """
    await _choose(errand, AUTO_AWAY, _word(errand))
    _tell_overruled(errand, AUTO_AWAY)


@NICKSERV.command("SET NOLOG", min_params=1, penalty=2.0)
async def set_nolog(errand: Errand) -> None:
    """`SET NOLOG ON|OFF`: whether what you say is left out where channels show it to everybody.

    That is their feeds, and their logs on web pages (see SET of ChanServ), also what you have said before.
    """
    await _choose(errand, NO_LOG, _on_or_off(errand))


@NICKSERV.command("GET", penalty=2.0)
async def get(errand: Errand) -> None:
    """`GET`: what you have chosen with SET."""
    account = errand.own
    records = {record.field: record.value for record in await errand.accounts.read(account)}
    for key in SETTINGS:
        value = records.get(field(values.SETTING, key))
        errand.say(f"{key}: {'not chosen' if value is None else value}")


def _on_or_off(errand: Errand) -> str:
    chosen = on_or_off(errand.params[0])
    if chosen is None:
        errand.end("Say ON or OFF.")
    return "on" if chosen else "off"


def _word(errand: Errand) -> str | None:
    """ON or OFF; None of DEFAULT."""
    if errand.params[0].lower() == "default":
        return None
    chosen = on_or_off(errand.params[0])
    if chosen is None:
        errand.end("Say ON, OFF or DEFAULT.")
    return "on" if chosen else "off"


def _tell_overruled(errand: Errand, setting: str) -> None:
    """Say so if it is not as the asker chose, since the server has it otherwise."""
    if (why := overruled(errand.settings.bouncer, setting, own_of(errand.own))) is not None:
        errand.say(f"But it has no effect here. {why}.")


async def _choose(errand: Errand, key: str, value: str | None) -> None:
    errand.at_most(1)
    await errand.accounts.change(errand.own, {field(values.SETTING, key): value})
    errand.say(f"{key} is {'as by default' if value is None else value} now.")
