"""Users who are marked as bots.  https://ircv3.net/specs/extensions/bot-mode"""

from __future__ import annotations

from conversation import House


def test_a_bot_is_shown_as_one(house: House) -> None:
    """When a client is marked as a bot, they are given a special numeric as part of their WHOIS response, it
    is indicated in their WHO flags.

    "The value of the BOT token is the mode character which is used to enable bot mode and is also the flag
    used in WHO responses of bots."
    """
    ann, rob = house.client("ann"), house.client("rob")
    ann >> "VERSION" >> "WHOIS rob" >> "WHO rob" >> "WHO rob %nf"
    lines = ann.lines()
    (letter,) = {word[4:] for line in lines for word in line.split(" ") if word.startswith("BOT=")}
    assert letter == "B"
    assert not any(" 335 " in line for line in lines)
    assert ":irc.test 352 ann * ~rob 192.0.2.1 irc.test rob H :0 Rob" in lines
    assert ":irc.test 354 ann rob H" in lines

    rob >> f"MODE rob +{letter}"
    rob << f":rob!~rob@192.0.2.1 MODE rob :+{letter}"
    ann >> "WHOIS rob" >> "WHO rob" >> "WHO rob %nf"
    lines = ann.lines()
    assert ":irc.test 335 ann rob :is a bot" in lines
    assert ":irc.test 352 ann * ~rob 192.0.2.1 irc.test rob HB :0 Rob" in lines
    assert ":irc.test 354 ann rob HB" in lines

    rob >> f"MODE rob -{letter}"
    ann >> "WHOIS rob"
    assert "335" not in ann.numerics()
