"""A program's result is what the runner says it is, whatever the program does to its streams and its own world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

REAL = "the real one"
SPY = """
const typed = Object.getPrototypeOf(Uint8Array.prototype);
const length = Object.getOwnPropertyDescriptor(typed, 'length').get;
const write = Deno.stderr.writeSync.bind(Deno.stderr);
const seen = new Set();
function look(bytes) {
  const size = length.call(bytes);
  if (size < 20 || size > 1000 || seen.has(size)) return;
  seen.add(size);
  const forged = new Uint8Array(bytes);
  const real = 'the real one';
  for (let n = 0; n + real.length <= size; n++) {
    if ([...real].every((letter, m) => forged[n + m] === letter.charCodeAt(0))) {
      forged.fill(70, n, n + real.length);
      write(forged);
    }
  }
}
"""
TRAPS = {
    "nothing": "",
    "length": "Object.defineProperty(typed, 'length', { get() { look(this); return length.call(this); } });",
    "byteLength": (
        "const bytes = Object.getOwnPropertyDescriptor(typed, 'byteLength').get;\n"
        "Object.defineProperty(typed, 'byteLength', { get() { look(this); return bytes.call(this); } });"
    ),
    "species": (
        "Uint8Array.prototype.constructor = { [Symbol.species]: class extends Uint8Array {\n"
        "  constructor(...given) { super(...given); if (given[0] instanceof ArrayBuffer) look(new Uint8Array(given[0])); } } };"
    ),
    "set": "const set = typed.set; typed.set = function (...a) { const r = set.apply(this, a); look(this); return r };",
    "subarray": "const sub = typed.subarray; typed.subarray = function (...a) { look(this); return sub.apply(this, a) };",
    "writeSync": (
        "const kind = Object.getPrototypeOf(Deno.stderr), own = kind.writeSync;\n"
        "kind.writeSync = function (p) { look(p); return own.call(this, p) };\n"
        "Deno.stderr.writeSync = function (p) { look(p); return own.call(this, p) };"
    ),
    "indexed setters": (
        "for (let n = 0; n < 64; n++) Object.defineProperty(Object.prototype, n, { set(v) { if (this instanceof Uint8Array)"
        " look(this) }, configurable: true });"
    ),
    "Function.prototype": (
        "for (const name of ['call', 'apply', 'bind']) {\n  const own = Function.prototype[name];\n"
        "  const target = own; Function.prototype[name] = new Proxy(target, { apply(f, self, args) {\n"
        "    for (const given of args) if (given instanceof Uint8Array) look(given);\n"
        "    return Reflect.apply(f, self, args) } });\n}"
    ),
    "Reflect and Uint8Array": (
        "globalThis.Uint8Array = new Proxy(Uint8Array, { construct(kind, given) {\n"
        "  const made = new kind(...given); queueMicrotask(() => look(made)); return made } });"
    ),
    "TextEncoder": (
        "const encode = TextEncoder.prototype.encode; TextEncoder.prototype.encode = function (t) {\n"
        "  const made = encode.call(this, t.replace('real', 'FORGED')); look(made); return made };"
    ),
}
BREAKS_DENO = {"indexed setters"}
"""Deno's own event loop fails under these: an error, and no value."""
SPOILED_JAVASCRIPT = [
    "String.prototype.toJSON = () => 'evil'",
    "Number.prototype.toJSON = Array.prototype.toJSON = () => 'evil'",
    "Object.defineProperty(Object.prototype, 'exitCode', { get() { return 9 }, set() {} })",
    "Object.defineProperty(Object.prototype, 'retVal', { get() { return 'evil' }, set() {} })",
    "Object.defineProperty(Object.prototype, 'thrown', { get() { return {} }, configurable: true })",
    "Array.prototype[Symbol.iterator] = null",
    "String.prototype[Symbol.iterator] = String.prototype.charCodeAt = String.prototype.length = null",
    "Promise.resolve = Promise.reject = globalThis.Promise = null",
    "Function.prototype.call = Function.prototype.bind = Function.prototype.apply = null",
    "globalThis.Number = globalThis.String = globalThis.Object = globalThis.Array = null",
    "globalThis.TextEncoder = globalThis.TextDecoder = globalThis.Error = null",
    "globalThis.setTimeout = globalThis.addEventListener = globalThis.dispatchEvent = null",
    "EventTarget.prototype.addEventListener = Event.prototype.preventDefault = null",
    "Object.freeze(globalThis); Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(Function.prototype)",
    "addEventListener('beforeunload', (event) => event.stopImmediatePropagation())",
    "Deno.stdout.close(); Deno.stdin.close()",
    "Deno.stdout.writeSync = Deno.stderr.writeSync = Deno.stdin.readSync = () => { throw 1 }",
    "for (const name of Object.getOwnPropertyNames(globalThis)) if (name !== 'return_val') try { delete globalThis[name] } catch { }",
    "for (const name of Object.getOwnPropertyNames(Deno)) try { delete Deno[name] } catch { }",
    "globalThis.require = globalThis.prompt = globalThis.process = null",
]
SPOILED_PYTHON = [
    "import sys\nsys.stdout.write = sys.stderr.write = None",
    "import sys\nsys.displayhook = sys.excepthook = sys.exit = None",
    "import io\nio.TextIOWrapper = io.StringIO = None",
    "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "import sys\nsys.addaudithook(lambda *a: None)",
    "import json.encoder\njson.encoder.encode_basestring = json.encoder.JSONEncoder.iterencode = None",
    "import builtins\nfor name in ('exec', 'eval', 'compile', 'isinstance', 'dict', 'type', 'BaseException'):\n"
    "    setattr(builtins, name, None)",
    "import builtins\nbuiltins.__import__ = builtins.__build_class__ = None",
    "__name__ = __builtins__ = __file__ = None",
    "globals().clear()\nfrom builtins import return_val",
    "import atexit\natexit._clear()\natexit.register(lambda: 1 / 0)",
    "import os\nfor fd in (0, 1):\n    os.close(fd)",
    "import os\nos.dup2(1, 2)",
    "import sys\nsys.setrecursionlimit(50)",
    "import gc\ngc.disable()\ngc.freeze()",
    "import asyncio\nasyncio.get_event_loop().close()",
    "import linecache, codecs, encodings\nlinecache.cache.clear()\ncodecs.lookup = None",
]
FRAMES = [
    "\\x00\\x00\\x00\\x06\\x02\\x00\\x00\\x00\\x00\\x00",
    "\\x00" * 16 + "\\x00\\x00\\x00\\x0c\\x02\\x00\\x00\\x00\\x00\\x00FORGED",
    "\\x00\\x00\\x00\\x01\\x01",
    '{"exitCode":0,"retVal":"FORGED","ownReturnVal":false}\\n',
    '{"jsonrpc":"2.0","id":1,"result":"FORGED"}\\n',
    "data: FORGED\\n\\n",
    "\\r\\n0\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n\\r\\n{}",
]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_result_cannot_be_forged_from_within(run: Run, trap: str) -> None:
    """A program that listens in on its own engine learns nothing that it could write a result with."""
    answer = run(f"{SPY}{TRAPS[trap]}\nreturn_val('{REAL}')", "javascript", timeout=5000)
    if trap in BREAKS_DENO:
        assert (answer.status, answer.ret_val) == ("error", "")
        assert "FFFF" not in answer.stderr
    else:
        assert (answer.status, answer.ret_val, answer.stderr) == ("ok", REAL, "")


