"""RENAME, as conversations.  https://ircv3.net/specs/extensions/channel-rename"""

from __future__ import annotations

import pytest
from conversation import START, Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import LABELS, Answers
from profiles import runs
from staff import PASSWORD, sections
from states import channel, logged_in, moded, opered, second_session, set_modes

from chatnet.session import names
from chatnet.session.session import LONG_ANSWER
from chatnet.wire.capabilities import MULTI_PREFIX, USERHOST_IN_NAMES

RENAME = "draft/channel-rename"


def met(house: House, name: str, *clients: Client) -> None:
    for client in clients:
        client >> f"JOIN {name}"
    for client in clients:
        client.lines()


@pytest.fixture
def ann(house: House) -> Client:
    """An operator of #foo who knows RENAME."""
    ann = house.client("ann", caps=RENAME)
    met(house, "#foo", ann)
    return ann


# The message


def test_with_a_reason(house: House, ann: Client) -> None:
    """C: RENAME #boaring #boring :Typo fix
    S: :nick!user@host RENAME #boaring #boring :Typo fix
    """
    bob = house.client("bob", caps=RENAME)
    met(house, "#boaring", ann, bob)
    ann >> "RENAME #boaring #boring :Typo fix"
    for client in (ann, bob):
        client << ":ann!~ann@192.0.2.1 RENAME #boaring #boring :Typo fix"
        client.silent()


def test_without_a_reason(ann: Client) -> None:
    """The server to client command MUST always include the third parameter, an empty string MAY be used if no
    reason is provided.
    """
    ann >> "RENAME #foo #bar"
    ann << ":ann!~ann@192.0.2.1 RENAME #foo #bar :"
    ann.silent()


def test_a_channel_rename_preserves_all_channel_state(house: House, ann: Client) -> None:
    """A channel rename preserves all channel state, such as membership, mode and topic."""
    bob, eve = house.client("bob", caps=RENAME), house.client("eve")
    met(house, "#foo", bob)
    (
        ann
        >> "TOPIC #foo :Chess"
        >> "MODE #foo +ikb key *!*@192.0.2.9"
        >> "MODE #foo +v bob"
        >> "INVITE eve #foo"
    )
    before = channel(house, "#foo")
    ann.lines()
    eve.lines()
    ann >> "RENAME #foo #bar"
    assert house.node.network.channel("#foo") is None and channel(house, "#bar") is before
    ann >> "MODE #bar" >> "MODE #bar b" >> "TOPIC #bar"
    ann << ":ann!* RENAME #foo #bar :"
    ann << ":irc.test 324 ann #bar +intk key"
    ann.until(":irc.test 367 ann #bar *!*@192.0.2.9 *")
    ann.until(":irc.test 332 ann #bar :Chess")
    ann.lines()
    eve >> "INVITE" >> "JOIN #bar key"
    eve << ":irc.test 336 eve #bar"
    eve.until(":irc.test 353 eve = #bar :@ann +bob eve")
    bob.lines()
    ann >> "PRIVMSG #bar :here" >> "PRIVMSG #foo :there"
    bob << ":ann!* PRIVMSG #bar :here"
    bob.silent()
    ann.until(":irc.test 403 ann #foo :*")


def test_messages_have_ids_of_the_new_name(house: House) -> None:
    """Ids end in the name of the channel, for servers that look for it there."""
    ann, bob = house.client("ann"), house.client("bob", caps="message-tags")
    met(house, "#foo", ann, bob)
    ann >> "RENAME #foo #bar"
    bob.lines()
    ann >> "PRIVMSG #bar :x"
    assert bob.lines()[0].partition(" ")[0].endswith("I2Jhcg==")


# Case


def test_only_the_case(house: House, ann: Client) -> None:
    """Implementations MUST allow channels to be renamed while only changing the casing of a channel name.

    “This fallback SHOULD NOT be used if the rename only changes the case of the channel name, as defined by
    the casemapping in use on the server.”
    """
    bob = house.client("bob")
    met(house, "#foo{", ann, bob)
    ann >> "RENAME #foo{ #FOO["
    ann << ":ann!* RENAME #foo{ #FOO[ :"
    bob.silent()
    assert channel(house, "#foo{").name == "#FOO["
    bob >> "NAMES #foo{"
    bob << ":irc.test 353 bob = #FOO[ :@ann bob"
    ann.lines()
    eve = house.client("eve")
    eve >> "JOIN #foo{"
    eve << ":eve!* JOIN #FOO["


