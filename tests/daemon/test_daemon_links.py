"""Real servers, linked over TLS and over a UNIX socket, with wrong proofs, killed and come back."""

from __future__ import annotations

import re
import signal
import subprocess
import tomllib

import pytest
from daemon_network import Network, met
from daemon_process import BIN, HOST, wait_for

from chatnet.transports.certificates import public_key_fingerprint

pytestmark = pytest.mark.daemon

PROGRAM = "from chatnet.wiring.cli import main; raise SystemExit(main())"


def test_two_servers_over_tls_are_one_network(network: Network) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"))
    network.configure("b", network.to("a", True))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        with a.connect().register("ann") as ann, b.connect().register("bob") as bob:
            met(ann, bob, "#c")
            bob.send("PRIVMSG #c :to all", "PRIVMSG ann :to you", "LINKS")
            assert ann.until("to you")[-2].endswith(" PRIVMSG #c :to all")
            assert " 364 bob a.test b.test :1 " in " ".join(bob.until(" 365 "))
            # The end of a server is told in words.
            b.stop()
            quit_ = ann.until("^:bob!")[-1]
            assert re.search(r" QUIT :.*(a\.test b\.test|shutting down)", quit_), quit_
    assert "The link to b.test ended: The server is shutting down" in a.output()


def test_a_server_that_was_killed_is_back_by_itself(network: Network) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"))
    network.configure("b", network.to("a", True))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("b")
        with b.connect().register("bob") as bob:
            a.signal(signal.SIGKILL)
            a.wait()
            # (The first attempt may be quicker than the end of a's port.)
            refused = f"No link to a.test ({HOST}:{network.link_ports['a']}): connection refused"
            wait_for(lambda: refused in b.output(), "an attempt in vain")
            a.start()
            network.linked("b", 2)
            with a.connect().register("ann") as ann:
                met(ann, bob, "#c")


def test_three_in_a_row_by_a_unix_socket_and_tls(network: Network) -> None:
    """Servers on one machine need no TLS; messages of both ends arrive complete and in order."""
    for name in "abc":
        network.add(name)
    path = network.folder / "b.sock"
    password = '[[link]]\nname = "{}.test"\npassword = "a-word"\nrole = "hub"\n'
    network.configure("a", password.format("b") + f'addresses = ["{path}"]\n')
    network.configure(
        "b",
        password.format("a"),
        network.to("c", True),
        listen=f'endpoint = "unix:{path}:mode=600"',
    )
    network.configure("c", network.to("b"))
    with network.daemons["b"] as b, network.daemons["a"] as a, network.daemons["c"] as c:
        network.linked("b", 2)
        network.linked("a")
        network.linked("c")
        with a.connect().register("ann") as ann, c.connect().register("cid") as cid:
            met(ann, cid, "#c")
            with b.client("bob") as bob:
                bob.send("JOIN #c")
                clients = (ann, bob, cid)
                for client in (ann, cid):
                    client.until("^:bob!.* JOIN #c")
                bob.until(" 366 ")
                wanted = [str(n) for n in range(500)]
                for client in clients:
                    client.send(*(f"PRIVMSG #c :{n}" for n in wanted))
                for client in clients:
                    heard: dict[str, list[str]] = {}
                    while [len(texts) for texts in heard.values()] != [500, 500]:
                        sender, _, text = (client.line() or "").partition("!")
                        heard.setdefault(sender, []).append(text.partition(" PRIVMSG #c :")[2])
                    assert list(heard.values()) == [wanted, wanted]
                    assert [line for line in client.sync() if " PRIVMSG " in line] == []
            ann.until("^:bob!.* QUIT ")
            cid.until("^:bob!.* QUIT ")
            # The one between them is killed: they lose each other, and find each other again.
            b.signal(signal.SIGKILL)
            b.wait()
            ann.until(r"^:cid!.* QUIT :a\.test b\.test$")
            cid.until(r"^:ann!.* QUIT :c\.test b\.test$")
            b.start()
            ann.until("^:cid!.* JOIN #c")
            cid.until("^:ann!.* JOIN #c")
            ann.send("PRIVMSG #c :here again")
            cid.until("^:ann!.* PRIVMSG #c :here again$")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"password": '"another"'}, "the password is wrong"),
        ({"spki_sha256": f'["{"0" * 64}"]'}, "its certificate is not the one of that server"),
        ({"sid": '"0ZZ"'}, "its SID is 0BA, not 0ZZ"),
        ({"name": '"x.test"'}, "there is no [[link]] of that name"),
    ],
)
def test_who_cannot_prove_what_it_says_is_refused(
    network: Network, wrong: dict[str, str], reason: str
) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b", **wrong))
    network.configure("b", network.to("a", True))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        wait_for(lambda: f"Refused a link to 'b.test' from {HOST}: {reason}" in a.output(), reason)
        wait_for(lambda: "a.test says: Closing Link" in b.output(), "the answer")
        assert f"a.test says: Closing Link: {HOST} (Invalid credentials)" in b.output()
        assert "a-word" not in a.output() + b.output()
        with a.connect().register("ann") as ann:
            ann.send("LINKS")
            assert len([line for line in ann.until(" 365 ") if " 364 " in line]) == 1


def test_two_with_one_sid_are_not_linked(network: Network) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"))
    network.configure("b", network.to("a", True), sid="0AA")
    with network.daemons["a"] as a, network.daemons["b"]:
        reason = "its name or SID is on the network already"
        wait_for(lambda: reason in a.output(), reason)


def test_a_reload_makes_and_ends_links(network: Network) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"))
    network.configure("b")
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.configure("b", network.to("a", True))
        b.reload()
        network.linked("a")
        network.configure("a")
        a.reload()
        wait_for(lambda: "a.test says: Closing Link" in b.output(), "the end of the link")
        assert "(It is not in the configuration any more)" in b.output()
        # What cannot be used changes nothing.
        network.configure("b", network.to("a", True, ca='"gone.pem"'))
        b.signal(signal.SIGHUP)
        wait_for(lambda: "link.0.ca: " in b.output(), "the reason")
        assert re.search(r"The old configuration stays: link\.0\.ca: \S+/gone\.pem is not there", b.output())


def test_fingerprint_prints_what_the_other_side_pastes(network: Network) -> None:
    """Two blocks as they are printed, one password for both, and they are linked."""
    for name in "ab":
        network.add(name)
        network.configure(name)
    blocks = {}
    for name in "ab":
        command = [str(BIN / "python"), "-c", PROGRAM, "fingerprint", "chatnet.toml"]
        daemon = network.daemons[name]
        run = subprocess.run(
            command, cwd=daemon.folder, env=daemon.environment, capture_output=True, text=True, check=True
        )
        (block,) = tomllib.loads(run.stdout)["link"]
        assert block["spki_sha256"] == [f"SPKI:SHA2-256:{public_key_fingerprint(network.certificate(name))}"]
        blocks[name] = run.stdout.replace(block["password"], "a-word")
    # Their interface is named in the endpoint, so the address is right.
    network.configure("a", blocks["b"])
    network.configure("b", blocks["a"])
    with network.daemons["a"], network.daemons["b"]:
        network.linked("a")
        network.linked("b")
