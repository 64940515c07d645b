"""The connection of the web client, on a socket and a clock that the test has in its hands."""

from __future__ import annotations

import base64
from typing import Any, Final

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.client

MAKE: Final = """async (random) => {
    const {Connection} = await import("/app/connection.js");
    let now = 1_700_000_000_000;
    let timers = [];
    const sockets = [];
    const log = {states: [], changes: [], answers: []};
    const soon = [];
    class Socket {
        constructor(url, protocol) {
            Object.assign(this, {url, protocol, readyState: 0, sent: []});
            sockets.push(this);
        }
        send(line) {
            this.sent.push(line);
        }
        close() {
            this.readyState = 3;
        }
    }
    let jumped = 0;
    const clock = {
        now: () => now + jumped,
        ticks: () => now,
        later: (ms, what) => {
            const timer = {at: now + ms, what};
            timers.push(timer);
            return () => { timers = timers.filter((each) => each !== timer); };
        },
        soon: (what) => soon.push(what),
    };
    const rest = () => { while (soon.length) { soon.shift()(); } };
    const connection = new Connection({url: "ws://x/", socket: Socket, clock, random: () => random});
    connection.addEventListener("state", ({detail}) => log.states.push([detail.state, detail.reason]));
    connection.addEventListener("changes", (event) => log.changes.push(...event.detail));
    const last = () => sockets[sockets.length - 1];
    globalThis.world = {
        connection, sockets, log,
        advance(ms) {
            const end = now + ms;
            for (;;) {
                timers.sort((a, b) => a.at - b.at);
                if (!timers.length || timers[0].at > end) {
                    break;
                }
                const timer = timers.shift();
                now = timer.at;
                timer.what();
                rest();
            }
            now = end;
        },
        jump(ms) {
            jumped += ms;
        },
        open() {
            last().readyState = 1;
            last().onopen();
            rest();
        },
        receive(lines) {
            for (const line of lines) {
                last().onmessage?.({data: line});
            }
            rest();
        },
        close(code) {
            last().readyState = 3;
            last().onclose({code});
            rest();
        },
        sent: () => last().sent.splice(0),
        states: () => log.states.splice(0),
        call(name, args) {
            const found = connection[name](...args);
            rest();
            return typeof found === "object" ? null : found;
        },
        ask(verb, params) {
            connection.ask(verb, params).then(
                (lines) => log.answers.push(lines.map((line) => [line.verb, ...line.params])),
                (error) => log.answers.push([error.name, error.code ?? "", error.message]),
            );
        },
        answers: () => log.answers.splice(0),
        rows: (name) => connection.model.target(name).past.rows()
            .filter((row) => row.kind !== "day" && row.kind !== "event")
            .map((row) => [row.kind, row.hole ? row.hole.state : row.text, row.state]),
        ids: (name) => connection.model.target(name).past.rows().map((row) => row.id),
    };
}"""
OFFERED: Final = (
    "sasl=PLAIN batch message-tags server-time labeled-response echo-message draft/chathistory "
    "draft/multiline=max-bytes=100,max-lines=4 draft/persistence draft/read-marker vendor/unknown"
)
FEATURES: Final = (
    ":s 005 ann CHATHISTORY=100 NICKLEN=12 HOSTLEN=20 USERLEN=10 CHANTYPES=# MONITOR=9 :are supported"
)


class World:
    """A connection, what it says, and what it is told."""

    def __init__(self, page: Page, random: float = 0.5) -> None:
        self.page = page
        page.evaluate(MAKE, random)

    def do(self, what: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"(given) => world.{what}(...given)", list(arguments))

    def call(self, name: str, *arguments: Any) -> Any:
        return self.do("call", name, list(arguments))

    def receive(self, *lines: str) -> None:
        self.do("receive", list(lines))

    def sent(self) -> list[str]:
        found: list[str] = self.do("sent")
        return found

    def states(self) -> list[list[str]]:
        found: list[list[str]] = self.do("states")
        return found

    def look(self, what: str) -> Any:
        return self.page.evaluate(f"() => world.connection.{what}")

    def rows(self, name: str) -> list[list[str]]:
        found: list[list[str]] = self.do("rows", name)
        return found

    # ways that are gone often

    def start(self, **who: str) -> None:
        self.call("start", {"nick": "ann", **who})

    def greeted(self, nick: str = "ann", offered: str = OFFERED) -> list[str]:
        """Open, and answered as to capabilities; what it said then."""
        self.do("open")
        self.receive(f":s CAP * LS * :{offered}", ":s CAP * LS :vendor/other")
        wanted = [line.removeprefix("CAP REQ :") for line in self.sent() if line.startswith("CAP REQ")]
        self.receive(*(f":s CAP * ACK :{line}" for line in wanted))
        return self.sent()

    def live(self, *told: str, join: tuple[str, ...] = ()) -> list[str]:
        """LIVE, and settled: it was told `told` of what it is in; what it says then."""
        self.start()
        self.greeted()
        for name in join:
            self.call("join", name)
        return self.welcomed(*told)

    def welcomed(self, *told: str) -> list[str]:
        self.receive(":s 001 ann :Welcome", FEATURES, *told)
        [ping] = [line for line in self.sent() if line.startswith("PING")]
        self.receive(f":s PONG s :{ping.removeprefix('PING ')}")
        return self.sent()


