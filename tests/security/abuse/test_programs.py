"""Abuses that are one program: escapes, forgeries, floods, bombs."""

import pytest

from tests.conformance.client import Run
from tests.security.abuse.case import ANY, ENDED, Case, javascript, name_of, python, typescript

OK = frozenset({"ok"})
ERROR = frozenset({"error"})
FAILED = ERROR | ENDED
REALM = "from pyodide.ffi import to_js\nF = to_js([1]).constructor.constructor\n"
"""Python's shortest way to a function of the realm around it."""
DENIED = "NotCapable|Requires|not a function|undefined|null|NotSupported|denied"
TRY_ALL = """
const denied = [];
for (const [name, action] of Object.entries({
  read: () => Deno.readTextFileSync('/etc/passwd'), write: () => Deno.writeTextFileSync('/tmp/x', ''),
  net: () => Deno.listen({ port: 0 }), env: () => Deno.env.toObject(), run: () => new Deno.Command('ls').outputSync(),
  sys: () => Deno.hostname(), ffi: () => Deno.dlopen('libc.so.6', {}), link: () => Deno.symlinkSync('/', '/tmp/l'),
  chmod: () => Deno.chmodSync('/tmp', 0), temporary: () => Deno.makeTempFileSync(), kill: () => Deno.kill(1, 'SIGTERM'),
})) {
  try { action(); denied.push(name + ' OP' + 'EN'); } catch (error) { denied.push(error.name); }
}
"""
FETCHES = " ".join(
    f"try {{ await fetch('{url}'); out.push('OP' + 'EN') }} catch (e) {{ out.push(e.name) }}"
    for url in (
        "http://127.0.0.1:8889/health",
        "http://169.254.169.254/",
        "http://[::ffff:127.0.0.1]:8889/",
        "http://2130706433:8889/",
        "http://0x7f000001:8889/",
        "http://localhost:8889/",
        "file:///etc/passwd",
        "https://deno.land/x/",
    )
)

A_PYTHON_TO_JAVASCRIPT = [
    python(1, "import js\nprint(hasattr(js, 'Deno'), hasattr(js, 'process'))", stdout="False False\n"),
    python(2, REALM + f"print(F({TRY_ALL!r} + 'return denied.join()')())", hides="OPEN", shows="NotCapable"),
    python(
        3, f"from pyodide.code import run_js\nprint(run_js({TRY_ALL!r} + 'denied.join()'))", status=ERROR, hides="OPEN"
    ),
    python(3, "import js\nprint(hasattr(js, 'eval'), hasattr(js, 'Function'))", stdout="False False\n"),
    python(4, "import pyodide_js\npyodide_js._api.fatal_error = None\npyodide_js._module._free = None\n1", status=ANY),
    python(4, "import pyodide_js\nprint(pyodide_js.FS.readdir('/').to_py())", hides="etc|root|bin"),
    python(5, "import pyodide_js\nawait pyodide_js._api.loadBinaryFile('/etc/passwd')", status=ERROR),
    python(6, REALM + "print(F('return typeof require')())", stdout="undefined\n"),
    python(
        6,
        REALM + 'p = F(\'return import("node:child_process").then((c) => c.spawnSync("ls"))\')()\nawait p',
        status=ERROR,
        shows=DENIED,
    ),
    *(
        python(
            7,
            REALM
            + f'p = F(\'return import("node:fs").then((f) => f.readFileSync("{path}", "utf8"))\')()\nprint(await p)',
            status=ERROR,
            shows=DENIED,
        )
        for path in ("/etc/hostname", "/proc/self/environ", "/proc/1/environ")
    ),
    python(8, "import ctypes\nctypes.CDLL(None).emscripten_run_script(b'Deno.exit(7)')", status=ANY),
    python(8, "import ctypes\nctypes.pythonapi.PyRun_SimpleString(b'print(6 * 7)')", status=ANY),
    python(
        9,
        "import ctypes\nopen('/tmp/x.so', 'wb').write(b'\\0asm\\1\\0\\0\\0' + b'\\0\\x10dylink.0' * 9)\nctypes.CDLL('/tmp/x.so')",
        status=FAILED,
    ),
    python(
        10,
        "import pyodide_js\npyodide_js.mountNodeFS('/mnt', '/')\nimport os\nprint(os.listdir('/mnt'))",
        status=FAILED,
    ),
    python(
        10,
        "import pyodide_js\nFS = pyodide_js.FS\nFS.mkdir('/m')\nFS.mount(FS.filesystems.NODEFS, {'root': '/'}, '/m')\n"
        "import os\nprint(os.listdir('/m'))",
        status=FAILED,
    ),
    python(
        11,
        REALM + "F('JSON.stringify = JSON.parse = () => 1; Object.prototype.toJSON = () => 2')()\n'value'",
        ret_val='"value"',
    ),
    python(
        12,
        REALM
        + "F('Promise.prototype.then = Array.prototype.map = Map.prototype.get = console.log = null')()\nresult = 1",
        status=ANY,
    ),
    python(
        13,
        REALM + "F('Object.prototype.polluted = 1')()\nresult = {'__proto__': 1, 'constructor': 2}",
        ret_val='{"__proto__": 1, "constructor": 2}',
    ),
    python(14, REALM + "F('setInterval(() => console.log(\"left\"), 1)')()\n1", ret_val="1", stdout=""),
    python(
        15,
        REALM + "F('try { postMessage({ retVal: 9 }) } catch {}; new BroadcastChannel(\"x\").postMessage(9)')()\n1",
        status=ANY,
        hides="9",
    ),
    python(16, REALM + "F('self.close()')()\nresult = 1", status=ANY),
    python(16, REALM + "F('Deno.exit(0)')()\nresult = 1", status=FAILED, ret_val=""),
    python(
        17,
        REALM + 'F(\'for (let n = 0; n < 40; n++) new Worker("data:text/javascript,for(;;);", {type: "module"})\')()\n'
        "while True: pass",
        status=FAILED,
        timeout=1500,
    ),
    python(18, REALM + "print(F('return typeof localStorage + typeof caches + typeof Deno.openKv')())", status=ANY),
    python(
        19,
        REALM
        + f"print(await F('return (async () => {{ const out = []; ' + {FETCHES!r} + '; return out.join() }})()')())",
        hides="OPEN",
    ),
]

