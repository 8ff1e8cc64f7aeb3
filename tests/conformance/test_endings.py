"""How tasks end side by side and one after another, and what is left of one that was ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Answer, Run

MANY = 16
LIMIT_MS = 3000
PYTHON_EXITS = [
    ("import sys\nsys.exit(10 ** 30)", 255, ""),
    ("import sys\nsys.exit(-(10 ** 30))", 255, ""),
    ("import sys\nsys.exit(2 ** 32 + 1)", 1, ""),
    ("import sys\nsys.exit(2.5)", 1, "2.5\n"),
    ("import sys\nsys.exit('')", 1, "\n"),
    ("import sys\nsys.exit((1, 'a'))", 1, "(1, 'a')\n"),
    ("exit('é \U0001f600')", 1, "é \U0001f600\n"),
    ("raise SystemExit('text', 2)", 1, "('text', 2)\n"),
    ("class Mine(SystemExit): pass\nraise Mine(3)", 3, ""),
    ("import sys\ntry:\n    sys.exit(1)\nfinally:\n    sys.exit(4)", 4, ""),
    ("import sys\ntry:\n    sys.exit(1)\nexcept SystemExit:\n    pass", 0, ""),
    ("import atexit, sys\natexit.register(lambda: None)\nsys.exit(6)", 6, ""),
    ("import sys\nsys.stdout.close()", 0, ""),
    ("import sys\nsys.stdin.close()", 0, ""),
    ("import sys\nsys.stdout = None", 0, ""),
    ("import sys\ndef f():\n    yield\n    sys.exit(7)\nlist(f())", 7, ""),
]
JAVASCRIPT_EXITS = [
    ("Deno.exit(-1)", 255),
    ("process.exit('7')", 7),
    ("process.exitCode = 3; process.exit()", 3),
    ("process.exitCode = 3; process.exit(4)", 4),
    ("process.exitCode = 300", 44),
    ("Deno.exitCode = 5; setTimeout(() => {}, 1)", 5),
    ("process.reallyExit(3)", 3),
    ("globalThis.Number = globalThis.Deno = () => 9; process.exit(3)", 3),
]
BEFORE = {
    "python": "import sys\nprint('out', flush=True)\nsys.stderr.write('err')\nsys.stderr.flush()\nreturn_val('value')\n",
    "javascript": "console.log('out'); process.stderr.write('err'); return_val('value');\n",
    "typescript": "console.log('out' as string); process.stderr.write('err'); return_val('value');\n",
}
BREAKDOWNS = [
    ("python", "while True: pass", "timeout"),
    ("javascript", "for (;;);", "timeout"),
    ("typescript", "for (;;) await null", "timeout"),
    ("javascript", "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))", "memory_limit"),
    ("typescript", "let a: number[][] = []; for (;;) a.push(new Array(1000).fill(a.length))", "memory_limit"),
    ("python", "import os\nos.abort()", "crashed"),
    ("python", "import os\nos.kill(os.getpid(), 9)", "crashed"),
    ("python", "import ctypes\nctypes.string_at(2 ** 31)", "crashed"),
    ("javascript", "process.abort()", "crashed"),
]


@pytest.mark.parametrize(("code", "exit_code", "printed"), PYTHON_EXITS)
def test_a_python_exit_code_is_that_of_cpython(run: Run, code: str, exit_code: int, printed: str) -> None:
    """Whatever `sys.exit` is given, and whoever catches it; a stream that the program closed is no failure."""
    answer = run(code)
    assert (answer.exit_code, answer.status) == (exit_code, "error" if exit_code else "ok")
    assert (answer.stdout, answer.stderr) == ("", printed)


@pytest.mark.parametrize(("code", "exit_code"), JAVASCRIPT_EXITS)
def test_a_javascript_exit_code_is_one_byte(run: Run, code: str, exit_code: int) -> None:
    """As a process ends, through Deno's functions and Node's."""
    answer = run(code, "javascript")
    assert (answer.exit_code, answer.status) == (exit_code, "error")
    assert (answer.stdout, answer.stderr) == ("", "")


@pytest.mark.parametrize(("language", "code", "status"), BREAKDOWNS)
def test_what_was_printed_before_a_breakdown_comes_back(run: Run, language: str, code: str, status: str) -> None:
    """With an error, its details, no exit code, and no value: the program did not come to an end."""
    timeout = 700 if status == "timeout" else 30_000
    answer = run(BEFORE[language] + code, language, timeout=timeout)
    assert answer.status == status
    assert answer.stdout == "out\n"
    assert answer.stderr.startswith("err")
    assert (answer.ret_val, answer.exit_code) == ("", None)
    assert ("time limit" in answer.raw["details"]) == (status == "timeout")


@pytest.mark.parametrize("language", BEFORE)
def test_the_next_task_after_a_breakdown_is_unharmed(run: Run, language: str) -> None:
    """Several in a row, and of every kind."""
    for breaking, code, _ in BREAKDOWNS:
        if breaking == language:
            run(code, language, timeout=200)
            assert run("1 + 1", language).ret_val == "2"


def test_tasks_at_the_same_time_do_not_mix(run: Run) -> None:
    """Each answer is its own task's, and each task has an id of its own."""

    def one(number: int) -> Answer:
        language = ("python", "javascript", "typescript")[number % 3]
        code = {"python": f"import sys\nprint({number})\nsys.stderr.write(input())\nresult = {number}"}
        script = f"console.log({number}); process.stderr.write(prompt()); return {number}"
        return run(code.get(language, script), language, input=f"input {number}")

    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(one, range(MANY)))
    for number, answer in enumerate(answers):
        assert (answer.stdout, answer.stderr, answer.ret_val) == (f"{number}\n", f"input {number}", str(number))
    assert len({answer.metadata["task_id"] for answer in answers}) == MANY


def test_the_time_limit_is_of_the_run_alone(run: Run) -> None:
    """A task that waits for its turn loses nothing of its time: only those that ran for too long timed out."""

    def one(_: int) -> Answer:
        return run("import time\ntime.sleep(0.5)", timeout=LIMIT_MS)

    with ThreadPoolExecutor(MANY) as threads:
        answers = list(threads.map(one, range(MANY)))
    for answer in answers:
        assert (answer.status == "timeout") == (answer.metadata["timings"]["ran_ms"] >= LIMIT_MS), answer.metadata
        assert answer.metadata["timings"]["total_ms"] >= answer.metadata["timings"]["queued_ms"]


def test_a_failed_task_has_timings_too(run: Run) -> None:
    """Every ending is timed."""
    for code, status, limit in (("1 / 0", "error", 0), ("def f(:", "error", 0), ("while True: pass", "timeout", 300)):
        metadata = run(code, timeout=limit).metadata
        assert metadata["status"] == status
        assert 0 <= metadata["timings"]["ran_ms"] <= metadata["timings"]["total_ms"]


def test_the_first_error_is_final(run: Run) -> None:
    """A task that was ended for its own fault is not tried again."""
    for code in ("import os\nos.abort()", "while True: pass"):
        assert run(code, timeout=300).metadata["attempts"] == 1