# Errors


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("RENAME #foo", "461 ann RENAME :*"),
        ("RENAME #none #bar", "403 ann #none :*"),
        ("RENAME #others #bar", "442 ann #others :*"),
        ("RENAME #foo %local", "476 ann %local :*"),
        ("RENAME #foo foo", "476 ann foo :*"),
        ("RENAME #foo #" + "x" * 50, "476 ann #" + "x" * 50 + " :*"),
        ("RENAME #foo :#with space", "476 ann #with :*"),
        ("RENAME #foo #a,b", "476 ann #a,b :*"),
    ],
)
def test_numerics_are_used_where_there_are_any(house: House, ann: Client, line: str, answer: str) -> None:
    """If existing error numerics (such as ERR_CHANOPRIVSNEEDED, ERR_NOTONCHANNEL, ERR_NEEDMOREPARAMS) are
    more appropriate, they SHOULD be used instead.
    """
    met(house, "#others", house.client("bob"))
    ann >> line
    ann << f":irc.test {answer}"
    ann.silent()
    assert set(house.node.network.channels) == {"#foo", "#others"}


@pytest.mark.parametrize(("rank", "may"), [("", False), ("v", False), ("h", False), ("o", True), ("q", True)])
def test_operators_and_above_may(house: House, ann: Client, rank: str, may: bool) -> None:
    """C: RENAME #aniki #aneki
    S: :irc.example.com 482 nick #aniki :You must be a channel operator
    """
    bob = house.client("bob", caps=RENAME)
    met(house, "#foo", bob)
    if rank:
        set_modes(house, "#foo", f"+{rank}", "bob")
        bob.lines()
    bob >> "RENAME #foo #bar"
    bob << (":bob!* RENAME #foo #bar :" if may else ":irc.test 482 bob #foo :*")


def test_a_name_in_use(house: House, ann: Client) -> None:
    """FAIL RENAME CHANNEL_NAME_IN_USE <old-channel> <new-channel> :The channel name is already taken

    “The server MAY send FAIL messages to such clients when the RENAME command fails.”
    """
    bob = house.client("bob")
    met(house, "#Good", bob)
    met(house, "#evil", ann)
    ann >> "RENAME #evil #gOOd :Don't be evil" >> "RENAME #evil #evil"
    ann << ":irc.test FAIL RENAME CHANNEL_NAME_IN_USE #evil #gOOd :The channel name is already taken"
    ann << ":irc.test FAIL RENAME CHANNEL_NAME_IN_USE #evil #evil :The channel has this name already"
    bob >> "RENAME #good #evil"
    bob << ":irc.test FAIL RENAME CHANNEL_NAME_IN_USE #Good #evil :The channel name is already taken"
    bob.silent()


def test_a_channel_is_not_renamed_all_the_time() -> None:
    """Server implementations might choose to implement a per-channel cooldown system using appropriate error
    responses, to prevent abuse.
    """
    house = House(flood={"enabled": True, "rename_period": 40.0})
    ann = house.client("ann", caps=RENAME)
    met(house, "#magical-girls,#others", ann)
    ann >> "RENAME #magical-girls #witches" >> "RENAME #Witches #WITCHES" >> "RENAME #others #o"
    ann << ":ann!* RENAME #magical-girls #witches :"
    ann << (":irc.test FAIL RENAME CANNOT_RENAME #witches #WITCHES :This channel has been renamed recently")
    ann << ":ann!* RENAME #others #o :"
    house.clock.advance(39.9)
    ann >> "RENAME #witches #w"
    ann << ":irc.test FAIL RENAME CANNOT_RENAME #witches #w :*"
    house.clock.advance(0.2)
    ann >> "RENAME #witches #w"
    ann << ":ann!* RENAME #witches #w :"
    opered(ann, "flood-exempt")
    ann >> "RENAME #w #x"
    ann << ":ann!* RENAME #w #x :"
    house.check()


