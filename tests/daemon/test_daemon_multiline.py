"""Messages of several lines over sockets, under the flood control that everybody has."""

from __future__ import annotations

from pathlib import Path

import pytest
from daemon_process import Daemon
from labelled import LABELS, Answers

from chatnet.wire.message import parse

pytestmark = pytest.mark.daemon

MULTI = "batch draft/multiline message-tags"


def test_messages_of_several_lines(tmp_path: Path) -> None:
    """https://ircv3.net/specs/extensions/multiline"""
    daemon = Daemon(tmp_path)
    with daemon, daemon.connect() as ann, daemon.connect() as bob, daemon.connect() as cyd:
        ann.send(f"CAP REQ :{LABELS} {MULTI} echo-message", "CAP END")
        bob.send(f"CAP REQ :{MULTI}", "CAP END")
        cyd.send("CAP REQ message-tags", "CAP END")
        for client, nick in ((ann, "ann"), (bob, "bob"), (cyd, "cyd")):
            client.register(nick)
            client.send("JOIN #c")
            client.sync()
        texts = ["ä" * 190 + str(number) for number in range(31)]
        lines = [f"@batch=x PRIVMSG #c :{text}" for text in texts]
        # At once, as a client sends it.
        ann.send(
            "@label=L;+draft/reply=1 BATCH +x draft/multiline #c",
            *lines,
            "@batch=x;draft/multiline-concat PRIVMSG #c :.",
            "BATCH -x",
        )
        texts.append(".")
        echo = ann.until(r"BATCH -")
        echo = echo[next(n for n, line in enumerate(echo) if "label=L" in line) :]
        batch = bob.until(r"BATCH -")[-34:]
        plain = cyd.until(r" PRIVMSG #c :\.$")[-32:]
        answer = Answers(echo).by_label["L"]
        assert [m.params[1] for m in answer] == texts
        heard = [parse(line) for line in plain]
        assert [m.params[1] for m in heard if m is not None] == texts
        ids = [m.tags.get("msgid") for m in heard if m is not None]
        opened = parse(batch[0])
        assert opened is not None and opened.tags["+draft/reply"] == "1"
        assert ids == [opened.tags["msgid"]] + [None] * 31
        assert echo[1:] == batch[1:] and echo[0] == "@label=L;" + batch[0][1:]
        # One line more than may be, and a batch that nobody ends; each of one who has been quiet.
        bob.send("BATCH +y draft/multiline #c", *["@batch=y PRIVMSG #c :a"] * 33, "BATCH -y")
        assert " FAIL BATCH MULTILINE_MAX_LINES 32 :" in bob.until(" FAIL ")[-1]
        cyd.send("CAP REQ :batch draft/multiline", "BATCH +z draft/multiline #c", "@batch=z PRIVMSG #c :a")
        cyd.send("QUIT :bye")
        assert not any("PRIVMSG" in line for line in ann.until(r":cyd!\S+ QUIT :"))
    assert "Traceback" not in daemon.output()