B_JAVASCRIPT = [
    javascript(20, "import x from 'file:///etc/passwd' with { type: 'json' }; x", status=ERROR, hides="daemon"),
    javascript(20, "import x from '../../config.json' with { type: 'json' }; x", status=ERROR),
    javascript(20, "import x from './deno.json' with { type: 'json' }; x", status=ERROR, hides="pyodide"),
    *(
        javascript(21, f"await import('{name}')", status=ERROR, shows="cannot import")
        for name in ("https://esm.sh/x", "npm:left-pad", "jsr:@std/fs", "http://127.0.0.1:8889/")
    ),
    javascript(21, "import 'https://deno.land/std/fs/mod.ts'", status=ERROR),
    javascript(22, "await import('data:application/typescript,import \"https://example.com/x.ts\"')", status=ERROR),
    javascript(
        22, "await eval('import(\"data:text/javascript,import%20%22https://example.com/x.ts%22\")')", status=FAILED
    ),
    *(
        javascript(23, f"await import('node:{name}')", status=ERROR, shows="cannot import")
        for name in ("fs", "vm", "worker_threads", "inspector", "sqlite", "child_process", "net", "os", "module")
    ),
    javascript(23, "process.loadEnvFile('/etc/passwd')", status=ERROR),
    javascript(23, "process.binding('fs').open('/etc/passwd')", status=ERROR),
    javascript(24, "Deno[Deno.internal].core.ops.op_panic?.('x'); Deno[Deno.internal].core.print('x')", status=ANY),
    javascript(
        24,
        "const c = Deno[Deno.internal].core; try { c.ops.op_fs_read_file_sync?.('/etc/passwd') } catch {}",
        status=ANY,
    ),
    *(
        javascript(25, code, status=FAILED, timeout=1500)
        for code in (
            "Error.prepareStackTrace = () => { for (;;); }; null.x",
            "throw { [Symbol.for('nodejs.util.inspect.custom')]() { for (;;); } }",
            "throw { get message() { throw 1 }, get stack() { throw 2 } }",
            "throw { toString() { for (;;); } }",
            "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw e } }); throw e",
        )
    ),
    *(
        javascript(26, code, status=FAILED, timeout=1500)
        for code in (
            "throw null",
            "throw undefined",
            "throw Symbol('x')",
            "throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })",
            "Promise.reject(() => 1)",
            "throw { get stack() { for (;;); } }",
        )
    ),
    *(
        javascript(27, f"return {code}", status=ANY, timeout=2000)
        for code in (
            "new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })",
            "{ toJSON() { for (;;); } }",
            "10n ** 20n",
            "Symbol('x')",
            "() => 1",
            "(() => { const a = {}; a.a = a; return a })()",
            "new Map([[1, new Set([2])]])",
            "[NaN, -0, Infinity]",
            "new Date(NaN)",
            "new Float64Array(3)",
            "new WeakRef({})",
        )
    ),
    javascript(28, "({ then() {} })", status=frozenset({"timeout"}), timeout=1000),
    javascript(29, "await new Promise(() => {})", status=frozenset({"timeout"}), timeout=1000),
    javascript(29, "setInterval(() => {}, 1000); 1", status=frozenset({"timeout"}), timeout=1000),
    javascript(29, "setTimeout(() => Promise.reject(new Error('late')), 10); 1", status=ERROR, shows="late"),
    javascript(30, "for (;;) await null", status=frozenset({"timeout"}), timeout=1000),
    *(
        javascript(31, code, status=ENDED | ERROR, timeout=1000)
        for code in (
            "while (true) {}",
            "/^(a+)+$/.test('a'.repeat(40) + 'b')",
            "JSON.parse('[' + '1,'.repeat(1e8) + '1]')",
            "2n ** 10000000n ** 2n",
            "new Array(2 ** 32 - 1).fill(0)",
        )
    ),
    javascript(
        32, "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", status=frozenset({"timeout"}), timeout=1000
    ),
    javascript(32, "Deno.stdin.readSync(new Uint8Array(1))", ret_val="null"),
    javascript(
        33,
        "globalThis.console = globalThis.Deno = globalThis.JSON = 1; Object.freeze(Array.prototype); parseInt = null; [1]",
        ret_val="[1]",
    ),
    javascript(33, "const console = 1, Deno = 2, JSON = 3, globalThis = 4; JSON", ret_val="3"),
    *(
        javascript(34, code, status=ERROR, shows="SyntaxError")
        for code in ("})();", "*/ 1", "`", "'", "/*", "}; evil(); {", "})\n(async () => {")
    ),
    javascript(34, "'${1}`' // ``` */", ret_val='"${1}`"'),
    javascript(34, "#!/usr/bin/env node\n'use strict'; return 1", ret_val="1"),
    javascript(34, "\ufeff1 <!-- 2\n--> 3", status=ANY),
    javascript(34, "'a\u2028b'.length", ret_val="3"),
    javascript(34, "\n\nnull.x", status=ERROR, shows=r"main\.js:3:"),
    typescript(35, "const a: number = 'x'; a", ret_val='"x"'),
    typescript(35, "enum E { A = 4 }\nconst o = { a: 1 } satisfies object;\nE.A", ret_val="4"),
    typescript(
        35,
        "type T<N> = N extends [infer A, ...infer R] ? T<R> : N;\n" + "type U = T<[1]>;\n" * 20_000 + "1",
        status=ANY,
    ),
    javascript(
        36, "const all = []; for (;;) all.push(new WebAssembly.Memory({ initial: 16000 }))", status=FAILED, timeout=5000
    ),
    javascript(
        36,
        "const all = []; for (;;) { const m = new WebAssembly.Memory({ initial: 4000 }); new Uint8Array(m.buffer).fill(1); all.push(m) }",
        status=FAILED,
        timeout=10_000,
    ),
    javascript(
        36,
        "const code = new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]);\n"
        "new WebAssembly.Instance(new WebAssembly.Module(code)).exports.f()",
        status=frozenset({"timeout"}),
        timeout=1000,
    ),
    javascript(37, "typeof SharedArrayBuffer", status=OK),
    javascript(
        37,
        "const w = new Worker('data:text/javascript,postMessage(Deno.readTextFileSync(\"/etc/passwd\"))', { type: 'module' }); await new Promise((r) => { w.onmessage = r; w.onerror = r })",
        status=ANY,
    ),
]

