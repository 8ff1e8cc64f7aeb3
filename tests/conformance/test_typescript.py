"""What TypeScript programs see beyond JavaScript's: what compiles, what is refused, and which lines errors name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

COMPILED = [
    ("enum E { A = 'x', B = `y` }\n[E.A, E.B]", '["x","y"]'),
    ("enum F { A = 1 << 0, B = 1 << 1, AB = A | B }\nF.AB", "3"),
    ("enum A { X = 1 }\nenum B { Y = A.X + 1, Z = 'abc'.length }\n[B.Y, B.Z]", "[2,3]"),
    ("enum E { A }\nenum E { B = 1 }\n[E.A, E.B, E[0]]", '[0,1,"A"]'),
    ("const k = 3;\nenum E { X = k, Y = k * 2 }\nE.Y", "6"),
    ("function f() { enum L { A, B }\n return L.B }\nf()", "1"),
    ("export const enum E { A = 'a' }\nE.A", '"a"'),
    ("declare enum D { A }\n1", "1"),
    ("namespace A.B { export const c = 2 }\nA.B.c", "2"),
    (
        "namespace A { export namespace B { export function f() { return g() }\n function g() { return 4 } } }\nA.B.f()",
        "4",
    ),
    (
        "namespace N { export class C { x = 1 }\n export enum E { A }\n export type T = 1 }\n[new N.C().x, N.E.A]",
        "[1,0]",
    ),
    ("class C {}\nnamespace C { export const z = 1 }\nC.z", "1"),
    ("function f() {}\nnamespace f { export const z = 2 }\nf.z", "2"),
    ("enum E { A }\nnamespace E { export function name() { return E[0] } }\nE.name()", '"A"'),
    ("namespace N { export interface I { x: 1 } }\nlet n: N.I = { x: 1 };\nn.x", "1"),
    (
        "function log(_: unknown, c: ClassMethodDecoratorContext) { c.addInitializer(() => {}) }\n"
        "class A { @log static m() { return 1 }\n @log accessor y = 2 }\n[A.m(), new A().y]",
        "[1,2]",
    ),
    ("const sealed = (c: any, _: unknown) => { c.sealed = true };\n@sealed class A {}\n(A as any).sealed", "true"),
    ("const plus = (_: unknown, __: unknown) => (n: number) => n + 1;\nclass A { @plus x = 1 }\nnew A().x", "2"),
    (
        "const React = { createElement: (...a: any[]) => a, Fragment: 'F' };\n<><b {...{ x: 1 }} y='2'>{1}</b>z</>",
        '["F",null,["b",{"x":1,"y":"2"},1],"z"]',
    ),
    (
        "const h = (t: any, p: any) => ({ t, p });\n/** @jsx h */\nconst id = <T,>(x: T): T => x;\nid<any>(<i a='1' />).p.a",
        '"1"',
    ),
    ("const id = <T>(x: T): T => x;\nid<number>(2)", "2"),
    ("const x = 5 as const satisfies number;\n<any> x", "5"),
    ("const make = Array<string>;\nmake(2).length", "2"),
    (
        "abstract class A { abstract get x(): number; protected constructor() {} }\nclass B extends A { override x = 3;"
        " constructor() { super() } }\nnew B().x",
        "3",
    ),
    ("class A { declare x: number; y = 1; z?: string }\nObject.keys(new A())", '["y","z"]'),
    ("function first(this: void, a: unknown[], n?: number): a is string[] { return a.length > 0 }\nfirst([1])", "true"),
    ("let t: [a: string, b?: number, ...rest: boolean[]] = ['x'];\nt!.length", "1"),
    ("declare global { interface Window { left: 1 } }\ndeclare module 'x' { export const y: 1 }\n1", "1"),
    ("import { join, type ParsedPath } from 'node:path';\njoin('a', 'b') as string", '"a/b"'),
    ("export type { Y } from './nowhere';\nexport default interface I {}\n2", "2"),
    ("let type = 1, of = 2, as = 3, declare = 4, namespace = 5;\ntype + of + as + declare + namespace", "15"),
    ("const f = () => (\n  // the value\n  { a: 1 } as { a: number }\n)\nf()", '{"a":1}'),
    ("function f(): number { return (\n\n  5 as number\n) }\nf()", "5"),
    ("let a = 1\nlet b = a\n;(<any> b)", "1"),
    ("/re(?<x>g)/u.exec('reg')!.groups!.x", '"g"'),
    ("const s: string = `a\\n${'b' as string}\\u0041`;\ns", '"a\\nbA"'),
    ("return await Promise.resolve<number>(4)", "4"),
    ("if (true as boolean) return 6 as number;\n7", "6"),
]
UNCHECKED = """
const n: number = 'text';
let s: string = n;
function f(a: number): string { return a }
let x: Nowhere.Known = f('x');
const o: { a: number } = { b: x };
class A implements Missing<string> { y: number = 'y' }
type Twice = { a: 1, a: 2 };
function g(a?: number, b: number) { return new A().nothing }
g(1, 2, 3);
o.b
"""
REFUSED = ["./local.ts", "https://example.com/x.ts", "node:fs"]
BEFORE = [
    "enum A {\n  X,\n  // why\n  Y,\n}",
    "namespace N {\n  export const a = 1\n\n  export function f() {\n    return a\n  }\n}",
    "const d = (v: any, _: any) => v\n@d\nclass A {\n  @d\n  m() {\n  }\n\n  @d x = 1\n}",
    "class P {\n  constructor(\n    private readonly x: number,\n    public y = 2,\n  ) {\n  }\n}",
    "const React = { createElement: (...a: any[]) => a };\nconst e = (\n  <div\n    id='a'\n  >\n    text\n    <b/>\n  </div>\n);",
    "type A =\n  | 1\n  | 2;\ninterface B {\n  a: string\n}\n/*\n * a comment\n */",
    "const s = `a\nb ${1 +\n 2}\nc`;",
    "function f(\n  a: number,\n  b?: string,\n): void {\n\n\n}",
    "import type {\n  A,\n} from 'x';\nimport {\n  join,\n} from 'node:path';\njoin('a');",
    "abstract class A<\n  T,\n> {\n  abstract f(\n    x: T,\n  ): void;\n  private x?:\n    number;\n}",
    "const x = [1, 2, 3]\n  .map((n: number): number =>\n    n + 1\n  )\n  .filter(Boolean);",
    "function o(x: number): number\nfunction o(x: string): string\nfunction o(x: any) {\n  return x\n}",
    "const u = async <T,>(\n x: T\n) => {\n}",
    "let v = 1 as\n  unknown as\n  number\r\n\r\nlet w: number = 1\r\n",
]
BROKEN = [
    ("const a: = 1", 1),
    ("let ok: number = 1;\nlet x: number = ;", 2),
    ("\n\nenum { A }", 3),
    ("interface", 1),
    ("const x = 1;\nconst x = 2;", 2),
    ("function f(): number {\n  return 1\n", 3),
    ("const e = <div></span>;", 1),
]


@pytest.mark.parametrize(("code", "value"), COMPILED)
def test_what_typescript_adds_compiles(run: Run, code: str, value: str) -> None:
    """Enums, namespaces, decorators, JSX and everything that is only types."""
    answer = run(code, "typescript")
    assert (answer.ret_val, answer.stderr) == (value, "")


def test_types_are_not_checked(run: Run) -> None:
    """What a type checker would refuse runs as if there were no types."""
    answer = run(UNCHECKED, "typescript")
    assert (answer.status, answer.stderr, answer.ret_val) == ("ok", "", '"x"')


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("form", ["import x from {};\nx", "await import({})", "require({})"])
def test_an_import_is_refused_by_name(run: Run, form: str, name: str) -> None:
    """Modules are those of JavaScript."""
    answer = run(form.format(f"'{name}'"), "typescript")
    assert (answer.status, answer.stdout, answer.ret_val) == ("error", "", "")
    assert name in answer.stderr


@pytest.mark.parametrize("before", BEFORE)
def test_an_error_names_the_line_that_was_written(run: Run, before: str) -> None:
    """Whatever was compiled away above it."""
    code = f"{before}\nfunction boom(): never {{\n  throw new Error('here')\n}}\nboom()"
    lines = re.split("\r\n|\n", code)
    places = [f"main.ts:{lines.index(text) + 1}:" for text in ("  throw new Error('here')", "boom()")]
    stderr = run(code, "typescript").stderr
    assert "Error: here" in stderr
    assert [place for place in places if place not in stderr] == [], stderr


@pytest.mark.parametrize(("code", "line"), BROKEN)
def test_what_does_not_parse_is_an_error_with_its_line(run: Run, code: str, line: int) -> None:
    """Nothing of it runs; file and line are the program's, and nothing of the compiler shows."""
    answer = run("console.log('ran');" + code, "typescript")
    assert (answer.status, answer.exit_code, answer.stdout) == ("error", 1, "")
    assert f"main.ts:{line}\n" in answer.stderr
    assert answer.stderr.count("SyntaxError") == 1
    assert "abel" not in answer.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("namespace N { export let count = 1 }", "SyntaxError: Namespaces exporting non-const are not supported"),
        ("namespace N { export const a = 1 }\nnamespace N { export const b = a }", "ReferenceError: a is not defined"),
    ],
)
def test_what_the_compiler_cannot_do_is_an_error(run: Run, code: str, message: str) -> None:
    """Namespaces that share names across blocks, or export variables: the documentation says so."""
    answer = run(code, "typescript")
    assert answer.status == "error"
    assert message in answer.stderr
