"""What the log looks like, and who decides where it goes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.application.service import Application, IServiceCollection, MultiService
from twisted.logger import ILogObserver, Logger, LogLevel, LogPublisher
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from chatnet.settings import LogSettings
from chatnet.wiring.config import ConfigError
from chatnet.wiring.logs import CROWD, MAY_WAIT, PLAIN, LoggedService, LogOutput

BASE = Path("/nowhere")


def written(settings: LogSettings, *events: dict[str, Any]) -> str:
    stream = io.StringIO()
    output = LogOutput(settings, BASE, stream=stream)
    for event in events:
        output(event)
    return stream.getvalue()


def event(text: str, level: LogLevel = LogLevel.info, **fields: Any) -> dict[str, Any]:
    fixed = {"log_time": 1_700_000_000.25, "log_namespace": "chatnet.wiring.listeners", "log_level": level}
    return fixed | {"log_format": text} | fields


def test_a_line_of_text() -> None:
    assert written(LogSettings(), event("listening on {place}", place="tcp:6667")) == (
        "2023-11-14T22:13:20.250Z info  wiring.listeners: listening on tcp:6667\n"
    )


def test_a_line_of_json() -> None:
    line = written(LogSettings(format="json"), event("{n} of {b}", n=3, b=b"\xff", l=[1, None], o=LogLevel))
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "namespace": "chatnet.wiring.listeners",
        "event": "3 of b'\\xff'",
        "n": 3,
        "b": "\ufffd",
        "l": [1, None],
        "o": str(LogLevel),
    }


def test_nothing_in_an_event_breaks_out_of_its_line() -> None:
    line = written(LogSettings(), event("{nick}", nick="a\r\n2023 error \x1b[2Jb\u202e\udc80"))
    assert line.count("\n") == 1
    assert line.endswith(": a\\r\\n2023 error \\x1b[2Jb\\u202e\\udc80\n")


def failure() -> Failure:
    try:
        raise ValueError("one\ntwo\x07")
    except ValueError:
        return Failure()


@pytest.mark.parametrize("text", ["it broke", ""])
def test_a_failure_brings_its_traceback(text: str) -> None:
    broken = event(text, LogLevel.critical, log_failure=failure())
    first, *rest = written(LogSettings(), broken).splitlines()
    assert " critical wiring.listeners: " in first
    assert first.endswith("it broke") if text else first.endswith("one\\ntwo\\x07")
    assert all(line.startswith("  | ") and line.isprintable() for line in rest)
    assert "  | two\\x07" in rest
    assert "ValueError: one\ntwo" in json.loads(written(LogSettings(format="json"), broken))["traceback"]


@pytest.mark.parametrize(
    ("least", "shown"),
    [("debug", "dliwec"), ("info", "iwec"), ("warn", "wec"), ("error", "ec")],
)
def test_levels_and_that_info_of_libraries_is_detail(least: Any, shown: str) -> None:
    text = written(
        LogSettings(level=least),
        event("=d", LogLevel.debug),
        event("=l", LogLevel.info, log_namespace="twisted.internet.tcp"),
        event("=i", LogLevel.info),
        event("=w", LogLevel.warn, log_namespace="twisted.internet.tcp"),
        event("=e", LogLevel.error),
        event("=c", LogLevel.critical),
    )
    assert "".join(line[-1] for line in text.splitlines()) == shown


def test_it_observes_what_a_logger_says() -> None:
    stream = io.StringIO()
    output = LogOutput(LogSettings(), BASE, stream=stream)
    verifyObject(ILogObserver, output)
    Logger("chatnet.x", observer=LogPublisher(output)).warn("hello {who}", who="ann")
    assert stream.getvalue().endswith(" warn  x: hello ann\n")


class Mute:
    def __str__(self) -> str:
        raise RuntimeError


@given(
    st.dictionaries(st.text(max_size=5), st.text() | st.floats() | st.binary() | st.builds(Mute), max_size=4),
    st.text(max_size=20),
)
def test_any_event_is_one_line(fields: dict[str, Any], text: str) -> None:
    strange = {"log_level": LogLevel.warn, "log_format": text} | {f"x{key}": v for key, v in fields.items()}
    assert written(LogSettings(), strange).count("\n") == 1
    line = written(LogSettings(format="json"), strange)
    assert line.count("\n") == 1
    line.encode()
    json.loads(line, parse_constant=pytest.fail)


def test_a_file_is_followed_after_logrotate_has_renamed_it(tmp_path: Path) -> None:
    output = LogOutput(LogSettings(file="chat.log"), tmp_path, stream=io.StringIO())
    file = tmp_path / "chat.log"
    output(event("one"))
    file.rename(tmp_path / "chat.log.1")
    output(event("two"))
    output.reopen()
    output(event("three"))
    assert (tmp_path / "chat.log.1").read_text().count("\n") == 2
    assert file.read_text().endswith(": three\n")
    output.change(LogSettings(file="gone/chat.log", level="warn"), tmp_path)
    output(event("four"))
    output(event("five", LogLevel.warn))
    assert [line.split(": ", 1)[1] for line in file.read_text().splitlines()] == [
        "three",
        f"cannot write {tmp_path}/gone/chat.log (No such file or directory): the log goes on where it was",
        "five",
    ]
    output.close()


def test_a_file_that_cannot_be_written_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^log\.file: cannot write .*gone/chat.log: No such file"):
        LogOutput(LogSettings(file="gone/chat.log"), tmp_path, stream=io.StringIO())


def test_a_full_disk_ends_nothing_and_is_told_elsewhere_once(tmp_path: Path) -> None:
    file = tmp_path / "chat.log"
    file.symlink_to("/dev/full")
    stream = io.StringIO()
    output = LogOutput(LogSettings(file="chat.log"), tmp_path, stream=stream)
    output(event("one"))
    output(event("two"))
    assert [line.split(": ", 1)[1] for line in stream.getvalue().splitlines()] == [
        f"cannot write {file} (No space left on device): the log goes on here until that works again",
        "one",
        "two",
    ]
    file.unlink()
    output.reopen()  # as REHASH does
    output(event("three"))
    output(event("four"))
    assert [line.split(": ", 1)[1] for line in file.read_text().splitlines()] == [
        "2 lines could not be written here",
        "three",
        "four",
    ]
    output.close()


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match=r"^log\.file: cannot write .*/pipe: No such device"):
        LogOutput(LogSettings(file="pipe"), tmp_path, stream=io.StringIO())
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    output = LogOutput(LogSettings(file="pipe"), tmp_path, stream=io.StringIO())
    output(event("hello"))
    assert os.read(reader, 1000).endswith(b": hello\n")
    output.close()
    os.close(reader)


@pytest.mark.parametrize(
    ("twistd", "file", "target"),
    [
        (None, "", None),
        (None, "a.log", "a.log"),
        ({"nodaemon": 1, "logfile": None}, "", None),
        ({"nodaemon": 1, "logfile": None}, "a.log", "a.log"),
        ({"nodaemon": 1, "logfile": "-"}, "a.log", None),
        ({"nodaemon": 1, "logfile": "b.log"}, "a.log", "b.log"),
        ({"nodaemon": 0, "logfile": None}, "", "twistd.log"),
        ({"nodaemon": 0, "logfile": None}, "a.log", "a.log"),
    ],
)
def test_where_twistd_lets_it_go(
    twistd: dict[str, Any] | None,
    file: str,
    target: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    service, application = LoggedService(twistd, LogSettings(file=file), tmp_path), Application("chatnet")
    service.setServiceParent(application)
    output = application.getComponent(ILogObserver)
    assert output is service.log
    assert list(IServiceCollection(application)) == [service]
    output(event("hello"))
    output.close()
    assert [path.name for path in tmp_path.iterdir()] == ([target] if target else [])
    assert ("hello" in capsys.readouterr().out) is (target is None)


@pytest.mark.parametrize("option", ["logger", "syslog"])
def test_twistds_own_choice_is_left_alone(option: str, tmp_path: Path) -> None:
    application = Application("chatnet")
    LoggedService({"nodaemon": 1, option: "chosen"}, LogSettings(), tmp_path).setServiceParent(application)
    assert application.getComponent(ILogObserver, None) is None


def test_within_another_service_it_is_a_service_like_others(tmp_path: Path) -> None:
    parent = MultiService()
    service = LoggedService(None, LogSettings(), tmp_path)
    service.setServiceParent(parent)
    assert list(parent) == [service]


def many(text: str) -> dict[str, Any]:
    """An event of normal life of which there are many."""
    return event(text) | {MAY_WAIT: True}


def test_what_may_wait_is_written_together_and_all_else_waits_for_nobody(tmp_path: Path) -> None:
    stream = io.StringIO()
    output = LogOutput(LogSettings(), tmp_path, stream=stream)
    due: list[Callable[[], None]] = []
    output.gather(due.append)
    output(many("one"))
    output(many("two"))
    assert (stream.getvalue(), len(due)) == ("", 1)
    due.pop()()
    assert [line.split(": ", 1)[1] for line in stream.getvalue().splitlines()] == ["one", "two"]
    output(many("three"))
    output(event("four"))
    assert stream.getvalue().endswith(": four\n") and ": three\n" in stream.getvalue()
    due.pop()()  # there is nothing left to write
    output(many("five"))
    output.gather(None)
    output(event("six"))
    assert [line.split(": ", 1)[1] for line in stream.getvalue().splitlines()][-2:] == ["five", "six"]


def test_who_comes_and_goes_is_written_as_anything_else_is(tmp_path: Path) -> None:
    streams = [io.StringIO(), io.StringIO()]
    outputs = [LogOutput(LogSettings(), tmp_path, stream=stream, process=2) for stream in streams]
    outputs[0].gather(lambda flush: None)
    texts = "b000bb7 (~bench@127.0.0.1) [127.0.0.1] came", "a bell \a", "a name: M\xfcller", ""
    events = [many(PLAIN) | {"log_namespace": "chatnet.node", "text": text} for text in texts]
    for each in (*events, events[0] | {"log_time": 1_700_000_000.0004}):
        for output in outputs:
            output(each)
    outputs[0].flush()
    quick, slow = (stream.getvalue() for stream in streams)
    assert quick == slow and quick.count("\n") == 5 and "\a" not in quick


def test_a_crowd_is_written_before_it_grows(tmp_path: Path) -> None:
    output = LogOutput(LogSettings(file="chat.log"), tmp_path, stream=io.StringIO())
    output.gather(lambda flush: None)
    for _ in range(CROWD + 1):
        output(many("one"))
    assert (tmp_path / "chat.log").read_text().count("\n") == CROWD
    (tmp_path / "chat.log").rename(tmp_path / "chat.log.1")
    output.reopen()  # what was before it stands in the old file
    assert (tmp_path / "chat.log.1").read_text().count("\n") == CROWD + 1
    output.close()
