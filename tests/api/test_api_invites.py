"""Invites over HTTP: making them, what whoever has the link reads, and coming by one."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Answered, Desk, Program, token
from chanserv import ask, founded
from club import Club
from conversation import Client
from postal import postal
from states import opered

WORD = "correct-horse"


@pytest.fixture
def desk() -> Desk:
    desk = Desk(Club(token=[token("bot", "read,invites")]))
    ann = founded(club_of(desk), channel="#club")
    ann >> "MODE #club +i"
    ann >> "TOPIC #club :Tea at five"
    ann.lines()
    return desk


def club_of(desk: Desk) -> Club:
    assert isinstance(desk.house, Club)
    return desk.house


def program(desk: Desk, scope: str = "all", name: str = "ann") -> Program:
    """What asks with a token of an account."""
    club = club_of(desk)
    nickserv = club.parts.nickserv
    assert nickserv is not None
    label = f"{scope} {sum(record.field.startswith('token') for record in club.store.load())}"
    return Program(desk, club.done(nickserv.tokens.add(club.named(name), label, scope, 0)))


def made(desk: Desk, **body: Any) -> Any:
    answered = program(desk, "invites").posts("/channels/club/invites", **body)
    assert answered.status == 201, answered.json
    return answered.json


def joins(client: Client, key: str, channel: str = "#club") -> str:
    client.lines()
    client >> f"JOIN {channel} {key}"
    return client.lines()[0]


def test_a_link_is_made_listed_and_taken_back(desk: Desk) -> None:
    ann = program(desk)
    found = ann.posts("/channels/club/invites", label="the fair", days=3, most=2, voice=True).json
    assert found == {
        "id": found["id"],
        "token": found["token"],
        "channels": ["#club"],
        "by": "ann",
        "made_at": "2023-11-14T22:13:20.000Z",
        "expires_at": "2023-11-17T22:13:20.000Z",
        "most": 2,
        "used": 0,
        "voice": True,
        "guests": True,
        "register": False,
        "label": "the fair",
    }
    del found["token"]
    assert ann.gets("/channels/club/invites").json == {"items": [found]}
    assert ann.deletes(f"/invites/{found['id']}").status == 204
    assert ann.deletes(f"/invites/{found['id']}").kind == "no-such-invite"
    assert ann.gets("/channels/club/invites").json["items"][0]["closed"] == "ann took it back"
    desk.house.check()


def test_where_there_is_a_page_the_link_leads_there(desk: Desk) -> None:
    desk.house.reload(
        listen=[{"endpoint": "tcp:8080:interface=127.0.0.1", "kind": "web"}],
        web={"hosts": ["chat.example.org"]},
    )
    found = made(desk)
    assert found["url"] == f"https://chat.example.org/join/{found['token']}"


def test_whoever_has_the_link_reads_who_invites_to_what_and_uses_nothing_up(desk: Desk) -> None:
    key = made(desk, most=1)["token"]
    stranger = Program(desk)
    for _ in range(3):
        assert stranger.gets(f"/invites/{key}").json == {
            "network": "chatnet",
            "channels": [{"name": "#club", "topic": "Tea at five", "members": 1}],
            "by": "ann",
            "account": "optional",
            "registration": True,
        }
    assert stranger.gets(f"/invites/{key.upper()}").status == 200
    assert joins(desk.house.client("bob"), key).endswith("JOIN #club")
    assert stranger.gets(f"/invites/{key}").kind == "no-such-invite"


def test_of_all_that_are_none_the_same_is_told(desk: Desk) -> None:
    taken, over, lost = made(desk), made(desk, days=1), made(desk)
    program(desk).deletes(f"/invites/{taken['id']}")
    desk.house.clock.advance(86400)
    club_of(desk).change(club_of(desk).named(), status="dropped")
    bodies = set()
    for key in ("aaaabbbbccccdddd", "x", "%20", taken["token"], over["token"], lost["token"]):
        for answered in (
            Program(desk, address="198.51.100.1").gets(f"/invites/{key}"),
            Program(desk, address="198.51.100.2").posts(f"/invites/{key}/accept", name="bob", password=WORD),
            Program(desk, address="198.51.100.3").posts(f"/invites/{key}/accept"),
        ):
            assert answered.kind == "no-such-invite"
            bodies.add(str(answered.json))
    assert len(bodies) == 1
    assert club_of(desk).node.network.registry.named("bob") is None


def test_guesses_have_a_bucket() -> None:
    desk = Desk(Club(flood={"enabled": True}, api={"strangers": 2}))
    for _ in range(2):
        assert Program(desk).gets("/invites/aaaabbbbccccdddd").kind == "no-such-invite"
    assert Program(desk).gets("/invites/aaaabbbbccccdddd").kind == "too-many"


def test_a_newcomer_makes_an_account_by_it_and_comes_in(desk: Desk) -> None:
    key = made(desk, most=1, voice=True, guests=False)["token"]
    found = Program(desk).posts(f"/invites/{key}/accept", name="bob", password=WORD).json
    assert (found["account"], found["channels"]) == ("bob", ["#club"])
    bob = Program(desk, found["token"])
    assert bob.puts("/channels/club/membership", key=key).json == {"channel": "#club", "joined": True}
    assert bob.gets("/me").json["channels"] == [{"name": "#club", "ranks": "+"}]
    assert Program(desk).posts(f"/invites/{key}/accept", name="cat", password=WORD).kind == "no-such-invite"


def test_who_has_an_account_comes_by_it(desk: Desk) -> None:
    club_of(desk).account("bob", WORD)
    key = made(desk, most=1)["token"]
    bob = program(desk, "web", "bob")
    for _ in range(2):
        assert bob.posts(f"/invites/{key}/accept").json == {"account": "bob", "channels": ["#club"]}
    assert program(desk).gets("/channels/club/invites").json["items"][0]["used"] == 1
    assert bob.puts("/channels/club/membership", key=key).status == 200
    assert program(desk, "read", "bob").posts(f"/invites/{key}/accept").kind == "scope"
    assert program(desk, "send:#ci", "bob").posts(f"/invites/{key}/accept").kind == "scope"
    assert program(desk).posts("/invites/aaaabbbbccccdddd/accept").kind == "no-such-invite"
    desk.house.reload(ban=[{"target": bob.address, "reason": "spam"}])
    assert bob.posts(f"/invites/{key}/accept").kind == "banned"


def test_a_guest_is_told_where_to_go(desk: Desk) -> None:
    key, closed = made(desk)["token"], made(desk, guests=False)["token"]
    assert Program(desk).posts(f"/invites/{key}/accept").json == {"channels": ["#club"]}
    assert Program(desk).posts(f"/invites/{closed}/accept").kind == "login-required"
    assert Program(desk).gets(f"/invites/{closed}").json["account"] == "needed"


def test_a_code_by_mail_keeps_no_guest_out() -> None:
    club = postal("required")
    desk = Desk(club)
    root = club.client("root")
    opered(root, "accounts")
    (link, _) = ask(root, "LINK ADD #club")
    key = link.rpartition(" ")[2]
    answered = Program(desk).posts(
        f"/invites/{key}/accept", name="bob", password=WORD, email="bob@example.org"
    )
    assert (answered.status, answered.json) == (
        202,
        {"account": "bob", "verify": "email", "channels": ["#club"]},
    )


def test_a_code_by_mail_keeps_nobody_out_of_what_is_for_accounts() -> None:
    club = postal("required")
    desk = Desk(club)
    root = club.client("root")
    opered(root, "accounts")
    root >> "JOIN #club" >> "MODE #club +i"
    (link, _) = ask(root, "LINK ADD #club ACCOUNTS")
    key = link.rpartition(" ")[2]
    assert "477" in joins(club.client("eve", address="203.0.113.5"), key)
    there = Program(desk, address="203.0.113.5")
    body = {"name": "bob", "password": WORD, "email": "bob@example.org"}
    assert there.posts(f"/invites/{key}/accept", None, **body).status == 202
    assert " 477 " in joins(club.client("cat", address="198.51.100.9"), key)
    robert = club.client("robert", address="203.0.113.5")
    assert joins(robert, key).endswith(" JOIN #club")
    robert >> "PART #club"
    assert joins(robert, key).endswith(" JOIN #club")
    club.clock.advance(8 * 86_400)  # their account is gone, with the code
    robert >> "PART #club"
    assert " JOIN " not in joins(robert, key)


def test_one_of_operators_lets_people_register_where_nobody_else_may(desk: Desk) -> None:
    desk.house.reload(accounts={"registration": False})
    ann = program(desk)
    assert ann.posts("/channels/club/invites", register=True).kind == "may-not-invite"
    plain = made(desk)["token"]
    assert Program(desk).gets(f"/invites/{plain}").json["registration"] is False
    answered = Program(desk).posts(f"/invites/{plain}/accept", name="bob", password=WORD)
    assert answered.kind == "no-registration"
    root = desk.house.client("root")
    opered(root, "accounts")
    (link, _) = ask(root, "LINK ADD #club REGISTER")
    key = link.rpartition(" ")[2]
    assert Program(desk).gets(f"/invites/{key}").json["registration"] is True
    found = Program(desk).posts("/accounts", name="bob", password=WORD, invite=key)
    assert found.status == 201
    assert Program(desk).posts(f"/invites/{key}/accept", name="cat", password=WORD).status == 200
    assert Program(desk).posts("/accounts", name="dan", password=WORD, invite=plain).kind == "no-registration"


def test_it_takes_the_right_to_invite_and_a_token_for_it(desk: Desk) -> None:
    club_of(desk).account("bob", WORD)
    bob, mine = program(desk, "all", "bob"), made(desk)
    denied: list[Answered] = [
        bob.gets("/channels/club/invites"),
        bob.posts("/channels/club/invites"),
        bob.deletes(f"/invites/{mine['id']}"),
        desk.program("bot").posts("/channels/club/invites"),
    ]
    assert {each.kind for each in denied} == {"may-not-invite"}
    assert program(desk, "read,send").posts("/channels/club/invites").kind == "scope"
    other = program(desk, "invites:#other")
    assert other.posts("/channels/club/invites").kind == "channel"
    assert other.deletes(f"/invites/{mine['id']}").kind == "channel"
    assert program(desk).posts("/channels/club/invites", voice=True, most=0).kind == "invalid"
