"""Text on its way through code and standard input, in every language."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .test_text import TEXTS

if TYPE_CHECKING:
    from .client import Run

RAW = {
    "tab": "a\tb",
    "escape sequences": "\x1b[31m",
    "del": "\x7f",
    "next line": "a\u0085b",
    "no-break space": "a\u00a0b",
    "zero width": "a\u200bb\u200d\u2060",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f1e9\U0001f1ea",
    "combining": "e\u0301\u0323 \u00e9",
    "right to left": "\u202eabc\u202c \u05e9\u05dc\u05d5\u05dd",
    "private use": "\ue000\U0010fffd",
    "inner byte order mark": "a\ufeffb",
    "object replacement": "\ufffc\ufffd",
}
INPUT_LINES = [
    ("a\r\nb\r\n", ["a", "b"]),
    ("\ufeffa\n", ["\ufeffa"]),
    ("a\u2028b\u0085c\n", ["a\u2028b\u0085c"]),
    ("\n\n", ["", ""]),
    ("x" * 200_000 + "\ny", ["x" * 200_000, "y"]),
    ("\U0001f600" * 50_000, ["\U0001f600" * 50_000]),
    ("a\0b\n", ["a\0b"]),
]


@pytest.mark.parametrize("language", ["python", "javascript", "typescript"])
@pytest.mark.parametrize("name", RAW)
def test_text_stands_in_code_as_it_is(run: Run, language: str, name: str) -> None:
    """Inside a literal, without an escape, with every stream and the value it can go to."""
    text = RAW[name]
    code = {"python": f"import sys\nprint('{text}', end='')\nsys.stderr.write('{text}')\nreturn_val('{text}')"}
    script = f"process.stdout.write('{text}'); process.stderr.write(`{text}`); return_val(\"{text}\")"
    answer = run(code.get(language, script), language)
    assert (answer.stdout, answer.stderr, answer.ret_val) == (text, text, text)


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if len(text) < 1000])
def test_escaped_text_goes_through_code_and_value(run: Run, language: str, name: str) -> None:
    """As a literal with escapes, to both streams and the value."""
    text = TEXTS[name]
    literal = json.dumps(text)
    answer = run(f"process.stdout.write({literal}); process.stderr.write({literal}); return_val({literal})", language)
    assert (answer.stdout, answer.stderr, answer.ret_val) == (text, text, text)


@pytest.mark.parametrize("language", ["python", "javascript", "typescript"])
def test_a_backslash_in_code_stays_one(run: Run, language: str) -> None:
    r"""Neither is `\n` in a literal made a line's end too early, nor `\\n` one at all."""
    assert run(r"'a\nb\\n\t\\'", language).ret_val == r'"a\nb\\n\t\\"'
    assert run(r"'\u0041\x42\\u0041'", language).ret_val == r'"AB\\u0041"'


@pytest.mark.parametrize(("given", "lines"), INPUT_LINES, ids=[repr(given)[:20] for given, _ in INPUT_LINES])
def test_lines_of_input(run: Run, given: str, lines: list[str]) -> None:
    """`input()` and `prompt()` give the same lines, without their ends; then there are no more."""
    read = "import json\nlines = []\ntry:\n    while True: lines.append(input())\nexcept EOFError:\n    pass\n"
    answer = run(f"{read}return_val(json.dumps(lines))", input=given)
    assert json.loads(answer.ret_val) == lines
    answer = run(
        "const lines = []; for (let l; (l = prompt()) !== null;) lines.push(l); lines", "javascript", input=given
    )
    assert json.loads(answer.ret_val) == lines
    assert answer.stdout == ""


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 65_535, 65_536, 65_537])
def test_no_character_is_lost_where_writes_meet(run: Run, size: int) -> None:
    """However the output is cut into pieces on its way."""
    text = ("x" * (size % 3) + "é\U0001f600" * (size // 2 + 1))[:size] + "\n"
    code = f"import sys\ntext = {text!r}\nfor n in range(0, len(text), 7): sys.stdout.write(text[n:n + 7])"
    assert run(code).stdout == text
    script = f"const text = [...{json.dumps(text)}]; process.stdout.write(text.join('')); console.log(text.length)"
    assert run(script, "javascript").stdout == f"{text}{len(text)}\n"


@pytest.mark.parametrize("language", ["python", "javascript", "typescript"])
def test_streams_need_no_last_line_end(run: Run, language: str) -> None:
    """Neither stream gets one, and neither loses what stands behind its last one."""
    code = {"python": "import sys\nsys.stdout.write('a\\nb')\nsys.stderr.write('c\\nd')"}
    script = "process.stdout.write('a\\nb'); process.stderr.write('c\\nd')"
    answer = run(code.get(language, script), language)
    assert (answer.stdout, answer.stderr) == ("a\nb", "c\nd")


def test_a_program_may_be_one_long_line(run: Run) -> None:
    """Of almost the largest size."""
    size = 900_000
    assert run(f"len('{'x' * size}')").ret_val == str(size)
    assert run(f"'{'x' * size}'.length", "javascript").ret_val == str(size)


def test_bytes_that_are_not_text_are_replaced_one_by_one(run: Run) -> None:
    """What is valid around them stays."""
    code = "import sys\nsys.{}.buffer.write(b'a\\x80b\\xc3(\\xf0\\x9f\\x98c\\xed\\xa0\\x80d\\xc0\\xaf')\nsys.{}.flush()"
    expected = b"a\x80b\xc3(\xf0\x9f\x98c\xed\xa0\x80d\xc0\xaf".decode("utf-8", "replace")
    assert run(code.replace("{}", "stdout")).stdout == expected
    assert run(code.replace("{}", "stderr")).stderr == expected


def test_a_character_cut_by_the_end_is_replaced(run: Run) -> None:
    """The first bytes of a character that never came."""
    assert run("import os\nos.write(1, b'a\\xf0\\x9f\\x98')").stdout == "a\ufffd"
