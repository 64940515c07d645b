"""From files and the environment to settings, or to all the reasons why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.pages import PagesError
from chatnet.settings import Settings
from chatnet.wiring.config import MAX_FILE, MAX_MOTD, ConfigError, check, draft, load, read_motd
from chatnet.wiring.fields import section_of
from chatnet.wiring.mistakes import judge
from chatnet.wiring.trial import trial

SECRET = "hunter2-hunter2"


def problems(path: Path | None, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(None if path is None else str(path), environ or {})
    prefix = "" if path is None else f"{path.parent}/"
    return [problem.replace(prefix, "") for problem in refused.value.problems]


def trial_of(path: Path) -> list[str]:
    return [problem.replace(f"{path.parent}/", "") for problem in trial(draft(str(path), {}))[0]]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "chatnet.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def test_without_a_file_the_defaults_hold_in_the_current_folder() -> None:
    loaded = load(None, {"PATH": "/bin", "CHATNET_CONFIG": "not ours"})
    assert loaded.settings == Settings()
    assert loaded.base == Path.cwd()
    assert loaded.path is None


def test_file_and_environment_together(write: Any) -> None:
    path = write('[server]\nname = "irc.example.org"\n[limits]\nnick = 20\ntopic = 100\n')
    loaded = load(str(path), {"CHATNET__LIMITS__NICK": "25", "CHATNET__SERVER__NETWORK": "Example"})
    assert loaded.settings.server.name == "irc.example.org"
    assert loaded.settings.server.network == "Example"
    assert (loaded.settings.limits.nick, loaded.settings.limits.topic) == (25, 100)
    assert (loaded.base, loaded.path, loaded.warnings) == (path.parent, path, ())


def test_the_environment_sets_every_kind_of_value() -> None:
    found = load(
        None,
        {
            "CHATNET__FLOOD__ENABLED": "no",
            "CHATNET__FLOOD__PENALTY_SCALE": "0.5",
            "CHATNET__FLOOD__EXEMPT": '["10.0.0.0/8"]',
            "CHATNET__SERVER__PASSWORD": SECRET,
            "CHATNET__CLOAK__KEY": "",
            "CHATNET__LISTEN": '[{"endpoint": "tcp:7000"}]',
            "CHATNET__LOG": '{"level": "debug"}',
            "CHATNET__LOG__FORMAT": "json",
        },
    ).settings
    assert (found.flood.enabled, found.flood.penalty_scale) == (False, 0.5)
    assert found.flood.exempt == ("10.0.0.0/8",)
    assert found.server.password is not None and found.server.password.get_secret_value() == SECRET
    assert found.cloak.key is None
    assert [listener.endpoint for listener in found.listen] == ["tcp:7000"]
    assert (found.log.level, found.log.format) == ("debug", "json")


def test_all_problems_are_told_at_once(write: Any) -> None:
    path = write(
        f"""
        [server]
        name = "nodot"
        pasword = "{SECRET}"
        sid = 5
        [limits]
        nick = 99
        user = "10"
        [flood]
        penalty_scale = inf
        exempt = ["10.0.0.0/8", "somewhere"]
        [tls]
        handshake_timeout = 0
        [[listen]]
        endpoint = "ssl:6697"
        connection_class = "vip"
        [[oper]]
        name = "ann"
        class = "x"
        password = "{SECRET}"
        [log]
        level = "loud"
        """
    )
    environ = {"CHATNET__FOO__BAR": SECRET, "CHATNET__LIMITS__TOPIC": "x", "CHATNET__LIMITS__KEY": "65"}
    assert sorted(problems(path, environ)) == sorted(
        [
            "environment CHATNET__FOO__BAR: there is no such setting",
            "environment CHATNET__LIMITS__TOPIC: must be a whole number",
            "environment CHATNET__LIMITS__KEY: must be at most 64",
            "chatnet.toml: server.name: is not a server name: letters, digits and '-', with a '.', "
            "at most 63 bytes",
            "chatnet.toml: server.pasword: there is no such setting (did you mean password?)",
            "chatnet.toml: server.sid: must be text",
            "chatnet.toml: limits.nick: must be at most 64",
            "chatnet.toml: limits.user: must be a whole number",
            "chatnet.toml: flood.penalty_scale: must be a finite number",
            "chatnet.toml: flood.exempt.1: is neither an address nor a network such as 192.0.2.0/24",
            "chatnet.toml: tls.handshake_timeout: must be more than 0",
            "chatnet.toml: listen.0.endpoint: has TLS in the endpoint: write tcp:… and tls = true",
            "chatnet.toml: listen.0.connection_class: there is no connection_class 'vip'",
            "chatnet.toml: oper.0.password: is not an argon2 hash: make one with `chatnet hash-password`",
            "chatnet.toml: oper.0.class: there is no oper_class 'x'",
            "chatnet.toml: log.level: must be 'debug', 'info', 'warn' or 'error'",
        ]
    )


MISTAKES = {
    "[limits]\nnick = 99\nhost = 40\n": {"must be at most 64", "must be at least 45"},
    "[cloak]\nsuffix = '27-bytes-are-all-there-may-be'\n": {
        "is not the end of a host name: letters, digits and '-', with dots between"
    },
    "[links]\nping_timeout = 5.0\nreconnect_max = 2.0\nstrikes = 0\nuplinks = ['c.example.org']\n": {
        "has a ping_timeout that is not longer than ping_interval",
        "has a reconnect_max that is shorter than reconnect_min",
        "must be at least 1",
        "there is no link 'c.example.org'",
    },
    "[[listen]]\nendpoint = '6667'\norigins = ['*']\nconnection_class = 'vip'\ncompression = true\n": {
        "is not an endpoint: write tcp:6667",
        'has origins without kind = "websocket" or "web"',
        'has compression without kind = "websocket" or "web"',
        "there is no connection_class 'vip'",
    },
    "[[listen]]\nendpoint = 'tcp:1'\n[[listen]]\nendpoint = 'tcp:port=1'\n": {
        "is the place of tcp:1: leave one of the two out"
    },
    "[[listen]]\nendpoint = 'unix:/gone/chat.sock'\ntls = 'no'\n": {
        "there is no folder /gone: make it first",
        "must be true or false",
    },
    "[[oper]]\nclass = 'none'\n": {
        "is missing",
        "needs a password or a certfp",
        "there is no oper_class 'none'",
    },
    "[[link]]\nname = 'nodot'\nca = 'gone.pem'\nmay_introduce = ['*']\n": {
        "is not a server name: letters, digits and '-', with a '.', at most 63 bytes",
        "FOLDER/gone.pem is not there",
        "has may_introduce, but a leaf introduces nobody",
    },
    "[server]\nmotd = 'gone.txt'\nsid = 'x'\n": {
        "cannot read gone.txt: No such file or directory",
        "is not a server id: a digit, then two digits or capital letters",
    },
    "[log]\nfile = 'gone/chat.log'\nlevel = 'loud'\n": {
        "there is no folder FOLDER/gone: make it first",
        "must be 'debug', 'info', 'warn' or 'error'",
    },
}
"""Pieces of a configuration, with the reasons why each is wrong, whatever else stands there."""


def test_no_mistake_hides_another(write: Any, tmp_path: Path) -> None:
    for number in range(1, 2 ** len(MISTAKES)):
        chosen = [text for index, text in enumerate(MISTAKES) if number >> index & 1]
        told, _ = trial(draft(str(write("".join(chosen))), {}))
        reasons = {problem.partition(": ")[2].partition(": ")[2] for problem in told}
        expected = set().union(*(MISTAKES[text] for text in chosen))
        if any("uplinks" in text for text in chosen) and any("nodot" in text for text in chosen):
            expected.remove("there is no link 'c.example.org'")  # it may be the one without a proper name
        assert {reason.replace(str(tmp_path), "FOLDER") for reason in reasons} == expected


HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            'snomask = "cZc1"',
            ["snomask: has '1Z', which are no letters of server notices: write some of acfgkmnopqrx"],
        ),
        (
            'modes = "Q7"',
            ["modes: has '7', which are no user modes that OPER sets: write some of BCDGQRgiswz"],
        ),
        (
            'modes = "+swx"',
            ["modes: has '+x', which are no user modes that OPER sets: write some of BCDGQRgiswz"],
        ),
        ('modes = ""\nsnomask = ""', []),
        (
            'hosts = ["ann@192.0.2.0/99", "*@*.example.org", "*@2001:db8::/200", "ann!*@*", "*@", "@host"]',
            [f"hosts.{index}" for index in (0, 2, 3, 4, 5)],
        ),
        (
            'hosts = ["*@192.0.2.300", "*@2001:db8", "*@192.0.2.*/24", "a b@c", "*@/24x", "*@10.0.0"]',
            [f"hosts.{i}" for i in (0, 1, 2, 3, 5)],
        ),
        (
            'hosts = ["192.0.2.0/24", "*@2001:DB8::0001", "*@2001:db8:*", "*@192.0.2.*", "~ann@localhost"]',
            [],
        ),
        ('hosts = ["*@::ffff:192.0.2.7", "*@cafe", "*@y35hy5gf.datqtlio.cloak", "*@::1"]', []),
    ],
)
def test_what_means_nothing_in_a_block_of_an_operator(write: Any, keys: str, told: list[str]) -> None:
    path = write(
        f'[[oper_class]]\nname = "a"\n[[oper]]\nname = "ann"\nclass = "a"\npassword = "{HASH}"\n{keys}\n'
    )
    found = [problem.removeprefix("chatnet.toml: oper.0.") for problem in trial_of(path)]
    assert len(found) == len(told) and all(map(str.startswith, found, told))


@pytest.mark.parametrize("password", [HASH[:-8], HASH + "=", HASH + "...", "$argon2id$", f" {HASH}"])
def test_a_piece_of_a_hash_is_no_password_of_anybody(write: Any, password: str) -> None:
    sections = (
        "[server]\n",
        "[[connection_class]]\nname = 'a'\n",
        "[[webirc]]\nname = 'a'\naddresses = ['::1']\n",
    )
    for section in (*sections, "[[oper_class]]\nname = 'a'\n[[oper]]\nname = 'a'\nclass = 'a'\n"):
        found = trial_of(write(f"{section}password = '{password}'\n"))
        if password[0] == "$":
            (problem,) = found
            assert problem.partition("password: ")[2].startswith("is a piece of an argon2 hash: ")
        elif "oper" not in section:
            assert found == []  # it is a password like any other
        assert trial_of(write(f"{section}password = '{HASH}'\n")) == []


def test_a_short_password_of_a_link_is_warned_of(write: Any) -> None:
    long = "a-long-word-that-both-sides-know"
    path = write(
        '[[link]]\nname = "a.test"\npassword = "short"\n'
        f'[[link]]\nname = "b.test"\npassword = "{long}"\naccept_password = "fifteen-letters"\n'
        f'[[link]]\nname = "c.test"\npassword = "{long[:16]}"\n'
    )
    reason = "has fewer than 16 characters and may be guessed; `chatnet fingerprint` suggests one"
    assert load(str(path), {}).warnings == (
        f"{path}: link.0.password: {reason}",
        f"{path}: link.1.accept_password: {reason}",
    )
    environ = {"CHATNET__LINK": '[{"name": "a.test", "password": "short"}]'}
    assert load(None, environ).warnings == (f"environment CHATNET__LINK: 0.password: {reason}",)


def test_what_cannot_be_looked_at_is_told(write: Any, tmp_path: Path) -> None:
    path = write(
        "[tls]\ndefault = 3\n[links]\ncertificate = false\n"
        '[[link]]\nname = "b.example.org"\nca = "gone.pem"\n'
    )
    assert trial(draft(str(path), {}))[0] == [
        f"{path}: tls.default: must be text",
        f"{path}: links.certificate: must be text",
        f"{path}: link.0.ca: {tmp_path}/gone.pem is not there",
        f"{path}: tls: certificates are looked at when tls.default and links.certificate can be used",
    ]
    path = write("[tls")
    assert len(trial(draft(str(path), {}))[0]) == 1


def test_each_key_without_a_default_has_a_stand_in() -> None:
    for section, info in Settings.model_fields.items():
        model = section_of(info.annotation)
        assert model is not None
        needed = [key for key, field in model.model_fields.items() if field.is_required()]
        judgement = judge({section: [{}]} if needed else {section: {}})
        assert len(judgement.found) >= len(needed)
        assert bool(needed) is (getattr(judgement.settings, section) != getattr(Settings(), section))


def test_a_draft_shows_no_secret() -> None:
    found = draft(None, {"CHATNET__SERVER__PASSWORD": SECRET, "CHATNET__CLOAK__KEY": SECRET})
    assert len(found.problems) == 1 and SECRET not in repr(found)


def test_problems_in_json_of_the_environment_name_the_variable_and_the_rest_of_the_way() -> None:
    assert problems(None, {"CHATNET__LISTEN": '[{"endpoint": "tcp:7000", "connection_class": "q"}, {}]'}) == [
        "environment CHATNET__LISTEN: 1.endpoint: is missing",
        "environment CHATNET__LISTEN: 0.connection_class: there is no connection_class 'q'",
    ]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("CHATNET__LISTEN", "{}", "must be a list in JSON"),
        ("CHATNET__LIMITS", "[]", "must be a table in JSON"),
        (
            "CHATNET__LIMITS",
            "{",
            "must be a table in JSON: expecting property name enclosed in double quotes (character 2)",
        ),
        ("CHATNET__LISTEN", "[" * 100_000, "must be a list in JSON: nested too deeply, or a number too long"),
        ("CHATNET__FLOOD__EXEMPT", "127.0.0.1", "must be a list in JSON: extra data (character 6)"),
        ("CHATNET__FLOOD__ENABLED", "perhaps", "must be true or false"),
        ("CHATNET__FLOOD__PENALTY_SCALE", "nan", "must be a finite number"),
        ("CHATNET__SERVER__NETWORK", "\udc80", "is not UTF-8 text"),
        ("CHATNET__SERVER__ADMIN", '["\\ud800"]', "is not UTF-8 text"),
        ("CHATNET__OPER__0__NAME", "ann", "a list is set whole, as JSON, in CHATNET__OPER"),
        ("CHATNET__limits__nick", "20", "there is no such setting (did you mean CHATNET__LIMITS__NICK?)"),
        ("CHATNET__", "20", "there is no such setting"),
    ],
)
def test_a_variable_that_cannot_be_used(name: str, value: str, reason: str) -> None:
    assert problems(None, {name: value}) == [f"environment {name}: {reason}"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CHATNET_SERVER_NAME", "CHATNET__SERVER__NAME"),
        ("CHATNET_SERVER__NAME", "CHATNET__SERVER__NAME"),
        ("CHATNET_FLOOD_OPER_ATTEMPTS", "CHATNET__FLOOD__OPER_ATTEMPTS"),
        ("CHATNET_LISTEN", "CHATNET__LISTEN"),
        ("chatnet__server__name", "CHATNET__SERVER__NAME"),
        ("chatnet_server_name", "CHATNET__SERVER__NAME"),
    ],
)
def test_a_variable_with_too_few_underscores_is_a_mistake(name: str, meant: str) -> None:
    assert problems(None, {name: "irc.example.org"}) == [f"environment {name}: sets nothing: write {meant}"]


def test_variables_of_others_are_left_alone() -> None:
    others = {"CHATNET_PORT": "tcp://10.0.0.1:6667", "CHATNET_SERVICE_HOST": "10.0.0.1", "CHATNETS": "2"}
    assert load(None, others).settings == Settings()


def test_an_extra_that_is_not_installed_is_told_with_its_key(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write('[[listen]]\nendpoint = "tcp:6667"\n[[listen]]\nendpoint = "tcp:8097"\nkind = "websocket"\n')
    assert load(str(path), {}).settings.listen[1].kind == "websocket"
    monkeypatch.setattr("chatnet.wiring.config.find_spec", lambda name: None)
    reason = "needs the Python package wsproto, which is not installed (chatnet's extra `websocket`)"
    assert problems(path) == [f"chatnet.toml: listen.1.kind: {reason}"]
    assert load(None, {}).settings == Settings()


def test_a_web_listener_needs_an_extra_too(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write('[[listen]]\nendpoint = "tcp:8080"\nkind = "web"\nserves = ["client", "socket"]\n')
    assert load(str(path), {}).settings.listen[0].serves == ("client", "socket")
    monkeypatch.setattr("chatnet.wiring.config.find_spec", lambda name: None)
    reason = "needs the Python package wsproto, which is not installed (chatnet's extra `web`)"
    assert problems(path) == [f"chatnet.toml: listen.0.kind: {reason}"]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ('serves = ["client"]', 'listen.0: has serves without kind = "web"'),
        (
            'kind = "web"\nserves = []',
            "listen.0.serves: is empty, so nothing would be answered; leave it out for what is usual",
        ),
        ('kind = "web"\nserves = ["client", "client"]', "listen.0.serves: has something twice"),
        (
            'kind = "web"\nserves = ["client", "redirect"]',
            "listen.0.serves: has redirect, which stands alone: whoever comes is sent elsewhere",
        ),
        (
            '[web]\nhosts = ["chat.example.org:80"]',
            "web.hosts.0: is not a host name such as chat.example.org, without a port",
        ),
        (
            '[web]\ncors = ["https://*.example.org"]',
            "web.cors.0: is not one origin such as https://club.example.org",
        ),
        (
            '[web]\nframe_ancestors = ["https://a.example/ script-src *"]',
            "web.frame_ancestors.0: is not an origin such as https://chat.example.org",
        ),
    ],
)
def test_mistakes_in_a_web_listener(write: Any, keys: str, reason: str) -> None:
    path = write(f'[[listen]]\nendpoint = "tcp:8080"\n{keys}\n')
    assert problems(path) == [f"chatnet.toml: {reason}"]


def test_a_client_that_is_not_whole_is_told_before_the_start(
    write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        raise PagesError("the web client's file index.html is missing")

    path = write('[[listen]]\nendpoint = "tcp:8080"\nkind = "web"\n[web]\nacme = "acme"\n')
    problems_, warnings = trial(draft(str(path), {}))
    assert problems_ == []
    assert warnings == [f"{path}: web.acme: there is no folder {path.parent}/acme"]
    monkeypatch.setattr("chatnet.wiring.trial.read", read)
    assert trial_of(path) == ["chatnet.toml: listen: the web client's file index.html is missing"]
    assert trial_of(write('[[listen]]\nendpoint = "tcp:6667"\n')) == []


def test_nothing_of_an_extra_is_imported_before_it_is_needed() -> None:
    program = (
        "import chatnet.wiring.service, sys; print([m for m in sys.modules if m in ('wsproto', 'h11', "
        "'twisted.web', 'chatnet.api.site', 'chatnet.pages', 'chatnet.wiring.web')])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ('kind = "gopher"', "listen.0.kind: must be 'irc', 'websocket', 'web', 'line' or 'server'"),
        ('origins = ["*"]', 'listen.0: has origins without kind = "websocket" or "web"'),
        ('forwarded_from = ["::1"]', 'listen.0: has forwarded_from without kind = "websocket" or "web"'),
        ("compression = true", 'listen.0: has compression without kind = "websocket" or "web"'),
        (
            'kind = "websocket"\norigins = ["chat.example.org"]',
            "listen.0.origins.0: is not an origin such as https://chat.example.org",
        ),
        (
            'kind = "websocket"\norigins = ["https://chat.example.org/"]',
            "listen.0.origins.0: is not an origin such as https://chat.example.org",
        ),
    ],
)
def test_mistakes_in_a_websocket_listener(write: Any, keys: str, reason: str) -> None:
    path = write(f'[[listen]]\nendpoint = "tcp:8097"\n{keys}\n')
    assert problems(path) == [f"chatnet.toml: {reason}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[[sts]]\nhostname = "irc example"\nport = 70000\nduration = -1\n',
            [
                "sts.0.hostname: is not a host name: letters, digits and '-', with dots between",
                "sts.0.duration: must be at least 0",
                "sts.0.port: must be at most 65535",
            ],
        ),
        (
            '[[sts]]\nhostname = "a.b"\n[[sts]]\nhostname = "a.b"\n',
            ["sts.1.hostname: the name 'a.b' is used twice"],
        ),
        (
            f'[[webirc]]\nname = "web chat"\naddresses = []\npassword = "{SECRET}"\n[[webirc]]\nname = "b"\n',
            [
                "webirc.0.name: is not one word: no spaces, and no ':' at its beginning",
                "webirc.0.addresses: is empty: name the addresses of the gateway",
                "webirc.1.addresses: is missing",
                "webirc.1: needs a password or a certfp",
            ],
        ),
        (
            '[[webirc]]\nname = "a"\naddresses = ["::1"]\n'
            '[[webirc]]\nname = "b"\naddresses = ["x"]\ncertfp = "1"\n',
            [
                "webirc.1.addresses.0: is neither an address nor a network such as 192.0.2.0/24",
                "webirc.1.certfp: is not a SHA-256 fingerprint of 64 hex digits",
                "webirc.0: needs a password or a certfp",
            ],
        ),
        (
            '[server]\nicon = "icon.png"\nwithheld_capabilities = ["cap-notify"]\n',
            [
                "server.icon: is not a web address such as https://example.org/icon.png,"
                " of at most 300 bytes",
                "server.withheld_capabilities: has cap-notify, which CAP LS 302 brings with it",
            ],
        ),
        (
            '[server]\nwithheld_capabilities = ["tls", "batch"]\n',
            ["server.withheld_capabilities: has unknown capabilities: tls"],
        ),
    ],
)
def test_mistakes_about_clients_and_gateways(write: Any, text: str, told: list[str]) -> None:
    assert problems(write(text)) == [f"chatnet.toml: {problem}" for problem in told]


def test_not_toml_names_the_line_and_the_environment_is_looked_at_all_the_same(write: Any) -> None:
    path = write(f'[server]\nname = "irc.example.org"\npassword {SECRET}\n')
    environ = {
        "CHATNET__LIMITS__NICK": "0",
        "CHATNET__OPER": '[{"name": "a", "class": "b"}]',
        # What these ask for may stand in the file.
        "CHATNET__LINKS__UPLINKS": '["irc2.example.org"]',
        "CHATNET__LINKS__PING_INTERVAL": "30",
    }
    found = problems(path, environ)
    assert found[0].startswith("chatnet.toml:3: not TOML: expected '=' after a key")
    assert found[0].endswith("; the rest of it is looked at when that is mended")
    assert found[1:] == [
        "environment CHATNET__LIMITS__NICK: must be at least 1",
        "environment CHATNET__OPER: 0: needs a password or a certfp",
    ]
    # A section that is set whole is no secret of the file's.
    links = {"CHATNET__LINKS": '{"ping_interval": 30.0}', "CHATNET__OPER_CLASS": "[]"}
    assert problems(path, environ | links)[2:] == [
        "environment CHATNET__OPER: 0: needs a password or a certfp",
        "environment CHATNET__LINKS: has a ping_timeout that is not longer than ping_interval",
        "environment CHATNET__OPER: 0.class: there is no oper_class 'b'",
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert problems(tmp_path / "chatnet.toml") == ["chatnet.toml: cannot be read: No such file or directory"]
    (tmp_path / "latin.toml").write_bytes(b'# \n[server]\nnetwork = "\xe4"\n')
    assert problems(tmp_path / "latin.toml") == [
        "latin.toml:3: is not UTF-8 text; the rest of it is looked at when that is mended"
    ]
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)
    assert problems(tmp_path / "deep.toml")[0].startswith("deep.toml: not TOML")
    (tmp_path / "end.toml").write_text('a = """\n')
    assert problems(tmp_path / "end.toml")[0].startswith("end.toml:2: not TOML")
    (tmp_path / "keys.toml").write_text(".".join(["a"] * 5000) + " = 1\n")
    assert problems(tmp_path / "keys.toml") == ["keys.toml: a: there is no such setting"]


