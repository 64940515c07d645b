"""PRIVMSG, NOTICE and TAGMSG.

What they do stands in ``saying.py``.  That is compiled, if anything is, and docstrings, which HELP shows, are
lost there.
"""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.commands.saying import say
from chatnet.wire import numerics
from chatnet.wire.capabilities import MESSAGE_TAGS


@CLIENT.command("PRIVMSG", penalty=1.0)
def privmsg(request: Request) -> None:
    """`PRIVMSG <target>{,<target>} :<text>`: say something to channels or users.

    A target is a channel, a nick, ``nick@server`` (nobody else who took that nick), ``@#channel`` (its
    operators and above; other prefixes likewise), or for opers ``$$<server mask>``.  https://modern.ircdocs.horse/#privmsg-message
    Refuses with 411, 412, 407 (too many targets), 401, 403, 404 and others for modes of the target.
    """
    say(request, "PRIVMSG")


@CLIENT.command("NOTICE", penalty=1.0)
def notice(request: Request) -> None:
    """`NOTICE <target>{,<target>} :<text>`: as PRIVMSG, but nobody and nothing ever answers to it.

    https://modern.ircdocs.horse/#notice-message  What is refused is dropped without a reply.
    """
    say(request, "NOTICE")


@CLIENT.command("TAGMSG", penalty=0.5)
def tagmsg(request: Request) -> None:
    """`TAGMSG <target>{,<target>}`: as PRIVMSG, with client-only tags alone (needs `message-tags`).

    They tell that you are typing, say.
    https://ircv3.net/specs/extensions/message-tags#the-tagmsg-tag-only-message
    Heard only by those with the capability message-tags; 421 for who has not got it.  Refuses as PRIVMSG.
    """
    if not request.session.caps & MESSAGE_TAGS:
        return request.reply(numerics.ERR_UNKNOWNCOMMAND, "TAGMSG")
    return say(request, "TAGMSG")
