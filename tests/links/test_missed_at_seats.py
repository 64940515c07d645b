"""What a device missed it reads where it comes back, on whatever server, and once."""

from __future__ import annotations

from typing import Any

import pytest
from chronicles import Chronicle
from clubs import FullClub
from conversation import Client
from message_memory import MemoryMessages
from sitting import Houses

from chatnet.storage.promise import Promise


class Remembering(Houses):
    """Houses that store what is said; everybody is always on, but for gus, who is a guest beside bob."""

    def __init__(self, *names: str, **given: Any) -> None:
        given.setdefault("bouncer", {"always_on": "all"})
        super().__init__(*(names or ("a", "b")), **given)
        self.gus = self[list(self.houses)[-1]].client("gus")
        self.settle()

    def make(self, **given: Any) -> FullClub:
        return Chronicle(MemoryMessages(), **given)

    def device(self, house: str, name: str) -> Client:
        """One of ann's devices; what it read is not forgotten."""
        client = self.begin(house, "ann", f"ann@{name}".rstrip("@"), caps="server-time")
        self.settle()
        return client

    def speaks(self, *texts: str) -> None:
        for text in texts:
            self.advance(1.0)
            self.say(self.bob, f"PRIVMSG #c :{text}", f"PRIVMSG ann :{text}, ann")
            self.say(self.gus, f"PRIVMSG ann :{text}, guest")
        self.advance(1.0)


def texts(client: Client) -> list[str]:
    """What it read of messages."""
    lines = [line.partition(" ")[2] for line in client.lines()]
    return [line.partition(" :")[2] for line in lines if " PRIVMSG " in line]


def both(*said: str) -> list[str]:
    return sorted(text for each in said for text in (each, f"{each}, ann", f"{each}, guest"))


def test_a_device_without_times_reads_where_something_was_said() -> None:
    mesh = Remembering()
    mesh.say(mesh.device("a", "desk"), "JOIN #c")
    mesh.say(mesh.device("b", "phone"), "QUIT")
    mesh.speaks("two")
    again = mesh.begin("b", "ann", "ann@phone")
    mesh.settle()
    mesh.advance(10.0)  # nobody was waited for, and so nothing is said of that
    (told,) = [line for line in again.lines() if " PRIVMSG " in line or " NOTICE " in line]
    assert " NOTICE ann :While you were away something was said in " in told
    assert "#c" in told and "bob" in told and ": HISTORY " in told


def test_a_device_without_times_reads_where_something_was_said_that_others_know() -> None:
    """Nobody of the house where it comes back was there for it: it asks before it tells."""
    mesh = Remembering("a", "b", "c")
    mesh.say(mesh.device("b", "phone"), "JOIN #c", "QUIT")
    mesh.advance(1.0)
    mesh.say(mesh.bob, "PRIVMSG #c :one", "PRIVMSG ann :two")
    mesh.say(mesh.gus, "PRIVMSG ann :three")
    mesh.advance(1.0)
    again = mesh.begin("a", "ann", "ann@phone")
    for _ in range(10):
        mesh.advance(1.0)
    (told,) = [line for line in again.lines() if " PRIVMSG " in line or " NOTICE " in line]
    where = told.partition("something was said in ")[2].partition(".")[0]
    assert sorted(where.split(", ")) == ["#c", "bob", "gus"]
    mesh.check()


def test_a_device_reads_what_it_missed_wherever_it_comes_back() -> None:
    mesh = Remembering()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    phone = mesh.device("b", "phone")
    mesh.speaks("one")
    assert sorted(texts(phone)) == sorted(texts(desk)) == both("one")
    mesh.say(phone, "QUIT")
    mesh.speaks("two")
    again = mesh.device("b", "phone")
    assert sorted(texts(again)) == both("two")
    mesh.say(again, "QUIT")
    mesh.speaks("three")
    assert sorted(texts(mesh.device("a", "phone"))) == both("three")
    mesh.check()


def test_a_device_of_the_host_reads_at_a_seat_what_it_missed() -> None:
    mesh = Remembering()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    mesh.speaks("one")
    mesh.say(desk, "QUIT")
    mesh.speaks("two", "three")
    assert sorted(texts(mesh.device("b", "desk"))) == both("two", "three")
    assert mesh.seats("a") == ["b.test"]
    mesh.check()


def test_a_device_reads_what_was_said_in_channels_in_which_nobody_was_there() -> None:
    mesh = Remembering()
    phone = mesh.device("b", "phone")
    mesh.say(phone, "JOIN #c")
    mesh.speaks("one")
    mesh.say(phone, "QUIT")
    mesh.speaks("two")
    assert sorted(texts(mesh.device("a", "phone"))) == both("two")
    mesh.check()


def test_a_device_reads_at_a_server_without_a_seat_what_was_said_since_an_heir_took_over() -> None:
    mesh = Remembering("a", "b", "c", sections_of={"b": {"bouncer": {"always_on": "all", "host": False}}})
    phone = mesh.device("a", "phone")
    mesh.say(phone, "JOIN #c", "QUIT")
    mesh.cut("a", "b")
    mesh.advance(1.0)
    assert mesh.there("b").server.name == "c.test" and mesh.seats("b") == []
    mesh.speaks("one", "two")
    assert sorted(texts(mesh.device("b", "phone"))) == both("one", "two")


