"""Who is asked, and what is the same for all answers: hosts, methods, sites that may ask, headers, faults."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any

import pytest
from conversation import ListLog, ManualClock

from chatnet.api.client_pages import ClientPages
from chatnet.api.readiness import Readiness
from chatnet.api.signposts import signposts
from chatnet.api.site import Site, host_in
from chatnet.model.ids import SID
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.pages import read
from chatnet.settings import ServerSettings, Settings, WebSettings
from chatnet.web.exchange import Ask, Place, Reply
from chatnet.wire.casemap import folder

ALL = ("client", "socket", "api", "hooks", "feeds")
HOST = "chat.example.org"


def now(coroutine: Coroutine[Any, Any, Reply]) -> Reply:
    """What it gives without waiting."""
    with pytest.raises(StopIteration) as end:
        coroutine.send(None)
    reply: Reply = end.value.value
    return reply


class Visit:
    """A site, with some places of its own, and the means to ask it."""

    def __init__(self, **web: Any) -> None:
        me = Server(SID("0AA"), "irc.test", "")
        server = ServerSettings(network="Chess<club>")
        self.clock, self.log = ManualClock(), ListLog()
        self.node = Node(
            Network(me, folder("rfc1459"), 10),
            Settings(server=server, web=WebSettings(**web)),
            self.clock,
            self.log,
            run=lambda coroutine: coroutine.close(),
        )
        self.asked: list[Ask] = []
        self.pages = read()
        self.state: Any = "ready"
        self.challenges: dict[str, bytes] = {}
        self.site = Site(
            self.node,
            {HOST}.__contains__,
            [
                Place("/api/v1/", "api", self.api),
                Place("/api/v1/broken", "api", self.broken),
                Place("/feeds/", "feeds", self.feed),
                *Readiness(self.node, lambda: self.state, lambda: {"stores": "ok"}).places(),
                *ClientPages(self.node, self.pages).places(),
                *signposts(self.challenge),
            ],
        )

    async def api(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        return Reply(201, b"{}", (("Content-Type", "application/json"),), row="/api/v1/things/N")

    async def broken(self, ask: Ask) -> Reply:
        raise ValueError("a secret")

    async def feed(self, ask: Ask) -> Reply:
        self.asked.append(ask)
        headers = (("ETag", '"one"'), ("Cache-Control", "max-age=60"), ("Content-Security-Policy", "own"))
        return Reply(200, b"<feed/>", headers)

    async def challenge(self, name: str) -> bytes | None:
        return self.challenges.get(name)

    def ask(
        self, path: str = "/", method: str = "GET", serves: tuple[str, ...] = ALL, **options: Any
    ) -> tuple[int, dict[str, str], bytes]:
        headers = {"host": HOST, **options.pop("headers", {})}
        headers = {name.replace("_", "-"): value for name, value in headers.items() if value}
        reply = now(self.site.answer(Ask(method, path, headers=headers, **options), serves))
        assert isinstance(reply.body, bytes)
        found: dict[str, str] = {}
        for name, value in reply.headers:
            found[name] = f"{found[name]}, {value}" if name in found else value
        return reply.status, found, reply.body


def test_the_longest_place_is_asked_and_only_what_is_served() -> None:
    visit = Visit()
    assert visit.ask("/api/v1/x", "POST")[0] == 201
    assert visit.ask("/api/v1/broken")[0] == 500
    assert visit.ask("/api/v1/brokenness")[0] == 201
    assert visit.ask("/api/v1/x", serves=("client",))[0] == 404
    assert visit.ask("/api/v2/x")[0] == 404
    assert visit.ask("/apix")[0] == 404
    assert visit.ask("/health", serves=("redirect",))[0] == 200
    visit.site.places.append(Place("/apix", "api", visit.api))
    assert visit.ask("/apix")[0] == 201


def test_what_is_not_there_is_told_in_the_words_of_who_asks() -> None:
    visit = Visit()
    status, headers, body = visit.ask("/api/v2/x")
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(body)["type"] == "/api/v1/problems/no-such-path"
    status, headers, body = visit.ask("/nowhere")
    assert (status, headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert body == b"There is nothing here.\n"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_most_places_can_only_be_read(method: str) -> None:
    visit = Visit()
    status, headers, _ = visit.ask("/feeds/club.atom", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert visit.asked == []
    assert visit.ask("/api/v1/x", method)[0] == 201


def test_who_answers_knows_no_head() -> None:
    visit = Visit()
    assert visit.ask("/feeds/club.atom", "HEAD")[2] == b"<feed/>"  # which is not sent
    assert visit.asked[0].method == "GET"


def test_what_somebody_has_is_not_sent_again() -> None:
    visit = Visit()
    for told in ('"one"', 'W/"one"', '"zero", "one"', "*"):
        status, headers, body = visit.ask("/feeds/x", headers={"if-none-match": told})
        assert (status, body, headers["ETag"]) == (304, b"", '"one"')
        assert headers["Cache-Control"] == "max-age=60"
    assert visit.ask("/feeds/x", headers={"if-none-match": '"two"'})[0] == 200
    assert visit.ask("/health", headers={"if-none-match": "*"})[0] == 200


def test_a_fault_has_a_number_and_tells_nothing() -> None:
    visit = Visit()
    status, headers, body = visit.ask("/api/v1/broken")
    found = json.loads(body)
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert "secret" not in body.decode()
    number = found["detail"].split(" ")[-1].rstrip(".")
    assert f"A request of /api/v1/broken failed: number {number}" in visit.log.failures[0]
    again = json.loads(visit.ask("/api/v1/broken")[2])
    assert again["detail"] != found["detail"]


def test_each_answer_is_told_by_its_row() -> None:
    visit = Visit(access_log=True)
    heard: list[Any] = []
    visit.site.heard.append(lambda *told: heard.append(told))
    visit.ask("/api/v1/things/ann?token=secret", "POST", address="192.0.2.1")
    visit.ask("/feeds/secret")
    visit.ask("/secret")
    assert heard == [
        ("POST", "/api/v1/things/N", 201, 0.0),
        ("GET", "/feeds/", 200, 0.0),
        ("GET", "refused", 404, 0.0),
    ]
    assert visit.log.lines[0] == "192.0.2.1 POST /api/v1/things/N 201 0 ms"
    assert "secret" not in "".join(visit.log.lines)


def test_what_nobody_is_asked_about_bears_the_same_headers() -> None:
    site = Visit().site
    for path, status, kind in (
        ("/api/v1/x", 413, "application/problem+json"),
        ("/api/v1/x", 408, "text/plain; charset=utf-8"),
        ("/x", 413, "text/plain; charset=utf-8"),
    ):
        reply = site.refused(Ask("POST", path), status, "It is too much.")
        headers = dict(reply.headers)
        assert (reply.status, headers["Content-Type"]) == (status, kind)
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
        assert b"It is too much." in reply.body  # type: ignore[operator]  # it is no stream


def test_addresses_are_not_logged_where_they_are_not_to_be() -> None:
    visit = Visit(access_log=True)
    log = visit.node.settings.log.model_copy(update={"addresses": False})
    visit.node.change_settings(visit.node.settings.model_copy(update={"log": log}))
    visit.ask("/health", address="192.0.2.1")
    assert visit.log.lines == ["- GET /health 200 0 ms"]


# --- hosts


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        (HOST, True),
        (f"{HOST}:8080", True),
        (f"{HOST.upper()}.:8080", True),
        ("localhost:8080", True),
        ("127.0.0.1", True),
        ("[::1]:8080", True),
        ("[2001:db8::1]", True),
        ("192.0.2.1:80", True),
        ("evil.example", False),
        (f"x.{HOST}", False),
        (f"{HOST}.evil.example", False),
        (f"{HOST}@evil.example", False),
        (f"evil.example@{HOST}", False),
        (f"{HOST}/x", False),
        ("127.0.0.1.evil.example", False),
        ("[::1", False),
        ("", True),  # of HTTP/1.0 alone
    ],
)
def test_only_our_own_names_lead_here(host: str, ours: bool) -> None:
    visit = Visit()
    for path in ("/", "/health", "/api/v1/x", "/nowhere"):
        status, _, body = visit.ask(path, headers={"host": host})
        assert (status == 421) is not ours
        assert ours or b"web.hosts" in body
    ask = Ask("GET", "/socket", headers={"host": host} if host else {})
    assert visit.site.opens(ask, ALL) is ours


def test_an_operator_may_name_the_names() -> None:
    visit = Visit(hosts=("Club.example.org",))
    assert visit.ask(headers={"host": "club.example.org"})[0] == 200
    assert visit.ask(headers={"host": HOST})[0] == 421
    assert visit.ask(headers={"host": "localhost"})[0] == 200
    assert visit.site.is_ours("club.example.org") and not visit.site.is_ours(HOST)


def test_hosts_are_read_as_browsers_write_them() -> None:
    assert host_in("A.example.:80") == "a.example"
    assert host_in("[::1]:80") == "::1"
    assert host_in("") is host_in(":80") is host_in("x:y") is host_in("[::1") is host_in("a b") is None


# --- pages of other sites


CROSS = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "origin": "https://evil.example"}


@pytest.mark.parametrize(
    "headers",
    [
        CROSS,
        CROSS | {"sec-fetch-site": "same-site", "origin": "https://other.example.org"},
        CROSS | {"sec-fetch-mode": "no-cors", "origin": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "method": "POST"},
    ],
)
def test_pages_of_other_sites_may_not_ask(headers: dict[str, str]) -> None:
    visit = Visit()
    method = headers.pop("method", "GET")
    status, told, body = visit.ask("/api/v1/x", method, headers=headers)
    assert (status, json.loads(body)["type"]) == (403, "/api/v1/problems/cross-site")
    assert "Access-Control-Allow-Origin" not in told
    assert visit.asked == []
    headers["access-control-request-method"] = "POST"
    assert visit.ask("/api/v1/x", "OPTIONS", headers=headers)[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "origin": f"https://{HOST}"},
        {"origin": f"https://{HOST}"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},  # somebody follows a link
    ],
)
def test_our_own_and_programs_may(headers: dict[str, str]) -> None:
    assert Visit().ask("/api/v1/x", headers=headers)[0] == 201


def test_a_site_may_be_let_in() -> None:
    visit = Visit(cors=("https://club.example.org",))
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "origin": "https://club.example.org"}
    status, told, _ = visit.ask("/api/v1/x", "POST", headers=headers)
    assert (status, told["Access-Control-Allow-Origin"]) == (201, "https://club.example.org")
    assert "Origin" in told["Vary"] and "Link" in told["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in told
    wanted = headers | {"access-control-request-method": "PUT"}
    status, told, body = visit.ask("/api/v1/x", "OPTIONS", headers=wanted)
    assert (status, body, told["Access-Control-Max-Age"]) == (204, b"", "600")
    assert "PUT" in told["Access-Control-Allow-Methods"]
    assert "Authorization" in told["Access-Control-Allow-Headers"]
    assert len(visit.asked) == 1
    assert visit.ask("/api/v1/x", headers=CROSS)[0] == 403
    assert "Access-Control-Allow-Origin" not in visit.ask("/", headers=headers)[1]


# --- headers


def test_pages_bear_what_keeps_them_to_themselves() -> None:
    visit = Visit()
    _, headers, _ = visit.ask("/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert policy.endswith("require-trusted-types-for 'script'; trusted-types sw")
    assert {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }.items() <= headers.items()


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/robots.txt", "/api/v1/x", "/api/v1/broken", "/nowhere", "/socket"]
)
def test_whatever_is_answered_bears_the_others(path: str) -> None:
    _, headers, _ = Visit().ask(path)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    assert "Strict-Transport-Security" not in headers


def test_who_answers_may_say_otherwise() -> None:
    _, headers, _ = Visit().ask("/feeds/x")
    assert headers["Content-Security-Policy"] == "own"
    assert headers["Cache-Control"] == "max-age=60"


def test_a_reload_changes_them() -> None:
    visit = Visit()
    web = WebSettings(hsts=3600, frame_ancestors=("https://club.example.org",))
    visit.node.change_settings(visit.node.settings.model_copy(update={"web": web}))
    _, headers, _ = visit.ask("/", encrypted=True)
    assert headers["Strict-Transport-Security"] == "max-age=3600"
    assert "frame-ancestors https://club.example.org;" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in visit.ask("/")[1]


# --- the client


@pytest.mark.parametrize("path", ["/", "/c/club", "/join/TOKEN", "/operate"])
def test_the_page(path: str) -> None:
    visit = Visit(welcome='Say "hi"', autojoin=("#lobby",))
    status, headers, body = visit.ask(path)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Cache-Control"] == "no-cache"
    assert ("X-Robots-Tag" in headers) is (path == "/join/TOKEN")
    text = body.decode()
    assert "<title>Chess&lt;club&gt;</title>" in text
    assert "Say \\&quot;hi\\&quot;" in text and "&quot;autojoin&quot;:[&quot;#lobby&quot;]" in text
    assert visit.ask(path, headers={"if-none-match": headers["ETag"]})[0] == 304
    visit.node.change_settings(visit.node.settings.model_copy(update={"web": WebSettings(title="Club")}))
    status, _, body = visit.ask(path, headers={"if-none-match": headers["ETag"]})
    assert status == 200 and b"<title>Club</title>" in body


def test_of_another_version_nothing_is_there() -> None:
    visit = Visit()
    status, headers, _ = visit.ask("/app/0123456789abcdef/main.js")
    assert (status, headers["Cache-Control"]) == (404, "no-store")
    assert visit.ask(f"/app/{visit.pages.version}/../../__init__.py")[0] == 404
    assert visit.ask("/__init__.py")[0] == visit.ask("/index.html")[0] == 404


# --- health, and where to go instead


def test_health_and_readiness() -> None:
    visit = Visit()
    assert visit.ask("/health")[::2] == (200, b"ok\n")
    assert visit.ask("/ready")[::2] == (200, b'{"status": "ready", "checks": {"stores": "ok"}}')
    assert visit.ask("/ready", address="192.0.2.1")[::2] == (200, b'{"status": "ready"}')
    for state in ("draining", "degraded"):
        visit.state = state
        status, _, body = visit.ask("/ready", address="192.0.2.1")
        assert (status, json.loads(body)) == (503, {"status": state})
        assert visit.ask("/health")[0] == 200


def test_who_asks_for_a_socket_without_one_reads_what_it_is() -> None:
    visit = Visit()
    status, headers, body = visit.ask("/socket")
    assert (status, headers["Upgrade"], headers["Connection"]) == (426, "websocket", "upgrade")
    assert b"text.ircv3.net" in body
    assert visit.ask("/", serves=("socket",))[0] == 426
    assert visit.ask("/socket", serves=("client",))[0] == 404


def test_sockets_are_opened_where_they_are_served() -> None:
    visit = Visit()
    for path in ("/socket", "/", "/irc"):
        ask = Ask("GET", path, headers={"host": HOST, "upgrade": "websocket"})
        assert visit.site.opens(ask, ("socket",))
        assert not visit.site.opens(ask, ("client", "api"))
    assert not visit.site.opens(Ask("GET", "/c/club", headers={"host": HOST}), ALL)
    assert visit.ask("/c/club", headers={"upgrade": "websocket"})[0] == 404
    assert visit.ask("/", serves=("client",), headers={"upgrade": "websocket"})[0] == 404


def test_port_80_leads_to_https() -> None:
    visit = Visit(hosts=(HOST,))
    only = ("redirect",)
    status, headers, body = visit.ask("/c/club", serves=only, query=(("a", "ä &"),))
    assert (status, headers["Location"]) == (308, f"https://{HOST}/c/club?a=%C3%A4+%26")
    assert headers["Location"].encode() in body
    assert visit.ask("/", serves=only, headers={"host": f"{HOST}:80"})[1]["Location"] == f"https://{HOST}/"
    assert visit.ask("/", serves=only, headers={"host": "[::1]"})[1]["Location"] == "https://[::1]/"
    assert visit.ask("/", serves=only, headers={"host": "evil.example"})[0] == 421
    assert visit.ask("/", serves=only, headers={"host": ""})[0] == 400


def test_challenges_are_answered_whatever_the_name_is() -> None:
    visit = Visit()
    visit.challenges["to-ken_1"] = b"answer"
    path = "/.well-known/acme-challenge/"
    options: dict[str, Any] = {"serves": ("redirect",), "headers": {"host": "new.example.org"}}
    assert visit.ask(f"{path}to-ken_1", **options)[::2] == (200, b"answer")
    for name in ("other", "", "..", "../x", "a/b", "a%2fb", "x" * 300):
        visit.challenges[name] = b"never"
        assert visit.ask(path + name, **options)[0] == (200 if name == "other" else 404)
    assert visit.ask(f"{path}to-ken_1", headers={"host": "new.example.org"})[0] == 421


def test_robots_are_asked_to_stay_outside() -> None:
    _, headers, body = Visit().ask("/robots.txt")
    assert b"Disallow: /join/\n" in body and headers["Content-Type"].startswith("text/plain")
