"""That none of the hundred is without a test."""

import re
from pathlib import Path

from tests.security.abuse import test_programs, test_requests, test_state

TESTS = Path(__file__).parents[2]


def test_every_number_has_a_test() -> None:
    """In a table of programs, or in the name of a test."""
    numbers = {case.number for case in [*test_programs.ALL, *test_requests.CASES]}
    numbers |= {number for number, _, _ in [*test_state.LEFT_BY_PYTHON, *test_state.LEFT_BY_JAVASCRIPT]}
    for file in TESTS.rglob("test_*.py"):
        numbers |= {int(number) for number in re.findall(r"def test_(\d{3})_", file.read_text())}
    assert set(range(1, 101)) <= numbers
