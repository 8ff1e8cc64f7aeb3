"""Which modules programs can import, and how the others are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

NODE = {
    "assert": "strictEqual",
    "assert/strict": "strictEqual",
    "buffer": "Buffer",
    "console": "log",
    "crypto": "createHash",
    "events": "EventEmitter",
    "path": "join",
    "path/posix": "join",
    "path/win32": "join",
    "perf_hooks": "performance",
    "process": "exit",
    "punycode": "toASCII",
    "querystring": "parse",
    "readline": "createInterface",
    "readline/promises": "createInterface",
    "stream": "Readable",
    "stream/consumers": "text",
    "stream/promises": "pipeline",
    "stream/web": "ReadableStream",
    "string_decoder": "StringDecoder",
    "timers": "setTimeout",
    "timers/promises": "setTimeout",
    "url": "URL",
    "util": "inspect",
    "util/types": "isDate",
    "zlib": "gzipSync",
}
PYTHON = (
    "abc argparse array ast asyncio base64 binascii bisect bz2 calendar cmath cmd code codecs collections collections.abc"
    " colorsys concurrent.futures configparser contextlib contextvars copy csv ctypes dataclasses datetime decimal difflib"
    " dis doctest email.message enum errno fileinput filecmp fnmatch fractions functools gc getopt glob graphlib gzip"
    " hashlib heapq hmac html.parser http importlib.metadata inspect io ipaddress itertools json keyword linecache locale"
    " logging lzma marshal math mimetypes numbers operator os.path pathlib pdb pickle platform pprint profile queue random"
    " re reprlib sched secrets select selectors shelve shlex shutil signal socket sqlite3 ssl stat statistics string"
    " stringprep struct subprocess symtable sys tarfile tempfile textwrap threading time timeit tokenize tomllib trace"
    " traceback tracemalloc types typing unicodedata unittest.mock urllib.parse urllib.request uuid warnings wave weakref"
    " xml.dom.minidom xml.etree.ElementTree zipfile zlib zoneinfo"
)
USES = [
    ("import assert from 'assert'; assert.throws(() => assert.deepEqual({ a: 1 }, { a: 2 })); 1", "1"),
    ("import { createHash } from 'crypto'; createHash('sha256').update('a').digest('hex').slice(0, 8)", '"ca978112"'),
    ("import { gzipSync, gunzipSync } from 'zlib'; String(gunzipSync(gzipSync('text')))", '"text"'),
    (
        "import { once, EventEmitter } from 'events'; const e = new EventEmitter(); setTimeout(() => e.emit('x', 1), 1);"
        " await once(e, 'x')",
        "[1]",
    ),
    (
        "import { pipeline } from 'stream/promises'; import { Readable, PassThrough } from 'stream';"
        " import { text } from 'stream/consumers'; const out = new PassThrough();"
        " await Promise.all([text(out), pipeline(Readable.from(['a', 'b']), out)]).then(([all]) => all)",
        '"ab"',
    ),
    ("import { promisify, format } from 'util'; format('%s', await promisify((f) => f(null, 'x'))())", '"x"'),
    ("import url, { fileURLToPath as to } from 'url'; [typeof url.parse, to('file:///a')]", '["function","/a"]'),
    ("import * as path from 'path'; [path.default === path.default, path.join('a', '..', 'b')]", '[true,"b"]'),
    ("import { setTimeout as later } from 'node:timers/promises'; await later(1, 'v')", '"v"'),
    ("const { AsyncLocalStorage: A } = require('async_hooks'); new A().run(5, () => 6)", "6"),
    ("import { default as b } from 'buffer'; b.Buffer.from('eA==', 'base64').toString()", '"x"'),
    ("const [a, b] = await Promise.all([import('path'), import('node:path')]); a.join === b.join", "true"),
    ("require('node:path') === require('path')", "true"),
    ("export * from 'path'; export { join as j } from 'path'; 1", "1"),
]
SPECIFIERS = [
    "",
    " ",
    "NODE:path",
    "node:",
    "node:node:path",
    "path/",
    "./path",
    "/path",
    "path?x",
    "blob:x",
    "about:blank",
    "😀",
]


@pytest.mark.parametrize("language", ["javascript", "typescript"])
def test_nodes_modules_that_need_no_permission_can_be_imported(run: Run, language: str) -> None:
    """By `import`, by `import()` and by `require`, with and without `node:`, and they hold what Node's hold."""
    names = [*NODE, *(f"node:{name}" for name in NODE)]
    static = "".join(f"import * as m{n} from {json.dumps(name)};\n" for n, name in enumerate(names))
    members = json.dumps([NODE[name.removeprefix("node:")] for name in names])
    modules = ", ".join(f"m{n}" for n in range(len(names)))
    code = (
        f"{static}const names = {json.dumps(names)}, members = {members}, all = [{modules}];\nconst missing = [];\n"
        "for (const [n, name] of names.entries()) {\n"
        "  for (const found of [all[n], await import(name), require(name)]) {\n"
        "    if (typeof found[members[n]] === 'undefined') missing.push(name);\n  }\n}\nmissing"
    )
    answer = run(code, language)
    assert (answer.ret_val, answer.stderr) == ("[]", "")


