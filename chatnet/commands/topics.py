"""TOPIC: what a channel is about."""

from __future__ import annotations

from chatnet.commands.filtered import CODE, filtered
from chatnet.commands.override import overrides
from chatnet.commands.paced import paced
from chatnet.commands.request import CLIENT, Request
from chatnet.model.facts import TopicChanged
from chatnet.model.filters import TOPIC
from chatnet.rules.channels import may_set_topic
from chatnet.rules.locks import lets_set_topic
from chatnet.rules.visibility import may_see_channel
from chatnet.session.names import show_topic
from chatnet.wire import numerics
from chatnet.wire.text import cut


@CLIENT.command("TOPIC", min_params=1, penalty=2.0)
def topic(request: Request) -> None:
    """`TOPIC <channel> [:<text>]`: read what a channel is about, or change it; an empty text clears it.

    https://modern.ircdocs.horse/#topic-message
    Refuses with 403 (no such channel), 442 (not in it; to read, only if it is secret), 482 (mode t and no
    half-operator, or you may not speak; or the founder has locked it), 404 (slow mode, or you repeat
    yourself), FAIL BLOCKED (a filter keeps it back).
    """
    channel, user = request.channel(0), request.user
    if len(request.params) == 1:
        if not may_see_channel(user, channel):
            request.stop(numerics.ERR_NOTONCHANNEL, channel.name)
        show_topic(request.session, channel)
        return
    refusal = may_set_topic(request.sessions.bans, user, channel)
    if refusal is None:
        refusal = lets_set_topic(request.network, channel, user)
    if refusal is not None and not overrides(request, channel, refusal):
        request.refuse(refusal)
        return
    text = cut(request.params[1], request.settings.limits.topic)
    if text != (channel.topic.text if channel.topic is not None else ""):
        if (too_soon := paced(request, channel, text)) is not None:
            request.refuse(too_soon)
            return
        if (verdict := filtered(request, TOPIC, text, channel)) is not None:
            if not verdict.quiet:
                request.session.fail("TOPIC", CODE, verdict.words, channel.name)
            return
        request.commit(TopicChanged(channel, text, user, request.now))