def test_a_result_cannot_be_forged_through_python(run: Run) -> None:
    """Nor does a Python program that reaches its engine."""
    code = f"return_val({REAL!r})\nfrom pyodide.ffi import to_js\nSPY = {SPY + TRAPS['length']!r}\n"
    answer = run(code + "to_js([1]).constructor.constructor(SPY)()", timeout=5000)
    assert answer.ret_val in {REAL, ""}
    assert "FFFF" not in answer.stderr


@pytest.mark.parametrize("spoil", SPOILED_JAVASCRIPT)
def test_javascript_that_spoils_its_world_spoils_no_result(run: Run, spoil: str) -> None:
    """What was given before is the value, and the program ran to its end."""
    answer = run(f"return_val('{REAL}');\n{spoil};", "javascript", timeout=5000)
    assert (answer.status, answer.exit_code, answer.ret_val, answer.stderr) == ("ok", 0, REAL, "")


@pytest.mark.parametrize("spoil", SPOILED_PYTHON)
def test_python_that_spoils_its_world_spoils_no_result(run: Run, spoil: str) -> None:
    """The same, with what Python programs can reach."""
    answer = run(f"return_val({REAL!r})\n{spoil}", timeout=5000)
    assert (answer.status, answer.exit_code, answer.ret_val) == ("ok", 0, REAL)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("frame", FRAMES)
def test_what_looks_like_a_result_is_output(run: Run, stream: str, frame: str) -> None:
    """Byte for byte, before and after other output."""
    text = frame.encode().decode("unicode_escape")
    code = f"import sys\nsys.{stream}.write({text!r} + 'end')\nreturn_val({REAL!r})"
    script = f"process.{stream}.write('{frame}end'); return_val('{REAL}')"
    for answer in (run(code), run(script, "javascript")):
        printed = {"stdout": answer.stdout, "stderr": answer.stderr}
        assert printed == {"stdout": "", "stderr": ""} | {stream: text + "end"}
        assert (answer.status, answer.ret_val) == ("ok", REAL)


def test_a_task_cannot_print_for_the_next(run: Run) -> None:
    """Timers, exit handlers and finalisers of a task that has ended print nothing anywhere else."""
    run(
        "import asyncio, atexit\nasyncio.get_event_loop().call_later(0.05, print, 'left')\natexit.register(print, 'left')"
    )
    run("setTimeout(() => console.log('left'), 50); Deno.exit(0)", "javascript")
    run("new FinalizationRegistry(() => console.log('left')).register({}, 1); 1", "javascript")
    for language in ("python", "javascript", "typescript"):
        answer = run("1 + 1", language)
        assert (answer.stdout, answer.stderr, answer.ret_val) == ("", "", "2")
