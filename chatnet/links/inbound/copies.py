"""Copies of private messages, from a server of the person they are for to another one of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatnet.links.codecs.solanum.copies import MASK, NOWHERE
from chatnet.links.codecs.solanum.history import PERSON
from chatnet.links.exchange.records import MOST_SOURCE, MOST_TAGS, MOST_TEXT
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.entities import User
from chatnet.model.facts import AcceptsChanged, MessageCopied, MessageRedacted, MessageSent
from chatnet.model.ids import MSGID, SID, UID, AccountName, Folded
from chatnet.model.places import BY_NAME, is_key
from chatnet.model.server import Server
from chatnet.rules.client_tags import relayed
from chatnet.rules.messages import unanswerable
from chatnet.wire.multiline import Part, combine
from chatnet.wire.names import is_uid
from chatnet.wire.text import byte_length, cut

PARAMS: Final = 6
"""So many words stand before what was said."""
_SAID: Final = frozenset({"PRIVMSG", "NOTICE", "TAGMSG"})


@LINK.command("CNCOPY", min_params=PARAMS)
def cncopy(line: Line) -> None:
    """What a person was told, or said, is told to another one of their servers.

    Their own server tells all that have sessions of theirs; these tell it what was said there.

    # <- @time=…;msgid=1abc;chatnet/mask=bob!~bob@h :0AA CNCOPY 0CA 0AAAAAAAA * 0BAAAAAAB NOTICE 0AAAAAAAA :hi
    # <- @time=…;msgid=1abd;chatnet/mask=… :0CA CNCOPY 0AA 0AAAAAAAA 0CA 0AAAAAAAA PRIVMSG 0BAAAAAAB :hi
    # <- @time=…;msgid=1abe;chatnet/mask=… :0CA CNCOPY 0AA 0AAAAAAAA 0CA 0AAAAAAAA REDACT 0BAAAAAAB 1abd :oops
    """
    take(line, line.params, ())


def take(line: Line, params: Sequence[str], parts: tuple[Part, ...]) -> None:
    """The same, or one of several lines."""
    teller, links, network = line.by_server(), line.links, line.network
    uid = UID(params[1])  # perhaps of a claim that is over
    to, user = network.servers.get(SID(params[0])), links.claims.meant(uid)
    if not line.link.codec.seats or to is None or user is None:
        raise Ignored
    places = set(links.claims.places(user, uid))
    if teller not in places or to not in places:
        raise Ignored
    fact = _read(line, user, teller, params, parts)
    if to is network.me:
        if user.server is network.me:
            _accept(line, user, fact)
        line.commit(fact)
        return
    way = links.way_to(to)
    if way is not None and way is not line.link and way.codec.seats:
        for text in way.codec.copy(fact, to, line.tags.get(PERSON), links.reference()):
            way.send(text)


def _read(
    line: Line, user: User, teller: Server, params: Sequence[str], parts: tuple[Part, ...]
) -> MessageCopied:
    command = params[4]
    by, target = (_who(line, user, params[1], name) for name in (params[3], params[5]))
    if user not in (by, target) or not isinstance(target, User):
        raise Ignored
    if by is not user and teller is not user.server and not _was_host(line, teller, params[1]):
        raise Ignored  # what others say to them their own server judges
    said_at = None if params[2] == NOWHERE else line.network.servers.get(SID(params[2]))
    message: MessageSent | MessageRedacted
    if command == "REDACT" and len(params) > PARAMS and MSGID.fullmatch(params[PARAMS]):
        reason = cut(params[PARAMS + 1], MOST_TEXT) if params[PARAMS + 1 :] else ""
        message = MessageRedacted(by, target, params[PARAMS], reason, line.at, line.msgid(""))
    elif command in _SAID:
        text = combine(parts) if parts else cut(params[PARAMS], MOST_TEXT) if params[PARAMS:] else ""
        tags = relayed(line.tags, ())
        tags = tags if len(tags) <= MOST_TAGS else b""
        message = MessageSent(command, by, target, text, line.at, line.msgid(""), tags, parts=parts)
    else:
        raise Ignored
    return MessageCopied(message, user, teller, said_at, line.now)


def _was_host(line: Line, teller: Server, uid: str) -> bool:
    """Whether a server speaks of a claim of its own that does not hold any more."""
    return uid not in line.network.users and uid.startswith(teller.sid)


def _who(line: Line, user: User, uid: str, name: str) -> User | Server:
    """The user, who is named by `uid`, or whoever else somebody is; if gone, a stand-in as the tags tell.

    The one may be faster on another way than what they said.
    """
    network = line.network
    if name in (user.uid, uid):
        return user
    found = network.users.get(UID(name)) or network.pseudo_users.get(UID(name))
    if found is not None:
        return found
    if (server := network.servers.get(SID(name))) is not None:
        return server
    nick, mark, rest = line.tags.get(MASK, "").partition("!")
    username, at, host = rest.partition("@")
    if not (is_uid(name) and nick and mark and at and byte_length(line.tags[MASK]) <= MOST_SOURCE):
        raise Ignored
    gone = User(Server(SID(name[:3]), "", ""), host, host)
    gone.uid, gone.nick, gone.username = UID(name), nick, username
    gone.folded = Folded(network.fold(nick))
    key = line.tags.get(PERSON)
    if key is not None and is_key(key):
        account = network.registry.account(key)
        gone.account_id = None if key.startswith(BY_NAME) else key
        gone.account = AccountName(key.removeprefix(BY_NAME)) if account is None else account.shown
    gone.renew_source()
    gone.renew_tagged()
    return gone


def _accept(line: Line, user: User, fact: MessageCopied) -> None:
    """Who writes to somebody wants an answer, from wherever they do so."""
    message = fact.message
    if not isinstance(message, MessageSent) or message.command != "PRIVMSG" or message.by is not user:
        return
    target, most = message.target, line.node.settings.limits.accept
    if not isinstance(target, User) or target.uid not in line.network.users or len(user.accepts) >= most:
        return
    if unanswerable(user, target):
        line.node.commit(AcceptsChanged(user, (target,), ()))
