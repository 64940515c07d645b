"""How far people have read: MARKREAD.  https://ircv3.net/specs/extensions/read-marker"""

from __future__ import annotations

import pytest
from archive import Archive, latest
from club import PASSWORD, said
from conversation import START, Client, House

from chatnet.model.facts import ChannelRenamed
from chatnet.model.ids import Folded
from chatnet.storage.interfaces import StoreError
from chatnet.wire.capabilities import READ_MARKER
from chatnet.wire.server_time import time_tag

CAPS = "draft/read-marker"


@pytest.fixture
def house() -> Archive:
    return Archive(history={"mark_interval": 5})


def stamp(seconds: float) -> str:
    """A time so many seconds after the start."""
    return "timestamp" + time_tag(START + seconds).decode().removeprefix("time")


def stored(house: Archive, name: str = "ann") -> dict[str, int]:
    """The marks of an account as they are in the file."""
    return dict(house.done(_answer(house, house.named(name).id)))


async def _answer(house: Archive, key: str) -> list[tuple[str, int]]:
    assert house.parts.recorder is not None
    house.parts.recorder.flush()
    return list(await house.messages.marks(key))


def joins(client: Client, name: str = "#c") -> str:
    """Come into a channel; what one is told of one's mark, "before the `RPL_ENDOFNAMES` reply"."""
    client.lines()
    client >> f"JOIN {name}"
    client.house.clock.advance(0)
    lines = client.lines()
    kinds = [line.split(" ")[1] for line in lines]
    assert kinds.index("JOIN") < kinds.index("MARKREAD") < kinds.index("366")
    return lines[kinds.index("MARKREAD")]


def test_what_is_read_on_one_device_is_read_on_the_others(house: Archive) -> None:
    # "the server MUST reply to a successful MARKREAD client set command using a MARKREAD server command";
    # "after the last read timestamp of a target changes, the server SHOULD send a MARKREAD command for that
    # target to all the clients of the user".
    laptop, phone = house.member("ann", caps=CAPS), house.member("ann2", "ann", caps=CAPS)
    old, bob = house.member("ann3", "ann", caps=""), house.member("bob", caps=CAPS)
    for client in (laptop, phone, old, bob):
        client >> "JOIN #c"
        house.clock.advance(0)
    for client in (laptop, phone, old, bob):
        client.lines()
    house.clock.advance(60)
    laptop >> f"MARKREAD #C {stamp(30)}"
    laptop << f":irc.test MARKREAD #c {stamp(30)}"
    phone << f":irc.test MARKREAD #c {stamp(30)}"
    # "Servers MUST NOT leak read markers sent by a user to other users"
    for client in (laptop, phone, old, bob):
        client.silent()
    phone >> "MARKREAD #c"
    phone << f":irc.test MARKREAD #c {stamp(30)}"
    bob >> "MARKREAD #c"
    bob << ":irc.test MARKREAD #c *"
    house.check()


def test_a_mark_only_grows_and_is_never_later_than_now(house: Archive) -> None:
    # "If a client sends a MARKREAD command with a timestamp that is below or equal to the current known
    # timestamp of the server, the server MUST reply with a MARKREAD command with the newer, previous value".
    ann, phone = house.member("ann", caps=CAPS), house.member("phone", "ann", caps=CAPS)
    phone >> "MARKREAD bob"
    phone.lines()
    house.clock.advance(60)
    ann >> f"MARKREAD bob {stamp(30)}"
    ann << f":irc.test MARKREAD bob {stamp(30)}"
    phone << f":irc.test MARKREAD bob {stamp(30)}"
    for earlier in (29.999, 30, 0, -1e9):
        ann >> f"MARKREAD bob {stamp(earlier)}"
        ann << f":irc.test MARKREAD bob {stamp(30)}"
    phone.silent()
    ann >> f"MARKREAD bob {stamp(1e6)}"
    ann << f":irc.test MARKREAD bob {stamp(60)}"
    phone << f":irc.test MARKREAD bob {stamp(60)}"
    house.check()


