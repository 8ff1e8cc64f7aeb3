"""Time, memory and output are bounded from outside, whatever a program does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

MIB = 1 << 20
WASM_LOOP = "new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]))).exports.f()"
ENDLESS = [
    ("python", "while True: pass"),
    ("python", "10 ** 10 ** 8"),
    ("python", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"),
    ("python", "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass"),
    ("python", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"),
    ("python", "import time\ntime.sleep(1e6)"),
    ("python", "import asyncio\nawait asyncio.sleep(1e6)"),
    ("python", "import asyncio\nawait asyncio.Future()"),
    ("python", "sum(range(10 ** 12))"),
    ("python", "while True: print('x' * 1000)"),
    ("javascript", "for (;;);"),
    ("javascript", "for (;;) await null"),
    ("javascript", "/(a+)+$/.test('a'.repeat(40) + 'b')"),
    ("javascript", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"),
    ("javascript", "setInterval(() => {}, 1)"),
    ("javascript", "for (;;) console.log('x'.repeat(1000))"),
    ("javascript", "2n ** 100000000n"),
    ("javascript", "addEventListener('beforeunload', (e) => e.preventDefault()); await new Promise(() => {})"),
    ("javascript", "({ toJSON() { for (;;); } })"),
    ("javascript", "({ then() {} })"),
    ("javascript", WASM_LOOP),
    ("typescript", "while (true as boolean);"),
]
HUNGRY = [
    ("javascript", "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))"),
    ("javascript", "const a = []; for (;;) a.push({ a: [1, 2, 3], b: 'x' + a.length })"),
    ("javascript", "let s = 'x'; const a = []; for (let i = 0; ; i++) a.push((s + i).repeat(100000).split(''))"),
    ("javascript", "new Uint8Array(3e9).fill(1)"),
    ("typescript", "const a: unknown[] = []; for (;;) a.push(new Float64Array(1 << 17).fill(1))"),
]


@pytest.mark.parametrize(("language", "code"), ENDLESS)
def test_a_program_that_never_ends_is_ended(run: Run, language: str, code: str) -> None:
    """At its time limit, with that status; the next task is served."""
    answer = run(code, language, timeout=300)
    assert answer.status in {"timeout", "memory_limit"}
    assert answer.error
    assert run("1 + 1", language).ret_val == "2"


@pytest.mark.parametrize(("language", "code"), HUNGRY)
def test_a_program_that_takes_all_memory_is_ended(run: Run, language: str, code: str) -> None:
    """With a status that says so, or by an error that the program could have caught; the next task is served."""
    answer = run(f"console.log('before');\n{code}", language)
    assert answer.status in {"memory_limit", "error"}
    assert answer.stdout == "before\n"
    assert "<---" not in answer.stderr
    assert run("1 + 1", language).ret_val == "2"


def test_python_sees_a_memory_error(run: Run) -> None:
    """An allocation that is too large is an exception like any other."""
    answer = run("try:\n    x = bytearray(1 << 30)\nexcept MemoryError:\n    print('caught')")
    assert (answer.stdout, answer.status) == ("caught\n", "ok")
    answer = run("print('before')\na = []\nwhile True: a.append(bytearray(1 << 20))")
    assert (answer.stdout, answer.status) == ("before\n", "error")
    assert answer.stderr.endswith("MemoryError\n")


def test_python_sees_a_recursion_error(run: Run) -> None:
    """Endless recursion is an exception too."""
    answer = run("def f(): f()\ntry:\n    f()\nexcept RecursionError:\n    print('caught')")
    assert (answer.stdout, answer.status) == ("caught\n", "ok")
    assert "RecursionError" in run("def f(): return f()\nf()").stderr


def test_a_file_system_that_is_filled_is_the_programs_own(run: Run) -> None:
    """Files are memory of the task."""
    answer = run("with open('/tmp/f', 'wb') as f:\n    while True: f.write(bytes(1 << 20))", timeout=20_000)
    assert answer.status in {"error", "memory_limit", "crashed"}
    assert run("import os\nos.listdir('/tmp')").ret_val == "[]"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "import sys\nfor n in range(40): sys.{}.write('x' * 100_000)\nreturn_val('went on')"),
        ("javascript", "for (let n = 0; n < 40; n++) process.{}.write('x'.repeat(100_000)); return_val('went on')"),
    ],
)
def test_output_beyond_the_limit_is_dropped(run: Run, language: str, code: str, stream: str) -> None:
    """The first MiB of each stream is kept, the program goes on, and the answer says so."""
    answer = run(code.format(stream), language)
    kept = answer.stdout if stream == "stdout" else answer.stderr
    assert kept == "x" * MIB
    assert (answer.status, answer.ret_val) == ("ok", "went on")
    assert answer.metadata["truncated"] == {"stdout": False, "stderr": False, "ret_val": False} | {stream: True}


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_output_is_cut_at_a_character(run: Run, offset: int) -> None:
    """No half character at the end."""
    answer = run(f"import sys\nsys.stdout.write('x' * {offset} + '\U0001f600' * (1 << 18))")
    assert answer.stdout == "x" * offset + "\U0001f600" * ((MIB - offset) // 4)
    assert answer.metadata["truncated"]["stdout"] is (offset > 0)


def test_both_streams_at_once(run: Run) -> None:
    """Neither stream waits for the other to be read."""
    code = "import sys\nfor n in range(3000):\n    sys.stdout.write('o' * 300)\n    sys.stderr.write('e' * 300)"
    answer = run(code)
    assert (answer.stdout, answer.stderr) == ("o" * 900_000, "e" * 900_000)


def test_a_flood_of_output_until_the_deadline(run: Run) -> None:
    """A program that only prints is truncated and ended."""
    answer = run("while True: print('y' * 10_000)", timeout=500)
    assert answer.status == "timeout"
    assert len(answer.stdout) == MIB


def test_input_that_nobody_reads_holds_up_nothing(run: Run) -> None:
    """The program ends although its input is still on its way."""
    assert run("1 + 1", input="x" * MIB).ret_val == "2"
    assert run("1 + 1", "javascript", input="x" * MIB).ret_val == "2"
