"""Hooks by programs: made, changed, ended, and looked at; and last values of a channel."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Program, token
from hooked import Hooked

from chatnet.api.values import Values
from chatnet.web.telling import Told

URL = "https://hooks.test/in"


class Office(Hooked):
    """A club with hooks, where ann's programs come by a token of hers."""

    def __init__(self, **sections: Any) -> None:
        super().__init__(token=[token("board"), token("some", "hooks,send:#other")], **sections)
        parts = self.desk.api.parts
        parts.outgoing = self.outgoing
        parts.values = Values(parts.sessions, self.speaking, parts.sessions.describing)
        nickserv = self.club.parts.nickserv
        assert nickserv is not None
        tokens = nickserv.tokens
        self.program = Program(self.desk, self.club.done(tokens.add(self.club.named("ann"), "api", "all", 0)))
        self.board = self.desk.program("board")

    def made(self, **body: Any) -> Any:
        answered = self.program.posts("/channels/club/hooks", **body)
        assert answered.status == 201, answered.body
        self.club.clock.advance(0)
        return answered.json


@pytest.fixture
def office() -> Office:
    return Office()


def test_one_that_hears_is_made_with_an_address_that_is_shown_once(office: Office) -> None:
    found = office.made(label="ci")
    assert (found["channel"], found["label"], found["bot"], found["by"]) == ("#club", "ci", "ci", "ann")
    assert found["format"] == "any" and "secret" not in found
    path = "/hooks/" + found["address"].split("/hooks/")[1]
    assert office.posts(path, text="hi") == (200, b"ok")
    (shown,) = office.program.gets("/channels/club/hooks").json["items"]
    assert "address" not in shown and shown["id"] == found["id"]


def test_one_that_tells_is_made_changed_and_tried(office: Office) -> None:
    found = office.made(
        label="out", url=URL, types=["message", "joined"], match={"prefix": "!", "from": "bob"}
    )
    assert found["secret"].startswith("whsec_") and found["match"] == {"prefix": "!", "from": "bob"}
    path = f"/hooks/{found['id']}"
    assert office.program.posts(f"{path}/test").status == 204
    office.bob >> "PRIVMSG #club :!go"
    assert [each["type"] for each in office.post.bodies] == ["test", "message"]
    changed = office.program.patches(path, label="other", match={"prefix": "?"}, types=["topic"]).json
    assert (changed["label"], changed["match"], changed["types"]) == ("other", {"prefix": "?"}, ["topic"])
    office.bob >> "PRIVMSG #club :!go"
    assert len(office.post.taken) == 2
    renewed = office.program.patches(path, renew=True).json
    assert renewed["secret"] not in (None, found["secret"])
    items = office.program.gets(f"{path}/deliveries").json["items"]
    assert [(each["status"], each["tries"]) for each in items] == [(200, 1), (200, 1)]
    assert office.program.deletes(path).status == 204
    assert office.program.gets("/channels/club/hooks").json["items"] == []
    assert office.program.gets(f"{path}/deliveries").kind == "no-such-path"


def test_one_that_was_closed_is_opened_and_moved(office: Office) -> None:
    office.post.answers = [Told(410, "", b"")]
    out = office.made(label="out", url=URL)
    office.bob >> "PRIVMSG #club :hi"
    (shown,) = office.program.gets("/channels/club/hooks").json["items"]
    assert "410" in shown["closed"]
    assert "closed" not in office.program.patches(f"/hooks/{out['id']}", open=True).json
    into = office.made(label="in")
    moved = office.program.patches(f"/hooks/{into['id']}", renew=True, format="github").json
    assert moved["format"] == "github"
    for address, status in ((into["address"], 404), (moved["address"], 200)):
        path = "/hooks/" + address.split("/hooks/")[1]
        assert office.asks(path, b"{}").status == status


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"label": "a b"}, "/label"),
        ({"label": "x", "format": "svn"}, "/format"),
        ({"label": "x", "bot": "bob"}, "/bot"),
        ({"label": "x", "url": "http://hooks.test/"}, "/url"),
        ({"label": "x", "url": "https://"}, "/url"),
        ({"label": "x", "url": "https://user@hooks.test/"}, "/url"),
        ({"label": "x", "url": "https://hooks.test:port/"}, "/url"),
        ({"label": "x", "url": "https://grün.test/"}, "/url"),
        ({"label": "x", "url": "file:///etc/passwd"}, "/url"),
        ({"label": "x", "url": "https://hooks.test:0/"}, "/url"),
        ({"label": "x", "url": "https://127.0.0.1/"}, "/url"),
        ({"label": "x", "url": "https://127.1/"}, "/url"),
        ({"label": "x", "url": "https://localhost:8000/"}, "/url"),
        ({"label": "x", "url": "https://[fe80::1]/"}, "/url"),
        ({"label": "x", "url": "https://hooks..test/"}, "/url"),
        ({"label": "x", "url": "https://a_b!.test/"}, "/url"),
        ({"label": "x", "url": URL, "secret": "short"}, "/secret"),
        ({"label": "x", "url": URL, "types": ["line"]}, "/types/0"),
        ({"label": "x", "more": 1}, "/more"),
    ],
)
def test_mistakes_are_named(office: Office, body: dict[str, Any], pointer: str) -> None:
    answered = office.program.posts("/channels/club/hooks", **body)
    assert answered.kind == "invalid"
    assert answered.json["errors"][0]["pointer"] == pointer


