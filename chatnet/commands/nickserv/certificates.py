"""CERT: certificates that log in by themselves."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records.accounts import Certificate
from chatnet.records.grammar import seconds_of
from chatnet.records.value_parts import keyed
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line

LABEL = 50
"""Bytes of what people call a certificate."""


@NICKSERV.command("CERT LIST", penalty=2.0)
async def cert_list(errand: Errand) -> None:
    """`CERT LIST`: the certificates that log in to your account.

    Operators may name another account.
    """
    errand.at_most(1)
    account = _account(errand, 0)
    found = keyed(await errand.accounts.read(account), values.CERTIFICATE, Certificate.read)
    for fingerprint, certificate in found:
        since = minute(seconds_of(certificate.since))
        errand.say(f"{fingerprint} since {since} {certificate.label}".rstrip())
    errand.say(f"{len(found) or 'No'} certificate{'' if len(found) == 1 else 's'} of {account.shown}.")


@NICKSERV.command("CERT ADD", penalty=2.0)
async def cert_add(errand: Errand) -> None:
    """`CERT ADD [<fingerprint> [<label>]]`: have a certificate log in to your account: the one you show now.

    Another one, by its SHA-256 fingerprint, counts from when somebody shows it who logs in with your
    password, within 7 days. Operators may name an account behind the label.
    """
    errand.at_most(3)
    account, accounts = _account(errand, 2), errand.accounts
    errand.judge_way(account)
    label = cut(one_line(errand.param(1)), LABEL)
    shown = errand.session.came.certfp if account.id == errand.user.account_id else None
    fingerprint = _fingerprint(errand, errand.param(0)) if errand.params else shown
    if fingerprint is None:
        errand.end("You show no certificate now. Name one: CERT ADD <fingerprint>")
    if fingerprint in account.certificates:
        errand.end("This certificate logs in to that account already.")
    await _note(errand, account, "CERT ADD", fingerprint)
    if fingerprint == shown:
        await accounts.add_certificate(account, fingerprint, label)
        errand.say(f"Your certificate logs in to {account.shown} from now on.")
    else:
        await accounts.expect_certificate(account, fingerprint, label)
        errand.say("It counts when somebody shows it who logs in with the password, within 7 days.")


@NICKSERV.command("CERT DEL", min_params=1, penalty=2.0)
async def cert_del(errand: Errand) -> None:
    """`CERT DEL <fingerprint>`: have a certificate log in no more.

    Operators may name an account behind it.
    """
    errand.at_most(2)
    account = _account(errand, 1)
    errand.judge_way(account)
    fingerprint = _fingerprint(errand, errand.params[0])
    if fingerprint not in account.certificates:
        errand.end("This is no certificate of that account. CERT LIST lists them.")
    await _note(errand, account, "CERT DEL", fingerprint)
    await errand.accounts.remove_certificate(account, fingerprint)
    errand.say(f"It logs in to {account.shown} no more.")


def _account(errand: Errand, index: int) -> Account:
    """The account that an operator names, or else one's own."""
    if len(errand.params) <= index:
        return errand.own
    errand.need("accounts")
    return errand.account(index)


async def _note(errand: Errand, account: Account, verb: str, fingerprint: str) -> None:
    if account.id != errand.user.account_id:
        await errand.audit(verb, account, fingerprint)


def _fingerprint(errand: Errand, text: str) -> str:
    plain = text.replace(":", "").lower()
    if not values.is_fingerprint(plain):
        errand.end("That is not a SHA-256 fingerprint of 64 hex digits.")
    return plain
