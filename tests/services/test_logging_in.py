"""Logging in by SASL on a server that keeps accounts.

https://ircv3.net/specs/extensions/sasl-3.1, https://ircv3.net/specs/extensions/sasl-3.2, and the mechanisms:
https://www.rfc-editor.org/rfc/rfc4616 (PLAIN), https://www.rfc-editor.org/rfc/rfc7677 (SCRAM-SHA-256),
https://www.rfc-editor.org/rfc/rfc4422#appendix-A (EXTERNAL)
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest
from club import CERTFP, PASSWORD, Club, failed, logged_in, plain, proved, said, say, scram
from conversation import Client
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.facts import Fact
from chatnet.model.registry import Account
from chatnet.records.accounts import State, Status
from chatnet.services.authentication import Authentication
from chatnet.services.credentials.scram import Form
from chatnet.services.credentials.verifiers import scram_of

SUSPENDED = Status(State.SUSPENDED, 0, "oper", "spam").text


@pytest.fixture
def club() -> Iterator[Club]:
    """A house with an account, ann; afterwards all is sound."""
    club = Club()
    club.account()
    yield club
    club.check()


def ann_of(club: Club) -> Account:
    """Her account."""
    account = club.accounts.registry.named("ann")
    assert account is not None
    return account


def with_certificate(club: Club) -> Client:
    """A connection that shows the certificate of ann's account, and does not use it yet."""
    if CERTFP not in ann_of(club).certificates:
        club.done(club.accounts.add_certificate(ann_of(club), CERTFP))
    return club.connecting(secure=True, certfp=CERTFP)


# what is offered


def test_mechanisms_are_offered_the_best_first_and_certificates_under_tls(club: Club) -> None:
    # "Servers SHOULD advertise the available SASL authentication mechanisms in the value of the `sasl` client
    # capability in `CAP LS`.  The value, if present, MUST be a comma (`,`) separated list of SASL
    # authentication mechanisms."  https://ircv3.net/specs/extensions/sasl-3.2#mechanism-list-in-cap-ls
    ann, bob = club.connect(), club.connect(secure=True)
    for client, mechanisms in ((ann, "SCRAM-SHA-256,PLAIN"), (bob, "SCRAM-SHA-256,EXTERNAL,PLAIN")):
        client >> "CAP LS 302"
        offered = " ".join(client.lines()).split()
        assert f"sasl={mechanisms}" in offered or f":sasl={mechanisms}" in offered


def test_users_and_who_is_logged_in_are_offered_it_too(club: Club) -> None:
    # "Servers MUST advertise availability of the `sasl` capability to any clients which have requested the
    # `cap-notify` notification."  https://ircv3.net/specs/extensions/sasl-3.2#integration-with-cap-notify
    ann = club.client("ann", caps="cap-notify")
    club.reload(accounts={"iterations": 4096, "verifier": "argon2id"})
    ann << ":irc.test CAP ann NEW :sasl=PLAIN"
    club.reload(accounts={"iterations": 4096, "verifier": "scram-sha-256"})
    ann << ":irc.test CAP ann NEW :sasl=SCRAM-SHA-256,PLAIN"
    club.reload(sasl={"tls_only": True})
    ann << ":irc.test CAP ann DEL :sasl"


def test_it_is_refused_where_it_is_not_offered() -> None:
    # "Servers MUST NOT advertise the `sasl` capability if the authentication layer is unavailable.  Servers
    # MUST `NAK` any `sasl` capability request if the authentication layer is unavailable."
    # https://ircv3.net/specs/extensions/sasl-3.2
    club = Club(sasl={"tls_only": True})
    ann = club.connect()
    ann >> "CAP LS 302"
    assert "sasl" not in " ".join(ann.lines())
    ann >> "CAP REQ :sasl"
    ann << ":irc.test CAP * NAK :sasl"
    ann >> "AUTHENTICATE PLAIN"
    failed(ann)  # for want of the capability


# each mechanism


def test_plain(club: Club) -> None:
    # "If authentication is successful, a 900 and 903 numeric will be sent."
    ann = club.connecting()
    plain(ann)
    # "`:server 900 <nick> <nick>!<ident>@<host> <account> :You are now logged in as <user>`"
    ann << ":irc.test 900 * *!*@192.0.2.1 ann :You are now logged in as ann"
    # "903 … is sent when the SASL authentication finishes successfully. It usually goes along with `900`."
    ann << ":irc.test 903 * :SASL authentication successful"
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    assert (ann.user.account, ann.user.account_id) == ("ann", ann_of(club).id)


