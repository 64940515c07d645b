"""Questions of users that one server answers, wherever in the network it is ("hunted").

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md  A user names the server by its name, a
mask of it, its SID, or somebody who is on it.  The question goes from server to server, and the answer comes
back as numerics, each a :class:`~chatnet.model.facts.NumericSent`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chatnet.links.codecs.solanum.servers import WORD
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import NumericSent
from chatnet.model.ids import UID
from chatnet.model.server import Server
from chatnet.wire.masks import compile_glob
from chatnet.wire.numerics import ERR_NOSUCHSERVER, RPL_TRYAGAIN, Numeric
from chatnet.wire.text import cut, middle

PLACES: Final[dict[str, tuple[int, int]]] = {
    "ADMIN": (0, 1),
    "CONNECT": (2, 3),
    "INFO": (0, 1),
    "LINKS": (0, 2),
    "LUSERS": (1, 2),
    "MOTD": (0, 1),
    "STATS": (1, 2),
    "TIME": (0, 1),
    "TRACE": (0, 1),
    "USERS": (0, 1),
    "VERSION": (0, 1),
    "WHOIS": (0, 2),
    "WHOWAS": (2, 3),
}
"""Verb → which of its parameters names the server, and how many there are."""

Answer = Callable[[User, str, Sequence[str]], None]
"""Answers a user of another server, who asks with a verb and parameters."""


class Queries:
    """Passes questions on, and hands those for this server to `answer`, which wiring gives."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self.answer: Answer = self._no_answer

    def meant(self, name: str) -> Server | User | None:
        """The server that `name` means, or the user whose server it means."""
        network = self._links.node.network
        matches = compile_glob(name, network.fold)
        if matches(network.me.name):
            return network.me
        uid = UID(name)
        user = network.users.get(uid) or network.pseudo_users.get(uid) or network.user(name)
        found: Server | User | None = user or self._links.server(name)
        if found is None and ("*" in name or "?" in name):
            by_distance = sorted(network.servers.values(), key=lambda server: (server.hops, server.name))
            found = next((server for server in by_distance if matches(server.name)), None)
        return found

    def is_here(self, whom: Server | User) -> bool:
        """Whether that is this server, or one of its users."""
        return self._links.way_to(whom) is None

    def pass_on(self, user: User, verb: str, params: Sequence[str], whom: Server | User) -> None:
        """Send the question of `user` towards the server that `whom` is, or is on."""
        way = self._links.way_to(whom)
        if way is not None:
            place, most = PLACES[verb]
            way.send(way.codec.query(user, verb, params[:most], place, whom))

    def ping(self, user: User, whom: Server | User) -> None:
        """Send a PING of `user` after what they asked that server."""
        way = self._links.way_to(whom)
        if way is not None:
            server = whom.server if isinstance(whom, User) else whom
            way.send(way.codec.sign_of_life("PING", user, user.nick, server))

    def arrived(self, link: Link, user: User, verb: str, params: Sequence[str]) -> None:
        """A user behind `link` asks: this server, or one behind another link."""
        place, most = PLACES[verb]
        params = [cut(word, WORD) for word in params[:most]]
        node = self._links.node
        me = node.network.me
        name = params[place] if place < len(params) else me.name
        whom = self.meant(name)
        if whom is None:
            self._reply(user, ERR_NOSUCHSERVER, middle(name))
        elif not self.is_here(whom):
            if self._links.way_to(whom) is not link:
                self.pass_on(user, verb, params, whom)
        elif link.conduct.too_many(link.conduct.asked, node.clock.monotonic(), node.settings.links):
            self._reply(user, RPL_TRYAGAIN, verb)
        else:
            named = whom.nick if isinstance(whom, User) else me.name
            self.answer(user, verb, [*params[:place], named, *params[place + 1 :]])

    def _reply(self, user: User, numeric: Numeric, *args: object) -> None:
        node = self._links.node
        text = numeric.form % args
        node.commit(NumericSent(node.network.me, user, numeric.code, text, node.clock.time()))

    def _no_answer(self, user: User, verb: str, params: Sequence[str]) -> None:
        self._reply(user, RPL_TRYAGAIN, verb)