C_FORGERY = [
    python(
        38,
        "print('__COZE_RETURN_VAL_START__')\nprint('x')\nprint('__COZE_RETURN_VAL_END__')\nresult = 1",
        stdout="__COZE_RETURN_VAL_START__\nx\n__COZE_RETURN_VAL_END__\n",
        ret_val="1",
    ),
    javascript(
        38,
        'console.log(\'{"jsonrpc":"2.0","id":1,"result":1}\'); console.log(\'data: 1\\n\\n\'); 2',
        ret_val="2",
        shows="jsonrpc",
    ),
    python(
        39,
        "import os, sys\nsys.__stdout__.write('a')\nos.write(1, b'b')\nfor fd in range(3, 21):\n    try: os.write(fd, b'x' * 64)\n    except OSError: pass\nresult = 1",
        stdout="ab",
        ret_val="1",
    ),
    python(39, "open('/dev/stdout', 'w').write('x')\nresult = 1", status=ANY),
    javascript(
        39,
        "Deno.stderr.writeSync(new Uint8Array(64)); Deno.stdout.writeSync(new Uint8Array(4)); 1",
        ret_val="1",
        stdout="\0\0\0\0",
    ),
    python(
        40,
        "print('\\0\\0\\0\\5', '\\r\\n\\r\\nHTTP/1.1 200 OK', '\\x1b]0;x\\x07', '</output>', sep='|')\nresult = 1",
        stdout="\0\0\0\5|\r\n\r\nHTTP/1.1 200 OK|\x1b]0;x\x07|</output>\n",
        ret_val="1",
    ),
    javascript(
        41,
        "for (let n = 0; n < 20000; n++) { const b = crypto.getRandomValues(new Uint8Array(27)); b.set([0, 0, 0, 7, 2, 0, 0, 0, 9, 0, 70], 16); Deno.stderr.writeSync(b) } return 'real'",
        ret_val='"real"',
    ),
    python(
        42,
        "import atexit, weakref\nclass A:\n    def __del__(self): print('del')\na = A()\natexit.register(print, 'exit')\nweakref.finalize(a, print, 'final')\nresult = 1",
        ret_val="1",
    ),
    javascript(42, "new FinalizationRegistry(() => console.log('late')).register({}, 1); 1", ret_val="1", stdout=""),
    python(
        43,
        "import builtins, json, sys, traceback\nbuiltins.print = json.dumps = traceback.format_exc = None\nsys.stdout = sys.displayhook = sys.excepthook = object()\nresult = 5",
        status=ANY,
        hides="faaspool",
    ),
    *(
        python(44, code, status=FAILED, timeout=5000)
        for code in (
            "class E(Exception):\n    def __str__(self): raise self\nraise E",
            "class E(Exception):\n    def __repr__(self):\n        while True: pass\n    __str__ = __repr__\nraise E",
            "e = None\nfor n in range(100_000):\n    x = ValueError(n)\n    x.__cause__ = e\n    e = x\nraise e",
            "raise ValueError('x' * 10_000_000)",
            "e = ValueError()\nfor n in range(10_000): e = ExceptionGroup('g', [e])\nraise e",
        )
    ),
    *(
        python(45, f"class A:\n    {body}\nresult = A()", status=ANY, timeout=3000)
        for body in (
            "def __repr__(self): raise ValueError",
            "__class__ = dict",
            "def __iter__(self):\n        while True: yield 1",
            "def __len__(self): return 2 ** 60",
            "def __repr__(self): return 'x' * 100_000_000",
        )
    ),
    python(45, "class D(dict): pass\nresult = D({(1, 2): 3, None: 4})", status=ANY),
]