@pytest.fixture
def world(page: Page) -> World:
    return World(page)


def label(line: str) -> str:
    return line.partition(";")[0].removeprefix("@label=").partition(" ")[0]


def nonce(line: str) -> str:
    return line.partition("+chatnet/nonce=")[2].partition(" ")[0].partition(";")[0]


# coming in


def test_a_guest_comes_in(world: World) -> None:
    world.start()
    assert world.page.evaluate("[world.sockets[0].url, world.sockets[0].protocol]") == [
        "ws://x/",
        "text.ircv3.net",
    ]
    world.do("open")
    assert world.sent() == ["CAP LS 302"]
    world.receive(":s CAP * LS * :batch sasl=PLAIN server-time", ":s CAP * LS :message-tags vendor/x")
    assert world.sent() == ["CAP REQ :sasl message-tags server-time batch"]
    world.receive(":s CAP * ACK :sasl message-tags server-time batch")
    assert world.sent() == ["NICK ann", "USER ann 0 * ann", "CAP END"]
    world.receive(":s 001 ann :Welcome")
    assert world.states() == [["CONNECTING", ""], ["GREETING", ""], ["LIVE", ""]]
    assert world.look("model.me.nick") == "ann"


def test_a_person_logs_in(world: World) -> None:
    world.start(account="ann", secret="ünd" + "x" * 400, realname="Ann Other")
    assert world.greeted() == ["AUTHENTICATE PLAIN"]
    world.receive("AUTHENTICATE +")
    sent = [line.removeprefix("AUTHENTICATE ") for line in world.sent()]
    assert [len(line) for line in sent] == [400, 148]
    assert base64.b64decode("".join(sent)).decode() == "\0ann\0ünd" + "x" * 400
    world.receive(":s 900 * ann!a@h ann :You are now logged in as ann", ":s 903 * :done")
    assert world.sent() == ["NICK ann", "USER ann 0 * :Ann Other", "CAP END"]
    assert world.look("model.me.account") == "ann"


@pytest.mark.parametrize("code", ["904", "902"])
def test_a_login_that_is_refused(world: World, code: str) -> None:
    world.start(account="ann", secret="old")
    world.greeted()
    world.receive("AUTHENTICATE +", f":s {code} * :SASL authentication failed")
    assert world.states()[-1] == ["REFUSED", "login"]
    assert world.look("text") == "SASL authentication failed"
    world.do("advance", 600_000)
    assert world.states() == []
    world.start(account="ann", secret="new")
    assert world.states() == [["CONNECTING", ""]]


def test_a_server_that_lets_nobody_log_in(world: World) -> None:
    world.start(account="ann", secret="x")
    world.greeted(offered="batch")
    assert world.states()[-1] == ["REFUSED", "no-login"]


def test_a_nick_that_is_in_use(world: World) -> None:
    world.start()
    world.greeted()
    for expected in ("ann_", "ann__"):
        world.receive(":s 433 * ann :Nickname is already in use")
        assert world.sent() == [f"NICK {expected}"]
    world.receive(":s 433 * ann__ :Nickname is already in use")
    [line] = world.sent()
    assert line.removeprefix("NICK ann").isdigit()
    world.receive(":s 001 ann5005 :Welcome")
    assert world.look("model.me.nick") == "ann5005"


def test_who_is_banned_does_not_try_again(world: World) -> None:
    world.start()
    world.greeted()
    world.receive(":s 465 ann :You are banned: spam", "ERROR :Closing Link")
    assert world.states()[-1] == ["REFUSED", "banned"]
    assert world.look("text") == "You are banned: spam"
    world.do("advance", 600_000)
    assert world.states() == []
    world.call("now")
    assert world.states() == [["CONNECTING", ""]]


def test_an_error_in_the_greeting_is_told_and_tried_again(world: World) -> None:
    world.start()
    world.greeted()
    world.receive("ERROR :Too many connections")
    world.do("close", 1000)
    assert world.states()[-1] == ["WAITING", "closed"]
    assert world.look("text") == "Too many connections"


