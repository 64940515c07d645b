"""Who looks at the passwords of those who log in: an agent elsewhere, as this server sees it."""

from __future__ import annotations

from typing import Protocol

from chatnet.model.applicant import Applicant


class Authority(Protocol):
    """Whom a client talks to by SASL; wiring chooses, and hands it in.

    What comes of a talk is told to the applicant.  ``MechanismsChanged`` is stated when `mechanisms` change.
    """

    mechanisms: tuple[str, ...]
    """Those by which one can log in now; none where one cannot."""

    def begin(self, applicant: Applicant, mechanism: str) -> bool:
        """Let `applicant` talk; False if there is nobody to talk to."""

    def say(self, applicant: Applicant, data: str) -> None:
        """One chunk of what `applicant` answers."""

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""
