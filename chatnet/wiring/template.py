"""The configuration that ``chatnet init`` writes: every setting, explained by its own docstring.

Explanations begin with ``# ``, and settings that nobody chose with ``#`` alone: without it the line counts.
"""

from __future__ import annotations

import json
import textwrap
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chatnet.settings import PRIVILEGES, Settings
from chatnet.wiring.fields import bounds, section_of

_HEAD = """\
chatnet's configuration. Everything has a default: a line such as #nick = 30 shows it, and a line
without # is a choice made here. Paths are relative to this file's folder.

After a change run chatnet check-config on this file, then send SIGHUP to the server (an oper:
REHASH). Each key can also come from the environment, as in CHATNET__LIMITS__NICK=20; lists and
whole sections as JSON.
"""

_HASH = "$argon2id$v=19$m=65536,t=3,p=4$..."
_EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "sts": [{"hostname": "irc.example.org", "duration": 2592000, "port": 6697}],
    "ban": [{"target": "192.0.2.0/24", "reason": "spam|seen in #lobby", "require_login": True}],
    "exempt": [{"target": "192.0.2.7", "reason": "our own bot"}],
    "filter": [{"pattern": "*free money*", "action": "block", "reason": "no adverts here"}],
    "shield": [
        {
            "level": 2,
            "title": "bots",
            "notice": "Bots have come: who has no account cannot speak everywhere for a while",
            "stop_registrations": True,
            "channel_modes": "R",
            "slower": 2.0,
        }
    ],
    "dnsbl": [{"zone": "dnsbl.example.org", "replies": ["127.0.0.2"], "action": "require-login"}],
    "connection_class": [{"name": "default", "tls": True, "password": _HASH, "max_sessions": 1000}],
    "webirc": [
        {
            "name": "webchat",
            "addresses": ["192.0.2.7"],
            "password": _HASH,
            "certfp": "0123456789abcdef" * 4,
        }
    ],
    "oper_class": [
        {"name": "admin", "extends": "helper", "privileges": ["rehash", "die", "see-all", "audit", "force"]},
        {
            "name": "helper",
            "privileges": ["kill", "wallops", "bans", "filters", "shields", "reports"],
        },
    ],
    "oper": [
        {
            "name": "ann",
            "class": "admin",
            "password": _HASH,
            "hosts": ["*@127.0.0.1", "*@192.0.2.0/24"],
            "certfp": "0123456789abcdef" * 4,
        }
    ],
    "token": [
        {
            "name": "monitor",
            "nick": "monitor",
            "hash": "0123456789abcdef" * 4,
            "scope": "read,send:#ops",
            "class": "helper",
            "from": ["192.0.2.0/24"],
        }
    ],
    "inlet": [
        {
            "kind": "udp",
            "endpoint": "udp:5514:interface=127.0.0.1",
            "from": ["127.0.0.1"],
            "channel": "#sensors",
            "nick": "board",
            "secret": "a-long-word-that-boards-know",
            "names": ["192.0.2.7 greenhouse"],
        }
    ],
    "plugin": [{"module": "club.greeter", "settings": ["channel=#lobby"]}],
    "link": [
        {
            "name": "irc2.example.org",
            "sid": "1CN",
            "addresses": ["irc2.example.org:6900"],
            "password": "a-long-word-that-both-sides-know",
            "accept_password": "another-word-that-only-they-give",
            "spki_sha256": ["0123456789abcdef" * 4],
        }
    ],
}
"""What to show of lists that are empty by default, and for keys that are absent by default."""
_EXAMPLE_VALUES = {
    "server.password": _HASH,
    # Too short to be accepted: nobody shall run with a secret that is printed here.
    "cloak.key": "",
    "listen.connection_class": "default",
    "api.connection_class": "default",
    "link.allow_seats": False,
    "link.allow_orders": False,
    "accounts.authority": "here",
    "storage.url": "postgresql://chatnet@db.example.org/chatnet?passfile=/etc/chatnet/pgpass",
    "mail.password": "the-password-of-that-user",
}


def template(
    chosen: Mapping[str, Mapping[str, Any]], blocks: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> str:
    """The text of a configuration with these values, by section and key, and defaults for the rest.

    `blocks` are those of sections of which there may be several.
    """
    blocks = blocks or {}
    lines = [f"# {line}".rstrip() for line in _HEAD.splitlines()]
    for section, field in Settings.model_fields.items():
        model = _model_of(field)
        about = (model.__doc__ or "").partition(": ")[2]
        lines += ["", "", *_prose(about[:1].upper() + about[1:])]
        if typing.get_origin(field.annotation) is tuple:
            lines += _list(section, model, field, blocks.get(section, ()))
        else:
            lines += [f"[{section}]", *_table(section, model, chosen.get(section, {}), {})]
    return "\n".join(lines) + "\n"


def _list(
    section: str, model: type[BaseModel], field: FieldInfo, chosen: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    items = _EXAMPLES.get(section) or [
        item.model_dump(by_alias=True, exclude_defaults=True)
        for item in field.get_default(call_default_factory=True)
    ]
    mark = "" if chosen else "#"
    for index, item in enumerate(chosen or items):
        if index == 0:
            yield f"{mark}[[{section}]]"
            yield from _table(section, model, item if chosen else {}, item)
        else:
            yield from ("", f"{mark}[[{section}]]", *(f"{mark}{key} = {_toml(item[key])}" for key in item))


def _table(
    section: str, model: type[BaseModel], chosen: Mapping[str, Any], examples: Mapping[str, Any]
) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        yield ""
        yield from _prose((field.description or "") + _limits(field))
        if f"{section}.{key}" == "oper_class.privileges":
            yield from (f"#   {name:<12}  {meaning}" for name, meaning in PRIVILEGES.items())
        if key in chosen:
            yield f"{key} = {_toml(chosen[key])}"
            continue
        value = examples.get(key, field.get_default(call_default_factory=True))
        if value is None or value is PydanticUndefined:
            value = _EXAMPLE_VALUES[f"{section}.{key}"]
        yield f"#{key} = {_toml(value)}"


def _limits(field: FieldInfo) -> str:
    """What values there are, as a sentence to follow the description."""
    if typing.get_origin(field.annotation) is typing.Literal:
        return f" One of: {', '.join(typing.get_args(field.annotation))}."
    parts = []
    for bound in bounds(field):
        if isinstance(bound, Ge) and bound.ge != 0:
            parts.append(f"at least {bound.ge}")
        elif isinstance(bound, Gt):
            parts.append(f"more than {bound.gt}")
        elif isinstance(bound, Le):
            parts.append(f"at most {bound.le}")
        elif isinstance(bound, Lt):
            parts.append(f"less than {bound.lt}")
    if not parts:
        return ""
    sentence = " and ".join(parts)
    return f" {sentence[0].upper()}{sentence[1:]}."


def _prose(text: str) -> Iterator[str]:
    plain = " ".join(text.replace("``", "`").split())
    return (f"# {line}" for line in textwrap.wrap(plain, 98, break_on_hyphens=False))


def _model_of(field: FieldInfo) -> type[BaseModel]:
    model = section_of(field.annotation)
    if model is None:
        raise TypeError(f"not a section: {field!r}")
    return model


def _toml(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()  # of a default, which is none
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # What JSON writes of a text, a number or a truth value is TOML as well, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
