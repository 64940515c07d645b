"""The real daemon and a real relay: mail is handed in under TLS, or the log says why; no secret is told."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from daemon_process import Client, Daemon, free_port, wait_for
from mail_relay import PASSWORD, USER, MailRelay, SilentRelay

pytestmark = pytest.mark.daemon

WORD = "planted-secret-one"
OTHER = "planted-secret-two"


def configure(daemon: Daemon, relay: str, *more: str) -> None:
    """Verify addresses by a relay."""
    lines = "\n".join(more)
    daemon.configure(f"""
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
email = "required"
[mail]
from = "accounts@example.org"
relay = "{relay}"
{lines}
""")


def ask(client: Client, text: str, answer: str) -> str:
    """Say something to NickServ until it answers so."""
    client.send(f"PRIVMSG NickServ :{text}")
    return client.until(rf"^:NickServ!\S+ NOTICE \S+ :{answer}")[-1]


def code_in(relay: MailRelay, number: int) -> str:
    """The code in the last of so many mails."""
    wait_for(lambda: len(relay.mails) >= number, "mail")
    mail = relay.mails[number - 1]
    assert mail.sender == "accounts@example.org" and mail.to == ["ann@example.net"]
    found = re.search(r"/msg NickServ \S+ ann ([a-z2-7]{10})", mail.text)
    assert found is not None, mail.text
    return found[1]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_an_account_is_verified_and_a_password_replaced_by_mail(daemon: Daemon, scheme: str) -> None:
    with MailRelay(daemon.folder, implicit=scheme == "smtps") as relay:
        url = f"{scheme}://{USER}@localhost:{relay.port}"
        configure(daemon, url, f'password = "{PASSWORD}"', 'ca = "relay.pem"')
        daemon.start()
        ann = daemon.client("ann")
        ann.send(f"REGISTER * ann@example.net :{WORD}")
        ann.until(" REGISTER VERIFICATION_REQUIRED ann ")
        first = code_in(relay, 1)
        ann.send(f"VERIFY ann {first}")
        ann.until(" VERIFY SUCCESS ann ")
        token = ask(ann, "TOKEN ADD phone", "The token phone").rpartition(" ")[2]
        phone = daemon.connect()
        phone.send(f"PASS ann:{token}", "NICK phone", "USER phone 0 * :Phone")
        phone.until(" 900 .* ann ")
        ask(phone, "SENDPASS ann", "If ann is an account")
        second = code_in(relay, 2)
        ask(phone, f"RESETPASS ann {second} {OTHER}", "The password of ann is changed")
        ask(phone, f"IDENTIFY ann {OTHER}", "You are now identified for ann")
        daemon.stop()
    planted = [PASSWORD, WORD, OTHER, first, second, token, token.replace("-", "")]
    for path in daemon.folder.rglob("*"):
        if path.is_file() and path != daemon.config:
            data = path.read_bytes()
            assert not [secret for secret in planted if secret.encode() in data], path
    assert not [secret for secret in planted if secret in daemon.output()]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("refusing", "was given up: the relay said 550 5.1.1 <address> is nobody"),
        ("busy", "is tried again in 5 minutes: the relay said 450 try later"),
        ("silent", "is tried again in 5 minutes: the relay took longer than 1 seconds"),
        ("down", "is tried again in 5 minutes: the relay cannot be reached: "),
        ("wrong password", "is tried again in 5 minutes: the relay said 535 "),
        ("no TLS", "is tried again in 5 minutes: the relay said 502 Server does not support secure"),
        ("not trusted", "is tried again in 5 minutes: .*certificate verify failed"),
        ("no authority", "is tried again in 5 minutes: mail.ca cannot be used: No such file"),
    ],
)
def test_a_relay_that_does_not_take_it(daemon: Daemon, kind: str, told: str) -> None:
    refuse = {"refusing": "550 5.1.1 ann@example.net is nobody", "busy": "450 try later"}.get(kind, "")
    with ExitStack() as stack:
        port = free_port()
        if kind == "silent":
            port = stack.enter_context(SilentRelay()).port
        elif kind != "down":
            relay = MailRelay(daemon.folder, refuse=refuse, tls=kind != "no TLS")
            port = stack.enter_context(relay).port
        password = "another-planted" if kind == "wrong password" else PASSWORD
        authority = {"not trusted": "", "silent": "", "down": "", "no authority": "no.pem"}.get(
            kind, "relay.pem"
        )
        configure(
            daemon,
            f"smtp://{USER}@localhost:{port}",
            f'password = "{password}"',
            f'ca = "{authority}"',
            "timeout = 1" if kind == "silent" else "timeout = 60",
        )
        daemon.start()
        ann = daemon.client("ann")
        ann.send(f"REGISTER * ann@example.net :{WORD}")
        ann.until(" REGISTER VERIFICATION_REQUIRED ann ")
        wait_for(lambda: re.search(told, daemon.output()), told)
        ann.sync()
        daemon.stop()
    assert password not in daemon.output() and "ann@example.net" not in daemon.output()
    assert "Traceback" not in daemon.output()
