"""Who is in a channel, and its topic, as a client that comes in or asks is told."""

from __future__ import annotations

from chatnet.model.channel import Channel
from chatnet.model.modes import ALL_PREFIXES, TOP_PREFIX
from chatnet.session.packing import reply_packed
from chatnet.session.render import LINE, encode
from chatnet.session.session import Session
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


def show_topic(session: Session, channel: Channel) -> None:
    """332 and 333, or 331."""
    topic = channel.topic
    if topic is None:
        session.numeric(numerics.RPL_NOTOPIC, channel.name)
        return
    session.numeric(numerics.RPL_TOPIC, channel.name, topic.text)
    session.numeric(numerics.RPL_TOPICWHOTIME, channel.name, topic.by, topic.at)


def symbol(channel: Channel) -> str:
    """What 353 says of a channel: ``@`` secret, ``*`` private, ``=`` public."""
    return "@" if "s" in channel.flags else "*" if "p" in channel.flags else "="


def show_names(session: Session, channel: Channel) -> None:
    """353 in as many lines as it takes, then 366.  Invisible members are shown to members only.

    https://modern.ircdocs.horse/#names-message
    """
    prefixes = ALL_PREFIXES if session.caps & cap.MULTI_PREFIX else TOP_PREFIX
    full = session.caps & cap.USERHOST_IN_NAMES
    everything = session.user in channel.members or session.user.may("see-all")
    items = [
        prefixes[ranks] + (user.mask if full else user.nick)
        for user, ranks in channel.members.items()
        if everything or "i" not in user.modes
    ]
    sign = symbol(channel)
    whole = encode(
        f":{session.sessions.server_name} 353 {session.user.nick} {sign} {channel.name} :{' '.join(items)}"
    )
    if len(whole) > LINE:
        reply_packed(session, numerics.RPL_NAMREPLY, items, " ", sign, channel.name)
    elif items:
        session.send(whole)
    session.numeric(numerics.RPL_ENDOFNAMES, channel.name)