@pytest.mark.parametrize(("opens", "ms"), [(False, 10_000), (True, 15_000)])
def test_nobody_waits_for_ever(world: World, opens: bool, ms: int) -> None:
    world.start()
    if opens:
        world.do("open")
    world.do("advance", ms - 1)
    assert world.states()[-1][0] != "WAITING"
    world.do("advance", 1)
    assert world.states()[-1] == ["WAITING", "timeout"]


# apart, and back


def test_it_tries_again_and_again(world: World) -> None:
    world.start()
    for ms in (500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000):
        world.do("close", 1006)
        assert world.states()[-1] == ["WAITING", "closed"]
        assert world.look("retryAt - world.connection.clock.now()") == ms
        world.do("advance", ms - 1)
        assert world.states() == []
        world.do("advance", 1)
        assert world.states() == [["CONNECTING", ""]]


@pytest.mark.parametrize(("random", "ms"), [(0.0, 350), (0.999999, 649)])
def test_not_all_at_once(page: Page, random: float, ms: int) -> None:
    world = World(page, random)
    world.start()
    world.do("close", 1006)
    assert int(world.look("retryAt - world.connection.clock.now()")) == ms


@pytest.mark.parametrize(("random", "ms"), [(0.0, 1000), (0.999999, 9999)])
def test_a_server_that_stops_is_given_time(page: Page, random: float, ms: int) -> None:
    world = World(page, random)
    world.live()
    world.do("close", 1001)
    assert int(world.look("retryAt - world.connection.clock.now()")) == ms


def test_a_server_without_room_is_not_asked_at_once(world: World) -> None:
    world.start()
    for ms in (4000, 8000, 16_000, 30_000, 30_000):
        world.do("open")
        world.receive("ERROR :Closing Link: 192.0.2.1 (Too many connections from your address)")
        world.do("close", 1013)
        assert world.states()[-1] == ["WAITING", "full"]
        assert world.look("text") == "Too many connections from your address"
        assert world.look("retryAt - world.connection.clock.now()") == ms
        world.do("advance", ms)


def test_who_was_in_for_a_while_begins_anew(world: World) -> None:
    world.start()
    for _ in range(5):
        world.do("close", 1006)
        world.call("now")
    world.greeted()
    world.welcomed()
    world.do("advance", 11_000)
    world.do("close", 1006)
    assert world.look("retryAt - world.connection.clock.now()") == 500


def test_at_once_if_somebody_wants_it(world: World) -> None:
    world.live()
    world.do("close", 1006)
    world.states()
    world.call("wake")
    assert world.states() == [["CONNECTING", ""]]
    world.do("advance", 9000)
    assert world.states() == []


def test_silence(world: World) -> None:
    world.live()
    world.do("advance", 29_000)
    world.receive(":s NOTICE ann :still here")
    world.do("advance", 29_999)
    assert world.sent() == []
    world.do("advance", 1)
    [ping] = world.sent()
    assert ping.startswith("PING alive-")
    world.do("advance", 9000)
    world.receive(":s PONG s :x")
    world.do("advance", 29_000)
    assert world.states()[-1] == ["LIVE", ""]
    world.do("advance", 1000)
    assert len(world.sent()) == 1
    world.do("advance", 10_000)
    assert world.states()[-1] == ["WAITING", "silent"]


@pytest.mark.parametrize("hours", [5, -5])
def test_a_clock_that_is_set_does_nothing(world: World, hours: int) -> None:
    world.live()
    world.do("advance", 29_000)
    world.do("jump", hours * 3_600_000)
    world.receive(":s NOTICE ann :still here")
    world.do("advance", 29_999)
    assert world.sent() == []
    world.do("advance", 1)
    assert len(world.sent()) == 1
    world.do("jump", -hours * 3_600_000)
    world.receive(":s PONG s :x")
    world.do("advance", 29_999)
    assert world.states()[-1] == ["LIVE", ""]
    assert world.sent() == []


def test_somebody_looks_at_a_connection_that_is_dead(world: World) -> None:
    world.live()
    world.states()
    world.call("wake")
    assert world.sent()[0].startswith("PING")
    world.do("advance", 10_000)
    assert world.states() == [["WAITING", "silent"]]


def test_pings_are_answered(world: World) -> None:
    world.live()
    world.receive("PING :some words")
    assert world.sent() == ["PONG :some words"]


def test_what_an_old_socket_says_is_not_heard(world: World) -> None:
    world.live()
    world.call("start", {"nick": "bob"})
    world.page.evaluate("world.sockets[0].onclose({code: 1000})")
    assert world.states()[-1] == ["CONNECTING", ""]


def test_to_go_is_for_good(world: World) -> None:
    world.live()
    world.call("stop")
    assert world.page.evaluate("world.sockets[0].sent") == ["QUIT"]
    world.do("advance", 600_000)
    assert world.states()[-1] == ["OFF", ""]