def test_plain_with_a_nick_shows_it(club: Club) -> None:
    ann = club.connecting()
    ann >> "NICK annie" >> "USER annie 0 * :Ann"
    plain(ann)
    ann << ":irc.test 900 annie annie!~annie@192.0.2.1 ann :You are now logged in as ann"


def test_scram(club: Club) -> None:
    # "If the mechanism finishes with the server sending a non-empty challenge (such as in SCRAM), clients
    # MUST still send an empty response."  https://ircv3.net/specs/extensions/sasl-3.1
    ann = club.connecting()
    proved(ann, scram(ann))
    logged_in(ann)


def test_scram_ends_with_an_empty_response_and_no_other(club: Club) -> None:
    ann = club.connecting()
    scram(ann)
    ann << "AUTHENTICATE *"
    ann.silent()  # 900 and 903 are not said before she has read that it is the right server
    ann >> "AUTHENTICATE QQ=="
    failed(ann)


@pytest.mark.parametrize("header", ["y,,", "n,,"])
def test_no_channel_is_bound_by_scram(club: Club, header: str) -> None:
    ann = club.connecting()
    ann >> "AUTHENTICATE SCRAM-SHA-256"
    ann << "AUTHENTICATE +"
    say(ann, said(f"{header}n=ann,r=nonce"))
    ann << "AUTHENTICATE *"


@pytest.mark.parametrize("first", ["n,a=bob,n=ann,r=x", "p=tls-exporter,,n=ann,r=x", "n,,n=ann", "", "x"])
def test_scram_refuses_others_names_bound_channels_and_nonsense(club: Club, first: str) -> None:
    ann = club.connecting()
    ann >> "AUTHENTICATE SCRAM-SHA-256"
    ann << "AUTHENTICATE +"
    say(ann, said(first))
    failed(ann)


def test_external(club: Club) -> None:
    for response in ("+", said("ann"), said("ANN"), said("ann@phone")):
        ann = with_certificate(club)
        ann >> "AUTHENTICATE external"
        ann << "AUTHENTICATE +"
        ann >> f"AUTHENTICATE {response}"
        logged_in(ann)
    club.account("bob")
    bob = with_certificate(club)
    for response in (said("bob"), said("nobody")):
        bob >> "AUTHENTICATE EXTERNAL" >> f"AUTHENTICATE {response}"
        bob << "AUTHENTICATE +"
        failed(bob)


def test_external_needs_a_certificate_that_an_account_has(club: Club) -> None:
    for peer in ({"secure": True, "certfp": "beef" * 16}, {"secure": True}):
        bob = club.connecting(**peer)
        bob >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
        bob << "AUTHENTICATE +"
        failed(bob)
    club.done(club.accounts.add_certificate(ann_of(club), CERTFP))
    club.done(club.accounts.remove_certificate(ann_of(club), CERTFP))
    ann = club.connecting(secure=True, certfp=CERTFP)
    ann >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    ann << "AUTHENTICATE +"
    failed(ann)


def test_a_mechanism_that_is_not_there(club: Club) -> None:
    # "908 … MAY be sent in reply to an `AUTHENTICATE` command which requests an unsupported mechanism."
    ann = club.connecting()
    for word in ("EXTERNAL", "SCRAM-SHA-1", "+"):
        ann >> f"AUTHENTICATE {word}"
        ann << ":irc.test 908 * SCRAM-SHA-256,PLAIN :are available SASL mechanisms"
        failed(ann)


@pytest.mark.parametrize("said", ["!", "QQ=", "QU\u00e9=", "\U0001f511"])
def test_what_is_no_base64_is_a_failed_login(club: Club, said: str) -> None:
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said}"
    ann << "AUTHENTICATE +"
    failed(ann)


def test_without_scram(club: Club) -> None:
    club.reload(accounts={"verifier": "argon2id", "iterations": 4096})
    ann = club.connecting()
    ann >> "AUTHENTICATE SCRAM-SHA-256"
    ann << ":irc.test 908 * PLAIN :are available SASL mechanisms"
    failed(ann)


