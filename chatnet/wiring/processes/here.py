"""What the other processes of a server have done in this one."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from chatnet.settings.processes import Process
from chatnet.wiring.build import Parts
from chatnet.wiring.listeners import Listeners
from chatnet.wiring.processes.notices import Hearing


class Here:
    """This process, as a :class:`~chatnet.wiring.processes.member.Node`."""

    def __init__(
        self,
        parts: Parts,
        listeners: Listeners,
        rehash: Callable[[], Awaitable[list[str]]],
        end: Callable[[str, str], object],
        figures: Callable[[str], Awaitable[str]],
        process: Process,
    ) -> None:
        self._hearing = Hearing(parts.node, process)
        self._figures = figures
        self._parts = parts
        self._listeners = listeners
        self._rehash = rehash
        self._end = end

    async def rehash(self) -> list[str]:
        """Go by what was told; returns what is wrong with it, if the old configuration stays."""
        return await self._rehash()

    def end(self, reason: str, why: str) -> None:
        """End this process after telling everybody `reason`; the log is told `why`."""
        self._end(reason, why)

    def notice(self, text: str) -> None:
        """Tell its operators."""
        self._parts.node.notice("g", text, common=True)

    async def figures(self, accept: str) -> str:
        """Those of ``/metrics``, in the format that is asked for."""
        return await self._figures(accept)

    def hear(self, process: int, counts: Sequence[Sequence[Any]], *, lately: bool) -> None:
        """Connections that another process counts, by address: so many more, or fewer."""
        for address, step in counts:
            self._parts.admission.hear(process, address, step, lately=lately)

    def forget(self, process: int) -> None:
        """None of that one."""
        self._parts.admission.forget(process)

    def dismiss(self, address: str, why: str) -> None:
        """The newest connection from there is one too many, of all processes together."""
        self._parts.sessions.dismiss(address, why)

    def spend(self, counted: Sequence[Sequence[Any]]) -> None:
        """What another process has counted of what all may do so often together."""
        self._parts.pool.hear(counted)

    def note(self, process: int, notices: Sequence[Sequence[Any]]) -> None:
        """What another process has told its operators."""
        self._hearing.hear(process, notices)

    def stand_in(self, process: int, endpoint: str, listening: socket.socket) -> None:
        """Let those in who come to a socket of another process, which is away."""
        self._listeners.stand_in(process, endpoint, listening)

    def stand_down(self, process: int) -> None:
        """That one is back."""
        self._listeners.stand_down(process)
