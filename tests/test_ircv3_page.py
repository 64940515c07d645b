"""docs/ircv3.md says the truth: what is offered is described as served, and nothing else is."""

from __future__ import annotations

import re

import pytest
from conversation import House
from doc_tables import ROOT

from chatnet.session.offers import VALUES
from chatnet.wire import capabilities

PAGE = (ROOT / "docs" / "ircv3.md").read_text(encoding="utf-8")

EXTENSIONS = """
account-extban account-notify account-registration account-tag away-notify batch bot-mode
capability-negotiation channel-rename chathistory chghost client-batch echo-message extended-isupport
extended-join extended-monitor invite-notify labeled-response message-ids message-redaction message-tags
metadata monitor multi-prefix multiline network-icon no-implicit-names oper-tag pre-away read-marker
sasl-3.1 sasl-3.2 server-time setname standard-replies sts userhost-in-names utf8-only webirc websocket whox
"""
SPECIFICATIONS = {
    *(f"specs/extensions/{name}" for name in EXTENSIONS.split()),
    *(f"specs/client-tags/{name}" for name in ("channel-context", "react", "reply", "typing")),
    *(f"specs/batches/{name}" for name in ("chathistory", "netsplit")),
    *(f"specs/deprecated/{name}" for name in ("sasl-dh-aes", "sasl-dh-blowfish", "tls")),
    "docs/sni",
}
"""All of https://ircv3.net/irc/, ratified, draft and deprecated, and the proposal of ``draft/oper-tag``."""


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    _, _, below = PAGE.partition(f"\n## {heading}\n")
    table, _, _ = below.partition("|\n\n")
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def names(heading: str) -> set[str]:
    """What stands as code in the first column of the first table below a heading."""
    return {name for cells in rows(heading) for name in re.findall("`([^`]+)`", cells[0])}


def test_what_is_offered_is_described_and_the_other_way_round() -> None:
    offered = {*capabilities.BY_NAME, *VALUES}
    assert names("Capabilities") == offered, "docs/ircv3.md: the table of capabilities is not the code's"


def test_what_is_said_not_to_be_served_is_not(house: House) -> None:
    absent = names("Not served, and why")
    assert "tls" in absent
    ann = house.connect()
    ann >> "CAP LS 302"
    told = {word.partition("=")[0] for line in ann.lines() for word in line.partition(" :")[2].split()}
    assert told and told & absent == set()


@pytest.mark.parametrize("specification", sorted(SPECIFICATIONS))
def test_every_specification_has_its_state(specification: str) -> None:
    assert f"](https://ircv3.net/{specification})" in PAGE


def test_no_other_specification_is_spoken_of() -> None:
    assert set(re.findall(r"\]\(https://ircv3\.net/([^)]+)\)", PAGE)) == SPECIFICATIONS | {"irc/"}
