"""Abuses of requests: what is sent, what comes back, what peers got wrong."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.client import Client, Run
from tests.security.abuse.case import Case, javascript, name_of, python, typescript

ERROR = frozenset({"error"})
TASK: dict[str, object] = {"language": "javascript", "code": "1"}
WRONG_VALUES: dict[str, list[object]] = {
    "language": ["__proto__", "constructor", "", "python ", "c", None, 1, []],
    "code": [None, 1, [], {}],
    "priority": ["soon", 5, [], "__proto__"],
    "ext": ["x", [], 1, {"a": 1}, {"a": {"b": "c"}}, {"a": None}],
    "input": [1, [], {}],
}
WRONG = [
    ({"code": "1"}, "language"),
    ({"language": "py"}, "code"),
    *((TASK | {name: value}, name) for name, values in WRONG_VALUES.items() for value in values),
]


@pytest.mark.parametrize("timeout", [-1, "1000", True, 1.5, [1], {}, "NaN"])
def test_057_time_limits_that_are_none(client: Client, timeout: object) -> None:
    """400, which names the field."""
    response = client.run_code("1", "javascript", timeout=timeout)
    assert response.status == 400
    assert "timeout" in response.body["details"]


@pytest.mark.parametrize("timeout", [0, 1, None, 2**31, 2**53, 1e300, 10**30])
def test_057_time_limits_beyond_all_bounds(run: Run, timeout: object) -> None:
    """0 and null are the default, large ones the maximum; 1 ms may be too short, and says so."""
    answer = run("1", "javascript", timeout=timeout)
    assert answer.status == "ok" or (timeout == 1 and answer.status == "timeout")


def test_058_starting_a_sandbox_is_not_the_tasks_time(run: Run) -> None:
    """Thirty at once, most of which meet no warm sandbox, with less time than a start takes."""
    with ThreadPoolExecutor(30) as clients:
        answers = list(clients.map(lambda _: run("1", "javascript", timeout=2000), range(30)))
    for answer in answers:
        assert answer.status == "ok" or answer.metadata["timings"]["ran_ms"] >= 2000


@pytest.mark.parametrize(("fields", "name"), WRONG)
def test_063_fields_of_the_wrong_kind(client: Client, fields: dict[str, object], name: str) -> None:
    """400, which names the field."""
    response = client.post(fields)
    assert response.status == 400
    assert response.body["details"].startswith(f"{name}:")


@pytest.mark.parametrize(
    "body",
    [
        b'{"language": "py", "code": "1", "code": "2"}',
        b'{"language": "py", "code": "1", "timeout": NaN}',
        b'{"language": "py", "code": "1", "timeout": 1e400}',
        b'{"language": "py", "code": "1", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"language": "py", "code": "\xff"}',
        b'{"language": "py", "code": "\\ud800"}',
        b'{"language": "py", "code": "1"} trailing',
        b"language=py&code=1",
        b"",
        b"null",
    ],
)
def test_065_bodies_that_parsers_disagree_about(client: Client, body: bytes) -> None:
    """400, and nothing is run."""
    assert client.post_bytes(body).status == 400


@pytest.mark.parametrize("text", ["", "a\0b", "no newline", "x" * 1_000_000, "\r\n", "\u2028", "😀" * 1000])
def test_066_input_comes_whole(run: Run, text: str) -> None:
    """Then the end of the file; never the service's own input."""
    code = "import sys\ntext = sys.stdin.buffer.read()\nsys.stdout.buffer.write(text)\nsys.stdin.read()"
    assert run(code, input=text).stdout == text
    assert run("input()", input="").stderr.endswith("EOFError: EOF when reading a line\n")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../b", "a\0b", "x" * 300, "CON", "e\u0301", "..", "\\\\host\\x"]
)
def test_069_names_in_ext_are_only_names(run: Run, name: str) -> None:
    """Nothing is done with them."""
    assert run("1", "javascript", ext={"file": name, name: "x"}).ret_val == "1"


