"""The ways into the real daemon: plain text typed by hand, TLS, a UNIX socket, a proxy."""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess

import pytest
from argon2 import PasswordHasher
from daemon_process import DEADLINE, Client, Daemon, free_port

from chatnet.transports.certificates import make_self_signed

pytestmark = pytest.mark.daemon

CONFIGURATION = """
[server]
name = "irc.example.org"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
[tls]
certificates = "certs"
default = "irc.example.org"
"""


def certificates(daemon: Daemon, *names: str) -> None:
    for name in names:
        make_self_signed(daemon.folder / "certs" / f"{name}.pem", [name])


def trusting(daemon: Daemon, name: str) -> ssl.SSLContext:
    """A context that knows the certificate of one name, and checks all there is to check."""
    context = ssl.create_default_context(cafile=str(daemon.folder / "certs" / f"{name}.pem"))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def test_a_person_types_with_bare_newlines_and_small_letters(daemon: Daemon) -> None:
    with daemon:
        with daemon.connect() as typed:
            typed.socket.sendall(b"nick ann\n   user ann 0 * :Ann\n")
            typed.until(" MODE ann ")
            typed.socket.sendall(
                b"join   #lobby\nprivmsg #lobby :hi there\nfrobnicate\nhelp\n\n\r\nquit bye\n"
            )
            said = "\n".join(typed.rest())
            assert ":ann!~ann@" in said and " JOIN " in said
            assert " 421 ann FROBNICATE :" in said
            assert " 704 ann " in said and " 706 ann " in said
            assert said.splitlines()[-1].startswith("ERROR :Closing Link:")
        if shutil.which("nc"):
            done = subprocess.run(
                ["nc", "-w", "20", "127.0.0.1", str(daemon.port)],
                input=b"nick bob\nuser bob 0 * :Bob\njoin #lobby\nquit\n",
                capture_output=True,
                timeout=DEADLINE,
            )
            assert b" 366 bob #lobby " in done.stdout
            assert done.stdout.endswith(b")\r\n")
        assert "Traceback" not in daemon.output()


def test_the_name_asked_for_chooses_the_certificate(daemon: Daemon) -> None:
    certificates(daemon, "irc.example.org", "chat.example.net")
    daemon.configure(CONFIGURATION)
    with daemon:
        for name in ("irc.example.org", "chat.example.net"):
            with daemon.connect_tls(name, trusting(daemon, name)) as client:
                client.register("ann")
        with pytest.raises(ssl.SSLCertVerificationError):
            daemon.connect_tls("chat.example.net", trusting(daemon, "irc.example.org"))
        with daemon.connect_tls("other.example.com") as client:
            assert isinstance(client.socket, ssl.SSLSocket)
            shown = ssl.DER_cert_to_PEM_cert(client.socket.getpeercert(True) or b"")
            assert shown in (daemon.folder / "certs" / "irc.example.org.pem").read_text()
        daemon.client("bob").sync()
        assert "Traceback" not in daemon.output()


def test_a_client_certificate_is_fingerprinted_and_shown(daemon: Daemon) -> None:
    pem = daemon.folder / "ann.pem"
    make_self_signed(pem, ["ann"])
    der = ssl.PEM_cert_to_DER_cert(pem.read_text()[pem.read_text().index("-----BEGIN CERT") :])
    certfp = hashlib.sha256(der).hexdigest()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(pem)
    with daemon:
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context.maximum_version = version
            with daemon.connect_tls(context=context) as ann, daemon.connect_tls() as bob:
                ann.register("ann")
                ann.send("WHOIS ann")
                lines = "\n".join(ann.until(" 318 "))
                assert f" 276 ann ann :has client certificate fingerprint {certfp}" in lines
                assert " 671 ann ann :" in lines
                bob.register("bob").send("WHOIS bob")
                assert " 276 " not in "\n".join(bob.until(" 318 "))
                ann.send("QUIT")
                ann.rest()


def test_old_tls_and_plain_text_on_the_tls_port_are_turned_away_quietly(daemon: Daemon) -> None:
    with daemon:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError):
            daemon.connect_tls(context=old)
        with daemon.connect(daemon.tls_port) as plain:
            plain.socket.sendall(b"NICK ann\r\nUSER ann 0 * :Ann\r\n")
            said = plain.rest()
            assert not any("ERROR" in line for line in said)
        with daemon.connect_tls() as good:
            good.register("ann")
        lines = daemon.output().splitlines()
        assert not [line for line in lines if " info " not in line], lines


