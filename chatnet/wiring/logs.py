"""The log: twisted.logger events as lines of text or of JSON, to standard output or to a file.

What libraries say at level info (which factory started, which reactor runs) is detail and counts as debug, so
that an operator reads our own few lines.  Whoever logs keeps secrets and the text of messages out of it.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import Any, Final, TextIO

from twisted.application.service import MultiService
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from twisted.python.components import Componentized
from zope.interface import implementer

from chatnet.settings import LogSettings
from chatnet.wire.text import printable, sanitise
from chatnet.wiring.config import ConfigError, os_reason

CROWD: Final = 1000
"""Lines that wait, at most, to be written together."""
PLAIN: Final = "{text}"
"""The form of an event whose sentence is made already."""
MAY_WAIT: Final = "log_may_wait"
"""The key of an event that is one of many of normal life: of ours, at level info."""
_ORDER = {LogLevel.debug: 0, LogLevel.info: 1, LogLevel.warn: 2, LogLevel.error: 3, LogLevel.critical: 4}
_OURS = ("chatnet", "stdout", "stderr")
_NOT_FIELDS = frozenset(
    {"time", "level", "namespace", "event", "traceback", "isError", "message", "system", "format"}
)


@implementer(ILogObserver)
class LogOutput:
    """One place where events are written, in the form and from the level that the settings say.

    ``path`` (from a command line) comes before ``log.file`` of the settings; without either it is ``stream``,
    as it is when the command line says ``only_stream``.  `process` is the number of one of several, which
    stands in each line: all of them write to one place.
    """

    def __init__(
        self,
        settings: LogSettings,
        base: Path,
        *,
        stream: TextIO,
        path: Path | None = None,
        only_stream: bool = False,
        process: int | None = None,
    ) -> None:
        self._process = process
        self._mark = "" if process is None else f"[{process}]"
        self._stream = stream
        self._path = path
        self._only_stream = only_stream
        self._file: FileIO | None = None
        self._lost = 0  # lines that the file had no room for
        self._waiting: list[str] = []
        self._soon: Callable[[Callable[[], None]], object] | None = None
        self._settings = settings
        self._target = self._choose(settings, base)
        self._least = _ORDER[LogLevel.levelWithName(settings.level)]
        self._look_how()
        if self._target is not None:
            try:
                self._file = _open(self._target)
            except (OSError, ValueError) as error:
                problem = f"log.file: cannot write {self._target}: {os_reason(error)}"
                raise ConfigError([problem]) from None

    def __call__(self, event: LogEvent) -> None:
        if self._gathers and MAY_WAIT in event and event.get("log_format") == PLAIN:
            self._often(event)
            return
        level = event.get("log_level") or LogLevel.info
        namespace = str(event.get("log_namespace") or "-")
        if level is LogLevel.info:
            rank = 1 if namespace.startswith(_OURS) else 0
        else:
            rank = _ORDER.get(level, 1)
        if rank < self._least:
            return
        self._waiting.append(self._render(event, level.name, namespace))
        if MAY_WAIT not in event or self._soon is None or len(self._waiting) >= CROWD:
            self.flush()
        elif len(self._waiting) == 1:
            self._soon(self.flush)

    def gather(self, soon: Callable[[Callable[[], None]], object] | None) -> None:
        """Write lines that may wait together, when `soon` calls for that; None: each at once, from now on.

        A crowd that comes or goes then costs one call of the system.  All others wait for nobody, nor does
        what is in front of them.
        """
        self._soon = soon
        self._look_how()
        self.flush()

    def _look_how(self) -> None:
        """See whether a text that may wait is all there is to write of its event, and when it is not now."""
        of_info = self._least <= _ORDER[LogLevel.info]
        self._gathers = self._soon is not None and of_info and self._settings.format == "text"

    def _often(self, event: LogEvent) -> None:
        """As for any other event, in a third of the time: there are two for each who comes and goes."""
        when: float = event["log_time"]
        second, text = int(when), event["text"]
        if not text.isprintable():
            text = printable(text)
        stamp, system = _second(second), _system(event["log_namespace"])
        waiting = self._waiting
        waiting.append(f"{stamp}.{int((when - second) * 1000):03d}Z info  {system}{self._mark}: {text}\n")
        if len(waiting) >= CROWD:
            self.flush()
        elif len(waiting) == 1 and self._soon is not None:
            self._soon(self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if not self._waiting:
            return
        lines = "".join(self._waiting)
        self._waiting.clear()
        if self._file is None or not self._write(self._file, lines):
            self._stream.write(lines)
            self._stream.flush()

    def _render(self, event: LogEvent, level: str, namespace: str) -> str:
        if self._settings.format == "json":
            return _as_json(
                event if self._process is None else event | {"process": self._process}, level, namespace
            )
        return _as_text(event, level, _system(namespace) + self._mark)

    def _write(self, file: FileIO, line: str) -> bool:
        """Add lines to the file; False if that failed, which is told once, where the line has to go then.

        The file has no buffer: what a full disk refused would be kept there for ever.
        """
        count = line.count("\n")
        if self._lost:
            text = f"{self._lost} lines could not be written here"
            line = self._render(_own(text), "warn", __name__) + line
        data = line.encode("utf-8", "backslashreplace")
        try:
            if file.write(data) == len(data):
                self._lost = 0
                return True
            reason = "it is full"
        except OSError as error:
            reason = os_reason(error)
        first = not self._lost
        self._lost += count
        if first:
            text = f"cannot write {self._target} ({reason}): the log goes on here until that works again"
            self._stream.write(self._render(_own(text), "error", __name__))
        return False

    @property
    def named(self) -> Path | str | None:
        """What a command line says of the place, for another process: a file, or ``-`` for its stream."""
        return "-" if self._only_stream else self._path

    @property
    def in_file(self) -> bool:
        """Whether events go to a file, where nobody at a terminal sees them."""
        return self._file is not None

    def change(self, settings: LogSettings, base: Path) -> None:
        """Go on by other settings, from the next event."""
        self._settings = settings
        self._target = self._choose(settings, base)
        self._least = _ORDER[LogLevel.levelWithName(settings.level)]
        self._look_how()
        self.reopen()

    def reopen(self) -> None:
        """Open the file anew, for it may have been renamed (logrotate); if that fails the old one goes on."""
        self.flush()
        old = self._file
        try:
            self._file = None if self._target is None else _open(self._target)
        except (OSError, ValueError) as error:
            text = f"cannot write {self._target} ({os_reason(error)}): the log goes on where it was"
            self(_own(text) | {"log_level": LogLevel.error})
            return
        if old is not None:
            old.close()

    def close(self) -> None:
        """Close the file, if there is one; what comes after goes to the stream."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _choose(self, settings: LogSettings, base: Path) -> Path | None:
        if self._path is not None or self._only_stream or not settings.file:
            return self._path
        return base / settings.file


