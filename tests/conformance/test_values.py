"""Values that are hard to express, and the lines that a `return_val` of the program's own prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

START = "__COZE_RETURN_VAL_START__"
END = "__COZE_RETURN_VAL_END__"
PYTHON = [
    ("[1, {2}]", "[1, {2}]"),
    ("{'a': b'x'}", "{'a': b'x'}"),
    ("{None: 1, True: 2, 1.5: 3}", '{"null": 1, "true": 2, "1.5": 3}'),
    ("frozenset()", "frozenset()"),
    ("10 ** 400", "1" + "0" * 400),
    ("-0.0", "-0.0"),
    ("[float('inf'), float('-inf')]", "[Infinity, -Infinity]"),
    ("import enum\nclass E(enum.IntEnum):\n    A = 1\nE.A", "1"),
    ("import enum\nclass E(str, enum.Enum):\n    A = 'a'\nE.A", '"a"'),
    ("import collections\ncollections.OrderedDict(b=1, a=2)", '{"b": 1, "a": 2}'),
    ("import collections\ncollections.namedtuple('P', 'x y')(1, 2)", "[1, 2]"),
    ("import collections\ncollections.deque([1])", "deque([1])"),
    ("import fractions\nfractions.Fraction(1, 3)", "Fraction(1, 3)"),
    ("import uuid\nuuid.UUID(int=0)", "UUID('00000000-0000-0000-0000-000000000000')"),
    ("class S(str): pass\nreturn_val(S('sub'))", "sub"),
    ("class D(dict): pass\nD(a=1)", '{"a": 1}'),
    ("...", "Ellipsis"),
    ("NotImplemented", "NotImplemented"),
    ("int", "<class 'int'>"),
    ("memoryview(b'x').tolist()", "[120]"),
    ("(n for n in [1]).__class__.__name__", '"generator"'),
    ("'\\x00\\x1f\\x7f\"\\\\/'", '"\\u0000\\u001f\x7f\\"\\\\/"'),
    ("return_val(float('nan'))", "NaN"),
    ("return_val([])\nreturn_val({})", "{}"),
    ("return_val(return_val(1))", "null"),
    ("def f():\n    return_val('inner')\nf()", "inner"),
    ("async def f():\n    return_val('awaited')\nawait f()", "awaited"),
    ("[return_val(n) for n in range(3)]", "2"),
    ("result: int = 5", "5"),
    ("result = 1\ndel result\n7", "7"),
    ("def f():\n    global result\n    result = 8\nf()", "8"),
    ("for result in range(3): pass", "2"),
    ("with open('/tmp/x', 'w') as result: pass\nresult = 9", "9"),
    ("import math as result\nresult.pi\nresult = 3", "3"),
    ("x = y = 5", ""),
    ("x: int = 5", ""),
    ("(x := 5)", "5"),
    ("5 # comment", "5"),
    ("'doc string only'", '"doc string only"'),
    ("x = 1; x + 1", "2"),
    ("[\n  1,\n  2,\n]", "[1, 2]"),
    ("lambda: 1\nNone", ""),
    ("pass", ""),
]
HOSTILE = [
    ("python", "type('A', (), {'__repr__': lambda self: 5})()"),
    ("python", "type('A', (), {'__repr__': lambda self: exit(3)})()"),
    ("python", "type('A', (), {'__class__': property(lambda self: str)})()"),
    ("python", "type('A', (str,), {'__str__': lambda self: 1 / 0, '__repr__': lambda self: 1 / 0})('x')"),
    ("python", "type('A', (list,), {'__iter__': lambda self: iter(int, 1), '__len__': lambda self: 2 ** 60})()"),
    ("python", "type('A', (dict,), {'__iter__': lambda self: 1 / 0, 'keys': lambda self: 1 / 0})(a=1)"),
    ("python", "type('A', (int,), {'__repr__': lambda self: 1 / 0, '__str__': lambda self: 1 / 0})(5)"),
    ("python", "type('A', (float,), {'__repr__': lambda self: 'x' * 10})(5)"),
    ("python", "class M(type):\n    def __repr__(cls): return 1 / 0\nM('A', (), {})"),
    ("python", "return_val(type('A', (str,), {'__eq__': lambda *a: 1 / 0, '__len__': lambda self: 1 / 0})('x'))"),
    ("javascript", "({ toJSON() { return this } })"),
    ("javascript", "({ toJSON() { return 1n } })"),
    ("javascript", "({ get x() { throw 1 } })"),
    ("javascript", "new Proxy({}, { ownKeys() { throw 1 }, get(_, key) { if (key !== 'then') throw 1 } })"),
    ("javascript", "const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return_val(proxy)"),
    ("javascript", "return_val({ [Symbol.for('Deno.customInspect')]() { throw 1 }, x: 1n })"),
    ("javascript", "return_val({ [Symbol.for('nodejs.util.inspect.custom')]() { return {} }, x: 1n })"),
    (
        "javascript",
        "return_val(Object.create({ get constructor() { throw 1 } }, { x: { value: 1n, enumerable: true } }))",
    ),
    ("javascript", "JSON.stringify = Deno.inspect = () => { throw 1 }; return_val({ x: 1n })"),
    ("javascript", "return_val(Object.assign(() => 1, { toJSON() { throw 1 } }))"),
    ("javascript", "return_val(document = globalThis)"),
]
ENDLESS = [
    ("python", "class A:\n    def __repr__(self):\n        while True: pass\nA()"),
    ("javascript", "({ toJSON() { for (;;); } })"),
    ("javascript", "return_val({ x: 1n, get [Symbol.toStringTag]() { for (;;); } })"),
    ("javascript", "({ then() {} })"),
]
JAVASCRIPT = [
    ("return_val(undefined)", "undefined"),
    ("return_val(null)", "null"),
    ("return_val(NaN)", "null"),
    ("return_val(1n)", "1n"),
    ("return_val({ a: undefined, b: () => 1, c: [undefined] })", '{"c":[null]}'),
    ("return_val(new String('text'))", '"text"'),
    ("[, 1]", "[null,1]"),
    ("new Set([1])", "{}"),
    ("new Date(NaN)", "null"),
    ("/x/", "{}"),
    ("new Uint8Array(2)", '{"0":0,"1":0}'),
    ("Buffer.from('x')", '{"type":"Buffer","data":[120]}'),
    ("new (class A { x = 1; #y = 2 })", '{"x":1}'),
    ("({ toJSON() { return 'own' } })", '"own"'),
    ("({ a: 1n })", "{ a: 1n }"),
    ("[1n, 'a']", '[ 1n, "a" ]'),
    ("class A {}; A", "[class A]"),
    ('JSON.parse(\'{"__proto__": 1, "constructor": 2}\')', '{"__proto__":1,"constructor":2}'),
    ("'\\u2028\\u0000\"'", '"\u2028\\u0000\\""'),
    ("var result = 5; result = 6", "6"),
    ("var result = 5", ""),
    ("let x = 1; x++", "1"),
    ("`t` + 1", '"t1"'),
    ("5;;;", "5"),
    ("5 // comment", "5"),
    ("5 /* comment */ ;", "5"),
    ("(1, 2)", "2"),
    ("if (1) { 5 }", ""),
    ("function f() { return 1 }", ""),
    ("{ a: 1 }", ""),
    ("return\n5", ""),
    ("return (\n  5\n)", "5"),
    ("return_val('a'); undefined", "a"),
    ("[1, 2].forEach((n) => return_val(n))", "2"),
]
OWN_JAVASCRIPT = [
    "function return_val(v) { console.log(JSON.stringify(v)) }",
    "const return_val = (v) => console.log(JSON.stringify(v));",
    "var return_val = function (v) { console.log(JSON.stringify(v)) }",
    "let return_val; return_val = (v) => process.stdout.write(JSON.stringify(v));",
    "globalThis.return_val = (v) => console.log(JSON.stringify(v));",
    "async function return_val(v) { await null; console.log(JSON.stringify(v)) }",
]


@pytest.mark.parametrize(("code", "expected"), PYTHON)
def test_python_values(run: Run, code: str, expected: str) -> None:
    """As JSON where JSON can express them, as `repr` where it cannot."""
    answer = run(code)
    assert (answer.ret_val, answer.stderr) == (expected, "")


@pytest.mark.parametrize(("code", "expected"), JAVASCRIPT)
def test_javascript_values(run: Run, code: str, expected: str) -> None:
    """As JSON where JSON can express them, as Deno shows them where it cannot."""
    answer = run(code, "javascript")
    assert (answer.ret_val, answer.stderr) == (expected, "")


@pytest.mark.parametrize(("language", "code"), HOSTILE)
def test_a_hostile_value_fails_nothing(run: Run, language: str, code: str) -> None:
    """It has some text; the task is neither an error nor ended."""
    answer = run(code, language, timeout=10_000)
    assert (answer.status, answer.exit_code, answer.stderr) == ("ok", 0, "")
    assert answer.ret_val


@pytest.mark.parametrize(("language", "code"), ENDLESS)
def test_a_value_that_is_never_ready_is_ended_by_the_time_limit(run: Run, language: str, code: str) -> None:
    """Making a text of the value is part of the run."""
    assert run(code, language, timeout=300).status == "timeout"


@pytest.mark.parametrize("own", OWN_JAVASCRIPT)
def test_an_own_return_val_may_be_defined_in_any_way(run: Run, own: str) -> None:
    """What counts is that the program's own function prints the value."""
    answer = run(f"{own}\nconsole.log('text'); return_val({{ a: [1] }});", "javascript")
    assert (answer.stdout.rstrip("\n"), json.loads(answer.ret_val)) == ("text", {"a": [1]})


