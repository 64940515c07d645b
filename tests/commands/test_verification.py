"""REGISTER with an address, and VERIFY.  https://ircv3.net/specs/extensions/account-registration"""

from __future__ import annotations

import pytest
from club import PASSWORD, logged_in, plain
from conversation import Client
from postal import MAIL, TO, code_in, postal
from states import opered

from chatnet.records.accounts import State
from chatnet.services.mailing import Unsent
from chatnet.storage.record import Record


def offered(client: Client) -> str:
    """The value of the capability."""
    client >> "CAP LS 302"
    words = " ".join(line.rpartition(" :")[2] for line in client.lines()).split()
    return next(word.partition("=")[2] for word in words if word.startswith("draft/account-registration"))


def registering(client: Client, nick: str = "ann", to: str = TO) -> None:
    client >> f"REGISTER * {to} :{PASSWORD}"
    client << (
        f":irc.test REGISTER VERIFICATION_REQUIRED {nick} "
        f":A code was sent to {to}, which makes the account yours"
    )
    client.silent()


def test_whether_an_address_is_needed_is_offered() -> None:
    # "`email-required` - if present, registrations require a valid email address to process"
    club = postal()
    assert offered(club.connect()) == "before-connect"
    club.reload(accounts={"email": "required"})
    assert offered(club.connect()) == "before-connect,email-required"
    club.reload(accounts={"before_connect": False})
    assert offered(club.connect()) == "email-required"


def test_while_connected() -> None:
    club = postal()
    ann, bob = club.client("ann", caps="account-notify"), club.client("bob", caps="account-notify")
    for client in (ann, bob):
        client >> "JOIN #c"
        client.lines()
    ann.lines()
    # "REGISTER VERIFICATION_REQUIRED <account> <message>: Sent by the server as a response to `REGISTER` when
    # further action is required to complete registration of the `<account>`, as explain in the human-readable
    # `<message>`."
    registering(ann)
    assert ann.user.account is None and club.named().status.state is State.PENDING
    bob.silent()
    code = code_in(club)
    # "The `VERIFY` command completes a registration that required verification (eg. via email or CAPTCHA)."
    ann >> f"VERIFY ann {code}"
    # "VERIFY SUCCESS <account> <message>: Sent by the server when the … `VERIFY` fully succeeded, and no
    # further action is needed.  Afterward, the client is assumed to be authenticated to the `<account>` as if
    # it used SASL."
    ann << ":irc.test VERIFY SUCCESS ann :The account ann is yours, and you are logged in"
    ann << ":irc.test 900 ann ann!~ann@192.0.2.1 ann :You are now logged in as ann"
    ann << ":ann!~ann@192.0.2.1 ACCOUNT ann"
    ann.silent()
    bob << ":ann!~ann@192.0.2.1 ACCOUNT ann"
    assert club.named().status.state is State.ACTIVE
    records = {record.field: record.value for record in club.done(club.accounts.read(club.named()))}
    assert records["email"] == f"1 {TO}" and records["code:verify"] is None
    # "FAIL VERIFY ALREADY_AUTHENTICATED <account> <message>"
    ann >> f"VERIFY ann {code}"
    ann << ":irc.test FAIL VERIFY ALREADY_AUTHENTICATED ann :*"
    bob.lines()
    bob >> f"VERIFY ann {code}"  # it was used
    bob << ":irc.test FAIL VERIFY INVALID_CODE ann :*"
    club.check()


def test_before_the_connection_is_complete() -> None:
    # "The client then inputs the code sent by the server, and the server immediately authenticates it"
    club = postal("required")
    ann = club.connect()
    ann >> "CAP LS 302" >> "NICK ann" >> "USER ann 0 * :Ann"
    ann.lines()
    registering(ann)
    ann >> f"VERIFY ann {code_in(club).upper()}"
    ann << ":irc.test VERIFY SUCCESS ann :*"
    ann << ":irc.test 900 ann ann!*@* ann :You are now logged in as ann"
    ann >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    assert ann.user.account == "ann"


