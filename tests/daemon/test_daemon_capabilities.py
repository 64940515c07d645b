"""The real daemon tells what it offers: over TLS and without, at a reload, and to people behind a gateway."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from authority import Authority
from daemon_process import Client, Daemon

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
LISTEN = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
"""
STS = """
[[sts]]
hostname = "irc.example.org"
port = TLS_PORT
duration = 86400
[[sts]]
hostname = "localhost"
duration = 86400
"""
GATES = f"""
[[webirc]]
name = "webchat"
addresses = ["127.0.0.1"]
password = "{HASH}"
"""


def offered(client: Client) -> list[str]:
    """What a CAP LS 302 lists."""
    client.send("CAP LS 302")
    lines = client.until(r" CAP \S+ LS :")
    return " ".join(line.split(" :", 1)[1] for line in lines).split(" ")


def sts(client: Client) -> list[str]:
    """The strict transport security that a CAP LS 302 promises."""
    with client:
        return [word for word in offered(client) if word.startswith("sts")]


def test_strict_transport_security(daemon: Daemon) -> None:
    daemon.configure(LISTEN + STS)
    certificates = daemon.folder / "chatnet-data" / "certificates"
    certificates.mkdir(mode=0o700, parents=True)
    Authority(daemon.folder / "authority.pem").issue(certificates / "irc.example.org.pem", "irc.example.org")
    with daemon:
        port = [f"sts=port={daemon.tls_port}"]
        assert sts(daemon.connect()) == port
        assert sts(daemon.connect_tls("irc.example.org")) == ["sts=duration=86400"]
        assert sts(daemon.connect_tls("IRC.example.org")) == ["sts=duration=86400"]
        # The default certificate was made by the daemon itself; it is good for localhost, but nobody says so.
        assert sts(daemon.connect_tls("localhost")) == []
        assert sts(daemon.connect_tls("other.example.org")) == []
        assert sts(daemon.connect_tls()) == []
        assert "STS is not offered for localhost: " in daemon.output()
        assert "STS is not offered for irc.example.org" not in daemon.output()

        ann, bob = daemon.connect_tls("irc.example.org"), daemon.connect()
        for client in (ann, bob):
            offered(client)
        daemon.configure(LISTEN + STS.replace("86400", "0", 1))
        daemon.reload()
        assert ann.until(" CAP ")[-1].endswith(" CAP * NEW :sts=duration=0")
        daemon.configure(LISTEN)
        daemon.reload()
        for client in (ann, bob):
            assert len(client.sync()) == 1
            client.close()
        assert sts(daemon.connect()) == []


def test_a_reload_offers_and_takes_back(daemon: Daemon) -> None:
    daemon.configure(LISTEN)
    with daemon, daemon.connect() as ann, daemon.client("bob") as bob:
        assert "echo-message" in offered(ann)
        ann.send("CAP REQ :echo-message away-notify", "CAP END")
        ann.register("ann")
        daemon.configure('[server]\nwithheld_capabilities = ["echo-message"]\n' + LISTEN)
        daemon.reload()
        assert ann.until(" CAP ")[-1].endswith(" CAP ann DEL :echo-message")
        ann.send("PRIVMSG bob :one", "CAP LIST")
        assert ann.sync()[0].endswith(" CAP ann LIST :away-notify cap-notify")
        daemon.configure(LISTEN)
        daemon.reload()
        assert ann.until(" CAP ")[-1].endswith(" CAP ann NEW :echo-message")
        ann.send("CAP REQ echo-message", "PRIVMSG bob :two")
        ann.until("^:ann!.* PRIVMSG bob :two$")
        assert not any(" CAP " in line for line in bob.sync())


def test_people_behind_a_gateway(daemon: Daemon) -> None:
    limits = "[flood]\nconnections_per_address = 1\nexempt = []\n[cloak]\nenabled = false\n"
    daemon.configure(limits + LISTEN + GATES)
    with daemon, daemon.connect() as ann, daemon.connect() as bob, daemon.connect_tls() as cyd:
        ann.send("WEBIRC sesame Kiwi host.isp.example 192.0.2.77 :secure remote-port=4711")
        ann.register("ann").send("WHOIS ann")
        whois = ann.until(" 318 ")
        assert any(line.endswith(" 311 ann ann ~ann host.isp.example * :ann") for line in whois)
        assert any(" 350 ann ann * * :is connected through the gateway webchat" in line for line in whois)
        assert any(" 338 ann ann 192.0.2.77 :" in line for line in whois)
        assert not any(" 671 " in line for line in whois)
        # From the same address; then from one more, under TLS.
        bob.send("WEBIRC sesame Kiwi host.isp.example 192.0.2.77")
        assert bob.rest() == ["ERROR :Closing Link: 127.0.0.1 (Too many connections from your address)"]
        cyd.send("WEBIRC sesame Kiwi 2001:db8::1 2001:db8::1 secure")
        cyd.register("cyd").send("WHOIS cyd")
        assert any(" 671 " in line for line in cyd.until(" 318 "))
        with daemon.connect() as wrong:
            wrong.send("WEBIRC guess Kiwi host.isp.example 192.0.2.78")
            assert wrong.rest() == ["ERROR :Closing Link: 127.0.0.1 (WEBIRC refused)"]
        assert "Refused WEBIRC from 127.0.0.1: wrong password" in daemon.output()
        assert "guess" not in daemon.output() and "sesame" not in daemon.output()
        # Who leaves makes room.
        ann.send("QUIT")
        ann.rest()
        with daemon.connect() as again:
            again.send("WEBIRC sesame Kiwi host.isp.example 192.0.2.77")
            again.register("again")


def test_what_precedes_registration(daemon: Daemon) -> None:
    daemon.configure(LISTEN + '[server]\nicon = "https://example.org/icon.png?size={size}"\n')
    with daemon, daemon.connect() as ann, daemon.client("bob") as bob:
        bob.send("MONITOR + ann", "CAP REQ :extended-monitor away-notify no-implicit-names", "JOIN #c")
        assert not any(" 353 " in line for line in bob.sync())
        ann.send("CAP REQ :batch draft/extended-isupport draft/pre-away", "ISUPPORT", "AWAY *")
        lines = ann.until(" 306 ")
        assert lines[1].endswith(" draft/isupport") and " 005 " in lines[2]
        assert any(" draft/ICON=https://example.org/icon.png?size={size} " in line for line in lines)
        ann.send("CAP END")
        ann.register("ann")
        bob.until(" 730 bob :ann!")
        ann.send("AWAY")
        bob.until("^:ann!.* AWAY$")
