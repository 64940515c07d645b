"""The real server is killed in mid-sentence and comes back: nothing is lost, doubled, or missing unmarked."""

from __future__ import annotations

import random
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from browser import opened
from daemon_process import DEADLINE, Client, Daemon, free_port
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PASSWORD: Final = "one-of-the-founder"
CONFIGURATION: Final = """
[server]
data = "data"
[accounts]
iterations = 4096
nick_protection = "off"
[flood]
enabled = false
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "websocket"
"""
MAKE: Final = """async (url) => {
    const {Connection} = await import("/app/connection.js");
    const connection = new Connection({url});
    const until = async (condition) => {
        const end = Date.now() + 150_000;
        while (!condition()) {
            if (Date.now() > end) {
                const {asking, end, outbox} = connection.model.target("#club").past;
                const joined = connection.model.channel("#club")?.joined;
                const known = [connection.state, joined, asking?.points, end, outbox.map(({state}) => state)];
                throw new Error(`waited in vain for ${condition}: ${JSON.stringify(known)}`);
            }
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
    };
    connection.join("#club");
    connection.start({nick: "ann"});
    await until(() => connection.model.channel("#club")?.joined);
    const target = connection.open("#club");
    globalThis.ann = {
        connection, target, until,
        say: (texts) => texts.map((text) => connection.say("#club", text)),
        // Back, and the newest read.
        back: () => until(() => connection.state === "LIVE" && target.channel.joined && !target.past.asking
            && !target.past.end && target.past.outbox.every((row) => row.state !== "waiting")),
        apart: () => until(() => connection.state !== "LIVE"),
        // All that can be read; of what was said as it was killed the server says that it may not know all.
        async read() {
            for (let asked = 0; asked < 3;) {
                const holes = target.past.holes().reverse();
                const hole = holes.find((row) => row.hole.state !== "incomplete") ?? holes[0];
                if (!hole) {
                    return;
                }
                asked += Number(hole.hole.state === "incomplete");
                connection.again("#club", hole.id);
                await new Promise((resolve) => setTimeout(resolve, 20));
                await until(() => !target.past.asking);
            }
        },
        view: () => ({
            pieces: target.past.pieces.map((piece) => piece.map(({id, at}) => [at, id])),
            begun: target.past.entries[0]?.gap === null,
            texts: target.past.rows().filter((row) => row.kind === "message").map((row) => row.text),
            uncertain: target.past.outbox.map((row) => [row.text, row.state]),
        }),
    };
    await ann.back();
}"""


class Club:
    """A daemon, a page of ann's, and bob, who talks with her and connects anew when he has to."""

    def __init__(self, folder: Path, page: Page) -> None:
        self.daemon = Daemon(folder)
        web = free_port()
        self.daemon.configure(CONFIGURATION.replace("WEB", str(web)))
        self.daemon.start()
        founder = self.daemon.client("founder")
        founder.send(f"REGISTER * * {PASSWORD}", "JOIN #club", "CS REGISTER #club")
        founder.until("#club belongs to founder now")
        self.page = page
        page.set_default_timeout(DEADLINE * 1000)
        self.bob = self._bob()
        page.evaluate(MAKE, f"ws://127.0.0.1:{web}/")

    def _bob(self) -> Client:
        bob = self.daemon.client("bob")
        bob.send("CAP REQ :batch message-tags server-time draft/chathistory", "JOIN #club")
        bob.until(" 366 ")
        return bob

    def do(self, what: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"(given) => ann.{what}(...given)", list(arguments))

    def kill(self) -> None:
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.do("apart")

    def comes_back(self, texts: list[str]) -> None:
        """The server is there again, and bob, who says something before ann is."""
        self.daemon.start()
        self.bob = self._bob()
        self.bob.send(*(f"PRIVMSG #club :{text}" for text in texts))
        self.bob.sync()

    def stored(self) -> list[tuple[str, str]]:
        """Ids and texts of all that the server has."""
        found: list[tuple[str, str]] = []
        point = "*"
        way = "LATEST"
        while True:
            self.bob.send(f"CHATHISTORY {way} #club {point} 100")
            opened = self.bob.until(r" BATCH \+\S+ chathistory #club$")[-1]
            reference = opened.partition("BATCH +")[2].partition(" ")[0]
            lines = self.bob.until(f" BATCH -{reference}$")
            page = [
                (match[1], match[2])
                for line in lines
                if (match := re.search(r"[@;]msgid=([^ ;]+).* PRIVMSG #club :(.*)$", line))
            ]
            found = page + found
            if not page or "chathistory-end" in opened:
                return found
            way, point = "BEFORE", f"msgid={page[0][0]}"


@pytest.fixture
def club(tmp_path: Path, browser: Browser, address: str) -> Iterator[Club]:
    with opened(browser, address) as page:
        club = Club(tmp_path, page)
        yield club
        page.evaluate("ann.connection.stop()")
        club.daemon.end()


@pytest.mark.parametrize("seed", range(6))
def test_killed_in_mid_sentence(club: Club, seed: int) -> None:
    chance = random.Random(seed)
    said: Counter[str] = Counter()

    def talk(number: int, name: str) -> None:
        for each in range(number):
            who = chance.choice(["ann", "bob"])
            text = f"{who} {name} {each}"
            if who == "ann":
                said.update([text])
                club.do("say", [text])
            else:
                club.bob.send(f"PRIVMSG #club :{text}")
            if chance.random() < 0.1:
                club.bob.sync()

    for kill in range(2):
        talk(chance.randrange(3, 40), f"before {kill}")
        club.kill()
        waiting = [f"ann while away {kill} {each}" for each in range(chance.randrange(3))]
        said.update(waiting)
        club.do("say", waiting)
        club.comes_back([f"bob early {kill} {each}" for each in range(chance.choice([0, 3, 250]))])
        if chance.random() < 0.5:
            talk(chance.randrange(4), f"at once {kill}")
        club.do("back")
    stored = club.stored()
    view = club.do("view")
    pieces = view["pieces"]  # between two of them stands a row that tells that something is missing
    known = {msgid for piece in pieces for _, msgid in piece}
    for msgid, _ in stored:
        if msgid not in known:
            inside = [piece for piece in pieces if piece[0][1] < msgid < piece[-1][1]]
            before, behind = msgid < pieces[0][0][1], msgid > pieces[-1][-1][1]
            assert not inside and not behind and not (before and view["begun"]), (
                "missing, and not shown to be"
            )
    club.do("read")
    view = club.do("view")
    ids = [msgid for piece in view["pieces"] for _, msgid in piece]
    assert len(ids) == len(set(ids))
    assert {msgid for msgid, _ in stored} <= set(ids), "lost"
    shown = Counter(view["texts"])
    assert shown.most_common(1)[0][1] == 1, "doubled"
    uncertain = [text for text, state in view["uncertain"]]
    assert all(state == "uncertain" for _, state in view["uncertain"])
    for text in said:
        assert shown[text] + uncertain.count(text) == 1
    assert not {text for _, text in stored} & set(uncertain), "said, and not known to be"
