"""Mail that waits, is sent, is tried again and given up; and what it looks like."""

from __future__ import annotations

from email import message_from_string
from email.policy import default
from typing import Any

import pytest
from club import Club
from conversation import START
from hypothesis import given
from hypothesis import strategies as st
from states import opered

from chatnet.rules.registration import invalid_email
from chatnet.services.letters import Purpose, letter
from chatnet.services.mailing import AGAIN, Mailing, Unsent
from chatnet.services.refused import Refused
from chatnet.settings import MailSettings

MAIL: dict[str, Any] = {"relay": "smtp://127.0.0.1:2525", "from": "accounts@example.org"}
TO = "ann@example.net"
CODE = "planted234"


def mailing_of(club: Club) -> Mailing:
    assert club.parts.nickserv is not None
    return club.parts.nickserv.mailing


def post(club: Club, purpose: Purpose = Purpose.VERIFY, to: str = TO, asker: str = "192.0.2.1") -> None:
    mailing = mailing_of(club)
    mailing.claim(purpose, to, asker)
    club.done(mailing.post(purpose, to, "ann", code=CODE, time="24 hours", name="ann"))


# what it looks like


@pytest.mark.parametrize("purpose", Purpose)
def test_each_mail_is_plain_text_with_what_is_due(purpose: Purpose) -> None:
    club = Club(mail=MAIL)
    post(club, purpose)
    ((to, text),) = club.post.sent
    message = message_from_string(text, policy=default)
    assert to == message["To"] == TO
    assert message["From"] == "chatnet <accounts@example.org>"
    assert message["Date"].datetime.timestamp() == int(START)
    assert message["Message-ID"].endswith("@example.org>") and len(message["Message-ID"]) > 40
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert "ann" in message["Subject"] and CODE not in message["Subject"]
    assert (CODE in message.get_content()) is (purpose in (Purpose.VERIFY, Purpose.EMAIL, Purpose.RESET))
    assert all(len(line) <= 78 for line in text.split("\n"))


def test_no_two_mails_have_one_id() -> None:
    club = Club(mail=MAIL)
    post(club)
    post(club, Purpose.RESET)
    first, second = (message_from_string(text)["Message-ID"] for _, text in club.post.sent)
    assert first != second


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_can_be_put_in(network: str, account: str) -> None:
    words = {"nickserv": "NickServ", "code": CODE, "time": "a day"}
    try:
        text = letter(
            Purpose.VERIFY, TO, "a@b.c", START, "<1@b.c>", network=network, account=account, **words
        )
    except (ValueError, UnicodeError):
        return
    head = message_from_string(text, policy=default)
    assert text.isascii()
    assert sorted(set(head.keys())) == [
        *("Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version"),
        *("Message-ID", "Subject", "To"),
    ]
    assert len(head.keys()) == len(set(head.keys()))


# the queue


def test_who_is_not_reached_is_tried_again_and_given_up() -> None:
    club = Club(mail=MAIL)
    root = club.client("root")
    opered(root, snomask="a")
    root.lines()
    club.post.refusal = Unsent(f"the relay said 451 {TO} later\r\nX")
    post(club)
    for number, seconds in enumerate(AGAIN):
        assert len([line for line in club.log.lines if "tried again" in line]) == number + 1
        club.clock.advance(seconds - 1)
        mailing_of(club).send()
        assert len([line for line in club.log.lines if "tried again" in line]) == number + 1
        root.silent()
        club.clock.advance(1)
        mailing_of(club).send()
    (told,) = root.lines()
    assert "A mail (verify) for the owner of ann was given up: the relay said 451 <address> later" in told
    assert mailing_of(club).trouble
    club.post.refusal = None
    club.clock.advance(10 * 86400)
    mailing_of(club).send()
    assert club.post.sent == []
    assert not any(TO in line or CODE in line for line in [told, *club.log.lines])


def test_what_is_refused_for_good_is_given_up_at_once() -> None:
    club = Club(mail=MAIL)
    club.post.refusal = Unsent("the relay said 550 no such user", for_good=True)
    post(club)
    assert "given up" in club.log.lines[-1]
    club.post.refusal = None
    club.clock.advance(AGAIN[0])
    mailing_of(club).send()
    assert club.post.sent == []


def test_mail_survives_a_restart_and_an_old_one_is_not_sent() -> None:
    club = Club(mail=MAIL)
    club.post.refusal = Unsent("it is down")
    post(club)
    again = Club(store=club.store, mail=MAIL)
    mailing_of(again).send()
    assert again.post.sent == []
    again.clock.advance(AGAIN[0])
    mailing_of(again).send()
    assert [to for to, _ in again.post.sent] == [TO]
    club = Club(mail=MAIL)
    club.post.refusal = Unsent("it is down")
    post(club)
    club.post.refusal = None
    club.clock.advance(AGAIN[0] + 2 * 86400 + 1)  # a backup that was put back
    mailing_of(club).send()
    assert club.post.sent == []
    mailing_of(club).send()
    assert sum("was not sent: its time was over" in line for line in club.log.lines) == 1


def test_one_is_sent_after_the_other() -> None:
    club = Club(mail=MAIL)
    club.hold = True
    post(club)
    post(club, Purpose.RESET)
    assert len(club.waiting) == 1
    club.release()
    assert len(club.post.sent) == 2


