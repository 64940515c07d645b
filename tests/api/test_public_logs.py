"""Public logs: a page a day of what was said, for those channels that want that."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from archive import Archive
from chanserv import ask
from conversation import Client
from hypothesis import given
from hypothesis import strategies as st
from publishing import feeds_of, founded_in, logs_of
from watched import body_of, fetch, header

from chatnet.api.feeds import Feeds
from chatnet.api.logs import LINES, Logs
from chatnet.web.exchange import Reply

TODAY = "2023-11-14"  # as the clock of conversations has it


class Reader(HTMLParser):
    """Tags and texts of a page, as a browser takes them in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("li", "p"):
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data


def logged(**sections: object) -> tuple[Archive, Client]:
    archive = Archive(web={"logs": True, **sections})
    ann = founded_in(archive)
    assert ask(ann, "SET #c LOGS ON") == ["Pages show what is said in #c from now on, to everybody."]
    ann.lines()
    return archive, ann


def told(archive: Archive, target: str = f"/logs/c/{TODAY}", **headers: str) -> Reply:
    archive.clock.advance(61)
    return fetch(archive, logs_of(archive).answer, target, **headers)


def lines(archive: Archive, target: str = f"/logs/c/{TODAY}") -> list[str]:
    """What stands on a page, line by line, without its time."""
    reply = told(archive, target)
    assert reply.status == 200, reply
    page = Reader(body_of(reply))
    return [text.partition(" ")[2].strip() for text in page.texts if text[2:3] == ":"]


def test_a_page_of_a_day() -> None:
    archive, ann = logged()
    bob = archive.member("bob", caps="", address="198.51.100.9")
    bob >> "JOIN #c" >> "PRIVMSG #c :hello"
    ann >> "PRIVMSG #c :\x01ACTION waves\x01" >> "NOTICE #c :soon" >> "TOPIC #c :Tea at five"
    assert lines(archive) == [
        "bob hello",
        "* ann waves",
        "ann (notice): soon",
        "ann set the topic: Tea at five",
    ]
    reply = told(archive)
    assert header(reply, "content-type") == "text/html; charset=utf-8"
    assert header(reply, "x-robots-tag") == "noindex"
    assert "198.51.100.9" not in body_of(reply)
    assert "~bob" not in body_of(reply)
    assert "<script" not in body_of(reply)
    assert " style=" not in body_of(reply)


def test_each_message_can_be_pointed_to() -> None:
    archive, ann = logged()
    ann >> "PRIVMSG #c :hello"
    page = Reader(body_of(told(archive)))
    ids = [attributes["id"] for tag, attributes in page.tags if tag == "li"]
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert len(ids) == 1
    assert f"#{ids[0]}" in links


def test_the_days_that_there_are() -> None:
    archive, ann = logged()
    ann >> "PRIVMSG #c :one"
    archive.clock.advance(86400 * 2)
    ann >> "PRIVMSG #c :three"
    page = Reader(body_of(told(archive, "/logs/c/")))
    days = [
        attributes["href"]
        for tag, attributes in page.tags
        if tag == "a" and len(attributes["href"] or "") == 10
    ]
    assert days == ["2023-11-16", "2023-11-15", TODAY]
    assert lines(archive, "/logs/c/2023-11-16") == ["ann three"]
    assert lines(archive) == ["ann one"]
    assert "Nothing was said." in body_of(told(archive, "/logs/c/2023-11-15"))
    assert told(archive, "/logs/c").status == 308


@pytest.mark.parametrize(
    "target",
    [
        "/logs/c/2023-11-13",
        "/logs/c/2999-01-01",
        "/logs/c/2023-13-40",
        "/logs/c/x",
        "/logs/c/a/b",
        "/logs/",
        "/logs/d/",
    ],
)
def test_of_what_there_is_none(target: str) -> None:
    archive, ann = logged()
    ann >> "JOIN #d" >> "PRIVMSG #d :psst"
    assert told(archive, target).status == 404


def test_nothing_of_before_it_was_wished_for_and_nothing_when_it_is_not() -> None:
    archive = Archive(web={"logs": True})
    ann = founded_in(archive)
    ann >> "PRIVMSG #c :between us"
    archive.clock.advance(2)
    ask(ann, "SET #c LOGS ON")
    ann >> "PRIVMSG #c :for all"
    assert lines(archive) == ["ann for all"]
    assert ask(ann, "SET #c LOGS OFF") == ["No pages show what is said in #c now."]
    assert told(archive).status == 404


def test_who_comes_in_reads_that_it_is_so_once() -> None:
    archive, ann = logged()
    bob = archive.member("bob", caps="")
    bob >> "JOIN #c"
    notices = [line for line in bob.lines() if "can be read by everybody" in line]
    assert notices == [
        ":ChanServ!ChanServ@services.chatnet NOTICE bob :[#c] What is said here can be read by everybody, "
        "on web pages or in a feed."
    ]
    ask(ann, "SET #c LOGS OFF")
    ask(ann, "SET #c FEED TOPIC")
    eve = archive.member("eve", caps="")
    eve >> "JOIN #c"
    assert not [line for line in eve.lines() if "can be read by everybody" in line]


@pytest.mark.parametrize("modes", ["+s", "+p", "+i", "+k sesame", "+H 0"])
def test_channels_that_show_nothing(modes: str) -> None:
    archive = Archive(web={"logs": True})
    ann = founded_in(archive)
    ann >> f"MODE #c {modes}"
    answer = ask(ann, "SET #c LOGS ON")
    assert len(answer) == 1
    assert answer[0].startswith(f"#c has mode {modes.partition(' ')[0]}")
    assert told(archive).status == 404


