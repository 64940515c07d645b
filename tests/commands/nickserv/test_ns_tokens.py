"""TOKEN: passwords of single clients, what they are good for, and what not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, Club, failed, logged_in, plain, scram
from clubs import Clubs
from conversation import Client
from hypothesis import given
from hypothesis import strategies as st
from nickserv import answers, ask
from states import opered

from chatnet.services.tokens import EXCHANGED, Found, Tokens, is_old, new_token, token_hash
from chatnet.web.scopes import WEB

WORD = "correct-horse"
BY_TOKEN = ["You came by a token, which cannot do that: /msg NickServ IDENTIFY <password> first."]
CHATTING = ["You came by a token that is for chatting only: /msg NickServ IDENTIFY <password> first."]
WRONG = ["The name or the password is incorrect."]


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    club.account("ann", WORD)
    yield club
    club.check()


def come(club: Club, secret: str = WORD, nick: str = "ann", **peer: str) -> Client:
    client = club.client(nick, caps="sasl", **peer)
    assert ask(client, f"IDENTIFY ann {secret}") == ["You are now identified for ann."]
    return client


def added(client: Client, words: str) -> str:
    """A token that somebody makes."""
    (told,) = ask(client, f"TOKEN ADD {words}")
    label = words.split()[0]
    assert told.startswith(f"The token {label}, shown only now, is cn-")
    return told.rpartition(" ")[2]


def test_a_token_is_made_shown_once_listed_and_taken_away(club: Club) -> None:
    ann = come(club)
    assert ask(ann, "TOKEN LIST") == ["No tokens of ann."]
    secret = added(ann, "phone")
    club.clock.advance(1)
    added(ann, "laptop chat +3d")
    assert ask(ann, "TOKEN LIST") == [
        "phone: all, since 2023-11-14 22:13 UTC",
        "laptop: chat, since 2023-11-14 22:13 UTC, until 2023-11-17 22:13 UTC",
        "2 tokens of ann.",
    ]
    shown = [str(record) for record in club.store.load()] + club.log.lines
    assert not any(secret in line or secret.replace("-", "") in line for line in shown)
    assert ask(ann, "TOKEN ADD PHONE") == ["There is a token PHONE already: TOKEN DEL PHONE ends it."]
    assert ask(ann, "TOKEN DEL tablet") == ["There is no such token. TOKEN LIST lists them."]
    assert ask(ann, "TOKEN DEL Phone") == ["The token Phone is gone."]
    assert ask(ann, "TOKEN LIST")[-1] == "1 token of ann."
    assert "tokens: 1 (TOKEN LIST)" in "".join(ask(ann, "INFO"))


@pytest.mark.parametrize(
    "words",
    ["x web", "x ALL +", "x +0x", "x all chat 5", "x write", "x read,", "x all:#c", "x read:c", "x read:"],
)
def test_words_that_make_none(club: Club, words: str) -> None:
    ann = come(club)
    assert not ask(ann, f"TOKEN ADD {words}")[0].startswith("The token")
    assert ask(ann, "TOKEN LIST") == ["No tokens of ann."]


def test_there_are_so_many_at_most(club: Club) -> None:
    club.reload(accounts={"tokens": 1})
    ann = come(club)
    added(ann, "phone")
    assert ask(ann, "TOKEN ADD laptop") == ["An account has at most 1 tokens."]


@pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace("-", "")])
def test_plain_pass_and_identify_take_one_and_hash_nothing(club: Club, change: object) -> None:
    assert callable(change)
    secret = change(added(come(club), "phone"))
    club.hashes.owners.clear()
    bob = club.connecting()
    plain(bob, password=secret)
    logged_in(bob)
    cat = club.connect()
    cat >> f"PASS ann:{secret}" >> "NICK cat" >> "USER cat 0 * :Cat"
    cat.until(":irc.test 001 cat *")
    assert cat.user.account == "ann"
    device = club.connecting()
    plain(device, "ann@phone", secret)
    logged_in(device)
    come(club, secret, "dan")
    assert club.hashes.owners == []


def test_scram_does_not(club: Club) -> None:
    secret = added(come(club), "phone")
    bob = club.connecting()
    scram(bob, password=secret)
    failed(bob)


def test_a_token_is_good_for_its_own_account_only(club: Club) -> None:
    secret = added(come(club), "phone")
    club.account("bob", WORD)
    bob = club.connecting()
    plain(bob, "bob", secret)
    failed(bob)
    plain(bob, "nobody", secret)
    failed(bob)
    plain(bob, "ann", new_token())
    failed(bob)


def test_one_that_is_over_or_was_taken_away_is_good_for_nothing(club: Club) -> None:
    ann = come(club)
    secret, other = added(ann, "phone +1h"), added(ann, "laptop")
    ask(ann, "TOKEN DEL laptop")
    bob = club.client("bob")
    assert ask(bob, f"IDENTIFY ann {other}") == WRONG
    club.clock.advance(3599)
    come(club, secret, "cat")
    club.clock.advance(1)
    ann.lines()
    assert ask(bob, f"IDENTIFY ann {secret}") == WRONG
    assert "(over)" in ask(ann, "TOKEN LIST")[0]


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        ("ci send,read", "read,send"),
        ("ci READ,send:#ci,#Alerts +30d", "read,send:#ci,#Alerts"),
        (
            "ci operate,metrics,command,manage,invites,hooks,events",
            "events,hooks,invites,manage,command,operate,metrics",
        ),
    ],
)
def test_a_list_is_for_programs_and_logs_in_nowhere_else(club: Club, words: str, scope: str) -> None:
    ann = come(club)
    secret = added(ann, words)
    assert ask(ann, "TOKEN LIST")[0].startswith(f"ci: {scope}, since ")
    assert ask(club.client("bob"), f"IDENTIFY ann {secret}") == WRONG
    found = known(club, secret)
    assert found is not None and (found.account, found.token.scope) == (club.named(), scope)


def known(club: Club, secret: str) -> Found | None:
    """The token that a secret is."""
    return club.done(tokens(club).find(token_hash(secret) or ""))


def tokens(club: Club) -> Tokens:
    assert club.parts.nickserv is not None
    return club.parts.nickserv.tokens


def test_the_oldest_token_of_a_page_makes_room(club: Club) -> None:
    club.reload(accounts={"tokens": 3})
    ann, pages = come(club), []
    added(ann, "phone")
    for _ in range(3):
        club.clock.advance(1)
        pages.append(club.done(tokens(club).add(club.named(), "Firefox on Linux", WEB, 0)))
    assert [line.partition(":")[0] for line in ask(ann, "TOKEN LIST")] == [
        *("phone", "Firefox on Linux 2", "Firefox on Linux 3", "3 tokens of ann."),
    ]
    bob = club.client("bob")
    assert ask(bob, f"IDENTIFY ann {pages[0]}") == WRONG
    assert ask(bob, f"IDENTIFY ann {pages[2]}") == ["You are now identified for ann."]
    added(ann, "laptop")
    assert ask(ann, "TOKEN DEL Firefox on Linux 3") == ["The token Firefox on Linux 3 is gone."]
    assert bob.session.closed
    added(ann, "tablet")
    assert ask(ann, "TOKEN ADD other") == ["An account has at most 3 tokens."]


def test_the_token_of_a_page_is_exchanged_for_another_secret_and_sessions_stay(club: Club) -> None:
    secret = club.done(tokens(club).add(club.named(), "page", WEB, 0))
    bob = come(club, secret, "bob")
    found = known(club, secret)
    assert found is not None and not is_old(found.token, club.clock.time())
    club.clock.advance(EXCHANGED)
    assert is_old(found.token, club.clock.time())
    other = club.done(tokens(club).exchange(found, int(club.clock.time()) + 60))
    assert not bob.session.closed and bob.user.account == "ann"
    assert known(club, secret) is None
    again = known(club, other)
    assert again is not None and again.key == found.key and again.token.until == int(club.clock.time()) + 60
    assert ask(come(club, nick="eve"), "TOKEN DEL page") == ["The token page is gone."]
    assert bob.session.closed


def test_what_is_no_text_is_no_scope() -> None:
    club = Club(server={"utf8_only": False})
    club.account("ann", WORD)
    ann = come(club)
    ann.send(b"PRIVMSG NickServ :TOKEN ADD ci read:#caf\xe9\r\n")
    assert answers(ann) == ["Only UTF-8 can be kept, of a few hundred bytes."]


@pytest.mark.parametrize("scope", ["read,write", "history"])
def test_other_scopes_do_not_log_in_here(club: Club, scope: str) -> None:
    secret = new_token()
    hashed = token_hash(secret)
    club.change(club.named(), **{"token:aaaaaa": f"{hashed} 1700000000 0 {scope} web"})
    bob = club.connecting()
    plain(bob, password=secret)
    failed(bob)
    cat = club.connect()
    cat >> f"PASS ann:{secret}" >> "NICK cat" >> "USER cat 0 * :Cat"
    cat << ":irc.test 464 *"


def test_suspended_is_suspended(club: Club) -> None:
    secret = added(come(club), "phone")
    club.change(club.named(), status="suspended 0 root :spam")
    bob = club.connecting()
    plain(bob, password=secret)
    bob << ":irc.test 902 *"


def test_guesses_are_counted() -> None:
    club = Club(flood={"enabled": True}, accounts={"failures_address": 2}, sasl={"attempts": 100})
    club.account("ann", WORD)
    bob = club.connecting(address="192.0.2.9")
    for _ in range(2):
        plain(bob, password=new_token())
        failed(bob)
    bob >> "AUTHENTICATE PLAIN"
    bob << ":irc.test NOTICE * :Too many logins failed: try again in *"


@pytest.mark.parametrize(
    "words",
    [
        f"SET PASSWORD {WORD} battery-staple",
        f"SET EMAIL ann@example.net {WORD}",
        "VERIFYEMAIL aaaaaaaaaa",
        "CERT ADD",
        f"CERT DEL {CERTFP}",
        "TOKEN ADD other",
        "TOKEN DEL phone",
        "DROP ann",
    ],
)
@pytest.mark.parametrize("scope", ["all", "chat"])
def test_who_came_by_one_changes_no_lock(club: Club, words: str, scope: str) -> None:
    secret = added(come(club), f"phone {scope}")
    bob = come(club, secret, "bob", certfp=CERTFP)
    assert ask(bob, words) == BY_TOKEN
    ask(bob, f"IDENTIFY ann {WORD}")
    assert ask(bob, words) != BY_TOKEN


def test_who_logs_out_has_forgotten_it(club: Club) -> None:
    secret = added(come(club), "phone chat")
    bob = come(club, secret, "bob")
    ask(bob, "LOGOUT")
    assert ask(bob, "IDENTIFY ann " + WORD) == ["You are now identified for ann."]
    assert ask(bob, "TOKEN ADD other")[0].startswith("The token other")


def test_one_for_chatting_has_no_powers(club: Club) -> None:
    ann = come(club)
    chat, every = added(ann, "phone chat"), added(ann, "laptop all")
    bob, cat = come(club, chat, "bob"), come(club, every, "cat")
    for client in (bob, cat):
        opered(client, "accounts", "kill")
        client.lines()
    assert ask(bob, "SAREGISTER dan") == CHATTING
    assert ask(bob, "INFO") != CHATTING
    bob >> "KILL cat :x"
    bob << ":irc.test 723 bob kill *"
    bob >> "CS HELP" >> "CS INFO #c"
    assert CHATTING[0] in bob.lines()[-1]
    cat >> "CS INFO #c"
    assert CHATTING[0] not in "".join(cat.lines())
    assert ask(cat, "SAREGISTER dan")[0].startswith("The account dan is registered.")
    eve = come(club, chat, "eve")
    eve.lines()
    eve >> "OPER root secret"
    eve << ":irc.test NOTICE eve :You came by a token that is for chatting only"
    eve << ":irc.test 491 eve *"


def test_who_came_by_a_token_that_is_taken_away_has_to_go(club: Club) -> None:
    ann = come(club)
    secret = added(ann, "phone")
    bob, cat = come(club, secret, "bob"), come(club, added(ann, "laptop"), "cat")
    ask(ann, "TOKEN DEL phone")
    assert bob.lines()[-1].startswith("ERROR :Closing Link: 192.0.2.1 (The token that you came by was taken")
    assert ann.user.account == cat.user.account == "ann" and not cat.session.closed


def test_who_is_still_coming_in_has_to_go_as_well(club: Club) -> None:
    ann = come(club)
    secret = added(ann, "phone")
    bob = club.connecting()
    plain(bob, password=secret)
    logged_in(bob)
    ask(ann, "TOKEN DEL phone")
    assert bob.session.closed and "taken away" in bob.lines()[-1]


def test_on_other_servers_too() -> None:
    clubs = Clubs("a", "b")
    clubs["a"].account("ann", WORD)
    clubs.link("a", "b")
    clubs.settle()
    ann = come(clubs["a"])
    secret = added(ann, "phone")
    clubs.settle()
    bob = come(clubs["b"], secret, "bob")
    clubs.settle()
    ask(ann, "TOKEN DEL phone")
    clubs.settle()
    assert bob.session.closed and not ann.session.closed
    clubs.agree()


def test_a_store_that_cannot_be_read(club: Club) -> None:
    secret = added(come(club), "phone")
    bob = club.client("bob")
    club.store.unreadable = True
    assert ask(bob, f"IDENTIFY ann {secret}") == ["Accounts cannot be used now: try again later."]


def test_a_password_may_look_like_one(club: Club) -> None:
    club.account("bob", "cn-aaaa-aaaa-aaaa-aaaa-aaaa")
    bob = club.connecting()
    plain(bob, "bob", "cn-aaaa-aaaa-aaaa-aaaa-aaaa")
    logged_in(bob, "bob")


@given(st.text(max_size=40))
def test_whatever_is_no_token_is_none(text: str) -> None:
    assert token_hash(text) is None or text.strip().lower().startswith("cn")


def test_all_tokens_are_tokens() -> None:
    assert len({token_hash(new_token()) for _ in range(100)} - {None}) == 100


def test_one_for_chatting_does_not_rename_a_registered_channel(club: Club) -> None:
    ann = come(club)
    chat, every = added(ann, "phone chat"), added(ann, "laptop all")
    ann >> "JOIN #c" >> "CS REGISTER #c"
    bob, cat = come(club, chat, "bob"), come(club, every, "cat")
    for client in (bob, cat):
        client >> "JOIN #c"
        client.lines()
    bob >> "RENAME #c #d"
    bob.until(":irc.test FAIL RENAME CANNOT_RENAME #c #d :You came by a token that is for chatting only*")
    cat >> "RENAME #c #d"
    assert club.node.network.channel("#d") is not None
    bob >> "RENAME #d #c"
    assert club.node.network.registry.channels.at(club.node.network.fold("#d")) is not None
