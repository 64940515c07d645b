"""What lines tell of whoever caused them: their account, that they are a bot or an IRC operator, and when."""

from __future__ import annotations

import re

import pytest
from conversation import Client, House
from states import logged_in, moded, opered

from chatnet.model.facts import AccountChanged, HostChanged, Kicked, Killed
from chatnet.model.ids import AccountName
from chatnet.session import render
from chatnet.wire import capabilities as cap

EVERYTHING = (
    "message-tags server-time account-tag draft/oper-tag echo-message account-notify away-notify chghost "
    "setname extended-join invite-notify"
)
ANN = ":ann!~ann@192.0.2.1"


def neighbours(house: House, caps: str) -> tuple[Client, Client]:
    """ann, and bob with capabilities, both operators of a channel."""
    ann, bob = house.client("ann"), house.client("bob", caps=caps)
    bob >> "JOIN #c"
    ann >> "JOIN #c"
    bob >> "MODE #c +o ann"
    ann.lines(), bob.lines()
    return ann, bob


def act(house: House, ann: Client, bob: Client) -> None:
    """ann does everything that others see."""
    ann >> "PRIVMSG bob :x" >> "NOTICE #c :x" >> "TOPIC #c :x" >> "MODE #c +m" >> "AWAY :x" >> "AWAY"
    ann >> "SETNAME :New" >> "NICK anna" >> "NICK ann" >> "INVITE bob #d" >> "PART #c" >> "JOIN #c"
    node, now = house.node, house.clock.time()
    channel = node.network.channel("#c")
    assert channel is not None
    node.commit(HostChanged(ann.user, "ann", "host.test", ann.user.source, now))
    node.commit(Kicked(channel, bob.user, ann.user, "x", now))
    node.commit(Killed(bob.user, ann.user, "x", now))


VERBS = {"PRIVMSG", "NOTICE", "TOPIC", "MODE", "AWAY", "SETNAME", "NICK", "PART", "JOIN", "CHGHOST"}
VERBS |= {"KICK", "KILL"}
NAMED = VERBS - {"AWAY", "SETNAME", "CHGHOST", "KILL"}
"""What has an id."""


def said(bob: Client) -> dict[str, set[str]]:
    """Verb → the tags of its lines, of what ann said; of ids that they are there."""
    found: dict[str, set[str]] = {}
    for line in bob.lines():
        tags, _, rest = line.partition(" ") if line[0] == "@" else ("", "", line)
        if rest.startswith(":ann"):
            found.setdefault(rest.split(" ")[1], set()).update(
                re.sub("msgid=[^;]+", "msgid", tags[1:]).split(";")
            )
    return found


def test_the_account_is_on_everything_a_user_does(house: House) -> None:
    """“The tag MUST be named `account`, and contain the sender's current services username. […] MUST be added
    by the ircd to all commands sent by a user (e.g. PRIVMSG, MODE, NOTICE, and all others).”

    https://ircv3.net/specs/extensions/account-tag
    """
    ann, bob = neighbours(house, "account-tag chghost away-notify setname")
    logged_in(ann, "hax0r")
    act(house, ann, bob)
    assert said(bob) == {verb: {"account=hax0r"} for verb in VERBS}
    house.check()


def test_the_account_is_on_a_farewell(house: House) -> None:
    ann, bob = neighbours(house, "account-tag")
    logged_in(ann, "hax0r")
    ann >> "QUIT :bye"
    bob << f"@account=hax0r {ANN} QUIT :Quit: bye"


def test_no_account_no_tag(house: House) -> None:
    """“If the user is not identified to any services account, the tag MUST NOT be sent.”"""
    ann, bob = neighbours(house, EVERYTHING.replace("server-time ", ""))
    ann >> "MODE #c +m" >> "TOPIC #c :x"
    bob << f"@msgid=* {ANN} MODE #c +m" << f"@msgid=* {ANN} TOPIC #c :x"
    ann >> "AWAY :x"
    bob << f"{ANN} AWAY :x"


