"""The four rules of `ret_val`, and what values become."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

START = "__COZE_RETURN_VAL_START__"
END = "__COZE_RETURN_VAL_END__"
PYTHON_VALUES = [
    ("return_val('as it is')", "as it is"),
    ("return_val('')", ""),
    ("return_val({'a': [1, 2.5, None, True]})", '{"a": [1, 2.5, null, true]}'),
    ("return_val('é \U0001f600')", "é \U0001f600"),
    ("return_val({'é': '\U0001f600'})", '{"é": "\U0001f600"}'),
    ("return_val(1)\nreturn_val(2)", "2"),
    ("return_val(1)\nresult = 2\n3", "1"),
    ("return_val(None)", "null"),
    ("result = 1 + 1", "2"),
    ("result = None", "null"),
    ("result = 'text'", '"text"'),
    ("result = 1\n5", "1"),
    ("result = [1, (2, 3)]", "[1, [2, 3]]"),
    ("1 + 1", "2"),
    ("0", "0"),
    ("''", '""'),
    ("'x'", '"x"'),
    ("None", ""),
    ("x = 5", ""),
    ("x = 5\nx", "5"),
    ("x = 5\nx;", "5"),
    ("import asyncio\nasyncio.run(asyncio.sleep(0, 8))", "8"),
    ("print(1)", ""),
    ("def f(): return 5\nf()", "5"),
    ("if True:\n    5", ""),
    ("async def f(): return 6\nawait f()", "6"),
    ("10 ** 30", "1" + "0" * 30),
    ("0.1 + 0.2", "0.30000000000000004"),
    ("float('nan')", "NaN"),
    ("float('inf')", "Infinity"),
    ("{1: 2}", '{"1": 2}'),
    ("{1, }", "{1}"),
    ("b'x'", "b'x'"),
    ("1 + 2j", "(1+2j)"),
    ("from decimal import Decimal\nDecimal('1.10')", "Decimal('1.10')"),
    ("from datetime import date\ndate(2024, 2, 29)", "datetime.date(2024, 2, 29)"),
    ("a = []\na.append(a)\na", "[[...]]"),
    ("range(3)", "range(0, 3)"),
    ("{(1, 2): 3}", "{(1, 2): 3}"),
    ("class A:\n    def __repr__(self): return 'shown'\nA()", "shown"),
    ("type('A', (), {'__repr__': lambda self: 1 / 0})()", "<A object that cannot be shown>"),
    ("type('A', (dict,), {'items': lambda self: 1 / 0})(a=1)", None),
]
JAVASCRIPT_VALUES = [
    ("return_val('as it is')", "as it is"),
    ("return_val('')", ""),
    ("return_val({a: [1, null, true]})", '{"a":[1,null,true]}'),
    ("return_val(1); return_val(2)", "2"),
    ("return_val(1); return 2", "1"),
    ("return 1 + 1", "2"),
    ("return {result: 5}", '{"result":5}'),
    ("return 'text'", '"text"'),
    ("return null", "null"),
    ("return undefined", ""),
    ("return await Promise.resolve(3)", "3"),
    ("if (true) return 4; 5", "4"),
    ("1 + 1", "2"),
    ("1 + 1;", "2"),
    ("0", "0"),
    ("''", '""'),
    ("undefined", ""),
    ("null", "null"),
    ("const x = 5", ""),
    ("const x = 5; x", "5"),
    ("({a: 1})", '{"a":1}'),
    ("await Promise.resolve(6)", "6"),
    ("Promise.resolve(7)", "7"),
    ("new Date(0)", '"1970-01-01T00:00:00.000Z"'),
    ("NaN", "null"),
    ("-0", "0"),
    ("10n ** 20n", "100000000000000000000n"),
    ("new Map([[1, 2]])", "{}"),
    ("Symbol('s')", "Symbol(s)"),
    ("(function named() {})", "[Function: named]"),
    ("const a = {}; a.self = a; a", "<ref *1> { self: [Circular *1] }"),
    ("({ toJSON() { throw new Error('no') }, x: 1 })", None),
    ("new Proxy({}, { get(_, key) { if (key !== 'then') throw 1 }, ownKeys() { throw 2 } })", None),
    ("({ get [Symbol.toStringTag]() { throw 1 }, x: 1n })", None),
]


@pytest.mark.parametrize(("code", "expected"), PYTHON_VALUES)
def test_python_values(run: Run, code: str, expected: str | None) -> None:
    """Each rule in its order; where JSON cannot express a value, its `repr`, and never a failure."""
    answer = run(code)
    assert (answer.status, answer.exit_code) == ("ok", 0), answer.stderr
    assert answer.ret_val == expected if expected is not None else answer.ret_val


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(("code", "expected"), JAVASCRIPT_VALUES)
def test_javascript_values(run: Run, language: str, code: str, expected: str | None) -> None:
    """The same for JavaScript and TypeScript, with Deno's inspect form as the last resort."""
    answer = run(code, language)
    assert (answer.status, answer.exit_code) == ("ok", 0), answer.stderr
    assert answer.ret_val == expected if expected is not None else answer.ret_val