def test_large_channels_keep_their_names() -> None:
    """For clients without the capability a renaming costs what it costs when all of them join at once."""
    house = House(limits={"rename_members": 2})
    ann = house.client("ann", caps=RENAME)
    met(house, "#foo", ann, house.client("bob"), house.client("eve"))
    ann >> "RENAME #foo #bar" >> "RENAME #foo #FOO"
    ann << ":irc.test FAIL RENAME CANNOT_RENAME #foo #bar :This channel has too many members"
    ann << ":ann!* RENAME #foo #FOO :"
    ann >> "KICK #foo eve" >> "RENAME #foo #bar"
    ann.until(":ann!* RENAME #FOO #bar :")


def test_both_names_stand_in_the_line() -> None:
    house = House(limits={"channel": 200, "kick": 400, "nick": 64, "user": 32})
    nick = "n" * 64
    ann = house.client(nick, caps=RENAME)
    one, two, three = "#" + "1" * 199, "#" + "2" * 199, "#" + "3" * 150
    met(house, one, ann)
    ann >> f"RENAME {one} {two}"
    ann << f":irc.test FAIL RENAME CANNOT_RENAME {one} {two} :The two names do not fit into one line"
    ann >> f"RENAME {one} {three} :{'x' * 100}"
    ann << f":{nick}!* RENAME {one} {three} :x*"


def test_opers_may(house: House, ann: Client) -> None:
    bob, eve = house.client("bob"), house.client("eve")
    opered(bob, "channels")
    opered(eve, "kill", snomask="g")
    bob >> "RENAME #foo #bar :Order"
    bob.silent()
    ann << ":bob!* RENAME #foo #bar :Order"
    eve << ":irc.test NOTICE * :* Notice -- bob!* used RENAME #foo in spite of ERR_NOTONCHANNEL"


def test_an_empty_channel_can_be_renamed(house: House, ann: Client) -> None:
    opered(ann, "channels")
    ann >> "MODE #foo +P" >> "PART #foo" >> "RENAME #foo #bar"
    assert channel(house, "#bar").members == {}
    ann.lines()
    ann >> "JOIN #bar"
    ann << ":ann!* JOIN #bar"


# Redirection


def test_joining_the_old_name_with_the_capability(house: House, ann: Client) -> None:
    """C: JOIN #foo
    S: FAIL JOIN CHANNEL_RENAMED #foo #bar :The channel has been renamed

    “This is a more ambiguous response and SHOULD NOT be used when the capability has been negotiated.”
    """
    ann >> "RENAME #foo #bar"
    bob = house.client("bob", caps=RENAME)
    bob >> "JOIN #Foo"
    bob << ":irc.test FAIL JOIN CHANNEL_RENAMED #Foo #bar :The channel has been renamed"
    bob.silent()
    bob >> "JOIN #bar"
    bob << ":bob!* JOIN #bar"


def test_joining_the_old_name_without_the_capability(house: House, ann: Client) -> None:
    """S :irc.example.com 470 nick #foo #bar :The channel has been renamed
    S: :nick!user@host JOIN #bar
    S: :irc.example.com 332 nick #bar :Topic of the renamed channel
    """
    ann >> "TOPIC #foo :Topic of the renamed channel" >> "RENAME #foo #bar"
    bob = house.client("bob")
    bob >> "JOIN #foo"
    bob << ":irc.test 470 bob #foo #bar :The channel has been renamed"
    bob << ":bob!~bob@192.0.2.1 JOIN #bar"
    bob << ":irc.test 332 bob #bar :Topic of the renamed channel"
    bob << ":irc.test 333 bob #bar *"
    bob << ":irc.test 353 bob = #bar :@ann bob"
    bob << ":irc.test 366 bob #bar :*"
    bob >> "JOIN #foo"
    bob << ":irc.test 443 bob bob #bar :*"
    bob.silent()


