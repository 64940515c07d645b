"""What operators may do to the process itself, without knowing how it is run."""

from __future__ import annotations

from typing import Protocol


class Control(Protocol):
    """Whoever runs this node: wiring does, and hands it in."""

    @property
    def configuration(self) -> str:
        """The name of the configuration file, or ``*`` if there is none; without spaces."""

    async def rehash(self) -> list[str]:
        """Read the configuration again.  What is wrong, a sentence each, if the old one stays."""

    def die(self, reason: str) -> None:
        """End the process, telling everybody `reason`.  Returns first."""

    def restart(self, reason: str) -> None:
        """End the process and start it anew, telling everybody `reason`.  Returns first."""