D_RESOURCES = [
    python(46, "import os\nfor n in range(1024): os.write(1, b'x' * (1 << 20))", timeout=60_000),
    javascript(
        46, "const b = new Uint8Array(1 << 20); for (let n = 0; n < 1024; n++) Deno.stderr.writeSync(b)", timeout=60_000
    ),
    python(46, "import os\nfor n in range(10 ** 7): os.write(1, b'x')", status=OK | ENDED, timeout=4000),
    python(47, "result = 'x' * 50_000_000", status=FAILED, shows="larger than|MemoryError"),
    javascript(47, "return 'x'.repeat(2e8)", status=FAILED),
    python(47, "a = []\nfor n in range(100_000): a = [a]\nresult = a", status=ANY),
    javascript(47, "let a = []; for (let n = 0; n < 1e5; n++) a = [a]; return a", status=ANY),
    python(48, "bytearray(3 << 30)", status=FAILED, shows="MemoryError|OverflowError"),
    python(48, "a = []\nwhile True: a.append(bytearray(1 << 20))", status=FAILED, shows="MemoryError|memory"),
    python(49, "a = bytearray(150 << 20)\ndel a\nresult = 1", ret_val="1"),
    *(
        python(50, code, status=FAILED)
        for code in (
            "def f(): f()\nf()",
            "import functools\np = functools.partial(lambda: 0)\np.__setstate__((p, (), {}, {}))\nrepr(p)\np()",
            "import json\njson.loads('[' * 1_000_000)",
            "import ast\nast.parse('(' * 100_000)",
            "import re\nre.compile('(' * 100_000)",
            "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f()\nf()",
        )
    ),
    *(
        python(51, code, status=ANY)
        for code in (
            "import os\nos._exit(0)",
            "import os\nos.abort()",
            "import signal\nsignal.raise_signal(9)",
            "import _pyodide_core\n_pyodide_core.trigger_fatal_error()",
        )
    ),
    *(
        python(52, code, status=frozenset({"timeout"}), timeout=1000)
        for code in (
            "while True: pass",
            "x = 7 ** 10 ** 8",
            "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
            "sum(range(10 ** 12))",
            "import time\ntime.sleep(1e6)",
            "import asyncio\nawait asyncio.sleep(1e6)",
        )
    ),
    python(
        53,
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        status=frozenset({"timeout"}),
        timeout=1000,
    ),
    python(
        53,
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        status=frozenset({"timeout"}),
        timeout=1000,
    ),
    python(54, "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))", status=FAILED, timeout=10_000),
    python(54, "for n in range(10 ** 6): open(f'/tmp/{n}', 'w').close()", status=ANY, timeout=3000),
    python(
        54,
        "import os\nfor n in range(20): os.symlink(f'/tmp/{n + 1}', f'/tmp/{n}')\nos.symlink('/tmp/0', '/tmp/20')\nopen('/tmp/0')",
        status=ERROR,
    ),
    python(54, "open('/tmp/' + 'x' * 4096, 'w').close()", status=ANY),
    python(54, "f = open('/tmp/x', 'wb')\nf.seek(2 ** 40)\nf.write(b'x')", status=ANY),
    python(
        55,
        "import zlib\nd = zlib.compress(b'\\0' * 10_000_000)\nfor n in range(3): d = zlib.compress(d)\nx = zlib.decompress(zlib.decompress(zlib.decompress(zlib.decompress(d))) * 60)",
        status=ANY,
    ),
    *(
        python(56, code, status=FAILED)
        for code in (
            "import os\nos.fork()",
            "import subprocess\nsubprocess.run(['ls'])",
            "import threading\nthreading.Thread(target=print).start()",
            "import multiprocessing\nmultiprocessing.Process(target=print).start()",
            "import socket\nsocket.create_connection(('127.0.0.1', 8889), timeout=1).recv(1)",
        )
    ),
]

