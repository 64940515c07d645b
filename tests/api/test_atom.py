"""Feeds of channels: what is in them, for whom, and that hostile words stay words."""

from __future__ import annotations

import re
from xml.etree.ElementTree import fromstring

import pytest
from archive import Archive
from chanserv import ask
from conversation import Client
from feedparser.api import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from publishing import feeds_of, founded_in
from watched import asked, body_of, done, fetch, header

from chatnet.storage.interfaces import StoreError
from chatnet.web.exchange import Reply
from chatnet.web.xml import clean

ATOM = "{http://www.w3.org/2005/Atom}"


def told(archive: Archive, name: str = "c", **headers: str) -> Reply:
    archive.clock.advance(61)  # what was kept of it is forgotten
    return fetch(archive, feeds_of(archive).answer, f"/feeds/{name}.atom", **headers)


def entries(archive: Archive) -> list[tuple[str, str]]:
    """Who said what in the feed of #c, the newest first, as a reader of feeds has it."""
    found = parse(body_of(told(archive)))
    assert not found.bozo, found
    return [(each.author, each.content[0].value) for each in found.entries]


def fed(word: str = "ALL") -> tuple[Archive, Client]:
    archive = Archive()
    ann = founded_in(archive)
    assert ask(ann, f"SET #c FEED {word}")[0].startswith("The feed of #c shows")
    ann.lines()
    return archive, ann


def test_all_that_is_said_the_newest_first() -> None:
    archive, ann = fed()
    bob = archive.member("bob", caps="")
    bob >> "JOIN #c" >> "PRIVMSG #c :hello"
    ann >> "PRIVMSG #c :\x01ACTION waves\x01" >> "TOPIC #c :Tea at five"
    archive.clock.advance(1)
    assert entries(archive) == [("ann", "Tea at five"), ("ann", "waves"), ("bob", "hello")]


def test_its_head_and_its_ids() -> None:
    archive, ann = fed()
    ann >> "PRIVMSG #c :one" >> "PRIVMSG #c :two"
    reply = told(archive)
    assert header(reply, "content-type") == "application/atom+xml; charset=utf-8"
    found = parse(body_of(reply))
    assert found.feed.title == "#c (chatnet)"
    assert found.feed.id == "tag:chatnet,2026:feed/c"
    links = {each.rel: each.href for each in found.feed.links}
    assert links == {"self": "http://chat.test/feeds/c.atom", "alternate": "http://chat.test/c/c"}
    archive.clock.advance(61)
    secured = done(archive, feeds_of(archive).answer(asked("/feeds/c.atom", encrypted=True)))
    assert {each.href.partition(":")[0] for each in parse(body_of(secured)).feed.links} == {"https"}
    ids = [each.id for each in found.entries]
    assert len(set(ids)) == 2
    assert all(each.startswith("tag:chatnet,2026:") for each in ids)