def test_091_nothing_of_a_task_shows_elsewhere(run: Run, client: Client) -> None:
    """Health, metrics and the other routes know nothing of code, input or output."""
    run("console.log('secret-of-a-task')", "javascript", input="secret-of-a-task")
    for path in ("/health", "/metrics", "/readyz", "/livez", "/openapi.json"):
        assert "secret-of-a-task" not in client.get(path).text


CASES = [
    python(64, "", ret_val="", stdout=""),
    javascript(64, "// nothing", ret_val="", stdout=""),
    python(64, "\ufeffprint('a\\\\nb')", stdout="a\\nb\n"),
    python(64, "x = 1\r\ny = 2\rx + y", ret_val="3"),
    python(64, "print('\0')", status=frozenset({"ok", "error"})),
    python(64, "# " + "x" * 900_000 + "\n1", ret_val="1"),
    javascript(64, "const ﬁ = 1, а = 2; ﬁ + а", ret_val="3"),
    python(
        67,
        "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe' + '\u2028\\0😀'.encode())",
        shows="\ufffd\ufffd\u2028\0😀",
    ),
    python(67, "import os\nfor b in '😀'.encode() * 1000: os.write(1, bytes([b]))", stdout="😀" * 1000),
    python(68, "import sys\nprint('a', end='')\nsys.stderr.write('b')\nprint('c', end='')", stdout="ac"),
    javascript(70, "null.x", status=ERROR, hides="engine|wire|/src/"),
    python(70, "import nothing", status=ERROR, hides="harness|faaspool"),
    python(93, "import sys\nsys.exit(0)"),
    python(93, "import sys\nsys.exit('message')", status=ERROR, shows="message"),
    javascript(93, "process.exit(3)", status=ERROR),
    javascript(94, "1; 2;", ret_val="2"),
    javascript(94, "await Promise.resolve(4);", ret_val="4"),
    python(94, "await __import__('asyncio').sleep(0, 5)", ret_val="5"),
    python(95, "x = 1\n\n   y = 2", status=ERROR, shows="line 3"),
    javascript(95, "let a;\nlet b = ;", status=ERROR, shows=r"main\.js:2"),
    typescript(95, "let a: number;\nlet b: = 1;", status=ERROR, shows=r"main\.ts:2"),
    python(96, "result = [2 ** 60, 0.1, None, True, (1, 2)]", ret_val="[1152921504606846976, 0.1, null, true, [1, 2]]"),
    python(96, "result = {1, 2}", ret_val="{1, 2}"),
    python(96, "import datetime, decimal\nresult = decimal.Decimal('1.10')", ret_val="Decimal('1.10')"),
    python(97, "input('name? ')", stdout="name? ", input="x\n"),
    python(
        98,
        "import logging, sys, warnings\nlogging.warning('log')\nwarnings.warn('careful')\nsys.stdout.write('x')",
        stdout="x",
        shows="log(.|\n)*careful",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[name_of(case) for case in CASES])
def test_text_and_answers(run: Run, case: Case) -> None:
    """Text as it is, and results as the documentation has them."""
    case.check(run)


def test_099_waiting_is_not_running(run: Run) -> None:
    """The duration is the run's; waiting is told apart."""
    with ThreadPoolExecutor(30) as clients:
        answers = list(
            clients.map(lambda _: run("await new Promise((r) => setTimeout(r, 200))", "javascript"), range(30))
        )
    for answer in answers:
        timings = answer.metadata["timings"]
        assert abs(answer.metadata["duration"] - timings["ran_ms"]) <= 0.5
        assert timings["queued_ms"] + timings["started_ms"] + timings["ran_ms"] <= timings["total_ms"] + 1


def test_100_the_same_request_twice(run: Run) -> None:
    """The same answer under another id."""
    first, second = run("print(1)\n2"), run("print(1)\n2")
    assert (first.stdout, first.ret_val) == (second.stdout, second.ret_val)
    assert first.metadata["task_id"] != second.metadata["task_id"]