# names


@pytest.mark.parametrize("name", ["ann", "ANN", "ann/phone", "ann@phone", "Ann/a@b"])
def test_a_name_in_any_case_and_with_a_client_behind_it(club: Club, name: str) -> None:
    ann = club.connecting()
    plain(ann, name)
    logged_in(ann)
    bob = club.connecting()
    proved(bob, scram(bob, name))
    logged_in(bob)


def test_names_that_fold_alike_are_one() -> None:
    club = Club()
    club.account("a[b")
    ann = club.connecting()
    plain(ann, "A{B")
    ann << ":irc.test 900 * *!*@* a[b :You are now logged in as a[b"
    club.check()


def test_a_grouped_nick(club: Club) -> None:
    account = ann_of(club)
    stamp = account.since
    club.change(account, **{"nick:annie": f"{stamp} Annie"})
    ann = club.connecting()
    plain(ann, "Annie")
    logged_in(ann)


@pytest.mark.parametrize(
    ("authorized", "right"), [("ann", True), ("ANN", True), ("bob", False), ("", True), ("x" * 500, False)]
)
def test_nobody_logs_in_for_somebody_else(club: Club, authorized: str, right: bool) -> None:
    club.account("bob")
    ann = club.connecting()
    plain(ann, authorized=authorized)
    logged_in(ann) if right else failed(ann)


def test_who_lost_a_name_in_a_split_logs_in_by_it_to_their_own(club: Club) -> None:
    # both asked for the name while they were apart; who asked first has it
    first = ann_of(club)
    second = club.account("tmp", "another password")
    later = "zzzzzzzzz.000000.0CN"
    club.change(second, name=f"{later} ann")
    assert second.shown == f"ann~{second.id[1:5]}"
    for password, account in ((PASSWORD, first), ("another password", second)):
        client = club.connecting()
        plain(client, "ann", password)
        logged_in(client, account.shown)
        assert client.user.account_id == account.id
    client = club.connecting()
    plain(client, second.shown, "another password")
    logged_in(client, second.shown)
    client = club.connecting()
    proved(client, scram(client, second.shown, "another password"))
    logged_in(client, second.shown)


# what is wrong


@pytest.mark.parametrize(
    "response",
    [
        said("", "ann", "wrong"),
        said("", "nobody", PASSWORD),
        said("", "ann", ""),
        said("", "", PASSWORD),
        said("ann", PASSWORD),
        said("ann"),
        said("", "ann", PASSWORD, ""),
        said("", "ann", PASSWORD + "\0"),
        said("", "ann\0", PASSWORD),
        said("", "ann", b"\xff\xfe"),
        said("", b"\xff", PASSWORD),
        said("", "x" * 300, PASSWORD),
        said("", "ann", PASSWORD.upper()),
        "+",
        "!",
        "abc",
        "=",
        "ab=c",
    ],
)
def test_nothing_else_logs_in_by_plain(club: Club, response: str) -> None:
    # "904 … is sent when the SASL authentication fails because of invalid credentials or other errors not
    # explicitly mentioned by other numerics."
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN"
    ann << "AUTHENTICATE +"
    say(ann, response) if response != "+" else ann >> "AUTHENTICATE +"
    failed(ann)
    # "If authentication fails, a 904 or 905 numeric will be sent and the client MAY retry from the
    # `AUTHENTICATE <mechanism>` command."
    plain(ann)
    logged_in(ann)


def test_nothing_tells_a_missing_account_from_a_wrong_password(club: Club) -> None:
    club.done(club.accounts.add_certificate(ann_of(club), CERTFP))
    nobody = club.account("cert")
    club.change(nobody, verifier=None)  # certificates only
    told: list[tuple[list[str], int, list[str]]] = []
    for name in ("ann", "nobody", "cert"):
        club.hashes.owners.clear()
        client = club.connecting()
        plain(client, name, "wrong password")
        talk = club.connecting()
        scram(talk, name, "wrong password")
        told.append((client.lines(), len(club.hashes.owners), talk.lines()))
    assert told[0] == told[1] == told[2]
    assert told[0][1] == 1  # something was hashed for each