def test_it_has_what_a_feed_must_have() -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2: one id, title and updated each; an author of each entry."""
    archive, ann = fed()
    ann >> "PRIVMSG #c :one" >> "TOPIC #c :two"
    root = fromstring(body_of(told(archive)))
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    for element in (root, *root.iterfind(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, (element.tag, name)
        assert moment.fullmatch(element.findtext(f"{ATOM}updated") or "")
        assert (element.findtext(f"{ATOM}id") or "").startswith("tag:")
    for entry in root.iterfind(f"{ATOM}entry"):
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == "ann"
        assert len(entry.findall(f"{ATOM}content")) == 1
    assert root.findtext(f"{ATOM}updated") == max(each.text or "" for each in root.iter(f"{ATOM}updated"))


def test_only_topics() -> None:
    archive, ann = fed("TOPIC")
    ann >> "PRIVMSG #c :hello" >> "NOTICE #c :soon" >> "TOPIC #c :Tea"
    assert entries(archive) == [("ann", "Tea")]


def test_what_operators_announce() -> None:
    archive, ann = fed("ANNOUNCE")
    bob, eve = archive.member("bob", caps=""), archive.client("eve")
    for client in (bob, eve):
        client >> "JOIN #c" >> "NOTICE #c :buy my clock"
    assert ask(ann, "FLAGS #c bob +O")
    ann >> "PRIVMSG #c :hello" >> "NOTICE #c :The club is open"
    assert entries(archive) == [("ann", "The club is open"), ("bob", "buy my clock")]
    ask(ann, "FLAGS #c bob -*")
    assert entries(archive) == [("ann", "The club is open")]


def test_nothing_of_before_it_was_wished_for() -> None:
    archive = Archive()
    ann = founded_in(archive)
    ann >> "PRIVMSG #c :between us"
    archive.clock.advance(2)
    ask(ann, "SET #c FEED ALL")
    ann >> "PRIVMSG #c :for all"
    assert entries(archive) == [("ann", "for all")]


@pytest.mark.parametrize("modes", ["+s", "+p", "+i", "+k sesame"])
def test_there_is_none_behind_closed_doors(modes: str) -> None:
    archive, ann = fed()
    ann >> "PRIVMSG #c :hello"
    assert entries(archive) == [("ann", "hello")]
    ann >> f"MODE #c {modes}"
    assert told(archive).status == 404
    ann >> "PRIVMSG #c :psst" >> f"MODE #c -{modes[1:]}"
    assert ("ann", "hello") in entries(archive)


def test_what_was_said_behind_them_is_not_told_later() -> None:
    archive, ann = fed()
    ann >> "MODE #c +i" >> "PRIVMSG #c :psst" >> "MODE #c -i" >> "PRIVMSG #c :hello"
    assert entries(archive) == [("ann", "hello")]


def test_nor_what_was_for_some_ranks() -> None:
    archive, ann = fed()
    ann >> "PRIVMSG @#c :psst" >> "PRIVMSG #c :hello"
    assert entries(archive) == [("ann", "hello")]


def test_a_deleted_message_is_gone_at_once() -> None:
    archive, _ = fed()
    bob = archive.member("bob", caps="message-tags echo-message draft/message-redaction batch")
    bob >> "JOIN #c"
    bob.lines()
    bob >> "PRIVMSG #c :oh no"
    msgid = bob.lines()[0].partition("msgid=")[2].partition(" ")[0].partition(";")[0]
    feeds = feeds_of(archive)
    assert "oh no" in body_of(fetch(archive, feeds.answer, "/feeds/c.atom"))
    bob >> f"REDACT #c {msgid} :sorry"
    assert "oh no" not in body_of(fetch(archive, feeds.answer, "/feeds/c.atom"))


def test_who_wants_to_be_left_out_is() -> None:
    archive, ann = fed()
    bob = archive.member("bob", caps="")
    bob >> "JOIN #c" >> "PRIVMSG #c :hello"
    ann >> "PRIVMSG #c :hi bob"
    bob >> "NS SET NOLOG ON"
    assert entries(archive) == [("ann", "hi bob")]
    bob >> "NS SET NOLOG OFF"
    assert len(entries(archive)) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nothing.atom",
        "/feeds/c",
        "/feeds/c.rss",
        "/feeds/.atom",
        "/feeds/",
        "/feeds/a/c.atom",
        "/feeds/%23d.atom",
    ],
)
def test_of_what_there_is_none_nobody_learns_more(path: str) -> None:
    archive, ann = fed()
    ann >> "JOIN #d"
    reply = fetch(archive, feeds_of(archive).answer, path)
    assert (reply.status, reply.body) == (404, b"There is no such feed.\n")


def test_a_name_is_found_however_it_is_written() -> None:
    archive, _ = fed()
    for path in ("/feeds/c.atom", "/feeds/C.atom", "/feeds/%23c.atom"):
        assert fetch(archive, feeds_of(archive).answer, path).status == 200, path


def test_a_server_that_gives_none_out() -> None:
    archive, ann = fed()
    archive.reload(web={"feeds": False})
    assert told(archive).status == 404
    assert ask(ann, "SET #c FEED ALL") == ["This server gives out no feeds (web.feeds)."]
    assert ask(ann, "SET #c FEED OFF") == ["#c has no feed now."]


def test_who_has_it_already_is_told_so() -> None:
    archive, ann = fed()
    ann >> "PRIVMSG #c :hello"
    reply = told(archive)
    tag, modified = header(reply, "etag"), header(reply, "last-modified")
    assert tag is not None
    assert modified is not None
    assert header(reply, "cache-control") == "public, max-age=60"
    again = told(archive, if_modified_since=modified)
    assert (again.status, again.body, header(again, "etag")) == (304, b"", tag)
    archive.clock.advance(2)
    ann >> "PRIVMSG #c :more"
    assert told(archive, if_modified_since=modified).status == 200
    assert told(archive, if_modified_since="nonsense").status == 200


def test_it_is_kept_for_a_minute() -> None:
    archive, ann = fed()
    feeds = feeds_of(archive)
    ann >> "PRIVMSG #c :one"
    first = fetch(archive, feeds.answer, "/feeds/c.atom")
    ann >> "PRIVMSG #c :two"
    assert fetch(archive, feeds.answer, "/feeds/c.atom").body == first.body
    archive.clock.advance(61)
    assert "two" in body_of(fetch(archive, feeds.answer, "/feeds/c.atom"))


HOSTILE = [
    "]]>",
    "<script>alert(1)</script>",
    "&amp;&#0;&bogus;",
    "\x0304red\x03 \x02bold\x02 \x1ditalic",
    "\u202egnirts\u202c",
    "\x07bell \x1b[31m \x7f \ufffe \uffff",
    '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_words(text: str) -> None:
    archive, ann = fed()
    ann >> f"PRIVMSG #c :{text}" >> f"TOPIC #c :{text}"
    root = fromstring(body_of(told(archive)))
    for found in root.iter(f"{ATOM}content"):
        assert found.get("type") == "text"
        assert "\u202e" not in (found.text or "")
        assert "\x03" not in (found.text or "")
    assert {child.tag for child in root.iter()} <= {
        f"{ATOM}{name}"
        for name in ("feed", "id", "title", "updated", "link", "entry", "author", "name", "content")
    }


def test_a_message_of_several_lines_is_one_entry() -> None:
    archive, _ = fed()
    bob = archive.member("bob", caps="batch message-tags draft/multiline")
    bob >> "JOIN #c"
    bob >> "BATCH +1 draft/multiline #c"
    bob >> "@batch=1 PRIVMSG #c :one" >> "@batch=1 PRIVMSG #c :two" >> "BATCH -1"
    assert entries(archive) == [("bob", "one\ntwo")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_whatever_is_cleaned_is_fit_for_a_document(text: str) -> None:
    root = fromstring(f"<a>{clean(text).replace('&', '&amp;').replace('<', '&lt;')}</a>")
    assert clean(root.text or "") == (root.text or "")


def test_when_the_store_fails_it_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    archive, _ = fed()

    async def fails(*asked: object) -> object:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(archive.messages, "page", fails)
    reply = told(archive)
    assert reply.status == 503
    assert header(reply, "retry-after") == "60"
    monkeypatch.undo()
    assert told(archive).status == 200
