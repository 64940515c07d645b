"""Whether somebody is banned from the network, or a name is reserved; ``ban_index.py`` is how it is found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from chatnet.model.bans import EXEMPTING, KINDS, LOGIN, REFUSE, NetworkBan
from chatnet.model.ending import Ending
from chatnet.model.entities import User
from chatnet.model.facts import NetworkBanned
from chatnet.model.ids import Folded
from chatnet.rules.ban_index import REMEMBERED, WILD, BanIndex, network_meant, text_of
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob
from chatnet.wire.networks import Place, network_of

WIDEST: Final = {4: 8, 6: 16}
"""Bits of a network of addresses, by their version, below which it is taken for all of them."""

_FEW: Final = 2
"""Letters and digits that a mask with wildcards has to have."""


def _front(ban: NetworkBan, user: User, fold: Folder) -> bool:
    """Whether the mask of user names means `user`."""
    return ban.user == "*" or compile_glob(ban.user, fold)(user.username)


class NetworkBans:
    """Answers for users and names, once bans were told to it; `now` gives Unix time, for bans end."""

    def __init__(self, fold: Folder, now: Callable[[], float]) -> None:
        self._fold = fold
        self._now = now
        self._indexes = {kind: BanIndex(fold) for kind in KINDS}
        self._known: dict[str, dict[Folded, NetworkBan]] = {kind: {} for kind in KINDS}
        self._ending = Ending()
        self._fixed: list[NetworkBan] = []
        self._count = 0
        self._exempting = 0
        self._found: dict[tuple[str | None, ...], tuple[NetworkBan, ...]] = {}
        """By an address, or by it with all hosts and the real name: the bans that may mean somebody."""

    def load(self, bans: Mapping[str, Mapping[Folded, NetworkBan]]) -> None:
        """Hold people against these, by kind and folded mask, at the start."""
        for kind, several in bans.items():
            self._known[kind].update(several)
            add = self._indexes[kind].add
            for ban in several.values():
                add(ban)
            self._counted(kind, len(several))
        self._ending.load(ban for several in bans.values() for ban in several.values())

    def take(self, fact: NetworkBanned) -> None:
        """Hold people against a ban from now on, or no more."""
        ban = fact.ban
        before = self._known[ban.kind].get(ban.key(self._fold))
        if before is not None:
            self._remove(before)
        if ban.holds(fact.at):
            self._known[ban.kind][ban.key(self._fold)] = ban
            self._indexes[ban.kind].add(ban)
            self._counted(ban.kind, 1)
            self._ending.add(ban)
        for over in self._ending.until(fact.at):
            if self._is_known(over):
                self._remove(over)
        self._ending.tidy(self._count, self._is_known)

    def configure(self, bans: Iterable[NetworkBan]) -> None:
        """Have these be the ones that stand in the configuration."""
        for ban in self._fixed:
            self._indexes[ban.kind].remove(ban)
            self._counted(ban.kind, -1)
        self._fixed = list(bans)
        for ban in self._fixed:
            self._indexes[ban.kind].add(ban)
            self._counted(ban.kind, 1)

    @property
    def configured(self) -> list[NetworkBan]:
        """Those that stand in the configuration."""
        return self._fixed

    def _is_known(self, ban: NetworkBan) -> bool:
        return self._known[ban.kind].get(ban.key(self._fold)) is ban

    def _remove(self, ban: NetworkBan) -> None:
        del self._known[ban.kind][ban.key(self._fold)]
        self._indexes[ban.kind].remove(ban)
        self._counted(ban.kind, -1)

    def _counted(self, kind: str, number: int) -> None:
        self._found.clear()
        self._count += number
        if kind in EXEMPTING:
            self._exempting += number

    # who is meant

    def address(self, address: str) -> NetworkBan | None:
        """The ban (D) of an address that does not even come in to log in."""
        return self._of_address(address, REFUSE)

    def needs_login(self, address: str) -> NetworkBan | None:
        """The ban (D) of an address from which people come in by an account they have already."""
        return self._of_address(address, LOGIN)

    def _of_address(self, address: str, action: str) -> NetworkBan | None:
        if not self._count:
            return None
        key = (address,)
        found = self._found.get(key)
        if found is None:
            found = self._remember(key, self._indexes["D"].for_address(address, network_of(address)))
        if not found:
            return None
        now = self._now()
        for ban in found:
            if ban.action == action and ban.holds(now):
                return None if self._spares_address(address) else ban
        return None

    def _remember(self, key: tuple[str | None, ...], bans: Iterable[NetworkBan]) -> tuple[NetworkBan, ...]:
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        found = self._found[key] = tuple(bans)
        return found

    def user(self, user: User) -> NetworkBan | None:
        """The ban (not R) of a user."""
        if not self._count:
            return None
        if user.account is not None or user.certfp is not None:
            return self._judge(user, user.address, _hosts(user), user.certfp)
        # Nearly all who come in have neither, and so are known by where they are from and their real name.
        key = user.address, user.real_host, user.host, user.cloak, user.realname
        found = self._found.get(key)
        if found is None:
            found = self._remember(key, self._of_place(user, user.address, _hosts(user)))
        return self._judge(user, user.address, _hosts(user), None) if found else None

    def elsewhere(self, user: User, came: User) -> NetworkBan | None:
        """The ban of a user for one of their sessions, which `came` from elsewhere than others know."""
        if not self._count:
            return None
        return self._judge(user, came.address, (came.real_host, came.address), came.certfp)

    def _judge(
        self, user: User, address: str, hosts: Collection[str], certfp: str | None
    ) -> NetworkBan | None:
        now = self._now()
        found = [
            ban for ban in self._all(user, address, hosts, certfp)
            if ban.holds(now) and not (ban.action == LOGIN and user.account is not None)
        ]  # fmt: skip
        if not found:
            return None
        # Those of addresses come first: whom they refuse nobody lets in for being exempt by another thing.
        refusing = next((ban for ban in found if ban.kind == "D" and ban.action == REFUSE), None)
        if refusing is not None and not self._spares_address(address):
            return refusing
        other = next((ban for ban in found if not (ban.kind == "D" and ban.action == REFUSE)), None)
        return None if other is None or self._spares(user, address, hosts, certfp) else other

    def _all(
        self, user: User, address: str, hosts: Collection[str], certfp: str | None, exempting: str = ""
    ) -> list[NetworkBan]:
        """All bans that mean a user, or (with the letter E) all exemptions."""
        fold = self._fold
        found = [
            ban for ban in self._of_place(user, address, hosts, exempting)
            if ban.kind[-1] != "K" or _front(ban, user, fold)
        ]  # fmt: skip
        indexes = self._indexes
        if user.account is not None and (index := indexes[f"{exempting}A"]):
            found += index.for_text(user.account)
        if certfp is not None and (index := indexes[f"{exempting}C"]):
            found += index.for_text(certfp)
        return found

    def _of_place(
        self, user: User, address: str, hosts: Iterable[str], exempting: str = ""
    ) -> list[NetworkBan]:
        """Those of an address, of hosts and of a real name, whatever user names they are for."""
        indexes, place = self._indexes, network_of(address)
        found = indexes[f"{exempting}D"].for_address(address, place)
        if index := indexes[f"{exempting}K"]:
            for host in hosts:
                found += index.for_text(host)
            found += index.for_network(place)
        if not exempting and (index := indexes["X"]):
            found += index.for_text(user.realname)
        return found

    def spares(self, user: User) -> bool:
        """Whether somebody is exempt from bans."""
        return self._spares(user, user.address, _hosts(user), user.certfp)

    def _spares(self, user: User, address: str, hosts: Collection[str], certfp: str | None) -> bool:
        if not self._exempting:
            return False
        now = self._now()
        return any(each.holds(now) for each in self._all(user, address, hosts, certfp, "E"))

    def _spares_address(self, address: str) -> bool:
        if not self._exempting:
            return False
        now = self._now()
        return any(each.holds(now) for each in self._indexes["ED"].for_address(address, network_of(address)))

    def name(self, name: str) -> NetworkBan | None:
        """The reservation (R) of a nick or a channel's name."""
        if not self._count or not (index := self._indexes["R"]):
            return None
        for ban in index.for_text(name):
            if ban.holds(self._now()):
                return ban
        return None

    # what operators ask

    def all_of(self, user: User) -> list[NetworkBan]:
        """All that hold for a user: bans, whether they do something or not, and exemptions."""
        hosts, now = _hosts(user), self._now()
        found: dict[NetworkBan, None] = {}
        for exempting in ("", "E"):
            found.update(dict.fromkeys(self._all(user, user.address, hosts, user.certfp, exempting)))
        return [ban for ban in found if ban.holds(now)]

    def alike(self, ban: NetworkBan) -> int:
        """How many have wildcards around the same letters: newcomers who have these are held against each."""
        return self._indexes[ban.kind].alike(ban)

    def matching(self, kind: str, text: str) -> list[NetworkBan]:
        """Those of one kind that mean a text: an address, a host, a name, an account, a certificate."""
        index, now = self._indexes[kind], self._now()
        found = dict.fromkeys((*index.for_text(text), *index.for_network(network_of(text))))
        return [ban for ban in found if ban.holds(now)]


