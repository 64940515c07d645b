"""Registered channels that meet others of their name: whose past is whose."""

from __future__ import annotations

from pathlib import Path

import pytest
from archive import parsed
from chanserv import founded
from chronicles import BOB, Filed, logs_in
from conversation import Client

from chatnet.services.keeping import SETTLED
from chatnet.storage.answers import at_once
from chatnet.storage.messages.rows import LAST

CAPS = "draft/chathistory"


def read(client: Client, mesh: Filed) -> list[str]:
    """The texts that somebody can read of #c."""
    client.lines()
    client >> "CHATHISTORY LATEST #c * 50"
    mesh.settle()
    return [parsed(line).said for line in client.lines() if " PRIVMSG " in line]


def settle(mesh: Filed) -> None:
    mesh.settle()
    mesh.advance(SETTLED)
    for _ in range(20):
        mesh.advance(1)


def joe_at(mesh: Filed) -> Client:
    joe = mesh["b"].client("joe", caps=CAPS)
    logs_in(joe, "joe", BOB)
    return joe


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("mode", ["+n", "+s"])
def test_who_made_a_younger_one_was_not_in_the_registered_channel(
    tmp_path: Path, mode: str, here: bool
) -> None:
    """Nor is what they said there, behind closed doors, for those who were in that.

    It wins by what it is, where somebody is `here` in it, or by what its records say.
    """
    mesh = Filed(tmp_path, "a", "b")
    ann = founded(mesh["a"], caps=CAPS)
    ann >> "MODE #c +s" >> "PRIVMSG #c :ann before"
    mesh.advance(60)
    joe = joe_at(mesh)
    joe >> "JOIN #c" >> f"MODE #c {mode}"
    for number in range(3):
        mesh.advance(10)
        joe >> f"PRIVMSG #c :joe {number}"
        ann >> f"PRIVMSG #c :ann {number}"
    mesh.advance(10)
    if not here:
        ann >> "PART #c"
    mesh.link("a", "b")
    merged = int(mesh.clock.time() * 1000)
    settle(mesh)
    if not here:
        ann >> "JOIN #c"
        settle(mesh)
    ann >> "PRIVMSG #c :ann after"
    settle(mesh)
    joes = [f"joe {number}" for number in range(3)]
    anns = ["ann before", *[f"ann {number}" for number in range(3)]]
    assert read(joe, mesh) == [*(joes if mode == "+n" else []), "ann after"]
    assert [text for text in read(ann, mesh) if "ann" in text] == [*anns, "ann after"]
    assert mode == "+n" or not [text for text in read(ann, mesh) if "joe" in text]
    (stay,) = at_once(mesh["b"].messages.stays([mesh.place("b")], BOB))[mesh.place("b")]
    assert stay[0] >= merged and stay[1] == LAST
    mesh.check()


def test_the_registered_channel_keeps_its_past_where_an_older_one_wins(tmp_path: Path) -> None:
    mesh = Filed(tmp_path, "a", "b")
    joe = joe_at(mesh)
    joe >> "JOIN #c"
    mesh.advance(60)
    ann = founded(mesh["a"], caps=CAPS)
    ann >> "MODE #c +s"
    for number in range(3):
        mesh.advance(10)
        ann >> f"PRIVMSG #c :ann {number}"
    mesh.advance(10)
    mesh.link("a", "b")
    settle(mesh)
    ann >> "PRIVMSG #c :ann after"
    settle(mesh)
    assert [text for text in read(ann, mesh) if "ann" in text] == [
        *[f"ann {n}" for n in range(3)],
        "ann after",
    ]
    mesh.check()


