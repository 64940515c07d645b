"""What is said, to a channel, to a user, to operators of a channel, to everybody: judged, and stated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatnet.commands import playback
from chatnet.commands.answering import answer
from chatnet.commands.paced import paced
from chatnet.commands.request import Request
from chatnet.model.entities import Channel, User
from chatnet.model.facts import AcceptsChanged, BroadcastSent, CallerBlocked, MessageSent
from chatnet.model.modes import OP, RANK_OF_PREFIX, at_least
from chatnet.rules import client_tags, shields
from chatnet.rules.channels import may_speak
from chatnet.rules.messages import are_open, may_write, unanswerable
from chatnet.rules.refusal import Refusal
from chatnet.rules.visibility import may_meet
from chatnet.session.rates import did, note, too_fast
from chatnet.session.shadows import Held
from chatnet.wire import numerics
from chatnet.wire.capabilities import MESSAGE_TAGS, MULTILINE
from chatnet.wire.masks import compile_glob
from chatnet.wire.multiline import Part, combine, judged, unformatted
from chatnet.wire.text import ctcp_request, middle, strip_formatting

_SILENCED: Final = (numerics.ERR_MAYNOTSPEAK, numerics.ERR_CANNOTSENDTOCHAN)
"""What mode z may have operators read: refused by a mode or a ban, or by a plugin."""


def client_tags_of(request: Request) -> bytes:
    """What goes on of the tags; "this capability enables the use of client-only tags"."""
    if not request.session.caps & MESSAGE_TAGS:
        return b""
    return client_tags.relayed(request.tags, request.settings.limits.client_tags_denied)


def say(request: Request, command: str) -> None:
    """PRIVMSG, NOTICE or TAGMSG, to each of the targets that it has."""
    params = request.params
    silent = command == "NOTICE"
    names = params[0] if params else ""
    if not names or (names[0] == "," and not names.strip(",")):
        return None if silent else request.reply(numerics.ERR_NORECIPIENT, command)
    tags = b""
    if request.tags:
        if "batch" in request.tags and request.session.caps & MULTILINE:
            return request.session.fail("BATCH", "MULTILINE_INVALID", "There is no such batch")
        tags = client_tags_of(request)
    if command == "TAGMSG":
        if not tags and client_tags.has_any(request.tags):
            return None  # all it has to say is blocked, and blocked tags "will be silently ignored"
        text = ""
    elif len(params) < 2 or not params[1]:
        return None if silent else request.reply(numerics.ERR_NOTEXTTOSEND)
    else:
        text = params[1]
        request.session.spoke = request.session.heard
    if "," not in names:
        refusal = send(request, command, names, text, tags)
        if refusal is not None and not silent:
            if names[0] == "*" and playback.is_asked(request, names):
                return request.session.answer_by(command, playback.play(request, text))
            request.refuse(refusal)
        return None
    targets = request.targets(0)
    most = request.settings.limits.targets
    bots: dict[User, None] = {}

    def send_to(name: str) -> None:
        if request.session.closed:  # a filter may have seen to that
            return
        if (bot := _pseudo_user(request, name)) is not None:
            bots[bot] = None
            return
        refusal = send(request, command, name, text, tags)
        if refusal is not None and not silent:
            request.refuse(refusal)

    def rest() -> None:
        if bots and request.session.held:  # it looks at long lists of bans meanwhile
            request.reply(numerics.ERR_TOOMANYTARGETS, next(iter(bots)).nick)
        elif bots:
            answer(request, tuple(bots), command, text, tags)

    beyond = targets[most] if targets[most:] and not silent else None
    return request.each(targets[:most], send_to, beyond, rest)


def send(
    request: Request, command: str, name: str, text: str, tags: bytes, parts: tuple[Part, ...] = ()
) -> Refusal | None:
    """Judge a message to one target and state that it was sent; a refusal is for the caller to reply with.

    The `text` of several lines comes with its `parts`, which are fit to be relayed.
    """
    if name[0] == "$":
        return _broadcast(request, command, name, text, tags)
    way = find_way(request, command, name, judged(text, parts) if parts else text)
    if not isinstance(way, tuple):
        if isinstance(way, User):
            answer(request, (way,), command, text, tags, parts)
            return None
        if way is not None and way.numeric is numerics.ERR_NOSUCHNICK and request.sessions.shadows.away:
            return _hold(request, way, command, name, text, tags, parts)
        return way
    target, ranks, status = way
    sessions = request.sessions
    if isinstance(target, User):
        if (
            target.person is not None
            and target.server is not request.network.me
            and sessions.links.persons.may_be_lost(target)
        ):
            why = _wait(request, target, command, name, text, tags, parts)
            if why is None or target.person.orphan:
                return why
    elif "c" in target.flags and text:
        parts = unformatted(parts)
        text = combine(parts) if parts else strip_formatting(text)
        if not text.strip("\n"):
            return None
    filters = sessions.filters
    if filters.on:
        verdict = None
        if text:
            verdict = filters.message(request.session, target, text, parts)
        elif type(target) is Channel:
            verdict = filters.muted(request.session, target)
        if verdict is not None:
            return None if verdict.quiet else _filtered(target, verdict.words)
    node = sessions.node
    user, at = request.user, node.clock.time()
    msgid = node.message_ids.take(at, user.uid, target.place)
    fact = MessageSent(command, user, target, text, at, msgid, tags, ranks, status, parts)
    echoes = sessions.echoes
    if echoes is None:
        node.commit(fact, request.session)
    else:
        echoes.commit(request.session, fact)
    if isinstance(target, User) and target.away is not None and command == "PRIVMSG":
        request.reply(numerics.RPL_AWAY, target.nick, target.away)
    return None


def _filtered(target: Channel | User, words: str) -> Refusal:
    if isinstance(target, Channel):
        return Refusal(numerics.ERR_FILTERED, target.name, words)
    return Refusal(numerics.ERR_CANNOTSENDTOUSER, target.nick, words)


def _hold(
    request: Request, refusal: Refusal, command: str, name: str, text: str, tags: bytes,
    parts: tuple[Part, ...],
) -> Refusal | None:  # fmt: skip
    """Keep a message for somebody who may be back in a moment; that somebody types is nothing then."""
    nick, mark, server = name.partition("@")
    fold = request.network.fold
    shadow = request.sessions.shadows.find(fold(nick))
    if shadow is None or (mark and not shadow.user.server.is_called(_named(request, server))):
        return refusal

    def deliver() -> None:
        again = send(request, command, name, text, tags, parts)
        if again is not None and command != "NOTICE":
            request.refuse(again)

    def refuse() -> None:
        if command != "NOTICE":
            request.refuse(refusal)

    if command == "TAGMSG" or shadow.hold(
        Held(request.session, deliver, refuse), request.settings.links.split_held
    ):
        return None
    return refusal


def _wait(
    request: Request, target: User, command: str, name: str, text: str, tags: bytes, parts: tuple[Part, ...]
) -> Refusal | None:
    """The same for a person whose server is lost, or may be, and whom another one takes over then."""
    refusal = Refusal(numerics.ERR_NOSUCHNICK, name)

    def deliver() -> None:
        again = None if request.session.closed else send(request, command, name, text, tags, parts)
        if again is not None and command != "NOTICE":
            request.refuse(again)

    def refuse() -> None:
        if command != "NOTICE" and not request.session.closed:
            request.refuse(refusal)

    typing = command == "TAGMSG" and target.orphan
    if typing or request.sessions.links.persons.hold(target, deliver, refuse):
        return None
    return refusal


Way = tuple[Channel | User, int, str]
"""Where a message goes: its target, the ranks it is for and their prefix, as in ``MessageSent``."""


def find_way(request: Request, command: str, name: str, text: str) -> Way | User | Refusal | None:
    """Judge whether the asker may send `text` to the channel, ranks of a channel, or nick of that name.

    A pseudo-user hears of it otherwise, and is given alone.  A refusal is for the caller to reply with; None
    says that the message goes nowhere and that whoever had to be told of it has been.  Broadcasts have no
    way.
    """
    if name[0] == "#":
        return _way_to_channel(request, command, name, text, "")
    user, network = request.user, request.network
    target = network.nicks.get(network.fold(name))  # as `user` finds it: a call less
    if target is None:  # no nick, or nobody's
        if name[0] in RANK_OF_PREFIX and "#" in name:
            status = name[: name.index("#")]
            if all(prefix in RANK_OF_PREFIX for prefix in status):
                return _way_to_channel(request, command, name[len(status) :], text, status)
        nick, mark, server = name.partition("@")
        target = network.user(nick)
        if target is None and (histserv := request.sessions.histserv) is not None:
            # Where other services have the network it is a word, as long as nobody bears it.
            target = histserv.user if network.fold(nick) == histserv.user.folded else None
        if target is None or (mark and not target.server.is_called(_named(request, server))):
            return Refusal(numerics.ERR_NOSUCHNICK, middle(name))
    if target.server.virtual:
        return target
    if not are_open(user, target):
        if command == "PRIVMSG" and (mode := unanswerable(user, target)) is not None:
            # As Solanum: who asks wants an answer.  The list of the others is not ours to know.
            if len(user.accepts) >= request.sessions.limits.accept:
                return Refusal(numerics.ERR_OWNMODE, target.nick, mode)
            request.commit(AcceptsChanged(user, (target,), ()))
        refusal = may_write(user, target, text)
        if refusal is not None:
            if refusal.numeric is numerics.ERR_TARGUMODEG and command != "TAGMSG":
                _knock_on(request, command, target, refusal)
                return None
            return refusal
    if request.sessions.flood and target is not user and _new_target(request, target):
        return Refusal(numerics.ERR_TARGCHANGE, target.nick)
    return target, 0, ""


def _named(request: Request, server: str) -> Callable[[str], bool]:
    """Whether a server is meant by its name: of ``nick@server``."""
    folded = request.network.fold(server)
    return lambda name: request.network.fold(name) == folded


def _pseudo_user(request: Request, name: str) -> User | None:
    """The pseudo-user that a target means, by its nick or as ``nick@server``."""
    nick, mark, server = name.partition("@")
    target = request.network.user(nick)
    if target is None or not target.server.virtual:
        return None
    if mark and not target.server.is_called(_named(request, server)):
        return None
    return target


def _way_to_channel(
    request: Request, command: str, name: str, text: str, status: str
) -> Way | Refusal | None:
    user, network = request.user, request.network
    channel = network.channels.get(network.fold(name))  # as `channel` finds it: a call less
    if channel is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, middle(name))
    ranks = 0
    if status:
        # @#c is for operators and everybody above them, whatever other prefixes were named.
        lowest = min(RANK_OF_PREFIX[prefix] for prefix in status)
        ranks = at_least(lowest)
        status = next(prefix for prefix in status if RANK_OF_PREFIX[prefix] == lowest)
        if user not in channel.members:
            if not user.may("channels"):
                return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "you are not in it")
            request.note_down(f"{status}{channel.name}", "not in it", command)
    sessions = request.sessions
    refusal = may_speak(sessions.bans, user, channel, command, text)
    if refusal is None and sessions.shut:
        refusal = shields.may_speak(sessions.shut, network, user, channel)
        refusal = refusal or sessions.judge("speak", user, channel, text)
    if refusal is not None:
        if status or refusal.numeric not in _SILENCED:
            return refusal
        if not _for_operators(user, channel, command, text):
            return refusal
        ranks = at_least(OP)
    elif (
        channel.pace is not None
        and command != "TAGMSG"
        and (refusal := paced(request, channel, text)) is not None
    ):
        return refusal
    return channel, ranks, status


def _for_operators(user: User, channel: Channel, command: str, text: str) -> bool:
    """Mode z: operators read what m or a ban keeps from the channel, but not what n, C or T refuse."""
    flags = channel.flags
    return (
        "z" in flags
        and (user in channel.members or "n" not in flags)
        and not ("T" in flags and command == "NOTICE")
        and not ("C" in flags and ctcp_request(text))
    )


def _new_target(request: Request, target: User) -> bool:
    """True if `target` is one new user too many; who wrote first or shares a channel is not counted."""
    session = request.session
    key = "target " + target.uid
    if did(session, key):
        return False
    if may_meet(request.user, target):
        return False
    rates = request.sessions.rates
    if too_fast(session, "target", rates.target_rate, rates.target_period):
        return True
    note(session, key)
    for other in request.sessions.local.sessions_of(target):
        note(other, "target " + request.user.uid)  # so that answers are free
    return False


def _knock_on(request: Request, command: str, target: User, refusal: Refusal) -> None:
    """Caller id: the sender reads 716, and 717 when the target is told (once a minute for each sender).

    A NOTICE is told to the target too, but not answered.  Modern IRC is silent; as Solanum does.  Who only
    begins to type (a TAGMSG) does not knock.
    """
    if command == "PRIVMSG":
        request.refuse(refusal)
    if not too_fast(request.session, "caller " + target.uid, 1, 60.0):
        letter = "g" if "g" in target.modes else "G"
        if command == "PRIVMSG":
            request.reply(numerics.RPL_TARGNOTIFY, target.nick)
        request.commit(CallerBlocked(target, request.user, letter, request.now))


def _broadcast(request: Request, command: str, name: str, text: str, tags: bytes) -> Refusal | None:
    """``$$mask``: everybody on the servers whose names match; after its last dot is no wildcard."""
    user = request.user
    if (refusal := request.lacks("broadcast")) is not None:
        return refusal
    mask = name.lstrip("$")
    if "." not in mask:
        return Refusal(numerics.ERR_NOTOPLEVEL, middle(name))
    if any(sign in mask.rpartition(".")[2] for sign in "*?"):
        return Refusal(numerics.ERR_WILDTOPLEVEL, middle(name))
    matches = compile_glob(mask, request.network.fold)
    if not any(server.is_called(matches) for server in request.network.servers.values()):
        return Refusal(numerics.ERR_NOSUCHSERVER, middle(mask))
    request.note_down(name, verb=command)
    request.commit(BroadcastSent(command, user, name, text, request.now, request.msgid(user), tags))
    return None
