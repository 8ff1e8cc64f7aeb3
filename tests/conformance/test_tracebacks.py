"""What errors show: the program's own lines, all of them, and nothing of what runs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Answer, Run

RUNNER = re.compile(
    r"faaspool|harness|engine\.ts|wire\.ts|evalContext|/runtime|file:///(?!main\.)|/opt/|/home/(?!pyodide)"
)
FILES = re.compile(r'File "([^"]*)"')
PYTHON = [
    ("raise", "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('second') from error", [2, 4]),
    ("context", "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('second')", [2, 4]),
    ("suppressed", "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('second') from None", [4]),
    ("nested calls", "def f():\n    g()\ndef g():\n    raise KeyError(1)\nf()", [5, 2, 4]),
    ("lambda", "f = lambda: 1 / 0\n\nf()", [3, 1]),
    ("class body", "class A:\n    x = 1 / 0", [1, 2]),
    ("generator", "def g():\n    yield 1 / 0\nlist(g())", [3, 2]),
    ("comprehension", "[\n    1 / n\n    for n in [0]\n]", [2]),
    ("decorator", "def d(f):\n    raise TypeError(f)\n\n@d\ndef f(): pass", [4, 2]),
    ("group", "raise ExceptionGroup('all', [ValueError(1), TypeError(2)])", [1]),
    ("awaited", "async def f():\n    raise KeyError(1)\nasync def g():\n    await f()\nawait g()", [5, 4, 2]),
    ("a final expression", "x = 0\n(\n    1 /\n    x\n)", [3]),
    ("carriage returns", "x = 0\r\n\r\n1 / x", [3]),
    ("after a long string", 's = """\n\n\n"""\n1 / 0', [5]),
]
PYTHON_RUNNER = [
    "import asyncio\nasync def f():\n    raise KeyError(1)\nasyncio.run(f())",
    "import asyncio\nasync def f():\n    await asyncio.gather(asyncio.sleep(0), g())\nasync def g():\n    raise KeyError(1)\nawait f()",
    "import asyncio\nasyncio.run(asyncio.wait_for(asyncio.sleep(5), 0.001))",
    "import asyncio\nasync def f():\n    raise KeyError(1)\nawait asyncio.create_task(f())",
    "import asyncio\nasync def f():\n    raise KeyError(1)\nasyncio.get_event_loop().run_until_complete(f())",
    "import pyodide_js\nawait pyodide_js.loadPackage('nothing')",
    "exec('1 / 0')",
    "import json\njson.loads('{')",
    "import atexit\natexit.register(lambda: 1 / 0)\nraise ValueError",
    "import sys\ndef hook(kind, error, trace):\n    import traceback\n    traceback.print_tb(trace)\n    raise TypeError\n"
    "sys.excepthook = hook\n1 / 0",
    "import sys, warnings\nsys.settrace(lambda *a: 1 / 0)\ndef f(): pass\nf()",
    "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E",
    "class A:\n    def __del__(self): 1 / 0\nA()\nraise ValueError",
    "raise SystemExit(type('A', (), {'__str__': lambda self: 1 / 0})())",
    "type('A', (), {'__repr__': lambda self: 1 / 0})()\nraise ValueError",
    "import asyncio\nasync def f(): pass\nf()\nraise ValueError",
    "print('\\ud800')",
    "import sys\nsys.stdout.close()\nprint('x')",
    "import sys\nsys.stderr = 5\n1 / 0",
]
PYTHON_SYNTAX = [
    ("x = 1\ndef f(:\n    pass", 2, "def f(:"),
    ("if True:\nx = 1", 2, "x = 1"),
    ("x = [1,\n     2", 1, "x = [1,"),
    ("print 'x'", 1, "print 'x'"),
    ("s = 'open", 1, "s = 'open"),
    ("f'{'", 1, "f'{'"),
    ("x = 1 +\ny = 2", 1, "x = 1 +"),
    ("\n\nx = 0777", 3, "x = 0777"),
]
PYTHON_COMPILER = [
    ("x = 1\nreturn 5", 2),
    ("\nbreak", 2),
    ("def f(a, a): pass", 1),
    ("\n\nnonlocal x", 3),
    ("def f():\n    x = 1\n    global x", 3),
    ("from __future__ import nothing", 1),
    ("[x := 1 for y in [1] for x in [2]]", 1),
]
JAVASCRIPT_RUNNER = [
    "var await = 1",
    "function await() {}",
    "class await {}",
    "null.x",
    "throw new Error('x')",
    "setTimeout(() => null.x, 1)",
    "queueMicrotask(() => null.x)",
    "Promise.reject(new Error('x'))",
    "const { a } = null",
    "let x = 1; let x = 2",
    "eval('let = ;')",
    "new Function('let = ;')",
    "import nothing from 'nothing'",
    "require('nothing')",
    "await import('node:fs')",
    "await caches.open('x')",
    "Deno.readTextFileSync('/x')",
    "localStorage.x",
    "return { get x() { throw new Error('getter') } }",
    "Object.defineProperty(globalThis, 'return_val', { get() { throw new Error('x') } })",
    "globalThis.Number = undefined",
    "Event.prototype.preventDefault = null; await new Promise(() => {})",
    "for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name] } catch { }",
    "Uint8Array.prototype.subarray = null; TextEncoder.prototype.encode = null; Deno.exit(1)",
    "Deno.stderr.close()",
    "Deno.stdout.close(); console.log(1)",
    "Deno.stdout.close(); prompt('x')",
    "Array.prototype.push = null; prompt()",
    "prompt({ toString() { throw new Error('x') } })",
    "process.on('exit', () => { throw new Error('x') })",
    "return_val.call(null, { toJSON() { throw new Error('x') }, n: 1n })",
    "(function f() { f() })()",
    "Error.stackTraceLimit = Infinity; null.x",
    "console.trace('here')",
    "console.log(new Error('x').stack)",
    "Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName()).join(' ');\n"
    "Error.stackTraceLimit = 99; console.log(new Error('x').stack)",
]


def shown(answer: Answer) -> str:
    """Return all text of an answer."""
    return answer.stdout + answer.stderr + answer.ret_val + str(answer.error)


@pytest.mark.parametrize(("code", "lines"), [case[1:] for case in PYTHON], ids=[case[0] for case in PYTHON])
def test_a_python_traceback_has_every_line_of_the_program(run: Run, code: str, lines: list[int]) -> None:
    """In order, with the lines' text, and no other file."""
    answer = run(code)
    assert (answer.status, answer.exit_code) == ("error", 1)
    assert [int(line) for line in re.findall(r'File "main\.py", line (\d+)', answer.stderr)] == lines
    assert set(FILES.findall(answer.stderr)) == {"main.py"}
    for line in lines:
        assert code.splitlines()[line - 1].strip() in answer.stderr


