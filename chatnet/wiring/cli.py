"""The console script ``chatnet``: make a configuration, check one, hash a password, back up, and so on.

The server itself is run by ``twistd chatnet``.  What takes time to import waits until a command needs it.
"""

from __future__ import annotations

import argparse
import getpass
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatnet.compiled import version

_MOTD = """\
Welcome to {network}.

This text is motd.txt beside chatnet.toml; change it and send SIGHUP (or REHASH).
"""
_MAX_PASSWORD = 500
"""Characters of a password: with its command it has to fit into one line."""


class _Failure(Exception):
    """The command cannot be done; the text is for the person who gave it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 = done, 1 = not done and said why, 2 = wrong arguments."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except _Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # Who read it has seen enough, as `head` has.  What is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chatnet",
        description="Tools for a chatnet server, which itself is run by `twistd -n --pidfile= chatnet`.",
    )
    parser.add_argument("--version", action="version", version=f"chatnet {version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="write a commented configuration, a certificate and a motd")
    init.add_argument("--folder", type=Path, default=Path("."), metavar="F", help="where (default: here)")
    init.add_argument("--data", type=Path, metavar="F", help="data folder (default: chatnet-data in it)")
    init.add_argument("--name", metavar="irc.example.org", help="name of this server")
    init.add_argument("--network", metavar="N", help="name of the network")
    init.add_argument("--force", action="store_true", help="overwrite what is there, the certificate too")
    init.set_defaults(run=_init)

    check = commands.add_parser("check-config", help="tell every problem of a configuration")
    check.add_argument("path", metavar="PATH", help="the file, usually chatnet.toml")
    check.set_defaults(run=_check_config)

    hashing = commands.add_parser(
        "hash-password",
        help="hash a password for the configuration; one line of standard input, or asked for",
    )
    hashing.set_defaults(run=_hash_password)

    health = commands.add_parser(
        "health", help="ask a running server by HTTP whether it is ready: 0 = yes, 1 = no, and why"
    )
    health.add_argument(
        "url", metavar="URL", help="such as http://127.0.0.1:8080 (a listener with kind = web)"
    )
    health.add_argument(
        "--timeout", type=float, default=5.0, metavar="S", help="seconds to wait for it (default: 5)"
    )
    health.set_defaults(run=_health)

    token = commands.add_parser(
        "token", help="make a token for a program: its [[token]] for the configuration, and the secret, once"
    )
    token.add_argument("name", metavar="NAME", help="what it is called; its nick, too")
    token.add_argument("--nick", metavar="N", help="another nick")
    token.add_argument(
        "--scope",
        default="read,send,events",
        metavar="S",
        help="what it may do, such as read,send:#ci (default: read,send,events)",
    )
    token.add_argument("--class", dest="oper_class", metavar="C", help="[[oper_class]] of its user")
    token.add_argument("--from", dest="addresses", action="append", metavar="A", help="address it comes from")
    token.set_defaults(run=_token)

    fingerprint = commands.add_parser(
        "fingerprint",
        help="SHA-256 of a certificate, for certfp; of chatnet.toml: its [[link]] for other servers",
    )
    fingerprint.add_argument("path", metavar="PATH", type=Path)
    fingerprint.set_defaults(run=_fingerprint)

    backup = commands.add_parser(
        "backup",
        help="copy accounts, messages and the cloak key, also while the server runs, to a folder without any",
    )
    backup.add_argument("folder", metavar="FOLDER", type=Path)
    backup.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
    backup.set_defaults(run=_backup)

    account = commands.add_parser(
        "account", help="list, show, add, change, suspend and erase accounts, also while the server runs"
    )
    _add_account_actions(account.add_subparsers(required=True, metavar="ACTION", dest="action"))
    account.set_defaults(run=_account)

    channel = commands.add_parser(
        "channel", help="list and show registered channels, also while the server runs"
    )
    _add_channel_actions(channel.add_subparsers(required=True, metavar="ACTION", dest="action"))
    channel.set_defaults(run=_channel)

    invite = commands.add_parser("invite", help="make a link into channels, also while the server runs")
    invite.add_argument("channel", metavar="CHANNEL", help="such as '#club', or several with commas")
    invite.add_argument("--days", type=int, metavar="N", help="how long it is good (default: invites.days)")
    invite.add_argument("--most", type=int, metavar="N", help="how many may come (default: invites.most)")
    invite.add_argument("--voice", action="store_true", help="who has an account gets the flag V there")
    invite.add_argument("--accounts", action="store_true", help="nobody comes without an account")
    invite.add_argument("--register", action="store_true", help="they may register one where nobody else may")
    invite.add_argument("--label", default="", metavar="TEXT", help="what it is called")
    invite.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
    invite.set_defaults(run=_invite)

    audit = commands.add_parser("audit", help="what operators did on this server, also while it runs")
    audit.add_argument(
        "word", nargs="?", default="", metavar="WORD", help="a part of who, of whom or what, or a command"
    )
    audit.add_argument("--since", metavar="TIME", help="2026-11-29, or 30d")
    audit.add_argument("--json", action="store_true", help="as JSON Lines")
    audit.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
    _add_process(audit)
    audit.set_defaults(run=_audit)

    importing = commands.add_parser(
        "import",
        help="take accounts and channels of Atheme, Anope, Ergo, or an export, also while the server runs",
    )
    importing.add_argument(
        "source", choices=("atheme", "anope", "ergo", "chatnet"), help="what wrote the file"
    )
    importing.add_argument("file", metavar="FILE", type=Path, help="such as services.db, anope.db or ircd.db")
    importing.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    importing.add_argument(
        "--protocol", choices=("charybdis",), help="of Atheme: which servers it was linked to, for MLOCK"
    )
    importing.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
    importing.set_defaults(run=_import)

    exporting = commands.add_parser(
        "export", help="write all accounts and channels as JSON Lines, also while the server runs"
    )
    exporting.add_argument("file", nargs="?", metavar="FILE", type=Path, help="a new one (default: shown)")
    exporting.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
    exporting.set_defaults(run=_export)

    history = commands.add_parser(
        "history",
        help="what is stored of what was said: export, import and copy it, also while the server runs",
    )
    _add_history_actions(history.add_subparsers(required=True, metavar="ACTION", dest="action"))
    history.set_defaults(run=_history)
    return parser


def _add_process(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--process",
        type=int,
        metavar="N",
        help="which of several (server.processes); default: the first",
    )


def _add_history_actions(actions: Any) -> None:
    def add(action: str, help_: str) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = actions.add_parser(action, help=help_)
        found.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
        _add_process(found)
        return found

    exporting = add(
        "export", "write what an account said, with its private talks, or a channel, as JSON Lines"
    )
    whose = exporting.add_mutually_exclusive_group(required=True)
    whose.add_argument("--account", metavar="NAME", help="the account's name, a nick of it, or its id")
    whose.add_argument("--channel", metavar="NAME", help="all channels that had that name")
    exporting.add_argument("--since", metavar="TIME", help="2026-11-29, 2026-11-29T12:00:00Z, or 30d")
    exporting.add_argument("file", nargs="?", metavar="FILE", type=Path, help="a new one (default: shown)")
    importing = add("import", "take the messages of an export; what is known, deleted or erased stays so")
    importing.add_argument("file", metavar="FILE", type=Path)
    copying = add("backup", "copy all messages, as they are at one moment, to a file that is not there")
    copying.add_argument("file", metavar="FILE", type=Path)
    add("rekey", "give what was stored under names of accounts to the accounts; the server may not run")


def _add_account_actions(actions: Any) -> None:
    def add(action: str, help_: str) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = actions.add_parser(action, help=help_)
        found.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
        return found

    def named(action: str, help_: str) -> argparse.ArgumentParser:
        found = add(action, help_)
        found.add_argument("name", metavar="NAME", help="the account's name, a nick of it, or its id")
        return found

    showing = add("list", "the accounts: state, when they were registered, further nicks")
    showing.add_argument("mask", nargs="?", default="*", metavar="MASK", help="such as 'ann*'")
    named("info", "all that is known of one, but its secrets")
    named("add", "register one; the password is a line of standard input, or asked for")
    named("passwd", "give one another password, read likewise")
    suspending = named("suspend", "keep everybody out of one, and disconnect who is logged in")
    suspending.add_argument("--for", dest="duration", metavar="3d", help="how long: s, m, h, d or w")
    suspending.add_argument("reason", nargs="+", metavar="REASON", help="what its owner reads")
    named("unsuspend", "end that")
    erasing = named("erase", "end one for good: its names are free, and nothing brings it back")
    erasing.add_argument("--yes", action="store_true", help="do not ask")
    add("refill", "put all accounts aside, for other full servers to feed this one anew")
    add(
        "restored",
        "say that the database of several servers was restored from a backup; none of them may run",
    )


def _add_channel_actions(actions: Any) -> None:
    def add(action: str, help_: str) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = actions.add_parser(action, help=help_)
        found.add_argument("--config", metavar="PATH", help="configuration of the server (default: none)")
        return found

    showing = add("list", "the channels: state, when they were registered, founder")
    showing.add_argument("mask", nargs="?", default="*", metavar="MASK", help="such as '#club*'")
    add("info", "all that is known of one, but what it is like").add_argument(
        "name", metavar="NAME", help="the channel's name, or its id"
    )


def _init(arguments: argparse.Namespace) -> None:
    from chatnet.transports.certificates import fingerprint, make_self_signed
    from chatnet.transports.private import others_write
    from chatnet.wiring.config import ConfigError, check
    from chatnet.wiring.datafolder import DEFAULT_NAME
    from chatnet.wiring.template import template

    chosen: dict[str, str] = {"motd": "motd.txt"}
    if arguments.name is not None:
        chosen["name"] = arguments.name
    if arguments.network is not None:
        chosen["network"] = arguments.network
    if arguments.data is not None:
        # (What is relative counts from the configuration's folder later, but from here now.)
        chosen["data"] = str(arguments.data.absolute())
    try:
        settings = check({"server": chosen}, "init")
    except ConfigError as error:
        raise _Failure(str(error)) from None

    folder: Path = arguments.folder
    config, motd = folder / "chatnet.toml", folder / "motd.txt"
    data = folder / (settings.server.data or DEFAULT_NAME)
    certificates = data / "certificates"
    certificate = certificates / f"{settings.tls.default}.pem"
    if config.exists() and not arguments.force:
        raise _Failure(f"{config} is there already; --force overwrites it, the motd and the certificate")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        data.mkdir(mode=0o700, exist_ok=True)
        if others_write(data):
            raise _Failure(f"{data} may be changed by others: chmod go-w {data}")
        certificates.mkdir(mode=0o700, exist_ok=True)
        _write(config, template({"server": chosen}, {"listen": _listeners()}), arguments.force)
        _write(motd, _MOTD.format(network=settings.server.network), arguments.force)
        if certificate.exists() and not arguments.force:
            print(f"kept   {certificate}")
        else:
            make_self_signed(certificate, [settings.server.name, "localhost", "127.0.0.1"])
            print(f"wrote  {certificate}")
        print(f"       its SHA-256 fingerprint is {fingerprint(certificate)}")
    except OSError as error:
        raise _Failure(f"{error.filename or folder}: {error.strerror}") from None
    except ValueError as error:
        raise _Failure(str(error)) from None
    # (Without --pidfile= a second server in this folder would be refused, for want of another twistd.pid.)
    command = shlex.join([_twistd(), "-n", "--pidfile=", "chatnet", "--config", str(config)])
    print(f"Next: read {config}, then run   {command}")


def _listeners() -> list[dict[str, Any]]:
    """The usual ones, and one for browsers if this installation can speak to them."""
    from importlib.util import find_spec

    from chatnet.settings import Settings

    found = [item.model_dump(exclude_defaults=True) for item in Settings().listen]
    if find_spec("wsproto") is not None:
        found.append({"endpoint": "tcp:8080:interface=127.0.0.1", "kind": "web"})
    return found


def _twistd() -> str:
    """How to call the twistd that belongs to this Python: it need not be the one that a shell finds."""
    own = Path(sys.executable).with_name("twistd")
    found = shutil.which("twistd")
    return "twistd" if found is not None and Path(found) == own else str(own)


def _write(file: Path, text: str, force: bool) -> None:
    from chatnet.transports.private import open_own

    if file.exists() and not force:
        print(f"kept   {file}")
        return
    # The configuration may come to hold secrets, so it is not for everybody.
    descriptor = open_own(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    print(f"wrote  {file}")


def _check_config(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.config import ConfigError, draft
    from chatnet.wiring.trial import trial

    found = draft(arguments.path, os.environ)
    problems, warnings = trial(found)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if problems:
        raise _Failure(str(ConfigError(problems)))
    settings = found.loaded.settings
    blocks = {"listener": settings.listen, "oper": settings.oper, "link": settings.link}
    counts = ", ".join(_count(len(each), noun) for noun, each in blocks.items())
    print(f"{arguments.path} is fine: {counts}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _hash_password(arguments: argparse.Namespace) -> None:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise _Failure("These were two different passwords.")
    else:
        password = sys.stdin.readline(_MAX_PASSWORD + 1).rstrip("\r\n")
        if len(password) > _MAX_PASSWORD:
            raise _Failure(f"A password has at most {_MAX_PASSWORD} characters, or nobody could send it.")
    if not password:
        raise _Failure("An empty password is none.")

    from argon2 import PasswordHasher

    print(PasswordHasher().hash(password.encode("utf-8", "surrogateescape")))


def _health(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.health_command import Unhealthy, address_of, look

    try:
        print(look(address_of(arguments.url), max(0.1, arguments.timeout)))
    except (Unhealthy, ValueError) as error:
        raise _Failure(str(error)) from None


def _token(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.token_block import token_block

    try:
        secret, block = token_block(
            arguments.name, arguments.nick, arguments.scope, arguments.oper_class, arguments.addresses or ()
        )
    except ValueError as error:
        raise _Failure(str(error)) from None
    print(block, end="")
    print("# The token itself, which is shown this once:", file=sys.stderr)
    sys.stdout.flush()
    print(secret, file=sys.stderr)


def _fingerprint(arguments: argparse.Namespace) -> None:
    from chatnet.transports.certificates import fingerprint

    try:
        if arguments.path.suffix == ".toml":
            _print_link_block(arguments.path)
        else:
            print(fingerprint(arguments.path))
    except OSError as error:
        raise _Failure(f"{arguments.path}: {error.strerror}") from None
    except ValueError as error:
        raise _Failure(str(error)) from None


def _backup(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.backup import BackupError, backup
    from chatnet.wiring.config import ConfigError, load
    from chatnet.wiring.datafolder import locate
    from chatnet.wiring.processes.derived import folder_of

    try:
        loaded = load(arguments.config, os.environ)
        for number in range(1, loaded.settings.server.processes + 1):
            source, target = folder_of(locate(loaded), number), folder_of(arguments.folder, number)
            if number == 1 or source.exists():
                for file in backup(source, target):
                    print(f"wrote  {file}")
    except (BackupError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _audit(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.audit_command import run
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.keeper import KeeperError

    try:
        run(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _channel(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.channel_commands import run
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.keeper import KeeperError

    try:
        run(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _account(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.account_commands import run
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.keeper import KeeperError

    try:
        run(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _invite(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.invite_command import run
    from chatnet.wiring.keeper import KeeperError

    try:
        run(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _import(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.import_commands import import_
    from chatnet.wiring.keeper import KeeperError

    try:
        import_(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _export(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.import_commands import export
    from chatnet.wiring.keeper import KeeperError

    try:
        export(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _history(arguments: argparse.Namespace) -> None:
    from chatnet.wiring.config import ConfigError
    from chatnet.wiring.history_commands import run
    from chatnet.wiring.keeper import KeeperError

    try:
        run(arguments)
    except (KeeperError, ConfigError) as error:
        raise _Failure(str(error)) from None


def _print_link_block(path: Path) -> None:
    from chatnet.wiring.config import ConfigError, load
    from chatnet.wiring.linkblock import link_block

    try:
        print(link_block(load(str(path), os.environ)), end="")
    except ConfigError as error:
        raise _Failure(str(error)) from None