class LoggedService(MultiService):
    """The root of our services: joining the application, it makes our log the one that ``twistd`` will use.

    ``twistd`` is its options (``options.parent`` in ``makeService``), None when there is no twistd.  They
    keep their meaning: ``--logger`` and ``--syslog`` win over all, ``--logfile`` wins over ``log.file``, and
    a daemon without either writes ``twistd.log``.
    """

    def __init__(
        self,
        twistd: Mapping[str, Any] | None,
        settings: LogSettings,
        base: Path,
        process: int | None = None,
    ) -> None:
        MultiService.__init__(self)
        options = {} if twistd is None else twistd
        logfile = options.get("logfile")
        path = None
        if logfile and logfile != "-":
            path = Path(logfile).absolute()
        elif not logfile and twistd is not None and not options.get("nodaemon") and not settings.file:
            path = Path("twistd.log").absolute()
        only_stream = logfile == "-"
        self.log = LogOutput(
            settings, base, stream=sys.stdout, path=path, only_stream=only_stream, process=process
        )
        self._ours = not (options.get("logger") or options.get("syslog"))

    def setServiceParent(self, parent: Any) -> None:
        # twistd looks for this component right after; what is done when a service starts would be too late.
        if self._ours and isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self.log)
        MultiService.setServiceParent(self, parent)


def _own(text: str) -> LogEvent:
    """An event about the log itself."""
    return {"log_level": LogLevel.warn, "log_namespace": __name__, "log_format": PLAIN, "text": text}


def _open(path: Path) -> FileIO:
    # A pipe that nobody reads is not waited for.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o640)
    os.set_blocking(descriptor, True)
    return FileIO(descriptor, "a")


def _as_text(event: LogEvent, level: str, system: str) -> str:
    line = f"{_time(event)} {level:<5} {system}: {printable(_sentence(event))}\n"
    if "log_failure" not in event:
        return line
    return line + "".join(f"  | {printable(part)}\n" for part in _traceback(event).splitlines())


@lru_cache(256)
def _system(namespace: str) -> str:
    return printable(namespace.removeprefix("chatnet."))


def _as_json(event: LogEvent, level: str, namespace: str) -> str:
    record: dict[str, object] = {
        "time": _time(event),
        "level": level,
        "namespace": namespace,
        "event": _sentence(event),
    }
    if traceback := _traceback(event):
        record["traceback"] = traceback
    for key, value in event.items():
        if not key.startswith("log_") and key not in _NOT_FIELDS:
            record[key] = _field(value)
    return sanitise(json.dumps(record, ensure_ascii=False)) + "\n"


def _time(event: LogEvent) -> str:
    when = event.get("log_time")
    if when is None:
        when = time.time()
    second = int(when // 1)
    return f"{_second(second)}.{int((when - second) * 1000):03d}Z"


@lru_cache(4)
def _second(second: int) -> str:
    """A Unix time in ISO 8601: the lines of one second have it in common."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _sentence(event: LogEvent) -> str:
    if event.get("log_format") == PLAIN and type(text := event.get("text")) is str:
        return text  # as formatting it would give, in a tenth of the time: there is one for each who comes
    text = formatEvent(event)
    failure = event.get("log_failure")
    # A failure nobody waited for comes without words of its own.
    return text if text or failure is None else failure.getErrorMessage()


def _traceback(event: LogEvent) -> str:
    failure = event.get("log_failure")
    return "" if failure is None else failure.getTraceback()


def _field(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_field(item) for item in value]
    try:
        return str(value)
    except Exception:
        # The log must not lose an event over an object that cannot describe itself.
        return f"<{type(value).__name__}>"