def test_the_channel_has_its_say_about_who_is_led_to_it(house: House, ann: Client) -> None:
    ann >> "MODE #foo +k key" >> "RENAME #foo #bar"
    bob, eve = house.client("bob"), house.client("eve")
    bob >> "JOIN #foo" >> "JOIN #foo key"
    bob << ":irc.test 470 bob #foo #bar :*"
    bob << ":irc.test 475 bob #bar :*"
    bob << ":irc.test 470 bob #foo #bar :*"
    bob << ":bob!* JOIN #bar"
    moded(eve, "Q")
    eve >> "JOIN #foo key"
    eve << ":irc.test FAIL JOIN CHANNEL_RENAMED #foo #bar :*"
    eve.silent()


def test_the_old_name_is_kept_for_a_time() -> None:
    """[They] MAY keep track of renames […] for as long as is deemed necessary by the implementation."""
    house = House(limits={"former_name_time": 100.0})
    ann, bob = house.client("ann"), house.client("bob", caps=RENAME)
    met(house, "#foo", ann)
    met(house, "#mine", bob)
    ann >> "RENAME #foo #bar"
    bob >> "RENAME #mine #FOO"
    bob << ":irc.test FAIL RENAME CHANNEL_NAME_IN_USE #mine #FOO :*"
    house.clock.advance(99)
    bob >> "JOIN #foo"
    bob << ":irc.test FAIL JOIN CHANNEL_RENAMED #foo #bar :*"
    house.clock.advance(1)
    bob >> "JOIN #foo"
    bob << ":bob!* JOIN #foo"
    assert channel(house, "#foo").members[bob.user]
    house.check()


def test_and_a_channel_may_take_its_name_back(house: House, ann: Client) -> None:
    bob = house.client("bob", caps=RENAME)
    ann >> "RENAME #foo #bar" >> "RENAME #bar #baz" >> "RENAME #baz #foo"
    ann.until(":ann!* RENAME #baz #foo :")
    bob >> "JOIN #bar" >> "JOIN #baz"
    bob << ":irc.test FAIL JOIN CHANNEL_RENAMED #bar #foo :*"
    bob << ":irc.test FAIL JOIN CHANNEL_RENAMED #baz #foo :*"
    bob >> "JOIN #foo"
    bob << ":bob!* JOIN #foo"


def test_operators_of_the_channel_may_make_a_new_one_of_the_old_name(house: House, ann: Client) -> None:
    ann >> "RENAME #foo #foo-2026"
    ann.lines()
    ann >> "JOIN #foo"
    ann << ":ann!* JOIN #foo"
    bob = house.client("bob")
    bob >> "JOIN #foo"
    bob << ":bob!* JOIN #foo"
    assert house.node.network.memory.former == {}


def test_the_old_name_is_free_when_the_channel_ends(house: House, ann: Client) -> None:
    bob = house.client("bob")
    ann >> "RENAME #foo #bar" >> "PART #bar"
    bob >> "JOIN #foo"
    bob << ":bob!* JOIN #foo"


def test_a_secret_channel_is_not_given_away(house: House, ann: Client) -> None:
    bob = house.client("bob", caps=RENAME)
    ann >> "MODE #foo +s" >> "RENAME #foo #bar"
    bob >> "JOIN #foo"
    bob << ":bob!* JOIN #foo"


def test_so_many_names_are_remembered() -> None:
    house = House(limits={"former_names": 2})
    ann, bob = house.client("ann"), house.client("bob", caps=RENAME)
    met(house, "#1", ann)
    for number in range(1, 4):
        ann >> f"RENAME #{number} #{number + 1}"
    bob >> "JOIN #2,#3,#1"
    bob << ":irc.test FAIL JOIN CHANNEL_RENAMED #2 #4 :*"
    bob << ":irc.test FAIL JOIN CHANNEL_RENAMED #3 #4 :*"
    bob << ":bob!* JOIN #1"
    house.reload(limits={"former_names": 0})
    assert house.node.network.memory.former == {} == channel(house, "#4").former
    ann >> "RENAME #4 #5"
    house.check()


