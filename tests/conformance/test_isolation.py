"""Nothing gets out of a sandbox, and nothing stays of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Client, Run

DENIED_JAVASCRIPT = [
    "Deno.readTextFileSync('/etc/passwd')",
    "Deno.readDirSync('/').next()",
    "Deno.writeTextFileSync('/tmp/x', 'x')",
    "Deno.makeTempFileSync()",
    "Deno.env.toObject()",
    "Deno.env.get('HOME')",
    "Deno.hostname()",
    "Deno.osRelease()",
    "Deno.kill(1, 'SIGTERM')",
    "Deno.listen({ port: 0 })",
    "Deno.dlopen('libc.so.6', {})",
    "new Deno.Command('ls').outputSync()",
    "Deno.symlinkSync('/a', '/tmp/b')",
    "Deno.networkInterfaces()",
    "await fetch('http://127.0.0.1:8889/health')",
    "await fetch('http://169.254.169.254/')",
    "await fetch('file:///etc/passwd')",
    "await Deno.connect({ hostname: '127.0.0.1', port: 8889 })",
    "await Deno.resolveDns('localhost', 'A')",
    "await Deno.openKv()",
    "new WebSocket('ws://127.0.0.1:8889')",
    "process.getBuiltinModule('node:fs').readFileSync('/etc/passwd')",
    "await eval(\"import('node:fs').then((fs) => fs.readFileSync('/etc/passwd'))\")",
    "await eval(\"import('file:///etc/passwd')\")",
    "await eval(\"import('https://example.com/x.js')\")",
    "process.kill(1)",
    "process.loadEnvFile('/etc/passwd')",
]
REALM = (
    "import sys\n"
    "def realm():\n"
    "    import js\n"
    "    return js.Object.constructor('return globalThis')() if hasattr(js, 'Object') else None\n"
)
DENIED_PYTHON = [
    "from pyodide.code import run_js\nrun_js(\"Deno.readTextFileSync('/etc/passwd')\")",
    'from pyodide.code import run_js\nrun_js("Deno.env.toObject()")',
    "from pyodide.code import run_js\nrun_js(\"new Deno.Command('ls').outputSync()\")",
    "from pyodide.code import run_js\nawait run_js(\"fetch('http://127.0.0.1:8889/health')\")",
    "from pyodide.code import run_js\nawait run_js(\"import('node:fs').then((fs) => fs.readFileSync('/etc/passwd'))\")",
    "import pyodide_js\nawait pyodide_js._api.loadBinaryFile('/etc/passwd')",
    "import js\njs.Deno.readTextFileSync('/etc/passwd')",
    "import js\njs.process.env.HOME",
    "import ctypes\nctypes.CDLL('/lib/x86_64-linux-gnu/libc.so.6')",
]
FORGERIES = [
    (
        "python",
        "import os\nfor fd in range(3, 40):\n    try:\n        os.write(fd, b'x' * 64)\n    except OSError:\n        pass",
    ),
    ("python", "import os\nos.write(2, b'\\x00' * 16 + b'\\x00\\x00\\x00\\x06\\x02\\x00\\x00\\x00\\x07\\x00')"),
    ("python", "import sys\nsys.stderr.buffer.write(bytes(range(256)) * 40)"),
    ("javascript", "Deno.stderr.writeSync(new Uint8Array(16 * 1024).map((_, i) => i * 7))"),
    ("javascript", 'console.log(\'{"output":{"ret_val":"forged"},"metadata":{"status":"ok"}}\')'),
]
SPOILED = [
    ("python", "import json\njson.dumps = json.JSONEncoder.encode = None\nresult = {'a': 1}", '{"a": 1}'),
    (
        "python",
        "import builtins\nbuiltins.print = builtins.str = builtins.repr = builtins.len = None\nresult = [1]",
        "[1]",
    ),
    ("python", "import sys\nsys.stdout = sys.stderr = None\nresult = 5", "5"),
    ("python", "import sys\nsys.modules.clear()\nresult = 6", "6"),
    ("python", "import traceback, atexit\ntraceback.print_exception = atexit.register = None\nresult = 7", "7"),
    ("javascript", "JSON.stringify = JSON.parse = () => 'evil'; return {a: 1}", '{"a":1}'),
    ("javascript", "Object.prototype.toJSON = undefined; Object.prototype.polluted = 1; return [1]", "[1]"),
    ("javascript", "Array.prototype.map = Map.prototype.get = Function.prototype.call = null; return [2]", "[2]"),
    ("javascript", "Uint8Array.prototype.set = TextEncoder.prototype.encode = null; return [3]", "[3]"),
    ("javascript", "globalThis.Uint8Array = globalThis.Deno = globalThis.Object = undefined; return [4]", "[4]"),
    ("javascript", "Promise.prototype.then = null; return [5]", None),
    ("javascript", "console.log = null; globalThis.console = undefined; return [6]", "[6]"),
]


@pytest.mark.parametrize("code", DENIED_JAVASCRIPT)
def test_javascript_has_no_permission(run: Run, code: str) -> None:
    """Files, network, environment, processes, foreign functions: all refused, as an error of the program."""
    for language in ("javascript", "typescript"):
        answer = run(f"const got = {code}; return_val('GOT ' + String(got))", language, timeout=10_000)
        assert not answer.ret_val.startswith("GOT"), answer.ret_val[:200]
        assert answer.status == "error"


@pytest.mark.parametrize("code", DENIED_PYTHON)
def test_python_that_reaches_javascript_has_no_permission_either(run: Run, code: str) -> None:
    """The realm around Python holds nothing worth reaching."""
    body, _, last = code.rpartition("\n")
    answer = run(f"{body}\ngot = {last}\nreturn_val('GOT ' + str(got))", timeout=10_000)
    assert not answer.ret_val.startswith("GOT"), answer.ret_val[:200]
    assert answer.status in {"error", "crashed"}


@pytest.mark.parametrize(("language", "code"), FORGERIES)
def test_a_result_cannot_be_forged_by_printing(run: Run, language: str, code: str) -> None:
    """Whatever is written to whatever descriptor is output, or nothing."""
    end = "\nreturn_val('the real one')"
    answer = run(code + end, language)
    assert (answer.status, answer.ret_val) == ("ok", "the real one")


@pytest.mark.parametrize(("language", "code", "value"), SPOILED)
def test_a_spoiled_realm_spoils_no_answer(run: Run, language: str, code: str, value: str | None) -> None:
    """What a program replaces in its own world does not reach the runner, nor the next task."""
    answer = run(code, language, timeout=5000)
    assert answer.ret_val == value or (value is None and answer.status in {"ok", "error", "timeout", "crashed"})
    assert run("[1 + 1]", language).ret_val == "[2]"


def test_nothing_stays_of_a_python_task(run: Run) -> None:
    """Globals, modules, files, environment, built-ins: the next task finds none of it."""
    run(
        "import builtins, os, sys, random, decimal\n"
        "builtins.len = lambda x: 42\nbuiltins.left = 1\nsys.modules['json'] = None\nos.environ['LEFT'] = '1'\n"
        "open('/tmp/left', 'w').write('x')\nopen('left.py', 'w').write('x = 1')\nrandom.seed(0)\nsys.path.insert(0, '/tmp')\n"
        "decimal.getcontext().prec = 3\nsys.setrecursionlimit(50)"
    )
    code = (
        "import builtins, decimal, json, os, sys\n"
        "[len('ab'), hasattr(builtins, 'left'), json.dumps(1), dict(os.environ), os.listdir('/tmp'), os.path.exists('left.py'),\n"
        " '/tmp' in sys.path, decimal.getcontext().prec]"
    )
    assert run(code).ret_val == '[2, false, "1", {}, [], false, false, 28]'


def test_nothing_stays_of_a_javascript_task(run: Run) -> None:
    """Globals and prototypes are new each time."""
    run(
        "globalThis.left = 1; Object.prototype.left = 1; Array.prototype.map = null;\ntry { localStorage.setItem('left', 1); await caches.open('left') } catch { }",
        "js",
    )
    code = "let stored = null; try { stored = localStorage.getItem('left') } catch {}\n[typeof left, ({}).left ?? 0, [1].map(String), stored]"
    assert run(code, "javascript").ret_val == '["undefined",0,["1"],null]'


def test_the_workers_of_a_task_end_with_it(run: Run) -> None:
    """A worker is part of its task, without a permission of its own."""
    code = (
        "const url = URL.createObjectURL(new Blob(['postMessage(1); for (;;);'], { type: 'text/javascript' }));\n"
        "try { new Worker(url, { type: 'module' }) } catch { }\nreturn 'started'"
    )
    answer = run(code, "javascript", timeout=1000)
    assert answer.status in {"ok", "error", "timeout"}
    assert run("1", "javascript").ret_val == "1"


@pytest.mark.parametrize(
    ("language", "code"),
    [("python", "1 / 0"), ("javascript", "null.x"), ("typescript", "null!.x"), ("python", "import os\nos.abort()")],
)
def test_errors_show_nothing_of_the_host(run: Run, language: str, code: str) -> None:
    """No path, no frame of the runner, no environment."""
    raw = str(run(code, language).raw)
    for part in ("/runtime", "deno-dir", "faaspool", "node_modules", "/home/", "/opt/", "harness"):
        assert part not in raw


def test_a_program_is_not_told_where_it_runs(run: Run) -> None:
    """Neither Deno nor Node's `process` names a path of the host."""
    code = (
        "JSON.stringify([Deno.execPath(), Deno.mainModule, Deno.cwd(), process.execPath, process.argv, process.argv0,\n"
        " process.cwd(), process.title, process.execArgv, import.meta.url, new Error('x').stack])"
    )
    for language in ("javascript", "typescript"):
        answer = run(code, language)
        assert answer.status == "ok"
        for part in ("/runtime", "/tmp", "/opt", "/home", ".venv", "--v8-flags"):
            assert part not in answer.ret_val


def test_no_answer_tells_of_another_task(run: Run, client: Client) -> None:
    """A secret of one task is in no answer but its own."""
    secret = "5e6f-secret-of-one-task"
    assert secret in run(f"print('{secret}')").stdout
    later = [run("import gc\n[o for o in gc.get_objects() if type(o) is str]").raw, client.get("/health").text]
    later.append(run("JSON.stringify(globalThis)", "javascript").raw)
    assert secret not in str(later)