def test_a_salt_for_nobody_is_always_the_same_on_all_servers_of_one_key(club: Club) -> None:
    def challenge(house: Club, name: str) -> list[str]:
        client = house.connecting()
        client >> "AUTHENTICATE SCRAM-SHA-256"
        client << "AUTHENTICATE +"
        say(client, said(f"n,,n={name},r=nonce"))
        words = b64decode(client.until("AUTHENTICATE *").partition(" ")[2]).decode().split(",")
        return words[1:]

    other = Club(server={"sid": "9ZZ"})
    assert challenge(club, "nobody") == challenge(club, "NOBODY") == challenge(other, "nobody")
    assert challenge(club, "nobody") != challenge(club, "nobody2")
    assert challenge(club, "nobody")[1] == challenge(club, "ann")[1] == "i=4096"
    assert challenge(club, "nobody/phone") == challenge(club, "nobody")


def test_scram_without_a_verifier_for_it_looks_like_a_wrong_password(club: Club) -> None:
    for form in (
        "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA",
        "import$md5$00",
        Form(1000, b"s" * 16, b"k" * 32, b"k" * 32).text,
    ):
        club.change(ann_of(club), verifier=f"- {form}")
        ann = club.connecting()
        scram(ann)
        failed(ann)


# a suspended account, one that is gone


def test_a_suspended_account_is_told_to_who_has_its_password(club: Club) -> None:
    # "902 … is sent when the SASL authentication fails because the account is currently locked out, held, or
    # otherwise administratively made unavailable."
    certified = with_certificate(club)
    club.change(ann_of(club), status=SUSPENDED)
    by_plain, by_scram, wrong = club.connecting(), club.connecting(), club.connecting()
    plain(by_plain)
    scram(by_scram)
    certified >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    certified << "AUTHENTICATE +"
    for client in (by_plain, by_scram, certified):
        client << ":irc.test 902 * :The account ann is suspended: spam"
        failed(client)
    plain(wrong, password="wrong password")
    failed(wrong)
    club.change(ann_of(club), status="active")
    plain(wrong)
    logged_in(wrong)


def test_a_suspension_that_is_over_is_none(club: Club) -> None:
    until = int(club.clock.time()) + 60
    club.change(ann_of(club), status=Status(State.SUSPENDED, until, "oper", "").text)
    ann = club.connecting()
    plain(ann)
    ann << ":irc.test 902 * :The account ann is suspended"
    failed(ann)
    club.clock.advance(60)
    bob = club.connecting()
    plain(bob)
    logged_in(bob)


@pytest.mark.parametrize("status", ["dropped", "erased", "pending 1600000000"])
def test_an_account_that_is_gone_looks_like_one_that_never_was(club: Club, status: str) -> None:
    certified = with_certificate(club)
    club.change(ann_of(club), status=status)
    by_plain, by_scram = club.connecting(), club.connecting()
    plain(by_plain)
    scram(by_scram)
    certified >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    certified << "AUTHENTICATE +"
    for client in (by_plain, by_scram, certified):
        failed(client)


# long responses


def test_a_password_of_592_bytes(club: Club) -> None:
    # "The response is encoded in Base64, then split to 400-byte chunks, and each chunk is sent as a separate
    # `AUTHENTICATE` command."
    password = "pä" * 197 + "x"
    assert len(password.encode()) == 592
    club.account("long", password)
    for client in (club.connecting(), club.connecting()):
        plain(client, "long", password)
        logged_in(client, "long")
    client = club.connecting()
    proved(client, scram(client, "long", password))
    logged_in(client, "long")


def test_a_response_of_full_chunks_ends_with_a_plus(club: Club) -> None:
    # "If the last chunk was exactly 400 bytes long, it must also be followed by `AUTHENTICATE +` to signal
    # end of response."
    password = "p" * (300 - len("\0full\0"))
    club.account("full", password)
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN"
    ann << "AUTHENTICATE +"
    response = said("", "full", password)
    assert len(response) == 400
    ann >> f"AUTHENTICATE {response}"
    ann.silent()
    ann >> "AUTHENTICATE +"
    logged_in(ann, "full")


