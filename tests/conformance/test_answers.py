"""What an answer says about how a program ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Client, Run

EXITS = [
    ("python", "import sys\nsys.exit(3)", 3),
    ("python", "import sys\nsys.exit()", 0),
    ("python", "import sys\nsys.exit(0)", 0),
    ("python", "import sys\nsys.exit(True)", 1),
    ("python", "import sys\nsys.exit(-1)", 255),
    ("python", "import sys\nsys.exit(256)", 0),
    ("python", "exit()", 0),
    ("python", "exit(4)", 4),
    ("python", "quit(5)", 5),
    ("python", "raise SystemExit", 0),
    ("python", "raise SystemExit(6)", 6),
    ("python", "raise SystemExit(None)", 0),
    ("python", "raise KeyboardInterrupt", 130),
    ("python", "import asyncio\nasync def f():\n    raise SystemExit(9)\nawait f()", 9),
    ("python", "import asyncio, sys\nasync def f():\n    sys.exit(8)\nasyncio.run(f())", 8),
    (
        "python",
        "import asyncio, sys\nasync def f():\n    sys.exit(7)\nt = asyncio.create_task(f())\nawait asyncio.sleep(9)",
        7,
    ),
    ("javascript", "Deno.exit(3)", 3),
    ("javascript", "Deno.exit()", 0),
    ("javascript", "Deno.exitCode = 7", 7),
    ("javascript", "process.exit(4)", 4),
    ("javascript", "process.exitCode = 5", 5),
    ("javascript", "require('node:process').exit(6)", 6),
    ("javascript", "setTimeout(() => Deno.exit(8), 1)", 8),
    ("javascript", "Deno.exit(256)", 0),
    ("typescript", "const code: number = 9;\nDeno.exit(code)", 9),
]
FAILURES = [
    ("python", "1 / 0", "ZeroDivisionError: division by zero"),
    ("python", "raise ValueError('no')", "ValueError: no"),
    ("python", "def f(:", "SyntaxError"),
    ("python", "x = 1\n  y = 2", "IndentationError"),
    ("python", "raise BaseExceptionGroup('all', [ValueError('a'), KeyError('b')])", "KeyError: 'b'"),
    ("python", "await nothing", "NameError: name 'nothing' is not defined"),
    ("javascript", "throw new RangeError('far')", "RangeError: far"),
    ("javascript", "null.x", "TypeError"),
    ("javascript", "let = ;", "SyntaxError"),
    ("javascript", "throw 'text'", "text"),
    ("javascript", "throw null", "null"),
    ("javascript", "throw undefined", "undefined"),
    ("javascript", "Promise.reject(new Error('lost'))", "lost"),
    ("javascript", "setTimeout(() => { throw new Error('late') }, 1)", "late"),
    ("javascript", "await Promise.reject(new Error('awaited'))", "awaited"),
    ("typescript", "const n: number = null!;\nn.toFixed()", "TypeError"),
    ("typescript", "const n: = 1", "SyntaxError"),
]
FOREVER = {
    "python": "print('before', flush=True)\nwhile True: pass",
    "javascript": "console.log('before'); for (;;);",
    "typescript": "console.log('before' as string); for (;;);",
}


@pytest.mark.parametrize(("language", "code", "exit_code"), EXITS)
def test_an_exit_code_is_the_programs(run: Run, language: str, code: str, exit_code: int) -> None:
    """A program's own exit code is in the answer, and decides between `ok` and `error`."""
    answer = run(code, language)
    assert (answer.exit_code, answer.status) == (exit_code, "error" if exit_code else "ok")
    assert (answer.stdout, answer.stderr) == ("", "" if exit_code != 130 else answer.stderr)


@pytest.mark.parametrize(("language", "code", "message"), FAILURES)
def test_a_failure_is_an_answer(run: Run, language: str, code: str, message: str) -> None:
    """What a program fails with is in its standard error, with exit code 1 and no top-level error."""
    answer = run(code, language)
    assert (answer.status, answer.exit_code, answer.stdout, answer.ret_val) == ("error", 1, "", "")
    assert message in answer.stderr


def test_a_message_of_sys_exit_goes_to_stderr(run: Run) -> None:
    """Anything but a number given to `sys.exit` is printed, and the exit code is 1."""
    answer = run("import sys\nprint('out')\nsys.exit('the reason')")
    assert (answer.stdout, answer.stderr, answer.exit_code) == ("out\n", "the reason\n", 1)


def test_output_before_an_exit_is_kept(run: Run) -> None:
    """`exit` loses nothing, with or without a line's end."""
    assert run("import sys\nsys.stdout.write('a')\nsys.stderr.write('b')\nsys.exit(2)").stdout == "a"
    answer = run("Deno.stdout.writeSync(new TextEncoder().encode('a')); console.error('b'); Deno.exit(2)", "js")
    assert (answer.stdout, answer.stderr) == ("a", "b\n")


@pytest.mark.parametrize("language", FOREVER)
def test_a_timeout_keeps_what_was_printed(run: Run, language: str) -> None:
    """The time limit ends a program: `timeout`, an error with details, no exit code, its output so far."""
    answer = run(FOREVER[language], language, timeout=400)
    assert (answer.status, answer.exit_code, answer.stdout) == ("timeout", None, "before\n")
    assert "400" in answer.raw["details"]
    assert answer.metadata["duration"] >= 400


def test_the_next_task_after_a_timeout_is_unharmed(run: Run) -> None:
    """Whatever was ended is gone."""
    assert run("while True: pass", timeout=200).status == "timeout"
    assert run("1 + 1").ret_val == "2"


@pytest.mark.parametrize("code", ["import os\nos._exit(3)", "import os\nprint('x', flush=True)\nos.abort()"])
def test_an_interpreter_that_breaks_down_is_a_crash(run: Run, code: str) -> None:
    """A program that brings the interpreter down is told so; it is neither ok nor a server error."""
    answer = run(code)
    assert answer.status in {"crashed", "error"}
    assert answer.exit_code != 0


def test_timings_add_up(run: Run) -> None:
    """The parts of a task's time are not more than the whole, and `duration` is the run's."""
    metadata = run("import time\ntime.sleep(0.05)").metadata
    timings = metadata["timings"]
    assert timings["ran_ms"] >= 50
    assert timings["queued_ms"] + timings["started_ms"] + timings["ran_ms"] <= timings["total_ms"] + 0.01
    assert abs(metadata["duration"] - timings["ran_ms"]) <= 0.51
    assert metadata["attempts"] == 1


def test_an_answer_is_not_cached_nor_sniffed(client: Client) -> None:
    """Answers are for the caller alone."""
    headers = client.run_code("1").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