def test_who_is_to_verify_cannot_log_in_yet() -> None:
    club = postal(flood={"enabled": False})
    ann = club.client("ann")
    registering(ann)
    other = club.client("bob", caps="sasl standard-replies")
    plain(other, password="wrong-horse")
    other << ":irc.test 904 *"
    other.silent()
    plain(other)
    other << ":irc.test NOTE AUTHENTICATE VERIFICATION_REQUIRED ann :ann waits for the code *"
    other << ":irc.test 904 *"
    other >> f"VERIFY ann {code_in(club)}"
    other.until(":irc.test 900 *")
    third = club.connecting()
    plain(third)
    logged_in(third)


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        # "FAIL REGISTER INVALID_EMAIL <account> <message>: Sent by the server if it cannot send emails to the
        # provided address."
        ("*", "INVALID_EMAIL ann :An address for mail is needed: a code is sent there"),
        ("ann", "INVALID_EMAIL ann :*"),
        ("jörg@example.net", "INVALID_EMAIL ann :Mail can be sent to addresses in ASCII only"),
        # "FAIL REGISTER UNACCEPTABLE_EMAIL <account> <message>: Sent by the server if the email address is
        # valid, but not available for account registration."
        ("ann@Spam.example", "UNACCEPTABLE_EMAIL ann :Addresses of this domain are not taken here"),
        ("ann@mx.spam.example", "UNACCEPTABLE_EMAIL ann :Addresses of this domain are not taken here"),
    ],
)
def test_addresses_that_are_not_taken(address: str, refusal: str) -> None:
    club = postal("required", accounts={"blocked_domains": ["SPAM.example"]})
    ann = club.client("ann")
    ann >> f"REGISTER * {address} :{PASSWORD}"
    ann << f":irc.test FAIL REGISTER {refusal}"
    ann.silent()
    assert club.post.sent == [] and not club.accounts.registry.accounts


def test_where_it_is_optional_nobody_needs_one() -> None:
    club = postal()
    ann = club.client("ann")
    ann >> f"REGISTER * * :{PASSWORD}"
    ann.until(":irc.test REGISTER SUCCESS ann *")


def test_one_address_is_for_so_many_accounts() -> None:
    club = postal(accounts={"per_email": 1}, mail=MAIL | {"per_address": 10})
    ann, bob, cat = (club.client(nick) for nick in ("ann", "bob", "cat"))
    registering(ann)
    first = code_in(club)
    registering(bob, "bob", TO.upper())  # none has verified it yet
    second = code_in(club, TO.upper())
    ann >> f"VERIFY ann {first}"
    ann.until(":irc.test VERIFY SUCCESS ann *")
    bob >> f"VERIFY bob {second}"
    bob << ":irc.test FAIL VERIFY TEMPORARILY_UNAVAILABLE bob :Too many accounts have this address"
    cat >> f"REGISTER * {TO} :{PASSWORD}"
    cat << ":irc.test FAIL REGISTER UNACCEPTABLE_EMAIL cat :Too many accounts have this address"
    club.change(club.named(), status="erased")
    bob >> f"VERIFY bob {second}"
    bob << ":irc.test VERIFY SUCCESS bob :*"


def test_a_code_is_good_for_five_tries_and_for_its_time() -> None:
    # "FAIL VERIFY INVALID_CODE <account> <message>: Sent by the server if the `<code>` in the `VERIFY`
    # command is invalid or expired."
    club = postal(accounts={"verify_within": 600})
    ann, bob = club.client("ann"), club.client("bob")
    registering(ann)
    code = code_in(club)
    for _ in range(4):
        ann >> "VERIFY ann aaaaaaaaaa"
        ann << ":irc.test FAIL VERIFY INVALID_CODE ann :No such code was sent, or its time is over"
    ann >> f"VERIFY nobody {code}"
    ann << ":irc.test FAIL VERIFY INVALID_CODE nobody :*"
    ann >> f"VERIFY ann {code}"  # the fifth
    ann.until(":irc.test VERIFY SUCCESS ann *")
    registering(bob, "bob", "bob@example.net")
    code = code_in(club, "bob@example.net")
    for _ in range(5):
        bob >> "VERIFY bob aaaaaaaaaa"
    bob.lines()
    bob >> f"VERIFY bob {code}"
    bob << ":irc.test FAIL VERIFY INVALID_CODE bob :*"
    cat = club.client("cat")
    registering(cat, "cat", "cat@example.net")
    code = code_in(club, "cat@example.net")
    club.clock.advance(600)
    cat.lines()
    cat >> f"VERIFY cat {code}"
    cat << ":irc.test FAIL VERIFY INVALID_CODE cat :*"