def test_a_unix_socket_is_a_listener_like_any_other(daemon: Daemon) -> None:
    path = daemon.folder / "chat.sock"
    daemon.configure(f'[[listen]]\nendpoint = "unix:{path}:mode=600"\n')
    with daemon:
        plain = socket.socket(socket.AF_UNIX)
        plain.connect(str(path))
        with Client(plain) as ann:
            ann.register("ann").send("WHOIS ann", "JOIN #lobby", "WHO #lobby")
            assert "localhost" in "\n".join(ann.until(" 315 "))
            assert path.stat().st_mode & 0o777 == 0o600
            daemon.reload()
            ann.sync()
        daemon.stop()
    assert not path.exists()


V2 = b"\r\n\r\n\x00\r\nQUIT\n"


def v2(address: str, rest: bytes = b"") -> bytes:
    body = socket.inet_aton(address) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 4711, 6667) + rest
    return V2 + b"\x21\x11" + struct.pack("!H", len(body)) + body


def test_a_proxy_speaks_for_the_client_behind_it(daemon: Daemon) -> None:
    closed = free_port()
    daemon.configure(f"""
[cloak]
enabled = false
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
proxy_from = ["127.0.0.1"]
[[listen]]
endpoint = "tcp:{closed}:interface=127.0.0.1"
proxy_from = ["192.0.2.1"]
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
proxy_from = ["127.0.0.0/8"]
""")
    headers = {
        "192.0.2.7": b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 6667\r\n",
        "2001:db8::7": b"PROXY TCP6 2001:db8::7 ::1 4711 6667\r\n",
        "192.0.2.8": v2("192.0.2.8"),
        "192.0.2.9": v2("192.0.2.9", b"\x20\x00\x05\x01\x00\x00\x00\x00"),
    }
    with daemon:
        for address, header in headers.items():
            with daemon.connect() as ann:
                ann.socket.sendall(header + b"NICK ann\r\nUSER ann 0 * :Ann\r\nWHOIS ann\r\nQUIT\r\n")
                lines = "\n".join(ann.rest())
                assert f" 311 ann ann ~ann {address} * :Ann" in lines, lines
                assert (" 671 " in lines) == (address == "192.0.2.9")
        with daemon.connect() as split:
            for byte in headers["192.0.2.7"]:
                split.socket.sendall(bytes([byte]))
            split.register("ann").send("WHOIS ann")
            split.until("192.0.2.7")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with daemon.connect(daemon.tls_port) as plain:
            plain.socket.sendall(v2("192.0.2.10"))
            with Client(context.wrap_socket(plain.socket)) as bob:
                bob.register("bob").send("WHOIS bob")
                said = "\n".join(bob.until(" 318 "))
                assert "192.0.2.10" in said and " 671 " in said
        for rubbish in (b"NICK ann\r\n", b"PROXY TCP4 nobody\r\n", V2 + b"\xff\xff\xff\xff", b"\x16\x03\x01"):
            with daemon.connect() as refused:
                refused.socket.sendall(rubbish)
                assert refused.rest() == []
        with daemon.connect(closed) as stranger:
            assert stranger.rest() == []
        assert "127.0.0.1 is no proxy of" in daemon.output()
        assert "Traceback" not in daemon.output()


def test_a_socket_that_a_killed_daemon_left_behind_is_taken_over(daemon: Daemon) -> None:
    path = daemon.folder / "chat.sock"
    daemon.configure(f'[[listen]]\nendpoint = "unix:{path}"\n')
    with daemon:
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        assert path.exists()
        daemon.start()
        plain = socket.socket(socket.AF_UNIX)
        plain.connect(str(path))
        Client(plain).register("ann").close()


def test_operators_are_not_flooded_by_who_is_refused(daemon: Daemon) -> None:
    secret = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
    daemon.configure(f"""
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[flood]
exempt = []
connections_per_address = 1
notice_period = 2
[[oper_class]]
name = "admin"
privileges = ["see-all"]
[[oper]]
name = "ann"
class = "admin"
password = "{secret}"
snomask = "r"
""")
    with daemon, daemon.client("ann") as ann:
        ann.send("OPER ann sesame")
        ann.until(" 381 ")
        said = "Refused 127.0.0.1: Too many connections from your address"
        for _ in range(50):
            with daemon.connect() as refused:
                refused.rest()
        counted = lines = 0
        while counted < 50:
            number = re.search(r" \((\d+) like this", ann.until(f" -- {said}")[-1])
            counted += 1 if number is None else int(number[1])
            lines += 1
        assert counted == 50 and lines < 50  # two, if it took no longer than two seconds
