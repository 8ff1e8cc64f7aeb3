"""Runs one module of CPython's test suite; this text is the beginning of every program submitted.

It uses nothing but the standard library, and runs inside the sandbox.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
import traceback
import unittest
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MESSAGE = 200


class Result(unittest.TestResult):
    """Collects the outcome of every test by its id."""

    def __init__(self) -> None:
        """Start with nothing."""
        super().__init__()
        self.failed: dict[str, str] = {}
        self.broken: dict[str, str] = {}

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: ANN401, N802 -- unittest's own signature
        """Note a test with a failed assertion."""
        self.failed[test.id()] = message(err)

    def addError(self, test: Any, err: Any) -> None:  # noqa: ANN401, N802 -- the same
        """Note a test that raised something else."""
        self.broken[test.id()] = message(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: ANN401, N802 -- the same
        """Count a failed part of a test as its whole test."""
        del subtest
        if err is not None:
            note = self.addFailure if issubclass(err[0], test.failureException) else self.addError
            note(test, err)

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: ANN401, N802 -- the same
        """Count a test that should have failed as a failure."""
        self.failed[test.id()] = "unexpected success"


def message(error: Any) -> str:  # noqa: ANN401 -- the triple of sys.exc_info()
    """Return the last line of a traceback."""
    return "".join(traceback.format_exception_only(error[1])).strip()[-MAX_MESSAGE:]


def unpack(archive: str) -> None:
    """Write the packed part of the suite to a folder of its own, and import from there."""
    folder = tempfile.mkdtemp()
    with zipfile.ZipFile(io.BytesIO(base64.b85decode(archive))) as packed:
        packed.extractall(folder)
    sys.path.insert(0, folder)
    os.chdir(tempfile.mkdtemp())


def tests_in(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Walk through the tests of a suite of suites."""
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_in(part)
        else:
            yield part


def is_in(test_id: str, names: list[str]) -> bool:
    """Tell whether a test is one of `names`, or in a class or module that is."""
    return any(test_id == name or test_id.startswith(name + ".") for name in names)


def run_suite(archive: str, modules: list[str], deselected: list[str]) -> dict[str, object]:
    """Run the tests of the modules, but for the deselected ones, and return what became of them."""
    unpack(archive)
    from test import support

    support.verbose = 0
    support.requires_working_socket = lambda **_: None  # Most of asyncio's tests need none.
    loaded = unittest.defaultTestLoader.loadTestsFromNames(modules)
    found = list(tests_in(loaded))
    chosen = [test for test in found if not is_in(test.id(), deselected)]
    del loaded
    result = Result()
    unittest.TestSuite(chosen).run(result)
    return {
        "run": result.testsRun,
        "failures": sorted(result.failed),
        "errors": sorted(result.broken),
        "skipped": len(result.skipped),
        "deselected": len(found) - len(chosen),
        "messages": {**result.failed, **result.broken},
    }