@pytest.mark.parametrize("code", PYTHON_RUNNER)
def test_no_python_error_shows_the_runner(run: Run, code: str) -> None:
    """Frames of the standard library may show; those of what runs the program do not."""
    assert RUNNER.findall(shown(run(code))) == []


@pytest.mark.parametrize(("code", "line", "text"), PYTHON_SYNTAX)
def test_a_python_syntax_error_shows_its_line(run: Run, code: str, line: int, text: str) -> None:
    """File, line, the line's text and a caret below it, as CPython prints them."""
    answer = run(code)
    assert (answer.status, answer.exit_code, answer.stdout) == ("error", 1, "")
    assert answer.stderr.startswith(f'  File "main.py", line {line}\n    {text.strip()}\n')
    assert "^" in answer.stderr


@pytest.mark.parametrize(("code", "line"), PYTHON_COMPILER)
def test_an_error_of_pythons_compiler_names_its_line(run: Run, code: str, line: int) -> None:
    """What parses but does not compile is a syntax error too, and nothing of the program has run."""
    answer = run(f"{code}\nprint('never')")
    assert (answer.status, answer.exit_code, answer.stdout) == ("error", 1, "")
    assert f'File "main.py", line {line}\n' in answer.stderr
    assert "SyntaxError" in answer.stderr


@pytest.mark.parametrize("code", JAVASCRIPT_RUNNER)
def test_no_javascript_error_shows_the_runner(run: Run, code: str) -> None:
    """No path of the host and no line of what runs the program, whatever it did to its own world."""
    assert RUNNER.findall(shown(run(code, "javascript", timeout=1000))) == []


def test_a_traceback_of_a_long_program_names_its_line(run: Run) -> None:
    """Line numbers count the lines that were sent, however many."""
    code = "x = 1\n" * 5000 + "1 / 0"
    assert 'File "main.py", line 5001, in <module>' in run(code).stderr
    assert "main.js:5001:" in run("let x = 1;\n" + "x = 1;\n" * 4999 + "null.x", "javascript").stderr


def test_an_endless_recursion_is_shown_in_short(run: Run) -> None:
    """Repeated frames are counted, not printed."""
    answer = run("def f():\n    f()\nf()")
    assert "RecursionError" in answer.stderr
    assert len(answer.stderr) < 10_000