G_SNAPSHOT = [
    python(
        81,
        REALM + "print(F('return [Deno.execPath(), Deno.mainModule, typeof caches].join()')())",
        stdout="deno,file:///main.py,undefined\n",
    ),
    python(80, "d = {}\nfor n in range(100_000): d[n * (2 ** 31 - 1)] = n\nlen(d)", status=OK | ENDED, timeout=3000),
    python(
        81,
        "import os, sys\nprint(dict(os.environ), sys.argv, [p for p in sys.path if 'work' in p or 'opt' in p])",
        stdout="{} ['main.py'] []\n",
    ),
    python(85, "import a_package_not_vendored", status=ERROR, shows="No module named 'a_package_not_vendored'"),
]

H_BELT = [
    javascript(86, TRY_ALL + "return denied", hides="OPEN", shows="NotCapable"),
    typescript(86, TRY_ALL + "return denied", hides="OPEN", shows="NotCapable"),
    javascript(
        87,
        "const s = []; for (const name of ['read', 'write', 'net', 'env', 'run', 'ffi', 'sys', 'import']) s.push((await Deno.permissions.request({ name })).state); return [...new Set(s)]",
        ret_val='["denied"]',
    ),
    *(
        javascript(88, f"Deno.readTextFileSync('{path}')", status=ERROR, shows="NotCapable")
        for path in (
            "/proc/self/maps",
            "/proc/self/environ",
            "/proc/self/mem",
            "/proc/self/fd/0",
            "/dev/ptmx",
            "/sys/fs/cgroup/memory.max",
        )
    ),
    python(
        88,
        "import os\nfor p in ('/proc/self/maps', '/proc/self/environ', '/etc/passwd', '/opt', '/work'):\n    print(os.path.exists(p))",
        hides="True",
    ),
]

ALL = [*A_PYTHON_TO_JAVASCRIPT, *B_JAVASCRIPT, *C_FORGERY, *D_RESOURCES, *G_SNAPSHOT, *H_BELT]


@pytest.mark.parametrize("case", ALL, ids=[name_of(case) for case in ALL])
def test_abuse(run: Run, case: Case) -> None:
    """A program that costs nobody anything but its own task."""
    case.check(run)