def test_an_account_with_odd_characters_is_escaped(house: House) -> None:
    ann, bob = neighbours(house, "account-tag")
    logged_in(ann, "a;b c\\")
    ann >> "TOPIC #c :x"
    bob << f"@account=a\\:b\\sc\\\\ {ANN} TOPIC #c :x"


def test_the_example_of_account_tag(house: House) -> None:
    """“:user PRIVMSG #atheme :Hello everyone.”, “:user ACCOUNT hax0r”, “@account=hax0r :user PRIVMSG #atheme
    :Now I'm logged in.”, “@account=hax0r :user ACCOUNT bob”, “@account=bob :user PRIVMSG …”
    """
    ann, bob = neighbours(house, "account-tag account-notify")
    dan = house.client("dan", caps="account-notify")
    dan >> "JOIN #c"
    bob.lines(), dan.lines()
    now = house.clock.time()
    ann >> "PRIVMSG #c :Hello everyone."
    house.node.commit(AccountChanged(ann.user, AccountName("hax0r"), now, None))
    ann >> "PRIVMSG #c :Now I'm logged in."
    house.node.commit(AccountChanged(ann.user, AccountName("bob"), now, AccountName("hax0r")))
    ann >> "PRIVMSG #c :I switched accounts."
    house.node.commit(AccountChanged(ann.user, None, now, AccountName("bob")))
    assert bob.lines() == [
        f"{ANN} PRIVMSG #c :Hello everyone.",
        f"{ANN} ACCOUNT hax0r",
        f"@account=hax0r {ANN} PRIVMSG #c :Now I'm logged in.",
        f"@account=hax0r {ANN} ACCOUNT bob",
        f"@account=bob {ANN} PRIVMSG #c :I switched accounts.",
        f"@account=bob {ANN} ACCOUNT *",
    ]
    assert [line for line in dan.lines() if "ACCOUNT" in line] == [
        f"{ANN} ACCOUNT {name}" for name in ("hax0r", "bob", "*")
    ]


def test_numerics_that_somebody_else_caused_bear_the_account(house: House) -> None:
    """“The tag also MUST be added by the ircd to all numerics directly caused by the sender. For example, if
    the target user has "caller ID" enabled […] numeric 718”
    """
    ann, bob = house.client("ann"), house.client("bob", caps="account-tag")
    logged_in(ann, "hax0r")
    moded(bob, "g")
    ann >> "PRIVMSG bob :x"
    bob << "@account=hax0r :irc.test 718 bob ann ~ann@192.0.2.1 :*"
    bob >> "JOIN #d" >> "MODE #d +i"
    bob.lines()
    ann >> "KNOCK #d"
    bob << "@account=hax0r :irc.test 710 bob #d ann!~ann@192.0.2.1 :*"
    bob.silent()


def test_a_bot_is_marked_on_everything_it_does(house: House) -> None:
    """“This tag SHOULD be added by the server to all commands sent by a bot (e.g. `PRIVMSG`, `JOIN`, `MODE`,
    `NOTICE`, and all others). […] MUST only be sent to users who have requested the `message-tags`
    capability. Servers MUST NOT send this tag with a value”.

    https://ircv3.net/specs/extensions/bot-mode
    """
    ann, bob = neighbours(house, "message-tags chghost away-notify setname")
    plain = house.client("dan", caps="account-tag server-time")
    plain >> "JOIN #c"
    ann >> "MODE ann +B"
    bob.lines(), plain.lines()
    act(house, ann, bob)
    found = said(bob)
    assert found.keys() == VERBS
    for verb, tags in found.items():
        assert "bot" in tags and "" not in tags, verb
        assert len(tags) == (2 if verb in NAMED else 1), verb
    assert not [line for line in plain.lines() if "bot" in line.partition(" ")[0]]
    ann >> "MODE ann -B"
    bob2 = house.client("eve", caps="message-tags")
    ann >> "NOTICE eve :x"
    assert ";bot" not in (line := bob2.lines()[0]) and "@bot" not in line