def test_who_comes_into_a_channel_is_told_before_the_end_of_names(house: Archive) -> None:
    ann = house.member("ann", caps=CAPS)
    assert joins(ann) == ":irc.test MARKREAD #c *"
    ann >> f"MARKREAD #c {stamp(-5)}" >> "PART #c" >> "JOIN #c"
    assert ann.until(":irc.test MARKREAD #c *").endswith(stamp(-5))
    assert ann.until(":irc.test MARKREAD #c *").endswith(stamp(-5))
    ann.until(":irc.test 366 *")
    quiet = house.member("quiet", "ann", caps=f"{CAPS} no-implicit-names")
    quiet >> "JOIN #c"
    quiet << ":quiet!* JOIN #c"
    quiet << f":irc.test MARKREAD #c {stamp(-5)}"
    quiet.silent()
    house.check()


def one_more(house: Archive, caps: str) -> Client:
    """One more session of ann."""
    client = house.connect()
    client >> f"CAP REQ :{f'sasl {caps}'.strip()}"
    client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', 'ann', PASSWORD)}"
    client >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    return client


def marked(house: Archive) -> Client:
    """A session of ann that reads no marks; in #c she read once, and nobody has asked for that since."""
    first = house.member("ann", caps=CAPS)
    first >> f"MARKREAD #c {stamp(-5)}" >> "QUIT"
    house.clock.advance(5)
    ann = house.member("ann", caps="")
    ann >> "JOIN #c"
    ann.lines()
    return ann


def test_one_more_session_is_told_before_the_end_of_names(house: Archive) -> None:
    marked(house)
    phone = one_more(house, CAPS)
    house.clock.advance(0)
    lines = [line for line in phone.lines() if line.split(" ")[1] in ("JOIN", "MARKREAD", "366", "FAIL")]
    assert [line.split(" ")[1] for line in lines] == ["JOIN", "MARKREAD", "366"]
    assert lines[1] == f":irc.test MARKREAD #c {stamp(-5)}"
    house.check()


def test_who_comes_in_by_another_session_is_told_as_soon_as_it_is_known(house: Archive) -> None:
    laptop, phone = marked(house), one_more(house, "")
    phone >> f"CAP REQ {CAPS}"
    phone.lines()
    laptop >> "JOIN #d" >> "PART #c" >> "JOIN #c"
    house.clock.advance(0)
    found = [line for line in phone.lines() if " MARKREAD " in line]
    assert found == [":irc.test MARKREAD #d *", f":irc.test MARKREAD #c {stamp(-5)}"]
    house.check()


def test_who_was_away_is_told_at_once_even_in_several_channels_and_under_a_label(house: Archive) -> None:
    caps = f"{CAPS} batch labeled-response"
    ann = house.member("ann", caps=caps)
    ann >> f"MARKREAD #a {stamp(-9)}" >> f"MARKREAD #b {stamp(-8)}" >> "QUIT"
    again = house.member("ann", caps=caps)
    again >> "@label=1 JOIN #a,#b"
    house.clock.advance(0)
    again << "@label=1 :irc.test BATCH +* labeled-response"
    assert again.until("@batch=* :irc.test MARKREAD #a *").endswith(stamp(-9))
    again.until("@batch=* :irc.test 366 * #a *")
    assert again.until("@batch=* :irc.test MARKREAD #b *").endswith(stamp(-8))
    again.until("@batch=* :irc.test 366 * #b *")
    again << ":irc.test BATCH -*"
    again.silent()
    house.check()


def test_marks_are_kept_of_whoever_is_logged_in_and_written_once_in_a_while(house: Archive) -> None:
    ann, bob = house.member("ann", caps=CAPS), house.member("bob")
    house.clock.advance(100)
    for at in range(1, 50):
        ann >> f"MARKREAD #c {stamp(at)}" >> f"MARKREAD bob {stamp(at / 2)}"
    assert stored(house) == {}
    house.clock.advance(4)
    assert stored(house) == {}
    house.clock.advance(1)
    marks = {"#c": 49_000, f"@{bob.user.account_id}": 24_500}
    assert {spot: at - int(START) * 1000 for spot, at in stored(house).items()} == marks
    ann >> "QUIT"
    again = house.member("ann", caps=CAPS)
    again >> "MARKREAD #c" >> "MARKREAD bob"
    again << f":irc.test MARKREAD #c {stamp(49)}"
    again << f":irc.test MARKREAD bob {stamp(24.5)}"
    house.check()


