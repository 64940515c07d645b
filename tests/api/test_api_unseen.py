"""A secret channel is, for programs outside of it, as one that there is none: whatever they ask of it."""

from __future__ import annotations

from typing import Any, Final

import pytest
from archive import Archive
from asking import Answered, Desk, Program, token
from hooked import Hooked

from chatnet.api.routes import ROUTES
from chatnet.api.table import CHANNEL, Route
from chatnet.api.values import Values

BODIES: Final[dict[tuple[str, str], list[dict[str, Any]]]] = {
    ("PATCH", "/channels/{channel}"): [
        {"topic": "mine"},
        {"modes": "+m"},
        {"modes": "+y"},
        {"modes": "+o nobody"},
        {"modes": "+b"},
        {"modes": "+k"},
    ],
    ("POST", "/channels/{channel}/messages"): [{"text": "hi", "join": False}],
    ("POST", "/channels/{channel}/hooks"): [{"label": "x"}, {"label": "x", "url": "https://hooks.test/in"}],
    ("POST", "/channels/{channel}/invites"): [{}, {"voice": True}],
    ("DELETE", "/channels/{channel}/messages/{id}"): [{}, {"reason": "why"}],
}
"""What is asked in a body; of all others nothing."""
JOINING: Final = {
    ("PUT", "/channels/{channel}/membership"),
    ("PUT", "/channels/{channel}/values/{key}"),
}
"""Who asks these goes into the channel first, or makes it."""
ROWS: Final = [row for row in ROUTES if CHANNEL in row.variables and (row.method, row.path) not in JOINING]


class Club(Hooked):
    """A club whose #club is secret; `outside` is a program of somebody without a right there."""

    def __init__(self) -> None:
        super().__init__()
        parts = self.desk.api.parts
        parts.outgoing = self.outgoing
        parts.values = Values(parts.sessions, self.speaking, parts.sessions.describing)
        self.said = self.ann_says("our secret")
        self.ann >> "MODE #club +s"
        self.inside, self.outside = self.program("ann"), self.program("robert")

    def ann_says(self, text: str) -> str:
        self.ann >> f"PRIVMSG #club :{text}"
        (line,) = (each for each in self.ann.lines() if text in each)
        return next(tag[6:] for tag in line[1:].split(" ")[0].split(";") if tag.startswith("msgid="))

    def program(self, name: str) -> Program:
        if name != "ann":
            self.club.account(name)
        nickserv = self.club.parts.nickserv
        assert nickserv is not None
        return Program(self.desk, self.club.done(nickserv.tokens.add(self.club.named(name), "api", "all", 0)))


@pytest.fixture
def club() -> Club:
    return Club()


def answers(club: Club, row: Route, name: str) -> list[Answered]:
    path = row.path.replace("{channel}", name).replace("{id}", club.said).replace("{emoji}", "x")
    return [
        club.outside.asks(row.method, path, body or None) for body in BODIES.get((row.method, row.path), [{}])
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_a_secret_channel_and_none_are_answered_alike(club: Club, row: Route) -> None:
    for here, none in zip(answers(club, row, "CLUB"), answers(club, row, "NONE"), strict=True):
        if "messages" not in row.path or row.method != "GET":  # this server stores none
            assert here.kind == none.kind == "no-such-channel"
        assert str(here.json) == str(none.json).replace("NONE", "CLUB")
    club.bob.lines()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_who_may_see_a_channel_reads_what_is_against_it(club: Club, row: Route) -> None:
    """What is no secret is told as ever."""
    club.ann >> "MODE #club -s+n"
    for answered in answers(club, row, "club"):
        if answered.status >= 400:
            assert answered.json["numeric"] != "403" if "numeric" in answered.json else True, answered.json


def test_hooks_and_links_of_what_one_does_not_see_are_none(club: Club) -> None:
    hook = club.inside.posts("/channels/club/hooks", label="ci").json["id"]
    link = club.inside.posts("/channels/club/invites").json["id"]
    for way, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        here, none = (club.outside.asks(way, f"/hooks/{id_}{path}") for id_ in (hook, "a" * len(hook)))
        assert here.kind == none.kind == "no-such-path", way
        assert here.json == none.json
    here, none = (club.outside.deletes(f"/invites/{id_}") for id_ in (link, "a" * len(link)))
    assert here.kind == none.kind == "no-such-invite" and here.json == none.json
    club.ann >> "MODE #club -s"
    assert club.outside.deletes(f"/hooks/{hook}").kind == "not-operator"
    assert club.outside.deletes(f"/invites/{link}").kind == "may-not-invite"


def test_what_was_said_in_a_secret_channel_is_as_what_was_said_in_none() -> None:
    desk = Desk(Archive(token=[token("bot", "all")]))
    ann, bot = desk.house.client("ann", caps="message-tags echo-message"), desk.program("bot")
    ann >> "JOIN #club" >> "MODE #club +s" >> "PRIVMSG #club :our secret"
    said = next(line for line in ann.lines() if "our secret" in line)
    msgid = next(tag[6:] for tag in said[1:].split(" ")[0].split(";") if tag.startswith("msgid="))
    for path in ("messages", f"messages/{msgid}", "messages/abc"):
        here, none = (bot.gets(f"/channels/{name}/{path}") for name in ("CLUB", "NONE"))
        assert here.kind == none.kind == "no-such-channel"
        assert str(here.json) == str(none.json).replace("NONE", "CLUB")


def test_nor_do_marks_and_searching_tell(club: Club) -> None:
    now = "2026-11-29T12:00:00.000Z"
    marks = [club.outside.puts(f"/marks/%23{name}", time=now) for name in ("CLUB", "NONE")]
    searches = [club.outside.gets("/search", q="secret", in_=f"#{name}") for name in ("CLUB", "NONE")]
    for here, none in (marks, searches):
        assert here.status == none.status
        assert str(here.json) == str(none.json).replace("NONE", "CLUB")