def test_capabilities_that_come_later(world: World) -> None:
    world.live()
    world.receive(":s CAP ann NEW :chghost vendor/x batch", ":s CAP ann DEL :echo-message")
    assert world.sent() == ["CAP REQ chghost"]
    assert world.look('model.caps.has("echo-message")') is False


# back where one was


def joined(name: str = "#c", at: str = "2023-11-14T22:13:20.000Z", nick: str = "ann") -> tuple[str, ...]:
    return (
        f"@time={at} :{nick}!a@h JOIN {name}",
        f":s 353 {nick} = {name} :@{nick} bob",
        f":s 366 {nick} {name} :End of /NAMES list",
    )


def test_channels_are_entered_again(world: World) -> None:
    sent = world.live(join=("#c", "#d"))
    assert [line.split(" ", 1)[1] for line in sent if "JOIN" in line] == ["JOIN #c,#d"]
    world.receive(*joined("#c"), *joined("#d"))
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    assert world.look("model.channels.size") == 2
    assert [line.split(" ", 1)[1] for line in world.welcomed() if "JOIN" in line] == ["JOIN #c,#d"]


def test_keys_are_kept(world: World) -> None:
    world.live()
    world.call("join", "#c", "sesame")
    assert world.sent()[0].endswith("JOIN #c sesame")
    world.receive(*joined("#c"))
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    assert any(line.endswith("JOIN #c sesame") for line in world.welcomed())


def test_who_was_there_all_the_time_enters_nothing(world: World) -> None:
    """The server tells where one is; what it does not tell was left on another device."""
    world.live(join=("#c", "#d"))
    world.receive(*joined("#c"), *joined("#d"))
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    sent = world.welcomed(":s PERSISTENCE STATUS ON ON", *joined("#c"))
    assert not [line for line in sent if "JOIN" in line]
    assert world.look('model.targets.has("#d")') is False


def test_a_channel_that_lets_nobody_in(world: World) -> None:
    world.live(join=("#c",))
    world.receive(*joined("#c"))
    world.call("open", "#c")
    world.do("close", 1006)
    world.do("advance", 500)
    world.call("say", "#c", "hello")
    world.greeted()
    [join] = [line for line in world.welcomed() if "JOIN" in line]
    world.receive(f"@label={label(join)} :s 473 ann #c :Cannot join channel (+i)")
    assert world.look('model.channels.get("#c").joined') is False
    assert world.rows("#c") == [["hole", "unread", "sent"], ["outbox", "hello", "waiting"]]


def page_of(asked: str, *lines: str, ended: bool = True) -> list[str]:
    target = asked.split(" ")[3]
    end = ";draft/chathistory-end" if ended else ""
    return [
        f"@label={label(asked)}{end} :s BATCH +h chathistory {target}",
        *(f"@batch=h;{line[1:]}" for line in lines),
        ":s BATCH -h",
    ]


def said(number: int, text: str = "", more: str = "", nick: str = "bob") -> str:
    time = f"2023-11-14T22:13:{20 + number:02}.000Z"
    return f"@time={time};msgid=m{number:02}{more} :{nick}!b@h PRIVMSG #c :{text or number}"


def doubt(world: World, asked: str, *lines: str) -> None:
    """A page in which something may be missing."""
    times = "2023-11-14T22:13:22.000Z 2023-11-14T22:13:24.000Z"
    world.receive(
        f"@label={label(asked)} :s BATCH +l labeled-response",
        "@batch=l :s BATCH +h chathistory #c",
        *lines,
        "@batch=l :s BATCH -h",
        f"@batch=l :s NOTE CHATHISTORY INCOMPLETE #c {times} :Something may be missing",
        ":s BATCH -l",
    )


def passes(world: World, ms: int) -> None:
    """Time, in which the server is there."""
    while ms > 0:
        world.do("advance", min(ms, 20_000))
        world.receive("PING :x")
        ms -= 20_000


def history(world: World) -> list[str]:
    return [line for line in world.sent() if "CHATHISTORY" in line and "TARGETS" not in line]


def opened(world: World) -> None:
    """In #c, which is open, and whose past is read: one message."""
    world.live(join=("#c",))
    world.receive(*joined("#c"))
    world.call("open", "#c")
    [asked] = history(world)
    assert asked.split(" ")[1:] == ["CHATHISTORY", "LATEST", "#c", "*", "100"]
    world.receive(*page_of(asked, said(1)))
    assert world.rows("#c") == [["message", "1", "sent"]]


