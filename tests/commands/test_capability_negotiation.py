"""CAP, version 302: what is offered, asked for, given and taken back."""

from __future__ import annotations

import pytest
from conversation import House
from pydantic import ValidationError

from chatnet.session.offers import VALUES, Offers
from chatnet.session.peer import Peer
from chatnet.settings import Settings
from chatnet.wire import capabilities as cap

ELSEWHERE = {
    *("sasl", "draft/account-registration"),
    *("draft/chathistory", "draft/event-playback", "draft/read-marker", "soju.im/search"),
    *("znc.in/playback", "znc.in/self-message"),
}
OFFERED = [name for name in cap.BY_NAME if name not in ELSEWHERE]
"""What does not need somebody who keeps accounts, or messages."""
ALL = " ".join(OFFERED)


def test_ls_holds_registration_until_end(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS"
    ann << f":irc.test CAP * LS :{ALL}"
    ann >> "NICK ann" >> "USER ann 0 * :Ann"
    ann.silent()
    ann >> "CAP END"
    ann << ":irc.test 001 ann *"
    assert ann.session.caps == 0


def test_req_holds_registration_too(house: House) -> None:
    ann = house.connect()
    ann >> "CAP REQ multi-prefix" >> "NICK ann" >> "USER ann 0 * :Ann"
    ann << ":irc.test CAP * ACK :multi-prefix"
    ann.silent()
    ann >> "CAP END"
    ann << ":irc.test 001 ann *"


def test_end_without_a_beginning(house: House) -> None:
    ann = house.connect()
    ann >> "CAP END" >> "NICK ann" >> "CAP END" >> "USER ann 0 * :Ann"
    ann << ":irc.test 001 ann *"
    ann.lines()
    ann >> "CAP END"
    ann.silent()


def test_version_302_means_cap_notify(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS 302" >> "CAP LIST"
    ann.until(":irc.test CAP * LIST :cap-notify")
    ann >> "CAP REQ :-cap-notify"
    ann << ":irc.test CAP * NAK :-cap-notify"
    ann >> "CAP REQ :cap-notify"
    ann << ":irc.test CAP * ACK :cap-notify"
    ann >> "CAP LS"
    ann.lines()
    assert ann.session.cap_version == 302


@pytest.mark.parametrize("version", ["", "x", "301", "-302", "3.2", "\u0663\u0660\u0662"])
def test_other_versions_are_not_302(house: House, version: str) -> None:
    ann = house.connect()
    ann >> f"CAP LS {version}"
    assert ann.session.caps == 0


@pytest.mark.parametrize("version", ["302", "0302", "307", "9999999", "9" * 480])
def test_a_version_is_a_number(house: House, version: str) -> None:
    """“The CAP version number argument MUST be treated as a number by the server.”"""
    ann = house.connect()
    ann >> f"CAP LS {version}"
    assert ann.session.caps == cap.CAP_NOTIFY


@pytest.mark.parametrize("version", ["302", ""])
def test_only_version_302_reads_several_lines(version: str) -> None:
    """“Multiline LS and LIST replies must only be used for CAP 302.”"""
    house = House(server={"name": "irc." + "x" * 50 + ".example"}, limits={"nick": 64})
    ann = house.client("a" * 64)
    for name in cap.BY_NAME:
        ann >> f"CAP REQ {name}"
    ann.lines()
    for command in (f"CAP LS {version}", "CAP LIST"):
        ann >> command
        lines = ann.lines()
        told = {word.partition("=")[0] for line in lines for word in line.rpartition(" :")[2].split()}
        assert [" * :" in line for line in lines] == [True] * (len(lines) - 1) + [False]
        assert len(lines) > 1 if version else len(lines) == 1
        # of the two drafts of metadata one may be had
        all_of_them = set(OFFERED) - ({"draft/metadata-2"} if command == "CAP LIST" else set())
        assert told == all_of_them if version else set() < told < all_of_them
        assert all(len(line.partition(" :")[2] if line[0] == "@" else line) <= 510 for line in lines)


def test_older_clients_may_give_cap_notify_back(house: House) -> None:
    ann = house.connect()
    ann >> "CAP REQ :cap-notify" >> "CAP REQ :-cap-notify" >> "CAP LIST"
    ann.until(":irc.test CAP * ACK :-cap-notify")
    ann << ":irc.test CAP * LIST :"


def test_all_or_nothing(house: House) -> None:
    ann = house.client("ann")
    ann >> "CAP REQ :multi-prefix nonsense away-notify"
    ann << ":irc.test CAP ann NAK :multi-prefix nonsense away-notify"
    assert ann.session.caps == 0
    ann >> "CAP REQ :multi-prefix away-notify setname "
    ann << ":irc.test CAP ann ACK :multi-prefix away-notify setname "
    ann >> "CAP REQ :-multi-prefix invite-notify -setname -chghost"
    ann << ":irc.test CAP ann ACK :-multi-prefix invite-notify -setname -chghost"
    ann >> "CAP LIST"
    ann << ":irc.test CAP ann LIST :away-notify invite-notify"
    ann >> "CAP REQ :Multi-Prefix"
    ann << ":irc.test CAP ann NAK :Multi-Prefix"
    ann >> "CAP REQ"
    ann << ":irc.test CAP ann ACK :"


def test_what_is_no_subcommand(house: House) -> None:
    ann = house.connect()
    ann >> "CAP"
    ann << ":irc.test 461 * CAP :Not enough parameters"
    ann >> "CAP FOO" >> "CAP ACK :multi-prefix" >> "CAP :"
    ann << ":irc.test 410 * FOO :Invalid CAP command"
    ann << ":irc.test 410 * ACK :Invalid CAP command"
    ann << ":irc.test 410 * * :Invalid CAP command"
    ann >> "cap ls"
    ann << ":irc.test CAP * LS :*"


def test_times_come_after_the_ack_that_promises_them(house: House) -> None:
    ann = house.client("ann")
    ann >> "CAP REQ server-time" >> "CAP REQ -server-time" >> "CAP LIST"
    ann << ":irc.test CAP ann ACK :server-time"
    ann << "@time=2023-11-14T22:13:20.000Z :irc.test CAP ann ACK :-server-time"
    ann << ":irc.test CAP ann LIST :"


def test_a_long_list_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"example.org/capability-{number}": 1 << number for number in range(30)}
    monkeypatch.setattr(cap, "BY_NAME", many)
    for name in list(VALUES):
        monkeypatch.delitem(VALUES, name)
    house = House()
    ann = house.connect()
    ann >> "CAP LS 302"
    *lines, last = ann.lines()
    assert lines and all(line.startswith(":irc.test CAP * LS * :example.org/") for line in lines)
    assert last.startswith(":irc.test CAP * LS :example.org/")
    assert all(len(line) <= 510 for line in [*lines, last])
    # pydle reads the last line, and takes the others for empty.
    told = [name for line in [last, *reversed(lines)] for name in line.split(" :", 1)[1].split(" ")]
    assert told == list(many)
    ann >> "CAP LS"
    assert all(line.startswith(":irc.test CAP * LS :") for line in ann.lines())


def valued(offers: Offers, peer: Peer) -> str | None:
    """A value that depends on the settings and on the connection; none at all without TLS."""
    return f"most={offers.settings.limits.nick},end" if peer.secure else None


@pytest.fixture
def choosy(monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in which multi-prefix has a value."""
    monkeypatch.setitem(VALUES, "multi-prefix", valued)
    return House()


def test_values_are_told_to_302_and_in_ls_alone(choosy: House) -> None:
    """If the client supports CAP version 302, the server MAY specify additional data for each capability
    using the `<name>=<value>` format in `CAP LS` and `CAP NEW` replies, but MUST NOT specify additional data
    for any other CAP subcommands.  https://ircv3.net/specs/extensions/capability-negotiation#capability-values
    """
    ann = choosy.connect(secure=True)
    ann >> "CAP LS" >> "CAP LS 301" >> "CAP LS 302" >> "CAP LS 307" >> "CAP LS"
    told = [word for line in ann.lines() for word in line.split() if "multi-prefix" in word]
    plain, value = "multi-prefix", "multi-prefix=most=30,end"
    # "If a client sends a lower CAP version (or omits the version number entirely), servers SHOULD return a
    # CAP LS reply consistent with the request's version, but keep storing the original (higher) version."
    assert [word.removeprefix(":") for word in told] == [plain, plain, value, value, plain]
    ann >> "CAP REQ multi-prefix" >> "CAP LIST" >> "CAP REQ :multi-prefix=most=30,end"
    ann << ":irc.test CAP * ACK :multi-prefix"
    ann << ":irc.test CAP * LIST :multi-prefix cap-notify"
    ann << ":irc.test CAP * NAK :multi-prefix=most=30,end"


def test_what_is_offered_depends_on_the_connection(choosy: House) -> None:
    bob = choosy.connect()
    bob >> "CAP LS 302"
    assert "multi-prefix" not in bob.lines()[0]
    bob >> "CAP REQ multi-prefix"
    bob << ":irc.test CAP * NAK :multi-prefix"


def test_a_changed_value_is_told_as_new(choosy: House) -> None:
    ann, bob = choosy.client("ann", caps="multi-prefix", secure=True), choosy.client("bob", caps="cap-notify")
    choosy.reload(limits={"nick": 12})
    assert ":irc.test CAP ann NEW :multi-prefix=most=12,end" in ann.lines()
    assert ann.session.caps & cap.MULTI_PREFIX
    assert not [line for line in bob.lines() if " CAP " in line]


def test_a_reload_tells_of_new_and_of_gone_capabilities(house: House) -> None:
    """When enabled, the server MUST notify the client about all new capabilities and about existing
    capabilities that are no longer available using the `NEW` and `DEL` subcommands.

    https://ircv3.net/specs/extensions/capability-negotiation#cap-notify
    """
    ann = house.client("ann", caps="away-notify echo-message")
    old = house.client("old")
    old >> "CAP REQ :cap-notify away-notify"
    silent = house.client("silent")
    silent >> "CAP REQ echo-message"
    young = house.connect()
    young >> "CAP LS 302"
    for client in (ann, old, silent, young):
        client.lines()
    house.reload(server={"withheld_capabilities": ("away-notify", "echo-message")})
    ann << ":irc.test CAP ann DEL :away-notify echo-message"
    old << ":irc.test CAP old DEL :away-notify echo-message"
    young << ":irc.test CAP * DEL :away-notify echo-message"
    # "The DEL subcommand MUST ONLY be sent to clients that have negotiated CAP version 302 or enabled the
    # cap-notify capability."
    silent.silent()
    # "Servers MUST cancel any capability-specific behavior for a client after sending the CAP DEL message."
    for client in (ann, silent):
        client >> "CAP LIST" >> "PRIVMSG old :hi"
        assert [line.split(" LIST :")[-1] for line in client.lines()] in (["cap-notify"], [""])
    ann >> "CAP REQ away-notify" >> "CAP LS"
    ann << ":irc.test CAP ann NAK :away-notify"
    assert "away-notify" not in ann.lines()[0]

    old.lines()
    house.reload(server={"withheld_capabilities": ("echo-message",)})
    ann << ":irc.test CAP ann NEW :away-notify"
    old << ":irc.test CAP old NEW :away-notify"
    silent.silent()
    ann >> "CAP REQ away-notify"
    ann << ":irc.test CAP ann ACK :away-notify"
    house.reload(server={"withheld_capabilities": ("echo-message",)})
    for client in (ann, old, silent):
        client.silent()


def test_what_is_taken_back_in_a_channel_is_heard_no_more(house: House) -> None:
    ann, bob = house.client("ann", caps="extended-join away-notify"), house.client("bob")
    ann >> "JOIN #c"
    house.reload(server={"withheld_capabilities": ("extended-join",)})
    ann.lines()
    bob >> "JOIN #c" >> "AWAY :out"
    ann << ":bob!~bob@192.0.2.1 JOIN #c"
    ann << ":bob!~bob@192.0.2.1 AWAY :out"


@pytest.mark.parametrize("name", ["no-implicit-names", "draft/no-implicit-names"])
@pytest.mark.parametrize("withheld", ["no-implicit-names", "draft/no-implicit-names"])
def test_what_has_two_names_goes_by_both(house: House, name: str, withheld: str) -> None:
    """“Servers MUST cancel any capability-specific behavior for a client after sending the CAP DEL.”"""
    ann = house.client("ann", caps=f"cap-notify {name}")
    house.reload(server={"withheld_capabilities": (withheld,)})
    ann << ":irc.test CAP ann DEL :no-implicit-names draft/no-implicit-names"
    ann >> "JOIN #c"
    ann.until(":irc.test 353 ann *")
    house.reload(server={"withheld_capabilities": ()})
    ann.until(":irc.test CAP ann NEW :no-implicit-names draft/no-implicit-names")
    assert ann.session.caps == cap.CAP_NOTIFY


@pytest.mark.parametrize("names", [("cap-notify",), ("nonsense",), ("Echo-Message",)])
def test_only_what_exists_can_be_withheld(names: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match=r"server\.withheld_capabilities"):
        Settings.model_validate({"server": {"withheld_capabilities": names}})


def test_a_request_as_long_as_a_line_is_answered_whole(house: House) -> None:
    ann = house.client("a" * 30)
    asked = " ".join(["multi-prefix"] * 38)
    ann >> f"CAP REQ :{asked}"
    lines = ann.lines()
    assert len(lines) == 2 and all(len(line) <= 510 for line in lines)
    assert " ".join(line.split(" ACK :")[1] for line in lines) == asked


def test_capabilities_changed_in_a_channel_change_what_is_heard(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    bob >> "JOIN #a,#b"
    ann >> "JOIN #a,#b"
    ann.lines()
    for asked, at in (("server-time", "@time=* "), ("-server-time", "")):
        ann >> f"CAP REQ {asked}"
        ann.lines()
        bob >> "PRIVMSG #a :one" >> "PRIVMSG #b :two"
        ann << f"{at}:bob!~bob@192.0.2.1 PRIVMSG #a :one"
        ann << f"{at}:bob!~bob@192.0.2.1 PRIVMSG #b :two"
        ann.silent()
    ann >> "QUIT"
    house.check()


def test_thousands_of_requests_leave_nothing_behind(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c"
    for _ in range(200):
        both = b"CAP REQ :server-time away-notify\r\nCAP REQ :-server-time -away-notify\r\n"
        ann.send((both + b"CAP LS 302\r\n") * 10)
        ann.lines()
    assert ann.session.caps == cap.CAP_NOTIFY
    groups = house.parts.delivery.channels
    assert [list(group) for group in groups.values()] == [[cap.CAP_NOTIFY]]


def test_requests_cost_penalty() -> None:
    house = House(flood={"enabled": True})
    ann = house.client("ann")
    ann.send(b"CAP LS 302\r\n" * 150)
    first = len(ann.lines())
    assert first < 200, "the answer to each takes two lines"
    ann.send(b"CAP LS 302\r\n" * 150)
    ann.until("ERROR :Closing Link: 192.0.2.1 (Excess Flood)")
    house.check()
