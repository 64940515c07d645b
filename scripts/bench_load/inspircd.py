"""InspIRCd as Debian packages it, installed or unpacked somewhere: a peer to be measured beside chatnet."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from bench_load.server import HOST, Ports
from chatnet.transports.certificates import make_self_signed

PROGRAM, MODULES = "usr/sbin/inspircd", "usr/lib/inspircd/modules"
HOW_TO_GET = "mkdir -p build && cd build && apt-get download inspircd && dpkg -x inspircd_*.deb inspircd"
CERTIFICATE = "certificate.pem"

CONFIGURATION = """\
<server name="peer.bench" description="Under load" id="9PE" network="bench">
<admin name="Bench" nick="bench" email="bench@peer.bench">
<path configdir="FOLDER" datadir="FOLDER" logdir="FOLDER" runtimedir="FOLDER" moduledir="MODULES">
<bind address="HOST" port="PORT" type="clients">
<connect name="bench" allow="*" timeout="120" pingfreq="300" modes="" useident="no" resolvehostnames="no"
    fakelag="no" threshold="1000000" commandrate="1000000000" recvq="67108864" softsendq="67108864"
    hardsendq="67108864" localmax="100000" globalmax="100000" maxconnwarn="no" limit="100000" maxchans="1000">
<performance softlimit="100000" somaxconn="1024" clonesonconnect="no" quietbursts="yes">
<cidr ipv4clone="32" ipv6clone="128">
<options prefixquit="Quit: ">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="FOLDER/log">
"""
TLS = """\
<module name="ssl_gnutls">
<sslprofile name="clients" provider="gnutls" certfile="FOLDER/CERTIFICATE" keyfile="FOLDER/CERTIFICATE">
<bind address="HOST" port="PORT" type="clients" sslprofile="clients">
"""


class InspIRCd:
    """`inspircd` of a package that was unpacked at `root`, or installed (`/`), without flood limits."""

    links = False

    def __init__(self, root: Path) -> None:
        self.program = root.resolve() / PROGRAM
        self.modules = root.resolve() / MODULES
        said = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"\d+\.\d+", said)
        self.name = f"InspIRCd {found[0]}" if found else "InspIRCd"

    def command(self, folder: Path, ports: Ports) -> list[str]:
        text = CONFIGURATION.replace("PORT", str(ports.plain))
        if ports.tls:
            make_self_signed(folder / CERTIFICATE, ["peer.bench"])
            text += TLS.replace("PORT", str(ports.tls)).replace("CERTIFICATE", CERTIFICATE)
        text = text.replace("FOLDER", str(folder)).replace("MODULES", str(self.modules)).replace("HOST", HOST)
        path = folder / "inspircd.conf"
        path.write_text(text)
        return [str(self.program), "--nofork", "--nopid", "--runasroot", "--config", str(path)]

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def is_up(self, folder: Path) -> bool:
        return True

    def database_cpu(self) -> float:
        return 0.0

    def mistaken(self, folder: Path) -> str | None:
        return None


def is_there(root: Path) -> bool:
    """Whether the package is unpacked or installed there."""
    return (root / PROGRAM).is_file() and (root / MODULES).is_dir()
