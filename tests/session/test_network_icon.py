"""The network's picture.  https://ircv3.net/specs/extensions/network-icon"""

from __future__ import annotations

import pytest
from conversation import House
from pydantic import ValidationError

from chatnet.settings import Settings


@pytest.mark.parametrize("url", ["https://example.org/icon.svg", "https://example.net/icon.png?size={size}"])
def test_isupport_tells_where_it_is(url: str) -> None:
    """If a server publishes a draft/ICON ISUPPORT token, the value MUST be a URL to an image."""
    ann = House(server={"icon": url}).client("ann")
    ann >> "VERSION"
    assert f"draft/ICON={url}" in ann.until("* 005 * draft/ICON=*").split(" ")


def test_without_one_there_is_no_token() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "VERSION"
    assert not any("ICON" in line for line in ann.lines())
    house.reload(server={"icon": "https://example.org/icon.svg"})
    ann << ":irc.test 005 ann draft/ICON=https://example.org/icon.svg :are supported by this server"
    house.reload(server={"icon": ""})
    ann << ":irc.test 005 ann -draft/ICON :are supported by this server"


@pytest.mark.parametrize(
    "url", ["icon.png", "https://", "https://a b", "file:///etc/passwd", "https://x/" + "y" * 300]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"server\.icon"):
        Settings.model_validate({"server": {"icon": url}})
