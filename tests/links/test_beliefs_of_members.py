"""Whom a server brings into channels: nobody but those on it, or behind it."""

from __future__ import annotations

from mesh import Mesh, block, stranger

from chatnet.links.codecs.solanum import OURS
from chatnet.rules.stamps import Stamp


def test_a_stamped_sjoin_speaks_for_nobody_elsewhere_on_any_server() -> None:
    """The first server drops it, and so do those to whom it goes on as it came."""
    mesh = Mesh("a", "b", "c", sections_of={"a": {"link": [block("bad")]}})
    mesh.link("a", "b")
    mesh.link("b", "c")
    ann, bob, cat = (mesh[name].client(nick) for name, nick in zip("abc", ("ann", "bob", "cat"), strict=True))
    cat >> "JOIN #priv" >> "MODE #priv +i"
    mesh.settle()
    bad = stranger(mesh["a"], "bad.test", "9BD", " ".join([*OURS, "CNLWW"]))
    now = int(mesh.clock.time())
    bad >> f":9BD EUID eve 1 {now} +i ~e eve.host 192.0.2.9 9BDAAAAAA * * :Eve"
    for number, (channel, ts) in enumerate((("#made", now - 60), ("#priv", now))):
        stamp = Stamp(now * 1000 + 1, number, "9BD").text
        line = f":9BD SJOIN {ts} {channel} +nt :@9BDAAAAAA @{ann.user.uid} @{bob.user.uid}"
        bad >> f"@chatnet/ts={stamp} {line}"
    mesh.settle()
    for house in mesh:
        there = {
            channel.name: {user.nick for user in channel.members}
            for channel in house.node.network.channels.values()
        }
        assert there == {"#made": {"eve"}, "#priv": {"cat", "eve"}}
    mesh.check()
