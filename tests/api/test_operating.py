"""What operators see and do by the API, and that others do not."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from archive import Archive
from asking import Desk, Program, Study, token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh import Mesh, block

from chatnet.api.figures import Figures, Outside
from chatnet.api.happenings import Happenings
from chatnet.api.lateness import Lateness
from chatnet.api.notices import Notices
from chatnet.api.operating import Operating
from chatnet.api.routes.operating import ROUTES
from chatnet.api.series import SAMPLES, STEP, Series
from chatnet.api.traffic import Traffic
from chatnet.model.facts import NetSplit, ServerIntroduced
from chatnet.model.ids import SID
from chatnet.model.server import Server

ALL = [
    *("kill", "rehash", "bans", "routing", "see-all", "accounts", "audit"),
]
SECTIONS: dict[str, Any] = {
    "oper_class": [{"name": "all", "privileges": ALL}, {"name": "none", "privileges": []}],
    "token": [
        token("boss", "operate,events", **{"class": "all"}),
        token("aide", "operate", **{"class": "none"}),
        token("nobans", "operate,events", **{"class": "none"}),
        token("user", "operate,events"),
        token("ear", "events", **{"class": "all"}),
        token("some", "operate,events:#c", **{"class": "all"}),
        token("bot", "read,send"),
    ],
    "link": [block("b", addresses=["127.0.0.1:6900"], tls=False)],
}


def office(house: Archive | None = None, **sections: Any) -> Desk:
    """A desk where something is kept for operators."""
    house = house or Study(connect=lambda attempt: None, **(SECTIONS | sections))
    desk = Desk(house)
    outside = Outside(lambda: 10**9, lambda: {"irc.test": 2e9})
    figures = Figures(house.parts.sessions, outside, Lateness(house.clock), Traffic())
    notices = Notices(house.node, lambda: 100)
    house.node.observe_too(notices)
    house.node.observe_too(Happenings(desk.api.parts.streams))
    notices.followers.append(desk.api.parts.streams.noticed)
    desk.api.parts.operating = Operating(figures, Series(figures), notices)
    return desk


@pytest.fixture
def desk() -> Desk:
    return office()


@pytest.fixture
def boss(desk: Desk) -> Program:
    return desk.program("boss")


@pytest.mark.parametrize("row", list(ROUTES), ids=lambda row: f"{row.method} {row.path}")
def test_who_is_no_operator_is_told_nothing(desk: Desk, row: Any) -> None:
    path = row.path
    for name in row.variables:
        path = path.replace(f"{{{name}}}", "x")
    bodies: dict[str, Any] = {
        "POST /bans": {"target": "192.0.2.1", "reason": "x"},
        "POST /links/{name}/squit": {},
        "POST /network/users/{nick}/kill": {},
        "PATCH /accounts/{account}": {"suspended": True},
    }
    query = {"target": "192.0.2.1"} if path == "/bans/preview" else {}
    asked = desk.program("user").asks(row.method, path, bodies.get(f"{row.method} {row.path}"), **query)
    assert asked.kind == "not-operator"


def test_this_server(desk: Desk, boss: Program) -> None:
    desk.house.client("ann") >> "JOIN #c"
    found = boss.gets("/server").json
    assert found["name"] == "irc.test"
    assert found["users"] == 2
    assert found["channels"] == 1
    assert found["operators"] == 1
    assert found["troubles"] == ["There is no link to b.test"]
    assert found["certificates"] == {"irc.test": "2033-05-18T03:33:20.000Z"}
    assert found["free"] == 10**9


def test_the_links(boss: Program) -> None:
    found = boss.gets("/links").json
    assert [(each["name"], each["state"], each["configured"]) for each in found["items"]] == [
        ("b.test", "down", True)
    ]
    assert [each["name"] for each in found["servers"] if "uplink" not in each] == ["irc.test"]


class Trusting(Mesh):
    """Servers whose operators are operators on all of them."""

    blocks: ClassVar[dict[str, Any]] = {"allow_opers": True}


def test_the_links_of_other_servers_are_asked_for() -> None:
    """Those answer who are there, and tell it to whom they let see it."""
    tokens = [each for each in SECTIONS["token"] if each["name"] in ("boss", "aide")]
    classes = SECTIONS["oper_class"]
    mesh = Trusting("a", "b", "c", oper_class=classes, sections_of={"a": {"token": tokens}})
    for one, other in ("ab", "bc"):
        mesh.link(one, other)
        mesh.settle()
    for link in mesh["b"].parts.links.all:
        link.pulse.lag = 0.0121
    desk = Desk(mesh["a"], mesh.settle)
    boss = desk.program("boss")
    assert "far" not in boss.gets("/links").json
    found = boss.gets("/links", far=1).json["far"]
    assert [(each["server"], each["name"]) for each in found] == [
        ("b.test", "a.test"),
        ("b.test", "c.test"),
        ("c.test", "b.test"),
    ]
    assert [each["state"] for each in found] == ["linked lag 12ms", "linked lag 12ms", "linked"]
    assert [each.get("lag") for each in found] == [0.012, 0.012, None]
    assert desk.program("aide").gets("/links", far=1).json["far"] == []
    mesh.cut("b", "c")
    mesh.settle()
    mesh.advance(30.0)
    found = boss.gets("/links", far=1).json["far"]
    assert [(each["server"], each["name"]) for each in found] == [("b.test", "a.test")]


def test_operators(boss: Program) -> None:
    assert boss.gets("/operators").json["items"] == [
        {"nick": "boss", "server": "irc.test", "block": "token boss"}
    ]


def test_people_by_what_they_have(desk: Desk, boss: Program) -> None:
    desk.house.client("ann", address="198.51.100.7", secure=True)
    desk.house.client("bob")
    found = boss.gets("/network/users", mask="198.51.*", by="address").json["items"]
    assert [(each["nick"], each["address"], each["secure"]) for each in found] == [
        ("ann", "198.51.100.7", True)
    ]
    first = boss.gets("/network/users", limit=2)
    assert [each["nick"] for each in first.json["items"]] == ["ann", "bob"]
    assert 'rel="next"' in first.headers["link"]
    assert [each["nick"] for each in boss.gets("/network/users", after="bob").json["items"]] == ["boss"]
    assert desk.program("aide").gets("/network/users").kind == "no-privilege"


def test_notices_of_before(desk: Desk, boss: Program) -> None:
    desk.house.node.notice("g", "The sky falls")
    items = boss.gets("/notices").json["items"]
    assert [(each["letter"], each["text"]) for each in items if each["letter"] == "g"] == [
        ("g", "The sky falls")
    ]
    assert boss.gets("/notices", after=items[-1]["id"]).json["items"] == []


def test_notices_as_they_come(desk: Desk, boss: Program) -> None:
    readers = [
        program.listens(types="notice") for program in (boss, *map(desk.program, ("user", "ear", "some")))
    ]
    for reader in readers:
        reader.events()
    desk.house.node.notice("g", "The sky falls at 192.0.2.1", "The sky falls")
    found = [[event["text"] for event in reader.events()] for reader in readers]
    assert found == [["The sky falls at 192.0.2.1"], [], [], []]


def test_bans_as_they_come_and_go(desk: Desk, boss: Program) -> None:
    programs = (boss, desk.program("user"), desk.program("nobans"))
    readers = [program.listens(types="ban") for program in programs]
    for reader in readers:
        reader.events()
    boss.posts("/bans", target="198.51.100.7", reason="spam", duration="1h")
    boss.deletes("/bans/198.51.100.7")
    found = [[(each["id"], each["lifted"], each["reason"]) for each in reader.events()] for reader in readers]
    assert found == [[("198.51.100.7", False, "spam"), ("198.51.100.7", True, "spam")], [], []]


def test_servers_as_they_come_and_go(desk: Desk, boss: Program) -> None:
    house = desk.house
    reader, deaf = boss.listens(types="link"), desk.program("user").listens(types="link")
    for each in (reader, deaf):
        each.events()
    far = Server(SID("9FA"), "far.test", "", 1, house.node.network.me)
    house.node.commit(ServerIntroduced(far, house.clock.time()))
    house.node.commit(NetSplit(house.node.network.me, far, (far,), (), house.clock.time(), "gone"))
    found = [(each["server"], each["uplink"], each["linked"]) for each in reader.events()]
    assert found == [("far.test", "irc.test", True), ("far.test", "irc.test", False)]
    assert deaf.events() == []


def test_somebody_is_disconnected(desk: Desk, boss: Program) -> None:
    eve = desk.house.client("eve")
    assert desk.program("aide").posts("/network/users/eve/kill").kind == "no-privilege"
    assert boss.posts("/network/users/eve/kill", reason="spam").status == 204
    desk.house.clock.advance(1)
    assert eve.session.closed
    assert boss.posts("/network/users/eve/kill", reason="spam").kind == "no-such-user"


def test_what_one_may_is_told(desk: Desk, boss: Program) -> None:
    assert boss.gets("/me").json["privileges"] == sorted(ALL)
    assert desk.program("bot").gets("/me").json["privileges"] == []


def test_numbers_as_they_went(desk: Desk, boss: Program) -> None:
    operating = desk.api.parts.operating
    assert operating is not None
    operating.series.start()
    desk.house.clock.advance(STEP * 2)
    found = boss.gets("/series", names="users,memory").json
    assert set(found["series"]) == {"users", "memory"}
    assert len(found["series"]["users"]) == SAMPLES
    assert found["series"]["users"][-1] == 0
    assert found["step"] == 10
    assert len(boss.gets("/series", span="week").json["series"]) == 16
    assert boss.gets("/series", names="users,parrots").json["errors"] == [
        {"pointer": "/names", "detail": "parrots is none of them"}
    ]
    assert boss.gets("/series", span="century").kind == "invalid"


def test_a_ban_is_looked_at_first_then_set_then_lifted(desk: Desk, boss: Program) -> None:
    house = desk.house
    eve = house.client("eve", address="198.51.100.7")
    for number in range(20):
        house.client(f"p{number}")
    found = boss.gets("/bans/preview", target="eve").json
    assert (found["id"], found["hits"], found["here"], found["nicks"]) == ("198.51.100.7", 1, 1, ["eve"])
    assert found["many"] is False
    wide = boss.gets("/bans/preview", target="*@*").json
    assert (wide["hits"], wide["of"], wide["many"], wide["oneself"]) == (22, 22, True, True)
    made = boss.posts("/bans", target="198.51.100.7", duration="1d", reason="spam|seen before")
    assert made.status == 201
    house.clock.advance(1)
    assert eve.session.closed
    assert any(text.startswith("Done") for text in made.json["words"])
    items = boss.gets("/bans").json["items"]
    assert [(each["id"], each["reason"], each["action"]) for each in items] == [
        ("198.51.100.7", "spam|seen before", "refuse")
    ]
    assert items[0]["until"] > items[0]["set_at"]
    assert boss.deletes("/bans/198.51.100.7").status == 200
    assert boss.gets("/bans").json["items"] == []
    assert boss.deletes("/bans/198.51.100.7").kind == "refused"


def test_a_ban_that_hits_many_is_set_by_force_alone(desk: Desk, boss: Program) -> None:
    for number in range(30):
        desk.house.client(f"p{number}", address="203.0.113.9")
    refused = boss.posts("/bans", target="203.0.113.0/24", reason="spam")
    assert refused.kind == "refused"
    assert "FORCE" in refused.json["detail"]
    assert boss.posts("/bans", target="203.0.113.0/24", reason="spam", force=True).status == 201
    assert boss.gets("/bans").json["items"][0]["id"] == "203.0.113.0/24"
    assert boss.deletes("/bans/203.0.113.0%2F24").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"target": "", "reason": "x"},
        {"target": "two words", "reason": "x"},
        {"target": ":x", "reason": "x"},
        {"target": "192.0.2.1", "reason": ""},
        {"target": "192.0.2.1", "reason": "x", "duration": "soon"},
        {"target": "192.0.2.1", "reason": "x\r\nQUIT"},
    ],
)
def test_what_is_no_ban(boss: Program, body: dict[str, Any]) -> None:
    assert boss.asks("POST", "/bans", body).status in (400, 422)
    assert boss.gets("/bans").json["items"] == []


def test_whom_nobody_could_mean(boss: Program) -> None:
    assert boss.gets("/bans/preview", target="nobody-here").kind == "invalid"


def test_pages_of_bans(boss: Program) -> None:
    for number in range(5):
        assert boss.posts("/bans", target=f"198.51.100.{number}", reason="x").status == 201
    first = boss.gets("/bans", limit=3)
    rest = boss.gets(
        "/bans",
        after=first.headers["link"]
        .partition("after=")[2]
        .partition("&")[0]
        .partition(">")[0]
        .replace("+", " "),
    )
    ids = [each["id"] for each in (*first.json["items"], *rest.json["items"])]
    assert ids == [f"198.51.100.{number}" for number in (4, 3, 2, 1, 0)]


def test_links_are_made_and_ended(desk: Desk, boss: Program) -> None:
    made = boss.posts("/links/b.test/connect")
    assert made.status == 202
    assert made.json["words"] == ["CONNECT: connecting to b.test"]
    assert boss.posts("/links/nowhere.test/connect").status in (400, 404)
    assert boss.posts("/links/nowhere.test/squit", reason="no").status in (400, 404)
    assert desk.program("aide").posts("/links/b.test/connect").kind == "no-privilege"


def test_a_reload_and_its_mistakes(desk: Desk, boss: Program) -> None:
    house = desk.house
    done = boss.posts("/reload")
    assert (done.status, done.json["words"]) == (200, ["done"])
    house.control.problems = ["limits.nick: is too small", "oper.0.class: is none"]
    answered = boss.posts("/reload")
    assert answered.kind == "invalid"
    assert [each["detail"] for each in answered.json["errors"]] == house.control.problems
    assert house.control.asked == ["rehash", "rehash"]
    assert desk.program("aide").posts("/reload").kind == "no-privilege"


def test_who_is_an_operator_by_a_token_stays_one_after_a_reload(desk: Desk, boss: Program) -> None:
    assert boss.gets("/links").status == 200
    desk.house.reload(limits={"nick": 20})
    assert boss.gets("/links").status == 200
    assert boss.gets("/bans").status == 200
    desk.house.reload(
        oper_class=[{"name": "all", "privileges": ["rehash"]}, {"name": "none", "privileges": []}]
    )
    assert boss.gets("/bans").kind == "no-privilege"
    assert boss.posts("/reload").status == 200


def test_accounts_are_found_suspended_renamed_and_erased(desk: Desk, boss: Program) -> None:
    house = desk.house
    assert isinstance(house, Archive)
    ann = house.member("ann", caps="")
    house.account("bob")
    assert [each["name"] for each in boss.gets("/accounts").json["items"]] == ["ann", "bob"]
    assert [each["name"] for each in boss.gets("/accounts", mask="b*").json["items"]] == ["bob"]
    assert boss.gets("/accounts/ann").json["online"] == ["ann"]
    assert boss.gets("/accounts/nobody").kind == "no-such-account"
    found = boss.patches("/accounts/ann", suspended=True, reason="spam", duration="3d").json
    assert (found["state"], found["reason"]) == ("suspended", "spam")
    assert ann.session.closed
    assert boss.patches("/accounts/ann", suspended=False).json["state"] == "active"
    assert boss.patches("/accounts/ann", name="anna").json["name"] == "anna"
    assert boss.patches("/accounts/anna").kind == "invalid"
    assert boss.deletes("/accounts/anna").status == 204
    assert [each["name"] for each in boss.gets("/accounts").json["items"]] == ["bob"]
    assert desk.program("aide").gets("/accounts").kind == "no-privilege"


def test_what_changes_something_is_noted(desk: Desk, boss: Program) -> None:
    house = desk.house
    assert isinstance(house, Archive)
    house.account("bob")
    boss.posts("/bans", target="198.51.100.7", reason="spam")
    boss.deletes("/bans/198.51.100.7")
    boss.posts("/links/b.test/connect")
    boss.posts("/reload")
    boss.patches("/accounts/bob", suspended=True)
    boss.deletes("/accounts/bob")
    noted = house.done(house.parts.sessions.auditing.found("", 0.0, 50))
    assert [each.verb for each in reversed(noted)] == [
        *("UBAN", "UBAN", "CONNECT", "REHASH", "SUSPEND", "ERASE"),
    ]
    assert {each.by for each in noted} == {"token boss (boss)"}


def test_a_server_without_accounts_has_none() -> None:
    house = Study(accounts={"authority": "external"}, **SECTIONS)
    boss = office(house).program("boss")
    assert boss.gets("/accounts").kind == "not-here"


ODD = st.one_of(
    st.text(max_size=40),
    st.text("*?[]\\/@!:.#0123456789abcdef$~| \r\n\0", max_size=40),
    st.sampled_from(
        ["192.0.2.0/24", "::/0", "a@b", "account:*", "cert:zz", "name:*", "realname:*", "#c", "boss"]
    ),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ODD, other=ODD)
def test_whatever_is_asked_for_is_answered(text: str, other: str) -> None:
    desk, boss = _shared()
    asks = [
        ("GET", "/bans/preview", None, {"target": text}),
        ("GET", "/network/users", None, {"mask": text, "after": other}),
        ("GET", "/accounts", None, {"mask": text, "after": other}),
        ("GET", "/bans", None, {"after": text}),
        ("GET", "/series", None, {"names": text}),
        ("DELETE", f"/bans/{quote(text, safe='')}", None, {}),
        ("GET", f"/accounts/{quote(text, safe='')}", None, {}),
        ("POST", f"/links/{quote(text, safe='')}/connect", None, {}),
        ("POST", f"/links/{quote(text, safe='')}/squit", {"reason": other}, {}),
    ]
    for method, path, body, query in asks:
        assert boss.asks(method, path, body, **query).status < 500, (method, path, query)
    assert desk.house.log.failures == []


@cache
def _shared() -> tuple[Desk, Program]:
    desk = office(api={"burst": 100_000})
    return desk, desk.program("boss")
