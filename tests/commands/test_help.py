"""HELP, made from the tables."""

from __future__ import annotations

import re

import pytest
from archive import Archive
from conversation import Client, House

from chatnet.commands import CLIENT
from chatnet.model import modes
from chatnet.rules.bans import EXTENDED


def texts(client: Client) -> list[str]:
    """The last parameters of what was received."""
    return [line.split(" :", 1)[1] for line in client.lines()]


def test_help_teaches_how_to_begin_even_before_registration(house: House) -> None:
    nobody = house.connect()
    nobody >> "help"
    told = texts(nobody)
    assert any("NICK ann" in text for text in told)
    assert any("within 30 seconds" in text for text in told)
    for verb in CLIENT.rows:
        assert any(re.search(rf"\b{verb}\b", text) for text in told), verb
    ann = house.client("ann")
    ann >> "HELP"
    ann << ":irc.test 704 ann * :Help" << ":irc.test 705 ann * :"
    told = texts(ann)
    assert told[-1] == "End of help"
    assert not any("NICK ann" in text or "seconds" in text for text in told)


def test_help_tells_how_long_one_may_take_to_register() -> None:
    house = House(limits={"registration_timeout": 7.5})
    nobody = house.connect()
    nobody >> "HELP"
    assert any("within 7.5 seconds" in text for text in texts(nobody))


def test_help_tells_of_the_capability_that_a_command_needs() -> None:
    """Without it the command is none that is known (421)."""
    house = Archive()
    needed: dict[str, str] = {}
    for verb in sorted(CLIENT.rows.keys() - {"QUIT"}):
        ann = house.client("ann")
        ann >> f"{verb} +x draft/multiline #c :z"
        if any(line.startswith(":irc.test 421 ") for line in ann.lines()):
            found = re.search(r"\(needs `([^`]+)`\)\.$", CLIENT.rows[verb].usage)
            assert found, verb
            needed[verb] = found[1]
        ann.session.close("done")
    assert needed.keys() == {"BATCH", "CHATHISTORY", "REDACT", "SEARCH", "TAGMSG"}
    for verb, capability in needed.items():
        bob = house.client("bob", caps=f"{capability} batch")
        bob >> f"{verb} +x draft/multiline #c :z"
        assert not any(line.startswith(":irc.test 421 ") for line in bob.lines())
        bob.session.close("done")


@pytest.mark.parametrize("verb", sorted(CLIENT.rows))
def test_every_command_has_help_that_shows_its_form(house: House, verb: str) -> None:
    ann = house.client("ann")
    ann >> f"HELP {verb.lower()}"
    ann << f":irc.test 704 ann {verb} :The {verb} command" << f":irc.test 705 ann {verb} :"
    first, *_, last = texts(ann)
    assert first.startswith(verb)
    assert last == "End of help"


@pytest.mark.parametrize(
    ("subject", "letters"),
    [
        ("umodes", "".join(modes.USER_MODES)),
        ("cmodes", "".join(modes.CHANNEL_MODES)),
        ("snomask", "".join(modes.SNOMASKS)),
    ],
)
def test_modes_are_explained_letter_by_letter(house: House, subject: str, letters: str) -> None:
    ann = house.client("ann")
    ann >> f"HELP {subject}"
    assert "".join(text[0] for text in texts(ann)[2:-1]) == letters


def test_extended_bans_are_explained(house: House) -> None:
    ann = house.client("ann")
    ann >> "HELP EXTBANS"
    told = "\n".join(texts(ann))
    assert all(f"${letter}" in told for letter in EXTENDED)


def test_nobody_can_help_with_everything(house: House) -> None:
    ann = house.client("ann")
    ann >> "HELP :me please"
    ann << ":irc.test 524 ann me :No help available on this topic"


def test_helpop_is_help(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    for question in ("", " JOIN", " cmodes", " nonsense"):
        ann >> f"HELP{question}"
        bob >> f"HELPOP{question}"
        assert [line.replace(" bob ", " ann ") for line in bob.lines()] == ann.lines()
