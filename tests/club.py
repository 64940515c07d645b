"""Houses that keep accounts, people who have one, and what clients say to log in to it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from conversation import Client, House
from scramp import ScramClient

from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.records.meaning import RecordMeaning
from chatnet.services.accounts import Accounts
from chatnet.storage.memory import MemoryStore
from chatnet.wire.casemap import folder

T = TypeVar("T")

PASSWORD: Final = "correct horse"
CERTFP: Final = "f00d" * 16


class Club(House):
    """A house that keeps accounts, in memory; hashing is as cheap as it may be, and no nick is protected."""

    def __init__(self, store: MemoryStore | None = None, **sections: Any) -> None:
        self.store = store or MemoryStore(RecordMeaning(folder("rfc1459")), "0CN")
        sections["accounts"] = {"iterations": 4096, "nick_protection": "off"} | sections.get("accounts", {})
        super().__init__(store=self.store, **sections)

    @property
    def accounts(self) -> Accounts:
        found = self.parts.accounts
        assert found is not None
        return found

    def done(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What a coroutine answers that waits for nothing."""
        try:
            coroutine.send(None)
        except StopIteration as answer:
            found: T = answer.value
            return found
        raise AssertionError("it waits for something")

    def account(self, name: str = "ann", password: str = PASSWORD, certfp: str | None = None) -> Account:
        """An account that somebody who is gone has registered."""
        by = User(self.node.network.me, "203.0.113.1", "203.0.113.1")
        account = self.done(self.accounts.register(name, password, None, by=by))
        if certfp is not None:
            self.done(self.accounts.add_certificate(account, certfp))
        return account

    def named(self, name: str = "ann") -> Account:
        """The account of that name, which there is."""
        found = self.node.network.registry.named(name)
        assert found is not None
        return found

    def change(self, account: Account, **given: str | None) -> None:
        """Give fields of an account other values."""
        self.done(self.accounts.change(account, given))

    def connecting(self, caps: str = "sasl", **peer: Any) -> Client:
        """A connection with these capabilities that goes on negotiating."""
        client = self.connect(**peer)
        client >> "CAP LS 302" >> f"CAP REQ :{caps}"
        client.until(":* ACK :*")
        return client


def said(*parts: str | bytes) -> str:
    """Parts with NUL between, in Base64, as it is said in one line."""
    return b64encode(b"\0".join(p if isinstance(p, bytes) else p.encode() for p in parts)).decode() or "+"


def plain(client: Client, name: str = "ann", password: str = PASSWORD, authorized: str = "") -> None:
    """Log in by PLAIN; what comes of it is not read."""
    client >> "AUTHENTICATE PLAIN"
    client << "AUTHENTICATE +"
    say(client, said(authorized, name, password))


def say(client: Client, text: str) -> None:
    """A response in Base64, in as many lines as it takes."""
    for begin in range(0, len(text), 400):
        client >> f"AUTHENTICATE {text[begin : begin + 400]}"
    if len(text) % 400 == 0:
        client >> "AUTHENTICATE +"


def scram(client: Client, name: str = "ann", password: str = PASSWORD) -> ScramClient:
    """Talk by SCRAM-SHA-256 up to the proof; what comes of that is not read."""
    talk = ScramClient(["SCRAM-SHA-256"], name, password)
    client >> "AUTHENTICATE SCRAM-SHA-256"
    client << "AUTHENTICATE +"
    say(client, said(talk.get_client_first()))
    challenge = client.until("AUTHENTICATE *").partition(" ")[2]
    talk.set_server_first(b64decode(challenge).decode())
    say(client, said(talk.get_client_final()))
    return talk


def proved(client: Client, talk: ScramClient) -> None:
    """The server has proved that it knows the password, too; the client says that it has read it."""
    last = client.until("AUTHENTICATE *").partition(" ")[2]
    talk.set_server_final(b64decode(last).decode())
    client >> "AUTHENTICATE +"


def logged_in(client: Client, account: str = "ann", *, own: bool = False) -> None:
    """900, for a user with account-notify their own ACCOUNT, 903; and never 901 between."""
    client << f":irc.test 900 * {account} :You are now logged in as {account}"
    if own:
        client << f":*!*@* ACCOUNT {account}"
    client << ":irc.test 903 * :SASL authentication successful"
    client.silent()
    assert client.user.account == account


def failed(client: Client) -> None:
    """904, and nothing else."""
    client << ":irc.test 904 * :SASL authentication failed"
    client.silent()