def test_the_hole_of_a_pause_is_filled(world: World) -> None:
    opened(world)
    world.receive(said(2))
    world.do("close", 1006)
    assert world.rows("#c")[-1] == ["hole", "unread", "sent"]
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    assert history(world) == []  # not before one hears what is said there
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    [asked] = history(world)
    assert asked.split(" ")[1:] == ["CHATHISTORY", "LATEST", "#c", "msgid=m02", "100"]
    assert world.rows("#c")[-1] == ["hole", "asked", "sent"]
    world.receive(said(7))
    world.receive(*page_of(asked, said(5), said(6), ended=False))
    assert world.rows("#c") == [
        ["message", "1", "sent"], ["message", "2", "sent"], ["hole", "unread", "sent"],
        ["message", "5", "sent"], ["message", "6", "sent"], ["message", "7", "sent"],
    ]  # fmt: skip
    ids = world.do("ids", "#c")
    world.call("look", "#c", {"first": ids[-2], "last": ids[-1]})
    assert history(world) == []
    world.call("look", "#c", {"first": ids[0], "last": ids[-1]})
    [asked] = history(world)
    assert asked.split(" ")[1:] == ["CHATHISTORY", "BETWEEN", "#c", "msgid=m05", "msgid=m02", "100"]
    world.receive(*page_of(asked, said(3), said(4)))
    assert [row[1] for row in world.rows("#c")] == ["1", "2", "3", "4", "5", "6", "7"]


def test_what_other_servers_may_know(world: World) -> None:
    opened(world)
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    [asked] = history(world)
    doubt(world, asked, "@batch=h;" + said(5)[1:])
    assert world.rows("#c") == [
        ["message", "1", "sent"], ["hole", "incomplete", "sent"], ["message", "5", "sent"],
    ]  # fmt: skip
    # Soon at first, for it may only not be written yet; then once a minute, as long as somebody looks.
    for ms in (2000, 60_000, 60_000):
        passes(world, ms - 1)
        world.call("look", "#c", None)
        assert history(world) == []
        world.do("advance", 1)
        [asked] = history(world)
        assert asked.split(" ")[1:] == ["CHATHISTORY", "BETWEEN", "#c", "msgid=m05", "msgid=m01", "100"]
        doubt(world, asked)
    passes(world, 60_000)
    [asked] = history(world)
    world.receive(*page_of(asked, said(3)))
    assert [row[1] for row in world.rows("#c")] == ["1", "3", "5"]
    passes(world, 300_000)
    assert history(world) == []


def parted(world: World) -> None:
    """bob was lost by a split, and ann has said something since."""
    opened(world)
    world.receive(
        "@time=2023-11-14T22:13:22.000Z :s BATCH +s netsplit s far",
        "@batch=s :bob!b@h QUIT :s far",
        "BATCH -s",
        said(4, nick="ann"),
    )


def test_what_was_said_behind_a_split_is_asked_for(world: World) -> None:
    parted(world)
    assert history(world) == []
    world.receive(
        "@time=2023-11-14T22:13:26.000Z :s BATCH +j netjoin s far", "@batch=j :bob!b@h JOIN #c", "BATCH -j"
    )
    assert world.rows("#c")[-1] == ["hole", "incomplete", "sent"]
    world.do("advance", 2999)
    assert history(world) == []  # a moment for the servers to tell each other
    world.do("advance", 1)
    [asked] = history(world)
    assert asked.split(" ")[1:] == ["CHATHISTORY", "LATEST", "#c", "*", "100"]
    world.receive(*page_of(asked, said(1), said(3), said(4, nick="ann"), said(5)))
    assert [row[1] for row in world.rows("#c") if row[0] == "message"] == ["1", "3", "4", "5"]
    assert "hole" not in [row[0] for row in world.rows("#c")]


def test_who_was_not_told_that_a_split_is_over(world: World) -> None:
    parted(world)
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    split = world.look('model.target("#c").past.rows().find((row) => row.split).split')
    assert split["back"] == ["bob"]
    [asked] = history(world)  # before one knew who is there
    assert asked.split(" ")[1:] == ["CHATHISTORY", "LATEST", "#c", "msgid=m04", "100"]
    world.receive(*page_of(asked, said(5)))
    assert world.rows("#c")[-1][0] == "hole"
    world.do("advance", 3000)
    [asked] = history(world)
    assert asked.split(" ")[1:] == ["CHATHISTORY", "LATEST", "#c", "*", "100"]
    world.receive(*page_of(asked, said(1), said(3), said(4, nick="ann"), said(5)))
    assert [row[1] for row in world.rows("#c") if row[0] == "message"] == ["1", "3", "4", "5"]
    assert "hole" not in [row[0] for row in world.rows("#c")]


def test_what_cannot_be_read_is_tried_again_when_somebody_wants_it(world: World) -> None:
    world.live(join=("#c",))
    world.receive(*joined("#c"))
    world.call("open", "#c")
    [asked] = history(world)
    world.receive(f"@label={label(asked)} :s FAIL CHATHISTORY MESSAGE_ERROR LATEST #c :It could not be read")
    assert world.rows("#c") == [["hole", "failed", "sent"]]
    world.call("look", "#c", None)
    assert history(world) == []
    world.call("again", "#c", "hole:end")
    [asked] = history(world)
    world.receive(*page_of(asked, said(1)))
    assert world.rows("#c") == [["message", "1", "sent"]]


