"""Planted secrets of accounts: none is in a fact, an audit, a line of the log or of a link, or a repr."""

from __future__ import annotations

import pytest
from clubs import Clubs
from nickserv import ask
from postal import MAIL, TO, code_in
from states import opered

from chatnet.model.facts import Fact
from chatnet.services.mailing import Unsent

WORDS = ("planted-one", "planted-two", "planted-three")


def test_no_token_code_or_password_is_told_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    clubs = Clubs("a", "b", mail=MAIL, accounts={"email": "optional"})
    clubs.link("a", "b")
    clubs.settle()
    club = clubs["a"]
    told: list[object] = []
    commit = club.node.commit

    def listen(fact: Fact, origin: object = None) -> None:
        told.append(fact)
        commit(fact, origin)

    monkeypatch.setattr(club.node, "commit", listen)
    root, ann, phone = club.client("root"), club.client("ann"), club.client("phone")
    opered(root, "see-all", "accounts", snomask="acfgknoqrx")
    club.post.refusal = Unsent(f"451 {TO} later")
    ask(ann, f"REGISTER {WORDS[0]} {TO}")
    told += club.done(waiting(clubs))
    club.post.refusal = None
    clubs.advance(300)
    assert club.parts.nickserv is not None
    club.parts.nickserv.mailing.send()
    codes = [code_in(club)]
    ask(ann, f"VERIFY ann {codes[0]}")
    ask(ann, f"SET PASSWORD {WORDS[0]} :{WORDS[1]}")
    tokens = [ask(ann, f"TOKEN ADD t{number}")[0].rpartition(" ")[2] for number in range(2)]
    ask(phone, f"IDENTIFY ann {tokens[0]}")
    ask(phone, f"IDENTIFY ann {tokens[1]}x")
    ask(ann, f"SET EMAIL new@example.net {WORDS[1]}")
    codes.append(code_in(club, "new@example.net"))
    ask(ann, f"VERIFYEMAIL {codes[1]}")
    club.post.take()
    ask(phone, "SENDPASS ann")
    codes.append(code_in(club, "new@example.net"))
    ask(phone, f"RESETPASS ann {codes[2]} {WORDS[2]}")
    ask(root, "SAVERIFY ann")
    clubs.settle()
    told += [club.log.lines, root.lines(), club.store.audits, clubs.said("a", "b"), club.accounts]
    told += [ann.session, phone.session, phone.session.way, *club.store.load()]
    everything = repr(told)
    assert "RecordsTaken" in everything and "token:" in everything and "code:reset" in everything
    planted = [*WORDS, *codes, *tokens, *(token.replace("-", "") for token in tokens)]
    assert not [secret for secret in planted if secret in everything]
    clubs.agree()


async def waiting(clubs: Clubs) -> list[object]:
    """The mail that waits, as it is shown."""
    letters = await clubs["a"].store.letters(clubs["a"].clock.time() + 1000, 10)
    assert len(letters) == 1
    return list(letters)