def test_an_oper_is_marked_on_everything_they_do(house: House) -> None:
    """“The `draft/oper-tag` capability causes the server to add a message tag to messages sent by a user who
    is currently an IRC operator. The tag MUST be named `draft/oper`. […] MUST be added by the ircd to all
    commands sent by a user”.  https://ircv3.net/specs/extensions/oper-tag
    """
    ann, bob = neighbours(house, "draft/oper-tag chghost away-notify setname")
    plain = house.client("dan", caps="message-tags")
    plain >> "JOIN #c"
    opered(ann)
    bob.lines(), plain.lines()
    act(house, ann, bob)
    assert said(bob) == {verb: {"draft/oper"} for verb in VERBS}
    assert "draft/oper" not in "".join(plain.lines())


def test_who_is_no_oper_any_more_is_not_marked(house: House) -> None:
    ann, bob = neighbours(house, "draft/oper-tag")
    opered(ann)
    ann >> "MODE ann -o"
    bob.lines()
    ann >> "TOPIC #c :x"
    bob << f"{ANN} TOPIC #c :x"


def test_all_tags_stand_in_one_section(house: House) -> None:
    ann, bob = neighbours(house, EVERYTHING)
    opered(ann)
    logged_in(ann, "anna")
    moded(ann, "B")
    bob.lines()
    ann >> "TOPIC #c :x" >> "PRIVMSG #c :x"
    at = "@time=2023-11-14T22:13:20.000Z;account=anna;bot;draft/oper"
    bob << f"{at};msgid=* {ANN} TOPIC #c :x"
    bob << f"{at};msgid=* {ANN} PRIVMSG #c :x"


@pytest.mark.parametrize(
    ("by", "formats"),
    [("nobody", 2), ("account", 3), ("oper", 3), ("bot", 2)],
)
def test_no_more_formats_than_differ(
    house: House, monkeypatch: pytest.MonkeyPatch, by: str, formats: int
) -> None:
    """A line is made once for those who read the same bytes, however many capabilities they have.

    Those with `message-tags` read an id.
    """
    ann = house.client("ann")
    ann >> "JOIN #c"
    for number, caps in enumerate(
        ("", "message-tags", "account-tag", "draft/oper-tag", "cap-notify setname")
    ):
        house.client(f"c{number}", caps=caps) >> "JOIN #c"
    if by == "account":
        logged_in(ann, "anna")
    if by == "oper":
        opered(ann)
    if by == "bot":
        moded(ann, "B")
    made: list[int] = []
    original = render.topic_changed

    def count(fact: object, key: int) -> bytes:
        made.append(key)
        return original(fact, key)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "topic_changed", count)
    ann >> "TOPIC #c :x"
    assert len(made) == formats, made


def test_server_time_is_on_every_line(house: House) -> None:
    """“YYYY-MM-DDThh:mm:ss.sssZ […] Precision of the time is one millisecond.”

    https://ircv3.net/specs/extensions/server-time
    """
    ann = house.client("ann", caps="server-time echo-message")
    house.clock.advance(0.0625)
    ann >> "JOIN #c" >> "PRIVMSG #c :x" >> "PING x" >> "WHOIS ann" >> "NOSUCH" >> "PART #c"
    lines = ann.lines()
    assert len(lines) > 12
    assert all(line.startswith("@time=2023-11-14T22:13:20.062Z ") for line in lines), lines
    house.clock.advance(59.9375)
    ann >> "PING x"
    ann << "@time=2023-11-14T22:14:20.000Z :irc.test PONG irc.test :x"


def test_the_tags_of_a_line_that_is_cut_stay_whole() -> None:
    line = render.line(b":s PRIVMSG #c :" + b"x" * 600, 0.0, cap.SERVER_TIME)
    tags, _, rest = line.partition(b" ")
    assert tags == b"@time=1970-01-01T00:00:00.000Z"
    assert len(rest) == 512