@pytest.mark.parametrize("again", [False, True])
def test_who_was_in_an_older_one_meanwhile_reads_nothing_of_its_closed_doors(
    tmp_path: Path, again: bool
) -> None:
    """Nor if both servers were apart another time, and compare what they have."""
    mesh = Filed(tmp_path, "a", "b")
    joe = joe_at(mesh)
    joe >> "JOIN #c"
    mesh.advance(60)
    ann = founded(mesh["a"], caps=CAPS)
    ann >> "PRIVMSG #c :ann open" >> "MODE #c +s"
    for number in range(3):
        mesh.advance(10)
        ann >> f"PRIVMSG #c :ann {number}"
    mesh.advance(10)
    mesh.link("a", "b")
    settle(mesh)
    if again:
        mesh.cut("a", "b")
        mesh.advance(10)
        joe >> "PRIVMSG #c :joe apart"
        mesh.advance(10)
        mesh.link("a", "b")
        settle(mesh)
    ann >> "PRIVMSG #c :ann after"
    settle(mesh)
    closed = [f"ann {number}" for number in range(3)]
    after = ["joe apart"] * again + ["ann after"]
    assert read(joe, mesh) == ["ann open", *after]
    assert read(ann, mesh) == ["ann open", *closed, *after]
    mesh.check()


@pytest.mark.parametrize("again", [False, True])
def test_what_was_said_in_an_older_one_behind_its_doors_is_for_those_who_were_there(
    tmp_path: Path, again: bool
) -> None:
    """Not for who was in the registered one meanwhile, wherever they are later, nor the other way round."""
    mesh = Filed(tmp_path, "a", "b")
    joe = joe_at(mesh)
    joe >> "JOIN #c" >> "MODE #c +s" >> "PRIVMSG #c :joe before"
    mesh.advance(60)
    ann = founded(mesh["a"], caps=CAPS)
    key = ann.user.account_id
    assert key is not None
    ann >> "MODE #c +s"
    for number in range(3):
        mesh.advance(10)
        ann >> f"PRIVMSG #c :ann {number}"
        joe >> f"PRIVMSG #c :joe {number}"
    for client in (ann, joe):
        client >> "CAP REQ :draft/message-redaction"
    joe >> f"REDACT #c {said(mesh, 'b', 'joe 1')} :oops"
    ann >> f"REDACT #c {said(mesh, 'a', 'ann 1')} :oops"
    mesh.advance(10)
    mesh.link("a", "b")
    settle(mesh)
    if again:
        mesh.cut("a", "b")
        mesh.advance(10)
        joe >> "PRIVMSG #c :joe apart"
        mesh.advance(10)
        mesh.link("a", "b")
        settle(mesh)
    ann >> "PRIVMSG #c :ann after"
    settle(mesh)
    after = ["joe apart"] * again + ["ann after"]
    assert read(ann, mesh) == ["ann 0", "ann 2", *after]
    assert read(joe, mesh) == ["joe before", "joe 0", "joe 2", *after]
    ann_at_b, joe_at_a = mesh["b"].client("ann2", caps=CAPS), mesh["a"].client("joe2", caps=CAPS)
    for client, name, of in ((ann_at_b, "ann", key), (joe_at_a, "joe", BOB)):
        logs_in(client, name, of)
        settle(mesh)
        joe >> f"INVITE {client.user.nick} #c"
        mesh.settle()
        client >> "JOIN #c"
        settle(mesh)
        # What was said before both servers knew of two channels is for who was in the one that won.
        assert [text for text in read(client, mesh) if text != "joe before"] == after, name
    for client in (ann, joe, ann_at_b, joe_at_a):
        client.lines()
        client >> "CAP REQ :batch message-tags draft/message-redaction" >> "CHATHISTORY LATEST #c * 50"
        mesh.settle()
        redacted = [line for line in client.lines() if " REDACT " in line]
        assert len(redacted) == (1 if client in (ann, joe) else 0), client.user.nick
    mesh.check()


def said(mesh: Filed, name: str, text: str) -> str:
    """The id of a message in a store."""
    return next(row.msgid for row in mesh.all_of(name)[0].values() if row.text == text)