def test_a_problem_is_one_line_whatever_the_keys_are(write: Any) -> None:
    assert problems(write('"a\\nb\\u001b[31m" = 1\n')) == [
        "chatnet.toml: a\\nb\\x1b[31m: there is no such setting",
    ]


@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        ('[server]\npassword = "x"\n', 0o644, True),
        ('[server]\npassword = "x"\n', 0o640, False),
        ('[[connection_class]]\nname = "a"\npassword = "x"\n', 0o604, True),
        ('[[connection_class]]\nname = "a"\n', 0o644, False),
    ],
)
def test_secrets_for_everybody_to_read_are_warned_of(write: Any, text: str, mode: int, warned: bool) -> None:
    path = write(text, mode)
    told = f"{path}: holds secrets, and everybody on this machine can read it: chmod 640"
    assert load(str(path), {}).warnings == ((told,) if warned else ())


def test_settings_made_by_ourselves_are_checked_alike() -> None:
    assert check({"limits": {"nick": 3}}, "here").limits.nick == 3
    with pytest.raises(ConfigError, match=r"^here: limits\.nick: must be at least 1$"):
        check({"limits": {"nick": 0}}, "here")


def test_motd(write: Any, tmp_path: Path) -> None:
    loaded = load(str(write('[server]\nmotd = "motd.txt"\n')), {})
    motd = tmp_path / "motd.txt"
    motd.write_bytes("\ufeffHej\r\n\n  w\u00f6rld \x00\n\n".encode() + b"\xff\n\n\n")
    assert read_motd(loaded) == ("Hej", "", "  w\u00f6rld", "", "\ufffd")
    motd.write_bytes(b"\n \n")
    assert read_motd(loaded) == ()
    assert read_motd(load(None, {})) is None


