"""The configuration written for a new server never goes stale: it is tried as it is, and uncommented."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from chatnet.settings import Settings
from chatnet.wiring.config import ConfigError, check
from chatnet.wiring.template import template


def uncommented(text: str, without: str = "") -> dict[str, Any]:
    """All settings that the text shows, but for those whose line begins as given."""
    lines = [re.sub(r"^#(?! |$)", "", line) for line in text.splitlines()]
    return tomllib.loads("\n".join(line for line in lines if not without or not line.startswith(without)))


def test_as_it_is_it_means_the_defaults_and_what_was_chosen() -> None:
    assert check(tomllib.loads(template({})), "template") == Settings()
    chosen: dict[str, dict[str, Any]] = {
        "server": {"name": "irc.example.org", "network": 'a"b\\\x7f\u00e4', "admin": ["x", "y"]},
        "limits": {"nick": 9},
    }
    found = check(tomllib.loads(template(chosen)), "template")
    assert found.model_dump(exclude_defaults=True) == {
        "server": {"name": "irc.example.org", "network": 'a"b\\\x7f\u00e4', "admin": ("x", "y")},
        "limits": {"nick": 9},
    }


def test_every_key_of_every_section_is_shown() -> None:
    tree = uncommented(template({}))
    assert tree.keys() == Settings.model_fields.keys()
    for section, shown in tree.items():
        model = type(getattr(Settings(), section))
        if isinstance(shown, list):
            model = Settings.model_fields[section].annotation.__args__[0]  # type: ignore[union-attr]  # a tuple of these
            shown = shown[0]
        assert list(shown) == [field.alias or key for key, field in model.model_fields.items()]


def test_with_every_line_uncommented_it_is_a_configuration() -> None:
    settings = check(uncommented(template({}), without='key = ""'), "template")
    assert settings.listen[1] == Settings().listen[1]
    assert settings.limits == Settings().limits
    assert settings.oper[0].oper_class == settings.oper_class[0].name
    assert "kill" in settings.privileges(settings.oper[0].oper_class)


def test_the_cloak_key_that_is_shown_is_of_no_use() -> None:
    with pytest.raises(ConfigError, match=r"^template: cloak\.key: is shorter than 32 characters$"):
        check(uncommented(template({})), "template")


def test_every_line_is_short_enough_and_tells_bounds_and_choices() -> None:
    text = template({})
    assert max(map(len, text.splitlines())) <= 110
    assert "# Length of a nick. At least 1 and at most 64.\n#nick = 30\n" in text
    assert "One of: debug, info, warn, error.\n" in text
    assert "\n#   kill          KILL\n" in text
    assert "``" not in text


def test_it_says_that_messages_are_stored_and_how_to_have_none() -> None:
    text = template({})
    section = " ".join(text[: text.index("[history]")].rpartition("\n\n\n")[2].replace("#", "").split())
    assert section == (
        "What is kept of what was said, for how long, and for whom. Unless it says otherwise here, messages "
        "to channels and private messages of those who are logged in are stored in the file history.sqlite "
        "of the data folder, for so many days as these lines tell, and those who may read them can look "
        'back. With store = "off" nothing is stored. docs/history.md tells more.'
    )
    for line in ('#store = ""', "#channels_keep = 90", "#direct_keep = 365", '#events = ["KICK", "MODE", '):
        assert f"\n{line}" in text


def test_it_says_what_the_bouncer_is_and_who_may_choose() -> None:
    text = template({})
    section = " ".join(text[: text.index("[bouncer]")].rpartition("\n\n\n")[2].replace("#", "").split())
    assert section == (
        "One person on many devices, who stays when all of them sleep. Who logs in to an account that "
        "somebody on the network is logged in to already, and asks for that nick, is the same person on "
        "another device: both read the same, and others see one user. This is so unless people or these "
        "lines say otherwise. People may also stay on the network while none of their devices is connected, "
        "if they ask for it (PERSISTENCE, or SET ALWAYS-ON of NickServ). Where a line here says opt-in or "
        "opt-out, each account may choose."
    )
    for line in ('#sessions = "opt-out"', '#always_on = "opt-in"', '#auto_away = "opt-out"', "#expire = 90"):
        assert f"\n{line}\n" in text
    assert " ".join(text.split("\n# ")).count("One of: off, opt-in, opt-out, all.\n") == 3
