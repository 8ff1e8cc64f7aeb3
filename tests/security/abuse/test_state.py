"""Abuses across tasks: what one leaves for the next, and what copies of one memory image share."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.client import Run

ROUNDS = 3
LEFT_BY_PYTHON = [
    (71, "import builtins, sys, json, os, random, decimal, warnings\nbuiltins.len = None\nsys.modules['json'] = None\n"
     "os.environ['LEFT'] = '1'\nos.chdir('/tmp')\nrandom.seed(0)\ndecimal.getcontext().prec = 3\nwarnings.simplefilter('error')",
     "import os, json, decimal\nassert len([1]) == 1 and json.dumps(1) == '1' and 'LEFT' not in os.environ\n"
     "assert os.getcwd() != '/tmp' and decimal.getcontext().prec == 28"),
    (72, "open('/tmp/left', 'w').write('x')\nimport sys, os\nopen(os.path.expanduser('~/json.py'), 'w').write('left = 1')",
     "import os, json\nassert not os.path.exists('/tmp/left') and not hasattr(json, 'left')"),
    (73, "import asyncio, atexit, gc, sys\nasyncio.get_event_loop().call_later(0.05, print, 'left')\n"
     "atexit.register(print, '')\ngc.callbacks.append(print)\nsys.addaudithook(lambda *a: None)\nsys.settrace(lambda *a: None)",
     "import gc, sys\nassert not gc.callbacks and sys.gettrace() is None"),
    (74, "import sys\nsys.meta_path.insert(0, type('F', (), {'find_spec': lambda *a: 1 / 0})())\nsys.path_hooks.clear()",
     "import sys, wave\nassert sys.path_hooks"),
    (75, "from pyodide.ffi import to_js\nto_js([1]).constructor.constructor('globalThis.left = 1')()",
     "from pyodide.ffi import to_js\nassert to_js([1]).constructor.constructor('return globalThis.left')() is None"),
    (76, "left = 'needle-' + 'of-the-first-task'\nkept = [left * 100]",
     "import gc\nneedle = 'needle-' + 'of-the-first'\nassert not any(isinstance(o, list) and o and isinstance(o[0], str)"
     " and o[0].startswith(needle) for o in gc.get_objects())"),
    (77, "import sys, os\nprint('partial', flush=True)\nos.abort()", "pass"),
    (78, "import sys\nsys.last_exc = sys.last_value = 1\n_ = 'left'",
     "import sys\nassert not hasattr(sys, 'last_exc') and '_' not in globals()"),
]  # fmt: skip
LEFT_BY_JAVASCRIPT = [
    (71, "globalThis.left = 1; Array.prototype.map = null; Math.random = () => 4; Deno.exitCode = 9",
     "if (typeof left !== 'undefined' || [1].map((x) => x)[0] !== 1 || Math.random() === 4) throw 1"),
    (73, "setInterval(() => console.log('left'), 1); addEventListener('unload', () => console.log('left')); Deno.exit(0)", "1"),
    (18, "try { localStorage.left = '1' } catch {} try { await (await caches.open('x')).put('http://x/', new Response('x')) } catch {}",
     "if (typeof localStorage !== 'undefined' || typeof caches !== 'undefined') throw 1"),
]  # fmt: skip
UNIQUE = {
    "python": "import random, uuid, secrets, tempfile, os\n"
    "r = random.Random()\n[random.random(), r.random(), str(uuid.uuid4()), str(uuid.uuid1()), secrets.token_hex(), next(tempfile._get_candidate_names()), os.urandom(8).hex()]",
    "javascript": "[Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(16)).join()]",
}


@pytest.mark.parametrize(
    ("number", "first", "second"), LEFT_BY_PYTHON, ids=[f"{case[0]:03}" for case in LEFT_BY_PYTHON]
)
def test_a_python_task_leaves_nothing(run: Run, number: int, first: str, second: str) -> None:
    """However often, whichever sandbox the next one meets."""
    for _ in range(ROUNDS):
        run(first)
        answer = run(second)
        assert (answer.status, answer.stdout, answer.stderr) == ("ok", "", ""), number


@pytest.mark.parametrize(
    ("number", "first", "second"), LEFT_BY_JAVASCRIPT, ids=[f"{case[0]:03}" for case in LEFT_BY_JAVASCRIPT]
)
def test_a_javascript_task_leaves_nothing(run: Run, number: int, first: str, second: str) -> None:
    """The same in the other engine."""
    for _ in range(ROUNDS):
        run(first, "javascript")
        answer = run(second, "javascript")
        assert (answer.status, answer.stdout, answer.stderr) == ("ok", "", ""), number


@pytest.mark.parametrize("language", UNIQUE)
def test_079_nothing_random_is_the_same_twice(run: Run, language: str) -> None:
    """Copies of one memory image, and processes of one engine, differ in every source of chance."""
    seen = [
        run(UNIQUE[language], language).ret_val.strip("[]").split(", " if language == "python" else ',"')
        for _ in range(6)
    ]
    for values in zip(*seen, strict=True):
        assert len(set(values)) == len(values), values


def test_082_clocks_are_right_after_the_copy(run: Run) -> None:
    """Wall clocks agree with the service's answer, monotonic ones go on, the zone is UTC."""
    answer = run(
        "import time, datetime\na = time.monotonic()\nb = time.monotonic()\n[time.time(), b >= a, time.timezone, time.perf_counter() > 0]"
    )
    clock, monotone, zone, started = json.loads(answer.ret_val)
    told = int(answer.metadata["task_id"].split("-")[1]) / 1000
    assert abs(clock - told) < 60
    assert (monotone, zone, started) == (True, 0, True)
    assert run("Intl.DateTimeFormat().resolvedOptions().timeZone", "javascript").ret_val == '"UTC"'


def test_060_more_tasks_than_anyone_has_room_for(run: Run) -> None:
    """A hundred at once: each is answered."""
    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(lambda n: run(f"{n}", "javascript", timeout=60_000), range(100)))
    assert [answer.ret_val for answer in answers] == [str(n) for n in range(100)]


def test_092_one_that_crashes_harms_no_other(run: Run) -> None:
    """Side by side with others that go on."""
    with ThreadPoolExecutor(8) as clients:
        slow = [clients.submit(run, "import time\ntime.sleep(1)\nresult = 'done'") for _ in range(3)]
        crash = [clients.submit(run, "import os\nos.abort()") for _ in range(3)]
        assert {one.result().status for one in crash} == {"crashed"}
        assert {one.result().ret_val for one in slow} == {"done"} or {one.result().ret_val for one in slow} == {
            '"done"'
        }


def test_084_modules_with_native_parts_work_after_the_copy(run: Run) -> None:
    """Those of the standard library: compression, hashing, decimals, ctypes, sqlite where it is."""
    code = "import zlib, hashlib, decimal, ctypes, struct, bz2\nassert zlib.decompress(zlib.compress(b'x')) == b'x'\n"
    code += "assert bz2.decompress(bz2.compress(b'x')) == b'x'\nassert ctypes.c_int(5).value == 5\n[str(decimal.Decimal(1) / 3)[:6], hashlib.sha256(b'').hexdigest()[:4]]"
    assert run(code).ret_val == '["0.3333", "e3b0"]'