def test_a_value_given_before_a_failure_is_kept(run: Run) -> None:
    """`return_val` counts even where the program fails afterwards."""
    answer = run("return_val('kept')\n1 / 0")
    assert (answer.status, answer.ret_val) == ("error", "kept")


OWN_PYTHON = f"""
def return_val(value):
    print("{START}")
    print(value)
    print("{END}")
print("before")
return_val("first\\nsecond")
print("after")
"""
OWN_JAVASCRIPT = f"""
function return_val(value) {{
  console.log("{START}\\n" + JSON.stringify(value) + "\\n{END}");
}}
console.log("before"); return_val({{score: 1}}); console.log("after");
"""


def test_marker_lines_of_an_own_return_val_are_taken_out(run: Run) -> None:
    """What an own `return_val` prints between the markers is the value, and is not output."""
    answer = run(OWN_PYTHON)
    assert (answer.stdout, answer.ret_val) == ("before\nafter\n", "first\nsecond")
    for language in ("javascript", "typescript"):
        answer = run(OWN_JAVASCRIPT, language)
        assert (answer.stdout, answer.ret_val) == ("before\nafter\n", '{"score":1}')


def test_markers_without_an_own_return_val_are_output(run: Run) -> None:
    """A program that only prints the markers prints them."""
    text = f"{START}\n1\n{END}\n"
    answer = run(f"print({text!r}, end='')")
    assert (answer.stdout, answer.ret_val) == (text, "")


def test_the_last_json_line_of_an_own_return_val_in_javascript(run: Run) -> None:
    """Without markers, the last line that is a JSON object is the value; in JavaScript only, and only with an own function."""
    own = "function return_val(v) { console.log(JSON.stringify(v)) }\n"
    code = 'console.log("{\\"a\\":1}"); console.log("text"); return_val({b: [1, {c: 2}]}); console.log("[3]")'
    answer = run(own + code, "javascript")
    assert json.loads(answer.ret_val) == {"b": [1, {"c": 2}]}
    assert answer.stdout == '{"a":1}\ntext\n[3]\n'
    plain = run('console.log("{\\"a\\":1}")', "javascript")
    assert (plain.stdout, plain.ret_val) == ('{"a":1}\n', "")


@pytest.mark.parametrize(
    ("language", "code"),
    [("python", "'x' * (1 << 20)"), ("python", "return_val('é' * (1 << 20))"), ("javascript", "'x'.repeat(1 << 20)")],
)
def test_a_value_that_is_too_large_is_the_programs_error(run: Run, language: str, code: str) -> None:
    """A value beyond the limit is refused as a whole, with a message."""
    answer = run(code, language)
    assert (answer.status, answer.ret_val) == ("error", "")
    assert "ret_val" in answer.stderr


def test_a_value_of_the_largest_size_is_whole(run: Run) -> None:
    """The limit itself is allowed."""
    assert len(run("return_val('x' * (1 << 20))").ret_val) == 1 << 20


def test_a_deep_value_does_not_bring_anything_down(run: Run) -> None:
    """A value nested deeper than any parser goes has some answer of its own."""
    for code, language in (
        ("a = []\nfor _ in range(100_000): a = [a]\nresult = a", "python"),
        ("let a = []; for (let i = 0; i < 100_000; i++) a = [a]; return a", "javascript"),
    ):
        assert run(code, language).status in {"ok", "error", "crashed"}
    assert run("1").ret_val == "1"