def test_an_id_that_the_server_has_lost(world: World) -> None:
    """It ended before it had written what it told: it is asked by times then."""
    opened(world)
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    [asked] = history(world)
    world.receive(f"@label={label(asked)} :s FAIL CHATHISTORY MESSAGE_ERROR LATEST #c :It could not be read")
    [asked] = history(world)
    assert asked.split(" ")[1:] == [
        "CHATHISTORY", "LATEST", "#c", "timestamp=2023-11-14T22:13:20.999Z", "100",
    ]  # fmt: skip
    world.receive(*page_of(asked, said(2)))
    assert [row[1] for row in world.rows("#c")] == ["1", "2"]


def test_where_there_is_news(world: World) -> None:
    opened(world)
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    [asked] = [line for line in world.welcomed() if "TARGETS" in line]
    assert asked.split(" ")[4] == "timestamp=2023-11-14T22:13:20.999Z"  # strictly behind it, so one earlier
    world.receive(
        f"@label={label(asked)} :s BATCH +t draft/chathistory-targets",
        "@batch=t :s CHATHISTORY TARGETS bob 2023-11-14T22:14:00.000Z",
        "@batch=t :s CHATHISTORY TARGETS #left 2023-11-14T22:14:00.000Z",
        ":s BATCH -t",
    )
    assert world.look('model.targets.get("bob").news') is True
    assert world.look('model.targets.has("#left")') is False
    sent = world.sent()
    assert "MARKREAD bob" in sent
    [asked] = [line for line in sent if "CHATHISTORY" in line]
    talk = said(9, "psst").replace("#c", "ann")
    world.receive(":s MARKREAD bob timestamp=2023-11-14T22:13:20.000Z", *page_of(asked, talk))
    assert world.look('model.targets.get("bob").mentions') == 1
    assert world.look('model.targets.get("bob").news') is False


# what one says


def test_what_one_says_is_grey_until_it_is_heard(world: World) -> None:
    opened(world)
    assert world.call("say", "#c", "hello", {"replyTo": "m01"}) is True
    [line] = world.sent()
    assert line == (
        f"@label={label(line)};+chatnet/nonce={nonce(line)};+reply=m01;+draft/reply=m01 PRIVMSG #c hello"
    )
    assert world.rows("#c")[-1] == ["outbox", "hello", "waiting"]
    world.receive(f"@label={label(line)};{said(2, 'hello', ';+chatnet/nonce=' + nonce(line), 'ann')[1:]}")
    assert world.rows("#c") == [["message", "1", "sent"], ["message", "hello", "sent"]]


def test_what_is_refused_says_why(world: World) -> None:
    opened(world)
    world.call("say", "#c", "hello")
    [line] = world.sent()
    world.receive(f"@label={label(line)} :s 404 ann #c :Cannot send to channel")
    assert world.rows("#c")[-1] == ["outbox", "hello", "refused"]
    [change] = world.page.evaluate('world.log.changes.filter((each) => each.kind === "error")') or [None]
    assert change is None
    world.call("dismiss", "#c", world.do("ids", "#c")[-1])
    assert world.rows("#c") == [["message", "1", "sent"]]


def test_what_is_not_answered_was_perhaps_said(world: World) -> None:
    opened(world)
    world.call("say", "#c", "hello")
    [line] = world.sent()
    passes(world, 59_999)
    assert world.rows("#c")[-1] == ["outbox", "hello", "waiting"]
    passes(world, 1)
    assert world.rows("#c")[-1] == ["outbox", "hello", "uncertain"]
    world.receive(f"@label={label(line)};{said(2, 'hello', ';+chatnet/nonce=' + nonce(line), 'ann')[1:]}")
    assert world.rows("#c")[1:] == [["message", "hello", "sent"]]  # late, but it was


def test_what_is_taken_and_never_heard_was_perhaps_said(world: World) -> None:
    opened(world)
    world.call("say", "#c", "hello")
    [line] = world.sent()
    world.receive(f"@label={label(line)} :s ACK")
    passes(world, 59_999)
    assert world.rows("#c")[-1] == ["outbox", "hello", "waiting"]
    passes(world, 1)
    assert world.rows("#c")[-1] == ["outbox", "hello", "uncertain"]


def test_what_waited_for_a_talk_that_is_closed_does_not_count(world: World) -> None:
    opened(world)
    world.do("close", 1006)
    for number in range(50):
        assert world.call("say", "bob", f"line {number}") is True
    assert world.call("say", "#c", "too much") is False
    world.call("close", "bob")
    assert world.call("say", "#c", "one") is True
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    assert [line.rpartition(" ")[2] for line in world.sent() if "PRIVMSG" in line] == ["one"]


