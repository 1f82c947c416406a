# SPDX-License-Identifier: Apache-2.0
"""Three tries for whatever measures real time.

A busy machine makes any promise about microseconds fail now and then; a broken one fails every
time. So a test marked `truth` is called up to three times and passes when one call does. Its
fixtures are made once: it must make whatever it measures itself. Only assertions are tried again.
"""

from collections.abc import Callable

import pytest

TRIES = 3


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Write a figure under the test's name, whether it passes or not."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    return lambda text: reporter.write_line(f"\n  {request.node.name}: {text}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a test marked `truth` until it passes, at most three times; leave others to pytest."""
    if pyfuncitem.get_closest_marker("truth") is None:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    for attempt in range(1, TRIES + 1):
        try:
            pyfuncitem.obj(**arguments)
        except AssertionError as failure:
            pyfuncitem.add_report_section("call", f"try {attempt}", str(failure))
            if attempt == TRIES:
                raise
        else:
            break
    return True
