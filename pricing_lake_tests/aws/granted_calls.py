"""Holds every test run against the declared rights: a test that makes the lake ask for more than its role has fails.

After a whole run, and only then, rights that no test needed fail the run, too. A pytest plugin, loaded by conftest;
with xdist the processes' calls are put together.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from pricing_lake_tests.aws.recorded_calls import RECORDER, Call

_TOLD: set[str] = set()
_CALLS = "calls_to_aws"
_NOT_SERVICES = "not services"


def pytest_configure(config: pytest.Config) -> None:
    RECORDER.install()


def pytest_runtest_setup(item: pytest.Item) -> None:
    RECORDER.install_at_moto()


@pytest.fixture(autouse=True)
def only_granted_calls() -> Iterator[None]:
    """Fails the test in which such a call was first made."""
    yield
    new = [told for told in RECORDER.not_granted() if told not in _TOLD]
    _TOLD.update(new)
    assert not new


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take the calls of a process of xdist's that has ended."""
    RECORDER.calls.update(Call(*call) for call in getattr(node, "workeroutput", {}).get(_CALLS, []))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the calls over, or judge them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_CALLS] = sorted((call.operation, call.role) for call in RECORDER.calls)
    elif is_whole(session.config) and not session.testsfailed and RECORDER.not_called():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name what nobody called, or after a whole run say nothing."""
    if config.getoption("verbose") > 0 or is_whole(config):
        for line in RECORDER.not_called() if is_whole(config) else sorted(map(str, RECORDER.calls)):
            terminalreporter.write_line(line)


def is_whole(config: pytest.Config) -> bool:
    """Whether every test runs that is not of a service: no path, no selection."""
    option = config.option
    chosen = option.keyword or option.deselect or getattr(option, "lf", False) or option.collectonly
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen and option.markexpr == _NOT_SERVICES
