"""Small hostile programs, made at random out of hostile parts. FUZZ_SEED repeats a run, FUZZ_SECONDS bounds it."""

import os
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.conformance.client import Run
from tests.security.abuse.case import ANY, LEAKS

SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
AT_ONCE = 4
PYTHON_TARGETS = [
    "builtins.print",
    "builtins.len",
    "builtins.__import__",
    "builtins.exec",
    "builtins.BaseException",
    "sys.stdout",
    "sys.stderr",
    "sys.modules",
    "sys.path",
    "sys.excepthook",
    "sys.displayhook",
    "sys.meta_path",
    "json.dumps",
    "json.JSONEncoder",
    "traceback.print_exception",
    "os.write",
    "os.environ",
    "io.TextIOWrapper",
    "asyncio.get_event_loop",
    "asyncio.run",
    "gc.collect",
    "types.ModuleType",
    "ast.parse",
    "atexit.register",
]
PYTHON_VALUES = [
    "None", "0", "10 ** 5000", "object()", "lambda *a, **k: 1 / 0", "lambda *a, **k: None", "[]", "'x' * 10 ** 6", "b'\\xff'",
    "type('A', (), {'__repr__': lambda s: 1 / 0, '__str__': lambda s: s, '__eq__': lambda *a: 1 / 0})()", "float('nan')",
    "(lambda f: f(f))", "memoryview(b'x' * 99)", "'\\ud800'", "{1: {2: {3: ...}}", "iter(int, 1)", "range(10 ** 18)",
]  # fmt: skip
PYTHON_ACTIONS = [
    "{target} = {value}", "result = {value}", "return_val({value})", "print({value})", "raise SystemExit({value})",
    "raise ValueError({value})", "del {target}", "sys.exit({value})", "os.write({small}, b'x' * {small})", "os.close({small})",
    "os.dup2({small}, {small})", "sys.setrecursionlimit({small} + 50)", "list(iter({value}))", "await asyncio.sleep({small} / 1e4)",
    "atexit.register(lambda: {value})", "asyncio.get_event_loop().call_soon(print, {value})", "input({value})", "open('/tmp/x', 'w').write(str({value}))",
    "threading.Thread(target=print).start()", "gc.collect()", "exec({value})", "eval('{small}' * {small})", "hash({value})",
]  # fmt: skip
JAVASCRIPT_TARGETS = [
    "globalThis.Promise",
    "Promise.prototype.then",
    "Array.prototype.push",
    "Object.prototype.toJSON",
    "Function.prototype.call",
    "JSON.stringify",
    "globalThis.Deno",
    "Deno.exit",
    "Deno.stderr.writeSync",
    "console.log",
    "globalThis.return_val",
    "Uint8Array.prototype.set",
    "Symbol.iterator",
    "Error.prepareStackTrace",
    "Object.prototype[0]",
    "globalThis.queueMicrotask",
    "TextEncoder.prototype.encode",
    "Map.prototype.get",
    "Math.random",
]
JAVASCRIPT_VALUES = [
    "null", "undefined", "0", "10n ** 500n", "{}", "() => { throw 1 }", "() => {}", "[]", "'x'.repeat(1e6)", "Symbol('x')", "NaN",
    "new Proxy({}, { get() { throw 1 } })", "{ toJSON() { throw 1 } }", "{ then(f) { f(1) } }", "'\\ud800'", "new Map([[{}, 1]])",
    "new Uint8Array(1e5)", "class A { static #x }", "async function* () { yield 1 }", "new Date(NaN)", "/(a+)+$/", "globalThis",
]  # fmt: skip
JAVASCRIPT_ACTIONS = [
    "{target} = {value};", "delete {target};", "return_val({value});", "console.log({value});", "throw {value};", "Deno.exit({small});",
    "Promise.reject({value});", "setTimeout(() => console.log({value}), {small});", "queueMicrotask(() => { throw {value} });",
    "await {value};", "Deno.stderr.writeSync(new Uint8Array({small}));", "process.exitCode = {value};", "Object.freeze({value});",
    "Object.defineProperty(globalThis, 'x{small}', { get() { throw 1 } });", "eval('{small}' + '+1'.repeat({small}));",
    "addEventListener('unload', () => {value});", "addEventListener('beforeunload', (e) => e.preventDefault());", "structuredClone({value});",
    "process.on('exit', () => console.log({small}));", "import('node:fs').catch(() => {});", "new Worker('data:text/javascript,1', { type: 'module' });",
    "JSON.stringify({value});", "prompt({value});", "Deno.stdout.close();",
]  # fmt: skip


def filled(chance: random.Random, action: str, targets: list[str], values: list[str]) -> str:
    """An action on a target with a value and a small number."""
    parts = {"{target}": chance.choice(targets), "{value}": chance.choice(values), "{small}": str(chance.randrange(40))}
    for name, text in parts.items():
        action = action.replace(name, text)
    return action


def python_program(chance: random.Random) -> str:
    """Statements, some of them inside of handlers and functions."""
    lines = ["import ast, asyncio, atexit, builtins, gc, io, json, os, sys, threading, traceback, types"]
    for _ in range(chance.randrange(1, 7)):
        action = chance.choice(PYTHON_ACTIONS)
        line = filled(chance, action, PYTHON_TARGETS, PYTHON_VALUES)
        frame = chance.choice(
            [
                "{}",
                "try:\n    {}\nexcept BaseException as e:\n    print(type(e))",
                "try:\n    {}\nfinally:\n    pass",
                "if True:\n    {}",
            ]
        )
        lines.append(frame.replace("{}", line))
    return "\n".join(lines)


def javascript_program(chance: random.Random) -> str:
    """The same in JavaScript."""
    lines = []
    for _ in range(chance.randrange(1, 7)):
        action = chance.choice(JAVASCRIPT_ACTIONS)
        line = filled(chance, action, JAVASCRIPT_TARGETS, JAVASCRIPT_VALUES)
        frame = chance.choice(
            [
                "%s",
                "try { %s } catch (e) { console.log(typeof e) }",
                "{ %s }",
                "(() => { %s })()" if "await" not in line else "%s",
            ]
        )
        lines.append(frame % line)
    return "\n".join(lines)


MAKERS: dict[str, Callable[[random.Random], str]] = {"python": python_program, "javascript": javascript_program}


def test_programs_made_at_random(run: Run) -> None:
    """Each gets an answer of the right shape that leaks nothing; those beside it are not disturbed."""
    seed = os.environ.get("FUZZ_SEED") or secrets.token_hex(4)
    chance = random.Random(seed)  # noqa: S311 -- to be repeated
    print(f"FUZZ_SEED={seed}")
    end = time.monotonic() + SECONDS

    def one(work: tuple[str, str]) -> None:
        language, code = work
        answer = run(code, language, timeout=1500, input="line\n")
        text = answer.stdout + answer.stderr + answer.ret_val
        assert answer.status in ANY, (seed, code)
        assert not LEAKS.search(text), (seed, code, text[:500])

    with ThreadPoolExecutor(AT_ONCE) as clients:
        while time.monotonic() < end:
            languages = [chance.choice(list(MAKERS)) for _ in range(AT_ONCE * 2)]
            list(clients.map(one, [(language, MAKERS[language](chance)) for language in languages]))
            assert run("1 + 1", "javascript", timeout=60_000).ret_val == "2", seed