def test_who_may_not_set_it_does_not_learn_what_the_channel_is_like() -> None:
    archive = Archive(web={"logs": True})
    ann = founded_in(archive)
    ann >> "MODE #c +s"
    bob = archive.member("bob", caps="")
    assert ask(bob, "SET #c LOGS ON") == ["You need the flag s in #c for that."]


def test_a_server_that_gives_none_out() -> None:
    archive, ann = logged()
    archive.reload(web={"logs": False})
    assert told(archive).status == 404
    assert ask(ann, "SET #c LOGS ON") == ["This server gives out no logs of channels (web.logs)."]


def test_search_engines_may_come_if_that_is_allowed() -> None:
    archive, _ = logged(index_logs=True)
    reply = told(archive)
    assert header(reply, "x-robots-tag") is None
    assert "noindex" not in body_of(reply)


def test_more_than_a_page_of_a_day() -> None:
    archive, ann = logged()
    count = LINES + 50
    for number in range(count):
        ann >> f"PRIVMSG #c :line {number}"
        if number % 100 == 0:
            archive.clock.advance(1)
    first = lines(archive)
    assert len(first) == LINES
    assert first[0] == "ann line 0"
    page = Reader(body_of(told(archive)))
    later = [
        attributes["href"] or ""
        for tag, attributes in page.tags
        if "after=" in (attributes.get("href") or "")
    ]
    assert len(later) == 1
    rest = lines(archive, f"/logs/c/{later[0]}")
    assert rest == [f"ann line {number}" for number in range(LINES, count)]


@pytest.mark.parametrize(
    "cursor", ["x", "1", "-", "99999999999999999999-a", "1-", "1-%00", "1700000000000-zzz"]
)
def test_a_cursor_of_somebody_harms_nobody(cursor: str) -> None:
    archive, ann = logged()
    ann >> "PRIVMSG #c :hello"
    assert told(archive, f"/logs/c/{TODAY}?after={cursor}").status == 200


HOSTILE = [
    "<script>alert(1)</script>",
    "<!--lines-->",
    "--><b>x</b>",
    "</ol></body>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1) data:text/html,x",
    "\u202egnirts",
    "\x0304,05red\x0f <i>",
    'https://example.org/"onclick=alert(1)',
    "&lt;script&gt; &#60;b&#62;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_words(text: str) -> None:
    archive, ann = logged()
    ann >> "PRIVMSG #c :before" >> f"PRIVMSG #c :{text}" >> f"TOPIC #c :{text}" >> "PRIVMSG #c :after"
    page = Reader(body_of(told(archive)))
    allowed = {
        *(
            "html",
            "head",
            "meta",
            "title",
            "link",
            "body",
            "h1",
            "bdi",
            "p",
            "a",
            "nav",
            "ol",
            "li",
            "time",
            "b",
        ),
        *("span", "br"),
    }
    assert {tag for tag, _ in page.tags} <= allowed
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        href = attributes.get("href") or ""
        assert not href.lower().startswith(("javascript:", "data:"))
    assert len([tag for tag, _ in page.tags if tag == "li"]) == 4


def test_addresses_are_links_that_tell_nothing_of_who_follows_them() -> None:
    archive, ann = logged()
    ann >> "PRIVMSG #c :see https://example.org/a?b=1&c=2, or (http://example.net)."
    page = Reader(body_of(told(archive)))
    found = {
        attributes["href"]: attributes["rel"]
        for tag, attributes in page.tags
        if tag == "a" and "rel" in attributes
    }
    assert found == dict.fromkeys(
        ("https://example.org/a?b=1&c=2", "http://example.net"), "nofollow noopener noreferrer ugc"
    )


def test_the_style_is_one_file() -> None:
    archive, _ = logged()
    reply = told(archive, "/logs/style.css")
    assert (reply.status, header(reply, "content-type")) == (200, "text/css; charset=utf-8")
    assert "url(" not in body_of(reply)


def test_what_get_shows_of_it() -> None:
    _, ann = logged()
    ask(ann, "SET #c FEED ANNOUNCE")
    assert ask(ann, "GET #c") == [
        "  feed: announce (since 2023-11-14 22:13 UTC)",
        "  logs: on (since 2023-11-14 22:13 UTC)",
    ]


@cache
def _shared() -> tuple[Archive, Logs, Feeds]:
    archive, ann = logged()
    ask(ann, "SET #c FEED ALL")
    ann >> "PRIVMSG #c :hello"
    return archive, logs_of(archive), feeds_of(archive)


@given(
    name=st.one_of(st.text(max_size=20), st.sampled_from(["c", "#c", "C", "c.atom"])),
    day=st.one_of(st.text(max_size=12), st.dates().map(str)),
    after=st.text(max_size=30),
)
def test_whatever_is_asked_for_is_answered(name: str, day: str, after: str) -> None:
    archive, logs, feeds = _shared()
    name, day, after = (quote(text, safe="") for text in (name, day, after))
    for target in (f"/logs/{name}", f"/logs/{name}/", f"/logs/{name}/{day}?after={after}"):
        assert fetch(archive, logs.answer, target).status in (200, 308, 404), target
    assert fetch(archive, feeds.answer, f"/feeds/{name}.atom").status in (200, 404)