def test_guesses_are_failed_logins() -> None:
    club = postal(flood={"enabled": True}, accounts={"failures_address": 3})
    ann = club.client("ann")
    for _ in range(3):
        ann >> "VERIFY ann aaaaaaaaaa"
        ann << ":irc.test FAIL VERIFY INVALID_CODE ann :*"
        club.clock.advance(30)
    # "FAIL VERIFY TEMPORARILY_UNAVAILABLE <account> <message>"
    ann.lines()
    ann >> "VERIFY ann aaaaaaaaaa"
    ann << ":irc.test FAIL VERIFY TEMPORARILY_UNAVAILABLE ann :Too many logins failed: try again in *"


def test_too_much_mail_and_a_disk_that_is_full() -> None:
    # "FAIL REGISTER TEMPORARILY_UNAVAILABLE <account> <message>"
    club = postal()
    ann, bob = club.client("ann"), club.client("bob")
    registering(ann)
    code_in(club)
    bob >> f"REGISTER * {TO} :{PASSWORD}"
    bob << ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE bob :Too much mail was sent: try again in *"
    assert club.accounts.registry.named("bob") is None
    club.store.broken = True
    bob >> f"REGISTER * bob@example.net :{PASSWORD}"
    bob << ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE bob :Accounts cannot be used now*"
    assert club.post.sent == []


def test_a_relay_that_is_away_keeps_nobody_waiting() -> None:
    club = postal()
    club.post.refusal = Unsent("it is down")
    ann = club.client("ann")
    registering(ann)
    club.post.refusal = None
    club.clock.advance(300)
    assert club.parts.nickserv is not None
    club.parts.nickserv.mailing.send()
    ann.lines()
    ann >> f"VERIFY ann {code_in(club)}"
    ann << ":irc.test VERIFY SUCCESS ann :*"


def test_what_nobody_verifies_is_erased_when_no_server_is_away() -> None:
    club = postal(accounts={"verify_within": 600})
    ann = club.client("ann")
    registering(ann)
    assert club.parts.nickserv is not None
    sweep = club.parts.nickserv.sweeping.sweep
    stamp = club.named().since
    club.clock.advance(599)
    sweep()
    assert club.accounts.registry.named("ann") is not None
    club.clock.advance(1)
    club.store.merge([Record("n9zz", "name", stamp, "z.test")], "elsewhere", "9ZZ", None)
    sweep()  # there a VERIFY may have been
    assert club.accounts.registry.named("ann") is not None
    club.store.merge([Record("n9zz", "gone", stamp, "root")], "elsewhere", "9ZZ", None)
    sweep()
    assert club.accounts.registry.named("ann") is None


def test_operators_read_it_and_no_code_is_told_anywhere() -> None:
    club = postal()
    root, ann = club.client("root"), club.client("ann")
    opered(root, "see-all", "accounts", snomask="acfgknoqrx")
    root.lines()
    registering(ann)
    code = code_in(club)
    ann >> f"VERIFY ann {code}" >> "VERIFY ann wrongwrong"
    shown = [*root.lines(), *club.log.lines, *map(str, club.store.audits)]
    assert any("registered ann" in line for line in shown)
    assert not any(code in line or TO in line for line in shown)
    assert not any(code in str(record) for record in club.store.load())
