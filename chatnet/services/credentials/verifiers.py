"""Verifiers of whatever form: made, held against a password, and whether they are those that are made now.

These take long; call them in a thread.
"""

from __future__ import annotations

from chatnet.services.credentials import argon2, foreign, scram
from chatnet.settings import AccountsSettings


def make(settings: AccountsSettings, password: str) -> str:
    """A new verifier of a password, as the settings want it."""
    if settings.verifier == "argon2id":
        return argon2.make(password)
    return scram.make(password, settings.iterations).text


def fake(settings: AccountsSettings, secret: bytes) -> str:
    """What is looked at where there is no verifier: of the kind that is made, so that it takes as long.

    It is always the same for a `secret`, and no password belongs to it.
    """
    if settings.verifier == "argon2id":
        return argon2.fake(secret)
    return scram.fake(secret, settings.iterations).text


def matches(form: str, password: str) -> bool:
    """Whether `form` was made of `password`; never of a form that is not known."""
    if form.startswith(argon2.SCHEME):
        return argon2.matches(form, password)
    if form.startswith(foreign.SCHEME):
        return foreign.matches(form, password)
    known = scram_of(form)
    return known is not None and scram.matches(known, password)


def lacking(form: str) -> str:
    """The Python module without which `form` cannot be held against a password; empty if none is lacking."""
    return foreign.lacking(form)


def scram_of(form: str) -> scram.Form | None:
    """The form as SCRAM needs it, if it is of that kind."""
    try:
        return scram.Form.read(form)
    except ValueError:
        return None


def is_old(settings: AccountsSettings, form: str) -> bool:
    """Whether another form is made now, or more iterations."""
    if settings.verifier == "argon2id":
        return not form.startswith(argon2.SCHEME)
    known = scram_of(form)
    return known is None or known.iterations < settings.iterations
