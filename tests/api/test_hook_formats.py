"""What is made of what programs post to a hook: Slack's JSON, forms, text, templates, and that of others."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.api.hooks.formats import ANY, FORM, FORMATS, JSON, read, wrong
from chatnet.api.hooks.posted import MORE, ROOM, Posted, Unread, plain, shortened
from chatnet.api.hooks.slack import marked
from chatnet.api.hooks.templates import filled
from chatnet.wire.text import byte_length


def posted(payload: object, form: str = ANY, **headers: str) -> str:
    given = {"content-type": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    found = read(form, given, json.dumps(payload).encode())
    return "" if found is None else found.text


def refused(form: str, kind: str, body: bytes) -> str:
    with pytest.raises(Unread) as why:
        read(form, {"content-type": kind}, body)
    return why.value.word


# Slack


def test_a_text_is_said_as_it_is() -> None:
    assert posted({"text": "Build 812 is green"}) == "Build 812 is green"
    assert posted({"text": "a\r\nb\rc\nd"}) == "a\nb\nc\nd"
    assert posted({"text": "\x02bold\x02 \x01ACTION waves\x01 \x07\x00"}) == "\x02bold\x02 ACTION waves "


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<https://example.org|the build>", "the build (https://example.org)"),
        ("<https://example.org>", "https://example.org"),
        ("<https://example.org|https://example.org>", "https://example.org"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("<!here> <!channel> <@U123|ann> <@U123> <#C1|club>", "@here @channel @ann @U123 #club"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("a < b > c", "a < b > c"),
        ("<", "<"),
    ],
)
def test_markup_is_taken_out(text: str, shown: str) -> None:
    assert marked(text) == shown


def test_attachments_are_lines() -> None:
    payload = {
        "text": "Alert",
        "attachments": [
            {
                "fallback": "not shown",
                "pretext": "before",
                "title": "Disk",
                "title_link": "https://example.org/d",
                "text": "90 % full",
                "fields": [{"title": "Host", "value": "db1"}, {"value": "alone"}, {"title": 7, "value": 8}],
            },
            {"fallback": "only <https://a.example|this>"},
            {"color": "red"},
            "odd",
        ],
    }
    assert posted(payload).split("\n") == [
        "Alert", "before", "Disk (https://example.org/d)", "90 % full", "Host: db1", "alone", "7: 8",
        "only this (https://a.example)",
    ]  # fmt: skip


def test_blocks_stand_in_the_place_of_the_text() -> None:
    payload = {
        "text": "for notifications",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Deployed"}},
            {"type": "divider"},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "to <https://example.org|production>"},
                "fields": [{"type": "mrkdwn", "text": "by ann"}, {"type": "mrkdwn", "text": "in 3 s"}],
            },
            {"type": "context", "elements": [{"type": "image", "alt_text": "cat"}, {"text": "v1.2"}]},
            {"type": "image", "title": {"text": "graph"}, "image_url": "https://example.org/g.png"},
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "see "},
                            {"type": "link", "url": "https://example.org", "text": "this"},
                            {"type": "emoji", "name": "tada"},
                        ],
                    },
                    {
                        "type": "rich_text_list",
                        "elements": [
                            {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
                        ],
                    },
                ],
            },
            {"type": "of the future", "text": {"text": "unseen"}},
        ],
    }
    assert posted(payload).split("\n") == [
        "Deployed", "to production (https://example.org)", "by ann", "in 3 s", "cat v1.2",
        "graph (https://example.org/g.png)", "see this (https://example.org):tada:", "- one",
    ]  # fmt: skip
    assert posted({"text": "the text", "blocks": [{"type": "divider"}]}) == "the text"


def test_a_name_is_told_besides() -> None:
    body = json.dumps({"text": "hi", "username": "  CI\nbot "}).encode()
    assert read(ANY, {"content-type": JSON}, body) == Posted("hi", "CI bot")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"3", b'"text"', b'{"text": 3}', b"\xff", b"[" * 60_000, b'{"text": ' + b"[" * 9000],
)
def test_what_is_no_payload_is_refused(body: bytes) -> None:
    assert refused(ANY, JSON, body) == "invalid_payload"
    assert refused(ANY, FORM, b"payload=" + body) == "invalid_payload"


@pytest.mark.parametrize("payload", [{}, {"text": ""}, {"text": " \n"}, {"attachments": []}, {"blocks": "x"}])
def test_what_says_nothing_is_refused(payload: object) -> None:
    assert refused(ANY, JSON, json.dumps(payload).encode()) == "no_text"


# forms, and text


def test_a_form_has_the_same_json() -> None:
    form = urlencode({"payload": json.dumps({"text": "grün & gut", "username": "ci"})}).encode()
    assert read(ANY, {"content-type": FORM}, form) == Posted("grün & gut", "ci")
    assert read(ANY, {"content-type": FORM}, b"a=b&" + form) == Posted("grün & gut", "ci")
    assert read(ANY, {"content-type": FORM}, b"text=a+b&username=ci") == Posted("a b", "ci")


@pytest.mark.parametrize("kind", [FORM, "text/plain", "text/plain; charset=utf-8", "", "text/markdown"])
def test_text_is_said_as_it_is_also_as_curl_sends_it(kind: str) -> None:
    assert read(ANY, {"content-type": kind}, b"disk at 90 % + more\nsecond") == Posted(
        "disk at 90 % + more\nsecond"
    )
    assert refused(ANY, kind, b" \r\n") == "no_text"


def test_other_types_are_refused() -> None:
    assert refused(ANY, "image/png", b"x") == "invalid_payload"
    assert refused(ANY, "multipart/form-data; boundary=x", b"x") == "invalid_payload"


# templates


PUSH: Any = {"repository": {"full_name": "a/b"}, "commits": [{"message": "one"}, {"message": "two"}], "n": 3}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{repository.full_name}: {commits.1.message}", "a/b: two"),
        ("{n} {missing} {commits.7.message} {repository.full_name.more}|", "3   |"),
        ("{{{n}}} {repository}", "{3} "),
        ("{repository.__class__} {commits.-1.message} {n.real}", "  "),
        ("{ n }", "3"),
    ],
)
def test_templates_are_filled_in(template: str, text: str) -> None:
    assert filled(template, PUSH) == text


def test_a_template_takes_any_json_also_in_a_form() -> None:
    assert posted(PUSH, "template [{n}]") == "[3]"
    form = urlencode({"payload": json.dumps(PUSH)}).encode()
    assert read("template [{n}]", {"content-type": FORM}, form) == Posted("[3]")
    assert posted({"x": 1}, "template {y}") == ""
    assert posted([5], "template {0}") == "5"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("any", None),
        ("github", None),
        ("template {a}: {b}", None),
        ("template {{}} {a}", None),
        ("svn", f"is none of {', '.join(FORMATS)}"),
        ("github now", "takes no words behind github"),
        ("template", "is empty"),
        ("template {a", "has a brace without its other half: write {{ or }} for one"),
        ("template hello", "has no {name} in it"),
    ],
)
def test_a_format_is_looked_at_before(form: str, reason: str | None) -> None:
    assert wrong(form) == reason


# what others post


def github(event: str, payload: dict[str, Any]) -> str:
    base = {"repository": {"full_name": "a/b"}, "sender": {"login": "ann"}}
    return posted({**base, **payload}, "github", x_github_event=event)


def test_github() -> None:
    commits = [
        {"id": f"{n}234567890", "message": f"Do {n}\n\nmore", "author": {"name": "Ann"}} for n in range(7)
    ]
    push = {"ref": "refs/heads/main", "pusher": {"name": "ann"}, "compare": "https://g/c", "commits": commits}
    assert github("push", push).split("\n") == [
        "[a/b] ann pushed 7 commits to main https://g/c",
        *(f"  {n}2345678 Do {n} (Ann)" for n in range(2, 7)),
        "  … and 2 more commits before",
    ]
    assert github("push", {**push, "forced": True, "commits": commits[:1]}).startswith(
        "[a/b] ann force-pushed 1 commit to main"
    )
    assert github("push", {**push, "deleted": True, "commits": []}) == ""
    pull = {"number": 5, "title": "Fix", "html_url": "https://g/5", "merged": True}
    assert (
        github("pull_request", {"action": "closed", "pull_request": pull})
        == "[a/b] ann merged pull request #5: Fix https://g/5"
    )
    assert github("pull_request", {"action": "labeled", "pull_request": pull}) == ""
    run = {"name": "CI", "head_branch": "main", "conclusion": "timed_out", "html_url": "https://g/r"}
    assert (
        github("workflow_run", {"action": "completed", "workflow_run": run})
        == "[a/b] CI on main: timed out https://g/r"
    )
    assert github("ping", {"zen": "Keep it logically awesome."}) == (
        "[a/b] This webhook works: Keep it logically awesome."
    )
    assert github("create", {"ref_type": "tag", "ref": "v1"}) == "[a/b] ann created the tag v1"
    comment = {"body": "Nice\nwork", "html_url": "https://g/x"}
    assert (
        github("issue_comment", {"action": "created", "issue": {"number": 3}, "comment": comment})
        == "[a/b] ann commented on #3: Nice https://g/x"
    )
    assert github("watch", {"action": "started"}) == ""


def test_gitlab() -> None:
    where = {"project": {"path_with_namespace": "a/b", "web_url": "https://l/a/b"}}
    commits = [{"id": "abcdef123456", "message": "Do it", "author": {"name": "Ann"}}]
    push = {"object_kind": "push", "ref": "refs/heads/main", "user_name": "Ann", "total_commits_count": 9}
    assert posted({**where, **push, "commits": commits}, "gitlab").split("\n") == [
        "[a/b] Ann pushed 9 commits to main https://l/a/b",
        "  abcdef12 Do it (Ann)",
    ]
    merge = {"action": "merge", "iid": 4, "title": "Fix", "url": "https://l/4"}
    assert (
        posted(
            {**where, "object_kind": "merge_request", "user": {"name": "Ann"}, "object_attributes": merge},
            "gitlab",
        )
        == "[a/b] Ann merged merge request !4: Fix https://l/4"
    )
    pipeline = {"id": 7, "ref": "main", "status": "failed", "url": "https://l/7"}
    assert (
        posted({**where, "object_kind": "pipeline", "object_attributes": pipeline}, "gitlab")
        == "[a/b] Pipeline 7 on main: failed https://l/7"
    )
    assert (
        posted({**where, "object_kind": "pipeline", "object_attributes": {"status": "running"}}, "gitlab")
        == ""
    )
    assert posted({"object_kind": "build"}, "gitlab") == ""


@pytest.mark.parametrize("form", ["alertmanager", "grafana"])
def test_alerts(form: str) -> None:
    alert = {
        "status": "firing",
        "labels": {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"},
        "annotations": {"summary": "90 % full"},
        "generatorURL": "https://p/g",
    }
    over = {"status": "resolved", "labels": {"alertname": "Down"}}
    assert posted({"alerts": [alert, over]}, form).split("\n") == [
        "[FIRING critical] DiskFull (db1:9100): 90 % full https://p/g",
        "[RESOLVED] Down",
    ]
    assert posted({"alerts": [over] * 12}, form).split("\n")[-1] == "… and 2 more alerts"


def test_grafana_of_before() -> None:
    legacy = {"title": "[Alerting] Load", "ruleUrl": "https://gr/1", "message": "too high"}
    assert posted(legacy, "grafana") == "[Alerting] Load https://gr/1\ntoo high"


# whatever comes


KEYS = st.sampled_from(
    [
        *(
            "text",
            "attachments",
            "blocks",
            "type",
            "elements",
            "fields",
            "title",
            "username",
            "alerts",
            "labels",
        ),
        *("object_kind", "commits", "action", "pull_request", "message", "status", "repository", "fallback"),
    ]
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=runs(200, 20_000), deadline=None)
@given(
    st.sampled_from([*FORMATS[2:], ANY, "template {text}"]),
    JSONS,
    st.sampled_from(["push", "issues", "ping"]),
)
def test_whatever_json_comes_is_text_or_refused(form: str, payload: object, event: str) -> None:
    body = json.dumps(payload).encode()
    try:
        found = read(form, {"content-type": JSON, "x-github-event": event}, body)
    except Unread as why:
        assert why.word in ("invalid_payload", "no_text")
        return
    if found is not None:
        assert found.text.strip() and found.text.encode()
        assert not set(found.text) & set("\r\0\x01")


@settings(max_examples=runs(200, 20_000), deadline=None)
@given(st.sampled_from(["", JSON, FORM, "text/plain"]), st.binary(max_size=200))
def test_whatever_bytes_come_are_text_or_refused(kind: str, body: bytes) -> None:
    try:
        found = read(ANY, {"content-type": kind}, body)
    except Unread:
        return
    assert found is not None and found.text.encode()


@given(st.text(max_size=300), st.integers(2, 10), st.integers(100, 600))
def test_a_text_is_shortened_to_what_may_be_said(text: str, lines: int, size: int) -> None:
    said = plain(text)
    found = shortened(said, lines, size)
    assert found.count("\n") < lines
    assert byte_length(found) <= size
    wide = all(byte_length(line) <= ROOM for line in said.split("\n"))
    if wide and said.strip("\n").count("\n") < lines and byte_length(said) < size - MORE:
        assert found.split("\n") == [line.rstrip() for line in said.strip("\n").split("\n")]


def test_how_much_is_left_out_is_told() -> None:
    assert shortened("\n".join("abcdefgh"), 4, 1000) == "a\nb\nc\n… (5 more lines)"
    assert shortened("a\nb\nc", 2, 1000) == "a\n… (2 more lines)"
    assert shortened("a\n" + "b" * 100, 5, 80) == "a\n… (1 more line)"
    assert shortened("b" * 100, 5, 80) == "b" * 77 + "…"
    assert shortened("\n".join(["b" * 700] * 5), 5, 10_000) == "\n".join(
        ["b" * 700] * 2 + ["… (3 more lines)"]
    )
