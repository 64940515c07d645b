"""REGISTER and VERIFY: accounts are made.

https://ircv3.net/specs/extensions/account-registration
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import PASSWORD, Club, logged_in, plain, proved, scram
from conversation import Client, House, ManualClock
from mesh import block
from states import opered

from chatnet.model.bans import NetworkBan
from chatnet.model.facts import NetworkBanned
from chatnet.records.accounts import State
from chatnet.records.grammar import fixed
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record


@pytest.fixture
def club() -> Iterator[Club]:
    """A house without an account; afterwards all is sound."""
    club = Club()
    yield club
    club.check()


def offered(client: Client) -> dict[str, str]:
    """What CAP LS 302 offers, with values."""
    client >> "CAP LS 302"
    words = " ".join(line.rpartition(" :")[2] for line in client.lines()).split()
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}


def registered(client: Client, nick: str, *, own: bool = False) -> None:
    """What somebody reads who has an account now."""
    client << f":irc.test REGISTER SUCCESS {nick} :The account {nick} is yours, and you are logged in"
    (
        client
        << f":irc.test 900 {client.user.nick} {client.user.nick}!*@* {nick} :You are now logged in as {nick}"
    )
    if own:
        client << f":{nick}!*@* ACCOUNT {nick}"
    client.silent()
    assert client.user.account == nick


# what is offered


def test_it_is_offered_with_what_it_can(club: Club) -> None:
    # "This specification adds the `draft/account-registration` capability, whose presence signifies that the
    # server accepts the `REGISTER` command.  The capability MAY be advertised by servers with an OPTIONAL
    # value: a comma (`,`) (0x2C) separated list of tokens. … Keys specified in this document MUST only occur
    # at most once."
    found = offered(club.connect())
    assert found["draft/account-registration"] == "before-connect"
    # "Software implementing this work-in-progress specification MUST NOT use the unprefixed
    # `account-registration` capability name.  Instead, implementations SHOULD use the
    # `draft/account-registration` capability name"
    assert "account-registration" not in found
    club.reload(accounts={"before_connect": False})
    assert offered(club.connect())["draft/account-registration"] == ""
    club.reload(accounts={"registration": False})
    assert "draft/account-registration" not in offered(club.connect())


def test_clients_are_told_when_it_comes_and_goes(club: Club) -> None:
    ann = club.client("ann", caps="draft/account-registration cap-notify")
    club.reload(accounts={"registration": False})
    ann << ":irc.test CAP ann DEL :draft/account-registration"
    club.reload(accounts={"registration": True})
    ann << ":irc.test CAP ann NEW :draft/account-registration=before-connect"


def test_not_before_a_password_that_has_to_be_known() -> None:
    # "Servers should ensure that if they allow REGISTER before connection registration, this functionality
    # cannot be used to bypass any authentication restrictions defined in the server configuration, e.g.
    # requirements that clients send a server password with PASS."
    for sections in (
        {"server": {"password": "sesame"}},
        {"connection_class": [{"name": "a", "match": ["198.51.100.1"], "password": "sesame"}, {"name": "b"}]},
    ):
        club = Club(**sections)
        ann = club.connect()
        assert offered(ann)["draft/account-registration"] == ""
        # "The server MUST NOT sent these replies if it advertizes the `before-connect` key"
        ann >> "NICK ann" >> f"REGISTER * * :{PASSWORD}" >> "VERIFY ann 1234"
        ann << ":irc.test FAIL REGISTER COMPLETE_CONNECTION_REQUIRED :Come in first, *"
        ann << ":irc.test FAIL VERIFY COMPLETE_CONNECTION_REQUIRED :Come in first, *"


def test_with_services_of_another_make_nothing_is_registered_here() -> None:
    for sections in ({"link": [block("svc", role="services")]}, {"accounts": {"authority": "external"}}):
        club = House(store=Club().store, **sections)
        assert club.parts.accounts is None
        ann = club.connect()
        assert not offered(ann).keys() & {"draft/account-registration", "sasl"}
        ann >> "NICK ann" >> f"REGISTER * * :{PASSWORD}" >> "VERIFY ann 1234"
        ann << ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE * :No accounts are registered here"
        ann << ":irc.test FAIL VERIFY TEMPORARILY_UNAVAILABLE ann :No accounts are registered here"


# registering


def test_a_user_registers(club: Club) -> None:
    # "If `<account>` is `*`, then this value is the user's current nickname."
    # "REGISTER SUCCESS <account> <message> … Sent by the server when the `REGISTER` … fully succeeded, and no
    # further action is needed.  Afterward, the client is assumed to be authenticated to the `<account>` as if
    # it used SASL."
    ann = club.client("Ann", caps="account-notify")
    ann >> f"REGISTER * * :{PASSWORD}"
    registered(ann, "Ann", own=True)
    (account,) = club.accounts.registry.accounts.values()
    assert (account.name, account.status.state, account.created) == (
        "Ann",
        State.ACTIVE,
        int(club.clock.time()),
    )
    assert ann.user.account_id == account.id
    other = club.connecting()
    plain(other)
    logged_in(other, "Ann")
    proved(other, scram(other))
    logged_in(other, "Ann")


def test_registering_before_the_connection_is_complete(club: Club) -> None:
    # "The `REGISTER` command MAY be sent at any point during the connection that the client has a valid
    # nickname."
    ann = club.connect()
    ann >> "CAP LS 302"
    ann.lines()
    # "FAIL REGISTER NEED_NICK * <message>: Sent by the server if the client sends `REGISTER` before sending a
    # NICK command."  "The server MUST NOT send [ACCOUNT_EXISTS] before the client sent a `NICK` command."
    ann >> f"REGISTER * * :{PASSWORD}" >> f"REGISTER ann * :{PASSWORD}"
    for _ in range(2):
        ann << ":irc.test FAIL REGISTER NEED_NICK * :Take a nick first: that is the name of the account"
    ann >> "NICK ann" >> f"REGISTER * * :{PASSWORD}"
    registered(ann, "ann")
    ann >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    assert ann.user.account == "ann" and ann.user.account_id is not None


@pytest.mark.parametrize("name", ["ann", "ANN", "*"])
def test_the_name_may_be_said(club: Club, name: str) -> None:
    ann = club.client("ann")
    ann >> f"REGISTER {name} * :{PASSWORD}"
    registered(ann, "ann")


def test_an_address_is_kept_and_not_verified(club: Club) -> None:
    ann = club.client("ann")
    ann >> f"REGISTER * ann@example.org :{PASSWORD}"
    registered(ann, "ann")
    (account,) = club.accounts.registry.accounts.values()
    records = {record.field: record.value for record in club.done(club.accounts.read(account))}
    assert records["email"] == "0 ann@example.org"
    assert club.account("bob") is not None


def test_others_see_it_and_operators_read_who_it_was(club: Club) -> None:
    root, bob, ann = club.client("root"), club.client("bob", caps="account-notify"), club.client("ann")
    opered(root, "see-all", snomask="a")
    for client in (bob, ann):
        client >> "JOIN #c"
    bob.lines()
    ann.lines()
    ann >> f"REGISTER * * :{PASSWORD}"
    bob << ":ann!~ann@192.0.2.1 ACCOUNT ann"
    root << ":irc.test NOTICE * :* Notice -- ann (~ann@192.0.2.1) [192.0.2.1] registered ann"
    cat = club.connect(address="192.0.2.77")
    cat >> "NICK cat" >> f"REGISTER * * :{PASSWORD}"
    root << ":irc.test NOTICE * :* Notice -- cat [192.0.2.77] registered cat"


# what is refused


def refuse(client: Client, line: str, refusal: str) -> None:
    """A line is refused with this, and nothing comes of it."""
    before = dict(client.house.node.network.registry.accounts)
    client >> line
    client << f":irc.test FAIL {refusal}"
    client.silent()
    assert client.house.node.network.registry.accounts == before


def test_a_name_that_is_registered(club: Club) -> None:
    # "FAIL REGISTER ACCOUNT_EXISTS <account> <message>: … a nick that is not available as a new account's
    # name because someone already registered it."
    club.account("ann")
    for nick in ("ann", "Ann"):
        client = club.connect()
        client >> f"NICK {nick}"
        refuse(
            client, f"REGISTER * * :{PASSWORD}", f"REGISTER ACCOUNT_EXISTS {nick} :Somebody has registered *"
        )


def test_a_grouped_nick_and_one_that_was_dropped_lately(club: Club) -> None:
    account = club.account("ann")
    club.change(account, **{"nick:annie": f"{account.since} Annie"})
    annie = club.client("annie")
    refuse(annie, f"REGISTER * * :{PASSWORD}", "REGISTER ACCOUNT_EXISTS annie :*")
    club.change(account, status="dropped")
    refuse(annie, f"REGISTER * * :{PASSWORD}", "REGISTER ACCOUNT_EXISTS annie :*")
    club.change(account, status="erased")
    annie >> f"REGISTER * * :{PASSWORD}"
    registered(annie, "annie")


def test_a_nick_that_somebody_else_bears(club: Club) -> None:
    first, second = club.connect(), club.connect()
    for client in (first, second):
        client >> "NICK ann"
    second >> "USER ann 0 * :Ann"
    second.lines()
    refuse(first, f"REGISTER * * :{PASSWORD}", "REGISTER ACCOUNT_EXISTS ann :Somebody else bears this nick")


def test_two_at_once(club: Club) -> None:
    first, second = club.connect(), club.connect()
    for client in (first, second):
        client >> "NICK ann"
    club.hold = True
    first >> f"REGISTER * * :{PASSWORD}"
    second >> f"REGISTER * * :{PASSWORD}"
    second << ":irc.test FAIL REGISTER ACCOUNT_EXISTS ann :Somebody is registering this name"
    club.release()
    registered(first, "ann")


def test_a_nick_that_is_taken_while_a_password_is_hashed(club: Club) -> None:
    ann, other = club.connect(), club.connect()
    ann >> "NICK ann"
    club.hold = True
    ann >> f"REGISTER * * :{PASSWORD}"
    other >> "NICK ann" >> "USER ann 0 * :Ann"
    club.release()
    ann << ":irc.test FAIL REGISTER ACCOUNT_EXISTS ann :Somebody else bears this nick"
    assert not club.accounts.registry.accounts


def test_who_leaves_meanwhile_has_an_account_all_the_same(club: Club) -> None:
    ann = club.client("ann")
    club.hold = True
    ann >> f"REGISTER * * :{PASSWORD}"
    ann.session.close("gone")
    club.release()
    assert [account.name for account in club.accounts.registry.accounts.values()] == ["ann"]
    assert ann.user.account is None


def test_another_name_than_the_nick(club: Club) -> None:
    # "FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK <account> <message>"
    ann = club.client("ann")
    refuse(ann, f"REGISTER bob * :{PASSWORD}", "REGISTER ACCOUNT_NAME_MUST_BE_NICK bob :*: ann")


def test_a_reserved_name(club: Club) -> None:
    # "FAIL REGISTER BAD_ACCOUNT_NAME <account> <message>: … The message should tell the user how or why the
    # desired name has been rejected."
    ann = club.client("root")
    ban = NetworkBan("R", "*", "root", 0, None, None, "oper", "reserved", wide=False)
    club.node.commit(NetworkBanned(ban, club.node.network.me, club.clock.time()))
    refuse(ann, f"REGISTER * * :{PASSWORD}", "REGISTER BAD_ACCOUNT_NAME root :This name is reserved")


def test_who_is_logged_in(club: Club) -> None:
    # "FAIL REGISTER ALREADY_AUTHENTICATED <account> <message>"
    club.account("bob")
    ann = club.client("ann", caps="sasl")
    plain(ann, "bob")
    logged_in(ann, "bob")
    refuse(ann, f"REGISTER * * :{PASSWORD}", "REGISTER ALREADY_AUTHENTICATED bob :*")
    refuse(ann, "VERIFY ann 1234", "VERIFY ALREADY_AUTHENTICATED bob :*")


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        # "FAIL REGISTER WEAK_PASSWORD <account> <message>: … considered too weak."
        ("short", "WEAK_PASSWORD annabella :The password is shorter than 8 characters"),
        ("Annabella", "WEAK_PASSWORD annabella :The password is the name or the address *"),
        ("ann@example.org", "WEAK_PASSWORD annabella :The password is the name or the address *"),
        # "FAIL REGISTER UNACCEPTABLE_PASSWORD <account> <message>: … invalid for any reason other than
        # weakness."
        ("*", "UNACCEPTABLE_PASSWORD annabella :An asterisk is no password"),
        ("x" * 101, "UNACCEPTABLE_PASSWORD annabella :The password is longer than 100 bytes"),
        ("pass\tword", "UNACCEPTABLE_PASSWORD annabella :The password has control characters in it"),
        ("passw\x02rd", "UNACCEPTABLE_PASSWORD annabella :The password has control characters in it"),
    ],
)
def test_passwords_that_are_not_taken(password: str, refusal: str) -> None:
    club = Club(accounts={"password_bytes": 100})
    ann = club.client("annabella")
    refuse(ann, f"REGISTER * ann@example.org :{password}", f"REGISTER {refusal}")


def test_a_password_that_is_not_utf_8() -> None:
    # "Servers may also choose to reject any non-UTF-8 password with `UNACCEPTABLE_PASSWORD`."
    club = Club(server={"utf8_only": False})
    ann = club.client("ann")
    refuse(ann, "REGISTER * * :pass\udcffword", "REGISTER UNACCEPTABLE_PASSWORD ann :*not valid UTF-8")


@pytest.mark.parametrize(
    "address", ["ann", "ann@", "@example.org", "a@b@c", "ann@exam..ple", "x" * 250 + "@b.c"]
)
def test_what_is_no_address(club: Club, address: str) -> None:
    # "FAIL REGISTER INVALID_EMAIL <account> <message>: Sent by the server if it cannot send emails to the
    # provided address."
    ann = club.client("ann")
    refuse(ann, f"REGISTER * {address} :{PASSWORD}", "REGISTER INVALID_EMAIL ann :*")


@pytest.mark.parametrize(
    "address", ["a@b.c", "a+b=c/d'e@sub.example.org", "jörg@exämple.de", "ann@localhost", "ann@[192.0.2.1]"]
)
def test_what_is_an_address(club: Club, address: str) -> None:
    # "Server implementations should be careful not to accidentally send `INVALID_EMAIL` as a response to a
    # valid address."
    ann = club.client("ann")
    ann >> f"REGISTER * {address} :{PASSWORD}"
    registered(ann, "ann")


def test_too_few_words(club: Club) -> None:
    ann = club.client("ann")
    for line in ("REGISTER", "REGISTER *", "REGISTER * *", "VERIFY", "VERIFY ann"):
        ann >> line
        ann << f":irc.test 461 ann {line.split(' ')[0]} :Not enough parameters"


def test_a_disk_that_is_full_and_hashes_that_wait(club: Club) -> None:
    # "FAIL REGISTER TEMPORARILY_UNAVAILABLE <account> <message>"
    ann = club.client("ann")
    club.store.broken = True
    refuse(
        ann, f"REGISTER * * :{PASSWORD}", "REGISTER TEMPORARILY_UNAVAILABLE ann :Accounts cannot be used now*"
    )
    club.store.broken = False
    club.busy = True
    refuse(
        ann, f"REGISTER * * :{PASSWORD}", "REGISTER TEMPORARILY_UNAVAILABLE ann :Too many passwords wait *"
    )
    club.busy = False
    ann >> f"REGISTER * * :{PASSWORD}"
    registered(ann, "ann")


def test_a_server_whose_clock_went_back_gives_out_no_names() -> None:
    # or it would look as if a name had been asked for when nobody had
    before = Club()
    before.account("bob")
    before.store.start()
    clock = ManualClock()
    clock.off = -3600.0
    club = Club(store=before.store, clock=clock)
    ann = club.client("ann", caps="sasl")
    refuse(
        ann,
        f"REGISTER * * :{PASSWORD}",
        "REGISTER TEMPORARILY_UNAVAILABLE ann :The clock of this server is wrong",
    )
    plain(ann, "bob")
    ann << ":irc.test 900 ann * bob :*"
    clock.off = 0.0
    cat = club.client("cat")
    cat >> f"REGISTER * * :{PASSWORD}"
    registered(cat, "cat")


def test_a_clock_that_is_set_right_after_a_start_is_right_for_what_was_stamped_before_it() -> None:
    """All that is stored is of the past at the start: it is looked at when the clock goes back."""
    before = Club()
    before.account("bob")
    before.clock.off = 40 * 86400.0
    ann = before.account("ann")
    before.store.start()
    clock = ManualClock()
    clock.off = 41 * 86400.0
    club = Club(store=before.store, clock=clock)
    clock.off = 0.0
    club.change(ann, email="1 ann@example.org")
    own = [record.stamp for record in club.store.load() if record.stamp.endswith("0CN")]
    assert all(int(stamp[:9], 36) / 1000 < clock.time() + 60 for stamp in own)
    (changed,) = [record.stamp for record in club.store.load() if record.field == "email"]
    assert changed == max(own)


def test_the_clock_of_another_server_that_is_ahead_says_nothing_against_ours() -> None:
    before = Club()
    bob = before.account("bob")
    ahead = Stamp(int(before.clock.time() + 5 * 3600) * 1000, 0, "9ZZ").text
    before.store.merge([Record(bob.id, "mark", fixed(ahead), "root :x")], "elsewhere", "9ZZ", None)
    before.change(bob, mark="root :y")  # later than that, by the number alone
    newest = max(record.stamp for record in before.store.load())
    assert newest.endswith("0CN") and newest > fixed(ahead)
    club = Club(store=before.store)
    ann = club.client("ann", caps="sasl")
    ann >> f"REGISTER * * :{PASSWORD}"
    registered(ann, "ann")


def test_registrations_are_counted() -> None:
    club = Club(flood={"enabled": True}, accounts={"register_all": 5})
    root = club.client("root", address="203.0.113.9")
    opered(root, snomask="a")

    def register(number: int, address: str) -> list[str]:
        client = club.connect(address)
        client >> f"NICK n{number}" >> f"REGISTER * * :{PASSWORD}"
        return client.lines()

    for number in range(3):
        assert "SUCCESS" in register(number, "192.0.2.1")[0]
    # "FAIL REGISTER TEMPORARILY_UNAVAILABLE <account> <message>"
    (refused,) = register(3, "192.0.2.1")
    assert refused == (
        ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE n3 "
        ":Too many accounts were registered: try again in 20 minutes"
    )
    for number in range(4, 6):
        assert "SUCCESS" in register(number, "192.0.2.2")[0]
    for number in range(6, 8):
        assert "TEMPORARILY_UNAVAILABLE" in register(number, f"198.51.100.{number}")[0]
    told = [line for line in root.lines() if "wait" in line]
    assert len(told) == 1 and "5 accounts were registered within 600 seconds" in told[0]
    club.clock.advance(1200)
    assert "SUCCESS" in register(8, "192.0.2.1")[0]
    assert "SUCCESS" in register(9, "127.0.0.1")[0]  # spared


def test_what_is_refused_is_not_counted() -> None:
    club = Club(flood={"enabled": True})
    ann = club.connect()
    ann >> "NICK ann"
    for _ in range(3):
        refuse(ann, "REGISTER * * short", "REGISTER WEAK_PASSWORD *")
    club.busy = True
    for _ in range(3):
        refuse(ann, f"REGISTER * * :{PASSWORD}", "REGISTER TEMPORARILY_UNAVAILABLE ann :Too many passwords *")
    club.busy = False
    ann >> f"REGISTER * * :{PASSWORD}"
    registered(ann, "ann")


# VERIFY


def test_no_code_was_sent(club: Club) -> None:
    # "FAIL VERIFY INVALID_CODE <account> <message>: Sent by the server if the `<code>` in the `VERIFY`
    # command is invalid or expired."
    club.account("ann")
    for client in (club.connect(), club.client("bob")):
        for name in ("ann", "nobody"):
            client >> f"VERIFY {name} 1234"
            client << f":irc.test FAIL VERIFY INVALID_CODE {name} :No such code was sent, or its time is over"


# accounts that are required


def test_an_account_may_be_required() -> None:
    # "the `draft/ACCOUNTREQUIRED` ISUPPORT token … indicates that the connection to the server cannot be
    # completed unless the clients authenticates"
    club = Club(accounts={"required": True, "required_except": ["198.51.100.0/24"]})
    club.account("ann")
    ann, bob, cat, new = club.connecting(), club.connect(), club.connect("198.51.100.7"), club.connect()
    plain(ann)
    logged_in(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until("*draft/ACCOUNTREQUIRED*")
    # "FAIL * ACCOUNT_REQUIRED <message>: Sent by the server in response to the end of connection registration
    # … if connection registration cannot proceed unless the user logs into an account with SASL."
    bob >> "NICK bob" >> "USER bob 0 * :Bob"
    bob << ":irc.test FAIL * ACCOUNT_REQUIRED :You have to log in to an account to use this server: *"
    bob << "ERROR :Closing Link: *"
    cat >> "NICK cat" >> "USER cat 0 * :Cat"
    cat.until(":irc.test 001 cat :*")
    # "If the capability value `draft/account-registration=before-connect` is advertised, clients should
    # respond … by suggesting that the user register an account."
    new >> "NICK new" >> f"REGISTER * * :{PASSWORD}" >> "USER new 0 * :New"
    new.until(":irc.test 001 new :*")
    club.reload(accounts={"required": False})
    ann.until("*-draft/ACCOUNTREQUIRED*")


def test_a_connection_class_asks_for_an_account_and_says_how_to_log_in() -> None:
    classes = [
        {"name": "hosting", "match": ["198.51.100.0/24"], "require_login": True},
        {"name": "default"},
    ]
    club = Club(connection_class=classes, server={"help": "help@example.org"})
    club.account("ann")
    club.client("cat")  # of another class
    bob = club.connect("198.51.100.7")
    bob >> "NICK bob" >> "USER bob 0 * :Bob"
    how = "have your client do it by SASL, or give <account>:<password> as the password of the server"
    text = f"From where you are you have to log in to an account: {how}. Questions: help@example.org"
    bob << f":irc.test FAIL * ACCOUNT_REQUIRED :{text}"
    bob << f"ERROR :Closing Link: 198.51.100.7 ({text})"
    assert bob.session.closed
    ann = club.connecting(address="198.51.100.7")
    plain(ann)
    logged_in(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    club.reload(accounts={"login_by_pass": False}, server={"help": ""})
    bob = club.connect("198.51.100.7")
    bob >> "NICK bob" >> "USER bob 0 * :Bob"
    bob << ":irc.test FAIL * ACCOUNT_REQUIRED :From * to an account: have your client do it by SASL"


def test_an_account_of_services_will_do_as_well() -> None:
    house = House(accounts={"required": True, "authority": "external"})
    bob = house.connect()
    bob >> "NICK bob" >> "USER bob 0 * :Bob"
    bob << ":irc.test FAIL * ACCOUNT_REQUIRED :You have to log in *: have your client do it by SASL"
