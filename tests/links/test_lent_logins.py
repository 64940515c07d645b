"""Who logs in at a server that is still told which accounts there are: a full neighbour looks at it."""

from __future__ import annotations

from base64 import b64decode
from itertools import pairwise
from typing import Any

from club import CERTFP, PASSWORD, plain, proved, said, say
from clubs import Clubs
from conversation import Client
from scramp import ScramClient
from twisted.internet.defer import Deferred


class Slow(Clubs):
    """Clubs of which ``a`` has an account, and tells nobody of it until that is `told`."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.ann = self["a"].account("ann", certfp=CERTFP)
        store: Any = self["a"].store
        self._read, self._waiting = store.page, list[tuple[Deferred[Any], tuple[Any, ...]]]()
        store.page = self._page
        for one, other in pairwise(names):
            self.link(one, other)
        self.settle()
        assert self["b"].parts.links.feeds.learning

    def _page(self, *given: Any) -> Deferred[Any]:
        self._waiting.append((Deferred(), given))
        return self._waiting[-1][0]

    def told(self) -> None:
        store: Any = self["a"].store
        store.page = self._read
        for waiting, given in self._waiting:
            self._read(*given).chainDeferred(waiting)
        self.settle()

    def connecting(self, name: str = "b", **peer: Any) -> Client:
        return self[name].connecting(**peer)


def come(mesh: Slow, client: Client, nick: str = "ann") -> None:
    """Register, and stay logged in when all were told of the accounts."""
    assert not any("CNREC" in line for line in mesh.said("a", "b"))
    client >> "CAP END" >> f"NICK {nick}" >> "USER u 0 * :U"
    client.until(":b.test 376 *")
    client.lines()
    mesh.settle()
    for name in "ab":
        user = mesh[name].node.network.users[client.user.uid]
        assert (user.account, user.account_id) == ("ann", mesh.ann.id)
    mesh.told()
    assert mesh["b"].node.network.registry.account(mesh.ann.id) is not None
    assert (client.user.account, client.user.account_id) == ("ann", mesh.ann.id)
    client.silent()
    mesh.check()


def test_by_plain() -> None:
    mesh = Slow("a", "b")
    client = mesh.connecting()
    plain(client)
    mesh.settle()
    client << ":b.test 900 * ann :You are now logged in as ann"
    client << ":b.test 903 * :SASL authentication successful"
    come(mesh, client)


def test_by_scram() -> None:
    mesh = Slow("a", "b")
    client = mesh.connecting()
    talk = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
    client >> "AUTHENTICATE SCRAM-SHA-256"
    say(client, said(talk.get_client_first()))
    client << "AUTHENTICATE +"
    mesh.settle()
    talk.set_server_first(b64decode(client.until("AUTHENTICATE *").partition(" ")[2]).decode())
    say(client, said(talk.get_client_final()))
    mesh.settle()
    proved(client, talk)
    mesh.settle()
    logged_in_at_b(client)
    come(mesh, client)


def test_by_certificate() -> None:
    mesh = Slow("a", "b")
    client = mesh.connecting(secure=True, certfp=CERTFP)
    client >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    mesh.settle()
    client << "AUTHENTICATE +"
    logged_in_at_b(client)
    come(mesh, client)


def logged_in_at_b(client: Client) -> None:
    client << ":b.test 900 * ann :You are now logged in as ann"
    client << ":b.test 903 * :SASL authentication successful"


def test_who_is_a_user_already() -> None:
    mesh = Slow("a", "b")
    client = mesh["b"].client("someone", caps="sasl account-notify")
    plain(client)
    mesh.settle()
    client << ":b.test 900 someone * ann :You are now logged in as ann"
    client << ":someone!*@* ACCOUNT ann"
    client << ":b.test 903 someone :SASL authentication successful"
    assert mesh["a"].node.network.users[client.user.uid].account_id == mesh.ann.id
    mesh.told()
    assert client.user.account_id == mesh.ann.id
    mesh.check()


def test_a_wrong_password() -> None:
    mesh = Slow("a", "b")
    client = mesh.connecting()
    plain(client, password="another horse")
    mesh.settle()
    client << ":b.test 904 * :SASL authentication failed"
    mesh.told()
    plain(client)
    logged_in_at_b(client)
    mesh.check()


def test_a_name_that_is_known_here_is_looked_at_here() -> None:
    mesh = Slow("a", "b")
    mesh.put("b", *mesh["a"].store.load())
    client = mesh.connecting()
    plain(client)
    logged_in_at_b(client)
    assert not any(" SASL " in line for line in mesh.said("b", "a"))


def test_giving_up() -> None:
    mesh = Slow("a", "b")
    client = mesh.connecting()
    plain(client)
    client >> "AUTHENTICATE *"
    client << ":b.test 906 * *"
    mesh.settle()
    client.silent()
    assert mesh.said("b", "a")[-1].endswith(" D :A")
    applicants = mesh["a"].parts.links.gate.applicants
    assert applicants.count(mesh.wire("a", "b").links["a"]) == 0
    mesh.check()


def test_the_neighbour_is_lost_meanwhile() -> None:
    mesh = Slow("a", "b")
    client = mesh.connecting()
    plain(client)
    mesh.cut("a", "b")
    mesh.settle()
    client << ":b.test 904 * :SASL authentication failed"
    plain(client)
    client << ":b.test 904 * :SASL authentication failed"


def test_a_token_has_to_wait() -> None:
    """Here nobody would know what it may, nor when it is taken away."""
    mesh = Slow("a", "b")
    nickserv = mesh["a"].parts.nickserv
    assert nickserv is not None
    token = mesh["a"].done(nickserv.tokens.add(mesh.ann, "phone", "chat", 0))
    client = mesh.connecting()
    plain(client, password=token)
    mesh.settle()
    client << ":b.test 904 * :SASL authentication failed"
    mesh.told()
    plain(client, password=token)
    logged_in_at_b(client)


def test_nobody_asks_for_others() -> None:
    """Two that learn of each other would ask each other for ever."""
    mesh = Slow("a", "b", "c")
    assert mesh["c"].parts.links.feeds.learning is False  # b has told it all it has: nothing
    client = mesh.connecting("b")
    plain(client, name="nobody")
    mesh.settle()
    client << ":b.test 904 * :SASL authentication failed"
    assert not any(" SASL " in line for line in mesh.said("b", "c") + mesh.said("a", "b") if "nobody" in line)


def test_others_read_why_they_cannot_log_in_yet() -> None:
    mesh = Slow("a", "b")
    client = mesh["b"].client("someone")
    client >> f"NS IDENTIFY ann :{PASSWORD}"
    client << ":NickServ!*@* NOTICE someone :This server is still learning the accounts."
    mesh.told()
    client >> f"NS IDENTIFY ann :{PASSWORD}"
    assert client.user.account == "ann"
    mesh.check()


def test_an_account_is_not_called_nothing_while_its_records_come() -> None:
    """Those of one account need not come at once, and somebody may be logged in to it already."""
    mesh = Slow("a", "b")
    client = mesh.connecting()
    plain(client)
    mesh.settle()
    client >> "CAP END" >> "NICK ann" >> "USER u 0 * :U"
    client.lines()
    first, *rest = sorted(mesh["a"].store.load(), key=lambda record: record.field)
    assert first.field.startswith("cert:")
    mesh.put("b", first)
    assert client.user.account == "ann"
    mesh.put("b", *rest)
    assert client.user.account == "ann"
    client.silent()
