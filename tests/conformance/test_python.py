"""What Python programs see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

PRINTED = [
    ("print(__name__, __file__)", "__main__ main.py\n"),
    ("import sys\nprint(sys.argv[1:])", "[]\n"),
    ("import os\nprint(dict(os.environ))", "{}\n"),
    ("import os\nprint(os.listdir('/tmp'), os.listdir('.'))", "[] []\n"),
    ("import time\nprint(time.timezone, time.tzname[0][:3], time.strftime('%z'))", "0 UTC +0000\n"),
    ("import asyncio\nasync def f():\n    await asyncio.sleep(0.001)\n    return 5\nprint(await f())", "5\n"),
    ("import asyncio\nasync def f():\n    await asyncio.sleep(0.001)\n    return 6\nprint(asyncio.run(f()))", "6\n"),
    ("import asyncio\nprint(await asyncio.gather(*(asyncio.sleep(0.001, n) for n in range(3))))", "[0, 1, 2]\n"),
    ("async with __import__('asyncio').timeout(5): print('in')", "in\n"),
    ("print('no end', end='')", "no end"),
    ("import sys\nprint(sys.stdout.write('four'))", "four4\n"),
    ("from __future__ import annotations\nprint('ok')", "ok\n"),
    ("def f(x: int) -> int: return x\nprint(f.__annotations__)", "{'x': <class 'int'>, 'return': <class 'int'>}\n"),
    ("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), end='')", "def f():\n    return 1\n"),
    ("import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int = 1\nprint(A())", "A(x=1)\n"),
    ("import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)", "A\n"),
    ("import sqlite3\nprint(sqlite3.connect(':memory:').execute('select 1').fetchone())", "(1,)\n"),
    ("import locale\nprint(locale.getlocale()[1] in (None, 'UTF-8'))", "True\n"),
    ("open('/tmp/f', 'w').write('x')\nprint(open('/tmp/f').read())", "x\n"),
    ("import atexit\natexit.register(print, 'bye')\nprint('hi')", "hi\nbye\n"),
    ("class A:\n    def __del__(self): print('gone')\nA()\nprint('end')", "gone\nend\n"),
    ("exec('x = 1')\nprint(x, 'x' in globals())", "1 True\n"),
    ("x = 1\ndef f():\n    global x\n    x = 2\nf()\nprint(x)", "2\n"),
    ("import ctypes, decimal, hashlib, lzma, ssl, zlib\nprint('all')", "all\n"),
]
INPUTS = [
    ("print(input(), input())", "a\nb\n", "a b\n"),
    ("print(input('name? '))", "x\n", "name? x\n"),
    ("print(input())", "no end", "no end\n"),
    ("import sys\nprint(repr(sys.stdin.read()))", "a\r\nb\n", "'a\\nb\\n'\n"),
    ("import sys\nprint(sys.stdin.buffer.read())", "a\r\né", "b'a\\r\\n\\xc3\\xa9'\n"),
    ("import sys\nprint([line for line in sys.stdin])", "a\nb", "['a\\n', 'b']\n"),
    ("import sys\nprint(repr(sys.stdin.read()))", "", "''\n"),
    ("try:\n    input()\nexcept EOFError as error:\n    print('EOF')", "", "EOF\n"),
]
TRACEBACK = """Traceback (most recent call last):
  File "main.py", line 4, in <module>
    f(0)
    ~^^^
  File "main.py", line 2, in f
    return 1 / x
           ~~^~~
ZeroDivisionError: division by zero
"""
REFUSED = [
    ("import socket\nsocket.create_connection(('127.0.0.1', 8889), 1)", "Error"),
    ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:8889/')", "Error"),
    ("import subprocess\nsubprocess.run(['ls'])", "Error"),
    ("import os\nos.fork()", "Error"),
    ("import os\nos.system('ls') and 1 / 0", "Error"),
    ("import threading\nthreading.Thread(target=print).start()", "RuntimeError"),
    ("open('/etc/passwd')", "FileNotFoundError"),
    ("open('/proc/self/environ')", "Error"),
    ("import multiprocessing\nmultiprocessing.Process(target=print).start()", "Error"),
    ("import numpy_of_nobody", "No module named 'numpy_of_nobody'"),
    ("import js\njs.fetch('http://127.0.0.1')", "Error"),
]


@pytest.mark.parametrize(("code", "printed"), PRINTED)
def test_programs_print_what_python_prints(run: Run, code: str, printed: str) -> None:
    """As under `python main.py`, in an empty environment, in UTC."""
    answer = run(code)
    assert (answer.stdout, answer.stderr, answer.exit_code) == (printed, "", 0)


@pytest.mark.parametrize(("code", "given", "printed"), INPUTS)
def test_standard_input(run: Run, code: str, given: str, printed: str) -> None:
    """The input is there exactly, then there is an end of file."""
    answer = run(code, input=given)
    assert (answer.stdout, answer.stderr) == (printed, "")


def test_a_traceback_shows_the_programs_lines_and_nothing_else(run: Run) -> None:
    """Line numbers, names and source lines are those of the code that was sent."""
    assert run("def f(x):\n    return 1 / x\n\nf(0)").stderr == TRACEBACK


def test_a_syntax_error_points_to_its_place(run: Run) -> None:
    """File, line and column are the program's."""
    assert run("x = 1\ny = (2").stderr == (
        "  File \"main.py\", line 2\n    y = (2\n        ^\nSyntaxError: '(' was never closed\n"
    )


def test_a_traceback_of_awaited_code_is_the_programs_too(run: Run) -> None:
    """No frame of an event loop or runner shows."""
    stderr = run("async def f():\n    raise KeyError('k')\nawait f()").stderr
    assert stderr.count("File ") == stderr.count('File "main.py"') == 2


@pytest.mark.parametrize(("code", "message"), REFUSED)
def test_what_a_sandbox_has_not_fails_as_a_python_error(run: Run, code: str, message: str) -> None:
    """Network, processes, threads and the host's files are ordinary failures of the program."""
    answer = run(code, timeout=20_000)
    assert answer.status == "error"
    assert message in answer.stderr


def test_randomness_is_fresh(run: Run) -> None:
    """No two sandboxes share random numbers, identifiers, secrets or temporary names."""
    code = (
        "import random, secrets, tempfile, uuid\n"
        "for value in (random.random(), random.Random().random(), uuid.uuid4(), uuid.uuid1(), secrets.token_hex(),\n"
        "              tempfile.mktemp(), random.SystemRandom().random()): print(value)"
    )
    first, second = (run(code).stdout.splitlines() for _ in range(2))
    assert len(first) == 7
    assert not set(first) & set(second)


def test_the_clock_is_now(run: Run) -> None:
    """The time is not that of any image."""
    before = float(run("import time\ntime.time()").ret_val)
    after = float(run("import time, datetime\ndatetime.datetime.now(datetime.UTC).timestamp()").ret_val)
    assert before <= after < before + 600
    assert float(run("import time\na = time.monotonic(); time.sleep(0.01); time.monotonic() - a").ret_val) >= 0.01


def test_output_is_unbuffered_between_the_streams(run: Run) -> None:
    """Logging and warnings go to standard error."""
    answer = run("import logging, warnings\nlogging.warning('w')\nwarnings.warn('v')\nprint('p')")
    assert answer.stdout == "p\n"
    assert "WARNING:root:w" in answer.stderr
    assert "UserWarning: v" in answer.stderr