def test_motd_that_cannot_be_read(write: Any, tmp_path: Path) -> None:
    path = write('[server]\nmotd = "motd.txt"\n')
    loaded, motd = load(str(path), {}), tmp_path / "motd.txt"

    def problem() -> str:
        with pytest.raises(ConfigError) as refused:
            read_motd(loaded)
        return str(refused.value).removeprefix(f"{path}: server.motd: ")

    assert problem() == "cannot read motd.txt: No such file or directory"
    os.mkfifo(motd)
    assert problem() == "cannot read motd.txt: it is not a file"
    motd.unlink()
    motd.mkdir()
    assert problem() == "cannot read motd.txt: it is not a file"
    motd.rmdir()
    motd.write_bytes(b"x" * (MAX_MOTD + 1))
    assert problem() == "cannot read motd.txt: it is larger than 64 KiB"


@pytest.mark.parametrize(
    "place",
    ["server.motd", "server.data", "tls.certificates", "tls.default", "links.certificate", "log.file"],
)
def test_what_is_no_path(place: str) -> None:
    name = f"CHATNET__{place.upper().replace('.', '__')}"
    assert problems(None, {name: "a\0b"}) == [f"environment {name}: is not a path: no file has such a name"]


def test_a_configuration_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, which blocked the server at SIGHUP for ever, and a device that never ends."""
    pipe = tmp_path / "chatnet.toml"
    os.mkfifo(pipe)
    assert problems(pipe) == ["chatnet.toml: cannot be read: it is not a file"]
    assert problems(Path("/dev/zero")) == ["zero: cannot be read: it is not a file"]
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MAX_FILE + 1))
    assert problems(large) == ["large.toml: cannot be read: it is larger than 4096 KiB"]


# Any environment gives settings or one ConfigError, and never shows a secret.

KEYS = [f"CHATNET__{section.upper()}" for section in Settings.model_fields]
KEYS += [
    f"CHATNET__{section.upper()}__{key.upper()}"
    for section in ("server", "tls", "limits", "flood", "cloak", "lookups", "log")
    for key in Settings.model_fields[section].annotation.model_fields  # type: ignore[union-attr]  # they are sections
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "class", "endpoint", "extends", "match", "tls", "nick"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
VALUES = JSON.map(json.dumps) | st.text(max_size=20) | st.integers().map(str)


@given(
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=9).map("CHATNET__".__add__), VALUES, max_size=4)
)
@hypothesis_settings(max_examples=runs(60, 5000), deadline=None)
def test_any_environment_loads_or_is_refused_in_words(environ: dict[str, str]) -> None:
    try:
        load(None, environ)
    except ConfigError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.isprintable() and ": " in problem
            assert "pydantic" not in problem and "Input" not in problem


@given(JSON.filter(lambda value: isinstance(value, dict)), st.sampled_from(list(Settings.model_fields)))
@hypothesis_settings(max_examples=runs(40, 5000), deadline=None)
def test_any_tree_is_checked_or_refused_in_words(value: dict[str, Any], section: str) -> None:
    for content in (value, [value]):
        try:
            check({section: content}, "here")
        except ConfigError as error:
            assert all(problem.startswith(f"here: {section}") for problem in error.problems)


SPOILED: list[Any] = [SECRET, [SECRET], {"a": SECRET}, {SECRET[:4]: [SECRET]}]


@given(
    st.sampled_from(SPOILED),
    st.sampled_from(["key", "password", "kee"]),
    st.sampled_from(["server", "cloak", "oper", "connection_class"]),
    st.booleans(),
)
@hypothesis_settings(max_examples=runs(40, 5000), deadline=None)
def test_secrets_are_never_shown(value: Any, key: str, section: str, whole: bool) -> None:
    content: Any = {"name": "x", key: value, "tls": 3}
    if section in ("oper", "connection_class"):
        content = [content]
    environ = {f"CHATNET__{section.upper()}": json.dumps(content)}
    if whole:
        environ = {name: text[:-1] for name, text in environ.items()}
    with pytest.raises(ConfigError) as refused:
        load(None, environ)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
