"""REDACT: deleting a message that was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chatnet.commands.filtered import filtered
from chatnet.commands.override import overrides
from chatnet.commands.paced import paced
from chatnet.commands.request import CLIENT, Request
from chatnet.history.questions import Busy
from chatnet.model.entities import Channel, User
from chatnet.model.facts import MessageRedacted
from chatnet.model.filters import CHANNEL, PRIVATE
from chatnet.model.modes import OP, RANK_OF_PREFIX
from chatnet.model.past import Record
from chatnet.rules.channels import may_act, may_speak
from chatnet.rules.messages import may_write
from chatnet.storage.interfaces import StoreError
from chatnet.wire import numerics
from chatnet.wire.capabilities import MESSAGE_REDACTION
from chatnet.wire.text import cut, middle, strip_formatting


@dataclass(slots=True, frozen=True)
class CannotRedact:
    """Why a message is not deleted: the code of a FAIL, and its description."""

    code: str
    description: str


FORBIDDEN: Final = CannotRedact("REDACT_FORBIDDEN", "You are not authorised to delete this message")
EXPIRED: Final = CannotRedact("REDACT_WINDOW_EXPIRED", "You can no longer delete this message")
UNKNOWN: Final = CannotRedact("UNKNOWN_MSGID", "This message does not exist or is too old")
UNREADABLE: Final = CannotRedact("UNKNOWN_MSGID", "This message cannot be looked up now")


@CLIENT.command("REDACT", min_params=2, penalty=1.0)
async def redact(request: Request) -> None:
    """`REDACT <target> <msgid> [:<reason>]`: delete a message of yours (needs `draft/message-redaction`).

    Operators of a channel delete any message of it.  The target is the channel or the nick that the message
    was sent to.  Clients that can do so remove it or show it as deleted; others are told nothing.
    https://ircv3.net/specs/extensions/message-redaction
    A reason that a filter keeps back, or that you may not give yet (slow mode), is left out.
    Refuses with 421 (without the capability draft/message-redaction) and FAIL INVALID_TARGET (no such nick or
    channel, or you are not in it), UNKNOWN_MSGID (unknown there, or too old), REDACT_FORBIDDEN (not yours, or
    you may not speak there now), REDACT_WINDOW_EXPIRED (yours, but too late).
    """
    if not request.session.caps & MESSAGE_REDACTION:
        return request.reply(numerics.ERR_UNKNOWNCOMMAND, "REDACT")
    name, msgid = middle(request.params[0]), middle(request.params[1])
    reason = cut(request.param(2), request.settings.limits.redaction)
    target, record, is_seen = _target(request, name), None, True
    looking = request.sessions.looking
    if target is not None:
        try:
            record = await request.sessions.history.find(request.user, target, msgid)
            if record is not None and isinstance(target, Channel) and looking is not None:
                is_seen = await looking.sees(request.user, target, record)
        except (Busy, StoreError):
            return _fail(request, UNREADABLE, name, msgid)
        if request.session.closed:
            return None
        if _target(request, name) is not target:
            target = record = None
    if target is None or not _has_to_do_with(request, target, record):
        description = f"You cannot delete messages from {name}"
        return request.session.fail("REDACT", "INVALID_TARGET", description, name)
    if record is None or not _received(request, target, record):
        return _fail(request, UNKNOWN, name, msgid)
    if isinstance(target, Channel):
        why = _judge_in_channel(request, target, record, reason)
        if why is FORBIDDEN and not is_seen:
            why = UNKNOWN  # that there was anything is not theirs to know
        if "c" in target.flags:
            reason = strip_formatting(reason)
    else:
        why = _judge_in_private(request, target, record, reason)
    if why is not None:
        return _fail(request, why, name, msgid)
    where, channel = (CHANNEL, target) if isinstance(target, Channel) else (PRIVATE, None)
    if reason and channel is not None and paced(request, channel, reason) is not None:
        reason = ""
    if filtered(request, where, reason, channel) is not None:
        reason = ""
        if request.session.closed:
            return None
    at, own = request.now, request.msgid(target)
    user, ranks, status = request.user, record.ranks, record.status
    request.commit(MessageRedacted(user, target, msgid, reason, at, own, ranks, status))
    return None


def _fail(request: Request, why: CannotRedact, name: str, msgid: str) -> None:
    context = [name, msgid]
    if why is EXPIRED:
        context.append(str(request.settings.history.redaction_window))
    request.session.fail("REDACT", why.code, why.description, *context)


def _target(request: Request, name: str) -> Channel | User | None:
    """The channel or user of that name; what was said to ``@#channel`` is found in that channel as well."""
    plain = name.lstrip("".join(RANK_OF_PREFIX)) if "#" in name else name
    return request.network.channel(plain) if plain[0] == "#" else request.network.user(plain)


def _has_to_do_with(request: Request, target: Channel | User, record: Record | None) -> bool:
    """Whether the asker may ask about messages of `target` at all: not about those of channels of others."""
    user = request.user
    if isinstance(target, User) or user in target.members or user.may("channels"):
        return True
    return record is not None and _is_author(request, record)  # said from outside, without mode n


def _is_author(request: Request, record: Record) -> bool:
    """Whether the asker said it: from whatever connection, if they were logged in.

    A server that is started anew may give the same UIDs to other people.  The ids of messages tell what was
    before, and not their times: the clock may have been set.
    """
    user = request.user
    if record.person is not None and record.person == request.sessions.places.person(user):
        return True
    return record.uid in user.uids and record.msgid > user.silent_until


def _received(request: Request, target: Channel | User, record: Record) -> bool:
    """Whether the asker got the message, if it was for ranks of a channel only.

    "servers […] should considered whether errors returned on REDACT may leak a message's existence to users
    who did not receive it"
    """
    user = request.user
    if not record.ranks or isinstance(target, User) or _is_author(request, record) or user.may("channels"):
        return True
    return bool(target.members.get(user, 0) & record.ranks)


def _judge_in_channel(request: Request, channel: Channel, record: Record, reason: str) -> CannotRedact | None:
    """Operators may; authors as long as they may speak there, since their reason is read by all."""
    user = request.user
    refusal = may_act(user, channel, OP)
    if refusal is None:
        return None
    why: CannotRedact | None = FORBIDDEN
    bans = request.sessions.bans
    if _is_author(request, record) and may_speak(bans, user, channel, "PRIVMSG", reason) is None:
        why = _too_late(request, record)
    return None if why is None or overrides(request, channel, refusal) else why


def _judge_in_private(request: Request, target: User, record: Record, reason: str) -> CannotRedact | None:
    """Nobody but the author, as long as they may write to each other."""
    if not _is_author(request, record) or may_write(request.user, target, reason) is not None:
        return FORBIDDEN
    return _too_late(request, record)


def _too_late(request: Request, record: Record) -> CannotRedact | None:
    window = request.settings.history.redaction_window
    return EXPIRED if window and request.now - record.at > window else None
