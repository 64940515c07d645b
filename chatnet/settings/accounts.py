"""Accounts that this network keeps for their owners: ``[accounts]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from chatnet.settings.base import AddressRange, Section
from chatnet.wire.names import LONGEST_HOST, is_domain, is_nick, is_public_name


class AccountsSettings(Section):
    """``[accounts]``: accounts that this server keeps, and how people log in to them."""

    authority: Literal["here", "remote", "external"] | None = None
    """Who looks at passwords: this server (``here``); the nearest one that does, of which this one is told
    who is logged in, and nothing else (``remote``); or services of another make (``external``). Absent: those
    where a ``[[link]]`` has ``role = "services"`` or ``links.services`` names a server; else ``here``.
    Changes at a restart."""
    registration: bool = True
    """Whether people may register accounts."""
    before_connect: bool = True
    """Whether they may while they connect. Not where the server or a connection class has a password, which
    would have to be known first."""
    required: bool = False
    """Let in only who is logged in to an account."""
    required_except: tuple[AddressRange, ...] = ()
    """Addresses from where people come in without one."""
    login_by_pass: bool = True
    """Whether ``PASS account:password`` logs in, for clients without SASL."""
    login_by_certificate: bool = True
    """Whether the certificate of a client logs in by itself to the account that has it."""
    verifier: Literal["scram-sha-256", "argon2id"] = "scram-sha-256"
    """What is kept of a password. With ``argon2id`` there is no SCRAM-SHA-256 to log in by."""
    iterations: Annotated[int, Field(ge=4096, le=65536)] = 64000
    """How often a password is hashed, here and (with SCRAM) by clients, of which some refuse more than the
    most. An account's verifier is made anew with more at its next login by PLAIN."""
    password_min: Annotated[int, Field(ge=1, le=128)] = 8
    """Characters that a password has at least."""
    password_bytes: Annotated[int, Field(ge=64, le=4096)] = 1024
    """Bytes that it has at most."""
    certificates: Annotated[int, Field(ge=0, le=1000)] = 10
    """Certificates of one account."""
    tokens: Annotated[int, Field(ge=0, le=1000)] = 20
    """Tokens of one account: passwords of single clients."""
    bots: Annotated[int, Field(ge=0, le=1000)] = 5
    """Bots of one account: accounts of programs, which log in by tokens; those that were dropped count until
    they are erased. 0: none."""
    email: Literal["off", "optional", "required"] = "off"
    """Whether addresses are verified by mail (``[mail]``). ``off``: one may be given and is kept as it is,
    and no mail is sent; ``optional``: who gives one reads a code there before the account is theirs;
    ``required``: everybody has to give one."""
    verify_within: Annotated[int, Field(ge=600, le=2_592_000)] = 86400
    """Seconds for which codes that were sent by mail may be used. An account that was not verified by then is
    erased."""
    blocked_domains: tuple[str, ...] = ()
    """Domains of addresses that are not taken, such as ``example.com``, and all below them."""
    per_email: Annotated[int, Field(ge=1, le=1000)] = 5
    """Accounts that may have one address, of which each was verified."""
    names: Literal["any", "majority"] = "any"
    """Which full servers may give out names: ``any`` of them at any time, of two who were given one name in a
    split the first has it; or only those on the side of a ``majority`` of all that there are."""
    nicks: Annotated[int, Field(ge=0, le=1000)] = 10
    """Nicks that may be grouped with one account, beside its name."""
    nick_protection: Literal["guest", "strict", "grace", "off"] = "guest"
    """How nicks of accounts are protected. ``guest``: who connects with one and is not logged in comes in
    under the nick of a guest, and nobody can change to it; ``strict``: they are refused; ``grace``: they may
    bear it for a while; ``off``: everybody may. An account may choose for itself."""
    grace: Annotated[float, Field(ge=1, le=86400)] = 60.0
    """Seconds that one may bear a nick that is somebody else's, as ``grace`` has it, or since it has become
    theirs."""
    nick_hold: Annotated[float, Field(ge=0, le=86400)] = 60.0
    """Seconds for which a nick is kept free that was taken from somebody so."""
    guest_nick: str = "Guest#####"
    """The nicks of guests, with digits in the place of the ``#``. Nobody can register one."""
    nick_is_account: bool = False
    """Have everybody who is logged in bear the name or a grouped nick of their account."""
    vhosts: tuple[str, ...] = ()
    """Hosts that people may give themselves with NickServ's VHOST TAKE, such as
    ``$account.users.example.org``; ``$account`` stands for the name of their account, ``*`` for one label of
    their choice."""
    tombstones: Annotated[int, Field(ge=86400, le=315_360_000)] = 34_560_000
    """Seconds for which it is remembered what was removed. A server that was away for longer has to be filled
    anew."""
    drop_grace: Annotated[int, Field(ge=0, le=31_536_000)] = 604_800
    """Seconds after which an account or a channel that was dropped is erased; until then UNDROP brings it
    back."""
    expire: Annotated[int, Field(ge=0, le=3_153_600_000)] = 0
    """Seconds after its last login (on whatever server) when an account is dropped by itself; 0 = never."""
    failures_address: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Failed logins from one address within ``failures_period``; each further one waits until there would be
    room for it. ``flood.exempt`` is spared, as of all that follows."""
    failures_account: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    """The same for one account, but from addresses that it was logged in to from lately."""
    failures_period: Annotated[float, Field(ge=1, le=2_592_000)] = 600.0
    """Seconds."""
    register_rate: Annotated[int, Field(ge=1, le=1_000_000)] = 3
    """Registrations of accounts from one address within ``register_period``."""
    register_period: Annotated[float, Field(ge=1, le=2_592_000)] = 3600.0
    """Seconds."""
    register_all: Annotated[int, Field(ge=1, le=1_000_000)] = 60
    """Registrations on this server within ``register_all_period``; operators are told when it is reached."""
    register_all_period: Annotated[float, Field(ge=1, le=2_592_000)] = 600.0
    """Seconds."""
    counted: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    """Addresses whose failed logins are remembered, as many whose registrations are, and so on; of more the
    oldest is forgotten."""
    passwords: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Passwords of accounts that may wait to be hashed. Addresses take turns; of more, the last of who has
    most is told to try again."""

    @field_validator("vhosts")
    @classmethod
    def _check_vhosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if not is_public_name(pattern.replace("$account", "a").replace("*", "a"), LONGEST_HOST):
                raise ValueError(f"has {pattern!r}, which is not such as $account.users.example.org")
        return value

    @field_validator("blocked_domains")
    @classmethod
    def _check_blocked_domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for domain in value:
            if not is_domain(domain, 253):
                raise ValueError(f"has {domain!r}, which is no domain such as example.com")
        return tuple(domain.lower() for domain in value)

    @field_validator("guest_nick")
    @classmethod
    def _check_guest_nick(cls, value: str) -> str:
        word = value.rstrip("#")
        if not is_nick(word, 27) or not 3 <= len(value) - len(word) <= 9:
            raise ValueError("is not a nick of at most 27 characters with 3 to 9 '#' behind it")
        return value