def is_everybody(kind: str, user: str, host: str) -> bool:
    """Whether a ban of these masks means as good as everybody, or every name.

    So do ``*@*.*``, ``0.0.0.0/1``, ``*e*`` and ``#?*``.
    """
    if kind == "K" and not _is_open(user):
        return False
    network = network_of(host) if kind in ("K", "D") else None
    if network is not None:
        return network[1] < WIDEST[network[0]]
    return _is_open(host)


def _is_open(mask: str) -> bool:
    return WILD.search(mask) is not None and sum(map(str.isalnum, mask)) < _FEW


def means(ban: NetworkBan, user: User, fold: Folder) -> bool:
    """Whether one ban (not R) means a user, logged in or not."""
    return _means(ban, user, user.address, _hosts(user), user.certfp, fold)


def means_elsewhere(ban: NetworkBan, user: User, came: User, fold: Folder) -> bool:
    """The same of a session of a user that `came` from elsewhere than others know."""
    return _means(ban, user, came.address, (came.real_host, came.address), came.certfp, fold)


def _means(
    ban: NetworkBan, user: User, address: str, hosts: Iterable[str], certfp: str | None, fold: Folder
) -> bool:
    kind = ban.kind[-1]
    if kind == "A" or kind == "C":
        text = user.account if kind == "A" else certfp
        return text is not None and compile_glob(ban.host, fold)(text)
    if kind == "X":
        return compile_glob(text_of(ban), fold)(user.realname)
    if (network := network_meant(ban)) is not None:
        return _lies_in(address, network) and _front(ban, user, fold)
    if kind == "D":
        return ban.host == address
    return _front(ban, user, fold) and any(map(compile_glob(text_of(ban), fold), hosts))


def _lies_in(address: str, network: Place) -> bool:
    place = network_of(address)
    if place is None or place[0] != network[0]:
        return False
    beyond = place[1] - network[1]
    return place[2] >> beyond == network[2] >> beyond


def _hosts(user: User) -> set[str]:
    """A ban on any of somebody's hosts holds, so that neither a cloak nor its absence evades it."""
    return {user.host, user.real_host, user.address, user.cloak or user.host}
