"""CPython's own tests, module by module, submitted as programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from .cpython.bundle import program
from .cpython.expected import CLEAN, DATA, DESELECTED, EXPECTED

if TYPE_CHECKING:
    from .client import Run

SUITE = (3, 11)
TIMEOUT_MS = 120_000


def named(test_id: str, names: dict[str, str]) -> bool:
    """Tell whether a test's id ends in one of the names."""
    return any(test_id == name or test_id.endswith(f".{name}") for name in names)


@pytest.mark.skipif(sys.version_info[:2] != SUITE, reason="the expected failures are those of Python 3.11's test suite")
@pytest.mark.parametrize("module", [*CLEAN, *EXPECTED])
def test_cpythons_own_tests(run: Run, module: str) -> None:
    """Every test of the module passes, but for those that cannot, each for a known reason."""
    deselected = [
        f"test.{module}.{part}.{name}" for part in PARTS.get(module, [""]) for name in DESELECTED.get(module, {})
    ]
    answer = run(program([f"test.{module}"], DATA.get(module, []), deselected), timeout=TIMEOUT_MS)
    assert (answer.status, answer.exit_code) == ("ok", 0), answer.stderr[-2000:]
    outcome = json.loads(answer.ret_val)
    assert outcome["run"] > 0
    unexpected = {
        test: message for test, message in outcome["messages"].items() if not named(test, EXPECTED.get(module, {}))
    }
    assert unexpected == {}


PARTS = {"test_json": ["test_recursion"]}
"""By module that is a package: the submodules that deselected tests are in."""