def test_plain_http_is_for_networks_that_operators_name() -> None:
    office = Office(hooks={"private_networks": ["127.0.0.0/8"]})
    for name, host in (("x", "127.0.0.1"), ("y", "localhost"), ("z", "box")):
        url = f"http://{host}:8000/"
        assert office.made(label=name, url=url)["url"] == url
    answered = office.program.posts("/channels/club/hooks", label="a", url="http://192.0.2.1/")
    assert "hooks.private_networks" in answered.json["errors"][0]["detail"]


def test_who_has_no_right_sees_and_does_nothing(office: Office) -> None:
    found = office.made(label="ci")
    assert office.program.posts("/channels/nowhere/hooks", label="x").kind == "no-such-channel"
    assert office.program.patches(f"/hooks/{'a' * 20}", label="x").kind == "no-such-path"
    for answered in (
        office.board.gets("/channels/club/hooks"),
        office.board.posts("/channels/club/hooks", label="x"),
        office.board.deletes(f"/hooks/{found['id']}"),
    ):
        assert answered.kind == "scope"
    some = office.desk.program("some")
    assert some.gets("/channels/club/hooks").kind == "channel"
    assert some.deletes(f"/hooks/{found['id']}").kind == "channel"
    office.ann >> "MODE #club -qo ann ann" >> "CS SET #club FOUNDER bob"
    office.club.account("robert")
    bob = office.club.named("robert")
    nickserv = office.club.parts.nickserv
    assert nickserv is not None
    theirs = Program(office.desk, office.club.done(nickserv.tokens.add(bob, "api", "all", 0)))
    assert theirs.gets("/channels/club/hooks").kind == "not-operator"
    assert theirs.deletes(f"/hooks/{found['id']}").kind == "not-operator"
    office.ann >> "CS FLAGS #club robert +s"
    assert len(theirs.gets("/channels/club/hooks").json["items"]) == 1


# last values


def test_values_are_kept_and_told(office: Office) -> None:
    assert office.board.puts("/channels/club/values/temperature", value="21.5", unit="°C").status == 204
    office.club.clock.advance(5)
    assert office.board.puts("/channels/club/values/door", value="open").status == 204
    items = office.board.gets("/channels/club/values").json["items"]
    assert items == [
        {"key": "door", "value": "open", "time": "2023-11-14T22:13:25.000Z"},
        {"key": "temperature", "value": "21.5 °C", "time": "2023-11-14T22:13:20.000Z"},
    ]
    assert office.board.puts("/channels/club/values/%C3%BC", value="1").kind == "invalid"
    assert office.board.puts("/channels/club/values/a", value="1\n2").kind == "invalid"
    assert office.board.gets("/channels/nowhere/values").kind == "no-such-channel"


def test_values_outlive_the_process_as_metadata(office: Office) -> None:
    office.board.puts("/channels/club/values/temperature", value="21.5")
    parts = office.desk.api.parts
    parts.values = Values(parts.sessions, office.speaking, parts.sessions.describing)
    (found,) = office.board.gets("/channels/club/values").json["items"]
    assert (found["key"], found["value"]) == ("temperature", "21.5")


def test_values_that_changed_by_much_are_said(office: Office) -> None:
    def puts(value: str, **more: Any) -> list[str]:
        office.ann.lines()
        path = "/channels/club/values/temperature"
        assert office.board.puts(path, value=value, **more).status == 204
        return [line.split(" NOTICE #club :")[1] for line in office.ann.lines() if " NOTICE #club " in line]

    assert puts("0.1") == []
    assert puts("0.2", min_change=0.1) == ["temperature: 0.2"]
    assert puts("0.25", min_change=0.1) == []
    assert puts("0.3", min_change=0.1) == ["temperature: 0.3"]
    assert puts("0.3", unit="°C", min_change=1) == ["temperature: 0.3 °C"]
    for text in ("off", "nan", "off"):
        assert puts(text, min_change=1) == [f"temperature: {text}"]
        assert puts(text, min_change=0) == []
    assert office.board.puts("/channels/club/values/a", value="1", min_change=-1).kind == "invalid"
