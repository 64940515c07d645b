"""INVITE, GETKEY, KICK, TOPIC: what access allows without a rank, also to who is not in the channel."""

from __future__ import annotations

from chatnet.commands.chanserv.asking import living, may_there, member, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.model.facts import Invited, Kicked, TopicChanged
from chatnet.rules.access import ranks_for
from chatnet.rules.messages import may_write
from chatnet.session.rates import too_fast
from chatnet.wire.text import cut, printable


@CHANSERV.command("INVITE", min_params=1, penalty=2.0)
def invite(errand: Errand) -> None:
    """`INVITE <#channel> [<nick>]`: invite yourself, or somebody else, in spite of modes i, l, r and j."""
    errand.at_most(2)
    registration = registered(errand)
    nick = errand.param(1) or errand.user.nick
    user = errand.network.user(nick)
    if user is None or user.server.virtual:
        errand.end(f"There is no {printable(nick)}.")
    may_there(errand, registration, "i")
    channel = living(errand, registration)
    if user in channel.members:
        errand.end(f"{user.nick} is in {channel.name} already.")
    if user is not errand.user:
        if may_write(errand.user, user, "") is not None:
            errand.end(f"{user.nick} takes nothing from you.")
        if too_fast(errand.session, "invite", errand.settings.flood.invite_rate, 60.0):
            errand.end("You invite too many. Wait a minute.")
    # Who invites themselves is invited by ChanServ, since bots wait for that before they come in; and who is
    # elsewhere is not told of as if they had invited somebody there.
    here = user is not errand.user and errand.network.me in errand.user.places
    errand.commit(Invited(user, channel, errand.user if here else errand.bot, errand.now))
    errand.say(f"Inviting {user.nick} to {channel.name}.")


@CHANSERV.command("GETKEY", min_params=1, penalty=2.0)
def getkey(errand: Errand) -> None:
    """`GETKEY <#channel>`: the key with which one comes in (mode k)."""
    errand.at_most(1)
    registration = registered(errand)
    may_there(errand, registration, "i")
    channel = living(errand, registration)
    if channel.key is None:
        errand.end(f"{channel.name} has no key.")
    errand.say(f"The key of {channel.name} is {channel.key}")


@CHANSERV.command("KICK", min_params=2, penalty=2.0)
def kick(errand: Errand) -> None:
    """`KICK <#channel> <nick> [<reason>]`: put somebody out; nobody of a higher rank than yours."""
    registration = registered(errand)
    mine = may_there(errand, registration, "r")
    channel = living(errand, registration)
    user = member(errand, channel, errand.params[1])
    if user is not errand.user and channel.members[user].bit_length() > ranks_for(mine).bit_length():
        errand.end(f"{user.nick} has a higher rank than you.")
    text = " ".join(errand.params[2:])
    reason = cut(f"{text} ({errand.user.nick})" if text else errand.user.nick, errand.settings.limits.kick)
    errand.commit(Kicked(channel, user, errand.chanserv.user, reason, errand.now))


@CHANSERV.command("TOPIC", min_params=1, penalty=2.0)
def topic(errand: Errand) -> None:
    """`TOPIC <#channel> [<text>]`: set the topic; without a text, clear it."""
    registration = registered(errand)
    may_there(errand, registration, "t")
    channel = living(errand, registration)
    text = cut(" ".join(errand.params[1:]), errand.settings.limits.topic)
    if text == (channel.topic.text if channel.topic is not None else ""):
        errand.end("It is so already.")
    errand.commit(TopicChanged(channel, text, errand.chanserv.user, errand.now))
