"""JOIN and PART: coming into channels and leaving them."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from chatnet.commands.filtered import filtered
from chatnet.commands.override import overrides
from chatnet.commands.paced import paced
from chatnet.commands.replaying import entered
from chatnet.commands.request import CLIENT, Request
from chatnet.history.marks import Marks
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Joined, Parted
from chatnet.model.filters import PART
from chatnet.model.invites import Invite
from chatnet.model.modes import OP
from chatnet.model.registered import RegisteredChannel
from chatnet.rules import shields
from chatnet.rules.access import access_of, kept_out
from chatnet.rules.channels import JoinRefusal, forward_of, may_join, may_speak
from chatnet.rules.public import public
from chatnet.rules.renames import renamed_from
from chatnet.session.names import NAMES_PER_MICROSECOND
from chatnet.session.rates import too_fast
from chatnet.session.scans import Scan
from chatnet.session.sessions import Sessions
from chatnet.storage.interfaces import StoreError
from chatnet.wire import numerics
from chatnet.wire.capabilities import CHANNEL_RENAME, READ_MARKER
from chatnet.wire.names import is_channel
from chatnet.wire.text import cut, middle

JOINED: Final = 50
"""Microseconds that it takes to come into a channel, beside what one is told of who is there."""

SHOWN: Final = "What is said here can be read by everybody, on web pages or in a feed."
FORWARDED: Final = "Forwarding to another channel"
RENAMED: Final = "The channel has been renamed"


@CLIENT.command("JOIN", min_params=1, penalty=1.0)
def join(request: Request) -> None:
    """`JOIN <channel>{,<channel>} [<key>{,<key>}]`: come into channels; `JOIN 0` leaves all of them.

    A channel that does not exist is made, and you are its operator, unless it is registered to somebody.
    What an invite link has in it is good as a key, in spite of modes i, l, r, j and k.
    https://modern.ircdocs.horse/#join-message
    Refuses with 405 (in too many), 476 (not a name), 474 (banned), 475 (key), 473 (invitation), 471 (full),
    477 (not logged in), 480 (too many come at once, or no TLS), 520 (opers only), 263 (you join too fast);
    470 tells that you are sent to another channel, 443 that you are there already; FAIL CHANNEL_RENAMED, to
    clients that know RENAME, what the channel is called now.
    """
    names, keys = request.params[0], request.param(1).split(",")
    if names == "0":
        for channel in list(request.user.channels):
            request.commit(Parted(channel, request.user, None, request.now))
        return
    marks = request.sessions.marks
    unread = marks is not None and bool(request.session.caps & READ_MARKER) and not marks.knows(request.user)
    if names and "," not in names and not unread:
        _join(request, names, keys[0])
        return
    wanted: dict[str, str] = {}
    for index, name in enumerate(names.split(",")):
        if name:
            wanted.setdefault(name, keys[index] if index < len(keys) else "")
    if not wanted:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "JOIN")

    async def join_all(scan: Scan) -> None:
        bans = request.sessions.bans
        if unread and marks is not None:
            await scan.until(_fetch(marks, request.user))
        for name, key in wanted.items():
            before = bans.looked
            _join(request, name, key)
            channel = request.network.channel(name)
            scan.spend_on_masks(bans.looked - before)
            if scan.spend(JOINED + (len(channel.members) // NAMES_PER_MICROSECOND if channel else 0)):
                await scan.pause()

    request.scan(join_all)


async def _fetch(marks: Marks, user: User) -> None:
    """Have it be known how far somebody has read, of which they are told as they come in."""
    with suppress(StoreError):  # they are told
        await marks.fetch(user)


def _join(request: Request, name: str, key: str) -> None:
    user, limits, rates = request.user, request.sessions.limits, request.sessions.rates
    channel = request.network.channel(name)
    if channel is not None and user in channel.members:
        return
    if len(user.channels) >= limits.channels:
        request.reply(numerics.ERR_TOOMANYCHANNELS, middle(name))
        return
    if not is_channel(name, limits.channel):
        request.reply(numerics.ERR_BADCHANMASK, middle(name))
        return
    if not user.operates and request.sessions.network_bans.name(name) is not None:
        request.reply(numerics.ERR_BADCHANNAME, name)
        return
    if too_fast(request.session, "join", rates.join_rate, rates.join_period):
        request.stop(numerics.RPL_TRYAGAIN, "JOIN")
    if channel is None:
        channel = renamed_from(request.network, request.settings, user, name, request.now)
        if channel is not None:
            _lead(request, name, channel, key)
            return
        channel = begin(request.sessions, name)
        if request.network.registry.channels.at(channel.folded) is None:
            if request.sessions.shut:
                refusal = request.sessions.judge("join", user, channel, "")
                if refusal is not None:
                    request.refuse(refusal)
                    return
            come(request.sessions, user, channel, None, request.session)
            return
    _enter(request, channel, key)


def _lead(request: Request, name: str, channel: Channel, key: str) -> None:
    """Tell who joins by a name that `channel` had, and let them in if their client does not know of that.

    https://ircv3.net/specs/extensions/channel-rename#channel-redirection
    """
    if request.session.caps & CHANNEL_RENAME or "Q" in request.user.modes:
        request.session.fail("JOIN", "CHANNEL_RENAMED", RENAMED, name, channel.name)
    elif request.user in channel.members:
        request.reply(numerics.ERR_USERONCHANNEL, request.user.nick, channel.name)
    else:
        request.reply(numerics.ERR_LINKCHANNEL, name, channel.name, RENAMED)
        _enter(request, channel, key)


def _barred(request: Request, registration: RegisteredChannel) -> JoinRefusal | None:
    """Whether nobody may come in, or not the asker: 474, as for a ban; no invitation opens that."""
    user, now = request.user, request.now
    request.sessions.bans.looked += sum(map(len, registration.access)) + sum(map(len, registration.akicks))
    if registration.suspended(now) or kept_out(request.network, registration, user, now) is not None:
        return JoinRefusal(None, numerics.ERR_BANNEDFROMCHAN, registration.name)
    return None


def begin(sessions: Sessions, name: str) -> Channel:
    """A channel of a name that nobody is in: a new one, or a registered one as it was."""
    network = sessions.network
    folded = network.fold(name)
    registration = network.registry.channels.at(folded)
    if registration is None:
        channel = Channel(name, folded, network.memory.birth(folded, sessions.node.clock.time()))
        channel.flags |= {"n", "t"}
        return channel
    chanserv = sessions.chanserv
    assert chanserv is not None  # or no channel would be registered
    return chanserv.keeping.restored(registration)


def come(
    sessions: Sessions,
    user: User,
    channel: Channel,
    registration: RegisteredChannel | None,
    origin: object,
    ranks: int = 0,
) -> None:
    """Have somebody in a channel, with the ranks that their access explains, or that its first member has."""
    now, chanserv = sessions.node.clock.time(), sessions.chanserv
    created = sessions.network.channels.get(channel.folded) is not channel
    if registration is None:
        ranks |= OP if created else 0
    elif chanserv is not None and not registration.suspended(now):
        ranks |= chanserv.access.coming(channel, registration, user)
    before = created and registration is not None
    joined = Joined(channel, ((user, ranks),), now, created=created, asked=True, before=before)
    sessions.node.commit(joined, origin)


def _come(request: Request, channel: Channel, registration: RegisteredChannel | None) -> None:
    """Have the asker in the channel, and read what they should know of it."""
    chanserv = request.sessions.chanserv
    come(request.sessions, request.user, channel, registration, request.session)
    if registration is not None and chanserv is not None:
        text = registration.settings.get("entrymsg")
        if text:
            request.session.notice_by(chanserv.user, f"[{channel.name}] {text}")
        if public(registration, channel, request.now).tells_all:
            request.session.notice_by(chanserv.user, f"[{channel.name}] {SHOWN}")
    entered(request, channel)


def _enter(request: Request, channel: Channel, key: str) -> None:
    sessions = request.sessions
    registration = request.network.registry.channels.at(channel.folded)
    looked = sessions.bans.looked
    invite = _invite(request, channel, registration, key) if key and key != channel.key else None
    chanserv = sessions.chanserv
    lacks_account = (
        invite is not None and chanserv is not None and chanserv.invites.lacks_account(invite, request.user)
    )
    invited = invite is not None and not lacks_account
    refusal = None if registration is None else _barred(request, registration)
    if refusal is None:
        refusal = _may_join(request, channel, registration, key, invited=invited)
        if lacks_account and refusal is not None and refusal.numeric is not numerics.ERR_BANNEDFROMCHAN:
            refusal = JoinRefusal(None, numerics.ERR_NEEDREGGEDNICK, channel.name)
    if refusal is None or overrides(request, channel, refusal):
        _come(request, channel, registration)
        if refusal is None and invite is not None and invited and chanserv is not None:
            chanserv.invites.use(invite, request.user)
    else:
        _forward(request, channel, refusal, key, looked)


def _invite(
    request: Request, channel: Channel, registration: RegisteredChannel | None, key: str
) -> Invite | None:
    """The invite that somebody says in the place of a key."""
    chanserv = request.sessions.chanserv
    if chanserv is None:
        return None
    return chanserv.invites.opening(key, request.user, channel.folded, registration)


def _may_join(
    request: Request, channel: Channel, registration: RegisteredChannel | None, key: str, *, invited: bool
) -> JoinRefusal | None:
    """Whether the asker may come in; where nobody is, access to a registered channel opens it.

    There is nobody who could be asked, and ChanServ's INVITE and UNBAN are for where somebody is.  Who is
    `invited` by a link comes in as by an invitation, and with the key.
    """
    sessions, user = request.sessions, request.user
    refusal = may_join(sessions.bans, sessions.throttles, user, channel, key, invites=invited)
    if refusal is None and sessions.shut:
        if not invited:
            refusal = shields.may_join(sessions.shut, request.network, user, channel)
        if refusal is None and (judged := sessions.judge("join", user, channel, "")) is not None:
            return JoinRefusal(None, judged.numeric, *judged.args)
    if refusal is None or registration is None or channel.members:
        return refusal
    access = access_of(request.network, registration, user)
    unbans, invites = not access.isdisjoint("er"), invited or "i" in access
    return may_join(sessions.bans, sessions.throttles, user, channel, key, unbans=unbans, invites=invites)


def _forward(request: Request, channel: Channel, refusal: JoinRefusal, key: str, looked: int) -> None:
    sessions, user = request.sessions, request.user
    instead = forward_of(request.network, sessions.bans, sessions.throttles, user, refusal, key, looked)
    registration = None if instead is None else request.network.registry.channels.at(instead.folded)
    if (
        instead is None
        or (registration is not None and _barred(request, registration) is not None)
        or shields.may_join(sessions.shut, request.network, user, instead) is not None
    ):
        request.refuse(refusal)
    elif user in instead.members:
        request.reply(numerics.ERR_USERONCHANNEL, user.nick, instead.name)
    else:
        request.reply(numerics.ERR_LINKCHANNEL, channel.name, instead.name, FORWARDED)
        _come(request, instead, registration)


@CLIENT.command("PART", min_params=1, penalty=1.0)
def part(request: Request) -> None:
    """`PART <channel>{,<channel>} [:<reason>]`: leave channels.

    The reason is left out where you may not speak, or not yet, or if a filter keeps it back.
    https://modern.ircdocs.horse/#part-message  Refuses with 403 (no such channel), 442 (not in it).
    """
    user = request.user
    reason = cut(request.param(1), request.settings.limits.kick)

    def leave(name: str) -> None:
        channel = request.network.channel(name)
        if channel is None:
            request.reply(numerics.ERR_NOSUCHCHANNEL, middle(name))
        elif user not in channel.members:
            request.reply(numerics.ERR_NOTONCHANNEL, channel.name)
        else:
            heard = reason and _may_say(request, channel, reason)
            if heard and filtered(request, PART, reason, channel) is not None:
                heard = False
                if request.session.closed:
                    return
            request.commit(Parted(channel, user, reason if heard else None, request.now))

    request.each(request.targets(0), leave)


def _may_say(request: Request, channel: Channel, reason: str) -> bool:
    """Whether the members read the asker's reason."""
    sessions, user = request.sessions, request.user
    return (
        may_speak(sessions.bans, user, channel, "PRIVMSG", reason) is None
        and shields.may_speak(sessions.shut, request.network, user, channel) is None
        and paced(request, channel, reason) is None
    )
