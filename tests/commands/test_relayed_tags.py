"""Client-only tags of IRCv3: what each specification asks of a server that relays them.

https://ircv3.net/specs/client-tags/typing, reply, react and channel-context.  None of them lets a server
refuse a message for what these tags say; it relays them as they are, or not at all (CLIENTTAGDENY).
"""

from __future__ import annotations

import pytest
from conversation import Client, House

TAGS = "message-tags echo-message"
ANN, BOB = (f":{nick}!~{nick}@192.0.2.1" for nick in ("ann", "bob"))


def talk(house: House) -> tuple[Client, Client, Client]:
    """ann and bob, who know tags, and cyd, who does not; in #c."""
    ann, bob = house.client("ann", caps=TAGS), house.client("bob", caps=TAGS)
    clients = ann, bob, house.client("cyd", caps="server-time")
    for client in clients:
        client >> "JOIN #c"
    for client in clients:
        client.lines()
    return clients


def heard(client: Client) -> tuple[str, str, str]:
    """The id, the client-only tags, and the rest of the next line."""
    client.house.settle()
    tags, _, rest = client.outlet.lines.pop(0).partition(" ")
    msgid, _, own = tags.partition(";")
    assert msgid.startswith("@msgid=")
    return msgid.removeprefix("@msgid="), own, rest


# typing


@pytest.mark.parametrize("value", ["active", "paused", "done"])
@pytest.mark.parametrize("target", ["#c", "bob"])
def test_typing(house: House, value: str, target: str) -> None:
    """“A typing notification is represented by a `TAGMSG` command sent with a `typing` tag using the
    client-only prefix `+` and possible values of `active`, `paused`, and `done`.”

    https://ircv3.net/specs/client-tags/typing#format
    """
    ann, bob, cyd = talk(house)
    ann >> f"@+typing={value} TAGMSG {target}"
    for client in (ann, bob):
        assert heard(client)[1:] == (f"+typing={value}", f"{ANN} TAGMSG {target}")
        client.silent()
    cyd.silent()


def test_typing_is_throttled_by_clients_and_cheap_here() -> None:
    """“Input event handlers MUST be throttled so that any `typing` notification is not sent within 3
    seconds of another one for a given target.”  Somebody who types all day long is never slowed down.

    https://ircv3.net/specs/client-tags/typing#format
    """
    house = House(flood={"enabled": True})
    ann, bob, _ = talk(house)
    house.clock.advance(60)
    for _ in range(100):
        ann >> "@+typing=active TAGMSG #c" >> "@+typing=active TAGMSG bob"
        assert len(bob.lines()) == 2
        house.clock.advance(3)


def test_typing_can_be_denied() -> None:
    """“Standard implementation guidelines on message tag moderation considerations also apply to servers.”

    https://ircv3.net/specs/client-tags/typing#privacy-considerations
    """
    house = House(limits={"client_tags_denied": ["typing"]})
    ann, bob, _ = talk(house)
    ann >> "@+typing=active TAGMSG #c" >> "@+typing=active;+draft/reply=1 PRIVMSG #c :x"
    assert heard(bob)[1:] == ("+draft/reply=1", f"{ANN} PRIVMSG #c :x")
    bob.silent()


# reply


@pytest.mark.parametrize("tag", ["+draft/reply", "+reply"])
@pytest.mark.parametrize("command", ["PRIVMSG #c :Hello to you!", "NOTICE #c :Hello to you!", "TAGMSG #c"])
def test_reply(house: House, tag: str, command: str) -> None:
    """“its value references the server provided ID of another message”: “S: @msgid=123 … PRIVMSG #channel
    :Hello!”, “C: @+draft/reply=123 PRIVMSG #channel :Hello to you!”.

    “Clients SHOULD negotiate the echo-message capability in order to receive message IDs for their own
    messages, and therefore understand any replies.”  https://ircv3.net/specs/client-tags/reply#format
    """
    ann, bob, _ = talk(house)
    ann >> "PRIVMSG #c :Hello!"
    msgid, _, _ = heard(ann)
    assert heard(bob)[0] == msgid
    bob >> f"@{tag}={msgid} {command}"
    for client in (ann, bob):
        own_id, own, rest = heard(client)
        assert (own, rest) == (f"{tag}={msgid}", f"{BOB} {command}")
        assert own_id != msgid