def test_only_javascript_has_the_last_json_line(run: Run) -> None:
    """In the other languages such a line is output."""
    code = "function return_val(v: object) { console.log(JSON.stringify(v)) }\nreturn_val({ a: 1 }); undefined"
    answer = run(code, "typescript")
    assert (answer.stdout, answer.ret_val) == ('{"a":1}\n', "")
    answer = run("import json\ndef return_val(v): print(json.dumps(v))\nreturn_val({'a': 1})")
    assert (answer.stdout, answer.ret_val) == ('{"a": 1}\n', "")


@pytest.mark.parametrize(
    ("printed", "stdout", "value"),
    [
        (f"{START}\nfirst\n{END}\nbetween\n{START}\nsecond\n{END}\n", "between\n", "second"),
        (f"a\n{START}\nnever closed\n", f"a\n{START}\nnever closed\n", None),
        (f"a\n{END}\n", f"a\n{END}\n", None),
        (f"{START}\n{END}\n", "", ""),
        (f"{START}\n\n\n{END}\n", "", "\n"),
        (f"x{START}\n1\n{END}\n", f"x{START}\n1\n{END}\n", None),
        (f"{START}\n{START}\n1\n{END}\n", "", f"{START}\n1"),
        (f'{START}\n{{"a": "\u2028"}}\n{END}', "", '{"a": "\u2028"}'),
    ],
)
def test_marker_lines(run: Run, printed: str, stdout: str, value: str | None) -> None:
    """The last pair of lines that are nothing but the markers counts; what belongs to no pair is output."""
    answer = run(f"def return_val(v): print(v, end='')\nreturn_val({printed!r})")
    assert (answer.stdout, answer.ret_val) == (stdout, value or "")


def test_an_own_return_val_without_output_leaves_the_other_rules(run: Run) -> None:
    """A function of that name that prints nothing is a function."""
    assert run("def return_val(v): return v\nreturn_val(5)").ret_val == "5"
    assert run("const return_val = (v) => v; return_val(5)", "javascript").ret_val == "5"
