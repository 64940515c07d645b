"""Who looks at the passwords of those who log in: this server, or an agent elsewhere."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from chatnet.model.applicant import Applicant


class Authority(Protocol):
    """Whom a client talks to by SASL; wiring chooses, and hands it in.

    What comes of a talk is told to the applicant.  ``MechanismsChanged`` is stated when mechanisms change by
    something else than a reload.
    """

    @property
    def any_time(self) -> bool:
        """Whether users may log in, too, and those who are logged in already."""

    def mechanisms(self, secure: bool) -> tuple[str, ...]:
        """Those by which one can log in now, the best first; none where one cannot.  `secure`: under TLS."""

    def begin(self, applicant: Applicant, mechanism: str) -> bool:
        """Let `applicant` talk; False if there is nobody to talk to, or not now."""

    def say(self, applicant: Applicant, data: str) -> Coroutine[Any, Any, None] | None:
        """One chunk of what `applicant` answers; what has to be awaited before they go on, if anything."""

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""
