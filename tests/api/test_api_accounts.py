"""Tokens, accounts and oneself, as programs and pages ask for them; where none are kept they read so."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from asking import Answered, Desk, Program, token
from club import Club
from conversation import Client, House
from nickserv import ask
from postal import code_in, postal
from states import opered

from chatnet.services.tokens import EXCHANGED
from chatnet.session.blocklists import Replies

WORD = "correct-horse"
DAY = 86400


@pytest.fixture
def desk() -> Desk:
    club = Club(token=[token("bot")])
    club.account("ann", WORD)
    return Desk(club)


def club_of(desk: Desk) -> Club:
    assert isinstance(desk.house, Club)
    return desk.house


def basic(name: str = "ann", password: str = WORD) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


def logged_in(desk: Desk, **body: Any) -> Program:
    """A program that has logged in by the password of ann."""
    answered = Program(desk).posts("/tokens", basic(), **body)
    assert answered.status == 201, answered.json
    return Program(desk, answered.json["token"])


def test_a_page_logs_in_with_the_password_once(desk: Desk) -> None:
    found = Program(desk).posts("/tokens", basic(), label="Firefox on Linux").json
    assert found == {
        "token": found["token"],
        "id": found["id"],
        "account": "ann",
        "scope": "web",
        "label": "Firefox on Linux",
        "expires_at": "2024-02-12T22:13:20.000Z",
    }
    page = Program(desk, found["token"])
    assert page.gets("/tokens").json == {
        "items": [
            {
                "id": found["id"],
                "label": "Firefox on Linux",
                "scope": "web",
                "made_at": "2023-11-14T22:13:20.000Z",
                "expires_at": "2024-02-12T22:13:20.000Z",
                "current": True,
            }
        ]
    }
    assert found["token"] not in str(page.gets("/tokens").json)
    desk.house.check()


@pytest.mark.parametrize(("scope", "seconds"), [("web", 12.0), ("all", 620.0)])
def test_who_has_closed_the_page_is_not_on_the_network_by_what_it_had_asked_for(
    desk: Desk, scope: str, seconds: float
) -> None:
    """What programs ask keeps their person there for a while; a page has a connection of its own."""
    logged_in(desk, scope=scope).gets("/channels")
    network = desk.house.node.network
    desk.house.clock.advance(4.0)
    assert network.user("ann") is not None
    desk.house.clock.advance(seconds / 2)
    assert (network.user("ann") is not None) is (scope == "all")
    desk.house.clock.advance(seconds / 2)
    assert network.user("ann") is None


def test_tokens_of_other_scopes_have_no_end_unless_one_is_asked_for(desk: Desk) -> None:
    found = Program(desk).posts("/tokens", basic(), label="ci", scope="read,send:#ci").json
    assert found["scope"] == "read,send:#ci" and "expires_at" not in found
    found = Program(desk).posts("/tokens", basic(), label="cd", scope="all", days=1).json
    assert found["expires_at"] == "2023-11-15T22:13:20.000Z"
    assert Program(desk).posts("/tokens", basic(), label="x", scope="fly").kind == "invalid"
    assert Program(desk).posts("/tokens", basic(), label="ci", scope="all").kind == "refused"


def test_a_ticket_goes_with_its_token(desk: Desk) -> None:
    page = logged_in(desk)
    ticket = page.posts("/tickets").json["ticket"]
    key = page.gets("/tokens").json["items"][0]["id"]
    assert page.deletes(f"/tokens/{key}").status == 204
    assert Program(desk).gets("/events", ticket=ticket).kind == "unauthenticated"
    assert desk.house.node.network.user("ann") is None
    desk.house.check()


def test_a_stream_ends_with_its_token(desk: Desk) -> None:
    page = logged_in(desk, scope="events", days=1)
    reader = page.listens()
    desk.house.clock.advance(DAY - 60)
    assert not reader.ended
    desk.house.clock.advance(70)
    assert reader.ended and reader.types()[-1] == "closing"
    assert page.gets("/me").kind == "unauthenticated"
    desk.house.check()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("ann", "wrong"),
        basic("nobody", WORD),
        {"authorization": "Basic !"},
        {"authorization": "Basic YW5u"},
        {"authorization": "Basic YW5\u00e9"},
        {"authorization": "Digest x"},
    ],
)
def test_who_shows_no_password_has_no_token(desk: Desk, headers: dict[str, str]) -> None:
    answered = Program(desk).posts("/tokens", headers)
    assert answered.kind == "unauthenticated" and answered.headers["www-authenticate"] == "Bearer"


def test_guesses_are_counted_as_failed_logins() -> None:
    club = Club(flood={"enabled": True}, accounts={"failures_address": 2})
    club.account("ann", WORD)
    desk = Desk(club)
    for _ in range(2):
        assert Program(desk).posts("/tokens", basic(password="wrong")).kind == "unauthenticated"
    answered = Program(desk).posts("/tokens", basic())
    assert answered.kind == "too-many" and int(answered.headers["retry-after"]) > 0


def test_no_password_is_taken_from_a_line_that_others_read(desk: Desk) -> None:
    made = Program(desk).made("POST", "/tokens", {}, headers=basic())
    assert desk.ask(replace(made, secure=False)).kind == "insecure"
    made_too = Program(desk).made("POST", "/accounts", {"name": "bob", "password": WORD})
    assert desk.ask(replace(made_too, secure=False)).kind == "insecure"
    club_of(desk).reload(web={"insecure_login": True})
    assert desk.ask(replace(made, secure=False)).status == 201


def test_nor_from_an_address_that_is_banned(desk: Desk) -> None:
    desk.house.reload(ban=[{"target": "192.0.2.7", "reason": "spam"}])
    answered = Program(desk).posts("/tokens", basic())
    assert answered.kind == "banned" and "spam" in answered.json["detail"]


def test_nor_does_a_token_open_the_door_there(desk: Desk) -> None:
    page = logged_in(desk)
    assert page.gets("/me").status == 200
    desk.house.reload(ban=[{"target": "192.0.2.7", "reason": "spam"}])
    answered = page.gets("/me")
    assert answered.kind == "banned" and "spam" in answered.json["detail"]
    page.address = "192.0.2.8"
    assert page.gets("/me").status == 200


def test_an_old_token_of_a_page_is_exchanged_and_a_young_one_is_not(desk: Desk) -> None:
    page = logged_in(desk)
    assert page.posts("/tokens").json["token"] == page.bearer
    desk.house.clock.advance(EXCHANGED)
    found = page.posts("/tokens").json
    assert found["token"] != page.bearer and found["label"] == "page"
    assert found["expires_at"] == "2024-03-13T22:13:20.000Z"
    assert page.gets("/tokens").kind == "unauthenticated"
    assert Program(desk, found["token"]).gets("/tokens").json["items"][0]["id"] == found["id"]
    assert logged_in(desk, label="x", scope="all").posts("/tokens").kind == "scope"
    assert desk.program("bot").posts("/tokens").kind == "scope"


def test_logging_out_takes_back_that_token_and_the_password_any(desk: Desk) -> None:
    page, other = logged_in(desk), logged_in(desk, label="other")
    mine = next(each["id"] for each in page.gets("/tokens").json["items"] if each["current"])
    assert other.asks("DELETE", f"/tokens/{mine}").kind == "scope"
    assert page.asks("DELETE", f"/tokens/{mine}").status == 204
    assert page.gets("/tokens").kind == "unauthenticated"
    (left,) = other.gets("/tokens").json["items"]
    stranger = Program(desk)
    assert stranger.asks("DELETE", "/tokens/aaaaaa", headers=basic()).kind == "no-such-token"
    assert stranger.asks("DELETE", f"/tokens/{left['id']}", headers=basic()).status == 204
    assert other.gets("/tokens").kind == "unauthenticated"
    assert desk.program("bot").gets("/tokens").kind == "no-such-account"


def test_an_account_is_made_and_logged_in(desk: Desk) -> None:
    answered = Program(desk).posts("/accounts", name="bob", password=WORD)
    assert answered.status == 201 and answered.json["account"] == "bob"
    assert Program(desk, answered.json["token"]).gets("/me").json["account"] == "bob"
    bob = desk.house.client("eve")
    assert ask(bob, f"IDENTIFY bob {WORD}") == ["You are now identified for bob."]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"name": "ann", "password": WORD}, "account-exists"),
        ({"name": "eve", "password": WORD}, "account-exists"),
        ({"name": "1st", "password": WORD}, "invalid"),
        ({"name": "bob", "password": "short"}, "invalid"),
        ({"name": "bob", "password": WORD, "email": "nowhere"}, "invalid"),
        ({"name": "bob"}, "invalid"),
        ({"name": "bob", "password": WORD, "nick": "x"}, "invalid"),
    ],
)
def test_what_makes_no_account(desk: Desk, body: dict[str, str], kind: str) -> None:
    desk.house.client("eve")
    answered = Program(desk).posts("/accounts", None, **body)
    assert answered.kind == kind and WORD not in str(answered.json)
    assert club_of(desk).node.network.registry.named("bob") is None


def test_where_nobody_can_register_programs_cannot(desk: Desk) -> None:
    desk.house.reload(accounts={"registration": False})
    assert Program(desk).posts("/accounts", name="bob", password=WORD).kind == "no-registration"


def test_registrations_are_throttled_as_over_irc() -> None:
    club = Club(flood={"enabled": True}, accounts={"register_rate": 1})
    desk = Desk(club)
    assert Program(desk).posts("/accounts", name="bob", password=WORD).status == 201
    assert Program(desk).posts("/accounts", name="cat", password=WORD).kind == "unavailable"
    assert Program(desk, address="192.0.2.8").posts("/accounts", name="cat", password=WORD).status == 201


def test_a_password_is_changed_by_the_one_before_and_never_by_a_token(desk: Desk) -> None:
    page = logged_in(desk)
    assert page.puts("/accounts/ann/password", password="battery-staple").kind == "unauthenticated"
    stranger = Program(desk)

    def change(name: str, new: str) -> Answered:
        return stranger.asks("PUT", f"/accounts/{name}/password", {"password": new}, headers=basic())

    assert change("ann", "short").kind == "invalid"
    assert change("bob", "battery-staple").kind == "no-such-account"
    assert change("ann", "battery-staple").status == 204
    assert stranger.posts("/tokens", basic()).kind == "unauthenticated"
    assert stranger.posts("/tokens", basic(password="battery-staple"), label="b").status == 201


def test_mail_verifies_accounts_and_addresses_and_resets_passwords() -> None:
    club = postal("required")
    desk = Desk(club)
    stranger = Program(desk)
    assert stranger.posts("/accounts", name="bob", password=WORD).kind == "invalid"
    answered = stranger.posts("/accounts", name="bob", password=WORD, email="bob@example.org")
    assert (answered.status, answered.json) == (202, {"account": "bob", "verify": "email"})
    assert stranger.posts("/tokens", basic("bob")).kind == "login-required"
    assert stranger.posts("/accounts/bob/verify", code="aaaaaaaaaa").kind == "invalid"
    answered = stranger.posts("/accounts/bob/verify", code=code_in(club, "bob@example.org"))
    assert answered.status == 201 and Program(desk, answered.json["token"]).gets("/me").status == 200
    # a password that was forgotten
    assert (
        stranger.posts("/accounts/nobody/reset").status == stranger.posts("/accounts/bob/reset").status == 204
    )
    code = code_in(club, "bob@example.org")
    assert stranger.posts("/accounts/bob/reset", code=code).kind == "invalid"
    assert stranger.posts("/accounts/bob/reset", code=code, password="battery-staple").status == 204
    mine = basic("bob", "battery-staple")
    # another address
    path = "/accounts/bob/email"
    assert stranger.asks("PUT", path, {"email": "new@example.org"}, headers=mine).status == 204
    assert stranger.posts(path, mine, code="aaaaaaaaaa").kind == "invalid"
    assert stranger.posts(path, mine, code=code_in(club, "new@example.org")).status == 204
    assert stranger.asks("PUT", path, {"email": None}, headers=mine).kind == "refused"
    club.reload(accounts={"email": "optional"})
    assert stranger.asks("PUT", path, {"email": None}, headers=mine).status == 204


def test_where_no_mail_is_sent_no_password_is_reset(desk: Desk) -> None:
    assert Program(desk).posts("/accounts/ann/reset").kind == "not-here"


def test_who_one_is_and_what_one_keeps(desk: Desk) -> None:
    page = logged_in(desk)
    page.puts("/channels/club/membership")
    found = page.gets("/me").json
    assert (found["nick"], found["account"], found["bot"], found["operator"]) == ("ann", "ann", False, False)
    assert found["channels"] == [{"name": "#club", "ranks": "@"}] and found["settings"] == {}
    kept = {"theme": "dark", "mute": ["#a b\n"], "n": 1}
    found = page.patches("/me", settings={"web": kept}, away="lunch").json
    assert found["settings"] == {"web": kept} and found["away"] == "lunch"
    found = page.patches("/me", away=None).json
    assert "away" not in found and found["settings"] == {"web": kept}
    assert page.patches("/me", settings={"web": None}).json["settings"] == {}
    assert page.patches("/me", settings={"web": {"x": "y" * 4096}}).kind == "invalid"
    assert page.patches("/me", settings={"protect": "off"}).kind == "invalid"
    club_of(desk).change(club_of(desk).named(), **{"set:web": "no JSON", "set:protect": "strict"})
    assert page.gets("/me").json["settings"] == {"protect": "strict"}


def test_a_token_for_some_channels_reads_of_these_alone_who_one_is(desk: Desk) -> None:
    logged_in(desk).patches("/me", settings={"web": {"theme": "dark"}})
    everything = logged_in(desk, label="two", scope="send,read")
    for name in ("ci", "secret"):
        assert everything.puts(f"/channels/{name}/membership").status == 200
    found = logged_in(desk, label="ci", scope="read:#CI").gets("/me").json
    assert [each["name"] for each in found["channels"]] == ["#ci"]
    assert found["settings"] == {}
    assert logged_in(desk, label="m", scope="metrics").patches("/me", away="x").kind == "scope"
    page = logged_in(desk, label="another")
    found = page.asks("PATCH", "/me", b'{"settings": {"web": {"x": NaN}}}')
    assert found.kind == "invalid"


def test_who_has_no_account_keeps_nothing(desk: Desk) -> None:
    bot = desk.program("bot")
    found = bot.gets("/me").json
    assert found["bot"] is True and found["settings"] == {} and "account" not in found
    assert bot.patches("/me", settings={"web": {}}).kind == "no-such-account"
    assert bot.patches("/me", away="x").json["away"] == "x"


def test_a_bot_speaks_by_its_own_token(desk: Desk) -> None:
    ann: Client = desk.house.client("ann")
    ask(ann, f"IDENTIFY ann {WORD}")
    (told,) = ask(ann, "BOT ADD buildbot")
    bot = Program(desk, told.rpartition(" ")[2])
    ann >> "JOIN #ci"
    found = bot.posts("/channels/ci/messages", text="green").json
    assert found["from"]["nick"] == found["from"]["account"] == "buildbot" and found["from"]["bot"] is True
    desk.house.clock.advance(desk.house.node.settings.api.linger + 10)
    channel = desk.house.node.network.channel("#ci")
    assert channel is not None and {user.nick for user in channel.members} == {"ann", "buildbot"}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/tokens", basic()),
        ("DELETE", "/tokens/aaaaaa", basic()),
        ("POST", "/accounts", {}),
        ("POST", "/accounts/ann/verify", {}),
        ("POST", "/accounts/ann/reset", {}),
        ("PUT", "/accounts/ann/password", basic()),
        ("PUT", "/accounts/ann/email", basic()),
        ("GET", "/invites/aaaabbbbccccdddd", {}),
        ("POST", "/invites/aaaabbbbccccdddd/accept", {}),
        ("GET", "/channels/club/invites", None),
        ("POST", "/channels/club/invites", None),
        ("DELETE", "/invites/aaaabbbbccccdddd", None),
    ],
)
def test_where_no_accounts_are_kept_that_is_told(
    method: str, path: str, headers: dict[str, str] | None
) -> None:
    desk = Desk(House(token=[token("bot", "read,send,invites")]))
    bodies: dict[str, Any] = {
        "/accounts": {"name": "bob", "password": WORD},
        "/accounts/ann/verify": {"code": "aaaaaaaaaa"},
        "/accounts/ann/password": {"password": WORD},
        "/accounts/ann/email": {"email": None},
    }
    program = desk.program("bot") if headers is None else Program(desk)
    body = bodies.get(path, {} if method == "POST" else None)
    assert program.asks(method, path, body, headers=headers).kind == "no-accounts"


def test_no_secret_is_logged_or_kept(desk: Desk) -> None:
    page = logged_in(desk)
    Program(desk).posts("/accounts", name="bob", password="battery-staple")
    kept = json.dumps([list(record) for record in club_of(desk).store.load()]) + "".join(desk.house.log.lines)
    for secret in (page.bearer, page.bearer.replace("-", ""), WORD, "battery-staple"):
        assert secret not in kept


@pytest.mark.parametrize("action", ["mark", "require-login", "refuse"])
def test_block_lists_are_asked_before_a_password_is_looked_at(action: str) -> None:
    zone, address = "dnsbl.example.org", "192.0.2.66"
    club = Club(dnsbl=[{"zone": zone, "action": action, "reason": "listed", "spare_accounts": False}])
    club.account("ann", WORD)
    club.lists[f"66.2.0.192.{zone}"] = Replies(("127.0.0.3",), 300.0)
    desk = Desk(club)
    answered = Program(desk, address=address).posts("/tokens", basic("ann", "wrong"))
    assert answered.kind == ("banned" if action == "refuse" else "unauthenticated")
    answered = Program(desk, address=address).posts("/tokens", basic())
    assert answered.status == (403 if action == "refuse" else 201)
    assert Program(desk, address="192.0.2.1").posts("/tokens", basic()).status == 201


@pytest.mark.parametrize("action", ["mark", "require-login", "refuse", "ban"])
def test_block_lists_are_asked_before_an_account_is_made(action: str) -> None:
    zone, address = "dnsbl.example.org", "192.0.2.66"
    club = Club(dnsbl=[{"zone": zone, "action": action, "reason": "listed as {reply}|told to opers"}])
    club.lists[f"66.2.0.192.{zone}"] = Replies(("127.0.0.3",), 300.0)
    desk, root = Desk(club), club.client("root")
    opered(root, "see-all", snomask="ar")
    body = {"name": "vic", "password": "correct-horse"}
    answered = Program(desk, address=address).posts("/accounts", None, **body)
    (told,) = (line for line in root.lines() if "over HTTP" in line)
    assert address in told and f"listed by {zone} (127.0.0.3)" in told
    if action == "mark":
        assert answered.status == 201
    else:
        words = "log in to an account before you come in: " if action == "require-login" else ""
        assert (answered.kind, answered.json["detail"]) == ("banned", f"{words}listed as 127.0.0.3")
        assert club.node.network.registry.named("vic") is None
    assert Program(desk, address="192.0.2.1").posts("/accounts", None, **body | {"name": "ann"}).status == 201