def test_what_is_kept_of_all_together(world: World) -> None:
    opened(world)
    world.page.evaluate("""() => {
        const {connection} = world;
        for (let place = 0; place < 12; place++) {
            const target = connection.model.target(`nick${place}`);
            const lines = Array.from({length: 1900}, (_, at) => ({
                tags: new Map([["msgid", `${place}.${at}`]]), nick: "x", user: "x", host: "x",
                source: "x!x@x", verb: "PRIVMSG", params: ["ann", "words"],
            }));
            target.past.take(lines, {live: true}, 0);
        }
        connection.open("nick3");
        connection.tell([{kind: "channels"}]);
    }""")
    world.do("advance", 0)
    world.receive("PING :x")
    kept = world.page.evaluate(
        "() => [...world.connection.model.targets.values()].map(({past}) => past.entries.length)"
    )
    assert 18_000 < sum(kept) <= 20_000
    assert world.look('model.target("nick3").past.entries.length') == 1900


def test_several_lines_and_too_long_ones(world: World) -> None:
    opened(world)
    world.call("say", "#c", "one\n\ntwo")
    lines = world.sent()
    reference = f"m{label(lines[0])}"
    assert lines == [
        f"@label={label(lines[0])};+chatnet/nonce={nonce(lines[0])} BATCH +{reference} draft/multiline #c",
        f"@batch={reference} PRIVMSG #c one",
        f"@batch={reference} PRIVMSG #c :",
        f"@batch={reference} PRIVMSG #c two",
        f"BATCH -{reference}",
    ]
    world.call("say", "#c", "\n".join("abcdef"))
    assert [line for line in world.sent() if "BATCH +" in line][1:] != []
    assert [row[1] for row in world.rows("#c")[-2:]] == ["a\nb\nc\nd", "e\nf"]


def test_what_is_typed_meanwhile_is_said_in_order(world: World) -> None:
    opened(world)
    world.do("close", 1006)
    for number in range(50):
        assert world.call("say", "#c", f"line {number}") is True
    assert world.call("say", "#c", "too much") is False
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    assert not [line for line in world.sent() if "PRIVMSG" in line]
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    texts = [line.rpartition(":")[2] for line in world.sent() if "PRIVMSG" in line]
    assert texts == [f"line {number}" for number in range(50)]


@pytest.mark.parametrize("found", [True, False])
def test_what_was_perhaps_said(world: World, found: bool) -> None:
    """Nothing is ever said twice by itself."""
    opened(world)
    world.call("say", "#c", "hello")
    [line] = world.sent()
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted()
    world.welcomed()
    world.receive(*joined("#c", "2023-11-14T22:13:26.000Z"))
    sent = world.sent()
    assert not [each for each in sent if "PRIVMSG" in each]
    [asked] = [each for each in sent if "LATEST" in each]
    assert world.rows("#c")[-1] == ["outbox", "hello", "waiting"]
    # There is more than a page: it is looked for further back.
    world.receive(*page_of(asked, said(5), ended=False))
    assert world.rows("#c")[-1] == ["outbox", "hello", "waiting"]
    [asked] = history(world)
    own = [said(3, "hello", f";+chatnet/nonce={nonce(line)}", "ann")] if found else [said(3)]
    world.receive(*page_of(asked, *own))
    expected = [["message", "hello", "sent"], ["message", "5", "sent"]]
    if not found:
        expected = [["message", "3", "sent"], ["message", "5", "sent"], ["outbox", "hello", "uncertain"]]
    assert world.rows("#c")[1:] == expected
    world.do("close", 1006)
    world.do("advance", 1000)
    world.greeted()
    world.welcomed()
    world.receive(*joined("#c", "2023-11-14T22:13:29.000Z"))
    assert not [each for each in world.sent() if "PRIVMSG" in each]


def test_where_nothing_is_stored_it_was_perhaps_said(world: World) -> None:
    world.start()
    world.greeted(offered="batch message-tags server-time labeled-response echo-message")
    world.call("join", "#c")
    world.welcomed()
    world.receive(*joined("#c"))
    world.call("say", "#c", "hello")
    world.do("close", 1006)
    world.do("advance", 500)
    world.greeted(offered="batch message-tags server-time labeled-response echo-message")
    world.welcomed()
    world.receive(*joined("#c"))
    assert world.rows("#c")[-1] == ["outbox", "hello", "uncertain"]