@pytest.mark.parametrize(("code", "value"), USES)
def test_imported_modules_work(run: Run, code: str, value: str) -> None:
    """In all forms of import that the language has."""
    answer = run(code, "javascript")
    assert (answer.ret_val, answer.stderr) == (value, "")


@pytest.mark.parametrize("name", SPECIFIERS)
def test_an_odd_specifier_is_refused(run: Run, name: str) -> None:
    """Whatever is not exactly the name of a module that can be imported."""
    code = "const refused = [];\nfor (const load of [(n) => import(n), require]) {\n"
    code += "  try { await load(NAME); refused.push(null) } catch (error) { refused.push(String(error)) }\n}\nrefused"
    answer = run(code.replace("NAME", json.dumps(name)), "javascript")
    for message in json.loads(answer.ret_val):
        assert isinstance(message, str)
        assert json.dumps(name, ensure_ascii=False) in message


def test_a_specifier_need_not_be_a_text(run: Run) -> None:
    """Something that is no text, or cannot become one, is an error of the program."""
    code = (
        "const caught = [];\nfor (const name of [undefined, null, 5, {}, [], Symbol('s'), { toString() { throw 1 } }, () => 1])"
        " {\n  for (const load of [(n) => import(n), require]) await Promise.try(load, name).catch(() => caught.push(1));\n}\n"
        "caught.length"
    )
    assert run(code, "javascript").ret_val == "16"


def test_a_refused_import_can_be_caught(run: Run) -> None:
    """It is an error like any other, and the program goes on."""
    code = (
        "try { require('fs') } catch (error) { console.log(error.message) }\nawait import('net').catch(() => 'caught')"
    )
    answer = run(code, "javascript")
    assert (answer.status, answer.ret_val) == ("ok", '"caught"')
    assert "fs" in answer.stdout


def test_a_static_import_is_refused_before_anything_runs(run: Run) -> None:
    """Imports come first, wherever they stand."""
    for language in ("javascript", "typescript"):
        answer = run("console.log('ran');\nimport { x } from './x.js';\nconsole.log(x)", language)
        assert (answer.status, answer.stdout) == ("error", "")
        assert "./x.js" in answer.stderr


def test_the_python_standard_library_can_be_imported(run: Run) -> None:
    """All that a sandbox without terminals and processes of its own can have."""
    code = f"import importlib\nmissing = []\nfor name in {PYTHON!r}.split():\n"
    code += "    try:\n        importlib.import_module(name)\n    except ImportError as error:\n        missing.append(str(error))\n"
    answer = run(code + "missing")
    assert (answer.ret_val, answer.stderr) == ("[]", "")


@pytest.mark.parametrize("name", ["nothing", "nothing.at.all", "os.nothing", "requests", "пакет"])
def test_a_python_module_that_is_not_there_is_named(run: Run, name: str) -> None:
    """`ModuleNotFoundError`, at the line of the import, and nothing is fetched."""
    answer = run(f"x = 1\nimport {name}")
    assert (answer.status, answer.exit_code) == ("error", 1)
    assert 'File "main.py", line 2' in answer.stderr
    assert "ModuleNotFoundError: No module named " in answer.stderr
    assert name.split(".", maxsplit=1)[0] in answer.stderr


def test_python_modules_of_the_program_itself(run: Run) -> None:
    """A program may write modules, to its folder or wherever it adds to the path, and import them."""
    code = "import sys\nopen('mine.py', 'w').write('x = 5')\nimport mine\n"
    code += "open('/tmp/other.py', 'w').write('y = 6')\nsys.path.append('/tmp')\nimport other\n[mine.x, other.y]"
    assert run(code).ret_val == "[5, 6]"


def test_asyncio_runs_in_every_form(run: Run) -> None:
    """Loops of the program's own, runners and test cases included."""
    code = (
        "import asyncio, unittest\nasync def f(n):\n    await asyncio.sleep(0.001)\n    return n\n"
        "def new():\n    loop = asyncio.new_event_loop()\n    return loop.run_until_complete(f(2))\n"
        "def runner():\n    with asyncio.Runner() as runner:\n        return runner.run(f(3))\n"
        "class T(unittest.IsolatedAsyncioTestCase):\n    async def test(self): self.assertEqual(await f(4), 4)\n"
        "def case(): return 4 if unittest.main(exit=False).result.wasSuccessful() else 0\n"
        "[asyncio.run(f(1)), new(), runner(), case(), asyncio.new_event_loop().run_until_complete(f(5))]"
    )
    assert run(code).ret_val == "[1, 2, 3, 4, 5]"