def test_a_disk_that_fails_meanwhile() -> None:
    club = Club(mail=MAIL)
    club.post.refusal = Unsent("it is down")
    post(club)
    club.post.refusal = None
    club.clock.advance(AGAIN[0])
    club.store.unreadable = True
    mailing_of(club).send()
    club.store.unreadable = False
    mailing_of(club).send()
    assert len(club.post.sent) == 1


def test_without_a_relay_nothing_is_sent() -> None:
    club = Club()
    with pytest.raises(Refused) as refused:
        post(club)
    assert refused.value.text == "This server sends no mail now"
    club.reload(mail=MAIL)
    club.post.refusal = Unsent("it is down")
    post(club)
    club.reload(mail={"relay": ""})
    club.post.refusal = None
    club.clock.advance(AGAIN[0])
    mailing_of(club).send()
    assert club.post.sent == []
    club.reload(mail=MAIL)
    mailing_of(club).send()
    assert len(club.post.sent) == 1


def test_there_are_never_too_many() -> None:
    club = Club(mail=MAIL | {"rate": 4, "asked": 2}, flood={"enabled": True})
    post(club)
    for to, asker, purpose in (
        (TO.upper(), "203.0.113.1", Purpose.VERIFY),  # one of a kind for one address
        ("c@example.net", "192.0.2.1", Purpose.VERIFY),  # two by one asker
        ("d@example.net", "203.0.113.1", Purpose.VERIFY),  # four of all
    ):
        post(club, Purpose.RESET, f"{len(club.post.sent)}@example.net", asker)
        with pytest.raises(Refused) as refused:
            post(club, purpose, to, asker)
        assert refused.value.text.startswith("Too much mail was sent: try again in ")
    club.clock.advance(3600)
    post(club)


# the settings


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"relay": "mail.example.org"}, "is not such as smtp://"),
        ({"relay": "smtp://mail.example.org/x"}, "is not such as smtp://"),
        ({"relay": "smtp://u:secret@mail.example.org"}, "has a password in it, which belongs into mail.pass"),
        ({"relay": "smtp://"}, "has no host in it"),
        ({"relay": "smtp://mail.example.org:x"}, "has no port"),
        ({"relay": "smtp://u%0d@mail.example.org"}, "control characters"),
        ({"relay": "smtp://mail.example.org", "from": ""}, "needs a from"),
        ({"from": "nobody"}, "is not an address such as"),
        ({"from": "jörg@example.org"}, "is not an address such as"),
        ({"relay": "smtp://u@mail.example.org"}, "needs a password"),
        ({"relay": "smtp://mail.example.org", "password": "secret"}, "relay names no user"),
        ({"relay": "smtp://u@mail.example.org", "password": "secret", "tls": "off"}, "could be read"),
        ({"relay": "smtps://mail.example.org", "tls": "off"}, "a relay with smtps:"),
    ],
)
def test_what_is_no_relay(given: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError) as error:
        MailSettings.model_validate({"from": "a@b.c"} | given)
    assert reason in str(error.value) and "secret" not in str(error.value)


@pytest.mark.parametrize(
    "given",
    [
        {"relay": "smtps://u%40x@mail.example.org", "password": "secret"},
        {"relay": "smtp://[::1]:25", "tls": "off"},
        {"relay": "smtp://u@127.0.0.1", "password": "secret", "tls": "off"},
    ],
)
def test_what_is_one(given: dict[str, str]) -> None:
    settings = MailSettings.model_validate({"from": "a@b.c"} | given)
    assert "secret" not in repr(settings)


def test_addresses_cannot_be_verified_without_a_relay() -> None:
    with pytest.raises(ValueError, match=r"accounts\.email: needs a relay to send mail by"):
        Club(accounts={"email": "required"})


def test_stats_tell_whether_mail_is_sent() -> None:
    club = Club(mail=MAIL)
    root = club.client("root")
    opered(root, "see-all")
    root.lines()
    root >> "STATS a"
    assert any("mail is sent" in line for line in root.lines())
    club.post.refusal = Unsent("it is down")
    post(club)
    root >> "STATS a"
    assert any("mail could not be sent: it is down" in line for line in root.lines())


@pytest.mark.parametrize(
    "address",
    [
        *("<ann@example.net>", "<@a.example:ann@example.net>", "ann,eve@example.net", "ann;@example.net"),
        *("ann(x)@example.net", "an\\n@example.net", '"ann"@example.net', "ann:@example.net"),
        *(
            ".ann@example.net",
            "ann.@example.net",
            "a..n@example.net",
            "ann@example.net>",
            "ann@(x)example.net",
        ),
        *("ann@example..net", "ann@", "@example.net", "a" * 65 + "@example.net", "ann@example.net,eve@x.net"),
    ],
)
def test_an_address_is_one_and_written_in_one_way(address: str) -> None:
    # Else one mailbox has many, each with codes and accounts of its own.
    assert invalid_email(address) is not None


@pytest.mark.parametrize(
    "address",
    ["ann@example.net", "a.n+x@b.example", "o'neill_{1}@x", "jörg@exämple.net", "a" * 64 + "@[::1]"],
)
def test_what_is_an_address(address: str) -> None:
    assert invalid_email(address) is None
