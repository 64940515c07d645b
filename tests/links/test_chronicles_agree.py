"""Three to five servers, cut and linked again while people talk, redact and erase: in the end all that have
members of a channel have stored the same of it, whatever was on its way when a link was lost."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from chronicles import ANN, BOB, CID, Chronicles, Filed, logs_in
from conversation import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh import read_away
from profiles import runs

from chatnet.model.past import Missing
from chatnet.storage.messages.rows import LAST

KEYS: Final = {"a": ANN, "b": BOB, "c": CID, "d": "adadddddddddddddddddd", "e": "aeveeeeeeeeeeeeeeeeee"}
CAPS: Final = "message-tags draft/message-redaction draft/multiline batch"

WHO = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("say"), WHO, st.integers(1, 3)),
    st.tuples(st.just("say"), WHO, st.integers(1, 3)),
    st.tuples(st.just("redact"), WHO, st.integers(0, 9)),
    st.tuples(st.just("erase"), WHO, st.integers(0, 3)),
    st.tuples(st.just("cut"), WHO, st.just(0)),
    st.tuples(st.just("link"), WHO, st.just(0)),
    st.tuples(st.just("deliver"), st.integers(0, 9), st.integers(1, 20)),
    st.tuples(st.just("leave"), WHO, st.just(0)),
    st.tuples(st.just("come"), WHO, st.just(0)),
    st.tuples(st.just("wait"), WHO, st.integers(1, 5)),
)


class Networks:
    """So many servers in a row, each with somebody who is an operator of #c."""

    def __init__(self, size: int, folder: Path | None = None) -> None:
        self.names = "abcde"[:size]
        self.mesh = Chronicles(*self.names) if folder is None else Filed(folder, *self.names)
        self.links: set[tuple[str, str]] = set()
        for pair in pairwise(self.names):
            self.link(pair)
        self.mesh.settle()
        self.people: list[Client] = []
        self.gone: set[str] = set()
        """Texts that were redacted or erased."""
        for name in self.names:
            client = self.mesh[name].client(f"n{name}", caps=CAPS)
            logs_in(client, name, KEYS[name])
            client >> "JOIN #c"
            self.people.append(client)
            self.mesh.advance(1)
        first = self.people[0]
        for other in self.people[1:]:
            first >> f"MODE #c +o {other.user.nick}"
        self.mesh.advance(1000)
        self.said = 0

    def link(self, pair: tuple[str, str]) -> None:
        if pair not in self.links:
            self.mesh.link(*pair)
            self.links.add(pair)

    def do(self, step: Any) -> None:
        what, who, number = step
        client, house = self.people[who % len(self.people)], self.names[who % len(self.names)]
        pair = list(pairwise(self.names))[who % (len(self.names) - 1)]
        match what:
            case "say":
                for _ in range(number):
                    self.said += 1
                    client >> f"PRIVMSG #c :{self.said}"
                self.mesh.clock.advance(0.001)
            case "redact":
                known = list(self.mesh.all_of(house)[0].values()) if client.user.channels else []
                if known:
                    row = known[number % len(known)]
                    client >> f"REDACT #c {row.msgid} :no"
                    if row.msgid not in self.mesh.all_of(house)[0]:
                        self.gone.add(row.text)
            case "erase":
                erasures = self.mesh[house].parts.erasures
                assert erasures is not None
                until = int(self.mesh.clock.time() * 1000) - 1
                author = self.names[number % len(self.names)]
                erasures.erase(KEYS[author], until)
            case "cut":
                if pair in self.links:
                    self.mesh.cut(*pair)
                    self.links.discard(pair)
            case "link":
                self.link(pair)
            case "deliver":
                for turn in range(number):
                    self.mesh.deliver_one(who + turn)
            case "leave":
                client >> "PART #c"
            case "come":
                client >> "JOIN #c"
            case "wait":
                self.mesh.advance(number)
        read_away(self.people)

    def drain(self) -> None:
        """All links are made again, and everything is asked and answered."""
        for pair in pairwise(self.names):
            self.link(pair)
        self.mesh.settle()
        for client in self.people:
            if not client.user.channels:
                client >> "JOIN #c"
        for _ in range(150):
            self.mesh.advance(1)
        read_away(self.people)

    def agree(self) -> None:
        first, *others = [self.mesh.all_of(name) for name in self.names]
        for other in others:
            assert other == first
        assert not self.gone & {row.text for row in first[0].values()}
        for name in self.names:
            house = self.mesh[name]
            gaps = house.parts.gaps
            assert gaps is not None and gaps.missing(self.mesh.place(name), 0, LAST) == Missing()
            house.check()


@settings(
    max_examples=runs(10, 1000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.integers(3, 5), st.lists(STEPS, max_size=40))
def test_stores_agree_when_all_is_heard(size: int, steps: list[Any]) -> None:
    network = Networks(size)
    for step in steps:
        network.do(step)
    network.drain()
    network.agree()


@settings(max_examples=runs(3, 200), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, max_size=40))
def test_and_so_do_files(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        network = Networks(3, Path(folder))
        for step in steps:
            network.do(step)
        network.drain()
        network.agree()
