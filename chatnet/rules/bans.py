"""Whether a mask of a b, e or I list, a plain one or an extended one, means a user.

Extended bans are Solanum's: ``$``, ``~`` for the contrary, a letter, and mostly ``:`` and data.

- ``$a`` is logged in, ``$a:account`` to that account
- ``$c:#channel`` is in that channel
- ``$j:#channel`` is banned in that channel
- ``$m:mask`` a plain mask (useful with ``~`` and ``&``)
- ``$o`` is an IRC operator, ``$o:privilege`` with that privilege
- ``$q:mask`` may not speak, but may join (the mask may be an extended one)
- ``$r:real name``, ``$s:server``, ``$x:nick!user@host#real name``
- ``$z`` is connected over TLS
- ``$&:a,b`` all of these
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from chatnet.model.channel import Channel, ListEntry
from chatnet.model.network import Network
from chatnet.model.user import User
from chatnet.wire.masks import address_in, compile_glob, parse_network

DEPTH: Final = 3
"""How deep ``$&``, ``$j`` and ``$q`` may lead."""

VOLATILE: Final = frozenset("cj&")
"""What changes without a change of the user or of this channel's lists: a verdict is not kept then."""

Test = Callable[["Bans", User, str, int], bool]


class Bans:
    """Matches users against the lists of channels."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def matching(self, entries: Iterable[ListEntry], user: User, *, muting: bool) -> ListEntry | None:
        """The first entry that means `user`. Entries with ``$q`` count only where `muting` is asked about."""
        for entry in entries:
            mask = entry.mask
            if mask[:3] == "$q:":
                if not muting:
                    continue
                mask = mask[3:]
            if self.means(mask, user):
                return entry
        return None

    def banned(self, channel: Channel, user: User) -> ListEntry | None:
        """The ban that keeps `user` from joining, unless an exception lets them in."""
        entry = self.matching(channel.lists["b"].values(), user, muting=False)
        if entry is not None and self.matching(channel.lists["e"].values(), user, muting=False) is None:
            return entry
        return None

    def muted(self, channel: Channel, user: User) -> bool:
        """True if a ban or a mute keeps `user` from speaking; remembered for members."""
        bans = channel.lists["b"]
        if not bans:
            return False
        verdict = channel.verdicts.get(user)
        if verdict is None:
            verdict = (
                self.matching(bans.values(), user, muting=True) is not None
                and self.matching(channel.lists["e"].values(), user, muting=True) is None
            )
            if user in channel.members and not self._volatile(channel):
                channel.verdicts[user] = verdict
        return verdict

    @staticmethod
    def _volatile(channel: Channel) -> bool:
        return any(
            any("$" + letter in entry.mask or "$~" + letter in entry.mask for letter in VOLATILE)
            for kind in "be"
            for entry in channel.lists[kind].values()
        )

    def invited(self, channel: Channel, user: User) -> bool:
        """True if the invite exceptions of `channel` mean `user`."""
        return self.matching(channel.lists["I"].values(), user, muting=False) is not None

    def means(self, mask: str, user: User, depth: int = 0) -> bool:
        """True if `mask` means `user`."""
        if mask[:1] != "$":
            return self._plain(mask, user)
        parsed = parse(mask)
        if parsed is None or depth > DEPTH:
            return False
        wanted, letter, data = parsed
        test = _TESTS.get(letter)
        return test is not None and test(self, user, data, depth + 1) is wanted

    def _plain(self, mask: str, user: User) -> bool:
        """A ban on any of a user's hosts holds: the visible one, the real one, the cloak, the address."""
        matches = compile_glob(mask, self._network.fold)
        front = f"{user.nick}!{user.username}@"
        hosts = {user.host, user.real_host, user.address}
        if user.cloak is not None:
            hosts.add(user.cloak)
        if any(matches(front + host) for host in hosts):
            return True
        front_mask, _, host_mask = mask.rpartition("@")
        if "/" not in host_mask:
            return False
        network = parse_network(host_mask)
        return (
            network is not None
            and address_in(user.address, [network])
            and compile_glob(front_mask, self._network.fold)(f"{user.nick}!{user.username}")
        )

    def _account(self, user: User, data: str, depth: int) -> bool:
        if not data:
            return user.account is not None
        return user.account is not None and compile_glob(data, self._network.fold)(user.account)

    def _in_channel(self, user: User, data: str, depth: int) -> bool:
        channel = self._network.channel(data)
        return channel is not None and user in channel.members

    def _banned_elsewhere(self, user: User, data: str, depth: int) -> bool:
        channel = self._network.channel(data)
        if channel is None:
            return False
        return any(
            entry.mask[:3] != "$q:" and self.means(entry.mask, user, depth) for entry in channel.lists["b"].values()
        ) and not any(self.means(entry.mask, user, depth) for entry in channel.lists["e"].values())

    def _mask(self, user: User, data: str, depth: int) -> bool:
        return self._plain(data, user)

    def _oper(self, user: User, data: str, depth: int) -> bool:
        if not data:
            return user.oper is not None
        return user.oper is not None and (data in user.oper.privileges or data == user.oper.oper_class)

    def _realname(self, user: User, data: str, depth: int) -> bool:
        return compile_glob(data, self._network.fold)(user.realname)

    def _server(self, user: User, data: str, depth: int) -> bool:
        return compile_glob(data, self._network.fold)(user.server.name)

    def _full(self, user: User, data: str, depth: int) -> bool:
        matches = compile_glob(data, self._network.fold)
        hosts = {user.host, user.real_host, user.address}
        return any(matches(f"{user.nick}!{user.username}@{host}#{user.realname}") for host in hosts)

    def _secure(self, user: User, data: str, depth: int) -> bool:
        return user.secure

    def _all(self, user: User, data: str, depth: int) -> bool:
        return all(self.means(part, user, depth) for part in _parts(data))


_TESTS: Final[dict[str, Test]] = {
    "a": Bans._account,
    "c": Bans._in_channel,
    "j": Bans._banned_elsewhere,
    "m": Bans._mask,
    "o": Bans._oper,
    "r": Bans._realname,
    "s": Bans._server,
    "x": Bans._full,
    "z": Bans._secure,
    "&": Bans._all,
}

EXTENDED: Final = "".join(sorted([*_TESTS, "q"]))
"""Letters of the extended bans, as in ISUPPORT EXTBAN."""

_NEED_DATA: Final = frozenset("cjmqrsx&")


def parse(mask: str) -> tuple[bool, str, str] | None:
    """``$~a:name`` → (False, "a", "name"); None if it is not a well-formed extended ban."""
    rest = mask[1:]
    wanted = rest[:1] != "~"
    if not wanted:
        rest = rest[1:]
    letter, data = rest[:1], rest[1:]
    if data[:1] == ":":
        data = data[1:]
    elif data:
        return None
    if (letter not in _TESTS and letter != "q") or (letter in _NEED_DATA and not data):
        return None
    return wanted, letter, data


def is_valid(mask: str, depth: int = 0) -> bool:
    """True if `mask`, which begins with ``$``, is an extended ban that can ever mean somebody."""
    parsed = parse(mask)
    if parsed is None or depth > DEPTH:
        return False
    wanted, letter, data = parsed
    if letter == "q":
        return wanted and depth == 0 and (data[:1] != "$" or (data[:3] != "$q:" and is_valid(data, depth + 1)))
    if letter == "&":
        return all(is_valid(part if part[:1] == "$" else "$m:" + part, depth + 1) for part in _parts(data))
    if letter in "cj":
        return data[:1] == "#"
    return True


def _parts(data: str) -> list[str]:
    return [part for part in data.split(",") if part]