def test_ids_survive_in_a_value(house: House) -> None:
    """“The tag value MUST be treated as a case sensitive opaque identifier.”  Those of channels are base64,
    with `=` and perhaps `/` and `+`.  https://ircv3.net/specs/extensions/message-ids#tag-value
    """
    ann, bob, _ = talk(house)
    for name in ("#c", "#¿ï", "#ÿþ>"):
        ann >> f"JOIN {name}"
        bob >> f"JOIN {name}"
        ann.lines(), bob.lines()
        ann >> f"PRIVMSG {name} :x"
        msgid = heard(bob)[0]
        ann.lines()
        bob >> f"@+draft/reply={msgid} PRIVMSG {name} :y"
        assert heard(ann)[1] == f"+draft/reply={msgid}"
        bob.lines()


def test_a_reply_to_what_nobody_knows_is_relayed(house: House) -> None:
    """Whether the parent is known is for clients to see: it may be older than this server remembers."""
    ann, bob, _ = talk(house)
    ann >> "@+draft/reply=nothing PRIVMSG #c :x" >> "@+draft/reply PRIVMSG #c :x"
    assert [heard(bob)[1] for _ in range(2)] == ["+draft/reply=nothing", "+draft/reply"]


# react


@pytest.mark.parametrize("tag", ["+draft/react", "+draft/unreact"])
@pytest.mark.parametrize("value", ["lol", ":)", "👋", r"a\sb\:\\", "🇦🇷", "x" * 2000])
def test_react(house: House, tag: str, value: str) -> None:
    """“The react tag is sent by a client with the client-only prefix `+`. The value has no restrictions.”,
    “this tag MUST be used in conjunction with the `+draft/reply` client tag”, “These tags MAY be attached to
    an empty message.”

    https://ircv3.net/specs/client-tags/react#format
    """
    ann, bob, cyd = talk(house)
    ann >> f"@+draft/reply=123;{tag}={value} TAGMSG #c" >> f"@+draft/reply=123;{tag}={value} PRIVMSG #c :lol"
    for rest in (f"{ANN} TAGMSG #c", f"{ANN} PRIVMSG #c :lol"):
        assert heard(bob)[1:] == (f"+draft/reply=123;{tag}={value}", rest)
    cyd << f"@time=* {ANN} PRIVMSG #c :lol"
    cyd.silent()


# channel-context


@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_channel_context(house: House, command: str) -> None:
    """“S: @+channel-context=#chan :bot!bot@bot NOTICE me :I'm helping.”

    https://ircv3.net/specs/client-tags/channel-context#examples
    """
    ann, bob, cyd = talk(house)
    bob >> f"@+channel-context=#c {command} ann,cyd :I'm helping."
    assert heard(ann)[1:] == ("+channel-context=#c", f"{BOB} {command} ann :I'm helping.")
    cyd << f"@time=* {BOB} {command} cyd :I'm helping."


@pytest.mark.parametrize(
    ("target", "value"), [("#c", "#c"), ("ann", "nothing"), ("ann", "#elsewhere"), ("ann", "")]
)
def test_a_wrong_channel_context_is_for_clients_to_ignore(house: House, target: str, value: str) -> None:
    """“This tag MUST be attached to PRIVMSG and NOTICE messages to users only. Clients MUST ignore this tag
    if it is not attached to a private PRIVMSG or NOTICE message or if its value is not a valid channel name.”

    It is not for servers: client-only tags are such as “servers MUST attach as-is”.
    https://ircv3.net/specs/client-tags/channel-context#format
    """
    ann, bob, _ = talk(house)
    tag = f"+channel-context={value}".removesuffix("=")
    bob >> f"@{tag} PRIVMSG {target} :x"
    assert heard(ann)[1:] == (tag, f"{BOB} PRIVMSG {target} :x")


# all of them


def test_the_length_of_all_is_limited_alone(house: House) -> None:
    """“client-only tags […] servers MUST attach as-is to any relevant message relayed to other clients”.

    https://ircv3.net/specs/extensions/message-tags#client-only-tags
    """
    ann, bob, _ = talk(house)
    tags = "+draft/reply=1;+draft/react=👍;+typing=done;+channel-context=#c;+example.com/x="
    tags += "x" * (4094 - len(tags.encode()))
    ann >> f"@{tags} PRIVMSG bob :x"
    assert heard(bob)[1] == tags
    ann.lines()
    ann >> f"@{tags}x PRIVMSG bob :x"
    ann << ":irc.test 417 ann :*"
    bob.silent()
