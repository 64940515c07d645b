"""The examples of docs/deploy are configurations that load."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from chatnet.wiring.config import load

FOLDER = Path(__file__).parents[2] / "docs" / "deploy"


@pytest.mark.parametrize("name", ["chatnet.service", "Containerfile"])
def test_variables(name: str) -> None:
    text = (FOLDER / name).read_text()
    environ = dict(re.findall(r"^(?:Environment=|ENV )(CHATNET__\w+)=(.*)$", text, re.MULTILINE))
    assert environ
    load(None, {key: value.strip("'") for key, value in environ.items()})


def test_pieces_of_toml(tmp_path: Path) -> None:
    text = (FOLDER / "README.md").read_text()
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)]
    pieces = [block for block in blocks if block.strip().startswith("[")]
    assert len(pieces) == 3
    for piece in pieces:
        config = tmp_path / "chatnet.toml"
        config.write_text(piece)
        load(str(config), {})