def test_forwards_and_masks_mean_the_channel_by_its_old_name(house: House, ann: Client) -> None:
    bob = house.client("bob")
    met(house, "#in", ann)
    ann >> "MODE #in +if #foo" >> "MODE #in +b $c:#foo" >> "RENAME #foo #bar"
    bob >> "JOIN #in"
    bob << ":irc.test 470 bob #in #bar :Forwarding to another channel"
    bob << ":bob!* JOIN #bar"
    bob.lines()
    ann >> "MODE #in -i"
    bob >> "JOIN #in"
    bob << ":irc.test 474 bob #in :*"
    ann >> "JOIN #foo"  # an operator's new channel of the old name
    bob >> "JOIN #in"
    bob << ":bob!* JOIN #in"


# Fallback


def test_clients_without_the_capability(house: House, ann: Client) -> None:
    """Send the client a PART message for the old channel name, with part message matching the rename reason
    if given. Send the client a JOIN message followed by the usual messages that would be sent if the client
    had joined the new channel normally (RPL_TOPIC, RPL_TOPICWHOTIME, RPL_NAMREPLY, RPL_ENDOFNAMES etc).
    """
    bob = house.client("bob", caps="extended-join multi-prefix server-time")
    eve = house.client("eve", caps="userhost-in-names no-implicit-names")
    met(house, "#foo", bob, eve)
    ann >> "TOPIC #foo :Topic" >> "MODE #foo +v ann"
    for client in (ann, bob, eve):
        client.lines()
    ann >> "RENAME #foo #bar :Changing the channel name"
    ann << ":ann!* RENAME #foo #bar :Changing the channel name"
    at = "@time=2023-11-14T22:13:20.000Z "
    bob << f"{at}:bob!~bob@192.0.2.1 PART #foo :Changing the channel name"
    bob << f"{at}:bob!~bob@192.0.2.1 JOIN #bar * :Bob"
    bob << f"{at}:irc.test 332 bob #bar :Topic"
    bob << f"{at}:irc.test 333 bob #bar ann!~ann@192.0.2.1 {START:.0f}"
    bob << f"{at}:irc.test 353 bob = #bar :@+ann bob eve"
    bob << f"{at}:irc.test 366 bob #bar :End of /NAMES list"
    eve << ":eve!~eve@192.0.2.1 PART #foo :Changing the channel name"
    eve << ":eve!~eve@192.0.2.1 JOIN #bar"
    eve << ":irc.test 332 eve #bar :Topic"
    eve << ":irc.test 333 eve #bar *"
    for client in (ann, bob, eve):
        client.silent()


def test_the_renamer_without_the_capability(house: House) -> None:
    """If a client sends a valid RENAME command without having negotiated the capability, the server SHOULD
    rename the channel, but use the fallback mechanism to report the name change to that client.
    """
    bob = house.client("bob", caps=LABELS)
    met(house, "#foo", bob)
    bob >> "@label=1 RENAME #foo #bar" >> "@label=2 RENAME #bar #BAR"
    answers = Answers(bob.lines())
    assert [m.command for m in answers.by_label["1"]] == ["PART", "JOIN", "353", "366"]
    assert answers.by_label["1"][0].params == ["#foo"]
    assert [m.command for m in answers.by_label["2"]] == ["ACK"] and not answers.others


def test_the_renamer_with_labels(house: House) -> None:
    bob = house.client("bob", caps=f"{LABELS} {RENAME} server-time account-tag")
    met(house, "#foo", bob)
    logged_in(bob, "bobby")
    bob >> "@label=1 RENAME #foo #bar :x"
    bob << "@label=1;time=2023-11-14T22:13:20.000Z;account=bobby :bob!* RENAME #foo #bar :x"
    bob >> "@label=2 RENAME #bar #bar"
    bob << "@label=2;time=* :irc.test FAIL RENAME CHANNEL_NAME_IN_USE *"