def test_a_challenge_of_full_chunks_ends_with_a_plus(club: Club) -> None:
    # a client's nonce comes back in the challenge, so it may be as long as one likes
    for length in range(195, 205):
        ann = club.connecting()
        ann >> "AUTHENTICATE SCRAM-SHA-256"
        ann << "AUTHENTICATE +"
        say(ann, said(f"n,,n=ann,r={'n' * length}"))
        chunks = [line.partition(" ")[2] for line in ann.lines()]
        assert all(len(chunk) == 400 for chunk in chunks[:-1])
        assert len(chunks[-1]) < 400
        whole = b64decode("".join(chunk for chunk in chunks if chunk != "+"))
        assert whole.startswith(b"r=" + b"n" * length)
        if chunks[-1] == "+":
            assert len(chunks) > 1
            return
    raise AssertionError("no challenge was of full chunks")


def test_too_much_at_once_and_too_much_in_all(club: Club) -> None:
    # "905 … is sent when … the client-sent `AUTHENTICATE` command was too long (i.e. the parameter longer
    # than 400 bytes)."
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {'x' * 401}"
    ann << "AUTHENTICATE +"
    ann << ":irc.test 905 * :SASL message too long"
    # "The server MAY place a limit on the total length of a response."
    ann >> "AUTHENTICATE PLAIN"
    ann << "AUTHENTICATE +"
    for _ in range(8192 // 400):
        ann >> f"AUTHENTICATE {'x' * 400}"
    ann.silent()
    ann >> f"AUTHENTICATE {'x' * 400}"
    failed(ann)
    plain(ann)
    logged_in(ann)


# giving up


def test_giving_up(club: Club) -> None:
    # "The client can abort an authentication by sending an asterisk as the data. The server will send a 906
    # numeric."
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN" >> "AUTHENTICATE *"
    ann << "AUTHENTICATE +"
    ann << ":irc.test 906 * :SASL authentication aborted"
    scram(ann)
    ann << "AUTHENTICATE *"
    ann >> "AUTHENTICATE *"
    ann << ":irc.test 906 * :SASL authentication aborted"
    ann >> "AUTHENTICATE +"
    ann << ":irc.test 908 * :*"
    failed(ann)
    plain(ann)
    logged_in(ann)


def test_who_comes_in_meanwhile_comes_in_without(club: Club) -> None:
    # "If the client completes registration (with CAP END, NICK, USER and any other necessary messages) while
    # the SASL authentication is still in progress, the server SHOULD abort it and send a 906 numeric, then
    # register the client without authentication."
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN" >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann << "AUTHENTICATE +"
    ann << ":irc.test 906 ann :SASL authentication aborted"
    ann.until(":irc.test 001 ann :*")
    assert ann.user.account is None


def test_who_takes_too_long_reads_906(club: Club) -> None:
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN"
    ann << "AUTHENTICATE +"
    club.clock.advance(30)
    ann << ":irc.test 906 * :SASL authentication aborted"
    plain(ann)
    logged_in(ann)
    club.clock.advance(60)
    ann.silent()


def test_what_is_waited_for_takes_nothing_of_that_time(club: Club) -> None:
    # Nor of the time that a connection has to register.
    ann = club.connecting()
    club.hold = True
    plain(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    club.clock.advance(1000)
    club.parts.sessions.sweep()
    ann.silent()
    club.release()
    ann << ":irc.test 900 * *!*@* ann :*"
    ann << ":irc.test 903 * :*"
    ann.until(":irc.test 001 ann :*")  # in order, behind what was waited for
    assert ann.user.account == "ann"


def test_who_leaves_meanwhile_is_logged_in_nowhere(club: Club) -> None:
    ann = club.connecting()
    club.hold = True
    plain(ann)
    ann.session.close("gone")
    ann.lines()
    club.release()
    ann.silent()
    assert ann.user.account is None


def test_nothing_is_kept_of_talks_that_are_over(club: Club) -> None:
    authority = club.parts.sessions.authority
    assert isinstance(authority, Authentication)
    talking = [club.connecting() for _ in range(6)]
    for client in talking:
        client >> "AUTHENTICATE SCRAM-SHA-256"
        client << "AUTHENTICATE +"
    assert len(authority._talks) == len(talking)
    aborting, leaving, coming, failing, right, slow = talking
    aborting >> "AUTHENTICATE *"
    leaving.session.connection_lost("gone")
    coming >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    failing >> "AUTHENTICATE !"
    right >> "AUTHENTICATE *"
    right.lines()
    plain(right)
    assert len(authority._talks) == 1
    club.clock.advance(30)
    slow << ":irc.test 906 *"
    assert authority._talks == {}


def test_an_account_that_goes_meanwhile_logs_nobody_in(club: Club) -> None:
    account = ann_of(club)
    ann = club.connecting()
    club.hold = True
    plain(ann)
    club.hold = False
    club.change(account, status="dropped")
    club.release()
    failed(ann)


# users, and who is logged in


def test_a_user_logs_in_and_to_another_account(club: Club) -> None:
    # "Servers SHOULD allow a client, authenticated or otherwise, to reauthenticate by sending a new
    # `AUTHENTICATE` message at any time."  https://ircv3.net/specs/extensions/sasl-3.2#sasl-reauthentication
    club.account("bob")
    ann = club.client("ann", caps="sasl account-notify")
    plain(ann)
    logged_in(ann, own=True)
    plain(ann, "bob")
    logged_in(ann, "bob", own=True)  # no 901 between
    plain(ann, "bob")
    logged_in(ann, "bob")  # nothing changed
    proved(ann, scram(ann))
    logged_in(ann, own=True)
    assert ann.user.account_id == ann_of(club).id


def test_who_fails_stays_who_they_were(club: Club) -> None:
    ann = club.client("ann", caps="sasl")
    plain(ann)
    logged_in(ann)
    plain(ann, "bob", "wrong password")
    failed(ann)
    assert ann.user.account == "ann"


def test_who_is_connecting_logs_in_to_another_account(club: Club) -> None:
    club.account("bob")
    ann = club.connecting()
    plain(ann)
    logged_in(ann)
    plain(ann, "bob")
    logged_in(ann, "bob")


def test_a_label_is_on_the_answer_however_long_it_takes(club: Club) -> None:
    ann = club.client("ann", caps="sasl batch labeled-response account-notify")
    ann >> "AUTHENTICATE PLAIN"
    ann << "AUTHENTICATE +"
    club.hold = True
    ann >> f"@label=x AUTHENTICATE {said('', 'ann', PASSWORD)}"
    ann.silent()
    club.release()
    batch = ann.until("@label=x :irc.test BATCH +* labeled-response").split(" ")[3][1:]
    ann << f"@batch={batch} :irc.test 900 ann *"
    ann << f"@batch={batch} :ann!~ann@192.0.2.1 ACCOUNT ann"
    ann << f"@batch={batch} :irc.test 903 ann *"
    ann << f":irc.test BATCH -{batch}"


# how often


def test_a_connection_that_fails_too_often_is_closed(club: Club) -> None:
    # "Servers MAY disconnect ANY client at any time as a result of failed authentication … but MUST provide
    # the reason for the authentication failure prior to disconnection."
    ann = club.connecting()
    for _ in range(5):
        plain(ann, password="wrong password")
        ann << ":irc.test 904 * :SASL authentication failed"
    ann << "ERROR :Closing Link: * (Too many SASL authentication failures)"


def test_too_many_hashes_wait(club: Club) -> None:
    ann = club.connecting("sasl standard-replies")
    club.busy = True
    plain(ann)
    ann << ":irc.test NOTE AUTHENTICATE TEMPORARILY_UNAVAILABLE :Too many passwords wait *"
    failed(ann)


# afterwards


def test_the_day_of_the_last_login_is_written_once(club: Club) -> None:
    account = ann_of(club)

    def seen() -> list[tuple[str, str | None]]:
        records = club.done(club.accounts.read(account))
        return [(record.stamp, record.value) for record in records if record.field == "seen"]

    assert seen() == []
    for _ in range(2):
        client = club.connecting()
        plain(client)
    first = seen()
    assert [value for _, value in first] == [str(int(club.clock.time()) // 86400)]
    club.clock.advance(86400)
    client = club.connecting()
    proved(client, scram(client))
    assert [value for _, value in seen()] == [str(int(club.clock.time()) // 86400)]
    again = seen()
    plain(club.connecting())
    assert seen() == again


def test_a_verifier_with_fewer_iterations_is_made_anew_at_a_login_by_plain(club: Club) -> None:
    account = ann_of(club)

    def verifier() -> tuple[str, str]:
        records = club.done(club.accounts.read(account))
        return next((r.stamp, r.value or "") for r in records if r.field == "verifier")

    stamp, before = verifier()
    plain(club.connecting())
    assert verifier() == (stamp, before)
    club.reload(accounts={"iterations": 5000})
    client = club.connecting()
    proved(client, scram(client))
    assert verifier() == (stamp, before)  # nobody said the password
    plain(club.connecting())
    past, _, form = verifier()[1].partition(" ")
    known = scram_of(form)
    assert past == stamp and known is not None and known.iterations == 5000
    client = club.connecting()
    proved(client, scram(client))
    logged_in(client)


def test_a_certificate_that_was_told_of_counts_from_its_first_use(club: Club) -> None:
    account = ann_of(club)
    club.done(club.accounts.expect_certificate(account, CERTFP, "my phone"))
    assert club.accounts.registry.certified(CERTFP) is None
    stranger = club.connecting(secure=True, certfp=CERTFP)
    stranger >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    stranger << "AUTHENTICATE +"
    failed(stranger)
    plain(club.connecting(secure=True, certfp="beef" * 16))
    assert club.accounts.registry.certified(CERTFP) is None
    plain(club.connecting(secure=True, certfp=CERTFP))
    assert club.accounts.registry.certified(CERTFP) is account
    records = {r.field: r.value for r in club.done(club.accounts.read(account))}
    assert records[f"cert:{CERTFP}"] is not None and str(records[f"cert:{CERTFP}"]).endswith(" my phone")
    assert records["code:cert\\smy\\sphone"] is None


def test_a_certificate_that_was_told_of_too_long_ago_does_not(club: Club) -> None:
    account = ann_of(club)
    club.done(club.accounts.expect_certificate(account, CERTFP))
    club.clock.advance(7 * 86400 + 1)
    plain(club.connecting(secure=True, certfp=CERTFP))
    assert club.accounts.registry.certified(CERTFP) is None


# whatever is said


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["PLAIN", "SCRAM-SHA-256", "EXTERNAL", "+", "*", "="]),
            st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60),
        ),
        max_size=12,
    )
)
def test_no_talk_fails_otherwise_than_by_its_numerics(words: list[str]) -> None:
    club = Club(sasl={"attempts": 1000})
    client = club.connecting(secure=True, certfp=CERTFP)
    for word in words:
        client >> f"AUTHENTICATE {word}"
    for line in client.lines():
        assert line.startswith("AUTHENTICATE ") or line.split(" ")[1] in (
            "904",
            "905",
            "906",
            "908",
            "417",
            "461",
        )
    assert club.log.failures == [] and client.user.account is None


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_plain_with_any_bytes(authorized: bytes, name: bytes, password: bytes) -> None:
    club = Club()
    client = club.connecting()
    client >> "AUTHENTICATE PLAIN"
    client << "AUTHENTICATE +"
    say(client, b64encode(b"\0".join((authorized, name, password))).decode())
    failed(client)
    assert club.log.failures == []


def test_no_secret_is_in_a_fact_a_log_or_a_text_of_an_object(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    commit = club.node.commit

    def listen(fact: Fact, origin: object = None) -> None:
        told.append(fact)
        commit(fact, origin)

    monkeypatch.setattr(club.node, "commit", listen)
    bob = club.account("bob", "planted secret")
    records = club.done(club.accounts.read(bob))
    client = club.connecting()
    scram(client, "bob", "planted secret")
    told += [records, club.log.lines, club.accounts, client.session, client.session.login, *client.lines()]
    for password in ("planted secret", "wrong secret"):
        client = club.connecting()
        plain(client, "bob", password)
        told += client.lines()
    club.busy = True
    plain(client, "bob", "wrong secret")
    told += client.lines()
    everything = repr(told)
    assert "RecordsTaken" in everything and " verifier " in everything
    for secret in ("planted", "wrong secret", "SCRAM-SHA-256$"):
        assert secret not in everything


def test_a_password_that_is_changed_while_the_old_one_is_made_anew_stays_changed(club: Club) -> None:
    ann = club.connecting()
    club.reload(accounts={"iterations": 5000})
    club.hold = True
    plain(ann)
    club.run(club.waiting.pop())
    logged_in(ann)
    renewing = club.waiting.pop()  # in its thread, for long
    club.hold = False
    club.done(club.accounts.set_password(ann_of(club), "another horse"))
    club.run(renewing)
    late = club.connecting()
    plain(late)
    failed(late)
    plain(late, password="another horse")
    logged_in(late)
