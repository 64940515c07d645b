"""At the end of a whole run: was every numeric of the table sent to somebody in a conversation, in its form?

However many workers run the tests: each tells which numerics it has not seen, and one that nobody has seen is
missing.  The answer counts as a test of the run.  ``conftest.py`` takes the hooks from here.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from chatnet.wire.numerics import ALL

NAME: Final = "tests/numerics_seen.py::every_numeric_was_produced_by_a_conversation"
MISSING: Final = "missing numerics"
CHOICES: Final = ("keyword", "lf", "deselect", "ignore", "ignore_glob", "stepwise")
"""Options with which a run is not whole; marks may choose, conversations have none."""

missing_numerics: Final = set(ALL)
"""Names of the numerics that no conversation has produced yet."""

_FORMS: Final = {
    name: re.compile(
        rf":\S+ {numeric.code} \S+ "
        + re.sub("%s|%[0-9.]*d", lambda m: ".*" if m[0] == "%s" else " *-?[0-9]+", re.escape(numeric.form)),
        re.DOTALL,
    )
    for name, numeric in ALL.items()
}
_NAMES: Final = {
    code: [name for name, numeric in ALL.items() if numeric.code == code]
    for code in {numeric.code for numeric in ALL.values()}
}


def note_numerics(lines: list[str]) -> None:
    """Strike those that `lines` bear, in the form of the table, off the missing ones."""
    for line in lines:
        if line[:1] == "@":
            line = line.partition(" ")[2]
        source, _, rest = line.partition(" ")
        if source[:1] == ":":
            for name in _NAMES.get(rest[:3], ()):
                if name in missing_numerics and _FORMS[name].fullmatch(line):
                    missing_numerics.discard(name)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker has ended: what it has not seen, another one may have."""
    missing_numerics.intersection_update(getattr(node, "workeroutput", {}).get(MISSING, missing_numerics))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A worker tells what it has not seen; whoever tells the result of the run says what nobody has."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput[MISSING] = sorted(missing_numerics)
    elif exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and _is_whole(session.config):
        if missing_numerics:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.hook.pytest_runtest_logreport(report=_report(missing_numerics))


def _report(missing: set[str]) -> pytest.TestReport:
    names = ", ".join(sorted(missing))
    return pytest.TestReport(
        nodeid=NAME,
        location=(NAME.partition("::")[0], None, NAME.partition("::")[2]),
        keywords={},
        outcome="failed" if missing else "passed",
        longrepr=f"no conversation produces these numerics of wire/numerics.py: {names}" if missing else None,
        when="call",
    )


def _is_whole(config: pytest.Config) -> bool:
    """True if neither paths nor options choose among the tests."""
    folder, root = config.invocation_params.dir, config.rootpath
    return not any(config.getoption(name, None) for name in (*CHOICES, "collectonly")) and any(
        (folder / path).resolve() in (root, root / "tests") for path in config.args
    )
