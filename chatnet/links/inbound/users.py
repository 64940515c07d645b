"""Users behind a link: who they are and what they do."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from chatnet.links.inbound.channels import verbs as channels
from chatnet.links.inbound.collisions import (
    REASON,
    SAVED_TS,
    can_save,
    defeat,
    kill,
    save,
    save_newcomer,
    turn_away,
)
from chatnet.links.inbound.seats import person_of
from chatnet.links.neighbour.link import Link
from chatnet.links.speech.encap import ENCAPSULATED, about_user, by_user
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.entities import Oper, User
from chatnet.model.facts import (
    AccountChanged,
    AwayChanged,
    CertfpChanged,
    HostChanged,
    NickChanged,
    Opered,
    RealHostChanged,
    RealnameChanged,
    UserIntroduced,
    UserModesChanged,
    UserQuit,
)
from chatnet.model.ids import UID, AccountName, derived
from chatnet.model.modes import USER_MODES, mode_set
from chatnet.model.registry import Account
from chatnet.model.server import Server
from chatnet.records.grammar import ACCOUNT, is_entity
from chatnet.rules.log_names import log_name
from chatnet.rules.opers import TITLE, granted_elsewhere
from chatnet.rules.timestamps import Loser, resolve_nick
from chatnet.rules.visibility import public_identity
from chatnet.wire.modestring import Change, parse_changes
from chatnet.wire.names import is_nick, is_uid
from chatnet.wire.text import cut, middle

MODES: Final = frozenset(USER_MODES) - {"s"} | {"S", "a"}
"""User modes that a user of another server may have: ours, but for server notices, which are the business of
each server; and those of services (S) and of server administrators (a), which nobody here has."""

_POWERS: Final = frozenset("oaS")

# What stands in a mask and in a line without being taken for something else.
_USERNAME: Final = re.compile(r"(?!:)[^\x00-\x20\x7f-\U0010ffff!@*?,]+")
_HOST: Final = re.compile(r"(?!:)[^\x00-\x20\x7f-\U0010ffff!@*?,]{1,63}")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{1,45}")
_ACCOUNT: Final = re.compile(r"[^\x00-\x20\x7f:][^\x00-\x20\x7f]{0,63}")
_FINGERPRINT: Final = re.compile(r"[0-9A-Za-z:_-]{1,200}")


# who they are


def nobody(link: Link, user: User) -> bool:
    """In the place of who knows of people whom several servers claim, where there is nobody."""
    return False


def euid(line: Line, claimed: Callable[[Link, User], bool] = nobody) -> None:
    """A user came, behind the source.  If it is somebody who is `claimed` to be here, nobody came.

    # <- :1SO EUID alice 1 1795345575 +i ~alice 127.0.0.1 127.0.0.1 1SOAAAAAB * * :real alice
    """
    if len(line.params) != 11:
        line.violate("EUID with too many parameters")
    nick, _, _, modes, username, host, address, uid, real_host, account, realname = line.params
    user = _newcomer(line, uid, username, host, address)
    if _HOST.fullmatch(real_host) and real_host != "*":
        user.real_host = real_host
    user.account, user.account_id = account_of(line, user, account)
    user.account_since = registered_of(line, user.account_id)
    user.person = person_of(line, user)
    _introduce(line, user, nick, modes, realname, claimed)


@LINK.command("UID", min_params=9)
def uid(line: Line) -> None:
    """The same from a server that does not know EUID; ``ENCAP * REALHOST`` and ``LOGIN`` may follow.

    # <- :1PY UID relay 1 1795345575 +i relay relay.test 0 1PYAAAAAA :PyLink
    """
    if len(line.params) != 9:
        line.violate("UID with too many parameters")
    nick, _, _, modes, username, host, address, uid, realname = line.params
    _introduce(line, _newcomer(line, uid, username, host, address), nick, modes, realname)


def _newcomer(line: Line, uid: str, username: str, host: str, address: str) -> User:
    """A user who is not on the network yet, with what a server may say of them."""
    server, link = line.by_server(), line.link
    assert link.settings is not None
    if not is_uid(uid) or uid[:3] != server.sid:
        line.violate(f"{server.name} gave the UID {uid[:20]!r}, which is not one of its own")
    known = line.network.users.get(UID(uid))
    if (known is not None and not known.orphan) or UID(uid) in line.links.claims.aliases:
        line.violate(f"{server.name} gave the UID {uid} to two users")
    if line.links.routes.users.get(link, 0) >= link.settings.max_users:
        line.exceed("there are too many users behind it", "a larger max_users")
    address = address[1:] if address.startswith("0::") else address
    user = User(server, address if _ADDRESS.fullmatch(address) else "0", host)
    user.uid = UID(uid)
    if not _USERNAME.fullmatch(username) or not _HOST.fullmatch(host):
        turn_away(link, user, "Bad user@host")
        raise Ignored
    user.username = cut(username, line.node.settings.limits.user)
    return user


def _introduce(
    line: Line,
    user: User,
    nick: str,
    modes: str,
    realname: str,
    claimed: Callable[[Link, User], bool] = nobody,
) -> None:
    """Let `user` in, under `nick` if they may have it."""
    network, link = line.network, line.link
    user.realname = cut(realname, line.node.settings.limits.realname)
    user.nick_ts = line.ts(2)
    user.modes = mode_set(letter for adding, letter, _ in _modes(line, user, modes) if adding)
    holder = network.user(nick)
    if holder is not None and holder.server.virtual and "S" in modes:
        line.links.has_namesake(link, user.server.sid, user.server)
        raise Ignored
    if "o" in user.modes:
        user.oper = Oper("", "", frozenset(), TITLE)
    user.secure = "Z" in user.modes
    if user.person is not None:
        user.nick = nick if is_nick(nick, line.node.settings.limits.nick) else user.uid
        user.folded, user.signon = network.fold(user.nick), float(user.nick_ts)
        user.renew_source()
        if claimed(link, user):
            return
    loser = _contend(line, user, nick, user.nick_ts, holder)
    if loser & Loser.NEWCOMER:
        if not save_newcomer(link, user, user.nick_ts):
            turn_away(link, user, REASON)
            return
        user.lost = network.fold(nick), user.nick_ts
        nick, user.nick_ts = user.uid, SAVED_TS
    user.nick, user.folded = nick, network.fold(nick)
    user.signon = float(user.nick_ts)
    user.renew_source()
    line.commit(UserIntroduced(user, line.now))


def _contend(line: Line, user: User, nick: str, ts: int, existing: User | None) -> Loser:
    """Who may not have `nick`, which `user` has since `ts`; `existing`, who bears it here, loses it at once.

    Whoever has a nick that is none here, being too long, say, does not keep it either; nor who has that of a
    pseudo-user, which is older than all.
    """
    if nick != user.uid and not is_nick(nick, line.node.settings.limits.nick):
        return Loser.NEWCOMER
    if existing is not None and existing.server.virtual:
        return Loser.NEWCOMER
    loser = resolve_nick(existing, ts, user.username, user.host, user)
    if existing is not None and loser & Loser.EXISTING:
        defeat(line.links, existing)
    return loser


def account_name(text: str) -> AccountName | None:
    """`text` as the name of an account; None if it stands for none."""
    return AccountName(text) if text not in ("*", "0") and _ACCOUNT.fullmatch(text) else None


def user_name(text: str) -> str | None:
    """`text` as a user name, or None."""
    return text if _USERNAME.fullmatch(text) else None


def host_name(text: str) -> str | None:
    """`text` as a host, or None."""
    return text if _HOST.fullmatch(text) else None


def _modes(line: Line, user: User, text: str) -> tuple[Change, ...]:
    """Those of the changes that a server may tell of its user.

    Operators are believed of a link that may have some, services of those that are configured as such, here
    or (since it would not tell us otherwise) at a chatnet server.
    """
    changes, mighty = _parsed(text)
    if not mighty:
        return changes
    settings = line.link.settings
    assert settings is not None
    services = "CN1" in line.link.caps or line.links.serves(user.server, line.link)
    return tuple(
        change
        for change in changes
        if not change.adding
        or change.letter not in _POWERS
        or (services if change.letter == "S" else settings.allow_opers)
    )


@lru_cache(256)
def _parsed(text: str) -> tuple[tuple[Change, ...], bool]:
    """The changes that `text` tells, and whether powers are among them.  A burst is full of the same few."""
    changes, _ = parse_changes(text, (), lambda letter: "D" if letter in MODES else None)
    return tuple(changes), bool(_POWERS & set(text))


# what they do


@LINK.command("NICK", min_params=2)
def nick(line: Line) -> None:
    """A user takes another nick, and has it since a TS.

    Of a person another claim may have had a later one, of which that server had not heard yet.

    # <- :1SOAAAAAB NICK alicia :1795345580
    """
    user, nick, ts = line.by_user(), line.params[0], line.ts(1)
    late = (ts, line.network.fold(nick)) < (user.nick_ts, user.folded)
    if late and user.person is not None and line.link.codec.seats:
        line.link.send(line.link.codec.nick_known(line.network.me, user))
        raise Ignored
    _rename(line, user, nick, ts)


def _rename(line: Line, user: User, nick: str, ts: int) -> bool:
    """Give `user` a nick, or what they get instead; False if they do not survive it."""
    network = line.network
    if (nick == user.nick and ts == user.nick_ts) or user.lost == (network.fold(nick), ts):
        return True  # nothing new: their server did not know yet that they lost it
    lost = None
    loser = _contend(line, user, nick, ts, network.user(nick))
    if loser & Loser.NEWCOMER:
        if not save_newcomer(line.link, user, ts):
            kill(line.links, user, network.me, REASON)
            return False
        lost = network.fold(nick), ts
        nick, ts = user.uid, SAVED_TS
    folded = network.fold(nick)
    if line.link.codec.core and not line.told_id:  # an older version, which others may hear as well
        msgid = derived(ts * 1000, 0, user.uid, user.place, "NICK")
    else:
        msgid = line.msgid(user.place)
    line.commit(NickChanged(user, nick, folded, line.at, user.nick, user.source, ts, lost, msgid=msgid))
    return True


@LINK.command("SAVE", min_params=2)
def save_(line: Line) -> None:
    """A user's nick, which they have since that TS, was taken from them by a server.

    # <- :1SO SAVE 0AAAAAAAA 1795345575
    """
    by, user = line.by_server(), line.user(0)
    if user.nick_ts != line.number(1) or user.nick == user.uid:
        raise Ignored  # they have another one since
    if can_save(user.server):
        save(line.links, user, by, line.link, line)
    else:
        kill(line.links, user, by, REASON, line.link, line)


def quit_(line: Line) -> None:
    """A user left.

    # <- :1SOAAAAAB QUIT :Quit: bye
    """
    reason = cut(line.param(0), line.node.settings.limits.kick)
    user = line.by_user()
    line.commit(UserQuit(user, reason, line.at, line.msgid(user.place)))


@LINK.command("AWAY")
def away(line: Line) -> None:
    """A user went away, or came back.

    # <- :1SOAAAAAB AWAY :gone
    # <- :1SOAAAAAB AWAY
    """
    user = line.by_user()
    text = cut(line.param(0), line.node.settings.limits.away) or None
    if text != user.away:
        line.commit(AwayChanged(user, text, line.at))


@LINK.command("SETNAME", min_params=1)
def setname(line: Line) -> None:
    """A user changed their real name.

    # <- :0BAAAAAAA SETNAME :Alice of the Looking-Glass
    """
    user = line.by_user()
    realname = cut(line.params[0], line.node.settings.limits.realname)
    line.commit(RealnameChanged(user, realname, line.at))


@LINK.command("KILL", min_params=1)
def kill_(line: Line) -> None:
    """A user was put off the network by an operator or a server: the path they tell, and the reason.

    # <- :1SOAAAAAB KILL 0AAAAAAAA :so1.test!127.0.0.1!alice!alice (spam)
    """
    if (bot := line.network.pseudo_users.get(UID(line.params[0]))) is not None:
        line.links.put_off(line.link, bot)
        return
    by, node, link = line.source, line.node, line.link
    # An operator means the person, who may be the user of another claim meanwhile.
    person = line.links.claims.meant(UID(line.params[0])) if isinstance(by, User) else None
    user = line.user(0) if person is None else person
    assert link.settings is not None
    if user.orphan and isinstance(by, Server) and not link.codec.seats:
        raise Ignored  # there they are gone, and it answers so to a line that says something of them
    if line.links.way_to(user) is not link and not link.settings.allow_kill:
        what = f"{link.name} may not kill, but {by.mask} did:"
        node.notice("k", f"{what} {user.identity}", f"{what} {public_identity(user)}")
        raise Ignored
    path, _, rest = line.param(1).partition(" ")
    reason = rest[1:-1] if rest.startswith("(") and rest.endswith(")") else rest or path
    reason = cut(reason, node.settings.limits.kick) or "No reason given"
    killer = by.mask.partition("!")[0]
    what, who = "Received KILL message for", f"{user.nick}!{user.username}"
    way = f"From {killer} Path: {cut(path, 200)} ({reason})"
    node.notice("k", f"{what} {who}@{user.real_host}. {way}", f"{what} {who}@{user.host}. {way}")
    node.log.info(f"{killer} killed {log_name(user, node.settings)}")
    if user is person and user.uid != line.params[0] and not link.codec.core:
        # There the one who they were is gone, and the one who they are has come.  Before the user of
        # another claim may come, under the same nick.
        link.send(link.codec.kill(node.network.me, user, reason))
    kill(line.links, user, by, reason, link, line)


@LINK.command("CHGHOST", min_params=2)
def chghost(line: Line) -> None:
    """A user is seen under another host, as services say, or the server that they are on or behind.

    # <- :00A CHGHOST 0AAAAAAAA :vhost.example.org
    """
    line.about(line.user(0))
    _change_host(line, line.link)


def _change_host(line: Line, origin: object) -> None:
    user, host = line.user(0), line.params[1]
    if _HOST.fullmatch(host) and host != user.host:
        fact = HostChanged(user, user.username, host, user.source, line.at, line.source)
        line.node.commit(fact, origin)


@LINK.command("MODE", min_params=2)
def mode(line: Line) -> None:
    """A user set and unset modes of their own; or somebody does so of a channel, see ``channels/verbs.py``.

    # <- :1SOAAAAAB MODE 1SOAAAAAB :+w-i
    # <- :00AAAAAAB MODE #one +v :0AAAAAAAB
    """
    if line.params[0][:1] == "#":
        channels.mode(line)
        return
    user = line.by_user()
    if line.user(0) is not user:
        raise Ignored
    before, wanted = user.modes, set(user.modes)
    for adding, letter, _ in _modes(line, user, line.params[1]):
        (wanted.add if adding else wanted.discard)(letter)
    if ("o" in wanted) is not ("o" in before):
        oper = Oper("", "", frozenset(), TITLE) if "o" in wanted else None
        line.commit(Opered(user, oper, line.at))
    # The mode o is told here as well: to sessions that the user has on this server.
    added, removed = "".join(sorted(wanted - before)), "".join(sorted(before - wanted))
    if added or removed:
        line.commit(UserModesChanged(user, added, removed, user.snomask, line.at))


@LINK.command("OPER", min_params=2)
def oper(line: Line) -> None:
    """A user is an operator, by a block of their server that gives them a set of privileges.

    # <- :1SOAAAAAB OPER god admin
    """
    user = line.by_user()
    name, oper_class = (cut(middle(text), 64) for text in line.params[:2])
    assert line.link.settings is not None
    if not line.link.settings.allow_opers:
        raise Ignored
    if user.oper is None or (user.oper.name, user.oper.oper_class) != (name, oper_class):
        oper = granted_elsewhere(line.node.settings, name, oper_class)
        line.commit(Opered(user, oper, line.at))


@LINK.command("SIGNON", min_params=5)
def signon(line: Line) -> None:
    """A user logged in or out, and has another nick, user name or host by it.

    # <- :1SOAAAAAB SIGNON alice ~alice alice.users.test 1795345575 alice
    """
    user = line.by_user()
    nick, username, host, _, account = line.params[:5]
    if not _rename(line, user, nick, line.ts(3)):
        return
    username = cut(username, line.node.settings.limits.user)
    if (
        (username, host) != (user.username, user.host)
        and _USERNAME.fullmatch(username)
        and _HOST.fullmatch(host)
    ):
        line.commit(HostChanged(user, username, host, user.source, line.at))
    name, entity = account_of(line, user, account)
    log_in(line, user, name, line.link, entity)


def log_in(
    line: Line, user: User, account: AccountName | None, origin: object, entity: str | None = None
) -> None:
    """A user is logged in to an account from now on, or to none; `entity` is its id, if it is kept here."""
    if (account, entity) != (user.account, user.account_id):
        since = registered_of(line, entity)
        changed = AccountChanged(user, account, line.at, user.account, entity, user.account_id, since)
        line.node.commit(changed, origin)


def account_of(line: Line, user: User, text: str) -> tuple[AccountName | None, str | None]:
    """The account of `user` that a line tells of, and its id: the tag ``chatnet/account``.

    Where accounts are kept here, others than full neighbours are believed only of the account that was given
    to this very user here: they know other people by the same names.  Of an account that is known the name is
    the one that it has here.
    """
    name = account_name(text)
    if not line.links.keeps_records:
        return name, told_id(line, name)
    if name is None:
        line.links.given.forget(user.uid)
        return None, None
    if not line.links.full(line.link):
        account = _given(line, user, name)
        if account is None or account.shown != name:
            line.links.given.doubt(user.uid)
        return (None, None) if account is None else (AccountName(account.shown), account.id)
    entity = line.tags.get("chatnet/account", "")
    if not is_entity(entity) or entity[0] != ACCOUNT:
        return None, None
    known = line.network.registry.account(entity)
    return name if known is None else known.shown, entity


def told_id(line: Line, name: AccountName | None) -> str | None:
    """The id of an account that others keep, as a line tells where it is not known: the same tag.

    It is believed of the neighbour behind which those are that keep it.
    """
    entity = line.tags.get("chatnet/account", "")
    remote = line.node.settings.accounts.authority == "remote"
    if name is None or not remote or not is_entity(entity) or entity[0] != ACCOUNT:
        return None
    return entity if line.links.knows_accounts(line.link) else None


def registered_of(line: Line, entity: str | None) -> int | None:
    """When the account of a line was registered, as it tells: the tag ``chatnet/registered``."""
    text = line.tags.get("chatnet/registered", "")
    if entity is None or not (text.isascii() and text.isdigit()) or len(text) > 11:
        return None
    return min(int(text), int(line.now))


def _given(line: Line, user: User, name: AccountName) -> Account | None:
    """The account that this network gave to `user`, as a server tells that keeps none."""
    registry, settings = line.network.registry, line.link.settings
    assert settings is not None
    named = registry.named(name)
    given = user.account_id or line.links.given.take(user.uid, line.link.name)
    account = registry.account(given)
    if settings.believe_accounts:
        account = named or account
    elif user.account_id is None and named not in (None, account):  # it may be called otherwise since
        account = None
    return account if account is not None and account.usable(line.now) else None


# what ENCAP tells of them: it reaches the other servers by itself


@ENCAPSULATED.believed("CERTFP", by_user, 1)
def certfp(line: Line) -> None:
    """The certificate of a user.

    # <- :1SOAAAAAB ENCAP * CERTFP :f00d
    """
    user, text = line.by_user(), line.params[0]
    if _FINGERPRINT.fullmatch(text) and text != user.certfp:
        line.node.commit(CertfpChanged(user, text), TOLD)


@ENCAPSULATED.believed("REALHOST", by_user, 1)
def realhost(line: Line) -> None:
    """Where a user comes from, who was introduced with UID.

    # <- :1PYAAAAAA ENCAP * REALHOST :host.example.org
    """
    user, text = line.by_user(), line.params[0]
    if _HOST.fullmatch(text) and text != user.real_host:
        line.node.commit(RealHostChanged(user, text), TOLD)


@ENCAPSULATED.believed("LOGIN", by_user, 1)
def login(line: Line) -> None:
    """A user who was introduced with UID is logged in.

    # <- :1PYAAAAAA ENCAP * LOGIN :alice
    """
    user = line.by_user()
    name, entity = account_of(line, user, line.params[0])
    log_in(line, user, name, TOLD, entity)


@ENCAPSULATED.believed("CHGHOST", about_user, 2)
def encap_chghost(line: Line) -> None:
    """A user is seen under another host: for servers that do not know EUID.

    # <- :00A ENCAP * CHGHOST 0AAAAAAAA :vhost.example.org
    """
    _change_host(line, TOLD)