@pytest.mark.parametrize("silent", [("ask",), ("ask_stays",), ("ask_talks", "ask")])
def test_nobody_waits_longer_for_what_others_do_not_answer(
    monkeypatch: pytest.MonkeyPatch, silent: tuple[str, ...]
) -> None:
    mesh = Remembering()
    phone = mesh.device("b", "phone")
    for channel in "cde":
        mesh.say(phone, f"JOIN #{channel}")
    mesh.speaks("one")
    mesh.say(phone, "QUIT")
    for channel in "de":
        mesh.say(mesh.bob, f"JOIN #{channel}", f"PRIVMSG #{channel} :here")
    mesh.speaks("two")

    answer = Promise[None]()  # which nobody keeps

    async def never(*args: object, **options: object) -> None:
        await answer

    for name in silent:
        monkeypatch.setattr(mesh["a"].parts.links.inquiries, name, never)
    again = mesh.device("a", "phone")
    assert not any(" 001 " in line for line in again.lines())
    mesh.advance(mesh["a"].node.settings.history.ask_timeout - 0.1)
    assert not any(" 001 " in line for line in again.lines())
    mesh.advance(0.1)
    assert any(" 001 " in line for line in again.lines())
    mesh.speaks("three")
    assert sorted(texts(again)) == both("three")


def test_a_server_alone_waits_for_nobody() -> None:
    mesh = Remembering()
    phone = mesh.device("b", "phone")
    mesh.say(phone, "JOIN #c")
    mesh.speaks("one")
    mesh.say(phone, "QUIT")
    mesh.cut("a", "b")
    mesh.advance(1.0)
    mesh.speaks("two")
    again = mesh.begin("b", "ann", "ann@phone", caps="server-time")
    lines = again.lines()
    assert any(" 001 " in line for line in lines), "in the same turn"
    assert sorted(line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line) == both("two")


def test_a_device_that_was_never_here_reads_what_nobody_has_read() -> None:
    mesh = Remembering()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    mesh.speaks("one")
    mesh.say(desk, "QUIT")
    mesh.speaks("two")
    assert sorted(texts(mesh.device("b", "tablet"))) == both("two")
    assert texts(mesh.device("b", "another")) == []
    mesh.check()


class Three(Remembering):
    """Houses a, b and c, of which the first may be lost."""

    def __init__(self, **given: Any) -> None:
        super().__init__("a", "b", "c", **given)

    def lose_the_host(self) -> None:
        self.cut("a", "b")
        self.advance(1.0)
        assert self.there("b").server.name != "a.test"


@pytest.mark.parametrize("back_at", ["b", "c"])
@pytest.mark.parametrize("name", ["phone", ""])
def test_an_heir_knows_what_each_device_had_heard(back_at: str, name: str) -> None:
    mesh = Three()
    phone = mesh.device("a", name)
    mesh.say(phone, "JOIN #c")
    mesh.speaks("one")
    mesh.say(phone, "QUIT")
    mesh.speaks("two")
    mesh.lose_the_host()
    mesh.speaks("three")
    again = mesh.device(back_at, name)
    assert sorted(texts(again)) == both("two", "three")
    mesh.say(again, "QUIT")
    assert texts(mesh.device(back_at, name)) == []
    mesh.check()


def test_an_heir_knows_it_of_devices_that_were_at_seats_and_while_others_were_there() -> None:
    mesh = Three()
    desk, phone = mesh.device("a", "desk"), mesh.device("b", "phone")
    mesh.say(desk, "JOIN #c")
    mesh.speaks("one")
    mesh.say(phone, "QUIT")
    mesh.speaks("two")
    mesh.say(desk, "QUIT")
    mesh.speaks("three")
    mesh.lose_the_host()
    assert sorted(texts(mesh.device("c", "phone"))) == both("two", "three")
    assert sorted(texts(mesh.device("b", "desk"))) == both("three")
    mesh.check()


def test_a_device_that_was_never_anywhere_reads_at_an_heir_what_nobody_has_read() -> None:
    mesh = Three()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    mesh.speaks("one")
    mesh.say(desk, "QUIT")
    mesh.speaks("two")
    mesh.lose_the_host()
    mesh.speaks("three")
    assert sorted(texts(mesh.device("c", "tablet"))) == both("two", "three")
    mesh.check()


@pytest.mark.parametrize("name", ["phone", ""])
def test_a_device_that_was_connected_when_its_server_died_reads_nothing_again_that_is_older(
    name: str,
) -> None:
    """What it heard since that was last told to other servers it reads again."""
    mesh = Three()
    early = mesh.device("a", name)
    mesh.say(early, "JOIN #c", "QUIT")
    mesh.speaks("zero")
    phone = mesh.device("a", name)
    assert sorted(texts(phone)) == both("zero")
    mesh.speaks("one")
    mesh.advance(100.0)
    mesh.say(phone, "PING x")
    for house in mesh.houses:
        mesh[house].parts.sessions.sweep()
    mesh.settle()
    mesh.speaks("two")
    mesh.lose_the_host()
    mesh.speaks("three")
    assert sorted(texts(mesh.device("b", name))) == both("two", "three")
    mesh.check()


