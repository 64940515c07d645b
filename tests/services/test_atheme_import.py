"""What Atheme writes when it ends, read by ``chatnet import``: the real program, over real sockets."""

from __future__ import annotations

import signal
from io import BytesIO
from pathlib import Path

import pytest
from atheme import Served
from planned import complaints, fields, opens, planned

from chatnet.importing import atheme

pytestmark = [pytest.mark.client, pytest.mark.daemon]


def test_its_file_has_what_people_made_of_it(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        ann = served.account("ann")
        ann.send("JOIN #club")
        ann.until(" 366 ann #club ")
        ann.send("PRIVMSG ChanServ :REGISTER #club")
        ann.until("NOTICE ann :.*registered")
        ann.send("PRIVMSG ChanServ :AKICK #club ADD *!*@bad.example.org !P no more")
        ann.until("NOTICE ann :.*AKICK list")
        served.atheme.signal(signal.SIGTERM)
        assert served.atheme.wait(60) == 0
        data = (tmp_path / "atheme" / "services.db").read_bytes()
    plan = planned(atheme.read(BytesIO(data), 2_000_000_000))
    assert complaints(plan) == []
    assert opens(plan, "ann", "a-secret-word") and fields(plan, "ann")["email"] == "1 ann@example.org"
    channel = fields(plan, "#club")
    assert channel["founder"] == plan.accounts[0][1].entity
    assert channel["akick:*!*@bad.example.org"] == "0 k ann :no more"