def test_questions_have_one_answer(world: World) -> None:
    world.live()
    world.do("ask", "WHOIS", ["bob"])
    world.do("ask", "TIME", [])
    world.do("ask", "PART", ["#x"])
    whois, time, part = world.sent()
    world.receive(f"@label={label(time)} :s 391 ann s :noon")
    world.receive(
        f"@label={label(whois)} :s BATCH +1 labeled-response",
        "@batch=1 :s 311 ann bob b h * :Bob",
        "@batch=1 :s 318 ann bob :End",
        ":s BATCH -1",
        f"@label={label(part)} :s 403 ann #x :No such channel",
    )
    world.page.evaluate("async () => {}")
    assert world.do("answers") == [
        [["391", "ann", "s", "noon"]],
        [["311", "ann", "bob", "b", "h", "*", "Bob"], ["318", "ann", "bob", "End"]],
        ["Refusal", "403", "No such channel"],
    ]
    world.do("ask", "WHOIS", ["bob"])
    world.do("close", 1006)
    world.do("ask", "WHOIS", ["bob"])
    world.page.evaluate("async () => {}")
    assert [answer[0] for answer in world.do("answers")] == ["Unanswered", "Unanswered"]


def test_typing_is_told_once_in_three_seconds(world: World) -> None:
    opened(world)
    world.sent()
    for _ in range(4):
        world.call("typing", "#c", True)
        world.do("advance", 1000)
    world.call("typing", "#c", False)
    world.call("typing", "#c", False)
    assert world.sent() == [
        "@+typing=active TAGMSG #c", "@+typing=active TAGMSG #c", "@+typing=done TAGMSG #c",
    ]  # fmt: skip


def test_how_far_one_has_read_never_goes_back(world: World) -> None:
    opened(world)
    world.receive(said(3))
    world.sent()
    world.call("markRead", "#c", 1_700_000_003_000)
    world.call("markRead", "#c", 1_700_000_001_000)
    assert world.sent() == ["MARKREAD #c timestamp=2023-11-14T22:13:23.000Z"]
    assert world.look('model.targets.get("#c").unread') == 0


def test_a_message_to_jump_to(world: World) -> None:
    opened(world)
    world.call("jump", "#c", "m01")
    assert history(world) == []
    world.call("jump", "#c", "a01")
    [asked] = history(world)
    assert asked.split(" ")[1:] == ["CHATHISTORY", "AROUND", "#c", "msgid=a01", "60"]


# servers that say what no server should


@pytest.mark.parametrize(
    "line",
    [
        "@time=+275760-09-13T00:00:00.000Z;msgid=z :bob!b@h PRIVMSG #c :late",
        "@time=-271821-04-20T00:00:00.000Z;msgid=0 :bob!b@h PRIVMSG #c :early",
        ":ann!a@h JOIN :#a b",
        ":ann!a@h JOIN #a,b",
        ":ann!a@h JOIN :",
        ":s PING :a\nb",
        ":::x!b@h PRIVMSG ann :hello",
        ":!@ PRIVMSG ann :hello",
        ":ann!a@h NICK :a b",
        ":s MARKREAD :a b timestamp=2026-01-01T00:00:00.000Z",
        ":s MARKREAD #c timestamp=soon",
        ":s RENAME #c :a b",
        ":s 354 ann 152",
        ":s 005 ann CASEMAPPING=__proto__ :are supported",
        ":s 005 ann CASEMAPPING=constructor :are supported",
    ],
)
def test_a_line_that_makes_no_sense_breaks_nothing(world: World, line: str) -> None:
    opened(world)
    world.receive(line)
    world.do("close", 1006)
    world.do("advance", 40_000)
    world.greeted()
    world.welcomed(":ann!a@h JOIN #c")
    world.receive("@time=2026-11-30T14:00:00.000Z;msgid=zz :bob!b@h PRIVMSG #c :still here")
    assert ["message", "still here", "sent"] in world.rows("#c")
    assert world.page.evaluate("[...world.connection.model.targets.keys()]") == ["#c"]


def test_what_no_line_has_room_for_is_not_said(world: World) -> None:
    opened(world)
    world.sent()
    world.call("say", "#c", "a\0b")
    [line] = [line for line in world.sent() if "PRIVMSG" in line]
    assert line.endswith(" PRIVMSG #c ab")


def test_words_of_the_server_are_not_kept_for_ever(world: World) -> None:
    opened(world)
    world.receive(*(f":s NOTICE ann :*** {number}" for number in range(2100)))
    assert world.look("model.notices.entries.length") == 2000


def test_what_waits_in_a_channel_that_another_device_has_left_is_still_seen(world: World) -> None:
    opened(world)
    world.do("close", 1006)
    world.call("say", "#c", "do you hear me?")
    world.do("advance", 2000)
    world.greeted()
    world.welcomed(":s PERSISTENCE STATUS ON ON")
    assert ["outbox", "do you hear me?", "waiting"] in world.rows("#c")
    assert world.look('model.targets.has("#c")')
