"""What the sections of a configuration are made of: their kinds of text, and the class they all are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Self, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationInfo, model_validator

from chatnet.wire.masks import parse_network
from chatnet.wire.names import is_domain, is_server_name, is_sid


def _one_line(text: str) -> str:
    if any(c in text for c in "\0\r\n"):
        raise ValueError("is more than one line")
    return text


def _path(text: str) -> str:
    if "\0" in text:
        raise ValueError("is not a path: no file has such a name")
    return text


def _word(text: str) -> str:
    if not text or text[0] == ":" or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError("is not one word: no spaces, and no ':' at its beginning")
    return text


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value():
        raise ValueError("is empty; leave it out for no password")
    return secret


def _network(text: str) -> str:
    if parse_network(text) is None:
        raise ValueError("is neither an address nor a network such as 192.0.2.0/24")
    return text


def _origin(text: str) -> str:
    plain = text.lower()
    if plain in ("*", "null"):
        return plain
    scheme, separator, host = plain.partition("://")
    if not separator or not scheme or not host or any(c in "/?#@" or c.isspace() for c in host):
        raise ValueError("is not an origin such as https://chat.example.org")
    return plain


def _fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if len(plain) != 64 or any(c not in "0123456789abcdef" for c in plain):
        raise ValueError("is not a SHA-256 fingerprint of 64 hex digits")
    return plain


def _pin(text: str) -> str:
    plain = text.upper().removeprefix("SPKI:SHA2-256:").replace(":", "").lower()
    if len(plain) != 64 or any(c not in "0123456789abcdef" for c in plain):
        raise ValueError("is not the SHA-256 of a public key, as `chatnet fingerprint` prints it")
    return plain


def _server_name(text: str) -> str:
    if not is_server_name(text):
        raise ValueError("is not a server name: letters, digits and '-', with a '.', at most 63 bytes")
    return text


def _sid(text: str) -> str:
    if not is_sid(text):
        raise ValueError("is not a server id: a digit, then two digits or capital letters")
    return text


def _secret_word(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not 1 <= len(text.encode()) <= 128 or text[0] == ":" or any(not "!" <= c <= "~" for c in text):
        raise ValueError("is not one word of 1 to 128 ASCII characters without ':' at its beginning")
    return secret


def _dialled(text: str) -> str:
    if text.startswith("/"):
        if "\0" in text or len(text.encode()) > 107:
            raise ValueError("is not the path of a UNIX socket, which has at most 107 bytes")
        return text
    try:
        host, port = host_and_port(text)
    except ValueError:
        raise ValueError(
            "is neither HOST:PORT, as in irc2.example.org:6900, nor the path of a socket"
        ) from None
    if not 1 <= port <= 65535:
        raise ValueError("has a port that is not between 1 and 65535")
    if not is_domain(host, 253) and parse_network(host) is None:
        raise ValueError("has neither a host name nor an address before its port")
    return text


def host_and_port(text: str) -> tuple[str, int]:
    """``irc2.example.org:6900`` or ``[2001:db8::1]:6900`` in its two parts; ValueError if it is neither."""
    host, _, port = text.rpartition(":")
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    elif ":" in host or not host:
        raise ValueError(text)
    if not (port.isascii() and port.isdigit()) or len(port) > 5:
        raise ValueError(text)
    return host, int(port)


Line = Annotated[str, AfterValidator(_one_line)]
"""Text that is shown to people in one line."""
FilePath = Annotated[str, AfterValidator(_path)]
"""Where a file or a folder is, or part of its name; what it is relative to, the setting says."""
Word = Annotated[str, AfterValidator(_word)]
"""A name that may stand anywhere in a reply."""
ServerName = Annotated[str, AfterValidator(_server_name)]
"""The name of a server: a host name with a dot."""
ServerId = Annotated[str, AfterValidator(_sid)]
"""A SID: a digit, then two digits or capital letters."""
Password = Annotated[SecretStr, AfterValidator(_not_empty)]
Fingerprint = Annotated[str, AfterValidator(_fingerprint)]
"""The SHA-256 fingerprint of a certificate, in hex, with or without colons."""
Pin = Annotated[str, AfterValidator(_pin)]
"""The SHA-256 of a public key (SPKI) in hex, also as ``SPKI:SHA2-256:...``."""
SecretWord = Annotated[SecretStr, AfterValidator(_secret_word)]
"""A secret that is sent as one parameter."""
Dialled = Annotated[str, AfterValidator(_dialled)]
"""Where to connect to: ``HOST:PORT``, ``[IPv6]:PORT``, or the path of a UNIX socket, beginning with ``/``."""
AddressRange = Annotated[str, AfterValidator(_network)]
"""An address or a network in CIDR form, for instance ``192.0.2.0/24`` or ``2001:db8::/32``."""
Origin = Annotated[str, AfterValidator(_origin)]
"""Where a web page comes from: scheme, host and perhaps port, with ``*`` as a wildcard; or ``null``."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What several keys of a section say together, each of which is right by itself."""

    keys: tuple[str, ...]
    judge: Callable[..., str | None]
    """Takes their values; gives what is wrong with them as the end of a sentence, or None."""


APART: Final = "apart"
"""The context of a validation that looks at each key by itself, and not at what they say together."""


class Section(BaseModel):
    """The common ground of all sections: frozen, and an unknown key is an error."""

    agreements: ClassVar[tuple[Agreement, ...]] = ()

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="after")
    def _agree(self, info: ValidationInfo) -> Self:
        if info.context != APART:
            judged = [each.judge(*(getattr(self, key) for key in each.keys)) for each in self.agreements]
            if found := [reason for reason in judged if reason is not None]:
                raise ValueError("; ".join(found))
        return self


S = TypeVar("S", bound=Section)


def _proven(password: object, certfp: object) -> str | None:
    return "needs a password or a certfp" if password is None and certfp is None else None


PROVEN: Final = Agreement(("password", "certfp"), _proven)
"""Somebody proves who they are, in one way or two."""


class _Plain:
    """An object that has but attributes."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.__dict__.update(values)


def at_hand(section: S) -> S:
    """The values of `section` as plain attributes, for what is read with each line.

    To look into a model takes ten times as long, for pydantic looks for other things there.
    """
    return cast(S, _Plain(dict(section)))
