"""Real programs of some hundred lines, with what they print and return.

The expected outputs were made with CPython and with Deno itself, outside any sandbox.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

FOLDER = Path(__file__).parent / "programs"
PROGRAMS = sorted(path for path in FOLDER.iterdir() if path.suffix in {".py", ".js", ".ts"})


def beside(program: Path, suffix: str) -> str:
    """Return the text of the file of the same name with another ending; nothing where there is none."""
    path = program.with_suffix(suffix)
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_a_real_program(run: Run, program: Path) -> None:
    """The program prints and returns what it does elsewhere."""
    language = program.suffix.removeprefix(".")
    answer = run(program.read_text(encoding="utf-8"), language, input=beside(program, ".in"))
    assert answer.stderr == ""
    assert answer.stdout == beside(program, ".out")
    assert answer.ret_val == beside(program, ".ret")
    assert (answer.status, answer.exit_code) == ("ok", 0)