def test_what_is_not_written_yet_is_known_all_the_same(house: Archive) -> None:
    ann = house.member("ann", caps=CAPS)
    ann >> f"MARKREAD #c {stamp(-1)}" >> "QUIT"
    again = house.member("ann", caps=CAPS)
    again >> "MARKREAD #c"
    again << f":irc.test MARKREAD #c {stamp(-1)}"
    house.check()


def test_a_guest_has_marks_as_long_as_they_are_connected(house: Archive) -> None:
    guest = house.client("guest", caps=CAPS)
    other = house.client("other", caps=CAPS)
    assert joins(guest) == ":irc.test MARKREAD #c *"
    guest >> f"MARKREAD #c {stamp(-3)}" >> "MARKREAD #c"
    guest << f":irc.test MARKREAD #c {stamp(-3)}" << f":irc.test MARKREAD #c {stamp(-3)}"
    other >> "MARKREAD #c"
    other << ":irc.test MARKREAD #c *"
    guest >> "QUIT"
    again = house.client("guest", caps=CAPS)
    again >> "MARKREAD #c"
    again << ":irc.test MARKREAD #c *"
    house.check()


def test_what_one_has_read_as_a_guest_one_has_read(house: Archive) -> None:
    house.account("ann")
    phone = house.member("phone", "ann", caps=CAPS)
    guest = house.client("ann", caps=CAPS)
    guest >> f"MARKREAD #c {stamp(-3)}" >> "PRIVMSG NickServ :IDENTIFY ann :correct horse"
    phone << f":irc.test MARKREAD #c {stamp(-3)}"
    guest.until(":NickServ!* NOTICE *")
    guest.lines()
    guest >> "MARKREAD #c"
    guest << f":irc.test MARKREAD #c {stamp(-3)}"
    house.check()


def test_the_mark_of_a_talk_goes_with_the_account_not_the_nick(house: Archive) -> None:
    ann, phone = house.member("ann", caps=CAPS), house.member("phone", "ann", caps=CAPS)
    bob = house.member("bob")
    ann >> f"MARKREAD bob {stamp(-3)}"
    phone.until(f":irc.test MARKREAD bob {stamp(-3)}")
    ann.lines()
    bob >> "NICK robert"
    ann >> "MARKREAD robert" >> "MARKREAD bob"  # which he owns
    ann << f":irc.test MARKREAD robert {stamp(-3)}" << f":irc.test MARKREAD bob {stamp(-3)}"
    ann >> f"MARKREAD bob {stamp(-2)}"
    ann << f":irc.test MARKREAD bob {stamp(-2)}"
    phone << f":irc.test MARKREAD robert {stamp(-2)}"
    bob >> "QUIT"
    ann >> f"MARKREAD bob {stamp(-1)}"
    phone << f":irc.test MARKREAD bob {stamp(-1)}"
    house.check()


def test_a_renamed_channel_keeps_its_marks(house: Archive) -> None:
    caps = f"{CAPS} draft/channel-rename"
    ann, old = house.member("ann", caps=caps), house.member("old", "ann", caps=CAPS)
    bob = house.member("bob", caps=CAPS)
    bob >> f"MARKREAD #c {stamp(-7)}" >> "QUIT"
    assert joins(ann) == ":irc.test MARKREAD #c *"
    assert joins(old) == ":irc.test MARKREAD #c *"
    ann >> f"MARKREAD #c {stamp(-5)}" >> f"MARKREAD #d {stamp(-6)}"
    old.lines()
    ann >> "RENAME #c #d"
    old.until(":old!* JOIN #d")
    assert old.until("* MARKREAD *").endswith(f"#d {stamp(-5)}")
    ann.lines()
    ann >> "MARKREAD #d" >> "MARKREAD #c"
    ann << f":irc.test MARKREAD #d {stamp(-5)}" << ":irc.test MARKREAD #c *"
    again = house.member("bob", caps=CAPS)
    again >> "MARKREAD #d" >> "MARKREAD #c"
    again << f":irc.test MARKREAD #d {stamp(-7)}" << ":irc.test MARKREAD #c *"
    house.clock.advance(5)
    assert stored(house).keys() == {"#d"}
    house.check()