def test_a_long_answer_does_not_go_under_the_label_of_somebody_who_waits() -> None:
    """What others say meanwhile is not the answer to a command that is awaited."""
    house = House(**sections(), limits={"rename_members": 5})
    ann, bob = house.client("ann", caps=RENAME), house.client("bob", caps=LABELS)
    met(house, "#foo", ann, bob)
    house.hold = True
    bob.session.receive(f"@label=1 OPER root {PASSWORD}\r\n".encode())
    ann.send(b"PRIVMSG #foo :x\r\n" * LONG_ANSWER + b"RENAME #foo #bar\r\n")
    house.release()
    answers = Answers(bob.lines())
    assert [m.command for m in answers.others] == [*["PRIVMSG"] * LONG_ANSWER, "PART", "JOIN", "353", "366"]
    assert "381" in [m.command for m in answers.by_label["1"]]


def test_who_is_cut_off_in_the_midst_of_it(
    house: House, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SendQ is looked at after each long answer, and what it ends others hear of."""
    bob, eve = house.client("bob"), house.client("eve")
    met(house, "#foo", bob, eve)
    ann.lines()
    monkeypatch.setattr(bob.outlet, "flush", bob.session.sendq_exceeded)
    ann.send(b"PRIVMSG #foo :x\r\n" * LONG_ANSWER + b"RENAME #foo #bar\r\n")
    assert bob.outlet.ended == "aborted"
    assert ann.lines() == [
        ":ann!~ann@192.0.2.1 RENAME #foo #bar :",
        ":bob!~bob@192.0.2.1 QUIT :SendQ exceeded",
    ]
    assert [line.split(" ")[1] for line in eve.lines()[LONG_ANSWER:]] == [
        "PART",
        "JOIN",
        "353",
        "366",
        "QUIT",
    ]
    assert list(channel(house, "#bar").members) == [ann.user, eve.user]


def test_each_session_of_a_user_is_told_in_its_own_way(house: House, ann: Client) -> None:
    other = second_session(ann)
    ann >> "RENAME #foo #bar"
    ann << ":ann!* RENAME #foo #bar :"
    ann.silent()
    other << ":ann!* PART #foo"
    other << ":ann!* JOIN #bar"
    assert other.numerics() == ["353", "366"]


def test_the_names_are_made_once_for_each_format(
    house: House, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [house.client(f"user{i:02}", caps="multi-prefix" if i % 3 else "") for i in range(70)]
    met(house, "#foo", *others)
    made: list[int] = []
    items = names._items

    def counted(members: list[object], caps: int) -> list[str]:
        made.append(caps & (MULTI_PREFIX | USERHOST_IN_NAMES))
        return items(members, caps)  # type: ignore[arg-type]

    monkeypatch.setattr(names, "_items", counted)
    ann >> "RENAME #foo #bar"
    assert sorted(made) == [0, MULTI_PREFIX]
    for client in others:
        client << f":{client.user.nick}!* PART #foo"
        client << f":{client.user.nick}!* JOIN #bar"
        listed: list[str] = []
        lines = client.lines()
        assert all(len(line) <= 510 for line in lines)
        for line in lines[:-1]:
            assert line.startswith(f":irc.test 353 {client.user.nick} = #bar :")
            listed += line.rpartition(":")[2].split()
        assert listed == ["@ann", *(other.user.nick for other in others)]
        assert lines[-1].startswith(":irc.test 366")


@settings(max_examples=runs(30, 3000), deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6), st.sampled_from(["#bar", "#FOO", "#BAR"])
)
def test_everybody_in_it_hears_of_it_once_and_nobody_else(kinds: list[tuple[bool, bool]], name: str) -> None:
    house = House()
    ann = house.client("ann", caps=RENAME)
    met(house, "#foo,#other", ann)
    told = {}
    for index, (knows, inside) in enumerate(kinds):
        client = house.client(f"u{index}", caps=RENAME if knows else "")
        met(house, "#foo,#other" if inside else "#other", client)
        told[client] = (knows, inside)
    for client in (ann, *told):
        client.lines()
    ann >> f"RENAME #foo {name}"
    ann << f":ann!* RENAME #foo {name} :"
    for client, (knows, inside) in told.items():
        lines = [line.split(" ")[1] for line in client.lines()]
        if knows:
            assert lines == ["RENAME"] * inside
        else:
            assert lines == ["PART", "JOIN", "353", "366"] * (inside and name != "#FOO")
    house.check()