@pytest.mark.parametrize("caps", ["", "server-time"])
@pytest.mark.parametrize("others", [(), ("tablet",)])
def test_a_device_comes_back_to_a_seat_while_the_link_to_the_host_is_lost(
    caps: str, others: tuple[str, ...]
) -> None:
    """With another device there or without: who knows what it has heard is not the host alone."""
    mesh = Three()
    mesh.say(mesh.device("a", "desk"), "JOIN #c", "QUIT")
    for name in others:
        mesh.device("b", name)
    mesh.say(mesh.device("b", "phone"), "QUIT")
    mesh.speaks("one")
    mesh.reset("a", "b")  # for long, as nobody knows yet
    again = mesh.begin("b", "ann", "ann@phone", caps=caps)
    for _ in range(70):
        mesh.advance(1.0)
    lines = again.lines()
    said = sorted(line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line)
    told = [line for line in lines if "While you were away something was said in " in line]
    assert (said, len(told)) == ((both("one"), 0) if caps else ([], 1))
    waits = [line for line in lines if "on a.test, which does not answer just now. You are let in" in line]
    assert len(waits) == 1 and lines.index(waits[0]) < next(
        number for number, line in enumerate(lines) if " 001 " in line
    )
    mesh.check()


def test_others_are_told_no_more_often_than_is_set_what_a_device_has_heard() -> None:
    mesh = Three(bouncer={"always_on": "all", "heard_interval": 30})
    phone = mesh.device("a", "phone")
    mesh.said("a", "b")
    told = []
    for second in range(120):
        mesh.say(phone, f"PING {second}")
        mesh.advance(1.0)
        mesh["a"].parts.sessions.sweep()
        told += [line for line in mesh.said("a", "b") if " CNMARK " in line]
    assert 3 <= len(told) <= 4, told
    assert {line.split(" ")[3] for line in told} == {"=phone"}


def test_what_devices_have_heard_outlives_their_server_also_where_it_ends_in_order() -> None:
    mesh = Three()
    phone = mesh.device("a", "phone")
    mesh.say(phone, "JOIN #c")
    mesh.speaks("one")
    mesh["a"].parts.sessions.close_all("The end")
    mesh.settle()
    mesh.lose_the_host()
    mesh.speaks("two")
    assert sorted(texts(mesh.device("c", "phone"))) == both("two")


def test_nobody_waits_for_the_server_that_gives_people_up_because_it_ends() -> None:
    for _ in range(6):  # whom the heir's turn falls on is chance
        mesh = Three()
        mesh.say(mesh.device("a", "phone"), "JOIN #c")
        mesh["a"].parts.sessions.close_all("The end")
        mesh.settle()
        mesh.advance(0.1)
        assert mesh.there("b").server.name in ("b.test", "c.test")


def test_what_a_seat_tells_the_host_of_a_device_all_are_told() -> None:
    """Where nobody believes the seat of accounts, but the host of its own people."""
    mesh = Three()
    mesh.device("a", "desk")
    phone = mesh.device("b", "phone")
    mesh.advance(10.0)
    mesh.said("a", "b")
    ms = int(mesh["a"].node.clock.time() * 1000) - 1000
    mesh["b"].parts.links.seats.do(phone.user, f"HEARD phone {ms} ~", lambda text: None)
    mesh.settle()
    told = [line for line in mesh.said("a", "b") if " CNMARK " in line]
    assert told == [f":0AA CNMARK {phone.user.account_id} =phone {ms}"]
    mesh.say(phone, "QUIT")
    assert [line for line in mesh.said("a", "b") if " CNMARK " in line] == []
    mesh.check()


def test_a_client_is_told_nothing_of_what_devices_have_heard() -> None:
    mesh = Three()
    reader = mesh.begin("a", "ann", "ann@desk", caps="draft/read-marker")
    mesh.settle()
    phone = mesh.device("b", "phone")
    reader.lines()
    mesh.say(phone, "QUIT")
    assert [line for line in reader.lines() if "MARKREAD" in line] == []


@pytest.mark.parametrize(
    "line", ["HEARD", "HEARD phone 1", "HEARD phone x ~", "HEARD phone 1 ~ ~", "HEARD ! 5 ~"]
)
def test_what_is_no_word_of_a_device_changes_nothing(line: str) -> None:
    mesh = Remembering()
    mesh.come("a")
    phone = mesh.come("b")
    before = dict(mesh["a"].parts.sessions.persons.devices.of(phone.user.account_id or ""))
    mesh["b"].parts.links.seats.do(phone.user, line, lambda text: None)
    mesh.settle()
    after = dict(mesh["a"].parts.sessions.persons.devices.of(phone.user.account_id or ""))
    assert {name for name in after if name not in ("", *before)} == set()
    mesh.check()