def test_what_was_said_in_a_channel_goes_with_its_name_though_nobody_hears_it(house: Archive) -> None:
    # A channel that stays while nobody is in it, or whose members are on other servers, is renamed.
    ann = house.member("ann", caps=f"{CAPS} draft/channel-rename batch server-time draft/chathistory")
    ann >> "JOIN #c"
    house.clock.advance(0)
    ann >> "PRIVMSG #c :tea?" >> f"MARKREAD #c {stamp(-5)}"
    channel = house.node.network.channel("#c")
    assert channel is not None
    channel.flags.add("P")
    house.clock.advance(5)
    ann >> "PART #c"
    me = house.node.network.me
    house.node.commit(ChannelRenamed(channel, "#d", Folded("#d"), me, "", house.clock.time(), "#c"))
    ann >> "JOIN #d"
    assert latest(ann, "#d") == ["tea?"]
    assert stored(house).keys() == {"#d"}
    house.check()


def test_so_many_marks_are_kept_and_the_oldest_go() -> None:
    house = Archive(history={"marks": 3})
    for client in (house.member("ann", caps=CAPS), house.client("guest", caps=CAPS)):
        for number in (2, 1, 3, 4):
            client >> f"MARKREAD #{number} {stamp(number - 10)}"
        client.lines()
        for number in (1, 2, 3, 4):
            client >> f"MARKREAD #{number}"
        assert [line.split(" ")[-1] for line in client.lines()] == ["*", stamp(-8), stamp(-7), stamp(-6)]
    house.clock.advance(5)
    assert stored(house).keys() == {"#2", "#3", "#4"}
    house.check()


@pytest.mark.parametrize(
    ("given", "failure"),
    [
        # "If the server receives a MARKREAD command with missing parameters, the NEED_MORE_PARAMS error code
        # MUST be returned."
        ("", "NEED_MORE_PARAMS :Missing parameters"),
        (":", "NEED_MORE_PARAMS :Missing parameters"),
        # "The timestamp MUST NOT be a literal `*`."
        ("#c *", "INVALID_PARAMS #c * :Invalid parameters"),
        ("#c 2026-11-29T12:00:00.000Z", "INVALID_PARAMS #c 2026-11-29T12:00:00.000Z :Invalid parameters"),
        ("#c timestamp=yesterday", "INVALID_PARAMS #c timestamp=yesterday :Invalid parameters"),
        ("#c msgid=1", "INVALID_PARAMS #c msgid=1 :Invalid parameters"),
        ("#c :", "INVALID_PARAMS #c * :Invalid parameters"),
        ("a,b", "INVALID_PARAMS a,b :Invalid parameters"),
        ("#" + "c" * 200, "INVALID_PARAMS #" + "c" * 63 + " :Invalid parameters"),
    ],
)
def test_what_makes_no_sense_is_refused(house: Archive, given: str, failure: str) -> None:
    ann = house.member("ann", caps=CAPS)
    ann >> f"MARKREAD {given}"
    ann << f":irc.test FAIL MARKREAD {failure}"
    ann.silent()
    house.check()


def test_where_marks_cannot_be_read_that_is_said(house: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    # "If the read timestamp cannot be set or returned due to an error, the INTERNAL_ERROR error code SHOULD
    # be returned."
    def broken(person: str) -> object:
        raise StoreError("The disk is gone")

    monkeypatch.setattr(house.messages, "marks", broken)
    ann = house.member("ann", caps=CAPS)
    ann >> "MARKREAD #c"
    ann << ":irc.test FAIL MARKREAD INTERNAL_ERROR #c :The read timestamp could not be returned"
    ann >> "JOIN #c"
    house.clock.advance(0)
    ann.until(":irc.test FAIL MARKREAD INTERNAL_ERROR #c *")
    ann.until(":irc.test 366 *")
    monkeypatch.undo()
    ann >> "MARKREAD #c"
    ann << ":irc.test MARKREAD #c *"
    house.check()


def test_where_nothing_is_stored_there_is_no_such_thing() -> None:
    house = House()
    ann = house.client("ann", caps=CAPS)
    assert not ann.session.caps & READ_MARKER
    ann >> "MARKREAD #c"
    ann << ":irc.test 421 ann MARKREAD :*"
    house.check()


def test_marks_are_written_when_the_server_ends(house: Archive) -> None:
    ann = house.member("ann", caps=CAPS)
    ann >> f"MARKREAD #c {stamp(-1)}"
    assert house.parts.marks is not None
    house.parts.marks.write()
    assert stored(house).keys() == {"#c"}
